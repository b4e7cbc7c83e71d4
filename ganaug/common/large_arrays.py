"""Arrays that are larger than a share of the memory: they lie in a temporary file that ends with the process.

The file has no name, so that nothing is left of it, however the process ends. The system keeps in memory what is used,
and takes it away where memory is short. `release` lets this process do so on its own, which a limit of its memory sees.
"""

from __future__ import annotations

import math
import mmap
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

# Arrays above this share of the memory lie in a file: several of one size are in use at a time.
_SHARE = 1 / 8
# Bytes of rows that are read together.
_BLOCK = 2**25
# The limit of a container (of either version of the kernel's interface), as a number of bytes.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
# The files in use, each with its first address.
_mapped: weakref.WeakKeyDictionary[mmap.mmap, int] = weakref.WeakKeyDictionary()


def new_array(shape: tuple[int, ...], dtype: DTypeLike, *, on_disk: bool = False) -> NDArray:
    """Return an array to be filled, in memory, or in a temporary file if it is larger than an eighth of the memory.

    Parameters
    ----------
    shape : tuple of int
        Its shape.
    dtype : dtype
        Of NumPy.
    on_disk : bool, default=False
        Whether it lies in a file whatever its size.

    Returns
    -------
    ndarray
        Its values are not set.

    Raises
    ------
    OSError
        If the disk has no room for it. The environment variable TMPDIR names another folder.

    Examples
    --------
    >>> new_array((2, 3), np.uint8).shape
    (2, 3)
    """
    dtype = np.dtype(dtype)
    n_bytes = math.prod(shape) * dtype.itemsize
    if not n_bytes or dtype.hasobject or not (on_disk or n_bytes > _SHARE * memory()):
        return np.empty(shape, dtype)
    folder = _folder()
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        raise OSError(
            f"{n_bytes:,} bytes of data do not fit into memory, and {folder} has {free:,} bytes free; name a folder of "
            "another disk in the environment variable TMPDIR"
        )
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(n_bytes)
        if hasattr(os, "posix_fallocate"):  # writing to a map of a full disk would end the process
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        mapped = mmap.mmap(file.fileno(), n_bytes)
    array: NDArray = np.ndarray(shape, dtype, buffer=mapped)
    _mapped[mapped] = array.ctypes.data
    return array


def is_on_disk(array: Any) -> bool:
    """Whether an array lies in a file: one of `new_array`, or a memory map of NumPy.

    Parameters
    ----------
    array : ndarray or Tensor
        The array.
    """
    if isinstance(array, np.ndarray):
        _note_map(array)
        address = array.ctypes.data
    elif not _mapped or array.device.type != "cpu":
        return False
    else:
        address = array.data_ptr()
    return any(first <= address < first + len(file) for file, first in list(_mapped.items()))


def release() -> None:
    """Take the pages of all such files out of the memory of this process; they are read again where they are needed."""
    for file in list(_mapped):
        with suppress(AttributeError, OSError, ValueError):  # not all systems can
            file.madvise(mmap.MADV_DONTNEED)


def blocks(array: NDArray) -> Iterator[NDArray]:
    """Yield the rows of an array some at a time, so that one of a file is never in memory as a whole.

    Parameters
    ----------
    array : ndarray
        Of at least one dimension.

    Examples
    --------
    >>> [part.shape for part in blocks(np.zeros((3, 2)))]
    [(3, 2)]
    """
    n_rows = max(1, _BLOCK // max(1, array[:1].nbytes))
    is_large = is_on_disk(array)
    for at in range(0, len(array), n_rows):
        yield array[at : at + n_rows]
        if is_large:
            release()


def memory() -> int:
    """Return the bytes of memory that this process may use: of the machine, of its container, or of its own limits."""
    found = [2**63 - 1]
    with suppress(AttributeError, ValueError, OSError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for limit in _LIMITS:
        with suppress(OSError, ValueError):
            found.append(int(Path(limit).read_text()))
    with suppress(ImportError):
        import resource

        found += [n for of in (resource.RLIMIT_DATA, resource.RLIMIT_AS) if (n := resource.getrlimit(of)[0]) > 0]
    return min(found)


def _note_map(array: NDArray) -> None:
    """Note a memory map that a user has opened; private changes of its pages must not be lost."""
    base: Any = array
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    file = getattr(base, "_mmap", None) if isinstance(base, np.memmap) and base.mode != "c" else None
    if isinstance(file, mmap.mmap) and file not in _mapped:
        _mapped[file] = np.frombuffer(file, np.uint8).ctypes.data


def _folder() -> str:
    # /tmp lies in memory on many systems
    if "TMPDIR" not in os.environ and os.access("/var/tmp", os.W_OK):
        return "/var/tmp"
    return tempfile.gettempdir()
