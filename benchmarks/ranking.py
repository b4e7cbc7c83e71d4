"""Statistics for comparing samplers over many tables, after Demsar (JMLR 7, 2006), and their figures.

Scores are frames with one row for each block (table x classifier) and one column for each sampler. The classifiers of
one table see the same data, so their blocks are not independent. A test that must not assume independence receives the
means over classifiers, `by_table(scores)`, in which each table counts once.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pages import figure_style
from scipy.stats import friedmanchisquare, studentized_range, wilcoxon

# Scores closer than this are a tie. Samplers with the same output differ by rounding errors at most.
TOLERANCE = 1e-9


def by_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean over the classifiers of each table."""
    return scores.groupby(level="table").mean()


def ranks(scores: pd.DataFrame, greater_is_better: bool = True) -> pd.DataFrame:
    """Rank of every sampler in every block: 1 is best, and tied samplers share the mean of their ranks."""
    rounded = (scores / TOLERANCE).round()
    return rounded.rank(axis=1, ascending=not greater_is_better, method="average")


def holm(p_values: pd.Series) -> pd.Series:
    """Holm's step-down adjustment of a family of p-values (Scand. J. Statist. 6, 1979)."""
    ordered = p_values.sort_values(kind="stable")
    factors = np.arange(len(ordered), 0, -1)
    adjusted = (ordered * factors).cummax().clip(upper=1.0)
    return adjusted.reindex(p_values.index)


def win_tie_loss(difference: pd.Series) -> tuple[int, int, int]:
    """How often a difference is above, at and below zero."""
    wins, losses = int((difference > TOLERANCE).sum()), int((difference < -TOLERANCE).sum())
    return wins, len(difference) - wins - losses, losses


def wilcoxon_p(difference: pd.Series, alternative: str = "two-sided") -> float:
    """Signed-rank test of paired differences; zeros are split evenly between the signs, as Demsar recommends."""
    difference = difference.where(difference.abs() > TOLERANCE, 0.0)
    if len(difference) == 0 or not difference.any():
        return 1.0
    return float(wilcoxon(difference, zero_method="zsplit", alternative=alternative).pvalue)


def friedman_p(scores: pd.DataFrame) -> float:
    """Friedman's test of the hypothesis that all samplers are equal; nan where it is not defined."""
    if scores.shape[1] < 3 or len(scores) < 2:
        return float("nan")
    rounded = (scores / TOLERANCE).round()
    if (rounded.max(axis=1) == rounded.min(axis=1)).all():
        return 1.0
    return float(friedmanchisquare(*(rounded[sampler] for sampler in rounded)).pvalue)


def nemenyi_q(n_samplers: int, alpha: float = 0.05) -> float:
    """Critical value of Nemenyi's test: the studentized range with infinitely many degrees of freedom, over sqrt(2)."""
    return float(studentized_range.ppf(1 - alpha, n_samplers, np.inf) / np.sqrt(2))


def critical_difference(n_samplers: int, n_blocks: int, alpha: float = 0.05) -> float:
    """Two mean ranks differ significantly when they are at least this far apart."""
    return nemenyi_q(n_samplers, alpha) * float(np.sqrt(n_samplers * (n_samplers + 1) / (6 * n_blocks)))


