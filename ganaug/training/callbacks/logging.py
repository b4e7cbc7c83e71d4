"""Callbacks that show or store how a run proceeds: progress bar, CSV file, TensorBoard, sheets of images."""

import csv
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from ganaug.common.containers import to_pandas
from ganaug.common.extras import require_extra
from ganaug.common.progress import TimeLeft, begin_phase
from ganaug.training.callbacks.base import Callback, Run, check_folder


class ProgressBar(Callback):
    """A progress bar on standard error: steps, distance to the real rows, and the time left, `max_time` considered.

    Parameters
    ----------
    name : str, default="training"
        The first word of the line.

    Examples
    --------
    >>> from ganaug import TabularGAN
    >>> model = TabularGAN(callbacks=[ProgressBar()])  # the same as verbose=1
    """

    def __init__(self, name: str = "training") -> None:
        self.name = name

    def on_fit_start(self, run: Run) -> None:
        """Draw the bar."""
        begin_phase(self.name, show=False)
        self._bar = Progress(
            TextColumn(self.name),
            BarColumn(),
            TextColumn("step {task.fields[step]}"),
            TextColumn("{task.fields[distance]}"),
            TimeLeft(run.ends_after),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(self.name, total=run.n_steps, distance="", step=f"{run.step:,}")
        self._bar.start()

    def on_step_end(self, run: Run) -> None:
        """Move the bar."""
        done = run.step / run.n_steps
        if run.ends_after:
            # the bar is full when the time is up, although steps are left
            done = max(done, min(1.0, (self._bar.tasks[0].elapsed or 0.0) / run.ends_after))
        steps = f"{run.step:,}/{run.n_steps:,}"
        self._bar.update(self._task, completed=done * run.n_steps, step=steps)
        if run.history and "distance" in run.history[-1]:
            self._bar.update(self._task, distance=f"distance {run.history[-1]['distance']:.3f}")

    def on_fit_end(self, run: Run) -> None:
        """Say why the run ended early, if it did, and leave the bar on the screen."""
        if run.stop_reason is not None:
            self._bar.console.print(f"stopped: {run.stop_reason}")
        self._bar.stop()
        del self._bar


class CSVLog(Callback):
    """Write the history to a CSV file while it grows, so that a run that is killed leaves its history.

    A row is in the file as soon as its step has ended. The file has the rows and columns of ``history_``, with all
    digits; cells that were not measured are empty.

    Parameters
    ----------
    path : str or Path
        The file; each `fit` overwrites it.

    Raises
    ------
    FileNotFoundError
        At the start of the run, if the folder of the file does not exist.

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
        """Create a file, which is empty unless the run goes on from a checkpoint."""
        check_folder(self.path, "log")
        Path(self.path).write_text("")
        self._columns: list[str] = list(dict.fromkeys(name for record in run.history for name in record))
        if run.history:
            self._write("w", run.history)

    def on_step_end(self, run: Run) -> None:
        """Append what the step recorded."""
        new = [name for name in run.record if name not in self._columns]
        self._columns += new
        # New columns, such as those of the first measurement, need the whole file again. It is closed between steps.
        if new:
            self._write("w", run.history)
        elif run.record:
            self._write("a", [run.record])

    def _write(self, mode: str, records: list[dict[str, float]]) -> None:
        with Path(self.path).open(mode, newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._columns, lineterminator="\n")
            if mode == "w":
                writer.writeheader()
            writer.writerows(records)


class TensorBoard(Callback):
    """Show the history and synthetic data in TensorBoard while training runs.

    Scalars have the names of the columns of ``history_``. At each measurement, about twenty times in a run, synthetic
    data are added: a sheet of images with a row for each class, or for a table histograms of its first eight numeric
    columns in each class, real and synthetic. Needs ``pip install 'ganaug[tensorboard]'``. Look at the result with
    ``tensorboard --logdir FOLDER``.

    Parameters
    ----------
    log_dir : str or Path
        Folder of this run; it is created if it does not exist. Runs that have folders of their own within one folder
        are shown side by side.

    Raises
    ------
    ValueError
        At the start of the run, if TensorBoard is not installed.

    Examples
    --------
    >>> from ganaug import ImageGAN
    >>> model = ImageGAN(callbacks=[TensorBoard("runs/first")])
    """

    _N_ROWS = 200
    _N_COLUMNS = 8
    # the open event file of a run
    _writer: Any = None

    def __init__(self, log_dir: str | Path) -> None:
        self.log_dir = log_dir

    def __getstate__(self) -> dict[str, Any]:
        # a copy that is made during a run does not share the open file of the run
        return {"log_dir": self.log_dir}

    def on_fit_start(self, run: Run) -> None:
        """Open the event file, and add the histograms of real rows."""
        require_extra("tensorboard", f"TensorBoard(log_dir={str(self.log_dir)!r}) needs")
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(self.log_dir))
        if run.previews is not None and run.previews.draw is None:
            self._add_histograms("real", run.previews.real(self._N_ROWS), 0)

    def on_step_end(self, run: Run) -> None:
        """Add what the step recorded, and after a measurement synthetic data."""
        for name, value in run.record.items():
            if name != "step":
                self._writer.add_scalar(name, value, run.step)
        if not run.is_measured or run.previews is None:
            return
        if run.previews.draw is None:
            self._add_histograms("synthetic", run.previews.sample(self._N_ROWS), run.step)
        else:
            sheet = run.previews.draw(8)
            self._writer.add_image("synthetic", sheet, run.step, dataformats="HW" if sheet.ndim == 2 else "HWC")
        self._writer.flush()

    def on_fit_end(self, run: Run) -> None:
        """Close the event file."""
        if self._writer is not None:
            self._writer.close()
            del self._writer

    def _add_histograms(self, origin: str, rows: dict[Any, Any], step: int) -> None:
        for label, of_class in rows.items():
            numbers = (
                to_pandas(of_class, dtypes="numpy")
                .select_dtypes("number", exclude="timedelta")
                .iloc[:, : self._N_COLUMNS]
            )
            for name, column in numbers.items():
                values = column.dropna().to_numpy(float)
                if len(values):
                    self._writer.add_histogram(f"{name}/{label}, {origin}", values, step)


class SampleGrid(Callback):
    """Store sheets of synthetic images at regular steps: a row for each class, always from the same noise.

    The file of step 500 is named ``step_000500.png``. Small images are enlarged.

    Parameters
    ----------
    path : str or Path
        Folder of the files; it is created if it does not exist. Files of the same name are replaced.
    every : int or None, default=None
        Steps between two sheets, at least 1. None stores a sheet at each measurement, about twenty times in a run.
    n_each : int, default=8
        Images of each class, at least 1.

    Raises
    ------
    ValueError
        At the start of the run, if rows are not images or a number is below 1.

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
        """Check the parameters before any training, and create the folder."""
        for name, value in (("every", self.every), ("n_each", self.n_each)):
            if value is not None and value < 1:
                raise ValueError(f"SampleGrid({name}={value!r}) must be at least 1")
        if run.previews is None or run.previews.draw is None:
            raise ValueError(
                f"SampleGrid(path={str(self.path)!r}) stores images, and this model has no images. For a table, use "
                "TensorBoard, which shows histograms of the columns"
            )
        Path(self.path).mkdir(parents=True, exist_ok=True)

    def on_step_end(self, run: Run) -> None:
        """Store a sheet if one is due."""
        is_due = run.is_measured if self.every is None else run.step % self.every == 0
        if is_due and run.previews is not None and run.previews.draw is not None:
            Image.fromarray(run.previews.draw(self.n_each)).save(Path(self.path) / f"step_{run.step:06}.png")
