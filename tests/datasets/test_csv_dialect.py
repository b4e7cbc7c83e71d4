"""Laws of the dialect: the bytes of a file return, and appended rows have its encoding, delimiter, quotes and ends."""

import gzip
from collections.abc import Callable

import pandas as pd
import pytest

from ganaug.datasets import csv_reader, read_table

QUOTED = 'name,note,n\n"Ann","a ""b"", c",1\n"Bob","two\nlines",2\n"Cy","",3\n'

DIALECTS: dict[str, Callable[[str], bytes]] = {
    "plain": lambda plain: plain.encode(),
    "no last newline": lambda plain: plain.rstrip().encode(),
    "blank lines at the end": lambda plain: (plain + "\n\n").encode(),
    "blank line inside": lambda plain: plain.replace("\n3,", "\n\n3,").encode(),
    "crlf": lambda plain: plain.replace("\n", "\r\n").encode(),
    "crlf, no last newline": lambda plain: plain.rstrip().replace("\n", "\r\n").encode(),
    "cr": lambda plain: plain.replace("\n", "\r").encode(),
    "semicolon": lambda plain: plain.replace(",", ";").encode(),
    "semicolon and decimal comma": lambda plain: plain.replace(",", ";").replace(".", ",").encode(),
    "pipe": lambda plain: plain.replace(",", "|").encode(),
    "tab": lambda plain: plain.replace(",", "\t").encode(),
    "spaces": lambda plain: plain.replace(",", ", ").encode(),
    "utf-8 with bom": lambda plain: b"\xef\xbb\xbf" + plain.replace("Bern", "Zürich").encode(),
    "latin-1": lambda plain: plain.replace("Bern", "Zürich").encode("latin-1"),
    "cp1252": lambda plain: plain.replace("Bern", "5 €").encode("cp1252"),
    "utf-16": lambda plain: b"\xff\xfe" + plain.replace("Bern", "Łódź").encode("utf-16-le"),
    "quoted": lambda plain: QUOTED.encode(),
    "quoted, no last newline": lambda plain: QUOTED.rstrip().encode(),
    "all quoted": lambda plain: "\n".join('"' + line.replace(",", '","') + '"' for line in plain.splitlines()).encode(),
    "a quote amid a cell": lambda plain: b'size,n\n5" pipe,1\n6" pipe,2\n',
    "backslashes before quotes": lambda plain: b'a,n\n"say \\"hi\\", ok",1\n"C:\\temp \\"x\\"",2\n"end \\\\",3\n',
    "sep=": lambda plain: ("sep=;\n" + plain.replace(",", ";")).encode(),
    "comments": lambda plain: ("# source: x, y\n# units: mm\n" + plain).encode(),
    "a comment as header": lambda plain: ("# source\n#" + plain).encode(),
    "title": lambda plain: ("Report of May, 2024\n\n" + plain).encode(),
    "title with delimiters": lambda plain: ("Report of May,,,,,,\n" + plain).encode(),
    "utf-16 without a mark": lambda plain: plain.encode("utf-16-le"),
    "utf-32": lambda plain: b"\xff\xfe\0\0" + plain.replace("Bern", "東京").encode("utf-32-le"),
    "unnamed first column": lambda plain: plain.replace("id,", ",").encode(),
}


@pytest.fixture(params=DIALECTS)
def dialect(request, plain, tmp_path):
    path = tmp_path / "in.csv"
    path.write_bytes(DIALECTS[request.param](plain))
    return path


def test_without_new_rows_the_bytes_return(again, dialect):
    assert again(dialect, read_table(dialect)) == dialect.read_bytes()


def test_new_rows_are_appended_in_the_same_notation(again, dialect):
    table, before = read_table(dialect), dialect.read_bytes()
    after = again(dialect, table, table.frame)
    assert after.startswith(before)
    # The originals once more: so every record must now stand there twice, letter for letter.
    dialect.with_name("out.csv").rename(dialect)
    twice = read_table(dialect).frame
    pd.testing.assert_frame_equal(twice, pd.concat([table.frame] * 2, ignore_index=True))
    if b"\n\n" not in before and b"pipe" not in before:  # an empty line or an odd quote is not made twice
        text, end = table.source.text, table.source.format.terminator
        body = text[len(table.source.head) + len(end) :]
        assert after == before + ("" if text.endswith(end) else end).encode() + body.encode(
            table.source.format.encoding.name
        )


def test_mark_is_one_cell_more_in_every_record(plain, again, dialect):
    table = read_table(dialect)
    after = again(dialect, table, table.frame[:2], mark="synthetic")
    dialect.with_name("out.csv").rename(dialect)
    marked = read_table(dialect).frame
    assert marked.columns[-1] == "synthetic"
    assert marked.pop("synthetic").tolist() == [0] * len(table.frame) + [1, 1]
    pd.testing.assert_frame_equal(marked[: len(table.frame)], table.frame)
    assert after.count(b"\n") - plain.encode().count(b"\n") < 30


