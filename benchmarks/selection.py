"""What does each way to select rows keep, how real are the rows, and do they help? One generator, several selections.

    python benchmarks/selection.py --data FOLDER telco_churn page-blocks hmeq german_credit adult
    python benchmarks/selection.py yeast4 yeast3 pima abalone9-18 vehicle2
    python benchmarks/selection.py --data FOLDER --shares hmeq adult nursery

Protocol. A table is split into two stratified halves, twice. The positive class is the rarer one or, if there are more
than two, everything but the most frequent one; of two classes at most 5,000 rows are used. One half trains one
`TabularGAN`. Each selection then chooses as many positive rows as balance the classes, at least 300, from candidates of
this generator. The other half is for the measures:

forest, boosting  two-sample AUC against held-out minority rows: that of `ganaug.metrics.two_sample_auc`, and that of
                  gradient boosting
shares            mean total variation of the states of a column (missing, point mass, level) to the training half's
                  minority rows; "halves" is that of the held-out minority rows
subgroup          share of the rarest of four clusters of the class, divided by that among the real rows
AP, ROC AUC, balanced accuracy, F1   means of logistic regression, 5-NN, random forest and gradient boosting

``--shares`` measures only the shares of the default selection, of at most 10,000 rows of a table, and without the
encoder of the model: the mean over columns of the total variation between the positive rows in their levels, missing
cells and numbers that a twentieth of the training rows share. "halves" compares the two halves, "training" and "held
out" compare the synthetic rows with each half. Columns with a single state are left out.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, roc_auc_score
from sklearn.model_selection import GroupKFold, train_test_split
from tabular import classifiers
from tabular_data import Table, keel_tables, load, preparation

from ganaug import GANOversampler, TabularGAN
from ganaug.metrics import TablePair, two_sample_auc
from ganaug.selection import Layout

SELECTIONS = ("auto", "class", "realism", None)


def read(name: str, folder: Path | None) -> tuple[pd.DataFrame, np.ndarray]:
    if folder is None:
        return load(next(table for table in keel_tables() if table.name == name))
    frame = pd.read_parquet(folder / f"{name}.parquet")
    if frame.iloc[:, -1].nunique() == 2:
        return load(Table(name, folder / f"{name}.parquet", "larger"))
    labels = frame.iloc[:, -1]
    return frame.iloc[:, :-1], (labels != labels.mode()[0]).to_numpy(int)


def boosting_auc(real: pd.DataFrame, synthetic: pd.DataFrame, seed: int, n_max: int = 2_500) -> float:
    pair, rng = TablePair(real, synthetic), np.random.default_rng(seed)
    n = min(len(real), len(synthetic), n_max)
    tables = [cells[rng.permutation(len(cells))[:n]] for cells in (pair.real_cells, pair.synthetic_cells)]
    cells, is_real = np.concatenate(tables), np.repeat([1, 0], n)
    # equal rows stay in one fold, so that copies are not punished as unreal
    groups = pd.util.hash_pandas_object(pd.DataFrame(cells), index=False).factorize()[0]
    values = []
    for train, test in GroupKFold(5, shuffle=True, random_state=seed).split(cells, groups=groups):
        detector = HistGradientBoostingClassifier(early_stopping=False, random_state=0).fit(
            cells[train], is_real[train]
        )
        values.append(roc_auc_score(is_real[test], detector.predict_proba(cells[test])[:, 1]))
    return float(np.mean(values))


def variation(layout: Layout, one: np.ndarray, other: np.ndarray) -> float:
    one, other = (layout.compact(rows)[:, layout.n_continuous :].astype(int) for rows in (one, other))
    found = [0.0]
    for a, b in zip(one.T, other.T, strict=True):
        n = 1 + max(a.max(), b.max())
        found.append(np.abs(np.bincount(a, minlength=n) / len(a) - np.bincount(b, minlength=n) / len(b)).sum() / 2)
    return float(np.mean(found[1:] or found))


def utility(
    X: pd.DataFrame, y: np.ndarray, X_test: pd.DataFrame, y_test: np.ndarray, prepare, seed: int
) -> list[float]:
    scores = []
    for name, classifier in classifiers(seed).items():
        if name != "MLP":
            probability = classifier.fit(prepare.transform(X), y).predict_proba(prepare.transform(X_test))[:, 1]
            predicted = probability >= 0.5
            scores.append(
                [average_precision_score(y_test, probability), roc_auc_score(y_test, probability)]
                + [balanced_accuracy_score(y_test, predicted), f1_score(y_test, predicted)]
            )
    return list(np.mean(scores, axis=0))


def measure(name: str, folder: Path | None, seed: int) -> list[dict[str, object]]:
    X, y = read(name, folder)
    train, test = train_test_split(np.arange(len(y)), test_size=0.5, stratify=y, random_state=seed)
    X, X_test, y, y_test = X.iloc[train].reset_index(drop=True), X.iloc[test].reset_index(drop=True), y[train], y[test]
    model = TabularGAN(random_state=seed, device="cpu").fit(X, y)
    training, prepare = model.encode(X, y), preparation(X).fit(X)
    real, held_out = training.features[y == 1], X_test[y_test == 1].reset_index(drop=True)
    layout = Layout(model.encoder_.n_continuous_, model.encoder_.block_sizes_)
    clusters = KMeans(4, n_init=3, random_state=0).fit(real)
    try:
        halves = variation(layout, real, model.encode(held_out, np.ones(len(held_out), int)).features)
    except ValueError:  # a level or a missing cell that the training half lacks
        halves = np.nan
    requested = np.ones(max(int((y == 0).sum() - (y == 1).sum()), 300), int)
    rows = []
    for selection in SELECTIONS:
        start = time.process_time()
        chosen = model.selection_for(selection, training, len(requested))
        synthetic = model.sample(requested, random_state=seed + 1, selection=chosen)
        seconds = time.process_time() - start
        features = model.encode(synthetic, requested).features
        shares = [np.bincount(c, minlength=4) / len(c) for c in (clusters.labels_, clusters.predict(features))]
        both, labels = pd.concat([X, synthetic], ignore_index=True), np.concatenate([y, requested])
        scores = utility(both, labels, X_test, y_test, prepare, seed)
        rows.append(
            {"selection": str(selection), "table": name, "CPU seconds": seconds}
            | {"forest": two_sample_auc(held_out, synthetic, random_state=seed).value}
            | {"boosting": boosting_auc(held_out, synthetic, seed), "shares": variation(layout, real, features)}
            | {"halves": halves, "subgroup": float((shares[1] / shares[0]).min())}
            | dict(zip(("AP", "ROC AUC", "balanced accuracy", "F1"), scores, strict=True))
        )
    return rows


def state_variation(one: pd.DataFrame, other: pd.DataFrame, training: pd.DataFrame) -> float:
    """Return the mean total variation of the columns' states; nan if no column has more than one."""
    found = []
    for column in training:
        if pd.api.types.is_numeric_dtype(training[column]):
            counts = training[column].value_counts()
            masses = set(counts.index[counts >= max(5, len(training) / 20)])
            states = [
                rows[column].map(lambda x, m=masses: x if x in m else "?" if x == x else "") for rows in (one, other)
            ]
        else:
            states = [rows[column].astype(object).where(rows[column].notna(), "") for rows in (one, other)]
        shares = [of.astype(str).value_counts(normalize=True) for of in states]
        if len(shares[0].index.union(shares[1].index)) > 1:
            found.append(shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)
    return float(np.mean(found)) if found else float("nan")


