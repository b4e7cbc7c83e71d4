"""Samplers and classifiers by name: the known names, the checks, and the objects that they stand for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import imblearn.over_sampling
import numpy as np
import pandas as pd
from joblib import Memory
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils import _safe_indexing, all_estimators

# Equal shares are computed by the sampler, so that a share means the same here.
from ganaug.common.shares import equal_share_counts
from ganaug.comparison.preparation import columns_by_kind, digest_of
from ganaug.encoders import column_mask
from ganaug.oversampler import GANOversampler

# What resamples nothing.
WITHOUT_ROWS = ("none", "weights", "threshold")
_STRATEGIES = {"ganaug": "auto", "ganaug equal share": "equal share"}
# "SMOTE" stands for one of these where there are categories.
_WITH_CATEGORIES = {"SMOTENC", "SMOTEN"}
_NAMES = [
    *("none", "weights", "threshold", "random", "SMOTE"),
    *_STRATEGIES,
    *sorted(set(imblearn.over_sampling.__all__) - _WITH_CATEGORIES - {"SMOTE"}),
]


def named(given: Any, parameter: str, check: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a name for each value of a parameter.

    Parameters
    ----------
    given : str, instance, sequence of them, or mapping of names to them
        Value of the parameter. An instance is named after its class.
    parameter : str
        Its name, for messages.
    check : callable
        Takes each value and returns the object to use, or raises.

    Returns
    -------
    dict
        Name -> what `check` returned.

    Raises
    ------
    ValueError
        If there is nothing, or if two have the same name.
    """
    if not isinstance(given, Mapping):
        items = [given] if isinstance(given, str) or hasattr(given, "get_params") else list(given)
        names = [item if isinstance(item, str) else type(item).__name__ for item in items]
        if len(set(names)) < len(names):
            raise ValueError(f"{parameter} has the same name twice: {names}; pass a mapping of names to {parameter}")
        given = dict(zip(names, items, strict=True))
    if not given:
        raise ValueError(f"{parameter} is empty; pass at least one")
    return {str(name): check(item) for name, item in given.items()}


def check_sampler(sampler: Any) -> Any:
    """Return a sampler that can be compared.

    Parameters
    ----------
    sampler : str or sampler
        A known name, or an instance with ``fit_resample``.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if isinstance(sampler, str):
        if sampler not in _NAMES:
            raise ValueError(f"samplers: unknown name {sampler!r}; use an instance or one of {', '.join(_NAMES)}")
    elif isinstance(sampler, type) or not (hasattr(sampler, "fit_resample") and hasattr(sampler, "get_params")):
        raise ValueError(f"samplers: {sampler!r} is not an instance with fit_resample and get_params")
    return sampler


def check_classifier(classifier: Any) -> Any:
    """Return an instance of a classifier.

    Parameters
    ----------
    classifier : str or classifier
        The name of a class in scikit-learn, or an instance.

    Raises
    ------
    ValueError
        If it is neither, or if the class needs parameters.
    """
    if not isinstance(classifier, str):
        if isinstance(classifier, type) or not (hasattr(classifier, "predict") and hasattr(classifier, "get_params")):
            raise ValueError(f"classifiers: {classifier!r} is not an instance with predict and get_params")
        return classifier
    known = dict(all_estimators(type_filter="classifier"))
    if classifier not in known:
        raise ValueError(f"classifiers: unknown name {classifier!r}; scikit-learn has {', '.join(known)}")
    try:
        return known[classifier]()
    except TypeError as error:
        raise ValueError(f"classifiers: {classifier} needs parameters ({error}); pass an instance") from error


def resampler_of(sampler: Any, X: pd.DataFrame | NDArray, y: NDArray) -> tuple[int, Any]:
    """Return the sampler that a name stands for, and the number of preparation steps before it.

    Parameters
    ----------
    sampler : str or sampler
        What is compared; none of `WITHOUT_ROWS`.
    X, y : DataFrame or ndarray, ndarray
        Training rows and their labels.

    Returns
    -------
    n_before : int
        How many steps of `preparation_steps` come before it.
    resampler : sampler
        Its neighbors are limited by the size of the smallest class.
    """
    if not isinstance(sampler, str):
        if not type(sampler).__module__.startswith("imblearn."):
            return 0, sampler
        return (1 if type(sampler).__name__ in _WITH_CATEGORIES else 2), sampler
    if sampler in _STRATEGIES:
        return 0, GANOversampler(sampling_strategy=_STRATEGIES[sampler])
    numbers, categories = columns_by_kind(X)
    if sampler == "SMOTE" and categories:
        mixed = imblearn.over_sampling.SMOTENC(categories) if numbers else imblearn.over_sampling.SMOTEN()
        n_before, resampler = 1, mixed
    else:
        known = "RandomOverSampler" if sampler == "random" else sampler
        n_before, resampler = 2, getattr(imblearn.over_sampling, known)()
    # a row of a class has one neighbor fewer than the class has rows
    n_most = int(np.unique(y, return_counts=True)[1].min()) - 1
    params = resampler.get_params()
    few = {key: min(params[key], n_most) for key in ("k_neighbors", "n_neighbors") if key in params}
    return n_before, resampler.set_params(**few)


def without_columns(sampler: Any, names: Sequence[str], left_out: Sequence[str]) -> Any:
    """Return a sampler whose parameters name none of the columns that are left out.

    Parameters
    ----------
    sampler : str or sampler
        What is compared. Samplers of imbalanced-learn are given prepared rows, and stay as they are.
    names, left_out : sequence of str
        All columns of X, and those that are left out.
    """
    if isinstance(sampler, str) or not left_out or type(sampler).__module__.startswith("imblearn."):
        return sampler
    changes = {}
    for key, value in sampler.get_params().items():
        parameter = key.split("__")[-1]
        if (
            parameter in ("categorical_features", "ignore", "text_columns")
            and value is not None
            and not isinstance(value, str)
        ):
            mask = column_mask(value, list(names), parameter)
            changes[key] = [name for name, chosen in zip(names, mask, strict=True) if chosen and name not in left_out]
    return clone(sampler).set_params(**changes) if changes else sampler


def without_checkpoint(sampler: Any) -> Any:
    """Return a sampler that does not store its training: each split has a training of its own.

    Parameters
    ----------
    sampler : str or sampler
        What is compared.
    """
    params = sampler.get_params().items() if hasattr(sampler, "get_params") else ()
    stored = {key: None for key, value in params if key.split("__")[-1] == "checkpoint" and value is not None}
    return clone(sampler).set_params(**stored) if stored else sampler


class RealRows(BaseEstimator):
    """Add nothing, or repeat rows of the small classes until all classes have the same size.

    It takes rows of every container as they are; imbalanced-learn's own sampler takes no polars.

    Parameters
    ----------
    repeat : bool, default=False
        Whether rows are repeated.
    random_state : int, RandomState or None, default=None
        Of the rows that are repeated.

    Attributes
    ----------
    is_synthetic_ : ndarray of shape (n_resampled,)
        False throughout.

    Examples
    --------
    >>> X_res, y_res = RealRows(repeat=True).fit_resample([[1], [2], [3]], ["a", "a", "b"])
    >>> X_res, y_res
    ([[1], [2], [3], [3]], ['a', 'a', 'b', 'b'])
    """

    def __init__(self, *, repeat: bool = False, random_state: int | np.random.RandomState | None = None) -> None:
        self.repeat = repeat
        self.random_state = random_state

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return X and y, and the repeated rows after them.

        Parameters
        ----------
        X, y
            Rows and labels of any container.

        Returns
        -------
        X_resampled, y_resampled
            Of the same containers.
        """
        X_res, y_res = X, y
        if self.repeat:
            numbers = np.arange(len(y))[:, None]
            sampler = imblearn.over_sampling.RandomOverSampler(random_state=self.random_state)
            rows = sampler.fit_resample(numbers, np.asarray(y))[0].ravel()
            X_res, y_res = (
                part.iloc[rows].reset_index(drop=True) if hasattr(part, "iloc") else _safe_indexing(part, rows)
                for part in (X, y)
            )
        self.is_synthetic_ = np.zeros(len(y_res), dtype=bool)
        return X_res, y_res


