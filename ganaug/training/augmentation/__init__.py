"""Differentiable augmentation of what the discriminator sees: the operations, and how often they are applied."""

from ganaug.training.augmentation.adaptive import AdaptiveAugmentation
from ganaug.training.augmentation.operations import OPERATIONS, POLICIES, Operation, Policy, operations_for

__all__ = ["OPERATIONS", "POLICIES", "AdaptiveAugmentation", "Operation", "Policy", "operations_for"]
