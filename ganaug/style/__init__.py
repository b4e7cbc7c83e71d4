"""Images with their own content in the style of others."""

from ganaug.style.arrays import draw_pairs, style_distance, stylize
from ganaug.style.augmentation import StyledImages, style_augmented
from ganaug.style.files import StylizedFiles, stylize_files

__all__ = [
    "StyledImages",
    "StylizedFiles",
    "draw_pairs",
    "style_augmented",
    "style_distance",
    "stylize",
    "stylize_files",
]
