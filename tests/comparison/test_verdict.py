"""A verdict says no more than the tests show."""

import re

import numpy as np
import pytest

from ganaug.common.findings import HELPS, REAL, SAFE
from ganaug.comparison import Comparison, Selection
from ganaug.comparison.verdict import DETAILS, FAILED


def sentences(comparison, answer=None):
    return " ".join(of.sentence for of in comparison.verdict if answer in (None, of.answer))


@pytest.mark.parametrize("gain", [0.0, 0.2, -0.2])
def test_the_three_questions_stand_first_and_only_a_test_says_good(found, gain):
    comparison = found({"ganaug": (gain, 0, 0)})
    name = "ganaug" if gain > 0 else "none"
    for result in (comparison, Selection(name, None, "average precision", comparison)):
        assert [of.question for of in result.verdict][:3] == [HELPS, REAL, SAFE]
        assert {of.question for of in result.verdict[3:]} <= {DETAILS}
        assert {of.answer for of in result.verdict if of.question in (REAL, SAFE)} == {"unknown"}
        answers = {of.answer for of in result.verdict if of.question == HELPS}
        assert ("good" in answers) == (gain > 0)
        assert ("bad" in answers) == (gain < 0)
    assert "compare does not measure this. Use ganaug evaluate." in sentences(comparison)


def test_a_clear_winner_is_named(found):
    comparison = found({"weights": (0, 0.0, 0), "SMOTE": (0.1, 0.05, 0), "ganaug": (0.2, 0.3, 0)})
    assert comparison.best_ == "ganaug"
    first, _, _, _, second, third = comparison.verdict
    assert first.sentence.startswith(
        "With tree, ganaug has a higher average precision than no resampling: 0.698 against 0.500 (difference +0.198, "
        "95 % interval +0.18"
    )
    assert "p < 0.001). SMOTE (0.60" in first.sentence
    assert first.sentence.endswith("is better than no resampling as well.")
    assert first.numbers["ganaug"] == pytest.approx(0.698, abs=1e-3)
    assert first.numbers["none"] == 0.5
    assert 0 < first.numbers["low"] < first.numbers["difference"] < first.numbers["high"]
    assert "ganaug has a higher balanced accuracy than no resampling: 0.801 against 0.500" in second.sentence
    assert third.sentence.startswith("With tree, no sampler is shown to be better than no resampling in Brier score.")
    assert [of.answer for of in (first, second, third)] == ["good", "good", "unknown"]


def test_without_a_difference_the_answer_is_unknown(found):
    comparison = found({"weights": (0, 0, 0), "SMOTE": (0.02, 0.01, 0), "ganaug": (0.01, 0.02, 0)}, noise=0.05)
    assert comparison.best_ == "none"
    assert comparison.verdict[0].sentence.startswith(
        "With tree, no sampler is shown to help: the largest gain in average precision is that of SMOTE, +0.0"
    )
    assert comparison.verdict[0].sentence.endswith("Try more splits.")
    assert comparison.verdict[3].sentence.startswith(
        "With tree, no sampler is shown to be better than no resampling in average precision, balanced accuracy or "
        "Brier score. The clearest gain is that of weights in Brier score: 0.492 against 0.500 (10 splits; p = "
    )
    assert {of.answer for of in comparison.verdict} == {"unknown"}


def test_over_several_classifiers_the_first_answer_is_of_all(found):
    both = found({"ganaug": (0.2, 0, 0), "weights": (0.05, 0, 0)}, classifiers=("tree", "forest"))
    assert both.verdict[0].sentence.startswith(
        "Averaged over 2 classifiers, ganaug has a higher average precision than no resampling: 0."
    )
    neither = found({"ganaug": (0.01, 0, 0)}, noise=0.1, classifiers=("tree", "forest"))
    assert neither.verdict[0].answer == "unknown"
    assert neither.verdict[0].sentence.startswith(
        "Averaged over 2 classifiers, no sampler is shown to help: the largest gain in average precision is that of "
    )
    worse = found({"ganaug": (-0.2, 0, 0), "SMOTE": (-0.1, 0, 0)}, classifiers=("tree", "forest"))
    assert worse.verdict[0].answer == "bad"
    assert worse.verdict[0].sentence.startswith(
        "Averaged over 2 classifiers, every sampler has a lower average precision than no resampling. The smallest "
        "loss is that of SMOTE: 0.10"
    )


