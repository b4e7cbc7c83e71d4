"""Targets in files: classes, numbers in any notation, several labels."""

import warnings

import numpy as np
import pandas as pd
import pytest

from ganaug.datasets import numbers_of, read_table, read_targets


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "number": rng.normal(size=60).round(3),
            "count": rng.permutation(60) // 2 + 3,
            "few": np.arange(60) % 4,
            "code": [f"{of:03}" for of in rng.permutation(60) // 2],
            "yes": np.where(rng.random(60) < 0.5, "Yes", "no"),
            "is": rng.random(60) < 0.5,
            "zero": rng.integers(0, 2, 60),
        }
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


@pytest.mark.parametrize(
    ("target", "task", "kind"),
    [
        ("number", "auto", "f"),
        ("count", "auto", "f"),
        ("few", "regression", "f"),
        ("few", "auto", "O"),
        ("count", "classification", "O"),
        ("code", "auto", "O"),
        ("yes", "auto", "O"),
    ],
)
def test_one_column(path, target, task, kind):
    X, y = read_targets(path, target, task=task)
    assert target not in X
    assert len(X) == len(y) == 60
    frame = pd.read_csv(path, dtype=str)
    assert (y.dtype.kind == "f") == (kind == "f")
    assert (
        y.astype(float).tolist() == frame[target].astype(float).tolist()
        if kind == "f"
        else list(y) == list(frame[target])
    )


def test_several_columns(path):
    X, y = read_targets(path, "yes, is,zero")
    frame = pd.read_csv(path)
    assert list(X) == ["number", "count", "few", "code"]
    expected = np.column_stack([frame["yes"] == "Yes", frame["is"], frame["zero"]]).astype(int)
    np.testing.assert_array_equal(y.to_numpy(), expected)


def test_a_name_with_a_comma_is_one_column(tmp_path):
    pd.DataFrame({"x": range(9), "a,b": ["u", "v", "w"] * 3}).to_csv(tmp_path / "t.csv", index=False)
    assert read_targets(tmp_path / "t.csv", "a,b")[1].tolist() == ["u", "v", "w"] * 3


def test_missing_targets_are_named_by_their_line(tmp_path):
    (tmp_path / "t.csv").write_text("x,y,a,b\n" + "".join(f"{i},{i + 0.5},1,0\n" for i in range(30)) + "30,,,1\n")
    with pytest.raises(ValueError, match=r"has 1 missing cell, the first on line 32"):
        read_targets(tmp_path / "t.csv", "a,b")
    with pytest.warns(UserWarning, match=r"1 row of 31 is left out: .* first on line 32"):
        X, y = read_targets(tmp_path / "t.csv", "y")
    assert X["x"].tolist() == list(range(30))
    assert y.tolist() == [i + 0.5 for i in range(30)]


@pytest.mark.parametrize("cell", ["NA", "-", "None", "", "n/a"])
def test_a_missing_number_is_no_class(tmp_path, cell):
    prices = [f"€{1000 * i + 1:,}" for i in range(40)]
    rows = "".join(f'{i},"{price}"\n' for i, price in enumerate([*prices, cell, cell]))
    (tmp_path / "t.csv").write_text(f"x,price\n{rows}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        X, y = read_targets(tmp_path / "t.csv", "price")
    (said,) = [str(of.message) for of in caught]  # once
    assert said.startswith("2 rows of 42 are left out")
    assert len(X) == len(y) == 40
    (tmp_path / "all.csv").write_text("x,price\n" + "1,NA\n" * 3)
    with pytest.warns(UserWarning, match="taken for a class"):  # nothing shows that they were numbers
        read_targets(tmp_path / "all.csv", "price")


def test_na_beside_few_numbers_or_words_is_a_class_with_a_warning(tmp_path):
    for cells in (["1", "2", "NA"], ["yes", "no", "NA"]):
        (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{i},{cells[i % 3]}\n" for i in range(30)))
        with pytest.warns(UserWarning, match="has 'NA', which is taken for a class"):
            y = read_targets(tmp_path / "t.csv", "y")[1]
        assert set(y) == set(cells)


@pytest.mark.parametrize(
    ("target", "task", "says"),
    [
        ("yes,code", "auto", "column 'code' holds"),
        ("yes,yes", "auto", "twice"),
        ("yes,nought", "auto", "no column 'nought'"),
        ("yes", "regression", "which is no number"),
        ("yes", "multilabel", "is one column"),
        ("number", "classification", "each row needs a class"),
    ],
)
def test_what_does_not_fit(path, target, task, says):
    with pytest.raises(ValueError, match=says):
        read_targets(path, target, task=task)


@pytest.mark.parametrize(
    "cells",
    [
        ["1,5", "2,25", "3,75"],
        ["1.234,50 €", "2,00 €", ""],
        ["12 %", "13 %", ""],
        ["1.234", "2.345", "9.876"],
        ["<0.5", "1.0", "2.5", "3.5"],
        ["007", "008", "009"],
        ["1e3", "2e3", "5"],
        ["yes", "no", "no"],
        ["2020-01-01", "2021-01-01", "2021-01-02"],
        ["unknown", "1", "2", "3", "unknown", "4"],
    ],
)
def test_cells_of_classes_are_the_numbers_that_the_file_holds(tmp_path, cells):
    path = tmp_path / "in.csv"
    path.write_text("\n".join(["y;x", *(f"{cell};{i},5" for i, cell in enumerate(cells))]))
    usual = read_table(path).frame["y"]
    found = numbers_of(read_table(path, target="y"), "y")
    if pd.api.types.is_numeric_dtype(usual):
        pd.testing.assert_series_equal(found, usual)
    else:
        assert found is None


def test_a_file_is_read_once(path, monkeypatch):
    read = []
    monkeypatch.setattr("ganaug.datasets.table.read_bytes", lambda path: read.append(path) or path.read_bytes())
    read_targets(path, "number", task="regression")
    assert len(read) == 1
