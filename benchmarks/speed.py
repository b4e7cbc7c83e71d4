"""What ganaug costs: seconds and memory, compared with CTGAN and for tables of increasing size.

    python benchmarks/speed.py --data FOLDER --ctgan-python .venv-ctgan/bin/python         all parts below
    python benchmarks/speed.py --part ctgan ...    fit and sample compared with CTGAN, one thread each
    python benchmarks/speed.py --part keel         fit_resample of every KEEL table
    python benchmarks/speed.py --part large ...    fit_resample of large tables: seconds, memory, copies
    python benchmarks/speed.py --part step         a training step compared with its matrix products only
    python benchmarks/speed.py --part sampling ... rows per second, and whether memory grows with the number of rows
    python benchmarks/speed.py --part growth ...   each phase of a fit for an increasing number of rows

FOLDER holds Parquet files, last column the target; ``--tables NAME ...`` selects other files for the part "large".
CTGAN has its own environment (``make .venv-ctgan/installed``); without ``--ctgan-python`` it is left out.

To continue an interrupted run, give the same command again; the parts may also be run one by one. Every measurement is
in ``benchmarks/results/speed.csv.gz`` and is repeated only when the code of ganaug or the machine changes. The page and
the figure are in the same folder and show nothing that is not in that file.

Protocol. Everything runs on the CPU. Each measurement is made once, in its own process, so that the peak memory is that
of the measurement alone. The parts "ctgan", "step" and "sampling" use one thread, the other parts one thread per core.
CTGAN receives rows that are already imputed and scaled; the time for this is not counted. It is trained with the class
as condition, and one call of `sample` returns as many rows as balance the classes, whatever class the rows have. For
tables on which CTGAN takes hours, it is fitted for two small numbers of epochs, and its time is extrapolated to the
default number; the page says so. Memory is resident memory in megabytes (2^20 bytes).
"""

import argparse
import ctypes
import gc
import inspect
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from pages import machine
from results import RESULTS, RawRows
from rich.console import Console
from sklearn.datasets import make_classification
from speed_page import KEY, write_page
from tabular_data import Table, keel_tables, load, preparation
from versions import package_version, timed_version
from workers import run_command

Values = dict[str, float]

# --- measuring -------------------------------------------------------------------------------------------------------


