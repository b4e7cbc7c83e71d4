"""Oversampling of frozen features of images: `ganaug.ImageFeatures`, PCA, a sampler, logistic regression.

    python benchmarks/image_features.py --data FOLDER

FOLDER is that of `images.py`. Each set has its own training and test part; ``--train 1300`` takes at most so many
training images, with the shares of the classes. The pipeline is that of the guide: features
of EfficientNet-Lite0, 64 principal components, standardisation, the sampler, logistic regression. The page in
``benchmarks/results/image_features.md`` has the balanced accuracy on the test part, the mean of three seeds, and the
seconds that the sampler and the regression take.
"""

import argparse
import time
import warnings
from pathlib import Path

import pandas as pd
from image_data import load
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from pages import machine
from results import RESULTS
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from versions import package_version

from ganaug import GANOversampler, ImageFeatures

SETS = {"pneumoniamnist_ir9": "X-rays", "ham10000_28": "skin", "bccd_cells_32": "blood cells", "busi_64": "ultrasound"}


def samplers(seed: int) -> dict[str, tuple[object, str | None]]:
    """Return the samplers, and the class weights of the regression after them."""
    share = {"sampling_strategy": "equal share", "synthetic_share": 0.3}
    return {
        "no resampling": ("passthrough", None),
        "class weights": ("passthrough", "balanced"),
        "SMOTE": (SMOTE(random_state=seed), None),
        "ganaug, equal share of 0.3": (GANOversampler(random_state=seed, **share), None),
        "ganaug, rare classes filled up": (GANOversampler(random_state=seed), None),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--train", type=int, metavar="N", help="training images of a set, at most (default: all)")
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args()
    rows = []
    for name, shown in SETS.items():
        parts = load(name, args.data, 0)
        images, y = parts.X, parts.y
        if args.train and len(y) > args.train:
            images, _, y, _ = train_test_split(images, y, train_size=args.train, stratify=y, random_state=0)
        extractor = ImageFeatures().fit(images)
        X, X_test = extractor.transform(images), extractor.transform(parts.X_test)
        for seed in range(args.seeds):
            for sampler, (resampler, weight) in samplers(seed).items():
                start = time.perf_counter()
                model = make_pipeline(
                    PCA(64, random_state=seed),
                    StandardScaler(),
                    resampler,
                    LogisticRegression(class_weight=weight, max_iter=1_000),
                )
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    predicted = model.fit(X, y).predict(X_test)
                score, seconds = balanced_accuracy_score(parts.y_test, predicted), time.perf_counter() - start
                rows.append({"set": shown, "sampler": sampler, "seed": seed, "score": score, "seconds": seconds})
                print(rows[-1], flush=True)
    frame = pd.DataFrame(rows)
    scores = frame.pivot_table("score", "sampler", "set", sort=False)
    scores["mean"] = scores.mean(axis=1)
    seconds = frame.pivot_table("seconds", "sampler", "set", sort=False)
    limit = f"; at most {args.train:,} training images of a set" if args.train else ""
    lines = [
        "# Oversampling of frozen features of images",
        "",
        "Balanced accuracy on real test images: features of EfficientNet-Lite0, 64 principal components, a sampler, "
        f"logistic regression. Mean of {args.seeds} seeds{limit}. "
        f"`python benchmarks/image_features.py --data FOLDER`. {package_version('ganaug')}; {machine()}.",
        "",
        f"| | {' | '.join(scores)} |",
        f"|---|{'---|' * len(scores.columns)}",
        *(f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |" for name, *values in scores.itertuples()),
        "",
        "Seconds of the sampler and the regression, on a machine that was busy with other work:",
        "",
        f"| | {' | '.join(seconds)} |",
        f"|---|{'---|' * len(seconds.columns)}",
        *(f"| {name} | {' | '.join(f'{value:.1f}' for value in values)} |" for name, *values in seconds.itertuples()),
        "",
    ]
    (args.results / "image_features.md").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
