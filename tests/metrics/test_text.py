"""Measures of texts: known values, copies of all kinds, and classifiers that see what is there."""

import numpy as np
import pytest

from ganaug.metrics import (
    KnownTexts,
    class_acceptance,
    distinct_ngrams,
    length_distance,
    nearest_texts,
    ngram_novelty,
    repeats_by_chance,
    self_bleu,
    text_two_sample_auc,
    vocabulary_distance,
)

WORDS = ["call", "me", "now", "you", "have", "won", "a", "prize", "see", "at", "home", "tonight", "free", "text"]


def texts(n, seed=0, low=6, high=14):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(low, high))) for _ in range(n)]


def test_distinct_ngrams():
    assert distinct_ngrams(["a b", "a b"], 1) == 0.5
    assert distinct_ngrams(["a b c"], 2) == 1.0
    assert np.isnan(distinct_ngrams(["a"], 2))
    with pytest.raises(ValueError, match="n=0"):
        distinct_ngrams(["a"], 0)


def test_self_bleu_is_high_for_repeated_texts_and_low_for_different_ones():
    assert self_bleu(["one two three four five"] * 3) == pytest.approx(1.0)
    assert self_bleu(["a b c d e", "f g h i j"]) == 0.0
    assert self_bleu([*texts(20), *texts(20)]) > self_bleu(texts(40)) + 0.1
    assert np.isnan(self_bleu(["a"]))


def test_self_bleu_counts_an_ngram_as_often_as_another_text_has_it():
    # "a" occurs twice in one text, and once in the other
    assert self_bleu(["a a", "a b"], n=1) == pytest.approx((1 / 2 + 1 / 2) / 2)


def test_novelty_and_distances():
    assert ngram_novelty(["a b c d"], ["a b c d e"]) == 0.0
    assert ngram_novelty(["a b c x"], ["a b c d e"]) == 1.0
    assert length_distance(["a"], ["a b c"]) == 2.0
    assert vocabulary_distance(["a b"], ["b a"]) == 0.0
    assert np.isnan(vocabulary_distance([""], ["a"]))


LONG = "you have won a prize of 500 pounds so call us now to claim it before friday evening please"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (LONG, 0),
        (LONG.upper(), 0),
        (LONG.replace(" ", "  "), 0),
        (LONG.replace("friday", "monday"), 0),
        (" ".join(reversed(LONG.split())), 0),
        (LONG.replace("friday evening please", "monday"), -1),
        ("something else", -1),
        ("", -1),
    ],
)
def test_near_copies_are_found(text, found):
    known = KnownTexts.of([LONG, "see you at home"])
    assert known.nearest_copies([text]).tolist() == [found]


def test_near_copies_are_all_found():
    """Comparing each text with each gives the same."""
    rng = np.random.default_rng(0)
    known = texts(60, low=1, high=25)
    asked = [" ".join(rng.permutation(text.split())[: rng.integers(1, 30)]) for text in known * 3]
    found = KnownTexts.of(known).nearest_copies(asked) >= 0
    sets = [
        [{(w, of.split()[:i].count(w)) for i, w in enumerate(of.split())} for of in part] for part in (asked, known)
    ]
    expected = [any(len(a & k) >= 0.9 * max(len(a), len(k)) for k in sets[1]) for a in sets[0]]
    assert found.tolist() == expected
    assert 0 < sum(expected) < len(expected)


def test_known_texts_are_restored_from_their_arrays():
    known = KnownTexts.of([LONG, "", "a a b"])
    again = KnownTexts(known.hashes, known.counts)
    assert again.nearest_copies(["a b a", "a b", "!", "", LONG]).tolist() == [2, -1, -1, 1, 0]
    with pytest.raises(ValueError, match="do not fit"):
        KnownTexts(known.hashes[1:], known.counts)


def test_a_text_is_not_its_own_neighbor():
    found = nearest_texts(["a b c", "a b d"], ["a b c", "a b d"], own=[0, 1])
    assert found["nearest"].tolist() == [1, 0]
    assert found["edits"].round(2).tolist() == [0.33, 0.33]


