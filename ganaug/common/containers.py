"""Containers of tables: pandas, polars, Arrow, NumPy and lists.

This file and `labels` are the only ones that know these libraries apart. The rest of the package calls

- `check_container` and `to_pandas` to read a table,
- `container_of` to remember a table's container, and to restore it,
- `as_frame` to read tables that are compared with each other.

`ganaug.common.rows` takes rows of a table, and puts tables one below the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from narwhals import dependencies
from numpy.typing import NDArray
from scipy import sparse

from ganaug.common.serialization import dtype_from_json, dtype_to_json, from_json, to_json
from ganaug.common.stored import StoredColumns, readable_columns
from ganaug.common.wording import listed

# ----------------------------------------------------------------------------------------------- reading a table


def check_container(X: Any, name: str = "X") -> None:
    """Refuse containers from which no table of rows can be read.

    Parameters
    ----------
    X : object
        What a user passed as a table.
    name : str, default="X"
        What messages call it.

    Raises
    ------
    ValueError
        If X is a sparse matrix, a masked array with masked cells, a lazy frame, or a frame of a library other than
        pandas and polars.

    Examples
    --------
    >>> check_container(np.ma.masked_equal([[1, 2]], 2))
    Traceback (most recent call last):
    ...
    ValueError: X is a masked array; fill the masked cells first, e.g. with X.filled(np.nan)
    """
    if sparse.issparse(X):
        raise ValueError(f"{name} is a sparse matrix, but a dense table is needed; convert it with {name}.toarray()")
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        raise ValueError(f"{name} is a masked array; fill the masked cells first, e.g. with {name}.filled(np.nan)")
    if dependencies.is_polars_lazyframe(X):
        raise ValueError(f"{name} is a lazy frame; collect it with {name}.collect()")
    if hasattr(X, "columns") and not (isinstance(X, pd.DataFrame) or dependencies.is_polars_dataframe(X)):
        raise ValueError(
            f"{name} is a {type(X).__name__}; pass a DataFrame of pandas or polars, an array, or a list of lists"
        )


def to_pandas(X: Any, name: str = "X", *, dtypes: Literal["exact", "numpy"] = "exact") -> pd.DataFrame:
    """Return a table of any accepted container as a pandas DataFrame.

    Parameters
    ----------
    X : DataFrame of pandas or polars, array or list of lists, shape (n, d)
        The rows. Arrays and pandas frames share their memory with the result where pandas allows it.
    name : str, default="X"
        What messages call it.
    dtypes : {"exact", "numpy"}, default="exact"
        "exact" keeps every cell as it is, so that `Container.restore` can return it: columns of polars are backed by
        Arrow, categories of polars become text, cells of arrays and lists keep their types. "numpy" gives the dtypes
        that pandas users know: integers with missing cells become floats, and columns of objects get the dtype of
        their cells.

    Returns
    -------
    DataFrame of shape (n, d)
        Columns of arrays and lists are numbered.

    Raises
    ------
    ValueError
        If X is not such a table (with "exact", see also `check_container`), or a column of polars holds nested cells.

    Examples
    --------
    >>> to_pandas(np.array([[7, 0.5], [3, None]], dtype=object), dtypes="numpy").dtypes.astype(str).tolist()
    ['int64', 'float64']
    """
    if dtypes == "numpy":
        if isinstance(X, pd.DataFrame):
            return _readable(X)
        return _readable(X.to_pandas() if hasattr(X, "to_pandas") else pd.DataFrame(_as_array(X, name)).infer_objects())
    check_container(X, name)
    if isinstance(X, pd.DataFrame):
        return _readable(X)
    if dependencies.is_polars_dataframe(X):
        return _from_polars(X)
    array = _as_typed_array(X, name)
    # pandas would store objects that are all strings with its own string dtype
    return _readable(pd.DataFrame(array, dtype=array.dtype))


def _as_array(X: Any, name: str) -> NDArray:
    """Return a two-dimensional array. Cells of lists keep their types."""
    array = X if isinstance(X, np.ndarray) else np.array(X, dtype=object)
    if array.ndim != 2:
        raise ValueError(
            f"{name} must be a table of rows of equal length, shape (n, d); got {type(X).__name__} of shape "
            f"{array.shape}. For a single column, use {name}.reshape(-1, 1) or {name}.to_frame()"
        )
    return array


def _as_typed_array(X: Any, name: str) -> NDArray:
    """Return a two-dimensional array: numbers get the dtype that scikit-learn gives them, text becomes objects."""
    array = _as_array(X, name)
    if not isinstance(X, np.ndarray):
        typed = np.asarray(X)
        array = typed if typed.dtype.kind in "biuf" else array  # cells of several types stay objects
    return array.astype(object) if array.dtype.kind in "US" else array


def _readable(X: pd.DataFrame) -> pd.DataFrame:
    """Return the same cells in columns that all of the package reads; columns of nested cells are refused."""
    for label, dtype in zip(X.columns, X.dtypes, strict=True):
        if isinstance(dtype, pd.ArrowDtype) and pa.types.is_nested(dtype.pyarrow_dtype):
            raise ValueError(_nested(label))
    read = readable_columns(X)
    for i, dtype in enumerate(read.dtypes):
        if not isinstance(dtype, pd.ArrowDtype):
            continue
        try:  # pandas knows each type of Arrow, but not for all of them what a table needs
            first = read.iloc[:1, i]
            first.take(np.zeros(2 * len(first), dtype=np.intp)).astype(object)
            pd.factorize(first, use_na_sentinel=False)
        except (pa.ArrowException, NotImplementedError) as error:
            raise ValueError(
                f"column {X.columns[i]!r} has dtype {dtype}, of which pandas cannot take rows or find the different "
                "cells; cast it, e.g. with .astype('string')"
            ) from error
    return read


def _nested(label: Any) -> str:
    return f"column {label!r} holds nested cells; split them into columns, one row a cell, or drop the column"


def _from_polars(X: Any) -> pd.DataFrame:
    _check_polars(X)
    return _readable(_polars_as_arrow(X))


def _polars_as_arrow(X: Any) -> pd.DataFrame:
    import polars as pl

    texts = [name for name, dtype in X.schema.items() if dtype.base_type() in (pl.Categorical, pl.Enum, pl.Null)]
    return X.with_columns(pl.col(texts).cast(pl.String)).to_pandas(use_pyarrow_extension_array=True)


def _check_polars(X: Any) -> None:
    """Refuse columns of polars that Arrow cannot hold as plain cells."""
    import polars as pl

    for name, dtype in X.schema.items():
        if dtype.is_nested() or dtype == pl.Object:
            raise ValueError(_nested(name))
        try:
            # the exchange with Arrow fails at the array, not at the schema, so one row is needed
            pa.table(X.select(pl.col(name).head(1)))
        except (pa.ArrowException, pl.exceptions.PolarsError, NotImplementedError) as error:
            raise ValueError(
                f"column {name!r} has dtype {dtype}, which Arrow does not know ({error}); cast it, e.g. to Int64 or "
                "Decimal, or to String for categories"
            ) from error


def _from_arrow(table: Any) -> pd.DataFrame:
    def pandas_dtype(arrow_dtype: Any) -> Any:
        return None if pa.types.is_dictionary(arrow_dtype) else pd.ArrowDtype(arrow_dtype)  # None: pandas' categories

    def readable(arrow_dtype: Any) -> Any:
        # polars exports text as string views and categories with unsigned codes; older versions of pandas read neither
        if pa.types.is_dictionary(arrow_dtype) and pa.types.is_unsigned_integer(arrow_dtype.index_type):
            return pa.dictionary(pa.int64(), readable(arrow_dtype.value_type), arrow_dtype.ordered)
        return pa.large_string() if pa.types.is_string_view(arrow_dtype) else arrow_dtype

    read = pa.table(table)
    schema = pa.schema([field.with_type(readable(field.type)) for field in read.schema])
    return _readable(read.cast(schema).to_pandas(types_mapper=pandas_dtype))


# ------------------------------------------------------------------------------- remembering a table's container


@dataclass(frozen=True)
class _PandasContainer:
    """A DataFrame of pandas: the index of its columns, and what is stored in its own way."""

    columns: pd.Index
    stored: StoredColumns
    kind: ClassVar = "pandas"

    def restore(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Put the cells of a frame into such a container."""
        frame = self.stored.restore(frame)
        frame.columns = self.columns
        return frame

    def state(self) -> dict[str, Any]:
        """Describe the container as plain data."""
        columns = self.columns
        several = isinstance(columns, pd.MultiIndex)
        return {
            "kind": self.kind,
            "columns": [to_json(label, label) for label in (columns if several else columns.astype(object))],
            "names": [to_json(name, name) for name in columns.names],
            "dtype": None if several else dtype_to_json(columns.dtype, "names of the columns"),
            **self.stored.state(list(columns)),
        }

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> _PandasContainer:
        """Read what `state` wrote."""
        labels = [from_json(label) for label in plain["columns"]]
        names = [from_json(name) for name in plain["names"]]
        stored = StoredColumns.from_state(plain)
        if plain["dtype"] is None:
            return cls(pd.MultiIndex.from_tuples(labels, names=names), stored)
        columns = pd.Index(labels, dtype=dtype_from_json(plain["dtype"]), name=names[0], tupleize_cols=False)
        return cls(columns, stored)


