"""The image architectures: which blocks a pair of networks is made of."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm as divide_by_spectral_norm

from ganaug.nets.conditions import Conditions
from ganaug.nets.image_layers import (
    BatchNorm,
    Level,
    Repeated,
    ResidualConv,
    ResidualDown,
    ResidualUp,
    SumPool,
    UpsampledConv,
)
from ganaug.nets.image_networks import CONDITIONINGS, Discriminator, FlatGenerator, Generator, Head
from ganaug.nets.mlp import Dropout, MLPDiscriminator
from ganaug.nets.style_discriminator import StyleDown, StyleHead, style_features
from ganaug.nets.stylegan2 import StyleGenerator

# Channels double with each halving of the image, up to this multiple of the finest width.
_WIDEST = 8
# Self-attention stands where the image has about this many pixels a side: below, a convolution sees all of it anyway.
_ATTENDED = 16
# Size of the class embedding that all blocks of BigGAN share.
_SHARED = 32


class _Architecture(NamedTuple):
    """The properties in which architectures differ; the builders of layers are below.

    Attributes
    ----------
    family : str
        "flat", "plain", "transposed", "residual" or "styled": which blocks.
    spectral : (bool, bool)
        Whether the paper's generator and discriminator have spectral norm.
    attends : bool
        Whether there is self-attention.
    hierarchical : bool
        Whether each block of the generator sees its part of the latent and a shared embedding of the class.
    initialise : callable (weight) or None
        Draws the initial weights of layers; None leaves torch's own.
    """

    family: str
    spectral: tuple[bool, bool] = (False, False)
    attends: bool = False
    hierarchical: bool = False
    initialise: Callable[[Tensor], Tensor] | None = None


def _draw_small(weight: Tensor) -> Tensor:
    return nn.init.normal_(weight, 0.0, 0.02)


_ARCHITECTURES = {
    "light": _Architecture("plain"),
    "mlp": _Architecture("flat"),
    "dcgan": _Architecture("transposed", initialise=_draw_small),
    "resnet": _Architecture("residual", (False, True)),
    "sagan": _Architecture("residual", (True, True), attends=True),
    "biggan": _Architecture("residual", (True, True), attends=True, hierarchical=True, initialise=nn.init.orthogonal_),
    "stylegan2": _Architecture("styled"),
}
ARCHITECTURES = tuple(_ARCHITECTURES)


def build_image_networks(
    architecture: str,
    *,
    n_classes: int,
    channels: int,
    size: tuple[int, int],
    n_levels: int,
    latent_size: int,
    width: int,
    conditioning: str,
    spectral_norm: bool | str,
    n_blocks: int = 1,
    dropout: float = 0.0,
    rng: torch.Generator | None = None,
    attribute_sizes: Sequence[int] = (),
) -> tuple[nn.Module, nn.Module]:
    """Build the generator and the discriminator of small images.

    =========== ============================================================================== =====================
    name        networks                                                                       paper
    =========== ============================================================================== =====================
    light       upsampling and one convolution a level; strided convolutions without           the quickest good one
                normalisation
    mlp         multilayer perceptrons on pixels                                               arXiv 1406.2661
    dcgan       transposed and strided convolutions                                            arXiv 1511.06434
    resnet      residual blocks                                                                arXiv 1802.05957
    sagan       the same with self-attention                                                   arXiv 1805.08318
    biggan      the same with a hierarchical latent, a shared embedding, orthogonal start      arXiv 1809.11096
    stylegan2   a mapping network, and convolutions in the style of its output                 arXiv 1912.04958
    =========== ============================================================================== =====================

    All generators but those of "mlp" and "stylegan2" have `ConditionalBatchNorm`. No discriminator has batch
    normalisation, not even that of "dcgan", whose paper has it: with a gradient penalty and batches balanced by class,
    the score of an image must not depend on the other images of the batch. Only that of "stylegan2" compares images of
    the same class in training (`ganaug.nets.style_discriminator.MinibatchDeviation`), and not where it scores images.
    Initial weights come from torch's global generator.

    Parameters
    ----------
    architecture : str
        A name of `ARCHITECTURES`.
    n_classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : (int, int)
        Height and width, multiples of 2**n_levels.
    n_levels : int
        Doublings between the grid at the bottom and the image, at least 1.
    latent_size : int
        Size of the latent vector. "biggan" divides it among the grid and its blocks.
    width : int
        Channels of the generator at full size. They double with each level down, to 8 times as many at most; the
        discriminator begins with twice as many at half the size. "mlp" has hidden layers of 8 and 16 times as many.
    conditioning : str
        How the discriminator knows the class, a name of `CONDITIONINGS`, see `Head`.
    spectral_norm : bool or "auto"
        Whether the discriminator's layers are divided by their largest singular value (arXiv 1802.05957); its class
        embedding only in "biggan", where it does not start at 0. "auto" does as the papers do: in "resnet", "sagan" and
        "biggan". The generators of the last two have it as well, unless this is False.
    n_blocks : int, default=1
        Convolutions, or residual blocks, of each level in both networks; of "mlp" hidden layers of each width. The
        first one changes the size of the image.
    dropout : float, default=0.0
        Probability of zeroing a value after each level of the discriminator; 0 leaves dropout out.
    rng : torch.Generator or None, default=None
        Draws what dropout and "stylegan2" need in training, on the networks' device. None is a new one on the CPU.
    attribute_sizes : sequence of int, default=()
        Levels of the attributes beside the class; y is then the number of a condition, see
        `ganaug.nets.conditions.Conditions`.

    Returns
    -------
    generator : nn.Module
        (y, latent) -> images of shape (batch, channels, height, width) within [-1, 1]. That of "stylegan2" takes noise
        as well, see `ganaug.nets.stylegan2.StyleGenerator`.
    discriminator : nn.Module
        (images, y) -> scores of shape (batch,), or with conditioning="auxiliary" of shape (batch, 2): the score, and
        the log-probability that the image is of its class in `y`.

    Raises
    ------
    ValueError
        If a name is unknown or the size is not a multiple of 2**n_levels.

    Examples
    --------
    >>> generator, discriminator = build_image_networks(
    ...     "light", n_classes=2, channels=1, size=(32, 24), n_levels=3, latent_size=64, width=16,
    ...     conditioning="projection", spectral_norm="auto",
    ... )
    >>> y = torch.tensor([0, 1])
    >>> images = generator(y, torch.randn(2, 64))
    >>> images.shape, discriminator(images, y).shape
    (torch.Size([2, 1, 32, 24]), torch.Size([2]))
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"{architecture=} is unknown: choose one of {ARCHITECTURES}")
    if conditioning not in CONDITIONINGS:
        raise ValueError(f"{conditioning=} is unknown: choose one of {CONDITIONINGS}")
    if n_levels < 1 or any(side % 2**n_levels for side in size):
        raise ValueError(
            f"{size=} cannot be halved {n_levels=} times: pad it to a multiple of 2**n_levels, n_levels >= 1"
        )
    chosen = _ARCHITECTURES[architecture]
    flat = chosen.family == "flat"
    rng = torch.Generator() if rng is None else rng
    conditions = Conditions(n_classes, attribute_sizes)
    concat = conditions if conditioning == "concat" else None
    n_concat = 0 if concat is None else concat.n_codes
    grid = size[0] // 2**n_levels, size[1] // 2**n_levels
    widths = [width * min(2**level, _WIDEST) for level in range(n_levels, -1, -1)]
    if flat:
        shape = channels, *size
        sizes = [8 * width] * n_blocks + [16 * width] * n_blocks
        generator: nn.Module = FlatGenerator(n_classes, latent_size, shape, sizes, attribute_sizes)
        features = _flat_features(math.prod(shape) + n_concat, sizes[::-1], dropout, rng)
        n_features = 8 * width
    elif chosen.family == "styled":
        generator = StyleGenerator(
            n_classes,
            latent_size,
            widths,
            channels=channels,
            size=size,
            rng=rng,
            n_blocks=n_blocks,
            attribute_sizes=attribute_sizes,
        )
        features = style_features(channels + n_concat, widths[::-1], n_blocks)
        n_features = widths[0]
    else:
        # The level, counted from the grid, after which there is attention: not at full size where there is a choice.
        attended = min(max(1, round(math.log2(_ATTENDED / min(grid)))), max(1, n_levels - 1)) if chosen.attends else 0
        embedding_size = _SHARED if chosen.hierarchical else None
        latent_sizes = [latent_size] + [0] * n_levels
        if chosen.hierarchical:
            share, rest = divmod(latent_size, n_levels + 1)
            latent_sizes = [share + (part < rest) for part in range(n_levels + 1)]
        condition_sizes = [(embedding_size or conditions.n_codes) + part for part in latent_sizes[1:]]
        generator = Generator(
            *_blocks(chosen.family, widths, channels, condition_sizes, attended, n_blocks),
            n_classes=n_classes,
            embedding_size=embedding_size,
            latent_sizes=latent_sizes,
            bottom=(widths[0], *grid),
            attribute_sizes=attribute_sizes,
        )
        narrowing = [channels + n_concat, *widths[-2::-1]]
        features = _features(chosen.family, narrowing, max(1, n_levels - attended) if attended else 0, n_blocks)
        n_features = widths[0] if chosen.family == "residual" else widths[0] * math.prod(grid)
    if dropout and not flat:
        features = _with_dropout(features, dropout, rng)
    judge = Head(n_features, n_classes, conditioning, attribute_sizes)
    head = StyleHead(n_features, grid, judge) if chosen.family == "styled" else judge
    discriminator = Discriminator(features, head, concat=concat, flat=flat)

    for_generator, for_discriminator = chosen.spectral
    if spectral_norm != "auto":
        for_generator, for_discriminator = for_generator and bool(spectral_norm), bool(spectral_norm)
    _prepare(generator, chosen.initialise, for_generator)
    _prepare(discriminator, chosen.initialise, for_discriminator)
    if chosen.hierarchical and for_discriminator and judge.embedding is not None:
        nn.init.orthogonal_(judge.embedding.weight)
        divide_by_spectral_norm(judge.embedding)
    return generator, discriminator


