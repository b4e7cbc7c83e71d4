"""What ganaug costs: seconds and memory, beside CTGAN and as tables grow.

    python benchmarks/speed.py --data FOLDER --ctgan-python .venv-ctgan/bin/python         all that follows
    python benchmarks/speed.py --part ctgan ...    fit and sample beside CTGAN, one thread each
    python benchmarks/speed.py --part keel         fit_resample of every KEEL table
    python benchmarks/speed.py --part large ...    fit_resample of large tables: seconds, memory, copies
    python benchmarks/speed.py --part step         a training step beside its matrix products alone
    python benchmarks/speed.py --part sampling ... rows a second, and that memory does not grow with their number
    python benchmarks/speed.py --part growth ...   each phase of a fit on ever more rows

FOLDER holds Parquet files, last column the target; ``--tables NAME ...`` measures others of them in the part "large".
CTGAN has an environment of its own (``make .venv-ctgan/installed``); without ``--ctgan-python`` it is left out.

An interrupted run goes on where it stopped, part by part too: what is measured is appended to
``benchmarks/results/speed.csv``, and is measured again only when the code of ganaug changes (or its lines are
deleted). The page and the figure lie beside it, and hold nothing that is not in there.

Protocol. Everything on the CPU, each measurement once, in a process of its own, whose peak memory is its own. The
parts "ctgan", "step" and "sampling" run on one thread, the others on as many as there are cores. CTGAN gets rows
imputed and scaled beforehand, in time that is not counted, the class as condition, and one call of `sample` for the
rows that balance the classes, whatever class they turn out to be of. Where a table is so large that CTGAN takes hours,
it is fitted for two small numbers of epochs and its time extrapolated to its default, which the page says. Memory is
megabytes (2^20) resident.
"""

import argparse
import ast
import csv
import ctypes
import gc
import hashlib
import inspect
import json
import math
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

import matplotlib as mpl
import numpy as np
import pandas as pd
import tabular
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from sklearn.datasets import make_classification
from tabular import RESULTS, Table, load, machine, markdown

Values = dict[str, float]

# --- measuring -------------------------------------------------------------------------------------------------------


def package_version(package: str) -> str:
    """Version of a package; of ours with a digest of its code, as it is the code that takes the time."""
    if package != "ganaug":
        return tabular.package_version(package)
    import ganaug as ours

    return f"ganaug {version('ganaug')}+{code_digest(Path(ours.__file__).parent)}, torch {version('torch')}"


def code_digest(folder: Path) -> str:
    """Digest of the code that makes rows, comments and docstrings left out."""
    parts = ["oversampler.py", "selection.py", "models", "encoders", "nets", "training"]
    digest = hashlib.sha256()
    for path in sorted(path for part in parts for path in [folder / part, *(folder / part).glob("*.py")]):
        if path.is_file():
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                    node.body = node.body[1:]
            digest.update(path.name.encode() + ast.dump(tree).encode())
    return digest.hexdigest()[:8]


