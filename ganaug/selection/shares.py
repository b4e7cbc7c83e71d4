"""What a choice of candidates keeps: how often each state, each region and each distance occurs in a class."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

from ganaug.selection.folds import MOST_ROWS

# A number that so many rows of a class share is a value of its own: a point mass, or a step of a short scale. If fewer
# than five rows share it, that may be chance, and to keep such shares would leave the choice no freedom.
FREQUENT, FEWEST_FREQUENT = 0.02, 5
# Rows of a class for each region, at least: the shares of regions are then known well enough.
MIN_ROWS = 15
# Regions of a class, at most.
MAX_REGIONS = 12
# Quantiles of the distance between a real row and its nearest one that divide the rows of a class: those that lie near
# to another row, and those that lie alone.
SPACING = (0.05, 0.25, 0.5, 0.75)
# Rows of a class from which regions are learned, at most.
MAX_LEARNED = 5_000
# Rows that a state must have before "wherever this is, that is too" is no coincidence.
MIN_TOGETHER = 10
# Sweeps over all shares. They end earlier where nothing changes any more.
N_SWEEPS = 25
# The share of a group may differ from that among the real rows by so many standard errors of the latter.
TOLERANCE = 1.0
# In a class of fewer than 100 rows the share of a state may differ by two: that of the class itself lies within two in
# 95 % of samples. With one, F1 and the Brier score were worse there. In larger classes, with two, rows were easier to
# tell from real ones. Regions keep to one, because several of them may be one part of the class.
FEW_ROWS, FEW_TOLERANCE = 100, 2.0


class Layout(NamedTuple):
    """Where the numbers and the states of a table stand in its encoded rows.

    Attributes
    ----------
    n_continuous : int
        The first columns hold numbers.
    block_sizes : sequence of int
        Then follow blocks of so many columns, in each of which the largest entry is the state.
    """

    n_continuous: int
    block_sizes: Sequence[int]

    def compact(self, rows: NDArray) -> NDArray[np.float32]:
        """Return numbers, and one column with the state for each block.

        Parameters
        ----------
        rows : ndarray of shape (n, width)
            Encoded rows.

        Returns
        -------
        ndarray of shape (n, n_continuous + n_blocks)
            As trees take them, and much smaller.

        Examples
        --------
        >>> Layout(1, [3]).compact(np.array([[0.5, 0.0, 0.0, 1.0]])).tolist()
        [[0.5, 2.0]]
        """
        numbers, first = rows[:, : self.n_continuous], self.n_continuous
        states = []
        for size in self.block_sizes:
            states.append(rows[:, first : first + size].argmax(axis=1))
            first += size
        return np.column_stack([numbers, *states]).astype(np.float32)

    def expand(self, compact: NDArray) -> NDArray[np.float32]:
        """Return the encoded rows of which `compact` returned these.

        Parameters
        ----------
        compact : ndarray of shape (n, n_continuous + n_blocks)
            Numbers and states.

        Returns
        -------
        ndarray of shape (n, width)
            One-hot blocks in place of the states.

        Examples
        --------
        >>> Layout(1, [3]).expand(np.array([[0.5, 2.0]])).tolist()
        [[0.5, 0.0, 0.0, 1.0]]
        """
        states = compact[:, self.n_continuous :].astype(np.intp)
        blocks = [np.eye(size, dtype=np.float32)[state] for size, state in zip(self.block_sizes, states.T, strict=True)]
        return np.hstack([compact[:, : self.n_continuous].astype(np.float32), *blocks])


class Margin(NamedTuple):
    """One division of a class: the group of each candidate, and between what its share should lie."""

    groups: NDArray[np.intp]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class ClassShares:
    """The shares of one class, learned from its real rows.

    Parameters
    ----------
    layout : Layout
        Of the encoded rows.
    rows : ndarray of shape (n_rows, width)
        Encoded real rows of the class.
    seed : int
        Seed of the regions.
    """

    def __init__(self, layout: Layout, rows: NDArray, seed: int) -> None:
        self._layout = layout
        self._n_rows = len(rows)
        compact = layout.compact(rows)
        self._frequent = [_frequent(compact[:, i]) for i in range(layout.n_continuous)]
        learned = rows[np.random.default_rng(seed).permutation(len(rows))[:MAX_LEARNED]].astype(np.float32)
        n_regions = min(MAX_REGIONS, len(rows) // MIN_ROWS, len(np.unique(learned, axis=0)))
        self._regions = KMeans(n_regions, n_init=1, random_state=seed).fit(learned) if n_regions > 1 else None
        self._spacing = _Spacing(rows) if MIN_ROWS <= len(rows) <= MOST_ROWS else None
        divisions = self._groups(rows, compact, None if self._spacing is None else self._spacing.of_real)
        self._shares = [np.bincount(groups) / len(rows) for groups in divisions]
        # distances are kept as they are: rows may not be nearer to real ones within the error either
        of_others = [0.0] * (self._spacing is not None) + [TOLERANCE] * (self._regions is not None)
        of_state = FEW_TOLERANCE if len(rows) < FEW_ROWS else TOLERANCE
        self._tolerances = [of_state] * (len(divisions) - len(of_others)) + of_others

    def _groups(self, rows: NDArray, compact: NDArray, spacing: NDArray | None) -> list[NDArray[np.intp]]:
        groups = []
        for numbers, frequent in zip(compact.T, self._frequent, strict=False):
            place = np.searchsorted(frequent, numbers)
            is_frequent = np.append(frequent, np.nan)[place] == numbers
            groups.append(np.where(is_frequent, place, len(frequent)))
        groups += list(compact[:, self._layout.n_continuous :].T.astype(np.intp))
        if spacing is not None:
            groups.append(spacing)
        if self._regions is not None:
            groups.append(self._regions.predict(rows.astype(np.float32)))
        return groups

    def margins(self, candidates: NDArray) -> list[Margin]:
        """Return all divisions of the class, with the group of each candidate.

        Parameters
        ----------
        candidates : ndarray of shape (n, width)
            Encoded candidates of the class.

        Returns
        -------
        list of Margin
            A share may differ by a standard error from that among the real rows, that of a state in a class of fewer
            than 100 rows by two, because the real rows are a sample as well. One row more, with the shares of the
            candidates, counts among them: what a small class does not have is rare, not impossible.
        """
        margins = []
        spacing = None if self._spacing is None else self._spacing.of_candidates(candidates)
        divisions = self._groups(candidates, self._layout.compact(candidates), spacing)
        for groups, shares, tolerance in zip(divisions, self._shares, self._tolerances, strict=True):
            found = np.bincount(groups, minlength=len(shares)) / max(len(groups), 1)
            known = np.zeros(len(found))
            known[: len(shares)] = shares
            share = (self._n_rows * known + found) / (self._n_rows + 1)
            error = tolerance * np.sqrt(share * (1 - share) / self._n_rows)
            margins.append(Margin(groups, np.maximum(share - error, 0.0), np.minimum(share + error, 1.0)))
        return margins


class _Spacing:
    """How near to a real row of its class a row is: groups of equal nearness, as real rows are to each other.

    Otherwise the choice would favour candidates near to single training rows, which look real for that reason, and
    candidates where a class is dense.
    """

    def __init__(self, rows: NDArray) -> None:
        self._index = NearestNeighbors(n_neighbors=1).fit(rows)
        distances = _rounded(self._index.kneighbors()[0])  # a row is not its own neighbour
        self._ends = np.unique(np.quantile(distances, SPACING))
        self.of_real = np.searchsorted(self._ends, distances)

    def of_candidates(self, candidates: NDArray) -> NDArray[np.intp]:
        """Return the group of each candidate."""
        if not len(candidates):
            return np.empty(0, dtype=np.intp)
        return np.searchsorted(self._ends, _rounded(self._index.kneighbors(candidates)[0]))


def _rounded(distances: NDArray) -> NDArray[np.float64]:
    return distances[:, 0].astype(np.float64).round(3)  # equal rows have a distance of 0, nearly


def _frequent(numbers: NDArray) -> NDArray:
    """Return the values of which each is a share of its own in a class."""
    values, counts = np.unique(numbers, return_counts=True)
    return values[counts >= max(FREQUENT * len(numbers), FEWEST_FREQUENT)]


def proportional(weights: NDArray, n: int) -> NDArray[np.float64]:
    """Return the probability with which each candidate is drawn, in proportion to its weight and at most 1.

    Parameters
    ----------
    weights : ndarray of shape (n_candidates,)
        Not negative.
    n : int
        How many are drawn: the sum of the probabilities, if at least so many weights are positive.

    Examples
    --------
    >>> proportional(np.array([1.0, 1.0, 8.0]), 2).tolist()
    [0.5, 0.5, 1.0]
    """
    probability = weights.astype(np.float64)
    is_sure = np.zeros(len(weights), dtype=bool)
    for _ in range(50):
        free = probability[~is_sure].sum()
        left = n - is_sure.sum()
        if free <= 0 or left <= 0:
            break
        probability[~is_sure] *= left / free
        above = ~is_sure & (probability > 1)
        if not above.any():
            break
        probability[above] = 1.0
        is_sure |= above
    return np.minimum(probability, 1.0)


def rake(weights: NDArray, n: int, margins: Sequence[Margin]) -> NDArray[np.float64]:
    """Return probabilities of a draw of `n` candidates that keeps the shares of the groups of each margin.

    Iterative proportional fitting (Deming and Stephan, Annals of Mathematical Statistics 11, 1940): the probabilities
    of each group are multiplied by what brings their sum to its share, margin after margin, until they fit all of them.
    No probability exceeds 1: where there are too few candidates of a group, all of them are drawn.

    Parameters
    ----------
    weights : ndarray of shape (n_candidates,)
        Weights apart from the shares.
    n : int
        How many are drawn.
    margins : sequence of Margin
        The shares.

    Returns
    -------
    ndarray of shape (n_candidates,)
        Their sum is `n`.

    Examples
    --------
    >>> rake(np.ones(4), 2, [Margin(np.array([0, 1, 1, 1]), *2 * [np.array([0.5, 0.5])])]).round(3).tolist()
    [1.0, 0.333, 0.333, 0.333]
    """
    probability = proportional(weights, n)
    for _ in range(N_SWEEPS):
        worst = 0.0
        for groups, low, high in margins:
            found = np.bincount(groups, probability, minlength=len(low))
            wanted = np.clip(found, n * low, n * high)
            factors = np.divide(wanted, found, out=np.ones(len(low)), where=found > 0)
            worst = max(worst, float(np.abs(found - wanted).max()))
            probability = np.minimum(probability * factors[groups], 1.0)
        probability = proportional(probability, n)
        if worst < max(0.002 * n, 0.05):
            break
    return probability


def draw(probability: NDArray, n: int, order: NDArray, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw `n` candidates, each with its own probability; neighbours in `order` are drawn evenly (systematic sampling).

    Parameters
    ----------
    probability : ndarray of shape (n_candidates,)
        Their sum is `n`.
    n : int
        How many are drawn.
    order : ndarray of shape (n_candidates,)
        Positions of all candidates, those that are alike one after the other.
    rng : numpy.random.Generator
        Source of the draw.

    Returns
    -------
    ndarray of shape (n,)
        Positions, rising.

    Examples
    --------
    >>> draw(np.array([0.0, 1.0, 0.0, 1.0]), 2, np.arange(4), np.random.default_rng(0)).tolist()
    [1, 3]
    """
    ends = np.cumsum(probability[order])
    ends *= n / ends[-1]
    ticks = np.arange(n) + rng.random()
    found = np.searchsorted(ends, ticks, side="right").clip(max=len(ends) - 1)
    # rounding can let two ticks meet in one candidate; the most probable ones that are left take the place
    chosen = np.unique(order[found])
    if len(chosen) < n:
        left = np.setdiff1d(order, chosen)
        chosen = np.sort(np.concatenate([chosen, left[np.argsort(-probability[left])[: n - len(chosen)]]]))
    return chosen


