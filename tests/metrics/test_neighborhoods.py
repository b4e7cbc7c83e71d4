"""Precision, recall, density and coverage: their definition, and sets built so that the answer is known."""

import numpy as np
import pytest
from random_tables import rows
from scipy.spatial.distance import cdist

from ganaug.metrics import precision_recall_density_coverage


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