@dataclass(frozen=True)
class _ArrayContainer:
    """An array, or lists of rows: the dtype, and what is stored in its own way."""

    dtype: np.dtype
    stored: StoredColumns
    kind: ClassVar = "array"

    def restore(self, frame: pd.DataFrame) -> NDArray:
        """Put the cells of a frame into such a container."""
        dtype = object if self.dtype.kind in "US" else self.dtype
        return self.stored.restore(frame).to_numpy(dtype=dtype).astype(self.dtype, copy=False)

    def state(self) -> dict[str, Any]:
        """Describe the container as plain data."""
        counted = self.stored.counted
        return {"kind": self.kind, "dtype": self.dtype.str, **self.stored.state(range(1 + max(counted, default=0)))}

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> _ArrayContainer:
        """Read what `state` wrote."""
        array_dtype = np.dtype(plain["dtype"])
        # a width of 64 kB or more would let a malicious file allocate too much memory
        if array_dtype.kind not in "biufmMOUS" or array_dtype.itemsize > 2**16:
            raise ValueError(f"{array_dtype} cannot be the dtype of a table")
        return cls(array_dtype, StoredColumns.from_state(plain))


@dataclass(frozen=True)
class _PolarsContainer:
    """A DataFrame of polars: the schema, and what is stored in its own way."""

    schema: Any
    stored: StoredColumns
    kind: ClassVar = "polars"

    def restore(self, frame: pd.DataFrame) -> Any:
        """Put the cells of a frame into such a container."""
        import polars as pl

        frame = self.stored.restore(frame)
        frame.columns = pd.Index(self.schema.names())
        return pl.from_pandas(frame).cast(self.schema)

    def state(self) -> dict[str, Any]:
        """Describe the container as plain data."""
        fields = []
        for name, column_dtype in self.schema.items():
            kind = column_dtype.base_type().__name__
            if kind not in _POLARS_OPTIONS:
                raise ValueError(
                    f"column {name!r} has dtype {column_dtype}, which a model file cannot store; cast it to String"
                )
            options = {key: getattr(column_dtype, key) for key in _POLARS_OPTIONS[kind]}
            if kind == "Enum":
                options["categories"] = options["categories"].to_list()
            categories = getattr(column_dtype, "categories", None) if kind == "Categorical" else None
            if categories is not None and not categories.is_global():  # older versions have the global ones only
                physical = categories.physical().__name__
                options["of"] = [categories.name(), categories.namespace(), physical]
            fields.append([name, kind, options])
        return {"kind": self.kind, "schema": fields, **self.stored.state(self.schema.names())}

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> _PolarsContainer:
        """Read what `state` wrote."""
        import polars as pl

        schema = {}
        for name, kind, options in plain["schema"]:
            known = {key: options[key] for key in _POLARS_OPTIONS[kind]}
            if kind == "Categorical" and "of" in options:
                called, namespace, physical = map(str, options["of"])
                if physical not in ("UInt8", "UInt16", "UInt32"):
                    raise ValueError(f"categories cannot be stored as {physical}")
                known = {"categories": pl.Categories(called, namespace, physical=getattr(pl, physical))}
            schema[str(name)] = getattr(pl, kind)(**known)
        return cls(pl.Schema(schema), StoredColumns.from_state(plain))


