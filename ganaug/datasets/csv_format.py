"""How a CSV or TSV file is written: its bytes again, and more rows in the same dialect, in blocks.

How a file is divided into cells is in `csv_dialect`; how the cells of a column are written is in `csv_notation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.datasets.columns import Mark
from ganaug.datasets.csv_dialect import Encoding, Kind, Syntax, named_encoding, usual_delimiter
from ganaug.datasets.csv_notation import ColumnNotation

# Rows that are written at once.
_BLOCK = 10_000


@dataclass
class TextColumn:
    """A column of a CSV file: the notation of its cells, and the space and quotes around them.

    Attributes
    ----------
    name : str
        Its name.
    notation : ColumnNotation
        How its values are written.
    lead, trail : str
        The spaces before and after each cell, outside of its quotes.
    is_quoted, is_missing_quoted : bool
        Whether cells are always in quotes, and whether missing cells are.
    lead_in_quotes : str
        The spaces before each cell within its quotes.
    width : int
        Characters to which spaces fill each cell: before it, or after it where negative; 0 for none.
    missing_cell : str or None
        A missing cell with its spaces, if they are others.
    name_lead : str
        The spaces before its name in the header.
    is_spaced_oddly : bool
        Whether the file has other spaces around cells, which are not written.
    """

    name: str
    notation: ColumnNotation
    lead: str = ""
    is_quoted: bool = False
    is_missing_quoted: bool = False
    trail: str = ""
    lead_in_quotes: str = ""
    width: int = 0
    missing_cell: str | None = None
    name_lead: str = ""
    is_spaced_oddly: bool = False

    def _spaced(self, cell: str) -> str:
        if self.width:
            cell = cell.rjust(self.width) if self.width > 0 else cell.ljust(-self.width)
        return self.lead_in_quotes + cell + self.trail

    def write(self, values: pd.Series, syntax: Syntax) -> NDArray:
        """Return the cells of a column with their quotes. Each distinct value is written once.

        Parameters
        ----------
        values : Series of shape (n,)
            The values.
        syntax : Syntax
            Delimiter and quotes.
        """
        codes, uniques = pd.factorize(values)
        needs_quotes = syntax.needs_quotes
        cells = np.empty(len(uniques) + 1, dtype=object)
        distinct = self.notation.write(pd.Series(uniques))
        cells[:-1] = [
            syntax.quoted(self._spaced(cell), always=self.is_quoted, lead=self.lead, needs_quotes=needs_quotes)
            for cell in distinct
        ]
        # the code of a missing value is -1, so its cell is the last one
        missing, lead = self.notation.missing, self.lead
        if self.missing_cell is not None:
            missing, lead = self.missing_cell, ""
        cells[-1] = syntax.quoted(missing, always=self.is_missing_quoted, lead=lead, needs_quotes=needs_quotes)
        return cells[codes]


# What a model file holds of the surroundings of a column's cells, and the longest of them.
_AROUND: dict[str, Any] = {
    **dict.fromkeys(("lead", "trail", "lead_in_quotes", "name_lead"), str),
    **dict.fromkeys(("is_quoted", "is_missing_quoted"), bool),
    "width": int,
    "missing_cell": str | None,
}
_MAX_AROUND = 1_000


def _around(state: Mapping[str, Any]) -> dict[str, Any]:
    """Read the surroundings of a column's cells; a file of an earlier version lacks some."""
    found = {name: state[name] for name in _AROUND if name in state}
    for name, value in found.items():
        size = len(value) if isinstance(value, str) else abs(int(value or 0))
        if not isinstance(value, _AROUND[name]) or size > _MAX_AROUND:
            raise ValueError(f"{name}={value!r} cannot be around a cell")
        if _AROUND[name] is str and value.strip():
            raise ValueError(f"{name}={value!r} is not a space")
    return found


