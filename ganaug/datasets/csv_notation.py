"""How the cells of a CSV column are written: numbers, dates, times of the day, durations and words.

`read_column` finds out which of these a column holds, and in which notation. It works on the *distinct* cells (Arrow's
dictionary encoding), so its cost in Python grows with the vocabulary of the column and not with the number of rows.
Writing does the same. A cell of the file that the notation would write otherwise is kept with its value.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ganaug.datasets.csv_clocks import Clocks, Spans, find_clocks
from ganaug.datasets.csv_dates import Dates, find_dates
from ganaug.datasets.csv_number_style import NumberStyle
from ganaug.datasets.csv_numbers import Clues, Integers, Numbers, find_numbers, looks_numeric

# Cells that mean "missing" in any column. Among numbers a few more do; elsewhere "None" may be a category.
_NO_VALUE = ["", "?", "#N/A", "NaN", "nan", "NAN", "NaT", "<NA>", "null", "NULL", "Null", "\\N"]
_MISSING = [*_NO_VALUE, "NA", "N/A", "n/a"]
# As names of classes these are taken for what they say: NA is Namibia.
DOUBTFUL_LABELS = ["NA", "N/A", "n/a", "None", "none", "NONE", "-", "--", "."]
_MISSING_NUMBER = [*_MISSING, "None", "none", "NONE", "-", "--", ".", "#NULL!", "#DIV/0!", "#VALUE!"]
# Cells of a model file beyond which the odd ones are left out.
_MAX_STORED = 10_000


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

    def read(self, tokens: pa.Array) -> Any:
        """Return the values of cells, or None if a cell has another notation.

        Parameters
        ----------
        tokens : Array of str
            The cells, none of which is missing.
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

    def read(self, tokens: pa.Array) -> NDArray:
        """Return the cells themselves.

        Parameters
        ----------
        tokens : Array of str
            The cells, none of which is missing.
        """
        return tokens.to_numpy(zero_copy_only=False)


@dataclass(frozen=True)
class Limit:
    """A cell such as <0.01 among numbers: it stands for all values below (or above) what the file can tell.

    Attributes
    ----------
    cell : str
        The cell.
    value : float
        Its value in the typed frame: one step of the column beyond the limit.
    is_upper : bool
        Whether it stands for values above the limit.
    """

    cell: str
    value: float
    is_upper: bool


