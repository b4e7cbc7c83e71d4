"""Colour transfer: the mean and the standard deviation of colours, matched in CIELAB (Reinhard et al., 2001)."""

import numpy as np
from numpy.typing import NDArray

# CIE XYZ of the primaries of sRGB under D65 (IEC 61966-2-1), each row divided by its sum, so that white is (1, 1, 1)
_XYZ_OF_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_XYZ_OF_RGB /= _XYZ_OF_RGB.sum(1, keepdims=True)
_LAB_OF_F = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]])
_LIMIT = 6 / 29
# Half of a just noticeable difference: a channel that varies by less is noise, which is not scaled up to a texture.
_LEAST_SPREAD = 1.0


def lab(images: NDArray) -> NDArray[np.float64]:
    """Convert sRGB to CIELAB under D65.

    Parameters
    ----------
    images : ndarray of shape (..., 3)
        From 0 to 1.

    Returns
    -------
    ndarray of float64, shape (..., 3)
        Lightness from 0 to 100; a (green to red) and b (blue to yellow), which are 0 for grey.
    """
    linear = np.where(images <= 0.04045, images / 12.92, ((images + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _XYZ_OF_RGB.T
    f = np.where(xyz > _LIMIT**3, np.cbrt(xyz), xyz / (3 * _LIMIT**2) + 4 / 29)
    return f @ _LAB_OF_F.T - [16, 0, 0]


def rgb(colors: NDArray) -> NDArray[np.float64]:
    """Convert CIELAB to sRGB; colours that sRGB does not have become the nearest values in each channel.

    Parameters
    ----------
    colors : ndarray of shape (..., 3)
        The result of `lab`.

    Returns
    -------
    ndarray of float64, shape (..., 3)
        From 0 to 1.
    """
    f = (colors + [16, 0, 0]) @ np.linalg.inv(_LAB_OF_F).T
    xyz = np.where(f > _LIMIT, f**3, 3 * _LIMIT**2 * (f - 4 / 29))
    linear = (xyz @ np.linalg.inv(_XYZ_OF_RGB).T).clip(0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).clip(0, 1)


def statistics(images: NDArray) -> NDArray[np.float64]:
    """Return mean and standard deviation of lightness, a and b of each image.

    Parameters
    ----------
    images : ndarray of shape (n, h, w, 1) or (n, h, w, 3)
        From 0 to 1.

    Returns
    -------
    ndarray of shape (n, 2, 3)
        Means, then standard deviations.
    """
    colors = lab(np.broadcast_to(images, (*images.shape[:3], 3)))
    return np.stack([colors.mean((1, 2)), colors.std((1, 2))], axis=1)


def transfer_color(content: NDArray, targets: NDArray, strength: float) -> NDArray[np.float64]:
    """Give images the mean and the standard deviation of the colours of others.

    Parameters
    ----------
    content : ndarray of shape (n, h, w, 1) or (n, h, w, 3)
        From 0 to 1. Of grey images only the lightness changes.
    targets : ndarray of shape (n, 2, 3)
        Of `statistics`: those of a style for each image.
    strength : float
        From 0 to 1: how far each colour goes on its way to the new one.

    Returns
    -------
    ndarray of float64, of the shape of `content`
        From 0 to 1.
    """
    is_grey = content.shape[3] == 1
    colors = lab(np.broadcast_to(content, (*content.shape[:3], 3)))
    mean, spread = colors.mean((1, 2), keepdims=True), colors.std((1, 2), keepdims=True)
    new_mean, new_spread = targets[:, 0, None, None], targets[:, 1, None, None]
    moved = (colors - mean) * (new_spread / np.maximum(spread, _LEAST_SPREAD)) + new_mean
    if is_grey:
        moved[..., 1:] = 0
    return rgb(colors + strength * (moved - colors))[..., : content.shape[3]]
