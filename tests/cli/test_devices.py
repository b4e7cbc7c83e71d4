"""``ganaug balance --devices``: several processes train, one writes."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ganaug.cli import main


@pytest.fixture
def table(tmp_path):
    """A CSV file of two classes."""
    y = np.repeat(["common", "rare"], [40, 12])
    X = np.random.default_rng(0).normal(size=(52, 3)).round(3) + (y == "rare")[:, None]
    path = tmp_path / "in.csv"
    pd.DataFrame(X, columns=list("abc")).assign(y=y).to_csv(path, index=False)
    return path


def test_the_result_is_written_once(table, capfd):
    out = table.parent / "out.csv"
    assert (
        main(["balance", str(table), str(out), "--target", "y", "--seed", "0", "--max-time", "2", "--devices", "2"])
        == 0
    )
    assert pd.read_csv(out)["y"].value_counts().to_dict() == {"common": 40, "rare": 40}
    assert sorted(path.name for path in table.parent.iterdir()) == ["in.csv", "out.csv"]
    printed, said = capfd.readouterr()
    assert printed.count("Wrote ") == 1
    assert said == ""


def test_more_processes_than_are_there_are_not_waited_for(table, capsys):
    assert main(["balance", str(table), str(table.parent / "out.csv"), "--target", "y", "--devices", "0"]) == 2
    assert "--devices" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "code"), [(["--max-time", "2"], 0), (["--strategy", "minority", "--share", "2"], 1)]
)
def test_torchrun_writes_once_and_ends(table, options, code):
    out = table.parent / "out.csv"
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        "-m",
        "ganaug.cli",
    ]
    command += ["balance", str(table), str(out), "--target", "y", "--seed", "0", *options]
    given = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == code
    assert done.stdout.count("Wrote ") == (code == 0)
    assert out.exists() == (code == 0)
    if code:
        assert done.stderr.count("--share 2") == 1
    else:
        assert pd.read_csv(out)["y"].value_counts().to_dict() == {"common": 40, "rare": 40}
