"""Balance a table of Parquet files into a folder: the work of Dask's workers, on one machine or on many."""

from __future__ import annotations

import logging
import pickle
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganaug.common.extras import require_extra
from ganaug.common.files import replacing
from ganaug.common.folders import replacing_folder
from ganaug.datasets import (
    copy_parquet,
    find_parquet_files,
    frame_of_arrow,
    parquet_index,
    parquet_parts,
    parquet_schema,
    write_parquet_rows,
)
from ganaug.models import RowSource
from ganaug.oversampler import GANOversampler
from ganaug.scale.frame import generate, learn
from ganaug.scale.requests import Part
from ganaug.scale.reservoir import Reservoir, merge
from ganaug.scale.resuming import checkpoint_of, identity_of, leave_nothing_unless_resumable, seed_of

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client

# What follows the work: name of the phase, tasks done, tasks in all.
Follow = Callable[[str, int, int], None]


@dataclass(frozen=True)
class BalancedParquet:
    """What `balance_parquet` has written.

    Attributes
    ----------
    counts : dict
        Label -> number of real rows.
    n_synthetic : dict
        Label -> number of synthetic rows.
    sample : DataFrame
        The rows that the model learned from.
    files : list of str
        Names of the files in the folder: those of real rows, then those of synthetic ones.
    source : RowSource or None
        The trained model; None where no rows were missing.
    """

    counts: dict[Any, int]
    n_synthetic: dict[Any, int]
    sample: pd.DataFrame
    files: list[str]
    source: RowSource | None


def balance_parquet(
    files: str | Path,
    out: str | Path,
    target: str,
    sampler: GANOversampler | None = None,
    *,
    client: Client | None = None,
    n_train: int = 200_000,
    rows_per_part: int = 250_000,
    mark: str | None = None,
    only_synthetic: bool = False,
    force: bool = False,
    follow: Follow | None = None,
    planned: Callable[[int], None] | None = None,
) -> BalancedParquet:
    """Add synthetic rows to the small classes of a table that is larger than memory.

    One pass over the files counts the classes and takes a uniform sample of each; the sampler learns from it in this
    process. The real files are copied byte by byte (with `mark`, some thousand rows at a time), and synthetic rows are
    written beside them by the workers, each file with a seed of its own: a file that is written again after a worker
    was lost holds the same rows, and takes its name when it is whole. `out` appears when everything is written.

    With `checkpoint` of the sampler, a call that was interrupted leaves the state of the training in that file, and the
    files that are whole in a hidden folder beside `out`. The same call reads the sample again and goes on from there.

    Parameters
    ----------
    files : str or Path
        A pattern such as ``data/*.parquet``, a folder, or one file. All workers must be able to read them.
    out : str or Path
        The folder to write. All workers must be able to write there.
    target : str
        The column of class labels.
    sampler : GANOversampler or None, default=None
        Its parameters count; it is not changed. None is ``GANOversampler()``.
    client : distributed.Client or None, default=None
        The scheduler. None starts a process for each core of this machine; a script then needs
        ``if __name__ == "__main__":`` around the call.
    n_train : int, default=200_000
        Rows to learn from in total, at most: as many of each class as it has, or an equal number.
    rows_per_part : int, default=250_000
        Rows of a synthetic file, at most.
    mark : str or None, default=None
        Name of a column to add: 1 for synthetic rows and 0 for real ones.
    only_synthetic : bool, default=False
        Whether to write no real rows.
    force : bool, default=False
        Whether an existing folder may be replaced.
    follow : callable or None, default=None
        Is called with the phase ("reading", "writing"), the number of files done and that of all files.
    planned : callable (int) or None, default=None
        Is called before the training with the number of rows that will be generated.

    Returns
    -------
    BalancedParquet
        What was written.

    Raises
    ------
    ImportError
        If Dask is not installed.
    FileNotFoundError
        If there are no such files.
    FileExistsError
        If `out` exists and `force` is False.
    ValueError
        If the files differ in their columns, labels are missing, there is one class only, or what is left of an
        interrupted call was not of this one.

    Warns
    -----
    UserWarning
        If columns of text identify rows: they are empty in synthetic rows.
    """
    found, out = find_parquet_files(files), Path(out)
    schema = parquet_schema(found[0])
    if target not in schema.names:
        raise ValueError(f"no column {target!r}; the columns are {schema.names}")
    if target in parquet_index(found[0]):
        raise ValueError(f"target={target!r} is the index of the pandas table; write it with reset_index() first")
    if mark is not None and mark in schema.names:
        raise ValueError(f"mark={mark!r} is a column already; choose another name")
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out} is a file; pass the name of a folder")
    if out.exists() and not force:
        raise FileExistsError(f"{out} exists already; use --force (in Python force=True) to replace it")
    if any(file.resolve().is_relative_to(out.resolve()) for file in found):
        raise ValueError(f"{out} holds the real files; write to another folder")
    sampler = GANOversampler() if sampler is None else sampler
    checkpoint = checkpoint_of(sampler)
    with replacing_folder(out, resumable=checkpoint is not None) as home, _connected(client) as workers:
        try:
            options = {"target": target, "n_train": n_train, "rows_per_part": rows_per_part, "mark": mark}
            identity = identity_of(sampler, found, only_synthetic=only_synthetic, **options)
            seed = seed_of(home, identity, sampler)
            tasks = [(file, target, n_train, [seed, number]) for number, file in enumerate(found)]
            reservoir = merge(_run(workers, _sample, tasks, "reading", follow))  # one by one, as they come
            rows = frame_of_arrow(reservoir.table())
            source, parts = learn(sampler, rows, reservoir, rows_per_part, seed, planned)
            copies = [] if only_synthetic else _names(found)
            names = [f"synthetic-{number:05d}.parquet" for number in range(len(parts))]
            shared = _shared(source, home)
            work: dict[str, tuple[Any, ...]] = {
                **{name: (_copy, home / name, file, mark) for file, name in zip(found, copies, strict=False)},
                **{
                    name: (_generate, home / name, shared, part, found[0], target, mark)
                    for part, name in zip(parts, names, strict=True)
                },
            }
            # a file has its name when it is whole: those of an interrupted run are kept
            missing = [task for name, task in work.items() if not (home / name).exists()]
            for _ in _run(workers, _do, missing, "writing", follow, n_done=len(work) - len(missing)):
                pass
        except BaseException:
            if checkpoint is not None:
                leave_nothing_unless_resumable(home, checkpoint)
            raise
        for left in home.glob(".*"):  # ours, and those of tasks that ran twice
            left.unlink()
    if source is not None:
        source.model.end_checkpoint()
    n_synthetic: dict[Any, int] = {}
    for part in parts:
        n_synthetic[part.label] = n_synthetic.get(part.label, 0) + part.n_rows
    return BalancedParquet(reservoir.counts, n_synthetic, rows, [*copies, *names], source)


