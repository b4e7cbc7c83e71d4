"""What the numbers of an `ImageEvaluation` say, as findings."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ganaug.common.findings import HELPS, REAL, SAFE, Finding, with_warning
from ganaug.common.wording import joined, percent

if TYPE_CHECKING:
    from ganaug.evaluation.image_result import ImageEvaluation
    from ganaug.metrics import ClosestRecords

# A class is measured from so many synthetic images and twice as many real ones on: intervals are computed from halves,
# and a half needs more images than there are neighbours.
MIN_IMAGES = 12
# From so many synthetic and real images on, finding no difference is an answer. With 30 of each, blur, chequers, noise,
# another class and repeated images had scores above 10 on chest X-rays, skin lesions, ultrasound and blood cells.
ENOUGH_IMAGES = 30
# A measure differs if its score is above this. Of 50 second samples of real images none had a score above 2.9.
_CLEAR = 5.0
# Between these scores a difference is possible.
_POSSIBLE = 3.5
# Below this share of the real baseline, precision means junk.
_JUNK_PRECISION = 0.5
# Synthetic images are too near to real ones if the interval of the ratio of distances ends below this, and far enough
# if the interval starts at or above it.
_TOO_NEAR = 0.9
# They are too near as well if more than this share is nearer than 95 % of the reference: twice what is usual.
_MANY_CLOSE = 0.1
# Training images were learned by heart if at least this share of synthetic images is nearer to one of them than to each
# of as many held-out images, which is half by chance, and if chance makes such a share less often than that.
_LEARNED, _BY_CHANCE = 0.6, 0.001
_SHARES = ("precision", "recall", "coverage")
_DIVERSITY = ("recall", "coverage")


def image_findings(evaluation: "ImageEvaluation") -> list[Finding]:
    """Answer the three questions from the numbers of an evaluation of images.

    Parameters
    ----------
    evaluation : ImageEvaluation
        The numbers.

    Returns
    -------
    list of Finding
        Does it help (not measured here), is it real (for each class), is it safe to share.
    """
    return [_on_help(), *_on_reality(evaluation), *_on_sharing(evaluation)]


def _on_help() -> Finding:
    return Finding(
        HELPS,
        "unknown",
        "This was not measured. ganaug compare trains classifiers with and without synthetic images.",
    )


def _on_reality(evaluation: "ImageEvaluation") -> list[Finding]:
    findings = []
    for label, rows in evaluation.by_class.groupby("class", sort=False):
        measured = {str(row["measure"]): row for row in rows.to_dict("records")}
        findings += _on_class(_prefix(label), measured, evaluation.measure_names["FD"])
    for small, (n_real, n_synthetic) in evaluation.too_few.items():
        said = (
            f"{_prefix(small)}There are too few images to measure, {n_real} real and {n_synthetic} synthetic ones; at "
            f"least {2 * MIN_IMAGES} and {MIN_IMAGES} are needed."
        )
        findings.append(Finding(REAL, "unknown", said, {"real images": n_real, "synthetic images": n_synthetic}))
    if evaluation.not_measured:
        findings.append(Finding(REAL, "unknown", f"This was not measured: {evaluation.not_measured}."))
    return findings


def _prefix(label: Any) -> str:
    return "" if label == "all" else f"Class {label}: "


def _on_class(prefix: str, measured: Mapping[str, Mapping[Any, Any]], distance_name: str) -> list[Finding]:
    """Judge a class by all measures: one finding on realism, and one on diversity if that is too low."""
    differing = [name for name, of in measured.items() if of["score"] > _CLEAR]
    first = measured[distance_name]
    n_real, n_synthetic = first["n real"], first["n synthetic"]
    numbers = _numbers({distance_name: None, **dict.fromkeys(differing)}, measured)
    times = (
        f"{distance_name} is {first['value'] / first['baseline']:.2g} times as large as between two halves of the real "
        "images"
    )
    precision = measured["precision"]
    if differing and precision["value"] < _JUNK_PRECISION * precision["baseline"]:
        said = (
            f"Most synthetic images are junk: {percent(precision['value'])} of them lie among real images, compared "
            f"with {percent(precision['baseline'])} of real images. {times}."
        )
        findings = [Finding(REAL, "bad", prefix + said, numbers)]
    elif differing:
        said = f"The synthetic images can be distinguished from real images: {_listed(differing, measured)}. {times}."
        findings = [Finding(REAL, "bad", prefix + said, numbers)]
    elif min(n_real, n_synthetic) < ENOUGH_IMAGES:
        said = (
            f"There are too few images to tell: no difference was found between {n_synthetic} synthetic and {n_real} "
            f"real images, but it takes at least {ENOUGH_IMAGES} of each."
        )
        findings = [Finding(REAL, "unknown", prefix + said, numbers)]
    elif max(of["score"] for of in measured.values() if not np.isnan(of["score"])) > _POSSIBLE:
        said = f"The synthetic images differ from real images, but not significantly: {times}."
        findings = [Finding(REAL, "unknown", prefix + said, numbers)]
    else:
        said = (
            f"The synthetic images cannot be distinguished from {first['n']} real images: no measure differs, and "
            f"{times}."
        )
        findings = [Finding(REAL, "good", prefix + said, numbers)]
    if narrow := [name for name in differing if name in _DIVERSITY]:
        said = f"{prefix}Diversity is too low: {_on_diversity(narrow, measured)}."
        findings.append(Finding(REAL, "bad", said, _numbers(narrow, measured)))
    return findings


def _numbers(names: Iterable[str], measured: Mapping[str, Mapping[Any, Any]]) -> dict[str, float]:
    """Return some measures, and what two halves of the real images have."""
    found = [(name, measured[name]) for name in names]
    return {
        key: value
        for name, of in found
        for key, value in ((name, of["value"]), (f"{name} of real halves", of["baseline"]))
    }


def _listed(names: Sequence[str], measured: Mapping[str, Mapping[Any, Any]]) -> str:
    """Write measures with their values, and with what two halves of the real images have."""
    first, *others = names
    values = {name: [_written(name, measured[name][which]) for which in ("value", "baseline")] for name in names}
    said = f"{first} is {values[first][0]} ({values[first][1]} between two halves of the real images)"
    return joined([said, *(f"{name} {values[name][0]} ({values[name][1]})" for name in others)])


def _written(name: str, value: float) -> str:
    return percent(value) if name in _SHARES else f"{max(0.0, value):.2g}"


def _on_diversity(names: Sequence[str], measured: Mapping[str, Mapping[Any, Any]]) -> str:
    """Say how many real images have no synthetic counterpart; the measure that differs most decides."""
    name = max(names, key=lambda name: measured[name]["score"])
    value, baseline = (percent(measured[name][which]) for which in ("value", "baseline"))
    if name == "coverage":
        near = "of the real images have a synthetic image near them"
        return f"{value} {near}, but {baseline} have another real image near them"
    return f"{value} of the real images lie among synthetic ones, but {baseline} lie among other real ones"


def _on_sharing(evaluation: "ImageEvaluation") -> list[Finding]:
    findings = [_on_copies(evaluation), _on_distance(evaluation), *_on_alignment(evaluation), *_on_memory(evaluation)]
    if "holdout" not in evaluation.n_images:
        said = "No images were held out. Without held-out images, distances cannot show whether images were memorised."
        findings.append(Finding(SAFE, "unknown", said))
    return with_warning(findings, "images")


def _on_copies(evaluation: "ImageEvaluation") -> Finding:
    copied, reference = evaluation.copied, evaluation.reference_copied
    numbers = {"copies": copied.share, f"copies among {evaluation.reference}": reference.share}
    if not copied.found:
        said = "No synthetic image is a copy of a real one, as it is or mirrored."
        return Finding(SAFE, "good", said, numbers)
    usual = "held-out images do" if "holdout" in evaluation.n_images else "real images equal another real one"
    said = (
        f"{copied.found:,} of {copied.total:,} synthetic images equal a real one, as it is or mirrored; "
        f"{percent(reference.share)} of {usual}"
    )
    if copied.exceeds(reference):
        return Finding(SAFE, "bad", f"{said}.", numbers)
    return Finding(SAFE, "unknown", f"{said}, and the difference is not significant.", numbers)


def _are_near(closest: "ClosestRecords") -> bool:
    are_many = closest.closer.exceeds(closest.reference_closer) and closest.closer.share > _MANY_CLOSE
    return closest.high < _TOO_NEAR or are_many


def _on_alignment(evaluation: "ImageEvaluation") -> list[Finding]:
    """Warn of copies that were moved, mirrored, turned or changed in brightness."""
    aligned = evaluation.aligned
    if not (np.isfinite(aligned.ratio) and _are_near(aligned) and evaluation.aligned_single):
        return []
    said = (
        f"After real images are moved, mirrored, turned and adjusted in brightness, synthetic images are "
        f"{aligned.ratio:.2f} times as far from single ones as {evaluation.reference} are: some are probably changed "
        "copies."
    )
    return [Finding(SAFE, "bad", said, {"ratio of aligned distances": aligned.ratio})]


def _were_learned(evaluation: "ImageEvaluation") -> bool:
    memory = evaluation.memory
    return memory is not None and memory.share >= _LEARNED and memory.p_value < _BY_CHANCE


def _on_memory(evaluation: "ImageEvaluation") -> list[Finding]:
    """Warn of training images that were learned by heart."""
    memory = evaluation.memory
    if memory is None or not _were_learned(evaluation):
        return []
    said = (
        f"{percent(memory.share)} of the synthetic images are nearer to a training image than to each of as many "
        "held-out images, and by chance half of them would be: training images were learned by heart."
    )
    return [Finding(SAFE, "bad", said, {"nearer to training images": memory.share, "p": memory.p_value})]


def _on_distance(evaluation: "ImageEvaluation") -> Finding:
    closest, reference = evaluation.closest, evaluation.reference
    numbers = {"ratio of distances": closest.ratio, "low": closest.low, "high": closest.high}
    if not np.isfinite(closest.ratio):
        return Finding(SAFE, "unknown", f"Distances cannot be compared: most of {reference} equal a real image.")
    distance = f"{closest.ratio:.2f} times as far from real images as {reference} are"
    share = f"{percent(closest.closer.share)} of the images are nearer to a real image than 95 % of {reference}"
    numbers["closer than 95 %"] = closest.closer.share
    are_near = _are_near(closest)
    if are_near and (evaluation.single or _were_learned(evaluation)):
        return Finding(SAFE, "bad", f"Synthetic images are {distance}, and {share}.", numbers)
    if are_near:
        said = (
            f"Synthetic images are {distance}, and {share}. But they are not near to single real images: blurred "
            "images are nearer to all of them."
        )
        return Finding(SAFE, "unknown", said, numbers)
    n_compared = min(evaluation.copied.total, evaluation.reference_copied.total)
    if n_compared >= MIN_IMAGES and closest.low >= _TOO_NEAR:
        return Finding(SAFE, "good", f"Synthetic images are {distance}, and {share}.", numbers)
    interval = f"95 % interval {closest.low:.2f} to {closest.high:.2f}"
    said = f"Synthetic images are {distance} ({interval}), but there are too few images to be sure."
    return Finding(SAFE, "unknown", said, numbers)
