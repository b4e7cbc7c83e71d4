"""The kinds of rules. A rule tells which rows break it, says what it demands, and repairs rows where that is possible.

A missing cell breaks no rule on values.
"""

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.wording import joined
from ganaug.constraints.cells import Cells
from ganaug.constraints.conditions import Condition, Domains, Plain, Rows, named, shown

# Values that a mapping shows in a sentence.
_N_SHOWN = 3
# Keys among which a repair chooses; with more, the key of the row is kept.
_MAX_KEYS = 200

# --------------------------------------------------------------------------------------------------------- rules


class Rule(Plain, ABC):
    """Something that holds in each real row."""

    columns: tuple[Hashable, ...]
    # The column that `repair` changes, if it changes only one.
    written: Hashable | None = None

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What the rule demands."""

    @abstractmethod
    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule."""

    def repair(self, cells: Cells, domains: Domains) -> None:
        """Change the rows that break the rule so that they keep it, where that needs no choice."""

    def compute(self, cells: Cells, domains: Domains) -> None:
        """Compute cells that others determine, also in rows that keep the rule."""

    def force(self, cells: Cells, domains: Domains) -> None:
        """Change the rows that break the rule to a usual value, if nothing better was found."""
        self.repair(cells, domains)

    def broken(self, frame: pd.DataFrame) -> Rows:
        """Return which rows of a table break the rule."""
        return self.breaks(Cells(frame))

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Never(Rule):
    """Two conditions that never hold together."""

    first: Condition
    second: Condition
    instead: Any = None  # usual value of the second column where the first condition holds

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """Names of the columns concerned."""
        return self.first.column, self.second.column

    @property
    def sentence(self) -> str:
        """What the rule demands."""
        return f"{self.first} never with {self.second}"

    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule."""
        return self.first.holds(cells) & self.second.holds(cells)

    def repair(self, cells: Cells, domains: Domains) -> None:
        """Move numbers that are only a little too small or too large."""
        self.second.step_back(cells, self.breaks(cells), domains)

    def force(self, cells: Cells, domains: Domains) -> None:
        """Give the second column its usual value."""
        self.second.leave(cells, self.breaks(cells), self.instead, domains)


@dataclass(frozen=True)
class Order(Rule):
    """One number is at most another."""

    smaller: Hashable
    larger: Hashable
    strict: bool = False

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """Names of the columns concerned."""
        return self.smaller, self.larger

    @property
    def sentence(self) -> str:
        """What the rule demands."""
        return f"{named(self.smaller)} {'<' if self.strict else '<='} {named(self.larger)}"

    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule."""
        small, large = cells.numbers(self.smaller), cells.numbers(self.larger)
        return small >= large if self.strict else small > large

    def repair(self, cells: Cells, domains: Domains) -> None:
        """Swap both numbers where each is legal in the other column; otherwise move the second, or the first."""
        if self.smaller not in domains or self.larger not in domains:
            return
        low, high = domains[self.smaller], domains[self.larger]
        rows = self.breaks(cells)
        if not rows.any():
            return
        small, large = cells.numbers(self.smaller)[rows], cells.numbers(self.larger)[rows]
        new_small, new_large = low.nearest(large), high.nearest(small)
        swapped = (abs(new_small - large) <= low.rounding) & (abs(new_large - small) <= high.rounding)
        moved = high.at_least(small + (high.rounding if self.strict else 0))
        raised = ~swapped & self._keeps(small, moved)
        lowered = ~swapped & ~raised
        moved_down = low.at_most(large - (low.rounding if self.strict else 0))
        cells.write(self.smaller, rows, np.select([swapped, lowered], [new_small, moved_down], small))
        cells.write(self.larger, rows, np.select([swapped, raised], [new_large, moved], large))

    def _keeps(self, small: NDArray, large: NDArray) -> Rows:
        return small < large if self.strict else small <= large


