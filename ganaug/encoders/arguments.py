"""What a user gives: a table as a pandas frame, and columns by name, position or mask."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from ganaug.common.containers import to_pandas
from ganaug.encoders.columns import read_numbers


def column_mask(wanted: Any, names: Sequence[Hashable], parameter: str) -> list[bool]:
    """Return for each column whether a parameter names it.

    Parameters
    ----------
    wanted : "auto", None, or sequence of names, positions or booleans
        Value of the parameter. "auto" and None name no column. An integer is the name of a column if a column has this
        name, otherwise its position.
    names : list of hashable
        Names of all columns.
    parameter : str
        Name of the parameter, for messages.

    Returns
    -------
    list of bool
        One for each name.

    Raises
    ------
    ValueError
        If it names no column, or has another number of booleans.

    Examples
    --------
    >>> column_mask(["age", 0], ["id", "age", "city"], "ignore")
    [True, True, False]
    """
    if wanted is None or (isinstance(wanted, str) and wanted == "auto"):
        return [False] * len(names)
    if isinstance(wanted, str):
        raise ValueError(f"{parameter} must be 'auto', None or a sequence, got {wanted!r}; pass a list")
    items = list(wanted)
    if items and all(isinstance(item, bool | np.bool_) for item in items):
        if len(items) != len(names):
            raise ValueError(f"{parameter} has {len(items)} booleans for {len(names)} columns")
        return [bool(item) for item in items]
    mask = [False] * len(names)
    for item in items:
        if item in names:
            mask = [chosen or name == item for chosen, name in zip(mask, names, strict=True)]
        elif isinstance(item, int | np.integer) and 0 <= item < len(names):
            mask[int(item)] = True
        else:
            near = difflib.get_close_matches(str(item), [str(name) for name in names], n=1, cutoff=0.0)
            raise ValueError(
                f"{parameter} holds {item!r}, which is not a column and not an index below {len(names)}"
                + (f"; did you mean {near[0]!r}?" if isinstance(item, str) and near else "")
            )
    return mask


def to_frame(X: Any) -> pd.DataFrame:
    """Return any accepted container as a pandas frame, after checking that its cells can be encoded.

    Parameters
    ----------
    X : DataFrame of pandas or polars, 2-D array, or list of lists, shape (n, d)
        Arrays share their memory with the frame where pandas allows it.

    Returns
    -------
    DataFrame, shape (n, d)
        With n and d at least 1.

    Raises
    ------
    ValueError
        If X is not such a table, or a column is complex or infinite; the message says which.
    """
    frame = to_pandas(X)
    if 0 in frame.shape:
        raise ValueError(f"X has {frame.shape[0]} rows and {frame.shape[1]} columns; at least 1 of each is needed")
    for i, label in enumerate(frame.columns):
        _check_cells(label, frame.iloc[:, i])
    return frame


def _check_cells(label: Hashable, series: pd.Series) -> None:
    if series.dtype.kind == "c":
        raise ValueError(f"column {label!r} is complex; pass its real and imaginary parts as two columns")
    if _has_infinite(series):
        raise ValueError(f"column {label!r} holds infinite values; replace them, e.g. by NaN or a bound")


def _has_infinite(series: pd.Series) -> bool:
    if series.dtype == object and any(isinstance(cell, Decimal) and cell.is_infinite() for cell in series):
        return True
    read = read_numbers(series) if series.dtype.kind in "fO" else None
    return read is not None and read[0].dtype == np.float64 and bool(np.isinf(read[0]).any())
