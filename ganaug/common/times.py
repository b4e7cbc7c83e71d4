"""Columns of times as an index, whatever library holds them."""

import pandas as pd
import pyarrow as pa


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
