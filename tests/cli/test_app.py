"""The shell command: what it writes, what it says, and what it leaves when it is stopped."""

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
import types
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler

from ganaug.cli.app import main
from ganaug.comparison import compare as comparison

TABLE = "age,town,plan\n" + "".join(
    f"{20 + i},{['Bern', 'Rom', ''][i % 3]},{'gold' if i < 6 else 'basic'}\n" for i in range(40)
)


class Repeater:
    """Stands in for GANOversampler: repeats rows, so that a test of the shell need not train."""

    made: "list[Repeater]" = []  # noqa: RUF012 - the tests look at what the shell asked for

    def __init__(self, **options):
        self.options = options
        self.made.append(self)

    def fit_resample(self, X, y):
        sampler = RandomOverSampler(
            sampling_strategy=self.options["sampling_strategy"], random_state=self.options["random_state"]
        )
        X_resampled, y_resampled = sampler.fit_resample(X, y)
        self.is_synthetic_ = np.arange(len(X_resampled)) >= len(X)
        self.model_ = "a model"
        return X_resampled, y_resampled

    def save(self, path):
        path.write_text(self.model_)


@pytest.fixture
def quick(monkeypatch):
    module = types.ModuleType("ganaug.oversampler")
    module.GANOversampler = Repeater
    monkeypatch.setitem(sys.modules, "ganaug.oversampler", module)
    monkeypatch.setattr(Repeater, "made", [])
    return Repeater.made


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text(TABLE)
    return tmp_path


def words(line: str) -> list[str]:
    return line.split()


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


# ---------------------------------------------------------------------------------------------------- balance


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.parquet"])
def test_equal_share(folder, name, capsys):
    command = ["balance", "in.csv", name, "--target", "plan", "--strategy", "equal share", "--share", "0.5"]
    assert main([*command, "--mark", "made", "--max-time", "0.1", "--seed", "0", "--selection", "none"]) == 0
    shown = [line.split() for line in capsys.readouterr().out.splitlines() if "gold" in line or "basic" in line]
    assert shown == [["basic", "34", "34", "68"], ["gold", "6", "28", "34", "68"]]
    out = pd.read_parquet(name) if name.endswith("parquet") else pd.read_csv(name, sep="\t" if "tsv" in name else ",")
    # 34 of either class: the larger's own, the smaller's 6 rows repeated; and as many generated
    assert out.groupby(["plan", "made"]).size().tolist() == [34, 34, 34, 34]
    real = out[(out["made"] == 0) & (out["plan"] == "gold")]
    assert set(real["age"]) == set(range(20, 26))
    assert main([*command[:2], "made.csv", *command[3:], "--only-synthetic", "--max-time", "0.1"]) == 0
    assert pd.read_csv("made.csv")["plan"].value_counts().to_dict() == {"gold": 34, "basic": 34}


def test_a_share_needs_its_strategy(folder, capsys):
    assert main(words("balance in.csv out.csv --target plan --share 0.5")) == 2
    assert "--share 0.5 goes with --strategy 'equal share'" in capsys.readouterr().err
    assert main(["balance", "in.csv", "out.csv", "--target", "plan", "--strategy", "equal share", "--share", "1"]) == 2
    assert "--share 1: it is 'auto', or lies between 0 and 1" in capsys.readouterr().err
    assert names() == ["in.csv"]


def test_balance(folder, quick, capsys):
    assert main(words("balance in.csv out.csv --target plan --seed 3")) == 0
    out = Path("out.csv").read_text()
    assert out.startswith(TABLE)
    assert out.count(",gold\n") == out.count(",basic\n") == 34
    shown = capsys.readouterr()
    assert shown.err == ""
    assert [line.split() for line in shown.out.splitlines() if "gold" in line] == [["gold", "6", "28", "34"]]
    assert quick[0].options["verbose"] == 0  # no bar: this is no terminal
    assert names() == ["in.csv", "out.csv"]


