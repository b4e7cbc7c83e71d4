"""Realism: candidates that look real get higher odds, from detectors that did not learn them."""

import numpy as np
import pytest

from ganaug.selection import CandidateSelection, Folds, Realism, cross_fitted_log_odds


@pytest.mark.parametrize("n_real", [100, 600])
def test_rows_where_real_ones_lie_are_more_real(n_real):
    rng = np.random.default_rng(0)
    real, candidates = rng.normal(0, 1, (n_real, 2)), rng.normal([1.0, 0.0], [2.0, 1.0], (2000, 2))
    everything = np.ones(2000, dtype=bool)
    odds = cross_fitted_log_odds(real, candidates, Folds.divide(real, candidates, rng), everything, rng)
    far = np.abs(candidates[:, 0]) > 3
    assert odds[~far].mean() > odds[far].mean() + 1.5


@pytest.mark.parametrize("n_real", [100, 600])
def test_the_choice_comes_nearer_to_the_real_rows(n_real):
    rng = np.random.default_rng(0)
    real, candidates = rng.normal(0, 1, (n_real, 2)), rng.normal(0.7, 1.3, (3000, 2))
    zeros = np.zeros(3000, int)
    selection = CandidateSelection(10, realism=Realism(real, zeros[:n_real], None))
    chosen = candidates[selection.choose(candidates, zeros, zeros[:300], rng)]
    assert np.abs(chosen.mean(axis=0)).max() < 0.35
    assert np.abs(chosen.std(axis=0) - 1).max() < 0.2


def test_real_rows_cannot_be_told_from_real_rows():
    rng = np.random.default_rng(0)
    real, candidates = rng.normal(size=(300, 3)), rng.normal(size=(3000, 3))
    folds = Folds.divide(real, candidates, rng)
    odds = cross_fitted_log_odds(real, candidates, folds, np.ones(3000, dtype=bool), rng)
    assert abs(odds.mean()) < 0.3


def test_realism_fades_out_in_small_classes():
    rng = np.random.default_rng(0)
    candidates = rng.normal(1, 2, (500, 2))
    spreads = []
    for n_real in (8, 15, 25, 60):
        realism = Realism(rng.normal(size=(n_real, 2)), np.zeros(n_real, int), None)
        spreads.append(realism.log_odds(candidates, 0, lambda weights: np.ones(len(weights)), rng).std())
    assert spreads[0] == 0
    assert spreads[1] < 0.6 * spreads[2]
    assert spreads[3] > 0.5
