"""`evaluate_images`: all measures of synthetic images at once."""

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import hypergeom

from ganaug.common.extras import MissingExtraError
from ganaug.common.large_arrays import blocks
from ganaug.common.wording import listed
from ganaug.evaluation.image_memory import memory_of_training
from ganaug.evaluation.image_result import ImageEvaluation
from ganaug.evaluation.image_verdict import MIN_IMAGES
from ganaug.metrics import (
    EXTRACTOR_NAME,
    Count,
    Inception,
    aligned_neighbors,
    bootstrap,
    compare_closest,
    features,
    frechet_distance,
    inception_score,
    kernel_distance,
    permutation_scores,
    pixel_neighbors,
    precision_recall_density_coverage,
    probabilities,
    real_baseline,
)

# Images of a class that are compared at most: this takes about ten seconds, and FD hardly changes with more.
MAX_IMAGES = 250
# Synthetic images whose nearest real one is searched, at most.
MAX_NEAREST = 1_000
# And of those, the ones that are moved and turned to be compared.
MAX_ALIGNED = 500
_N_NEIGHBORS = 5
_N_RESAMPLES = 20
_N_PAIRS = 8
# Probability below which synthetic images are not near to single real ones by chance.
_SURE = 0.001
_MEASURES = ("FD", "KD", "precision", "recall", "density", "coverage")
# Names of distances tell the network that they use; only those of Inception may have the names known from papers.
_EFFICIENTNET_NAMES = {name: f"{name}-{EXTRACTOR_NAME}" for name in ("FD", "KD", "IS")}
_INCEPTION_NAMES = {"FD": "FID", "KD": "KID", "IS": "IS"}
# The range of each measure; intervals are cut there.
_LOWEST = np.array([0, -np.inf, 0, 0, 0, 0])
_HIGHEST = np.array([np.inf, np.inf, 1, 1, np.inf, 1])

_Extractor = Callable[[NDArray, tuple[float, float] | None], tuple[NDArray, NDArray]]


def evaluate_images(
    real: ArrayLike,
    synthetic: ArrayLike,
    *,
    holdout: ArrayLike | None = None,
    target: Sequence[ArrayLike] | None = None,
    inception: str | Path | None = None,
    random_state: int | np.random.Generator | None = None,
    names: Sequence[str | int] | None = None,
) -> ImageEvaluation:
    """Measure whether synthetic images are real enough, and whether they are copies.

    Parameters
    ----------
    real, synthetic : array of shape (n, height, width) or (n, height, width, channels)
        The images that the generator was trained on, at least 2, and those that it generated, at least 1. All have the
        same size and dtype.
    holdout : array of the same kind or None, default=None
        Real images of the same origin that the generator has not seen. With them, privacy is measured against images
        that cannot have been memorised, and it is found whether training images were learned by heart.
    target : sequence of arrays or None, default=None
        The classes: an array of labels for the real images, one for the synthetic images and, with a hold-out, one for
        that. Each class is compared with the real images of the same class. None takes all images as one class.
    inception : str, Path or None, default=None
        The file of `ganaug.metrics.Inception`. With it, distances and score are FID, KID and IS as in papers, but for
        few images. It takes minutes for each class.
    random_state : int, numpy.random.Generator or None, default=None
        Source of subsamples and intervals.
    names : sequence of length n_real or None, default=None
        Names of the real images on a page, such as their files. None numbers them from 0.

    Returns
    -------
    ImageEvaluation
        Print it for the verdict, and pass it to `ganaug.report` for a page.

    Raises
    ------
    ValueError
        If images differ in size or dtype, there are too few of them, or `target` does not match them.

    Notes
    -----
    Each class is measured in the features of EfficientNet-Lite0 (``ganaug[extractor]``; without it, only pixels are
    compared), on at most 250 synthetic images and as many real ones. A Fréchet distance in these features is called
    FD-EffNetLite0, because only Inception's features give an FID. Each measure comes with its value between two halves
    of the real images, the real baseline.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 256, size=(20, 8, 8), dtype=np.uint8)
    >>> evaluation = evaluate_images(images[:10], images[:10], random_state=0)
    >>> print(evaluation.verdict[2].sentence)
    Do not share these images as if they were anonymous. 10 of 10 synthetic images equal a real one, as it is or
    mirrored; 0 % of real images equal another real one.
    """
    if inception is None:
        extract, measure_names = _efficientnet, _EFFICIENTNET_NAMES
    else:
        extract, measure_names = Inception(inception).features_and_probabilities, _INCEPTION_NAMES
    sets = _checked(real, synthetic, holdout)
    labels = _labels(sets, target)
    rng = np.random.default_rng(random_state)
    classes = np.unique(labels["real"])
    classes = classes[np.isin(classes, labels["synthetic"])]
    measured, found = _measure_classes(sets, labels, classes, extract, measure_names, rng)
    nearest = _nearest(sets, labels, classes, rng)
    return ImageEvaluation(
        n_images={name: len(images) for name, images in sets.items()},
        score=_score(np.concatenate(found, axis=1), rng) if found else None,
        memory=memory_of_training(sets, labels, MIN_IMAGES) if holdout is not None else None,
        measure_names=measure_names,
        image_names=names,
        settings={
            "target": None if target is None else "given",
            "inception": None if inception is None else "given",
            "random_state": random_state,
        },
        **measured,
        **nearest,
    )