def _shared(source: RowSource | None, home: Path) -> Path:
    """Write what generates rows for the workers, under a name that no earlier run has used."""
    import cloudpickle

    for left in home.glob(".source-*"):
        left.unlink()
    shared = home / f".source-{secrets.token_hex(8)}"
    shared.write_bytes(cloudpickle.dumps(source))  # the choice among candidates holds functions
    return shared


@contextmanager
def _connected(client: Client | None) -> Iterator[Client]:
    if client is not None:
        yield client
        return
    require_extra("dask", "balance_parquet needs")
    from distributed import Client, LocalCluster

    with (
        LocalCluster(threads_per_worker=1, dashboard_address=":0", silence_logs=logging.CRITICAL) as cluster,
        Client(cluster) as own,
    ):
        yield own


def _run(
    client: Client,
    function: Callable[..., Any],
    tasks: Sequence[tuple[Any, ...]],
    name: str,
    follow: Follow | None,
    n_done: int = 0,
) -> Iterator[Any]:
    """Yield what the function gives for each task, in any order; tasks of lost workers run again."""
    from distributed import as_completed

    futures = [client.submit(function, *task, pure=False, retries=2) for task in tasks]
    try:
        if follow is not None:
            follow(name, n_done, n_done + len(tasks))
        for done, future in enumerate(as_completed(futures), n_done + 1):
            result = future.result()  # raises what the task raised
            future.release()  # no process holds all results together
            if follow is not None:
                follow(name, done, n_done + len(tasks))
            yield result
    finally:
        client.cancel(futures)


def _do(function: Callable[..., Any], *task: Any) -> None:
    function(*task)


def _sample(file: Path, target: str, n_rows: int, seed: list[int]) -> Reservoir:
    reservoir, rng = Reservoir(target, n_rows), np.random.default_rng(seed)
    for part in parquet_parts(file, parquet_schema(file).names):
        reservoir.add(part, rng)
    return reservoir


def _copy(out: Path, file: Path, mark: str | None) -> None:
    with replacing(out) as written:
        if mark is None:
            shutil.copyfile(file, written)
        else:
            copy_parquet(file, written, mark)


def _generate(out: Path, shared: Path, part: Part, like: Path, target: str, mark: str | None) -> None:
    source = _source(shared)
    rows = _with_index(generate(source, part, target), parquet_index(like), source.largest, part.first)
    with replacing(out) as written:
        write_parquet_rows(written, rows, like, mark)


def _with_index(
    parts: Iterable[pd.DataFrame], index: Iterable[str], largest: Mapping[str, int], first: int
) -> Iterator[pd.DataFrame]:
    """Fill the columns in which pandas keeps its index: with the numbers after those of the table, or with nothing."""
    for rows in parts:
        for name in index:
            start = None if name not in largest else largest[name] + 1 + first
            rows = rows.assign(**{name: None if start is None else np.arange(start, start + len(rows))})
        first += len(rows)
        yield rows


@lru_cache(maxsize=1)
def _source(path: Path) -> RowSource:
    # our own file, in a folder that nobody else may enter, written a moment ago
    return pickle.loads(path.read_bytes())


def _names(files: Sequence[Path]) -> list[str]:
    """Return a name for the copy of each file: its own, or a numbered one where names repeat."""
    names = [file.name for file in files]
    if len(set(names)) == len(names) and not any(name.startswith("synthetic-") for name in names):
        return names
    return [f"real-{number:05d}.parquet" for number in range(len(files))]
