"""Folds, so that no estimate of a candidate has learned from the real row to which the candidate is nearest."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_argmin

# Folds of the rows of a class.
N_FOLDS = 5
# A class of fewer rows is not divided, because too little would be left to learn from. Neither is one of more rows: to
# find the nearest of so many takes long, and a single row counts for less among them.
FEWEST_ROWS, MOST_ROWS = 10, 5_000
# Real rows that are in no fold: all estimates learn from them.
EVERY = -1


class Folds(NamedTuple):
    """The folds of real rows and of candidates. What estimates a fold of candidates learns from the other folds.

    A candidate that lies near a real row looks real, and certain of its class, to whatever has learned this row. A
    choice by such estimates would move synthetic rows towards single training rows.
    """

    real: NDArray[np.intp]
    candidates: NDArray[np.intp]

    @classmethod
    def divide(cls, real: NDArray, candidates: NDArray, rng: np.random.Generator) -> "Folds":
        """Divide the real rows of a class at random; each candidate goes where its nearest real row is.

        Parameters
        ----------
        real : ndarray of shape (n_real, ...)
            Encoded real rows of the class.
        candidates : ndarray of shape (n, ...)
            Encoded candidates of the class.
        rng : numpy.random.Generator
            Source of the folds.

        Returns
        -------
        Folds
            For each row a number from 0 on. If the class is too small or too large to be divided, all real rows have
            -1, and the candidates are divided at random into two folds.

        Examples
        --------
        >>> rows = np.arange(20.0)[:, None]
        >>> folds = Folds.divide(rows, rows + 0.1, np.random.default_rng(0))
        >>> bool((folds.real == folds.candidates).all()), int(folds.real.max())
        (True, 4)
        """
        of_real = random_folds(len(real), rng)
        if of_real[0] == EVERY:
            return cls(of_real, rng.permutation(len(candidates)) % 2)
        return cls(of_real, of_real[nearest_real(candidates, real)])


def random_folds(n_rows: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return a fold for each row of a class, or -1 for all rows of a class that is not divided.

    Parameters
    ----------
    n_rows : int
        Rows of the class.
    rng : numpy.random.Generator
        Source of the folds.

    Returns
    -------
    ndarray of shape (n_rows,)
        Numbers from 0 to 4, each about as often as the others; or -1.
    """
    if not FEWEST_ROWS <= n_rows <= MOST_ROWS:
        return np.full(n_rows, EVERY, dtype=np.intp)
    return rng.permutation(n_rows) % N_FOLDS


def nearest_real(candidates: NDArray, real: NDArray) -> NDArray[np.intp]:
    """Return the position of the real row that is nearest to each candidate.

    Parameters
    ----------
    candidates : ndarray of shape (n, ...)
        Encoded candidates.
    real : ndarray of shape (n_real, ...)
        Encoded real rows, at least one.

    Returns
    -------
    ndarray of shape (n,)
        Positions in `real`.

    Examples
    --------
    >>> nearest_real(np.array([[0.2], [0.9]]), np.array([[1.0], [0.0]])).tolist()
    [1, 0]
    """
    if not len(candidates):
        return np.empty(0, dtype=np.intp)
    flat = [rows.reshape(len(rows), -1).astype(np.float32) for rows in (candidates, real)]
    return np.asarray(pairwise_distances_argmin(*flat), dtype=np.intp)
