"""Are rows with given cells like the real rows that have them, and how well are missing cells filled?

    python benchmarks/conditions.py adult.parquet --target class --rows 10000

Prints two tables in Markdown. The model learns from some rows. Its rows with a given cell are compared with held-out
rows that have this cell; one in five cells of 2,000 held-out rows is removed at random and filled.
"""

import argparse
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

from ganaug import TabularGAN


def shares(cells: pd.Series) -> pd.Series:
    """Return the share of each level; numbers are divided at the deciles of the column."""
    return cells.astype(str).value_counts(normalize=True)


def apart(one: pd.Series, other: pd.Series, edges: np.ndarray | None) -> float:
    """Return the total variation between two samples of a column."""
    if edges is not None:
        one, other = (pd.Series(np.searchsorted(edges, part, side="right")) for part in (one, other))
    return 0.5 * float(shares(one).sub(shares(other), fill_value=0).abs().sum())


def conditional(model: TabularGAN, X: pd.DataFrame, y: pd.Series, rest: pd.DataFrame, rest_y: pd.Series) -> None:
    """Print how far conditional distributions are from the real ones, mean over given cells and other columns."""
    names = {"given": [], "unconditional": [], "training rows with the cell": []}
    for label in sorted(y.unique()):
        own, held_out = X[y == label], rest[rest_y == label]
        plain = model.sample([label] * 1000, 1)
        for given in X.columns:
            for cell in own[given].value_counts().index[:3]:
                real, known = held_out[held_out[given] == cell], own[own[given] == cell]
                if len(real) < 100:
                    continue
                rows = model.sample([label] * 1000, 1, given={given: cell})
                for column in X.columns.drop(given):
                    edges = None
                    if X[column].dtype.kind in "if":
                        edges = np.unique(X[column].quantile(np.arange(1, 10) / 10))
                    for name, sample in zip(names, (rows, plain, known), strict=True):
                        names[name].append(apart(sample[column], real[column], edges))
    print("| rows | total variation to held-out rows with the cell |\n|---|---|")
    for name, found in names.items():
        print(f"| {name} | {np.mean(found):.3f} |")


class Encoded:
    """Numbers scaled, categories one-hot, missing cells NaN: what imputers of scikit-learn take; the class beside."""

    def __init__(self, X: pd.DataFrame, y: pd.Series) -> None:
        self.numeric = [name for name in X if X[name].dtype.kind in "if"]
        self.mean, self.sd = X[self.numeric].mean(), X[self.numeric].std()
        self.levels = {name: sorted(X[name].dropna().astype(str).unique()) for name in X.columns.drop(self.numeric)}
        self.classes = sorted(y.unique())

    def encode(self, X: pd.DataFrame, y: pd.Series) -> np.ndarray:
        parts = [((X[self.numeric] - self.mean) / self.sd).to_numpy()]
        for name, levels in self.levels.items():
            cells = X[name].astype(object).where(X[name].notna(), None)
            block = np.array([[str(cell) == level for level in levels] for cell in cells], dtype=float)
            block[cells.isna().to_numpy(bool)] = np.nan
            parts.append(block)
        return np.hstack([*parts, np.array([[label == of for of in self.classes] for label in y], dtype=float)])

    def decode(self, rows: np.ndarray, X: pd.DataFrame) -> pd.DataFrame:
        found = X.copy()
        for k, name in enumerate(self.numeric):
            found[name] = rows[:, k] * self.sd[name] + self.mean[name]
        first = len(self.numeric)
        for name, levels in self.levels.items():
            found[name] = np.array(levels)[rows[:, first : first + len(levels)].argmax(axis=1)]
            first += len(levels)
        return found


def imputation(model: TabularGAN, X: pd.DataFrame, y: pd.Series, rest: pd.DataFrame, rest_y: pd.Series) -> None:
    """Print how well cells are filled that were removed at random, one in five."""
    rest, rest_y = rest[:2000].reset_index(drop=True), rest_y[:2000].reset_index(drop=True)
    removed = (np.random.default_rng(0).random(rest.shape) < 0.2) & rest.notna().to_numpy()
    with_holes = rest.copy()
    for i, name in enumerate(rest):
        is_number = rest[name].dtype.kind in "if"
        with_holes[name] = (rest[name].astype(float) if is_number else rest[name]).mask(removed[:, i])
    encoded = Encoded(X, y)
    known, holes = encoded.encode(X, y), encoded.encode(with_holes, rest_y)

    def fitted(imputer):
        return lambda: encoded.decode(imputer.fit(known[:5000]).transform(holes), with_holes)

    ways = {
        "mean or most frequent": fitted(SimpleImputer()),
        "KNNImputer(10)": fitted(KNNImputer(n_neighbors=10)),
        "IterativeImputer()": fitted(IterativeImputer(max_iter=5, n_nearest_features=30, random_state=0)),
        "impute": lambda: model.impute(with_holes, rest_y),
        "impute, sample_posterior=True": lambda: model.impute(with_holes, rest_y, sample_posterior=True),
    }
    print("\n| imputer | error of numbers | wrong categories | total variation | seconds |\n|---|---|---|---|---|")
    for name, impute in ways.items():
        began = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = impute()
        seconds = time.process_time() - began
        errors, wrong, far = [], [], []
        for i, column in enumerate(rest):
            holes_here = removed[:, i]
            truth, filled = rest[column][holes_here], found[column][holes_here]
            edges = None
            if column in encoded.numeric:
                errors.append(np.sqrt(np.mean(np.square(filled - truth))) / X[column].std())
                edges = np.unique(X[column].quantile(np.arange(1, 10) / 10))
            else:
                wrong.append((filled.astype(str) != truth.astype(str)).mean())
            far.append(apart(filled, truth, edges))
        numbers = [f"{np.mean(errors):.3f}" if errors else "", f"{np.mean(wrong):.3f}" if wrong else ""]
        print(f"| {name} | {' | '.join(numbers)} | {np.mean(far):.3f} | {seconds:.1f} |", flush=True)


def main() -> None:
    """Read, train, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--target", required=True)
    parser.add_argument("--rows", type=int, default=10_000, help="rows to learn from")
    options = parser.parse_args()
    table = pd.read_parquet(options.file).sample(frac=1, random_state=0).reset_index(drop=True)
    y = table.pop(options.target).astype(str)
    n = min(options.rows, len(table) // 2)
    X, rest = table[:n], table[n:].reset_index(drop=True)
    model = TabularGAN(random_state=0).fit(X, y[:n])
    rest_y = y[n:].reset_index(drop=True)
    imputation(model, X, y[:n], rest, rest_y)
    print()
    conditional(model, X, y[:n], rest, rest_y)


if __name__ == "__main__":
    main()
