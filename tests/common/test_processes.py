"""Exchange between processes: in one process nothing changes. tests/models/test_devices.py has real processes."""

import multiprocessing
import threading

import pytest
import torch

from ganaug.common import processes


def test_one_process_keeps_what_it_has():
    rows = torch.arange(6.0).reshape(3, 2)
    assert processes.n_processes() == 1
    assert processes.is_first()
    assert processes.all_rows(rows) is rows
    assert processes.own(rows) is rows
    assert processes.from_first("seed") == "seed"
    assert processes.on_first(lambda: 3) == 3
    processes.average([rows])
    assert rows.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_draws_of_one_process_are_those_of_its_generator():
    drawn = processes.drawn(lambda n: torch.rand(n, generator=torch.Generator().manual_seed(0)), 4)
    assert torch.equal(drawn, torch.rand(4, generator=torch.Generator().manual_seed(0)))


@pytest.mark.parametrize("given", [{}, {"RANK": "0", "WORLD_SIZE": "1"}])
def test_a_process_without_others_has_no_place(given, monkeypatch):
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert processes.place_of_environment() is None


def test_threads_and_children_train_alone(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert processes.place_of_environment() == (1, 4, 1)
    found = []
    thread = threading.Thread(target=lambda: found.append(processes.place_of_environment()))
    thread.start()
    thread.join()
    assert found == [None]
    monkeypatch.setattr(multiprocessing.current_process(), "_name", "LokyProcess-1")
    assert processes.place_of_environment() is None
