"""How many rows of each class are missing, and the parts in which they are generated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from imblearn.utils import check_sampling_strategy


class Part(NamedTuple):
    """Synthetic rows of one class that are generated together.

    Attributes
    ----------
    label : label
        Their class.
    n_rows : int
        How many.
    seed : int
        Of the rows.
    first : int
        How many synthetic rows come before.
    """

    label: Any
    n_rows: int
    seed: int
    first: int


def requested_rows(strategy: Any, counts: Mapping[Any, int]) -> dict[Any, int]:
    """Return how many rows of each class to generate.

    Parameters
    ----------
    strategy : float, str or dict
        As `sampling_strategy` of `ganaug.GANOversampler`.
    counts : mapping of label to int
        Rows of each class.

    Raises
    ------
    ValueError
        If there is one class only, or if the strategy does not fit the classes, or is "equal share" or a function.

    Examples
    --------
    >>> requested_rows("auto", {"no": 1_000_000, "yes": 20_000})
    {'yes': 980000}
    """
    if len(counts) < 2:
        raise ValueError(f"the target has one class, {next(iter(counts), None)!r}; there must be at least two")
    if callable(strategy) or strategy == "equal share":
        raise ValueError(
            f"sampling_strategy={strategy!r} needs all labels in memory; pass the sizes of the classes as a dict, or a "
            "name such as 'auto'"
        )
    labels = sorted(counts, key=repr)
    codes = np.repeat(
        np.arange(len(labels), dtype=np.min_scalar_type(len(labels))), [counts[label] for label in labels]
    )
    if isinstance(strategy, Mapping):
        # the shell has names of classes only
        strategy = {next((of for of in labels if name in (of, str(of))), name): n for name, n in strategy.items()}
        unknown = [label for label in strategy if label not in counts]
        if unknown:
            raise ValueError(f"sampling_strategy names {unknown[0]!r}, but the classes are {labels}")
        strategy = {labels.index(label): n for label, n in strategy.items()}
    found = check_sampling_strategy(strategy, codes, "over-sampling")
    return {labels[int(code)]: int(n) for code, n in found.items() if n}


def parts_of(requested: Mapping[Any, int], n_rows: int, seed: int) -> list[Part]:
    """Divide requested rows into parts.

    Parameters
    ----------
    requested : mapping of label to int
        Rows to generate.
    n_rows : int
        Rows of a part, at most.
    seed : int
        From which the parts get theirs.

    Examples
    --------
    >>> [(part.label, part.n_rows, part.first) for part in parts_of({"yes": 5, "maybe": 2}, 3, seed=0)]
    [('yes', 3, 0), ('yes', 2, 3), ('maybe', 2, 5)]
    """
    sizes = [(label, min(n_rows, n - at)) for label, n in requested.items() for at in range(0, n, n_rows)]
    seeds = np.random.SeedSequence(seed).generate_state(max(len(sizes), 1)) % (2**31 - 4)
    firsts = np.cumsum([0, *(n for _, n in sizes)])
    return [
        Part(label, n, int(own), int(first))
        for (label, n), own, first in zip(sizes, seeds, firsts[: len(sizes)], strict=False)
    ]
