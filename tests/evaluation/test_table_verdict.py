"""What numbers say: each threshold from both sides, and unknown wherever the numbers do not show an answer."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ganaug.common.findings import HELPS, REAL, SAFE
from ganaug.evaluation import TableEvaluation
from ganaug.evaluation.table_rules import BrokenRules
from ganaug.metrics import (
    AUC,
    Associations,
    Baseline,
    ClosestRecords,
    Copies,
    Count,
    Interval,
    KeptAssociations,
    Projection,
    Utility,
)

SIX = np.ones(6)
NO_COPY = Count(0, 1000)


def scores(real, synthetic, both, name: str = "Forest") -> Utility:
    """Return ROC AUCs, each (value, low, high), of one classifier."""
    rows = [
        {"classifier": name, "trained on": on, "metric": "ROC AUC", "value": value, "low": low, "high": high}
        for on, (value, low, high) in [("real", real), ("synthetic", synthetic), ("both", both)]
    ]
    return Utility(pd.DataFrame(rows), [])


def pairs(n: int) -> pd.DataFrame:
    return pd.DataFrame({"synthetic": range(n), "real": range(n), "distance": 0.0, "exact": True, "shared by": 1})


def closest(ratio: float, low: float, high: float, closer: int = 50) -> ClosestRecords:
    return ClosestRecords(ratio, 1.0, ratio, low, high, Count(closer, 1000), Count(50, 1000), 0.5, 0.5)


def reused(n: int, usual: int = 0, row_numbers: bool = False) -> pd.DataFrame:
    return pd.DataFrame(
        {"reused": n, "cells": 1000, "reference reused": usual, "reference cells": 1000, "row numbers": row_numbers},
        index=["id"],
    )


def rules(n_broken: int) -> pd.DataFrame:
    return pd.DataFrame({"rule": ["a <= b", "c = d"], "broken": [n_broken, 0], "share": [n_broken / 1000, 0.0]})


@pytest.fixture
def best() -> TableEvaluation:
    """Return an evaluation in which every number is good."""
    columns = pd.Index(["a", "b"])
    flaws = ["invalid", "out of range", "unseen level", "off grid", "newly missing", "unreadable", "by chance"]
    return TableEvaluation(
        n_rows={"real": 1000, "synthetic": 1000, "holdout": 1000},
        validity=pd.DataFrame(dict.fromkeys(flaws, 0.0), index=columns).assign(**{"broken dtype": False}),
        distances=pd.DataFrame({"distance": [0.02, 0.01], "chance": 0.03, "limit": 0.1, "p-value": 1.0}, index=columns),
        broken_rules=BrokenRules(rules(0), Count(0, 1000), Count(0, 1000), 1000, 2),
        association_matrices=Associations(*[pd.DataFrame(np.eye(2), columns, columns)] * 3),
        two_sample=AUC(0.52, 0.01),
        neighborhoods=SIX,
        neighborhood_interval=Interval(0.95 * SIX, 1.05 * SIX),
        neighborhood_baseline=Baseline(SIX, SIX, SIX),
        copied=Copies(pairs(0), NO_COPY, NO_COPY, NO_COPY, NO_COPY),
        closest=closest(1.0, 0.95, 1.05),
        reused=reused(0),
        membership=AUC(0.5, 0.005),
        utility=scores((0.8, 0.75, 0.82), (0.8, 0.7, 0.9), (0.9, 0.85, 0.95)),
        distributions={},
        projection=Projection(np.zeros((1, 2)), np.zeros((1, 2)), 1.0),
        settings={},
    )


def answers(evaluation: TableEvaluation, question: str) -> list[str]:
    return [finding.answer for finding in evaluation.verdict if finding.question == question]


def sentence(evaluation: TableEvaluation, part: str) -> str:
    """Return the one sentence that holds these words."""
    (found,) = [finding.sentence for finding in evaluation.verdict if part in finding.sentence]
    return found


def test_good_where_all_is_shown_to_be_good(best):
    assert {finding.answer for finding in best.verdict} == {"good"}
    assert list(dict.fromkeys(finding.question for finding in best.verdict)) == [HELPS, REAL, SAFE]


def test_sentences_are_sentences(best):
    for finding in best.verdict:
        assert finding.sentence[0].isupper()
        assert finding.sentence.endswith(".")
        assert "\n" not in finding.sentence
        assert all(isinstance(number, float) for number in finding.numbers.values())


@pytest.mark.parametrize(
    ("changes", "question", "answer"),
    [
        ({"utility": None}, HELPS, "unknown"),
        ({"utility": scores((0.8, 0.75, 0.85), (0.8, 0.7, 0.9), (0.9, 0.84, 0.95))}, HELPS, "unknown"),
        ({"utility": scores((0.8, 0.75, 0.85), (0.8, 0.7, 0.9), (0.7, 0.6, 0.74))}, HELPS, "bad"),
        ({"utility": scores(*[(np.nan, np.nan, np.nan)] * 3)}, HELPS, "unknown"),
        ({"utility": scores((np.nan, np.nan, np.nan), (0.8, 0.7, 0.9), (0.9, 0.8, 1.0))}, HELPS, "unknown"),
        ({"two_sample": AUC(0.71, 0.2)}, REAL, "unknown"),  # 0.5 is in the interval
        ({"two_sample": AUC(0.71, 0.1)}, REAL, "bad"),
        ({"two_sample": AUC(0.69, 0.02)}, REAL, "unknown"),
        ({"two_sample": AUC(0.95, 0.01), "neighborhoods": 0.4 * SIX}, REAL, "bad"),
        ({"neighborhoods": 0.69 * SIX}, REAL, "bad"),
        ({"neighborhood_interval": Interval(0.69 * SIX, SIX)}, REAL, "unknown"),
        ({"copied": Copies(pairs(9), Count(9, 1000), Count(9, 1000), NO_COPY, NO_COPY)}, SAFE, "bad"),
        ({"copied": Copies(pairs(2), Count(2, 1000), Count(2, 1000), NO_COPY, NO_COPY)}, SAFE, "unknown"),
        ({"closest": closest(0.8, 0.7, 0.89)}, SAFE, "bad"),
        ({"closest": closest(0.8, 0.7, 0.91)}, SAFE, "unknown"),
        ({"closest": closest(1.0, 0.95, 1.05, closer=150)}, SAFE, "bad"),
        ({"closest": closest(1.0, 0.95, 1.05, closer=95)}, SAFE, "unknown"),
        ({"closest": closest(np.nan, np.nan, np.nan)}, SAFE, "unknown"),
        ({"membership": None}, SAFE, "unknown"),
        ({"membership": AUC(0.53, 0.01)}, SAFE, "bad"),
        ({"membership": AUC(0.53, 0.02)}, SAFE, "unknown"),
        ({"membership": AUC(0.597, 0.0493)}, SAFE, "unknown"),  # printed as 0.50 to 0.69
        ({"membership": AUC(0.515, 0.001)}, SAFE, "good"),
    ],
)
def test_each_threshold(best, changes, question, answer):
    changed = replace(best, **changes)
    assert set(answers(changed, question)) - {"good"} == {answer} - {"good"}
    for other in {HELPS, REAL, SAFE} - {question}:
        assert answers(changed, other) == answers(best, other)
    assert not any(re.search(r"\bnan\b", finding.sentence) for finding in changed.verdict)


@pytest.mark.parametrize(
    ("column", "answer"),
    [((0.09, 1e-9), "good"), ((0.11, 0.0009), "bad"), ((0.11, 0.0011), "unknown")],
)
def test_a_column_is_far_beyond_a_tenth_and_beyond_chance(best, column, answer):
    """The limit of 0.002 is shared by the two columns."""
    distances = best.distances.copy()
    distances.loc["b", ["distance", "p-value"]] = column
    assert set(answers(replace(best, distances=distances), REAL)) - {"good"} == {answer} - {"good"}


@pytest.mark.parametrize(
    ("kept", "answer"),
    [
        (KeptAssociations(0.51, 0.01), "good"),
        (KeptAssociations(0.49, 0.16), "bad"),
        (KeptAssociations(0.49, 0.18), "unknown"),
        (None, "good"),
    ],
)
def test_lost_associations_are_compared_with_their_error(best, kept, answer):
    assert set(answers(replace(best, kept=kept), REAL)) - {"good"} == {answer} - {"good"}


def test_cells_that_new_real_rows_have_too_are_no_fault(best):
    validity = best.validity.assign(**{"unseen level": 0.02, "invalid": 0.02, "by chance": 0.02})
    assert set(answers(replace(best, validity=validity), REAL)) == {"good"}
    other = replace(best, validity=validity.assign(**{"off grid": 0.01, "invalid": 0.03}))
    assert "bad" in answers(other, REAL)
    assert sentence(other, "could not hold").startswith("1.0 % of the cells hold values that the real table could not")


def test_another_kind_of_cells(best):
    validity = best.validity.assign(**{"broken dtype": [True, False]})
    assert (
        sentence(replace(best, validity=validity), "another kind")
        == "The cells of 'a' hold another kind of data than in the real table."
    )


def test_copies_are_as_many_as_chance_has(best):
    copied = Copies(pairs(9), Count(9, 1000), Count(12, 1000), Count(10, 1000), Count(12, 1000))
    changed = replace(best, copied=copied)
    assert set(answers(changed, SAFE)) == {"good"}
    assert sentence(changed, "not more than chance explains").startswith(
        "9 of 1,000 synthetic rows equal a real one and 3"
    )


def test_what_the_generator_has_seen_is_no_proof_of_help(best):
    changed = replace(best, n_rows=best.n_rows | {"holdout": 0})
    assert answers(changed, HELPS) == ["unknown"]
    assert "the generator has seen the test rows" in sentence(changed, "raises it")


def test_clear_changes_in_other_metrics_are_told(best):
    overlapping = scores((0.8, 0.75, 0.85), (0.8, 0.7, 0.9), (0.81, 0.76, 0.86))
    other = scores((0.5, 0.48, 0.55), (0.7, 0.65, 0.75), (0.7, 0.65, 0.75)).scores.assign(metric="balanced accuracy")
    changed = replace(best, utility=Utility(pd.concat([overlapping.scores, other]), []))
    assert answers(changed, HELPS) == ["unknown"]
    assert sentence(changed, "ROC AUC").endswith("It raises the balanced accuracy from 0.500 to 0.700.")


def test_notes_are_passed_on_as_unknown(best):
    changed = replace(best, utility=best.utility._replace(notes=["3 rows were left out."]))
    assert answers(changed, HELPS) == ["good", "unknown"]


def test_what_is_bad_for_privacy_is_summed_up_first(best):
    changed = replace(best, membership=AUC(0.8, 0.01))
    first = next(finding for finding in changed.verdict if finding.question == SAFE)
    assert first.answer == "bad"
    assert first.sentence.startswith("Do not share these rows as if they were anonymous. An attacker can distinguish")
    assert [finding.answer for finding in changed.verdict].count("bad") == 1


@pytest.mark.parametrize(
    ("n_broken", "n_usual", "answer", "said"),
    [
        (0, 0, "good", "No synthetic row breaks any of 2 rules"),
        (2, 0, "unknown", "so few may be chance"),
        (9, 0, "bad", "the most broken one is a <= b (9 rows)."),
        (3, 4, "unknown", "0.4 % of new real rows break such a rule as well"),
        (40, 4, "bad", "40 of 1,000 synthetic rows (4.0 %) break at least one of 2 rules"),
    ],
)
def test_broken_rules_are_compared_with_new_real_rows(best, n_broken, n_usual, answer, said):
    broken = BrokenRules(rules(n_broken), Count(n_broken, 1000), Count(n_usual, 1000), 1000, 2)
    found = replace(best, broken_rules=broken)
    (finding,) = [of for of in found.verdict if "rule" in of.sentence]
    assert finding.answer == answer
    assert said in finding.sentence


def test_few_rows_do_not_show_that_rules_hold(best):
    found = replace(best, broken_rules=BrokenRules(rules(0), Count(0, 30), Count(0, 1000), 1000, 2))
    assert "up to 11.4 % may" in sentence(found, "rules")
    assert "unknown" in answers(found, REAL)


def test_a_table_without_rules_has_no_finding_on_rules(best):
    found = replace(best, broken_rules=BrokenRules(rules(0).iloc[:0], Count(0, 30), Count(0, 1000), 1000, 2))
    assert not [of for of in found.verdict if "rule" in of.sentence]


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        (reused(0), "good"),
        (reused(1000), "bad"),
        (reused(1), "bad"),  # a single one is a leak where all real identifiers differ
        (reused(40, usual=50), "unknown"),
        (reused(400, usual=50), "bad"),
        (reused(900, row_numbers=True), "unknown"),
    ],
)
def test_reused_identifiers_are_a_finding_of_their_own(best, found, answer):
    evaluation = replace(best, reused=found)
    (finding,) = [finding for finding in evaluation.verdict if "'id'" in finding.sentence]
    assert (finding.question, finding.answer) == (SAFE, answer)
    assert ("bad" in answers(evaluation, SAFE)) == (answer == "bad")


def test_without_identifiers_there_is_no_finding_about_them(best):
    assert not [
        finding for finding in replace(best, reused=reused(0).iloc[:0]).verdict if "identifier" in finding.sentence
    ]


@pytest.mark.parametrize(
    ("shift", "error", "moved"),
    [(0.19, 0.001, False), (0.21, 0.05, True), (-0.21, 0.05, True), (0.5, 0.2, False), (np.nan, np.nan, False)],
)
def test_a_mean_has_moved_by_a_fifth_of_a_deviation_and_beyond_chance(best, shift, error, moved):
    distances = best.distances.assign(**{"mean shift": [0.0, shift], "shift error": [0.1, error]})
    changed = replace(best, distances=distances)
    assert set(answers(changed, REAL)) == {"good", *["bad"] * moved}
    if moved:
        said = sentence(changed, "A mean has moved")
        assert f"b by {shift:+.2f} (in standard deviations; at least 4 standard errors)" in said
        assert "--selection realism" in said


def test_new_rows_of_the_same_origin_have_the_same_means():
    """No false alarm among 160 columns, with heavy tails, times and few values, in small and large tables."""
    from ganaug.evaluation.mean_verdict import on_means
    from ganaug.metrics import column_distances

    rng = np.random.default_rng(0)

    def table(n):
        days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
        numbers = {"tail": np.exp(2 * rng.normal(size=n)), "few": rng.integers(0, 4, n), "day": days}
        missing = np.where(rng.random(n) < 0.5, np.nan, rng.normal(size=n))
        return pd.DataFrame({**numbers, "missing": missing, "town": rng.choice(list("abc"), n)})

    for n_real, n_synthetic in [(30, 30), (30, 1000), (300, 300), (2000, 500)] * 10:
        assert not list(on_means(column_distances(table(n_real), table(n_synthetic))))
    real = table(300)
    moved = real.assign(day=real["day"] + pd.Timedelta(days=200))
    (found,) = on_means(column_distances(real, moved))
    assert found.numbers.keys() == {"mean shift of day"}
