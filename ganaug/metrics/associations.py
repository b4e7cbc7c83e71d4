"""Pairs of columns: how strongly they depend on each other in real and in synthetic rows."""

import itertools
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from ganaug.common.random import subsample
from ganaug.metrics.table_pair import TablePair, as_pair

# Rows of each table that associations are measured on: their errors are about 0.01 then.
MAX_PAIRED_ROWS = 20_000
# Pairs of columns are strongly associated from this value on, if it is also so many standard errors.
STRONG_ASSOCIATION = 0.2
_N_ERRORS = 4.0
# Rows of each table, pairs of columns, and draws of halves for the standard error of what is kept.
_MAX_HALVED_ROWS = 2_000
_MAX_PAIRS = 100
_N_HALVES = 30


class Associations(NamedTuple):
    """What `association_matrices` returns: matrices with the columns of the real table in their order."""

    real: pd.DataFrame
    synthetic: pd.DataFrame
    difference: pd.DataFrame


class KeptAssociations(NamedTuple):
    """What `kept_associations` returns."""

    value: float
    error: float


def association_matrices(
    real: Any,
    synthetic: Any = None,
    *,
    method: Literal["spearman", "pearson"] = "spearman",
    random_state: int | np.random.Generator | None = None,
) -> Associations:
    """Return how strongly the columns of each pair depend on each other, in both tables.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        Real rows, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns; None beside a pair.
    method : {"spearman", "pearson"}, default="spearman"
        Correlation of two numbers. Ranks ("spearman") limit the influence of a few large values; "pearson" uses the
        numbers themselves.
    random_state : int, numpy.random.Generator or None, default=None
        Chooses 20,000 rows of a longer table.

    Returns
    -------
    real, synthetic : DataFrame of shape (d, d)
        Two numbers: their correlation, -1 to 1. A number and a category: the correlation ratio, 0 (all levels have the
        same mean) to 1 (the level determines the number). Two categories: Cramér's V, 0 (independent) to 1. The latter
        two are corrected for chance, which grows with the number of levels and differs between tables of different
        sizes. Both matrices are symmetric with a diagonal of 1. A constant column has 0 with all others.
    difference : DataFrame of shape (d, d)
        Synthetic less real: -2 to 2 for correlations and -1 to 1 for all others. 0 is best; rows whose cells are
        shuffled within columns have the negative of `real`.

    Raises
    ------
    ValueError
        If `method` is none of the two; see also `TablePair`.

    Notes
    -----
    Rows without one of two numbers, or without the number beside a category, are left out for that pair. A missing
    category is a level.

    References
    ----------
    Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", 2013; Kelley, "An unbiased correlation ratio
    measure", 1935.

    Examples
    --------
    >>> real = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 4, 6, 8]})
    >>> association_matrices(real, real.assign(b=[8, 6, 4, 2])).difference
         a    b
    a  0.0 -2.0
    b -2.0  0.0
    """
    if method not in ("spearman", "pearson"):
        raise ValueError(f"method must be 'spearman' or 'pearson', got {method=}")
    pair = as_pair(real, synthetic)
    rng = np.random.default_rng(random_state)
    found = []
    for cells in (pair.real_cells, pair.synthetic_cells):
        chosen = cells[subsample(len(cells), MAX_PAIRED_ROWS, rng)]
        matrix = _association_matrix(chosen, pair.is_number, method)
        found.append(pd.DataFrame(matrix, index=pair.index, columns=pair.index))
    return Associations(found[0], found[1], found[1] - found[0])