def peak_memory() -> float:
    """Peak resident memory in megabytes. `ru_maxrss` may include the parent process, so Linux does not use it."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+)", status.read_text())):
        return int(found[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def reset_peak() -> None:
    """Reset the peak to the memory in use now, where the system supports it (Linux)."""
    gc.collect()
    if Path("/proc/self/clear_refs").exists():
        with suppress(AttributeError):  # glibc returns freed memory to the system
            ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")


@contextmanager
def measured(values: Values, name: str) -> Iterator[None]:
    """Record the seconds, the memory before and the peak memory of the block."""
    reset_peak()
    values[f"{name}, MB before"] = peak_memory()
    start = time.perf_counter()
    yield
    values[f"{name}, s"] = time.perf_counter() - start
    values[f"{name}, MB peak"] = peak_memory()


def oversampler(params: dict[str, Any]) -> Any:
    """Return ganaug with its defaults, or with parameters of TabularGAN, which serve to test a part with few steps."""
    from ganaug import GANOversampler, TabularGAN

    return GANOversampler(model=TabularGAN(**params) if params else "auto", random_state=0, device="cpu")


def fit_and_sample(
    path: str, sampler: str, *, n_rows: int | None = None, epochs: int | None = None, **params: Any
) -> tuple[str, Values]:
    """Fit ganaug or CTGAN and sample minority rows: `n_rows`, or by default as many as balance the classes."""
    X, y = load(Table("", Path(path), ""))
    requested = int((y == 0).sum() - (y == 1).sum()) if n_rows is None else n_rows
    values: Values = {"rows": len(X), "columns": X.shape[1], "rows requested": requested}
    if sampler == "ganaug":
        measured_version = timed_version("ganaug")
        model = oversampler(params)
        with measured(values, "fit"):
            model.fit(X, y)
        with measured(values, "sample"):
            synthetic = model.sample(requested, 1)
        values["rows of the requested class"] = len(synthetic)
    else:
        from ctgan import CTGAN

        measured_version = f"{package_version('ctgan')}, torch {version('torch')}, pandas {version('pandas')}"
        X = preparation(X)[:1].fit_transform(X).assign(**{"\0": y})
        default = inspect.signature(CTGAN).parameters["epochs"].default
        values |= {"epochs": epochs or default, "default epochs": default}
        model = CTGAN(enable_gpu=False, epochs=epochs or default)
        model.set_random_state(0)
        with measured(values, "fit"):
            model.fit(X, list(X.select_dtypes(exclude="number")) + ["\0"])
        with measured(values, "sample"):
            synthetic = model.sample(requested, "\0", 1)
        values["rows of the requested class"] = int((synthetic.pop("\0").astype(int) == 1).sum())
    values["MB of the rows"] = synthetic.memory_usage(deep=True).sum() / 2**20
    return measured_version, values


def keel(paths: Sequence[str], **params: Any) -> tuple[str, Values]:
    """Resample whole tables one after the other and return the seconds for each."""
    values = {}
    for path in map(Path, paths):
        X, y = load(Table("", path, ""))
        sampler = oversampler(params)
        start = time.perf_counter()
        sampler.fit_resample(X, y)
        values[path.stem] = time.perf_counter() - start
    return timed_version("ganaug"), values


def large(path: str, **params: Any) -> tuple[str, Values]:
    """Resample a table with any number of classes and count synthetic rows that are copies of training rows."""
    frame = pd.read_parquet(path)
    X, y = frame.iloc[:, :-1], frame.iloc[:, -1]
    values: Values = {}
    sampler = oversampler(params)
    with measured(values, "fit_resample"):
        X_res, y_res = sampler.fit_resample(X, y)
    assert X_res[: len(X)].equals(X.reset_index(drop=True)), "the original rows have changed"
    synthetic, y_synthetic = X_res[sampler.is_synthetic_], y_res[sampler.is_synthetic_].to_numpy()
    # A copy equals a training row of the same class in every cell. Real rows may be duplicates of one another as well.
    real_hash = pd.util.hash_pandas_object(X.assign(**{"\0": y}), index=False)
    labelled = synthetic.assign(**{"\0": y_synthetic}).astype({"\0": y.dtype})
    synthetic_hash = pd.util.hash_pandas_object(labelled, index=False)
    counts, counts_after = (labels.value_counts().loc[lambda n: n > 0] for labels in (y, y_res))
    return timed_version("ganaug"), values | {
        "rows": len(X),
        "columns": X.shape[1],
        "classes": len(counts),
        "encoded columns": sampler.model_.encoder_.width_,
        "steps": int(sampler.history_["step"].iloc[-1]),
        "synthetic rows": len(synthetic),
        "copies": int(synthetic_hash.isin(set(real_hash)).sum()),
        "share of duplicated real rows": float(real_hash[y != counts.index[0]].duplicated(keep=False).mean()),
        "smallest class": int(counts.min()),
        "largest class": int(counts.max()),
        "smallest after": int(counts_after.min()),
        "largest after": int(counts_after.max()),
    }


@contextmanager
def stopwatch(owner: type, method: str, values: Values, name: str) -> Iterator[None]:
    """Sum the seconds that the calls of a method take."""
    original = getattr(owner, method)

    def timed(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return original(*args, **kwargs)
        finally:
            values[name] = values.get(name, 0.0) + time.perf_counter() - start

    with patch.object(owner, method, timed):
        yield


def growth(path: str, n_rows: int, n_sampled: int, **params: Any) -> tuple[str, Values]:
    """Fit a table and return the seconds of each phase.

    The rows are repeated up to `n_rows`, with noise of a hundredth of a standard deviation. Early stopping is off, so
    that every number of rows is trained for the same number of steps.
    """
    from ganaug import TabularGAN
    from ganaug.encoders import TableEncoder

    frame = pd.read_parquet(path)
    rng = np.random.default_rng(0)
    frame = frame.iloc[np.resize(rng.permutation(len(frame)), n_rows)].reset_index(drop=True)
    X, y = frame.iloc[:, :-1].astype(float), frame.iloc[:, -1].to_numpy()
    X += rng.normal(size=X.shape) * 0.01 * X.std().to_numpy()
    labels, counts = np.unique(y, return_counts=True)
    del frame
    values: Values = {"rows": n_rows, "rows sampled": n_sampled}
    model = TabularGAN(random_state=0, device="cpu", **({"patience": None} | params))
    with ExitStack() as stack:
        for owner, method, name in [
            (TableEncoder, "_fit", "fitting the encoder"),
            (TableEncoder, "_encode", "encoding"),
            (TabularGAN, "_fit_prior", "neighbour search"),
            (TabularGAN, "_train", "training"),
        ]:
            stack.enter_context(stopwatch(owner, method, values, name))
        with measured(values, "fit"):
            model.fit(X, y)
    values["steps"] = int(model.history_["step"].iloc[-1])
    with measured(values, "sample"):
        model.sample(np.full(n_sampled, labels[counts.argmin()]))
    return timed_version("ganaug"), values


# --- a training step and its matrix products --------------------------------------------------------------------------


def recorder() -> Any:
    """Return a torch mode that records the shapes of all matrix products, also of backward and double backward."""
    from torch import Tensor
    from torch.utils._python_dispatch import TorchDispatchMode

    class Recorder(TorchDispatchMode):
        def __init__(self) -> None:
            super().__init__()
            self.shapes: list[tuple[Any, Any, bool, bool]] = []

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func._schema.name in {"aten::mm", "aten::addmm", "aten::bmm"}:
                left, right = [arg for arg in args if isinstance(arg, Tensor)][-2:]
                self.shapes.append((left.shape, right.shape, left.is_contiguous(), right.is_contiguous()))
            return func(*args, **(kwargs or {}))

    return Recorder()


class Plain:
    """A replacement for Lightning Fabric that does only what a step on the CPU needs."""

    def __init__(self, **_: Any) -> None:
        import torch

        self.device = torch.device("cpu")

    def setup(self, *parts: Any) -> tuple[Any, ...]:
        return parts

    def autocast(self) -> AbstractContextManager[None]:
        return nullcontext()

    def backward(self, loss: Any, inputs: list[Any]) -> None:
        loss.backward(inputs=inputs)


def step(n_features: int, *, n_steps: int = 200, n_rounds: int = 5, **params: Any) -> tuple[str, Values]:
    """Time a training step, its matrix products only, and the step without Lightning Fabric.

    The three are timed alternately, so that a slow phase of the machine affects all of them. The ratio is the result to
    report.
    """
    import torch

    from ganaug import TabularGAN
    from ganaug.training import loop as trainer

    X, y = make_classification(1500, n_features, n_informative=5, weights=[0.96], random_state=0)
    shared = {"patience": None, "random_state": 0, "device": "cpu"} | params

    def seconds() -> float:
        model = TabularGAN(n_steps=n_steps, **shared).fit(X, y)
        return float(model.history_["step_time"][1:].median())

    n_recorded = TabularGAN().penalty_every  # one cycle of the lazily computed penalty
    recording, train = recorder(), trainer.train

    def recorded(*args: Any, **kwargs: Any) -> Any:
        with recording:
            return train(*args, **kwargs | {"measure": lambda network: {}})

    with patch("ganaug.models.base.train", recorded):
        TabularGAN(n_steps=n_recorded, **shared).fit(X, y)

    def matrix(shape: Any, contiguous: bool) -> Any:
        # of products of many matrices, the last two dimensions are those of a matrix
        return torch.randn(shape) if contiguous else torch.randn(*shape[:-2], *shape[-2:][::-1]).mT

    operands = [(matrix(a, p), matrix(b, q)) for a, b, p, q in recording.shapes]
    ours, plain, products = [], [], []
    for _ in range(n_rounds):
        ours.append(seconds())
        with patch("ganaug.models.devices.Fabric", Plain):
            plain.append(seconds())
        start = time.perf_counter()
        for _ in range(n_steps // n_recorded):
            for left, right in operands:
                left @ right
        products.append((time.perf_counter() - start) / (n_steps // n_recorded * n_recorded))
    ratios = np.divide(ours, products)
    return timed_version("ganaug"), {
        "step, ms": float(np.median(ours)) * 1e3,
        "matrix products only, ms": float(np.median(products)) * 1e3,
        "products per step": len(operands) / n_recorded,
        "ratio": float(np.median(ratios)),
        "lowest ratio": float(ratios.min()),
        "highest ratio": float(ratios.max()),
        "ratio with / without Fabric": float(np.median(np.divide(ours, plain))),
    }


# --- many measurements -----------------------------------------------------------------------------------------------

PARTS = ["ctgan", "keel", "large", "step", "sampling", "growth"]
FUNCTIONS: dict[str, Callable[..., tuple[str, Values]]] = {
    function.__name__: function for function in (fit_and_sample, keel, large, step, growth)
}


@dataclass(frozen=True)
class Job:
    """One measurement: its part, the row of the part's table (`case`), the sampler, and the function to call."""

    part: str
    case: str
    sampler: str
    function: str
    params: dict[str, Any] = field(default_factory=dict)
    one_thread: bool = False


