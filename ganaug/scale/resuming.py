"""What an interrupted run leaves beside its result, and which run may go on with it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganaug.common.files import replacing
from ganaug.common.random import draw_seed
from ganaug.common.wording import listed
from ganaug.oversampler import GANOversampler

# Parameters that do not change what is written.
_FREE = ("callbacks", "checkpoint", "device", "max_time", "random_state", "verbose")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_NAME = ".run"


def checkpoint_of(sampler: GANOversampler) -> Path | None:
    """Return the file of the `checkpoint` parameter of a sampler or of its model.

    Parameters
    ----------
    sampler : GANOversampler
        The sampler.
    """
    given = sampler.checkpoint if sampler.checkpoint is not None else getattr(sampler.model, "checkpoint", None)
    return None if given is None else Path(given)


def identity_of(sampler: GANOversampler, files: Sequence[Path], **others: Any) -> dict[str, str]:
    """Describe a run, so that another one can tell whether it would write the same.

    Parameters
    ----------
    sampler : GANOversampler
        Its parameters, and those of its model.
    files : sequence of Path
        The real files, which count by their names, sizes and times of change.
    **others : object
        Further parameters by name.
    """
    states = [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    params = {
        name: value
        for name, value in sampler.get_params(deep=True).items()
        if name.rpartition("__")[2] not in _FREE and not hasattr(value, "get_params")
    }
    described = {name: _ADDRESS.sub("", repr(value)) for name, value in {**params, **others}.items()}
    kinds = {"class of the model": type(sampler.model).__name__, "real files": _digest(repr(states))}
    return {**described, **kinds}


def seed_of(home: Path, identity: dict[str, str], sampler: GANOversampler) -> int:
    """Return the seed of the run that a folder belongs to; a new folder gets one.

    Parameters
    ----------
    home : Path
        The folder of unfinished results.
    identity : dict of str to str
        Of the run that wants to go on.
    sampler : GANOversampler
        Its `random_state` counts if it is a number, or if the folder is new.

    Raises
    ------
    ValueError
        If the folder is of another run.
    """
    file, seed = home / _NAME, draw_seed(sampler.random_state)
    if not file.exists():
        with replacing(file) as written:
            written.write_text(json.dumps({"seed": seed, **identity}))
        return seed
    way_out = f"Give the same command to go on; to begin anew, delete {home.parent} and the checkpoint"
    try:
        there = json.loads(file.read_text())
        kept = int(there.pop("seed"))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"{file} is damaged. {way_out}") from error
    differing = [name for name in {**identity, **there} if identity.get(name) != there.get(name)]
    if isinstance(sampler.random_state, int | np.integer) and kept != seed:
        differing.append("random_state")
    if differing:
        raise ValueError(
            f"{home.parent} holds unfinished files of another run: {listed(differing, 5)} differ. {way_out}"
        )
    return kept


def leave_nothing_unless_resumable(home: Path, checkpoint: Path) -> None:
    """Empty a folder to which no file was written, if there is no checkpoint: then there is nothing to go on with.

    Parameters
    ----------
    home : Path
        The folder of unfinished results.
    checkpoint : Path
        The file of the training.
    """
    if not checkpoint.exists() and all(entry.name.startswith(".") for entry in home.iterdir()):
        for entry in home.iterdir():
            entry.unlink()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
