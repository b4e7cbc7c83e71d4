"""Laws of labels: one array whatever the container, and the container back."""

import datetime
import decimal
import enum

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug.common.labels import (
    MAX_CLASSES,
    check_classes,
    kind_of_target,
    label_of_each_row,
    labels_like,
    labels_of,
    name_of,
)

TEXT = ["no", "yes", "no"]
CONTAINERS = {
    "list": list,
    "array": lambda labels: np.array(labels),
    "objects": lambda labels: np.array(labels, dtype=object),
    "series": lambda labels: pd.Series(labels, name="y", index=[3, 1, 2]),
    "object series": lambda labels: pd.Series(labels, name="y", dtype=object),
    "categories": lambda labels: pd.Series(labels, name="y", dtype="category"),
    "index": lambda labels: pd.Index(labels, name="y"),
    "extension array": lambda labels: pd.Series(labels, dtype="category").array,
    "frame": lambda labels: pd.DataFrame({"y": labels}),
    "polars": lambda labels: pl.Series("y", labels),
    "polars frame": lambda labels: pl.DataFrame({"y": labels}),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("labels", [TEXT, [0, 1, 0], [2**60, 2**60 + 1, 5], [True, False, True]], ids=str)
def test_every_container_gives_the_same_labels(container, labels):
    y = CONTAINERS[container](labels)
    read = labels_of(y)
    assert read.shape == (3,)
    assert read.tolist() == labels
    if not isinstance(labels[0], str):
        assert read.dtype == np.asarray(labels).dtype


@pytest.mark.parametrize("container", CONTAINERS)
def test_labels_return_to_their_container(container):
    y = CONTAINERS[container](TEXT)
    back = labels_like(y, np.array(["yes", "no"], dtype=object))
    assert type(back) is type(y)
    assert labels_of(back).tolist() == ["yes", "no"]
    assert getattr(back, "dtype", None) == getattr(y, "dtype", None)
    assert name_of(back) == name_of(y)


@pytest.mark.parametrize("dtype", ["Int64", "int64[pyarrow]"])
def test_large_nullable_integers_keep_their_digits(dtype):
    assert labels_of(pd.Series([900000000000207008, 900000000000207009], dtype=dtype)).tolist() == [
        900000000000207008,
        900000000000207009,
    ]


def test_indicators_stay_as_they_are():
    indicators = np.eye(3, dtype=int)
    np.testing.assert_array_equal(labels_of(indicators), indicators)
    np.testing.assert_array_equal(labels_of(pd.DataFrame(indicators)), indicators)
    columns = pd.DataFrame(indicators, columns=list("abc"))
    pd.testing.assert_frame_equal(labels_like(columns, indicators), columns)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_labels_are_counted(missing):
    with pytest.raises(ValueError, match="Input target contains NaN: 2 missing labels among 4"):
        labels_of([missing, "a", missing, "b"], "target")
    with pytest.raises(ValueError, match="y is None"):
        labels_of(None)


def test_names_are_text_or_none():
    assert name_of(pd.Series([1], name="churn")) == "churn"
    assert name_of(pd.DataFrame({"churn": [1]})) == "churn"
    assert name_of(pl.DataFrame({"churn": [1]})) == "churn"
    assert name_of(pd.Series([1], name=3)) is None
    assert name_of(pd.DataFrame({"a": [1], "b": [1]})) is None
    assert name_of([1]) is None


class Grade(enum.Enum):
    """Labels that are no text."""

    GOOD = 1
    BAD = 2


UNFIT = {
    "tuples": ((1, 2), (3, 4)),
    "frozensets": (frozenset([1]), frozenset([2])),
    "sets": ({1}, {2}),
    "lists": ([1], [2]),
    "mappings": ({"a": 1}, {"b": 2}),
    "enumerations": (Grade.GOOD, Grade.BAD),
    "bytes": (b"a", b"b"),
    "intervals": (pd.Interval(0, 1), pd.Interval(1, 2)),
    "periods": (pd.Period("2024"), pd.Period("2025")),
    "dates": (datetime.date(2024, 1, 1), datetime.date(2025, 1, 1)),
    "decimals": (decimal.Decimal(1), decimal.Decimal("2.5")),
    "complex numbers": (1j, 2j),
    "huge integers": (2**70, 2**71),
    "objects": (object(), object()),
    "integers and text": (1, "b"),
    "booleans and integers": (True, 2),
    "booleans and text": (False, "x"),
    "bytes and text": (b"a", "a"),
}


def as_objects(labels):
    array = np.empty(len(labels), dtype=object)
    for i, label in enumerate(labels):
        array[i] = label
    return array


@pytest.mark.parametrize("container", ["array", "series", "list", "index", "frame"])
@pytest.mark.parametrize("kind", UNFIT)
def test_labels_that_are_no_classes_are_refused_by_name_with_the_way_out(kind, container):
    labels = [*UNFIT[kind]] * 3
    if container == "list" and kind in ("lists", "sets"):
        return  # a list of lists may be indicators
    make = {"array": as_objects, "list": list, "series": lambda of: pd.Series(as_objects(of))}
    make |= {
        "index": lambda of: pd.Series(as_objects(of)).array,
        "frame": lambda of: pd.DataFrame({"y": as_objects(of)}),
    }
    with pytest.raises(ValueError, match=r"y holds .*\[(str\(label\)|label\.decode\(\)) for label in y\]") as error:
        labels_of(make[container](labels))
    assert repr(labels[0])[:20] in str(error.value) or repr(labels[1])[:20] in str(error.value)


@pytest.mark.parametrize(
    "y", [3, "aab", b"ab", {"a": 1}, {1, 2}, np.array(1), (i for i in range(3)), np.zeros((2, 2, 2))]
)
def test_what_is_no_sequence_of_labels_is_refused(y):
    with pytest.raises(ValueError, match="y must hold one label for each row"):
        labels_of(y)


def test_masked_labels_are_missing():
    with pytest.raises(ValueError, match="2 missing labels"):
        labels_of(np.ma.masked_equal([1, 2, 2], 2))
    assert labels_of(np.ma.masked_equal([1, 2, 2], 3)).tolist() == [1, 2, 2]


def test_labels_that_no_file_can_hold_are_refused():
    with pytest.raises(ValueError, match="half a character"):
        labels_of(["a\ud800", "b"])
    with pytest.raises(ValueError, match="y holds inf"):
        labels_of([1.0, np.inf])


@pytest.mark.parametrize(
    "labels",
    [
        ["True", "False"],
        ["", "a"],
        [np.str_("a b"), np.str_("c d")],
        [np.bool_(1), np.bool_(0)],
        [np.int8(1), np.int8(2)],
    ]
    + [[1, 2.0], [datetime.datetime(2024, 1, 1), datetime.datetime(2025, 1, 1)], ["None", "nan"], ["a\0", "b"]],
)
def test_labels_that_look_odd_and_are_classes(labels):
    for y in (labels, pd.Series(as_objects(labels))):
        assert pd.Series(labels_of(y)).tolist() == pd.Series(labels).tolist()  # NumPy's own list of times has integers


@pytest.mark.parametrize("one_hot", [False, True])
def test_more_classes_than_can_be_learned_are_refused_before_memory_is_taken(one_hot):
    def labels(n):
        return np.eye(n, dtype=int) if one_hot else np.repeat(np.arange(n), 2)

    check_classes(labels(MAX_CLASSES))
    with pytest.raises(ValueError, match=r"y has 1,001 classes in [0-9,]+ rows; at most 1,000 .* Put rare"):
        check_classes(labels(MAX_CLASSES + 1))


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (["a"] * 9, "'a' in all 9 rows"),
        ([True] * 9, "True in all 9 rows"),
        (pd.Categorical(["a"] * 9, categories=["a", "b"]), "'a' in all 9 rows"),
        (np.c_[np.zeros(9, int), np.ones(9, int)], "column 1 in all 9 rows"),
    ],
)
def test_a_single_class_is_named_with_the_way_out(y, said):
    with pytest.raises(
        ValueError, match=f"^The target 'y' needs to have more than 1 class.*{said}.*fit a model without"
    ):
        check_classes(labels_of(y), min_classes=2)
    check_classes(labels_of(y))  # enough for a model


