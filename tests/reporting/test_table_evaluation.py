"""The page of a table's evaluation: its sections, and that nothing of the data becomes markup."""

import re
import sys
from html import unescape

import numpy as np
import pandas as pd
import pytest

from ganaug.common.findings import SAFE
from ganaug.evaluation import TableEvaluation, evaluate_tables, table_evaluation
from ganaug.metrics import two_sample
from ganaug.reporting import table_evaluation as report
from ganaug.reporting.blocks import Figures, Image
from ganaug.reporting.page import render


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    monkeypatch.setattr(table_evaluation, "_N_RESAMPLES", 2)
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # figures take longer than all the rest


def mixed_table(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "<b>$x$</b>": rng.normal(size=n),
            "city": rng.choice(["Rome", "Oslo", None], n),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
        }
    )


@pytest.fixture
def evaluation() -> TableEvaluation:
    return evaluate_tables(mixed_table(60), pd.concat([mixed_table(30, 1), mixed_table(60)[:30]]), random_state=0)


def written(evaluation: TableEvaluation) -> str:
    sections = [*report.sections(evaluation), report.card(evaluation)]
    text = render(report.TITLE, sections, notice=f"Holds {report.CONTENT}.")
    assert text is not None
    return text


def test_sections(evaluation):
    titles = [section.title for section in report.sections(evaluation)]
    assert titles == ["Measures", "Columns", "Associations", "Projection", "Privacy"]
    assert [section.title for section in report.sections(evaluation, " of a")] == [f"{title} of a" for title in titles]
    assert report.card(evaluation).title == "Model card"
    assert report.heading(evaluation) == evaluation.heading


def test_rules_are_listed_where_the_real_table_has_any():
    rng = np.random.default_rng(0)
    start = rng.integers(0, 99, 120)
    real = pd.DataFrame({"start": start, "end": start + rng.integers(0, 9, 120)})
    found = evaluate_tables(real, real.assign(end=real["end"][::-1].to_numpy()), random_state=0)
    titles = [section.title for section in report.sections(found)]
    assert titles == ["Measures", "Rules", "Columns", "Associations", "Projection", "Privacy"]
    assert "start &lt;= end" in written(found)


def test_a_page(evaluation):
    text = written(evaluation)
    assert "<b>" not in text
    assert "&lt;b&gt;$x$&lt;/b&gt;" in text
    # the column with the largest distance first
    names = [unescape(name) for name in re.findall('data-name="(.*?)"', text)]
    assert names == list(evaluation.columns().index)
    assert "The first 20 of 30 copies and near copies" in text
    private = [finding.sentence for finding in evaluation.verdict if finding.question == SAFE]
    assert all(sentence in unescape(text) for sentence in private)
    assert "2024-01-0" in text


def test_hundreds_of_columns_show_the_worst(monkeypatch):
    monkeypatch.setattr(report, "_N_COLUMN_CHARTS", 10)
    rows = np.random.default_rng(0).normal(size=(50, 40))
    other = rows[::-1].copy()
    other[:, 33] += 9
    monkeypatch.setattr(report, "draw_figures", lambda *figures: Figures([Image("", alt) for _, alt, _ in figures]))
    text = written(evaluate_tables(rows, other, random_state=0))
    assert text.count('class="chart"') == 10
    assert re.findall('data-name="(.*?)"', text)[0] == "33"
    assert "Of 40 columns, the 10 with the largest distances are shown." in text
    assert "Of 40 columns, 25 in the pairs that differ most are shown." in text


def test_a_single_column_has_no_associations():
    rows = np.random.default_rng(0).normal(size=(50, 1))
    assert "has a single column, so there are no associations" in written(evaluate_tables(rows, rows, random_state=0))
