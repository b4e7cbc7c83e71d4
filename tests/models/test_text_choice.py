"""How candidates are weighed."""

import numpy as np
import pytest
from small_texts import LABELS, SPAM, TEXTS

from ganaug.metrics import KnownTexts
from ganaug.models.text_choice import REFUSED, ClassJudge, weights_of

Y = (np.array(LABELS) == "spam").astype(int)


@pytest.fixture(scope="module")
def judge():
    return ClassJudge.fitted(TEXTS, Y, seed=0)


def test_the_judge_knows_classes(judge):
    found = judge.log_probability(["see you today", "WIN 700 pounds now"], np.array([0, 1]))
    assert (np.exp(found) > 0.6).all()
    texts = ["see you at win", "", "日本"]
    both = [np.exp(judge.log_probability(texts, np.full(3, label))) for label in (0, 1)]
    np.testing.assert_allclose(both[0] + both[1], 1, rtol=1e-5)


def test_three_classes_and_one_class():
    three = ClassJudge.fitted(["a b", "c d", "e f"] * 6, np.array([0, 1, 2] * 6), seed=0)
    assert (np.exp(three.log_probability(["a", "c", "f"], np.array([0, 1, 2]))) > 0.4).all()
    one = ClassJudge.fitted(["a", "b"], np.array([0, 0]), seed=0)
    assert np.exp(one.log_probability(["a"], np.array([0]))).tolist() == [1.0]


def test_the_judge_is_restored_from_its_arrays(judge):
    again = ClassJudge(**judge.state())
    assert again.log_probability(TEXTS, Y).tolist() == judge.log_probability(TEXTS, Y).tolist()


def test_copies_and_empty_texts_are_refused_and_likely_texts_preferred(judge):
    texts = [SPAM[0], "", "win pounds", "win pounds"]
    weights = weights_of(texts, np.array([0, 0, -2.0, -1.0]), np.ones(4, int), 4, judge, KnownTexts.of(TEXTS))
    assert (weights[:2] < REFUSED / 2).all()
    assert weights[3] > weights[2] > REFUSED / 2
    assert weights[0] > weights[1]  # a copy is better than nothing


def test_the_class_counts_more_than_the_likelihood(judge):
    texts = ["win 700 pounds please", "see you please"]
    weights = weights_of(texts, np.array([-9.0, 0.0]), np.ones(2, int), 2, judge, KnownTexts.of([]))
    assert weights[0] > weights[1]
