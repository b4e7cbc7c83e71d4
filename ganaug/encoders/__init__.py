"""Encoders: data <-> tensors with an exact round trip."""
