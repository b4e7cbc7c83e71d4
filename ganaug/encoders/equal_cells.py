"""Cells that equal those of another column of their row, such as a bill and its payment in full.

In a part of the rows only: columns that are equal in all rows are a rule of the table (`ganaug.constraints`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.encoders.columns import Column, NumericColumn, read_numbers

# Two columns are equal in so many rows, and in such a share of them, beyond what equal frequent values explain.
MIN_ROWS, MIN_SHARE = 20, 0.05
# They are equal so many times as often as they differ by one step of their grid to one side: columns that are merely
# alike are equal about as often.
SPIKE = 3
# Columns that one column may equal, at most.
MAX_EQUAL = 3
# Columns that are compared, at most, and rows of a first look.
MAX_COLUMNS, N_LOOK = 200, 1_000


class _Cells(NamedTuple):
    numbers: NDArray
    is_regular: NDArray[np.bool_]  # neither missing nor a point mass

    def equal(self, other: _Cells) -> NDArray[np.bool_]:
        return (self.numbers == other.numbers) & self.is_regular & other.is_regular


def with_equal_cells(frame: pd.DataFrame, columns: Sequence[Column], left_out: Iterable[int] = ()) -> list[Column]:
    """Return the columns of a table; each numeric one knows the columns that it often equals.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
        The cells.
    columns : sequence of Column, of length d
        As they were fitted one by one.
    left_out : iterable of int
        Positions of columns whose cells change after they were decoded.

    Returns
    -------
    list of Column
        No column equals one that, directly or through others, equals it.
    """
    found = list(columns)
    numeric = {
        i: of
        for i, of in enumerate(columns)
        if isinstance(of, NumericColumn) and not (of.is_discrete or of.local or i in set(left_out))
    }
    own = list(numeric)[:MAX_COLUMNS]
    if len(own) < 2 or len(frame) < MIN_ROWS:
        return found
    cells = {i: _regular(numeric[i], frame.iloc[:, i]) for i in own}
    look = np.linspace(0, len(frame) - 1, min(len(frame), N_LOOK)).astype(np.intp)
    looked = {i: _Cells(of.numbers[look], of.is_regular[look]) for i, of in cells.items()}
    least = max(MIN_ROWS, MIN_SHARE * len(frame))
    pairs = []
    for i, j in combinations(own, 2):
        if not _are_alike(numeric[i], numeric[j]) or looked[i].equal(looked[j]).mean() < MIN_SHARE / 2:
            continue
        n_equal = int(cells[i].equal(cells[j]).sum())
        if n_equal - _n_by_chance(cells[i], cells[j]) >= least and n_equal >= SPIKE * _n_near(i, j, numeric, cells):
            pairs.append((n_equal, i, j))
    equal: dict[int, list[int]] = {i: [] for i in own}
    for _, i, j in sorted(pairs, reverse=True):
        for column, other in ((i, j), (j, i)):
            if len(equal[column]) < MAX_EQUAL and not _follows(equal, other, column):
                equal[column].append(other)
                break
    for i, others in equal.items():
        if others:
            found[i] = replace(numeric[i], equal_to=tuple(others))
    return found


def order_of_decoding(columns: Sequence[Column]) -> list[int]:
    """Return the positions of the columns that equal others in some rows, each after those that it equals.

    Parameters
    ----------
    columns : sequence of Column
        All columns of a table.

    Raises
    ------
    ValueError
        If a column cannot equal the one that it names, or if they equal one another in a circle.
    """
    left = {i: of.equal_to for i, of in enumerate(columns) if isinstance(of, NumericColumn) and of.equal_to}
    for i, others in left.items():
        if not all(0 <= k < len(columns) and _are_alike(columns[i], columns[k]) for k in others):
            raise ValueError(f"column {columns[i].label!r} cannot equal the columns {others}")
    order: list[int] = []
    while left:
        ready = [i for i, others in left.items() if not any(k in left for k in others)]
        if not ready:
            raise ValueError("columns equal one another in a circle")
        order += ready
        left = {i: others for i, others in left.items() if i not in ready}
    return order


def states_of_equal(column: NumericColumn, frame: pd.DataFrame, place: int, states: NDArray) -> NDArray[np.intp]:
    """Return the states of a column, with those of cells that equal another column of their row.

    Parameters
    ----------
    column : NumericColumn
        The column.
    frame : DataFrame of shape (n, d)
        The rows.
    place : int
        Position of the column.
    states : ndarray of shape (n,)
        What the column itself knows.
    """
    cells, is_regular = read_numbers(frame.iloc[:, place])[0], states == 0  # type: ignore[index]
    found = states.copy()
    for k, other in reversed(list(enumerate(column.equal_to))):
        numbers, missing = read_numbers(frame.iloc[:, other])  # type: ignore[misc]
        found[is_regular & ~missing & (cells == numbers)] = column.first_equal + k
    return found


def take_equal(column: NumericColumn, cells: pd.Series, states: NDArray, decoded: Sequence[pd.Series]) -> pd.Series:
    """Return the decoded cells of a column; where its state says so, and it is legal, those of another column.

    Parameters
    ----------
    column : NumericColumn
        The column.
    cells, states
        Its decoded cells, and its states.
    decoded : sequence of Series
        The decoded cells of all columns.
    """
    for k, other in enumerate(column.equal_to):
        rows = np.flatnonzero(states == column.first_equal + k)
        if not len(rows):
            continue
        numbers, missing = read_numbers(decoded[other].iloc[rows])  # type: ignore[misc]
        rows, numbers = rows[~missing], numbers[~missing]
        rows = rows[column.holds(numbers)]
        is_taken = np.zeros(len(cells), dtype=bool)
        is_taken[rows] = True
        cells = cells.mask(is_taken, decoded[other])
    return cells


def _are_alike(one: Column, other: Column) -> bool:
    if not (isinstance(one, NumericColumn) and isinstance(other, NumericColumn)):
        return False
    return bool(one.dtype == other.dtype and one.exact == other.exact and one.unit == other.unit)


def _regular(column: NumericColumn, series: pd.Series) -> _Cells:
    numbers, missing = read_numbers(series)  # type: ignore[misc]
    return _Cells(numbers, ~missing & ~np.isin(numbers, column.point_masses))


def _n_by_chance(one: _Cells, other: _Cells) -> float:
    """Return in how many rows the columns would be equal if they were paired at random."""
    counts = [np.unique(of.numbers[of.is_regular], return_counts=True) for of in (one, other)]
    _, i, j = np.intersect1d(counts[0][0], counts[1][0], assume_unique=True, return_indices=True)
    return float((counts[0][1][i].astype(float) * counts[1][1][j]).sum() / len(one.numbers))


def _n_near(i: int, j: int, columns: dict[int, NumericColumn], cells: dict[int, _Cells]) -> float:
    """Return in how many rows the columns differ by one step of their grid, to one side."""
    grids = [of for of in (columns[i].grid, columns[j].grid) if of is not None]
    if len(grids) < 2:
        return 0.0
    rows = cells[i].is_regular & cells[j].is_regular
    apart = np.abs(cells[i].numbers[rows].astype(np.float64) - cells[j].numbers[rows].astype(np.float64))
    step = max(of.step / 10.0**of.decimals for of in grids)
    return float(((apart > 0) & (apart < 1.001 * step)).sum()) / 2


def _follows(equal: dict[int, list[int]], column: int, other: int) -> bool:
    return column == other or any(_follows(equal, k, other) for k in equal[column])