class SharedTraining(BaseEstimator):
    """Some of the synthetic rows that one training gives, so that several numbers of them need one training.

    Synthetic rows of a class are alike, whatever their number. The rows of a smaller number are among those of a larger
    one, so their difference is not due to chance.

    Parameters
    ----------
    sampler : GANOversampler
        It generates at least as many rows of each class as are taken here.
    strategy : {"part", "equal share"}
        What `amount` means: a part of the rows that are missing to balance, or the share of synthetic rows in every
        class. With the second one, the real rows that the sampler repeats are taken as well.
    amount : float
        In (0, 1].
    folder : str
        Where the resampled rows of a training are kept. Samplers with the same folder share the training.
    """

    def __init__(self, sampler: GANOversampler, strategy: str, amount: float, folder: str) -> None:
        self.sampler = sampler
        self.strategy = strategy
        self.amount = amount
        self.folder = folder

    def fit_resample(self, X: Any, y: NDArray) -> tuple[Any, NDArray]:
        """Return X and y, and the synthetic rows after them.

        Parameters
        ----------
        X : DataFrame or ndarray
            What `rows_of` returned.
        y : ndarray of shape (n_rows,)
            Labels.

        Returns
        -------
        X_resampled, y_resampled
            Of the same kind.
        """
        # joblib's own hash of a frame changes with how pandas stores it
        resample = Memory(self.folder, verbose=0).cache(_resample, ignore=["X"])
        X_res, y_res, is_synthetic = resample(clone(self.sampler), X, y, digest_of(X))
        if self.strategy == "part":
            n_real = len(y)
            counts = {label: n - int((y == label).sum()) for label, n in part_way(y, self.amount).items()}
        else:
            n_real = int((~is_synthetic).sum())
            counts = equal_share_counts(y, self.amount)
        of_classes = [np.flatnonzero(is_synthetic & (y_res == label))[:n] for label, n in counts.items()]
        rows = np.concatenate([np.arange(n_real), np.sort(np.concatenate(of_classes))])
        return _safe_indexing(X_res, rows), y_res[rows]


def part_way(y: NDArray, part: float) -> dict[Any, int]:
    """Return the size of each class after it has gone a part of the way to the size of the largest.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Labels.
    part : float
        In (0, 1]; with 1 all classes are as large as the largest.
    """
    counts = pd.Series(y).value_counts()
    return {label: n + round(part * (int(counts.max()) - n)) for label, n in counts.to_dict().items()}


def _resample(sampler: GANOversampler, X: Any, y: NDArray, digest: str) -> tuple[Any, NDArray, NDArray]:
    X_res, y_res = sampler.fit_resample(X, y)
    return X_res, np.asarray(y_res), sampler.is_synthetic_
