"""The question of images: is the best with synthetic images better than the best without?"""

import numpy as np
import pandas as pd
import pytest

from ganaug.comparison import ImageComparison, Selection
from ganaug.comparison.image_verdict import choice_of

SHARES = ("ganaug 0.2", "ganaug 0.5", "ganaug 0.2 + classical mild")
WITHOUT = ("none", "weights", "repeated", "classical mild", "classical strong")


def compared(means, n=5, noise=0.01, seed=0, classifiers=("CNN", "frozen features")):
    """Return scores around means; the noise of a split is shared by all ways, and so is not what is tested."""
    rng = np.random.default_rng(seed)
    rows = []
    for classifier in classifiers:
        of_split = rng.normal(0, 0.03, n)
        for name, mean in means.items():
            for split, score in enumerate(mean + of_split + rng.normal(0, noise, n)):
                row = {"sampler": name, "classifier": classifier, "split": split, "n_train": 80, "n_test": 20}
                row |= {"fit_seconds": 1.0, "note": "", "average precision": score, "balanced accuracy": score}
                rows.append(row)
    return ImageComparison(pd.DataFrame(rows), with_synthetic=tuple(name for name in means if name in SHARES))


def means_of(with_synthetic, without):
    found = dict.fromkeys(WITHOUT, without - 0.05) | {"classical strong": without}
    return found | dict.fromkeys(SHARES, with_synthetic - 0.05) | {"ganaug 0.2 + classical mild": with_synthetic}


def test_synthetic_images_that_help_are_chosen():
    comparison = compared(means_of(0.8, 0.7))
    helps = comparison.verdict[0]
    assert (helps.question, helps.answer) == ("Does it help?", "good")
    assert "synthetic images help: balanced accuracy 0.8" in helps.sentence
    assert "with ganaug 0.2 + classical mild, the best way with them, and 0.7" in helps.sentence
    assert "with classical strong, the best without" in helps.sentence
    assert comparison.best_ == "ganaug 0.2 + classical mild"
    questions = [found.question for found in comparison.verdict]
    assert questions[:4] == [
        "Does it help?",
        "Is it real?",
        "Is it safe to share?",
        "What is best without synthetic images?",
    ]
    assert questions.count("With which classifier, in which metric?") == 2
    assert len(repr(comparison).splitlines()) <= 10


def test_synthetic_images_that_do_harm_are_not():
    comparison = compared(means_of(0.7, 0.8))
    assert comparison.verdict[0].answer == "bad"
    assert "synthetic images do harm" in comparison.verdict[0].sentence
    assert comparison.best_ == "classical strong"


def test_not_shown_is_unknown_and_adds_none():
    comparison = compared(means_of(0.8, 0.8))
    helps = comparison.verdict[0]
    assert helps.answer == "unknown"
    assert "synthetic images are not shown to help" in helps.sentence
    assert comparison.best_ == "classical strong"
    # whatever they gain over "none": a good policy without them is as good
    assert comparison.summary("balanced accuracy").loc["ganaug 0.2 + classical mild", "is_better"]


def test_many_candidates_do_not_make_chance_a_gain():
    rng, n_wrong, gains = np.random.default_rng(0), 0, []
    for _ in range(40):
        many = {f"ganaug 0.{i}": 0.8 for i in range(10, 30)}
        found = compared({"none": 0.8, **many}, noise=0.03, seed=rng.integers(2**31), classifiers=("CNN",))
        comparison = ImageComparison(found.scores, with_synthetic=tuple(many))
        choice = comparison.choice
        gains.append(choice.gain)
        n_wrong += choice.helps
    # the best of twenty by its own mean would be .02 better in every trial
    assert abs(np.mean(gains)) < 0.008
    assert n_wrong <= 5


def test_below_five_splits_nothing_is_said():
    comparison = compared(means_of(0.9, 0.6), n=4)
    assert comparison.verdict[0].answer == "unknown"
    assert "Too few splits were run to say: 4, and at least 5 are needed" in comparison.verdict[0].sentence
    assert comparison.best_ == "classical strong"
    assert compared(means_of(0.9, 0.6), n=1).best_ == "classical strong"


def test_what_failed_is_left_out_and_named():
    comparison = compared(means_of(0.9, 0.6))
    scores = comparison.scores
    failed = (scores["sampler"] == "ganaug 0.2 + classical mild") & (scores["split"] == 2)
    scores.loc[failed, ["average precision", "balanced accuracy"]] = np.nan
    scores.loc[failed, "note"] = "RuntimeError: no"
    assert comparison.choice.with_synthetic != "ganaug 0.2 + classical mild"
    assert any(found.question == "What could not be scored?" for found in comparison.verdict)
    scores.loc[scores["sampler"].isin(SHARES), ["average precision", "balanced accuracy"]] = np.nan
    assert comparison.choice is None
    assert comparison.best_ == "classical strong"
    assert "there is no score with synthetic images" in comparison.verdict[0].sentence


def test_without_a_way_that_is_better_than_none_it_says_so():
    comparison = compared({"none": 0.9, "weights": 0.5, "ganaug 0.2": 0.5})
    found = comparison.verdict[3]
    assert found.answer == "unknown"
    assert 'no way is better than "none": balanced accuracy 0.' in found.sentence
    assert comparison.best_ == "none"


def test_the_selection_says_why():
    comparison = compared(means_of(0.8, 0.8))
    selection = Selection("classical strong", None, "balanced accuracy", comparison, "strong")
    assert selection.verdict[0].sentence.startswith("classical strong is chosen, without synthetic images. Averaged")
    helped = compared(means_of(0.9, 0.8))
    selection = Selection(helped.best_, None, "balanced accuracy", helped, "mild")
    assert selection.verdict[0].sentence.startswith("ganaug 0.2 + classical mild is chosen, with synthetic images. ")


def test_one_classifier_alone():
    comparison = compared(means_of(0.9, 0.8), classifiers=("CNN",))
    assert comparison.verdict[0].sentence.startswith("With CNN, synthetic images help")
    choice = choice_of(comparison.scores, SHARES, classifier="CNN")
    assert choice == comparison.choice
    assert choice.low < choice.gain < choice.high


@pytest.mark.parametrize("name", ["figure", "frame", "heading"])
def test_it_is_a_comparison(name):
    comparison = compared(means_of(0.9, 0.8))
    if name == "figure":
        assert comparison.plot().axes
    elif name == "frame":
        assert len(comparison.frame()) == 8 * 2 * 5
    else:
        assert comparison.heading == "Comparison of 8 ways to train on images, 2 classifiers, 5 splits"
