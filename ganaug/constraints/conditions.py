"""Conditions on the cells of one column, and how rules and conditions are written: in words, and as plain data."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.cells import duration_words
from ganaug.common.serialization import from_json, to_json
from ganaug.constraints.cells import Cells, Domain

Rows = NDArray[np.bool_]
Domains = Mapping[Hashable, Domain]

# A number lies a little beyond a bound up to this share of the range of its column.
_LITTLE = 0.03


def named(label: Hashable) -> str:
    """Write the name of a column as a rule of a user would: in backticks unless it is a plain word."""
    if isinstance(label, str):
        return label if label.isidentifier() else f"`{label}`"
    return f"column {label}"


def shown(value: Any, kind: str = "") -> str:
    """Write a value of a column."""
    if kind in ("time", "duration"):
        micros = round(value * 1e6)
        return (
            str(pd.Timestamp(micros, unit="us")) if kind == "time" else duration_words(pd.Timedelta(micros, unit="us"))
        )
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    return repr(value.item() if isinstance(value, np.generic) else value)


class Plain:
    """An object that is written as plain data, field by field."""

    _kinds: ClassVar[dict[str, type["Plain"]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        Plain._kinds[cls.__name__] = cls

    def state(self) -> dict[str, Any]:
        """Describe the object as plain data for `from_state`."""
        own: Any = self
        return {"is": type(self).__name__, **{f.name: _to_plain(getattr(self, f.name)) for f in fields(own)}}


def _to_plain(value: Any) -> Any:
    if isinstance(value, Plain):
        return value.state()
    if isinstance(value, tuple):
        return {"all": [_to_plain(item) for item in value]}
    return {"cell": to_json(value, "a rule")}


def from_state(plain: Any) -> Any:
    """Read what `state` of a rule wrote."""
    if "is" in plain:
        kind: Any = Plain._kinds[plain["is"]]
        return kind(**{name: from_state(value) for name, value in plain.items() if name != "is"})
    return tuple(from_state(item) for item in plain["all"]) if "all" in plain else from_json(plain["cell"])


# ---------------------------------------------------------------------------------------------------- conditions


class Condition(Plain, ABC):
    """What the cells of one column may fulfil."""

    column: Hashable

    @abstractmethod
    def holds(self, cells: Cells) -> Rows:
        """Return which cells fulfil it."""

    def leave(self, cells: Cells, rows: Rows, instead: Any, domains: Domains) -> None:
        """Change cells so that they no longer fulfil it."""

    def step_back(self, cells: Cells, rows: Rows, domains: Domains) -> None:
        """Change cells that fulfil it by a little; by default none."""


@dataclass(frozen=True)
class Level(Condition):
    """The cell has a value."""

    column: Hashable
    value: Any

    def holds(self, cells: Cells) -> Rows:
        """Return which cells have the value."""
        return cells.equals(self.column, self.value)

    def leave(self, cells: Cells, rows: Rows, instead: Any, domains: Domains) -> None:
        """Put the usual value into the cells."""
        cells.write(self.column, rows, [instead] * int(rows.sum()))

    def __str__(self) -> str:
        return f"{named(self.column)}={shown(self.value)}"


@dataclass(frozen=True)
class Missing(Condition):
    """The cell is missing, or is not."""

    column: Hashable
    is_missing: bool

    def holds(self, cells: Cells) -> Rows:
        """Return which cells are missing, or which are not."""
        missing = cells.missing(self.column)
        return missing if self.is_missing else ~missing

    def leave(self, cells: Cells, rows: Rows, instead: Any, domains: Domains) -> None:
        """Make the cells missing."""
        if not self.is_missing:
            cells.delete(self.column, rows)

    def __str__(self) -> str:
        return f"{named(self.column)} {'missing' if self.is_missing else 'known'}"


@dataclass(frozen=True)
class Beyond(Condition):
    """The number lies below a bound, or above it."""

    column: Hashable
    is_below: bool
    bound: float
    kind: str

    def holds(self, cells: Cells) -> Rows:
        """Return which numbers lie beyond the bound."""
        numbers = cells.numbers(self.column)
        return numbers < self.bound if self.is_below else numbers > self.bound

    def leave(self, cells: Cells, rows: Rows, instead: Any, domains: Domains) -> None:
        """Put the nearest number within the bound into the cells."""
        if self.column in domains:
            bound = np.array([self.bound])
            domain = domains[self.column]
            inside = domain.at_least(bound) if self.is_below else domain.at_most(bound)
            cells.write(self.column, rows, np.repeat(inside, int(rows.sum())))

    def step_back(self, cells: Cells, rows: Rows, domains: Domains) -> None:
        """Reflect numbers that lie beyond the bound by a little: that leaves no heap at the bound."""
        if self.column not in domains:
            return
        domain = domains[self.column]
        numbers = cells.numbers(self.column)
        rows = rows & (abs(numbers - self.bound) <= max(_LITTLE * (domain.high - domain.low), domain.step))
        reflected = 2 * self.bound - numbers[rows]
        inside = domain.at_least(reflected) if self.is_below else domain.at_most(reflected)
        cells.write(self.column, rows, inside)

    def __str__(self) -> str:
        return f"{named(self.column)} {'<' if self.is_below else '>'} {shown(self.bound, self.kind)}"
