"""Fixtures of tables in many files."""

import numpy as np
import pandas as pd
import pytest

from ganaug import GANOversampler, TabularGAN

N_FILES, N_ROWS = 3, 400


@pytest.fixture
def sampler() -> GANOversampler:
    model = TabularGAN(n_steps=5, hidden_sizes=(8,), batch_size=16, device="cpu")
    return GANOversampler(model=model, selection=None, random_state=0)


@pytest.fixture
def folder(tmp_path):
    """Return a folder of Parquet files, one of them with another order of its levels."""
    data = tmp_path / "data"
    data.mkdir()
    for number in range(N_FILES):
        rng = np.random.default_rng(number)
        rare = rng.random(N_ROWS) < 0.1
        levels = ["a", "b", "c"] if number else ["c", "a", "b"]
        frame = pd.DataFrame(
            {
                "id": np.arange(number * N_ROWS, (number + 1) * N_ROWS),
                "name": [f"u{n:08d}x" for n in rng.integers(0, 10**8, N_ROWS)],
                "x": rng.normal(size=N_ROWS) + rare,
                "level": pd.Categorical(rng.choice(levels, N_ROWS), categories=levels),
                "visits": pd.array(np.where(rng.random(N_ROWS) < 0.1, None, rng.integers(0, 9, N_ROWS)), dtype="Int64"),
                "y": np.where(rare, "yes", "no"),
            }
        )
        frame.to_parquet(data / f"part-{number}.parquet")
    return data


@pytest.fixture(scope="session")
def cluster():
    """Return a scheduler with a worker in this process, which others find by its address."""
    distributed = pytest.importorskip("distributed")
    options = {"protocol": "tcp", "dashboard_address": ":0", "silence_logs": False}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, **options) as own:
        yield own


@pytest.fixture(scope="session")
def client(cluster):
    distributed = pytest.importorskip("distributed")
    with distributed.Client(cluster) as own:
        yield own
