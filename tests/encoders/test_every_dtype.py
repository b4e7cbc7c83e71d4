"""The law of dtypes: whatever an encoder learns from comes back from a file the same, and all else is refused by name.

It is tried with each dtype of pandas, Arrow and polars, and with cells of any type as objects and as categories.
"""

import collections
import datetime
import decimal
import enum
import fractions
import ipaddress
import json
import pathlib
import re
import uuid
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ganaug.encoders import TableEncoder

N = 24
CODES = np.random.default_rng(0).permutation(np.arange(N) % 4)
NUMBERS = np.random.default_rng(1).integers(0, 90, N)
DAYS = [datetime.date(2024, 1, 1 + int(i) % 28) for i in NUMBERS]
TIMES = [datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=int(i)) for i in NUMBERS]
UNITS = ("s", "ms", "us", "ns")
Color = enum.Enum("Color", "R G B Y")
Pair = collections.namedtuple("Pair", "a b")


class Whole(int):
    """A number of a class of its own."""


def _arrow(array: Any) -> Any:
    return pd.arrays.ArrowExtensionArray(pa.chunked_array([array]))


def _decimals(kind: pa.DataType) -> list[decimal.Decimal]:
    return [decimal.Decimal(int(i)).scaleb(-kind.scale) for i in NUMBERS]


def _arrow_columns() -> dict[str, Any]:
    cells: dict[pa.DataType, Any] = {
        **{kind: NUMBERS.tolist() for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())},
        **{kind: NUMBERS.tolist() for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())},
        **{kind: NUMBERS.astype(kind.to_pandas_dtype()) / 2 for kind in (pa.float16(), pa.float32(), pa.float64())},
        **{kind: _decimals(kind) for kind in (pa.decimal128(12, 2), pa.decimal128(38, 20), pa.decimal128(5, -2))},
        **{kind: _decimals(kind) for kind in (pa.decimal256(50, 2), pa.decimal256(76, 40))},
        **{kind: ["abcd"[i] for i in CODES] for kind in (pa.string(), pa.large_string(), pa.string_view())},
        **{kind: [b"abcd"[i : i + 1] for i in CODES] for kind in (pa.binary(), pa.large_binary(), pa.binary(1))},
        **dict.fromkeys((pa.date32(), pa.date64()), DAYS),
        **{pa.timestamp(unit): TIMES for unit in UNITS},
        **{pa.timestamp(unit, zone): TIMES for unit in UNITS for zone in ("Europe/Berlin", "+01:30")},
        **{pa.duration(unit): [datetime.timedelta(int(i)) for i in NUMBERS] for unit in UNITS},
        **{kind: [t.time() for t in TIMES] for kind in (pa.time32("s"), pa.time32("ms"), pa.time64("us"))},
        pa.time64("ns"): [t.time() for t in TIMES],
        pa.bool_(): (CODES < 2).tolist(),
        pa.null(): [None] * N,
        pa.list_(pa.int8()): [[1]] * N,
        pa.struct([("a", pa.int8())]): [{"a": 1}] * N,
        pa.map_(pa.string(), pa.int8()): [[("a", 1)]] * N,
        pa.month_day_nano_interval(): [pa.MonthDayNano([int(i), 1, 0]) for i in NUMBERS],
    }
    if hasattr(pa, "decimal64"):  # since pyarrow 19
        cells |= {kind: _decimals(kind) for kind in (pa.decimal32(7, 2), pa.decimal64(14, 2))}
    columns = {f"arrow {kind}": pa.array(of, kind) for kind, of in cells.items()}
    columns |= {f"{name}, missing": pa.array([None, *of.to_pylist()[1:]], of.type) for name, of in columns.items()}
    values = [
        pa.array(["a", "b", "c", "d"]),
        pa.array(["a", "b", None, "d"], pa.large_string()),
        pa.array([1, 2, 3, 4], pa.int32()),
        pa.array([0.5, 1.5, float("nan"), 3.5], from_pandas=False),
        pa.array([True, False, None, None]),
        pa.array([b"a", b"b", b"c", b"d"]),
        pa.array([datetime.date(2024, 1, i) for i in (1, 2, 3, 4)]),
        pa.array([decimal.Decimal(i) for i in (1, 2, 3, 4)], pa.decimal128(5, 1)),
    ]
    for of in values:
        for index in (pa.int8(), pa.uint32()):
            for gap in ([], [None]):
                codes = pa.array([*gap, *CODES[len(gap) :].tolist()], index)
                columns[f"{of.type} {index} {gap}"] = pa.DictionaryArray.from_arrays(codes, of, ordered=bool(gap))
    columns["run end"] = pa.RunEndEncodedArray.from_arrays([5, N], ["a", "b"])
    for kind in [getattr(pa, name)() for name in ("uuid", "bool8") if hasattr(pa, name)]:
        storage = [uuid.UUID(int=int(i)).bytes for i in CODES] if str(kind).endswith("uuid>") else (CODES % 2).tolist()
        columns[str(kind)] = pa.ExtensionArray.from_storage(kind, pa.array(storage, kind.storage_type))
    return {name: _arrow(of) for name, of in columns.items()}


