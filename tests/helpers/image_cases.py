"""Synthetic images whose verdict a person would know, built from real ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

DATA = Path(__file__).parents[3] / "shared" / "data" / "images"


def real_images(name: str, label: str) -> NDArray:
    """Return all images of one class, in a random order that is always the same."""
    if name == "busi_128":
        images = np.stack([np.asarray(Image.open(file)) for file in sorted((DATA / name / label).glob("*.png"))])
    else:
        with np.load(DATA / f"{name}.npz", allow_pickle=False) as arrays:
            kept = arrays["train_labels"].ravel() == arrays["class_names"].tolist().index(label)
            images = arrays["train_images"][kept]
    return images[np.random.default_rng(0).permutation(len(images))]


def blurred(images: NDArray, rng: np.random.Generator) -> NDArray:
    """Blur, as a network does that was trained for too short."""
    width = images.shape[1] / 20
    return gaussian_filter(images, (0, width, width, 0)[: images.ndim])


def gridded(images: NDArray, rng: np.random.Generator) -> NDArray:
    """Add the chequers that transposed convolutions leave."""
    rows, columns = np.indices(images.shape[1:3])
    grid = 25 * ((rows % 4 < 2) ^ (columns % 4 < 2)) - 12
    return _as_pixels(images + grid.reshape(1, *grid.shape, *[1] * (images.ndim - 3)))


def collapsed(images: NDArray, rng: np.random.Generator) -> NDArray:
    """Repeat a few images, moved by a pixel and changed in brightness."""
    few = images[rng.integers(0, max(2, len(images) // 15), len(images))].astype(float)
    moved = np.stack([np.roll(image, rng.integers(-1, 2, 2), (0, 1)) for image in few])
    brightness = rng.normal(0, 4, (len(few), *[1] * (images.ndim - 1)))
    return _as_pixels(moved + brightness + rng.normal(0, 3, images.shape))


def noise(images: NDArray, rng: np.random.Generator) -> NDArray:
    """Draw pixels at random."""
    return rng.integers(0, 256, images.shape).astype(np.uint8)


def as_they_are(images: NDArray, rng: np.random.Generator) -> NDArray:
    """Change nothing."""
    return images


def _as_pixels(values: NDArray) -> NDArray:
    return np.asarray(values).clip(0, 255).astype(np.uint8)


Change = Callable[[NDArray, np.random.Generator], NDArray]
