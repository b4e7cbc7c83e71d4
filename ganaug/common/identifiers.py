"""Which columns of a table identify rows: customer numbers, codes, e-mail addresses, names, free text."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import poisson

IdentifierKind = Literal["number", "text", "free text"]

# With fewer known cells, distinct values say nothing.
MIN_ROWS = 20
# Words without a digit in them, such as names, need more rows: 20 different cities are no list of names.
MIN_ROWS_OF_WORDS = 50
# So do numbers, unless the name of the column says what they are: 30 different ages are no customer numbers.
MIN_ROWS_OF_NUMBERS = 100
# Share of distinct values among the known cells from which a column is near-unique.
NEAR_UNIQUE = 0.9
# Texts that by their form identify something, such as e-mail addresses, may repeat more often, and so may free text.
HALF_UNIQUE = 0.5
# Numbers may repeat in this share of the rows.
_REPEATS = 0.05
# A measured number has so few repeated values with at most this probability.
_CHANCE = 1e-4
# Digits of numbers that are codes rather than amounts, and of numbers that nobody measures.
_CODE_DIGITS, _HASH_DIGITS = 8, 16
# Free text has at least so many words and characters, on average. "Braund, Mr. Owen Harris" is a name.
_TEXT_WORDS, _TEXT_LENGTH = 5, 25
# Cells that are looked at first, to leave most columns after a moment.
_N_FIRST = 1000
_MOST = 0.9

_STRONG = re.compile(
    r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?"  # UUID
    r"|(?:mailto:)?[^@\s]+@[^@\s]+\.[^@\s]+"  # e-mail address
    r"|(?:[a-z]+://|www\.)\S+"  # URL
    r"|(?=.*\d)[0-9a-f]{16,}",  # hash
    re.IGNORECASE,
)
_MONTH = (
    r"(?:jan|feb|fév|mar|mär|mrz|apr|avr|abr|may|mai|mag|jun|jui|giu|jul|lug|aug|aoû|ago|sep|set|oct|okt|ott|out|nov|dec|"
    r"dez|déc|dic|ene|gen)[^\W\d_]{0,7}"
)
# Dates in any notation, also in several within one column.
DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    rf"|\d{{1,2}}\.?[- /]?{_MONTH}\.?,?[- /]?(?:\d{{4}}|\d{{2}})|{_MONTH}\.?[- /]\d{{1,2}},?[- /](?:\d{{4}}|\d{{2}}))"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AP]M)?"
_DAY = re.compile(rf"{DATE}|{_CLOCK}", re.IGNORECASE)
_TIME = re.compile(rf"{DATE}[T ,]+{_CLOCK}(?: ?(?:Z|UTC|[+-]\d{{2}}:?\d{{2}}))?", re.IGNORECASE)
_AMOUNT = re.compile(
    r"[<>≤≥~±]?\s*[$€£¥]?\s*[+-]?(?:\d{1,3}(?:[,' ]\d{3})+|\d+)(?P<decimals>[.,]\d+)?\s*"
    r"(?P<unit>[%‰°µΩ$€£¥/²³a-zA-Z]{0,8})",
)
_DIGITS = re.compile(r"\d+")
# Names of columns that hold numbers of things. "number of rooms" is a count: the word has to be the last one.
_NAMED = re.compile(
    r"\b(?:id|ids|uid|uuid|guid|pk|ssn|iban|isbn|ean|sku|mrn|barcode)\b"
    r"|\b(?:no|nr|num|number|key|code|serial|index|account|acct|phone|mobile|telephone|tel|fax|card|ref|reference)$"
    r"|\b(?:customer|client|patient|user|member|person|employee|student|subject|case|order|invoice|policy|contract)$"
    r"|^(?:row|record|unnamed \d+)$"
)


def identifier_kind(series: pd.Series, name: Hashable = None) -> IdentifierKind | None:
    """Return how a column identifies rows, or None if it does not.

    An identifier tells nothing about other rows, and a synthetic row that repeats it names a real one.

    Parameters
    ----------
    series : Series of any dtype, shape (n,)
        The cells. Missing ones are left out.
    name : hashable, default=None
        Name of the column; None takes that of `series`.

    Returns
    -------
    {"number", "text", "free text"} or None
        "number": whole numbers. "text": codes, names, addresses. "free text": sentences.

    Notes
    -----
    At least 20 cells must be known. The rule depends on n, the number of known cells, on how many of them are distinct,
    and on the form of the values:

    - Whole numbers (integers, or floats without decimals), at most 5 % of which repeat an earlier one. Of independent
      draws from any distribution on the R numbers between the smallest and the largest one, at least n (n - 1) / 2R
      pairs are equal on average. Numbers with so few equal ones that the probability is below 10^-4 (Poisson) are no
      measured values: serial numbers, and codes that nearly fill their range. Sparse numbers that are all distinct need
      other evidence: the name of the column ("customer_id", "account no"), 8 or more digits, equally many in all cells,
      or 16 digits. Fewer than 100 cells also need such a name. Years are no identifiers, and neither are numbers with
      decimals.
    - Text of a form that identifies something (UUIDs, e-mail addresses, URLs, hashes), half of which is distinct.
    - Text with digits (codes, phone numbers), 90 % of which is distinct. Amounts such as "$12.50" or "47 kg" and dates
      are measured values. Digits alone, without leading zeros, follow the rule of numbers.
    - Words without digits (names), 90 % of which are distinct, from 50 cells on. Cities of which many occur twice are a
      category.
    - Free text: five words and 25 characters on average, half of which is distinct. Texts of dates with the time of the
      day, 90 % of which are distinct, count as free text as well: no pattern of characters gives only valid dates.

    Dates of a dtype for dates, durations and booleans are never identifiers.

    Examples
    --------
    >>> identifier_kind(pd.Series([f"CUST-{number:05d}" for number in range(0, 3000, 7)]))
    'text'
    >>> identifier_kind(pd.Series(range(1, 201)))
    'number'
    >>> identifier_kind(pd.Series(["Rome", "Oslo", "Lima"] * 30)) is None
    True
    """
    name = series.name if name is None else name
    known = _plain(series)
    if known is None or len(known) < MIN_ROWS:
        return None
    first = known[:: max(1, len(known) // _N_FIRST)][:_N_FIRST]
    if len(pd.unique(first)) < HALF_UNIQUE * len(first):
        return None
    if known.dtype != object:
        return "number" if _are_numbers_of_rows(known, name) else None
    return _kind_of_texts(known, name)


def distinct_share(series: pd.Series) -> float:
    """Return the share of distinct values among the known cells.

    Parameters
    ----------
    series : Series of shape (n,)
        The cells.

    Returns
    -------
    float
        From 0 to 1; 0 without known cells.

    Examples
    --------
    >>> distinct_share(pd.Series(["a", "a", "b", "c", None]))
    0.75
    """
    known = series.dropna()
    return float(known.nunique() / len(known)) if len(known) else 0.0


def find_identifiers(frame: pd.DataFrame) -> dict[Hashable, IdentifierKind]:
    """Return the columns of a table that identify rows, and how.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
        The table.

    Returns
    -------
    dict
        Name -> kind, see `identifier_kind`; in the order of the columns. If all columns identify rows, numbers are left
        out, because nothing else is there to learn or to compare.

    Examples
    --------
    >>> find_identifiers(pd.DataFrame({"id": range(100), "age": [31, 42] * 50}))
    {'id': 'number'}
    """
    kinds = [(label, identifier_kind(frame.iloc[:, i], label)) for i, label in enumerate(frame.columns)]
    are_all = all(kind is not None for _, kind in kinds)
    return {label: kind for label, kind in kinds if kind is not None and not (are_all and kind == "number")}


def identifier_texts(series: pd.Series) -> NDArray:
    """Return cells as texts that are equal for equal identifiers, whatever the dtypes; None for missing cells.

    Parameters
    ----------
    series : Series of shape (n,)
        Text, or whole numbers of any dtype.

    Returns
    -------
    ndarray of object, shape (n,)
        7, 7.0 and "7" are all "7".

    Examples
    --------
    >>> identifier_texts(pd.Series([7.0, None])).tolist()
    ['7', None]
    """
    missing = series.isna().to_numpy(bool)
    texts = np.full(len(series), None, dtype=object)
    texts[~missing] = [_text(cell) for cell in series[~missing].astype(object)]
    return texts


def refuse_identifiers_as_classes(labels: Any, name: Hashable) -> None:
    """Raise an error if labels identify rows instead of classes.

    Parameters
    ----------
    labels : array-like of shape (n_rows,)
        Class labels.
    name : hashable
        What messages call them.

    Raises
    ------
    ValueError
        If `identifier_kind` says so.

    Examples
    --------
    >>> refuse_identifiers_as_classes(range(100), "target 'customerID'")
    Traceback (most recent call last):
    ...
    ValueError: target 'customerID' has 100 different values in 100 rows: it identifies rows and cannot be the column of
    classes; name the column with the classes
    """
    if np.ndim(labels) != 1:
        return  # one-hot
    cells = pd.Series(labels, name=str(name))
    if identifier_kind(cells) is not None:
        raise ValueError(
            f"{name} has {cells.nunique():,} different values in {len(cells):,} rows: it identifies rows and cannot be "
            "the column of classes; name the column with the classes"
        )


def _text(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float | np.floating) and float(cell).is_integer() else str(cell)


def _plain(series: pd.Series) -> NDArray | None:
    """Return the known cells as integers, floats or texts; None for columns of other kinds."""
    known = series.dropna()
    if isinstance(known.dtype, pd.CategoricalDtype):
        known = known.astype(known.dtype.categories.dtype)
    kind = known.dtype.kind
    if kind in "iu":
        return known.to_numpy("uint64" if kind == "u" else "int64")
    if kind == "f":
        return known.to_numpy("float64")
    if kind in "bmM" or not len(known):
        return None
    cells = known.to_numpy(object)
    inferred = pd.api.types.infer_dtype(cells, skipna=False)
    if inferred == "string":
        return np.asarray(cells, dtype=object)
    if inferred in ("integer", "floating", "mixed-integer-float"):
        try:
            return cells.astype("int64" if inferred == "integer" else "float64")
        except OverflowError:
            return None
    return None


def _are_numbers_of_rows(values: NDArray, name: Hashable) -> bool:
    if values.dtype == np.float64 and not (np.isfinite(values).all() and (values == np.rint(values)).all()):
        return False
    n, distinct = len(values), np.unique(values)
    n_repeats = n - len(distinct)
    if n_repeats > _REPEATS * n or len(distinct) < 2:
        return False
    low, high = int(distinct[0]), int(distinct[-1])
    if low >= 1800 and high <= 2100:
        return False  # years
    offsets = (distinct - distinct[0]).astype(np.uint64) if values.dtype != np.float64 else None
    step = int(np.gcd.reduce(offsets[1:])) if offsets is not None else 1
    size = (high - low) // max(step, 1) + 1
    if not str(name).strip() and not n_repeats and size == n:
        return True  # numbers of rows, which pandas writes without a name
    if not _is_named(name) and n < MIN_ROWS_OF_NUMBERS:
        return False
    if poisson.cdf(n_repeats, n * (n - 1) / 2 / size) < _CHANCE:
        return True
    if n_repeats:
        return False
    if _is_named(name) or len(str(high)) >= _HASH_DIGITS:
        return True
    middle = np.quantile(distinct, [0.01, 0.99], method="nearest")
    n_digits = {len(str(int(end))) for end in middle}
    return low > 0 and len(n_digits) == 1 and min(n_digits) >= _CODE_DIGITS


def _is_named(name: Hashable) -> bool:
    if not isinstance(name, str):
        return False
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)  # CustomerID -> Customer ID
    return _NAMED.search(re.sub(r"[\W_]+", " ", spaced).strip().lower()) is not None


def _kind_of_texts(cells: NDArray, name: Hashable) -> IdentifierKind | None:
    n = len(cells)
    share = len(pd.unique(cells)) / n
    first = [str(cell).strip() for cell in cells[:: max(1, n // _N_FIRST)][:_N_FIRST]]

    def most(matches: Any) -> bool:
        return sum(bool(matches(cell)) for cell in first) >= _MOST * len(first)

    if share < HALF_UNIQUE:
        return None
    if most(_STRONG.fullmatch):
        return "text"
    n_words = np.mean([len(cell.split()) for cell in first])
    if n_words >= _TEXT_WORDS and np.mean([len(cell) for cell in first]) >= _TEXT_LENGTH:
        return "free text"
    if share < NEAR_UNIQUE or most(_DAY.fullmatch):
        return None
    if most(_TIME.fullmatch):
        return "free text"
    if most(_DIGITS.fullmatch):
        same_length = len({len(cell) for cell in first}) == 1
        if same_length or any(cell[0] == "0" and len(cell) > 1 for cell in first):
            return "text"
        numbers = [int(cell) for cell in map(str, cells) if cell.strip().isdecimal() and len(cell) < 18]
        return "text" if len(numbers) < n or _are_numbers_of_rows(np.array(numbers), name) else None
    if most(_AMOUNT.fullmatch) and _are_amounts(first):
        return None
    if most(re.compile(r"\d").search):
        return "text"
    return "text" if n >= MIN_ROWS_OF_WORDS else None


def _are_amounts(cells: list[str]) -> bool:
    """Whether numbers with decimals, signs of currencies or few units are measured values and not codes."""
    found = [match for match in map(_AMOUNT.fullmatch, cells) if match]
    units = {match["unit"] for match in found} - {""}
    has_decimals = sum(match["decimals"] is not None or "," in match[0] for match in found) >= len(found) / 2
    has_units = sum(bool(match["unit"]) or "$€£¥".find(match[0][0]) >= 0 for match in found) >= len(found) / 2
    return len(units) <= 5 and (has_decimals or has_units)
