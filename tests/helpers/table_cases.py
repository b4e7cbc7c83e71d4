# ruff: noqa: E501  (a line a kind of column)
"""Random tables with random labels in random containers, for laws that hold for all of them. A seed gives one case."""

import datetime
import decimal
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

RNG = np.random.Generator
Cells = list[Any]
NAN = float("nan")


@dataclass(frozen=True)
class Case:
    """One input: what it is called in a message, and what a resampler is given."""

    what: str
    X: Any
    y: Any
    selection: str | None
    prior: str


def _days(rng: RNG, n: int, first: str = "2020-01-01", span: int = 900) -> Any:
    return pd.Timestamp(first) + pd.to_timedelta(rng.integers(0, span, n), unit="D")


def _sprinkled(rng: RNG, cells: Cells, *markers: Any) -> Cells:
    """Put markers of missing cells into some of the cells, or into nearly all."""
    share = rng.choice([0.1, 0.4, 0.95])
    return [markers[rng.integers(len(markers))] if rng.random() < share else cell for cell in cells]


def _arrow(cells: Cells, kind: Any) -> pd.Series:
    array = pa.array(cells, kind, from_pandas=False)
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([array])))


def _masked(cells: Cells) -> pd.Series:
    values = np.array([0.0 if cell is None else cell for cell in cells])
    return pd.Series(pd.arrays.FloatingArray(values, np.array([cell is None for cell in cells])))


def _objects(cells: Cells) -> pd.Series:
    return pd.Series(cells, dtype=object)


def _floats(rng: RNG, n: int) -> Any:
    return rng.choice(
        [rng.normal(size=n), rng.normal(size=n) * 10.0 ** rng.integers(-30, 30), rng.integers(0, 9, n) / 4]
    )


def _words(rng: RNG, n: int, n_levels: int = 4) -> Cells:
    levels = ["", " ", "a", "A", "ä", "0", "nan", "None", "line\nbreak", "\u202eright", "x" * 300][:n_levels]
    return [str(word) for word in rng.choice(levels, n)]


def _names(rng: RNG, n: int) -> Cells:
    return ["".join(rng.choice(list(string.ascii_letters), 8)) for _ in range(n)]


_NUMPY_NUMBERS = [
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
    ">i2",
    ">i4",
    ">i8",
    ">u4",
    ">f4",
    ">f8",
]
_NULLABLE = ["Int8", "Int64", "UInt16", "UInt64", "Float32", "Float64", "boolean", "string"]
_ARROW = [
    pa.int8(), pa.uint64(), pa.int64(), pa.float32(), pa.float64(), pa.bool_(), pa.string(), pa.large_string(),
    pa.date32(), pa.timestamp("ms"), pa.timestamp("us", "America/New_York"), pa.duration("s"), pa.time64("us"),
    pa.decimal128(12, 2), pa.binary(), pa.null(),
]  # fmt: skip


def _numbers_as(rng: RNG, n: int, dtype: str) -> Any:
    dtype_ = np.dtype(dtype)
    if dtype_.kind == "f":
        return rng.choice([rng.normal(size=n), rng.integers(0, 9, n) / 4]).astype(dtype_)
    low, high = (0, 2) if dtype_.kind == "b" else (np.iinfo(dtype_).min, np.iinfo(dtype_).max)
    if rng.random() < 0.7:
        low, high = max(low, -9), min(high, 90)
    return rng.integers(low, high, n, dtype="u8" if low == 0 else "i8").astype(dtype_)


