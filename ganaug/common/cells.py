"""Kinds of columns, and their cells as numbers."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.times import time_index


def kind_of(series: pd.Series) -> str:
    """Return the kind of a column by its cells: "number", "time", "duration" or "category".

    Parameters
    ----------
    series : Series of shape (n,)
        The column. Flags are categories, and so is everything that is neither a number nor a time.

    Examples
    --------
    >>> kind_of(pd.Series([1, 2])), kind_of(pd.Series(["a", None]))
    ('number', 'category')
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        return "category"
    inferred = "" if series.dtype.kind in "iufbMm" else pd.api.types.infer_dtype(series.dropna().astype(object))
    if series.dtype.kind in "iuf" or inferred in ("integer", "floating", "mixed-integer-float", "decimal"):
        return "number"
    if series.dtype.kind == "M" or inferred in ("date", "datetime", "datetime64"):
        return "time"
    return "duration" if series.dtype.kind == "m" or inferred in ("timedelta", "timedelta64") else "category"


def numbers_of(series: pd.Series, kind: str) -> NDArray[np.float64]:
    """Return the cells of a column as numbers; times and durations in seconds.

    Parameters
    ----------
    series : Series of shape (n,)
        The column.
    kind : {"number", "time", "duration"}
        How its cells are read.

    Returns
    -------
    ndarray of shape (n,)
        NaN for cells that are missing or of another kind.

    Examples
    --------
    >>> numbers_of(pd.Series([1, "x", None]), "number").tolist()
    [1.0, nan, nan]
    """
    own = series.dtype.kind
    if kind == "number":
        if own in "iufb":
            return series.to_numpy("float64", na_value=np.nan)
        if own in "Mm":
            return np.full(len(series), np.nan)
        return pd.to_numeric(series.astype(object).where(series.notna(), None), errors="coerce").to_numpy("float64")
    expected = {"time": "M", "duration": "m"}[kind]
    if own in "iufb" or (own in "Mm" and own != expected):
        return np.full(len(series), np.nan)
    if own != expected:
        cells = series.astype(object).where(series.notna(), None)
        if kind == "time":
            series = pd.to_datetime(cells, errors="coerce", utc=True, format="ISO8601")
        else:
            series = pd.to_timedelta(cells, errors="coerce")
    index = time_index(series)
    return np.where(index.isna(), np.nan, index.as_unit("us").asi8 / 1e6)