def test_a_threshold_that_does_as_well_is_preferred_to_rows(found):
    comparison = found({"ganaug": (0, 0.302, 0), "threshold": (0, 0.3, 0)}, noise=0.005)
    assert "threshold has a higher balanced accuracy than no resampling: 0.8" in sentences(comparison)
    said = sentences(comparison)
    assert "ganaug (0.8" in said
    assert "is better than no resampling as well." in said
    assert "threshold is named first, because it is simpler, and the test finds no difference from ganaug." in said
    clearly_less = found({"ganaug": (0, 0.4, 0), "threshold": (0, 0.3, 0)}, noise=0.005)
    assert "ganaug has a higher balanced accuracy" in sentences(clearly_less)


def test_all_that_are_better_are_named_the_best_of_them_first(found):
    comparison = found({"ganaug": (0.2, 0.3, 0), "SMOTE": (0.15, 0.1, 0), "random": (0.1, 0, 0)})
    first = comparison.verdict[0].sentence
    assert "ganaug has a higher average precision" in first
    assert first.index(" SMOTE (0.6") < first.index(" random (0.")
    assert first.endswith("are better than no resampling as well.")
    detail = next(of.sentence for of in comparison.verdict if "higher balanced accuracy" in of.sentence)
    assert detail.endswith("is better than no resampling as well.")
    assert " SMOTE (0." in detail


def test_a_gain_in_another_metric_stands_in_the_first_answer(found):
    comparison = found({"ganaug": (-0.01, 0.3, 0), "SMOTE": (-0.02, 0.1, 0)}, noise=0.02)
    first = comparison.verdict[0]
    assert first.answer == "unknown"
    assert "no sampler is shown to help: all 2 have the same or a worse average precision" in first.sentence
    assert "But in balanced accuracy, ganaug is better than no resampling: 0.798 against 0.500" in first.sentence


@pytest.mark.parametrize("gain", [0.0, 0.2])
def test_equal_classes_leave_nothing_to_resample(found, gain):
    comparison = Comparison(found({"ganaug": (gain, 0, 0)}).frame(), {"a": 50, "b": 50})
    said = "The classes are already equal (50 rows each), so there is nothing to resample."
    for result in (comparison, Selection("ganaug" if gain else "none", None, "average precision", comparison)):
        assert (said in result.verdict[0].sentence) == (gain == 0)
    other = Comparison(found({"ganaug": (gain, 0, 0)}).frame(), {"a": 50, "b": 51})
    assert said not in other.verdict[0].sentence


def test_of_equals_among_rows_the_faster_is_preferred(found):
    equal = {"ganaug": (0, 0.301, 0), "SMOTE": (0, 0.3, 0)}
    assert "SMOTE has a higher balanced accuracy" in sentences(found(equal, seconds={"ganaug": 9}))
    assert "ganaug has a higher balanced accuracy" in sentences(found(equal, seconds={"SMOTE": 9}))


def test_harm_is_told_and_less_is_better_for_the_brier_score(found):
    comparison = found({"SMOTE": (-0.2, 0, 0.2), "weights": (0, 0, -0.2)})
    bad, good = sentences(comparison, "bad"), sentences(comparison, "good")
    assert "With tree, SMOTE has a lower average precision than no resampling: 0.2" in bad
    assert "SMOTE has a higher Brier score than no resampling: 0.698 against 0.500" in bad
    assert "ganaug.calibrated corrects such probabilities." in bad
    assert "weights has a lower Brier score than no resampling: 0." in good
    assert "calibrated" not in good


def test_all_that_are_worse_stand_in_one_sentence_the_worst_of_them_first(found):
    comparison = found({"SMOTE": (-0.1, 0, 0), "random": (-0.3, 0, 0), "ganaug": (-0.2, 0, 0)})
    (said,) = [of.sentence for of in comparison.verdict[3:] if of.answer == "bad"]
    assert said.startswith("With tree, random has a lower average precision than no resampling: 0.2")
    assert re.search(r"ganaug \(0\.\d+\) and SMOTE \(0\.\d+\) are worse than no resampling as well\.$", said)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_below_five_splits_there_is_no_verdict(found, n):
    comparison = found({"ganaug": (0.3, 0.3, -0.3), "SMOTE": (-0.3, 0.1, 0.1)}, n=n, classifiers=("tree", "forest"))
    selection = Selection("none", None, "average precision", comparison)
    for result in (comparison, selection):
        helps = [of for of in result.verdict if of.question == HELPS]
        if n < 5:
            assert {of.answer for of in result.verdict} == {"unknown"}
            assert f"Too few splits were run to say: {n}, and at least 5 are needed." in helps[0].sentence
            assert " p " not in helps[0].sentence
    assert comparison.best_ == ("ganaug" if n == 5 else "none")
    assert comparison.summary("average precision")["is_better"].any() == (n == 5)


