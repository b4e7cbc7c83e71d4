"""What synthetic rows are good for: classifiers trained on them, tested on real rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.utils.multiclass import type_of_target

from ganaug.common.identifiers import refuse_identifiers_as_classes
from ganaug.common.random import subsample
from ganaug.metrics.table_features import embed_rows
from ganaug.metrics.table_pair import TablePair, as_pair

# Rows that classifiers are trained and tested on; more rows hardly change the second decimal of a score.
MAX_TRAINING_ROWS = 10_000
MAX_TEST_ROWS = 5_000
_N_RESAMPLES = 50


class Utility(NamedTuple):
    """What `utility_scores` returns."""

    scores: pd.DataFrame
    notes: list[str]


def utility_scores(
    real: Any,
    synthetic: Any = None,
    target: Any = None,
    *,
    holdout: Any = None,
    classifiers: Sequence[ClassifierMixin] | None = None,
    random_state: int | np.random.Generator | None = None,
) -> Utility:
    """Train classifiers on real rows, on synthetic rows and on both; test them on real rows.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        Real rows, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns; None beside a pair.
    target : hashable
        Column that classifiers predict.
    holdout : table of shape (n_holdout, d) or None, default=None
        Real rows to test on, which the generator has not seen. Without a hold-out, 30 % of the real rows are kept for
        the test. The generator has seen these rows, so scores of classifiers trained on synthetic rows are too high.
        The more rows the generator has memorised, the larger this error is.
    classifiers : sequence of scikit-learn classifiers or None, default=None
        With `predict_proba`. None takes a linear and a strong one, `LogisticRegression` and
        `HistGradientBoostingClassifier`. They are given rows as `embed_rows` returns them, without missing cells.
    random_state : int, numpy.random.Generator or None, default=None
        For classifiers that have none, the split, and the choice of rows: 10,000 of each table to train on, 5,000 to
        test on.

    Returns
    -------
    scores : DataFrame
        A row for each "classifier", "trained on" ("real", "synthetic", "both") and "metric", with "value", 0 to 1,
        higher is better, and "low" and "high", its 95 % interval over other test rows. "balanced accuracy": mean recall
        of the classes; guessing has 1 / (number of classes). "ROC AUC": mean over the classes, each against the rest;
        guessing has 0.5. "average precision": of the rarer of two classes, or the mean over several; guessing has the
        share of the class. NaN where all training rows are of one class.
    notes : list of str
        Which rows were tested on, and which were left out.

    Raises
    ------
    ValueError
        If `target` is not a column, has a single value, identifies rows, or holds numbers rather than classes, a
        classifier cannot predict probabilities, or no row is left to test on; see also `TablePair`.

    Notes
    -----
    If scores of synthetic rows are as good as those of real rows, the synthetic rows hold what these classifiers learn
    from the real ones. If scores of both are above those of real rows, adding synthetic rows helped these classifiers,
    at the class frequencies of these tables.

    References
    ----------
    Esteban, Hyland and Rätsch, arXiv 1706.02633 (train on synthetic, test on real).

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=400)
    >>> real = pd.DataFrame({"x": x, "good": np.where(x > 0, "yes", "no")})
    >>> wrong = real.assign(good=np.where(x > 0, "no", "yes"))
    >>> found = utility_scores(real[:200], wrong[:200], "good", holdout=real[200:], classifiers=[LogisticRegression()])
    >>> found.scores.query("metric == 'ROC AUC'").set_index("trained on")["value"][["real", "synthetic"]].to_dict()
    {'real': 1.0, 'synthetic': 0.0}
    """
    pair = as_pair(real, synthetic, holdout)
    if target in pair.identifiers:
        refuse_identifiers_as_classes(pair.identifier_columns[target][0], f"target {target!r}")
    if target not in pair.real:
        columns = ", ".join(map(repr, pair.labels))
        raise ValueError(f"target is {target!r}, which is not a column; the columns are {columns}")
    if len(pair.labels) < 2:
        raise ValueError(f"no column besides the target {target!r} is left, so nothing can predict it")
    rng = np.random.default_rng(random_state)
    notes: list[str] = []
    classes = _classes(pair.real[target], target)
    pair, labels = _labelled(pair, target, classes, rng, notes)
    features = pair.without(target)
    assert features.holdout_cells is not None  # the rows to test on
    tables = embed_rows(features, features.real_cells, features.synthetic_cells, features.holdout_cells)
    points = dict(zip(("real", "synthetic", "test"), tables, strict=True))
    for of in (points, labels):
        of["both"] = np.concatenate([of["real"], of["synthetic"]])

    seed = int(rng.integers(2**31))
    n_test = len(labels["test"])
    resamples = [np.bincount(rng.integers(n_test, size=n_test), minlength=n_test) for _ in range(_N_RESAMPLES)]
    weights = np.array([np.ones(n_test), *resamples])
    rarer = int(np.bincount(labels["real"], minlength=len(classes)).argmin()) if len(classes) == 2 else None
    rows: list[dict[str, Any]] = []
    for classifier in default_classifiers() if classifiers is None else classifiers:
        for trained_on in ("real", "synthetic", "both"):
            probabilities = _predict(
                classifier, points[trained_on], labels[trained_on], points["test"], len(classes), seed
            )
            if probabilities is None:
                rows_of = {"both": "real and synthetic"}.get(trained_on, trained_on)
                notes.append(f"All {rows_of} rows are of one class, so no classifier can learn from them.")
                probabilities = np.full((len(labels["test"]), len(classes)), np.nan)
            first = {"classifier": type(classifier).__name__, "trained on": trained_on}
            rows += [first | score for score in _scores_with_intervals(labels["test"], probabilities, rarer, weights)]
    return Utility(pd.DataFrame(rows), list(dict.fromkeys(notes)))


def default_classifiers() -> list[ClassifierMixin]:
    """Return a linear classifier and a strong one."""
    return [LogisticRegression(max_iter=2_000), HistGradientBoostingClassifier()]


def _classes(labels: pd.Series, target: Any) -> pd.Index:
    known = labels.dropna()
    numeric = known.dtype.kind == "f" and type_of_target(known.to_numpy("float64")) == "continuous"
    if numeric or known.dtype.kind in "mM":
        raise ValueError(f"target {target!r} holds numbers rather than classes; divide it into classes first")
    classes = pd.Index(known.astype(object).unique(), dtype=object)
    if len(classes) < 2:
        raise ValueError(f"target {target!r} has {len(classes)} class in the real rows; at least 2 are needed")
    return classes


def _labelled(
    pair: TablePair, target: Any, classes: pd.Index, rng: np.random.Generator, notes: list[str]
) -> tuple[TablePair, dict[str, NDArray]]:
    """Return rows to train on and, as hold-out, rows to test on, with the numbers of their classes.

    Rows without a known class are left out, and long tables are drawn from.
    """

    def known(table: pd.DataFrame, name: str) -> tuple[NDArray, NDArray]:
        codes = classes.get_indexer(pd.Index(table[target].astype(object)))
        if n_unknown := int((codes < 0).sum()):
            notes.append(f"{n_unknown} rows of {name} were left out, because their class does not occur in real.")
        return codes, np.flatnonzero(codes >= 0)

    real_codes, train = known(pair.real, "real")
    if pair.holdout is None:
        train, test = _split(train, pair.real[target].iloc[train], rng)
        pair, test_codes = pair.with_holdout(np.arange(len(pair.real))), real_codes
        notes.append(
            "There is no hold-out, so 30 % of the real rows were kept for the test. The generator has seen these rows, "
            "so scores of classifiers trained on synthetic rows are too high."
        )
    else:
        test_codes, test = known(pair.holdout, "holdout")
        if len(test) == 0:
            raise ValueError(f"holdout has no row with a known class in {target!r}; give real rows to test on")
    synthetic_codes, synthetic = known(pair.synthetic, "synthetic")
    train = train[subsample(len(train), MAX_TRAINING_ROWS, rng)]
    synthetic = synthetic[subsample(len(synthetic), MAX_TRAINING_ROWS, rng)]
    test = test[subsample(len(test), MAX_TEST_ROWS, rng)]
    labels = {"real": real_codes[train], "synthetic": synthetic_codes[synthetic], "test": test_codes[test]}
    return pair.take(train, synthetic, test), labels


def _split(rows: NDArray, labels: pd.Series, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    n_test, counts = round(0.3 * len(rows)), labels.value_counts()
    is_stratified = counts[counts > 0].min() > 1 and (counts > 0).sum() <= min(n_test, len(rows) - n_test)
    seed = int(rng.integers(2**31))
    train, test = train_test_split(rows, test_size=0.3, random_state=seed, stratify=labels if is_stratified else None)
    return train, test


def _predict(
    classifier: ClassifierMixin, X: NDArray, y: NDArray, test: NDArray, n_classes: int, seed: int
) -> NDArray | None:
    """Return probabilities of all classes for the rows of the test, shape (n_test, n_classes)."""
    if not hasattr(classifier, "predict_proba"):
        raise ValueError(f"{type(classifier).__name__} has no predict_proba; wrap it in a CalibratedClassifierCV")
    if len(np.unique(y)) < 2:
        return None
    own = clone(classifier)
    parameters = own.get_params(deep=False)
    if "random_state" in parameters and parameters["random_state"] is None:
        own.set_params(random_state=seed)
    own.fit(X, y)
    probabilities = np.zeros((len(test), n_classes))
    probabilities[:, own.classes_] = own.predict_proba(test)
    return probabilities


def _scores_with_intervals(
    y: NDArray, probabilities: NDArray, rarer: int | None, weights: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Return the scores of all rows (the first weights), with intervals from the resamples (the other weights)."""
    names = ("balanced accuracy", "ROC AUC", "average precision")
    found = np.full((len(names), len(weights)), np.nan)
    if not np.isnan(probabilities).any():
        found = _scores(y, probabilities, rarer, weights)
    rows = []
    for metric, (value, *others) in zip(names, found.tolist(), strict=True):
        known = [other for other in others if not np.isnan(other)]
        low, high = np.quantile(known, (0.025, 0.975)) if known else (np.nan, np.nan)
        rows.append({"metric": metric, "value": value, "low": float(low), "high": float(high)})
    return rows


