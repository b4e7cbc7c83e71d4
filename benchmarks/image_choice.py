"""Are the best synthetic images better than the best without? `ganaug.compare` on real images, for the guide.

    python benchmarks/image_choice.py --data FOLDER --sets pneumoniamnist_ir9 --arms all

Each set is the training part of an archive in the form of MedMNIST, see `images.py`. ``--rare 30`` keeps 30 images of
each class but the largest, and ``--common 340`` so many of the largest. The scores are added to
``benchmarks/results/image_choice-SET.csv``; the same command resumes after an interruption. The means, the choice and
the verdict are printed. With ``--test``, every way is then trained on all these images and scored on the test part of
the archive, which the choice has not seen: is what was chosen as good as the best? ``--test 3`` takes the mean of three
trainings, because that of a small network moves a score by some points.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from image_data import Parts, load
from results import RESULTS

from ganaug import GANOversampler, ImageGAN, compare
from ganaug.comparison import ARMS, FrozenFeatures, ImageArm, ImageCNN, arm_of
from ganaug.comparison.image_scoring import evaluate_arms
from ganaug.comparison.image_verdict import IMAGE_METRIC
from ganaug.comparison.scoring import scorers_for

MILD = tuple(name for name in ARMS if "ganaug" not in name or (name.split()[1] == "0.2" and "mild" in name))
LEAST = tuple(name for name in ARMS if "ganaug" not in name or name.split()[1] == "0.2")
FEW = tuple(name for name in ARMS if "ganaug" not in name or name.split()[1] in ("0.2", "0.5"))


def cut(y: np.ndarray, rare: int | None, common: int | None, seed: int) -> np.ndarray:
    """Return positions of the images that are kept."""
    rng, largest = np.random.default_rng(seed), np.bincount(y).argmax()
    kept = []
    for label in np.unique(y):
        members, n = np.flatnonzero(y == label), common if label == largest else rare
        kept.append(members if n is None else rng.choice(members, min(n, len(members)), replace=False))
    return np.sort(np.concatenate(kept))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--sets", nargs="+", default=["pneumoniamnist_ir9"])
    parser.add_argument(
        "--arms",
        choices=["without", "mild", "least", "few", "all"],
        default="few",
        help="without: no synthetic images; mild: the share 0.2 with mild augmentation; least: the share 0.2; few: the "
        "shares 0.2 and 0.5",
    )
    parser.add_argument("--rare", type=int)
    parser.add_argument("--common", type=int)
    parser.add_argument("--gan-steps", type=int, default=3_000)
    parser.add_argument("--cnn-steps", type=int, default=600)
    parser.add_argument("--views", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--n-jobs", type=int, default=1, help="splits at the same time, one core each")
    parser.add_argument("--device", default="cpu", help="of the GAN: cpu, cuda, ...")
    parser.add_argument("--cnn-only", action="store_true", help="without frozen features")
    parser.add_argument("--seed", type=int, default=0, help="of the images that are kept, and of the splits")
    parser.add_argument(
        "--test",
        type=int,
        nargs="?",
        const=1,
        default=0,
        metavar="N",
        help="score all ways on the test part, too, each trained N times (default: once)",
    )
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    sampler = GANOversampler(model=ImageGAN(n_steps=args.gan_steps, device=args.device))
    without = tuple(name for name in ARMS if "ganaug" not in name)
    names = {"without": without, "mild": MILD, "least": LEAST, "few": FEW, "all": ARMS}[args.arms]
    arms: dict[str, ImageArm] = {name: arm_of(name) for name in names}
    for arm in arms.values():
        arm.sampler = sampler if arm.share else None
    classifiers: dict[str, Any] = {"CNN": ImageCNN(n_steps=args.cnn_steps)}
    if not args.cnn_only:
        classifiers["frozen features"] = FrozenFeatures(n_views=args.views)
    args.results.mkdir(parents=True, exist_ok=True)
    for name in args.sets:
        parts = load(name, args.data, 0)
        kept = cut(parts.y, args.rare, args.common, args.seed)
        y = np.array(parts.classes)[parts.y[kept]]
        which = "".join(f"-{of}" for of in (args.rare, args.seed or None) if of is not None)
        path = args.results / f"image_choice-{name}{which}.csv"
        comparison = compare(
            parts.X[kept], y, samplers=arms, classifiers=classifiers, n_repeats=args.repeats, random_state=args.seed,
            results=path, n_jobs=args.n_jobs, verbose=1,
        )  # fmt: skip
        print(name, comparison.classes)
        print(comparison.means()[[IMAGE_METRIC, "average precision", "ROC AUC"]].round(4).to_string())
        print(comparison.choice)
        print(comparison)
        if args.test:
            rows = on_test_part(parts, kept, arms, classifiers, args.seed, range(args.test))
            rows.to_csv(path.with_name(f"{path.stem}-test.csv"), index=False)
            tested = rows.groupby("sampler", sort=False)[IMAGE_METRIC].mean()
            best = str(tested.loc[list(without)].idxmax())
            print(tested.round(4).to_string())
            print(
                f"chosen: {comparison.best_}, {tested[comparison.best_]:.4f}; best without: {best}, {tested[best]:.4f}"
            )


def on_test_part(
    parts: Parts,
    kept: np.ndarray,
    arms: dict[str, ImageArm],
    classifiers: dict[str, Any],
    seed: int,
    trainings: Sequence[int],
) -> pd.DataFrame:
    """Return the balanced accuracy of each way and classifier on the test part, for each training."""
    X = np.concatenate([parts.X[kept], parts.X_test])
    y = np.array(parts.classes)[np.concatenate([parts.y[kept], parts.y_test])]
    train, test = np.split(np.arange(len(y)), [len(kept)])
    scorers = {IMAGE_METRIC: scorers_for(y)[IMAGE_METRIC]}
    wanted = dict.fromkeys(arms, classifiers)
    rows = [
        row for training in trainings for row in evaluate_arms(X, y, train, test, training, arms, wanted, scorers, seed)
    ]
    return pd.DataFrame(rows).rename(columns={"split": "training"})


if __name__ == "__main__":
    main()
