"""Laws of the notation: cells get the type that they show, and synthetic values are written as their column is."""

import numpy as np
import pandas as pd
import pytest

from ganaug.datasets import write_table


def test_types(plain, csv):
    frame = csv(plain).frame
    assert [str(dtype) for dtype in frame.dtypes.iloc[[0, 2, 3]]] == ["int64", "float64", "Int64"]
    assert frame["when"].dtype.kind == "M"
    assert frame["code"][0] == "00100"
    assert frame["ok"].tolist() == ["no", "yes"] * 6


@pytest.mark.parametrize("missing", ["", "NA", "NaN", "?", "null", "None", "-", "unknown"])
def test_integers_with_missing_cells_stay_integers(written, csv, missing):
    cells = ["4", missing, "17", missing, "250"]
    text = "n,x\n" + "".join(f"{cell},a\n" for cell in cells)
    table = csv(text)
    assert table.frame["n"].dtype == "Int64"
    assert table.frame["n"].isna().tolist() == [False, True, False, True, False]
    rows = {"n": pd.array([5, None, 17], dtype="Int64"), "x": ["a"] * 3}
    assert written(text, rows) == ["5,a", f"{missing},a", "17,a"]


@pytest.mark.parametrize(
    ("cells", "values", "expected"),
    [
        (["1.50", "2.00", "3.25"], [2.5, 10.126], ["2.50", "10.13"]),
        (["1.5", "2", "3.25"], [2.5, 3.0], ["2.5", "3"]),
        (["1.0", "2.5", "3.25"], [7.0, 2.75], ["7.0", "2.75"]),
        (["0.1", "0.30000000000000004"], [0.2, 1 / 3], ["0.2", "0.3333333333333333"]),
        (["1e-05", "0.002", "12.5"], [1e-05, 0.25], ["1e-05", "0.25"]),
        (["1.50E+00", "2.25E-10"], [3.0, 1.5], ["3.00E+00", "1.50E+00"]),
        (["+5", "-3", "7"], [5, 6], ["+5", "6"]),
        (["-0.01", "0.02"], [-0.001, 0.0], ["0.00", "0.00"]),
        (["123456789012345678", "5"], [123456789012345677, 6], ["123456789012345677", "6"]),
    ],
)
def test_numbers(written, cells, values, expected):
    text = "n,x\n" + "".join(f"{cell},a\n" for cell in cells)
    assert written(text, {"n": values, "x": ["a"] * 2}) == [f"{cell},a" for cell in expected]


@pytest.mark.parametrize(
    "cells",
    [
        ["00123", "04567", "1"],
        ["12345678901234567890123", "1", "2"],
        ["1.2.3", "4.5.6", "7.8"],
        ["5+", "4", "5+"],
    ],
)
def test_codes_stay_strings(csv, cells):
    frame = csv("n,x\n" + "".join(f"{cell},a\n" for cell in cells)).frame
    assert frame["n"].tolist() == cells


def test_thirty_thousand_distinct_decimal_commas(csv, tmp_path):
    rng = np.random.default_rng(0)
    cells = [f"{value:.4f}".replace(".", ",") for value in rng.normal(size=30_000)]
    text = "x;y\n" + "".join(f"{cell};a\n" for cell in cells)
    table = csv(text)
    assert table.frame["x"].dtype == float
    write_table(tmp_path / "out.csv", table, table.frame, only_synthetic=True)
    assert (tmp_path / "out.csv").read_text() == text


DATES = {
    "2024-01-31": ["2024-02-05", "2023-12-24"],
    "31.01.2024": ["05.02.2024", "24.12.2023"],
    "31.1.2024": ["5.2.2024", "24.12.2023"],
    "1/31/2024": ["2/5/2024", "12/24/2023"],
    "31/01/24": ["05/02/24", "24/12/23"],
    "20240131": ["20240205", "20231224"],
    "31-Jan-2024": ["05-Feb-2024", "24-Dec-2023"],
    "2024-01-31 23:59": ["2024-02-05 04:05", "2023-12-24 00:00"],
    "1/31/2024 3:07 PM": ["2/5/2024 4:05 AM", "12/24/2023 12:00 PM"],
    "2024-01-31T23:59:58Z": ["2024-02-05T04:05:06Z", "2023-12-24T00:00:00Z"],
    "2024-01-31T23:59:58.123+02:00": ["2024-02-05T04:05:06.007+02:00", "2023-12-24T00:00:00.000+02:00"],
    "2024-01-31 23:59:58.123456": ["2024-02-05 04:05:06.000007", "2023-12-24 00:00:00.500000"],
}


@pytest.mark.parametrize("first", DATES)
@pytest.mark.parametrize("missing", ["", "NA", "?"])
def test_dates_keep_their_format(csv, tmp_path, first, missing):
    text = "d,x\n" + "".join(f"{cell},a\n" for cell in [first, missing, *DATES[first]])
    table = csv(text)
    assert table.frame["d"].dtype.kind == "M"
    assert table.frame["d"].isna().tolist() == [False, True, False, False]
    moved = pd.DataFrame({"d": table.frame["d"] + pd.Timedelta(days=3), "x": "a"})
    write_table(tmp_path / "out.csv", table, moved)
    both = (tmp_path / "out.csv").read_text()
    assert both.startswith(text)
    assert both.splitlines()[6] == f"{missing},a"
    dates = csv(both).frame["d"]
    assert (dates[4:].reset_index(drop=True) - dates[:4]).dropna().eq(pd.Timedelta(days=3)).all()


def test_dates_of_two_formats_stay_strings(csv):
    cells = ["2024-01-31", "31.01.2024"]
    assert csv("d,x\n" + "".join(f"{cell},a\n" for cell in cells)).frame["d"].tolist() == cells


def test_missing_cells_have_the_notation_of_their_column(written, csv):
    text = "a,b,c,d\n1,x,1.5,\n?,NA,,\n3,y,2.5,\n"
    table = csv(text)
    assert table.frame.isna().sum().tolist() == [1, 1, 1, 3]
    rows = table.frame.iloc[[1, 1]]
    assert written(text, {name: rows[name] for name in rows}) == ["?,NA,,"] * 2


def test_none_is_a_category_among_words(csv):
    frame = csv("alley,x\nNone,1\nGrvl,2\n").frame
    assert frame["alley"].tolist() == ["None", "Grvl"]
