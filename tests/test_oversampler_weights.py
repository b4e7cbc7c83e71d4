"""Arrays beside X and y: weights and groups of rows go in and come out, also through metadata routing."""

import pickle

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn import config_context
from sklearn.linear_model import LogisticRegression

from ganaug import GANOversampler, ImageGAN, TabularGAN


def sampler(**params):
    model = TabularGAN(n_steps=20, hidden_sizes=(16,), device="cpu")
    return GANOversampler(**{"model": model, "random_state": 0} | params)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    y = np.repeat(["common", "rare"], [160, 40])
    X = pd.DataFrame({"x": rng.normal(size=200) + 2 * (y == "rare"), "z": rng.normal(size=200)})
    return X, y


def test_without_weights_real_rows_weigh_1_and_synthetic_ones_their_probability(table):
    fitted = sampler()
    fitted.fit_resample(*table)
    weights = fitted.sample_weight_
    assert (weights[~fitted.is_synthetic_] == 1).all()
    synthetic = weights[fitted.is_synthetic_]
    assert synthetic.min() > 0
    assert synthetic.max() <= 1
    assert len(np.unique(synthetic)) > 20
    # the class lies at greater x: synthetic rows that do so weigh more
    X_res, _ = sampler().fit_resample(*table)
    x = X_res["x"].to_numpy()[fitted.is_synthetic_]
    assert np.corrcoef(x, synthetic)[0, 1] > 0.2


def test_given_weights_come_back_and_synthetic_rows_are_on_their_scale(table):
    X, y = table
    given = np.where(y == "rare", 300.0, np.arange(200))
    fitted = sampler()
    X_res, y_res = fitted.fit_resample(X, y, sample_weight=given)
    assert len(X_res) == len(y_res) == len(fitted.sample_weight_)
    assert fitted.sample_weight_[:200].tolist() == given.tolist()
    synthetic = fitted.sample_weight_[fitted.is_synthetic_]
    assert 30 < synthetic.mean() <= 300


def test_training_and_choice_follow_the_weights(table):
    X, y = table
    right = (X["z"] > 0).to_numpy()
    means = []
    for prior in ("mixture", "neighbors"):
        model = TabularGAN(n_steps=60, hidden_sizes=(16,), device="cpu", prior=prior)
        fitted = sampler(model=model, sampling_strategy={"rare": 200}).fit(X, y, sample_weight=np.where(right, 1, 0.01))
        means.append((fitted.sample(200, "rare")["z"] > 0).mean())
    fitted = sampler(sampling_strategy={"rare": 200})
    X_res, _ = fitted.fit_resample(X, y, sample_weight=np.where(right, 1.0, 0.0))
    means.append((X_res["z"][fitted.is_synthetic_] > 0).mean())
    assert min(means) > 0.7, means  # 0.5 without weights


def test_equal_share_keeps_the_share_with_weights(table):
    X, y = table
    given = np.random.default_rng(0).uniform(0.5, 2, 200)
    fitted = sampler(sampling_strategy="equal share", synthetic_share=0.3)
    _, y_res = fitted.fit_resample(X, y, sample_weight=given)
    weights = pd.Series(fitted.sample_weight_)
    of_class = weights.groupby(y_res).sum()
    assert of_class.to_numpy() == pytest.approx(len(y_res) / 2)
    synthetic = weights[fitted.is_synthetic_].groupby(y_res[fitted.is_synthetic_]).sum()
    assert (synthetic / of_class).to_numpy() == pytest.approx(0.3)
    common = weights[: (y == "common").sum()] / given[: (y == "common").sum()]
    assert common.std() == pytest.approx(0)


