"""Tables in files: read as typed frames, written back in the notation they came in.

A CSV file is more than its values. Its encoding, delimiter, quotes and line ends, ``1.50`` for a price
and ``?`` for a missing cell are lost once it has been through a data frame. So a :class:`Table` keeps two
things: the typed frame that a model learns from, and the file's own bytes. :func:`write_table` writes those
bytes again and appends the synthetic rows in the same notation.

Every column is parsed through its *distinct* cells (Arrow's dictionary encoding), so the work in Python grows
with the vocabulary and no row is ever looped over.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import re
import tempfile
import zlib
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from ganaug.common.files import replacing

__all__ = ["Table", "check_output", "read_table", "write_table"]

# Extension -> how the file is stored. The longer ones come first, for "data.csv.gz" also ends with ".gz".
_KINDS = {
    ".csv.gz": "csv",
    ".tsv.gz": "tsv",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
}

# Cells that mean "missing" in any column, and those that do only among numbers: "None" may be a category.
_MISSING = ["", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "NaT", "<NA>", "null", "NULL", "Null"]
_MISSING_NUMBER = [*_MISSING, "None", "none", "NONE", "-", "--", ".", "#NULL!", "#DIV/0!", "#VALUE!"]


@dataclass(frozen=True)
class Table:
    """A table and what is needed to write it back as it came.

    Parameters
    ----------
    frame : DataFrame
        The typed columns: integers (nullable where cells are missing), decimals, dates, and strings.
    source : object, optional
        How the file was written. ``None`` for a table that never was in a file.

    Examples
    --------
    >>> import pandas as pd
    >>> from ganaug.datasets.tables import Table
    >>> X, y = Table(pd.DataFrame({"age": [31, 42], "churn": ["no", "yes"]})).split("churn")
    >>> list(X), list(y)
    (['age'], ['no', 'yes'])
    """

    frame: pd.DataFrame
    source: _TextSource | _ArrowSource | None = field(default=None, repr=False)

    def check_column(self, name: str) -> None:
        """Make sure that there is a column.

        Parameters
        ----------
        name : str
            Of the column.

        Raises
        ------
        ValueError
            Where there is none; the message names the nearest one.
        """
        if name in self.frame.columns:
            return
        columns = [str(column) for column in self.frame.columns]
        lower = {column.lower(): column for column in reversed(columns)}
        near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
        shown = ", ".join(columns[:8]) + (", ..." if len(columns) > 8 else "")
        hint = f"did you mean {lower[near[0]]!r}?" if near else f"the columns are {shown}"
        raise ValueError(f"no column {name!r}: {hint}")

    def split(self, target: str) -> tuple[pd.DataFrame, pd.Series]:
        """Split into features and labels.

        Parameters
        ----------
        target : str
            The column of labels.

        Returns
        -------
        X : DataFrame of shape (n_rows, n_columns - 1)
            All other columns.
        y : Series of shape (n_rows,)
            Named `target`, without missing labels.

        Raises
        ------
        ValueError
            Where there is no such column, no other column, or a label is missing.
        """
        self.check_column(target)
        if self.frame.shape[1] < 2:
            raise ValueError(f"{target!r} is the only column: there is nothing to learn from")
        y = self.frame[target]
        missing = np.flatnonzero(y.isna().to_numpy())
        if len(missing):
            place = (
                f"line {self.source.line(int(missing[0]))}"
                if isinstance(self.source, _TextSource)
                else f"row {missing[0] + 1}"
            )
            cells = "cell" if len(missing) == 1 else "cells"
            raise ValueError(f"column {target!r} has {len(missing)} missing {cells}, the first on {place}")
        return self.frame.drop(columns=target), y


# ---------------------------------------------------------------------------------------- reading and writing


def read_table(path: str | Path) -> Table:
    r"""Read a table by its extension: CSV, TSV (also ``.gz``), Parquet or Feather.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Table
        Its typed columns, and how it was written.

    Raises
    ------
    OSError
        Where the file is not there or cannot be read.
    ValueError
        Where it is not such a table; a ragged CSV names the line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from ganaug.datasets.tables import read_table
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
        raise IsADirectoryError(f"{path} is a directory, not a table")
    if not path.exists():
        raise FileNotFoundError(f"no such file: {path}")
    try:
        if kind in ("csv", "tsv"):
            table = _read_text(path, kind)
        elif kind == "parquet":
            table = _read_parquet(path)
        else:
            table = _read_feather(path)
        if table.frame.empty:
            raise ValueError("it holds no rows")
    except (ValueError, pa.ArrowException) as error:
        raise ValueError(f"{path}: {error}") from error
    return table


