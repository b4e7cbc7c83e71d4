"""Synthetic rows keep the rules of their table."""

import numpy as np
import pandas as pd
import pytest

from ganaug import GANOversampler, ImageGAN, TabularGAN
from ganaug.constraints import Constraints, learn_constraints
from ganaug.models.constrained import keep_rules, without_rules_out_of_reach

N = 300


@pytest.fixture(scope="module")
def dated() -> tuple[pd.DataFrame, pd.Series]:
    """Return rows with dates, a sum, levels that never meet, and columns that are missing together."""
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 300, N), unit="D")
    a, b, gap = rng.integers(0, 100, N), rng.integers(0, 50, N), rng.random(N) < 0.3
    net = rng.choice(["no", "dsl", "fibre"], N)
    frame = pd.DataFrame(
        {
            "start": start,
            "end": start + pd.to_timedelta(rng.integers(0, 60, N), unit="D"),
            "net": net,
            "tv": np.where(net == "no", "none", rng.choice(["yes", "off"], N)),
            "a": a,
            "b": b,
            "total": a + b,
            "u": np.where(gap, np.nan, rng.normal(size=N)),
            "v": np.where(gap, np.nan, rng.normal(size=N)),
        }
    )
    return frame, pd.Series(np.repeat(["common", "rare"], [250, 50]), name="kind")


def n_broken(frame: pd.DataFrame) -> int:
    wrong = (
        (frame["end"] < frame["start"])
        | ((frame["net"] == "no") != (frame["tv"] == "none"))
        | (frame["a"] + frame["b"] != frame["total"])
        | (frame["u"].isna() != frame["v"].isna())
    )
    return int(wrong.sum())


@pytest.mark.parametrize("selection", ["auto", None])
def test_no_synthetic_row_breaks_a_rule(dated, tiny_model, selection):
    X, y = dated
    sampler = GANOversampler(model=tiny_model, selection=selection, random_state=0)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    constraints = sampler.model_.constraints_
    assert "start <= end" in repr(constraints)
    assert n_broken(X_resampled) == 0
    assert not constraints.broken(X_resampled, y_resampled).any()
    pd.testing.assert_frame_equal(X_resampled.iloc[:N], X)
    assert (X_resampled.dtypes == X.dtypes).all()


def test_without_rules_rows_break_them(dated, tiny_model):
    X, y = dated
    model = tiny_model.set_params(constraints=None).fit(X, y)
    assert len(model.constraints_) == 0
    assert n_broken(model.sample(["rare"] * 100)) > 50


def test_a_row_does_not_depend_on_those_that_follow(dated, tiny_model):
    X, y = dated
    model = tiny_model.fit(X, y)
    many = model.sample(["rare", "common"] * 100)
    pd.testing.assert_frame_equal(model.sample(["rare", "common"] * 10), many.iloc[:20])


def test_a_loaded_model_knows_the_rules(dated, tiny_model, tmp_path):
    X, y = dated
    model = tiny_model.set_params(constraints=["a + b <= 1000"]).fit(X, y)
    model.save(tmp_path / "model")
    loaded = TabularGAN.load(tmp_path / "model")
    assert repr(loaded.constraints_) == repr(model.constraints_)
    assert "a + b <= 1000" in repr(loaded.constraints_)
    pd.testing.assert_frame_equal(loaded.sample(["rare"] * 50), model.sample(["rare"] * 50))


def test_rules_of_the_user_are_added(dated, tiny_model):
    X, y = dated
    sampler = GANOversampler(
        model=tiny_model, constraints=["b < 45", lambda frame: frame["a"] != 7], sampling_strategy={"rare": 200}
    )
    with pytest.warns(UserWarning, match="real rows break"):
        X_resampled, _ = sampler.fit_resample(X, y)
    synthetic = X_resampled[sampler.is_synthetic_]
    assert (synthetic["b"] < 45).all()
    assert (synthetic["a"] != 7).all()
    assert n_broken(synthetic) == 0


