"""How TextGAN chooses among candidates: certainty of the class, likelihood, and no copies of training texts."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from ganaug.common.texts import words_of
from ganaug.metrics import KnownTexts
from ganaug.selection import CandidateSelection

# Size of the table of hashed words and pairs of words.
_N_FEATURES = 2**15
_N_FOLDS = 5
# Classes of more texts are represented by so many.
_MAX_LEARNED = 5_000
# The weight of a candidate is the probability of its class to this power, times its rank by likelihood.
SHARPNESS = 4.0
# In a class of fewer texts, the logarithm of the weight of a candidate falls by so much if all its pairs of words were
# written before. Chosen on two draws of 30 short messages; from 89 texts on, texts are varied enough without it.
_FEW_TEXTS, _REPETITION = 50, 4.0
# The logarithm of the weight of candidates that are taken only if there are no others.
REFUSED = -1e6


class ClassJudge:
    """The probability of each class of a text: logistic regressions on TF-IDF of words and pairs of words.

    Each regression is fitted without a fifth of the texts, and all of them are averaged, so that single texts have less
    weight.

    Parameters
    ----------
    weights : ndarray of shape (n_features, n_classes)
        Coefficients, with the inverse document frequency as a factor.
    idf : ndarray of shape (n_features,)
        Inverse document frequency of each hashed feature.
    intercept : ndarray of shape (n_classes,)
        Intercepts.
    """

    def __init__(self, weights: NDArray[np.float32], idf: NDArray[np.float32], intercept: NDArray[np.float32]) -> None:
        if weights.shape != (len(idf), len(intercept)) or len(idf) != _N_FEATURES:
            raise ValueError("the coefficients of the classifier of texts do not fit each other")
        if not all(np.isfinite(array).all() for array in (weights, idf, intercept)):
            raise ValueError("a coefficient of the classifier of texts is not finite")
        self.weights, self.idf, self.intercept = weights, idf, intercept

    @classmethod
    def fitted(cls, texts: Sequence[str], y: NDArray, seed: int) -> "ClassJudge":
        """Learn from training texts.

        Parameters
        ----------
        texts : sequence of str, n_texts long
            Training texts.
        y : ndarray of shape (n_texts,)
            Class index of each.
        seed : int
            Of the folds.
        """
        from sklearn.linear_model import LogisticRegression

        rng = np.random.default_rng(seed)
        n_classes = int(y.max()) + 1
        members = [np.flatnonzero(y == label) for label in range(n_classes)]
        kept = np.concatenate([rng.permutation(own)[:_MAX_LEARNED] for own in members])
        y = y[kept]
        counts = _counts([texts[i] for i in kept])
        n_with = np.bincount(counts.indices, minlength=_N_FEATURES)
        # what no training text has says nothing, and does not count
        idf = np.where(n_with > 0, np.log((1 + len(y)) / (1 + n_with)) + 1, 0).astype(np.float32)
        rows = _normalized(counts, idf)
        weights, intercept = np.zeros((_N_FEATURES, n_classes)), np.zeros(n_classes)
        if n_classes == 1:
            return cls(weights.astype(np.float32), idf, intercept.astype(np.float32))
        folds = np.concatenate([rng.permutation(len(own[:_MAX_LEARNED])) for own in members]) % _N_FOLDS
        for fold in range(_N_FOLDS):
            learned = (folds != fold) | (np.bincount(y)[y] < _N_FOLDS)
            regression = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000)
            regression.fit(rows[learned], y[learned])
            coefficients, bias = regression.coef_, regression.intercept_
            if n_classes == 2:
                # as of a regression with a row of coefficients for each class
                coefficients, bias = (
                    np.stack([-coefficients[0], coefficients[0]]) / 2,
                    np.array([-bias[0], bias[0]]) / 2,
                )
            weights += coefficients.T / _N_FOLDS
            intercept += bias / _N_FOLDS
        return cls(weights.astype(np.float32), idf, intercept.astype(np.float32))

    def log_probability(self, texts: Sequence[str], y: NDArray) -> NDArray:
        """Return the logarithm of the probability that each text is of its class in `y`."""
        scores = _normalized(_counts(texts), self.idf) @ self.weights + self.intercept
        return log_softmax(scores, axis=1)[np.arange(len(y)), y]

    def state(self) -> dict[str, NDArray]:
        """Return the arrays of the constructor, by name; only features with a coefficient are kept."""
        return {"weights": self.weights, "idf": self.idf, "intercept": self.intercept}


def _counts(texts: Sequence[str]) -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    hashing = HashingVectorizer(
        n_features=_N_FEATURES,
        alternate_sign=False,
        norm=None,
        ngram_range=(1, 2),
        tokenizer=words_of,
        token_pattern=None,
        lowercase=False,
    )
    return hashing.transform(texts)


def _normalized(counts: Any, idf: NDArray) -> Any:
    from sklearn.preprocessing import normalize

    rows = counts.copy()
    rows.data = (1 + np.log(rows.data)) * idf[rows.indices]
    return normalize(rows)


def weights_of(
    texts: Sequence[str], scores: NDArray, y: NDArray, n_candidates: int, judge: ClassJudge, known: KnownTexts
) -> NDArray:
    """Return the logarithm of the weight of each candidate.

    Parameters
    ----------
    texts : sequence of str, n * n_candidates long
        Candidates; those for one requested text stand next to each other.
    scores : ndarray of shape (n * n_candidates,)
        Mean logarithm of the probability of a token.
    y : ndarray of shape (n * n_candidates,)
        Requested class of each.
    n_candidates : int
        Candidates for each requested text.
    judge : ClassJudge
        Of the training texts.
    known : KnownTexts
        The training texts, of which no copies are wanted.
    """
    ranks = scores.reshape(-1, n_candidates).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable").ravel()
    weights = SHARPNESS * judge.log_probability(texts, y) + np.log((1 + ranks) / n_candidates)
    is_copy = known.nearest_copies(texts) >= 0
    is_empty = np.array([not text.strip() for text in texts])
    # if there is nothing else, a copy is better than an empty text
    return weights + REFUSED * is_copy + 4 * REFUSED * is_empty


def selected_weights(
    selection: CandidateSelection, latents: NDArray, y: NDArray, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the logarithm of the weight that a selection gives each candidate; copies are refused by their words.

    Parameters
    ----------
    selection : CandidateSelection
        From `ConditionalGAN.selection_for`.
    latents : ndarray of shape (n, code_size)
        Encoded candidates.
    y : ndarray of shape (n,)
        Requested class of each.
    rng : numpy.random.Generator
        Source of folds and seeds.
    """
    weights = np.zeros(len(y))
    if selection.weigh is not None:
        weights += selection.weigh(latents, y)
    if selection.realism is not None:
        for label in np.unique(y):
            own = np.flatnonzero(y == label)
            weights[own] += selection.realism.log_odds(latents[own], int(label), softmax, rng)
    return weights


