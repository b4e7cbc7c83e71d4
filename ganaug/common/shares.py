"""Shares of classes and of synthetic rows: how many rows to generate, which to repeat, and what each weighs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def equal_share_counts(y: ArrayLike, share: float) -> dict[Any, int]:
    """Return how many rows of each class are generated with ``sampling_strategy="equal share"``.

    Each class ends with the real rows of the largest class, some of them repeated, and so many synthetic rows that they
    are `share` of the whole class: n * share / (1 - share), where n is the size of the largest class.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Class labels.
    share : float
        Share of synthetic rows in each class, in (0, 1).

    Returns
    -------
    dict
        Label -> number of rows to generate, the same for all labels.

    Examples
    --------
    >>> equal_share_counts(["common"] * 80 + ["rare"] * 20, 0.2)
    {'common': 20, 'rare': 20}
    """
    labels, counts = np.unique(np.asarray(y), return_counts=True)
    return dict.fromkeys(labels.tolist(), round(counts.max() * share / (1 - share)))


def repeats_of(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return positions of rows to repeat, so that every class is as large as the largest class.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        Class labels.
    rng : Generator
        Which rows are repeated once more than others.
    """
    classes, counts = np.unique(labels, return_counts=True)
    repeats = [np.empty(0, dtype=np.intp)]
    for label, n in zip(classes, counts, strict=True):
        # in whole rounds, each in a new order: the numbers of repetitions of two rows of a class differ by 1 at most
        rounds = -(-(counts.max() - n) // n)
        members = np.flatnonzero(labels == label)
        order = [rng.permutation(members) for _ in range(rounds)]
        repeats.append(np.concatenate([repeats[0], *order])[: counts.max() - n])
    return np.concatenate(repeats)


def weights_of(labels: np.ndarray, is_synthetic: np.ndarray, share: float | None) -> np.ndarray:
    """Return weights that make classes equal, and give synthetic rows `share` of the weight.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        Class labels.
    is_synthetic : ndarray of bool, shape (n_rows,)
        Which rows are synthetic.
    share : float or None
        In (0, 1); None keeps the share that synthetic rows have.
    """
    index = np.unique(labels, return_inverse=True)[1]
    n_classes = index.max() + 1
    n_rows = np.array([np.bincount(index[is_synthetic == kind], minlength=n_classes) for kind in (False, True)])
    shares = n_rows / n_rows.sum(axis=0)
    if share is not None and n_rows[1].all():
        shares = np.array([[1 - share], [share]])
    per_row = shares * len(labels) / n_classes / np.maximum(n_rows, 1)
    return per_row[is_synthetic.astype(int), index]


def draw_rows(labels: np.ndarray, weights: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw rows by weight, with exact shares: the order in which a training sees them.

    Rows with one label and one weight form a group. Each group gets its share of the draws, give or take one. Within a
    group each row is drawn equally often, give or take one.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        Class labels.
    weights : ndarray of shape (n_rows,)
        Of at least 0, and not all 0. A row with weight 0 is never drawn.
    n : int
        Number of draws.
    rng : Generator
        The order, and which rows are drawn once more than others.

    Returns
    -------
    ndarray of int, shape (n,)
        Positions of rows.

    Examples
    --------
    >>> labels = np.array(["common"] * 8 + ["rare"] * 2)
    >>> drawn = draw_rows(labels, weights_of(labels, np.zeros(10, dtype=bool), None), 40, np.random.default_rng(0))
    >>> np.bincount(drawn).tolist()  # each common row 2 or 3 times, each rare row 10 times
    [2, 3, 3, 3, 2, 2, 2, 3, 10, 10]
    """
    classes = np.unique(labels, return_inverse=True)[1].ravel()
    values = np.unique(weights, return_inverse=True)[1].ravel()
    group = np.unique(classes * (values.max() + 1) + values, return_inverse=True)[1].ravel()
    ends = np.bincount(group, weights=weights).cumsum()
    # a random start makes the numbers of small groups right on average; the end is exactly n, whatever is rounded
    places = np.floor(ends / ends[-1] * n + rng.random()).astype(int).clip(0, n)
    places[ends == ends[-1]] = n
    n_each = np.diff(places, prepend=0)
    members = np.split(np.argsort(group, kind="stable"), np.bincount(group).cumsum()[:-1])
    return draw_groups(list(zip(members, n_each.tolist(), strict=True)), rng)


def draw_groups(groups: Sequence[tuple[np.ndarray, int]], rng: np.random.Generator) -> np.ndarray:
    """Draw so many rows of each group, each of its rows equally often, in a random order.

    Parameters
    ----------
    groups : sequence of (ndarray of int, int)
        Positions of rows, and the number of draws.
    rng : Generator
        The order, and which rows are drawn once more than others.

    Returns
    -------
    ndarray of int, shape (n_draws,)
        Positions of rows. A group without rows gives none.
    """
    drawn = [np.empty(0, dtype=np.intp)]
    for members, n_of_group in groups:
        rounds = -(-n_of_group // max(1, len(members)))
        repeated = [rng.permutation(members) for _ in range(rounds)]
        drawn.append(np.concatenate([drawn[0], *repeated])[:n_of_group])
    return rng.permutation(np.concatenate(drawn))