@pytest.mark.parametrize("params", [{}, {"sampling_strategy": "equal share"}, {"sampling_strategy": {"rare": 40}}])
def test_every_row_has_a_source_of_its_class(table, params):
    X, y = table
    fitted = sampler(**params)
    X_res, y_res = fitted.fit_resample(X, y, groups=np.arange(200) // 4)
    sources = fitted.source_indices_
    assert (y[sources] == y_res).all()
    real = ~fitted.is_synthetic_
    assert X_res[real].reset_index(drop=True).equals(X.iloc[sources[real]].reset_index(drop=True))
    assert fitted.groups_.tolist() == (sources // 4).tolist()


def test_the_source_is_the_nearest_row_of_the_class(table):
    X, y = table
    fitted = sampler()
    X_res, y_res = fitted.fit_resample(X, y)
    rows = fitted.model_.encode(X_res, y_res).features
    synthetic, rare = rows[fitted.is_synthetic_], rows[:200][y == "rare"]
    nearest = np.flatnonzero(y == "rare")[np.linalg.norm(synthetic[:, None] - rare[None], axis=2).argmin(axis=1)]
    assert fitted.source_indices_[fitted.is_synthetic_].tolist() == nearest.tolist()


def test_pickles_hold_weights_and_no_rows(table):
    X, y = table
    fitted = sampler()
    fitted.fit_resample(X, y, groups=np.arange(200))
    copied = pickle.loads(pickle.dumps(fitted))
    assert copied.sample_weight_.tolist() == fitted.sample_weight_.tolist()
    assert copied.is_synthetic_.tolist() == fitted.is_synthetic_.tolist()
    assert not hasattr(copied, "source_indices_")
    assert not hasattr(copied, "groups_")
    groups = fitted.groups_
    assert pickle.loads(pickle.dumps(fitted)).groups_.tolist() == groups.tolist()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(3), "shape"),
        (np.ones((200, 1)), "shape"),
        (np.r_[-1, np.ones(199)], "row 0 has -1"),
        (np.r_[np.nan, np.ones(199)], "row 0 has nan"),
        (np.r_[np.ones(160), np.zeros(40)], "all rows of class 'rare' is zero"),
        (["a"] * 200, "must hold numbers"),
    ],
)
def test_weights_that_cannot_be(table, weights, message):
    X, y = table
    for call in (sampler().fit_resample, sampler().fit, TabularGAN(n_steps=1).fit):
        with pytest.raises(ValueError, match=message):
            call(X, y, sample_weight=weights)


def test_groups_that_cannot_be(table):
    X, y = table
    with pytest.raises(ValueError, match=r"groups must have the shape \(200,\)"):
        sampler().fit_resample(X, y, groups=[1, 2])
    images, of = np.zeros((40, 8, 8), np.uint8), np.repeat([0, 1], [30, 10])
    with pytest.raises(ValueError, match="groups are for tables"):
        GANOversampler().fit_resample(images, of, groups=np.arange(40))


def test_images_are_drawn_by_weight_too():
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    y, weights = np.repeat([0, 1], [30, 10]), np.r_[np.ones(39), 5]
    model = ImageGAN(n_steps=2, width=4, latent_size=4, batch_size=4, device="cpu")
    fitted = sampler(model=model)
    fitted.fit_resample(images, y, sample_weight=weights)
    assert fitted.sample_weight_[:40].tolist() == weights.tolist()
    assert fitted.sample_weight_[40:].tolist() == [1.4] * 20  # the mean of the class
    assert not hasattr(fitted, "source_indices_")


def test_a_pipeline_routes_weights_and_groups_to_the_sampler(table):
    X, y = table
    weights, groups = np.linspace(0.5, 1.5, 200), np.arange(200) // 4
    with config_context(enable_metadata_routing=True):
        asks = sampler().set_fit_resample_request(sample_weight=True, groups=True)
        pipeline = make_pipeline(asks, LogisticRegression().set_fit_request(sample_weight=False))
        pipeline.fit(X, y, sample_weight=weights, groups=groups)
        assert pipeline[0].sample_weight_[:200].tolist() == weights.tolist()
        assert pipeline[0].groups_[:200].tolist() == groups.tolist()
        # scikit-learn's rule: what is passed must be asked for, or refused
        with pytest.raises(ValueError, match="set_fit_resample_request"):
            make_pipeline(sampler(), LogisticRegression()).fit(X, y, sample_weight=weights)
    alone = sampler()
    alone.fit_resample(X, y, sample_weight=weights)
    np.testing.assert_array_equal(alone.sample_weight_, pipeline[0].sample_weight_)
