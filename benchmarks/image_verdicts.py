"""Do the verdicts of `ganaug evaluate` and `ganaug balance` on images agree with a look at the sheet?

    python benchmarks/image_verdicts.py --data FOLDER [--half confirm] [--sheets FOLDER]

FOLDER holds ``pneumoniamnist.npz``, ``ham10000_28.npz``, ``bccd_cells_32.npz`` and ``busi_128/CLASS/*.png``. Each case
is built from real images: other ones of the same class, or images with a fault that a person sees (or, of copies, that
a person would find). The half "design" was looked at while the verdicts were written; "confirm" has other classes,
other seeds and the digits of scikit-learn, and is for reporting. ``--sheets`` writes a sheet of each case, with the
real images above. The page is ``benchmarks/results/image_verdicts.md``.
"""

import argparse
import functools
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from pages import markdown, write
from PIL import Image
from results import RESULTS
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits

from ganaug.common.findings import REAL, SAFE
from ganaug.evaluation import evaluate_images, training_distance
from ganaug.training import CompactRows, KernelDistance, LatentPrior

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@functools.cache
def read(folder: Path, name: str, label: str) -> np.ndarray:
    """Return all images of one class, in a random order that is always the same."""
    if name == "digits":
        digits = load_digits()
        images = (digits.images[digits.target == int(label)] * 15.9).astype(np.uint8).repeat(2, 1).repeat(2, 2)
    elif (folder / name).is_dir():
        images = np.stack([np.asarray(Image.open(file)) for file in sorted((folder / name / label).glob("*.png"))])
    else:
        with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
            kept = arrays["train_labels"].ravel() == arrays["class_names"].tolist().index(label)
            images = arrays["train_images"][kept]
    return images[np.random.default_rng(0).permutation(len(images))]


def as_pixels(values: np.ndarray) -> np.ndarray:
    return np.asarray(values).clip(0, 255).round().astype(np.uint8)


