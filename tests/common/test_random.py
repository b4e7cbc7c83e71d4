"""Randomness is passed in, and the global generators are left alone."""

import numpy as np
import pytest

from ganaug.common.random import draw_seed, subsample


@pytest.mark.parametrize("random_state", [None, 0, np.random.RandomState(0)])
def test_the_global_generator_is_left_alone(random_state):
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    draw_seed(random_state)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_a_seed_is_reproducible():
    assert draw_seed(3) == draw_seed(3) == draw_seed(np.random.RandomState(3))
    assert draw_seed(None) != draw_seed(None)


@pytest.mark.parametrize(("n", "max_size"), [(10, 4), (10, 10), (3, 10), (0, 5)])
def test_subsamples_are_sorted_and_distinct(n, max_size):
    positions = subsample(n, max_size, np.random.default_rng(0))
    assert len(positions) == min(n, max_size)
    assert (np.diff(positions) > 0).all()
    assert set(positions.tolist()) <= set(range(n))
