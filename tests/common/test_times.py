import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ganaug.common.times import time_index

LATE = dt.datetime(2500, 1, 31)  # nanoseconds end in 2262


@pytest.mark.parametrize(
    ("arrow", "value", "unit"),
    [
        (pa.date32(), LATE.date(), "s"),
        (pa.date64(), LATE.date(), "s"),
        (pa.timestamp("s"), LATE, "s"),
        (pa.timestamp("ms", tz="Europe/Paris"), LATE.replace(tzinfo=dt.timezone.utc), "ms"),
        (pa.timestamp("us", tz="UTC"), LATE.replace(tzinfo=dt.timezone.utc), "us"),
    ],
    ids=str,
)
def test_arrow_times_of_any_year_keep_their_unit(arrow, value, unit):
    series = pd.Series(pd.arrays.ArrowExtensionArray(pa.array([value, None], type=arrow)))
    index = time_index(series)
    assert index.unit == unit
    expected = np.array(["2500-01-31", "NaT"], dtype=f"datetime64[{unit}]")
    np.testing.assert_array_equal(index.asi8, expected.view("int64"))


@pytest.mark.parametrize(
    "dtype", ["datetime64[ns]", "datetime64[s]", "datetime64[us, Europe/Berlin]", "timedelta64[ms]"]
)
def test_numpy_times_stay_as_they_are(dtype):
    series = (
        pd.Series([86_400, None], dtype="Int64").astype("float64").astype("timedelta64[s]").astype("timedelta64[ms]")
    )
    if dtype.startswith("datetime64"):
        series = (pd.Timestamp(0, tz="UTC" if "," in dtype else None) + series).astype(dtype)
    index = time_index(series)
    assert index.dtype == series.dtype
    assert index.isna().tolist() == [False, True]


def test_arrow_durations():
    series = pd.Series(pd.arrays.ArrowExtensionArray(pa.array([4, None], type=pa.int64()).cast(pa.duration("ms"))))
    assert time_index(series).unit == "ms"
    assert time_index(series).asi8[0] == 4
