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


def weights_of(labels: np.ndarray, is_synthetic: np.ndarray, share: float, base: np.ndarray) -> np.ndarray:
    """Return weights that make classes equal, and give synthetic rows `share` of the weight of each class.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        Class labels.
    is_synthetic : ndarray of bool, shape (n_rows,)
        Which rows are synthetic.
    share : float
        In (0, 1).
    base : ndarray of shape (n_rows,)
        Weights among the rows of a class that are real, and among those that are synthetic.
    """
    index = np.unique(labels, return_inverse=True)[1]
    n_classes = index.max() + 1
    kind = is_synthetic.astype(int)
    totals = np.zeros((2, n_classes))
    np.add.at(totals, (kind, index), base)
    shares = np.array([[1 - share], [share]]) if totals[1].all() else (totals > 0) / (totals > 0).sum(axis=0)
    factors = shares * len(labels) / n_classes / np.where(totals > 0, totals, 1)
    return base * factors[kind, index]
