"""Tables and arrays of any library, one below the other."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.serialization import dtype_from_json, dtype_to_json, from_json, to_json


def stack_rows(parts: Iterable[Any], n_rows: int) -> Any:
    """Put the rows of the parts one after the other.

    Each part is copied to its place as it comes: where an iterator makes the parts one by one, the whole and one part
    are all that is in memory at a time.

    Parameters
    ----------
    parts : iterable of DataFrame of pandas or polars, or of array
        At least one, all of one kind and with the same columns and dtypes.
    n_rows : int
        How many rows they have together.

    Returns
    -------
    Same kind
        With those dtypes and, for pandas, a fresh index.

    Examples
    --------
    >>> stack_rows([np.array([[1, 2]]), np.array([[3, 4]])], 2).tolist()
    [[1, 2], [3, 4]]
    """
    parts = iter(parts)
    first = next(parts)
    if isinstance(first, pd.DataFrame):
        return _stack_frames(first, parts, n_rows)
    if isinstance(first, np.ndarray):
        whole, row = np.empty((n_rows, *first.shape[1:]), dtype=first.dtype), 0
        for part in chain([first], parts):
            whole[row : row + len(part)] = part
            row += len(part)
        return whole
    for part in parts:
        first = first.vstack(part)  # polars, which shares the memory of both
    return first


def _stack_frames(first: pd.DataFrame, rest: Iterable[pd.DataFrame], n_rows: int) -> pd.DataFrame:
    # NumPy's dtypes have a place to be copied to; pandas' own are kept until all are there
    columns: list[Any] = [np.empty(n_rows, dtype=of) if isinstance(of, np.dtype) else [] for of in first.dtypes]
    row = 0
    for part in chain([first], rest):
        for i, column in enumerate(columns):
            if isinstance(column, list):
                column.append(part.iloc[:, i])
            else:
                column[row : row + len(part)] = part.iloc[:, i].to_numpy()
        row += len(part)
    whole = pd.DataFrame(
        {i: pd.concat(c, ignore_index=True) if isinstance(c, list) else c for i, c in enumerate(columns)},
        index=pd.RangeIndex(n_rows),
        copy=False,
    )
    whole.columns = first.columns
    return whole


def _sparse_columns(X: pd.DataFrame) -> dict[int, pd.SparseDtype]:
    """Return the columns that pandas stores sparsely, by position, with their dtypes."""
    return {i: found for i, found in enumerate(X.dtypes) if isinstance(found, pd.SparseDtype)}


def _densified(X: pd.DataFrame) -> pd.DataFrame:
    sparsely = _sparse_columns(X)
    columns = (X.iloc[:, i] for i in range(X.shape[1]))
    dense = {
        i: pd.Series(np.asarray(column), index=X.index) if i in sparsely else column for i, column in enumerate(columns)
    }
    return pd.DataFrame(dense, index=X.index).set_axis(X.columns, axis=1)


def _as_array(X: Any) -> NDArray:
    if isinstance(X, np.ndarray):
        array = X
    else:
        array = np.array(X, dtype=object)
        if array.ndim == 2:
            with_type = np.asarray(X)
            # numbers become the numeric array that scikit-learn makes of them; mixed cells keep their types
            array = with_type if with_type.dtype.kind in "biuf" else array
    if array.ndim != 2:
        raise ValueError(
            f"X must be a table of rows of equal length, got {type(X).__name__} of {array.ndim} "
            "dimension(s); a single column needs X.reshape(-1, 1) or X.to_frame()"
        )
    return array.astype(object) if array.dtype.kind in "US" else array


def _is_polars(X: Any) -> bool:
    # looked for by name, so that polars is imported only by those who use it
    return "polars" in sys.modules and type(X).__module__.split(".")[0] == "polars"


def _from_polars(X: Any) -> pd.DataFrame:
    import polars as pl

    if isinstance(X, pl.LazyFrame):
        raise ValueError("X is lazy; collect it with X.collect()")
    if not isinstance(X, pl.DataFrame):
        raise ValueError(f"X must be a table, got a polars {type(X).__name__}; use .to_frame()")
    nested = [name for name, kind in X.schema.items() if kind.is_nested() or kind == pl.Object]
    if nested:
        raise ValueError(f"column {nested[0]!r} holds nested cells; unnest or explode it, or drop the column")
    texts = [name for name, kind in X.schema.items() if kind.base_type() in (pl.Categorical, pl.Enum, pl.Null)]
    as_text = X.with_columns(pl.col(texts).cast(pl.String))
    return as_text.to_pandas(use_pyarrow_extension_array=True)


@dataclass(frozen=True)
class _Pandas:
    columns: pd.Index
    sparse: dict[int, pd.SparseDtype]
    kind = "pandas"

    def restore(self, frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype(self.sparse) if self.sparse else frame
        frame.columns = self.columns
        return frame

    def state(self) -> dict[str, Any]:
        columns = self.columns
        several = isinstance(columns, pd.MultiIndex)
        return {
            "kind": self.kind,
            "columns": [to_json(label, label) for label in (columns if several else columns.astype(object))],
            "names": [to_json(name, name) for name in columns.names],
            "dtype": None if several else dtype_to_json(columns.dtype, "the columns' names"),
            "sparse": [
                [i, dtype_to_json(found.subtype, columns[i]), to_json(found.fill_value, columns[i])]
                for i, found in self.sparse.items()
            ],
        }

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> _Pandas:
        labels = [from_json(label) for label in plain["columns"]]
        names = [from_json(name) for name in plain["names"]]
        sparse = {int(i): pd.SparseDtype(dtype_from_json(of), from_json(fill)) for i, of, fill in plain["sparse"]}
        if plain["dtype"] is None:
            return cls(pd.MultiIndex.from_tuples(labels, names=names), sparse)
        return cls(pd.Index(labels, dtype=dtype_from_json(plain["dtype"]), name=names[0], tupleize_cols=False), sparse)


@dataclass(frozen=True)
class _Array:
    dtype: np.dtype
    kind = "array"

    def restore(self, frame: pd.DataFrame) -> NDArray:
        return frame.to_numpy(dtype=object if self.dtype.kind in "US" else self.dtype).astype(self.dtype, copy=False)

    def state(self) -> dict[str, Any]:
        return {"kind": self.kind, "dtype": self.dtype.str}

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> _Array:
        array_dtype = np.dtype(plain["dtype"])
        # a text's width is a promise about the longest level; beyond 64 kB it is a claim on memory
        if array_dtype.kind not in "biufmMOUS" or array_dtype.itemsize > 2**16:
            raise ValueError(f"{array_dtype} is no array's dtype")
        return cls(array_dtype)


@dataclass(frozen=True)
class _Polars:
    schema: Any
    kind = "polars"

    def restore(self, frame: pd.DataFrame) -> Any:
        import polars as pl

        frame.columns = pd.Index(self.schema.names())
        return pl.from_pandas(frame).cast(self.schema)

    def state(self) -> dict[str, Any]:
        fields = []
        for name, column_dtype in self.schema.items():
            kind = column_dtype.base_type().__name__
            if kind not in _POLARS_DTYPES:
                raise ValueError(f"column {name!r} has dtype {column_dtype}, which a file of plain data cannot keep")
            options = {key: getattr(column_dtype, key) for key in _POLARS_DTYPES[kind]}
            if "categories" in options:
                options["categories"] = options["categories"].to_list()
            fields.append([name, kind, options])
        return {"kind": self.kind, "schema": fields}

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> _Polars:
        import polars as pl

        schema = {}
        for name, kind, options in plain["schema"]:
            known = {key: options[key] for key in _POLARS_DTYPES[kind]}
            schema[str(name)] = getattr(pl, kind)(**known)
        return cls(pl.Schema(schema))


_POLARS_DTYPES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"), ()),
    **dict.fromkeys(("Float32", "Float64", "Boolean", "String", "Categorical", "Date", "Time", "Null"), ()),
    "Datetime": ("time_unit", "time_zone"),
    "Duration": ("time_unit",),
    "Enum": ("categories",),
}


Container = _Pandas | _Array | _Polars


def container_of(X: Any) -> Container:
    """Remember how a table holds its cells: `restore` makes the like of it from a pandas frame, `state` plain data."""
    if isinstance(X, pd.DataFrame):
        return _Pandas(X.columns, _sparse_columns(X))
    return _Polars(X.schema) if _is_polars(X) else _Array(X.dtype if isinstance(X, np.ndarray) else _as_array(X).dtype)


def container_from_state(plain: dict[str, Any]) -> Container:
    """Read what `state` of a container wrote; malformed input raises some error."""
    kinds: dict[str, Any] = {kind.kind: kind for kind in (_Pandas, _Polars, _Array)}
    return kinds[plain["kind"]].from_state(plain)


def as_frame(table: Any, name: str, like: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return a table as a pandas frame, with the columns of another one where that is given.

    Parameters
    ----------
    table : DataFrame of pandas or polars, Arrow table, array or list of lists, shape (n, d)
        With at least one row and column.
    name : str
        What messages call it.
    like : DataFrame or None, default=None
        A table of the same columns. Columns are put into its order; an array takes its names.

    Returns
    -------
    DataFrame of shape (n, d)
        The same rows, with columns in the order of `like`.

    Raises
    ------
    ValueError
        If it is no such table, columns are missing, too many or double, or cells are infinite or complex.

    Examples
    --------
    >>> real = pd.DataFrame({"age": [31, 42], "city": ["Rome", "Oslo"]})
    >>> as_frame([["Lima", 7]], "synthetic", real[["city", "age"]])
       city  age
    0  Lima    7
    >>> as_frame(real[["age"]], "synthetic", real)
    Traceback (most recent call last):
    ...
    ValueError: synthetic lacks column 'city' of the real table; both need the same columns
    """
    named = True
    if isinstance(table, pd.DataFrame):
        frame = table
    elif hasattr(table, "__arrow_c_stream__"):
        frame = _from_arrow(table)
    else:
        array = table if isinstance(table, np.ndarray) else np.array(table, dtype=object)
        if array.ndim != 2:
            raise ValueError(
                f"{name} must be a table of shape (n, d), got {type(table).__name__} of shape {array.shape}"
            )
        frame, named = pd.DataFrame(array).infer_objects(), False
    if 0 in frame.shape:
        raise ValueError(f"{name} has {len(frame)} rows and {frame.shape[1]} columns; give at least 1 of each")
    if like is not None:
        frame = _in_order(frame, name, like, named)
    if double := list(frame.columns[frame.columns.duplicated()]):
        raise ValueError(f"{name} has more than one column {double[0]!r}; rename or drop one")
    for label in frame:
        kind = frame[label].dtype.kind
        if kind == "c":
            raise ValueError(f"column {label!r} of {name} is complex; give its real and imaginary parts as two columns")
        if kind == "f" and np.isinf(frame[label].to_numpy("float64", na_value=np.nan)).any():
            raise ValueError(f"column {label!r} of {name} holds infinite values; replace them, e.g. by NaN or a bound")
    return frame


