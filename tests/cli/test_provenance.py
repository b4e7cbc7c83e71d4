"""`ganaug balance --provenance`: where each synthetic row comes from, in a file."""

import pandas as pd
import pytest

from ganaug.cli.app import main


@pytest.mark.parametrize(("name", "options", "first"), [("p.csv", [], 40), ("p.parquet", ["--only-synthetic"], 0)])
def test_a_row_for_each_synthetic_row(in_csv, name, options, first):
    command = ["balance", "in.csv", "out.csv", "--target", "plan", "--max-time", "0.1", "--seed", "0"]
    assert main([*command, "--provenance", name, *options]) == 0
    found = pd.read_csv(name) if name.endswith("csv") else pd.read_parquet(name)
    assert list(found.columns) == ["row", "nearest", "distance", "realism", "certainty", "is_copy"]
    assert found["row"].tolist() == list(range(first, first + 28))
    assert found["nearest"].between(0, 39).all()
    assert (pd.read_csv("out.csv")["plan"].iloc[found["row"]] == "gold").all()


def test_the_file_is_checked_before_the_work(in_csv, quick, capsys):
    for name, message in (("p.xlsx", "unknown extension"), ("out.csv", "is also another file of this command")):
        assert main(["balance", "in.csv", "out.csv", "--target", "plan", "--provenance", name]) == 2
        assert message in capsys.readouterr().err
    assert not quick
