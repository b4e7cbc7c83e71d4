"""Cells of a table that was read from a file: a target as numbers, and a row as the file writes it."""

import pandas as pd

from ganaug.datasets.csv_format import TextSource
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
        return read_numbers(column, table.source.format)
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
