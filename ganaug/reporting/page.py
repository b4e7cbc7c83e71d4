"""One self-contained page out of words, tables, figures and pictures; it knows nothing of what they show.

Whatever the data hold is text here and never markup: the template escapes every value, and figures are images, in
which browsers run nothing.
"""

import base64
import hashlib
import io
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray
from PIL import Image

from ganaug._version import __version__
from ganaug.common.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Of real and of generated rows, in figures; both are legible on white and on nearly black.
REAL, SYNTHETIC = "#7a8699", "#e07b00"
# What matplotlib draws in this colour takes that of the text around it. No figure needs just this black.
_TEXT_COLOUR = "#010203"
_TEXT_STYLE = "<style>svg{color:#1c2733}@media (prefers-color-scheme:dark){svg{color:#dde3ea}}</style>"
# Pixels of the longer side, up to which pictures are stored as they are, and that larger ones are brought to.
_LOSSLESS_SIDE, _LARGEST_SIDE = 64, 160
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "imbalanced-learn", "torch", "matplotlib")


@dataclass(frozen=True)
class Words:
    """Sentences, one below the other."""

    kind: ClassVar[str] = "words"
    sentences: Sequence[str]


@dataclass(frozen=True)
class Terms:
    """Headings with a paragraph each, as a model card has."""

    kind: ClassVar[str] = "terms"
    entries: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A table of words and numbers; without its index."""

    kind: ClassVar[str] = "table"
    frame: pd.DataFrame
    caption: str

    @property
    def head(self) -> list[tuple[str, bool]]:
        """Names of the columns, and whether they hold numbers."""
        numeric = [of.kind in "iuf" for of in self.frame.dtypes]
        return list(zip(map(str, self.frame.columns), numeric, strict=True))

    @property
    def rows(self) -> list[list[str]]:
        """Cells as they are read."""
        return [[_shown(cell) for cell in row] for row in self.frame.itertuples(index=False, name=None)]


@dataclass(frozen=True)
class Picture:
    """An image in the page: where it comes from, what is seen, and what is to be said of it."""

    source: str
    alt: str
    caption: str = ""


@dataclass(frozen=True)
class Drawings:
    """Figures side by side where there is room; a wide one keeps its size and is scrolled on a phone."""

    kind: ClassVar[str] = "drawings"
    pictures: Sequence[Picture]
    wide: bool = False


@dataclass(frozen=True)
class Strip:
    """Small pictures side by side, under a heading of their own."""

    kind: ClassVar[str] = "strip"
    title: str
    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Pairs:
    """Two small pictures side by side, many times, with a line below each pair."""

    kind: ClassVar[str] = "pairs"
    title: str
    pairs: Sequence[tuple[Picture, Picture, str]]


@dataclass(frozen=True)
class Shape:
    """The distribution of a column among real and among synthetic rows.

    Parameters
    ----------
    name : str
        Of the column.
    note : str
        What is to be said of it.
    levels : sequence of (str, float, float)
        A level and its shares, 0 to 1, among real and among synthetic rows; or nothing, and `bins`.
    bins : ndarray of shape (n, 2)
        Shares of real and synthetic rows.
    ends : (str, str)
        What stands below the first and the last bin.
    """

    name: str
    note: str
    levels: Sequence[tuple[str, float, float]] = ()
    bins: NDArray | None = None
    ends: tuple[str, str] = ("", "")

    @property
    def paths(self) -> tuple[str, str]:
        """Outlines of both in a box of 100 by 100: what an SVG path draws."""
        assert self.bins is not None
        heights = 100 - 96 * self.bins / max(self.bins.max(), 1e-12)
        width = 100 / len(heights)
        outlines = []
        for column in heights.T:
            steps = "".join(f"V{height:.4g}H{(i + 1) * width:.4g}" for i, height in enumerate(column))
            outlines.append(f"M0,100{steps}V100")
        return outlines[0], outlines[1]


@dataclass(frozen=True)
class Shapes:
    """Distributions of columns, with a box to search their names where there are several."""

    kind: ClassVar[str] = "shapes"
    shapes: Sequence[Shape]


Block = Words | Terms | Table | Drawings | Strip | Pairs | Shapes


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Block]


def page(title: str, sections: Iterable[Section], *, notice: str, path: str | Path | None = None) -> str | None:
    """Write a page of HTML that needs nothing else.

    Parameters
    ----------
    title : str
        Its heading.
    sections : iterable of Section
        From top to bottom. One on versions is added.
    notice : str
        What everyone has to know, below the heading.
    path : str, Path or None, default=None
        Where to, whole or not at all; an existing file is replaced. None returns the page.

    Returns
    -------
    str or None
        The page, without a path. Whatever `title`, `sections` and `notice` hold is shown as it is, and none of it can
        become markup.

    Raises
    ------
    OSError
        Where it cannot be written.

    Examples
    --------
    >>> from ganaug.reporting.page import Section, Words, page
    >>> text = page("Of <b>", [Section("Verdict", [Words(["Fine."])])], notice="No data within.")
    >>> "<h1>Of &lt;b&gt;</h1>" in text, "<b>" in text
    (True, False)
    """
    loader = PackageLoader("ganaug", "reporting")
    templates = Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    script = loader.get_source(templates, "search.js")[0]
    text = templates.get_template("page.html").render(
        title=title,
        notice=notice,
        sections=[*sections, Section("Versions", [Table(_versions(), "What made this page")])],
        script=script,
        # a browser runs this script and no other, and loads nothing from elsewhere, whatever the data try
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        version=__version__,
        written=f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
    )
    if path is None:
        return text
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
    return None


def drawings(*figures: "tuple[Callable[[], Figure], str, str]", wide: bool = False) -> Drawings | Words:
    """Draw figures of matplotlib for the page, in colours that suit a light and a dark one.

    Parameters
    ----------
    *figures : (callable, str, str)
        What returns a figure, what it shows for those who do not see it, and what stands below it. The callable is
        called with styles set: text and lines take the colour of the page.
    wide : bool, default=False
        See `Drawings`.

    Returns
    -------
    Drawings or Words
        Words where matplotlib is not installed, with the way out.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        what = "; ".join(alt for _, alt, _ in figures)
        return Words([f"Not drawn, as matplotlib is not installed (pip install 'ganaug[plot]' adds it): {what}"])
    lines = ("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor", "xtick.color", "ytick.color")
    style: dict[Any, Any] = dict.fromkeys(lines, _TEXT_COLOUR) | {
        "svg.fonttype": "none",
        "font.size": 10,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "savefig.dpi": 150,  # of what is no line, such as heat maps
    }
    pictures = []
    for draw, alt, caption in figures:
        stored = io.StringIO()
        with mpl.rc_context(style):
            figure = draw()
            figure.savefig(stored, format="svg", metadata={"Date": None})
        if hasattr(mpl, "pyplot"):
            mpl.pyplot.close(figure)
        svg = stored.getvalue()
        svg = (
            svg[svg.index("<svg") :].replace(_TEXT_COLOUR, "currentColor").replace("<defs>", f"{_TEXT_STYLE}<defs>", 1)
        )
        pictures.append(Picture(_embedded("image/svg+xml", svg.encode()), alt, caption))
    return Drawings(pictures, wide)