def test_options_reach_the_sampler(folder, quick):
    line = "balance in.csv out.parquet --target plan --strategy 0.5 --selection none --model tabular --seed 7"
    assert (
        main(
            [
                *words(line),
                *words("--max-time 1.5 --mark made --only-synthetic"),
                "--categorical",
                "age,town",
                "--mark",
                "made",
                "--only-synthetic",
            ]
        )
        == 0
    )
    options = quick[0].options
    assert options == {
        "sampling_strategy": 0.5,
        "synthetic_share": 0.2,
        "selection": None,
        "model": "tabular",
        "categorical_features": ["age", "town"],
        "random_state": 7,
        "max_time": 1.5,
        "verbose": 0,
        "callbacks": None,
    }
    frame = pd.read_parquet("out.parquet")
    assert list(frame.columns) == ["age", "town", "plan", "made"]
    assert frame["plan"].tolist() == ["gold"] * 11
    assert frame["made"].eq(1).all()


@pytest.mark.parametrize("strategy", ["gold=20,basic=40", '{"gold": 20, "basic": 40}'])
def test_counts_of_classes(folder, quick, strategy):
    assert main([*words("balance in.csv out.csv --target plan --strategy"), strategy]) == 0
    assert quick[0].options["sampling_strategy"] == {"gold": 20, "basic": 40}
    assert Path("out.csv").read_text().count(",gold\n") == 20


def test_number_labels_in_counts(folder, quick):
    Path("in.csv").write_text(TABLE.replace("gold", "1").replace("basic", "0"))
    assert main(words("balance in.csv out.csv --target plan --strategy 1=9")) == 0
    assert Path("out.csv").read_text().count(",1\n") == 9


def test_in_is_out_only_with_force(folder, quick, capsys):
    assert main(words("balance in.csv in.csv --target plan")) == 2
    assert Path("in.csv").read_text() == TABLE
    assert main(words("balance in.csv in.csv --target plan --force --save m.gan")) == 0
    assert Path("in.csv").read_text().startswith(TABLE)
    assert Path("m.gan").read_text() == "a model"


def test_warnings_are_one_line(folder, quick, capsys, monkeypatch):
    def warn(sampler, X, y):
        warnings.warn("few\nrows", UserWarning, stacklevel=2)
        warnings.warn("for programmers", FutureWarning, stacklevel=2)
        return resample(sampler, X, y)

    resample = Repeater.fit_resample
    monkeypatch.setattr(Repeater, "fit_resample", warn)
    assert main(words("balance in.csv out.csv --target plan")) == 0
    assert capsys.readouterr().err == "ganaug: warning: few rows\n"


# ------------------------------------------------------------------------------------------ choosing and watching


def choosing(monkeypatch, name):
    """Let the comparison, which is not run, come out in favour of one candidate."""
    scores = pd.DataFrame({"sampler": np.repeat(["none", "random", "ganaug 0.5"], 4), "split": [*range(4)] * 3})
    scores = scores.assign(classifier="tree", n_train=30, n_test=10, fit_seconds=0.1, note="")
    scores["average precision"] = 0.5 + 0.001 * scores["split"] + 0.3 * (scores["sampler"] == name) * (name != "none")
    monkeypatch.setattr("ganaug.comparison.compare", lambda *_, **asked: comparison.Comparison(scores))


def test_select_that_adds_nothing_writes_the_table_as_it_was(folder, capsys, monkeypatch):
    choosing(monkeypatch, "none")
    assert main(words("balance in.csv out.csv --target plan --select --log-dir log/run --report why.html")) == 0
    assert "in.csv: why nothing is generated" in Path("why.html").read_text()
    Path("why.html").unlink()
    shown = capsys.readouterr()
    assert Path("out.csv").read_text() == TABLE
    assert "Nothing is added: the paired test over 4 splits" in " ".join(shown.out.split())
    assert "nothing was trained, so nothing is written to --log-dir log/run" in shown.err
    assert names() == ["in.csv", "out.csv"]


def test_select_that_repeats_rows_marks_none_as_generated(folder, capsys, monkeypatch):
    choosing(monkeypatch, "random")
    assert main(words("balance in.csv out.csv --target plan --select --mark made --seed 1")) == 0
    shown = capsys.readouterr().out
    assert "random is used" in shown
    assert [line.split() for line in shown.splitlines() if line.split()[:1] == ["gold"]] == [["gold", "6", "28", "34"]]
    assert "repeated" in shown
    rows = pd.read_csv("out.csv")
    assert rows["made"].eq(0).all()
    assert rows["plan"].value_counts().to_dict() == {"basic": 34, "gold": 34}


