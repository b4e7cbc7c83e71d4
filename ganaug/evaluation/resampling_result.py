"""`Resampling`: the numbers and images that `evaluate_resampling` returns."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.colors import REAL_COLOR, SYNTHETIC_COLOR
from ganaug.common.findings import Finding, result_html, result_repr
from ganaug.common.wording import counted, joined, shortened
from ganaug.evaluation.image_result import ImageEvaluation
from ganaug.evaluation.resampling_verdict import resampling_findings
from ganaug.evaluation.table_result import TableEvaluation
from ganaug.evaluation.text_result import TextEvaluation

_N_DRAWN_CLASSES = 30
_N_NAMED = 5


class ImageSamples(NamedTuple):
    """Some images of a class, with values from 0 to 1.

    Attributes
    ----------
    real, synthetic : ndarray of shape (n, height, width[, channels])
        Some images of each kind.
    training : dict of int to ndarray
        Step -> the image that one point of the latent space gave at that step of the training.
    interpolated : ndarray of shape (n, height, width[, channels])
        Images along a line between two points of the latent space.
    """

    real: NDArray
    synthetic: NDArray
    training: dict[int, NDArray]
    interpolated: NDArray


@dataclass(frozen=True, repr=False, eq=False)
class Resampling:
    """The result of `evaluate_resampling`.

    Attributes
    ----------
    counts : DataFrame
        A row for each class: "class", and the number of rows "before", "repeated", "synthetic" and "after".
    noun : {"rows", "images", "texts"}
        What the data are.
    evaluations : dict of TableEvaluation or TextEvaluation
        For tables and texts: each measured class -> its evaluation.
    images : dict of ImageSamples
        For images: each measured class -> some images.
    image_evaluation : ImageEvaluation or None
        For images: the evaluation of all measured classes.
    reused : DataFrame
        For tables: see `ganaug.metrics.reused_identifiers`; of all classes together.
    notes : list of str
        What was not measured, and why.
    history : DataFrame
        The training history of the model; empty if nothing was trained.
    settings : dict of (dict, dict)
        Name of the class of the sampler and of the model -> parameters and their defaults.
    seed : int or None
        The seed of all random numbers of the model.
    comparison : Comparison, Selection or None
        What `ganaug.compare` or `ganaug.select` found on the same data; its verdict says whether the rows help.
    guarantee : (float, float) or None
        Epsilon and delta that a model with differential privacy has spent.

    Examples
    --------
    See `evaluate_resampling`.
    """

    counts: pd.DataFrame
    noun: str
    evaluations: dict[Hashable, TableEvaluation | TextEvaluation]
    images: dict[Hashable, ImageSamples]
    image_evaluation: ImageEvaluation | None
    reused: pd.DataFrame
    notes: list[str]
    history: pd.DataFrame
    settings: dict[str, tuple[dict[str, Any], dict[str, Any]]]
    seed: int | None
    comparison: Any = None
    guarantee: tuple[float, float] | None = None

    @property
    def heading(self) -> str:
        """What was added to what, in one line."""
        n_before, n_synthetic = int(self.counts["before"].sum()), int(self.counts["synthetic"].sum())
        if not n_synthetic:
            return f"No synthetic {self.noun} added to {n_before:,} real ones"
        filled = [shortened(label) for label in self.counts["class"][self.counts["synthetic"] > 0]]
        if len(filled) > _N_NAMED:
            filled = [*filled[: _N_NAMED - 1], f"{len(filled) - _N_NAMED + 1} others"]
        classes = f"{'class' if len(filled) == 1 else 'classes'} {joined(filled)}"
        noun = counted(n_synthetic, f"synthetic {self.noun[:-1]}")
        added = f"{noun} of {classes} added to {n_before:,} real ones"
        n_repeated = int(self.counts["repeated"].sum())
        return f"{added}, {n_repeated:,} of which are repeated" if n_repeated else added

    @property
    def verdict(self) -> list[Finding]:
        """Does it help, is it real, is it safe to share, what was not measured; see `resampling_findings`."""
        return resampling_findings(self)

    def frame(self) -> pd.DataFrame:
        """Return how many rows each class had before, and got.

        Returns
        -------
        DataFrame
            "class", "before", "repeated", "synthetic", "after".
        """
        return self.counts.copy()

    def plot(self) -> Any:
        """Draw the rows of each class: real, repeated and synthetic ones.

        Returns
        -------
        matplotlib.figure.Figure
            At most 30 classes, the largest ones.
        """
        from ganaug.common.figure import Drawing

        counts = self.counts.sort_values("after", ascending=False, kind="stable").iloc[:_N_DRAWN_CLASSES]
        figure = Drawing(figsize=(6, 1.2 + 0.35 * len(counts)), layout="constrained")
        ax = figure.subplots()
        left = np.zeros(len(counts))
        kinds = [("before", REAL_COLOR, "real"), ("repeated", "#a9b4c0", "repeated")]
        for name, color, label in [*kinds, ("synthetic", SYNTHETIC_COLOR, "synthetic")]:
            if counts[name].any():
                ax.barh(range(len(counts)), counts[name], left=left, color=color, label=label)
            left += counts[name].to_numpy()
        labels = [shortened(label) for label in counts["class"]]
        ax.set_yticks(range(len(counts)), labels, parse_math=False)
        ax.invert_yaxis()
        ax.set_xlabel(self.noun)
        figure.legend(loc="outside upper center", ncols=3, frameon=False)
        return figure

    def __repr__(self) -> str:
        return result_repr(self.heading, self.verdict, self.counts)

    def _repr_html_(self) -> str:
        return result_html(self.heading, self.verdict, self.counts)
