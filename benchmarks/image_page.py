"""The page and the figures of `images.py`."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from image_classifiers import CNN_NAME, FROZEN_NAME, METRICS, resamples
from image_data import ARMS, OURS, REFERENCE, Parts, Synthetic
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pages import circumstances, figure_style, joined, markdown, most_frequent, write
from scipy.stats import t as student

FIDELITY = ["FD", "FD baseline", "KID", "KID baseline", "agreement", "agreement real"]
# the predicted class of a test image in the raw rows is one digit or letter
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


def half_width(values: np.ndarray, error: float) -> float:
    """Half width of the 95 % interval of a mean over seeds, with the standard error of the test part."""
    n = len(values)
    over_seeds = student.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n) if n > 1 else 0.0
    return float(np.hypot(over_seeds, 1.96 * error))


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds and half width of each metric, with a row for each set, subject and arm."""
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
    """Difference of two arms in balanced accuracy, and its half width.

    Each arm has a string of predictions for each seed. Both arms use the same resamples of the test images, and so do
    all seeds that share the test part.
    """

    def gains(y: np.ndarray, better: np.ndarray) -> np.ndarray:
        # balanced accuracy is a mean of recalls, so its difference is a mean of differences of recalls
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
    """Difference between OURS and REFERENCE on each set that has both."""
    found = {}
    for name, of_set in rows.groupby("set"):
        predicted = of_set.pivot_table("predicted", "seed", "arm", aggfunc="first")
        if {OURS, REFERENCE} <= set(predicted.columns):
            predicted = predicted[[OURS, REFERENCE]].dropna()
            truths = [truth(str(name), int(seed)) for seed in predicted.index]
            found[name] = difference(predicted[OURS].tolist(), predicted[REFERENCE].tolist(), truths)
    return pd.DataFrame.from_dict(found, orient="index", columns=["difference", "half"]).rename_axis("set")


def criteria(scores: pd.DataFrame, gains: pd.DataFrame, fidelity: pd.DataFrame, steps: pd.Series) -> pd.DataFrame:
    """Check the acceptance criteria: whether each is met, and its values.

    Parameters
    ----------
    scores : balanced accuracy of the CNN, a row for each set, a column for each arm
    gains : the result of `differences`
    fidelity : rows of ganaug, means over seeds, by (set, class)
    steps : milliseconds of a step, by device and precision
    """
    found: dict[str, tuple[bool | None, str]] = {}

    mean = scores.dropna(axis=1).mean().sort_values(ascending=False)
    criterion = f"{OURS} is first by mean balanced accuracy over the sets"
    if OURS in mean.index and len(mean) > 1:
        best_other = mean.drop(OURS).index[0]
        text = f"{mean[OURS]:.4f}, best other: {best_other} {mean[best_other]:.4f}, {len(scores)} sets"
        found[criterion] = (mean.index[0] == OURS, text)
    else:
        found[criterion] = (None, "")

    by_set = ", ".join(f"{name} {100 * gain:+.2f} ± {100 * half:.2f}" for name, gain, half in gains.itertuples())
    above = int((gains["difference"] >= 0.01).sum())
    found[f"at least 1.0 point above {REFERENCE} on three sets"] = (
        above >= 3 if len(gains) >= 3 else None,
        f"on {above} of {len(gains)}; points: {by_set}",
    )
    below = gains.index[gains["difference"] < -gains["half"]]
    found[f"on no set below {REFERENCE} by more than the interval"] = (
        len(below) == 0 if len(gains) else None,
        f"below on {', '.join(below)}" if len(below) else f"on none of {len(gains)}",
    )

    criterion = "FD of each class at most 3 times the baseline on pneumoniamnist_ir9"
    ratio = (fidelity["FD"] / fidelity["FD baseline"]).dropna()
    ratio = ratio[ratio.index.get_level_values("set") == "pneumoniamnist_ir9"].droplevel("set")
    text = ", ".join(f"{name} {value:.2f} times" for name, value in ratio.items())
    found[criterion] = (bool((ratio <= 3).all()) if len(ratio) else None, text)

    criterion = "agreement with the requested class is at least 90 % of the recall on real images, on each set"
    rates = fidelity[["agreement", "agreement real"]].dropna().groupby(level="set", sort=False).mean()
    relative = rates["agreement"] / rates["agreement real"]
    text = ", ".join(f"{name} {100 * value:.0f} %" for name, value in relative.items())
    found[criterion] = (bool((relative >= 0.9).all()) if len(relative) else None, text)

    small = fidelity.loc[fidelity["pixels"] == 28, "gan_seconds"].groupby(level="set", sort=False).max()
    text = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in small.items())
    found["training and sampling of a GAN of 28 pixels take at most 5 minutes on one core"] = (
        bool((small <= 300).all()) if len(small) else None,
        text,
    )
    on_cpu = steps[[name.startswith("cpu") for name in steps.index]]
    text = ", ".join(f"{name}: {milliseconds:.1f} ms" for name, milliseconds in steps.items())
    found["a default step at 28 pixels, batch 32, takes at most 60 ms on one core"] = (
        bool((on_cpu <= 60).all()) if len(on_cpu) else None,
        text,
    )
    answers = {True: "yes", False: "no", None: "not measured"}
    table = [
        (criterion, answers[is_met], text if is_met is not None else "") for criterion, (is_met, text) in found.items()
    ]
    return pd.DataFrame(table, columns=["criterion", "met", "values"]).set_index("criterion")


