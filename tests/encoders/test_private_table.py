"""Laws of the encoder that learns from noisy histograms."""

import numpy as np
import pandas as pd
import pytest

from ganaug.encoders import TableEncoder, fit_private_table


def table(n=600, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "price": np.round(rng.gamma(2, 20, n), 2),
            "gain": np.where(rng.random(n) < 0.7, 0.0, rng.gamma(2, 2_000, n)),
            "note": pd.Series(np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n))),
            "plan": rng.choice(["basic", "gold"], n),
            "flag": rng.random(n) < 0.3,
        }
    )


BOUNDS = {"age": (18, 100), "price": (0, 300, 0.01), "gain": (0, 30_000), "note": (-4, 4)}


def fit(X, noise=0.0, bounds=BOUNDS, levels=None, y=None, n_classes=2, delta=1e-6, seed=0):
    y = np.arange(len(X)) % n_classes if y is None else y
    rng = np.random.default_rng(seed)
    return fit_private_table(X, y, n_classes=n_classes, bounds=bounds, levels=levels, noise=noise, delta=delta, rng=rng)


def test_decodes_what_it_encodes():
    X = table()
    found = fit(X)
    back = found.encoder.decode(found.rows.double())
    pd.testing.assert_frame_equal(back[["age", "plan", "flag"]], X[["age", "plan", "flag"]])
    for name in ("price", "gain", "note"):
        assert (back[name].isna() == X[name].isna()).all()
        # encoded rows are of single precision
        np.testing.assert_allclose(back[name].dropna(), X[name].dropna(), atol=2e-3 * np.ptp(BOUNDS[name][:2]))
    assert (back["gain"] == 0).equals(X["gain"] == 0)
    assert np.allclose(back["price"], np.round(back["price"], 2), atol=1e-9)


def test_histograms_without_noise_are_the_shares():
    X = table()
    found = fit(X)
    np.testing.assert_array_equal(found.counts, [300, 300])
    assert found.encoder.block_sizes_ == (2, 2, 2, 2)  # gain with zeros, note with missing cells, plan, flag
    shares = found.levels.numpy()
    for label in (0, 1):
        rows = X.iloc[label::2]
        expected = [(rows["gain"] == 0).mean(), rows["note"].isna().mean(), (rows["plan"] == "gold").mean()]
        np.testing.assert_allclose(shares[label, [1, 3, 5]], expected, atol=1e-9)
    np.testing.assert_allclose(found.shares.sum(2), 1.0)


def test_one_row_changes_all_counts_by_the_declared_norm(monkeypatch):
    # the counts before the noise, of all columns and the classes: a row is one count in each
    seen = []
    import ganaug.encoders.private_table as module

    noisy = module._noisy
    monkeypatch.setattr(
        module, "_noisy", lambda cells, y, shape, *rest: seen.append(noisy(cells, y, shape, 0.0, rest[1])) or seen[-1]
    )
    X = table()
    declared = {"plan": ["basic", "gold"]}
    first = fit(X.iloc[:-1], levels=declared)
    n = len(seen)
    second = fit(X, levels=declared)
    changes = [b - a for a, b in zip(seen[:n], seen[n:], strict=True)] + [second.counts - first.counts]
    assert sum(float((change**2).sum()) for change in changes) == X.shape[1] + 1