@dataclass(frozen=True)
class ColumnNotation:
    """The notation of one column, and the cells of the file that it would write otherwise.

    A value that occurs in the file is written as its cell there, so that ``1e3``, ``+5`` or ``1.50`` return unchanged.

    Attributes
    ----------
    notation : Notation
        Writes the values.
    odd : Series of str
        Values whose most frequent cell is not what `notation` writes (the index), and these cells.
    missing : str
        The cell of a missing value.
    has_missing : bool
        Whether the file has such a cell.
    limits : sequence of Limit
        Cells such as <0.01: at most one of each side.
    is_sure : bool
        Whether the decimal mark is beyond doubt.
    doubt : {"", "notation", "digits"}
        Why a column of words is none of numbers though most look like some: they have several notations, or are whole
        numbers beyond 64 bits.
    """

    notation: Notation
    odd: pd.Series
    missing: str
    has_missing: bool = False
    limits: Sequence[Limit] = ()
    is_sure: bool = True
    doubt: str = ""

    @property
    def decimal(self) -> str:
        """The decimal mark, if the column proves one; else ""."""
        if not isinstance(self.notation, Integers | Numbers) or not self.is_sure:
            return ""
        style = self.notation.style
        return style.decimal if isinstance(self.notation, Numbers) or style.group in (",", ".") else ""

    def write(self, values: pd.Series) -> NDArray:
        """Return the cells of distinct values, none of which is missing.

        Parameters
        ----------
        values : Series
            The values, each once.
        """
        cells = np.empty(len(values), dtype=object)
        positions = self.odd.index.get_indexer(pd.Index(values)) if len(self.odd) else np.full(len(values), -1)
        known = positions >= 0
        if known.any():
            cells[known] = self.odd.to_numpy()[positions[known]]
        if not known.all():
            cells[~known] = self.notation.write(values[~known])
        for limit in self.limits:
            step = _step(self.notation)
            beyond = values >= limit.value - step / 2 if limit.is_upper else values <= limit.value + step / 2
            cells[np.asarray(beyond, dtype=bool)] = limit.cell
        return cells

    def value(self, cell: str) -> Any:
        """Return the value of a cell in this notation; None if it is no number and no time, or not written so.

        Groups and what stands around a number may be left out: of a column of cells such as €1,200, also €1200 and
        1200 are read.

        Parameters
        ----------
        cell : str
            The cell, as a user types it.
        """
        cell = cell.strip()
        for known, value in [(limit.cell, limit.value) for limit in self.limits] + [
            (known, value) for value, known in self.odd.items() if not isinstance(self.notation, Words)
        ]:
            if cell == known:
                return value
        for notation, text in _variants(self.notation, cell):
            found = None if isinstance(notation, Words) else notation.read(pa.array([text]))
            if found is not None and not pd.isna(found[0]):
                return found[0].item() if isinstance(found[0], np.generic) else found[0]
        return None

    def state(self) -> dict[str, Any]:
        """Describe the notation in JSON's terms; odd cells only of numbers, and not too many."""
        odd = self.odd.iloc[:_MAX_STORED] if isinstance(self.notation, Integers | Numbers) else self.odd.iloc[:0]
        return {
            "kind": type(self.notation).__name__,
            "notation": dataclasses.asdict(self.notation),  # type: ignore[call-overload]
            "odd": [[value, cell] for value, cell in zip(odd.index.tolist(), odd.tolist(), strict=True)],
            "missing": self.missing,
            "limits": [dataclasses.asdict(limit) for limit in self.limits],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> ColumnNotation:
        """Rebuild a notation; malformed descriptions raise a ValueError, TypeError or LookupError.

        Parameters
        ----------
        state : mapping
            What `state` returned.
        """
        fields = dict(state["notation"])
        if "style" in fields:
            fields["style"] = _checked(NumberStyle, fields["style"])
        odd = {float(value): str(cell) for value, cell in state["odd"]}
        notation: Any = _checked(_KINDS[state["kind"]], fields)
        if isinstance(notation, Numbers) and not (0 <= notation.places <= 400 and 1 <= notation.digits <= 400):
            raise ValueError(f"a number has {notation.places} places and {notation.digits} digits")
        if isinstance(notation, Dates | Clocks | Spans) and not 0 <= notation.fraction <= 9:
            raise ValueError(f"a second has {notation.fraction} digits")
        if isinstance(notation, Clocks) and not 0 <= notation.n_hour <= 9:
            raise ValueError(f"an hour has {notation.n_hour} digits")
        limits = [_checked(Limit, limit) for limit in state["limits"][:2]]
        return cls(notation, pd.Series(odd, dtype=object), str(state["missing"]), limits=limits)


def _checked(kind: Any, fields: Mapping[str, Any]) -> Any:
    """Build a dataclass of plain fields, each of its declared type."""
    types: dict[str, Any] = {"str": str, "int": int, "bool": bool, "float": int | float, "NumberStyle": NumberStyle}
    for of in dataclasses.fields(kind):
        if of.name in fields and not isinstance(fields[of.name], types[str(of.type)]):
            raise TypeError(f"{of.name}={fields[of.name]!r} is not of type {of.type}")
    return kind(**fields)


_KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Words, Integers, Numbers, Dates, Clocks, Spans)}


@dataclass(frozen=True)
class Reading:
    """What decides how a column is read.

    Attributes
    ----------
    clues : Clues
        What the rest of the file says about numbers.
    like : ColumnNotation or None
        The notation of the same column of another file, which has the same kinds of cells.
    is_labels : bool
        Whether the cells are names of classes: text as it is written, in which only an empty cell and its like mean
        missing.
    """

    clues: Clues = field(default_factory=Clues)
    like: ColumnNotation | None = None
    is_labels: bool = False


def read_column(name: str, cells: pa.DictionaryArray, reading: Reading) -> tuple[pd.Series, ColumnNotation]:
    """Find out what a column holds.

    Parameters
    ----------
    name : str
        Name of the column.
    cells : DictionaryArray of str, shape (n_rows,)
        The cells as they are written, without quotes.
    reading : Reading
        What decides how they are read.

    Returns
    -------
    values : Series of shape (n_rows,)
        Dates, durations (of times of the day: since midnight), integers (nullable where cells are missing), decimals,
        or strings.
    notation : ColumnNotation
        How they are written.
    """
    codes = cells.indices.to_numpy()
    counts = np.bincount(codes, minlength=len(cells.dictionary))
    tokens = pc.utf8_trim_whitespace(cells.dictionary)
    found = None
    if reading.like is not None:
        found = _read_like(cells.dictionary, tokens, reading)
    if found is None and not reading.is_labels:
        found = _read_typed(tokens, counts, reading.clues)
    if found is None:
        found = _read_words(cells.dictionary, tokens, counts, reading)
    parsed, missing, column = found

    seen = cells.dictionary if isinstance(column.notation, Words) else tokens
    usual_missing = int(np.argmax(np.where(missing, counts, -1))) if missing.any() else None
    column = dataclasses.replace(
        column,
        missing=column.missing if usual_missing is None else seen[usual_missing].as_py(),
        has_missing=usual_missing is not None,
        odd=_odd_cells(column, parsed, seen.filter(pa.array(~missing)), counts[~missing]),
    )
    positions = np.full(len(counts), -1)
    positions[~missing] = np.arange(len(parsed))
    values: pd.Series = pd.Series(parsed, dtype="float64" if missing.all() else None)
    if values.dtype == "int64" and missing.any():
        values = values.astype("Int64")
    taken = values.reindex(positions[codes]) if missing.any() else values.take(positions[codes])
    return taken.reset_index(drop=True).rename(name), column


