"""The demonstration behind `ganaug demo`: what generated rows do to classifiers of a table in scikit-learn."""

import time
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd
from imblearn.over_sampling import SMOTE
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ganaug.oversampler import GANOversampler

N_SPLITS = 6
BENIGN_PER_MALIGNANT = 12
METRICS = ("balanced acc.", "F1", "avg. precision")


class Split(NamedTuple):
    """One split of the demonstration.

    Attributes
    ----------
    before, after : Series
        Labels of the training half, and with the generated rows.
    seconds : float
        Time to train the generator and generate.
    scores : list of dict
        For each classifier and each kind of added rows ("none", "SMOTE", "ganaug"), the `METRICS` on the other half.
    """

    before: pd.Series
    after: pd.Series
    seconds: float
    scores: list[dict[str, object]]


def splits(seed: int) -> Iterator[Split]:
    """Halve the breast cancer table, thin out the malignant biopsies of one half, and score classifiers on the other.

    Parameters
    ----------
    seed : int
        Of the first split; the others follow.

    Yields
    ------
    Split
        `N_SPLITS` of them.
    """
    X, codes = load_breast_cancer(return_X_y=True, as_frame=True)
    y = codes.map({0: "malignant", 1: "benign"}).rename("diagnosis")
    for split in range(seed, seed + N_SPLITS):
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=split)
        is_rare = y_train == "malignant"
        kept = ~is_rare | (is_rare.cumsum() <= (~is_rare).sum() // BENIGN_PER_MALIGNANT)
        X_train, y_train = X_train[kept], y_train[kept]
        start = time.perf_counter()
        generated = GANOversampler(random_state=split).fit_resample(X_train, y_train)
        seconds = time.perf_counter() - start
        added = {
            "none": (X_train, y_train),
            "SMOTE": SMOTE(random_state=split).fit_resample(X_train, y_train),
            "ganaug": generated,
        }
        scores = [
            {"split": split, "classifier": classifier, "added": name, **values}
            for name, (X_fit, y_fit) in added.items()
            for classifier, values in _scores(X_fit, y_fit, X_test, y_test).items()
        ]
        yield Split(y_train, generated[1], seconds, scores)


def verdict(scores: pd.DataFrame, rival: str) -> tuple[str, int, int, float]:
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
        "level with" where the difference is within twice the spread of as many coins tossed.
    n_better, n_worse : int
        In how many comparisons.
    gain : float
        Mean difference of the scores.
    """
    single = scores.melt(["split", "classifier", "added"], list(METRICS), "metric").pivot_table(
        index=["split", "classifier", "metric"], columns="added", values="value"
    )
    gains = single["ganaug"] - single[rival]
    n_better, n_worse = int((gains > 0).sum()), int((gains < 0).sum())
    luck = abs(n_better - n_worse) <= 2 * len(gains) ** 0.5
    return "level with" if luck else "ahead of" if n_better > n_worse else "behind", n_better, n_worse, gains.mean()


def _scores(X: pd.DataFrame, y: pd.Series, X_test: pd.DataFrame, y_test: pd.Series) -> dict[str, dict[str, float]]:
    """Train two classifiers and score them on real rows, "malignant" the positive class."""
    classifiers = {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
        "gradient boosting": HistGradientBoostingClassifier(random_state=0),
    }
    scores = {}
    for name, classifier in classifiers.items():
        # A few hundred rows: on a busy machine threads that wait for each other take a hundred times as long.
        with threadpool_limits(1):
            classifier.fit(X, y)
            predicted = classifier.predict(X_test)
            chance = classifier.predict_proba(X_test)[:, list(classifier.classes_).index("malignant")]
        values = (
            balanced_accuracy_score(y_test, predicted),
            f1_score(y_test, predicted, pos_label="malignant"),
            average_precision_score(y_test, chance, pos_label="malignant"),
        )
        scores[name] = dict(zip(METRICS, values, strict=True))
    return scores
