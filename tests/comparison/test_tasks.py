"""Continuous targets and several labels: how y is read, which samplers and scores there are, what the verdict says."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier

from ganaug import GANOversampler, TabularGAN, compare, select
from ganaug.comparison import Comparison
from ganaug.comparison.target_scoring import ERRORS, LABEL_METRICS
from ganaug.comparison.tasks import task_of
from ganaug.targets import GANMultilabelOversampler, GANRegressionOversampler


@pytest.fixture
def tiny():
    model = TabularGAN(n_steps=3, hidden_sizes=(8,), batch_size=16, device="cpu")
    return GANOversampler(model=model, selection=None)


@pytest.fixture
def prices():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=150), "town": rng.choice(["Bonn", "Trier"], 150)})
    return X, np.exp(X["a"] + 0.2 * rng.normal(size=150)).to_numpy()


@pytest.fixture
def films():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 3)), columns=list("abc"))
    y = pd.DataFrame({"comic": X.a > -0.5, "sad": X.b > 0, "war": X.c > 1.3})
    return X, y.astype(int)


def found(y, task="auto", relevance="auto"):
    return task_of(y, task, precision=0.5, relevance=relevance)


def test_what_y_is():
    rng = np.random.default_rng(0)
    numbers = rng.lognormal(size=200)
    labels = (rng.random((200, 3)) < (0.6, 0.5, 0.1)).astype(int)
    for y in (numbers, list(numbers), pd.Series(numbers, dtype=object), pl.Series(numbers), numbers[:, None]):
        assert found(y).name == "regression"
        np.testing.assert_array_equal(found(y).y, numbers)
    for y in (labels, labels.tolist(), labels.astype(bool), pd.DataFrame(labels).astype("Int8"), pl.DataFrame(labels)):
        assert found(y).name == "multilabel"
        np.testing.assert_array_equal(found(y).y, labels)
    for y in (["a", "b"] * 9, [0.0, 1.0] * 9, rng.integers(0, 30, 3000), pd.Series([True, False] * 5)):
        assert found(y).name == "classification"
    counted = np.rint(numbers * 15).astype(int)
    with pytest.warns(UserWarning, match="different whole numbers and is taken for a continuous target"):
        assert found(counted).name == "regression"
    assert found(counted, task="classification").name == "classification"
    assert found(rng.poisson(numbers), task="regression").name == "regression"


@pytest.mark.parametrize(
    ("y", "given", "says"),
    [
        (np.linspace(0, 1, 50), {}, r"no value of y is rare.*relevance=\[\(0\.5, 0\), \(0\.95, 1\)\]"),
        (np.linspace(0, 1, 50), {"relevance": [(5, 0), (6, 1)]}, "makes no value of y rare"),
        ([0.5, np.nan, 3.25] * 9, {}, "missing or infinite"),
        (["a", "b"] * 5, {"task": "regression"}, "must hold a number for each row"),
        (["a", "b"] * 5, {"task": "clustering"}, "task='clustering' must be 'auto', 'classification'"),
        (["a", "b"] * 5, {"relevance": [(0, 0), (1, 1)]}, "is for a continuous y"),
        ([[0, 1, 2]] * 9, {}, "other values than 0 and 1"),
        ([[1, 0]] * 9, {}, "all rows have the label 'label 0'"),
        ([[1, 0], [0, 1]] * 9, {}, "equally frequent"),
        ([0, 1] * 9, {"task": "multilabel"}, "MultiLabelBinarizer"),
    ],
)
def test_targets_that_cannot_be_compared(y, given, says):
    with pytest.raises(ValueError, match=says):
        compare(np.random.default_rng(0).normal(size=(len(y), 2)), y, **given)


def test_numbers(prices, tiny):
    X, y = prices
    samplers = {name: name for name in ("weights", "random", "SMOTER", "SMOGN")}
    samplers["ganaug"] = GANRegressionOversampler(sampler=tiny)
    comparison = compare(X, y, samplers=samplers, classifiers="Ridge", n_repeats=1, random_state=0)
    assert comparison.task == "regression"
    assert tuple(comparison.metrics) == ERRORS
    assert comparison.scores["sampler"].unique().tolist() == ["none", *samplers]
    assert comparison.scores[comparison.metrics].notna().all(axis=None)
    assert (comparison.scores["note"] == "").all()
    assert sum(comparison.classes.values()) == len(y)
    assert comparison.deviation == pytest.approx(y.std())
    # an error is not below 0, and it has no end
    summary = comparison.summary()
    assert (summary["low"] > 0).all()
    assert (summary[["low", "mean", "high"]].to_numpy() == np.sort(summary[["low", "mean", "high"]], axis=1)).all()
    assert "1 regressor, 5 splits" in repr(comparison)
    assert "Lower is better" in comparison.how_to_read
    # the unit is the standard deviation of y: other units, the same scores
    again = compare(X, 1000 * y, samplers=["SMOTER"], classifiers="Ridge", n_repeats=1, random_state=0)
    np.testing.assert_allclose(
        again.scores.query("sampler == 'SMOTER'")[list(ERRORS)],
        comparison.scores.query("sampler == 'SMOTER'")[list(ERRORS)],
    )


def test_labels(films, tiny, tmp_path):
    X, y = films
    samplers = {"weights": "weights", "random": "random", "MLSMOTE": "MLSMOTE"}
    samplers["ganaug"] = GANMultilabelOversampler(sampler=tiny)
    models = {"one": "LogisticRegression", "other": MultiOutputClassifier(LogisticRegression())}
    given = {"samplers": samplers, "classifiers": models, "n_repeats": 1, "random_state": 0}
    comparison = compare(X, y, results=tmp_path / "scores.csv", **given)
    assert comparison.task == "multilabel"
    assert tuple(comparison.metrics) == LABEL_METRICS
    assert comparison.classes == y.sum().to_dict()
    scores = comparison.scores[comparison.metrics]
    assert scores.notna().all(axis=None)
    assert ((scores >= 0) & (scores <= 1)).all(axis=None)
    # a logistic regression for each label is the same, whatever puts them together
    by_model = comparison.scores.query("sampler == 'none'").groupby("classifier")[comparison.metrics].mean()
    np.testing.assert_allclose(by_model.loc["one"], by_model.loc["other"])
    assert comparison.how_to_read == "Higher is better."
    size = (tmp_path / "scores.csv").stat().st_size
    pd.testing.assert_frame_equal(compare(X, y, results=tmp_path / "scores.csv", **given).frame(), comparison.frame())
    assert (tmp_path / "scores.csv").stat().st_size == size


def test_every_split_tests_rare_targets_and_keeps_groups_together(prices, films, spy):
    for X, y in (prices, films):
        spy.seen.clear()
        groups = np.arange(len(X)) // 2
        X = X.assign(number=np.arange(len(X)) + 0.25)
        model = Ridge() if np.ndim(y) == 1 else LogisticRegression()
        comparison = compare(X, y, groups=groups, samplers=spy(), classifiers=model, n_splits=3, random_state=0)
        assert comparison.scores[comparison.metrics].notna().all(axis=None)
        for seen, _ in spy.seen:
            trained = set(seen["number"].astype(int))
            assert not {row // 2 for row in trained} & {row // 2 for row in set(range(len(X))) - trained}


def test_names_of_other_targets_are_refused(prices, films):
    for (X, y), name, says in (
        (prices, "SMOTE", "use an instance or one of none, weights, random, SMOTER, SMOGN, ganaug"),
        (films, "SMOGN", "one of none, weights, random, MLSMOTE, ganaug"),
    ):
        with pytest.raises(ValueError, match=says):
            compare(X, y, samplers=[name])
    with pytest.raises(ValueError, match="'LogisticRegression' is no regressor"):
        compare(*prices, classifiers="LogisticRegression")
    with pytest.raises(ValueError, match="needs a table for X"):
        compare(np.zeros((150, 4, 4)), prices[1])
    with pytest.raises(ValueError, match=r"is more than the .* with rare targets"):
        compare(*prices, n_splits=60)
    with pytest.raises(ValueError, match=r"is more than the .* with label 'war'"):
        compare(*films, n_splits=60)
    with pytest.raises(ValueError, match=r"compare takes such targets"):
        select(*prices)


def test_a_model_of_several_labels_stays_as_it_is(films):
    task = found(films[1])
    assert isinstance(task.check_model("LogisticRegression"), OneVsRestClassifier)
    given = MultiOutputClassifier(LogisticRegression())
    assert task.check_model(given) is given


def made_up(of, gains):
    """Errors of a sampler, better or worse than those of none by so much."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"sampler": ["none"] * 6 + [of] * 6, "classifier": "Ridge", "split": [*range(6)] * 2})
    frame = frame.assign(n_train=80, n_test=20, fit_seconds=0.1, note="")
    for metric, gain in gains.items():
        frame[metric] = 1.5 - np.repeat([0, gain], 6) + rng.normal(0, 0.002, 12)
    return Comparison(frame)


def test_the_answer_says_what_the_help_costs():
    comparison = made_up("SMOGN", {"SERA": 0.4, "rare MAE": 0.5, "MAE": -0.2})
    assert comparison.best_ == "SMOGN"
    helps = comparison.verdict[0]
    assert helps.answer == "good"
    assert helps.sentence.startswith("With Ridge, SMOGN has a lower SERA than no resampling: 1.1")
    assert " At the same time, SMOGN is worse in MAE (1.7" in helps.sentence
    elsewhere = made_up("SMOGN", {"SERA": 0.0, "rare MAE": 0.5, "MAE": -0.2}).verdict[0]
    assert elsewhere.answer == "unknown"
    assert "But in rare MAE, SMOGN is better than no resampling" in elsewhere.sentence
    assert elsewhere.sentence.count("At the same time, SMOGN is worse in MAE (1.7") == 1
    worse = made_up("SMOGN", {"SERA": -0.4, "MAE": -0.2})
    assert worse.verdict[0].answer == "bad"
    assert worse.best_ == "none"
