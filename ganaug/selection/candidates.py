"""Of several candidates for each requested row, choose one that is no copy, certain of its class and realistic."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ganaug.selection.copies import Copies
from ganaug.selection.realism import Realism
from ganaug.selection.shares import ClassShares, Together, draw, rake

# Candidates in total, at most. More requested rows get fewer candidates each; with one there is no choice.
MAX_CANDIDATES = 1_000_000
# Candidates in total beyond which a row gets no more than `MANY`: twice as many would take seconds more.
CHEAP, MANY = 30_000, 10
# Candidates in total beyond which a row gets fewer than `MANY`, though never for that reason fewer than three: their
# scores would take longer than the training.
AFFORDABLE = 100_000
FEWEST = 3

Weigh = Callable[[NDArray, NDArray], NDArray]


class Refusal(IntEnum):
    """Why a candidate is taken only if there are no others; the greater, the later."""

    NONE = 0
    COPY = 1
    IMPOSSIBLE = 2


@dataclass(frozen=True)
class CandidateSelection:
    """How to choose among candidates.

    Attributes
    ----------
    n_candidates : int
        Number of candidates for each requested row.
    weigh : callable (candidates of shape (n, ...), y of shape (n,)) -> array of shape (n,), or None, default=None
        The logarithm of the weight of each candidate, as a member of its class in `y`. None weighs all alike.
    realism : Realism or None, default=None
        What raises the weight of candidates that look real.
    shares : sequence of ClassShares or None, default=None
        For each class, the shares that the choice keeps.
    copies : Copies or None, default=None
        What finds candidates that equal a single training row.
    together : Together or None, default=None
        What finds candidates in which states that always occur together do not.
    """

    n_candidates: int
    weigh: Weigh | None = None
    realism: Realism | None = None
    shares: Sequence[ClassShares] | None = None
    copies: Copies | None = None
    together: Together | None = None

    def refusals(self, candidates: NDArray, y: NDArray) -> NDArray[np.int8]:
        """Return for each candidate why it should not be taken.

        Parameters
        ----------
        candidates : ndarray of shape (n, ...)
            Encoded candidates.
        y : ndarray of shape (n,)
            Class index of each.

        Returns
        -------
        ndarray of shape (n,)
            Values of `Refusal`.
        """
        refused = np.zeros(len(candidates), dtype=np.int8)
        if self.copies is not None:
            refused[self.copies.find(candidates, y)] = Refusal.COPY
        if self.together is not None:
            refused[~self.together.holds(candidates)] = Refusal.IMPOSSIBLE
        return refused

    def choose(
        self,
        candidates: NDArray,
        y: NDArray,
        requested: NDArray,
        rng: np.random.Generator,
        refused: NDArray | None = None,
    ) -> NDArray[np.intp]:
        """Draw as many candidates of each class as are requested, without replacement.

        The probability of a candidate is in proportion to its weight, except that the shares of its class are kept.

        Parameters
        ----------
        candidates : ndarray of shape (n_candidates, ...)
            Encoded candidates; of each class at least as many as requested.
        y : ndarray of shape (n_candidates,)
            Class index of each.
        requested : ndarray of shape (n_rows,)
            Class index of each requested row.
        rng : numpy.random.Generator
            Source of the draw.
        refused : ndarray of shape (n_candidates,) or None, default=None
            From `refusals`; None refuses none.

        Returns
        -------
        ndarray of shape (n_rows,)
            For each requested row, the position in `candidates` of one of its class.

        Examples
        --------
        >>> surely = CandidateSelection(2, weigh=lambda rows, y: np.log(rows))
        >>> candidates, y = np.array([1.0, 1e-99, 1e-99, 1.0]), np.array([0, 0, 1, 1])
        >>> surely.choose(candidates, y, np.array([0, 1]), np.random.default_rng(0))
        array([0, 3])
        """
        weights = np.zeros(len(y)) if self.weigh is None else self.weigh(candidates, y)
        refused = np.zeros(len(y), dtype=np.int8) if refused is None else refused
        chosen = np.empty(len(requested), dtype=np.intp)
        for label in np.unique(requested):
            own, places = np.flatnonzero(y == label), np.flatnonzero(requested == label)
            usable = own[refused[own] == Refusal.NONE]
            if len(usable) > len(places):
                found = usable[self._draw(candidates[usable], weights[usable], label, len(places), rng)]
            else:
                found = own[np.argsort(refused[own], kind="stable")[: len(places)]]
            chosen[places] = np.sort(found)
        return chosen

    def _draw(
        self, candidates: NDArray, weights: NDArray, label: int, n: int, rng: np.random.Generator
    ) -> NDArray[np.intp]:
        margins = [] if self.shares is None else self.shares[label].margins(candidates)

        def probability(log_weights: NDArray) -> NDArray:
            return rake(np.exp(log_weights - log_weights.max()), n, margins)

        if self.realism is not None:
            weights = weights + self.realism.log_odds(candidates, label, probability, rng)
        order = rng.permutation(len(candidates))
        if margins:  # the last division is that into regions: each is drawn evenly
            order = order[np.argsort(margins[-1].groups[order], kind="stable")]
        return draw(probability(weights), n, order, rng)


def candidates_per_row(n_requested: int, wanted: int = FEWEST) -> int:
    """Return the number of candidates for each of `n_requested` rows.

    Parameters
    ----------
    n_requested : int
        Number of rows.
    wanted : int, default=3
        Candidates for each of few rows.

    Returns
    -------
    int
        From 1 to `wanted`.

    Examples
    --------
    >>> [candidates_per_row(n, 20) for n in (1_000, 3_000, 20_000, 300_000, 400_000, 600_000)]
    [20, 10, 5, 3, 2, 1]
    """
    n = max(n_requested, 1)
    return int(min(wanted, max(CHEAP // n, min(MANY, AFFORDABLE // n), min(FEWEST, MAX_CANDIDATES // n), 1)))
