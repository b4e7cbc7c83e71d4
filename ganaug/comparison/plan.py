"""Which splits of a comparison fit into the time, and what is said of it while it runs."""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ganaug.common.progress import TimeLeft, begin_phase
from ganaug.common.warnings import warn_user
from ganaug.common.wording import counted
from ganaug.comparison.statistics import MIN_SPLITS

# Where no bar moves, seconds between two lines: after a way is done, and in any case.
_SECONDS_BETWEEN, _SECONDS_OF_SILENCE = 10.0, 60.0
# ... and how often it is looked whether one is due.
_SECONDS_OF_LOOK = 1.0
# Ways take different times: what the first ones suggest is said only where it exceeds the limit so many times.
_SURE = 2.0
# Ways that a line names.
_N_NAMED = 4


class Plan:
    """Which splits fit into the time: it is planned from the first split, and kept where later splits take longer.

    Parameters
    ----------
    jobs : sequence of (int, mapping)
        The number of a split, and what is missing of it, by the name of the way.
    seconds : float or None
        The limit. None sets none.
    n_splits : int
        Number of all splits.
    """

    def __init__(self, jobs: Sequence[tuple[int, Any]], seconds: float | None, n_splits: int) -> None:
        self.seconds, self.n_all = seconds, n_splits
        self._jobs = jobs
        self._start = time.perf_counter()
        self._first = jobs[0][0] if jobs else 0
        # ways of the first split
        self.n_first = sum(len(missing) for split, missing in jobs if split == self._first)
        self.n_left = self.n_first
        self._n_planned: int | None = None
        self._is_told = False

    def jobs(self) -> Iterator[tuple[int, Any]]:
        """Yield jobs, split after split; no further split is started once the planned ones are, or the time is up."""
        last = self._first
        for job in self._jobs:
            if self.seconds is not None and job[0] > last:
                is_planned = self._n_planned is None or job[0] - self._first < self._n_planned
                if not is_planned or time.perf_counter() - self._start > self.seconds:
                    return
            last = job[0]
            begin_phase("comparing", show=False)  # a job that trains has left another name
            yield job

    def finish(self, split: int) -> None:
        """Take note of a way that is done; after those of the first split, plan the rest and say so if it is cut short.

        Parameters
        ----------
        split : int
            Number of the split.
        """
        if split != self._first or not self.n_left:
            return
        self.n_left -= 1
        if self.seconds is None:
            return
        each = time.perf_counter() - self._start
        if self.n_left:
            if said := self.beyond(each * self.n_first / (self.n_first - self.n_left)):
                warn_user(said)
            return
        self._n_planned = max(1, int(self.seconds / max(each, 1e-9)))
        n = self._first + self._n_planned
        if n < self.n_all:
            said = f"one split takes {_seconds(each)}; within {_seconds(self.seconds)} there is time for {n} of "
            said += counted(self.n_all, "split")
            if n < MIN_SPLITS:
                said += f". A verdict needs {min(MIN_SPLITS, self.n_all)} splits (about {_seconds(MIN_SPLITS * each)})"
            warn_user(said)

    def beyond(self, expected: float | None = None) -> str:
        """Say once that the first split takes longer than the limit, while it runs; "" if it does not, or it is said.

        Parameters
        ----------
        expected : float or None, default=None
            Seconds that the first split takes, as far as the ways that are done show it.
        """
        passed = time.perf_counter() - self._start
        is_sure = max(passed, (expected or 0) / _SURE) > (self.seconds or 0)
        if self.seconds is None or self._is_told or not self.n_left or not is_sure:
            return ""
        self._is_told = True
        about = "" if expected is None else f", about {_seconds(expected)} in all"
        return (
            f"the first split takes longer than {_seconds(self.seconds)}: {_seconds(passed)} so far{about}, parts "
            f"done: {self.n_first - self.n_left} of {self.n_first}. It goes on to its end, as without a whole split "
            "nothing is compared. Name fewer samplers or classifiers to shorten it."
        )

    def n_splits(self) -> int:
        """Return how many splits are to be finished."""
        return self.n_all if self._n_planned is None else min(self.n_all, self._first + self._n_planned)


