"""Atomic writes of folders, and of two files that belong together."""

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ganaug.common.files import remove_abandoned, temporary_path

# Of renameat2 in Linux.
_AT_CWD, _EXCHANGE = -100, 2
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


def exchange(one: Path, other: Path) -> bool:
    """Let two paths change their names in one step, where the system can do so.

    Parameters
    ----------
    one, other : Path
        Two files or folders of one disk.

    Returns
    -------
    bool
        Whether it was done. Only Linux can do it, and not on all disks.
    """
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and rename(_AT_CWD, os.fsencode(one), _AT_CWD, os.fsencode(other), _EXCHANGE) == 0


@contextmanager
def replacing_folder(path: Path, *, resumable: bool = False) -> Iterator[Path]:
    """Yield a temporary folder to write to, and give it the name `path` when the block succeeds.

    If the block ends early, the temporary folder is deleted and `path` stays as it was. A symbolic link is kept; the
    folder behind it is replaced. Where two folders cannot change names in one step, a process that is killed between
    two renames leaves the old folder under another name; `recover` gives it back its name.

    Parameters
    ----------
    path : Path
        The folder to write.
    resumable : bool, default=False
        Whether a block that ends early leaves the temporary folder, which the next such call for `path` yields again
        with all that is in it.

    Raises
    ------
    OSError
        If it cannot be written; the error names `path`.
    """
    path = path.resolve()
    recover(path)
    home, before = unfinished(path) if resumable else temporary_path(path), _before(path)
    written, is_done = home / "written", False
    try:
        home.mkdir(mode=0o700, exist_ok=resumable)
        _check_own(home)
        written.mkdir(exist_ok=resumable)  # with the permissions of any new folder, unlike the temporary one
        yield written
        if not path.exists():
            written.rename(path)
        elif not exchange(written, path):
            path.rename(before)
            written.rename(path)
        is_done = True
    except BaseException as error:
        recover(path)
        _name_the_full_disk(error, path)
        raise
    finally:
        if is_done or not (resumable and written.is_dir() and any(written.iterdir())):
            shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(before, ignore_errors=True)


def _check_own(home: Path) -> None:
    """Refuse a folder that somebody else could have put there for us to write to and to read from."""
    if home.is_symlink() or (hasattr(os, "getuid") and home.stat().st_uid != os.getuid()):
        raise PermissionError(f"{home} belongs to another user or is a link; remove it")


def unfinished(path: Path) -> Path:
    """Return the folder that a resumable write of `path` leaves where it ends early.

    Parameters
    ----------
    path : Path
        The folder to write.
    """
    path = path.resolve()
    return path.with_name(f".{path.name[:60]}.ganaug-unfinished")


@contextmanager
def replacing_together(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield temporary paths, and give these files the names `paths` when the block succeeds: all of them, or none.

    A process that is killed while it renames leaves the rest to `recover`, which finishes it.

    Parameters
    ----------
    paths : sequence of Path
        Files of one folder, to create or replace.

    Raises
    ------
    OSError
        If they cannot be written; the error names the first of them.
    """
    paths = [path.resolve() for path in paths]
    recover(paths[0])
    home, ready = temporary_path(paths[0]), _ready(paths[0])
    try:
        home.mkdir(mode=0o700)
        yield [home / path.name for path in paths]
        for path in paths:
            with (home / path.name).open("rb+") as written:
                os.fsync(written.fileno())
        home.rename(ready)  # from here on, the new files count
    except BaseException as error:
        shutil.rmtree(home, ignore_errors=True)
        _name_the_full_disk(error, paths[0])
        raise
    _finish(paths[0])


def recover(path: Path) -> None:
    """Finish or undo what a process that was killed has left of writing `path`, and delete its temporary files.

    Parameters
    ----------
    path : Path
        The folder, or the first of the files, that was written.
    """
    path = path.resolve()
    remove_abandoned(path.parent)
    before = _before(path)
    with suppress(OSError):
        if before.is_dir() and not path.exists():
            before.rename(path)
    if path.exists():
        shutil.rmtree(before, ignore_errors=True)
    with suppress(OSError):
        _finish(path)


def _before(path: Path) -> Path:
    """Return the name of the old folder while two renames replace it."""
    return path.with_name(f".{path.name[:60]}.ganaug-before")


def _ready(path: Path) -> Path:
    """Return the folder of finished files that wait for their names."""
    return path.with_name(f".{path.name[:60]}.ganaug-ready")


def _finish(path: Path) -> None:
    ready = _ready(path)
    if not ready.is_dir():
        return
    for written in ready.iterdir():
        written.replace(path.with_name(written.name))
    ready.rmdir()


def _name_the_full_disk(error: BaseException, path: Path) -> None:
    """Raise an error that names `path`, which the user knows, in place of a temporary or another file."""
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
