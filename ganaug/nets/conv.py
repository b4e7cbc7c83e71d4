"""Generators and discriminators of small images, conditional on a class.

All architectures share one `Generator`, one `Discriminator` and one `Head`, where the ways of conditioning are written;
they differ in the blocks in between. No layer of a discriminator couples the images of a batch: a gradient penalty is
a statement about single images, and batches balanced by class would leak their make-up through batch statistics.
Everything a penalty passes through can be differentiated twice.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm as divide_by_spectral_norm

from ganaug.nets.mlp import MLPDiscriminator, MLPGenerator

CONDITIONINGS = ("projection", "auxiliary", "concat")
# Channels double with each halving of the image, up to this multiple of the finest width.
_WIDEST = 8
# Self-attention stands where the image has about this many pixels a side: below, a convolution sees all of it anyway.
_ATTENDED = 16
# Size of the class embedding that all blocks of BigGAN share.
_SHARED = 32


class ConditionalBatchNorm(nn.Module):
    """Batch normalisation with a gain and an offset of the condition (arXiv 1610.07629).

    Gain and offset are linear in the condition; for a one-hot class that is one pair a class. They start at 1 and 0,
    so training begins with classes alike. In eval mode running statistics make a row independent of its batch.

    Parameters
    ----------
    n_channels : int
        Channels of the images.
    condition_size : int
        Size of the condition.

    Notes
    -----
    Shapes:

    - x: (batch, n_channels, height, width); condition: (batch, condition_size)
    - output: as x

    Examples
    --------
    >>> norm = ConditionalBatchNorm(4, 2)
    >>> norm(torch.randn(8, 4, 5, 5), torch.eye(2).repeat(4, 1)).std().round(decimals=1).item()
    1.0
    """

    def __init__(self, n_channels: int, condition_size: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(n_channels, affine=False)
        self.affine = nn.Parameter(torch.zeros(condition_size, 2 * n_channels))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Normalise `x`, then scale and shift it as its condition says."""
        gain, offset = (condition @ self.affine)[:, :, None, None].chunk(2, 1)
        return torch.addcmul(offset, self.norm(x), 1 + gain)


