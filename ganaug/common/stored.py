"""Columns that are stored in their own way, as columns that all of the package reads, and back.

Sparse columns become dense, and columns with the byte order of another machine get that of this one. Times, dates and
decimals that are stored as objects, as types of Arrow or as periods count something, so they are read as numbers:
`readable` returns such a column as durations, dates or floats, and `Stored` gives it its own cells again.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ganaug.common.rows import is_native
from ganaug.common.serialization import dtype_from_json, dtype_to_json, from_json, to_json

# A float64 holds so many digits of a decimal number, whatever they are.
_MAX_DIGITS = 15
_MIDNIGHT = datetime.datetime(1, 1, 1)
# Kinds of objects -> dtype of the column that counts them.
_COUNTED: dict[type, str] = {
    datetime.time: "m8[us]",
    datetime.timedelta: "m8[us]",
    pd.Timedelta: "m8[ns]",
    datetime.date: "M8[s]",
    datetime.datetime: "M8[us]",
    pd.Timestamp: "M8[ns]",
    decimal.Decimal: "f8",
}
_KINDS = {kind.__name__: kind for kind in _COUNTED}


@dataclass(frozen=True)
class Stored:
    """How a column stores what it counts.

    Attributes
    ----------
    kind : str
        Name of the type of its objects; "arrow" or "period" for the cells of `dtype`.
    dtype : dtype
        Of the column.
    unit : str
        Of times as they are counted: "s", "us" and so on; "" for decimals.
    places : int
        Digits of decimals after the point.
    missing : object
        The missing cell: None, NaN or NaT.
    """

    kind: str
    dtype: Any
    unit: str = ""
    places: int = 0
    missing: Any = None

    def restore(self, series: pd.Series) -> pd.Series:
        """Return a column of counts as it was stored; any other column as it is.

        Parameters
        ----------
        series : Series of shape (n,)
            As `readable` returned it.
        """
        if series.dtype.kind not in "mMf":
            return series
        if self.kind == "period":
            return series.dt.to_period(self.dtype.freq).astype(self.dtype)
        if self.kind == "arrow":
            of = self.dtype.pyarrow_dtype
            if pa.types.is_decimal(of):
                cells: Any = pa.array(self._objects(series, decimal.Decimal, None), type=of)
            else:
                counts = series.dt.as_unit(self.unit)
                whole = counts.to_numpy().view(np.int64).astype(np.int32 if pa.types.is_time32(of) else np.int64)
                cells = pa.array(whole, mask=series.isna().to_numpy(bool)).cast(of)
            return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([cells])), index=series.index)
        return pd.Series(self._objects(series, _KINDS[self.kind], self.missing), index=series.index, dtype=object)

    def _objects(self, series: pd.Series, kind: Any, missing: Any) -> NDArray:
        codes, values = pd.factorize(series)
        cells = np.empty(len(values) + 1, dtype=object)
        for i, value in enumerate(values):
            cells[i] = _cell(kind, value, self)
        cells[-1] = missing  # the code of a missing cell is -1
        return cells[codes]

    def state(self, label: Any) -> list[Any]:
        """Describe it as plain data.

        Parameters
        ----------
        label : object
            Name of the column, for messages.
        """
        return [self.kind, dtype_to_json(self.dtype, label), self.unit, self.places, to_json(self.missing, label)]

    @classmethod
    def from_state(cls, plain: list[Any]) -> Stored:
        """Read what `state` wrote; a malformed description raises an error.

        Parameters
        ----------
        plain : list
            What `state` returned.
        """
        kind, dtype, unit, places, missing = plain
        of = cls(str(kind), dtype_from_json(dtype), str(unit), int(places), from_json(missing))
        if not (kind in _KINDS or kind in ("arrow", "period")) or not 0 <= of.places <= _MAX_DIGITS:
            raise ValueError(f"{plain!r} is no way to store cells")
        of.restore(pd.Series([1], dtype=of._dtype()))
        return of

    def _dtype(self) -> Any:
        if not self.unit:
            return np.dtype("M8[ns]" if self.kind == "period" else "f8")
        kind = _COUNTED[_KINDS[self.kind]][:2] if self.kind in _KINDS else "m8"
        return np.dtype(f"{kind}[{self.unit}]")


def _cell(kind: Any, value: Any, of: Stored) -> Any:
    if kind is decimal.Decimal:
        return decimal.Decimal(f"{value:.{of.places}f}")
    if kind in (pd.Timestamp, pd.Timedelta):
        return value.as_unit(of.unit)
    if kind is datetime.time:
        return (_MIDNIGHT + value.to_pytimedelta()).time()
    if kind is datetime.timedelta:
        return value.to_pytimedelta()
    return value.date() if kind is datetime.date else value.to_pydatetime()


def readable(series: pd.Series) -> tuple[pd.Series, Stored] | None:
    """Return a column of times, dates or decimals as one that counts them, and how it stores them.

    Parameters
    ----------
    series : Series of shape (n,)
        Any column.

    Returns
    -------
    (Series, Stored) or None
        Durations (also for times of the day: since midnight), dates, or floats. None for all other columns, and where
        the cells are of several types, have time zones, or are beyond the range and the precision of such columns.

    Examples
    --------
    >>> times = pd.Series([datetime.time(3, 5), None, datetime.time(23, 0)])
    >>> counts, stored = readable(times)
    >>> counts.dt.total_seconds().tolist()
    [11100.0, nan, 82800.0]
    >>> stored.restore(counts).tolist()
    [datetime.time(3, 5), None, datetime.time(23, 0)]
    """
    dtype = series.dtype
    if isinstance(dtype, pd.PeriodDtype):
        return _or_none(lambda: (series.dt.to_timestamp(), Stored("period", dtype)))
    if isinstance(dtype, pd.ArrowDtype):
        of = dtype.pyarrow_dtype
        if pa.types.is_time(of):
            counts = pa.chunked_array(pa.array(series)).cast(pa.int32() if pa.types.is_time32(of) else pa.int64())
            durations = counts.cast(pa.int64()).cast(pa.duration(of.unit)).to_pandas()
            return durations.set_axis(series.index), Stored("arrow", dtype, of.unit)
        if pa.types.is_decimal(of) and 0 <= of.scale <= _MAX_DIGITS:
            floats = pd.Series(floats_of(pa.chunked_array(pa.array(series))), index=series.index)
            if not floats.abs().max() * 10**of.scale >= 10**_MAX_DIGITS:
                return floats, Stored("arrow", dtype, places=of.scale)
        return None
    if not isinstance(dtype, np.dtype) or dtype.kind != "O" or not len(series):
        return None
    missing = series.isna().to_numpy(bool)
    known = series.to_numpy()[~missing]
    kind = type(known[0]) if len(known) else None
    if kind not in _COUNTED or any(type(cell) is not kind for cell in known):
        return None
    gaps = series.to_numpy()[missing]
    return _or_none(lambda: _read_objects(series, known, missing, kind, gaps[0] if len(gaps) else None))


def floats_of(decimals: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return decimals of Arrow as the nearest floats: 0.29 as 0.29, where Arrow's own cast may give a neighbour of it.

    Parameters
    ----------
    decimals : ChunkedArray of decimals
        The numbers; missing ones become NaN.
    """
    return decimals.cast(pa.string()).cast(pa.float64()).to_pandas().to_numpy(np.float64)


