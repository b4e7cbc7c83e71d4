"""The metrics of continuous targets and of several labels a row."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score, make_scorer

ERRORS = ("SERA", "rare RMSE", "rare MAE", "RMSE", "MAE")
"""Of a regression, in standard deviations of the target (SERA in its variances); lower is better."""

LABEL_METRICS = ("macro AP", "rare AP", "macro F1", "micro F1", "rare F1")
"""Of several labels a row."""


def regression_scorers(relevance: Callable[[NDArray], Any], threshold: float, deviation: float) -> dict[str, Any]:
    """Return the metrics of a continuous target.

    Parameters
    ----------
    relevance : callable
        Returns how much targets matter, from 0 to 1.
    threshold : float
        From which relevance on a target is rare.
    deviation : float
        Standard deviation of the target, the unit of all errors.

    Returns
    -------
    dict of str to scorer
        Name -> scorer of scikit-learn, not negated. SERA, the squared error-relevance area (Ribeiro and Moniz, Machine
        Learning 109, 2020), is the integral over t, from 0 to 1, of the squared errors of the rows with a relevance of
        at least t. This is the sum of squared errors that are weighted by relevance; here it is divided by the number
        of rows. The errors "rare" are those of rare targets.

    Examples
    --------
    >>> scorers = regression_scorers(lambda y: y / 10, 0.8, 1.0)
    >>> from sklearn.dummy import DummyRegressor
    >>> X, y = [[0.0]] * 2, [0.0, 10.0]
    >>> {name: scorer(DummyRegressor().fit(X, y), X, y) for name, scorer in scorers.items()}
    {'SERA': 12.5, 'rare RMSE': 5.0, 'rare MAE': 5.0, 'RMSE': 5.0, 'MAE': 5.0}
    """
    how = {"relevance": relevance, "threshold": threshold, "deviation": deviation}
    return {name: make_scorer(_error, measure=name, **how) for name in ERRORS}


def _error(
    y: NDArray,
    predicted: NDArray,
    *,
    measure: str,
    relevance: Callable[[NDArray], Any],
    threshold: float,
    deviation: float,
) -> float:
    y = np.asarray(y, dtype=float)
    error = (np.asarray(predicted, dtype=float).ravel() - y) / deviation
    matters = np.asarray(relevance(y), dtype=float)
    if measure == "SERA":
        return float(np.mean(matters * error**2))
    if measure.startswith("rare"):
        error = error[matters >= threshold]
    return float(np.sqrt(np.mean(error**2)) if measure.endswith("RMSE") else np.mean(np.abs(error)))


class _LabelScorer:
    """A metric of several labels, of the scores of a classifier or of its decisions."""

    _response_method = "decision_function"  # that it can be computed without probabilities

    def __init__(self, measure: Callable[[NDArray, NDArray], float], *, of_decisions: bool) -> None:
        self._measure, self._of_decisions = measure, of_decisions

    def __call__(self, model: Any, X: Any, y: NDArray) -> float:
        if self._of_decisions:
            return self._measure(y, np.asarray(model.predict(X)))
        response = getattr(model, "predict_proba", None) or getattr(model, "decision_function", None)
        if response is None:
            return float("nan")
        scores = response(X)
        if isinstance(scores, list):  # of a MultiOutputClassifier: the probabilities of each label
            scores = np.column_stack([of[:, -1] for of in scores])
        return self._measure(y, np.asarray(scores))


def label_scorers(is_rare: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the metrics of several labels a row.

    Parameters
    ----------
    is_rare : ndarray of bool, shape (n_labels,)
        Which labels are rare.

    Returns
    -------
    dict of str to scorer
        Name -> callable of a fitted classifier, rows and labels. AP is average precision; "macro" is the mean over all
        labels, "rare" that over the rare ones, and "micro" takes all decisions together.

    Examples
    --------
    >>> list(label_scorers(np.array([False, True])))
    ['macro AP', 'rare AP', 'macro F1', 'micro F1', 'rare F1']
    """
    everything = np.ones(len(is_rare), dtype=bool)
    found = {}
    for name in LABEL_METRICS:
        of, measure = name.split()
        labels = is_rare if of == "rare" else everything
        average = "micro" if of == "micro" else "macro"
        measured = partial(_precision if measure == "AP" else _f1, labels=labels, average=average)
        found[name] = _LabelScorer(measured, of_decisions=measure == "F1")
    return found


def _precision(y: NDArray, scores: NDArray, *, labels: NDArray[np.bool_], average: str) -> float:
    return float(average_precision_score(y[:, labels], scores[:, labels], average=average))


def _f1(y: NDArray, decided: NDArray, *, labels: NDArray[np.bool_], average: str) -> float:
    return float(f1_score(y[:, labels], decided[:, labels], average=average, zero_division=0))
