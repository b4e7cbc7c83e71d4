"""Baselines and intervals of a measure: its value among real rows alone, and how far it varies with the sample."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Measure = Callable[[NDArray, NDArray], Any]


class Interval(NamedTuple):
    """The result of `bootstrap`; holds arrays if the measure returns several numbers."""

    low: Any
    high: Any


class Baseline(NamedTuple):
    """The result of `real_baseline`; holds arrays if the measure returns several numbers."""

    mean: Any
    low: Any
    high: Any


def real_baseline(
    real: ArrayLike, measure: Measure, *, n_splits: int = 20, random_state: int | np.random.Generator
) -> Baseline:
    """Apply a measure to two random halves of the real rows: the best value that a perfect generator can reach.

    Parameters
    ----------
    real : array of shape (n, ...)
        Real rows, at least twice as many as the measure needs.
    measure : callable
        A function of two sets (real, fake) that returns a number or a tuple of numbers.
    n_splits : int, default=20
        Number of random splits into halves.
    random_state : int or numpy.random.Generator
        Source of the random splits.

    Returns
    -------
    mean, low, high : float or array
        Mean over the splits and the range that holds 95 % of them, for each number that the measure returns.

    Raises
    ------
    ValueError
        If `n_splits` is below 1. Errors of the measure are passed on.

    Notes
    -----
    A half has ``n // 2`` rows. A measure that depends on the number of rows, such as the Fréchet distance, must be
    compared with the baseline of that number.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(200, 4))
    >>> from ganaug.metrics import frechet_distance
    >>> baseline = real_baseline(rows, frechet_distance, random_state=0)
    >>> bool(baseline.high < frechet_distance(rows[:100], rows[100:] + 1))
    True
    """
    if n_splits < 1:
        raise ValueError(f"n_splits must be at least 1, got {n_splits=}")
    real = np.asarray(real)
    rng = np.random.default_rng(random_state)
    values = []
    for _ in range(n_splits):
        order = rng.permutation(len(real))
        half, other_half = order[: len(real) // 2], order[len(real) // 2 :][: len(real) // 2]
        values.append(np.asarray(measure(real[half], real[other_half])))
    low, high = np.quantile(values, (0.025, 0.975), axis=0)
    return Baseline(np.mean(values, axis=0), low, high)


def bootstrap(
    measure: Measure, real: ArrayLike, fake: ArrayLike, *, n: int = 200, random_state: int | np.random.Generator
) -> Interval:
    """Return a 95 % interval for a measure: how far it would vary with other samples of the same size.

    Parameters
    ----------
    measure : callable
        A function of two sets (real, fake) that returns a number or a tuple of numbers.
    real, fake : array of shape (n_real, ...), (n_fake, ...)
        Rows, at least twice as many as the measure needs.
    n : int, default=200
        Number of resamples.
    random_state : int or numpy.random.Generator
        Source of the resamples.

    Returns
    -------
    low, high : float or array
        Ends of the interval, for each number that the measure returns. They may exceed the range of the measure.

    Raises
    ------
    ValueError
        If `n` is below 2. Errors of the measure are passed on.

    Notes
    -----
    A resample is a random half of each set, drawn without replacement (Politis and Romano's subsampling). Drawing with
    replacement would be wrong here: many rows appear twice, so nearest neighbours are copies at distance 0, kernels
    count rows with themselves, and covariances lose rank. For independent rows, halves vary around their own mean as
    whole sets vary around theirs. The mean of the halves is not used, because many measures depend on the number of
    rows.

    Examples
    --------
    >>> from ganaug.metrics import kernel_distance
    >>> rng = np.random.default_rng(0)
    >>> real, fake = rng.normal(size=(100, 4)), rng.normal(size=(100, 4)) + 1
    >>> low, high = bootstrap(kernel_distance, real, fake, random_state=0)
    >>> bool(0 < low < kernel_distance(real, fake) < high)
    True
    """
    if n < 2:
        raise ValueError(f"n must be at least 2 resamples, got {n=}")
    real, fake = np.asarray(real), np.asarray(fake)
    rng = np.random.default_rng(random_state)
    values = []
    for _ in range(n):
        halves = [rows[rng.permutation(len(rows))[: len(rows) // 2]] for rows in (real, fake)]
        values.append(np.asarray(measure(*halves)))
    errors = values - np.mean(values, axis=0)
    low, high = np.asarray(measure(real, fake)) - np.quantile(errors, (0.975, 0.025), axis=0)
    return Interval(low, high)
