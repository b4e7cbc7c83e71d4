"""Watch or steer a training run: subclass `Callback` and override the hooks you need."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


@dataclass
class Run:
    """A training run as callbacks see it.

    Attributes
    ----------
    n_steps : int
        Steps planned.
    step : int
        Steps done.
    history : list of dict
        What was recorded so far, the newest last.
    stop_reason : str or None
        Why the run ends before `n_steps`; None while it goes on.
    save : callable (path)
        Stores the model as it is now, for `GANOversampler.load` or the model's own ``load``.
    """

    n_steps: int
    save: Callable[..., None]
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    stop_reason: str | None = None

    def stop(self, reason: str) -> None:
        """End the run after this step; the first reason given is kept."""
        self.stop_reason = self.stop_reason or reason


class Callback:
    """Hooks that do nothing; a callback overrides some of them.

    scikit-learn clones estimators and their parameters: keep in ``__init__`` only what can be copied, and open files
    in `on_fit_start`.

    Examples
    --------
    >>> class Printer(Callback):
    ...     def on_fit_end(self, run):
    ...         print(f"{run.step} steps")
    """

    def on_fit_start(self, run: Run) -> None:
        """Before the first step."""

    def on_step_end(self, run: Run) -> None:
        """After each step; ``run.stop(reason)`` ends the run."""

    def on_fit_end(self, run: Run) -> None:
        """After the last step, also when the run was interrupted."""


class EarlyStopping(Callback):
    """Stop when a recorded value no longer improves.

    Parameters
    ----------
    monitor : str, default="distance"
        Column of the history; smaller is better.
    patience : int, default=8
        Measurements without improvement after which the run stops. The value is measured about twenty times in
        the planned run, in a short one every tenth step.
    min_delta : float, default=0.0
        What counts as improvement, in the units of `monitor`.
    """

    def __init__(self, monitor: str = "distance", patience: int = 8, min_delta: float = 0.0) -> None:
        self.monitor = monitor
        self.patience = patience
        self.min_delta = min_delta

    def on_fit_start(self, run: Run) -> None:
        """Forget an earlier run."""
        self._best, self._since, self._seen = math.inf, 0, 0

    def on_step_end(self, run: Run) -> None:
        """Compare the newest measurement with the best one."""
        if len(run.history) == self._seen:
            return
        self._seen = len(run.history)
        value = run.history[-1].get(self.monitor)
        if value is None:
            return
        if value < self._best - self.min_delta:
            self._best, self._since = value, 0
            return
        self._since += 1
        if self._since >= self.patience:
            run.stop(f"{self.monitor} did not improve in {self.patience} measurements")


class Checkpoint(Callback):
    """Store the model every so often, so that a killed run leaves one that can be loaded.

    Parameters
    ----------
    path : str or Path
        The model file; it is replaced in one move, never left half-written.
    every : int, default=500
        Steps between two stores. It is stored at the end of the run as well.
    """

    def __init__(self, path: str | Path, every: int = 500) -> None:
        self.path = path
        self.every = every

    def on_fit_start(self, run: Run) -> None:
        """Refuse what would fail hours later."""
        if self.every < 1:
            raise ValueError(f"Checkpoint(every={self.every!r}) must be at least 1")
        if not Path(self.path).absolute().parent.is_dir():
            raise FileNotFoundError(f"no folder for the checkpoint {str(self.path)!r}")

    def on_step_end(self, run: Run) -> None:
        """Store at every `every`-th step."""
        if run.step % self.every == 0:
            run.save(self.path)

    def on_fit_end(self, run: Run) -> None:
        """Store what the run ended with, if it got anywhere."""
        if run.step:
            run.save(self.path)


class ProgressBar(Callback):
    """A line on standard error that shows steps, the distance to the real rows, and the time left."""

    def on_fit_start(self, run: Run) -> None:
        """Draw the empty bar."""
        self._bar = Progress(
            TextColumn("training"),
            BarColumn(),
            TextColumn("step {task.completed}/{task.total}"),
            TextColumn("{task.fields[distance]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("training", total=run.n_steps, distance="")
        self._bar.start()

    def on_step_end(self, run: Run) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=run.step)
        if run.history and "distance" in run.history[-1]:
            self._bar.update(self._task, distance=f"distance {run.history[-1]['distance']:.3f}")

    def on_fit_end(self, run: Run) -> None:
        """Say why the run ended early, if it did, and leave the line standing."""
        if run.stop_reason is not None:
            self._bar.console.print(f"stopped: {run.stop_reason}")
        self._bar.stop()
        del self._bar
