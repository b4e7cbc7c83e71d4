"""Are the best synthetic images better than the best without? `ganaug.compare` on real images, for the guide.

    python benchmarks/image_choice.py --data FOLDER --sets pneumoniamnist_ir9 --arms all

Each set is the training part of an archive in the form of MedMNIST, see `images.py`. ``--rare 30`` keeps 30 images of
each class but the largest, and ``--common 340`` so many of the largest. The scores are added to
``benchmarks/results/image_choice-SET.csv``; the same command resumes after an interruption. The means, the choice and
the verdict are printed.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from image_data import load
from results import RESULTS

from ganaug import GANOversampler, ImageGAN, compare
from ganaug.comparison import ARMS, FrozenFeatures, ImageArm, ImageCNN, arm_of
from ganaug.comparison.image_verdict import IMAGE_METRIC

FEW = tuple(name for name in ARMS if "ganaug" not in name or name.split()[1] in ("0.2", "0.5"))


def cut(y: np.ndarray, rare: int | None, common: int | None) -> np.ndarray:
    """Return positions of the images that are kept."""
    rng, largest = np.random.default_rng(0), np.bincount(y).argmax()
    kept = []
    for label in np.unique(y):
        members, n = np.flatnonzero(y == label), common if label == largest else rare
        kept.append(members if n is None else rng.choice(members, min(n, len(members)), replace=False))
    return np.sort(np.concatenate(kept))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--sets", nargs="+", default=["pneumoniamnist_ir9"])
    parser.add_argument("--arms", choices=["few", "all"], default="few", help="few: the shares 0.2 and 0.5 only")
    parser.add_argument("--rare", type=int)
    parser.add_argument("--common", type=int)
    parser.add_argument("--gan-steps", type=int, default=3_000)
    parser.add_argument("--cnn-steps", type=int, default=600)
    parser.add_argument("--views", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--n-jobs", type=int, default=1, help="splits at the same time, one core each")
    parser.add_argument("--device", default="cpu", help="of the GAN: cpu, cuda, ...")
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    sampler = GANOversampler(model=ImageGAN(n_steps=args.gan_steps, device=args.device))
    arms: dict[str, ImageArm] = {name: arm_of(name) for name in (ARMS if args.arms == "all" else FEW)}
    for arm in arms.values():
        arm.sampler = sampler if arm.share else None
    classifiers = {"CNN": ImageCNN(n_steps=args.cnn_steps), "frozen features": FrozenFeatures(n_views=args.views)}
    for name in args.sets:
        parts = load(name, args.data, 0)
        kept = cut(parts.y, args.rare, args.common)
        y = np.array(parts.classes)[parts.y[kept]]
        path = args.results / f"image_choice-{name}{'' if args.rare is None else f'-{args.rare}'}.csv"
        comparison = compare(
            parts.X[kept], y, samplers=arms, classifiers=classifiers, n_repeats=args.repeats, random_state=0,
            results=path, n_jobs=args.n_jobs, verbose=1,
        )  # fmt: skip
        print(name, comparison.classes)
        print(comparison.means()[[IMAGE_METRIC, "average precision", "ROC AUC"]].round(4).to_string())
        print(comparison.choice)
        print(comparison)


if __name__ == "__main__":
    main()
