"""Rows that are refused are drawn again, in a bounded number of rounds; what is left is counted in a warning."""

import warnings

import numpy as np
import pandas as pd
import pytest

from ganaug import GANOversampler, TabularGAN

TINY = {"n_steps": 3, "hidden_sizes": (8,), "batch_size": 16, "device": "cpu", "random_state": 0}


@pytest.fixture
def combinations():
    """All 64 combinations of three columns in the large class; every other one, once, in the small one."""
    every = np.array(np.meshgrid(*3 * [np.arange(4.0)])).reshape(3, -1).T
    rare = every[every.sum(axis=1) % 2 == 0]
    return np.concatenate([np.tile(every, (3, 1)), rare]), np.repeat([0, 1], [192, 32]), set(map(tuple, rare))


@pytest.mark.parametrize("selection", ["auto", "class", "neighbors", "discriminator"])
def test_no_row_that_is_there_once_is_copied(combinations, selection):
    X, y, known = combinations

    def n_copies(selection):
        sampler = GANOversampler(model=TabularGAN(**TINY), selection=selection)
        synthetic = sampler.fit_resample(X, y)[0][sampler.is_synthetic_]
        assert sampler.provenance_["is_copy"].tolist() == [tuple(row) in known for row in synthetic]
        return sum(tuple(row) in known for row in synthetic)

    assert n_copies(None) > 0
    assert n_copies(selection) == 0


def test_copies_are_counted_where_there_is_nothing_else():
    every = np.array(np.meshgrid(*3 * [np.arange(3)])).reshape(3, -1).T
    X = pd.DataFrame(every, columns=list("abc")).astype("category")
    y = np.repeat(["common", "rare"], [20, 7])
    sampler = GANOversampler(model=TabularGAN(**TINY))
    with pytest.warns(UserWarning, match="13 of 13 synthetic rows equal a single training one"):
        _, labels = sampler.fit_resample(X, y)
    assert (labels == "rare").sum() == 20  # the counts of sampling_strategy hold all the same
    assert sampler.provenance_["is_copy"].all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GANOversampler(model=TabularGAN(**TINY), selection=None).fit_resample(X, y)
