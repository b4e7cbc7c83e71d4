"""The nearest real rows and images of synthetic ones."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganaug.common.large_arrays import blocks, release
from ganaug.common.rows import stack_rows
from ganaug.metrics.pairwise import as_matrix, batches, check_widths, squared_distances

# So many real images, mirrored ones included, are all compared pixel by pixel. Of more, this number of candidates is.
_ALL_COMPARED, _N_CANDIDATES = 256, 64
# Cells along a side of the grid whose means choose the candidates.
_N_CELLS = 32
# Width of a batch of which all pixels are compared.
_ROWS_AT_ONCE = 10_000


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
    fake_images: NDArray,
    real_images: NDArray,
    *,
    own: NDArray[np.intp] | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """Find the real image nearest to each fake one, pixel by pixel, as it is or mirrored left to right.

    Parameters
    ----------
    fake_images, real_images : array of shape (n_fake, h, w[, c]), (n_real, h, w[, c])
        Images of one size and range of values, at least one real image.
    own : array of int, shape (n_fake,), or None, default=None
        For each fake image, the position of one real image that is not counted as its neighbour. Use it to compare real
        images with each other: an image is not its own neighbour. It needs two real images.
    progress : callable or None, default=None
        Called with the number of fake images that are done, from time to time.

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
    Up to 128 real images, all pixels are compared, and the result is exact. With more, the means of cells of a grid of
    at most 32 by 32 choose 64 candidates for each fake image, and all pixels of these are compared. Copies are found in
    any case. 6,000 images of 64 by 64 pixels take about twenty seconds on one core.

    Examples
    --------
    >>> real = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)
    >>> index, distance, mirrored = nearest_pixels(real[3:4, :, ::-1], real)
    >>> index.tolist(), distance.tolist(), mirrored.tolist()
    ([3], [0.0], [True])
    """
    index, distance, mirrored = pixel_neighbors(fake_images, real_images, n=1, own=own, progress=progress)
    return index[:, 0], distance[:, 0], mirrored[:, 0]


def pixel_neighbors(
    fake_images: NDArray,
    real_images: NDArray,
    *,
    n: int,
    own: NDArray[np.intp] | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """Find the `n` real images nearest to each fake one, as `nearest_pixels` finds one.

    Parameters
    ----------
    fake_images, real_images
        As in `nearest_pixels`.
    n : int
        Number of neighbours. A real image and its mirror image are one neighbour.
    own, progress
        As in `nearest_pixels`.

    Returns
    -------
    index, distance, mirrored : arrays of shape (n_fake, n)
        As in `nearest_pixels`, the nearest first. The distance is infinite where there are fewer real images.
    """
    fake_images, real_images = np.asarray(fake_images), np.asarray(real_images)
    if fake_images.shape[1:] != real_images.shape[1:] or real_images.ndim < 3 or real_images.size == 0:
        raise ValueError(
            "fake_images and real_images must have shape (n, h, w) or (n, h, w, c), be of one size and hold at least "
            f"one real image, got {fake_images.shape} and {real_images.shape}"
        )
    floats = [images for images in (fake_images, real_images) if images.dtype.kind not in "biu"]
    if not all(np.isfinite(part).all() for images in floats for part in blocks(images)):
        raise ValueError("images hold NaN or infinite values; replace those values first")
    n_real, n_fake = len(real_images), len(fake_images)
    index = np.zeros((n_fake, n), dtype=np.intp)
    distance, mirrored = np.full((n_fake, n), np.inf), np.zeros((n_fake, n), dtype=bool)
    # positions of n_real and above are mirrored images
    for rows, found in _candidates(fake_images, real_images, own):
        for row, some in enumerate(found, start=rows.start):
            if own is not None:
                some = some[some % n_real != own[row]]
            apart = _mean_differences(fake_images[row].ravel(), _pixels_of(real_images, some))
            # of a real image and its mirror image, the nearer one
            order = some[np.lexsort((some, apart))]
            apart = np.sort(apart, kind="stable")
            first = np.sort(np.unique(order % n_real, return_index=True)[1])[:n]
            index[row, : len(first)] = order[first] % n_real
            distance[row, : len(first)] = apart[first]
            mirrored[row, : len(first)] = order[first] >= n_real
        release()
        if progress is not None:
            progress(rows.stop)
    return index, distance, mirrored


def _candidates(
    fake_images: NDArray, real_images: NDArray, own: NDArray[np.intp] | None
) -> Iterator[tuple[slice, list[NDArray[np.intp]]]]:
    """Yield for fake images the positions that may be nearest: all, or copies and those that are alike in cells."""
    n_both = 2 * len(real_images)
    if n_both <= _ALL_COMPARED:
        for rows in batches(len(fake_images), _ROWS_AT_ONCE):
            yield rows, [np.arange(n_both)] * (rows.stop - rows.start)
        return
    copies: dict[int, list[int]] = {}
    ways = (real_images, real_images[:, :, ::-1])
    for place, pixels in enumerate(image for way in ways for part in blocks(way) for image in part):
        copies.setdefault(hash(pixels.tobytes()), []).append(place)
    real_cells = stack_rows((cells for way in ways for cells in _cell_means(way)), n_both)
    centre = (
        np.sum([cells.sum(0, dtype=np.float64) for cells in blocks(real_cells)], axis=0).astype(np.float32) / n_both
    )
    lengths = []
    for cells in blocks(real_cells):
        cells -= centre
        lengths.append((cells**2).sum(1))
    for rows in batches(len(fake_images), n_both):
        fake_cells = cell_means(fake_images[rows]) - centre
        # less the length of the fake image
        parts = [of - 2 * (fake_cells @ cells.T) for of, cells in zip(lengths, blocks(real_cells), strict=True)]
        apart = np.concatenate(parts, axis=1)
        if own is not None:
            for place in (0, len(real_images)):
                apart[np.arange(len(apart)), own[rows] + place] = np.inf
        found = np.argpartition(apart, _N_CANDIDATES, axis=1)[:, :_N_CANDIDATES]
        equal = [copies.get(hash(pixels.tobytes()), [])[:_N_CANDIDATES] for pixels in fake_images[rows]]
        yield rows, [np.union1d(some, same).astype(np.intp) for some, same in zip(found, equal, strict=True)]


def cell_means(images: NDArray, n_cells: int = _N_CELLS) -> NDArray[np.float32]:
    """Return the means of pixels in the cells of a grid.

    Parameters
    ----------
    images : ndarray of shape (n, h, w[, c])
        Images.
    n_cells : int, default=32
        Cells along a side, at most.

    Returns
    -------
    ndarray of shape (n, n_cells * n_cells * c)
        A row for each image.
    """
    return np.concatenate(list(_cell_means(images, n_cells)))


def _cell_means(images: NDArray, n_cells: int = _N_CELLS) -> Iterator[NDArray[np.float32]]:
    """Yield the means of pixels in the cells of a grid, one row for each image, for some images at a time."""
    images = images.reshape(*images.shape[:3], -1)
    edges = [np.unique(np.linspace(0, size, n_cells, endpoint=False, dtype=int)) for size in images.shape[1:3]]
    sizes = [np.diff(np.append(of, size)) for of, size in zip(edges, images.shape[1:3], strict=True)]
    n_pixels = np.outer(*sizes)[..., None]
    for rows in batches(len(images), images[:1].size or 1):
        sums = np.add.reduceat(images[rows], edges[0], axis=1, dtype=np.float64)
        sums = np.add.reduceat(sums, edges[1], axis=2)
        yield (sums / n_pixels).reshape(len(sums), -1).astype(np.float32)
        release()


def _pixels_of(real_images: NDArray, some: NDArray[np.intp]) -> NDArray:
    """Return the pixels of some real images, one in a row; positions from their number on are mirrored images."""
    pixels = real_images[some % len(real_images)]
    mirrored = some >= len(real_images)
    pixels[mirrored] = pixels[mirrored][:, :, ::-1]
    return pixels.reshape(len(some), -1)


def _mean_differences(image: NDArray, others: NDArray) -> NDArray[np.float64]:
    """Return the mean absolute difference between an image and others, one in a row."""
    if others.dtype == np.uint8:
        # in 16 bits, which holds every difference and takes a quarter of the time
        apart = np.abs(others.astype(np.int16) - image.astype(np.int16))
        return apart.sum(1, dtype=np.int64) / max(1, others.shape[1])
    return np.abs(others.astype(np.float64) - image.astype(np.float64)).mean(1)