def build_image_encoder(
    *, channels: int, size: tuple[int, int], n_levels: int, latent_size: int, width: int
) -> nn.Sequential:
    """Build the network that encodes images as latents: the discriminator of "light" with another head.

    Parameters
    ----------
    channels, size, n_levels, latent_size, width
        As in `build_image_networks`.

    Returns
    -------
    nn.Sequential
        images -> latents of shape (batch, latent_size).

    Examples
    --------
    >>> encoder = build_image_encoder(channels=1, size=(32, 24), n_levels=3, latent_size=64, width=16)
    >>> encoder(torch.randn(2, 1, 32, 24)).shape
    torch.Size([2, 64])
    """
    widths = [width * min(2**level, _WIDEST) for level in range(n_levels, 0, -1)]
    grid = size[0] // 2**n_levels, size[1] // 2**n_levels
    features = _features("plain", [channels, *widths[::-1]], attended=0)
    return nn.Sequential(features, nn.Linear(widths[0] * math.prod(grid), latent_size))


def _blocks(
    family: str, widths: Sequence[int], channels: int, condition_sizes: Sequence[int], attended: int, n_blocks: int
) -> tuple[list[nn.Module], nn.Module]:
    """Return the blocks of a generator, one a level, and its last layer; attention follows block `attended`, from 1."""
    pairs = list(pairwise(widths))
    if family == "transposed":
        # the grid is normalised and rectified as it is, and the last doubling makes pixels
        layers: list[nn.Module] = [nn.Identity(), *(_doubling(a, b, bias=False) for a, b in pairs[:-1])]
        last: nn.Module = _doubling(widths[-2], channels, bias=True)
        n_made = widths[:-1]
    else:
        layers = [UpsampledConv(a, b, bias=False) for a, b in pairs]
        last = nn.Conv2d(widths[-1], channels, 3, padding=1)
        n_made = widths[1:]
    if family == "residual":
        blocks: list[nn.Module] = [
            ResidualUp(a, b, condition_size, attends=level == attended)
            for level, ((a, b), condition_size) in enumerate(zip(pairs, condition_sizes, strict=True), 1)
        ]
        last = nn.Sequential(BatchNorm(widths[-1]), nn.ReLU(inplace=True), last)
    else:
        blocks = [Level(*level) for level in zip(layers, n_made, condition_sizes, strict=True)]
    if n_blocks > 1:
        blocks = [
            Repeated(block, n, condition_size, n_more=n_blocks - 1, adds=family == "residual")
            for block, n, condition_size in zip(blocks, n_made, condition_sizes, strict=True)
        ]
    return blocks, last


