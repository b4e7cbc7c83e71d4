"""Copies, near copies and what an attacker learns, in cases built so that the answer is known."""

import numpy as np
import pandas as pd
import pytest
from random_tables import rows
from scipy.spatial.distance import cdist

from ganaug.metrics import privacy
from ganaug.metrics.privacy import Count, closest_records, find_copies, membership_inference


def table(n: int, seed: int = 0, n_levels: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    levels = [f"level {i}" for i in range(n_levels)]
    return pd.DataFrame({"x": rng.normal(size=n), "y": rng.normal(size=n) * 1e4, "level": rng.choice(levels, n)})


def sample(kind: str, n: int, seed: int) -> pd.DataFrame:
    """Draw rows of a table of numbers, categories, or both; of few categories most rows are equal to another one."""
    rng = np.random.default_rng(seed)
    if kind == "few categories":
        return pd.DataFrame({f"c{i}": rng.choice(list("abc"), n, p=[0.6, 0.3, 0.1]) for i in range(7)})
    # rows of a group are alike, as in a real table
    group = rng.integers(4, size=n)
    levels = np.where(rng.random((n, 12)) < 0.6, group[:, None], rng.integers(4, size=(n, 12)))
    numbers = group[:, None] + (rng.standard_t(1.5, (n, 4)) if kind == "heavy tails" else rng.normal(size=(n, 4)))
    columns = {f"x{i}": of for i, of in enumerate(numbers.T)} if kind != "categories" else {}
    if kind in ("mixed", "categories"):
        columns |= {f"c{i}": np.array(list("abcd"))[of] for i, of in enumerate(levels.T)}
    return pd.DataFrame(columns)


class TestCopies:
    def test_half_copies(self):
        real, new = table(100), table(50, 1)
        order = np.random.default_rng(2).permutation(100)[:50]
        found = find_copies(real, pd.concat([new, real.iloc[order]]), holdout=table(70, 3))
        assert found.exact == (50, 100)
        assert found.reference_exact == (0, 70)
        pairs = found.pairs.sort_values("synthetic")
        assert pairs["synthetic"].tolist() == list(range(50, 100))
        assert pairs["real"].tolist() == order.tolist()
        assert pairs["exact"].all()
        assert (pairs["shared by"] == 1).all()

    def test_near_copies_are_those_within_the_tolerance(self):
        real = table(100)
        spread = real["y"].std(ddof=0)
        moved = real.assign(y=real["y"] + spread * np.linspace(0.001, 0.02, 100))
        found = find_copies(real, moved, tolerance=0.01).pairs
        near = found.loc[found["synthetic"] == found["real"]].sort_values("synthetic")
        assert near["synthetic"].tolist() == list(np.flatnonzero(np.linspace(0.001, 0.02, 100) <= 0.01))
        np.testing.assert_allclose(near["distance"], np.linspace(0.001, 0.02, 100)[near["synthetic"]])
        assert not found["exact"].any()
        assert len(find_copies(real, moved, tolerance=0).pairs) == 0

    def test_is_the_definition(self):
        real, made = np.round(rows(80, 2), 1), np.round(rows(60, 2, 1), 1)
        found = find_copies(real, made, tolerance=0.2)
        distance = cdist(made / real.std(0), real / real.std(0), "chebyshev").min(1)
        assert found.near.found == (distance <= 0.2 + 1e-9).sum()
        assert found.exact.found == (distance < 1e-9).sum()
        own = cdist(real / real.std(0), real / real.std(0), "chebyshev")
        np.fill_diagonal(own, np.inf)
        assert found.reference_near.found == (own.min(1) <= 0.2 + 1e-9).sum()
        assert found.reference_exact.found == (own.min(1) < 1e-9).sum()

    @pytest.mark.parametrize("column", ["level", "gap", "flag"])
    def test_another_level_or_gap_is_no_copy(self, column):
        real = table(40).assign(gap=[None, 1.0] * 20, flag=[True, False] * 20)
        other = {"level": "level 9", "gap": 0.5, "flag": None}[column]
        made = real.assign(**{column: other})
        if column == "gap":
            made["gap"] = real["gap"].isna().map({True: 1.0, False: None})
        assert len(find_copies(real, real).pairs) == 40
        assert len(find_copies(real, made).pairs) == 0

    def test_what_many_rows_share_is_told_from_what_one_has(self):
        real = pd.DataFrame({"a": list("xxxy"), "b": [1, 1, 1, 2]})
        found = find_copies(real, pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}))
        assert found.pairs.sort_values("synthetic")["shared by"].tolist() == [3, 1]
        assert found.reference_exact == (3, 4)

    def test_tables_in_which_all_rows_coincide(self):
        real = pd.DataFrame({"a": np.arange(5000) % 2 == 0})
        found = find_copies(real, real, holdout=real)
        assert found.exact == found.reference_exact == (5000, 5000)
        assert not found.exact.exceeds(found.reference_exact)

    def test_error(self):
        with pytest.raises(ValueError, match="tolerance must be at least 0"):
            find_copies(table(9), table(9), tolerance=-1)


