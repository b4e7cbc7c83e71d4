"""Cells that could not stand in the real table, each flaw by its name."""

import numpy as np
import pandas as pd
import pytest
from random_tables import rows, texts

from ganaug.metrics.validity import invalid_beyond_chance, invalid_cells

FLAWS = ["out of range", "unseen level", "off grid", "newly missing", "unreadable"]


def test_the_real_table_is_valid(mixed):
    found = invalid_cells(mixed[0], mixed[0].sample(frac=1, random_state=0))
    assert (found["invalid"] == 0).all()
    assert not found["broken dtype"].any()
    assert found["grid"][["count", "price", "when"]].tolist() == ["whole", "2 decimals", "days"]
    assert found["grid"][["height", "city"]].isna().all()


@pytest.mark.parametrize(
    ("real", "synthetic", "flaw"),
    [
        ([1.5, 2.25], [1.75, 2.0], None),
        ([1.5, 2.25], [1.5, 2.26], "out of range"),
        ([1, 5], [2.0, 2.5], "off grid"),
        ([1.5, 2.25], [2.0, 2.001], "off grid"),
        (np.array([0.1, 0.7], np.float32), [0.5, 0.55], "off grid"),
        (np.array([0.1, 0.7], np.float32), np.array([0.5, 0.3], np.float32), None),
        ([1e9 + 0.25, 1e9 + 0.5], [1e9 + 0.25, 1e9 + 0.3], None),  # two decimals
        ([1e9 + 0.25, 1e9 + 0.5], [1e9 + 0.25, 1e9 + 0.333], "off grid"),
        (
            pd.to_datetime(["2024-01-01", "2024-03-01"]),
            pd.to_datetime(["2024-02-01 00:00", "2024-02-01 12:00"]),
            "off grid",
        ),
        (["a", "b"], ["a", "c"], "unseen level"),
        ([True, False], [True, "yes"], "unseen level"),
        ([1.0, 2.0], [1.0, None], "newly missing"),
        (["a", "b"], ["a", None], "newly missing"),
        ([1.0, None], [1.0, None], None),
        ([1.0, 2.0], [1.0, "two"], "unreadable"),
        (pd.to_datetime(["2024-01-01", "2024-03-01"]), ["2024-01-01", "spring"], "unreadable"),
        ([None, None], [None, None], None),
    ],
)
def test_each_flaw_is_counted_once_and_by_its_name(real, synthetic, flaw):
    found = invalid_cells(pd.DataFrame({"x": real}), pd.DataFrame({"x": synthetic})).loc["x"]
    expected = dict.fromkeys(FLAWS, 0.0) | ({flaw: 0.5} if flaw else {})
    assert found[FLAWS].to_dict() == expected
    assert found["invalid"] == sum(expected.values())


@pytest.mark.parametrize(
    ("real", "synthetic", "broken"),
    [
        ("int64", "int8", False),
        ("int64", "Int64", False),
        ("int64", "float64", True),
        ("float64", "Float32", False),
        ("int64", "str", True),
        ("object", "str", True),
        ("int64", "category", True),
        ("bool", "boolean", False),
        ("bool", "int64", True),
    ],
)
def test_dtypes(real, synthetic, broken):
    frame = pd.DataFrame({"x": [0, 1, 1]})
    assert invalid_cells(frame.astype(real), frame.astype(synthetic))["broken dtype"]["x"] == broken


def test_chance_is_what_new_rows_have():
    def table(seed: int) -> pd.DataFrame:
        return pd.DataFrame({"x": rows(100, 1, seed)[:, 0], "level": texts(100, 60, seed)})

    found = [invalid_cells(table(i), table(i + 1000)) for i in range(60)]
    invalid = np.mean([f["invalid"] for f in found], axis=0)
    chance = np.mean([f["by chance"] for f in found], axis=0)
    np.testing.assert_allclose(invalid, chance, rtol=0.25)


@pytest.mark.parametrize("seed", range(20))
def test_new_real_rows_are_not_invalid_beyond_chance(seed):
    rng = np.random.default_rng(seed)

    def rows(n):
        tails = {f"t{i}": rng.standard_t(2, n).round(2) for i in range(20)}
        missing = {f"m{i}": np.where(rng.random(n) < 0.02, np.nan, rng.integers(0, 9, n)) for i in range(5)}
        return pd.DataFrame(tails | missing | {"city": rng.zipf(1.6, n).astype(str)})

    found = invalid_cells(rows(36), rows(36))
    assert found["invalid"].max() > 0
    assert invalid_beyond_chance(found, 36, 36).max() == 0


def test_invalid_cells_of_every_flaw_are_beyond_chance():
    real = pd.DataFrame({"n": range(60), "city": ["Rome", "Oslo"] * 30})
    synthetic = pd.DataFrame({"n": [*range(30), *[0.5] * 15, *[999] * 15], "city": [*["Rome"] * 40, *["Paris"] * 20]})
    beyond = invalid_beyond_chance(invalid_cells(real, synthetic), 60, 60)
    assert beyond["n"] == 0.5
    assert beyond["city"] == pytest.approx(1 / 3)
