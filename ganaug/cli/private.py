"""``ganaug balance --epsilon``: the model with differential privacy, from the options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ganaug.cli.values import parse_number

if TYPE_CHECKING:
    import pandas as pd

    from ganaug.models import PrivateTabularGAN

# Reads a cell of a column as its file writes it, see `ganaug.datasets.value_of`.
ReadCell = Callable[[str, str], Any]
_FORM = "is not of the form COLUMN=LOW:HIGH or COLUMN=LOW:HIGH:STEP, such as age=0:120"
PrivateModel = Callable[["pd.DataFrame", ReadCell], "PrivateTabularGAN"]


def private_model(
    epsilon: float | None, bounds: Sequence[str] | None, levels: Sequence[str] | None, others: Mapping[str, Any]
) -> PrivateModel | None:
    """Return what makes the model for a table; None without --epsilon.

    Parameters
    ----------
    epsilon : float or None
        The budget.
    bounds, levels : sequence of str or None
        Declarations, as they are typed.
    others : mapping of str to object
        Options that look at single rows, and their values.

    Raises
    ------
    ValueError
        If options exclude each other, or a declaration is not of its form.
    """
    if epsilon is None:
        for option, value in (("--bounds", bounds), ("--levels", levels)):
            if value:
                raise ValueError(f"{option} {value[0]} needs --epsilon")
        return None
    if not epsilon > 0:
        raise ValueError(f"--epsilon {epsilon:g} must be above 0")
    for option, value in others.items():
        if value:
            raise ValueError(
                f"{option} keeps or looks at single rows, which --epsilon {epsilon:g} does not allow; leave one out"
            )
    limits = dict(_bounds(text) for text in bounds or [])
    values = dict(_levels(text) for text in levels or [])

    def model(X: pd.DataFrame, read: ReadCell) -> PrivateTabularGAN:
        from ganaug.models import PrivateTabularGAN

        ranges = {name: _as_ends(name, ends, read) for name, ends in limits.items()}
        known = {
            name: _as_numbers(name, of, read) if name in X and X[name].dtype.kind in "iuf" else of
            for name, of in values.items()
        }
        return PrivateTabularGAN(epsilon=epsilon, bounds=ranges or None, levels=known or None)

    return model


def _bounds(text: str) -> tuple[str, list[str]]:
    name, _, value = text.rpartition("=")
    ends = value.split(":")
    if len(ends) not in (2, 3) or not name:
        raise ValueError(f"--bounds {text} {_FORM}")
    return name, ends


def _as_ends(name: str, ends: list[str], read: ReadCell) -> tuple[float, ...]:
    try:
        return tuple(parse_number(end, partial(read, name)) for end in ends)
    except (TypeError, ValueError):
        raise ValueError(f"--bounds {name}={':'.join(ends)} {_FORM}") from None


def _levels(text: str) -> tuple[str, list[str]]:
    name, equals, value = text.partition("=")
    if not equals or not value:
        raise ValueError(f"--levels {text} is not of the form COLUMN=A|B|C, such as plan=basic|gold")
    return name, value.split("|")


def _as_numbers(name: str, levels: list[str], read: ReadCell) -> list[Any]:
    try:
        numbers = [parse_number(level, partial(read, name)) for level in levels]
    except (TypeError, ValueError):
        raise ValueError(
            f"--levels {'|'.join(levels)} is for a column of numbers, but these are not all numbers"
        ) from None
    return [int(number) if number.is_integer() else number for number in numbers]
