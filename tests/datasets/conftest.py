"""Fixtures of files: tables read from a text and written again; image files, and what is read of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug.datasets import Table, read_images, read_table, write_table


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


# ---------------------------------------------------------------------------------------------------- images


@pytest.fixture(scope="session")
def noise() -> Callable[..., np.ndarray]:
    """Draw pixels of a shape."""
    rng = np.random.default_rng(0)

    def draw(*shape: int, dtype: str = "uint8") -> np.ndarray:
        low, high = (0, 256) if dtype == "uint8" else (np.iinfo(dtype).min, np.iinfo(dtype).max + 1)
        return rng.integers(low, high, size=shape).astype(dtype)

    return draw


def _save(path: Path, pixels: np.ndarray | Image.Image, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(path, **options)


@pytest.fixture(scope="session")
def save() -> Callable[..., None]:
    """Write an image file, and the folders that it needs."""
    return _save


@pytest.fixture(scope="session")
def folder() -> Callable[..., Path]:
    """Write a folder of images.

    Each keyword names a file, with "__" for "/" and ".png" as the usual extension. Its value is pixels, an image, or
    bytes.
    """

    def write(home: Path, **files: np.ndarray | Image.Image | bytes) -> Path:
        for name, pixels in files.items():
            path = home.joinpath(*name.split("__"))
            path = path if path.suffix else path.with_suffix(".png")
            if isinstance(pixels, bytes):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(pixels)
            else:
                _save(path, pixels)
        return home

    return write


@pytest.fixture
def pets(tmp_path: Path, folder, noise) -> Path:
    """Write a folder of two cats and one dog."""
    return folder(tmp_path / "pets", cat__b=noise(10, 12), cat__a=noise(10, 12), dog__a=noise(10, 12))


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Return the bytes of all files below a folder."""

    def read(path: Path) -> dict[str, bytes]:
        return {p.relative_to(path).as_posix(): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}

    return read


@pytest.fixture(scope="session")
def refused() -> Callable[..., None]:
    """Assert that images are refused with a message."""

    def check(source: Path, message: str, **options: object) -> None:
        with pytest.raises(ValueError, match=message):
            read_images(source, **options)

    return check
