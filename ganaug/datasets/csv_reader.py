"""CSV and TSV files: read as typed columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ganaug.common.labels import kind_of_target
from ganaug.common.warnings import warn_user
from ganaug.common.wording import counted, joined, listed
from ganaug.datasets.columns import MAX_COLUMNS, check_unique
from ganaug.datasets.csv_checks import refuse_other_texts, refuse_second_header, refuse_totals
from ganaug.datasets.csv_dialect import Kind, Syntax, decode, find_encoding, find_syntax, is_unlikely, named_encoding
from ganaug.datasets.csv_format import TextColumn, TextFormat, TextSource
from ganaug.datasets.csv_notation import DOUBTFUL_LABELS, ColumnNotation, Reading, Words, read_column
from ganaug.datasets.csv_numbers import Clues

# Characters of a cell. Longer ones are documents, for which a table of rows to balance has no use.
MAX_CELL = 1_000_000
# Bytes of a record: so many are parsed at a time.
_MAX_RECORD = 1 << 24
# Records with a wrong number of cells that a message names.
_N_NAMED = 5


def read_text(
    raw: bytes,
    kind: Kind,
    *,
    target: str | None = None,
    like: Mapping[str, ColumnNotation] | None = None,
    usual: str | None = None,
    encoding: str | None = None,
) -> tuple[pd.DataFrame, TextSource]:
    """Read the bytes of a CSV or TSV file.

    Parameters
    ----------
    raw : bytes
        The file, decompressed.
    kind : {"csv", "tsv"}
        Its extension. Of several delimiters that fit equally well, it takes the usual one.
    target : str or None, default=None
        Name of a column that holds the names of classes: its cells are read as they are written.
    like : mapping of str to ColumnNotation, or None, default=None
        The notations of another file's columns. Columns of these names have the same kinds of cells.
    usual : str or None, default=None
        The encoding of that file, which is tried if this one is not UTF-8.
    encoding : str or None, default=None
        The encoding. None finds it.

    Returns
    -------
    frame : DataFrame
        The typed columns.
    source : TextSource
        The file and how it is written.

    Raises
    ------
    ValueError
        If the text is not a table; the message names the line where it can.
    """
    refuse_other_texts(raw)
    if encoding is not None:
        found = named_encoding(raw, encoding)
    else:
        found = find_encoding(raw, names=[] if target is None else [target], usual=usual)
    text = decode(raw, found)
    if not text.strip():
        raise ValueError("the file is empty")
    if "\0" in text:
        n_lines = len(text[: text.index("\0")].splitlines()) or 1
        raise ValueError(
            f"the file holds zero bytes, the first on line {n_lines}, so it is not a text file; if it should be one, "
            "remove them"
        )
    start, syntax = find_syntax(text, kind)
    header = syntax.record.search(text[: start + MAX_CELL], start)
    if header is None or header.end() == start + MAX_CELL:
        raise ValueError(
            "the first line opens a quote that is never closed"
            if header is None
            else f"the header has more than {MAX_CELL:,} characters, so this is not a table"
        )
    if header[0].count(syntax.delimiter) >= MAX_COLUMNS:
        n = len(syntax.split(header[0]))
        raise ValueError(f"the file has {n:,} columns; the limit is {MAX_COLUMNS:,}. Keep the columns that matter")
    names = [name.strip() for name in syntax.values(header[0])]
    check_unique(names)
    if found.is_guessed and is_unlikely(text):
        warn_user(
            f"The file is not UTF-8, and its letters may not be those of {found.name}: pass --encoding (in Python "
            f"encoding=), such as cp1251, gbk or shift_jis. Its columns are {listed(names, 5)}."
        )

    has_quotes, has_last_end = '"' in text, text.endswith(("\n", "\r"))
    rest, head = text[header.end() : header.end() + 2], text[: header.end()]
    name_cells = syntax.split(header[0])
    has_quoted_header = all(name.strip().startswith('"') for name in name_cells)
    if has_quotes:
        records = list(islice(syntax.record.finditer(text, header.start()), 1, 2001))
        quotes = [syntax.split(record[0]) for record in records]
    stand_ins: dict[str, str] = {}
    if found.name == "utf-8" and not syntax.has_escapes and not syntax.skips_spaces:
        # the bytes are there already; the text, which may be large, is not needed any more
        data = pa.py_buffer(raw).slice(len(found.bom) + len(text[: header.start()].encode()))
    else:
        body = text[header.start() :]
        if syntax.skips_spaces:
            body = syntax.without_spaces(body)
        if syntax.has_escapes:
            body, stand_ins = _without_escapes(body)
        data = pa.py_buffer(body.encode())
        del body
    del text, header
    try:
        cells = _read_cells(data, syntax, len(names), has_quotes=has_quotes)
    except _RaggedError as error:
        raise ValueError(error.message(decode(raw, found), start, syntax)) from error
    if not cells:
        raise ValueError("the file holds a header and no rows")
    for stand_in, written in stand_ins.items():
        cells = [pc.replace_substring(column, stand_in, written) for column in cells]
    if target is None or target in names:  # otherwise the header may be a row
        refuse_second_header(names, cells)
    read = _read_columns(names, cells, syntax, target, like or {})
    columns = [column for _, column in read]
    frame = pd.DataFrame({column.name: values for values, column in read})
    refuse_totals(frame)
    _warn_of_doubts([column for column in columns if column.name not in (like or {})])
    for column, cell in zip(columns, name_cells, strict=False):
        column.name_lead = cell[: len(cell) - len(cell.lstrip())]
    if has_quotes:
        _find_quotes(quotes, columns)
    terminator = "\r\n" if rest == "\r\n" else rest[:1] or "\n"
    of = TextFormat(kind, found, syntax, terminator, has_quoted_header, columns)
    if target in names and _has_doubtful_label(frame[target], of):
        warn_of_doubtful_labels(frame[target])
    return frame, TextSource(raw, of, head, start, has_last_end)


def read_numbers(labels: pd.Series, of: TextFormat) -> tuple[pd.Series, ColumnNotation] | None:
    """Read cells that were read as names of classes once more, as numbers in the notation of the column.

    Parameters
    ----------
    labels : Series of str
        The cells of the target; missing ones are None.
    of : TextFormat
        How the file is written.

    Returns
    -------
    (Series, ColumnNotation) or None
        The numbers, missing where the cell means that, and how they are written; None if the cells are no numbers.
    """
    marks = {column.notation.decimal for column in of.columns} - {""}
    clues = Clues(of.syntax.delimiter, marks.pop() if len(marks) == 1 else "")
    cells = pa.array(labels.fillna("").astype(str), type=pa.string()).dictionary_encode()
    values, notation = read_column(str(labels.name), cells, Reading(clues))
    return (values, notation) if pd.api.types.is_numeric_dtype(values) else None


def warn_of_doubtful_labels(labels: pd.Series) -> None:
    """Warn of names of classes that may mean that the class is not known.

    Parameters
    ----------
    labels : Series of str
        The cells of the target; missing ones are None.
    """
    if doubtful := set(DOUBTFUL_LABELS) & set(labels.dropna().unique()):
        warn_user(
            f"Column {str(labels.name)!r} has {joined(sorted(map(repr, doubtful)))}, which is taken for a class. If it "
            "means that the class is not known, remove these rows."
        )


def _has_doubtful_label(labels: pd.Series, of: TextFormat) -> bool:
    """Whether NA and the like are names of classes in a target: among many numbers, they are missing ones."""
    if not labels.isin(DOUBTFUL_LABELS).any():
        return False
    found = read_numbers(labels, of)
    return found is None or kind_of_target(found[0], in_file=True) == "classes"


class _RaggedError(Exception):
    """Records have too few or too many cells, or a quote is open; it says which records.

    Parameters
    ----------
    records : sequence of (int, int)
        Number and cells of the first ones.
    n_expected : int
        Cells of the header.
    n_ragged : int
        How many there are.
    """

    def __init__(self, records: Sequence[tuple[int, int]], n_expected: int, n_ragged: int = 1) -> None:
        super().__init__(records)
        self.records, self.n_expected, self.n_ragged = records, n_expected, n_ragged

    def message(self, text: str, start: int, syntax: Syntax) -> str:
        """Say on which lines of the text they are."""
        first, n_cells = self.records[0]
        if n_cells == self.n_expected:
            return f"line {syntax.line(text, start, first)} opens a quote that is never closed"
        hint = "; if the first line is a title or a comment, remove it" if first == 1 else ""
        if '\\"' in text:
            hint += "; quotes within quotes have a backslash, write them twice instead"
        said = [f"line {syntax.line(text, start, record)} has {counted(n, 'cell')}" for record, n in self.records]
        if self.n_ragged == 1:
            return f"{said[0]}, but the header has {self.n_expected}{hint}"
        more = f" and {self.n_ragged - len(said):,} more" if self.n_ragged > len(said) else ""
        return (
            f"{self.n_ragged:,} lines do not have {counted(self.n_expected, 'cell')} as the header: "
            f"{', '.join(said)}{more}{hint}"
        )


def _read_cells(data: pa.Buffer, syntax: Syntax, n_columns: int, *, has_quotes: bool) -> list[pa.ChunkedArray]:
    """Parse UTF-8 into strings, a list of columns without the header. Every cell is as it is written."""
    ragged: list[tuple[int, int]] = []
    n_ragged = 0

    def note(row: Any) -> str:
        nonlocal n_ragged
        n_ragged += 1
        if n_ragged <= _N_NAMED:
            ragged.append((row.number - 1, row.actual_columns))
        return "skip"

    numbered = [str(i) for i in range(n_columns)]  # Arrow finds the types of columns by their names
    try:
        cells = pa.csv.read_csv(
            pa.BufferReader(data),
            # In several threads, Arrow does not say which row is ragged.
            pa.csv.ReadOptions(column_names=numbered, use_threads=False, block_size=min(data.size + 1, _MAX_RECORD)),
            pa.csv.ParseOptions(delimiter=syntax.delimiter, newlines_in_values=has_quotes, invalid_row_handler=note),
            pa.csv.ConvertOptions(
                column_types=dict.fromkeys(numbered, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowInvalid as error:
        if "straddl" in str(error):
            raise ValueError(
                f"a record has more than {_MAX_RECORD >> 20} MiB: a quote is never closed, or this is no table"
            ) from error
        raise
    if ragged:
        raise _RaggedError(ragged, n_columns, n_ragged)
    last = cells.column(cells.num_columns - 1)[-1].as_py()
    if "\n" in last and data.slice(max(0, data.size - 1_000)).to_pybytes().rstrip(b"\r\n")[-1:] != b'"':
        raise _RaggedError([(cells.num_rows - 1, n_columns)], n_columns)
    return [column.slice(1) for column in cells.columns] if cells.num_rows > 1 else []


def _without_escapes(text: str) -> tuple[str, dict[str, str]]:
    r"""Replace \" and \\ by letters that the text does not have, and return what they stand for in a cell."""
    free = (chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in text)
    quote, backslash = next(free), next(free)
    text = re.sub(r"\\([\"\\])", lambda pair: quote if pair[1] == '"' else backslash, text)
    return text, {quote: '"', backslash: "\\\\"}


