"""Columns one by one: closed forms and other libraries."""

import numpy as np
import pandas as pd
import pytest
from random_tables import rows, shuffled, texts
from scipy.stats import ks_2samp, kstwobign

from ganaug.metrics.marginals import column_distances, column_distributions
from ganaug.metrics.table_pair import seconds_to_time


class TestColumnDistances:
    def test_agrees_with_scipy(self):
        real, synthetic = rows(300, 1), rows(200, 1, 1) * 1.5
        found = column_distances(real, synthetic)
        assert found["distance"][0] == pytest.approx(ks_2samp(real[:, 0], synthetic[:, 0]).statistic)

    def test_total_variation_is_the_formula(self):
        found = column_distances(pd.DataFrame({"x": list("aaab")}), pd.DataFrame({"x": ["a", "c", None, None]}))
        assert found["distance"]["x"] == pytest.approx(0.5 * (0.5 + 0.25 + 0.25 + 0.5))

    def test_missing_is_a_level(self):
        found = column_distances(pd.DataFrame({"x": [1.0, 2, 3, None]}), pd.DataFrame({"x": [1.0, None, None, None]}))
        assert found.loc["x", ["distance", "real missing", "synthetic missing"]].tolist() == [0.5, 0.25, 0.75]

    def test_ends_of_the_range(self, mixed):
        X = mixed[0]
        assert (column_distances(X, shuffled(X))["distance"] < 1e-12).all()
        other = pd.DataFrame({"x": [1.0, 2], "y": ["a", "b"]})
        assert (column_distances(other, pd.DataFrame({"x": [9.0, 8], "y": ["c", "c"]}))["distance"] == 1).all()

    def test_chance_is_what_equal_distributions_have(self):
        def table(n: int, seed: int) -> pd.DataFrame:
            return pd.DataFrame({"x": rows(n, 1, seed)[:, 0], "level": texts(n, 20, seed)})

        found = [column_distances(table(400, i), table(250, i + 1000)) for i in range(25)]
        distance = np.mean([f["distance"] for f in found], axis=0)
        np.testing.assert_allclose(distance, np.mean([f["chance"] for f in found], axis=0), rtol=0.15)

    def test_p_values_are_those_of_chance_at_most(self):
        rng = np.random.default_rng(0)

        def table(n: int) -> pd.DataFrame:
            levels = {"two": [0.9, 0.1], "three": [0.6, 0.3, 0.1], "many": [0.05] * 20}
            cells = {name: rng.choice([f"level {i}" for i in range(len(p))], n, p=p) for name, p in levels.items()}
            return pd.DataFrame(cells | {"x": rng.normal(size=n), "count": rng.poisson(1.0, n)})

        found = np.array([column_distances(table(150), table(120))["p-value"] for _ in range(150)])
        # 3 of 150 are expected in each column, where a bound is exact
        assert ((found < 0.02).sum(axis=0) <= 8).all()
        assert (found < 0.2).mean() > 0.02

    def test_p_values_are_small_where_columns_differ(self):
        real = pd.DataFrame({"x": rows(150, 1)[:, 0], "k": ["a", "b"] * 75, "same": "a"})
        other = pd.DataFrame({"x": rows(150, 1, 1)[:, 0] + 1, "k": ["a", "a", "a", "a", "b"] * 30, "same": "a"})
        found = column_distances(real, other)["p-value"]
        assert (found[["x", "k"]] < 1e-4).all()
        assert found["same"] == 1
        # the first term of Kolmogorov's distribution is nearly all of it
        statistic = ks_2samp(real["x"], other["x"]).statistic
        assert found["x"] == pytest.approx(kstwobign.sf(statistic * np.sqrt(75)), rel=1e-6)


class TestDistributions:
    def test_shares_sum_to_1(self, mixed):
        X = mixed[0]
        for label, shares in column_distributions(X, X[:37]).items():
            assert (shares.columns[-2:] == ["real", "synthetic"]).all()
            np.testing.assert_allclose(shares[["real", "synthetic"]].sum(), 1, err_msg=label)

    def test_bins_count_what_numpy_counts(self):
        real, made = rows(2_000, 1), rows(500, 1, 1) * 3
        found = column_distributions(real, made)[0]
        assert len(found) == 30
        assert (found["low"].to_numpy()[1:] == found["high"].to_numpy()[:-1]).all()
        assert found["low"].iloc[0] == min(real.min(), made.min())
        assert found["high"].iloc[-1] == max(real.max(), made.max())
        edges = [*found["low"], found["high"].iloc[-1]]
        np.testing.assert_allclose(found["real"], np.histogram(real, edges)[0] / 2_000)
        np.testing.assert_allclose(found["synthetic"], np.histogram(made, edges)[0] / 500)

    @pytest.mark.parametrize("n", [13, 58, 365, 100_000])
    def test_whole_numbers_fall_evenly_into_bins(self, n):
        shares = column_distributions(np.arange(n)[:, None], np.arange(n)[:, None])[0]
        assert len(shares) <= 30
        inner = shares["real"].iloc[1:-1]
        assert inner.max() == pytest.approx(inner.min())

    def test_levels(self):
        real = pd.DataFrame({"k": ["a"] * 5 + ["b"] * 3 + [None] * 2, "n": [3, 1, 1, 1, 1, 3, 2, 2, 2, 2]})
        found = column_distributions(real, real.assign(k="new", n=7))
        assert found["k"].to_dict("list") == {
            "level": ["a", "b", "new"],
            "real": [0.625, 0.375, 0],
            "synthetic": [0, 0, 1],
        }
        assert found["n"]["level"].tolist() == ["1", "2", "3", "7"]
        many = pd.DataFrame({"k": texts(1_000, 40)})
        last = column_distributions(many, many.assign(k="new"))["k"].iloc[12]
        assert (last["level"], last["synthetic"]) == (None, 1)

    def test_times(self):
        days = pd.DataFrame(
            {"t": pd.date_range("2024-01-01", periods=100), "d": pd.to_timedelta(np.arange(100), unit="h")}
        )
        found = column_distributions(days, days)
        assert seconds_to_time(found["t"]["high"].iloc[-1], "time") == pd.Timestamp("2024-04-09")
        few = column_distributions(days[:2], days[:2])
        assert few["t"]["level"].tolist() == ["2024-01-01 00:00:00", "2024-01-02 00:00:00"]
        assert few["d"]["level"].tolist() == ["00:00:00", "01:00:00"]

    def test_a_column_without_cells(self):
        assert column_distributions(np.full((9, 1), np.nan), np.full((9, 1), np.nan))[0].empty
