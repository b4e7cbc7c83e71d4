"""Laws of jobs in processes: all results come, and nothing waits for ever."""

import os
import signal
import time

import pytest
import sklearn

from ganaug.common.jobs import run_jobs


@pytest.mark.parametrize("n_jobs", [1, None, 2])
def test_every_job_is_done_once(n_jobs):
    assert sorted(run_jobs(lambda a, b: a + b, (10,), [(i,) for i in range(7)], n_jobs)) == list(range(10, 17))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_job_is_taken_only_when_a_process_is_free(n_jobs):
    taken = []

    def jobs():
        for i in range(6):
            taken.append(i)
            yield (i,)

    results = run_jobs(lambda i: i, (), jobs(), n_jobs)
    next(results)
    assert len(taken) <= n_jobs
    results.close()


def test_processes_have_the_configuration_of_this_one():
    with sklearn.config_context(assume_finite=True):
        assert list(run_jobs(lambda _: sklearn.get_config()["assume_finite"], (), [(0,), (1,)], 2)) == [True, True]


def test_an_error_of_a_job_is_raised():
    def fail(_):
        raise ZeroDivisionError("a job")

    with pytest.raises(ZeroDivisionError, match="a job"):
        list(run_jobs(fail, (), [(0,), (1,)], 2))


@pytest.mark.parametrize("how", ["killed", "exited"])
def test_a_dead_process_ends_the_call(how):
    def die(i):
        if i == 1:
            os.kill(os.getpid(), signal.SIGKILL) if how == "killed" else os._exit(3)
        time.sleep(0.1)
        return i

    began = time.perf_counter()
    with pytest.raises(RuntimeError, match="n_jobs=1"):
        list(run_jobs(die, (), [(i,) for i in range(4)], 2))
    assert time.perf_counter() - began < 30


def test_no_process_is_left():
    pids = set(run_jobs(lambda _: os.getpid(), (), [(i,) for i in range(4)], 2))
    assert os.getpid() not in pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
