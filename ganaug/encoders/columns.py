"""The column kinds of a table: each turns one column into continuous dimensions and one-hot states, and back.

Every kind has the same small face, `Column`. A column yields `n_continuous` continuous dimensions and, where
`block_size` is positive, one state in `[0, block_size)` per row. `decode` undoes `encode`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import ndtri
from scipy.stats import qmc

from ganaug.common.serialization import dtype_from_json, dtype_to_json, from_json, level_key, to_json

Arrays = dict[str, NDArray]

MAX_BLOCK = 100  # levels; beyond this a one-hot block costs more than it tells
MAX_KNOTS = 1000  # as many quantiles as describe a marginal distribution well
MAX_SNAP = 64  # distinct values up to which a numeric column is read as a scale of fixed values
ATOM_SHARE = 0.2  # of the known rows
# Largest |z| is 3.5. scikit-learn's own normal output puts the smallest and the largest value at -5.2 and
# 5.2, however few the rows: spikes far from all else, on which a generator wastes its effort.
TAIL = 2.326e-4
NOT_A_TIME = np.iinfo(np.int64).min


class Column(Protocol):
    """What `TableEncoder` knows of a column."""

    @property
    def label(self) -> Hashable:
        """The column's name."""

    @property
    def kind(self) -> str:
        """What sort of column it is."""

    @property
    def n_continuous(self) -> int:
        """Number of continuous dimensions."""

    @property
    def block_size(self) -> int:
        """Number of one-hot states, 0 for none."""

    def encode(self, series: pd.Series) -> tuple[NDArray, NDArray | None]:
        """Turn `n` cells into dimensions of shape (n, n_continuous) and states of shape (n,)."""

    def decode(self, continuous: NDArray, states: NDArray) -> pd.Series:
        """Turn any finite dimensions and any states into `n` legal cells."""

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Describe the column in JSON's terms and plain arrays."""


# ------------------------------------------------------------------------------------------------- levels


def _factorise(series: pd.Series, label: Hashable) -> tuple[NDArray, NDArray]:
    """Return the row of each level's first appearance, and the level's number of each row."""
    try:
        codes = pd.factorize(series, use_na_sentinel=False)[0]
    except TypeError as error:
        raise ValueError(
            f"column {label!r} holds nested or unhashable cells ({error}); spread them over columns of their "
            "own or drop the column"
        ) from None
    if series.dtype == object and pd.api.types.infer_dtype(series, skipna=False) != "string":
        # pandas counts 1, 1.0 and True as one value, and None, nan and NaT too: their types tell them apart
        types = pd.factorize(np.frompyfunc(type, 1, 1)(series.to_numpy()))[0]
        codes = codes * (int(types.max()) + 1) + types
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    return first, codes


