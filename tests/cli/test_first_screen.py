"""What `ganaug balance` shows when it is done, and that a failure or Ctrl-C costs as little as possible."""

import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ganaug.cli.app import main
from ganaug.cli.console import in_shell_words, print_answers
from ganaug.cli.first_screen import kept_model, print_preview, print_written
from ganaug.common.findings import REAL, Finding
from ganaug.datasets import Table, cells_of, read_table
from ganaug.datasets.csv_format import TextSource
from ganaug.evaluation import PreviewRow, preview_rows

ANSWERS = ["Does it help?", "Is it real?", "Is it safe to share?"]


def run(line: str) -> int:
    return main(line.split())


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Write ``in.csv`` with 200 rows, 40 of them gold; a column of long text, and a group."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    rng = np.random.default_rng(0)
    is_gold = np.arange(200) % 5 == 0
    frame = pd.DataFrame({"age": rng.integers(18, 80, 200) + 9 * is_gold, "income": rng.normal(size=200).round(3)})
    frame["a column with a long name"] = rng.choice(["some text that is rather long", "short"], 200)
    frame["patient"] = np.arange(200) // 2
    frame["plan"] = np.where(is_gold, "gold", "basic")
    frame.to_csv("in.csv", index=False)
    return frame


def test_three_answers_then_what_was_written_a_preview_and_the_next_command(table, capsys):
    assert run("balance in.csv out.csv --target plan --max-time 0.5 --seed 0 --mark new") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [re.split(r"  +", line)[0] for line in lines if line.startswith(("Does it", "Is it"))][:3] == ANSWERS
    assert lines[0].split()[3:] == ["unknown", *["Not", "measured.", "Run:", "ganaug", "compare", "in.csv", "--target"]]
    text = " ".join(" ".join(lines).split())
    assert "Wrote out.csv: 200 real rows, then 120 synthetic rows of class gold." in text
    assert re.search(r"It took [\d.]+ s, [\d.]+ s of it the training\.", text)
    head = [line.split() for line in lines if line.split() == ["synthetic", "real"] * 3]
    assert len(head) == 1
    assert any(line.split() == ["plan", *["gold"] * 6] for line in lines)
    assert lines[-1] == "Next: ganaug evaluate in.csv out.csv --target plan --mark new"
    assert all(len(line.rstrip()) <= 80 for line in lines)
    assert "What was added?" not in text


def test_the_preview_shows_synthetic_rows_beside_their_nearest_real_ones(table, capsys):
    assert run("balance in.csv out.csv --target plan --max-time 0.3 --seed 0") == 0
    row = next(line.split() for line in capsys.readouterr().out.splitlines() if line.split()[:1] == ["age"])
    synthetic, real = row[1::2], row[2::2]
    assert {int(age) for age in real} <= set(table.loc[table["plan"] == "gold", "age"])
    assert {int(age) for age in synthetic} <= set(pd.read_csv("out.csv")["age"].iloc[200:])


def test_the_preview_shows_cells_as_the_file_writes_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    lines = [f"{1 + i % 28:02d}.12.1999;1.{100 + i},50 €;{i % 7 or '?'};{'ja' if i % 3 else 'nein'}" for i in range(60)]
    path = tmp_path / "in.csv"
    path.write_text("\n".join(["Datum;Preis;Zahl;Klasse", *lines]))
    table = read_table(path, target="Klasse")
    X, y = table.split("Klasse")
    print_preview(preview_rows(X, y.to_numpy(), X[:40], y[:40].to_numpy()), "Klasse", table)
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if line.split()}
    written = pd.read_csv(path, sep=";", dtype=str)
    assert set(rows["Datum"]) <= set(written["Datum"])
    assert {f"{price} €" for price in rows["Preis"][::2]} <= set(written["Preis"])
    assert set(rows["Zahl"]) <= set(written["Zahl"])
    missing = cells_of(table, pd.Series({"Zahl": None, "other": 1.5}))
    assert missing.to_dict() == {"Zahl": "?", "other": 1.5}


