"""`ganaug balance` of a table: what it passes on, writes and prints."""

import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ganaug.cli.app import main
from ganaug.datasets.csv_format import TextSource


def run(line: str) -> int:
    return main(line.split())


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def test_balance(in_csv, quick, capsys):
    assert run("balance in.csv out.csv --target plan --seed 3") == 0
    out = Path("out.csv").read_text()
    assert out.startswith(in_csv)
    assert out.count(",gold\n") == out.count(",basic\n") == 34
    shown = capsys.readouterr()
    assert shown.err == ""
    assert [line.split() for line in shown.out.splitlines() if line.split()[:1] == ["gold"]] == [
        ["gold", "6", "28", "34"]
    ]
    assert quick[0].options["verbose"] == 0  # no bar without a terminal
    assert quick[0].options["categorical_features"] is None  # the model recognises categories itself
    assert names() == ["in.csv", "out.csv"]


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.parquet"])
def test_equal_share(in_csv, name, capsys):
    command = ["balance", "in.csv", name, "--target", "plan", "--strategy", "equal share", "--share", "0.5"]
    assert main([*command, "--mark", "synthetic", "--max-time", "0.1", "--seed", "0", "--selection", "none"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    shown = [words for words in lines if words[:1] in (["gold"], ["basic"])]
    assert shown == [["basic", "34", "34", "68"], ["gold", "6", "28", "34", "68"]]
    out = pd.read_parquet(name) if name.endswith("parquet") else pd.read_csv(name, sep="\t" if "tsv" in name else ",")
    # 34 real rows of each class, those of the smaller one repeated, and as many synthetic ones
    assert out.groupby(["plan", "synthetic"]).size().tolist() == [34, 34, 34, 34]
    real = out[(out["synthetic"] == 0) & (out["plan"] == "gold")]
    assert set(real["age"]) == set(range(20, 26))
    assert main([*command[:2], "new.csv", *command[3:], "--only-synthetic", "--max-time", "0.1"]) == 0
    assert pd.read_csv("new.csv")["plan"].value_counts().to_dict() == {"gold": 34, "basic": 34}


def test_a_share_needs_its_strategy(in_csv, capsys):
    assert run("balance in.csv out.csv --target plan --share 0.5") == 2
    assert "--share 0.5 needs --strategy 'equal share'" in capsys.readouterr().err
    assert main(["balance", "in.csv", "out.csv", "--target", "plan", "--strategy", "equal share", "--share", "1"]) == 2
    assert "--share 1.0 must lie between 0 and 1, both excluded" in capsys.readouterr().err
    assert names() == ["in.csv"]


def test_options_reach_the_sampler(in_csv, quick):
    line = "balance in.csv out.parquet --target plan --strategy 0.5 --selection none --model tabular --seed 7"
    assert (
        main(
            [
                *str.split(line),
                *str.split("--max-time 1.5 --mark synthetic --only-synthetic"),
                "--categorical",
                "age,town",
                "--constraint",
                "age >= 20",
                "--constraint",
                "age < 100",
            ]
        )
        == 0
    )
    options = quick[0].options
    (limit,) = options.pop("callbacks")
    assert limit.max_time == 1.5
    assert options == {
        "sampling_strategy": 0.5,
        "selection": None,
        "model": "tabular",
        "categorical_features": ["age", "town"],
        "ignore": None,
        "constraints": ["age >= 20", "age < 100"],
        "random_state": 7,
        "max_time": 1.5,
        "verbose": 0,
        "checkpoint": None,
        "text_columns": None,
        "devices": None,
    }
    frame = pd.read_parquet("out.parquet")
    assert list(frame.columns) == ["age", "town", "plan", "synthetic"]
    assert frame["plan"].tolist() == ["gold"] * 11
    assert frame["synthetic"].eq(1).all()


@pytest.mark.parametrize("strategy", ["gold=20,basic=40", '{"gold": 20, "basic": 40}'])
def test_counts_of_classes(in_csv, quick, strategy):
    assert main([*str.split("balance in.csv out.csv --target plan --strategy"), strategy]) == 0
    assert quick[0].options["sampling_strategy"] == {"gold": 20, "basic": 40}
    assert Path("out.csv").read_text().count(",gold\n") == 20


def test_number_labels_in_counts(in_csv, quick):
    Path("in.csv").write_text(in_csv.replace("gold", "1").replace("basic", "0"))
    assert run("balance in.csv out.csv --target plan --strategy 1=9") == 0
    assert Path("out.csv").read_text().count(",1\n") == 9


def test_in_is_out_only_with_force(in_csv, quick, capsys):
    assert run("balance in.csv in.csv --target plan") == 2
    assert Path("in.csv").read_text() == in_csv
    assert run("balance in.csv in.csv --target plan --force --save m.gan") == 0
    assert Path("in.csv").read_text().startswith(in_csv)
    assert Path("m.gan").read_text() == "a model"


def test_warnings_are_one_line(in_csv, quick, capsys, monkeypatch):
    sampler_class = sys.modules["ganaug.oversampler"].GANOversampler

    def warn(sampler, X, y, attributes=None):
        warnings.warn("few\nrows", UserWarning, stacklevel=2)
        warnings.warn("for programmers", FutureWarning, stacklevel=2)
        return resample(sampler, X, y)

    resample = sampler_class.fit_resample
    monkeypatch.setattr(sampler_class, "fit_resample", warn)
    assert run("balance in.csv out.csv --target plan") == 0
    assert capsys.readouterr().err == "ganaug: warning: few rows\n"


@pytest.mark.parametrize("kind", ["table", "balanced"])
def test_log_dir(in_csv, kind, capsys):
    if kind == "balanced":
        Path("in.csv").write_text(in_csv.replace("gold", "basic", 3).replace("basic", "gold", 17))
    counts = pd.read_csv("in.csv")["plan"].value_counts()
    Path("old").mkdir()
    Path("old", "notes").touch()
    assert run("balance in.csv out.csv --target plan --seed 0 --max-time 0.1 --log-dir old") == 0
    if counts.min() == counts.max():
        assert "Nothing was trained, so nothing is written to old." in capsys.readouterr().err
        assert [path.name for path in Path("old").iterdir()] == ["notes"]
        return
    assert {"step", "discriminator_loss"} < set(pd.read_csv("old/history.csv"))
    assert any(path.name.startswith("events.out") for path in Path("old").iterdir())


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission(in_csv, quick, capsys):
    Path("closed").mkdir(mode=0o500)
    assert run("balance in.csv closed/out.csv --target plan") == 2
    assert "Permission denied" in capsys.readouterr().err


def test_a_failed_write_of_the_data_keeps_the_model(in_csv, quick, capsys, monkeypatch):
    def full(source, file, *_, **__):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TextSource, "write", full)
    assert run("balance in.csv out.csv --target plan --save m.gan") == 2
    said = (
        f"{Path('out.csv').resolve()}: No space left on device; the trained model is kept in m.gan, for ganaug sample"
    )
    assert capsys.readouterr().err == f"ganaug: error: {said}\n"
    assert names() == ["in.csv", "m.gan"]
    assert Path("m.gan").read_text() == "a model"


@pytest.mark.parametrize("cells", ["1,a\n2,a\n3,a\n", "inf,a\n2.5,b\n3,a\n" * 9])
def test_what_the_library_refuses(in_csv, capsys, cells):
    Path("in.csv").write_text("x,plan\n" + cells)
    assert run("balance in.csv out.csv --target plan") == 2
    error = capsys.readouterr().err
    assert error.startswith("ganaug: error: ")
    assert error.count("\n") == 1
    assert not Path("out.csv").exists()


@pytest.fixture
def with_identifiers(in_csv):
    """Add a customer and a note to ``in.csv``; return the customers."""
    frame = pd.read_csv("in.csv")
    customers = [f"{i * 37 % 10_000:04d}-{chr(65 + i % 26)}{chr(65 + i * 7 % 26)}" for i in range(len(frame))]
    frame.insert(0, "customer", customers)
    frame.assign(note="fine").to_csv("in.csv", index=False)
    return customers


def test_synthetic_rows_get_new_identifiers(with_identifiers, capsys):
    command = ["balance", "in.csv", "out.csv", "--target", "plan", "--max-time", "0.1", "--seed", "0", "--mark", "new"]
    assert main([*command, "--save", "model", "--selection", "none"]) == 0
    assert "identify rows are not learned" in capsys.readouterr().err
    out = pd.read_csv("out.csv")
    new = out.loc[out["new"] == 1, "customer"]
    assert len(new) == 28
    assert new.is_unique
    assert new.str.fullmatch(r"\d{4}-[A-Z]{2}").all()
    assert not set(new) & set(with_identifiers)
    assert main(["evaluate", "in.csv", "out.csv", "--mark", "new"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "No synthetic row carries an identifier of a real row in 'customer'." in shown
    assert main(["sample", "model", "more.csv", "--label", "gold", "-n", "50"]) == 0
    assert not set(pd.read_csv("more.csv")["customer"]) & set(with_identifiers)


def test_columns_are_ignored_by_name(with_identifiers, quick, capsys):
    assert run("balance in.csv a.csv --target plan --ignore age,town") == 0
    assert run("balance in.csv b.csv --target plan --ignore none") == 0
    assert run("balance in.csv c.csv --target plan") == 0
    assert run("balance in.csv e.csv --target plan --ignore age --ignore town") == 0
    ignored = [sampler.options["ignore"] for sampler in quick if sampler.options]
    assert ignored == [["age", "town"], [], None, ["age", "town"]]
    assert run("balance in.csv d.csv --target plan --ignore agee") == 2
    assert "did you mean 'age'?" in capsys.readouterr().err
    assert run("balance in.csv d.csv --target plan --ignore plan") == 2
    assert "--ignore names the target 'plan'; leave it out" in capsys.readouterr().err


def test_lists_of_columns_may_be_given_in_several_options(in_csv, quick):
    Path("in.csv").write_text(in_csv.replace("age,town", '"age, years",town'))
    command = ["balance", "in.csv", "out.csv", "--target", "plan", "--text", "town", "--text"]
    assert main([*command, "age, years", "--categorical", "age, years", "--categorical", "town,town"]) == 0
    options = quick[0].options
    assert options["text_columns"] == ["town", "age, years"]
    assert options["categorical_features"] == ["age, years", "town"]


def test_an_identifier_is_no_target(with_identifiers, capsys):
    assert run("balance in.csv out.csv --target customer") == 2
    assert "it identifies rows and cannot be the column of classes" in " ".join(capsys.readouterr().err.split())


def test_rules_are_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 200, 120), unit="D")
    end = start + pd.to_timedelta(rng.integers(0, 40, 120), unit="D")
    frame = pd.DataFrame({"start": start, "end": end, "cost of stay": rng.integers(1, 500, 120), "kind": "a"})
    frame.loc[:19, "kind"] = "b"
    rule = "`cost of stay` < 450 or kind = 'a'"
    frame.loc[frame["kind"] == "b", "cost of stay"] //= 2
    frame.to_csv("in.csv", index=False, date_format="%d.%m.%Y")
    line = "balance in.csv out.csv --target kind --only-synthetic --seed 0 --max-time 1"
    assert main([*line.split(), "--constraint", rule]) == 0
    written = pd.read_csv("out.csv", parse_dates=["start", "end"], date_format="%d.%m.%Y")
    assert len(written) == 80
    assert (written["start"] <= written["end"]).all()
    assert (written["cost of stay"] < 450).all()


def test_a_rule_that_cannot_be_read_is_one_line(in_csv, capsys):
    assert main([*str.split("balance in.csv out.csv --target plan --constraint"), "height > 3"]) == 2
    error = capsys.readouterr().err
    assert "'height', which is not a column; the columns are 'age', 'town', 'plan'" in error
    assert error.count("\n") == 1
    assert not Path("out.csv").exists()


def test_rules_are_for_tables(images, capsys):
    assert main([*str.split("balance in out --constraint"), "a < b"]) == 2
    assert "--constraint is for tables" in capsys.readouterr().err
