"""Scores of one sampler with each classifier on one split."""

import re
import time
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    check_scoring,
    f1_score,
    make_scorer,
    precision_recall_curve,
    roc_auc_score,
)
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, TunedThresholdClassifierCV
from sklearn.preprocessing import label_binarize
from sklearn.utils import _safe_indexing
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter

from ganaug.common.extras import MissingExtraError
from ganaug.common.wording import counted, shortened
from ganaug.comparison.preparation import preparation_steps
from ganaug.comparison.samplers import WITHOUT_ROWS, resampler_of
from ganaug.comparison.target_samplers import TargetWeights
from ganaug.comparison.target_scoring import ERRORS

BRIER = "Brier score"
LOWER_IS_BETTER = frozenset({BRIER, *ERRORS})
# How the note of a failure starts where a class has too few rows; the error of the library follows after a semicolon.
TOO_FEW = "too few rows:"
_FEW = 6
# Words of libraries that have too few rows of a class.
_OF_FEW_ROWS = re.compile(
    r"neighbors|n_samples|least populated|too few|class(es)? has only|one class|folds|n_splits|in \[1"
)
# What stands before the metrics in a frame of scores.
RUN_COLUMNS = ["sampler", "classifier", "split", "n_train", "n_test", "fit_seconds", "note"]


def scorers_for(y: NDArray, precision: float = 0.5) -> dict[str, Any]:
    """Return the metrics for these labels.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Labels of all rows. Of two classes the rarer is the positive one; if they are equally large, the later in order.
    precision : float, default=0.5
        Of "recall at precision", for two classes.

    Returns
    -------
    dict of str to scorer
        Name -> scorer of scikit-learn. Scores are not negated: a lower Brier score is better.
    """
    labels, counts = np.unique(y, return_counts=True)
    order, probability = ("decision_function", "predict_proba"), "predict_proba"
    balanced = make_scorer(balanced_accuracy_score)
    if len(labels) > 2:
        classes = {"labels": labels}
        return {
            "average precision": make_scorer(_macro_average_precision, response_method=probability),
            "ROC AUC": make_scorer(roc_auc_score, response_method=probability, multi_class="ovr", **classes),
            "balanced accuracy": balanced,
            "F1": make_scorer(f1_score, average="macro", pos_label=None, zero_division=0),
            BRIER: make_scorer(_brier, response_method=probability, **classes),
        }
    rarer = {"pos_label": labels[len(labels) - 1 - counts[::-1].argmin()]}
    return {
        "average precision": make_scorer(average_precision_score, response_method=order, **rarer),
        "ROC AUC": make_scorer(_roc_auc, response_method=order, **rarer),
        "balanced accuracy": balanced,
        "F1": make_scorer(f1_score, zero_division=0, **rarer),
        f"recall at precision {precision:g}": make_scorer(_recall, response_method=order, precision=precision, **rarer),
        BRIER: make_scorer(brier_score_loss, response_method=probability, **rarer),
    }


def _macro_average_precision(y: NDArray, score: NDArray) -> float:
    """Return the mean over classes. A scorer of scikit-learn below 1.8 passes a `pos_label`, which several lack."""
    return float(average_precision_score(y, score))


