"""Rows of which only some cells are known, encoded as far as they are."""

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.cells import duration_text
from ganaug.encoders.columns import Column, IdentifierColumn, NumericColumn
from ganaug.encoders.table import TableEncoder


class KnownCells(NamedTuple):
    """Encoded cells; all arrays have the shape (n, width) of encoded rows.

    Attributes
    ----------
    rows : ndarray of float32
        Encoded rows; 0 where nothing is known.
    is_known : ndarray of bool
        Which entries are known. Those of a one-hot block are known together.
    is_missing : ndarray of bool
        Which states of a block stand for a missing cell, the same in each row.
    """

    rows: NDArray[np.float32]
    is_known: NDArray[np.bool_]
    is_missing: NDArray[np.bool_]


def encode_known(encoder: TableEncoder, frame: pd.DataFrame, known: NDArray, *, strict: bool) -> KnownCells:
    """Encode the known cells of rows.

    Parameters
    ----------
    encoder : TableEncoder
        A fitted encoder.
    frame : DataFrame of shape (n, d)
        Rows with the columns of fit. Cells that are not known may hold anything.
    known : ndarray of bool, shape (n, d)
        Which cells are known.
    strict : bool
        Whether a cell that no decoded row could hold is an error. Otherwise a number outside the range of fit counts as
        the nearest end, and a level that fit did not see as unknown.

    Returns
    -------
    KnownCells
        The encoded cells.

    Raises
    ------
    ValueError
        If a known cell is not legal, or cannot be read as its column; the message names both.
    """
    shape = (len(frame), encoder.width_)
    found = KnownCells(np.zeros(shape, np.float32), np.zeros(shape, bool), np.zeros(shape, bool))
    for i, (column, (dim, block)) in enumerate(zip(encoder.columns_, encoder._offsets, strict=True)):
        dims, states = slice(dim, dim + column.n_continuous), slice(block, block + column.block_size)
        found.is_missing[:, states] = _missing_states(column)
        own = np.flatnonzero(known[:, i])
        if isinstance(column, IdentifierColumn) or not len(own):
            continue
        cells = frame.iloc[own, i].reset_index(drop=True)
        usable = np.ones(len(own), dtype=bool)
        if strict or isinstance(column, NumericColumn):
            cells = as_column(column, cells)
        if strict:
            _check_legal(column, cells)
        elif not isinstance(column, NumericColumn):
            usable = _were_seen(column, cells)
        cells, own = cells[usable], own[usable]
        if not len(own):
            continue
        continuous, state = column.encode(cells)
        found.rows[own, dims] = continuous
        found.is_known[own, dims] = True
        if state is not None:
            found.rows[own, block + state] = 1.0
            found.is_known[own, states] = True
            if isinstance(column, NumericColumn) and column.equal_to:  # whether it equals another is left open
                found.is_known[own, states] = (state > 0)[:, None]
                found.rows[own, states] *= (state > 0)[:, None]
            if column.n_continuous:  # a number that is missing has no place
                found.is_known[own, dims] = ~found.is_missing[own, block + state][:, None]
    return found


