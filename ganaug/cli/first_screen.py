"""What `ganaug balance` shows when it is done: three answers, what was written, a preview, and the next command."""

from __future__ import annotations

import shlex
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug.cli.console import KEPT, console, on_terminal
from ganaug.common.progress import begin_phase, end_phase

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ganaug.common.findings import Finding
    from ganaug.comparison import Comparison, Selection
    from ganaug.datasets import Table
    from ganaug.evaluation import PreviewRow, Resampling
    from ganaug.oversampler import GANOversampler

_N_PREVIEWS = 3
# Columns of a table that a preview shows, and characters of a name and of a cell: they fit 80 columns.
_N_COLUMNS = 12
_NAME_WIDTH, _CELL_WIDTH = 12, 10


def command(*words: object) -> str:
    """Write a command as it is typed.

    Examples
    --------
    >>> command("compare", Path("my table.csv"), "--target", "plan")
    "ganaug compare 'my table.csv' --target plan"
    """
    return shlex.join(["ganaug", *map(str, words)])


@contextmanager
def kept_checkpoint(path: Path | None) -> Iterator[None]:
    """Say where the block is interrupted that its training is kept.

    Parameters
    ----------
    path : Path or None
        The file of ``--checkpoint``.
    """
    try:
        yield
    except BaseException:
        if path is not None and path.exists():
            KEPT.append(f"the checkpoint {path}, from which the same command goes on")
        raise


@contextmanager
def kept_model(sampler: Any, save: Path | None, out: Path) -> Iterator[None]:
    """Store the trained model before the block writes the data, so that a failed write does not cost the training.

    Parameters
    ----------
    sampler : GANOversampler
        Nothing is stored if it has trained no model.
    save : Path or None
        Where the user wants the model. None stores it beside `out`, and removes it when the block succeeds. Without
        room there, it is stored elsewhere, and an error after the block says where.
    out : Path
        Where the block writes. An error of the block names the model.
    """
    if not hasattr(sampler, "model_"):
        yield
        return
    path: Path | None = _beside(out) if save is None else save
    failure: OSError | None = None
    try:
        sampler.save(path)
    except OSError as error:
        # there is no room for the model here, but there may be for the data
        failure, path = (None, None) if save is None else (error, _stored_elsewhere(sampler, out))
    if path is not None:
        KEPT.append(f"the model {path}")
    try:
        yield
    except OSError as error:
        path = path or _stored_elsewhere(sampler, out)
        if path is None:
            raise
        raise _kept_in(path, error) from error
    if failure is not None and path is None:
        raise OSError(f"{_said(failure)}; {out} is written, but the trained model is not kept") from failure
    if failure is not None and path is not None:
        raise _kept_in(path, failure, f"; {out} is written") from failure
    if save is None and path is not None:
        path.unlink(missing_ok=True)
        KEPT.remove(f"the model {path}")


