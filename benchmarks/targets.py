"""Do synthetic rows help where the target is a number, or several labels?

    OMP_NUM_THREADS=1 python benchmarks/targets.py --data FOLDER

FOLDER holds hmeq, telco_churn, winequality_white and default_credit_card as Parquet files; without it only sets that
scikit-learn makes are taken. Writes benchmarks/results/targets.md and targets.csv.gz.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import make_friedman1, make_multilabel_classification

from ganaug import compare
from ganaug.comparison import Comparison
from ganaug.comparison.scoring import RUN_COLUMNS

RESULTS = Path(__file__).parent / "results"
N_SPLITS, MAX_ROWS = 5, 2_000
LABELS = ["SeniorCitizen", "Dependents", "OnlineBackup", "TechSupport", "StreamingTV", "PaperlessBilling"]


def regression_sets(folder: Path | None) -> dict[str, tuple[pd.DataFrame, np.ndarray]]:
    X, y = make_friedman1(1_500, noise=1.0, random_state=0)
    sets = {"friedman1, exponential": (pd.DataFrame(X), np.exp(y / 6))}
    if folder is not None:
        for name, target in (
            ("hmeq", "LOAN"),
            ("default_credit_card", "LIMIT_BAL"),
            ("winequality_white", "residual sugar"),
        ):
            frame = pd.read_parquet(folder / f"{name}.parquet")
            target = next(of for of in frame if of.lower().replace("_", " ") == target.lower().replace("_", " "))
            frame = frame.dropna(subset=[target]).sample(MAX_ROWS, random_state=0)
            sets[f"{name}, {target}"] = (frame.drop(columns=target), frame[target].to_numpy(float))
    return sets


def label_sets(folder: Path | None) -> dict[str, tuple[pd.DataFrame, np.ndarray]]:
    X, y = make_multilabel_classification(1_500, 15, n_classes=8, n_labels=2, random_state=0)
    rng = np.random.default_rng(0)
    y[:, :3] *= rng.random((len(y), 3)) < (0.1, 0.2, 0.3)  # three labels become rare
    sets = {"made, 8 labels": (pd.DataFrame(X), y)}
    if folder is not None:
        frame = pd.read_parquet(folder / "telco_churn.parquet").sample(MAX_ROWS, random_state=0)
        y = np.column_stack([frame[of].astype(str).isin(["Yes", "1"]) for of in LABELS]).astype(int)
        sets["telco_churn, 6 labels"] = (frame.drop(columns=LABELS), y)
    return sets


def measure(folder: Path | None, seed: int, results: Path | None) -> dict[str, Comparison]:
    """Compare the samplers of `ganaug.compare` on each set, with its default models."""
    found = {}
    for name, (X, y) in (regression_sets(folder) | label_sets(folder)).items():
        kept = None if results is None else results / f"{name.replace(' ', '-').replace(',', '')}.csv"
        found[name] = compare(X, y, n_splits=N_SPLITS, n_repeats=1, random_state=seed, results=kept)
        print(name, found[name], sep="\n", flush=True)
    return found


def page(scores: pd.DataFrame, answers: pd.DataFrame) -> str:
    parts = [
        "# Targets beyond one class\n",
        __doc__.split("\n\n")[0]
        + f" Means of {N_SPLITS} folds and two models by `ganaug.compare` with its defaults, one seed.\n",
    ]
    said = {
        "regression": "Errors in standard deviations of the target, lower is better. Rare: relevance of at least .8. "
        "SERA: squared error weighted by relevance.",
        "multilabel": "Higher is better. Rare labels: imbalance above the mean.",
    }
    for task, own in scores.groupby("task", sort=False):
        parts.append(f"\n## {str(task).capitalize()}\n\n{said[str(task)]}\n")
        metrics = [of for of in own if of not in (*RUN_COLUMNS, "task", "set") and own[of].notna().any()]
        for title, rows in [("all sets", own), *own.groupby("set", sort=False)]:
            table = rows.groupby("sampler", sort=False)[metrics].mean()
            header = "| " + " | ".join([str(title), *metrics]) + " |\n|" + "---|" * (1 + len(metrics))
            lines = [
                "| " + " | ".join([str(arm), *(f"{value:.3f}" for value in row)]) + " |"
                for arm, row in zip(table.index, table.to_numpy(), strict=True)
            ]
            parts.append("\n".join([header, *lines]) + "\n")
            answer = answers[answers["set"] == title]
            if len(answer):
                parts.append(f"{answer['answer'].iloc[0].capitalize()}. {answer['sentence'].iloc[0]}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep", type=Path, help="a folder for the scores of finished splits, from which a run goes on"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = measure(options.data, options.seed, options.keep)
    scores = pd.concat([of.frame().assign(task=of.task, set=name) for name, of in found.items()], ignore_index=True)
    answers = pd.DataFrame([{"set": name, **of.verdict[0]._asdict()} for name, of in found.items()])
    scores.drop(columns="fit_seconds").to_csv(RESULTS / "targets.csv.gz", index=False)
    (RESULTS / "targets.md").write_text(page(scores, answers))
