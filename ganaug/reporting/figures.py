"""Figures and images as a page holds them: drawn by matplotlib, or pixels, and stored inside the page."""

import base64
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import PIL.Image
from numpy.typing import NDArray

from ganaug.common.colors import REAL_COLOR, SYNTHETIC_COLOR
from ganaug.common.extras import has_extra
from ganaug.common.printable import printable
from ganaug.common.wording import shortened
from ganaug.reporting.blocks import Figures, Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A placeholder: lines that matplotlib draws in this colour take the colour of the text around the figure.
_TEXT_COLOR = "#010203"
_TEXT_STYLE = "<style>svg{color:#1c2733}@media (prefers-color-scheme:dark){svg{color:#dde3ea}}</style>"
# Longer side in pixels: up to the first, images are stored without loss; larger ones are reduced to the second.
_LOSSLESS_SIDE, _LARGEST_SIDE = 64, 160
# Characters of a column's name beside a heat map.
_NAME_LENGTH = 18
# Most columns whose names are legible beside a heat map.
_N_NAMED = 30


def draw_figures(*figures: "tuple[Callable[[], Figure], str, str]", wide: bool = False) -> Figures:
    """Draw figures of matplotlib, in colours that suit a light and a dark page.

    Parameters
    ----------
    *figures : (callable, str, str)
        A function that returns a figure, a description for those who do not see it, and a caption. Styles are set
        while the function runs: text and lines take the colour of the page.
    wide : bool, default=False
        See `Figures`.

    Returns
    -------
    Figures
        Without images if matplotlib is missing: the page says so once.
    """
    if not has_extra("plot"):
        return Figures([], wide)
    import matplotlib as mpl

    lines = ("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor", "xtick.color", "ytick.color")
    style: dict[Any, Any] = dict.fromkeys(lines, _TEXT_COLOR) | {
        "svg.fonttype": "none",
        "font.size": 10,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "savefig.dpi": 150,  # of parts that are stored as pixels, such as heat maps
    }
    images = []
    for draw, alt, caption in figures:
        stored = io.StringIO()
        with mpl.rc_context(style):
            figure = draw()
            figure.savefig(stored, format="svg", metadata={"Date": None})
        if hasattr(mpl, "pyplot"):
            mpl.pyplot.close(figure)
        svg = printable(stored.getvalue())  # with the control characters of a label it would be no XML
        svg = svg[svg.index("<svg") :].replace(_TEXT_COLOR, "currentColor")
        svg = svg.replace("<defs>", f"{_TEXT_STYLE}<defs>", 1)
        images.append(Image(_embedded("image/svg+xml", svg.encode()), alt, caption))
    return Figures(images, wide)


def embed_image(pixels: NDArray, alt: str, caption: str = "") -> Image:
    """Store pixels inside a page; large images are reduced.

    Parameters
    ----------
    pixels : ndarray of shape (height, width) or (height, width, channels)
        From 0 (black) to 1 (white). Of the channels, at least three, the first three are shown.
    alt, caption : str
        A description for those who do not see the image, and a caption.

    Returns
    -------
    Image
        PNG up to 64 pixels a side, JPEG of at most 160 pixels a side otherwise.
    """
    values = np.clip(pixels[..., :3] if pixels.ndim == 3 else pixels, 0, 1)
    image = PIL.Image.fromarray(np.rint(255 * values).astype(np.uint8))
    stored = io.BytesIO()
    if max(image.size) <= _LOSSLESS_SIDE:
        image.save(stored, "PNG", optimize=True)
        return Image(_embedded("image/png", stored.getvalue()), alt, caption)
    image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    image.save(stored, "JPEG", quality=85)
    return Image(_embedded("image/jpeg", stored.getvalue()), alt, caption)


def heat_map(matrix: pd.DataFrame, title: str) -> Any:
    """Draw a square matrix of numbers: -1 is blue, 0 white, 1 red.

    Parameters
    ----------
    matrix : DataFrame of shape (d, d)
        With more than 30 columns, names are not drawn.
    title : str
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        Without pyplot, for `draw_figures`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.3), layout="constrained")
    ax = figure.subplots()
    image = ax.imshow(matrix.to_numpy(), cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
    ax.set_title(title, fontsize=11)
    names = [shortened(name, _NAME_LENGTH) for name in matrix.columns]
    places = np.arange(len(names) if len(names) <= _N_NAMED else 0)
    size = min(9.0, 130 / max(len(names), 1))
    # text between two dollar signs is not a formula here
    ax.set_xticks(places, names[: len(places)], rotation=90, fontsize=size, parse_math=False)
    ax.set_yticks(places, names[: len(places)], fontsize=size, parse_math=False)
    figure.colorbar(image, ax=ax, shrink=0.7)
    return figure


def scatter(real: NDArray, synthetic: NDArray) -> Any:
    """Draw real and synthetic rows as points of a plane.

    Parameters
    ----------
    real, synthetic : ndarray of shape (n, 2)
        Coordinates of the points.

    Returns
    -------
    matplotlib.figure.Figure
        Without pyplot, for `draw_figures`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4.2), layout="constrained")
    ax = figure.subplots()
    for points, color, opacity, label in [
        (real, REAL_COLOR, 0.6, "real"),
        (synthetic, SYNTHETIC_COLOR, 0.5, "synthetic"),
    ]:
        # stored as pixels: thousands of points as shapes would be most of the page
        x, y = points.T
        ax.scatter(x, y, s=16, color=color, alpha=opacity, linewidths=0, label=label, rasterized=True)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.1), ncols=2)
    ax.set(xlabel="first direction", ylabel="second direction")
    return figure


def _embedded(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
