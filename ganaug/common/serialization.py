"""Cells and dtypes as plain data for JSON, their types included, and back; nothing is ever executed."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa


def level_key(value: Any) -> tuple[type, Any]:
    """Return what tells levels apart: 1, 1.0, True and "1" differ, every NaN is the same."""
    missing = value is None or value is pd.NA or value is pd.NaT or bool(value != value)
    return type(value), None if missing else value


DTYPE_KINDS = "biufmMO"


def to_json(value: Any, label: Hashable) -> Any:
    """Write one cell in JSON's terms, its type included."""
    plain = _plain(value)
    try:
        if plain is not None and level_key(from_json(plain)) == level_key(value):
            return plain
    except (TypeError, ValueError):
        pass
    if value is None:
        return None
    raise ValueError(
        f"column {label!r} holds {value!r} of type {type(value).__name__}, which plain data cannot keep; "
        "turn the column into strings before fit, e.g. with .astype(str)"
    )


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if value is pd.NA or value is pd.NaT:
        return {"missing": "NA" if value is pd.NA else "NaT"}
    if kind is pd.Timestamp:
        zone = None if value.tz is None else str(value.tz)
        return {"timestamp": [int(value.asm8.view(np.int64)), value.unit, zone]}
    if kind is pd.Timedelta:
        return {"timedelta": [int(value.asm8.view(np.int64)), value.unit]}
    if kind in (datetime.date, datetime.datetime, datetime.time):
        return {kind.__name__: value.isoformat()}
    if kind is decimal.Decimal:
        return {"decimal": str(value)}
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return {"numpy": [value.dtype.str, _plain(value.item())]}
    if kind is tuple:
        return {"tuple": [_plain(item) for item in value]}
    return None


def from_json(plain: Any) -> Any:
    """Read one cell that `to_json` wrote."""
    if not isinstance(plain, dict):
        if isinstance(plain, list):
            raise ValueError(f"{plain!r} is no cell")
        return plain
    [(kind, value)] = plain.items()
    if kind == "missing":
        return {"NA": pd.NA, "NaT": pd.NaT}[value]
    if kind == "timestamp":
        count, unit, zone = value
        time = pd.Timestamp(np.datetime64(count, unit))
        return time.tz_localize("UTC").tz_convert(zone) if zone else time
    if kind == "timedelta":
        return pd.Timedelta(np.timedelta64(value[0], value[1]))
    if kind == "numpy":
        scalar = np.dtype(value[0])
        if scalar.kind not in "biufU":
            raise ValueError(f"{scalar} is no cell's dtype")
        return scalar.type(from_json(value[1]))
    if kind == "tuple":
        return tuple(from_json(item) for item in value)
    readers: dict[str, Any] = {
        "float": float,
        "decimal": decimal.Decimal,
        "date": datetime.date.fromisoformat,
        "datetime": datetime.datetime.fromisoformat,
        "time": datetime.time.fromisoformat,
    }
    return readers[kind](value)


def dtype_to_json(column_dtype: Any, label: Hashable) -> Any:
    """Write a column's dtype in JSON's terms."""
    if isinstance(column_dtype, pd.CategoricalDtype):
        categories = column_dtype.categories
        return {
            "categories": [to_json(category, label) for category in categories.astype(object)],
            "of": dtype_to_json(categories.dtype, label),
            "ordered": bool(column_dtype.ordered),
        }
    if isinstance(column_dtype, pd.StringDtype):
        return {"string": column_dtype.storage, "nan": column_dtype.na_value is not pd.NA}
    if isinstance(column_dtype, pd.ArrowDtype) and str(column_dtype) == "string[pyarrow]":
        return {"arrow": "string"}  # pandas reads the bare name as its own string dtype
    try:
        if dtype_from_json(str(column_dtype)) == column_dtype:
            return str(column_dtype)
    except (TypeError, ValueError, NotImplementedError):
        pass
    raise ValueError(
        f"column {label!r} has dtype {column_dtype}, which plain data cannot keep; turn the column into "
        "strings before fit, e.g. with .astype(str)"
    )


def dtype_from_json(plain: Any) -> Any:
    """Read a dtype that `dtype_to_json` wrote."""
    if isinstance(plain, str):
        found = pd.api.types.pandas_dtype(plain)
        if isinstance(found, np.dtype) and found.kind not in DTYPE_KINDS:
            raise ValueError(f"{plain!r} is no column's dtype")
        return found
    if "arrow" in plain:
        return pd.ArrowDtype(pa.type_for_alias(plain["arrow"]))
    if "string" in plain:
        return pd.StringDtype(plain["string"], na_value=np.nan if plain["nan"] else pd.NA)
    categories = pd.Index([from_json(category) for category in plain["categories"]], dtype=dtype_from_json(plain["of"]))
    return pd.CategoricalDtype(categories, ordered=bool(plain["ordered"]))
