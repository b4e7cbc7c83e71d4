"""Synthetic rows whose faults are known, from a table with classes. The same generator gives the same rows."""

from collections.abc import Callable, Hashable

import numpy as np
import pandas as pd
from sklearn.datasets import make_classification

Build = Callable[[pd.DataFrame, pd.DataFrame, Hashable, int, np.random.Generator], pd.DataFrame]


def copies(real: pd.DataFrame, second: pd.DataFrame, target: Hashable, n: int, rng: np.random.Generator):
    """Return rows of the real table, drawn at random."""
    return real.iloc[rng.integers(len(real), size=n)].reset_index(drop=True)


def shuffled(real, second, target, n, rng):
    """Return each column of unseen real rows in an order of its own."""
    rows = _drawn(second, n, rng)
    return pd.DataFrame({name: rows[name].array[rng.permutation(n)] for name in rows})


def noise(real, second, target, n, rng):
    """Return uniform values within the range, or among the levels, of each column."""
    return pd.DataFrame({name: _noise(real[name], n, rng) for name in real})


def collapsed(real, second, target, n, rng):
    """Return three to ten unseen real rows again and again, with some jitter of their numbers."""
    few = _drawn(second, int(rng.integers(3, 11)), rng)
    rows = few.iloc[rng.integers(len(few), size=n)].reset_index(drop=True)
    for name in rows.columns.drop(target):
        if rows[name].dtype.kind in "fi":
            width = 0.05 * float(real[name].std())
            moved = rows[name] + width * rng.normal(size=n)
            rows[name] = np.round(moved).astype(rows[name].dtype) if rows[name].dtype.kind == "i" else moved
    return rows


def wrong_class(real, second, target, n, rng):
    """Return unseen real rows, each with the label of another class: of the next one in the order of their sizes."""
    rows = _drawn(second, n, rng)
    order = real[target].value_counts().index.tolist()
    following = dict(zip(order, [*order[1:], order[0]], strict=True))
    labels = [following[label] for label in rows[target]]
    rows[target] = pd.Series(labels, dtype=rows[target].dtype)
    return rows


def reused_identifiers(real, second, target, n, rng):
    """Return unseen real rows, a tenth of which carry the identifier of a real row."""
    rows = _drawn(second, n, rng)
    is_reused = rng.permutation(n) < n / 10
    rows["customerID"] = np.where(is_reused, rng.choice(real["customerID"], n), rows["customerID"])
    return rows


def broken_rules(real, second, target, n, rng):
    """Return unseen real rows, a tenth of which end before they start."""
    rows = _drawn(second, n, rng)
    is_broken = rng.permutation(n) < n / 10
    start = rows["start"].where(~is_broken, rows["end"] + 1 + rng.integers(20, size=n))
    return rows.assign(start=start)


def second_sample(real, second, target, n, rng):
    """Return unseen real rows."""
    return _drawn(second, n, rng)


FAULTS: dict[str, Build] = {
    "copies": copies,
    "shuffled": shuffled,
    "noise": noise,
    "collapsed": collapsed,
    "wrong class": wrong_class,
    "reused identifiers": reused_identifiers,
    "broken rules": broken_rules,
}


def made_table(seed: int, n: int = 1_200) -> tuple[pd.DataFrame, str]:
    """Return a table with two to four classes, numbers of several kinds, and categories; and the name of its target."""
    rng = np.random.default_rng(seed)
    n_classes = int(rng.integers(2, 5))
    X, y = make_classification(
        n,
        n_features=10,
        n_informative=6,
        n_redundant=2,
        n_classes=n_classes,
        n_clusters_per_class=1,
        class_sep=float(rng.uniform(0.7, 1.5)),
        weights=[0.7, *[0.3 / (n_classes - 1)] * (n_classes - 1)],
        random_state=seed,
    )
    frame = pd.DataFrame({f"x{i}": X[:, i] for i in range(6)})
    frame["count"] = np.floor(np.exp(1 + 0.5 * X[:, 6])).astype(int)
    frame["price"] = np.round(np.exp(0.8 * X[:, 7]) * 10, 2)
    frame["level"] = pd.cut(X[:, 8], [-np.inf, -1, 0, 1, np.inf], labels=list("abcd")).astype(str)
    frame["town"] = rng.choice(["Rome", "Oslo", "Lima"], n, p=[0.6, 0.3, 0.1])
    frame.loc[rng.random(n) < 0.1, "x3"] = np.nan
    return frame.assign(label=[f"class {i}" for i in y]), "label"


def with_more_columns(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return a table with an identifier, and with a start that no end precedes, first."""
    n = len(frame)
    start = rng.integers(100, size=n)
    letters = rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), (n, 5))
    names = [f"{number:06d}-{''.join(of)}" for number, of in zip(rng.permutation(n), letters, strict=True)]
    more = pd.DataFrame({"customerID": names, "start": start, "end": start + rng.poisson(5, n)}, index=frame.index)
    return pd.concat([more, frame], axis=1)


def halves(
    frame: pd.DataFrame, target: Hashable, n: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two samples of n rows that do not overlap, of the classes of which each has 15 rows or more."""
    order = rng.permutation(len(frame))[: 2 * n]
    samples = [frame.iloc[order[:n]], frame.iloc[order[n : 2 * n]]]
    counts = [sample[target].value_counts() for sample in samples]
    known = [label for label in counts[0].index if all(of.get(label, 0) >= 15 for of in counts)]
    return tuple(_tidy(sample[sample[target].isin(known)]) for sample in samples)


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    for name in frame:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].cat.remove_unused_categories()
    return frame


def _drawn(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    return frame.iloc[rng.permutation(len(frame))[:n]].reset_index(drop=True)


def _noise(column: pd.Series, n: int, rng: np.random.Generator) -> pd.Series:
    known = column.dropna()
    if column.dtype.kind not in "fi" or not len(known):
        values = pd.Series(column.unique())
        return values.iloc[rng.integers(len(values), size=n)].astype(column.dtype).reset_index(drop=True)
    low, high = float(known.min()), float(known.max())
    if column.dtype.kind == "i":
        return pd.Series(rng.integers(int(low), int(high) + 1, size=n)).astype(column.dtype)
    return pd.Series(rng.uniform(low, high, size=n)).mask(rng.random(n) < column.isna().mean())
