"""How numbers, names and lists are written in sentences."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def percent(share: float) -> str:
    """Write a share in percent, with one digit. One above 0 is never shown as 0 %, and one below 1 never as 100 %.

    Parameters
    ----------
    share : float
        The share, in [0, 1].

    Examples
    --------
    >>> percent(0.0), percent(0.0004), percent(0.1234), percent(0.96), percent(0.99996), percent(1.0)
    ('0 %', 'less than 0.1 %', '12.3 %', '96.0 %', '99.9 %', '100 %')
    """
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    return f"{100 * share:.1f} %" if share <= 0.999 else "99.9 %"


def signed(number: float, n_digits: int) -> str:
    """Write a difference with its sign. What is rounded to 0 has none: no "-0.00".

    Parameters
    ----------
    number : float
        The difference.
    n_digits : int
        Digits after the point.

    Examples
    --------
    >>> signed(0.1234, 2), signed(-0.001, 2), signed(-0.1, 3)
    ('+0.12', '0.00', '-0.100')
    """
    rounded = round(number, n_digits)
    return f"{rounded:+.{n_digits}f}" if rounded else f"{0:.{n_digits}f}"


def abridged(words: Sequence[Any] | pd.Index | NDArray, n_shown: int, write: Callable[[Any], str] = str) -> str:
    """Write the first words, and say how many more there are.

    Parameters
    ----------
    words : sequence of length n
        The words.
    n_shown : int
        Number of words that are written.
    write : callable, default=str
        Takes a word and returns its text.

    Examples
    --------
    >>> abridged(["a", "b"], 3), abridged(["a", "b", "c", "d", "e"], 3)
    ('a, b', 'a, b, c and 2 more')
    """
    shown = ", ".join(write(word) for word in words[:n_shown])
    return f"{shown} and {len(words) - n_shown} more" if len(words) > n_shown else shown


def listed(labels: Sequence[Hashable] | pd.Index | NDArray, n_named: int = 3) -> str:
    """Name the first labels in quotes, and say how many more there are.

    Parameters
    ----------
    labels : sequence of length n
        The labels.
    n_named : int, default=3
        Number of labels that are named.

    Examples
    --------
    >>> listed(["a", "b"]), listed([1, 2, 3, 4, 5])
    ("'a', 'b'", '1, 2, 3 and 2 more')
    """
    # NumPy's scalars would show their type
    return abridged(labels, n_named, lambda label: repr(label.item() if isinstance(label, np.generic) else label))


def joined(words: Sequence[str], conjunction: str = "and") -> str:
    """Join words into a phrase.

    Parameters
    ----------
    words : sequence of str
        At least one word.
    conjunction : str, default="and"
        The word before the last one.

    Examples
    --------
    >>> joined(["recall"]), joined(["recall", "F1"]), joined(["recall", "F1", "AUC"], "or")
    ('recall', 'recall and F1', 'recall, F1 or AUC')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def shortened(label: Any, max_length: int = 40) -> str:
    """Write a label, cut off after `max_length` characters.

    Parameters
    ----------
    label : object
        The label; its text is written.
    max_length : int, default=40
        Number of characters that are kept.

    Examples
    --------
    >>> shortened("annual income", 6), shortened(2024, 6)
    ('annual...', '2024')
    """
    text = str(label)
    return text if len(text) <= max_length else f"{text[:max_length]}..."


def counted(n: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun.

    Parameters
    ----------
    n : int
        The number.
    noun : str
        The noun in the singular.
    plural : str, default=""
        The noun in the plural; "" appends an "s".

    Examples
    --------
    >>> counted(1, "row"), counted(2500, "row"), counted(2, "class", "classes")
    ('1 row', '2,500 rows', '2 classes')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
