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
from scipy.interpolate import PchipInterpolator
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_friedman1, make_multilabel_classification
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import average_precision_score, f1_score
from sklearn.model_selection import KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ganaug.targets import GANMultilabelOversampler, GANRegressionOversampler, boxplot_relevance
from ganaug.targets.multilabel import label_imbalance

RESULTS = Path(__file__).parent / "results"
N_SPLITS, MAX_ROWS = 3, 2_000
LABELS = ["SeniorCitizen", "Dependents", "OnlineBackup", "TechSupport", "StreamingTV", "PaperlessBilling"]


def prepared(X: pd.DataFrame, *models):
    """Return pipelines that take numbers and categories, with gaps."""
    numbers = X.select_dtypes("number").columns
    others = X.columns.difference(numbers)
    steps = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), others),
    )
    return [make_pipeline(steps, model) for model in models]


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
    X, y = make_multilabel_classification(1_500, 15, 8, n_labels=2, random_state=0)
    rng = np.random.default_rng(0)
    y[:, :3] *= rng.random((len(y), 3)) < (0.1, 0.2, 0.3)  # three labels become rare
    sets = {"made, 8 labels": (pd.DataFrame(X), y)}
    if folder is not None:
        frame = pd.read_parquet(folder / "telco_churn.parquet").sample(MAX_ROWS, random_state=0)
        y = np.column_stack([frame[of].astype(str).isin(["Yes", "1"]) for of in LABELS]).astype(int)
        sets["telco_churn, 6 labels"] = (frame.drop(columns=LABELS), y)
    return sets


def relevance_of(y: np.ndarray):
    points = np.array(boxplot_relevance(y))
    curve = PchipInterpolator(points[:, 0], points[:, 1])
    return lambda values: curve(np.clip(values, points[0, 0], points[-1, 0]))


def smote(X: pd.DataFrame, rare: np.ndarray, targets: np.ndarray, n: int, rng: np.random.Generator):
    """Rows between a rare row and one of its five neighbours among them: numbers between, other cells of either."""
    own = X.iloc[rare].reset_index(drop=True)
    scaled = own.select_dtypes("number").fillna(0)
    scaled = (scaled - scaled.mean()) / (scaled.std() + 1e-9)
    k = min(6, len(own))
    near = NearestNeighbors(n_neighbors=k).fit(scaled).kneighbors(scaled, return_distance=False)
    first = rng.integers(len(own), size=n)
    second = near[first, rng.integers(min(1, k - 1), k, size=n)]
    share = rng.random(n)
    rows = {}
    for name in own:
        one, two = own[name].iloc[first].reset_index(drop=True), own[name].iloc[second].reset_index(drop=True)
        rows[name] = one + share * (two - one) if own[name].dtype.kind in "iuf" else one.where(share < 0.5, two)
    return pd.DataFrame(rows), first, second, share


