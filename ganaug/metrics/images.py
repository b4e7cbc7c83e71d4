"""Measures of generated pictures against real ones, from their features or their pixels."""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import qr, svdvals
from scipy.spatial.distance import cdist
from scipy.special import entr
from sklearn.covariance import ledoit_wolf_shrinkage

# Numbers in a block of pairs: 32 MB, whatever the number of pictures.
_BLOCK = 4_000_000
# Squared distances below this share of the squared lengths are rounding: rows so close are taken for copies, which are
# then at distance 0 exactly. Features of single precision do not tell such rows apart.
_ROUNDING = 1e-12

Measure = Callable[[NDArray, NDArray], Any]


class Neighborhoods(NamedTuple):
    """What `precision_recall_density_coverage` returns."""

    precision: float
    recall: float
    density: float
    coverage: float


class Interval(NamedTuple):
    """What `bootstrap` returns; arrays where the measure returns several numbers."""

    low: Any
    high: Any


class Floor(NamedTuple):
    """What `real_floor` returns; arrays where the measure returns several numbers."""

    mean: Any
    low: Any
    high: Any


def frechet_distance(real: ArrayLike, fake: ArrayLike, *, shrink: bool = True) -> float:
    """Return the Fréchet distance between normal distributions fitted to both sets.

    From 0 (same mean and covariance) up, without a bound; lower is better. It sees blur and noise as well as missing
    variety, and does not tell them apart.

    Parameters
    ----------
    real, fake : array of shape (n_real, d), (n_fake, d)
        Features, at least two rows each.
    shrink : bool, default=True
        Shrink each covariance towards a multiple of the identity by what Ledoit and Wolf derived. Fewer rows than
        features leave most directions without any variance, which makes two samples of one distribution look far
        apart: 300 and 300 rows of the same 1280 independent normal features are at 1549, and shrunk at 9. Real
        features depend on each other, and less is gained: 400 and 400 X-rays are at 167, and shrunk at 133. False is
        for comparing with what other libraries say.

    Returns
    -------
    float
        The squared distance, as published figures have it.

    Raises
    ------
    ValueError
        If the sets are no matrices of equal width, have fewer than two rows, or hold NaN or infinite values.

    Notes
    -----
    The distance falls with the number of rows, even where the distribution is the same: compare equal numbers, and see
    `real_floor`. It is an FID only in the features of that Inception network with which FID was published, and only
    without shrinkage; say FD and the name of the features otherwise.

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
    real, fake = _matrices(real, fake, least=2)
    between = ((real.mean(0) - fake.mean(0)) ** 2).sum()
    (a, a_variance), (b, b_variance) = _covariance_parts(real, shrink), _covariance_parts(fake, shrink)
    unseen = 0.0
    if len(a) + len(b) < a.shape[1]:
        # outside the directions in which any row lies, both covariances are multiples of the identity: for few rows,
        # leaving those directions out saves most of the time
        basis = qr(np.concatenate([a, b]).T, mode="economic")[0]
        unseen = (a.shape[1] - basis.shape[1]) * (np.sqrt(a_variance) - np.sqrt(b_variance)) ** 2
        a, b = a @ basis, b @ basis
    a, b = _root(a, a_variance), _root(b, b_variance)
    # with covariances a.T a and b.T b, the trace of the root of their product is the sum of singular values of a b.T
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

    About 0 for the same distribution, and as often below it as above; larger is worse, without a bound. Being
    unbiased, it does not depend on the number of rows as the Fréchet distance does: the better of both for few.

    Parameters
    ----------
    real, fake : array of shape (n_real, d), (n_fake, d)
        Features, at least two rows each.

    Returns
    -------
    float
        Over all pairs of rows, not a mean over subsets.

    Raises
    ------
    ValueError
        If the sets are no matrices of equal width, have fewer than two rows, or hold NaN or infinite values.

    Notes
    -----
    In features of the Inception network this is the KID. Published figures often are multiplied by 1000.

    References
    ----------
    Binkowski et al., arXiv 1801.01401.

    Examples
    --------
    >>> kernel_distance([[0.0], [0.0]], [[1.0], [1.0]])  # 1 + 8 - 2 * 1
    7.0
    """
    real, fake = _matrices(real, fake, least=2)
    n, m = len(real), len(fake)
    within_real = (_kernel_sum(real, real) - _kernel((real**2).sum(1), real).sum()) / (n * (n - 1))
    within_fake = (_kernel_sum(fake, fake) - _kernel((fake**2).sum(1), fake).sum()) / (m * (m - 1))
    return float(within_real + within_fake - 2 * _kernel_sum(real, fake) / (n * m))


