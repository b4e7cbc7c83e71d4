"""The evaluation as a whole: what it says of good rows, copies and junk, and that it takes every table."""

import re
import sys
from html import unescape

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from ganaug.evaluation import table_result as summary
from ganaug.evaluation.table_result import TableEvaluation, evaluate
from ganaug.metrics import fidelity, utility

LINEAR = [LogisticRegression()]
PARTS = ["validity", "fidelity", "privacy", "utility"]


def table(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "x": x,
            "y": x + rng.normal(size=n),
            "count": rng.poisson(3, n),
            "city": rng.choice(["Rome", "Oslo", "Lima"], n),
            "good": np.where(x > 0.3, "yes", "no"),
        }
    )


@pytest.fixture(scope="module", params=["good", "copies", "junk"])
def case(request) -> tuple[str, TableEvaluation]:
    real, held = table(150), table(150, 1)
    rng = np.random.default_rng(2)
    junk = pd.DataFrame(
        {"x": 30 * rng.normal(size=150), "y": 30 * rng.normal(size=150), "count": 0.5, "city": "Nowhere", "good": "yes"}
    )
    synthetic = {"good": table(150, 3), "copies": real[::-1], "junk": junk}[request.param]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fidelity, "N_TREES", 20)
        patch.setattr(utility, "_N_RESAMPLES", 10)
        found = evaluate(real, synthetic, holdout=held, target="good", classifiers=LINEAR, random_state=0)
    return request.param, found


def test_the_verdict(case):
    name, found = case
    said = " ".join(found.verdict)
    assert {"good": "Real enough", "copies": "Real enough", "junk": "Junk"}[name] in said
    assert ("Copies: 150 of 150" in said) == (name == "copies")
    assert ("Do not share" in said) == (name == "copies")
    assert ("Nothing measured here speaks against" in said) == (name != "copies")
    assert ("could not hold" in said) == (name == "junk")
    assert ("Variety is lacking" in said) == (name == "junk")
    assert ("one class" in said) == (name == "junk")


def test_the_numbers(case):
    name, found = case
    frame = found.frame().set_index("measure")
    assert list(dict.fromkeys(frame["part"])) == PARTS
    assert frame.index.is_unique
    value = frame["value"]
    known = frame.dropna(subset=["value", "low"])
    assert (known["low"] <= known["value"] + 0.02).all()
    assert (known["value"] <= known["high"] + 0.02).all()
    assert frame["reads"].str.len().gt(0).all()
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
        assert "'count'" in frame.loc["broken dtypes", "reads"]


def test_columns_are_the_farthest_first(case):
    columns = case[1].columns()
    assert columns["distance"].is_monotonic_decreasing
    assert {"measure", "chance", "invalid", "grid", "real dtype"} <= set(columns)
    assert sorted(columns.index) == sorted(["x", "y", "count", "city", "good"])


def test_what_is_shown(case):
    found = case[1]
    assert "150 synthetic rows against 150 real ones, 150 held out" in repr(found)
    assert found.verdict[0] in repr(found)
    page = found._repr_html_()
    assert page.count("<li>") == len(found.verdict)
    assert found.copies().equals(found.copied.listed)
    assert list(found.associations().difference) == ["x", "y", "count", "city", "good"]
    bars, heat = found.plot().axes[:2]
    assert len(bars.patches) == 5
    assert np.ma.getdata(heat.images[0].get_array()).shape == (5, 5)


def test_names_of_columns_are_shown_as_they_are(monkeypatch):
    monkeypatch.setattr(fidelity, "N_TREES", 5)
    frame = pd.DataFrame({"<b>$x$</b>": np.arange(40.0), "y": ["a", "b"] * 20})
    found = evaluate(frame, frame.assign(**{"<b>$x$</b>": 99.5}), random_state=0)
    assert "<b>" not in found._repr_html_()
    assert "&lt;b&gt;" in found._repr_html_()
    found.plot().canvas.draw()
    page = found.html(title="<b>")
    assert "<b>" not in page
    assert "&lt;b&gt;$x$&lt;/b&gt;" in page


