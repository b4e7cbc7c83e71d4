"""TabularGAN: reproducible, safe to store, steady, and it learns the joint distribution of a class."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.utils.estimator_checks import parametrize_with_checks

from ganaug import TabularGAN


@parametrize_with_checks([TabularGAN(n_steps=2, hidden_sizes=(8,), batch_size=16, random_state=0)])
def test_scikit_learn_checks(estimator, check):
    import warnings

    with warnings.catch_warnings():
        # some checks have classes of fewer than six rows, of which we warn
        warnings.filterwarnings("ignore", message="Too few rows")
        check(estimator)


@pytest.mark.slow
@pytest.mark.parametrize("prior", ["mixture", "neighbors", "noise"])
# ranks push clusters together that are far apart, so that a soft edge of one reaches a little into the next
@pytest.mark.parametrize(("numeric", "bound"), [("standard", 0.97), ("quantile", 0.9)])
def test_the_class_asked_for_is_the_class_generated(prior, numeric, bound):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [500, 60, 30])
    X = rng.normal(size=(590, 2)) * 0.3 + np.array([[0, 0], [4, 0], [0, 4]])[y]
    # drifting spreads rows between clusters that are far apart: .89 (mixture) and .87 (noise) after the default steps
    model = TabularGAN(prior=prior, numeric=numeric, matching=None, random_state=0).fit(X, y)
    made = model.sample(np.repeat([0, 1, 2], 300))
    nearest = np.linalg.norm(made[:, None] - np.array([[0, 0], [4, 0], [0, 4]]), axis=2).argmin(1)
    assert (nearest == np.repeat([0, 1, 2], 300)).mean() > bound


@pytest.mark.slow
@pytest.mark.parametrize("prior", ["mixture", "neighbors", "noise"])
def test_missing_cells_come_as_often_and_together_as_in_the_class(prior):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [600, 200])
    gone = rng.random(800) < np.where(y == 1, 0.5, 0.1)
    X = pd.DataFrame({"a": rng.normal(size=800), "b": rng.normal(size=800), "c": rng.choice(["u", "v"], 800)})
    X.loc[gone, ["a", "b"]] = np.nan  # a and b are missing together, and only there
    made = TabularGAN(prior=prior, random_state=0).fit(X, y).sample(np.repeat([0, 1], 500))
    assert made["c"].notna().all()
    assert (made["a"].isna() == made["b"].isna()).mean() > 0.95
    assert abs(made["a"][:500].isna().mean() - 0.1) < 0.08
    assert abs(made["a"][500:].isna().mean() - 0.5) < 0.12


def test_exact_numbers_of_a_wide_table(tiny_model):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.integers(0, 5, size=(60, 80))).rename(columns=str)
    made = tiny_model.fit(X, np.repeat([0, 1], 30)).sample(np.ones(50, int))
    assert made.isin(range(5)).all(axis=None)
    assert (made.dtypes == X.dtypes).all()


def test_a_table_of_constants(tiny_model):
    X = pd.DataFrame({"a": [1] * 20, "b": ["x"] * 20})
    made = tiny_model.fit(X, np.repeat([0, 1], 10)).sample([1, 1])
    assert_frame_equal(made, X[:2])


def test_the_budget_follows_width_and_classes(tiny_model):
    rng = np.random.default_rng(0)
    model = TabularGAN(max_time=1e-6, patience=None, device="cpu")
    y = np.repeat(np.arange(20), 10)
    assert model.fit(rng.normal(size=(200, 5)), y)._budget() == (460, 320)
    assert model.fit(rng.normal(size=(200, 100)), y % 2)._budget() == (700, 128)
    assert model.set_params(n_steps=7, batch_size=9).fit(rng.normal(size=(200, 5)), y)._budget() == (7, 9)


@pytest.mark.parametrize("hidden_sizes", [(), (0,), (-3,), ("a",), (8.7,)])
def test_hidden_sizes_are_named_when_wrong(mixed, tiny_model, hidden_sizes):
    with pytest.raises(ValueError, match=r"'hidden_sizes' .* must be a list of at least one positive int"):
        tiny_model.set_params(hidden_sizes=hidden_sizes).fit(*mixed)


@pytest.mark.parametrize("dropout", [0.001, 0.999])
def test_any_dropout_trains(mixed, tiny_model, dropout):
    assert len(tiny_model.set_params(dropout=dropout).fit(*mixed).sample(["a"])) == 1


@pytest.mark.parametrize("learning_rate", [1.0, 5.0])
def test_a_training_without_use_says_so(learning_rate):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [150, 50])
    X = pd.DataFrame({f"x{i}": rng.normal(size=200) + y for i in range(5)})
    # from noise alone: anchors keep columns varied whatever the networks do
    options = {"prior": "noise", "matching": None, "hidden_sizes": (16,), "device": "cpu"}
    model = TabularGAN(n_steps=200, learning_rate=learning_rate, random_state=0, **options)
    with pytest.warns(UserWarning, match=r"hardly vary.*'x\d'.*learning_rate|collapsed|diverged"):
        model.fit(X, y)


def customers(n=120):
    """Return customers with a number and a note, and whether they left."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "customer": [f"C{i:05d}" for i in rng.permutation(10**5)[:n]],
            "number": range(1000, 1000 + n),
            "note": [" ".join(rng.choice(list("abcdefgh"), 15)) for _ in range(n)],
            "x": rng.normal(size=n),
        }
    )
    return X, np.repeat(["stays", "leaves"], [n - 30, 30])


