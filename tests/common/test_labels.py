"""Laws of labels: one array whatever the container, and the container back."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug.common.labels import labels_like, labels_of, name_of

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
