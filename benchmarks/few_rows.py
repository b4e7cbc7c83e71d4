"""Do synthetic rows help when a table has few rows? The gain over no resampling, by the number of training rows.

    python benchmarks/few_rows.py --data FOLDER

Prints a table in Markdown for each score. FOLDER holds the Parquet files of the tables; their last column is the class.

Protocol. The positive class is the rarer one or, if there are more than two, everything but the most frequent one; at
most 5,000 rows of a table with two classes are used. In each draw, 1,500 rows are held out, and N of the others train:
with the class shares of the table, but at least three rows of the positive class. Preparation is that of `tabular.py`,
fitted on the N rows. A score is the mean of logistic regression, random forest and gradient boosting. The gain over no
resampling has a 95 % interval of Student's t over all draws of all tables. Draws of one table share rows, so the true
intervals are somewhat wider.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from pages import markdown
from samplers import sampler_of
from scipy.stats import t
from selection import read
from sklearn.model_selection import train_test_split
from tabular import classifiers, metrics
from tabular_data import preparation
from threadpoolctl import threadpool_limits
from versions import package_version

TABLES = ["page-blocks", "telco_churn", "hmeq", "mammography"]
N_TRAIN = [20, 50, 100, 200, 500]
N_TEST = 1_500
MIN_POSITIVES = 3
CLASSIFIERS = ["logistic regression", "random forest", "gradient boosting"]
SAMPLERS = ["none", "random", "SMOTE", "ganaug"]
SCORES = ["average precision", "ROC AUC", "balanced accuracy", "F1"]


def draw(y: np.ndarray, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the training and the test rows of one draw."""
    others, test = train_test_split(np.arange(len(y)), test_size=N_TEST, stratify=y, random_state=seed)
    n_positive = max(MIN_POSITIVES, round(n * y.mean()))
    rng = np.random.default_rng(seed)
    of_class = [rng.permutation(others[y[others] == label]) for label in (0, 1)]
    return np.r_[of_class[0][: n - n_positive], of_class[1][:n_positive]], test


def measure(name: str, folder: Path, n: int, seed: int) -> list[dict[str, object]]:
    """Return the scores of each sampler in one draw of n training rows."""
    X, y = read(name, folder)
    train, test = draw(y, n, seed)
    X_train, y_train = X.iloc[train].reset_index(drop=True), y[train]
    prepare = preparation(X_train).fit(X_train)
    X_test = prepare.transform(X.iloc[test])
    rows = []
    for sampler in SAMPLERS:
        of = sampler_of(sampler)
        n_done = ["table", "tidy", "matrix"].index(of.stage)
        X_res, y_res = of.resample(prepare[:n_done].transform(X_train) if n_done else X_train, y_train, seed)
        X_res = prepare[n_done:].transform(X_res) if n_done < 2 else X_res
        found = [
            metrics(y[test], classifier.fit(X_res, y_res).predict_proba(X_test)[:, 1])
            for classifier_name, classifier in classifiers(seed).items()
            if classifier_name in CLASSIFIERS
        ]
        key = {"table": name, "N": n, "draw": seed, "sampler": sampler}
        rows.append(key | pd.DataFrame(found)[SCORES].mean().to_dict())
    return rows


def gains(frame: pd.DataFrame, score: str) -> pd.DataFrame:
    """Return the mean gain over no resampling and its interval, a row for each N, a column for each sampler."""
    values = frame.pivot_table(score, ["N", "table", "draw"], "sampler")
    gain = values.drop(columns="none").sub(values["none"], axis=0)[[name for name in SAMPLERS if name != "none"]]
    by_n = gain.groupby("N")
    half = by_n.sem().mul(t.ppf(0.975, by_n.size() - 1), axis=0)
    shown = by_n.mean().map("{:+.3f}".format) + " ± " + half.map("{:.3f}".format)
    shown.insert(0, "none", [f"{value:.3f}" for value in values["none"].groupby("N").mean()])
    return shown


def main() -> None:
    """Read, draw, resample, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--rows", nargs="+", type=int, default=N_TRAIN, metavar="N")
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--raw", type=Path, help="CSV file for the score of every draw")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    rows: list[dict[str, object]] = []
    with threadpool_limits(1):
        # all tables and all N of one draw before the next draw, so that an interrupted run has all of them
        for seed in range(given.draws):
            for name in given.tables:
                for n in given.rows:
                    rows += measure(name, given.data, n, seed)
                if given.raw:
                    pd.DataFrame(rows).to_csv(given.raw, index=False)
                print(f"draw {seed}, {name}", flush=True)
    frame = pd.DataFrame(rows)
    print(f"\n{package_version('ganaug')}; {', '.join(given.tables)}; {given.draws} draws")
    for score in SCORES:
        print(f"\n{score}, all tables\n\n{markdown(gains(frame, score))}")
    for name in given.tables:
        of_table = gains(frame[frame["table"] == name], "balanced accuracy")
        print(f"\nbalanced accuracy, {name}\n\n{markdown(of_table)}")


if __name__ == "__main__":
    main()
