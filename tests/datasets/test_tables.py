"""Laws of reading and writing: what was in the file stays, what is added looks like it."""

import gzip
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ganaug.common.files import replacing
from ganaug.datasets.tables import Table, check_output, read_table, write_table

PLAIN = "id,city,price,sold,when,ok,code\n" + "".join(
    f"{i},{['Bern', 'Rom'][i % 2]},{i / 4 + 1:.2f},{'' if i % 3 else i},2024-0{1 + i % 9}-1{i % 10},"
    f"{'yes' if i % 2 else 'no'},00{100 + i}\n"
    for i in range(12)
)
QUOTED = 'name,note,n\n"Ann","a ""b"", c",1\n"Bob","two\nlines",2\n"Cy","",3\n'

DIALECTS = {
    "plain": PLAIN.encode(),
    "no last newline": PLAIN.rstrip().encode(),
    "blank lines at the end": (PLAIN + "\n\n").encode(),
    "blank line inside": PLAIN.replace("\n3,", "\n\n3,").encode(),
    "crlf": PLAIN.replace("\n", "\r\n").encode(),
    "crlf, no last newline": PLAIN.rstrip().replace("\n", "\r\n").encode(),
    "cr": PLAIN.replace("\n", "\r").encode(),
    "semicolon": PLAIN.replace(",", ";").encode(),
    "semicolon and decimal comma": PLAIN.replace(",", ";").replace(".", ",").encode(),
    "pipe": PLAIN.replace(",", "|").encode(),
    "tab": PLAIN.replace(",", "\t").encode(),
    "spaces": PLAIN.replace(",", ", ").encode(),
    "utf-8 with bom": b"\xef\xbb\xbf" + PLAIN.replace("Bern", "Zürich").encode(),
    "latin-1": PLAIN.replace("Bern", "Zürich").encode("latin-1"),
    "cp1252": PLAIN.replace("Bern", "5 €").encode("cp1252"),
    "utf-16": b"\xff\xfe" + PLAIN.replace("Bern", "Łódź").encode("utf-16-le"),
    "quoted": QUOTED.encode(),
    "quoted, no last newline": QUOTED.rstrip().encode(),
    "all quoted": "\n".join('"' + line.replace(",", '","') + '"' for line in PLAIN.splitlines()).encode(),
    "a quote amid a cell": b'size,n\n5" pipe,1\n6" pipe,2\n',
    "unnamed first column": PLAIN.replace("id,", ",").encode(),
}


@pytest.fixture(params=DIALECTS)
def dialect(request, tmp_path):
    path = tmp_path / "in.csv"
    path.write_bytes(DIALECTS[request.param])
    return path


def again(path: Path, table: Table, rows: pd.DataFrame | None = None, **options: object) -> bytes:
    out = path.with_name("out" + "".join(path.suffixes))
    write_table(out, table, rows, **options)
    return out.read_bytes()


def csv(tmp_path: Path, text: str, name: str = "in.csv") -> Table:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return read_table(path)


def written(tmp_path: Path, text: str, rows: dict[str, list[object]]) -> list[str]:
    """Return the lines that are appended for `rows`."""
    table = csv(tmp_path, text)
    out = tmp_path / "out.csv"
    write_table(out, table, pd.DataFrame(rows), only_synthetic=True, force=True)
    return out.read_text().splitlines()[1:]


# --------------------------------------------------------------------------------------- what was there stays


def test_without_new_rows_the_bytes_return(dialect):
    assert again(dialect, read_table(dialect)) == dialect.read_bytes()


def test_new_rows_are_appended_in_the_same_notation(dialect):
    table, before = read_table(dialect), dialect.read_bytes()
    after = again(dialect, table, table.frame)
    assert after.startswith(before)
    # The originals once more: so every record must now stand there twice, letter for letter.
    dialect.with_name("out.csv").rename(dialect)
    twice = read_table(dialect).frame
    pd.testing.assert_frame_equal(twice, pd.concat([table.frame] * 2, ignore_index=True))
    if b"\n\n" not in before and b"pipe" not in before:  # an empty line or an odd quote is not made twice
        text, end = table.source.text, table.source.terminator
        body = text.split(end, 1)[1]
        assert after == before + ("" if text.endswith(end) else end).encode() + body.encode(table.source.encoding)


