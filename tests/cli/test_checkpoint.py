"""``ganaug balance --checkpoint``: the same command goes on where it was stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ganaug import TabularGAN
from ganaug.cli import main
from ganaug.training import training_file

LINE = "balance in.csv out.csv --target plan --seed 1 --checkpoint run.ck --selection none"


def run(line):
    return main(line.split())


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setitem(TabularGAN.__init__.__kwdefaults__, "n_steps", 40)
    monkeypatch.setitem(TabularGAN.__init__.__kwdefaults__, "hidden_sizes", (8,))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_the_same_command_goes_on(in_csv, capsys, monkeypatch, number):
    assert run(LINE.replace("out.csv", "whole.csv").replace(" --checkpoint run.ck", "")) == 0
    after_step = training_file.Stage.after_step

    def stop(stage, state, n_steps):
        if state.step == 23:
            signal.raise_signal(number)
        after_step(stage, state, n_steps)

    with monkeypatch.context() as patch:
        patch.setattr(training_file.Stage, "after_step", stop)
        capsys.readouterr()
        assert run(LINE) == 128 + number
    error = capsys.readouterr().err
    assert "ganaug: warning: The training was stopped at step 23 of 40. Run the same again to go on from" in error
    assert error.endswith(
        "interrupted while training; kept: the checkpoint run.ck, from which the same command goes on\n"
    )
    assert not Path("out.csv").exists()
    assert run(LINE.replace("--seed 1", "--seed 2")) == 2
    assert "checkpoint 'run.ck' is of another training: --seed is another one" in capsys.readouterr().err
    assert run(LINE) == 0
    assert Path("out.csv").read_text() == Path("whole.csv").read_text()
    assert not Path("run.ck").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("--checkpoint in.csv", "--checkpoint in.csv is also another file of this command"),
        ("--checkpoint out.csv", "--checkpoint out.csv is also another file of this command"),
        ("--checkpoint other.csv", "'other.csv' exists and is not a checkpoint"),
        ("--checkpoint none/run.ck", "no folder for the checkpoint"),
    ],
)
def test_files_that_cannot_be_a_checkpoint(in_csv, capsys, change, said):
    Path("other.csv").write_text(in_csv)
    assert run(LINE.replace("--checkpoint run.ck", change)) == 2
    assert said in capsys.readouterr().err
    assert Path("in.csv").read_text() == Path("other.csv").read_text() == in_csv
    assert not Path("out.csv").exists()


# at random moments; `make test-long` has ten
N_KILLS = int(os.environ.get("GANAUG_KILLS", "3"))
KILLED = """
import sys
from ganaug import TabularGAN
from ganaug.training import training_file
training_file.EVERY, training_file.PART = 0.05, 1e9
TabularGAN.__init__.__kwdefaults__.update(n_steps=400)
from ganaug.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of POSIX")
def test_kills_of_the_command_change_nothing(in_csv):
    def command(out):
        line = LINE.replace("out.csv", out).split()
        return subprocess.Popen(
            [sys.executable, "-c", KILLED, *line], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    with command("whole.csv") as process:
        assert process.wait() == 0
    rng = np.random.default_rng(0)
    n_kept = 0
    for _ in range(N_KILLS):
        with command("out.csv") as process:
            while process.poll() is None and not Path("run.ck").exists():  # until the first training begins
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 1))
            if process.poll() is not None:
                break
            process.kill()
        n_kept += Path("run.ck").exists()
    if not Path("out.csv").exists():
        with command("out.csv") as process:
            assert process.wait() == 0
    assert n_kept
    assert Path("out.csv").read_text() == Path("whole.csv").read_text()
