"""Real baselines and intervals: what they hold, and how often."""

import numpy as np
import pytest
from random_tables import rows

from ganaug.metrics import (
    bootstrap,
    frechet_distance,
    kernel_distance,
    precision_recall_density_coverage,
    real_baseline,
)

MEASURES = [frechet_distance, kernel_distance, precision_recall_density_coverage]


def mean_difference(real: np.ndarray, fake: np.ndarray) -> float:
    return real.mean() - fake.mean()


class TestBaselineAndBootstrap:
    @pytest.mark.parametrize("measure", MEASURES)
    def test_same_seed_same_numbers(self, measure):
        real, fake = rows(40, 3), rows(30, 3, 1)
        for one, other in [
            [real_baseline(real, measure, n_splits=3, random_state=seed) for seed in (0, np.random.default_rng(0))],
            [bootstrap(measure, real, fake, n=3, random_state=seed) for seed in (0, np.random.default_rng(0))],
        ]:
            np.testing.assert_array_equal(one, other)
            assert (np.asarray(one[-2]) <= np.asarray(one[-1])).all()

    def test_the_baseline_compares_equal_halves_that_share_no_row(self):
        def look(one, other):
            assert len(one) == len(other) == 10
            assert not set(one[:, 0]) & set(other[:, 0])
            return 1.0, 2.0

        baseline = real_baseline(np.arange(21.0)[:, None], look, n_splits=5, random_state=0)
        np.testing.assert_array_equal(baseline, [[1, 2]] * 3)

    def test_the_baseline_is_what_another_sample_would_get(self):
        baseline = real_baseline(rows(400, 5), frechet_distance, n_splits=200, random_state=0)
        assert baseline.low < baseline.mean < baseline.high
        fresh = np.mean([frechet_distance(rows(200, 5, s), rows(200, 5, s + 100)) for s in range(1, 101)])
        assert baseline.mean == pytest.approx(fresh, rel=0.25)
        assert baseline.high < frechet_distance(rows(200, 5, 1), rows(200, 5, 2) + 0.5)

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
            real_baseline(rows(9, 1), mean_difference, n_splits=0, random_state=0)