def resampled_regression(name: str, X, y, seed: int):
    rng = np.random.default_rng(seed)
    rare = np.flatnonzero(relevance_of(y)(y) >= 0.8)
    if name == "none" or not len(rare):
        return X, y
    if name == "ganaug":
        return GANRegressionOversampler(random_state=seed).fit_resample(X, y)
    n = max(len(y) // 2 - len(rare), 0)
    if name == "repeated":
        more = rng.choice(rare, n)
        return pd.concat([X, X.iloc[more]], ignore_index=True), np.concatenate([y, y[more]])
    rows, first, second, share = smote(X, rare, y, n, rng)  # SmoteR: the target lies between, too
    made = y[rare][first] + share * (y[rare][second] - y[rare][first])
    return pd.concat([X, rows], ignore_index=True), np.concatenate([y, made])


def resampled_labels(name: str, X, y, seed: int):
    rng = np.random.default_rng(seed)
    if name == "none":
        return X, y
    if name == "ganaug":
        return GANMultilabelOversampler(random_state=seed).fit_resample(X, y)
    imbalance, counts = label_imbalance(y), y.sum(axis=0)
    wanted = counts.max() / imbalance[np.isfinite(imbalance)].mean()
    parts_X, parts_y = [X], [y]
    for label in np.flatnonzero((counts > 0) & (counts < wanted)):
        rare, n = np.flatnonzero(y[:, label]), int(np.ceil(wanted - counts[label]))
        if name == "repeated":
            more = rng.choice(rare, n)
            parts_X.append(X.iloc[more])
            parts_y.append(y[more])
            continue
        rows, first, second, _ = smote(X, rare, y, n, rng)  # MLSMOTE: labels by majority; here of the two parents
        parts_X.append(rows)
        own = y[rare]
        both = np.where(rng.random((n, 1)) < 0.5, own[first], own[second])
        parts_y.append(np.where(own[first] == own[second], own[first], both))
    return pd.concat(parts_X, ignore_index=True), np.concatenate(parts_y)


def measure(folder: Path | None, seed: int) -> pd.DataFrame:
    found = []
    for set_name, (X, y) in regression_sets(folder).items():
        models = {
            "ridge": RidgeCV(),
            "forest": RandomForestRegressor(100, random_state=0),
            "boosting": HistGradientBoostingRegressor(),
        }
        for split, (train, test) in enumerate(KFold(N_SPLITS, shuffle=True, random_state=seed).split(X)):
            phi = relevance_of(y[train])(y[test])
            for arm in ("none", "repeated", "SmoteR", "ganaug"):
                X_arm, y_arm = resampled_regression(arm, X.iloc[train].reset_index(drop=True), y[train], seed)
                for model_name, pipeline in zip(models, prepared(X, *models.values()), strict=True):
                    error = np.abs(pipeline.fit(X_arm, y_arm).predict(X.iloc[test]) - y[test]) / y[train].std()
                    scores = {
                        "MAE, rare": error[phi >= 0.8].mean(),
                        "MAE, all": error.mean(),
                        "SERA": np.mean([np.mean(error**2 * (phi >= t)) for t in np.linspace(0, 1, 21)]),
                    }
                    found += [
                        ("regression", set_name, split, arm, model_name, of, value) for of, value in scores.items()
                    ]
    for set_name, (X, y) in label_sets(folder).items():
        models = {"logistic": LogisticRegression(max_iter=1_000), "forest": RandomForestClassifier(100, random_state=0)}
        rare = label_imbalance(y) > label_imbalance(y).mean()
        for split, (train, test) in enumerate(KFold(N_SPLITS, shuffle=True, random_state=seed).split(X)):
            for arm in ("none", "repeated", "MLSMOTE", "ganaug"):
                X_arm, y_arm = resampled_labels(arm, X.iloc[train].reset_index(drop=True), y[train], seed)
                for model_name, pipeline in zip(
                    models, prepared(X, *map(OneVsRestClassifier, models.values())), strict=True
                ):
                    chance = pipeline.fit(X_arm, y_arm).predict_proba(X.iloc[test])
                    scores = {
                        "macro AP": average_precision_score(y[test], chance, average="macro"),
                        "AP, rare": average_precision_score(y[test][:, rare], chance[:, rare], average="macro"),
                        "macro F1": f1_score(y[test], chance > 0.5, average="macro", zero_division=0),
                        "F1, rare": f1_score(y[test][:, rare], chance[:, rare] > 0.5, average="macro", zero_division=0),
                    }
                    found += [("labels", set_name, split, arm, model_name, of, value) for of, value in scores.items()]
    return pd.DataFrame(found, columns=["task", "set", "split", "arm", "model", "measure", "value"])


def page(found: pd.DataFrame) -> str:
    parts = [
        "# Targets beyond one class\n",
        __doc__.split("\n\n")[0] + f" {N_SPLITS} folds, one seed, default parameters.\n",
    ]
    said = {
        "regression": "Errors in standard deviations of the target, lower is better. Rare: relevance of at least .8. "
        "SERA: mean squared error over all thresholds of relevance.",
        "labels": "Higher is better. Rare labels: imbalance above the mean.",
    }
    for task, own in found.groupby("task", sort=False):
        parts.append(f"\n## {task.capitalize()}\n\n{said[task]}\n")
        for title, rows in [("all sets", own), *own.groupby("set", sort=False)]:
            table = rows.pivot_table("value", "arm", "measure", sort=False)
            header = "| " + " | ".join([title, *table.columns]) + " |\n|" + "---|" * (1 + table.shape[1])
            lines = [
                "| " + " | ".join([arm, *(f"{value:.3f}" for value in row)]) + " |"
                for arm, row in zip(table.index, table.to_numpy(), strict=True)
            ]
            parts.append("\n".join([header, *lines]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    scores = measure(options.data, options.seed)
    scores.to_csv(RESULTS / "targets.csv.gz", index=False)
    (RESULTS / "targets.md").write_text(page(scores))