def _doubling(n_in: int, n_out: int, bias: bool) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, bias=bias)


def _features(family: str, narrowing: Sequence[int], attended: int, n_blocks: int = 1) -> nn.Sequential:
    """Return the layers of a discriminator before its head, of so many channels; attention as in `_blocks`."""
    layers: list[nn.Module] = []
    for level, (a, b) in enumerate(pairwise(narrowing), 1):
        if family == "residual":
            layers.append(ResidualDown(a, b, rectifies=level > 1, attends=level == attended))
            layers += [ResidualConv(b) for _ in range(n_blocks - 1)]
        else:
            layers += [nn.Conv2d(a, b, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
            for _ in range(n_blocks - 1):
                layers += [nn.Conv2d(b, b, 3, padding=1), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, SumPool() if family == "residual" else nn.Flatten())


def _with_dropout(features: nn.Module, p: float, rng: torch.Generator) -> nn.Sequential:
    """Return the layers of a discriminator with dropout where each level ends."""
    layers: list[nn.Module] = []
    for layer in features.children():
        layers.append(layer)
        if isinstance(layer, (nn.LeakyReLU, ResidualDown, ResidualConv, StyleDown)):
            layers.append(Dropout(p, rng))
    return nn.Sequential(*layers)


def _flat_features(size: int, hidden_sizes: Sequence[int], dropout: float, rng: torch.Generator) -> nn.Module:
    """Return the hidden layers of the discriminator of rows; its own way of conditioning is left behind for `Head`."""
    return MLPDiscriminator(size, 1, hidden_sizes=hidden_sizes, dropout=dropout, spectral=False, generator=rng).features


def _prepare(network: nn.Module, initialise: Callable[[Tensor], Tensor] | None, spectral: bool) -> None:
    """Draw the initial weights of layers and divide them by their spectral norm.

    Layers that depend on the class (embeddings, conditional normalisation) are left out: their weights start at 0, so
    their norm is 0 and cannot be a divisor. Only the embedding of BigGAN's discriminator does not start at 0.
    """
    layers = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear))]
    for layer in layers:
        if initialise is not None:
            initialise(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        if spectral:
            divide_by_spectral_norm(layer)
