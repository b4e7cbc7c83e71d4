"""Rows with given cells, and cells that are filled."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug import GANOversampler, ImageGAN, TabularGAN


def table(n=600):
    rng = np.random.default_rng(0)
    size = rng.choice(["small", "large"], n, p=[0.7, 0.3])
    frame = pd.DataFrame(
        {
            "size": size,
            "weight": np.round(rng.normal(np.where(size == "large", 9.0, 3.0), 1.0), 2),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), "D"),
            "count": rng.integers(0, 50, n),
            "kind": pd.Categorical(rng.choice(list("abc"), n)),
            "note": np.where(rng.random(n) < 0.2, None, np.where(size == "large", "heavy", "light")),
        }
    )
    return frame, pd.Series(np.where(rng.random(n) < 0.3, "yes", "no"), name="bought")


@pytest.fixture(scope="module")
def model():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TabularGAN(n_steps=60, hidden_sizes=(32,), device="cpu", random_state=0).fit(*table())


@pytest.mark.parametrize(
    "given",
    [
        {"size": "large"},
        {"weight": 4.25, "kind": "b"},
        {"day": "2024-03-05"},
        {"day": pd.Timestamp("2024-03-05"), "count": 7},
        {"count": 7.0},
        {"note": None},
        {"size": "small", "weight": 3.1, "day": "2024-03-05", "count": 7, "kind": "a", "note": "light"},
    ],
)
def test_rows_have_exactly_the_given_cells(model, given):
    X, _y = table()
    rows = model.sample(["yes"] * 30, given=given)
    assert (rows.dtypes == X.dtypes).all()
    assert list(rows) == list(X)
    assert len(rows) == 30
    for name, cell in given.items():
        assert rows[name].isna().all() if cell is None else (rows[name] == cell).all()
    assert len(rows.drop_duplicates()) > (20 if len(given) < 6 else 0)
    for name in rows:  # the others are legal
        is_legal = rows[name].isin(X[name])
        if X[name].dtype.kind in "fiM":
            is_legal = rows[name].between(X[name].min(), X[name].max())
        assert is_legal.all()
    pd.testing.assert_frame_equal(rows, model.sample(["yes"] * 30, given=given))
    assert len(given) == 6 or not rows.equals(model.sample(["yes"] * 30, 1, given=given))


def test_the_other_cells_fit_to_the_given_ones(model):
    labels = ["no"] * 300
    large, small = (model.sample(labels, given={"size": size}) for size in ("large", "small"))
    assert abs(large["weight"].mean() - 9) < 1
    assert abs(small["weight"].mean() - 3) < 1
    assert (large["note"].dropna() == "heavy").mean() > 0.9
    by_weight = model.sample(labels, given={"weight": 8.5})
    assert (by_weight["size"] == "large").mean() > 0.9
    assert 0.5 < small["weight"].std() < 1.6


def test_a_cell_for_each_row(model):
    weights = np.round(np.linspace(2, 10, 20), 2)
    rows = model.sample(["no"] * 20, given={"weight": weights})
    assert rows["weight"].tolist() == weights.tolist()
    assert rows["size"][0] == "small"
    assert rows["size"][19] == "large"
    with pytest.raises(ValueError, match="has 3 values for 20 rows"):
        model.sample(["no"] * 20, given={"weight": [1, 2, 3]})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"size": "huge"}, r"'huge'.*known are 'large', 'small'|'huge'.*known are 'small', 'large'"),
        ({"kind": "z"}, "'kind' cannot hold 'z'; known are"),
        ({"weight": 99.0}, "'weight' cannot be 99.0: no training row had such a value; the nearest one is"),
        ({"count": 7.5}, "'count' cannot hold 7.5"),
        ({"count": "many"}, "'count' cannot hold 'many'"),
        ({"count": None}, "'count'"),
        ({"day": "sometime"}, "'day' cannot hold 'sometime'"),
        ({"wieght": 3}, "did you mean 'weight'"),
    ],
)
def test_cells_that_cannot_be(model, given, message):
    with pytest.raises(ValueError, match=message):
        model.sample(["no"] * 3, given=given)


@pytest.mark.parametrize("prior", ["noise", "neighbors"])
@pytest.mark.parametrize("kind", ["array", "polars"])
def test_every_prior_and_container(prior, kind):
    X, y = table(200)
    X = X[["size", "weight", "count"]]
    X = X.to_numpy(object) if kind == "array" else pl.from_pandas(X)
    model = TabularGAN(n_steps=60, hidden_sizes=(32,), prior=prior, device="cpu", random_state=0).fit(X, y)
    rows = model.sample(["no"] * 20, given={"size": "large"} if kind == "polars" else {0: "large"})
    assert type(rows) is type(X)
    assert rows.shape == (20, 3)
    first, second = (rows[:, 0], rows[:, 1]) if kind == "array" else (rows["size"], rows["weight"])
    assert set(first) == {"large"}
    assert np.mean([float(value) for value in second]) > 6


def test_identifiers_can_be_given():
    X, y = table(200)
    X.insert(0, "customer", [f"K{i:05d}" for i in range(200)])
    with pytest.warns(UserWarning, match="identify rows"):
        model = TabularGAN(n_steps=5, hidden_sizes=(8,), device="cpu", random_state=0).fit(X, y)
    rows = model.sample(["no"] * 3, given={"customer": "K99999", "size": "small"})
    assert set(rows["customer"]) == {"K99999"}
    assert model.sample(["no"] * 3, given={"size": "small"})["customer"].str.fullmatch(r"K\d+").all()


@pytest.mark.parametrize("sample_posterior", [False, True])
def test_missing_cells_are_filled_and_others_stay(model, sample_posterior):
    X, y = table()
    rng = np.random.default_rng(1)
    holes = X.astype({"count": float}).set_index(np.arange(600) + 5)
    for name in X:
        holes[name] = holes[name].mask(rng.random(600) < 0.3)
    before = holes.copy()
    filled = model.impute(holes, y, sample_posterior=sample_posterior)
    pd.testing.assert_frame_equal(holes, before)
    assert not filled.isna().any().any()
    assert filled.index.equals(holes.index)
    assert (filled.dtypes == holes.dtypes).all()
    for name in X:
        kept = holes[name].notna()
        assert filled[name][kept].equals(holes[name][kept])
        is_legal = filled[name].isin(X[name])
        if X[name].dtype.kind in "fiM":
            is_legal = filled[name].between(X[name].min(), X[name].max())
        assert is_legal.all()
    assert (filled["count"] % 1 == 0).all()
    lost = holes["weight"].isna() & holes["size"].notna()
    truth = X["weight"].set_axis(holes.index)[lost]
    assert np.sqrt(np.mean((filled["weight"][lost] - truth) ** 2)) < (1.4 if not sample_posterior else 2.0)
    wrong = filled["size"] != X["size"].set_axis(holes.index)
    assert wrong[holes["size"].isna() & holes["weight"].notna()].mean() < 0.1
    if sample_posterior:  # as spread as the real ones are
        assert filled["weight"][lost].std() == pytest.approx(truth.std(), rel=0.2)


@pytest.mark.filterwarnings("ignore:.*break a rule")
def test_what_fit_did_not_see_stays(model):
    X, y = table(50)
    X = X.astype({"kind": object, "weight": float})
    X.loc[:9, "kind"], X.loc[:9, "weight"], X.loc[:9, "size"] = "new", 1e6, None
    filled = model.impute(X, y)
    assert (filled["kind"][:10] == "new").all()
    assert (filled["weight"][:10] == 1e6).all()
    assert (filled["size"][:10] == "large").all()


def test_impute_with_a_column_of_many_levels():
    n = 400
    X = pd.DataFrame({"street": [f"street {i % 130}" for i in range(n)], "weight": np.arange(n) % 37 / 2})
    y = np.arange(n) % 4 == 0
    own = TabularGAN(n_steps=5, hidden_sizes=(8,), device="cpu", random_state=0).fit(X, y)
    holes = X.assign(weight=X["weight"].mask(np.arange(n) % 3 == 0))
    filled = own.impute(holes, y)
    assert filled["street"].tolist() == X["street"].tolist()
    assert filled["weight"].notna().all()


def test_impute_of_other_containers(model):
    X, y = table()
    rows = pl.from_pandas(X[["size", "weight"]])
    own = TabularGAN(n_steps=20, hidden_sizes=(16,), device="cpu", random_state=0).fit(rows, y)
    filled = own.impute(rows.with_columns(pl.when(pl.col("weight") > 3).then(pl.col("weight")).alias("weight")), y)
    assert isinstance(filled, pl.DataFrame)
    assert filled.schema == rows.schema
    assert filled["weight"].null_count() == 0
    array = X[["weight", "count"]].to_numpy(float)
    own = GANOversampler(model=TabularGAN(n_steps=20, hidden_sizes=(16,), device="cpu"), random_state=0).fit(array, y)
    holes = array.copy()
    holes[::3, 0] = np.nan
    filled = own.impute(holes, y)
    assert isinstance(filled, np.ndarray)
    assert not np.isnan(filled).any()
    assert (filled[1::3] == array[1::3]).all()
    assert own.impute(array, y) is array


def test_only_tables():
    X, y = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8), np.repeat([0, 1], [30, 10])
    model = ImageGAN(n_steps=2, width=4, latent_size=4, batch_size=4, device="cpu")
    sampler = GANOversampler(model=model).fit(X, y)
    with pytest.raises(ValueError, match="is for tables, but ImageGAN generates images"):
        sampler.sample(2, 1, given={"age": 3})
    with pytest.raises(ValueError, match="impute is for tables"):
        sampler.impute(X, y)


def test_given_cells_and_rules():
    rng = np.random.default_rng(0)
    start = rng.integers(0, 50, 400)
    X = pd.DataFrame({"start": start, "end": start + rng.integers(0, 50, 400), "x": rng.normal(size=400)})
    y = np.where(rng.random(400) < 0.3, "yes", "no")
    model = TabularGAN(n_steps=60, hidden_sizes=(32,), device="cpu", random_state=0, constraints=["start <= end"]).fit(
        X, y
    )
    rows = model.sample(["no"] * 200, given={"start": 40})
    assert (rows["start"] == 40).all()
    assert (rows["end"] >= 40).all()
    with pytest.warns(UserWarning, match="break a rule of the table with the given cells"):
        model.sample(["no"] * 5, given={"start": 40, "end": 20})


def test_a_missing_cell_may_be_given_in_a_nullable_column():
    X = pd.DataFrame({"calls": pd.array([1, 2, None, 4] * 20, dtype="Int64"), "b": np.arange(80) % 7.0})
    y = pd.Series(["a", "b"] * 40)
    model = TabularGAN(n_steps=2, hidden_sizes=(4,), device="cpu", random_state=0).fit(X, y)
    assert model.sample(["a"] * 5, given={"calls": None})["calls"].isna().all()
    assert (model.sample(["a"] * 5, given={"calls": 2})["calls"] == 2).all()
