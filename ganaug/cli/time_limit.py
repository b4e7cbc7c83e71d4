"""``--max-time`` as a limit of the whole command: how much of it a training may take."""

from __future__ import annotations

import time
from collections.abc import Callable

from ganaug.cli.console import on_terminal, say
from ganaug.training import Callback, Run

# With a comparison, the part of the time that each training may take: five splits have one each, and the last one has
# the data as a whole.
PART_OF_TRAINING = 0.125
# What a training or a comparison gets in any case, as a share of the limit: without it nothing is learned.
_LEAST_SHARE = 0.1
# After the training of a table, on an idle core: rows are chosen, written, and some of them measured; for a page, more.
_SECONDS_AFTER, _SECONDS_A_CELL, _SECONDS_OF_PAGE = 5.0, 3.5e-5, 5.0
# To write a candidate for a text of 64 tokens, the longest one.
SECONDS_A_TEXT = 2e-3
# Images or texts that are generated to see how long one takes, and the seconds to write or copy one.
_N_TRIED, _SECONDS_WRITING = 64, 5e-4
# With Dask: rows of each class that are generated to see how long one takes, and the seconds in which the workers load
# what they need and some rows are measured.
_N_TRIED_ROWS, _SECONDS_OF_WORKERS = 256, 15.0
# Work of some hundredths of a second, to see what share of a core this process gets now: the square of it are steps.
_N_WORK = 1_500
# A process that gets less than this share of the time of a core is not predicted.
_LEAST_SPEED = 0.2

# Estimates the seconds that follow a training; None is before any.
After = Callable[[Run | None], float]