def _measure_classes(
    sets: dict[str, NDArray],
    labels: dict[str, NDArray],
    classes: NDArray,
    extract: _Extractor,
    measure_names: dict[str, str],
    rng: np.random.Generator,
) -> tuple[dict[str, Any], list[NDArray]]:
    """Measure each class that is large enough; return the probabilities of its real and synthetic images as well."""
    rows: list[tuple[Any, ...]] = []
    too_few: dict[Hashable, tuple[int, int]] = {}
    found: list[NDArray] = []
    not_measured = ""
    value_range = _value_range(sets["real"])
    for label in classes.tolist():
        own = {name: np.flatnonzero(labels[name] == label) for name in ("real", "synthetic")}
        m = min(len(own["real"]) // 2, len(own["synthetic"]), MAX_IMAGES)
        n_compared = min(len(own["real"]), len(own["synthetic"]), MAX_IMAGES)
        if m < MIN_IMAGES:
            too_few[label] = (len(own["real"]), len(own["synthetic"]))
            continue
        real_rows, synthetic_rows = (
            rng.permutation(own["real"])[: 2 * m],
            rng.permutation(own["synthetic"])[:n_compared],
        )
        try:
            real, real_probabilities = extract(sets["real"][real_rows], value_range)
            synthetic, synthetic_probabilities = extract(sets["synthetic"][synthetic_rows], value_range)
        except MissingExtraError as error:
            not_measured = str(error)
            break
        found.append(np.stack([real_probabilities[:m], synthetic_probabilities[:m]]))
        # all measures are worse by chance if rows are few; a test on all rows decides what the verdict says
        scores = permutation_scores(real, synthetic, _N_NEIGHBORS, random_state=rng)._asdict()
        synthetic = synthetic[:m]
        value = _measures(real[:m], synthetic)
        low, high = bootstrap(_measures, real[:m], synthetic, n=_N_RESAMPLES, random_state=rng)
        low, high = np.maximum(low, _LOWEST), np.minimum(high, _HIGHEST)
        baseline = real_baseline(real, _measures, n_splits=_N_RESAMPLES // 2, random_state=rng)
        numbers = zip(_MEASURES, value, low, high, *baseline, strict=True)
        rows += [
            (label, measure_names.get(name, name), m, *of, scores.get(name, np.nan), len(real), n_compared)
            for name, *of in numbers
        ]
    columns = ["class", "measure", "n", "value", "low", "high", "baseline", "baseline low", "baseline high"]
    columns += ["score", "n real", "n synthetic"]
    by_class = pd.DataFrame(rows, columns=columns)
    return {"by_class": by_class, "too_few": too_few, "not_measured": not_measured}, found


def _efficientnet(images: NDArray, value_range: tuple[float, float] | None) -> tuple[NDArray, NDArray]:
    found = features(images, value_range=value_range)
    return found, probabilities(found)


def image_features(images: NDArray) -> NDArray:
    """Return the features in which images are compared, whatever their dtype.

    Parameters
    ----------
    images : array of shape (n, height, width[, channels])
        The images.
    """
    return features(images, value_range=_value_range(images))


def _checked(real: ArrayLike, synthetic: ArrayLike, holdout: ArrayLike | None) -> dict[str, NDArray]:
    sets = {"real": np.asarray(real), "synthetic": np.asarray(synthetic)}
    if holdout is not None:
        sets["holdout"] = np.asarray(holdout)
    first = sets["real"]
    for name, images in sets.items():
        if images.ndim not in (3, 4) or images.dtype.kind not in "buif":
            raise ValueError(
                f"{name} must hold numbers and have shape (n, height, width) or (n, height, width, channels), got "
                f"{images.dtype} of shape {images.shape}"
            )
        if images.shape[1:] != first.shape[1:] or images.dtype != first.dtype:
            raise ValueError(
                f"{name} holds images {images.shape[1:]} of {images.dtype}, but real holds {first.shape[1:]} of "
                f"{first.dtype}; convert them to one size and dtype"
            )
        least = 2 if name == "real" else 1
        if len(images) < least:
            raise ValueError(f"{name} has {len(images)} images, but at least {least} are needed")
        if images.dtype.kind == "f" and not all(np.isfinite(part).all() for part in blocks(images)):
            raise ValueError(f"{name} holds NaN or infinite values; remove those images")
    return sets


def _labels(sets: dict[str, NDArray], target: Sequence[ArrayLike] | None) -> dict[str, NDArray]:
    if target is None:
        return {name: np.full(len(images), "all") for name, images in sets.items()}
    if isinstance(target, str | np.ndarray) or len(target) != len(sets):
        raise ValueError(
            f"for images, target must be a tuple of {len(sets)} arrays, the classes of {', '.join(sets)}; "
            f"got {target!r}"
        )
    labels = {name: np.asarray(own) for name, own in zip(sets, target, strict=True)}
    for name, own in labels.items():
        if own.shape != (len(sets[name]),):
            raise ValueError(f"target has classes of shape {own.shape} for {len(sets[name])} images of {name}")
        if pd.isna(own).any():
            raise ValueError(f"target has missing classes for {name}; remove those images")
    unknown = set(labels["synthetic"].tolist()) - set(labels["real"].tolist())
    if unknown:
        raise ValueError(f"synthetic has class {min(unknown, key=str)!r}, but real has no image of that class")
    return labels


def _value_range(real: NDArray) -> tuple[float, float] | None:
    """Return the values of black and white, or None if the dtype tells them."""
    found = [(part.min(), part.max()) for part in blocks(real)]
    low, high = float(min(of[0] for of in found)), float(max(of[1] for of in found))
    if real.dtype in (np.uint8, bool) or (real.dtype.kind == "f" and low >= 0 and high <= 1):
        return None if real.dtype.kind != "f" else (0.0, 1.0)
    return low, max(high, low + 1)


def _measures(real: NDArray, synthetic: NDArray) -> NDArray:
    return np.array(
        [
            frechet_distance(real, synthetic),
            kernel_distance(real, synthetic),
            *precision_recall_density_coverage(real, synthetic, _N_NEIGHBORS),
        ]
    )


def _score(found: NDArray, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Return the inception score of synthetic images, its interval, and the score of as many real images."""
    real, synthetic = found
    low, high = bootstrap(lambda _, fake: inception_score(fake), real, synthetic, n=50, random_state=rng)
    return inception_score(synthetic), float(low), float(high), inception_score(real)


def _nearest(
    sets: dict[str, NDArray], labels: dict[str, NDArray], classes: NDArray, rng: np.random.Generator
) -> dict[str, Any]:
    """Compare how near synthetic images, and unseen real images of the same classes, are to the real ones."""
    real, unseen = sets["real"], "holdout" if "holdout" in sets else "real"
    rows = rng.permutation(len(sets["synthetic"]))[:MAX_NEAREST]
    others = rng.permutation(np.flatnonzero(np.isin(labels[unseen], classes)))[:MAX_NEAREST]
    if not len(others):
        raise ValueError(f"holdout has no image of {listed(classes)}, the classes of the synthetic images")
    places, distances, are_mirrored = pixel_neighbors(sets["synthetic"][rows], real, n=2)
    place, distance, mirrored = places[:, 0], distances[:, 0], are_mirrored[:, 0]
    # without a hold-out, a real image must not be compared with itself
    references = pixel_neighbors(sets[unseen][others], real, n=2, own=others if unseen == "real" else None)[1]
    reference = references[:, 0]
    table = pd.DataFrame({"synthetic": rows, "real": place, "distance": distance, "mirrored": mirrored})
    table = table.sort_values("distance", kind="stable", ignore_index=True)
    pairs = [
        np.stack([sets["synthetic"][row], real[near][:, ::-1] if is_mirrored else real[near]])
        for row, near, _, is_mirrored in table.head(_N_PAIRS).to_numpy(object)
    ]
    return {
        "nearest": table,
        "pairs": np.stack(pairs),
        "copied": Count(int((distance == 0).sum()), len(distance)),
        "reference_copied": Count(int((reference == 0).sum()), len(reference)),
        "closest": compare_closest(distances, references, rng),
        "single": _nearer_to_one(distances, references),
        **_aligned(sets["synthetic"][rows], sets[unseen][others], real, others if unseen == "real" else None, rng),
    }


def _aligned(
    synthetic: NDArray, unseen: NDArray, real: NDArray, own: NDArray[np.intp] | None, rng: np.random.Generator
) -> dict[str, Any]:
    """Compare distances after alignment, on fewer images: copies may be moved, turned or brighter."""
    rows, others = slice(0, MAX_ALIGNED), slice(0, MAX_ALIGNED)
    distances = aligned_neighbors(synthetic[rows], real)[1]
    references = aligned_neighbors(unseen[others], real, own=None if own is None else own[others])[1]
    return {
        "aligned": compare_closest(distances, references, rng),
        "aligned_single": _nearer_to_one(distances, references),
    }


def _nearer_to_one(distances: NDArray, references: NDArray) -> bool:
    """Whether synthetic images are nearer to one real image, compared with the second nearest, than unseen images are.

    A copy with noise is near to one image. A blurred image is nearer to all.
    """
    ratios = np.concatenate([of[:, 0] / np.maximum(of[:, 1], np.finfo(float).tiny) for of in (references, distances)])
    order = np.argsort(ratios, kind="stable")
    # if they are like unseen images, the smallest ratios are a random draw from both: the smallest tenth, in case few
    # are copies, and the smallest half, in case some real images are alike as well
    for n_smallest in (max(1, len(ratios) // 10), len(ratios) // 2):
        n_synthetic = int((order[:n_smallest] >= len(references)).sum())
        if hypergeom.sf(n_synthetic - 1, len(ratios), len(distances), n_smallest) < _SURE / 2:
            return True
    return False