class Vocabulary:
    """The levels of a column, kept as a series so that any dtype comes back; missing is one of them.

    Parameters
    ----------
    levels : Series
        Every level once.
    label : hashable
        The column's name, for messages.
    """

    def __init__(self, levels: pd.Series, label: Hashable) -> None:
        self.levels = levels.reset_index(drop=True)
        self.label = label
        self._number = {level_key(level): i for i, level in enumerate(self._objects(self.levels))}

    def __len__(self) -> int:
        return len(self.levels)

    @staticmethod
    def _objects(levels: pd.Series) -> list[Any]:
        return list(levels.astype(object))

    @classmethod
    def fit(cls, series: pd.Series, label: Hashable) -> tuple[Vocabulary, NDArray]:
        """Learn the levels of `series`; return them and the number of each row's level."""
        first, codes = _factorise(series, label)
        # Arrow counts 0.0 and -0.0 as two
        number: dict[tuple[type, Any], int] = {}
        keys = [level_key(level) for level in cls._objects(series.take(first))]
        merged = np.array([number.setdefault(key, len(number)) for key in keys])
        return cls(series.take(first[np.unique(merged, return_index=True)[1]]), label), merged[codes]

    def codes(self, series: pd.Series) -> NDArray:
        """Return the number of each row's level, shape (n,)."""
        first, codes = _factorise(series, self.label)
        cells = self._objects(series.take(first))
        numbers = np.array([self._number.get(level_key(cell), -1) for cell in cells])
        if (numbers < 0).any():
            unseen = cells[int(np.flatnonzero(numbers < 0)[0])]
            raise ValueError(f"column {self.label!r} holds {unseen!r}, which it did not hold in fit")
        return numbers[codes]

    def take(self, codes: NDArray) -> pd.Series:
        """Return the levels of these numbers."""
        return self.levels.take(codes).reset_index(drop=True)

    def state(self) -> dict[str, Any]:
        """Describe the levels and their dtype."""
        levels = [to_json(level, self.label) for level in self._objects(self.levels)]
        return {"dtype": dtype_to_json(self.levels.dtype, self.label), "levels": levels}

    @classmethod
    def from_state(cls, description: dict[str, Any], label: Hashable) -> Vocabulary:
        """Rebuild the levels."""
        levels = [from_json(level) for level in description["levels"]]
        vocabulary = cls(pd.Series(levels, dtype=dtype_from_json(description["dtype"])), label)
        if not 0 < len(levels) == len(vocabulary._number):
            raise ValueError(f"column {label!r} needs distinct levels")
        return vocabulary


