"""Real, synthetic and held-out rows as one object: read, typed and encoded once for all measures."""

import copy
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.cells import kind_of, numbers_of
from ganaug.common.containers import as_frame
from ganaug.common.identifiers import find_identifiers

_TABLES = ("real", "synthetic", "holdout")


class TablePair:
    """Real and synthetic rows of the same columns, and held-out rows where there are any.

    Reading and encoding take a good part of the time of an evaluation, and all measures need them. Give a pair to
    several measures, and they share this work.

    Parameters
    ----------
    real : DataFrame of pandas or polars, Arrow table, array or list of lists, shape (n_real, d)
        The rows that the generator was trained on.
    synthetic : table of shape (n_synthetic, d)
        The rows that the generator returned, with the same columns in any order. An array takes the column names of
        `real`.
    holdout : table of shape (n_holdout, d) or None, default=None
        Real rows that the generator has not seen.
    identifiers : sequence of hashable or None, default=None
        Columns that identify rows. None finds them in the real table, see `ganaug.common.identifiers`.

    Attributes
    ----------
    identifiers : list of hashable
        Columns that identify rows, such as customer numbers. They say nothing about other rows, and no measure gets
        them but `reused_identifiers`: all attributes below are without them.
    identifier_columns : dict of tuple of Series
        Name -> the cells of such a column in the real and in the synthetic table, and of a hold-out.
    real, synthetic : DataFrame
        The tables with their columns in one order.
    holdout : DataFrame or None
        The same for held-out rows.
    labels : list of hashable
        Names of the columns.
    kinds : list of {"number", "time", "duration", "category"}
        Kind of each column, by its real cells. Numbers, dates and durations are numeric; all others, flags included,
        are categories. Whole numbers count as numbers even where they are codes; convert such columns to categories or
        text to have them treated as categories.
    is_number : ndarray of bool, shape (d,)
        False for categories.
    levels : list of Index or None
        Levels of each category by their codes: those of the real table first, the most frequent one first of all, then
        levels that only the other tables hold. None for numeric columns.
    n_real_levels : ndarray of int, shape (d,)
        How many of these the real table holds; 0 for numeric columns.
    real_cells, synthetic_cells : ndarray of float, shape (n_real, d), (n_synthetic, d)
        Numbers as they are, times and durations in seconds, categories as codes of their levels. NaN for cells that are
        missing or unreadable, such as text among numbers.
    holdout_cells : ndarray of float, shape (n_holdout, d), or None
        The same for held-out rows.

    Raises
    ------
    ValueError
        If a table has no rows, other columns than `real`, two columns of one name, or cells that are infinite, complex
        or nested; the message names the column.

    Examples
    --------
    >>> real = pd.DataFrame({"age": [31, 42, 53], "city": ["Rome", "Oslo", "Rome"]})
    >>> pair = TablePair(real, pd.DataFrame({"city": ["Oslo", "Lima"], "age": [30, None]}))
    >>> pair.kinds
    ['number', 'category']
    >>> pair.synthetic_cells
    array([[30.,  1.],
           [nan,  2.]])
    """

    def __init__(
        self, real: Any, synthetic: Any, holdout: Any = None, *, identifiers: Sequence[Hashable] | None = None
    ) -> None:
        self.real = as_frame(real, "real")
        self.synthetic = as_frame(synthetic, "synthetic", self.real)
        self.holdout = None if holdout is None else as_frame(holdout, "holdout", self.real)
        self._leave_out(list(find_identifiers(self.real)) if identifiers is None else list(identifiers))
        self.labels = list(self.real)
        self.kinds = [kind_of(self.real[label]) for label in self.labels]
        tables = [table for table in (self.real, self.synthetic, self.holdout) if table is not None]
        self.levels: list[pd.Index | None] = []
        columns = []
        for label, kind in zip(self.labels, self.kinds, strict=True):
            if kind == "category":
                codes, levels = _encode([table[label] for table in tables])
                self.levels.append(pd.Index(levels, dtype=object, tupleize_cols=False))
                columns.append(codes)
            else:
                self.levels.append(None)
                columns.append([numbers_of(table[label], kind) for table in tables])
        self._set_cells([np.column_stack(column) for column in zip(*columns, strict=True)])

    def _leave_out(self, identifiers: list[Hashable]) -> None:
        """Take the columns that identify rows out of the tables, unless nothing else would be left."""
        self.identifiers = identifiers if len(identifiers) < len(self.real.columns) else []
        names = [name for name in _TABLES if getattr(self, name) is not None]
        self.identifier_columns = {
            label: tuple(getattr(self, name)[label] for name in names) for label in self.identifiers
        }
        if self.identifiers:
            for name in names:
                setattr(self, name, getattr(self, name).drop(columns=self.identifiers))

    def _set_cells(self, cells: list[NDArray]) -> None:
        # no -0.0, which equals 0.0 and has another hash
        cells = [table + 0.0 for table in cells]
        self.real_cells, self.synthetic_cells = cells[:2]
        self.holdout_cells = cells[2] if len(cells) > 2 else None
        # the codes of real levels come first
        self.n_real_levels = np.array(
            [
                0 if levels is None or np.isnan(column).all() else int(np.nanmax(column)) + 1
                for levels, column in zip(self.levels, self.real_cells.T, strict=True)
            ]
        )

    @property
    def is_number(self) -> NDArray[np.bool_]:
        """Whether each column is numeric."""
        return np.array([kind != "category" for kind in self.kinds])

    @property
    def index(self) -> pd.Index:
        """Names of the columns, as the index of a frame with a row for each column."""
        return pd.Index(self.labels, tupleize_cols=False)

    def take(self, real: NDArray, synthetic: NDArray, holdout: NDArray | None = None) -> "TablePair":
        """Return some of the rows, encoded as if they were all there is.

        Parameters
        ----------
        real, synthetic : array of int
            Row numbers, in the order of the result.
        holdout : array of int or None, default=None
            Numbers of held-out rows. None leaves the hold-out away.

        Returns
        -------
        TablePair
            With `levels` for these rows only.

        Examples
        --------
        >>> real = pd.DataFrame({"city": ["Rome", "Rome", "Oslo", "Lima"]})
        >>> TablePair(real, real).take(real=[2, 3], synthetic=[3]).levels
        [Index(['Oslo', 'Lima'], dtype='object')]
        """
        rows = {"real": real, "synthetic": synthetic} | ({} if holdout is None else {"holdout": holdout})
        part = copy.copy(self)
        part.holdout = None
        part.identifier_columns = {
            label: tuple(column.iloc[chosen] for column, chosen in zip(columns, rows.values(), strict=False))
            for label, columns in self.identifier_columns.items()
        }
        for name, chosen in rows.items():
            setattr(part, name, getattr(self, name).iloc[chosen])
        cells = [getattr(self, f"{name}_cells")[chosen] for name, chosen in rows.items()]
        part.levels = list(self.levels)
        for i, levels in enumerate(self.levels):
            if levels is not None:
                codes, kept = _encode([table[:, i] for table in cells])
                for table, column in zip(cells, codes, strict=True):
                    table[:, i] = column
                part.levels[i] = levels[kept.astype(np.intp)]
        part._set_cells(cells)
        return part

    def with_holdout(self, rows: NDArray) -> "TablePair":
        """Return the same tables with some real rows as the hold-out; they stay among the real rows as well.

        Parameters
        ----------
        rows : array of int
            Numbers of real rows.

        Returns
        -------
        TablePair
            Leave the rows out of the real ones with `take`.
        """
        part = copy.copy(self)
        part.holdout, part.holdout_cells = self.real.iloc[rows], self.real_cells[rows]
        return part

    def without(self, label: Any) -> "TablePair":
        """Return the same rows without one column.

        Parameters
        ----------
        label : hashable
            Name of the column.

        Returns
        -------
        TablePair
            With all other columns.
        """
        kept = [i for i, other in enumerate(self.labels) if other != label]
        part = copy.copy(self)
        for name in _TABLES:
            if getattr(self, name) is not None:
                setattr(part, name, getattr(self, name).drop(columns=label))
                setattr(part, f"{name}_cells", getattr(self, f"{name}_cells")[:, kept])
        for name in ("labels", "kinds", "levels"):
            setattr(part, name, [getattr(self, name)[i] for i in kept])
        part.n_real_levels = self.n_real_levels[kept]
        return part


