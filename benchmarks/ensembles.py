"""Do ensembles profit from synthetic rows? ganaug compared with ensembles that under-sample.

    python benchmarks/ensembles.py --half confirm --folds 2                    tables of KEEL
    python benchmarks/ensembles.py --data FOLDER --tables hmeq page-blocks     Parquet files, last column the class

Prints means over tables, mean ranks, and comparisons of ganaug with the others.

Protocol on KEEL. Folds and preparation are those of `tabular.py`, and the scores of samplers with a random forest or
gradient boosting are those that it has stored in ``benchmarks/results/tabular.csv.gz``. Only ensembles are fitted here.
Finished ones are in the file ``--raw``.

Protocol on Parquet files. The positive class is the rarer one or, if there are more than two, everything but the most
frequent one. Stratified folds (``--folds``). Missing numbers are the median of their column, because EasyEnsemble takes
no missing ones; categories are one-hot coded. Forests and bagging have ``--trees`` trees.

Other ensembles have the defaults of their package; `SelfPacedEnsemble` is written here after its paper. The scores use
the threshold 0.5.
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
from results import RESULTS
from selection import read
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier
from tabular import N_FOLDS, Results, metrics
from tabular_data import Table, keel_tables, load, preparation
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


def rivals(seed: int, **trees: int) -> dict[str, Any]:
    """Return name -> ensemble that under-samples; `trees` is the number of trees, if not the default."""
    return {
        "balanced bagging": BalancedBaggingClassifier(random_state=seed, **trees),
        "balanced random forest": BalancedRandomForestClassifier(random_state=seed, **trees),
        "EasyEnsemble": EasyEnsembleClassifier(random_state=seed),
        "RUSBoost": RUSBoostClassifier(random_state=seed),
        "SelfPacedEnsemble": SelfPacedEnsemble(random_state=seed),
    }


def ensembles(class_sizes: Sequence[str], n_generators: Sequence[int], n_trees: int, seed: int) -> dict[str, Any]:
    """Return name -> ensemble."""
    ours = {
        f"GANBagging, {size}, {n} generators".removesuffix(", 1 generators"): GANBaggingClassifier(
            make_pipeline(encoder(), DecisionTreeClassifier(max_features="sqrt")),
            n_trees,
            class_size=size,
            n_generators=n,
            sampler=GANOversampler(random_state=seed, device="cpu"),
            random_state=seed,
        )
        for size in class_sizes
        for n in n_generators
    }
    forest = RandomForestClassifier(n_trees, random_state=seed)
    bagging = BaggingClassifier(n_estimators=n_trees, random_state=seed)
    resampled = make_pipeline(GANOversampler(random_state=seed, device="cpu"), encoder(), forest)
    others = {"bagging": bagging, "random forest": forest, **rivals(seed, n_estimators=n_trees)}
    others = {name: make_pipeline(encoder(), of) for name, of in others.items()}
    return others | {"ganaug + random forest": resampled} | ours


def evaluate_keel(table: Table, fold: int, names: Sequence[str]) -> list[dict[str, object]]:
    """Return the scores of ensembles in one fold of `tabular.py`."""
    X, y = load(table)
    train, test = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=0).split(X, y))[fold]
    prepare = preparation(X.iloc[train]).fit(X.iloc[train])
    rows, rows_test, found = prepare.transform(X.iloc[train]), prepare.transform(X.iloc[test]), []
    for name in names:
        began = time.process_time()
        try:
            chance = rivals(fold)[name].fit(rows, y[train]).predict_proba(rows_test)[:, 1]
        except ValueError as error:  # RUSBoost gives up where its first stump is worse than chance
            print(f"{table.name}, fold {fold}: {name} failed and scores as a constant: {error}")
            chance = np.full(len(test), y[train].mean())
        seconds = time.process_time() - began
        scores = metrics(y[test], chance)
        of_fold = {"table": table.name, "fold": fold, "ensemble": name, "CPU seconds": seconds}
        found.append(of_fold | {score: scores[score] for score in SCORES})
    return found


def of_samplers(n_folds: int) -> pd.DataFrame:
    """Return the stored scores of samplers with a random forest or gradient boosting."""
    rows = Results(RESULTS / "tabular.csv.gz").current(["none", "SMOTE", "ganaug"], 0)
    rows = rows[rows["classifier"].isin(["random forest", "gradient boosting"]) & (rows["fold"] < n_folds)]
    names = rows["sampler"] + " + " + rows["classifier"]
    return rows.assign(ensemble=names.str.removeprefix("none + "), **{"CPU seconds": np.nan})


def evaluate(
    name: str, X: pd.DataFrame, y: np.ndarray, n_folds: int, names: Sequence[str] | None, *of_ours: Any
) -> list[dict[str, object]]:
    """Return the scores of every ensemble in the folds of a table; `names`: only of those that begin so."""
    for column in X.columns[X.isna().any()]:
        if pd.api.types.is_numeric_dtype(X[column]):
            X[column] = X[column].fillna(X[column].median())
        else:
            X[column] = X[column].astype(object).where(X[column].notna(), "missing")
    found = []
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=0)
    for fold, (train, test) in enumerate(folds.split(X, y)):
        for way, ensemble in ensembles(*of_ours, fold).items():
            if names and not way.startswith(tuple(names)):
                continue
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
    for reference in [name for name in names if "gan" in name.lower()]:
        for score, values in by_table.items():
            compared = ranking.against(values, reference)[["difference", "wins", "ties", "losses", "p"]]
            print(f"\n{score}, {reference} minus the others, p of Wilcoxon's test, adjusted by Holm's method\n")
            print(markdown(compared.rename_axis("ensemble"), 4))


def main() -> None:
    """Read, fit, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=["design", "confirm"], help="of KEEL")
    parser.add_argument("--data", type=Path, metavar="FOLDER")
    parser.add_argument("--tables", nargs="+", default=["hmeq", "telco_churn", "page-blocks"], help="in FOLDER")
    parser.add_argument("--ensembles", nargs="+", help="only those of which the names begin so")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--trees", type=int, default=20)
    parser.add_argument("--class-sizes", nargs="+", default=["middle", "majority"], help="of GANBaggingClassifier")
    parser.add_argument("--generators", nargs="+", type=int, default=[1], help="numbers of GANBaggingClassifier")
    parser.add_argument("--raw", type=Path, help="CSV file for the scores of every fold")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(package_version("ganaug"), package_version("imbalanced-learn"))
    with threadpool_limits(1):
        show(on_keel(given) if given.half else on_files(given))