def picture(pixels: NDArray, alt: str, caption: str = "") -> Picture:
    """Put pixels into the page, larger ones reduced.

    Parameters
    ----------
    pixels : ndarray of shape (height, width) or (height, width, channels)
        From 0, black, to 1; three channels at least, of which the first three are shown.
    alt, caption : str
        What it shows, and what is to be said of it.
    """
    image = Image.fromarray(
        np.rint(255 * np.clip(pixels[..., :3] if pixels.ndim == 3 else pixels, 0, 1)).astype(np.uint8)
    )
    stored = io.BytesIO()
    if max(image.size) <= _LOSSLESS_SIDE:
        image.save(stored, "PNG", optimize=True)
        return Picture(_embedded("image/png", stored.getvalue()), alt, caption)
    image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    image.save(stored, "JPEG", quality=85)
    return Picture(_embedded("image/jpeg", stored.getvalue()), alt, caption)


def settings(params: Mapping[str, Any], defaults: Mapping[str, Any] | None, *, caption: str = "Parameters") -> Table:
    """Return parameters as a table that names the default where a value is another.

    Parameters
    ----------
    params : mapping
        Names and values.
    defaults : mapping or None
        Their defaults; None where there are none to name.
    caption : str, default="Parameters"
        Above the table.

    Returns
    -------
    Table
        With long values cut.
    """
    defaults = defaults or {}
    frame = pd.DataFrame({"parameter": list(params), "value": [_brief(value) for value in params.values()]})
    default = pd.Series([_brief(defaults.get(name)) for name in params], dtype=object)
    return Table(frame.assign(**{"by default": default.mask(default == frame["value"], "")}), caption)


def _embedded(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _versions() -> pd.DataFrame:
    rows = [("ganaug", __version__), ("Python", platform.python_version()), ("system", platform.platform(terse=True))]
    for name in _LIBRARIES:
        try:
            rows.append((name, version(name)))
        except ImportError:
            rows.append((name, "not installed"))
    return pd.DataFrame(rows, columns=["what", "version"])


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _shown(cell: Any) -> str:
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    if isinstance(cell, int | np.integer):
        return f"{cell:,}"
    if isinstance(cell, float | np.floating):
        number = float(cell)
        if np.isnan(number):
            return ""
        return (
            f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.1g}" if 0 < abs(number) < 0.001 else f"{number:.3f}"
        )
    return str(cell)
