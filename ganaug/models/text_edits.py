"""Edits of real texts, for classes that have too few texts to learn from."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ganaug.common.texts import spaced_words, words_of
from ganaug.metrics import KnownTexts

# Edits of a text that are tried at most, until one is new.
_N_TRIES = 20
# The part of the words that is edited in the first try, and in the last one: short texts, and classes from which many
# texts are requested, need more edits for a text that is no near copy.
_FIRST, _LAST = 0.2, 0.6


def edited(texts: Sequence[str], rng: np.random.Generator, share: float = _FIRST) -> str:
    """Return one of the texts, edited: words are exchanged, left out, or taken from another text.

    The edits are those of EDA (arXiv 1901.11196) that need no dictionary. What stands between words, such as spaces and
    ends of lines, is kept; in scripts without spaces, each character is a word. A text of one word stays as it is,
    unless there is another text.

    Parameters
    ----------
    texts : sequence of str
        Texts of a class, at least one.
    rng : numpy.random.Generator
        Source of the edits.
    share : float, default=0.2
        So many edits for each word, and at least one.
    """
    words = spaced_words(texts[int(rng.integers(len(texts)))])
    other = spaced_words(texts[int(rng.integers(len(texts)))])
    for _ in range(max(1, round(share * len(words)))):
        if not words or not other:
            break
        place, second = (int(rng.integers(len(words))) for _ in range(2))
        edit = int(rng.integers(3))
        if edit == 0:
            (one, behind), (two, behind_two) = words[place], words[second]
            words[place], words[second] = (two, behind), (one, behind_two)
        elif edit == 1 and len(words) > 1:
            del words[place]
        else:
            taken = int(rng.integers(len(other)))
            # the last word of a text has nothing behind it, and gets what stands before it
            behind = other[min(taken, len(other) - 2)][1] if len(other) > 1 else " "
            words.insert(place, (other[taken][0], behind))
    return "".join(word + behind for word, behind in words).strip()


def new_edit(texts: Sequence[str], known: KnownTexts, seen: set[tuple[str, ...]], rng: np.random.Generator) -> str:
    """Return an edit of one of the texts that is no copy of a known text and not in `seen`, if one is found.

    Parameters
    ----------
    texts : sequence of str
        Texts of a class, at least one.
    known : KnownTexts
        The training texts.
    seen : set of tuple of str
        Words of the texts that were written before; those of the new one are added.
    rng : numpy.random.Generator
        Source of the edits.
    """
    text = ""
    for share in np.linspace(_FIRST, _LAST, _N_TRIES):
        text = edited(texts, rng, float(share))
        words = tuple(words_of(text))
        if words not in seen and known.nearest_copies([text])[0] < 0:
            seen.add(words)
            break
    return text


def small_classes(texts: Sequence[str], y: NDArray, n_most: int) -> Mapping[int, list[str]]:
    """Return the texts of each class that has at most `n_most` of them that are not empty.

    Parameters
    ----------
    texts : sequence of str, n_texts long
        Training texts.
    y : ndarray of shape (n_texts,)
        Class index of each.
    n_most : int
        The size of a small class.

    Returns
    -------
    mapping of int to list of str
        Class index -> its texts that are not empty; one empty text, if there is no other.
    """
    kept: dict[int, list[str]] = {int(label): [] for label in np.unique(y)}
    for text, label in zip(texts, y.tolist(), strict=True):
        if text.strip():
            kept[label].append(text)
    return {label: of or [""] for label, of in kept.items() if len(of) <= n_most}
