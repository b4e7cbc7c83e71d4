"""Rules: learned where they hold and are shown, not where they do not hold or are not shown."""

import numpy as np
import pandas as pd
import pytest

from ganaug.constraints import Constraints, learn_constraints

N = 600


def sentences(frame: pd.DataFrame, y=None, **given) -> list[str]:
    return [rule.sentence for rule in learn_constraints(frame, y, **given)]


def days(numbers) -> pd.Series:
    return pd.Timestamp("2020-01-01") + pd.to_timedelta(pd.Series(numbers), unit="D")


def make(kind: str, n: int, seed: int = 0) -> tuple[pd.DataFrame, str]:
    """Return rows that keep one rule, and its sentence."""
    rng = np.random.default_rng(seed)
    a, b, normal = rng.integers(0, 100, n), rng.integers(0, 50, n), rng.normal(size=n)
    net = rng.choice(["no", "dsl", "fibre"], n)
    code, gap = rng.integers(0, 12, n), rng.random(n) < 0.3
    made = {
        "order": ({"a": a, "b": a + b}, "a <= b"),
        "strict order": ({"a": a, "b": a + 1 + b // 5}, "a < b"),
        "dates": ({"start": days(a), "end": days(a + b)}, "start <= end"),
        "copy": ({"a": normal, "b": normal}, "a = b"),
        "copy of text": ({"a": net, "b": net}, "a = b"),
        "scale": ({"a": normal, "b": 2.54 * normal}, "b = 2.54 x a"),
        "sum": ({"total": a + b, "a": a, "b": b}, "total = a + b"),
        "sum of three": ({"a": a, "b": b, "c": code, "total": a + b + code}, "total = a + b + c"),
        "product": ({"price": a + 1.5, "n": code + 1, "total": (a + 1.5) * (code + 1)}, "total = price x n"),
        "missing together": (
            {"a": np.where(gap, np.nan, normal), "b": np.where(gap, None, net)},
            "a and b are missing together",
        ),
        "missing when": (
            {"net": net, "speed": np.where(net == "no", np.nan, normal)},
            "speed is missing exactly when net is 'no'",
        ),
        "determined": ({"zip": code, "state": code % 3, "x": normal}, "state is determined by zip"),
        "levels": (
            {"net": net, "tv": np.where(net == "no", "no", rng.choice(["yes", "off"], n))},
            "net='no' never with tv='yes'",
        ),
        "end": (
            {"net": net, "price": np.where(net == "fibre", rng.uniform(67, 99, n), rng.uniform(20, 99, n)).round()},
            "net='fibre' never with price < 65",
        ),
    }
    columns, sentence = made[kind]
    return pd.DataFrame(columns), sentence


KINDS = ["order", "strict order", "dates", "copy", "copy of text", "scale", "sum", "sum of three", "product"]
KINDS += ["missing together", "missing when", "determined", "levels", "end"]


def shuffled(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Pair the columns at random: they have no relation."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({label: frame[label].to_numpy()[rng.permutation(len(frame))] for label in frame})


@pytest.mark.parametrize("kind", KINDS)
def test_what_holds_is_learned(kind):
    frame, sentence = make(kind, N)
    constraints = learn_constraints(frame)
    assert sentence in [rule.sentence for rule in constraints]
    assert not constraints.broken(frame).any()
    # it also holds in other rows of the same kind
    assert constraints.broken(make(kind, N, seed=1)[0]).mean() <= 0.005


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_hold_is_not_learned(kind):
    frame, _ = make(kind, N)
    assert sentences(shuffled(frame)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_twenty_rows_show_is_no_rule(kind):
    assert sentences(make(kind, 20)[0]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_break_a_rule_are_found_and_repaired(kind):
    frame, sentence = make(kind, N)
    (rule,) = [rule for rule in learn_constraints(frame) if rule.sentence == sentence]
    constraints = learn_constraints(frame)
    wrong = shuffled(frame)
    assert rule.broken(wrong).mean() > 0.02
    repaired = constraints.repair(wrong, force=True)
    left = constraints.broken(repaired)
    assert left.mean() < 0.5 * constraints.broken(wrong).mean()
    assert (repaired.dtypes == frame.dtypes).all()
    # a repair changes nothing twice, and no row that keeps the rules
    pd.testing.assert_frame_equal(constraints.repair(repaired, force=True), repaired)
    kept = ~constraints.broken(wrong)
    pd.testing.assert_frame_equal(repaired[kept], wrong[kept])


@pytest.mark.parametrize("kind", KINDS)
def test_gentle_repairs_are_idempotent(kind):
    frame, _ = make(kind, N)
    constraints = learn_constraints(frame)
    once = constraints.repair(shuffled(frame), generated=True)
    pd.testing.assert_frame_equal(constraints.repair(once, generated=True), once)
    pd.testing.assert_frame_equal(constraints.repair(frame), frame)


def test_repaired_numbers_are_legal():
    frame, _ = make("strict order", N)
    repaired = learn_constraints(frame).repair(shuffled(frame), force=True)
    for label in frame:
        assert repaired[label].between(frame[label].min(), frame[label].max()).all()


def test_numbers_that_differ_by_scale_alone_have_no_order():
    rng = np.random.default_rng(0)
    assert sentences(pd.DataFrame({"age": rng.normal(40, 5, N), "income": rng.normal(4e4, 5e3, N)})) == []


@pytest.mark.parametrize("seed", range(6))
def test_small_numeric_tables_have_no_rules(seed):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(8, 8))
    rows = rng.normal(size=(200, 8)) @ mixing * np.exp(rng.normal(size=8)) + 3 * rng.normal(size=8)
    frame = pd.DataFrame(np.exp(rows / 5) if seed % 2 else rows.round(1))
    assert sentences(frame, rng.integers(0, 2, 200)) == []


def test_rare_is_not_impossible():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.choice(list("xy"), N, p=[0.9, 0.1]), "b": rng.choice(list("uv"), N, p=[0.95, 0.05])})
    frame.loc[(frame["a"] == "y") & (frame["b"] == "v"), "b"] = "u"
    assert sentences(frame) == []  # by chance, 3 of 600 rows would be (y, v)


def test_classes_take_part_and_are_never_changed():
    rng = np.random.default_rng(0)
    y = pd.Series(rng.choice(["sick", "well"], N), name="state")
    frame = pd.DataFrame({"test": np.where(y == "sick", rng.choice(["+", "?"], N), rng.choice(["-", "?"], N))})
    constraints = learn_constraints(frame, y)
    assert "test='+' never with state='well'" not in [rule.sentence for rule in constraints], "the class is the cause"
    assert "state='well' never with test='+'" in [rule.sentence for rule in constraints]
    assert constraints.broken(pd.DataFrame({"test": ["+", "+"]}), ["well", "sick"]).tolist() == [True, False]
    with_class = constraints.with_class(pd.DataFrame({"test": ["+", "-"] * 50}), ["well", "sick"] * 50)
    repaired = constraints.repair(with_class, force=True)
    assert repaired["state"].tolist() == ["well", "sick"] * 50
    assert not constraints.broken(repaired).any()


def test_unique_text_takes_no_part():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 9, N)
    frame = pd.DataFrame({"id": [f"{i:05}" for i in range(N)], "a": a, "b": a})
    assert sentences(frame) == ["a = b"]


def test_columns_without_names_are_called_by_their_number():
    frame, _ = make("sum", N)
    assert sentences(pd.DataFrame(frame.to_numpy())) == ["column 0 = column 1 + column 2"]


@pytest.mark.parametrize(
    "names",
    [[1, 0], [("a", 1), "b"], [True, False], [None, "b"], pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])],
    ids=str,
)
def test_columns_may_have_any_name(names):
    code = np.arange(400) % 4
    index = names if isinstance(names, pd.Index) else pd.Index(names, dtype=object, tupleize_cols=False)
    frame = pd.DataFrame({0: code, 1: np.array(list("xyzx"))[code]}).set_axis(index, axis=1)
    found = learn_constraints(frame, categorical=list(index))
    assert len(found)
    assert not found.broken(frame).any()
    pd.testing.assert_frame_equal(found.repair(frame), frame)


