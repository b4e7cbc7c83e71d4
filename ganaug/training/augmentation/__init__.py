"""Augmentation: of what the discriminator sees, and how often; and of what a classifier is trained on."""

from ganaug.training.augmentation.adaptive import AdaptiveAugmentation
from ganaug.training.augmentation.classical import ALSO, CLASSICAL, check_classical, classical, n_classical_draws
from ganaug.training.augmentation.operations import OPERATIONS, POLICIES, Operation, Policy, operations_for

__all__ = [
    "ALSO",
    "CLASSICAL",
    "OPERATIONS",
    "POLICIES",
    "AdaptiveAugmentation",
    "Operation",
    "Policy",
    "check_classical",
    "classical",
    "n_classical_draws",
    "operations_for",
]
