"""The dialect of a CSV file: its encoding, delimiter, quotes, line ends and records.

A file keeps its own bytes: `TextSource.extended` copies them and appends rows in the same dialect. How the cells of a
column are written is in `csv_notation`.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from ganaug.common.wording import counted
from ganaug.datasets.columns import Mark, check_unique
from ganaug.datasets.csv_notation import ColumnNotation, read_column

Kind = Literal["csv", "tsv"]


@dataclass
class TextColumn:
    """A column of a CSV file: the notation of its cells, and the space and quotes around them.

    Attributes
    ----------
    name : str
        Its name.
    notation : ColumnNotation
        How its values are written.
    lead : str
        " " if the file has a space after each delimiter, else "".
    is_quoted, is_missing_quoted : bool
        Whether cells are always in quotes, and whether missing cells are.
    """

    name: str
    notation: ColumnNotation
    lead: str = ""
    is_quoted: bool = False
    is_missing_quoted: bool = False

    def write(self, values: pd.Series, needs_quotes: re.Pattern[str]) -> NDArray:
        """Return the cells of a column with their quotes. Each distinct value is written once.

        Parameters
        ----------
        values : Series of shape (n,)
            The values.
        needs_quotes : re.Pattern
            Finds what a cell must be quoted for.
        """
        codes, uniques = pd.factorize(values)
        cells = np.empty(len(uniques) + 1, dtype=object)
        distinct = self.notation.write(pd.Series(uniques))
        cells[:-1] = [_quote(cell, self.is_quoted, needs_quotes, self.lead) for cell in distinct]
        # the code of a missing value is -1, so its cell is the last one
        cells[-1] = _quote(self.notation.missing, self.is_missing_quoted, needs_quotes, self.lead)
        return cells[codes]


@dataclass(frozen=True)
class TextSource:
    """A delimited text file: its bytes and its dialect."""

    raw: bytes = field(repr=False)
    kind: Kind
    bom: bytes
    encoding: str
    delimiter: str
    terminator: str
    has_quoted_header: bool
    columns: list[TextColumn] = field(repr=False)

    @property
    def text(self) -> str:
        """The text of the file, without its byte order mark."""
        return self.raw[len(self.bom) :].decode(self.encoding)

    def line(self, row: int) -> int:
        """Return the line on which a row starts. The first line is 1.

        Parameters
        ----------
        row : int
            Position of the row, from 0.
        """
        return _line(self.text, self.delimiter, row + 1)

    def records(self, rows: pd.DataFrame, delimiter: str) -> list[str]:
        """Return the records of a frame, without line ends.

        Parameters
        ----------
        rows : DataFrame
            The rows, with the columns of the file in their order.
        delimiter : str
            The delimiter of the cells.
        """
        needs_quotes = _needs_quotes(delimiter)
        columns = [column.write(rows[column.name], needs_quotes) for column in self.columns]
        return list(map(delimiter.join, zip(*columns, strict=True)))

    def name_cell(self, name: str, delimiter: str) -> str:
        """Return the cell of the header for a name.

        Parameters
        ----------
        name : str
            Name of the column.
        delimiter : str
            The delimiter of the cells.
        """
        return _quote(name, self.has_quoted_header, _needs_quotes(delimiter), self.columns[-1].lead)

    def extended(self, rows: pd.DataFrame, mark: Mark | None, only_synthetic: bool) -> bytes:
        """Return the file with rows appended. The bytes of the originals are copied, not written again.

        Parameters
        ----------
        rows : DataFrame
            The rows to append, with the columns of the file in their order.
        mark : Mark or None
            The column that marks synthetic rows; None adds no column.
        only_synthetic : bool
            Whether to leave out the originals.
        """
        if mark is None and not only_synthetic and rows.empty:
            return self.raw
        text = self.text
        header = _record_pattern(self.delimiter).search(text)
        assert header is not None
        head, body = text[: header.end()], text[header.end() :]
        records = self.records(rows, self.delimiter)
        if mark is not None:
            head += self.delimiter + self.name_cell(mark.name, self.delimiter)
            cell = self.delimiter + self.columns[-1].lead
            body = _record_pattern(self.delimiter).sub(lambda record: record[0] + cell + "0", body)
            records = [f"{record}{cell}{value}" for record, value in zip(records, mark.values, strict=True)]
        has_last_end = text.endswith(("\n", "\r"))
        if only_synthetic:
            text = self.terminator.join([head, *records]) + (self.terminator if has_last_end else "")
        else:
            text = head + body
            if records:
                # The new last line has a line end if and only if the old one had one.
                appended = self.terminator.join(records)
                text += appended + self.terminator if has_last_end else self.terminator + appended
        return self.bom + text.encode(self.encoding)

    def translated(
        self, kind: Kind, frame: pd.DataFrame, rows: pd.DataFrame, mark: Mark | None, only_synthetic: bool
    ) -> bytes:
        """Return the table with the delimiter of another extension, and the same notation of every cell.

        Parameters
        ----------
        kind : {"csv", "tsv"}
            The format.
        frame : DataFrame
            The originals.
        rows : DataFrame
            The rows to append, with the columns of the file in their order.
        mark : Mark or None
            The column that marks synthetic rows; None adds no column.
        only_synthetic : bool
            Whether to leave out the originals.
        """
        delimiter = _usual_delimiter(kind)
        records = self.records(rows, delimiter)
        originals = [] if only_synthetic else self.records(frame, delimiter)
        head = delimiter.join(self.name_cell(column.name, delimiter) for column in self.columns)
        if mark is not None:
            head += delimiter + self.name_cell(mark.name, delimiter)
            originals = [record + delimiter + "0" for record in originals]
            records = [f"{record}{delimiter}{value}" for record, value in zip(records, mark.values, strict=True)]
        text = self.terminator.join([head, *originals, *records]) + self.terminator
        return self.bom + text.encode(self.encoding)


def read_text(raw: bytes, kind: Kind) -> tuple[pd.DataFrame, TextSource]:
    """Read the bytes of a CSV or TSV file.

    Parameters
    ----------
    raw : bytes
        The file, decompressed.
    kind : {"csv", "tsv"}
        Its extension. Of several delimiters that fit equally well, it takes the usual one.

    Returns
    -------
    frame : DataFrame
        The typed columns.
    source : TextSource
        The file and its dialect.

    Raises
    ------
    ValueError
        If the text is not a table; the message names the line where it can.
    """
    bom, encoding = _encoding(raw)
    text = raw[len(bom) :].decode(encoding)
    if not text.strip():
        raise ValueError("the file is empty")
    if "\0" in text:
        raise ValueError("the file holds zero bytes, so it is not a text file")
    delimiter = _delimiter(text, kind)
    header = _record_pattern(delimiter).search(text)
    if header is None:
        raise ValueError("the first line opens a quote that is never closed")
    raw_names = _split_record(header[0], delimiter)
    names = [name.strip() for name in next(csv.reader(io.StringIO(header[0], newline=""), delimiter=delimiter))]
    check_unique(names)

    cells = _read_cells(text, delimiter, names)
    if cells.num_rows == 0:
        raise ValueError("the file holds a header and no rows")
    # a comma cannot be the decimal point where it is the delimiter
    read = [_read_column(name, cells.column(i), decimal_comma=delimiter != ",") for i, name in enumerate(names)]
    columns = [column for _, column in read]
    if '"' in text:
        _find_quotes(text, delimiter, columns)
    rest = text[header.end() : header.end() + 2]
    terminator = "\r\n" if rest == "\r\n" else rest[:1] or "\n"
    has_quoted_header = all(name.strip().startswith('"') for name in raw_names)
    source = TextSource(raw, kind, bom, encoding, delimiter, terminator, has_quoted_header, columns)
    return pd.DataFrame({column.name: values for values, column in read}), source


def plain_text(frame: pd.DataFrame, rows: pd.DataFrame, kind: Kind, mark: Mark | None, only_synthetic: bool) -> bytes:
    """Return a table that was not read from a text file as text, in the notation of pandas.

    Parameters
    ----------
    frame : DataFrame
        The originals.
    rows : DataFrame
        The rows to append, with the columns of the file in their order.
    kind : {"csv", "tsv"}
        The format.
    mark : Mark or None
        The column that marks synthetic rows; None adds no column.
    only_synthetic : bool
        Whether to leave out the originals.
    """
    if only_synthetic:
        frame = rows
    elif len(rows):
        frame = pd.concat([frame, rows], ignore_index=True)
    if mark is not None:
        frame = frame.assign(**{mark.name: mark.column(len(frame) - len(rows))})
    text: str = frame.to_csv(index=False, sep=_usual_delimiter(kind), lineterminator="\n")
    return text.encode()


# ---------------------------------------------------------------------------------------- encoding and delimiter


def _encoding(raw: bytes) -> tuple[bytes, str]:
    """Return the byte order mark and the encoding: UTF-8, UTF-16, or a Western one.

    charset-normalizer is not used. Most tables hold only a few letters beyond ASCII. From so few it decoded six of ten
    Western tables wrongly (e.g. with "°C" in the header as Big5, with "Zürich" in the cells as cp775).
    """
    for bom, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if raw.startswith(bom):
            return bom, encoding
    for encoding in ("utf-8", "cp1252"):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return b"", encoding
    return b"", "latin-1"  # decodes every byte, and encodes the text to the same bytes again


def _usual_delimiter(kind: Kind) -> str:
    return "\t" if kind == "tsv" else ","


def _delimiter(text: str, kind: Kind) -> str:
    """Return the delimiter for which most of the first lines have as many cells as the header."""
    lines = re.sub('"[^"]*"', "", text[:200_000]).splitlines()[:200]
    lines = [line for line in lines if line.strip()]
    best, best_score = _usual_delimiter(kind), (0.0, 0)
    if not lines:
        return best
    for delimiter in ("\t", ",", ";", "|") if kind == "tsv" else (",", ";", "\t", "|"):
        width = lines[0].count(delimiter)
        same = sum(line.count(delimiter) == width for line in lines) / len(lines)
        if width and (same, width) > best_score:
            best, best_score = delimiter, (same, width)
    return best


# -------------------------------------------------------------------------------------------- records and quotes


def _needs_quotes(delimiter: str) -> re.Pattern[str]:
    """Return the pattern of the characters that a cell can hold only within quotes."""
    return re.compile(f'[{re.escape(delimiter)}"\\r\\n]')


def _quote(cell: str, always: bool, needs_quotes: re.Pattern[str], lead: str) -> str:
    is_quoted = always or needs_quotes.search(cell) is not None
    return lead + ('"' + cell.replace('"', '""') + '"' if is_quoted else cell)


def _cell_pattern(delimiter: str) -> str:
    stop = re.escape(delimiter) + r"\r\n"
    return rf'(?:"[^"]*(?:""[^"]*)*"[^{stop}]*|[^"{stop}][^{stop}]*)?'


def _record_pattern(delimiter: str) -> re.Pattern[str]:
    """Return the pattern of a record without its line end. Empty lines are not records; a record may hold line ends."""
    cell = _cell_pattern(delimiter)
    return re.compile(rf"(?=[^\r\n]){cell}(?:{re.escape(delimiter)}{cell})*(?=[\r\n]|\Z)")


def _split_record(record: str, delimiter: str) -> list[str]:
    """Split a record into its cells, with their quotes."""
    return [match[1] for match in re.finditer(rf"(?:^|{re.escape(delimiter)})({_cell_pattern(delimiter)})", record)]


def _line(text: str, delimiter: str, record: int) -> int:
    match = next(islice(_record_pattern(delimiter).finditer(text), record, None), None)
    before = text[: match.start()] if match else text
    return before.count("\n") + 1 if "\n" in text else before.count("\r") + 1


def _read_cells(text: str, delimiter: str, names: list[str]) -> pa.Table:
    """Parse the text into strings. Every cell is as it is written; empty cells are empty strings."""
    ragged: list[Any] = []

    def stop(row: Any) -> str:
        ragged.append(row)
        return "error"

    numbered = [str(i) for i in range(len(names))]  # Arrow finds the types of columns by their names
    data = text.encode()
    try:
        cells = pa.csv.read_csv(
            io.BytesIO(data),
            # In several threads, Arrow does not say which row is ragged.
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
        n_cells, n_expected = ragged[0].actual_columns, ragged[0].expected_columns
        raise ValueError(f"line {line} has {counted(n_cells, 'cell')}, but the header has {n_expected}") from error
    last = cells.column(cells.num_columns - 1)[-1].as_py()
    if "\n" in last and not text.rstrip("\r\n").endswith('"'):
        line = _line(text, delimiter, cells.num_rows - 1)
        raise ValueError(f"line {line} opens a quote that is never closed")
    return cells.slice(1)


def _read_column(name: str, cells: pa.ChunkedArray, *, decimal_comma: bool) -> tuple[pd.Series, TextColumn]:
    encoded = cells.combine_chunks().dictionary_encode()
    distinct = encoded.dictionary
    spaced = pc.starts_with(distinct, " ")
    has_lead = pc.all(pc.or_(spaced, pc.equal(distinct, ""))).as_py() and pc.any(spaced).as_py()
    if has_lead:
        encoded = pa.DictionaryArray.from_arrays(encoded.indices, pc.utf8_ltrim_whitespace(distinct))
    values, notation = read_column(name, encoded, decimal_comma=decimal_comma)
    return values, TextColumn(name, notation, lead=" " if has_lead else "")


def _find_quotes(text: str, delimiter: str, columns: list[TextColumn]) -> None:
    """Find the columns whose cells are always in quotes. The first 2,000 records are enough to tell."""
    records = list(islice(_record_pattern(delimiter).finditer(text), 1, 2001))
    rows = [_split_record(record[0], delimiter) for record in records]
    for column, cells in zip(columns, zip(*rows, strict=False), strict=False):
        missing_cell = column.notation.missing
        quotes = [(cell.strip().startswith('"'), cell.strip().strip('"') == missing_cell) for cell in cells]
        of_values = [is_quoted for is_quoted, is_missing in quotes if not is_missing]
        of_missing = [is_quoted for is_quoted, is_missing in quotes if is_missing]
        column.is_quoted = all(of_values) if of_values else all(of_missing)
        column.is_missing_quoted = all(of_missing) if of_missing else column.is_quoted
