"""Pairs of conditions that never hold together: two levels, or a level and an end of a numeric column."""

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.constraints.cells import Cells
from ganaug.constraints.conditions import Beyond, Condition, Level, Missing
from ganaug.constraints.evidence import needed, needed_for_new_rows
from ganaug.constraints.rules import Never

# Numeric columns with at most this many values have levels as well.
MAX_NUMERIC_LEVELS = 20
# Levels of a column that are looked at, the most frequent ones, each in at least so many rows.
MAX_LEVELS = 100
MIN_LEVEL_ROWS = 10
# Rules that are kept, those with the most evidence.
MAX_RULES = 500
# The smallest numbers whose distances say how far below them new numbers may lie.
_N_EXTREME = 10
# A rule on an end of a numeric column needs this share of the column beyond the bound.
_MIN_BEYOND = 0.02


class Feature(NamedTuple):
    """The conditions on a column of which at most one holds in a row."""

    column: Hashable
    conditions: list[Condition]
    codes: NDArray[np.intp]  # which condition holds, -1 for none
    counts: NDArray[np.intp]


class _Candidate(NamedTuple):
    expected: float
    first: tuple[int, int]  # feature and condition
    second: Any
    rule: Never


def features_of(cells: Cells, labels: Sequence[Hashable]) -> list[Feature]:
    """Return the levels of columns, and whether their cells are missing."""
    features = []
    for label in labels:
        codes, levels = cells.codes(label)
        is_category = cells.kind(label) == "category"
        if is_category or len(levels) <= MAX_NUMERIC_LEVELS:
            features.append(_feature(label, [Level(label, level) for level in levels], codes))
        missing = cells.missing(label)
        if missing.any() and not missing.all():
            conditions: list[Condition] = [Missing(label, False), Missing(label, True)]
            features.append(_feature(label, conditions, missing.astype(np.intp)))
    return [feature for feature in features if feature.conditions]


def _feature(label: Hashable, conditions: Sequence[Condition], codes: NDArray) -> Feature:
    counts = np.bincount(codes[codes >= 0], minlength=len(conditions))
    order = np.argsort(-counts, kind="stable")[:MAX_LEVELS]
    kept = order[counts[order] >= MIN_LEVEL_ROWS]
    place = np.full(len(conditions) + 1, -1, dtype=np.intp)
    place[kept] = np.arange(len(kept))
    return Feature(label, [conditions[i] for i in kept], place[codes], counts[kept])


def never_together(
    cells: Cells, features: list[Feature], known: set[frozenset[Hashable]], fixed: Hashable | None
) -> list[Never]:
    """Return pairs of levels that never meet though they should have by chance.

    Parameters
    ----------
    cells : Cells
        Rows to learn from.
    features : list of Feature
        Of these rows.
    known : set of frozenset of label
        Pairs of columns whose relation other rules describe.
    fixed : label or None
        A column that no repair changes: it stands first.

    Returns
    -------
    list of Never
        Those with the most evidence first.
    """
    n = len(cells)
    found: list[tuple[int, int, NDArray, NDArray]] = []
    n_pairs = 0
    for i, a in enumerate(features):
        for j in range(i + 1, len(features)):
            b = features[j]
            if a.column == b.column or frozenset((a.column, b.column)) in known:
                continue
            width = len(b.conditions) + 1
            seen = np.bincount((a.codes + 1) * width + b.codes + 1, minlength=(len(a.conditions) + 1) * width)
            table = seen.reshape(-1, width)[1:, 1:]
            expected = np.outer(a.counts, b.counts) / n
            n_pairs += table.size
            found.append((i, j, table, expected))
    if not found:
        return []
    least = needed(n_pairs, n)
    bound = needed_for_new_rows(
        np.concatenate([expected.ravel() for *_, expected in found]),
        np.concatenate([table.ravel() for *_, table, _ in found]),
        least,
        n,
    )
    candidates = []
    for i, j, table, expected in found:
        for row, column in zip(*np.nonzero((table == 0) & (expected >= bound)), strict=True):
            # the second column is the one that the first tells most about; its usual level is the way out
            of_row, of_column = table[row], table[:, column]
            by_row, by_column = (of.max() / max(of.sum(), 1) for of in (of_row, of_column))
            one, other = (i, int(row)), (j, int(column))
            usual: Condition = features[j].conditions[int(of_row.argmax())]
            if (by_column > by_row and a.column != fixed) or b.column == fixed:
                one, other = other, one
                usual = features[i].conditions[int(of_column.argmax())]
            first, second = (features[f].conditions[c] for f, c in (one, other))
            rule = Never(first, second, usual.value if isinstance(usual, Level) else None)
            candidates.append(_Candidate(float(expected[row, column]), one, other, rule))
    return _without_implied(candidates, features, n)


