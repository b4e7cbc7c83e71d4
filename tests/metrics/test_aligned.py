"""Copies are found after alignment, whatever was done to them, and images are not copies of themselves."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ganaug.metrics import aligned_neighbors


def smooth_images(shape, n=60, seed=0):
    """Return images with structures of a part of their sides."""
    values = np.random.default_rng(seed).normal(size=(n, *shape))
    width = shape[0] / 19
    values = gaussian_filter(values, (0, width, width, 0)[: values.ndim])
    return (40 * values / values.std() + 128).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", [(28, 28), (32, 20, 3), (96, 96), (8, 8)])
@pytest.mark.parametrize(
    "change",
    [
        lambda images: images,
        lambda images: np.roll(images, (1, -1), (1, 2)),
        lambda images: images[:, :, ::-1],
        lambda images: images[:, ::-1, ::-1],
        lambda images: 0.6 * images + 20,
        lambda images: 0.7 * np.roll(images[:, :, ::-1], 1, 1) + 30,
    ],
    ids=["same", "moved", "mirrored", "turned", "brighter", "all at once"],
)
def test_changed_copies_are_found(shape, change):
    real = smooth_images(shape)
    order = np.array([7, 0, 59, 20])
    index, distance = aligned_neighbors(change(real[order]), real)
    assert (index[:, 0] == order).all()
    _, unseen = aligned_neighbors(smooth_images(shape, 4, seed=1), real)
    assert distance[:, 0].max() < unseen[:, 0].min() / 2
    assert (distance[:, 0] <= distance[:, 1]).all()


def test_images_turned_by_a_right_angle_are_found_where_they_are_square():
    real = smooth_images((28, 28))
    index, _ = aligned_neighbors(np.rot90(real[:5], axes=(1, 2)), real)
    assert (index[:, 0] == np.arange(5)).all()


def test_an_image_is_not_its_own_neighbour():
    real = smooth_images((16, 16), 12)
    index, distance = aligned_neighbors(real, real, own=np.arange(12))
    assert (index[:, 0] != np.arange(12)).all()
    assert (distance[:, 0] > 0.1).all()
    twice = np.concatenate([real, real[:1]])
    assert aligned_neighbors(twice, twice, own=np.arange(13))[0][[0, 12], 0].tolist() == [12, 0]


def test_two_images_have_one_neighbour_each_and_constant_images_none_that_is_near():
    real = smooth_images((16, 16), 2)
    _, distance = aligned_neighbors(real, real, own=np.arange(2))
    assert np.isinf(distance[:, 1]).all()
    flat = np.full((3, 16, 16), 7, np.uint8)
    assert (aligned_neighbors(flat, np.concatenate([flat, real]))[1] == 1).all()
