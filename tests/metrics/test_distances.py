"""Distances between sets of features: closed forms, other libraries, and laws."""

import numpy as np
import pytest
from random_tables import rows
from scipy.linalg import sqrtm
from sklearn.covariance import ledoit_wolf
from sklearn.metrics.pairwise import polynomial_kernel

from ganaug.metrics import frechet_distance, kernel_distance, precision_recall_density_coverage

MEASURES = [frechet_distance, kernel_distance, precision_recall_density_coverage]


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


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (np.zeros((9, 3)), np.zeros((9, 4)), "real has 3 features and fake has 4"),
        (np.zeros((9, 3, 3)), np.zeros((9, 3)), r"real.reshape\(n, -1\)"),
        (np.zeros((9, 3)), np.full((9, 3), np.nan), "fake holds NaN"),
        (np.zeros((9, 3)), np.zeros((1, 3)), "fake has 1 rows"),
    ],
)
def test_errors_name_the_set(measure, real, fake, message):
    with pytest.raises(ValueError, match=message):
        measure(real, fake)
