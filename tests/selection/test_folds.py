"""Candidates near single training rows have no advantage: estimates do not learn these rows, and distances are kept."""

import numpy as np
import pytest

from ganaug.selection import (
    CandidateSelection,
    ClassShares,
    Folds,
    Layout,
    Realism,
    by_class,
    by_neighbors,
    cross_fitted_log_odds,
)
from ganaug.selection.folds import MOST_ROWS, nearest_real

N_REAL, N_REQUESTED, WIDTH = 100, 300, 6


@pytest.fixture
def planted():
    """Rows of two classes, and candidates of class 1: a third next to a training row each, the others new draws."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2 * N_REAL, WIDTH)).astype(np.float32)
    y = np.repeat([0, 1], N_REAL)
    rows[y == 1, 0] += 1
    near = rows[y == 1].repeat(10, axis=0) + 0.05 * rng.normal(size=(10 * N_REAL, WIDTH))
    new = rng.normal(size=(20 * N_REAL, WIDTH))
    new[:, 0] += 1
    candidates = np.concatenate([near, new]).astype(np.float32)
    return rows, y, candidates


@pytest.mark.parametrize("n_real", [10, 57, MOST_ROWS])
def test_the_nearest_real_row_is_in_the_fold_of_the_candidate(n_real):
    rng = np.random.default_rng(n_real)
    real, candidates = rng.normal(size=(n_real, 3)), rng.normal(size=(500, 3))
    folds = Folds.divide(real, candidates, rng)
    assert (folds.real[nearest_real(candidates, real)] == folds.candidates).all()
    assert np.ptp(np.bincount(folds.real)) <= 1


@pytest.mark.parametrize("n_real", [1, 9, MOST_ROWS + 1])
def test_classes_too_small_or_large_learn_from_all_real_rows(n_real):
    rng = np.random.default_rng(0)
    folds = Folds.divide(rng.normal(size=(n_real, 2)), rng.normal(size=(100, 2)), rng)
    assert (folds.real < 0).all()
    assert np.bincount(folds.candidates).tolist() == [50, 50]


def test_nearness_to_a_training_row_is_little_realism(planted):
    rows, y, candidates = planted
    real, n = rows[y == 1], len(candidates)
    rng = np.random.default_rng(0)
    learn_all = Folds(np.full(N_REAL, -1), rng.permutation(n) % 2)

    def advantage(folds):
        odds = cross_fitted_log_odds(real, candidates, folds, np.ones(n, bool), np.random.default_rng(0))
        return odds[: 10 * N_REAL].mean() - odds[10 * N_REAL :].mean()

    assert advantage(Folds.divide(real, candidates, rng)) < 0.6 * advantage(learn_all)


@pytest.mark.parametrize("by", [by_class, by_neighbors])
def test_nearness_to_a_training_row_is_not_certainty(by, planted):
    rows, y, candidates = planted
    certainty = by(rows, y, 0)(candidates, np.ones(len(candidates), int))
    near, new = certainty[: 10 * N_REAL], certainty[10 * N_REAL :]
    assert near.mean() < new.mean() + 0.25 * certainty.std()


def test_chosen_rows_are_as_far_from_training_rows_as_these_from_each_other(planted):
    rows, y, candidates = planted
    layout = Layout(WIDTH, ())
    shares = [ClassShares(layout, rows[y == label], 0) for label in (0, 1)]
    selection = CandidateSelection(10, by_class(rows, y, 0), Realism(rows, y, layout), shares)
    of_class = np.ones(len(candidates), int)
    chosen = selection.choose(candidates, of_class, of_class[:N_REQUESTED], np.random.default_rng(0))
    assert (chosen < 10 * N_REAL).mean() < 0.12  # a third of the candidates, of which real rows would be a twentieth
    own = rows[y == 1]
    between = np.linalg.norm(own[:, None] - own, axis=2) + np.diag(np.full(N_REAL, np.inf))
    distance = np.linalg.norm(candidates[chosen][:, None] - own, axis=2).min(axis=1)
    assert 0.9 < np.median(distance) / np.median(between.min(axis=1)) < 1.2


def test_equal_rows_have_spacing_too():
    rows = np.repeat(np.arange(10.0), 5)[:, None].astype(np.float32)
    shares = ClassShares(Layout(1, ()), rows, 0)
    candidates = np.concatenate([rows, rows + 0.4])
    chosen = CandidateSelection(2, shares=[shares]).choose(
        candidates, np.zeros(100, int), np.zeros(50, int), np.random.default_rng(0)
    )
    assert (chosen < 50).mean() > 0.9  # all real rows have an equal one
