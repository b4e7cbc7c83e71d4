"""``ganaug stylize``."""

from __future__ import annotations

import time
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli.console import KEPT, console, on_terminal, print_answers, print_others
from ganaug.cli.first_screen import command, print_next, print_written
from ganaug.cli.options import Force
from ganaug.common.extras import require_extra
from ganaug.common.progress import begin_phase, end_phase


class Method(str, Enum):
    """What a style is."""

    features = "features"
    color = "color"


def stylize(
    content: Annotated[
        Path, typer.Argument(metavar="CONTENT", help="An image file, or a folder of them: what the images show.")
    ],
    style: Annotated[
        Path,
        typer.Argument(
            metavar="STYLE", help="An image file, or a folder of which each image takes a random one: how they look."
        ),
    ],
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="The file to write (PNG, JPEG or TIFF); for a folder, a folder with manifest.csv."
        ),
    ],
    method: Annotated[
        Method,
        typer.Option(
            "--method",
            metavar="NAME",
            help="features moves pixels until a frozen network finds the style in them, and needs the extra "
            "'extractor'; color matches the mean and the spread of colours, as for stains, and is at once.",
        ),
    ] = Method.features,
    strength: Annotated[
        float,
        typer.Option("--strength", metavar="NUMBER", help="From 0, the image as it is, to 1, the style.", min=0, max=1),
    ] = 1.0,
    steps: Annotated[
        int, typer.Option("--steps", metavar="N", help="For features: steps of the optimisation.", min=1)
    ] = 60,
    content_weight: Annotated[
        float,
        typer.Option(
            "--content-weight",
            metavar="NUMBER",
            help="For features: how much the shapes are kept. For photographs in the style of a painting, try 0.05.",
            min=0,
        ),
    ] = 1.0,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="The same seed gives each image the same style.", min=0)
    ] = None,
    force: Force = False,
) -> None:
    """Write the images of CONTENT in the style of those of STYLE, such as cells in the stain of another laboratory."""
    began = time.perf_counter()
    begin_phase("starting", show=on_terminal())
    from rich.progress import Progress

    from ganaug.common.wording import counted
    from ganaug.style import stylize_files

    if method is Method.features:
        require_extra("extractor", "--method color needs no extra; --method features needs")
    begin_phase("stylizing", show=False)
    with Progress(console=console(stderr=True), transient=True, disable=not on_terminal()) as bar:
        task = bar.add_task("stylizing", total=None)
        done = stylize_files(
            content,
            style,
            out,
            method=method.value,
            strength=strength,
            n_steps=steps,
            content_weight=content_weight,
            random_state=seed,
            force=force,
            progress=lambda n, total: bar.update(task, completed=n, total=total),
        )
    KEPT.append(str(out))
    end_phase()
    findings = done.verdict
    print_answers(findings)
    # the path itself where it is one file
    n_images, n_styles = len(done.manifest), done.manifest["style"].nunique()
    shown, looks = (
        f"{counted(n, 'image')} of {path}" if path.is_dir() else str(path)
        for n, path in ((n_images, content), (n_styles, style))
    )
    words = f"{shown} in the style of {looks}"
    print_written(f"Wrote {out}: {words}, with seed {done.seed}.", began)
    print_others(findings)
    if done.manifest["file"].str.contains("/").any():
        print_next(command("evaluate", content, out))
