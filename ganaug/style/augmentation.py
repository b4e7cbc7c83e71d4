"""More images of rare classes: real ones in the stain, the light or the scanner of other images of the set."""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganaug.common.labels import labels_of
from ganaug.common.random import draw_seed
from ganaug.style.arrays import stylize


class StyledImages(NamedTuple):
    """Images with the content of one real image in the style of another.

    Attributes
    ----------
    X : ndarray of shape (k, h, w[, c])
        The images, in the dtype of the real ones.
    y : ndarray of shape (k,)
        The class of each, which is that of its content.
    content, style : ndarray of int, shape (k,)
        Positions of the two real images, which differ. Keep an image and the new ones with its content on one side of a
        split.
    """

    X: NDArray
    y: NDArray
    content: NDArray[np.intp]
    style: NDArray[np.intp]


def style_augmented(
    X: ArrayLike,
    y: ArrayLike,
    *,
    n_each: int = 1,
    classes: Any = None,
    styles: Literal["same class", "all"] = "same class",
    groups: ArrayLike | None = None,
    random_state: int | np.random.RandomState | None = None,
    **params: Any,
) -> StyledImages:
    """Show each image of the rare classes in the style of random other images of the set.

    Parameters
    ----------
    X : array of shape (n, h, w) or (n, h, w, c)
        Real images, as in `stylize`.
    y : array-like of shape (n,)
        Their classes.
    n_each : int, default=1
        New images of each image.
    classes : sequence of labels or None, default=None
        The classes that get new images. None takes those with at most half as many images as the largest class.
    styles : {"same class", "all"}, default="same class"
        Whose style an image takes. Where the colour tells classes apart, as that of a white blood cell does, the style
        of another class takes the mark of the class away; "all" is for sets whose classes differ in shape only.
    groups : array-like of shape (n,) or None, default=None
        Slide, patient or scanner of each image. If given, an image takes the style of another group.
    random_state : int, RandomState or None, default=None
        Seed of the styles.
    **params
        Of `stylize`: `method`, `strength`, `n_steps`, `content_weight` and `value_range`. `method` is "color" here by
        default, which takes less than a millisecond an image.

    Returns
    -------
    StyledImages
        The new images only, ``n_each`` of each image after another, with the positions they come from.

    Raises
    ------
    ValueError
        If an image has no other image to take the style of, a class is unknown, or as in `stylize`.

    Notes
    -----
    A network that trains on images of which only rare ones are changed may learn the changes as a mark of the class.
    Name all classes in `classes` to rule that out.

    Examples
    --------
    >>> X = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    >>> y = np.array(["well"] * 35 + ["sick"] * 5)
    >>> more = style_augmented(X, y, n_each=2, random_state=0)
    >>> more.X.shape, set(more.y.tolist()), more.content.tolist()
    ((10, 16, 16, 3), {'sick'}, [35, 35, 36, 36, 37, 37, 38, 38, 39, 39])
    """
    images, labels = np.asarray(X), labels_of(y)
    if len(images) != len(labels):
        raise ValueError(f"X has {len(images)} images, but y has {len(labels)} labels")
    if n_each < 1:
        raise ValueError(f"{n_each=} must be at least 1")
    if styles not in ("same class", "all"):
        raise ValueError(f"{styles=} is unknown; use 'same class' or 'all'")
    if groups is not None and np.shape(groups) != (len(images),):
        raise ValueError(f"groups must have shape ({len(images)},), one for each image, got {np.shape(groups)}")
    wanted = _rare(labels) if classes is None else list(classes)
    unknown = [label for label in wanted if label not in set(labels.tolist())]
    if unknown:
        raise ValueError(f"classes names {unknown[0]!r}, which is not in y")
    rng = np.random.default_rng(draw_seed(random_state))
    content = np.repeat(np.flatnonzero(np.isin(labels, wanted)), n_each)
    chosen = np.empty(len(content), dtype=np.intp)
    of_group = np.arange(len(images)) if groups is None else np.asarray(groups)
    for row in dict.fromkeys(content.tolist()):
        allowed = of_group != of_group[row]
        if styles == "same class":
            allowed &= labels == labels[row]
        others = np.flatnonzero(allowed)
        if not len(others):
            within = "of its class" if styles == "same class" else "in X"
            why = f"all images {within} are of its group" if groups is not None else f"it is the only image {within}"
            raise ValueError(
                f"image {row} of class {labels.tolist()[row]!r} has no style to take: {why}"
                + ("; try styles='all', or leave the class out of classes" if styles == "same class" else "")
            )
        chosen[content == row] = _drawn(others, n_each, rng)
    used, pairs = np.unique(chosen, return_inverse=True)
    params = {"method": "color", **params}
    if not len(content):
        return StyledImages(images[:0].copy(), labels[:0], content, chosen)
    return StyledImages(stylize(images[content], images[used], pairs=pairs, **params), labels[content], content, chosen)


def _rare(labels: NDArray) -> list[Any]:
    names, counts = np.unique(labels, return_counts=True)
    return names[counts <= counts.max() / 2].tolist()


def _drawn(others: NDArray, n: int, rng: np.random.Generator) -> NDArray:
    """Draw without repetition as long as there are others."""
    rounds = [rng.permutation(others) for _ in range(-(-n // len(others)))]
    return np.concatenate(rounds)[:n]
