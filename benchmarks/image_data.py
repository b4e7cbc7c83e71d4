"""The image sets of `images.py`, and the arms: which images of a set, real or synthetic, a classifier is trained on."""

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from ganaug.common.shares import draw_groups, weights_of

# Synthetic images kept of a class: as many as the largest class has, within these limits; see also `n_synthetic`.
N_SYNTHETIC = (500, 4_000)

# --- sets ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """Training and test part of a set: 8-bit images, and the index of their class in `classes`."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    classes: tuple[str, ...]

    @property
    def counts(self) -> np.ndarray:
        return np.bincount(self.y, minlength=len(self.classes))

    @property
    def minority(self) -> np.ndarray:
        return np.flatnonzero(self.counts < self.counts.max() / 2)


# set -> its file, or its folder with a folder for each class; None for a set of scikit-learn
FILES = {
    "pneumoniamnist_ir9": "pneumoniamnist_ir9.npz",
    "ham10000_28": "ham10000_28.npz",
    "bccd_cells_32": "bccd_cells_32.npz",
    "busi_64": "busi_128",
    "digits": None,
}
N_RARE_DIGITS = 15


@functools.lru_cache(maxsize=4)
def load(name: str, folder: Path | None, seed: int) -> Parts:
    """Read a set; the seed determines the split of sets that have no test part.

    ``NAME@30`` has at most 30 training images of each class but the largest, drawn by the seed; the test part is whole.
    """
    name, _, n_rare = name.partition("@")
    file = FILES[name]
    if file is None:
        parts = digits(seed)
    elif folder is None:
        raise ValueError(f"{name} is read from {file} in the folder given by --data")
    else:
        parts = read_folders(folder / file, seed) if (folder / file).is_dir() else read_medmnist(folder / file)
    return few(parts, int(n_rare), seed) if n_rare else parts


def n_synthetic(name: str, parts: Parts) -> int:
    """Return how many synthetic images of a class are kept: fewer for a set that is itself cut to few images."""
    return N_SYNTHETIC[0] if "@" in name else int(np.clip(parts.counts.max(), *N_SYNTHETIC))


def few(parts: Parts, n_rare: int, seed: int) -> Parts:
    """Keep at most `n_rare` training images of each class but the largest."""
    rng, largest = np.random.default_rng([seed, n_rare]), parts.counts.argmax()
    kept = []
    for label, n in enumerate(parts.counts):
        members = np.flatnonzero(parts.y == label)
        kept.append(members if label == largest else rng.choice(members, min(n, n_rare), replace=False))
    order = np.sort(np.concatenate(kept))
    return replace(parts, X=parts.X[order], y=parts.y[order])


def read_medmnist(path: Path) -> Parts:
    with np.load(path, allow_pickle=False) as file:
        images = [file[f"{part}_images"] for part in ("train", "test")]
        labels = [file[f"{part}_labels"].ravel().astype(int) for part in ("train", "test")]
        return Parts(images[0], labels[0], images[1], labels[1], tuple(map(str, file["class_names"])))


def read_folders(path: Path, seed: int) -> Parts:
    """Read grey images and halve their size."""
    classes = sorted(folder.name for folder in path.iterdir() if folder.is_dir())
    files = [(file, label) for label, name in enumerate(classes) for file in sorted((path / name).glob("*.png"))]
    images = [np.asarray(Image.open(file).convert("L").reduce(2)) for file, _ in files]
    return split(np.stack(images), np.array([label for _, label in files]), tuple(classes), seed)


def digits(seed: int) -> Parts:
    X, y = load_digits(return_X_y=True)
    images = np.round(X.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    parts = split(images, y, tuple("0123456789"), seed)
    rng = np.random.default_rng(seed)
    of_digit = [np.flatnonzero(parts.y == label) for label in range(10)]
    of_digit[5:] = [rng.choice(members, N_RARE_DIGITS, replace=False) for members in of_digit[5:]]
    kept = np.sort(np.concatenate(of_digit))
    return Parts(parts.X[kept], parts.y[kept], parts.X_test, parts.y_test, parts.classes)


def split(X: np.ndarray, y: np.ndarray, classes: tuple[str, ...], seed: int) -> Parts:
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=seed)
    return Parts(X, y, X_test, y_test, classes)


def available(folder: Path | None) -> list[str]:
    return [name for name, file in FILES.items() if file is None or (folder is not None and (folder / file).exists())]


@dataclass(frozen=True)
class Synthetic:
    """Synthetic images, their requested classes, and their cost; no images and a note if the generator failed."""

    X: np.ndarray
    y: np.ndarray
    seconds: float
    n_steps: int
    note: str