class _Mark(NamedTuple):
    """A column that tells generated rows from real ones, and its values in the rows that are appended."""

    name: str
    values: np.ndarray

    def below(self, n_originals: int) -> np.ndarray:
        """Return the whole column."""
        return np.concatenate([np.zeros(n_originals), self.values]).astype(np.int8)


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
    r"""Write a table and its synthetic rows: originals first, as they were.

    The file is written beside `path` and renamed: at any moment `path` is what it was or what it shall be.

    Parameters
    ----------
    path : str or Path
        Where to write; the extension says how.
    table : Table
        The originals. Between two files of the same kind they come back byte for byte (text) or with their
        schema and metadata (Parquet, Feather).
    synthetic : DataFrame, optional
        Rows to append, with the columns of ``table.frame`` in any order.
    mark : str, optional
        Name of a last column to add: 1 for a synthetic row, 0 for an original one.
    n_repeated : int, default=0
        How many of `synthetic`, the first, are originals again: their mark is 0.
    only_synthetic : bool, default=False
        Leave the originals out.
    force : bool, default=False
        Replace a file that is already there.

    Raises
    ------
    OSError
        Where nothing can be written there.
    ValueError
        Where the extension is unknown or `mark` is a column already.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> from ganaug.datasets.tables import read_table, write_table
    >>> path = pathlib.Path(tempfile.mkdtemp(), "shop.csv")
    >>> _ = path.write_text('item;price;sold\n"tea";2,50;12\n"jam";;?')
    >>> rows = pd.DataFrame({"item": ["jam"], "price": [3.1], "sold": [None]})
    >>> write_table(path, read_table(path), rows, mark="made", force=True)
    >>> print(path.read_text())
    item;price;sold;made
    "tea";2,50;12;0
    "jam";;?;0
    "jam";3,10;?;1
    """
    path = Path(path)
    kind = _kind(path)
    check_output(path, force=force)
    columns = list(table.frame.columns)
    if mark is not None and mark in columns:
        raise ValueError(f"there is a column {mark!r} already: choose another name for the mark")
    rows = table.frame.iloc[:0] if synthetic is None else synthetic[columns]
    marked = None if mark is None else _Mark(mark, np.repeat([0, 1], [n_repeated, len(rows) - n_repeated]))
    if kind in ("csv", "tsv"):
        source = table.source if isinstance(table.source, _TextSource) else None
        if source is None:
            data = _plain_text(table, rows, kind, marked, only_synthetic)
        elif source.kind == kind:
            data = source.extended(rows, marked, only_synthetic)
        else:
            data = source.translated(kind, table.frame, rows, marked, only_synthetic)
        if path.name.lower().endswith(".gz"):
            # Neither name nor time in the header: the same table gives the same bytes.
            data = gzip.compress(data, mtime=0)
        with replacing(path) as beside:
            beside.write_bytes(data)
        return
    binary = table.source if isinstance(table.source, _ArrowSource) else _ArrowSource.of_frame(table.frame)
    arrow = binary.extended(rows, marked, only_synthetic)
    with replacing(path) as beside:
        if kind == "parquet":
            pq.write_table(arrow, beside, compression=binary.compression)
        else:
            with pa.OSFile(str(beside), "wb") as sink, pa.ipc.new_file(sink, arrow.schema) as writer:
                writer.write_table(arrow)


def check_output(path: str | Path, *, force: bool = False, extensions: bool = True) -> None:
    """Make sure that a file can be written, before hours are spent on what it shall hold.

    Parameters
    ----------
    path : str or Path
        Where to write.
    force : bool, default=False
        Whether a file that is already there may be replaced.
    extensions : bool, default=True
        Whether the extension must be one of a table.

    Raises
    ------
    OSError
        Where it exists (without `force`), is a directory, or its folder cannot be written to.
    ValueError
        Where the extension is unknown.
    """
    path = Path(path)
    if extensions:
        _kind(path)
    folder = path.resolve().parent
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory")
    if path.exists() and not force:
        raise FileExistsError(f"{path} exists already: --force replaces it")
    if not folder.is_dir():
        raise NotADirectoryError(f"cannot write {path}: there is no folder {folder}")
    try:
        # Permissions, read-only disks and quotas all speak here; asking os.access would miss the last two.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise PermissionError(f"cannot write {path}: {error.strerror}") from error


def _kind(path: Path) -> str:
    name = path.name.lower()
    for extension, kind in _KINDS.items():
        if name.endswith(extension):
            return kind
    raise ValueError(f"{path}: unknown extension; the known ones are {', '.join(sorted(_KINDS))}")


