"""``ganaug compare``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ganaug.cli.console import KEPT, on_terminal, print_answers, print_others, print_scores
from ganaug.cli.options import (
    Encoding,
    Force,
    Ignore,
    Report,
    Resize,
    Seed,
    SkipBad,
    Task,
    check_options,
    check_report,
    check_two_classes,
    parse_ignore,
    parse_size,
    split_names,
)
from ganaug.cli.values import parse_relevance
from ganaug.common.progress import begin_phase, end_phase


def compare(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="A CSV, TSV (also .gz), Parquet or Feather file; a folder of images, CLASS/*.png; or an .npz file "
            "with train_images and train_labels.",
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="COLUMN",
            help="For tables: the column with the classes, or with numbers of which some are rare, such as prices. "
            "Several labels a row: A,B,C, columns of 0 and 1 or of yes and no.",
        ),
    ] = None,
    task: Annotated[
        Task,
        typer.Option(
            "--task",
            metavar="NAME",
            help="For tables: classification, regression or multilabel. auto takes numbers of which some are not "
            "whole, or many different ones, as a continuous target.",
        ),
    ] = Task.auto,
    relevance: Annotated[
        str | None,
        typer.Option(
            "--relevance",
            metavar="V:R,V:R",
            help="For numbers: how much values matter, from 0 to 1, such as 100:0,500:1; from 0.8 on they are rare. "
            "Default: values beyond the whiskers of a box plot are.",
        ),
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(
            "--groups",
            metavar="COLUMN",
            help="Rows with one value (such as a patient) stay on one side of a split. For images: a CSV file with the "
            "column file, such as sick/7.png, and one with groups.",
        ),
    ] = None,
    ignore: Ignore = None,
    samplers: Annotated[
        list[str] | None,
        typer.Option(
            "--samplers",
            metavar="A,B",
            help="What to compare. Tables: none, weights, threshold, random, SMOTE and ganaug by default; others of "
            "imbalanced-learn by class name. Numbers: SMOTER and SMOGN in place of SMOTE; several labels: MLSMOTE. "
            "Images: none, weights, repeated, 'classical mild', 'ganaug 0.2' (a share), 'ganaug 0.2 + weights + "
            "classical mild' and so on; by default all, with four shares.",
        ),
    ] = None,
    classifiers: Annotated[
        list[str] | None,
        typer.Option(
            "--classifiers",
            metavar="A,B",
            help="Class names of scikit-learn. Default for tables: LogisticRegression and "
            "HistGradientBoostingClassifier, for numbers Ridge and HistGradientBoostingRegressor; for images: CNN and, "
            "with the extra extractor, 'frozen features'.",
        ),
    ] = None,
    splits: Annotated[
        int, typer.Option("--splits", metavar="N", help="Number of folds. A verdict needs 5 splits in all.", min=2)
    ] = 5,
    repeats: Annotated[
        int, typer.Option("--repeats", metavar="N", help="Repetitions of the cross-validation.", min=1)
    ] = 2,
    max_time: Annotated[
        float | None,
        typer.Option(
            "--max-time",
            metavar="SECONDS",
            help="Limit of the comparison. It is planned from the first split; a verdict needs five.",
            min=0,
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", help="Number of processes; -1 uses all cores.")] = 1,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results", metavar="CSV", help="Keep every score here; the same command goes on after an interruption."
        ),
    ] = None,
    encoding: Encoding = None,
    resize: Resize = None,
    skip_bad: SkipBad = False,
    seed: Seed = 0,
    report: Report = None,
    force: Force = False,
) -> None:
    """Show by cross-validation whether synthetic rows or images help on IN, compared with none and other ways."""
    begin_phase("starting", show=on_terminal())
    from ganaug.common.modality import modality_of_path
    from ganaug.comparison import compare
    from ganaug.reporting import report as write_report

    if not source.exists():
        raise FileNotFoundError(f"there is no file or folder {source}")
    if jobs == 0:
        raise ValueError("--jobs 0 starts no process; give their number, or -1 for all cores")
    check_report(report, source, results, force=force)
    modality = modality_of_path(source)
    check_options(
        source,
        modality,
        for_tables={
            "--target": target,
            "--task": task if task is not Task.auto else None,
            "--relevance": relevance,
            "--ignore": ignore,
            "--encoding": encoding,
        },
        for_images={"--resize": resize, "--skip-bad": skip_bad},
    )
    begin_phase(f"reading {source}", show=on_terminal())
    given: dict[str, Any] = {}
    if modality.name == "image":
        X, y, of_groups = _read_images(source, groups, resize, skip_bad=skip_bad)
    else:
        X, y, of_groups = _read_table(source, target, task.value, groups, encoding)
        left_out = parse_ignore(ignore, list(X))
        given["ignore"] = "auto" if left_out is None else left_out
        given["task"] = task.value
        if relevance is not None:
            given["relevance"] = parse_relevance(relevance, _reader_of(source, target, encoding))
    if samplers:
        given["samplers"] = split_names(samplers)
    if classifiers:
        given["classifiers"] = split_names(classifiers)
    if results is not None:
        KEPT.append(f"the finished splits in {results}, from which the same command goes on")
    begin_phase("comparing", show=on_terminal())
    try:
        comparison = compare(
            X,
            y,
            groups=of_groups,
            n_splits=splits,
            n_repeats=repeats,
            random_state=seed,
            n_jobs=jobs,
            max_time=max_time,
            results=results,
            verbose=1,
            **given,
        )
    except BaseException:
        if results is not None and (not results.is_file() or results.read_bytes().count(b"\n") < 2):
            KEPT.clear()  # no split was finished
        raise
    end_phase()
    print_answers(comparison.verdict)
    print_scores(comparison)
    print_others(comparison.verdict)
    if report is not None:
        write_report(comparison, report, title=f"{source.name}: ways to balance, compared")


def _read_table(
    source: Path, target: str | None, task: str, groups: str | None, encoding: str | None
) -> tuple[Any, Any, Any]:
    """Return rows, labels and groups."""
    from ganaug.datasets import Table, read_targets

    if target is None:
        raise ValueError("--target COLUMN is missing: name the column with the classes")
    X, y = read_targets(source, target, task=task, encoding=encoding)
    if y.ndim == 1:
        check_two_classes(y, f"{source}: column {target!r}")
    if groups is None:
        return X, y, None
    if groups == target:
        raise ValueError(f"--groups {groups} is the target; name the column that identifies the group")
    Table(X).check_column(groups)
    return X.drop(columns=groups), y, X[groups]


def _reader_of(source: Path, target: str | None, encoding: str | None) -> Callable[[str], Any]:
    """Return what reads a value of the target as its file writes it."""
    from ganaug.datasets import read_table, value_of

    table = read_table(source, target=target, encoding=encoding)
    return lambda cell: value_of(table, str(target), cell)


def _read_images(source: Path, groups: str | None, resize: str | None, *, skip_bad: bool) -> tuple[Any, Any, Any]:
    """Return images, labels and groups."""
    import pandas as pd

    from ganaug.datasets import read_image_groups, read_images

    images = read_images(source, resize=None if resize is None else parse_size(resize), skip_bad=skip_bad)
    check_two_classes(pd.Series(images.named_y), f"{source}")
    return images.X, images.named_y, None if groups is None else read_image_groups(groups, images)