def _read_columns(
    names: list[str], cells: list[Any], syntax: Syntax, target: str | None, known: Mapping[str, ColumnNotation]
) -> list[tuple[pd.Series, TextColumn]]:
    """Read all columns, and those of doubtful numbers once more when the others have told the decimal mark.

    A column of cells is let go as soon as it is read.
    """
    clues = Clues(syntax.delimiter)
    readings = {name: Reading(clues, known.get(name), is_labels=name == target) for name in names}
    read = []
    for i, name in enumerate(names):
        read.append(_read_column(name, cells[i], readings[name]))
        if read[i][1].notation.is_sure:
            cells[i] = None
    marks = {column.notation.decimal for _, column in read} - {""}
    mark = marks.pop() if len(marks) == 1 else ""
    for i, (_, column) in enumerate(read):
        if mark and not column.notation.is_sure:
            reading = replace(readings[column.name], clues=Clues(syntax.delimiter, mark))
            read[i] = _read_column(column.name, cells[i], reading)
    return read


def _warn_of_doubts(columns: Sequence[TextColumn]) -> None:
    """Name the columns of numbers that are read as words, and those whose cells are not written as the file does."""
    reasons = {
        "notation": "cells that look like numbers, but not in one notation, and {} used as categories: {}. Write all "
        "cells of a column alike, to have them read as numbers.",
        "digits": "whole numbers of which some have more than 18 digits, and {} used as names, without their order: "
        "{}. If they count or measure something, write them with fewer digits.",
    }
    for doubt, said in reasons.items():
        odd = [column.name for column in columns if column.notation.doubt == doubt]
        if odd:
            verbs = ("holds", "is") if len(odd) == 1 else ("hold", "are")
            warn_user(f"{counted(len(odd), 'column')} {verbs[0]} {said.format(verbs[1], listed(odd, 5))}")
    spaced = [column.name for column in columns if column.is_spaced_oddly]
    if spaced:
        warn_user(
            f"The spaces around the cells of {counted(len(spaced), 'column')} differ from cell to cell, which "
            f"synthetic rows do not repeat: {listed(spaced, 5)}."
        )


