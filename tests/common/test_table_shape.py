"""Laws of what is a table: anything else is refused by its own name, with what to pass, and no message of NumPy's."""

import numpy as np
import pandas as pd
import pytest

from ganaug import GANOversampler
from ganaug.common.table_shape import table_array

REFUSED = {
    "complex": (np.ones((4, 2)) * 1j, r"complex128; pass np\.hstack"),
    "records": (np.zeros(4, dtype=[("age", int), ("town", "U3")]), r"fields 'age', 'town'; pass pd\.DataFrame"),
    "bytes without a type": (np.zeros((4, 2), "V3"), r"dtype \|V3"),
    "one column": (pd.Series([1, 2]), r"shape \(2,\).*X\.to_frame\(\)"),
    "one row": (np.arange(4), r"shape \(4,\).*X\.reshape\(1, -1\)"),
    "ragged": (np.array([[1, 2], [1]], dtype=object), "rows of 1 to 2 cells"),
    "a number": (np.array(3), r"X is array\(3\) of type ndarray"),
    "nothing": (None, "X is None of type NoneType"),
    "a file": ("in.csv", "X is 'in.csv' of type str"),
    "a dict": ({"a": [1]}, r"of type dict.*as pd\.DataFrame\(X\)"),
    "a generator": ((row for row in ()), "of type generator"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_table_is_named_with_the_way_out(what):
    X, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        table_array(X)


@pytest.mark.parametrize("what", ["complex", "records", "one row", "a dict"])
def test_a_resampler_says_the_same(what):
    X, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        GANOversampler().fit_resample(X, [0, 0, 0, 1])


@pytest.mark.parametrize("X", [np.zeros((0, 2)), np.asfortranarray(np.ones((2, 3))), np.full((2, 1), b"a")])
def test_arrays_of_rows_and_columns_are_tables(X):
    assert table_array(X) is X


def test_labels_are_one_for_each_row():
    with pytest.raises(ValueError, match="X has 3 rows, but y has 2 labels; pass one label for each row"):
        GANOversampler().fit_resample([[1], [2], [3]], [0, 1])