def as_pair(real: Any, synthetic: Any = None, holdout: Any = None) -> TablePair:
    """Return tables as a pair; a pair is returned as it is.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        A pair stands for all tables.
    synthetic, holdout : table or None, default=None
        See `TablePair`; None beside a pair.

    Returns
    -------
    TablePair
        See there.

    Raises
    ------
    TypeError
        If there is no `synthetic`, or a table beside a pair.

    Examples
    --------
    >>> pair = as_pair([[1.0], [2.0]], [[3.0]])
    >>> as_pair(pair) is pair
    True
    """
    if isinstance(real, TablePair):
        if synthetic is not None or holdout is not None:
            raise TypeError("real is a TablePair, which holds all tables; leave synthetic and holdout out")
        return real
    if synthetic is None:
        raise TypeError("synthetic is None; give the synthetic rows, or a TablePair as real")
    return TablePair(real, synthetic, holdout)


def row_keys(cells: NDArray) -> NDArray[np.uint64]:
    """Return 64 bits for each row, the same ones for equal rows; missing cells equal each other.

    Parameters
    ----------
    cells : ndarray of float, shape (n, d)
        Cells of a `TablePair`.

    Returns
    -------
    ndarray of shape (n,)
        Hashes.
    """
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(cells), index=False), dtype=np.uint64)