# -------------------------------------------------------------------------------------------- text: the cells


class _Notation(Protocol):
    """How one column writes its values."""

    def write(self, values: pd.Series) -> list[str]:
        """Return the cells of distinct values, none of them missing."""
        ...


@dataclass(frozen=True)
class _Words:
    """Cells that are taken as they are."""

    def write(self, values: pd.Series) -> list[str]:
        return [str(value) for value in values]


@dataclass(frozen=True)
class _Numbers:
    """Numbers.

    `places` is the number of decimals, of all cells (`fixed`) or at most; `digits` that of significant ones;
    `point` says whether a whole number keeps its ".0", and `exponent` is "e" or "E" where all cells have one.
    """

    places: int
    fixed: bool
    digits: int
    point: bool
    exponent: str
    comma: bool

    def write(self, values: pd.Series) -> list[str]:
        cells = [self._write(float(value)) for value in values]
        return [cell.replace(".", ",") for cell in cells] if self.comma else cells

    def _write(self, value: float) -> str:
        if not np.isfinite(value):
            return str(value)
        if self.exponent:
            text = f"{value:.{self.places}e}" if self.fixed else np.format_float_scientific(value)
            return text.replace("e", self.exponent)
        if self.fixed:
            return f"{round(value, self.places) + 0.0:.{self.places}f}"  # + 0.0: no "-0.00"
        # Seventeen digits are a double written in full: then its shortest text is the notation.
        value = value if self.digits >= 16 else float(f"{value:.{self.digits}g}")
        return np.format_float_positional(value + 0.0, precision=max(self.places, 1), trim="0" if self.point else "-")


@dataclass(frozen=True)
class _Integers:
    """Whole numbers."""

    def write(self, values: pd.Series) -> list[str]:
        return [str(round(value)) for value in values]


@dataclass(frozen=True)
class _Dates:
    """Dates of one format.

    `pattern` is for strftime, a "~" before a directive says that it is not padded; `fraction` is the number
    of digits of the second's fraction, and `suffix` the zone that all cells share.
    """

    pattern: str
    fraction: int
    suffix: str

    def write(self, values: pd.Series) -> list[str]:
        dates = pd.DatetimeIndex(values)
        cells = list(dates.strftime(self.pattern).str.replace("~0", "").str.replace("~", ""))
        if self.fraction:
            parts = dates.as_unit("ns").asi8 % 10**9 // 10 ** (9 - self.fraction)
            cells = [f"{cell}.{part:0{self.fraction}d}" for cell, part in zip(cells, parts, strict=True)]
        return [cell + self.suffix for cell in cells]


@dataclass
class _Column:
    """One column of a text file: its values' notation, and the cells seen for them.

    A synthetic value that equals one in the file takes that one's cell, so that ``1e3``, ``+5`` or ``007``
    return as they were; the notation writes the rest.
    """

    name: str
    notation: _Notation
    seen: pd.Series  # value -> its most frequent cell
    missing: str  # the cell of a missing value
    lead: str = ""  # " " where the file puts a space after each delimiter
    quoted: bool = False
    quoted_missing: bool = False

    def write(self, values: pd.Series, needs_quotes: re.Pattern[str]) -> np.ndarray:
        """Return the raw cells, quotes included."""
        codes, uniques = pd.factorize(values)
        distinct = pd.Series(uniques)
        cells = np.empty(len(distinct) + 1, dtype=object)
        known = self.seen.index.get_indexer(pd.Index(distinct))
        cells[:-1][known >= 0] = self.seen.to_numpy()[known[known >= 0]]
        if (known < 0).any():
            cells[:-1][known < 0] = self.notation.write(distinct[known < 0])
        cells[:-1] = [_quote(cell, self.quoted, needs_quotes, self.lead) for cell in cells[:-1]]
        cells[-1] = _quote(self.missing, self.quoted_missing, needs_quotes, self.lead)
        return cells[codes]  # factorize gives a missing value the code -1: the last


def _quote(cell: str, always: bool, needed: re.Pattern[str], lead: str) -> str:
    quoted = always or needed.search(cell) is not None
    return lead + ('"' + cell.replace('"', '""') + '"' if quoted else cell)


