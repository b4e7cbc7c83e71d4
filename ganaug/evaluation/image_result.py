"""All measures of generated pictures at once, and what they say in plain sentences."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ganaug.common.wording import listed, percent
from ganaug.evaluation.result import Shown, count_interval
from ganaug.metrics import ClosestRecords as Closest
from ganaug.metrics import (
    Count,
    Inception,
    bootstrap,
    frechet_distance,
    inception_score,
    kernel_distance,
    nearest_pixels,
    precision_recall_density_coverage,
    real_floor,
)
from ganaug.metrics import compare_closest as closest_of
from ganaug.metrics import efficientnet as extractor
from ganaug.reporting.card import model_card
from ganaug.reporting.page import Pairs, Section, Table, Words, drawings, picture

# Synthetic pictures of a class, and half of its real ones, below which nothing is said of it: intervals are made of
# halves, and those need more pictures than neighbours.
MIN_PICTURES = 12
# As many are compared at most: of a class about ten seconds, and FD hardly changes with more.
MAX_PICTURES = 250
# Of pictures whose nearest real one is looked for.
MAX_NEAREST = 1_000
_N_NEIGHBORS = 5
_N_RESAMPLES = 20
_N_PAIRS = 8
_LONGEST_NAME = 40
_PIXELS = (
    "The synthetic pictures that are nearest to a real one, the nearest pairs first. Two that are the same but for "
    "noise are a copy: it gives the real picture away, and adds nothing. Distances are mean differences of a pixel, in "
    "the units of the pictures. What shows the same person from another side they do not find, and a blurred picture "
    "is near to many."
)
_MEASURES = {
    "FD": "times the distance between two halves of the real ones",
    "KD": "squared; about 0 where nothing tells them apart",
    "precision": "share of synthetic pictures among real ones",
    "recall": "share of real pictures among synthetic ones",
    "density": "how densely real pictures lie around synthetic ones; above 1: only where they are dense",
    "coverage": "share of real pictures with a synthetic one next to them",
}
# Distances are named after the network that they rest on; only Inception's may bear the names of papers.
_OURS = {"FD": f"FD-{extractor.NAME}", "KD": f"KD-{extractor.NAME}", "IS": f"IS-{extractor.NAME}"}
_INCEPTION = {"FD": "FID", "KD": "KID", "IS": "IS"}
# The ends of their ranges, where intervals are cut.
_LOWEST = np.array([0, -np.inf, 0, 0, 0, 0])
_HIGHEST = np.array([np.inf, np.inf, 1, 1, np.inf, 1])


def evaluate_images(
    real: ArrayLike,
    synthetic: ArrayLike,
    *,
    holdout: ArrayLike | None,
    target: Sequence[ArrayLike] | None,
    inception: str | Path | None,
    random_state: int | np.random.Generator | None,
    names: Sequence[str | int] | None = None,
) -> "ImageEvaluation":
    """Measure synthetic pictures, as `ganaug.evaluate` describes it; `names` are what a page calls the real ones."""
    look, measures = (_look, _OURS) if inception is None else (Inception(inception).look, _INCEPTION)
    sets = _checked(real, synthetic, holdout)
    labels = _labels(sets, target)
    rng = np.random.default_rng(random_state)
    measured: list[tuple[Any, ...]] = []
    few: dict[Hashable, tuple[int, int]] = {}
    odds: list[NDArray] = []
    missing = ""
    classes = np.unique(labels["real"])
    classes = classes[np.isin(classes, labels["synthetic"])]
    for label in classes.tolist():
        own = {name: np.flatnonzero(labels[name] == label) for name in ("real", "synthetic")}
        m = min(len(own["real"]) // 2, len(own["synthetic"]), MAX_PICTURES)
        if m < MIN_PICTURES:
            few[label] = (len(own["real"]), len(own["synthetic"]))
            continue
        real_rows, made_rows = (
            rng.permutation(own["real"])[: 2 * m],
            rng.permutation(own["synthetic"])[:m],
        )
        try:
            points, real_odds = look(sets["real"][real_rows], _value_range(sets["real"]))
            made, made_odds = look(sets["synthetic"][made_rows], _value_range(sets["real"]))
        except ImportError as error:
            missing = str(error)
            break
        odds.append(np.stack([real_odds[:m], made_odds]))
        value = _measures(points[:m], made)
        low, high = bootstrap(_measures, points[:m], made, n=_N_RESAMPLES, random_state=rng)
        low, high = np.maximum(low, _LOWEST), np.minimum(high, _HIGHEST)
        floor = real_floor(points, _measures, n_splits=_N_RESAMPLES // 2, random_state=rng)
        rows = zip((measures.get(name, name) for name in _MEASURES), value, low, high, *floor, strict=True)
        measured += [(label, name, m, *numbers) for name, *numbers in rows]
    nearest = _nearest(sets, labels, classes, rng)
    return ImageEvaluation(
        n_rows={name: len(pictures) for name, pictures in sets.items()},
        by_class=pd.DataFrame(
            measured, columns=["class", "measure", "n", "value", "low", "high", "floor", "floor low", "floor high"]
        ),
        few=few,
        missing=missing,
        score=_score(np.concatenate(odds, axis=1), rng) if odds else None,
        measures=measures,
        names=names,
        settings={
            "target": None if target is None else "given",
            "inception": None if inception is None else "given",
            "random_state": random_state,
        },
        **nearest,
    )


def _look(pictures: NDArray, value_range: tuple[float, float] | None) -> tuple[NDArray, NDArray]:
    points = extractor.features(pictures, value_range=value_range)
    return points, extractor.probabilities(points)


def _checked(real: ArrayLike, synthetic: ArrayLike, holdout: ArrayLike | None) -> dict[str, NDArray]:
    sets = {"real": np.asarray(real), "synthetic": np.asarray(synthetic)}
    if holdout is not None:
        sets["holdout"] = np.asarray(holdout)
    first = sets["real"]
    for name, pictures in sets.items():
        if pictures.ndim not in (3, 4) or pictures.dtype.kind not in "buif":
            raise ValueError(
                f"{name} must be numbers of shape (n, height, width) or (n, height, width, channels), got "
                f"{pictures.dtype} of shape {pictures.shape}"
            )
        if pictures.shape[1:] != first.shape[1:] or pictures.dtype != first.dtype:
            raise ValueError(
                f"{name} holds pictures {pictures.shape[1:]} of {pictures.dtype} and real ones {first.shape[1:]} of "
                f"{first.dtype}; bring them to one size and kind"
            )
        if len(pictures) < (2 if name == "real" else 1):
            raise ValueError(f"{name} has {len(pictures)} pictures, and that is too few to measure anything")
        if pictures.dtype.kind == "f" and not np.isfinite(pictures).all():
            raise ValueError(f"{name} holds NaN or infinite values; leave those pictures out")
    return sets


def _labels(sets: dict[str, NDArray], target: Sequence[ArrayLike] | None) -> dict[str, NDArray]:
    if target is None:
        return {name: np.full(len(pictures), "all") for name, pictures in sets.items()}
    if isinstance(target, str | np.ndarray) or len(target) != len(sets):
        raise ValueError(
            f"of pictures, target is the classes of {', '.join(sets)}: a tuple of {len(sets)} arrays, got {target!r}"
        )
    labels = {name: np.asarray(own) for name, own in zip(sets, target, strict=True)}
    for name, own in labels.items():
        if own.shape != (len(sets[name]),):
            raise ValueError(f"target has classes of shape {own.shape} for {len(sets[name])} pictures of {name}")
        if pd.isna(own).any():
            raise ValueError(f"target has missing classes of {name}; leave those pictures out")
    unknown = set(labels["synthetic"].tolist()) - set(labels["real"].tolist())
    if unknown:
        raise ValueError(f"synthetic has class {min(unknown, key=str)!r}, of which there is no real picture")
    return labels


def _value_range(real: NDArray) -> tuple[float, float] | None:
    """Return what is black and white, where the kind of numbers does not say it."""
    low, high = float(real.min()), float(real.max())
    if real.dtype in (np.uint8, bool) or (real.dtype.kind == "f" and low >= 0 and high <= 1):
        return None if real.dtype.kind != "f" else (0.0, 1.0)
    return low, max(high, low + 1)


def _measures(real: NDArray, fake: NDArray) -> NDArray:
    return np.array(
        [
            frechet_distance(real, fake),
            kernel_distance(real, fake),
            *precision_recall_density_coverage(real, fake, _N_NEIGHBORS),
        ]
    )


def _score(odds: NDArray, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Return the inception score of synthetic pictures, its interval, and that of as many real ones."""
    real, made = odds
    low, high = bootstrap(lambda _, fake: inception_score(fake), real, made, n=50, random_state=rng)
    return inception_score(made), float(low), float(high), inception_score(real)


