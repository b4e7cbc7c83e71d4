"""The demonstration measures what it says."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ganaug.comparison import DEMO_METRICS, demo_splits, demo_verdict


def test_a_split():
    split = next(demo_splits(0))
    assert split.before.value_counts().to_dict() == {"benign": 178, "malignant": 14}
    assert split.after.value_counts().to_dict() == {"benign": 178, "malignant": 178}
    assert split.seconds > 0
    scores = pd.DataFrame(split.scores).set_index(["added", "classifier"])
    assert scores.index.get_level_values("added").unique().tolist() == ["none", "SMOTE", "ganaug"]
    assert scores[list(DEMO_METRICS)].notna().all(axis=None)
    # as one would measure it by hand
    X, y = load_breast_cancer(return_X_y=True)
    y = np.where(y == 0, "malignant", "benign")
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
    is_rare = y_train == "malignant"
    kept = ~is_rare | (is_rare.cumsum() <= 14)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(X_train[kept], y_train[kept])
    is_malignant, predicted = y_test == "malignant", model.predict(X_test) == "malignant"
    by_hand = [
        balanced_accuracy_score(is_malignant, predicted),
        f1_score(is_malignant, predicted),
        average_precision_score(is_malignant, model.predict_proba(X_test)[:, 1]),
    ]
    np.testing.assert_allclose(
        scores.loc[("none", "logistic regression"), list(DEMO_METRICS)].to_numpy(float), by_hand, rtol=1e-6
    )


@pytest.mark.parametrize(("gain", "words"), [(0.1, "ahead of"), (-0.1, "behind"), (0.0, "level with")])
def test_the_verdict(gain, words):
    rows = [
        {"split": split, "classifier": "tree", "added": added}
        | dict.fromkeys(DEMO_METRICS, 0.5 + gain * (added == "ganaug"))
        for split in range(6)
        for added in ("none", "SMOTE", "ganaug")
    ]
    said, n_better, n_worse, mean = demo_verdict(pd.DataFrame(rows), "SMOTE")
    assert said == words
    assert (n_better, n_worse) == (18 * (gain > 0), 18 * (gain < 0))
    assert mean == pytest.approx(gain)
