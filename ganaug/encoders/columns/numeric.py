"""Numeric columns and columns of times."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.serialization import dtype_from_json, dtype_to_json, from_json, to_json
from ganaug.common.times import from_local_clock, local_clock, time_index, zone_of
from ganaug.encoders.columns.base import Arrays, Vocabulary, factorize_levels, has_nan_and_null, nullable_floats
from ganaug.encoders.columns.scales import NOT_A_TIME, Grid, PiecewiseLinearMap

MAX_DISCRETE = 64  # distinct values up to which a numeric column is read as a scale of fixed values
POINT_MASS_SHARE = 0.2  # of the known rows


def read_numbers(series: pd.Series) -> tuple[NDArray, NDArray] | None:
    """Return a numeric column as int64, uint64 or float64 without loss, and where it is missing.

    Times become integers in their own unit. None for columns that are not numeric.
    """
    kind = series.dtype.kind
    missing = np.asarray(series.isna(), dtype=bool)
    if kind in "mM":
        return time_index(series).asi8, missing
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
class NumericColumn:
    """A numeric column or one of times: one dimension, and states where it has missing cells or point_masses.

    The states are: regular, one for each way of being missing, one for each point_mass (a value so frequent that
    the distribution has a spike there, such as the zeros of a capital gain), one for each column of `equal_to` (the
    cell is that of the other column, as a bill that is paid in full). The table knows these; alone, the column reads
    and writes such cells as regular ones.
    """

    label: Hashable
    dtype: Any
    exact: str  # dtype of the numbers
    unit: str  # of times, else ""
    aware: bool  # times with a time zone
    local: bool  # the numbers are what clocks of the zone show, because these have the wider grid: midnights, say
    grid: Grid | None
    is_discrete: bool  # only values seen are legal
    scale: PiecewiseLinearMap
    markers: list[Any]  # the ways of being missing
    point_masses: NDArray  # (k,) of the numbers
    equal_to: tuple[int, ...] = ()  # positions of columns
    kind = "numeric"
    n_continuous = 1

    @property
    def block_size(self) -> int:
        """Number of states."""
        special = len(self.markers) + len(self.point_masses) + len(self.equal_to)
        return special + 1 if special else 0

    @classmethod
    def fit(cls, label: Hashable, series: pd.Series, known: NDArray, numeric: str) -> NumericColumn:
        """Learn range, grid, scale, ways of being missing and point_masses; `known` are the numbers there are."""
        aware = zone_of(series.dtype) is not None
        local = aware and _has_wider_local_grid(series.dropna(), known)
        known = local_clock(series.dropna()) if local else known
        values, counts = np.unique(known, return_counts=True)
        n = len(known)
        if values.dtype == np.float64 and values[-1] / 2 - values[0] / 2 > np.finfo(np.float64).max / 2:
            raise ValueError(f"column {label!r} spans more than float64 can hold; rescale it")
        is_discrete = len(values) <= MAX_DISCRETE and 2 * len(values) < n
        grid = Grid.find(values, numpy_dtype(series.dtype))
        scale = PiecewiseLinearMap.fit(grid.index(values) if grid else values, counts, numeric, every=is_discrete)
        point_masses = values[counts >= POINT_MASS_SHARE * n] if len(values) > 10 else values[:0]
        missing = series[series.isna().to_numpy(dtype=bool)]
        markers: list[Any] = [] if n == len(series) else [None]
        if series.dtype == object and markers:
            markers = list(missing.iloc[factorize_levels(missing, label)[0]])
        elif has_nan_and_null(series.dtype) and len(missing) + n < len(series):
            markers = [float("nan")] if missing.empty else [None, float("nan")]
        unit = time_index(series).unit if series.dtype.kind in "mM" else ""
        return cls(
            label=label,
            dtype=series.dtype,
            exact=str(values.dtype),
            unit=unit,
            aware=aware,
            local=local,
            grid=grid,
            is_discrete=is_discrete,
            scale=scale,
            markers=markers,
            point_masses=point_masses,
        )

    def encode(self, series: pd.Series) -> tuple[NDArray, NDArray | None]:
        """Return z, 0 where missing, and the states."""
        read = read_numbers(series)
        if read is None and series.isna().all():  # objects without a number: no dtype can be told from them
            read = np.zeros(len(series), dtype=self.exact), np.ones(len(series), dtype=bool)
        if read is None or str(read[0].dtype) != self.exact:
            raise ValueError(f"column {self.label!r} has dtype {series.dtype}, but had {self.dtype} in fit")
        numbers, missing = read
        if missing.any() and not self.markers:
            raise ValueError(f"column {self.label!r} has missing cells, but had none in fit")
        if self.local:
            numbers = local_clock(series)
        known = numbers[~missing]
        z = np.zeros(len(series))
        z[~missing] = self.scale.place(self.grid.index(known) if self.grid else known)
        if not self.block_size:
            return z[:, None], None
        states = np.zeros(len(series), dtype=np.intp)
        states[missing] = 1
        if len(self.markers) > 1 and missing.any():
            cells = series[missing].astype(object)
            if series.dtype != object:
                cells = cells.where(~series.isna()[missing], None)  # a null, whatever stands for it
            ways = Vocabulary(pd.Series(self.markers, dtype=object), self.label)
            states[missing] += ways.codes(cells)
        for i, point_mass in enumerate(self.point_masses, start=1 + len(self.markers)):
            states[(numbers == point_mass) & ~missing] = i
        return z[:, None], states

    def check_range(self, series: pd.Series) -> None:
        """Raise ValueError if a column has numbers or times outside the range of this one."""
        read = read_numbers(series)
        if read is None or str(read[0].dtype) != self.exact or read[1].all():
            return  # `encode` says what is wrong, if anything is
        known = (local_clock(series) if self.local else read[0])[~read[1]]
        ends = self.scale.knots[[0, -1]]
        low, high = self.grid.numbers(ends) if self.grid else ends
        if known.min() < low or known.max() > high:
            first, last = self.write(np.array([low, high]), np.zeros(2, dtype=np.intp)).tolist()
            raise ValueError(f"column {self.label!r} has values outside of {first} to {last}")

    def decode(self, continuous: NDArray, states: NDArray) -> pd.Series:
        """Return missing cells and point_masses where the states say so, else numbers of the range and grid seen."""
        z = continuous[:, 0].astype(np.float64)
        numbers = self.scale.nearest(z) if self.is_discrete else self.scale.value(z)
        if self.grid:
            numbers = self.grid.numbers(numbers)
        if not self.block_size:
            return self.write(numbers, np.zeros(len(z), dtype=np.intp))
        first_point_mass = 1 + len(self.markers)
        is_point_mass = (states >= first_point_mass) & (states < self.first_equal)
        numbers[is_point_mass] = self.point_masses[states[is_point_mass] - first_point_mass]
        return self.write(numbers, np.where(states >= first_point_mass, 0, states))

    @property
    def first_equal(self) -> int:
        """The state of the first column of `equal_to`."""
        return 1 + len(self.markers) + len(self.point_masses)

    def holds(self, numbers: NDArray) -> NDArray[np.bool_]:
        """Return which numbers, read from a column of the same dtype, are legal here."""
        if self.is_discrete:
            knots = self.scale.knots
            return np.isin(numbers, self.grid.numbers(knots) if self.grid else knots)
        places = self.grid.index(numbers) if self.grid else numbers
        ends = self.scale.knots[[0, -1]]
        low, high = self.grid.numbers(ends) if self.grid else ends
        is_on_grid = self.grid.numbers(places) == numbers if self.grid else np.ones(len(numbers), dtype=bool)
        return np.asarray((numbers >= low) & (numbers <= high) & is_on_grid)

    def write(self, numbers: NDArray, absent: NDArray) -> pd.Series:
        """Write numbers in the column's dtype, missing where `absent` is positive."""
        missing = absent > 0
        if self.unit:
            numbers = np.where(missing, NOT_A_TIME, numbers)
            times = pd.Series(numbers.view(f"{self.dtype.kind}8[{self.unit}]"))
            if self.local:
                return from_local_clock(times, self.dtype)
            return (times.dt.tz_localize("UTC") if self.aware else times).astype(self.dtype)
        if self.dtype == object:
            cells = numbers.astype(object)
            for i, marker in enumerate(self.markers, start=1):
                cells[absent == i] = marker
            return pd.Series(cells, dtype=object)
        numbers = numbers.astype(numpy_dtype(self.dtype))
        if has_nan_and_null(self.dtype):
            null = np.array([False, *(marker is None for marker in self.markers)])[absent]
            numbers[missing] = np.nan
            return nullable_floats(numbers, null, self.dtype)
        series = pd.Series(numbers).astype(self.dtype)
        return series.mask(missing) if missing.any() else series

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Describe the column; knots and point_masses are arrays."""
        grid = self.grid
        description = {
            "dtype": dtype_to_json(self.dtype, self.label),
            "exact": self.exact,
            "unit": self.unit,
            "aware": self.aware,
            "local": self.local,
            "grid": [grid.minimum, grid.step, grid.decimals] if grid else None,
            "is_discrete": self.is_discrete,
            "markers": [to_json(marker, self.label) for marker in self.markers],
            "equal_to": list(self.equal_to),
        }
        return description, {"knots": self.scale.knots, "z": self.scale.z, "point_masses": self.point_masses}

    @classmethod
    def from_state(cls, label: Hashable, description: dict[str, Any], arrays: Arrays) -> NumericColumn:
        """Rebuild the column and check that whatever it decodes is legal."""
        exact = description["exact"]
        scale, point_masses = PiecewiseLinearMap(arrays["knots"], arrays["z"]), arrays["point_masses"]
        grid = None
        if description["grid"] is not None:
            minimum, step, decimals = map(int, description["grid"])
            grid = Grid(minimum, step, decimals, exact)
        column = cls(
            label=label,
            dtype=dtype_from_json(description["dtype"]),
            exact=exact,
            unit=str(description["unit"]),
            aware=bool(description["aware"]),
            local=bool(description.get("local", False)),
            grid=grid,
            is_discrete=bool(description["is_discrete"]),
            scale=scale,
            markers=[from_json(marker) for marker in description["markers"]],
            point_masses=point_masses,
            equal_to=tuple(map(int, description.get("equal_to", ()))),
        )
        legal = scale.is_sound(np.uint64 if grid else np.float64)
        legal = legal and (grid.holds(int(scale.knots[-1])) if grid else exact == "float64")
        legal = (
            legal and point_masses.ndim == 1 and str(point_masses.dtype) == exact and all(map(pd.isna, column.markers))
        )
        if not (legal and column._writes_back()):
            raise ValueError(f"column {label!r} has an inconsistent scale")
        return column

    def _writes_back(self) -> bool:
        """Return whether the ends, the point_masses and the missing cells survive being written in the dtype."""
        ends = self.scale.knots[[0, -1]]
        numbers = np.concatenate([self.grid.numbers(ends) if self.grid else ends, self.point_masses])
        series = self.write(numbers, np.zeros(len(numbers), dtype=np.intp))
        read = read_numbers(series)
        if read is None or str(read[0].dtype) != self.exact or read[1].any():
            return False
        if self.local:
            read = local_clock(series), read[1]
        n_ways = len(self.markers)
        absent = self.write(np.repeat(numbers[:1], n_ways), np.arange(1, n_ways + 1))
        if self.exact == "float64":
            rounded = numbers.astype(numpy_dtype(self.dtype)).astype(np.float64)  # to float16, say
            close = np.isfinite(rounded).all() and np.allclose(read[0], rounded)
        else:
            close = np.array_equal(read[0], numbers)
        is_absent = np.array(absent.isna(), dtype=bool)
        if has_nan_and_null(self.dtype):
            is_absent |= np.isnan(absent.to_numpy(dtype=np.float64, na_value=np.nan))
        return bool(close and is_absent.all())


def _has_wider_local_grid(times: pd.Series, counts: NDArray) -> bool:
    """Return whether what local clocks show has a wider grid than UTC, and tells the times.

    Midnights of a zone with summer time are whole hours of UTC.
    """
    local = local_clock(times)
    steps = [int(np.gcd.reduce(found - found.min())) for found in (local, counts)]
    if steps[0] <= steps[1]:
        return False
    unit = time_index(times).unit
    read = from_local_clock(pd.Series(local.view(f"M8[{unit}]")), times.dtype)
    return bool((time_index(read).asi8 == counts).all())


def numpy_dtype(column_dtype: Any) -> np.dtype:
    """Return the numpy dtype that holds a column's known numbers."""
    if isinstance(column_dtype, np.dtype):
        return np.dtype(np.float64) if column_dtype.kind == "O" else column_dtype
    return np.dtype(getattr(column_dtype, "numpy_dtype", np.float64))