def test_nearest_texts_name_copies():
    real = [LONG, "see you at home tonight", "free text"]
    found = nearest_texts([LONG.title(), LONG.replace("friday", "monday"), "see me at work", "", "日本"], real)
    assert found["copy"].tolist() == ["exact", "near", "", "", ""]
    assert found["nearest"].tolist()[:3] == [0, 0, 1]
    assert found["edits"].iloc[2] == pytest.approx(3 / 5)
    with pytest.raises(ValueError, match="no texts"):
        nearest_texts(["a"], [])


def test_texts_without_words_are_measured():
    assert nearest_texts(["", " "], ["", "  "])["copy"].tolist() == ["exact", "exact"]


def test_acceptance_follows_the_class():
    ham, spam = [f"see you at home {t}" for t in texts(30)], [f"win cash now {t}" for t in texts(30, seed=1)]
    y = ["ham"] * 30 + ["spam"] * 30
    found = class_acceptance([*ham, *spam], y, ["win cash now please", "see you at home", "win cash"], ["spam"] * 3)
    assert (found["spam"].found, found["spam"].total) == (2, 3)


@pytest.mark.parametrize("features", ["words", "characters"])
def test_equal_texts_are_not_told_apart_and_others_are(features):
    real = texts(60)
    assert text_two_sample_auc(real, texts(60, seed=1), features=features, random_state=0).value < 0.7
    assert text_two_sample_auc(real, real[::-1], features=features, random_state=0).value == pytest.approx(0.5, abs=0.1)
    others = [text.replace("a", "q") for text in texts(60, seed=2)]
    assert text_two_sample_auc(real, others, features=features, random_state=0).value > 0.9
    with pytest.raises(ValueError, match="at least 10"):
        text_two_sample_auc(real[:9], real)


@pytest.mark.parametrize("features", ["words", "characters"])
@pytest.mark.parametrize("n_changed", [1, 2, 4])
def test_variants_of_real_texts_are_not_taken_for_what_they_vary(features, n_changed):
    """A classifier that has seen the source of a text would call it real: an AUC of 0."""
    rng = np.random.default_rng(0)
    words = [f"{a}{b}" for a in ("ka", "lo", "mi", "ru", "se", "to", "va", "ze") for b in ("n", "rt", "sk", "l", "mp")]
    real = [" ".join(rng.choice(words, 10)) for _ in range(100)]

    def varied(text):
        cells = text.split()
        for place in rng.choice(len(cells), n_changed, replace=False):
            cells[place] = rng.choice(words)
        return " ".join(cells)

    variants = [varied(text) for text in real]
    found = text_two_sample_auc(real, variants, features=features, random_state=0).value
    assert found == pytest.approx(0.5, abs=0.13)
    # and which side is the synthetic one does not count
    turned = text_two_sample_auc(variants, real, features=features, random_state=0).value
    assert turned == pytest.approx(0.5, abs=0.13)


def texts_with_repeats(rng, n):
    """Real texts: short ones that many people write, variants of mass mailings, and others."""
    short = ["ok", "yes", "see you", "on my way", "good night", "thanks"]
    kinds = rng.choice(3, n, p=[0.4, 0.2, 0.4])
    mailing = [f"you have won a prize of {10 * k} pounds call us now to claim it" for k in range(8)]
    other = [f"word{a} met word{b} near word{c}" for a, b, c in rng.integers(60, size=(n, 3))]
    return [[short[min(rng.geometric(0.4) - 1, 5)], mailing[rng.integers(8)], other[i]][k] for i, k in enumerate(kinds)]


def test_new_texts_that_repeat_each_other_are_within_chance_and_copies_are_not():
    alarms, found = 0, 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        known, new = texts_with_repeats(rng, 150), texts_with_repeats(rng, 80)
        labels = ["a"] * 150, ["a"] * 80
        copies = [*new[:40], *(known[i] for i in rng.choice(150, 40, replace=False))]
        of_new, of_copies = (repeats_by_chance(known, of, *labels, random_state=0) for of in (new, copies))
        alarms += any(of.is_beyond_chance for of in of_new.values())
        found += any(of.is_beyond_chance for of in of_copies.values())
    assert alarms == 0
    assert found >= 18


def test_repeats_are_counted_as_exact_and_near_copies():
    known = ["one two three four five six seven eight nine ten", "Hello  World", "something else"]
    texts = ["hello world", "ten two three four five six seven eight nine one", "new"]
    found = repeats_by_chance(known, texts, [0] * 3, [0] * 3, n_draws=5)
    assert (found["exact"].found, found["near"].found) == (1, 2)
