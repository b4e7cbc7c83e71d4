"""Measures of pictures: closed forms, other libraries, and cases built so that the answer is known."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from sklearn.covariance import ledoit_wolf
from sklearn.metrics.pairwise import polynomial_kernel

from ganaug.metrics import images
from ganaug.metrics.images import (
    bootstrap,
    frechet_distance,
    inception_score,
    kernel_distance,
    nearest,
    nearest_pixels,
    precision_recall_density_coverage,
    real_floor,
)

MEASURES = [frechet_distance, kernel_distance, precision_recall_density_coverage]


def rows(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def mean_difference(real: np.ndarray, fake: np.ndarray) -> float:
    return real.mean() - fake.mean()


@pytest.fixture(params=[None, 7], ids=["one block", "many blocks"])
def _blocks(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(images, "_BLOCK", request.param)


class TestFrechetDistance:
    @pytest.mark.parametrize("shrink", [True, False])
    def test_of_normal_distributions(self, shrink):
        # |m1 - m2|^2 + sum (s1 - s2)^2 where covariances are diagonal
        scale = np.array([1.0, 2.0, 0.5])
        real, fake = rows(100_000, 3), rows(100_000, 3, 1) * scale + 3
        expected = 3 * 9 + ((1 - scale) ** 2).sum()
        assert frechet_distance(real, fake, shrink=shrink) == pytest.approx(expected, rel=0.01)

    @pytest.mark.parametrize("n", [6, 15, 80])
    def test_is_the_formula(self, n):
        real, fake = rows(n, 20) @ rows(20, 20, 2), rows(n + 3, 20, 1)
        for shrink in (True, False):
            a, b = (ledoit_wolf(x)[0] if shrink else np.cov(x.T) for x in (real, fake))
            root = sqrtm(a @ b)
            expected = ((real.mean(0) - fake.mean(0)) ** 2).sum() + np.trace(a + b - 2 * root.real)
            assert frechet_distance(real, fake, shrink=shrink) == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize("shrink", [True, False])
    @pytest.mark.parametrize("shape", [(5, 20), (50, 4)])
    def test_laws_of_a_distance(self, shrink, shape):
        real, fake = rows(*shape), rows(*shape, 1) + 1
        assert frechet_distance(real, real[::-1], shrink=shrink) == pytest.approx(0, abs=1e-9)
        distance = frechet_distance(real, fake, shrink=shrink)
        assert distance > 0
        assert frechet_distance(fake, real, shrink=shrink) == pytest.approx(distance)
        turn = np.linalg.qr(rows(shape[1], shape[1], 2))[0]
        assert frechet_distance(real @ turn, fake @ turn, shrink=shrink) == pytest.approx(distance)
        assert frechet_distance(3 * real, 3 * fake, shrink=shrink) == pytest.approx(9 * distance)

    @pytest.mark.parametrize("shrink", [True, False])
    def test_constant_features(self, shrink):
        assert frechet_distance(np.zeros((9, 4)), np.ones((9, 4)), shrink=shrink) == pytest.approx(4)

    def test_shrinkage_comes_nearer_to_the_truth_where_rows_are_few(self):
        real, fake = rows(40, 200), rows(40, 200, 1)
        assert frechet_distance(real, fake) < 0.2 * frechet_distance(real, fake, shrink=False)

    def test_is_lower_with_more_rows(self):
        real, fake = rows(400, 30), rows(400, 30, 1)
        few = frechet_distance(real[:50], fake[:50], shrink=False)
        assert frechet_distance(real, fake, shrink=False) < few


@pytest.mark.usefixtures("_blocks")
class TestKernelDistance:
    def test_is_the_formula(self):
        real, fake = rows(9, 3), rows(11, 3, 1) + 1
        a, b, c = (polynomial_kernel(x, y, degree=3) for x, y in [(real, real), (fake, fake), (real, fake)])
        for kernel in (a, b):
            np.fill_diagonal(kernel, 0)
        expected = a.sum() / (9 * 8) + b.sum() / (11 * 10) - 2 * c.mean()
        assert kernel_distance(real, fake) == pytest.approx(expected)
        assert kernel_distance(fake, real) == pytest.approx(expected)


def test_kernel_distance_is_unbiased():
    distances = [kernel_distance(rows(10, 4, seed), rows(10, 4, seed + 1000)) for seed in range(400)]
    error = np.std(distances) / 20
    assert abs(np.mean(distances)) < 3 * error
    assert min(distances) < 0


def test_kernel_distance_of_known_distributions():
    # d = 1, x of -1 or 1 and y of 0: E (x x' + 1)^3 = 4, and 1 for the other pairs
    real = np.random.default_rng(0).choice([-1.0, 1.0], (4000, 1))
    assert kernel_distance(real, np.zeros((4000, 1))) == pytest.approx(4 + 1 - 2, rel=0.02)


class TestInceptionScore:
    def test_ends_of_its_range(self):
        assert inception_score(np.eye(7)) == pytest.approx(7)
        assert inception_score(np.tile([0.2, 0.3, 0.5], (6, 1))) == pytest.approx(1)
        assert inception_score(np.eye(7)[[3, 3, 3]]) == pytest.approx(1)

    def test_is_the_formula(self):
        p = np.random.default_rng(0).dirichlet(np.ones(5), 30)
        expected = np.exp((p * np.log(p / p.mean(0))).sum(1).mean())
        assert inception_score(p) == pytest.approx(expected)
        assert 1 < expected < 5

    @pytest.mark.parametrize("given", [[[0.5, 0.6]], [[-0.5, 1.5]], [[2.0, -3.0]]])
    def test_logits_are_refused(self, given):
        with pytest.raises(ValueError, match="apply a softmax"):
            inception_score(given)


@pytest.mark.usefixtures("_blocks")
class TestNeighborhoods:
    def test_is_the_definition(self):
        real, fake, k = rows(30, 2), rows(25, 2, 1) * 0.7 + 0.3, 3
        real_radii, fake_radii = (np.sort(cdist(x, x), axis=1)[:, k] for x in (real, fake))
        within = cdist(fake, real) <= real_radii
        found = precision_recall_density_coverage(real, fake, k)
        assert found.precision == pytest.approx(within.any(1).mean())
        assert found.recall == pytest.approx((cdist(real, fake) <= fake_radii).any(1).mean())
        assert found.density == pytest.approx(within.sum() / (k * len(fake)))
        assert found.coverage == pytest.approx(within.any(0).mean())

    def test_of_the_same_rows(self):
        # each row lies in its own ball and in those of the k it is a neighbour to, on average
        real = rows(40, 6)
        found = precision_recall_density_coverage(real, real[::-1], k=4)
        assert found == pytest.approx((1, 1, 1.25, 1))

    def test_far_away(self):
        assert precision_recall_density_coverage(rows(20, 3), rows(20, 3, 1) + 50) == (0, 0, 0, 0)

    def test_a_collapsed_generator_has_precision_without_variety(self):
        real = rows(60, 3)
        found = precision_recall_density_coverage(real, np.repeat(real[:1], 60, axis=0))
        assert found.precision == 1
        assert found.recall == pytest.approx(1 / 60)
        assert found.coverage < 0.3

    def test_two_modes_of_which_one_is_missing(self):
        real = np.concatenate([rows(30, 2), rows(30, 2, 1) + 100])
        found = precision_recall_density_coverage(real, rows(60, 2, 2))
        assert found.precision > 0.8
        assert 0.4 < found.recall <= 0.5
        assert 0.4 < found.coverage <= 0.5

    def test_copies_among_the_real(self):
        real = np.repeat(rows(4, 3), 5, axis=0)  # balls of radius 0
        assert precision_recall_density_coverage(real, real[:6], k=3).precision == 1
        assert precision_recall_density_coverage(real, real[:6] + 0.1, k=3).precision == 0


def test_density_and_coverage_of_one_distribution():
    found = [precision_recall_density_coverage(rows(300, 5, seed), rows(300, 5, seed + 50)) for seed in range(10)]
    precision, recall, density, coverage = np.mean(found, axis=0)
    assert density == pytest.approx(1, abs=0.05)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.02)
    assert precision == pytest.approx(recall, abs=0.05)


class TestFloorAndBootstrap:
    @pytest.mark.parametrize("measure", MEASURES)
    def test_same_seed_same_numbers(self, measure):
        real, fake = rows(40, 3), rows(30, 3, 1)
        for one, other in [
            [real_floor(real, measure, n_splits=3, random_state=seed) for seed in (0, np.random.default_rng(0))],
            [bootstrap(measure, real, fake, n=3, random_state=seed) for seed in (0, np.random.default_rng(0))],
        ]:
            np.testing.assert_array_equal(one, other)
            assert (np.asarray(one[-2]) <= np.asarray(one[-1])).all()

    def test_the_floor_compares_equal_halves_that_share_no_row(self):
        def look(one, other):
            assert len(one) == len(other) == 10
            assert not set(one[:, 0]) & set(other[:, 0])
            return 1.0, 2.0

        floor = real_floor(np.arange(21.0)[:, None], look, n_splits=5, random_state=0)
        np.testing.assert_array_equal(floor, [[1, 2]] * 3)

    def test_the_floor_is_what_another_sample_would_get(self):
        floor = real_floor(rows(400, 5), frechet_distance, n_splits=200, random_state=0)
        assert floor.low < floor.mean < floor.high
        fresh = np.mean([frechet_distance(rows(200, 5, s), rows(200, 5, s + 100)) for s in range(1, 101)])
        assert floor.mean == pytest.approx(fresh, rel=0.25)
        assert floor.high < frechet_distance(rows(200, 5, 1), rows(200, 5, 2) + 0.5)

    def test_the_interval_holds_the_truth_as_often_as_it_says(self):
        hits = 0
        for seed in range(300):
            interval = bootstrap(mean_difference, rows(50, 1, seed), rows(60, 1, seed + 999) + 1, random_state=seed)
            hits += interval.low <= -1 <= interval.high
        assert 0.90 < hits / 300 < 0.99

    def test_its_width_is_that_of_repeated_sampling(self):
        samples = [kernel_distance(rows(60, 4, s), rows(60, 4, s + 500) + 0.5) for s in range(300)]
        low, high = np.quantile(samples, (0.025, 0.975))
        intervals = [
            bootstrap(kernel_distance, rows(60, 4, s), rows(60, 4, s + 500) + 0.5, n=100, random_state=s)
            for s in range(20)
        ]
        assert np.mean([i.high - i.low for i in intervals]) == pytest.approx(high - low, rel=0.3)

    @pytest.mark.parametrize("measure", MEASURES)
    def test_the_interval_lies_around_the_measure(self, measure):
        real, fake = rows(80, 4), rows(70, 4, 1) * 1.2 + 0.3
        low, high = bootstrap(measure, real, fake, n=60, random_state=0)
        assert (low <= np.asarray(measure(real, fake))).all()
        assert (high >= np.asarray(measure(real, fake))).all()

    def test_errors(self):
        with pytest.raises(ValueError, match="n must be at least 2"):
            bootstrap(mean_difference, rows(9, 1), rows(9, 1), n=1, random_state=0)
        with pytest.raises(ValueError, match="n_splits must be at least 1"):
            real_floor(rows(9, 1), mean_difference, n_splits=0, random_state=0)


@pytest.mark.usefixtures("_blocks")
class TestNearest:
    def test_is_the_definition(self):
        fake, real = rows(8, 3), rows(12, 3, 1)
        index, distance = nearest(fake, real, n=12)
        everything = cdist(fake, real)
        np.testing.assert_array_equal(index, everything.argsort(1))
        np.testing.assert_allclose(distance, np.sort(everything, axis=1))
        for few, all_ in zip(nearest(fake, real, n=2), (index, distance), strict=True):
            np.testing.assert_array_equal(few, all_[:, :2])

    def test_a_copy_is_at_zero_and_a_near_copy_is_not(self):
        real = rows(50, 1280).astype(np.float32) + 5
        order = np.random.default_rng(2).permutation(50)
        index, distance = nearest(real[order], real)
        np.testing.assert_array_equal(index[:, 0], order)
        assert (distance == 0).all()
        assert (nearest(real + np.float32(1e-4), real)[1] > 0).all()

    def test_pixels(self):
        generator = np.random.default_rng(0)
        fake, real = (generator.integers(0, 256, (n, 9, 11, 3), dtype=np.uint8) for n in (6, 15))
        both = np.concatenate([real, real[:, :, ::-1]]).reshape(30, -1)
        everything = cdist(fake.reshape(6, -1), both, "cityblock") / (9 * 11 * 3)
        index, distance, flipped = nearest_pixels(fake, real)
        np.testing.assert_array_equal(index, everything.argmin(1) % 15)
        np.testing.assert_array_equal(flipped, everything.argmin(1) >= 15)
        np.testing.assert_allclose(distance, everything.min(1))


@pytest.mark.parametrize("shape", [(28, 28), (5, 30), (16, 8, 1), (33, 20, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, bool])
def test_copies_are_found_in_pixels_mirrored_or_not(shape, dtype):
    real = np.random.default_rng(0).random((40, *shape))
    real = (real > 0.5) if dtype is bool else (real if dtype is np.float32 else real * 250).astype(dtype)
    order = np.array([7, 0, 39])
    for mirrored in (False, True):
        fake = real[order, :, ::-1] if mirrored else real[order]
        index, distance, flipped = nearest_pixels(fake, real)
        np.testing.assert_array_equal(index, order)
        assert (distance == 0).all()
        assert (flipped == mirrored).all()


def test_pixels_differ_by_what_was_added():
    real = np.random.default_rng(0).integers(0, 200, (30, 12, 12), dtype=np.uint8)
    index, distance, flipped = nearest_pixels(real + np.uint8(3), real)
    np.testing.assert_array_equal(index, np.arange(30))
    np.testing.assert_array_equal(distance, 3)
    assert not flipped.any()


def test_nothing_fake_has_no_neighbours():
    assert nearest(np.empty((0, 3)), rows(4, 3))[0].shape == (0, 1)
    assert [len(found) for found in nearest_pixels(np.empty((0, 8, 8)), np.zeros((2, 8, 8)))] == [0, 0, 0]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (np.zeros((9, 3)), np.zeros((9, 4)), "real has 3 features and fake 4"),
        (np.zeros((9, 3, 3)), np.zeros((9, 3)), r"real.reshape\(n, -1\)"),
        (np.zeros((9, 3)), np.full((9, 3), np.nan), "fake holds NaN"),
        (np.zeros((9, 3)), np.zeros((1, 3)), "fake has 1 rows"),
    ],
)
def test_errors_name_the_set(measure, real, fake, message):
    with pytest.raises(ValueError, match=message):
        measure(real, fake)


def test_errors_of_neighbours():
    with pytest.raises(ValueError, match="k must be at least 1"):
        precision_recall_density_coverage(rows(9, 2), rows(9, 2), k=0)
    with pytest.raises(ValueError, match="n must be at least 1"):
        nearest(rows(2, 2), rows(2, 2), n=0)
    with pytest.raises(ValueError, match="real has 2 rows"):
        nearest(rows(2, 2), rows(2, 2), n=3)
    with pytest.raises(ValueError, match="of one size"):
        nearest_pixels(np.zeros((2, 8, 8)), np.zeros((2, 8, 9)))
    with pytest.raises(ValueError, match="NaN"):
        nearest_pixels(np.full((2, 8, 8), np.nan), np.zeros((2, 8, 8)))


def test_a_picture_is_not_its_own_neighbour_nor_its_mirror_image():
    pictures = np.random.default_rng(0).integers(0, 4, size=(40, 3, 3)).astype(np.uint8)
    pictures[7] = pictures[3][:, ::-1]
    rows = np.array([3, 7, 12, 30])
    index, distance, mirrored = nearest_pixels(pictures[rows], pictures, own=rows)
    assert index[:2].tolist() == [7, 3]
    assert distance[:2].tolist() == [0, 0]
    assert mirrored[:2].all()
    both = np.concatenate([pictures, pictures[:, :, ::-1]]).astype(float)
    for row, found in zip(rows, distance, strict=True):
        apart = np.abs(both - pictures[row]).mean((1, 2))
        apart[[row, row + 40]] = np.inf
        assert found == pytest.approx(apart.min())
