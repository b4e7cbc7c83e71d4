"""Models and data for the tests of callbacks."""

import numpy as np
import pytest

from ganaug import ImageGAN


@pytest.fixture
def images():
    """Forty noisy images of 8 pixels a side, and two classes."""
    rng = np.random.default_rng(0)
    return rng.integers(10, 200, size=(40, 8, 8), dtype=np.uint8), np.repeat(["few", "many"], [10, 30])


@pytest.fixture
def model(tiny_model):
    """Return a model whose run is measured four times."""
    return tiny_model.set_params(n_steps=40)


@pytest.fixture
def image_model():
    """Return a model of images for laws that hold however little it was trained."""
    return ImageGAN(n_steps=20, width=4, latent_size=8, batch_size=8, random_state=0, device="cpu")
