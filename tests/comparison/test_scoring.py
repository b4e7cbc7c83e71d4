"""Scores are those that scikit-learn gives, and classifiers take weights as they can."""

import pytest
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from ganaug import compare

METRICS = ["average precision", "ROC AUC", "balanced accuracy", "F1", "recall at precision 0.5", "Brier score"]


def test_scores_are_those_of_the_rarer_class(two, spy, nb):
    X, y = two
    frame = compare(X, y, samplers="none", **{**nb, "classifiers": {"nb": GaussianNB()}}).frame()
    compare(X, y, samplers=spy(), **nb)
    for (seen, labels), (_, row) in zip(spy.seen, frame.iterrows(), strict=True):
        test = ~X["number"].isin(seen["number"])
        model = GaussianNB().fit(seen, labels)  # scaling changes nothing for it
        chance = model.predict_proba(X[test])[:, list(model.classes_).index("sick")]
        assert row["average precision"] == pytest.approx(average_precision_score(y[test] == "sick", chance), abs=1e-6)
        assert row["ROC AUC"] == pytest.approx(roc_auc_score(y[test] == "sick", chance), abs=1e-6)
        assert row["Brier score"] == pytest.approx(brier_score_loss(y[test] == "sick", chance), abs=1e-6)


def test_classifiers_take_weights_as_they_can_and_need_no_probabilities(two, nb):
    classifiers = [LogisticRegression(), GaussianNB(), KNeighborsClassifier(), RidgeClassifier()]
    X, y = two
    options = {**nb, "samplers": ["weights", "threshold"], "classifiers": classifiers}
    frame = compare(X.drop(columns="number"), y, **options).frame()
    frame = frame.set_index(["sampler", "classifier"]).sort_index()
    assert "no class_weight and no sample_weight" in frame.loc[("weights", "KNeighborsClassifier"), "note"].iloc[0]
    assert frame.drop(index=("weights", "KNeighborsClassifier"))[METRICS[:5]].notna().all(axis=None)
    assert frame.xs("RidgeClassifier", level=1)["Brier score"].isna().all()
    for name in ("LogisticRegression", "GaussianNB"):
        weighed, plain = frame.loc[("weights", name)], frame.loc[("none", name)]
        assert weighed["Brier score"].mean() > plain["Brier score"].mean()