def with_intervals(of_set: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Write each score and its interval in a cell, with a row for each arm."""
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
    protocol: int,
    truth: Callable[[str, int], np.ndarray],
) -> pd.DataFrame:
    """Write the page and the figure; return the acceptance criteria."""
    classified = rows[rows["part"] == "classifiers"]
    if classified.empty:
        raise SystemExit("no evaluation is finished")
    found = summary(classified)
    subjects = [name for name in (CNN_NAME, FROZEN_NAME) if name in found.index.unique("subject")]
    seeds = sorted(set(classified["seed"]))
    by_cnn = found.xs(CNN_NAME, level="subject").pivot_table("balanced accuracy", "set", "arm").reindex(list(sets))
    by_cnn = by_cnn.reindex(columns=[arm for arm in arms if arm in by_cnn])
    gains = differences(classified[classified["subject"] == CNN_NAME], truth).reindex(list(sets)).dropna()
    measured = rows[rows["part"] == "fidelity"]
    shown = ["n_train", "n_synthetic", "pixels", "gan_seconds", "gan_steps_done", *FIDELITY]
    fidelity = measured.groupby(["arm", "set", "subject"], sort=False)[shown].mean()
    generators = list(dict.fromkeys(measured["arm"]))
    ours = fidelity[fidelity.index.get_level_values("arm") == "ganaug"].droplevel("arm")
    steps = rows[rows["part"] == "step"].set_index("subject")["step_ms"]
    met = criteria(by_cnn, gains, ours, steps)
    draw(stem.with_suffix(".png"), found.xs(CNN_NAME, level="subject"), sets, arms)

    failed = rows[rows["note"] != ""].groupby(["set", "arm"])["note"].agg(most_frequent).reset_index()
    parts = [
        "# Do synthetic images help a classifier?",
        f"{len(sets)} sets, {len(seeds)} seeds ({', '.join(map(str, seeds))}). The protocol, the arms and the measures "
        f"are described at the top of `benchmarks/images.py`.",
        circumstances(protocol, rows["machine"]),
        f"Versions: {joined(rows['version'])}.",
        *([] if FROZEN_NAME in subjects else [f"{FROZEN_NAME}: left out (`--cnn-only`, or its network is missing)."]),
        "## Acceptance criteria",
        markdown(met),
        "## Mean over sets",
    ]
    for subject in subjects:
        of_subject = found.xs(subject, level="subject")
        mean = of_subject[METRICS].groupby("arm").mean().reindex([arm for arm in arms if arm in by_cnn])
        parts += [f"### {subject}", markdown(mean.rename_axis("arm"))]
    parts += [f"![Balanced accuracy of the CNN on each set, by arm]({stem.name}.png)"]
    if len(gains):
        points = (100 * gains).rename(columns={"difference": "difference in percentage points", "half": "±"})
        parts += [f"## {OURS} compared with {REFERENCE}: balanced accuracy of the CNN", markdown(points, 2)]
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
                parts += [
                    f"### {name}, fidelity of {generator}",
                    *of_generator(fidelity[kept].droplevel(["arm", "set"])),
                ]
        if (sheet := stem.with_name(f"{stem.name}-{name}.png")).exists():
            parts += [f"![Real images and, below them, synthetic images of each class]({sheet.name})"]
    parts += [
        "## One step, 28 pixels, batch 32",
        markdown(steps.rename("ms").to_frame().rename_axis("device, precision"), 2) if len(steps) else "Not measured.",
        "## Failures",
        markdown(failed.set_index("set")) if len(failed) else "None.",
    ]
    write(stem, parts)
    return met


def of_generator(by_class: pd.DataFrame) -> list[str]:
    """Write the fidelity of a generator, class by class, and its cost."""
    table = by_class[["n_train", "n_synthetic"]].astype(int)
    table["FD"], table["FD baseline"] = by_class["FD"], by_class["FD baseline"]
    table["FD / baseline"] = by_class["FD"] / by_class["FD baseline"]
    table["KID"], table["KID baseline"] = by_class["KID"], by_class["KID baseline"]
    table["agreement"], table["recall on real images"] = by_class["agreement"], by_class["agreement real"]
    seconds, n_steps = by_class["gan_seconds"].iloc[0], by_class["gan_steps_done"].iloc[0]
    cost = f"Training for {n_steps:.0f} adversarial steps and sampling took {seconds:.0f} s (mean over seeds)."
    return [cost, markdown(table.rename_axis("class"))]


def draw(path: Path, found: pd.DataFrame, sets: Sequence[str], arms: Sequence[str]) -> None:
    """Draw balanced accuracy and its interval for each arm, with a panel for each set and one for their mean."""
    mean = found.groupby("arm")["balanced accuracy"].mean()
    halves = found.groupby("arm")["balanced accuracy half"].agg(lambda half: np.sqrt((half**2).sum()) / len(half))
    panels = {"mean of the sets": pd.DataFrame({"value": mean, "half": halves})}
    for name in sets:
        of_set = found.loc[name]
        panels[name] = pd.DataFrame({"value": of_set["balanced accuracy"], "half": of_set["balanced accuracy half"]})
    n_columns = min(3, len(panels))
    n_rows = -(-len(panels) // n_columns)
    with figure_style():
        figure = Figure(figsize=(5 * n_columns, n_rows * (1.2 + 0.3 * len(arms))), layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
        for place, ax in enumerate(axes):
            if place >= len(panels):
                ax.axis("off")
        for place, (ax, (name, panel)) in enumerate(zip(axes, panels.items(), strict=False)):
            draw_panel(ax, panel.reindex(list(arms)), name, is_first=place % n_columns == 0)
        figure.suptitle(
            "Balanced accuracy of a CNN on real test images, 95 % intervals; the dotted line is the arm classical"
        )
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


def contact_sheet(path: Path, parts: Parts, synthetic: Synthetic, name: str, n_each: int = 12) -> None:
    """Draw the first images of each class: a line of real and a line of synthetic images."""
    n_rows, (height, width, *channels) = 2 * len(parts.classes), parts.X.shape[1:]
    with figure_style():
        figure = Figure(figsize=(n_each * 0.8, n_rows * (0.8 * height / width + 0.3) + 0.4), layout="constrained")
        for place, ax in enumerate(figure.subplots(n_rows, 1)):
            label, is_synthetic = divmod(place, 2)
            X, y = (synthetic.X, synthetic.y) if is_synthetic else (parts.X, parts.y)
            # a white column after each image
            strip = np.full((height, n_each, width + 1, *channels), 255, dtype=np.uint8)
            images = X[y == label][:n_each]
            strip[:, : len(images), :width] = images.swapaxes(0, 1)
            ax.imshow(strip.reshape(height, -1, *channels), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            ax.axis("off")
            kind = "synthetic" if is_synthetic else f"{parts.counts[label]} real"
            ax.set_title(f"{parts.classes[label]}, {kind}", loc="left", fontsize=8, pad=2)
        figure.suptitle(f"{name}: the first training images and the first synthetic images of ganaug", fontsize=10)
        figure.savefig(path, dpi=110)