def test_knows_nothing_but_noisy_counts_and_declarations():
    # another row of the same bins: encoder and prior are the same bit for bit, with the same noise
    X, other = table(), table()
    other.loc[0, "price"] = X.loc[0, "price"] + 0.01 if X.loc[0, "price"] % 15 < 14.9 else X.loc[0, "price"] - 0.01
    first, second = fit(X, noise=1.0), fit(other, noise=1.0)
    assert first.encoder.state()[0] == second.encoder.state()[0]
    for one, two in zip(first.encoder.state()[1].values(), second.encoder.state()[1].values(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert all((getattr(first, of) == getattr(second, of)).all() for of in ("ranks", "shares", "levels"))


def test_rare_levels_are_nowhere():
    X = table()
    X["plan"] = X["plan"].astype(object)
    X.loc[7, "plan"] = "the plan of one person"
    X["mail"] = [f"person{i}@example.org" for i in range(len(X))]
    X["kind"] = pd.Categorical(["rare" if i == 9 else "usual" for i in range(len(X))])
    found = fit(X, noise=2.0)
    description = str(found.encoder.state())
    assert "one person" not in description
    assert "person1@" not in description
    assert "'rare'" not in description
    back = found.encoder.decode(found.rows.double())
    assert set(back["plan"]) == {"basic", "gold"}
    assert back["mail"].isna().all()
    assert list(back["kind"].cat.categories) == ["usual"]


def test_a_level_of_one_row_is_hardly_ever_kept():
    X = pd.DataFrame({"a": ["x"] * 200 + ["one"]})
    kept = [
        len(fit(X, noise=3.0, bounds=None, delta=0.05, seed=seed).encoder.columns_[0].vocabulary) for seed in range(400)
    ]
    assert 0.01 < np.mean(np.array(kept) == 2) < 0.10  # delta, and the noise is there


def test_no_end_of_the_range_is_that_of_a_row():
    X = table()
    X.loc[0, "price"] = 299.99
    X.loc[1, "note"] = 1_000.0
    state = fit(X, noise=1.0).encoder.state()[1]
    assert state["3.knots"].min() == -4
    assert state["3.knots"].max() == 4
    assert state["1.knots"].max() == 30_000


def test_declared_levels_replace_others_and_keep_the_dtype():
    X = pd.DataFrame({"code": [1, 2, 3, 7] * 50})
    found = fit(X, bounds=None, levels={"code": [1, 2, 3]})
    back = found.encoder.decode(found.rows)
    assert back["code"].dtype == X["code"].dtype
    assert set(back["code"]) == {1, 2, 3}
    assert (back["code"][X["code"] < 7] == X["code"][X["code"] < 7]).all()


@pytest.mark.parametrize("seed", range(3))
def test_with_noise_every_draw_is_legal_and_survives_a_file(seed):
    import torch

    X = table(80, seed)
    found = fit(X, noise=20.0, seed=seed)
    description, arrays = found.encoder.state()
    read = TableEncoder.from_state(description, arrays)
    drawn = torch.randn(50, found.encoder.width_, generator=torch.Generator().manual_seed(seed)).double() * 5
    rows = found.encoder.decode(drawn)
    pd.testing.assert_frame_equal(read.decode(drawn), rows)
    assert rows["age"].between(18, 100).all()
    assert rows["price"].between(0, 300).all()
    assert list(rows.dtypes) == list(X.dtypes)


@pytest.mark.parametrize(
    ("change", "bounds", "levels", "words"),
    [
        ({}, None, None, "not declared.*bounds="),
        ({}, {**BOUNDS, "wrong": (0, 1)}, None, "'wrong', which is no column"),
        ({}, {**BOUNDS, "age": (5, 5)}, None, "lower one first"),
        ({}, {**BOUNDS, "age": 5}, None, "pair of numbers"),
        ({}, {**BOUNDS, "age": (0, 9, 0.5)}, None, "whole number"),
        ({}, {**BOUNDS, "price": (0, 9, -1)}, None, "step"),
        ({}, {**BOUNDS, "plan": (0, 9)}, None, "for numbers"),
        ({}, BOUNDS, {"age": [1]}, "in bounds and in levels"),
        ({}, BOUNDS, {"plan": []}, "list of 1 to"),
        ({}, BOUNDS, {"plan": ["a", "a"]}, "twice"),
        ({"day": pd.Timestamp("2020-01-01")}, BOUNDS, None, "'day' holds times"),
    ],
)
def test_refuses_what_is_not_declared(change, bounds, levels, words):
    with pytest.raises(ValueError, match=words):
        fit(table(20).assign(**change), bounds=bounds, levels=levels)


def test_refuses_arrays_of_text():
    with pytest.raises(ValueError, match="DataFrame"):
        fit(np.array([["a", "b"]] * 4))
