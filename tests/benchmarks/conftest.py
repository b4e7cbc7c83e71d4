"""Make the modules of `benchmarks/` importable, as they are when a driver runs as a script."""

import sys
from pathlib import Path

import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))


@pytest.fixture
def console():
    return Console(quiet=True)