def jobs(parts: Iterable[str], data: Path | None, tables: Sequence[str], with_ctgan: bool, quick: bool) -> list[Job]:
    """List the measurements of these parts; with `quick` they take few steps and only show that everything runs."""
    steps = {"n_steps": 20} if quick else {}
    short, long = ([1, 2], [1, 2]) if quick else ([2, 6], [None])
    keel = keel_tables() if {"ctgan", "keel", "sampling"} & set(parts) else []
    of_keel = {table.name: str(table.path) for table in keel}
    wanted: list[Job] = []

    def both_samplers(part: str, case: str, path: str, epochs: Iterable[int | None], **given: Any) -> None:
        wanted.append(
            Job(part, case, "ganaug", "fit_and_sample", {"path": path, "sampler": "ganaug"} | given | steps, True)
        )
        for n in epochs if with_ctgan else ():
            params = {"path": path, "sampler": "CTGAN", "epochs": n} | given
            wanted.append(
                Job(part, case, "CTGAN" if n is None else f"CTGAN, epochs={n}", "fit_and_sample", params, True)
            )

    if "ctgan" in parts:
        for case in ["yeast4", "abalone19", "page-blocks0"]:
            both_samplers("ctgan", case, of_keel[case], long)
        if data:
            both_samplers("ctgan", "adult", str(data / "adult.parquet"), short)
    if "keel" in parts:
        paths = list(of_keel.values())[: 5 if quick else None]
        wanted.append(Job("keel", "all", "ganaug", "keel", {"paths": paths} | steps))
    if "large" in parts and data:
        wanted += [Job("large", t, "ganaug", "large", {"path": str(data / f"{t}.parquet")} | steps) for t in tables]
    if "step" in parts:
        rounds = {"n_rounds": 1} if quick else {}
        cases = {"8 columns": {"n_features": 8}, "8 columns, noise prior": {"n_features": 8, "prior": "noise"}}
        for case, params in (cases | {"100 columns": {"n_features": 100}}).items():
            wanted.append(Job("step", case, "ganaug", "step", params | rounds | steps, True))
    if "sampling" in parts:
        for n_rows in [500, 2_000] if quick else [100_000, 1_000_000]:
            # the number of epochs does not change how fast CTGAN samples
            both_samplers("sampling", f"{n_rows:,}", of_keel["page-blocks0"], [1], n_rows=n_rows)
    if "growth" in parts and data:
        path = str(data / "adbench_cover.parquet")
        for n_rows in [500, 2_000] if quick else [10_000, 100_000, 1_000_000]:
            params = {"path": path, "n_rows": n_rows, "n_sampled": 1_000 if quick else 10_000}
            wanted.append(Job("growth", f"{n_rows:,}", "ganaug", "growth", params | steps))
    return wanted


