"""``ganaug compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli.console import on_terminal, print_findings, print_table
from ganaug.cli.options import Encoding, Force, Report, Seed, check_report, split_names


def compare(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A CSV, TSV (also .gz), Parquet or Feather file.")],
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="The column with the classes.")],
    groups: Annotated[
        str | None,
        typer.Option(
            "--groups",
            metavar="COLUMN",
            help="Rows with one value (such as a patient) stay on one side of a split.",
        ),
    ] = None,
    samplers: Annotated[
        str,
        typer.Option(
            "--samplers", metavar="A,B", help="What to compare; imbalanced-learn's samplers go by their class name."
        ),
    ] = "none,weights,threshold,random,SMOTE,ganaug",
    classifiers: Annotated[
        str, typer.Option("--classifiers", metavar="A,B", help="Class names of scikit-learn.")
    ] = "LogisticRegression,HistGradientBoostingClassifier",
    splits: Annotated[int, typer.Option("--splits", help="Number of folds.", min=2)] = 5,
    repeats: Annotated[
        int, typer.Option("--repeats", help="How many times to repeat the cross-validation.", min=1)
    ] = 2,
    jobs: Annotated[int, typer.Option("--jobs", help="Number of processes; -1 uses all cores.")] = 1,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results", metavar="CSV", help="Keep every score here; the same command resumes after an interruption."
        ),
    ] = None,
    encoding: Encoding = None,
    seed: Seed = 0,
    report: Report = None,
    force: Force = False,
) -> None:
    """Show by cross-validation whether synthetic rows help on IN, compared with no resampling and other ways."""
    from ganaug.comparison import compare
    from ganaug.datasets import read_table
    from ganaug.reporting import report as write_report

    check_report(report, source, results, force=force)
    table = read_table(source, target=target, encoding=encoding)
    X, y = table.split(target)
    of_groups = None
    if groups is not None:
        table.check_column(groups)
        if groups == target:
            raise ValueError(f"--groups {groups} is the target; name the column that identifies the group")
        of_groups, X = X[groups], X.drop(columns=groups)
    comparison = compare(
        X,
        y,
        samplers=split_names(samplers),
        classifiers=split_names(classifiers),
        groups=of_groups,
        n_splits=splits,
        n_repeats=repeats,
        random_state=seed,
        n_jobs=jobs,
        results=results,
        verbose=int(on_terminal()),
    )
    for classifier, means in comparison.means().groupby("classifier", sort=False):
        print_table(means.droplevel("classifier").reset_index(), title=f"Mean scores of {classifier}")
    print_findings(comparison.verdict)
    if report is not None:
        write_report(comparison, report, title=f"{source.name}: ways to balance, compared")
