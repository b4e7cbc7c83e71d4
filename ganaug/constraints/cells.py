"""A table whose columns are read as numbers or codes when a rule asks for them, each once; and written back."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.cells import kind_of, numbers_of


@dataclass(frozen=True)
class Domain:
    """The numbers that a column may hold.

    Attributes
    ----------
    low, high : float
        The smallest and the largest real number.
    step : float
        Distance of the grid from `low` on which all real numbers lie; 0 without one.
    values : tuple of float
        The only legal numbers, ascending, of a column that holds few different ones; else empty.
    rounding : float
        How far a number may be from the true one, because the column rounds: half a step, or the precision of floats.
    """

    low: float
    high: float
    step: float
    values: tuple[float, ...]
    rounding: float

    @classmethod
    def of(cls, numbers: NDArray, dtype: Any) -> "Domain":
        """Learn the domain of known numbers."""
        low, high = float(numbers.min()), float(numbers.max())
        values = np.unique(numbers)
        is_discrete = len(values) <= 64 and 2 * len(values) < len(numbers)
        size = max(abs(low), abs(high))
        eps = float(np.finfo(np.float32 if getattr(dtype, "itemsize", 8) == 4 and dtype.kind == "f" else float).eps)
        step = _step(values)
        return cls(low, high, step, tuple(values.tolist()) if is_discrete else (), max(step / 2, 8 * eps * size))

    def nearest(self, numbers: NDArray) -> NDArray[np.float64]:
        """Return the nearest legal numbers."""
        if self.values:
            return _nearest_of(np.array(self.values), numbers)
        clipped = np.clip(numbers, self.low, self.high)
        return _on_grid(clipped, self.low, self.step, np.rint)

    def at_most(self, numbers: NDArray) -> NDArray[np.float64]:
        """Return the largest legal numbers that are not larger; the smallest legal one where there is none."""
        if self.values:
            values = np.array(self.values)
            return values[np.maximum(np.searchsorted(values, numbers, side="right") - 1, 0)]
        return _on_grid(np.clip(numbers, self.low, self.high), self.low, self.step, lambda x: np.floor(x + 1e-6))

    def at_least(self, numbers: NDArray) -> NDArray[np.float64]:
        """Return the smallest legal numbers that are not smaller; the largest legal one where there is none."""
        if self.values:
            values = np.array(self.values)
            return values[np.minimum(np.searchsorted(values, numbers, side="left"), len(values) - 1)]
        return _on_grid(np.clip(numbers, self.low, self.high), self.low, self.step, lambda x: np.ceil(x - 1e-6))


def _step(values: NDArray) -> float:
    """Return the widest grid of decimals, or of a common divisor, that holds ascending numbers; 0 without one."""
    few = values[:: max(1, len(values) // 500)]
    for decimals in range(7):
        scale = 10.0**decimals
        if abs(values[[0, -1]]).max() * scale < 2**52 and all(_is_whole(some * scale) for some in (few, values)):
            steps = np.diff(np.rint(values * scale).astype(np.int64))
            return float(np.gcd.reduce(steps)) / scale if len(steps) else 0.0
    return 0.0


def _is_whole(numbers: NDArray) -> bool:
    return bool((np.abs(numbers - np.rint(numbers)) <= 1e-6 * np.maximum(1, np.abs(numbers) * 1e-6)).all())


def _on_grid(numbers: NDArray, low: float, step: float, to_whole: Any) -> NDArray[np.float64]:
    if not step:
        return numbers
    # rounded, so that decimals are written as such: 0.3 and not 0.30000000000000004
    return np.round(low + to_whole((numbers - low) / step) * step, 9)


def _nearest_of(values: NDArray, numbers: NDArray) -> NDArray[np.float64]:
    place = np.clip(np.searchsorted(values, numbers), 1, max(len(values) - 1, 1))
    if len(values) == 1:
        return np.full(len(numbers), values[0])
    below, above = values[place - 1], values[place]
    return np.where(numbers - below <= above - numbers, below, above)


class Cells:
    """Read and write the columns of a table.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
        Not changed: a column is copied before it is written.
    kinds : mapping of label to str, default={}
        Kinds of columns, see `ganaug.common.cells.kind_of`. Others are found from the cells.
    fixed : label or None, default=None
        A column that is never written.
    """

    def __init__(
        self, frame: pd.DataFrame, kinds: Mapping[Hashable, str] | None = None, fixed: Hashable | None = None
    ) -> None:
        self._fixed = fixed
        self._columns: dict[Hashable, pd.Series] = {
            label: frame.iloc[:, i].reset_index(drop=True) for i, label in enumerate(frame.columns)
        }
        self._frame = frame
        self._kinds = dict(kinds or {})
        self._numbers: dict[Hashable, NDArray] = {}
        self._codes: dict[Hashable, tuple[NDArray, dict[Any, int], list[Any]]] = {}
        self._missing: dict[Hashable, NDArray] = {}
        self._written: set[Hashable] = set()

    def __len__(self) -> int:
        return len(self._frame)

    def __contains__(self, label: Hashable) -> bool:
        return label in self._columns

    @property
    def labels(self) -> list[Hashable]:
        """Names of the columns."""
        return list(self._columns)

    def series(self, label: Hashable) -> pd.Series:
        """Return a column."""
        return self._columns[label]

    def kind(self, label: Hashable) -> str:
        """Return the kind of a column."""
        if label not in self._kinds:
            self._kinds[label] = kind_of(self._columns[label])
        return self._kinds[label]

    def numbers(self, label: Hashable) -> NDArray[np.float64]:
        """Return numbers, NaN where there are none; all NaN for a category."""
        if label not in self._numbers:
            kind = self.kind(label)
            is_category = kind == "category"
            read = np.full(len(self), np.nan) if is_category else numbers_of(self._columns[label], kind)
            self._numbers[label] = read
        return self._numbers[label]

    def missing(self, label: Hashable) -> NDArray[np.bool_]:
        """Return where cells are missing."""
        if label not in self._missing:
            self._missing[label] = self._columns[label].isna().to_numpy(dtype=bool)
        return self._missing[label]

    def codes(self, label: Hashable) -> tuple[NDArray[np.intp], list[Any]]:
        """Return the code of each cell, -1 where it is missing, and the values of the codes."""
        return self._coded(label)[0], self._coded(label)[2]

    def _coded(self, label: Hashable) -> tuple[NDArray, dict[Any, int], list[Any]]:
        if label not in self._codes:
            if self.kind(label) == "category":
                codes, levels = factorized(self._columns[label])
                self._codes[label] = codes, {level: i for i, level in enumerate(levels)}, levels
            else:
                codes, unique = pd.factorize(self.numbers(label))
                self._codes[label] = codes, {}, unique.tolist()
        return self._codes[label]

    def equals(self, label: Hashable, value: Any) -> NDArray[np.bool_]:
        """Return where cells have a value."""
        if self.kind(label) != "category":
            return self.numbers(label) == value
        codes, numbering, _ = self._coded(label)
        return codes == numbering.get(value, -2)

    def places(self, label: Hashable, values: Mapping[Any, int]) -> NDArray[np.intp]:
        """Return what a mapping gives for each cell; -1 for cells that are missing or that it does not hold."""
        codes, _, levels = self._coded(label)
        return np.append(np.array([values.get(level, -1) for level in levels], dtype=np.intp), -1)[codes]

    def write(self, label: Hashable, rows: NDArray[np.bool_], values: Any) -> None:
        """Put values into the cells of some rows: numbers of a numeric column, otherwise its own values.

        Cells that the column cannot hold stay as they are.
        """
        if not rows.any() or (self._fixed is not None and label == self._fixed):
            return
        series = self._columns[label]
        kind = self.kind(label)
        try:
            self._columns[label] = _written(series, rows, values, kind)
        except (TypeError, ValueError, OverflowError, NotImplementedError):
            return
        self._forget(label)

    def delete(self, label: Hashable, rows: NDArray[np.bool_]) -> None:
        """Make the cells of some rows missing, if the column can hold missing cells."""
        series = self._columns[label]
        if rows.any() and (
            series.isna().any() or not (isinstance(series.dtype, np.dtype) and series.dtype.kind in "iub")
        ):
            known_missing = series[series.isna().to_numpy(dtype=bool)]
            if series.dtype == object:
                cells = series.to_numpy(copy=True)
                cells[rows] = known_missing.iloc[0] if len(known_missing) else None
                self._columns[label] = pd.Series(cells, dtype=object)
            else:
                self._columns[label] = series.mask(rows)
            self._forget(label)

    def restore(self, other: "Cells", rows: NDArray[np.bool_]) -> None:
        """Take the cells of some rows from another version of the same table."""
        for label in self._written:
            mine, original = self._columns[label], other._columns[label]
            if mine.dtype == object:
                cells = mine.to_numpy(copy=True)
                cells[rows] = original.to_numpy()[rows]
                self._columns[label] = pd.Series(cells, dtype=object)
            else:
                self._columns[label] = mine.where(~rows, original)
            self._forget(label)

    def take(self, rows: NDArray[np.intp]) -> "Cells":
        """Return some of the rows as a table of their own; itself for all rows."""
        return self if len(rows) == len(self) else Cells(self._frame.iloc[rows], self._kinds)

    def copy(self) -> "Cells":
        """Return a copy that can be written on its own."""
        other = Cells(self._frame, self._kinds)
        other._columns = dict(self._columns)
        other._numbers, other._codes, other._missing = dict(self._numbers), dict(self._codes), dict(self._missing)
        return other

    def frame(self) -> pd.DataFrame:
        """Return the table as it is now."""
        if not self._written:
            return self._frame
        columns = {i: series.set_axis(self._frame.index) for i, series in enumerate(self._columns.values())}
        return pd.DataFrame(columns, index=self._frame.index).set_axis(self._frame.columns, axis=1)

    def _forget(self, label: Hashable) -> None:
        self._written.add(label)
        for known in (self._numbers, self._codes, self._missing):
            known.pop(label, None)


def factorized(series: pd.Series) -> tuple[NDArray, list[Any]]:
    """Return codes of cells, -1 for missing ones, and the values of the codes."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.cat.codes.to_numpy(np.intp), series.cat.categories.astype(object).tolist()
    codes, levels = pd.factorize(series.astype(object).to_numpy())
    return codes, list(levels)


