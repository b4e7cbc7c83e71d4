"""`--max-time` limits the command: the training ends so early that what follows fits into it."""

import importlib
import time

import numpy as np
import pandas as pd
import pytest

from ganaug import TabularGAN, TextGAN
from ganaug.cli import time_limit
from ganaug.cli.time_limit import TimeLimit, after_partitions, after_samples, after_table
from ganaug.evaluation.image_verdict import MIN_IMAGES
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


def test_a_training_before_the_last_one_gets_its_part_of_what_is_left():
    limit = TimeLimit(100, 0.0, lambda run: 30.0, Clock())
    run = run_of(80.0)  # such as of the texts of a table
    limit.on_stage_start(run)
    assert run.ends_after == pytest.approx(0.8 * 70)
    without = run_of(None)
    limit.on_stage_start(without)
    assert without.ends_after is None


@pytest.mark.parametrize(
    ("elapsed", "later", "expected"), [(5, True, 100 - 5 - 20 - 12.5), (5, False, 75), (90, False, 10)]
)
def test_a_comparison_gets_what_is_left(elapsed, later, expected):
    clock = Clock()
    limit = TimeLimit(100, clock.now, lambda run: 20.0, clock)
    clock.now += elapsed
    assert limit.for_comparison(trains_later=later) == pytest.approx(expected)


def test_texts_of_a_table_take_their_time_to_write(monkeypatch):
    monkeypatch.setattr(time, "process_time", time.perf_counter)
    rest = after_table(1000, 0.0, has_page=False)(run_of(60.0))
    assert after_table(1000, 0.0, has_page=False, n_texts=lambda: 5000)(run_of(60.0)) == pytest.approx(rest + 10)


def test_what_follows_on_workers_is_seen_from_a_small_sample(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    monkeypatch.setattr(time, "process_time", clock)
    clock.now = 10.0

    def sample(n):
        clock.now += 0.001 * 2 * n
        return {"a": np.zeros(n), "b": np.zeros(n)}

    run = run_of(600.0, previews=Previews(real=sample, sample=sample))
    seconds = [after_partitions(lambda: 10**6, n_workers, lambda: 7.0, 0.0)(run) for n_workers in (1, 4)]
    assert seconds[0] - seconds[1] == pytest.approx(750, rel=0.01)  # of so many rows, each has one candidate
    assert seconds[0] > 1000 + 7
    assert after_partitions(lambda: 10**6, 1, lambda: 7.0, 0.0)(None) == 0


def test_autoencoders_of_texts_are_told_of_the_limit():
    class Stages(Callback):
        def __init__(self, seen):
            self.seen = seen

        def on_stage_start(self, run):
            self.seen.append(run.max_time)
            run.ends_after = 0.05

    seen: list[float] = []
    texts = [f"{word} number {i} of the day" for i in range(20) for word in ("one", "two")]
    model = TextGAN(max_time=100, autoencoder_steps=10**6, n_steps=2, callbacks=[Stages(seen)], random_state=0)
    model.fit(texts, ["a", "b"] * 20)
    assert seen == [85.0]
    assert model.autoencoder_history_["seconds"].iloc[-1] < 20
    seen.clear()
    of_table = TabularGAN(
        text_columns=["note"], max_time=100, n_steps=2, callbacks=[Stages(seen)], random_state=0, hidden_sizes=(4,),
        text_model=TextGAN(autoencoder_steps=10**6, n_steps=2),
    )  # fmt: skip
    with pytest.warns(UserWarning, match="are written for the class of a row"):
        of_table.fit(pd.DataFrame({"note": texts, "age": range(40)}), ["a", "b"] * 20)
    assert seen[0] == pytest.approx(68)  # 85 % of 80 % of the limit
    assert len(seen) == 2  # the autoencoder and the GAN of the texts
    assert of_table.texts_.seconds < 20


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
    assert after_samples(lambda: 500, lambda n: 3, began=0.0)(run) == pytest.approx(500 * 3 * 0.01, rel=0.05)
    assert after_samples(lambda: 500, lambda n: 1, began=0.0)(run) == pytest.approx(500 * 0.01, rel=0.1)
    with_page = after_samples(lambda: 500, lambda n: 1, began=0.0, page=lambda: 7.0)(run)
    assert 500 * 0.01 + 7 < with_page < 500 * 0.01 + 7 + 6  # what is measured, and the writing of the page


@pytest.mark.parametrize("n", [0, 10, 60, 240, 2000])
def test_the_page_of_images_is_estimated_from_the_features_of_a_few(monkeypatch, n):
    """As long as the images that are measured take, not as long as the largest classes would."""
    module = importlib.import_module("ganaug.evaluation.image_seconds")
    clock, seen = Clock(), []

    def features(images):
        clock.now += 0.01 * len(images)
        seen.append(len(images))

    monkeypatch.setattr(module, "image_features", features)
    monkeypatch.setattr(module.time, "perf_counter", clock)
    images, y = np.zeros((4000, 8, 8), np.uint8), np.repeat([0, 1], 2000)
    found = module.image_evaluation_seconds(images, y, {0: 0, 1: n})
    n_measured = 0 if n < MIN_IMAGES else 3 * min(n, 250)
    assert 2 * 0.01 * n_measured <= found <= 4 * 0.01 * n_measured
    assert sum(seen) < 20


def test_a_busy_machine_takes_longer(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    monkeypatch.setattr(time, "process_time", lambda: clock.now / 2)
    clock.now = 8.0
    busy = after_table(120_000, 0.0, has_page=False)(run_of(20.0))
    monkeypatch.setattr(time, "process_time", clock)
    idle = after_table(120_000, 0.0, has_page=False)(run_of(20.0))
    assert busy == 2 * idle
    assert 8 < idle < 11  # 9.8 seconds were measured on a table of 7,000 rows and 20 columns
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
