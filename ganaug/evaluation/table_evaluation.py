"""All measures of synthetic rows: tables in, numbers out."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from ganaug.common.containers import as_frame
from ganaug.common.identifiers import find_identifiers
from ganaug.common.random import subsample
from ganaug.common.wording import listed
from ganaug.evaluation.class_shares import at_equal_shares, with_shares_of
from ganaug.evaluation.table_result import TableEvaluation
from ganaug.evaluation.table_rules import BrokenRules, broken_rules, learn_rules
from ganaug.metrics import (
    Baseline,
    Interval,
    TablePair,
    alpha_precision_beta_recall,
    association_matrices,
    bootstrap,
    class_agreement,
    closest_records,
    column_distances,
    column_distributions,
    embed_rows,
    find_copies,
    invalid_cells,
    kept_associations,
    membership_inference,
    precision_recall_density_coverage,
    projection,
    real_baseline,
    reused_identifiers,
    two_sample_auc,
    utility_scores,
)

# Rows that each table needs: with fewer, no measure says anything.
MIN_ROWS = 20
# Rows of each table for the measures of neighbourhoods, which take about ten seconds with their intervals.
MAX_NEIGHBORHOOD_ROWS = 2_000
# Pairs of a copy and its real row whose cells are kept.
MAX_SHOWN_COPIES = 20
_N_NEIGHBORS = 5
_N_RESAMPLES = 20
# Which rules are found does not depend on the draws of the other measures.
_RULES_SEED = 0


def evaluate_tables(
    real: Any,
    synthetic: Any,
    *,
    holdout: Any = None,
    target: Hashable | None = None,
    classifiers: Sequence[ClassifierMixin] | None = None,
    ignore: Sequence[Hashable] | None = None,
    identifiers: Sequence[Hashable] | None = None,
    random_state: int | np.random.Generator | None = None,
    whole: Any = None,
    broken: BrokenRules | None = None,
) -> TableEvaluation:
    """Measure synthetic rows; see `ganaug.evaluate`, which calls this for tables.

    `whole` is the real table of all classes, where `real` and `synthetic` hold rows of some: a cell is valid if any
    real row could hold it. `broken` is what was found of the rules of that table; None learns rules from `real`.
    `identifiers`, if given, are the columns that no measure gets.
    """
    identifiers = columns_left_out(real, ignore) if identifiers is None else identifiers
    # all measures share one pair, so that tables are read and encoded once
    pair = TablePair(real, synthetic, holdout, identifiers=identifiers)
    n_rows = {
        "real": len(pair.real),
        "synthetic": len(pair.synthetic),
        "holdout": 0 if pair.holdout is None else len(pair.holdout),
    }
    for name, n in n_rows.items():
        if n < MIN_ROWS and getattr(pair, name) is not None:
            raise ValueError(f"{name} has {n} rows, but at least {MIN_ROWS} are needed")
    if classifiers is not None and target is None:
        raise ValueError("classifiers need a column to predict; name it with target=...")
    rng = np.random.default_rng(random_state)
    # first, because a wrong target shows here
    utility = None
    if target is not None:
        utility = utility_scores(pair, target=target, classifiers=classifiers, random_state=_seed(rng))
    rules = None
    if broken is None:
        rules = learn_rules(pair.real, np.random.default_rng(_RULES_SEED), target=target)
        broken = broken_rules(rules, pair.synthetic)
    # what a user balanced has other shares of the classes, which are no fault of the rows
    chosen = None if target is None else at_equal_shares(pair, target, rng)
    fair, near = pair, pair
    if target is not None and chosen is not None and min(map(len, chosen)) >= MIN_ROWS:
        fair = pair.take(*chosen)
        near = _with_shares_of_reference(pair, target, rng)
        if rules is not None:
            broken = broken._replace(at_real_shares=broken_rules(rules, near.synthetic))
    associations = association_matrices(fair, random_state=_seed(rng))
    neighborhoods, interval, baseline = _neighborhoods(fair, rng)
    copied = find_copies(pair)
    shown = copied.pairs.iloc[:MAX_SHOWN_COPIES]
    settings = {"target": target, "classifiers": classifiers, "ignore": ignore, "random_state": random_state}
    return TableEvaluation(
        n_rows=n_rows,
        validity=invalid_cells(pair if whole is None else _of_all_classes(whole, pair)),
        broken_rules=broken,
        distances=column_distances(fair),
        association_matrices=associations,
        two_sample=two_sample_auc(fair, random_state=_seed(rng)),
        neighborhoods=neighborhoods,
        neighborhood_interval=interval,
        neighborhood_baseline=baseline,
        copied=copied,
        closest=closest_records(near, random_state=_seed(rng)),
        reused=reused_identifiers(pair),
        membership=None if pair.holdout is None else membership_inference(pair, random_state=_seed(rng)),
        utility=utility,
        distributions=column_distributions(fair),
        projection=projection(fair, random_state=_seed(rng)),
        settings=settings,
        agreement=None if target is None else class_agreement(pair, target=target, random_state=_seed(rng)),
        kept=kept_associations(fair, associations, random_state=_seed(rng)),
        at_equal_shares=fair is not pair,
        n_classes=0 if target is None else int(pair.synthetic[target].nunique()),
        copied_rows=(pair.synthetic.iloc[shown["synthetic"]], pair.real.iloc[shown["real"]]),
    )


def _with_shares_of_reference(pair: TablePair, target: Hashable, rng: np.random.Generator) -> TablePair:
    """Return the pair with synthetic rows of the class shares of the rows whose distances are the reference."""
    like = pair.real if pair.holdout is None else pair.holdout
    if set(like[target].astype(object)) != set(pair.synthetic[target].astype(object)):
        return pair
    chosen = with_shares_of(like[target], pair.synthetic[target], rng)
    if len(chosen) < MIN_ROWS:
        return pair
    holdout = None if pair.holdout is None else np.arange(len(pair.holdout))
    return pair.take(np.arange(len(pair.real)), chosen, holdout)


def columns_left_out(real: Any, ignore: Sequence[Hashable] | None) -> list[Hashable]:
    """Return the columns that no measure gets: those that the user names, and those that identify rows.

    Parameters
    ----------
    real : table of shape (n_real, d)
        The real rows.
    ignore : sequence of hashable or None
        See `ganaug.evaluate`.
    """
    frame = as_frame(real, "real")
    if isinstance(ignore, str):
        raise ValueError(f"ignore must be None or a sequence of columns, got {ignore!r}; pass a list")
    named = [] if ignore is None else list(ignore)
    for label in named:
        if label not in frame:
            raise ValueError(f"ignore holds {label!r}, which is not a column; the columns are {listed(list(frame), 8)}")
    found = find_identifiers(frame) if ignore is None or named else {}
    return list(dict.fromkeys([*named, *found]))


def _of_all_classes(whole: Any, pair: TablePair) -> TablePair:
    return TablePair(as_frame(whole, "real")[pair.labels], pair.synthetic, identifiers=[])


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _neighborhoods(pair: TablePair, rng: np.random.Generator) -> tuple[NDArray, Interval, Baseline]:
    """Return the six measures, their interval, and their values for two halves of the real rows."""
    n = min(len(pair.real), len(pair.synthetic), MAX_NEIGHBORHOOD_ROWS)
    pair = pair.take(*(subsample(len(table), n, rng) for table in (pair.real, pair.synthetic)))
    real, synthetic = embed_rows(pair, pair.real_cells, pair.synthetic_cells)
    interval = bootstrap(_of_neighborhoods, real, synthetic, n=_N_RESAMPLES, random_state=rng)
    baseline = real_baseline(real, _of_neighborhoods, n_splits=_N_RESAMPLES // 2, random_state=rng)
    return _of_neighborhoods(real, synthetic), interval, baseline


def _of_neighborhoods(real: NDArray, fake: NDArray) -> NDArray:
    return np.array(
        [
            *precision_recall_density_coverage(real, fake, _N_NEIGHBORS),
            *alpha_precision_beta_recall(real, fake, _N_NEIGHBORS),
        ]
    )
