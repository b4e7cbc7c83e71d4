"""The page of a `TextEvaluation`: measures, texts beside their nearest real ones, copies, model card."""

from typing import TYPE_CHECKING

import pandas as pd

from ganaug.common.findings import SAFE
from ganaug.common.wording import shortened
from ganaug.reporting.blocks import Block, Paragraphs, Section, Table, with_intervals
from ganaug.reporting.card import model_card
from ganaug.reporting.figures import draw_figures

if TYPE_CHECKING:
    from ganaug.evaluation import TextEvaluation

TITLE = "Synthetic texts, evaluated"
CONTENT = "texts"
_LONGEST_TEXT = 300
# Pairs of texts of each class: the nearest ones, and some that show what texts are like.
_N_NEAREST, _N_SHOWN = 5, 10
_N_COPIES = 20


def heading(evaluation: "TextEvaluation") -> str:
    """Return what was compared with what.

    Parameters
    ----------
    evaluation : TextEvaluation
        The result that the page shows.
    """
    return f"{evaluation.heading}."


def sections(evaluation: "TextEvaluation", of: str = "") -> list[Section]:
    """Return measures, texts beside their nearest real ones, and privacy.

    Parameters
    ----------
    evaluation : TextEvaluation
        The result that the page shows.
    of : str, default=""
        End of all headings. It distinguishes several evaluations on one page.

    Returns
    -------
    list of Section
        "Measures", "Texts" and "Privacy".
    """
    frame = evaluation.frame()
    parts = {str(part): rows.drop(columns="part") for part, rows in frame.groupby("part", sort=False)}
    private = parts.pop("privacy")
    measures = [Table(with_intervals(rows, "texts"), "Synthetic texts, beside real texts") for rows in parts.values()]
    figure = (evaluation.plot, "Measures of each class, beside those of real texts", "")
    return [
        Section(f"Measures{of}", [*measures, draw_figures(figure, wide=True)]),
        Section(f"Texts{of}", _texts(evaluation)),
        Section(f"Privacy{of}", _privacy(evaluation, private)),
    ]


def card(evaluation: "TextEvaluation") -> Section:
    """Return the model card.

    Parameters
    ----------
    evaluation : TextEvaluation
        The result that the page shows.
    """
    n = evaluation.n_texts
    return model_card(
        data=f"{n['synthetic']:,} texts that were given as synthetic, compared with {n['real']:,} real ones. This page "
        "does not know the generator. If you pass the texts on, name the generator.",
        use="To decide whether the texts are real enough for a purpose, and whether they are copies.",
        limits="Measures count words and do not understand them: a text without sense may score well. Names, numbers "
        "and addresses of real people may occur in synthetic texts.",
        how="This page is the only mark that is known here.",
    )


def _texts(evaluation: "TextEvaluation") -> list[Block]:
    blocks: list[Block] = [
        Paragraphs(
            [
                "Synthetic texts of each class beside the real text that shares most of their rarer words, in order of "
                "their distance: the nearest ones, then others at equal steps. Edits are the share of words that are "
                "inserted, left out or replaced."
            ]
        )
    ]
    for label, rows in evaluation.nearest.groupby("class", sort=True):
        steps = [round(i * (len(rows) - 1) / max(_N_SHOWN - 1, 1)) for i in range(_N_SHOWN)]
        shown = sorted({*range(min(_N_NEAREST, len(rows))), *steps})
        name = "Synthetic texts" if label == "all" else f"Synthetic texts of {shortened(label)}"
        blocks.append(Table(_pairs(rows.iloc[shown]), f"{name} and the nearest real texts"))
    return blocks


def _privacy(evaluation: "TextEvaluation", measures: pd.DataFrame) -> list[Block]:
    blocks: list[Block] = [Table(with_intervals(measures, "texts"), f"Privacy, beside {evaluation.reference}")]
    copies = evaluation.copies()
    if len(copies):
        which = f"The first {_N_COPIES} of {len(copies):,}" if len(copies) > _N_COPIES else f"All {len(copies):,}"
        blocks.append(Table(_pairs(copies.iloc[:_N_COPIES]), f"{which} copies and near copies"))
    return [*blocks, Paragraphs([finding.sentence for finding in evaluation.verdict if finding.question == SAFE])]


def _pairs(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "synthetic text": [shortened(text, _LONGEST_TEXT) for text in rows["text"]],
            "nearest real text": [shortened(text, _LONGEST_TEXT) for text in rows["nearest text"]],
            "edits": rows["edits"].to_numpy(),
            "distance": rows["distance"].to_numpy(),
            "copy": rows["copy"].to_numpy(),
        }
    )
