"""Shared fixtures: small imbalanced data, and the real sets where they are."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ganaug import TabularGAN

REAL_DATA = Path(__file__).parents[2] / "shared" / "data" / "tabular"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not REAL_DATA.is_dir():
        skip = pytest.mark.skip(reason="the real data sets are not beside this checkout")
        for item in items:
            if item.get_closest_marker("real_data"):
                item.add_marker(skip)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)  # so that tests take the same time on a busy machine


@pytest.fixture
def real_data():
    """Read a real set by name: (X, y), y the last column."""

    def read(name: str) -> tuple[pd.DataFrame, pd.Series]:
        frame = pd.read_parquet(REAL_DATA / f"{name}.parquet")
        return frame.iloc[:, :-1], frame.iloc[:, -1]

    return read


@pytest.fixture
def tiny_model() -> TabularGAN:
    """Return a model for laws that hold however little it was trained."""
    return TabularGAN(n_steps=5, hidden_sizes=(8,), batch_size=16, random_state=0, device="cpu")


@pytest.fixture
def mixed() -> tuple[pd.DataFrame, pd.Series]:
    """Return 200 rows of many kinds of columns, and three classes of 150, 40 and 10 rows."""
    rng = np.random.default_rng(0)
    n = 200
    y = pd.Series(np.repeat(["a", "b", "c"], [150, 40, 10]), name="target")
    shift = y.map({"a": 0, "b": 1, "c": 2}).to_numpy(float)
    X = pd.DataFrame(
        {
            "height": rng.normal(size=n) + shift,
            "count": rng.poisson(3 + shift, n),
            "price": np.round(rng.gamma(2, 10, n), 2),
            "gain": np.where(rng.random(n) < 0.7, 0, rng.integers(1, 5000, n)),
            "colour": pd.Categorical(rng.choice(["red", "green"], n), categories=["red", "green", "never"]),
            "city": rng.choice(["Rome", "Oslo", "Lima"], n),
            "flag": rng.random(n) < 0.5,
            "age": pd.array(np.where(rng.random(n) < 0.2, None, rng.integers(18, 90, n)), dtype="Int64"),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "same": 7,
        }
    )
    shuffled = rng.permutation(n)
    return X.iloc[shuffled].set_axis(range(10, 10 + n)), y.iloc[shuffled].set_axis(range(10, 10 + n))
