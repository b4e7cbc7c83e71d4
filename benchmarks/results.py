"""The raw rows behind every page: a compressed CSV file that a run appends to and resumes from."""

import csv
import gzip
import io
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

RESULTS = Path(__file__).parent / "results"
# Each save compresses the whole file again. A run therefore saves at most once in so many seconds.
SECONDS_BETWEEN_SAVES = 10

Row = dict[str, Any]


def write_text(path: Path, text: str) -> None:
    """Write a compressed file under another name, then rename it; the same text always gives the same bytes."""
    content = io.BytesIO()
    # without a file name and a time of writing, which gzip would store
    with gzip.GzipFile(filename="", mode="wb", fileobj=content, mtime=0) as file:
        file.write(text.encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(content.getvalue())
    temporary.replace(path)


def matching(frame: pd.DataFrame, values: Mapping[str, Any]) -> pd.Series:
    """Mark the rows whose columns hold these values, compared as text."""
    expected = pd.Series(dict(values)).astype(str)
    return (frame[list(expected.index)].astype(str) == expected).all(axis=1)


class RawRows:
    """Rows of finished evaluations in one ``.csv.gz`` file.

    `append` saves at once. Within ``with rows:`` it saves every few seconds, and leaving the block saves the rest, also
    when the block ends with an exception.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path, self.columns = path, list(columns)
        self._unsaved = ""
        self._interval, self._saved_at = 0.0, 0.0

    def __enter__(self) -> "RawRows":
        self._interval = SECONDS_BETWEEN_SAVES
        return self

    def __exit__(self, *_: object) -> None:
        self._interval = 0.0
        self.save()

    def append(self, rows: Iterable[Row]) -> None:
        text = io.StringIO()
        csv.DictWriter(text, self.columns, lineterminator="\n").writerows(rows)
        self._unsaved += text.getvalue()
        if time.monotonic() - self._saved_at >= self._interval:
            self.save()

    def save(self) -> None:
        """Add the rows not yet saved to the file as it is now, as another run may have added rows meanwhile."""
        if self._unsaved:
            write_text(self.path, self._stored() + self._unsaved)
            self._unsaved, self._saved_at = "", time.monotonic()

    def read(self, **options: Any) -> pd.DataFrame:
        """Return all rows as a frame; `options` are those of `pandas.read_csv`."""
        return pd.read_csv(io.StringIO(self._stored() + self._unsaved), **options)

    def _stored(self) -> str:
        header = ",".join(self.columns) + "\n"
        if not self.path.exists():
            return header
        text = gzip.decompress(self.path.read_bytes()).decode()
        if not text.startswith(header):
            raise SystemExit(f"{self.path.name} has other columns than this script writes: move the file away")
        return text
