"""Categorical columns: one-hot blocks for few levels, embeddings for many."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import ndtri
from scipy.stats import qmc

from ganaug.encoders.columns.base import Arrays, Vocabulary

MAX_BLOCK = 100  # levels; beyond this a one-hot block costs more than it tells
# Levels with all of which a row is compared. Beyond this the time would grow with rows times levels.
_MAX_COMPARED = 4_096
_N_PIVOTS = 4


@dataclass(frozen=True)
class OneHotCategory:
    """A categorical column of few levels: one one-hot block."""

    label: Hashable
    vocabulary: Vocabulary
    kind = "one-hot"
    n_continuous = 0

    @property
    def block_size(self) -> int:
        """Number of levels."""
        return len(self.vocabulary)

    def encode(self, series: pd.Series) -> tuple[NDArray, NDArray | None]:
        """Return the levels' numbers as states."""
        return np.empty((len(series), 0)), self.vocabulary.codes(series)

    def decode(self, continuous: NDArray, states: NDArray) -> pd.Series:
        """Return the levels of the states."""
        return self.vocabulary.take(states)

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Describe the levels."""
        return self.vocabulary.state(), {}


@dataclass(frozen=True)
class EmbeddedCategory:
    """A categorical column of many levels: a point in a few dimensions for each, decoded to the nearest.

    Half of the squared distance between two levels comes from a low-discrepancy normal sequence, which separates all
    levels. The other half comes from the data, so that similar levels lie close together. In total, two random levels
    are sqrt(2) apart, as in a one-hot block.
    """

    label: Hashable
    vocabulary: Vocabulary
    embedding: NDArray  # (n_levels, n_continuous)
    kind = "embedded"
    block_size = 0

    @property
    def n_continuous(self) -> int:
        """Number of dimensions of a point."""
        return self.embedding.shape[1]

    @classmethod
    def fit(
        cls, label: Hashable, vocabulary: Vocabulary, codes: NDArray, y: NDArray | None, numerics: NDArray
    ) -> EmbeddedCategory:
        """Lay out the levels; `y` (n,) and `numerics` (n, d) show which of them are alike."""
        n_levels = len(vocabulary)
        bits = math.ceil(math.log2(n_levels))
        sequence = qmc.Sobol(math.ceil(2 * math.log2(n_levels)), scramble=False)
        # In every dimension the first 2**bits points of a Sobol sequence are the multiples of 2**-bits, each
        # once: no two levels share even one coordinate. Half a step keeps the first of them off -infinity.
        apart = ndtri(sequence.random_base2(bits)[:n_levels] + 0.5 / 2**bits)
        alike = cls._level_profiles(n_levels, codes, y, numerics)
        parts = [part for part in (apart, alike) if part.shape[1]]
        points = np.hstack([_scale_to_distance(part, 2.0 / len(parts)) for part in parts])
        return cls(label, vocabulary, points)

    @staticmethod
    def _level_profiles(n_levels: int, codes: NDArray, y: NDArray | None, numerics: NDArray) -> NDArray:
        """Return up to four principal components of each level's mean row, shape (n_levels, <= 4)."""
        n = len(codes)
        rows = np.arange(n)
        member = sparse.csr_array((np.ones(n), (codes, rows)), shape=(n_levels, n))
        sums = [member @ numerics]
        if y is not None:
            sums.append((member @ sparse.csr_array((np.ones(n), (rows, y)))).toarray())
        counts = np.bincount(codes, minlength=n_levels)[:, None]
        total = np.hstack(sums)
        # shrinking by n / (n + 10): a level seen twice says little, and stays near the middle
        means = (total - counts * total.sum(axis=0) / n) / (counts + 10.0)
        means -= means.mean(axis=0)
        variances, axes = np.linalg.eigh(means.T @ means)
        kept = np.flatnonzero(variances > 1e-9)[-4:][::-1]
        return means @ axes[:, kept]

    def encode(self, series: pd.Series) -> tuple[NDArray, NDArray | None]:
        """Return the levels' points."""
        return self.embedding[self.vocabulary.codes(series)], None

    def decode(self, continuous: NDArray, states: NDArray) -> pd.Series:
        """Return the levels of the nearest points."""
        return self.vocabulary.take(_nearest_points(continuous.astype(np.float32), self.embedding.astype(np.float32)))

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Describe the levels; the points are an array."""
        return self.vocabulary.state(), {"embedding": self.embedding}

    @classmethod
    def from_state(cls, label: Hashable, description: dict[str, Any], arrays: Arrays) -> EmbeddedCategory:
        """Rebuild the column."""
        vocabulary, points = Vocabulary.from_state(description, label), arrays["embedding"]
        fits = points.ndim == 2 and points.shape[1] > 0 and len(points) == len(vocabulary)
        if not (fits and points.dtype == np.float64 and np.isfinite(points).all()):
            raise ValueError(f"column {label!r} needs one finite point for each level")
        return cls(label, vocabulary, points)


def _nearest_points(rows: NDArray, points: NDArray) -> NDArray:
    """Return for each row the number of the nearest point; of many points, the nearest of those that are around it.

    Many points are searched through pivots, about sqrt(n) of them. Each point belongs to its nearest pivot, and a row
    is compared with the points of its `_N_PIVOTS` nearest pivots. A row that is a point finds this point.
    """
    nearest = np.zeros(len(rows), dtype=np.intp)
    closest = np.full(len(rows), -np.inf, dtype=np.float32)
    half_norms = 0.5 * (points * points).sum(axis=1)

    def compare(of_rows: NDArray, of_points: NDArray) -> None:
        chunk = max(1, 8_000_000 // len(of_points))  # 32 MB of distances at a time
        for start in range(0, len(of_rows), chunk):
            some = of_rows[start : start + chunk]
            closeness = rows[some] @ points[of_points].T
            closeness -= half_norms[of_points]
            best = closeness.argmax(axis=1)
            value = closeness[np.arange(len(some)), best]
            is_closer = value > closest[some]
            nearest[some[is_closer]] = of_points[best[is_closer]]
            closest[some[is_closer]] = value[is_closer]

    if len(points) <= _MAX_COMPARED:
        compare(np.arange(len(rows)), np.arange(len(points)))
        return nearest
    pivots = points[:: math.isqrt(len(points))]
    owner = _nearest_pivots(points, pivots, 1)[:, 0]
    members = np.split(np.argsort(owner, kind="stable"), np.cumsum(np.bincount(owner, minlength=len(pivots)))[:-1])
    searched = _nearest_pivots(rows, pivots, _N_PIVOTS).ravel()
    order = np.argsort(searched, kind="stable")
    visitors = np.split(order // _N_PIVOTS, np.cumsum(np.bincount(searched, minlength=len(pivots)))[:-1])
    for of_rows, of_points in zip(visitors, members, strict=True):
        if len(of_rows) and len(of_points):
            compare(of_rows, of_points)
    return nearest


def _nearest_pivots(rows: NDArray, pivots: NDArray, n: int) -> NDArray:
    """Return the numbers of the `n` nearest pivots of each row, in any order."""
    half_norms = 0.5 * (pivots * pivots).sum(axis=1)
    parts = [np.empty((0, n), dtype=np.intp)]
    chunk = max(1, 8_000_000 // len(pivots))
    for start in range(0, len(rows), chunk):
        distance = half_norms - rows[start : start + chunk] @ pivots.T
        parts.append(np.argpartition(distance, n - 1, axis=1)[:, :n])
    return np.concatenate(parts)


def _scale_to_distance(points: NDArray, distance: float) -> NDArray:
    """Centre and scale points so that two random ones have this mean squared distance."""
    centred = points - points.mean(axis=0)
    return centred * math.sqrt(distance / (2 * centred.var(axis=0).sum()))
