"""``ganaug demo``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganaug.cli.console import console, on_terminal, print_counts
from ganaug.cli.first_screen import command, print_next
from ganaug.cli.options import Force, Seed

if TYPE_CHECKING:
    import pandas as pd


def demo(
    seed: Seed = 0,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write",
            metavar="CSV",
            help="Only write a table to try other commands on: 386 biopsies, 1 in 13 malignant, --target diagnosis.",
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Show on scikit-learn's breast cancer table what synthetic rows do to two classifiers; takes half a minute."""
    if write is not None:
        _write(write, force=force)
        return
    import pandas as pd
    from rich.progress import track

    from ganaug.comparison import DEMO_BENIGN_PER_MALIGNANT, DEMO_SPLITS, demo_splits

    screen = console()
    screen.print(
        "Breast cancer: 569 biopsies with 30 measurements each. One half trains; its malignant biopsies are reduced to "
        f"1 in {DEMO_BENIGN_PER_MALIGNANT + 1}. The other half tests. This is repeated for {DEMO_SPLITS} random halves."
    )
    scores: list[dict[str, object]] = []
    seconds: list[float] = []
    for split in track(
        demo_splits(seed or 0),
        "Splits",
        total=DEMO_SPLITS,
        console=console(stderr=True),
        transient=True,
        disable=not on_terminal(),
    ):
        if not scores:
            print_counts("diagnosis", split.before, split.after, split.before)
        scores += split.scores
        seconds.append(split.seconds)
    _print_scores(pd.DataFrame(scores), sum(seconds) / DEMO_SPLITS)


def _write(path: Path, *, force: bool) -> None:
    from ganaug.common.files import replacing
    from ganaug.comparison import demo_table
    from ganaug.datasets import check_output

    check_output(path, force=force)
    table = demo_table()
    with replacing(path) as file:
        table.to_csv(file, index=False)
    n_rare = int((table["diagnosis"] == "malignant").sum())
    console().print(f"Wrote {path}: {len(table)} biopsies, {n_rare} of them malignant.", markup=False)
    print_next(command("balance", path, "balanced.csv", "--target", "diagnosis"))


def _print_scores(scores: pd.DataFrame, seconds: float) -> None:
    """Print the mean scores, and what they say of ganaug."""
    from rich import box
    from rich.table import Table

    from ganaug.comparison import DEMO_METRICS, demo_verdict

    groups = scores.groupby(["classifier", "added"], sort=False)[list(DEMO_METRICS)]
    means, spreads = groups.mean(), groups.std()
    bold = means == means.groupby("classifier").transform("max")
    text = means.map("{:.3f}".format).where(~bold, means.map("[bold]{:.3f}[/]".format))
    text += spreads.map(" ± {:.3f}".format)

    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"Scores (resampling took {seconds:.1f} s a split)",
        title_justify="left",
        pad_edge=False,
    )
    table.add_column("classifier", no_wrap=True)
    table.add_column("added", no_wrap=True)
    for metric in DEMO_METRICS:
        table.add_column(metric, justify="right", no_wrap=True)
    for classifier, rows in text.groupby("classifier", sort=False):
        for i, cells in enumerate(rows.droplevel("classifier").reset_index().itertuples(index=False)):
            table.add_row("" if i else str(classifier), *cells, end_section=i + 1 == len(rows))
    screen = console()
    screen.print(table)

    for rival, name in (("none", "no resampling"), ("SMOTE", "SMOTE")):
        words, n_better, n_worse, gain = demo_verdict(scores, rival)
        screen.print(
            f"ganaug is {words} {name}: {n_better} scores of {len(DEMO_METRICS) * len(scores) // 3} better, "
            f"{n_worse} worse, {gain:+.3f} on average."
        )
