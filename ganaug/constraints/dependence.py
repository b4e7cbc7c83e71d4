"""Columns that are equal, that one determines, or that are missing in the same rows."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.constraints.cells import Cells
from ganaug.constraints.conditions import Level
from ganaug.constraints.evidence import needed, needed_for_new_rows
from ganaug.constraints.levels import Feature
from ganaug.constraints.rules import Determined, Equal, MissingTogether, MissingWhen

# Missing cells that show how cells are missing.
_MIN_MISSING = 10
# Rows for a first look at dependences.
_N_LOOK = 2_000
# Rows that repeat a key, weighed by how likely they would contradict it, beside what significance needs.
_MIN_REPEATS = 30.0


def missing_together(cells: Cells, labels: Sequence[Hashable]) -> list[MissingTogether]:
    """Return groups of columns that are missing in the same rows."""
    groups: dict[bytes, list[Hashable]] = {}
    for label in labels:
        missing = cells.missing(label)
        if _MIN_MISSING <= missing.sum() <= len(cells) - _MIN_MISSING:
            groups.setdefault(np.packbits(missing).tobytes(), []).append(label)
    found = []
    for group in groups.values():
        share = float(cells.missing(group[0]).mean())
        if len(group) > 1 and len(cells) * 2 * share * (1 - share) >= needed(len(labels) ** 2):
            found.append(MissingTogether(tuple(group)))
    return found


def missing_when(cells: Cells, features: Sequence[Feature]) -> list[MissingWhen]:
    """Return columns that are missing exactly where another one has some values."""
    levels = [f for f in features if isinstance(f.conditions[0], Level)]
    flags = [f for f in features if not isinstance(f.conditions[0], Level)]
    found = []
    for flag in flags:
        missing = cells.missing(flag.column)
        share, n_missing = float(missing.mean()), int(missing.sum())
        if n_missing < _MIN_MISSING:
            continue
        for feature in levels:
            by = feature.column
            if by == flag.column or cells.missing(by).any():
                continue
            codes, values = cells.codes(by)
            n_with, n_all = (np.bincount(codes[rows], minlength=len(values)) for rows in (missing, slice(None)))
            if ((n_with > 0) & (n_with < n_all)).any() or len(values) > len(cells) // 10:
                continue
            if len(cells) * 2 * share * (1 - share) >= needed(len(flags) * len(levels)) + len(values):
                always = n_with > 0
                found.append(
                    MissingWhen(
                        flag.column,
                        by,
                        tuple(v for v, a in zip(values, always, strict=True) if a),
                        tuple(v for v, a in zip(values, always, strict=True) if not a),
                    )
                )
                break
    return found


def determined(cells: Cells, labels: Sequence[Hashable], fixed: Hashable | None) -> list[Equal | Determined]:
    """Return columns that equal another one, or that another one determines.

    Parameters
    ----------
    cells : Cells
        Rows to learn from.
    labels : sequence of label
        Columns to look at.
    fixed : label or None
        A column that is never computed from others: the class.

    Returns
    -------
    list of Equal or Determined
        At most one for each column that is determined.
    """
    n = len(cells)
    codes = {label: _dense(cells.codes(label)[0]) for label in labels}
    n_values = {label: int(of.max()) + 1 for label, of in codes.items()}
    look = np.linspace(0, n - 1, min(n, _N_LOOK)).astype(np.intp)
    looked = {label: of[look] for label, of in codes.items()}
    n_pairs = max(1, len(labels) * (len(labels) - 1))
    # columns of more values first: they may determine those of fewer
    order = sorted((label for label in labels if n_values[label] > 1), key=lambda label: -n_values[label])
    shown: list[tuple[Hashable, Hashable, float, int]] = []
    for i, by in enumerate(order):
        if n_values[by] > n // 2:
            continue
        for target in order[i + 1 :]:
            if _n_conflicts(looked[by], looked[target]) > 2:
                continue
            n_conflicts = _n_conflicts(codes[by], codes[target])
            evidence = _evidence(codes[by], codes[target]) if n_conflicts <= 2 else 0.0
            if evidence >= max(needed(n_pairs), _MIN_REPEATS):
                shown.append((by, target, evidence, n_conflicts))
    evidences, conflicts = (np.array([pair[place] for pair in shown]) for place in (2, 3))
    # one pair with a single exception may be a mistake in the data
    bound = needed_for_new_rows(evidences, conflicts, 0.0, max(n, 3_000)) if shown else 0.0
    found: list[Equal | Determined] = []
    done: set[Hashable] = set()
    for by, target, evidence, n_conflicts in shown:
        if n_conflicts or evidence < bound or by in done or target in done:
            continue
        written, key = (by, target) if target == fixed else (target, by)
        is_mutual = n_values[by] == n_values[target]
        if target != fixed or is_mutual:
            done.add(written)
            found.append(_rule(cells, written, key, is_mutual))
    return found


def _evidence(by: NDArray, target: NDArray) -> float:
    """Return how many rows that repeat a key would contradict it by chance."""
    known = (by >= 0) & (target >= 0)
    by, target = by[known], target[known]
    if not len(by):
        return 0.0
    shares = np.bincount(target) / len(target)
    return float((len(by) - len(np.unique(by))) * (1 - (shares**2).sum()))


def _rule(cells: Cells, target: Hashable, by: Hashable, is_mutual: bool) -> Equal | Determined:
    (target_codes, values), (by_codes, keys) = cells.codes(target), cells.codes(by)
    if cells.kind(target) == cells.kind(by) and not Equal(by, target).breaks(cells).any():
        return Equal(by, target)
    known = (target_codes >= 0) & (by_codes >= 0)
    places, first = np.unique(by_codes[known], return_index=True)
    value_of: list[Any] = [values[code] for code in target_codes[known][first]]
    return Determined(target, by, tuple(keys[place] for place in places), tuple(value_of), is_mutual)


def _dense(codes: NDArray) -> NDArray[np.intp]:
    """Renumber codes of values that occur, so that they are below the number of rows."""
    if len(codes) and codes.max() < len(codes):
        return codes.astype(np.intp)
    return np.unique(codes, return_inverse=True)[1] - int((codes < 0).any())


def _n_conflicts(by: NDArray, target: NDArray) -> int:
    """Return how many rows have another target than a row with the same key; missing cells say nothing."""
    known = (by >= 0) & (target >= 0)
    by, target = by[known], target[known]
    if not len(by):
        return 0
    first = np.full(by.max() + 1, -1, dtype=np.intp)
    first[by] = target
    return int((first[by] != target).sum())