def _typed_cells(rng: RNG, n: int, kind: Any) -> Cells:
    """Return cells that Arrow can store as `kind`."""
    if pa.types.is_integer(kind):
        return [int(cell) for cell in rng.integers(0, 100, n)]
    if pa.types.is_floating(kind):
        cells = [float(cell) for cell in np.float32(rng.normal(size=n))]
        return _sprinkled(rng, cells, NAN) if rng.random() < 0.5 else cells
    if pa.types.is_boolean(kind):
        return [bool(cell) for cell in rng.random(n) < 0.5]
    if pa.types.is_binary(kind):
        return [word.encode() for word in _words(rng, n)]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _words(rng, n, int(rng.integers(1, 11)))
    if pa.types.is_date(kind):
        return [day.date() for day in _days(rng, n, str(rng.choice(["1700-01-01", "2020-01-01", "2200-01-01"])))]
    if pa.types.is_timestamp(kind):
        return [day.to_pydatetime().replace(tzinfo=datetime.timezone.utc if kind.tz else None) for day in _days(rng, n)]
    if pa.types.is_duration(kind):
        return [datetime.timedelta(hours=int(hours)) for hours in rng.integers(0, 99, n)]
    if pa.types.is_time(kind):
        return [datetime.time(int(hour), 30) for hour in rng.integers(0, 24, n)]
    if pa.types.is_decimal(kind):
        return [decimal.Decimal(int(cents)) / 100 for cents in rng.integers(0, 9999, n)]
    return [None] * n


