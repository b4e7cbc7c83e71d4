"""Cells of a table that was read from a file: a target as numbers, and a row as the file writes it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ganaug.datasets.csv_format import TextFormat, TextSource
from ganaug.datasets.csv_reader import read_numbers
from ganaug.datasets.table import Table


def numbers_of(table: Table, name: str) -> pd.Series | None:
    """Return a column as numbers, also if its cells were read as names of classes.

    Parameters
    ----------
    table : Table
        From `read_table`.
    name : str
        Name of the column.

    Returns
    -------
    Series of shape (n_rows,) or None
        None if the cells are no numbers.

    Examples
    --------
    >>> numbers_of(Table(pd.DataFrame({"age": [31, 42], "plan": ["a", "b"]})), "plan") is None
    True
    """
    column = table.frame[name]
    if name == table.target and isinstance(table.source, TextSource):
        found = read_numbers(column, table.source.format)
        return None if found is None else found[0]
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return column if is_number else None


def cells_of(table: Table, row: pd.Series) -> pd.Series:
    """Return a row in the notation of its file, such as ``31.12.1999`` for a date.

    Parameters
    ----------
    table : Table
        From `read_table`.
    row : Series
        Values of any row, by the names of the columns.

    Returns
    -------
    Series
        For a text file its cells, without quotes and the spaces around them. Otherwise the values.

    Examples
    --------
    >>> cells_of(Table(pd.DataFrame({"age": [31, 42]})), pd.Series({"age": 36})).tolist()
    [36]
    """
    return table.source.format.cells(row) if isinstance(table.source, TextSource) else row


def value_of(table: Table | Mapping[str, Any], name: str, cell: str) -> Any:
    """Return the value of a cell that a user writes as the file writes the column, such as ``€1,200``.

    Parameters
    ----------
    table : Table or mapping
        From `read_table`, or what its `format` returned.
    name : str
        Name of the column.
    cell : str
        The cell.

    Returns
    -------
    object
        A number or a time; None if the column holds neither, the cell is written otherwise, or the file is no text.

    Examples
    --------
    >>> value_of(Table(pd.DataFrame({"age": [31, 42]})), "age", "36") is None
    True
    """
    if not isinstance(table, Table):
        return TextFormat.from_state(table).value(name, cell)
    if not isinstance(table.source, TextSource) or name not in table.frame:
        return None
    if name == table.target:
        found = read_numbers(table.frame[name], table.source.format)
        return None if found is None else found[1].value(cell)
    return table.source.format.value(name, cell)
