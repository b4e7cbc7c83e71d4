"""Tables in files: read as typed frames, and written back in their original form.

A CSV file holds more than values. A data frame would lose its encoding, delimiter, quotes and line ends, the price
written as ``1.50`` and the missing cell written as ``?``. So a :class:`Table` keeps two things: the typed frame from
which a model learns, and the file itself. :func:`write_table` copies the file and appends the synthetic rows in the
same dialect and notation (`csv_format`), or in the same schema (`arrow`).
"""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from ganaug.common.containers import container_of, to_pandas
from ganaug.common.files import check_regular, replacing
from ganaug.common.labels import kind_of_target
from ganaug.common.stored import StoredColumns
from ganaug.common.wording import counted, listed, shortened
from ganaug.datasets.arrow import ArrowSource, read_arrow, write_arrow
from ganaug.datasets.columns import Mark
from ganaug.datasets.csv_format import TextFormat, TextSource, write_plain
from ganaug.datasets.csv_notation import ColumnNotation, Words
from ganaug.datasets.csv_reader import read_text
from ganaug.datasets.text_file import read_bytes, writing

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
    target : str or None, default=None
        The column that was read as names of classes.

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
    target: str | None = None

    def format(self) -> dict[str, Any] | None:
        """Describe how the text file is written, in JSON's terms; None if it was none.

        `write_table_samples` writes rows in this format.
        """
        return self.source.format.state() if isinstance(self.source, TextSource) else None

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
        hint = (
            f"did you mean {lower[similar[0]]!r}?"
            if similar
            else f"the columns are {listed([shortened(column, 80) for column in columns], 8)}"
        )
        if isinstance(self.source, TextSource) and self.source.format.encoding.is_guessed:
            hint += (
                f". The file is not UTF-8 and was read as {self.source.format.encoding.name}: if letters are wrong, "
                "pass --encoding (in Python encoding=)"
            )
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
            The labels, with the name `target`. None is missing. Decimal numbers such as 0.5 become text, because they
            are names of classes here.

        Raises
        ------
        ValueError
            If there is no such column, there is no other column, a label is missing, or the labels are measurements.
        """
        self.check_column(target)
        if self.frame.shape[1] < 2:
            raise ValueError(f"column {target!r} is the only one; at least one other column is needed to learn from")
        y = self.frame[target]
        self._refuse_missing(target)
        _check_target(target, y)
        if y.dtype.kind == "f" and not (y == np.rint(y)).all():
            y = y.map(lambda value: str(float(value)))
        return self.frame.drop(columns=target), y

    def _refuse_missing(self, target: str) -> None:
        missing = np.flatnonzero(self.frame[target].isna().to_numpy())
        if len(missing):
            source = self.source
            place = (
                f"line {source.line(int(missing[0]))}" if isinstance(source, TextSource) else f"row {missing[0] + 1}"
            )
            cell = ""
            if isinstance(self.source, TextSource):
                column = next(column for column in self.source.format.columns if column.name == target)
                cell = f" ({column.notation.missing!r})" if column.notation.missing else ""
            raise ValueError(
                f"column {target!r} has {counted(len(missing), 'missing cell')}{cell}, the first on {place}; fill them "
                "in, or remove the rows"
            )


def read_table(
    path: str | Path, *, target: str | None = None, like: Table | None = None, encoding: str | None = None
) -> Table:
    r"""Read a table from a file: CSV, TSV, Parquet or Feather.

    Parameters
    ----------
    path : str or Path
        The file. Its extension says how it is stored: .csv, .csv.gz, .tsv, .tsv.gz, .parquet, .feather or .arrow.
    target : str or None, default=None
        For CSV: the column that names the classes. Its cells are read as text, as they are written: 01, 1e3, 1.10 and
        NA are classes. Only an empty cell and NaN, null or ? mean that the class is missing.
    like : Table or None, default=None
        A table with the same columns, such as the real rows of which this file has synthetic ones. Its types and its
        notation decide how the cells of this file are read, so that equal cells become equal values.
    encoding : str or None, default=None
        For CSV: name of a codec of Python, such as "cp1251", "gbk" or "shift_jis". None takes UTF-8, UTF-16 or UTF-32
        where the bytes say so, then the code page under which `target` is a column, then Western (cp1252).

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
        the line. Also if a .gz file grows beyond any table (more than 256 MiB and 200 times its size), or a table has
        more than 20,000 columns or a cell of more than a million characters.

    Warns
    -----
    UserWarning
        If a column that looks like numbers is read as categories, because its cells have several notations; if the
        encoding is a guess that seems wrong; and if a name of a class may mean that it is missing, such as NA.

    Notes
    -----
    Numbers may have groups of thousands, a decimal comma, a currency, a unit or a percent sign, if all cells of the
    column have it: ``$4,689.92``, ``1.234,50 €``, ``47.8 kg``, ``12 %``, ``(1,234)`` for -1234. Of ``1,234`` beside
    ``766`` the other columns of the file decide whether the mark is a decimal one; without them, it is a group of
    thousands. A cell such as ``<0.01`` among numbers is read as one step below the limit, and every value below the
    limit is written like that.

    Above the header may stand ``sep=;``, lines that start with #, or a title.

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
    check_regular(path)
    if like is not None and target is not None and target in like.frame and not _is_text(like.frame[target]):
        target = None
    try:
        if kind == "parquet" or kind == "feather":
            arrow = read_arrow(path, kind)
            frame = arrow.frame()
            if like is not None and target is not None and target in frame and not _is_text(frame[target]):
                frame = frame.assign(**{target: frame[target].map(str, na_action="ignore")})
            table = Table(frame, arrow)
        else:
            usual = like.source.format.encoding.name if like and isinstance(like.source, TextSource) else None
            frame, source = read_text(
                read_bytes(path), kind, target=target, like=_notations(like), usual=usual, encoding=encoding
            )
            table = Table(frame, source, target)
        if table.frame.empty:
            raise ValueError("the file holds no rows")
    except (ValueError, MemoryError, pa.ArrowException) as error:
        raise ValueError(f"{path}: {error}") from error
    return table


