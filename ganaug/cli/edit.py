"""``ganaug edit``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.cli.console import KEPT, on_terminal, print_answers, print_others
from ganaug.cli.first_screen import print_written
from ganaug.cli.options import Force, find_label
from ganaug.common.progress import begin_phase, end_phase

if TYPE_CHECKING:
    from ganaug.models import ImageGAN


def edit(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A file of a model of images, such as of `ganaug balance --save`.")
    ],
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="Files of real images. Those of another size are resized.")
    ],
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="The folder to write: the edited images, manifest.csv, and sheet.png with a row for each image: the "
            "real one, its inversion, the edited ones.",
        ),
    ],
    toward: Annotated[
        str | None,
        typer.Option("--toward", metavar="LABEL", help="Move the images to a class. Not with --mix or --interpolate."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--given",
            metavar="ATTRIBUTE=LEVEL",
            help="Move the images to a level of an attribute of the model; may be repeated. Not with --mix or "
            "--interpolate.",
        ),
    ] = None,
    amount: Annotated[
        float | None,
        typer.Option(
            "--amount",
            metavar="A",
            help="With --toward or --given, how far: 0 stays, 1 arrives (default), 1.5 exaggerates.",
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            metavar="N",
            help="Write N images for each one: in equal steps up to the amount, or on the way to the other image. Not "
            "with --mix.",
            min=1,
        ),
    ] = None,
    mix: Annotated[
        Path | None,
        typer.Option(
            "--mix",
            metavar="IMAGE2",
            help="Take fine styles (colour, texture) from it; needs 'stylegan2'. Not with other edits.",
        ),
    ] = None,
    interpolate: Annotated[
        Path | None,
        typer.Option(
            "--interpolate",
            metavar="IMAGE2",
            help="Write the path to another image, 8 images by default. Not with other edits.",
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            metavar="LABEL",
            help="The class of the images. Default: the name of their folder, or the one that the discriminator finds.",
        ),
    ] = None,
    inversion_steps: Annotated[
        int, typer.Option("--inversion-steps", metavar="N", help="Steps of finding each image in the model.", min=1)
    ] = 300,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="The same seed finds the same images.", min=0)
    ] = None,
    force: Force = False,
) -> None:
    """Find real images in a model, and write them edited: as of another class, with other attributes, mixed, between.

    Of each image it is said how near its inversion came: an image that the model cannot draw cannot be edited.
    """
    began = time.perf_counter()
    begin_phase("starting", show=on_terminal())
    from ganaug.datasets import check_synthetic_folder

    for path in (model, *images, mix, interpolate):
        if path is not None and not path.is_file():
            raise FileNotFoundError(f"there is no file {path}")
    if sum([toward is not None or bool(given), mix is not None, interpolate is not None]) != 1:
        raise ValueError("choose one edit: --toward LABEL and --given ATTRIBUTE=LEVEL, --mix IMAGE2, or --interpolate")
    if amount is not None and toward is None and not given:
        raise ValueError("--amount is for --toward and --given; leave it out")
    if mix is not None and steps is not None:
        raise ValueError("--steps is not for --mix, which writes an image for each level; leave it out")
    if interpolate is not None and steps == 1:
        raise ValueError("--steps 1: a path has at least 2 images")
    check_synthetic_folder(out, force=force)

    from ganaug.models import ConditionalGAN, ImageGAN, edit_files

    begin_phase(f"reading {model}", show=on_terminal())
    fitted: Any = ConditionalGAN.load(model)
    if not isinstance(fitted, ImageGAN):
        raise ValueError(f"{model} holds a {type(fitted).__name__}; edit needs a model of images, an ImageGAN")
    classes = list(fitted.classes_)
    begin_phase("finding the images in the model", show=on_terminal())
    done = edit_files(
        fitted,
        images,
        out,
        toward=None if toward is None else find_label(toward, classes),
        given=parse_attributes(given or [], fitted),
        amount=1.0 if amount is None else amount,
        steps=steps or (1 if interpolate is None else 8),
        mix=mix,
        interpolate=interpolate,
        label=None if label is None else find_label(label, classes),
        n_inversion=inversion_steps,
        random_state=seed,
        force=force,
    )
    KEPT.append(str(out))
    end_phase()
    findings = done.verdict
    print_answers(findings)
    print_written(f"Wrote {out}: {done.words}, and {out / 'sheet.png'}.", began)
    print_others(findings)


def parse_attributes(texts: list[str], model: ImageGAN) -> dict[Any, Any]:
    """Read ATTRIBUTE=LEVEL, each level as the model holds it."""
    found: dict[Any, Any] = {}
    known = {str(name): (name, of) for name, of in zip(model.attributes_.names, model.attributes_.levels, strict=True)}
    for text in texts:
        name = next((name for name in known if text.startswith(f"{name}=")), None)
        if name is None:
            if "=" not in text:
                raise ValueError(f"--given {text} has no level; write ATTRIBUTE=LEVEL")
            has = f"the model has {', '.join(map(repr, known))}" if known else "the model was fitted without attributes"
            raise ValueError(f"--given {text}: there is no attribute {text.partition('=')[0]!r}; {has}")
        own, levels = known[name]
        value = {str(level): level for level in levels}.get(text.removeprefix(f"{name}="))
        if value is None:
            raise ValueError(f"--given {text}: the levels of {name!r} are {', '.join(repr(str(of)) for of in levels)}")
        found[own] = value
    return found
