"""Can a classifier tell synthetic tables from real ones? Rows of all classes, with the label as a column (C2ST).

    python benchmarks/whole_tables.py --data FOLDER
    python benchmarks/whole_tables.py --data FOLDER --tables adult --model "n_steps=4000, hidden=256, batch_size=512"

Prints a row of a Markdown table for each table and seed. FOLDER holds Parquet files whose last column is the class.

Protocol. One half of a table trains, the other half is held out. `GANOversampler` adds 4,000 rows with the shares of
the classes in the training half. They are compared with 4,000 held-out rows by three detectors in five folds; a row and
its copies are in one fold:

forest       `ganaug.metrics.two_sample_auc`, at most 2,500 rows of each
boosting     histogram gradient boosting of scikit-learn, at most 2,500 rows of each; the selection has such a detector.
             With ``--synthetic 16000`` it has so many rows of each, as detectors in papers: it finds more then
LR           logistic regression on scaled numbers and one-hot categories, as the "logistic detection" of SDMetrics

The score C2ST is 2 (1 - AUC), at most 1; 1 is best. "distance" is the median distance to the closest training row,
divided by that of held-out rows. The CPU seconds are those of `fit_resample` on one thread.
"""

import argparse
import ast
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from selection import boosting_auc
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits
from versions import package_version

from ganaug import GANOversampler, TabularGAN
from ganaug.metrics import TablePair, closest_records, two_sample_auc

TABLES = ["adult", "telco_churn", "bank_marketing", "default_credit_card"]
N_ROWS, N_BOOSTING = 4_000, 2_500


def logistic_auc(real: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    """ROC AUC of a logistic regression between the two tables."""
    rows, is_real = pd.concat([real, synthetic], ignore_index=True), np.repeat([1, 0], [len(real), len(synthetic)])
    numbers = make_column_selector(dtype_include="number")(rows)
    texts = rows.columns.difference(numbers)
    rows = rows.astype(dict.fromkeys(texts, object)).fillna(dict.fromkeys(texts, "missing"))
    features = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), list(texts)),
    )
    groups = pd.util.hash_pandas_object(rows.astype(str), index=False).factorize()[0]
    detector = make_pipeline(features, LogisticRegression(max_iter=500))
    folds = GroupKFold(5, shuffle=True, random_state=0)
    found = cross_val_predict(detector, rows, is_real, cv=folds, groups=groups, method="predict_proba")
    return float(roc_auc_score(is_real, found[:, 1]))


def measure(path: Path, n_rows: int | None, n_synthetic: int, seed: int, params: dict[str, object]) -> str:
    """Return the row of a table for one data set and seed."""
    frame = pd.read_parquet(path).sample(n_rows, random_state=seed) if n_rows else pd.read_parquet(path)
    frame = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    half, target = len(frame) // 2, frame.columns[-1]
    frame[target] = frame[target].astype(str)
    training, held_out = frame[:half], frame[half:].reset_index(drop=True)
    counts = training[target].value_counts()
    wanted = (counts + (counts / half * n_synthetic).round()).astype(int).to_dict()
    sampler = GANOversampler(sampling_strategy=wanted, model=TabularGAN(**params), random_state=seed, device="cpu")
    began = time.process_time()
    X, y = sampler.fit_resample(training.drop(columns=target), training[target])
    seconds = time.process_time() - began
    synthetic = X.assign(**{target: y})[sampler.is_synthetic_].sample(frac=1, random_state=0).reset_index(drop=True)
    n = min(len(synthetic), len(held_out))
    synthetic, real = synthetic[:n], held_out[:n]
    n_boosting = N_BOOSTING if n_synthetic == N_ROWS else n
    aucs = [two_sample_auc(real, synthetic, random_state=seed).value, boosting_auc(real, synthetic, seed, n_boosting)]
    aucs.append(logistic_auc(real, synthetic))
    distance = closest_records(TablePair(training, synthetic, real), random_state=0).ratio
    cells = [f"{auc:.3f}" for auc in aucs] + [f"{min(1, 2 - 2 * auc):.2f}" for auc in aucs]
    return f"| {path.stem}, {half} rows | {seed} | {' | '.join(cells)} | {distance:.2f} | {seconds:.1f} |"


def main() -> None:
    """Read, train, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--rows", type=int, help="so many rows of each table, half of which train (default: all)")
    parser.add_argument("--synthetic", type=int, default=N_ROWS, metavar="N", help="synthetic rows")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--model", nargs="+", default=[""], metavar="PARAMS", help="parameters of TabularGAN")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(package_version("ganaug"))
    for written in given.model:
        call = ast.parse(f"_({written})", mode="eval").body
        params = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
        print(f"\n{written or 'default'}\n")
        print("| | seed | forest AUC | boosting AUC | LR AUC | C2ST forest | boosting | LR | distance | CPU s |")
        print(f"|{'---|' * 10}")
        with threadpool_limits(1):
            for name in given.tables:
                for seed in given.seeds:
                    print(
                        measure(given.data / f"{name}.parquet", given.rows, given.synthetic, seed, params), flush=True
                    )


if __name__ == "__main__":
    main()
