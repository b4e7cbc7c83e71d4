"""`stylize_files`: the files of a folder, or one file, in the style of other files."""

from collections.abc import Callable, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug._version import __version__
from ganaug.common.files import replacing
from ganaug.common.findings import HELPS, REAL, SAFE, Finding
from ganaug.common.folders import replacing_folder
from ganaug.common.random import draw_seed
from ganaug.datasets import (
    MANIFEST,
    check_image_file,
    check_output,
    check_synthetic_folder,
    extension_of,
    find_image_files,
    read_image_file,
    write_image_file,
    write_manifest,
)
from ganaug.style.arrays import draw_pairs, style_distance, stylize

# Of the distance to the style that is left. On cells, skin and photographs, 60 steps leave .29 to .51 of it.
_NEAR, _FAR = 0.6, 0.9


class StylizedFiles(NamedTuple):
    """What was written.

    Attributes
    ----------
    manifest : DataFrame of shape (n, k)
        A row for each image: `file`, `class`, the paths of `content` and `style`, the distance to the style before
        (`distance_before`) and after (`distance`), seed and strength.
    seed : int
        Seed by which the styles were drawn.
    """

    manifest: pd.DataFrame
    seed: int

    @property
    def verdict(self) -> list[Finding]:
        """How much nearer to their styles the images are, after the three questions, which nothing here answers."""
        return [
            Finding(HELPS, "unknown", "Not measured. Train your classifier with and without these images."),
            Finding(REAL, "unknown", "Not measured. Look at the images."),
            Finding(SAFE, "unknown", "Not measured. Each image shows what its source shows."),
            self._style_finding(),
        ]

    def _style_finding(self) -> Finding:
        question = "Is it in the style?"
        before, after = self.manifest["distance_before"], self.manifest["distance"]
        differs = before > 0
        if not differs.any():
            return Finding(question, "unknown", "The images were in the style already.")
        part = float((after[differs] / before[differs]).median())
        said = f"The distance to the style is {part * 100:.0f} % of what it was (median)."
        numbers = {"part of the distance": part}
        if part <= _NEAR:
            return Finding(question, "good", said, numbers)
        if part < _FAR or (self.manifest["strength"] < 1).all():
            return Finding(question, "unknown", said, numbers)
        return Finding(
            question, "bad", f"{said} More steps or a smaller weight of the content bring it nearer.", numbers
        )


