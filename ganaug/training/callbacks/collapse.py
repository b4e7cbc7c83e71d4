"""A callback that warns of mode collapse, class by class and category by category."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.containers import to_pandas
from ganaug.common.warnings import warn_user
from ganaug.training.callbacks.base import Callback, Run


class CollapseMonitor(Callback):
    """Warn during training if synthetic rows of a class become nearly alike, or if a category disappears.

    At each measurement, about twenty times in a run, synthetic rows of each class are compared with real rows of the
    class (mode collapse). A problem is reported if it was absent once and then present in `patience` consecutive
    measurements, or if it is present at the end. Each problem is reported once. The run continues, unless
    ``stop=True``.

    Without this callback, a run ends by itself and returns to earlier weights if ``diversity`` in the history falls
    below 0.2. This callback warns earlier, and names the class and the category.

    Parameters
    ----------
    threshold : float, default=0.3
        Rows of a class are called alike if their diversity is below this value, in [0, 1]. 1 is the diversity of real
        rows, 0 means that all rows are equal.
    share : float, default=0.1
        Only categories are watched that at least this share of the real rows of a class has, in (0, 1].
    n_rows : int, default=200
        Rows of each class that are compared, at least 10. A category that still is in 2 % of the synthetic rows is
        missed by chance once in 57 times.
    patience : int, default=5
        Consecutive measurements with a problem before a warning, at least 1. In ordinary runs, a category that one row
        in seven has was missing for up to three measurements and then returned.
    stop : bool, default=False
        Whether the first warning ends the run.

    Raises
    ------
    ValueError
        At the start of the run, if a parameter is out of its range.

    Warns
    -----
    UserWarning
        Naming step, class, and column and category.

    Notes
    -----
    The diversity of a column of numbers or dates is the standard deviation of the ranks that its values have among the
    real values, so that outliers have little weight. The diversity of a column of categories is the probability that
    two rows differ (Gini). Each is divided by the diversity of the real column and is at most 1. The diversity of a
    class is the mean over its columns. For images it is the sum of the standard deviations of the pixels, divided by
    that of real images. Classes of fewer than ten rows are not watched, because their own diversity is too uncertain.

    Examples
    --------
    >>> from ganaug import TabularGAN
    >>> model = TabularGAN(callbacks=[CollapseMonitor()])
    """

    _MIN_ROWS = 10

    def __init__(
        self, threshold: float = 0.3, share: float = 0.1, n_rows: int = 200, patience: int = 5, stop: bool = False
    ) -> None:
        self.threshold = threshold
        self.share = share
        self.n_rows = n_rows
        self.patience = patience
        self.stop = stop

    def on_fit_start(self, run: Run) -> None:
        """Check the parameters, and look at the real rows."""
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"CollapseMonitor(threshold={self.threshold!r}) must be in [0, 1]")
        if not 0 < self.share <= 1:
            raise ValueError(f"CollapseMonitor(share={self.share!r}) must be in (0, 1]")
        if self.n_rows < self._MIN_ROWS:
            raise ValueError(f"CollapseMonitor(n_rows={self.n_rows!r}) must be at least {self._MIN_ROWS}")
        if self.patience < 1:
            raise ValueError(f"CollapseMonitor(patience={self.patience!r}) must be at least 1")
        if run.previews is None:
            raise ValueError("CollapseMonitor needs the data of a model, and this run has only tensors: pass previews")
        reference = partial(_RealTable, share=self.share) if run.previews.draw is None else _RealImages
        real = run.previews.real(self.n_rows).items()
        self._real = {label: reference(rows) for label, rows in real if len(rows) >= self._MIN_ROWS}
        # for each problem that was absent once: in how many consecutive measurements it has been present since
        self._n_present: dict[str, int] = {}
        self._reported: list[str] = []

    def state_dict(self) -> dict[str, Any]:
        """Return what was seen so far, for a run that is stored."""
        return {"n_present": dict(self._n_present), "reported": list(self._reported)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with what was seen before.

        Parameters
        ----------
        state : dict
            What `state_dict` returned.
        """
        self._n_present, self._reported = dict(state["n_present"]), list(state["reported"])

    def on_step_end(self, run: Run) -> None:
        """Compare synthetic rows with real ones after a measurement."""
        if not run.is_measured:
            return
        for problem, is_present in self._problems(run).items():
            if not is_present:
                self._n_present[problem] = 0
            elif problem in self._n_present:
                self._n_present[problem] += 1
        self._report(run, [problem for problem, n_times in self._n_present.items() if n_times >= self.patience])
        if self.stop and self._reported:
            run.stop(self._reported[0])

    def on_fit_end(self, run: Run) -> None:
        """Report the problems that are present at the end."""
        if run.is_measured:
            self._report(run, [problem for problem, is_present in self._problems(run).items() if is_present])

    def _report(self, run: Run, problems: list[str]) -> None:
        new = [problem for problem in problems if problem not in self._reported]
        self._reported += new
        if new:
            warn_user(
                f"Step {run.step} of {run.n_steps}: {'; '.join(new)}. If this remains until the end, try more steps, a "
                "lower learning_rate, or loss='rpgan'."
            )

    def _problems(self, run: Run) -> dict[str, bool]:
        """Return all problems that are watched, as text, and whether each is present."""
        assert run.previews is not None  # or the run would not have started
        problems = {}
        synthetic = run.previews.sample(self.n_rows)
        for label, real in self._real.items():
            diversity, is_missing = real.compare(synthetic[label])
            problems[f"synthetic rows of class {label!r} are nearly alike"] = diversity < self.threshold
            for (column, category), missing in is_missing.items():
                problems[f"no synthetic row of class {label!r} has {category!r} in column {column!r}"] = missing
        return problems


