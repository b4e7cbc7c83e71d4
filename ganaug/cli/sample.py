"""``ganaug sample``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli.options import Force, Seed, find_label


def sample(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A file that `ganaug balance --save` wrote.")],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="A CSV, TSV (also .gz), Parquet or Feather file; for images, a folder."),
    ],
    label: Annotated[str, typer.Option("--label", help="The class of the rows or images.")],
    n: Annotated[int, typer.Option("-n", help="How many to write.", min=1)],
    seed: Seed = None,
    force: Force = False,
) -> None:
    """Write N synthetic rows or images of one class to OUT; rows are written as the CSV file of the model was."""
    from ganaug.datasets import check_output, write_image_samples, write_table_samples

    if model.is_dir() or not model.exists():
        raise FileNotFoundError(f"there is no model file {model}")

    import numpy as np

    from ganaug.oversampler import GANOversampler

    sampler = GANOversampler.load(model)
    known = find_label(label, list(sampler.classes_))
    if sampler.model_.modality == "image":
        X_synthetic = np.asarray(sampler.sample(n, known, random_state=seed))
        # A model of flat images returns flat rows.
        write_image_samples(out, X_synthetic.reshape(n, *sampler.model_.encoder_.shape_), label, force=force)
    else:
        check_output(out, force=force)
        rows = sampler.sample(n, known, random_state=seed)
        if sampler.model_.modality == "text" and not hasattr(rows, "columns"):
            import pandas as pd

            rows = pd.DataFrame({"text": np.ravel(rows)})
        text_format = getattr(sampler.model_, "text_format_", None)
        target = sampler.target_name_
        write_table_samples(out, rows, target=target, label=known, text_format=text_format, force=force)
