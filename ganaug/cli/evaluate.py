"""``ganaug evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli.console import console, on_terminal, print_answers, print_measures, print_others
from ganaug.cli.first_screen import command, with_commands
from ganaug.cli.options import Encoding, Force, Ignore, Report, Seed, SkipBad, check_options, check_report, parse_ignore
from ganaug.common.progress import begin_phase, end_phase


def evaluate(
    real: Annotated[
        Path,
        typer.Argument(
            metavar="REAL",
            help="The table of the real rows; for images the folder, CLASS/*.png, or .npz file.",
        ),
    ],
    synthetic: Annotated[
        Path,
        typer.Argument(
            metavar="SYNTHETIC",
            help="Synthetic rows only; for images a folder or .npz file of them, or the OUT of `ganaug balance`, of "
            "which only the synthetic images are read.",
        ),
    ],
    holdout: Annotated[
        Path | None,
        typer.Option("--holdout", metavar="FILE", help="Real rows or images that the generator has not seen."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="COLUMN",
            help="For tables: the column with the classes. Only classes with synthetic rows are compared.",
        ),
    ] = None,
    mark: Annotated[
        str | None,
        typer.Option(
            "--mark",
            metavar="COLUMN",
            help="For tables: the column that `ganaug balance --mark` wrote. Only rows of SYNTHETIC with a 1 are read.",
        ),
    ] = None,
    ignore: Ignore = None,
    inception: Annotated[
        Path | None,
        typer.Option(
            "--inception",
            metavar="FILE",
            help="For images: Inception as TorchScript (inception-2015-12-05.pt), for FID, KID and IS as in papers.",
        ),
    ] = None,
    encoding: Encoding = None,
    skip_bad: SkipBad = False,
    seed: Seed = 0,
    report: Report = None,
    force: Force = False,
) -> None:
    """Show whether SYNTHETIC rows, images or texts help a classifier, look real, and are safe to share."""
    begin_phase("starting", show=on_terminal())
    from ganaug.common.modality import modality_of_path

    for path in (real, synthetic, holdout):
        if path is not None and not path.exists():
            raise FileNotFoundError(f"there is no file or folder {path}")
    check_report(report, real, synthetic, holdout, force=force)
    modality = modality_of_path(real)
    is_table = modality.name == "tabular"
    check_options(
        real,
        modality,
        for_tables={"--target": target, "--mark": mark, "--ignore": ignore, "--encoding": encoding},
        for_images={"--inception": inception, "--skip-bad": skip_bad},
    )

    from ganaug.evaluation import evaluate_paths
    from ganaug.reporting import report as write_report

    begin_phase("evaluating", show=on_terminal())
    evaluation = evaluate_paths(
        real,
        synthetic,
        holdout=holdout,
        target=target,
        mark=mark,
        encoding=encoding,
        ignore=parse_ignore(ignore, []),
        inception=inception,
        skip_bad=skip_bad,
        random_state=seed,
    )
    end_phase()
    findings = evaluation.verdict
    if is_table:
        words = command("compare", real, "--target", target or "COLUMN")
        findings = with_commands(findings, words)
    print_answers(findings)
    print_others(findings)
    if is_table and hasattr(evaluation, "extent"):
        console().print(evaluation.extent, markup=False, highlight=False)
    print_measures(evaluation.frame())
    if report is not None:
        rows = evaluation.settings.get("rows")
        title = f"{synthetic.name} against {real.name}{f', only {rows}' if rows else ''}"
        write_report(evaluation, report, title=title)