def _or_none(read: Callable[[], tuple[pd.Series, Stored] | None]) -> tuple[pd.Series, Stored] | None:
    try:
        return read()
    except (OverflowError, ValueError, TypeError, NotImplementedError):  # beyond the range of such columns
        return None


def _read_objects(
    series: pd.Series, known: NDArray, missing: NDArray, kind: Any, gap: Any
) -> tuple[pd.Series, Stored] | None:
    counted, places, unit = np.dtype(_COUNTED[kind]), 0, ""
    if kind is decimal.Decimal:
        exponents = [cell.as_tuple().exponent for cell in known]
        if not all(isinstance(exponent, int) for exponent in exponents):
            return None  # infinite
        places = max(0, -min(exponents))
        if places > _MAX_DIGITS or max(abs(cell) for cell in known) * 10**places >= 10**_MAX_DIGITS:
            return None
        values = np.array([float(cell) for cell in known])
    else:
        if any(getattr(cell, "tzinfo", None) is not None for cell in known):
            return None
        if kind in (pd.Timestamp, pd.Timedelta):
            units = {cell.unit for cell in known}
            if len(units) > 1:
                return None
            counted = np.dtype(f"{counted.kind}8[{units.pop()}]")
        if kind is datetime.time:
            known = np.array([datetime.datetime.combine(_MIDNIGHT, cell) - _MIDNIGHT for cell in known], dtype=object)
        unit = np.datetime_data(counted)[0]
        values = pd.Index(known).astype(counted).to_numpy() if kind in (pd.Timestamp, pd.Timedelta) else known
        values = values.astype(counted)
    whole = np.full(len(series), np.nan if counted.kind == "f" else np.array("NaT", dtype=counted), dtype=counted)
    whole[~missing] = values
    counts = pd.Series(whole, index=series.index, name=series.name)
    return counts, Stored(kind.__name__, series.dtype, unit, places, gap)


