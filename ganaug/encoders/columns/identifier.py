"""Columns that are not learned: identifiers, which get new values, and columns that the user leaves out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.identifiers import IdentifierKind, identifier_texts
from ganaug.common.serialization import dtype_from_json, dtype_to_json, from_json, to_json
from ganaug.common.times import time_index
from ganaug.encoders.columns.base import Arrays
from ganaug.encoders.columns.hashes import ShortHashes
from ganaug.encoders.columns.numeric import numpy_dtype, read_numbers
from ganaug.encoders.columns.patterns import MAX_LENGTH, Pattern

# New numbers lie between the real ones if at most an eighth of the numbers there is in use.
_SPARSE = 8
# Candidates that are drawn at once. It is always the same number, so that a row does not depend on the number of rows.
_N_DRAWN = 1024
# A larger space is used when fewer of these candidates are new.
_N_FEW = 64
# Numbers between the real ones that are searched for free ones, once the dtype ends.
_N_SEARCHED = 2**22


@dataclass(frozen=True)
class IdentifierColumn:
    """A column that is not learned: its synthetic cells are new values, or all alike.

    - Whole numbers: drawn between the smallest and the largest real one where at most an eighth of the numbers there is
      in use, and otherwise counted on after the largest; below the smallest only where the dtype ends.
    - Text: random characters in the form of the real values, see `Pattern`.
    - Otherwise, a filler in every cell: a missing value where the dtype has one.

    No value occurs twice among the rows that one call of `sample` returns, and none is a real one. For that, the column
    knows its real values, as short salted hashes: see `ShortHashes`. Missing cells occur as often as in the real table.

    Parameters
    ----------
    label : hashable
        The column's name.
    dtype : dtype
        Of the cells.
    share : float
        Share of missing cells, in [0, 1].
    filler : object
        The cell of a row without a value.
    known : ShortHashes or None
        The real values; None where all cells are the filler.
    pattern : Pattern or None
        Of text.
    ends : (int, int, int) or None
        Of numbers: the smallest and the largest real one, and the step between them.
    width : int or None
        Characters that a cell of an array holds at most; None has no limit.
    """

    label: Hashable
    dtype: Any
    share: float
    filler: Any
    known: ShortHashes | None = None
    pattern: Pattern | None = None
    ends: tuple[int, int, int] | None = None
    width: int | None = None
    kind = "identifier"
    n_continuous = 0
    block_size = 0

    @classmethod
    def fit(
        cls,
        label: Hashable,
        series: pd.Series,
        kind: IdentifierKind | None,
        *,
        width: int | None = None,
        is_closed: bool = False,
    ) -> IdentifierColumn:
        """Learn the form of the values.

        Parameters
        ----------
        label : hashable
            The column's name.
        series : Series of shape (n,)
            Its cells.
        kind : {"number", "text", "free text"} or None
            What `identifier_kind` found. None gives the filler, and new numbers where the dtype needs numbers.
        width : int or None, default=None
            See the class.
        is_closed : bool, default=False
            Whether the dtype of the container lists all values that there may be. Categories of pandas do so in any
            case. No new value is legal then, and all cells are missing.
        """
        missing = series.isna().to_numpy(bool)
        known = series[~missing]
        if (
            is_closed
            or isinstance(series.dtype, pd.CategoricalDtype)
            or (kind is None and _holds_missing(series.dtype))
        ):
            kind = "free text"
        filler = "" if width is not None else None
        if series.dtype == object and missing.any():
            filler = series[missing].iloc[0]
        if kind == "free text" or series.dtype.kind == "b":
            if not _holds_missing(series.dtype):
                filler = known.mode().iloc[0]  # a flag has no missing value; the most frequent one names nobody
            return cls(label, series.dtype, 1.0, filler, width=width)
        texts = identifier_texts(known)
        share, hashes = float(missing.mean()), ShortHashes.fit(texts)
        if kind == "text":
            return cls(label, series.dtype, share, filler, hashes, pattern=Pattern.fit(texts), width=width)
        numbers = np.array([int(text) for text in np.unique(texts)], dtype=object)
        low, high = min(numbers), max(numbers)
        step = int(np.gcd.reduce(numbers - low)) or 1
        return cls(label, series.dtype, share, filler, hashes, ends=(low, high, step), width=width)

    @property
    def gets_values(self) -> bool:
        """Whether synthetic cells get values, and not all the filler."""
        return self.known is not None

    def encode(self, series: pd.Series) -> tuple[NDArray, NDArray | None]:
        """Return nothing to learn."""
        return np.empty((len(series), 0)), None

    def decode(self, continuous: NDArray, states: NDArray) -> pd.Series:
        """Return cells without values; `source` gives them."""
        n = len(continuous)
        return self._write([0] * n if self.gets_values and self.ends else [""] * n, np.full(n, True))

    def source(self, seed: int) -> Callable[[int], pd.Series]:
        """Return what gives the cells of the next rows; the cells of all its calls are distinct.

        Parameters
        ----------
        seed : int
            Of the values.

        Returns
        -------
        callable
            Takes a number of rows, returns a Series.
        """
        gaps, drawing = (np.random.default_rng([seed, of]) for of in range(2))
        values: Iterator[Any] = iter(())
        if self.pattern is not None:
            values = self._new_texts(drawing)
        elif self.ends is not None:
            values = self._new_numbers(drawing)

        def take(n: int) -> pd.Series:
            missing = gaps.random(n) < self.share
            cells: list[Any] = [0 if self.ends else ""] * n
            for row, value in zip(np.flatnonzero(~missing), islice(values, int((~missing).sum())), strict=True):
                cells[row] = value
            return self._write(cells, missing)

        return take

    def _new_texts(self, rng: np.random.Generator) -> Iterator[str]:
        assert self.pattern is not None
        assert self.known is not None
        given: set[str] = set()
        n_more, n_empty = 0, 0
        while n_empty < 16:
            texts = self.pattern.draw(rng, _N_DRAWN, n_more)
            n_new = 0
            for text, is_known in zip(texts, self.known.hold(texts), strict=True):
                if not is_known and text not in given and (self.width is None or len(text) <= self.width):
                    given.add(text)
                    n_new += 1
                    yield text
            n_more += n_new < _N_FEW and self.width is None
            n_empty = 0 if n_new else n_empty + 1
        raise ValueError(
            f"column {self.label!r} identifies rows, but no new value of at most {self.width} characters is left; pass "
            "a DataFrame, or an array of objects, which has no limit"
        )

    def _new_numbers(self, rng: np.random.Generator) -> Iterator[int]:
        assert self.ends is not None
        assert self.known is not None
        low, high, step = self.ends
        lowest, highest = _range_of(self.dtype)
        given: set[int] = set()
        known = self.known

        def new(numbers: Iterable[int]) -> list[int]:
            numbers = list(dict.fromkeys(self._rounded(number) for number in numbers))
            held = known.hold(map(str, numbers))
            found = [n for n, is_known in zip(numbers, held, strict=True) if not is_known and n not in given]
            given.update(found)
            return found

        last = (high - low) // step
        if last >= _SPARSE * self.known.n_values:
            found = list(range(_N_FEW))
            while len(found) >= _N_FEW:
                places = rng.integers(0, last, _N_DRAWN, dtype=np.uint64, endpoint=True)
                found = new(low + step * int(place) for place in places)
                yield from found
        yield from range(high + step, highest + 1, step)
        yield from range(low - step, min(lowest if low < 0 else 0, low) - 1, -step)
        for first in range(low, min(high + 1, low + _N_SEARCHED), _N_DRAWN):
            yield from new(range(first, min(first + _N_DRAWN, high + 1)))
        raise ValueError(
            f"column {self.label!r} identifies rows, but its dtype {self.dtype} has no new number left; convert it to "
            "int64, or drop it"
        )

    def _rounded(self, number: int) -> int:
        """Return the number as the dtype holds it: large ones are not exact in a column of floats."""
        exact = numpy_dtype(self.dtype)
        return int(exact.type(number)) if self.dtype != object and exact.kind == "f" else number

    def _write(self, cells: list[Any], missing: NDArray) -> pd.Series:
        """Write cells in the column's dtype, the filler where `missing`."""
        if not self.gets_values or self.dtype == object:
            values = np.array([*cells, None], dtype=object)[:-1]
            values[missing] = self.filler
            return pd.Series(values, dtype=self.dtype)
        if self.ends is None:
            texts = [None if gap else cell for cell, gap in zip(cells, missing, strict=True)]
            return pd.Series(texts, dtype=self.dtype)
        exact = numpy_dtype(self.dtype)
        series = pd.Series(np.array(cells, dtype=exact)).astype(self.dtype)
        # only so, because integers of NumPy cannot be missing
        return series.mask(missing) if missing.any() and _holds_missing(self.dtype) else series

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Describe the column; of the real values it holds short hashes only."""
        description: dict[str, Any] = {
            "dtype": dtype_to_json(_without_levels(self.dtype), self.label),
            "share": self.share,
            "filler": to_json(self.filler, self.label),
            "ends": None if self.ends is None else list(self.ends),
            "pattern": None if self.pattern is None else self.pattern.state(),
            "width": self.width,
        }
        if self.known is None:
            return description, {}
        return description | {"known": self.known.state()}, {"hashes": self.known.hashes}

    @classmethod
    def from_state(cls, label: Hashable, description: dict[str, Any], arrays: Arrays) -> IdentifierColumn:
        """Rebuild the column, and check that it gives legal values."""
        ends, pattern = description["ends"], description["pattern"]
        known = ShortHashes.from_state(description["known"], arrays["hashes"]) if "known" in description else None
        width = None if description["width"] is None else int(description["width"])
        column = cls(
            label=label,
            dtype=dtype_from_json(description["dtype"]),
            share=float(description["share"]),
            filler=from_json(description["filler"]),
            known=known,
            pattern=None if pattern is None else Pattern.from_state(pattern),
            ends=None if ends is None else (int(ends[0]), int(ends[1]), int(ends[2])),
            width=width,
        )
        n_forms = (column.pattern is not None) + (column.ends is not None)
        if n_forms != (known is not None) or not 0 <= column.share <= 1 or (width is not None and width > MAX_LENGTH):
            raise ValueError(f"column {label!r} has an inconsistent form")
        if column.ends is not None:
            low, high, step = column.ends
            lowest, highest = _range_of(column.dtype)
            if not (lowest <= low <= high <= highest and step >= 1):
                raise ValueError(f"column {label!r} has an inconsistent range")
        return column


@dataclass(frozen=True)
class ExactTimes:
    """The times of a near-unique column, to the second: synthetic times keep off them.

    Times are learned as all other numbers are. But who knows at which second something happened finds the person, so a
    synthetic time that equals a real one moves to the nearest free second, within the range of the column where there
    is a free one.
    """

    known: ShortHashes
    second: int  # units of the column in a second
    low: int
    high: int

    @classmethod
    def find(cls, series: pd.Series, near_unique: float) -> ExactTimes | None:
        """Return the times of a column, or None if they are no near-unique times with seconds."""
        read = read_numbers(series) if series.dtype.kind == "M" else None
        if read is None:
            return None
        numbers = read[0][~read[1]]
        second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[time_index(series).unit]
        distinct = np.unique(numbers)
        if len(distinct) < 2 or len(distinct) < near_unique * len(numbers):
            return None  # a constant, or times that repeat
        if np.mean(distinct % (60 * second) != 0) < 0.5:
            return None
        known = ShortHashes.fit(np.array([str(number) for number in distinct // second], dtype=object))
        return cls(known, second, int(distinct[0]), int(distinct[-1]))

    def moved(self, numbers: NDArray, missing: NDArray) -> NDArray:
        """Return the times, in units of the column, each at a second that no real time has."""
        moved = numbers.copy()
        rows = np.flatnonzero(~missing)
        rows = rows[self._clash(moved[rows])]
        for n_seconds in range(1, 201):
            for sign in (1, -1):
                if not len(rows):
                    return moved
                tried = numbers[rows] + sign * n_seconds * self.second
                is_free = ~self._clash(tried) & (tried >= self.low) & (tried <= self.high)
                moved[rows[is_free]] = tried[is_free]
                rows = rows[~is_free]
        moved[rows] = self.high + self.second * (1 + np.arange(len(rows)))
        return moved

    def _clash(self, numbers: NDArray) -> NDArray[np.bool_]:
        return self.known.hold(map(str, (numbers // self.second).tolist()))

    def state(self) -> tuple[dict[str, Any], NDArray]:
        """Describe the times; of the real ones it holds short hashes and the ends."""
        return {**self.known.state(), "second": self.second, "ends": [self.low, self.high]}, self.known.hashes

    @classmethod
    def from_state(cls, description: dict[str, Any], hashes: NDArray) -> ExactTimes:
        """Rebuild the times."""
        low, high = map(int, description["ends"])
        second = int(description["second"])
        if second not in (1, 10**3, 10**6, 10**9) or not -(2**62) < low <= high < 2**62:
            raise ValueError("the times have inconsistent ends")
        return cls(ShortHashes.from_state(description, hashes), second, low, high)


def _holds_missing(dtype: Any) -> bool:
    return not (isinstance(dtype, np.dtype) and dtype.kind in "iub")


def _without_levels(dtype: Any) -> Any:
    """Return the dtype, without the real values that a dtype of categories lists."""
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.CategoricalDtype(dtype.categories[:0], dtype.ordered)
    return dtype


def _range_of(dtype: Any) -> tuple[int, int]:
    """Return the smallest and the largest whole number that the dtype holds exactly."""
    exact: Any = np.dtype(np.int64) if pd.api.types.is_object_dtype(dtype) else numpy_dtype(dtype)
    if exact.kind in "iu":
        return int(np.iinfo(exact).min), int(np.iinfo(exact).max)
    largest = 2**63 if exact == np.float64 else 2 ** (np.finfo(exact).nmant + 1)
    return -largest, largest
