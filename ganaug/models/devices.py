"""Where a model trains: the device of this process, and the processes that train it together."""

import copy
import os
import pickle
import re
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.distributed as dist
from joblib.externals.loky.cloudpickle_wrapper import dumps

from ganaug.common import processes
from ganaug.models.data import CheckedData, EncodedData
from ganaug.models.torch_state import torch_threads
from ganaug.training import Fabric

if TYPE_CHECKING:
    from ganaug.models.continuation import Networks

_ADDRESS = "127.0.0.1"
# Seconds in which a process that is no longer needed ends by itself.
_PATIENCE = 10.0
_HELP = "import sys; from ganaug.models.devices import help_at; help_at(*map(int, sys.argv[1:]))"
# What `fabric run` sets for code that creates one Fabric of all its devices; here each process has one of a device.
_OF_FABRIC_RUN = ("LT_DEVICES", "LT_NUM_NODES", "LT_STRATEGY")

_OF_RANK = re.compile(r"(\[rank\d+\]: ?)+")  # with which torch begins the lines of an error

# Whether the other processes wait for what this one has to train, instead of running the same script.
_is_leading = False


class DevicesMixin:
    """The parameters `device` and `devices` of a model."""

    device: str
    devices: int | str = "auto"
    # Whether several processes can train it.
    _trains_together: ClassVar[bool] = True
    # With fewer rows in a batch, a CPU is faster than a GPU (`benchmarks/devices.py`), and "auto" takes the CPU.
    _smallest_batch_on_gpu: ClassVar[int] = 0

    def _fit(self: Any, checked: CheckedData, y: Any, previous: "Networks | None", sample_weight: Any) -> EncodedData:
        arguments = (checked, y, previous, sample_weight)
        with _together(self, arguments):
            data: EncodedData = self._fit_here(*arguments)
        return data

    def _precision(self: Any) -> Any:
        """Return the precision in which networks compute, with a value in place of "auto"."""
        return "32-true" if self.precision == "auto" else self.precision

    def _accelerator(self: Any) -> str:
        size = self.batch_size if self._smallest_batch_on_gpu else 0
        is_small = (0 if size == "auto" else size) < self._smallest_batch_on_gpu
        return "cpu" if is_small and self.device == "auto" else self.device

    def _fabric(self: Any) -> Fabric:
        kept = {name: os.environ.pop(name) for name in _OF_FABRIC_RUN if name in os.environ}
        try:
            devices: Any = 1
            if processes.n_processes() > 1 and _is_on_gpu(self._accelerator()):
                devices = [processes.local_rank()]
            is_said = self.precision == "auto" and "LT_PRECISION" in os.environ  # by `fabric run --precision`
            precision = None if is_said else self._precision()
            return Fabric(accelerator=self._accelerator(), devices=devices, precision=precision)
        except (RuntimeError, ImportError) as error:
            raise ValueError(
                f"device={self.device!r} is not available on this machine: {error}. Use device='auto'"
            ) from error
        finally:
            os.environ.update(kept)


def _is_on_gpu(device: str) -> bool:
    return device in ("auto", "gpu", "cuda") and torch.cuda.is_available()


@contextmanager
def _together(model: Any, arguments: tuple[Any, ...]) -> Iterator[None]:
    """Let the processes that `devices` asks for fit a model within the block, which fits it in this one."""
    place = None if processes.n_processes() > 1 else processes.place_of_environment()
    started = 1 if place is None else place.size
    n = started if model.devices == "auto" else int(model.devices)
    if processes.n_processes() > 1 or n == 1 or processes.is_alone():
        yield  # a model within another one is trained by the same processes
        return
    if started not in (1, n):
        raise ValueError(
            f"devices={n} differs from the {started} processes that train here; set devices='auto' to use all of them, "
            "or 1 to train a model in each"
        )
    if not model._trains_together:
        raise ValueError(
            f"{type(model).__name__} trains in one process, but {n} were asked for; set devices=1, or start it alone"
        )
    is_cuda = _check_device(model, n if place is None else place.local_rank + 1)
    if place is None:
        with _helpers(n, _message(model, arguments, is_cuda), is_cuda=is_cuda):
            yield
        return
    if _is_leading:
        with processes.joined(place, is_cuda=False):
            processes.from_first(_message(model, arguments, is_cuda))
    with processes.joined(place, is_cuda=is_cuda), _quiet(model, is_quiet=place.rank > 0):
        yield


def _check_device(model: Any, n_devices: int) -> bool:
    """Return whether a model trains on GPUs with CUDA; raise ValueError if there are too few of them."""
    kind = model._fabric().device.type
    if kind not in ("cpu", "cuda"):
        raise ValueError(f"device={model.device!r} is {kind} here, on which one process trains; set devices=1")
    if kind == "cuda" and torch.cuda.device_count() < n_devices:
        raise ValueError(
            f"devices={model.devices!r} needs {n_devices} GPUs, one for each process of this machine, which has "
            f"{torch.cuda.device_count()}; use fewer, or device='cpu'"
        )
    return bool(kind == "cuda")


