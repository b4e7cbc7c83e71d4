"""Callbacks that end a run early, or store its model on the way."""

import math
from pathlib import Path

from ganaug.training.callbacks.base import Callback, Run, check_folder


class EarlyStopping(Callback):
    """Stop when a recorded value no longer improves.

    Parameters
    ----------
    monitor : str, default="distance"
        Column of the history; smaller is better.
    patience : int, default=8
        Number of consecutive measurements without improvement after which the run stops. The value is measured about
        twenty times in the planned run, and at every tenth step of a short one.
    min_delta : float, default=0.0
        By how much a value must fall below the best one to be an improvement, in the units of `monitor`.

    Examples
    --------
    >>> from ganaug import TabularGAN
    >>> model = TabularGAN(patience=None, callbacks=[EarlyStopping(patience=5)])
    """

    def __init__(self, monitor: str = "distance", patience: int = 8, min_delta: float = 0.0) -> None:
        self.monitor = monitor
        self.patience = patience
        self.min_delta = min_delta

    def on_fit_start(self, run: Run) -> None:
        """Forget an earlier run."""
        self._best, self._n_worse, self._n_seen = math.inf, 0, 0
        self.on_step_end(run)  # a continued run has a history already

    def on_step_end(self, run: Run) -> None:
        """Compare new measurements with the best one."""
        new, self._n_seen = run.history[self._n_seen :], len(run.history)
        for record in new:
            value = record.get(self.monitor)
            if value is None:
                continue
            if value < self._best - self.min_delta:
                self._best, self._n_worse = value, 0
                continue
            self._n_worse += 1
            if self._n_worse >= self.patience:
                run.stop(f"{self.monitor} did not improve in {self.patience} measurements")


class Checkpoint(Callback):
    """Store the model at regular steps, so that a run that is killed leaves a model that can be loaded.

    Parameters
    ----------
    path : str or Path
        The model file. It is replaced in one move, so it is never half-written.
    every : int, default=500
        Steps between two stores, at least 1. The model is stored at the end of the run as well.

    Raises
    ------
    FileNotFoundError
        At the start of the run, if the folder of the file does not exist.
    ValueError
        At the start of the run, if `every` is below 1.

    Examples
    --------
    >>> from ganaug import TabularGAN
    >>> model = TabularGAN(callbacks=[Checkpoint("churn.ganaug", every=200)])
    """

    def __init__(self, path: str | Path, every: int = 500) -> None:
        self.path = path
        self.every = every

    def on_fit_start(self, run: Run) -> None:
        """Check the parameters before any training."""
        if self.every < 1:
            raise ValueError(f"Checkpoint(every={self.every!r}) must be at least 1")
        check_folder(self.path, "checkpoint")

    def on_step_end(self, run: Run) -> None:
        """Store the model at every `every`-th step."""
        if run.step % self.every == 0:
            run.save(self.path)

    def on_fit_end(self, run: Run) -> None:
        """Store the model at the end, if a step was done."""
        if run.step:
            run.save(self.path)
