"""Values of columns that are typed as their file writes them, such as €1,200 or 31.12.1999."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganaug.datasets import Table

# A point of --relevance: values may hold commas, as in 1,5 and 1,200.
_POINT = re.compile(r"(?:^|,)([^:]+):\s*([0-9]*[.]?[0-9]+)\s*(?=,|$)")
# A column that is compared with a value: in quotes, or neither a plain number nor a name.
_COMPARED = re.compile(
    r"(?P<name>`[^`]+`|[^\W\d]\w*)(?P<sign>\s*[<>=!]=?\s*)(?P<value>'[^']*'|\"[^\"]*\"|(?!-?[\w.]+(?:\s|$))\S+)"
)


def parse_number(text: str, read: Callable[[str], Any] | None = None) -> float:
    """Read a number as its column is written in the file, such as €1,200, or else as a plain one.

    Parameters
    ----------
    text : str
        The number.
    read : callable (str) -> object or None
        Returns the value of a cell in the notation of the column, or None, as `ganaug.datasets.value_of`.
    """
    value = None if read is None else read(text)
    return float(text if value is None else value)


def parse_relevance(text: str, read: Callable[[str], Any] | None = None) -> list[tuple[float, float]]:
    """Read --relevance: values of a continuous target, as its column is written, and how much they matter."""
    points = _POINT.findall(text)
    try:
        if ",".join(f"{value}:{matters}" for value, matters in points) != text.strip():
            raise ValueError
        return [(parse_number(value, read), float(matters)) for value, matters in points]
    except (TypeError, ValueError):
        raise ValueError(
            f"--relevance {text} is no list of points; write VALUE:RELEVANCE with commas between them, such as "
            "100:0,500:1, each value as a number or as the file writes it"
        ) from None


def rules_in_values(rules: Sequence[str] | None, table: Table) -> list[str] | None:
    """Write the values in rules as rules write them: numbers plainly, times as 1999-12-31.

    Parameters
    ----------
    rules : sequence of str or None
        What --constraint holds, such as ``price <= €1,200``.
    table : Table
        The table, whose file tells how its columns are written.
    """
    from ganaug.datasets import value_of

    def plain(found: re.Match[str]) -> str:
        value = value_of(table, found["name"].strip("`"), found["value"].strip("'\""))
        if value is None:
            return found[0]
        written = str(value) if isinstance(value, int | float) else f"'{value}'"
        return f"{found['name']}{found['sign']}{written}"

    return [_COMPARED.sub(plain, rule) for rule in rules] if rules else None
