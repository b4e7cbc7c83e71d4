"""Laws of random CSV files: originals return byte for byte, and synthetic cells have the notation of their column."""

import csv
import io
import os
import warnings

import numpy as np
import pandas as pd
import pytest
from random_files import text_file

from ganaug.datasets import read_table, write_table

N_CASES = int(os.environ.get("GANAUG_RANDOM_FILES", "200"))


def synthetic_rows(frame: pd.DataFrame, rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw new numbers and dates between those seen, and words among them; some cells missing where some are."""
    drawn = {}
    for name, column in frame.items():
        some = column.iloc[rng.integers(0, len(column), n)].reset_index(drop=True)
        if pd.api.types.is_numeric_dtype(column) and column.notna().sum() > 1:
            new = rng.uniform(float(column.min()), float(column.max()), n)
            new = np.rint(new) if pd.api.types.is_integer_dtype(column) else new
            fresh = pd.Series(new).astype(column.dtype)
            some = fresh.where(some.notna().to_numpy(), some)
        elif column.dtype.kind == "M":
            some = some + pd.Timedelta(days=1)
        drawn[name] = some
    return pd.DataFrame(drawn)


@pytest.mark.parametrize("block", range(8))
def test_random_files(tmp_path, block):
    for seed in range(block, N_CASES, 8):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of columns that look like numbers
            check(tmp_path, seed)


def check(folder, seed):
    file = text_file(seed)
    path, out, new = folder / file.name, folder / f"out{file.name}", folder / f"new{file.name}"
    path.write_bytes(file.data)
    table = read_table(path, **file.options)
    frame, where = table.frame, f"seed {seed}"
    assert list(frame) == list(file.columns), where
    for name, (kind, _) in file.columns.items():
        dtype = frame[name].dtype
        found = "number" if pd.api.types.is_numeric_dtype(dtype) else "date" if dtype.kind == "M" else "text"
        assert found == kind, f"{where}, column {name}: {dtype}"

    write_table(out, table, force=True)
    assert out.read_bytes() == file.data, where
    rows = synthetic_rows(frame, np.random.default_rng(seed), 20)
    write_table(out, table, rows, force=True)
    assert out.read_bytes().startswith(file.data), where

    write_table(new, table, rows, only_synthetic=True, force=True)
    of = table.source.format
    text = new.read_bytes()[len(of.encoding.bom) :].decode(of.encoding.name)[table.source.start :]
    cells = list(csv.reader(io.StringIO(text, newline=""), delimiter=file.delimiter))[1:]
    assert len(cells) == 20, where
    for name, column in zip(file.columns, zip(*cells, strict=True), strict=True):
        for cell in column:
            assert file.columns[name][1].fullmatch(cell.strip()), f"{where}, column {name}: {cell!r}"

    # the file of synthetic rows is read as the real one is, and equal cells are equal values
    back = read_table(new, like=table, **file.options).frame
    for name in frame:
        kinds = {pd.api.types.is_numeric_dtype(of[name]) or of[name].dtype.kind for of in (frame, back)}
        assert len(kinds) == 1, f"{where}, column {name}: {frame[name].dtype} and {back[name].dtype}"
    write_table(new, table, frame, only_synthetic=True, force=True)
    copies = read_table(new, like=table, **file.options).frame
    for name in frame:
        same = (copies[name].isna() & frame[name].isna()) | (copies[name].astype(object) == frame[name].astype(object))
        assert same.fillna(False).all(), f"{where}, column {name}"

    write_table(out, table, rows, mark="is synthetic", force=True)
    marked = read_table(out, **file.options).frame
    assert marked.pop("is synthetic").tolist() == [0] * len(frame) + [1] * 20, where
    assert list(marked) == list(frame), where