def test_mark_is_one_cell_more_in_every_record(dialect):
    table = read_table(dialect)
    after = again(dialect, table, table.frame[:2], mark="made")
    dialect.with_name("out.csv").rename(dialect)
    marked = read_table(dialect).frame
    assert marked.columns[-1] == "made"
    assert marked.pop("made").tolist() == [0] * len(table.frame) + [1, 1]
    pd.testing.assert_frame_equal(marked[: len(table.frame)], table.frame)
    assert after.count(b"\n") - DIALECTS["plain"].count(b"\n") < 30


def test_last_line_ends_as_it_did(dialect):
    table = read_table(dialect)
    ends = table.source.text.endswith(("\n", "\r"))
    for options in ({}, {"mark": "made"}, {"only_synthetic": True}):
        text = again(dialect, table, table.frame[:2], force=True, **options).decode(table.source.encoding)
        assert text.endswith(("\n", "\r")) == ends


def test_line_end_is_not_mixed(tmp_path):
    (tmp_path / "in.csv").write_bytes(b"a,b\r\n1,x\r\n2,y\r\n")
    table = read_table(tmp_path / "in.csv")
    after = again(tmp_path / "in.csv", table, table.frame, mark="made")
    assert after == b"a,b,made\r\n1,x,0\r\n2,y,0\r\n1,x,1\r\n2,y,1\r\n"


@pytest.mark.parametrize("name", ["in.csv.gz", "in.tsv.gz"])
def test_gzip(tmp_path, name):
    text = PLAIN.replace(",", "\t" if "tsv" in name else ",").encode()
    (tmp_path / name).write_bytes(gzip.compress(text))
    table = read_table(tmp_path / name)
    assert gzip.decompress(again(tmp_path / name, table)) == text
    assert gzip.decompress(again(tmp_path / name, table, table.frame, force=True)).startswith(text)


def test_same_path_in_and_out(tmp_path):
    table = csv(tmp_path, PLAIN)
    write_table(tmp_path / "in.csv", table, table.frame[:1], force=True)
    assert (tmp_path / "in.csv").read_text() == PLAIN + PLAIN.splitlines()[1] + "\n"


# -------------------------------------------------------------------------------------------- types and cells


def test_types(tmp_path):
    frame = csv(tmp_path, PLAIN).frame
    assert [str(dtype) for dtype in frame.dtypes.iloc[[0, 2, 3]]] == ["int64", "float64", "Int64"]
    assert frame["when"].dtype.kind == "M"
    assert frame["code"][0] == "00100"
    assert frame["ok"].tolist() == ["no", "yes"] * 6


@pytest.mark.parametrize("missing", ["", "NA", "NaN", "?", "null", "None", "-", "unknown"])
def test_integers_with_missing_cells_stay_integers(tmp_path, missing):
    cells = ["4", missing, "17", missing, "250"]
    text = "n,x\n" + "".join(f"{cell},a\n" for cell in cells)
    table = csv(tmp_path, text)
    assert table.frame["n"].dtype == "Int64"
    assert table.frame["n"].isna().tolist() == [False, True, False, True, False]
    rows = {"n": pd.array([5, None, 17], dtype="Int64"), "x": ["a"] * 3}
    assert written(tmp_path, text, rows) == ["5,a", f"{missing},a", "17,a"]


@pytest.mark.parametrize(
    ("cells", "values", "expected"),
    [
        (["1.50", "2.00", "3.25"], [2.5, 10.126], ["2.50", "10.13"]),
        (["1.5", "2", "3.25"], [2.5, 3.0], ["2.5", "3"]),
        (["1.0", "2.5", "3.25"], [7.0, 2.75], ["7.0", "2.75"]),
        (["0.1", "0.30000000000000004"], [0.2, 1 / 3], ["0.2", "0.3333333333333333"]),
        (["1e-05", "0.002", "12.5"], [1e-05, 0.25], ["1e-05", "0.25"]),
        (["1.50E+00", "2.25E-10"], [3.0, 1.5], ["3.00E+00", "1.50E+00"]),
        (["+5", "-3", "7"], [5, 6], ["+5", "6"]),
        (["-0.01", "0.02"], [-0.001, 0.0], ["0.00", "0.00"]),
        (["123456789012345678", "5"], [123456789012345677, 6], ["123456789012345677", "6"]),
    ],
)
def test_numbers(tmp_path, cells, values, expected):
    text = "n,x\n" + "".join(f"{cell},a\n" for cell in cells)
    assert written(tmp_path, text, {"n": values, "x": ["a"] * 2}) == [f"{cell},a" for cell in expected]


