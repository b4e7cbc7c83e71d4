"""Nearest rows and images: the definition, and copies that are found whatever their dtype."""

import numpy as np
import pytest
from random_tables import rows
from scipy.spatial.distance import cdist

from ganaug.metrics import nearest_pixels, nearest_rows, precision_recall_density_coverage


@pytest.mark.usefixtures("_blocks")
class TestNearest:
    def test_is_the_definition(self):
        fake, real = rows(8, 3), rows(12, 3, 1)
        index, distance = nearest_rows(fake, real, n=12)
        everything = cdist(fake, real)
        np.testing.assert_array_equal(index, everything.argsort(1))
        np.testing.assert_allclose(distance, np.sort(everything, axis=1))
        for few, all_ in zip(nearest_rows(fake, real, n=2), (index, distance), strict=True):
            np.testing.assert_array_equal(few, all_[:, :2])

    def test_a_copy_is_at_zero_and_a_near_copy_is_not(self):
        real = rows(50, 1280).astype(np.float32) + 5
        order = np.random.default_rng(2).permutation(50)
        index, distance = nearest_rows(real[order], real)
        np.testing.assert_array_equal(index[:, 0], order)
        assert (distance == 0).all()
        assert (nearest_rows(real + np.float32(1e-4), real)[1] > 0).all()

    def test_pixels(self):
        generator = np.random.default_rng(0)
        fake, real = (generator.integers(0, 256, (n, 9, 11, 3), dtype=np.uint8) for n in (6, 15))
        both = np.concatenate([real, real[:, :, ::-1]]).reshape(30, -1)
        everything = cdist(fake.reshape(6, -1), both, "cityblock") / (9 * 11 * 3)
        index, distance, mirrored = nearest_pixels(fake, real)
        np.testing.assert_array_equal(index, everything.argmin(1) % 15)
        np.testing.assert_array_equal(mirrored, everything.argmin(1) >= 15)
        np.testing.assert_allclose(distance, everything.min(1))


@pytest.mark.parametrize("shape", [(28, 28), (5, 30), (16, 8, 1), (33, 20, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, bool])
def test_copies_are_found_in_pixels_mirrored_or_not(shape, dtype):
    real = np.random.default_rng(0).random((40, *shape))
    real = (real > 0.5) if dtype is bool else (real if dtype is np.float32 else real * 250).astype(dtype)
    order = np.array([7, 0, 39])
    for mirrored in (False, True):
        fake = real[order, :, ::-1] if mirrored else real[order]
        index, distance, mirrored = nearest_pixels(fake, real)
        np.testing.assert_array_equal(index, order)
        assert (distance == 0).all()
        assert (mirrored == mirrored).all()


def test_pixels_differ_by_what_was_added():
    real = np.random.default_rng(0).integers(0, 200, (30, 12, 12), dtype=np.uint8)
    index, distance, mirrored = nearest_pixels(real + np.uint8(3), real)
    np.testing.assert_array_equal(index, np.arange(30))
    np.testing.assert_array_equal(distance, 3)
    assert not mirrored.any()


def test_nothing_fake_has_no_neighbours():
    assert nearest_rows(np.empty((0, 3)), rows(4, 3))[0].shape == (0, 1)
    assert [len(found) for found in nearest_pixels(np.empty((0, 8, 8)), np.zeros((2, 8, 8)))] == [0, 0, 0]


def test_errors_of_neighbours():
    with pytest.raises(ValueError, match="k must be at least 1"):
        precision_recall_density_coverage(rows(9, 2), rows(9, 2), k=0)
    with pytest.raises(ValueError, match="n must be at least 1"):
        nearest_rows(rows(2, 2), rows(2, 2), n=0)
    with pytest.raises(ValueError, match="real has 2 rows"):
        nearest_rows(rows(2, 2), rows(2, 2), n=3)
    with pytest.raises(ValueError, match="of one size"):
        nearest_pixels(np.zeros((2, 8, 8)), np.zeros((2, 8, 9)))
    with pytest.raises(ValueError, match="NaN"):
        nearest_pixels(np.full((2, 8, 8), np.nan), np.zeros((2, 8, 8)))


def test_an_image_is_not_its_own_neighbour_nor_its_mirror_image():
    images = np.random.default_rng(0).integers(0, 4, size=(40, 3, 3)).astype(np.uint8)
    images[7] = images[3][:, ::-1]
    rows = np.array([3, 7, 12, 30])
    index, distance, mirrored = nearest_pixels(images[rows], images, own=rows)
    assert index[:2].tolist() == [7, 3]
    assert distance[:2].tolist() == [0, 0]
    assert mirrored[:2].all()
    both = np.concatenate([images, images[:, :, ::-1]]).astype(float)
    for row, found in zip(rows, distance, strict=True):
        apart = np.abs(both - images[row]).mean((1, 2))
        apart[[row, row + 40]] = np.inf
        assert found == pytest.approx(apart.min())