def _pandas_columns() -> dict[str, Any]:
    kinds = [
        "bool",
        "i1",
        "i2",
        "i4",
        "i8",
        "u1",
        "u2",
        "u4",
        "u8",
        "f2",
        "f4",
        "f8",
        ">i4",
        ">f8",
        "longdouble",
        "c16",
    ]
    instants = pd.Series(np.array(TIMES, dtype="M8[us]"))
    zones = [
        *("UTC", zoneinfo.ZoneInfo("Asia/Kolkata"), datetime.timezone(datetime.timedelta(hours=5, minutes=30))),
        datetime.timezone(datetime.timedelta(hours=5), "office"),
    ]
    nullable = ["Int8", "Int64", "UInt64", "Float32", "Float64", "boolean"]
    gaps = [None, *(CODES[1:] % 2).tolist()]
    return {
        **{f"numpy {kind}": pd.Series(CODES.astype(kind)) for kind in kinds},
        **{f"dates {unit}": instants.dt.as_unit(unit) for unit in UNITS},
        **{f"durations {unit}": (instants - instants[0]).dt.as_unit(unit) for unit in UNITS},
        **{f"zone {zone}": instants.dt.tz_localize("UTC").dt.tz_convert(zone) for zone in zones},
        **{f"nullable {kind}": pd.array(gaps, dtype=kind) for kind in nullable},
        **{
            f"period {freq}": pd.PeriodIndex([pd.Period("2024-01-01", freq) + int(i) for i in NUMBERS]).array
            for freq in ("D", "M", "Q-JAN", "Y", "W-WED", "h", "min", "s", "2D", "15min")
        },
        **{
            f"sparse {kind}": pd.arrays.SparseArray(CODES.astype(kind), fill_value=np.dtype(kind).type(0))
            for kind in ("f8", "i8", "bool")
        },
        "sparse dates": pd.arrays.SparseArray(instants),
        "binned dates": pd.cut(instants, 3),
        "ordered": pd.Categorical.from_codes(CODES, list("dcba"), ordered=True),
        **{f"categories of {dtype}": pd.Series(CODES, dtype=dtype).astype("category") for dtype in ("Int64", "f4")},
        "categories of decimals": pd.Series(
            _arrow(pa.array([decimal.Decimal(int(i)) for i in CODES], pa.decimal256(50, 2)))
        ).astype("category"),
        "categories of pairs": pd.Categorical(pd.MultiIndex.from_arrays([CODES, CODES % 2])),
    }


def _cells() -> dict[str, list[Any]]:
    """Return four cells of each type."""
    few = (1, 2, 3, 4)
    return {
        "tuple": [(1, "a"), (1, "b"), (2, "a"), (2, "b")],
        "tuples in tuples": [((i, 2), "a") for i in few],
        "Enum": list(Color),
        "int of its own class": [Whole(i) for i in few],
        "namedtuple": [Pair(i, 2) for i in few],
        "frozenset": [frozenset([i]) for i in few],
        "complex": [complex(i, 1) for i in few],
        "Fraction": [fractions.Fraction(1, 1 + i) for i in few],
        "IPv4": [ipaddress.ip_address(i) for i in few],
        "IPv6": [ipaddress.ip_address(2**100 + i) for i in few],
        "Path": [pathlib.PurePosixPath(str(i)) for i in few],
        "UUID": [uuid.UUID(int=i) for i in few],
        "bytes": [bytes([i]) for i in few],
        "date": [datetime.date(2024, 1, i) for i in few],
        "datetime of a zone": [datetime.datetime(2024, 1, i, tzinfo=datetime.timezone.utc) for i in few],
        "time": [datetime.time(i) for i in few],
        "Decimal": [decimal.Decimal(i) / 2 for i in few],
        "Timestamp of a zone": [pd.Timestamp(2024, 1, i, tz="Europe/Paris") for i in few],
        "Timedelta": [pd.Timedelta(days=i) for i in few],
        "Period": [pd.Period("2024-01", "M") + i for i in few],
        "Interval": [pd.Interval(i, i + 1) for i in few],
        "numpy bytes": [np.bytes_(str(i).encode()) for i in few],
        "numpy float32": [np.float32(i / 2) for i in few],
        "numpy date": [np.datetime64("2024-01-01") + i for i in few],
        "list": [[i] for i in few],
        "dict": [{i: i} for i in few],
        "array": [np.arange(i) for i in few],
        "class": [int, str, float, bool],
        "function": [len, sum, max, min],
        "range": [range(i) for i in few],
        "pattern": [re.compile(str(i)) for i in few],
        "offset": [pd.offsets.Day(i) for i in few],
        "several types": [1, "1", 1.5, None],
        "huge ints": [2**70 + i for i in few],
        "gaps": [float("nan"), None, "a", pd.NA],
    }


