"""The choice keeps what a class has: states, point masses, regions, and states that occur only together."""

import numpy as np
import pytest

from ganaug.selection import CandidateSelection, ClassShares, Layout, Realism, Together, by_class
from ganaug.selection.shares import Margin, draw, proportional, rake

# one number with a point mass at 0, a block of two (known, missing), and one of three levels
LAYOUT = Layout(1, (2, 3))


def encoded(numbers, missing, levels):
    blocks = [np.eye(2)[missing.astype(int)], np.eye(3)[levels]]
    return np.column_stack([numbers, *blocks]).astype(np.float32)


def rows_of(n, rng, *, missing, mass, levels, centre):
    numbers = np.where(rng.random(n) < mass, 0.0, rng.normal(centre, 1, n))
    return encoded(numbers, rng.random(n) < missing, rng.choice(3, n, p=levels))


def shares_of(rows):
    return np.array([np.mean(rows[:, 0] == 0), *rows[:, 1:].mean(axis=0)])


@pytest.fixture
def table():
    """A majority, and a minority that is recognised by missing cells, zeros and the first level."""
    rng = np.random.default_rng(0)
    common = rows_of(900, rng, missing=0.1, mass=0.1, levels=[0.2, 0.4, 0.4], centre=0)
    rare = rows_of(300, rng, missing=0.66, mass=0.5, levels=[0.7, 0.2, 0.1], centre=1)
    return np.concatenate([common, rare]), np.repeat([0, 1], [900, 300])


@pytest.mark.parametrize("with_realism", [False, True])
@pytest.mark.parametrize(
    "generator",
    [
        {"missing": 0.66, "mass": 0.5, "levels": [0.7, 0.2, 0.1], "centre": 1},
        {"missing": 0.2, "mass": 0.2, "levels": [0.3, 0.3, 0.4], "centre": 0.5},
    ],
)
def test_shares_stay_whatever_tells_the_class_and_whatever_is_generated(table, generator, with_realism):
    rows, y = table
    rng, n = np.random.default_rng(1), 400
    candidates = rows_of(10 * n, rng, **generator)
    realism = Realism(rows, y, LAYOUT) if with_realism else None
    weigh, ones = by_class(rows, y, 0), np.ones(10 * n, int)
    real = shares_of(rows[y == 1])
    error = np.sqrt(real * (1 - real) * (1 / 300 + 1 / n))

    def chosen(shares):
        selection = CandidateSelection(10, weigh, realism, shares)
        return shares_of(candidates[selection.choose(candidates, ones, ones[:n], np.random.default_rng(2))])

    kept = chosen([ClassShares(LAYOUT, rows[y == label], 0) for label in (0, 1)])
    assert (np.abs(kept - real) < 2 * error).all()
    assert (np.abs(chosen(None) - real) > 2 * error).any()  # what the test would let through otherwise


@pytest.mark.parametrize(("n", "n_errors"), [(40, 2), (90, 2), (100, 1), (400, 1)])
def test_states_stay_within_two_standard_errors_in_a_small_class_and_within_one_in_others(n, n_errors):
    rng = np.random.default_rng(0)
    rows = rows_of(n, rng, missing=0.4, mass=0.3, levels=[0.5, 0.3, 0.2], centre=0)
    candidates = rows_of(2000, rng, missing=0.4, mass=0.3, levels=[0.5, 0.3, 0.2], centre=0)
    margin = ClassShares(LAYOUT, rows, 0).margins(candidates)[1]  # whether the cell is missing
    share = (n * np.mean(rows[:, 2]) + np.mean(candidates[:, 2])) / (n + 1)
    error = n_errors * np.sqrt(share * (1 - share) / n)
    np.testing.assert_allclose([margin.low[1], margin.high[1]], [share - error, share + error], rtol=1e-5)


@pytest.mark.parametrize(("n_equal", "n_groups"), [(1, 1), (2, 1), (4, 1), (5, 2), (9, 2)])
def test_a_number_of_few_rows_is_no_share(n_equal, n_groups):
    numbers = np.concatenate([np.linspace(0, 1, 40 - n_equal), np.full(n_equal, 2.0)])[:, None].astype(np.float32)
    margin = ClassShares(Layout(1, ()), numbers, 0).margins(numbers)[0]
    assert len(margin.low) == n_groups