def _read_column(name: str, cells: pa.ChunkedArray, reading: Reading) -> tuple[pd.Series, TextColumn]:
    encoded = cells.combine_chunks().dictionary_encode()
    distinct = encoded.dictionary
    longest = pc.max(pc.utf8_length(distinct)).as_py()
    if longest > MAX_CELL:
        raise ValueError(f"column {name!r} has a cell of {longest:,} characters; the limit is {MAX_CELL:,}")
    spaced = pc.starts_with(distinct, " ")
    has_lead = pc.all(pc.or_(spaced, pc.equal(distinct, ""))).as_py() and pc.any(spaced).as_py()
    if has_lead:
        encoded = pa.DictionaryArray.from_arrays(encoded.indices, pc.utf8_ltrim_whitespace(distinct))
    values, notation = read_column(name, encoded, reading)
    column = TextColumn(name, notation)
    if has_lead or not isinstance(notation.notation, Words):
        _find_spaces(column, distinct, is_text=isinstance(notation.notation, Words))
        if notation.has_missing:
            counts = np.bincount(encoded.indices.to_numpy(), minlength=len(distinct))
            is_missing = pc.equal(pc.utf8_trim_whitespace(distinct), notation.missing).to_numpy(zero_copy_only=False)
            column.missing_cell = distinct[int(np.where(is_missing, counts, -1).argmax())].as_py()
    return values, column