@contextmanager
def _quiet(model: Any, *, is_quiet: bool) -> Iterator[None]:
    """Show nothing in a process that is not the first: no bar, no phase, no warning."""
    if not is_quiet:
        yield
        return
    verbose, model.verbose = model.verbose, 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        model.verbose = verbose


def _message(model: Any, arguments: tuple[Any, ...], is_cuda: bool) -> bytes:
    """Write down the model and its data for another process, without what only the first one does."""
    sent = copy.copy(model)
    for name in [name for name in vars(sent) if name.startswith(("_skl", "_callback", "_training_file"))]:
        del sent.__dict__[name]
    for name in {"callbacks", "checkpoint"} & vars(sent).keys():
        setattr(sent, name, None)
    checked, y, _, sample_weight = arguments  # networks of a previous fit are shared when the training begins
    # functions and classes of the user's own script travel with it
    return bytes(dumps((sent, (checked, y, None, sample_weight), is_cuda)))


def _help(place: processes.Place, store: Any = None) -> bool:
    """Train what the first process sends; return whether there may be more."""
    own = None if store is None else dist.PrefixStore("message", store)
    with processes.joined(place, own, is_cuda=False):
        sent = processes.from_first(b"")
    if sent:
        model, arguments, is_cuda = pickle.loads(sent)
        own = None if store is None else dist.PrefixStore("training", store)
        with processes.joined(place, own, is_cuda=is_cuda), _quiet(model, is_quiet=True):
            model._fit_here(*arguments)
    return bool(sent)


def help_at(port: int, rank: int, size: int) -> None:
    """Train, in a process that another one has started, what that one sends.

    Parameters
    ----------
    port : int
        Where the first process is met.
    rank, size : int
        As of `ganaug.common.processes.Place`.
    """
    store = dist.TCPStore(_ADDRESS, port, is_master=False, timeout=processes.TIMEOUT)
    store.set(f"started {rank}", "")
    _help(processes.Place(rank, size, rank), store)


@contextmanager
def _helpers(size: int, message: bytes, *, is_cuda: bool) -> Iterator[None]:
    """Start the other processes on this machine; they end with the block."""
    store = dist.TCPStore(_ADDRESS, 0, is_master=True, wait_for_workers=False, timeout=processes.TIMEOUT)
    n_threads = max(1, torch.get_num_threads() // size)
    environment = os.environ | {
        "OMP_NUM_THREADS": str(n_threads),
        "PYTHONPATH": os.pathsep.join(of for of in sys.path if of),
        "PYTHONWARNINGS": "ignore",
    }
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        environment.pop(name, None)
    said = [tempfile.TemporaryFile() for _ in range(1, size)]  # noqa: SIM115
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _HELP, *map(str, (store.port, rank, size))],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said[rank - 1],
            start_new_session=True,  # Ctrl-C is for the first process, with which the others end
        )
        for rank in range(1, size)
    ]
    place, is_done = processes.Place(0, size, 0), False
    try:
        _await(store, started)
        with processes.joined(place, dist.PrefixStore("message", store), is_cuda=False):
            processes.from_first(message)
        with processes.joined(place, dist.PrefixStore("training", store), is_cuda=is_cuda), torch_threads(n_threads):
            yield
        is_done = True
    except processes.LostProcessError as error:
        raise processes.LostProcessError(f"process {_last_words(started, said)}") from error
    finally:
        _end(started, is_done=is_done)
        for file in said:
            file.close()


def _await(store: Any, started: list[subprocess.Popen]) -> None:
    """Wait until all processes are there."""
    while not store.check([f"started {rank}" for rank in range(1, len(started) + 1)]):
        if any(process.poll() is not None for process in started):
            raise processes.LostProcessError
        time.sleep(0.02)


def _last_words(started: list[subprocess.Popen], said: list[Any]) -> str:
    """Say which process ended, and what it said last."""
    deadline = time.monotonic() + _PATIENCE  # it may still be on its way out
    while all(process.poll() is None for process in started) and time.monotonic() < deadline:
        time.sleep(0.02)
    for rank, (process, file) in enumerate(zip(started, said, strict=True), 1):
        if process.poll() is not None:
            file.seek(0)
            lines = file.read().decode(errors="replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), f"exit code {process.returncode}")
            last = _OF_RANK.sub("", last)
            return f"{rank + 1} of {len(started) + 1} that train together has ended: {last}"
    return f"of {len(started) + 1} that train together does not answer"


def _end(started: list[subprocess.Popen], *, is_done: bool) -> None:
    """Wait for the processes to end, or end them where they have not done their work."""
    for process in started:
        if not is_done:
            process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def leading() -> Iterator[None]:
    """Let the other processes of torchrun wait for what this one trains within the block, and end with it."""
    global _is_leading
    place = processes.place_of_environment()
    _is_leading = place is not None
    try:
        yield
    finally:
        _is_leading = False
        if place is not None:
            with suppress(processes.LostProcessError), processes.joined(place, is_cuda=False):
                processes.from_first(b"")


def help_first() -> None:
    """Train what the first process of torchrun sends, until it ends."""
    place = processes.place_of_environment()
    assert place is not None
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process, with which the others end
    while _help(place):
        pass
