"""`select` chooses what a test shows to help, and gives the sampler back ready to use."""

from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from ganaug import GANOversampler, ImageGAN, TabularGAN, select
from ganaug.comparison.compare import _by_training
from ganaug.comparison.samplers import SharedTraining


@pytest.fixture
def scores_are(found, monkeypatch):
    """Let the comparison, which is not run, come out as told."""

    def told(gains):
        comparison = found(gains, metrics=("average precision",))
        monkeypatch.setattr(import_module("ganaug.comparison.select"), "compare", lambda *_, **__: comparison)

    return told


def test_where_decisions_are_lacking_rows_are_added(tiny):
    rng = np.random.default_rng(0)
    y = np.repeat(["well", "sick"], [720, 80])
    X = pd.DataFrame({"a": rng.normal(size=800) + 1.3 * (y == "sick"), "b": rng.choice(["u", "v"], 800)})
    X["when"] = pd.Timestamp("2024-01-01")
    X["c"] = rng.choice([1.0, np.nan], 800)
    options = {"sampler": tiny, "metric": "balanced accuracy", "classifiers": "LogisticRegression", "random_state": 3}
    choice = select(X, y, **options)
    assert choice.name == "random" or choice.name.startswith("ganaug")
    assert choice.verdict[0].sentence.startswith(f"{choice.name} is chosen, because it has a higher balanced accuracy")
    frame = choice.frame()
    assert list(frame.index) == ["none", "random", "SMOTE", "ganaug 0.25", "ganaug 0.5", "ganaug 1"]
    rivals = frame[frame["is_better"]].drop(index="SMOTE", errors="ignore")
    assert choice.name == rivals["gain"].idxmax()
    X_res, y_res = choice.sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(X_res[:800], X)
    assert (y_res == "sick").sum() > 80
    assert choice.verdict[0].sentence in repr(choice)


def test_where_nothing_helps_nothing_is_added_and_rows_come_back_as_they_are(mixed, tiny, fit_counter):
    X, y = mixed
    sampler = GANOversampler(model=tiny.model, callbacks=[fit_counter()])
    choice = select(
        X, y, sampler=sampler, classifiers="DecisionTreeClassifier", n_splits=3, n_repeats=1, random_state=0
    )
    assert fit_counter.n_fits == 0  # it hears the last training and no trials
    assert choice.name == "none"
    X_res, y_res = choice.sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(X_res, X)
    pd.testing.assert_series_equal(y_res, y)
    assert not choice.sampler.is_synthetic_.any()


def trainings(monkeypatch):
    """Return a list that grows by the number of rows at each training."""
    n_rows, fit_resample = [], GANOversampler.fit_resample

    def counted(self, X, y):
        n_rows.append(len(y))
        return fit_resample(self, X, y)

    monkeypatch.setattr(GANOversampler, "fit_resample", counted)
    return n_rows


def test_rows_of_pixels_are_trained_once_for_each_split(monkeypatch):
    trained_on = trainings(monkeypatch)
    digits = load_digits()
    kept = np.r_[np.flatnonzero(digits.target == 3)[:60], np.flatnonzero(digits.target == 8)[:24]]
    X, y = (digits.images[kept] * 15).astype(np.uint8)[..., None], digits.target[kept]
    model = ImageGAN(n_steps=2, width=4, latent_size=8, batch_size=8, device="cpu")
    options = {"classifiers": "HistGradientBoostingClassifier", "n_splits": 2, "n_repeats": 1, "random_state": 0}
    choice = select(X, y, sampler=GANOversampler(model=model), **options)
    assert trained_on == [42, 42]
    parts = [f"ganaug {part}" for part in ("0.25", "0.5", "1")]
    shares = [f"ganaug equal share {share}" for share in ("0.1", "0.2", "0.35", "0.5")]
    assert list(choice.frame().index) == ["none", "random", "SMOTE", *parts, *shares]
    assert choice.comparison.scores["note"].eq("").all()
    assert choice.comparison.scores["classifier"].unique().tolist() == ["HistGradientBoostingClassifier"]
    X_res, y_res = choice.sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_res[:84], X)
    assert len(X_res) == len(y_res) == len(choice.sampler.is_synthetic_)


