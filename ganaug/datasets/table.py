"""Tables in files: read as typed frames, and written back in their original form.

A CSV file holds more than values. A data frame would lose its encoding, delimiter, quotes and line ends, the price
written as ``1.50`` and the missing cell written as ``?``. So a :class:`Table` keeps two things: the typed frame from
which a model learns, and the file itself. :func:`write_table` copies the file and appends the synthetic rows in the
same dialect (`csv_dialect`) and notation (`csv_notation`), or in the same schema (`arrow`).
"""

from __future__ import annotations

import difflib
import gzip
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from ganaug.common.containers import container_of, to_pandas
from ganaug.common.files import replacing
from ganaug.common.wording import counted, listed
from ganaug.datasets.arrow import ArrowSource, read_arrow, write_arrow
from ganaug.datasets.columns import Mark
from ganaug.datasets.csv_dialect import TextSource, plain_text, read_text

__all__ = ["Table", "check_output", "read_table", "write_table", "write_table_samples"]

Kind = Literal["csv", "tsv", "parquet", "feather"]

# Extension -> how the file is stored.
_KINDS: dict[str, Kind] = {
    ".csv.gz": "csv",
    ".tsv.gz": "tsv",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
}


@dataclass(frozen=True)
class Table:
    """A table, and what is needed to write it back in its original form.

    Parameters
    ----------
    frame : DataFrame
        The typed columns: integers (nullable where cells are missing), decimals, dates, and strings.
    source : object, optional
        How the file was written. None for a table that was not read from a file.

    Examples
    --------
    >>> import pandas as pd
    >>> from ganaug.datasets import Table
    >>> X, y = Table(pd.DataFrame({"age": [31, 42], "churn": ["no", "yes"]})).split("churn")
    >>> list(X), list(y)
    (['age'], ['no', 'yes'])
    """

    frame: pd.DataFrame
    source: TextSource | ArrowSource | None = field(default=None, repr=False)

    def check_column(self, name: str) -> None:
        """Make sure that a column exists.

        Parameters
        ----------
        name : str
            Name of the column.

        Raises
        ------
        ValueError
            If it does not exist; the message names the most similar one.
        """
        if name in self.frame.columns:
            return
        columns = [str(column) for column in self.frame.columns]
        lower = {column.lower(): column for column in reversed(columns)}
        similar = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
        hint = f"did you mean {lower[similar[0]]!r}?" if similar else f"the columns are {listed(columns, 8)}"
        raise ValueError(f"no column {name!r}: {hint}")

    def split(self, target: str) -> tuple[pd.DataFrame, pd.Series]:
        """Split into features and labels.

        Parameters
        ----------
        target : str
            Name of the column of labels.

        Returns
        -------
        X : DataFrame of shape (n_rows, n_columns - 1)
            All other columns.
        y : Series of shape (n_rows,)
            The labels, with the name `target`. None is missing.

        Raises
        ------
        ValueError
            If there is no such column, there is no other column, or a label is missing.
        """
        self.check_column(target)
        if self.frame.shape[1] < 2:
            raise ValueError(f"column {target!r} is the only one; at least one other column is needed to learn from")
        y = self.frame[target]
        missing = np.flatnonzero(y.isna().to_numpy())
        if len(missing):
            place = (
                f"line {self.source.line(int(missing[0]))}"
                if isinstance(self.source, TextSource)
                else f"row {missing[0] + 1}"
            )
            raise ValueError(
                f"column {target!r} has {counted(len(missing), 'missing cell')}, the first on {place}; fill them in, "
                "or remove the rows"
            )
        return self.frame.drop(columns=target), y


