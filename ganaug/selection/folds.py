"""Folds of real rows, so that no estimate of a candidate has learned the real row to which the candidate is nearest."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_argmin

# Folds of the real rows of a class.
N_FOLDS = 5
# Classes of fewer rows are not divided: too little would be left to learn from. Of more rows, none counts for much.
FEWEST_ROWS, MOST_ROWS = 10, 2_000
# Candidates that are nearest to no row of a class with folds.
ANY = -1


def nearest(candidates: NDArray, real: NDArray) -> NDArray[np.intp]:
    """Return the position of the real row that is nearest to each candidate.

    Parameters
    ----------
    candidates : ndarray of shape (n, width)
        Encoded candidates.
    real : ndarray of shape (n_real, width)
        Encoded real rows.

    Returns
    -------
    ndarray of shape (n,)
        Positions in `real`.

    Examples
    --------
    >>> nearest(np.array([[0.2], [0.9]]), np.array([[1.0], [0.0]])).tolist()
    [1, 0]
    """
    return pairwise_distances_argmin(candidates.astype(np.float32), real.astype(np.float32))


def folds_of(n_rows: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return a random fold for each row of a class; `ANY` for classes that are not divided.

    Parameters
    ----------
    n_rows : int
        Rows of the class.
    rng : numpy.random.Generator
        Source of the folds.

    Returns
    -------
    ndarray of shape (n_rows,)
        From 0 to 4, each as often as the others, or -1.
    """
    if not FEWEST_ROWS <= n_rows <= MOST_ROWS:
        return np.full(n_rows, ANY, dtype=np.intp)
    return rng.permutation(n_rows) % N_FOLDS
