"""Evaluation of texts: copies and texts of the wrong class are bad, and what cannot be known is not called good."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ganaug import evaluate
from ganaug.common.findings import HELPS, REAL, SAFE
from ganaug.evaluation import TextEvaluation, evaluate_texts, text_evaluation

WORDS = {
    "ham": "see you at home tonight ok my mum will come later and bring food for us all",
    "spam": "win free cash prize call now claim text stop mobile award urgent reply pounds week",
}


def texts(label, n, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS[label].split(), rng.integers(6, 14))) for _ in range(n)]


def both(n, seed):
    return [*texts("ham", n, seed), *texts("spam", n, seed + 100)]


Y = ["ham"] * 60 + ["spam"] * 60


@pytest.fixture(scope="module")
def good():
    return evaluate(both(60, 0), both(60, 1), holdout=both(60, 2), target=(Y, Y, Y), random_state=0)


def answers(evaluation, question):
    return {finding.answer for finding in evaluation.verdict if finding.question == question}


def test_new_texts_of_the_same_origin(good):
    assert isinstance(good, TextEvaluation)
    assert good.verdict[0].question == HELPS
    assert answers(good, REAL) <= {"good", "unknown"}
    assert "good" in answers(good, REAL)
    assert "bad" not in answers(good, SAFE)
    assert good.acceptance["spam"].share > 0.9
    assert good.copied["near"].found == 0
    assert good.heading == "120 synthetic texts compared with 120 real ones, 120 held out"


def test_the_frame_has_all_measures(good):
    frame = good.frame()
    assert list(frame.columns) == ["part", "measure", "value", "low", "high", "real", "meaning"]
    assert set(frame["part"]) == {"fidelity", "privacy"}
    assert {"distinct-2, spam", "self-BLEU, ham", "class acceptance, spam", "exact copies"} <= set(frame["measure"])
    assert frame[["value", "real"]].notna().all(axis=None)
    assert len(repr(good).splitlines()) <= 10
    assert "<table" in good._repr_html_()


def test_copies_are_not_safe():
    real = both(60, 0)
    found = evaluate_texts(real, [text.upper() for text in real], target=(Y, Y), random_state=0)
    assert found.copied["exact"].share == 1
    assert "bad" in answers(found, SAFE)
    assert len(found.copies()) == 120
    assert (found.copies()["edits"] == 0).all()


def test_texts_of_the_other_class_are_not_real():
    found = evaluate_texts(both(60, 0), [*texts("spam", 60, 5), *texts("spam", 60, 6)], target=(Y, Y), random_state=0)
    sentences = [of.sentence for of in found.verdict if of.answer == "bad" and of.question == REAL]
    assert any("Class ham" in of and "taken for their class" in of for of in sentences)


def test_texts_that_are_alike_are_too_little_varied():
    made = [*texts("ham", 3, 7) * 20, *texts("spam", 60, 8)]
    found = evaluate_texts(both(60, 0), made, target=(Y, Y), random_state=0)
    assert any("too much alike" in of.sentence and "Class ham" in of.sentence for of in found.verdict)


@pytest.mark.parametrize(("score", "answer"), [(2.9, "unknown"), (3.1, "bad")])
@pytest.mark.parametrize(("measure", "value", "sign"), [("self-BLEU", 0.99, 1), ("distinct-2", 0.01, -1)])
def test_diversity_is_too_low_only_beyond_what_random_draws_have(good, measure, value, sign, score, answer):
    rows = good.by_class.copy()
    chosen = (rows["measure"] == measure) & (rows["class"] == "spam")
    rows.loc[chosen, ["value", "score"]] = value, sign * score
    (found,) = [
        of for of in replace(good, by_class=rows).verdict if "Class spam" in of.sentence and "BLEU" in of.sentence
    ]
    assert found.answer == answer


def test_few_texts_are_unknown():
    found = evaluate_texts(texts("ham", 8), texts("ham", 5, 1), random_state=0)
    assert "good" not in answers(found, REAL) | answers(found, SAFE)
    assert any("too few texts to measure, 8 real and 5 synthetic ones" in of.sentence for of in found.verdict)


def test_one_class_needs_no_labels():
    found = evaluate(texts("ham", 40), pd.Series(texts("ham", 30, 1)), random_state=0)
    assert found.acceptance == {}
    assert set(found.by_class["class"]) == {"all"}
    assert (found.by_class["n"] == 20).all()


@pytest.mark.parametrize("odd", [[""] * 60, ["x"] * 60, ["  "] * 60])
def test_texts_without_words(odd):
    found = evaluate_texts(odd, odd, target=(["a", "b"] * 30, ["a", "b"] * 30), random_state=0)
    assert len(found.frame()) > 3
    assert "good" not in answers(found, REAL)
    assert repr(found)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("label", "target must hold labels for real, synthetic"),
        ((Y,), "an array for each of them"),
        ((Y, Y[:3]), "target has 3 labels for synthetic, which has 120 texts"),
        ((Y, ["other"] * 120), "no label of the synthetic texts"),
    ],
)
def test_targets_that_do_not_fit(target, message):
    with pytest.raises(ValueError, match=message):
        evaluate(both(60, 0), both(60, 1), target=target)


def test_parameters_of_tables_are_refused():
    with pytest.raises(ValueError, match="is for rows, but real holds texts"):
        evaluate(both(60, 0), both(60, 1), classifiers=[object()])


def test_it_is_drawn(good):
    assert len(good.plot().axes) == 4


def test_of_long_texts_the_beginnings_are_measured_and_the_whole_is_searched_for_copies(monkeypatch):
    monkeypatch.setattr(text_evaluation, "MAX_CHARACTERS", 60)
    rng = np.random.default_rng(0)
    begin = [" ".join(rng.choice(["red", "green", "blue", "old", "new", "door"], 20))[:60] for _ in range(24)]
    long, made = ([f"{of} {' '.join(f'{sign}{n}' for n in range(40))}" for of in begin] for sign in "xy")
    found = evaluate_texts(long, made[:12], random_state=0)
    cut = evaluate_texts(begin, begin[:12], random_state=0)
    pd.testing.assert_frame_equal(found.by_class, cut.by_class)
    assert (found.copied["near"].found, cut.copied["exact"].found) == (0, 12)


def test_sentences_begin_with_a_capital_and_one_text_is_one():
    alike = ["long " * 1200 + str(i) for i in range(25)]
    found = evaluate(alike, alike[:12], random_state=0)
    assert any("less than 0.1 %" in finding.sentence for finding in found.verdict)
    assert all(finding.sentence[0].isupper() or finding.sentence[0].isdigit() for finding in found.verdict)
    assert str(evaluate(alike, ["a b c"], random_state=0)).startswith("1 synthetic text compared with 25 real ones")


@pytest.mark.parametrize(("value", "is_explained"), [(0.1, True), (0.45, False), (0.6, False)])
def test_an_auc_below_chance_is_explained(good, value, is_explained):
    rows = good.by_class.copy()
    chosen = rows["measure"].str.startswith("two-sample AUC") & (rows["class"] == "spam")
    rows.loc[chosen, "value"] = value
    said = [of.sentence for of in replace(good, by_class=rows).verdict if "Class spam: A classifier" in of.sentence]
    assert ["It is below 0.5 because texts lie beside counterparts" in of for of in said] == [is_explained]
