"""Samplers compared by cross-validation, and the choice among them."""

from ganaug.comparison.compare import compare
from ganaug.comparison.demo import (
    DEMO_BENIGN_PER_MALIGNANT,
    DEMO_METRICS,
    DEMO_SPLITS,
    DemoSplit,
    demo_splits,
    demo_verdict,
)
from ganaug.comparison.result import Comparison, Selection
from ganaug.comparison.samplers import RealRows
from ganaug.comparison.select import select

__all__ = [
    "DEMO_BENIGN_PER_MALIGNANT",
    "DEMO_METRICS",
    "DEMO_SPLITS",
    "Comparison",
    "DemoSplit",
    "RealRows",
    "Selection",
    "compare",
    "demo_splits",
    "demo_verdict",
    "select",
]