def in_own_process(job: Job, python: str) -> tuple[str, Values]:
    command = [python, "-W", "ignore", __file__, "--one", job.function, json.dumps(job.params)]
    # the last one limits CTGAN, which transforms columns in processes of joblib
    limits = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT"]
    environment = os.environ | dict.fromkeys(limits if job.one_thread else [], "1")
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:])
    measured_version, values = json.loads(done.stdout.splitlines()[-1])
    return measured_version, values


COLUMNS = [*KEY, "quantity", "value", "version", "machine", "date"]


def current(results: RawRows) -> pd.DataFrame:
    """Return the rows that were measured on this machine and, for ganaug, with its current code."""
    rows = results.read()
    is_current = (rows["sampler"] != "ganaug") | (rows["version"] == timed_version("ganaug"))
    rows = rows[(rows["machine"] == machine()) & is_current]
    return rows.drop_duplicates([*KEY, "quantity"], keep="last").reset_index(drop=True)


def run(wanted: Sequence[Job], results: RawRows, ctgan_python: str, console: Console) -> int:
    """Make the measurements that are not finished, one after the other; return how many failed."""
    finished = set(current(results)[KEY].itertuples(index=False, name=None))
    n_failed = 0
    for place, job in enumerate(wanted, 1):
        label = f"{place}/{len(wanted)} {job.part}: {job.case}, {job.sampler}"
        if (job.part, job.case, job.sampler) in finished:
            console.print(f"{label}: already measured", style="dim", highlight=False)
            continue
        start = time.perf_counter()
        try:
            python = ctgan_python if job.sampler.startswith("CTGAN") else sys.executable
            measured_version, values = in_own_process(job, python)
        except RuntimeError as error:
            console.print(f"{label} failed: {error}", style="red", highlight=False, markup=False)
            n_failed += 1
            continue
        key = {"part": job.part, "case": job.case, "sampler": job.sampler}
        key |= {"version": measured_version, "machine": machine(), "date": date.today().isoformat()}
        results.append({**key, "quantity": name, "value": round(value, 6)} for name, value in values.items())
        console.print(f"{label}: {time.perf_counter() - start:.0f} s", highlight=False)
    return n_failed


