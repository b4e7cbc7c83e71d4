"""Differentiable augmentation of all that the discriminator sees, real and fake (DiffAugment, arXiv 2006.10738).

With few pictures the discriminator learns them by heart. Shown real and fake ones only through random operations it
cannot; and as the generator's gradient passes through the same operations, the generator still learns to make
pictures without them. That holds as long as what the operations do to a *distribution* of pictures can be undone, in
principle, by one who sees only results (arXiv 2006.06676, section 2). So here

- each operation is applied to each picture with a probability `p`, and leaves the others exactly as they are. Below
  `p` = 0.8 that is enough in practice: pictures as the generator should make them stay the most frequent ones;
- flips and rotations draw from all their directions, with "as it is" among them. At `p` = 1 every direction is
  equally frequent, nobody can tell which one is right, and the generator may take any: they leak;
- all others draw from a range around "as it is". At `p` = 1 only the two ends of the range tell the generator where
  its middle is, so that moved or brightened samples are found out later;
- cutout destroys what it covers, and is known to leak its boxes into samples. No policy has it.

To add an operation, write a function of (images, draws) that returns an image unchanged, bit for bit, where its draws
are 0, and give it a row in `OPERATIONS`.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Literal, NamedTuple

import torch
from torch import Tensor

Change = Callable[[Tensor, Tensor], Tensor]
# Above, augmentations begin to show in samples.
_MOST = 0.8
# Real images over which r_t is averaged between two adjustments: four batches of 64.
_AVERAGED = 256


def _on_light(change: Change) -> Change:
    """Keep the opacity of images with four channels out of what is done to their light."""

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
    """Take each pixel (n, H, W) from the place given in its own image, the nearest edge pixel for places outside.

    Repeating the edge tells the discriminator nothing new, and suits dark and bright backgrounds alike. A constant, as
    DiffAugment's zeros, which are mid grey here, would frame moved pictures with a line that none of the pictures has;
    reflection would show structures twice that the patient has once.
    """
    n, channels, height, width = images.shape
    place = rows.clamp(0, height - 1) * width + columns.clamp(0, width - 1)
    place = place.flatten(1)[:, None].expand(n, channels, height * width)
    return images.flatten(2).gather(2, place).view(images.shape)


def _resample(images: Tensor, along: Tensor, across: Tensor) -> Tensor:
    """Turn and scale about the centre by bilinear interpolation, which is exact for pixels that stay in place.

    The pixel at (row, column) from the centre comes from (along * row + across * column, along * column - across *
    row), in pixels, so that a turn is one also where sides differ. Built on `gather`, whose derivatives have
    derivatives on every device.
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

    All distances are equally likely. The edge is repeated where the picture has moved away from.
    """
    height, width = images.shape[2:]
    most = torch.tensor([height // 8, width // 8], device=images.device)
    # a draw of exactly -1 lies half a pixel beyond the most
    shift = torch.clamp((draws * (most + 0.5)).round().long(), -most, most)
    rows = torch.arange(height, device=images.device)[:, None] - _per_image(shift[:, 0])
    columns = torch.arange(width, device=images.device) - _per_image(shift[:, 1])
    return _pick(images, rows, columns)


@_on_light
def brighten(images: Tensor, draws: Tensor) -> Tensor:
    """Add up to a quarter of the range to all pixels or take it away, without cutting off: draws (n, 1)."""
    return images + 0.5 * _per_image(draws)


@_on_light
def contrast(images: Tensor, draws: Tensor) -> Tensor:
    """Multiply the distance from the image's mean by 0.5 to 1.5: draws (n, 1)."""
    return images + 0.5 * _per_image(draws) * (images - images.mean((1, 2, 3), keepdim=True))


@_on_light
def saturate(images: Tensor, draws: Tensor) -> Tensor:
    """Multiply the distance of colours from grey by 0 to 2: draws (n, 1). Images without colours are left alone."""
    if images.shape[1] != 3:
        return images
    return images + _per_image(draws) * (images - images.mean(1, keepdim=True))


def flip(images: Tensor, draws: Tensor) -> Tensor:
    """Mirror left and right where the draw is negative: draws (n, 1)."""
    return torch.where(_per_image(draws) < 0, images.flip(3), images)


def flip_vertically(images: Tensor, draws: Tensor) -> Tensor:
    """Mirror top and bottom where the draw is negative: draws (n, 1)."""
    return torch.where(_per_image(draws) < 0, images.flip(2), images)


