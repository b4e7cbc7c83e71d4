"""Adversarial training: knows tensors and a class index, never tables, images or texts."""
