"""Containers of tables: pandas, polars, Arrow, NumPy and lists.

This file and `labels` are the only ones that know these libraries apart. The rest of the package calls

- `check_container` and `to_pandas` to read a table,
- `container_of` to remember a table's container, and to restore it,
- `as_frame` to read tables that are compared with each other.

`ganaug.common.rows` takes rows of a table, and puts tables one below the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from narwhals import dependencies
from numpy.typing import NDArray
from scipy import sparse

from ganaug.common.rows import is_native
from ganaug.common.serialization import dtype_from_json, dtype_to_json, from_json, to_json
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


def check_dimensions(X: Any) -> None:
    """Refuse arrays that have more dimensions than rows and columns.

    Parameters
    ----------
    X : object
        What a user passed as a table.

    Raises
    ------
    ValueError
        With the shape and the way out.

    Examples
    --------
    >>> check_dimensions(np.zeros((20, 50, 12)))
    Traceback (most recent call last):
    ...
    ValueError: X has shape (20, 50, 12), but a table has rows and columns only. For rows x times x channels, pass ...
    """
    shape = tuple(getattr(X, "shape", ()))
    if len(shape) > 2:
        raise ValueError(
            f"X has shape {shape}, but a table has rows and columns only. For rows x times x channels, pass "
            f"X.reshape({shape[0]}, -1), in which each of {math.prod(shape[1:]):,} values of a row is a column; images "
            "are for ImageGAN"
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
        return X.to_pandas() if hasattr(X, "to_pandas") else pd.DataFrame(_as_array(X, name)).infer_objects()
    check_container(X, name)
    if isinstance(X, pd.DataFrame):
        return _readable(X)
    if dependencies.is_polars_dataframe(X):
        return _from_polars(X)
    array = _as_typed_array(X, name)
    # pandas would store objects that are all strings with its own string dtype
    return pd.DataFrame(array, dtype=object) if array.dtype == object else _readable(pd.DataFrame(array))


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


def _sparse_columns(X: pd.DataFrame) -> dict[int, pd.SparseDtype]:
    """Return the dtypes of the columns that pandas stores sparsely, by their positions."""
    return {i: dtype for i, dtype in enumerate(X.dtypes) if isinstance(dtype, pd.SparseDtype)}


def _foreign_columns(X: pd.DataFrame) -> dict[int, np.dtype]:
    """Return the dtypes of the columns with the byte order of another machine, by their positions."""
    return {i: dtype for i, dtype in enumerate(X.dtypes) if not is_native(dtype)}


def _readable(X: pd.DataFrame) -> pd.DataFrame:
    """Return the same cells in columns that all of pandas reads: dense, and with the byte order of this machine.

    Columns of nested cells are refused.
    """
    for i, dtype in enumerate(X.dtypes):
        if isinstance(dtype, pd.ArrowDtype) and pa.types.is_nested(dtype.pyarrow_dtype):
            raise ValueError(_nested(X.columns[i]))
    sparse_columns, foreign = _sparse_columns(X), _foreign_columns(X)
    if not sparse_columns and not foreign:
        return X
    columns: dict[int, Any] = {}
    for i in range(X.shape[1]):
        column = X.iloc[:, i]
        if i in sparse_columns:
            column = pd.Series(np.asarray(column), index=X.index)
        elif i in foreign:
            column = column.astype(foreign[i].newbyteorder("="))
        columns[i] = column
    return pd.DataFrame(columns, index=X.index).set_axis(X.columns, axis=1)


def _nested(label: Any) -> str:
    return f"column {label!r} holds nested cells; split them into columns, one row a cell, or drop the column"


def _from_polars(X: Any) -> pd.DataFrame:
    import polars as pl

    _check_polars(X)
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
    return read.cast(schema).to_pandas(types_mapper=pandas_dtype)


# ------------------------------------------------------------------------------- remembering a table's container


@dataclass(frozen=True)
class _PandasContainer:
    """A DataFrame of pandas: the index of its columns; which are sparse, and which have a foreign byte order."""

    columns: pd.Index
    sparse: dict[int, pd.SparseDtype]
    foreign: dict[int, np.dtype]
    kind: ClassVar = "pandas"

    def restore(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Put the cells of a frame into such a container."""
        if self.sparse or self.foreign:
            # by position: a frame whose columns already have their names need not number them
            frame = frame.set_axis(range(frame.shape[1]), axis=1).astype({**self.sparse, **self.foreign})
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
            "sparse": [
                [i, dtype_to_json(found.subtype, columns[i]), to_json(found.fill_value, columns[i])]
                for i, found in self.sparse.items()
            ],
            "foreign": [[i, found.str] for i, found in self.foreign.items()],
        }

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> _PandasContainer:
        """Read what `state` wrote."""
        labels = [from_json(label) for label in plain["columns"]]
        names = [from_json(name) for name in plain["names"]]
        sparse = {int(i): pd.SparseDtype(dtype_from_json(of), from_json(fill)) for i, of, fill in plain["sparse"]}
        foreign = {int(i): dtype_from_json(found) for i, found in plain.get("foreign", [])}
        if plain["dtype"] is None:
            return cls(pd.MultiIndex.from_tuples(labels, names=names), sparse, foreign)
        columns = pd.Index(labels, dtype=dtype_from_json(plain["dtype"]), name=names[0], tupleize_cols=False)
        return cls(columns, sparse, foreign)


