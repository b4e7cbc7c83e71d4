"""Data to tensors and back, exactly."""

from ganaug.encoders.arguments import column_mask
from ganaug.encoders.image import ImageEncoder, as_images
from ganaug.encoders.table import TableEncoder
from ganaug.encoders.text import BLANK, END, N_SPECIAL, PADDING, TextEncoder, fitted_tokens

__all__ = [
    "BLANK",
    "END",
    "N_SPECIAL",
    "PADDING",
    "ImageEncoder",
    "TableEncoder",
    "TextEncoder",
    "as_images",
    "column_mask",
    "fitted_tokens",
]
