"""Candidates that equal a training row."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Copies:
    """Finds rows that equal a single training row, in features alone or within their class.

    Such a row would disclose that this person, object or image was in the training data. A row that equals several
    training rows, of its class as well as of all classes, discloses no single one.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, width)
        Encoded training rows.
    y : ndarray of shape (n_rows,)
        Class index of each.

    Examples
    --------
    >>> copies = Copies(np.array([[1.0], [2.0], [2.0], [4.0]]), np.array([0, 0, 0, 1]))
    >>> copies.find(np.array([[1.0], [2.0], [3.0], [4.0]]), np.zeros(4, int)).tolist()
    [True, False, False, True]
    """

    def __init__(self, rows: NDArray, y: NDArray) -> None:
        self._single = [_single(keys) for keys in _keys(rows, y)]

    def find(self, rows: NDArray, y: NDArray) -> NDArray[np.bool_]:
        """Return for each row, as a member of its class in `y`, whether it equals a single training row."""
        everywhere, of_class = map(_is_in, _keys(rows, y), self._single)
        return everywhere | of_class


def _single(keys: NDArray) -> NDArray:
    known, n_times = np.unique(keys, return_counts=True)
    return known[n_times == 1]


def _is_in(keys: NDArray, known: NDArray) -> NDArray[np.bool_]:
    if not len(known):
        return np.zeros(len(keys), dtype=bool)
    # the known keys are sorted: nothing has to be sorted for each part of the rows
    place = np.searchsorted(known, keys)
    return np.asarray(known.take(place, mode="clip") == keys)


def _keys(rows: NDArray, y: NDArray) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return a key of each row, and one of each row and its class."""
    # 64 bits: two of a million different rows share a key by chance once in 30 million cases
    cells = np.empty(len(rows), dtype=object)
    cells[:] = [row.tobytes() for row in rows]
    keys = pd.util.hash_array(cells, categorize=False)
    return keys, keys ^ pd.util.hash_array(y)
