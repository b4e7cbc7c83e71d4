"""`--max-time` limits the command: the training ends so early that what follows fits into it."""

import time

import numpy as np
import pytest

from ganaug import TabularGAN
from ganaug.cli import time_limit
from ganaug.cli.time_limit import TimeLimit, after_samples, after_table
from ganaug.training import Callback, Previews, Run


class Clock:
    """Seconds that pass only when the test says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run_of(max_time: float | None, **given) -> Run:
    return Run(n_steps=100, save=lambda path: None, max_time=max_time, **given)


@pytest.mark.parametrize(
    ("max_time", "elapsed", "following", "ends_after"),
    [
        (20, 3, 7, 10),  # 3 before, 10 of training, 7 after: 20 in all
        (60, 3, 0, 57),
        (20, 3, 16.5, 2),  # a tenth in any case
        (20, 30, 7, 2),
    ],
)
def test_the_training_gets_what_the_rest_leaves(max_time, elapsed, following, ends_after):
    clock = Clock()
    limit = TimeLimit(max_time, clock.now, lambda run: following, clock)
    clock.now += elapsed
    run = run_of(max_time)
    limit.on_fit_start(run)
    assert run.ends_after == pytest.approx(ends_after)
    assert run.max_time == max_time  # which messages name


def test_a_part_of_the_limit_is_not_prolonged():
    run = run_of(5.0)  # such as of a second stage
    TimeLimit(60, 0.0, lambda run: 1.0, Clock()).on_fit_start(run)
    assert run.ends_after == 5.0


def test_a_training_that_goes_on_has_had_its_time():
    run = run_of(60.0, history=[{"step": 10, "seconds": 30.0}])
    TimeLimit(60, 0.0, lambda run: 10.0, Clock()).on_fit_start(run)
    assert run.ends_after == 60.0
    run = run_of(60.0, history=[{"step": 10, "seconds": 5.0}])
    TimeLimit(60, 0.0, lambda run: 10.0, Clock()).on_fit_start(run)
    assert run.ends_after == 55.0


def test_it_is_said_that_a_limit_cannot_be_kept(monkeypatch, capsys):
    TimeLimit(4, 0.0, lambda run: 7.7, Clock()).on_fit_start(run_of(4.0))
    assert capsys.readouterr().err == ""  # nobody watches
    monkeypatch.setattr(time_limit, "on_terminal", lambda: True)
    TimeLimit(60, 0.0, lambda run: 7.7, Clock()).on_fit_start(run_of(60.0))
    assert capsys.readouterr().err == ""
    TimeLimit(4, 0.0, lambda run: 7.7, Clock()).on_fit_start(run_of(4.0))
    said = "--max-time 4 cannot be kept: what comes before and after the training takes about 8 s here"
    assert said in capsys.readouterr().err


def test_what_follows_images_is_seen_from_a_small_sample(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    monkeypatch.setattr(time, "process_time", clock)  # a core for us alone
    clock.now = 10.0

    def sample(n):
        clock.now += 0.01 * 2 * n  # ten milliseconds for each image of two classes
        return {"a": np.zeros(n), "b": np.zeros(n)}

    run = run_of(60.0, previews=Previews(real=sample, sample=sample))
    assert after_samples(lambda: 500, 3, began=0.0)(run) == pytest.approx(500 * 3 * 0.01, rel=0.05)
    assert after_samples(lambda: 500, 1, began=0.0)(run) == pytest.approx(500 * 0.01, rel=0.1)


def test_a_busy_machine_takes_longer(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    monkeypatch.setattr(time, "process_time", lambda: clock.now / 2)
    clock.now = 8.0
    busy = after_table(120_000, 0.0, has_page=False)(run_of(20.0))
    monkeypatch.setattr(time, "process_time", clock)
    idle = after_table(120_000, 0.0, has_page=False)(run_of(20.0))
    assert busy == 2 * idle
    assert 6 < idle < 9  # 7.8 seconds were measured on a table of 6,000 rows and 20 columns
    assert after_table(120_000, 0.0, has_page=True)(run_of(20.0)) > idle + 3


def test_a_callback_shortens_a_training():
    class Shorten(Callback):
        def on_fit_start(self, run):
            run.ends_after = 0.05

    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 2
    model = TabularGAN(max_time=300, n_steps=10**6, hidden_sizes=(4,), callbacks=[Shorten()], random_state=0)
    began = time.perf_counter()
    with pytest.warns(UserWarning, match="."):  # hardly anything is learned
        model.fit(X, y)
    assert time.perf_counter() - began < 60
    assert model.history_["seconds"].iloc[-1] < 30