def test_whole_numbers_beyond_64_bits_are_named_for_what_they_are():
    with pytest.raises(ValueError, match=r"holds 1180591620717411303424, which has more than 64 bits.*str\(label\)"):
        labels_of([2**70, 2**71])


def test_labels_that_differ_only_in_spelling_are_named():
    with pytest.warns(UserWarning, match="differ only in spaces or capital letters: 'No' and 'no '; 'yes' and 'yes '"):
        check_classes(np.array(["No", "no ", "yes", "yes ", "maybe"]), warn=True)
    check_classes(np.array(["no", "yes", "y e s"]), warn=True)


@pytest.mark.parametrize(
    "y",
    [
        np.array([["a", "b"], ["a", "c"], ["b", "c"]]),
        np.array([["a", 1], ["b", 0], ["b", 1]], dtype=object),
        [["a", "b"], ["a", "c"], ["b", "c"]],
        pd.DataFrame({"p": list("aab"), "q": pd.Categorical(list("bcc"))}),
    ],
)
def test_several_columns_of_text_are_refused_with_the_way_out(y):
    with pytest.raises(ValueError, match=r"^y has 2 columns, shape \(3, 2\).* for several labels a row, .*Multi"):
        labels_of(y)


def test_one_label_a_row_is_wanted_of_numbers_as_well():
    assert label_of_each_row([[1], [2]]).tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"^y has 2 columns, shape \(2, 2\), but each row needs one label"):
        label_of_each_row(np.eye(2))
    with pytest.raises(ValueError, match="y must hold one label for each row, but its rows have different lengths"):
        labels_of([["a"], ["a", "b"]])


@pytest.mark.parametrize(
    ("values", "kind", "kind_in_file"),
    [
        ([0.5, 1.5, 0.5], "measured", "classes"),  # names such as 0.5 are classes in a file
        (np.arange(60) / 2, "measured", "measured"),
        (pd.Series([*range(60), None], dtype="Int64"), "counted", "counted"),
        (pd.Series([1.5, None] * 30, dtype=object), "measured", "classes"),
        (np.arange(3000) % 30, "classes", "classes"),
        ([True, False], "classes", "classes"),
        ([f"{i}" for i in range(90)], "classes", "classes"),
        ([None, None], "classes", "classes"),
    ],
)
def test_numbers_and_classes_are_told_apart_by_one_rule(values, kind, kind_in_file):
    assert kind_of_target(values) == kind
    assert kind_of_target(values, in_file=True) == kind_in_file