def evaluate_sampler(
    X: pd.DataFrame | NDArray,
    y: NDArray,
    groups: NDArray | None,
    train: NDArray,
    test: NDArray,
    split: int,
    name: str,
    sampler: Any,
    classifiers: dict[str, Any],
    scorers: dict[str, Any],
    seed: int,
) -> list[dict[str, Any]]:
    """Resample the training rows of a split once, train each classifier, and score it on the test rows.

    Parameters
    ----------
    X, y, groups : DataFrame or ndarray, ndarray, ndarray or None
        All rows, their labels, and what each belongs to.
    train, test : ndarray of int
        Positions of the training and the test rows.
    split : int
        Number of the split.
    name : str
        Of the sampler.
    sampler : str or sampler
        See `check_sampler`.
    classifiers : dict of str to classifier
        Name -> unfitted classifier.
    scorers : dict of str to scorer
        Of `scorers_for`, or those of another task.
    seed : int
        Together with `split`, the seed of whatever has none. It does not depend on the sampler.

    Returns
    -------
    list of dict
        For each classifier the `RUN_COLUMNS` and its scores. Scores are missing where something failed or the
        classifier has no probabilities; "note" holds the error, or the first warning.
    """
    own = int(np.random.SeedSequence([seed, split]).generate_state(1)[0] >> 1)
    X_train, X_test, y_train, y_test = _safe_indexing(X, train), _safe_indexing(X, test), y[train], y[test]
    groups_train = None if groups is None else groups[train]
    rows, failure = [], ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        try:
            front, rest, X_res, y_res = _resample(X_train, y_train, sampler, own)
        except Exception as error:
            failure = failure_note(error, y_train)
        resampling, n_caught = time.perf_counter() - start, len(caught)
        for classifier, unfitted in classifiers.items():
            del caught[n_caught:]  # those of the classifier before
            note, scores, start = failure, dict.fromkeys(scorers, float("nan")), time.perf_counter()
            try:
                if not failure:
                    steps = [*((step, clone(of)) for step, of in rest), ("classifier", _seeded(unfitted, own))]
                    model = _fitted(Pipeline(steps), sampler, X_res, y_res, groups_train, own)
            except Exception as error:
                note = failure_note(error, y_train)
            seconds = resampling + time.perf_counter() - start
            if not note:
                scores |= _scores(front, model, scorers, X_test, y_test)
                note = one_line(caught[0].category, caught[0].message) if caught else ""
            row = {"sampler": name, "classifier": classifier, "split": split, "n_train": len(train)}
            rows.append(row | {"n_test": len(test), "fit_seconds": seconds, "note": note} | scores)
    return rows


def _resample(X: Any, y: NDArray, sampler: Any, seed: int) -> tuple[list[Any], list[Any], Any, NDArray]:
    """Return the fitted steps before the sampler, the steps after it, and the resampled rows and labels."""
    steps = preparation_steps(X)
    if isinstance(sampler, TargetWeights) or (isinstance(sampler, str) and sampler in WITHOUT_ROWS):
        return [], steps, X, y
    n_before, resampler = resampler_of(sampler, X, y)
    front = steps[:n_before]
    X_res, y_res = _seeded(resampler, seed).fit_resample(Pipeline(front).fit_transform(X) if front else X, y)
    return front, steps[n_before:], X_res, np.asarray(y_res)


def _fitted(pipeline: Pipeline, sampler: Any, X: Any, y: NDArray, groups: NDArray | None, seed: int) -> Any:
    """Train what follows the sampler; class weights and thresholds are set here."""
    if isinstance(sampler, str) and sampler == "threshold":
        scoring, inner = make_scorer(_mean_recall), list(_threshold_splits(y, groups, seed))
        return TunedThresholdClassifierCV(pipeline, scoring=scoring, cv=inner, random_state=seed).fit(X, y)
    weights: dict[str, NDArray] = {}
    if isinstance(sampler, TargetWeights):
        weights = _as_parameter(pipeline[-1], sampler.row_weights(y), "sample_weight")
    elif isinstance(sampler, str) and sampler == "weights":
        weights = _weigh(pipeline[-1], y)
    return pipeline.fit(X, y, **weights)


def _weigh(classifier: Any, y: NDArray) -> dict[str, NDArray]:
    """Set balanced class weights, or return them as a parameter of `fit`."""
    own = [key for key in classifier.get_params() if key.split("__")[-1] == "class_weight"]
    if own:
        classifier.set_params(**dict.fromkeys(own, "balanced"))
        return {}
    return _as_parameter(classifier, compute_sample_weight("balanced", y), "class_weight and no sample_weight")