def _from_arrow(table: Any) -> pd.DataFrame:
    import pyarrow as pa

    def arrow_dtype(of: Any) -> Any:
        return None if pa.types.is_dictionary(of) else pd.ArrowDtype(of)  # None: pandas' own categories

    read = pa.table(table)
    # pandas knows no views, as which polars hands over text
    plain = [
        field.with_type(pa.large_string()) if pa.types.is_string_view(field.type) else field for field in read.schema
    ]
    return read.cast(pa.schema(plain)).to_pandas(types_mapper=arrow_dtype)


def _in_order(frame: pd.DataFrame, name: str, like: pd.DataFrame, named: bool) -> pd.DataFrame:
    if not named:
        if frame.shape[1] != like.shape[1]:
            raise ValueError(f"{name} has {frame.shape[1]} columns and the real table {like.shape[1]}")
        return frame.set_axis(like.columns, axis=1)
    lacking = [label for label in like if label not in frame]
    unknown = [label for label in frame if label not in like]
    said = [
        f"{word} column{'s' * (len(labels) > 1)} {', '.join(map(repr, labels[:5]))}"
        + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")
        + of
        for word, labels, of in [
            ("lacks", lacking, " of the real table"),
            ("has", unknown, " that the real table has not"),
        ]
        if labels
    ]
    if said:
        raise ValueError(f"{name} {' and '.join(said)}; both need the same columns")
    return frame if frame.columns.duplicated().any() else frame[list(like)]


def labels_like(y: Any, labels: np.ndarray) -> Any:
    """Give `labels` the container, dtype and name of `y`."""
    if isinstance(y, pd.DataFrame):
        return pd.DataFrame(labels.reshape(len(labels), -1), columns=y.columns).astype(y.dtypes)
    if isinstance(y, pd.Series):
        return pd.Series(labels, dtype=y.dtype, name=y.name)
    if isinstance(y, list):
        return labels.tolist()
    if isinstance(y, pd.api.extensions.ExtensionArray):
        return pd.Series(labels, dtype=y.dtype).array
    if isinstance(y, pd.Index):
        return pd.Index(labels, dtype=y.dtype, name=y.name)
    if type(y).__module__.split(".")[0] == "polars":
        return type(y)(y.name, labels.tolist(), dtype=y.dtype)
    return labels.astype(y.dtype) if isinstance(y, np.ndarray) else labels
