"""``ganaug balance --engine dask``: a table that is larger than memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug.cli.console import KEPT, console, on_terminal, print_answers, print_table, say
from ganaug.cli.first_screen import command, kept_checkpoint, print_next, print_written
from ganaug.cli.options import check_own_file, parse_strategy
from ganaug.common.extras import require_extra
from ganaug.common.progress import begin_phase, end_phase

if TYPE_CHECKING:
    from ganaug.common.findings import Finding
    from ganaug.scale import BalancedParquet

# Rows of each kind and class on which the answers rest.
_N_EVALUATED = 1_000


def balance_dask(
    files: Path,
    out: Path,
    target: str | None,
    strategy: str,
    params: dict[str, Any],
    refused: Mapping[str, object],
    *,
    scheduler: str | None,
    n_train: int,
    mark: str | None,
    only_synthetic: bool,
    save: Path | None,
    force: bool,
    began: float,
) -> None:
    """Balance Parquet files into a folder, and print what was written; the parameters are those of the command."""
    for option, value in refused.items():
        if value is not None and value is not False:
            raise ValueError(f"{option} needs all rows in memory; leave it out, or leave --engine dask out")
    if target is None:
        raise ValueError("--target COLUMN is missing: name the column with the classes")
    require_extra("dask", "--engine dask needs")
    import logging
    import time

    import pandas as pd
    from distributed import Client, LocalCluster
    from rich.progress import BarColumn, Progress, TextColumn

    from ganaug.cli.time_limit import TimeLimit, after_partitions
    from ganaug.common.progress import TimeLeft
    from ganaug.oversampler import GANOversampler
    from ganaug.scale import balance_parquet

    checkpoint: Path | None = params["checkpoint"]
    check_own_file("--checkpoint", checkpoint, files, out, save)
    plan = {"rows": 0, "read": 0.0}
    sampler = GANOversampler(sampling_strategy=parse_strategy(strategy, None), **params)
    end_phase()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,} of {task.total:,} files"),
        TimeLeft(),
        console=console(stderr=True),
        transient=True,
        disable=not on_terminal(),
    )
    tasks: dict[str, Any] = {}

    reading = time.perf_counter()

    def follow(name: str, n_done: int, n_tasks: int) -> None:
        if name == "reading":
            plan["read"] = time.perf_counter() - reading
        if name not in tasks:
            end_phase()
            bar.start()
            tasks[name] = bar.add_task(name, total=n_tasks)
        bar.update(tasks[name], completed=n_done)
        if n_done == n_tasks:
            bar.stop()  # training has a bar of its own

    cluster = (
        None
        if scheduler is not None
        else LocalCluster(threads_per_worker=1, dashboard_address=":0", silence_logs=logging.CRITICAL)
    )
    try:
        with kept_checkpoint(checkpoint), Client(scheduler if cluster is None else cluster) as client:
            if client.dashboard_link:
                say("dashboard", client.dashboard_link)
            if params["max_time"] is not None:
                n_workers = max(1, sum(client.nthreads().values()))
                after = after_partitions(lambda: int(plan["rows"]), n_workers, lambda: plan["read"], began)
                sampler.set_params(callbacks=[TimeLimit(params["max_time"], began, after)])
            written = balance_parquet(
                files,
                out,
                target,
                sampler,
                client=client,
                n_train=n_train,
                mark=mark,
                only_synthetic=only_synthetic,
                force=force,
                follow=follow,
                planned=lambda n: plan.update(rows=n),
            )
    finally:
        bar.stop()
        if cluster is not None:
            cluster.close()
    KEPT.append(str(out))
    if save is not None and written.source is not None:
        written.source.model.save(save)
        KEPT.append(f"the model {save}")
    begin_phase("evaluating", show=on_terminal())
    n_real, n_synthetic = sum(written.counts.values()), sum(written.n_synthetic.values())
    kept = "" if only_synthetic else f"{n_real:,} real rows and "
    n_files = len(written.files)
    end_phase()
    print_answers(_findings(written, target))
    print_written(f"{kept}{n_synthetic:,} synthetic rows in {n_files:,} files of {out}.", began)
    print(f"The model learned from {len(written.sample):,} rows, drawn at random. The answers rest on a few of them.")
    rows = [
        (str(label), f"{n:,}", f"{written.n_synthetic.get(label, 0):,}", f"{n + written.n_synthetic.get(label, 0):,}")
        for label, n in sorted(written.counts.items(), key=lambda of: -of[1])
    ]
    print_table(pd.DataFrame(rows, columns=[target, "before", "synthetic", "after"]))
    if written.source is not None and save is not None:
        print_next(command("sample", save, "rows.parquet", "--label", rows[-1][0], "-n", 1000))


def _findings(written: BalancedParquet, target: str) -> list[Finding]:
    """Return the three answers, from some of the rows that the model learned from and as many synthetic ones."""
    import pandas as pd

    from ganaug.common.findings import HELPS, REAL, SAFE, Finding
    from ganaug.evaluation import evaluate

    if written.source is None:
        return [Finding(of, "unknown", "No synthetic rows were added.") for of in (HELPS, REAL, SAFE)]
    synthetic = pd.concat(
        rows.assign(**{target: label})
        for label, n in written.n_synthetic.items()
        for rows in written.source.rows(label, min(n, _N_EVALUATED), written.source.model.seed_ + 1, 0)
    )
    real = written.sample.groupby(target, observed=True).head(_N_EVALUATED)
    found = evaluate(real, synthetic[list(real)], target=target)
    said = "Not measured; compare samplers on a part that fits into memory."
    return [Finding(HELPS, "unknown", said), *(of for of in found.verdict if of.question in (REAL, SAFE))]