def peak_memory() -> float:
    """Most megabytes that were resident; on Linux of this process alone, while `ru_maxrss` starts from the parent's."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+)", status.read_text())):
        return int(found[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def forget_peak() -> None:
    """Let the peak start from what is in use now, where the system can (Linux)."""
    gc.collect()
    if Path("/proc/self/clear_refs").exists():
        with suppress(AttributeError):  # of glibc: what was freed is given back
            ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")


@contextmanager
def measured(values: Values, name: str) -> Iterator[None]:
    """Add the seconds, the memory before and the peak of what is done within."""
    forget_peak()
    values[f"{name}, MB before"] = peak_memory()
    start = time.perf_counter()
    yield
    values[f"{name}, s"] = time.perf_counter() - start
    values[f"{name}, MB peak"] = peak_memory()


def oversampler(params: dict[str, Any]) -> Any:
    """Make ours as it comes; parameters of TabularGAN are for trying a part with few steps."""
    from ganaug import GANOversampler, TabularGAN

    return GANOversampler(model=TabularGAN(**params) if params else "auto", random_state=0, device="cpu")


def generate(
    path: str, sampler: str, *, n_rows: int | None = None, epochs: int | None = None, **params: Any
) -> tuple[str, Values]:
    """Fit ganaug or CTGAN; sample rows of the rarer class, as many as balance the classes if not told otherwise."""
    X, y = load(Table("", Path(path), ""))
    wanted = int((y == 0).sum() - (y == 1).sum()) if n_rows is None else n_rows
    values: Values = {"rows": len(X), "columns": X.shape[1], "wanted": wanted}
    if sampler == "ganaug":
        version_of = package_version("ganaug")
        model = oversampler(params)
        with measured(values, "fit"):
            model.fit(X, y)
        with measured(values, "sample"):
            made = model.sample(wanted, 1)
        values["of the class"] = len(made)
    else:
        from ctgan import CTGAN

        version_of = f"{package_version('ctgan')}, torch {version('torch')}, pandas {version('pandas')}"
        X = tabular.preparation(X)[:1].fit_transform(X).assign(**{"\0": y})
        default = inspect.signature(CTGAN).parameters["epochs"].default
        values |= {"epochs": epochs or default, "default epochs": default}
        model = CTGAN(enable_gpu=False, epochs=epochs or default)
        model.set_random_state(0)
        with measured(values, "fit"):
            model.fit(X, list(X.select_dtypes(exclude="number")) + ["\0"])
        with measured(values, "sample"):
            made = model.sample(wanted, "\0", 1)
        values["of the class"] = int((made.pop("\0").astype(int) == 1).sum())
    values["MB of the rows"] = made.memory_usage(deep=True).sum() / 2**20
    return version_of, values


def keel(paths: Sequence[str], **params: Any) -> tuple[str, Values]:
    """Resample whole tables, one after the other: seconds of each."""
    values = {}
    for path in map(Path, paths):
        X, y = load(Table("", path, ""))
        sampler = oversampler(params)
        start = time.perf_counter()
        sampler.fit_resample(X, y)
        values[path.stem] = time.perf_counter() - start
    return package_version("ganaug"), values


def large(path: str, **params: Any) -> tuple[str, Values]:
    """Resample a table of any number of classes; count copies of training rows among those made."""
    frame = pd.read_parquet(path)
    X, y = frame.iloc[:, :-1], frame.iloc[:, -1]
    values: Values = {}
    sampler = oversampler(params)
    with measured(values, "fit_resample"):
        X_res, y_res = sampler.fit_resample(X, y)
    assert X_res[: len(X)].equals(X.reset_index(drop=True)), "the original rows have changed"
    made, made_y = X_res[sampler.is_synthetic_], y_res[sampler.is_synthetic_].to_numpy()
    # equal in every cell to a training row of the same class; and how often that happens among real rows themselves
    real_hash = pd.util.hash_pandas_object(X.assign(**{"\0": y}), index=False)
    made_hash = pd.util.hash_pandas_object(made.assign(**{"\0": made_y}).astype({"\0": y.dtype}), index=False)
    counts, counts_after = (labels.value_counts().loc[lambda n: n > 0] for labels in (y, y_res))
    return package_version("ganaug"), values | {
        "rows": len(X),
        "columns": X.shape[1],
        "classes": len(counts),
        "encoded columns": sampler.model_.encoder_.width_,
        "steps": int(sampler.history_["step"].iloc[-1]),
        "made": len(made),
        "copies": int(made_hash.isin(set(real_hash)).sum()),
        "real rows with a twin": float(real_hash[y != counts.index[0]].duplicated(keep=False).mean()),
        "smallest class": int(counts.min()),
        "largest class": int(counts.max()),
        "smallest after": int(counts_after.min()),
        "largest after": int(counts_after.max()),
    }


@contextmanager
def stopwatch(owner: type, method: str, values: Values, name: str) -> Iterator[None]:
    """Add up the seconds that calls of a method take."""
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
    """Fit a table repeated up to `n_rows`, with jitter of a hundredth of a standard deviation: seconds of each phase.

    Training takes all its steps, without stopping early, so that the same is done for every number of rows.
    """
    from ganaug import TabularGAN
    from ganaug.encoders.table import TableEncoder

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
            (TabularGAN, "_fit_encoder", "fitting the encoder"),
            (TableEncoder, "encode", "encoding"),
            (TabularGAN, "_fit_prior", "neighbour search"),
            (TabularGAN, "_train", "training"),
        ]:
            stack.enter_context(stopwatch(owner, method, values, name))
        with measured(values, "fit"):
            model.fit(X, y)
    values["steps"] = int(model.history_["step"].iloc[-1])
    with measured(values, "sample"):
        model.sample(np.full(n_sampled, labels[counts.argmin()]))
    return package_version("ganaug"), values


# --- a training step beside its matrix products ----------------------------------------------------------------------


def recorder() -> Any:
    """Make a mode in which torch notes the shapes of all matrix products, backward and double backward included."""
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
    """What remains of Fabric without Fabric."""

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
    """Time a training step, its matrix products alone, and the step without Lightning Fabric.

    They are timed in turn, so that a machine that slows down slows all of them; the ratio is what to quote.
    """
    import torch

    from ganaug import TabularGAN
    from ganaug.training import loop as trainer

    X, y = make_classification(1500, n_features, n_informative=5, weights=[0.96], random_state=0)
    shared = {"patience": None, "random_state": 0, "device": "cpu"} | params

    def seconds() -> float:
        model = TabularGAN(n_steps=n_steps, **shared).fit(X, y)
        return float(model.history_["step_time"][1:].median())

    n_recorded = TabularGAN().penalty_every  # one cycle of the lazy penalty
    recording, train = recorder(), trainer.train

    def recorded(*args: Any, **kwargs: Any) -> Any:
        with recording:
            return train(*args, **kwargs | {"measure": lambda network: {}})

    with patch("ganaug.models.base.train", recorded):
        TabularGAN(n_steps=n_recorded, **shared).fit(X, y)

    def matrix(shape: Any, contiguous: bool) -> Any:
        return torch.randn(shape) if contiguous else torch.randn(shape[::-1]).t()

    operands = [(matrix(a, p), matrix(b, q)) for a, b, p, q in recording.shapes]
    ours, plain, products = [], [], []
    for _ in range(n_rounds):
        ours.append(seconds())
        with patch("ganaug.models.base.Fabric", Plain):
            plain.append(seconds())
        start = time.perf_counter()
        for _ in range(n_steps // n_recorded):
            for left, right in operands:
                left @ right
        products.append((time.perf_counter() - start) / (n_steps // n_recorded * n_recorded))
    ratios = np.divide(ours, products)
    return package_version("ganaug"), {
        "step, ms": float(np.median(ours)) * 1e3,
        "products alone, ms": float(np.median(products)) * 1e3,
        "products a step": len(operands) / n_recorded,
        "ratio": float(np.median(ratios)),
        "lowest ratio": float(ratios.min()),
        "highest ratio": float(ratios.max()),
        "with Fabric / without": float(np.median(np.divide(ours, plain))),
    }


# --- many measurements -----------------------------------------------------------------------------------------------

PARTS = ["ctgan", "keel", "large", "step", "sampling", "growth"]
FUNCTIONS: dict[str, Callable[..., tuple[str, Values]]] = {
    function.__name__: function for function in (generate, keel, large, step, growth)
}


@dataclass(frozen=True)
class Job:
    """One measurement: a row of a part's table (`case`), what is measured there, and how."""

    part: str
    case: str
    of: str
    function: str
    params: dict[str, Any] = field(default_factory=dict)
    one_thread: bool = False


