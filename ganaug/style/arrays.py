"""`stylize`: images with their own content in the style of others, on arrays of any size, channels and dtype."""

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ganaug.common.random import draw_seed
from ganaug.metrics import pixels
from ganaug.style.color import statistics, transfer_color
from ganaug.style.gram import Weights, network_size, relative_distance, style_grams, transfer

METHODS = ("features", "color")
MIN_SIDE = 8
# By eye, on blood cells and skin of 28 and 32 pixels: without it, pixels are chequered; with 60, edges are blurred.
_VARIATION = 20.0
_BATCH_SIZE = 16


def stylize(
    content: ArrayLike,
    style: ArrayLike,
    *,
    method: Literal["features", "color"] = "features",
    strength: float = 1.0,
    n_steps: int = 60,
    content_weight: float = 1.0,
    pairs: ArrayLike | None = None,
    value_range: tuple[float, float] | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> NDArray:
    """Show the content of images in the style of others, such as a cell in the stain of another smear.

    Parameters
    ----------
    content : array of shape (n, h, w) or (n, h, w, c)
        Images that keep what they show: grey, or with c = 1 (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGBA) channels.
        Sides have at least 8 pixels.
    style : array of shape (m, h', w') or (m, h', w', c')
        Images whose colours and textures the others get, of any size from 8 pixels on. Alpha is ignored. For grey
        content, styles become grey.
    method : {"features", "color"}, default="features"
        "features" optimises pixels until the Gram matrices of EfficientNet-Lite0, at four depths, are those of the
        style: colours and textures. It needs the extra ``extractor``, and about half a second of a core for an image of
        32 pixels. "color" matches the mean and the standard deviation of lightness and of both colours in CIELAB, which
        is the usual correction of stains: less than a millisecond, and it needs no network.
    strength : float, default=1.0
        How far the style goes, from 0 (images come back as they are) to 1 (as far as the content allows).
    n_steps : int, default=60
        Steps of the optimisation. More change little: on cells, 60 steps leave .087 of a distance of .247, 300 leave
        .084, and 30 leave .100.
    content_weight : float, default=1.0
        For "features": what deviations from the content count, beside 1 for those from the style. 1 keeps the shapes of
        images of 28 to 64 pixels; for photographs in the style of a painting, try 0.05.
    pairs : array-like of int, shape (n,), or None, default=None
        The style of each image, by its position in `style`. None draws them: each style is used equally often, up to
        one.
    value_range : (float, float) or None, default=None
        The values of black and white, of both arrays; values outside are clipped. None takes 0 and 255 for uint8, False
        and True for bool, and 0 and 1 for floats. Other integers need it.
    random_state : int, RandomState or None, default=None
        Seed of the pairs. Nothing else is random: the optimisation starts from the content.

    Returns
    -------
    ndarray of the shape and dtype of `content`
        Images within `value_range`; integers are rounded. Alpha is that of `content`.

    Raises
    ------
    ImportError
        If `method` is "features" and the weights of the network are not installed.
    ValueError
        If a parameter is out of its range, or images have another shape, a side below 8 pixels, or NaN values.

    See Also
    --------
    ganaug.style.style_augmented : New images of rare classes, in the style of other images of the set.
    ganaug.style.style_distance : How far images are from a style.

    Notes
    -----
    Small images are enlarged for the network to a shorter side of 96 pixels, and those above 384 reduced to it; the
    pixels of the result keep their own size. The style is brought to the shorter side of the content first. The loss
    of an image is the squared distance of its maps to those of the content (times `content_weight`), plus that of
    Gram matrices to the wanted ones, plus total variation, each distance relative to its target, which makes layers
    count equally. With `strength` below 1, the wanted matrices lie between those of the content and those of the style.

    The network is smaller than the VGG-19 of the paper. On cells, skin and photographs, colours and fine textures are
    transferred; large strokes were not tried.

    References
    ----------
    Gatys, Ecker and Bethge, "A Neural Algorithm of Artistic Style", arXiv 1508.06576. Reinhard et al., "Color transfer
    between images", IEEE Computer Graphics and Applications 21(5), 2001, for "color".

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cells = rng.integers(100, 200, (5, 32, 32, 3), dtype=np.uint8)
    >>> pink = np.full((1, 32, 32, 3), (230, 150, 170), dtype=np.uint8)
    >>> stained = stylize(cells, pink, method="color")
    >>> stained.shape, stained.dtype, stained.mean((0, 1, 2)).round(-1).astype(int).tolist()
    ((5, 32, 32, 3), dtype('uint8'), [230, 150, 170])
    """
    _check_parameters(method, strength, n_steps, content_weight)
    images, styles = _checked(content, "content"), _checked(style, "style")
    chosen = _checked_pairs(pairs, len(images), len(styles), random_state)
    if not len(images):
        return images.copy()
    own = _unit(images, value_range)
    n_colors = own.shape[1]
    others = _with_colors(_unit(styles, value_range), n_colors)
    if strength == 0:
        return images.copy()
    moved = np.empty(own.shape, dtype=np.float64)
    targets = _Targets(others, method, own.shape[2:])
    for start in range(0, len(own), _BATCH_SIZE):
        part = slice(start, start + _BATCH_SIZE)
        wanted = targets.of(chosen[part])
        if method == "color":
            batch = own[part].permute(0, 2, 3, 1).double().numpy()
            moved[part] = transfer_color(batch, wanted, strength).transpose(0, 3, 1, 2)
        else:
            weights = Weights(content=content_weight, style=1, variation=_VARIATION)
            moved[part] = transfer(own[part], wanted, strength=strength, weights=weights, n_steps=n_steps).numpy()
    return _as_before(moved.transpose(0, 2, 3, 1), images, value_range)


def style_distance(
    images: ArrayLike, style: ArrayLike, *, method: str = "features", value_range: tuple[float, float] | None = None
) -> NDArray[np.float64]:
    """Measure how far images are from styles, one by one.

    Parameters
    ----------
    images, style : array of shape (n, h, w[, c])
        As in `stylize`; a style for each image, or one for all.
    method : {"features", "color"}, default="features"
        As in `stylize`: what the style is.
    value_range : (float, float) or None, default=None
        As in `stylize`.

    Returns
    -------
    ndarray of float64, shape (n,)
        0 for the style itself. "features": the mean over four depths of the squared distance of Gram matrices, relative
        to those of the style. "color": the mean distance of the means and of the standard deviations in CIELAB, of
        which about 2 is just noticeable.

    Examples
    --------
    >>> dark, bright = np.full((1, 16, 16), 50, np.uint8), np.full((1, 16, 16), 200, np.uint8)
    >>> style_distance(dark, dark, method="color"), style_distance(bright, dark, method="color").round()
    (array([0.]), array([30.]))
    """
    _check_parameters(method, 1, 0, 1)
    measured = _checked(images, "images")
    if not len(measured):
        return np.empty(0)
    own = _unit(measured, value_range)
    others = _with_colors(_unit(_checked(style, "style"), value_range), own.shape[1])
    if len(others) not in (1, len(own)):
        raise ValueError(f"style must hold 1 image, or {len(own)}, one for each image; it holds {len(others)}")
    chosen = np.arange(len(own)) % len(others)
    targets, kept = _Targets(others, method, own.shape[2:]), _Targets(own, method, own.shape[2:])
    found = np.empty(len(own))
    for start in range(0, len(own), _BATCH_SIZE):
        part = slice(start, start + _BATCH_SIZE)
        wanted, held = targets.of(chosen[part]), kept.of(np.arange(len(own))[part])
        if method == "color":
            found[part] = np.linalg.norm(held - wanted, axis=2).mean(1)
        else:
            layers = [relative_distance(*both) for both in zip(held, wanted, strict=True)]
            found[part] = torch.stack(layers).mean(0).numpy()
    return found


def draw_pairs(n: int, n_styles: int, random_state: int | np.random.RandomState | None = None) -> NDArray[np.intp]:
    """Draw a style for each image, each style equally often up to one.

    Parameters
    ----------
    n, n_styles : int
        Numbers of images and of styles.
    random_state : int, RandomState or None, default=None
        Seed.

    Returns
    -------
    ndarray of int, shape (n,)
        Positions of styles.

    Examples
    --------
    >>> sorted(draw_pairs(5, 2, 0).tolist()) in ([0, 0, 0, 1, 1], [0, 0, 1, 1, 1])
    True
    """
    rng = np.random.default_rng(draw_seed(random_state))
    rounds = [rng.permutation(n_styles) for _ in range(-(-n // n_styles))]
    return np.concatenate([*rounds, np.empty(0)])[:n].astype(np.intp)


class _Targets:
    """What each style looks like in numbers; computed once for each style that is used."""

    def __init__(self, styles: torch.Tensor, method: str, size: tuple[int, ...]) -> None:
        self.styles, self.method = styles, method
        shorter = min(network_size(*size))
        height, width = styles.shape[2:]
        factor = shorter / min(height, width)
        self.size = round(height * factor), round(width * factor)
        self.known: dict[int, Any] = {}

    def of(self, chosen: NDArray) -> Any:
        """Return the statistics of the styles at these positions, stacked."""
        new = [index for index in dict.fromkeys(chosen.tolist()) if index not in self.known]
        if new and self.method == "color":
            self.known.update(zip(new, statistics(self.styles[new].permute(0, 2, 3, 1).double().numpy()), strict=True))
        elif new:
            with torch.no_grad():
                found = style_grams(self.styles[new], self.size)
            self.known.update(zip(new, zip(*found, strict=True), strict=True))
        held = [self.known[index] for index in chosen.tolist()]
        if self.method == "color":
            return np.stack(held)
        return [torch.stack(layer) for layer in zip(*held, strict=True)]


def _check_parameters(method: str, strength: float, n_steps: int, content_weight: float) -> None:
    if method not in METHODS:
        raise ValueError(f"{method=} is unknown; use one of {', '.join(map(repr, METHODS))}")
    if not 0 <= strength <= 1:
        raise ValueError(f"{strength=} must be from 0 (the content as it is) to 1 (the style)")
    if n_steps < 0:
        raise ValueError(f"{n_steps=} must be at least 0")
    if not 0 <= content_weight < np.inf:
        raise ValueError(f"{content_weight=} must be a number of at least 0")


def _checked(images: ArrayLike, name: str) -> NDArray:
    checked = np.asarray(images)
    if checked.ndim not in (3, 4) or (checked.ndim == 4 and not 1 <= checked.shape[3] <= 4):
        raise ValueError(
            f"{name} must have shape (n, h, w) or (n, h, w, c) with 1 to 4 channels, got {checked.shape}; "
            f"for one image pass {name}[None]"
        )
    if min(checked.shape[1:3]) < MIN_SIDE:
        height, width = checked.shape[1:3]
        hint = f"; for one image pass {name}[None]" if checked.ndim == 3 and width <= 4 else ""
        raise ValueError(f"{name} has images of {height}x{width} pixels; at least {MIN_SIDE} a side are needed{hint}")
    if name == "style" and not len(checked):
        raise ValueError("style holds no image; at least one is needed")
    return checked


def _checked_pairs(pairs: ArrayLike | None, n: int, n_styles: int, random_state: Any) -> NDArray[np.intp]:
    if pairs is None:
        return draw_pairs(n, n_styles, random_state)
    chosen = np.asarray(pairs)
    if chosen.shape != (n,) or chosen.dtype.kind not in "iu":
        raise ValueError(f"pairs must be {n} integers, one for each image of content, got shape {chosen.shape}")
    if n and (chosen.min() < 0 or chosen.max() >= n_styles):
        raise ValueError(
            f"pairs must be positions in style, from 0 to {n_styles - 1}; got {chosen.min()} to {chosen.max()}"
        )
    return chosen.astype(np.intp)


def _unit(images: NDArray, value_range: tuple[float, float] | None) -> torch.Tensor:
    """Return images without alpha as a tensor (n, 1 or 3, h, w) from 0 to 1."""
    return pixels(images, value_range) / 255


def _with_colors(images: torch.Tensor, n_colors: int) -> torch.Tensor:
    """Return images as grey or as RGB."""
    if images.shape[1] == n_colors:
        return images
    if n_colors == 3:
        return images.expand(-1, 3, -1, -1)
    # weights of ITU-R BT.601, as Pillow has them
    return torch.einsum("nchw,c->nhw", images, torch.tensor([0.299, 0.587, 0.114]))[:, None]


def _as_before(moved: NDArray, images: NDArray, value_range: tuple[float, float] | None) -> NDArray:
    """Return images (n, h, w, 1 or 3) from 0 to 1 in the dtype, the range and the channels of the originals."""
    low, high = value_range or ((0, 255) if images.dtype == np.uint8 else (0, 1))
    values = (moved * (high - low) + low).clip(low, high)
    if images.dtype.kind in "iub":
        values = np.rint(values)
    if images.ndim == 3:
        return values[..., 0].astype(images.dtype)
    result = images.copy()
    n_colors = values.shape[3]
    result[..., :n_colors] = values.astype(images.dtype)
    return result