def _said(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def _kept_in(path: Path, error: OSError, more: str = "") -> OSError:
    if f"the model {path}" in KEPT:
        KEPT.remove(f"the model {path}")  # said here
    return OSError(f"{_said(error)}{more}; the trained model is kept in {path}, for ganaug sample")


def _stored_elsewhere(sampler: Any, out: Path) -> Path | None:
    """Store a model where there is room for it: beside OUT, in the working folder, or among temporary files."""
    for folder in (out.parent, Path.cwd(), Path(tempfile.gettempdir())):
        path = _beside(folder / out.name)
        try:
            sampler.save(path)
        except OSError:
            continue
        return path
    return None


def _beside(out: Path) -> Path:
    """Return a name that is free."""
    path, n = out.with_name(f"{out.name}.model"), 1
    while path.exists():
        path, n = out.with_name(f"{out.name}.{n}.model"), n + 1
    return path


def measure(
    sampler: GANOversampler,
    compared: Comparison | Selection | None,
    data: tuple[Any, ...],
    noun: str,
    *,
    full: bool,
    names: Any = None,
) -> tuple[list[Finding], Resampling | None]:
    """Return the findings of the first screen, and all numbers if they were measured.

    Parameters
    ----------
    sampler : GANOversampler
        After `fit_resample`; or without, where nothing synthetic was chosen.
    compared : Comparison, Selection or None
        Whether it helps.
    data : tuple
        X, y, X_resampled, y_resampled.
    noun : {"rows", "images"}
        What the data are.
    full : bool
        Whether a page shows the evaluation.
    names : sequence or None, default=None
        Names of the real images.
    """
    from ganaug.common.findings import HELPS, REAL, SAFE, Finding
    from ganaug.evaluation import evaluate_resampling, training_distance

    helps = [] if compared is None else [of for of in compared.verdict if of.question not in (REAL, SAFE)]
    is_resampled = hasattr(sampler, "is_synthetic_")
    if not is_resampled or (not sampler.is_synthetic_.any() and not full):
        said = f"No synthetic {noun} were added."
        why = "" if is_resampled else " The comparison chose none."
        nothing = [Finding(question, "unknown", said) for question in (REAL, SAFE)]
        return [*(helps or [Finding(HELPS, "unknown", said + why)]), *nothing], None
    begin_phase("evaluating", show=on_terminal())
    if noun == "images" and not full:
        # images take seconds a class; what the training has measured costs nothing
        return [*helps, training_distance(sampler.history_)], None
    found = evaluate_resampling(sampler, *data, names=names)
    resampling = replace(found, comparison=compared)
    return resampling.verdict, resampling


def written_words(out: Path, n_real: int, n_repeated: int, labels: pd.Series, noun: str, mark: str | None) -> str:
    """Say what OUT holds."""
    from ganaug.common.wording import counted

    parts = []
    if n_real:
        parts.append(counted(n_real, f"real {noun}"))
    if n_repeated:
        parts.append(f"{n_repeated:,} repeated")
    if len(labels):
        parts.append(f"{counted(len(labels), f'synthetic {noun}')} of {class_words(labels)}")
    said = f"Wrote {out}: {', then '.join(parts) if parts else f'no {noun}'}."
    return f"{said} Column {mark} marks the synthetic ones with 1." if mark is not None else said


def with_commands(findings: Sequence[Finding], compare: str, evaluate: str = "") -> list[Finding]:
    """Say how to measure what was not measured.

    Parameters
    ----------
    findings : sequence of Finding
        What was found.
    compare, evaluate : str
        Commands that measure whether the rows help, and whether they are safe.
    """
    from ganaug.common.findings import HELPS, SAFE, Finding

    commands = {HELPS: compare, SAFE: evaluate}
    found = [of for of in findings if not (commands.get(of.question) and "not measured" in of.sentence)]
    missing = [question for question in commands if commands[question] and all(of.question != question for of in found)]
    return [*found, *(Finding(of, "unknown", f"Not measured. Run: {commands[of]}") for of in missing)]


def print_preview(rows: Sequence[PreviewRow], target: str, table: Table) -> None:
    """Print synthetic rows, each beside the nearest real row of its class: a line for each column of the table.

    Parameters
    ----------
    rows : sequence of PreviewRow
        The rows.
    target : str
        The column with the classes.
    table : Table
        The real table; cells of a text file are shown as it writes them.
    """
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    from ganaug.common.wording import counted
    from ganaug.datasets import cells_of

    if not rows:
        return
    rows = [row._replace(synthetic=cells_of(table, row.synthetic), real=cells_of(table, row.real)) for row in rows]
    screen = console()
    title = (
        "A synthetic row beside its nearest real row" if len(rows) == 1 else "Synthetic rows beside the nearest real"
    )
    screen.print(f"{title}{'' if len(rows) == 1 else ' ones'}", style="bold")
    # columns are one space apart already
    grid = Grid(box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    grid.add_column("", width=_NAME_WIDTH)
    n_shown = max(1, min(len(rows), (screen.width - _NAME_WIDTH - 1) // (2 * (_CELL_WIDTH + 1))))
    for _ in rows[:n_shown]:
        grid.add_column(Text("synthetic", style="bold"), width=_CELL_WIDTH)
        grid.add_column("real", width=_CELL_WIDTH)
    labels = [Text(_cut(row.label, _CELL_WIDTH), no_wrap=True) for row in rows[:n_shown] for _ in range(2)]
    grid.add_row(Text(_cut(target, _NAME_WIDTH), no_wrap=True), *labels)
    names = list(rows[0].synthetic.index)
    if len(names) > _N_COLUMNS:
        names = _differing_first(rows[:n_shown], names)
    for name in names[:_N_COLUMNS]:
        cells = [cell for row in rows[:n_shown] for cell in (row.synthetic[name], row.real[name])]
        shown = [Text(_cut(_cell(cell), _CELL_WIDTH), no_wrap=True) for cell in cells]
        # a long name goes on in the next line: names that begin alike would look alike
        grid.add_row(Text(" ".join(str(name).split()), overflow="fold"), *shown)
    screen.print(grid)
    if len(names) > _N_COLUMNS:
        n_left = len(names) - _N_COLUMNS
        screen.print(f"and {counted(n_left, 'more column')}; those above differ most")


def _differing_first(rows: Sequence[PreviewRow], names: list[Any]) -> list[Any]:
    """Return the columns in which most synthetic rows differ from the real row beside them, then the others."""
    n_differing = [sum(_cell(row.synthetic[name]) != _cell(row.real[name]) for row in rows) for name in names]
    return [names[i] for i in sorted(range(len(names)), key=lambda i: -n_differing[i])]


def print_written(text: str, began: float, model: Any = None) -> None:
    """Say what was written and how long it took; with the model that was trained, how long that took of it."""
    seconds = _training_seconds(model)
    whole = time.perf_counter() - began
    if seconds > whole:  # the training began in an earlier command, before an interruption
        trained = f", after trainings of {_duration(seconds)} in all"
    else:
        trained = f", {_duration(seconds)} of it the training" if seconds else ""
    console().print(f"{text} It took {_duration(whole)}{trained}.", markup=False)


def _training_seconds(model: Any) -> float:
    """Return what all trainings of a model took together, those of the models of its columns of texts included."""
    histories = [getattr(model, name, None) for name in ("autoencoder_history_", "history_")]
    seconds = [float(history["seconds"].iloc[-1]) for history in histories if history is not None and len(history)]
    return sum(seconds) + getattr(getattr(model, "texts_", None), "seconds", 0.0)


def print_next(words: str) -> None:
    """Say what to type next."""
    console().print(f"Next: {words}", style="bold", markup=False, soft_wrap=True)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _cell(value: Any) -> str:
    import pandas as pd

    if value is None or (not isinstance(value, list | dict) and pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, pd.Timestamp):
        return str(value.date()) if value == value.normalize() else str(value)
    if isinstance(value, pd.Timedelta):
        from ganaug.common.cells import duration_words

        return duration_words(value)
    return str(value)


def _cut(value: Any, width: int) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= width else f"{text[: width - 1]}…"


def class_words(labels: pd.Series | np.ndarray) -> str:
    """Name classes in a sentence, a few of them."""
    from ganaug.common.wording import shortened

    names = list(dict.fromkeys(shortened(label, 20) for label in labels))
    shown = ", ".join(names[:4])
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"{'class' if len(names) == 1 else 'classes'} {shown}{more}"


def write_report(
    path: Path, source: Path, resampling: Resampling | None, compared: Comparison | Selection | None
) -> None:
    """Write the page of what was added, or of why nothing was."""
    from ganaug.reporting import report as write_page

    begin_phase(f"writing {path}", show=on_terminal())
    if resampling is None and compared is not None:
        write_page(compared, path, title=f"{source.name}: why no synthetic data are added")
    else:
        write_page(resampling, path, title=f"{source.name}, balanced")
    end_phase()
    KEPT.append(str(path))
    console().print(f"Wrote {path}: the report, as a page with figures.", markup=False, soft_wrap=True)


def write_provenance(path: Path, sampler: Any, is_synthetic: Any, only_synthetic: bool, *, force: bool) -> None:
    """Write where the synthetic rows of the file come from."""
    import pandas as pd

    from ganaug.datasets import write_table_samples

    columns = sampler.provenance_
    # synthetic rows come last, so OUT lacks the rows before them where only they are written
    first = 0 if only_synthetic else int((~is_synthetic).sum())
    numbers = pd.RangeIndex(first, first + len(columns), name="row")
    write_table_samples(path, columns.set_axis(numbers).reset_index(), force=force)