def _kernel(products: NDArray, rows: NDArray) -> NDArray:
    return (products / rows.shape[1] + 1) ** 3


def _kernel_sum(a: NDArray, b: NDArray) -> float:
    return sum(_kernel(a[rows] @ b.T, b).sum() for rows in _blocks(len(a), len(b)))


def inception_score(probabilities: ArrayLike) -> float:
    """Return ``exp(E KL(p(y|x) || p(y)))``: how many classes the pictures show, and each of them clearly.

    From 1 (every picture has the same probabilities) to the number of classes (every picture is certain, all classes
    equally often); higher is better. No real picture enters: copies of one real picture a class score highest, and
    pictures of something else than the classifier's classes score low however good they are.

    Parameters
    ----------
    probabilities : array of shape (n, n_classes)
        Of each class given each generated picture. Rows sum to 1.

    Returns
    -------
    float
        Over all pictures at once, without splits. Few pictures score lower than many.

    Raises
    ------
    ValueError
        If `probabilities` is no matrix of at least one row, or its rows are no distributions.

    Notes
    -----
    Only with the probabilities of the Inception network is it what is published as IS.

    References
    ----------
    Salimans et al., arXiv 1606.03498.

    Examples
    --------
    >>> round(inception_score([[1, 0, 0], [0, 1, 0], [0, 0, 1]]), 6)
    3.0
    """
    given = _matrix(probabilities, "probabilities", least=1)
    if (given < 0).any() or not np.allclose(given.sum(1), 1, atol=1e-3):
        raise ValueError("probabilities must be at least 0 and sum to 1 in each row; apply a softmax to logits first")
    # E KL(p(y|x) || p(y)) is the entropy of p(y) less the mean entropy of p(y|x)
    return float(np.exp(entr(given.mean(0)).sum() - entr(given).sum(1).mean()))


