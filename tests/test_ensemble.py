"""Bagging with one generator."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from ganaug import GANBaggingClassifier, GANOversampler, TabularGAN
from ganaug.models import ConditionalGAN

TINY = GANOversampler(model=TabularGAN(n_steps=20, hidden_sizes=(16,), device="cpu"), random_state=0)


class Seen(LogisticRegression):
    """Keeps what it was fitted to."""

    def fit(self, X, y):
        self.seen_ = X, y
        return super().fit(X, y)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    y = np.repeat(["common", "rare"], [180, 20])
    return rng.normal(size=(200, 2)) + 2 * (y == "rare")[:, None], y


@pytest.mark.parametrize(("class_size", "size"), [("middle", 60), ("majority", 180), (1.0, 20), (2.0, 40), (99.0, 180)])
def test_bags_are_balanced_and_each_has_its_own_rows(table, class_size, size, monkeypatch):
    X, y = table
    fits = []
    fit = ConditionalGAN.fit_checked
    monkeypatch.setattr(ConditionalGAN, "fit_checked", lambda *a, **k: fits.append(1) or fit(*a, **k))
    ensemble = GANBaggingClassifier(Seen(), 4, sampler=TINY, class_size=class_size, random_state=0).fit(X, y)
    assert len(fits) == 1 and len(ensemble.estimators_) == 4  # noqa: PT018
    known = {tuple(row) for row in X}
    synthetic = []
    for estimator in ensemble.estimators_:
        rows, labels = estimator.seen_
        assert pd.Series(labels).value_counts().to_dict() == {"common": size, "rare": size}
        is_real = np.array([tuple(row) in known for row in rows])
        assert is_real.sum() == size + min(size, 20)
        assert set(labels[~is_real]) <= {"rare"}
        synthetic.append({tuple(row) for row in rows[~is_real]})
    assert len(set.union(*synthetic)) == 4 * max(size - 20, 0)


def test_the_same_seed_gives_the_same_probabilities(table):
    X, y = table
    ensemble = GANBaggingClassifier(n_estimators=3, sampler=TINY, random_state=0)
    first, second = (clone(ensemble).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first.sum(axis=1), 1)
    assert not np.array_equal(first, clone(ensemble).set_params(random_state=1).fit(X, y).predict_proba(X))
    fitted = clone(ensemble).fit(X, y)
    assert fitted.predict(X).tolist() == fitted.classes_[first.argmax(axis=1)].tolist()
    assert (fitted.predict(X) == y).mean() > 0.85


def test_bags_take_several_generators_in_turn_which_differ_in_their_seed_alone(table):
    X, y = table
    ensemble = GANBaggingClassifier(Seen(), 5, sampler=TINY, n_generators=2, random_state=0)
    first, second = (clone(ensemble).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    assert first.sampler_ is first.samplers_[0]
    weights = [sampler.model_.generator_.head.weight for sampler in first.samplers_]
    alone = clone(TINY).fit(X, y)
    assert len(weights) == 2 and weights[0].equal(alone.model_.generator_.head.weight)  # noqa: PT018
    assert not weights[0].equal(weights[1])
    other = clone(TINY).set_params(random_state=first.samplers_[1].random_state).fit(X, y)
    assert weights[1].equal(other.model_.generator_.head.weight)
    # one bag after the other: rows of bag i are those of generator i modulo 2
    for index, sampler in enumerate(first.samplers_):
        sampler.model_.sample = partial(_rows_of, index)
    first._new_samplers = lambda rng: [_Fitted(sampler) for sampler in first.samplers_]
    first.fit(X, y)
    assert [int(bag.seen_[0].max() - 1e6) for bag in first.estimators_] == [0, 1, 0, 1, 0]


def _rows_of(index, y, *args, **more):
    return np.full((len(y), 2), 1e6 + index)


class _Fitted:
    """A sampler that keeps what it has learned."""

    def __init__(self, sampler):
        self.sampler = sampler

    def fit(self, X, y):
        return self.sampler


def test_frames_with_text_and_several_classes():
    rng = np.random.default_rng(0)
    y = pd.Series(np.repeat([5, 7, 9], [60, 30, 12]), name="grade")
    X = pd.DataFrame({"x": rng.normal(size=102) + y, "kind": rng.choice(list("ab"), 102)})
    encoder = make_column_transformer(
        (OneHotEncoder(), make_column_selector(dtype_exclude="number")), remainder="passthrough"
    )
    ensemble = GANBaggingClassifier(make_pipeline(encoder, DecisionTreeClassifier()), 3, sampler=TINY, random_state=0)
    assert ensemble.fit(X, y).predict_proba(X).shape == (102, 3)
    assert cross_val_score(ensemble, X, y, cv=2).mean() > 0.6

    class NotTrained(GANOversampler):
        def fit(self, X, y):
            raise AssertionError("trained before the columns were checked")

    with pytest.raises(ValueError, match="X has others in 'kind'"):  # the tree of None takes numbers alone
        GANBaggingClassifier(sampler=NotTrained()).fit(X, y)


@pytest.mark.parametrize(
    "params",
    [
        {"n_estimators": 0},
        {"class_size": 0.5},
        {"class_size": "all"},
        {"sampler": TabularGAN()},
        {"estimator": 3},
        {"n_generators": 0},
    ],
)
def test_parameters_are_validated_before_training(table, params):
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter"):
        GANBaggingClassifier(**params).fit(*table)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_estimators": 2}, "n_generators=3 is more than n_estimators=2"),
        ({"sampler": GANOversampler(checkpoint="run.train")}, "checkpoint='run.train' is one file"),
        ({"sampler": GANOversampler(model=TabularGAN(checkpoint="run.train"))}, "checkpoint='run.train' is one file"),
    ],
)
def test_several_generators_that_cannot_be_had_are_refused_before_training(table, params, message):
    with pytest.raises(ValueError, match=message):
        GANBaggingClassifier(n_generators=3, **params).fit(*table)
