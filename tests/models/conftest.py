"""Small sets of images, and a model that trains on them in a moment."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from ganaug import ImageGAN

RANGES = {"uint8": (0, 256), "uint16": (100, 4096), "int16": (-1000, 1000), "float32": (-0.5, 2.0)}


@pytest.fixture
def bar_images() -> Callable[..., NDArray]:
    """Return a function that draws noise around a bright bar, which is upright in class 1 and horizontal in class 0."""

    def draw(y, shape=(16, 16), dtype="uint8"):
        rng = np.random.default_rng(0)
        low, high = RANGES[dtype]
        X = rng.uniform(0, 0.4, size=(len(y), *shape))
        place = rng.integers(2, min(shape[:2]) - 4, size=len(y))
        for image, upright, at in zip(X, y, place, strict=True):
            if upright:
                image[:, at : at + 2] += 0.5
            else:
                image[at : at + 2] += 0.5
        return (low + X * (high - 1 - low)).astype(dtype)

    return draw


@pytest.fixture
def bars(bar_images) -> tuple[NDArray, NDArray]:
    """Return 60 images of a horizontal bar and 12 of an upright one."""
    y = np.repeat([0, 1], [60, 12])
    return bar_images(y), y


@pytest.fixture
def tiny_images() -> ImageGAN:
    """Return a model for laws that hold however little it was trained."""
    return ImageGAN(n_steps=3, width=4, latent_size=8, batch_size=8, random_state=0, device="cpu")
