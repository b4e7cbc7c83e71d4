"""Shares of classes and of synthetic rows: how many rows to generate, which to repeat, and what each weighs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ganaug.common.wording import listed


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


def check_asked_classes(strategy: Any, labels: np.ndarray) -> None:
    """Raise ValueError if a dict asks for classes that there are not.

    Parameters
    ----------
    strategy : object
        `sampling_strategy` of a sampler; all but a dict passes.
    labels : ndarray of shape (n_rows,)
        Class labels.

    Raises
    ------
    ValueError
        With these classes, and the label that is written the same but is of another type.

    Examples
    --------
    >>> check_asked_classes({9: 40}, np.array(["9", "10"]))
    Traceback (most recent call last):
    ...
    ValueError: sampling_strategy asks for 9, which is not a class of y. y has '10', '9'. Write '9'
    """
    if not isinstance(strategy, dict) or labels.ndim != 1:
        return
    known = np.unique(labels).tolist()
    unknown = [label for label in strategy if label not in known]
    if unknown:
        alike = [label for label in known if str(label) in {str(of) for of in unknown}]
        is_not = "is not a class" if len(unknown) == 1 else "are not classes"
        raise ValueError(
            f"sampling_strategy asks for {listed(unknown)}, which {is_not} of y. y has {listed(known)}"
            + (f". Write {listed(alike)}" if alike else "")
        )


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


def check_weights(sample_weight: ArrayLike, labels: np.ndarray) -> np.ndarray:
    """Return the weights of rows as numbers.

    Parameters
    ----------
    sample_weight : array-like of shape (n_rows,)
        As a user passed them.
    labels : ndarray of shape (n_rows,)
        Class labels.

    Raises
    ------
    ValueError
        If there is not one number of at least 0 for each row, or if all weights of a class are 0.

    Examples
    --------
    >>> check_weights([1, 0, 2], np.array(["a", "a", "b"]))
    array([1., 0., 2.])
    """
    try:
        weights = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sample_weight must hold numbers: {error}") from None
    if weights.shape != (len(labels),):
        raise ValueError(
            f"sample_weight must have the shape ({len(labels)},), a weight for each row; got {weights.shape}"
        )
    if not (np.isfinite(weights) & (weights >= 0)).all():
        place = int(np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))[0])
        raise ValueError(f"sample_weight must hold numbers of at least 0, but row {place} has {weights[place]}")
    for label in np.unique(labels).tolist():
        if not weights[labels == label].any():
            raise ValueError(
                f"the sample_weight of all rows of class {label!r} is zero; leave out the class, or give weights"
            )
    return weights


def weights_of(
    labels: np.ndarray, is_synthetic: np.ndarray, share: float | None, base: np.ndarray | None = None
) -> np.ndarray:
    """Return weights that make classes equal, and give synthetic rows `share` of the weight of each class.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        Class labels.
    is_synthetic : ndarray of bool, shape (n_rows,)
        Which rows are synthetic.
    share : float or None
        In (0, 1); None keeps the share that synthetic rows have in each class.
    base : ndarray of shape (n_rows,) or None, default=None
        Weights among the rows of a class that are real, and among those that are synthetic; None is 1 for all.

    Examples
    --------
    >>> weights_of(np.array(["a", "a", "a", "b"]), np.array([False, False, True, False]), None).round(2).tolist()
    [0.67, 0.67, 0.67, 2.0]
    """
    base = np.ones(len(labels)) if base is None else base
    index = np.unique(labels, return_inverse=True)[1]
    n_classes = index.max() + 1
    kind = is_synthetic.astype(int)
    totals = np.zeros((2, n_classes))
    np.add.at(totals, (kind, index), base)
    if share is not None and totals[1].all():
        shares = np.array([[1 - share], [share]])
    else:
        shares = totals / totals.sum(axis=0) if share is None else (totals > 0) / (totals > 0).sum(axis=0)
    factors = shares * len(labels) / n_classes / np.where(totals > 0, totals, 1)
    return base * factors[kind, index]


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
