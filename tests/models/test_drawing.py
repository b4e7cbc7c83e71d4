"""Rows that are refused are drawn again, in a bounded number of rounds; what is left is counted in a warning."""

import warnings

import numpy as np
import pandas as pd
import pytest

from ganaug import GANOversampler, TabularGAN

TINY = {"n_steps": 3, "hidden_sizes": (8,), "batch_size": 16, "device": "cpu", "random_state": 0}


class Picky(TabularGAN):
    """Allows no small values in the first column, and fills the second one after decoding and after the choice."""

    limit = -1.0

    def _repair(self, synthetic):
        return np.column_stack([synthetic[:, 0], np.full(len(synthetic), self.given)])

    def _is_allowed(self, synthetic):
        return synthetic[:, 0] > self.limit

    def _renew_identifiers(self, synthetic, rng):
        self.n_renewed = len(synthetic)
        return synthetic


@pytest.fixture
def picky():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 2)), np.repeat([0, 1], [90, 30])
    model = Picky(**TINY).fit(X, y)
    model.given = X[0, 1]
    return model, X, y


@pytest.mark.parametrize("selection", [None, "auto", "neighbors"])
def test_rows_that_are_not_allowed_are_drawn_again(picky, selection):
    model, X, y = picky
    chosen = model.selection_for(selection, model.encode(X, y), 60)
    rows = model.sample(np.ones(60, int), selection=chosen)
    assert rows.shape == (60, 2)
    assert (rows[:, 0] > model.limit).all()
    model.limit = -1e9
    assert not (model.sample(np.ones(60, int))[:, 0] > -1).all()
    assert (rows[:, 1] == model.given).all()
    assert model.n_renewed == 60


def test_a_row_that_is_drawn_again_does_not_depend_on_how_many_are_requested(picky):
    model, _, _ = picky
    model.limit = -0.8
    few, many = model.sample(np.ones(20, int)), model.sample(np.ones(50, int))
    np.testing.assert_array_equal(few, many[:20])


@pytest.mark.parametrize("selection", [None, "auto"])
def test_what_cannot_be_mended_is_said(picky, selection):
    model, X, y = picky
    model.limit = 1e9
    chosen = model.selection_for(selection, model.encode(X, y), 20)
    with pytest.warns(UserWarning, match="20 of 20 synthetic rows break a rule that all training rows keep"):
        assert len(model.sample(np.ones(20, int), selection=chosen)) == 20


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
