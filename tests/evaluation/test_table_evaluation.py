"""All measures of a table: what they say of good rows, copies and junk, and that every table can be measured."""

import re
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from random_tables import table
from sklearn.linear_model import LogisticRegression

from ganaug import evaluate
from ganaug.evaluation import evaluate_tables, table_evaluation
from ganaug.metrics import table_pair, two_sample, utility
from ganaug.reporting.table_evaluation import sections

LINEAR = [LogisticRegression()]
PARTS = ["validity", "fidelity", "privacy", "utility"]


@pytest.mark.parametrize("holdout", [None, table(40, 2)], ids=["none held out", "hold-out"])
def test_each_table_is_read_and_each_column_encoded_once(holdout, monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    monkeypatch.setattr(table_evaluation, "_N_RESAMPLES", 2)
    monkeypatch.setattr(utility, "_N_RESAMPLES", 2)
    read, encoded = [], []

    def as_frame(table, name, like=None):
        read.append(name)
        return original_as_frame(table, name, like)

    def encode(columns):
        if isinstance(columns[0], pd.Series):  # the codes of fewer rows are arrays, which costs nothing
            encoded.append(columns[0].name)
        return original_encode(columns)

    original_as_frame, original_encode = table_pair.as_frame, table_pair._encode
    monkeypatch.setattr(table_pair, "as_frame", as_frame)
    monkeypatch.setattr(table_pair, "_encode", encode)
    evaluate_tables(table(40), table(40, 1), holdout=holdout, target="good", classifiers=LINEAR, random_state=0)
    assert read == ["real", "synthetic", "holdout"][: 2 + (holdout is not None)]
    assert encoded == ["city", "good"]


def test_the_numbers(case):
    name, found = case
    frame = found.frame().set_index("measure")
    assert list(dict.fromkeys(frame["part"])) == PARTS
    assert frame.index.is_unique
    value = frame["value"]
    known = frame.dropna(subset=["value", "low"])
    assert (known["low"] <= known["value"] + 0.02).all()
    assert (known["value"] <= known["high"] + 0.02).all()
    assert frame["meaning"].str.len().gt(0).all()
    if name == "good":
        assert value["invalid cells"] < 0.02
        for measure in ("two-sample AUC", "membership-inference AUC"):
            assert known.loc[measure, "low"] - 0.05 < 0.5 < known.loc[measure, "high"] + 0.05
        assert value["exact copies"] == 0
    if name == "copies":
        assert value["two-sample AUC"] == 0.5
        assert value["precision"] == value["recall"] == value["coverage"] == value["exact copies"] == 1
        assert value["membership-inference AUC"] > 0.9
        assert value["distance to closest record, ratio"] == 0
    if name == "junk":
        assert value["unseen level cells"] == value["off grid cells"] == 0.2
        assert value["two-sample AUC"] == 1
        assert value["precision"] < 0.1
        assert "'count'" in frame.loc["broken dtypes", "meaning"]


def test_columns_are_the_farthest_first(case):
    columns = case[1].columns()
    assert columns["distance"].is_monotonic_decreasing
    assert {"measure", "chance", "invalid", "grid", "real dtype"} <= set(columns)
    assert sorted(columns.index) == sorted(["x", "y", "count", "city", "good"])


def test_same_seed_same_numbers_and_the_global_generator_is_left_alone(monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    before = np.random.get_state()[1].copy()
    how = {"target": "good", "classifiers": LINEAR, "random_state": 1}
    first, second = (evaluate_tables(table(40), table(40, 1), **how).frame() for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    evaluate_tables(table(40)[["x"]], table(40, 1)[["x"]])
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize(
    "columns",
    [
        {"x": np.arange(40.0)},
        {"x": ["a", "b"] * 20},
        {"x": [7] * 40},
        {"x": [0.1] * 40},
        {"x": [None] * 40},
        {"x": [np.nan] * 40, "y": ["a"] * 40},
        {"x": pd.date_range("2024-01-01", periods=40, tz="Europe/Rome"), "y": pd.to_timedelta(np.arange(40), unit="h")},
        {"x": pd.array([1, None] * 20, "Int64"), "y": pd.array([True, None] * 20, "boolean")},
        {"x": pd.array(["a", None] * 20, "string"), "y": pd.Categorical(["u", "v"] * 20), "z": [True, False] * 20},
        {("a", 1): np.arange(40), ("a", 2): np.arange(40.0)[::-1]},
    ],
    ids=[
        "number",
        "category",
        "constant",
        "constant float",
        "missing",
        "missing float",
        "times",
        "nullable",
        "levels",
        "tuples",
    ],
)
def test_every_table(columns, monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    monkeypatch.setattr(table_evaluation, "_N_RESAMPLES", 2)
    frame = pd.DataFrame(columns)
    for real, synthetic in [(frame, frame[::-1]), (frame, frame.iloc[:25].set_axis([0] * 25))]:
        found = evaluate_tables(real, synthetic, holdout=frame, random_state=0)
        value = found.frame().set_index("measure")["value"]
        assert value["invalid cells"] == 0
        assert value["exact copies"] == 1
        assert value.drop("membership-inference AUC").notna().all()
        # the hold-out has them as well
        assert "not more than chance explains" in " ".join(finding.sentence for finding in found.verdict)
        assert found.plot().axes
        with monkeypatch.context() as undrawn:
            undrawn.setitem(sys.modules, "matplotlib", None)
            columns = {section.title: section.blocks for section in sections(found)}["Columns"]
            assert len(columns[1].charts) == frame.shape[1]


@pytest.mark.parametrize("wrap", [pl.from_pandas, lambda frame: pl.from_pandas(frame).to_arrow(), pd.DataFrame])
def test_every_container(wrap, monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    monkeypatch.setattr(table_evaluation, "_N_RESAMPLES", 2)
    real, synthetic = table(40), table(40, 1)
    expected = evaluate_tables(real, synthetic, random_state=0).frame()
    found = evaluate_tables(wrap(real), wrap(synthetic), random_state=0).frame()
    numbers = ["value", "low", "high", "real"]
    pd.testing.assert_frame_equal(found[numbers], expected[numbers])


def test_arrays(monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    rows = np.random.default_rng(0).normal(size=(60, 2))
    found = evaluate_tables(rows[:30], rows[30:].tolist(), random_state=0)
    assert found.columns().index.isin([0, 1]).all()


@pytest.mark.parametrize(
    ("synthetic", "how", "message"),
    [
        (table(40).drop(columns="city"), {}, "synthetic lacks column 'city'"),
        (table(40).assign(extra=1), {}, "synthetic has column 'extra' that the real table does not have"),
        (table(40), {"holdout": table(40)[["x"]]}, "holdout lacks columns 'y', 'count', 'city', 'good'"),
        (table(40)[:5], {}, "synthetic has 5 rows, but at least 20 are needed"),
        (table(40), {"target": "bad"}, "target is 'bad', which is not a column"),
        (table(40), {"classifiers": LINEAR}, "name it with target="),
    ],
)
def test_errors_name_what_is_wrong(synthetic, how, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        evaluate_tables(table(40), synthetic, **how)


@pytest.mark.parametrize("kind", [np.asarray, list, pd.Series])
def test_labels_may_stand_beside_the_tables(kind):
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame({"a": rng.normal(size=80), "b": rng.normal(size=80)}), np.repeat([0, 1], [40, 40])
    beside = evaluate(X, X[::2], target=(kind(y), kind(y[::2])), random_state=0)
    inside = evaluate(X.assign(target=y), X[::2].assign(target=y[::2]), target="target", random_state=0)
    pd.testing.assert_frame_equal(beside.frame(), inside.frame())
    with pytest.raises(ValueError, match="target of synthetic has shape"):
        evaluate(X, X[::2], target=(kind(y), kind(y)), random_state=0)
    with pytest.warns(UserWarning, match="Only rows with target = 1 are compared"):
        some = evaluate(X, X[50:], target=(kind(y), kind(y[50:])), random_state=0)
    assert some.n_rows["real"] == 40