def one_each(images: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Shape a number for each image so that it can be added to the images."""
    return numbers.reshape(-1, *[1] * (images.ndim - 1))


def good(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return images


def blurred(strength: float) -> Change:
    """Blur by this share of the side."""

    def change(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        width = images.shape[1] * strength
        return gaussian_filter(images, (0, width, width, 0)[: images.ndim])

    return change


def gridded(height: float, size: int) -> Change:
    """Add chequers of this height and number of pixels, which transposed convolutions leave."""

    def change(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        rows, columns = np.indices(images.shape[1:3]) // size % 2
        grid = height * ((rows ^ columns) - 0.5)
        return as_pixels(images + grid.reshape(1, *grid.shape, *[1] * (images.ndim - 3)))

    return change


def collapsed(n_images: int) -> Change:
    """Repeat a few images, moved by a pixel and changed in brightness."""

    def change(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        few = images[rng.integers(0, n_images, len(images))].astype(float)
        moved = np.stack([np.roll(image, rng.integers(-1, 2, 2), (0, 1)) for image in few])
        return as_pixels(moved + one_each(few, rng.normal(0, 4, len(few))) + rng.normal(0, 3, images.shape))

    return change


def noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, images.shape).astype(np.uint8)


def flat(strength: float) -> Change:
    """Lose contrast: keep this share of the difference to the mean of each image."""

    def change(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        mean = images.astype(float).mean(axis=tuple(range(1, images.ndim)), keepdims=True)
        return as_pixels(mean + strength * (images - mean))

    return change


def half(bad: Change) -> Change:
    """Spoil each second image."""

    def change(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        changed = images.copy()
        changed[::2] = bad(images[::2], rng)
        return changed

    return change


def moved(n_pixels: int) -> Change:
    """Move each image by so many pixels; the edge is repeated."""

    def change(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        by = rng.choice([-n_pixels, n_pixels], (len(images), 2))
        size, edge = images.shape[1], [(0, 0), (n_pixels, n_pixels), (n_pixels, n_pixels), (0, 0)][: images.ndim]
        padded = np.pad(images, edge, mode="edge")
        at = by + n_pixels
        return np.stack(
            [image[y : y + size, x : x + images.shape[2]] for image, (y, x) in zip(padded, at, strict=True)]
        )

    return change


def mirrored(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return images[:, :, ::-1].copy()


def brighter(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change brightness and contrast of each image."""
    factor, offset = rng.uniform(0.85, 1.15, len(images)), rng.uniform(-25, 25, len(images))
    return as_pixels(images * one_each(images, factor) + one_each(images, offset))


class Case(NamedTuple):
    """Synthetic images with a known fault."""

    name: str
    real: np.ndarray
    synthetic: np.ndarray
    target: tuple[np.ndarray, np.ndarray] | None
    is_real: dict[str, str | None]  # class -> what "Is it real?" should say; None: a person would not say
    is_unsafe: bool


Source = tuple[str, str]
XRAY, NORMAL = ("pneumoniamnist", "pneumonia"), ("pneumoniamnist", "normal")
NEVUS, KERATOSIS, MELANOMA = ("ham10000_28", "nv"), ("ham10000_28", "bkl"), ("ham10000_28", "mel")
RED, WHITE, PLATELETS = ("bccd_cells_32", "RBC"), ("bccd_cells_32", "WBC"), ("bccd_cells_32", "Platelets")
BENIGN, MALIGNANT = ("busi_128", "benign"), ("busi_128", "malignant")
THREE, EIGHT = ("digits", "3"), ("digits", "8")

# A row for each case: what is done to other images of the class, the class, number of images, and what "Is it real?"
# should say.
_Row = tuple[str, Change, Source, int, str | None]
_CHANGED: dict[str, list[_Row]] = {
    "design": [
        ("good", good, XRAY, 100, "good"),
        ("good", good, NEVUS, 80, "good"),
        ("good", good, BENIGN, 150, "good"),
        ("blurred strongly", blurred(1 / 20), XRAY, 100, "bad"),
        ("blurred slightly", blurred(1 / 50), NEVUS, 100, "bad"),
        ("blurred slightly", blurred(1 / 50), BENIGN, 100, "bad"),
        ("gridded", gridded(25, 2), XRAY, 60, "bad"),
        ("chequers of single pixels, low", gridded(12, 1), RED, 100, "bad"),
        ("collapsed to 5 images", collapsed(5), NEVUS, 100, "bad"),
        ("collapsed to 3 images", collapsed(3), BENIGN, 80, "bad"),
        ("too few: 3", good, XRAY, 3, "unknown"),
        ("too few: 8", good, RED, 8, "unknown"),
        ("noise", noise, RED, 80, "bad"),
        ("contrast lost", flat(0.5), XRAY, 80, "bad"),
        ("half good, half blurred", half(blurred(1 / 20)), RED, 120, "bad"),
    ],
    "confirm": [
        ("good", good, NORMAL, 120, "good"),
        ("good", good, RED, 90, "good"),
        ("good", good, MALIGNANT, 100, "good"),
        ("good", good, EIGHT, 80, "good"),
        ("blurred strongly", blurred(1 / 16), WHITE, 100, "bad"),
        ("blurred slightly", blurred(1 / 45), NORMAL, 100, "bad"),
        ("blurred slightly", blurred(1 / 55), MALIGNANT, 100, "bad"),
        ("gridded", gridded(20, 4), MALIGNANT, 90, "bad"),
        ("chequers of single pixels, low", gridded(12, 1), KERATOSIS, 120, "bad"),
        ("collapsed to 4 images", collapsed(4), NORMAL, 90, "bad"),
        ("collapsed to 6 images", collapsed(6), THREE, 90, "bad"),
        ("too few: 4", good, MELANOMA, 4, "unknown"),
        ("noise", noise, EIGHT, 70, "bad"),
        ("contrast lost", flat(0.5), KERATOSIS, 100, "bad"),
        ("half good, half gridded", half(gridded(25, 2)), NORMAL, 120, "bad"),
    ],
}
# The same for copies of the training images.
_COPIED: dict[str, list[tuple[str, Change, Source, int]]] = {
    "design": [
        ("copied", good, BENIGN, 80),
        ("copied and mirrored", mirrored, XRAY, 80),
        ("copied and moved by a pixel", moved(1), NEVUS, 80),
        ("copied and moved by three pixels", moved(3), BENIGN, 80),
        ("copied, other brightness", brighter, RED, 80),
    ],
    "confirm": [
        ("copied", good, KERATOSIS, 70),
        ("copied, mirrored and moved by a pixel", lambda images, rng: moved(1)(mirrored(images, rng), rng), NORMAL, 80),
        ("copied and moved by two pixels", moved(2), MALIGNANT, 80),
        ("copied and moved by a pixel", moved(1), WHITE, 70),
        ("copied, other brightness", brighter, XRAY, 80),
    ],
}
# Images of another class, and of two classes one spoilt.
_WRONG: dict[str, list[tuple[Source, Source, int]]] = {
    "design": [(XRAY, NORMAL, 90), (RED, WHITE, 90)],
    "confirm": [(NEVUS, MELANOMA, 120), (THREE, EIGHT, 80)],
}
_ONE_BAD: dict[str, tuple[Source, Source, Change, int]] = {
    "design": (NORMAL, XRAY, gridded(25, 2), 80),
    "confirm": (NEVUS, KERATOSIS, blurred(1 / 20), 90),
}


def cases(folder: Path, half_of_cases: str) -> Iterator[Case]:
    """Yield the cases of "design" or "confirm"."""

    def rng_of(name: str, source: Source) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(f"{half_of_cases} {name} {source}".encode()))

    for name, change, source, n, wanted in _CHANGED[half_of_cases]:
        images = read(folder, *source)
        n_real = min(max(n, 80), len(images) - n)
        other = change(images[n_real : n_real + n], rng_of(name, source))
        yield Case(f"{name} ({source[1]})", images[:n_real], other, None, {"all": wanted}, False)
    for name, change, source, n in _COPIED[half_of_cases]:
        rng = rng_of(name, source)
        images = read(folder, *source)[: n + 20]
        other = change(images[rng.permutation(len(images))[:n]], rng)
        wanted = "good" if change is good else None
        yield Case(f"{name} ({source[1]})", images, other, None, {"all": wanted}, True)
    for source, wrong, n in _WRONG[half_of_cases]:
        name = f"wrong class ({wrong[1]} as {source[1]})"
        yield Case(name, read(folder, *source)[:n], read(folder, *wrong)[:n], None, {"all": "bad"}, False)
    fine, spoilt, change, n = _ONE_BAD[half_of_cases]
    labels = np.repeat([fine[1], spoilt[1]], n)
    sets = [read(folder, *source) for source in (fine, spoilt)]
    others = [sets[0][n : 2 * n], change(sets[1][n : 2 * n], rng_of("one", spoilt))]
    yield Case(
        f"one class bad ({spoilt[1]}) among good ones",
        np.concatenate([of[:n] for of in sets]),
        np.concatenate(others),
        (labels, labels),
        {fine[1]: "good", spoilt[1]: "bad"},
        False,
    )


