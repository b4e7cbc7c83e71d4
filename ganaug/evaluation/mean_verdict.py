"""Whether means of numbers have moved, as they do where rows that are typical of their class are chosen."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import norm

from ganaug.common.findings import REAL, Finding
from ganaug.common.wording import joined, shortened, signed
from ganaug.metrics import CHANCE_LEVEL

# A mean has moved clearly from this part of a standard deviation on (a small effect, as Cohen calls it) ...
MOVED_MEAN = 0.2
# Columns that a sentence names, the farthest ones.
_N_NAMED = 5


def on_means(distances: pd.DataFrame) -> Iterator[Finding]:
    """Say which means differ clearly from those of the real rows; nothing where none does.

    A mean counts if it has moved by a fifth of a standard deviation, and if chance explains so many standard errors
    with a probability below 0.002 only, for any column of the table (Bonferroni).

    Parameters
    ----------
    distances : DataFrame
        See `ganaug.metrics.column_distances`.
    """
    if "mean shift" not in distances:
        return
    shift, error = (distances[name].to_numpy(float) for name in ("mean shift", "shift error"))
    with np.errstate(divide="ignore", invalid="ignore"):
        n_errors = np.abs(shift) / error
        by_chance = 2 * norm.sf(n_errors) * max(int(np.isfinite(shift).sum()), 1)
    moved = np.flatnonzero((np.abs(shift) >= MOVED_MEAN) & (by_chance < CHANCE_LEVEL))
    if not len(moved):
        return
    moved = moved[np.argsort(-np.abs(shift[moved]), kind="stable")]
    labels = distances.index[moved].tolist()
    named = [f"{shortened(of)} by {signed(shift[i], 2)}" for of, i in zip(labels, moved, strict=True)][:_N_NAMED]
    more = f" and {len(moved) - _N_NAMED} more" if len(moved) > _N_NAMED else ""
    begin = "A mean has moved from that" if len(moved) == 1 else "Means have moved from those"
    said = (
        f"{begin} of the real rows: {joined(named)}{more} (in standard deviations; at least "
        f"{np.floor(n_errors[moved].min()):.0f} standard errors). By default, rows that are typical of their class are "
        "preferred; try --selection realism (in Python selection='realism'), which leaves this out"
    )
    yield Finding(
        REAL, "bad", f"{said}.", dict(zip((f"mean shift of {of}" for of in labels), shift[moved].tolist(), strict=True))
    )