def jobs(parts: Iterable[str], data: Path | None, tables: Sequence[str], with_ctgan: bool, quick: bool) -> list[Job]:
    """List the measurements of these parts; `quick` ones take a few steps and are there to see that all runs."""
    steps = {"n_steps": 20} if quick else {}
    short, long = ([1, 2], [1, 2]) if quick else ([2, 6], [None])
    keel = tabular.keel_tables() if {"ctgan", "keel", "sampling"} & set(parts) else []
    of_keel = {table.name: str(table.path) for table in keel}
    wanted: list[Job] = []

    def beside(part: str, case: str, path: str, epochs: Iterable[int | None], **given: Any) -> None:
        wanted.append(Job(part, case, "ganaug", "generate", {"path": path, "sampler": "ganaug"} | given | steps, True))
        for n in epochs if with_ctgan else ():
            params = {"path": path, "sampler": "CTGAN", "epochs": n} | given
            wanted.append(Job(part, case, "CTGAN" if n is None else f"CTGAN, epochs={n}", "generate", params, True))

    if "ctgan" in parts:
        for case in ["yeast4", "abalone19", "page-blocks0"]:
            beside("ctgan", case, of_keel[case], long)
        if data:
            beside("ctgan", "adult", str(data / "adult.parquet"), short)
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
            # how long CTGAN was trained does not change how fast it samples
            beside("sampling", f"{n_rows:,}", of_keel["page-blocks0"], [1], n_rows=n_rows)
    if "growth" in parts and data:
        path = str(data / "adbench_cover.parquet")
        for n_rows in [500, 2_000] if quick else [10_000, 100_000, 1_000_000]:
            params = {"path": path, "n_rows": n_rows, "n_sampled": 1_000 if quick else 10_000}
            wanted.append(Job("growth", f"{n_rows:,}", "ganaug", "growth", params | steps))
    return wanted


