"""How certainly a candidate belongs to its class: to a forest, to the nearest training rows, to a cleaning sampler."""

from collections.abc import Callable
from typing import Any

import numpy as np
from imblearn.base import SamplerMixin
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, VotingClassifier
from sklearn.neighbors import KNeighborsClassifier

from ganaug.selection.candidates import Weigh
from ganaug.selection.folds import EVERY, nearest_real, random_folds

# The weight of a candidate is the probability of its class to this power. On the tables it was tuned on, 3 and 4 ranked
# first in every metric. Lower values favour balanced accuracy, higher values average precision and F1; with 8, balanced
# accuracy was worse.
SHARPNESS = 4
# Rows of a class from which a forest and neighbours learn, at most, so that learning takes seconds.
MAX_LEARNED = 5_000
# Trees of each kind in the forest of a fold. One forest for all rows, where no class is divided into folds, has more.
N_TREES, N_TREES_UNDIVIDED = 20, 50
# The log weight of candidates that a cleaner would remove.
_REMOVED = -50.0


def by_class(rows: NDArray, y: NDArray, seed: int) -> Weigh:
    """Weigh candidates by the probability that a forest gives to their class; all classes have the same weight.

    Half of the trees are extremely randomised (Geurts, Ernst and Wehenkel, Machine Learning 63, 2006), half are those
    of a random forest (Breiman, Machine Learning 45, 2001). In our measurements, rows selected by the former alone
    suited gradient boosting better, and rows selected by the latter alone logistic regression.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, width)
        Encoded training rows.
    y : ndarray of shape (n_rows,)
        Class index of each.
    seed : int
        Seed of the trees, and of the draw of the rows they learn from.

    Returns
    -------
    callable
        The `weigh` of a `CandidateSelection`.
    """
    return _sharpened(class_certainty(rows, y, seed))


def class_certainty(rows: NDArray, y: NDArray, seed: int) -> Weigh:
    """Return what estimates the probability that rows belong to their class, by the forest of `by_class`.

    No row is judged by trees that learned the real row of its class to which it is nearest (see `Folds`).

    Parameters
    ----------
    rows, y, seed
        As in `by_class`.

    Returns
    -------
    callable (rows of shape (n, width), y of shape (n,)) -> array of shape (n,)
        Probabilities, for classes of equal size.
    """
    # two rows in a leaf: otherwise the surroundings of each outlier would get a high probability
    trees = {"min_samples_leaf": 2, "class_weight": "balanced", "random_state": seed}

    def forest(is_divided: bool) -> ClassifierMixin:
        n_trees = N_TREES if is_divided else N_TREES_UNDIVIDED
        halves = [
            ("extra", ExtraTreesClassifier(n_trees, **trees)),
            ("random", RandomForestClassifier(n_trees, **trees)),
        ]
        return VotingClassifier(halves, voting="soft")

    return _probability(forest, rows, y, seed)


def by_neighbors(rows: NDArray, y: NDArray, seed: int) -> Weigh:
    """Weigh candidates by the share of their class among the 15 nearest training rows; all classes weigh the same.

    Parameters
    ----------
    rows, y, seed
        As in `by_class`.

    Returns
    -------
    callable
        The `weigh` of a `CandidateSelection`.
    """
    return _sharpened(_probability(lambda _: KNeighborsClassifier(15, weights="distance"), rows, y, seed))


def _sharpened(probability: Weigh) -> Weigh:
    return lambda candidates, requested: SHARPNESS * np.log(probability(candidates, requested) + 1e-3)


def _probability(classifier: Callable[[bool], ClassifierMixin], rows: NDArray, y: NDArray, seed: int) -> Weigh:
    rng = np.random.default_rng(seed)
    classes = range(y.max() + 1)
    kept = np.concatenate([_at_most(MAX_LEARNED, np.flatnonzero(y == c), rng) for c in classes])
    rows, y = rows[kept], y[kept]
    folds = np.empty(len(y), dtype=np.intp)
    for c in classes:
        folds[y == c] = random_folds(int((y == c).sum()), rng)
    n_folds = folds.max() + 1
    fitted = [_fitted(classifier(n_folds > 0), rows[folds != k], y[folds != k]) for k in range(max(n_folds, 1))]

    def probability(candidates: NDArray, requested: NDArray) -> NDArray:
        # classes that are not divided are in no fold: one classifier judges them as well as another
        fold = np.zeros(len(requested), dtype=np.intp)
        for c in np.unique(requested):
            own, of_class = np.flatnonzero(requested == c), np.flatnonzero(y == c)
            if folds[of_class[0]] != EVERY:
                fold[own] = folds[of_class[nearest_real(candidates[own], rows[of_class])]]
        odds = np.empty((len(requested), len(classes)))
        for k in np.unique(fold):
            learned, prior = fitted[k]
            odds[fold == k] = learned.predict_proba(candidates[fold == k]) / prior
        return odds[np.arange(len(requested)), requested] / odds.sum(axis=1)

    return probability


def _fitted(classifier: ClassifierMixin, rows: NDArray, y: NDArray) -> tuple[ClassifierMixin, NDArray]:
    """Return the classifier, and how much its learning favours each class."""
    prior = np.ones(y.max() + 1)  # the class weights of the trees make classes equal already
    if isinstance(classifier, KNeighborsClassifier):
        classifier.set_params(n_neighbors=min(classifier.n_neighbors, len(y)))
        prior = np.bincount(y) / len(y)
    return classifier.fit(rows, y), prior


def by_cleaner(cleaner: SamplerMixin, rows: NDArray, y: NDArray, n_candidates: int) -> Weigh:
    """Avoid candidates that a cleaning sampler of imbalanced-learn would remove, given real rows and candidates.

    Parameters
    ----------
    cleaner : SamplerMixin
        For example ``TomekLinks()`` or ``EditedNearestNeighbours()``. It has to set `sample_indices_`.
    rows, y
        As in `by_class`.
    n_candidates : int
        Number of candidates for each requested row.

    Returns
    -------
    callable
        The `weigh` of a `CandidateSelection`.
    """

    def weigh(candidates: NDArray, requested: NDArray) -> NDArray:
        # by default a cleaner removes no rows of the smallest class; here it may remove rows of every class
        own = clone(cleaner)
        if "sampling_strategy" in own.get_params() and own.sampling_strategy == "auto":
            own.set_params(sampling_strategy="all")
        weights = np.full(len(requested), _REMOVED)
        # one candidate of each row at a time: all together would be denser than the rows that are kept
        for part in (slice(i, None, n_candidates) for i in range(n_candidates)):
            own.fit_resample(np.concatenate([rows, candidates[part]]), np.concatenate([y, requested[part]]))
            kept = own.sample_indices_[own.sample_indices_ >= len(rows)] - len(rows)
            weights[part][kept] = 0.0
        return weights

    return weigh


def is_cleaner(value: Any) -> bool:
    """Return whether a value is a cleaning sampler of imbalanced-learn.

    Parameters
    ----------
    value : object
        Anything.
    """
    return isinstance(value, SamplerMixin) and value._sampling_type == "clean-sampling"


def _at_most(n: int, members: NDArray, rng: np.random.Generator) -> NDArray:
    return members if len(members) <= n else rng.choice(members, n, replace=False)
