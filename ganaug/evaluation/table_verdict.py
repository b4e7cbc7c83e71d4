"""What the numbers of a table's evaluation say: pure functions from numbers to findings.

A finding is "good" only where the numbers show it: the value is on the right side of its threshold, and so is its whole
95 % interval, if it has one. A value on the right side whose interval reaches beyond the threshold is "unknown".
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ganaug.common.findings import HELPS, REAL, SAFE, Answer, Finding
from ganaug.common.wording import listed, percent
from ganaug.metrics import AUC, Count

if TYPE_CHECKING:
    from ganaug.evaluation.table_result import TableEvaluation

# Two-sample AUC from which rows are not real enough: a forest is right about 7 of 10 pairs of a real and a synthetic
# row. Rows that were selected for their class reach 0.6 or more and still help classifiers.
TOLD_AUC = 0.7
# Rows are junk where the forest is right about 9 of 10 pairs and, at the same time, fewer synthetic rows lie among real
# ones than half of what real rows reach.
JUNK_AUC = 0.9
JUNK_PRECISION = 0.5
# A column is far from the real one from this distance, and only if the distance is so many times what chance has on
# average: of categories of two levels, one column in sixty exceeds three times by chance.
FAR_DISTANCE = 0.1
BEYOND_CHANCE = 3
# Diversity is lacking below this share of the coverage that real rows reach.
LOW_COVERAGE = 0.7
# Rows are too near to training rows if they lie, in the median, less than 0.9 times as far as unseen real rows ...
NEAR_RATIO = 0.9
# ... or if more than a tenth of them is nearer than 95 % of unseen real rows are: twice what is usual.
NEAR_SHARE = 0.1
# An attack that is right less often than this has no practical use, even where it is significant.
MEMBERSHIP_AUC = 0.52


def findings(evaluation: "TableEvaluation") -> list[Finding]:
    """Return the verdict: what helps, what is real, what is safe to share."""
    private = list(_safe(evaluation))
    if any(finding.answer == "bad" for finding in private):
        private = [Finding(SAFE, "bad", "Do not share these rows as if they were anonymous."), *private]
    return [*_helps(evaluation), *_real(evaluation), *private]


def has_membership_leak(membership: AUC) -> bool:
    """Whether an attacker learns which rows were training rows: significantly, and more often than hardly ever."""
    return membership.interval[0] > 0.5 and membership.value > MEMBERSHIP_AUC


# --- does it help?


def _helps(evaluation: "TableEvaluation") -> Iterator[Finding]:
    utility = evaluation.utility
    if utility is None:
        yield Finding(HELPS, "unknown", "Not measured: this needs the column that classifiers predict, target=....")
        return
    is_held_out = evaluation.n_rows["holdout"] > 0
    scores = utility.scores[utility.scores["metric"] == "ROC AUC"]
    for name, of_classifier in scores.groupby("classifier", sort=False):
        rows = of_classifier.drop_duplicates("trained on").set_index("trained on")
        value = {str(on): float(score) for on, score in rows["value"].items()}
        answer, comparison = _effect_of_adding(rows, is_held_out)
        yield Finding(
            HELPS,
            answer,
            f"{name} has ROC AUC {value['real']:.3f} on real test rows if trained on real rows, "
            f"{value['synthetic']:.3f} if trained on synthetic rows, and {value['both']:.3f} if trained on both; "
            f"{comparison}.",
            value,
        )
    for note in utility.notes:
        yield Finding(HELPS, "unknown", note)


def _effect_of_adding(scores: pd.DataFrame, is_held_out: bool) -> tuple[Answer, str]:
    """Compare the intervals of training on both and on real rows; they are disjoint only where the effect is clear."""
    real, both = scores.loc["real"], scores.loc["both"]
    if both["high"] < real["low"]:
        return "bad", "adding the synthetic rows made it worse"
    if both["low"] > real["high"]:
        if is_held_out:
            return "good", "adding the synthetic rows made it better"
        return "unknown", "adding the synthetic rows made it better, but the generator has seen the test rows"
    return "unknown", "the 95 % intervals of real rows and of both overlap"


# --- is it real?


def _real(evaluation: "TableEvaluation") -> Iterator[Finding]:
    yield _on_two_sample(evaluation)
    yield _on_validity(evaluation)
    broken = evaluation.validity["broken dtype"]
    if broken.any():
        yield Finding(
            REAL,
            "bad",
            f"The cells of {listed(broken.index[broken])} have become another kind of data.",
            {"broken dtypes": float(broken.mean())},
        )
    yield _on_columns(evaluation)
    yield _on_coverage(evaluation)


def _on_two_sample(evaluation: "TableEvaluation") -> Finding:
    area = evaluation.two_sample
    low, high = area.interval
    precision, usual = float(evaluation.neighborhoods[0]), float(evaluation.neighborhood_baseline.mean[0])
    numbers = {"two-sample AUC": area.value, "low": low, "high": high}
    told = f"A random forest tells synthetic rows from real ones with AUC {area.value:.2f} (0.5 means that it cannot)"
    if area.value >= JUNK_AUC and precision < JUNK_PRECISION * usual:
        return Finding(
            REAL,
            "bad",
            f"{told}, and only {percent(precision)} of the synthetic rows lie among real ones: they are junk.",
            numbers | {"precision": precision, "precision of real rows": usual},
        )
    if area.value >= TOLD_AUC:
        return Finding(REAL, "bad", f"{told}.", numbers)
    if high >= TOLD_AUC:
        unsure = f"but these are too few rows to be sure: the 95 % interval is {low:.2f} to {high:.2f}"
        return Finding(REAL, "unknown", f"{told}, {unsure}.", numbers)
    return Finding(REAL, "good", f"{told}.", numbers)


def _on_validity(evaluation: "TableEvaluation") -> Finding:
    shares = _invalid_beyond_chance(evaluation)
    numbers = {"invalid cells": float(shares.mean())}
    if (shares > 0).any():
        worst = shares[shares > 0].sort_values(ascending=False, kind="stable").index
        return Finding(
            REAL,
            "bad",
            f"{percent(numbers['invalid cells'])} of the cells could not stand in the real table, most of them in "
            f"{listed(worst)}.",
            numbers,
        )
    return Finding(REAL, "good", "All cells could stand in the real table, as far as chance explains.", numbers)


def _invalid_beyond_chance(evaluation: "TableEvaluation") -> pd.Series:
    """Return the invalid share of each column, without out-of-range cells and unseen levels that new real rows have."""
    validity, n, n_real = evaluation.validity, evaluation.n_rows["synthetic"], evaluation.n_rows["real"]
    new = validity["out of range"] + validity["unseen level"]
    is_usual = np.array(
        [
            not Count(round(found * n), n).exceeds(Count(round(usual * n_real), n_real))
            for found, usual in zip(new, validity["by chance"], strict=True)
        ]
    )
    return (validity["invalid"] - new.where(is_usual, 0.0)).clip(0)


def _on_columns(evaluation: "TableEvaluation") -> Finding:
    columns = evaluation.columns()
    limits = np.maximum(FAR_DISTANCE, BEYOND_CHANCE * columns["chance"])
    far = columns.index[columns["distance"] > limits]
    largest = float(columns["distance"].iloc[0])
    numbers = {"largest column distance": largest, "by chance": float(columns["chance"].iloc[0])}
    if len(far):
        return Finding(REAL, "bad", f"The distribution of {listed(far)} is far from the real one.", numbers)
    where = f"largest in {listed(columns.index[:1])}"
    if largest > FAR_DISTANCE:
        return Finding(
            REAL,
            "unknown",
            f"Column distributions differ by up to {largest:.2f} ({where}), which chance may explain with so few rows.",
            numbers,
        )
    return Finding(
        REAL, "good", f"Column distributions are near to the real ones: distances are at most {largest:.2f}.", numbers
    )


def _on_coverage(evaluation: "TableEvaluation") -> Finding:
    coverage, usual = float(evaluation.neighborhoods[3]), float(evaluation.neighborhood_baseline.mean[3])
    low = float(evaluation.neighborhood_interval.low[3])
    numbers = {"coverage": coverage, "low": low, "coverage of real rows": usual}
    compared = (
        f"synthetic rows come near {percent(coverage)} of the real rows; one half of the real rows comes near "
        f"{percent(usual)} of the other half"
    )
    if coverage < LOW_COVERAGE * usual:
        return Finding(REAL, "bad", f"Diversity is lacking: {compared}.", numbers)
    if low < LOW_COVERAGE * usual:
        return Finding(REAL, "unknown", f"Diversity may be lacking, but these are too few rows: {compared}.", numbers)
    return Finding(REAL, "good", f"Diversity is not lacking: {compared}.", numbers)


# --- is it safe to share?


def _safe(evaluation: "TableEvaluation") -> Iterator[Finding]:
    yield _on_copies(evaluation)
    yield _on_distances(evaluation)
    yield _on_membership(evaluation)


def _on_copies(evaluation: "TableEvaluation") -> Finding:
    copied = evaluation.copied
    exact, near, usual = copied.exact, copied.near, copied.reference_near
    numbers = {"exact copies": exact.share, "near copies": near.share, "near copies by chance": usual.share}
    if not near.found:
        return Finding(SAFE, "good", "No synthetic row equals a real one, or nearly equals one.", numbers)
    found = (
        f"{exact.found:,} of {exact.total:,} synthetic rows equal a real one, and {near.found - exact.found:,} nearly "
        f"equal one"
    )
    compared = f"{percent(near.share)} together, compared with {percent(usual.share)} of {evaluation.reference}"
    if exact.exceeds(copied.reference_exact) or near.exceeds(usual):
        single = int((copied.pairs["exact"] & (copied.pairs["shared by"] == 1)).sum())
        unique = f"; {single:,} of them repeat a real row that occurs only once" if single else ""
        return Finding(SAFE, "bad", f"There are copies: {found} ({compared}){unique}.", numbers)
    if near.share > usual.share or exact.share > copied.reference_exact.share:
        return Finding(SAFE, "unknown", f"{found} ({compared}), a difference that chance may explain.", numbers)
    return Finding(SAFE, "good", f"{found} ({compared}), as many as chance explains.", numbers)


def _on_distances(evaluation: "TableEvaluation") -> Finding:
    closest, reference = evaluation.closest, evaluation.reference
    closer, usual = closest.closer, closest.reference_closer
    numbers = {"ratio": closest.ratio, "low": closest.low, "high": closest.high, "closer": closer.share}
    distance = f"lie {closest.ratio:.2f} times as far from real rows as {reference} do, in the median"
    share = f"{percent(closer.share)} of them are nearer to a real row than 95 % of {reference} are"
    is_near, are_many_near = closest.high < NEAR_RATIO, closer.exceeds(usual) and closer.share > NEAR_SHARE
    if is_near or are_many_near:
        reasons = [words for words, applies in [(distance, is_near), (share, are_many_near)] if applies]
        first = "Synthetic rows are too near to real ones"
        said = f"they {reasons[0]}" if is_near else reasons[0]
        return Finding(SAFE, "bad", f"{first}: {'; '.join([said, *reasons[1:]])}.", numbers)
    if np.isnan(closest.ratio):
        return Finding(
            SAFE, "unknown", f"Distances cannot be compared, for most {reference} equal a real row.", numbers
        )
    if closest.low >= NEAR_RATIO and closer.interval[1] <= max(NEAR_SHARE, usual.interval[1]):
        return Finding(SAFE, "good", f"Synthetic rows {distance}.", numbers)
    return Finding(
        SAFE,
        "unknown",
        f"Synthetic rows {distance} (95 % interval {closest.low:.2f} to {closest.high:.2f}), and {share}: too few rows "
        "to be sure.",
        numbers,
    )


def _on_membership(evaluation: "TableEvaluation") -> Finding:
    area = evaluation.membership
    if area is None:
        return Finding(SAFE, "unknown", "Membership inference was not measured: it needs a hold-out.")
    low, high = area.interval
    numbers = {"membership-inference AUC": area.value, "low": low, "high": high}
    measured = f"AUC {area.value:.2f}, 95 % interval {low:.2f} to {high:.2f}"
    if has_membership_leak(area):
        return Finding(
            SAFE,
            "bad",
            f"An attacker can tell training rows from held-out rows better than chance ({measured}).",
            numbers,
        )
    if high <= MEMBERSHIP_AUC:
        return Finding(
            SAFE,
            "good",
            f"An attacker who compares distances cannot tell training rows from held-out rows ({measured}); this is no "
            "proof of privacy.",
            numbers,
        )
    return Finding(
        SAFE,
        "unknown",
        f"Too few rows to exclude that an attacker tells training rows from held-out rows ({measured}).",
        numbers,
    )
