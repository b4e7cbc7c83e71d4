"""Tables of many files: what is written, on workers that may be lost."""

import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp
from sklearn.base import clone

from ganaug.cli.app import main
from ganaug.common.random import draw_seed
from ganaug.scale import balance_parquet, oversample_dask

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore:Columns that identify rows", "ignore::DeprecationWarning:distributed")
N_FILES, N_ROWS = 3, 400  # as in conftest.py


def test_real_files_are_copied_and_synthetic_ones_follow(folder, tmp_path, sampler, client):
    out = tmp_path / "out"
    steps = []
    written = balance_parquet(
        folder,
        out,
        "y",
        sampler,
        client=client,
        n_train=200,
        rows_per_part=300,
        follow=lambda *step: steps.append(step),
    )
    real = pd.concat([pd.read_parquet(file) for file in sorted(folder.iterdir())])
    assert sorted(file.name for file in out.iterdir()) == sorted(written.files)
    for file in folder.iterdir():
        assert (out / file.name).read_bytes() == file.read_bytes()
    synthetic = pd.concat([pd.read_parquet(file) for file in sorted(out.glob("synthetic-*"))])
    assert written.counts == real["y"].value_counts().to_dict()
    assert (synthetic["y"] == "yes").all()
    assert len(synthetic) == written.n_synthetic["yes"] == written.counts["no"] - written.counts["yes"]
    assert len(written.sample) <= 200
    assert not set(synthetic["id"]) & set(real["id"])
    assert synthetic["id"].is_unique
    assert synthetic["name"].isna().all()
    assert set(synthetic["level"]) <= {"a", "b", "c"}
    assert pd.read_parquet(out)["x"].notna().all()  # one schema
    assert steps[0] == ("reading", 0, N_FILES)
    assert steps[-1] == ("writing", len(written.files), len(written.files))


def test_the_same_seed_gives_the_same_rows_and_a_mark_is_added(folder, tmp_path, sampler, client):
    for name in ("one", "two"):
        balance_parquet(
            f"{folder}/*.parquet", tmp_path / name, "y", sampler, client=client, n_train=200, mark="synthetic"
        )
    one, two = (pd.read_parquet(tmp_path / name) for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two)
    assert one["synthetic"].sum() == len(one) - N_FILES * N_ROWS
    assert (one.loc[one["synthetic"] == 1, "y"] == "yes").all()


@pytest.mark.parametrize("names", [[None], ["key"], ["key", "part"]])
def test_an_index_of_pandas_goes_on(names, folder, tmp_path, sampler, client):
    """Whole numbers count on, and other indices have no value: as in a table that is read whole."""
    for number, file in enumerate(sorted(folder.iterdir())):
        frame = pd.read_parquet(file).drop(columns=["id", "name"])
        levels = [np.arange(number * N_ROWS, (number + 1) * N_ROWS)[::-1], ["north"] * N_ROWS][: len(names)]
        frame.set_axis(pd.MultiIndex.from_arrays(levels, names=names) if len(names) > 1 else levels[0]).rename_axis(
            names
        ).to_parquet(file)
    written = balance_parquet(folder, tmp_path / "out", "y", sampler, client=client, n_train=200, rows_per_part=300)
    assert list(written.sample) == ["x", "level", "visits", "y"]
    index = pd.read_parquet(tmp_path / "out").index
    assert index.names == names
    assert sorted(index.get_level_values(0)) == list(range(len(index)))
    if len(names) > 1:
        assert index.get_level_values(1).isna().sum() == sum(written.n_synthetic.values())
    with pytest.raises(ValueError, match=r"is the index of the pandas table.*reset_index"):
        balance_parquet(folder, tmp_path / "no", names[0] or "__index_level_0__", sampler, client=client)


