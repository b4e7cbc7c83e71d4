"""Data to tensors and back, exactly."""

from ganaug.encoders.arguments import column_mask
from ganaug.encoders.image import ImageEncoder
from ganaug.encoders.image_checks import MOST_CHANNELS, as_images, check_dtype
from ganaug.encoders.known_cells import KnownCells, as_column, cell_from_text, encode_known
from ganaug.encoders.private_table import PrivateTable, fit_private_table
from ganaug.encoders.table import TableEncoder
from ganaug.encoders.table_again import continued_table
from ganaug.encoders.text import BLANK, END, N_SPECIAL, PADDING, TextEncoder, fitted_tokens

__all__ = [
    "BLANK",
    "END",
    "MOST_CHANNELS",
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
    "check_dtype",
    "column_mask",
    "continued_table",
    "encode_known",
    "fit_private_table",
    "fitted_tokens",
]
