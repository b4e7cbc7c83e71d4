"""Where synthetic rows come from."""

import pickle

import numpy as np
import pandas as pd
import pytest

from ganaug import GANOversampler, ImageGAN, TabularGAN

TINY = TabularGAN(n_steps=20, hidden_sizes=(16,), device="cpu", random_state=0)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    y = np.repeat(["common", "rare", "rarest"], [200, 60, 8])
    X = pd.DataFrame({"x": rng.normal(size=268) + 3 * (y != "common"), "kind": rng.choice(list("abc"), 268)})
    X.loc[rng.random(268) < 0.2, "x"] = np.nan
    return X, y


@pytest.mark.parametrize("selection", ["auto", None])
def test_a_row_for_each_synthetic_row(table, selection):
    X, y = table
    sampler = GANOversampler(model=TINY, selection=selection)
    X_resampled, labels = sampler.fit_resample(X, y)
    frame = sampler.provenance_
    assert frame.index.tolist() == np.flatnonzero(sampler.is_synthetic_).tolist()
    assert list(frame.columns) == ["nearest", "distance", "realism", "certainty", "is_copy"]
    assert frame["certainty"].between(0, 1).all()
    assert frame["realism"].isna().tolist() == (labels[frame.index] == "rarest").tolist()
    assert frame["realism"].dropna().between(0, 1).all()
    # the nearest row is the nearest: its encoding is at that distance, and no other row is nearer
    rows = sampler.model_.encode(X_resampled, labels).features
    real, synthetic = rows[: len(X)], rows[frame.index]
    distances = np.linalg.norm(synthetic[:, None] - real[None], axis=2)
    np.testing.assert_allclose(frame["distance"], distances.min(axis=1), atol=1e-3)
    near = distances[np.arange(len(frame)), frame["nearest"]]
    np.testing.assert_allclose(near, distances.min(axis=1), atol=1e-3)
    assert sampler.provenance_ is frame  # computed once


def test_pickles_hold_no_training_rows(table):
    sampler = GANOversampler(model=TINY)
    sampler.fit_resample(*table)
    copied = pickle.loads(pickle.dumps(sampler))
    with pytest.raises(AttributeError, match="not pickled before it was read"):
        copied.provenance_  # noqa: B018
    frame = sampler.provenance_
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(sampler)).provenance_, frame)


def test_images_have_none():
    X, y = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8), np.repeat([0, 1], [30, 10])
    sampler = GANOversampler(model=ImageGAN(n_steps=2, width=4, latent_size=4, batch_size=4, device="cpu"))
    sampler.fit_resample(X, y)
    assert not hasattr(sampler, "provenance_")
