"""Evaluations in several processes, the text of their errors, and commands that can be interrupted."""

import multiprocessing
import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits
from versions import package_version

Evaluated = TypeVar("Evaluated")


def start_worker() -> None:
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and lets the last evaluations finish
    torch.set_num_threads(1)
    threadpool_limits(1)
    # The version is computed now, so that it belongs to the code that runs even if a file is edited meanwhile.
    package_version("ganaug")


def evaluations(
    evaluate: Callable[..., Evaluated], tasks: Sequence[tuple[Any, ...]], n_workers: int
) -> Iterator[Evaluated]:
    """Evaluate the tasks in single-threaded processes, in no particular order; one worker is this process itself."""
    if n_workers == 1:
        with threadpool_limits(1):
            for task in tasks:
                yield evaluate(*task)
        return
    os.environ.update(dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1"))
    pool = ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn"), start_worker)
    try:
        for future in as_completed([pool.submit(evaluate, *task) for task in tasks]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def error_text(error: Exception) -> str:
    """Return an error in one line, without the paths of this machine."""
    return re.sub(r"(/[\w.~-]+){2,}", "...", f"{type(error).__name__}: {' '.join(str(error).split())}")[:160]


def run_command(main: Callable[[], None]) -> None:
    """Run a driver's command; Ctrl-C ends it with a message."""
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("interrupted: the same command continues from here") from None