def _variants(notation: Notation, cell: str) -> Iterator[tuple[Notation, str]]:
    """Yield ways to read a cell: as the file writes it, then with less of what stands around the digits."""
    yield notation, cell
    if not isinstance(notation, Integers | Numbers):
        return
    style, text = notation.style, "".join(cell.split())
    around = dataclasses.replace(style, prefix="".join(style.prefix.split()), suffix="".join(style.suffix.split()))
    for known in (around, dataclasses.replace(style, prefix="", suffix="", minus="-")):
        for group in dict.fromkeys((style.group.strip(), "")):
            yield dataclasses.replace(notation, style=dataclasses.replace(known, group=group)), text


_Read = tuple[Any, NDArray, ColumnNotation]  # values of the known cells, which cells are missing, the notation


def _new(notation: Notation, **how: Any) -> ColumnNotation:
    return ColumnNotation(notation, pd.Series(dtype=object), "", **how)


def _read_typed(tokens: pa.Array, counts: NDArray, clues: Clues) -> _Read | None:
    """Read dates or numbers; None if the cells are words."""
    missing = _is_in(tokens, _MISSING_NUMBER)
    if missing.all():
        return np.array([]), missing, _new(Words())
    known = tokens.filter(pa.array(~missing))
    if (dates := find_dates(known)) is not None:
        return dates[0], missing, _new(dates[1])
    if (clocks := find_clocks(known)) is not None:
        return clocks[0], missing, _new(clocks[1])
    if (found := find_numbers(known, clues)) is not None:
        return found.numbers, missing, _new(found.notation, is_sure=found.is_sure)
    if (limited := _read_limited(known, clues)) is not None:
        return limited[0], missing, limited[1]
    word = ~missing & ~_matches(tokens, r"[0-9]") & ~_matches(tokens, r"^[+-]?(?i:inf|infinity)$")
    if word.sum() == 1 and counts[word][0] > 1 and (~missing & ~word).sum() > 2:
        # One word that occurs repeatedly among numbers, e.g. "unknown", is the file's own way to say missing.
        found = find_numbers(tokens.filter(pa.array(~missing & ~word)), clues)
        if found is not None:
            return found.numbers, missing | word, _new(found.notation, is_sure=found.is_sure)
    return None


def _read_words(dictionary: pa.Array, tokens: pa.Array, counts: NDArray, reading: Reading) -> _Read:
    missing = _is_in(tokens, _NO_VALUE if reading.is_labels else _MISSING)
    if missing.any() and not reading.is_labels:
        # Only the most frequent missing word means missing. The others become categories, which return unchanged.
        missing &= np.arange(len(counts)) == np.argmax(np.where(missing, counts, -1))
    known = pa.array(~missing)
    doubt = ""
    if not reading.is_labels and (~missing).sum() > 20 and looks_numeric(tokens.filter(known)).mean() > 0.9:
        doubt = _doubt(tokens.filter(known))
    return dictionary.filter(known).to_numpy(zero_copy_only=False), missing, _new(Words(), doubt=doubt)


def _doubt(cells: pa.Array) -> str:
    """Say why cells that look like numbers are words; "" for codes of one width, such as the postcode 00123."""
    if _matches(cells, r"^[+-]?(?:0|[1-9][0-9]*)$").all():
        return "digits"
    is_code = _matches(cells, r"^[0-9]+$").all() and len(pc.unique(pc.utf8_length(cells))) == 1
    return "" if is_code else "notation"


def _read_like(dictionary: pa.Array, tokens: pa.Array, reading: Reading) -> _Read | None:
    """Read a column as the same column of another file is read; None if a cell does not fit."""
    like = reading.like
    assert like is not None
    is_words = isinstance(like.notation, Words)
    words = [like.missing] if like.has_missing else []
    missing = _is_in(tokens, [*words, ""] if is_words else [*_MISSING_NUMBER, *words])
    if is_words and not words:
        missing |= _is_in(tokens, _NO_VALUE)
    known = (dictionary if is_words else tokens).filter(pa.array(~missing))
    if missing.all():
        return np.array([]), missing, like
    limits = {limit.cell: limit.value for limit in like.limits}
    at_limit = _is_in(known, list(limits))
    values = like.notation.read(known.filter(pa.array(~at_limit)))
    if values is None and isinstance(like.notation, Integers | Numbers):
        # numbers in the usual notation, as most programs write them
        plain = find_numbers(known.filter(pa.array(~at_limit)), dataclasses.replace(reading.clues, decimal="."))
        values = None if plain is None else plain.numbers
    if values is None:
        return None
    if at_limit.any():
        rest, values = values, np.empty(len(known), dtype=float)
        values[~at_limit] = rest
        values[at_limit] = [limits[cell] for cell in known.filter(pa.array(at_limit)).to_pylist()]
        if isinstance(like.notation, Integers) and (values == np.rint(values)).all():
            values = values.astype(np.int64)
    return values, missing, like


