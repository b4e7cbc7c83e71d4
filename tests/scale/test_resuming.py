"""An interrupted run goes on: whole files are kept, and the result is that of a run in one go."""

import json
import os
import signal
import subprocess
import sys

import pandas as pd
import pytest

from ganaug.cli import main
from ganaug.common.folders import unfinished
from ganaug.scale import balance_parquet
from ganaug.training import Callback

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore:Columns that identify rows", "ignore::DeprecationWarning:distributed")


class StoppedError(Exception):
    pass


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, run):
        if run.step == self.step:
            raise StoppedError


@pytest.fixture
def run(folder, tmp_path, client, sampler):
    """Balance the folder with a checkpoint; return the output folder."""

    def balanced(name, **params):
        checkpoint = tmp_path / f"{name}.checkpoint"
        follow = params.pop("follow", None)
        own = sampler.set_params(checkpoint=checkpoint, **params)
        sizes = {"n_train": 200, "rows_per_part": 200}
        balance_parquet(folder, tmp_path / name, "y", own, client=client, follow=follow, **sizes)
        assert not checkpoint.exists()
        assert not unfinished(tmp_path / name).exists()
        return tmp_path / name

    return balanced


def stop_writing(name, n_done, n_tasks):
    if name == "writing" and n_done == 4:
        raise StoppedError


def same_files(one, other):
    names = sorted(file.name for file in one.iterdir())
    assert sorted(file.name for file in other.iterdir()) == names
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


def test_whole_files_are_kept_and_the_others_are_written(run, tmp_path):
    calm = run("calm")
    with pytest.raises(StoppedError):
        run("out", follow=stop_writing)
    assert not (tmp_path / "out").exists()
    written = {of.name: of.stat().st_ino for of in (unfinished(tmp_path / "out") / "written").glob("*.parquet")}
    assert len(written) >= 4
    steps = []
    out = run("out", follow=lambda *step: steps.append(step))
    assert same_files(out, calm)
    assert all((out / name).stat().st_ino == number for name, number in written.items())
    first, *_, last = [step for step in steps if step[0] == "writing"] * 2
    assert first[1] >= len(written)
    assert last[1] == last[2] == len(list(out.iterdir()))


def test_a_training_goes_on_with_the_seed_of_the_first_call(run, tmp_path, monkeypatch):
    with pytest.raises(StoppedError):
        run("out", random_state=None, model__callbacks=[StopAt(3)])
    stored = json.loads((unfinished(tmp_path / "out") / "written" / ".run").read_text())
    out = run("out", random_state=None, model__callbacks=None)
    monkeypatch.setattr("ganaug.scale.resuming.draw_seed", lambda _: stored["seed"])
    assert same_files(out, run("calm", random_state=None))


def test_another_run_is_refused(run, tmp_path, folder):
    with pytest.raises(StoppedError):
        run("out", follow=stop_writing)
    first = {"sampling_strategy": "auto", "model__n_steps": 5, "random_state": 0}
    for name, value in {"sampling_strategy": 0.5, "model__n_steps": 6, "random_state": 1}.items():
        with pytest.raises(ValueError, match=f"of another run: '{name}' differ.*to begin anew"):
            run("out", **{**first, name: value})
    (folder / "part-0.parquet").touch()
    with pytest.raises(ValueError, match="'real files' differ"):
        run("out", **first)


def test_an_error_before_the_training_leaves_nothing(run, tmp_path, folder):
    frame = pd.read_parquet(folder / "part-1.parquet")
    frame.loc[3, "y"] = None
    frame.to_parquet(folder / "part-1.parquet")
    with pytest.raises(ValueError, match="missing labels"):
        run("out")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["data"]


# The command in a process that ends at once, as by kill -9, when the first checkpoint is whole.
KILLED = """
import os, signal, sys
from ganaug.cli import main
from ganaug.training import training_file

training_file.EVERY = 0.0
replace = os.replace

def killed(source, target, **options):
    replace(source, target, **options)
    if str(target).endswith(".checkpoint"):
        os.kill(os.getpid(), signal.SIGKILL)

os.replace = killed
main(sys.argv[1:])
"""


@pytest.mark.slow
def test_a_command_that_is_killed_goes_on(folder, tmp_path, cluster):
    out, checkpoint = tmp_path / "out", tmp_path / "run.checkpoint"
    words = ["balance", str(folder), str(out), "--target", "y", "--engine", "dask", "--max-time", "1"]
    words += ["--scheduler", cluster.scheduler_address, "--train-rows", "300", "--selection", "none"]
    words += ["--checkpoint", str(checkpoint)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *words], capture_output=True, text=True, env=environment, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert checkpoint.exists()
    assert not out.exists()
    assert main(words) == 0
    assert len(set(pd.read_parquet(out)["y"].value_counts())) == 1
    assert not checkpoint.exists()
    assert not unfinished(out).exists()
