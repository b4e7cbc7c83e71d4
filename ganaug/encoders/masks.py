"""Channels of images that are masks: a few levels, such as background and lesion, which synthetic images keep."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug.common.large_arrays import blocks

# A channel of more values is an image.
_MOST_LEVELS = 64


def check_mask_channels(mask_channels: Any, n_channels: int) -> tuple[int, ...]:
    """Return the channels that are masks, sorted and counted from 0.

    Parameters
    ----------
    mask_channels : sequence of int or None
        Channels; negative numbers count from the last one. None means none.
    n_channels : int
        Channels of the images.

    Raises
    ------
    ValueError
        If there is no such channel.

    Examples
    --------
    >>> check_mask_channels([-1], 4)
    (3,)
    """
    try:
        given = [] if mask_channels is None else [operator.index(channel) for channel in mask_channels]
    except TypeError:
        raise ValueError(f"mask_channels={mask_channels!r} must be a list of channels, such as [3]") from None
    if any(not -n_channels <= channel < n_channels for channel in given):
        raise ValueError(f"mask_channels={mask_channels!r}, but images have the channels 0 to {n_channels - 1}")
    return tuple(sorted({channel % n_channels for channel in given}))


def levels_of(images: NDArray, channels: Sequence[int]) -> dict[int, NDArray]:
    """Return the levels of each mask, in ascending order.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
        Training images.
    channels : sequence of int
        Those that are masks.

    Raises
    ------
    ValueError
        If a mask has more than 64 levels.

    Examples
    --------
    >>> levels_of(np.array([[[[9, 0], [7, 255]]]]), [1])
    {1: array([  0, 255])}
    """
    parts = [{channel: np.unique(part[..., channel]) for channel in channels} for part in blocks(images)]
    levels = {channel: np.unique(np.concatenate([part[channel] for part in parts])) for channel in channels}
    for channel, values in levels.items():
        if len(values) > _MOST_LEVELS:
            raise ValueError(
                f"channel {channel} of mask_channels has {len(values):,} values, but a mask has at most {_MOST_LEVELS} "
                "levels; round the mask, or leave the channel out of mask_channels"
            )
    return levels


def scaled_mask(mask: Tensor, levels: NDArray) -> Tensor:
    """Return the levels of a mask at equal distances in [-1, 1]; other values become the nearest level.

    Examples
    --------
    >>> scaled_mask(torch.tensor([0, 7, 255]), np.array([0, 7, 255]))
    tensor([-1.,  0.,  1.])
    """
    between = torch.from_numpy((levels[1:].astype(np.float64) + levels[:-1]) / 2).to(mask.device)
    index = torch.searchsorted(between, mask.double().contiguous())
    return index.float() / max(1, len(levels) - 1) * 2 - 1


def snapped_mask(scaled: NDArray, levels: NDArray) -> NDArray:
    """Return the nearest level of each value in [-1, 1], the inverse of `scaled_mask`.

    Examples
    --------
    >>> snapped_mask(np.array([-0.9, 0.2, 0.8]), np.array([0, 7, 255]))
    array([  0,   7, 255])
    """
    return levels[np.rint((scaled + 1) / 2 * (len(levels) - 1)).astype(int)]
