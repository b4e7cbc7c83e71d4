"""What texts consist of: how varied their words and n-grams are, and how these differ from those of real texts."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from ganaug.common.random import subsample
from ganaug.common.texts import words_of

# Texts that `self_bleu` compares at most.
MAX_BLEU_TEXTS = 500


def distinct_ngrams(texts: Sequence[str], n: int = 2) -> float:
    """Return the share of n-grams of words that are different (distinct-n).

    Parameters
    ----------
    texts : sequence of str
        Texts. The more texts, the lower is the share: compare it with that of as many real texts.
    n : int, default=2
        Number of words in an n-gram, at least 1.

    Returns
    -------
    float
        Different n-grams divided by all n-grams: 1 if none occurs twice, near 0 if all texts are alike, NaN if no text
        has n words.

    References
    ----------
    Li et al., "A diversity-promoting objective function for neural conversation models", arXiv 1510.03055.

    Examples
    --------
    >>> distinct_ngrams(["win a prize", "win a car"])
    0.75
    """
    _check_n(n)
    grams = [gram for text in texts for gram in _ngrams(words_of(text), n)]
    return len(set(grams)) / len(grams) if grams else float("nan")


def self_bleu(
    texts: Sequence[str], *, n: int = 4, max_texts: int = MAX_BLEU_TEXTS, random_state: int | np.random.Generator = 0
) -> float:
    """Return how similar texts are to each other: the mean BLEU of each text, with all others as references.

    Parameters
    ----------
    texts : sequence of str
        At least two texts. The more texts, the higher is the value: compare it with that of as many real texts.
    n : int, default=4
        Longest n-grams that are compared, at least 1.
    max_texts : int, default=500
        If there are more texts, so many of them are drawn.
    random_state : int or numpy.random.Generator, default=0
        Of the draw.

    Returns
    -------
    float
        0 if texts share no word, 1 if each text occurs twice; NaN for fewer than two texts.

    Notes
    -----
    The shares of n-grams of one and more words that occur in another text are combined by their geometric mean; one is
    added to the numbers of n-grams of two and more words, so that short texts have a value (smoothing of Lin and Och,
    COLING 2004). There is no penalty for short texts.

    References
    ----------
    Zhu et al., "Texygen: a benchmarking platform for text generation models", arXiv 1802.01886.

    Examples
    --------
    >>> self_bleu(["win a prize now", "win a prize now", "call me"]) > self_bleu(["win a prize", "call me", "hello"])
    True
    """
    _check_n(n)
    kept = subsample(len(texts), max_texts, np.random.default_rng(random_state))
    words = [words_of(texts[i]) for i in kept]
    words = [of for of in words if of]
    if len(words) < 2:
        return float("nan")
    logs = np.zeros(len(words))
    for size in range(1, n + 1):
        counts = [Counter(_ngrams(of, size)) for of in words]
        most: dict[tuple[str, ...], tuple[int, int, int]] = {}  # highest count, whose it is, second highest count
        for owner, of in enumerate(counts):
            for gram, count in of.items():
                first, place, second = most.get(gram, (0, -1, 0))
                if count > first:
                    most[gram] = (count, owner, first)
                elif count > second:
                    most[gram] = (first, place, count)
        for owner, of in enumerate(counts):
            shared = sum(min(c, most[g][2] if most[g][1] == owner else most[g][0]) for g, c in of.items())
            smoothing = int(size > 1)
            total = sum(of.values()) + smoothing
            logs[owner] += math.log((shared + smoothing) / total) if shared + smoothing else -np.inf
    return float(np.exp(logs / n).mean())


def ngram_novelty(texts: Sequence[str], real: Sequence[str], n: int = 4) -> float:
    """Return the share of n-grams of words that occur in no real text.

    Parameters
    ----------
    texts, real : sequence of str
        Synthetic texts and real ones.
    n : int, default=4
        Number of words in an n-gram, at least 1.

    Returns
    -------
    float
        0 if all n-grams are copied from real texts, 1 if none is; NaN if no text has n words. Compare it with the value
        of held-out real texts.

    Examples
    --------
    >>> ngram_novelty(["win a prize now"], ["win a prize today"], n=3)
    0.5
    """
    _check_n(n)
    known = {gram for text in real for gram in _ngrams(words_of(text), n)}
    grams = [gram in known for text in texts for gram in _ngrams(words_of(text), n)]
    return 1 - float(np.mean(grams)) if grams else float("nan")


def length_distance(texts: Sequence[str], real: Sequence[str]) -> float:
    """Return how much the lengths of texts differ from those of real texts.

    Parameters
    ----------
    texts, real : sequence of str
        At least one synthetic text and one real one.

    Returns
    -------
    float
        Earth mover's distance between the numbers of words: 0 if lengths are the same, 2 if the synthetic texts are two
        words longer on average and otherwise alike.

    Examples
    --------
    >>> length_distance(["call me"], ["call me later today"])
    2.0
    """
    lengths = [[len(words_of(text)) for text in of] for of in (texts, real)]
    return float(wasserstein_distance(*lengths))


def vocabulary_distance(texts: Sequence[str], real: Sequence[str]) -> float:
    """Return how much the frequencies of words differ from those in real texts.

    Parameters
    ----------
    texts, real : sequence of str
        Synthetic texts and real ones.

    Returns
    -------
    float
        Jensen-Shannon distance, to base 2: 0 if all words are equally frequent, 1 if there is no common word, NaN if
        one side has no words. Few texts have a value above 0 also if they are real: compare it with that of two halves
        of the real texts.

    Examples
    --------
    >>> vocabulary_distance(["call me"], ["me call"]), vocabulary_distance(["call me"], ["hello"])
    (0.0, 1.0)
    """
    counts = [Counter(word for text in of for word in words_of(text)) for of in (texts, real)]
    if not all(counts):
        return float("nan")
    words = sorted(set(counts[0]) | set(counts[1]))
    return float(jensenshannon(*([of[word] for word in words] for of in counts), base=2))


def _check_n(n: int) -> None:
    if n < 1:
        raise ValueError(f"n must be at least 1 word, got {n=}")


def _ngrams(words: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[i:] for i in range(n)), strict=False)
