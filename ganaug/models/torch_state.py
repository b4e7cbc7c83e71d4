"""torch's global settings, changed for a block of code and put back afterwards, also where threads share them."""

import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

# Networks are built with torch's global generator, seeded for the purpose; two threads must not do so at once.
_building = threading.Lock()


def _use_one_thread() -> None:
    torch.set_num_threads(1)


# A forked process inherits the state of torch's thread pool but not its threads, and would wait for them for ever, as
# torch's own DataLoader workers would. With one thread, the pool is not used. Such a process may also have been forked
# before it imports this module.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_use_one_thread)
if type(multiprocessing.current_process()).__name__ == "ForkProcess":
    _use_one_thread()


@contextmanager
def seeded_networks(seed: int) -> Iterator[None]:
    """Seed torch's global CPU generator, which initialises networks, and restore its state afterwards."""
    with _building, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


class _Threads:
    """How many blocks limit torch's threads now, and torch's setting before the first of them."""

    lock = threading.Lock()
    n_blocks = 0
    n_before = 1


@contextmanager
def torch_threads(n: int | None) -> Iterator[None]:
    """Let torch use `n` threads on the CPU; None changes nothing."""
    if n is None:
        yield
        return
    with _Threads.lock:
        if not _Threads.n_blocks:
            _Threads.n_before = torch.get_num_threads()
        _Threads.n_blocks += 1
    torch.set_num_threads(n)
    try:
        yield
    finally:
        with _Threads.lock:
            _Threads.n_blocks -= 1
        torch.set_num_threads(_Threads.n_before)


def copy_weights(trained: nn.Module, network: nn.Module) -> None:
    """Give a network the weights of a trained one of the same sizes; other sizes raise ValueError."""
    try:
        network.load_state_dict(trained.state_dict())
    except RuntimeError as error:
        raise ValueError(
            "warm_start=True, but the networks of the previous fit have other sizes, because parameters or the shape "
            f"of X have changed; set warm_start=False to train from the beginning. {error}"
        ) from error