def _nearest(
    sets: dict[str, NDArray], labels: dict[str, NDArray], classes: NDArray, rng: np.random.Generator
) -> dict[str, Any]:
    """Compare how near synthetic and unseen real pictures of the same classes are to the real ones."""
    real, unseen = sets["real"], "holdout" if "holdout" in sets else "real"
    rows = rng.permutation(len(sets["synthetic"]))[:MAX_NEAREST]
    others = rng.permutation(np.flatnonzero(np.isin(labels[unseen], classes)))[:MAX_NEAREST]
    if not len(others):
        raise ValueError(f"holdout has no picture of {listed(classes)}, which the synthetic ones are of")
    place, distance, mirrored = nearest_pixels(sets["synthetic"][rows], real)
    # without a hold-out the nearest is the picture itself
    reference = nearest_pixels(sets[unseen][others], real, own=others if unseen == "real" else None)[1]
    table = pd.DataFrame({"synthetic": rows, "real": place, "distance": distance, "mirrored": mirrored})
    table = table.sort_values("distance", kind="stable", ignore_index=True)
    pairs = [
        np.stack([sets["synthetic"][made], real[near][:, ::-1] if is_mirrored else real[near]])
        for made, near, _, is_mirrored in table.head(_N_PAIRS).to_numpy(object)
    ]
    return {
        "nearest": table,
        "pairs": np.stack(pairs),
        "copied": Count(int((distance == 0).sum()), len(distance)),
        "reference_copied": Count(int((reference == 0).sum()), len(reference)),
        "closest": closest_of(distance[:, None], reference[:, None], rng),
    }


