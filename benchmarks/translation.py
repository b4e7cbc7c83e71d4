"""Are translations of the class that was asked for, and do they keep the structure of their source?

    python benchmarks/translation.py --data FOLDER --set pneumoniamnist_ir9 --model xray.ganaug

Trains `TranslationGAN` on the training part of a set of `images.py` and stores it as ``--model``; a file that is there
already is measured without training. Writes a sheet ``benchmarks/results/translation-SET.png`` (for each class sources,
below them their translations, below these real images of the class) and prints a table:

recognised    share of 400 translations that a CNN assigns to the class. The CNN is that of `images.py`, trained on the
              real training part with classical augmentation. It has no part in the training of the translator.
test, train   the share of real test and of real training images of the class
held out      the share of translations that another such CNN assigns to the class, trained on half of the test part, of
              which the translator has seen no image
other half    its share of real images of the other half of the test part
as they are   the share of sources that it assigns to the class before they are translated
own, others   correlation of what a 5x5 mean leaves of the pixels, between a translation and its source, and between a
              translation and the source of another one
nearer        share of translations that are more like their own source

Then it prints FD and KD of `ganaug.evaluate`, class by class, beside the distance of two halves of the real images.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from image_classifiers import probabilities, train_cnn
from image_data import ARMS, FILES, REFERENCE, Parts, load, pool_of
from PIL import Image
from results import RESULTS

N_TRANSLATED, N_SHOWN, ENLARGED = 400, 12, 3


def details(images: np.ndarray) -> torch.Tensor:
    """Return what a 5x5 mean leaves of the pixels, centred, of length 1: (n, height * width)."""
    grey = images.astype(float).reshape(*images.shape[:3], -1).mean(3)
    pixels = torch.from_numpy(grey)[:, None]
    rest = (pixels - F.avg_pool2d(pixels, 5, 1, 2, count_include_pad=False)).flatten(1)
    return F.normalize(rest - rest.mean(1, keepdim=True), dim=1)


def sheet(rows: list[np.ndarray]) -> Image.Image:
    """Put images of each row side by side."""
    whole = np.concatenate([np.concatenate(list(images), 1) for images in rows], 0)
    return Image.fromarray(whole.repeat(ENLARGED, 0).repeat(ENLARGED, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the medical sets")
    parser.add_argument("--set", choices=list(FILES), default="pneumoniamnist_ir9")
    parser.add_argument("--model", type=Path, required=True, help="where the model is, or is stored")
    parser.add_argument("--method", default="cut")
    parser.add_argument("--steps", type=int, help="training steps (default: those of the model)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    parts = load(args.set, args.data, 0)

    from ganaug import TranslationGAN, evaluate

    if not args.model.exists():
        budget = {} if args.steps is None else {"n_steps": args.steps}
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            TranslationGAN(method=args.method, random_state=0, device="cpu", **budget).fit(parts.X, parts.y).save(
                args.model
            )
        print(f"trained in {time.process_time() - start:.0f} CPU seconds")
    model = TranslationGAN.load(args.model)
    rows, made, labels = measure(model, parts, sheet_path=RESULTS / f"translation-{args.set}.png")
    print(pd.DataFrame(rows).T.round(3).to_string())
    found = evaluate(parts.X, made, target=(parts.y, labels), random_state=0)
    by_class = found.by_class[found.by_class["measure"].str.match("FD|KD")]
    print(by_class[["class", "measure", "n", "value", "baseline"]].round(3).to_string(index=False))


def measure(model, parts: Parts, sheet_path: Path) -> tuple[dict[str, dict[str, float]], np.ndarray, np.ndarray]:
    """Return the numbers of each class, and the translations with their classes."""
    arm = ARMS[REFERENCE]
    rng, home = np.random.default_rng(0), parts.counts.argmax()
    one, other = np.array_split(rng.permutation(len(parts.y_test)), 2)
    X, y = parts.X_test[other], parts.y_test[other]
    judged = Parts(parts.X_test[one], parts.y_test[one], X, y, parts.classes)
    networks = [train_cnn(of, arm, pool_of(of, arm, 0.2, None), 600, 0) for of in (parts, judged)]

    def recognised(images: np.ndarray, label: int, network=networks[0]) -> float:
        return float((probabilities(network, images).argmax(1) == label).mean())

    rows, shown, made, labels = {}, [], [], []
    for label, name in enumerate(parts.classes):
        sources = parts.X[(parts.y != home) if label == home else (parts.y == home)]
        sources = sources[rng.permutation(len(sources))[:N_TRANSLATED]]
        own = parts.X[parts.y == label]
        translated = model.translate(sources, label)
        of_source, of_translated = details(sources), details(translated)
        like_own = (of_source * of_translated).sum(1)
        like_others = (of_source.roll(1, 0) * of_translated).sum(1)
        rows[name] = {
            "recognised": recognised(translated, label),
            "test": recognised(parts.X_test[parts.y_test == label], label),
            "train": recognised(own[:1000], label),
            "held out": recognised(translated, label, networks[1]),
            "other half": recognised(X[y == label], label, networks[1]),
            "as they are": recognised(sources, label),
            "own": float(like_own.mean()),
            "others": float(like_others.mean()),
            "nearer": float((like_own > like_others).double().mean()),
        }
        shown += [sources[:N_SHOWN], translated[:N_SHOWN], own[:N_SHOWN]]
        made.append(translated)
        labels += [label] * len(translated)
    sheet(shown).save(sheet_path)
    return rows, np.concatenate(made), np.array(labels)


if __name__ == "__main__":
    main()