def in_own_process(job: Job, python: str) -> tuple[str, Values]:
    command = [python, "-W", "ignore", __file__, "--one", job.function, json.dumps(job.params)]
    # the last is for CTGAN, which transforms columns in processes of joblib
    limits = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT"]
    environment = os.environ | dict.fromkeys(limits if job.one_thread else [], "1")
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:])
    version_of, values = json.loads(done.stdout.splitlines()[-1])
    return version_of, values


KEY = ["part", "case", "of"]
COLUMNS = [*KEY, "quantity", "value", "version", "machine", "date"]


def read(path: Path) -> pd.DataFrame:
    """Rows that were measured on this machine, and of ganaug as it is now."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    rows = pd.read_csv(path)
    if list(rows.columns) != COLUMNS:
        raise SystemExit(f"{path.name} has other columns than this script writes: move it away")
    ours = rows["of"] == "ganaug"
    rows = rows[(rows["machine"] == machine()) & (~ours | (rows["version"] == package_version("ganaug")))]
    return rows.drop_duplicates([*KEY, "quantity"], keep="last").reset_index(drop=True)


def run(wanted: Sequence[Job], path: Path, ctgan_python: str, console: Console) -> int:
    """Measure what is not measured yet, one after the other; return how many failed."""
    finished = set(read(path)[KEY].itertuples(index=False, name=None))
    n_failed = 0
    for place, job in enumerate(wanted, 1):
        label = f"{place}/{len(wanted)} {job.part}: {job.case}, {job.of}"
        if (job.part, job.case, job.of) in finished:
            console.print(f"{label}: measured already", style="dim", highlight=False)
            continue
        start = time.perf_counter()
        try:
            version_of, values = in_own_process(job, ctgan_python if job.of.startswith("CTGAN") else sys.executable)
        except RuntimeError as error:
            console.print(f"{label} failed: {error}", style="red", highlight=False, markup=False)
            n_failed += 1
            continue
        with path.open("a", newline="", encoding="utf-8") as file:
            key = [job.part, job.case, job.of]
            stamp = [version_of, machine(), date.today().isoformat()]
            lines = [[*key, name, round(value, 6), *stamp] for name, value in values.items()]
            csv.writer(file, lineterminator="\n").writerows(lines)
        console.print(f"{label}: {time.perf_counter() - start:.0f} s", highlight=False)
    return n_failed


# --- the page --------------------------------------------------------------------------------------------------------


def table_of(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    """Quantities of a part as columns, in the order of measurement; a row for each (case, of)."""
    return rows[rows["part"] == part].pivot_table("value", ["case", "of"], "quantity", sort=False)


def beside_ctgan(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare fit + sample, CTGAN's fit extrapolated to its default number of epochs where it was not measured."""
    compared = {}
    for case, of_case in table_of(rows, "ctgan").groupby("case", sort=False):
        of_case = of_case.droplevel("case")
        ctgan = of_case.drop(index="ganaug", errors="ignore")
        if "ganaug" not in of_case.index or ctgan.empty:
            continue
        ours, theirs, default = of_case.loc["ganaug"], ctgan.iloc[-1], ctgan["default epochs"].iloc[-1]
        epochs = ctgan["epochs"]
        if default in epochs.to_numpy():
            theirs = ctgan[epochs == default].iloc[-1]
            seconds, how = theirs["fit, s"], "measured"
        elif len(ctgan) == 1:
            seconds, how = math.nan, f"not known: {epochs.iloc[0]:.0f} epochs only"
        else:
            slope, start = np.polyfit(epochs, ctgan["fit, s"], 1)
            seconds = start + slope * default
            how = f"extrapolated to {default:.0f} epochs from {' and '.join(f'{n:.0f}' for n in epochs)}"
        total = {"ganaug": ours["fit, s"] + ours["sample, s"], "CTGAN": seconds + theirs["sample, s"]}
        compared[case] = {
            "rows": ours["rows"],
            "columns": ours["columns"],
            "rows wanted": ours["wanted"],
            "ganaug, s": total["ganaug"],
            "CTGAN, s": total["CTGAN"],
            "CTGAN's time is": how,
            "ratio": total["CTGAN"] / total["ganaug"],
            "ganaug, MB peak": max(ours["fit, MB peak"], ours["sample, MB peak"]),
            "CTGAN, MB peak": max(theirs["fit, MB peak"], theirs["sample, MB peak"]),
            "ganaug, MB before": ours["fit, MB before"],
            "CTGAN, MB before": theirs["fit, MB before"],
            "ganaug, of the class wanted": ours["of the class"],
            "CTGAN, of the class wanted": theirs["of the class"],
        }
    return pd.DataFrame.from_dict(compared, orient="index").rename_axis("table")


