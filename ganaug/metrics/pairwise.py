"""Matrices of features as all measures take them, and distances between their rows, some at a time."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import pairwise_distances_chunked
from sklearn.utils import gen_batches

# Numbers in a block of pairs: 8 MB, whatever the number of rows. Smaller and larger blocks were slower.
BLOCK_SIZE = 1_000_000
# A squared distance below this share of the squared lengths is a rounding error: such rows are copies, at distance 0.
# Features of single precision do not differ by so little.
_ROUNDING = 1e-12


def as_matrices(real: ArrayLike, fake: ArrayLike, min_rows: int) -> tuple[NDArray, NDArray]:
    """Return both sets as matrices of equal width.

    Parameters
    ----------
    real, fake : array of shape (n_real, d), (n_fake, d)
        Features.
    min_rows : int
        Rows that each set must have.

    Returns
    -------
    real, fake : ndarray of float64, shape (n_real, d), (n_fake, d)
        The same numbers.

    Raises
    ------
    ValueError
        If a set is not a matrix, has fewer than `min_rows` rows, or holds NaN or infinite values, or if widths differ.
    """
    real, fake = as_matrix(real, "real", min_rows), as_matrix(fake, "fake", min_rows)
    check_widths(real, fake)
    return real, fake


def as_matrix(rows: ArrayLike, name: str, min_rows: int) -> NDArray:
    """Return one set as a matrix; see `as_matrices`.

    Parameters
    ----------
    rows : array-like of shape (n, d)
        The set.
    name : str
        What messages call it.
    min_rows : int
        The least number of rows.
    """
    matrix = np.asarray(rows, dtype=np.float64)
    if matrix.ndim != 2 or not matrix.shape[1]:
        raise ValueError(f"{name} must have shape (n, d), got {matrix.shape}; flatten it with {name}.reshape(n, -1)")
    if len(matrix) < min_rows:
        raise ValueError(f"{name} has {len(matrix)} rows, but at least {min_rows} are needed; pass more rows")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} holds NaN or infinite values; remove those rows")
    return matrix


def check_widths(real: NDArray, fake: NDArray) -> None:
    """Raise ValueError unless both matrices have the same number of columns.

    Parameters
    ----------
    real, fake : ndarray of shape (n, d)
        The matrices.
    """
    if fake.shape[1] != real.shape[1]:
        raise ValueError(f"real has {real.shape[1]} features and fake has {fake.shape[1]}; use one feature extractor")


def squared_distances(a: NDArray, b: NDArray) -> Iterator[tuple[slice, NDArray]]:
    """Yield squared Euclidean distances between some rows of `a` and all rows of `b`.

    Parameters
    ----------
    a, b : ndarray of float64, shape (n_a, d), (n_b, d)
        `b` has at least one row.

    Yields
    ------
    rows : slice
        Which rows of `a`.
    squared : ndarray of shape (len(rows), n_b)
        Exactly 0 for copies.
    """
    if not len(a):
        return
    # centred rows are short, and products of short rows lose least to rounding
    centre = b.mean(0)
    a, b = a - centre, b - centre
    a_lengths, b_lengths = (a**2).sum(1), (b**2).sum(1)
    start = 0
    megabytes = max(BLOCK_SIZE, len(b)) * 8 / 2**20
    for squared in pairwise_distances_chunked(a, b, working_memory=megabytes, squared=True):
        rows = slice(start, start + len(squared))
        # the largest lengths first: few pairs are below that limit, so that most of them need one comparison
        i, j = np.nonzero(squared < _ROUNDING * (a_lengths[rows].max() + b_lengths.max()))
        is_copy = squared[i, j] < _ROUNDING * (a_lengths[rows][i] + b_lengths[j])
        squared[i[is_copy], j[is_copy]] = 0
        yield rows, squared
        start = rows.stop


def batches(n: int, width: int) -> Iterator[slice]:
    """Cut `n` rows into batches so that a block of `width` columns has at most `BLOCK_SIZE` numbers.

    Parameters
    ----------
    n : int
        Number of rows.
    width : int
        Number of columns, at least 1.
    """
    return gen_batches(n, max(1, BLOCK_SIZE // width)) if n else iter(())
