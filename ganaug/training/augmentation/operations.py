"""Differentiable operations on all images that the discriminator sees, real and fake (DiffAugment, arXiv 2006.10738).

With few training images, a discriminator learns them by heart. It cannot do so if it sees real and fake images only
through random operations. The gradient of the generator passes through the same operations, so the generator still
learns to make images without them. This works if the operations can be undone, in principle, from the *distribution*
of the results alone (arXiv 2006.06676, section 2). Therefore:

- Each operation is applied to each image with a probability `p`, and does not change the other images. Below `p` = 0.8
  this is enough in practice: images without the operation stay the most frequent ones.
- Flips and rotations by 90 degrees draw from all their directions, "unchanged" included. At `p` = 1 all directions are
  equally frequent. The generator then cannot know the right one, and samples may show any of them.
- All other operations draw from a range around "unchanged". At `p` = 1 the generator can find the middle of the range
  only from its two ends, so it learns more slowly not to move or brighten its samples.
- Cutout destroys what it covers, and is known to leave its boxes in samples. No policy contains it.

To add an operation, write a function of (images, draws) that returns an image unchanged, bit for bit, where its draws
are 0, and give it a row in `OPERATIONS`.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import NamedTuple

import torch
from torch import Tensor

Change = Callable[[Tensor, Tensor], Tensor]


def _on_light(change: Change) -> Change:
    """Apply a change of light to the colours only, not to the opacity of images with four channels."""

    @wraps(change)
    def changed(images: Tensor, draws: Tensor) -> Tensor:
        if images.shape[1] != 4:
            return change(images, draws)
        return torch.cat([change(images[:, :3], draws), images[:, 3:]], 1)

    return changed


def _per_image(draws: Tensor) -> Tensor:
    """Give draws of shape (n, 1) the dimensions of images."""
    return draws[..., None, None]


def _pick(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Take each pixel (n, H, W) from the given place in its own image, or from the nearest edge pixel.

    Repeating the edge gives the discriminator no new information, and suits dark and bright backgrounds. A constant,
    like the zeros of DiffAugment, which are mid grey here, would put a line around moved images that no real image has.
    Reflection would show structures twice.
    """
    n, channels, height, width = images.shape
    place = rows.clamp(0, height - 1) * width + columns.clamp(0, width - 1)
    place = place.flatten(1)[:, None].expand(n, channels, height * width)
    return images.flatten(2).gather(2, place).view(images.shape)


def _resample(images: Tensor, along: Tensor, across: Tensor) -> Tensor:
    """Rotate and scale about the centre by bilinear interpolation, which is exact for pixels that stay in place.

    The pixel at (row, column) from the centre comes from (along * row + across * column, along * column - across *
    row). The unit is a pixel, so that a rotation keeps shapes in images that are not square. Built on `gather`, which
    can be differentiated twice on every device.
    """
    height, width = images.shape[2:]
    middle, centre = (height - 1) / 2, (width - 1) / 2
    row = torch.arange(height, device=images.device)[:, None] - middle
    column = torch.arange(width, device=images.device) - centre
    along, across = _per_image(along[:, 0]), _per_image(across[:, 0])
    rows = middle + along * row + across * column
    columns = centre + along * column - across * row
    top, left = rows.floor(), columns.floor()
    down, right = (rows - top)[:, None], (columns - left)[:, None]
    top, left = top.long(), left.long()
    above = torch.lerp(_pick(images, top, left), _pick(images, top, left + 1), right)
    below = torch.lerp(_pick(images, top + 1, left), _pick(images, top + 1, left + 1), right)
    return torch.lerp(above, below, down)


