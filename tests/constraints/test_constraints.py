"""`Constraints`: repairs of several rules together, plain data, and how rules are shown."""

import json

import numpy as np
import pandas as pd
import pytest

from ganaug.constraints import Constraints, learn_constraints

N = 400


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Return rows of many kinds with rules that meet."""
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 300, N), unit="D")
    a, b, gap, code = rng.integers(0, 100, N), rng.integers(0, 50, N), rng.random(N) < 0.3, rng.integers(0, 20, N)
    net = rng.choice(["no", "dsl", "fibre"], N)
    return pd.DataFrame(
        {
            "start": start,
            "end": start + pd.to_timedelta(rng.integers(0, 60, N), unit="D"),
            "net": pd.Categorical(net),
            "tv": np.where(net == "no", "none", rng.choice(["yes", "off"], N)),
            "a": a,
            "b": b,
            "total": a + b,
            "half": pd.array(np.where(gap, None, (a + b) // 2), dtype="Int64"),
            "u": np.where(gap, np.nan, rng.normal(size=N)),
            "zip": [f"z{i}" for i in code],
            "state": [f"s{i % 4}" for i in code],
        }
    )


def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.concat([frame[label].iloc[rng.permutation(len(frame))].reset_index(drop=True) for label in frame], axis=1)


def test_repairs_of_several_rules_agree(table):
    constraints = learn_constraints(table)
    assert len(constraints) >= 6
    wrong = shuffled(table)
    gentle, forced = constraints.repair(wrong), constraints.repair(wrong, force=True)
    shares = [constraints.broken(frame).mean() for frame in (wrong, gentle, forced)]
    assert shares[0] > 0.9
    assert shares[2] <= shares[1] < shares[0]
    assert shares[2] < 0.05
    for repaired in (gentle, forced):
        assert (repaired.dtypes == table.dtypes).all()
        pd.testing.assert_frame_equal(constraints.repair(repaired), repaired)


def test_a_frame_is_not_changed_by_its_repair(table):
    wrong = shuffled(table)
    before = wrong.copy()
    learn_constraints(table).repair(wrong, force=True)
    pd.testing.assert_frame_equal(wrong, before)


def test_plain_data_tell_everything(table):
    y = pd.Series(np.repeat(["x", "y"], N // 2), name="class of row")
    constraints = learn_constraints(table, y)
    restored = Constraints.from_state(json.loads(json.dumps(constraints.state())))
    assert repr(restored) == repr(constraints)
    wrong = constraints.with_class(shuffled(table), y)
    assert np.array_equal(restored.broken(wrong), constraints.broken(wrong))
    pd.testing.assert_frame_equal(restored.repair(wrong, force=True), constraints.repair(wrong, force=True))


@pytest.mark.parametrize(
    "plain",
    [
        None,
        {},
        {"rules": [1], "domains": [], "kinds": [], "fixed": None},
        {"rules": [{"is": "os.system"}], "domains": [], "kinds": [], "fixed": None},
        {
            "rules": [{"is": "Level", "column": {"cell": "a"}, "value": {"cell": 1}}],
            "domains": [],
            "kinds": [],
            "fixed": None,
        },
        {"rules": [], "domains": [["a"]], "kinds": [], "fixed": None},
    ],
)
def test_malformed_data_are_refused(plain):
    with pytest.raises(ValueError, match="rules"):
        Constraints.from_state(plain)


def test_counts_name_the_worst_rule_first(table):
    counts = learn_constraints(table).counts(table.assign(total=0))
    assert counts.columns.tolist() == ["rule", "broken", "share"]
    assert counts["rule"].iloc[0] == "total = a + b"
    assert counts["broken"].iloc[0] == ((table["a"] + table["b"]) > 0).sum()
    assert set(counts["rule"][counts["broken"] > 0]) <= {"total = a + b", "half <= total"}


def test_rules_on_columns_that_are_not_there_are_not_checked(table):
    constraints = learn_constraints(table)
    assert not constraints.broken(table[["a", "zip"]]).any()


def test_no_rules_change_nothing(table):
    assert Constraints().repair(table) is table
    assert not Constraints().broken(table).any()
    assert repr(Constraints()) == "0 rules"


def test_many_rules_are_shown_in_part():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 9, N)
    frame = pd.DataFrame({"c": codes, **{f"d{i}": codes + i + 1 for i in range(30)}})
    assert repr(learn_constraints(frame)).splitlines()[-1].startswith("  ... and ")
