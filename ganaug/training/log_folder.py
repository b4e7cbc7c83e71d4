"""A folder that keeps the log of a training."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from ganaug.common.extras import has_extra
from ganaug.common.warnings import warn_user
from ganaug.training.callbacks import Callback, CollapseMonitor, CSVLog, Run, SampleGrid, TensorBoard


@contextmanager
def log_to(folder: str | Path, *, images: bool = False) -> Iterator[list[Callback]]:
    """Yield callbacks that write the history of a training to a folder while the training runs.

    Parameters
    ----------
    folder : str or Path
        It is created if it does not exist, and removed again if nothing was written.
    images : bool, default=False
        Whether the samples are images; then a grid of samples is written as well.

    Yields
    ------
    list of Callback
        For the ``callbacks`` of a model or a sampler: ``history.csv``, warnings of mode collapse, for images
        ``samples/``, and files for TensorBoard where it is installed.

    Warns
    -----
    UserWarning
        If nothing was trained, or the log cannot be written, as on a full disk: the training goes on without it.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from ganaug import TabularGAN
    >>> folder = Path(mkdtemp()) / "log"
    >>> with log_to(folder) as callbacks:
    ...     model = TabularGAN(n_steps=2, callbacks=callbacks).fit([[1.0], [2.0], [3.0]] * 8, ["a", "b", "a"] * 8)
    >>> (folder / "history.csv").exists()
    True
    """
    folder = Path(folder)
    history = folder / "history.csv"
    written: list[Callback] = [CSVLog(history)]
    if images:
        written.append(SampleGrid(folder / "samples"))
    if has_extra("tensorboard"):
        written.append(TensorBoard(folder))
    callbacks = [*(_WrittenIfPossible(of, folder) for of in written), CollapseMonitor()]
    created = [of for of in (folder, *folder.parents) if not of.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    before = history.stat().st_mtime_ns if history.exists() else None
    report = threading.excepthook
    threading.excepthook = _ignoring_full_disks(report)  # TensorBoard writes in a thread of its own
    try:
        yield callbacks
        is_unwritten = not history.exists() or history.stat().st_mtime_ns == before
        if is_unwritten and folder not in _WrittenIfPossible.failed:
            warn_user(f"Nothing was trained, so nothing is written to {folder}.")
    finally:
        threading.excepthook = report
        _WrittenIfPossible.failed.discard(folder)
        for of in created:
            if not any(of.iterdir()):
                of.rmdir()


class _WrittenIfPossible(Callback):
    """A callback that writes to the folder, until it cannot: a log is not worth the training."""

    failed: ClassVar[set[Path]] = set()  # folders; models train with copies of their callbacks

    def __init__(self, callback: Callback, folder: Path) -> None:
        self.callback = callback
        self.folder = folder
        self.is_on = True

    def on_fit_start(self, run: Run) -> None:
        """Before the first step."""
        self.is_on = True
        self._try(self.callback.on_fit_start, run)

    def on_step_end(self, run: Run) -> None:
        """After each step."""
        self._try(self.callback.on_step_end, run)

    def on_fit_end(self, run: Run) -> None:
        """After the last step."""
        self._try(self.callback.on_fit_end, run)

    def _try(self, hook: Callable[[Run], None], run: Run) -> None:
        if not self.is_on:
            return
        try:
            hook(run)
        except OSError as error:
            self.is_on = False
            self.failed.add(self.folder)
            why = error.strerror or error
            warn_user(f"The log in {self.folder} could not be written ({why}). The training goes on without it.")


def _ignoring_full_disks(report: Callable[[Any], Any]) -> Callable[[Any], None]:
    def hook(raised: Any) -> None:
        if not issubclass(raised.exc_type, OSError):
            report(raised)

    return hook
