"""Columns of times as an index, whatever library holds them."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray


def time_index(series: pd.Series) -> pd.DatetimeIndex | pd.TimedeltaIndex:
    """Return a column of times as an index in the column's own unit.

    Parameters
    ----------
    series : Series, shape (n,)
        Of kind "M" (dates and times) or "m" (durations), of NumPy or Arrow.

    Returns
    -------
    DatetimeIndex or TimedeltaIndex, shape (n,)
        Arrow's dates are in seconds. Arrow's times with a time zone are in UTC.

    Examples
    --------
    >>> time_index(pd.Series(["2500-01-31", None], dtype="date32[pyarrow]"))
    DatetimeIndex(['2500-01-31', 'NaT'], dtype='datetime64[s]', freq=None)
    """
    if series.dtype.kind == "m":
        return pd.TimedeltaIndex(series)
    if isinstance(series.dtype, pd.ArrowDtype):
        # pandas 2 reads Arrow's dates, and its times with a time zone, in nanoseconds, whose range ends in 2262.
        unit = getattr(series.dtype.pyarrow_dtype, "unit", "s")
        series = series.astype(pd.ArrowDtype(pa.timestamp(unit)))
    return pd.DatetimeIndex(series)


def zone_of(dtype: Any) -> Any:
    """Return the time zone of a column of times, or None.

    Parameters
    ----------
    dtype : dtype of NumPy or pandas
        Of the column.

    Examples
    --------
    >>> zone_of(pd.ArrowDtype(pa.timestamp("us", "Europe/Berlin")))
    'Europe/Berlin'
    """
    return getattr(dtype.pyarrow_dtype if isinstance(dtype, pd.ArrowDtype) else dtype, "tz", None)


def local_clock(series: pd.Series) -> NDArray[np.int64]:
    """Return what the clocks of a column's time zone show, as counts of the column's own unit since 1970.

    Parameters
    ----------
    series : Series, shape (n,)
        Times with a time zone, of pandas or Arrow.

    Examples
    --------
    >>> times = pd.Series(pd.to_datetime(["1970-01-01", "1970-07-01"]).as_unit("s")).dt.tz_localize("Europe/Berlin")
    >>> (local_clock(times) // 3600).tolist()
    [0, 4344]
    """
    index: Any = time_index(series)
    index = index.tz_localize("UTC") if index.tz is None else index
    counts: NDArray[np.int64] = index.tz_convert(zone_of(series.dtype)).tz_localize(None).asi8
    return counts


def from_local_clock(times: pd.Series, dtype: Any) -> pd.Series:
    """Return the times at which the clocks of a time zone show `times`.

    Parameters
    ----------
    times : Series, shape (n,)
        Times without a zone.
    dtype : dtype of pandas
        Of the result, with a time zone.

    Returns
    -------
    Series of `dtype`, shape (n,)
        Where clocks show a time twice, it is the first one; a time that clocks skip becomes the next one they show.

    Examples
    --------
    >>> skipped = pd.Series(pd.to_datetime(["2024-03-31 02:30"]))
    >>> from_local_clock(skipped, pd.DatetimeTZDtype("us", "Europe/Berlin")).iloc[0]
    Timestamp('2024-03-31 03:00:00+0200', tz='Europe/Berlin')
    """
    first = np.ones(len(times), dtype=bool)
    return times.dt.tz_localize(zone_of(dtype), ambiguous=first, nonexistent="shift_forward").astype(dtype)
