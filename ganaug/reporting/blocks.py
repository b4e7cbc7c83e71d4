"""The blocks that a page is built from. They hold plain text, numbers and images, and know nothing of HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.findings import QUESTIONS, Finding, answer_of
from ganaug.common.wording import shortened
from ganaug.reporting.glossary import meaning_of

_LONGEST_VALUE = 200
# Characters of a cell; the rest is shown where the pointer is.
_LONGEST_CELL = 400


@dataclass(frozen=True)
class Paragraphs:
    """Sentences, one below the other; a list where there are several."""

    kind: ClassVar[str] = "paragraphs"
    sentences: Sequence[str]


@dataclass(frozen=True)
class Verdict:
    """Findings, grouped by question; the three questions of every result stand first."""

    kind: ClassVar[str] = "verdict"
    findings: Sequence[Finding]

    @property
    def groups(self) -> list[tuple[str, str, list[Finding]]]:
        """Each question, its answer over all of its findings, and these findings, with the one that answers it first.

        One bad finding makes the answer bad, and one unknown finding makes it unknown otherwise.
        """
        groups: list[tuple[str, str, list[Finding]]] = []
        for question in dict.fromkeys([*QUESTIONS, *(of.question for of in self.findings)]):
            first = answer_of(question, self.findings)
            others = [of for of in self.findings if of.question == question and of is not first]
            others.sort(key=lambda of: ("bad", "unknown", "good").index(of.answer))
            groups.append((question, first.answer, [first, *others]))
        return groups


@dataclass(frozen=True)
class Definitions:
    """Headings with a paragraph each, as in a model card."""

    kind: ClassVar[str] = "definitions"
    entries: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A table of text and numbers, without its index. A folded one shows its caption until it is opened."""

    kind: ClassVar[str] = "table"
    frame: pd.DataFrame
    caption: str
    is_folded: bool = False

    @property
    def head(self) -> list[tuple[str, bool]]:
        """Names of the columns, and whether they hold numbers."""
        numeric = [of.kind in "iuf" for of in self.frame.dtypes]
        return list(zip(map(str, self.frame.columns), numeric, strict=True))

    @property
    def rows(self) -> list[list[tuple[str, str]]]:
        """Cells as text, and what a pointer shows of each: the whole of a cut text, or what a word means."""
        return [[_cell_and_title(cell) for cell in row] for row in self.frame.itertuples(index=False, name=None)]


@dataclass(frozen=True)
class Image:
    """An image inside the page: its data, a description for those who do not see it, and a caption."""

    source: str
    alt: str
    caption: str = ""


@dataclass(frozen=True)
class Figures:
    """Figures side by side where there is room. A wide one keeps its size, and a phone scrolls it."""

    kind: ClassVar[str] = "figures"
    images: Sequence[Image]
    wide: bool = False


@dataclass(frozen=True)
class ImageStrip:
    """Small images side by side, with a heading."""

    kind: ClassVar[str] = "image_strip"
    title: str
    images: Sequence[Image]


@dataclass(frozen=True)
class ImagePairs:
    """Pairs of small images, with a line below each pair."""

    kind: ClassVar[str] = "image_pairs"
    title: str
    pairs: Sequence[tuple[Image, Image, str]]


@dataclass(frozen=True)
class ColumnChart:
    """The distribution of a column among real and among synthetic rows.

    Parameters
    ----------
    name : str
        Name of the column.
    note : str
        A line below the name.
    levels : sequence of (str, float, float)
        A level and its shares, 0 to 1, among real and among synthetic rows. If empty, `bins` are drawn.
    bins : ndarray of shape (n, 2) or None
        Shares of real and of synthetic rows in each bin.
    ends : (str, str)
        Labels below the first and the last bin.
    """

    name: str
    note: str
    levels: Sequence[tuple[str, float, float]] = ()
    bins: NDArray | None = None
    ends: tuple[str, str] = ("", "")

    @property
    def paths(self) -> tuple[str, str]:
        """Outlines of both distributions in a box of 100 by 100, as SVG paths."""
        assert self.bins is not None
        heights = 100 - 96 * self.bins / max(self.bins.max(), 1e-12)
        width = 100 / len(heights)
        outlines = []
        for column in heights.T:
            steps = "".join(f"V{height:.4g}H{(i + 1) * width:.4g}" for i, height in enumerate(column))
            outlines.append(f"M0,100{steps}V100")
        return outlines[0], outlines[1]


@dataclass(frozen=True)
class ColumnCharts:
    """Distributions of columns, with a field that searches their names."""

    kind: ClassVar[str] = "column_charts"
    charts: Sequence[ColumnChart]


Block = Paragraphs | Verdict | Definitions | Table | Figures | ImageStrip | ImagePairs | ColumnCharts


