"""Targets beyond one class label: numbers, and several labels a row. The target is generated together with the row."""

from ganaug.targets.multilabel import GANMultilabelOversampler, label_imbalance, rarest_labels
from ganaug.targets.regression import GANRegressionOversampler, boxplot_relevance, relevance_function

__all__ = [
    "GANMultilabelOversampler",
    "GANRegressionOversampler",
    "boxplot_relevance",
    "label_imbalance",
    "rarest_labels",
    "relevance_function",
]