def _read_limited(tokens: pa.Array, clues: Clues) -> tuple[Any, ColumnNotation] | None:
    """Read numbers among which cells such as <0.01 stand, at most one below all numbers and one above."""
    at_limit = _matches(tokens, r"^[<>≤≥]")
    if not at_limit.any() or at_limit.sum() > 2 or (~at_limit).sum() < 3:
        return None
    found = find_numbers(tokens.filter(pa.array(~at_limit)), clues)
    if found is None:
        return None
    values = np.empty(len(tokens), dtype=found.numbers.dtype)
    values[~at_limit] = found.numbers
    limits = []
    for position in np.flatnonzero(at_limit):
        cell = tokens[int(position)].as_py()
        bound = found.notation.read(pa.array([cell.lstrip("<>≤≥= \u00a0")]))
        if bound is None:
            return None
        is_upper = cell[0] in ">≥"
        # With <= the limit itself belongs to the cell, so no number may be equal to it; with < it may.
        step = _step(found.notation)
        value = float(np.round(bound[0] + (step if is_upper else -step), 12))
        is_inclusive = cell[0] in "≤≥" or cell[1:2] == "="
        nearest = found.numbers.max() if is_upper else found.numbers.min()
        side = nearest - bound[0] if is_upper else bound[0] - nearest
        if side > 0 or (is_inclusive and side == 0):
            return None
        if isinstance(found.notation, Integers) and not float(bound[0]).is_integer():
            return None
        values[position] = value
        limits.append(Limit(cell, value, is_upper))
    if len({limit.is_upper for limit in limits}) < len(limits):
        return None
    return values, _new(found.notation, limits=limits, is_sure=found.is_sure)


def _step(notation: Notation) -> float:
    """Return the smallest difference of two numbers of a notation."""
    return 10.0 ** -min(notation.places, 12) if isinstance(notation, Numbers) else 1.0


def _odd_cells(column: ColumnNotation, values: Any, tokens: pa.Array, counts: NDArray) -> pd.Series:
    """Return the most frequent cell of each value that the notation would write otherwise."""
    none = pd.Series(dtype=object)
    notation = column.notation
    if not isinstance(notation, Integers | Numbers | Clocks | Spans) or not len(tokens):
        return none  # words and dates are written as they are read
    values = np.asarray(values)
    n = len(tokens)
    if isinstance(notation, Clocks | Spans):
        usual = np.zeros(n, dtype=bool)
    elif notation.style.is_plain:
        plain = notation.style.plain(tokens)
        if plain is None or column.limits:
            usual = np.zeros(n, dtype=bool)
        elif isinstance(notation, Integers):
            usual = _matches(plain, "^(?:0|-?[1-9][0-9]*)$")
        else:
            usual = notation.writes(plain, values)
    else:
        usual = np.zeros(n, dtype=bool)
    rest = np.flatnonzero(~usual)
    if len(rest):
        cells = tokens.take(pa.array(rest)).to_numpy(zero_copy_only=False)
        usual[rest] = np.array(notation.write(pd.Series(values[rest])), dtype=object) == cells
    if usual.all():
        return none
    concerned = np.isin(values, values[~usual])
    cells = tokens.filter(pa.array(concerned)).to_numpy(zero_copy_only=False)
    seen = _most_frequent(values[concerned], cells, counts[concerned])
    written = np.array(notation.write(pd.Series(seen.index)), dtype=object)
    return seen[written != seen.to_numpy()]


def _most_frequent(values: Any, cells: NDArray, counts: NDArray) -> pd.Series:
    """Return for each value the cell that occurs most often."""
    order = np.argsort(-counts, kind="stable")
    seen = pd.Series(cells, index=pd.Index(values), dtype=object).iloc[order]
    return seen[~seen.index.duplicated()]


def _is_in(tokens: pa.Array, words: Sequence[str]) -> NDArray:
    return pc.is_in(tokens, value_set=pa.array(words, type=tokens.type)).to_numpy(zero_copy_only=False)


def _matches(tokens: pa.Array, pattern: str) -> NDArray:
    return pc.match_substring_regex(tokens, pattern).to_numpy(zero_copy_only=False)
