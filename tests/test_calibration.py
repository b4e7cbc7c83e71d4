"""Probabilities after a change of the class shares: back to what they were, for known changes."""

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from ganaug import GANOversampler, TabularGAN
from ganaug.calibration import PriorCorrectedClassifier, calibrated

TINY = TabularGAN(n_steps=3, hidden_sizes=(8,), batch_size=16, device="cpu")


def gaussians(sizes, seed=0):
    """Unit Gaussians on a line, one for each class, a step of 1.5 apart; classes named a, b, c."""
    y = np.repeat(np.arange(len(sizes)), sizes)
    X = np.random.default_rng(seed).normal(size=(len(y), 1)) + 1.5 * y[:, None]
    return X, np.array(list("abc"))[y]


@parametrize_with_checks([PriorCorrectedClassifier(LogisticRegression())])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("sizes", [(950, 50), (900, 70, 30)])
def test_repeating_rows_is_undone(sizes):
    # Gaussian naive Bayes: repeating each row of a class the same number of times changes its prior and nothing else
    X, y = gaussians(sizes)
    n_times = dict(zip("abc", (1, 19, 4), strict=False))
    repeated = np.repeat(np.arange(len(y)), [n_times[label] for label in y])
    true = dict(zip("abc", sizes, strict=False))
    corrected = calibrated(GaussianNB(var_smoothing=0), true).fit(X[repeated], y[repeated])
    expected = GaussianNB(var_smoothing=0).fit(X, y)
    np.testing.assert_allclose(corrected.predict_proba(X), expected.predict_proba(X), atol=1e-9)
    assert (corrected.predict(X) == expected.predict(X)).all()


def test_a_known_shift_is_recovered():
    # trained on halves and used where one in fifty is ill: what is said on average is what is
    X, y = gaussians((5000, 5000))
    X_used, y_used = gaussians((49_000, 1000), seed=1)
    model = calibrated(LogisticRegression(), prior=[0.98, 0.02]).fit(X, y)
    said = model.predict_proba(X_used)[:, 1]
    assert said.mean() == pytest.approx(0.02, abs=0.002)
    assert model.classifier_.predict_proba(X_used)[:, 1].mean() > 0.2
    highest = said > np.quantile(said, 0.99)
    assert (y_used[highest] == "b").mean() == pytest.approx(said[highest].mean(), abs=0.05)


def test_class_weights_are_undone():
    X, y = gaussians((950, 50))
    balanced = LogisticRegression(class_weight="balanced")
    assert balanced.fit(X, y).predict_proba(X)[:, 1].mean() > 0.2
    assert calibrated(balanced).fit(X, y).predict_proba(X)[:, 1].mean() == pytest.approx(0.05, abs=0.005)


def test_a_pipeline_with_a_sampler_needs_no_shares():
    X, y = gaussians((950, 50))
    X_new, y_new = gaussians((9500, 500), seed=1)
    pipeline = make_pipeline(StandardScaler(), RandomOverSampler(random_state=0), LogisticRegression())
    shifted = clone(pipeline).fit(X, y).predict_proba(X_new)[:, 1]
    model = calibrated(pipeline).fit(X, y)
    corrected = model.predict_proba(X_new)[:, 1]
    assert model.prior_.tolist() == [0.95, 0.05]
    assert corrected.mean() == pytest.approx(0.05, abs=0.01)
    assert brier_score_loss(y_new == "b", corrected) < 0.5 * brier_score_loss(y_new == "b", shifted)
    assert roc_auc_score(y_new, corrected) == pytest.approx(roc_auc_score(y_new, shifted), abs=1e-9)
    last = make_pipeline(StandardScaler(), RandomOverSampler(random_state=0), calibrated(LogisticRegression(), [19, 1]))
    np.testing.assert_allclose(last.fit(X, y).predict_proba(X_new)[:, 1], corrected)


def test_without_resampling_nothing_changes():
    X, y = gaussians((95, 5))
    plain = LogisticRegression().fit(X, y).predict_proba(X)
    np.testing.assert_allclose(calibrated(LogisticRegression()).fit(X, y).predict_proba(X), plain)


def test_it_takes_tables_with_missing_cells_and_ours():
    X, y = gaussians((60, 20))
    X = pd.DataFrame(X, columns=["x"]).mask(np.arange(80)[:, None] % 9 == 0)
    pipeline = make_pipeline(GANOversampler(model=TINY, random_state=0), HistGradientBoostingClassifier(max_iter=5))
    probability = cross_val_predict(calibrated(pipeline), X, y, cv=2, method="predict_proba")
    np.testing.assert_allclose(probability.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ({"a": 1}, r"must have exactly the classes of y as keys: \['a', 'b'\]"),
        ({"a": 1, "b": 1, "z": 1}, "must have exactly the classes"),
        ([1, 2, 3], r"in the order \['a', 'b'\]"),
        ([1, 0], "shares above 0"),
        ([1, np.nan], "shares above 0"),
        ("x", "prior"),
    ],
)
def test_shares_are_checked(prior, message):
    X, y = gaussians((10, 10))
    with pytest.raises(ValueError, match=message):
        calibrated(LogisticRegression(), prior).fit(X, y)


def test_prediction_waits_for_fit():
    X, _ = gaussians((10, 10))
    with pytest.raises(NotFittedError):
        calibrated(LogisticRegression()).predict(X)
