"""The manifest of a folder of balanced images, and how near synthetic images came to real ones in training."""

import pandas as pd
from numpy.typing import NDArray

from ganaug.common.findings import REAL, Finding
from ganaug.datasets import ImageSet
from ganaug.metrics import nearest_pixels
from ganaug.oversampler import GANOversampler

# Of the kernel distance in the training history, in units of what two halves of the real images have: up to the first,
# it does not tell synthetic images from real ones; from the second on, they are easy to tell apart. It sees coarse
# differences only, so a small one is no proof.
AS_NEAR, FAR = 0.15, 0.3


def image_manifest(
    sampler: GANOversampler, images: ImageSet, X_synthetic: NDArray, y_synthetic: pd.Series
) -> pd.DataFrame:
    """Describe synthetic images, one row each.

    Parameters
    ----------
    sampler : GANOversampler
        Fitted on `images`.
    images : ImageSet
        The real images with the names of their files.
    X_synthetic : ndarray of shape (n, height, width[, channels])
        What the sampler added.
    y_synthetic : Series of length n
        Their classes.

    Returns
    -------
    DataFrame
        With the index of `y_synthetic` and the columns "seed" (of the model), "discriminator_score" (higher means that
        the discriminator takes the image for real), "nearest_training_file", "distance" to it (root mean square of the
        difference of pixels, 0 to 1) and "mirrored" (1 if the mirrored image is the nearest). Without rows it has no
        columns.
    """
    manifest = pd.DataFrame(index=y_synthetic.index)
    if not len(y_synthetic):
        return manifest
    nearest, distances, mirrored = nearest_pixels(X_synthetic, images.X)
    return manifest.assign(
        seed=sampler.model_.seed_,
        discriminator_score=sampler.model_.score_samples(X_synthetic, y_synthetic).round(4),
        nearest_training_file=[images.files[place] for place in nearest],
        distance=distances.round(4),
        mirrored=mirrored.astype(int),
    )


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
    measured = f"The distance of synthetic images to real ones was {distance:,.2f}"
    if distance <= AS_NEAR:
        said = (
            f"{measured}; that of other real images is up to {AS_NEAR}. This measure of the training sees coarse "
            "differences only: look at the images, and measure them with ganaug evaluate."
        )
        return Finding(REAL, "unknown", said, numbers)
    if distance < FAR:
        said = (
            f"{measured}, between that of other real images (up to {AS_NEAR}) and a clear difference (from {FAR} on)."
        )
        return Finding(REAL, "unknown", f"{said} Look at the images.", numbers)
    return Finding(
        REAL,
        "bad",
        f"{measured}. From {FAR} on, synthetic images are easy to tell from real ones. Train for longer.",
        numbers,
    )
