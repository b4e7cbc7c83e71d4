"""Cells, parameters and dtypes as plain JSON data that keeps their types. Reading never executes code."""

from __future__ import annotations

import datetime
import decimal
import fractions
import ipaddress
import math
import uuid
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ganaug.common.wording import shortened

# Of a decimal number, before and after its point, and of a fraction.
_MAX_DIGITS = 6_000
# Of cells of bytes that all have the same length; a forged file could ask for any.
_MAX_BYTES = 2**16
# Kinds of cells that are written as text.
_AS_TEXT = {
    kind.__name__: kind
    for kind in (complex, uuid.UUID, fractions.Fraction, ipaddress.IPv4Address, ipaddress.IPv6Address)
}
# Kinds of NumPy's dtypes that a column can have.
_COLUMN_KINDS = "biufmMO"
# Kinds of dtypes that a cell of NumPy can have.
_CELL_KINDS = "biufcmMSU"


@contextmanager
def refusing_malformed(what: str) -> Iterator[None]:
    """Raise a ValueError in place of any error of the block, which restores an object from plain data.

    The data may come from a stranger: whichever way they are malformed, they are refused alike.

    Parameters
    ----------
    what : str
        What the block restores, with its article.

    Yields
    ------
    None

    Raises
    ------
    ValueError
        If the block raises any error.

    Examples
    --------
    >>> with refusing_malformed("a point"):
    ...     {}["x"]
    Traceback (most recent call last):
    ...
    ValueError: not the description of a point: KeyError: 'x'
    """
    try:
        yield
    except Exception as error:
        raise ValueError(f"not the description of {what}: {type(error).__name__}: {error}") from error


def level_key(value: Any) -> tuple[type, Any]:
    """Return a key that is equal for equal levels: 1, 1.0, True and "1" differ, and every NaN is the same.

    Parameters
    ----------
    value : object
        A cell, which may be missing.

    Examples
    --------
    >>> level_key(1) == level_key(True), level_key(float("nan")) == level_key(float("nan"))
    (False, True)
    """
    missing = value is None or value is pd.NA or value is pd.NaT or bool(value != value)
    return type(value), None if missing else value


def to_json(value: Any, label: Hashable) -> Any:
    """Convert one cell to JSON data that keeps its type.

    Parameters
    ----------
    value : object
        A string, bytes, number, fraction, date, time, duration, period, interval, UUID, IP address, missing value,
        NumPy scalar, or a tuple of these.
    label : hashable
        Name of its column, for the message.

    Returns
    -------
    None, bool, int, float, str or dict
        A dict has one key, the type.

    Raises
    ------
    ValueError
        If the value has another type.

    Examples
    --------
    >>> to_json(np.float32(0.5), "price")
    {'numpy': ['<f4', 0.5]}
    """
    plain = _to_plain(value)
    try:
        if plain is not None and level_key(from_json(plain)) == level_key(value):
            return plain
    except (TypeError, ValueError):
        pass
    if value is None:
        return None
    raise ValueError(
        f"column {label!r} holds {shortened(repr(value), 60)} of type {type(value).__name__}, which a model file "
        "cannot store; convert the column into strings before fit, e.g. with .astype(str)"
    )


def values_to_json(value: Any, name: str) -> Any:
    """Convert one value, or a sequence of values, to JSON data. This is how parameters and classes are stored.

    Parameters
    ----------
    value : object
        What `to_json` takes; or a list, tuple, set, array, Index or Series of such values, or a dict of them.
    name : str
        Name of the parameter, for the message.

    Returns
    -------
    object
        For `values_from_json`.

    Examples
    --------
    >>> values_from_json(values_to_json((64, 32), "hidden_sizes"))
    [64, 32]
    """
    if isinstance(value, list | tuple | set | np.ndarray | pd.Index | pd.Series):
        items = value.tolist() if isinstance(value, np.ndarray) else list(value)
        return {"items": [to_json(item, name) for item in items]}
    if isinstance(value, dict):
        return {"pairs": [[to_json(key, name), to_json(item, name)] for key, item in value.items()]}
    return to_json(value, name)


