"""The verdict on rows whose faults are known: each is called bad, and a second real sample is not.

``GANAUG_BAR_CASES=50 pytest tests/evaluation/test_verdict_bars.py`` runs fifty cases of each kind (some minutes), and
``GANAUG_BAR_CASES=50:100`` fifty others; the ordinary run has five, with fewer trees and rows.
"""

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from constructed_rows import FAULTS, halves, made_table, second_sample, with_more_columns

from ganaug.common.findings import REAL, SAFE, answer_of
from ganaug.evaluation import evaluate_tables
from ganaug.metrics import class_agreement, two_sample

REAL_DATA = Path(__file__).parents[2].parent / "shared" / "data" / "tabular"
# Long tables take long to read; these have several kinds of columns, few and many classes.
REAL_TABLES = ["german_credit", "yeast", "car_evaluation", "hmeq", "page-blocks", "satimage", "hypothyroid_binary"]
WANTED = os.environ.get("GANAUG_BAR_CASES", "5")
CASES = range(*map(int, WANTED.split(":")))
IS_QUICK = len(CASES) <= 5
# At most one second sample of 25 may be called bad.
MAX_FALSE_ALARMS = len(CASES) // 25


def table(case: int) -> tuple[pd.DataFrame, str]:
    """Return a real table in odd cases, where there are any, and a made one otherwise."""
    name = REAL_TABLES[case // 2 % len(REAL_TABLES)]
    path = REAL_DATA / f"{name}.parquet"
    if case % 2 and path.exists():
        frame = pd.read_parquet(path)
        return frame, str(frame.columns[-1])
    return made_table(100 + case)


def verdict(case: int, build, kind: int):
    frame, target = table(case)
    rng = np.random.default_rng([7, case, kind])
    # half of the tables have an identifier and a rule; where these are at fault, all do
    if case % 4 < 2 or build in (FAULTS["reused identifiers"], FAULTS["broken rules"]):
        frame = with_more_columns(frame, rng)
    n = int(rng.integers(120, 160) if IS_QUICK else rng.integers(120, 400))
    real, second = halves(frame, target, min(n, len(frame) // 2), rng)
    while real[target].nunique() < 2:
        n *= 2
        real, second = halves(frame, target, min(n, len(frame) // 2), rng)
    synthetic = build(real, second, target, min(len(real), len(second)), rng)
    with warnings.catch_warnings():
        # classifiers that do not converge on noise
        warnings.simplefilter("ignore")
        return evaluate_tables(real, synthetic, target=target, random_state=case).verdict


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    if IS_QUICK:
        monkeypatch.setattr(two_sample, "N_TREES", 40)
        monkeypatch.setattr("ganaug.metrics.agreement.N_TREES", 40)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_is_called_bad(kind, case):
    found = verdict(case, FAULTS[kind], list(FAULTS).index(kind))
    answered = answer_of(SAFE if kind in ("copies", "reused identifiers") else REAL, found)
    assert answered.answer == "bad", answered.sentence


# A test for each case, so that none takes minutes; what they find is counted together.
alarms: dict[int, list[str]] = {}


@pytest.mark.parametrize("case", CASES)
def test_a_second_real_sample_is_not_called_bad(case):
    found = verdict(case, second_sample, len(FAULTS))
    if said := [of.sentence for of in found if of.answer == "bad"]:
        alarms[case] = said
    assert len(alarms) <= MAX_FALSE_ALARMS, alarms


def test_rows_of_the_wrong_class_are_found_where_only_one_class_was_filled():
    frame, target = made_table(3)
    rng = np.random.default_rng(0)
    real, second = halves(frame, target, 300, rng)
    order = real[target].value_counts().index
    majority = second[second[target] == order[0]]
    right = second[second[target] == order[1]]
    wrong = class_agreement(real, majority.assign(**{target: order[1]}), target, random_state=0)
    assert wrong["class"].tolist() == [order[1]]
    assert wrong["looks like"].tolist() == [order[0]]
    assert wrong["low"].iloc[0] > 0.5
    fine = class_agreement(real, right, target, random_state=0)
    assert fine["low"].iloc[0] < 0.5