def test_last_line_ends_as_it_did(again, dialect):
    table = read_table(dialect)
    ends = table.source.text.endswith(("\n", "\r"))
    for options in ({}, {"mark": "synthetic"}, {"only_synthetic": True}):
        text = again(dialect, table, table.frame[:2], force=True, **options).decode(table.source.format.encoding.name)
        assert text.endswith(("\n", "\r")) == ends


def test_line_end_is_not_mixed(again, tmp_path):
    (tmp_path / "in.csv").write_bytes(b"a,b\r\n1,x\r\n2,y\r\n")
    table = read_table(tmp_path / "in.csv")
    after = again(tmp_path / "in.csv", table, table.frame, mark="synthetic")
    assert after == b"a,b,synthetic\r\n1,x,0\r\n2,y,0\r\n1,x,1\r\n2,y,1\r\n"


def test_quotes_as_each_column_has_them(written):
    text = '"name","n","note"\n"a",1,NA\n"b",NA,"x"\n"c",3,"y, z"\n'
    rows = {"name": ["b", None], "n": pd.array([7, None], dtype="Int64"), "note": ['say "x"', None]}
    assert written(text, rows) == ['"b",7,"say ""x"""', '"",NA,NA']


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"a,b\n", "no rows"),
        (b"a,a\n1,2\n", "two columns are named 'a'"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 cell, but the header has 2"),
        (b"a,b\n1,2\n\n3,4,5\n", "line 4 has 3 cells, but the header has 2"),
        (b'a,b\n"x\ny",2\n3,4,5\n', "line 4 has 3 cells, but the header has 2"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "line 3 opens a quote that is never closed"),
        (b"a,b\n1,2\n3,\0\n", "zero bytes, the first on line 3"),
        (b"PK\x03\x04\0\0,\n", "a ZIP archive or a workbook such as .xlsx; unpack it, or export the sheet as CSV"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "a file compressed with gzip; let its name end with .gz"),
    ],
)
def test_bad_text(tmp_path, data, message):
    (tmp_path / "in.csv").write_bytes(data)
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / "in.csv")


@pytest.mark.parametrize(
    ("encoding", "target", "label"),
    [("cp1251", "класс", "редкий"), ("gbk", "类别", "少"), ("shift_jis", "種類", "珍"), ("cp1250", "třída", "běžný")],
)
def test_code_pages_are_found_by_the_target_or_named(again, tmp_path, encoding, target, label):
    path = tmp_path / "in.csv"
    path.write_bytes(f"a,{target}\n1,{label}\n2,x\n".encode(encoding))
    named = read_table(path, target=target, encoding=encoding)
    assert named.split(target)[1].tolist() == [label, "x"]
    assert again(path, named) == path.read_bytes()
    if encoding != "cp1250":  # most of its letters stand for others in cp1252
        assert read_table(path, target=target).split(target)[1].tolist() == [label, "x"]


def test_unknown_encodings_are_named(tmp_path):
    path = tmp_path / "in.csv"
    path.write_bytes("a,класс\n1,редкий\n2,x\n".encode("cp1251"))
    with pytest.warns(UserWarning, match="pass --encoding"):
        read_table(path)
    with pytest.raises(ValueError, match=r"cannot be read as utf-8 .* name its encoding with --encoding"):
        read_table(path, encoding="utf-8")
    with pytest.raises(ValueError, match="--encoding klingon"):
        read_table(path, encoding="klingon")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b"x,y\n" + b"z" * 1_000_001 + b",1\n",
            "column 'x' has a cell of 1,000,001 characters; the limit is 1,000,000",
        ),
        (b"x,y\n1,2\n" + b"," * 1_000_000 + b"\n", "line 3 has 1,000,001 cells, but the header has 2"),
        (",".join(f"c{i}" for i in range(20_001)).encode() + b"\n1\n", "20,001 columns; the limit is 20,000"),
        (b"," * 1_100_000 + b"\n1\n", "the header has more than 1,000,000 characters"),
    ],
)
def test_sizes_that_no_table_has(tmp_path, data, message):
    (tmp_path / "in.csv").write_bytes(data)
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / "in.csv")


def test_a_record_of_the_size_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_reader, "_MAX_RECORD", 1 << 20)
    (tmp_path / "in.csv").write_bytes(b"x,y\n" + b"z" * 3_000_000 + b",1\n2,3\n")
    with pytest.raises(ValueError, match="a record has more than 1 MiB: a quote is never closed"):
        read_table(tmp_path / "in.csv")
