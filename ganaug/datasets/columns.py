"""Columns of every table file: unique names, and the column that marks synthetic rows."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# A table with more columns than this would take hours to train on, and each column takes about a millisecond to read.
MAX_COLUMNS = 20_000


class Mark(NamedTuple):
    """A last column that marks synthetic rows.

    Attributes
    ----------
    name : str
        Name of the column.
    marks : ndarray of int, shape (n_appended,)
        Its values in the rows that are appended: 1 for a synthetic row, 0 for a repeated original.
    """

    name: str
    marks: NDArray

    def column(self, n_originals: int) -> NDArray:
        """Return the whole column: 0 for each original, then the values of the appended rows.

        Parameters
        ----------
        n_originals : int
            Number of originals.
        """
        return np.concatenate([np.zeros(n_originals), self.marks]).astype(np.int8)


def check_unique(names: Iterable[str]) -> None:
    """Raise a ValueError if two columns have the same name.

    Parameters
    ----------
    names : iterable of str
        Names of the columns.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen and name == "":
            raise ValueError("two columns have no name, as where lines end in delimiters; name them, or remove them")
        if name in seen:
            raise ValueError(f"two columns are named {name!r}; rename one of them")
        seen.add(name)
