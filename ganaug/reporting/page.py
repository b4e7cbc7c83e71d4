"""One self-contained HTML page from blocks.

Text of the data never becomes markup: the template escapes every value. Figures are images, in which browsers run no
scripts.
"""

import base64
import hashlib
import platform
from collections.abc import Iterable
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from ganaug._version import __version__
from ganaug.common.files import replacing
from ganaug.common.printable import printable
from ganaug.reporting.blocks import Section, Table, format_cell
from ganaug.reporting.glossary import meaning_of

_LIBRARIES = ("numpy", "pandas", "scikit-learn", "imbalanced-learn", "torch", "matplotlib")


def render(title: str, sections: Iterable[Section], *, notice: str, path: str | Path | None = None) -> str | None:
    """Write sections as one HTML page that needs no other file.

    Parameters
    ----------
    title : str
        Heading of the page.
    sections : iterable of Section
        From top to bottom. A section with the versions of libraries is added.
    notice : str
        A warning below the heading.
    path : str, Path or None, default=None
        File to write; an existing file is replaced. It is written completely or not at all. None returns the page.

    Returns
    -------
    str or None
        The page, if `path` is None. All text of `title`, `sections` and `notice` is escaped.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> from ganaug.reporting import Paragraphs, Section
    >>> text = render("Of <b>", [Section("Verdict", [Paragraphs(["Fine."])])], notice="It holds no data.")
    >>> "<h1>Of &lt;b&gt;</h1>" in text, "<b>" in text
    (True, False)
    """
    loader = PackageLoader("ganaug", "reporting")
    templates = Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    templates.filters["number"] = format_cell
    templates.filters["meaning"] = meaning_of
    script = loader.get_source(templates, "search.js")[0]
    text = templates.get_template("page.html").render(
        title=title,
        notice=notice,
        sections=[*sections, Section("Versions", [Table(_versions(), "Versions that wrote this page")])],
        script=script,
        # browsers run this script only and load nothing from elsewhere, whatever the data contain
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        version=__version__,
        written=f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
    )
    text = printable(text)  # control characters of the data would make the page no valid HTML
    if path is None:
        return text
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return None


def _versions() -> pd.DataFrame:
    rows = [("ganaug", __version__), ("Python", platform.python_version()), ("system", platform.platform(terse=True))]
    for name in _LIBRARIES:
        try:
            rows.append((name, version(name)))
        except ImportError:
            rows.append((name, "not installed"))
    return pd.DataFrame(rows, columns=["name", "version"])
