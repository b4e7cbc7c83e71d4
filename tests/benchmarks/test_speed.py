"""The benchmark of speed: that every part runs, that it resumes, and what it makes of what it measured."""

import sys
import types

import numpy as np
import pandas as pd
import pytest
import speed
import speed_page
from results import RawRows
from tabular_data import Table
from versions import code_digest


@pytest.fixture
def folder(tmp_path):
    """The tables that the parts read by name, all of them small."""

    def write(name, **sizes):
        rng = np.random.default_rng(0)
        y = np.repeat(list(sizes), list(sizes.values()))
        X = pd.DataFrame({"x": rng.normal(size=len(y)), "z": rng.normal(size=len(y)).round(1)})
        X["colour"] = pd.Categorical(rng.choice(["red", "green"], len(y)))
        X = X.drop(columns="colour") if name == "adbench_cover" else X
        X.assign(target=pd.Categorical(y)).to_parquet(tmp_path / f"{name}.parquet")

    for name in ("yeast4", "abalone19", "page-blocks0", "adult", "adbench_cover"):
        write(name, common=60, rare=20)
    write("kddcup99_10pct_dedup", common=60, rare=20, rarer=10)
    return tmp_path


class FakeCTGAN:
    """A stand-in for CTGAN; half of its rows have the requested class."""

    def __init__(self, epochs=300, enable_gpu=True):
        self.epochs = epochs

    def set_random_state(self, seed): ...

    def fit(self, frame, discrete):
        self.frame = frame

    def sample(self, n, column, value):
        rows = self.frame.iloc[np.arange(n) % len(self.frame)].reset_index(drop=True)
        rows[column] = np.arange(n) % 2
        return rows


@pytest.fixture
def in_process(folder, monkeypatch):
    """Run all parts on small tables in this process, with a stand-in for CTGAN; return the list of finished jobs."""
    tables = [Table(name, folder / f"{name}.parquet", "") for name in ("yeast4", "abalone19", "page-blocks0")]
    monkeypatch.setattr(speed, "keel_tables", lambda: tables)
    monkeypatch.setitem(sys.modules, "ctgan", types.SimpleNamespace(CTGAN=FakeCTGAN))
    for name in ("package_version", "timed_version"):
        monkeypatch.setattr(speed, name, lambda package: f"{package} 1")
    monkeypatch.setattr(speed, "reset_peak", lambda: None)  # which is slow in a process as large as this
    done = []

    def run(job, python):
        done.append((job.part, job.case, job.sampler))
        small = {} if job.params.get("sampler") == "CTGAN" else {"hidden_sizes": (8,)}
        return speed.FUNCTIONS[job.function](**job.params, **small)

    monkeypatch.setattr(speed, "in_own_process", run)
    return done


def test_every_part_runs_and_is_not_measured_twice(folder, in_process):
    results = folder / "results"
    command = ["--quick", "--data", str(folder), "--ctgan-python", "python", "--results", str(results)]
    speed.main(["--part", "step", *command])
    assert {part for part, _, _ in in_process} == {"step"}
    speed.main(command)
    assert [part for part in speed.PARTS if part in {part for part, _, _ in in_process}] == speed.PARTS
    assert len(in_process) == len(set(in_process))
    n_done = len(in_process)
    speed.main(command)
    assert len(in_process) == n_done

    page = (results / "speed-quick.md").read_text()
    for heading in ("Compared with CTGAN", "All KEEL tables", "Large tables", "A training step", "Sampling", "Growth"):
        assert f"## {heading}\n" in page
    assert "extrapolated to 300 epochs from 1 and 2" in page
    assert "ganaug 1; ctgan 1, torch " in page
    assert str(folder) not in page
    assert (results / "speed-quick.png").stat().st_size > 10_000

    rows = speed.current(RawRows(results / "speed-quick.csv.gz", speed.COLUMNS))
    large = speed_page.table_of(rows, "large").loc[("kddcup99_10pct_dedup", "ganaug")]
    assert large[["classes", "synthetic rows", "smallest class", "smallest after"]].tolist() == [3, 90, 10, 60]
    compared = speed_page.compared_with_ctgan(rows).loc["adult"]
    assert compared[[f"{name}, rows of the requested class" for name in ("ganaug", "CTGAN")]].tolist() == [40, 20]