def _read_column(name: str, cells: pa.ChunkedArray, comma: bool) -> tuple[pd.Series, _Column]:
    """Find out what a column of cells holds.

    Returns
    -------
    values : Series of shape (n_rows,)
    column : _Column
    """
    encoded = cells.combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy()
    counts = np.bincount(codes, minlength=len(encoded.dictionary))
    tokens = pc.utf8_trim_whitespace(encoded.dictionary)
    spaced = pc.starts_with(encoded.dictionary, " ")
    lead = " " if pc.all(pc.or_(spaced, pc.equal(encoded.dictionary, ""))).as_py() and pc.any(spaced).as_py() else ""

    typed = None
    missing = _is_in(tokens, _MISSING_NUMBER)
    for parse in (_parse_dates, _parse_integers, _parse_numbers):
        if typed is None and not missing.all():
            typed = parse(tokens.filter(pa.array(~missing)), comma)
    if typed is None and not missing.all():
        odd = ~missing & ~_matches(tokens, r"[0-9]") & ~_matches(tokens, r"^[+-]?(?i:inf|infinity)$")
        if odd.sum() == 1 and counts[odd][0] > 1 and (~missing & ~odd).sum() > 2:
            # One word among numbers, again and again ("unknown"): the file's own way to say missing.
            rest = tokens.filter(pa.array(~missing & ~odd))
            typed = _parse_integers(rest, comma) or _parse_numbers(rest, comma)
            missing = missing | odd if typed is not None else missing
    if typed is not None:
        parsed, notation = typed
        seen = tokens
    elif missing.all():
        parsed, notation, seen = np.array([]), _Words(), tokens
    else:
        # Of several missing words the most frequent one counts; as categories the others return as they were.
        seen = pc.utf8_ltrim_whitespace(encoded.dictionary) if lead else encoded.dictionary
        missing = _is_in(tokens, _MISSING)
        if missing.any():
            missing &= np.arange(len(counts)) == np.argmax(np.where(missing, counts, -1))
        notation = _Words()
        parsed = seen.filter(pa.array(~missing)).to_numpy(zero_copy_only=False)

    seen_cells = seen.to_numpy(zero_copy_only=False)
    most = np.argsort(-counts, kind="stable")
    tokens_missing = [seen_cells[i] for i in most if missing[i]]
    column = _Column(
        name=name,
        notation=notation,
        seen=_most_frequent(parsed, seen_cells[~missing], counts[~missing]),
        missing=tokens_missing[0] if tokens_missing else "",
        lead=lead,
    )
    # The distinct values, then taken by the codes of the rows.
    at = np.full(len(counts), -1)
    at[~missing] = np.arange(len(parsed))
    values: pd.Series = pd.Series(parsed, dtype="float64" if missing.all() else None)
    if isinstance(notation, _Integers) and missing.any():
        values = values.astype("Int64")
    taken = values.reindex(at[codes]) if missing.any() else values.take(at[codes])
    return taken.reset_index(drop=True).rename(name), column


def _most_frequent(values: Any, cells: np.ndarray, counts: np.ndarray) -> pd.Series:
    order = np.argsort(-counts, kind="stable")
    seen = pd.Series(cells, index=pd.Index(values), dtype=object).iloc[order]
    return seen[~seen.index.duplicated()]


def _is_in(tokens: pa.Array, words: list[str]) -> np.ndarray:
    return pc.is_in(tokens, value_set=pa.array(words, type=tokens.type)).to_numpy(zero_copy_only=False)


def _matches(tokens: pa.Array, pattern: str) -> np.ndarray:
    return pc.match_substring_regex(tokens, pattern).to_numpy(zero_copy_only=False)


def _parse_integers(tokens: pa.Array, comma: bool) -> tuple[np.ndarray, _Notation] | None:
    # A leading zero says code, not number: 00123 is a name for a place.
    if not _matches(tokens, r"^[+-]?(0|[1-9][0-9]*)$").all():
        return None
    try:
        values = pc.cast(pc.replace_substring_regex(tokens, r"^\+", ""), pa.int64())
    except pa.ArrowInvalid:
        return None  # twenty digits are a name as well
    return values.to_numpy(), _Integers()