def level_ends(cells: Cells, features: list[Feature], numeric: Sequence[Hashable], known: set[Any]) -> list[Never]:
    """Return levels whose rows never lie at one end of a numeric column, though they should by chance.

    The bound lies beyond the most extreme number of the level, by as much as its ten most extreme numbers span. Where
    numbers end sharply, that is little; where they thin out, a new row may lie further out.
    """
    n = len(cells)
    candidates, expected_all, fails = [], [], []
    n_pairs = 0
    members = [[np.flatnonzero(f.codes == c) for c in range(len(f.conditions))] for f in features]
    for label in numeric:
        numbers = cells.numbers(label)
        ordered = np.sort(numbers[~np.isnan(numbers)])
        if len(ordered) < 2 or ordered[0] == ordered[-1]:
            continue
        kind = cells.kind(label)
        for f, feature in enumerate(features):
            if feature.column == label or frozenset((feature.column, label)) in known:
                continue
            for c, rows in enumerate(members[f]):
                own = numbers[rows]
                own = own[~np.isnan(own)]
                k = min(_N_EXTREME, len(own) // 5)
                if k < 2:
                    continue
                n_pairs += 2
                for sign in (1, -1):
                    extreme = np.sort(np.partition(sign * own, k + 1)[: k + 2])
                    bound = extreme[0] - (extreme[k] - extreme[0])
                    share = _share_below(ordered, sign, bound)
                    expected = share * len(own)
                    # had the most extreme row not been there, would it break the rule learned from the others?
                    without = extreme[1] - (extreme[k + 1] - extreme[1])
                    fails.append(extreme[0] < without)
                    expected_all.append(_share_below(ordered, sign, without) * len(own) if fails[-1] else expected)
                    if fails[-1] or share < _MIN_BEYOND:
                        continue
                    beyond = Beyond(label, sign > 0, _rounded(sign * bound, sign * extreme[0]), kind)
                    rule = Never(feature.conditions[c], beyond)
                    candidates.append(_Candidate(float(expected), (f, c), (label, sign, sign * bound), rule))
    if not candidates:
        return []
    bound = needed_for_new_rows(np.array(expected_all), np.where(fails, 1, 0), needed(n_pairs, n), n)
    return _without_implied([c for c in candidates if c.expected >= bound], features, n)


def _share_below(ordered: NDArray, sign: int, bound: float) -> float:
    if sign > 0:
        return float(np.searchsorted(ordered, bound, side="left")) / len(ordered)
    return 1 - float(np.searchsorted(ordered, -bound, side="right")) / len(ordered)


def _rounded(bound: float, inner: float) -> float:
    """Return the shortest number between a bound and the most extreme number that was seen."""
    if bound == inner:
        return float(bound)
    for digits in range(1, 12):
        scale = 10.0 ** (digits - 1 - np.floor(np.log10(max(abs(bound), abs(inner), 1e-300))))
        number = (np.ceil if bound < inner else np.floor)(bound * scale) / scale
        if min(bound, inner) <= number <= max(bound, inner):
            return float(number)
    return float(bound)


def _without_implied(candidates: list[_Candidate], features: list[Feature], n: int) -> list[Never]:
    """Drop a rule where another one says the same of a level that holds whenever its own does."""
    kept: list[_Candidate] = []
    masks: dict[tuple[int, int], NDArray] = {}

    def mask(of: tuple[int, int]) -> NDArray:
        if of not in masks:
            masks[of] = features[of[0]].codes == of[1]
        return masks[of]

    for candidate in sorted(candidates, key=lambda c: -c.expected)[: 4 * MAX_RULES]:
        if not any(_implies(other, candidate, mask) for other in kept):
            kept.append(candidate)
        if len(kept) == MAX_RULES:
            break
    return [candidate.rule for candidate in kept]


def _implies(other: _Candidate, candidate: _Candidate, mask: Any) -> bool:
    if len(other.second) == 3:
        label, sign, bound = candidate.second
        same = other.second[:2] == (label, sign) and sign * other.second[2] >= sign * bound
        return same and _is_within(mask(candidate.first), mask(other.first))
    ways = [(candidate.first, candidate.second), (candidate.second, candidate.first)]
    others = [(other.first, other.second), (other.second, other.first)]
    return any(a[1] == b[1] and _is_within(mask(a[0]), mask(b[0])) for a in ways for b in others)


def _is_within(inner: NDArray, outer: NDArray) -> bool:
    """Return whether one level holds only with another one, and this is no chance."""
    if (inner & ~outer).any():
        return False
    return bool(inner.sum() * (1 - outer.mean()) > 30) or bool((inner == outer).all())