@dataclass(frozen=True)
class Equal(Rule):
    """Two columns hold the same cells."""

    first: Hashable
    second: Hashable

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """Names of the columns concerned."""
        return self.first, self.second

    @property
    def written(self) -> Hashable:  # type: ignore[override]
        """The column that `repair` changes."""
        return self.second

    @property
    def sentence(self) -> str:
        """What the rule demands."""
        return f"{named(self.first)} = {named(self.second)}"

    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule."""
        known = ~cells.missing(self.first) & ~cells.missing(self.second)
        if cells.kind(self.first) == "category":
            codes, levels = cells.codes(self.first)
            same = cells.places(self.second, {level: i for i, level in enumerate(levels)}) == codes
            return known & ~same
        a, b = cells.numbers(self.first), cells.numbers(self.second)
        return known & (abs(a - b) > 1e-9 * np.maximum(abs(a), abs(b)))

    def repair(self, cells: Cells, domains: Domains) -> None:
        """Copy the first column."""
        rows = self.breaks(cells)
        if cells.kind(self.first) == "category":
            codes, levels = cells.codes(self.first)
            cells.write(self.second, rows, [levels[code] for code in codes[rows]])
        elif self.second in domains:
            cells.write(self.second, rows, domains[self.second].nearest(cells.numbers(self.first)[rows]))


@dataclass(frozen=True)
class Linear(Rule):
    """A number is the sum of others, each times a factor, and a constant."""

    target: Hashable
    terms: tuple[tuple[float, Hashable], ...]
    constant: float
    tolerance: float
    is_of_times: bool = False  # the constant is a number of seconds

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """Names of the columns concerned."""
        return self.target, *(label for _, label in self.terms)

    @property
    def written(self) -> Hashable:  # type: ignore[override]
        """The column that `repair` changes."""
        return self.target

    @property
    def sentence(self) -> str:
        """What the rule demands."""
        text = ""
        for factor, label in self.terms:
            size = "" if abs(factor) == 1 else f"{abs(factor):.6g} x "
            text += f" {'-' if factor < 0 else '+'} {size}{named(label)}"
        if self.constant:
            constant = shown(abs(self.constant), "duration" if self.is_of_times else "")
            text += f" {'-' if self.constant < 0 else '+'} {constant}"
        return f"{named(self.target)} ={text.replace(' +', '', 1) if text.startswith(' +') else text}"

    def value(self, cells: Cells) -> NDArray[np.float64]:
        """Return what the target should be."""
        total = np.full(len(cells), self.constant)
        for factor, label in self.terms:
            total += factor * cells.numbers(label)
        return total

    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule."""
        value = self.value(cells)
        return abs(cells.numbers(self.target) - value) > self.tolerance + 1e-9 * abs(value)

    def repair(self, cells: Cells, domains: Domains) -> None:
        """Compute the target."""
        rows = self.breaks(cells)
        if rows.any() and self.target in domains:
            cells.write(self.target, rows, domains[self.target].nearest(self.value(cells)[rows]))


_OPERATIONS: dict[str, Callable[[NDArray, NDArray], NDArray]] = {
    "x": operator.mul,
    "+": operator.add,
}