def test_bad_input_is_refused_before_any_work(folder, tmp_path, sampler, client):
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="no column 'z'"):
        balance_parquet(folder, out, "z", sampler, client=client)
    with pytest.raises(FileNotFoundError, match="no file matches"):
        balance_parquet(tmp_path / "*.parquet", out, "y", sampler, client=client)
    with pytest.raises(ValueError, match="holds the real files"):
        balance_parquet(folder, folder, "y", sampler, client=client, force=True)
    pd.DataFrame({"other": [1]}).to_parquet(folder / "z.parquet")
    with pytest.raises(ValueError, match="differ in the columns"):
        balance_parquet(folder, out, "y", sampler, client=client)
    (folder / "z.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(ValueError, match="the file is damaged, or no Parquet file"):
        balance_parquet(folder, out, "y", sampler, client=client)
    assert not out.exists()


@pytest.mark.filterwarnings("ignore:Running on a single-machine scheduler")  # of Dask 2025.1; the other tests' client
def test_a_dask_frame_gets_its_rows_when_it_is_computed(folder, sampler):
    dd = pytest.importorskip("dask.dataframe")
    real = pd.concat([pd.read_parquet(file) for file in sorted(folder.iterdir())], ignore_index=True)
    frame = dd.from_pandas(real.drop(columns=["name"]), npartitions=4)
    balanced = oversample_dask(frame, "y", sampler, n_train=200, rows_per_part=300, mark="synthetic")
    assert balanced.npartitions > frame.npartitions
    rows = balanced.compute(scheduler="synchronous")
    assert len(set(rows["y"].value_counts())) == 1
    assert (rows["synthetic"] == 1).sum() == len(rows) - len(real)
    pd.testing.assert_series_equal(rows["x"].iloc[: len(real)].reset_index(drop=True), real["x"])


def test_the_shell_balances_a_pattern_of_files(folder, tmp_path, capsys):
    out, model = tmp_path / "out", tmp_path / "model.ganaug"
    words = ["balance", f"{folder}/*.parquet", str(out), "--target", "y", "--engine", "dask", "--seed", "0"]
    assert main([*words, "--max-time", "1", "--train-rows", "300", "--selection", "none", "--save", str(model)]) == 0
    printed = capsys.readouterr().out
    assert "Does it help?" in printed
    assert "learned from" in printed
    assert len(set(pd.read_parquet(out)["y"].value_counts())) == 1
    assert model.exists()


@pytest.fixture
def workers():
    """Return a client of two `dask worker` processes, and the processes."""
    words = [sys.executable, "-m", "dask", "worker", "--no-nanny", "--nthreads", "1", "--no-dashboard"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    options = {"protocol": "tcp", "dashboard_address": ":0", "silence_logs": False}
    with distributed.LocalCluster(n_workers=0, processes=False, **options) as cluster:
        words.append(cluster.scheduler_address)
        started = [
            subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(2)
        ]
        try:
            with distributed.Client(cluster) as client:
                client.wait_for_workers(2, timeout=120)
                yield client, started
        finally:
            for process in started:
                process.kill()
                process.wait()


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_and_doubles_no_row(folder, tmp_path, sampler, client, workers):
    """What is left of two processes writes what one process writes that nobody disturbs."""
    calm, disturbed = tmp_path / "calm", tmp_path / "disturbed"
    sizes = {"n_train": 200, "rows_per_part": 20}
    balance_parquet(folder, calm, "y", sampler, client=client, **sizes)
    of_two, (killed, other) = workers

    def kill(name: str, n_done: int, n_tasks: int) -> None:
        if name == "writing" and n_done == 3 and killed.poll() is None:
            killed.kill()
            killed.wait()

    balance_parquet(folder, disturbed, "y", sampler, client=of_two, follow=kill, **sizes)
    assert killed.returncode == -signal.SIGKILL
    assert other.poll() is None
    names = sorted(file.name for file in calm.iterdir())
    assert sorted(file.name for file in disturbed.iterdir()) == names
    for name in names:
        assert (calm / name).read_bytes() == (disturbed / name).read_bytes()


def test_it_is_said_once_what_becomes_of_identifiers(folder, tmp_path, sampler, client):
    with pytest.warns(UserWarning, match="Columns that identify rows") as caught:
        balance_parquet(folder, tmp_path / "out", "y", sampler, client=client, n_train=200)
    (said,) = [str(of.message) for of in caught if "identify rows" in str(of.message)]
    assert "count on after the largest number in 'id'" in said
    assert "are empty in 'name'" in said


def test_rows_have_the_distribution_of_those_of_one_memory(folder, tmp_path, sampler, client):
    """The whole table fits into the sample; the parts are generated apart, and with seeds of their own."""
    sampler.set_params(selection="auto", ignore=["id", "name"], model__n_steps=60)
    sizes = {"n_train": N_FILES * N_ROWS, "rows_per_part": 100}
    written = balance_parquet(folder, tmp_path / "out", "y", sampler, client=client, **sizes)
    parts = pd.concat([pd.read_parquet(file) for file in (tmp_path / "out").glob("synthetic-*")])
    X, y = written.sample.drop(columns="y").reset_index(drop=True), written.sample["y"].reset_index(drop=True)
    trained = clone(sampler).set_params(random_state=draw_seed(sampler.random_state))
    rows = trained.fit_resample(X, y)[0][len(X) :]
    assert len(rows) == len(parts)
    assert ks_2samp(parts["x"], rows["x"]).pvalue > 0.001
    for name in ("level", "visits"):
        counts = pd.DataFrame({"parts": parts[name].value_counts(), "rows": rows[name].value_counts()}).fillna(0)
        assert chi2_contingency(counts.to_numpy(int)).pvalue > 0.001
    missing = [of["visits"].isna().mean() for of in (parts, rows)]
    assert abs(missing[0] - missing[1]) < 0.06
