"""Do synthetic images help a classifier? ganaug, class weights, copies, augmentation and DeepSMOTE on real test images.

    python benchmarks/images.py --quick                         scikit-learn's digits alone, few steps: a few minutes
    python benchmarks/images.py --data FOLDER                   all five sets, 3 seeds
    python benchmarks/images.py --data FOLDER --sets busi_64 --arms classical "ganaug + classical" --steps 6000
    python benchmarks/images.py --data FOLDER --rare 30         30 training images of each class but the largest
    python benchmarks/images.py --data FOLDER --rare 50 --part classifiers    scores only: no page, no fidelity
    python benchmarks/images.py --part step                     milliseconds of one training step

To continue an interrupted run, give the same command again. Each GAN is trained once for a set and a seed. Its images
are kept in the folder of ``--cache``, so that other classifiers, arms or shares need no second training. Every finished
evaluation is in ``benchmarks/results/images.csv.gz``. The page, the figure and a contact sheet of each set are in the
same folder.

Protocol. FOLDER holds ``pneumoniamnist_ir9.npz``, ``ham10000_28.npz`` and ``bccd_cells_32.npz`` in the format of
MedMNIST, of which the training and the test part are used unchanged. It also holds ``busi_128``, a folder of images for
each class, which are reduced to 64 pixels. The digits 5 to 9 of scikit-learn's digits are reduced to 15 training images
each. ``busi_128`` and the digits are split 70 to 30, stratified, with the seed. Generators and classifiers are trained
on the training part only. An arm is a way to draw the images of the classifier's batches:

none                   each image equally often
class weights          each image equally often, with a class-weighted loss; "ganaug + class weights" also has synthetic
                       images, whose weight is the share of 0.2 of each class
random                 each class equally often
classical              each class equally often; each image is rotated by up to 15 degrees, scaled, shifted and
                       brightened at random whenever it is drawn
DeepSMOTE              the smaller classes are filled up to the largest by ``ImageGAN(prior="neighbors", n_steps=0)``
M2m                    the smaller classes are filled up by images of larger ones, moved until a classifier takes them
                       for the class
CMO                    each class equally often, half of the images with a rectangle of another one, mostly of a small
                       class
ganaug                 each class equally often, and in each class a share of 0.2 synthetic images of `GANOversampler`
translation            as ganaug, by `TranslationGAN`: images of the largest class are translated into the others, and
                       images of all others into the largest class
NAME + classical       NAME, with all images augmented as in "classical"
ganaug, minority only  the smaller classes are filled up by `GANOversampler`, the largest stays real: an arm that shows
                       why synthetic images should not be in the minority classes only

All arms have the same number of draws. Within a class, each real image is drawn equally often, and so is each synthetic
image. The shares are therefore exact, and no image is stored twice. If a generator fails, its arms draw real images
only, and the page reports it. There are two classifiers: a CNN of 100,000 weights trained from scratch, and a logistic
regression on the features of a frozen network (`ganaug.metrics.efficientnet`), if that network is installed.

Scores are computed on the real test part. Minority recall is the mean recall of the classes that have fewer than half
as many training images as the largest class. Intervals are 95 % intervals. They combine, as a sum of squares, Student's
interval over the seeds and a bootstrap over the test images within their classes.

Fidelity. For each class, FD and KID are the distances between a random half of the real training images and as many
synthetic images, averaged over both halves. The baseline is the distance between the two halves, averaged over two
random divisions. Classes with fewer than 40 images are left out. Agreement is the share of synthetic images that a CNN
assigns to the requested class. This CNN is trained on the real training part, drawn as in "classical". Its recall on
the real test images of the class is given for comparison.
"""

import argparse
import functools
import hashlib
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch
from image_classifiers import (
    CNN_NAME,
    FROZEN_NAME,
    METRICS,
    features,
    metrics,
    probabilities,
    regress,
    resamples,
    train_cnn,
)
from image_data import (
    ARMS,
    FILES,
    N_SYNTHETIC,
    REFERENCE,
    Parts,
    Synthetic,
    available,
    load,
    n_synthetic,
    pool_of,
    read_synthetic,
)
from image_page import FIDELITY, LETTERS, contact_sheet, write_page
from image_rivals import context_rich, major_to_minor
from pages import machine
from results import RESULTS, RawRows, Row, matching
from rich.console import Console
from rich.progress import track
from workers import error_text, evaluations, run_command

from ganaug.metrics import has_extractor
from ganaug.nets import SmallCNN

