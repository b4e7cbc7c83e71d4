"""How candidates are weighed."""

import numpy as np
import pytest
from small_texts import LABELS, SPAM, TEXTS, tiny_texts

from ganaug.metrics import KnownTexts, distinct_ngrams
from ganaug.models.text_choice import REFUSED, ClassJudge, Repetition, few_texts, weights_of

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


def test_only_classes_of_few_texts_are_kept_from_repeating_themselves():
    assert few_texts(np.repeat([0, 1, 2], [49, 50, 5])) == {0, 2}


def test_a_text_counts_as_repeated_by_the_share_of_its_pairs_of_words():
    repetition = Repetition()
    assert repetition.penalty(["win", "a", "prize"]) == 0
    repetition.add(["win", "a", "prize"])
    whole, half = repetition.penalty(["win", "a", "prize"]), repetition.penalty(["win", "a", "car"])
    assert whole == 2 * half > 0
    assert repetition.penalty([]) == repetition.penalty(["win"]) == 0  # there is no pair
    # a repeated text stays better than a copy
    assert whole < -REFUSED / 2


def test_texts_of_a_small_class_repeat_each_other_less(tmp_path):
    model = tiny_texts(random_state=0).fit(TEXTS, LABELS)
    assert model.few_ == {int(i) for i in np.flatnonzero(np.unique(LABELS, return_counts=True)[1] < 50)}
    label = model.classes_[1]
    varied = {}
    for few in (set(), {1}):
        model.few_ = few
        varied[bool(few)] = distinct_ngrams(list(model.sample([label] * 100, random_state=0)))
    assert varied[True] > varied[False] + 0.02
    model.save(tmp_path / "m")
    again = type(model).load(tmp_path / "m")
    assert again.few_ == {1}
    # each text depends on those before it only
    assert list(again.sample([label] * 70, random_state=0)[:65]) == list(model.sample([label] * 65, random_state=0))