def _find_spaces(column: TextColumn, distinct: pa.Array, *, is_text: bool) -> None:
    """Find what stands around the cells of a column: the same spaces, or as many as fill a width.

    Spaces behind text are a part of it.
    """
    trimmed = pc.utf8_trim_whitespace(distinct)
    known = distinct.filter(pc.not_equal(trimmed, ""))
    if not len(known):
        return
    size, left, right = (
        pc.utf8_length(of).to_numpy(zero_copy_only=False)
        for of in (known, pc.utf8_ltrim_whitespace(known), pc.utf8_rtrim_whitespace(known))
    )
    before, behind = size - left, np.zeros_like(size) if is_text else size - right
    first = known[0].as_py()
    one_width = bool((size == size[0]).all())
    if (before == before[0]).all():
        column.lead = first[: int(before[0])]
    elif one_width and not behind.any():
        column.width = int(size[0])
        return
    else:
        column.lead, column.is_spaced_oddly = " " if before.all() else "", True
    if (behind == behind[0]).all():
        column.trail = first[len(first) - int(behind[0]) :]
    elif one_width:
        column.width = -int(size[0] - before[0])
    else:
        column.is_spaced_oddly = True


def _find_quotes(rows: list[list[str]], columns: list[TextColumn]) -> None:
    """Find the columns whose cells are always in quotes. The first 2,000 records are enough to tell."""
    mixed = []
    for column, cells in zip(columns, zip(*rows, strict=False), strict=False):
        missing_cell = column.notation.missing
        quotes = [(cell.strip().startswith('"'), cell.strip().strip('"') == missing_cell) for cell in cells]
        of_values = [is_quoted for is_quoted, is_missing in quotes if not is_missing]
        of_missing = [is_quoted for is_quoted, is_missing in quotes if is_missing]
        column.is_quoted = all(of_values) if of_values else all(of_missing)
        column.is_missing_quoted = all(of_missing) if of_missing else column.is_quoted
        if any(of_missing) and not all(of_missing):
            mixed.append(column.name)
        outside = {cell[: len(cell) - len(cell.lstrip(" "))] for cell in cells if cell.lstrip(" ").startswith('"')}
        if len(outside) == 1 and column.is_quoted:
            column.lead, column.lead_in_quotes = outside.pop(), column.lead
    if mixed:
        warn_user(
            f"{counted(len(mixed), 'column')} {'has' if len(mixed) == 1 else 'have'} missing cells with quotes and "
            f"without them: {listed(mixed, 5)}. Both are read as missing, and synthetic rows have them without quotes."
        )