def seconds_to_time(seconds: float, kind: str) -> pd.Timestamp | pd.Timedelta:
    """Return the time or duration of a cell.

    Parameters
    ----------
    seconds : float
        Seconds since 1970, or of the duration.
    kind : {"time", "duration"}
        Kind of the column.

    Returns
    -------
    Timestamp or Timedelta
        To the microsecond.

    Examples
    --------
    >>> seconds_to_time(86400.0, "time"), seconds_to_time(86400.0, "duration")
    (Timestamp('1970-01-02 00:00:00'), Timedelta('1 days 00:00:00'))
    """
    micros = round(seconds * 1e6)
    return pd.Timestamp(micros, unit="us") if kind == "time" else pd.Timedelta(micros, unit="us")


def _encode(columns: list[Any]) -> tuple[list[NDArray[np.float64]], NDArray]:
    """Return codes of the cells, NaN for missing ones, and the levels in the order of their codes.

    Levels of the first column come first, then those that only later ones hold; within a column, the most frequent
    level first, and of equally frequent ones that which occurs first.
    """
    found, all_levels = [], []
    for column in columns:
        try:
            cells = column.astype(object).to_numpy() if isinstance(column, pd.Series) else column
            codes, levels = pd.factorize(cells)
        except TypeError as error:
            raise ValueError(
                f"column {column.name!r} holds nested or unhashable cells ({error}); split them into separate "
                "columns, or drop the column"
            ) from None
        counts = np.bincount(codes[codes >= 0], minlength=len(levels))
        all_levels.append(levels[np.argsort(-counts, kind="stable")])
        found.append((codes, levels))
    ordered = pd.unique(np.concatenate(all_levels))
    index = pd.Index(ordered, dtype=ordered.dtype, tupleize_cols=False)
    encoded = []
    for codes, levels in found:
        places = index.get_indexer(pd.Index(levels, dtype=ordered.dtype, tupleize_cols=False)).astype(np.float64)
        places = np.append(places, np.nan)  # for the code -1 of missing cells
        encoded.append(places[codes])
    return encoded, ordered