def of_sampling(rows: pd.DataFrame) -> pd.DataFrame:
    table = table_of(rows, "sampling").reset_index()
    sampled = pd.DataFrame(
        {
            "rows": table["wanted"],
            "rows/s": (table["wanted"] / table["sample, s"]).round(),
            "MB of the rows": table["MB of the rows"],
            "MB beyond them": table["sample, MB peak"] - table["sample, MB before"] - table["MB of the rows"],
        }
    )
    return sampled.set_index(table["of"].str.partition(",")[0].rename("sampler")).sort_index(
        ascending=False, kind="stable"
    )


PHASES = ["fitting the encoder", "encoding", "neighbour search", "training", "sample, s"]


def of_growth(rows: pd.DataFrame) -> pd.DataFrame:
    table = table_of(rows, "growth").set_index("rows").sort_index()
    table.index = table.index.astype(int)
    return table[[*PHASES, "rows sampled", "fit, s", "steps", "fit, MB before", "fit, MB peak", "sample, MB peak"]]


def exponents(table: pd.DataFrame) -> pd.DataFrame:
    """Fit seconds ~ rows^exponent to the last two numbers of rows, and to the first and the last."""
    logs = np.log(table[PHASES])
    size = np.log(table.index.to_numpy())

    def slope(first: int) -> pd.Series:
        return (logs.iloc[-1] - logs.iloc[first]) / (size[-1] - size[first])

    return pd.DataFrame({"from first to last": slope(0), "over the last": slope(-2)}).rename_axis("phase")