def translate(images: Tensor, draws: Tensor) -> Tensor:
    """Move down and right by whole pixels, up to an eighth of each side: draws (n, 2), vertical and horizontal.

    All distances are equally likely. The edge is repeated in the part that becomes empty.
    """
    height, width = images.shape[2:]
    max_shift = torch.tensor([height // 8, width // 8], device=images.device)
    # a draw of exactly -1 lies half a pixel beyond the maximum
    shift = torch.clamp((draws * (max_shift + 0.5)).round().long(), -max_shift, max_shift)
    rows = torch.arange(height, device=images.device)[:, None] - _per_image(shift[:, 0])
    columns = torch.arange(width, device=images.device) - _per_image(shift[:, 1])
    return _pick(images, rows, columns)


@_on_light
def brighten(images: Tensor, draws: Tensor) -> Tensor:
    """Add up to a quarter of the range to all pixels, or subtract it, without clipping: draws (n, 1)."""
    return images + 0.5 * _per_image(draws)


@_on_light
def contrast(images: Tensor, draws: Tensor) -> Tensor:
    """Multiply the distance from the image's mean by 0.5 to 1.5: draws (n, 1)."""
    return images + 0.5 * _per_image(draws) * (images - images.mean((1, 2, 3), keepdim=True))


@_on_light
def saturate(images: Tensor, draws: Tensor) -> Tensor:
    """Multiply the distance of colours from grey by 0 to 2: draws (n, 1). Images without colours are unchanged."""
    if images.shape[1] != 3:
        return images
    return images + _per_image(draws) * (images - images.mean(1, keepdim=True))


def flip(images: Tensor, draws: Tensor) -> Tensor:
    """Mirror left and right where the draw is negative: draws (n, 1)."""
    return torch.where(_per_image(draws) < 0, images.flip(3), images)


def flip_vertically(images: Tensor, draws: Tensor) -> Tensor:
    """Mirror top and bottom where the draw is negative: draws (n, 1)."""
    return torch.where(_per_image(draws) < 0, images.flip(2), images)


def rotate_90(images: Tensor, draws: Tensor) -> Tensor:
    """Rotate by 0, 90, 180 or 270 degrees, images that are not square by 0 or 180: draws (n, 1)."""
    is_square = images.shape[2] == images.shape[3]
    n_directions = 4 if is_square else 2
    # a draw of exactly -1 is a rotation by 360 degrees
    quarters = _per_image((draws.abs() * n_directions).long() % n_directions) * (4 // n_directions)
    images = torch.where(quarters >= 2, images.flip(2, 3), images)
    return torch.where(quarters % 2 == 1, images.rot90(1, (2, 3)), images) if is_square else images


def rotate_slightly(images: Tensor, draws: Tensor) -> Tensor:
    """Rotate about the centre by up to 15 degrees: draws (n, 1)."""
    angle = draws * (torch.pi / 12)
    return _resample(images, angle.cos(), angle.sin())


def scale(images: Tensor, draws: Tensor) -> Tensor:
    """Enlarge or shrink the content of the image, by a factor of 0.8 to 1.25: draws (n, 1)."""
    return _resample(images, 1.25**-draws, torch.zeros_like(draws))


def cut_out(images: Tensor, draws: Tensor) -> Tensor:
    """Fill a box of up to half of each side with mid grey: draws (n, 3), the size and the place of the centre."""
    size, *centre = _per_image(draws.T)
    inside = torch.ones((), dtype=torch.bool, device=images.device)
    for axis, place in enumerate(centre):
        side = images.shape[2 + axis]
        pixel = torch.arange(side, device=images.device).view(-1, *[1] * (1 - axis))
        inside = inside & ((pixel - (place + 1) / 2 * (side - 1)).abs() < size.abs() * side / 4)
    return images.masked_fill(inside[:, None], 0.0)


def add_noise(images: Tensor, draws: Tensor) -> Tensor:
    """Add noise with a standard deviation of a twentieth of the range: draws of the shape of the images."""
    return images + 0.1 * draws


def _uniform(n_draws: int) -> Callable[[Tensor, torch.Generator], Tensor]:
    """Return a function that draws `n_draws` numbers in [-1, 1) for each image."""

    def draw(images: Tensor, generator: torch.Generator) -> Tensor:
        return torch.rand(len(images), n_draws, generator=generator, device=generator.device) * 2 - 1

    return draw


def _normal(images: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(images.shape, generator=generator, device=generator.device)


class Operation(NamedTuple):
    """An operation on images, and the random numbers it needs.

    Attributes
    ----------
    apply : callable (images, draws) -> images
        Pure, differentiable with respect to the images, also twice. Images are of shape (n, channels, H, W), floats
        in [-1, 1] or slightly outside; draws have the dtype and device of the images. Each result depends only on its
        own image and draws, and equals the image where the draws are 0.
    draw : callable (images, generator) -> draws
        Draws of shape (n, ...) on the generator's device.

    Examples
    --------
    >>> image = torch.tensor([[[[0.0, 0.5], [1.0, -1.0]]]])
    >>> OPERATIONS["flip"].apply(image, torch.tensor([[-0.3]]))
    tensor([[[[ 0.5000,  0.0000],
              [-1.0000,  1.0000]]]])
    """

    apply: Change
    draw: Callable[[Tensor, torch.Generator], Tensor]


OPERATIONS: dict[str, Operation] = {
    "translation": Operation(translate, _uniform(2)),
    "brightness": Operation(brighten, _uniform(1)),
    "contrast": Operation(contrast, _uniform(1)),
    "saturation": Operation(saturate, _uniform(1)),
    "flip": Operation(flip, _uniform(1)),
    "vertical flip": Operation(flip_vertically, _uniform(1)),
    "rotation": Operation(rotate_90, _uniform(1)),
    "small rotation": Operation(rotate_slightly, _uniform(1)),
    "scale": Operation(scale, _uniform(1)),
    "cutout": Operation(cut_out, _uniform(3)),
    "noise": Operation(add_noise, _normal),
}


class Policy(NamedTuple):
    """Operations for a kind of images.

    Attributes
    ----------
    always : tuple of str
        Names of `OPERATIONS`.
    in_colour : tuple of str
        Names that are added for images of three or four channels.
    """

    always: tuple[str, ...]
    in_colour: tuple[str, ...] = ()


# In grey images brightness is often a measurement, such as the density of a tissue. In photographs it depends on the
# lamp.
POLICIES: dict[str, Policy] = {
    "auto": Policy(("translation",), in_colour=("brightness",)),
    "safe": Policy(("translation",)),
    "photographs": Policy(("translation", "brightness", "contrast"), in_colour=("saturation",)),
    # cells, skin lesions, aerial images: flips and rotations by 90 degrees together give all eight directions
    "any direction": Policy(("translation", "flip", "rotation"), in_colour=("brightness",)),
}


def operations_for(augment: str | Sequence[str] | None, channels: int) -> tuple[str, ...]:
    """Return the names of the operations of a policy, or check the names in a list.

    Parameters
    ----------
    augment : None, str or sequence of str
        None for no operation; a name of `POLICIES`; or names of `OPERATIONS`, applied in their order.

        - ``"auto"``: only operations that keep the meaning of an image: small translations, and brightness for colour
          images;
        - ``"safe"``: small translations, for any number of channels;
        - ``"photographs"``: translation, brightness, contrast, and saturation for colour images;
        - ``"any direction"``: as ``"auto"``, with flips and rotations by 90 degrees, for images without a natural
          orientation.
    channels : int
        Channels of the images: 3 and 4 are colour (RGB, RGBA), all other numbers are not.

    Returns
    -------
    tuple of str
        Names of `OPERATIONS`.

    Raises
    ------
    ValueError
        If a name does not exist; the message lists the names that do.

    Examples
    --------
    >>> operations_for("auto", channels=1), operations_for("auto", channels=3)
    (('translation',), ('translation', 'brightness'))
    """
    if augment is None:
        return ()
    if not isinstance(augment, str):
        return check_operations(augment)
    if augment not in POLICIES:
        raise ValueError(
            f"augment={augment!r} is not a policy. Use one of {', '.join(map(repr, POLICIES))}, None, or a list of "
            f"operations from {', '.join(map(repr, OPERATIONS))}"
        )
    policy = POLICIES[augment]
    return policy.always + (policy.in_colour if channels in (3, 4) else ())


def check_operations(operations: Sequence[str]) -> tuple[str, ...]:
    """Return names of operations as a tuple; raise ValueError if one does not exist."""
    for name in operations:
        if not isinstance(name, str) or name not in OPERATIONS:
            raise ValueError(
                f"augment has an operation {name!r} that does not exist. Use some of {', '.join(map(repr, OPERATIONS))}"
            )
    return tuple(operations)
