"""Watch or steer a training run: subclass `Callback` and override the hooks you need."""

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ganaug.common.warnings import warn_user


class Previews(NamedTuple):
    """What a model shows of its data while it is trained. Looking changes nothing of the training.

    Attributes
    ----------
    real : callable (n) -> dict
        At most `n` training rows of each class, as `fit` got them, by the class's label; always the same ones.
    sample : callable (n) -> dict
        `n` generated rows of each class, as the model's ``sample`` returns them; always from the same noise.
    draw : callable (n) -> ndarray of uint8, or None
        A sheet of generated pictures of shape (height, width) or (height, width, channels), with a row of `n` pictures
        for each class, of the first twenty, in the order of the labels; None where rows are no pictures.
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
        Steps planned.
    step : int
        Steps done.
    history : list of dict
        What was recorded so far, the newest last.
    stop_reason : str or None
        Why the run ends before `n_steps`; None while it goes on.
    save : callable (path)
        Stores the model as it is now, for `GANOversampler.load` or the model's own ``load``.
    views : Previews or None
        Real and generated rows to look at; None where there is nothing but tensors.
    """

    n_steps: int
    save: Callable[..., None]
    views: Previews | None = None
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    stop_reason: str | None = None

    @property
    def record(self) -> dict[str, float]:
        """What this step recorded; empty after a step that recorded nothing, which are nine of ten."""
        return self.history[-1] if self.history and self.history[-1]["step"] == self.step else {}

    @property
    def is_measured(self) -> bool:
        """Whether generated rows were measured after this step, about twenty times in a run."""
        return "distance" in self.record

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
        _check_folder(self.path, "checkpoint")

    def on_step_end(self, run: Run) -> None:
        """Store at every `every`-th step."""
        if run.step % self.every == 0:
            run.save(self.path)

    def on_fit_end(self, run: Run) -> None:
        """Store what the run ended with, if it got anywhere."""
        if run.step:
            run.save(self.path)