def test_a_page(case, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # figures take longer than all the rest
    found = case[1]
    assert found.html(tmp_path / "report.html", title="Mine") is None
    page = (tmp_path / "report.html").read_text()
    for heading in [
        *("Verdict", "Measures", "Columns", "Associations", "Projection", "Privacy"),
        *("Model card", "Settings", "Versions"),
    ]:
        assert f">{heading}</h2>" in page
    assert "<h1>Mine</h1>" in page
    assert all(sentence in unescape(page) for sentence in found.verdict)
    # the farthest column first
    names = re.findall('data-name="(.*?)"', page)
    assert names == list(found.columns().index)
    assert [section.title for section in found.sections(" of a")][:2] == ["Measures of a", "Columns of a"]


def test_a_page_of_hundreds_of_columns_shows_the_worst(monkeypatch):
    monkeypatch.setattr(fidelity, "N_TREES", 5)
    monkeypatch.setattr(summary, "_N_RESAMPLES", 2)
    monkeypatch.setattr(summary, "_SHOWN_SHAPES", 10)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    rows = np.random.default_rng(0).normal(size=(50, 40))
    other = rows[::-1].copy()
    other[:, 33] += 9
    page = evaluate(rows, other, random_state=0).html()
    assert page.count('class="shape"') == 10
    assert re.findall('data-name="(.*?)"', page)[0] == "33"
    assert "The 10 of 40 columns that are farthest from the real ones" in page
    assert "25 of 40 columns in pairs that differ most" in page


def test_without_a_holdout_it_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(fidelity, "N_TREES", 5)
    real = table(60)[["x", "city"]]
    found = evaluate(real, table(40, 1)[["city", "x"]], random_state=0)
    frame = found.frame().set_index("measure")
    assert np.isnan(frame.loc["membership-inference AUC", "value"])
    assert "needs a hold-out" in frame.loc["membership-inference AUC", "reads"]
    assert "Without a hold-out" in found.verdict[-1]
    assert "real rows among themselves" in frame.loc["exact copies", "reads"]
    assert "none held out" in repr(found)


def test_same_seed_same_numbers_and_the_global_generator_is_left_alone(monkeypatch):
    monkeypatch.setattr(fidelity, "N_TREES", 5)
    before = np.random.get_state()[1].copy()
    first, second = (
        evaluate(table(40), table(40, 1), target="good", classifiers=LINEAR, random_state=1).frame() for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)
    evaluate(table(40)[["x"]], table(40, 1)[["x"]])
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
    monkeypatch.setattr(fidelity, "N_TREES", 5)
    monkeypatch.setattr(summary, "_N_RESAMPLES", 2)
    frame = pd.DataFrame(columns)
    for real, synthetic in [(frame, frame[::-1]), (frame, frame.iloc[:25].set_axis([0] * 25))]:
        found = evaluate(real, synthetic, holdout=frame, random_state=0)
        value = found.frame().set_index("measure")["value"]
        assert value["invalid cells"] == 0
        assert value["exact copies"] == 1
        assert value.drop("membership-inference AUC").notna().all()
        assert "no more than chance" in " ".join(found.verdict)  # the hold-out has them as well
        assert found.plot().axes
        with monkeypatch.context() as undrawn:
            undrawn.setitem(sys.modules, "matplotlib", None)
            assert found.html().count('class="shape"') == frame.shape[1]


@pytest.mark.parametrize("wrap", [pl.from_pandas, lambda frame: pl.from_pandas(frame).to_arrow(), pd.DataFrame])
def test_every_container(wrap, monkeypatch):
    monkeypatch.setattr(fidelity, "N_TREES", 5)
    monkeypatch.setattr(summary, "_N_RESAMPLES", 2)
    real, synthetic = table(40), table(40, 1)
    expected = evaluate(real, synthetic, random_state=0).frame()
    found = evaluate(wrap(real), wrap(synthetic), random_state=0).frame()
    numbers = ["value", "low", "high", "best"]
    pd.testing.assert_frame_equal(found[numbers], expected[numbers])


def test_arrays(monkeypatch):
    monkeypatch.setattr(fidelity, "N_TREES", 5)
    rows = np.random.default_rng(0).normal(size=(60, 2))
    found = evaluate(rows[:30], rows[30:].tolist(), random_state=0)
    assert found.columns().index.isin([0, 1]).all()


@pytest.mark.parametrize(
    ("synthetic", "how", "message"),
    [
        (table(40).drop(columns="city"), {}, "synthetic lacks column 'city'"),
        (table(40).assign(extra=1), {}, "synthetic has column 'extra' that the real table has not"),
        (table(40), {"holdout": table(40)[["x"]]}, "holdout lacks columns 'y', 'count', 'city', 'good'"),
        (table(40)[:5], {}, "synthetic has 5 rows, and 20 are needed"),
        (table(40), {"target": "bad"}, "target is 'bad', which is no column"),
        (table(40), {"classifiers": LINEAR}, "name the column with target="),
    ],
)
def test_errors_name_what_is_wrong(synthetic, how, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        evaluate(table(40), synthetic, **how)
