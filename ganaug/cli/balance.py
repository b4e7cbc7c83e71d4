"""``ganaug balance``."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ganaug.cli.balance_dask import balance_dask
from ganaug.cli.balance_images import balance_images, model_with_masks
from ganaug.cli.balance_table import balance_table
from ganaug.cli.console import on_terminal
from ganaug.cli.first_screen import (
    kept_checkpoint,
)
from ganaug.cli.options import (
    Bounds,
    Checkpoint,
    Constraint,
    Devices,
    Encoding,
    Engine,
    Epsilon,
    Force,
    Ignore,
    Levels,
    LogDir,
    ModelName,
    Report,
    Resize,
    Seed,
    SelectionName,
    SkipBad,
    TextColumns,
    check_log_dir,
    check_options,
    check_own_file,
    check_report,
    parse_ignore,
    parse_size,
    split_names,
)
from ganaug.cli.private import private_model
from ganaug.cli.trial import Trial
from ganaug.common.progress import begin_phase

# With Dask: rows to learn from, if nothing else is said.
_TRAIN_ROWS = 200_000


def balance(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="A CSV, TSV (also .gz), Parquet or Feather file; a folder of images, CLASS/*.png (also jpg, tif, "
            "dcm and others); or an .npz file with train_images and train_labels.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="Where to write the real rows or images, followed by the synthetic ones."),
    ],
    target: Annotated[
        str | None, typer.Option("--target", metavar="COLUMN", help="For tables: the column with the classes.")
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(
            "--strategy",
            metavar="HOW",
            help="How many: auto, minority, 'not majority', 'not minority', all; a ratio such as 0.5 for two classes; "
            "sizes such as rare=500,rarer=300 (or JSON); or 'equal share', which adds the same share of synthetic ones "
            "to every class, so that none is known by them, and leaves the sizes unequal. auto: 'not majority' for "
            "tables, 'equal share' for images. Not with --select, except 'equal share' of images.",
        ),
    ] = "auto",
    share: Annotated[
        float | None,
        typer.Option(
            "--share", metavar="NUMBER", help="Of --strategy 'equal share': the synthetic share. Default: 0.2."
        ),
    ] = None,
    selection: Annotated[
        SelectionName,
        typer.Option(
            "--selection",
            metavar="NAME",
            help="How each is chosen among candidates: auto, class, realism, neighbors, discriminator or none.",
        ),
    ] = SelectionName.auto,
    model: Annotated[
        ModelName,
        typer.Option(
            "--model",
            metavar="NAME",
            help="auto follows the kind of IN: tabular, image or text (a table of the target and a column of "
            "sentences, without --provenance, --categorical, --ignore, --constraint and --epsilon). translation turns "
            "images of the largest class into others; not with --mask-channels.",
        ),
    ] = ModelName.auto,
    seed: Seed = None,
    max_time: Annotated[
        float | None,
        typer.Option(
            "--max-time",
            metavar="SECONDS",
            help="Limit of the command: the training ends so early that choosing, writing and measuring should fit "
            "into it. With --select or --compare, the comparison is included, and each training takes an eighth of the "
            "limit at most; its first split is finished in any case, which takes minutes with images.",
            min=0.001,
        ),
    ] = None,
    categorical: Annotated[
        list[str] | None,
        typer.Option(
            "--categorical",
            metavar="A,B",
            help="For tables: columns of categories. Without it they are recognised by their values. Not with "
            "--epsilon.",
        ),
    ] = None,
    encoding: Encoding = None,
    ignore: Ignore = None,
    text: TextColumns = None,
    constraint: Constraint = None,
    epsilon: Epsilon = None,
    bounds: Bounds = None,
    levels: Levels = None,
    mark: Annotated[
        str | None,
        typer.Option(
            "--mark", metavar="COLUMN", help="For tables: add a column with 1 for synthetic rows and 0 for real ones."
        ),
    ] = None,
    provenance: Annotated[
        Path | None,
        typer.Option(
            "--provenance",
            metavar="FILE",
            help="For tables: also write where each synthetic row comes from: its number in OUT and that of the "
            "nearest real row in IN (from 0), their distance, how real and certain it is, whether it is a copy.",
        ),
    ] = None,
    only_synthetic: Annotated[
        bool, typer.Option("--only-synthetic", help="Write the synthetic rows or images without the real ones.")
    ] = False,
    resize: Resize = None,
    skip_bad: SkipBad = False,
    dicom: Annotated[
        bool,
        typer.Option(
            "--dicom", help="For images: write synthetic images as DICOM files, marked as derived and synthetic."
        ),
    ] = False,
    link: Annotated[
        bool, typer.Option("--link", help="For images: link the real images instead of copying them.")
    ] = False,
    select: Annotated[
        bool,
        typer.Option(
            "--select",
            help="Find how many to add, and for images the augmentation; none are added unless a test shows a gain. "
            "With --strategy 'equal share', images are added all the same. Not with --compare, which it includes, with "
            "another --strategy, --attributes or --epsilon.",
        ),
    ] = False,
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric",
            metavar="NAME",
            help="With --select: the score that is compared. Default: average precision, for images balanced accuracy.",
        ),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option(
            "--compare",
            help="Also measure whether the synthetic rows help; the page of --report shows it. Not with --select, "
            "which compares already, or --attributes.",
        ),
    ] = False,
    groups: Annotated[
        str | None,
        typer.Option(
            "--groups",
            metavar="COLUMN",
            help="With --select or --compare: rows with one value (such as a patient) stay on one side of a split. The "
            "classifiers are not given the column. For images: a CSV file with the column file and one with groups.",
        ),
    ] = None,
    attributes: Annotated[
        str | None,
        typer.Option(
            "--attributes",
            metavar="FILE",
            help="For images: a CSV file with the column file and a column for each attribute, such as stain or "
            "severity, which the model learns beside the class. ganaug sample --given asks for them. Not with --select "
            "or --compare.",
        ),
    ] = None,
    mask_channels: Annotated[
        str | None,
        typer.Option(
            "--mask-channels",
            metavar="A,B",
            help="For images: channels that hold masks, counted from 0, such as 1 where the mask is the transparency "
            "of grey images. Masks are generated with their images, in the levels that they have. Not with --resize or "
            "--model translation.",
        ),
    ] = None,
    log_dir: LogDir = None,
    checkpoint: Checkpoint = None,
    devices: Devices = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="MODEL", help="Also write the model, for `ganaug sample`.")
    ] = None,
    report: Report = None,
    engine: Annotated[
        Engine,
        typer.Option(
            "--engine",
            metavar="NAME",
            help="memory, or dask: IN is then a pattern such as 'data/*.parquet' or a folder of Parquet files, and OUT "
            "a folder. dask: not with --select, --compare, --groups, --report, --provenance, --log-dir, --epsilon, "
            "--encoding, or options of images.",
        ),
    ] = Engine.memory,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="ADDRESS",
            help="With --engine dask: a scheduler of Dask, such as tcp://10.0.0.1:8786. Default: a process for each "
            "core of this machine.",
        ),
    ] = None,
    train_rows: Annotated[
        int | None,
        typer.Option(
            "--train-rows",
            metavar="N",
            help="With --engine dask: rows to learn from, drawn evenly from all classes. Default: 200,000.",
            min=100,
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Add synthetic rows, images or texts to IN against the imbalance of its classes, and write the result to OUT.

    Rows: all classes get the size of the largest one.
    Images: all classes get the same share of synthetic images; their sizes stay
    unequal, and `ganaug.BalancedImages` draws them equally often.
    """
    began = time.perf_counter()
    begin_phase("starting", show=on_terminal())
    from ganaug.common.modality import modality_of_path
    from ganaug.datasets import check_output

    for option, given in (("--scheduler", scheduler), ("--train-rows", train_rows)):
        if given is not None and engine is not Engine.dask:
            raise ValueError(f"{option} {given} needs --engine dask")
    if save is not None:
        check_output(save, force=force, extensions=False)
        if save.resolve() in (out.resolve(), source.resolve()):
            raise ValueError(f"--save {save} is also IN or OUT; choose another file")
    check_report(report, source, out, save, force=force)
    if engine is Engine.dask:
        balance_dask(
            source,
            out,
            target,
            strategy,
            {
                "selection": None if selection is SelectionName.none else selection.value,
                "random_state": seed,
                "max_time": max_time,
                "devices": devices,
                "verbose": int(on_terminal()),
                "checkpoint": checkpoint,
                "categorical_features": split_names(categorical) if categorical else None,
                "ignore": parse_ignore(ignore, []),
                "constraints": constraint or None,
            },
            {
                "--select": select,
                "--compare": compare,
                "--groups": groups,
                "--report": report,
                "--provenance": provenance,
                "--log-dir": log_dir,
                "--epsilon": epsilon,
                "--encoding": encoding,
                "--resize": resize,
                "--dicom": dicom,
                "--link": link,
                "--attributes": attributes,
                "--mask-channels": mask_channels,
            },
            scheduler=scheduler,
            n_train=train_rows or _TRAIN_ROWS,
            mark=mark,
            only_synthetic=only_synthetic,
            save=save,
            force=force,
            began=began,
        )
        return
    if strategy == "auto" and not select and modality_of_path(source).name == "image":
        # filling up rare classes alone would teach a network to recognise synthetic images instead of the class
        strategy = "equal share"
    if provenance is not None:
        check_output(provenance, force=force)
        check_own_file("--provenance", provenance, source, out, save, report)
    if share is not None and strategy != "equal share":
        raise ValueError(f"--share {share} needs --strategy 'equal share'")
    if share is not None and not 0 < share < 1:
        raise ValueError(f"--share {share} must lie between 0 and 1, both excluded")
    is_asked_for = strategy == "equal share" and modality_of_path(source).name == "image"
    if select and strategy != "auto" and not is_asked_for:
        raise ValueError(f"--select and --strategy {strategy} exclude each other; leave one of them out")
    if metric is not None and not select:
        raise ValueError(f"--metric {metric} needs --select")
    if compare and select:
        raise ValueError("--select compares already; leave --compare out")
    if attributes is not None and (select or compare):
        raise ValueError(f"--attributes {attributes} and --{'select' if select else 'compare'} exclude each other")
    if groups is not None and not (select or compare):
        raise ValueError(f"--groups {groups} needs --select or --compare")
    check_own_file("--checkpoint", checkpoint, source, out, save, report, provenance)
    if log_dir is not None:
        check_log_dir(log_dir, {"IN": source, "OUT": out, "MODEL": save})
    if not source.exists():
        raise FileNotFoundError(f"there is no file or folder {source}")
    modality = modality_of_path(source)
    check_options(
        source,
        modality,
        for_tables={
            "--target": target,
            "--categorical": categorical,
            "--ignore": ignore,
            "--text": text,
            "--constraint": constraint or None,
            "--epsilon": epsilon,
            "--mark": mark,
            "--provenance": provenance,
            "--encoding": encoding,
        },
        for_images={
            "--resize": resize,
            "--skip-bad": skip_bad,
            "--dicom": dicom,
            "--link": link,
            "--attributes": attributes,
            "--mask-channels": mask_channels,
        },
    )
    # texts are a column of a table
    other = {"tabular": ModelName.text, "image": ModelName.translation}[modality.name]
    fitting = (ModelName.auto, modality.name, other)
    if model not in fitting:
        raise ValueError(f"--model {model.value} does not fit {source}, which holds {modality.noun}; use --model auto")
    params: dict[str, Any] = {
        "selection": None if selection is SelectionName.none else selection.value,
        "model": model.value,
        "random_state": seed,
        "max_time": max_time,
        "verbose": int(on_terminal()),
        "checkpoint": checkpoint,
        "devices": devices,
    }
    if share is not None:
        params["synthetic_share"] = share
    if mask_channels is not None:
        params["model"] = model_with_masks(mask_channels, model.value, resize)

    from ganaug.training import log_to

    log = nullcontext(None) if log_dir is None else log_to(log_dir, images=modality.name == "image")
    trial = Trial((metric or "auto") if select else None, compare, groups, max_time)
    if (select or compare) and max_time is not None:
        from ganaug.cli.time_limit import PART_OF_TRAINING

        params["max_time"] = PART_OF_TRAINING * max_time
    with kept_checkpoint(checkpoint), log as callbacks:
        params["callbacks"] = callbacks
        if modality.name == "image":
            copies: Literal["copy", "link", "none"] = "none" if only_synthetic else "link" if link else "copy"
            size = None if resize is None else parse_size(resize)
            balance_images(
                source,
                out,
                strategy,
                params,
                trial,
                size,
                attributes,
                skip_bad=skip_bad,
                dicom=dicom,
                copies=copies,
                save=save,
                report=report,
                force=force,
                began=began,
            )
            return
        if target is None:
            raise ValueError("--target COLUMN is missing: name the column with the classes")
        params["constraints"] = constraint or None
        others: dict[str, Any] = {"--categorical": categorical, "--ignore": ignore, "--constraint": constraint}
        others |= {"--text": text, "--select": select, "--checkpoint": checkpoint}
        private = private_model(epsilon, bounds, levels, others)
        balance_table(
            source,
            out,
            target,
            strategy,
            params,
            trial,
            categorical,
            ignore,
            text,
            encoding=encoding,
            private=private,
            mark=mark,
            only_synthetic=only_synthetic,
            provenance=provenance,
            save=save,
            report=report,
            force=force,
            began=began,
        )