@dataclass(frozen=True, repr=False, eq=False)
class ImageEvaluation(Shown):
    """What `ganaug.evaluate` found of pictures.

    Attributes
    ----------
    n_rows : dict
        Pictures of "real", "synthetic" and, where it was given, "holdout".
    by_class : DataFrame
        For each "class" and "measure": "n" synthetic pictures against as many real ones, "value", "low" and "high", its
        95 % interval, and "floor", "floor low" and "floor high", what one half of the real pictures makes of the other.
        The measures are those of `ganaug.metrics.images`, in the features of the network that `measures` tell.
    few : dict
        Classes too small to measure: label -> number of real and of synthetic pictures.
    missing : str
        Why there are no features, or "".
    score : tuple of 4 floats or None
        Inception score of the synthetic pictures with the network's classifier, its 95 % interval, and that of
        as many real ones; None without features.
    nearest : DataFrame
        The nearest real picture of each synthetic one, of 1,000 drawn at most, the nearest first: "synthetic" and
        "real", their numbers; "distance", the mean absolute difference of a pixel; "mirrored".
    pairs : array of shape (n_pairs, 2, h, w[, c])
        The first of these: the synthetic picture, and the real one, mirrored where it is nearest so.
    copied, reference_copied : Count
        Of synthetic pictures that equal a real one, as it is or mirrored, and of held-out pictures, or of real ones
        that equal another one.
    closest : Closest
        See `ganaug.metrics.privacy.closest_records`; distances are those of `nearest`.
    measures : dict
        What the Fréchet ("FD") and the kernel distance ("KD") and the inception score ("IS") are called: FID, KID and
        IS if they rest on Inception, and otherwise after the network that they do rest on.
    names : sequence or None
        What real pictures are called on a page; None numbers them from 0 on.
    settings : dict
        Parameters that the pictures were evaluated with.

    Examples
    --------
    >>> from ganaug import evaluate
    >>> pictures = np.random.default_rng(0).integers(0, 256, size=(20, 8, 8), dtype=np.uint8)
    >>> found = evaluate(pictures[:10], pictures[:10], random_state=0)
    >>> print(found.verdict[1])
    Copies: 10 of 10 synthetic pictures equal a real one, as it is or mirrored; of real ones among themselves none do.
    """

    _holds = "pictures"

    n_rows: dict[str, int]
    by_class: pd.DataFrame
    few: dict[Hashable, tuple[int, int]]
    missing: str
    score: tuple[float, float, float, float] | None
    nearest: pd.DataFrame
    pairs: NDArray
    copied: Count
    reference_copied: Count
    closest: Closest
    measures: dict[str, str]
    names: Sequence[str | int] | None
    settings: dict[str, Any]

    def frame(self) -> pd.DataFrame:
        """Return all measures as one table.

        Returns
        -------
        DataFrame
            "part" (fidelity, privacy), "measure", with the class where there are several, "value", "low" and "high"
            (95 % interval), "best" (what real pictures have among themselves), and "reads", the same in words.
        """
        rows: list[tuple[Any, ...]] = []
        words = {self.measures.get(name, name): reads for name, reads in _MEASURES.items()}
        for row in self.by_class.to_dict("records"):
            name = str(row["measure"])
            reads = words[name]
            if name == self.measures["FD"]:
                reads = f"{row['value'] / row['floor']:.2g} {reads}, {row['n']} of each"
            shown = name if row["class"] == "all" else f"{name}, {row['class']}"
            rows.append(("fidelity", shown, row["value"], row["low"], row["high"], row["floor"], reads))
        if self.score is not None:
            reads = f"with ImageNet's classes; real ones have {self.score[3]:.3g}"
            rows.append(("fidelity", self.measures["IS"], *self.score, reads))
        closest, reference = self.closest, self._reference
        more = "more than" if self.copied.exceeds(self.reference_copied) else "no more than"
        rows += [
            (
                "privacy",
                "exact copies",
                self.copied.share,
                *count_interval(self.copied),
                self.reference_copied.share,
                f"{self.copied.found:,} pictures, mirrored or not; {more} {reference} have",
            ),
            (
                "privacy",
                "distance to nearest picture, ratio",
                closest.ratio,
                closest.low,
                closest.high,
                1.0,
                f"{closest.distance:.3g} a pixel in the median, of {reference} {closest.reference_distance:.3g}",
            ),
            (
                "privacy",
                "pictures closer than the closest 5 %",
                closest.closer.share,
                *count_interval(closest.closer),
                closest.reference_closer.share,
                f"share that is nearer to a real picture than 95 % of {reference} are",
            ),
        ]
        return pd.DataFrame(rows, columns=["part", "measure", "value", "low", "high", "best", "reads"])

    def copies(self) -> pd.DataFrame:
        """Return the synthetic pictures that equal a real one, with the numbers of both.

        Returns
        -------
        DataFrame
            The rows of `nearest` at distance 0.
        """
        return self.nearest[self.nearest["distance"] == 0]

    @property
    def verdict(self) -> list[str]:
        """Plain sentences: are the pictures real enough, is variety lacking, are they copies, may they be shared."""
        return [*self._on_reality(), *self._on_copies(), self._on_sharing()]

    @property
    def _reference(self) -> str:
        return "held-out pictures" if "holdout" in self.n_rows else "real ones among themselves"

    def _on_reality(self) -> list[str]:
        said = []
        for label, rows in self.by_class.groupby("class", sort=False):
            of = {str(row["measure"]): row for row in rows.to_dict("records")}
            name = "The pictures" if label == "all" else f"{label}: the pictures"
            distance, precision, coverage = of[self.measures["FD"]], of["precision"], of["coverage"]
            ratio = distance["value"] / distance["floor"]
            times = f"{self.measures['FD']} is {ratio:.2g} times that of two halves of the real ones"
            if precision["value"] < 0.5 * precision["floor"]:
                share = (
                    f"{precision['value']:.0%} of them lie among real ones, where {precision['floor']:.0%} of these do"
                )
                said.append(f"{name} are junk, or nearly: {share}; {times}.")
            elif distance["low"] > distance["floor high"]:
                said.append(f"{name} can be told from real ones: {times}.")
            else:
                said.append(f"{name} cannot be told from as many real ones ({distance['n']}): {times}.")
            if coverage["value"] < 0.7 * coverage["floor"]:
                said.append(
                    f"{'Variety' if label == 'all' else f'{label}: variety'} is lacking: they come near "
                    f"{coverage['value']:.0%} of the real pictures, where real ones come near "
                    f"{coverage['floor']:.0%} of each other."
                )
        for small, (n_real, n_made) in self.few.items():
            said.append(
                f"{'There' if small == 'all' else f'{small}: there'} are too few pictures to tell, {n_real} real and "
                f"{n_made} synthetic ones; {2 * MIN_PICTURES} and {MIN_PICTURES} are needed."
            )
        if self.missing:
            said.append(f"Whether they look real was not measured: {self.missing}.")
        return said

    def _on_copies(self) -> list[str]:
        if not self.copied.found:
            return ["No synthetic picture is a copy of a real one, as it is or mirrored."]
        found = (
            f"{self.copied.found:,} of {self.copied.total:,} synthetic pictures equal a real one, as it is or mirrored"
        )
        share = percent(self.reference_copied.share) if self.reference_copied.found else "none"
        if not self.copied.exceeds(self.reference_copied):
            return [f"{found}; of {self._reference} {share} do, so that is no more than chance."]
        return [f"Copies: {found}; of {self._reference} {share} do."]

    def _on_sharing(self) -> str:
        closest, reasons = self.closest, []
        if self.copied.exceeds(self.reference_copied):
            reasons.append("there are copies of real ones")
        if closest.high < 0.9:
            reasons.append(f"they lie {closest.ratio:.2f} times as far from real ones as {self._reference} do")
        if closest.closer.exceeds(closest.reference_closer) and closest.closer.share > 0.1:
            reasons.append(
                f"{closest.closer.share:.0%} of them are nearer to a real one than 95 % of {self._reference} are"
            )
        if reasons:
            return f"Do not share these pictures as if they were anonymous: {'; '.join(reasons)}."
        return (
            "Nothing measured here speaks against sharing them; that is no guarantee of privacy, and pixels do not see "
            "a copy that is moved or turned."
        )

    def plot(self) -> Any:
        """Draw the measures of each class, and the synthetic pictures that are nearest to a real one.

        Returns
        -------
        matplotlib.figure.Figure
            Above, precision, recall and coverage with their intervals, and a line where real pictures are among
            themselves; below, pairs of a synthetic picture and the real one that is nearest to it.
        """
        from ganaug.common.figure import Drawing

        classes = self.by_class["class"].unique().tolist()
        height = 1 + 0.35 * len(classes)
        figure = Drawing(figsize=(10, 3 + height), layout="constrained")
        above, below = cast(Any, figure.subfigures(2, 1, height_ratios=[height, 2.6]))
        if classes:
            for ax, name in zip(above.subplots(1, 3, sharey=True), ("precision", "recall", "coverage"), strict=True):
                rows = self.by_class[self.by_class["measure"] == name]
                places = np.arange(len(rows))
                ends = np.abs(rows[["low", "high"]].to_numpy().T - rows["value"].to_numpy())
                ax.errorbar(rows["value"], places, xerr=ends, fmt="o", capsize=2, color="#3b75af", label="synthetic")
                ax.vlines(rows["floor"], places - 0.3, places + 0.3, color="black", label="real among themselves")
                # matplotlib reads what stands between two dollars as a formula
                ax.set_yticks(places, [str(label).replace("$", r"\$") for label in classes])
                ax.set(xlim=(-0.02, 1.02), ylim=(len(rows) - 0.5, -0.5))
                ax.set_title(name, loc="left", fontsize=10)
            above.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
        axes = below.subplots(2, _N_PAIRS)
        low, high = float(self.pairs.min()), float(self.pairs.max())
        for column, pair in enumerate(axes.T):
            for row, (ax, what) in enumerate(zip(pair, ("synthetic", "nearest real"), strict=True)):
                ax.set(xticks=[], yticks=[], frame_on=False)
                if column == 0:
                    ax.set_ylabel(what, fontsize=9)
                if column < len(self.pairs):
                    ax.imshow(_drawable(self.pairs[column, row], low, high), cmap="gray", vmin=0, vmax=1)
            if column < len(self.pairs):
                nearest = self.nearest.iloc[column]
                mirrored = ", mirrored" if nearest["mirrored"] else ""
                pair[1].set_xlabel(f"{nearest['distance']:.3g}{mirrored}", fontsize=8)
        below.suptitle("The synthetic pictures nearest to a real one, and how far a pixel is apart", fontsize=10)
        return figure

    def _card(self) -> Section:
        of = self.n_rows
        return model_card(
            data=f"{of['synthetic']:,} pictures that were said to be generated, measured against {of['real']:,} real "
            "ones. What generated them, and how, is not known here: whoever passes them on should say so.",
            use="To decide whether the pictures are real enough for a purpose, and whether they are copies.",
            limits="Features of a network that has learned from photographs see less in other kinds of pictures, and "
            "pixels find no copy that is moved or turned.",
            how="This page is the only mark that is known here.",
        )

    def sections(self) -> list[Section]:
        """Return what a page shows of it, for pages that show more."""
        low, high = float(self.pairs.min()), float(self.pairs.max())
        pairs = []
        for (made, near), row in zip(self.pairs, self.nearest.to_dict("records"), strict=False):
            name = f"number {row['real']:,}" if self.names is None else str(self.names[row["real"]])
            name = name if len(name) <= _LONGEST_NAME else f"...{name[-_LONGEST_NAME:]}"
            said = f"{name}{', mirrored' if row['mirrored'] else ''}: {row['distance']:.3g} apart"
            one, other = (_drawable(shown, low, high) for shown in (made, near))
            pairs.append((picture(one, "A synthetic picture"), picture(other, f"The nearest real one: {said}"), said))
        parts = {str(part): rows.drop(columns="part") for part, rows in self.frame().groupby("part", sort=False)}
        private = parts.pop("privacy")
        measured = [Table(rows, "Synthetic pictures against real ones of their class") for rows in parts.values()]
        drawn = (self.plot, "Measures of each class, and nearest pairs", "")
        return [
            Section("Measures", [*measured, drawings(drawn, wide=True)]),
            Section("Nearest real pictures", [Words([_PIXELS]), Pairs("Synthetic and nearest real", pairs)]),
            Section("Privacy", [Table(private, "Against how near real ones are to each other, or to those held out")]),
        ]

    def _heading(self) -> str:
        held = self.n_rows.get("holdout", 0)
        counted = f"{self.n_rows['synthetic']:,} synthetic pictures against {self.n_rows['real']:,} real ones"
        return f"{counted}, {held:,} held out" if held else f"{counted}, none held out"


def _drawable(picture: NDArray, low: float, high: float) -> NDArray:
    """Return what matplotlib draws: grey (h, w) or colours (h, w, 3 or 4), from 0 to 1."""
    scaled = (picture.astype(float) - low) / max(high - low, 1e-9)
    return scaled[..., 0] if scaled.ndim == 3 and scaled.shape[2] < 3 else scaled