class _RealImages:
    """Real images of a class, with which synthetic ones are compared."""

    def __init__(self, rows: NDArray) -> None:
        self.spread = self._spread(rows)

    def compare(self, rows: NDArray) -> tuple[float, dict[tuple[Any, Any], bool]]:
        """Return the diversity of synthetic images, in [0, 1]; images have no categories."""
        return (min(self._spread(rows) / self.spread, 1.0) if self.spread else 1.0), {}

    def _spread(self, rows: NDArray) -> float:
        return float(np.asarray(rows, dtype=float).std(axis=0).sum())


class _RealTable:
    """Real rows of a class, with which synthetic ones are compared."""

    def __init__(self, rows: Any, share: float) -> None:
        frame = to_pandas(rows, dtypes="numpy")
        ordered = set(frame.select_dtypes(["number", "datetime", "datetimetz", "timedelta"]))
        self.sorted_values = {name: np.sort(frame[name].dropna().to_numpy()) for name in frame if name in ordered}
        self.categorical = [name for name in frame if name not in ordered]
        self.spreads, shares = self._spreads(frame)
        self.frequent = [(name, category) for name, of in shares.items() for category in of.index[of >= share]]

    def compare(self, rows: Any) -> tuple[float, dict[tuple[Any, Any], bool]]:
        """Return the diversity of synthetic rows, in [0, 1], and for each frequent category whether it is missing."""
        spreads, shares = self._spreads(to_pandas(rows, dtypes="numpy"))
        ratios = [min(spreads[name] / real, 1.0) for name, real in self.spreads.items() if real > 1e-9]
        is_missing = {(name, category): category not in shares[name].index for name, category in self.frequent}
        return (float(np.mean(ratios)) if ratios else 1.0), is_missing

    def _spreads(self, frame: pd.DataFrame) -> tuple[dict[Any, float], dict[Any, pd.Series]]:
        """Return the spread of each column, and the shares of the categories of each categorical column."""
        spreads = {}
        for name, real in self.sorted_values.items():
            values = frame[name].dropna().to_numpy()
            # twice the rank among the real values; equal values get the mean rank
            ranks = np.searchsorted(real, values, "left") + np.searchsorted(real, values, "right")
            spreads[name] = float(ranks.std()) if len(ranks) else 0.0
        shares = {}
        for name in self.categorical:
            categories = frame[name].astype(object)
            shares[name] = categories.where(categories.notna(), "missing").value_counts(normalize=True)
            spreads[name] = 1 - float((shares[name] ** 2).sum())
        return spreads, shares
