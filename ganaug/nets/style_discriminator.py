"""The discriminator of StyleGAN2 (arXiv 1912.04958): residual blocks, and a head that compares images of a class."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.nets.image_layers import PooledConv
from ganaug.nets.image_networks import Head


class StyleDown(nn.Module):
    """Residual block of the discriminator that halves the image.

    Parameters
    ----------
    n_in, n_out : int
        Channels in and out.
    n_blocks : int, default=1
        Convolutions; 2 in the paper. The last one halves the image.

    Notes
    -----
    Shapes:

    - x: (batch, n_in, height, width), both even
    - output: (batch, n_out, height / 2, width / 2)

    Examples
    --------
    >>> StyleDown(3, 8)(torch.randn(2, 3, 4, 6)).shape
    torch.Size([2, 8, 2, 3])
    """

    def __init__(self, n_in: int, n_out: int, n_blocks: int = 1) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(n_blocks - 1):
            layers += [nn.Conv2d(n_in, n_in, 3, padding=1), nn.LeakyReLU(0.2, inplace=True)]
        self.layers = nn.Sequential(*layers, PooledConv(n_in, n_out), nn.LeakyReLU(0.2, inplace=True))
        self.skip = nn.Conv2d(n_in, n_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Halve the image and add to it."""
        return (self.layers(x) + self.skip(_halved(x))) / math.sqrt(2)


def _halved(x: Tensor) -> Tensor:
    """Average 2x2 pixels; `avg_pool2d` takes several times as long on a CPU."""
    x = x[..., ::2] + x[..., 1::2]
    return (x[..., ::2, :] + x[..., 1::2, :]) / 4


class MinibatchDeviation(nn.Module):
    """Add a channel with the standard deviation of features among images that are judged together (arXiv 1710.10196).

    A discriminator so sees that images of a class are all alike. Images are judged together if they have the same class
    and are both among the first half of that class in the batch, or both among the second. A batch of real images and
    as many fake ones of the same classes is therefore divided into real and fake ones. In eval mode, where single
    images are scored, the channel holds the running mean of training.

    Notes
    -----
    Shapes:

    - x: (batch, channels, height, width); y: (batch,) class index
    - output: (batch, channels + 1, height, width)

    Examples
    --------
    >>> x = torch.tensor([0.0, 2.0, 5.0, 5.0]).view(4, 1, 1, 1)
    >>> MinibatchDeviation()(x, torch.zeros(4, dtype=torch.long))[:, 1].flatten().round()
    tensor([1., 1., 0., 0.])
    """

    typical: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("typical", torch.zeros(()))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Append the channel."""
        deviation = self.typical.to(x.dtype).expand(len(x))
        if self.training:
            together = _judged_together(y).to(x.dtype)
            share = together / together.sum(1, keepdim=True)
            features = x.flatten(1)
            centred = features - share @ features
            deviation = (share @ centred.square() + 1e-8).sqrt().mean(1)
            with torch.no_grad():
                now = deviation.mean().to(self.typical.dtype)
                self.typical.copy_(torch.where(self.typical == 0, now, torch.lerp(self.typical, now, 0.01)))
        return torch.cat([x, deviation[:, None, None, None].expand(-1, 1, *x.shape[2:])], 1)


def _judged_together(y: Tensor) -> Tensor:
    """Return a matrix (batch, batch), true where two images have the same class and are of the same half of it."""
    of_class = F.one_hot(y)
    place = of_class.cumsum(0).gather(1, y[:, None]).squeeze(1) - 1
    is_second = 2 * place >= of_class.sum(0)[y]
    return (y[:, None] == y) & (is_second[:, None] == is_second)


class StyleHead(nn.Module):
    """The end of the discriminator: minibatch deviation, a convolution, a linear layer, and a `Head`.

    Parameters
    ----------
    n_channels : int
        Channels of the grid.
    grid : (int, int)
        Height and width of the grid.
    head : Head
        Judges `n_channels` features.

    Notes
    -----
    Shapes:

    - x: (batch, n_channels, height, width); y: (batch,) class index
    - output: as of `head`

    Examples
    --------
    >>> from ganaug.nets.image_networks import Head
    >>> head = StyleHead(8, (4, 4), Head(8, 2, "projection"))
    >>> head(torch.randn(2, 8, 4, 4), torch.tensor([0, 1])).shape
    torch.Size([2])
    """

    def __init__(self, n_channels: int, grid: tuple[int, int], head: Head) -> None:
        super().__init__()
        self.deviation = MinibatchDeviation()
        self.conv = nn.Conv2d(n_channels + 1, n_channels, 3, padding=1)
        self.linear = nn.Linear(n_channels * math.prod(grid), n_channels)
        self.head = head

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Judge the features of images as members of their class in `y`."""
        x = F.leaky_relu(self.conv(self.deviation(x, self.head.conditions.classes(y))), 0.2)
        return self.head(F.leaky_relu(self.linear(x.flatten(1)), 0.2), y)


def style_features(channels: int, widths: Sequence[int], n_blocks: int = 1) -> nn.Sequential:
    """Build the layers of the discriminator before its `StyleHead`: one halving, and residual blocks.

    Parameters
    ----------
    channels : int
        Channels of the images.
    widths : sequence of int
        Channels of each level, from the full image to the grid.
    n_blocks : int, default=1
        Convolutions of each level; 2 in the paper.

    Examples
    --------
    >>> style_features(3, (8, 16))(torch.randn(2, 3, 8, 8)).shape
    torch.Size([2, 16, 4, 4])
    """
    # the full size is where time goes: one convolution makes features of pixels and halves the image
    layers: list[nn.Module] = [nn.Conv2d(channels, widths[1], 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, *(StyleDown(a, b, n_blocks) for a, b in pairwise(widths[1:])))