# --------------------------------------------------------------------------------------------- the columns of a frame


@dataclass(frozen=True)
class StoredColumns:
    """Which columns of a frame are sparse, have the byte order of another machine, or count in their own cells.

    Attributes
    ----------
    sparse, foreign, counted : dict
        Position -> what restores the column.
    """

    sparse: dict[int, pd.SparseDtype] = field(default_factory=dict)
    foreign: dict[int, np.dtype] = field(default_factory=dict)
    counted: dict[int, Stored] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> StoredColumns:
        """Find these columns.

        Parameters
        ----------
        frame : DataFrame of shape (n, d)
            Any frame.
        """
        dtypes = list(enumerate(frame.dtypes))
        return cls(
            {i: dtype for i, dtype in dtypes if isinstance(dtype, pd.SparseDtype)},
            {i: dtype for i, dtype in dtypes if not is_native(dtype)},
            {i: stored for i, (_, stored) in _counted(frame).items()},
        )

    def restore(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a frame of readable columns with the columns as they were stored, numbered from 0.

        Parameters
        ----------
        frame : DataFrame of shape (n, d)
            Of `readable_columns`.
        """
        if not (self.sparse or self.foreign or self.counted):
            return frame
        # by position: a frame whose columns already have their names need not number them
        frame = frame.set_axis(range(frame.shape[1]), axis=1).astype({**self.sparse, **self.foreign})
        cells = {i: self.counted[i].restore(of) if i in self.counted else of for i, of in frame.items()}
        return pd.DataFrame(cells, index=frame.index)

    def state(self, labels: Sequence[Any]) -> dict[str, Any]:
        """Describe them as plain data.

        Parameters
        ----------
        labels : sequence of length d
            Names of the columns, for messages.
        """
        return {
            "sparse": [
                [i, dtype_to_json(found.subtype, labels[i]), to_json(found.fill_value, labels[i])]
                for i, found in self.sparse.items()
            ],
            "foreign": [[i, found.str] for i, found in self.foreign.items()],
            "counted": [[i, found.state(labels[i])] for i, found in self.counted.items()],
        }

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> StoredColumns:
        """Read what `state` wrote.

        Parameters
        ----------
        plain : dict
            It may lack entries, and have others.
        """
        return cls(
            {int(i): pd.SparseDtype(dtype_from_json(of), from_json(fill)) for i, of, fill in plain.get("sparse", [])},
            {int(i): dtype_from_json(found) for i, found in plain.get("foreign", [])},
            {int(i): Stored.from_state(found) for i, found in plain.get("counted", [])},
        )


def readable_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the same cells in columns that all of the package reads.

    They are dense, have the byte order of this machine, and count times and decimals, see `readable`.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
        Any frame without nested cells.

    Returns
    -------
    DataFrame of shape (n, d)
        Itself where nothing changes.
    """
    counted = _counted(frame)
    columns: dict[int, Any] = {}
    for i, dtype in enumerate(frame.dtypes):
        column = frame.iloc[:, i]
        if isinstance(dtype, pd.SparseDtype):
            column = pd.Series(np.asarray(column), index=frame.index)
        elif not is_native(dtype):
            column = column.astype(dtype.newbyteorder("="))
        elif i not in counted:
            continue
        columns[i] = counted[i][0] if i in counted else column
    if not columns:
        return frame
    every = {i: columns.get(i, frame.iloc[:, i]) for i in range(frame.shape[1])}
    return pd.DataFrame(every, index=frame.index).set_axis(frame.columns, axis=1)


def _counted(frame: pd.DataFrame) -> dict[int, tuple[pd.Series, Stored]]:
    objects = [i for i, dtype in enumerate(frame.dtypes) if dtype.kind == "O"]
    read = {i: readable(frame.iloc[:, i]) for i in objects}
    return {i: found for i, found in read.items() if found is not None}