def read_table(path: str | Path) -> Table:
    r"""Read a table from a file: CSV, TSV, Parquet or Feather.

    Parameters
    ----------
    path : str or Path
        The file. Its extension says how it is stored: .csv, .csv.gz, .tsv, .tsv.gz, .parquet, .feather or .arrow.

    Returns
    -------
    Table
        Its typed columns (integers, nullable where cells are missing; decimals; dates; strings), and how it was
        written.

    Raises
    ------
    OSError
        If the file does not exist or cannot be read.
    ValueError
        If the extension is unknown, or the file is not such a table. For a CSV file with a ragged row the message names
        the line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from ganaug.datasets import read_table
    >>> path = pathlib.Path(tempfile.mkdtemp(), "people.csv")
    >>> _ = path.write_text("zip;born;height\n00123;31.12.1999;1,80\n04711;;1,65\n")
    >>> read_table(path).frame
         zip       born  height
    0  00123 1999-12-31    1.80
    1  04711        NaT    1.65
    """
    path = Path(path)
    kind = _kind(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory; pass the file of a table")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        if kind == "parquet" or kind == "feather":
            arrow = read_arrow(path, kind)
            table = Table(arrow.frame(), arrow)
        else:
            table = Table(*read_text(_bytes(path), kind))
        if table.frame.empty:
            raise ValueError("the file holds no rows")
    except (ValueError, pa.ArrowException) as error:
        raise ValueError(f"{path}: {error}") from error
    return table


def _bytes(path: Path) -> bytes:
    """Return the bytes of a text file, decompressed."""
    raw = path.read_bytes()
    if not path.name.lower().endswith(".gz"):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"the file is not a complete gzip file ({error})") from error


def write_table(
    path: str | Path,
    table: Table,
    synthetic: pd.DataFrame | None = None,
    *,
    mark: str | None = None,
    n_repeated: int = 0,
    only_synthetic: bool = False,
    force: bool = False,
) -> None:
    r"""Write a table and its synthetic rows: the unchanged originals first, then the synthetic rows.

    The file is written under a temporary name and then renamed. So at any moment `path` has either its old content or
    its new content.

    Parameters
    ----------
    path : str or Path
        The file to write. Its extension says how it is stored, see `read_table`.
    table : Table
        The originals. If `path` is stored like their file, text files get the same bytes again, and Parquet and Feather
        files the same schema and metadata.
    synthetic : DataFrame or None, default=None
        Rows to append, with the columns of ``table.frame`` in any order.
    mark : str or None, default=None
        Name of a column to add as the last one: 1 for synthetic rows, 0 for originals. None adds no column.
    n_repeated : int, default=0
        The first `n_repeated` rows of `synthetic` are repeated originals: their mark is 0.
    only_synthetic : bool, default=False
        Whether to leave out the originals.
    force : bool, default=False
        Whether an existing file may be replaced.

    Raises
    ------
    OSError
        If the file cannot be written, or exists and `force` is False.
    ValueError
        If the extension is unknown, or the table has a column `mark` already.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> from ganaug.datasets import read_table, write_table
    >>> path = pathlib.Path(tempfile.mkdtemp(), "shop.csv")
    >>> _ = path.write_text('item;price;sold\n"tea";2,50;12\n"jam";;?')
    >>> rows = pd.DataFrame({"item": ["jam"], "price": [3.1], "sold": [None]})
    >>> write_table(path, read_table(path), rows, mark="synthetic", force=True)
    >>> print(path.read_text())
    item;price;sold;synthetic
    "tea";2,50;12;0
    "jam";;?;0
    "jam";3,10;?;1
    """
    path = Path(path)
    kind = _kind(path)
    check_output(path, force=force)
    columns = list(table.frame.columns)
    if mark is not None and mark in columns:
        raise ValueError(f"the table has a column {mark!r} already; choose another name for the mark")
    rows = table.frame.iloc[:0] if synthetic is None else synthetic[columns]
    marks = None if mark is None else Mark(mark, np.repeat([0, 1], [n_repeated, len(rows) - n_repeated]))
    if kind == "parquet" or kind == "feather":
        arrow = table.source if isinstance(table.source, ArrowSource) else ArrowSource.of_frame(table.frame)
        with replacing(path) as temporary:
            write_arrow(temporary, kind, arrow.extended(rows, marks, only_synthetic), arrow.compression)
        return
    if not isinstance(table.source, TextSource):
        data = plain_text(table.frame, rows, kind, marks, only_synthetic)
    elif table.source.kind == kind:
        data = table.source.extended(rows, marks, only_synthetic)
    else:
        data = table.source.translated(kind, table.frame, rows, marks, only_synthetic)
    if path.name.lower().endswith(".gz"):
        # without a name and a time in the header, so that the same table gives the same bytes
        data = gzip.compress(data, mtime=0)
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_table_samples(
    path: str | Path, X: Any, *, target: str | None = None, label: Any = None, force: bool = False
) -> None:
    """Write synthetic rows of one class, in whatever container a model returned them.

    Parameters
    ----------
    path : str or Path
        The file to write. Its extension says how it is stored, see `read_table`.
    X : DataFrame of pandas or polars, or array, shape (n, d)
        The rows. Columns of arrays are named x0, x1 and so on.
    target : str or None, default=None
        Name of a column to add as the last one, with the label of each row. None adds no column.
    label : object, default=None
        The class of the rows.
    force : bool, default=False
        Whether an existing file may be replaced.

    Raises
    ------
    OSError
        If the file cannot be written, or exists and `force` is False.
    ValueError
        If the extension is unknown, or the rows have a column `target` already.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from ganaug.datasets import write_table_samples
    >>> path = pathlib.Path(tempfile.mkdtemp(), "rows.csv")
    >>> write_table_samples(path, np.array([[1.5, 2], [3, 4]]), target="churn", label="yes")
    >>> print(path.read_text())
    x0,x1,churn
    1.5,2.0,yes
    3.0,4.0,yes
    """
    has_names = container_of(X).kind != "array"
    frame = to_pandas(X, dtypes="numpy")
    frame = frame.set_axis([str(name) if has_names else f"x{name}" for name in frame.columns], axis=1)
    if target is not None:
        if target in frame.columns:
            raise ValueError(
                f"the rows have a column {target!r}, which is also the name of the labels; rename one of them"
            )
        frame = frame.assign(**{target: [label] * len(frame)})
    write_table(path, Table(frame), force=force)


