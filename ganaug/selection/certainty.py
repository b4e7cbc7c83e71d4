"""How certainly a candidate belongs to its class: to a forest, to the nearest training rows, to a cleaning sampler."""

from typing import Any

import numpy as np
from imblearn.base import SamplerMixin
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, VotingClassifier
from sklearn.neighbors import KNeighborsClassifier

from ganaug.selection.candidates import Weigh
from ganaug.selection.folds import ANY, folds_of, nearest

# The weight of a candidate is the probability of its class to this power. On the tables it was tuned on, 3 and 4 ranked
# first in every metric. Lower values favour balanced accuracy, higher values average precision and F1; with 8, balanced
# accuracy was worse.
SHARPNESS = 4
# Rows of a class from which a forest and neighbours learn, at most, so that learning takes seconds.
MAX_LEARNED = 5_000
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
    def forest(n):
        halves = [("extra", ExtraTreesClassifier(n, **trees)), ("random", RandomForestClassifier(n, **trees))]
        return VotingClassifier(halves, voting="soft")
    if not FOLDS:
        return _probability(forest(50), rows, y, seed)
    rng = np.random.default_rng(seed)
    kept = np.concatenate([_at_most(MAX_LEARNED, np.flatnonzero(y == c), rng) for c in range(y.max() + 1)])
    rows, y = rows[kept], y[kept]
    folds = np.empty(len(y), dtype=np.intp)
    for c in range(y.max() + 1):
        folds[y == c] = folds_of((y == c).sum(), rng)
    forests = [forest(TREES).fit(rows[folds != f], y[folds != f]) for f in range(folds.max() + 1)] or [forest(50).fit(rows, y)]

    def probability(candidates: NDArray, requested: NDArray) -> NDArray:
        of = np.zeros(len(requested), dtype=np.intp)
        for c in np.unique(requested):
            own = np.flatnonzero(requested == c)
            fold = folds[y == c]
            if fold[0] != ANY:
                of[own] = fold[nearest(candidates[own].reshape(len(own), -1), rows[y == c])]
        odds = np.empty((len(requested), y.max() + 1))
        for f in np.unique(of):
            odds[of == f] = forests[f].predict_proba(candidates[of == f])
        return odds[np.arange(len(requested)), requested] / odds.sum(axis=1)
    return probability
FOLDS, TREES = True, 20


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
    return _sharpened(_probability(KNeighborsClassifier(15, weights="distance"), rows, y, seed))


def _sharpened(probability: Weigh) -> Weigh:
    return lambda candidates, requested: SHARPNESS * np.log(probability(candidates, requested) + 1e-3)


def _probability(classifier: ClassifierMixin, rows: NDArray, y: NDArray, seed: int) -> Weigh:
    rng = np.random.default_rng(seed)
    kept = np.concatenate([_at_most(MAX_LEARNED, np.flatnonzero(y == c), rng) for c in range(y.max() + 1)])
    rows, y = rows[kept], y[kept]
    if isinstance(classifier, KNeighborsClassifier):
        classifier.set_params(n_neighbors=min(classifier.n_neighbors, len(y)))
        prior = np.bincount(y) / len(y)
    else:
        prior = np.ones(y.max() + 1)  # the class weights of the trees make classes equal already
    classifier.fit(rows, y)

    def probability(candidates: NDArray, requested: NDArray) -> NDArray:
        odds = classifier.predict_proba(candidates) / prior
        return odds[np.arange(len(requested)), requested] / odds.sum(axis=1)

    return probability


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