def against(scores: pd.DataFrame, reference: str, greater_is_better: bool = True) -> pd.DataFrame:
    """Compare the reference with every other sampler; differences are positive where the reference is better.

    "p" is two-sided. "p better" tests whether the reference is better, and "p better (tables)" does the same with each
    table counted once. Each column is adjusted by Holm's method for the number of samplers.
    """
    sign = 1 if greater_is_better else -1
    rows = {}
    for other in scores.columns.drop(reference):
        difference = sign * (scores[reference] - scores[other])
        wins, ties, losses = win_tie_loss(difference)
        rows[other] = {
            "difference": difference.mean(),
            "wins": wins,
            "ties": ties,
            "losses": losses,
            "p": wilcoxon_p(difference),
            "p better": wilcoxon_p(difference, "greater"),
            "p better (tables)": wilcoxon_p(by_table(difference.to_frame())[0], "greater"),
        }
    columns = ["difference", "wins", "ties", "losses", "p", "p better", "p better (tables)"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    for column in ("p", "p better", "p better (tables)"):
        table[column] = holm(table[column])
    return table


def cliques(mean_ranks: pd.Series, difference: float) -> list[tuple[int, int]]:
    """First and last position of every maximal group of sorted ranks within the critical difference."""
    ordered = mean_ranks.sort_values().to_numpy()
    found: list[tuple[int, int]] = []
    for first in range(len(ordered)):
        last = int(np.flatnonzero(ordered - ordered[first] < difference)[-1])
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def draw_diagram(ax: Axes, mean_ranks: pd.Series, difference: float, title: str, highlight: str | None = None) -> None:
    """Draw a critical-difference diagram: an axis of mean ranks, and bars that join samplers which do not differ."""
    ordered = mean_ranks.sort_values()
    n = len(ordered)
    groups = cliques(mean_ranks, difference)
    n_left = (n + 1) // 2
    first_label = 0.55 + 0.22 * len(groups)
    depth = first_label + 0.45 * n_left
    margin = 0.06 * (n - 1)

    ax.set_title(title, fontsize=10, loc="left", pad=4)
    ax.hlines(0, 1, n, color="black", linewidth=1)
    for rank in range(1, n + 1):
        ax.vlines(rank, -0.12, 0, color="black", linewidth=1)
        ax.text(rank, -0.2, str(rank), ha="center", va="bottom", fontsize=7)
    shown = min(difference, n - 1)
    ax.hlines(-0.95, 1, 1 + shown, color="black", linewidth=2)
    ax.text(1 + shown / 2, -1.05, f"CD = {difference:.2f}", ha="center", va="bottom", fontsize=7)

    for place, (sampler, rank) in enumerate(ordered.items()):
        left = place < n_left
        y = first_label + 0.45 * (place if left else n - 1 - place)
        edge = 1 - margin if left else n + margin
        style = {"color": "tab:red" if sampler == highlight else "black"}
        ax.plot([rank, rank, edge], [0, y, y], linewidth=0.8, **style)
        label = f"{sampler}  {rank:.2f}" if left else f"{rank:.2f}  {sampler}"
        weight = "bold" if sampler == highlight else "normal"
        ax.annotate(
            label,
            (edge, y),
            xytext=(-3 if left else 3, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=8,
            fontweight=weight,
            **style,
        )
    for row, (first, last) in enumerate(groups):
        y = 0.3 + 0.22 * row
        ax.hlines(y, ordered.iloc[first] - 0.04, ordered.iloc[last] + 0.04, color="tab:blue", linewidth=2.5)
    room = 0.55 * (n - 1)
    ax.set_xlim(1 - margin - room, n + margin + room)
    ax.set_ylim(depth, -1.5)
    ax.axis("off")


def save_diagrams(
    path: Path, mean_ranks: dict[str, pd.Series], difference: float, title: str, highlight: str | None
) -> None:
    """Draw one diagram for each metric in one figure."""
    n_rows = (len(mean_ranks) + 1) // 2
    n_samplers = max(len(of_metric) for of_metric in mean_ranks.values())
    with figure_style():
        figure = Figure(figsize=(12, n_rows * (1.3 + 0.2 * n_samplers)), layout="constrained")
        axes = figure.subplots(n_rows, 2, squeeze=False).ravel()
        for ax in axes:
            ax.axis("off")
        for ax, (metric, of_metric) in zip(axes, mean_ranks.items(), strict=False):
            draw_diagram(ax, of_metric, difference, metric, highlight)
        figure.suptitle(title, fontsize=11)
        figure.savefig(path, dpi=130)


# The metrics of the README's figure. Scores that depend on a threshold are on the right, those that do not on the left.
SUMMARY_METRICS = ["average precision", "ROC AUC", "balanced accuracy", "F1"]


def save_ranks(path: Path, mean_ranks: pd.DataFrame, n_tables: int, highlight: str) -> None:
    """Draw the mean ranks of all samplers, with a panel for each summary metric and the best sampler on top."""
    with figure_style():
        figure = Figure(figsize=(12, 4.2), layout="constrained")
        axes = figure.subplots(1, len(SUMMARY_METRICS), sharex=True)
        for ax, metric in zip(axes, SUMMARY_METRICS, strict=True):
            draw_ranks(ax, mean_ranks[metric].sort_values(), metric, highlight)
        title = f"Mean rank of {len(mean_ranks)} samplers on {n_tables} tables (a lower rank is better)"
        figure.suptitle(title, fontsize=16)
        figure.supxlabel("none: no resampling; weights: class weights; random: copies of minority rows", fontsize=11)
        figure.savefig(path, dpi=100)


def draw_ranks(ax: Axes, ordered: pd.Series, title: str, highlight: str) -> None:
    places = np.arange(len(ordered))
    is_highlighted = ordered.index == highlight
    ax.barh(places, ordered, color=np.where(is_highlighted, "tab:red", "0.78"), height=0.74)
    ax.set_yticks(places, list(ordered.index))
    ax.set_ylim(len(ordered) - 0.5, -0.6)
    for place, (tick, bold) in enumerate(zip(ax.get_yticklabels(), is_highlighted, strict=True)):
        weight = "bold" if bold else "normal"
        tick.set(fontsize=12, fontweight=weight, color="tab:red" if bold else "black")
        value = {"fontsize": 11, "fontweight": weight, "color": "white" if bold else "black"}
        ax.text(ordered.iloc[place] - 0.2, place, f"{ordered.iloc[place]:.2f}", ha="right", va="center", **value)
    ax.spines[["bottom", "left"]].set_visible(False)
    ax.tick_params(axis="both", length=0)
    ax.set_xticks([])
    ax.set_title(title, loc="left", fontsize=14, fontweight="bold")
