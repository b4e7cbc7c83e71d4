"""The bytes of text files, compressed where their name ends with .gz."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ganaug.common.files import replacing

# A .gz file may grow to so many bytes, and beyond that to so many times its size. Tables shrink to a tenth, rarely to a
# hundredth; what shrinks more is a file made to fill the memory.
_MAX_GROWN = 1 << 28
_MAX_GROWTH = 200
# How files begin that are not text, and what to do with them.
_GZIP = b"\x1f\x8b"
_NOT_TEXT = {
    _GZIP: "a file compressed with gzip; let its name end with .gz",
    b"PK\x03\x04": "a ZIP archive or a workbook such as .xlsx; unpack it, or export the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old workbook such as .xls; export the sheet as CSV",
    b"BZh": "a file compressed with bzip2; unpack it with bunzip2",
    b"\xfd7zXZ": "a file compressed with xz; unpack it with unxz",
    b"PAR1": "a Parquet file; let its name end with .parquet",
    b"ARROW1": "an Arrow file; let its name end with .feather",
    b"%PDF": "a PDF document; export its table as CSV",
    b"\x89PNG": "an image; images lie in folders, CLASS/*.png",
}


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a text file, decompressed.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    ValueError
        If it is not a whole gzip file, or grows beyond any table.
    """
    if not path.name.lower().endswith(".gz"):
        raw = path.read_bytes()
        for mark, what in _NOT_TEXT.items():
            if raw.startswith(mark) and b"\0" in raw:  # text may begin in this way too
                raise ValueError(f"this is no text, but {what}")
        return raw
    with path.open("rb") as file:
        if (start := file.read(2)) and start != _GZIP:
            raise ValueError("the name of the file ends with .gz, but it is not compressed; rename it without .gz")
    limit = max(_MAX_GROWN, _MAX_GROWTH * path.stat().st_size)
    try:
        with gzip.open(path) as file:
            raw = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # such as a refused permission
        raise ValueError(
            f"the file is damaged, or no whole gzip file ({error}); copy it again from where it comes, or compress it "
            "again"
        ) from error
    if len(raw) > limit:
        raise ValueError(
            f"the file holds more than {limit >> 20:,} MiB, over {_MAX_GROWTH} times its own size, as no table does. "
            "If you trust it, decompress it with gunzip and pass the result"
        )
    return raw


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Yield a file to write text to, which is compressed if its name says so and replaces `path` in the end.

    Parameters
    ----------
    path : Path
        The file.
    """
    with replacing(path) as temporary, temporary.open("wb") as file:
        if not path.name.lower().endswith(".gz"):
            yield file
            return
        # without a name and a time in the header, so that the same table gives the same bytes
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as compressed:
            yield compressed  # type: ignore[misc]
