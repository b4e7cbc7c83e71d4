"""`edit_files`: real images as the generator draws them, moved, mixed or on a path to another image, as files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug._version import __version__
from ganaug.common.findings import HELPS, REAL, SAFE, Finding
from ganaug.common.folders import replacing_folder
from ganaug.common.wording import counted, listed, percent
from ganaug.datasets import (
    MANIFEST,
    check_synthetic_folder,
    extension_of,
    read_image_like,
    write_image_file,
    write_manifest,
)
from ganaug.models.editing import Inversion
from ganaug.models.image import ImageGAN

# Share of what is particular to an image that its inversion must have: below the first, the model cannot draw the
# image; from the second on, it is that image.
_UNLIKE, _LIKE = 0.5, 0.8
SHEET = "sheet.png"
# On the sheet, smaller images are enlarged up to this many pixels a side.
_ENLARGED_TO = 64


class EditedFiles(NamedTuple):
    """What was written.

    Attributes
    ----------
    manifest : DataFrame of shape (n, k)
        A row for each image: `file`, `class`, the `source` file, what was done (`edit`), and of the inversion `error`
        and `reproduced` (`Inversion`).
    inverted : DataFrame of shape (n_images, k)
        A row for each real image: `file`, `class`, `attributes`, `error`, `reproduced` and `resized`.
    """

    manifest: pd.DataFrame
    inverted: pd.DataFrame

    @property
    def words(self) -> str:
        """How many images were written of how many, and which were resized."""
        sources = self.inverted.set_index("file")
        n_resized = int(sources["resized"].sum())
        said = f"{counted(len(self.manifest), 'image')} from {counted(self.manifest['source'].nunique(), 'real image')}"
        return said + (f" ({counted(n_resized, 'image')} resized to the size of the model)" if n_resized else "")

    @property
    def verdict(self) -> list[Finding]:
        """The three questions, which nothing here answers, and how near the inversions came."""
        return [
            Finding(HELPS, "unknown", "Not measured. Train your classifier with and without these images."),
            Finding(REAL, "unknown", "Not measured. An edited image is no evidence of what a patient would look like."),
            Finding(SAFE, "unknown", "Not measured. Each image shows what its source shows."),
            *(_on_inversion(row) for row in self.inverted.to_dict("records")),
        ]


def _on_inversion(row: Mapping[Any, Any]) -> Finding:
    question, reproduced = "Is it the image?", float(row["reproduced"])
    near = (
        f"its inversion has {percent(max(reproduced, 0.0))} of what distinguishes it from the mean image of class "
        f"{row['class']} besides brightness, and differs by {percent(float(row['error']))} of the range of pixels"
    )
    numbers = {"reproduced": reproduced, "error": float(row["error"])}
    if reproduced < _UNLIKE:
        return Finding(question, "bad", f"The model cannot draw this image: {row['file']}; {near}.", numbers)
    answer: Literal["good", "unknown"] = "good" if reproduced >= _LIKE else "unknown"
    return Finding(question, answer, f"{row['file']}: {near}.", numbers)


def edit_files(
    model: Any,
    images: Sequence[str | Path],
    out: str | Path,
    *,
    toward: Any = None,
    given: Mapping[Any, Any] | None = None,
    amount: float = 1.0,
    steps: int = 1,
    mix: str | Path | None = None,
    interpolate: str | Path | None = None,
    label: Any = None,
    n_inversion: int = 300,
    random_state: int | None = None,
    force: bool = False,
) -> EditedFiles:
    """Find real images in a model, edit them, and write the results.

    Parameters
    ----------
    model : ImageGAN
        Fitted.
    images : sequence of str or Path
        Files of real images. Those of another size are resized.
    out : str or Path
        The folder to write, with a file for each edited image, ``sheet.png`` (a row for each image: the real one, its
        inversion, the edited ones) and ``manifest.csv``, where all are synthetic.
    toward, given, amount
        As of `ImageGAN.edit`.
    steps : int, default=1
        Images for each image, at least 1: in equal steps up to `amount`, or on the path to `interpolate`, both ends
        included.
    mix : str, Path or None, default=None
        A file. Each image gets the fine styles of this one, from each level on; needs "stylegan2".
    interpolate : str, Path or None, default=None
        A file to which a path of `steps` images, at least 2, leads.
    label : label or None, default=None
        The class of the images. None takes that of the folder they lie in, or, if it has no name of a class, the one in
        which the discriminator scores the image highest.
    n_inversion : int, default=300
        Steps of the inversion.
    random_state : int or None, default=None
        Seed of the inversion.
    force : bool, default=False
        Whether `out` may be replaced, if it holds synthetic images only.

    Returns
    -------
    EditedFiles
        The manifest, how near the inversions came, and the verdict.

    Raises
    ------
    OSError
        If a file is missing, or `out` exists or cannot be written.
    ValueError
        If the model cannot invert images, an image does not fit the model, or there is not exactly one kind of edit.
    """
    paths, out = [Path(path) for path in images], Path(out)
    other = next((Path(of) for of in (mix, interpolate) if of is not None), None)
    kinds = [toward is not None or bool(given), mix is not None, interpolate is not None]
    if sum(kinds) != 1:
        raise ValueError("choose one edit: toward (a class) or given (attributes), mix, or interpolate")
    if steps < (1 if interpolate is None else 2):
        raise ValueError(f"steps={steps!r} must be at least {1 if interpolate is None else 2}")
    if not isinstance(model, ImageGAN):
        raise ValueError(f"a {type(model).__name__} cannot invert images; edit with an ImageGAN")
    if mix is not None and not model.has_styles:
        raise ValueError(
            f"architecture={model.architecture_!r} has no styles to mix; train ImageGAN(architecture='stylegan2')"
        )
    check_synthetic_folder(out, force=force)
    read = [_read(model, path) for path in (*paths, *([] if other is None else [other]))]
    X = np.stack([image for image, _ in read])
    y = [_label_of(model, image, path, label) for (image, _), path in zip(read, [*paths, other], strict=False)]
    given = {} if given is None else dict(given)
    found = model.invert(_as_in_fit(model, X), y, n_steps=n_inversion, random_state=random_state)
    edits = [
        _edited(model, found, i, toward, given, amount, steps, mix is not None, interpolate is not None)
        for i in range(len(paths))
    ]
    inverted = model.from_latents(found.latents, found.y, given=found.attributes)
    table = pd.DataFrame(
        {
            "file": [str(path) for path in (*paths, *([] if other is None else [other]))],
            "class": found.y,
            "attributes": [_written(row) for row in found.attributes.to_dict("records")],
            "error": found.error.round(4),
            "reproduced": found.reproduced.round(4),
            "resized": [is_resized for _, is_resized in read],
        }
    )
    rows: list[dict[str, Any]] = []
    strips: list[list[NDArray]] = []
    with replacing_folder(out) as folder:
        for i, (path, (frames, words)) in enumerate(zip(paths, edits, strict=True)):
            pixels = _as_pixels(model, frames)
            for j, (image, said) in enumerate(zip(pixels, words, strict=True)):
                number = f"_{j:02d}" if len(words) > 1 else ""
                name = _free_name(path.stem + number, extension_of(image.dtype), [row["file"] for row in rows])
                note = f"by ganaug {__version__}: {path.name} edited, {said}"
                write_image_file(folder / name, image, note)
                rows.append({"file": name, "class": y[i] if toward is None else toward, "source": str(path)})
                rows[-1] |= {"edit": said, "error": table["error"][i], "reproduced": table["reproduced"][i]}
            own = [X[i], _as_pixels(model, inverted[i : i + 1])[0], *pixels]
            strips.append(own if other is None else [*own, X[-1]])
        sheet = _sheet(model, strips)
        write_image_file(folder / SHEET, sheet, f"by ganaug {__version__}: real image, its inversion, edited images")
        rows.append({"file": SHEET, "class": "", "source": "", "edit": "sheet of all", "error": "", "reproduced": ""})
        manifest = pd.DataFrame(rows)
        more = manifest.drop(columns=["file", "class"])
        labels = manifest["class"].tolist()
        write_manifest(folder / MANIFEST, files=manifest["file"].tolist(), labels=labels, n_originals=0, more=more)
    return EditedFiles(manifest.iloc[:-1], table)


def _edited(
    model: ImageGAN,
    found: Inversion,
    i: int,
    toward: Any,
    given: Mapping[Any, Any],
    amount: float,
    steps: int,
    mixes: bool,
    interpolates: bool,
) -> tuple[Any, list[str]]:
    """Return the edited images of one image, and what was done to each."""
    own = _part(found, [i])
    if interpolates:
        places = np.linspace(0, 1, steps)
        return model.interpolate(n=steps, ends=_part(found, [i, -1])), [f"{place:.0%} of the path" for place in places]
    if mixes:
        levels = range(1, own.latents.shape[1])
        mixed = np.concatenate([model.mix_styles(own.latents, found.latents[-1:], level) for level in levels])
        words = [f"styles of levels {level} and up" for level in levels]
        return model.from_latents(mixed, [own.y[0]] * len(mixed)), words
    amounts = [amount] if steps == 1 else np.linspace(0, amount, steps).tolist()
    target = ", ".join(of for of in ("" if toward is None else f"class {toward}", _written(given)) if of)
    frames = [model.edit(own, toward, given=given, amount=of) for of in amounts]
    return np.concatenate(frames), [f"{of:.3g} of the way to {target}" for of in amounts]


def _written(attributes: Mapping[Any, Any]) -> str:
    return ", ".join(f"{name}={level}" for name, level in attributes.items())


def _part(found: Inversion, index: Sequence[int]) -> Inversion:
    latents, error, reproduced, y = (of[np.asarray(index)] for of in found[:4])
    return Inversion(latents, error, reproduced, y, found.attributes.iloc[list(index)].reset_index(drop=True))


def _form(model: ImageGAN) -> tuple[tuple[int, ...], np.dtype]:
    """Return shape and dtype of image files for the model."""
    encoder = model.encoder_
    dtype = np.dtype(encoder.dtype_)
    is_share = dtype.kind == "f" and encoder.low_ >= 0 and encoder.high_ <= 1
    if not is_share and dtype not in (np.uint8, np.uint16, np.int16):
        raise ValueError(
            f"the model was trained on {dtype} pixels from {encoder.low_:g} to {encoder.high_:g}, which image files do "
            "not hold; train it on uint8, or on floats from 0 to 1"
        )
    return encoder.shape_, np.dtype(np.uint8) if is_share else dtype


def _read(model: ImageGAN, path: Path) -> tuple[NDArray, bool]:
    shape, dtype = _form(model)
    return read_image_like(path, shape, dtype)


def _as_in_fit(model: ImageGAN, X: NDArray) -> Any:
    if model.encoder_.dtype_.kind == "f":
        X = (X / 255).astype(model.encoder_.dtype_)
    return X if model.image_shape is None else X.reshape(len(X), -1)


def _as_pixels(model: ImageGAN, images: Any) -> NDArray:
    shape, dtype = _form(model)
    values = np.asarray(images).reshape(-1, *shape)
    return np.rint(255 * values).clip(0, 255).astype(np.uint8) if values.dtype.kind == "f" else values.astype(dtype)


def _label_of(model: ImageGAN, image: NDArray, path: Path | None, label: Any) -> Any:
    if label is not None:
        return label
    known = {str(of): of for of in model.classes_}
    assert path is not None
    if (name := path.resolve().parent.name) in known:
        return known[name]
    if (reason := model._why_not_scored()) is not None:
        raise ValueError(
            f"the class of {path} is not known: its folder {name!r} is none of {listed(model.classes_, 20)}, and the "
            f"discriminator cannot tell ({reason}); give the label"
        )
    scores = [float(model.score_samples(_as_in_fit(model, image[None]), [of])[0]) for of in model.classes_]
    return model.classes_[int(np.argmax(scores))]


def _free_name(stem: str, extension: str, taken: Sequence[str]) -> str:
    """Return a name that no other image has; images of two folders may have one name."""
    used = {*(name.casefold() for name in taken), SHEET}
    names = (f"{stem}{f'-{i}' if i else ''}{extension}" for i in range(len(used) + 1))
    return next(name for name in names if name.casefold() not in used)


def _sheet(model: ImageGAN, strips: Sequence[Sequence[NDArray]]) -> NDArray[np.uint8]:
    """Return one image with a row for each strip, as the model shows images."""
    n_columns = max(len(strip) for strip in strips)
    rows = []
    for strip in strips:
        shown = np.stack(strip).astype(float)
        if model.encoder_.dtype_.kind == "f":
            shown /= 255
        shown = np.rint(255 * model.shown(shown).clip(0, 1)).astype(np.uint8)
        factor = max(1, _ENLARGED_TO // max(shown.shape[1:3]))
        shown = np.pad(shown.repeat(factor, 1).repeat(factor, 2), [(0, 0), (1, 1), (1, 1), (0, 0)][: shown.ndim])
        row = np.concatenate(list(shown), axis=1)
        missing = (n_columns - len(strip)) * shown.shape[2]
        rows.append(np.pad(row, [(0, 0), (0, missing), (0, 0)][: row.ndim]))
    return np.concatenate(rows)
