"""The page of a `Comparison`, and of a `Selection`."""

import inspect
from functools import partial
from math import isnan
from typing import Any

import pandas as pd

from ganaug.common.wording import signed
from ganaug.comparison import Comparison, Selection, compare, default_arms
from ganaug.reporting.blocks import Paragraphs, Section, Table, p_cell, settings_table
from ganaug.reporting.card import model_card
from ganaug.reporting.figures import draw_figures

TITLE = "Treatments of imbalance, compared"
# What was predicted -> how the page calls its groups of rows: the section, its table, what each group is, what the page
# shows of them, and what the treatments are for.
_GROUPS = {
    "classification": ("Classes", "Rows of each class", "class", "classes and how many rows each has", "rare classes"),
    "regression": (
        "Targets",
        "Rows of each range",
        "range",
        "ranges of the target and how many rows each holds",
        "rare targets",
    ),
    "multilabel": ("Labels", "Rows with each label", "label", "labels and how many rows have each", "rare labels"),
}


def heading(result: Comparison | Selection) -> str:
    """Return what was compared.

    Parameters
    ----------
    result : Comparison or Selection
        Returned by `compare` or `select`.
    """
    return f"{result.heading}."


def content(result: Comparison | Selection) -> str:
    """Return what of the real data the page shows.

    Parameters
    ----------
    result : Comparison or Selection
        Returned by `compare` or `select`.
    """
    return _GROUPS[_comparison(result).task][3]


def sections(result: Comparison | Selection) -> list[Section]:
    """Return the sizes of classes, scores, tests, and notes on what failed.

    Parameters
    ----------
    result : Comparison or Selection
        Returned by `compare` or `select`.
    """
    comparison = _comparison(result)
    scores: list[Any] = []
    if isinstance(result, Selection):
        scores.append(Table(_candidates(result), f"Candidates by {result.metric}, averaged over all classifiers"))
    for classifier, means in comparison.means().groupby("classifier", sort=False):
        frame = (
            means.droplevel("classifier").rename_axis("sampler").reset_index().rename(columns=comparison.short_names)
        )
        scores.append(Table(frame, f"{classifier}: means over {comparison.splits_in_words}"))
    # a figure for each metric: they stand below each other on a phone
    figures = [
        (partial(comparison.plot, metric), f"Means of {metric} and their 95 % intervals, by sampler", "")
        for metric in comparison.metrics
    ]
    scores += [Paragraphs([comparison.how_to_read]), draw_figures(*figures)]
    tests: list[Any] = [
        Paragraphs(
            [
                "In brackets stand 95 % intervals. A difference is the mean of a sampler less that of no resampling "
                "(none). p says how often chance alone gives such a difference: below 0.05 it is significant. It is "
                "adjusted by Holm for the number of samplers."
            ]
        )
    ]
    for classifier, rows in comparison.summary().groupby("classifier", sort=False):
        tests.append(Table(_tests(rows, comparison), str(classifier)))
    noted = comparison.scores["note"] != ""
    notes = comparison.scores.loc[noted, ["sampler", "classifier", "split", "note"]]
    title, caption, noun, *_ = _GROUPS[comparison.task]
    counts = {noun: [str(label) for label in comparison.classes], "rows": list(comparison.classes.values())}
    said = Paragraphs([f"Every sampler and {comparison.noun} was scored in each split ({comparison.splits_in_words})."])
    return [
        Section("Scores", scores),
        Section("Tests", tests),
        Section(title, [Table(pd.DataFrame(counts), caption)]),
        Section("Notes", [Table(notes, "Failures and warnings") if len(notes) else said]),
    ]


def _candidates(result: Selection) -> pd.DataFrame:
    frame = result.frame().reset_index(names="candidate")
    shown = frame[["candidate", "mean"]].copy()
    if not result.comparison.has_verdict:
        return shown.assign(gain=frame["gain"])
    shown["gain over none"] = [
        "" if name == "none" else _with_interval(gain, low, high, is_difference=True)
        for name, gain, low, high in frame[["candidate", "gain", "low", "high"]].itertuples(index=False)
    ]
    return shown.assign(p=frame["p"].map(p_cell))


def _tests(rows: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Return the tests of a classifier in columns that a phone shows: an interval stands behind its mean."""
    shown = pd.DataFrame(
        {
            "metric": rows["metric"].map(comparison.short_names),
            "sampler": rows["sampler"],
            "mean": [_with_interval(*ends) for ends in rows[["mean", "low", "high"]].itertuples(index=False)],
        }
    )
    differences = rows[["difference", "difference_low", "difference_high"]].itertuples(index=False)
    shown["difference"] = [
        "" if name == "none" else _with_interval(ends[0], ends[1], ends[2], is_difference=True)
        for name, ends in zip(rows["sampler"], differences, strict=True)
    ]
    return shown.assign(p=rows["p"].map(p_cell)) if comparison.has_verdict else shown


def _with_interval(mean: float, low: float, high: float, *, is_difference: bool = False) -> str:
    if isnan(mean):
        return ""
    if is_difference:
        written = signed(mean, 3)
        return written if isnan(low) else f"{written} ({signed(low, 3)} to {signed(high, 3)})"
    return f"{mean:.3f}" if isnan(low) else f"{mean:.3f} ({low:.3f} to {high:.3f})"


def card(result: Comparison | Selection) -> Section:
    """Return the model card.

    Parameters
    ----------
    result : Comparison or Selection
        Returned by `compare` or `select`.
    """
    comparison = _comparison(result)
    scores, noun = comparison.scores, comparison.noun
    n_samplers, n_classifiers, n_splits = (scores[of].nunique() for of in ("sampler", "classifier", "split"))
    return model_card(
        data="Scores of treatments of imbalance, measured by cross-validation on real data (samplers: "
        f"{n_samplers}, {noun}s: {n_classifiers}, splits: {n_splits}). The synthetic rows that were scored are "
        "not kept.",
        use=f"To decide what to do about {_GROUPS[comparison.task][4]} before synthetic rows are added. No resampling "
        "is among the treatments.",
        limits=f"The scores hold for these data, {noun}s and settings. p-values are adjusted for the number of "
        "samplers only; with many metrics, one may be significant by chance.",
        how="",
    )


def settings(result: Comparison | Selection) -> list[Any]:
    """Return the parameters of the comparison.

    Parameters
    ----------
    result : Comparison or Selection
        Returned by `compare` or `select`.
    """
    comparison = _comparison(result)
    defaults = inspect.unwrap(compare).__kwdefaults__ | default_arms(comparison.task)
    return [settings_table(comparison.settings, defaults)]


def _comparison(result: Comparison | Selection) -> Comparison:
    return result.comparison if isinstance(result, Selection) else result