class TimeLimit(Callback):
    """End the training so early that all of a command keeps its limit, what follows the training included.

    Parameters
    ----------
    max_time : float
        The limit of the command in seconds.
    began : float
        When the command began, by `clock`.
    after : callable (Run or None) -> float
        Estimates the seconds that follow the training.
    clock : callable () -> float, default=time.perf_counter
        Seconds since any moment.
    """

    def __init__(
        self,
        max_time: float,
        began: float,
        after: After,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.max_time, self.began, self.after, self.clock = max_time, began, after, clock

    def on_fit_start(self, run: Run) -> None:
        """Shorten the run."""
        if run.ends_after is None:
            return
        left = self._left(run)
        if left < _LEAST_SHARE * self.max_time and on_terminal():
            say(
                "note",
                f"--max-time {self.max_time:g} cannot be kept: what comes before and after the training takes about "
                f"{self.max_time - left:.0f} s here. The training gets {_LEAST_SHARE * self.max_time:.2g} s",
            )
        self._shorten(run, left)

    def on_stage_start(self, run: Run) -> None:
        """Shorten a training before the last one: it gets the same part of what is left as it has of the limit."""
        if run.max_time is not None:
            self._shorten(run, self._left(run) * min(1.0, run.max_time / self.max_time))

    def for_comparison(self, *, trains_later: bool) -> float:
        """Return the seconds that a comparison may take now.

        Parameters
        ----------
        trains_later : bool
            Whether a training on all data follows.
        """
        reserved = trains_later * PART_OF_TRAINING * self.max_time
        return max(self._left(None) - reserved, _LEAST_SHARE * self.max_time)

    def _left(self, run: Run | None) -> float:
        return self.max_time - (self.clock() - self.began) - self.after(run)

    def _shorten(self, run: Run, left: float) -> None:
        assert run.ends_after is not None
        trained = run.history[-1]["seconds"] if run.history else 0.0  # before an interruption
        run.ends_after = min(run.ends_after, trained + max(left, _LEAST_SHARE * self.max_time))


def after_table(n_cells: int, began: float, *, has_page: bool, n_texts: Callable[[], int] = lambda: 0) -> After:
    """Estimate the seconds after the training of a table from its size, and from how busy the machine is.

    Parameters
    ----------
    n_cells : int
        Cells of the real table.
    began : float
        When the command began, by `time.perf_counter`.
    has_page : bool
        Whether a page with figures is written.
    n_texts : callable () -> int, default=lambda: 0
        Returns how many candidates for texts are written, for all columns of texts together.
    """
    seconds = _SECONDS_AFTER + _SECONDS_A_CELL * n_cells + has_page * _SECONDS_OF_PAGE

    return lambda run: (seconds + SECONDS_A_TEXT * n_texts()) / _speed(began)


def after_partitions(n_rows: Callable[[], int], n_workers: int, reading: Callable[[], float], began: float) -> After:
    """Estimate the seconds after the training where workers generate the rows, from a first small sample.

    Parameters
    ----------
    n_rows : callable () -> int
        Returns how many rows are generated.
    n_workers : int
        Threads that generate.
    reading : callable () -> float
        Returns the seconds in which the workers read the real rows, which are copied again.
    began : float
        When the command began, by `time.perf_counter`.
    """

    def after(run: Run | None) -> float:
        from ganaug.models import TabularGAN

        if run is None or run.previews is None:
            return 0.0
        n_classes = len(run.previews.sample(1))  # the first one takes longer
        start = time.perf_counter()
        run.previews.sample(_N_TRIED_ROWS)
        a_row = (time.perf_counter() - start) / (_N_TRIED_ROWS * max(n_classes, 1))
        n_candidates = TabularGAN().candidates_for("auto", n_rows())
        return a_row * n_rows() * n_candidates / n_workers + reading() + _SECONDS_OF_WORKERS / _speed(began)

    return after


def _speed(began: float) -> float:
    """Return the share of the time of a core that this process gets, 1 at most: so far, or now if that is more.

    At the beginning a command waits for its files more than for a core.
    """
    shares = [time.process_time() / max(time.perf_counter() - began, 1e-3)]
    start, start_cpu = time.perf_counter(), time.process_time()
    for _ in range(_N_WORK):
        sum(range(_N_WORK))
    if (passed := time.perf_counter() - start) > 0:
        shares.append((time.process_time() - start_cpu) / passed)
    return min(max(*shares, _LEAST_SPEED), 1.0)


def after_samples(
    n_wanted: Callable[[], int],
    n_candidates: Callable[[int], int],
    began: float,
    n_others: int = 0,
    *,
    page: Callable[[], float] | None = None,
    usual: float = 0.0,
) -> After:
    """Estimate the seconds after the training of images or texts from a first small sample.

    Parameters
    ----------
    n_wanted : callable () -> int
        Returns how many are wanted.
    n_candidates : callable (int) -> int
        Returns among how many each is chosen, if so many are wanted.
    began : float
        When the command began, by `time.perf_counter`.
    n_others : int, default=0
        Real ones that are copied to OUT.
    page : callable () -> float or None, default=None
        If a page with all measures of images is written: returns the seconds that the measures take, measured now.
    usual : float, default=0.0
        Seconds that a candidate takes, where none can be generated yet.
    """

    def after(run: Run | None) -> float:
        n_generated = n_wanted() * n_candidates(n_wanted())
        if run is None or run.previews is None:
            return usual * n_generated / _speed(began)
        n_classes = len(run.previews.sample(1))  # the first one takes longer
        n_each = max(1, _N_TRIED // max(n_classes, 1))
        speed, start, start_cpu = _speed(began), time.perf_counter(), time.process_time()
        run.previews.sample(n_each)
        # other programs may have waited just now; a GPU takes no time of a core
        seconds = max(time.perf_counter() - start, (time.process_time() - start_cpu) / speed)
        seconds *= n_generated / (n_each * max(n_classes, 1))
        others = (n_wanted() + n_others) * _SECONDS_WRITING + (page is not None) * _SECONDS_OF_PAGE
        return seconds + others / speed + (0.0 if page is None else page())

    return after
