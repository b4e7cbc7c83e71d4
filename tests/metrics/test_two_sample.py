"""Whole rows: cases built so that the answer is known."""

import numpy as np
import pandas as pd
import pytest
from random_tables import rows, shuffled, texts
from sklearn.metrics import roc_auc_score

from ganaug.metrics import two_sample
from ganaug.metrics.two_sample import delong_auc, two_sample_auc


class TestAUC:
    def test_agrees_with_scikit_learn(self):
        positive, negative = np.round(rows(50, 1)[:, 0] + 0.5, 1), np.round(rows(70, 1, 1)[:, 0], 1)
        expected = roc_auc_score(np.repeat([1, 0], [50, 70]), np.concatenate([positive, negative]))
        assert delong_auc(positive, negative).value == pytest.approx(expected)

    def test_error_is_the_spread_of_repeated_samples(self):
        found = [delong_auc(rows(60, 1, s)[:, 0] + 1, rows(90, 1, s + 500)[:, 0]) for s in range(300)]
        assert np.mean([f.error for f in found]) == pytest.approx(np.std([f.value for f in found]), rel=0.1)


class TestTwoSampleAUC:
    def test_one_distribution_cannot_be_told_whatever_the_columns(self, monkeypatch):
        def table(seed: int) -> pd.DataFrame:
            return pd.DataFrame({"x": rows(200, 1, seed)[:, 0], "level": texts(200, 150, seed)})

        monkeypatch.setattr(two_sample, "N_TREES", 30)
        found = [two_sample_auc(table(s), table(s + 10), random_state=s) for s in range(4)]
        assert abs(np.mean([f.value for f in found]) - 0.5) < 3 * found[0].error / 2

    def test_copies_cannot_be_told(self):
        real = rows(150, 2)
        assert two_sample_auc(real, real[::-1], random_state=0).value == 0.5

    def test_shuffled_columns_are_told(self):
        x = rows(200, 1)[:, 0]
        frame = pd.DataFrame({"a": x, "b": x, "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(x, unit="s")})
        assert two_sample_auc(frame, shuffled(frame), random_state=0).value > 0.95

    def test_one_seed_one_answer_and_row_numbers_do_not_matter(self, monkeypatch):
        monkeypatch.setattr(two_sample, "N_TREES", 5)
        real, other = pd.DataFrame(rows(40, 2)), pd.DataFrame(rows(60, 2, 1))
        first = two_sample_auc(real, other, random_state=3)
        assert two_sample_auc(real.set_index(np.arange(40) * 7), other, random_state=3) == first

    def test_error(self):
        with pytest.raises(ValueError, match="at least 10 rows"):
            two_sample_auc(rows(9, 2), rows(50, 2))