def sections(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Write what is known of each part: text and tables."""

    def shown(table: pd.DataFrame, digits: int = 2) -> str:
        return markdown(table.convert_dtypes(), digits).replace("<NA>", "-")

    written: dict[str, list[str]] = {}
    have = set(rows["part"])
    if len(compared := beside_ctgan(rows)):
        written["Beside CTGAN"] = [
            "Fit, and the rows that balance the classes. Defaults, one thread each. `ratio` is the seconds of CTGAN "
            "over those of ganaug; MB before is what the process holds when it has read the table and not begun.",
            shown(compared, 1),
        ]
    if "keel" in have:
        seconds = rows.loc[rows["part"] == "keel"].set_index("quantity")["value"]
        summary = {
            "tables": len(seconds),
            "median": seconds.median(),
            "90th percentile": seconds.quantile(0.9),
            "max": seconds.max(),
            "slowest": seconds.idxmax(),
        }
        written["All KEEL tables"] = [
            "Seconds of one `fit_resample` of each whole table.",
            markdown(pd.DataFrame([summary], index=["seconds"]), 2),
        ]
    if "large" in have:
        table = table_of(rows, "large").droplevel("of").rename_axis("table")
        written["Large tables"] = [
            "One `fit_resample` of each. A copy equals a training row of its class in every cell; `real rows with a "
            "twin` is the share of real rows outside the largest class that do so too.",
            shown(table),
        ]
    if "step" in have:
        written["A training step"] = [
            "Beside its matrix products alone, timed in turn; medians of rounds. One thread.",
            shown(table_of(rows, "step").droplevel("of").rename_axis("table")),
        ]
    if "sampling" in have:
        written["Sampling"] = [
            "After a fit of page-blocks0, one thread each. `MB beyond them` is how far the peak rose above what was "
            "held before, less the memory of the returned rows: it should not grow with their number.",
            shown(of_sampling(rows), 1),
        ]
    if "growth" in have:
        table = of_growth(rows)
        written["Growth"] = [
            "Seconds of each phase, and megabytes, by number of rows. Training takes all its steps.",
            shown(table, 3),
        ]
        if len(table) > 1:
            written["Growth"] += [
                "Exponents: seconds grow with the rows to the power of",
                markdown(exponents(table), 2),
            ]
    return written


def draw(path: Path, rows: pd.DataFrame) -> None:
    with mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 9}):
        figure = Figure(figsize=(11, 8), layout="constrained")
        for ax, panel in zip(
            figure.subplots(2, 2).ravel(), [draw_ctgan, draw_keel, draw_sampling, draw_growth], strict=True
        ):
            panel(ax, rows)
            if not ax.has_data():
                ax.text(0.5, 0.5, "not measured", ha="center", va="center", transform=ax.transAxes, color="grey")
        figure.savefig(path, dpi=130)


def draw_ctgan(ax: Axes, rows: pd.DataFrame) -> None:
    ax.set_title("fit + sample, one thread", loc="left")
    compared = beside_ctgan(rows)
    if compared.empty:
        return
    place = np.arange(len(compared))
    ax.bar(place - 0.2, compared["ganaug, s"], 0.4, label="ganaug", color="tab:red")
    ax.bar(place + 0.2, compared["CTGAN, s"], 0.4, label="CTGAN (hatched: extrapolated)", color="tab:grey")
    for bar, how in zip(ax.containers[1], compared["CTGAN's time is"], strict=True):
        bar.set_hatch("" if how == "measured" else "//")
    ax.bar_label(ax.containers[1], [f"{ratio:.0f}x" if math.isfinite(ratio) else "" for ratio in compared["ratio"]])
    ax.set(yscale="log", ylabel="seconds", xticks=place, xticklabels=compared.index)
    ax.legend(frameon=False, loc="upper left")
    ax.margins(y=0.3)


def draw_keel(ax: Axes, rows: pd.DataFrame) -> None:
    seconds = np.sort(rows.loc[rows["part"] == "keel", "value"])
    ax.set_title(f"fit_resample of {len(seconds)} KEEL tables", loc="left")
    if len(seconds):
        ax.plot(seconds, np.arange(1, len(seconds) + 1) / len(seconds), color="tab:red", drawstyle="steps-post")
        ax.set(xlabel="seconds", ylabel="share of tables", xlim=(0, None), ylim=(0, 1.02))


def draw_sampling(ax: Axes, rows: pd.DataFrame) -> None:
    ax.set_title("sampling: memory", loc="left")
    if "sampling" not in set(rows["part"]):
        return
    for name, of_sampler in of_sampling(rows).groupby("sampler"):
        color = "tab:red" if name == "ganaug" else "tab:grey"
        ax.plot(of_sampler["rows"], of_sampler["MB beyond them"], "o-", color=color, label=f"{name}, beyond the rows")
        ax.plot(of_sampler["rows"], of_sampler["MB of the rows"], "o:", color=color, label=f"{name}, the rows")
    ax.set(xscale="log", xlabel="rows sampled", ylabel="MB")
    ax.legend(frameon=False)


def draw_growth(ax: Axes, rows: pd.DataFrame) -> None:
    ax.set_title("phases of a fit, and sampling", loc="left")
    if "growth" not in set(rows["part"]):
        return
    table = of_growth(rows)
    for phase in PHASES:
        ax.plot(table.index, table[phase], "o-", label=phase.removesuffix(", s"))
    ax.set(xscale="log", yscale="log", xlabel="rows", ylabel="seconds")
    ax.legend(fontsize=8)


def write_page(stem: Path, rows: pd.DataFrame, title: str) -> str:
    """Write page and figure; return the page."""
    draw(stem.with_suffix(".png"), rows)
    parts = [
        f"# {title}",
        f"{machine()}; on the CPU. KEEL tables, large tables and growth have as many threads as there are cores, all "
        f"else has one. Each measurement once, in a process of its own. {', '.join(sorted(set(rows['date'])))}. "
        "How it is done stands at the top of `benchmarks/speed.py`.",
        f"Versions: {'; '.join([*dict.fromkeys(rows['version']), package_version('scikit-learn')])}.",
        f"![Speed and cost]({stem.name}.png)",
    ]
    for heading, section in sections(rows).items():
        parts += [f"## {heading}", *section]
    page = "\n\n".join(parts) + "\n"
    stem.with_suffix(".md").write_text(page, encoding="utf-8")
    return page


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS, help="only these")
    parser.add_argument("--data", type=Path, help="folder of tables as Parquet, last column the target")
    tables = ["adult", "kddcup99_10pct_dedup"]
    parser.add_argument("--tables", nargs="+", default=tables, help="of that folder, for the part 'large'")
    parser.add_argument("--ctgan-python", default="", help="the interpreter that has CTGAN")
    parser.add_argument("--quick", action="store_true", help="few steps, to see that all runs: measures nothing")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for all that is written")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    args = arguments(given)
    console = Console()
    if not args.data:
        console.print("without --data, the parts large and growth, and adult beside CTGAN, are left out")
    if not args.ctgan_python:
        console.print("without --ctgan-python, CTGAN is left out")
    stem = args.results / ("speed-quick" if args.quick else "speed")
    wanted = jobs(args.part, args.data, args.tables, bool(args.ctgan_python), args.quick)
    n_failed = run(wanted, stem.with_suffix(".csv"), args.ctgan_python, console)
    title = "Speed and cost" + ", a quick try whose figures mean nothing" * args.quick
    page = write_page(stem, read(stem.with_suffix(".csv")), title)
    console.print(page, highlight=False, markup=False, soft_wrap=True)
    console.print(f"{stem.name}.md and {stem.name}.png in {args.results.name}/", highlight=False)
    if n_failed:
        raise SystemExit(f"{n_failed} of {len(wanted)} measurements failed")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(FUNCTIONS[sys.argv[2]](**json.loads(sys.argv[3]))))
        raise SystemExit
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("interrupted: the same command goes on from here") from None
