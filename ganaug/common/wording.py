"""How numbers, names and lists are written in sentences."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def percent(share: float) -> str:
    """Write a share in percent. A share above 0 is never shown as 0 %, and one below 1 never as 100 %.

    Examples
    --------
    >>> percent(0.0), percent(0.0004), percent(0.1234), percent(0.99996)
    ('0 %', 'less than 0.1 %', '12.3 %', '99.9 %')
    """
    if 0 < share < 0.001:
        return "less than 0.1 %"
    return f"{100 * share:.3g} %" if share <= 0.999 else f"{100 * np.floor(1000 * share) / 1000:.3g} %"


def listed(labels: Sequence[Hashable] | pd.Index | NDArray, n_named: int = 3) -> str:
    """Name the first labels in quotes, and say how many more there are.

    Examples
    --------
    >>> listed(["a", "b"]), listed([1, 2, 3, 4, 5])
    ("'a', 'b'", '1, 2, 3 and 2 more')
    """
    # NumPy's scalars would show their type
    named = ", ".join(repr(label.item() if isinstance(label, np.generic) else label) for label in labels[:n_named])
    return f"{named} and {len(labels) - n_named} more" if len(labels) > n_named else named


def joined(words: Sequence[str], conjunction: str = "and") -> str:
    """Join words into a phrase.

    Examples
    --------
    >>> joined(["recall"]), joined(["recall", "F1"]), joined(["recall", "F1", "AUC"], "or")
    ('recall', 'recall and F1', 'recall, F1 or AUC')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def shortened(label: Any, max_length: int) -> str:
    """Write a label, cut off after `max_length` characters.

    Examples
    --------
    >>> shortened("annual income", 6), shortened(2024, 6)
    ('annual...', '2024')
    """
    text = str(label)
    return text if len(text) <= max_length else f"{text[:max_length]}..."


def counted(n: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(2500, "row"), counted(2, "class", "classes")
    ('1 row', '2,500 rows', '2 classes')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
