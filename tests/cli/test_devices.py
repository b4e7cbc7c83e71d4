"""``ganaug balance --devices``: several processes train, one writes."""

import json
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
    words = ["balance", str(table), str(out), "--target", "y", "--seed", "0", "--max-time", "0.5", "--devices", "2"]
    assert main(words) == 0
    assert pd.read_csv(out)["y"].value_counts().to_dict() == {"common": 40, "rare": 40}
    assert sorted(path.name for path in table.parent.iterdir()) == ["in.csv", "out.csv"]
    printed, said = capfd.readouterr()
    assert printed.count("Wrote ") == 1
    assert said == ""


def test_more_processes_than_are_there_are_not_waited_for(table, capsys):
    assert main(["balance", str(table), str(table.parent / "out.csv"), "--target", "y", "--devices", "0"]) == 2
    assert "--devices" in capsys.readouterr().err


# What a process of torchrun runs: a command that fails, and then one that does not.
TWO_COMMANDS = """
import json, os, sys
from pathlib import Path
from ganaug.cli import main

words = sys.argv[2:]
codes = [main([*words, "--strategy", "minority", "--share", "2"]), main([*words, "--max-time", "0.5"])]
Path(sys.argv[1], os.environ["RANK"]).write_text(json.dumps(codes))
"""


@pytest.mark.slow
def test_torchrun_writes_once_and_ends(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("codes")
    script, out = folder / "two_commands.py", table.parent / "out.csv"
    script.write_text(TWO_COMMANDS)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", script, folder]
    command += ["balance", table, out, "--target", "y", "--seed", "0"]
    given = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(list(map(str, command)), env=given, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert [json.loads((folder / str(rank)).read_text()) for rank in range(2)] == [[2, 0], [0, 0]]
    assert done.stderr.count("--share 2") == 1
    assert done.stdout.count("Wrote ") == 1
    assert pd.read_csv(out)["y"].value_counts().to_dict() == {"common": 40, "rare": 40}
