"""How texts of the smallest classes are edited."""

import numpy as np
import pytest

from ganaug.metrics import KnownTexts
from ganaug.models.text_edits import edited, new_edit, small_classes


def test_edits_keep_the_words():
    rng = np.random.default_rng(0)
    text = "one two three four five six"
    made = {edited([text], rng) for _ in range(50)}
    assert len(made) > 10
    assert all(set(of.split()) <= set(text.split()) for of in made)
    assert edited(["one"], rng)
    assert edited([""], rng).strip() == ""


def test_edits_keep_lines_and_scripts_without_spaces():
    rng = np.random.default_rng(0)
    lines = [edited(["one two\n\nthree four\tfive six"], rng) for _ in range(50)]
    assert all(set(of.split()) <= {"one", "two", "three", "four", "five", "six"} for of in lines)
    assert sum("\n\n" in of for of in lines) > 25
    chinese = {edited(["今天天气很好我们去公园"], rng) for _ in range(50)}
    assert len(chinese) > 10
    assert not any(" " in of for of in chinese)
    # vowels above a consonant stay on it
    assert all(not of.startswith("ี") and " ี" not in of for of in (edited(["สวีทดีมี"], rng) for _ in range(50)))


@pytest.mark.parametrize("text", ["WIN 100 pounds now at http://win.example/1", "今天天气很好我们去公园玩了一下午"])
def test_one_text_has_many_new_edits(text):
    rng, known, seen = np.random.default_rng(0), KnownTexts.of([text]), set()
    made = [new_edit([text], known, seen, rng) for _ in range(30)]
    assert (known.nearest_copies(made) < 0).mean() > 0.9
    assert len(set(made)) > 27


def test_empty_texts_do_not_make_a_class_large():
    texts, y = ["a b", "", " ", "", "c", "d"], np.array([0, 0, 0, 1, 2, 2])
    assert small_classes(texts, y, 1) == {0: ["a b"], 1: [""]}
