"""Targets in files: a column of classes, a column of numbers, or a column for each of several labels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ganaug.common.labels import kind_of_target
from ganaug.common.warnings import warn_user
from ganaug.common.wording import counted
from ganaug.datasets.csv_format import TextSource
from ganaug.datasets.csv_reader import warn_of_doubtful_labels
from ganaug.datasets.table import Table, read_table
from ganaug.datasets.table_cells import numbers_of

# What says that a row has a label, and what says that it has not.
_WORDS = {"yes": 1, "no": 0, "true": 1, "false": 0, "y": 1, "n": 0, "t": 1, "f": 0, "1": 1, "0": 0}


def read_targets(
    path: str | Path, target: str, *, task: str = "auto", encoding: str | None = None
) -> tuple[pd.DataFrame, pd.Series | pd.DataFrame]:
    r"""Read a table, and what is to be predicted of its rows.

    Parameters
    ----------
    path : str or Path
        The file, see `read_table`.
    target : str
        A column; or several with commas between them, each of which says whether a row has a label: by 0 and 1, yes and
        no, or true and false.
    task : {"auto", "classification", "regression", "multilabel"}, default="auto"
        "auto" takes a column of numbers as a continuous target if some are not whole, or if there are more than 20
        different ones of few rows each.
    encoding : str or None, default=None
        See `read_table`.

    Returns
    -------
    X : DataFrame of shape (n_rows, n_columns)
        All other columns.
    y : Series of shape (n_rows,) or DataFrame of shape (n_rows, n_labels)
        The classes, the numbers, or 0 and 1 for each label.

    Raises
    ------
    ValueError
        If there is no such column, a class or a label is missing, or the cells do not fit the task.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "films.csv")
    >>> _ = path.write_text("length;comic;sad\n1,5;yes;no\n2,25;no;no\n")
    >>> read_targets(path, "comic,sad")[1].to_numpy().tolist()
    [[1, 0], [0, 0]]
    >>> read_targets(path, "length", task="regression")[1].tolist()
    [1.5, 2.25]
    """
    names = [name.strip() for name in target.split(",")]
    if len(names) > 1:
        table = read_table(path, encoding=encoding)
        if target not in table.frame and task in ("auto", "multilabel"):
            return _labels(table, names)
    table = read_table(path, target=target, encoding=encoding)
    table.check_column(target)
    if task == "multilabel":
        raise ValueError(
            f"{target!r} is one column; a multilabel target needs several, with commas between their names"
        )
    # the cells of classes are text as they are written; numbers are read in the notation of their column
    numbers = None if task == "classification" else numbers_of(table, target)
    if numbers is not None and (task == "regression" or kind_of_target(numbers, in_file=True) != "classes"):
        _check_others(table, [target])
        is_known = numbers.notna().to_numpy()
        if not is_known.all():
            n_left = int((~is_known).sum())
            if n_left == len(numbers):
                raise ValueError(f"{path}: column {target!r} has no number, only missing cells; name another column")
            first = int((~is_known).argmax())
            place = f"line {table.source.line(first)}" if isinstance(table.source, TextSource) else f"row {first + 1}"
            warn_user(
                f"{counted(n_left, 'row')} of {len(numbers):,} {'is' if n_left == 1 else 'are'} left out: the number "
                f"in {target!r} is missing there, first on {place}. To use them, fill in the numbers."
            )
        X = table.frame.drop(columns=target)[is_known].reset_index(drop=True)
        return X, numbers[is_known].astype(float).reset_index(drop=True)
    if task == "classification":
        warn_of_numbers_missing(table, target)
    if task == "regression":
        cell = table.frame[target].iloc[0]
        raise ValueError(f"{path}: column {target!r} holds {str(cell)!r}, which is no number; name another column")
    return table.split(target)


def warn_of_numbers_missing(table: Table, target: str) -> None:
    """Warn of cells such as NA that are taken for a class among numbers that are classes too.

    Parameters
    ----------
    table : Table
        From `read_table` with this target.
    target : str
        Name of the column.
    """
    numbers = numbers_of(table, target)
    if (
        isinstance(table.source, TextSource)
        and numbers is not None
        and kind_of_target(numbers, in_file=True) != "classes"
    ):
        warn_of_doubtful_labels(table.frame[target])


def _labels(table: Table, names: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    for name in names:
        table.check_column(name)
    if len(set(names)) < len(names):
        raise ValueError(f"{', '.join(names)} names a column twice; name each label once")
    _check_others(table, names)
    labels = {}
    for name in names:
        table._refuse_missing(name)
        cells = table.frame[name]
        words = cells.astype(str).str.strip().str.lower().str.replace(r"\.0+$", "", regex=True)
        if not words.isin(_WORDS.keys()).all():
            other = cells[~words.isin(_WORDS.keys())].iloc[0]
            raise ValueError(
                f"column {name!r} holds {str(other)!r}; the column of a label holds 0 and 1, yes and no, or true and "
                "false"
            )
        labels[name] = words.map(_WORDS).astype(int)
    return table.frame.drop(columns=names), pd.DataFrame(labels)


def _check_others(table: Table, names: list[str]) -> None:
    if table.frame.shape[1] <= len(names):
        raise ValueError(f"{', '.join(names)} are all columns; at least one other column is needed to learn from")
