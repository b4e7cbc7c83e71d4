"""``--max-time`` as a limit of the whole command: how much of it a training may take."""

from __future__ import annotations

import time
from collections.abc import Callable

from ganaug.cli.console import on_terminal, say
from ganaug.training import Callback, Run

# What the training gets in any case, as a share of the limit: without it nothing is learned.
_LEAST_SHARE = 0.1
# After the training of a table, on an idle core: rows are chosen, written, and some of them measured; for a page, more.
_SECONDS_AFTER, _SECONDS_A_CELL, _SECONDS_OF_PAGE = 3.5, 3.5e-5, 5.0
# To measure the images of a class for a page.
_SECONDS_OF_CLASS = 8.0
# Images or texts that are generated to see how long one takes, and the seconds to write or copy one.
_N_TRIED, _SECONDS_WRITING = 64, 5e-4
# A process that gets less than this share of the time of a core is not predicted.
_LEAST_SPEED = 0.2


class TimeLimit(Callback):
    """End the training so early that all of a command keeps its limit, what follows the training included.

    Parameters
    ----------
    max_time : float
        The limit of the command in seconds.
    began : float
        When the command began, by `clock`.
    after : callable (Run) -> float
        Estimates the seconds that follow the training.
    clock : callable () -> float, default=time.perf_counter
        Seconds since any moment.
    """

    def __init__(
        self,
        max_time: float,
        began: float,
        after: Callable[[Run], float],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.max_time, self.began, self.after, self.clock = max_time, began, after, clock

    def on_fit_start(self, run: Run) -> None:
        """Shorten the run."""
        if run.ends_after is None:
            return
        following = self.after(run)
        left = self.max_time - (self.clock() - self.began) - following
        if left < _LEAST_SHARE * self.max_time and on_terminal():
            say(
                "note",
                f"--max-time {self.max_time:g} cannot be kept: what comes before and after the training takes about "
                f"{self.max_time - left:.0f} s here. The training gets {_LEAST_SHARE * self.max_time:.2g} s",
            )
        trained = run.history[-1]["seconds"] if run.history else 0.0  # before an interruption
        run.ends_after = min(run.ends_after, trained + max(left, _LEAST_SHARE * self.max_time))


def after_table(n_cells: int, began: float, *, has_page: bool) -> Callable[[Run], float]:
    """Estimate the seconds after the training of a table from its size, and from how busy the machine is.

    Parameters
    ----------
    n_cells : int
        Cells of the real table.
    began : float
        When the command began, by `time.perf_counter`.
    has_page : bool
        Whether a page with figures is written.
    """
    seconds = _SECONDS_AFTER + _SECONDS_A_CELL * n_cells + has_page * _SECONDS_OF_PAGE

    return lambda run: seconds / _speed(began)


def _speed(began: float) -> float:
    """Return the share of the time of a core that this process has got so far, 1 at most."""
    share = time.process_time() / max(time.perf_counter() - began, 1e-3)
    return min(max(share, _LEAST_SPEED), 1.0)


def after_samples(
    n_wanted: Callable[[], int], n_candidates: int, began: float, n_others: int = 0, *, has_page: bool = False
) -> Callable[[Run], float]:
    """Estimate the seconds after the training of images or texts from a first small sample.

    Parameters
    ----------
    n_wanted : callable () -> int
        Returns how many are wanted.
    n_candidates : int
        Among how many each is chosen.
    began : float
        When the command began, by `time.perf_counter`.
    n_others : int, default=0
        Real ones that are copied to OUT.
    has_page : bool, default=False
        Whether a page with all measures of images is written.
    """

    def after(run: Run) -> float:
        if run.previews is None:
            return 0.0
        n_classes = len(run.previews.sample(1))  # the first one takes longer
        n_each = max(1, _N_TRIED // max(n_classes, 1))
        speed, start, start_cpu = _speed(began), time.perf_counter(), time.process_time()
        run.previews.sample(n_each)
        # other programs may have waited just now; a GPU takes no time of a core
        seconds = max(time.perf_counter() - start, (time.process_time() - start_cpu) / speed)
        seconds *= n_wanted() * n_candidates / (n_each * max(n_classes, 1))
        others = (n_wanted() + n_others) * _SECONDS_WRITING + has_page * n_classes * _SECONDS_OF_CLASS
        return seconds + others / speed

    return after