def on_keel(given: argparse.Namespace) -> pd.DataFrame:
    """Fit the ensembles that are not finished; return their scores and those of the samplers."""
    found = pd.read_csv(given.raw) if given.raw and given.raw.exists() else pd.DataFrame(columns=["table", "fold"])
    tables = [table for table in keel_tables() if table.group == given.half]
    for table in tables:
        for fold in range(given.folds):
            done = found[(found["table"] == table.name) & (found["fold"] == fold)]
            names = [name for name in rivals(0) if name.startswith(tuple(given.ensembles or [""]))]
            names = [name for name in names if name not in set(done.get("ensemble", []))]
            found = pd.concat([found, pd.DataFrame(evaluate_keel(table, fold, names))], ignore_index=True)
        if given.raw:
            found.to_csv(given.raw, index=False)
    found = pd.concat([found[found["fold"] < given.folds], of_samplers(given.folds)])
    return found[found["table"].isin([table.name for table in tables])]


def on_files(given: argparse.Namespace) -> pd.DataFrame:
    """Return the scores of all ensembles."""
    found: list[dict[str, object]] = []
    for name in given.tables:
        X, y = read(name, given.data)
        if len(X) > MAX_ROWS:
            kept = np.random.default_rng(0).permutation(len(X))[:MAX_ROWS]
            X, y = X.iloc[kept].reset_index(drop=True), y[kept]
        found += evaluate(
            name, X.copy(), y, given.folds, given.ensembles, given.class_sizes, given.generators, given.trees
        )
        print(f"{name}: {len(X)} rows, {int(y.sum())} rare", flush=True)
        if given.raw:
            pd.DataFrame(found).to_csv(given.raw, index=False)
    return pd.DataFrame(found)


if __name__ == "__main__":
    main()