def values_from_json(plain: Any) -> Any:
    """Read what `values_to_json` wrote. A sequence of any type comes back as a list.

    Parameters
    ----------
    plain : object
        What `values_to_json` returned.
    """
    if isinstance(plain, dict) and "items" in plain:
        return [from_json(item) for item in plain["items"]]
    if isinstance(plain, dict) and "pairs" in plain:
        return {from_json(key): from_json(item) for key, item in plain["pairs"]}
    return from_json(plain)


def _to_plain(value: Any) -> Any:
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
    if kind is datetime.timedelta:
        return {"duration": [value.days, value.seconds, value.microseconds]}
    if kind is decimal.Decimal:
        return {"decimal": str(value)}
    if kind is bytes:
        return {"bytes": value.hex()}
    if kind.__name__ in _AS_TEXT and kind is _AS_TEXT[kind.__name__]:
        return {kind.__name__: str(value)}
    if kind is pd.Period:
        return {"period": [value.ordinal, value.freqstr]}
    if kind is pd.Interval:
        return {"interval": [_to_plain(value.left), _to_plain(value.right), value.closed]}
    if isinstance(value, np.generic) and value.dtype.kind in _CELL_KINDS:
        item = value.view(np.int64).item() if value.dtype.kind in "mM" else value.item()
        return {"numpy": [value.dtype.str, _to_plain(item)]}
    if kind is tuple:
        return {"tuple": [_to_plain(item) for item in value]}
    return None


def from_json(plain: Any) -> Any:
    """Read one cell that `to_json` wrote.

    Parameters
    ----------
    plain : object
        What `to_json` returned.

    Raises
    ------
    KeyError, TypeError or ValueError
        If `plain` was not written by `to_json`.

    Examples
    --------
    >>> from_json({"date": "2024-01-31"})
    datetime.date(2024, 1, 31)
    """
    if not isinstance(plain, dict):
        if isinstance(plain, list):
            raise ValueError(f"{plain!r} is not a cell")
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
        if scalar.kind not in _CELL_KINDS or scalar.itemsize > 2**20:
            raise ValueError(f"{scalar} cannot be the dtype of a cell")
        if scalar.kind in "mM":
            return np.int64(value[1]).view(scalar)
        return scalar.type(from_json(value[1]))
    if kind == "tuple":
        return tuple(from_json(item) for item in value)
    if kind == "period":
        return pd.Period(ordinal=int(value[0]), freq=str(value[1]))
    if kind == "interval":
        return pd.Interval(from_json(value[0]), from_json(value[1]), closed=value[2])
    readers: dict[str, Any] = {
        "float": float,
        "bytes": bytes.fromhex,
        **_AS_TEXT,
        "uuid": uuid.UUID,
        "Fraction": _fraction,
        "duration": lambda parts: datetime.timedelta(*parts),
        "decimal": _decimal,
        "date": datetime.date.fromisoformat,
        "datetime": datetime.datetime.fromisoformat,
        "time": datetime.time.fromisoformat,
    }
    return readers[kind](value)


def _decimal(text: str) -> decimal.Decimal:
    """Return a decimal number, unless it is so long or large that arithmetic with it would take hours."""
    value = decimal.Decimal(text)
    if len(text) > _MAX_DIGITS or (value.is_finite() and abs(value.adjusted()) > _MAX_DIGITS):
        raise ValueError(f"{text[:20]!r} is no number of at most {_MAX_DIGITS:,} digits")
    return value


def _fraction(text: str) -> fractions.Fraction:
    if len(text) > _MAX_DIGITS or not set(text) <= set("-/0123456789"):  # "1e99999999" would take hours
        raise ValueError(f"{text[:20]!r} is no fraction of at most {_MAX_DIGITS:,} digits")
    return fractions.Fraction(text)


