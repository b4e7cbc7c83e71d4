"""Laws of numbers with groups, money, units and limits: read as numbers, written in the notation of their column."""

import warnings

import numpy as np
import pandas as pd
import pytest

from ganaug.datasets import read_table, write_table

# cells of a column, their first values, values to write and what is written; the delimiter is ";"
STYLES = {
    "thousands beside hundreds": (["1,234", "766", "12,345"], [1234, 766], [99, 5000], ["99", "5,000"]),
    "points as groups": (["1.234,50", "766,00", "12.345,25"], [1234.5, 766], [99, 5000.5], ["99,00", "5.000,50"]),
    "spaces": (["1 234,5", "766,0", "12 345,2"], [1234.5, 766], [5000.5], ["5 000,5"]),
    "narrow spaces": (["1\u202f234", "766"], [1234, 766], [5000], ["5\u202f000"]),
    "apostrophes": (["1'234.50", "766.00"], [1234.5, 766], [5000.5], ["5'000.50"]),
    "lakhs": (["12,34,567", "766"], [1234567, 766], [5000000], ["50,00,000"]),
    "four digits without a group": (["1234", "12.345,0", "7,5"], [1234, 12345], [5000, 50000], ["5000", "50.000"]),
    "dollars": (["$4,689.92", "-$12.00", "$0.50"], [4689.92, -12], [1000, -2], ["$1,000.00", "-$2.00"]),
    "euros": (["1.234,50 €", "3,00 €"], [1234.5, 3], [5000.5], ["5.000,50 €"]),
    "weights": (["47.8 kg", "5.0 kg"], [47.8, 5], [6.25], ["6.2 kg"]),
    "percent": (["12 %", "3 %"], [12, 3], [55], ["55 %"]),
    "parentheses": (["(1,234)", "766"], [-1234, 766], [-5, 5000], ["(5)", "5,000"]),
    "minus sign": (["−5", "7", "12"], [-5, 7], [-6, 8], ["−6", "8"]),
    "below a limit": (["<0.01", "0.05", "0.20", "0.01"], [0, 0.05], [0.004, -1, 0.01], ["<0.01", "<0.01", "0.01"]),
    "above a limit": ([">100", "5", "70", "99"], [101, 5], [120, 100], [">100", "100"]),
}


@pytest.mark.parametrize("style", STYLES)
def test_styles(csv, written, style):
    cells, values, new, expected = STYLES[style]
    text = "n;x\n" + "".join(f"{cell};a\n" for cell in cells)
    assert csv(text).frame["n"].tolist()[: len(values)] == pytest.approx(values)
    assert written(text, {"n": new, "x": ["a"] * len(new)}) == [f"{cell};a" for cell in expected]
    assert written(text, {"n": csv(text).frame["n"], "x": ["a"] * len(cells)}) == text.splitlines()[1:]


def test_the_file_tells_which_mark_is_the_decimal_one(csv):
    """1,234 beside 766 is a group of thousands beside 0.5, and a decimal beside 0,5."""
    text = "n;m\n1,234;0.5\n766;1.25\n"
    assert csv(text).frame["n"].tolist() == [1234, 766]
    assert csv(text.replace(".", ",")).frame["n"].tolist() == [1.234, 766]
    assert csv("n;m\n1.234;x\n7.661;y\n").frame["n"].tolist() == [1.234, 7.661]


@pytest.mark.parametrize(
    "cells",
    [
        ("{} kg", "{} lb"),
        ("${}", "€{}"),
        ("{}.5k", "{}"),
        ("90+", "{}"),
        ("<0.1", "<0.2", "{}"),
        ("1 year", "{} years"),
    ],
)
def test_mixed_notations_are_named(csv, cells):
    with pytest.warns(UserWarning, match="used as categories: 'weight'"):
        csv("weight,x\n" + "".join(f"{cells[i % len(cells)].format(i)},a\n" for i in range(60)))


@pytest.mark.parametrize("cells", ["A{i}", "00{i}", "1.{i}.0", "{i}a", "555-{i}", "{i:02d}:9{i}", "level {i}"])
def test_codes_are_no_numbers(csv, cells):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = csv("c,x\n" + "".join(f"{cells.format(i=i)},a\n" for i in range(60))).frame
    assert frame["c"].tolist() == [cells.format(i=i) for i in range(60)]


def test_another_file_is_read_like_the_first(tmp_path):
    """A part of a file, whose cells alone would be read as other types, has the values of the whole."""
    rng = np.random.default_rng(0)
    rows = [
        (
            f"{rng.integers(500, 99_999):05d}",
            ["<1", "2", "3.5"][i % 3],
            f"0{i % 9 + 1}/{i % 28 + 1:02d}/2024",
            f"{i:02d}",
            "x",
        )
        for i in range(60)
    ]
    for name, kept in {
        "real": rows,
        "new": [row for row in rows if row[0][0] != "0" and row[1] == "2" and row[2] < "03/13" and row[3] > "10"],
    }.items():
        lines = [",".join(row) for row in kept]
        (tmp_path / f"{name}.csv").write_text("zip,level,day,label,word\n" + "\n".join(lines) + "\n")
    real = read_table(tmp_path / "real.csv", target="label")
    new = read_table(tmp_path / "new.csv", target="label", like=real)
    assert len(new.frame) >= 3
    pd.testing.assert_series_equal(new.frame.dtypes, real.frame.dtypes)
    assert new.frame.merge(real.frame).shape == new.frame.shape
    real.frame.to_parquet(tmp_path / "real.parquet")
    again = read_table(tmp_path / "new.csv", target="label", like=read_table(tmp_path / "real.parquet"))
    assert again.frame["zip"].tolist() == new.frame["zip"].tolist()


def test_labels_are_text_as_written(csv, tmp_path):
    (tmp_path / "in.csv").write_text("x,y\n1,01\n2,1e3\n3,1.10\n4,unknown\n5,+1\n")
    table = read_table(tmp_path / "in.csv", target="y")
    assert table.split("y")[1].tolist() == ["01", "1e3", "1.10", "unknown", "+1"]
    (tmp_path / "in.csv").write_text("x,y\n1,EU\n2,NA\n3,None\n")
    with pytest.warns(UserWarning, match="has 'NA' and 'None', which is taken for a class"):
        assert read_table(tmp_path / "in.csv", target="y").split("y")[1].tolist() == ["EU", "NA", "None"]
    (tmp_path / "in.csv").write_text("x,y\n1,EU\n2,?\n3,?\n")
    with pytest.raises(ValueError, match=r"has 2 missing cells \('\?'\), the first on line 3"):
        read_table(tmp_path / "in.csv", target="y").split("y")
    assert csv("x,y\n1,0.5\n2,1.5\n").split("y")[1].tolist() == ["0.5", "1.5"]


def test_whole_labels_are_integers_in_parquet(tmp_path):
    (tmp_path / "in.csv").write_text("x,y\n1,0\n2,1\n3,10\n")
    table = read_table(tmp_path / "in.csv", target="y")
    write_table(tmp_path / "out.parquet", table, table.frame[:1])
    assert read_table(tmp_path / "out.parquet").frame["y"].tolist() == [0, 1, 10, 0]
