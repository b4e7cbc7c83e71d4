"""Rules that a user gives as text or as a function."""

import numpy as np
import pandas as pd
import pytest

from ganaug.constraints import learn_constraints

FRAME = pd.DataFrame(
    {
        "start": pd.to_datetime(["2020-01-01", "2020-02-01", None]),
        "end": pd.to_datetime(["2020-01-02", "2020-01-01", "2020-01-01"]),
        "a": [1.0, 2.0, 3.0],
        "b": [0.1, np.nan, 0.3],
        "net price": [1.1, 2.2, 3.3],
        "sex": ["m", "f", "m"],
        "pregnant": ["no", "yes", "yes"],
        "flag": [True, False, True],
    }
)


def broken(text: str) -> list[bool]:
    with pytest.MonkeyPatch.context() as patch:  # the rows need not keep the rule here
        patch.setattr("ganaug.constraints.learning._compare_with_rows", lambda rules, cells: None)
        return learn_constraints(FRAME, given=[text]).broken(FRAME).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("start <= end", [False, True, False]),
        ("end >= start", [False, True, False]),
        ("start < end", [False, True, False]),
        ("end > '2020-01-01'", [False, True, True]),
        ("`net price` = a + b", [False, False, False]),
        ("`net price` = a", [True, True, True]),
        ("`net price` == a * 1.1", [False, False, False]),
        ("a <= 2", [False, False, True]),
        ("0 < a < 3", [False, False, True]),
        ("b <= a <= `net price`", [False, False, False]),
        ("a - b > 2", [True, False, False]),
        ("sex = 'f' or pregnant != 'yes'", [False, False, True]),
        ("not (sex = 'm' and pregnant = 'yes')", [False, False, True]),
        ("b is missing or a != 2", [False, False, False]),
        ("b is not missing", [False, True, False]),
        ("flag or a = 2", [False, False, False]),
        ("a / b < 10.5", [False, False, False]),
        ("-a < -1", [True, False, False]),
    ],
)
def test_text_says_which_rows_are_allowed(text, expected):
    assert broken(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.b <= c",
        "(lambda: 1)() = a",
        "a ** 2 = b",
        "[a for a in b]",
        "a <=",
        "net price = a",
        "1 < 2",
        "a",
        "a + b",
        "sex + 1 = a",
        "sex < 'm'",
        "nonesuch = 1",
        "a = 'text'",
        "(" * 500 + "a" + ")" * 500 + " = 1",
        "a = " + "+".join(["a"] * 2_000),
        "",
    ],
)
def test_text_that_is_no_rule_is_refused_by_its_parameter(text):
    with pytest.raises(ValueError, match="constraints"):
        learn_constraints(FRAME, given=[text])


def test_columns_of_arrays_have_numbers():
    rows = pd.DataFrame(np.column_stack([np.arange(9.0), np.arange(9.0) + 1]))
    assert [rule.sentence for rule in learn_constraints(rows, given=["column 0 <= column 1"])] == [
        "column 0 <= column 1"
    ]


def test_functions_say_which_rows_are_allowed():
    def positive(frame):
        return frame["a"] > 0

    constraints = learn_constraints(FRAME, pd.Series(["x", "y", "x"]), given=[positive])
    assert constraints.broken(FRAME.assign(a=[1, -1, 0]), ["x", "y", "x"]).tolist() == [False, True, True]
    assert "positive" in repr(constraints)
    with pytest.raises(ValueError, match="cannot be stored"):
        constraints.state()
    with pytest.raises(ValueError, match="True or False for each of 3 rows"):
        learn_constraints(FRAME, given=[lambda frame: 1])


def test_real_rows_that_break_a_given_rule_are_counted():
    with pytest.warns(UserWarning, match="1 of 3 real rows break 'a <= 2'"):
        learn_constraints(FRAME, given=["a <= 2"])
    with pytest.raises(ValueError, match="2 of 3 real rows break 'a <= 1'"):
        learn_constraints(FRAME, given=["a <= 1"])


def test_other_objects_are_refused():
    with pytest.raises(TypeError, match="constraints hold 3"):
        learn_constraints(FRAME, given=[3])


@pytest.mark.parametrize("text", ["start <= end", "total = a + b", "copy = a"])
def test_simple_rules_are_repaired(text):
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 9, 40), rng.integers(0, 9, 40)
    frame = pd.DataFrame({"start": a, "end": a + b, "a": a, "b": b, "total": a + b, "copy": a})
    constraints = learn_constraints(frame, given=[text])
    wrong = frame.assign(start=frame["end"], end=frame["start"], total=1, copy=2)
    repaired = constraints.repair(wrong)
    assert constraints.broken(wrong).any()
    assert not constraints.broken(repaired).any()
