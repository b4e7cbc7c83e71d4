"""Synthetic rows that keep the rules of a table: repaired, generated again, or replaced."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.containers import container_of, to_pandas
from ganaug.common.warnings import warn_user
from ganaug.common.wording import counted
from ganaug.constraints import Cells, Constraints, learn_constraints

# Rows that break a rule are generated again so many times at most. To stop earlier, where few new rows keep the rules,
# would make a row depend on the others.
_N_ROUNDS = 10
# Rules that most rows break even after repair are not kept by force: rows would repeat the few that keep them.
_MIN_LEGAL = 0.25
# Up to this share of generated rows may repeat another one without a warning.
_MAX_REPEATED = 0.01

Draw = Callable[[NDArray[np.intp], int], Any]


def without_rules_out_of_reach(constraints: Constraints, rows: Any, y: NDArray) -> tuple[Constraints, list[str]]:
    """Return the rules that a generator can keep, and the sentences of the others.

    Parameters
    ----------
    constraints : Constraints
        The rules.
    rows : table of shape (n, d)
        Generated rows.
    y : ndarray of shape (n,)
        Their classes.

    Returns
    -------
    constraints : Constraints
        Rules which at least a quarter of the rows of each class keeps after repair.
    left_out : list of str
        The others: of the class that keeps the rules least, the rule that most rows break, again and again.
    """
    if not len(constraints):
        return constraints, []
    repaired = _repaired(constraints, rows, y, generated=True)
    cells = Cells(repaired, constraints.kinds)
    rules = [rule for rule in constraints if all(column in cells for column in rule.columns)]
    breaks = np.array([rule.breaks(cells) for rule in rules]).reshape(len(rules), len(y))
    is_kept = np.ones(len(rules), dtype=bool)
    classes = [y == label for label in np.unique(y)]
    while is_kept.any():
        is_legal = np.asarray(~breaks[is_kept].any(axis=0))
        worst = min(classes, key=lambda of_class: is_legal[of_class].mean())
        if is_legal[worst].mean() >= _MIN_LEGAL:
            break
        is_kept[np.argmax(np.where(is_kept, breaks[:, worst].sum(axis=1), -1))] = False
    left_out = [rule for rule, kept in zip(rules, is_kept, strict=True) if not kept]
    others = tuple(rule for rule in constraints if rule not in left_out)
    return replace(constraints, rules=others), [rule.sentence for rule in left_out]


def which_are_legal(constraints: Constraints, rows: Any, y: NDArray) -> NDArray[np.bool_]:
    """Return which rows keep the rules, once repaired where the rules say how.

    Parameters
    ----------
    constraints : Constraints
        The rules.
    rows : table of shape (n, d)
        Generated rows.
    y : ndarray of shape (n,)
        Their classes.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where all rules are kept.
    """
    return np.asarray(~constraints.broken(_repaired(constraints, rows, y, generated=True)))


def keep_rules(constraints: Constraints, rows: Any, y: NDArray, draw: Draw) -> Any:
    """Return rows that keep the rules.

    Rows are first repaired where the rules say how. Those that still break a rule are generated again. If that does
    not help, they get usual values; after that, they repeat another row of their class.

    Parameters
    ----------
    constraints : Constraints
        The rules.
    rows : table of shape (n, d)
        Generated rows.
    y : ndarray of shape (n,)
        Their classes.
    draw : callable (positions, round) -> table
        Generates other rows for some positions, as many as there are.

    Returns
    -------
    table of shape (n, d)
        The same container.

    Warns
    -----
    UserWarning
        If rows repeat another one, or still break a rule.
    """
    if not len(constraints):
        return rows
    generated = _repaired(constraints, rows, y, generated=True)
    parts, place = [generated], np.arange(len(generated))
    left = np.flatnonzero(constraints.broken(generated))
    n_total = len(generated)
    for turn in range(_N_ROUNDS):
        if not len(left):
            break
        fresh = _repaired(constraints, draw(left, turn), y[left], generated=True)
        kept = ~constraints.broken(fresh)
        place[left[kept]] = n_total + np.flatnonzero(kept)
        parts.append(fresh)
        n_total += len(fresh)
        left = left[~kept]
    if len(left):
        fresh = constraints.repair(generated.iloc[left], force=True)
        kept = ~constraints.broken(fresh)
        place[left[kept]] = n_total + np.flatnonzero(kept)
        parts.append(fresh)
        left = left[~kept]
    if len(left):
        _repeat(place, left, y)
    if len(parts) == 1 and generated is rows:
        return rows
    whole = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True).iloc[place].reset_index(drop=True)
    if constraints.fixed is not None:
        whole = whole.iloc[:, :-1]
    container = container_of(rows)
    return container.restore(whole.set_axis(range(whole.shape[1]), axis=1))


def _repaired(constraints: Constraints, rows: Any, y: NDArray, *, generated: bool) -> pd.DataFrame:
    frame = constraints.with_class(to_pandas(rows).reset_index(drop=True), y)
    return constraints.repair(frame, generated=generated)


def _repeat(place: NDArray[np.intp], left: NDArray[np.intp], y: NDArray) -> None:
    """Let rows that break a rule repeat those of their class that do not, each as often as the others."""
    keeps = np.setdiff1d(np.arange(len(y)), left)
    n_repeated = 0
    for label in np.unique(y[left]):
        own, donors = left[y[left] == label], keeps[y[keeps] == label]
        if len(donors):
            place[own] = place[donors[np.arange(len(own)) % len(donors)]]
            n_repeated += len(own)
    n_broken = len(left) - n_repeated
    if not n_broken and n_repeated <= _MAX_REPEATED * len(y):
        return
    repeated = f"{n_repeated:,} repeat another row" if n_repeated else ""
    broken = f"{n_broken:,} break a rule" if n_broken else ""
    warn_user(
        f"Of {len(y):,} generated rows, {' and '.join(part for part in (repeated, broken) if part)}, because new ones "
        "did not keep the rules of the table. Train longer, or see constraints_ of the model and leave rules out with "
        "constraints=None."
    )


def learned_rules(given: Any, frame: pd.DataFrame, labels: pd.Series, columns: Sequence[Any]) -> Constraints:
    """Learn the rules of a table, of the columns that are learned.

    Parameters
    ----------
    given : "auto", sequence of rules or None
        As `constraints` of `ganaug.TabularGAN`.
    frame : DataFrame of shape (n_rows, d)
        The training rows.
    labels : Series of shape (n_rows,)
        Their classes.
    columns : sequence of length d
        How the columns are encoded.
    """
    if given is None:
        return Constraints()
    # by position: pandas takes some names for something else, e.g. tuples for levels and bools for a mask
    kept = [i for i, column in enumerate(columns) if column.kind != "identifier"]
    frame = frame.iloc[:, kept]
    return learn_constraints(
        frame,
        labels.set_axis(frame.index),
        given=None if isinstance(given, str) else given,
        categorical=[frame.columns[k] for k, i in enumerate(kept) if columns[i].kind != "numeric"],
    )


def warn_of_rules_left_out(left_out: Sequence[str]) -> None:
    """Name the rules that synthetic rows may break.

    Parameters
    ----------
    left_out : sequence of str
        From `without_rules_out_of_reach`.
    """
    if left_out:
        warn_user(
            f"The generated rows hardly ever keep {counted(len(left_out), 'rule')} of the training rows: "
            f"{'; '.join(left_out[:5])}{'; ...' if len(left_out) > 5 else ''}. Synthetic rows may break them, and "
            "`ganaug.evaluate` counts those that do. More training (n_steps) may help."
        )
