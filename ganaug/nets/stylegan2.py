"""StyleGAN2 (arXiv 1912.04958): a generator whose latent vector sets the style of each level."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.common import processes
from ganaug.nets.conditions import Conditions
from ganaug.nets.image_layers import box_sums

# The paper's learning rate is 0.0025, that of our models 0.0005. In equalised layers the ratio belongs into the layer.
_RATE = 5.0
# The mapping network learns at a hundredth of the rate of the others.
_MAPPING_RATE = 0.01 * _RATE
# The strength of noise at a twentieth: at the full rate, noise covered images of 32 pixels for the first 600 steps.
_NOISE_RATE = 0.05 * _RATE
# Layers of the mapping network: two at this size (arXiv 2006.06676), eight in the paper.
_N_MAPPING = 2
# Probability of style mixing in training; 0.9 in the paper, for 256 pixels and more.
_MIXING = 0.5
# Values of noise that a generator takes for one image at most: of all levels up to 64 x 64 pixels.
_MAX_NOISE = 2**13
# Latent vectors of which the mean style of a class is taken.
_N_FOR_MEAN = 1_000


def noise_size(size: tuple[int, int], n_levels: int, n_blocks: int = 1) -> int:
    """Return how many values of noise a `StyleGenerator` takes for one image.

    Parameters
    ----------
    size : (int, int)
        Height and width of the image.
    n_levels : int
        Doublings between the grid at the bottom and the image.
    n_blocks : int, default=1
        Convolutions of each level.

    Examples
    --------
    >>> noise_size((32, 32), 3)  # 4 x 4, 8 x 8, 16 x 16 and 32 x 32 pixels
    1360
    """
    return sum(_noise_sizes(size, n_levels, n_blocks))


def _noise_sizes(size: tuple[int, int], n_levels: int, n_blocks: int) -> list[int]:
    """Return the pixels of each convolution of a generator; 0 of those of the fine levels that get no noise."""
    places = [size[0] * size[1] // 4 ** (n_levels - level) for level in range(n_levels + 1)]
    sizes = [places[0], *(n for n in places[1:] for _ in range(n_blocks))]
    return [n if sum(sizes[: i + 1]) <= _MAX_NOISE else 0 for i, n in enumerate(sizes)]


class EqualisedLinear(nn.Module):
    """Linear layer with an equalised learning rate (arXiv 1710.10196): weights are scaled when they are used.

    Parameters
    ----------
    n_in, n_out : int
        Sizes of input and output.
    rate : float, default=5.0
        How much faster it learns than at the learning rate of the optimiser.
    bias : float, default=0.0
        The bias at the start.

    Examples
    --------
    >>> EqualisedLinear(256, 64)(torch.randn(1000, 256)).std().round(decimals=1).item()
    1.0
    """

    def __init__(self, n_in: int, n_out: int, rate: float = _RATE, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) / rate)
        self.bias = nn.Parameter(torch.full((n_out,), bias / rate))
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to (batch, n_in)."""
        return F.linear(x, self.weight * (self.rate / math.sqrt(self.weight.shape[1])), self.bias * self.rate)


class ModulatedConv(nn.Module):
    """3x3 convolution whose weights are multiplied by a style of each image, and divided by their norm.

    The paper makes weights for each image and convolves by groups. Here the input's channels are multiplied by the
    style, all images share one convolution, and the output's channels are divided by the norm that the weights of the
    image would have: the same, several times as fast on a CPU.

    Parameters
    ----------
    n_in, n_out : int
        Channels in and out.
    style_size : int
        Size of the latent vector w that sets the style.
    upsamples : bool
        Whether the image is doubled first, with the filter [1, 3, 3, 1].

    Notes
    -----
    Shapes:

    - x: (batch, n_in, height, width); w: (batch, style_size)
    - output: (batch, n_out, height, width), both doubled with `upsamples`

    Examples
    --------
    >>> conv = ModulatedConv(8, 4, style_size=16, upsamples=True)
    >>> conv(torch.randn(2, 8, 3, 5), torch.randn(2, 16)).shape
    torch.Size([2, 4, 6, 10])
    """

    def __init__(self, n_in: int, n_out: int, style_size: int, *, upsamples: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, 3, 3) / _RATE)
        self.style = EqualisedLinear(style_size, n_in, bias=1.0)
        self.upsamples = upsamples

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Convolve `x` in the style of `w`."""
        weight = self.weight * (_RATE / math.sqrt(self.weight[0].numel()))
        style = self.style(w)
        norms = (style.square() @ weight.square().sum((2, 3)).T + 1e-8).rsqrt()
        x = x * style[:, :, None, None]
        if self.upsamples:
            # doubling by repetition and the convolution in one; [1, 2, 1] after [1, 1] is [1, 3, 3, 1]
            x = _blur(F.conv_transpose2d(x, box_sums(weight.transpose(0, 1)), stride=2, padding=1))
        else:
            x = F.conv2d(x, weight, padding=1)
        # the root is the gain of the rectification that follows
        return x * (norms * math.sqrt(2))[:, :, None, None]


class ToPixels(nn.Module):
    """Modulated 1x1 convolution that makes pixels, without division by the norm.

    Parameters
    ----------
    n_in, channels : int
        Channels in, and of the image.
    style_size : int
        Size of the latent vector w that sets the style.

    Examples
    --------
    >>> ToPixels(8, 3, style_size=16)(torch.randn(2, 8, 4, 5), torch.randn(2, 16)).shape
    torch.Size([2, 3, 4, 5])
    """

    def __init__(self, n_in: int, channels: int, style_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, n_in) / _RATE)
        self.style = EqualisedLinear(style_size, n_in, bias=1.0)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Make pixels of `x` in the style of `w`."""
        # so small that weights for each image cost less than one more pass over x
        weight = self.weight * self.style(w)[:, None] * (_RATE / math.sqrt(x.shape[1]))
        return (weight @ x.flatten(2)).unflatten(2, x.shape[2:])


