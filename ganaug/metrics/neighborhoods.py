"""Fidelity and diversity from neighbourhoods: precision, recall, density and coverage."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganaug.metrics.pairwise import as_matrices, squared_distances


class Neighborhoods(NamedTuple):
    """The result of `precision_recall_density_coverage`."""

    precision: float
    recall: float
    density: float
    coverage: float


def precision_recall_density_coverage(real: ArrayLike, fake: ArrayLike, k: int = 5) -> Neighborhoods:
    """Measure fidelity and diversity apart, with a ball around each row that reaches to its k-th neighbour.

    The neighbours of a row are those in its own set.

    Parameters
    ----------
    real, fake : array of shape (n_real, d), (n_fake, d)
        Features, more than `k` rows each.
    k : int, default=5
        Number of neighbours. The default is that of the paper on density and coverage.

    Returns
    -------
    precision : float
        Share of fake rows that lie in a real ball, 0 to 1. Measures fidelity; one real outlier can raise it.
    recall : float
        Share of real rows that lie in a fake ball, 0 to 1. Measures diversity; scattered fake rows have large balls and
        can raise it.
    density : float
        Mean number of real balls that hold a fake row, divided by `k`; at least 0. Measures fidelity; for equal
        distributions 1 is expected. Above 1, fake rows lie only where real rows are dense, which is not better.
    coverage : float
        Share of real balls that hold a fake row, 0 to 1. Measures diversity; for equal distributions and many rows,
        equally many in both sets, ``1 - 2 ** -k`` is expected.

    Raises
    ------
    ValueError
        If the sets are not matrices of equal width, have `k` rows or fewer, or hold NaN or infinite values, or if `k`
        is below 1.

    Notes
    -----
    Balls are closed. Recall and coverage fall if there are fewer fake than real rows: compare sets of equal size.

    References
    ----------
    Kynkäänniemi et al., arXiv 1904.06991 (precision and recall); Naeem et al., arXiv 2002.09797 (density and coverage).

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(50, 3))
    >>> precision_recall_density_coverage(rows, rows + 100)
    Neighborhoods(precision=0.0, recall=0.0, density=0.0, coverage=0.0)
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k=}")
    real, fake = as_matrices(real, fake, min_rows=k + 1)
    real_radii, fake_radii = _squared_radii(real, k), _squared_radii(fake, k)
    balls = np.empty(len(fake), dtype=np.intp)
    covered = np.zeros(len(real), dtype=bool)
    recalled = np.zeros(len(real), dtype=bool)
    for rows, squared in squared_distances(fake, real):
        within = squared <= real_radii
        balls[rows] = within.sum(1)
        covered |= within.any(0)
        recalled |= (squared <= fake_radii[rows, None]).any(0)
    return Neighborhoods(
        precision=float((balls > 0).mean()),
        recall=float(recalled.mean()),
        density=float(balls.mean() / k),
        coverage=float(covered.mean()),
    )


def _squared_radii(points: NDArray, k: int) -> NDArray:
    """Return the squared distance of each point to its k-th neighbour, slightly enlarged against rounding errors."""
    radii = np.empty(len(points))
    for rows, squared in squared_distances(points, points):
        radii[rows] = np.partition(squared, k, axis=1)[:, k]  # the nearest is the point itself
    return radii * (1 + 1e-9)