# What each dtype of polars takes besides its name.
_POLARS_OPTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"), ()),
    **dict.fromkeys(("Float16", "Float32", "Float64", "Boolean", "String", "Categorical", "Date", "Time", "Null"), ()),
    "Binary": (),
    "Decimal": ("precision", "scale"),
    "Datetime": ("time_unit", "time_zone"),
    "Duration": ("time_unit",),
    "Enum": ("categories",),
}


Container = _PandasContainer | _ArrayContainer | _PolarsContainer


def container_of(X: Any) -> Container:
    """Remember in which container a table holds its cells.

    Parameters
    ----------
    X : DataFrame of pandas or polars, array or list of lists, shape (n, d)
        The table.

    Returns
    -------
    Container
        `restore(frame)` puts the cells of a pandas frame into a container like X; the frame may be changed. `state()`
        describes the container as plain data for `container_from_state`. `kind` is "pandas", "polars" or "array".

    Examples
    --------
    >>> container = container_of(np.array([[1, 2]], dtype="int8"))
    >>> container.restore(pd.DataFrame([[3, 4]]))
    array([[3, 4]], dtype=int8)
    """
    if isinstance(X, pd.DataFrame):
        return _PandasContainer(X.columns, StoredColumns.of(X))
    if dependencies.is_polars_dataframe(X):
        import polars as pl

        places = [i for i, dtype in enumerate(X.dtypes) if dtype.base_type() in (pl.Time, pl.Decimal)]
        of = StoredColumns.of(_polars_as_arrow(X[:, places]))
        return _PolarsContainer(X.schema, StoredColumns(counted={places[j]: way for j, way in of.counted.items()}))
    typed = _as_typed_array(X, "X")
    are_objects = typed.dtype == object
    stored = StoredColumns.of(pd.DataFrame(typed, dtype=object)) if are_objects else StoredColumns()
    return _ArrayContainer(X.dtype if isinstance(X, np.ndarray) else typed.dtype, stored)


