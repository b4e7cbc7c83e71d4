"""Samplers side by side, cross-validated, and the choice among them."""

from ganaug.comparison.compare import Comparison, Selection, compare, select
from ganaug.comparison.demo import BENIGN_PER_MALIGNANT, METRICS, N_SPLITS, splits, verdict

__all__ = [
    "BENIGN_PER_MALIGNANT",
    "METRICS",
    "N_SPLITS",
    "Comparison",
    "Selection",
    "compare",
    "select",
    "splits",
    "verdict",
]