@dataclass(frozen=True)
class TextFormat:
    """How a delimited text file is written, without its content.

    Attributes
    ----------
    kind : {"csv", "tsv"}
        The extension.
    encoding : Encoding
        How bytes stand for letters.
    syntax : Syntax
        Delimiter and quotes.
    terminator : str
        The line end.
    has_quoted_header : bool
        Whether all names are in quotes.
    columns : list of TextColumn
        The columns.
    """

    kind: Kind
    encoding: Encoding
    syntax: Syntax
    terminator: str
    has_quoted_header: bool
    columns: list[TextColumn] = field(repr=False)

    def records(self, rows: pd.DataFrame, syntax: Syntax) -> Iterator[list[str]]:
        """Yield the records of a frame without line ends, some thousand at a time.

        Parameters
        ----------
        rows : DataFrame
            The rows, with the columns of the file in their order.
        syntax : Syntax
            Delimiter and quotes.
        """
        for start in range(0, len(rows), _BLOCK):
            block = rows.iloc[start : start + _BLOCK]
            cells = [column.write(block[column.name], syntax) for column in self.columns]
            yield list(map(syntax.delimiter.join, zip(*cells, strict=True)))

    def cells(self, row: pd.Series) -> pd.Series:
        """Return the cells of a row as the file writes them, without the spaces and quotes around them.

        Parameters
        ----------
        row : Series
            Values, by the names of their columns; others than those of the file stay as they are.
        """
        written = row.astype(object)
        for column in self.columns:
            if column.name in row.index:
                value = row[column.name]
                known = not pd.isna(value)
                written[column.name] = (
                    column.notation.write(pd.Series([value]))[0] if known else column.notation.missing
                )
        return written

    def value(self, name: str, cell: str) -> Any:
        """Return the value of a cell that is written as the file writes the column; None if it is not, or is text.

        Parameters
        ----------
        name : str
            Name of the column; of others the value is None.
        cell : str
            The cell, such as €1,200 or 31.12.1999.
        """
        return next((column.notation.value(cell) for column in self.columns if column.name == name), None)

    def name_cell(self, name: str, syntax: Syntax) -> str:
        """Return the cell of the header for a name.

        Parameters
        ----------
        name : str
            Name of the column.
        syntax : Syntax
            Delimiter and quotes.
        """
        lead = next((column.name_lead for column in self.columns if column.name == name), self.columns[-1].name_lead)
        return syntax.quoted(name, always=self.has_quoted_header, lead=lead, needs_quotes=syntax.needs_quotes)

    def write_as(
        self, file: BinaryIO, kind: Kind, tables: Iterable[tuple[pd.DataFrame, NDArray | None]], mark: str | None
    ) -> None:
        """Write tables below one header, with the delimiter of an extension and the notation of every cell.

        Parameters
        ----------
        file : binary file
            Where to write.
        kind : {"csv", "tsv"}
            The extension. If it is another one than that of this format, the delimiter is the usual one.
        tables : iterable of (DataFrame, ndarray or None)
            Rows with the columns of the file in their order, and their marks.
        mark : str or None
            Name of the column of marks.
        """
        delimiter = self.syntax.delimiter if kind == self.kind else usual_delimiter(kind)
        syntax = replace(self.syntax, delimiter=delimiter)
        names = [column.name for column in self.columns]
        head = delimiter.join(self.name_cell(name, syntax) for name in [*names, *([] if mark is None else [mark])])
        file.write(self.encoding.bom + (head + self.terminator).encode(self.encoding.name))
        for rows, marks in tables:
            for block in self.marked(self.records(rows, syntax), marks, delimiter):
                # a synthetic text may have a character that the code page of the file lacks
                text = "".join(record + self.terminator for record in block)
                file.write(text.encode(self.encoding.name, "replace"))

    def marked(self, blocks: Iterator[list[str]], marks: NDArray | None, delimiter: str) -> Iterator[list[str]]:
        """Yield records with their mark as the last cell.

        Parameters
        ----------
        blocks : iterator of list of str
            The records.
        marks : ndarray or None
            The mark of each record; None adds none.
        delimiter : str
            The delimiter of the cells.
        """
        start = 0
        for block in blocks:
            if marks is None:
                yield block
                continue
            cell, some = delimiter + self.columns[-1].lead, marks[start : start + len(block)]
            yield [f"{record}{cell}{value}" for record, value in zip(block, some, strict=True)]
            start += len(block)

    def state(self) -> dict[str, Any]:
        """Describe the format in JSON's terms, for a model file."""
        return {
            "kind": self.kind,
            "encoding": self.encoding.name,
            "bom": self.encoding.bom.hex(),
            "delimiter": self.syntax.delimiter,
            "has_escapes": self.syntax.has_escapes,
            "skips_spaces": self.syntax.skips_spaces,
            "terminator": self.terminator,
            "has_quoted_header": self.has_quoted_header,
            "columns": [
                {
                    "name": column.name,
                    **{name: getattr(column, name) for name in _AROUND},
                    **column.notation.state(),
                }
                for column in self.columns
            ],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> TextFormat:
        """Rebuild a format.

        Parameters
        ----------
        state : mapping
            What `state` returned.

        Raises
        ------
        ValueError
            If it is no such description.
        """
        try:
            columns = [
                TextColumn(str(column["name"]), ColumnNotation.from_state(column), **_around(column))
                for column in state["columns"]
            ]
            kind, terminator = state["kind"], state["terminator"]
            delimiter, encoding = state["delimiter"], named_encoding(b"", state["encoding"])
            is_legal = kind in ("csv", "tsv") and terminator in ("\n", "\r\n", "\r")
            if not (is_legal and isinstance(delimiter, str) and len(delimiter) == 1 and columns):
                raise ValueError("the dialect is not one of CSV")
            return cls(
                kind,
                replace(encoding, bom=bytes.fromhex(state["bom"])[:4]),
                Syntax(delimiter, bool(state["has_escapes"]), bool(state.get("skips_spaces"))),
                terminator,
                bool(state["has_quoted_header"]),
                columns,
            )
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"the format of the table is malformed: {error}") from error


