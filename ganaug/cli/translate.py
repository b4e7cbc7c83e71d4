"""``ganaug translate``."""

from __future__ import annotations

import time
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.cli.console import KEPT, console, on_terminal, print_answers, print_others
from ganaug.cli.first_screen import command, kept_model, print_next, print_written
from ganaug.cli.options import Devices, Force, Seed, parse_size
from ganaug.common.progress import begin_phase, end_phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ganaug.common.findings import Finding
    from ganaug.models import TranslationGAN


class Method(str, Enum):
    """Ways to translate."""

    cut = "cut"
    cyclegan = "cyclegan"
    pix2pix = "pix2pix"


def translate(
    source: Annotated[
        Path, typer.Argument(metavar="DIR_A", help="A folder with image files in it: those to translate.")
    ],
    target: Annotated[
        Path, typer.Argument(metavar="DIR_B", help="A folder with image files in it: what the translations look like.")
    ],
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="The folder to write: a translation of each image of DIR_A, and manifest.csv."
        ),
    ],
    method: Annotated[
        Method,
        typer.Option(
            "--method",
            metavar="NAME",
            help="cut has one generator, which keeps patches of the source recognisable; cyclegan has two, of which "
            "the second one translates back, and takes about twice as long; pix2pix learns from pairs: files of DIR_A "
            "and DIR_B with equal names, such as 1.jpg and 1.png.",
        ),
    ] = Method.cut,
    seed: Seed = None,
    max_time: Annotated[
        float | None,
        typer.Option(
            "--max-time",
            metavar="SECONDS",
            help="Limit of the command; the training ends so early that the translations fit into it.",
            min=0.001,
        ),
    ] = None,
    resize: Annotated[
        str | None, typer.Option("--resize", metavar="HxW", help="Resize all images to one size.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out files that cannot be read, and name them.")
    ] = False,
    save: Annotated[Path | None, typer.Option("--save", metavar="MODEL", help="Also write the model.")] = None,
    devices: Devices = None,
    force: Force = False,
) -> None:
    """Translate the images of DIR_A into images like those of DIR_B, and write them to OUT.

    No pairs are needed; with --method pix2pix, files of equal names are pairs.
    """
    began = time.perf_counter()
    begin_phase("starting", show=on_terminal())
    from ganaug.common.wording import counted
    from ganaug.datasets import check_output, check_sample_output, pairs_by_name, read_image_pair, write_image_samples

    label = target.resolve().name
    check_sample_output(out, label, force=force)
    for name, folder in (("DIR_A", source), ("DIR_B", target)):
        if out.resolve().is_relative_to(folder.resolve()) or folder.resolve().is_relative_to(out.resolve()):
            raise ValueError(f"OUT {out} and {name} {folder} overlap: one lies within the other; choose another OUT")
    if save is not None:
        if save.resolve().is_relative_to(out.resolve()):
            raise ValueError(f"--save {save} lies in OUT {out}; choose a file outside of it")
        check_output(save, force=force, extensions=False)
    begin_phase(f"reading {source} and {target}", show=on_terminal())
    images = read_image_pair(source, target, resize=None if resize is None else parse_size(resize), skip_bad=skip_bad)

    is_source = images.y != label
    pairs = pairs_by_name(images) if method is Method.pix2pix else None

    import pandas as pd

    from ganaug.models import TranslationGAN

    limits: list[Any] = []
    if max_time is not None:
        from ganaug.cli.time_limit import TimeLimit, after_samples

        limits.append(TimeLimit(max_time, began, after_samples(lambda: int(is_source.sum()), lambda n: 1, began)))
    begin_phase("training", show=on_terminal())
    model = TranslationGAN(
        source=images.y[0],
        target=label,
        method=method.value,
        max_time=max_time,
        callbacks=limits,
        random_state=seed,
        verbose=int(on_terminal()),
        devices=devices or "auto",
    )
    if pairs is None:
        model.fit(images.X, images.y)
    else:
        model.set_params(target=label).fit_pairs(*(images.X[positions] for positions in pairs))
    begin_phase("translating", show=on_terminal())
    translated = model.translate(images.X[is_source], label)
    files = [str(file) for file, is_own in zip(images.files, is_source, strict=True) if is_own]
    manifest = pd.DataFrame({"seed": model.seed_, "source": files})
    if pairs is None:
        score = model.score_samples(translated, [label] * len(translated)).round(4)
        manifest.insert(1, "discriminator_score", score)
    else:
        partners = dict(zip(*([images.files[at] for at in positions] for positions in pairs), strict=True))
        manifest["pair"] = [partners.get(file, "") for file in files]
    with kept_model(SimpleNamespace(model_=model, save=model.save), save, out):
        begin_phase(f"writing {out}", show=on_terminal())
        write_image_samples(out, translated, label, manifest=manifest, force=force)
    KEPT.append(str(out))
    end_phase()
    findings = _findings(model, source, target, out, n_pairs=None if pairs is None else len(pairs[0]))
    print_answers(findings)
    print_written(f"Wrote {out}: {counted(len(files), 'image')} of {source} as class {label}.", began, model)
    if pairs is not None:
        _say_pairs(pairs, [str(file) for file in images.files], len(files))
    print_others(findings)
    if save is not None:
        print_next(command("sample", save, "more", "--label", label, "-n", 20))


def _say_pairs(pairs: tuple[Any, Any], files: Sequence[str], n_sources: int) -> None:
    """Say which files were taken for pairs."""
    from ganaug.common.wording import counted

    one, other = (files[positions[0]] for positions in pairs)
    n_pairs = len(pairs[0])
    said = f"Learned from {counted(n_pairs, 'pair')} of files with equal names, such as {one} and {other}."
    if n_sources > n_pairs:
        said += f" {counted(n_sources - n_pairs, 'image')} without a partner: translated, not learned from."
    if (n_left := len(files) - n_sources - n_pairs) > 0:
        said += f" {counted(n_left, 'image')} of DIR_B without a partner: left out."
    console().print(said, markup=False, highlight=False)


def _findings(model: TranslationGAN, source: Path, target: Path, out: Path, n_pairs: int | None) -> list[Finding]:
    from ganaug.common.findings import HELPS, SAFE, Finding
    from ganaug.evaluation import training_difference, training_distance, training_recognition

    beside = source.resolve().parent == target.resolve().parent
    how = f" Run: {command('evaluate', target.parent, out)}" if beside else ""
    return [
        Finding(HELPS, "unknown", "Not measured. Train your classifier with and without these images."),
        training_distance(model.history_),
        training_recognition(model.history_) if n_pairs is None else training_difference(model.history_, n_pairs),
        Finding(SAFE, "unknown", f"Not measured. Each image shows the structure of its source.{how}"),
    ]