def kept_associations(
    pair: TablePair, associations: Associations, *, random_state: int | np.random.Generator | None = None
) -> KeptAssociations | None:
    """Return which part of the strong associations of the real columns synthetic rows keep.

    Parameters
    ----------
    pair : TablePair
        Real and synthetic rows.
    associations : Associations
        Of these rows, from `association_matrices`.
    random_state : int, numpy.random.Generator or None, default=None
        For the standard error: chooses 2,000 rows of longer tables, and halves of them.

    Returns
    -------
    KeptAssociations or None
        "value" is the slope of synthetic on real associations over the pairs of columns whose real association is
        strong: at least 0.2, and four standard errors. It is 1 where all is kept and 0 where nothing is, below 0 where
        associations are reversed. "error" is its standard error for so many rows of both tables. None without a
        strong pair.

    Notes
    -----
    Pairs are chosen because their real association is large, partly by chance. So a second real sample keeps somewhat
    less than 1. The error is how far the value varies between halves of both tables; at most the 100 strongest pairs
    give it.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=1_000)
    >>> real, shuffled = pd.DataFrame({"x": x, "y": x}), pd.DataFrame({"x": x, "y": x[::-1]})
    >>> pair = TablePair(real, shuffled)
    >>> kept = kept_associations(pair, association_matrices(pair), random_state=0)
    >>> abs(kept.value) < 0.1, kept.error < 0.1
    (True, True)
    """
    real, synthetic = associations.real.to_numpy(), associations.synthetic.to_numpy()
    n_rows = len(pair.real_cells), len(pair.synthetic_cells)
    least = max(STRONG_ASSOCIATION, _N_ERRORS / np.sqrt(min(n_rows)))
    i, j = np.nonzero(np.triu(np.abs(real) >= least, 1))
    if not len(i):
        return None
    value = _slope(real[i, j], synthetic[i, j])
    strongest = np.argsort(-np.abs(real[i, j]), kind="stable")[:_MAX_PAIRS]
    i, j = i[strongest], j[strongest]
    rng = np.random.default_rng(random_state)
    tables = [cells[subsample(len(cells), _MAX_HALVED_ROWS, rng)] for cells in (pair.real_cells, pair.synthetic_cells)]
    slopes = []
    for _ in range(_N_HALVES):
        halves = [cells[rng.permutation(len(cells))[: len(cells) // 2]] for cells in tables]
        slopes.append(_slope(*(_of_pairs(half, pair.is_number, i, j) for half in halves)))
    # halves of fewer rows vary more
    fewer = min(len(tables[0]) / n_rows[0], len(tables[1]) / n_rows[1])
    return KeptAssociations(value, float(np.std(slopes, ddof=1) * np.sqrt(fewer)))


def _slope(real: NDArray, synthetic: NDArray) -> float:
    square = float((real**2).sum())
    return float((real * synthetic).sum()) / square if square else 0.0


def _of_pairs(cells: NDArray, is_number: NDArray, first: NDArray, second: NDArray) -> NDArray:
    """Return the associations of some pairs of columns."""
    used, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    cells, is_number = _comparable(cells[:, used], is_number[used], "spearman"), is_number[used]
    pairs = places.reshape(2, -1).T
    return np.array([_association(cells, is_number, i, j) for i, j in pairs])


def _association_matrix(cells: NDArray, is_number: NDArray, method: str) -> NDArray:
    cells = _comparable(cells, is_number, method)
    matrix = np.eye(cells.shape[1])
    for i, j in itertools.combinations(range(cells.shape[1]), 2):
        matrix[i, j] = matrix[j, i] = _association(cells, is_number, i, j)
    return matrix


def _comparable(cells: NDArray, is_number: NDArray, method: str) -> NDArray:
    """Return ranks or centred numbers, and codes of levels."""
    cells = cells.copy()
    for i, number in enumerate(is_number):
        known = ~np.isnan(cells[:, i])
        if not number:
            cells[:, i] = np.unique(cells[:, i], return_inverse=True)[1]  # NaN is a level
        elif method == "spearman":
            cells[known, i] = rankdata(cells[known, i])
        elif known.any():
            cells[:, i] -= cells[known, i].mean()  # squares of large numbers would lose their differences
    return cells


def _association(cells: NDArray, is_number: NDArray, i: int, j: int) -> float:
    if is_number[i] and is_number[j]:
        return _correlation(cells[:, i], cells[:, j])
    if is_number[i] or is_number[j]:
        number, category = (i, j) if is_number[i] else (j, i)
        return _correlation_ratio(cells[:, category], cells[:, number])
    return _cramers_v(cells[:, i], cells[:, j])


def _varies(numbers: NDArray) -> bool:
    return len(numbers) > 1 and bool(numbers.min() < numbers.max())


def _correlation(a: NDArray, b: NDArray) -> float:
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = a[known], b[known]
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1)) if _varies(a) and _varies(b) else 0.0


def _correlation_ratio(levels: NDArray, numbers: NDArray) -> float:
    known = ~np.isnan(numbers)
    codes, numbers = np.unique(levels[known], return_inverse=True)[1], numbers[known]
    if not (_varies(numbers) and _varies(codes)) or codes.max() + 1 == len(codes):
        return 0.0  # a level for each row says nothing
    n, counts = len(codes), np.bincount(codes)
    numbers = numbers - numbers.mean()
    between = (np.bincount(codes, numbers) ** 2 / counts).sum()
    unexplained = (1 - between / (numbers**2).sum()) * (n - 1) / (n - len(counts))
    return float(np.sqrt(np.clip(1 - unexplained, 0, 1)))


def _cramers_v(a: NDArray, b: NDArray) -> float:
    if not (_varies(a) and _varies(b)):
        return 0.0
    n = len(a)
    a, b = a.astype(np.intp), b.astype(np.intp)
    rows, columns = np.bincount(a), np.bincount(b)
    cells, counts = np.unique(a * len(columns) + b, return_counts=True)
    # chi square / n; only cells that hold a row count
    phi2 = (counts.astype(float) ** 2 / rows[cells // len(columns)] / columns[cells % len(columns)]).sum() - 1
    r, c = len(rows), len(columns)
    phi2 = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    r_corrected, c_corrected = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    least = min(r_corrected, c_corrected) - 1
    return float(np.clip(np.sqrt(phi2 / least), 0, 1)) if least > 1e-9 else 0.0