def test_arrays_keep_rules_as_well(dated, tiny_model):
    X, y = dated
    rows = X[["a", "b", "total"]].to_numpy()
    synthetic = tiny_model.set_params(constraints=["column 0 <= column 2"]).fit(rows, y).sample(["rare"] * 100)
    assert synthetic.dtype == rows.dtype
    assert (synthetic[:, 0] + synthetic[:, 1] == synthetic[:, 2]).all()


@pytest.mark.parametrize("constraints", ["learn", 3, "start <= end"])
def test_other_values_are_refused(dated, tiny_model, constraints):
    with pytest.raises(ValueError, match="constraints"):
        tiny_model.set_params(constraints=constraints).fit(*dated)


def test_images_have_no_rules():
    X, y = np.zeros((12, 8, 8), dtype=np.uint8), np.repeat([0, 1], 6)
    with pytest.raises(ValueError, match=r"constraints=.* is given, but the model is ImageGAN"):
        GANOversampler(model=ImageGAN(), constraints=["a <= b"]).fit_resample(X, y)


def test_where_no_row_keeps_the_rules_the_user_is_told():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2)).round(2)
    real = pd.DataFrame(x, columns=["x", "y"])
    constraints = learn_constraints(real, pd.Series(["c"] * 60), given=["x * x + y * y < 100"])
    y = np.repeat(["c"], 4)
    far = pd.DataFrame({"x": [1.0, 99.0, 99.0, 2.0], "y": [0.0, 1.0, 2.0, 3.0]})
    with pytest.warns(UserWarning, match="Of 4 generated rows, 2 repeat another row"):
        kept = keep_rules(constraints, far, y, lambda places, turn: far.iloc[[1] * len(places)])
    assert kept["x"].tolist() == [1.0, 1.0, 2.0, 2.0]
    with pytest.warns(UserWarning, match="Of 2 generated rows, 2 break a rule"):
        keep_rules(constraints, far.iloc[1:3], y[:2], lambda places, turn: far.iloc[[1] * len(places)])


def test_without_rules_nothing_is_touched():
    rows = pd.DataFrame({"x": [1]})
    assert keep_rules(Constraints(), rows, np.array(["c"]), lambda places, turn: None) is rows


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["telco_churn", "hmeq", "adult", "bank_marketing"])
def test_rows_of_real_tables_keep_all_rules(real_data, name):
    X, y = real_data(name)
    some = np.random.default_rng(0).permutation(len(X))[:6_000]
    X, y = X.iloc[some], y.iloc[some]
    model = TabularGAN(n_steps=100, random_state=0).fit(X, y)
    synthetic = model.sample(np.repeat(model.classes_, 500))
    assert not model.constraints_.broken(synthetic, np.repeat(model.classes_, 500)).any()
    if name == "telco_churn":
        ratio = synthetic["TotalCharges"] / (synthetic["tenure"] * synthetic["MonthlyCharges"])
        assert ratio.dropna().between(0.6, 1.6).all()
        assert 0.01 < (ratio - 1).abs().median() < 0.05  # as in real rows: 0.02
        first = synthetic["tenure"] == 1
        assert (synthetic["TotalCharges"] == synthetic["MonthlyCharges"])[first].all()
        assert not ((synthetic["InternetService"] == "Fiber optic") & (synthetic["MonthlyCharges"] < 67)).any()


def test_rules_that_no_generated_row_keeps_are_given_up_and_named():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=400), "c": 20 + rng.normal(size=400)})
    table["b"] = table["a"] + rng.exponential(size=400)
    y = np.repeat([0, 1], 200)

    def above_nine(frame):
        return frame["c"] > 9

    constraints = learn_constraints(table, given=["a <= b", above_nine])
    assert without_rules_out_of_reach(constraints, table, y) == (constraints, [])
    # a function cannot be repaired: nine of ten rows of a class break it, and none of the other class
    generated = table.assign(c=np.where((y == 1) & (rng.random(400) < 0.9), 0.0, table["c"]))
    kept, left_out = without_rules_out_of_reach(constraints, generated, y)
    assert [sentence for sentence in left_out if "above_nine" in sentence]
    assert len(left_out) == 1
    assert len(kept) == len(constraints) - 1
