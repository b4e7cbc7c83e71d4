"""Processes that train one network together: each takes a part of every batch, and they exchange what they find.

Outside of `joined` there is one process, and the functions return at once what they are given.
"""

import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.rendezvous import rendezvous

# A process waits so long for the others. If one of them ends, they know at once.
TIMEOUT = timedelta(minutes=30)

Value = TypeVar("Value")


class Place(NamedTuple):
    """Which of several processes this one is.

    Attributes
    ----------
    rank : int
        Its number, from 0.
    size : int
        How many there are.
    local_rank : int
        Its number on this machine: the number of its GPU.
    """

    rank: int
    size: int
    local_rank: int


class _Group(NamedTuple):
    place: Place
    handle: Any  # of torch.distributed


class _Thread(threading.local):
    """The group of a thread, as two threads that train at once must not mix up what they exchange."""

    group: _Group | None = None
    is_alone = False


_thread = _Thread()
# The store of processes that torchrun started, and how many groups have met there.
_met: dict[str, Any] = {"store": None, "times": 0}


class LostProcessError(ConnectionError):
    """Another process of the training has ended, or does not answer."""


def place_of_environment() -> Place | None:
    """Return the place of this process among those of torchrun or `fabric run`; None if it trains alone.

    Threads and children of such a process train alone: they have no counterpart in the other processes.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if _thread.is_alone or not is_main or multiprocessing.current_process().name != "MainProcess":
        return None
    if dist.is_available() and dist.is_initialized():
        place = Place(dist.get_rank(), dist.get_world_size(), int(os.environ.get("LOCAL_RANK", dist.get_rank())))
    elif "RANK" in os.environ and "WORLD_SIZE" in os.environ:
        rank = int(os.environ["RANK"])
        place = Place(rank, int(os.environ["WORLD_SIZE"]), int(os.environ.get("LOCAL_RANK", rank)))
    else:
        return None
    return place if place.size > 1 else None


@contextmanager
def alone() -> Iterator[None]:
    """Let this process train alone within the block, whatever started it."""
    before, _thread.is_alone = _thread.is_alone, True
    try:
        yield
    finally:
        _thread.is_alone = before


def is_alone() -> bool:
    """Return whether this process trains alone, see `alone`."""
    return _thread.is_alone


@contextmanager
def joined(place: Place, store: Any = None, *, is_cuda: bool) -> Iterator[None]:
    """Exchange with the other processes within the block, which all of them enter.

    Where the block raises, the connections are closed, so that no other process waits for this one.

    Parameters
    ----------
    place : Place
        Of this process.
    store : torch.distributed.Store or None, default=None
        Where the processes meet, and nothing else has met. None is the place that torchrun gives.
    is_cuda : bool
        Whether they exchange values of GPUs.
    """
    backend = "cpu:gloo,cuda:nccl" if is_cuda else "gloo"
    if is_cuda:
        torch.cuda.set_device(place.local_rank)
    if dist.is_initialized():
        handle = dist.new_group(backend=backend, timeout=TIMEOUT)
    else:
        if store is None:
            if _met["store"] is None:
                _met["store"] = next(iter(rendezvous("env://", place.rank, place.size, timeout=TIMEOUT)))[0]
            _met["times"] += 1
            store = dist.PrefixStore(f"ganaug {_met['times']}", _met["store"])
        dist.init_process_group(backend, store=store, rank=place.rank, world_size=place.size, timeout=TIMEOUT)
        handle = dist.group.WORLD
    _thread.group = _Group(place, handle)
    try:
        yield
        from_first(None)  # none closes its connections while another one needs them
    finally:
        _thread.group = None
        dist.destroy_process_group(handle)


def n_processes() -> int:
    """Return how many processes train together."""
    return 1 if _thread.group is None else _thread.group.place.size


def rank() -> int:
    """Return the number of this process among them, from 0."""
    return 0 if _thread.group is None else _thread.group.place.rank


def local_rank() -> int:
    """Return its number on this machine, from 0."""
    return 0 if _thread.group is None else _thread.group.place.local_rank


def is_first() -> bool:
    """Return whether this is the process that decides, shows and writes."""
    return rank() == 0


def from_first(value: Value) -> Value:
    """Return the value of the first process.

    Parameters
    ----------
    value : object
        Its value of this process, which can be pickled.
    """
    group = _thread.group
    if group is None:
        return value
    # the numbers of bytes, then the bytes, on the CPU whatever the device
    data = bytearray(pickle.dumps(value)) if group.place.rank == 0 else bytearray()
    size = torch.tensor([len(data)])
    with _told():
        dist.broadcast(size, 0, group=group.handle)
        sent = torch.frombuffer(data, dtype=torch.uint8) if data else torch.empty(int(size), dtype=torch.uint8)
        dist.broadcast(sent, 0, group=group.handle)
    return value if group.place.rank == 0 else pickle.loads(sent.numpy().tobytes())


def on_first(function: Callable[[], Value], *, is_shared: bool = True) -> Value:
    """Call a function in the first process, and return its result in all.

    Parameters
    ----------
    function : callable
        Without arguments. What it returns can be pickled.
    is_shared : bool, default=True
        Whether the others get the result; otherwise they get None.

    Raises
    ------
    RuntimeError
        In the other processes, if the function raised an error in the first one.
    """
    if n_processes() == 1:
        return function()
    said, value, error = None, None, None
    if is_first():
        try:
            value = function()
        except Exception as raised:  # the others end with its message
            error, said = raised, f"{type(raised).__name__}: {raised}"
    said = from_first(said)
    if error is not None:
        raise error
    if said is not None:
        raise RuntimeError(f"the first process ended with {said}")
    return from_first(value) if is_shared else value  # type: ignore[return-value]


def first_difference(differences: Sequence[str]) -> str:
    """Return the first of what any process has found, in the order of the processes; "" if none has found any.

    Parameters
    ----------
    differences : sequence of str
        What this process has found.
    """
    group = _thread.group
    if group is None:
        return differences[0] if differences else ""
    found: list[Any] = [None] * group.place.size
    with _told():
        dist.all_gather_object(found, differences[0] if differences else "", group=group.handle)
    return next(filter(None, found), "")


def flag_of_first(flag: bool) -> bool:
    """Return a truth value of the first process, in the least time.

    Parameters
    ----------
    flag : bool
        That of this process.
    """
    group = _thread.group
    if group is None:
        return flag
    sent = torch.tensor([flag])
    with _told():
        dist.broadcast(sent, 0, group=group.handle)
    return bool(sent)


def average(tensors: Sequence[Tensor]) -> None:
    """Replace each tensor by its mean over all processes, all of them in one exchange.

    Parameters
    ----------
    tensors : sequence of Tensor
        Of the same shapes in each process.
    """
    group = _thread.group
    if group is None or not tensors:
        return
    flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
    with _told():
        dist.all_reduce(flat, group=group.handle)
    flat /= group.place.size
    parts = flat.split([tensor.numel() for tensor in tensors])
    torch._foreach_copy_(list(tensors), [part.view_as(of) for part, of in zip(parts, tensors, strict=True)])


def mean(value: Tensor) -> Tensor:
    """Return the mean of a value over all processes, without gradient.

    Parameters
    ----------
    value : Tensor
        That of this process.
    """
    if n_processes() == 1:
        return value
    total = value.detach().float().clone()
    average([total])
    return total


def own(rows: Tensor) -> Tensor:
    """Return the part of this process of what all have: as many rows as in each other part, one after the other.

    Parameters
    ----------
    rows : Tensor of shape (n, ...)
        The rows of all.
    """
    group = _thread.group
    return rows if group is None else rows[own_slice(len(rows))]


def own_slice(n: int) -> slice:
    """Return the positions of the part of this process among `n`, which all processes divide equally.

    Parameters
    ----------
    n : int
        Rows of all, a multiple of the number of processes.
    """
    size = n // n_processes()
    return slice(rank() * size, (rank() + 1) * size)


def drawn(draw: Callable[[int], Tensor], n: int) -> Tensor:
    """Draw random numbers for the rows of all processes, and return those of the `n` rows of this one.

    So the generators of all processes stay in one state, and the rows have the numbers that one process would give.

    Parameters
    ----------
    draw : callable (n_rows) -> Tensor of shape (n_rows, ...)
        Draws.
    n : int
        Rows of this process, as many as in each other.
    """
    return own(draw(n * n_processes()))


def all_rows(rows: Tensor) -> Tensor:
    """Return the rows of all processes, in their order; the gradient of each row returns to its process.

    Parameters
    ----------
    rows : Tensor of shape (n, ...)
        Of the same shape in each process.
    """
    return rows if _thread.group is None else _AllRows.apply(rows, _thread.group)


class _AllRows(torch.autograd.Function):
    """Gather rows; all processes compute the same from them, and the gradients of all are added up."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, group: _Group) -> Tensor:
        ctx.group = group
        parts = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(group.place.size)]
        with _told():
            dist.all_gather(parts, rows.contiguous(), group=group.handle)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        # by the thread of autograd, which has no group of its own
        group, gradient = ctx.group, gradients[0].contiguous().clone()
        with _told():
            dist.all_reduce(gradient, group=group.handle)
        n = len(gradient) // group.place.size
        return gradient[group.place.rank * n : (group.place.rank + 1) * n], None


@contextmanager
def _told() -> Iterator[None]:
    """Say in words that another process is gone."""
    try:
        yield
    except RuntimeError as error:
        raise LostProcessError(
            "another process of this training has ended, or did not answer for "
            f"{TIMEOUT.seconds // 60} minutes; its own message says why ({str(error).splitlines()[0]})"
        ) from error