def read_synthetic(path: Path) -> Synthetic:
    with np.load(path, allow_pickle=False) as file:
        return Synthetic(file["X"], file["y"], float(file["seconds"]), int(file["n_steps"]), str(file["note"]))


# --- arms ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arm:
    """How training images are drawn, and whether they are augmented or the loss is class-weighted."""

    generator: Literal["ganaug", "translation", "DeepSMOTE", "M2m", "CMO"] | None = None
    only_minority: bool = False
    is_balanced: bool = True
    is_augmented: bool = False
    is_weighted: bool = False
    share: float | None = None  # of synthetic images in each class; None is that of the benchmark


OURS, REFERENCE = "ganaug + classical", "classical"
ARMS = {
    "none": Arm(is_balanced=False),
    "class weights": Arm(is_balanced=False, is_weighted=True),
    "random": Arm(),
    REFERENCE: Arm(is_augmented=True),
    "class weights + classical": Arm(is_balanced=False, is_augmented=True, is_weighted=True),
    "DeepSMOTE": Arm("DeepSMOTE", only_minority=True),
    "DeepSMOTE + classical": Arm("DeepSMOTE", only_minority=True, is_augmented=True),
    "M2m": Arm("M2m", only_minority=True),
    "M2m + classical": Arm("M2m", only_minority=True, is_augmented=True),
    "CMO": Arm("CMO", share=0.5),
    "CMO + classical": Arm("CMO", share=0.5, is_augmented=True),
    "ganaug": Arm("ganaug"),
    OURS: Arm("ganaug", is_augmented=True),
    "ganaug + class weights": Arm("ganaug", is_balanced=False, is_weighted=True),
    "ganaug + class weights + classical": Arm("ganaug", is_balanced=False, is_augmented=True, is_weighted=True),
    "translation": Arm("translation"),
    "translation + classical": Arm("translation", is_augmented=True),
    "translation + class weights + classical": Arm(
        "translation", is_balanced=False, is_augmented=True, is_weighted=True
    ),
    "ganaug, minority only + classical": Arm("ganaug", only_minority=True, is_augmented=True),
}


@dataclass(frozen=True)
class Pool:
    """Images to draw from.

    `shares` are those of synthetic images in each class; None draws without balancing. `weights` are those of images in
    the loss, or None.
    """

    X: np.ndarray
    y: np.ndarray
    is_synthetic: np.ndarray
    shares: np.ndarray | None
    weights: np.ndarray | None = None


def pool_of(parts: Parts, arm: Arm, share: float, synthetic: Synthetic | None) -> Pool:
    """Join the real images and the synthetic images that the arm needs."""
    if synthetic is None:
        real = np.zeros(len(parts.y), dtype=bool)
        weights = weights_of(parts.y, real, None) if arm.is_weighted else None
        return Pool(parts.X, parts.y, real, np.zeros(len(parts.classes)) if arm.is_balanced else None, weights)
    largest = parts.counts.max()
    share = share if arm.share is None else arm.share
    if arm.only_minority:
        wanted = largest - parts.counts
        shares = wanted / largest
    else:
        wanted = np.full(len(parts.classes), np.clip(round(largest * share / (1 - share)), *N_SYNTHETIC))
        shares = np.full(len(parts.classes), share)
    taken = [np.flatnonzero(synthetic.y == label)[:n] for label, n in enumerate(wanted)]
    shares = np.where([len(members) > 0 for members in taken], shares, 0.0)
    index = np.concatenate(taken)
    y, marks = np.concatenate([parts.y, synthetic.y[index]]), np.repeat([False, True], [len(parts.y), len(index)])
    return Pool(
        np.concatenate([parts.X, synthetic.X[index]]),
        y,
        marks,
        shares if arm.is_balanced else None,
        weights_of(y, marks, share) if arm.is_weighted else None,
    )


def draws(pool: Pool, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return the indices of `n` images in training order, with exact shares and each image of a group equally often."""
    if pool.shares is None:
        groups = [(np.arange(len(pool.y)), n)]
    else:
        groups = []
        ends = np.round(np.linspace(0, n, len(pool.shares) + 1)).astype(int)
        for label, (share, n_of_class) in enumerate(zip(pool.shares, np.diff(ends), strict=True)):
            n_synthetic = round(share * n_of_class)
            of_class = pool.y == label
            groups += [
                (np.flatnonzero(of_class & ~pool.is_synthetic), n_of_class - n_synthetic),
                (np.flatnonzero(of_class & pool.is_synthetic), n_synthetic),
            ]
    return draw_groups(groups, rng)
