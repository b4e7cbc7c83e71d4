"""Imbalanced regression: which targets are rare, and rows that come with legal targets."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug import GANOversampler, TabularGAN
from ganaug.targets import GANRegressionOversampler, boxplot_relevance


@pytest.fixture
def sampler() -> GANOversampler:
    model = TabularGAN(n_steps=5, hidden_sizes=(8,), batch_size=16, device="cpu")
    return GANOversampler(model=model, selection=None)


@pytest.fixture
def data() -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=300), "b": rng.choice(["x", "y"], 300), "c": rng.integers(0, 5, 300)})
    return X, pd.Series(np.exp(X["a"] + 0.1 * rng.normal(size=300)), name="price")


def test_rare_ranges_grow_to_the_mean_size_and_their_targets_stay_in_them(data, sampler):
    X, y = data
    regression = GANRegressionOversampler(sampler=sampler, random_state=0)
    X_res, y_res = regression.fit_resample(X, y)
    ranges = regression.ranges_
    assert ranges["is_rare"].tolist() == [False, True]
    assert ranges["n_rows"].sum() == 300
    made = y_res[regression.is_synthetic_]
    rare = ranges.iloc[1]
    assert len(made) == 150 - rare["n_rows"]
    assert made.between(rare["low"], rare["high"]).all()
    assert made.nunique() > 20
    pd.testing.assert_frame_equal(X_res.iloc[:300], X)
    pd.testing.assert_series_equal(y_res.iloc[:300], y)
    assert X_res.dtypes.equals(X.dtypes)
    assert set(X_res["c"]) <= set(X["c"])


@pytest.mark.parametrize("kind", ["array", "list", "frame", "polars", "polars frame", "column"])
def test_containers_come_back(kind, data, sampler):
    X, y = data
    X = X[["a", "c"]]
    given = {
        "array": (X.to_numpy(), y.to_numpy()),
        "list": (X.to_numpy().tolist(), y.tolist()),
        "frame": (X, y.to_frame()),
        "polars": (pl.from_pandas(X), pl.from_pandas(y)),
        "polars frame": (pl.from_pandas(X), pl.from_pandas(y.to_frame())),
        "column": (X.to_numpy(), y.to_numpy()[:, None]),
    }[kind]
    X_res, y_res = GANRegressionOversampler(sampler=sampler, random_state=0).fit_resample(*given)
    assert type(X_res) is type(given[0])
    assert type(y_res) is type(given[1])
    assert len(X_res) == len(y_res) > 300
    assert np.shape(y_res)[1:] == np.shape(given[1])[1:]


def test_whole_numbers_that_hardly_repeat_are_learned_all_the_same(sampler):
    rng = np.random.default_rng(0)
    y = np.concatenate([rng.permutation(10_000)[:280], 90_000 + rng.permutation(10_000)[:20]])
    X = pd.DataFrame({"a": y / 1e4 + rng.normal(size=300)})
    regression = GANRegressionOversampler(sampler=sampler, random_state=0)
    made = regression.fit_resample(X, y)[1][regression.is_synthetic_]
    assert made.dtype == y.dtype
    assert len(set(made.tolist())) > 20
    assert (made >= regression.ranges_["low"].iloc[-1]).all()


def test_control_points_and_callables_say_what_is_rare(data, sampler):
    X, y = data
    low = GANRegressionOversampler(relevance=[(0.2, 1), (0.6, 0), (9, 0)], sampler=sampler, random_state=0)
    low.fit_resample(X, y)
    assert low.ranges_["is_rare"].tolist() == [True, False]
    called = GANRegressionOversampler(relevance=lambda v: (v > 5).astype(float), sampler=sampler, random_state=0)
    called.fit_resample(X, y)
    assert called.ranges_["low"].iloc[1] == y[y > 5].min()


def test_where_nothing_is_rare_nothing_is_added_and_it_is_said(data, sampler):
    X = data[0]
    with pytest.warns(UserWarning, match=r"no targets have a relevance .* no rows were added"):
        X_res, y_res = GANRegressionOversampler(sampler=sampler).fit_resample(X, np.linspace(0, 1, 300))
    assert len(X_res) == len(y_res) == 300


@pytest.mark.parametrize(
    ("params", "y", "message"),
    [
        ({"threshold": 0}, None, "threshold=0 must be"),
        ({"sampling_strategy": "most"}, None, "sampling_strategy='most' must be"),
        ({"relevance": "high"}, None, "relevance='high' must be"),
        ({"threshold": "high"}, None, "threshold='high' must be"),
        ({"relevance": [(1, 0), (np.nan, 1)]}, None, "missing or infinite numbers"),
        ({"relevance": lambda y: 1}, None, "a number for each target"),
        ({}, [2.0] * 300, "y holds the value 2.0 only"),
        ({}, pd.Series([1, None, 9] * 100, dtype="Int64"), "missing or infinite"),
        ({"relevance": [(1, 0)]}, None, "at least two points"),
        ({"relevance": [(1, 0), (2, 3)]}, None, "outside of 0 to 1"),
        ({}, ["a"] * 300, "must hold a number for each row"),
        ({}, [np.nan] * 300, "missing or infinite"),
        ({}, [1.0] * 7, "inconsistent numbers of samples"),
    ],
)
def test_bad_input_is_refused(params, y, message, data, sampler):
    X, target = data
    with pytest.raises(ValueError, match=message):
        GANRegressionOversampler(**params, sampler=sampler).fit_resample(X, target if y is None else y)


def test_the_box_plot_decides_by_side():
    rng = np.random.default_rng(0)
    y = rng.exponential(size=1_000)
    low, median, high = boxplot_relevance(y)
    assert low[1] == median[1] == 0
    assert high[1] == 1
    first, third = np.quantile(y, [0.25, 0.75])
    assert high[0] <= third + 1.5 * (third - first) < y.max()
    assert [phi for _, phi in boxplot_relevance(-y)] == [1, 0, 0]


def test_values_beside_a_frequent_one_are_rare(data, sampler):
    """Of most claims nothing is paid: the box of the box plot is a point."""
    X, y = data
    claims = y.where(y > y.quantile(0.9), 0).round(2)
    regression = GANRegressionOversampler(sampler=sampler, random_state=0)
    _, y_res = regression.fit_resample(X, claims)
    assert regression.ranges_["is_rare"].tolist() == [False, True]
    made = y_res[regression.is_synthetic_]
    assert len(made) == 120
    assert made.min() >= claims[claims > 0].min()
    assert boxplot_relevance(-claims) == sorted((-value, phi) for value, phi in boxplot_relevance(claims))
