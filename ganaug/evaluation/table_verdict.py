"""What the numbers of a table's evaluation say: pure functions from numbers to findings.

A finding is "good" only where the numbers show it: the value is on the right side of its threshold, and so is its whole
95 % interval, if it has one. A value on the right side whose interval reaches beyond the threshold is "unknown".
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ganaug.common.findings import HELPS, REAL, SAFE, Answer, Finding, with_warning
from ganaug.common.wording import counted, joined, listed, percent, shortened
from ganaug.evaluation.mean_verdict import on_means
from ganaug.metrics import AUC, CHANCE_LEVEL, Count, invalid_beyond_chance

if TYPE_CHECKING:
    from ganaug.evaluation.table_result import TableEvaluation

# Two-sample AUC from which rows are not real enough: a forest is right about 7 of 10 pairs of a real and a synthetic
# row. Rows that were selected for their class reach 0.6 or more and still help classifiers.
TOLD_AUC = 0.7
# Rows are junk where the forest is right about 9 of 10 pairs and, at the same time, fewer synthetic rows lie among real
# ones than half of what real rows reach.
JUNK_AUC = 0.9
JUNK_PRECISION = 0.5
# With no broken row, the share of broken rows is small only if its 95 % interval ends below this.
BROKEN_SHARE = 0.05
# Characters of a rule that a sentence shows.
LONGEST_RULE = 100
# A column is far from the real one from this distance, and only if chance explains it with less than this probability,
# for any column of the table (Bonferroni).
FAR_DISTANCE = 0.1
# Diversity is too low below this share of the coverage that real rows reach.
LOW_COVERAGE = 0.7
# Synthetic rows are of the wrong class if they lie beyond this part of the way from their own class to another one.
WRONG_CLASS = 0.5
# Columns depend on each other too little if less than this part of the real associations is left, and if what is left
# lies so many standard errors below all of them.
LOST_ASSOCIATIONS = 0.5
N_ASSOCIATION_ERRORS = 3.0
# Classifiers learn too little from synthetic rows alone if they gain less than this part of what real rows give.
LOST_SKILL = 0.5
# Rows are too near to training rows if they lie less than 0.9 times as far as unseen real rows, as they do where every
# tenth row is a copy ...
NEAR_RATIO = 0.9
# ... or if surely more than a tenth of them is nearer than 95 % of unseen real rows are: twice what is usual.
NEAR_SHARE = 0.1
# An attack that is right less often than this has no practical use, even where it is significant.
MEMBERSHIP_AUC = 0.52


def findings(evaluation: "TableEvaluation") -> list[Finding]:
    """Return the verdict: does it help, is it real, is it safe to share.

    Parameters
    ----------
    evaluation : TableEvaluation
        Whose numbers are judged.

    Returns
    -------
    list of Finding
        In the order of the questions, each at least once.
    """
    return [*_helps(evaluation), *_real(evaluation), *with_warning(list(_safe(evaluation)), "rows")]


def has_membership_leak(membership: AUC) -> bool:
    """Whether an attacker learns which rows were training rows: significantly, and often enough to matter.

    Chance, 0.5, must lie outside of the 95 % interval as it is printed.

    Parameters
    ----------
    membership : AUC
        See `ganaug.metrics.membership_inference`.
    """
    return round(membership.interval[0], 2) > 0.5 and membership.value > MEMBERSHIP_AUC


# --- does it help?


def _helps(evaluation: "TableEvaluation") -> Iterator[Finding]:
    utility = evaluation.utility
    if utility is None:
        if rows := evaluation.settings.get("rows"):
            why = (
                f"This was not measured: the synthetic rows have {rows} only. Pass a hold-out (holdout=...), on which "
                "classifiers are tested with and without them, or run ganaug.compare."
            )
        else:
            why = "This was not measured: no target column was given that classifiers can predict."
        yield Finding(HELPS, "unknown", why)
        return
    is_held_out = evaluation.n_rows["holdout"] > 0
    scores = utility.scores[utility.scores["metric"] == "ROC AUC"]
    for name, of_classifier in scores.groupby("classifier", sort=False):
        rows = of_classifier.drop_duplicates("trained on").set_index("trained on")
        value = {str(on): float(score) for on, score in rows["value"].items() if not np.isnan(score)}
        known = [
            f"{value[on]:.3f} if trained on {words}"
            for on, words in [("real", "real rows"), ("synthetic", "synthetic rows"), ("both", "both")]
            if on in value
        ]
        if not known:
            yield Finding(HELPS, "unknown", f"{name} has no ROC AUC: its training or test rows are of one class.")
            continue
        answer, comparison = _effect_of_adding(rows, is_held_out)
        said = f"{name} has ROC AUC {', '.join(known)} (on real test rows); {comparison}."
        others = utility.scores[(utility.scores["classifier"] == name) & (utility.scores["metric"] != "ROC AUC")]
        yield Finding(HELPS, answer, said + _on_other_metrics(others), value)
    for note in utility.notes:
        yield Finding(HELPS, "unknown", note)


def _on_other_metrics(scores: pd.DataFrame) -> str:
    """Say which other metrics of a classifier rise or fall clearly where the synthetic rows are added."""
    changes = []
    for metric, of_metric in scores.groupby("metric", sort=False):
        rows = of_metric.drop_duplicates("trained on").set_index("trained on")
        if not {"real", "both"} <= set(rows.index):
            continue
        real, both = rows.loc["real"], rows.loc["both"]
        if both["low"] > real["high"] or both["high"] < real["low"]:
            change = "raises" if both["value"] > real["value"] else "lowers"
            changes.append(f"{change} the {metric} from {real['value']:.3f} to {both['value']:.3f}")
    return f" It {joined(changes)}." if changes else ""


def _effect_of_adding(scores: pd.DataFrame, is_held_out: bool) -> tuple[Answer, str]:
    """Compare the intervals of training on both and on real rows; they are disjoint only where the effect is clear."""
    real, both = scores.loc["real"], scores.loc["both"]
    if np.isnan([real["value"], both["value"]]).any():
        return "unknown", "the effect of adding the synthetic rows was not measured"
    if both["high"] < real["low"]:
        return "bad", "adding the synthetic rows lowers it"
    if both["low"] > real["high"]:
        if is_held_out:
            return "good", "adding the synthetic rows raises it"
        return "unknown", "adding the synthetic rows raises it, but the generator has seen the test rows"
    return "unknown", "adding the synthetic rows makes no clear difference (95 % intervals overlap)"


# --- is it real?


def _real(evaluation: "TableEvaluation") -> Iterator[Finding]:
    yield _on_two_sample(evaluation)
    yield _on_validity(evaluation)
    broken = evaluation.validity["broken dtype"]
    if broken.any():
        yield Finding(
            REAL,
            "bad",
            f"The cells of {listed(broken.index[broken])} hold another kind of data than in the real table.",
            {"broken dtypes": float(broken.mean())},
        )
    yield from _on_rules(evaluation)
    yield _on_columns(evaluation)
    yield from on_means(evaluation.distances)
    yield from _on_associations(evaluation)
    yield _on_coverage(evaluation)
    yield from _on_classes(evaluation)
    yield from _on_skill(evaluation)


def _on_two_sample(evaluation: "TableEvaluation") -> Finding:
    area = evaluation.two_sample
    low, high = area.interval
    precision, usual = float(evaluation.neighborhoods[0]), float(evaluation.neighborhood_baseline.mean[0])
    numbers = {"two-sample AUC": area.value, "low": low, "high": high}
    cannot = "0.5 means that it cannot"
    if round(area.value, 2) < 0.5 <= round(high, 2):
        cannot += ", and chance may bring it below"
    told = f"A random forest separates synthetic from real rows with AUC {area.value:.2f} ({cannot})"
    if round(low, 2) > 0.5 and area.value >= JUNK_AUC and precision < JUNK_PRECISION * usual:
        return Finding(
            REAL,
            "bad",
            f"{told}, and {percent(precision)} of the synthetic rows lie among real rows: they are junk.",
            numbers | {"precision": precision, "precision of real rows": usual},
        )
    ends = f"the 95 % interval is {low:.2f} to {high:.2f}"
    if area.value >= TOLD_AUC and round(low, 2) > 0.5:
        return Finding(REAL, "bad", f"{told}.", numbers)
    if area.value >= TOLD_AUC:
        return Finding(REAL, "unknown", f"{told}, but this may be chance: {ends}.", numbers)
    if high >= TOLD_AUC:
        unsure = f"but rows count as real below {TOLD_AUC:.2f} only, and {ends}"
        return Finding(REAL, "unknown", f"{told}, {unsure}.", numbers)
    if round(high, 2) < 0.5:
        told += (
            ". It is below 0.5 because rows lie beside counterparts in the other table, as copies and near copies do: "
            "the forest takes each for what it has learned of its counterpart"
        )
    return Finding(REAL, "good", f"{told}.", numbers)


def _on_validity(evaluation: "TableEvaluation") -> Finding:
    shares = _invalid_beyond_chance(evaluation)
    numbers = {"invalid cells": float(shares.mean())}
    if (shares > 0).any():
        worst = shares[shares > 0].sort_values(ascending=False, kind="stable").index
        return Finding(
            REAL,
            "bad",
            f"{percent(numbers['invalid cells'])} of the cells hold values that the real table could not hold, most of "
            f"them in {listed(worst)}.",
            numbers,
        )
    return Finding(REAL, "good", "No column has more invalid cells than chance explains.", numbers)


def _on_rules(evaluation: "TableEvaluation") -> Iterator[Finding]:
    rules = evaluation.broken_rules
    if rules.counts.empty:
        return
    found, usual = rules.found, rules.reference
    numbers = {"broken rules": found.share, "by chance": usual.share}
    n_rules = counted(len(rules.counts), "rule")
    of_rows = f"that none of {counted(rules.n_real, 'real row')} breaks"
    if not found.found:
        any_rule = "the one rule" if len(rules.counts) == 1 else f"any of {n_rules}"
        said = f"No synthetic row breaks {any_rule} {of_rows}"
        if found.interval[1] > BROKEN_SHARE:
            unsure = f"of new ones, up to {percent(found.interval[1])} may (95 % interval)"
            yield Finding(REAL, "unknown", f"{said}, but {unsure}.", numbers)
        else:
            yield Finding(REAL, "good", f"{said}.", numbers)
        return
    worst, n_worst = rules.counts["rule"].iloc[0], int(rules.counts["broken"].iloc[0])
    said = (
        f"{found.found:,} of {found.total:,} synthetic rows ({percent(found.share)}) break at least one of {n_rules} "
        f"{of_rows}; the most broken one is {shortened(worst, LONGEST_RULE)} ({counted(n_worst, 'row')})"
    )
    if rules.is_broken:
        yield Finding(REAL, "bad", f"{said}.", numbers)
    else:
        unsure = "so few may be chance"
        if usual.found:
            unsure = f"{percent(usual.share)} of new real rows break such a rule as well"
        yield Finding(REAL, "unknown", f"{said}; {unsure}.", numbers)


def _invalid_beyond_chance(evaluation: "TableEvaluation") -> pd.Series:
    """Return the invalid share of each column, without what new real rows may have by chance."""
    return invalid_beyond_chance(evaluation.validity, evaluation.n_rows["real"], evaluation.n_rows["synthetic"])


def is_beyond_chance(columns: pd.DataFrame) -> pd.Series:
    """Whether the distance of each column is larger than chance explains, with all columns looked at.

    Parameters
    ----------
    columns : DataFrame
        See `ganaug.metrics.column_distances`.
    """
    return columns["p-value"] * len(columns) < CHANCE_LEVEL


def _on_columns(evaluation: "TableEvaluation") -> Finding:
    columns = evaluation.columns()
    far = columns.index[(columns["distance"] > FAR_DISTANCE) & is_beyond_chance(columns)]
    largest = float(columns["distance"].iloc[0])
    numbers = {"largest column distance": largest, "by chance": float(columns["chance"].iloc[0])}
    balance = ""
    if evaluation.at_equal_shares:
        balance = " The classes have other shares than in the real table; this does not count, as rows are compared"
        balance += " at equal shares."
    if len(far):
        return Finding(REAL, "bad", f"The distribution of {listed(far)} is far from the real one.{balance}", numbers)
    where = f"largest in {listed(columns.index[:1])}"
    if largest > FAR_DISTANCE:
        return Finding(
            REAL,
            "unknown",
            f"Column distributions differ by up to {largest:.2f} ({where}). With so few rows, this may be chance."
            f"{balance}",
            numbers,
        )
    near = f"Column distributions are near to the real ones: distances are at most {largest:.2f}."
    return Finding(REAL, "good", near + balance, numbers)


def _on_associations(evaluation: "TableEvaluation") -> Iterator[Finding]:
    """Say how much of the associations of real columns is left, where it is little."""
    kept = evaluation.kept
    if kept is None or kept.value >= LOST_ASSOCIATIONS:
        return
    numbers = {"associations kept": kept.value, "standard error": kept.error}
    left = percent(max(kept.value, 0.0))
    if kept.value + N_ASSOCIATION_ERRORS * kept.error < 1:
        said = f"Columns depend on each other much less than in the real table: {left} of the associations is left."
        yield Finding(REAL, "bad", said, numbers)
    else:
        said = f"Columns may depend on each other less than in the real table: {left} of the associations is left"
        yield Finding(REAL, "unknown", f"{said}. With so few rows, this may be chance.", numbers)


def _on_coverage(evaluation: "TableEvaluation") -> Finding:
    coverage, usual = float(evaluation.neighborhoods[3]), float(evaluation.neighborhood_baseline.mean[3])
    low = float(evaluation.neighborhood_interval.low[3])
    numbers = {"coverage": coverage, "low": low, "coverage of real rows": usual}
    compared = (
        f"{percent(coverage)} of the real rows have a synthetic row near them; between two halves of the real rows, "
        f"this share is {percent(usual)}"
    )
    if coverage < LOW_COVERAGE * usual:
        return Finding(REAL, "bad", f"Diversity is too low: {compared}.", numbers)
    if low < LOW_COVERAGE * usual:
        unsure = f"below {percent(LOW_COVERAGE * usual)} it is too low, and the 95 % interval begins at {percent(low)}"
        return Finding(REAL, "unknown", f"Diversity may be too low: {compared}; {unsure}.", numbers)
    return Finding(REAL, "good", f"Diversity is sufficient: {compared}.", numbers)


def _on_classes(evaluation: "TableEvaluation") -> Iterator[Finding]:
    """Say whether rows look like the class that they claim, where a forest can tell."""
    agreement = evaluation.agreement
    if agreement is None or not len(agreement):
        return
    wrong = agreement[agreement["low"] > WRONG_CLASS]
    numbers = {"largest shift to another class": float(agreement["shift"].max())}
    if len(wrong):
        row = wrong.sort_values("shift").iloc[-1]
        said = f"Synthetic rows of class {row['class']} look like real rows of class {row['looks like']}"
        yield Finding(REAL, "bad", f"{said}, not like those of their own class.", numbers)


def _on_skill(evaluation: "TableEvaluation") -> Iterator[Finding]:
    """Say where no classifier learns from the synthetic rows half of what it learns from real ones."""
    if evaluation.utility is None:
        return
    scores = evaluation.utility.scores
    scores = scores[scores["metric"] == "ROC AUC"].drop_duplicates(["classifier", "trained on"])
    real, synthetic = (scores[scores["trained on"] == on].set_index("classifier") for on in ("real", "synthetic"))
    if not len(real) or not len(synthetic) or real["low"].isna().any() or synthetic["high"].isna().any():
        return
    limit = LOST_SKILL * (real["low"] - 0.5)
    if ((limit > 0) & (synthetic["high"] - 0.5 < limit)).all():
        value, usual = float(synthetic["value"].max()), float(real["value"].max())
        said = f"Classifiers learn hardly anything from the synthetic rows alone: ROC AUC {value:.2f}, from real rows"
        numbers = {"ROC AUC from synthetic rows": value, "ROC AUC from real rows": usual}
        yield Finding(REAL, "bad", f"{said} {usual:.2f}.", numbers)


# --- is it safe to share?


def _safe(evaluation: "TableEvaluation") -> Iterator[Finding]:
    yield from reuse_findings(evaluation.reused, evaluation.reference)
    yield _on_copies(evaluation)
    yield _on_distances(evaluation)
    yield _on_membership(evaluation)


def reuse_findings(reused: pd.DataFrame, reference: str = "other real rows") -> Iterator[Finding]:
    """Return whether synthetic rows carry identifiers of real rows; nothing where no column identifies rows.

    Parameters
    ----------
    reused : DataFrame
        See `ganaug.metrics.reused_identifiers`.
    reference : str, default="other real rows"
        What the reference is called.
    """
    clean = []
    for label, column in reused.iterrows():
        found, usual = (
            Count(int(column[f"{of}reused"]), max(int(column[f"{of}cells"]), 1)) for of in ("", "reference ")
        )
        numbers = {"reused identifiers": found.share, "by chance": usual.share}
        said = (
            f"{found.found:,} of {counted(found.total, 'synthetic row')} carry an identifier of a real row in {label!r}"
        )
        if not found.found:
            clean.append(label)
        elif column["row numbers"]:
            counts = f"{label!r} only counts the synthetic rows; its numbers are also identifiers of real rows."
            yield Finding(SAFE, "unknown", f"The column {counts}", numbers)
        elif found.exceeds(usual) or not usual.found:
            yield Finding(SAFE, "bad", f"{said}: who knows that person or thing finds it. Give it new values.", numbers)
        else:
            usually = f"of {reference}, {percent(usual.share)} share theirs with a real row"
            yield Finding(SAFE, "unknown", f"{said}, which chance may explain: {usually}.", numbers)
    if clean:
        yield Finding(
            SAFE,
            "good",
            f"No synthetic row carries an identifier of a real row in {listed(clean)}.",
            {"reused identifiers": 0.0},
        )


def _on_copies(evaluation: "TableEvaluation") -> Finding:
    copied = evaluation.copied
    exact, near, usual = copied.exact, copied.near, copied.reference_near
    numbers = {"exact copies": exact.share, "near copies": near.share, "near copies by chance": usual.share}
    if not near.found:
        return Finding(SAFE, "good", "No synthetic row equals or nearly equals a real row.", numbers)
    reference, usual_exact = evaluation.reference, copied.reference_exact
    of_exact = f"{exact.found:,} of {exact.total:,} synthetic rows equal a real one"
    if near.found == exact.found:
        found = f"{of_exact} ({percent(exact.share)}; {percent(usual_exact.share)} of {reference})"
    elif exact.found:
        found = (
            f"{of_exact} and {near.found - exact.found:,} nearly equal one ({percent(exact.share)} and, with these, "
            f"{percent(near.share)}; of {reference} {percent(usual_exact.share)} and {percent(usual.share)})"
        )
    else:
        found = f"{near.found:,} of {near.total:,} synthetic rows nearly equal a real one ({percent(near.share)}; "
        found += f"{percent(usual.share)} of {reference})"
    n = evaluation.n_learned
    if exact.exceeds(copied.reference_exact, n_learned=n) or near.exceeds(usual, n_learned=n):
        single = int((copied.pairs["exact"] & (copied.pairs["shared by"] == 1)).sum())
        unique = f"; {single:,} of them repeat a real row that occurs only once" if single else ""
        return Finding(SAFE, "bad", f"There are copies: {found}{unique}.", numbers)
    if near.share > usual.share or exact.share > copied.reference_exact.share:
        return Finding(SAFE, "unknown", f"{found}; chance may explain the difference.", numbers)
    return Finding(SAFE, "good", f"{found}; this is not more than chance explains.", numbers)


def _on_distances(evaluation: "TableEvaluation") -> Finding:
    closest, reference = evaluation.closest, evaluation.reference
    closer, usual = closest.closer, closest.reference_closer
    numbers = {"ratio": closest.ratio, "low": closest.low, "high": closest.high, "closer": closer.share}
    distance = f"the mean distance to the closest real row is {closest.ratio:.2f} times that of {reference}"
    share = f"{percent(closer.share)} of the synthetic rows are nearer to a real row than 95 % of {reference} are"
    is_near = closest.high < NEAR_RATIO
    are_many_near = closer.exceeds(usual, n_learned=evaluation.n_learned) and closer.interval[0] > NEAR_SHARE
    if is_near or are_many_near:
        reasons = [words for words, applies in [(distance, is_near), (share, are_many_near)] if applies]
        return Finding(SAFE, "bad", f"Synthetic rows are too near to real ones: {'; '.join(reasons)}.", numbers)
    if np.isnan(closest.ratio):
        same = f"Distances cannot be compared, because all {reference} equal a real row."
        return Finding(SAFE, "unknown", same, numbers)
    if closest.low < NEAR_RATIO:
        unsure = f"rows may still be too near (95 % interval {closest.low:.2f} to {closest.high:.2f})"
        return Finding(SAFE, "unknown", f"T{distance[1:]}, but {unsure}.", numbers)
    if closer.interval[1] > max(NEAR_SHARE, usual.interval[1]):
        return Finding(
            SAFE,
            "unknown",
            f"{share}, and by the 95 % interval up to {percent(closer.interval[1])} may be.",
            numbers,
        )
    return Finding(SAFE, "good", f"On average, synthetic rows are not too near to real ones: {distance}.", numbers)


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
            f"An attacker can distinguish training rows from held-out rows better than chance ({measured}).",
            numbers,
        )
    if high <= MEMBERSHIP_AUC:
        return Finding(
            SAFE,
            "good",
            f"An attacker who compares distances cannot distinguish training rows from held-out rows ({measured}). "
            "This does not prove privacy.",
            numbers,
        )
    includes = ", which includes 0.5, chance" if round(low, 2) <= 0.5 else ""
    return Finding(
        SAFE,
        "unknown",
        f"It is not shown whether an attacker can distinguish training rows from held-out rows ({measured}{includes}).",
        numbers,
    )