def check_output(path: str | Path, *, force: bool = False, extensions: bool = True) -> None:
    """Make sure that a file can be written, before time is spent on computing its content.

    Parameters
    ----------
    path : str or Path
        The file to write.
    force : bool, default=False
        Whether an existing file may be replaced.
    extensions : bool, default=True
        Whether the extension must be one of a table, see `read_table`.

    Raises
    ------
    OSError
        If `path` exists and `force` is False, is a directory, or its folder does not exist or is not writable.
    ValueError
        If the extension is unknown.

    Examples
    --------
    >>> check_output("rows.xlsx")
    Traceback (most recent call last):
    ...
    ValueError: rows.xlsx: unknown extension; use one of .arrow, .csv, .csv.gz, .feather, .parquet, .tsv, .tsv.gz
    """
    path = Path(path)
    if extensions:
        _kind(path)
    folder = path.resolve().parent
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory; pass the name of a file")
    if path.exists() and not force:
        raise FileExistsError(f"{path} exists already; use --force (in Python force=True) to replace it")
    if not folder.is_dir():
        raise NotADirectoryError(f"cannot write {path}: the folder {folder} does not exist")
    try:
        # os.access would not notice read-only disks and quotas
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise PermissionError(f"cannot write {path}: {error.strerror}") from error


def _kind(path: Path) -> Kind:
    name = path.name.lower()
    for extension, kind in _KINDS.items():
        if name.endswith(extension):
            return kind
    raise ValueError(f"{path}: unknown extension; use one of {', '.join(sorted(_KINDS))}")
