"""Broken rules are called bad, and second samples of real rows are not."""

import numpy as np
import pandas as pd
import pytest

from ganaug import GANOversampler, TabularGAN, evaluate, evaluate_resampling
from ganaug.common.findings import REAL
from ganaug.evaluation.table_rules import broken_rules, learn_rules
from ganaug.metrics import TablePair, association_matrices, column_distances, kept_associations

# Each breaks one rule of `table` in some of the rows.
FAULTS = ["order", "sum", "levels", "determined", "missing"]


def table(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a, b, gap, code = rng.integers(0, 100, n), rng.integers(0, 50, n), rng.random(n) < 0.3, rng.integers(0, 12, n)
    net = rng.choice(["no", "dsl", "fibre"], n)
    return pd.DataFrame(
        {
            "start": a,
            "end": a + rng.integers(0, 60, n),
            "b": b,
            "total": a + b,
            "net": net,
            "tv": np.where(net == "no", "none", rng.choice(["yes", "off"], n)),
            "zip": code,
            "state": [f"s{i % 3}" for i in code],
            "u": np.where(gap, np.nan, rng.normal(size=n)),
            "v": np.where(gap, np.nan, rng.normal(size=n)),
            "other": rng.normal(size=n),
        }
    )


def break_rule(frame: pd.DataFrame, fault: str, seed: int) -> pd.DataFrame:
    """Break one rule in about a tenth of the rows."""
    rng = np.random.default_rng(seed)
    rows = rng.random(len(frame)) < 0.15
    frame = frame.copy()
    columns = {"order": "end", "sum": "total", "levels": "tv", "determined": "state", "missing": "v"}
    label = columns[fault]
    frame.loc[rows, label] = frame[label].to_numpy()[rng.permutation(len(frame))][rows]
    return frame


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seed", range(10))
def test_broken_rules_are_called_broken(fault, seed):
    rules = learn_rules(table(500, seed), np.random.default_rng(seed))
    found = broken_rules(rules, break_rule(table(500, 100 + seed), fault, seed))
    assert found.is_broken
    assert found.counts["broken"].iloc[0] > 5


def test_second_samples_are_not_called_broken():
    called = 0
    for seed in range(30):
        rules = learn_rules(table(500, seed), np.random.default_rng(seed))
        called += broken_rules(rules, table(500, 100 + seed)).is_broken
    assert called <= 1


@pytest.mark.parametrize("seed", range(8))
def test_second_samples_of_few_rows_and_many_dependent_columns_are_not_called_broken(seed):
    """Many pairs of columns are nearly always in one order; a hundred rows show some orders that new rows break."""

    def wide(rng: np.random.Generator) -> pd.DataFrame:
        common = rng.normal(size=(100, 1))
        return pd.DataFrame(common + np.linspace(0, 3, 16) + 0.7 * rng.normal(size=(100, 16))).round(1)

    rng = np.random.default_rng(seed)
    assert not broken_rules(learn_rules(wide(rng), rng), wide(rng)).is_broken


def test_an_order_that_may_be_no_rule_counts_where_many_rows_break_it():
    rng = np.random.default_rng(0)

    def visits(n: int) -> pd.DataFrame:
        start = rng.integers(100, size=n)
        # hardly any row ends before it starts, but nothing forbids it
        return pd.DataFrame({"start": start, "end": start + rng.normal(9, 2, n).round(1)})

    rules = learn_rules(visits(160), rng)
    assert not len(rules.constraints)
    assert len(rules.orders) == 1
    second = visits(120)
    assert broken_rules(rules, second).counts.empty
    wrong = second.copy()
    wrong.loc[wrong.index[:2], "start"] += 20
    assert not broken_rules(rules, wrong).is_broken
    wrong.loc[wrong.index[:14], "start"] += 20
    found = broken_rules(rules, wrong)
    assert found.is_broken
    assert found.counts["rule"].tolist() == ["start <= end"]
    assert found.found.found == found.counts["broken"].iloc[0] >= 14


def test_classes_may_be_given_apart():
    rng = np.random.default_rng(0)
    y = rng.choice(["sick", "well"], 500)
    real = pd.DataFrame({"test": np.where(y == "sick", rng.choice(["+", "?"], 500), rng.choice(["-", "?"], 500))})
    rules = learn_rules(real.assign(class_=y), rng, target="class_")
    wrong = pd.DataFrame({"test": ["+"] * 100})
    assert broken_rules(rules, wrong.assign(class_="well")).is_broken
    assert not broken_rules(rules, wrong.assign(class_="sick")).is_broken


def test_the_model_and_all_evaluations_learn_the_same_rules():
    rng = np.random.default_rng(0)
    n = 800
    y = pd.Series(np.where(np.arange(n) % 3 == 0, "ill", "well"), name="state")
    start = rng.integers(50, size=n)
    dose = rng.integers(1, 9, n)
    X = pd.DataFrame({"start": start, "end": start + rng.integers(1, 9, n), "dose": dose})
    X["units"] = np.where(y == "ill", 2 * dose, rng.integers(1, 20, n))  # a rule of the ill alone
    sampler = GANOversampler(model=TabularGAN(n_steps=5, hidden_sizes=(8,)), random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    of_sampler = evaluate_resampling(sampler, X, y, X_new, y_new).evaluations["ill"].constraints
    synthetic = X_new.assign(state=y_new)[sampler.is_synthetic_]
    with pytest.warns(UserWarning, match="Only rows with state = ill are compared"):
        of_one_class = evaluate(X.assign(state=y), synthetic, target="state", random_state=0).constraints
    every, every_new = X.assign(state=y), X_new.assign(state=y_new)
    # a hold-out changes nothing about rules
    of_all = evaluate(every, every_new, target="state", holdout=every[::4], random_state=0).constraints
    apart = evaluate(X, X_new, target=(y, y_new), random_state=0).constraints
    learned = {rule.sentence for rule in sampler.model_.constraints_}
    assert any("state" in rule for rule in learned)
    for found in (of_sampler, of_one_class, of_all, apart):
        assert learned == set(found["rule"])


def test_a_table_without_rules_has_none_to_break():
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 3)))
    found = broken_rules(learn_rules(noise, np.random.default_rng(0)), noise)
    assert found.counts.empty
    assert not found.is_broken


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["telco_churn", "hmeq", "german_credit", "yeast", "page-blocks"])
def test_halves_of_real_tables_are_not_called_broken(real_data, name):
    X, y = real_data(name)
    frame = X.assign(**{y.name: y})
    for seed in range(4):
        half, other = np.array_split(np.random.default_rng(seed).permutation(len(frame)), 2)
        rules = learn_rules(frame.iloc[half], np.random.default_rng(seed))
        assert not broken_rules(rules, frame.iloc[other]).is_broken


