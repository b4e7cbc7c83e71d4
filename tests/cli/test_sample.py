"""`ganaug sample`: rows of one class from a stored model."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug import GANOversampler, TabularGAN
from ganaug.cli.app import main


def run(line: str) -> int:
    return main(line.split())


def test_from_table_to_model_to_rows(in_csv, capsys):
    rng = np.random.default_rng(0)
    lines = [
        f"{rng.normal(i < 12):.2f};{rng.integers(9)};{rng.choice(['x', 'y', '?'])};"
        f"{rng.integers(1, 28):02d}.01.2024;0{int(i < 12)}\r\n"
        for i in range(120)
    ]
    table = "height;n;kind;day;label\r\n" + "".join(lines)
    Path("in.csv").write_bytes(table.encode())
    assert run("balance in.csv out.csv --target label --max-time 1 --seed 1 --save m.gan") == 0
    out = Path("out.csv").read_bytes().decode()
    assert out.startswith(table)
    new = pd.read_csv(io.StringIO(out), sep=";", dtype=str, keep_default_na=False)[120:]
    assert new["label"].eq("01").all()
    assert len(new) == 96
    assert new["height"].str.fullmatch(r"-?\d+\.\d\d").all()
    assert new["n"].str.fullmatch(r"\d").all()
    assert new["kind"].isin(["x", "y", "?"]).all()
    assert new["day"].str.fullmatch(r"\d\d\.01\.2024").all()

    assert run("sample m.gan rows.csv --label 01 -n 5 --seed 2") == 0
    assert Path("rows.csv").read_bytes().startswith(b"height;n;kind;day;label\r\n")
    rows = pd.read_csv("rows.csv", sep=";", dtype=str, keep_default_na=False)
    assert rows["label"].tolist() == ["01"] * 5
    assert rows["height"].str.fullmatch(r"-?\d+\.\d\d").all()
    assert rows["day"].str.fullmatch(r"\d\d\.01\.2024").all()
    assert rows["kind"].isin(["x", "y", "?"]).all()
    assert run("sample m.gan rows.tsv --label 01 -n 5 --seed 2") == 0
    assert Path("rows.tsv").read_text().replace("\t", ";") == Path("rows.csv").read_text()
    capsys.readouterr()
    assert run("sample m.gan more.csv --label 2 -n 5") == 2
    assert capsys.readouterr().err == "ganaug: error: there is no class '2'; the classes are '00', '01'\n"
    Path("half.gan").write_bytes(Path("m.gan").read_bytes()[:500])
    assert run("sample half.gan more.csv --label 01 -n 5") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not Path("more.csv").exists()


@pytest.mark.parametrize("kind", ["array", "polars", "numbers as names"])
def test_sample_of_a_model_that_never_saw_a_file(in_csv, kind, capsys):
    rows = np.random.default_rng(0).normal(size=(30, 2))
    X = {"array": rows, "polars": pl.DataFrame(rows, schema=["a", "b"]), "numbers as names": pd.DataFrame(rows)}[kind]
    y = pd.Series(np.repeat(["no", "yes"], [20, 10]), name="a")
    model = TabularGAN(n_steps=3, hidden_sizes=(8,), device="cpu")
    GANOversampler(model=model, random_state=0).fit(X, y.rename("label")).save("m.ganaug")
    for out in ("more.csv", "more.parquet"):
        assert run(f"sample m.ganaug {out} --label yes -n 4") == 0
    rows = pd.read_csv("more.csv")
    assert len(rows) == 4
    assert rows["label"].tolist() == ["yes"] * 4
    assert list(rows)[:2] == {"array": ["x0", "x1"], "polars": ["a", "b"], "numbers as names": ["0", "1"]}[kind]
    if kind == "polars":
        GANOversampler(model=model, random_state=0).fit(X, y).save("clash.ganaug")
        assert run("sample clash.ganaug other.csv --label yes -n 4") == 2
        assert "the rows have a column 'a', which is also the name of the labels" in capsys.readouterr().err


def test_given_cells(in_csv, capsys):
    rng = np.random.default_rng(0)
    size = rng.choice(["S", "L=1"], 80)
    X = pd.DataFrame({"size": size, "n": rng.integers(0, 9, 80), "a=b": rng.normal(size=80).round(2)})
    y = pd.Series(np.repeat(["no", "yes"], [50, 30]), name="label")
    model = TabularGAN(n_steps=3, hidden_sizes=(8,), device="cpu")
    GANOversampler(model=model, random_state=0).fit(X, y).save("m.ganaug")
    assert run("sample m.ganaug more.csv --label yes -n 4 --given n=3 --given size=L=1") == 0
    assert "of class yes, n = 3, size = L=1 from" in capsys.readouterr().out
    rows = pd.read_csv("more.csv")
    assert rows["n"].tolist() == [3] * 4
    assert rows["size"].tolist() == ["L=1"] * 4
    assert run(f"sample m.ganaug more.csv --label yes -n 4 --given a=b={X['a=b'][0]} --force") == 0
    for wrong, message in {
        "n=many": "it holds numbers",
        "n=99": "no training row had such a value",
        "size=XL": "known are",
        "m=3": "there is no column 'm'; the columns are 'size', 'n', 'a=b'",
        "n": "write COLUMN=VALUE",
    }.items():
        capsys.readouterr()
        assert run(f"sample m.ganaug other.csv --label yes -n 4 --given {wrong}") == 2
        assert message in capsys.readouterr().err
    assert not Path("other.csv").exists()


def test_given_values_are_read_as_the_file_writes_them(in_csv, capsys):
    rng = np.random.default_rng(0)
    lines = [
        f'"€{1000 + 10 * rng.integers(99):,}",{rng.integers(100)} %,{1 + i % 28:02d}.01.2024,'
        f"{'rare' if i < 12 else 'no'}\n"
        for i in range(80)
    ]
    Path("in.csv").write_text("monthly,rate,day,label\n" + "".join(lines))
    assert run("balance in.csv out.csv --target label --max-time 1 --seed 1 --save m.gan") == 0
    capsys.readouterr()
    given = ["--given", "monthly=€1,200", "--given", "rate=20%", "--given", "day=05.01.2024"]
    assert main(["sample", "m.gan", "rows.csv", "--label", "rare", "-n", "2", *given]) == 0
    assert Path("rows.csv").read_text().splitlines()[1:] == ['"€1,200",20 %,05.01.2024,rare'] * 2
    assert "monthly = €1,200" in " ".join(capsys.readouterr().out.split())
    for wrong, says in {
        "monthly=cheap": "'monthly' cannot be 'cheap'",
        "monthly=": "no training row lacks 'monthly'",
        "label=rare": "'label' is the class, which --label says",
        "rate=30": "'rate' has a value already",
    }.items():
        assert main(["sample", "m.gan", "more.csv", "--label", "rare", "-n", "2", *given[2:4], "--given", wrong]) == 2
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1
