"""How long an evaluation of images takes on this machine, from the features of a few of them."""

import time
from collections.abc import Hashable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganaug.common.extras import MissingExtraError
from ganaug.evaluation.image_evaluation import MAX_IMAGES, image_features
from ganaug.evaluation.image_verdict import MIN_IMAGES
from ganaug.evaluation.resampling import MAX_CLASSES

# Images whose features are timed; the first batch also loads the network.
_N_TRIED, _N_BATCHES = 16, 4
# The whole evaluation takes so many times as long as the features of all images that it looks at: 2.5 to 3.2 times were
# measured with 30 to 240 images of a class.
_TIMES_FEATURES = 3.2
# The same of an image without the extra, when only pixels are compared.
_SECONDS_OF_PIXELS = 2e-3


def image_evaluation_seconds(images: NDArray, y: ArrayLike, n_synthetic: Mapping[Hashable, int]) -> float:
    """Estimate how long `evaluate_resampling` of images will take.

    Parameters
    ----------
    images : array of shape (n, height, width[, channels])
        The real images.
    y : array-like of shape (n,)
        Their classes.
    n_synthetic : mapping of class to int
        How many synthetic images are to be made.

    Returns
    -------
    float
        Seconds, as fast as this machine is now.

    Examples
    --------
    >>> image_evaluation_seconds(np.zeros((8, 8, 8), np.uint8), np.repeat([0, 1], 4), {0: 0, 1: 0})
    0.0
    """
    labels, n_real = np.unique(np.asarray(y), return_counts=True)
    sizes = dict(zip(labels.tolist(), n_real.tolist(), strict=True))
    made = sorted(((n, label) for label, n in n_synthetic.items() if n), key=lambda of: -of[0])[:MAX_CLASSES]
    n_images = 0
    for n, label in made:
        m = min(sizes.get(label, 0) // 2, n, MAX_IMAGES)
        if m >= MIN_IMAGES:
            n_images += 2 * m + min(sizes[label], n, MAX_IMAGES)
    if not n_images:
        return 0.0
    return _TIMES_FEATURES * n_images * _seconds_of_image(images)


def _seconds_of_image(images: NDArray) -> float:
    """Return the median over small batches: other programs may have the core for a moment."""
    some = images[: min(_N_TRIED, len(images))]
    seconds = []
    try:
        image_features(some[:2])
        for batch in np.array_split(some, min(_N_BATCHES, len(some))):
            began = time.perf_counter()
            image_features(batch)
            seconds.append((time.perf_counter() - began) / len(batch))
    except MissingExtraError:
        return _SECONDS_OF_PIXELS
    return float(np.median(seconds))
