"""How the cells of a CSV column are written: numbers, integers, dates and words.

`read_column` finds out which of these a column holds, and in which notation. It works on the *distinct* cells (Arrow's
dictionary encoding), so its cost in Python grows with the vocabulary of the column and not with the number of rows.
Writing does the same: a value that occurs in the file gets the cell that it has there; the notation writes the others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

# Cells that mean "missing" in any column. Among numbers a few more do; elsewhere "None" may be a category.
_MISSING = ["", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "NaT", "<NA>", "null", "NULL", "Null"]
_MISSING_NUMBER = [*_MISSING, "None", "none", "NONE", "-", "--", ".", "#NULL!", "#DIV/0!", "#VALUE!"]


class Notation(Protocol):
    """How a column writes its values."""

    def write(self, values: pd.Series) -> list[str]:
        """Return the cells of distinct values, none of which is missing.

        Parameters
        ----------
        values : Series
            The values, each once.
        """
        ...


@dataclass(frozen=True)
class Words:
    """Cells without any notation: text is written as it is."""

    def write(self, values: pd.Series) -> list[str]:
        """Return the cells of distinct values.

        Parameters
        ----------
        values : Series
            The values, each once.
        """
        return [str(value) for value in values]


@dataclass(frozen=True)
class Integers:
    """Whole numbers."""

    def write(self, values: pd.Series) -> list[str]:
        """Return the cells of distinct values.

        Parameters
        ----------
        values : Series
            The values, each once.
        """
        return [str(round(value)) for value in values]


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
    comma : bool
        Whether the decimal point is a comma.
    """

    places: int
    fixed: bool
    digits: int
    point: bool
    exponent: str
    comma: bool

    def write(self, values: pd.Series) -> list[str]:
        """Return the cells of distinct values.

        Parameters
        ----------
        values : Series
            The values, each once.
        """
        cells = [self._write(float(value)) for value in values]
        return [cell.replace(".", ",") for cell in cells] if self.comma else cells

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
        return np.format_float_positional(value + 0.0, precision=max(self.places, 1), trim="0" if self.point else "-")


@dataclass(frozen=True)
class Dates:
    """Dates of one format.

    Attributes
    ----------
    pattern : str
        For strftime. A "~" before a directive means that it is not padded with 0.
    fraction : int
        Number of digits of the fraction of a second.
    suffix : str
        The time zone that all cells end with, or "".
    """

    pattern: str
    fraction: int
    suffix: str

    def write(self, values: pd.Series) -> list[str]:
        """Return the cells of distinct values.

        Parameters
        ----------
        values : Series
            The values, each once.
        """
        dates = pd.DatetimeIndex(values)
        cells = list(dates.strftime(self.pattern).str.replace("~0", "").str.replace("~", ""))
        if self.fraction:
            parts = dates.as_unit("ns").asi8 % 10**9 // 10 ** (9 - self.fraction)
            cells = [f"{cell}.{part:0{self.fraction}d}" for cell, part in zip(cells, parts, strict=True)]
        return [cell + self.suffix for cell in cells]


@dataclass(frozen=True)
class ColumnNotation:
    """The notation of one column, and the cells that the file has for its values.

    A value that occurs in the file is written as its cell there, so that ``1e3``, ``+5`` or ``007`` return unchanged.

    Attributes
    ----------
    notation : Notation
        Writes the values that do not occur in the file.
    seen : Series of str
        For each value of the file (the index) its most frequent cell.
    missing : str
        The cell of a missing value.
    """

    notation: Notation
    seen: pd.Series
    missing: str

    def write(self, values: pd.Series) -> NDArray:
        """Return the cells of distinct values, none of which is missing.

        Parameters
        ----------
        values : Series
            The values, each once.
        """
        cells = np.empty(len(values), dtype=object)
        positions = self.seen.index.get_indexer(pd.Index(values))
        known = positions >= 0
        cells[known] = self.seen.to_numpy()[positions[known]]
        if not known.all():
            cells[~known] = self.notation.write(values[~known])
        return cells


