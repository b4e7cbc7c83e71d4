"""What classifiers say of synthetic texts: whether they are of their class, and whether they differ from real ones."""

from collections.abc import Hashable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganaug.common.random import subsample
from ganaug.common.texts import words_of
from ganaug.metrics.privacy import Count
from ganaug.metrics.text_nearest import most_similar, shared_words
from ganaug.metrics.two_sample import AUC, delong_auc

# Two texts that have this share of the words of the longer one in common are taken for variants of one text. In short
# messages, half of the words of a variant may be others.
_OF_ONE_SOURCE = 0.25
# Texts of each side that the classifiers are given.
_MAX_TEXTS = 2_500
_N_FOLDS = 5


def text_classifier(features: Literal["words", "characters"] = "words") -> Any:
    """Return a classifier of texts that is not fitted: logistic regression on TF-IDF, all classes with equal weight.

    Parameters
    ----------
    features : {"words", "characters"}, default="words"
        Words and pairs of words, or sequences of two to four characters within words.

    Returns
    -------
    Pipeline of scikit-learn
        Its `fit` takes texts and labels.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    if features == "words":
        rows = TfidfVectorizer(
            tokenizer=words_of, token_pattern=None, lowercase=False, ngram_range=(1, 2), sublinear_tf=True
        )
    else:
        rows = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=50_000)
    return make_pipeline(rows, LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000))


def class_acceptance(
    real: Sequence[str], y_real: ArrayLike, texts: Sequence[str], y: ArrayLike
) -> dict[Hashable, Count]:
    """Count the texts that a classifier, which learned from real texts, takes for their class.

    Parameters
    ----------
    real : sequence of str, n_real long
        Real texts of at least two classes; best those that the generator has not seen.
    y_real : array-like of shape (n_real,)
        Their labels.
    texts : sequence of str, n long
        Synthetic texts, or other real ones for reference.
    y : array-like of shape (n,)
        The classes that they should be of.

    Returns
    -------
    dict of label to Count
        For each label of `y`: how many of its texts were taken for it. Their share is best if it is that of real texts.

    Raises
    ------
    ValueError
        If the real texts have a single class, or no text has a word.

    Examples
    --------
    >>> real = ["win a prize", "win cash now", "see you at home", "are you home"]
    >>> found = class_acceptance(real, ["spam", "spam", "ham", "ham"], ["win a home", "you win"], ["spam", "ham"])
    >>> found["spam"].share
    1.0
    """
    classifier = text_classifier().fit(list(real), np.asarray(y_real))
    labels = np.asarray(y)
    is_accepted = classifier.predict(list(texts)) == labels
    return {
        label: Count(int(is_accepted[labels == label].sum()), int((labels == label).sum()))
        for label in np.unique(labels).tolist()
    }


def text_two_sample_auc(
    real: Sequence[str],
    synthetic: Sequence[str],
    *,
    features: Literal["words", "characters"] = "words",
    random_state: int | np.random.Generator | None = None,
) -> AUC:
    """Return how well a classifier tells synthetic texts from real ones.

    Parameters
    ----------
    real, synthetic : sequence of str
        At least 10 texts of each.
    features : {"words", "characters"}, default="words"
        What the classifier sees, see `text_classifier`. Characters show words that do not exist.
    random_state : int, numpy.random.Generator or None, default=None
        Of the folds, and of the draw of texts: as many of each side, at most 2,500.

    Returns
    -------
    value : float
        Mean ROC AUC of five folds: 0.5 (best) if they are not told apart, 1 if they are completely. NaN if the texts
        have no words, or fewer than five of them are different.
    error : float
        Its standard error for this many texts. Folds share training texts, so it is somewhat too small.

    Raises
    ------
    ValueError
        If there are fewer than 10 texts of one side.

    Notes
    -----
    Equal texts are in one fold, and so is each text with the one that it is most similar to, if they share a quarter of
    their words, whichever side they are of. Otherwise a classifier, which has learned that a text is real, takes its
    variants for real as well: an AUC of synthetic variants of real texts would be below 0.5, and 0 in the worst case.

    Examples
    --------
    >>> texts = [f"text {i} of {i % 7} and {i % 5}" for i in range(60)]
    >>> text_two_sample_auc(texts, [f"{text} indeed" for text in texts], random_state=0).value
    1.0
    """
    from sklearn.model_selection import GroupKFold

    if min(len(real), len(synthetic)) < 10:
        raise ValueError(
            f"at least 10 texts of each kind are needed, got {len(real)} real and {len(synthetic)} synthetic"
        )
    rng = np.random.default_rng(random_state)
    n = min(len(real), len(synthetic), _MAX_TEXTS)
    texts = [of[i] for of in (real, synthetic) for i in subsample(len(of), n, rng)]
    is_synthetic: NDArray[np.bool_] = np.repeat([False, True], n)
    groups = _groups(texts)
    if groups.max() + 1 < _N_FOLDS:
        return AUC(float("nan"), float("nan"))
    folds = GroupKFold(_N_FOLDS, shuffle=True, random_state=int(rng.integers(2**31)))
    found = []
    for train, test in folds.split(texts, groups=groups):
        if is_synthetic[train].all() or not is_synthetic[train].any():
            continue
        try:
            classifier = text_classifier(features).fit([texts[i] for i in train], is_synthetic[train])
        except ValueError:  # no text has a word
            continue
        scores = classifier.decision_function([texts[i] for i in test])
        if min(is_synthetic[test].sum(), (~is_synthetic[test]).sum()) > 1:
            found.append(delong_auc(scores[is_synthetic[test]], scores[~is_synthetic[test]]))
    if not found:
        return AUC(float("nan"), float("nan"))
    values, errors = np.array(found).T
    return AUC(float(values.mean()), float(np.sqrt((errors**2).sum()) / len(errors)))


def _groups(texts: Sequence[str]) -> NDArray[np.intp]:
    """Return the group of each text: variants of one text are in one group. Which side a text is of does not count."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    words = [words_of(text) for text in texts]
    equal: NDArray[np.intp] = np.unique([" ".join(of) for of in words], return_inverse=True)[1]
    first = np.unique(equal, return_index=True)[1]  # one of each
    nearest = most_similar([texts[i] for i in first], None)
    if nearest is None:
        return equal
    linked = [
        (i, j)
        for i, j in enumerate(nearest.tolist())
        if shared_words(words[first[i]], words[first[j]]) >= _OF_ONE_SOURCE
    ]
    rows, columns = np.array(linked, dtype=np.intp).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(linked)), (rows, columns)), shape=(len(first), len(first)))
    groups: NDArray[np.intp] = connected_components(graph, directed=False)[1][equal]
    return groups
