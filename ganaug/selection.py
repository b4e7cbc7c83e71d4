"""Selection: of several candidates for each requested row, keep one that looks like its class.

A generator also generates outliers and rows in the overlap of classes. Classifiers that learn from such rows raise more
false alarms. Therefore several candidates are generated for each requested row. Among all candidates of a class, as
many as requested are drawn without replacement, with a probability that grows with how certainly a candidate belongs to
its class. There is no rejection loop: the number of rows and their classes are always those requested.
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

# Candidates for each requested row. More candidates make the selection stricter and take longer; results with two to
# four are alike.
N_CANDIDATES = 3
# Candidates in total, at most. More requested rows get fewer candidates each; with one there is no choice.
MAX_CANDIDATES = 1_000_000
# The weight of a candidate is the probability of its class to this power. On the tables it was tuned on, 3 and 4 ranked
# first in every metric. Lower values favour balanced accuracy, higher values average precision and F1; with 8, balanced
# accuracy was worse.
SHARPNESS = 4
# Rows of a class from which "forest" and "neighbors" learn, at most, so that learning takes seconds.
MAX_LEARNED = 5_000
# The log weight of candidates that are taken only if there are no others.
_REFUSED = -1e6

Weigh = Callable[[NDArray, NDArray], NDArray]


class CandidateSelection(NamedTuple):
    """How to choose among candidates.

    Attributes
    ----------
    weigh : callable (candidates of shape (n, ...), y of shape (n,)) -> array of shape (n,)
        The logarithm of the weight of each candidate, as a member of its class in `y`.
    n_candidates : int
        Number of candidates for each requested row.
    """

    weigh: Weigh
    n_candidates: int

    def choose(self, candidates: NDArray, y: NDArray, rng: np.random.Generator) -> NDArray:
        """Draw one of `n_candidates` candidates of each class, without replacement, in proportion to their weights.

        Parameters
        ----------
        candidates : ndarray of shape (n * n_candidates, ...)
            Encoded candidates; those for one requested row stand next to each other.
        y : ndarray of shape (n * n_candidates,)
            Class index of each.
        rng : numpy.random.Generator
            Source of the draw.

        Returns
        -------
        ndarray of shape (n,)
            For each requested row, the position in `candidates` of one of its class.

        Examples
        --------
        >>> surely = CandidateSelection(lambda rows, y: np.log(rows), 2)
        >>> surely.choose(np.array([1.0, 1e-99, 1e-99, 1.0]), np.array([0, 0, 1, 1]), np.random.default_rng(0))
        array([0, 3])
        """
        # the largest values of log weight + Gumbel noise are such a draw (arXiv 1903.06059)
        keys = self.weigh(candidates, y) + rng.gumbel(size=len(y))
        requested = y[:: self.n_candidates]
        chosen = np.empty(len(requested), dtype=np.intp)
        for label in np.unique(requested):
            own, places = np.flatnonzero(y == label), np.flatnonzero(requested == label)
            chosen[places] = np.sort(own[np.argsort(-keys[own], kind="stable")[: len(places)]])
        return chosen


def candidates_per_row(n_requested: int) -> int:
    """Return the number of candidates for each of `n_requested` rows.

    It is `N_CANDIDATES`, or less where these would be more than `MAX_CANDIDATES` in total.

    Examples
    --------
    >>> candidates_per_row(1_000), candidates_per_row(400_000), candidates_per_row(600_000)
    (3, 2, 1)
    """
    return int(np.clip(MAX_CANDIDATES // max(n_requested, 1), 1, N_CANDIDATES))


def by_forest(rows: NDArray, y: NDArray, seed: int) -> Weigh:
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
    # two rows in a leaf: otherwise the surroundings of each outlier would get a high probability
    trees = {"min_samples_leaf": 2, "class_weight": "balanced", "random_state": seed}
    halves = [("extra", ExtraTreesClassifier(50, **trees)), ("random", RandomForestClassifier(50, **trees))]
    return _by_probability(VotingClassifier(halves, voting="soft"), rows, y, seed)


def by_neighbors(rows: NDArray, y: NDArray, seed: int) -> Weigh:
    """Weigh candidates by the share of their class among the 15 nearest training rows; all classes weigh the same.

    Parameters
    ----------
    rows, y, seed
        As in `by_forest`.

    Returns
    -------
    callable
        The `weigh` of a `CandidateSelection`.
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
        prior = np.ones(y.max() + 1)  # the class weights of the trees make classes equal already
    classifier.fit(rows, y)

    def weigh(candidates: NDArray, requested: NDArray) -> NDArray:
        odds = classifier.predict_proba(candidates) / prior
        share = odds[np.arange(len(requested)), requested] / odds.sum(axis=1)
        return SHARPNESS * np.log(share + 1e-3)

    return weigh


def by_cleaner(cleaner: SamplerMixin, rows: NDArray, y: NDArray, n_candidates: int) -> Weigh:
    """Refuse candidates that a cleaning sampler of imbalanced-learn would remove, given real rows and candidates.

    Parameters
    ----------
    cleaner : SamplerMixin
        For example ``TomekLinks()`` or ``EditedNearestNeighbours()``. It has to set `sample_indices_`.
    rows, y
        As in `by_forest`.
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
        weights = np.full(len(requested), _REFUSED)
        # one candidate of each row at a time: all together would be denser than the rows that are kept
        for part in (slice(i, None, n_candidates) for i in range(n_candidates)):
            own.fit_resample(np.concatenate([rows, candidates[part]]), np.concatenate([y, requested[part]]))
            kept = own.sample_indices_[own.sample_indices_ >= len(rows)] - len(rows)
            weights[part][kept] = 0.0
        return weights

    return weigh


def without_copies(weigh: Weigh, rows: NDArray, y: NDArray) -> Weigh:
    """Refuse candidates that equal exactly one training row of their class in every value.

    Such a candidate would disclose that this person, object or image was in the training data. A candidate that equals
    several training rows of its class discloses no single one, and is kept.

    Parameters
    ----------
    weigh : callable
        What weighs the other candidates.
    rows, y
        As in `by_forest`.

    Returns
    -------
    callable
        The `weigh` of a `CandidateSelection`.

    Examples
    --------
    >>> rows, y = np.array([[1.0], [2.0], [2.0]]), np.array([0, 0, 0])
    >>> weigh = without_copies(lambda candidates, y: np.zeros(len(y)), rows, y)
    >>> weigh(np.array([[1.0], [2.0], [3.0]]), y).tolist()
    [-1000000.0, 0.0, 0.0]
    """
    known, n_times = np.unique(_fingerprints(rows, y), return_counts=True)
    single = known[n_times == 1]

    def weigh_without_copies(candidates: NDArray, requested: NDArray) -> NDArray:
        is_copy = np.isin(_fingerprints(candidates, requested), single)
        return np.where(is_copy, _REFUSED, weigh(candidates, requested))

    return weigh_without_copies


def _fingerprints(rows: NDArray, y: NDArray) -> NDArray:
    # 64 bits for a row and its class: two of a million different rows share one by chance once in 30 million cases
    return pd.util.hash_pandas_object(pd.DataFrame(rows.reshape(len(rows), -1)).assign(y=y), index=False).to_numpy()


def is_cleaner(value: Any) -> bool:
    """Whether a value is a cleaning sampler of imbalanced-learn."""
    return isinstance(value, SamplerMixin) and value._sampling_type == "clean-sampling"


def _at_most(n: int, members: NDArray, rng: np.random.Generator) -> NDArray:
    return members if len(members) <= n else rng.choice(members, n, replace=False)