def container_from_state(plain: dict[str, Any]) -> Container:
    """Read what `state` of a container wrote.

    Parameters
    ----------
    plain : dict
        What `state` returned.

    Raises
    ------
    Exception
        Of any class, if `plain` is malformed. Callers that read files must expect all of them.
    """
    kinds: dict[str, Any] = {kind.kind: kind for kind in (_PandasContainer, _PolarsContainer, _ArrayContainer)}
    return kinds[plain["kind"]].from_state(plain)


# ------------------------------------------------------------------------------------------- tables side by side


def as_frame(table: Any, name: str, like: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return a table that is compared with another one as a pandas DataFrame, with the columns of the other one.

    Parameters
    ----------
    table : DataFrame of pandas or polars, Arrow table, array or list of lists, shape (n, d)
        With at least one row and one column. Dtypes of Arrow and polars are kept, as pandas' Arrow dtypes.
    name : str
        What messages call it.
    like : DataFrame or None, default=None
        The real table. Columns are put into its order; columns of an array or of lists get its names.

    Returns
    -------
    DataFrame of shape (n, d)
        The same rows, with columns in the order of `like`.

    Raises
    ------
    ValueError
        If it is not such a table, columns are missing, unknown or duplicate, or cells are infinite or complex.

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
    has_names = True
    if isinstance(table, pd.DataFrame):
        frame = _readable(table)
    elif hasattr(table, "__arrow_c_stream__"):
        if dependencies.is_polars_dataframe(table):
            _check_polars(table)
        frame = _from_arrow(table)
    else:
        frame, has_names = _readable(pd.DataFrame(_as_array(table, name)).infer_objects()), False
    if 0 in frame.shape:
        raise ValueError(f"{name} has {len(frame)} rows and {frame.shape[1]} columns; at least 1 of each is needed")
    if like is not None:
        frame = _with_columns_of(like, frame, name, has_names)
    if duplicates := list(frame.columns[frame.columns.duplicated()]):
        raise ValueError(f"{name} has more than one column {duplicates[0]!r}; rename or drop one of them")
    for label in frame:
        kind = frame[label].dtype.kind
        if kind == "c":
            raise ValueError(
                f"column {label!r} of {name} is complex; replace it by two columns, its real and its imaginary part"
            )
        if kind == "f" and np.isinf(frame[label].to_numpy("float64", na_value=np.nan)).any():
            raise ValueError(
                f"column {label!r} of {name} holds infinite values; replace them, e.g. by NaN or by a finite bound"
            )
    return frame


def _with_columns_of(like: pd.DataFrame, frame: pd.DataFrame, name: str, has_names: bool) -> pd.DataFrame:
    if not has_names:
        if frame.shape[1] != like.shape[1]:
            raise ValueError(
                f"{name} has {frame.shape[1]} columns, but the real table has {like.shape[1]}; both need the same ones"
            )
        return frame.set_axis(like.columns, axis=1)
    missing = [label for label in like if label not in frame]
    unknown = [label for label in frame if label not in like]
    differences = []
    if missing:
        differences.append(f"lacks column{'s' * (len(missing) > 1)} {listed(missing, 5)} of the real table")
    if unknown:
        differences.append(
            f"has column{'s' * (len(unknown) > 1)} {listed(unknown, 5)} that the real table does not have"
        )
    if differences:
        raise ValueError(f"{name} {' and '.join(differences)}; both need the same columns")
    return frame if frame.columns.duplicated().any() else frame[list(like)]
