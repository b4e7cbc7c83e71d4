"""Seconds and memory of ``ganaug balance --engine dask`` for tables of 100,000 to 50,000,000 rows.

    python benchmarks/scale.py --data adbench_cover.parquet --rows 1e5 1e6 1e7 5e7

The tables have 20 columns, made from one of 10: each row holds the numbers of a row that is drawn at random, and those
of another row of its class, all with noise of a hundredth of their standard deviation; whole numbers stay whole. They
are written to a temporary folder in files of at most 500,000 rows, and deleted with the result.

The command runs as a user types it, in a process of its own that starts a worker for each core. The resident memory of
all its processes is read four times a second; the peak is that of the largest worker, and of the process that trains.
Seconds are those of the clock, and CPU seconds those of all processes together, which do not depend on what else runs.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow.parquet as pq
from pages import machine

_ROWS_PER_FILE = 500_000
_SECONDS_BETWEEN = 0.25
_JITTER = 0.01


def write_table(source: pd.DataFrame, folder: Path, n_rows: int, seed: int = 0) -> None:
    """Write a table of 20 columns and a last one of classes, in files of some hundred thousand rows.

    Parameters
    ----------
    source : DataFrame
        Whole numbers, and the classes in the last column.
    folder : Path
        Where to write.
    n_rows : int
        Rows of all files.
    seed : int
        Of the draws.
    """
    X, y = source.iloc[:, :-1].to_numpy(float), source.iloc[:, -1].to_numpy()
    spread = _JITTER * X.std(axis=0)
    of_class = {label: np.flatnonzero(y == label) for label in np.unique(y)}
    size = min(_ROWS_PER_FILE, -(-n_rows // 4))
    for number, at in enumerate(range(0, n_rows, size)):
        rng = np.random.default_rng([seed, number])
        n = min(size, n_rows - at)
        first = rng.integers(len(X), size=n)
        second = np.empty(n, dtype=np.intp)
        for label, members in of_class.items():
            own = y[first] == label
            second[own] = rng.choice(members, own.sum())
        columns = {}
        for i, name in enumerate(source.columns[:-1]):
            whole = X[first, i] + rng.normal(scale=spread[i], size=n)
            columns[name] = np.rint(whole).astype(np.int16)
            columns[f"{name}_2"] = (X[second, i] + rng.normal(scale=spread[i], size=n)).astype(np.float32)
        columns[source.columns[-1]] = y[first].astype(np.int8)
        pd.DataFrame(columns).to_parquet(folder / f"part-{number:04d}.parquet", index=False)


def balance(data: Path, out: Path, target: str, *options: str) -> tuple[float, float, dict[int, float]]:
    """Run the command; return the seconds, CPU seconds, and process -> peak of its memory in megabytes (2^20 bytes).

    Parameters
    ----------
    data, out : Path
        Folders to read and to write.
    target : str
        The column of classes.
    *options : str
        More words of the command.
    """
    words = [sys.executable, "-m", "ganaug.cli", "balance", f"{data}/*.parquet", str(out), "--target", target]
    start = time.perf_counter()
    process = subprocess.Popen([*words, "--engine", "dask", "--seed", "0", *options])
    peaks: dict[int, float] = {process.pid: 0.0}
    cpu: dict[int, float] = {}
    while process.poll() is None:
        try:
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            break
        for one in family:
            try:
                peaks[one.pid] = max(peaks.get(one.pid, 0.0), one.memory_info().rss / 2**20)
                cpu[one.pid] = sum(one.cpu_times()[:2])
            except psutil.NoSuchProcess:
                continue
        time.sleep(_SECONDS_BETWEEN)
    if process.wait():
        raise RuntimeError(f"the command failed with status {process.returncode}")
    return time.perf_counter() - start, sum(cpu.values()), peaks


def main(arguments: list[str] | None = None) -> pd.DataFrame:
    """Print a row for each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path, help="a table as Parquet, the class in its last column")
    parser.add_argument("--rows", type=float, nargs="+", default=[1e5, 1e6, 1e7, 5e7])
    parser.add_argument("--folder", type=Path, help="where the tables are written for the time of the run")
    parser.add_argument("--option", nargs="*", default=[], help="more words of the command")
    given = parser.parse_args(arguments)
    source = pd.read_parquet(given.data)
    rows = []
    for n_rows in map(int, given.rows):
        with tempfile.TemporaryDirectory(dir=given.folder) as home:
            data, out = Path(home) / "data", Path(home) / "out"
            data.mkdir()
            write_table(source, data, n_rows)
            seconds, cpu_seconds, peaks = balance(data, out, source.columns[-1], *given.option)
            main_peak, *of_others = peaks.values()
            files = sorted(out.glob("*.parquet"))
            rows.append(
                {
                    "rows": n_rows,
                    "MB read": sum(file.stat().st_size for file in data.iterdir()) / 2**20,
                    "rows added": sum(pq.read_metadata(of).num_rows for of in files if of.name.startswith("synthetic")),
                    "MB written": sum(file.stat().st_size for file in files) / 2**20,
                    "seconds": seconds,
                    "CPU seconds": cpu_seconds,
                    "MB of the process that trains": main_peak,
                    "MB of a worker": max(of_others, default=0.0),
                }
            )
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    print(machine())
    print(table.round(0).astype(int).to_string(index=False))
    return table


if __name__ == "__main__":
    main()
