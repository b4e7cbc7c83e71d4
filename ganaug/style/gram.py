"""Style and content in the maps of a frozen network, and pixels that are optimised for both (arXiv 1508.06576)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ganaug.metrics import feature_maps

# Places in EfficientNet-Lite0: strides 2, 4, 8 and 16 for the style, 8 for the content.
STYLE_PLACES = (0, 3, 5, 8)
CONTENT_PLACE = 5
# The shorter side that the network sees: small images are enlarged, as `ganaug.metrics.features` does, and large ones
# reduced, because time and memory grow with the number of pixels. The pixels of the result keep their own size.
_SMALLEST, _LARGEST = 96, 384
_LEARNING_RATE = 0.03


class Weights(NamedTuple):
    """What the parts of the loss count.

    Attributes
    ----------
    content, style, variation : float
        Of the distances of content maps and of Gram matrices, each relative to the size of its target, and of the
        total variation per pixel.
    """

    content: float
    style: float
    variation: float


def network_size(height: int, width: int) -> tuple[int, int]:
    """Return the height and width in which the network sees an image.

    Parameters
    ----------
    height, width : int
        Of the image.
    """
    shorter = min(height, width)
    factor = min(max(shorter, _SMALLEST), _LARGEST) / shorter
    return max(1, round(height * factor)), max(1, round(width * factor))


def seen(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample images from 0 to 1, and scale them to 0 to 255 for the network; gradients pass.

    Parameters
    ----------
    images : Tensor of shape (n, c, h, w)
        From 0 to 1; c is 1 or 3.
    size : (int, int)
        Height and width of the result.
    """
    if images.shape[2:] != size:
        images = F.interpolate(images, size, mode="bilinear", antialias=True)
    return images * 255


def gram(maps: Tensor) -> Tensor:
    """Return the Gram matrix of each image: mean products of two channels over all places (equation 3).

    Parameters
    ----------
    maps : Tensor of shape (n, c, h, w)
        Maps of a network.

    Returns
    -------
    Tensor of shape (n, c, c)
        Symmetric. It does not depend on where something is in the image, nor on the size of the image.
    """
    flat = maps.flatten(2)
    return flat @ flat.mT / flat.shape[2]


def relative_distance(found: Tensor, target: Tensor) -> Tensor:
    """Return the squared distance of each image to its target, relative to the size of the target.

    Parameters
    ----------
    found, target : Tensor of shape (n, ...)
        Maps or Gram matrices.

    Returns
    -------
    Tensor of shape (n,)
        0 where they are equal. It is the same in all layers of a network, whatever the scale of their channels.
    """
    size = target.flatten(1).square().sum(1)
    return (found - target).flatten(1).square().sum(1) / (size + 1e-12)


def style_grams(images: Tensor, size: tuple[int, int]) -> list[Tensor]:
    """Return the Gram matrices of images at all places of the style.

    Parameters
    ----------
    images, size
        As of `seen`.
    """
    return [gram(maps) for maps in feature_maps(seen(images, size), STYLE_PLACES)]


def transfer(content: Tensor, targets: Sequence[Tensor], *, strength: float, weights: Weights, n_steps: int) -> Tensor:
    """Move the pixels of images until their Gram matrices are those of the style, and their content is kept.

    Parameters
    ----------
    content : Tensor of shape (n, c, h, w)
        Images from 0 to 1. The optimisation starts here, so that it needs no random numbers.
    targets : sequence of Tensor, each of shape (n, c', c')
        Of `style_grams`: a style for each image.
    strength : float
        From 0 to 1: where the wanted Gram matrices lie on the way from those of the content to those of the style.
    weights : Weights
        Of the parts of the loss.
    n_steps : int
        Steps of Adam, whose learning rate falls as a cosine.

    Returns
    -------
    Tensor of shape (n, c, h, w)
        From 0 to 1. Up to rounding errors, an image does not depend on the others: the loss is a sum over images, and
        Adam moves each pixel by its own gradients.
    """
    size = network_size(*content.shape[2:])
    places = sorted({*STYLE_PLACES, CONTENT_PLACE})
    with torch.no_grad():
        kept = dict(zip(places, feature_maps(seen(content, size), places), strict=True))
        wanted = [
            torch.lerp(gram(kept[place]), target, strength) for place, target in zip(STYLE_PLACES, targets, strict=True)
        ]
    moved = content.clone().requires_grad_()
    optimizer = torch.optim.Adam([moved], lr=_LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, n_steps))
    for _ in range(n_steps):
        maps = dict(zip(places, feature_maps(seen(moved, size), places), strict=True))
        distances = [
            relative_distance(gram(maps[place]), target) for place, target in zip(STYLE_PLACES, wanted, strict=True)
        ]
        loss = weights.content * relative_distance(maps[CONTENT_PLACE], kept[CONTENT_PLACE])
        loss = loss + weights.style * torch.stack(distances).mean(0)
        loss = loss + weights.variation * strength * _variation(moved)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            moved.clamp_(0, 1)
    return moved.detach()


def _variation(images: Tensor) -> Tensor:
    """Return the mean squared difference of neighbouring pixels, for each image."""
    down, right = images.diff(dim=2), images.diff(dim=3)
    return down.square().mean((1, 2, 3)) + right.square().mean((1, 2, 3))
