"""Atomic writes: at any moment a file has either its old content or its new content."""

import os
import re
import secrets
import shutil
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".ganaug-tmp"


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path to write to, and rename it to `path` when the block succeeds.

    If the block ends early, by an error, Ctrl-C or a signal that raises an exception, the temporary file is deleted and
    `path` stays as it was. Temporary files of processes that were killed are deleted by the next call for a file in the
    same folder.

    Parameters
    ----------
    path : str or Path
        The file to create or replace. Its folder must exist. A symbolic link is kept; the file behind it is replaced.

    Yields
    ------
    Path
        The temporary file, in the same folder.

    Raises
    ------
    OSError
        If the folder does not exist or is not writable, the disk is full, or `path` is not a regular file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from ganaug.common.files import replacing
    >>> path = pathlib.Path(tempfile.mkdtemp(), "notes.txt")
    >>> with replacing(path) as temporary:
    ...     _ = temporary.write_text("all or nothing")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('all or nothing', 1)
    """
    path = Path(path).resolve()  # so that a symbolic link is kept
    check_regular(path)
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    else:
        umask = os.umask(0)
        os.umask(umask)
        mode = 0o666 & ~umask
    remove_abandoned(path.parent)
    temporary = temporary_path(path)
    try:
        with temporary.open("xb"):
            temporary.chmod(0o600)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno and (error.filename or str(temporary)) == str(temporary):
            # the user knows the file by its own name
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


def check_regular(path: str | Path) -> None:
    """Raise an OSError if there is something at `path` that is neither a file nor a folder.

    Parameters
    ----------
    path : str or Path
        The path. Root could replace a device by a file, and a pipe or a device may never end.

    Examples
    --------
    >>> check_regular("/dev/null")
    Traceback (most recent call last):
    ...
    OSError: /dev/null is not a regular file
    """
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(f"{path} is not a regular file")


def temporary_path(path: Path) -> Path:
    """Return a new name beside `path` that says which process uses it.

    Parameters
    ----------
    path : Path
        The file or folder that will replace `path`.
    """
    # short, because the name of the file may be as long as a name can be
    return path.with_name(f"{_PREFIX}-{_host()}-{os.getpid()}-{secrets.token_hex(4)}")


def remove_abandoned(folder: Path) -> None:
    """Delete what processes of this machine that have ended left in a folder under names of `temporary_path`.

    Parameters
    ----------
    folder : Path
        The folder.
    """
    with suppress(OSError):
        for entry in list(folder.glob(f"{_PREFIX}-{_host()}-*")):
            process = re.fullmatch(rf"{_PREFIX}-{_host()}-([0-9]+)-[0-9a-f]+", entry.name)
            if process is None or _is_running(int(process[1])):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def _host() -> str:
    return re.sub("[^A-Za-z0-9]", "", socket.gethostname())[:24] or "host"


def _is_running(process: int) -> bool:
    if os.name == "nt":
        return True  # there, asking with os.kill would end the process
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