def test_select_that_generates_goes_part_of_the_way(folder, capsys, monkeypatch):
    choosing(monkeypatch, "ganaug 0.5")
    line = "balance in.csv out.csv --target plan --select --mark made --seed 1 --max-time 0.1 --save m.gan"
    assert main(words(line + " --selection none --log-dir log/run")) == 0
    assert "ganaug 0.5 is used: its average precision is 0.80" in " ".join(capsys.readouterr().out.split())
    assert pd.read_csv("out.csv")["made"].sum() == 14  # of 28 that are missing
    assert len(pd.read_csv("log/run/history.csv"))
    assert main(words("sample m.gan more.csv --label gold -n 3")) == 0


def test_select_as_it_is(folder, capsys):
    Path("in.csv").write_text(TABLE + "77,Rom,silver\n78,,silver\n")
    line = "balance in.csv out.csv --target plan --select --metric F1 --seed 0 --max-time 0.1 --selection none"
    assert main(words(line)) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("F1", "none", "random", "SMOTE", "ganaug 0.25", "ganaug 0.5", "ganaug 1"))
    assert Path("out.csv").read_text().startswith(TABLE)


def test_what_select_refuses(folder, capsys):
    Path("one.csv").write_text("age,plan\n1,a\n2,a\n3,a\n")
    assert main(words("balance in.csv out.csv --target plan --select --metric acuracy")) == 2
    assert "'acuracy' is not measured here; there are average precision, ROC AUC" in capsys.readouterr().err
    assert main(words("balance one.csv out.csv --target plan --select")) == 2
    assert "a single class, 'a'" in capsys.readouterr().err
    assert names() == ["in.csv", "one.csv"]


@pytest.mark.parametrize("kind", ["table", "balanced"])
def test_log_dir(folder, kind, capsys):
    if kind == "balanced":
        Path("in.csv").write_text(TABLE.replace("gold", "basic", 3).replace("basic", "gold", 17))
    counts = pd.read_csv("in.csv")["plan"].value_counts()
    Path("old").mkdir()
    Path("old", "notes").touch()
    assert main(words("balance in.csv out.csv --target plan --seed 0 --max-time 0.1 --log-dir old")) == 0
    if counts.min() == counts.max():
        assert "nothing was trained" in capsys.readouterr().err
        assert [path.name for path in Path("old").iterdir()] == ["notes"]
        return
    assert {"step", "discriminator_loss"} < set(pd.read_csv("old/history.csv"))
    assert any(path.name.startswith("events.out") for path in Path("old").iterdir())


# -------------------------------------------------------------------------------------------------- bad input