class UpsampledConv(nn.Conv2d):
    """Nearest-neighbour upsampling by 2 and a 3x3 convolution, in one.

    The two together are one transposed convolution of stride 2, whose 4x4 kernel holds sums of the 3x3 weights. It does
    the same in less than half of the multiplications. As in any transposed convolution the weights are stored mirrored.

    Parameters
    ----------
    n_in, n_out : int
        Channels in and out.
    bias : bool, default=True
        Left out where a normalisation follows, which would remove it.

    Notes
    -----
    Shapes:

    - x: (batch, n_in, height, width)
    - output: (batch, n_out, 2 height, 2 width)

    Examples
    --------
    >>> conv, x = UpsampledConv(3, 5), torch.randn(2, 3, 4, 6)
    >>> plain = F.conv2d(F.interpolate(x, scale_factor=2), conv.weight.flip(2, 3), conv.bias, padding=1)
    >>> conv(x).shape, torch.allclose(conv(x), plain, atol=1e-5)
    (torch.Size([2, 5, 8, 12]), True)
    """

    def __init__(self, n_in: int, n_out: int, bias: bool = True) -> None:
        super().__init__(n_in, n_out, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Double the image and convolve it."""
        return F.conv_transpose2d(x, _box_sums(self.weight.transpose(0, 1)), self.bias, stride=2, padding=1)


class PooledConv(nn.Conv2d):
    """3x3 convolution and averaging of 2x2 pixels, in one: the halving counterpart of `UpsampledConv`.

    Parameters
    ----------
    n_in, n_out : int
        Channels in and out.

    Notes
    -----
    Shapes:

    - x: (batch, n_in, height, width), both even
    - output: (batch, n_out, height / 2, width / 2)

    Examples
    --------
    >>> conv, x = PooledConv(3, 5), torch.randn(2, 3, 4, 6)
    >>> plain = F.avg_pool2d(F.conv2d(x, conv.weight, conv.bias, padding=1), 2)
    >>> conv(x).shape, torch.allclose(conv(x), plain, atol=1e-5)
    (torch.Size([2, 5, 2, 3]), True)
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(n_in, n_out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve the image and halve it."""
        return F.conv2d(x, _box_sums(self.weight) / 4, self.bias, stride=2, padding=1)


def _box_sums(weight: Tensor) -> Tensor:
    """Convolve 3x3 kernels with a 2x2 box of ones: 4x4 kernels."""
    padded = F.pad(weight, (1, 1, 1, 1))
    rows = padded[:, :, 1:] + padded[:, :, :-1]
    return rows[..., 1:] + rows[..., :-1]


class SelfAttention(nn.Module):
    """Each place of an image looks at all others and adds what it found, by a gate that starts at 0 (arXiv 1805.08318).

    Parameters
    ----------
    n_channels : int
        Channels of the images.

    Notes
    -----
    Shapes:

    - x: (batch, n_channels, height, width)
    - output: as x

    Examples
    --------
    >>> x = torch.randn(2, 16, 4, 6)
    >>> torch.equal(SelfAttention(16)(x), x)
    True
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        size, value_size = max(1, n_channels // 8), max(1, n_channels // 2)
        self.query = nn.Conv2d(n_channels, size, 1, bias=False)
        self.key = nn.Conv2d(n_channels, size, 1, bias=False)
        self.value = nn.Conv2d(n_channels, value_size, 1, bias=False)
        self.out = nn.Conv2d(value_size, n_channels, 1, bias=False)
        self.gate = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Let the places of each image attend to one another."""
        # a quarter of the places is enough to look at; written out because torch's fused attention has no derivative
        # of a derivative
        seen = F.max_pool2d(x, 2, ceil_mode=True)
        query, key, value = self.query(x).flatten(2), self.key(seen).flatten(2), self.value(seen).flatten(2)
        attention = (query.transpose(1, 2) @ key).softmax(2)
        found = (value @ attention.transpose(1, 2)).unflatten(2, x.shape[2:])
        return x + self.gate * self.out(found)


class Level(nn.Module):
    """A layer that makes images, normalised by the condition and rectified: a level of a plain generator.

    Parameters
    ----------
    layer : nn.Module
        Makes images of images.
    n_channels : int
        Channels it returns.
    condition_size : int
        Size of the condition.

    Notes
    -----
    Shapes:

    - x: (batch, channels, height, width) as `layer` takes it; condition: (batch, condition_size)
    - output: as `layer` returns it

    Examples
    --------
    >>> level = Level(UpsampledConv(8, 4, bias=False), 4, condition_size=2)
    >>> level(torch.randn(2, 8, 3, 3), torch.eye(2)).shape
    torch.Size([2, 4, 6, 6])
    """

    def __init__(self, layer: nn.Module, n_channels: int, condition_size: int) -> None:
        super().__init__()
        self.layer = layer
        self.norm = ConditionalBatchNorm(n_channels, condition_size)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Apply the layer, normalise, rectify."""
        return F.relu(self.norm(self.layer(x), condition), inplace=True)


class ResidualUp(nn.Module):
    """Residual block of a generator that doubles the image (arXiv 1802.05637, 1809.11096).

    Parameters
    ----------
    n_in, n_out : int
        Channels in and out.
    condition_size : int
        Size of the condition.
    attends : bool
        Whether self-attention follows.

    Notes
    -----
    Shapes:

    - x: (batch, n_in, height, width); condition: (batch, condition_size)
    - output: (batch, n_out, 2 height, 2 width)

    Examples
    --------
    >>> block = ResidualUp(8, 4, condition_size=2, attends=True)
    >>> block(torch.randn(2, 8, 3, 3), torch.eye(2)).shape
    torch.Size([2, 4, 6, 6])
    """

    def __init__(self, n_in: int, n_out: int, condition_size: int, attends: bool) -> None:
        super().__init__()
        self.upward = Level(nn.Identity(), n_in, condition_size)
        self.inner = Level(UpsampledConv(n_in, n_out, bias=False), n_out, condition_size)
        self.conv = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.skip = nn.Conv2d(n_in, n_out, 1)
        self.attention = SelfAttention(n_out) if attends else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Double the image and add to it."""
        residual = self.conv(self.inner(self.upward(x, condition), condition))
        # a 1x1 convolution and upsampling commute; this order has a quarter of the work
        return self.attention(residual + F.interpolate(self.skip(x), scale_factor=2))


class ResidualDown(nn.Module):
    """Residual block of a discriminator that halves the image (arXiv 1802.05957).

    Parameters
    ----------
    n_in, n_out : int
        Channels in and out.
    rectifies : bool
        Whether the input is rectified first; pixels are not.
    attends : bool
        Whether self-attention follows.

    Notes
    -----
    Shapes:

    - x: (batch, n_in, height, width), both even
    - output: (batch, n_out, height / 2, width / 2)

    Examples
    --------
    >>> ResidualDown(3, 8, rectifies=False, attends=True)(torch.randn(2, 3, 4, 6)).shape
    torch.Size([2, 8, 2, 3])
    """

    def __init__(self, n_in: int, n_out: int, *, rectifies: bool, attends: bool) -> None:
        super().__init__()
        self.rectifies = rectifies
        # the full size is where time goes: half of the channels there
        self.inner = nn.Conv2d(n_in, n_out // 2, 3, padding=1)
        self.conv = PooledConv(n_out // 2, n_out)
        self.skip = nn.Conv2d(n_in, n_out, 1)
        self.attention = SelfAttention(n_out) if attends else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Halve the image and add to it."""
        residual = self.conv(F.relu(self.inner(F.relu(x) if self.rectifies else x), inplace=True))
        return self.attention(residual + self.skip(F.avg_pool2d(x, 2)))


class SumPool(nn.Module):
    """Rectify and sum over all places, so that what is found counts as often as it is there (arXiv 1802.05957).

    Notes
    -----
    Shapes:

    - x: (batch, channels, height, width)
    - output: (batch, channels)

    Examples
    --------
    >>> SumPool()(torch.tensor([[[[1.0, -5.0], [2.0, 0.0]]]]))
    tensor([[3.]])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Rectify and sum."""
        return F.relu(x).sum((2, 3))


class Head(nn.Module):
    """Judge features of images as members of a class; all that conditions a discriminator but its input.

    ========== ========================================================== ===================
    name       output                                                     paper
    ========== ========================================================== ===================
    projection score(f) + <embedding(y), f>; embeddings start at 0        arXiv 1802.05637
    auxiliary  score(f), and log p(y | f) of a linear classifier          arXiv 1610.09585
    concat     score(f); the class is among the input (`Discriminator`)   arXiv 1411.1784
    ========== ========================================================== ===================

    Parameters
    ----------
    n_features : int
        Size of the features.
    n_classes : int
        Number of classes.
    conditioning : str
        A name of `CONDITIONINGS`.

    Notes
    -----
    Shapes:

    - features: (batch, n_features); y: (batch,) class index
    - output: (batch,); with "auxiliary" (batch, 2)

    Examples
    --------
    >>> y = torch.tensor([0, 1])
    >>> [tuple(Head(5, 3, conditioning)(torch.randn(2, 5), y).shape) for conditioning in CONDITIONINGS]
    [(2,), (2, 2), (2,)]
    """

    def __init__(self, n_features: int, n_classes: int, conditioning: str) -> None:
        super().__init__()
        self.score = nn.Linear(n_features, 1)
        self.embedding = nn.Embedding(n_classes, n_features) if conditioning == "projection" else None
        self.classifier = nn.Linear(n_features, n_classes) if conditioning == "auxiliary" else None
        if self.embedding is not None:
            nn.init.zeros_(self.embedding.weight)

    def forward(self, features: Tensor, y: Tensor) -> Tensor:
        """Score each row of `features` as a member of its class in `y`."""
        score = self.score(features).squeeze(1)
        if self.embedding is not None:
            return score + (features * self.embedding(y)).sum(1)
        if self.classifier is not None:
            log_p = self.classifier(features).log_softmax(1).gather(1, y[:, None]).squeeze(1)
            return torch.stack([score.to(log_p.dtype), log_p], 1)
        return score


class Discriminator(nn.Module):
    """Score images of a class, high for real: what precedes the class's entrance, features, and a `Head`.

    Parameters
    ----------
    features : nn.Module
        Makes features (batch, n_features) of images, or of the flattened images that `flat` gives.
    head : Head
        Judges them.
    n_concat : int
        With conditioning="concat" the number of classes, 0 otherwise: the class enters one-hot, as so many constant
        channels beside those of the image.
    flat : bool
        Whether images are flattened first; the class then enters as so many values.

    Notes
    -----
    Shapes:

    - images: (batch, channels, height, width); y: (batch,) class index
    - output: (batch,); with conditioning="auxiliary" (batch, 2): the score, and the log-probability of the class

    Examples
    --------
    >>> features = nn.Sequential(nn.Conv2d(3 + 2, 8, 4, stride=2, padding=1), nn.Flatten())
    >>> discriminator = Discriminator(features, Head(8 * 4 * 4, 2, "concat"), n_concat=2, flat=False)
    >>> discriminator(torch.zeros(2, 3, 8, 8), torch.tensor([0, 1])).shape
    torch.Size([2])
    """

    def __init__(self, features: nn.Module, head: Head, *, n_concat: int, flat: bool) -> None:
        super().__init__()
        self.features = features
        self.head = head
        self.n_concat = n_concat
        self.flat = flat

    def forward(self, images: Tensor, y: Tensor) -> Tensor:
        """Score `images`, each as a member of its class in `y`."""
        x = images.flatten(1) if self.flat else images
        if self.n_concat:
            one_hot = F.one_hot(y, self.n_concat).to(x.dtype)
            x = torch.cat([x, one_hot.view(*one_hot.shape, *[1] * (x.ndim - 2)).expand(-1, -1, *x.shape[2:])], 1)
        return self.head(self.features(x), y)


class Generator(nn.Module):
    """Make images of a class: a linear layer from the latent to a small grid, conditional blocks, a layer to pixels.

    The condition of a block is the class, one-hot or as an embedding that all blocks share, beside the block's own part
    of the latent where it has one (hierarchical latent, arXiv 1809.11096).

    Parameters
    ----------
    blocks : sequence of nn.Module
        Each called with images and its condition.
    last : nn.Module
        Makes pixels of the last block's images, before tanh.
    n_classes : int
        Number of classes.
    embedding_size : int or None
        Size of the shared embedding; None for one-hot classes.
    latent_sizes : sequence of int
        Sizes of the latent's parts: what makes the grid, then what each block is given, 0 for nothing.
    bottom : (int, int, int)
        Channels, height and width of the grid.

    Notes
    -----
    Shapes:

    - y: (batch,) class index; latent: (batch, sum(latent_sizes))
    - output: (batch, channels, height, width) within [-1, 1]

    Examples
    --------
    >>> level = Level(UpsampledConv(16, 8), 8, condition_size=2 + 3)
    >>> last = nn.Conv2d(8, 3, 3, padding=1)
    >>> generator = Generator([level], last, n_classes=2, embedding_size=None, latent_sizes=(8, 3), bottom=(16, 4, 4))
    >>> generator(torch.tensor([0, 1]), torch.randn(2, 11)).shape
    torch.Size([2, 3, 8, 8])
    """

    def __init__(
        self,
        blocks: Sequence[nn.Module],
        last: nn.Module,
        *,
        n_classes: int,
        embedding_size: int | None,
        latent_sizes: Sequence[int],
        bottom: tuple[int, int, int],
    ) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.latent_sizes = list(latent_sizes)
        self.bottom = bottom
        self.embedding = None if embedding_size is None else nn.Embedding(n_classes, embedding_size)
        self.first = nn.Linear(latent_sizes[0], math.prod(bottom))
        self.blocks = nn.ModuleList(blocks)
        self.last = last

    def forward(self, y: Tensor, latent: Tensor) -> Tensor:
        """Generate one image for each class index in `y`."""
        code = F.one_hot(y, self.n_classes).to(latent.dtype) if self.embedding is None else self.embedding(y)
        start, *parts = latent.split(self.latent_sizes, 1)
        x = self.first(start).unflatten(1, self.bottom)
        for block, part in zip(self.blocks, parts, strict=True):
            x = block(x, torch.cat([code, part], 1))
        return self.last(x).tanh()


class FlatGenerator(nn.Module):
    """Make images as rows of pixels, by a multilayer perceptron (arXiv 1406.2661, conditional as in 1411.1784).

    Parameters
    ----------
    n_classes, latent_size : int
        Number of classes, and size of the latent vector.
    shape : (int, int, int)
        Channels, height and width of an image.
    hidden_sizes : sequence of int
        Widths of the hidden layers.

    Notes
    -----
    Shapes:

    - y: (batch,) class index; latent: (batch, latent_size)
    - output: (batch, channels, height, width) within [-1, 1]

    Examples
    --------
    >>> FlatGenerator(2, 8, (3, 4, 6), hidden_sizes=(16,))(torch.tensor([0, 1]), torch.randn(2, 8)).shape
    torch.Size([2, 3, 4, 6])
    """

    def __init__(
        self, n_classes: int, latent_size: int, shape: tuple[int, int, int], hidden_sizes: Sequence[int]
    ) -> None:
        super().__init__()
        self.shape = shape
        self.rows = MLPGenerator(
            latent_size,
            n_classes,
            n_continuous=math.prod(shape),
            block_sizes=(),
            hidden_sizes=hidden_sizes,
            anchored=False,
        )

    def forward(self, y: Tensor, latent: Tensor) -> Tensor:
        """Generate one image for each class index in `y`."""
        return self.rows(y, latent, latent[:, :0]).tanh().unflatten(1, self.shape)


class _Architecture(NamedTuple):
    """What tells one architecture from another; the builders of layers are below.

    Attributes
    ----------
    family : str
        "flat", "plain", "transposed" or "residual": which blocks.
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
}
ARCHITECTURES = tuple(_ARCHITECTURES)


def image_networks(
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
    =========== ============================================================================== =====================

    All generators but that of "mlp" have `ConditionalBatchNorm`. No discriminator has batch normalisation, not even
    that of "dcgan", whose paper has it: a gradient penalty and batches balanced by class forbid that images of a batch
    see each other. Initial weights come from torch's global generator.

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
        Whether the discriminator's layers, but not its class embedding, are divided by their largest singular value
        (arXiv 1802.05957). "auto" does as the papers do: in "resnet", "sagan" and "biggan". The generators of the last
        two have it as well, unless this is False.

    Returns
    -------
    generator : nn.Module
        (y, latent) -> images of shape (batch, channels, height, width) within [-1, 1].
    discriminator : nn.Module
        (images, y) -> scores of shape (batch,), or with conditioning="auxiliary" of shape (batch, 2): the score, and
        the log-probability that the image is of its class in `y`.

    Raises
    ------
    ValueError
        If a name is unknown or the size is no multiple of 2**n_levels.

    Examples
    --------
    >>> generator, discriminator = image_networks(
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
    n_concat = n_classes if conditioning == "concat" else 0
    if flat:
        shape = channels, *size
        generator: nn.Module = FlatGenerator(n_classes, latent_size, shape, hidden_sizes=(8 * width, 16 * width))
        features = _flat_features(math.prod(shape) + n_concat, hidden_sizes=(16 * width, 8 * width))
        n_features = 8 * width
    else:
        grid = size[0] // 2**n_levels, size[1] // 2**n_levels
        widths = [width * min(2**level, _WIDEST) for level in range(n_levels, -1, -1)]
        # The level, counted from the grid, after which there is attention: not at full size where there is a choice.
        attended = min(max(1, round(math.log2(_ATTENDED / min(grid)))), max(1, n_levels - 1)) if chosen.attends else 0
        embedding_size = _SHARED if chosen.hierarchical else None
        latent_sizes = [latent_size] + [0] * n_levels
        if chosen.hierarchical:
            share, rest = divmod(latent_size, n_levels + 1)
            latent_sizes = [share + (part < rest) for part in range(n_levels + 1)]
        condition_sizes = [(embedding_size or n_classes) + part for part in latent_sizes[1:]]
        generator = Generator(
            *_blocks(chosen.family, widths, channels, condition_sizes, attended),
            n_classes=n_classes,
            embedding_size=embedding_size,
            latent_sizes=latent_sizes,
            bottom=(widths[0], *grid),
        )
        narrowing = [channels + n_concat, *widths[-2::-1]]
        features = _features(chosen.family, narrowing, max(1, n_levels - attended) if attended else 0)
        n_features = widths[0] if chosen.family == "residual" else widths[0] * math.prod(grid)
    head = Head(n_features, n_classes, conditioning)
    discriminator = Discriminator(features, head, n_concat=n_concat, flat=flat)

    for_generator, for_discriminator = chosen.spectral
    if spectral_norm != "auto":
        for_generator, for_discriminator = for_generator and bool(spectral_norm), bool(spectral_norm)
    _prepare(generator, chosen.initialise, for_generator)
    _prepare(discriminator, chosen.initialise, for_discriminator)
    return generator, discriminator


def image_encoder(
    *, channels: int, size: tuple[int, int], n_levels: int, latent_size: int, width: int
) -> nn.Sequential:
    """Build what makes encode_latents of images, for an autoencoder: the discriminator of "light" with another head.

    Parameters
    ----------
    channels, size, n_levels, latent_size, width
        As in `image_networks`.

    Returns
    -------
    nn.Sequential
        images -> encode_latents of shape (batch, latent_size).

    Examples
    --------
    >>> encoder = image_encoder(channels=1, size=(32, 24), n_levels=3, latent_size=64, width=16)
    >>> encoder(torch.randn(2, 1, 32, 24)).shape
    torch.Size([2, 64])
    """
    widths = [width * min(2**level, _WIDEST) for level in range(n_levels, 0, -1)]
    grid = size[0] // 2**n_levels, size[1] // 2**n_levels
    features = _features("plain", [channels, *widths[::-1]], attended=0)
    return nn.Sequential(features, nn.Linear(widths[0] * math.prod(grid), latent_size))


def _blocks(
    family: str, widths: Sequence[int], channels: int, condition_sizes: Sequence[int], attended: int
) -> tuple[list[nn.Module], nn.Module]:
    """Return the blocks of a generator, one a level, and its last layer; attention follows block `attended`, from 1."""
    pairs = list(pairwise(widths))
    if family == "transposed":
        # the grid is normalised and rectified as it is, and the last doubling makes pixels
        layers: list[nn.Module] = [nn.Identity(), *(_doubling(a, b, bias=False) for a, b in pairs[:-1])]
        levels = zip(layers, widths, condition_sizes, strict=False)
        return [Level(*level) for level in levels], _doubling(widths[-2], channels, bias=True)
    last = nn.Conv2d(widths[-1], channels, 3, padding=1)
    if family == "plain":
        sized = zip(pairs, condition_sizes, strict=True)
        return [Level(UpsampledConv(a, b, bias=False), b, condition_size) for (a, b), condition_size in sized], last
    blocks: list[nn.Module] = [
        ResidualUp(a, b, condition_size, attends=level == attended)
        for level, ((a, b), condition_size) in enumerate(zip(pairs, condition_sizes, strict=True), 1)
    ]
    return blocks, nn.Sequential(nn.BatchNorm2d(widths[-1]), nn.ReLU(inplace=True), last)


def _doubling(n_in: int, n_out: int, bias: bool) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, bias=bias)


def _features(family: str, narrowing: Sequence[int], attended: int) -> nn.Sequential:
    """Return the layers of a discriminator before its head, of so many channels; attention as in `_blocks`."""
    layers: list[nn.Module] = []
    for level, (a, b) in enumerate(pairwise(narrowing), 1):
        if family == "residual":
            layers.append(ResidualDown(a, b, rectifies=level > 1, attends=level == attended))
        else:
            layers += [nn.Conv2d(a, b, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, SumPool() if family == "residual" else nn.Flatten())


def _flat_features(size: int, hidden_sizes: Sequence[int]) -> nn.Module:
    """Return the hidden layers of the discriminator of rows; its own way of conditioning is left behind for `Head`."""
    return MLPDiscriminator(
        size, 1, hidden_sizes=hidden_sizes, dropout=0.0, spectral=False, generator=torch.Generator()
    ).features


def _prepare(network: nn.Module, initialise: Callable[[Tensor], Tensor] | None, spectral: bool) -> None:
    """Draw the initial weights of layers and divide them by their spectral norm.

    What conditions (embeddings, conditional normalisation) is none of these layers: it starts at 0, which has no norm
    to divide by.
    """
    layers = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear))]
    for layer in layers:
        if initialise is not None:
            initialise(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        if spectral:
            divide_by_spectral_norm(layer)
