"""Callbacks, which watch or steer a training run: subclass `Callback` and override the hooks you need."""

from ganaug.training.callbacks.base import Callback, Previews, Run, StageStart
from ganaug.training.callbacks.collapse import CollapseMonitor
from ganaug.training.callbacks.frechet import FrechetMonitor
from ganaug.training.callbacks.logging import CSVLog, ProgressBar, SampleGrid, TensorBoard
from ganaug.training.callbacks.stopping import Checkpoint, EarlyStopping

__all__ = [
    "CSVLog",
    "Callback",
    "Checkpoint",
    "CollapseMonitor",
    "EarlyStopping",
    "FrechetMonitor",
    "Previews",
    "ProgressBar",
    "Run",
    "SampleGrid",
    "StageStart",
    "TensorBoard",
]