def _scores(y: NDArray, probabilities: NDArray, rarer: int | None, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return balanced accuracy, ROC AUC and average precision for each row of weights; NaN if one class is left."""
    classes = np.unique(y)
    of_class = y[:, None] == classes
    sizes = weights @ of_class
    hits = weights @ (of_class & (probabilities.argmax(1) == y)[:, None])
    scored = classes if rarer is None else np.array([rarer])
    areas, precisions = np.array([_rank_scores(y == c, probabilities[:, c], weights) for c in scored]).swapaxes(0, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recalls = hits / sizes
        # classes of which a resample has no row have no score
        means = [_mean_of_known(recalls.T), _mean_of_known(areas), _mean_of_known(precisions)]
    return np.where((sizes > 0).sum(1) > 1, means, np.nan)


def _mean_of_known(values: NDArray) -> NDArray:
    return np.nansum(values, axis=0) / (~np.isnan(values)).sum(0)


def _rank_scores(
    is_positive: NDArray[np.bool_], score: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ROC AUC and the average precision of one score, for many weights of its rows at once.

    scikit-learn's functions sort and check the rows for each resample anew, which took most of the time of `evaluate`.

    Parameters
    ----------
    is_positive : array of bool, shape (n,)
        Rows of the class.
    score : array of shape (n,)
        Higher means more likely to be of the class.
    weights : array of shape (k, n)
        How often each row counts.

    Returns
    -------
    areas, precisions : array of shape (k,)
        0 to 1; NaN where the weights leave no positive row, or no other one.

    Examples
    --------
    >>> _rank_scores(np.array([True, False, True]), np.array([0.9, 0.5, 0.1]), np.ones((1, 3)))
    (array([0.5]), array([0.83333333]))
    """
    order = np.argsort(-score, kind="stable")
    # equal scores are one threshold
    is_last = np.append(np.diff(score[order]) != 0, True)
    hits, misses = (np.cumsum(weights[:, order] * of[order], axis=1)[:, is_last] for of in (is_positive, ~is_positive))
    n_hits, n_misses = hits[:, -1], misses[:, -1]
    new_hits, new_misses = np.diff(hits, prepend=0), np.diff(misses, prepend=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        areas = (new_misses * (hits - new_hits / 2)).sum(1) / (n_hits * n_misses)
        precisions = np.nansum(new_hits * hits / (hits + misses), axis=1) / n_hits
    return areas, np.where(n_misses > 0, precisions, np.nan)
