"""Copies of known texts: exact ones, and those that have nine tenths of their words in common."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.texts import words_of

# Two texts with this share of the words of the longer one in common are near copies.
NEAR = 0.9
# Odd, so that the n-th occurrence of a word gets a number of its own.
_STEP = 0x9E3779B97F4A7C15


class KnownTexts:
    """Texts of which copies can be recognised. It holds no text, but a hash of each word.

    Parameters
    ----------
    hashes : ndarray of int64
        Hashes of the words of all texts, one text after another.
    counts : ndarray of int64, shape (n_texts,)
        Number of words of each text.

    Notes
    -----
    Two texts are near copies if the longer one has at least 90 % of its words in common with the other one, in any
    order, and exact copies if all words and their order are the same. Case and spaces do not count, punctuation marks
    are words. Only texts that share one of their rarest words are compared with each other (prefix filtering, Chaudhuri
    et al., ICDE 2006), which finds all near copies.

    Examples
    --------
    >>> known = KnownTexts.of(["You have won a prize, call now", "See you at home"])
    >>> known.nearest_copies(["see YOU at home", "Call now: you have won", "won a prize, you have  now call"]).tolist()
    [1, -1, 0]
    """

    def __init__(self, hashes: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        if counts.ndim != 1 or (counts < 0).any() or int(counts.sum()) != len(hashes):
            raise ValueError("the words of known texts do not fit their numbers")
        self.hashes = hashes
        self.counts = counts
        values = hashes.view(np.uint64).tolist()
        self._frequency = Counter(values)
        ends = np.cumsum(counts).tolist()
        self._sets = [frozenset(values[end - n : end]) for n, end in zip(counts.tolist(), ends, strict=True)]
        self._with_rare: dict[int, list[int]] = {}
        for number, words in enumerate(self._sets):
            for word in self._rarest(words):
                self._with_rare.setdefault(word, []).append(number)

    @classmethod
    def of(cls, texts: Sequence[str]) -> "KnownTexts":
        """Remember texts.

        Parameters
        ----------
        texts : sequence of str
            The texts.
        """
        hashed = _hashes(texts)
        whole = np.concatenate(hashed) if hashed else np.empty(0, dtype=np.uint64)
        return cls(whole.view(np.int64), np.array([len(of) for of in hashed], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.counts)

    def _rarest(self, words: frozenset[int]) -> list[int]:
        # of two texts with so many words in common, one of these words is common to both
        n = len(words) - math.ceil(NEAR * len(words)) + 1
        return sorted(words, key=lambda word: (self._frequency[word], word))[:n]

    def nearest_copies(self, texts: Sequence[str], *, own: Sequence[int] | None = None) -> NDArray[np.intp]:
        """Find the known text of which each text is a near copy.

        Parameters
        ----------
        texts : sequence of str, n long
            The texts.
        own : sequence of int, n long, or None, default=None
            For each text the number of a known text that does not count: a text is not a copy of itself.

        Returns
        -------
        ndarray of int, shape (n,)
            Number of the known text with most words in common, or -1 if it is no near copy of any. A text without
            words is a copy of a known text without words.
        """
        found = np.full(len(texts), -1, dtype=np.intp)
        empty = next((number for number, words in enumerate(self._sets) if not words), -1)
        for place, hashed in enumerate(_hashes(texts)):
            words = frozenset(hashed.tolist())
            if not words:
                found[place] = empty
                continue
            best = 0
            for number in {number for word in self._rarest(words) for number in self._with_rare.get(word, ())}:
                if own is not None and own[place] == number:
                    continue
                known = self._sets[number]
                longest = max(len(words), len(known))
                if min(len(words), len(known)) < NEAR * longest:
                    continue
                shared = len(words & known)
                if shared >= NEAR * longest and (shared, -number) > (best, -found[place]):
                    best, found[place] = shared, number
        return found


def _hashes(texts: Sequence[str]) -> list[NDArray[np.uint64]]:
    """Return a number for each word of each text: equal words of a text have different numbers."""
    hashed = []
    for text in texts:
        words = words_of(text)
        seen: Counter[str] = Counter()
        times = np.empty(len(words), dtype=np.uint64)
        for place, word in enumerate(words):
            times[place] = seen[word]
            seen[word] += 1
        numbers = pd.util.hash_array(np.array(words, dtype=object), categorize=False)
        hashed.append(numbers + times * np.uint64(_STEP))
    return hashed