def _objects_columns() -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, cells in _cells().items():
        levels = np.empty(4, dtype=object)
        levels[:] = cells
        columns[f"objects: {name}"] = pd.Series(levels[CODES], dtype=object)
        try:
            index = pd.Index(levels, tupleize_cols=False)
            columns[f"categories: {name}"] = pd.Categorical.from_codes(CODES, index)
        except (TypeError, ValueError):
            continue  # pandas has no such categories
    return columns


def _polars_columns() -> dict[str, pl.Series]:
    texts = ["abcd"[i] for i in CODES]
    whole = [name for name in ("Int128", "UInt128") if hasattr(pl, name)]
    numbers = ["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64", *whole]
    numbers += ["Float16"] if hasattr(pl, "Float16") else []
    kinds: list[Any] = [pl.String, pl.Categorical, pl.Enum([*"abcd", "never"])]
    if hasattr(pl, "Categories"):
        kinds += [pl.Categorical(pl.Categories("x", "y", physical=pl.UInt8)), pl.Categorical(pl.Categories.random())]
    return {
        **{name: pl.Series(NUMBERS / 2).cast(getattr(pl, name)) for name in numbers},
        **{f"{i} {kind}": pl.Series(texts, dtype=kind) for i, kind in enumerate(kinds)},
        "Binary": pl.Series([text.encode() for text in texts]),
        "Date": pl.Series(DAYS),
        "Time": pl.Series([t.time() for t in TIMES]),
        **{
            f"Datetime {unit} {zone}": pl.Series(TIMES).dt.cast_time_unit(unit).dt.replace_time_zone(zone)
            for unit in ("ms", "us", "ns")
            for zone in (None, "Europe/Berlin")
        },
        **{f"Duration {unit}": pl.Series(NUMBERS).cast(pl.Duration(unit)) for unit in ("ms", "us", "ns")},
        **{
            f"Decimal {digits} {scale}": pl.Series([decimal.Decimal(int(i)) for i in NUMBERS], dtype=kind)
            for digits, scale in ((10, 2), (38, 0), (38, 20))
            for kind in [pl.Decimal(digits, scale)]
        },
        "Null": pl.Series([None] * N),
        "List": pl.Series([[1]] * N),
        "Array": pl.Series([[1]] * N, dtype=pl.Array(pl.Int8, 1)),
        "Struct": pl.Series([{"a": 1}] * N),
        "Object": pl.Series([object()] * N, dtype=pl.Object),
    }


def _cells_of(X: Any) -> list[list[str]]:
    """Return each cell with its type; cells of classes that pandas cannot compare are compared as text."""
    columns = [X[name] for name in X.columns]
    return [[f"{type(cell).__name__} {cell!r}" for cell in column.to_list()] for column in columns]


# What cannot be read, has no different cells, or could only be restored by running code.
REFUSED = (
    r"(list|struct|map|interval|string_view|run end|uuid>|bool8>|zone .*office|numpy c16)"
    r"|(objects|categories): (Enum|namedtuple|frozenset|Path|list|dict|array|class|function|range|pattern|offset)"
    r"|categories: int of its own"
)


@pytest.mark.parametrize("kind", ["arrow", "pandas", "objects", "polars"])
def test_what_an_encoder_learns_from_comes_back_from_a_file(kind):
    frame = pl.DataFrame if kind == "polars" else pd.DataFrame
    for name, column in globals()[f"_{kind}_columns"]().items():
        X = frame({"x": NUMBERS / 4, "c": column})
        try:
            encoder = TableEncoder()
            encoded = encoder.fit_encode(X)
        except ValueError as error:
            assert re.match(r"column 'c' (has dtype|holds|is complex)", str(error)), name  # noqa: PT017
            expected = r"Int128|UInt128|List|Array|Struct|Object" if kind == "polars" else REFUSED
            assert re.search(expected, name), name
            continue
        try:
            description, arrays = encoder.state()
            again = TableEncoder.from_state(json.loads(json.dumps(description)), arrays)
            decoded, other = encoder.decode(encoded), again.decode(encoded)
            assert list(other.dtypes) == list(decoded.dtypes) == list(X.dtypes)
            assert _cells_of(other) == _cells_of(decoded)
        except BaseException as error:
            error.add_note(name)
            raise


def test_a_named_offset_of_a_zone_is_refused_with_the_way_out():
    zone = datetime.timezone(datetime.timedelta(hours=5), "office")
    X = pd.DataFrame({"at": pd.Series(pd.date_range("2024", periods=9, tz="UTC")).dt.tz_convert(zone)})
    with pytest.raises(ValueError, match=r"column 'at' has dtype .*office.*give it a named time zone.*tz_convert"):
        TableEncoder().fit(X)