def as_column(column: Column, cells: pd.Series) -> pd.Series:
    """Return cells in the dtype that their column had in fit.

    Parameters
    ----------
    column : Column
        The column.
    cells : Series
        Its cells, of any dtype that can be read as this one, such as floats that are whole numbers.

    Raises
    ------
    ValueError
        If they cannot be read so, or become missing.
    """
    dtype: Any = column.dtype if isinstance(column, NumericColumn) else column.vocabulary.levels.dtype  # type: ignore[attr-defined]
    cells = cells.reset_index(drop=True)
    if cells.dtype == dtype:
        return cells
    if isinstance(dtype, pd.CategoricalDtype):
        unknown = ~cells.isin(dtype.categories) & cells.notna()
        if unknown.any():
            raise ValueError(f"{column.label!r} cannot hold {_first(cells[unknown])!r}{_levels_of(column)}")
    is_object = isinstance(dtype, np.dtype) and dtype.kind == "O"
    try:
        if isinstance(column, NumericColumn) and not column.unit and is_object:
            numbers: Any = pd.to_numeric(cells.astype(object))
            return numbers.astype(column.exact).astype(object) if not numbers.isna().any() else numbers.astype(object)
        if isinstance(column, NumericColumn) and not column.unit:
            cells = pd.to_numeric(cells)
        if isinstance(column, NumericColumn) and column.unit and dtype.kind == "m":
            cells = pd.to_timedelta(cells.astype(object).map(duration_text))
        read = cells.astype(dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{column.label!r} cannot hold {_first(cells)!r}: it had {dtype} in fit ({error})") from None
    lost = read.isna().to_numpy(bool) & ~cells.isna().to_numpy(bool)
    if lost.any():
        raise ValueError(f"{column.label!r} cannot hold {_first(cells[lost])!r}{_levels_of(column)}")
    if isinstance(column, NumericColumn) and not column.unit:
        known = ~read.isna().to_numpy(bool)
        before, after = (part[known].to_numpy(np.float64) for part in (cells, read))
        if not np.allclose(before, after, rtol=1e-6, atol=0):
            changed = cells[known][~np.isclose(before, after, rtol=1e-6, atol=0)]
            raise ValueError(f"{column.label!r} cannot hold {_first(changed)!r}: it had {dtype} in fit")
    return read


def cell_from_text(column: Column, text: str) -> Any:
    """Return the cell that a text stands for, as a user of the shell writes it; an empty text is a missing cell.

    Parameters
    ----------
    column : Column
        The column, which decides whether it is a number, a time or one of its levels.
    text : str
        For example "30", "2024-05-01" or "F".

    Raises
    ------
    ValueError
        If it is not a number in a column of numbers, or no level of a column of categories.
    """
    if isinstance(column, NumericColumn):
        if not text:
            return None
        if column.unit:
            return text
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            raise ValueError(
                f"{column.label!r} cannot be {text!r}: it holds numbers; write one without units, such as 12.5"
            ) from None
    if isinstance(column, IdentifierColumn):
        return text or None
    levels = list(column.vocabulary.levels.astype(object))  # type: ignore[attr-defined]
    for level in levels:
        if pd.isna(level) if not text else str(level) == text:
            return level
    raise ValueError(f"{column.label!r} cannot be {text!r}{_levels_of(column)}")


def _check_legal(column: Column, cells: pd.Series) -> None:
    """Refuse cells that come back as others when they are encoded and decoded."""
    try:
        continuous, states = column.encode(cells)
    except ValueError as error:
        raise ValueError(f"{error}{_levels_of(column)}") from None
    states = np.zeros(len(cells), dtype=np.intp) if states is None else states
    back = column.decode(continuous.astype(np.float64), states)
    for cell, decoded in zip(cells.astype(object), back.astype(object), strict=True):
        # a comparison with pd.NA is neither true nor false
        is_missing = pd.isna(cell), pd.isna(decoded)
        same = all(is_missing) if any(is_missing) else bool(cell == decoded)
        if not same and not any(is_missing) and isinstance(cell, float | np.floating) and column.kind == "numeric":
            same = bool(np.isclose(float(cell), float(decoded), rtol=1e-6, atol=0))
        if not same:
            raise ValueError(
                f"{column.label!r} cannot be {cell!r}: no training row had such a value; the nearest one is {decoded!r}"
            )


def _were_seen(column: Any, cells: pd.Series) -> NDArray[np.bool_]:
    levels = cells.astype(object)
    seen = {level: _is_level(column, cells[levels == level][:1]) for level in levels.dropna().unique()}
    no_value = _is_level(column, cells[cells.isna().to_numpy(bool)][:1])
    return np.array([no_value if pd.isna(level) else seen[level] for level in levels], dtype=bool)


def _is_level(column: Column, cell: pd.Series) -> bool:
    try:
        column.encode(cell)
    except ValueError:
        return False
    return True


def _missing_states(column: Any) -> NDArray[np.bool_]:
    if isinstance(column, NumericColumn):
        missing = np.zeros(column.block_size, dtype=bool)
        missing[1 : 1 + len(column.markers)] = bool(column.block_size)
        return missing
    if not column.block_size:
        return np.zeros(0, dtype=bool)
    return np.asarray(column.vocabulary.levels.isna(), dtype=bool)


def _levels_of(column: Any) -> str:
    if column.kind != "one-hot" and column.kind != "constant":
        return ""
    levels = column.vocabulary.levels.dropna().tolist()
    return f"; known are {', '.join(map(repr, levels[:10]))}{', ...' if len(levels) > 10 else ''}"


def _first(cells: pd.Series) -> Hashable:
    cell: Hashable = cells.iloc[0]
    return cell.item() if isinstance(cell, np.generic) else cell
