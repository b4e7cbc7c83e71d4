"""Data to tensors and back, exactly."""

from ganaug.encoders.image import ImageEncoder, as_images
from ganaug.encoders.table import TableEncoder, column_mask

__all__ = ["ImageEncoder", "TableEncoder", "as_images", "column_mask"]