@pytest.mark.parametrize(
    "cells",
    [
        ["00123", "04567", "1"],
        ["12345678901234567890123", "1", "2"],
        ["1.2.3", "4.5.6", "7.8"],
        ["5+", "4", "5+"],
    ],
)
def test_codes_stay_strings(tmp_path, cells):
    frame = csv(tmp_path, "n,x\n" + "".join(f"{cell},a\n" for cell in cells)).frame
    assert frame["n"].tolist() == cells


def test_thirty_thousand_distinct_decimal_commas(tmp_path):
    rng = np.random.default_rng(0)
    cells = [f"{value:.4f}".replace(".", ",") for value in rng.normal(size=30_000)]
    text = "x;y\n" + "".join(f"{cell};a\n" for cell in cells)
    table = csv(tmp_path, text)
    assert table.frame["x"].dtype == float
    write_table(tmp_path / "out.csv", table, table.frame, only_synthetic=True)
    assert (tmp_path / "out.csv").read_text() == text


DATES = {
    "2024-01-31": ["2024-02-05", "2023-12-24"],
    "31.01.2024": ["05.02.2024", "24.12.2023"],
    "31.1.2024": ["5.2.2024", "24.12.2023"],
    "1/31/2024": ["2/5/2024", "12/24/2023"],
    "31/01/24": ["05/02/24", "24/12/23"],
    "20240131": ["20240205", "20231224"],
    "31-Jan-2024": ["05-Feb-2024", "24-Dec-2023"],
    "2024-01-31 23:59": ["2024-02-05 04:05", "2023-12-24 00:00"],
    "1/31/2024 3:07 PM": ["2/5/2024 4:05 AM", "12/24/2023 12:00 PM"],
    "2024-01-31T23:59:58Z": ["2024-02-05T04:05:06Z", "2023-12-24T00:00:00Z"],
    "2024-01-31T23:59:58.123+02:00": ["2024-02-05T04:05:06.007+02:00", "2023-12-24T00:00:00.000+02:00"],
    "2024-01-31 23:59:58.123456": ["2024-02-05 04:05:06.000007", "2023-12-24 00:00:00.500000"],
}


@pytest.mark.parametrize("first", DATES)
@pytest.mark.parametrize("missing", ["", "NA", "?"])
def test_dates_keep_their_format(tmp_path, first, missing):
    text = "d,x\n" + "".join(f"{cell},a\n" for cell in [first, missing, *DATES[first]])
    table = csv(tmp_path, text)
    assert table.frame["d"].dtype.kind == "M"
    assert table.frame["d"].isna().tolist() == [False, True, False, False]
    moved = pd.DataFrame({"d": table.frame["d"] + pd.Timedelta(days=3), "x": "a"})
    write_table(tmp_path / "out.csv", table, moved)
    both = (tmp_path / "out.csv").read_text()
    assert both.startswith(text)
    assert both.splitlines()[6] == f"{missing},a"
    dates = csv(tmp_path, both).frame["d"]
    assert (dates[4:].reset_index(drop=True) - dates[:4]).dropna().eq(pd.Timedelta(days=3)).all()


def test_dates_of_two_formats_stay_strings(tmp_path):
    cells = ["2024-01-31", "31.01.2024"]
    assert csv(tmp_path, "d,x\n" + "".join(f"{cell},a\n" for cell in cells)).frame["d"].tolist() == cells


def test_missing_cells_have_the_notation_of_their_column(tmp_path):
    text = "a,b,c,d\n1,x,1.5,\n?,NA,,\n3,y,2.5,\n"
    table = csv(tmp_path, text)
    assert table.frame.isna().sum().tolist() == [1, 1, 1, 3]
    rows = table.frame.iloc[[1, 1]]
    assert written(tmp_path, text, {name: rows[name] for name in rows}) == ["?,NA,,"] * 2


def test_none_is_a_category_among_words(tmp_path):
    frame = csv(tmp_path, "alley,x\nNone,1\nGrvl,2\n").frame
    assert frame["alley"].tolist() == ["None", "Grvl"]


def test_quotes_as_each_column_has_them(tmp_path):
    text = '"name","n","note"\n"a",1,NA\n"b",NA,"x"\n"c",3,"y, z"\n'
    rows = {"name": ["b", None], "n": pd.array([7, None], dtype="Int64"), "note": ['say "x"', None]}
    assert written(tmp_path, text, rows) == ['"b",7,"say ""x"""', '"",NA,NA']


