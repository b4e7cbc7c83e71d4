"""Cells that equal those of another column of their row, such as a bill and its payment in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.encoders.columns import Column, NumericColumn, read_numbers

# Share of the rows, and rows, in which two columns are equal at least.
MIN_SHARE, MIN_ROWS = 0.05, 20
# Rows in which they differ by one step of their grid are so many times fewer at least: columns that are alike are equal
# now and then.
SPIKE = 3
# Columns that one column may equal, at most.
MAX_EQUAL = 3
# Columns that are compared, at most, and rows of a first look.
MAX_COLUMNS = 200
N_LOOK = 1_000


def with_equal_cells(frame: pd.DataFrame, columns: Sequence[Column]) -> list[Column]:
    """Return the columns of a table, each with the columns that it often equals.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
        The cells.
    columns : sequence of Column, of length d
        As they were fitted one by one.

    Returns
    -------
    list of Column
        No column equals one that, directly or through others, equals it.
    """
    found = list(columns)
    own = [i for i, of in enumerate(columns) if isinstance(of, NumericColumn) and not of.is_discrete and not of.local]
    own = own[:MAX_COLUMNS]
    if len(own) < 2 or len(frame) < MIN_ROWS:
        return found
    numbers = {i: _regular(columns[i], frame.iloc[:, i]) for i in own}
    look = np.linspace(0, len(frame) - 1, min(len(frame), N_LOOK)).astype(np.intp)
    looked = {i: (cells[look], known[look]) for i, (cells, known) in numbers.items()}
    pairs = []
    for i, j in combinations(own, 2):
        if columns[i].dtype != columns[j].dtype or _n_equal(looked[i], looked[j]) < MIN_SHARE / 2 * len(look):
            continue
        n_equal = _n_equal(numbers[i], numbers[j])
        if n_equal >= max(MIN_ROWS, MIN_SHARE * len(frame)) and _is_spike(columns, numbers, i, j, n_equal):
            pairs.append((n_equal, i, j))
    equal: dict[int, list[int]] = {i: [] for i in own}
    for _, i, j in sorted(pairs, reverse=True):
        # of two columns, the one that follows from fewer others stays as it is
        for child, parent in ((i, j), (j, i)):
            if len(equal[child]) < MAX_EQUAL and not _leads_to(equal, parent, child):
                equal[child].append(parent)
                break
    for i, parents in equal.items():
        if parents:
            found[i] = replace(columns[i], equal_to=tuple(parents))
    return found


def _regular(column: Column, series: pd.Series) -> tuple[NDArray, NDArray[np.bool_]]:
    """Return the numbers of a column, and which are neither missing nor point masses."""
    numbers, missing = read_numbers(series)
    return numbers, ~missing & ~np.isin(numbers, column.point_masses)


def _n_equal(one: tuple[NDArray, NDArray], other: tuple[NDArray, NDArray]) -> int:
    return int(((one[0] == other[0]) & one[1] & other[1]).sum())


def _is_spike(columns, numbers, i, j, n_equal) -> bool:
    grids = columns[i].grid, columns[j].grid
    if None in grids:
        return True
    known = numbers[i][1] & numbers[j][1]
    apart = np.abs(numbers[i][0][known].astype(np.float64) - numbers[j][0][known].astype(np.float64))
    step = max(of.step / 10.0**of.decimals for of in grids)
    n_near = ((apart > 0) & (apart < 1.001 * step)).sum()
    return n_equal >= SPIKE * n_near / 2


def _leads_to(equal: dict[int, list[int]], start: int, end: int) -> bool:
    return start == end or any(_leads_to(equal, parent, end) for parent in equal[start])


def order_of_decoding(columns: Sequence[Column]) -> list[int]:
    """Return the positions of columns that equal others, each after those that it equals."""
    order: list[int] = []

    def add(i: int, depth: int) -> None:
        if depth > len(columns):
            raise ValueError("columns equal one another in a circle")
        for parent in getattr(columns[i], "equal_to", ()):
            add(parent, depth + 1)
        if getattr(columns[i], "equal_to", ()) and i not in order:
            order.append(i)

    for i in range(len(columns)):
        add(i, 0)
    return order


def equal_states(column, cells, others) -> NDArray[np.intp]:
    """Return 1 + the position in equal_to for each row, 0 where the cell equals none."""
    numbers, known = _regular(column, cells)
    states = np.zeros(len(numbers), dtype=np.intp)
    for k, other in reversed(list(enumerate(others))):
        theirs, missing = read_numbers(other)
        states[known & ~missing & (numbers == theirs)] = 1 + k
    return states
