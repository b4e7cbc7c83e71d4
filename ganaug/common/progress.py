"""The time left, as progress bars show it."""

from rich.progress import ProgressColumn, Task
from rich.text import Text


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
        """Write the time left as minutes and seconds."""
        left = [] if task.time_remaining is None else [task.time_remaining]
        if self.limit is not None:
            left.append(max(0.0, self.limit - (task.elapsed or 0.0)))
        if task.finished or not left:
            return Text("" if task.finished else "-:--", style="progress.remaining")
        minutes, seconds = divmod(int(min(left)), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
        return Text(f"{clock} left", style="progress.remaining")