@pytest.mark.parametrize("name", ["out.tsv", "out.csv.gz", "out.parquet", "out.feather"])
def test_into_another_kind(tmp_path, name):
    table = csv(tmp_path, PLAIN.replace(",", ";").replace(".", ","))
    write_table(tmp_path / name, table, table.frame[:3], mark="made")
    back = read_table(tmp_path / name).frame
    assert back.pop("made").tolist() == [0] * 12 + [1] * 3
    for column in back:
        expected = pd.concat([table.frame, table.frame[:3]])[column]
        assert back[column].astype(object).fillna(0).tolist() == expected.astype(object).fillna(0).tolist()


def test_labels_may_be_anything_but_missing(tmp_path):
    X, y = csv(tmp_path, "x,y\n1,01\n2,02\n").split("y")
    assert list(X.columns) == ["x"]
    assert y.tolist() == ["01", "02"]
    with pytest.raises(ValueError, match="has 2 missing cells, the first on line 5"):
        csv(tmp_path, 'x,y\n"two\nlines",a\n\n3,\n4,b\n5,\n').split("y")
    with pytest.raises(ValueError, match="no column 'Specis': did you mean 'species'"):
        csv(tmp_path, "x,species\n1,a\n").split("Specis")


# ---------------------------------------------------------------------------------------- Parquet and Feather


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
    write_table(out, table, table.frame[:2], mark="made")
    assert raw(out)["made"].to_pylist() == [0, 0, 0, 1, 1]
    write_table(out, table, table.frame[:2], mark="made", only_synthetic=True, force=True)
    assert raw(out)["made"].to_pylist() == [1, 1]


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


# -------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"a,b\n", "no rows"),
        (b"a,a\n1,2\n", "two columns are named 'a'"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 cells, the header has 2"),
        (b"a,b\n1,2\n\n3,4,5\n", "line 4 has 3 cells, the header has 2"),
        (b'a,b\n"x\ny",2\n3,4,5\n', "line 4 has 3 cells, the header has 2"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "line 3 opens a quote that is never closed"),
        (b"PK\x03\x04\0\0,\n", "zero bytes"),
    ],
)
def test_bad_text(tmp_path, data, message):
    (tmp_path / "in.csv").write_bytes(data)
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / "in.csv")


@pytest.mark.parametrize("name", ["in.parquet", "in.feather", "in.csv.gz"])
@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", gzip.compress(PLAIN.encode())[:-20]])
def test_not_what_the_extension_says(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=name):
        read_table(tmp_path / name)


def test_paths(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "there.csv").touch()
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(IsADirectoryError):
        read_table(tmp_path / "folder.csv")
    with pytest.raises(ValueError, match=r"unknown extension; the known ones are .*\.tsv\.gz"):
        read_table(tmp_path / "table.xlsx")
    with pytest.raises(FileExistsError, match="--force"):
        check_output(tmp_path / "there.csv")
    check_output(tmp_path / "there.csv", force=True)
    for path in (tmp_path / "folder.csv", tmp_path / "no" / "out.csv", tmp_path / "there.csv" / "out.csv"):
        with pytest.raises(OSError, match=r"\.csv"):
            check_output(path, force=True)
    with pytest.raises(ValueError, match="there is a column 'x' already"):
        write_table(tmp_path / "out.csv", Table(pd.DataFrame({"x": [1]})), mark="x")


# -------------------------------------------------------------------------------- the old file or the new one


def test_replacing_leaves_nothing_beside(tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("old")
    out.chmod(0o640)
    for error in (ValueError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error), replacing(out) as beside:  # noqa: PT012 - the block is what is interrupted
            beside.write_text("half")
            raise error
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert out.read_text() == "old"
    link = tmp_path / "link.csv"
    link.symlink_to(out)
    with replacing(link) as beside:
        beside.write_text("new")
    assert out.read_text() == "new"
    assert link.is_symlink()
    assert out.stat().st_mode & 0o777 == 0o640


def test_killed_amid_writing(tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("old")
    program = """
        import os, signal, sys
        from ganaug.common.files import replacing
        with replacing(sys.argv[1]) as beside:
            beside.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    process = subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(out)], check=False)
    assert process.returncode == -9
    assert out.read_text() == "old"