@dataclass(frozen=True)
class Constant:
    """A column of one value, or of missing cells only: nothing to encode."""

    label: Hashable
    vocabulary: Vocabulary
    kind = "constant"
    n_continuous = 0
    block_size = 0

    def encode(self, series: pd.Series) -> tuple[NDArray, NDArray | None]:
        """Check that the value is the one known."""
        self.vocabulary.codes(series)
        return np.empty((len(series), 0)), None

    def decode(self, continuous: NDArray, states: NDArray) -> pd.Series:
        """Repeat the value."""
        return self.vocabulary.take(np.zeros(len(continuous), dtype=np.intp))

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Describe the value."""
        return self.vocabulary.state(), {}


@dataclass(frozen=True)
class Choice:
    """A categorical column of few levels: one one-hot block."""

    label: Hashable
    vocabulary: Vocabulary
    kind = "choice"
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
class Coded:
    """A categorical column of many levels: a point in a few dimensions for each, decoded to the nearest.

    Half of the squared distance between two levels comes from a low-discrepancy normal sequence, which keeps
    any two of them apart; half from what the data say about them, so that alike levels lie close. In all, two
    random levels are sqrt(2) apart, as in a one-hot block.
    """

    label: Hashable
    vocabulary: Vocabulary
    points: NDArray  # (n_levels, n_continuous)
    kind = "coded"
    block_size = 0

    @property
    def n_continuous(self) -> int:
        """Number of dimensions of a point."""
        return self.points.shape[1]

    @classmethod
    def fit(
        cls, label: Hashable, vocabulary: Vocabulary, codes: NDArray, y: NDArray | None, numerics: NDArray
    ) -> Coded:
        """Lay out the levels; `y` (n,) and `numerics` (n, d) tell which of them are alike."""
        n_levels = len(vocabulary)
        bits = math.ceil(math.log2(n_levels))
        sequence = qmc.Sobol(math.ceil(2 * math.log2(n_levels)), scramble=False)
        # In every dimension the first 2**bits points of a Sobol sequence are the multiples of 2**-bits, each
        # once: no two levels share even one coordinate. Half a step keeps the first of them off -infinity.
        apart = ndtri(sequence.random_base2(bits)[:n_levels] + 0.5 / 2**bits)
        alike = cls._associations(n_levels, codes, y, numerics)
        parts = [part for part in (apart, alike) if part.shape[1]]
        points = np.hstack([_spread(part, 2.0 / len(parts)) for part in parts])
        return cls(label, vocabulary, points)

    @staticmethod
    def _associations(n_levels: int, codes: NDArray, y: NDArray | None, numerics: NDArray) -> NDArray:
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
        return self.points[self.vocabulary.codes(series)], None

    def decode(self, continuous: NDArray, states: NDArray) -> pd.Series:
        """Return the levels of the nearest points."""
        points = self.points.astype(np.float32)
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
        return self.vocabulary.state(), {"points": self.points}

    @classmethod
    def from_state(cls, label: Hashable, description: dict[str, Any], arrays: Arrays) -> Coded:
        """Rebuild the column."""
        vocabulary, points = Vocabulary.from_state(description, label), arrays["points"]
        fits = points.ndim == 2 and points.shape[1] > 0 and len(points) == len(vocabulary)
        if not (fits and points.dtype == np.float64 and np.isfinite(points).all()):
            raise ValueError(f"column {label!r} needs one finite point for each level")
        return cls(label, vocabulary, points)


def _spread(points: NDArray, distance: float) -> NDArray:
    """Centre and scale points so that two random ones have this mean squared distance."""
    centred = points - points.mean(axis=0)
    return centred * math.sqrt(distance / (2 * centred.var(axis=0).sum()))


# ------------------------------------------------------------------------------------------------- numbers


def read_numbers(series: pd.Series) -> tuple[NDArray, NDArray] | None:
    """Return a numeric column as int64, uint64 or float64 without loss, and where it is missing.

    Times become integers in their own unit. None for columns that are not numeric.
    """
    kind = series.dtype.kind
    missing = np.asarray(series.isna(), dtype=bool)
    if kind == "M":
        return pd.DatetimeIndex(series).asi8, missing
    if kind == "m":
        return pd.TimedeltaIndex(series).asi8, missing
    if kind in "iu":
        exact = "uint64" if kind == "u" else "int64"
        return (series.to_numpy(exact, na_value=0) if missing.any() else series.to_numpy(exact)), missing
    if kind == "f":
        floats = series.to_numpy("float64", na_value=np.nan)
        return floats, missing | np.isnan(floats)
    if series.dtype == object:
        return _read_number_objects(series, missing)
    return None


def _read_number_objects(series: pd.Series, missing: NDArray) -> tuple[NDArray, NDArray] | None:
    known = series[~missing]
    inferred = pd.api.types.infer_dtype(known, skipna=False)
    if inferred in ("floating", "mixed-integer-float"):
        exacts = ["float64"]
    elif inferred == "integer":
        exacts = ["int64", "uint64"]
    else:
        return None
    for exact in exacts:
        try:
            numbers = np.zeros(len(series), dtype=exact)
            numbers[~missing] = known.to_numpy().astype(exact)
        except OverflowError:
            continue
        return numbers, missing
    return None


@dataclass(frozen=True)
class Lattice:
    """Numbers on an even grid: `(minimum + step * index) / 10**decimals`, index = 0, 1, ... as uint64.

    Integer arithmetic modulo 2**64 is exact for any int64 and uint64 column, however wide. The one division
    at the end is rounded once, as is the parsing of a literal, so 19.99 comes back as the very float 19.99.
    """

    minimum: int
    step: int
    decimals: int
    exact: str  # dtype of the numbers: int64, uint64, float64

    @classmethod
    def find(cls, numbers: NDArray, written_as: np.dtype) -> Lattice | None:
        """Return the widest grid that holds these sorted, distinct numbers of this dtype, if there is one."""
        exact, decimals = str(numbers.dtype), 0
        if exact == "float64":
            found = _decimals(numbers, written_as)
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
        if not (self.step >= 1 and 0 <= self.decimals <= 6):
            return False
        low, high = {"int64": (-(2**63), 2**63), "uint64": (0, 2**64), "float64": (1 - 2**53, 2**53)}[self.exact]
        return low <= self.minimum and self.minimum + self.step * last < high


def _decimals(numbers: NDArray, dtype: np.dtype) -> int | None:
    """Return the fewest decimals, at most 6, that write all numbers exactly, or None."""
    largest = np.abs(numbers).max()
    for decimals in range(7):
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
class Ruler:
    """A rising piecewise linear map between numbers and z, exact at its knots.

    Both scalings are such a map, and differ in where they put the knots: quantiles bend it at up to a
    thousand values, standardising not at all. Values which the arithmetic between two knots would not give
    back, such as small integers beside a huge one, become knots themselves.
    """

    knots: NDArray  # (k,) uint64 or float64, strictly rising
    z: NDArray  # (k,) float64, strictly rising

    @classmethod
    def fit(cls, values: NDArray, counts: NDArray, numeric: str, every: bool) -> Ruler:
        """Learn the map from sorted distinct values and how often each occurs."""
        if numeric == "quantile":
            rank = (np.cumsum(counts) - 0.5 * counts) / counts.sum()  # ties share their middle rank
            z = ndtri(TAIL + rank * (1 - 2 * TAIL))
            wanted = np.searchsorted(rank, np.linspace(rank[0], rank[-1], MAX_KNOTS))
        else:
            share = _gap(values[0], values) / _gap(values[0], values[-1:])
            mean = np.average(share, weights=counts)
            z = (share - mean) / math.sqrt(np.average((share - mean) ** 2, weights=counts))
            wanted = np.zeros(1, dtype=np.intp)
        z = _strictly_rising(z)
        kept = np.full(len(values), every)
        kept[wanted] = True
        kept[[0, -1]] = True
        for _ in range(3):
            ruler = cls(values[kept], z[kept])
            back = ruler.value(ruler.place(values))
            lost = back != values if values.dtype == np.uint64 else ~np.isclose(back, values, rtol=1e-9, atol=0)
            if not lost.any():
                return ruler
            kept |= lost
        return cls(values, z)

    def place(self, values: NDArray) -> NDArray:
        """Return the z of values, those outside at the ends."""
        values = np.clip(values, self.knots[0], self.knots[-1])
        left = np.searchsorted(self.knots, values, side="right") - 1
        right = np.minimum(left + 1, len(self.knots) - 1)
        gap = np.maximum(_gap(self.knots[left], self.knots[right]), np.finfo(np.float64).tiny)
        share = _gap(self.knots[left], values) / gap
        return self.z[left] + share * (self.z[right] - self.z[left])

    def value(self, z: NDArray) -> NDArray:
        """Return the values at any z, those outside at the ends."""
        z = np.clip(z, self.z[0], self.z[-1])
        left = np.searchsorted(self.z, z, side="right") - 1
        right = np.minimum(left + 1, len(self.z) - 1)
        gap = np.maximum(self.z[right] - self.z[left], np.finfo(np.float64).tiny)
        # below 1, so that the product with a gap of 2**64 - 1 still fits
        share = np.minimum((z - self.z[left]) / gap, np.nextafter(1, 0))
        low, high = self.knots[left], self.knots[right]
        step = share * _gap(low, high)
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
        return bool((knots[1:] > knots[:-1]).all() and (z[1:] > z[:-1]).all())

    def nearest(self, z: NDArray) -> NDArray:
        """Return the knots closest to any z."""
        left = np.clip(np.searchsorted(self.z, z, side="right") - 1, 0, len(self.z) - 1)
        right = np.minimum(left + 1, len(self.z) - 1)
        # distances rather than midpoints: those of neighbouring floats would round to one of the two
        return self.knots[np.where(self.z[right] - z < z - self.z[left], right, left)]


def _gap(low: NDArray, high: NDArray) -> NDArray:
    """Return high - low, taken exactly and then rounded to float64."""
    return (high - low).astype(np.float64)


def _strictly_rising(z: NDArray) -> NDArray:
    """Move sorted floats up by as few representable steps as make them all differ."""
    ordinal = (z + 0.0).view(np.int64)
    ordinal = np.where(ordinal < 0, NOT_A_TIME - ordinal, ordinal)  # now in the order of the floats
    steps = np.arange(len(z))
    ordinal = np.maximum.accumulate(ordinal - steps) + steps
    return np.where(ordinal < 0, NOT_A_TIME - ordinal, ordinal).view(np.float64)


@dataclass(frozen=True)
class Numeric:
    """A numeric column or one of times: one dimension, and states where it has missing cells or atoms.

    The states are: regular, one for each way of being missing, one for each atom (a value so frequent that
    the distribution has a spike there, such as the zeros of a capital gain).
    """

    label: Hashable
    dtype: Any
    exact: str  # dtype of the numbers
    unit: str  # of times, else ""
    aware: bool  # times with a time zone
    lattice: Lattice | None
    snaps: bool  # only values seen are legal
    ruler: Ruler
    markers: list[Any]  # the ways of being missing
    atoms: NDArray  # (k,) of the numbers
    kind = "numeric"
    n_continuous = 1

    @property
    def block_size(self) -> int:
        """Number of states."""
        special = len(self.markers) + len(self.atoms)
        return special + 1 if special else 0

    @classmethod
    def fit(cls, label: Hashable, series: pd.Series, known: NDArray, numeric: str) -> Numeric:
        """Learn range, grid, scale, ways of being missing and atoms; `known` are the numbers there are."""
        values, counts = np.unique(known, return_counts=True)
        n = len(known)
        if values.dtype == np.float64 and values[-1] / 2 - values[0] / 2 > np.finfo(np.float64).max / 2:
            raise ValueError(f"column {label!r} spans more than float64 can hold; rescale it")
        snaps = len(values) <= MAX_SNAP and 2 * len(values) < n
        lattice = Lattice.find(values, _written_as(series.dtype))
        ruler = Ruler.fit(lattice.index(values) if lattice else values, counts, numeric, every=snaps)
        atoms = values[counts >= ATOM_SHARE * n] if len(values) > 10 else values[:0]
        missing = series[series.isna().to_numpy(dtype=bool)]
        markers = [] if n == len(series) else [None]
        if series.dtype == object and markers:
            markers = list(missing.iloc[_factorise(missing, label)[0]])
        unit, aware = "", False
        if series.dtype.kind == "M":
            times = pd.DatetimeIndex(series)
            unit, aware = times.unit, times.tz is not None
        elif series.dtype.kind == "m":
            unit = pd.TimedeltaIndex(series).unit
        return cls(label, series.dtype, str(values.dtype), unit, aware, lattice, snaps, ruler, markers, atoms)

    def encode(self, series: pd.Series) -> tuple[NDArray, NDArray | None]:
        """Return z, 0 where missing, and the states."""
        read = read_numbers(series)
        if read is None or str(read[0].dtype) != self.exact:
            raise ValueError(f"column {self.label!r} is {series.dtype}, and was {self.dtype} in fit")
        numbers, missing = read
        if missing.any() and not self.markers:
            raise ValueError(f"column {self.label!r} has missing cells, and had none in fit")
        known = numbers[~missing]
        z = np.zeros(len(series))
        z[~missing] = self.ruler.place(self.lattice.index(known) if self.lattice else known)
        if not self.block_size:
            return z[:, None], None
        states = np.zeros(len(series), dtype=np.intp)
        states[missing] = 1
        if len(self.markers) > 1:
            ways = Vocabulary(pd.Series(self.markers, dtype=object), self.label)
            states[missing] += ways.codes(series[missing])
        for i, atom in enumerate(self.atoms, start=1 + len(self.markers)):
            states[(numbers == atom) & ~missing] = i
        return z[:, None], states

    def decode(self, continuous: NDArray, states: NDArray) -> pd.Series:
        """Return missing cells and atoms where the states say so, else numbers of the range and grid seen."""
        z = continuous[:, 0].astype(np.float64)
        numbers = self.ruler.nearest(z) if self.snaps else self.ruler.value(z)
        if self.lattice:
            numbers = self.lattice.numbers(numbers)
        if not self.block_size:
            return self._write(numbers, np.zeros(len(z), dtype=np.intp))
        first_atom = 1 + len(self.markers)
        is_atom = states >= first_atom
        numbers[is_atom] = self.atoms[states[is_atom] - first_atom]
        return self._write(numbers, np.where(is_atom, 0, states))

    def _write(self, numbers: NDArray, absent: NDArray) -> pd.Series:
        """Write numbers in the column's dtype, missing where `absent` is positive."""
        missing = absent > 0
        if self.unit:
            numbers = np.where(missing, NOT_A_TIME, numbers)
            times = pd.Series(numbers.view(f"{self.dtype.kind}8[{self.unit}]"))
            return (times.dt.tz_localize("UTC") if self.aware else times).astype(self.dtype)
        if self.dtype == object:
            cells = numbers.astype(object)
            for i, marker in enumerate(self.markers, start=1):
                cells[absent == i] = marker
            return pd.Series(cells, dtype=object)
        series = pd.Series(numbers.astype(_written_as(self.dtype))).astype(self.dtype)
        return series.mask(missing) if missing.any() else series

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Describe the column; knots and atoms are arrays."""
        grid = self.lattice
        description = {
            "dtype": dtype_to_json(self.dtype, self.label),
            "exact": self.exact,
            "unit": self.unit,
            "aware": self.aware,
            "lattice": [grid.minimum, grid.step, grid.decimals] if grid else None,
            "snaps": self.snaps,
            "markers": [to_json(marker, self.label) for marker in self.markers],
        }
        return description, {"knots": self.ruler.knots, "z": self.ruler.z, "atoms": self.atoms}

    @classmethod
    def from_state(cls, label: Hashable, description: dict[str, Any], arrays: Arrays) -> Numeric:
        """Rebuild the column and check that whatever it decodes is legal."""
        exact = description["exact"]
        ruler, atoms = Ruler(arrays["knots"], arrays["z"]), arrays["atoms"]
        lattice = None
        if description["lattice"] is not None:
            minimum, step, decimals = map(int, description["lattice"])
            lattice = Lattice(minimum, step, decimals, exact)
        column = cls(
            label=label,
            dtype=dtype_from_json(description["dtype"]),
            exact=exact,
            unit=str(description["unit"]),
            aware=bool(description["aware"]),
            lattice=lattice,
            snaps=bool(description["snaps"]),
            ruler=ruler,
            markers=[from_json(marker) for marker in description["markers"]],
            atoms=atoms,
        )
        legal = ruler.is_sound(np.uint64 if lattice else np.float64)
        legal = legal and (lattice.holds(int(ruler.knots[-1])) if lattice else exact == "float64")
        legal = legal and atoms.ndim == 1 and str(atoms.dtype) == exact and all(map(pd.isna, column.markers))
        if not (legal and column._writes_back()):
            raise ValueError(f"column {label!r} has a scale that does not hold together")
        return column

    def _writes_back(self) -> bool:
        """Return whether the ends, the atoms and the missing cells survive being written in the dtype."""
        ends = self.ruler.knots[[0, -1]]
        numbers = np.concatenate([self.lattice.numbers(ends) if self.lattice else ends, self.atoms])
        series = self._write(numbers, np.zeros(len(numbers), dtype=np.intp))
        read = read_numbers(series)
        if read is None or str(read[0].dtype) != self.exact or read[1].any():
            return False
        n_ways = len(self.markers)
        absent = self._write(np.repeat(numbers[:1], n_ways), np.arange(1, n_ways + 1))
        close = np.allclose(read[0], numbers) if self.exact == "float64" else np.array_equal(read[0], numbers)
        return close and bool(absent.isna().all())


def _written_as(column_dtype: Any) -> np.dtype:
    """Return the numpy dtype that holds a column's known numbers."""
    if isinstance(column_dtype, np.dtype):
        return np.dtype(np.float64) if column_dtype.kind == "O" else column_dtype
    return np.dtype(getattr(column_dtype, "numpy_dtype", np.float64))
