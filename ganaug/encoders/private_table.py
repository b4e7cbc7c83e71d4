"""A table encoder that learns from the rows only noisy histograms, for differential privacy."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import ndtri

from ganaug.common.containers import container_of
from ganaug.common.wording import listed
from ganaug.encoders.columns import MAX_BLOCK, Column, ConstantColumn, NumericColumn, OneHotCategory, Vocabulary
from ganaug.encoders.columns.base import factorize_levels
from ganaug.encoders.columns.numeric import POINT_MASS_SHARE
from ganaug.encoders.columns.scales import MAX_DECIMALS, TAIL, Grid, PiecewiseLinearMap
from ganaug.encoders.table import TableEncoder, to_frame

# Bins of a numeric column. More of them show finer shapes, and have more noise in each.
_N_BINS = 20
# Up to so many whole numbers between the bounds have a bin each.
_MAX_DISCRETE = 100
# Least share of a bin among all rows, so that the scale rises everywhere.
_LEAST_SHARE = 1e-5
# Bins of fewer rows than so many standard deviations of the noise are taken for empty.
_EMPTY = 1.0
# Missing cells are a state of a column where their noisy number is so many standard deviations above 0.
_CLEAR = 3.0


@dataclass(frozen=True)
class PrivateTable:
    """What noisy histograms tell of a table.

    Attributes
    ----------
    encoder : TableEncoder
        Made of the histograms and of what was declared.
    rows : Tensor of shape (n, width)
        The rows, encoded one by one. Cells that the encoder cannot hold were drawn anew.
    counts : ndarray of shape (n_classes,)
        Noisy number of rows of each class, at least 1.
    ranks, shares, levels : Tensor
        As `ganaug.training.HistogramPrior` takes them.
    """

    encoder: TableEncoder
    rows: torch.Tensor
    counts: NDArray
    ranks: torch.Tensor
    shares: torch.Tensor
    levels: torch.Tensor


def fit_private_table(
    X: Any,
    y: NDArray,
    *,
    n_classes: int,
    bounds: Mapping[Any, Sequence[float]] | None,
    levels: Mapping[Any, Sequence[Any]] | None,
    noise: float,
    delta: float,
    rng: np.random.Generator,
) -> PrivateTable:
    """Fit an encoder to noisy histograms of the rows.

    A row counts once for its class and once in each column, so that one row more or less changes all counts together by
    a norm of sqrt(n_columns + 1). The noise on each count is `noise` times this norm: all of it is one
    `ganaug.training.GaussianMechanism`. Levels that were not declared are counted where they occur, and kept where the
    noisy count is above a threshold, which a level of a single row exceeds with a probability of at most `delta`, in
    all columns together (arXiv 2006.03684). What is returned follows from these counts, from names and dtypes, and row
    by row from the row itself.

    Parameters
    ----------
    X : DataFrame of pandas or polars, or array, shape (n, d)
        The rows.
    y : array of int, shape (n,)
        Class indices.
    n_classes : int
        How many classes there are.
    bounds : mapping of name to (float, float) or (float, float, float), or None
        The range of each column of numbers, known without the rows, and the step between numbers, if they have one.
        Whole numbers have the step 1. Numbers outside the range are set to its nearest end.
    levels : mapping of name to sequence, or None
        The levels of columns, known without the rows. Other cells are drawn anew.
    noise : float
        See above; 0 adds none.
    delta : float
        See above.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    PrivateTable
        The encoder, and what follows from the histograms.

    Raises
    ------
    ValueError
        If a column needs a declaration; the message says which.
    """
    frame = to_frame(X)
    _check_container(X)
    plans = _plans(frame, dict(bounds or {}), dict(levels or {}))
    scale = noise * math.sqrt(len(plans) + 1)
    n_open = sum(plan.known is None and plan.bounds is None for plan in plans)
    threshold = 1 - scale * float(ndtri(delta / n_open)) if n_open and scale else 1.0
    counts = np.bincount(y, minlength=n_classes) + scale * rng.normal(size=n_classes)
    counts = np.maximum(counts, 1.0)
    found = [_read_column(plan, frame.iloc[:, i], y, counts, scale, threshold, rng) for i, plan in enumerate(plans)]
    columns = [of.column for of in found]
    known = pd.DataFrame({i: of.cells for i, of in enumerate(found)}, index=frame.index)
    encoder = TableEncoder()
    encoder.found_, encoder._exact_times = {}, {}
    encoder._container = container_of(X)
    if isinstance(X, pd.DataFrame):
        dense = container_of(known.set_axis(frame.columns, axis=1))
        counted = encoder._container.stored.counted.items()
        ways = {i: replace(way, missing=None) for i, way in counted}  # which missing cell X has is its secret
        encoder._container = replace(dense, stored=replace(dense.stored, counted=ways))
    encoder._lay_out(columns)
    encoder.state()  # what a model file cannot store is refused now, and not after the training
    numeric = [of for of in found if isinstance(of.column, NumericColumn)]
    n_bins = max([len(of.ranks) - 1 for of in numeric], default=1)
    ranks = np.ones((len(numeric), n_bins + 1))
    shares = np.zeros((n_classes, len(numeric), n_bins))
    for i, of in enumerate(numeric):
        ranks[i, : len(of.ranks)] = of.ranks
        shares[:, i, : of.shares.shape[1]] = of.shares
    blocks = [of.states for of in found if of.column.block_size]
    states = np.hstack([np.zeros((n_classes, 0)), *blocks])
    return PrivateTable(
        encoder, encoder._encode(known).float(), counts, *map(torch.from_numpy, (ranks, shares, states))
    )


# ------------------------------------------------------------------------------------------------ what is declared


@dataclass(frozen=True)
class _Plan:
    """What is known of a column without its rows."""

    label: Hashable
    dtype: Any
    bounds: tuple[float, float, float] | None = None  # with the step; 0 is none
    known: pd.Series | None = None  # levels

    @property
    def may_miss(self) -> bool:
        """Whether the dtype can hold missing cells."""
        return not (isinstance(self.dtype, np.dtype) and self.dtype.kind in "iub")


@dataclass(frozen=True)
class _Found:
    """A column, and what its histogram tells."""

    column: Column
    cells: pd.Series
    ranks: NDArray = field(default_factory=lambda: np.empty(0))
    shares: NDArray = field(default_factory=lambda: np.empty((0, 0)))
    states: NDArray = field(default_factory=lambda: np.empty((0, 0)))


def _check_container(X: Any) -> None:
    if isinstance(X, np.ndarray) and X.dtype.kind not in "biuf":
        raise ValueError(
            f"X is an array of dtype {X.dtype}, whose cells a private model cannot type without looking at them; pass "
            "a DataFrame, or an array of numbers"
        )
    schema = getattr(X, "schema", None)
    for name, dtype in [] if schema is None or isinstance(X, pd.DataFrame) else schema.items():
        if dtype.base_type().__name__ == "Enum":
            raise ValueError(f"column {name!r} has dtype Enum, which lists its values; cast it to String")


def _plans(frame: pd.DataFrame, bounds: dict[Any, Any], levels: dict[Any, Any]) -> list[_Plan]:
    """Return how each column is read, from names, dtypes and declarations alone."""
    for parameter, declared in (("bounds", bounds), ("levels", levels)):
        for name in declared:
            if name not in list(frame.columns):
                raise ValueError(
                    f"{parameter} names {name!r}, which is no column; there are {listed(frame.columns, 8)}"
                )
    plans, undeclared = [], []
    for i, label in enumerate(frame.columns):
        dtype = frame.dtypes.iloc[i]
        if label in bounds and label in levels:
            raise ValueError(f"column {label!r} is in bounds and in levels; leave it out of one")
        if label in levels:
            plans.append(_Plan(label, dtype, known=_declared(label, levels[label], dtype)))
        elif label in bounds:
            plans.append(_Plan(label, dtype, bounds=_checked_bounds(label, bounds[label], dtype)))
        elif dtype.kind == "b":
            plans.append(_Plan(label, dtype, known=pd.Series([False, True], dtype=dtype)))
        elif dtype.kind in "mM":
            raise ValueError(
                f"column {label!r} holds times, which differential privacy does not cover here; leave it out, or give "
                "numbers such as days since a fixed date, with bounds"
            )
        elif dtype.kind in "iufc":
            undeclared.append(label)
        else:
            plans.append(_Plan(label, dtype))
    if undeclared:
        example = f"bounds={{{undeclared[0]!r}: (lowest, highest)}}"
        raise ValueError(
            f"the range of {listed(undeclared, 8)} is not declared, and the smallest and the largest value are those "
            f"of single rows. Give a range that you know without the rows, {example} (in the shell --bounds "
            f"'{undeclared[0]}=lowest:highest'), or the values, levels={{{undeclared[0]!r}: [0, 1]}}"
        )
    return plans


def _declared(label: Hashable, levels: Any, dtype: Any) -> pd.Series:
    if isinstance(levels, str) or not 0 < len(levels := list(levels)) <= MAX_BLOCK:
        raise ValueError(f"levels[{label!r}]={levels!r} must be a list of 1 to {MAX_BLOCK} levels")
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = pd.CategoricalDtype([level for level in levels if not pd.isna(level)], dtype.ordered)
    try:
        series = pd.Series(levels, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(f"levels[{label!r}]={levels!r} does not fit the dtype {dtype}: {error}") from error
    if series.duplicated().any():
        raise ValueError(f"levels[{label!r}]={levels!r} holds a level twice")
    return series


def _checked_bounds(label: Hashable, given: Any, dtype: Any) -> tuple[float, float, float]:
    if dtype.kind not in "iuf":
        raise ValueError(
            f"bounds[{label!r}] is for numbers, but the column has dtype {dtype}; convert it, or use levels"
        )
    is_whole = dtype.kind in "iu"
    try:
        low, high, step = (*map(float, given), float(is_whole))[:3] if len(given) in (2, 3) else ()
    except (TypeError, ValueError):
        raise ValueError(
            f"bounds[{label!r}]={given!r} must be a pair of numbers, such as (0, 120), or (0, 99.99, 0.01) with a step"
        ) from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"bounds[{label!r}]={given!r} must be two finite numbers, the lower one first")
    if is_whole:
        low, high = math.floor(low), math.ceil(high)
        limits = np.iinfo(getattr(dtype, "numpy_dtype", dtype))
        if low < limits.min or high > limits.max:
            raise ValueError(f"bounds[{label!r}]={given!r} do not fit the dtype {dtype}")
    if step:
        decimals = _decimals(step)
        if not (0 < step <= high - low and decimals is not None and max(-low, high) * 10.0**decimals < 2**53):
            raise ValueError(
                f"bounds[{label!r}]={given!r}: the step must be a number of few decimals, such as 0.01, and not larger "
                "than the range"
            )
        if is_whole and decimals:
            raise ValueError(f"bounds[{label!r}]={given!r}: the step of whole numbers must be a whole number")
    return low, high, step


def _decimals(step: float) -> int | None:
    """Return how many decimals write a step, if they are few."""
    return next((d for d in range(MAX_DECIMALS + 1) if round(step, d) == step), None)


# --------------------------------------------------------------------------------------------------- columns


def _read_column(
    plan: _Plan,
    series: pd.Series,
    y: NDArray,
    counts: NDArray,
    scale: float,
    threshold: float,
    rng: np.random.Generator,
) -> _Found:
    if plan.bounds is not None:
        return _read_numbers(plan, series, y, counts, scale, rng)
    return _read_levels(plan, series, y, counts, scale, threshold, rng)


def _noisy(cells: NDArray, y: NDArray, shape: tuple[int, int], scale: float, rng: np.random.Generator) -> NDArray:
    """Return the noisy number of rows of each class with each cell; negative cells count nowhere."""
    known = cells >= 0
    table = np.bincount(y[known] * shape[1] + cells[known], minlength=shape[0] * shape[1]).reshape(shape)
    return table + scale * rng.normal(size=shape)


def _shares(noisy: NDArray, counts: NDArray, scale: float) -> tuple[NDArray, NDArray]:
    """Return the shares of cells among all rows, and in each class.

    Where the histogram of a class differs from that of all rows by no more than noise does, it becomes that of all
    rows, and in between a mean of both (James-Stein).
    """
    n_cells = noisy.shape[1]
    whole = noisy.sum(axis=0)
    whole[whole < _EMPTY * scale * math.sqrt(len(noisy))] = 0.0
    whole = whole / whole.sum() if whole.sum() > 0 else np.full(n_cells, 1 / n_cells)
    apart = noisy - counts[:, None] * whole
    weight = np.maximum(0.0, 1 - n_cells * scale**2 / np.maximum((apart**2).sum(axis=1), 1e-12))
    of_classes = np.where(whole > 0, np.maximum(whole + weight[:, None] * apart / counts[:, None], 0.0), 0.0)
    return whole, of_classes / np.maximum(of_classes.sum(axis=1, keepdims=True), 1e-12)


def _read_numbers(
    plan: _Plan, series: pd.Series, y: NDArray, counts: NDArray, scale: float, rng: np.random.Generator
) -> _Found:
    assert plan.bounds is not None
    low, high, step = plan.bounds
    # numbers with a step are counted in steps from the lowest
    origin, unit = (low, step) if step else (0.0, 1.0)
    n_steps = int((high - low) / step + 1e-6) if step else 0
    is_discrete = 0 < n_steps <= _MAX_DISCRETE
    n_bins = n_steps + 1 if is_discrete else _N_BINS
    edges = np.arange(n_bins + 1) - 0.5 if is_discrete else np.linspace(low, high, n_bins + 1)
    if step and not is_discrete:
        edges = np.rint(np.linspace(0, n_steps, n_bins + 1))
    missing = series.isna().to_numpy(dtype=bool)
    numbers = np.clip(series.to_numpy(dtype=np.float64, na_value=np.nan), low, high)
    missing = missing | np.isnan(numbers)
    bins = np.clip(np.searchsorted(edges, (numbers - origin) / unit, side="right") - 1, 0, n_bins - 1)
    # zeros are counted on their own, because many columns have a spike there
    at_zero = int(np.clip(np.searchsorted(edges, (0 - origin) / unit, side="right") - 1, 0, n_bins - 1))
    bins[numbers == 0] = n_bins
    bins[missing] = n_bins + 1
    noisy = _noisy(bins, y, (len(counts), n_bins + 2), scale, rng)
    zeros, absent = noisy[:, n_bins], noisy[:, n_bins + 1]
    clear = _CLEAR * scale * math.sqrt(len(counts))
    has_missing = plan.may_miss and absent.sum() > max(clear, 0.5)
    has_spike = not is_discrete and low <= 0 <= high and zeros.sum() > max(clear, POINT_MASS_SHARE * counts.sum())
    if not has_spike:
        noisy[:, at_zero] += zeros
    whole, shares = _shares(noisy[:, :n_bins], np.maximum(noisy[:, :n_bins].sum(axis=1), 1.0), scale)
    whole = whole + _LEAST_SHARE
    ranks = np.concatenate([[0.0], np.cumsum(whole / whole.sum())])
    ranks[-1] = 1.0
    # rows of equal numbers share their middle rank
    at = (ranks[1:] + ranks[:-1]) / 2 if is_discrete else ranks
    knots = np.arange(n_bins) if is_discrete else edges
    decimals = _decimals(step) or 0
    scaled = round(low * 10.0**decimals), round(step * 10.0**decimals)
    exact = {"i": "int64", "u": "uint64"}.get(plan.dtype.kind, "float64")
    column = NumericColumn(
        label=plan.label,
        dtype=plan.dtype,
        exact=exact,
        unit="",
        aware=False,
        local=False,
        grid=Grid(*scaled, decimals, exact) if step else None,
        is_discrete=is_discrete,
        scale=PiecewiseLinearMap(knots.astype(np.uint64 if step else np.float64), ndtri(TAIL + at * (1 - 2 * TAIL))),
        markers=[None] if has_missing else [],
        point_masses=np.zeros(int(has_spike), dtype=exact),
    )
    cells = series
    if missing.any() and not has_missing:
        place = ndtri(TAIL + rng.random(int(missing.sum())) * (1 - 2 * TAIL))
        drawn = column.decode(place[:, None], np.zeros(len(place), dtype=np.intp))
        cells = series.copy()
        cells[missing] = drawn.to_numpy()
    states = np.empty((len(counts), 0))
    if column.block_size:
        special = np.column_stack([*([absent] if has_missing else []), *([zeros] if has_spike else [])])
        of_cells = np.column_stack([np.maximum(counts - special.sum(axis=1), 1.0), special])
        states = _shares(of_cells, of_cells.sum(axis=1), scale)[1]
    return _Found(column, cells, ranks, shares, states)


def _read_levels(
    plan: _Plan,
    series: pd.Series,
    y: NDArray,
    counts: NDArray,
    scale: float,
    threshold: float,
    rng: np.random.Generator,
) -> _Found:
    if plan.known is not None:
        vocabulary = Vocabulary(plan.known, plan.label)
        codes = vocabulary.find(series.astype(plan.known.dtype))
        noisy = _noisy(codes, y, (len(counts), len(vocabulary)), scale, rng)
    else:
        vocabulary, codes, noisy = _frequent_levels(plan, series, y, len(counts), scale, threshold, rng)
    _, shares = _shares(noisy, np.maximum(noisy.sum(axis=1), 1.0), scale)
    unknown = np.flatnonzero(codes < 0)
    ends = shares.cumsum(axis=1)[y[unknown]]
    drawn = (rng.random(len(unknown))[:, None] > ends).sum(axis=1)
    codes[unknown] = np.minimum(drawn, len(vocabulary) - 1)
    cells = vocabulary.take(codes).set_axis(series.index)
    if len(vocabulary) == 1:
        return _Found(ConstantColumn(plan.label, vocabulary), cells)
    return _Found(OneHotCategory(plan.label, vocabulary), cells, states=shares)


def _frequent_levels(
    plan: _Plan,
    series: pd.Series,
    y: NDArray,
    n_classes: int,
    scale: float,
    threshold: float,
    rng: np.random.Generator,
) -> tuple[Vocabulary, NDArray, NDArray]:
    """Return levels with a noisy count above the threshold in some class, the codes of the rows, and the counts."""
    first, codes = factorize_levels(series, plan.label)
    table = np.bincount(y * len(first) + codes, minlength=n_classes * len(first)).reshape(n_classes, len(first))
    noisy = np.where(table > 0, table + scale * rng.normal(size=table.shape), 0.0)
    noisy[noisy < threshold] = 0.0
    kept = np.flatnonzero(noisy.any(axis=0))
    kept = kept[np.argsort(-noisy[:, kept].sum(axis=0), kind="stable")][:MAX_BLOCK]
    # in an order that says nothing of the rows: that of an ordered dtype, or of the alphabet
    cells = list(series.take(first[kept]).astype(object))
    is_ordered = isinstance(plan.dtype, pd.CategoricalDtype) and plan.dtype.ordered
    place = {level: k for k, level in enumerate(plan.dtype.categories)} if is_ordered else {}
    key = [(pd.isna(cell), place.get(cell, 0), str(type(cell)), str(cell)) for cell in cells]
    kept = kept[sorted(range(len(kept)), key=key.__getitem__)]
    levels = series.take(first[kept])
    if isinstance(plan.dtype, pd.CategoricalDtype):
        names = [level for level in levels.astype(object) if not pd.isna(level)]
        levels = levels.astype(pd.CategoricalDtype(names, plan.dtype.ordered))
    if not len(kept):  # of a column of rare values nothing may be told
        levels = pd.Series([None], dtype=levels.dtype)
        return Vocabulary(levels, plan.label), np.full(len(series), -1), np.zeros((n_classes, 1))
    position = np.full(len(first), -1)
    position[kept] = np.arange(len(kept))
    return Vocabulary(levels, plan.label), position[codes], noisy[:, kept]
