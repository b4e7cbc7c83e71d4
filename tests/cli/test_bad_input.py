"""Bad input of every command: one line on stderr, exit code 2, and no file changed."""

from pathlib import Path

import pytest

from ganaug.cli.app import main


def run(line: str) -> int:
    return main(line.split())


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


BAD = {
    "balance none.csv out.csv --target plan": "there is no file",
    "balance . out.csv --target plan": "--target is for tables, and . holds images; leave it out",
    "balance folder.csv out.csv --target plan": "--target is for tables, and folder.csv holds images",
    "balance in.xlsx out.csv --target plan": ".tsv.gz. ganaug reads and writes no sheets; save the sheet as CSV",
    "balance in.csv out.xlsx --target plan": "unknown extension",
    "balance in.csv out.csv --target plam": "did you mean 'plan'?",
    "balance in.csv out.csv --target town --target plan": "--target is given 2 times; give it once",
    "balance in.csv out.csv --target plan --provenance --save m.gan": "--provenance needs a value, FILE, but --save",
    "balance in.csv out.csv --ignore --target plan": "--ignore needs a value, A,B, but --target follows it",
    "balance in.csv out.csv --target plan --seed 1 --force --force --seed=2": "--seed is given 2 times; give it once",
    "balance in.csv out.csv --target plan --ignore age --ignore twon": "did you mean 'town'?",
    "balance in.csv out.csv --target plan --text age --text twon": "did you mean 'town'?",
    "balance in.csv out.csv --target plan --categorical age --categorical twon": "did you mean 'town'?",
    "balance in.csv out.csv --target plan --holdout old.csv": (
        "then run: ganaug evaluate IN OUT --target COLUMN --holdout FILE"
    ),
    "balance in.csv out.csv --target plan --random-state 0": "No such option: --random-state. Use --seed",
    "balance in.csv -o out.csv --target plan": "No such option: -o. Use OUT, without an option",
    "balance in.csv out.csv --taget plan": "No such option: --taget. Did you mean --target?",
    "balance in.csv out.csv --target plan --splits 3": "No such option: --splits. It is an option of ganaug compare",
    "balance - out.csv --target plan": "IN is -, but ganaug reads and writes files only; give the name of a file",
    "balance in.csv - --target plan": "OUT is -, but ganaug",
    "balance in.csv out.csv --target plan --report -": "--report is -, but ganaug",
    "balance in.csv out.csv --target plan --magic": "No such option: --magic; see ganaug balance --help",
    "sample old.csv out.csv --label a -n 3 -n 4": "-n is given 2 times; give it once",
    "balance in.csv out.csv --target xyz": "the columns are 'age', 'town', 'plan'",
    "balance in.csv out.csv --target town": "has 13 missing cells, the first on line 4",
    "balance in.csv out.csv --target plan --categorical twon": "did you mean 'town'?",
    "balance in.csv out.csv --target plan --mark age": "--mark age",
    "balance in.csv old.csv --target plan": "old.csv exists already; use --force",
    "balance in.csv no/out.csv --target plan": "does not exist",
    "balance in.csv in.csv/out.csv --target plan": "does not exist",
    "balance in.csv out.csv --target plan --save old.csv": "old.csv exists already",
    "balance in.csv out.csv --target plan --save out.csv": "--save out.csv is also IN or OUT; choose another file",
    "balance in.csv out.csv --target plan --strategy sideways": "sideways",
    "balance in.csv out.csv --target plan --strategy 7": "--strategy 7: a ratio must be above 0 and at most 1",
    "balance in.csv out.csv --target plan --strategy gold=3": "class 'gold' has 6 already, and 3 are asked for",
    "balance in.csv out.csv --target plan --strategy gold=x": "'x' is not a number of rows for class 'gold'",
    "balance in.csv out.csv --target plan --strategy glod=50": (
        "there is no class 'glod'; the classes are 'gold', 'basic'"
    ),
    "balance in.csv out.csv --target plan --strategy {x": "is not valid JSON",
    'balance in.csv out.csv --target plan --strategy {"gold":70.9}': "70.9 is not a whole number of rows for class",
    "balance in.csv out.csv --target plan --categorical plan": "--categorical names the target 'plan'; leave it out",
    "balance in.csv out.csv --target plan --model big": "--model",
    "balance in.csv out.csv --target plan --seed x": "--seed",
    "balance in.csv out.csv": "--target",
    "balance in.csv": "OUT",
    "balance one.csv out.csv --target plan": "one.csv: column 'plan' has a single class, 'a'; balancing needs",
    "compare one.csv --target plan": "one.csv: column 'plan' has a single class, 'a'; balancing needs at least two",
    "balance empty.csv out.csv --target plan": "empty.csv: the file is empty",
    "balance header.csv out.csv --target plan": "no rows",
    "balance long.csv out.csv --target plan": "line 3 has 4 cells, but the header has 3",
    "balance short.csv out.csv --target plan": "line 3 has 2 cells, but the header has 3",
    "balance ragged.csv out.csv --target plan": (
        "8 lines do not have 3 cells as the header: line 2 has 2 cells, line 3 has 2 cells, line 4 has 2 cells, line 5 "
        "has 2 cells, line 7 has 4 cells and 3 more"
    ),
    "balance twice.csv out.csv --target plan": "two columns are named 'age'",
    "balance alone.csv out.csv --target plan": "is the only one; at least one other column is needed",
    "balance text.parquet out.csv --target plan": "text.parquet",
    "balance in.csv out.csv --target plan --select --strategy 0.5": "--select and --strategy 0.5 exclude each other",
    "balance three.csv out.csv --target plan --strategy 0.5": (
        "--strategy 0.5 is a ratio, which is for two classes, but there are 3: 'a', 'b', 'c'. Give sizes, such as c=3"
    ),
    "balance in.csv out.csv --target plan --strategy 0.01": "--strategy 0.01: class",
    "balance three.csv out.csv --target plan --strategy a=2": (
        "--strategy a=2: class 'a' has 3 already, and 2 are asked for. Nothing is removed: give its size after rows are"
    ),
    "evaluate in.csv in.csv --ignore nothing": "--ignore holds 'nothing', which is not a column",
    "balance in.csv out.csv --target plan --metric F1": "--metric F1 needs --select",
    "balance in.csv out.csv --target plan --link": "--link is for images, and in.csv holds rows; leave it out",
    "balance in.csv out.csv --target plan --resize 9x9": "--resize is for images, and in.csv holds rows",
    "evaluate in.csv in.csv --inception in.csv": "--inception is for images, and in.csv holds rows; leave it out",
    "balance in.csv out.csv --target plan --log-dir old.csv": "--log-dir old.csv is not a folder",
    "balance in.csv out.csv --target plan --log-dir out.csv": "--log-dir out.csv is OUT, or lies in it",
    "balance in.csv out.csv --target plan --log-dir out.csv/log": "--log-dir out.csv/log is OUT, or lies in it",
    "balance in.csv out.csv --target plan --log-dir in.csv": "--log-dir in.csv is not a folder",
    "balance one.csv out.csv --target plan --log-dir log/run": "class",
    "sample none.gan out.csv --label a -n 3": "there is no model file none.gan",
    "sample in.csv out.csv --label a -n 0": "-n",
    "balance in.csv out.csv --target plan --max-time 0": "--max-time",
    "balance in.zip out.csv --target plan": "unknown extension; use one of .arrow, .csv, .csv.gz, .feather, .parquet",
    **{
        line.format(f"cut.{extension}"): f"cut.{extension}: the file is damaged, or no {kind} file ("
        for extension, kind in {"parquet": "Parquet", "feather": "Feather", "csv.gz": "whole gzip"}.items()
        for line in (
            "balance {} out.csv --target plan",
            "evaluate {} in.csv",
            "evaluate in.csv {}",
            "evaluate in.csv in.csv --holdout {}",
            "compare {} --target plan",
        )
    },
    **{
        line.format("cut.npz"): "cut.npz cannot be read"
        for line in ("balance {} out.npz", "evaluate {} cut.npz", "compare {}")
    },
    "blance": "blance",
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_one_line(in_csv, quick, capsys, line):
    Path("folder.csv").mkdir()
    Path("in.xlsx").touch()
    Path("old.csv").write_text("old")
    Path("one.csv").write_text("age,plan\n1,a\n2,a\n3,a\n")
    Path("three.csv").write_text("age,plan\n1,a\n2,a\n3,a\n4,b\n4,b\n5,c\n")
    Path("empty.csv").touch()
    Path("header.csv").write_text("age,town,plan\n")
    Path("long.csv").write_text("age,town,plan\n1,a,b\n1,a,b,c\n")
    Path("short.csv").write_text("age,town,plan\n1,a,b\n1,a\n")
    Path("ragged.csv").write_text("age,town,plan\n" + "1,a\n" * 4 + "1,a,b\n" + "1,a,b,c\n" * 4)
    Path("twice.csv").write_text("age,age,plan\n1,a,b\n")
    Path("alone.csv").write_text("plan\na\nb\n")
    Path("text.parquet").write_text(in_csv)
    Path("in.zip").touch()
    for extension, start in {"parquet": b"PAR1", "feather": b"ARROW1", "csv.gz": b"\x1f\x8b\x08", "npz": b"PK"}.items():
        Path(f"cut.{extension}").write_bytes(start + bytes(99))
    before = names()
    assert run(line) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("ganaug: error: ")
    assert shown.err.count("\n") == 1
    assert BAD[line] in shown.err
    assert names() == before
    assert Path("old.csv").read_text() == "old"
    assert Path("in.csv").read_text() == in_csv


def test_a_target_that_is_no_class_is_refused_and_compare_is_named(in_csv, quick, capsys):
    rows = "".join(f"{'ab'[i % 2]},{100 + i % 90 / 4},{i % 2},{i % 3 % 2},{7 * (i % 120)}\n" for i in range(180))
    Path("houses.csv").write_text("town,price,old,wet,visits\n" + rows)
    for target, words in (
        ("price", "90 different numbers"),
        ("old,wet", "one column of classes"),
        ("visits", "120 different numbers in 180 rows"),
    ):
        assert run(f"balance houses.csv out.csv --target {target}") == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
        assert "ganaug compare" in line
    assert not Path("out.csv").exists()


@pytest.mark.parametrize("mark", ["", " --mark made"])
def test_an_output_that_is_the_input_is_warned_of_unless_it_is_marked(in_csv, quick, capsys, mark):
    assert run(f"balance in.csv ./in.csv --target plan --force{mark}") == 0
    assert ("OUT in.csv is IN" in capsys.readouterr().err) == (not mark)


def test_a_measured_target_is_told_in_one_line(in_csv, quick, capsys):
    Path("ages.csv").write_text("town,age\n" + "".join(f"{'ab'[i % 2]},{i % 36 + 18}\n" for i in range(180)))
    assert run("balance ages.csv out.csv --target age --strategy 18=9") == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "--target age has 36 different numbers" in line]
    assert line.startswith("ganaug: warning: ")
    assert "GANRegressionOversampler" in line
