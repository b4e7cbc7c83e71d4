"""Parquet and Feather: tables of Arrow, which keep their schema, metadata, index and categories."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ganaug.common.stored import floats_of
from ganaug.datasets.columns import MAX_COLUMNS, Mark, check_unique


@dataclass(frozen=True)
class ArrowSource:
    """A table of Arrow: its columns, schema and metadata, and how the file compresses them."""

    table: pa.Table = field(repr=False)
    compression: str = "snappy"

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> ArrowSource:
        """Return the table that pandas makes of a frame.

        Parameters
        ----------
        frame : DataFrame
            The originals.
        """
        return cls(pa.Table.from_pandas(frame, preserve_index=False).unify_dictionaries())

    def frame(self) -> pd.DataFrame:
        """Return the typed frame, without the columns in which pandas keeps its index."""
        check_unique(self.table.column_names)
        index = index_columns(self.table.schema)
        return pd.DataFrame(
            {name: _to_series(name, self.table.column(name)) for name in self.table.column_names if name not in index}
        )

    def extended(self, rows: pd.DataFrame, mark: Mark | None, only_synthetic: bool) -> pa.Table:
        """Return the table with rows appended, cast to its schema.

        Parameters
        ----------
        rows : DataFrame
            The rows to append, with the columns of the file in their order.
        mark : Mark or None
            The column that marks synthetic rows; None adds no column.
        only_synthetic : bool
            Whether to leave out the originals.
        """
        index = index_columns(self.table.schema)
        columns = [
            _continued(self.table.column(column.name), len(rows))
            if column.name in index
            else _to_arrow(rows[column.name], self.table.column(column.name))
            for column in self.table.schema
        ]
        synthetic = pa.Table.from_arrays(columns, schema=self.table.schema)
        table = synthetic if only_synthetic else pa.concat_tables([self.table, synthetic])
        if mark is not None:
            table = table.append_column(mark.name, pa.array(mark.column(table.num_rows - len(rows))))
        return table


# What Arrow raises where the bytes of a file are others than were written.
_DAMAGES = (pa.ArrowException, OSError, UnicodeError, json.JSONDecodeError, MemoryError, OverflowError, LookupError)


@contextmanager
def refusing_damaged(kind: str) -> Iterator[None]:
    """Say in place of any message of Arrow about the bytes of a file that it is damaged.

    Parameters
    ----------
    kind : str
        What the file should be, such as "Parquet".

    Yields
    ------
    None

    Raises
    ------
    ValueError
        If the block, which reads the file, raises such an error. Errors of the system, such as a refused permission,
        are passed on.
    """
    try:
        yield
    except _DAMAGES as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = str(error).strip().splitlines()
        reason = f" ({said[0].rstrip(':. ')})" if said else ""
        raise ValueError(
            f"the file is damaged, or no {kind} file{reason}; copy it again from where it comes, or write it again"
        ) from error


# A file may stand for so many cells, and beyond that for so many times its bytes.
_MAX_CELLS = 1 << 27
_MAX_GROWTH = 1_000


def read_arrow(path: Path, kind: Literal["parquet", "feather"]) -> ArrowSource:
    """Read a Parquet or Feather file.

    All offsets and indices are checked before anything follows them: a flipped bit would otherwise end the process.

    Parameters
    ----------
    path : Path
        The file.
    kind : {"parquet", "feather"}
        The format.

    Raises
    ------
    ValueError
        If the file is damaged, or stands for more cells than a file of its size can hold.
    """
    size = path.stat().st_size
    with refusing_damaged(kind.capitalize()):
        found = _read(path, kind, size)
        index_columns(found.table.schema)  # its description by pandas can be read
    return found


def _read(path: Path, kind: str, size: int) -> ArrowSource:
    if kind == "feather":
        with pa.OSFile(str(path), "rb") as file:
            reader = pa.ipc.open_file(file)
            _check_width(len(reader.schema))
            batches, n_rows = [], 0
            for position in range(reader.num_record_batches):
                batches.append(reader.get_batch(position))
                n_rows += batches[-1].num_rows
                _check_size(n_rows, len(reader.schema), size)
            table = pa.Table.from_batches(batches, reader.schema)
        table.validate(full=True)
        return ArrowSource(table.unify_dictionaries())
    with pq.ParquetFile(path) as file:
        metadata = file.metadata
        _check_width(metadata.num_columns)
        _check_size(metadata.num_rows, metadata.num_columns, size)
        compression = "snappy"
        if metadata.num_row_groups and metadata.num_columns:
            compression = metadata.row_group(0).column(0).compression.lower()
        table = file.read()
    table.validate(full=True)
    return ArrowSource(table.unify_dictionaries(), "none" if compression == "uncompressed" else compression)


def _check_width(n_columns: int) -> None:
    if n_columns > MAX_COLUMNS:
        raise ValueError(
            f"the file has {n_columns:,} columns; the limit is {MAX_COLUMNS:,}. Keep the columns that matter"
        )


def _check_size(n_rows: int, n_columns: int, size: int) -> None:
    if n_rows < 0 or n_rows * n_columns > max(_MAX_CELLS, _MAX_GROWTH * size):
        raise ValueError(
            f"the file of {size:,} bytes claims to hold {n_rows:,} rows of {n_columns:,} columns; it is damaged, or "
            "made to fill the memory"
        )


def write_arrow(path: Path, kind: Literal["parquet", "feather"], table: pa.Table, compression: str) -> None:
    """Write a Parquet or Feather file; the compression is for Parquet.

    Parameters
    ----------
    path : Path
        The file; an existing one is replaced.
    kind : {"parquet", "feather"}
        The format.
    table : pyarrow.Table
        The table.
    compression : str
        Name of the compression, for Parquet.
    """
    if kind == "parquet":
        pq.write_table(table, path, compression=compression)
        return
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def index_columns(schema: pa.Schema) -> set[str]:
    """Return the names of the columns in which pandas keeps its index.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of a file that pandas may have written.
    """
    index = (schema.pandas_metadata or {}).get("index_columns", [])
    return {name for name in index if isinstance(name, str)}


def _to_series(name: str, column: pa.ChunkedArray) -> pd.Series:
    kind = column.type
    if pa.types.is_null(kind):
        return pd.Series(np.full(len(column), np.nan))
    if pa.types.is_decimal(kind):
        return pd.Series(floats_of(column))
    if pa.types.is_float16(kind):
        column = column.cast(pa.float32())
    elif pa.types.is_date(kind):
        column = column.cast(pa.timestamp("ms"))
    elif pa.types.is_time(kind):
        return pd.Series(pd.arrays.ArrowExtensionArray(column))
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise ValueError(f"column {name!r} holds {kind}, which cannot be generated; remove the column from the file")
    if column.null_count and (pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)):
        # float64 would lose the last digits of large integers
        return pd.Series(column.to_pandas(types_mapper=_NULLABLE.get))
    return pd.Series(column.to_pandas())


_NULLABLE: dict[pa.DataType, Any] = {
    **{
        getattr(pa, name.lower())(): pd.api.types.pandas_dtype(name)
        for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
    },
    pa.bool_(): pd.BooleanDtype(),
}


def _to_arrow(values: pd.Series, original: pa.ChunkedArray) -> pa.Array:
    kind = original.type
    if pa.types.is_null(kind):
        return pa.nulls(len(values))
    if pa.types.is_dictionary(kind):
        # A Feather file can hold only one dictionary a column, so unused levels of the originals are kept.
        dictionary = original.chunk(0).dictionary
        codes = pd.Index(dictionary.to_pandas()).get_indexer(pd.Index(values.astype(object)))
        indices = pa.array(codes, mask=codes < 0).cast(kind.index_type)
        return pa.DictionaryArray.from_arrays(indices, dictionary, ordered=kind.ordered)
    return pa.array(values, from_pandas=True).cast(kind, safe=False)


def _continued(index: pa.ChunkedArray, n: int) -> pa.Array:
    """Return the index of the appended rows: the next numbers, or missing values if the index is not of integers."""
    if not pa.types.is_integer(index.type):
        return pa.nulls(n, index.type)
    return pa.array(np.arange(1, n + 1) + pc.max(index).as_py()).cast(index.type)
