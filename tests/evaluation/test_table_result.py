"""An evaluation as users meet it: in a terminal, in a notebook, and as a figure."""

import numpy as np
import pandas as pd
from random_tables import table
from sklearn.linear_model import LogisticRegression

from ganaug.common.findings import HELPS, REAL, SAFE, show_findings
from ganaug.evaluation import evaluate_tables, table_evaluation
from ganaug.metrics import two_sample

LINEAR = [LogisticRegression()]


def test_the_verdict(case):
    name, found = case
    findings = found.verdict
    assert list(dict.fromkeys(finding.question for finding in findings)) == [HELPS, REAL, SAFE]
    said = show_findings(findings)
    told = {"good": "Is it real? good. A random", "copies": "Is it real? good. A random", "junk": "they are junk"}
    assert told[name] in said
    assert ("There are copies: 150 of 150" in said) == (name == "copies")
    assert ("Do not share" in said) == (name == "copies")
    assert ("Is it safe to share? bad" in said) == (name == "copies")
    assert ("that the real table could not hold" in said) == (name == "junk")
    assert ("Diversity is too low" in said) == (name == "junk")
    assert ("one class" in said) == (name == "junk")


def test_what_is_shown(case):
    found = case[1]
    lines = repr(found).splitlines()
    assert lines[0] == "150 synthetic rows, compared with 150 real rows and 150 held-out rows"
    assert found.verdict[0].sentence in lines[1]
    assert len(lines) <= 10
    page = found._repr_html_()
    assert page.count("<li>") == len(found.verdict)
    assert page.count("<tr>") == len(found.frame())
    assert found.copies().equals(found.copied.pairs)
    assert list(found.associations().difference) == ["x", "y", "count", "city", "good"]
    bars, heat = found.plot().axes[:2]
    assert len(bars.patches) == 5
    assert np.ma.getdata(heat.images[0].get_array()).shape == (5, 5)


def test_differences_of_associations_are_the_largest_first(case):
    found = case[1].association_differences()
    assert found.is_monotonic_decreasing
    assert len(found) == 10
    a, b = found.index[0]
    assert found.iloc[0] == abs(case[1].associations().difference.loc[a, b])


def test_names_of_columns_are_shown_as_they_are(monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    monkeypatch.setattr(table_evaluation, "_N_RESAMPLES", 2)
    frame = pd.DataFrame({"<b>$x$</b>": np.arange(40.0), "y": ["a", "b"] * 20})
    found = evaluate_tables(frame, frame.assign(**{"<b>$x$</b>": 99.5}), random_state=0)
    page = found._repr_html_()
    assert "<b>$x$" not in page
    assert "&lt;b&gt;$x$" in page
    found.plot().canvas.draw()


def test_without_a_holdout_it_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    real = table(60)[["x", "city"]]
    found = evaluate_tables(real, table(40, 1)[["city", "x"]], random_state=0)
    frame = found.frame().set_index("measure")
    assert np.isnan(frame.loc["membership-inference AUC", "value"])
    assert "needs a hold-out" in frame.loc["membership-inference AUC", "meaning"]
    assert found.verdict[-1].answer == "unknown"
    assert "needs a hold-out" in found.verdict[-1].sentence
    assert "other real rows" in frame.loc["exact copies", "meaning"]
    assert "no row was held out" in repr(found)