def read_column(name: str, cells: pa.DictionaryArray, *, decimal_comma: bool) -> tuple[pd.Series, ColumnNotation]:
    """Find out what a column holds.

    Parameters
    ----------
    name : str
        Name of the column.
    cells : DictionaryArray of str, shape (n_rows,)
        The cells as they are written, without quotes.
    decimal_comma : bool
        Whether a comma in a number may be its decimal point.

    Returns
    -------
    values : Series of shape (n_rows,)
        Dates, integers (nullable where cells are missing), decimals, or strings.
    notation : ColumnNotation
        How they are written.
    """
    codes = cells.indices.to_numpy()
    counts = np.bincount(codes, minlength=len(cells.dictionary))
    tokens = pc.utf8_trim_whitespace(cells.dictionary)

    typed = None
    missing = _is_in(tokens, _MISSING_NUMBER)
    for parse in (_parse_dates, _parse_integers, _parse_numbers):
        if typed is None and not missing.all():
            typed = parse(tokens.filter(pa.array(~missing)), decimal_comma)
    if typed is None and not missing.all():
        word = ~missing & ~_matches(tokens, r"[0-9]") & ~_matches(tokens, r"^[+-]?(?i:inf|infinity)$")
        if word.sum() == 1 and counts[word][0] > 1 and (~missing & ~word).sum() > 2:
            # One word that occurs repeatedly among numbers, e.g. "unknown", is the file's own way to say missing.
            rest = tokens.filter(pa.array(~missing & ~word))
            typed = _parse_integers(rest, decimal_comma) or _parse_numbers(rest, decimal_comma)
            missing = missing | word if typed is not None else missing
    notation: Notation = Words()
    parsed: Any = np.array([])
    seen = tokens
    if typed is not None:
        parsed, notation = typed
    elif not missing.all():
        # Only the most frequent missing word means missing. The others become categories, which return unchanged.
        seen = cells.dictionary
        missing = _is_in(tokens, _MISSING)
        if missing.any():
            missing &= np.arange(len(counts)) == np.argmax(np.where(missing, counts, -1))
        parsed = seen.filter(pa.array(~missing)).to_numpy(zero_copy_only=False)

    seen_cells = seen.to_numpy(zero_copy_only=False)
    missing_cells = [seen_cells[i] for i in np.argsort(-counts, kind="stable") if missing[i]]
    column = ColumnNotation(
        notation=notation,
        seen=_most_frequent(parsed, seen_cells[~missing], counts[~missing]),
        missing=missing_cells[0] if missing_cells else "",
    )
    positions = np.full(len(counts), -1)
    positions[~missing] = np.arange(len(parsed))
    values: pd.Series = pd.Series(parsed, dtype="float64" if missing.all() else None)
    if isinstance(notation, Integers) and missing.any():
        values = values.astype("Int64")
    taken = values.reindex(positions[codes]) if missing.any() else values.take(positions[codes])
    return taken.reset_index(drop=True).rename(name), column


def _most_frequent(values: Any, cells: NDArray, counts: NDArray) -> pd.Series:
    """Return for each value the cell that occurs most often."""
    order = np.argsort(-counts, kind="stable")
    seen = pd.Series(cells, index=pd.Index(values), dtype=object).iloc[order]
    return seen[~seen.index.duplicated()]


def _is_in(tokens: pa.Array, words: Sequence[str]) -> NDArray:
    return pc.is_in(tokens, value_set=pa.array(words, type=tokens.type)).to_numpy(zero_copy_only=False)


def _matches(tokens: pa.Array, pattern: str) -> NDArray:
    return pc.match_substring_regex(tokens, pattern).to_numpy(zero_copy_only=False)


def _parse_integers(tokens: pa.Array, decimal_comma: bool) -> tuple[NDArray, Notation] | None:
    # A leading zero means a code, e.g. the postcode 00123, which must stay text.
    if not _matches(tokens, r"^[+-]?(0|[1-9][0-9]*)$").all():
        return None
    try:
        values = pc.cast(pc.replace_substring_regex(tokens, r"^\+", ""), pa.int64())
    except pa.ArrowInvalid:
        return None  # twenty digits are a code as well
    return values.to_numpy(), Integers()


