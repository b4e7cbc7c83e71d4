"""Copies of known texts: exact ones, and those that have nine tenths of their words in common."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.stats import binom

from ganaug.common.texts import words_of

# Two texts with this share of the words of the longer one in common are near copies.
NEAR = 0.9
# Odd, so that the n-th occurrence of a word gets a number of its own.
_STEP = 0x9E3779B97F4A7C15
# Chance at which copies of rare texts are too many.
_ALPHA = 0.0025


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

    def joined(self, other: "KnownTexts") -> "KnownTexts":
        """Return the texts of both, each once.

        Parameters
        ----------
        other : KnownTexts
            More texts.

        Examples
        --------
        >>> len(KnownTexts.of(["one text", "two"]).joined(KnownTexts.of(["two", "three"])))
        3
        """
        rows = {part.tobytes(): part for of in (self, other) for part in np.split(of.hashes, np.cumsum(of.counts)[:-1])}
        counts = np.array([len(part) for part in rows.values()], dtype=np.int64)
        return KnownTexts(np.concatenate(list(rows.values())), counts)

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

    def near_pairs(self) -> NDArray[np.intp]:
        """Find all pairs of known texts of which one is a near copy of the other.

        Returns
        -------
        ndarray of int, shape (n_pairs, 2)
            Numbers of both texts, the smaller one first.
        """
        pairs = []
        for number, words in enumerate(self._sets):
            near = {other for word in self._rarest(words) for other in self._with_rare.get(word, ()) if other > number}
            for other in sorted(near):
                longest = max(len(words), len(self._sets[other]))
                if len(words & self._sets[other]) >= NEAR * longest:
                    pairs.append((number, other))
        return np.array(pairs, dtype=np.intp).reshape(-1, 2)


class Repeats(NamedTuple):
    """Texts of one set that are copies of texts of another one, beside those of random sets.

    Attributes
    ----------
    found : int
        Number of copies.
    drawn : ndarray of int, shape (n_draws,)
        The same for random divisions of all texts in two such sets.
    chance_of_rare : float
        The chance (at most) that new real texts repeat so many texts that are found once among the known ones. Copies
        of texts that many people write hide no others here.
    """

    found: int
    drawn: NDArray[np.intp]
    chance_of_rare: float

    @property
    def is_beyond_chance(self) -> bool:
        """Whether there are more copies than in every random division, or far too many of rare texts."""
        return self.found > int(self.drawn.max()) or self.chance_of_rare < _ALPHA


def repeats_by_chance(
    known: Sequence[str],
    texts: Sequence[str],
    known_labels: ArrayLike,
    labels: ArrayLike,
    *,
    n_draws: int = 400,
    random_state: int | np.random.Generator | None = None,
) -> dict[str, Repeats]:
    """Compare how many texts are copies of known ones with what real texts have among themselves.

    Real texts repeat each other: short ones, and mass mailings. If texts are new real texts, it makes no difference
    which texts of a class are called known. So these names are exchanged at random, and copies are counted again
    (permutation test). Of texts that occur once among n known ones, m new texts repeat at most 2 m / n times as many,
    on average, as there are texts that occur twice, because both are numbers of pairs (binomial test).

    Parameters
    ----------
    known, texts : sequence of str, n_known and n long
        Known texts, and those that may be copies.
    known_labels, labels : array-like of shape (n_known,) and (n,)
        Their classes.
    n_draws : int, default=400
        Number of random divisions. With 400, new real texts are beyond chance in at most 0.5 % of the cases.
    random_state : int, numpy.random.Generator or None, default=None
        Source of the divisions.

    Returns
    -------
    dict of str to Repeats
        "exact" copies, and "near" ones, among which the exact ones are counted too; see `KnownTexts`.

    Examples
    --------
    >>> known = ["ok"] * 20 + [f"text number {i}" for i in range(80)]
    >>> found = repeats_by_chance(known, ["ok"] * 5 + ["a new one"] * 20, ["a"] * 100, ["a"] * 25, random_state=0)
    >>> found["exact"].found, found["exact"].is_beyond_chance
    (5, False)
    >>> repeats_by_chance(known, known[-25:], ["a"] * 100, ["a"] * 25, random_state=0)["exact"].is_beyond_chance
    True
    """
    rng = np.random.default_rng(random_state)
    every = [*known, *texts]
    numbers: dict[str, int] = {}
    codes = np.array([numbers.setdefault(" ".join(words_of(text)), len(numbers)) for text in every], dtype=np.intp)
    pairs = KnownTexts.of(list(numbers)).near_pairs()
    near = sparse.coo_array((np.ones(len(pairs), dtype=np.int64), (pairs[:, 0], pairs[:, 1])), (len(numbers),) * 2)
    near = (near + near.T + sparse.eye_array(len(numbers), dtype=np.int64)).tocsr()
    classes = np.unique(np.concatenate([np.asarray(known_labels), np.asarray(labels)]), return_inverse=True)[1]
    is_known = np.arange(len(every)) < len(known)

    def counted(is_known: NDArray[np.bool_]) -> tuple[int, int]:
        among_known = np.bincount(codes[is_known], minlength=len(numbers))
        found = np.bincount(codes[~is_known], minlength=len(numbers))
        return int(found[among_known > 0].sum()), int(found[(near @ among_known) > 0].sum())

    draws = []
    members = [np.flatnonzero(classes == of) for of in np.unique(classes)]
    for _ in range(n_draws):
        drawn = is_known.copy()
        for rows in members:
            drawn[rows] = is_known[rng.permutation(rows)]
        draws.append(counted(drawn))
    found, drawn_counts = counted(is_known), np.array(draws, dtype=np.intp)
    # texts of classes that are concerned, and how many new texts come on a known one
    concerned = np.isin(classes, classes[~is_known])
    per_known = max((~is_known[rows]).sum() / max(1, is_known[rows].sum()) for rows in members)
    exact = np.bincount(codes[is_known & concerned], minlength=len(numbers))
    new = np.bincount(codes[~is_known], minlength=len(numbers))
    chances = []
    for times, again in ((exact, new), (near @ exact, near @ new)):
        once = int(((exact == 1) & (times == 1) & (again > 0)).sum())
        twice = int(exact[times == 2].sum()) // 2
        ratio = 2 * per_known
        chances.append(float(binom.sf(once - 1, once + twice, ratio / (1 + ratio))) if once else 1.0)
    return {kind: Repeats(found[i], drawn_counts[:, i], chances[i]) for i, kind in enumerate(("exact", "near"))}


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
