"""Do ensembles profit from synthetic rows? Compares GANBaggingClassifier with ensembles of imbalanced-learn.

    python benchmarks/ensembles.py --data FOLDER

Prints means over three folds, and over all tables. FOLDER holds Parquet files whose last column is the class.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from imblearn.ensemble import BalancedBaggingClassifier, BalancedRandomForestClassifier, EasyEnsembleClassifier
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from ganaug import GANBaggingClassifier, GANOversampler

N_TREES = 20
MAX_ROWS = 2_000


def encoder():
    """Return what makes numbers of the columns; missing numbers stay, because trees take them."""
    categories = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5)
    return make_column_transformer(
        (categories, make_column_selector(dtype_exclude="number")), remainder="passthrough", sparse_threshold=0
    )


def ensembles():
    """Return name -> ensemble."""
    tree = DecisionTreeClassifier()
    ours = {
        f"GANBaggingClassifier, {size}": GANBaggingClassifier(
            make_pipeline(encoder(), DecisionTreeClassifier(max_features="sqrt")),
            N_TREES,
            class_size=size,
            sampler=GANOversampler(random_state=0),
            random_state=0,
        )
        for size in ("middle", "majority")
    }
    others = {
        "bagging": BaggingClassifier(tree, N_TREES, random_state=0),
        "random forest": RandomForestClassifier(N_TREES, random_state=0),
        "balanced bagging": BalancedBaggingClassifier(tree, N_TREES, random_state=0),
        "balanced random forest": BalancedRandomForestClassifier(N_TREES, random_state=0),
        "EasyEnsemble": EasyEnsembleClassifier(random_state=0),
    }
    return {name: make_pipeline(encoder(), of) for name, of in others.items()} | ours


def main() -> None:
    """Read, fit, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", nargs="+", default=["hmeq", "telco_churn", "page-blocks"])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = []
    for name in options.tables:
        table = pd.read_parquet(options.data / f"{name}.parquet")
        table = table.sample(min(len(table), MAX_ROWS), random_state=0).reset_index(drop=True)
        labels = table.pop(table.columns[-1]).astype(str)
        is_rare = labels == labels.value_counts().index[-1] if labels.nunique() == 2 else labels != labels.mode()[0]
        y = is_rare.astype(int)
        for column in table.columns[table.isna().any() & (table.dtypes.map(str) != "float64")]:
            table[column] = table[column].astype(object).where(table[column].notna(), "missing")
        numbers = table.select_dtypes("number").columns
        table[numbers] = table[numbers].fillna(table[numbers].median())  # EasyEnsemble takes no missing numbers
        for train, test in StratifiedKFold(3, shuffle=True, random_state=0).split(table, y):
            for way, ensemble in ensembles().items():
                began = time.process_time()
                ensemble.fit(table.iloc[train], y[train].to_numpy())
                seconds = time.process_time() - began
                chance = ensemble.predict_proba(table.iloc[test])[:, 1]
                found.append(
                    {
                        "table": name,
                        "way": way,
                        "AP": average_precision_score(y[test], chance),
                        "balanced accuracy": balanced_accuracy_score(y[test], chance > 0.5),
                        "F1": f1_score(y[test], chance > 0.5),
                        "CPU seconds": seconds,
                    }
                )
        frame = pd.DataFrame(found)
        print(f"\n{name}: {len(table)} rows, {int(y.sum())} rare\n", flush=True)
        print(
            frame[frame["table"] == name].groupby("way", sort=False).mean(numeric_only=True).round(3).to_string(),
            flush=True,
        )
    means = frame.groupby("way", sort=False).mean(numeric_only=True)
    ranks = frame.groupby(["table", "way"]).mean(numeric_only=True).groupby("table").rank(ascending=False)
    means["mean rank"] = np.mean(ranks[["AP", "balanced accuracy", "F1"]].groupby("way").mean(), axis=1)
    print("\nall\n\n" + means.round(3).to_string())


if __name__ == "__main__":
    main()
