"""Rows of a table in any container: take some of them, put several tables one below the other."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing

from ganaug.common.large_arrays import blocks, is_on_disk, new_array, release

# Rows of an array in a file that are taken together.
_N_ROWS = 256


def take_rows(table: Any, positions: NDArray) -> Any:
    """Return rows of a table by their positions.

    Parameters
    ----------
    table : DataFrame or Series of pandas or polars, array or list, of n_rows rows
        A table, or images or texts.
    positions : ndarray of int
        Which rows, in the order of the result; a row may occur several times.

    Returns
    -------
    Same container
        The rows.

    Examples
    --------
    >>> take_rows(np.array([[1, 2], [3, 4]]), np.array([1, 1])).tolist()
    [[3, 4], [3, 4]]
    """
    if isinstance(table, pd.DataFrame) and not all(is_native(dtype) for dtype in table.dtypes):
        # pandas takes no rows of columns whose bytes have the order of another machine
        columns = {
            i: column.take(positions) if is_native(column.dtype) else column.to_numpy()[positions]
            for i, column in enumerate(table.iloc[:, i] for i in range(table.shape[1]))
        }
        return pd.DataFrame(columns, index=table.index.take(positions), copy=False).set_axis(table.columns, axis=1)
    if isinstance(table, np.ndarray) and table.ndim > 2 and is_on_disk(table):
        some = np.arange(len(table))[positions]
        return stack_rows((table[some[at : at + _N_ROWS]] for at in range(0, max(1, len(some)), _N_ROWS)), len(some))
    return _safe_indexing(table, positions)


def is_native(dtype: Any) -> bool:
    """Return whether cells of this dtype have the byte order of this machine, as all of pandas' own dtypes have.

    Parameters
    ----------
    dtype : dtype of NumPy or pandas
        Of a column or an array.
    """
    return not isinstance(dtype, np.dtype) or dtype.isnative


def stack_rows(parts: Iterable[Any], n_rows: int) -> Any:
    """Put the rows of several tables one below the other.

    Each part is copied to its place as soon as the iterator yields it. So an iterator that computes the parts one by
    one needs memory for the whole table and for one part.

    Parameters
    ----------
    parts : iterable of DataFrame or Series of pandas or polars, of array, or of list
        At least one part. All have the same container, columns and dtypes.
    n_rows : int
        Number of rows of all parts together.

    Returns
    -------
    Same container
        With the same dtypes and, for pandas, a new index from 0.

    Examples
    --------
    >>> stack_rows([np.array([[1, 2]]), np.array([[3, 4]])], 2).tolist()
    [[1, 2], [3, 4]]
    """
    parts = iter(parts)
    first = next(parts)
    if isinstance(first, pd.DataFrame):
        return _stack_frames(first, parts, n_rows)
    if isinstance(first, pd.Series):
        return pd.concat([first, *parts], ignore_index=True)
    if isinstance(first, list):
        return list(chain(first, *parts))
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "US":  # a later text may be longer than all of the first part
            return np.concatenate([first, *parts])
        is_mapped = first.ndim > 2 and is_on_disk(first)
        whole, row = new_array((n_rows, *first.shape[1:]), first.dtype, on_disk=is_mapped), 0
        is_large = is_on_disk(whole)
        for part in chain([first], parts):
            for some in blocks(part):
                whole[row : row + len(some)] = some
                row += len(some)
                if is_large:
                    release()
        return whole
    for part in parts:  # polars does not copy them
        first = first.vstack(part) if hasattr(first, "vstack") else first.clone().append(part)
    return first


def _stack_frames(first: pd.DataFrame, rest: Iterable[pd.DataFrame], n_rows: int) -> pd.DataFrame:
    # columns of NumPy are copied part by part; columns of pandas' own dtypes are collected and concatenated at the end
    columns: list[Any] = [np.empty(n_rows, dtype=d) if isinstance(d, np.dtype) else [] for d in first.dtypes]
    row = 0
    for part in chain([first], rest):
        for i, column in enumerate(columns):
            if isinstance(column, list):
                column.append(part.iloc[:, i])
            else:
                column[row : row + len(part)] = part.iloc[:, i].to_numpy()
        row += len(part)
    # as series of their dtype: from an array of objects, a frame would infer another dtype, e.g. of times
    series = {
        i: pd.concat(column, ignore_index=True) if isinstance(column, list) else pd.Series(column, dtype=column.dtype)
        for i, column in enumerate(columns)
    }
    whole = pd.DataFrame(series, index=pd.RangeIndex(n_rows), copy=False)
    whole.columns = first.columns
    return whole