def _parse_numbers(tokens: pa.Array, comma: bool) -> tuple[np.ndarray, _Notation] | None:
    number = r"^[+-]?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$"
    infinite = r"^[+-]?(?i:inf|infinity)$"
    # A table with one decimal comma may still hold 1e-5 or 0: a comma is allowed, a point then is not.
    comma = comma and bool(_matches(tokens, ",").any())
    if comma and _matches(tokens, "[.]").any():
        return None
    plain = pc.replace_substring(tokens, ",", ".") if comma else tokens
    finite = _matches(plain, number)
    # Digits without a point that do not fit into 64 bits are names; so they are here as well.
    if not (finite | _matches(plain, infinite)).all() or not finite.any():
        return None
    if _matches(plain, r"^[+-]?[0-9]{19,}$").any():
        return None
    values = pc.cast(pc.replace_substring_regex(plain, r"^\+", ""), pa.float64())
    plain = plain.filter(pa.array(finite))
    mantissa = pc.replace_substring_regex(plain, r"[eE].*$", "")
    decimals = pc.replace_substring_regex(mantissa, r"^[^.]*[.]?", "")
    places = pc.binary_length(decimals).to_numpy()
    digits = pc.replace_substring_regex(pc.replace_substring(mantissa, ".", ""), r"^[+-]?0*", "")
    exponents = _matches(plain, "[eE]")
    notation = _Numbers(
        places=int(places.max()),
        fixed=bool((places == places[0]).all()) and (not exponents.any() or bool(exponents.all())),
        digits=max(1, int(pc.max(pc.binary_length(digits)).as_py())),
        point=bool(_matches(mantissa, "[.]").all()),
        exponent=("E" if _matches(plain, "E").any() else "e") if exponents.all() else "",
        comma=comma,
    )
    if exponents.any() and not exponents.all():
        # Python's own way: an exponent for the very large and small, so decimals are not counted in places.
        notation = _Numbers(17, False, notation.digits, notation.point, "", comma)
    return values.to_numpy(), notation