def test_names_of_columns_are_readable_in_80_columns(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    frame = pd.DataFrame({"OnlineBackup": ["No internet service"] * 3, "OnlineMovies": ["Yes"] * 3})
    print_preview([PreviewRow("yes", frame.loc[i], frame.loc[i]) for i in range(3)], "churn", Table(frame))
    long = f"a_{'very_' * 20}long_name"
    print_answers([Finding(REAL, "bad", f"The distribution of {long!r} is far from the real one.")])
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert {"OnlineBackup", "OnlineMovies"} <= {word for line in lines for word in line.split()}
    assert "".join(" ".join(lines).split()).count("…") == 6  # only of the cells
    assert long in "".join(" ".join(lines).split())


def test_the_preview_of_a_wide_table_shows_the_columns_that_differ_first(capsys):
    real = pd.Series({f"column_{i:02d}_of_a_long_name": 1 for i in range(20)})
    synthetic = real.copy()
    synthetic[["column_13_of_a_long_name", "column_19_of_a_long_name"]] = 2
    print_preview([PreviewRow("yes", synthetic, real)], "churn", Table(real.to_frame().T))
    said = "".join(capsys.readouterr().out.split())
    assert said.index("column_13") < said.index("column_19") < said.index("column_00")
    assert "column_12" not in said
    assert "and8morecolumns;thoseabovediffermost" in said


def test_with_select_and_report_the_page_holds_the_comparison_and_groups_stay_together(table, capsys):
    line = "balance in.csv out.csv --target plan --seed 0 --select --groups patient --max-time 0.2 --report page.html"
    assert run(line) == 0
    shown = capsys.readouterr()
    text = " ".join(shown.out.split())
    assert shown.out.startswith("Does it help? ")
    assert "Nothing is added. Too few splits were run to say: " in text
    assert "there is time for 1 of 10 splits. A verdict needs 5 splits" in shown.err
    assert "Tests" in Path("page.html").read_text()
    assert len(pd.read_csv("out.csv")) == 200
    assert run("balance in.csv more.csv --target plan --select --groups plan") == 2
    assert "--groups plan is the target" in capsys.readouterr().err
    assert run("balance in.csv more.csv --target plan --groups patient") == 2
    assert "--groups patient needs --select or --compare" in capsys.readouterr().err


def test_with_compare_the_page_says_whether_the_rows_help(table, capsys):
    line = "balance in.csv out.csv --target plan --seed 0 --compare --max-time 0.2 --report page.html"
    assert run(line) == 0
    printed = capsys.readouterr().out
    assert "Wrote page.html: the report" in printed
    page = Path("page.html").read_text()
    assert "Too few splits were run to say: 1, and at least 5 are needed." in page
    assert "HistGradientBoostingClassifier: means over 1 of 10 splits" in page
    assert "Mean scores of LogisticRegression (1 of 10 splits)" in printed


def fitted(Repeater):
    """Return a sampler that has a model."""
    sampler = Repeater(sampling_strategy="auto", random_state=0)
    sampler.model_ = None
    return sampler


def full(*_, **__):
    raise OSError(28, "No space left on device", "out.csv")


def test_a_failed_write_keeps_the_model_beside_out_and_names_it(table, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(TextSource, "write", full)
        assert run("balance in.csv out.csv --target plan --max-time 0.1 --seed 0") == 2
    error = capsys.readouterr().err
    assert "No space left on device" in error
    assert "the trained model is kept in out.csv.model" in error
    assert error.count("\n") == 1
    assert names() == ["in.csv", "out.csv.model"]
    assert run("sample out.csv.model more.csv --label gold -n 3 --seed 4") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.startswith("Wrote more.csv: 3 synthetic rows of class gold from out.csv.model, with seed 4. It took")


def test_a_full_disk_at_save_is_one_line(table, capsys, monkeypatch):
    def save(self, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("ganaug.GANOversampler.save", save)
    assert run("balance in.csv out.csv --target plan --max-time 0.1 --save m.gan") == 2
    said = "m.gan: No space left on device; out.csv is written, but the trained model is not kept"
    assert capsys.readouterr().err == f"ganaug: error: {said}\n"
    assert names() == ["in.csv", "out.csv"]
    Path("out.csv").unlink()
    # without --save the model is a precaution only: what cannot be kept does not stop the data
    assert run("balance in.csv out.csv --target plan --max-time 0.1") == 0
    assert names() == ["in.csv", "out.csv"]


def test_a_full_disk_at_save_leaves_the_data_and_the_model_elsewhere(quick, table, capsys, monkeypatch):
    Repeater = sys.modules["ganaug.oversampler"].GANOversampler
    store = Repeater.save

    def save(self, path):
        if path.name == "m.gan":
            raise OSError(28, "No space left on device", str(path))
        store(self, path)

    monkeypatch.setattr(Repeater, "save", save)
    Path("m.gan").write_text("an earlier model")
    said = r"m\.gan: No space left on device; out\.csv is written; the trained model is kept in"
    with pytest.raises(OSError, match=said), kept_model(fitted(Repeater), Path("m.gan"), Path("out.csv")):
        Path("out.csv").write_text("rows")
    assert names() == ["in.csv", "m.gan", "out.csv", "out.csv.model"]
    assert Path("m.gan").read_text() == "an earlier model"


def test_a_full_disk_at_out_and_beside_it_leaves_the_model_elsewhere(quick, table, tmp_path, monkeypatch):
    (tmp_path / "full").mkdir()
    Repeater = sys.modules["ganaug.oversampler"].GANOversampler
    store = Repeater.save

    def save(self, path):
        if path.parent.name == "full":
            raise OSError(28, "No space left on device", str(path))
        store(self, path)

    monkeypatch.setattr(Repeater, "save", save)
    said = r"No space left on device; the trained model is kept in .*out\.csv\.model"
    with pytest.raises(OSError, match=said), kept_model(fitted(Repeater), None, Path("full/out.csv")):
        full()
    assert names() == ["full", "in.csv", "out.csv.model"]


def test_a_full_disk_at_the_page_says_what_was_written(table, capsys, monkeypatch):
    def write(result, path, **options):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("ganaug.reporting.report", write)
    assert run("balance in.csv out.csv --target plan --max-time 0.1 --report page.html --seed 0") == 2
    assert capsys.readouterr().err.endswith("page.html: No space left on device; kept: out.csv\n")
    assert names() == ["in.csv", "out.csv"]


def test_messages_name_options_of_the_shell():
    for message, expected in {
        "n_splits=5 is more than the 3 rows": "--splits 5 is more than the 3 rows",
        "leave the classes out of sampling_strategy.": "leave the classes out of --strategy.",
        "pass mark='s' (in the shell --mark s)": "pass --mark s",
        "column 'n_jobs' of metric data": "column 'n_jobs' of metric data",
    }.items():
        assert in_shell_words(message) == expected


@pytest.mark.parametrize(
    ("python", "shell"),
    [
        ("raise max_time (in the shell --max-time) or", "raise --max-time or"),
        ("pass ignore=[] (in the shell --ignore none).", "pass --ignore none."),
        ("text_columns=['a b'] (in the shell --text 'a b') writes", "--text 'a b' writes"),
        ("bounds={'a b': (lowest, highest)} (in the shell --bounds 'a=1:2'), or", "--bounds 'a=1:2', or"),
        ("fit into max_time=60, as", "fit into --max-time 60, as"),
        ("ignore holds 'town', which is not a column", "--ignore holds 'town', which is not a column"),
        ("as read_images(PATH,resize=(64,64)) (in the shell --resize 64x64), or", "--resize 64x64, or"),
    ],
)
def test_messages_name_the_options_of_the_shell(python, shell):
    assert in_shell_words(python).endswith(shell)


def test_who_reads_no_further_gets_the_files_that_follow(tmp_path):
    code = """
import sys
from pathlib import Path
from ganaug.cli.console import print_answers
from ganaug.common.findings import REAL, Finding

sys.stdin.readline()  # until nobody reads
for _ in range(2):
    print_answers([Finding(REAL, "good", "Near enough.", {})])
Path(sys.argv[1]).touch()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "page.html")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdout.close()
    process.stdin.write(b"\n")
    process.stdin.close()
    assert process.wait(60) == 0
    assert (tmp_path / "page.html").exists()


def test_the_time_of_all_trainings_is_counted(capsys):
    histories = [pd.DataFrame({"seconds": of}) for of in ([10.0, 30.0], [1.0, 2.0])]
    texts = SimpleNamespace(seconds=4.0)
    model = SimpleNamespace(autoencoder_history_=histories[0], history_=histories[1], texts_=texts)
    print_written("Wrote out.csv.", time.perf_counter() - 40, model)
    assert " ".join(capsys.readouterr().out.split()) == "Wrote out.csv. It took 40 s, 36 s of it the training."
    print_written("Wrote out.csv.", time.perf_counter() - 34, model)
    assert " ".join(capsys.readouterr().out.split()) == "Wrote out.csv. It took 34 s, after trainings of 36 s in all."
    print_written("Wrote out.csv.", time.perf_counter() - 40, None)
    assert "training" not in capsys.readouterr().out
