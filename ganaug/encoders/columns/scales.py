"""Scales of numeric columns: an even grid of legal values, and a piecewise linear map to z."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

NOT_A_TIME = np.iinfo(np.int64).min
MAX_DECIMALS = 12  # of a grid; more cannot be told from what a float happens to hold
FREQUENT_ROWS = 3  # a value of so many rows has knots of its own
MAX_KNOTS = 1000  # as many quantiles as describe a marginal distribution well
# Largest |z| is 3.5. scikit-learn's own normal output puts the smallest and the largest value at -5.2 and
# 5.2, however few the rows: spikes far from all else, on which a generator wastes its effort.
TAIL = 2.326e-4


@dataclass(frozen=True)
class Grid:
    """Numbers on an even grid: `(minimum + step * index) / 10**decimals`, index = 0, 1, ... as uint64.

    Integer arithmetic modulo 2**64 is exact for any int64 and uint64 column, however wide. The one division
    at the end is rounded once, as is the parsing of a literal, so 19.99 comes back as the very float 19.99.
    """

    minimum: int
    step: int
    decimals: int
    exact: str  # dtype of the numbers: int64, uint64, float64

    @classmethod
    def find(cls, numbers: NDArray, dtype: np.dtype) -> Grid | None:
        """Return the widest grid that holds these sorted, distinct numbers of this dtype, if there is one."""
        exact, decimals = str(numbers.dtype), 0
        if exact == "float64":
            found = _decimals(numbers, dtype)
            if found is None:
                return None
            decimals = found
            numbers = np.rint(numbers * 10.0**decimals).astype(np.int64)
        offsets = numbers.astype(np.uint64) - numbers[:1].astype(np.uint64)
        return cls(int(numbers[0]), int(np.gcd.reduce(offsets)), decimals, exact)

    def index(self, numbers: NDArray) -> NDArray:
        """Return each number's place on the grid, that of the minimum for smaller ones."""
        if self.exact == "float64":
            numbers = np.rint(np.clip(numbers * 10.0**self.decimals, -(2.0**53), 2.0**53)).astype(np.int64)
        numbers = np.maximum(numbers, self.minimum)
        return (numbers.astype(np.uint64) - np.uint64(self.minimum % 2**64)) // np.uint64(self.step)

    def numbers(self, index: NDArray) -> NDArray:
        """Return the numbers at these places."""
        numbers = index * np.uint64(self.step) + np.uint64(self.minimum % 2**64)
        if self.exact == "uint64":
            return numbers
        signed = numbers.view(np.int64)
        return signed / 10.0**self.decimals if self.exact == "float64" else signed

    def holds(self, last: int) -> bool:
        """Return whether the numbers from index 0 to `last` exist."""
        if not (self.step >= 1 and 0 <= self.decimals <= MAX_DECIMALS):
            return False
        low, high = {"int64": (-(2**63), 2**63), "uint64": (0, 2**64), "float64": (1 - 2**53, 2**53)}[self.exact]
        return low <= self.minimum and self.minimum + self.step * last < high


