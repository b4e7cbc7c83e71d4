"""What surrounds the digits of the numbers of a column of a CSV file: signs, groups, marks, money and units."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


@dataclass(frozen=True)
class NumberStyle:
    """What surrounds the digits of the numbers of a column.

    Attributes
    ----------
    decimal : str
        The decimal mark, "." or ",".
    group : str
        The mark between groups of three digits, or "".
    group_from : int
        Number of digits from which whole parts are grouped: 4, or 5 where 1234 stands beside 12,345.
    is_indian : bool
        Whether only the last group has three digits and the others have two: 12,34,567.
    prefix, suffix : str
        What stands before and after every number, such as "$" and " kg".
    minus : str
        "-", "−", or "(" where negative numbers stand in parentheses.
    sign_first : bool
        Whether the sign stands before the prefix.
    has_plus : bool
        Whether numbers above 0 have a "+".
    drops_zero : bool
        Whether the 0 before the decimal mark is left out: .5
    """

    decimal: str = "."
    group: str = ""
    group_from: int = 4
    is_indian: bool = False
    prefix: str = ""
    suffix: str = ""
    minus: str = "-"
    sign_first: bool = True
    has_plus: bool = False
    drops_zero: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the decimal mark differs from a plain number."""
        return self == NumberStyle(decimal=self.decimal)

    def plain(self, tokens: pa.Array) -> pa.Array | None:
        """Return the cells as plain numbers, such as -1234.5; None if a cell has another style.

        Parameters
        ----------
        tokens : Array of str
            The cells, none of which is missing.
        """
        if self.is_plain and self.decimal == ".":
            return tokens
        if self.is_plain:
            # Cells such as 0 or 1e-5 may stand beside decimal commas, but cells with a point may not.
            return None if any_matches(tokens, "[.]") else pc.replace_substring(tokens, ",", ".")
        found = pc.extract_regex(tokens, self._pattern())
        if found.null_count:
            return None
        part = {name: found.field(i) for i, name in enumerate(("open", "first", "second", "body", "close"))}
        is_open = pc.equal(part["open"], "(")
        if not pc.all(pc.equal(is_open, pc.equal(part["close"], ")"))).as_py():
            return None
        signs = pc.binary_join_element_wise(part["first"], part["second"], "")
        negative = pc.or_(is_open, pc.match_substring_regex(signs, "[-−]"))
        if pc.any(pc.and_(is_open, pc.not_equal(signs, ""))).as_py():
            return None
        body = pc.replace_substring(part["body"], self.group, "") if self.group else part["body"]
        if self.decimal != ".":
            body = pc.replace_substring(body, self.decimal, ".")
        return pc.binary_join_element_wise(pc.if_else(negative, "-", ""), body, "")

    def _pattern(self) -> str:
        group, decimal = re.escape(self.group), re.escape(self.decimal)
        whole = "[1-9][0-9]*"
        if self.group:
            grouped = rf"[1-9][0-9]?(?:{group}[0-9]{{2}})*{group}[0-9]{{3}}" if self.is_indian else ""
            grouped = grouped or rf"[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+"
            whole = rf"{grouped}|[1-9][0-9]{{0,{self.group_from - 2}}}"
        body = rf"(?:0|{whole})(?:{decimal}[0-9]*)?|{decimal}[0-9]+"
        prefix, suffix = re.escape(self.prefix), re.escape(self.suffix)
        return rf"^(?P<open>[(]?)(?P<first>[-+−]?){prefix}(?P<second>[-+−]?)(?P<body>{body}){suffix}(?P<close>[)]?)$"

    def dress(self, cell: str) -> str:
        """Write a plain number in this style.

        Parameters
        ----------
        cell : str
            The number, such as "-1234.5".
        """
        if not any(character.isdigit() for character in cell):  # infinity
            return cell
        sign, cell = ("-", cell[1:]) if cell.startswith("-") else ("", cell)
        whole, point, decimals = cell.partition(".")
        if self.group and len(whole) >= self.group_from:
            whole = _grouped(whole, self.group, is_indian=self.is_indian)
        is_zero = not any(digit in "123456789" for digit in cell)
        if self.drops_zero and whole == "0" and decimals and not is_zero:
            whole = ""
        number = whole + point.replace(".", self.decimal) + decimals
        if not sign and (is_zero or not self.has_plus):
            return self.prefix + number + self.suffix
        if not sign:
            return f"+{self.prefix}{number}{self.suffix}" if self.sign_first else f"{self.prefix}+{number}{self.suffix}"
        if self.minus == "(":
            return f"({self.prefix}{number}{self.suffix})"
        start = self.minus + self.prefix if self.sign_first else self.prefix + self.minus
        return start + number + self.suffix


def _grouped(whole: str, mark: str, *, is_indian: bool) -> str:
    head, tail = whole[:-3], whole[-3:]
    size = 2 if is_indian else 3
    first = len(head) % size
    parts = [head[:first]] if first else []
    parts += [head[i : i + size] for i in range(first, len(head), size)]
    return mark.join([*parts, tail])


def mask_of(tokens: pa.Array, pattern: str) -> pa.Array:
    """Return which cells match a pattern, in Arrow.

    Parameters
    ----------
    tokens : Array of str
        The cells.
    pattern : str
        A regular expression of RE2.
    """
    return pc.match_substring_regex(tokens, pattern)


def matches(tokens: pa.Array, pattern: str) -> NDArray:
    """Return which cells match a pattern, shape (n,).

    Parameters
    ----------
    tokens : Array of str
        The cells.
    pattern : str
        A regular expression of RE2.
    """
    return mask_of(tokens, pattern).to_numpy(zero_copy_only=False)


def any_matches(tokens: pa.Array, pattern: str) -> bool:
    """Return whether a cell matches a pattern.

    Parameters
    ----------
    tokens : Array of str
        The cells.
    pattern : str
        A regular expression of RE2.
    """
    return bool(pc.any(mask_of(tokens, pattern)).as_py())


def all_match(tokens: pa.Array, pattern: str) -> bool:
    """Return whether all cells match a pattern.

    Parameters
    ----------
    tokens : Array of str
        The cells.
    pattern : str
        A regular expression of RE2.
    """
    return bool(pc.all(mask_of(tokens, pattern)).as_py())
