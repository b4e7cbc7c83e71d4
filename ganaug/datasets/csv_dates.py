"""How a column of a CSV file writes dates: one format for all cells."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_DAYS = [
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m", "%m/%Y", "%b %Y", "%b-%Y", "%b-%y"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d%b%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y"),
]
_TIMES = ["", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p"]
_DIGITS = {"Y": "[0-9]{4}", "y": "[0-9]{2}", "b": "[A-Z][a-z]{2}", "B": "[A-Z][a-z]+", "p": "[AP]M"}
# Which directives are written without padding: none, those of the day, those of the day and the hour, the hour only.
_UNPADDED = ["", "dm", "dmHI", "HI"]


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

    def read(self, tokens: pa.Array) -> pd.DatetimeIndex | None:
        """Return the dates of cells, or None if a cell has another format.

        Parameters
        ----------
        tokens : Array of str
            The cells, none of which is missing.
        """
        tail = (f"[.][0-9]{{{self.fraction}}}" if self.fraction else "") + re.escape(self.suffix)
        pattern = self.pattern.replace("~", "")
        if not _matches(tokens, f"^{_body_of(pattern)}{tail}$").all():
            return None
        return _read_dates(tokens, pattern, self.fraction, self.suffix)


def _body_of(pattern: str) -> str:
    return re.sub("%(.)", lambda directive: _DIGITS.get(directive[1], "[0-9]{1,2}"), pattern.replace(".", "[.]"))


def find_dates(tokens: pa.Array) -> tuple[pd.DatetimeIndex, Dates] | None:
    """Find the one format that writes every cell exactly as it is. Without such a format, the cells stay text.

    Parameters
    ----------
    tokens : Array of str
        The distinct cells, none of which is missing.
    """
    first = tokens[0].as_py()
    if not 6 <= len(first) <= 40 or not any(character.isdigit() for character in first):
        return None
    shape = re.search(r":\d\d(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$", first)
    fraction, suffix = (shape[1] or "", shape[2] or "") if shape else ("", "")
    tail = (f"[.][0-9]{{{len(fraction)}}}" if fraction else "") + re.escape(suffix)
    for pattern in (day + time for day in _DAYS for time in _TIMES):
        if bool(tail) and "%M" not in pattern:
            continue
        body = _body_of(pattern)
        if not re.fullmatch(body + tail, first) or not _matches(tokens, f"^{body}{tail}$").all():
            continue
        dates = _read_dates(tokens, pattern, len(fraction), suffix)
        if dates is None or (pattern == "%Y%m%d" and not ((dates.year >= 1800) & (dates.year <= 2200)).all()):
            continue
        written = tokens.to_numpy(zero_copy_only=False)
        for unpadded in _UNPADDED:
            notation = Dates(re.sub(f"%([{unpadded or '~'}])", r"~%\1", pattern), len(fraction), suffix)
            if np.array_equal(np.array(notation.write(dates.to_series()), dtype=object), written):
                return dates, notation
    return None


def _read_dates(tokens: pa.Array, pattern: str, fraction: int, suffix: str) -> pd.DatetimeIndex | None:
    """Parse cells that have the shape of a format; None if one is not a date, such as 31.02.2024."""
    tail = (f"[.][0-9]{{{fraction}}}" if fraction else "") + re.escape(suffix)
    cells = pc.replace_substring_regex(tokens, f"{tail}$", "") if tail else tokens
    dates = pd.to_datetime(pd.Series(cells.to_pandas()), format=pattern, errors="coerce")
    if dates.isna().any():
        return None
    if fraction:
        without_suffix = pc.replace_substring_regex(tokens, f"{re.escape(suffix)}$", "")
        digits = pc.utf8_slice_codeunits(without_suffix, -fraction, None)
        nanoseconds = pc.cast(digits, pa.int64()).to_numpy() * 10 ** (9 - fraction)
        dates = dates.dt.as_unit("ns") + pd.to_timedelta(nanoseconds, unit="ns")
    return pd.DatetimeIndex(dates)


def _matches(tokens: pa.Array, pattern: str) -> NDArray:
    return pc.match_substring_regex(tokens, pattern).to_numpy(zero_copy_only=False)