def dtype_to_json(column_dtype: Any, label: Hashable) -> Any:
    """Convert the dtype of a column to JSON data.

    Parameters
    ----------
    column_dtype : dtype of NumPy or pandas
        Of the column.
    label : hashable
        Name of the column, for the message.

    Returns
    -------
    str or dict
        For `dtype_from_json`.

    Raises
    ------
    ValueError
        If pandas cannot restore the dtype from its name.

    Examples
    --------
    >>> dtype_to_json(np.dtype("float32"), "price")
    'float32'
    """
    if isinstance(column_dtype, pd.CategoricalDtype):
        categories = column_dtype.categories
        return {
            "categories": [to_json(category, label) for category in categories.astype(object)],
            "of": dtype_to_json(categories.dtype, label),
            "ordered": bool(column_dtype.ordered),
        }
    if isinstance(column_dtype, pd.StringDtype):
        return {"string": column_dtype.storage, "nan": column_dtype.na_value is not pd.NA}
    plain = _arrow_to_json(column_dtype.pyarrow_dtype) if isinstance(column_dtype, pd.ArrowDtype) else str(column_dtype)
    try:
        if dtype_from_json(plain) == column_dtype:
            return plain
    except (TypeError, ValueError, NotImplementedError):
        pass
    is_time = isinstance(column_dtype, pd.DatetimeTZDtype)
    way = "give it a named time zone" if is_time else "convert the column into strings"
    raise ValueError(
        f"column {label!r} has dtype {column_dtype}, which a model file cannot store; {way} before fit, e.g. with "
        + (".dt.tz_convert('UTC')" if is_time else ".astype(str)")
    )


def _arrow_to_json(of: pa.DataType) -> Any:
    """Describe a type of Arrow: by its parameters where neither pandas nor Arrow reads its name, else by its name."""
    if pa.types.is_dictionary(of):
        return {"dictionary": [_arrow_to_json(of.index_type), _arrow_to_json(of.value_type), of.ordered]}
    if pa.types.is_decimal(of):
        return {f"decimal{of.bit_width}": [of.precision, of.scale]}
    if pa.types.is_fixed_size_binary(of):
        return {"bytes": of.byte_width}
    # pandas reads this bare name as its own string dtype
    return {"arrow": "string"} if pa.types.is_string(of) else f"{of}[pyarrow]"


def dtype_from_json(plain: Any) -> Any:
    """Read a dtype that `dtype_to_json` wrote.

    Parameters
    ----------
    plain : str or dict
        What `dtype_to_json` returned.

    Raises
    ------
    KeyError, TypeError or ValueError
        If `plain` was not written by `dtype_to_json`.
    """
    if isinstance(plain, str):
        found = pd.api.types.pandas_dtype(plain)
        if isinstance(found, np.dtype) and found.kind not in _COLUMN_KINDS:
            raise ValueError(f"{plain!r} cannot be the dtype of a column")
        return found
    if "arrow" in plain:
        return pd.ArrowDtype(pa.type_for_alias(plain["arrow"]))
    if "dictionary" in plain:
        index, values, ordered = plain["dictionary"]
        codes, levels = (dtype_from_json(of).pyarrow_dtype for of in (index, values))
        return pd.ArrowDtype(pa.dictionary(codes, levels, bool(ordered)))
    if "bytes" in plain:
        if not 0 <= int(plain["bytes"]) <= _MAX_BYTES:
            raise ValueError(f"cells of {plain['bytes']} bytes are too long")
        return pd.ArrowDtype(pa.binary(int(plain["bytes"])))
    for width in (32, 64, 128, 256):
        if f"decimal{width}" in plain:
            return pd.ArrowDtype(getattr(pa, f"decimal{width}")(*plain[f"decimal{width}"]))
    if "string" in plain:
        return pd.StringDtype(plain["string"], na_value=np.nan if plain["nan"] else pd.NA)
    levels, of = [from_json(category) for category in plain["categories"]], dtype_from_json(plain["of"])
    categories = pd.Index(levels, dtype=of, tupleize_cols=False)
    return pd.CategoricalDtype(categories, ordered=bool(plain["ordered"]))