def precision_recall_density_coverage(real: ArrayLike, fake: ArrayLike, k: int = 5) -> Neighborhoods:
    """Tell fidelity from variety, by balls around rows that reach to their k-th neighbour in their own set.

    Parameters
    ----------
    real, fake : array of shape (n_real, d), (n_fake, d)
        Features, more than `k` rows each.
    k : int, default=5
        Neighbours, as in the paper of density and coverage.

    Returns
    -------
    precision : float
        Share of fake rows within a real ball, 0 to 1. Fidelity; a single real outlier flatters it.
    recall : float
        Share of real rows within a fake ball, 0 to 1. Variety; junk flatters it, for scattered rows have large balls.
    density : float
        Mean number of real balls around a fake row, divided by `k`. Fidelity; from 0, expected to be 1 for the same
        distribution, and above 1 where fake rows keep to where real ones are dense, which is not better.
    coverage : float
        Share of real balls that hold a fake row, 0 to 1. Variety; for the same distribution and many rows of equal
        number it is expected to be ``1 - 2 ** -k``.

    Raises
    ------
    ValueError
        If the sets are no matrices of equal width, have no more than `k` rows, hold NaN or infinite values, or `k` is
        below 1.

    Notes
    -----
    Balls are closed. Recall and coverage fall where there are fewer fake than real rows: compare equal numbers.

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
    real, fake = _matrices(real, fake, least=k + 1)
    real_radii, fake_radii = _squared_radii(real, k), _squared_radii(fake, k)
    balls = np.empty(len(fake), dtype=np.intp)
    covered = np.zeros(len(real), dtype=bool)
    recalled = np.zeros(len(real), dtype=bool)
    for rows, squared in _squared_distances(fake, real):
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
    """Return the squared distance of each point to its k-th neighbour, and a little for what rounding may add."""
    radii = np.empty(len(points))
    for rows, squared in _squared_distances(points, points):
        radii[rows] = np.partition(squared, k, axis=1)[:, k]  # number 0 is the point itself
    return radii * (1 + 1e-9)


def real_floor(
    real: ArrayLike, measure: Measure, *, n_splits: int = 20, random_state: int | np.random.Generator
) -> Floor:
    """Return what a measure says of two random halves of the real rows: all that a perfect generator can reach.

    Parameters
    ----------
    real : array of shape (n, ...)
        Real rows, at least as many as twice what the measure needs.
    measure : callable
        A function of two sets (real, fake) that returns a number or a tuple of numbers.
    n_splits : int, default=20
        How often the rows are halved anew.
    random_state : int or numpy.random.Generator
        Source of the halves.

    Returns
    -------
    mean, low, high : float or array
        Mean over the splits and the range that holds 95 % of them, for each number of the measure.

    Raises
    ------
    ValueError
        If `n_splits` is below 1, and whatever the measure raises.

    Notes
    -----
    A half has ``n // 2`` rows. Measures that depend on the number of rows, as the Fréchet distance does, have to be
    compared with the floor at that number.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(200, 4))
    >>> floor = real_floor(rows, frechet_distance, random_state=0)
    >>> bool(floor.high < frechet_distance(rows[:100], rows[100:] + 1))
    True
    """
    if n_splits < 1:
        raise ValueError(f"n_splits must be at least 1, got {n_splits=}")
    real = np.asarray(real)
    generator = np.random.default_rng(random_state)
    values = []
    for _ in range(n_splits):
        order = generator.permutation(len(real))
        one, other = order[: len(real) // 2], order[len(real) // 2 :][: len(real) // 2]
        values.append(np.asarray(measure(real[one], real[other])))
    low, high = np.quantile(values, (0.025, 0.975), axis=0)
    return Floor(np.mean(values, axis=0), low, high)


def bootstrap(
    measure: Measure, real: ArrayLike, fake: ArrayLike, *, n: int = 200, random_state: int | np.random.Generator
) -> Interval:
    """Return a 95 % interval for a measure: how far it would differ with other samples of the same size.

    Parameters
    ----------
    measure : callable
        A function of two sets (real, fake) that returns a number or a tuple of numbers.
    real, fake : array of shape (n_real, ...), (n_fake, ...)
        Rows, at least as many as twice what the measure needs.
    n : int, default=200
        Resamples.
    random_state : int or numpy.random.Generator
        Source of the resamples.

    Returns
    -------
    low, high : float or array
        Ends of the interval, for each number of the measure. They are not cut at the ends of the measure's range.

    Raises
    ------
    ValueError
        If `n` is below 2, and whatever the measure raises.

    Notes
    -----
    A resample is a random half of either set, drawn without replacement (Politis and Romano's subsampling). Drawing
    with replacement would be wrong here: each row comes about twice, so nearest neighbours are copies at distance 0,
    kernels count rows with themselves, and covariances lose rank. Of independent rows, halves vary around their own
    mean as whole sets do around theirs; that mean itself is not used, for many measures depend on the number of rows.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> real, fake = generator.normal(size=(100, 4)), generator.normal(size=(100, 4)) + 1
    >>> low, high = bootstrap(kernel_distance, real, fake, random_state=0)
    >>> bool(0 < low < kernel_distance(real, fake) < high)
    True
    """
    if n < 2:
        raise ValueError(f"n must be at least 2 resamples, got {n=}")
    real, fake = np.asarray(real), np.asarray(fake)
    generator = np.random.default_rng(random_state)
    values = []
    for _ in range(n):
        halves = [rows[generator.permutation(len(rows))[: len(rows) // 2]] for rows in (real, fake)]
        values.append(np.asarray(measure(*halves)))
    errors = values - np.mean(values, axis=0)
    low, high = np.asarray(measure(real, fake)) - np.quantile(errors, (0.975, 0.025), axis=0)
    return Interval(low, high)


def nearest(fake: ArrayLike, real: ArrayLike, *, n: int = 1) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the real rows nearest to each fake one.

    Distances are from 0, where the fake row is a copy, up without a bound. What is suspiciously near is told by the
    same distances of held-out real rows.

    Parameters
    ----------
    fake, real : array of shape (n_fake, d), (n_real, d)
        Features, or pixels in a row.
    n : int, default=1
        Neighbours to find.

    Returns
    -------
    index : array of int, shape (n_fake, n)
        Row numbers in `real`, the nearest first.
    distance : array of float, shape (n_fake, n)
        Euclidean.

    Raises
    ------
    ValueError
        If the sets are no matrices of equal width, `real` has fewer than `n` rows, they hold NaN or infinite values, or
        `n` is below 1.

    Examples
    --------
    >>> index, distance = nearest([[0.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]], n=2)
    >>> index.tolist(), distance.tolist()
    ([[1, 0]], [[0.0, 5.0]])
    """
    if n < 1:
        raise ValueError(f"n must be at least 1 neighbour, got {n=}")
    fake, real = _matrix(fake, "fake", least=0), _matrix(real, "real", least=n)
    _check_widths(fake, real)
    index = np.empty((len(fake), n), dtype=np.intp)
    distance = np.empty((len(fake), n))
    for rows, squared in _squared_distances(fake, real):
        found = np.argpartition(squared, n - 1, axis=1)[:, :n]
        distances = np.take_along_axis(squared, found, axis=1)
        order = np.lexsort((found, distances))
        index[rows] = np.take_along_axis(found, order, axis=1)
        distance[rows] = np.sqrt(np.take_along_axis(distances, order, axis=1))
    return index, distance


def nearest_pixels(
    fake_images: NDArray, real_images: NDArray, *, own: NDArray[np.intp] | None = None
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """Find the real picture nearest to each fake one, pixel by pixel, as it is or mirrored left to right.

    Parameters
    ----------
    fake_images, real_images : array of shape (n_fake, h, w[, c]), (n_real, h, w[, c])
        Pictures of one size and range of values; at least one real one.
    own : array of int, shape (n_fake,), or None, default=None
        Numbers of real pictures that are no neighbours: where the first are real ones themselves, each one's own. It
        takes two real ones at least.

    Returns
    -------
    index : array of int, shape (n_fake,)
        Numbers of pictures in `real_images`.
    distance : array of float, shape (n_fake,)
        Mean absolute difference of a pixel, in the units of the pictures: 0 for a copy, at most white less black.
    flipped : array of bool, shape (n_fake,)
        Whether the real picture was mirrored.

    Raises
    ------
    ValueError
        If the pictures are not of one shape, there is no real one, or they hold NaN or infinite values.

    Notes
    -----
    The result is exact. Sums of pixels over cells of a coarse grid differ by no more than the pixels do, so pictures
    whose sums already differ by more than the best found need not be looked at.

    Examples
    --------
    >>> real = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)
    >>> index, distance, flipped = nearest_pixels(real[3:4, :, ::-1], real)
    >>> index.tolist(), distance.tolist(), flipped.tolist()
    ([3], [0.0], [True])
    """
    fake_images, real_images = np.asarray(fake_images), np.asarray(real_images)
    if fake_images.shape[1:] != real_images.shape[1:] or real_images.ndim < 3 or real_images.size == 0:
        raise ValueError(
            "fake_images and real_images must be (n, h, w) or (n, h, w, c) of one size, with a real picture at least, "
            f"got {fake_images.shape} and {real_images.shape}"
        )
    if not (np.isfinite(fake_images).all() and np.isfinite(real_images).all()):
        raise ValueError("images hold NaN or infinite values; replace them first")
    n, size = len(real_images), real_images[0].size
    fake_sums = _cell_sums(fake_images)
    # first as they are, then mirrored
    real_sums = np.concatenate([_cell_sums(real_images), _cell_sums(real_images[:, :, ::-1])])
    index = np.empty(len(fake_images), dtype=np.intp)
    distance = np.empty(len(fake_images))
    for rows in _blocks(len(fake_images), 2 * n):
        bounds = cdist(fake_sums[rows], real_sums, "cityblock") / size
        if own is not None:
            for mirrored in (0, n):
                bounds[np.arange(len(bounds)), own[rows] + mirrored] = np.inf
        for row, bound in enumerate(bounds, start=rows.start):
            index[row], distance[row] = _refine(fake_images[row], real_images, bound)
    return index % n, distance, index >= n


def _cell_sums(images: NDArray) -> NDArray:
    """Sum pixels over the cells of an 8 by 8 grid, each channel on its own."""
    for axis in (1, 2):
        edges = np.unique(np.linspace(0, images.shape[axis], 8, endpoint=False, dtype=int))
        images = np.add.reduceat(images, edges, axis=axis, dtype=np.float64)
    return images.reshape(len(images), math.prod(images.shape[1:]))


def _refine(picture: NDArray, real_images: NDArray, bound: NDArray) -> tuple[int, float]:
    """Return which candidate is nearest, and how near, where `bound` holds the least distance each can have."""
    n = len(real_images)
    order = np.argsort(bound, kind="stable")
    picture = picture.astype(np.float64)
    best, least = int(order[0]), np.inf
    for some in np.split(order, range(16, len(order), 16)):
        if bound[some[0]] >= least:
            break
        candidates = real_images[some % n]
        candidates[some >= n] = candidates[some >= n][:, :, ::-1]
        distances = np.abs(candidates - picture).reshape(len(some), -1).mean(1)
        distances[np.isinf(bound[some])] = np.inf
        if distances.min() < least:
            best, least = int(some[distances.argmin()]), distances.min()
    return best, float(least)


def _matrices(real: ArrayLike, fake: ArrayLike, least: int) -> tuple[NDArray, NDArray]:
    real, fake = _matrix(real, "real", least), _matrix(fake, "fake", least)
    _check_widths(fake, real)
    return real, fake


def _matrix(rows: ArrayLike, name: str, least: int) -> NDArray:
    matrix = np.asarray(rows, dtype=np.float64)
    if matrix.ndim != 2 or not matrix.shape[1]:
        raise ValueError(f"{name} must have shape (n, d), got {matrix.shape}; flatten it with {name}.reshape(n, -1)")
    if len(matrix) < least:
        raise ValueError(f"{name} has {len(matrix)} rows, and at least {least} are needed here; give more of them")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} holds NaN or infinite values; leave those rows out")
    return matrix


def _check_widths(fake: NDArray, real: NDArray) -> None:
    if fake.shape[1] != real.shape[1]:
        raise ValueError(f"real has {real.shape[1]} features and fake {fake.shape[1]}; take both from one extractor")


def _squared_distances(a: NDArray, b: NDArray) -> Iterator[tuple[slice, NDArray]]:
    """Yield squared Euclidean distances between rows of `a`, some at a time, and all of `b`."""
    # products of short vectors lose least to rounding
    centre = b.mean(0)
    a, b = a - centre, b - centre
    a_lengths, b_lengths = (a**2).sum(1), (b**2).sum(1)
    for rows in _blocks(len(a), len(b)):
        lengths = a_lengths[rows, None] + b_lengths
        squared = lengths - 2 * a[rows] @ b.T
        squared[squared < _ROUNDING * lengths] = 0
        yield rows, squared


def _blocks(n: int, width: int) -> Iterator[slice]:
    """Cut n rows so that a block of `width` columns stays small."""
    size = max(1, _BLOCK // width)
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