def verdict(case: Case) -> tuple[dict[str, str], bool]:
    """Return what `evaluate_images` says: class -> whether it is real, and whether the images are unsafe."""
    findings = evaluate_images(case.real, case.synthetic, target=case.target, random_state=0).verdict
    of_classes = {}
    for label in case.is_real:
        own = [f.answer for f in findings if f.question == REAL and (label == "all" or f"Class {label}:" in f.sentence)]
        of_classes[label] = "bad" if "bad" in own else "unknown" if "unknown" in own else "good"
    return of_classes, any(f.answer == "bad" for f in findings if f.question == SAFE)


def verdict_of_training(case: Case) -> str:
    """Return what `ganaug balance` would say of a generator that ended with these images."""

    def rows(images: np.ndarray) -> CompactRows:
        channels = torch.from_numpy(images if images.ndim == 4 else images[..., None]).permute(0, 3, 1, 2)
        return CompactRows(channels, lambda kept: kept / 127.5 - 1)

    labels = np.zeros(len(case.real), int) if case.target is None else np.unique(case.target[0], return_inverse=True)[1]
    measure = KernelDistance(
        rows(case.real),
        torch.from_numpy(labels),
        LatentPrior(1),
        generator=torch.Generator().manual_seed(0),
        device=torch.device("cpu"),
    )
    made, order = rows(case.synthetic), np.arange(len(case.synthetic))
    of_class = [order] if case.target is None else [order[case.target[1] == of] for of in np.unique(case.target[1])]
    queues = [np.resize(own, 10_000) for own in of_class]
    taken = [0] * len(queues)

    def network(y: torch.Tensor, *start: torch.Tensor) -> torch.Tensor:
        index = []
        for label in y.tolist():
            index.append(queues[label][taken[label]])
            taken[label] += 1
        return made[torch.tensor(index)]

    return training_distance(pd.DataFrame([measure(network)])).answer  # type: ignore[arg-type]


