"""A folder that keeps the log of a training."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganaug.common.extras import has_extra
from ganaug.common.warnings import warn_user
from ganaug.training.callbacks import Callback, CollapseMonitor, CSVLog, SampleGrid, TensorBoard


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
        If nothing was trained.

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
    callbacks: list[Callback] = [CSVLog(history), CollapseMonitor()]
    if images:
        callbacks.append(SampleGrid(folder / "samples"))
    if has_extra("tensorboard"):
        callbacks.append(TensorBoard(folder))
    created = [of for of in (folder, *folder.parents) if not of.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    before = history.stat().st_mtime_ns if history.exists() else None
    try:
        yield callbacks
        if not history.exists() or history.stat().st_mtime_ns == before:
            warn_user(f"Nothing was trained, so nothing is written to {folder}.")
    finally:
        for of in created:
            if not any(of.iterdir()):
                of.rmdir()