@dataclass(frozen=True)
class Ratio(Rule):
    """The ratio of a number to the product, or the sum, of two others lies in a band.

    Outside the band by no more than `rounding` of the target, a row does not break the rule. In rows in which `first`
    or `second` has a value in `exact`, the ratio is `factor`: after one month, the total is one monthly charge.
    """

    target: Hashable
    first: Hashable
    operation: str
    second: Hashable
    low: float
    high: float
    quantiles: tuple[float, ...]  # of the ratio in real rows
    rounding: float
    exact: tuple[tuple[Hashable, float], ...] = ()  # columns and values
    factor: float = 1.0

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """Names of the columns concerned."""
        return self.target, self.first, self.second

    @property
    def written(self) -> Hashable:  # type: ignore[override]
        """The column that `repair` changes."""
        return self.target

    @property
    def sentence(self) -> str:
        """What the rule demands."""
        middle = float(np.median(self.quantiles))
        below, above = 1 - self.low / middle, self.high / middle - 1
        factor = "" if abs(middle - 1) < 0.005 else f"{middle:.4g} x "
        text = f"{named(self.target)} = {factor}{named(self.first)} {self.operation} {named(self.second)}"
        if max(below, above) < 1e-4:
            return text
        if max(below, above) < 0.1:
            text += f" within {100 * max(below, above):.2g} %"
        else:
            text += f" within -{100 * below:.3g} to +{100 * above:.3g} %"
        where = [f"{named(label)} is {shown(value)}" for label, value in self.exact[:_N_SHOWN]]
        return f"{text}, exactly where {joined(where, 'or')}" if where else text

    def value(self, cells: Cells) -> NDArray[np.float64]:
        """Return the product or the sum."""
        return _OPERATIONS[self.operation](cells.numbers(self.first), cells.numbers(self.second))

    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule."""
        target, value = cells.numbers(self.target), self.value(cells)
        inexact = self.is_exact(cells) & (abs(target - self.factor * value) > self.rounding + 1e-9 * abs(value))
        return inexact | self._is_outside(target, value)

    def is_exact(self, cells: Cells) -> Rows:
        """Return in which rows the ratio is `factor`."""
        rows = np.zeros(len(cells), dtype=bool)
        for label, value in self.exact:
            rows |= cells.numbers(label) == value
        return rows

    def _is_outside(self, target: NDArray, value: NDArray) -> Rows:
        ends = np.sort([self.low * value, self.high * value], axis=0)
        slack = self.rounding + 1e-9 * abs(value)
        return (target < ends[0] - slack) | (target > ends[1] + slack)

    def repair(self, cells: Cells, domains: Domains) -> None:
        """Give the ratio a value that real rows have, in rows that break the rule."""
        self._write(cells, self.breaks(cells), domains)

    def compute(self, cells: Cells, domains: Domains) -> None:
        """Give the ratio the distribution of real rows."""
        self._write(cells, ~np.isnan(cells.numbers(self.target) + self.value(cells)), domains)

    def _write(self, cells: Cells, rows: Rows, domains: Domains) -> None:
        if not rows.any() or self.target not in domains:
            return
        value = self.value(cells)[rows]
        # the rank of the ratio is a hash of the row: the same row always gets the same ratio
        seed = np.column_stack([cells.numbers(self.first)[rows], cells.numbers(self.second)[rows]])
        rank = pd.util.hash_pandas_object(pd.DataFrame(seed), index=False).to_numpy() / 2.0**64
        ratio = np.interp(rank, np.linspace(0, 1, len(self.quantiles)), self.quantiles)
        ratio = np.where(self.is_exact(cells)[rows], self.factor, ratio)
        cells.write(self.target, rows, domains[self.target].nearest(value * ratio))


@dataclass(frozen=True)
class MissingTogether(Rule):
    """Columns whose cells are missing in the same rows."""

    labels: tuple[Hashable, ...]

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """Names of the columns concerned."""
        return self.labels

    @property
    def sentence(self) -> str:
        """What the rule demands."""
        return f"{joined([named(label) for label in self.labels])} are missing together"

    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule."""
        n_missing = np.sum([cells.missing(label) for label in self.labels], axis=0)
        return (n_missing > 0) & (n_missing < len(self.labels))

    def repair(self, cells: Cells, domains: Domains) -> None:
        """Make the others missing where the first is. Where only others are, a new row keeps their shares better."""
        self._delete(cells, cells.missing(self.labels[0]))

    def force(self, cells: Cells, domains: Domains) -> None:
        """Make all missing where one is."""
        self._delete(cells, self.breaks(cells))

    def _delete(self, cells: Cells, rows: Rows) -> None:
        for label in self.labels:
            cells.delete(label, rows & ~cells.missing(label))


