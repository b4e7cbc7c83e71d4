"""What the work is at, on standard error: the name of the phase, and the time left in progress bars."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import ProgressColumn, Task
from rich.text import Text

if TYPE_CHECKING:
    from rich.status import Status


class _Screen:
    """One phase at a time: two lines that move would overwrite each other."""

    name = ""
    status: "Status | None" = None

    def clear(self) -> None:
        if self.status is not None:
            self.status.stop()
            self.status = None


_screen = _Screen()


def begin_phase(name: str, *, show: bool) -> None:
    """Say what begins; the phase before it ends.

    Parameters
    ----------
    name : str
        Such as "training"; see `current_phase`.
    show : bool
        Whether a line on standard error shows it, if that is a terminal. A progress bar shows itself.

    Examples
    --------
    >>> begin_phase("encoding", show=False)
    >>> current_phase()
    'encoding'
    >>> end_phase()
    """
    end_phase()
    _screen.name = name
    if not show or os.environ.get("RANK", "0") != "0":  # of the processes of torchrun, the first one shows it
        return
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        _screen.status = console.status(f"{name} ...")
        _screen.status.start()


def end_phase() -> None:
    """Remove the line of the phase. Call it before anything else is shown."""
    _screen.clear()
    _screen.name = ""


def current_phase() -> str:
    """Return the name of the phase, or "" between phases."""
    return _screen.name


@contextmanager
def hidden_phase_on_error() -> Iterator[None]:
    """Remove the line of the phase where the block fails; its name stays, for a message that says where it happened."""
    try:
        yield
    except BaseException:
        _screen.clear()
        raise


@contextmanager
def phase(name: str, *, show: bool) -> Iterator[None]:
    """Say what is done within the block.

    Parameters
    ----------
    name, show
        As for `begin_phase`. After an error the name stays, see `hidden_phase_on_error`.
    """
    begin_phase(name, show=show)
    with hidden_phase_on_error():
        yield
    end_phase()


class TimeLeft(ProgressColumn):
    """The time left: what the speed so far suggests, and never more than a limit leaves.

    Parameters
    ----------
    limit : float or None, default=None
        Seconds after which the work ends in any case. None sets no limit.

    Examples
    --------
    >>> from rich.progress import Progress
    >>> with Progress(TimeLeft(limit=120), disable=True) as bar:
    ...     task = bar.add_task("training", total=10)
    """

    max_refresh = 0.5

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        super().__init__()

    def render(self, task: Task) -> Text:
        """Write the time left as minutes and seconds.

        Parameters
        ----------
        task : Task
            The work, as rich follows it.
        """
        left = [] if task.time_remaining is None else [task.time_remaining]
        if self.limit is not None:
            left.append(max(0.0, self.limit - (task.elapsed or 0.0)))
        if task.finished:
            return Text("")
        if not left:
            return Text("-:-- left", style="progress.remaining")
        minutes, seconds = divmod(round(min(left)), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
        return Text(f"{clock} left", style="progress.remaining")
