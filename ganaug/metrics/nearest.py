"""The nearest real rows and images of synthetic ones."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from ganaug.metrics.pairwise import as_matrix, batches, check_widths, squared_distances


def nearest_rows(fake: ArrayLike, real: ArrayLike, *, n: int = 1) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the real rows nearest to each fake one.

    A distance of 0 means that the fake row is a copy; there is no upper bound. To judge whether fake rows are too near,
    compare with the distances of held-out real rows.

    Parameters
    ----------
    fake, real : array of shape (n_fake, d), (n_real, d)
        Features, or images with all pixels in one row.
    n : int, default=1
        Number of neighbours to find.

    Returns
    -------
    index : array of int, shape (n_fake, n)
        Positions in `real`, the nearest first.
    distance : array of float, shape (n_fake, n)
        Euclidean distances.

    Raises
    ------
    ValueError
        If the sets are not matrices of equal width or hold NaN or infinite values, if `real` has fewer than `n` rows,
        or if `n` is below 1.

    Examples
    --------
    >>> index, distance = nearest_rows([[0.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]], n=2)
    >>> index.tolist(), distance.tolist()
    ([[1, 0]], [[0.0, 5.0]])
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n=}")
    fake, real = as_matrix(fake, "fake", min_rows=0), as_matrix(real, "real", min_rows=n)
    check_widths(real, fake)
    index = np.empty((len(fake), n), dtype=np.intp)
    distance = np.empty((len(fake), n))
    for rows, squared in squared_distances(fake, real):
        found = np.argpartition(squared, n - 1, axis=1)[:, :n]
        distances = np.take_along_axis(squared, found, axis=1)
        order = np.lexsort((found, distances))
        index[rows] = np.take_along_axis(found, order, axis=1)
        distance[rows] = np.sqrt(np.take_along_axis(distances, order, axis=1))
    return index, distance


def nearest_pixels(
    fake_images: NDArray, real_images: NDArray, *, own: NDArray[np.intp] | None = None
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """Find the real image nearest to each fake one, pixel by pixel, as it is or mirrored left to right.

    Parameters
    ----------
    fake_images, real_images : array of shape (n_fake, h, w[, c]), (n_real, h, w[, c])
        Images of one size and range of values, at least one real image.
    own : array of int, shape (n_fake,), or None, default=None
        For each fake image, the position of one real image that is not counted as its neighbour. Use it to compare real
        images with each other: an image is not its own neighbour. It needs two real images.

    Returns
    -------
    index : array of int, shape (n_fake,)
        Positions in `real_images`.
    distance : array of float, shape (n_fake,)
        Mean absolute difference of pixels, in the units of the images: 0 for a copy, at most white minus black.
    mirrored : array of bool, shape (n_fake,)
        Whether the real image is nearest when mirrored.

    Raises
    ------
    ValueError
        If the images differ in shape, hold NaN or infinite values, or if there is no real image.

    Notes
    -----
    The result is exact. The sums of pixels over the cells of a coarse grid differ by no more than the pixels do. If the
    sums of two images differ by more than the smallest distance found so far, their pixels are not compared.

    Examples
    --------
    >>> real = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)
    >>> index, distance, mirrored = nearest_pixels(real[3:4, :, ::-1], real)
    >>> index.tolist(), distance.tolist(), mirrored.tolist()
    ([3], [0.0], [True])
    """
    fake_images, real_images = np.asarray(fake_images), np.asarray(real_images)
    if fake_images.shape[1:] != real_images.shape[1:] or real_images.ndim < 3 or real_images.size == 0:
        raise ValueError(
            "fake_images and real_images must have shape (n, h, w) or (n, h, w, c), be of one size and hold at least "
            f"one real image, got {fake_images.shape} and {real_images.shape}"
        )
    if not (np.isfinite(fake_images).all() and np.isfinite(real_images).all()):
        raise ValueError("images hold NaN or infinite values; replace those values first")
    n, size = len(real_images), real_images[0].size
    fake_sums = _cell_sums(fake_images)
    # the real images as they are, then mirrored
    real_sums = np.concatenate([_cell_sums(real_images), _cell_sums(real_images[:, :, ::-1])])
    index = np.empty(len(fake_images), dtype=np.intp)
    distance = np.empty(len(fake_images))
    for rows in batches(len(fake_images), 2 * n):
        bounds = cdist(fake_sums[rows], real_sums, "cityblock") / size
        if own is not None:
            for mirrored in (0, n):
                bounds[np.arange(len(bounds)), own[rows] + mirrored] = np.inf
        for row, bound in enumerate(bounds, start=rows.start):
            index[row], distance[row] = _refine(fake_images[row], real_images, bound)
    return index % n, distance, index >= n


def _cell_sums(images: NDArray) -> NDArray:
    """Sum pixels over the cells of an 8 by 8 grid, for each channel."""
    for axis in (1, 2):
        edges = np.unique(np.linspace(0, images.shape[axis], 8, endpoint=False, dtype=int))
        images = np.add.reduceat(images, edges, axis=axis, dtype=np.float64)
    return images.reshape(len(images), math.prod(images.shape[1:]))


def _refine(image: NDArray, real_images: NDArray, bound: NDArray) -> tuple[int, float]:
    """Return the nearest candidate and its distance; `bound` holds a lower bound of each candidate's distance."""
    n = len(real_images)
    order = np.argsort(bound, kind="stable")
    image = image.astype(np.float64)
    best, smallest = int(order[0]), np.inf
    for some in np.split(order, range(16, len(order), 16)):
        if bound[some[0]] >= smallest:
            break
        candidates = real_images[some % n]
        candidates[some >= n] = candidates[some >= n][:, :, ::-1]
        distances = np.abs(candidates - image).reshape(len(some), -1).mean(1)
        distances[np.isinf(bound[some])] = np.inf
        if distances.min() < smallest:
            best, smallest = int(some[distances.argmin()]), distances.min()
    return best, float(smallest)
