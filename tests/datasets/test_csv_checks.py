"""Files that are no tables, and rows that are no rows, are refused in one line; tables that only look alike are not."""

import numpy as np
import pandas as pd
import pytest

from ganaug.datasets import read_table
from ganaug.datasets.csv_checks import refuse_totals

ROWS = [f"{20 + i},{7 * i % 31}.5,{'Rome' if i % 3 else 'Oslo'},{'yes' if i % 4 else 'no'}" for i in range(40)]
HEADER = "age,sales,city,label"
TOTAL = sum(7 * i % 31 + 0.5 for i in range(40))


def read(tmp_path, lines, name="in.csv", **options):
    path = tmp_path / name
    path.write_bytes(lines if isinstance(lines, bytes) else "\n".join(lines).encode())
    return read_table(path, **options)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html>", "a web page or XML, not a table"),
        (b'[\n {"a": 1},\n {"a": 2}]', "JSON; convert it"),
        (b'{"a": [1, 2]}', "JSON; convert it"),
    ],
    ids=str,
)
def test_other_texts_are_named(tmp_path, content, said):
    with pytest.raises(ValueError, match=said):
        read(tmp_path, content)


@pytest.mark.parametrize("first", ["[a],b", '"{x}",b', "<5,b", "PK,b"])
def test_odd_names_are_no_other_format(tmp_path, first):
    assert len(read(tmp_path, [first, "1,2", "3,4"]).frame) == 2


def test_a_second_header_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"in\.csv: row 11 below the header repeats the header, as where files were"):
        read(tmp_path, [HEADER, *ROWS[:10], HEADER, *ROWS[10:]], target="label")
    with pytest.raises(ValueError, match="rows 3, 6, 9 and 1 more below the header repeat the header"):
        read(
            tmp_path, [HEADER, *(line for i in range(0, 8, 2) for line in (*ROWS[i : i + 2], " age, sales,city,label"))]
        )


def test_a_row_with_some_names_is_a_row(tmp_path):
    frame = read(tmp_path, ["word,kind", "word,noun", "kind,noun", "x,kind"]).frame
    assert len(frame) == 3
    # of a file without a header, a row may occur twice
    assert len(read(tmp_path, [ROWS[0], *ROWS], target="label").frame) == 40


@pytest.mark.parametrize(
    "end",
    [
        [f"Total,{TOTAL},,"],
        ["", f"Summe:,{TOTAL},,", ",,,"],
        [",,,", f",{TOTAL},,yes"],
        [",,Total,"],
        [f"{sum(range(20, 60))},,,All"],
    ],
)
def test_a_row_of_totals_is_named(tmp_path, end):
    with pytest.raises(ValueError, match=r"in\.csv: the last row looks like a row of totals: .* remove it"):
        read(tmp_path, [HEADER, *ROWS, *end])


def test_totals_of_tables_that_are_no_totals(tmp_path):
    assert len(read(tmp_path, [HEADER, *ROWS, "40,1.5,Total,yes"]).frame) == 41  # a city of that name, and all cells
    ones = pd.DataFrame({"flag": [0] * 30 + [1, 1], "n": np.arange(32), "same": 5, "cumulated": 0.0})
    refuse_totals(ones)
    refuse_totals(pd.DataFrame({"level": 2.0 ** np.arange(30)}))
    rng = np.random.default_rng(0)
    for _ in range(200):
        refuse_totals(pd.DataFrame(rng.integers(-3, 9, size=(25, 6))))
