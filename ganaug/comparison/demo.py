"""What `ganaug demo` measures: a table of scikit-learn with a rare class, scored as `compare` scores."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import imblearn.over_sampling
import numpy as np
import pandas as pd
from imblearn.utils import check_sampling_strategy
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from ganaug.comparison.scoring import evaluate_sampler, scorers_for
from ganaug.oversampler import GANOversampler

DEMO_SPLITS = 6
DEMO_BENIGN_PER_MALIGNANT = 12
# Metrics of `compare`, by the heads of the columns that the shell prints.
_METRICS = {"balanced accuracy": "balanced acc.", "F1": "F1", "average precision": "avg. precision"}
DEMO_METRICS = tuple(_METRICS.values())
_CLASSIFIERS = {
    "logistic regression": LogisticRegression(max_iter=2000),
    "gradient boosting": HistGradientBoostingClassifier(random_state=0),
}


class DemoSplit(NamedTuple):
    """One split of the demonstration.

    Attributes
    ----------
    before, after : Series
        Labels of the training half, and with the synthetic rows.
    seconds : float
        Time to train the generator and to sample.
    scores : list of dict
        For each classifier and each kind of added rows ("none", "SMOTE", "ganaug"), the `DEMO_METRICS` on the other
        half.
    """

    before: pd.Series
    after: pd.Series
    seconds: float
    scores: list[dict[str, object]]


class _SMOTE(imblearn.over_sampling.SMOTE):
    """SMOTE on unprepared rows: only classes of imbalanced-learn itself receive prepared rows."""


def demo_table() -> pd.DataFrame:
    """Return all benign biopsies and a few malignant ones, with their diagnosis as the last column.

    Returns
    -------
    DataFrame of shape (386, 31)
        The whole table of the demonstration, thinned out as its training halves are.

    Examples
    --------
    >>> demo_table()["diagnosis"].value_counts().to_dict()
    {'benign': 357, 'malignant': 29}
    """
    X, y = _biopsies()
    is_rare = (y == "malignant").to_numpy()
    kept = ~is_rare | (is_rare.cumsum() <= (~is_rare).sum() // DEMO_BENIGN_PER_MALIGNANT)
    return X.assign(diagnosis=y)[kept]


def _biopsies() -> tuple[pd.DataFrame, pd.Series]:
    X, codes = load_breast_cancer(return_X_y=True, as_frame=True)
    return X, codes.map({0: "malignant", 1: "benign"}).rename("diagnosis")


def demo_splits(seed: int) -> Iterator[DemoSplit]:
    """Halve the breast cancer table, thin out the malignant biopsies of one half, and score classifiers on the other.

    Parameters
    ----------
    seed : int
        Of the first split; the others follow.

    Yields
    ------
    DemoSplit
        `DEMO_SPLITS` of them.
    """
    X, y = _biopsies()
    labels = y.to_numpy()
    for split in range(seed, seed + DEMO_SPLITS):
        train, test = train_test_split(np.arange(len(X)), test_size=0.5, stratify=y, random_state=split)
        is_rare = labels[train] == "malignant"
        kept = ~is_rare | (is_rare.cumsum() <= (~is_rare).sum() // DEMO_BENIGN_PER_MALIGNANT)
        before = y.iloc[train[kept]]
        samplers = {
            "none": "none",
            "SMOTE": _SMOTE(random_state=split),
            "ganaug": GANOversampler(random_state=split),
        }
        rows: list[dict[str, Any]] = []
        for name, sampler in samplers.items():
            # A few hundred rows: on a busy machine threads that wait for each other take a hundred times as long.
            with threadpool_limits(1):
                rows += evaluate_sampler(
                    X, labels, None, train[kept], test, split, name, sampler, _CLASSIFIERS, scorers_for(labels), seed
                )
        scores = [
            {"split": split, "classifier": row["classifier"], "added": row["sampler"]}
            | {head: row[metric] for metric, head in _METRICS.items()}
            for row in rows
        ]
        taken = {row["sampler"]: row["fit_seconds"] for row in rows if row["classifier"] == "logistic regression"}
        added = check_sampling_strategy("auto", before.to_numpy(), "over-sampling")
        after = pd.concat([before, pd.Series(np.repeat(list(added), list(added.values())), name="diagnosis")])
        yield DemoSplit(before, after, taken["ganaug"] - taken["none"], scores)


def demo_verdict(scores: pd.DataFrame, rival: str) -> tuple[str, int, int, float]:
    """Compare ganaug with a rival over all splits, classifiers and metrics.

    Parameters
    ----------
    scores : DataFrame
        The `scores` of all splits.
    rival : {"none", "SMOTE"}
        What it is compared with.

    Returns
    -------
    words : {"ahead of", "level with", "behind"}
        "level with" if the difference is within twice the standard deviation of as many coin tosses.
    n_better, n_worse : int
        In how many comparisons.
    gain : float
        Mean difference of the scores.
    """
    single = scores.melt(["split", "classifier", "added"], list(DEMO_METRICS), "metric").pivot_table(
        index=["split", "classifier", "metric"], columns="added", values="value"
    )
    gains = single["ganaug"] - single[rival]
    n_better, n_worse = int((gains > 0).sum()), int((gains < 0).sum())
    is_even = abs(n_better - n_worse) <= 2 * len(gains) ** 0.5
    return (
        "level with" if is_even else "ahead of" if n_better > n_worse else "behind",
        n_better,
        n_worse,
        float(gains.mean()),
    )