def measure_shares(name: str, folder: Path | None, seed: int) -> dict[str, float]:
    """Return the variation between the halves of a table, and between the synthetic rows and each half."""
    X, y = read(name, folder)
    rows = np.random.default_rng(seed).permutation(len(y))[:10_000]
    train, test = train_test_split(rows, test_size=0.5, stratify=y[rows], random_state=seed)
    X_train, X_test = X.iloc[train].reset_index(drop=True), X.iloc[test]
    real, held_out = X_train[y[train] == 1], X_test[y[test] == 1]
    n_missing = max(int((y[train] == 0).sum()) - len(real), len(real), 300)
    sampler = GANOversampler(sampling_strategy={1: len(real) + n_missing}, random_state=seed, device="cpu")
    synthetic = sampler.fit_resample(X_train, y[train])[0][sampler.is_synthetic_]
    return {
        "rows of the class": len(real),
        "halves": state_variation(real, held_out, real),
        "training": state_variation(synthetic, real, real),
        "held out": state_variation(synthetic, held_out, real),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--data", type=Path, help="folder of Parquet files; without it, tables of KEEL")
    parser.add_argument("--shares", action="store_true", help="only the shares of the default selection")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.shares:
        print("| table | rows of the class | halves | training | held out |\n|---|---|---|---|---|")
        for name in given.tables:
            found = pd.DataFrame([measure_shares(name, given.data, seed) for seed in (0, 1)]).mean()
            print(f"| {name} | {found.iloc[0]:.0f} | {' | '.join(f'{x:.4f}' for x in found[1:])} |", flush=True)
        return
    frame = pd.DataFrame([row for name in given.tables for seed in (0, 1) for row in measure(name, given.data, seed)])
    print(frame.groupby(["table", "selection"], sort=False).mean().round(3).to_string())
    print(frame.drop(columns="table").groupby("selection", sort=False).mean().round(3).to_string())


if __name__ == "__main__":
    main()
