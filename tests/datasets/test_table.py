"""Laws of tables in files: each extension reads and writes, and files that cannot be read or written are named."""

import gzip
import json
import os
import re
import stat

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug.datasets import Table, check_output, read_table, text_file, write_table, write_table_samples


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
@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", gzip.compress(b"a,b\n" + b"1,2\n" * 99, mtime=0)[:-8]])
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


def test_a_file_that_fills_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text_file, "_MAX_GROWN", 1 << 16)
    path = tmp_path / "in.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 100_000))
    with pytest.raises(ValueError, match="over 200 times its own size, as no table does"):
        read_table(path)


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes in folders")
def test_only_regular_files_are_read_and_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for use in (read_table, lambda path: write_table(path, Table(pd.DataFrame({"x": [1]})), force=True)):
        with pytest.raises(OSError, match=r"pipe\.csv is not a regular file"):
            use(tmp_path / "pipe.csv")
    assert stat.S_ISFIFO((tmp_path / "pipe.csv").stat().st_mode)


def test_samples_in_the_format_of_a_file(csv, tmp_path):
    table = csv('id;"price, €";day\n1;1.234,50 €;31.12.2024\n2;?;01.02.2024\n3;3,00 €;05.06.2024\n')
    stored = json.loads(json.dumps(table.format()))
    rows = pd.DataFrame({"price, €": [5000.5, None], "day": pd.to_datetime(["2024-01-02", "2024-03-04"])})
    write_table_samples(tmp_path / "out.csv", rows, target="id", label=7, text_format=stored)
    assert (tmp_path / "out.csv").read_text().splitlines() == [
        "id;price, €;day",
        "7;5.000,50 €;02.01.2024",
        "7;?;04.03.2024",
    ]
    # rows of other columns, and a description that somebody changed
    write_table_samples(tmp_path / "other.csv", rows, text_format=stored)
    assert (tmp_path / "other.csv").read_text().startswith('"price, €",day\n5000.5,')
    for key in ("delimiter", "columns", "encoding"):
        with pytest.raises(ValueError, match="the format of the table is malformed"):
            write_table_samples(tmp_path / "bad.csv", rows, target="id", label=7, text_format=stored | {key: "nothing"})


def test_compression_and_name_must_agree(tmp_path):
    (tmp_path / "in.csv.gz").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"ends with \.gz, but it is not compressed; rename it"):
        read_table(tmp_path / "in.csv.gz")


@pytest.mark.parametrize("first", ["PAR1", "ARROW1", "%PDF"])
def test_text_may_begin_like_another_file(csv, first):
    assert list(csv(f"{first},b\n1,2\n").frame) == [first, "b"]


@pytest.mark.parametrize("cell", ["{}.25", "-0.0{}7", "{},5"])
def test_measurements_are_no_target(csv, cell):
    numbers = [cell.format(i) for i in range(1, 31)]
    table = csv("a;plan\n" + "".join(f"{i % 7};{number}\n" for i, number in enumerate(numbers)))
    with pytest.raises(ValueError, match=r"column 'plan' holds numbers such as .* 30 different ones in 30 rows"):
        table.split("plan")


@pytest.mark.parametrize("classes", [["0.5", "1.5"], ["1.0", "2.0"], ["v1.2", "v1.3"]])
def test_classes_may_look_like_numbers(csv, classes):
    table = csv("a,plan\n" + "".join(f"{i % 7},{classes[i % 2]}\n" for i in range(30)))
    assert table.split("plan")[1].nunique() == 2


@pytest.mark.parametrize(("name", "lines"), [("rows.json", ""), ("rows.jsonl", ", lines=True")])
def test_json_is_told_the_way_out(tmp_path, name, lines):
    (tmp_path / name).write_text('{"a": 1}')
    with pytest.raises(ValueError, match=re.escape(f'pandas.read_json("{name}"{lines}).to_csv("rows.csv"')):
        read_table(tmp_path / name)


@pytest.mark.parametrize("only_synthetic", [False, True])
def test_a_character_that_the_code_page_lacks_is_a_question_mark(tmp_path, only_synthetic):
    (tmp_path / "in.csv").write_bytes("text,label\ncafé €,ham\n".encode("cp1252"))
    table = read_table(tmp_path / "in.csv")
    new = pd.DataFrame({"text": ["5 ₼ a café"], "label": ["spam"]})
    write_table(tmp_path / "out.csv", table, new, only_synthetic=only_synthetic)
    lines = (tmp_path / "out.csv").read_text(encoding="cp1252").splitlines()
    assert lines == ["text,label", *([] if only_synthetic else ["café €,ham"]), "5 ? a café,spam"]


def test_a_header_that_is_one_long_name_is_cut_off_in_the_message(tmp_path):
    (tmp_path / "in.csv").write_text('"'.join(f"measurement {i}" for i in range(30)) + "\n1\n2\n")
    with pytest.raises(ValueError, match="no column 'target'") as caught:
        read_table(tmp_path / "in.csv").check_column("target")
    assert len(str(caught.value)) < 200