# Increase this number when sets, arms, classifiers or measures change: rows of different protocols are never mixed.
PROTOCOL = 1
N_HALVINGS = 2
# number of images of a class in each half, and of synthetic images, whose features are compared
N_COMPARED = 1_000
# Generators that take no number of training steps.
WITHOUT_STEPS = ("DeepSMOTE", "CMO")
# Classes with fewer real images are not compared, because half of them would be too few for a distance.
MIN_COMPARED = 40

# --- generators ------------------------------------------------------------------------------------------------------


def generate(
    generator: str, X: np.ndarray, y: np.ndarray, n_each: int, n_steps: int | None, seed: int, device: str = "cpu"
) -> tuple[np.ndarray, np.ndarray, int]:
    """Train on (X, y) with `GANOversampler` and return `n_each` synthetic images per class, and the number of steps."""
    from ganaug import GANOversampler, ImageGAN, TranslationGAN

    if generator == "M2m":
        return *major_to_minor(X, y, n_each, n_steps, seed), 0
    if generator == "CMO":
        return *context_rich(X, y, n_each, seed), 0
    model: ImageGAN | TranslationGAN
    if generator == "DeepSMOTE":
        model = ImageGAN(prior="neighbors", n_steps=0)
    else:
        kind = TranslationGAN if generator == "translation" else ImageGAN
        model = kind() if n_steps is None else kind(n_steps=n_steps)
    labels, counts = np.unique(y, return_counts=True)
    wanted = dict(zip(labels.tolist(), (counts + n_each).tolist(), strict=True))
    sampler = GANOversampler(sampling_strategy=wanted, model=model, random_state=seed, device=device)
    images, classes = sampler.fit_resample(X, y)
    history = sampler.history_
    n_done = int(history["step"].iloc[-1]) if len(history) else 0
    return images[sampler.is_synthetic_], classes[sampler.is_synthetic_], n_done


@functools.cache
def digest(generator: str) -> str:
    """Digest of the images after a short training, of the distance that selects weights, and of the planned steps."""
    from ganaug import ImageGAN, TranslationGAN
    from ganaug.training import Callback, Run

    class Planned(Callback):
        def on_fit_start(self, run: Run) -> None:
            planned.append(run.n_steps)
            run.stop("only the planned steps are needed")

    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (60, 16, 16), dtype=np.uint8)
    y = np.repeat([0, 1, 2], [35, 15, 10])
    planned: list[int] = []
    measured: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        images, _, _ = generate(generator, X, y, 4, 20, 0)
        if generator in ("ganaug", "translation"):
            kind = TranslationGAN if generator == "translation" else ImageGAN
            kind(device="cpu", random_state=0, callbacks=[Planned()]).fit(X, y)
            # the distance selects the weights at the end of training
            history = kind(device="cpu", random_state=0, n_steps=20).fit(X, y).history_
            measured += [f"{distance:.2g}" for distance in history["distance"].dropna()]
    return hashlib.sha256(images.tobytes() + str([*planned, *measured]).encode()).hexdigest()[:8]


def cached(generator: str, name: str, seed: int, folder: Path | None, n_steps: int | None, cache: Path) -> Path:
    """Return the path of a generator's images, which depends on its version, its steps and the training part."""
    parts = load(name, folder, seed)
    key = hashlib.sha256(f"{version_of(generator)} {steps_of(generator, n_steps)} {N_SYNTHETIC}".encode())
    key.update(parts.X.tobytes())
    key.update(parts.y.tobytes())
    return cache / f"{name}-{seed}-{generator}-{key.hexdigest()[:12]}.npz"


def train_generator(
    generator: str, name: str, seed: int, folder: Path | None, n_steps: int | None, cache: Path, device: str
) -> str:
    """Train a generator on a set and save its images; return what the progress bar shows."""
    parts = load(name, folder, seed)
    n_each = n_synthetic(name, parts)
    start, n_done, note = time.perf_counter(), 0, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            X, y, n_done = generate(generator, parts.X, parts.y, n_each, n_steps, seed, device)
        except Exception as error:
            X, y, note = parts.X[:0], parts.y[:0], error_text(error)
    path = cached(generator, name, seed, folder, n_steps, cache)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        np.savez_compressed(file, X=X, y=y, seconds=time.perf_counter() - start, n_steps=n_done, note=note)
    temporary.replace(path)
    return f"{name} {generator}"


# --- evaluations -----------------------------------------------------------------------------------------------------