def test_the_verdict_names_the_worst_rule():
    from ganaug import evaluate

    real = table(300, 0)
    found = evaluate(real, break_rule(table(300, 1), "order", 0), random_state=0)
    (finding,) = [of for of in found.verdict if "break at least one of" in of.sentence]
    assert (finding.question, finding.answer) == (REAL, "bad")
    assert "start <= end" in finding.sentence
    assert found.constraints["rule"].iloc[0] == "start <= end"
    row = found.frame().set_index("measure").loc["rows that break a rule"]
    assert row["value"] == finding.numbers["broken rules"] > 0.02
    (finding,) = [of for of in evaluate(real, table(300, 1), random_state=0).verdict if "breaks any of" in of.sentence]
    assert finding.answer == "good"


N = 60
ODD = {
    "missing": pd.Series([None] * N, dtype=object),
    "nothing but NaN": pd.Series(np.full(N, np.nan)),
    "constant": pd.Series(["a"] * N),
    "two kinds of missing": pd.Series([None, np.nan, "b"] * 20, dtype=object),
    "nullable": pd.Series([1, None, 3] * 20, dtype="Int64"),
    "flags": pd.Series([True, False, True] * 20),
    "nullable flags": pd.Series([True, None, False] * 20, dtype="boolean"),
    "half precision": pd.Series(np.linspace(0, 1, N), dtype="float16"),
    "big-endian": pd.Series(np.arange(N), dtype=">i4"),
    "far times": pd.Series(pd.date_range("1700-01-01", periods=N, freq="YS", unit="s")),
    "durations": pd.Series(pd.to_timedelta(np.arange(N), unit="h")),
    "mixed": pd.Series([1, "x", 2.5] * 20, dtype=object),
    "ordered levels": pd.Series(pd.Categorical(["low", "high"] * 30, categories=["low", "high"], ordered=True)),
    "unused levels": pd.Series(pd.Categorical(["a", "b"] * 30, categories=list("abc"))),
    "huge": pd.Series([1e300, -1e300, 0.0] * 20),
}


@pytest.mark.parametrize("label", [0, 2.5, ("a", "b"), "`a <= b`", "", "$x$", "\x1b[31m"])
@pytest.mark.parametrize("kind", ODD)
def test_odd_columns_and_names_break_nothing(kind, label):
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    columns = pd.Index([label, "x", "y"], dtype=object, tupleize_cols=False)
    real = pd.concat([ODD[kind], pd.Series(x), pd.Series(x + rng.normal(size=N))], axis=1).set_axis(columns, axis=1)
    pair = TablePair(real, real.copy(), identifiers=[])
    distances = column_distances(pair)
    assert distances["p-value"].eq(1).all()
    kept = kept_associations(pair, association_matrices(pair), random_state=0)
    assert kept is None or kept.value == pytest.approx(1)
    assert not broken_rules(learn_rules(pair.real, rng), pair.synthetic).is_broken