def test_no_part_of_a_class_dies(table):
    # a third of the class lies among the other class, so that its members are never certain
    rng = np.random.default_rng(0)
    apart, among = rng.normal([5, 5], 1, (200, 2)), rng.normal([0, 0], 1, (100, 2))
    rows = np.concatenate([rng.normal([0, 0], 1, (900, 2)), apart, among]).astype(np.float32)
    y = np.repeat([0, 1], [900, 300])
    candidates = np.concatenate([rng.normal([5, 5], 1, (2000, 2)), rng.normal([0, 0], 1, (1000, 2))])
    ones, layout = np.ones(3000, int), Layout(2, ())

    def share(shares):
        selection = CandidateSelection(10, by_class(rows, y, 0), shares=shares)
        found = candidates[selection.choose(candidates, ones, ones[:300], np.random.default_rng(0))]
        return np.mean(found.sum(axis=1) < 5)

    assert share(None) < 0.1
    assert share([ClassShares(layout, rows[y == label], 0) for label in (0, 1)]) == pytest.approx(1 / 3, abs=0.1)


def test_probabilities_are_in_proportion_and_at_most_one():
    assert proportional(np.array([1.0, 1.0, 2.0]), 1).tolist() == [0.25, 0.25, 0.5]
    weights = np.random.default_rng(0).lognormal(0, 4, 50)
    probability = proportional(weights, 20)
    assert probability.sum() == pytest.approx(20)
    assert probability.max() <= 1
    below = probability < 1
    assert np.ptp(probability[below] / weights[below]) < 1e-9


def test_raking_fits_all_margins_and_takes_all_where_there_are_too_few():
    rng = np.random.default_rng(0)
    groups = [rng.integers(0, 2, 1000), rng.integers(0, 3, 1000)]
    targets = [np.array([0.8, 0.2]), np.array([0.1, 0.3, 0.6])]
    margins = [Margin(group, target, target) for group, target in zip(groups, targets, strict=True)]
    probability = rake(rng.lognormal(0, 2, 1000), 100, margins)
    for group, target in zip(groups, targets, strict=True):
        np.testing.assert_allclose(np.bincount(group, probability) / 100, target, atol=0.01)
    few = Margin((np.arange(1000) >= 5).astype(int), *2 * [np.array([0.5, 0.5])])
    probability = rake(np.ones(1000), 100, [few])
    np.testing.assert_allclose(probability[:5], 1)
    assert probability.sum() == pytest.approx(100)


def test_each_candidate_is_drawn_with_its_probability_and_neighbours_evenly():
    rng = np.random.default_rng(0)
    probability = proportional(rng.lognormal(0, 1, 40), 10)
    order, counts = np.arange(40), np.zeros(40)
    for _ in range(3000):
        found = draw(probability, 10, order, rng)
        assert len(set(found)) == 10
        assert abs((found < 20).sum() - probability[:20].sum()) < 1  # the first half of the order, as the law says
        counts[found] += 1
    np.testing.assert_allclose(counts / 3000, probability, atol=0.04)


def test_states_that_occur_only_together_are_found():
    rng = np.random.default_rng(0)
    layout, missing = Layout(0, (2, 2, 3)), rng.random(200) < 0.3
    both = np.column_stack([np.eye(2)[missing.astype(int)]] * 2 + [np.eye(3)[rng.integers(0, 3, 200)]])
    one = both[:2].copy()
    one[:, :2] = one[:, 1::-1]  # missing in one column, not in the other
    assert Together(layout, both).holds(np.concatenate([both, one])).tolist() == [True] * 200 + [False] * 2
    rare = np.zeros((100, 4))
    rare[:, [0, 2]] = 1
    rare[:3] = [0, 1, 0, 1]  # three rows may be chance
    assert Together(Layout(0, (2, 2)), rare).holds(np.array([[1, 0, 0, 1]])).all()