def _as_parameter(model: Any, weights: NDArray, names: str) -> dict[str, NDArray]:
    if not has_fit_parameter(model, "sample_weight"):
        raise ValueError(f"{type(model).__name__} accepts no {names}")
    return {"classifier__sample_weight": weights}


def _threshold_splits(y: NDArray, groups: NDArray | None, seed: int) -> Iterable[tuple[NDArray, NDArray]]:
    if len(np.unique(y)) > 2:
        raise ValueError("a threshold can be tuned for two classes only, but y has more classes")
    splitter = StratifiedKFold if groups is None else StratifiedGroupKFold
    n_splits = min(5, int(np.unique(y, return_counts=True)[1].min()))
    return splitter(n_splits, shuffle=True, random_state=seed).split(y, y, groups)


def _scores(front: list[Any], model: Any, scorers: dict[str, Any], X: Any, y: NDArray) -> dict[str, float]:
    """Score a model, after the steps before it, by all metrics that it can be scored by."""
    if isinstance(model, Pipeline):
        *rest, (_, model) = model.steps
        front = [*front, *rest]
    for _, step in front:  # once, not once for each method of the model that the scorers call
        X = step.transform(X)
    able = hasattr(model, "predict_proba")
    usable = {metric: of for metric, of in scorers.items() if able or of._response_method != "predict_proba"}
    return check_scoring(model, scoring=usable)(model, X, y)


def _seeded(estimator: Any, seed: int) -> Any:
    """Clone an estimator and set every `random_state` in it that is None."""
    estimator = clone(estimator)
    params = estimator.get_params()
    unset = [key for key in params if key.split("__")[-1] == "random_state" and params[key] is None]
    return estimator.set_params(**dict.fromkeys(unset, seed))


def failure_note(error: Exception, y: NDArray) -> str:
    """Write an error for a note; where a class has few rows, this is the reason that users understand.

    Parameters
    ----------
    error : Exception
        The error.
    y : ndarray of shape (n_train,)
        Labels of the training rows, or targets of another kind.

    Raises
    ------
    MissingExtraError
        If that is the error: it would be the same in all splits.
    """
    if isinstance(error, MissingExtraError):
        raise error
    labels, counts = np.unique(y, return_counts=True)
    few = counts.argmin()
    reason = ""
    is_of_classes = y.ndim == 1 and y.dtype.kind != "f"
    if is_of_classes and isinstance(error, ValueError) and counts[few] < _FEW and _OF_FEW_ROWS.search(str(error)):
        reason = f"{TOO_FEW} class {shortened(labels[few])} has {counted(int(counts[few]), 'row')} to train on; "
    return f"{reason}{one_line(type(error), error)}"


def one_line(kind: type, message: Any) -> str:
    """Write an error or a warning for a note.

    Parameters
    ----------
    kind : type
        Its class.
    message : object
        What it says.
    """
    return f"{kind.__name__}: {' '.join(str(message).split())}"[:300]


def _roc_auc(y: NDArray, score: NDArray, *, pos_label: Any) -> float:
    return float(roc_auc_score(y == pos_label, score))


def _recall(y: NDArray, score: NDArray, *, precision: float, pos_label: Any) -> float:
    """Return the greatest recall at which the precision is at least this."""
    precisions, recalls, _ = precision_recall_curve(y, score, pos_label=pos_label)
    return float(recalls[precisions >= precision].max())


def _mean_recall(y: NDArray, predicted: NDArray) -> float:
    # balanced accuracy without its checks, which for hundreds of thresholds take longer than the training
    return float(np.mean([(predicted[y == label] == label).mean() for label in np.unique(y)]))


def _brier(y: NDArray, probability: NDArray, *, labels: NDArray) -> float:
    return float(((probability - label_binarize(y, classes=labels)) ** 2).sum(axis=1).mean())
