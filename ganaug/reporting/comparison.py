"""A comparison, or what `select` chose, as sections of a page."""

from typing import Any

import pandas as pd

from ganaug.common.findings import show_findings
from ganaug.comparison import Comparison, Selection, compare
from ganaug.reporting.card import model_card
from ganaug.reporting.page import Section, Table, Words, drawings, settings

# For `ganaug.reporting.page.page`: the heading, and what the page holds of the real data.
TITLE = "Treatments of imbalance compared"
HOLDS = "labels and sizes of classes"


def sections(result: Comparison | Selection) -> list[Section]:
    """Return the sections of a page.

    Parameters
    ----------
    result : Comparison or Selection
        What `compare` or `select` returned.

    Returns
    -------
    list of Section
        Figures need matplotlib (``pip install 'ganaug[plot]'``); without it, the page says so in their place. Only
        labels and the number of their rows are shown of the data.
    """
    comparison = result.comparison if isinstance(result, Selection) else result
    means = comparison.means().reset_index()
    scores: list[Any] = [
        Table(means, "Means over all splits; higher is better, except for the Brier score"),
        drawings((comparison.plot, "Means of all metrics and their 95 % intervals, by sampler", ""), wide=True),
    ]
    if isinstance(result, Selection):
        candidates = result.frame().reset_index()
        scores.insert(0, Table(candidates, f"Candidates by {result.metric}, mean of all classifiers"))
    tests: list[Any] = [
        Words(
            [
                "Intervals cover 95 %. The difference is from no resampling (none); p is its p-value, adjusted by Holm "
                "for the number of samplers."
            ]
        )
    ]
    for classifier, rows in comparison.summary().groupby("classifier", sort=False):
        tests.append(Table(rows.drop(columns="classifier"), str(classifier)))
    noted = comparison.scores["note"] != ""
    notes = comparison.scores.loc[noted, ["sampler", "classifier", "split", "note"]]
    counts = {"class": [str(label) for label in comparison.classes], "rows": list(comparison.classes.values())}
    return [
        Section("Verdict", [Words(show_findings(result.verdict).splitlines())]),
        Section("Classes", [Table(pd.DataFrame(counts), "Rows of each class")]),
        Section("Scores", scores),
        Section("Tests", tests),
        Section("Notes", [Table(notes, "Failures and warnings") if len(notes) else Words(["Nothing failed."])]),
        _card(comparison.scores),
        Section("Settings", [settings(comparison.settings, compare.__kwdefaults__)]),
    ]


def _card(scores: pd.DataFrame) -> Section:
    n_samplers, n_classifiers, n_splits = (scores[of].nunique() for of in ("sampler", "classifier", "split"))
    return model_card(
        data=f"Scores of {n_samplers} treatments of imbalance with {n_classifiers} classifiers on {n_splits} splits of "
        "real data. The synthetic rows that were scored are not kept.",
        use="To decide what to do about rare classes before synthetic rows are added. No resampling is among the "
        "answers.",
        limits="The scores hold for these data, classifiers and settings. p-values are adjusted for the number of "
        "samplers only; with many metrics, one may be significant by chance.",
        how="Neither this page nor a file beside it holds a synthetic row.",
    )
