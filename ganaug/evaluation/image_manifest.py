"""The manifest of a folder of balanced images, and how near synthetic images came to real ones in training."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.findings import REAL, Finding
from ganaug.datasets import ImageSet
from ganaug.metrics import nearest_pixels
from ganaug.models import FAR_DISTANCE, MIN_TO_SPLIT, written_distance
from ganaug.oversampler import GANOversampler

# Of the kernel distance in the training history, in units of what two halves of the real images have: up to this,
# it does not tell synthetic images from real ones; from `FAR_DISTANCE` on, they are easy to tell apart. It sees
# coarse differences only, so a small one is no proof.
AS_NEAR = 0.15
# Images that are scored together, so that only these are in memory as floating-point numbers: some batches of a model.
_N_SCORED = 1024
# What `ganaug balance` writes into a manifest about any image.
_OWN_COLUMNS = (
    *("file", "class", "synthetic", "seed", "discriminator_score", "source"),
    *("nearest_training_file", "distance", "mirrored"),
)
# If the class is recognised less often than so much of its share among real images, translations are of a wrong class.
_RECOGNISED = 0.9


def score_columns(
    sampler: GANOversampler, images: ImageSet, X_synthetic: NDArray, y_synthetic: pd.Series
) -> pd.DataFrame:
    """Describe synthetic images by their model, one row each; this takes no time.

    Parameters
    ----------
    sampler : GANOversampler
        Fitted on the real images.
    images : ImageSet
        These, with the names of their files.
    X_synthetic : ndarray of shape (n, height, width[, channels])
        What the sampler added.
    y_synthetic : Series of length n
        Their classes.

    Returns
    -------
    DataFrame
        With the index of `y_synthetic` and the columns "seed" (of the model) and "discriminator_score" (higher means
        that the discriminator takes the image for real); of translated images also "source", the file that was
        translated, and of a model of attributes a column for each, see `attribute_columns`. Without rows it has no
        columns.
    """
    manifest = pd.DataFrame(index=y_synthetic.index)
    if not len(y_synthetic):
        return manifest
    scores = [
        sampler.model_.score_samples(X_synthetic[at : at + _N_SCORED], y_synthetic.iloc[at : at + _N_SCORED])
        for at in range(0, len(y_synthetic), _N_SCORED)
    ]
    manifest = manifest.assign(
        seed=sampler.model_.seed_,
        discriminator_score=np.concatenate(scores).round(4),
    )
    if not hasattr(sampler, "provenance_"):  # images that are generated from noise have no source
        return manifest
    if hasattr(sampler.model_, "source_"):
        return manifest.assign(source=[images.files[place] for place in sampler.provenance_["source"]])
    return manifest.join(attribute_columns(sampler.provenance_).set_index(manifest.index))


def attribute_columns(attributes: pd.DataFrame) -> pd.DataFrame:
    """Return attributes with the names of columns that they have in a manifest.

    Parameters
    ----------
    attributes : DataFrame of shape (n, n_attributes)
        Attributes of images.

    Returns
    -------
    DataFrame of shape (n, n_attributes)
        A name that the manifest has already for something else starts with ``attribute_``.

    Examples
    --------
    >>> attribute_columns(pd.DataFrame({"stain": ["pale"], "seed": [3]})).columns.tolist()
    ['stain', 'attribute_seed']
    """
    names: list[str] = []
    for name in map(str, attributes.columns):
        while name in _OWN_COLUMNS or name in names:
            name = f"attribute_{name}"
        names.append(name)
    return attributes.set_axis(names, axis=1)


def nearest_columns(
    images: ImageSet, X_synthetic: NDArray, index: pd.Index, *, progress: Callable[[int], None] | None = None
) -> pd.DataFrame:
    """Name the real image that is nearest to each synthetic one.

    Parameters
    ----------
    images : ImageSet
        The real images with the names of their files.
    X_synthetic : ndarray of shape (n, height, width[, channels])
        Synthetic images.
    index : Index of length n
        That of the result.
    progress : callable or None, default=None
        Called with the number of images that are done, from time to time.

    Returns
    -------
    DataFrame
        The columns "nearest_training_file", "distance" to it (mean absolute difference of pixels, in the units of the
        images) and "mirrored" (1 if the mirrored image is the nearest).
    """
    nearest, distances, mirrored = nearest_pixels(X_synthetic, images.X, progress=progress)
    columns = {
        "nearest_training_file": [images.files[place] for place in nearest],
        "distance": distances.round(4),
        "mirrored": mirrored.astype(int),
    }
    return pd.DataFrame(columns, index=index)


def training_distance(history: pd.DataFrame) -> Finding:
    """Say how near synthetic images came to real ones during training.

    Parameters
    ----------
    history : DataFrame
        ``history_`` of a model of images, with the column "distance".

    Returns
    -------
    Finding
        Of the question "Is it real?".

    Examples
    --------
    >>> training_distance(pd.DataFrame({"distance": [0.9, 0.42]})).answer
    'bad'
    """
    distance = max(0.0, float(history["distance"].min()))
    numbers = {"distance": distance}
    measured = f"The distance of synthetic images to real ones (0: alike; no unit) was {written_distance(distance)}"
    if distance <= AS_NEAR:
        said = (
            f"{measured}; that of other real images is up to {AS_NEAR}. This measure of the training sees coarse "
            "differences only: look at the images, and measure them with ganaug evaluate."
        )
        return Finding(REAL, "unknown", said, numbers)
    if distance < FAR_DISTANCE:
        said = (
            f"{measured}, between that of other real images (up to {AS_NEAR}) and a clear difference (from "
            f"{FAR_DISTANCE} on)."
        )
        return Finding(REAL, "unknown", f"{said} Look at the images.", numbers)
    return Finding(
        REAL,
        "bad",
        f"{measured}. From {FAR_DISTANCE} on, synthetic images are easy to tell from real ones. Train for longer.",
        numbers,
    )


def training_recognition(history: pd.DataFrame) -> Finding:
    """Say how often the target class was recognised in translations during training.

    Parameters
    ----------
    history : DataFrame
        ``history_`` of `ganaug.TranslationGAN`.

    Returns
    -------
    Finding
        Of a question of its own. It is never "good", because the generator was trained with the classifier.

    Examples
    --------
    >>> history = pd.DataFrame({"distance": [0.4, 0.1], "recognised": [0.2, 0.96], "recognised_real": [0.98, 0.98]})
    >>> training_recognition(history).sentence
    'A classifier finds the class in 96 % of the translations and 98 % of real images. The training used it.'
    """
    best = history.iloc[int(history["distance"].argmin())]
    found, real = float(best["recognised"]), float(best["recognised_real"])
    return Finding(
        "Is it of the class?",
        "bad" if found < _RECOGNISED * real else "unknown",
        f"A classifier finds the class in {100 * found:.0f} % of the translations and {100 * real:.0f} % of real "
        "images. The training used it.",
        {"recognised": found, "recognised_real": real},
    )


def training_difference(history: pd.DataFrame, n_pairs: int) -> Finding:
    """Say how far translations were off the images that belong to their sources, during training on pairs.

    Parameters
    ----------
    history : DataFrame
        ``history_`` of `ganaug.TranslationGAN` after `fit_pairs`.
    n_pairs : int
        Pairs of the training.

    Returns
    -------
    Finding
        Of a question of its own. It is never "good": what is near enough depends on the images.

    Examples
    --------
    >>> history = pd.DataFrame({"distance": [0.4, 0.1], "difference": [0.2, 0.04], "difference_source": [0.3, 0.3]})
    >>> training_difference(history, 120).sentence
    'Translations differ from the other image of their pair by 4.0 % of the range of values, and the sources by 30.0 %.'
    """
    best = history.iloc[int(history["distance"].argmin())]
    found, before = float(best["difference"]), float(best["difference_source"])
    said = (
        f"Translations differ from the other image of their pair by {100 * found:.1f} % of the range of values, and "
        f"the sources by {100 * before:.1f} %."
    )
    return Finding(
        "Is it what belongs to the source?",
        "bad" if found >= before else "unknown",
        said
        if n_pairs >= MIN_TO_SPLIT
        else f"{said} The training has seen these pairs; of {MIN_TO_SPLIT}, some are held out.",
        {"difference": found, "difference_source": before},
    )