def _blur(x: Tensor) -> Tensor:
    """Filter by [1, 2, 1] / 4 in both directions, written as sums of neighbours, which cost least."""
    x = F.pad(x, (1, 1, 1, 1))
    for _ in range(2):
        x = x[..., 1:] + x[..., :-1]
        x = x[..., 1:, :] + x[..., :-1, :]
    return x / 16


class StyledLayer(nn.Module):
    """Modulated convolution, noise, bias and leaky rectification.

    Parameters
    ----------
    n_in, n_out, style_size, upsamples
        As of `ModulatedConv`.

    Notes
    -----
    Shapes:

    - x and output: as of `ModulatedConv`; noise: (batch, 1, height, width) of the output, or None for no noise

    Examples
    --------
    >>> StyledLayer(8, 4, style_size=16, upsamples=False)(torch.randn(2, 8, 3, 5), torch.randn(2, 16), None).shape
    torch.Size([2, 4, 3, 5])
    """

    def __init__(self, n_in: int, n_out: int, style_size: int, *, upsamples: bool) -> None:
        super().__init__()
        self.conv = ModulatedConv(n_in, n_out, style_size, upsamples=upsamples)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:
        """Apply the layer."""
        x = self.conv(x, w) + (self.bias * _RATE)[:, None, None]
        if noise is not None:
            x = torch.addcmul(x, self.strength * _NOISE_RATE, noise)
        return F.leaky_relu(x, 0.2, inplace=True)


