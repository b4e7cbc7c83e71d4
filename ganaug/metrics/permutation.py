"""How far measures of two sets lie from what random divisions of the same rows have: exact for samples of any size."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from ganaug.metrics.pairwise import as_matrices


class PermutationScores(NamedTuple):
    """The result of `permutation_scores`."""

    KD: float
    precision: float
    recall: float
    density: float
    coverage: float


def permutation_scores(
    real: ArrayLike,
    fake: ArrayLike,
    k: int = 5,
    *,
    n_permutations: int = 200,
    random_state: int | np.random.Generator,
) -> PermutationScores:
    """Compare measures of two sets with those of random divisions of all their rows.

    If nothing tells real from fake rows, each division of all rows into two sets of the same sizes is as likely as the
    given one. So the measures of the given sets should be like those of random divisions.

    Parameters
    ----------
    real, fake : array of shape (n_real, d), (n_fake, d)
        Features, more than `k` rows each. Memory grows with the square of the number of rows.
    k : int, default=5
        Number of neighbours, as in `precision_recall_density_coverage`.
    n_permutations : int, default=200
        Number of random divisions.
    random_state : int or numpy.random.Generator
        Source of the divisions.

    Returns
    -------
    KD, precision, recall, density, coverage : float
        For each measure, by how many standard deviations of the random divisions it is worse than their mean; below 0
        where it is better. About 0 if the sets do not differ, rarely above 3. If no division is different, as in
        constant rows, it is 0.

    Raises
    ------
    ValueError
        If the sets are not matrices of equal width, have `k` rows or fewer, or hold NaN or infinite values.

    References
    ----------
    Gretton et al., "A kernel two-sample test", JMLR 13, 2012 (permutations of the kernel distance).

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(90, 4))
    >>> scores = permutation_scores(rows[:60], rows[60:] + 2, random_state=0)
    >>> scores.KD > 5, scores.recall > 5
    (True, True)
    >>> max(permutation_scores(rows[:60], rows[60:], random_state=0)) < 3
    True
    """
    real, fake = as_matrices(real, fake, min_rows=k + 1)
    rng = np.random.default_rng(random_state)
    both = np.concatenate([real, fake])
    distances, kernel = cdist(both, both), (both @ both.T / both.shape[1] + 1) ** 3
    order, n_real = np.arange(len(both)), len(real)
    value = _badness(distances, kernel, order, n_real, k)
    usual = np.array([_badness(distances, kernel, rng.permutation(order), n_real, k) for _ in range(n_permutations)])
    spread = usual.std(0)
    rounding = 1e-12 * np.abs(usual).max(0)
    scores = np.where(spread > rounding, (value - usual.mean(0)) / np.maximum(spread, 1e-300), 0.0)
    return PermutationScores(*scores.tolist())


def _badness(distances: NDArray, kernel: NDArray, order: NDArray[np.intp], n_real: int, k: int) -> NDArray:
    """Return the measures of the division that an order means, each so that more is worse."""
    real, fake = order[:n_real], order[n_real:]
    within_real, within_fake, across = (distances[np.ix_(*of)] for of in ((real, real), (fake, fake), (real, fake)))
    in_real = across <= np.partition(within_real, k, axis=1)[:, k, None] * (1 + 1e-9)
    in_fake = across <= np.partition(within_fake, k, axis=1)[:, k] * (1 + 1e-9)
    sums = [kernel[np.ix_(of, of)].sum() - kernel[of, of].sum() for of in (real, fake)]
    n, m = len(real), len(fake)
    distance = sums[0] / (n * (n - 1)) + sums[1] / (m * (m - 1)) - 2 * kernel[np.ix_(real, fake)].mean()
    return np.array(
        [distance, -in_real.any(0).mean(), -in_fake.any(1).mean(), -in_real.sum(0).mean(), -in_real.any(1).mean()]
    )
