"""Tables are read and encoded once, and together."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug.metrics import (
    closest_records,
    column_distances,
    embed_rows,
    find_copies,
    invalid_cells,
    membership_inference,
    two_sample_auc,
)
from ganaug.metrics.table_pair import TablePair, as_pair, row_keys


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2], "number"),
        (pd.array([1, None], "Int64"), "number"),
        (pd.array([1.5, None], "Float32"), "number"),
        ([decimal.Decimal("1.5"), decimal.Decimal(2)], "number"),
        (pd.Series([1, None], dtype=object), "number"),
        (pd.to_datetime(["2024-01-01", "2024-02-01"]), "time"),
        (pd.to_datetime(["2024-01-01", "2024-02-01"], utc=True), "time"),
        (pd.Series([datetime.date(2024, 1, 1), None], dtype=object), "time"),
        (pd.to_timedelta([1, 2], unit="h"), "duration"),
        ([True, False], "category"),
        (pd.array([True, None], "boolean"), "category"),
        (["a", None], "category"),
        (pd.Categorical([1, 2]), "category"),
        (pd.Series([None, None], dtype=object), "category"),
        (pd.Series(["a", 1, (2, 3)], dtype=object), "category"),
    ],
)
def test_kinds(cells, kind):
    frame = pd.DataFrame({"x": cells})
    pair = TablePair(frame, frame)
    assert pair.kinds == [kind]
    np.testing.assert_array_equal(np.isnan(pair.real_cells[:, 0]), frame["x"].isna())
    (points,) = embed_rows(pair, pair.real_cells)
    assert np.isfinite(points).all()


def test_times_are_seconds_in_any_unit():
    when = pd.to_datetime(["2024-01-01 00:00:01", None])
    expected = [[pd.Timestamp("2024-01-01").timestamp() + 1], [np.nan]]
    for other in (*(when.as_unit(unit) for unit in ("s", "ms", "us", "ns")), ["2024-01-01T00:00:01", "soon"]):
        pair = TablePair(pd.DataFrame({"x": when}), pd.DataFrame({"x": other}))
        np.testing.assert_array_equal(pair.real_cells, expected)
        np.testing.assert_array_equal(pair.synthetic_cells, expected)


def test_dates_of_polars():
    real = pl.DataFrame({"x": [datetime.date(2024, 1, 2)], "y": pl.Series(["a"], dtype=pl.Categorical)})
    pair = TablePair(real, real)
    assert pair.kinds == ["time", "category"]
    assert pair.real_cells[0, 0] == pd.Timestamp("2024-01-02").timestamp()


def test_levels_of_the_real_table_come_first_and_the_most_frequent_one_first_of_all():
    real = pd.DataFrame({"x": ["a", "b", "b", None], "n": [1, 2, 3, 4]})
    synthetic = pd.DataFrame({"n": [1.0, 2, 3, 4, 5], "x": ["d", "c", "c", "a", None]})
    pair = TablePair(real, synthetic, real.assign(x=["e", "b", "b", "b"]))
    assert list(pair.levels[0]) == ["b", "a", "c", "d", "e"]
    assert pair.levels[1] is None
    assert pair.n_real_levels.tolist() == [2, 0]
    np.testing.assert_array_equal(pair.real_cells[:, 0], [1, 0, 0, np.nan])
    np.testing.assert_array_equal(pair.synthetic_cells[:, 0], [3, 2, 2, 1, np.nan])
    np.testing.assert_array_equal(pair.holdout_cells[:, 0], [4, 0, 0, 0])


def test_some_rows_are_encoded_as_if_they_were_all(mixed):
    real, synthetic, holdout = mixed[0].iloc[:90], mixed[0].iloc[90:150], mixed[0].iloc[150:]
    rng = np.random.default_rng(0)
    rows = [rng.permutation(len(table))[:25] for table in (real, synthetic, holdout)]
    whole = TablePair(real, synthetic, holdout)
    some = [table.iloc[chosen] for table, chosen in zip((real, synthetic, holdout), rows, strict=True)]
    for found, read in [(whole.take(*rows), TablePair(*some)), (whole.take(*rows[:2]), TablePair(*some[:2]))]:
        for name in ("real", "synthetic", "holdout"):
            if getattr(read, name) is None:
                assert getattr(found, name) is getattr(found, f"{name}_cells") is None
                continue
            pd.testing.assert_frame_equal(getattr(found, name), getattr(read, name))
            np.testing.assert_array_equal(getattr(found, f"{name}_cells"), getattr(read, f"{name}_cells"))
        assert [list(of) if of is not None else None for of in found.levels] == [
            list(of) if of is not None else None for of in read.levels
        ]
        np.testing.assert_array_equal(found.n_real_levels, read.n_real_levels)
    # the whole is left as it was
    np.testing.assert_array_equal(whole.real_cells, TablePair(real, synthetic, holdout).real_cells)


def test_without_a_column_and_with_real_rows_held_out(mixed):
    whole = TablePair(mixed[0], mixed[0][:50])
    found, read = whole.without("city"), TablePair(mixed[0].drop(columns="city"), mixed[0][:50].drop(columns="city"))
    assert found.labels == read.labels
    assert found.kinds == read.kinds
    np.testing.assert_array_equal(found.real_cells, read.real_cells)
    np.testing.assert_array_equal(found.n_real_levels, read.n_real_levels)
    assert "city" in whole.labels
    held = whole.with_holdout(np.arange(10, 20))
    pd.testing.assert_frame_equal(held.holdout, mixed[0].iloc[10:20])
    np.testing.assert_array_equal(held.holdout_cells, whole.real_cells[10:20])
    assert whole.holdout is None


def test_a_pair_stands_for_all_tables():
    pair = TablePair([[1.0]], [[2.0]])
    assert as_pair(pair) is pair
    with pytest.raises(TypeError, match="leave synthetic and holdout out"):
        as_pair(pair, [[2.0]])
    with pytest.raises(TypeError, match="synthetic is None"):
        as_pair([[1.0]])


def test_measures_of_tables_and_of_their_pair_are_the_same(mixed):
    real, synthetic, holdout = mixed[0].iloc[:80], mixed[0].iloc[80:140], mixed[0].iloc[140:]
    pair = TablePair(real, synthetic, holdout)
    pd.testing.assert_frame_equal(invalid_cells(pair), invalid_cells(real, synthetic))
    pd.testing.assert_frame_equal(column_distances(pair), column_distances(real, synthetic))
    assert two_sample_auc(pair, random_state=0) == two_sample_auc(real, synthetic, random_state=0)
    found, expected = find_copies(pair), find_copies(real, synthetic, holdout=holdout)
    assert found[1:] == expected[1:]
    assert closest_records(pair, random_state=0) == closest_records(real, synthetic, holdout=holdout, random_state=0)
    assert membership_inference(pair) == membership_inference(real, synthetic, holdout)


def test_nested_cells_are_named():
    nested, plain = pd.DataFrame({"a": [[1], [2]]}), pd.DataFrame({"a": ["x", "y"]})
    for tables in [(nested, nested), (plain, nested), (plain, plain, nested)]:
        with pytest.raises(ValueError, match="column 'a' holds nested"):
            TablePair(*tables)


def test_keys():
    cells = np.array([[0.0, np.nan], [-0.0, np.nan], [1.0, 0.0]]) + 0.0
    keys = row_keys(cells)
    assert keys[0] == keys[1] != keys[2]