def _decimals(numbers: NDArray, dtype: np.dtype) -> int | None:
    """Return the fewest decimals that write all numbers exactly, or None."""
    largest = np.abs(numbers).max()
    for decimals in range(MAX_DECIMALS + 1):
        if largest * 10.0**decimals >= 2**53:
            return None
        for part in (numbers[:: max(1, len(numbers) // 50)], numbers):  # a few numbers rule most grids out
            written = np.rint(part * 10.0**decimals) / 10.0**decimals
            if not (written.astype(dtype) == part.astype(dtype)).all():
                break
        else:
            return decimals
    return None


@dataclass(frozen=True)
class PiecewiseLinearMap:
    """A rising piecewise linear map between numbers and z, exact at its knots.

    Both scalings are such a map, and differ in where they put the knots: quantiles bend it at up to a
    thousand values, standardising not at all. Values which the arithmetic between two knots would not give
    back, such as small integers beside a huge one, become knots themselves.
    """

    knots: NDArray  # (k,) uint64 or float64, rising; a value at several places stands for all z between them
    z: NDArray  # (k,) float64, strictly rising

    @classmethod
    def fit(cls, values: NDArray, counts: NDArray, numeric: str, every: bool) -> PiecewiseLinearMap:
        """Learn the map from sorted distinct values and how often each occurs."""
        ends = None
        if numeric == "quantile":
            up_to = np.cumsum(counts)
            n = up_to[-1]
            rank = (up_to - 0.5 * counts) / n  # ties share their middle rank
            z = _normal(rank)
            wanted = np.searchsorted(rank, np.linspace(rank[0], rank[-1], MAX_KNOTS))
            is_frequent = (counts >= max(FREQUENT_ROWS, n / MAX_KNOTS)) | every
            ends = is_frequent, _normal((up_to - counts) / n), _normal(up_to / n)
        else:
            share = _difference(values[0], values) / _difference(values[0], values[-1:])
            mean = np.average(share, weights=counts)
            z = (share - mean) / math.sqrt(np.average((share - mean) ** 2, weights=counts))
            wanted = np.zeros(1, dtype=np.intp)
        kept = np.full(len(values), every)
        kept[wanted] = True
        kept[[0, -1]] = True
        for _ in range(3):
            scale = cls._of(values, z, kept, ends)
            back = scale.value(scale.place(values))
            lost = back != values if values.dtype == np.uint64 else ~np.isclose(back, values, rtol=1e-9, atol=0)
            if not lost.any():
                return scale
            kept |= lost
        return cls._of(values, z, np.ones_like(kept), ends)

    @classmethod
    def _of(cls, values: NDArray, z: NDArray, kept: NDArray, ends: Any) -> PiecewiseLinearMap:
        """Return the map with knots at the kept values; frequent ones take all their ranks, from end to end."""
        if ends is None:
            return cls(values[kept], _strictly_rising(z[kept]))
        is_frequent, low, high = ends
        kept = kept | is_frequent
        n_knots = np.where(is_frequent, 3, 1)[kept]
        places = np.column_stack([np.where(is_frequent, low, z), z, high])[kept]
        # the first of each, or all three
        is_used = np.arange(3) < n_knots[:, None]
        return cls(values[kept].repeat(n_knots), _strictly_rising(places[is_used]))

    def place(self, values: NDArray) -> NDArray:
        """Return the z of values, those outside at the ends; of a frequent value the middle one."""
        values = np.clip(values, self.knots[0], self.knots[-1])
        left = np.searchsorted(self.knots, values, side="right") - 1
        right = np.minimum(left + 1, len(self.knots) - 1)
        gap = np.maximum(_difference(self.knots[left], self.knots[right]), np.finfo(np.float64).tiny)
        share = _difference(self.knots[left], values) / gap
        first = np.searchsorted(self.knots, self.knots, side="left")[left]  # of the knots that hold the same value
        middle = self.z[(first + left) // 2]
        return np.where(self.knots[left] == values, middle, self.z[left] + share * (self.z[right] - self.z[left]))

    def value(self, z: NDArray) -> NDArray:
        """Return the values at any z, those outside at the ends."""
        z = np.clip(z, self.z[0], self.z[-1])
        left = np.searchsorted(self.z, z, side="right") - 1
        right = np.minimum(left + 1, len(self.z) - 1)
        gap = np.maximum(self.z[right] - self.z[left], np.finfo(np.float64).tiny)
        # below 1, so that the product with a gap of 2**64 - 1 still fits
        share = np.minimum((z - self.z[left]) / gap, np.nextafter(1, 0))
        low, high = self.knots[left], self.knots[right]
        step = share * _difference(low, high)
        if self.knots.dtype == np.uint64:
            return low + np.minimum(np.rint(step).astype(np.uint64), high - low)
        return np.minimum(low + step, high)

    def is_sound(self, exact: type[np.generic]) -> bool:
        """Return whether knots of this dtype and their z are finite and rise."""
        knots, z = self.knots, self.z
        typed = knots.dtype == exact and z.dtype == np.float64
        paired = knots.ndim == z.ndim == 1 and len(knots) == len(z) >= 2
        if not (typed and paired and np.isfinite(knots).all() and np.isfinite(z).all()):
            return False
        return bool((knots[1:] >= knots[:-1]).all() and knots[-1] > knots[0] and (z[1:] > z[:-1]).all())

    def nearest(self, z: NDArray) -> NDArray:
        """Return the knots closest to any z."""
        left = np.clip(np.searchsorted(self.z, z, side="right") - 1, 0, len(self.z) - 1)
        right = np.minimum(left + 1, len(self.z) - 1)
        # distances rather than midpoints: those of neighbouring floats would round to one of the two
        return self.knots[np.where(self.z[right] - z < z - self.z[left], right, left)]


def _normal(rank: NDArray) -> NDArray:
    return np.asarray(ndtri(TAIL + rank * (1 - 2 * TAIL)))


def _difference(low: NDArray, high: NDArray) -> NDArray:
    """Return high - low, taken exactly and then rounded to float64."""
    return (high - low).astype(np.float64)


def _strictly_rising(z: NDArray) -> NDArray:
    """Move sorted floats up by as few representable steps as make them all differ."""
    ordinal = (z + 0.0).view(np.int64)
    ordinal = np.where(ordinal < 0, NOT_A_TIME - ordinal, ordinal)  # now in the order of the floats
    steps = np.arange(len(z))
    ordinal = np.maximum.accumulate(ordinal - steps) + steps
    return np.where(ordinal < 0, NOT_A_TIME - ordinal, ordinal).view(np.float64)
