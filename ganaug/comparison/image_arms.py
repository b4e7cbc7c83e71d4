"""The ways to train on images that are compared: how images are drawn and augmented, and which are synthetic."""

import re
from typing import Any

from sklearn.base import BaseEstimator, clone

from ganaug.comparison.samplers import without_checkpoint
from ganaug.oversampler import GANOversampler
from ganaug.training import CLASSICAL, check_classical

_SHARES = (0.1, 0.2, 0.35, 0.5)
_DRAWS = ("images", "weights", "classes")
_NAME = re.compile(r"ganaug (\d*\.?\d+)( \+ weights)?(?: \+ classical (mild|strong))?")
# The share that is tried with class weights as well: each further one would take as long as a way of its own.
_SHARE_WITH_WEIGHTS = 0.2


class ImageArm(BaseEstimator):
    """A way to train a classifier of images.

    Parameters
    ----------
    share : float, default=0.0
        Share of synthetic images in each class, among the draws or in the weights, in [0, 1).
    augment : {"off", "mild", "strong"}, default="off"
        Classical augmentation, see `ganaug.BalancedImages`.
    draw : {"classes", "images", "weights"}, default="classes"
        What is drawn equally often: classes, or images. "weights" draws images equally often and weighs them in the
        loss, so that classes count the same, and in each of them synthetic images as their share. With a share, it must
        not be "images".
    sampler : GANOversampler or None, default=None
        What generates the synthetic images; None is `GANOversampler` with its defaults. Its strategy is not used: one
        training on each split serves all shares.

    Examples
    --------
    >>> arm_of("ganaug 0.2 + classical mild")
    ImageArm(augment='mild', share=0.2)
    """

    def __init__(
        self, *, share: float = 0.0, augment: str = "off", draw: str = "classes", sampler: GANOversampler | None = None
    ) -> None:
        self.share = share
        self.augment = augment
        self.draw = draw
        self.sampler = sampler


_WITHOUT = {
    "none": ImageArm(draw="images"),
    "weights": ImageArm(draw="weights"),
    "repeated": ImageArm(),
    "classical mild": ImageArm(augment="mild"),
    "classical strong": ImageArm(augment="strong"),
    "weights + classical mild": ImageArm(draw="weights", augment="mild"),
    "weights + classical strong": ImageArm(draw="weights", augment="strong"),
}
_POLICIES = tuple("" if kind == "off" else f" + classical {kind}" for kind in CLASSICAL)
ARMS = (
    *_WITHOUT,
    *(f"ganaug {share}{policy}" for policy in _POLICIES for share in _SHARES),
    *(f"ganaug {_SHARE_WITH_WEIGHTS} + weights{policy}" for policy in _POLICIES),
)
"""Names of the ways that are compared by default."""


def arms_of(names: Any, sampler: GANOversampler | None) -> dict[str, ImageArm]:
    """Return arms by name, "none" first, all of which take their synthetic images from one sampler.

    Parameters
    ----------
    names : str or sequence of str
        Names as in `arm_of`.
    sampler : GANOversampler or None
        What generates.
    """
    names = [names] if isinstance(names, str) else list(names)
    arms = {name: arm_of(name) for name in dict.fromkeys(["none", *names])}
    for arm in arms.values():
        arm.sampler = without_checkpoint(sampler) if arm.share else None
    return arms


def arm_of(given: Any) -> ImageArm:
    """Return the arm of a name, or of a sampler.

    Parameters
    ----------
    given : str, ImageArm or GANOversampler
        A sampler stands for its images at its `synthetic_share`, without classical augmentation.

    Raises
    ------
    ValueError
        If the name is unknown, or a parameter is out of its range.
    """
    if isinstance(given, GANOversampler):
        given = ImageArm(share=given.synthetic_share, sampler=given)
    if isinstance(given, ImageArm):
        given = without_checkpoint(given)
        check_classical(given.augment)
        if not 0 <= given.share < 1:
            raise ValueError(f"samplers: share={given.share} must be from 0 to below 1")
        if given.draw not in _DRAWS or (given.share and given.draw == "images"):
            raise ValueError(
                f"samplers: draw={given.draw!r} must be 'classes' or 'weights', or without a share one of {_DRAWS}"
            )
        return given
    known = _WITHOUT.get(given) if isinstance(given, str) else None
    asked = _NAME.fullmatch(given) if isinstance(given, str) else None
    if known is not None:
        return clone(known)
    if asked is None or not 0 < float(asked[1]) < 1:
        raise ValueError(
            f"samplers: {given!r} is no way to train on images; use {', '.join(_WITHOUT)}, 'ganaug 0.2' (a share "
            "between 0 and 1), 'ganaug 0.2 + classical mild', 'ganaug 0.2 + weights + classical mild', an ImageArm, or "
            "a GANOversampler"
        )
    return ImageArm(share=float(asked[1]), augment=asked[3] or "off", draw="weights" if asked[2] else "classes")
