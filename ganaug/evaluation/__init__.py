"""TableEvaluation of synthetic data and of what a resampler added."""

from ganaug.evaluation.image_result import ImageEvaluation, evaluate_images
from ganaug.evaluation.resampling import evaluate_resampling
from ganaug.evaluation.table_result import TableEvaluation, evaluate, evaluate_tables

__all__ = [
    "ImageEvaluation",
    "TableEvaluation",
    "evaluate",
    "evaluate_images",
    "evaluate_resampling",
    "evaluate_tables",
]
