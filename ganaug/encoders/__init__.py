"""Data to tensors and back, exactly."""

from ganaug.encoders.image import ImageEncoder, as_images
from ganaug.encoders.known_cells import KnownCells, as_column, cell_from_text, encode_known
from ganaug.encoders.private_table import PrivateTable, fit_private_table
from ganaug.encoders.table import TableEncoder, column_mask
from ganaug.encoders.text import BLANK, END, N_SPECIAL, PADDING, TextEncoder

__all__ = [
    "BLANK",
    "END",
    "N_SPECIAL",
    "PADDING",
    "ImageEncoder",
    "KnownCells",
    "PrivateTable",
    "TableEncoder",
    "TextEncoder",
    "as_column",
    "as_images",
    "cell_from_text",
    "column_mask",
    "encode_known",
    "fit_private_table",
]
