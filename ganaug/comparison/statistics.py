"""Means, intervals and tests of scores that come from overlapping training rows.

The rows that splits of one table train on overlap, so their scores spread less than those of independent tables would.
Intervals and tests take the variance of a mean over J splits as (1 / J + n_test / n_train) times that of the scores,
with J - 1 degrees of freedom: the corrected resampled t-test of Nadeau and Bengio (Machine Learning 52, 2003), on
scores paired by split. p-values of several samplers are adjusted by Holm (Scand. J. Statist. 6, 1979).

Everything here works on a frame of scores: a row for each sampler, classifier and split, see `RUN_COLUMNS`.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, logit

from ganaug.comparison.scoring import BRIER, LOWER_IS_BETTER, RUN_COLUMNS
from ganaug.comparison.target_scoring import ERRORS, LABEL_METRICS

# A test is significant where chance alone would give such a difference less often than once in twenty comparisons.
ALPHA = 0.05
# With fewer splits there is no verdict: a variance from two to four overlapping splits is worth nothing.
MIN_SPLITS = 5
# Differences below it are rounding.
_TOLERANCE = 1e-9


class Interval(NamedTuple):
    """A mean and the ends of its 95 % interval, which are missing for a single score."""

    mean: float
    low: float
    high: float


def interval(values: pd.Series, overlap: float, bounds: tuple[float, float]) -> Interval:
    """Return the mean of scores, or of differences, and its 95 % interval.

    Parameters
    ----------
    values : Series
        One for each split. If any is missing, all results are missing.
    overlap : float
        Test rows for each training row, of `overlap_of`.
    bounds : (float, float)
        The range of the values; the interval does not leave it.

    Examples
    --------
    >>> interval(pd.Series([0.99, 0.98, 1.0]), 0.25, (0, 1)).high < 1
    True
    """
    n, mean = len(values), float(values.mean(skipna=False))
    if values.isna().any() or n < 2:
        return Interval(mean, float("nan"), float("nan"))
    half = float(stats.t.ppf(1 - ALPHA / 2, n - 1) * np.sqrt((1 / n + overlap) * values.var()))
    low, high = bounds
    if low < 0:  # a difference: as symmetric as its test, so that both say the same of 0
        return Interval(mean, max(low, mean - half), min(high, mean + half))
    if np.isinf(high):  # an error, which is above 0
        ratio = float(np.exp(half / mean)) if mean > 0 else 1.0
        return Interval(mean, mean / ratio, mean * ratio)
    share = (mean - low) / (high - low)
    if not 0 < share < 1:
        return Interval(mean, mean, mean)
    slope = share * (1 - share) * (high - low)
    ends = logit(share) + np.array([-1, 1]) * half / slope
    return Interval(mean, *(float(low + (high - low) * end) for end in expit(ends)))


def corrected_p(differences: pd.Series, overlap: float) -> float:
    """Return the two-sided p-value of a mean difference of 0, by the corrected resampled t-test.

    Parameters
    ----------
    differences : Series
        One for each split. If any is missing, or there is only one, the p-value is missing.
    overlap : float
        Test rows for each training row, of `overlap_of`.
    """
    n = len(differences)
    if differences.isna().any() or n < 2:
        return float("nan")
    mean, error = differences.mean(), np.sqrt((1 / n + overlap) * differences.var())
    if error < _TOLERANCE:
        return float(abs(mean) < _TOLERANCE)
    return float(2 * stats.t.sf(abs(mean) / error, n - 1))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjust a family of p-values by Holm's step-down method.

    Parameters
    ----------
    p_values : mapping of str to float
        Missing ones do not belong to the family and are left out.

    Returns
    -------
    dict of str to float
        In rising order.

    Examples
    --------
    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    known = pd.Series(p_values, dtype=float).dropna().sort_values(kind="stable")
    adjusted = (known * np.arange(len(known), 0, -1)).cummax().clip(upper=1.0)
    return {str(name): float(p) for name, p in adjusted.items()}


def metrics_of(scores: pd.DataFrame) -> list[str]:
    """Return the names of the metrics.

    Parameters
    ----------
    scores : DataFrame
        The scores.
    """
    return [str(column) for column in scores if column not in RUN_COLUMNS]


def main_metric(scores: pd.DataFrame) -> str:
    """Return "average precision", or the first metric where it was not measured.

    Parameters
    ----------
    scores : DataFrame
        The scores.
    """
    metrics = metrics_of(scores)
    return "average precision" if "average precision" in metrics else metrics[0]


def bounds_of(scores: pd.DataFrame, metric: str) -> tuple[float, float]:
    """Return the range of a metric: 0 to 1, to 2 for a Brier score summed over several classes; an error has no end.

    Parameters
    ----------
    scores : DataFrame
        The scores.
    metric : str
        One of `metrics_of`.
    """
    if metric in ERRORS:
        return 0.0, float("inf")
    return 0.0, 2.0 if metric == BRIER and scores[metric].max() > 1 else 1.0


def task_in(scores: pd.DataFrame) -> str:
    """Return what was predicted: "classification", "regression" or "multilabel".

    Parameters
    ----------
    scores : DataFrame
        The scores.
    """
    metrics = metrics_of(scores)
    return "regression" if ERRORS[0] in metrics else "multilabel" if LABEL_METRICS[0] in metrics else "classification"


def model_noun(scores: pd.DataFrame) -> str:
    """Return what the models of a comparison are called.

    Parameters
    ----------
    scores : DataFrame
        The scores.
    """
    return "regressor" if task_in(scores) == "regression" else "classifier"


def n_splits_of(scores: pd.DataFrame) -> int:
    """Return the number of splits that were scored.

    Parameters
    ----------
    scores : DataFrame
        The scores.
    """
    return int(scores["split"].nunique())


def overlap_of(scores: pd.DataFrame) -> float:
    """Return the number of test rows for each training row.

    Parameters
    ----------
    scores : DataFrame
        The scores.
    """
    return float((scores["n_test"] / scores["n_train"]).mean())


def gains_of(scores: pd.DataFrame, metric: str, classifier: str | None = None) -> dict[str, pd.Series]:
    """Return how much better than "none" each sampler is on each split; above 0 is better, whatever the metric.

    Parameters
    ----------
    scores : DataFrame
        The scores.
    metric : str
        One of `metrics_of`.
    classifier : str or None, default=None
        None takes the mean over all classifiers.

    Returns
    -------
    dict of str to Series
        Without samplers that have no score on some split.
    """
    if classifier is None:
        each = [gains_of(scores, metric, name) for name in scores["classifier"].unique()]
        everywhere = [name for name in each[0] if all(name in gains for gains in each)]
        return {name: pd.concat([gains[name] for gains in each], axis=1).mean(axis=1) for name in everywhere}
    by_split, sign = _by_split(scores, classifier, metric), -1 if metric in LOWER_IS_BETTER else 1
    gains = {name: sign * (values - by_split["none"]) for name, values in by_split.items() if name != "none"}
    return {name: gain for name, gain in gains.items() if gain.notna().all()}


def is_as_good(scores: pd.DataFrame, metric: str, classifier: str | None, one: str, other: str) -> bool:
    """Say whether the test finds no difference between two samplers; p is not adjusted.

    Parameters
    ----------
    scores : DataFrame
        The scores.
    metric : str
        One of `metrics_of`.
    classifier : str or None
        None takes the mean over all classifiers.
    one, other : str
        Names of samplers that have all scores.
    """
    gains = gains_of(scores, metric, classifier)
    return not corrected_p(gains[one] - gains[other], overlap_of(scores)) < ALPHA


def summary_by_classifier(scores: pd.DataFrame) -> pd.DataFrame:
    """Return means, intervals and tests against "none", a row for each classifier, metric and sampler.

    Parameters
    ----------
    scores : DataFrame
        The scores.

    Returns
    -------
    DataFrame
        See `Comparison.summary` for its columns.
    """
    rows, overlap = [], overlap_of(scores)
    for classifier in scores["classifier"].unique():
        for metric in metrics_of(scores):
            by_split, (low, high) = _by_split(scores, classifier, metric), bounds_of(scores, metric)
            differences = {name: values - by_split["none"] for name, values in by_split.items()}
            p = holm({name: corrected_p(values, overlap) for name, values in differences.items() if name != "none"})
            for name, values in by_split.items():
                difference = interval(differences[name], overlap, (low - high, high - low))
                rows.append(
                    (
                        classifier,
                        metric,
                        name,
                        *interval(values, overlap, (low, high)),
                        *difference,
                        p.get(name, float("nan")),
                    )
                )
    of_difference = ["difference", "difference_low", "difference_high"]
    columns = ["classifier", "metric", "sampler", "mean", "low", "high", *of_difference, "p"]
    return pd.DataFrame(rows, columns=columns)


def summary_over_classifiers(scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return means, gains and tests against "none" in one metric, a row for each sampler that has all scores.

    Parameters
    ----------
    scores : DataFrame
        The scores.
    metric : str
        One of `metrics_of`.

    Returns
    -------
    DataFrame
        See `Comparison.summary` for its columns.
    """
    gains, overlap = gains_of(scores, metric), overlap_of(scores)
    mean = {name: _over_classifiers(scores, name, metric).mean(skipna=False) for name in scores["sampler"].unique()}
    names = [] if np.isnan(mean["none"]) else ["none", *gains]
    p = holm({name: corrected_p(gain, overlap) for name, gain in gains.items()})
    none = Interval(0.0, float("nan"), float("nan"))
    low, high = bounds_of(scores, metric)
    found = [none if name == "none" else interval(gains[name], overlap, (low - high, high - low)) for name in names]
    table = pd.DataFrame(
        {
            "mean": [mean[name] for name in names],
            "gain": [of.mean for of in found],
            "low": [of.low for of in found],
            "high": [of.high for of in found],
            "p": [p.get(name, float("nan")) for name in names],
        },
        index=pd.Index(names, name="sampler", dtype=object),
        dtype=float,
    )
    is_enough = n_splits_of(scores) >= MIN_SPLITS
    return table.assign(is_better=is_enough & (table["p"] < ALPHA) & (table["gain"] > 0))


def _by_split(scores: pd.DataFrame, classifier: str, metric: str) -> dict[str, pd.Series]:
    """Return the scores of each sampler, an entry for each split."""
    rows = scores[scores["classifier"] == classifier].set_index("split")
    return {name: rows.loc[rows["sampler"] == name, metric] for name in rows["sampler"].unique()}


def _over_classifiers(scores: pd.DataFrame, sampler: str, metric: str) -> pd.Series:
    """Return the mean score on each split; missing where a classifier has none."""
    rows = scores[scores["sampler"] == sampler]
    return rows.pivot_table(metric, "split", "classifier", dropna=False).mean(axis=1, skipna=False)
