"""Rows as points: distances by construction, and projections against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from random_tables import rows
from sklearn.decomposition import PCA

from ganaug.metrics.table_features import embed_rows, projection, rank_levels
from ganaug.metrics.table_pair import TablePair


def test_agrees_with_scikit_learn():
    real, made = rows(200, 5) * np.arange(1, 6), rows(50, 5, 1)
    found = projection(real, made, random_state=0)
    pca = PCA(2, svd_solver="full").fit((real - real.mean(0)) / real.std(0))
    expected = pca.transform((made - real.mean(0)) / real.std(0))
    np.testing.assert_allclose(np.abs(found.synthetic), np.abs(expected))
    assert found.explained == pytest.approx(pca.explained_variance_ratio_.sum())


def test_few_directions_and_none():
    line = projection(rows(30, 1), rows(20, 1), random_state=0)
    assert line.real.shape == (30, 2)
    assert not line.real[:, 1].any()
    assert line.explained == pytest.approx(1)
    point = projection(np.ones((30, 1)), np.ones((20, 1)), random_state=0)
    assert not point.synthetic.any()
    assert point.explained == 0


def test_long_tables_are_drawn_from():
    found = [projection(rows(3_000, 2), rows(1_500, 2), random_state=0) for _ in range(2)]
    assert len(found[0].real) == len(found[0].synthetic) == 1_000
    np.testing.assert_array_equal(found[0].real, found[1].real)


def test_two_rows_of_any_column_are_two_apart_in_the_mean_square():
    n = 2000
    for column in (rows(n, 1)[:, 0] * 50 + 7, np.arange(n).astype(str)):
        frame = pd.DataFrame({"x": column})
        pair = TablePair(frame, frame)
        (points,) = embed_rows(pair, pair.real_cells)
        assert ((points[: n // 2] - points[n // 2 :]) ** 2).sum(1).mean() == pytest.approx(2, rel=0.1)


def test_levels_and_missing_cells_are_corners():
    pair = TablePair(pd.DataFrame({"x": ["a", "b", None]}), pd.DataFrame({"x": ["a", "b", "c", None, "a"]}))
    (points,) = embed_rows(pair, pair.synthetic_cells)
    squared = ((points[:, None] - points) ** 2).sum(2)
    np.testing.assert_allclose(
        squared, 2 * (1 - np.eye(5)) - 2 * np.eye(5)[[4, 1, 2, 3, 0]] * [[1], [0], [0], [0], [1]]
    )


def test_levels_are_ranked_by_how_frequent_they_are_in_all_tables():
    codes = np.array([0.0, 0, 1, 7, 7, 7, np.nan])
    ranks = rank_levels(codes, np.random.default_rng(0))
    np.testing.assert_array_equal(ranks, [1, 1, 2, 0, 0, 0, np.nan])
