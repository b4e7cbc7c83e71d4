"""Known samplers for continuous targets and several labels: legal rows of the rare kinds, as many as ganaug adds."""

import numpy as np
import pandas as pd
import pytest

from ganaug.comparison.target_samplers import TargetSampler, TargetWeights
from ganaug.targets import GANMultilabelOversampler, GANRegressionOversampler

HIGH = [(1, 0), (20, 1)]


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "x": rng.normal(size=120),
            "n": rng.integers(0, 250, 120).astype(np.uint8),
            "gaps": np.where(rng.random(120) < 0.3, np.nan, 1.0),
            "empty": np.full(120, np.nan),
            "town": rng.choice(["Bonn", "Trier"], 120),
            "kind": pd.Categorical(rng.choice(["u", "v"], 120), categories=["u", "v", "w"]),
            "is": rng.random(120) < 0.5,
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 99, 120), "D"),
        }
    )


@pytest.mark.parametrize("method", ["random", "SMOTER", "SMOGN"])
def test_numbers(method, rows):
    y = np.append(np.random.default_rng(1).uniform(size=110), np.linspace(20, 30, 10))
    of = GANRegressionOversampler(relevance=HIGH)
    X_res, y_res = TargetSampler(of, method, random_state=0).fit_resample(rows, y)
    pd.testing.assert_frame_equal(X_res.iloc[:120], rows)
    np.testing.assert_array_equal(y_res[:120], y)
    added = sum(of.plan(y)[1].values())
    assert len(y_res) == len(X_res) == 120 + added
    made, rare = X_res.iloc[120:], rows.iloc[110:]
    assert ((y_res[120:] >= 20) & (y_res[120:] <= 30)).all()
    assert set(made["town"]) <= set(rare["town"])
    assert made["empty"].isna().all()
    assert made["n"].between(rare["n"].min(), rare["n"].max()).all()
    assert made["day"].between(rare["day"].min(), rare["day"].max()).all()
    if method == "random":
        assert set(y_res[120:]) <= set(y)
    else:
        assert len(set(y_res[120:])) > 10
    again = TargetSampler(of, method, random_state=0).fit_resample(rows, y)
    pd.testing.assert_frame_equal(again[0], X_res)


def test_a_single_rare_row_is_repeated(rows):
    y = np.append(np.random.default_rng(1).uniform(size=119), 30.0)
    X_res, y_res = TargetSampler(GANRegressionOversampler(relevance=HIGH), "SMOGN", random_state=0).fit_resample(
        rows, y
    )
    assert set(y_res[120:]) == {30.0}
    assert set(X_res["x"].iloc[120:]) == {rows["x"].iloc[-1]}


def test_labels_are_voted_by_neighbors(rows):
    y = np.zeros((120, 3), dtype=int)
    y[:, 0], y[:40, 1], y[112:, 2] = 1, 1, 1
    X_res, y_res = TargetSampler(GANMultilabelOversampler(), "MLSMOTE", random_state=0).fit_resample(rows, y)
    made = y_res[120:]
    assert len(made)
    # all rows with the rare label have the first label too, and not the second
    assert {tuple(labels) for labels in made.tolist()} == {(1, 0, 1)}
    assert X_res.dtypes.equals(rows.dtypes)


def test_weights_stand_for_the_rows_that_are_added(rows):
    y = np.append(np.random.default_rng(1).uniform(size=110), np.linspace(20, 30, 10))
    groups, requested = GANRegressionOversampler().plan(y)
    weights = TargetWeights(GANRegressionOversampler()).row_weights(y)
    assert weights.mean() == pytest.approx(1)
    total = np.bincount(groups, weights)
    sizes = np.bincount(groups) + [requested.get(group, 0) for group in range(len(total))]
    np.testing.assert_allclose(total / total.sum(), sizes / sizes.sum())
