"""Laws of serialization: what was written comes back with its type, and what JSON cannot keep is refused."""

import datetime as dt
import decimal
import json

import numpy as np
import pandas as pd
import pytest

from ganaug.common.serialization import (
    dtype_from_json,
    dtype_to_json,
    from_json,
    level_key,
    to_json,
    values_from_json,
    values_to_json,
)

CELLS = [
    *("text", "", 1, -(2**70), True, 1.0, 0.1, float("inf"), float("nan"), None, pd.NA, pd.NaT),
    *(np.int8(3), np.float32(0.1), np.bool_(True), np.str_("a"), ("a", 1, None), decimal.Decimal("1.10")),
    *(dt.date(2024, 1, 31), dt.datetime(2024, 1, 31, 12), dt.time(23, 59)),
    *(pd.Timestamp("2024-01-31", tz="Europe/Berlin"), pd.Timestamp("2024-01-31 12:00"), pd.Timedelta("1h")),
]


@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_cells_return_with_their_type(cell):
    back = from_json(json.loads(json.dumps(to_json(cell, "c"))))
    assert level_key(back) == level_key(cell)


@pytest.mark.parametrize("cell", [object(), frozenset([1]), [1], {"a": 1}], ids=lambda cell: type(cell).__name__)
def test_other_cells_are_refused_with_a_way_out(cell):
    with pytest.raises(ValueError, match=r"column 'c' holds .*, which a model file cannot store; .*astype\(str\)"):
        to_json(cell, "c")


@pytest.mark.parametrize(
    "plain", [[1], {"missing": "x"}, {"numpy": ["|V8", 1]}, {"object": 1}, {"a": 1, "b": 2}], ids=str
)
def test_malformed_cells_are_refused(plain):
    with pytest.raises((ValueError, KeyError)):
        from_json(plain)


@pytest.mark.parametrize(
    "values", [[1, "a", None], (0.5,), np.array([3, 4]), pd.Index(["a"]), pd.Series([1.5])], ids=repr
)
def test_sequences_return_as_lists(values):
    assert values_from_json(json.loads(json.dumps(values_to_json(values, "p")))) == list(values)


def test_one_value_is_not_a_sequence():
    assert values_from_json(values_to_json("auto", "p")) == "auto"


@pytest.mark.parametrize(
    "dtype",
    [
        *("int8", "float32", "bool", "object", "Int64", "boolean", "Float32", "category", "datetime64[ms]"),
        *("datetime64[ns, Europe/Berlin]", "timedelta64[s]", "string", "str", "int32[pyarrow]", "double[pyarrow]"),
        pd.CategoricalDtype(["b", "a"], ordered=True),
        pd.CategoricalDtype([1.5, 2.5]),
        pd.ArrowDtype(__import__("pyarrow").string()),
    ],
    ids=str,
)
def test_dtypes_return(dtype):
    dtype = pd.Series([], dtype=dtype).dtype
    assert dtype_from_json(json.loads(json.dumps(dtype_to_json(dtype, "c")))) == dtype


def test_other_dtypes_are_refused():
    with pytest.raises(ValueError, match=r"column 'c' has dtype .*, which a model file cannot store"):
        dtype_to_json(np.dtype("V8"), "c")
    with pytest.raises(ValueError, match="cannot be the dtype of a column"):
        dtype_from_json("complex128")
