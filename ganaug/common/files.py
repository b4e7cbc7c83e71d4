"""Atomic writes: at any moment a file has either its old content or its new content."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path to write to, and rename it to `path` when the block succeeds.

    If the block ends early, by an error, Ctrl-C or a signal that raises an exception, the temporary file is deleted and
    `path` stays as it was.

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
        If the folder does not exist or is not writable.

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
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    else:
        umask = os.umask(0)
        os.umask(umask)
        mode = 0o666 & ~umask
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        os.close(handle)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
