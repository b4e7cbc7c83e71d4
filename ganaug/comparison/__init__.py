"""Samplers compared by cross-validation, and the choice among them."""

from ganaug.comparison.compare import compare
from ganaug.comparison.demo import (
    DEMO_BENIGN_PER_MALIGNANT,
    DEMO_METRICS,
    DEMO_SPLITS,
    DemoSplit,
    demo_splits,
    demo_table,
    demo_verdict,
)
from ganaug.comparison.image_arms import ARMS, ImageArm, arm_of, arms_of
from ganaug.comparison.image_classifiers import FrozenFeatures, ImageCNN
from ganaug.comparison.result import Comparison, ImageComparison, Selection
from ganaug.comparison.samplers import RealRows
from ganaug.comparison.select import select
from ganaug.comparison.tasks import default_arms

__all__ = [
    "ARMS",
    "DEMO_BENIGN_PER_MALIGNANT",
    "DEMO_METRICS",
    "DEMO_SPLITS",
    "Comparison",
    "DemoSplit",
    "FrozenFeatures",
    "ImageArm",
    "ImageCNN",
    "ImageComparison",
    "RealRows",
    "Selection",
    "arm_of",
    "arms_of",
    "compare",
    "default_arms",
    "demo_splits",
    "demo_table",
    "demo_verdict",
    "select",
]
