"""Rules on numeric columns: which is the smaller one, sums, and products."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.constraints.cells import Cells, Domain
from ganaug.constraints.evidence import MIN_ROWS, needed, needed_for_new_rows
from ganaug.constraints.rules import Linear, Order, Ratio

# Rows of a first look; candidates are checked on all rows.
_N_LOOK = 1_000
# A random pairing of the numbers of two columns violates an order at least so often.
_MIN_VIOLATED = 0.05
# ... and of columns on one scale, which an order may be about though the rows do not show that it always holds.
_MIN_OFTEN_VIOLATED = 0.25
# The smallest differences that show whether they end at 0.
_N_EDGE = 20
# Share of them that lies in the lower half, at least. Times that are never in the other order have mostly a reason.
_MIN_NEARER = {"number": 0.15, "time": 0.075, "duration": 0.15}
# From this share on, the end is sharp, and the order is no matter of luck.
_HARD = 0.4
# Terms of a sum, at most.
_MAX_TERMS = 6
# Standard deviation of the logarithm of a ratio, at most, and as a share of what either factor alone leaves.
_MAX_BAND, _MAX_BAND_SHARE = 0.15, 0.3
# Share of rows that a band excludes at least, if the target is paired at random.
_MIN_EXCLUDED = 0.5
_N_QUANTILES = 101
_HUGE = 1e70
_N_EXTREME = 10

Domains = Mapping[Hashable, Domain]


# ----------------------------------------------------------------------------------------------------- orders


def orders(
    cells: Cells, labels: Sequence[Hashable], related: set[frozenset[Hashable]], domains: Domains
) -> list[Order]:
    """Return pairs of columns of which one is never larger than the other.

    Parameters
    ----------
    cells : Cells
        Rows to learn from.
    labels : sequence of label
        Numeric columns.
    related : set of frozenset of label
        Pairs whose order follows from other rules.
    domains : mapping of label to Domain
        Legal numbers of these columns.

    Returns
    -------
    list of Order
        Without those that follow from two others.
    """
    look = np.linspace(0, len(cells) - 1, min(len(cells), _N_LOOK)).astype(np.intp)
    least = needed(len(labels) * max(len(labels) - 1, 1))
    candidates: list[tuple[_Edge, Order]] = []
    by_chance, n_seen = [], []
    for kind in ("number", "time", "duration"):
        own = [label for label in labels if cells.kind(label) == kind]
        if len(own) < 2:
            continue
        looked = np.column_stack([cells.numbers(label)[look] for label in own])
        for i, small in enumerate(own):
            violated = np.sum(looked[:, [i]] > looked, axis=0)
            for j in np.flatnonzero(violated <= 2):
                large = own[j]
                if i == j or frozenset((small, large)) in related:
                    continue
                by_chance.append(_violated_by_chance(looked[:, i], looked[:, j]))
                n_seen.append(int(violated[j]))
                step = max(domains[small].step, domains[large].step)
                edge = None if violated[j] else _edge(cells.numbers(small), cells.numbers(large), least, step)
                if edge is not None and edge.nearer >= _MIN_NEARER[kind]:
                    candidates.append((edge, Order(small, large, edge.is_strict)))
    bound = needed_for_new_rows(np.array(by_chance), np.array(n_seen), least, len(look))
    found = {rule.columns: rule for edge, rule in candidates if edge.nearer >= _HARD or edge.evidence >= bound}
    return [
        rule
        for (small, large), rule in found.items()
        if not any((small, middle) in found and (middle, large) in found for _, middle in found)
    ]


def unbroken_orders(cells: Cells, labels: Sequence[Hashable], related: set[frozenset[Hashable]]) -> list[Order]:
    """Return pairs of columns of which one is never larger than the other in these rows, rule or not.

    Parameters
    ----------
    cells : Cells
        Rows to look at.
    labels : sequence of label
        Numeric columns.
    related : set of frozenset of label
        Pairs that are left out.

    Returns
    -------
    list of Order
        Those that many rows would break if the columns were paired at random.
    """
    found = []
    for kind in ("number", "time", "duration"):
        own = [label for label in labels if cells.kind(label) == kind]
        for small, large in permutations(own, 2):
            a, b = cells.numbers(small), cells.numbers(large)
            if frozenset((small, large)) in related or (a > b).any():
                continue
            n_known = int((~np.isnan(a) & ~np.isnan(b)).sum())
            if n_known >= MIN_ROWS and _violated_by_chance(a, b) >= _MIN_OFTEN_VIOLATED * n_known:
                found.append(Order(small, large))
    return found


class _Edge(NamedTuple):
    """How the differences of two columns end at 0."""

    evidence: float  # rows that would break the order by chance
    nearer: float  # share of the smallest differences that lies in their lower half
    is_strict: bool


def _edge(small: NDArray, large: NDArray, least: float, step: float) -> _Edge | None:
    """Return how the differences of two columns end; None if one is negative, or an order is not shown."""
    known = ~(np.isnan(small) | np.isnan(large))
    small, large = small[known], large[known]
    difference = large - small
    if len(small) < MIN_ROWS or difference.min() < 0:
        return None
    evidence = _violated_by_chance(small, large)
    if evidence < max(least, _MIN_VIOLATED * len(small)):
        return None
    smallest = np.sort(np.partition(difference, min(2 * _N_EDGE, len(difference) - 1))[: 2 * _N_EDGE])
    is_strict = bool(step and smallest[0] >= 0.999 * step and (smallest == smallest[0]).sum() >= _N_EDGE // 2)
    # Of differences that end at 0, a good share of the smallest ones lies in the lower half: one half where they are
    # uniform, a quarter where their density grows linearly. Where the tail of a distribution reaches 0 and goes on, it
    # is less than a tenth: no row below 0 was seen because of the number of rows alone. On a grid, a difference stands
    # for the step above it.
    places = smallest + step / 2
    middle = (smallest[-1] + step) / 2
    if is_strict:
        places, middle = places - step, middle - step / 2
    nearer = float(((places < middle) + 0.5 * (places == middle)).mean())
    return _Edge(evidence, nearer, is_strict)


def _violated_by_chance(small: NDArray, large: NDArray) -> float:
    """Return how many rows would break an order if the columns were paired at random."""
    known = ~(np.isnan(small) | np.isnan(large))
    small, ordered = small[known], np.sort(large[known])
    return float((np.searchsorted(ordered, small, side="left") / max(len(ordered), 1)).sum())


# ------------------------------------------------------------------------------------------------------- sums


def sums(cells: Cells, labels: Sequence[Hashable], domains: Domains) -> list[Linear]:
    """Return columns that are sums of others, exactly but for rounding.

    Terms are found one after the other, each the one that explains most of what is left (orthogonal matching pursuit:
    Pati, Rezaiifar and Krishnaprasad, Asilomar 1993); sums and differences of two columns are all tried. Numbers are
    summed with numbers, and times with durations.
    """
    varied = [label for label in labels if len(domains[label].values) != 1]
    groups = [_of_kinds(cells, varied, domains, kinds) for kinds in (("number",), ("time", "duration"))]
    return [rule for own in groups for rule in _sums_of(cells, own, domains)]


def _sums_of(cells: Cells, own: list[Hashable], domains: Domains) -> list[Linear]:
    look = np.linspace(0, len(cells) - 1, min(len(cells), _N_LOOK)).astype(np.intp)
    looked = {label: cells.numbers(label)[look] for label in own}
    full = [label for label in own if np.isnan(looked[label]).mean() < 0.5]
    found: dict[frozenset[Hashable], Linear] = {}
    tried: set[frozenset[Hashable]] = set()
    same = {label: i for i, label in enumerate(own)}  # columns that are multiples of each other
    for target, terms in [*_pairs_and_triples(looked, own), *_pursued(looked, full)]:
        columns = frozenset((target, *terms))
        if columns in tried or any(columns >= other for other in found):
            continue
        tried.add(columns)
        if len(terms) == 1 and same[target] == same[terms[0]]:
            continue  # follows from two others
        rule = _linear(cells, target, terms, domains, len(own))
        if rule is not None:
            found[columns] = _as_total(rule)
        if rule is not None and len(terms) == 1:
            group = same[target]
            same.update({label: same[terms[0]] for label in own if same[label] == group})
    return list(found.values())


def _of_kinds(cells: Cells, labels: Sequence[Hashable], domains: Domains, kinds: Sequence[str]) -> list[Hashable]:
    """Return columns of these kinds, but for those whose products of variances would overflow."""
    own = [label for label in labels if cells.kind(label) in kinds]
    return [label for label in own if max(abs(domains[label].low), abs(domains[label].high)) < _HUGE]


def _as_total(rule: Linear) -> Linear:
    """Write a sum and differences of columns as the sum of all but one, if it can be."""
    factors = dict([(rule.target, -1.0), *((label, factor) for factor, label in rule.terms)])
    if len(factors) < 3 or any(abs(factor) != 1 for factor in factors.values()):
        return rule
    for sign in (1.0, -1.0):
        alone = [label for label, factor in factors.items() if factor == -sign]
        if len(alone) == 1:
            terms = tuple((1.0, label) for label in factors if label != alone[0])
            return Linear(alone[0], terms, sign * rule.constant, rule.tolerance, rule.is_of_times)
    return rule


def _pairs_and_triples(looked: dict[Hashable, NDArray], own: list[Hashable]) -> list[tuple[Hashable, list[Hashable]]]:
    """Return columns that one other may give, or two others by their sum, judged by covariances."""
    if len(own) < 2:
        return []
    rows = np.column_stack([looked[label] for label in own])
    covariance, of_pair = _covariance(rows)
    variance = np.diag(covariance)
    # covariances of columns with missing cells come from different rows, and say less of three columns together
    limits = np.where(np.isnan(rows).mean(axis=0) > 0.01, 0.3, 0.02) * variance
    found: list[tuple[Hashable, list[Hashable]]] = []
    for i, j in combinations(range(len(own)), 2):
        product = of_pair[i, j] * of_pair[j, i]
        if product > 0 and product - covariance[i, j] ** 2 < 1e-3 * product:
            found.append((own[j], [own[i]]))
        # total = a + b: the variance of what is left
        left = variance + variance[i] + variance[j] + 2 * (covariance[i, j] - covariance[i] - covariance[j])
        limit = max(min(limits[i], variance[j]), min(limits[j], variance[i]))
        for t in np.flatnonzero(left < np.maximum(limit, 0.1 * limits)):
            if t not in (i, j):
                found.append((own[t], [own[i], own[j]]))
    return found


def _pursued(looked: dict[Hashable, NDArray], own: list[Hashable]) -> list[tuple[Hashable, list[Hashable]]]:
    if len(own) < 4:
        return []
    rows = np.column_stack([looked[label] for label in own])
    rows = rows[~np.isnan(rows).any(axis=1)]
    scales = rows.std(axis=0) if len(rows) else np.zeros(len(own))
    if len(rows) < MIN_ROWS:
        return []
    rows = (rows - rows.mean(axis=0)) / np.where(scales > 0, scales, 1)
    found: list[tuple[Hashable, list[Hashable]]] = []
    for t in range(len(own)):
        if scales[t] == 0:
            continue
        left = rows[:, t]
        chosen: list[int] = []
        for _ in range(_MAX_TERMS):
            gains = np.abs(left @ rows)
            gains[[t, *chosen]] = -1
            chosen.append(int(gains.argmax()))
            basis = rows[:, chosen]
            left = rows[:, t] - basis @ np.linalg.lstsq(basis, rows[:, t], rcond=None)[0]
            if left.std() < 0.02:
                break
        if left.std() < 0.02 and len(chosen) > 2:
            found.append((own[t], [own[c] for c in chosen]))
    return found


def _linear(cells: Cells, target: Hashable, terms: list[Hashable], domains: Domains, n_columns: int) -> Linear | None:
    """Fit a sum to all rows; None if a row breaks it, or it is not shown."""
    columns = np.column_stack([cells.numbers(label) for label in (target, *terms)])
    columns = columns[~np.isnan(columns).any(axis=1)]
    if len(columns) < MIN_ROWS:
        return None
    look = columns[np.linspace(0, len(columns) - 1, min(len(columns), _N_LOOK)).astype(np.intp)]
    middle, scale = look.mean(axis=0), look.std(axis=0)
    if (scale == 0).any():
        return None
    standard = (look - middle) / scale
    fitted = np.linalg.lstsq(standard[:, 1:], standard[:, 0], rcond=None)[0] * scale[0] / scale[1:]
    whole = np.rint(fitted)
    if (abs(fitted - whole) < 0.02).all():
        fitted = whole
    elif len(terms) > 1:
        return None  # factors such as 0.37 and 1.92 hold by chance, or are weights that no user knows
    if (fitted == 0).any():
        return None
    of_times = [factor for factor, label in zip(fitted, terms, strict=True) if cells.kind(label) == "time"]
    if sum(of_times) != (cells.kind(target) == "time"):
        return None  # the sum of two dates is no date
    errors = look[:, 0] - look[:, 1:] @ fitted
    constant = float(np.median(errors))
    rounding = domains[target].rounding + sum(
        abs(factor) * domains[label].rounding for factor, label in zip(fitted, terms, strict=True)
    )
    # whole factors of whole numbers round nothing
    if abs(constant) <= 1e-9 * abs(columns).max() or abs(constant) < rounding:
        constant = 0.0
    tolerance = 1e-9 * float(abs(columns).max()) + (0.0 if _is_exact(errors - constant) else 1.01 * rounding)
    if tolerance > 0.02 * scale[0]:
        return None
    errors = columns[:, 0] - columns[:, 1:] @ fitted - constant
    if (abs(errors) > tolerance).any():
        return None
    # how many rows a random pairing would break
    shuffled = np.random.default_rng(0).permutation(len(look))
    excluded = (abs(look[shuffled, 0] - look[:, 1:] @ fitted - constant) > tolerance).mean()
    if excluded < 0.1 or excluded * len(columns) < needed(n_columns ** (len(terms) + 1)):
        return None
    are_times = cells.kind(target) != "number"
    return Linear(target, tuple(zip(fitted.tolist(), terms, strict=True)), constant, float(tolerance), are_times)


def _is_exact(errors: NDArray) -> bool:
    return bool(abs(errors).max() <= 1e-9 * max(1.0, abs(errors).max()))


def _covariance(rows: NDArray) -> tuple[NDArray, NDArray]:
    """Return covariances over the rows where both columns are known, and there the variance of the first of both."""
    known = ~np.isnan(rows)
    n = np.maximum(known.T.astype(float) @ known, 1)
    middle = np.where(known.any(axis=0), np.nansum(rows, axis=0) / np.maximum(known.sum(axis=0), 1), 0)
    filled = np.where(known, rows - middle, 0)
    means = filled.T @ known / n
    return filled.T @ filled / n - means * means.T, (filled**2).T @ known / n - means**2


# --------------------------------------------------------------------------------------------------- products


def ratios(
    cells: Cells, labels: Sequence[Hashable], related: set[frozenset[Hashable]], domains: Domains
) -> list[Ratio]:
    """Return columns that are nearly the product, or the sum, of two others: their ratio lies in a narrow band."""
    look = np.linspace(0, len(cells) - 1, min(len(cells), _N_LOOK)).astype(np.intp)
    own = _of_kinds(cells, labels, domains, ("number",))
    looked = np.column_stack([cells.numbers(label)[look] for label in own]) if own else np.empty((0, 0))
    # numbers that are positive, but for zeros
    positive = [i for i in range(len(own)) if np.nanmean(np.append(looked[:, i] < 0, 1e-12)) <= 1e-6]
    own, looked = [own[i] for i in positive], looked[:, positive]
    if len(own) < 3:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(looked > 0, np.log(looked), np.nan)
    covariance, _ = _covariance(logs)
    variance = np.diag(covariance)
    candidates = []
    for i, j in combinations(range(len(own)), 2):
        if min(variance[i], variance[j]) < 0.05**2:
            continue
        left = variance + variance[i] + variance[j] + 2 * (covariance[i, j] - covariance[i] - covariance[j])
        for t in range(len(own)):
            if t in (i, j) or variance[t] <= 0:
                continue
            alone = min(variance[t] - covariance[t, k] ** 2 / variance[k] for k in (i, j))
            if left[t] <= min(_MAX_BAND**2, _MAX_BAND_SHARE**2 * alone):
                candidates.append((float(left[t]), own[t], own[i], "x", own[j]))
    found: list[Ratio] = []
    used: list[frozenset[Hashable]] = [columns for columns in related if len(columns) > 2]
    for _, target, first, operation, second in sorted(candidates, key=lambda c: c[0]):
        columns = frozenset((target, first, second))
        if columns in used or any(rule.target == target for rule in found):
            continue
        ratio = _ratio(cells, target, first, operation, second, domains, len(own))
        if ratio is not None:
            found.append(ratio)
            used.append(columns)
    return found


def _ratio(
    cells: Cells, target: Hashable, first: Hashable, operation: str, second: Hashable, domains: Domains, n_columns: int
) -> Ratio | None:
    wide = Ratio(target, first, operation, second, 1.0, 1.0, (1.0,), domains[target].rounding)
    numbers, value = cells.numbers(target), wide.value(cells)
    known = (numbers > 0) & (value > 0)
    if known.sum() < MIN_ROWS:
        return None
    observed = numbers[known] / value[known]
    # what rounding of the target alone does to the ratio of small numbers
    rounding = domains[target].rounding / value[known]
    ordered = np.sort(observed)
    quantiles = np.quantile(ordered, np.linspace(0, 1, _N_QUANTILES))
    inner = np.sort(np.where(observed < quantiles[50], observed + rounding, observed - rounding))
    k = min(_N_EXTREME, len(ordered) // 20 + 1)
    low, high = 2 * inner[0] - inner[k], 2 * inner[-1] - inner[-1 - k]
    middle = float(quantiles[50])
    low, high = min(float(low), middle), max(float(high), middle)
    factor = 1.0 if abs(middle - 1) < 1e-3 else middle
    if (abs(numbers[known] - factor * value[known]) <= 1.01 * wide.rounding + 1e-9 * value[known]).all():
        low, high, quantiles = factor, factor, np.full(2, factor)  # exact but for rounding
    if low <= 0:
        return None
    rule = Ratio(target, first, operation, second, low, high, tuple(quantiles.tolist()), 1.01 * wide.rounding)
    if low < high:
        rule = _exact_in_some_rows(rule, cells, known, factor)
    if rule.breaks(cells).any():
        return None
    shuffled = np.random.default_rng(0).permutation(int(known.sum()))
    excluded = float(rule._is_outside(numbers[known][shuffled], value[known]).mean())
    if excluded < _MIN_EXCLUDED or excluded * known.sum() < needed(n_columns**3):
        return None
    return rule


def _exact_in_some_rows(rule: Ratio, cells: Cells, known: NDArray, factor: float) -> Ratio:
    """Add the values of both columns with which the ratio is always the same though it varies elsewhere."""
    value = rule.value(cells)
    off = known & (abs(cells.numbers(rule.target) - factor * value) > rule.rounding + 1e-9 * abs(value))
    exact = []
    for label in (rule.first, rule.second):
        numbers = cells.numbers(label)
        levels, place, counts = np.unique(numbers[known], return_inverse=True, return_counts=True)
        n_off = np.bincount(place, off[known], minlength=len(levels))
        # by chance, such a value would have as large a share of other ratios as all rows
        is_shown = (counts >= MIN_ROWS) & (counts * off.sum() / known.sum() >= needed(2 * len(levels)))
        exact += [(label, float(level)) for level in levels[is_shown & (n_off == 0)]]
    if not exact:
        return rule
    rule = replace(rule, exact=tuple(exact), factor=factor)
    others = known & ~rule.is_exact(cells)
    quantiles = np.quantile(cells.numbers(rule.target)[others] / value[others], np.linspace(0, 1, _N_QUANTILES))
    return replace(rule, quantiles=tuple(quantiles.tolist()))
