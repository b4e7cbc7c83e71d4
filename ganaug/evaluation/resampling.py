"""`evaluate_resampling`: what a sampler added, class by class."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from imblearn.utils import check_target_type
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ganaug.common.containers import as_frame
from ganaug.common.identifiers import find_identifiers
from ganaug.common.labels import labels_of
from ganaug.common.modality import MODALITIES
from ganaug.common.random import subsample
from ganaug.common.rows import take_rows
from ganaug.evaluation.image_evaluation import evaluate_images
from ganaug.evaluation.image_result import ImageEvaluation
from ganaug.evaluation.resampling_result import ImageSamples, Resampling
from ganaug.evaluation.table_classes import evaluate_some_classes
from ganaug.evaluation.table_evaluation import MIN_ROWS, evaluate_tables
from ganaug.evaluation.table_result import TableEvaluation
from ganaug.evaluation.table_rules import broken_rules, learn_rules
from ganaug.evaluation.text_evaluation import evaluate_texts
from ganaug.evaluation.text_result import TextEvaluation
from ganaug.metrics import class_agreement, reused_identifiers
from ganaug.oversampler import GANOversampler

# Classes that are measured, those with the most synthetic rows.
MAX_CLASSES = 4
# Synthetic and real rows of a class that are measured: it takes seconds, and intervals are a few per cent wide.
MAX_ROWS = 1_000
MAX_REAL_ROWS = 20_000
# If one class alone has synthetic rows, and the table no more rows than this, all of them are measured, in the way of
# `ganaug.evaluate`: the numbers are the same.
MAX_ROWS_OF_TABLE = 100_000
# Rows of all classes, real and synthetic ones, of which a forest learns the classes.
MAX_AGREEMENT_ROWS = 2_500
_N_SHOWN = 8


def evaluate_resampling(
    sampler: GANOversampler,
    X: Any,
    y: Any,
    X_resampled: Any,
    y_resampled: Any,
    *,
    names: Sequence[str | int] | None = None,
    max_rows: int | None = None,
    random_state: int | np.random.Generator = 0,
) -> Resampling:
    """Measure what a sampler has just added: counts, how real the rows or images are, and whether they are copies.

    Parameters
    ----------
    sampler : GANOversampler
        After its `fit_resample`.
    X, y : as in `fit_resample`
        The data that it was given.
    X_resampled, y_resampled : as `fit_resample` returned them
        The data that it returned.
    names : sequence of length n_rows or None, default=None
        Names of the real images on a page, such as their files. None numbers them from 0.
    max_rows : int or None, default=None
        For tables and texts: at most so many synthetic rows of a class are measured. None measures at most 1,000; or
        all of a table of up to 100,000 rows where only one class has synthetic rows, so that the numbers are those of
        `ganaug.evaluate`. Samples are compared with at most 20,000 real rows, because a copy is found only beside its
        real row.
    random_state : int or numpy.random.Generator, default=0
        Source of subsamples and intervals.

    Returns
    -------
    Resampling
        Print it for the verdict, and pass it to `ganaug.report` for a page.

    Raises
    ------
    ValueError
        If the data are not those of the last `fit_resample` of the sampler.

    Notes
    -----
    Each class is compared with the real rows of the same class: the four classes with the most synthetic rows, of which
    1,000 are drawn and compared with at most 20,000 real ones (see `max_rows`). A class needs 20 real and 20 synthetic
    rows. Images are measured as by `ganaug.evaluate`, which takes about ten seconds for each class.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from ganaug import GANOversampler, TabularGAN, evaluate_resampling
    >>> X, y = make_classification(n_samples=200, weights=[0.8], random_state=0)
    >>> sampler = GANOversampler(model=TabularGAN(n_steps=20), random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> resampling = evaluate_resampling(sampler, X, y, X_resampled, y_resampled)
    >>> resampling.frame()
      class  before  repeated  synthetic  after
    0     0     160         0          0    160
    1     1      40         0        120    160
    """
    given, returned = labels_of(y), labels_of(y_resampled, "y_resampled")
    labels, after = (check_target_type(of, indicate_one_vs_all=True)[0] for of in (given, returned))
    is_synthetic = _checked_marks(sampler, labels, after)
    counts = _class_counts(labels, after, is_synthetic)
    model: Any = getattr(sampler, "model_", None)
    has_images = model is not None and model.modality == "image"
    min_rows = 1 if has_images else MIN_ROWS
    enough = counts[(counts["before"] >= min_rows) & (counts["synthetic"] >= min_rows)]
    measured = enough.sort_values("synthetic", ascending=False, kind="stable")["class"].tolist()[:MAX_CLASSES]
    notes = _note_on_classes(len(measured), int((counts["synthetic"] > 0).sum()), min_rows)
    rng = np.random.default_rng(random_state)
    evaluations: dict[Hashable, TableEvaluation | TextEvaluation] = {}
    images: dict[Hashable, ImageSamples] = {}
    image_evaluation = None
    reused = _no_identifiers()
    if not measured:
        pass
    elif has_images:
        is_measured = is_synthetic & np.isin(after, measured)
        real = np.asarray(X).reshape(-1, *model.encoder_.shape_)
        synthetic = np.asarray(take_rows(X_resampled, np.flatnonzero(is_measured)))
        synthetic = synthetic.reshape(-1, *model.encoder_.shape_)
        image_evaluation, images = _evaluate_images(model, real, labels, synthetic, after[is_measured], names, rng)
        images = {label: images[label] for label in measured}
    else:
        data = (measured, X, labels, X_resampled, after, is_synthetic)
        limits = (MAX_REAL_ROWS, MAX_ROWS if max_rows is None else max_rows)
        if model.modality == "text":
            evaluations, found = _evaluate_texts(*data, limits, rng)
        else:
            one = max_rows is None and len(after) <= MAX_ROWS_OF_TABLE and (counts["synthetic"] > 0).sum() == 1
            source = random_state if one else None
            evaluations, reused, found = _evaluate_table(
                model, *data, limits, rng, name=sampler.target_name_, as_evaluate=source
            )
        notes += found
    return Resampling(
        counts=counts,
        noun=MODALITIES["tabular" if model is None else model.modality].noun,
        evaluations=evaluations,
        images=images,
        image_evaluation=image_evaluation,
        reused=reused,
        notes=notes,
        history=pd.DataFrame() if model is None else model.history_,
        settings={type(of).__name__: _settings(of) for of in (sampler, model) if of is not None},
        seed=None if model is None else model.seed_,
        guarantee=(model.epsilon_, model.delta) if hasattr(model, "epsilon_") else None,
    )


def _checked_marks(sampler: GANOversampler, labels: NDArray, after: NDArray) -> NDArray[np.bool_]:
    """Return which rows are synthetic, if the data are those that the sampler was given and returned."""
    is_synthetic: NDArray[np.bool_] | None = getattr(sampler, "is_synthetic_", None)
    # originals come first; only an equal share may repeat some of them
    strategy = sampler.sampling_strategy
    may_repeat = isinstance(strategy, str) and strategy == "equal share"
    if (
        is_synthetic is not None
        and len(is_synthetic) == len(after)
        and np.array_equal(after[: len(labels)], labels)
        and (may_repeat or (~is_synthetic).sum() == len(labels))
    ):
        return is_synthetic
    raise ValueError(
        f"sampler has not returned these {len(after)} rows for these {len(labels)} rows; pass the X and y that its "
        "last fit_resample received, and the X_resampled and y_resampled that it returned"
    )


def _class_counts(before: NDArray, after: NDArray, is_synthetic: NDArray[np.bool_]) -> pd.DataFrame:
    classes = np.unique(after)
    n_before, n_real, n_after = (
        np.array([(of == label).sum() for label in classes]) for of in (before, after[~is_synthetic], after)
    )
    return pd.DataFrame(
        {
            "class": pd.Series(classes.tolist(), dtype=object),
            "before": n_before,
            "repeated": n_real - n_before,
            "synthetic": n_after - n_real,
            "after": n_after,
        }
    )


def _note_on_classes(n_measured: int, n_filled: int, min_rows: int) -> list[str]:
    if n_measured == n_filled:
        return []
    return [
        f"{n_measured} of {n_filled} classes with synthetic samples were measured: at most {MAX_CLASSES}, those with "
        f"the most of them, and only classes with at least {min_rows} real and {min_rows} synthetic ones."
    ]


def _evaluate_table(
    model: Any,
    measured: Sequence[Hashable],
    X: Any,
    labels: NDArray,
    X_resampled: Any,
    after: NDArray,
    is_synthetic: NDArray[np.bool_],
    limits: tuple[int, int],
    rng: np.random.Generator,
    *,
    name: str | None,
    as_evaluate: int | np.random.Generator | None,
) -> tuple[dict[Hashable, TableEvaluation | TextEvaluation], pd.DataFrame, list[str]]:
    """Measure classes of a table; return the identifiers that are reused, and notes on what is not measured.

    `as_evaluate` is the source of random numbers where all rows of one class are measured as `ganaug.evaluate` does.
    """
    evaluations: dict[Hashable, TableEvaluation] = {}
    notes: list[str] = []
    left_out = _columns_left_out(X, model)
    reused = _no_identifiers()
    if left_out:
        synthetic_X = take_rows(X_resampled, np.flatnonzero(is_synthetic))
        reused = reused_identifiers(as_frame(X, "X"), synthetic_X, identifiers=left_out)
    learned = _LearnedColumns(X, left_out)
    of_classes = learned.with_classes(X, labels, name)
    if as_evaluate is not None:
        rows = np.flatnonzero(is_synthetic)
        its_rows = learned.with_classes(take_rows(X_resampled, rows), after[rows], name)
        target = of_classes.columns[-1]
        # the identifiers are left out already
        found = evaluate_some_classes([of_classes, its_rows], target, ignore=[], random_state=as_evaluate)
        copied = None if hasattr(model, "epsilon_") else found.copied_rows
        whole = found.with_row_numbers(synthetic=rows)
        return {measured[0]: replace(whole, copied_rows=copied)}, reused, notes
    notes.append(
        f"Each class was measured by itself, on at most {limits[1]:,} synthetic and {limits[0]:,} real rows of it. "
        "ganaug evaluate measures all synthetic rows and all classes together, so its numbers are others."
    )
    rules = learn_rules(of_classes, np.random.default_rng(0), target=of_classes.columns[-1])
    for label in measured:
        real, synthetic, note = _drawn(label, labels, after, is_synthetic, limits, "rows", rng)
        real_table, synthetic_table = learned(take_rows(X, real)), learned(take_rows(X_resampled, synthetic))
        its_rows = learned.with_classes(take_rows(X_resampled, synthetic), after[synthetic], name)
        broken = broken_rules(rules.among(labels == label), its_rows)
        evaluation = evaluate_tables(
            real_table, synthetic_table, identifiers=[], random_state=rng, whole=learned(X), broken=broken
        )
        evaluations[label] = evaluation.with_row_numbers(real=real, synthetic=synthetic)
        notes += note
    agreement = _agreement(learned, X, labels, X_resampled, after, is_synthetic, rng)
    with_agreement: dict[Hashable, TableEvaluation | TextEvaluation] = {
        label: replace(
            evaluation,
            agreement=agreement[agreement["class"] == label],
            # a model with differential privacy is chosen where nobody should see single real rows
            copied_rows=None if hasattr(model, "epsilon_") else evaluation.copied_rows,
        )
        for label, evaluation in evaluations.items()
    }
    return with_agreement, reused, notes


def _agreement(
    learned: "_LearnedColumns",
    X: Any,
    labels: NDArray,
    X_resampled: Any,
    after: NDArray,
    is_synthetic: NDArray[np.bool_],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Compare the synthetic rows of all classes with the real rows of all classes."""
    of_real, of_synthetic = np.arange(len(labels)), np.flatnonzero(is_synthetic)
    tables = []
    for rows, known, of in ((X, labels, of_real), (X_resampled, after, of_synthetic)):
        chosen = of[subsample(len(of), MAX_AGREEMENT_ROWS, rng)]
        frame = learned(take_rows(rows, chosen)).reset_index(drop=True)
        # by position: any name could be that of a column
        frame = frame.set_axis(range(frame.shape[1]), axis=1)
        tables.append(pd.concat([frame, pd.Series(known[chosen].tolist(), dtype=object, name=frame.shape[1])], axis=1))
    return class_agreement(tables[0], tables[1], tables[0].shape[1] - 1, random_state=rng)


class _LearnedColumns:
    """Tables without the columns that identify rows: what they hold is measured for all classes together."""

    def __init__(self, X: Any, left_out: list[Hashable]) -> None:
        # of a table of nothing but identifiers all columns are measured
        self.left_out = left_out if len(left_out) < as_frame(X, "X").shape[1] else []

    def __call__(self, rows: Any) -> pd.DataFrame:
        return as_frame(rows, "X").drop(columns=self.left_out)

    def with_classes(self, rows: Any, labels: NDArray, name: str | None) -> pd.DataFrame:
        """Return them with their classes as the last column, which gets a name that no other one has."""
        frame = self(rows).reset_index(drop=True)
        label = name or "class"
        while label in frame.columns:
            label = f"{label} (class)"
        columns = pd.Index([*frame.columns, label], dtype=object, tupleize_cols=False)
        return pd.concat([frame, pd.Series(labels)], axis=1).set_axis(columns, axis=1)


def _columns_left_out(X: Any, model: Any) -> list[Hashable]:
    """Return the columns that identify rows, and those that the model did not learn."""
    frame = as_frame(X, "X")
    columns = zip(frame, model.encoder_.columns_, strict=True) if hasattr(model, "encoder_") else []
    return list(dict.fromkeys([*find_identifiers(frame), *(label for label, of in columns if of.kind == "identifier")]))


def _no_identifiers() -> pd.DataFrame:
    return reused_identifiers(pd.DataFrame({"": [0]}), pd.DataFrame({"": [0]}))


def _evaluate_texts(
    measured: Sequence[Hashable],
    X: Any,
    labels: NDArray,
    X_resampled: Any,
    after: NDArray,
    is_synthetic: NDArray[np.bool_],
    limits: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[dict[Hashable, TableEvaluation | TextEvaluation], list[str]]:
    """Measure classes of texts; return notes on what is not measured."""
    evaluations: dict[Hashable, TableEvaluation | TextEvaluation] = {}
    notes: list[str] = []
    for label in measured:
        real, synthetic, note = _drawn(label, labels, after, is_synthetic, limits, "texts", rng)
        evaluations[label] = evaluate_texts(take_rows(X, real), take_rows(X_resampled, synthetic), random_state=rng)
        notes += note
    return evaluations, notes


def _drawn(
    label: Hashable,
    labels: NDArray,
    after: NDArray,
    is_synthetic: NDArray[np.bool_],
    limits: tuple[int, int],
    noun: str,
    rng: np.random.Generator,
) -> tuple[NDArray[np.intp], NDArray[np.intp], list[str]]:
    """Draw the real and the synthetic rows of a class that are measured; return a note if these are not all."""
    real_rows, synthetic_rows = np.flatnonzero(labels == label), np.flatnonzero(is_synthetic & (after == label))
    real = real_rows[subsample(len(real_rows), limits[0], rng)]
    synthetic = synthetic_rows[subsample(len(synthetic_rows), limits[1], rng)]
    if len(real) == len(real_rows) and len(synthetic) == len(synthetic_rows):
        return real, synthetic, []
    note = (
        f"Class {label}: {len(synthetic):,} of {len(synthetic_rows):,} synthetic {noun} were measured, and "
        f"{len(real):,} of {len(real_rows):,} real ones."
    )
    return real, synthetic, [note]


def _evaluate_images(
    model: Any,
    real: NDArray,
    labels: NDArray,
    synthetic: NDArray,
    synthetic_labels: NDArray,
    names: Sequence[str | int] | None,
    rng: np.random.Generator,
) -> tuple[ImageEvaluation, dict[Hashable, ImageSamples]]:
    """Measure images of all classes, and take some of each class to show."""
    images = {
        label: _samples(model, label, real[labels == label], synthetic[synthetic_labels == label])
        for label in np.unique(synthetic_labels).tolist()
    }
    target = (labels, synthetic_labels)
    return evaluate_images(real, synthetic, target=target, random_state=rng, names=names), images


def _samples(model: Any, label: Hashable, real: NDArray, synthetic: NDArray) -> ImageSamples:
    index = int(np.flatnonzero(model.classes_ == label)[0])
    steps = list(model.snapshots_)
    shown = np.unique(np.linspace(0, max(0, len(steps) - 1), _N_SHOWN).round().astype(int))
    some = [steps[i] for i in shown] if steps else []
    return ImageSamples(
        real=model.shown(real[:_N_SHOWN]),
        synthetic=model.shown(synthetic[:_N_SHOWN]),
        training={step: model.shown(model.snapshots_[step][index : index + 1])[0] for step in some},
        interpolated=model.shown(model.interpolate(label, _N_SHOWN)),
    )


def _settings(of: BaseEstimator) -> tuple[dict[str, Any], dict[str, Any]]:
    # the parameters of the model have a table of their own
    params, defaults = (
        {k: v for k, v in one.get_params(deep=False).items() if k != "model"} for one in (of, type(of)())
    )
    return params, defaults
