"""Jobs in processes of our own, which live as long as a call and are watched: a call that cannot go on ends.

This module does not import torch, so that a process starts in a third of the time.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

import sklearn
from joblib import cpu_count, effective_n_jobs
from joblib.externals.loky import ProcessPoolExecutor

# Seconds after which a pool is looked at again, if no job has ended.
_LOOK_EVERY = 5.0
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

# In a worker: the function of the jobs, the arguments that all jobs share, and scikit-learn's configuration.
_shared: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]] | None = None


def run_jobs(
    function: Callable[..., Any], shared: tuple[Any, ...], jobs: Iterable[tuple[Any, ...]], n_jobs: int | None
) -> Iterator[Any]:
    """Call a function for each job, in several processes, and yield the results in the order in which they are ready.

    joblib's shared pool is not used: it waits for ever if a worker that was idle for five minutes ends while the next
    call begins. These processes do not end while they are idle, and belong to this call alone.

    Parameters
    ----------
    function : callable
        Called as ``function(*shared, *job)``.
    shared : tuple
        Arguments that all jobs share; each process receives them once.
    jobs : iterable of tuple
        Further arguments. A job is taken from it when a process is free, so a generator can end by the time.
    n_jobs : int or None
        Number of processes, as in joblib: -1 uses all cores, 1 and None this process.

    Yields
    ------
    object
        What the function returned.

    Raises
    ------
    RuntimeError
        If a process ends before its job is done, for example because the machine has too little memory.

    Examples
    --------
    >>> sorted(run_jobs(max, (2,), [(1,), (3,)], n_jobs=1))
    [2, 3]
    """
    n_processes = effective_n_jobs(n_jobs)
    if n_processes == 1:
        for job in jobs:
            yield function(*shared, *job)
        return
    remaining = iter(jobs)
    no_job: Any = None
    with _pool(n_processes, (function, shared, sklearn.get_config())) as pool:
        running: set[Future] = set()
        while True:
            try:
                while len(running) < n_processes and (job := next(remaining, no_job)) is not no_job:
                    running.add(pool.submit(_run, job))
                if not running:
                    return
                done, running = _first_done(pool, running)
                results = [future.result() for future in done]
            except BrokenProcessPool as error:
                raise _ended(n_processes) from error
            yield from results


@contextmanager
def _pool(n_processes: int, shared: Any) -> Iterator[ProcessPoolExecutor]:
    # as many threads in all as there are cores, unless the user has set a number
    threads = str(max(1, cpu_count() // n_processes))
    pool = ProcessPoolExecutor(
        n_processes,
        timeout=None,  # no worker ends because it is idle
        env={name: os.environ.get(name, threads) for name in _THREADS},
        initializer=_share,
        initargs=(shared,),
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _first_done(pool: ProcessPoolExecutor, running: set[Future]) -> tuple[set[Future], set[Future]]:
    """Wait until a job has ended, or no process is left that could end one."""
    while True:
        done, left = wait(running, timeout=_LOOK_EVERY, return_when=FIRST_COMPLETED)
        if done:
            return done, left
        processes = list(pool._processes.values())
        if not any(process.is_alive() for process in processes):
            raise _ended(len(processes))


def _ended(n_processes: int) -> RuntimeError:
    return RuntimeError(
        f"a process of {n_processes} ended before its work was done, as when memory runs out; try fewer with a lower "
        "n_jobs (n_jobs=1 uses no further process)"
    )


def _share(shared: Any) -> None:
    global _shared
    _shared = shared


def _run(job: tuple[Any, ...]) -> Any:
    assert _shared is not None
    function, shared, config = _shared
    with sklearn.config_context(**config):
        return function(*shared, *job)