def _parse_numbers(tokens: pa.Array, decimal_comma: bool) -> tuple[NDArray, Notation] | None:
    number = r"^[+-]?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$"
    infinite = r"^[+-]?(?i:inf|infinity)$"
    # Cells such as 0 or 1e-5 may stand beside decimal commas, but cells with a point may not.
    comma = decimal_comma and bool(_matches(tokens, ",").any())
    if comma and _matches(tokens, "[.]").any():
        return None
    plain = pc.replace_substring(tokens, ",", ".") if comma else tokens
    finite = _matches(plain, number)
    if not (finite | _matches(plain, infinite)).all() or not finite.any():
        return None
    if _matches(plain, r"^[+-]?[0-9]{19,}$").any():
        return None  # whole numbers beyond 64 bits are codes
    values = pc.cast(pc.replace_substring_regex(plain, r"^\+", ""), pa.float64())
    plain = plain.filter(pa.array(finite))
    mantissa = pc.replace_substring_regex(plain, r"[eE].*$", "")
    decimals = pc.replace_substring_regex(mantissa, r"^[^.]*[.]?", "")
    places = pc.binary_length(decimals).to_numpy()
    digits = pc.replace_substring_regex(pc.replace_substring(mantissa, ".", ""), r"^[+-]?0*", "")
    exponents = _matches(plain, "[eE]")
    notation = Numbers(
        places=int(places.max()),
        fixed=bool((places == places[0]).all()) and (not exponents.any() or bool(exponents.all())),
        digits=max(1, int(pc.max(pc.binary_length(digits)).as_py())),
        point=bool(_matches(mantissa, "[.]").all()),
        exponent=("E" if _matches(plain, "E").any() else "e") if exponents.all() else "",
        comma=comma,
    )
    if exponents.any() and not exponents.all():
        # Python's notation has an exponent only for very large and very small numbers: the places say nothing then.
        notation = Numbers(17, False, notation.digits, notation.point, "", comma)
    return values.to_numpy(), notation


_DAYS = [
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m", "%m/%Y", "%b %Y", "%b-%Y", "%b-%y"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d%b%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y"),
]
_TIMES = ["", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p"]
_DIGITS = {"Y": "[0-9]{4}", "y": "[0-9]{2}", "b": "[A-Z][a-z]{2}", "B": "[A-Z][a-z]+", "p": "[AP]M"}
# Which directives are written without padding: none, those of the day, those of the day and the hour, the hour only.
_UNPADDED = ["", "dm", "dmHI", "HI"]


def _parse_dates(tokens: pa.Array, decimal_comma: bool) -> tuple[pd.DatetimeIndex, Notation] | None:
    """Find the one format that writes every cell exactly as it is. Without such a format, the cells stay text."""
    first = tokens[0].as_py()
    if not 6 <= len(first) <= 40 or not any(character.isdigit() for character in first):
        return None
    shape = re.search(r":\d\d(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$", first)
    fraction, suffix = (shape[1] or "", shape[2] or "") if shape else ("", "")
    tail = (f"[.][0-9]{{{len(fraction)}}}" if fraction else "") + re.escape(suffix)
    for pattern in (day + time for day in _DAYS for time in _TIMES):
        if bool(tail) and "%M" not in pattern:
            continue
        body = re.sub("%(.)", lambda directive: _DIGITS.get(directive[1], "[0-9]{1,2}"), pattern.replace(".", "[.]"))
        if not re.fullmatch(body + tail, first) or not _matches(tokens, f"^{body}{tail}$").all():
            continue
        cells = pc.replace_substring_regex(tokens, f"{tail}$", "") if tail else tokens
        dates = pd.to_datetime(pd.Series(cells.to_pandas()), format=pattern, errors="coerce")
        if dates.isna().any() or (pattern == "%Y%m%d" and not dates.dt.year.between(1800, 2200).all()):
            continue
        if fraction:
            without_suffix = pc.replace_substring_regex(tokens, f"{re.escape(suffix)}$", "")
            digits = pc.utf8_slice_codeunits(without_suffix, -len(fraction), None)
            nanoseconds = pc.cast(digits, pa.int64()).to_numpy() * 10 ** (9 - len(fraction))
            dates = dates.dt.as_unit("ns") + pd.to_timedelta(nanoseconds, unit="ns")
        written = tokens.to_numpy(zero_copy_only=False)
        for unpadded in _UNPADDED:
            notation = Dates(re.sub(f"%([{unpadded or '~'}])", r"~%\1", pattern), len(fraction), suffix)
            if np.array_equal(np.array(notation.write(dates), dtype=object), written):
                return pd.DatetimeIndex(dates), notation
    return None
