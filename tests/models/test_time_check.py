"""The estimate after the first steps of a training."""

import numpy as np
import pytest

from ganaug import ImageGAN
from ganaug.models.time_check import TimeCheck
from ganaug.training import Run


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


def warnings_of(*, n_steps, max_time, of_step, start=0):
    """The messages of a run whose steps take so many seconds, and the step at which each came."""
    clock, run, found = Clock(), Run(n_steps=n_steps, save=print, max_time=max_time, step=start), []
    check = TimeCheck("images", "Take smaller images", clock)
    check.on_fit_start(run)
    for _ in range(12):
        run.step += 1
        clock.seconds += of_step
        try:
            check.on_step_end(run)
        except UserWarning as warning:
            found.append((run.step, str(warning)))
    return found


def test_too_little_time_is_said_once_and_early():
    ((step, said),) = warnings_of(n_steps=3000, max_time=60.0, of_step=5.0)
    assert step == 2  # ten seconds of sixty
    assert said.startswith(
        "Only about 12 of 3,000 steps fit into the 60 s that max_time leaves for them, as a step takes 5 seconds here"
    )
    assert said.endswith("Take smaller images, or give more time: all steps take about 4.2 hours.")
    assert "\n" not in said


@pytest.mark.parametrize(
    "run",
    [
        {"n_steps": 3000, "max_time": None, "of_step": 5.0},
        {"n_steps": 3000, "max_time": 1600.0, "of_step": 5.0},  # more than a tenth
        {"n_steps": 3000, "max_time": 4.0, "of_step": 1.0},  # a trial
        {"n_steps": 3000, "max_time": 60.0, "of_step": 5.0, "start": 10},  # goes on from a checkpoint
    ],
)
def test_otherwise_nothing_is_said(run):
    assert warnings_of(**run) == []


def test_a_model_says_it(monkeypatch):
    monkeypatch.setattr("ganaug.models.time_check._LEAST_SECONDS", 0.0)
    images = np.random.default_rng(0).integers(0, 256, (24, 72, 72), dtype=np.uint8)
    model = ImageGAN(n_steps=10**6, max_time=1e-3, width=4, latent_size=8, batch_size=4, device="cpu", random_state=0)
    with pytest.warns(UserWarning, match=r"Only about .* of 1,000,000 steps fit .* --resize 64x64"):
        model.set_params(max_time=0.5).fit(images, np.repeat([0, 1], 12))
