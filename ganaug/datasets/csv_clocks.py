"""How a column of a CSV file writes times of the day and durations.

`find_clocks` finds the style that explains all cells of a column: ``03:00``, ``3:05:10``, ``03:00 PM``, ``-1:30``,
``2 days 03:00:00``, ``2.03:00:00``; ``PT3H30M``, ``1h 30m``, ``1 hour 30 minutes``. All become durations: a time of the
day counts from midnight. Of ``1:30`` the first number is taken for hours. A column of minutes and seconds is read in
another unit then, and written back as it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_NANO = 10**9
# hours beyond this would leave the range of durations in nanoseconds
_SECOND = r":(?P<second>[0-5][0-9])(?:(?P<point>[.,])(?P<fraction>[0-9]{1,9}))?"
_END = r"(?P<half> ?[AaPp][.]?[Mm][.]?)?(?P<suffix> ?(?:Uhr|[hH]|Z|UTC|[-+][0-9]{2}:?[0-9]{2}))?$"
_HOUR = r"(?P<hour>[0-9]{1,6}):(?P<minute>[0-5][0-9])"
_CLOCK = (
    rf"^(?P<sign>[-+−]?)(?:(?P<day>[0-9]{{1,5}})(?P<gap> ?days?,? [+]?| ?d |[.]))?{_HOUR}(?:{_SECOND})?{_END}",
    rf"^(?P<sign>[-+−]?)(?P<day>[0-9]{{1,5}})(?P<gap>:){_HOUR}{_SECOND}{_END}",  # 2:03:00:00
)
_PARTS = ("sign", "day", "gap", "hour", "minute", "second", "point", "fraction", "half", "suffix")


class _Written:
    """A notation that writes one value in `_write`."""

    def write(self, values: pd.Series) -> list[str]:
        """Return the cells of distinct values.

        Parameters
        ----------
        values : Series of timedelta
            The values, each once.
        """
        return [self._write(int(value)) for value in pd.TimedeltaIndex(values).as_unit("ns").asi8]

    def _write(self, nanoseconds: int) -> str:
        raise NotImplementedError


@dataclass(frozen=True)
class Clocks(_Written):
    """Times of the day, or durations that are written like them.

    Attributes
    ----------
    n_hour : int
        Least number of digits of the hour.
    seconds : bool
        Whether seconds are always written; otherwise only if there are some.
    fraction : int
        Largest number of digits of the fraction of a second.
    is_fixed : bool
        Whether the fraction is always written.
    point : str
        The decimal mark of the fraction.
    half : str
        What stands after a time in the afternoon, such as " PM"; "" for clocks of 24 hours.
    day : str
        What stands between days and hours, such as " days "; "" where hours go on after 24.
    has_all_days : bool
        Whether days are written even if there are none.
    suffix : str
        What all cells end with, such as " Uhr" or "+01:00".
    """

    n_hour: int = 2
    seconds: bool = True
    fraction: int = 0
    is_fixed: bool = True
    point: str = "."
    half: str = ""
    day: str = ""
    has_all_days: bool = False
    suffix: str = ""

    def _write(self, nanoseconds: int) -> str:
        unit = 10 ** (9 - self.fraction)
        total, part = divmod(abs(nanoseconds) // unit if "day" not in self.day else nanoseconds // unit, _NANO // unit)
        sign = "-" if nanoseconds < 0 and "day" not in self.day else ""
        days, total = divmod(total, 86_400) if self.day else (0, total)
        hour, minute, second = total // 3600, total // 60 % 60, total % 60
        half = ""
        if self.half:
            half = self.half if hour % 24 >= 12 else self.half.translate(str.maketrans("pP", "aA"))
            hour = (hour - 1) % 12 + 1
        cell = f"{hour:0{self.n_hour}d}:{minute:02d}"
        if self.seconds or second or part:
            cell += f":{second:02d}"
            if self.fraction and (self.is_fixed or part):
                cell += f"{self.point}{part:0{self.fraction}d}"
        if self.day and (days or self.has_all_days):
            gap = self.day.replace("days", "day") if "," in self.day and abs(days) == 1 else self.day
            cell = f"{days}{gap}{'+' if days < 0 and gap.endswith('days ') else ''}{cell}"
        return sign + cell + half + self.suffix

    def read(self, tokens: pa.Array) -> pd.TimedeltaIndex | None:
        """Return the durations of cells, or None if a cell is written in another way.

        Parameters
        ----------
        tokens : Array of str
            The cells, none of which is missing.
        """
        parts = _parts_of(tokens)
        is_alike = parts is not None and (parts["half"] != "").all() == bool(self.half)
        return _durations(parts) if is_alike and (parts["suffix"] == self.suffix).all() else None  # type: ignore[index]


def _parts_of(tokens: pa.Array) -> dict[str, NDArray] | None:
    if not len(tokens):
        return None
    found = pc.extract_regex(tokens, _CLOCK[0])
    if found.null_count:
        found = pc.extract_regex(tokens, _CLOCK[1])
    if found.null_count:
        return None
    return {name: found.field(i).to_numpy(zero_copy_only=False) for i, name in enumerate(_PARTS)}


def _whole(digits: NDArray) -> NDArray[np.int64]:
    return np.where(digits == "", "0", digits).astype(np.int64)


def _durations(parts: dict[str, NDArray] | None) -> pd.TimedeltaIndex | None:
    if parts is None:
        return None
    hours = _whole(parts["hour"])
    if (parts["half"] != "").any():
        if not ((parts["half"] != "").all() and (hours >= 1).all() and (hours <= 12).all()):
            return None
        is_late = np.array(["p" in half.lower() for half in parts["half"]])
        hours = hours % 12 + 12 * is_late
    days = _whole(parts["day"])
    seconds = hours * 3600 + _whole(parts["minute"]) * 60 + _whole(parts["second"])
    padded = np.array([fraction.ljust(9, "0") for fraction in parts["fraction"]])
    negative = np.isin(parts["sign"], ["-", "−"])
    # -1 days +21:00:00 is three hours, but -1:30 is an hour and a half
    of_days = np.array(["day" in gap for gap in parts["gap"]])
    days = np.where(negative & of_days, -days, days)
    total = (days * 86_400 + seconds) * _NANO + padded.astype(np.int64)
    if np.abs(days * 86_400.0 + seconds).max() > 9e9:
        return None
    total = np.where(negative & ~of_days, -total, total)
    unit: Literal["s", "ns"] = "s" if (parts["fraction"] == "").all() else "ns"
    return pd.TimedeltaIndex(total.view("m8[ns]")).as_unit(unit)


def find_clocks(tokens: pa.Array) -> tuple[pd.TimedeltaIndex, Clocks | Spans] | None:
    """Find the style that explains all cells of a column, if it is one of times of the day or durations.

    Parameters
    ----------
    tokens : Array of str, shape (n,)
        The distinct cells, none of which is missing.

    Returns
    -------
    (TimedeltaIndex, Clocks or Spans) or None
        The durations, of shape (n,), and how most of them are written.
    """
    first = tokens[0].as_py()
    if len(first) > 60 or not any(character.isdigit() for character in first):
        return None
    parts = _parts_of(tokens) if ":" in first else None
    if parts is None:
        return _find_spans(tokens) if ":" not in first else None
    durations = _durations(parts)
    gaps = {gap.replace("days", "day").replace("day", "days").rstrip("+") for gap in parts["gap"]} - {""}
    if durations is None or len(gaps) > 1 or len(set(parts["suffix"])) > 1 or len(set(parts["point"]) - {""}) > 1:
        return None
    halves = {half.upper().replace("A", "P"): half for half in parts["half"]}
    if len(halves) > 1:
        return None
    gap = gaps.pop() if gaps else ""
    has_day = parts["gap"] != ""
    single = sum(len(hour) == 1 for hour in parts["hour"])
    padded = sum(hour[0] == "0" and len(hour) == 2 for hour in parts["hour"])
    digits = [len(fraction) for fraction in parts["fraction"]]
    half = next(iter(halves.values()))
    return durations, Clocks(
        n_hour=1 if single > padded else 2,
        seconds=bool((parts["second"] != "").all()),
        fraction=max(digits),
        is_fixed=min(digits) == max(digits),
        point=next(iter(set(parts["point"]) - {""}), "."),
        half=half.translate(str.maketrans("aA", "pP")),
        day=gap,
        has_all_days=bool(has_day.all()),
        suffix=str(parts["suffix"][0]),
    )


# ------------------------------------------------------------------------------------------- durations by their units

_UNITS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_ISO = re.compile(
    r"(?P<sign>[-+−]?)P(?:(?P<weeks>[0-9]+)W)?(?:(?P<days>[0-9]+)D)?"
    r"(?:T(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?(?:(?P<seconds>[0-9]+(?:[.][0-9]{1,9})?)S)?)?"
)
_NAMES = {
    "weeks": "w|wks?|weeks?",
    "days": "d|days?",
    "hours": "h|hrs?|hours?|Std[.]?",
    "minutes": "m|mins?|minutes?|Min[.]?",
    "seconds": "s|secs?|seconds?|Sek[.]?",
}
_WORDS = re.compile(
    "(?P<sign>[-+−]?)"
    + "(?:, | )?".join(
        rf"(?:(?P<{unit}>[0-9]+{'(?:[.][0-9]{1,9})?' if unit == 'seconds' else ''}) ?(?P<name_{unit}>{names}))?"
        for unit, names in _NAMES.items()
    )
)


@dataclass(frozen=True)
class Spans(_Written):
    """Durations that name their units: PT3H30M, 1h 30m, 1 hour 30 minutes.

    Attributes
    ----------
    is_iso : bool
        Whether they follow ISO 8601: P, days, T, hours and so on.
    weeks, days, hours, minutes, seconds : str
        What stands after the number, for many and for one: "hours|hour". "" for a unit that is not used.
    gap, joint : str
        What stands between number and unit, and between two units.
    zeros : str
        Which units are written if they are 0: "none", "all", or "after" the first other one.
    fraction : int
        Largest number of digits of the fraction of a second.
    """

    is_iso: bool = False
    weeks: str = ""
    days: str = ""
    hours: str = ""
    minutes: str = ""
    seconds: str = ""
    gap: str = ""
    joint: str = " "
    zeros: str = "none"
    fraction: int = 0

    def _write(self, nanoseconds: int) -> str:
        sign, (left, part) = "-" if nanoseconds < 0 else "", divmod(abs(nanoseconds), _NANO)
        used = [unit for unit in _UNITS if getattr(self, unit)]
        cells: dict[str, str] = {}
        for unit in used:
            count, left = divmod(left, _UNITS[unit])
            rest = f".{part:09d}"[: 1 + self.fraction].rstrip("0.") if unit == "seconds" and self.fraction else ""
            is_last_chance = unit == used[-1] and not cells
            if count or rest or is_last_chance or self.zeros == "all" or (self.zeros == "after" and cells):
                many, _, one = getattr(self, unit).partition("|")
                cells[unit] = f"{count}{rest}{self.gap}{one if count == 1 and one else many}"
        if not self.is_iso:
            return sign + self.joint.join(cells.values())
        of_day = "".join(cell for unit, cell in cells.items() if _UNITS[unit] >= 86_400)
        of_clock = "".join(cell for unit, cell in cells.items() if _UNITS[unit] < 86_400)
        return f"{sign}P{of_day}{'T' if of_clock else ''}{of_clock}"

    def read(self, tokens: pa.Array) -> pd.TimedeltaIndex | None:
        """Return the durations of cells, or None if a cell is written in another way.

        Parameters
        ----------
        tokens : Array of str
            The cells, none of which is missing.
        """
        found = _matched(tokens, _ISO if self.is_iso else _WORDS)
        return None if found is None else _sums(found)


def _matched(tokens: pa.Array, pattern: re.Pattern[str]) -> list[dict[str, Any]] | None:
    found = []
    for cell in tokens.to_pylist():
        match = pattern.fullmatch(cell) if len(cell) <= 60 else None
        if match is None or not any(match[unit] for unit in _UNITS) or cell[-1] == "T":
            return None
        found.append(match.groupdict() | {"cell": cell})
    return found


def _sums(found: list[dict[str, Any]]) -> pd.TimedeltaIndex | None:
    totals = []
    for match in found:
        whole, _, part = (match["seconds"] or "0").partition(".")
        total = sum(int(match[unit] or 0) * size for unit, size in _UNITS.items() if unit != "seconds") + int(whole)
        if total > 9e9:
            return None
        total = total * _NANO + int(part.ljust(9, "0") or 0)
        totals.append(-total if match["sign"] in ("-", "−") else total)
    is_whole = all(total % _NANO == 0 for total in totals)
    return pd.TimedeltaIndex(np.array(totals, dtype="m8[ns]")).as_unit("s" if is_whole else "ns")


def _find_spans(tokens: pa.Array) -> tuple[pd.TimedeltaIndex, Spans] | None:
    is_iso = tokens[0].as_py().lstrip("-+−")[:1] == "P"
    found = _matched(tokens, _ISO if is_iso else _WORDS)
    durations = None if found is None else _sums(found)
    if found is None or durations is None:
        return None
    used = {unit for match in found for unit in _UNITS if match[unit]}
    if not is_iso and len(used) < 2:
        return None  # numbers with a unit
    names = {unit: unit[0].upper() if is_iso else _names(found, unit) for unit in used}
    fraction = max(len((match["seconds"] or "").partition(".")[2]) for match in found)
    pieces = [re.split(r"[0-9]+(?:[.][0-9]+)?", match["cell"].lstrip("-+−")) for match in found]
    gap = " " if not is_iso and sum(piece[1].startswith(" ") for piece in pieces) * 2 > len(pieces) else ""
    joints = [re.sub(r"[^\W\d_]+[.]?", "", inner.lstrip()) for piece in pieces for inner in piece[1:-1]]
    style = Spans(
        is_iso=is_iso,
        gap=gap,
        joint="" if is_iso else max(joints, key=joints.count, default=" "),
        fraction=fraction,
        **names,
    )
    cells = tokens.to_pylist()

    def n_exact(style: Spans) -> int:
        return sum(map(str.__eq__, style.write(durations.to_series()), cells))

    return durations, max((replace(style, zeros=zeros) for zeros in ("none", "after", "all")), key=n_exact)


def _names(found: list[dict[str, Any]], unit: str) -> str:
    many, one = (
        [m[f"name_{unit}"] for m in found if m[unit] and (m[unit] == "1") is single] for single in (False, True)
    )
    usual = [max(words, key=words.count) if words else "" for words in (many, one)]
    if usual[0] and not usual[1]:
        usual[1] = usual[0][:-1] if len(usual[0]) > 3 and usual[0].endswith("s") else usual[0]
    if not usual[0]:
        usual[0] = f"{usual[1]}s" if len(usual[1]) > 2 and usual[1].isalpha() and usual[1].islower() else usual[1]
    return usual[0] if usual[0] == usual[1] else "|".join(usual)
