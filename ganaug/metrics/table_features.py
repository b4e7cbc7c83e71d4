"""Rows as numbers that forests, neighbours and projections work on."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from ganaug.common.random import subsample
from ganaug.metrics.table_pair import TablePair, as_pair

# Levels of a category up to which each has a dimension of its own in `embed_rows`; more levels share so many.
MAX_LEVELS = 64
# Rows of each table that `projection` returns: as many as a figure can show.
MAX_PROJECTED_ROWS = 1_000


class Projection(NamedTuple):
    """What `projection` returns."""

    real: NDArray
    synthetic: NDArray
    explained: float


def standardize_numbers(pair: TablePair, cells: NDArray) -> NDArray[np.float64]:
    """Return cells with each number centred and divided by the standard deviation of the real cells.

    Parameters
    ----------
    pair : TablePair
        Whose real cells give mean and standard deviation.
    cells : ndarray of float, shape (n, d)
        Cells of the pair. Codes of categories are left as they are.

    Returns
    -------
    ndarray of shape (n, d)
        A copy.
    """
    scaled = cells.copy()
    for i in np.flatnonzero(pair.is_number):
        known = pair.real_cells[~np.isnan(pair.real_cells[:, i]), i]
        if len(known):
            spread = known.std()
            # a column of one value has a spread of 0, or of what rounding its mean left
            scaled[:, i] -= known.mean()
            scaled[:, i] /= spread if spread > 1e-12 * np.abs(known).max() else 1.0
    return scaled


def embed_rows(pair: TablePair, *tables: NDArray) -> list[NDArray[np.float64]]:
    """Return rows as points of one space, in which all columns have the same weight.

    Numbers are standardised, and each category is a corner. Two rows that differ in one category only are sqrt(2)
    apart; two standardised numbers drawn at random are as far apart, in the root mean square. A missing number lies at
    the mean, and one unit away in a dimension that marks missing cells. More than 64 levels lie at random corners of a
    cube, any two about sqrt(2) apart.

    Parameters
    ----------
    pair : TablePair
        Whose real cells give mean and standard deviation, and whose levels give the corners.
    *tables : ndarray of float, shape (n_i, d)
        Cells of the pair, or some of their rows.

    Returns
    -------
    list of ndarray of shape (n_i, width)
        One for each table, without missing cells.

    Examples
    --------
    >>> pair = TablePair([[0.0, "a"], [2.0, "b"]], [[1.0, "b"]])
    >>> embed_rows(pair, pair.real_cells, pair.synthetic_cells)
    [array([[-1.,  1.,  0.,  0.], [ 1.,  0.,  1.,  0.]]), array([[0., 0., 1., 0.]])]
    """
    blocks: list[list[NDArray]] = [[] for _ in tables]
    scaled = [standardize_numbers(pair, cells) for cells in tables]
    for i, is_number in enumerate(pair.is_number):
        columns = [cells[:, i] for cells in scaled]
        missing = [np.isnan(column) for column in columns]
        if is_number:
            parts = [np.where(gap, 0, column)[:, None] for column, gap in zip(columns, missing, strict=True)]
        else:
            levels = pair.levels[i]
            corners = _corners(0 if levels is None else len(levels))
            parts = [
                corners[np.where(gap, 0, column).astype(np.intp)] for column, gap in zip(columns, missing, strict=True)
            ]
            parts = [np.where(gap[:, None], 0, part) for part, gap in zip(parts, missing, strict=True)]
        if any(gap.any() for gap in missing):
            parts = [np.column_stack([part, gap]) for part, gap in zip(parts, missing, strict=True)]
        for block, part in zip(blocks, parts, strict=True):
            block.append(part)
    return [np.hstack(block) for block in blocks]


def _corners(n_levels: int) -> NDArray:
    if n_levels <= MAX_LEVELS:
        # one dimension is left to a level that no table has, so that rows are points of the same space in all versions
        return np.eye(n_levels + 1)
    # always the same corners: which level has which one means nothing
    return np.random.default_rng(0).choice([-1.0, 1.0], (n_levels, MAX_LEVELS)) / np.sqrt(MAX_LEVELS)


def rank_levels(codes: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return codes of a category in a column of several tables, numbered anew by how frequent they are in all of them.

    The codes of a `TablePair` begin with those of the real table. A forest would separate the tables by large codes
    alone, even if these levels are rare.

    Parameters
    ----------
    codes : ndarray of float, shape (n,)
        Codes; NaN for missing cells.
    rng : numpy.random.Generator
        Orders levels that are equally frequent.

    Returns
    -------
    ndarray of shape (n,)
        0 for the most frequent level, and NaN where `codes` has it.
    """
    levels, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    order = np.lexsort((rng.permutation(len(levels)), -counts))
    ranks = np.empty(len(levels))
    ranks[order] = np.arange(len(levels))
    return np.where(np.isnan(codes), np.nan, ranks[places])


def projection(
    real: Any, synthetic: Any = None, *, random_state: int | np.random.Generator | None = None
) -> Projection:
    """Project rows onto the plane of the two directions in which real rows differ most.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        Real rows, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns; None beside a pair.
    random_state : int, numpy.random.Generator or None, default=None
        Chooses 1,000 rows of longer tables.

    Returns
    -------
    real, synthetic : ndarray of shape (n, 2)
        Coordinates of the chosen rows. The second one is 0 where real rows differ in one direction only.
    explained : float
        Share of the variance of the real rows that the plane shows, 0 to 1. A small share can hide much: points that
        mix here may still be told apart, see `two_sample_auc`.

    Raises
    ------
    ValueError
        See `TablePair`.

    Notes
    -----
    Principal components of `embed_rows`, fitted to the real rows alone.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(50, 3))
    >>> found = projection(rows, rows[:20], random_state=0)
    >>> found.real.shape, found.synthetic.shape, bool(np.allclose(found.real[:20], found.synthetic))
    ((50, 2), (20, 2), True)
    """
    pair = as_pair(real, synthetic)
    rng = np.random.default_rng(random_state)
    pair = pair.take(*(subsample(len(table), MAX_PROJECTED_ROWS, rng) for table in (pair.real, pair.synthetic)))
    real_points, synthetic_points = embed_rows(pair, pair.real_cells, pair.synthetic_cells)
    n_directions = min(2, *real_points.shape)
    pca = PCA(n_directions, random_state=int(rng.integers(2**31)))
    with np.errstate(invalid="ignore"):  # rows that are all equal have no variance to divide
        pca.fit(real_points)
    explained = float(np.nan_to_num(pca.explained_variance_ratio_).sum())
    flat = [
        np.pad(pca.transform(points), ((0, 0), (0, 2 - n_directions))) for points in (real_points, synthetic_points)
    ]
    return Projection(flat[0], flat[1], explained)