def test_a_measurement_that_fails_is_told_and_not_stored(folder, monkeypatch, console):
    def fail(job, python):
        raise RuntimeError("no memory")

    monkeypatch.setattr(speed, "in_own_process", fail)
    results = RawRows(folder / "s.csv.gz", speed.COLUMNS)
    assert speed.run([speed.Job("step", "8 columns", "ganaug", "step")], results, "", console) == 1
    assert speed.current(results).empty


def test_rows_of_other_code_are_measured_again(folder, in_process, monkeypatch, console):
    job = speed.Job("keel", "all", "ganaug", "keel", {"paths": [str(folder / "yeast4.parquet")], "n_steps": 2})
    for digest in ("a", "a", "b"):
        monkeypatch.setattr(speed, "timed_version", lambda package, digest=digest: f"{package} {digest}")
        speed.run([job], RawRows(folder / "s.csv.gz", speed.COLUMNS), "", console)
    assert len(in_process) == 2


def rows_of(part, quantities):
    keys = [
        (part, case, sampler, name, value) for (case, sampler), q in quantities.items() for name, value in q.items()
    ]
    return pd.DataFrame(keys, columns=["part", "case", "sampler", "quantity", "value"])


def test_time_of_ctgan_is_extrapolated_along_a_line_and_says_so():
    of_both = {
        "rows": 9,
        "columns": 2,
        "rows requested": 5,
        "rows of the requested class": 5,
        "sample, s": 1,
        "sample, MB peak": 1,
    }
    of_both |= {"fit, MB before": 1, "fit, MB peak": 2}
    few, more, all_ = [of_both | {"epochs": n, "default epochs": 300, "fit, s": 10 + 2 * n} for n in (2, 6, 300)]
    rows = rows_of(
        "ctgan",
        {
            ("long", "ganaug"): of_both | {"fit, s": 2},
            ("long", "CTGAN, epochs=2"): few,
            ("long", "CTGAN, epochs=6"): more,
            ("short", "ganaug"): of_both | {"fit, s": 2},
            ("short", "CTGAN"): all_,
            ("alone", "ganaug"): of_both | {"fit, s": 2},
        },
    )
    compared = speed_page.compared_with_ctgan(rows)
    assert compared.index.tolist() == ["long", "short"]
    assert compared["CTGAN, s"].tolist() == pytest.approx([611, 611])
    assert compared["ratio"].tolist() == pytest.approx([611 / 3] * 2)
    assert compared["time of CTGAN"].tolist() == ["extrapolated to 300 epochs from 2 and 6", "measured"]


def test_exponents():
    sizes = np.array([10, 100, 1000])
    table = pd.DataFrame({phase: 3.0 * sizes**power for power, phase in enumerate(speed_page.PHASES)}, index=sizes)
    assert speed_page.exponents(table).to_numpy() == pytest.approx(np.c_[:5, :5])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems cannot reset the peak")
def test_the_peak_is_that_of_the_block():
    np.ones(20 * 2**20)
    values = {}
    with speed.measured(values, "block"):
        np.ones(5 * 2**20)
    assert values["block, MB peak"] - values["block, MB before"] == pytest.approx(40, abs=8)


@pytest.mark.slow
def test_a_measurement_in_a_process_of_its_own(folder):
    params = {"path": str(folder / "yeast4.parquet"), "sampler": "ganaug", "n_steps": 2}
    version, values = speed.in_own_process(
        speed.Job("ctgan", "yeast4", "ganaug", "fit_and_sample", params, True), sys.executable
    )
    assert version.startswith("ganaug ")
    assert (values["rows"], values["rows requested"], values["rows of the requested class"]) == (80, 40, 40)
    with pytest.raises(RuntimeError, match="missing"):
        speed.in_own_process(speed.Job("large", "", "", "large", {"path": "missing"}), sys.executable)


def test_comments_and_docstrings_do_not_change_the_digest(tmp_path):
    path = tmp_path / "oversampler.py"
    digests = []
    for code in [
        'def f():\n    """One."""\n    return 1\n',
        "def f():  # two\n    return 1\n",
        "def f():\n    return 2\n",
    ]:
        path.write_text(code)
        digests.append(code_digest(tmp_path))
    assert digests[0] == digests[1] != digests[2]