@dataclass(frozen=True)
class _ArrayContainer:
    """An array, or lists of rows: the dtype."""

    dtype: np.dtype
    kind: ClassVar = "array"

    def restore(self, frame: pd.DataFrame) -> NDArray:
        """Put the cells of a frame into such a container."""
        return frame.to_numpy(dtype=object if self.dtype.kind in "US" else self.dtype).astype(self.dtype, copy=False)

    def state(self) -> dict[str, Any]:
        """Describe the container as plain data."""
        return {"kind": self.kind, "dtype": self.dtype.str}

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> _ArrayContainer:
        """Read what `state` wrote."""
        array_dtype = np.dtype(plain["dtype"])
        # a width of 64 kB or more would let a malicious file allocate too much memory
        if array_dtype.kind not in "biufmMOUS" or array_dtype.itemsize > 2**16:
            raise ValueError(f"{array_dtype} cannot be the dtype of a table")
        return cls(array_dtype)


@dataclass(frozen=True)
class _PolarsContainer:
    """A DataFrame of polars: the schema."""

    schema: Any
    kind: ClassVar = "polars"

    def restore(self, frame: pd.DataFrame) -> Any:
        """Put the cells of a frame into such a container."""
        import polars as pl

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
            if "categories" in options:
                options["categories"] = options["categories"].to_list()
            fields.append([name, kind, options])
        return {"kind": self.kind, "schema": fields}

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> _PolarsContainer:
        """Read what `state` wrote."""
        import polars as pl

        schema = {}
        for name, kind, options in plain["schema"]:
            known = {key: options[key] for key in _POLARS_OPTIONS[kind]}
            schema[str(name)] = getattr(pl, kind)(**known)
        return cls(pl.Schema(schema))


# What each dtype of polars takes besides its name.
_POLARS_OPTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"), ()),
    **dict.fromkeys(("Float32", "Float64", "Boolean", "String", "Categorical", "Date", "Time", "Null"), ()),
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
        return _PandasContainer(X.columns, _sparse_columns(X), _foreign_columns(X))
    if dependencies.is_polars_dataframe(X):
        return _PolarsContainer(X.schema)
    return _ArrayContainer(X.dtype if isinstance(X, np.ndarray) else _as_typed_array(X, "X").dtype)


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
        frame, has_names = pd.DataFrame(_as_array(table, name)).infer_objects(), False
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
