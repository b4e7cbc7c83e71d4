"""Evaluations of synthetic data and of what a resampler added."""

from ganaug.evaluation.dispatch import evaluate
from ganaug.evaluation.image_evaluation import evaluate_images
from ganaug.evaluation.image_manifest import (
    attribute_columns,
    nearest_columns,
    score_columns,
    training_difference,
    training_distance,
    training_recognition,
)
from ganaug.evaluation.image_result import ImageEvaluation
from ganaug.evaluation.image_seconds import image_evaluation_seconds
from ganaug.evaluation.paths import evaluate_paths
from ganaug.evaluation.preview import PreviewRow, preview_rows
from ganaug.evaluation.resampling import evaluate_resampling
from ganaug.evaluation.resampling_result import ImageSamples, Resampling
from ganaug.evaluation.table_classes import evaluate_rows
from ganaug.evaluation.table_evaluation import evaluate_tables
from ganaug.evaluation.table_result import TableEvaluation
from ganaug.evaluation.text_evaluation import evaluate_texts
from ganaug.evaluation.text_result import TextEvaluation

__all__ = [
    "ImageEvaluation",
    "ImageSamples",
    "PreviewRow",
    "Resampling",
    "TableEvaluation",
    "TextEvaluation",
    "attribute_columns",
    "evaluate",
    "evaluate_images",
    "evaluate_paths",
    "evaluate_resampling",
    "evaluate_rows",
    "evaluate_tables",
    "evaluate_texts",
    "image_evaluation_seconds",
    "nearest_columns",
    "preview_rows",
    "score_columns",
    "training_difference",
    "training_distance",
    "training_recognition",
]