def _zoned(rng: RNG, n: int) -> Any:
    zone = str(rng.choice(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo"]))
    times = pd.Series(_days(rng, n)) + pd.to_timedelta(int(rng.choice([0, 8])), unit="h")
    return times.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").ffill().bfill()


PANDAS: dict[str, Callable[[RNG, int], Any]] = {
    **{f"numpy {dtype}": lambda rng, n, d=dtype: _numbers_as(rng, n, d) for dtype in _NUMPY_NUMBERS},
    **{
        f"nullable {dtype}": lambda rng, n, d=dtype: pd.array(
            _sprinkled(rng, _words(rng, n) if d == "string" else _numbers_as(rng, n, "bool").tolist(), None), dtype=d
        )
        for dtype in _NULLABLE
    },
    **{
        f"arrow {kind}": lambda rng, n, k=kind: _arrow(
            _sprinkled(rng, _typed_cells(rng, n, k), None) if rng.random() < 0.5 else _typed_cells(rng, n, k), k
        )
        for kind in _ARROW
    },
    "floats": _floats,
    "floats with NaN": lambda rng, n: np.array(_sprinkled(rng, list(_floats(rng, n)), NAN), dtype=float),
    "masked NaN and NA": lambda rng, n: _masked(_sprinkled(rng, list(rng.normal(size=n)), NAN, None)),
    "masked few levels, NaN and NA": lambda rng, n: _masked(_sprinkled(rng, [1.0] * n, NAN, None)),
    "text": lambda rng, n: _words(rng, n, int(rng.integers(1, 11))),
    "names": _names,
    "objects of text, None and NaN": lambda rng, n: _objects(_sprinkled(rng, _words(rng, n), None, NAN)),
    "objects of ints, None and NaN": lambda rng, n: _objects(_sprinkled(rng, rng.integers(0, 99, n).tolist(), None, NAN)),
    "objects of floats, None, NA and NaT": lambda rng, n: _objects(
        _sprinkled(rng, rng.normal(size=n).tolist(), None, pd.NA, pd.NaT)
    ),
    "objects, only missing": lambda rng, n: _objects(_sprinkled(rng, [None] * n, NAN, pd.NA)),
    "objects of all kinds": lambda rng, n: _objects(
        [[1, 1.0, True, "1", None, NAN, b"1", (1, 2)][i] for i in rng.integers(0, 8, n)]
    ),
    "huge ints": lambda rng, n: _objects([10**30 + int(i) for i in rng.integers(0, 9, n)]),
    "Timestamp objects": lambda rng, n: _objects(list(_days(rng, n))),
    "Timestamp objects of a zone": lambda rng, n: _objects(list(_days(rng, n).tz_localize("UTC"))),
    "datetime objects and None": lambda rng, n: _objects(
        _sprinkled(rng, [day.to_pydatetime() for day in _days(rng, n)], None)
    ),
    "datetime objects of year 9999": lambda rng, n: _objects(
        _sprinkled(rng, [day.to_pydatetime().replace(year=2900) for day in _days(rng, n, span=50)], None, datetime.datetime(9999, 12, 31))
    ),
    "date objects": lambda rng, n: _objects([day.date() for day in _days(rng, n)]),
    "time objects": lambda rng, n: _objects([datetime.time(int(hour)) for hour in rng.integers(0, 24, n)]),
    "timedelta objects": lambda rng, n: _objects([datetime.timedelta(hours=int(h)) for h in rng.integers(0, 99, n)]),
    "Decimal objects": lambda rng, n: _objects([decimal.Decimal(int(cents)) / 100 for cents in rng.integers(0, 999, n)]),
    "Period objects": lambda rng, n: _objects([pd.Period("2020-01", "M") + int(i) for i in rng.integers(0, 99, n)]),
    "Interval objects": lambda rng, n: _objects([pd.Interval(i, i + 1) for i in rng.integers(0, 20, n).tolist()]),
    "UUID objects": lambda rng, n: _objects([uuid.UUID(int=int(i)) for i in rng.integers(0, 10, n)]),
    "numpy scalars": lambda rng, n: _objects(list(np.float32(rng.normal(size=n)))),
    "periods": lambda rng, n: pd.PeriodIndex(pd.Period("2020-01", "M") + rng.integers(0, 99, n)).array,
    "intervals": lambda rng, n: pd.arrays.IntervalArray.from_breaks(np.arange(n + 1)),
    "dates": _days,
    "dates and NaT": lambda rng, n: pd.Series(_sprinkled(rng, list(_days(rng, n)), pd.NaT), dtype="datetime64[ns]"),
    "seconds beyond 2262": lambda rng, n: np.array(_days(rng, n).to_numpy().astype("M8[s]") + np.timedelta64(10**10, "s")),
    "text of dates beyond 2262": lambda rng, n: [f"{year}-01-31" for year in rng.integers(2250, 9999, n)],
    "times of a zone": _zoned,
    "durations": lambda rng, n: pd.to_timedelta(rng.integers(0, 10**6, n), unit="s"),
    "categories": lambda rng, n: pd.Categorical(_words(rng, n), categories=[*"äaA", "", " ", "never"]),
    "ordered categories of ints": lambda rng, n: pd.Categorical(
        rng.choice([1, 5, 9], n), categories=[9, 5, 1, 7], ordered=True
    ),
    "categories of dates": lambda rng, n: pd.Categorical(_days(rng, n, span=5)),
    "sparse floats": lambda rng, n: pd.arrays.SparseArray(rng.integers(0, 2, n) * rng.normal(size=n)),
    "sparse ints": lambda rng, n: pd.arrays.SparseArray(rng.integers(0, 3, n)),
    "sparse bools": lambda rng, n: pd.arrays.SparseArray(rng.random(n) < 0.3),
    "constant": lambda rng, n: [7] * n,
    "only NaN": lambda rng, n: [NAN] * n,
}  # fmt: skip

POLARS: dict[str, Callable[[RNG, int], pl.Series]] = {
    **{
        str(dtype): lambda rng, n, d=dtype: pl.Series(_sprinkled(rng, rng.integers(0, 90, n).tolist(), None), dtype=d)
        for dtype in (pl.Int8, pl.Int64, pl.UInt16, pl.UInt64, pl.Float32, pl.Float64)
    },
    "floats": lambda rng, n: pl.Series(rng.normal(size=n)),
    "NaN": lambda rng, n: pl.Series(_sprinkled(rng, rng.normal(size=n).tolist(), NAN)),
    "NaN and null": lambda rng, n: pl.Series(_sprinkled(rng, rng.normal(size=n).tolist(), NAN, None), dtype=pl.Float64),
    "text": lambda rng, n: pl.Series(_words(rng, n, 9)),
    "text and null": lambda rng, n: pl.Series(_sprinkled(rng, _words(rng, n), None), dtype=pl.String),
    "bools": lambda rng, n: pl.Series(rng.random(n) < 0.5),
    "categorical": lambda rng, n: pl.Series(_words(rng, n), dtype=pl.Categorical),
    "enum": lambda rng, n: pl.Series(rng.choice(["a", "b"], n).tolist(), dtype=pl.Enum(["b", "never", "a"])),
    "dates": lambda rng, n: pl.Series([day.date() for day in _days(rng, n)]),
    "times of a zone": lambda rng, n: pl.from_pandas(_zoned(rng, n)),
    "datetime": lambda rng, n: pl.Series([day.to_pydatetime() for day in _days(rng, n)], dtype=pl.Datetime("ms")),
    "durations": lambda rng, n: pl.Series([datetime.timedelta(hours=int(h)) for h in rng.integers(0, 99, n)]),
    "times": lambda rng, n: pl.Series([datetime.time(int(hour)) for hour in rng.integers(0, 24, n)]),
    "decimals": lambda rng, n: pl.Series(
        [decimal.Decimal(int(cents)) / 100 for cents in rng.integers(0, 999, n)], dtype=pl.Decimal(10, 2)
    ),
    "binary": lambda rng, n: pl.Series([word.encode() for word in _words(rng, n)]),
    "null": lambda rng, n: pl.Series([None] * n),
}


def _column_names(rng: RNG, d: int) -> Any:
    kind = rng.integers(8)
    if kind == 0:
        return pd.Index(rng.permutation(d) * 7)
    if kind == 1:
        return pd.Index(np.arange(d) / 2)
    if kind == 2:
        return pd.MultiIndex.from_tuples([("one", i) if i % 2 else ("two", i) for i in range(d)], names=["k", None])
    if kind == 3:
        return pd.Index(
            [None, 1, "1", 1.5, ("a", 1), False, "x y", pd.Timestamp(2020, 1, 1)][:d], tupleize_cols=False, dtype=object
        )
    if kind == 4:
        return pd.Index(["", " ", "a.b", "0", "nan", "é", "a\nb", "[x]"][:d], name="columns")
    if kind == 5:
        return pd.date_range("2020", periods=d)
    if kind == 6:
        return pd.CategoricalIndex([f"c{i}" for i in range(d)])
    return pd.Index([f"x{i}" for i in range(d)])


def _row_index(rng: RNG, n: int) -> Any:
    kind = rng.integers(5)
    if kind == 0:
        return pd.Index(np.zeros(n, dtype=int))
    if kind == 1:
        return pd.MultiIndex.from_product([["a"], range(n)])
    if kind == 2:
        return pd.date_range("2020", periods=n)
    return pd.RangeIndex(n) if kind == 3 else pd.Index(rng.permutation(n), name="row")


def _labels(rng: RNG, n: int, index: Any) -> tuple[str, Any]:
    """Return labels of two to four classes, each at least two times where there is room, in any container."""
    n_classes = int(min(rng.integers(2, 5), n))
    codes = np.r_[np.arange(n_classes), rng.choice(n_classes, n - n_classes, p=_shares(n_classes))]
    rng.shuffle(codes)
    levels: dict[str, Any] = {
        "ints": np.array([3, -1, 10**18 + 1, 10**18 + 2]),
        "u1": np.arange(4, dtype="u1"),
        ">i4": np.arange(4, dtype=">i4"),
        "f2": np.arange(4, dtype="f2"),
        "text": np.array(["b", "a", "é", ""]),
        "objects": np.array(["b", "a", "nan", "None"], dtype=object),
        "bool": np.array([True, False, False, True]),
        "Int64": pd.array([900000000000000001, 900000000000000002, 5, 6], dtype="Int64"),
        "UInt8": pd.array([0, 1, 2, 3], dtype="UInt8"),
        "Float64": pd.array([0.0, 1.0, 2.0, 3.0], dtype="Float64"),
        "boolean": pd.array([True, False, True, False], dtype="boolean"),
        "string": pd.array(["b", "a", "c", "d"], dtype="string"),
        "int64[pyarrow]": pd.array([900000000000000001, 900000000000000002, 5, 6], dtype="int64[pyarrow]"),
        "bool[pyarrow]": pd.array([True, False, True, False], dtype="bool[pyarrow]"),
        "string[pyarrow]": pd.array(["b", "a", "c", "d"], dtype=pd.ArrowDtype(pa.string())),
        "category": pd.Categorical(["b", "a", "c", "d"], categories=["d", "c", "b", "a", "never"]),
        "category of ints": pd.Categorical([2, 1, 3, 4]),
        "objects of ints": np.array([2, 1, 3, 4], dtype=object),
        "objects of bools": np.array([True, False, True, False], dtype=object),
    }
    name = str(rng.choice(list(levels)))
    if "bool" in name:
        codes = codes % 2
    y = levels[name].take(codes)
    container = str(
        rng.choice(["array", "Series", "frame", "list", "Index", "extension array", "polars", "polars frame"])
    )
    if container == "list":
        return f"list of {name}", y.tolist() if hasattr(y, "tolist") else list(y)
    if container == "Series":
        return f"Series of {name}", pd.Series(y, name="target", index=index)
    if container == "frame":
        return f"frame of {name}", pd.DataFrame({"target": pd.Series(y, index=index)})
    if container == "Index" and name != "f2":
        return f"Index of {name}", pd.Index(y, name="target")
    if container.startswith("polars") and name in ("ints", "u1", "text", "bool"):
        series = pl.Series("target", y)
        return f"{container} of {name}", series if container == "polars" else series.to_frame()
    return name, y


def _shares(n_classes: int) -> Any:
    weights = 3.0 ** -np.arange(n_classes)
    return weights / weights.sum()


def random_case(seed: int) -> Case:
    """Return the case of a seed."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.choice([rng.integers(2, 8), rng.integers(8, 61)])), int(rng.integers(1, 9))
    kind = str(rng.choice(["pandas", "pandas", "pandas", "pandas", "polars", "array", "lists"]))
    index = _row_index(rng, n)
    if kind == "pandas":
        kinds = [str(name) for name in rng.choice(list(PANDAS), d)]
        columns = {i: pd.Series(PANDAS[name](rng, n), index=None).set_axis(index) for i, name in enumerate(kinds)}
        X: Any = pd.DataFrame(columns, index=index).set_axis(_column_names(rng, d), axis=1)
    elif kind == "polars":
        kinds = [str(name) for name in rng.choice(list(POLARS), d)]
        X = pl.DataFrame([POLARS[name](rng, n).alias(f"x{i}") for i, name in enumerate(kinds)])
    elif kind == "array":
        kinds = [str(rng.choice([*_NUMPY_NUMBERS, "O", "U"]))]
        if kinds == ["U"]:
            X = np.array([_words(rng, d) for _ in range(n)])
        elif kinds == ["O"]:
            X = np.array([[float(rng.normal()), *_words(rng, d)] for _ in range(n)], dtype=object)
        else:
            X = _numbers_as(rng, n * d, kinds[0]).reshape(n, d)
    else:
        kinds = ["mixed"] if rng.random() < 0.5 else ["numbers"]
        words = rng.random() < 0.5
        X = [
            [*rng.integers(0, 9, d).tolist(), float(rng.normal()), *(_words(rng, 1) if words else [])] for _ in range(n)
        ]
    name, y = _labels(rng, n, index if kind == "pandas" else None)
    selection = [None, None, "auto", "neighbors", "discriminator"][rng.integers(5)]
    prior = str(rng.choice(["noise", "noise", "neighbors"]))
    return Case(f"case {seed}: {n} rows, {kind} of {kinds}, labels: {name}, {selection=}", X, y, selection, prior)
