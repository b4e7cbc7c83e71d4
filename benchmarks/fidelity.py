"""Are the rows real, and are they copies? ganaug beside SMOTE, copies and CTGAN, against rows none of them has seen.

    python benchmarks/fidelity.py --quick                       4 small tables, under 2 minutes
    python benchmarks/fidelity.py --half design                 tune on these
    python benchmarks/fidelity.py --half confirm                report these, never tune on them
    python benchmarks/fidelity.py --half none --data FOLDER     larger mixed tables: Parquet, last column the target
    python benchmarks/fidelity.py --quick --generators CTGAN    where `ctgan` is installed

An interrupted run goes on where it stopped: give the same command again. Every finished (table, split, generator) is
appended to ``benchmarks/results/fidelity.csv``; the page and the figure of each group of tables lie beside it. CTGAN
may be run in an environment of its own: its rows stay in the file, and are reported where it is not installed.

Protocol. A table is split into stratified halves, each of which is the training half once (``--splits 4`` halves it
anew). A generator is trained on the training half and makes 10 times as many minority rows as the other half, the
held-out one, has. ganaug (with its defaults; with ``selection=None``; with ``prior="neighbors"``) and random get the
rows as they are, SMOTE (SMOTENC or SMOTEN where there are categories) imputed and scaled ones, CTGAN imputed ones.
SMOTE's rows are scaled back and not rounded. Measured are:

invalid          share of cells that are legal nowhere in the training half: a number outside the range of its column
                 or off the grid of a column of whole numbers, a level unseen, a cell missing in a column without gaps
broken dtypes    share of columns whose dtype has changed
confirmed        share of rows that a forest trained on the held-out half, class-balanced, takes for the minority;
                 "real" is the share of the training half's minority rows, as unseen by that forest as the made ones
two-sample AUC   how well a forest tells as many made rows from the held-out minority rows, cross-validated: 0.5 is not
                 at all; "real" is training half against held-out half, a bit below 0.5 where rows are few. Only for
                 tables with 20 minority rows in each half
distance         median distance to the closest minority row of the training half, after scaling and one-hot coding;
                 "real" is that of the held-out minority rows, and the ratio to it is 1 for rows like new data
copies           share of rows equal to a minority row of the training half in every cell (numbers to within 1e-9 of a
                 standard deviation); "real" is the share of the held-out minority rows, and copies beyond it the excess

Distances and forests see missing cells imputed. A ratio to a zero is left out and the page says how often.
"""

import argparse
import csv
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import tabular
from imblearn.ensemble import BalancedRandomForestClassifier
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC, RandomOverSampler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from pandas.api.types import is_numeric_dtype
from rich.console import Console
from rich.progress import track
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedKFold, cross_val_score
from sklearn.neighbors import NearestNeighbors
from tabular import Table

# Raise it when splits, generators or measures change: rows of another protocol are never mixed with these.
PROTOCOL = 1
OVERSAMPLED = 10
MIN_TWO_SAMPLE = 20
N_TREES = 100
QUICK_TABLES = ["abalone9-18", "car-good", "haberman", "yeast-2_vs_4"]

# --- generators: (X, y, number of rows of class 1, seed) -> rows ------------------------------------------------------

Generate = Callable[[pd.DataFrame, np.ndarray, int, int], pd.DataFrame]


