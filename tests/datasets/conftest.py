"""Fixtures of tables in files: read a text, write it again, write rows in its notation."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ganaug.datasets import Table, read_table, write_table


@pytest.fixture(scope="session")
def plain() -> str:
    """Return a CSV text with integers, words, prices, missing cells, dates and codes."""
    return "id,city,price,sold,when,ok,code\n" + "".join(
        f"{i},{['Bern', 'Rom'][i % 2]},{i / 4 + 1:.2f},{'' if i % 3 else i},2024-0{1 + i % 9}-1{i % 10},"
        f"{'yes' if i % 2 else 'no'},00{100 + i}\n"
        for i in range(12)
    )


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[str], Table]:
    """Read a text as the table of a CSV file."""

    def read(text: str) -> Table:
        path = tmp_path / "in.csv"
        path.write_bytes(text.encode())
        return read_table(path)

    return read


@pytest.fixture
def written(csv, tmp_path: Path) -> Callable[[str, dict[str, list[object]]], list[str]]:
    """Return the lines that are written for synthetic rows of a text."""

    def write(text: str, rows: dict[str, list[object]]) -> list[str]:
        out = tmp_path / "out.csv"
        write_table(out, csv(text), pd.DataFrame(rows), only_synthetic=True, force=True)
        return out.read_text().splitlines()[1:]

    return write


@pytest.fixture
def again() -> Callable[..., bytes]:
    """Write a table, as ``out`` with the extensions of the file at `path`, and return the bytes."""

    def write(path: Path, table: Table, rows: pd.DataFrame | None = None, **options: object) -> bytes:
        out = path.with_name("out" + "".join(path.suffixes))
        write_table(out, table, rows, **options)
        return out.read_bytes()

    return write