def test_a_count_exceeds_another_as_seldom_as_it_says():
    rng = np.random.default_rng(0)
    draws = rng.binomial(1000, 0.03, (1000, 2))
    said = np.mean([Count(a, 1000).exceeds(Count(b, 1000)) for a, b in draws])
    assert 0.01 < said < 0.04


def test_what_the_generator_learned_by_chance_is_chance_too():
    """Some rows lie where many do. A generator makes as many of them as its real rows have, not as the hold-out has."""
    rng = np.random.default_rng(0)
    n_alarms = np.zeros(2)
    for _ in range(1_000):
        learned, held = rng.binomial(900, 0.04, 2)
        made = Count(rng.binomial(1_600, learned / 900), 1_600)
        n_alarms += [made.exceeds(Count(held, 900)), made.exceeds(Count(held, 900), n_learned=900)]
    assert n_alarms[0] > 45
    assert n_alarms[1] < 40
    # copies of one real row in twenty are found all the same
    assert Count(64 + 80, 1_600).exceeds(Count(36, 900), n_learned=900)


class TestClosestRecords:
    def test_is_the_definition(self):
        real, made, held = rows(50, 3), rows(40, 3, 1), rows(30, 3, 2)
        found = closest_records(real, made, holdout=held, random_state=0)
        to_made, to_held = (np.sort(cdist(x / real.std(0), real / real.std(0)), axis=1) for x in (made, held))
        most = np.median(to_held[:, 0])
        assert found.distance == pytest.approx(np.minimum(to_made[:, 0], most).mean())
        assert found.reference_distance == pytest.approx(np.minimum(to_held[:, 0], most).mean())
        assert found.ratio == pytest.approx(found.distance / found.reference_distance)
        assert found.neighbor_ratio == pytest.approx(np.median(to_made[:, 0] / to_made[:, 1]))
        assert found.closer == ((to_made[:, 0] < np.quantile(to_held[:, 0], 0.05)).sum(), 40)
        assert found.low <= found.ratio <= found.high

    def test_without_a_holdout_rows_are_not_their_own_neighbours(self):
        real = rows(50, 3)
        own = cdist(real / real.std(0), real / real.std(0))
        np.fill_diagonal(own, np.inf)
        own = own.min(1)
        expected = np.minimum(own, np.median(own)).mean()
        assert closest_records(real, rows(40, 3, 1)).reference_distance == pytest.approx(expected)

    @pytest.mark.parametrize("is_held", [True, False], ids=["hold-out", "none"])
    @pytest.mark.parametrize("kind", ["mixed", "categories", "few categories", "numbers", "heavy tails"])
    def test_the_ratio_is_the_share_of_rows_that_are_no_copies(self, kind, is_held):
        expected, found = np.array([1, 0.9, 0.5, 0]), []
        for seed in range(6):
            real, new, held = (sample(kind, 400, 10 * seed + of) for of in range(3))
            half = pd.concat([new[:200], real[:200]], ignore_index=True)
            tenth = pd.concat([new[:360], real[:40]], ignore_index=True)
            found += [
                closest_records(real, made, holdout=held if is_held else None, random_state=0)
                for made in (new, tenth, half, real)
            ]
        ratios, low, high = np.reshape([(of.ratio, of.low, of.high) for of in found], (6, 4, 3)).transpose(2, 0, 1)
        np.testing.assert_allclose(ratios.mean(0), expected, atol=0.04)
        assert ((low <= expected) & (expected <= high)).mean() > 0.8

    @pytest.mark.parametrize("n_levels", [3, 200], ids=["few levels", "many levels"])
    @pytest.mark.parametrize("is_held", [True, False], ids=["hold-out", "none"])
    def test_new_rows_of_the_same_distribution_are_as_far(self, n_levels, is_held):
        ratios = []
        for seed in range(5):
            real, made, held = (table(300, s * 10 + seed, n_levels) for s in (1, 2, 3))
            ratios.append(closest_records(real, made, holdout=held if is_held else None, random_state=0).ratio)
        assert np.mean(ratios) == pytest.approx(1, abs=0.1)

    def test_copies_and_noise(self):
        real, held = rows(200, 3), rows(100, 3, 1)
        copied = closest_records(real, real[:50], holdout=held, random_state=0)
        assert copied.ratio == copied.neighbor_ratio == copied.distance == 0
        assert copied.closer.share == 1
        junk = closest_records(real, rows(100, 3, 2) * 50, holdout=held, random_state=0)
        assert junk.low > 1.1
        assert junk.neighbor_ratio > 0.9
        assert junk.closer.share == 0

    def test_few_copies_among_good_rows_are_seen_by_the_share_alone(self):
        real, held = rows(500, 3), rows(500, 3, 1)
        found = closest_records(real, np.concatenate([rows(400, 3, 2), real[:100]]), holdout=held, random_state=0)
        assert found.ratio > 0.6
        assert found.closer.exceeds(found.reference_closer)

    def test_rows_that_all_coincide(self):
        same = pd.DataFrame({"a": ["x"] * 30})
        assert closest_records(same, same).ratio == 1
        assert np.isnan(closest_records(same, pd.DataFrame({"a": ["y"] * 30})).ratio)

    def test_error(self):
        with pytest.raises(ValueError, match="at least 3 are needed"):
            closest_records(rows(2, 2), rows(9, 2))