def test_too_few_rows_are_no_fault_and_are_said_in_plain_words(found):
    frame = found({"SMOTE": (0.3, 0.3, 0)}).frame()
    frame.loc[frame["sampler"] == "SMOTE", ["average precision", "balanced accuracy", "Brier score"]] = np.nan
    frame.loc[frame["sampler"] == "SMOTE", "note"] = (
        "too few rows: class b has 1 row to train on; ValueError: Expected n_neighbors <= n_samples_fit"
    )
    (failed,) = [of for of in Comparison(frame).verdict if of.question == FAILED]
    assert failed.answer == "unknown"
    assert failed.sentence == (
        "SMOTE with tree could not be scored in all 10 splits. There are too few rows: class b has 1 row to train on."
    )


def test_without_scores_of_none_nothing_is_said(found):
    frame = found({"SMOTE": (0.3, 0.3, 0)}).frame()
    frame.loc[frame["sampler"] == "none", ["average precision", "balanced accuracy", "Brier score"]] = np.nan
    first = Comparison(frame).verdict[0]
    assert first.answer == "unknown"
    assert first.sentence == (
        'With tree, the scores of "none" in average precision are missing, so nothing can be compared with no '
        "resampling."
    )


# --- of a selection --------------------------------------------------------------------------------------------------


@pytest.fixture
def chosen(found):
    def choose(gains, **how):
        """What a comparison of these gains makes of one of them."""
        comparison = found(
            {"random": (0,), "SMOTE": (0,), **{name: (gain,) for name, gain in gains.items()}}, ("F1",), **how
        )
        summary = comparison.summary("F1")
        usable = summary[summary["is_better"]].drop(index="SMOTE", errors="ignore")
        return Selection(str(usable["gain"].idxmax()) if len(usable) else "none", None, "F1", comparison)

    return choose


def test_the_reason_has_figures(chosen):
    good = chosen({"ganaug 1": 0.2}).verdict[0]
    assert good.sentence.startswith(
        "ganaug 1 is chosen, because it has a higher F1 than no resampling: 0.700 against 0.500 (difference +0.200, "
        "95 % interval +0.1"
    )
    assert good.answer == "good"
    unknown = chosen({"ganaug 1": 0.01}, noise=0.05).verdict[0]
    assert unknown.sentence.startswith(
        "Nothing is added. No candidate is shown to help: the largest gain in F1 is that of "
    )
    assert unknown.answer == "unknown"
    bad = chosen({"random": -0.2, "ganaug 1": -0.1}).verdict[0]
    assert bad.sentence.startswith(
        "Nothing is added. Every candidate has a lower F1 than no resampling. The smallest loss is that of ganaug 1"
    )
    assert bad.answer == "bad"


def test_the_reason_names_what_is_simpler_and_as_good(chosen):
    assert (
        "random is simpler than ganaug 0.5, and its difference from ganaug 0.5 in F1 is not significant."
        in sentences(chosen({"random": 0.2, "ganaug 0.5": 0.204}))
    )
    assert "simpler" not in sentences(chosen({"random": 0.1, "ganaug 0.5": 0.3}))
    assert "simpler" not in sentences(chosen({"ganaug 1": 0.2}))


def test_smote_is_told_of_and_not_used(chosen):
    with_both = chosen({"SMOTE": 0.4, "ganaug 1": 0.2})
    assert with_both.verdict[0].sentence.startswith("ganaug 1 is chosen")
    assert with_both.verdict[-1].question == "Is SMOTE better?"
    assert with_both.verdict[-1].sentence.startswith("SMOTE has a higher F1 than no resampling: 0.")
    assert "does not choose SMOTE" in with_both.verdict[-1].sentence
    alone = chosen({"SMOTE": 0.4})
    assert alone.verdict[0].sentence.startswith("Nothing is added.")
    assert alone.verdict[0].answer == "unknown"
    assert alone.verdict[-1].question == "Is SMOTE better?"
    assert "SMOTE" not in sentences(chosen({"SMOTE": 0.1, "ganaug 1": 0.2}))
