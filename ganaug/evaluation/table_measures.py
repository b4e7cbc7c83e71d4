"""The rows of `TableEvaluation.frame`: every number, what new real rows have, and the meaning in words."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ganaug.common.wording import counted, listed, shortened, signed
from ganaug.evaluation.table_verdict import has_membership_leak, is_beyond_chance
from ganaug.metrics import AUC, Count

if TYPE_CHECKING:
    from ganaug.evaluation.table_result import TableEvaluation

_COLUMNS = ["part", "measure", "value", "low", "high", "real", "real_low", "real_high", "meaning"]
_FLAWS = ["invalid", "out of range", "unseen level", "off grid", "newly missing", "unreadable"]
_NEIGHBORHOODS = {
    "precision": "share of synthetic rows that lie among real ones",
    "recall": "share of real rows that lie among synthetic ones",
    "density": "how dense real rows are around synthetic ones; above 1: only where real rows are dense",
    "coverage": "share of real rows that have a synthetic one near them",
    "alpha-precision": "synthetic rows are as far from the middle as real ones",
    "beta-recall": "synthetic rows are near to typical and to unusual real rows",
}
# Below the first of these values of the two-sample AUC, the forest "rarely" separates the rows.
_HOW_OFTEN = [(0.9, "easily"), (0.7, "often"), (0.6, "sometimes")]
_NO_INTERVAL = (np.nan, np.nan)
_UNKNOWN = (np.nan, np.nan, np.nan)

Row = tuple[Any, ...]


def measures(evaluation: "TableEvaluation") -> pd.DataFrame:
    """Return all numbers of an evaluation as one table.

    Parameters
    ----------
    evaluation : TableEvaluation
        Whose numbers are listed.

    Returns
    -------
    DataFrame
        See `TableEvaluation.frame`.
    """
    rows = [*_validity(evaluation), *_fidelity(evaluation), *_privacy(evaluation), *_utility(evaluation)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _of(count: Count) -> tuple[float, float, float]:
    return (count.share, *count.interval)


def _validity(evaluation: "TableEvaluation") -> list[Row]:
    validity, n = evaluation.validity, evaluation.n_rows["synthetic"]
    rows: list[Row] = []
    for flaw in _FLAWS:
        shares = validity[flaw]
        found = Count(round(float(shares.sum()) * n), n * len(validity))
        real = (float(validity["by chance"].mean()), *_NO_INTERVAL) if flaw == "invalid" else _UNKNOWN
        worst = shares[shares > 0].sort_values(ascending=False, kind="stable").index
        meaning = f"in {listed(worst)}" if len(worst) else "none"
        rows.append(("validity", f"{flaw} cells", *_of(found), *real, meaning))
    rules = evaluation.broken_rules
    if not rules.counts.empty:
        broken_rows = rules.counts[rules.counts["broken"] > 0]
        meaning = f"most break {broken_rows['rule'].iloc[0]}" if len(broken_rows) else "no row"
        rows.append(("validity", "rows that break a rule", *_of(rules.found), *_of(rules.reference), meaning))
    broken = validity["broken dtype"]
    meaning = f"in {listed(broken.index[broken])}" if broken.any() else "no column"
    rows.append(("validity", "broken dtypes", float(broken.mean()), *_NO_INTERVAL, 0.0, *_NO_INTERVAL, meaning))
    return rows


def _fidelity(evaluation: "TableEvaluation") -> list[Row]:
    columns = evaluation.columns()
    distance, chance = columns["distance"], columns["chance"]
    beyond = columns.index[is_beyond_chance(columns)]
    meaning = f"above what chance explains: {listed(beyond)}" if len(beyond) else "chance may explain every column"
    of_largest = float(chance.iloc[0]), 0.0, float(columns["limit"].iloc[0])
    rows: list[Row] = [
        (
            "column distance, mean",
            float(distance.mean()),
            *_NO_INTERVAL,
            float(chance.mean()),
            *_NO_INTERVAL,
            meaning,
        ),
        (
            "column distance, largest",
            float(distance.iloc[0]),
            *_NO_INTERVAL,
            *of_largest,
            f"of {listed(columns.index[:1])}",
        ),
    ]
    differences = evaluation.association_differences()
    if len(differences):
        a, b = differences.index[0]
        over_all = "absolute difference, over all pairs of columns"
        largest = f"of {listed([a])} and {listed([b])}"
        rows += [
            ("association difference, mean", float(differences.mean()), *_NO_INTERVAL, *_UNKNOWN, over_all),
            ("association difference, largest", float(differences.iloc[0]), *_NO_INTERVAL, *_UNKNOWN, largest),
        ]
    two_sample = evaluation.two_sample
    meaning = f"a random forest {_how_often(two_sample)} separates synthetic from real rows"
    if two_sample.interval[1] < 0.5:
        meaning = "below 0.5: rows lie beside their counterparts in the other table"
    rows.append(("two-sample AUC", two_sample.value, *two_sample.interval, 0.5, *_NO_INTERVAL, meaning))
    (low, high), usual = evaluation.neighborhood_interval, evaluation.neighborhood_baseline
    for i, (name, meaning) in enumerate(_NEIGHBORHOODS.items()):
        ends = float(max(low[i], 0)), float(high[i] if name == "density" else min(high[i], 1))
        real = float(usual.mean[i]), float(usual.low[i]), float(usual.high[i])
        if ends[1] < real[1]:
            meaning += "; lower than among real rows"
        elif ends[0] > real[2]:
            meaning += "; higher than among real rows"
        rows.append((name, float(evaluation.neighborhoods[i]), *ends, *real, meaning))
    return [("fidelity", *row) for row in rows]


def _how_often(area: AUC) -> str:
    return next((words for bound, words in _HOW_OFTEN if area.value >= bound), "rarely")


def _privacy(evaluation: "TableEvaluation") -> list[Row]:
    copied, closest, reference = evaluation.copied, evaluation.closest, evaluation.reference
    rows: list[Row] = []
    for name, found, usual in [
        ("exact copies", copied.exact, copied.reference_exact),
        ("near copies", copied.near, copied.reference_near),
    ]:
        rows.append(
            (name, *_of(found), *_of(usual), f"{counted(found.found, 'row')}, {_compared(evaluation, found, usual)}")
        )
    rows += [
        (
            "distance to closest record, ratio",
            closest.ratio,
            closest.low,
            closest.high,
            1.0,
            *_NO_INTERVAL,
            f"mean {closest.distance:.3g}; of {reference} {closest.reference_distance:.3g}",
        ),
        (
            "rows closer than the closest 5 %",
            *_of(closest.closer),
            *_of(closest.reference_closer),
            f"share that is nearer to a real row than 95 % of {reference} are",
        ),
        (
            "nearest-neighbour distance ratio",
            closest.neighbor_ratio,
            *_NO_INTERVAL,
            closest.reference_neighbor_ratio,
            *_NO_INTERVAL,
            "near 0: each row belongs to a single real one",
        ),
    ]
    for label, column in evaluation.reused[evaluation.reused["cells"] > 0].iterrows():
        reused = Count(column["reused"], column["cells"])
        usual = Count(column["reference reused"], max(column["reference cells"], 1))
        meaning = f"{reused.found:,} synthetic rows carry the identifier of a real row"
        rows.append((f"reused identifiers, {shortened(label)}", *_of(reused), *_of(usual), meaning))
    membership = evaluation.membership
    chance = (0.5, *_NO_INTERVAL)
    if membership is None:
        rows.append(("membership-inference AUC", np.nan, *_NO_INTERVAL, *chance, "not measured: needs a hold-out"))
    else:
        learns = "learns" if has_membership_leak(membership) else "does not reliably learn"
        meaning = f"an attacker {learns} which rows were training rows"
        rows.append(("membership-inference AUC", membership.value, *membership.interval, *chance, meaning))
    return [("privacy", *row) for row in rows]


def _compared(evaluation: "TableEvaluation", found: Count, usual: Count) -> str:
    """Compare the share of copies with that of real rows, so that the numbers beside it say the same."""
    reference = evaluation.reference
    if found.exceeds(usual, n_learned=evaluation.n_learned):
        return f"a larger share than of {reference}"
    if found.share > usual.share:
        return f"a larger share than of {reference}, which chance may explain"
    return f"no larger share than of {reference}"


def _utility(evaluation: "TableEvaluation") -> list[Row]:
    if evaluation.utility is None:
        return []
    rows: list[Row] = []
    scores = evaluation.utility.scores
    real = scores[scores["trained on"] == "real"].set_index(["classifier", "metric"])["value"]
    real = real[~real.index.duplicated()]
    ends = scores[scores["trained on"] == "real"].set_index(["classifier", "metric"])[["value", "low", "high"]]
    ends = ends[~ends.index.duplicated()]
    for row in scores.to_dict("records"):
        name = f"{row['metric']}, {row['classifier']} on {row['trained on']}"
        key = row["classifier"], row["metric"]
        is_real = row["trained on"] == "real"
        meaning = "tested on real rows"
        if not is_real:
            meaning = f"{signed(row['value'] - real[key], 3)} compared with real rows alone"
        usual = _UNKNOWN if is_real else tuple(ends.loc[[key]].iloc[0])
        rows.append(("utility", name, row["value"], row["low"], row["high"], *usual, meaning))
    return rows