class StyleGenerator(nn.Module):
    """Make images of a class: the latent vector becomes a vector w, which sets the style of each level.

    The mapping network turns the latent vector, and beside it an embedding of the class, into w. Images start from a
    constant grid. Each level adds its pixels to those of the level below (skip generator). In training mode, half of
    the images take the styles of their fine levels from a second latent vector (style mixing). There is no path length
    regularisation.

    Parameters
    ----------
    n_classes : int
        Number of classes.
    latent_size : int
        Size of the latent vector and of w.
    widths : sequence of int
        Channels of each level, from the grid to the full image.
    channels : int
        Channels of the images.
    size : (int, int)
        Height and width of the images, multiples of 2**(len(widths) - 1).
    rng : torch.Generator
        Draws what style mixing needs, on the device of the network.
    n_blocks : int, default=1
        Convolutions of each level above the grid; 2 in the paper.
    attribute_sizes : sequence of int, default=()
        Levels of the attributes beside the class.

    Notes
    -----
    Shapes:

    - y: (batch,) class index, or what `Conditions` takes; latent: (batch, latent_size)
    - noise: (batch, `noise_size`), or None for no noise, and then no style mixing
    - w: (batch, latent_size), or (batch, n_styles, latent_size) with a style for each level
    - output: (batch, channels, height, width) within [-1, 1]

    Examples
    --------
    >>> rng = torch.Generator()
    >>> generator = StyleGenerator(2, 8, (16, 8), channels=3, size=(8, 12), rng=rng).eval()
    >>> y, latent = torch.tensor([0, 1]), torch.randn(2, 8)
    >>> images = generator(y, latent)
    >>> images.shape, torch.equal(images, generator.render(generator.style(y, latent)))
    (torch.Size([2, 3, 8, 12]), True)
    """

    def __init__(
        self,
        n_classes: int,
        latent_size: int,
        widths: Sequence[int],
        *,
        channels: int,
        size: tuple[int, int],
        rng: torch.Generator,
        n_blocks: int = 1,
        attribute_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        n_levels = len(widths) - 1
        self.latent_size = latent_size
        self.rng = rng
        self.noise_sizes = _noise_sizes(size, n_levels, n_blocks)
        self.conditions = Conditions(n_classes, attribute_sizes)
        self.embedding = nn.Parameter(torch.randn(self.conditions.n_codes, latent_size))
        sizes = [2 * latent_size, *[latent_size] * _N_MAPPING]
        self.mapping = nn.ModuleList(EqualisedLinear(a, b, _MAPPING_RATE) for a, b in pairwise(sizes))
        self.constant = nn.Parameter(torch.randn(widths[0], size[0] >> n_levels, size[1] >> n_levels))
        self.levels = nn.ModuleList([nn.ModuleList([StyledLayer(widths[0], widths[0], latent_size, upsamples=False)])])
        for a, b in pairwise(widths):
            layers = [StyledLayer(a, b, latent_size, upsamples=True)]
            layers += [StyledLayer(b, b, latent_size, upsamples=False) for _ in range(n_blocks - 1)]
            self.levels.append(nn.ModuleList(layers))
        self.to_pixels = nn.ModuleList(ToPixels(width, channels, latent_size) for width in widths)
        self.bias = nn.Parameter(torch.zeros(channels))

    @property
    def n_styles(self) -> int:
        """Number of levels, each of which may have a style of its own."""
        return len(self.levels)

    def forward(self, y: Tensor, latent: Tensor, noise: Tensor | None = None, truncation: float = 1.0) -> Tensor:
        """Generate one image for each class index in `y`; `truncation` as of `style`."""
        w = self.style(y, latent, truncation)
        if self.training and noise is not None:
            w = self._mixed(w, y)
        return self.render(w, noise)

    def style(self, y: Tensor, latent: Tensor, truncation: float = 1.0) -> Tensor:
        """Return w of each latent vector, moved toward the mean of its condition: 1 leaves it, 0 is the mean."""
        x = torch.cat([_unit(latent), _unit(self.conditions.embed(self.embedding, y))], 1)
        for layer in self.mapping:
            x = F.leaky_relu(layer(x), 0.2) * math.sqrt(2)
        if truncation == 1:
            return x
        labels, place = y.unique(return_inverse=True, dim=0)
        return torch.lerp(self.mean_styles(labels)[place], x, truncation)

    def mean_styles(self, y: Tensor) -> Tensor:
        """Return the mean w of each condition in `y`, of shape (len(y), latent_size)."""
        latent = torch.randn(_N_FOR_MEAN, self.latent_size, generator=torch.Generator().manual_seed(0)).to(y.device)
        return torch.stack([self.style(one.expand(_N_FOR_MEAN, *one.shape), latent).mean(0) for one in y])

    def render(self, w: Tensor, noise: Tensor | None = None) -> Tensor:
        """Make images of styles."""
        styles = w.unbind(1) if w.ndim == 3 else [w] * self.n_styles
        maps = iter([] if noise is None else noise.split(self.noise_sizes, 1))
        x, pixels = self.constant.expand(len(w), -1, -1, -1), None
        for level, to_pixels, own in zip(self.levels, self.to_pixels, styles, strict=True):
            for layer in cast("list[StyledLayer]", level):
                values = next(maps, None)
                shape = (1, *(side * (1 + layer.conv.upsamples) for side in x.shape[2:]))
                x = layer(x, own, values.unflatten(1, shape) if values is not None and values.shape[1] else None)
            added = to_pixels(x, own)
            if pixels is None:
                pixels = added
            else:
                # the paper's filter [1, 3, 3, 1]
                pixels = F.interpolate(pixels, scale_factor=2, mode="bilinear", align_corners=False) + added
        assert pixels is not None
        return (pixels + (self.bias * _RATE)[:, None, None]).tanh()

    def _mixed(self, w: Tensor, y: Tensor) -> Tensor:
        """Give half of the images the fine styles of a second latent vector of their class."""
        device = w.device
        n, size, rng = len(w), self.latent_size, self.rng
        latent = processes.drawn(lambda n: torch.randn(n, size, generator=rng, device=device), n)
        first = processes.drawn(lambda n: torch.randint(1, self.n_styles, (n, 1), generator=rng, device=device), n)
        mixes = processes.drawn(lambda n: torch.rand(n, 1, generator=rng, device=device), n) < _MIXING
        other = self.style(y, latent)
        level = torch.arange(self.n_styles, device=device)
        return torch.where((mixes & (level >= first))[..., None], other[:, None], w[:, None])


def _unit(x: Tensor) -> Tensor:
    """Scale vectors to a mean square of 1."""
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()