KEY = ["part", "set", "seed", "arm", "subject"]
STAMP = ["protocol", "gan_steps", "cnn_steps", "share", "version"]
ERRORS = [f"{metric} error" for metric in METRICS]
NUMBERS = ["n_train", "n_synthetic", "pixels", "gan_seconds", "gan_steps_done", *METRICS, *ERRORS, *FIDELITY, "step_ms"]
# `predicted` is the predicted class of each test image, which the paired intervals need
COLUMNS = [*KEY, *STAMP, "machine", *NUMBERS, "predicted", "note"]


@dataclass(frozen=True)
class Budget:
    """The settings that determine the cost of an evaluation.

    These are the steps of a GAN (None: its default) and of a CNN, the share of synthetic images in arms with an equal
    share, and whether the frozen network is used as well.
    """

    gan_steps: int | None = None
    cnn_steps: int = 1_000
    share: float = 0.2
    with_frozen: bool = True


def steps_of(generator: str, n_steps: int | None) -> str:
    return "default" if n_steps is None or generator in WITHOUT_STEPS else str(n_steps)


@functools.cache
def version_of(generator: str | None) -> str:
    """Return the versions that an evaluation depends on; that of ganaug has a digest of its images."""
    others = f"torch {version('torch')}, scikit-learn {version('scikit-learn')}"
    return others if generator is None else f"ganaug {version('ganaug')}+{digest(generator)}, {others}"


def stamp(arm: str, budget: Budget) -> Row:
    """Return what a row depends on besides its key."""
    generator = ARMS[arm].generator
    has_share = generator is not None and not ARMS[arm].only_minority
    return {
        "protocol": PROTOCOL,
        "gan_steps": steps_of(generator, budget.gan_steps) if generator else "",
        "cnn_steps": budget.cnn_steps,
        "share": (ARMS[arm].share or budget.share) if has_share else "",
        "version": version_of(generator),
    }


@dataclass(frozen=True)
class Task:
    """An evaluation: the "classifiers" of an arm, or the "fidelity" of the generator that has the arm's name."""

    part: Literal["classifiers", "fidelity"]
    set: str
    seed: int
    arm: str

    def key(self, subject: str) -> Row:
        return {"part": self.part, "set": self.set, "seed": self.seed, "arm": self.arm, "subject": subject}

    def path_of_images(self, folder: Path | None, budget: Budget, cache: Path) -> Path | None:
        generator = ARMS[self.arm].generator
        return generator and cached(generator, self.set, self.seed, folder, budget.gan_steps, cache)


def evaluate(task: Task, folder: Path | None, budget: Budget, cache: Path) -> list[Row]:
    """Run a task; return a row for each classifier, or for each class."""
    parts = load(task.set, folder, task.seed)
    path = task.path_of_images(folder, budget, cache)
    synthetic = None if path is None else read_synthetic(path)
    common = {**stamp(task.arm, budget), "machine": machine(), "pixels": parts.X.shape[1]}
    if synthetic is not None:
        common |= {
            "gan_seconds": round(synthetic.seconds, 2),
            "gan_steps_done": synthetic.n_steps,
            "note": synthetic.note,
        }
    found = (
        classify(task, parts, synthetic, budget)
        if task.part == "classifiers"
        else compare(task, parts, synthetic, budget)
    )
    return [{**task.key(subject), **common, **values} for subject, values in found.items()]


def classify(task: Task, parts: Parts, synthetic: Synthetic | None, budget: Budget) -> dict[str, Row]:
    """Train the classifiers on the draws of an arm and score them on the test part."""
    arm = ARMS[task.arm]
    pool = pool_of(parts, arm, budget.share, synthetic)
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
            "n_synthetic": int(pool.is_synthetic.sum()),
            **metrics(parts.y_test, probability, parts.minority),
            **{f"{metric} error": float(errors[metric]) for metric in METRICS},
            "predicted": "".join(LETTERS[label] for label in probability.argmax(1)),
        }
    return rows


def compare(task: Task, parts: Parts, synthetic: Synthetic | None, budget: Budget) -> dict[str, Row]:
    """Compare the images of a generator with real images, class by class."""
    assert synthetic is not None
    network = train_cnn(
        parts, ARMS[REFERENCE], pool_of(parts, ARMS[REFERENCE], budget.share, None), budget.cnn_steps, task.seed
    )
    rng = np.random.default_rng(task.seed)
    rows = {}
    for label, name in enumerate(parts.classes):
        real, of_class = parts.X[parts.y == label], synthetic.X[synthetic.y == label][:N_COMPARED]
        row: Row = {
            "n_train": len(real),
            "n_synthetic": len(of_class),
            "agreement real": agreement(network, parts.X_test[parts.y_test == label], label),
        }
        if len(of_class):
            row["agreement"] = agreement(network, of_class, label)
            if has_extractor() and len(real) >= MIN_COMPARED:
                row |= distances(real, of_class, rng)
        rows[name] = row
    return rows