BAD = {
    "balance none.csv out.csv --target plan": "there is no file",
    "balance . out.csv --target plan": "--target is for tables, and . is taken for pictures",
    "balance folder.csv out.csv --target plan": "--target is for tables, and folder.csv is taken for pictures",
    "balance in.xlsx out.csv --target plan": "use one of .arrow, .csv",
    "balance in.csv out.xlsx --target plan": "unknown extension",
    "balance in.csv out.csv --target plam": "did you mean 'plan'?",
    "balance in.csv out.csv --target xyz": "the columns are age, town, plan",
    "balance in.csv out.csv --target town": "has 13 missing cells, the first on line 4",
    "balance in.csv out.csv --target plan --categorical twon": "did you mean 'town'?",
    "balance in.csv out.csv --target plan --mark age": "--mark age",
    "balance in.csv old.csv --target plan": "old.csv exists already; use --force",
    "balance in.csv no/out.csv --target plan": "does not exist",
    "balance in.csv in.csv/out.csv --target plan": "does not exist",
    "balance in.csv out.csv --target plan --save old.csv": "old.csv exists already",
    "balance in.csv out.csv --target plan --save out.csv": "would overwrite the data",
    "balance in.csv out.csv --target plan --strategy sideways": "sideways",
    "balance in.csv out.csv --target plan --strategy 7": "sampling_strategy",
    "balance in.csv out.csv --target plan --strategy gold=3": "should be greater or equal",
    "balance in.csv out.csv --target plan --strategy gold=x": "'x' is no number of rows for 'gold'",
    "balance in.csv out.csv --target plan --strategy glod=50": "no label 'glod'; the labels are gold, basic",
    "balance in.csv out.csv --target plan --strategy {x": "no JSON",
    'balance in.csv out.csv --target plan --strategy {"gold":70.9}': "no whole number of rows",
    "balance in.csv out.csv --target plan --categorical plan": "'plan' is the target",
    "balance in.csv out.csv --target plan --model big": "--model",
    "balance in.csv out.csv --target plan --seed x": "--seed",
    "balance in.csv out.csv": "--target",
    "balance in.csv": "OUT",
    "balance one.csv out.csv --target plan": "class",
    "balance empty.csv out.csv --target plan": "empty.csv: the file is empty",
    "balance header.csv out.csv --target plan": "no rows",
    "balance long.csv out.csv --target plan": "line 3 has 4 cells, but the header has 3",
    "balance short.csv out.csv --target plan": "line 3 has 2 cells, but the header has 3",
    "balance twice.csv out.csv --target plan": "two columns are named 'age'",
    "balance alone.csv out.csv --target plan": "is the only one; at least one other column is needed",
    "balance text.parquet out.csv --target plan": "text.parquet",
    "balance in.csv out.csv --target plan --select --strategy 0.5": "--strategy 0.5 names one",
    "balance in.csv out.csv --target plan --metric F1": "--metric F1 goes with --select",
    "balance once.csv out.csv --target plan --select": "--select needs 2 rows of each class, to train and to test; 'b'",
    "balance in.csv out.csv --target plan --log-dir old.csv": "--log-dir old.csv is no folder",
    "balance in.csv out.csv --target plan --log-dir out.csv": "--log-dir out.csv is OUT, or lies in it",
    "balance in.csv out.csv --target plan --log-dir out.csv/log": "--log-dir out.csv/log is OUT, or lies in it",
    "balance in.csv out.csv --target plan --log-dir in.csv": "--log-dir in.csv is no folder",
    "balance one.csv out.csv --target plan --log-dir log/run": "class",
    "sample none.gan out.csv --label a -n 3": "no such model file",
    "sample in.csv out.csv --label a -n 0": "-n",
    "blance": "blance",
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_one_line(folder, quick, capsys, line):
    Path("folder.csv").mkdir()
    Path("in.xlsx").touch()
    Path("old.csv").write_text("old")
    Path("one.csv").write_text("age,plan\n1,a\n2,a\n3,a\n")
    Path("once.csv").write_text("age,plan\n1,a\n2,a\n3,b\n")
    Path("empty.csv").touch()
    Path("header.csv").write_text("age,town,plan\n")
    Path("long.csv").write_text("age,town,plan\n1,a,b\n1,a,b,c\n")
    Path("short.csv").write_text("age,town,plan\n1,a,b\n1,a\n")
    Path("twice.csv").write_text("age,age,plan\n1,a,b\n")
    Path("alone.csv").write_text("plan\na\nb\n")
    Path("text.parquet").write_text(TABLE)
    before = names()
    assert main(words(line)) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("ganaug: error: ")
    assert shown.err.count("\n") == 1
    assert BAD[line] in shown.err
    assert names() == before
    assert Path("old.csv").read_text() == "old"
    assert Path("in.csv").read_text() == TABLE


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission(folder, quick, capsys):
    Path("closed").mkdir(mode=0o500)
    assert main(words("balance in.csv closed/out.csv --target plan")) == 2
    assert "Permission denied" in capsys.readouterr().err


def test_a_full_disk_is_one_line(folder, quick, capsys, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert main(words("balance in.csv out.csv --target plan --save m.gan")) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert names() == ["in.csv"]


# ---------------------------------------------------------------------------------------------- being stopped

SLOW = """
    import sys, time, types
    class GANOversampler:
        def __init__(self, **options): pass
        def fit_resample(self, X, y):
            print("training", flush=True)
            time.sleep(60)
    sys.modules["ganaug.oversampler"] = types.SimpleNamespace(GANOversampler=GANOversampler)
    import ganaug.datasets.table as tables
    write = tables.Path.write_bytes
    def slowly(path, data):
        write(path, data[: len(data) // 2])
        print("writing", flush=True)
        time.sleep(60)
    moment = sys.argv.pop(1)
    if moment == "selecting":
        del sys.modules["ganaug.oversampler"]
        import ganaug.comparison as comparison
        def evaluate(*_):
            print("selecting", flush=True)
            time.sleep(60)
        comparison._evaluate = evaluate
        sys.argv.append("--select")
    if moment == "writing":
        tables.Path.write_bytes = slowly
        def repeat(self, X, y):
            self.is_synthetic_ = y == y
            return X, y
        GANOversampler.fit_resample = repeat
    from ganaug.cli.app import main
    sys.exit(main())
"""


@pytest.mark.parametrize("moment", ["training", "writing", "selecting"])
@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, pytest.param(signal.SIGKILL, id="kill")], ids=lambda n: n.name
)
def test_stopped(folder, moment, number):
    Path("out.csv").write_text("old")
    command = [sys.executable, "-c", textwrap.dedent(SLOW), moment]
    with subprocess.Popen(
        [*command, *words("balance in.csv out.csv --target plan --force")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == f"{moment}\n"
        process.send_signal(number)
        _, error = process.communicate(timeout=30)
    assert Path("out.csv").read_text() == "old"
    if number == signal.SIGKILL:
        assert process.returncode == -9
        return
    assert process.returncode == 128 + number
    assert error.lstrip() == "ganaug: error: interrupted\n"  # rich 14 ends the line of a bar never drawn
    assert names() == ["in.csv", "out.csv"]


# --------------------------------------------------------------------------------------------------- the face


def test_help_is_quick_and_light():
    program = """
        import sys
        from ganaug.cli.app import main
        code = main(["--help"])
        heavy = {"torch", "pandas", "numpy", "pyarrow", "sklearn", "imblearn"} & set(sys.modules)
        sys.exit(f"imported {heavy}" if heavy else code)
    """
    seconds = []
    for _ in range(3):  # the quickest of three, for the machine may be busy
        start = time.perf_counter()
        shown = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
        )
        seconds.append(time.perf_counter() - start)
        assert shown.returncode == 0, shown.stderr
        assert all(command in shown.stdout for command in ("balance", "sample", "demo"))
    assert min(seconds) < 1


def test_version(capsys):
    from ganaug._version import __version__

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ganaug {__version__}\n"


# --------------------------------------------------------------------------------------------------- for real


def test_from_table_to_model_to_rows(folder, capsys):
    rng = np.random.default_rng(0)
    lines = [
        f"{rng.normal(i < 12):.2f};{rng.integers(9)};{rng.choice(['x', 'y', '?'])};"
        f"{rng.integers(1, 28):02d}.01.2024;0{int(i < 12)}\r\n"
        for i in range(120)
    ]
    table = "height;n;kind;day;label\r\n" + "".join(lines)
    Path("in.csv").write_bytes(table.encode())
    assert main(words("balance in.csv out.csv --target label --max-time 1 --seed 1 --save m.gan")) == 0
    out = Path("out.csv").read_bytes().decode()
    assert out.startswith(table)
    new = pd.read_csv(io.StringIO(out), sep=";", dtype=str, keep_default_na=False)[120:]
    assert new["label"].eq("01").all()
    assert len(new) == 96
    assert new["height"].str.fullmatch(r"-?\d+\.\d\d").all()
    assert new["n"].str.fullmatch(r"\d").all()
    assert new["kind"].isin(["x", "y", "?"]).all()
    assert new["day"].str.fullmatch(r"\d\d\.01\.2024").all()

    assert main(words("sample m.gan rows.csv --label 01 -n 5 --seed 2")) == 0
    rows = pd.read_csv("rows.csv", dtype=str)
    assert list(rows.columns) == ["height", "n", "kind", "day", "label"]
    assert rows["label"].tolist() == ["01"] * 5
    capsys.readouterr()
    assert main(words("sample m.gan more.csv --label 2 -n 5")) == 2
    assert capsys.readouterr().err == "ganaug: error: no label '2'; the labels are 00, 01\n"
    Path("half.gan").write_bytes(Path("m.gan").read_bytes()[:500])
    assert main(words("sample half.gan more.csv --label 01 -n 5")) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not Path("more.csv").exists()


@pytest.mark.parametrize("cells", ["1,a\n2,a\n3,a\n", "inf,a\n2.5,b\n3,a\n" * 9])
def test_what_the_library_refuses(folder, capsys, cells):
    Path("in.csv").write_text("x,plan\n" + cells)
    assert main(words("balance in.csv out.csv --target plan")) == 2
    error = capsys.readouterr().err
    assert error.startswith("ganaug: error: ")
    assert error.count("\n") == 1
    assert not Path("out.csv").exists()


@pytest.mark.parametrize("kind", ["array", "polars", "numbers as names"])
def test_sample_of_a_model_that_never_saw_a_file(folder, kind, capsys):
    import numpy as np
    import polars as pl

    from ganaug import GANOversampler, TabularGAN

    rows = np.random.default_rng(0).normal(size=(30, 2))
    X = {"array": rows, "polars": pl.DataFrame(rows, schema=["a", "b"]), "numbers as names": pd.DataFrame(rows)}[kind]
    y = pd.Series(np.repeat(["no", "yes"], [20, 10]), name="a")
    model = TabularGAN(n_steps=3, hidden_sizes=(8,), device="cpu")
    GANOversampler(model=model, random_state=0).fit(X, y.rename("label")).save("m.ganaug")
    for out in ("more.csv", "more.parquet"):
        assert main(words(f"sample m.ganaug {out} --label yes -n 4")) == 0
    made = pd.read_csv("more.csv")
    assert len(made) == 4
    assert made["label"].tolist() == ["yes"] * 4
    assert list(made)[:2] == {"array": ["x0", "x1"], "polars": ["a", "b"], "numbers as names": ["0", "1"]}[kind]
    if kind == "polars":
        GANOversampler(model=model, random_state=0).fit(X, y).save("clash.ganaug")
        assert main(words("sample clash.ganaug other.csv --label yes -n 4")) == 2
        assert "'a' is also a column's" in capsys.readouterr().err


def test_evaluate_compares_like_with_like(folder, capsys):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=120), "b": rng.normal(size=120)})
    table["plan"] = np.repeat(["basic", "gold"], [80, 40])
    table.loc[80:, "a"] += 5
    table.to_csv("real.csv", index=False)
    table[80:].to_csv("gold.csv", index=False)
    assert main(words("evaluate real.csv gold.csv --target plan")) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Only rows with plan = gold are compared" in shown
    assert "Farthest from the real distribution" not in shown
    assert "Do not share" in shown  # they are copies


