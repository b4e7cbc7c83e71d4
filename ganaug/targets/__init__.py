"""Targets beyond one class label: numbers, and several labels a row. The target is generated together with the row."""

from ganaug.targets.multilabel import GANMultilabelOversampler
from ganaug.targets.regression import GANRegressionOversampler, boxplot_relevance

__all__ = ["GANMultilabelOversampler", "GANRegressionOversampler", "boxplot_relevance"]
