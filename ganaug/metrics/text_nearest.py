"""The nearest real texts of synthetic ones: by the words that they share, and by edits."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.texts import words_of
from ganaug.metrics.pairwise import batches
from ganaug.metrics.text_copies import NEAR, KnownTexts

# Words of a text that are compared, at most: the time of an edit distance grows with the square.
_MAX_WORDS = 500


def nearest_texts(texts: Sequence[str], real: Sequence[str], *, own: Sequence[int] | None = None) -> pd.DataFrame:
    """Find the real text that is nearest to each text, by TF-IDF of words, and compare both word by word.

    Of a copy or near copy, the nearest text is the original, as `KnownTexts` finds it.

    Parameters
    ----------
    texts, real : sequence of str, n and n_real long
        Synthetic texts and real ones, at least one real text.
    own : sequence of int, n long, or None, default=None
        For each text the position of one real text that does not count: a real text is not its own neighbour. It needs
        two real texts.

    Returns
    -------
    DataFrame of n rows
        "nearest" (position in `real`); "distance" (one less the cosine of the TF-IDF vectors: 0 for the same words, 1
        if there is no common word); "edits" (words that are inserted, left out or replaced, divided by the words of the
        longer text: 0 for a copy, 1 if nothing is common in the same order); "shared" (words in common, in any order,
        divided by those of the longer text); "copy": "exact" if all words are the same in the same order, "near" if 90
        % or more are shared, otherwise "". Case and spaces do not count.

    Raises
    ------
    ValueError
        If there is no real text.

    Examples
    --------
    >>> nearest_texts(["WIN a prize", "see you at ten"], ["win a prize", "see you at six"]).round(2)
       nearest  distance  edits  shared   copy
    0        0      0.00   0.00    1.00  exact
    1        1      0.13   0.25    0.75
    """
    if not len(real):
        raise ValueError("real holds no texts; at least one is needed")
    similar = _similar(texts, real, own)
    nearest, cosine = (np.zeros(len(texts), dtype=np.intp), np.zeros(len(texts))) if similar is None else similar[:2]
    original = KnownTexts.of(real).nearest_copies(texts, own=own)
    for i in np.flatnonzero((original >= 0) & (original != nearest)):
        nearest[i] = original[i]
        cosine[i] = 0.0 if similar is None else similar[2](int(i), int(original[i]))
    pairs = [(words_of(text), words_of(real[i])) for text, i in zip(texts, nearest.tolist(), strict=True)]
    edits = np.array([_edits(*pair) for pair in pairs])
    shared = np.array([shared_words(*pair) for pair in pairs])
    copy = np.where(edits == 0, "exact", np.where(shared >= NEAR, "near", ""))
    distance = np.where(edits == 0, 0.0, np.clip(1 - cosine, 0, 1))
    return pd.DataFrame(
        {
            "nearest": nearest,
            "distance": distance,
            "edits": edits,
            "shared": shared,
            "copy": pd.Series(copy, dtype=object),
        }
    )


def most_similar(texts: Sequence[str], real: Sequence[str] | None) -> NDArray[np.intp] | None:
    """Return the position of the real text that is most similar to each text, by TF-IDF of words.

    Parameters
    ----------
    texts : sequence of str
        The texts.
    real : sequence of str or None
        Those among which it is searched. None searches among the other ones of `texts`, of which there must be some.

    Returns
    -------
    ndarray of shape (n,) or None
        None if no real text has a word.
    """
    found = _similar(texts, texts, range(len(texts))) if real is None else _similar(texts, real, None)
    return None if found is None else found[0]


def _similar(
    texts: Sequence[str], real: Sequence[str], own: Sequence[int] | None
) -> tuple[NDArray[np.intp], NDArray[np.float64], Callable[[int, int], float]] | None:
    """Return the most similar real text of each text, their cosine, and what returns the cosine of any pair."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(tokenizer=words_of, token_pattern=None, lowercase=False)
    try:
        known: Any = vectorizer.fit_transform(real)
        found: Any = vectorizer.transform(texts)
    except ValueError:  # no text has a word
        return None
    nearest, cosine = np.zeros(len(texts), dtype=np.intp), np.zeros(len(texts))
    for rows in batches(len(texts), len(real)):
        similar = (found[rows] @ known.T).toarray()
        if own is not None:
            similar[np.arange(len(similar)), np.asarray(own)[rows]] = -1.0
        nearest[rows], cosine[rows] = similar.argmax(axis=1), similar.max(axis=1)
    return nearest, cosine, lambda i, j: float((found[i] @ known[j].T).sum())


def shared_words(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the share of the words of the longer text that both have in common, in any order.

    Parameters
    ----------
    one, other : sequence of str
        Their words.
    """
    longest = max(len(one), len(other))
    return (Counter(one) & Counter(other)).total() / longest if longest else 1.0


def _edits(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the edit distance of two sequences of words (Levenshtein), divided by the length of the longer one."""
    if list(one) == list(other):
        return 0.0
    longest = max(len(one), len(other))
    one, other = one[:_MAX_WORDS], other[:_MAX_WORDS]
    numbers = {word: i for i, word in enumerate({*one, *other})}
    target = np.array([numbers[word] for word in other], dtype=np.intp)
    steps = np.arange(len(other) + 1)
    row = steps.copy()
    for i, word in enumerate(one, start=1):
        # insertions run along the row: the least of all earlier places, each plus its way
        changed = np.minimum(row[1:] + 1, row[:-1] + (target != numbers[word]))
        row = np.minimum.accumulate(np.concatenate([[i], changed]) - steps) + steps
    # of words behind the part that was compared, all count as different
    return float(min(1.0, (row[-1] + longest - max(len(one), len(other))) / longest))
