"""A translator that hands the details of its source on, for pairs of images (pix2pix, arXiv 1611.07004)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.nets.translation import (
    PairedDiscriminator,
    PairedTranslator,
    PatchDiscriminator,
    Translator,
    halvings_of,
    scaled,
)


class SkipTranslator(Translator):
    """A `Translator` whose decoder also sees the features of the encoder at each level (U-Net, arXiv 1505.04597).

    Details that both images of a pair share, such as edges, need not pass through the smallest features. The decoder is
    normalised, as in the paper; what it sees of the encoder is not, so that an image of little contrast can stay one.

    Parameters
    ----------
    n_classes : int
        Number of classes.
    channels : int
        Channels of the images.
    width, n_halvings, n_blocks, noise_size : int
        As of `Translator`.

    Notes
    -----
    Shapes: as of `Translator`.

    Examples
    --------
    >>> translator = SkipTranslator(2, 3, width=4, n_halvings=2, n_blocks=2, noise_size=5)
    >>> y, source = torch.tensor([0, 1]), torch.zeros(2, 3, 8, 12)
    >>> translator(y, source, 1 - y, torch.randn(2, 5)).shape
    torch.Size([2, 3, 8, 12])
    """

    def __init__(
        self, n_classes: int, channels: int, *, width: int, n_halvings: int, n_blocks: int, noise_size: int
    ) -> None:
        super().__init__(
            n_classes, channels, width=width, n_halvings=n_halvings, n_blocks=n_blocks, noise_size=noise_size
        )
        sizes = self.patch_channels[:n_halvings]
        self.merges = nn.ModuleList(scaled(nn.Conv2d(2 * size, size, 1)) for size in reversed(sizes))

    def forward(self, y: Tensor, source: Tensor, origin: Tensor, noise: Tensor) -> Tensor:
        """Translate each image into one of its class in `y`."""
        *levels, x = self.encode(source)
        x = x + self.noise(noise)[:, :, None, None]
        for block in self.blocks:
            x = block(x, y)
        parts = zip(self.up, self.modulations, self.merges, reversed(levels[:-1]), strict=True)
        for layer, modulation, merge, kept in parts:
            # what is not normalised soon saturates where most of an image has one extreme shade, and learns no more
            x = F.relu(modulation(F.instance_norm(layer(x)), y))
            x = F.relu(merge(torch.cat([x, kept], 1)))
        return self.last(x).tanh()


def build_pix2pix_networks(
    *, n_classes: int, channels: int, n_levels: int, home: int, width: int, n_blocks: int, noise_size: int
) -> tuple[nn.Module, nn.Module]:
    """Build a generator for each direction, and discriminators of pairs: an image, and behind its channels its source.

    Parameters
    ----------
    n_classes, channels : int
        Number of classes, and channels of the images.
    n_levels : int
        How often the images can be halved; the generator leaves them at least 8 pixels a side.
    home : int
        The class that the second generator translates into.
    width, n_blocks, noise_size : int
        As of `Translator`.

    Returns
    -------
    (nn.Module, nn.Module)
        Generator and discriminator.

    Examples
    --------
    >>> generator, discriminator = build_pix2pix_networks(
    ...     n_classes=2, channels=1, n_levels=3, home=0, width=4, n_blocks=2, noise_size=3
    ... )
    >>> y, source = torch.tensor([0, 1]), torch.zeros(2, 1, 16, 16)
    >>> made = generator(y, source, 1 - y, torch.zeros(2, 3))
    >>> discriminator(torch.cat([made, source], 1), y).shape
    torch.Size([2])
    """
    sizes = {"width": width, "n_halvings": halvings_of(n_levels), "n_blocks": n_blocks, "noise_size": noise_size}
    outward, homeward = (SkipTranslator(n_classes, channels, **sizes) for _ in range(2))
    judges = (PatchDiscriminator(n_classes, 2 * channels, width=width) for _ in range(2))
    return PairedTranslator(home, outward, homeward), PairedDiscriminator(home, *judges)