def rotate(images: Tensor, draws: Tensor) -> Tensor:
    """Rotate by 0, 90, 180 or 270 degrees, images that are not square by 0 or 180: draws (n, 1)."""
    is_square = images.shape[2] == images.shape[3]
    n_turns = 4 if is_square else 2
    # a draw of exactly -1 is a full turn
    quarters = _per_image((draws.abs() * n_turns).long() % n_turns) * (4 // n_turns)
    images = torch.where(quarters >= 2, images.flip(2, 3), images)
    return torch.where(quarters % 2 == 1, images.rot90(1, (2, 3)), images) if is_square else images


def turn(images: Tensor, draws: Tensor) -> Tensor:
    """Turn about the centre by up to 15 degrees: draws (n, 1)."""
    angle = draws * (torch.pi / 12)
    return _resample(images, angle.cos(), angle.sin())


def scale(images: Tensor, draws: Tensor) -> Tensor:
    """Make what is in the picture larger or smaller, by 0.8 to 1.25: draws (n, 1)."""
    return _resample(images, 1.25**-draws, torch.zeros_like(draws))


def cut_out(images: Tensor, draws: Tensor) -> Tensor:
    """Fill a box of up to half of each side with mid grey: draws (n, 3), size and the centre's place."""
    size, *centre = _per_image(draws.T)
    inside = torch.ones((), dtype=torch.bool, device=images.device)
    for axis, place in enumerate(centre):
        side = images.shape[2 + axis]
        pixel = torch.arange(side, device=images.device).view(-1, *[1] * (1 - axis))
        inside = inside & ((pixel - (place + 1) / 2 * (side - 1)).abs() < size.abs() * side / 4)
    return images.masked_fill(inside[:, None], 0.0)


def add_noise(images: Tensor, draws: Tensor) -> Tensor:
    """Add noise with a standard deviation of a twentieth of the range: draws as large as the images."""
    return images + 0.1 * draws


def _uniform(n_draws: int) -> Callable[[Tensor, torch.Generator], Tensor]:
    """Return what draws `n_draws` numbers in [-1, 1) for each image."""

    def draw(images: Tensor, generator: torch.Generator) -> Tensor:
        return torch.rand(len(images), n_draws, generator=generator, device=generator.device) * 2 - 1

    return draw


def _normal(images: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(images.shape, generator=generator, device=generator.device)


class Operation(NamedTuple):
    """What is done to images, and the random numbers it takes.

    Attributes
    ----------
    apply : callable (images, draws) -> images
        Pure, differentiable with respect to the images, also twice. Images are of shape (n, channels, H, W), floats
        in [-1, 1] or a little beyond; draws have the dtype and device of the images. Each image depends on itself and
        its own draws only, and is returned as it is where they are 0.
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
    "rotation": Operation(rotate, _uniform(1)),
    "turn": Operation(turn, _uniform(1)),
    "scale": Operation(scale, _uniform(1)),
    "cutout": Operation(cut_out, _uniform(3)),
    "noise": Operation(add_noise, _normal),
}


class Policy(NamedTuple):
    """Operations for a kind of pictures.

    Attributes
    ----------
    always : tuple of str
        Names of `OPERATIONS`.
    in_colour : tuple of str
        Those that come after them on images of three or four channels.
    """

    always: tuple[str, ...]
    in_colour: tuple[str, ...] = ()


# In grey pictures brightness is often a measurement, the density of a tissue for one; in photographs it is the lamp's.
POLICIES: dict[str, Policy] = {
    "auto": Policy(("translation",), in_colour=("brightness",)),
    "safe": Policy(("translation",)),
    "photographs": Policy(("translation", "brightness", "contrast"), in_colour=("saturation",)),
    # cells, skin lesions, views from above: with flips, quarter turns reach every direction that pixels allow
    "any direction": Policy(("translation", "flip", "rotation"), in_colour=("brightness",)),
}


def operations_for(augment: str | Sequence[str] | None, channels: int) -> tuple[str, ...]:
    """Return the names of the operations that are meant.

    Parameters
    ----------
    augment : None, str or sequence of str
        None for no operation; a name of `POLICIES`; or names of `OPERATIONS`, applied in their order.

        - ``"auto"``: only what cannot change what a picture shows, small translations, and brightness in colour;
        - ``"safe"``: small translations, whatever the channels;
        - ``"photographs"``: translation, brightness, contrast, and saturation in colour;
        - ``"any direction"``: as ``"auto"``, and flips and quarter turns, for pictures without an up or a left.
    channels : int
        Of the images: 3 and 4 are colour (RGB, RGBA), all other numbers are not.

    Raises
    ------
    ValueError
        When a name does not exist; the message lists those that do.

    Examples
    --------
    >>> operations_for("auto", channels=1), operations_for("auto", channels=3)
    (('translation',), ('translation', 'brightness'))
    """
    if augment is None:
        return ()
    if not isinstance(augment, str):
        return _known(augment)
    if augment not in POLICIES:
        raise ValueError(
            f"augment={augment!r} is no policy: take one of {', '.join(map(repr, POLICIES))}, None, or a list of "
            f"operations among {', '.join(map(repr, OPERATIONS))}"
        )
    policy = POLICIES[augment]
    return policy.always + (policy.in_colour if channels in (3, 4) else ())


def _known(operations: Sequence[str]) -> tuple[str, ...]:
    for name in operations:
        if not isinstance(name, str) or name not in OPERATIONS:
            raise ValueError(
                f"augment has an operation {name!r} that does not exist: take some of "
                f"{', '.join(map(repr, OPERATIONS))}"
            )
    return tuple(operations)


class AdaptiveAugmentation:
    """Apply operations at random, as often as the discriminator needs it (ADA, arXiv 2006.06676).

    A discriminator that is sure of all the training pictures has learned them by heart. How sure it is is measured by
    r_t, the mean sign of its scores of real images: 0 when they look like fake ones, 1 when each is told from them.
    With ``p="adaptive"``, augmentation starts at none, and grows while r_t is above the target.

    Parameters
    ----------
    operations : sequence of str
        Names of `OPERATIONS`, as `operations_for` returns them, applied in their order.
    p : float or "adaptive"
        Probability in [0, 1] with which each operation is applied to each image, independently. A flip is then seen
        in half of `p` of the images, as one of its two results is the image itself. Above 0.8 operations may show in
        samples; "adaptive" stays in [0, 0.8].
    generator : torch.Generator
        Source of rng; numbers are drawn on its device.
    batch_size : int
        Real images in each call of `observe`.
    target : float, default=0.6
        Of r_t; ADA's value.
    speed : float, default=2e-5
        How far `p` moves with each real image that the discriminator is trained on. The default goes from 0 to 1 in
        50,000 images, ten times as fast as in ADA, as runs here are short: 2,000 to 10,000 steps of 32.

    Attributes
    ----------
    p : float
        The present probability. May be set, to go on from an earlier run.
    r_t : float
        As last measured, over 256 images; 0 before. Measured also where `p` is fixed.

    Raises
    ------
    ValueError
        When an operation does not exist, or `p` is no probability.

    Examples
    --------
    >>> augment = AdaptiveAugmentation(["translation"], p="adaptive", generator=torch.Generator().manual_seed(0), batch_size=256)
    >>> images = torch.zeros(8, 1, 16, 16)
    >>> augment(images) is images
    True
    >>> augment.observe(torch.ones(256))
    >>> augment.r_t, round(augment.p, 5)
    (1.0, 0.00512)
    """

    def __init__(
        self,
        operations: Sequence[str],
        *,
        p: float | Literal["adaptive"],
        generator: torch.Generator,
        batch_size: int,
        target: float = 0.6,
        speed: float = 2e-5,
    ) -> None:
        if not (p == "adaptive" if isinstance(p, str) else 0 <= p <= 1):
            raise ValueError(f"{p=}: the probability of an operation is a number in [0, 1], or 'adaptive'")
        self.operations = _known(operations)
        self.is_adaptive = isinstance(p, str)
        self.p = 0.0 if isinstance(p, str) else float(p)
        self.r_t = 0.0
        self.generator = generator
        self.target = target
        # adjusted rarely: each time a GPU is waited for
        self._n_observed = max(1, round(_AVERAGED / batch_size))
        self._step = self._n_observed * batch_size * speed
        self._signs: list[Tensor] = []

    def __call__(self, images: Tensor) -> Tensor:
        """AdaptiveAugmentation each image on its own, real or fake.

        Parameters
        ----------
        images : Tensor of shape (n, channels, H, W)
            Single or double precision, in [-1, 1].

        Returns
        -------
        Tensor of the same shape, dtype and device
            Differentiable with respect to `images`, also twice; `images` itself where `p` is 0. Changes of light may
            lead out of [-1, 1]: cutting off would stop the gradient and could not be undone.
        """
        if self.p == 0:
            return images
        for name in self.operations:
            operation = OPERATIONS[name]
            draws = operation.draw(images, self.generator)
            is_applied = torch.rand(len(images), generator=self.generator, device=draws.device) < self.p
            draws = draws * is_applied.view(-1, *[1] * (draws.ndim - 1))
            images = operation.apply(images, draws.to(images))
        return images

    def observe(self, margin: Tensor) -> None:
        """Learn how sure the discriminator is of real images, once for each of its updates.

        Parameters
        ----------
        margin : Tensor of any shape
            Its scores of real images less the score above which an image counts as real.
        """
        self._signs.append(margin.detach().sign().mean())
        if len(self._signs) < self._n_observed:
            return
        self.r_t = float(torch.stack(self._signs).mean())  # equation 1
        self._signs.clear()
        if self.is_adaptive:
            direction = (self.r_t > self.target) - (self.r_t < self.target)
            self.p = min(max(self.p + direction * self._step, 0.0), _MOST)