def stylize_files(
    content: str | Path,
    style: str | Path,
    out: str | Path,
    *,
    random_state: int | np.random.RandomState | None = None,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
    **params: Any,
) -> StylizedFiles:
    """Write images in the style of others, each image with its own size.

    Parameters
    ----------
    content : str or Path
        An image file, or a folder with image files in it or in folders below, such as CLASS/FILE.
    style : str or Path
        An image file; or a folder, of which each image takes a random one.
    out : str or Path
        For a file the file to write (PNG, JPEG or TIFF, by its extension); for a folder the folder to write, with the
        same folders in it, images as PNG (TIFF where they are signed), and ``manifest.csv``, where all are synthetic.
    random_state : int, RandomState or None, default=None
        Seed of the styles.
    force : bool, default=False
        Whether `out` may be replaced: a file, or a folder of stylized images.
    progress : callable or None, default=None
        Called with the number of images that are done and the number of all.
    **params
        Of `stylize`: `method`, `strength`, `n_steps` and `content_weight`.

    Returns
    -------
    StylizedFiles
        The manifest; of a single file, too, though only the image is written then.

    Raises
    ------
    OSError
        If a file or folder is missing, or `out` exists or cannot be written.
    ValueError
        If an image cannot be read, is smaller than 8 pixels, or has another depth than its style; if `out` is or lies
        in one of the inputs; or as in `stylize`. Nothing is written then.
    """
    content, style, out = Path(content), Path(style), Path(out)
    for path in (content, style):
        if not path.exists():
            raise FileNotFoundError(f"there is no file or folder {path}")
        _check_apart(out, path)
    is_folder = content.is_dir()
    if is_folder:
        check_synthetic_folder(out, force=force)
    else:
        check_output(out, force=force, extensions=False)
        check_image_file(out, np.dtype(np.uint8), 1)  # its extension, before anything is read
    seed = int(random_state) if isinstance(random_state, int | np.integer) else draw_seed(random_state)
    files, styles = _paths(content), _paths(style)
    rows: list[dict[str, Any]] = []

    def styled(index: int) -> tuple[NDArray, str]:
        # keeps the row of the manifest, and returns the image with the note about it
        own, other = files[index], styles[pairs[index]]
        image, before, after = _stylize_file(own, other, params)
        rows.append({"content": str(own), "style": str(other), "distance_before": before, "distance": after})
        rows[-1] |= {"seed": seed, "strength": params.get("strength", 1.0)}
        if progress is not None:
            progress(index + 1, len(files))
        return image, f"by ganaug {__version__}: {own.name} in the style of {other.name}"

    pairs = draw_pairs(len(files), len(styles), seed)
    if is_folder:
        names: list[str] = []
        with replacing_folder(out) as folder:
            below = [path.relative_to(content).as_posix() for path in files]
            for index in range(len(files)):
                image, note = styled(index)
                names.append(_free_name(below[index], image, below, names))
                (folder / names[-1]).parent.mkdir(parents=True, exist_ok=True)
                write_image_file(folder / names[-1], image, note)
            labels = [name.split("/")[0] if "/" in name else content.resolve().name for name in names]
            write_manifest(folder / MANIFEST, files=names, labels=labels, n_originals=0, more=pd.DataFrame(rows))
    else:
        image, note = styled(0)
        check_image_file(out, image.dtype, 1 if image.ndim == 2 else image.shape[2])
        with replacing(out) as temporary:
            write_image_file(temporary, image, note, suffix=out.suffix)
        names, labels = [out.name], [content.resolve().parent.name]
    return StylizedFiles(pd.DataFrame({"file": names, "class": labels}).join(pd.DataFrame(rows)), seed)


def _check_apart(out: Path, source: Path) -> None:
    """Refuse to write into an input, over it, or around it."""
    one, other = out.resolve(), source.resolve()
    if one == other or (source.is_dir() and (one.is_relative_to(other) or other.is_relative_to(one))):
        raise ValueError(f"OUT {out} and {source} overlap: one is or lies within the other; choose another OUT")
    if out.is_dir() and other.is_relative_to(one):
        raise ValueError(f"OUT {out} holds {source}, which it would replace; choose another OUT")


def _paths(source: Path) -> list[Path]:
    return [source / file for file in find_image_files(source)] if source.is_dir() else [source]


def _stylize_file(own: Path, other: Path, params: dict[str, Any]) -> tuple[NDArray, float, float]:
    """Return the image of a file in the style of another, and its distances to the style before and after."""
    image, style = read_image_file(own), read_image_file(other)
    if image.dtype != style.dtype:
        raise ValueError(f"{own} has pixels of {image.dtype}, but {other} of {style.dtype}; convert one of them")
    low_high = None
    if image.dtype != np.uint8:  # what 16 bits mean is not in the file: the darkest and the brightest value of both
        low, high = (of([of(image), of(style)]) for of in (np.min, np.max))
        low_high = (float(low), float(max(high, low + 1.0)))
    try:
        result = stylize(image[None], style[None], value_range=low_high, **params)
        method = params.get("method", "features")
        before, after = (
            round(float(style_distance(of, style[None], method=method, value_range=low_high)[0]), 4)
            for of in (image[None], result)
        )
    except ValueError as error:
        raise ValueError(f"{own} in the style of {other}: {error}") from error
    return result[0], before, after


def _free_name(file: str, image: NDArray, files: Sequence[str], taken: Sequence[str]) -> str:
    """Return the name under which an image is written: its own with the extension, or a longer one if that is taken."""
    extension = extension_of(image.dtype)
    if file.endswith(extension):
        return file
    used = {name.casefold() for name in [*files, *taken]}
    stem = file[: len(file) - len(Path(file).suffix)]
    candidates = chain([stem + extension, file + extension], (f"{file}_{i}{extension}" for i in count(2)))
    return next(name for name in candidates if name.casefold() not in used)