class Together:
    """States of different columns that occur only together, such as columns that are always missing together.

    Parameters
    ----------
    layout : Layout
        Of the encoded rows.
    rows : ndarray of shape (n_rows, width)
        Encoded real rows of all classes.
    """

    def __init__(self, layout: Layout, rows: NDArray) -> None:
        states = rows[:, layout.n_continuous :] > 0
        block = np.repeat(np.arange(len(layout.block_sizes)), layout.block_sizes)
        counts = states.sum(axis=0)
        common = np.flatnonzero(np.minimum(counts, len(rows) - counts) >= MIN_TOGETHER)
        equal: dict[bytes, list[int]] = {}
        for column in common.tolist():
            equal.setdefault(states[:, column].tobytes(), []).append(column)
        sets = [np.array(own) for own in equal.values() if len(own) > 1]
        self._sets = [own + layout.n_continuous for own in sets if len(np.unique(block[own])) == len(own)]

    def holds(self, candidates: NDArray) -> NDArray[np.bool_]:
        """Return for each candidate whether it keeps together what is always together.

        Parameters
        ----------
        candidates : ndarray of shape (n, width)
            Encoded candidates.

        Returns
        -------
        ndarray of bool, shape (n,)
            False where one of the states occurs without the others.
        """
        kept = np.ones(len(candidates), dtype=bool)
        for own in self._sets:
            states = candidates[:, own] > 0
            kept &= states.all(axis=1) == states.any(axis=1)
        return kept