def test_evaluate_takes_the_marked_rows(folder, capsys):
    table = pd.DataFrame({"a": np.random.default_rng(0).normal(size=60), "b": range(60)})
    table.to_csv("real.csv", index=False)
    pd.concat([table, table[:30]]).assign(made=np.repeat([0, 1], [60, 30])).to_csv("out.csv", index=False)
    assert main(words("evaluate real.csv out.csv --mark made")) == 0
    assert "exact copies 1" in " ".join(capsys.readouterr().out.split())
    for line, says in {
        "evaluate real.csv out.csv": "say --mark made, and leave it out otherwise",
        "evaluate real.csv out.csv --mark mad": "mad",
        "evaluate real.csv real.csv --mark a": "no row of real.csv has a 1 there",
    }.items():
        assert main(words(line)) == 2
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1


def test_compare_says_what_to_do(folder, capsys):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=90), "visit": np.arange(90) // 2})
    table["plan"] = np.where(np.arange(90) % 6 == 0, "gold", "basic")
    table.to_csv("in.csv", index=False)
    line = "compare in.csv --target plan --samplers none,random --classifiers LogisticRegression --splits 3 --repeats 1"
    assert main(words(line)) == 0
    assert "do nothing" in " ".join(capsys.readouterr().out.split())
    assert main(words(line + " --groups visit --results scores.csv")) == 0
    assert len(pd.read_csv("scores.csv")) == 6
    capsys.readouterr()
    for wrong, says in {
        "--groups vist": "vist",
        "--groups plan": "it is the target",
        "--samplers nonne": "nonne",
    }.items():
        assert main(words(f"{line} {wrong}")) == 2
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1