# --- the command -----------------------------------------------------------------------------------------------------


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS, help="only these parts")
    parser.add_argument("--data", type=Path, help="folder of tables as Parquet, last column the target")
    tables = ["adult", "kddcup99_10pct_dedup"]
    parser.add_argument("--tables", nargs="+", default=tables, help="tables of that folder, for the part 'large'")
    parser.add_argument("--ctgan-python", default="", help="the interpreter that has CTGAN")
    parser.add_argument("--quick", action="store_true", help="few steps, to test that everything runs: not a result")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for all files that are written")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    args = arguments(given)
    console = Console()
    if not args.data:
        console.print("without --data, the parts large and growth and the table adult are left out")
    if not args.ctgan_python:
        console.print("without --ctgan-python, CTGAN is left out")
    stem = args.results / ("speed-quick" if args.quick else "speed")
    wanted = jobs(args.part, args.data, args.tables, bool(args.ctgan_python), args.quick)
    results = RawRows(stem.with_suffix(".csv.gz"), COLUMNS)
    n_failed = run(wanted, results, args.ctgan_python, console)
    title = "Speed and memory" + " (quick test, the values are not results)" * args.quick
    page = write_page(stem, current(results), title)
    console.print(page, highlight=False, markup=False, soft_wrap=True)
    console.print(f"{stem.name}.md and {stem.name}.png in {args.results.name}/", highlight=False)
    if n_failed:
        raise SystemExit(f"{n_failed} of {len(wanted)} measurements failed")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(FUNCTIONS[sys.argv[2]](**json.loads(sys.argv[3]))))
        raise SystemExit
    run_command(main)
