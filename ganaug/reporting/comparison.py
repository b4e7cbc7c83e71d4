"""The page of a `Comparison`, and of a `Selection`."""

import inspect
from typing import Any

import pandas as pd

from ganaug.comparison import Comparison, Selection, compare
from ganaug.reporting.blocks import Paragraphs, Section, Table, settings_table
from ganaug.reporting.card import model_card
from ganaug.reporting.figures import draw_figures

TITLE = "Treatments of imbalance, compared"
CONTENT = "labels and sizes of classes"


def heading(result: Comparison | Selection) -> str:
    """Return what was compared.

    Parameters
    ----------
    result : Comparison or Selection
        Returned by `compare` or `select`.
    """
    return f"{result.heading}."


def sections(result: Comparison | Selection) -> list[Section]:
    """Return the sizes of classes, scores, tests, and notes on what failed.

    Parameters
    ----------
    result : Comparison or Selection
        Returned by `compare` or `select`.
    """
    comparison = _comparison(result)
    means = comparison.means().reset_index()
    scores: list[Any] = [
        Table(means, "Means over all splits; higher is better, except for the Brier score"),
        draw_figures((comparison.plot, "Means of all metrics and their 95 % intervals, by sampler", ""), wide=True),
    ]
    if isinstance(result, Selection):
        candidates = result.frame().reset_index()
        scores.insert(0, Table(candidates, f"Candidates by {result.metric}, averaged over all classifiers"))
    tests: list[Any] = [
        Paragraphs(
            [
                'Intervals cover 95 %. "difference" is the mean minus that of no resampling (none), and p is the '
                "p-value of this difference, adjusted by Holm for the number of samplers."
            ]
        )
    ]
    for classifier, rows in comparison.summary().groupby("classifier", sort=False):
        tests.append(Table(rows.drop(columns="classifier"), str(classifier)))
    noted = comparison.scores["note"] != ""
    notes = comparison.scores.loc[noted, ["sampler", "classifier", "split", "note"]]
    counts = {"class": [str(label) for label in comparison.classes], "rows": list(comparison.classes.values())}
    return [
        Section("Classes", [Table(pd.DataFrame(counts), "Rows of each class")]),
        Section("Scores", scores),
        Section("Tests", tests),
        Section("Notes", [Table(notes, "Failures and warnings") if len(notes) else Paragraphs(["Nothing failed."])]),
    ]


def card(result: Comparison | Selection) -> Section:
    """Return the model card.

    Parameters
    ----------
    result : Comparison or Selection
        Returned by `compare` or `select`.
    """
    scores = _comparison(result).scores
    n_samplers, n_classifiers, n_splits = (scores[of].nunique() for of in ("sampler", "classifier", "split"))
    return model_card(
        data="Scores of treatments of imbalance, measured by cross-validation on real data (samplers: "
        f"{n_samplers}, classifiers: {n_classifiers}, splits: {n_splits}). The synthetic rows that were scored are "
        "not kept.",
        use="To decide what to do about rare classes before synthetic rows are added. No resampling is among the "
        "treatments.",
        limits="The scores hold for these data, classifiers and settings. p-values are adjusted for the number of "
        "samplers only; with many metrics, one may be significant by chance.",
        how="This page and the files beside it do not hold synthetic rows.",
    )


def settings(result: Comparison | Selection) -> list[Any]:
    """Return the parameters of the comparison.

    Parameters
    ----------
    result : Comparison or Selection
        Returned by `compare` or `select`.
    """
    return [settings_table(_comparison(result).settings, inspect.unwrap(compare).__kwdefaults__)]


def _comparison(result: Comparison | Selection) -> Comparison:
    return result.comparison if isinstance(result, Selection) else result