_DAYS = [
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m", "%m/%Y", "%b %Y", "%b-%Y", "%b-%y"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d%b%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y"),
]
_TIMES = ["", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p"]
_DIGITS = {"Y": "[0-9]{4}", "y": "[0-9]{2}", "b": "[A-Z][a-z]{2}", "B": "[A-Z][a-z]+", "p": "[AP]M"}
# Which directives may be written without padding: none, those of the day, the hour as well, the hour alone.
_UNPADDED = ["", "dm", "dmHI", "HI"]


def _parse_dates(tokens: pa.Array, comma: bool) -> tuple[pd.DatetimeIndex, _Notation] | None:
    """Find the one format that writes every cell as it is, or none: then the cells stay strings."""
    first = tokens[0].as_py()
    if not 6 <= len(first) <= 40 or not any(character.isdigit() for character in first):
        return None
    shape = re.search(r":\d\d(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$", first)
    fraction, suffix = (shape[1] or "", shape[2] or "") if shape else ("", "")
    tail = (f"[.][0-9]{{{len(fraction)}}}" if fraction else "") + re.escape(suffix)
    for pattern in (day + time for day in _DAYS for time in _TIMES):
        if bool(tail) and "%M" not in pattern:
            continue
        body = re.sub("%(.)", lambda directive: _DIGITS.get(directive[1], "[0-9]{1,2}"), pattern.replace(".", "[.]"))
        if not re.fullmatch(body + tail, first) or not _matches(tokens, f"^{body}{tail}$").all():
            continue
        cells = pc.replace_substring_regex(tokens, f"{tail}$", "") if tail else tokens
        dates = pd.to_datetime(pd.Series(cells.to_pandas()), format=pattern, errors="coerce")
        if dates.isna().any() or (pattern == "%Y%m%d" and not dates.dt.year.between(1800, 2200).all()):
            continue
        if fraction:
            parts = pc.utf8_slice_codeunits(
                pc.replace_substring_regex(tokens, f"{re.escape(suffix)}$", ""), -len(fraction), None
            )
            nanoseconds = pc.cast(parts, pa.int64()).to_numpy() * 10 ** (9 - len(fraction))
            dates = dates.dt.as_unit("ns") + pd.to_timedelta(nanoseconds, unit="ns")
        whole = tokens.to_numpy(zero_copy_only=False)
        for unpadded in _UNPADDED:
            notation = _Dates(re.sub(f"%([{unpadded or '~'}])", r"~%\1", pattern), len(fraction), suffix)
            if np.array_equal(np.array(notation.write(dates), dtype=object), whole):
                return pd.DatetimeIndex(dates), notation
    return None


# --------------------------------------------------------------------------------------------- text: the file


@dataclass(frozen=True)
class _TextSource:
    """A delimited text file: its bytes and its dialect."""

    raw: bytes = field(repr=False)
    kind: str
    bom: bytes
    encoding: str
    delimiter: str
    terminator: str
    quoted_header: bool
    columns: list[_Column] = field(repr=False)

    @property
    def text(self) -> str:
        return self.raw[len(self.bom) :].decode(self.encoding)

    def line(self, row: int) -> int:
        """Return the line on which a row starts, counted from 1 as editors do."""
        return _line(self.text, self.delimiter, row + 1)

    def cells(self, rows: pd.DataFrame, delimiter: str) -> list[str]:
        """Return the records of a frame, without line ends."""
        needs_quotes = re.compile(f'[{re.escape(delimiter)}"\\r\\n]')
        columns = [column.write(rows[column.name], needs_quotes) for column in self.columns]
        return list(map(delimiter.join, zip(*columns, strict=True)))

    def name_cell(self, name: str, delimiter: str) -> str:
        needs_quotes = re.compile(f'[{re.escape(delimiter)}"\\r\\n]')
        return _quote(name, self.quoted_header, needs_quotes, self.columns[-1].lead)

    def extended(self, rows: pd.DataFrame, mark: _Mark | None, only_synthetic: bool) -> bytes:
        """Return the file with rows appended; what was there is copied, not written anew."""
        if mark is None and not only_synthetic and rows.empty:
            return self.raw
        text = self.text
        header = _record_pattern(self.delimiter).search(text)
        assert header is not None
        head, body = text[: header.end()], text[header.end() :]
        records = self.cells(rows, self.delimiter)
        if mark is not None:
            head += self.delimiter + self.name_cell(mark.name, self.delimiter)
            cell = self.delimiter + self.columns[-1].lead
            body = _record_pattern(self.delimiter).sub(lambda record: record[0] + cell + "0", body)
            records = [f"{record}{cell}{made}" for record, made in zip(records, mark.values, strict=True)]
        ends = text.endswith(("\n", "\r"))
        if only_synthetic:
            text = self.terminator.join([head, *records]) + (self.terminator if ends else "")
        else:
            text = head + body
            if records:
                # A last line without an end gets one, and the new last line has none then.
                appended = self.terminator.join(records)
                text += appended + self.terminator if ends else self.terminator + appended
        return self.bom + text.encode(self.encoding)

    def translated(
        self, kind: str, frame: pd.DataFrame, rows: pd.DataFrame, mark: _Mark | None, only_synthetic: bool
    ) -> bytes:
        """Return the table for the other extension: another delimiter, the same notation of every cell."""
        delimiter = "\t" if kind == "tsv" else ","
        records = self.cells(rows, delimiter)
        originals = [] if only_synthetic else self.cells(frame, delimiter)
        head = delimiter.join(self.name_cell(column.name, delimiter) for column in self.columns)
        if mark is not None:
            head += delimiter + self.name_cell(mark.name, delimiter)
            originals = [record + delimiter + "0" for record in originals]
            records = [f"{record}{delimiter}{made}" for record, made in zip(records, mark.values, strict=True)]
        text = self.terminator.join([head, *originals, *records]) + self.terminator
        return self.bom + text.encode(self.encoding)


def _read_text(path: Path, kind: str) -> Table:
    raw = path.read_bytes()
    if path.name.lower().endswith(".gz"):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"not a whole gzip file ({error})") from error
    bom, encoding = _encoding(raw)
    text = raw[len(bom) :].decode(encoding)
    if not text.strip():
        raise ValueError("the file is empty")
    if "\0" in text:
        raise ValueError("it holds zero bytes, so it is not a text file")
    delimiter = _delimiter(text, kind)
    header = _record_pattern(delimiter).search(text)
    if header is None:
        raise ValueError("the first line is no header: a quote is opened and never closed")
    raw_names = _field_cells(header[0], delimiter)
    names = [name.strip() for name in next(csv.reader(io.StringIO(header[0], newline=""), delimiter=delimiter))]
    _check_names(names)

    cells = _read_cells(text, delimiter, names)
    if cells.num_rows == 0:
        raise ValueError("it holds a header and no rows")
    read = [_read_column(name, cells.column(i), delimiter != ",") for i, name in enumerate(names)]
    columns = [column for _, column in read]
    if '"' in text:
        _find_quotes(text, delimiter, columns)
    rest = text[header.end() : header.end() + 2]
    terminator = "\r\n" if rest == "\r\n" else rest[:1] or "\n"
    quoted_header = all(name.strip().startswith('"') for name in raw_names)
    source = _TextSource(raw, kind, bom, encoding, delimiter, terminator, quoted_header, columns)
    return Table(pd.DataFrame({column.name: values for values, column in read}), source)


def _encoding(raw: bytes) -> tuple[bytes, str]:
    for bom, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if raw.startswith(bom):
            return bom, encoding
    for encoding in ("utf-8", "cp1252"):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return b"", encoding
    return b"", "latin-1"  # has a letter for every byte, so this never fails and always returns as it was


