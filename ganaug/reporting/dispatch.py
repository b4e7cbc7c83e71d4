"""The only entry to pages: `report` finds the builder of a result and puts its page together."""

from importlib import import_module
from pathlib import Path
from typing import Any

from ganaug.common.extras import has_extra
from ganaug.reporting.blocks import Definitions, Paragraphs, Section, Verdict, settings_table, texts_of, without_empty
from ganaug.reporting.card import NOTICE
from ganaug.reporting.glossary import words_of
from ganaug.reporting.page import render

# The class of a result -> the module that builds its page. Such a module has the heading TITLE and functions of the
# result: `heading` (one line), `content` (what of the real data the page shows; CONTENT may replace it), `sections`,
# `card` and, if one table of parameters is not enough, `settings`.
BUILDERS = {
    "Comparison": "ganaug.reporting.comparison",
    "ImageEvaluation": "ganaug.reporting.image_evaluation",
    "Resampling": "ganaug.reporting.resampling",
    "Selection": "ganaug.reporting.comparison",
    "TableEvaluation": "ganaug.reporting.table_evaluation",
    "TextEvaluation": "ganaug.reporting.text_evaluation",
}


def report(result: Any, path: str | Path | None = None, *, title: str | None = None) -> str | None:
    """Write a result as one self-contained HTML page.

    The page starts with the verdict: whether the synthetic data help, are real, and are safe to share. Below it are all
    measures, figures, a model card, the settings and the versions of libraries.

    Parameters
    ----------
    result : TableEvaluation, ImageEvaluation, TextEvaluation, Resampling, Comparison or Selection
        Returned by `evaluate`, `evaluate_resampling`, `compare` or `select`.
    path : str, Path or None, default=None
        File to write; an existing file is replaced. It is written completely or not at all. None returns the page.
    title : str or None, default=None
        Heading of the page. None takes a heading that fits the result.

    Returns
    -------
    str or None
        The page, if `path` is None. Figures need matplotlib (``pip install 'ganaug[plot]'``). Without it, the page says
        so once and has none.

    Raises
    ------
    TypeError
        If `result` is none of these results.
    OSError
        If the file cannot be written.

    Notes
    -----
    A page shows some of the real data: values of a table, images, or texts. Share it only with people who may see them.

    Examples
    --------
    >>> import numpy as np
    >>> from ganaug.evaluation import evaluate_images
    >>> images = np.random.default_rng(0).integers(0, 256, size=(20, 8, 8), dtype=np.uint8)
    >>> evaluation = evaluate_images(images[:10], images[10:], random_state=0)
    >>> page = report(evaluation, title="Ten images")
    >>> "<h1>Ten images</h1>" in page
    True
    """
    builder = _builder(result)
    settings = getattr(builder, "settings", None)
    said = [builder.heading(result)]
    if not has_extra("plot"):
        said.append("This page has no figures, because matplotlib is not installed (pip install 'ganaug[plot]').")
    shown = [
        Section("Verdict", [Paragraphs(said), Verdict(result.verdict)]),
        *without_empty(builder.sections(result)),
        builder.card(result),
        Section("Settings", [settings_table(result.settings)] if settings is None else settings(result)),
    ]
    words = words_of(text for section in shown for block in section.blocks for text in texts_of(block))
    sections = [*shown, *([Section("Words", [Definitions(words)])] if words else [])]
    content = builder.content(result) if hasattr(builder, "content") else builder.CONTENT
    notice = NOTICE.format(what=content)
    return render(builder.TITLE if title is None else title, sections, notice=notice, path=path)


def _builder(result: Any) -> Any:
    for parent in type(result).__mro__:
        if parent.__name__ in BUILDERS and parent.__module__.startswith("ganaug."):
            return import_module(BUILDERS[parent.__name__])
    raise TypeError(f"result must be one of {', '.join(BUILDERS)}, got {type(result).__name__}")
