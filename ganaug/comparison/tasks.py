"""What is predicted, and all that follows from it: how rows are split, which samplers and models there are, the scores.

A task is a classification, a regression (a continuous target), or a multilabel classification (several labels a row).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.utils import all_estimators

from ganaug.common.labels import kind_of_target
from ganaug.common.warnings import warn_user
from ganaug.common.wording import listed
from ganaug.comparison.preparation import classes_of
from ganaug.comparison.samplers import check_classifier, check_sampler
from ganaug.comparison.scoring import scorers_for
from ganaug.comparison.target_samplers import TargetSampler, TargetWeights
from ganaug.comparison.target_scoring import label_scorers, regression_scorers
from ganaug.targets import (
    GANMultilabelOversampler,
    GANRegressionOversampler,
    label_imbalance,
    rarest_labels,
    relevance_function,
)

TASKS = ("classification", "regression", "multilabel")


class Classification:
    """One label a row.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Labels.
    precision : float
        Of the metric "recall at precision".
    """

    name, of_y, noun = "classification", "y with classes", "classifier"
    key: tuple[Any, ...] = ()
    samplers: tuple[str, ...] = ("none", "weights", "threshold", "random", "SMOTE", "ganaug")
    models: tuple[str, ...] = ("LogisticRegression", "HistGradientBoostingClassifier")

    def __init__(self, y: Any, precision: float) -> None:
        self.y = classes_of(y)
        self.strata = self.y
        self.scorers: dict[str, Any] = scorers_for(self.y, precision)
        labels, counts = np.unique(self.y, return_counts=True)
        self.sizes: dict[Any, int] = dict(zip(labels.tolist(), counts.tolist(), strict=True))
        self.deviation: float | None = None

    def check_sampler(self, sampler: Any) -> Any:
        """Return what is compared for a name or an instance, see `ganaug.comparison.samplers.check_sampler`.

        Parameters
        ----------
        sampler : str or sampler
            A name, or an instance with ``fit_resample``.
        """
        return check_sampler(sampler)

    def check_model(self, model: Any) -> Any:
        """Return an instance of a classifier, see `ganaug.comparison.samplers.check_classifier`.

        Parameters
        ----------
        model : str or estimator
            The name of a class in scikit-learn, or an instance.
        """
        return check_classifier(model)

    def smallest(self, groups: NDArray | None) -> tuple[str, int]:
        """Return what has the fewest rows, in words, and the number of its rows, or groups.

        Parameters
        ----------
        groups : ndarray of shape (n_rows,) or None
            What each row belongs to.
        """
        label, n = smallest_class(self.y, groups)
        return f"class {label!r}", n

    def lost(self, rows: NDArray) -> set[Any]:
        """Return the classes of which there is none among these rows.

        Parameters
        ----------
        rows : ndarray of int
            Positions of rows.
        """
        return set(self.sizes) - set(np.unique(self.y[rows]).tolist())


class Regression:
    """A number for each row, of which some are rare.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Numbers.
    relevance : "auto", list of (value, relevance) or callable
        See `ganaug.targets.GANRegressionOversampler`.
    """

    name, of_y, noun = "regression", "a continuous y", "regressor"
    samplers = ("none", "weights", "random", "SMOTER", "SMOGN", "ganaug")
    models = ("Ridge", "HistGradientBoostingRegressor")
    _METHODS = ("random", "SMOTER", "SMOGN")

    def __init__(self, y: Any, relevance: Any) -> None:
        self._of = GANRegressionOversampler(relevance=relevance)
        self.y = self._of.read(y)["y"].to_numpy(float)
        function = relevance_function(relevance, self.y)
        is_rare = np.asarray(function(self.y)) >= self._of.threshold
        if isinstance(relevance, str) and not is_rare.any():
            usual, large = np.median(self.y), np.quantile(self.y, 0.95)
            raise ValueError(
                "no value of y is rare: the box plot of y has no value beyond its whiskers. Say which values matter, "
                f"e.g. with relevance=[({usual:g}, 0), ({large:g}, 1)] (in the shell --relevance {usual:g}:0,{large:g}"
                ":1) if large values are rare"
            )
        if is_rare.all() or not is_rare.any():
            raise ValueError(
                f"relevance={relevance!r} makes {'every' if is_rare.all() else 'no'} value of y rare: a value is rare "
                f"from a relevance of {self._of.threshold} on"
            )
        self._of.plan(self.y)
        self.strata = np.where(is_rare, "rare targets", "other targets")
        self.deviation = float(self.y.std())
        self.scorers = regression_scorers(function, self._of.threshold, self.deviation)
        self.key: tuple[Any, ...] = (np.asarray(function(self.y)).tolist(),)
        self.sizes = {
            f"{low:g} to {high:g}{' (rare)' if is_rare else ''}": int(n)
            for low, high, is_rare, n in self._of.ranges_.itertuples(index=False)
        }

    def check_sampler(self, sampler: Any) -> Any:
        """Return what is compared for a name or an instance.

        Parameters
        ----------
        sampler : str or sampler
            A name, or an instance with ``fit_resample``.
        """
        return _sampler_of(sampler, self._of, self._METHODS, TargetWeights(self._of))

    def check_model(self, model: Any) -> Any:
        """Return an instance of a regressor for the name of its class in scikit-learn, or as it is.

        Parameters
        ----------
        model : str or estimator
            The name of a class in scikit-learn, or an instance.
        """
        if not isinstance(model, str):
            return check_classifier(model)
        known = dict(all_estimators(type_filter="regressor"))
        if model not in known:
            raise ValueError(
                f"classifiers: {model!r} is no regressor, which a continuous y needs; scikit-learn has "
                f"{', '.join(known)}"
            )
        return known[model]()

    def smallest(self, groups: NDArray | None) -> tuple[str, int]:
        """Return what has the fewest rows, in words, and the number of its rows, or groups.

        Parameters
        ----------
        groups : ndarray of shape (n_rows,) or None
            What each row belongs to.
        """
        return smallest_class(self.strata, groups)

    def lost(self, rows: NDArray) -> set[Any]:
        """Return which kind of targets has none among these rows.

        Parameters
        ----------
        rows : ndarray of int
            Positions of rows.
        """
        return set(self.strata) - set(self.strata[rows])


class Multilabel:
    """Several labels a row, or none.

    Parameters
    ----------
    y : array-like of 0 and 1, shape (n_rows, n_labels)
        Which rows have which labels.
    """

    name, of_y, noun = "multilabel", "y with several labels", "classifier"
    key: tuple[Any, ...] = ()
    samplers = ("none", "weights", "random", "MLSMOTE", "ganaug")
    models = ("LogisticRegression", "HistGradientBoostingClassifier")
    _METHODS = ("random", "MLSMOTE")

    def __init__(self, y: Any) -> None:
        self._of = GANMultilabelOversampler()
        self.y = self._of.read(y).to_numpy()
        counts = self.y.sum(axis=0)
        names = [str(name) for name in getattr(y, "columns", [f"label {i}" for i in range(len(counts))])]
        self.sizes = dict(zip(names, counts.tolist(), strict=True))
        if len(self.sizes) < len(names):
            raise ValueError(f"y has two labels with the same name: {listed(names)}; rename one")
        for name, n in self.sizes.items():
            if n in (0, len(self.y)):
                what = "no row has" if n == 0 else "all rows have"
                raise ValueError(f"{what} the label {name!r}, so it cannot be predicted; leave it out of y")
        imbalance = label_imbalance(self.y)
        if not (imbalance > imbalance.mean()).any():
            raise ValueError(
                f"all {len(names)} labels are equally frequent ({counts[0]:,} rows each), so none is rare and there is "
                "nothing to compare"
            )
        self.strata = rarest_labels(self.y)
        self.deviation = None
        self.scorers = label_scorers(imbalance > imbalance.mean())

    def check_sampler(self, sampler: Any) -> Any:
        """Return what is compared for a name or an instance.

        Parameters
        ----------
        sampler : str or sampler
            A name, or an instance with ``fit_resample``.
        """
        return _sampler_of(sampler, self._of, self._METHODS, "weights")

    def check_model(self, model: Any) -> Any:
        """Return a classifier of each label for a classifier, or for its name.

        Parameters
        ----------
        model : str or estimator
            The name of a class in scikit-learn, or an instance.
        """
        known = check_classifier(model)
        if isinstance(known, OneVsRestClassifier | ClassifierChain | MultiOutputClassifier):
            return known
        return OneVsRestClassifier(known)

    def smallest(self, groups: NDArray | None) -> tuple[str, int]:
        """Return what has the fewest rows, in words, and the number of its rows, or groups.

        Parameters
        ----------
        groups : ndarray of shape (n_rows,) or None
            What each row belongs to.
        """
        each = {
            name: int(own.sum()) if groups is None else len(np.unique(groups[own == 1]))
            for name, own in zip(self.sizes, self.y.T, strict=True)
        }
        name = min(each, key=lambda name: each[name])
        return f"label {name!r}", each[name]

    def lost(self, rows: NDArray) -> set[Any]:
        """Return the labels that none of these rows has.

        Parameters
        ----------
        rows : ndarray of int
            Positions of rows.
        """
        return {name for name, own in zip(self.sizes, self.y[rows].T, strict=True) if not own.any()}


Task = Classification | Regression | Multilabel


def default_arms(task: str) -> dict[str, tuple[str, ...]]:
    """Return what `compare` compares by default.

    Parameters
    ----------
    task : {"classification", "regression", "multilabel"}
        What is predicted.

    Examples
    --------
    >>> default_arms("regression")["classifiers"]
    ('Ridge', 'HistGradientBoostingRegressor')
    """
    known = {of.name: of for of in (Classification, Regression, Multilabel)}
    return {"samplers": known[task].samplers, "classifiers": known[task].models}


def task_of(y: Any, task: str, *, precision: float, relevance: Any) -> Task:
    """Return the task of a target.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, n_labels)
        The target.
    task : {"auto", "classification", "regression", "multilabel"}
        "auto" takes several columns as labels. Numbers are a regression if some are not whole, or if there are many
        different ones, of few rows each.
    precision : float
        Of the metric "recall at precision".
    relevance : "auto", list of (value, relevance) or callable
        Of a regression.

    Raises
    ------
    ValueError
        If the task is unknown, or y does not fit it.
    """
    if task not in ("auto", *TASKS):
        raise ValueError(f"{task=} must be 'auto', {', '.join(map(repr, TASKS))}")
    if task == "auto":
        task, is_certain = kind_of(y)
        if not is_certain:
            warn_user(
                f"y has {len(np.unique(np.asarray(y)))} different whole numbers and is taken for a continuous target. "
                "If they are classes, pass task='classification' (in the shell --task classification)."
            )
    if task == "regression":
        return Regression(y, relevance)
    if not (isinstance(relevance, str) and relevance == "auto"):
        raise ValueError(f"{relevance=} is for a continuous y; leave it out, or pass task='regression'")
    return Multilabel(y) if task == "multilabel" else Classification(y, precision)


def kind_of(y: Any) -> tuple[str, bool]:
    """Return the task that a target looks like, and whether it can be nothing else.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, n_labels)
        The target.
    """
    shape: tuple[int, ...] = getattr(y, "shape", None) or (_shape_of(y) if isinstance(y, list | tuple) else ())
    if len(shape) == 2 and shape[1] > 1:
        return "multilabel", True
    kind = kind_of_target(y) if shape else "classes"
    return "classification" if kind == "classes" else "regression", kind != "counted"


def _shape_of(y: list[Any] | tuple[Any, ...]) -> tuple[int, ...]:
    try:
        return np.shape(y)
    except ValueError:  # lists of different lengths
        return ()


def _sampler_of(sampler: Any, of: Any, methods: tuple[str, ...], weights: Any) -> Any:
    """Return the sampler that a name stands for; instances and "none" stay as they are."""
    named: dict[str, Callable[[], Any]] = {
        "none": lambda: "none",
        "weights": lambda: weights,
        **{method: lambda method=method: TargetSampler(of, method) for method in methods},  # type: ignore[misc]
        "ganaug": lambda: of,
    }
    if isinstance(sampler, str):
        if sampler not in named:
            raise ValueError(
                f"samplers: {sampler!r} is none of those for this y; use an instance or one of {', '.join(named)}"
            )
        return named[sampler]()
    checked = check_sampler(sampler)
    if not (isinstance(checked, BaseEstimator) and not type(checked).__module__.startswith("imblearn.")):
        raise ValueError(f"samplers: {sampler!r} balances classes, but y is none; use one of {', '.join(named)}")
    return checked


def smallest_class(y: NDArray, groups: NDArray | None) -> tuple[Any, int]:
    """Return the rarest label, and in how many rows, or groups if there are any, it occurs.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Labels.
    groups : ndarray of shape (n_rows,) or None
        What each row belongs to.
    """
    label = pd.Series(y).value_counts().index[-1]
    return label, int((y == label).sum()) if groups is None else len(np.unique(groups[y == label]))
