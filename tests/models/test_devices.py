"""Processes that train one model together: real ones, which exchange over gloo."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import together

from ganaug import GANOversampler, ImageGAN, TabularGAN
from ganaug.common import processes
from ganaug.models import PrivateTabularGAN, devices

HELPERS = Path(together.__file__).parent
KINDS = ("table", "image", "text")


def start(folder, *arguments, size=2, script=HELPERS / "together.py"):
    """Start processes with what torchrun gives to them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = os.environ | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(size)}
    given["PYTHONPATH"] = os.pathsep.join([*filter(None, sys.path), str(HELPERS)])
    command = [sys.executable, str(script), str(folder), *arguments]
    return [
        subprocess.Popen(
            command, env=given | {"RANK": str(rank)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for rank in range(size)
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What two processes that torchrun started have seen, one after the other, and where they wrote."""
    folder = tmp_path_factory.mktemp("two")
    started = start(folder, "other", "failing", *KINDS, "resumed")  # after an error, they still train together
    said = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    assert said == [("", "")] * 2
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)], folder


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_learn_what_one_learns(trained, kind):
    of_one = together.summary(together.fitted(kind))["losses"]
    of_two = trained[0][0][kind]["losses"]
    for name, curve in of_one.items():
        assert np.allclose(of_two[name], curve, rtol=0.02, atol=2e-3), name


@pytest.mark.parametrize("kind", KINDS)
def test_all_processes_end_with_the_same_model(trained, kind):
    first, second = (found[kind] for found in trained[0])
    assert first["weights"] == second["weights"]
    assert first["losses"] == second["losses"]


def test_processes_share_each_batch_of_one(trained):
    of_one = together.fitted("table").callbacks[0].batches
    first, second = (found["batches"] for found in trained[0])
    assert len(of_one) == len(first) == len(second) == 20
    for (y, rows), (y_first, rows_first), (y_second, rows_second) in zip(of_one, first, second, strict=True):
        assert y_first + y_second == y
        assert np.allclose(rows_first + rows_second, rows)
        assert np.bincount(y_first).tolist() == np.bincount(y_second).tolist() == [8, 8]
        assert set(rows_first) != set(rows_second)


def test_all_processes_sample_the_same_rows(trained):
    first, second = (found["rows"] for found in trained[0])
    assert first == second


def test_only_the_first_process_writes(trained):
    found, folder = trained
    assert sorted(path.name for path in folder.iterdir()) == ["0.json", "1.json", "history 0.csv"]
    assert len((folder / "history 0.csv").read_text().splitlines()) == 1 + len(found[0]["table"]["losses"]["distance"])


@pytest.mark.slow
def test_a_model_that_starts_its_processes_itself(trained):
    model = together.fitted("table", devices=2)
    assert together.summary(model)["losses"] == trained[0][0]["table"]["losses"]
    assert processes.n_processes() == 1


def test_an_interrupted_training_goes_on_as_if_it_were_not(trained):
    for found in trained[0]:
        assert found["kept"] == ["checkpoint 0"]
        assert found["resumed"] == found["table"]


FAILING = """
import sys
from ganaug.training import Phase
n_updates = 0
update = Phase.update

def failing(self, batch, fabric):
    global n_updates
    n_updates += 1
    if n_updates == 5:
        raise RuntimeError("the card has melted")
    return update(self, batch, fabric)

Phase.update = failing
"""


def test_a_process_that_fails_ends_the_training_with_its_message(monkeypatch):
    monkeypatch.setattr(devices, "_HELP", FAILING + devices._HELP)
    began = time.monotonic()
    with pytest.raises(
        processes.LostProcessError, match=r"process 2 of 2 .* has ended: RuntimeError: the card has melted"
    ):
        together.fitted("table", devices=2, n_steps=10**6)
    assert time.monotonic() - began < 60
    assert processes.n_processes() == 1


def test_an_error_of_the_first_process_ends_the_others(trained):
    first, second = (found["failing"] for found in trained[0])
    assert first["said"] == "ValueError: no room"
    assert second["said"].startswith("LostProcessError: another process of this training has ended")
    assert second["seconds"] < 60


def test_processes_with_other_data_are_refused(trained):
    for found in trained[0]:
        assert re.match(
            r"ValueError: the processes .* differ in data or parameters: .*devices=1", found["other"]["said"]
        )


def test_a_process_of_several_can_train_alone(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    X, y = together.table()
    model = TabularGAN(n_steps=2, devices=1).fit(X, y)
    assert len(model.sample(["rare"])) == 1
    with processes.alone():
        TabularGAN(n_steps=2).fit(X, y)


def test_a_number_that_differs_from_the_processes_is_refused(monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="devices=3 differs from the 2 processes that train here"):
        TabularGAN(n_steps=2, devices=3).fit(*together.table())


def test_private_training_is_not_shared(monkeypatch):
    X, y = together.table()
    with pytest.raises(
        ValueError, match="devices=2 is given, but the model is PrivateTabularGAN, which has no parameter 'devices'"
    ):
        GANOversampler(model=PrivateTabularGAN(), devices=2).fit(X, y)
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    model = PrivateTabularGAN(bounds={0: (-9, 9), 1: (-9, 9), 2: (-9, 9)})
    with pytest.raises(
        ValueError, match=r"PrivateTabularGAN trains in one process, but 2 were asked for; set devices=1"
    ):
        model.fit(X, y)


@pytest.mark.slow
def test_fabric_run_itself(trained, tmp_path):
    """The other processes of these tests have what torchrun gives to them, and the tests of the shell run torchrun."""
    given = os.environ | {"PYTHONPATH": os.pathsep.join([*filter(None, sys.path), str(HELPERS)])}
    command = [Path(sys.executable).parent / "fabric", "run", "--devices", "2"]
    command += [HELPERS / "together.py", tmp_path, "table"]
    subprocess.run(command, env=given, check=True, capture_output=True)
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert first["table"] == second["table"] == trained[0][0]["table"]


def test_a_table_with_small_batches_trains_on_the_cpu_unless_a_gpu_is_asked_for():
    assert TabularGAN()._accelerator() == "cpu"
    assert TabularGAN(batch_size=511)._accelerator() == "cpu"
    assert TabularGAN(batch_size=512)._accelerator() == "auto"
    assert TabularGAN(device="cuda")._accelerator() == "cuda"
    assert ImageGAN(batch_size=8)._accelerator() == "auto"
