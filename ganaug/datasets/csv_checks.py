"""What is no table although its name says so, and rows that are no rows: a second header, a row of totals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ganaug.common.wording import counted, joined

_PAGE = (b"<!doctype html", b"<html", b"<?xml")
# A row of totals has as many rows above it, of which so many count.
_MIN_ROWS, _MIN_COUNTED = 10, 5
# What its first cell says.
_TOTALS = {"total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "gesamtsumme", "somme", "suma"}
_TOTALS |= {"totale", "totaal", "razem", "итого", "合计", "合計"}
_N_SHOWN = 3


def refuse_other_texts(raw: bytes) -> None:
    """Raise a ValueError if a file of text begins as a web page or JSON does.

    Parameters
    ----------
    raw : bytes
        The file.

    Examples
    --------
    >>> refuse_other_texts(b"<html><body>Not found</body></html>")
    Traceback (most recent call last):
    ...
    ValueError: the file holds a web page or XML, not a table
    """
    first = raw[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if first.startswith(_PAGE):
        raise ValueError("the file holds a web page or XML, not a table")
    if first.startswith((b"[{", b'{"')) or (first[:1] in b"[{" and first[1:].lstrip()[:1] in (b"{", b'"')):
        raise ValueError("the file holds JSON; convert it, such as by pandas.read_json(...).to_csv(..., index=False)")


def refuse_second_header(names: Sequence[str], cells: Sequence[pa.ChunkedArray]) -> None:
    """Raise a ValueError if a row holds the names of all columns, as where files were joined.

    Parameters
    ----------
    names : sequence of str
        Names of the columns.
    cells : sequence of ChunkedArray of strings
        Cells of the columns.

    Examples
    --------
    >>> refuse_second_header(["a", "b"], [pa.chunked_array([["1", "a", "2"]]), pa.chunked_array([["x", "b", "y"]])])
    Traceback (most recent call last):
    ...
    ValueError: row 2 below the header repeats the header, as where files were joined; remove it
    """
    if len(names) < 2:
        return
    rows = np.flatnonzero(pc.equal(pc.utf8_trim_whitespace(cells[0]), names[0]).fill_null(False).to_numpy())
    for name, column in zip(names[1:], cells[1:], strict=True):
        rows = np.array([i for i in rows if (cell := column[int(i)].as_py()) is not None and cell.strip() == name], int)
    if len(rows):
        numbers = [f"{row + 1:,}" for row in rows[:_N_SHOWN]]
        if len(rows) > _N_SHOWN:
            numbers.append(f"{len(rows) - _N_SHOWN:,} more")
        row, repeats, it = ("row", "repeats", "it") if len(rows) == 1 else ("rows", "repeat", "them")
        raise ValueError(
            f"{row} {joined(numbers)} below the header {repeats} the header, as where files were joined; remove {it}"
        )


def refuse_totals(frame: pd.DataFrame) -> None:
    """Raise a ValueError if the last row sums up the others, as in exports of spreadsheets.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
        Typed columns.

    Examples
    --------
    >>> refuse_totals(pd.DataFrame({"city": ["Rome"] * 12 + [None], "sales": [*range(1, 13), 78]}))
    Traceback (most recent call last):
    ...
    ValueError: the last row looks like a row of totals: its 78 in column 'sales' is the sum of the 12 rows above; ...
    """
    end = len(frame) - 1
    while end > _MIN_ROWS and frame.iloc[end].isna().all():
        end -= 1
    if end < _MIN_ROWS:
        return
    last, way = frame.iloc[end], "remove it, and what follows it"
    for i, dtype in enumerate(frame.dtypes):
        if dtype.kind in "iuf" and not pd.isna(last.iloc[i]):
            others = frame.iloc[:end, i].dropna().to_numpy(float)
            total, largest = float(others.sum()), float(np.abs(others).max(initial=0.0))
            is_sum = np.isclose(float(last.iloc[i]), total, rtol=1e-9)
            if is_sum and np.count_nonzero(others) >= _MIN_COUNTED and abs(total) > 2 * largest:
                name, n_rows = frame.columns[i], counted(len(others), "row")
                raise ValueError(
                    f"the last row looks like a row of totals: its {last.iloc[i]} in column {name!r} is the sum of the "
                    f"{n_rows} above; {way}"
                )
    words = [cell for cell in last if isinstance(cell, str) and cell.strip(" :").lower() in _TOTALS]
    if words and last.isna().any() and not any((frame.iloc[:end, i] == words[0]).any() for i in range(frame.shape[1])):
        raise ValueError(f"the last row looks like a row of totals: one of its cells is {words[0]!r}; {way}")
