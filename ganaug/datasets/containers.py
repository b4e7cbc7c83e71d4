"""Tables and arrays of any library, one below the other."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd


def stack_rows(parts: Iterable[Any], n_rows: int) -> Any:
    """Put the rows of the parts one after the other.

    Each part is copied to its place as it comes: where an iterator makes the parts one by one, the whole and one part
    are all that is in memory at a time.

    Parameters
    ----------
    parts : iterable of DataFrame of pandas or polars, or of array
        At least one, all of one kind and with the same columns and dtypes.
    n_rows : int
        How many rows they have together.

    Returns
    -------
    Same kind
        With those dtypes and, for pandas, a fresh index.

    Examples
    --------
    >>> stack_rows([np.array([[1, 2]]), np.array([[3, 4]])], 2).tolist()
    [[1, 2], [3, 4]]
    """
    parts = iter(parts)
    first = next(parts)
    if isinstance(first, pd.DataFrame):
        return _stack_frames(first, parts, n_rows)
    if isinstance(first, np.ndarray):
        whole, row = np.empty((n_rows, *first.shape[1:]), dtype=first.dtype), 0
        for part in chain([first], parts):
            whole[row : row + len(part)] = part
            row += len(part)
        return whole
    for part in parts:
        first = first.vstack(part)  # polars, which shares the memory of both
    return first


def _stack_frames(first: pd.DataFrame, rest: Iterable[pd.DataFrame], n_rows: int) -> pd.DataFrame:
    # NumPy's dtypes have a place to be copied to; pandas' own are kept until all are there
    columns: list[Any] = [np.empty(n_rows, dtype=of) if isinstance(of, np.dtype) else [] for of in first.dtypes]
    row = 0
    for part in chain([first], rest):
        for i, column in enumerate(columns):
            if isinstance(column, list):
                column.append(part.iloc[:, i])
            else:
                column[row : row + len(part)] = part.iloc[:, i].to_numpy()
        row += len(part)
    whole = pd.DataFrame(
        {i: pd.concat(c, ignore_index=True) if isinstance(c, list) else c for i, c in enumerate(columns)},
        index=pd.RangeIndex(n_rows),
        copy=False,
    )
    whole.columns = first.columns
    return whole
