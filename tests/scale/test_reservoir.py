"""The sample of each class: uniform, and the same however the parts are read and merged."""

import numpy as np
import pyarrow as pa
import pytest

from ganaug.scale.requests import parts_of, requested_rows
from ganaug.scale.reservoir import Reservoir, equal_quota, merge


def part(number: int, n: int = 500, rare: float = 0.1) -> pa.Table:
    rng = np.random.default_rng(number)
    labels = np.where(rng.random(n) < rare, "rare", "common")
    return pa.table({"id": np.arange(number * n, (number + 1) * n), "y": labels})


def sample(number: int, n_rows: int = 200, seed: int = 0) -> Reservoir:
    reservoir = Reservoir("y", n_rows)
    reservoir.add(part(number), np.random.default_rng([seed, number]))
    return reservoir


def ids(reservoir: Reservoir) -> list[int]:
    return sorted(reservoir.table().column("id").to_pylist())


def test_the_order_of_merging_does_not_matter():
    parts = [sample(number) for number in range(6)]
    forward, backward = merge(parts), merge(parts[::-1])
    nested = merge([merge(parts[:2]), merge(parts[2:5]), parts[5]])
    assert ids(forward) == ids(backward) == ids(nested)
    assert forward.counts == nested.counts
    assert sum(forward.counts.values()) == 3_000
    assert forward.largest == {"id": 2_999}


def test_classes_keep_equal_numbers_or_all_that_they_have():
    merged = merge([sample(number, n_rows=1_000) for number in range(6)])
    n_rare = merged.counts["rare"]
    kept = {label: len(keys) for label, keys in merged.keys.items()}
    assert kept == {"rare": n_rare, "common": 1_000 - n_rare}
    assert {label: table.num_rows for label, table in merged.rows.items()} == kept


def test_each_row_is_as_likely_as_any_other():
    drawn = np.zeros(1_500)
    for seed in range(300):
        merged = merge([sample(number, n_rows=300, seed=seed) for number in range(3)])
        drawn[merged.rows["common"].column("id").to_numpy()] += 1
    labels = pa.concat_tables([part(number) for number in range(3)]).column("y").to_numpy()
    own = drawn[labels == "common"]
    expected = own.mean()
    assert not drawn[labels == "rare"].any()
    # about normal, with the variance of a draw without replacement
    assert own.std() == pytest.approx(np.sqrt(expected * (1 - expected / 300)), rel=0.1)
    thirds = [drawn[i * 500 : (i + 1) * 500].sum() for i in range(3)]
    assert max(thirds) < 1.1 * min(thirds)


def test_missing_labels_are_refused():
    with pytest.raises(ValueError, match="column 'y' has 1 missing labels among 2 rows"):
        Reservoir("y", 10).add(pa.table({"y": ["a", None]}), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("counts", "n_rows", "quota"), [([5, 5], 4, 2), ([100, 3], 50, 47), ([1], 9, 1), ([7, 7, 7], 100, 7)]
)
def test_small_classes_leave_their_rows_to_the_others(counts, n_rows, quota):
    assert equal_quota(counts, n_rows) == quota
    assert sum(min(count, quota) for count in counts) <= n_rows


def test_requested_rows_are_those_of_imbalanced_learn():
    counts = {"a": 1_000, "b": 100, "c": 10}
    assert requested_rows("auto", counts) == {"b": 900, "c": 990}
    assert requested_rows("minority", counts) == {"c": 990}
    assert requested_rows({"b": 150}, counts) == {"b": 50}
    assert requested_rows({"7": 30}, {7: 20, 8: 90}) == {7: 10}
    assert requested_rows(0.5, {0: 100, 1: 10}) == {1: 40}
    assert requested_rows("auto", {0: 5, 1: 5}) == {}


@pytest.mark.parametrize(
    ("strategy", "counts", "message"),
    [
        ("auto", {"a": 3}, "one class, 'a'"),
        ("equal share", {"a": 3, "b": 1}, "needs all labels in memory"),
        ({"z": 3}, {"a": 3, "b": 1}, "'z', but the classes are"),
    ],
)
def test_other_strategies_are_refused(strategy, counts, message):
    with pytest.raises(ValueError, match=message):
        requested_rows(strategy, counts)


def test_parts_hold_all_requested_rows_and_seeds_of_their_own():
    parts = parts_of({"a": 1_001, "b": 7}, 100, seed=3)
    assert sum(part.n_rows for part in parts) == 1_008
    assert len({part.seed for part in parts}) == len(parts) == 12
    assert [part.first for part in parts] == np.cumsum([0, *(part.n_rows for part in parts)])[:-1].tolist()
    assert parts == parts_of({"a": 1_001, "b": 7}, 100, seed=3)
