"""Values of columns that are typed as their file writes them."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from ganaug.cli.values import parse_relevance, rules_in_values
from ganaug.datasets import read_table, value_of


@pytest.fixture
def table(tmp_path):
    """A table of Germany: each column has a notation of its own."""
    rng = np.random.default_rng(0)
    n = 60
    total = [f"{v:,.2f}".translate(str.maketrans(",.", ".,")) for v in 1000 + 9000 * rng.random(n)]
    frame = pd.DataFrame(
        {
            "monthly": [f"€{v:.0f}" for v in 50 + 80 * rng.random(n)],
            "total": total,
            "rate": [f"{v:.0f} %" for v in 100 * rng.random(n)],
            "day": pd.date_range("2020-01-01", periods=n).strftime("%d.%m.%Y"),
            "at": [f"{i % 24:02d}:{i % 60:02d}" for i in range(n)],
            "town": np.where(np.arange(n) % 2 == 0, "Bonn", "100"),
            "price": [f"€{v:,.0f}".replace(",", ".") for v in 1000 * np.exp(2 * rng.normal(size=n))],
        }
    )
    frame.to_csv(tmp_path / "in.csv", sep=";", index=False)
    return read_table(tmp_path / "in.csv", target="price")


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("monthly", "€100", 100),
        ("monthly", "100", 100),
        ("total", "2.598,41", 2598.41),
        ("total", "2598,41", 2598.41),
        ("total", "12.5", None),
        ("rate", "20 %", 20),
        ("rate", "20%", 20),
        ("day", "31.12.1999", pd.Timestamp("1999-12-31")),
        ("day", "soon", None),
        ("at", "14:52", pd.Timedelta("14:52:00")),
        ("town", "Bonn", None),
        ("price", "€1.200", 1200),
        ("nothing", "1", None),
    ],
)
def test_a_cell_is_read_as_its_column_is_written(table, name, cell, value):
    assert value_of(table, name, cell) == value
    if name != "price":  # whose cells are names of classes, until they are read as numbers
        assert value_of(table.format(), name, cell) == value


def test_each_cell_of_a_file_has_its_own_value(table):
    for name in ("monthly", "total", "rate", "day", "at"):
        read = [value_of(table, name, cell) for cell in table.source.format.cells(table.frame.iloc[0])[[name]]]
        assert read == [table.frame[name].iloc[0]]


def test_points_of_relevance_may_hold_commas(table):
    read = partial(value_of, table, "price")
    assert parse_relevance("€1.200:0,€12.000:1", read) == [(1200.0, 0.0), (12000.0, 1.0)]
    assert parse_relevance("1,5:0,2,5:0.8", lambda cell: float(cell.replace(",", "."))) == [(1.5, 0.0), (2.5, 0.8)]
    assert parse_relevance("1:0, 2.5:0.8") == [(1.0, 0.0), (2.5, 0.8)]
    for wrong in ("1", "1:0;2:1", "cheap:0,dear:1", "1:0,2"):
        with pytest.raises(ValueError, match="is no list of points"):
            parse_relevance(wrong, read)


@pytest.mark.parametrize(
    ("rule", "plain"),
    [
        ("monthly <= €120", "monthly <= 120"),
        ("monthly <= '€120'", "monthly <= 120"),
        ("total >= 1.000,50 and rate < '20 %'", "total >= 1000.5 and rate < 20"),
        ("day > '31.12.1999'", "day > '1999-12-31 00:00:00'"),
        ("`monthly` <= 12.5", "`monthly` <= 12.5"),
        ("town == '100' or monthly < 5", "town == '100' or monthly < 5"),
        ("monthly <= total", "monthly <= total"),
    ],
)
def test_rules_take_values_as_the_file_writes_them(table, rule, plain):
    assert rules_in_values([rule], table) == [plain]
    assert rules_in_values(None, table) is None
