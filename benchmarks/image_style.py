"""Does style transfer as augmentation help a classifier of blood cells? `ganaug.style.style_augmented`.

    python benchmarks/image_style.py --data FOLDER

FOLDER is that of `images.py`. Of the training part, each seed draws 5 images of each rare class and 40 red blood cells;
with 20 and 150, all scores were .967 to .996 already. Each image is shown in 3 (red cells: 1) styles of other images,
and half of the draws of each class are such images. The small network of `ganaug.compare` and a logistic regression on
frozen features learn from them, with classes equally frequent. The page in ``benchmarks/results/image_style.md`` has
the balanced accuracy on the test part, whose smears are others, as it is and in a simulated other stain.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from image_data import Parts, Pool, draws, load
from pages import machine
from results import RESULTS
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ganaug.balanced_images import compact_images
from ganaug.metrics import features
from ganaug.style import style_augmented
from ganaug.training import classical, classifier_probabilities, random_changes, train_classifier

N_RARE, N_MAJORITY = 5, 40
N_STEPS = 200
# factors of red, green and blue: a warmer light and a paler stain, as another laboratory may have them
OTHER_STAIN = (1.0, 0.9, 0.75)
BATCH_SIZE = 64
NAMES = ["small network", "small network, other stain", "frozen features", "frozen features, other stain"]
# arm -> parameters of `style_augmented`, and whether images are augmented classically
ARMS: dict[str, tuple[dict | None, bool]] = {
    "none": (None, False),
    "classical, mild": (None, True),
    "colours of the same class": ({"method": "color"}, False),
    "colours of any class": ({"method": "color", "styles": "all"}, False),
    "colours of the same class + classical": ({"method": "color"}, True),
    "colours of any class + classical": ({"method": "color", "styles": "all"}, True),
    "style of the same class, by features": ({"method": "features", "n_steps": 30}, False),
    "style of the same class, by features, + classical": ({"method": "features", "n_steps": 30}, True),
}


def draw_few(parts: Parts, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.where(parts.counts < parts.counts.max() / 2, N_RARE, N_MAJORITY)
    kept = [rng.choice(np.flatnonzero(parts.y == label), n, replace=False) for label, n in enumerate(sizes)]
    kept = np.concatenate(kept)
    return parts.X[kept], parts.y[kept]


def pool_of(X: np.ndarray, y: np.ndarray, params: dict | None, seed: int) -> Pool:
    """Join real images and those in other styles, in all classes, so that the style does not tell the class."""
    if params is None:
        return Pool(X, y, np.zeros(len(y), bool), np.zeros(y.max() + 1))
    majority = np.bincount(y).argmax()
    rare = [label for label in np.unique(y) if label != majority]
    more = [
        style_augmented(X, y, n_each=n, classes=classes, random_state=seed, **params)
        for n, classes in ((3, rare), (1, [majority]))
    ]
    n_new = sum(len(of.y) for of in more)
    return Pool(
        np.concatenate([X, *(of.X for of in more)]),
        np.concatenate([y, *(of.y for of in more)]),
        np.repeat([False, True], [len(y), n_new]),
        np.full(y.max() + 1, 0.5),
    )


def score_network(pool: Pool, parts: Parts, tests: list[np.ndarray], is_augmented: bool, seed: int) -> list[float]:
    order = torch.from_numpy(draws(pool, N_STEPS * BATCH_SIZE, np.random.default_rng(seed)))
    real = compact_images(pool.X[~pool.is_synthetic])
    network = train_classifier(
        compact_images(pool.X),
        torch.from_numpy(pool.y.astype(np.int64)),
        order,
        center_on=real[torch.arange(len(real))],
        n_classes=len(parts.classes),
        augment="mild" if is_augmented else "off",
        seed=seed,
    )
    found = [classifier_probabilities(network, compact_images(test)).argmax(1).numpy() for test in tests]
    return [balanced_accuracy_score(parts.y_test, of) for of in found]


def score_features(pool: Pool, parts: Parts, tests: list[np.ndarray], is_augmented: bool, seed: int) -> list[float]:
    index = draws(pool, 400, np.random.default_rng(seed))
    images = compact_images(pool.X)[torch.from_numpy(index)]
    if is_augmented:
        images = classical(images, random_changes(len(index), torch.Generator().manual_seed(seed)), "mild")
    found = features(images.permute(0, 2, 3, 1).clamp(0, 1).numpy())
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500)).fit(found, pool.y[index])
    return [balanced_accuracy_score(parts.y_test, model.predict(test)) for test in tests]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    parts = load("bccd_cells_32", args.data, 0)
    tests = [parts.X_test, np.rint(parts.X_test * np.array(OTHER_STAIN)).astype(np.uint8)]
    tests_in_features = [features(test) for test in tests]
    raw = args.results / "image_style.csv.gz"
    rows = pd.read_csv(raw).to_dict("records") if raw.exists() else []
    done = {(row["arm"], row["seed"]) for row in rows}
    for seed in range(args.seeds):
        X, y = draw_few(parts, np.random.default_rng(seed))
        for arm, (params, is_augmented) in ARMS.items():
            if (arm, seed) in done:
                continue
            start = time.perf_counter()
            pool = pool_of(X, y, params, seed)
            seconds = time.perf_counter() - start
            found = [
                *score_network(pool, parts, tests, is_augmented, seed),
                *score_features(pool, parts, tests_in_features, is_augmented, seed),
            ]
            scores = dict(zip(NAMES, found, strict=True))
            rows.append({"arm": arm, "seed": seed, **scores, "seconds": seconds})
            print(rows[-1], flush=True)
            pd.DataFrame(rows).to_csv(raw, index=False)
    frame = pd.DataFrame(rows)
    mean = frame.groupby("arm", sort=False)[[*NAMES, "seconds"]].mean()
    pivots = {name: frame.pivot_table(name, "seed", "arm") for name in NAMES}
    lines = [
        "# Style transfer as augmentation of blood cells",
        "",
        f"Balanced accuracy on {len(parts.y_test)} real test images of other smears, after a training with {N_RARE} "
        f"images of each rare class and {N_MAJORITY} red blood cells: mean of {args.seeds} seeds, and in brackets the "
        "gain over none with its standard error. The other stain is simulated: red, green and blue of the test images, "
        f"which no training image has, times {', '.join(map(str, OTHER_STAIN))}. "
        "Half of the draws of each class are images in the style of others. "
        f"`python benchmarks/image_style.py --data FOLDER`. {machine()}.",
        "",
        f"| | {' | '.join(NAMES)} | seconds of the transfer |",
        f"|---|{'---|' * len(NAMES)}---|",
    ]
    for arm in ARMS:
        cells = []
        for name in NAMES:
            gain = pivots[name][arm] - pivots[name]["none"]
            error = gain.std() / np.sqrt(len(gain))
            cells.append(f"{mean[name][arm]:.3f}" + ("" if arm == "none" else f" ({gain.mean():+.3f} ± {error:.3f})"))
        lines.append(f"| {arm} | {' | '.join(cells)} | {mean['seconds'][arm]:.1f} |")
    (args.results / "image_style.md").write_text("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