def agreement(network: SmallCNN, X: np.ndarray, label: int) -> float:
    return float((probabilities(network, X).argmax(1) == label).mean())


def distances(real: np.ndarray, synthetic: np.ndarray, rng: np.random.Generator) -> Row:
    """Distances between half of the real images and as many synthetic images, or the other half."""
    from ganaug.metrics import frechet_distance, kernel_distance, real_baseline

    def both(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
        return frechet_distance(one, other), kernel_distance(one, other)

    n = min(len(real) // 2, len(synthetic), N_COMPARED)
    known = features(real[rng.permutation(len(real))[: 2 * n]])
    others = features(synthetic[rng.permutation(len(synthetic))[:n]])
    frechet, kernel = np.mean([both(half, others) for half in (known[:n], known[n:])], axis=0)
    baseline = real_baseline(known, both, n_splits=N_HALVINGS, random_state=rng).mean
    return {"FD": frechet, "FD baseline": baseline[0], "KID": kernel, "KID baseline": baseline[1]}


def measure_steps(budget: Budget, n_steps: int = 200) -> list[Row]:
    """Time the steps of the default ImageGAN on grey images of 28 pixels, batch 32, on the CPU and on a GPU if any."""
    from ganaug import ImageGAN

    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (512, 28, 28), dtype=np.uint8), np.arange(512) % 2
    devices = [("cpu", "32-true")]
    if torch.cuda.is_available():
        devices += [("cuda", "32-true"), ("cuda", "bf16-mixed")]
    rows = []
    for device, precision in devices:
        model = ImageGAN(device=device, precision=precision, batch_size=32, n_steps=n_steps, random_state=0).fit(X, y)
        # The time of measurements is not included. The first quarter is left out because the first steps are slower.
        seconds = model.history_["step_time"].iloc[len(model.history_) // 4 :].mean()
        of_gpu = f", {torch.cuda.get_device_name()}" if device == "cuda" else ""
        rows.append(
            {"part": "step", "set": "random 28 px", "seed": 0, "arm": "ganaug", "subject": f"{device}, {precision}"}
            | {**stamp("ganaug", budget), "machine": machine() + of_gpu, "pixels": 28}
            | {"gan_steps_done": n_steps, "step_ms": 1000 * seconds}
        )
    return rows


# --- many evaluations ------------------------------------------------------------------------------------------------


class Results(RawRows):
    """The raw rows of this benchmark."""

    def __init__(self, path: Path, budget: Budget) -> None:
        super().__init__(path, COLUMNS)
        self.budget = budget

    def append(self, rows: Iterable[Row]) -> None:
        super().append({name: round(v, 10) if isinstance(v, float) else v for name, v in row.items()} for row in rows)

    def current(self, arms: Sequence[str]) -> pd.DataFrame:
        """Return the rows of these arms with the current versions and this budget."""
        frame = self.read(dtype=str, keep_default_na=False)
        kept = np.zeros(len(frame), dtype=bool)
        for arm in dict.fromkeys(arms):
            kept |= matching(frame, {"arm": arm, **stamp(arm, self.budget)}).to_numpy()
        frame = frame[kept].drop_duplicates(KEY, keep="last").reset_index(drop=True)
        numbers = frame[NUMBERS].apply(pd.to_numeric)
        return frame.assign(seed=frame["seed"].astype(int), **{name: numbers[name] for name in NUMBERS})

    def finished(self, arms: Sequence[str]) -> set[tuple[str, str, int, str]]:
        """Return the finished tasks. Where the frozen network is installed, those of classifiers must include it."""
        rows = self.current(arms)
        n_classifiers = 1 + (self.budget.with_frozen and has_extractor())
        n_wanted = np.where(rows["part"] == "classifiers", n_classifiers, 1)
        lasting = rows.assign(wanted=n_wanted).groupby(KEY[:4]).agg(n=("subject", "size"), wanted=("wanted", "max"))
        return {
            (str(part), str(name), int(seed), str(arm))
            for (part, name, seed, arm), n, wanted in lasting.itertuples(name=None)
            if n >= wanted
        }


def tasks_of(sets: Sequence[str], seeds: Sequence[int], arms: Sequence[str]) -> list[Task]:
    """List the evaluations of the arms, and the fidelity evaluations of their generators."""
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
    device: str,
    console: Console,
) -> int:
    """Train the missing generators, then run the evaluations that are not finished; return how many were run."""
    finished = results.finished([task.arm for task in tasks])
    todo = [task for task in tasks if (task.part, task.set, task.seed, task.arm) not in finished]
    console.print(f"{len(tasks)} evaluations, {len(tasks) - len(todo)} of them already finished")
    budget = results.budget
    missing = {}
    for task in todo:
        path = task.path_of_images(folder, budget, cache)
        if path is not None and not path.exists():
            generator = ARMS[task.arm].generator
            missing[path] = (generator, task.set, task.seed, folder, budget.gan_steps, cache, device)
    trained = evaluations(train_generator, list(missing.values()), n_workers)
    for _ in track(trained, "generators", total=len(missing), console=console, disable=not missing):
        pass
    rows = evaluations(evaluate, [(task, folder, budget, cache) for task in todo], n_workers)
    with results:
        for of_task in track(rows, "evaluations", total=len(todo), console=console, disable=not todo):
            results.append(of_task)
    return len(todo)


# --- the command -----------------------------------------------------------------------------------------------------


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the digits alone, 1 seed, few steps")
    parser.add_argument(
        "--part",
        choices=["all", "classifiers", "step"],
        default="all",
        help="classifiers: only their scores, without a page; step: only the time of a training step",
    )
    parser.add_argument("--data", type=Path, help="folder of the medical sets")
    parser.add_argument("--sets", nargs="+", choices=list(FILES), help="only these sets (default: all that are found)")
    parser.add_argument("--rare", type=int, help="training images kept of each class but the largest (default: all)")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS), help="only these arms")
    parser.add_argument("--steps", type=int, help="training steps of the GAN (default: its own number)")
    parser.add_argument("--share", type=float, default=Budget.share, help="of synthetic images, if it is equal")
    parser.add_argument("--cnn-only", action="store_true", help="without the frozen network, in half of the time")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="of the generators: cpu, cuda, ...")
    parser.add_argument(
        "--cache", type=Path, default=Path.home() / ".cache" / "ganaug", help="folder for synthetic images"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for all files that are written")
    args = parser.parse_args(given)
    if not 0 < args.share <= 0.5:
        parser.error(f"--share {args.share}: must be above 0 and at most 0.5")
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
    if args.rare is not None:
        sets, stem = [f"{name}@{args.rare}" for name in sets], args.results / f"images-{args.rare}"
    results = Results(stem.with_suffix(".csv.gz"), budget)
    if args.part == "step":
        results.append(measured := measure_steps(budget))
        for row in measured:
            console.print(f"{row['subject']}: {row['step_ms']:.1f} ms a step", highlight=False)
        return

    tasks = tasks_of(sets, seeds, args.arms)
    if args.part == "classifiers":
        tasks = [task for task in tasks if task.part == "classifiers"]
    run(tasks, args.data, args.cache, results, args.workers, args.device, console)
    if args.part == "classifiers":
        rows = results.current(args.arms)
        rows = rows[(rows["part"] == "classifiers") & rows["set"].isin(sets) & rows["seed"].isin(seeds)]
        table = rows.pivot_table("balanced accuracy", ["subject", "arm"], "set", sort=False)
        console.print(table.round(4).to_string(), highlight=False, soft_wrap=True)
        return
    if "step" not in set(results.current(["ganaug"])["part"]):
        results.append(measure_steps(budget))
    for name in sets:
        path = cached("ganaug", name, seeds[0], args.data, budget.gan_steps, args.cache)
        if path.exists() and len((synthetic := read_synthetic(path)).X):
            contact_sheet(stem.with_name(f"{stem.name}-{name}.png"), load(name, args.data, seeds[0]), synthetic, name)

    rows = results.current(["ganaug", *(task.arm for task in tasks)])
    rows = rows[(rows["part"] == "step") | (rows["set"].isin(sets) & rows["seed"].isin(seeds))]
    rows = rows[(rows["part"] != "classifiers") | rows["arm"].isin(args.arms)]
    met = write_page(stem, rows, sets, args.arms, PROTOCOL, lambda name, seed: load(name, args.data, seed).y_test)
    console.print(met.to_string(), highlight=False, soft_wrap=True)
    console.print(f"{stem.name}.md and {stem.name}.png in {args.results.name}/", highlight=False)


if __name__ == "__main__":
    run_command(main)
