"""How a column of a CSV file writes numbers: signs, groups of thousands, decimal marks, money, percent and units.

`find_numbers` finds the style that explains every cell of a column: ``1,234``, ``$4,689.92``, ``1.234,50 €``,
``47.8 kg``, ``12 %`` or ``(1,234)``. Work is done on the distinct cells, in Arrow where a column may have many of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ganaug.datasets.csv_number_style import NumberStyle, all_match, any_matches, mask_of, matches

# A mark of money stands before or after the number.
_CODES = (
    "USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RUB|BRL|MXN|ZAR|KRW|SGD|HKD|TRY|THB|IDR|ILS"
)
_SIGNS = "[¢£¤¥฿₡₦₩₪₫€₭₮₱₲₴₵₸₹₺₼₽₾₿￥]"
_MONEY = rf"(?:(?:US|A|C|CA|AU|NZ|HK|S|R|MX)?[$]|{_SIGNS}|{_CODES}|Rs[.]?|S?Fr[.]|kr[.]?|zł|Kč|Ft|R)"
# Units that may follow a number without a space. A single capital letter may not: 10A is a code.
_UNITS = (
    "%|‰|°C?|°F|kg|g|mg|µg|μg|ug|t|lbs?|oz|km|m|cm|mm|µm|μm|nm|mi|ft|in|yd|m²|m2|m³|m3|km²|km2|ha|sqft|s|"
    "ms|sec|min|h|hrs?|d|yrs?|Hz|kHz|MHz|GHz|kW|MW|kWh|MWh|mV|mA|mAh|KB|kB|MB|GB|TB|ml|mL|dl|dL|cl|cc|mph|"
    "km/h|kmh|kph|m/s|kmpl|km/kg|bhp|hp|PS|rpm|kcal|cal|kJ|Nm|bar|hPa|kPa|Pa|psi|px|pt|em|dB|bpm|mmHg|ppm|"
    "ppb|mg/dL|g/dL|mmol/L|mg/L|ng/mL|dpi|fps|kbps|Mbps|bps|pp|bp"
)
# With a space before it, any short word is a unit.
_WORD_UNIT = r"[^\W\d_][^\W_]*[.]?(?:[/·*^ ]?[^\W_]+)?"
_SPACES = "[ \u00a0\u202f]"
_BODY = "(?:[0-9](?:[0-9.,'’ \u00a0\u202f]*[0-9])?[.,]?|[.,][0-9]+)"
_CELL = re.compile(
    rf"[(]?[-+−]?(?P<prefix>(?:{_MONEY}){_SPACES}?)?[-+−]?(?P<body>{_BODY})"
    rf"(?P<suffix>{_SPACES}?(?:{_UNITS}|{_MONEY})|{_SPACES}{_WORD_UNIT})?[)]?"
)
_GROUPS = (" ", "\u00a0", "\u202f", "'", "’")


@dataclass(frozen=True)
class Integers:
    """Whole numbers."""

    style: NumberStyle = field(default_factory=NumberStyle)

    def write(self, values: pd.Series) -> list[str]:
        """Return the cells of distinct values.

        Parameters
        ----------
        values : Series
            The values, each once.
        """
        cells = [str(round(value)) for value in values]
        return cells if self.style.is_plain else [self.style.dress(cell) for cell in cells]

    def read(self, tokens: pa.Array) -> NDArray | None:
        """Return the values of cells; decimals if there are some, and None if a cell is no such number.

        Parameters
        ----------
        tokens : Array of str
            The cells, none of which is missing.
        """
        plain = self.style.plain(tokens)
        if plain is None:
            return None
        whole = _whole(plain)
        return _decimals(plain) if whole is None else whole


@dataclass(frozen=True)
class Numbers:
    """Decimal numbers.

    Attributes
    ----------
    places : int
        Number of decimals: of all cells if `fixed`, else the largest number.
    fixed : bool
        Whether all cells have the same number of decimals.
    digits : int
        Largest number of significant digits.
    point : bool
        Whether a whole number is written with ".0".
    exponent : str
        "e" or "E" if all cells have an exponent, else "".
    style : NumberStyle
        Decimal mark, groups, and what stands around the numbers.
    """

    places: int
    fixed: bool
    digits: int
    point: bool
    exponent: str
    style: NumberStyle = field(default_factory=NumberStyle)

    def write(self, values: pd.Series) -> list[str]:
        """Return the cells of distinct values.

        Parameters
        ----------
        values : Series
            The values, each once.
        """
        cells = [self._write(float(value)) for value in values]
        if self.style == NumberStyle():
            return cells
        if self.style.is_plain:
            return [cell.replace(".", self.style.decimal) for cell in cells]
        return [self.style.dress(cell) for cell in cells]

    def _write(self, value: float) -> str:
        if not np.isfinite(value):
            return str(value)
        if self.exponent:
            text = f"{value:.{self.places}e}" if self.fixed else np.format_float_scientific(value)
            return text.replace("e", self.exponent)
        if self.fixed:
            return f"{round(value, self.places) + 0.0:.{self.places}f}"  # + 0.0 turns -0.0 into 0.0
        # A float64 has up to 17 digits. A column with so many digits is written in the shortest exact form.
        value = value if self.digits >= 16 else float(f"{value:.{self.digits}g}")
        text = repr(value + 0.0)
        if "e" not in text and len(text) - text.index(".") - 1 <= max(self.places, 1):
            return text.removesuffix(".0") if not self.point else text  # the same as below, many times faster
        return np.format_float_positional(value + 0.0, precision=max(self.places, 1), trim="0" if self.point else "-")

    def read(self, tokens: pa.Array) -> NDArray | None:
        """Return the values of cells; None if a cell is no such number.

        Parameters
        ----------
        tokens : Array of str
            The cells, none of which is missing.
        """
        plain = self.style.plain(tokens)
        return None if plain is None else _decimals(plain)

    def writes(self, plain: pa.Array, values: NDArray) -> NDArray:
        """Return which plain cells are what `write` makes of their value.

        Parameters
        ----------
        plain : Array of str, shape (n,)
            The cells as plain numbers.
        values : ndarray of shape (n,)
            Their values.
        """
        if not self.exponent and self.places <= 15:
            if self.fixed:
                shape = rf"^-?(?:0|[1-9][0-9]*)[.][0-9]{{{self.places}}}$" if self.places else "^-?(?:0|[1-9][0-9]*)$"
            else:
                shape = r"^-?(?:0|[1-9][0-9]*)(?:[.][0-9]*[1-9])?$" if not self.point else _POINTED
            # Up to 15 digits, text -> float64 -> text returns the text.
            digits = pc.utf8_length(pc.replace_substring_regex(plain, "[-.]", "")).to_numpy(zero_copy_only=False)
            sure = matches(plain, shape) & (digits <= 15) & ~matches(plain, r"^-0[.0]*$")
        else:
            sure = np.zeros(len(plain), dtype=bool)
        rest = np.flatnonzero(~sure)
        cells = plain.take(pa.array(rest)).to_pylist()
        style = replace(self, style=NumberStyle())
        sure[rest] = [style._write(float(value)) == cell for value, cell in zip(values[rest], cells, strict=True)]
        return sure


_POINTED = r"^-?(?:0|[1-9][0-9]*)[.](?:0|[0-9]*[1-9])$"


@dataclass(frozen=True)
class Clues:
    """What the rest of a file says about the numbers of a column.

    Attributes
    ----------
    delimiter : str
        The delimiter of the file.
    decimal : {"", ".", ","}
        The decimal mark of the other columns, if one is sure.
    """

    delimiter: str = ","
    decimal: str = ""


@dataclass(frozen=True)
class Found:
    """Numbers that were found in a column.

    Attributes
    ----------
    numbers : ndarray of shape (n,)
        The values of the cells.
    notation : Integers or Numbers
        How they are written.
    plain : Array of str, shape (n,)
        The cells as plain numbers.
    is_sure : bool
        Whether the cells leave no doubt which mark is the decimal one. False for 1,234 beside 766.
    """

    numbers: NDArray
    notation: Integers | Numbers
    plain: pa.Array
    is_sure: bool = True


def find_numbers(tokens: pa.Array, clues: Clues) -> Found | None:
    """Find the style that explains all cells of a column.

    Parameters
    ----------
    tokens : Array of str, shape (n,)
        The distinct cells, none of which is missing.
    clues : Clues
        What the rest of the file says.
    """
    found = _found(tokens, clues)
    if found is None or any_matches(found.plain, "[eE]"):
        return found
    # a style without exponents: what is before the digits of numbers that are not 0
    style = found.notation.style
    is_negative, is_zero = matches(tokens, r"^[^0-9]*[-−(]"), ~matches(found.plain, "[1-9]")
    has_plus = matches(tokens, r"^[^0-9]*[+]")[~is_negative & ~is_zero]
    below_one = ~is_zero & matches(found.plain, r"^[-+]?0?[.][0-9]")
    drops_zero = matches(found.plain, r"^[-+]?[.]")[below_one]
    style = replace(
        style,
        has_plus=bool(len(has_plus) and has_plus.all()),
        drops_zero=bool(len(drops_zero) and drops_zero.all()),
    )
    return replace(found, notation=replace(found.notation, style=style))


def _found(tokens: pa.Array, clues: Clues) -> Found | None:
    if (values := _whole(tokens)) is not None:
        return Found(values, Integers(), tokens)
    is_ambiguous = all_match(tokens, r"^[-+]?(?:[0-9]+|[1-9][0-9]{0,2}[.][0-9]{3})$")
    if not is_ambiguous and (found := _numbers(tokens, tokens, NumberStyle())) is not None:
        return found
    first = _CELL.fullmatch(tokens[0].as_py())
    if first is None:
        # a decimal comma may come with exponents and infinity, which have no group and no unit
        return _numbers(tokens, NumberStyle(decimal=",").plain(tokens), NumberStyle(decimal=","))
    prefix, suffix = first["prefix"] or "", first["suffix"] or ""
    bodies = pc.extract_regex(
        tokens,
        rf"^[(]?[-+−]?{re.escape(prefix)}[-+−]?(?P<body>{_BODY}){re.escape(suffix)}[)]?$",
    )
    styles = [] if bodies.null_count else _marks(bodies.field(0), clues)
    styles.append((NumberStyle(decimal=","), True))
    for style, is_sure in styles:
        style = replace(style, prefix=prefix, suffix=suffix)
        style = _with_signs(style, tokens)
        plain = style.plain(tokens)
        if plain is None or (style.minus == "(" and not any_matches(tokens, "^[^(]")):
            continue
        if (values := _whole(plain)) is not None and not style.is_plain:
            return Found(values, Integers(style), plain, is_sure)
        if (found := _numbers(tokens, plain, style)) is not None:
            return replace(found, is_sure=is_sure)
    return None


def _with_signs(style: NumberStyle, tokens: pa.Array) -> NumberStyle:
    if any_matches(tokens, "^[(]"):
        return replace(style, minus="(")
    if any_matches(tokens, "−"):
        style = replace(style, minus="−")
    return replace(style, sign_first=False) if style.prefix and any_matches(tokens, "[^-+−][-+−]") else style


def _marks(bodies: pa.Array, clues: Clues) -> list[tuple[NumberStyle, bool]]:
    """Return the marks that may explain the digits, the likeliest first, and whether they are sure."""
    groups = [mark for mark in _GROUPS if any_matches(bodies, re.escape(mark))]
    has_comma, has_point = any_matches(bodies, ","), any_matches(bodies, "[.]")
    if groups:
        mark = groups[0]
        if len(groups) > 1 or (has_comma and has_point):
            return []
        # 555 123 beside 555 987 may be a telephone number: groups need numbers of several lengths
        if mark not in "'’" and not has_comma and not has_point and len(set(_lengths(bodies))) < 2:
            return []
        decimal = "," if has_comma else "." if has_point or not clues.decimal else clues.decimal
        return [(NumberStyle(decimal, mark, group_from), True) for group_from in (4, 5)]
    if has_comma and has_point:
        both = bodies.filter(mask_of(bodies, r",.*[.]|[.].*,"))
        last = both[0].as_py() if len(both) else ","
        decimals = ".," if last.rfind(".") > last.rfind(",") or not len(both) else ",."
        return _grouped_styles(decimals[0], decimals[1]) + ([] if len(both) else _grouped_styles(",", "."))
    if not has_comma and not has_point:
        return [(NumberStyle(clues.decimal or "."), True)]
    mark, other = (",", ".") if has_comma else (".", ",")
    as_group = _grouped_styles(other, mark)
    as_decimal = (NumberStyle(mark), True)
    pattern = re.escape(mark)
    marked = bodies.filter(mask_of(bodies, pattern))
    if any_matches(marked, rf"{pattern}.*{pattern}"):
        return as_group
    if not all_match(marked, rf"^[1-9][0-9]{{0,2}}{pattern}[0-9]{{3}}$") or any_matches(bodies, "^[0-9]{5,}$"):
        return [as_decimal]
    if clues.decimal:
        likely_group = clues.decimal == other
    elif len(marked) < len(bodies):
        # Decimals that lost their last zeros would have other lengths and never end in 0.
        likely_group = any_matches(marked, "0$") or mark == ","
    else:
        share = matches(marked, "00$").mean()
        likely_group = bool(share > 0.3) or (mark == "," and clues.delimiter == ",")
    is_sure = bool(clues.decimal)
    return [(style, is_sure) for style, _ in as_group] if likely_group else [(as_decimal[0], is_sure)]


def _grouped_styles(decimal: str, group: str) -> list[tuple[NumberStyle, bool]]:
    styles = [NumberStyle(decimal, group), NumberStyle(decimal, group, 5), NumberStyle(decimal, group, is_indian=True)]
    return [(style, True) for style in styles]


def _lengths(bodies: pa.Array) -> list[int]:
    return pc.utf8_length(bodies).to_pylist()


def _numbers(tokens: pa.Array, plain: pa.Array | None, style: NumberStyle) -> Found | None:
    if plain is None:
        return None
    number = r"^[+-]?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$"
    infinite = r"^[+-]?(?i:inf|infinity)$"
    finite = matches(plain, number)
    if not (finite | matches(plain, infinite)).all() or not finite.any():
        return None
    if any_matches(plain, r"^[+-]?[0-9]{19,}$"):
        return None  # whole numbers beyond 64 bits are codes
    values = pc.cast(pc.replace_substring_regex(plain, r"^\+", ""), pa.float64()).to_numpy()
    cells = plain.filter(pa.array(finite))
    mantissa = pc.replace_substring_regex(cells, r"[eE].*$", "")
    decimals = pc.replace_substring_regex(mantissa, r"^[^.]*[.]?", "")
    places = pc.binary_length(decimals).to_numpy()
    digits = pc.replace_substring_regex(pc.replace_substring(mantissa, ".", ""), r"^[+-]?0*", "")
    exponents = matches(cells, "[eE]")
    notation = Numbers(
        places=int(places.max()),
        fixed=bool((places == places[0]).all()) and (not exponents.any() or bool(exponents.all())),
        digits=max(1, int(pc.max(pc.binary_length(digits)).as_py())),
        point=all_match(mantissa, "[.]"),
        exponent=("E" if any_matches(cells, "E") else "e") if exponents.all() else "",
        style=style,
    )
    if exponents.any() and not exponents.all():
        # Python's notation has an exponent only for very large and very small numbers: the places say nothing then.
        notation = replace(notation, places=17, fixed=False, exponent="")
    return Found(values, notation, plain)


def _whole(plain: pa.Array) -> NDArray | None:
    """Return plain cells as int64, or None."""
    # A leading zero means a code, e.g. the postcode 00123, which must stay text.
    if not all_match(plain, r"^[+-]?(0|[1-9][0-9]*)$"):
        return None
    try:
        return pc.cast(pc.replace_substring_regex(plain, r"^\+", ""), pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return None  # twenty digits are a code as well


def _decimals(plain: pa.Array) -> NDArray | None:
    try:
        return pc.cast(pc.replace_substring_regex(plain, r"^\+", ""), pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return None


def looks_numeric(tokens: pa.Array) -> NDArray:
    """Return which cells look like a number with a sign, money, a unit or a limit, though the column has no one style.

    Parameters
    ----------
    tokens : Array of str, shape (n,)
        The cells.
    """
    looks = matches(tokens, rf"^[<>≤≥]?=?{_SPACES}?{_CELL.pattern}(?:[kKMB]|[+])?$")
    # neither a version 1.2.3 nor a code 00123
    return looks & ~matches(tokens, "[0-9][.][0-9]+[.][0-9]|^0[0-9]")
