"""Laws of tables in files: each extension reads and writes, and files that cannot be read or written are named."""

import gzip

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug.datasets import Table, check_output, read_table, write_table, write_table_samples


@pytest.mark.parametrize("name", ["in.csv.gz", "in.tsv.gz"])
def test_gzip(plain, again, tmp_path, name):
    text = plain.replace(",", "\t" if "tsv" in name else ",").encode()
    (tmp_path / name).write_bytes(gzip.compress(text))
    table = read_table(tmp_path / name)
    assert gzip.decompress(again(tmp_path / name, table)) == text
    assert gzip.decompress(again(tmp_path / name, table, table.frame, force=True)).startswith(text)


def test_same_path_in_and_out(plain, csv, tmp_path):
    table = csv(plain)
    write_table(tmp_path / "in.csv", table, table.frame[:1], force=True)
    assert (tmp_path / "in.csv").read_text() == plain + plain.splitlines()[1] + "\n"


@pytest.mark.parametrize("name", ["out.tsv", "out.csv.gz", "out.parquet", "out.feather"])
def test_into_another_kind(plain, csv, tmp_path, name):
    table = csv(plain.replace(",", ";").replace(".", ","))
    write_table(tmp_path / name, table, table.frame[:3], mark="synthetic")
    back = read_table(tmp_path / name).frame
    assert back.pop("synthetic").tolist() == [0] * 12 + [1] * 3
    for column in back:
        expected = pd.concat([table.frame, table.frame[:3]])[column]
        assert back[column].astype(object).fillna(0).tolist() == expected.astype(object).fillna(0).tolist()


def test_labels_may_be_anything_but_missing(csv):
    X, y = csv("x,y\n1,01\n2,02\n").split("y")
    assert list(X.columns) == ["x"]
    assert y.tolist() == ["01", "02"]
    with pytest.raises(ValueError, match="has 2 missing cells, the first on line 5"):
        csv('x,y\n"two\nlines",a\n\n3,\n4,b\n5,\n').split("y")
    with pytest.raises(ValueError, match="no column 'Specis': did you mean 'species'"):
        csv("x,species\n1,a\n").split("Specis")


@pytest.mark.parametrize("name", ["in.parquet", "in.feather", "in.csv.gz"])
@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", gzip.compress(b"a,b\n" + b"1,2\n" * 99)[:-8]])
def test_not_what_the_extension_says(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=name):
        read_table(tmp_path / name)


def test_paths(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "there.csv").touch()
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(IsADirectoryError):
        read_table(tmp_path / "folder.csv")
    with pytest.raises(ValueError, match=r"unknown extension; use one of .*\.tsv\.gz"):
        read_table(tmp_path / "table.xlsx")
    with pytest.raises(FileExistsError, match="--force"):
        check_output(tmp_path / "there.csv")
    check_output(tmp_path / "there.csv", force=True)
    for path in (tmp_path / "folder.csv", tmp_path / "no" / "out.csv", tmp_path / "there.csv" / "out.csv"):
        with pytest.raises(OSError, match=r"\.csv"):
            check_output(path, force=True)
    with pytest.raises(ValueError, match="the table has a column 'x' already"):
        write_table(tmp_path / "out.csv", Table(pd.DataFrame({"x": [1]})), mark="x")


@pytest.mark.parametrize(
    ("X", "names"),
    [
        (pd.DataFrame({"a": [1, 2], "b": ["u", "v"]}), ["a", "b"]),
        (pd.DataFrame({0: [1, 2], 1: ["u", "v"]}), ["0", "1"]),
        (pl.DataFrame({"a": [1, 2], "b": ["u", "v"]}), ["a", "b"]),
        (np.array([[1, "u"], [2, "v"]], dtype=object), ["x0", "x1"]),
    ],
    ids=["pandas", "numbers as names", "polars", "array"],
)
@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_samples_of_every_container(tmp_path, X, names, name):
    write_table_samples(tmp_path / name, X, target="plan", label="gold")
    frame = read_table(tmp_path / name).frame
    assert list(frame) == [*names, "plan"]
    assert frame.to_numpy().tolist() == [[1, "u", "gold"], [2, "v", "gold"]]
    write_table_samples(tmp_path / name, X, force=True)
    assert list(read_table(tmp_path / name).frame) == names
    with pytest.raises(ValueError, match=f"the rows have a column '{names[0]}', which is also the name of the labels"):
        write_table_samples(tmp_path / name, X, target=names[0], label="gold", force=True)
