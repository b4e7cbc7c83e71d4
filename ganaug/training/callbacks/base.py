"""The hooks of a callback, and what they are given: the run, and previews of its data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from numpy.typing import NDArray


class Previews(NamedTuple):
    """Real and synthetic rows that a model shows while it is trained.

    All three functions leave the training unchanged: they draw from random generators of their own.

    Attributes
    ----------
    real : callable (n) -> dict
        Takes a number and returns at most `n` training rows of each class, by the label of the class. The rows have the
        container and dtypes of the `X` of ``fit``. They are the same at every call.
    sample : callable (n) -> dict
        Takes a number and returns `n` synthetic rows of each class, by the label of the class, as the ``sample`` method
        of the model returns them. They start from the same noise at every call.
    draw : callable (n) -> ndarray of uint8, or None
        Takes a number and returns a sheet of synthetic images, of shape (height, width) or (height, width, channels).
        It has a row of `n` images for each class, for the first twenty classes in the order of their labels. None if
        rows are not images.
    """

    real: Callable[[int], dict[Any, Any]]
    sample: Callable[[int], dict[Any, Any]]
    draw: Callable[[int], NDArray] | None = None


@dataclass
class Run:
    """A training run as callbacks see it.

    Attributes
    ----------
    n_steps : int
        Planned steps.
    step : int
        Steps done.
    history : list of dict
        What was recorded so far, the newest last.
    stop_reason : str or None
        Why the run ends before `n_steps`; None while it continues.
    save : callable (path)
        Stores the model as it is now, for `GANOversampler.load` or the ``load`` method of the model.
    previews : Previews or None
        Real and synthetic rows; None if there are only tensors.
    max_time : float or None
        Seconds that the user gives the run, whatever its steps; None sets no limit.
    ends_after : float or None
        Seconds after which the run ends: `max_time`, unless a callback shortens it in `on_fit_start`.
    """

    n_steps: int
    save: Callable[..., None]
    previews: Previews | None = None
    max_time: float | None = None
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    stop_reason: str | None = None
    ends_after: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.ends_after = self.max_time

    @property
    def record(self) -> dict[str, float]:
        """What this step recorded; empty for nine steps of ten, which record nothing."""
        return self.history[-1] if self.history and self.history[-1]["step"] == self.step else {}

    @property
    def is_measured(self) -> bool:
        """Whether synthetic rows were measured after this step, which happens about twenty times in a run."""
        return "distance" in self.record

    def stop(self, reason: str) -> None:
        """End the run after this step; the first reason given is kept."""
        self.stop_reason = self.stop_reason or reason


class Callback:
    """Hooks that do nothing; a callback overrides some of them.

    scikit-learn clones estimators together with their parameters. Store in ``__init__`` only what can be copied, and
    open files in `on_fit_start`.

    A callback that also has the methods ``state_dict()`` and ``load_state_dict(state)`` is stored in the `checkpoint`
    of a model, by the name of its class. The state is a dict of numbers, strings, lists, dicts and tensors.

    Where several processes train one model together, only the first one calls the hooks, so that files are written and
    bars are drawn once. A callback that changes the networks sets ``every_process = True``.

    Examples
    --------
    >>> class Printer(Callback):
    ...     def on_fit_end(self, run):
    ...         print(f"{run.step} steps")
    """

    every_process: ClassVar[bool] = False

    def on_fit_start(self, run: Run) -> None:
        """Before the first step."""

    def on_stage_start(self, run: Run) -> None:
        """Before the first step of a training that precedes the adversarial one, such as that of an autoencoder."""

    def on_step_end(self, run: Run) -> None:
        """After each step; ``run.stop(reason)`` ends the run."""

    def on_fit_end(self, run: Run) -> None:
        """After the last step, also if the run was interrupted."""


def check_folder(path: str | Path, what: str) -> None:
    """Raise FileNotFoundError unless the folder of a file exists.

    Parameters
    ----------
    path : str or Path
        The file.
    what : str
        What the file is, for the message.
    """
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder for the {what} {str(path)!r}: create {str(folder)!r} first")


class StageStart(Callback):
    """Tell callbacks that a training starts which precedes the adversarial one of their model.

    Parameters
    ----------
    callbacks : sequence of Callback
        Those of the model.
    """

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.callbacks = callbacks

    def on_fit_start(self, run: Run) -> None:
        """Tell them."""
        for of in self.callbacks:
            of.on_stage_start(run)

    def on_stage_start(self, run: Run) -> None:
        """Tell them of a stage of the preceding training, such as of a column of texts."""
        self.on_fit_start(run)
