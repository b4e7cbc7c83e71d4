"""Alpha-precision and beta-recall in cases built so that the answer is known."""

import numpy as np
import pytest
from random_tables import rows

from ganaug.metrics.supports import alpha_precision_beta_recall


def test_of_one_distribution():
    found = alpha_precision_beta_recall(rows(1000, 3), rows(1000, 3, 1))
    assert found.alpha_precision > 0.95
    assert found.beta_recall > 0.9


def test_of_the_same_points():
    for points in (rows(100, 4), np.zeros((50, 2)), np.eye(3)[np.arange(90) % 3]):
        found = alpha_precision_beta_recall(points, points[::-1])
        assert found == pytest.approx((1, 1), abs=0.02)


def test_alpha_precision_is_the_formula():
    # distances from the middle are spread evenly over (0, 1), of fake points over (0, 1 / 2): P = min(2 alpha, 1)
    points = np.linspace(-1, 1, 2001)[:, None]
    found = alpha_precision_beta_recall(points, points / 2).alpha_precision
    assert found == pytest.approx(1 - 2 * 0.25, abs=0.01)


def test_half_junk():
    # half of the fake points are nowhere: P is half of alpha, and 1 - 2 * 1 / 4
    points = rows(2000, 2)
    fake = np.concatenate([points[:1000], points[1000:] + 1e6])
    assert alpha_precision_beta_recall(points, fake).alpha_precision == pytest.approx(0.5, abs=0.03)


def test_collapse_lacks_recall():
    points = rows(500, 2)
    found = alpha_precision_beta_recall(points, points[:5].repeat(100, axis=0))
    assert found.beta_recall < 0.2


def test_errors():
    with pytest.raises(ValueError, match="k must be at least 1"):
        alpha_precision_beta_recall(rows(9, 2), rows(9, 2), k=0)
    with pytest.raises(ValueError, match="real has 3 rows"):
        alpha_precision_beta_recall(rows(3, 2), rows(9, 2))