def _written(series: pd.Series, rows: NDArray[np.bool_], values: Any, kind: str) -> pd.Series:
    if kind == "category":
        if isinstance(series.dtype, pd.CategoricalDtype):
            codes = series.cat.codes.to_numpy(copy=True)
            places = series.cat.categories.astype(object).get_indexer(pd.Index(values, dtype=object))
            if (places < 0).any():
                raise ValueError("an unknown category")
            codes[rows] = places
            return pd.Series(pd.Categorical.from_codes(codes, dtype=series.dtype))
        cells = series.astype(object).to_numpy(copy=True)
        cells[rows] = np.array(values, dtype=object)
        return pd.Series(cells, dtype=object).astype(series.dtype)
    if series.dtype == object and kind != "number":
        raise TypeError("dates that are objects")
    numbers = np.zeros(len(series))
    numbers[rows] = values
    if kind == "number":
        if series.dtype == object:
            known = type(series[series.notna()].iloc[0])
            cells = series.to_numpy(copy=True)
            cells[rows] = [known(number) for number in np.asarray(values).tolist()]
            return pd.Series(cells, dtype=object)
        new = pd.Series(numbers).astype(series.dtype)
    else:
        micros = np.rint(numbers * 1e6).astype(np.int64)
        times = pd.Series(micros.view(f"{series.dtype.kind}8[us]"))
        arrow = getattr(series.dtype, "pyarrow_dtype", series.dtype)
        new = (times.dt.tz_localize("UTC") if getattr(arrow, "tz", None) is not None else times).astype(series.dtype)
    return series.where(~rows, new)
