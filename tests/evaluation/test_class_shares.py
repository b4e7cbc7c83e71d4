"""Class balance alone never counts as unreal, and rows of one class are measured among the rows of all."""

import numpy as np
import pandas as pd
import pytest
from constructed_rows import made_table
from sklearn.linear_model import LogisticRegression

from ganaug.common.findings import HELPS, REAL, SAFE, answer_of
from ganaug.evaluation import evaluate
from ganaug.metrics import two_sample

LINEAR = [LogisticRegression(max_iter=500)]


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 30)
    monkeypatch.setattr("ganaug.metrics.agreement.N_TREES", 30)


def churn(n: int, share: float, seed: int) -> pd.DataFrame:
    """Return rows whose columns depend on the class, a share of which is the rarer one."""
    rng = np.random.default_rng(seed)
    leaves = rng.random(n) < share
    return pd.DataFrame(
        {
            "months": np.where(leaves, rng.exponential(8, n), 20 + rng.exponential(20, n)).round(1),
            "fee": rng.normal(60 + 20 * leaves, 10).round(2),
            "contract": np.where(rng.random(n) < 0.2 + 0.6 * leaves, "monthly", "yearly"),
            "churn": np.where(leaves, "yes", "no"),
        }
    )


@pytest.mark.parametrize("has_holdout", [True, False])
@pytest.mark.parametrize("shares", [(0.15, 0.5), (0.5, 0.1)])
def test_a_second_sample_with_another_class_balance_is_not_called_bad(shares, has_holdout):
    real, second = churn(600, shares[0], 1), churn(500, shares[1], 2)
    holdout = churn(300, shares[0], 3) if has_holdout else None
    found = evaluate(real, second, holdout=holdout, target="churn", classifiers=LINEAR, random_state=0)
    assert found.at_equal_shares
    assert [of.sentence for of in found.verdict if of.answer == "bad"] == []
    assert any("The classes have other shares" in of.sentence for of in found.verdict)
    assert found.distances.loc["churn", "distance"] < 0.01


def test_equal_shares_hide_no_fault():
    real, second = churn(600, 0.15, 1), churn(500, 0.5, 2)
    second["fee"] += 15
    found = evaluate(real, second, target="churn", classifiers=LINEAR, random_state=0)
    assert answer_of(REAL, found.verdict).answer == "bad"
    assert any("'fee' is far" in of.sentence for of in found.verdict)


@pytest.mark.parametrize("case", range(2))
def test_drawn_classes_of_made_tables_are_not_called_bad(case):
    frame, target = made_table(case)
    frame = frame.sample(frac=1, random_state=case).reset_index(drop=True)
    real, rest = frame.iloc[: len(frame) // 2], frame.iloc[len(frame) // 2 :]
    n = int(rest[target].value_counts().min())
    balanced = rest.groupby(target, group_keys=False).head(n)
    if n < 20:
        pytest.skip("a class has too few rows")
    found = evaluate(real, balanced, target=target, classifiers=LINEAR, random_state=0)
    assert [of.sentence for of in found.verdict if of.answer == "bad"] == []


def test_rows_of_one_class_are_tested_beside_all_real_rows_on_a_holdout():
    real, holdout = churn(400, 0.1, 1), churn(300, 0.1, 2)
    synthetic = churn(900, 0.5, 3).query("churn == 'yes'")
    with pytest.warns(UserWarning, match="Only rows with churn = yes"):
        found = evaluate(real, synthetic, holdout=holdout, target="churn", classifiers=LINEAR, random_state=0)
    helps = [of for of in found.verdict if of.question == HELPS]
    assert len(helps) == 1
    assert set(helps[0].numbers) == {"real", "both"}
    assert "if trained on both (on real test rows)" in helps[0].sentence
    assert "not measured" not in helps[0].sentence
    # wrong rows of the class lower it
    wrong = real.query("churn == 'no'").assign(churn="yes")
    with pytest.warns(UserWarning, match="Only rows with churn = yes"):
        found = evaluate(
            real, pd.concat([wrong] * 3), holdout=holdout, target="churn", classifiers=LINEAR, random_state=0
        )
    assert answer_of(HELPS, found.verdict).answer == "bad"


@pytest.mark.parametrize("seed", range(3))
def test_a_second_sample_of_one_class_breaks_no_rules(seed):
    real = churn(600, 0.15, seed)
    with pytest.warns(UserWarning, match="Only rows with churn = yes"):
        found = evaluate(real, churn(500, 0.5, seed + 9).query("churn == 'yes'"), target="churn", random_state=0)
    assert not found.broken_rules.is_broken


def test_without_a_holdout_the_way_to_measure_is_named():
    with pytest.warns(UserWarning, match="Only rows with churn = yes"):
        found = evaluate(churn(400, 0.1, 1), churn(900, 0.5, 3).query("churn == 'yes'"), target="churn", random_state=0)
    helps = answer_of(HELPS, found.verdict)
    assert helps.answer == "unknown"
    assert "ganaug.compare" in helps.sentence


def test_rows_that_lie_beside_real_ones_explain_an_area_below_chance():
    real = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 3)), columns=list("abc"))
    found = evaluate(real, real + 1e-6, random_state=0)
    assert found.two_sample.interval[1] < 0.5
    assert "It is below 0.5 because rows lie beside counterparts" in answer_of(REAL, found.verdict[:2]).sentence
    assert answer_of(SAFE, found.verdict).answer == "bad"


def test_copies_have_the_row_numbers_of_the_tables():
    real = churn(200, 0.3, 1)
    leaving = np.flatnonzero(real["churn"] == "yes")
    synthetic = pd.concat([churn(300, 0.5, 4).query("churn == 'yes'").iloc[:30], real.iloc[leaving[5:9]]])
    with pytest.warns(UserWarning, match="Only rows"):
        found = evaluate(real, synthetic, target="churn", random_state=0)
    copies = found.copies()
    assert sorted(copies["synthetic"]) == [30, 31, 32, 33]
    assert sorted(copies["real"]) == leaving[5:9].tolist()
    shown, beside = found.copied_rows
    columns = list(shown)
    assert (
        shown.to_numpy().tolist() == beside.to_numpy().tolist() == real.loc[copies["real"], columns].to_numpy().tolist()
    )


@pytest.mark.parametrize("seed", range(3))
def test_words_on_columns_agree_with_their_limits(seed):
    real, second = churn(150, 0.4, seed), churn(150, 0.4, seed + 10)
    found = evaluate(real, second, random_state=0)
    frame = found.frame().set_index("measure")
    is_beyond = (found.distances["distance"] > found.distances["limit"]).any()
    assert frame.loc["column distance, mean", "meaning"].startswith("above" if is_beyond else "chance may")
    near = frame.loc["near copies"]
    assert ("no larger" in near["meaning"]) == (near["value"] <= near["real"])