def _check_target(target: str, y: pd.Series) -> None:
    """Refuse a target of measurements: numbers of which most occur once."""
    counts = y.value_counts()
    if len(y) < 20 or (counts == 1).sum() <= len(y) / 2 or y.dtype == bool:
        return
    numbers = pd.to_numeric(pd.Series(counts.index.astype(object)), errors="coerce")
    if numbers.notna().all() and kind_of_target(numbers) == "measured":
        raise ValueError(
            f"column {target!r} holds numbers such as {counts.index[0]} and {counts.index[-1]}, {len(counts):,} "
            f"different ones in {len(y):,} rows, but each row needs a class. Name another column, or make classes of "
            "the numbers, such as low and high; in Python, ganaug.targets.GANRegressionOversampler adds rows where "
            "numbers are rare"
        )


def _is_text(column: pd.Series) -> bool:
    return bool(pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column))


def _notations(like: Table | None) -> dict[str, ColumnNotation]:
    """Return how the cells of a table are written. Of a table without cells it is known which columns are text."""
    if like is None:
        return {}
    if isinstance(like.source, TextSource):
        return {column.name: column.notation for column in like.source.format.columns}
    words = [name for name, column in like.frame.items() if _is_text(column) or column.dtype == "category"]
    return {str(name): ColumnNotation(Words(), pd.Series(dtype=object), "") for name in words}


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
        frame, rows = _with_typed_labels(table, rows)
        arrow = table.source if isinstance(table.source, ArrowSource) else ArrowSource.of_frame(frame)
        with replacing(path) as temporary:
            write_arrow(temporary, kind, arrow.extended(rows, marks, only_synthetic), arrow.compression)
        return
    with writing(path) as file:
        if not isinstance(table.source, TextSource):
            write_plain(file, kind, table.frame, rows, marks, only_synthetic=only_synthetic)
        elif table.source.format.kind == kind:
            table.source.write(file, rows, marks, only_synthetic=only_synthetic)
        else:
            originals = table.frame.iloc[:0] if only_synthetic else table.frame
            zeros = np.zeros(len(originals), dtype=int)
            of_rows = None if marks is None else marks.marks
            tables = [(originals, None if marks is None else zeros), (rows, of_rows)]
            table.source.format.write_as(file, kind, tables, mark)


