"""Reports: a result as one self-contained page. `report` is the only entry; the other files hold the parts of pages."""

from ganaug.reporting.blocks import (
    Block,
    ColumnChart,
    ColumnCharts,
    Definitions,
    Figures,
    Image,
    ImagePairs,
    ImageStrip,
    Paragraphs,
    Section,
    Table,
    Verdict,
    settings_table,
)
from ganaug.reporting.card import model_card
from ganaug.reporting.dispatch import report
from ganaug.reporting.figures import draw_figures, embed_image, heat_map, scatter
from ganaug.reporting.page import render

__all__ = [
    "Block",
    "ColumnChart",
    "ColumnCharts",
    "Definitions",
    "Figures",
    "Image",
    "ImagePairs",
    "ImageStrip",
    "Paragraphs",
    "Section",
    "Table",
    "Verdict",
    "draw_figures",
    "embed_image",
    "heat_map",
    "model_card",
    "render",
    "report",
    "scatter",
    "settings_table",
]
