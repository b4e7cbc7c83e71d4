"""Evaluation of synthetic rows of some classes: these are compared with real rows of the same classes."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ganaug.common.containers import as_frame
from ganaug.common.identifiers import refuse_identifiers_as_classes
from ganaug.common.labels import labels_of, name_of
from ganaug.common.warnings import warn_user
from ganaug.evaluation.table_evaluation import columns_left_out, evaluate_tables
from ganaug.evaluation.table_result import TableEvaluation
from ganaug.evaluation.table_rules import broken_rules, learn_rules
from ganaug.metrics import TablePair, Utility, class_agreement, reused_identifiers, utility_scores


def evaluate_rows(
    real: Any,
    synthetic: Any,
    *,
    holdout: Any = None,
    target: Any = None,
    ignore: Sequence[Hashable] | None = None,
    **options: Any,
) -> TableEvaluation:
    """Evaluate synthetic rows, with real rows of their classes if they do not have all; the one path of every caller.

    Parameters
    ----------
    real, synthetic, holdout : table
        See `ganaug.evaluate`.
    target : hashable, tuple of labels or None, default=None
        The column with the classes, or the labels of each table. If the synthetic rows have only some of the classes,
        only real rows of these classes are compared, with a warning, and the target is not predicted.
    ignore : sequence of hashable or None, default=None
        See `ganaug.evaluate`.
    **options : dict
        Further arguments of `evaluate_tables`.

    Returns
    -------
    TableEvaluation
        ``settings["rows"]`` says which rows were compared, if not all.

    Warns
    -----
    UserWarning
        If only some classes are compared.
    """
    if target is None:
        return evaluate_tables(real, synthetic, holdout=holdout, ignore=ignore, **options)
    frames = [as_frame(real, "real")]
    frames += [
        as_frame(table, name, frames[0])
        for name, table in (("synthetic", synthetic), ("holdout", holdout))
        if table is not None
    ]
    if not _is_column(frames[0], target):
        frames, target = _with_labels(frames, target)
    refuse_identifiers_as_classes(frames[0][target], f"target {target!r}")
    if not (compared := same_classes(frames, target)[1]):
        held_out = frames[2] if len(frames) > 2 else None
        return evaluate_tables(frames[0], frames[1], holdout=held_out, target=target, ignore=ignore, **options)
    warn_user(f"Only rows with {compared} are compared, because the synthetic rows have no other {target} value.")
    return evaluate_some_classes(frames, target, ignore=ignore, **options)


def evaluate_some_classes(
    frames: Sequence[pd.DataFrame],
    target: Hashable,
    *,
    ignore: Sequence[Hashable] | None = None,
    classifiers: Any = None,
    random_state: int | np.random.Generator | None = None,
) -> TableEvaluation:
    """Evaluate synthetic rows that have only some of the classes, as `evaluate_rows` does.

    Parameters
    ----------
    frames : sequence of DataFrame
        The real rows of all classes, the synthetic rows, and held-out rows if there are any; all with the target.
    target : hashable
        The column with the classes.
    ignore, classifiers, random_state
        See `ganaug.evaluate`.

    Returns
    -------
    TableEvaluation
        ``settings["rows"]`` says which rows were compared.
    """
    of_classes, compared = same_classes(frames, target)
    held_out = frames[2] if len(frames) > 2 else None
    if classifiers is not None and held_out is None:
        raise ValueError("classifiers need synthetic rows of all classes, or a hold-out; leave classifiers out")
    left_out = [label for label in columns_left_out(frames[0], ignore) if label != target]
    # which class the rows look like can only be seen beside the others
    learned = [frame.drop(columns=left_out) for frame in frames[:2]]
    agreement = class_agreement(learned[0], learned[1], target, random_state=random_state)
    # some rules need the rows of all classes to show
    is_compared = frames[0][target].isin(set(frames[1][target])).to_numpy()
    rules = learn_rules(learned[0], np.random.default_rng(0), target=target)
    broken = broken_rules(rules.among(is_compared), learned[1])
    utility = None
    if held_out is not None:
        utility = _with_and_without(frames, target, left_out, classifiers, random_state)
    evaluation = evaluate_tables(
        of_classes[0],
        of_classes[1],
        holdout=of_classes[2] if len(of_classes) > 2 else None,
        identifiers=left_out,
        whole=frames[0].drop(columns=target),
        broken=broken,
        random_state=random_state,
    )
    evaluation = evaluation.with_row_numbers(real=np.flatnonzero(is_compared))
    settings = {"rows": compared, "target": target, "classifiers": classifiers, "ignore": ignore}
    return replace(
        evaluation,
        settings={**evaluation.settings, **settings},
        utility=utility,
        agreement=agreement,
        n_classes=int(frames[1][target].nunique()),
        # the identifier of a row of any other class identifies as well
        reused=reused_identifiers(*frames, identifiers=left_out),
    )


def _with_and_without(
    frames: Sequence[pd.DataFrame],
    target: Hashable,
    left_out: Sequence[Hashable],
    classifiers: Any,
    random_state: int | np.random.Generator | None,
) -> Utility:
    """Score classifiers that learn from the real rows, and from these and the synthetic ones, on held-out rows."""
    pair = TablePair(*frames, identifiers=left_out)
    found = utility_scores(pair, target=target, classifiers=classifiers, random_state=random_state)
    scores, notes = found.scores, found.notes
    if frames[1][target].nunique() < 2:  # from one class, nothing learns
        scores = scores[scores["trained on"] != "synthetic"].reset_index(drop=True)
        notes = [note for note in notes if not note.startswith("All synthetic rows")]
    return Utility(scores, notes)


def _is_column(frame: pd.DataFrame, target: Any) -> bool:
    try:
        return isinstance(target, Hashable) and target in frame.columns
    except TypeError:  # a tuple of lists
        return False


def _with_labels(frames: Sequence[pd.DataFrame], target: Any) -> tuple[list[pd.DataFrame], Hashable]:
    """Put labels that stand beside the tables into them; return the tables and the name of the new column."""
    names = ("real", "synthetic", "holdout")[: len(frames)]
    if isinstance(target, str) or not isinstance(target, tuple | list):
        raise ValueError(
            f"target={target!r} is not a column of the tables; they have {list(frames[0])[:8]}. Or pass the labels of "
            f"each table, target=({', '.join(f'y_{name}' for name in names)})"
        )
    if len(target) != len(frames):
        raise ValueError(f"target holds labels of {len(target)} tables, not of {len(frames)}: {', '.join(names)}")

    column = name_of(target[0]) or "target"
    while column in frames[0]:
        column += "_"
    labelled = []
    for name, frame, given in zip(names, frames, target, strict=True):
        labels = labels_of(given, f"target of {name}")
        if labels.shape != (len(frame),):
            raise ValueError(f"target of {name} has shape {labels.shape}, but {name} has {len(frame)} rows")
        labelled.append(frame.reset_index(drop=True).assign(**{column: labels}))
    return labelled, column


def same_classes(frames: Sequence[pd.DataFrame], target: Hashable) -> tuple[list[pd.DataFrame], str]:
    """Restrict tables to the classes of the synthetic one.

    Rows that fill up a class should resemble the real rows of that class, not the whole table.

    Parameters
    ----------
    frames : sequence of DataFrame
        The real table, the synthetic one, and others.
    target : hashable
        The column with the classes.

    Returns
    -------
    frames : list of DataFrame
        As given if the synthetic table has all classes of the real one. Otherwise only the rows of its classes, without
        the column `target`.
    compared : str
        The restriction in words, such as "plan = gold", or "".

    Examples
    --------
    >>> real = pd.DataFrame({"x": [1, 2, 3], "plan": ["gold", "basic", "gold"]})
    >>> frames, compared = same_classes([real, real[:1]], "plan")
    >>> compared, frames[0]["x"].tolist()
    ('plan = gold', [1, 3])
    """
    classes = set(frames[1][target])
    if not classes < set(frames[0][target]):
        return list(frames), ""
    names = ", ".join(sorted(map(str, classes)))
    kept = [frame[frame[target].isin(classes)].drop(columns=target).reset_index(drop=True) for frame in frames]
    return kept, f"{target} = {names}"
