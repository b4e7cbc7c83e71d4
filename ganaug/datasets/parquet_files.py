"""Tables of many Parquet files, which are read and written some thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from glob import glob
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ganaug.common.wording import listed
from ganaug.datasets.arrow import ArrowSource, index_columns, refusing_damaged
from ganaug.datasets.columns import check_unique

# Rows that are read or written together.
_N_ROWS = 64 * 1024


def find_parquet_files(pattern: str | Path) -> list[Path]:
    """Return the files of a pattern such as ``data/*.parquet``, of a folder, or the one file, sorted by name.

    Parameters
    ----------
    pattern : str or Path
        The pattern, folder or file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If files are not Parquet, or if their columns differ.

    Examples
    --------
    >>> find_parquet_files("nowhere/*.parquet")
    Traceback (most recent call last):
    ...
    FileNotFoundError: no file matches nowhere/*.parquet
    """
    path = Path(pattern)
    if path.is_dir():
        found = sorted(path.rglob("*.parquet"))
    elif path.is_file():
        found = [path]
    else:
        # Path.glob takes no absolute pattern
        found = sorted(Path(name) for name in glob(str(pattern), recursive=True) if Path(name).is_file())  # noqa: PTH207
    found = [file for file in found if not file.name.startswith((".", "_"))]
    if not found:
        raise FileNotFoundError(f"no {'Parquet file lies in' if path.is_dir() else 'file matches'} {pattern}")
    first = _schema(found[0])
    for file in found[1:]:
        other = _schema(file)
        differing = [name for name in first.names if name not in other.names or not _same_type(first, other, name)]
        differing += [name for name in other.names if name not in first.names]
        if differing:
            raise ValueError(
                f"{file} and {found[0]} differ in the columns {listed(differing, 5)}; write them with one schema first"
            )
    check_unique(first.names)
    return found


def parquet_schema(file: Path) -> pa.Schema:
    """Return the columns of a file, without the metadata of pandas.

    Parameters
    ----------
    file : Path
        The file.
    """
    return _schema(file).remove_metadata()


def parquet_index(file: Path) -> set[str]:
    """Return the names of the columns in which pandas keeps its index.

    Parameters
    ----------
    file : Path
        The file.
    """
    return index_columns(_schema(file))


def parquet_parts(file: Path, columns: list[str]) -> Iterator[pa.Table]:
    """Yield the rows of a file, some thousand at a time.

    Parameters
    ----------
    file : Path
        The file.
    columns : list of str
        The columns to read, in this order.
    """
    try:
        with refusing_damaged("Parquet"), pq.ParquetFile(file) as source:
            for batch in source.iter_batches(_N_ROWS, columns=columns):
                yield pa.Table.from_batches([batch]).select(columns)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error


def copy_parquet(file: Path, out: Path, mark: str) -> None:
    """Copy a file of real rows, with a last column `mark` of zeros.

    Parameters
    ----------
    file, out : Path
        The file, and where to write the copy.
    mark : str
        Name of the column.
    """
    with pq.ParquetFile(file) as source:
        schema = source.schema_arrow.remove_metadata()
        marked = schema.append(pa.field(mark, pa.int8()))
        with pq.ParquetWriter(out, marked, compression=_compression(source)) as writer:
            for part in parquet_parts(file, schema.names):
                writer.write_table(part.append_column(mark, pa.array(np.zeros(part.num_rows, dtype=np.int8))))


def write_parquet_rows(out: Path, parts: Iterable[pd.DataFrame], like: Path, mark: str | None) -> int:
    """Write synthetic rows with the columns and types of a file of real rows, and return how many.

    Parameters
    ----------
    out : Path
        Where to write.
    parts : iterable of DataFrame
        The rows, in parts.
    like : Path
        The file of real rows.
    mark : str or None
        Name of a last column of ones; None adds none.
    """
    with pq.ParquetFile(like) as source:
        schema, compression = source.schema_arrow.remove_metadata(), _compression(source)
    marked = schema if mark is None else schema.append(pa.field(mark, pa.int8()))
    n_rows = 0
    with pq.ParquetWriter(out, marked, compression=compression) as writer:
        for frame in parts:
            columns = [_column(frame[field.name], field.type) for field in schema]
            if mark is not None:
                columns.append(pa.array(np.ones(len(frame), dtype=np.int8)))
            writer.write_table(pa.Table.from_arrays(columns, schema=marked))
            n_rows += len(frame)
    return n_rows


def frame_of_arrow(table: pa.Table) -> pd.DataFrame:
    """Return the typed frame of a table of Arrow, as `read_table` would read it.

    Parameters
    ----------
    table : pyarrow.Table
        The rows.
    """
    return ArrowSource(table).frame()


def _column(values: pd.Series, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        texts = pa.array(values.astype(object), type=kind.value_type, from_pandas=True)
        return texts.dictionary_encode().cast(kind)
    return pa.array(values, from_pandas=True).cast(kind, safe=False)


def _schema(file: Path) -> pa.Schema:
    try:
        with refusing_damaged("Parquet"):
            return pq.read_schema(file)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error


def _same_type(one: pa.Schema, other: pa.Schema, name: str) -> bool:
    kinds = [schema.field(name).type for schema in (one, other)]
    return kinds[0] == kinds[1]


def _compression(source: pq.ParquetFile) -> str:
    metadata = source.metadata
    if not (metadata.num_row_groups and metadata.num_columns):
        return "snappy"
    name = metadata.row_group(0).column(0).compression.lower()
    return "none" if name == "uncompressed" else name
