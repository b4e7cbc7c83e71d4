"""What counts as texts, and that containers keep their kind, name and dtype."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug.common.modality import modality_of
from ganaug.common.texts import TextContainer, are_texts, texts_of, words_of

TEXTS = ["See you at home tonight", "You have won a prize", "Call me when you can"]


def containers():
    return {
        "list": TEXTS,
        "series": pd.Series(TEXTS, name="note"),
        "object series": pd.Series(TEXTS, dtype=object),
        "arrow series": pd.Series(TEXTS, dtype="string[pyarrow]"),
        "array": np.array(TEXTS),
        "object array": np.array(TEXTS, dtype=object),
        "column": np.array(TEXTS, dtype=object)[:, None],
        "frame": pd.DataFrame({"note": TEXTS}),
        "polars": pl.Series("note", TEXTS),
        "polars frame": pl.DataFrame({"note": TEXTS}),
        "rows": [[text] for text in TEXTS],
        **({"any length": np.array(TEXTS, dtype=np.dtypes.StringDType())} if hasattr(np.dtypes, "StringDType") else {}),
    }


@pytest.mark.parametrize("kind", containers())
def test_containers_are_recognised_read_and_restored(kind):
    X = containers()[kind]
    assert are_texts(X)
    assert modality_of(X).name == "text"
    assert texts_of(X) == TEXTS
    longer = [*TEXTS, "a text that is longer than all of the others, so that it needs more room 😊"]
    for container in (TextContainer(X), TextContainer.from_state(TextContainer(X).state())):
        restored = container.restore(longer)
        assert type(restored) is type(X)
        assert type(restored[0]) is type(X[0]) if isinstance(X, list) else True
        assert texts_of(restored) == longer
        assert str(getattr(restored, "dtype", "")).startswith(str(getattr(X, "dtype", ""))[:2])
        assert getattr(restored, "name", None) == getattr(X, "name", None)
        assert list(getattr(restored, "columns", [])) == list(getattr(X, "columns", []))


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"plan": ["basic plan", "gold plan"] * 5}),  # few words
        pd.DataFrame({"answer": ["I do not know that", "I do not want that"] * 50}),  # few different ones
        pd.DataFrame({"day": ["2024-01-01", "2024-01-02"]}),
        pd.DataFrame({"x": [1.0, 2.0]}),
        pd.DataFrame({"note": TEXTS, "age": [1, 2, 3]}),
        [["basic"], ["gold"]],
        np.zeros((3, 1)),
        np.zeros(3),
        pd.Series([1, 2, 3]),
        [1, 2],
        [],
        np.array([["a"], ["b"]]),
        pd.Series(["a", "b"], dtype="category"),
        pd.DataFrame({"note": pd.Series(TEXTS, dtype="category")}),
    ],
    ids=str,
)
def test_tables_are_not_texts(X):
    assert not are_texts(X)


def test_missing_texts_are_empty():
    assert are_texts(["a", None])
    assert texts_of(["a", None, float("nan"), pd.NA]) == ["a", "", "", ""]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([["a", "b"]], "X has 2 columns"),
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), r"such as X\[\['a'\]\]"),
        ([], "holds no texts"),
        ([b"bytes", "a"], "1 cell that is not a string, such as b'bytes'; convert them, bytes with .decode"),
        (pd.Series([1, 2]), "2 cells that are not strings, such as 1; convert them, e.g. with .astype"),
        ([["a", "b"], ["c"]], "not strings, such as .*; convert them, joining the words of each"),
        ((text for text in "ab"), "X is of type generator"),
        (pd.Index(["a", "b"]), "X is of type Index"),
        (pd.array(["a", "b"], dtype="string[python]"), "X is of type StringArray"),
        (np.array("a"), "X is an array without a dimension"),
    ],
)
def test_other_data_are_refused(X, message):
    with pytest.raises(ValueError, match=message):
        texts_of(X)


def test_words_of_scripts_without_spaces_are_characters():
    assert words_of("日本語 Text, ไทย") == ["日", "本", "語", "text", ",", "ไ", "ท", "ย"]


@pytest.mark.parametrize(
    "plain", [{}, {"kind": "table"}, {"kind": "array", "dtype": "<f8", "n_dimensions": 1}, {"kind": "series"}]
)
def test_malformed_containers_are_refused(plain):
    with pytest.raises(Exception, match=r".*"):
        TextContainer.from_state(plain)
