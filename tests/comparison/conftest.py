"""What the tests of comparisons share: data, samplers that tell what they saw, and scores made up."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from ganaug import GANOversampler, TabularGAN
from ganaug.comparison import Comparison
from ganaug.training import Callback


class Spy(BaseEstimator):
    """Adds nothing and keeps the rows that it was given."""

    seen: list = []  # noqa: RUF012  (clones share it)

    def fit_resample(self, X, y):
        self.seen.append((X, y))
        return X, y


class Broken(BaseEstimator):
    def fit_resample(self, X, y):
        raise RuntimeError("no rows\ntoday")


class FitCounter(Callback):
    n_fits = 0

    def on_fit_start(self, run):
        FitCounter.n_fits += 1


@pytest.fixture
def spy():
    Spy.seen.clear()
    return Spy


@pytest.fixture
def broken():
    return Broken


@pytest.fixture
def fit_counter():
    FitCounter.n_fits = 0
    return FitCounter


@pytest.fixture
def tiny():
    """Return a sampler that takes no time."""
    return GANOversampler(model=TabularGAN(n_steps=3, hidden_sizes=(8,), batch_size=16, device="cpu"))


@pytest.fixture
def nb():
    """Return parameters of a comparison that takes little time."""
    return {"classifiers": "GaussianNB", "n_splits": 3, "n_repeats": 1, "random_state": 0}


@pytest.fixture
def two():
    """120 rows in the order of their classes, 24 of them rare, with their number in a column.

    It is no whole number, so that it is not taken for an identifier and left out.
    """
    rng = np.random.default_rng(0)
    y = np.repeat(["well", "sick"], [96, 24])
    X = pd.DataFrame(rng.normal(size=(120, 3)) + (y == "sick")[:, None], columns=list("abc"))
    return X.assign(number=np.arange(120.0) + 0.25), y


@pytest.fixture
def found():
    """Return a function that makes a comparison up."""

    def make(
        gains,
        metrics=("average precision", "balanced accuracy", "Brier score"),
        noise=0.01,
        n=10,
        seconds=None,
        classifiers=("tree",),
    ):
        """Samplers are better than none by so much in each metric, give or take noise."""
        rng = np.random.default_rng(0)
        rows = []
        for classifier in classifiers:
            for name, gain in {"none": (0.0,) * len(metrics), **gains}.items():
                own = rng.normal(0, noise, (n, len(metrics))) if name != "none" else np.zeros((n, len(metrics)))
                for split in range(n):
                    row = {"sampler": name, "classifier": classifier, "split": split, "n_train": 80, "n_test": 20}
                    row |= {"fit_seconds": (seconds or {}).get(name, 1.0), "note": ""}
                    rows.append(row | dict(zip(metrics, 0.5 + np.array(gain) + own[split], strict=True)))
        return Comparison(pd.DataFrame(rows))

    return make
