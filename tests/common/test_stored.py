"""Columns that are stored in their own way count what they hold, and come back as they were."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ganaug.common.containers import container_from_state, container_of, to_pandas
from ganaug.common.stored import readable

TIMES = [dt.time(3, 5), None, dt.time(23, 59, 59, 250_000), dt.time(0)]
DATES = [dt.date(1850, 1, 1), dt.date(2024, 2, 29), None]
MOMENTS = [dt.datetime(1700, 1, 1, 3), None, dt.datetime(2024, 2, 29, 23, 59, 59, 7)]
MONEY = [decimal.Decimal("0.29"), decimal.Decimal("-1234567.80"), None, decimal.Decimal("5")]

COLUMNS = {
    "times": (pd.Series(TIMES, dtype=object), "m"),
    "times, NaN": (pd.Series([dt.time(3), np.nan], dtype=object), "m"),
    "durations": (pd.Series([dt.timedelta(days=-2, microseconds=1), None], dtype=object), "m"),
    "Timedelta": (pd.Series([pd.Timedelta(5, "s"), pd.NaT], dtype=object), "m"),
    "dates": (pd.Series(DATES, dtype=object), "M"),
    "moments": (pd.Series(MOMENTS, dtype=object), "M"),
    "Timestamp": (pd.Series([pd.Timestamp("2024-01-01 03:00"), pd.NaT], dtype=object), "M"),
    "decimals": (pd.Series(MONEY, dtype=object), "f"),
    "time32": (pd.Series([dt.time(3), None], dtype=pd.ArrowDtype(pa.time32("s"))), "m"),
    "time64": (pd.Series(TIMES, dtype=pd.ArrowDtype(pa.time64("us"))), "m"),
    "decimal128": (pd.Series(MONEY, dtype=pd.ArrowDtype(pa.decimal128(30, 2))), "f"),
    "months": (pd.Series(pd.PeriodIndex(["2024-01", None, "1999-12"], freq="M")), "M"),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_counts_and_comes_back_from_counts(name):
    series, kind = COLUMNS[name]
    counts, stored = readable(series)
    assert counts.dtype.kind == kind
    assert counts.isna().tolist() == series.isna().tolist()
    back = stored.restore(counts)
    assert back.dtype == series.dtype
    assert [type(cell) for cell in back.astype(object)] == [type(cell) for cell in series.astype(object)]
    assert back.equals(series)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_container_restores_it_also_after_it_was_stored_itself(name):
    frame = pd.DataFrame({"n": range(len(COLUMNS[name][0])), "x": COLUMNS[name][0]})
    for container in (container_of(frame), container_from_state(container_of(frame).state())):
        assert container.restore(to_pandas(frame)).equals(frame)
    if frame["x"].dtype == object:
        array = frame.astype(object).to_numpy()
        back = container_from_state(container_of(array).state()).restore(to_pandas(array))
        assert pd.DataFrame(back).equals(pd.DataFrame(array))


@pytest.mark.parametrize("column", ["Time", "Decimal"])
def test_polars_gets_its_own_cells_again(column):
    pl = pytest.importorskip("polars")
    cells = TIMES if column == "Time" else MONEY
    dtype = pl.Time if column == "Time" else pl.Decimal(38, 2)
    frame = pl.DataFrame({"n": list(range(len(cells))), "x": pl.Series(cells, dtype=dtype)})
    read = to_pandas(frame)
    assert read["x"].dtype.kind == ("m" if column == "Time" else "f")
    assert container_from_state(container_of(frame).state()).restore(read).equals(frame)


@pytest.mark.parametrize(
    "cells",
    [
        [dt.time(3), "03:00"],
        [dt.time(3, tzinfo=dt.UTC)],
        [dt.datetime(2024, 1, 1), dt.date(2024, 1, 1)],
        [decimal.Decimal("Infinity")],
        [decimal.Decimal("12345678901234567.8")],
        [None, None],
        ["a", "b"],
        [(1, 2)],
    ],
)
def test_other_objects_stay_what_they_are(cells):
    series = pd.Series(cells, dtype=object)
    assert readable(series) is None


def test_arrow_decimals_become_the_nearest_floats():
    cents = np.arange(10_000)
    series = pd.Series([decimal.Decimal(int(c)).scaleb(-2) for c in cents], dtype=pd.ArrowDtype(pa.decimal128(20, 2)))
    assert (readable(series)[0].to_numpy() == cents / 100).all()
