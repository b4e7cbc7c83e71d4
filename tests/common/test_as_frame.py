"""Every container of a table is read alike, and errors name the column."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug.common.containers import as_frame


def test_every_container_is_read_alike():
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    for table in (
        frame,
        pl.from_pandas(frame),
        pl.from_pandas(frame).to_arrow(),
        frame.to_numpy(),
        [[1, 0.5], [2, 1.5]],
    ):
        read = as_frame(table, "synthetic", frame)
        assert list(read) == ["a", "b"]
        np.testing.assert_array_equal(read.to_numpy(float), frame.to_numpy())


def test_columns_are_put_in_order():
    frame = pd.DataFrame({"a": [1], "b": [2]})
    assert list(as_frame(frame[["b", "a"]], "synthetic", frame)) == ["a", "b"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"a": [1]}), "synthetic lacks column 'b' of the real table"),
        (pd.DataFrame({"a": [1], "c": [1]}), "lacks column 'b' of the real table and has column 'c' that"),
        (pd.DataFrame([[1, 2, 3]], columns=["a", "b", "b"]), "more than one column 'b'"),
        (pd.DataFrame({"a": [1.0], "b": [np.inf]}), "column 'b' of synthetic holds infinite"),
        (pd.DataFrame({"a": [1.0], "b": [1j]}), "column 'b' of synthetic is complex"),
        (np.zeros((3, 5)), "synthetic has 5 columns and the real table 2"),
        (np.zeros(3), "must be a table"),
        (np.zeros((0, 2)), "0 rows"),
    ],
)
def test_errors_name_the_column(table, message):
    with pytest.raises(ValueError, match=message):
        as_frame(table, "synthetic", pd.DataFrame({"a": [1.0], "b": [1.0]}))
