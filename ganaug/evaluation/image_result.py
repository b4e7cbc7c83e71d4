"""`ImageEvaluation`: the numbers that `evaluate_images` returns, as a frame and as a figure."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.findings import Finding, result_html, result_repr
from ganaug.evaluation.image_memory import Memory
from ganaug.evaluation.image_verdict import image_findings
from ganaug.metrics import ClosestRecords, Count

_MEANINGS = {
    "KD": "squared; about 0 if nothing tells them apart",
    "precision": "share of synthetic images that lie among real ones",
    "recall": "share of real images that lie among synthetic ones",
    "density": "how densely real images surround synthetic ones; above 1, synthetic ones keep to dense regions",
    "coverage": "share of real images with a synthetic one near them",
}
_DRAWN = ("precision", "recall", "coverage")
_N_COLUMNS = 8


@dataclass(frozen=True, repr=False, eq=False)
class ImageEvaluation:
    """The result of `evaluate_images`.

    Attributes
    ----------
    n_images : dict
        Number of images: "real", "synthetic" and, if given, "holdout".
    by_class : DataFrame
        A row for each "class" and "measure": "n" (synthetic images, and as many real ones), "value", "low" and "high"
        (95 % interval), and "baseline", "baseline low" and "baseline high" (the measure between two halves of the real
        images), and "score" (by how many standard deviations the measure is worse than if nothing told synthetic images
        from real ones, see `ganaug.metrics.permutation_scores`; from "n real" and "n synthetic" images; NaN for FD).
        Class is "all" if no classes were given.
    too_few : dict
        Classes that are too small to measure: label -> number of real and of synthetic images.
    not_measured : str
        Why there are no features, or "".
    score : tuple of 4 floats or None
        Inception score of the synthetic images with the classifier of the network, its 95 % interval, and the score of
        as many real images; None without features.
    nearest : DataFrame
        The nearest real image of each synthetic one, of at most 1,000 drawn, the nearest first: "synthetic" and "real"
        (positions), "distance" (mean absolute difference of pixels), "mirrored".
    pairs : array of shape (n_pairs, 2, h, w[, c])
        The first of these pairs: the synthetic image, and the real one, mirrored where `nearest` says so.
    copied, reference_copied : Count
        Synthetic images that equal a real one, as it is or mirrored; and held-out images that do, or, without a
        hold-out, real images that equal another real one.
    closest : ClosestRecords
        Distances to the nearest real image, as in `ganaug.metrics.closest_records`, in the units of `nearest`.
    single : bool
        Whether synthetic images are nearer to a single real image, compared with the second nearest, than unseen images
        are. Copies with noise are; blurred images are nearer to all real images.
    aligned : ClosestRecords
        As `closest`, after alignment: real images are moved by up to a tenth of a side, mirrored and turned, and
        brightness and contrast do not count (`ganaug.metrics.aligned_neighbors`).
    aligned_single : bool
        As `single`, after alignment.
    memory : Memory or None
        Whether synthetic images are nearer to training images than to held-out ones (`memory_of_training`). None
        without a hold-out or with fewer than 12 held-out images of each class.
    measure_names : dict
        Names of the Fréchet distance ("FD"), the kernel distance ("KD") and the inception score ("IS"): FID, KID and IS
        with Inception, otherwise with the name of the network.
    image_names : sequence or None
        Names of the real images; None numbers them from 0.
    settings : dict
        Parameters of the evaluation.

    Examples
    --------
    >>> from ganaug.evaluation import evaluate_images
    >>> images = np.random.default_rng(0).integers(0, 256, size=(20, 8, 8), dtype=np.uint8)
    >>> evaluation = evaluate_images(images[:10], images[10:], random_state=0)
    >>> evaluation.heading
    '10 synthetic images compared with 10 real ones, none held out'
    >>> evaluation.frame().columns.tolist()
    ['part', 'measure', 'value', 'low', 'high', 'real', 'meaning']
    """

    n_images: dict[str, int]
    by_class: pd.DataFrame
    too_few: dict[Hashable, tuple[int, int]]
    not_measured: str
    score: tuple[float, float, float, float] | None
    nearest: pd.DataFrame
    pairs: NDArray
    copied: Count
    reference_copied: Count
    closest: ClosestRecords
    single: bool
    aligned: ClosestRecords
    aligned_single: bool
    memory: Memory | None
    measure_names: dict[str, str]
    image_names: Sequence[str | int] | None
    settings: dict[str, Any]

    @property
    def heading(self) -> str:
        """What was compared with what, in one line."""
        n_holdout = self.n_images.get("holdout", 0)
        compared = f"{self.n_images['synthetic']:,} synthetic images compared with {self.n_images['real']:,} real ones"
        return f"{compared}, {n_holdout:,} held out" if n_holdout else f"{compared}, none held out"

    @property
    def verdict(self) -> list[Finding]:
        """Does it help, is it real, is it safe to share; see `image_findings`."""
        return image_findings(self)

    def frame(self) -> pd.DataFrame:
        """Return all measures as one table.

        Returns
        -------
        DataFrame
            "part" (fidelity, privacy), "measure" (with the class, if there are several), "value", "low" and "high"
            (95 % interval), "real" (what real images have among themselves) and "meaning" (the same in words).
        """
        rows = [*self._fidelity_rows(), *self._privacy_rows()]
        return pd.DataFrame(rows, columns=["part", "measure", "value", "low", "high", "real", "meaning"])

    def _fidelity_rows(self) -> list[tuple[Any, ...]]:
        meanings = {self.measure_names.get(name, name): meaning for name, meaning in _MEANINGS.items()}
        rows: list[tuple[Any, ...]] = []
        for row in self.by_class.to_dict("records"):
            name = str(row["measure"])
            if name == self.measure_names["FD"]:
                ratio = row["value"] / row["baseline"]
                meaning = f"{ratio:.2g} times the distance between two halves of the real ones, {row['n']} of each"
            else:
                meaning = meanings[name]
            shown = name if row["class"] == "all" else f"{name}, {row['class']}"
            rows.append(("fidelity", shown, row["value"], row["low"], row["high"], row["baseline"], meaning))
        if self.score is not None:
            meaning = f"with the classes of ImageNet; real images have {self.score[3]:.3g}"
            rows.append(("fidelity", self.measure_names["IS"], *self.score, meaning))
        return rows

    def _privacy_rows(self) -> list[tuple[Any, ...]]:
        closest, reference = self.closest, self.reference
        more = "more than" if self.copied.exceeds(self.reference_copied) else "not more than"
        rows: list[tuple[Any, ...]] = [
            (
                "privacy",
                "exact copies",
                self.copied.share,
                *self.copied.interval,
                self.reference_copied.share,
                f"{self.copied.found:,} images equal a real one, as it is or mirrored; {more} among {reference}",
            ),
            (
                "privacy",
                "distance to nearest image, ratio",
                closest.ratio,
                closest.low,
                closest.high,
                1.0,
                f"mean {closest.distance:.3g} for each pixel, {closest.reference_distance:.3g} for {reference}",
            ),
            (
                "privacy",
                "images closer than the closest 5 %",
                closest.closer.share,
                *closest.closer.interval,
                closest.reference_closer.share,
                f"share that is nearer to a real image than 95 % of {reference}",
            ),
            (
                "privacy",
                "distance to nearest image after alignment, ratio",
                self.aligned.ratio,
                self.aligned.low,
                self.aligned.high,
                1.0,
                "moved, mirrored and turned, with adjusted brightness and contrast",
            ),
        ]
        if self.memory is not None:
            meaning = f"of {self.memory.n:,}, with as many held-out images; by chance p = {self.memory.p_value:.2g}"
            rows.append(
                ("privacy", "images nearer to training images", self.memory.share, np.nan, np.nan, 0.5, meaning)
            )
        return rows

    @property
    def reference(self) -> str:
        """The images whose distances to real ones are the reference."""
        return "held-out images" if "holdout" in self.n_images else "other real images"

    def copies(self) -> pd.DataFrame:
        """Return the synthetic images that equal a real one.

        Returns
        -------
        DataFrame
            The rows of `nearest` at distance 0.
        """
        return self.nearest[self.nearest["distance"] == 0]

    def drawable_pairs(self) -> NDArray:
        """Return `pairs` as floats from 0 (the darkest value) to 1, grey or in colours.

        Returns
        -------
        ndarray of shape (n_pairs, 2, h, w) or (n_pairs, 2, h, w, 3 or 4)
            Of two channels, the first is kept.
        """
        low, high = float(self.pairs.min()), float(self.pairs.max())
        scaled = (self.pairs.astype(float) - low) / max(high - low, 1e-9)
        return scaled[..., 0] if scaled.ndim == 5 and scaled.shape[4] < 3 else scaled

    def plot(self) -> Any:
        """Draw the measures of each class, and the synthetic images that are nearest to a real one.

        Returns
        -------
        matplotlib.figure.Figure
            Above: precision, recall and coverage with their intervals, and a line at the value that real images have
            among themselves. Below: pairs of a synthetic image and its nearest real image.
        """
        from ganaug.common.figure import Drawing

        n_classes = self.by_class["class"].nunique()
        height = 1 + 0.35 * n_classes if n_classes else 0
        figure = Drawing(figsize=(10, 3 + height), layout="constrained")
        if n_classes:
            above, below = cast(Any, figure.subfigures(2, 1, height_ratios=[height, 2.6]))
            self._plot_measures(above)
        else:
            below = cast(Any, figure)
        self._plot_pairs(below)
        return figure

    def _plot_measures(self, figure: Any) -> None:
        from matplotlib import rcParams

        line_color = rcParams["text.color"]  # a page sets it, so that lines are seen on a dark page
        for ax, name in zip(figure.subplots(1, len(_DRAWN), sharey=True), _DRAWN, strict=True):
            rows = self.by_class[self.by_class["measure"] == name]
            places = np.arange(len(rows))
            ends = np.abs(rows[["low", "high"]].to_numpy().T - rows["value"].to_numpy())
            ax.errorbar(rows["value"], places, xerr=ends, fmt="o", capsize=2, color="#3b75af", label="synthetic")
            ax.vlines(rows["baseline"], places - 0.3, places + 0.3, color=line_color, label="real among themselves")
            # text between two dollar signs is not a formula here
            ax.set_yticks(places, [str(label).replace("$", r"\$") for label in rows["class"]])
            ax.set(xlim=(-0.02, 1.02), ylim=(len(rows) - 0.5, -0.5))
            ax.set_title(name, loc="left", fontsize=10)
        figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)

    def _plot_pairs(self, figure: Any) -> None:
        images = self.drawable_pairs()
        axes = figure.subplots(2, _N_COLUMNS)
        for column, pair in enumerate(axes.T):
            for row, (ax, name) in enumerate(zip(pair, ("synthetic", "nearest real"), strict=True)):
                ax.set(xticks=[], yticks=[], frame_on=False)
                if column == 0:
                    ax.set_ylabel(name, fontsize=9)
                if column < len(images):
                    ax.imshow(images[column, row], cmap="gray", vmin=0, vmax=1)
            if column < len(images):
                nearest = self.nearest.iloc[column]
                mirrored = ", mirrored" if nearest["mirrored"] else ""
                pair[1].set_xlabel(f"{nearest['distance']:.3g}{mirrored}", fontsize=8)
        figure.suptitle("Synthetic images nearest to a real one, and their distance for each pixel", fontsize=10)

    def __repr__(self) -> str:
        return result_repr(self.heading, self.verdict, self._shown())

    def _repr_html_(self) -> str:
        return result_html(self.heading, self.verdict, self._shown())

    def _shown(self) -> pd.DataFrame:
        return self.frame()[["measure", "value", "low", "high", "real"]]
