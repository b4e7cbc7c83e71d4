"""The real images nearest to synthetic ones after alignment: moved, mirrored or turned, with adjusted brightness."""

import numpy as np
from numpy.typing import NDArray

from ganaug.metrics.nearest import cell_means

# Cells along a side in which images are compared, and in which candidates are chosen.
_N_CELLS, _N_COARSE = 32, 8
# Images are moved by up to this part of a side.
_MOVED = 10
# Real images, each in its best orientation, that are compared in all positions.
_N_CANDIDATES = 32
_ROWS_AT_ONCE = 256


def aligned_neighbors(
    fake_images: NDArray, real_images: NDArray, *, n: int = 2, own: NDArray[np.intp] | None = None
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the real images that are most like each fake one after alignment.

    A copy that was moved, mirrored, turned by a right angle, or changed in brightness or contrast is far from its
    source pixel by pixel, but not after alignment.

    Parameters
    ----------
    fake_images, real_images : array of shape (n_fake, h, w[, c]), (n_real, h, w[, c])
        Images of one size, at least `n` real ones (one more with `own`).
    n : int, default=2
        Number of neighbours. A real image is one neighbour in all its orientations.
    own : array of int, shape (n_fake,), or None, default=None
        For each fake image, the position of one real image that is not counted. Use it to compare real images with each
        other.

    Returns
    -------
    index : array of int, shape (n_fake, n)
        Positions in `real_images`, the nearest first.
    distance : array of float, shape (n_fake, n)
        Root of the share of a fake image's variance that the real image does not explain: 0 for a copy, 1 for images
        that have nothing in common. Infinite where there are fewer real images.

    Notes
    -----
    Means of cells of a grid of at most 32 by 32 are compared, as grey. A real image is moved by up to a tenth of a
    side. Of many real images, 32 candidates are compared in all positions, which are chosen on a grid of 8 by 8.

    Examples
    --------
    >>> real = np.random.default_rng(0).integers(0, 256, (20, 16, 16), dtype=np.uint8)
    >>> fake = 0.5 * np.roll(real[3:4, ::-1], 1, axis=2) + 30
    >>> index, distance = aligned_neighbors(fake, real)
    >>> index[0, 0].item(), distance[0].round(1).tolist()
    (3, [0.0, 1.0])
    """
    fake, real = _small(fake_images), _small(real_images)
    templates, source = _templates(real)
    height, width = templates.shape[1:]
    coarse = _standardized(cell_means(templates, _N_COARSE))
    # parts of fake images of the size of the templates: at the edges, and in the middle
    edges = [sorted({0, of // 2, of}) for of in (fake.shape[1] - height, fake.shape[2] - width)]
    parts = [
        _standardized(cell_means(fake[:, i : i + height, j : j + width], _N_COARSE)) for i in edges[0] for j in edges[1]
    ]
    flat = _standardized(templates.reshape(len(templates), -1))
    n_turned = len(templates) // len(real)
    index, distance = np.zeros((len(fake), n), dtype=np.intp), np.full((len(fake), n), np.inf)
    for first in range(0, len(fake), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        alike = np.maximum.reduce([(of[rows] @ coarse.T).reshape(-1, n_turned, len(real)).max(1) for of in parts])
        for row, best in enumerate(alike, start=first):
            if own is not None:
                best[own[row]] = -np.inf
            chosen = np.argsort(-best, kind="stable")[:_N_CANDIDATES]
            some = np.flatnonzero(np.isin(source, chosen[np.isfinite(best[chosen])]))
            windows = np.lib.stride_tricks.sliding_window_view(fake[row], templates.shape[1:])
            shown = _standardized(windows.reshape(windows.shape[0] * windows.shape[1], -1))
            found = np.full(len(real), -1.0)
            np.maximum.at(found, source[some], (shown @ flat[some].T).max(0))
            order = np.argsort(-found, kind="stable")[:n]
            order = order[found[order] > -1]
            index[row, : len(order)] = order
            distance[row, : len(order)] = np.sqrt((1 - found[order].clip(0, 1) ** 2).clip(0))
    return index, distance


def _small(images: NDArray) -> NDArray[np.float32]:
    """Return grey images of at most 32 cells a side."""
    images = np.asarray(images)
    grey = images.reshape(*images.shape[:3], -1)
    sides = [min(side, _N_CELLS) for side in images.shape[1:3]]
    cells = cell_means(grey, _N_CELLS).reshape(len(images), *sides, grey.shape[3])
    return cells.mean(3)


def _templates(real: NDArray) -> tuple[NDArray, NDArray[np.intp]]:
    """Return the middle of each real image in all orientations, and the position of the image."""
    height, width = real.shape[1:]
    margins = max(1, height // _MOVED), max(1, width // _MOVED)
    middle = real[:, margins[0] : height - margins[0], margins[1] : width - margins[1]]
    turns = range(4) if middle.shape[1] == middle.shape[2] else (0, 2)
    turned = [np.rot90(images, turn, (1, 2)) for images in (middle, middle[:, :, ::-1]) for turn in turns]
    return np.concatenate(turned), np.tile(np.arange(len(real)), len(turned))


def _standardized(rows: NDArray) -> NDArray[np.float32]:
    """Return rows of mean 0 and length 1; constant rows become 0."""
    centred = rows - rows.mean(1, keepdims=True)
    length = np.sqrt((centred**2).sum(1, keepdims=True))
    return (centred / np.maximum(length, 1e-6 + 1e-4 * np.abs(rows).max(initial=0))).astype(np.float32)