def test_identifiers_are_new_and_the_user_is_told(tiny_model):
    X, y = customers()
    with pytest.warns(UserWarning, match="identify rows") as caught:
        tiny_model.fit(X, y)
    (warning,) = caught
    assert "new values of the same form, which no training row has, in 'customer', 'number'." in str(warning.message)
    assert "They are empty in 'note'" in str(warning.message)
    assert "ignore=[]" in str(warning.message)
    new = tiny_model.sample(["leaves"] * 500)
    assert (new.dtypes == X.dtypes).all()
    for name in ("customer", "number"):
        assert new[name].is_unique
        assert not new[name].isin(X[name]).any()
    assert new["customer"].str.fullmatch(r"C\d{5}").all()
    assert new["note"].isna().all()
    assert_frame_equal(tiny_model.sample(["leaves"] * 40), new[:40])
    assert not (tiny_model.sample(["leaves"] * 40, random_state=7)["customer"] == new["customer"][:40]).any()


def test_identifiers_are_distinct_over_all_parts(tiny_model, monkeypatch):
    X, y = customers()
    with pytest.warns(UserWarning, match="identify rows"):
        tiny_model.fit(X, y)
    whole = tiny_model.sample(["leaves"] * 60)
    monkeypatch.setattr(tiny_model, "_n_decoded", 25)
    parts = list(tiny_model.sample_parts(["leaves"] * 60))
    assert [len(part) for part in parts] == [25, 25, 10]
    assert_frame_equal(pd.concat(parts, ignore_index=True)[["customer", "number"]], whole[["customer", "number"]])


def test_a_file_holds_no_identifier(tiny_model, tmp_path):
    X, y = customers()
    with pytest.warns(UserWarning, match="identify rows"):
        tiny_model.fit(X, y)
    tiny_model.save(tmp_path / "model")
    stored = (tmp_path / "model").read_bytes()
    assert not [cell for name in ("customer", "note") for cell in X[name] if cell.encode() in stored]
    assert_frame_equal(TabularGAN.load(tmp_path / "model").sample(["leaves"] * 9), tiny_model.sample(["leaves"] * 9))


@pytest.mark.parametrize("options", [{"ignore": []}, {"ignore": None}, {"categorical_features": ["customer", "note"]}])
def test_identifiers_can_be_learned_all_the_same(tiny_model, options):
    X, y = customers()
    new = tiny_model.set_params(**options).fit(X.drop(columns="number"), y).sample(["leaves"] * 50)
    assert new["customer"].isin(X["customer"]).all()
    assert new["note"].isin(X["note"]).all()


@pytest.mark.parametrize("activation", ["relu", "gelu", "tanh"])
def test_the_activation_changes_the_networks_and_is_stored(tmp_path, activation):
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.repeat([0, 1], 30)
    rows = []
    for name in (activation, "leaky_relu"):
        model = TabularGAN(activation=name, n_steps=30, hidden_sizes=(8,), device="cpu", random_state=0).fit(X, y)
        rows.append(model.sample([0] * 5))
        model.save(tmp_path / "m.gan")
        np.testing.assert_array_equal(TabularGAN.load(tmp_path / "m.gan").sample([0] * 5), rows[-1])
    assert not np.array_equal(*rows)


@pytest.mark.parametrize("form", [np.asarray, list, lambda X: X.tolist()])
def test_an_array_of_three_dimensions_is_refused_with_its_shape(form):
    with pytest.raises(ValueError, match=r"X has shape \(20, 9, 3\), but a table .*X\.reshape\(20, -1\).* 27 values"):
        TabularGAN().fit(form(np.zeros((20, 9, 3))), np.repeat([0, 1], 10))