def _with_typed_labels(table: Table, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return originals and rows with labels as integers, if all are written as integers are."""
    if table.target is None or not isinstance(table.source, TextSource):
        return table.frame, rows
    target = table.target
    if not all(part[target].astype(str).str.fullmatch("0|-?[1-9][0-9]{0,17}").all() for part in (table.frame, rows)):
        return table.frame, rows
    frame, typed = (part.assign(**{target: part[target].astype("int64")}) for part in (table.frame, rows))
    return frame, typed


def write_table_samples(
    path: str | Path,
    X: Any,
    *,
    target: str | None = None,
    label: Any = None,
    text_format: Mapping[str, Any] | None = None,
    force: bool = False,
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
    text_format : mapping or None, default=None
        For CSV: how the file was written from which the model learned, as `Table.format` describes it. If the rows have
        its columns, they are written like that. None writes plain CSV.
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
    container = container_of(X)
    frame = to_pandas(X, dtypes="numpy")
    names = [str(name) if container.kind != "array" else f"x{name}" for name in frame.columns]
    # times and decimals as the user holds them; sparse columns stay dense
    frame = StoredColumns(counted=container.stored.counted).restore(frame).set_axis(names, axis=1)
    if target is not None:
        if target in frame.columns:
            raise ValueError(
                f"the rows have a column {target!r}, which is also the name of the labels; rename one of them"
            )
        frame = frame.assign(**{target: [label] * len(frame)})
    path, kind = Path(path), _kind(Path(path))
    of = None if text_format is None else TextFormat.from_state(text_format)
    columns = [] if of is None else [column.name for column in of.columns]
    if of is None or kind not in ("csv", "tsv") or set(columns) != set(frame.columns):
        write_table(path, Table(frame), force=force)
        return
    check_output(path, force=force)
    with writing(path) as file:
        of.write_as(file, kind, [(frame[columns], None)], None)


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
        If `path` exists and `force` is False, is a directory or a device, or its folder does not exist or is not
        writable.
    ValueError
        If the extension is unknown.

    Examples
    --------
    >>> check_output("rows.txt")
    Traceback (most recent call last):
    ...
    ValueError: rows.txt: unknown extension; use one of .arrow, .csv, .csv.gz, .feather, .parquet, .tsv, .tsv.gz
    """
    path = Path(path)
    if extensions:
        _kind(path)
    folder = path.resolve().parent
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory; pass the name of a file")
    check_regular(path)
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
    hints = {
        ". ganaug reads and writes no sheets; save the sheet as CSV": (".xlsx", ".xls", ".xlsm", ".ods", ".numbers"),
        ". Unpack it first; images stay in their folders": (".zip", ".tar", ".7z", ".rar", ".tgz", ".tar.gz"),
    }
    hint = next((words for words, extensions in hints.items() if name.endswith(extensions)), "")
    if name.endswith((".json", ".jsonl", ".ndjson")):
        lines = "" if name.endswith(".json") else ", lines=True"
        hint = f'. Convert it first: pandas.read_json("{path.name}"{lines}).to_csv("{path.stem}.csv", index=False)'
    raise ValueError(f"{path}: unknown extension; use one of {', '.join(sorted(_KINDS))}{hint}")
