"""New values are written with the signs and the spaces that the file has, or a warning names the column."""

import pandas as pd
import pytest

from ganaug.datasets import read_table, write_table
from ganaug.datasets.csv_format import TextFormat

N = 40


def _file(folder, cells, names="b,a"):
    path = folder / "table.csv"
    path.write_text(f"{names}\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(cells)))
    return path


def _new_cells(path, values):
    """Return the cells of new rows, and check that the description of the format gives the same ones."""
    table = read_table(path)
    rows = pd.DataFrame({"b": range(len(values)), "a": values})
    out = path.parent / "new.csv"
    write_table(out, table, rows, only_synthetic=True, force=True)
    written = out.read_text()
    again = TextFormat.from_state(table.format())
    with (path.parent / "again.csv").open("wb") as file:
        again.write_as(file, "csv", [(rows, None)], None)
    assert (path.parent / "again.csv").read_text() == written
    return [line.partition(",")[2] for line in written.splitlines()[1:]]


@pytest.mark.parametrize(
    ("cells", "values", "expected"),
    [
        ([f"{i:+d}" for i in range(-5, 30)], [40, -40], ["+40", "-40"]),
        ([f"{i / 4:+.2f}" for i in range(-5, 30)], [40.5, -40.25], ["+40.50", "-40.25"]),
        ([f"{i / 4:+.1f} %" for i in range(1, 30)], [40.5], ["+40.5 %"]),
        ([f"${i:+.2f}" for i in range(1, 30)], [40.5], ["$+40.50"]),
        ([f".{i:02d}" for i in range(1, N)], [0.755, 0.5], [".76", ".50"]),
        ([f"{'-' if i % 2 else ''}.{i:02d}" for i in range(1, N)], [-0.5], ["-.50"]),
        ([f"{3 * i:5d}" for i in range(N)], [7, 100], ["    7", "  100"]),
        ([f"{3000 * i:6d}" for i in range(N)], [7, 100_000], ["     7", "100000"]),
        ([f"{3 * i:<5d}" for i in range(N)], [7, 100], ["7    ", "100  "]),
        ([f"{3 * i} " for i in range(N)], [7], ["7 "]),
        ([f"\t{3 * i}" for i in range(N)], [7], ["\t7"]),
        ([f"  {'abc'[i % 3]}" for i in range(N)], ["a"], ["  a"]),
        ([f" 2024-01-{1 + i % 28:02d} " for i in range(N)], pd.to_datetime(["2024-02-03"]), [" 2024-02-03 "]),
        ([f'" {3 * i}"' for i in range(N)], [7], ['" 7"']),
        ([f' "{3 * i}"' for i in range(N)], [7], [' "7"']),
        ([f' "Smith, {"xyz"[i % 3]}"' for i in range(N)], ["Smith, x"], [' "Smith, x"']),
        (["   " if i % 4 == 0 else f"{3 * i:>3}" for i in range(N)], [7, None], ["  7", "   "]),
        (["" if i % 4 == 0 else f" {3 * i}" for i in range(N)], [7, None], [" 7", ""]),
    ],
)
def test_signs_and_spaces_around_cells(cells, values, expected, tmp_path):
    assert _new_cells(_file(tmp_path, cells), values) == expected


def test_quotes_after_a_space_hold_delimiters(tmp_path):
    path = tmp_path / "cities.csv"
    path.write_text('"name", "state", "n"\n' + "".join(f'"city {i}", "Ohio, ""US""", {i}\n' for i in range(N)))
    frame = read_table(path).frame
    assert list(frame) == ["name", "state", "n"]
    assert frame["state"].unique().tolist() == ['Ohio, "US"']
    assert frame["n"].tolist() == list(range(N))


def test_what_is_not_repeated_is_said_with_the_name_of_the_column(tmp_path):
    with pytest.warns(UserWarning, match=r"spaces around the cells of 1 column differ .* 'a'"):
        read_table(_file(tmp_path, [f"{' ' * (i % 3)}{i}" for i in range(N)]))
    with pytest.warns(UserWarning, match=r"1 column has missing cells with quotes and without them: 'a'"):
        read_table(_file(tmp_path, ['""' if i % 5 == 0 else "" if i % 7 == 0 else "x" for i in range(N)]))
    with pytest.warns(UserWarning, match=r"1 column holds whole numbers of which some have more than 18 digits.*'a'"):
        read_table(_file(tmp_path, [10**20 + 7**9 * i for i in range(N)]))
