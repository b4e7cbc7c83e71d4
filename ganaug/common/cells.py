"""Kinds of columns, and their cells as numbers."""

import datetime
import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.times import time_index

_CLOCK = re.compile(r"([-+]?)(\d+):([0-5]\d)((?::[0-5]\d(?:\.\d+)?)?) ?(?:([AaPp])\.?[Mm]\.?)?")


def duration_text(cell: Any) -> Any:
    """Return a duration or a time of the day in a form that pandas reads; other cells as they are.

    Parameters
    ----------
    cell : object
        For example "03:00", "3:05 PM", "PT3H" or a `datetime.time`.

    Examples
    --------
    >>> duration_text("3:05 PM"), duration_text(datetime.time(3)), duration_text("PT3H")
    ('15:05:00', '03:00:00', 'PT3H')
    """
    if isinstance(cell, datetime.time):
        return cell.isoformat()
    found = _CLOCK.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if found is None:
        return cell
    sign, hour, minute, second, half = found.groups()
    hours = int(hour) if half is None else int(hour) % 12 + 12 * (half in "Pp")
    return f"{sign}{hours:02d}:{minute}{second or ':00'}"


def duration_words(value: pd.Timedelta | pd.Timestamp) -> str:
    """Return a duration as it is shown: 03:00:00, or 2 days 03:00:00 from a day on; a time as pandas writes it.

    Parameters
    ----------
    value : Timedelta or Timestamp
        Not missing.

    Examples
    --------
    >>> duration_words(pd.Timedelta("3h")), duration_words(pd.Timedelta("51h"))
    ('03:00:00', '2 days 03:00:00')
    """
    return str(value).removeprefix("0 days ")


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
            series = pd.to_timedelta(cells.map(duration_text), errors="coerce")
    index = time_index(series)
    return np.where(index.isna(), np.nan, index.as_unit("us").asi8 / 1e6)