def test_large_tables_take_seconds():
    import time

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"n{i}": rng.normal(size=100_000) for i in range(30)})
    for i in range(20):
        frame[f"c{i}"] = rng.choice(list("abcde"), 100_000)
    frame["copy"] = frame["n3"]
    start = time.perf_counter()
    assert sentences(frame) == ["n3 = copy"]
    assert time.perf_counter() - start < 30


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["telco_churn", "hmeq", "german_credit", "yeast", "page-blocks", "car_evaluation"])
def test_other_real_rows_break_hardly_any_rule(real_data, name):
    X, y = real_data(name)
    order = np.random.default_rng(0).permutation(len(X))
    half, other = np.array_split(order, 2)
    constraints = learn_constraints(X.iloc[half], y.iloc[half])
    assert constraints.broken(X.iloc[other], y.iloc[other]).mean() <= 0.005


def total_of_months() -> pd.DataFrame:
    """Return rows whose total is nearly months x price, and after one month exactly the price."""
    rng = np.random.default_rng(0)
    months, price = rng.integers(1, 7, N), rng.integers(20, 100, N).astype(float)
    total = np.where(months == 1, price, (months * price * rng.normal(1, 0.05, N)).round())
    return pd.DataFrame({"months": months, "price": price, "total": total})


def test_a_product_that_is_exact_in_some_rows_is_exact_there():
    frame = total_of_months()
    constraints = learn_constraints(frame)
    assert "exactly where months is 1" in repr(constraints)
    assert "months is 2" not in repr(constraints)
    constraints = Constraints.from_state(constraints.state())
    one = frame["months"] == 1
    assert not constraints.broken(frame).any()
    wrong = frame.assign(total=frame["total"] + one)
    assert (constraints.broken(wrong) == one).all()
    made = constraints.repair(wrong, generated=True)
    assert (made["total"] == made["price"])[one].all()
    assert 0.02 < (made["total"] / (made["months"] * made["price"]))[~one].std() < 0.08


@pytest.mark.real_data
def test_churn_has_the_rules_that_everybody_knows(real_data):
    constraints = learn_constraints(*real_data("telco_churn"))
    found = [rule.sentence for rule in constraints]
    assert "PhoneService is determined by MultipleLines" in found
    assert "InternetService='Fiber optic' never with MonthlyCharges < 67" in found
    assert any(sentence.startswith("TotalCharges = tenure x MonthlyCharges within") for sentence in found)
    assert any(sentence.endswith("exactly where tenure is 1") for sentence in found)
    assert isinstance(constraints, Constraints)
    assert repr(constraints).splitlines()[0] == f"{len(found)} rules"
