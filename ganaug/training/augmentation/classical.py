"""Classical augmentation of what a classifier is trained on: each image is changed a little whenever it is drawn.

It differs from `operations`, which the discriminator of a GAN sees: all changes of place are one resampling, which
blurs an image once only, and images are from 0 to 1, with black as the fixed point of brightness.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ganaug.training.augmentation.operations import OPERATIONS


class Strength(NamedTuple):
    """The largest changes of a policy.

    Attributes
    ----------
    angle : float
        Rotation, in degrees.
    scale : float
        Change of the size, as a part of it.
    shift : float
        Shift to each side, as a part of the side.
    light : float
        Change of the brightness, as a part of it.
    """

    angle: float
    scale: float
    shift: float
    light: float


# No policy mirrors or turns images, or changes colours: a left lung would become a right one, a 6 a 9.
CLASSICAL = {
    "off": Strength(0, 0, 0, 0),
    "mild": Strength(7.5, 0.05, 0.05, 0.1),
    "strong": Strength(15, 0.1, 0.1, 0.2),
}
# What can be asked for besides.
ALSO = ("flip", "vertical flip", "rotation", "contrast", "saturation")
_N_DRAWS = len(Strength._fields) + 1  # shifts need two


def check_classical(augment: str, also: Sequence[str] = ()) -> tuple[str, ...]:
    """Check the name of a policy and further operations, and return the latter.

    Parameters
    ----------
    augment : str
        A name of `CLASSICAL`.
    also : sequence of str
        Names of `ALSO`.
    """
    if not isinstance(augment, str) or augment not in CLASSICAL:
        raise ValueError(f"augment={augment!r} is not a policy; use one of {', '.join(map(repr, CLASSICAL))}")
    names = (also,) if isinstance(also, str) else tuple(also)
    for name in names:
        if name not in ALSO:
            raise ValueError(f"also has an unknown operation {name!r}; use some of {', '.join(map(repr, ALSO))}")
    return names


def n_classical_draws(also: Sequence[str] = ()) -> int:
    """Return how many draws `classical` needs for each image.

    Parameters
    ----------
    also : sequence of str
        Names of `ALSO`.
    """
    return _N_DRAWS + len(also)


def classical(images: Tensor, draws: Tensor, augment: str = "strong", also: Sequence[str] = ()) -> Tensor:
    """Rotate, scale, shift and brighten each image at random.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width)
        From 0 (black) to 1 (white). The last of four channels is opacity and keeps its brightness.
    draws : Tensor of shape (n, n_classical_draws(also))
        Random numbers from -1 to 1: angle, scale, shift to the right, shift down, brightness, and one for each further
        operation. The result of an image depends on its own draws only.
    augment : {"off", "mild", "strong"}, default="strong"
        "mild" rotates by up to 7.5 degrees, scales and shifts by up to a twentieth, and changes the brightness by up to
        a tenth; "strong" has twice these changes; "off" has none. The nearest edge pixel fills what becomes empty.
    also : sequence of str, default=()
        Further operations, before the others: "flip" (left and right), "vertical flip", "rotation" (by 90 degrees),
        "contrast", "saturation".

    Returns
    -------
    Tensor of shape (n, channels, height, width)
        From 0 to 1; with "off" and nothing else, the images as they are.

    Examples
    --------
    >>> image = torch.tensor([[[[0.0, 0.5], [1.0, 0.25]]]])
    >>> classical(image, torch.tensor([[0, 0, 0, 0, 0.5]]), "strong")  # a tenth brighter, and at most 1
    tensor([[[[0.0000, 0.5500],
              [1.0000, 0.2750]]]])
    """
    for name, draw in zip(also, draws[:, _N_DRAWS:].T, strict=True):
        images = OPERATIONS[name].apply(images, draw[:, None])
    strength = CLASSICAL[augment]
    if not any(strength):
        return images.clamp(0, 1) if also else images
    angle, scale, right, down, light = draws[:, :_N_DRAWS].T
    height, width = images.shape[2:]
    angle, scale = angle * torch.pi / (180 / strength.angle), 1 + strength.scale * scale
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    # the grid extends from -1 to 1 in both directions, so a part of the side is twice as much; the ratio of the sides
    # keeps shapes in images that are not square
    shift, ratio = 2 * strength.shift, height / width
    rows = [
        torch.stack([cosine, -sine * ratio, shift * right], 1),
        torch.stack([sine / ratio, cosine, shift * down], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    brighter = (1 + strength.light * light)[:, None, None, None]
    if images.shape[1] == 4:
        return torch.cat([moved[:, :3] * brighter, moved[:, 3:]], 1).clamp(0, 1)
    return (moved * brighter).clamp(0, 1)
