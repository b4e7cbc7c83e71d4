"""Distances between two sets of features: Fréchet distance and kernel distance."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import qr, svdvals
from sklearn.covariance import ledoit_wolf_shrinkage

from ganaug.metrics.pairwise import as_matrices, batches


def frechet_distance(real: ArrayLike, fake: ArrayLike, *, shrink: bool = True) -> float:
    """Return the Fréchet distance between normal distributions fitted to both sets.

    It is 0 for equal means and covariances and has no upper bound; lower is better. Blur, noise and missing diversity
    all raise it, and it does not show which of them is the cause.

    Parameters
    ----------
    real, fake : array of shape (n_real, d), (n_fake, d)
        Features, at least two rows each.
    shrink : bool, default=True
        Shrink each covariance towards a multiple of the identity, by the amount that Ledoit and Wolf derived. If there
        are fewer rows than features, most directions have no variance, and two samples of one distribution look far
        apart: two samples of 300 rows of the same 1280 independent normal features have distance 1549, with shrinkage
        9. Real features depend on each other, so the gain is smaller: two samples of 400 X-rays have 167, with
        shrinkage 133. Use False to compare with numbers of other libraries.

    Returns
    -------
    float
        The squared distance, as in published figures.

    Raises
    ------
    ValueError
        If the sets are not matrices of equal width, have fewer than two rows, or hold NaN or infinite values.

    Notes
    -----
    The distance falls as the number of rows grows, even if the distribution stays the same. Compare sets of equal size,
    and see `real_baseline`. Call it FID only if the features are those of the Inception network that FID was published
    with, and `shrink` is False. Otherwise call it FD and name the features.

    References
    ----------
    Heusel et al., arXiv 1706.08500; Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance
    matrices", 2004.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(50, 3))
    >>> frechet_distance(rows, rows) < 1e-9
    True
    >>> round(frechet_distance(rows, rows + 2), 6)
    12.0
    """
    real, fake = as_matrices(real, fake, min_rows=2)
    between = ((real.mean(0) - fake.mean(0)) ** 2).sum()
    (a, a_variance), (b, b_variance) = _covariance_parts(real, shrink), _covariance_parts(fake, shrink)
    unseen = 0.0
    if len(a) + len(b) < a.shape[1]:
        # outside the span of all rows, both covariances are multiples of the identity; if rows are few, most of the
        # time is saved by treating those directions apart
        basis = qr(np.concatenate([a, b]).T, mode="economic")[0]
        unseen = (a.shape[1] - basis.shape[1]) * (np.sqrt(a_variance) - np.sqrt(b_variance)) ** 2
        a, b = a @ basis, b @ basis
    a, b = _root(a, a_variance), _root(b, b_variance)
    # for covariances a.T a and b.T b, the trace of the root of their product is the sum of singular values of a b.T
    within = (a**2).sum() + (b**2).sum() - 2 * svdvals(a @ b.T).sum()
    return max(0.0, float(between + within + unseen))


def _covariance_parts(rows: NDArray, shrink: bool) -> tuple[NDArray, float]:
    """Return `part` and `variance` such that the covariance of the rows is ``part.T @ part + variance * identity``."""
    n, d = rows.shape
    centred = rows - rows.mean(0)
    if not shrink:
        return centred / np.sqrt(n - 1), 0.0
    share = ledoit_wolf_shrinkage(rows)
    return np.sqrt((1 - share) / n) * centred, share * (centred**2).sum() / (n * d)


def _root(part: NDArray, variance: float) -> NDArray:
    """Return a matrix whose product with itself, ``root.T @ root``, is ``part.T @ part + variance * identity``."""
    d = part.shape[1]
    stacked = np.concatenate([part, np.sqrt(variance) * np.eye(d)]) if variance else part
    return qr(stacked, mode="r")[0][:d]  # the same product in fewer rows


def kernel_distance(real: ArrayLike, fake: ArrayLike) -> float:
    """Return the squared maximum mean discrepancy with the kernel ``(x @ y / d + 1) ** 3``.

    For equal distributions it is about 0, and below 0 as often as above. It has no upper bound; lower is better. It is
    unbiased, so unlike the Fréchet distance it does not depend on the number of rows: prefer it for few rows.

    Parameters
    ----------
    real, fake : array of shape (n_real, d), (n_fake, d)
        Features, at least two rows each.

    Returns
    -------
    float
        The estimate from all pairs of rows, not a mean over subsets.

    Raises
    ------
    ValueError
        If the sets are not matrices of equal width, have fewer than two rows, or hold NaN or infinite values.

    Notes
    -----
    With features of the Inception network this is the KID. Published figures are often multiplied by 1000.

    References
    ----------
    Binkowski et al., arXiv 1801.01401.

    Examples
    --------
    >>> kernel_distance([[0.0], [0.0]], [[1.0], [1.0]])  # 1 + 8 - 2 * 1
    7.0
    """
    real, fake = as_matrices(real, fake, min_rows=2)
    n, m = len(real), len(fake)
    within_real = (_kernel_sum(real, real) - _kernel((real**2).sum(1), real).sum()) / (n * (n - 1))
    within_fake = (_kernel_sum(fake, fake) - _kernel((fake**2).sum(1), fake).sum()) / (m * (m - 1))
    return float(within_real + within_fake - 2 * _kernel_sum(real, fake) / (n * m))


def _kernel(products: NDArray, rows: NDArray) -> NDArray:
    return (products / rows.shape[1] + 1) ** 3


def _kernel_sum(a: NDArray, b: NDArray) -> float:
    return sum(_kernel(a[rows] @ b.T, b).sum() for rows in batches(len(a), len(b)))
