"""``ganaug demo``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganaug.cli.console import console, on_terminal, print_counts
from ganaug.cli.options import Seed

if TYPE_CHECKING:
    import pandas as pd


def demo(seed: Seed = 0) -> None:
    """Show on scikit-learn's breast cancer table what synthetic rows do to two classifiers."""
    import pandas as pd
    from rich.progress import track

    from ganaug.comparison import DEMO_BENIGN_PER_MALIGNANT, DEMO_SPLITS, demo_splits

    screen = console()
    screen.print("Breast cancer: 569 biopsies with 30 measurements each. One half trains; its malignant")
    screen.print(
        f"biopsies are reduced to 1 in {DEMO_BENIGN_PER_MALIGNANT + 1}. The other half tests. {DEMO_SPLITS} random "
        "halves."
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
