"""Every loss trains to a sensible result, and the bounds are such that a broken one does not pass."""

import os

import numpy as np
import pandas as pd
import pytest
import torch

from ganaug import TabularGAN
from ganaug.training.losses import LOSSES, PENALTIES, orthogonal_penalty

LONG = pytest.mark.skipif("GANAUG_ALL_NETWORKS" not in os.environ, reason="`make test-long` tries it")

N_MODES, RADIUS, SPREAD = 6, 1.5, 0.08


def ring(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Gaussians on a ring, odd ones of one class, even ones of the other."""
    rng = np.random.default_rng(0)
    mode = rng.integers(N_MODES, size=n)
    angle = 2 * np.pi * mode / N_MODES
    X = RADIUS * np.column_stack([np.cos(angle), np.sin(angle)]) + SPREAD * rng.normal(size=(n, 2))
    return X, mode % 2


def ring_quality(X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Share of rows at a mode of their class, and the rarest mode's share of what it should have."""
    mode = np.rint(np.arctan2(X[:, 1], X[:, 0]) / (2 * np.pi / N_MODES)).astype(int) % N_MODES
    angle = 2 * np.pi * mode / N_MODES
    centre = RADIUS * np.column_stack([np.cos(angle), np.sin(angle)])
    hit = (np.linalg.norm(X - centre, axis=1) < 5 * SPREAD) & (mode % 2 == y)
    return hit.mean(), np.bincount(mode[hit], minlength=N_MODES).min() * N_MODES / len(X)


def dependency(n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """A category that decides the sign of a number, the other way round in the other class."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [n - n // 4, n // 4])
    side = rng.integers(2, size=n)
    value = np.where(side == y, 1.0, -1.0) * rng.uniform(0.5, 1.5, n)
    return pd.DataFrame({"side": np.where(side == 1, "right", "left"), "value": value}), y


def agreement(X: pd.DataFrame, y: np.ndarray) -> float:
    """Share of rows whose number has the sign their category and class call for."""
    return float(np.mean((X["value"] > 0) == ((X["side"] == "right").to_numpy() == y)))


def model(loss: str, **changes: object) -> TabularGAN:
    # the noise prior and no matching: with anchors, drifting or rules, even networks with a broken loss would pass
    settings = {
        "prior": "noise",
        "matching": None,
        "constraints": None,
        "numeric": "standard",
        "n_steps": 900,
        "hidden_sizes": (64, 64),
        "dropout": 0.0,
        "ema": 0.99,
        "patience": None,
        "random_state": 0,
        "device": "cpu",
    }
    return TabularGAN(loss=loss, **{**settings, **changes})


@pytest.mark.slow
# the two Wasserstein papers' own settings ("wgan", and a penalty of weight 10) need many more steps than these
@pytest.mark.parametrize(
    "loss", ["rpgan", *(pytest.param(loss, marks=LONG) for loss in LOSSES if loss not in ("rpgan", "wgan"))]
)
def test_loss_covers_every_mode_of_the_right_class(loss):
    X, y = ring(1500)
    y_requested = np.arange(1200) % 2
    settings = {"gamma": 1} if loss == "wgan-gp" else {}
    share, rarest = ring_quality(model(loss, **settings).fit(X, y).sample(y_requested), y_requested)
    assert share > 0.4
    assert rarest > 0.1


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [
        {"pac": 2, "batch_size": 256, "penalty_every": 4},
        {"dropout": 0.2},
        {"loss": "bce", "penalty": "r1r2", "gamma": 0.5, "penalty_every": 1},
    ],
    ids=str,
)
def test_what_there_is_to_choose_covers_every_mode_too(params):
    X, y = ring(1500)
    y_requested = np.arange(1200) % 2
    share, rarest = ring_quality(model(**{"loss": "rpgan", **params}).fit(X, y).sample(y_requested), y_requested)
    assert share > 0.4
    assert rarest > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
def test_loss_learns_a_dependency_between_two_columns(loss):
    X, y = dependency(800)
    y_requested = np.arange(1000) % 2
    assert agreement(model(loss, n_steps=500).fit(X, y).sample(y_requested), y_requested) > 0.85


@pytest.mark.slow
def test_spectral_norm_learns_a_dependency():
    # it bounds the discriminator's slope by 1: too little for the narrow modes of the ring, and slow to learn
    X, y = dependency(800)
    y_requested = np.arange(1000) % 2
    bounded = model("hinge", penalty="none", spectral_norm=True, n_critic=3, n_steps=500)
    assert agreement(bounded.fit(X, y).sample(y_requested), y_requested) > 0.85


@pytest.mark.filterwarnings("ignore:Training collapsed", "ignore:After ")
@pytest.mark.parametrize("loss", ["rpgan", "bce"])
def test_bounds_fail_a_broken_loss(loss, monkeypatch):
    whole = LOSSES[loss]
    monkeypatch.setitem(LOSSES, loss, whole._replace(generator=lambda real, fake: -whole.generator(real, fake)))
    X, y = ring(1500)
    y_requested = np.arange(1200) % 2
    share, rarest = ring_quality(model(loss, n_steps=300).fit(X, y).sample(y_requested), y_requested)
    assert share < 0.4
    assert rarest < 0.1
    X, y = dependency(800)
    assert agreement(model(loss, n_steps=300).fit(X, y).sample(y_requested), y_requested) < 0.85


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_point_the_right_way(loss):
    real = torch.tensor([0.3, -0.2], requires_grad=True)
    fake = torch.tensor([0.1, 0.4], requires_grad=True)
    LOSSES[loss].discriminator(real, fake).backward()
    assert (real.grad < 0).all()
    assert (fake.grad > 0).all()
    fake.grad = None
    LOSSES[loss].generator(real.detach(), fake).backward()
    assert (fake.grad < 0).all()


def test_penalties_of_a_linear_score_have_closed_forms():
    slope = torch.tensor([3.0, 4.0])
    real, fake, mix = torch.randn(6, 2), torch.randn(6, 2), torch.rand(6)

    def score(rows):
        return rows @ slope

    values = {name: penalty(score, real, fake, mix).item() for name, penalty in PENALTIES.items() if penalty}
    assert values == pytest.approx({"r1": 12.5, "r1r2": 25.0, "gp": 16.0}, rel=1e-5)


def test_orthogonal_penalty_counts_products_of_different_filters():
    layer = torch.nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0, 0.0], [3.0, 1.0, 5.0]]))
    assert orthogonal_penalty(layer).item() == 2 * (1 * 3 + 2 * 1) ** 2
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[4.0, 0.0, 0.0], [0.0, 0.0, 9.0]]))
    assert orthogonal_penalty(layer).item() == 0  # lengths are free
