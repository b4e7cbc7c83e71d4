"""Nearest rows and images: the definition, and copies that are found whatever their dtype."""

import numpy as np
import pytest
from random_tables import rows
from scipy.spatial.distance import cdist

from ganaug.metrics import nearest_pixels, nearest_rows, pixel_neighbors, precision_recall_density_coverage


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


def test_of_many_images_the_nearest_is_found_among_candidates():
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (300, 5, 5)).repeat(8, 1).repeat(8, 2)
    real = (0.5 * coarse + generator.integers(0, 64, coarse.shape)).astype(np.uint8)
    fake = (real[::9, :, ::-1] + generator.integers(0, 30, real[::9].shape)).astype(np.uint8)
    done = []
    index, distance, mirrored = nearest_pixels(fake, real, progress=done.append)
    both = np.concatenate([real, real[:, :, ::-1]]).reshape(600, -1).astype(float)
    everything = cdist(fake.reshape(len(fake), -1).astype(float), both, "cityblock") / 1600
    np.testing.assert_array_equal(index, everything.argmin(1) % 300)
    assert mirrored.all()
    np.testing.assert_allclose(distance, everything.min(1))
    assert done[-1] == len(fake)


def test_of_many_images_that_are_alike_in_cells_copies_are_found():
    # the cells of all images have the same means
    generator = np.random.default_rng(0)
    up = generator.integers(0, 2, (400, 32, 32, 1, 1)) * 2 - 1
    real = (
        (128 + 100 * up * np.array([[1, -1], [-1, 1]])).transpose(0, 1, 3, 2, 4).reshape(400, 64, 64).astype(np.uint8)
    )
    index, distance, _ = nearest_pixels(real[[7, 399]], real)
    assert index.tolist() == [7, 399]
    assert distance.tolist() == [0, 0]
    rows = np.array([7, 399])
    assert (nearest_pixels(real[rows], real, own=rows)[1] > 0).all()


def test_a_mirrored_image_is_not_a_second_neighbour():
    real = np.random.default_rng(0).integers(0, 256, (9, 8, 8), dtype=np.uint8)
    index, distance, _ = pixel_neighbors(real[:2], real, n=2)
    assert index[:, 0].tolist() == [0, 1]
    assert (index[:, 1] != index[:, 0]).all()
    assert (distance[:, 1] > 0).all()
    assert np.isinf(pixel_neighbors(real[:1], real[:1], n=2)[1][0, 1])
