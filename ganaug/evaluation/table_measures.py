"""The rows of `TableEvaluation.frame`: every number with its interval, the best value, and its meaning in words."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ganaug.common.wording import listed, shortened
from ganaug.evaluation.table_verdict import BEYOND_CHANCE, has_membership_leak
from ganaug.metrics import AUC, Count

if TYPE_CHECKING:
    from ganaug.evaluation.table_result import TableEvaluation

_COLUMNS = ["part", "measure", "value", "low", "high", "best", "meaning"]
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


def _validity(evaluation: "TableEvaluation") -> list[Row]:
    validity, n = evaluation.validity, evaluation.n_rows["synthetic"]
    rows: list[Row] = []
    for flaw in _FLAWS:
        shares = validity[flaw]
        found = Count(round(float(shares.sum()) * n), n * len(validity))
        best = float(validity["by chance"].mean()) if flaw == "invalid" else 0.0
        worst = shares[shares > 0].sort_values(ascending=False, kind="stable").index
        meaning = f"in {listed(worst)}" if len(worst) else "none"
        rows.append(("validity", f"{flaw} cells", found.share, *found.interval, best, meaning))
    rules = evaluation.broken_rules
    if not rules.counts.empty:
        broken_rows = rules.counts[rules.counts["broken"] > 0]
        meaning = f"most break {broken_rows['rule'].iloc[0]}" if len(broken_rows) else "none"
        found, usual = rules.found, rules.reference
        rows.append(("validity", "rows that break a rule", found.share, *found.interval, usual.share, meaning))
    broken = validity["broken dtype"]
    meaning = f"in {listed(broken.index[broken])}" if broken.any() else "none"
    rows.append(("validity", "broken dtypes", float(broken.mean()), *_NO_INTERVAL, 0.0, meaning))
    return rows


def _fidelity(evaluation: "TableEvaluation") -> list[Row]:
    columns = evaluation.columns()
    distance, chance = columns["distance"], columns["chance"]
    beyond = columns.index[distance > BEYOND_CHANCE * chance]
    meaning = f"more than chance explains in {listed(beyond)}" if len(beyond) else "no more than chance in any column"
    rows: list[Row] = [
        ("column distance, mean", float(distance.mean()), *_NO_INTERVAL, float(chance.mean()), meaning),
        (
            "column distance, largest",
            float(distance.iloc[0]),
            *_NO_INTERVAL,
            float(chance.iloc[0]),
            f"of {listed(columns.index[:1])}",
        ),
    ]
    differences = evaluation.association_differences()
    if len(differences):
        a, b = differences.index[0]
        rows += [
            (
                "association difference, mean",
                float(differences.mean()),
                *_NO_INTERVAL,
                0.0,
                "absolute difference, over all pairs of columns",
            ),
            (
                "association difference, largest",
                float(differences.iloc[0]),
                *_NO_INTERVAL,
                0.0,
                f"of {listed([a])} and {listed([b])}",
            ),
        ]
    two_sample = evaluation.two_sample
    meaning = f"a random forest {_how_often(two_sample)} separates synthetic from real rows"
    rows.append(("two-sample AUC", two_sample.value, *two_sample.interval, 0.5, meaning))
    low, high = evaluation.neighborhood_interval
    for i, (name, meaning) in enumerate(_NEIGHBORHOODS.items()):
        ends = float(max(low[i], 0)), float(high[i] if name == "density" else min(high[i], 1))
        best = float(evaluation.neighborhood_baseline.mean[i])
        rows.append((name, float(evaluation.neighborhoods[i]), *ends, best, meaning))
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
        compared = "a larger share than" if found.exceeds(usual) else "no larger share than"
        meaning = f"{found.found:,} rows, {compared} of {reference}"
        rows.append((name, found.share, *found.interval, usual.share, meaning))
    rows += [
        (
            "distance to closest record, ratio",
            closest.ratio,
            closest.low,
            closest.high,
            1.0,
            f"mean {closest.distance:.3g}; of {reference} {closest.reference_distance:.3g}",
        ),
        (
            "rows closer than the closest 5 %",
            closest.closer.share,
            *closest.closer.interval,
            closest.reference_closer.share,
            f"share that is nearer to a real row than 95 % of {reference} are",
        ),
        (
            "nearest-neighbour distance ratio",
            closest.neighbor_ratio,
            *_NO_INTERVAL,
            closest.reference_neighbor_ratio,
            "near 0: each row belongs to a single real one",
        ),
    ]
    for label, column in evaluation.reused[evaluation.reused["cells"] > 0].iterrows():
        reused = Count(column["reused"], column["cells"])
        usual = Count(column["reference reused"], column["reference cells"])
        meaning = f"{reused.found:,} synthetic rows carry the identifier of a real row"
        rows.append((f"reused identifiers, {shortened(label)}", reused.share, *reused.interval, usual.share, meaning))
    membership = evaluation.membership
    if membership is None:
        rows.append(("membership-inference AUC", np.nan, *_NO_INTERVAL, 0.5, "not measured: needs a hold-out"))
    else:
        learns = "learns" if has_membership_leak(membership) else "does not reliably learn"
        meaning = f"an attacker {learns} which rows were training rows"
        rows.append(("membership-inference AUC", membership.value, *membership.interval, 0.5, meaning))
    return [("privacy", *row) for row in rows]


def _utility(evaluation: "TableEvaluation") -> list[Row]:
    if evaluation.utility is None:
        return []
    rows: list[Row] = []
    scores = evaluation.utility.scores
    real = scores[scores["trained on"] == "real"].set_index(["classifier", "metric"])["value"]
    real = real[~real.index.duplicated()]
    for row in scores.to_dict("records"):
        name = f"{row['metric']}, {row['classifier']} on {row['trained on']}"
        difference = row["value"] - real[row["classifier"], row["metric"]]
        is_real = row["trained on"] == "real"
        meaning = "tested on real rows" if is_real else f"{difference:+.3f} compared with real rows alone"
        rows.append(("utility", name, row["value"], row["low"], row["high"], 1.0, meaning))
    return rows
