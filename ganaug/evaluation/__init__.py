"""Evaluations of synthetic data and of what a resampler added."""

from ganaug.evaluation.dispatch import evaluate
from ganaug.evaluation.image_result import ImageEvaluation, evaluate_images
from ganaug.evaluation.resampling import evaluate_resampling
from ganaug.evaluation.table_evaluation import evaluate_tables
from ganaug.evaluation.table_result import TableEvaluation

__all__ = [
    "ImageEvaluation",
    "TableEvaluation",
    "evaluate",
    "evaluate_images",
    "evaluate_resampling",
    "evaluate_tables",
]
