"""``ganaug sample``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ganaug.cli.console import on_terminal
from ganaug.cli.first_screen import print_written
from ganaug.cli.options import Force, Seed, find_label
from ganaug.common.progress import begin_phase, end_phase


def sample(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A file that `ganaug balance --save` wrote.")],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="A CSV, TSV (also .gz), Parquet or Feather file; for images, a folder."),
    ],
    label: Annotated[str, typer.Option("--label", metavar="CLASS", help="The class of the rows, images or texts.")],
    n: Annotated[int, typer.Option("-n", metavar="N", help="How many to write.", min=1)],
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--given",
            metavar="COLUMN=VALUE",
            help="All rows have this value, which may be written as in the file; for images, this level of an "
            "attribute of the model; may be repeated.",
        ),
    ] = None,
    seed: Seed = None,
    force: Force = False,
) -> None:
    """Write N synthetic rows, images or texts of one class to OUT; rows have the form of the CSV file of the model."""
    began = time.perf_counter()
    begin_phase("starting", show=on_terminal())
    from ganaug.common.modality import MODALITIES
    from ganaug.common.wording import counted
    from ganaug.datasets import check_output, write_image_samples, write_table_samples

    if model.is_dir() or not model.exists():
        raise FileNotFoundError(f"there is no model file {model}")

    import numpy as np

    from ganaug.oversampler import GANOversampler

    begin_phase(f"reading {model}", show=on_terminal())
    sampler = GANOversampler.load(model)
    known = find_label(label, list(sampler.classes_))
    cells = _given_cells(given or [], sampler)
    begin_phase("generating", show=on_terminal())
    if sampler.model_.modality == "image":
        X_synthetic = np.asarray(sampler.sample(n, known, random_state=seed, given=cells))
        # A model of flat images returns flat rows.
        write_image_samples(out, X_synthetic.reshape(n, *sampler.model_.encoder_.shape_), label, force=force)
    else:
        check_output(out, force=force)
        rows = sampler.sample(n, known, random_state=seed, given=cells)
        if sampler.model_.modality == "text" and not hasattr(rows, "columns"):
            import pandas as pd

            rows = pd.DataFrame({"text": np.ravel(rows)})
        text_format = getattr(sampler.model_, "text_format_", None)
        target = sampler.target_name_
        write_table_samples(out, rows, target=target, label=known, text_format=text_format, force=force)
    end_phase()
    noun = MODALITIES[sampler.model_.modality].noun
    how = f"seed {seed}" if seed is not None else f"the seed of the model: the same command gives the same {noun}"
    written = counted(n, f"synthetic {noun.removesuffix('s')}")
    conditions = "".join(f", {text.replace('=', ' = ', 1)}" for text in given or [])
    print_written(f"Wrote {out}: {written} of class {label}{conditions} from {model}, with {how}.", began)


def _given_cells(given: list[str], sampler: Any) -> dict[Any, Any] | None:
    """Read COLUMN=VALUE, each value as its column holds it."""
    if not given:
        return None
    if hasattr(sampler.model_, "attributes_"):
        from ganaug.cli.edit import parse_attributes

        return parse_attributes(given, sampler.model_)
    if sampler.model_.modality != "tabular":
        raise ValueError("--given is for tables, and for images with attributes; leave it out")
    from ganaug.datasets import value_of

    columns = {str(column.label): column for column in sampler.model_.encoder_.columns_}
    written = getattr(sampler.model_, "text_format_", None)
    cells = {}
    for text in given:
        name, equals, value = text.partition("=")
        while name not in columns and "=" in value:  # a name may hold the sign
            more, _, value = value.partition("=")
            name = f"{name}={more}"
        if not equals:
            raise ValueError(f"--given {text} has no value; write COLUMN=VALUE")
        if name not in columns and name == sampler.target_name_:
            raise ValueError(f"--given {text}: {name!r} is the class, which --label says; leave it out")
        if name not in columns:
            names = ", ".join(repr(known) for known in list(columns)[:20])
            raise ValueError(f"--given {text}: there is no column {name!r}; the columns are {names}")
        if columns[name].label in cells:
            raise ValueError(f"--given {text}: {name!r} has a value already; give it once")
        if not value and not _may_be_missing(columns[name]):
            raise ValueError(
                f"--given {text} asks for a missing cell, and no training row lacks {name!r}; give a value"
            )
        # in the notation of the file first: there, 1.200 may be 1200
        known = None if written is None else value_of(written, name, value)
        is_number = known is not None and columns[name].kind == "numeric"
        cells[columns[name].label] = known if is_number else _level_of(columns[name], value, known)
    return cells


def _may_be_missing(column: Any) -> bool:
    """Whether a training row had no value in this column; of others than numbers, their levels tell."""
    return column.kind != "numeric" or bool(len(column.markers))


def _level_of(column: Any, text: str, value: Any) -> Any:
    """Return the cell that a text stands for; `value` is what the notation of the file makes of it, or None."""
    from ganaug.encoders import cell_from_text

    try:
        return cell_from_text(column, text)
    except ValueError:
        if value is None:
            raise
        return cell_from_text(column, str(value))  # a number that is a category
