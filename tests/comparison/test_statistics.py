"""Intervals and tests allow for overlapping training rows and for the number of samplers."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logit

from ganaug.comparison import Comparison


def test_nothing_is_taught_by_noise(found):
    # with no effect at all, of 200 comparisons about ten may find one
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(200):
        frame = found({"a": (0,), "b": (0,), "c": (0,)}, metrics=("average precision",)).frame()
        frame["average precision"] = rng.normal(size=len(frame))
        wrong += Comparison(frame).best_ != "none"
    assert wrong <= 16


def test_intervals_and_tests_allow_for_overlap(found):
    comparison = found({"SMOTE": (0.01, 0.02, 0)}, noise=0.05)
    row = comparison.summary().query("sampler == 'SMOTE' and metric == 'average precision'").iloc[0]
    scores = comparison.frame().query("sampler == 'SMOTE'")["average precision"]
    error = np.sqrt((1 / 10 + 0.25) * scores.var(ddof=1))
    assert row["mean"] == pytest.approx(scores.mean())
    # on the logit scale, on which the error is divided by the slope
    mean = scores.mean()
    assert logit(row["high"]) - logit(mean) == pytest.approx(2.262157 * error / (mean * (1 - mean)))
    assert logit(mean) - logit(row["low"]) == pytest.approx(2.262157 * error / (mean * (1 - mean)))
    assert row["difference"] == pytest.approx(scores.mean() - 0.5)
    # none is 0.5 throughout
    assert row["difference_high"] - row["difference"] == pytest.approx(2.262157 * error)
    assert row["p"] == pytest.approx(2 * stats.t.sf(abs(scores.mean() - 0.5) / error, 9))
    assert row["p"] > stats.ttest_1samp(scores, 0.5).pvalue


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_intervals_stay_within_the_range_of_the_metric(found, n):
    rng = np.random.default_rng(n)
    frame = found({"SMOTE": (0, 0, 0)}, n=n).frame()
    for metric in ("average precision", "balanced accuracy", "Brier score"):
        frame[metric] = rng.beta(0.3, 0.3, len(frame)).round(2)
    summary = Comparison(frame).summary().query("sampler == 'SMOTE'")
    assert summary["low"].between(0, summary["mean"]).all()
    assert summary["high"].between(summary["mean"], 1).all()
    assert summary["difference_low"].between(-1, summary["difference"]).all()
    assert summary["difference_high"].between(summary["difference"], 1).all()
    # three classes: a Brier score up to 2
    frame["Brier score"] = 2 - 0.1 * rng.random(len(frame))
    brier = Comparison(frame).summary().query("metric == 'Brier score'")
    assert brier["high"].between(brier["mean"], 2).all()


def test_p_values_are_adjusted_for_the_number_of_samplers(found):
    alone = found({"SMOTE": (0.03, 0, 0)}, noise=0.03).summary()
    among = found({"SMOTE": (0.03, 0, 0), "a": (0, 0, 0), "b": (0, 0, 0)}, noise=0.03).summary()
    p, adjusted = (
        float(of.query("sampler == 'SMOTE' and metric == 'average precision'")["p"].iloc[0]) for of in (alone, among)
    )
    assert adjusted == pytest.approx(3 * p)


def test_with_one_classifier_both_summaries_say_the_same(found):
    comparison = found({"SMOTE": (0.03, 0, 0.1), "weights": (0.1, 0, -0.1)}, noise=0.03)
    for metric, sign in (("average precision", 1), ("Brier score", -1)):
        each = comparison.summary().query("metric == @metric").set_index("sampler").drop(index="none")
        over = comparison.summary(metric).drop(index="none")
        np.testing.assert_allclose(over[["mean", "p"]], each[["mean", "p"]])
        np.testing.assert_allclose(over["gain"], sign * each["difference"])
        np.testing.assert_allclose(over["high"] - over["gain"], each["difference_high"] - each["difference"])
    with pytest.raises(ValueError, match="metric='accuracy' was not measured; use one of average precision"):
        comparison.summary("accuracy")


def test_a_mean_over_fewer_splits_is_none(found):
    frame = found({"SMOTE": (0.3, 0.3, 0), "weights": (0.2, 0, 0)}).frame()
    metrics = ["average precision", "balanced accuracy", "Brier score"]
    frame.loc[(frame["sampler"] == "SMOTE") & (frame["split"] == 3), [*metrics, "note"]] = [np.nan] * 3 + [
        "Error: too few"
    ]
    comparison = Comparison(frame)
    assert comparison.best_ == "weights"
    assert comparison.verdict[-1].sentence == ("SMOTE with tree could not be scored in 1 of 10 splits. Error: too few")
    assert comparison.means().loc[("tree", "SMOTE")].isna().all()