def _delimiter(text: str, kind: str) -> str:
    """Return the delimiter that splits the first lines into most equally many cells as the header."""
    lines = re.sub('"[^"]*"', "", text[:200_000]).splitlines()[:200]
    lines = [line for line in lines if line.strip()]
    if not lines:
        return "\t" if kind == "tsv" else ","
    best, best_score = "\t" if kind == "tsv" else ",", (0.0, 0)
    for delimiter in ("\t", ",", ";", "|") if kind == "tsv" else (",", ";", "\t", "|"):
        width = lines[0].count(delimiter)
        same = sum(line.count(delimiter) == width for line in lines) / len(lines)
        if width and (same, width) > best_score:
            best, best_score = delimiter, (same, width)
    return best


def _field(delimiter: str) -> str:
    stop = re.escape(delimiter) + r"\r\n"
    return rf'(?:"[^"]*(?:""[^"]*)*"[^{stop}]*|[^"{stop}][^{stop}]*)?'


def _record_pattern(delimiter: str) -> re.Pattern[str]:
    """Return the pattern of a record without its line end. Empty lines are none, quoted ones end none."""
    cell = _field(delimiter)
    return re.compile(rf"(?=[^\r\n]){cell}(?:{re.escape(delimiter)}{cell})*(?=[\r\n]|\Z)")


def _field_cells(record: str, delimiter: str) -> list[str]:
    """Split a record into raw cells, quotes included."""
    cell, mark = _field(delimiter), re.escape(delimiter)
    return [match[1] for match in re.finditer(rf"(?:^|{mark})({cell})", record)]


def _line(text: str, delimiter: str, record: int) -> int:
    match = next(islice(_record_pattern(delimiter).finditer(text), record, None), None)
    before = text[: match.start()] if match else text
    return before.count("\n") + 1 if "\n" in text else before.count("\r") + 1


def _check_names(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"two columns are named {name!r}")
        seen.add(name)


