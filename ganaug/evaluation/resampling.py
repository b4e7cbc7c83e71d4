"""What a balancing did, on one page: classes, generated rows or pictures beside real ones, training, settings."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from imblearn.utils import check_target_type
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing

from ganaug.common.containers import as_frame
from ganaug.common.random import subsample
from ganaug.evaluation.image_result import ImageEvaluation, evaluate_images
from ganaug.evaluation.table_result import MIN_ROWS, TableEvaluation, evaluate_tables
from ganaug.models import ImageGAN
from ganaug.oversampler import GANOversampler
from ganaug.reporting.card import NOTICE, model_card
from ganaug.reporting.page import (
    REAL,
    SYNTHETIC,
    Block,
    Section,
    Strip,
    Table,
    Words,
    drawings,
    page,
    picture,
    settings,
)
from ganaug.training import COLLAPSE_THRESHOLD, panels, plot_history

# Classes that are looked at one by one, those with the most generated rows.
MAX_CLASSES = 4
# Generated and real rows of a class that are measured: seconds, and intervals of a few per cent.
MAX_ROWS = 1_000
MAX_REAL_ROWS = 20_000
# Pictures in a row.
_SHOWN_EACH = 8
_LONGEST_LABEL = 40


def evaluate_resampling(
    sampler: GANOversampler,
    X: Any,
    y: Any,
    X_resampled: Any,
    y_resampled: Any,
    *,
    names: Sequence[str | int] | None = None,
    random_state: int = 0,
) -> "Resampling":
    """Look at what a sampler has just done: whether classes are equal, rows or pictures real, and no copies.

    Parameters
    ----------
    sampler : GANOversampler
        After its `fit_resample`.
    X, y : as in `fit_resample`
        What it was given.
    X_resampled, y_resampled : as `fit_resample` returned them
        What it gave back.
    names : sequence of length n_rows or None, default=None
        What to call the training pictures, such as their files; None numbers them from 0 on.
    random_state : int, default=0
        Which rows are drawn where there are many.

    Returns
    -------
    Resampling
        Counts, measures, and a page: ``evaluate_resampling(...).html("report.html")``.

    Raises
    ------
    ValueError
        If the data are not those of the sampler's last `fit_resample`.

    Notes
    -----
    Each class is compared with the real rows of the same class: the four with the most generated rows, of which 1,000
    are drawn and compared with at most 20,000 real ones. Pictures are measured as `evaluate` does it, which takes some
    ten seconds a class.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from ganaug import GANOversampler, TabularGAN, evaluate_resampling
    >>> X, y = make_classification(n_samples=200, weights=[0.8], random_state=0)
    >>> sampler = GANOversampler(model=TabularGAN(n_steps=20), random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> report = evaluate_resampling(sampler, X, y, X_res, y_res)
    >>> report.frame()
      class  before  repeated  generated  after
    0     0     160         0          0    160
    1     1      40         0        120    160
    """
    labels, after = (np.asarray(check_target_type(given, indicate_one_vs_all=True)[0]) for given in (y, y_resampled))
    made = getattr(sampler, "is_synthetic_", None)
    # originals come first; only an equal share repeats some of them
    repeats = sampler.sampling_strategy == "equal share" if isinstance(sampler.sampling_strategy, str) else False
    fits = made is not None and len(made) == len(after) and (after[: len(labels)] == labels).all()
    if not fits or not (repeats or (~made).sum() == len(labels)):
        raise ValueError(
            f"sampler has not returned these {len(after)} rows for these {len(labels)}: give it what its last "
            "fit_resample was given, and what that returned"
        )
    counts = _counts(labels, after, made)
    model = getattr(sampler, "model_", None)
    least = MIN_ROWS
    if isinstance(model, ImageGAN):
        least = 1
    enough = counts[(counts["before"] >= least) & (counts["generated"] >= least)]
    looked_at = enough.sort_values("generated", ascending=False, kind="stable")["class"].tolist()[:MAX_CLASSES]
    n_generated = int((counts["generated"] > 0).sum())
    rng = np.random.default_rng(random_state)
    notes = []
    if len(looked_at) < n_generated:
        notes.append(
            f"Looked at: {len(looked_at)} of {n_generated} classes that got any, at most {MAX_CLASSES}, those "
            f"with the most of them. It takes {least} real and {least} generated ones."
        )
    evaluations: dict[Hashable, TableEvaluation] = {}
    pictures: dict[Hashable, LookedAt] = {}
    seen = None
    if isinstance(model, ImageGAN):
        kept = np.flatnonzero(made & np.isin(after, looked_at))
        real, new = (
            np.asarray(of).reshape(-1, *model.encoder_.shape_) for of in (X, _safe_indexing(X_resampled, kept))
        )
        pictures = {label: _look(model, label, real[labels == label], new[after[kept] == label]) for label in looked_at}
        if looked_at:
            target = (labels, after[kept])
            seen = evaluate_images(
                real, new, holdout=None, target=target, inception=None, random_state=rng, names=names
            )
    else:
        for label in looked_at:
            own, new = np.flatnonzero(labels == label), np.flatnonzero(made & (after == label))
            drawn, few = own[subsample(len(own), MAX_REAL_ROWS, rng)], new[subsample(len(new), MAX_ROWS, rng)]
            if len(drawn) + len(few) < len(own) + len(new):
                notes.append(
                    f"Class {label}: {len(few):,} of {len(new):,} generated ones, drawn, beside {len(drawn):,} of "
                    f"{len(own):,} real ones."
                )
            tables = as_frame(_safe_indexing(X, drawn), "X"), as_frame(_safe_indexing(X_resampled, few), "X_resampled")
            evaluations[label] = evaluate_tables(*tables, random_state=rng)
    return Resampling(
        counts=counts,
        evaluations=evaluations,
        pictures=pictures,
        seen=seen,
        notes=notes,
        history=pd.DataFrame() if model is None else model.history_,
        settings={type(of).__name__: _settings(of) for of in (sampler, model) if of is not None},
        seed=None if model is None else model.seed_,
    )


class LookedAt(NamedTuple):
    """Pictures of a class as they are drawn, values from 0 to 1.

    Attributes
    ----------
    real, synthetic : ndarray of shape (n, height, width[, channels])
        Some of each.
    training : dict of ndarray
        Step -> what one place of the latent space showed then.
    interpolated : ndarray of shape (n, height, width[, channels])
        The way from one generated picture to another.
    """

    real: NDArray
    synthetic: NDArray
    training: dict[int, NDArray]
    interpolated: NDArray


@dataclass(frozen=True, repr=False, eq=False)
class Resampling:
    """What `evaluate_resampling` found.

    Attributes
    ----------
    counts : DataFrame
        A row for each class: "class", rows "before", "repeated", "generated", and "after".
    evaluations : dict of TableEvaluation
        Of tables, by class.
    pictures : dict of LookedAt
        Of pictures, by class.
    seen : ImageEvaluation or None
        What `ganaug.evaluate` found of all of them.
    notes : list of str
        What was left out, and why.
    history : DataFrame
        Of the training; empty where nothing was trained.
    settings : dict of (dict, dict)
        Parameters of the sampler and of the model, by the names of their classes, and their defaults.
    seed : int or None
        What all of the model's rng came from.
    """

    counts: pd.DataFrame
    evaluations: dict[Hashable, TableEvaluation]
    pictures: dict[Hashable, LookedAt]
    seen: ImageEvaluation | None
    notes: list[str]
    history: pd.DataFrame
    settings: dict[str, tuple[dict[str, Any], dict[str, Any]]]
    seed: int | None

    def frame(self) -> pd.DataFrame:
        """Return how many rows each class had, and got."""
        return self.counts.copy()

    @property
    def verdict(self) -> list[str]:
        """Plain sentences: what was added, and for each class what `TableEvaluation.verdict` says."""
        n_before, n_generated = (int(self.counts[name].sum()) for name in ("before", "generated"))
        kind = "pictures" if self.pictures else "rows"
        said = [f"{n_generated:,} generated {kind} beside {n_before:,} real ones."]
        said += [f"Class {label}: {sentence}" for label, of in self.evaluations.items() for sentence in of.verdict]
        said += [] if self.seen is None else self.seen.verdict
        said += self._on_variety()
        return [*said, *self.notes]

    def _on_variety(self) -> list[str]:
        if not self.pictures or not {"distance", "diversity"} <= set(self.history):
            return []
        # the weights that measured best are those that generate
        best = self.history.dropna(subset=["distance", "diversity"]).nsmallest(1, "distance")["diversity"]
        return [
            f"The least varied class has {share:.2f} of the variety of the real one"
            + (": it has collapsed, its pictures are all alike." if share < COLLAPSE_THRESHOLD else "; 1 is best.")
            for share in best
        ]

    def plot(self) -> Any:
        """Draw the rows of each class: real ones, repeated ones and generated ones.

        Returns
        -------
        matplotlib.figure.Figure
            At most 30 classes, the largest of those that were balanced.
        """
        from ganaug.common.figure import Drawing

        counts = self.counts.sort_values("after", ascending=False, kind="stable").iloc[:30]
        figure = Drawing(figsize=(6, 1.2 + 0.35 * len(counts)), layout="constrained")
        ax = figure.subplots()
        left = np.zeros(len(counts))
        for name, colour in [("before", REAL), ("repeated", "#a9b4c0"), ("generated", SYNTHETIC)]:
            if counts[name].any():
                ax.barh(range(len(counts)), counts[name], left=left, color=colour, label=name)
            left += counts[name].to_numpy()
        ax.set_yticks(range(len(counts)), [_cut(label) for label in counts["class"]], parse_math=False)
        ax.invert_yaxis()
        ax.set_xlabel("rows")
        figure.legend(loc="outside upper center", ncols=3, frameon=False)
        return figure

    def html(self, path: str | Path | None = None, *, title: str = "Balanced data") -> str | None:
        """Write everything as one self-contained page.

        Parameters
        ----------
        path : str, Path or None, default=None
            Where to; an existing file is replaced. None returns the page.
        title : str, default="Balanced data"
            Heading of the page.

        Returns
        -------
        str or None
            The page, without a path. Figures need matplotlib (``pip install 'ganaug[plot]'``); without, the page says
            so in their place.

        Notes
        -----
        The page holds real data: values of a table, or pictures of the training. Share it only with those who may see
        them.
        """
        what = "pictures and names" if self.pictures else "values"
        return page(title, self._sections(), notice=NOTICE.format(what=what), path=path)

    def _sections(self) -> Iterator[Section]:
        yield Section("Verdict", [Words(self.verdict)])
        counts = self.counts if self.counts["repeated"].any() else self.counts.drop(columns="repeated")
        bars = (self.plot, "Rows of each class, before and after", "")
        yield Section("Classes", [Table(counts, "Rows of each class"), drawings(bars)])
        for label, evaluation in self.evaluations.items():
            yield from evaluation.sections(f" of {_cut(label)}" if len(self.evaluations) > 1 else "")
        if self.seen is not None:
            yield Section("Pictures", [strip for label, of in self.pictures.items() for strip in _strips(label, of)])
            yield from self.seen.sections()
        if len(self.history):
            yield Section("Training", [self._curves()])
        yield self._card()
        tables = [settings(*of, caption=name) for name, of in self.settings.items()]
        blocks: list[Block] = []
        if self.seed is not None:
            blocks.append(Words([f"Drawn from random_state, the seed of the model was {self.seed}."]))
        yield Section("Settings", [*blocks, *tables])

    def _curves(self) -> Block:
        figures = [
            (partial(plot_history, self.history[["step", *columns]]), f"Curve of the training: {title}", "")
            for title, columns in panels(self.history).items()
        ]
        return drawings(*figures)

    def _card(self) -> Section:
        kind = "pictures" if self.pictures else "rows"
        n_before, n_generated = (int(self.counts[name].sum()) for name in ("before", "generated"))
        filled = ", ".join(_cut(label) for label in self.counts["class"][self.counts["generated"] > 0])
        model = list(self.settings)[-1]
        marks = {
            "pictures": "The shell command puts generated pictures into files whose names begin with synthetic_, and "
            "lists them in manifest.csv;",
            "rows": "In files of the shell command generated rows follow the real ones, and --mark adds a column that "
            "tells them apart;",
        }
        if not n_generated:
            data = f"{n_before:,} real {kind}. The classes were as they were asked for, and nothing was generated."
        else:
            data = (
                f"{n_generated:,} generated {kind} beside {n_before:,} real ones, to fill up {filled}. They come from "
                f"{model} of ganaug, a conditional generative adversarial network that was trained on these real "
                f"{kind} of all classes, and on nothing else."
            )
        return model_card(
            data=data,
            use="To train classifiers on, as a remedy for rare classes, after a comparison on real data has shown that "
            "it helps (ganaug compare). Not to test on, not as measurements, not in place of consent to share.",
            limits=f"What a class of few {kind} does not show, the generated ones cannot show either.",
            how=f"{marks[kind]} in Python is_synthetic_ of the sampler does.",
        )

    def __repr__(self) -> str:
        return "\n".join([*(f"- {sentence}" for sentence in self.verdict), "", self.counts.to_string(index=False)])

    def _repr_html_(self) -> str:
        sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.verdict)
        return f"<ul>{sentences}</ul>{self.counts.to_html(index=False, border=0)}"


def _counts(before: NDArray, after: NDArray, made: NDArray) -> pd.DataFrame:
    classes = np.unique(after)
    n_before, n_real, n_after = (
        np.array([(of == label).sum() for label in classes]) for of in (before, after[~made], after)
    )
    return pd.DataFrame(
        {
            "class": pd.Series(classes.tolist(), dtype=object),
            "before": n_before,
            "repeated": n_real - n_before,
            "generated": n_after - n_real,
            "after": n_after,
        }
    )


def _settings(of: BaseEstimator) -> tuple[dict[str, Any], dict[str, Any]]:
    # the model has a table of its own
    params, defaults = (
        {k: v for k, v in one.get_params(deep=False).items() if k != "model"} for one in (of, type(of)())
    )
    return params, defaults


def _cut(label: Any) -> str:
    text = str(label)
    return text if len(text) <= _LONGEST_LABEL else f"{text[:_LONGEST_LABEL]}..."


# --- pictures


def _look(model: ImageGAN, label: Hashable, real: NDArray, made: NDArray) -> LookedAt:
    index = int(np.flatnonzero(model.classes_ == label)[0])
    steps = list(model.snapshots_)
    few = (
        [steps[i] for i in np.unique(np.linspace(0, len(steps) - 1, _SHOWN_EACH).round().astype(int))] if steps else []
    )
    return LookedAt(
        real=model.shown(real[:_SHOWN_EACH]),
        synthetic=model.shown(made[:_SHOWN_EACH]),
        training={step: model.shown(model.snapshots_[step][index : index + 1])[0] for step in few},
        interpolated=model.shown(model.interpolate(label, _SHOWN_EACH)),
    )


def _strips(label: Hashable, of: LookedAt) -> list[Strip]:
    name = _cut(label)
    strips = [
        Strip(f"{name}, real", [picture(one, f"A real picture of {name}") for one in of.real]),
        Strip(f"{name}, synthetic", [picture(one, f"A generated picture of {name}") for one in of.synthetic]),
        Strip(
            f"{name}, from one generated picture to another",
            [picture(one, f"Between two generated pictures of {name}") for one in of.interpolated],
        ),
    ]
    if of.training:
        came = [picture(one, f"{name} at step {step:,}", f"step {step:,}") for step, one in of.training.items()]
        strips.append(Strip(f"{name}, how it came about", came))
    return strips