@dataclass(frozen=True)
class TextSource:
    """A delimited text file: its bytes and how they are written.

    Attributes
    ----------
    raw : bytes
        The file, decompressed.
    format : TextFormat
        How it is written.
    head : str
        Its text up to the end of the header, without a byte order mark.
    start : int
        Position of the header in the text: above it stand comments or a title.
    has_last_end : bool
        Whether the last line has a line end.
    """

    raw: bytes = field(repr=False)
    format: TextFormat
    head: str = field(repr=False)
    start: int
    has_last_end: bool

    @property
    def text(self) -> str:
        """The text of the file, without its byte order mark."""
        return self.raw[len(self.format.encoding.bom) :].decode(self.format.encoding.name)

    def line(self, row: int) -> int:
        """Return the line on which a row starts. The first line is 1.

        Parameters
        ----------
        row : int
            Position of the row, from 0.
        """
        return self.format.syntax.line(self.text, self.start, row + 1)

    def write(self, file: BinaryIO, rows: pd.DataFrame, mark: Mark | None, *, only_synthetic: bool) -> None:
        """Write the file with rows appended. The bytes of the originals are copied, not written again.

        Parameters
        ----------
        file : binary file
            Where to write.
        rows : DataFrame
            The rows to append, with the columns of the file in their order.
        mark : Mark or None
            The column that marks synthetic rows; None adds no column.
        only_synthetic : bool
            Whether to leave out the originals.
        """
        of, encoding, end = self.format, self.format.encoding.name, self.format.terminator
        head = self.head
        if mark is not None:
            head += of.syntax.delimiter + of.name_cell(mark.name, of.syntax)
        if mark is None and not only_synthetic:
            file.write(self.raw)
        else:
            file.write(of.encoding.bom + head.encode(encoding))
        if mark is not None and not only_synthetic:
            for part in self._marked_originals(of.syntax.delimiter + of.columns[-1].lead + "0"):
                file.write(part.encode(encoding))
        # The new last line has a line end if and only if the old one had one.
        is_ended = self.has_last_end and not only_synthetic
        blocks = of.marked(of.records(rows, of.syntax), None if mark is None else mark.marks, of.syntax.delimiter)
        for block in blocks:
            text = end.join(block)
            file.write((text + end if is_ended else end + text).encode(encoding, "replace"))
        if self.has_last_end and only_synthetic:
            file.write(end.encode(encoding))

    def _marked_originals(self, mark: str) -> Iterator[str]:
        """Yield the text below the header with a mark at the end of each record, in parts."""
        text, position, parts = self.text, len(self.head), []
        for record in self.format.syntax.record.finditer(text, position):
            parts += [text[position : record.end()], mark]
            position = record.end()
            if len(parts) >= _BLOCK:
                yield "".join(parts)
                parts = []
        yield "".join([*parts, text[position:]])


def write_plain(
    file: BinaryIO, kind: Kind, frame: pd.DataFrame, rows: pd.DataFrame, mark: Mark | None, *, only_synthetic: bool
) -> None:
    """Write a table that was not read from a text file as text, in the notation of pandas.

    Parameters
    ----------
    file : binary file
        Where to write.
    kind : {"csv", "tsv"}
        The extension.
    frame : DataFrame
        The originals.
    rows : DataFrame
        The rows to append, with the columns of the file in their order.
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
    frame.to_csv(file, index=False, sep=usual_delimiter(kind), lineterminator="\n", chunksize=_BLOCK)
