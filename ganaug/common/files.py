"""Files that are what they were or what they shall be, and nothing in between."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, and rename it to `path` when the block succeeds.

    Whatever ends the block early (an error, Ctrl-C, a signal turned into an exception), nothing stays beside.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from ganaug.common.files import replacing
    >>> path = pathlib.Path(tempfile.mkdtemp(), "notes.txt")
    >>> with replacing(path) as beside:
    ...     _ = beside.write_text("all or nothing")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('all or nothing', 1)
    """
    path = Path(path).resolve()  # a link stays a link: the file that it points to is replaced
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    else:
        umask = os.umask(0)
        os.umask(umask)
        mode = 0o666 & ~umask
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    beside = Path(name)
    try:
        os.close(handle)
        yield beside
        with beside.open("rb+") as written:
            os.fsync(written.fileno())
        beside.chmod(mode)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
