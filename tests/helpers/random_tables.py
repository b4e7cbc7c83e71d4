"""Random tables for tests. The same arguments give the same table."""

import numpy as np
import pandas as pd


def rows(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def texts(n: int, n_levels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([f"level {i}" for i in range(n_levels)], n)


def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the same columns, each in an order of its own."""
    rng = np.random.default_rng(0)
    return pd.DataFrame({name: frame[name].array[rng.permutation(len(frame))] for name in frame})


def table(n: int, seed: int = 0) -> pd.DataFrame:
    """Return columns of several kinds that depend on each other."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "x": x,
            "y": x + rng.normal(size=n),
            "count": rng.poisson(3, n),
            "city": rng.choice(["Rome", "Oslo", "Lima"], n),
            "good": np.where(x > 0.3, "yes", "no"),
        }
    )
