"""How real candidates look, to a detector that is trained to tell real rows of their class from candidates."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from ganaug.selection.shares import Layout

# Log odds are cut at this value, so that no candidate is sure to be drawn because of them alone.
LIMIT = 4.0
# Real rows, and candidates, from which a detector learns, at most; and candidates at least.
MAX_LEARNED = 5_000
MIN_LEARNED = 250
# Bins of a column: what the trees of scikit-learn have.
N_BINS = 255
# For fewer real rows the detector is smaller, and there is one round.
FEW_ROWS = 500
# With so few real rows of a class a detector learns nothing; from so many on its odds count in full.
NO_ROWS, ENOUGH_ROWS = 10, 25
# Detectors one after the other: each learns what tells real rows from those that the ones before it would choose. On
# small tables a second round gained nothing.
N_ROUNDS = 2


class Realism:
    """Detectors of candidates, one for each class.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, width)
        Encoded training rows.
    y : ndarray of shape (n_rows,)
        Class index of each.
    layout : Layout or None
        Of the encoded rows; None leaves them as they are.
    """

    def __init__(self, rows: NDArray, y: NDArray, layout: Layout | None) -> None:
        self._layout = layout
        self._real = [self._features(rows[y == label]) for label in range(y.max() + 1)]

    def _features(self, rows: NDArray) -> NDArray:
        return rows.reshape(len(rows), -1) if self._layout is None else self._layout.compact(rows)

    def log_odds(
        self, candidates: NDArray, label: int, probability: Callable[[NDArray], NDArray], rng: np.random.Generator
    ) -> NDArray:
        """Return the logarithm of the odds that candidates are real, estimated by detectors that did not learn them.

        An optimal detector's odds are the density of real rows over that of candidates: a draw in proportion to them
        has the density of real rows (arXiv 1810.06758, section 3). The first detector learns from all candidates, the
        next from those that a draw by the odds so far would keep.

        Parameters
        ----------
        candidates : ndarray of shape (n, width)
            Encoded candidates of one class.
        label : int
            Their class index.
        probability : callable (log weights of shape (n,)) -> array of shape (n,)
            The probability with which each candidate would be drawn.
        rng : numpy.random.Generator
            Source of folds and seeds.

        Returns
        -------
        ndarray of shape (n,)
            Log odds from -4 to 4. For a class of fewer than 25 real rows they are nearer to 0.
        """
        real = self._real[label]
        strength = np.clip((len(real) - NO_ROWS) / (ENOUGH_ROWS - NO_ROWS), 0.0, 1.0)
        odds = np.zeros(len(candidates))
        if not strength:
            return odds
        features = self._features(candidates)
        for _ in range(1 if len(real) < FEW_ROWS else N_ROUNDS):
            kept = rng.random(len(odds)) < probability(odds) if odds.any() else np.ones(len(odds), dtype=bool)
            odds = np.clip(odds + cross_fitted_log_odds(real, features, kept, rng), -LIMIT, LIMIT)
        return strength * odds


def cross_fitted_log_odds(real: NDArray, candidates: NDArray, kept: NDArray, rng: np.random.Generator) -> NDArray:
    """Return the log odds that each candidate is real, from a detector that learned from the other half of them.

    Parameters
    ----------
    real : ndarray of shape (n_real, d)
        Real rows.
    candidates : ndarray of shape (n, d)
        Candidates.
    kept : ndarray of bool, shape (n,)
        Which candidates may be learned from.
    rng : numpy.random.Generator
        Source of halves, subsamples and seeds.

    Returns
    -------
    ndarray of shape (n,)
        Log odds, for equally many real rows and candidates.
    """
    real = real[rng.permutation(len(real))[:MAX_LEARNED]]
    n_fake = max(len(real), MIN_LEARNED)
    order = rng.permutation(len(candidates))
    odds = np.empty(len(candidates))
    halves = np.array_split(order, 2)
    for learned, scored in (halves, halves[::-1]):
        fake = learned[kept[learned]][:n_fake]
        if not len(fake):
            fake = learned[:n_fake]
        rows = np.concatenate([real, candidates[fake]])
        detector = _detector(len(real), int(rng.integers(2**31)))
        detector.fit(rows, np.arange(len(rows)) < len(real))
        is_real = detector.predict_proba(candidates[scored])[:, 1]
        odds[scored] = np.log(is_real + 1e-3) - np.log(1 - is_real + 1e-3)
    return odds


class _Bins(TransformerMixin, BaseEstimator):
    """Numbers of the quantile bins of each column, as many as the trees have.

    The trees would find bins by weighted quantiles, one at a time, which takes as long as their growth.
    """

    def fit(self, X: NDArray, y: Any = None) -> "_Bins":
        """Find the edges."""
        self.edges_ = [np.unique(column) for column in np.quantile(X, np.linspace(0, 1, N_BINS + 1)[1:-1], axis=0).T]
        return self

    def transform(self, X: NDArray) -> NDArray[np.float32]:
        """Return the number of the bin of each value."""
        bins = [np.searchsorted(edges, column) for edges, column in zip(self.edges_, X.T, strict=True)]
        return np.column_stack(bins).astype(np.float32)


def _detector(n_real: int, seed: int) -> Pipeline:
    size = {"max_iter": 50, "max_leaf_nodes": 8, "min_samples_leaf": 10} if n_real < FEW_ROWS else {}
    trees = HistGradientBoostingClassifier(**size, early_stopping=False, class_weight="balanced", random_state=seed)
    return make_pipeline(_Bins(), trees)