def ganaug(prior: str = "noise", selection: str | None = "auto") -> Generate:
    def generate(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
        from ganaug import GANOversampler, TabularGAN

        wanted = {0: int((y == 0).sum()), 1: int(y.sum()) + n}
        model = TabularGAN(prior=prior, device="cpu")
        sampler = GANOversampler(sampling_strategy=wanted, model=model, selection=selection, random_state=seed)
        return sampler.fit_resample(X, y)[0][sampler.is_synthetic_]

    return generate


def random(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    sampler = RandomOverSampler(sampling_strategy={1: int(y.sum()) + n}, random_state=seed)
    return sampler.fit_resample(X, y)[0].iloc[len(X) :]


def smote(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    tidy = tabular.preparation(X)["tidy"].fit(X)
    categories = list(X.select_dtypes(exclude="number"))
    how = {
        "sampling_strategy": {1: int(y.sum()) + n},
        "k_neighbors": tabular.neighbors(y),
        "random_state": seed,
    }
    if not categories:
        sampler = SMOTE(**how)
    elif len(categories) < X.shape[1]:
        sampler = SMOTENC(categories, **how)
    else:
        sampler = SMOTEN(**how)
    return in_units(tidy, sampler.fit_resample(tidy.transform(X), y)[0].iloc[len(X) :], X)


def ctgan(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    """Train on both classes, the class as condition, which CTGAN need not heed: rows of the other class are dropped."""
    from ctgan import CTGAN

    tidy = tabular.preparation(X)["tidy"].fit(X)
    frame, target = X.fillna(in_units(tidy, tidy.transform(X), X)).assign(**{"\0": y}), "\0"
    model = CTGAN(enable_gpu=False)
    model.set_random_state(seed)
    model.fit(frame, [*X.select_dtypes(exclude="number"), target])
    drawn = pd.concat([model.sample(n, target, 1) for _ in range(5)])
    made = drawn[drawn[target].astype(int) == 1].drop(columns=target)
    if len(made) == 0:
        raise RuntimeError("no row of the rarer class among those made")
    return made[:n] if len(made) >= n else made.sample(n, replace=True, random_state=seed)


def in_units(tidy: ColumnTransformer, rows: pd.DataFrame, X: pd.DataFrame) -> pd.DataFrame:
    """Scale tidy rows back to the units of X, not rounded; categories get their dtypes again."""
    numbers = list(X.select_dtypes("number"))
    rows = rows.copy()
    if numbers:
        rows[numbers] = tidy.named_transformers_["n"][-1].inverse_transform(rows[numbers])
    return rows[list(X.columns)].astype(X.dtypes.drop(numbers).to_dict())


# name -> how it makes rows, and the package whose version decides; "real" is the reference for the others
REAL = "real"
GENERATORS: dict[str, tuple[Generate | None, str]] = {
    REAL: (None, "scikit-learn"),
    "ganaug": (ganaug(), "ganaug"),
    "ganaug unselected": (ganaug(selection=None), "ganaug"),
    "ganaug neighbors": (ganaug("neighbors"), "ganaug"),
    "SMOTE": (smote, "imbalanced-learn"),
    "random": (random, "imbalanced-learn"),
    "CTGAN": (ctgan, "ctgan"),
}

# --- measures --------------------------------------------------------------------------------------------------------

KINDS = ["out of range", "off grid", "unseen level", "missing"]
MEASURES = ["invalid", *KINDS, "broken dtypes", "confirmed", "two-sample AUC", "distance", "copies"]


def validity(made: pd.DataFrame, X: pd.DataFrame) -> dict[str, float]:
    """Share of cells that are not legal after training on X, also by kind, and of columns whose dtype has changed."""
    counts = dict.fromkeys(KINDS, 0)
    for column in X:
        known = X[column].dropna()
        if len(known) == len(X):
            counts["missing"] += int(made[column].isna().sum())
        cells = made[column].dropna()
        if not is_numeric_dtype(known):
            counts["unseen level"] += int((~cells.isin(known.unique())).sum())
            continue
        numbers = pd.to_numeric(cells.astype(object), errors="coerce").astype(float)  # text becomes nan: out of range
        slack = 1e-9 * float(known.abs().max())  # scaling back is not exact
        inside = numbers.between(known.min() - slack, known.max() + slack)
        counts["out of range"] += int((~inside).sum())
        if (known % 1 == 0).all():
            counts["off grid"] += int((inside & ((numbers - numbers.round()).abs() > 1e-6)).sum())
    shares = {kind: count / made.size for kind, count in counts.items()}
    changed = [made[column].dtype != X[column].dtype for column in X]
    return {"invalid": sum(shares.values()), **shares, "broken dtypes": float(np.mean(changed))}


def confirmed(rows: np.ndarray, held: np.ndarray, y_held: np.ndarray, seed: int) -> float:
    """Share of rows that a forest, each tree of which is given equal classes, takes for class 1."""
    forest = BalancedRandomForestClassifier(N_TREES, random_state=seed).fit(held, y_held)
    return float(forest.predict(rows).mean())


def two_sample_auc(a: np.ndarray, b: np.ndarray, seed: int) -> float:
    """ROC AUC of a forest that tells rows of a from as many of b; few rows are cross-validated repeatedly."""
    n = min(len(a), len(b))
    labels, scores = np.repeat([1, 0], n), []
    for repeat in range(int(np.clip(200 // n, 1, 4))):
        rows = np.r_[a[(repeat * n + np.arange(n)) % len(a)], b[:n]]  # other rows of a each time, where it has more
        folds = StratifiedKFold(5, shuffle=True, random_state=seed + repeat)
        forest = RandomForestClassifier(N_TREES, random_state=seed + repeat)
        scores.append(cross_val_score(forest, rows, labels, cv=folds, scoring="roc_auc").mean())
    return float(np.mean(scores))


def median_distance(rows: np.ndarray, training: np.ndarray) -> float:
    # a tree, because it gives exact zeros
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
    placed: pd.DataFrame,
    judged: pd.DataFrame,
    X: pd.DataFrame,
    y: np.ndarray,
    held: pd.DataFrame,
    y_held: np.ndarray,
    seed: int,
) -> dict[str, float]:
    """Compare `placed` with the training half (X, y), `judged` with the held-out half; made rows are both."""
    matrix = tabular.preparation(X).fit(X).transform
    judged_rows, held_rows = matrix(judged), matrix(held)
    enough = min(y.sum(), y_held.sum()) >= MIN_TWO_SAMPLE
    return {
        **validity(placed, X),
        "confirmed": confirmed(judged_rows, held_rows, y_held, seed),
        "two-sample AUC": two_sample_auc(judged_rows, held_rows[y_held == 1], seed) if enough else float("nan"),
        "distance": median_distance(matrix(placed), matrix(X[y == 1])),
        "copies": copies(placed, X[y == 1]),
    }


# --- one evaluation --------------------------------------------------------------------------------------------------

Row = dict[str, Any]
KEY = ["table", "split", "generator"]
STAMP = ["protocol", "seed", "version", "judges"]
COLUMNS = [*KEY, *STAMP, "n_train", "n_held", "n_made", "fit_seconds", "note", *MEASURES]


def stamp(generator: str, seed: int) -> Row:
    """Say what a row depends on beside its key."""
    return {
        "protocol": PROTOCOL,
        "seed": seed,
        "version": tabular.package_version(GENERATORS[generator][1]),
        "judges": f"scikit-learn {version('scikit-learn')}, imbalanced-learn {version('imbalanced-learn')}",
    }


def evaluate(table: Table, split: int, generator: str, seed: int) -> Row:
    """Train on one half, make rows, measure them against both halves; nan where the generator fails."""
    X, y = tabular.load(table)
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
            made = generate(X, y, n, split_seed) if generate else held[y_held == 1]
        except Exception as error:
            made, note = X[:0], tabular.message(error)
        seconds = time.perf_counter() - start
        if len(made):
            judged = made if generate else X[y == 1]
            found = measures(made, judged, X, y, held, y_held, split_seed)
    return (
        {"table": table.name, "split": split, "generator": generator, **stamp(generator, seed)}
        | {"n_train": int(y.sum()), "n_held": int(y_held.sum()), "n_made": len(made)}
        | {"fit_seconds": round(seconds, 4), "note": note, **found}
    )


# --- many evaluations ------------------------------------------------------------------------------------------------


def read(path: Path, seed: int) -> pd.DataFrame:
    """Rows as they are now, neither of another version nor of another seed.

    Of a generator that is not installed, the version that ran last.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    content = path.read_bytes()
    if not content.endswith(b"\n"):  # a run was cut short while writing
        path.write_bytes(content[: content.rfind(b"\n") + 1])
    rows = pd.read_csv(path, keep_default_na=False, na_values={measure: ["nan"] for measure in MEASURES})
    if list(rows.columns) != COLUMNS:
        raise SystemExit(f"{path.name} has other columns than this script writes: move it away")
    kept = [rows[:0]]
    for generator, of_generator in rows.groupby("generator"):
        if generator in GENERATORS:
            of_generator = of_generator[(of_generator["protocol"] == PROTOCOL) & (of_generator["seed"] == seed)]
            if tabular.is_installed(GENERATORS[generator][1]):
                now = stamp(generator, seed)
            else:
                now = dict(of_generator.iloc[-1]) if len(of_generator) else dict.fromkeys(STAMP)
            same = (of_generator["version"] == now["version"]) & (of_generator["judges"] == now["judges"])
            kept.append(of_generator[same])
    return pd.concat(kept).drop_duplicates(KEY, keep="last").reset_index(drop=True)


def run(
    tables: Sequence[Table],
    generators: Sequence[str],
    n_splits: int,
    path: Path,
    seed: int,
    n_workers: int,
    console: Console,
) -> int:
    """Do what is not done yet; return the number of evaluations computed."""
    finished = set(read(path, seed)[KEY].itertuples(index=False, name=None))
    wanted = [
        (table, split, generator, seed) for table in tables for split in range(n_splits) for generator in generators
    ]
    tasks = [task for task in wanted if (task[0].name, *task[1:3]) not in finished]
    console.print(f"{len(wanted)} evaluations, of which {len(wanted) - len(tasks)} are done already")
    rows = tabular.evaluations(evaluate, tasks, n_workers)
    for row in track(rows, "", total=len(tasks), console=console, disable=not tasks):
        with path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, COLUMNS, lineterminator="\n").writerow(row)
    return len(tasks)


# --- the page --------------------------------------------------------------------------------------------------------

# what is wanted of a table's mean over splits -> whether it is so
CRITERIA: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "no invalid cell": lambda t: t["invalid"] == 0,
    "no broken dtype": lambda t: t["broken dtypes"] == 0,
    "confirmed ratio >= 0.9": lambda t: t["confirmed ratio"] >= 0.9,
    "AUC within 0.1": lambda t: t["two-sample AUC"] <= t["AUC real"].clip(lower=0.5) + 0.1,
    "distance ratio 0.5 to 2": lambda t: t["distance ratio"].between(0.5, 2),
    "no excess of copies": lambda t: t["excess copies"] <= 2 * t["error of copies"],
}


def scores_of(rows: pd.DataFrame, generators: Sequence[str], n_splits: int) -> pd.DataFrame:
    """Mean over splits, a row for each generator of each table that all have finished, and how it compares to real."""
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
    # of the share among real rows, which are few
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

    A generator that has finished only some of the tables has a section of its own on these.
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
        raise SystemExit(f"{title}: no table has been finished by every generator")
    rows = rows[rows["table"].isin(finished) & rows["generator"].isin([*generators, *partly])]
    made = [generator for generator in generators if generator != REAL]
    of_generator = scores.groupby("generator")
    mean = mean_of(scores, generators)
    mean["fit s, median"] = rows.groupby("generator")["fit_seconds"].median().drop(REAL)

    met = {}
    for criterion, holds in CRITERIA.items():
        known = scores["two-sample AUC"].notna() if criterion.startswith("AUC") else scores["confirmed"].notna()
        known &= scores["distance ratio"].notna() if criterion.startswith("distance") else known
        met[criterion] = holds(scores).astype(float).where(known).groupby("generator").mean()
    undefined = scores.xs(REAL, level="generator")[["confirmed ratio", "distance ratio", "two-sample AUC"]].isna().sum()
    failed = rows[rows["note"] != ""].groupby("generator")["note"].agg(["size", lambda notes: notes.mode()[0]])
    failed.columns = ["failed", "most frequent message"]

    draw(stem.with_suffix(".png"), scores, made, title)
    parts = [
        f"# {title}: are the rows real, and are they copies?",
        f"{len(finished)} tables, {n_splits} splits into a training and a held-out half. {len(tables) - len(finished)} "
        f"tables are left out, as not every generator has finished them. How it is done and what the measures mean "
        f"stands at the top of `benchmarks/fidelity.py`.",
        f"Seed {seed}, protocol {PROTOCOL}. {tabular.machine()}; one thread a process. {date.today().isoformat()}.",
        f"Versions: {'; '.join(dict.fromkeys(rows['version']))}. Judges: {'; '.join(dict.fromkeys(rows['judges']))}.",
        f"`{REAL}` are rows of the table that the generator has not seen (held-out rows beside training rows), so what "
        f"a perfect generator would get; invalid cells and copies occur among them as well. SMOTE works on scaled "
        f"floats: scaled back and not rounded, its rows leave the grid of whole numbers and their dtype. Where few "
        f"different rows are possible and the table holds each once (such as car-good), none of the real rows is a "
        f"copy, though rows drawn from their distribution would be.",
        "## Mean over tables",
        markdown(mean.rename_axis("generator")),
        f"The two-sample AUC is that of the {len(finished) - undefined['two-sample AUC']} tables with at least "
        f"{MIN_TWO_SAMPLE} minority rows in each half. Without a distance ratio, as half of the held-out rows or more "
        f"equal training rows: {undefined['distance ratio']} tables; without a confirmed ratio, as no real row was "
        f"confirmed: {undefined['confirmed ratio']}.",
        f"![Two-sample AUC, distance, confirmation and copies, a point for each table]({stem.name}.png)",
        *(
            f"## On the {of_part.index.unique('table').size} of these tables that {name} has finished\n\n"
            + markdown(mean_of(of_part, [*generators, name]).rename_axis("generator"))
            for name, of_part in partly.items()
        ),
        "## Share of tables on which",
        markdown(pd.DataFrame(met).loc[made], 2),
        "AUC within 0.1 of 0.5 or, where that is higher, of real rows. An excess of copies is one beyond two standard "
        "errors of the share among the held-out rows.",
        "## Invalid cells, by kind",
        markdown(of_generator[KINDS].mean().loc[list(generators)]),
        "## Failures",
        markdown(failed) if len(failed) else "None.",
        "## Tables",
        markdown(tabular.described(table for table in tables if table.name in finished), 3),
    ]
    for name in finished:
        parts += [f"### {name}", markdown(scores.loc[name][[*SHOWN[:7], "distance", *SHOWN[7:]]].loc[generators])]
    stem.with_suffix(".md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return mean


def markdown(frame: pd.DataFrame, digits: int = 3) -> str:
    return tabular.markdown(frame, digits).replace("| nan ", "| - ")


COLORS = {
    "ganaug": "tab:red",
    "ganaug unselected": "tab:orange",
    "ganaug neighbors": "tab:brown",
    "SMOTE": "tab:blue",
    "random": "0.45",
    "CTGAN": "tab:purple",
}
MARKERS = {"ganaug": "o", "ganaug unselected": "s", "ganaug neighbors": "v", "SMOTE": "^", "random": "X", "CTGAN": "D"}


def draw(path: Path, scores: pd.DataFrame, generators: Sequence[str], title: str) -> None:
    """Draw a point for each table and a large one for the median: AUC over distance, and a strip for each share."""
    with mpl.rc_context({"font.family": "DejaVu Sans", "axes.spines.top": False, "axes.spines.right": False}):
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
        figure.suptitle(f"{title}: a point for each table, the large one is the median; dashed: real rows")
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
    ax.set_xlabel(f"distance to the closest training row, over that of real rows (beyond {farthest:g} at the edge)")
    ax.set_ylabel("two-sample AUC: made rows told from held-out real rows")
    ax.set_title("Are the rows real (low), and are they new (right)?", loc="left", fontsize=11)


# measure -> title, what real rows have, ends of the axis, where points beyond are drawn
STRIPS = {
    "confirmed ratio": ("Confirmed by a classifier, relative to real rows", 1, (-0.1, 2.0)),
    "excess copies": ("Copies of training rows, beyond the share of real rows", 0, (-0.2, 1.0)),
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


def groups_of(args: argparse.Namespace) -> dict[str, list[Table]]:
    """Tables that are reported together, smallest first."""
    keel = tabular.keel_tables() if args.quick or args.half != "none" else []
    tables = [table for table in keel if args.quick or args.half in (table.group, "both")]
    tables += tabular.larger_tables(args.data) if args.data and not args.quick else []
    if chosen := QUICK_TABLES if args.quick else args.tables:
        if unknown := set(chosen) - {table.name for table in tables}:
            raise SystemExit(f"not among the tables: {', '.join(sorted(unknown))}")
        tables = [table for table in tables if table.name in chosen]
    if not tables:
        raise SystemExit("no tables: give --half, or --data with a folder of Parquet files")
    groups: dict[str, list[Table]] = {}
    for table in sorted(tables, key=lambda table: len(tabular.load(table)[1])):
        groups.setdefault("quick" if args.quick else table.group, []).append(table)
    return {group: of_group[: args.smallest] for group, of_group in groups.items()}


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="4 small tables")
    parser.add_argument("--half", choices=["design", "confirm", "both", "none"], default="design", help="of KEEL")
    parser.add_argument("--data", type=Path, help="folder of larger tables as Parquet, last column the target")
    parser.add_argument("--tables", nargs="+", help="only these")
    parser.add_argument("--smallest", type=int, help="only so many of the smallest tables of each group")
    parser.add_argument("--generators", nargs="+", choices=list(GENERATORS), help="only these, beside real rows")
    parser.add_argument("--splits", type=int, default=2, help="a halving for every two, each half training once")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--results", type=Path, default=tabular.RESULTS, help="folder for all that is written")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    args = arguments(given)
    console = Console()
    groups = groups_of(args)
    wanted = [name for name in GENERATORS if name == REAL or name in (args.generators or GENERATORS)]
    installed = [name for name in wanted if tabular.is_installed(GENERATORS[name][1])]
    path = args.results / "fidelity.csv"
    tables = [table for of_group in groups.values() for table in of_group]
    run(tables, installed, args.splits, path, args.seed, args.workers, console)

    rows = read(path, args.seed)
    for group, of_group in groups.items():
        earlier = set(rows.loc[rows["table"].isin([table.name for table in of_group]), "generator"])
        reported = [name for name in wanted if name in installed or name in earlier]
        if left_out := [name for name in wanted if name not in reported]:
            console.print(f"left out, as not installed and without rows of an earlier run: {', '.join(left_out)}")
        title = {"larger": "Larger tables", "quick": "KEEL, quick"}.get(group, f"KEEL, {group} half")
        mean = write_page(args.results / f"fidelity-{group}", title, of_group, rows, reported, args.splits, args.seed)
        console.print(f"\n{title}: mean over tables", highlight=False)
        console.print(mean.round(3).to_string(), highlight=False, soft_wrap=True)
        console.print(f"fidelity-{group}.md and fidelity-{group}.png in {args.results.name}/", highlight=False)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("interrupted: the same command goes on from here") from None