def judged(case: Case) -> dict[str, str | bool]:
    """Return a row of the table: what is wanted, what the verdicts are, and whether they agree."""
    of_classes, is_unsafe = verdict(case)
    of_training = verdict_of_training(case) if len(case.synthetic) >= 30 else "unknown"
    agrees = is_unsafe == case.is_unsafe and all(
        wanted in (None, of_classes[label]) for label, wanted in case.is_real.items()
    )
    # the distance of the training says "unknown" or "bad", and must not call good images bad
    agrees &= of_training != "bad" or set(case.is_real.values()) != {"good"}
    return {
        "case": case.name,
        "wanted": ", ".join(str(of or "any") for of in case.is_real.values()) + (", unsafe" if case.is_unsafe else ""),
        "verdict": ", ".join(of_classes.values()) + (", unsafe" if is_unsafe else ""),
        "of the training": of_training,
        "agrees": agrees,
    }


def sheet(case: Case, n: int = 12) -> Image.Image:
    """Draw real images, and below them synthetic ones, those of the last class last."""
    strips = []
    for images in (case.real, case.synthetic):
        shown = images[np.linspace(0, len(images) - 1, min(n, len(images))).astype(int)]
        shown = np.concatenate([shown, np.zeros((n - len(shown), *shown.shape[1:]), np.uint8)])
        strips.append(np.concatenate(list(shown), axis=1))
    both = np.concatenate(strips)
    factor = max(1, 64 // case.real.shape[1])
    return Image.fromarray(both.repeat(factor, 0).repeat(factor, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--half", choices=list(_CHANGED), default="design")
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args()
    rows = []
    for i, case in enumerate(cases(args.data, args.half)):
        if args.sheets is not None:
            args.sheets.mkdir(parents=True, exist_ok=True)
            sheet(case).save(args.sheets / f"{i:02d}.png")
        rows.append(judged(case))
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    print(f"{int(table['agrees'].sum())} of {len(table)} agree")
    path = args.results / "image_verdicts.csv"
    kept = pd.read_csv(path) if path.exists() else pd.DataFrame({"half": []})
    table = pd.concat([kept[kept["half"] != args.half], table.assign(half=args.half)])
    table.to_csv(path, index=False)
    write_page(table, args.results)


def write_page(table: pd.DataFrame, results: Path) -> None:
    parts = [
        "# Do verdicts on images agree with a look at the sheet?",
        "Each case is built from real images. *Wanted* is what a person says who looks at real images above synthetic "
        "ones: whether they look real (of each class), and whether they are copies. *Verdict* is what `evaluate` says, "
        'and *of the training* what the first screen of `ganaug balance` says, which is at best "unknown" and '
        'must not be "bad" for good images. The half "design" was looked at while the verdicts were written; '
        '"confirm" was not. `python benchmarks/image_verdicts.py --data FOLDER`.',
    ]
    for half_of_cases, rows in table.groupby("half", sort=False):
        parts.append(f"## {str(half_of_cases).capitalize()}: {int(rows['agrees'].sum())} of {len(rows)} agree")
        shown = rows.drop(columns="half").assign(agrees=rows["agrees"].map({True: "yes", False: "**no**"}))
        parts.append(markdown(shown.set_index("case")))
    write(results / "image_verdicts", parts)


if __name__ == "__main__":
    main()
