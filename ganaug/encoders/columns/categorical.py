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
        points = self.embedding.astype(np.float32)
        rows = continuous.astype(np.float32)
        half_norms = 0.5 * (points * points).sum(axis=1)
        nearest = np.empty(len(rows), dtype=np.intp)
        chunk = max(1, 8_000_000 // len(points))  # 32 MB of distances at a time
        for start in range(0, len(rows), chunk):
            closeness = rows[start : start + chunk] @ points.T
            closeness -= half_norms
            nearest[start : start + chunk] = closeness.argmax(axis=1)
        return self.vocabulary.take(nearest)

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


def _scale_to_distance(points: NDArray, distance: float) -> NDArray:
    """Centre and scale points so that two random ones have this mean squared distance."""
    centred = points - points.mean(axis=0)
    return centred * math.sqrt(distance / (2 * centred.var(axis=0).sum()))
