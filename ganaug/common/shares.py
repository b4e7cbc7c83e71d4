"""Shares of classes and of synthetic rows: how many rows to generate, which to repeat, and what each weighs."""

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
