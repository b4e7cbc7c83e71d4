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
        self._single = [_single(_fingerprints(rows, of)) for of in (np.zeros_like(y), y)]

    def find(self, rows: NDArray, y: NDArray) -> NDArray[np.bool_]:
        """Return for each row, as a member of its class in `y`, whether it equals a single training row."""
        everywhere, of_class = self._single
        found = np.isin(_fingerprints(rows, np.zeros_like(y)), everywhere)
        return found | np.isin(_fingerprints(rows, y), of_class)


def _single(fingerprints: NDArray) -> NDArray:
    known, n_times = np.unique(fingerprints, return_counts=True)
    return known[n_times == 1]


def _fingerprints(rows: NDArray, y: NDArray) -> NDArray:
    # 64 bits for a row and its class: two of a million different rows share one by chance once in 30 million cases
    return pd.util.hash_pandas_object(pd.DataFrame(rows.reshape(len(rows), -1)).assign(y=y), index=False).to_numpy()
