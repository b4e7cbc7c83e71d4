"""Which generated rows to keep: of several candidates for each row wanted, one that looks like its class.

A generator covers a class as widely as it saw it, outliers and the overlap with other classes included, and rows there
teach a classifier to cry wolf. So several candidates are generated for each row wanted, and of all those of a class
as many as are wanted are drawn, each with a chance that grows with how surely it belongs to its class. Nothing is
rejected in a loop: as many rows come out as are asked for, of the classes asked for.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from imblearn.base import SamplerMixin
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, VotingClassifier
from sklearn.neighbors import KNeighborsClassifier

# Candidates for each row wanted. More sharpen the choice and take longer; two to four score alike.
N_CANDIDATES = 3
# At most so many candidates are generated in all; beyond it there are fewer for each row, and with one no choice.
MAX_CANDIDATES = 1_000_000
# The chance of a candidate is its class's probability to this power: at 3 and 4 ours came first in every metric on the
# tables it was tuned on; lower leans toward balanced accuracy, in which 8 fell behind, higher toward average precision
# and F1.
SHARPNESS = 4
# Rows of a class from which "forest" and "neighbors" learn: enough to know it, few enough to take seconds.
MAX_LEARNED = 5_000
# The log weight of what is taken only where there is nothing else.
_REFUSED = -1e6

Weigh = Callable[[NDArray, NDArray], NDArray]


class CandidateSelection(NamedTuple):
    """How to choose among candidates.

    Attributes
    ----------
    weigh : callable (candidates of shape (n, ...), y of shape (n,)) -> array of shape (n,)
        The logarithm of each candidate's weight, as a member of its class in `y`.
    n_candidates : int
        Candidates for each row wanted.
    """

    weigh: Weigh
    n_candidates: int

    def choose(self, candidates: NDArray, y: NDArray, rng: np.random.Generator) -> NDArray:
        """Draw one in `n_candidates` of each class's candidates, without replacement, in proportion to their weights.

        Parameters
        ----------
        candidates : ndarray of shape (n * n_candidates, ...)
            For each row wanted so many of its class, side by side.
        y : ndarray of shape (n * n_candidates,)
            Their class index.
        rng : numpy.random.Generator
            Of the draw.

        Returns
        -------
        ndarray of shape (n,)
            Positions in `candidates`, for each row wanted one of its class.

        Examples
        --------
        >>> surely = CandidateSelection(lambda rows, y: np.log(rows), 2)
        >>> surely.choose(np.array([1.0, 1e-99, 1e-99, 1.0]), np.array([0, 0, 1, 1]), np.random.default_rng(0))
        array([0, 3])
        """
        # the largest of log weight + Gumbel noise are such a draw (arXiv 1903.06059)
        keys = self.weigh(candidates, y) + rng.gumbel(size=len(y))
        wanted = y[:: self.n_candidates]
        chosen = np.empty(len(wanted), dtype=np.intp)
        for label in np.unique(wanted):
            own, places = np.flatnonzero(y == label), np.flatnonzero(wanted == label)
            chosen[places] = np.sort(own[np.argsort(-keys[own], kind="stable")[: len(places)]])
        return chosen


def n_candidates(n_wanted: int) -> int:
    """Candidates for each of `n_wanted` rows: `N_CANDIDATES`, fewer where they would be more than `MAX_CANDIDATES`."""
    return int(np.clip(MAX_CANDIDATES // max(n_wanted, 1), 1, N_CANDIDATES))


def by_forest(rows: NDArray, y: NDArray, seed: int) -> Weigh:
    """Weigh by the probability that a forest gives the class, all classes counting alike.

    Half of its trees split at random (extremely randomised trees: Geurts, Ernst and Wehenkel, Machine Learning 63,
    2006), half where it is best for a bootstrap sample (random forest: Breiman, Machine Learning 45, 2001): the ones
    alone suit gradient boosting better, the others logistic regression.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, width)
        Encoded training rows.
    y : ndarray of shape (n_rows,)
        Class index of each.
    seed : int
        Of the trees, and of the rows they learn from.
    """
    # two rows a leaf: a tree that may follow single rows calls the surroundings of each outlier safe
    trees = {"min_samples_leaf": 2, "class_weight": "balanced", "random_state": seed}
    halves = [("extra", ExtraTreesClassifier(50, **trees)), ("random", RandomForestClassifier(50, **trees))]
    return _by_probability(VotingClassifier(halves, voting="soft"), rows, y, seed)


def by_neighbors(rows: NDArray, y: NDArray, seed: int) -> Weigh:
    """Weigh by the share of the class among the 15 nearest training rows, all classes counting alike.

    Parameters
    ----------
    rows, y, seed
        As in `by_forest`.
    """
    return _by_probability(KNeighborsClassifier(15, weights="distance"), rows, y, seed)


def _by_probability(classifier: ClassifierMixin, rows: NDArray, y: NDArray, seed: int) -> Weigh:
    rng = np.random.default_rng(seed)
    kept = np.concatenate([_at_most(MAX_LEARNED, np.flatnonzero(y == c), rng) for c in range(y.max() + 1)])
    rows, y = rows[kept], y[kept]
    if isinstance(classifier, KNeighborsClassifier):
        classifier.set_params(n_neighbors=min(classifier.n_neighbors, len(y)))
        prior = np.bincount(y) / len(y)
    else:
        prior = np.ones(y.max() + 1)  # its class weights see to it already
    classifier.fit(rows, y)

    def weigh(candidates: NDArray, wanted: NDArray) -> NDArray:
        odds = classifier.predict_proba(candidates) / prior
        share = odds[np.arange(len(wanted)), wanted] / odds.sum(axis=1)
        return SHARPNESS * np.log(share + 1e-3)

    return weigh


def by_cleaner(cleaner: SamplerMixin, rows: NDArray, y: NDArray, n_candidates: int) -> Weigh:
    """Avoid what one of imbalanced-learn's cleaning samplers would remove from real rows and candidates together.

    Parameters
    ----------
    cleaner : SamplerMixin
        Such as ``TomekLinks()`` or ``EditedNearestNeighbours()``: it has to set `sample_indices_`.
    rows, y
        As in `by_forest`.
    n_candidates : int
        Candidates for each row wanted.
    """

    def weigh(candidates: NDArray, wanted: NDArray) -> NDArray:
        # a clone that may remove rows of every class, not only of those larger than the smallest
        own = clone(cleaner)
        if "sampling_strategy" in own.get_params() and own.sampling_strategy == "auto":
            own.set_params(sampling_strategy="all")
        weights = np.full(len(wanted), _REFUSED)
        # as many at a time as there will be in the end: all at once they would keep each other company
        for part in (slice(i, None, n_candidates) for i in range(n_candidates)):
            own.fit_resample(np.concatenate([rows, candidates[part]]), np.concatenate([y, wanted[part]]))
            stays = own.sample_indices_[own.sample_indices_ >= len(rows)] - len(rows)
            weights[part][stays] = 0.0
        return weights

    return weigh


def without_copies(weigh: Weigh, rows: NDArray, y: NDArray) -> Weigh:
    """Refuse a candidate that equals a training row of its class in every value, where no second row does.

    Such a row would give away that one person, part or picture was among the training data. A combination that
    several rows of the class share gives nobody away and is as common among the candidates as it should be.

    Parameters
    ----------
    weigh : callable
        How the other candidates are weighed.
    rows, y
        As in `by_forest`.

    Examples
    --------
    >>> rows, y = np.array([[1.0], [2.0], [2.0]]), np.array([0, 0, 0])
    >>> careful = without_copies(lambda candidates, y: np.zeros(len(y)), rows, y)
    >>> careful(np.array([[1.0], [2.0], [3.0]]), y).tolist()
    [-1000000.0, 0.0, 0.0]
    """
    known, n_times = np.unique(_fingerprints(rows, y), return_counts=True)
    single = known[n_times == 1]

    def careful(candidates: NDArray, wanted: NDArray) -> NDArray:
        return np.where(np.isin(_fingerprints(candidates, wanted), single), _REFUSED, weigh(candidates, wanted))

    return careful


def _fingerprints(rows: NDArray, y: NDArray) -> NDArray:
    # 64 bits for a row and its class: among a million rows two share one by chance once in 30 million times
    return pd.util.hash_pandas_object(pd.DataFrame(rows.reshape(len(rows), -1)).assign(y=y), index=False).to_numpy()


def is_cleaner(value: Any) -> bool:
    """Whether a value is one of imbalanced-learn's cleaning samplers."""
    return isinstance(value, SamplerMixin) and value._sampling_type == "clean-sampling"


def _at_most(n: int, members: NDArray, rng: np.random.Generator) -> NDArray:
    return members if len(members) <= n else rng.choice(members, n, replace=False)
