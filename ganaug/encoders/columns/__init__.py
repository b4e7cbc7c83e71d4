"""The kinds of columns, with one interface: each turns a column into dimensions and one-hot states, and back."""

from ganaug.encoders.columns.base import Arrays, Column, ConstantColumn, Vocabulary
from ganaug.encoders.columns.categorical import MAX_BLOCK, EmbeddedCategory, OneHotCategory
from ganaug.encoders.columns.identifier import ExactTimes, IdentifierColumn
from ganaug.encoders.columns.numeric import NumericColumn, read_numbers

__all__ = [
    "MAX_BLOCK",
    "Arrays",
    "Column",
    "ConstantColumn",
    "EmbeddedCategory",
    "ExactTimes",
    "IdentifierColumn",
    "NumericColumn",
    "OneHotCategory",
    "Vocabulary",
    "read_numbers",
]
