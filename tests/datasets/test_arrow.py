"""Laws of Parquet and Feather: schema, metadata, index and categories return."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ganaug.datasets import read_table, write_table


@pytest.fixture(params=["in.parquet", "in.feather", "in.arrow"])
def arrow(request, tmp_path):
    frame = pd.DataFrame(
        {
            "i": pd.array([1, None, 2**60 + 1], dtype="Int64"),
            "f": [0.5, np.nan, 2.0],
            "s": ["a", None, "c"],
            "c": pd.Categorical(["x", "z", None], categories=["z", "y", "x"], ordered=True),
            "t": pd.to_datetime(["2024-01-01", "2024-06-01", None]).tz_localize("Europe/Berlin"),
            "b": pd.array([True, None, False], dtype="boolean"),
        },
        index=[10, 12, 14],
    )
    table = pa.Table.from_pandas(frame)
    table = table.append_column("day", pa.array([1, 2, None], pa.date32()))
    table = table.append_column("money", pa.array([1.25, None, 3.5]).cast(pa.decimal128(9, 2)))
    table = table.append_column("clock", pa.array([1, 2, 3], pa.time64("us")))
    table = table.append_column("nothing", pa.nulls(3))
    path: Path = tmp_path / request.param
    if path.suffix == ".parquet":
        pq.write_table(table, path, compression="zstd")
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    return path


def raw(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        return pq.read_table(path)
    with pa.OSFile(str(path), "rb") as file:
        return pa.ipc.open_file(file).read_all()


def test_schema_and_originals_stay(arrow):
    path, table = arrow, read_table(arrow)
    assert "__index_level_0__" not in table.frame
    out = path.with_name("out" + path.suffix)
    write_table(out, table, table.frame)
    both, original = raw(out), raw(path)
    assert both.schema.equals(original.schema, check_metadata=True)
    assert both[:3].equals(original)
    without_index = [name for name in original.column_names if name != "__index_level_0__"]
    assert both[3:].select(without_index).to_pylist() == original.select(without_index).to_pylist()
    assert both["__index_level_0__"].to_pylist() == [10, 12, 14, 15, 16, 17]
    if path.suffix == ".parquet":
        assert pq.ParquetFile(out).metadata.row_group(0).column(0).compression == "ZSTD"


def test_mark_and_only_synthetic_in_arrow(arrow):
    path, table = arrow, read_table(arrow)
    out = path.with_name("out" + path.suffix)
    write_table(out, table, table.frame[:2], mark="synthetic")
    assert raw(out)["synthetic"].to_pylist() == [0, 0, 0, 1, 1]
    write_table(out, table, table.frame[:2], mark="synthetic", only_synthetic=True, force=True)
    assert raw(out)["synthetic"].to_pylist() == [1, 1]


def test_arrow_to_text(arrow):
    path, table = arrow, read_table(arrow)
    write_table(path.with_name("out.csv"), table, table.frame[:1])
    lines = path.with_name("out.csv").read_text().splitlines()
    assert lines[0].startswith("i,f,s,c,t,b,day")
    assert lines[2].startswith(",,,z,")
    assert lines[4] == lines[1]


def test_nested_columns_are_named(tmp_path):
    pq.write_table(pa.table({"x": [[1], [2]], "y": ["a", "b"]}), tmp_path / "in.parquet")
    with pytest.raises(ValueError, match="column 'x' holds list"):
        read_table(tmp_path / "in.parquet")


@pytest.mark.parametrize("name", ["in.parquet", "in.feather"])
def test_flipped_bits_are_refused_or_harmless(tmp_path, name):
    """A crash of the process would end the test run."""
    table = pa.table(
        {"x": [0.5, None, 2.0] * 5, "s": ["a", None, "ccc"] * 5, "c": pa.array(["u", "v", "u"] * 5).dictionary_encode()}
    )
    path, out = tmp_path / name, tmp_path / f"out{name}"
    if name.endswith("parquet"):
        pq.write_table(table, path)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    whole = path.read_bytes()
    n_refused = 0
    for bit in np.random.default_rng(0).choice(8 * len(whole), 150, replace=False):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(damaged)
        try:
            read = read_table(path)
            write_table(out, read, read.frame[:3], force=True)
        except (ValueError, OSError):
            n_refused += 1
    assert n_refused


def test_a_small_file_of_very_many_rows_is_refused(tmp_path, monkeypatch):
    from ganaug.datasets import arrow

    monkeypatch.setattr(arrow, "_MAX_CELLS", 1_000)
    monkeypatch.setattr(arrow, "_MAX_GROWTH", 10)
    pq.write_table(pa.table({"x": np.zeros(10_000_000, dtype="int8")}), tmp_path / "in.parquet")
    with pytest.raises(ValueError, match="claims to hold 10,000,000 rows of 1 columns"):
        read_table(tmp_path / "in.parquet")
