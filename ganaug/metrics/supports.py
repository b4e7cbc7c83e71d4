"""How far points reach out from their middle: alpha-precision and beta-recall."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganaug.metrics.nearest import nearest_rows


class AlphaPrecisionBetaRecall(NamedTuple):
    """What `alpha_precision_beta_recall` returns."""

    alpha_precision: float
    beta_recall: float


def alpha_precision_beta_recall(real: ArrayLike, fake: ArrayLike, k: int = 5) -> AlphaPrecisionBetaRecall:
    """Compare how both sets spread from their middle to their outliers.

    Parameters
    ----------
    real, fake : array of shape (n_real, d), (n_fake, d)
        Points, such as `embed_rows` returns; more than `k` real ones.
    k : int, default=5
        The ball around a real point reaches to its k-th real neighbour.

    Returns
    -------
    alpha_precision : float
        Fidelity, 0 to 1, higher is better. It is 1 if, for each alpha, a share alpha of the fake points lies within the
        ball around the middle of the real points that holds a share alpha of them. Junk lowers it, and so do points
        that keep too near to the middle.
    beta_recall : float
        Diversity, 0 to 1, higher is better. It is near 1 if, for each beta, a share beta of the real points has its
        nearest fake point within its own ball, and that fake point is among the share beta of fake points that is
        nearest to their middle. Two samples of one distribution have 0.85 to 0.98 in up to five dimensions and about
        0.5 in fifty, where the nearest of many points is an inner one. Compare it with what two halves of the real
        points have (`real_baseline`).

    Raises
    ------
    ValueError
        If `k` is below 1, or the sets are not matrices of equal width, have too few rows, or hold NaN or infinite
        values.

    Notes
    -----
    Both are the integrated measures of the paper, 1 - 2 * (the mean distance of the curve from the diagonal). The paper
    learns an embedding in which the real points fill a ball; here they are taken as they are, around their mean. With
    several distant groups of points, alpha-precision sees how far out fake points lie, but not in which direction.

    References
    ----------
    Alaa et al., arXiv 2102.08921.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(200, 3))
    >>> alpha_precision_beta_recall(rows, rows).alpha_precision > 0.99
    True
    >>> alpha_precision_beta_recall(rows, rows + 99)
    AlphaPrecisionBetaRecall(alpha_precision=0.0, beta_recall=0.0)
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k=}")
    closest, distance = nearest_rows(real, fake)
    radii = nearest_rows(real, real, n=k + 1)[1][:, k]  # number 0 is the point itself
    real, fake = np.asarray(real, dtype=float), np.asarray(fake, dtype=float)
    centre = real.mean(0)
    fake_radii = np.linalg.norm(fake - centre, axis=1)
    balls, held = _supports(np.linalg.norm(real - centre, axis=1))
    precision = _agreement(_share_within(fake_radii, balls), held)

    own_radii = np.linalg.norm(fake - fake.mean(0), axis=1)
    found = np.where(distance[:, 0] <= radii * (1 + 1e-9), own_radii[closest[:, 0]], np.inf)
    balls, held = _supports(own_radii)
    return AlphaPrecisionBetaRecall(precision, _agreement(_share_within(found, balls), held))


def _supports(radii: NDArray) -> tuple[NDArray, NDArray]:
    """Return radii of balls that hold 0.5 %, 1 %, ... of points so far from the middle, and the shares they hold.

    Where many points are equally far, as in a table of categories, a ball may hold more than it should.
    """
    balls = np.quantile(radii, np.arange(1, 200) / 200, method="inverted_cdf") * (1 + 1e-9)
    return balls, _share_within(radii, balls)


def _share_within(radii: NDArray, balls: NDArray) -> NDArray:
    return np.searchsorted(np.sort(radii), balls, "right") / len(radii)


def _agreement(shares: NDArray, expected: NDArray) -> float:
    return max(0.0, float(1 - 2 * np.abs(shares - expected).mean()))