@dataclass(frozen=True)
class Section:
    """A heading and the blocks below it."""

    title: str
    blocks: Sequence[Block]


def without_empty(sections: Sequence[Section]) -> list[Section]:
    """Leave out figures that could not be drawn, and sections of which nothing is left.

    Parameters
    ----------
    sections : sequence of Section
        Of a page.
    """
    kept = [
        Section(of.title, [block for block in of.blocks if not (isinstance(block, Figures) and not block.images)])
        for of in sections
    ]
    return [of for of in kept if of.blocks]


def texts_of(block: Block) -> list[str]:
    """Return the names of measures in a block: the first cells of a table and its head, and the numbers of a verdict.

    Parameters
    ----------
    block : block
        Any block of a page.
    """
    if isinstance(block, Table):
        return [*(str(name) for name in block.frame), *(str(cell) for cell in block.frame.iloc[:, 0])]
    if isinstance(block, Verdict):
        return [name for finding in block.findings for name in finding.numbers]
    return []


def settings_table(
    params: Mapping[str, Any], defaults: Mapping[str, Any] | None = None, *, caption: str = "Parameters"
) -> Table:
    """Return parameters as a table that names the default of each changed value.

    Parameters
    ----------
    params : mapping
        Names and values.
    defaults : mapping or None, default=None
        Their defaults; None if there are none to show.
    caption : str, default="Parameters"
        Caption of the table.

    Returns
    -------
    Table
        With long values cut.
    """
    frame = pd.DataFrame({"parameter": list(params), "value": [_text_of(value) for value in params.values()]})
    if defaults is not None:
        default = pd.Series([_text_of(defaults.get(name)) for name in params], dtype=object)
        frame = frame.assign(**{"default, if different": default.mask(default == frame["value"], "")})
    return Table(frame, caption)


def with_intervals(measures: pd.DataFrame, noun: str = "rows") -> pd.DataFrame:
    """Return measures with each interval in the column of its value, which a narrow page can show.

    Parameters
    ----------
    measures : DataFrame
        Rows of the `frame` of an evaluation.
    noun : {"rows", "images", "texts"}, default="rows"
        What the data are: the column with the values of real data is named after it.
    """
    shown = measures.drop(columns=["low", "high", "real_low", "real_high"], errors="ignore")
    for name in ("value", "real"):
        prefix = "" if name == "value" else "real_"
        if f"{prefix}low" in measures:
            ends = zip(measures[name], measures[f"{prefix}low"], measures[f"{prefix}high"], strict=True)
            shown[name] = [with_interval(*of) for of in ends]
    return shown.rename(columns={"real": f"real {noun}"})


def with_interval(value: float, low: float, high: float) -> str:
    """Write a value and its 95 % interval.

    Parameters
    ----------
    value, low, high : float
        NaN where there is none.

    Examples
    --------
    >>> with_interval(0.5, 0.25, 0.75), with_interval(0.5, float("nan"), float("nan")), with_interval(0.0, -0.0001, 0.1)
    ('0.500 (0.250 to 0.750)', '0.500', '0.000 (0.000 to 0.100)')
    """
    if np.isnan(value):
        return ""
    written = format_cell(float(value))
    return written if np.isnan(low) else f"{written} ({round(low, 3) + 0.0:.3f} to {round(high, 3) + 0.0:.3f})"


def p_cell(p: float) -> str:
    """Write a p-value for a cell of a table.

    Parameters
    ----------
    p : float
        NaN where nothing was tested.

    Examples
    --------
    >>> p_cell(2e-5), p_cell(0.0312), p_cell(float("nan"))
    ('< 0.001', '0.031', '')
    """
    return "" if np.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def format_cell(cell: Any) -> str:
    """Write a cell of a table.

    Parameters
    ----------
    cell : object
        A number, a truth value or text.

    Examples
    --------
    >>> [format_cell(cell) for cell in (1234, 0.25, float("nan"), True, "a")]
    ['1,234', '0.250', '', 'yes', 'a']
    """
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    if isinstance(cell, int | np.integer):
        return f"{cell:,}"
    if isinstance(cell, float | np.floating):
        number = float(cell)
        if np.isnan(number):
            return ""
        if abs(number) >= 1000:
            return f"{number:,.0f}"
        if 0 < abs(number) < 0.001:  # without an exponent
            return "< 0.0001" if 0 < number < 0.0001 else f"{number + 0.0:.4f}" if abs(number) >= 0.0001 else "0.000"
        return f"{number + 0.0:.3f}"
    return str(cell)


def _cell_and_title(cell: Any) -> tuple[str, str]:
    if isinstance(cell, str):
        shown = shortened(cell, _LONGEST_CELL)
        return shown, cell if shown != cell else meaning_of(cell)
    return format_cell(cell), ""


def _text_of(value: Any) -> str:
    return shortened(repr(value), _LONGEST_VALUE)
