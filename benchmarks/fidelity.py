"""Are synthetic rows realistic, and are they copies? ganaug, SMOTE, random oversampling and CTGAN against unseen rows.

    python benchmarks/fidelity.py --quick                       4 small tables, under 2 minutes
    python benchmarks/fidelity.py --half design                 tune on these
    python benchmarks/fidelity.py --half confirm                report these, never tune on them
    python benchmarks/fidelity.py --half none --data FOLDER     larger mixed tables: Parquet, last column the target
    python benchmarks/fidelity.py --quick --generators CTGAN    where `ctgan` is installed

To continue an interrupted run, give the same command again. Every finished (table, split, generator) is in
``benchmarks/results/fidelity.csv.gz``. Each group of tables has a page and a figure in the same folder. CTGAN may be
run in its own environment: its rows stay in the file and are also reported where CTGAN is not installed.

Protocol. A table is split into two stratified halves, and each is the training half once (``--splits 4`` splits the
table a second time). A generator is trained on the training half. It then returns 10 times as many synthetic minority
rows as the other half, the held-out half, has minority rows. ganaug (with its defaults, with ``selection=None`` and
with ``prior="noise"``) and random oversampling receive the rows unprepared. SMOTE (SMOTENC or SMOTEN where there
are categories), ARF, UTrees and Forest-Flow receive imputed and scaled rows, CTGAN imputed rows. The rows of these but
CTGAN are scaled back and not rounded. ARF, UTrees and Forest-Flow learn the minority class alone. The measures are:

invalid          share of cells with a value that is not possible in the training half: a number outside the range of
                 its column, a non-integer in a column of integers, an unseen category, or a missing cell in a column
                 without missing cells
broken dtypes    share of columns whose dtype has changed
confirmed        share of rows that a class-balanced forest, trained on the held-out half, assigns to the minority
                 class; for "real" it is the share of the training half's minority rows, which that forest has not seen
two-sample AUC   cross-validated ROC AUC of a forest that separates synthetic rows from as many held-out minority rows;
                 equal rows are in one fold, so that copies are not punished. The selection of ganaug uses gradient
                 boosting and not this forest. 0.5 means that it cannot separate them. For "real", the training half is
                 compared with the held-out half; with few rows this is slightly below 0.5. Only for tables with 20
                 minority rows in each half
distance         median distance to the closest minority row of the training half, after scaling and one-hot coding;
                 for "real" it is that of the held-out minority rows. The distance ratio divides the two: it is 1 for
                 rows that are like new data
copies           share of rows equal to a minority row of the training half in every cell (numbers to within 1e-9 of a
                 standard deviation); for "real" it is the share of the held-out minority rows. Excess copies are the
                 difference of the two shares

For distances and forests, missing cells are imputed. A ratio to zero is left out, and the page reports how often.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from imblearn.ensemble import BalancedRandomForestClassifier
from imblearn.over_sampling import RandomOverSampler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from pages import circumstances, figure_style, joined, machine, markdown, most_frequent, write
from pandas.api.types import is_numeric_dtype
from results import RESULTS, RawRows, Row, matching
from rich.console import Console
from rich.progress import track
from samplers import arf_rows, ctgan_rows, forest_flow_rows, smote_for, utrees_rows
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedGroupKFold, cross_val_score
from sklearn.neighbors import NearestNeighbors
from tabular_data import Table, described, keel_tables, larger_tables, load, preparation, select
from versions import is_installed, package_version
from workers import error_text, evaluations, run_command

# Increase this number when splits, generators or measures change: rows of different protocols are never mixed.
PROTOCOL = 2
OVERSAMPLED = 10
MIN_TWO_SAMPLE = 20
N_TREES = 100
QUICK_TABLES = ["abalone9-18", "car-good", "haberman", "yeast-2_vs_4"]

# --- generators: (X, y, number of rows of class 1, seed) -> rows ------------------------------------------------------

Generate = Callable[[pd.DataFrame, np.ndarray, int, int], pd.DataFrame]


def ganaug(selection: str | None = "auto", **params: Any) -> Generate:
    def generate(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
        from ganaug import GANOversampler, TabularGAN

        wanted = {0: int((y == 0).sum()), 1: int(y.sum()) + n}
        model = TabularGAN(device="cpu", **params)
        sampler = GANOversampler(sampling_strategy=wanted, model=model, selection=selection, random_state=seed)
        return sampler.fit_resample(X, y)[0][sampler.is_synthetic_]

    return generate


def random(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    sampler = RandomOverSampler(sampling_strategy={1: int(y.sum()) + n}, random_state=seed)
    return sampler.fit_resample(X, y)[0].iloc[len(X) :]


def smote(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    tidy = preparation(X)["tidy"].fit(X)
    rows = tidy.transform(X)
    sampler = smote_for(X, y, seed, sampling_strategy={1: int(y.sum()) + n})
    return in_units(tidy, sampler.fit_resample(rows, y)[0].iloc[len(X) :], X)


def ctgan(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    tidy = preparation(X)["tidy"].fit(X)
    return ctgan_rows(X.fillna(in_units(tidy, tidy.transform(X), X)), y, n, seed)


def of_tidy_rows(rows_of: Generate) -> Generate:
    """Return a generator that receives imputed and scaled rows, and whose rows are scaled back."""

    def generate(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
        tidy = preparation(X)["tidy"].fit(X)
        return in_units(tidy, rows_of(tidy.transform(X), y, n, seed), X)

    return generate


def in_units(tidy: ColumnTransformer, rows: pd.DataFrame, X: pd.DataFrame) -> pd.DataFrame:
    """Scale prepared rows back to the units of X, without rounding, and restore the dtypes of categories."""
    numbers = list(X.select_dtypes("number"))
    rows = rows.copy()
    if numbers:
        rows[numbers] = tidy.named_transformers_["n"][-1].inverse_transform(rows[numbers])
    return rows[list(X.columns)].astype(X.dtypes.drop(numbers).to_dict())


# name -> function that returns synthetic rows, and package whose version is recorded
# All generators are compared with "real".
REAL = "real"
GENERATORS: dict[str, tuple[Generate | None, str]] = {
    REAL: (None, "scikit-learn"),
    "ganaug": (ganaug(), "ganaug"),
    "ganaug unselected": (ganaug(selection=None), "ganaug"),
    "ganaug noise": (ganaug(prior="noise"), "ganaug"),
    "SMOTE": (smote, "imbalanced-learn"),
    "random": (random, "imbalanced-learn"),
    "ARF": (of_tidy_rows(arf_rows), "arfpy"),
    "UTrees": (of_tidy_rows(utrees_rows), "utrees"),
    "Forest-Flow": (of_tidy_rows(forest_flow_rows), "ForestDiffusion"),
    "CTGAN": (ctgan, "ctgan"),
}

# --- measures --------------------------------------------------------------------------------------------------------

KINDS = ["out of range", "non-integer", "unseen category", "missing"]
MEASURES = ["invalid", *KINDS, "broken dtypes", "confirmed", "two-sample AUC", "distance", "copies"]


def validity(synthetic: pd.DataFrame, X: pd.DataFrame) -> dict[str, float]:
    """Share of invalid cells after training on X, in total and by kind, and of columns whose dtype has changed."""
    counts = dict.fromkeys(KINDS, 0)
    for column in X:
        known = X[column].dropna()
        if len(known) == len(X):
            counts["missing"] += int(synthetic[column].isna().sum())
        cells = synthetic[column].dropna()
        if not is_numeric_dtype(known):
            counts["unseen category"] += int((~cells.isin(known.unique())).sum())
            continue
        # text becomes nan, which is out of range
        numbers = pd.to_numeric(cells.astype(object), errors="coerce").astype(float)
        slack = 1e-9 * float(known.abs().max())  # scaling back is not exact
        inside = numbers.between(known.min() - slack, known.max() + slack)
        counts["out of range"] += int((~inside).sum())
        if (known % 1 == 0).all():
            counts["non-integer"] += int((inside & ((numbers - numbers.round()).abs() > 1e-6)).sum())
    shares = {kind: count / synthetic.size for kind, count in counts.items()}
    changed = [synthetic[column].dtype != X[column].dtype for column in X]
    return {"invalid": sum(shares.values()), **shares, "broken dtypes": float(np.mean(changed))}


def confirmed(rows: np.ndarray, held: np.ndarray, y_held: np.ndarray, seed: int) -> float:
    """Share of rows that a forest with balanced classes in every tree assigns to class 1."""
    forest = BalancedRandomForestClassifier(N_TREES, random_state=seed).fit(held, y_held)
    return float(forest.predict(rows).mean())


def two_sample_auc(a: np.ndarray, b: np.ndarray, seed: int) -> float:
    """ROC AUC of a forest that separates rows of a from as many of b; with few rows, cross-validation is repeated."""
    n = min(len(a), len(b))
    labels, scores = np.repeat([1, 0], n), []
    for repeat in range(int(np.clip(200 // n, 1, 4))):
        # each repeat uses other rows of a, if a has more than n
        rows = np.r_[a[(repeat * n + np.arange(n)) % len(a)], b[:n]]
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed + repeat)
        groups = pd.util.hash_pandas_object(pd.DataFrame(rows), index=False).factorize()[0]
        forest = RandomForestClassifier(N_TREES, random_state=seed + repeat)
        scores.append(cross_val_score(forest, rows, labels, groups=groups, cv=folds, scoring="roc_auc").mean())
    return float(np.mean(scores))


def median_distance(rows: np.ndarray, training: np.ndarray) -> float:
    # a k-d tree returns exact zeros
    nearest = NearestNeighbors(n_neighbors=1, algorithm="kd_tree").fit(training)
    return float(np.median(nearest.kneighbors(rows)[0]))


def copies(rows: pd.DataFrame, training: pd.DataFrame) -> float:
    """Share of rows equal to a training row in every cell, numbers to within 1e-9 of a standard deviation."""

    def keys(frame: pd.DataFrame) -> pd.Series:
        cells = {}
        for column in training:
            if is_numeric_dtype(training[column]):
                spread = float(training[column].std())
                numbers = pd.to_numeric(frame[column], errors="coerce").astype(float)
                cells[column] = (numbers / (spread if spread > 0 else 1.0)).round(9) + 0.0  # no -0.0
            else:
                cells[column] = frame[column].astype(str)
        return pd.util.hash_pandas_object(pd.DataFrame(cells), index=False)

    return float(keys(rows).isin(keys(training)).mean())


def measures(
    for_training: pd.DataFrame,
    for_held: pd.DataFrame,
    X: pd.DataFrame,
    y: np.ndarray,
    held: pd.DataFrame,
    y_held: np.ndarray,
    seed: int,
) -> dict[str, float]:
    """Compare `for_training` with the training half (X, y), and `for_held` with the held-out half.

    Both are the same synthetic rows, except for "real", which compares the two halves with each other.
    """
    matrix = preparation(X).fit(X).transform
    for_held_rows, held_rows = matrix(for_held), matrix(held)
    enough = min(y.sum(), y_held.sum()) >= MIN_TWO_SAMPLE
    return {
        **validity(for_training, X),
        "confirmed": confirmed(for_held_rows, held_rows, y_held, seed),
        "two-sample AUC": two_sample_auc(for_held_rows, held_rows[y_held == 1], seed) if enough else float("nan"),
        "distance": median_distance(matrix(for_training), matrix(X[y == 1])),
        "copies": copies(for_training, X[y == 1]),
    }


# --- one evaluation --------------------------------------------------------------------------------------------------

KEY = ["table", "split", "generator"]
STAMP = ["protocol", "seed", "version", "measured_with"]
COLUMNS = [*KEY, *STAMP, "n_train", "n_held", "n_synthetic", "fit_seconds", "note", *MEASURES]


def stamp(generator: str, seed: int) -> Row:
    """Return what a row depends on besides its key."""
    return {
        "protocol": PROTOCOL,
        "seed": seed,
        "version": package_version(GENERATORS[generator][1]),
        "measured_with": f"scikit-learn {version('scikit-learn')}, imbalanced-learn {version('imbalanced-learn')}",
    }


def evaluate(table: Table, split: int, generator: str, seed: int) -> Row:
    """Train on one half and compare the synthetic rows with both halves; the measures are nan after a failure."""
    X, y = load(table)
    halves = RepeatedStratifiedKFold(n_splits=2, n_repeats=split // 2 + 1, random_state=seed)
    train, test = list(halves.split(X, y))[split]
    X, y, held, y_held = X.iloc[train].reset_index(drop=True), y[train], X.iloc[test], y[test]
    split_seed = int(np.random.SeedSequence([seed, split]).generate_state(1)[0] >> 1)
    generate, n, note = GENERATORS[generator][0], OVERSAMPLED * int(y_held.sum()), ""
    found = dict.fromkeys(MEASURES, float("nan"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        try:
            synthetic = generate(X, y, n, split_seed) if generate else held[y_held == 1]
        except Exception as error:
            synthetic, note = X[:0], error_text(error)
        seconds = time.perf_counter() - start
        if len(synthetic):
            for_held = synthetic if generate else X[y == 1]
            found = measures(synthetic, for_held, X, y, held, y_held, split_seed)
    return (
        {"table": table.name, "split": split, "generator": generator, **stamp(generator, seed)}
        | {"n_train": int(y.sum()), "n_held": int(y_held.sum()), "n_synthetic": len(synthetic)}
        | {"fit_seconds": round(seconds, 4), "note": note, **found}
    )


# --- many evaluations ------------------------------------------------------------------------------------------------


def current(results: RawRows, seed: int) -> pd.DataFrame:
    """Return the rows with this seed and the installed versions.

    For a generator that is not installed, return the rows of the version that was run last.
    """
    rows = results.read(keep_default_na=False, na_values={measure: ["nan"] for measure in MEASURES})
    kept = [rows[:0]]
    for generator, of_generator in rows.groupby("generator"):
        if generator in GENERATORS:
            of_generator = of_generator[matching(of_generator, {"protocol": PROTOCOL, "seed": seed})]
            if is_installed(GENERATORS[generator][1]):
                kept.append(of_generator[matching(of_generator, stamp(generator, seed))])
            elif len(of_generator):
                last = of_generator.iloc[-1]
                kept.append(of_generator[matching(of_generator, last[["version", "measured_with"]])])
    return pd.concat(kept).drop_duplicates(KEY, keep="last").reset_index(drop=True)


def run(
    tables: Sequence[Table],
    generators: Sequence[str],
    n_splits: int,
    results: RawRows,
    seed: int,
    n_workers: int,
    console: Console,
) -> int:
    """Run the evaluations that are not finished; return how many were run."""
    finished = set(current(results, seed)[KEY].itertuples(index=False, name=None))
    wanted = [
        (table, split, generator, seed) for table in tables for split in range(n_splits) for generator in generators
    ]
    tasks = [task for task in wanted if (task[0].name, *task[1:3]) not in finished]
    console.print(f"{len(wanted)} evaluations, {len(wanted) - len(tasks)} of them already finished")
    rows = evaluations(evaluate, tasks, n_workers)
    with results:
        for row in track(rows, "", total=len(tasks), console=console, disable=not tasks):
            results.append([row])
    return len(tasks)


# --- the page --------------------------------------------------------------------------------------------------------

# criterion for a table's mean over splits -> whether it is met
CRITERIA: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "no invalid cell": lambda t: t["invalid"] == 0,
    "no broken dtype": lambda t: t["broken dtypes"] == 0,
    "confirmed ratio >= 0.9": lambda t: t["confirmed ratio"] >= 0.9,
    "AUC within 0.1": lambda t: t["two-sample AUC"] <= t["AUC real"].clip(lower=0.5) + 0.1,
    "distance ratio 0.5 to 2": lambda t: t["distance ratio"].between(0.5, 2),
    "no excess of copies": lambda t: t["excess copies"] <= 2 * t["error of copies"],
}


def scores_of(rows: pd.DataFrame, generators: Sequence[str], n_splits: int) -> pd.DataFrame:
    """Mean over splits, and the comparison with real rows, for each table that all generators have finished."""
    rows = rows[rows["generator"].isin(generators) & (rows["split"] < n_splits)]
    finished = rows.groupby("table").size() == n_splits * len(generators)
    rows = rows[rows["table"].isin(finished.index[finished])]
    means = rows.groupby(["table", "generator"])[[*MEASURES, "n_held"]].mean()
    real = means[means.index.get_level_values("generator") == REAL].droplevel("generator")
    real = real.reindex(means.index.get_level_values("table")).set_axis(means.index)
    means["confirmed ratio"] = means["confirmed"] / real["confirmed"].replace(0, np.nan)
    means["AUC real"] = real["two-sample AUC"].where(means["two-sample AUC"].notna())
    means["distance ratio"] = means["distance"] / real["distance"].replace(0, np.nan)
    means["excess copies"] = means["copies"] - real["copies"]
    # standard error of the share among the real rows, which are few
    means["error of copies"] = np.sqrt(real["copies"] * (1 - real["copies"]) / (n_splits * means["n_held"]))
    return means


SHOWN = ["invalid", "broken dtypes", "confirmed", "confirmed ratio", "two-sample AUC", "AUC real", "distance ratio"]
SHOWN += ["copies", "excess copies"]


def mean_of(scores: pd.DataFrame, generators: Sequence[str]) -> pd.DataFrame:
    mean = scores.groupby("generator")[SHOWN].mean().loc[list(generators)]
    mean.insert(7, "distance ratio, median", scores.groupby("generator")["distance ratio"].median())
    return mean


def write_page(
    stem: Path,
    title: str,
    tables: Sequence[Table],
    rows: pd.DataFrame,
    generators: Sequence[str],
    n_splits: int,
    seed: int,
) -> pd.DataFrame:
    """Write the page and the figure of one group of tables; return the means over tables.

    A generator that has finished only some of the tables is reported on these in a separate section.
    """
    rows = rows[rows["table"].isin([table.name for table in tables]) & (rows["split"] < n_splits)]
    n_done = rows.groupby("generator").size().reindex(generators, fill_value=0)
    behind = [name for name in generators if n_done[name] < n_done.max()]
    generators = [name for name in generators if name not in behind]
    partly = {name: scores_of(rows, [*generators, name], n_splits) for name in behind}
    partly = {name: of_part for name, of_part in partly.items() if len(of_part)}
    scores = scores_of(rows, generators, n_splits)
    finished = list(dict.fromkeys(scores.index.get_level_values("table")))
    if not finished:
        raise SystemExit(f"{title}: there is no table that every generator has finished")
    rows = rows[rows["table"].isin(finished) & rows["generator"].isin([*generators, *partly])]
    synthetic = [generator for generator in generators if generator != REAL]
    of_generator = scores.groupby("generator")
    mean = mean_of(scores, generators)
    mean["seconds, median"] = rows.groupby("generator")["fit_seconds"].median().drop(REAL)

    met = {}
    for criterion, holds in CRITERIA.items():
        known = scores["two-sample AUC"].notna() if criterion.startswith("AUC") else scores["confirmed"].notna()
        known &= scores["distance ratio"].notna() if criterion.startswith("distance") else known
        met[criterion] = holds(scores).astype(float).where(known).groupby("generator").mean()
    undefined = scores.xs(REAL, level="generator")[["confirmed ratio", "distance ratio", "two-sample AUC"]].isna().sum()
    failed = rows[rows["note"] != ""].groupby("generator")["note"].agg(["size", most_frequent])
    failed.columns = ["failed", "most frequent message"]

    draw(stem.with_suffix(".png"), scores, synthetic, title)
    parts = [
        f"# {title}: fidelity and copies",
        f"{len(finished)} tables, {n_splits} splits into a training and a held-out half. {len(tables) - len(finished)} "
        f"tables are left out because not every generator has finished them. The protocol and the measures are "
        f"described at the top of `benchmarks/fidelity.py`.",
        circumstances(PROTOCOL, [machine()], seed),
        f"Versions: {joined(rows['version'])}. Measured with: {joined(rows['measured_with'])}.",
        f"`{REAL}` are rows of the table that the generator has not seen: held-out rows compared with training rows. A "
        f"perfect generator would reach their values. Real rows also contain invalid cells and copies. SMOTE "
        f"interpolates scaled numbers; scaled back and not rounded, its rows are no longer integers and change the "
        f"dtype. Some tables contain every possible row once (such as car-good). None of their real rows is a copy, "
        f"but rows drawn from the same distribution would be.",
        "## Mean over tables",
        markdown(mean.rename_axis("generator"), 3),
        f"The two-sample AUC is the mean over the {len(finished) - undefined['two-sample AUC']} tables with at least "
        f"{MIN_TWO_SAMPLE} minority rows in each half. The distance ratio is undefined for "
        f"{undefined['distance ratio']} tables, where at least half of the held-out rows equal training rows. The "
        f"confirmed ratio is undefined for {undefined['confirmed ratio']} tables, where no real row was confirmed.",
        f"![Two-sample AUC, distance, confirmation and copies, with a point for each table]({stem.name}.png)",
        *(
            f"## Tables that {name} has finished ({of_part.index.unique('table').size})\n\n"
            + markdown(mean_of(of_part, [*generators, name]).rename_axis("generator"), 3)
            for name, of_part in partly.items()
        ),
        "## Share of tables that meet each criterion",
        markdown(pd.DataFrame(met).loc[synthetic], 2),
        "`AUC within 0.1` means within 0.1 of 0.5 or, where it is higher, of the AUC of real rows. "
        "`no excess of copies` means at most two standard errors above the share of copies among the held-out rows.",
        "## Invalid cells, by kind",
        markdown(of_generator[KINDS].mean().loc[list(generators)], 3),
        "## Failures",
        markdown(failed, 3) if len(failed) else "None.",
        "## Tables",
        markdown(described(table for table in tables if table.name in finished), 3),
    ]
    for name in finished:
        of_table = scores.loc[name][[*SHOWN[:7], "distance", *SHOWN[7:]]].loc[generators]
        parts += [f"### {name}", markdown(of_table, 3)]
    write(stem, parts)
    return mean


COLORS = {
    "ganaug": "tab:red",
    "ganaug unselected": "tab:orange",
    "ganaug noise": "tab:brown",
    "SMOTE": "tab:blue",
    "random": "0.45",
    "ARF": "tab:green",
    "UTrees": "tab:olive",
    "Forest-Flow": "tab:cyan",
    "CTGAN": "tab:purple",
}
MARKERS = {
    "ganaug": "o",
    "ganaug unselected": "s",
    "ganaug noise": "v",
    "SMOTE": "^",
    "random": "X",
    "ARF": "P",
    "UTrees": "<",
    "Forest-Flow": ">",
    "CTGAN": "D",
}


def draw(path: Path, scores: pd.DataFrame, generators: Sequence[str], title: str) -> None:
    """Draw AUC over distance and a strip for each share, with a point for each table and a large one for the median."""
    with figure_style():
        figure = Figure(figsize=(13, 7), layout="constrained")
        panels = [["scatter", "confirmed ratio"], ["scatter", "excess copies"], ["scatter", "invalid"]]
        axes = figure.subplot_mosaic(panels, width_ratios=[1.2, 1])
        draw_scatter(axes["scatter"], scores, generators)
        for measure, (label, target, ends) in STRIPS.items():
            draw_strip(axes[measure], scores[measure].clip(*ends), generators, label, target)
            axes[measure].set_xlim(*ends)
            axes[measure].xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        handles, labels = axes["scatter"].get_legend_handles_labels()
        figure.legend(handles, labels, frameon=False, loc="outside lower center", ncols=3)
        figure.suptitle(f"{title}: each point is a table, large points are medians, dashed lines are real rows")
        figure.savefig(path, dpi=130)


def point(generator: str, large: bool = False) -> dict[str, Any]:
    size = {"s": 150, "edgecolor": "black", "linewidth": 1.2, "zorder": 3} if large else {"s": 28, "linewidth": 0}
    return {"color": COLORS[generator], "marker": MARKERS[generator], "alpha": 1 if large else 0.5, **size}


def draw_scatter(ax: Axes, scores: pd.DataFrame, generators: Sequence[str], farthest: float = 2.5) -> None:
    ax.axhline(scores.xs(REAL, level="generator")["two-sample AUC"].median(), color="black", ls="--", lw=1, zorder=0)
    ax.axvline(1, color="black", ls="--", lw=1, zorder=0)
    for generator in generators:
        points = scores.xs(generator, level="generator")[["distance ratio", "two-sample AUC"]].dropna()
        if len(points):
            ratio, auc = points.median()
            label = f"{generator}: AUC {auc:.2f}, distance ratio {ratio:.2f}"
            ax.scatter(points["distance ratio"].clip(upper=farthest), points["two-sample AUC"], **point(generator))
            ax.scatter(min(ratio, farthest), auc, label=label, **point(generator, large=True))
    ax.set_xlim(-0.05, min(max(1.2, ax.get_xlim()[1]), farthest + 0.05))
    ax.set_xlabel(f"distance to the closest training row, divided by that of real rows (at most {farthest:g} is shown)")
    ax.set_ylabel("two-sample AUC: synthetic rows against held-out real rows")
    ax.set_title("Realistic rows are low, new rows are on the right", loc="left", fontsize=11)


# measure -> title, value of real rows, limits of the axis, to which points are clipped
STRIPS = {
    "confirmed ratio": ("Rows confirmed by a classifier, relative to real rows", 1, (-0.1, 2.0)),
    "excess copies": ("Copies of training rows, minus the share among real rows", 0, (-0.2, 1.0)),
    "invalid": ("Invalid cells", 0, (-0.05, 1.0)),
}


def draw_strip(ax: Axes, values: pd.Series, generators: Sequence[str], title: str, target: float) -> None:
    ax.axvline(target, color="black", ls="--", lw=1, zorder=0)
    jitter = np.random.default_rng(0)
    for place, generator in enumerate(generators):
        of_generator = values.xs(generator, level="generator").dropna()
        height = place + jitter.uniform(-0.22, 0.22, len(of_generator))
        ax.scatter(of_generator, height, clip_on=False, **point(generator))
        if len(of_generator):
            ax.scatter(of_generator.median(), place, clip_on=False, **point(generator, large=True))
    ax.set_yticks(range(len(generators)), list(generators))
    ax.set_ylim(len(generators) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_title(title, loc="left", fontsize=11)


# --- the command -----------------------------------------------------------------------------------------------------


def groups_of(args: argparse.Namespace) -> dict[str, list[Table]]:
    """Return the tables of each page, smallest first."""
    keel = keel_tables() if args.quick or args.half != "none" else []
    tables = [table for table in keel if args.quick or args.half in (table.group, "both")]
    tables += larger_tables(args.data) if args.data and not args.quick else []
    if not tables:
        raise SystemExit("no tables: give --half, or --data with a folder of Parquet files")
    groups = select(tables, QUICK_TABLES if args.quick else args.tables, args.smallest)
    return {"quick": groups["design"]} if args.quick else groups


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="4 small tables")
    parser.add_argument("--half", choices=["design", "confirm", "both", "none"], default="design", help="of KEEL")
    parser.add_argument("--data", type=Path, help="folder of larger tables as Parquet, last column the target")
    parser.add_argument("--tables", nargs="+", help="only these tables")
    parser.add_argument("--smallest", type=int, help="only this many tables of each group, the smallest ones")
    parser.add_argument("--generators", nargs="+", choices=list(GENERATORS), help="only these, and real rows")
    parser.add_argument("--splits", type=int, default=2, help="two for each division of a table into halves")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for all files that are written")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    args = arguments(given)
    console = Console()
    groups = groups_of(args)
    wanted = [name for name in GENERATORS if name == REAL or name in (args.generators or GENERATORS)]
    installed = [name for name in wanted if is_installed(GENERATORS[name][1])]
    results = RawRows(args.results / "fidelity.csv.gz", COLUMNS)
    tables = [table for of_group in groups.values() for table in of_group]
    run(tables, installed, args.splits, results, args.seed, args.workers, console)

    rows = current(results, args.seed)
    for group, of_group in groups.items():
        earlier = set(rows.loc[rows["table"].isin([table.name for table in of_group]), "generator"])
        reported = [name for name in wanted if name in installed or name in earlier]
        if left_out := [name for name in wanted if name not in reported]:
            console.print(
                f"left out because they are not installed and have no rows of an earlier run: {', '.join(left_out)}"
            )
        title = {"larger": "Larger tables", "quick": "KEEL, quick"}.get(group, f"KEEL, {group} half")
        mean = write_page(args.results / f"fidelity-{group}", title, of_group, rows, reported, args.splits, args.seed)
        console.print(f"\n{title}: mean over tables", highlight=False)
        console.print(mean.round(3).to_string(), highlight=False, soft_wrap=True)
        console.print(f"fidelity-{group}.md and fidelity-{group}.png in {args.results.name}/", highlight=False)


if __name__ == "__main__":
    run_command(main)
