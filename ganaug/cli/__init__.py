"""The shell command ``ganaug``."""

from ganaug.cli.app import main

__all__ = ["main"]
