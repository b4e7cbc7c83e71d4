"""Classifiers trained on synthetic rows: cases built so that the scores are known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ganaug.metrics import utility
from ganaug.metrics.utility import utility_scores

LINEAR = LogisticRegression()


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch):
    monkeypatch.setattr(utility, "_N_RESAMPLES", 5)


def table(n: int, seed: int = 0, sign: float = 1.0, share: float = 0.5) -> pd.DataFrame:
    x = np.random.default_rng(seed).normal(size=(n, 2))
    noisy = sign * x[:, 0] + 0.5 * np.random.default_rng(seed + 1000).normal(size=n)
    good = np.where(noisy > np.quantile(noisy, 1 - share), "yes", "no")
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "good": good})


def scores(found, metric: str = "ROC AUC") -> dict[str, float]:
    of_metric = found.scores[found.scores["metric"] == metric]
    return dict(zip(of_metric["trained on"], of_metric["value"], strict=True))


def test_is_what_scikit_learn_says():
    real, test = table(200, share=0.2), table(150, 1, share=0.2)
    model = make_pipeline(StandardScaler(), LINEAR).fit(real[["a", "b"]], real["good"])
    yes = test["good"] == "yes"
    chance = model.predict_proba(test[["a", "b"]])[:, 1]
    found = utility_scores(real, table(100, 2), "good", holdout=test, classifiers=[LINEAR], random_state=0)
    assert scores(found)["real"] == pytest.approx(roc_auc_score(yes, chance))
    assert scores(found, "average precision")["real"] == pytest.approx(average_precision_score(yes, chance))
    expected = balanced_accuracy_score(test["good"], model.predict(test[["a", "b"]]))
    assert scores(found, "balanced accuracy")["real"] == pytest.approx(expected)
    assert found.notes == []


def test_synthetic_rows_like_real_ones_are_as_good(monkeypatch):
    monkeypatch.setattr(utility, "_N_RESAMPLES", 20)
    found = utility_scores(table(300), table(300, 1), "good", holdout=table(300, 2), random_state=0)
    assert set(found.scores["classifier"]) == {"LogisticRegression", "HistGradientBoostingClassifier"}
    for _, of_classifier in found.scores.groupby("classifier"):
        value = of_classifier[of_classifier["metric"] == "ROC AUC"].set_index("trained on")["value"]
        assert (value > 0.85).all()
        assert abs(value["synthetic"] - value["real"]) < 0.06
    assert found.scores["value"].between(found.scores["low"] - 0.02, found.scores["high"] + 0.02).all()


@pytest.mark.parametrize("holdout", [None, table(300, 2)], ids=["inner split", "hold-out"])
def test_wrong_labels_and_copies(holdout):
    real, how = table(300), {"holdout": holdout, "classifiers": [LINEAR], "random_state": 0}
    wrong = scores(utility_scores(real, table(300, 1, sign=-1), "good", **how))
    assert wrong["synthetic"] < 0.15
    copied = utility_scores(real, real, "good", **how)
    assert abs(scores(copied)["synthetic"] - scores(copied)["real"]) < 0.02
    assert any("has seen these rows" in note for note in copied.notes) == (holdout is None)


def test_shuffled_labels_teach_nothing(monkeypatch):
    real, test, found = table(100), table(100, 1), []
    monkeypatch.setattr(utility, "_N_RESAMPLES", 1)
    for seed in range(10):
        noise = real.assign(good=real["good"].sample(frac=1, random_state=seed).array)
        found.append(scores(utility_scores(real, noise, "good", holdout=test, classifiers=[LINEAR]))["synthetic"])
    assert np.mean(found) == pytest.approx(0.5, abs=0.2)  # a single one is anywhere between 0 and 1


def test_guessing_has_the_floor_of_each_metric():
    found = utility_scores(
        table(200, share=0.2), table(99), "good", holdout=table(100, share=0.2), classifiers=[DummyClassifier()]
    )
    assert scores(found, "balanced accuracy")["real"] == 0.5
    assert scores(found)["real"] == 0.5
    assert scores(found, "average precision")["real"] == pytest.approx(0.2)


def test_several_classes_missing_cells_and_text(mixed):
    X, y = mixed
    frame = X.assign(target=y)
    found = utility_scores(frame, frame.iloc[::-1], "target", classifiers=[LINEAR], random_state=0)
    assert scores(found)["real"] > 0.6
    numbers = frame.assign(target=frame["target"].map({"a": 0, "b": 1, "c": 2}))
    again = utility_scores(numbers, numbers.iloc[::-1], "target", classifiers=[LINEAR], random_state=0)
    pd.testing.assert_frame_equal(again.scores, found.scores)


def test_same_seed_same_scores():
    first, second = (utility_scores(table(60), table(40, 1), "good", random_state=4).scores for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_what_cannot_be_used_is_left_out_and_said():
    synthetic = table(50).assign(good="yes")
    synthetic.loc[:9, "good"] = "perhaps"
    found = utility_scores(table(80), synthetic, "good", holdout=table(60, 2), classifiers=[LINEAR], random_state=0)
    assert np.isnan(scores(found)["synthetic"])
    assert scores(found)["both"] > 0.8
    assert found.notes == [
        "10 rows of synthetic were left out, because their class does not occur in real.",
        "All synthetic rows are of one class, so no classifier can learn from them.",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "gone"}, "target is 'gone', which is not a column"),
        ({"target": "a"}, "numbers rather than classes"),
        ({"real": table(50).assign(good="yes")}, "has 1 class"),
        ({"real": table(50)[["good"]], "synthetic": table(50)[["good"]]}, "no column besides the target"),
        ({"holdout": table(50).assign(good="perhaps")}, "no row with a known class"),
        ({"classifiers": [RidgeClassifier()]}, "RidgeClassifier has no predict_proba"),
    ],
)
def test_errors(change, message):
    given = {"real": table(50), "synthetic": table(50, 1), "target": "good", **change}
    with pytest.raises(ValueError, match=message):
        utility_scores(given.pop("real"), given.pop("synthetic"), given.pop("target"), **given)


@pytest.mark.parametrize("n_levels", [3, 1000], ids=["ties", "hardly any ties"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_resamples_have_the_scores_of_scikit_learn(n_levels, n_classes):
    rng = np.random.default_rng(0)
    y = rng.integers(n_classes, size=60)
    probabilities = rng.integers(1, n_levels, (60, n_classes)) / n_levels
    draws = [np.arange(60), *(rng.integers(60, size=60) for _ in range(5))]
    weights = np.array([np.bincount(rows, minlength=60) for rows in draws], dtype=float)
    found = utility._scores(y, probabilities, None, weights)
    for rows, (accuracy, area, precision) in zip(draws, found.T, strict=True):
        labels, chance = y[rows], probabilities[rows]
        present = np.unique(labels)
        assert accuracy == pytest.approx(balanced_accuracy_score(labels, chance.argmax(1)))
        assert area == pytest.approx(np.mean([roc_auc_score(labels == c, chance[:, c]) for c in present]))
        expected = np.mean([average_precision_score(labels == c, chance[:, c]) for c in present])
        assert precision == pytest.approx(expected)


def test_a_resample_of_one_class_has_no_score():
    y, chance = np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
    weights = np.array([[1, 1, 1], [0, 2, 1], [3, 0, 0]], dtype=float)
    found = utility._scores(y, chance, 1, weights)
    assert (found[:, 0] == 1).all()
    assert np.isnan(found[:, 1:]).all()
