"""Times of the day and durations in CSV files: read as durations, written as they were."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ganaug import evaluate
from ganaug.datasets import read_table, write_table
from ganaug.datasets.csv_notation import ColumnNotation, Reading, read_column

STYLES = {
    "minutes": ["03:00", "13:45", "00:00", "24:00"],
    "one digit": ["3:05:10", "12:00:00", "0:00:00"],
    "PM": ["03:00 PM", "11:15 AM", "12:00 AM", "12:30 PM"],
    "pm": ["3:00pm", "11:15am"],
    "p.m.": ["3:00 p.m.", "11:15 a.m."],
    "many hours": ["1:30:00", "125:10:59"],
    "negative": ["-1:30", "2:45"],
    "pandas": ["2 days 03:00:00", "0 days 01:00:00", "-1 days +21:00:00"],
    "Python": ["2 days, 3:00:00", "1 day, 2:00:00", "4:00:00", "-1 day, 21:00:00"],
    ".NET": ["2.03:00:00", "12.04:00:00"],
    "days and hours": ["2:03:00:00", "0:01:00:00"],
    "fraction": ["03:00:00.5", "04:00:00"],
    "microseconds": ["03:00:00.500000", "04:00:00", "04:00:00.000001"],
    "decimal comma": ["0:00:01,50", "0:00:02,25"],
    "zone": ["03:00+01:00", "04:30+01:00"],
    "Uhr": ["12:30 Uhr", "01:15 Uhr"],
    "some seconds": ["3:05", "3:06:10"],
    "ISO": ["PT3H", "PT30M", "P1DT2H", "PT0S"],
    "ISO minutes": ["PT90M", "PT15M"],
    "ISO weeks": ["P2W", "P1D"],
    "ISO zeros": ["PT1H0M", "PT2H30M"],
    "ISO fraction": ["PT1.5S", "PT1M"],
    "letters": ["1h 30m", "45m", "2h"],
    "letters alone": ["1h30m", "45m"],
    "words": ["1 hour 30 minutes", "2 hours 1 minute", "3 hours"],
    "short words": ["1 h 30 min", "2 h 0 min"],
    "days, hours": ["3 days, 4 hours", "1 day, 1 hour"],
}


def found(cells):
    return read_column("t", pa.array(cells).dictionary_encode(), Reading())


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("missing", ["", "NA"])
def test_a_style_is_read_as_durations_and_written_back(style, missing):
    cells = STYLES[style]
    values, notation = found([*cells, missing])
    assert values.dtype.kind == "m"
    assert values.isna().tolist() == [False] * len(cells) + [True]
    assert notation.write(values[:-1]).tolist() == cells
    assert notation.missing == missing
    # values that the file does not have are written so that the same style reads them, also from a model file
    new = values[:-1] + pd.Timedelta(days=1)
    for of in (notation, ColumnNotation.from_state(json.loads(json.dumps(notation.state())))):
        written = of.write(new)
        again = of.notation.read(pa.array(written.tolist()))
        assert (again == pd.TimedeltaIndex(new)).all() or style in ("PM", "pm", "p.m.")


@pytest.mark.parametrize(
    "cells",
    [["25:61", "03:00"], ["1:2", "1:3"], ["01:00 AM", "13:00 AM"], ["P", "PT1H"], ["03:00", "noon"], ["16:9", "4:3"]]
    + [["00:1A:2B", "00:1A:2C"], ["P1Y", "P2M"], ["03:00 AM", "15:00"], ["99999999999:00", "1:00"]],
)
def test_other_cells_stay_words(cells):
    assert found(cells)[0].tolist() == cells


def test_numbers_with_one_unit_stay_numbers():
    assert found(["90 min", "30 min"])[0].tolist() == [90, 30]


def test_hours_of_a_clock_of_twelve():
    values, _ = found(["12:00 AM", "12:30 PM", "01:00 PM", "11:59 PM"])
    assert (values / pd.Timedelta(minutes=1)).tolist() == [0, 750, 780, 1439]


def test_a_file_comes_back_and_copies_are_recognised(tmp_path):
    rng = np.random.default_rng(0)
    minutes = rng.integers(0, 1440, 120)
    lines = [f"{m // 60}:{m % 60:02d},PT{m + 1}M,{m % 7}" for m in minutes]
    lines[5] = ",,3"
    path = tmp_path / "shifts.csv"
    path.write_text("start,length,n\n" + "\n".join(lines) + "\n")
    table = read_table(path)
    assert table.frame.dtypes.map(lambda dtype: dtype.kind).tolist() == ["m", "m", "i"]
    write_table(tmp_path / "out.csv", table, table.frame.iloc[:40])
    assert (tmp_path / "out.csv").read_text().splitlines() == ["start,length,n", *lines, *lines[:40]]
    copies = evaluate(table.frame, read_table(tmp_path / "out.csv", like=table).frame.iloc[120:], random_state=0)
    assert {f.answer for f in copies.verdict if "equals" in f.sentence or "copies" in f.sentence} == {"bad"}
