"""Numbers and lists in sentences."""

import numpy as np
import pandas as pd
import pytest

from ganaug.common.wording import counted, joined, listed, percent, shortened


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (1e-9, "less than 0.1 %"), (0.001, "0.1 %"), (0.5, "50.0 %"), (0.9999, "99.9 %"), (1, "100 %")],
)
def test_little_is_not_nothing_and_nearly_all_is_not_all(share, text):
    assert percent(share) == text


def test_lists_are_named_in_part():
    assert listed(np.array([1, 2])) == "1, 2"
    assert listed(pd.Index(["a"])) == "'a'"
    assert listed(list("abcde")) == "'a', 'b', 'c' and 2 more"
    assert listed(list("abcde"), 5) == "'a', 'b', 'c', 'd', 'e'"


def test_words_are_joined():
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert joined(["a", "b"], "or") == "a or b"


def test_labels_are_shortened():
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcdef..."


def test_numbers_agree_with_their_nouns():
    assert counted(0, "row") == "0 rows"
    assert counted(1, "row") == "1 row"
    assert counted(1234, "image") == "1,234 images"
    assert counted(2, "class", "classes") == "2 classes"