class Following:
    """Show how far a comparison is: a bar on a terminal; elsewhere lines, which a log keeps.

    Parameters
    ----------
    plan : Plan
        What is to be done; it is told of all that is done.
    ways, classifiers : sequence of str
        Names of what is compared.
    n_all, n_done : int
        Ways on all splits, and how many of them an earlier run has done.
    verbose : bool
        False shows nothing.
    """

    def __init__(
        self, plan: Plan, ways: Sequence[str], classifiers: Sequence[str], n_all: int, n_done: int, *, verbose: bool
    ) -> None:
        self._plan, self._n_ways, self._n_all, self._n_done = plan, len(ways), n_all, n_done
        self._n_before = n_done
        self._verbose = verbose
        console = Console(stderr=True)
        self._bar: Progress | None = None
        if verbose and (console.is_terminal or console.is_jupyter):
            columns = (
                TextColumn("comparing"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[on]}"),
                TimeLeft(plan.seconds),
            )
            self._bar = Progress(*columns, console=console)
        named = f"{', '.join(ways[:_N_NAMED])}{' and others' if len(ways) > _N_NAMED else ''}"
        self._planned = (
            f"comparing {counted(len(ways), 'way')} ({named}) with {', '.join(classifiers)} on "
            f"{counted(plan.n_all, 'split')}"
        )
        self._start = self._said_at = time.perf_counter()
        self._last = ""
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Following":
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("", total=self._n_all, completed=self._n_done, on="")
        elif self._verbose and self._n_done < self._n_all:
            done = f", {self._n_done} of {self._n_all} done before" if self._n_done else ""
            limit = self._plan.seconds
            limited = "" if limit is None else f", as many as fit into {_seconds(limit)}, and at least one"
            self._say(f"{self._planned}{limited}{done}; after the first split, the time left is known")
        if self._verbose:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        if self._bar is not None:
            self._bar.stop()
        elif self._verbose and kind is None and self._n_done > self._n_before:
            with self._lock:
                self._say(self._how_far())

    def finish(self, way: str, split: int) -> None:
        """Take note of a way that is done on a split.

        Parameters
        ----------
        way : str
            Its name.
        split : int
            Number of the split.
        """
        was_first = self._plan.n_left > 0
        with self._lock:
            self._n_done += 1
            self._last = f"{way}, split {split + 1}"
        self._plan.finish(split)
        with self._lock:
            total = self._total
            if self._bar is not None:
                self._bar.update(self._task, completed=self._n_done, on=self._last, total=total)
            elif self._verbose and self._n_done < total:
                is_planned = was_first and not self._plan.n_left
                passed = time.perf_counter() - self._said_at
                if is_planned or passed >= _SECONDS_BETWEEN:
                    self._say(self._how_far())

    @property
    def _total(self) -> int:
        return min(self._n_all, self._plan.n_splits() * self._n_ways)

    def _how_far(self) -> str:
        passed, total = time.perf_counter() - self._start, self._total
        n_own = self._n_done - self._n_before
        left = ""
        if n_own and not self._plan.n_left and self._n_done < total:
            seconds = passed / n_own * max(total - self._n_done, 0)
            left = f", about {_minutes(seconds)} left"
        last = f" (last: {self._last})" if self._last else ""
        return f"comparing: {self._n_done} of {total} done{last}, {_minutes(passed)} so far{left}"

    def _watch(self) -> None:
        """Say that work goes on where nothing else was said for a while, and that the limit is over, when it is."""
        while not self._is_over.wait(_SECONDS_OF_LOOK):
            with self._lock:
                if said := self._plan.beyond():
                    self._say(said)
                elif self._bar is None and time.perf_counter() - self._said_at >= _SECONDS_OF_SILENCE:
                    self._say(self._how_far())

    def _say(self, line: str) -> None:
        self._said_at = time.perf_counter()
        if self._bar is not None:
            self._bar.console.print(line, markup=False, soft_wrap=True)
        else:
            print(line, file=sys.stderr, flush=True)


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 2 else f"{seconds:.1f} s"


def _minutes(seconds: float) -> str:
    return _seconds(seconds) if seconds < 120 else f"{seconds / 60:.0f} min"
