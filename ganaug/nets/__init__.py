"""Generators and discriminators: torch modules that know only tensors."""