@dataclass(frozen=True)
class MissingWhen(Rule):
    """Cells that are missing exactly where another column has one of some values."""

    column: Hashable
    by: Hashable
    values: tuple[Any, ...]  # with these the cell is missing
    others: tuple[Any, ...]  # with these it is not

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """Names of the columns concerned."""
        return self.column, self.by

    @property
    def sentence(self) -> str:
        """What the rule demands."""
        values = joined([shown(value) for value in self.values[:_N_SHOWN]], "or")
        more = f" or {len(self.values) - _N_SHOWN} others" if len(self.values) > _N_SHOWN else ""
        return f"{named(self.column)} is missing exactly when {named(self.by)} is {values}{more}"

    def _should_be(self, cells: Cells) -> NDArray[np.intp]:
        return cells.places(self.by, dict.fromkeys(self.others, 0) | dict.fromkeys(self.values, 1))

    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule."""
        expected = self._should_be(cells)
        return (expected >= 0) & (cells.missing(self.column) != (expected == 1))

    def repair(self, cells: Cells, domains: Domains) -> None:
        """Make cells missing. Those that should not be missing need a new row."""
        cells.delete(self.column, self.breaks(cells) & ~cells.missing(self.column))

    def force(self, cells: Cells, domains: Domains) -> None:
        """Make cells missing, or give the other column the value with which they are."""
        self.repair(cells, domains)
        rows = self.breaks(cells)
        cells.write(self.by, rows, [self.values[0]] * int(rows.sum()))


@dataclass(frozen=True)
class Determined(Rule):
    """A column that another one determines."""

    target: Hashable
    by: Hashable
    keys: tuple[Any, ...]
    values: tuple[Any, ...]  # of the target for each key
    is_mutual: bool = False

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """Names of the columns concerned."""
        return self.target, self.by

    @property
    def written(self) -> Hashable:  # type: ignore[override]
        """The column that `repair` changes."""
        return self.target

    @property
    def sentence(self) -> str:
        """What the rule demands."""
        mutual = ", and the other way round" if self.is_mutual else ""
        return f"{named(self.target)} is determined by {named(self.by)}{mutual}"

    @cached_property
    def _numbering(self) -> tuple[dict[Any, int], dict[Any, int], NDArray[np.intp]]:
        keys = {key: i for i, key in enumerate(self.keys)}
        values = {value: i for i, value in enumerate(dict.fromkeys(self.values))}
        return keys, values, np.array([values[value] for value in self.values], dtype=np.intp)

    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule; keys that the real rows do not have break nothing."""
        keys, values, expected = self._numbering
        key = cells.places(self.by, keys)
        found = cells.places(self.target, values)
        return (key >= 0) & ~cells.missing(self.target) & (found != expected[key])

    def repair(self, cells: Cells, domains: Domains) -> None:
        """Put the value that belongs to the key."""
        rows = self.breaks(cells)
        key = cells.places(self.by, self._numbering[0])[rows]
        cells.write(self.target, rows, [self.values[place] for place in key])


@dataclass(frozen=True)
class Within(Rule):
    """A rule that holds in the rows of one class. Rows that break it are not repaired."""

    label: Hashable
    value: Any
    rule: Rule

    @property
    def columns(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """Names of the columns concerned."""
        return self.label, *self.rule.columns

    @property
    def sentence(self) -> str:
        """What the rule demands."""
        return f"with {named(self.label)}={shown(self.value)}: {self.rule.sentence}"

    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule."""
        return cells.equals(self.label, self.value) & self.rule.breaks(cells)


def choose_keys(cells: Cells, rules: Sequence[Determined]) -> None:
    """In rows that break rules with the same key column, choose the key that changes the row least.

    Parameters
    ----------
    cells : Cells
        The table, which is changed.
    rules : sequence of Determined
        With the same `by`.
    """
    by, keys = rules[0].by, rules[0].keys
    rows = np.flatnonzero(np.any([rule.breaks(cells) for rule in rules], axis=0))
    if not len(rows) or len(keys) > _MAX_KEYS:
        return
    current = cells.places(by, {key: i for i, key in enumerate(keys)})[rows]
    # the present key counts like a column that agrees
    agreement = 1.01 * (current[:, None] == np.arange(len(keys)))
    for rule in rules:
        value_of = dict(zip(rule.keys, rule.values, strict=True))
        if cells.kind(rule.target) == "category":
            values = {value: i for i, value in enumerate(dict.fromkeys(rule.values))}
            wanted = np.array([values.get(value_of.get(key), -2) for key in keys])
            agreement += cells.places(rule.target, values)[rows][:, None] == wanted
        else:
            numbers = np.array([value_of.get(key, np.nan) for key in keys], dtype=float)
            off = abs(cells.numbers(rule.target)[rows][:, None] - numbers) / max(float(np.nanstd(numbers)), 1e-300)
            agreement += np.nan_to_num(1 - np.minimum(off, 1))
    is_chosen = np.zeros(len(cells), dtype=bool)
    is_chosen[rows] = True
    cells.write(by, is_chosen, [keys[place] for place in agreement.argmax(axis=1)])
