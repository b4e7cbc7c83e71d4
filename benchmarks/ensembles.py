"""Do ensembles profit from synthetic rows? ganaug compared with ensembles that under-sample.

    python benchmarks/ensembles.py --half confirm                              tables of KEEL
    python benchmarks/ensembles.py --data FOLDER --tables hmeq page-blocks     Parquet files, last column the class

Prints means over tables, mean ranks, and comparisons of ganaug with the others.

Protocol. The positive class is the rarer one or, if there are more than two, everything but the most frequent one.
Stratified folds (``--folds``). Missing numbers are the median of their column, because EasyEnsemble takes no missing
ones; categories are one-hot coded. Forests have 100 trees, `GANBaggingClassifier` has ``--trees`` of them, the others
the default of their package. `SelfPacedEnsemble` is written here after its paper. The scores use the threshold 0.5.
"""

import argparse
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import ranking
from imblearn.ensemble import (
    BalancedBaggingClassifier,
    BalancedRandomForestClassifier,
    EasyEnsembleClassifier,
    RUSBoostClassifier,
)
from imblearn.pipeline import make_pipeline
from pages import markdown
from selection import read
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier
from tabular import metrics
from tabular_data import keel_tables, load
from threadpoolctl import threadpool_limits
from versions import package_version

from ganaug import GANBaggingClassifier, GANOversampler

MAX_ROWS = 2_000
SCORES = ["average precision", "ROC AUC", "balanced accuracy", "F1"]


class SelfPacedEnsemble(ClassifierMixin, BaseEstimator):
    """Trees on all rare rows and as many others, at first easy and later hard ones (arXiv 1909.03500)."""

    def __init__(self, n_estimators: int = 10, n_bins: int = 20, random_state: int = 0) -> None:
        self.n_estimators, self.n_bins, self.random_state = n_estimators, n_bins, random_state

    def fit(self, X: np.ndarray, y: np.ndarray) -> "SelfPacedEnsemble":
        rng, self.classes_, self.trees_ = np.random.default_rng(self.random_state), np.array([0, 1]), []
        rare, others = X[y == 1], X[y == 0]
        weights = np.ones(len(others))
        for i in range(self.n_estimators):
            if i:
                hardness = self.predict_proba(others)[:, 1]
                width = max(float(np.ptp(hardness)), 1e-12) / self.n_bins
                bins = np.minimum(((hardness - hardness.min()) / width).astype(int), self.n_bins - 1)
                # the paper's factor grows from 0, which samples easy rows, to infinity, which samples all bins alike
                alpha = np.tan(np.pi / 2 * i / self.n_estimators)
                size = np.bincount(bins, minlength=self.n_bins)
                mean = np.bincount(bins, hardness, self.n_bins) / np.maximum(size, 1)
                weights = (1 / (mean + alpha) / np.maximum(size, 1))[bins]
            kept = rng.choice(len(others), min(len(rare), len(others)), replace=False, p=weights / weights.sum())
            rows, labels = np.vstack([rare, others[kept]]), np.repeat([1, 0], [len(rare), len(kept)])
            self.trees_.append(DecisionTreeClassifier(random_state=int(rng.integers(2**31))).fit(rows, labels))
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.mean([tree.predict_proba(X) for tree in self.trees_], axis=0)


def encoder():
    """Return what makes numbers of the columns."""
    categories = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5)
    return make_column_transformer(
        (categories, make_column_selector(dtype_exclude="number")), remainder="passthrough", sparse_threshold=0
    )