class TestMembershipInference:
    def test_copies_give_all_away(self):
        real, held = rows(100, 3), rows(100, 3, 1)
        assert membership_inference(real, real, held).value == 1

    def test_half_copies_give_half_away(self):
        # a member among the copies always wins; of the others every second
        values = []
        for seed in range(5):
            real, held = rows(200, 3, seed), rows(200, 3, seed + 50)
            made = np.concatenate([real[:100], rows(100, 3, seed + 100)])
            values.append(membership_inference(real, made, held).value)
        assert np.mean(values) == pytest.approx(0.75, abs=0.03)

    @pytest.mark.parametrize("n_levels", [3, 200], ids=["few levels", "many levels"])
    def test_rows_that_have_nothing_to_do_with_either_give_nothing_away(self, n_levels):
        found = [membership_inference(*(table(200, s * 10 + seed, n_levels) for s in (1, 2, 3))) for seed in range(6)]
        assert abs(np.mean([f.value for f in found]) - 0.5) < 3 * found[0].error / np.sqrt(6)

    def test_long_tables_are_drawn_from(self, monkeypatch):
        monkeypatch.setattr(privacy, "MAX_PAIRS", 100)
        monkeypatch.setattr(privacy, "MIN_DRAWN", 20)
        real, held = rows(100, 3), rows(100, 3, 1)
        assert membership_inference(real, real, held, random_state=0).value == 1
        assert closest_records(real, real, holdout=held, random_state=0).closer == (20, 20)

    def test_error(self):
        with pytest.raises(ValueError, match="1 held-out"):
            membership_inference(rows(9, 2), rows(9, 2), rows(1, 2))