class ProgressBar(Callback):
    """A line on standard error that shows steps, the distance to the real rows, and the time left.

    Parameters
    ----------
    name : str, default="training"
        What the line begins with.
    """

    def __init__(self, name: str = "training") -> None:
        self.name = name

    def on_fit_start(self, run: Run) -> None:
        """Draw the empty bar."""
        self._bar = Progress(
            TextColumn(self.name),
            BarColumn(),
            TextColumn("step {task.completed}/{task.total}"),
            TextColumn("{task.fields[distance]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(self.name, total=run.n_steps, distance="")
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


class CSVLog(Callback):
    """Write the history to a file as it grows, so that a killed run leaves it.

    Each row is in the file when the step that made it ends. The file has the rows and columns of ``history_``, with
    every digit; cells not measured are empty.

    Parameters
    ----------
    path : str or Path
        The file; each `fit` starts it anew.

    Raises
    ------
    FileNotFoundError
        At the start of the run, where there is no folder for it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np, pandas as pd
    >>> from ganaug import TabularGAN
    >>> path = pathlib.Path(tempfile.mkdtemp(), "history.csv")
    >>> X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat([0, 1], 20)
    >>> model = TabularGAN(n_steps=30, random_state=0, callbacks=[CSVLog(path)]).fit(X, y)
    >>> pd.read_csv(path)["step"].tolist()
    [10, 20, 30]
    """

    def __init__(self, path: str | Path) -> None:
        self.path = path

    def on_fit_start(self, run: Run) -> None:
        """Start an empty file."""
        _check_folder(self.path, "log")
        Path(self.path).write_text("")
        self._columns: list[str] = []

    def on_step_end(self, run: Run) -> None:
        """Append what the step recorded."""
        new = [name for name in run.record if name not in self._columns]
        self._columns += new
        # the first measurement may bring further columns: then all is written again; no file is open between steps
        if run.record:
            with Path(self.path).open("w" if new else "a", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, self._columns, lineterminator="\n")
                if new:
                    writer.writeheader()
                writer.writerows(run.history if new else [run.record])


class TensorBoard(Callback):
    """Show the history in TensorBoard while it grows, and what is generated beside it.

    Scalars have the names of the columns of ``history_``. At each measurement, about twenty times in a run, comes a
    sheet of pictures with a row for each class, or for a table the histograms of its first eight numeric columns in
    each class, generated and real. Needs ``pip install 'ganaug[tensorboard]'``; look at it with
    ``tensorboard --logdir FOLDER``.

    Parameters
    ----------
    log_dir : str or Path
        Folder of this run, made where it is missing. Give each run a folder of its own within one, and TensorBoard
        shows them side by side.

    Raises
    ------
    ValueError
        At the start of the run, where TensorBoard is not installed.

    Examples
    --------
    >>> from ganaug import ImageGAN
    >>> model = ImageGAN(callbacks=[TensorBoard("runs/first")])
    """

    _N_ROWS = 200
    _N_COLUMNS = 8

    def __init__(self, log_dir: str | Path) -> None:
        self.log_dir = log_dir

    def __getstate__(self) -> dict[str, Any]:
        # a copy made while a run goes on has no part in the run's open file
        return {"log_dir": self.log_dir}

    def on_fit_start(self, run: Run) -> None:
        """Open the event file, and draw the real rows that generated ones are compared with."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ValueError(
                f"TensorBoard(log_dir={str(self.log_dir)!r}) needs TensorBoard: pip install 'ganaug[tensorboard]'"
            ) from error
        self._writer = SummaryWriter(str(self.log_dir))
        if run.views is not None and run.views.draw is None:
            self._add_histograms("real", run.views.real(self._N_ROWS), 0)

    def on_step_end(self, run: Run) -> None:
        """Add what the step recorded, and show what is generated."""
        for name, value in run.record.items():
            if name != "step":
                self._writer.add_scalar(name, value, run.step)
        if not run.is_measured or run.views is None:
            return
        if run.views.draw is None:
            self._add_histograms("generated", run.views.sample(self._N_ROWS), run.step)
        else:
            sheet = run.views.draw(8)
            self._writer.add_image("generated", sheet, run.step, dataformats="HW" if sheet.ndim == 2 else "HWC")
        self._writer.flush()

    def on_fit_end(self, run: Run) -> None:
        """Close the event file."""
        writer = self.__dict__.pop("_writer", None)
        if writer is not None:
            writer.close()

    def _add_histograms(self, what: str, rows: dict[Any, Any], step: int) -> None:
        for label, of_class in rows.items():
            numbers = _frame(of_class).select_dtypes("number").iloc[:, : self._N_COLUMNS]
            for name, column in numbers.items():
                values = column.dropna().to_numpy(float)
                if len(values):
                    self._writer.add_histogram(f"{name}/{label}, {what}", values, step)


class SampleGrid(Callback):
    """Store a picture of generated pictures every so often: a row for each class, always from the same noise.

    Files are named ``step_000500.png`` for step 500. Small pictures are shown at a multiple of their size.

    Parameters
    ----------
    path : str or Path
        Folder of the files, made where it is missing; files of the same name are replaced.
    every : int or None, default=None
        Steps between two pictures. None draws when the training is measured, about twenty times in a run.
    n_each : int, default=8
        Pictures of each class.

    Raises
    ------
    ValueError
        At the start of the run, where rows are no pictures or a number is below 1.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from ganaug import ImageGAN
    >>> X = np.random.default_rng(0).integers(0, 256, size=(40, 8, 8), dtype=np.uint8)
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> grid = SampleGrid(folder, every=2)
    >>> model = ImageGAN(n_steps=4, width=4, random_state=0, callbacks=[grid]).fit(X, np.repeat([0, 1], 20))
    >>> sorted(file.name for file in folder.iterdir())
    ['step_000002.png', 'step_000004.png']
    """

    def __init__(self, path: str | Path, every: int | None = None, n_each: int = 8) -> None:
        self.path = path
        self.every = every
        self.n_each = n_each

    def on_fit_start(self, run: Run) -> None:
        """Refuse what would fail later, and make the folder."""
        for name, value in (("every", self.every), ("n_each", self.n_each)):
            if value is not None and value < 1:
                raise ValueError(f"SampleGrid({name}={value!r}) must be at least 1")
        if run.views is None or run.views.draw is None:
            raise ValueError(
                f"SampleGrid(path={str(self.path)!r}) draws pictures, and this model makes a table; "
                "TensorBoard shows histograms of its columns"
            )
        Path(self.path).mkdir(parents=True, exist_ok=True)

    def on_step_end(self, run: Run) -> None:
        """Draw, where it is time."""
        is_due = run.is_measured if self.every is None else run.step % self.every == 0
        if is_due and run.views is not None and run.views.draw is not None:
            Image.fromarray(run.views.draw(self.n_each)).save(Path(self.path) / f"step_{run.step:06}.png")


class CollapseMonitor(Callback):
    """Warn in words, while training goes on, when generated rows of a class become alike or a category dies out.

    Whenever the training is measured, about twenty times in a run, generated rows of each class are held beside real
    ones of the class (mode collapse). A class that was well and then `patience` times in a row is not is warned of, and
    so is a category; at the end, whatever is missing then. Each is told once. The run goes on: ``stop=True`` ends it.

    Without this callback too a run ends by itself, and goes back to the last good weights, where ``diversity`` in the
    history falls below 0.2. This one speaks earlier, and says which class and which category.

    Parameters
    ----------
    threshold : float, default=0.3
        Variety below which rows of a class are called alike, in [0, 1]. 1 is that of real rows; 0 means all rows equal.
    share : float, default=0.1
        Categories are watched that at least this share of the real rows of a class hold, in (0, 1].
    n_rows : int, default=200
        Rows compared of each class. A category that still is in 2 % of the rows is missed by chance once in 57
        times.
    patience : int, default=5
        Measurements in a row that must give cause for a warning while training goes on. In ordinary runs, a category
        that one row in seven holds was missing for up to three and then came back.
    stop : bool, default=False
        Whether the first warning ends the run.

    Warns
    -----
    UserWarning
        Naming step, class, and column and category.

    Notes
    -----
    The variety of a column of numbers or dates is the standard deviation of the values' ranks among the real ones, so
    that no outlier decides; of categories the chance that two rows differ (Gini). Each is divided by the real rows' own
    and counts at most 1; the variety of a class is the mean over its columns. That of pictures is the sum of the
    pixels' standard deviations over the same of real ones. Classes of fewer than ten rows are not watched: they say
    too little of how they vary.

    Examples
    --------
    >>> from ganaug import TabularGAN
    >>> model = TabularGAN(callbacks=[CollapseMonitor()])
    """

    _FEWEST = 10

    def __init__(
        self, threshold: float = 0.3, share: float = 0.1, n_rows: int = 200, patience: int = 5, stop: bool = False
    ) -> None:
        self.threshold = threshold
        self.share = share
        self.n_rows = n_rows
        self.patience = patience
        self.stop = stop

    def on_fit_start(self, run: Run) -> None:
        """Look at the real rows."""
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"CollapseMonitor(threshold={self.threshold!r}) must be in [0, 1]")
        if not 0 < self.share <= 1:
            raise ValueError(f"CollapseMonitor(share={self.share!r}) must be in (0, 1]")
        if self.n_rows < self._FEWEST:
            raise ValueError(f"CollapseMonitor(n_rows={self.n_rows!r}) must be at least {self._FEWEST}")
        if self.patience < 1:
            raise ValueError(f"CollapseMonitor(patience={self.patience!r}) must be at least 1")
        if run.views is None:
            raise ValueError("CollapseMonitor needs data to look at, and this run trains on bare tensors")
        watch = partial(_Table, share=self.share) if run.views.draw is None else _Pictures
        real = run.views.real(self.n_rows).items()
        self._real = {label: watch(rows) for label, rows in real if len(rows) >= self._FEWEST}
        # for each complaint how many measurements in a row gave cause for it, from the first that did not
        self._since: dict[str, int] = {}
        self._told: list[str] = []

    def on_step_end(self, run: Run) -> None:
        """Compare, where the training was measured."""
        if not run.is_measured:
            return
        for what, is_so in self._look(run).items():
            if not is_so:
                self._since[what] = 0
            elif what in self._since:
                self._since[what] += 1
        self._tell(run, [what for what, n_times in self._since.items() if n_times >= self.patience])
        if self.stop and self._told:
            run.stop(self._told[0])

    def on_fit_end(self, run: Run) -> None:
        """Say what is missing at the end."""
        if run.is_measured:
            self._tell(run, [what for what, is_so in self._look(run).items() if is_so])

    def _tell(self, run: Run, complaints: list[str]) -> None:
        new = [what for what in complaints if what not in self._told]
        self._told += new
        if new:
            warn_user(
                f"Step {run.step} of {run.n_steps}: {'; '.join(new)}. Where it stays so, more steps, a lower "
                "learning_rate or loss='rpgan' may help.",
            )

    def _look(self, run: Run) -> dict[str, bool]:
        """Return everything that is watched, in the words of a complaint, and whether there is cause for it."""
        assert run.views is not None  # or the run would not have begun
        found = {}
        made = run.views.sample(self.n_rows)
        for label, real in self._real.items():
            variety, lost = real.compare(made[label])
            found[f"generated rows of class {label!r} are nearly alike"] = variety < self.threshold
            for (name, level), is_lost in lost.items():
                found[f"no generated row of class {label!r} has {level!r} in column {name!r}"] = is_lost
        return found


class _Pictures:
    """Real pictures of a class, and how much of their variety others have."""

    def __init__(self, rows: NDArray) -> None:
        self.own = self._spread(rows)

    def compare(self, rows: NDArray) -> tuple[float, dict[tuple[Any, Any], bool]]:
        return (min(self._spread(rows) / self.own, 1.0) if self.own else 1.0), {}

    def _spread(self, rows: NDArray) -> float:
        return float(np.asarray(rows, dtype=float).std(axis=0).sum())


class _Table:
    """Real rows of a class, how much of their variety others have, and which frequent categories others lack."""

    def __init__(self, rows: Any, share: float) -> None:
        frame = _frame(rows)
        ordered = set(frame.select_dtypes(["number", "datetime", "datetimetz", "timedelta"]))
        self.numbers = {name: np.sort(frame[name].dropna().to_numpy()) for name in frame if name in ordered}
        self.categories = [name for name in frame if name not in ordered]
        self.own, shares = self._spreads(frame)
        self.frequent = [(name, level) for name, of in shares.items() for level in of.index[of >= share]]

    def compare(self, rows: Any) -> tuple[float, dict[tuple[Any, Any], bool]]:
        """Return the mean variety of the columns, in [0, 1], and of each frequent category whether it is lost."""
        spreads, shares = self._spreads(_frame(rows))
        left = [min(spreads[name] / own, 1.0) for name, own in self.own.items() if own > 1e-9]
        lost = {(name, level): level not in shares[name].index for name, level in self.frequent}
        return (float(np.mean(left)) if left else 1.0), lost

    def _spreads(self, frame: pd.DataFrame) -> tuple[dict[Any, float], dict[Any, pd.Series]]:
        """Return the spread of each column, and the share of each category."""
        spreads = {}
        for name, values in self.numbers.items():
            cells = frame[name].dropna().to_numpy()
            # twice the rank among the real values, ties in the middle of theirs
            ranks = np.searchsorted(values, cells, "left") + np.searchsorted(values, cells, "right")
            spreads[name] = float(ranks.std()) if len(ranks) else 0.0
        shares = {}
        for name in self.categories:
            levels = frame[name].astype(object)
            shares[name] = levels.where(levels.notna(), "missing").value_counts(normalize=True)
            spreads[name] = 1 - float((shares[name] ** 2).sum())
        return spreads, shares


def _frame(rows: Any) -> pd.DataFrame:
    """Return rows of a table, in whatever container, as a frame of pandas."""
    return rows.to_pandas() if hasattr(rows, "to_pandas") else pd.DataFrame(rows).infer_objects()


def _check_folder(path: str | Path, what: str) -> None:
    if not Path(path).absolute().parent.is_dir():
        raise FileNotFoundError(f"no folder for the {what} {str(path)!r}")
