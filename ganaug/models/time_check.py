"""Whether a training fits into its time: said after the first steps, while there is time to change something."""

import time
from collections.abc import Callable

from ganaug.common.warnings import warn_user
from ganaug.common.wording import counted
from ganaug.training import Callback, Run

# A training of which less than this share fits into the time has hardly begun.
_LEAST_SHARE = 0.1
# After so many steps, among them one with a gradient penalty, the time of a step is known well enough; or after this
# share of the time.
_N_TRIED, _SHARE_TRIED = 4, 0.1
# A limit below this many seconds is a trial, of which nobody expects a result.
_LEAST_SECONDS = 5.0


class TimeCheck(Callback):
    """Warn if less than a tenth of the planned steps fits into `max_time`.

    Parameters
    ----------
    noun : str
        What is generated, such as "images".
    way_out : str
        What makes a step quicker, as the middle of a sentence; "" if nothing does.
    clock : callable () -> float, default=time.perf_counter
        Seconds since any moment.
    """

    def __init__(self, noun: str, way_out: str = "", clock: Callable[[], float] = time.perf_counter) -> None:
        self.noun, self.way_out, self.clock = noun, way_out, clock

    def on_fit_start(self, run: Run) -> None:
        """Start the clock; a training that goes on has been told already."""
        self._began = self.clock()
        self._is_open = run.max_time is not None and run.max_time >= _LEAST_SECONDS and not run.step

    def on_step_end(self, run: Run) -> None:
        """Estimate once how many steps fit."""
        if not self._is_open or run.max_time is None:
            return
        seconds = self.clock() - self._began
        if run.step < _N_TRIED and (run.step < 2 or seconds < _SHARE_TRIED * run.max_time):
            return
        self._is_open = False
        of_step = seconds / run.step
        left = run.ends_after or run.max_time
        n_fitting = int(left / of_step)
        if n_fitting >= _LEAST_SHARE * run.n_steps:
            return
        way_out = f"{self.way_out}, or give" if self.way_out else "Give"
        warn_user(
            f"Only about {n_fitting:,} of {run.n_steps:,} steps fit into the "
            f"{left:{'.0f' if left >= 10 else '.1g'}} s that max_time leaves for them, as a step takes "
            f"{of_step:.2g} seconds here, so the {self.noun} will be poor. {way_out} more time: all steps take about "
            f"{_in_words(of_step * run.n_steps)}."
        )


def _in_words(seconds: float) -> str:
    """Write a duration.

    Examples
    --------
    >>> _in_words(50), _in_words(240), _in_words(15_000)
    ('1 minute', '4 minutes', '4.2 hours')
    """
    return counted(max(1, round(seconds / 60)), "minute") if seconds < 5400 else f"{seconds / 3600:.1f} hours"
