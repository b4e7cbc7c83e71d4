"""Data to tensors and back, exactly."""

from ganaug.encoders.image import ImageEncoder, as_images
from ganaug.encoders.table import TableEncoder

__all__ = ["ImageEncoder", "TableEncoder", "as_images"]