def ensembles(class_sizes: Sequence[str], n_trees: int, seed: int):
    """Return name -> ensemble."""
    ours = {
        f"GANBagging, {size}": GANBaggingClassifier(
            make_pipeline(encoder(), DecisionTreeClassifier(max_features="sqrt")),
            n_trees,
            class_size=size,
            sampler=GANOversampler(random_state=seed, device="cpu"),
            random_state=seed,
        )
        for size in class_sizes
    }
    resampled = (GANOversampler(random_state=seed, device="cpu"), encoder(), RandomForestClassifier(random_state=seed))
    others = {
        "random forest": RandomForestClassifier(random_state=seed),
        "balanced bagging": BalancedBaggingClassifier(random_state=seed),
        "balanced random forest": BalancedRandomForestClassifier(random_state=seed),
        "EasyEnsemble": EasyEnsembleClassifier(random_state=seed),
        "RUSBoost": RUSBoostClassifier(random_state=seed),
        "SelfPacedEnsemble": SelfPacedEnsemble(random_state=seed),
    }
    others = {name: make_pipeline(encoder(), of) for name, of in others.items()}
    return others | {"ganaug + random forest": make_pipeline(*resampled)} | ours


def evaluate(name: str, X: pd.DataFrame, y: np.ndarray, n_folds: int, *of_ours: Any) -> list[dict[str, object]]:
    """Return the scores of every ensemble in the folds of a table."""
    for column in X.columns[X.isna().any()]:
        if pd.api.types.is_numeric_dtype(X[column]):
            X[column] = X[column].fillna(X[column].median())
        else:
            X[column] = X[column].astype(object).where(X[column].notna(), "missing")
    found = []
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=0)
    for fold, (train, test) in enumerate(folds.split(X, y)):
        for way, ensemble in ensembles(*of_ours, fold).items():
            began = time.process_time()
            ensemble.fit(X.iloc[train].reset_index(drop=True), y[train])
            seconds = time.process_time() - began
            scores = metrics(y[test], ensemble.predict_proba(X.iloc[test])[:, 1])
            of_fold = {"table": name, "fold": fold, "ensemble": way, "CPU seconds": seconds}
            found.append(of_fold | {score: scores[score] for score in SCORES})
    return found


def show(frame: pd.DataFrame) -> None:
    """Print means, mean ranks, and comparisons of ganaug with the others."""
    names = list(dict.fromkeys(frame["ensemble"]))
    shown = frame.groupby("ensemble")[[*SCORES, "CPU seconds"]].mean().loc[names]
    by_table = {score: frame.pivot_table(score, "table", "ensemble")[names] for score in SCORES}
    for score, values in by_table.items():
        shown[f"rank, {score}"] = ranking.ranks(values).mean()
    print(f"\n{frame['table'].nunique()} tables\n\n{markdown(shown, 3)}")
    if frame["table"].nunique() < 6:
        return
    for reference in [name for name in names if "GAN" in name.upper()]:
        for score, values in by_table.items():
            compared = ranking.against(values, reference)[["difference", "wins", "ties", "losses", "p"]]
            print(f"\n{score}, {reference} minus the others, p of Wilcoxon's test, adjusted by Holm's method\n")
            print(markdown(compared.rename_axis("ensemble"), 4))


def main() -> None:
    """Read, fit, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=["design", "confirm"], help="of KEEL")
    parser.add_argument("--data", type=Path, metavar="FOLDER")
    parser.add_argument("--tables", nargs="+", help="only these tables")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--trees", type=int, default=20)
    parser.add_argument("--class-sizes", nargs="+", default=["middle", "majority"], help="of GANBaggingClassifier")
    parser.add_argument("--raw", type=Path, help="CSV file for the scores of every fold")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(package_version("ganaug"), package_version("imbalanced-learn"))
    keel = {table.name: table for table in keel_tables() if table.group == given.half} if given.half else {}
    found: list[dict[str, object]] = []
    with threadpool_limits(1):
        for name in given.tables or keel or ["hmeq", "telco_churn", "page-blocks"]:
            X, y = load(keel[name]) if keel else read(name, given.data)
            if not keel and len(X) > MAX_ROWS:
                kept = np.random.default_rng(0).permutation(len(X))[:MAX_ROWS]
                X, y = X.iloc[kept].reset_index(drop=True), y[kept]
            found += evaluate(name, X.copy(), y, given.folds, given.class_sizes, given.trees)
            print(f"{name}: {len(X)} rows, {int(y.sum())} rare", flush=True)
            if given.raw:
                pd.DataFrame(found).to_csv(given.raw, index=False)
    show(pd.DataFrame(found))


if __name__ == "__main__":
    main()