def _read_cells(text: str, delimiter: str, names: list[str]) -> pa.Table:
    """Parse into strings, every cell as it is written, empty ones too."""
    ragged: list[Any] = []

    def stop(row: Any) -> str:
        ragged.append(row)
        return "error"

    numbered = [str(i) for i in range(len(names))]  # Arrow takes column types by name
    data = text.encode()
    try:
        cells = pa.csv.read_csv(
            io.BytesIO(data),
            # In one thread, for otherwise Arrow does not say which row is ragged.
            pa.csv.ReadOptions(column_names=numbered, use_threads=False, block_size=min(len(data) + 1, 1 << 26)),
            pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values='"' in text, invalid_row_handler=stop),
            pa.csv.ConvertOptions(
                column_types=dict.fromkeys(numbered, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowInvalid as error:
        if not ragged:
            raise
        line = _line(text, delimiter, ragged[0].number - 1)
        found, expected = ragged[0].actual_columns, ragged[0].expected_columns
        raise ValueError(f"line {line} has {found} cells, the header has {expected}") from error
    last = cells.column(cells.num_columns - 1)[-1].as_py()
    if "\n" in last and not text.rstrip("\r\n").endswith('"'):
        line = _line(text, delimiter, cells.num_rows - 1)
        raise ValueError(f"line {line} opens a quote that is never closed")
    return cells.slice(1)


def _find_quotes(text: str, delimiter: str, columns: list[_Column]) -> None:
    """Look at the first records for the columns whose cells always stand in quotes."""
    records = list(islice(_record_pattern(delimiter).finditer(text), 1, 2001))
    rows = [_field_cells(record[0], delimiter) for record in records]
    for column, cells in zip(columns, zip(*rows, strict=False), strict=False):
        quotes = [(cell.strip().startswith('"'), cell.strip().strip('"') == column.missing) for cell in cells]
        values = [quoted for quoted, missing in quotes if not missing]
        gaps = [quoted for quoted, missing in quotes if missing]
        column.quoted = all(values) if values else all(gaps)
        column.quoted_missing = all(gaps) if gaps else column.quoted


def _plain_text(table: Table, rows: pd.DataFrame, kind: str, mark: _Mark | None, only_synthetic: bool) -> bytes:
    """Return a table that never was text as text."""
    frame = rows if only_synthetic else pd.concat([table.frame, rows], ignore_index=True) if len(rows) else table.frame
    if mark is not None:
        frame = frame.assign(**{mark.name: mark.below(len(frame) - len(rows))})
    text: str = frame.to_csv(index=False, sep="\t" if kind == "tsv" else ",", lineterminator="\n")
    return text.encode()


# ---------------------------------------------------------------------------------------- Parquet and Feather


@dataclass(frozen=True)
class _ArrowSource:
    """A table of Arrow's: its columns, schema and metadata."""

    table: pa.Table = field(repr=False)
    compression: str = "snappy"

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> _ArrowSource:
        return cls(pa.Table.from_pandas(frame, preserve_index=False).unify_dictionaries())

    def frame(self) -> pd.DataFrame:
        """Return the typed frame, without the columns that pandas keeps its index in."""
        _check_names(self.table.column_names)
        index = _index_columns(self.table.schema)
        return pd.DataFrame(
            {name: _to_series(name, self.table.column(name)) for name in self.table.column_names if name not in index}
        )

    def extended(self, rows: pd.DataFrame, mark: _Mark | None, only_synthetic: bool) -> pa.Table:
        """Return the table with rows appended, cast to its schema."""
        index = _index_columns(self.table.schema)
        columns = [
            _continued(self.table.column(field.name), len(rows))
            if field.name in index
            else _to_arrow(rows[field.name], self.table.column(field.name))
            for field in self.table.schema
        ]
        synthetic = pa.Table.from_arrays(columns, schema=self.table.schema)
        table = synthetic if only_synthetic else pa.concat_tables([self.table, synthetic])
        if mark is not None:
            table = table.append_column(mark.name, pa.array(mark.below(table.num_rows - len(rows))))
        return table


def _read_parquet(path: Path) -> Table:
    with pq.ParquetFile(path) as file:
        metadata = file.metadata
        compression = "snappy"
        if metadata.num_row_groups and metadata.num_columns:
            compression = metadata.row_group(0).column(0).compression.lower()
        arrow = file.read().unify_dictionaries()
    source = _ArrowSource(arrow, "none" if compression == "uncompressed" else compression)
    return Table(source.frame(), source)


def _read_feather(path: Path) -> Table:
    with pa.OSFile(str(path), "rb") as file:
        source = _ArrowSource(pa.ipc.open_file(file).read_all().unify_dictionaries())
    return Table(source.frame(), source)


def _index_columns(schema: pa.Schema) -> set[str]:
    index = (schema.pandas_metadata or {}).get("index_columns", [])
    return {name for name in index if isinstance(name, str)}


def _to_series(name: str, column: pa.ChunkedArray) -> pd.Series:
    kind = column.type
    missing = column.null_count > 0
    if pa.types.is_null(kind):
        return pd.Series(np.full(len(column), np.nan))
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        column = column.cast(pa.float64() if pa.types.is_decimal(kind) else pa.float32())
    elif pa.types.is_date(kind):
        column = column.cast(pa.timestamp("ms"))
    elif pa.types.is_time(kind):
        column = column.cast(pa.int32() if pa.types.is_time32(kind) else pa.int64())
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise ValueError(f"column {name!r} holds {kind}, which cannot be generated: drop it first")
    if missing and pa.types.is_integer(column.type):
        # Through float64 large integers would lose their last digits.
        return pd.Series(column.to_pandas(types_mapper=_NULLABLE.get))
    if missing and pa.types.is_boolean(column.type):
        return pd.Series(column.to_pandas(types_mapper=_NULLABLE.get))
    return pd.Series(column.to_pandas())


_NULLABLE: dict[pa.DataType, Any] = {
    **{getattr(pa, name.lower())(): pd.api.types.pandas_dtype(name) for name in ("Int8", "Int16", "Int32", "Int64")},
    **{
        getattr(pa, name.lower())(): pd.api.types.pandas_dtype(name) for name in ("UInt8", "UInt16", "UInt32", "UInt64")
    },
    pa.bool_(): pd.BooleanDtype(),
}


def _to_arrow(values: pd.Series, original: pa.ChunkedArray) -> pa.Array:
    kind = original.type
    if pa.types.is_null(kind):
        return pa.nulls(len(values))
    if pa.types.is_dictionary(kind):
        # The very dictionary of the originals, unused levels included: a Feather file can hold only one.
        dictionary = original.chunk(0).dictionary
        codes = pd.Index(dictionary.to_pandas()).get_indexer(pd.Index(values.astype(object)))
        indices = pa.array(codes, mask=codes < 0).cast(kind.index_type)
        return pa.DictionaryArray.from_arrays(indices, dictionary, ordered=kind.ordered)
    return pa.array(values, from_pandas=True).cast(kind, safe=False)


def _continued(index: pa.ChunkedArray, n: int) -> pa.Array:
    """Return labels for the new rows: the numbers that follow, or none."""
    if not pa.types.is_integer(index.type):
        return pa.nulls(n, index.type)
    return pa.array(np.arange(1, n + 1) + pc.max(index).as_py()).cast(index.type)
