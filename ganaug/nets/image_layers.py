"""Layers and blocks of image networks."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.common import processes


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation by the images of all processes that train together (arXiv 1502.03167).

    `torch.nn.SyncBatchNorm` does the same on GPUs only.

    Examples
    --------
    >>> BatchNorm(4)(torch.randn(8, 4, 5, 5)).std().round(decimals=1).item()
    1.0
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x`, in training mode by mean and variance of the batch."""
        n_parts = processes.n_processes()
        if n_parts == 1 or not self.training:
            return super().forward(x)
        of_part = torch.stack(torch.var_mean(x.float(), (0, 2, 3), correction=0))
        variances, means = processes.all_rows(of_part[None]).unbind(1)
        mean = means.mean(0)
        variance = (variances + (means - mean).square()).mean(0)
        with torch.no_grad():
            mean_before, variance_before, momentum = self.running_mean, self.running_var, self.momentum
            assert mean_before is not None
            assert variance_before is not None
            assert momentum is not None
            assert self.num_batches_tracked is not None
            n = n_parts * x.numel() // self.num_features
            mean_before.lerp_(mean, momentum)
            variance_before.lerp_(variance * n / max(1, n - 1), momentum)
            self.num_batches_tracked += 1
        scale, offset = (variance + self.eps).rsqrt(), -mean * (variance + self.eps).rsqrt()
        if self.affine:
            scale, offset = scale * self.weight, offset * self.weight + self.bias
        return torch.addcmul(offset.to(x)[:, None, None], x, scale.to(x)[:, None, None])


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
        self.norm = BatchNorm(n_channels, affine=False)
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
        return F.conv_transpose2d(x, box_sums(self.weight.transpose(0, 1)), self.bias, stride=2, padding=1)


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
        return F.conv2d(x, box_sums(self.weight) / 4, self.bias, stride=2, padding=1)


def box_sums(weight: Tensor) -> Tensor:
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


class Repeated(nn.Module):
    """A block of a generator, followed by convolutions of the same size, each normalised by the condition.

    Parameters
    ----------
    block : nn.Module
        Called with images and the condition.
    n_channels : int
        Channels that it returns.
    condition_size : int
        Size of the condition.
    n_more : int
        Number of convolutions that follow.
    adds : bool
        Whether each adds to the image, as in residual networks.

    Notes
    -----
    Shapes:

    - x: (batch, channels, height, width) as `block` takes it; condition: (batch, condition_size)
    - output: as `block` returns it

    Examples
    --------
    >>> block = Repeated(Level(UpsampledConv(8, 4, bias=False), 4, 2), 4, 2, n_more=1, adds=True)
    >>> block(torch.randn(2, 8, 3, 3), torch.eye(2)).shape
    torch.Size([2, 4, 6, 6])
    """

    def __init__(self, block: nn.Module, n_channels: int, condition_size: int, *, n_more: int, adds: bool) -> None:
        super().__init__()
        self.block = block
        self.more = nn.ModuleList(
            Level(nn.Conv2d(n_channels, n_channels, 3, padding=1, bias=False), n_channels, condition_size)
            for _ in range(n_more)
        )
        self.adds = adds

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Apply the block and the convolutions."""
        x = self.block(x, condition)
        for level in self.more:
            x = x + level(x, condition) if self.adds else level(x, condition)
        return x


class ResidualConv(nn.Module):
    """Rectify, convolve and add to the image: a block of a residual discriminator that keeps the size.

    Parameters
    ----------
    n_channels : int
        Channels in and out.

    Examples
    --------
    >>> ResidualConv(4)(torch.randn(2, 4, 5, 5)).shape
    torch.Size([2, 4, 5, 5])
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_channels, n_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Add to the image."""
        return x + self.conv(F.relu(x))


class SumPool(nn.Module):
    """Rectify and sum over all places, so that a feature counts as often as it occurs (arXiv 1802.05957).

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
