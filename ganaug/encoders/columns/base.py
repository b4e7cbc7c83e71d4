"""The interface of a column for a table encoder, and the code that all kinds of columns share."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ganaug.common.serialization import dtype_from_json, dtype_to_json, from_json, level_key, to_json

Arrays = dict[str, NDArray]


class Column(Protocol):
    """The interface of a column for `TableEncoder`."""

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


def factorize_levels(series: pd.Series, label: Hashable) -> tuple[NDArray, NDArray]:
    """Return the row of each level's first appearance, and the level's number of each row."""
    try:
        codes = pd.factorize(series, use_na_sentinel=False)[0]
    except TypeError as error:
        raise _unhashable(label, error) from None
    if series.dtype == object and pd.api.types.infer_dtype(series, skipna=False) != "string":
        # pandas counts 1, 1.0 and True as one value, and None, nan and NaT too: their types tell them apart
        types = pd.factorize(np.frompyfunc(type, 1, 1)(series.to_numpy()))[0]
        codes = codes * (int(types.max()) + 1) + types
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    return first, codes


def _unhashable(label: Hashable, error: TypeError) -> ValueError:
    return ValueError(
        f"column {label!r} holds nested or unhashable cells ({error}); split them into separate columns, or drop the "
        "column"
    )


def has_nan_and_null(dtype: Any) -> bool:
    """Return whether a column of this dtype can hold NaN, a number, beside missing cells."""
    if isinstance(dtype, pd.ArrowDtype):
        return bool(pa.types.is_floating(dtype.pyarrow_dtype))
    return isinstance(dtype, pd.Float32Dtype | pd.Float64Dtype)


def nullable_floats(numbers: NDArray, null: NDArray[np.bool_], dtype: Any) -> pd.Series:
    """Return floats as a column of a dtype of `has_nan_and_null`: missing where `null` says so, NaN where they are NaN.

    pandas' own constructors make every NaN a missing cell.
    """
    if isinstance(dtype, pd.ArrowDtype):
        array = pa.array(numbers, mask=null, from_pandas=False).cast(dtype.pyarrow_dtype)
        return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([array])))
    return pd.Series(pd.arrays.FloatingArray(numbers.astype(dtype.numpy_dtype), null))


def _is_dictionary(dtype: Any) -> bool:
    return isinstance(dtype, pd.ArrowDtype) and bool(pa.types.is_dictionary(dtype.pyarrow_dtype))


def _as_dictionary(levels: list[Any], dtype: Any) -> pd.Series:
    """Return levels as a column of Arrow's dictionaries, which pandas does not build for all types of values.

    A missing level has no value in the dictionary, also where the dictionary of the real column lists it.
    """
    of = dtype.pyarrow_dtype
    known = [level for level in levels if level_key(level)[1] is not None or isinstance(level, float)]
    places = {level_key(level): i for i, level in enumerate(known)}
    codes = pa.array([places.get(level_key(level)) for level in levels], of.index_type)
    cells = pa.DictionaryArray.from_arrays(codes, pa.array(known, of.value_type, from_pandas=False), ordered=of.ordered)
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([cells])))


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
        cells = list(levels.astype(object))
        # a dictionary may list a missing cell, which is the same as a cell without an entry
        return [pd.NA if cell is None else cell for cell in cells] if _is_dictionary(levels.dtype) else cells

    @classmethod
    def fit(cls, series: pd.Series, label: Hashable) -> tuple[Vocabulary, NDArray]:
        """Learn the levels of `series`; return them and the number of each row's level."""
        first, codes = factorize_levels(series, label)
        # Arrow counts 0.0 and -0.0 as two
        number: dict[tuple[type, Any], int] = {}
        keys = [level_key(level) for level in cls._objects(series.take(first))]
        try:
            merged = np.array([number.setdefault(key, len(number)) for key in keys])
        except TypeError as error:  # of categories, which pandas does not hash
            raise _unhashable(label, error) from None
        levels = series.take(first[np.unique(merged, return_index=True)[1]])
        if _is_dictionary(levels.dtype):
            levels = _as_dictionary(cls._objects(levels), levels.dtype)
        return cls(levels, label), merged[codes]

    def codes(self, series: pd.Series) -> NDArray:
        """Return the number of each row's level, shape (n,)."""
        numbers = self.find(series)
        if (numbers < 0).any():
            unseen = self._objects(series.iloc[[int(np.flatnonzero(numbers < 0)[0])]])[0]
            raise ValueError(f"column {self.label!r} holds {unseen!r}, which did not occur in fit")
        return numbers

    def find(self, series: pd.Series) -> NDArray:
        """Return the number of each row's level, shape (n,); -1 where it is none."""
        first, codes = factorize_levels(series, self.label)
        cells = self._objects(series.take(first))
        return np.array([self._number.get(level_key(cell), -1) for cell in cells], dtype=int)[codes]

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
        dtype = dtype_from_json(description["dtype"])
        if has_nan_and_null(dtype):
            null = np.array([level is None or level is pd.NA for level in levels], dtype=bool)
            numbers = np.array([np.nan if missing else level for level, missing in zip(levels, null, strict=True)])
            series = nullable_floats(numbers.astype(np.float64), null, dtype)
        elif _is_dictionary(dtype):
            series = _as_dictionary(levels, dtype)
        else:
            series = pd.Series(levels, dtype=dtype)
        vocabulary = cls(series, label)
        if not 0 < len(levels) == len(vocabulary._number):
            raise ValueError(f"column {label!r} needs distinct levels")
        return vocabulary


@dataclass(frozen=True)
class ConstantColumn:
    """A column of one value, or of missing cells only: nothing to encode."""

    label: Hashable
    vocabulary: Vocabulary
    kind = "constant"
    n_continuous = 0
    block_size = 0

    def encode(self, series: pd.Series) -> tuple[NDArray, NDArray | None]:
        """Check that all cells have the known value."""
        self.vocabulary.codes(series)
        return np.empty((len(series), 0)), None

    def decode(self, continuous: NDArray, states: NDArray) -> pd.Series:
        """Repeat the value."""
        return self.vocabulary.take(np.zeros(len(continuous), dtype=np.intp))

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Describe the value."""
        return self.vocabulary.state(), {}