def few_texts(y: NDArray[np.intp]) -> set[int]:
    """Return the classes that have so few texts that repetitions count against candidates.

    Parameters
    ----------
    y : ndarray of shape (n_texts,)
        Class index of each training text.

    Examples
    --------
    >>> few_texts(np.repeat([0, 1], [60, 40]))
    {1}
    """
    labels, counts = np.unique(y, return_counts=True)
    return set(labels[counts < _FEW_TEXTS].tolist())


class Repetition:
    """How much of a text was written before: pairs of words that follow each other.

    Examples
    --------
    >>> repetition = Repetition()
    >>> repetition.add(["win", "a", "prize"])
    >>> repetition.penalty(["win", "a", "car"]), repetition.penalty(["see", "you"])
    (2.0, 0.0)
    """

    def __init__(self) -> None:
        self._written: set[tuple[str, str]] = set()

    def penalty(self, words: Sequence[str]) -> float:
        """Return what is taken from the logarithm of the weight of a candidate.

        Parameters
        ----------
        words : sequence of str
            The words of the candidate.
        """
        pairs = set(pairwise(words))
        return _REPETITION * len(pairs & self._written) / max(1, len(pairs))

    def add(self, words: Sequence[str]) -> None:
        """Remember a text that is written.

        Parameters
        ----------
        words : sequence of str
            Its words.
        """
        self._written.update(pairwise(words))
