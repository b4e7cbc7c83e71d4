"""Whether a generator has learned its training images by heart, which only images that it has not seen can show."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.metrics import pixel_neighbors

# Images of a class that are compared at most: of each set.
_MAX_COMPARED = 250
_N_PERMUTATIONS = 1_999


class Memory(NamedTuple):
    """The result of `memory_of_training`.

    Attributes
    ----------
    n : int
        Synthetic images that were compared.
    share : float
        Share of them that is nearer to a training image than to each of as many unseen images. By chance it is half.
    p_value : float
        Probability of such a share, or a larger one, if it did not matter to the generator which images it has seen.
    """

    n: int
    share: float
    p_value: float


def memory_of_training(sets: dict[str, NDArray], labels: dict[str, NDArray], min_images: int) -> Memory | None:
    """Compare how near synthetic images are to training images, and to as many unseen ones of the same class.

    Parameters
    ----------
    sets : dict of str to array of shape (n, h, w[, c])
        Images: "real" are those of the training, "holdout" those that the generator has not seen, and "synthetic".
    labels : dict of str to array of shape (n,)
        Their classes.
    min_images : int
        A class with fewer training or unseen images is left out.

    Returns
    -------
    Memory or None
        None if no class has enough images.

    Notes
    -----
    Blurred images are nearer to all real images, seen or not, and do not change the share. The p-value is that of a
    permutation test: if the generator does not depend on which images it has seen, training and unseen images of a
    class may be exchanged. At most 250 images of a class are compared.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 256, size=(40, 8, 8), dtype=np.uint8)
    >>> sets = {"real": images[:20], "synthetic": images[:20] // 2 + 60, "holdout": images[20:]}
    >>> labels = {name: np.zeros(20) for name in sets}
    >>> memory_of_training(sets, labels, 12)
    Memory(n=20, share=1.0, p_value=0.0005)
    """
    rng = np.random.default_rng(0)
    nearest = []
    for label in np.unique(labels["synthetic"]):
        own = {name: rng.permutation(np.flatnonzero(of == label))[:_MAX_COMPARED] for name, of in labels.items()}
        m = min(len(own["real"]), len(own["holdout"]))
        if m < min_images:
            continue
        synthetic = sets["synthetic"][own["synthetic"]]
        seen, to_seen, _ = pixel_neighbors(synthetic, sets["real"][own["real"][:m]], n=1)
        unseen, to_unseen, _ = pixel_neighbors(synthetic, sets["holdout"][own["holdout"][:m]], n=1)
        place = np.where(to_seen < to_unseen, seen, m + unseen)[:, 0]
        # how many synthetic images are nearest to each real image, first the training images
        nearest.append(np.bincount(place, minlength=2 * m))
    if not nearest:
        return None
    n = int(sum(of.sum() for of in nearest))
    found = sum(of[: len(of) // 2].sum() for of in nearest)
    by_chance = np.zeros(_N_PERMUTATIONS)
    for of in nearest:
        exchanged = rng.permuted(np.tile(of, (_N_PERMUTATIONS, 1)), axis=1)
        by_chance += exchanged[:, : len(of) // 2].sum(1)
    p_value = (1 + int((by_chance >= found).sum())) / (1 + _N_PERMUTATIONS)
    return Memory(n, float(found / n), p_value)