def test_tables_are_trained_once_for_each_split(mixed, tiny, monkeypatch):
    trained_on = trainings(monkeypatch)
    candidates = ["ganaug 0.5", "ganaug equal share 0.2", "ganaug equal share 0.6"]
    options = {"classifiers": "DecisionTreeClassifier", "n_splits": 2, "n_repeats": 1, "random_state": 0}
    choice = select(*mixed, sampler=tiny, candidates=candidates, **options)
    assert trained_on == [100, 100]
    assert choice.comparison.scores["F1"].notna().all()
    assert list(choice.frame().index) == ["none", *candidates]


def test_candidates_that_share_a_training_run_in_one_process(tiny):
    shared = {name: SharedTraining(tiny, "part", 0.5, "folder") for name in ("one", "two")}
    assert _by_training({"none": "none", **shared, "SMOTE": "SMOTE"}) == [["none"], ["one", "two"], ["SMOTE"]]


def test_the_sampler_chosen_is_the_users_own(two, fit_counter, scores_are):
    scores_are({"ganaug 0.5": (0.3,)})
    callback = fit_counter()
    sampler = GANOversampler(model=TabularGAN(n_steps=2), selection=None, callbacks=[callback])
    choice = select(*two, sampler=sampler, random_state=7)
    assert choice.sampler.callbacks[0] is callback
    assert choice.sampler.random_state == 7
    assert choice.sampler.selection is None
    assert sampler.sampling_strategy == "auto"
    _, y_res = choice.sampler.fit_resample(*two)
    assert (y_res == "sick").sum() == 60  # from 24 half way to 96
    assert choice.sampler.is_synthetic_.sum() == 36


def test_an_equal_share_can_be_chosen(two, scores_are):
    scores_are({"ganaug equal share 0.2": (0.3,), "random": (0.1,)})
    sampler = GANOversampler(model=TabularGAN(n_steps=2), repeat_real=False)
    choice = select(*two, sampler=sampler, candidates=["random", "ganaug equal share 0.2"], random_state=7)
    assert choice.name == "ganaug equal share 0.2"
    assert choice.sampler.get_params(deep=False) | {"model": None, "random_state": None} == (
        sampler.get_params(deep=False)
        | {"sampling_strategy": "equal share", "synthetic_share": 0.2, "model": None, "random_state": None}
    )
    _, y_res = choice.sampler.fit_resample(*two)
    assert choice.sampler.is_synthetic_.sum() == 2 * 24
    assert len(y_res) == 120 + 2 * 24


def test_rows_are_repeated_if_that_is_best(two, scores_are):
    scores_are({"random": (0.3,)})
    choice = select(*two, random_state=0)
    assert choice.name == "random"
    _, y_res = choice.sampler.fit_resample(*two)
    assert np.unique(y_res, return_counts=True)[1].tolist() == [96, 96]
    assert not choice.sampler.is_synthetic_.any()


def test_few_rows_of_a_class_make_fewer_splits(two, tiny):
    X, y = two
    kept = np.r_[:30, 96:99]  # three rare ones
    options = {"sampler": tiny, "classifiers": "GaussianNB", "n_repeats": 1, "random_state": 0}
    choice = select(X.iloc[kept], y[kept], candidates=["random"], **options)
    assert choice.comparison.settings["n_splits"] == 3
    assert list(choice.frame().index) == ["none", "random"]
    groups = np.arange(120) % 2
    assert select(X, y, groups=groups, candidates="random", **options).comparison.settings["n_splits"] == 2
    with pytest.raises(ValueError, match="2 rows of each class, one to train and one to test, but class 'sick' has"):
        select(X.iloc[:97], y[:97], **options)
    with pytest.raises(ValueError, match="2 groups of each class"):
        select(X, y, groups=y == "sick", **options)


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        (["weights"], "unknown name 'weights'; use none, random, SMOTE, 'ganaug 0.5'"),
        (["ganaug"], "unknown name 'ganaug'"),
        (["ganaug 2"], "'ganaug 2' has 2, but needs a part above 0 and at most 1"),
        (["ganaug equal share 1"], "needs a share between 0 and 1"),
        ([3], "unknown name 3"),
    ],
)
def test_candidates_are_checked(two, candidates, message):
    with pytest.raises(ValueError, match=message):
        select(*two, candidates=candidates)


def test_select_says_what_is_wrong(two, tiny):
    with pytest.raises(ValueError, match="metric='accuracy' is not measured here; use one of average precision, ROC"):
        select(*two, metric="accuracy")
    with pytest.raises(ValueError, match=r"no resampling has no score in F1, .*: ValueError: Negative values"):
        select(*two, metric="F1", sampler=tiny, classifiers="MultinomialNB", n_splits=2, n_repeats=1)
