"""The page and the figure of `speed.py`."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pages import figure_style, joined, machine, markdown, write
from versions import package_version

# the columns that identify a measurement in the raw rows
KEY = ["part", "case", "sampler"]


def table_of(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    """Return the quantities of a part as columns, with a row for each (case, sampler), in the order of measurement."""
    return rows[rows["part"] == part].pivot_table("value", ["case", "sampler"], "quantity", sort=False)


def compared_with_ctgan(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare fit + sample; the fit of CTGAN is extrapolated to its default number of epochs where necessary."""
    compared = {}
    for case, of_case in table_of(rows, "ctgan").groupby("case", sort=False):
        of_case = of_case.droplevel("case")
        ctgan = of_case.drop(index="ganaug", errors="ignore")
        if "ganaug" not in of_case.index or ctgan.empty:
            continue
        ours, theirs, default = of_case.loc["ganaug"], ctgan.iloc[-1], ctgan["default epochs"].iloc[-1]
        epochs = ctgan["epochs"]
        if default in epochs.to_numpy():
            theirs = ctgan[epochs == default].iloc[-1]
            seconds, how = theirs["fit, s"], "measured"
        elif len(ctgan) == 1:
            seconds, how = math.nan, f"unknown: only {epochs.iloc[0]:.0f} epochs measured"
        else:
            slope, start = np.polyfit(epochs, ctgan["fit, s"], 1)
            seconds = start + slope * default
            how = f"extrapolated to {default:.0f} epochs from {' and '.join(f'{n:.0f}' for n in epochs)}"
        total = {"ganaug": ours["fit, s"] + ours["sample, s"], "CTGAN": seconds + theirs["sample, s"]}
        compared[case] = {
            "rows": ours["rows"],
            "columns": ours["columns"],
            "rows requested": ours["rows requested"],
            "ganaug, s": total["ganaug"],
            "CTGAN, s": total["CTGAN"],
            "time of CTGAN": how,
            "ratio": total["CTGAN"] / total["ganaug"],
            "ganaug, MB peak": max(ours["fit, MB peak"], ours["sample, MB peak"]),
            "CTGAN, MB peak": max(theirs["fit, MB peak"], theirs["sample, MB peak"]),
            "ganaug, MB before": ours["fit, MB before"],
            "CTGAN, MB before": theirs["fit, MB before"],
            "ganaug, rows of the requested class": ours["rows of the requested class"],
            "CTGAN, rows of the requested class": theirs["rows of the requested class"],
        }
    return pd.DataFrame.from_dict(compared, orient="index").rename_axis("table")


def sampling_table(rows: pd.DataFrame) -> pd.DataFrame:
    table = table_of(rows, "sampling").reset_index()
    sampled = pd.DataFrame(
        {
            "rows": table["rows requested"],
            "rows/s": (table["rows requested"] / table["sample, s"]).round(),
            "MB of the rows": table["MB of the rows"],
            "extra MB": table["sample, MB peak"] - table["sample, MB before"] - table["MB of the rows"],
        }
    )
    return sampled.set_index(table["sampler"].str.partition(",")[0].rename("sampler")).sort_index(
        ascending=False, kind="stable"
    )


PHASES = ["fitting the encoder", "encoding", "neighbour search", "training", "sample, s"]


def growth_table(rows: pd.DataFrame) -> pd.DataFrame:
    table = table_of(rows, "growth").set_index("rows").sort_index()
    table.index = table.index.astype(int)
    return table[[*PHASES, "rows sampled", "fit, s", "steps", "fit, MB before", "fit, MB peak", "sample, MB peak"]]


def exponents(table: pd.DataFrame) -> pd.DataFrame:
    """Return the exponent of seconds ~ rows^exponent between the first and the last, and the last two, sizes."""
    logs = np.log(table[PHASES])
    size = np.log(table.index.to_numpy())

    def slope(first: int) -> pd.Series:
        return (logs.iloc[-1] - logs.iloc[first]) / (size[-1] - size[first])

    return pd.DataFrame({"from first to last": slope(0), "between the last two": slope(-2)}).rename_axis("phase")


def sections(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Write the text and the table of each part that was measured."""

    def shown(table: pd.DataFrame, digits: int = 2) -> str:
        return markdown(table.convert_dtypes(), digits)

    written: dict[str, list[str]] = {}
    have = set(rows["part"])
    if len(compared := compared_with_ctgan(rows)):
        written["Compared with CTGAN"] = [
            "Fit, and sampling of as many rows as balance the classes. Both use their defaults and one thread. `ratio` "
            "is the seconds of CTGAN divided by those of ganaug. `MB before` is the memory of the process after it has "
            "read the table.",
            shown(compared, 1),
        ]
    if "keel" in have:
        seconds = rows.loc[rows["part"] == "keel"].set_index("quantity")["value"]
        summary = {
            "tables": len(seconds),
            "median": seconds.median(),
            "90th percentile": seconds.quantile(0.9),
            "max": seconds.max(),
            "slowest": seconds.idxmax(),
        }
        written["All KEEL tables"] = [
            "Seconds of one call of `fit_resample` with each whole table.",
            markdown(pd.DataFrame([summary], index=["seconds"]), 2),
        ]
    if "large" in have:
        table = table_of(rows, "large").droplevel("sampler").rename_axis("table")
        written["Large tables"] = [
            "One call of `fit_resample` with each table. A copy is a synthetic row that equals a training row of its "
            "class in every cell. `share of duplicated real rows` leaves out the largest class: it is the share of the "
            "other real rows that equal another real row.",
            shown(table),
        ]
    if "step" in have:
        written["A training step"] = [
            "A step compared with its matrix products only. Both are timed alternately on one thread; the values are "
            "medians over several rounds.",
            shown(table_of(rows, "step").droplevel("sampler").rename_axis("table")),
        ]
    if "sampling" in have:
        written["Sampling"] = [
            "After a fit of page-blocks0, on one thread. `extra MB` is the peak memory without the memory held before "
            "and without that of the returned rows. It should not grow with the number of rows.",
            shown(sampling_table(rows), 1),
        ]
    if "growth" in have:
        table = growth_table(rows)
        written["Growth"] = [
            "Seconds of each phase, and memory, for each number of rows. Early stopping is off.",
            shown(table, 3),
        ]
        if len(table) > 1:
            written["Growth"] += [
                "Exponents of the growth of the seconds with the number of rows:",
                markdown(exponents(table), 2),
            ]
    return written


def draw(path: Path, rows: pd.DataFrame) -> None:
    with figure_style(**{"font.size": 9, "axes.spines.top": True, "axes.spines.right": True}):
        figure = Figure(figsize=(11, 8), layout="constrained")
        for ax, panel in zip(
            figure.subplots(2, 2).ravel(), [draw_ctgan, draw_keel, draw_sampling, draw_growth], strict=True
        ):
            panel(ax, rows)
            if not ax.has_data():
                ax.text(0.5, 0.5, "not measured", ha="center", va="center", transform=ax.transAxes, color="grey")
        figure.savefig(path, dpi=130)


def draw_ctgan(ax: Axes, rows: pd.DataFrame) -> None:
    ax.set_title("fit + sample, one thread", loc="left")
    compared = compared_with_ctgan(rows)
    if compared.empty:
        return
    place = np.arange(len(compared))
    ax.bar(place - 0.2, compared["ganaug, s"], 0.4, label="ganaug", color="tab:red")
    ax.bar(place + 0.2, compared["CTGAN, s"], 0.4, label="CTGAN (hatched: extrapolated)", color="tab:grey")
    for bar, how in zip(ax.containers[1], compared["time of CTGAN"], strict=True):
        bar.set_hatch("" if how == "measured" else "//")
    ax.bar_label(ax.containers[1], [f"{ratio:.0f}x" if math.isfinite(ratio) else "" for ratio in compared["ratio"]])
    ax.set(yscale="log", ylabel="seconds", xticks=place, xticklabels=compared.index)
    ax.legend(frameon=False, loc="upper left")
    ax.margins(y=0.3)


def draw_keel(ax: Axes, rows: pd.DataFrame) -> None:
    seconds = np.sort(rows.loc[rows["part"] == "keel", "value"])
    ax.set_title(f"fit_resample of {len(seconds)} KEEL tables", loc="left")
    if len(seconds):
        ax.plot(seconds, np.arange(1, len(seconds) + 1) / len(seconds), color="tab:red", drawstyle="steps-post")
        ax.set(xlabel="seconds", ylabel="share of tables", xlim=(0, None), ylim=(0, 1.02))


def draw_sampling(ax: Axes, rows: pd.DataFrame) -> None:
    ax.set_title("sampling: memory", loc="left")
    if "sampling" not in set(rows["part"]):
        return
    for name, of_sampler in sampling_table(rows).groupby("sampler"):
        color = "tab:red" if name == "ganaug" else "tab:grey"
        ax.plot(of_sampler["rows"], of_sampler["extra MB"], "o-", color=color, label=f"{name}, extra")
        ax.plot(of_sampler["rows"], of_sampler["MB of the rows"], "o:", color=color, label=f"{name}, the rows")
    ax.set(xscale="log", xlabel="rows sampled", ylabel="MB")
    ax.legend(frameon=False)


def draw_growth(ax: Axes, rows: pd.DataFrame) -> None:
    ax.set_title("phases of a fit, and sampling", loc="left")
    if "growth" not in set(rows["part"]):
        return
    table = growth_table(rows)
    for phase in PHASES:
        ax.plot(table.index, table[phase], "o-", label=phase.removesuffix(", s"))
    ax.set(xscale="log", yscale="log", xlabel="rows", ylabel="seconds")
    ax.legend(fontsize=8)


def write_page(stem: Path, rows: pd.DataFrame, title: str) -> str:
    """Write page and figure; return the page."""
    draw(stem.with_suffix(".png"), rows)
    parts = [
        f"# {title}",
        f"{machine()}; on the CPU. KEEL tables, large tables and growth use one thread per core, all other parts one "
        f"thread. Each measurement was made once, in its own process. {', '.join(sorted(set(rows['date'])))}. "
        "The protocol is described at the top of `benchmarks/speed.py`.",
        f"Versions: {joined([*rows['version'], package_version('scikit-learn')])}.",
        f"![Speed and memory]({stem.name}.png)",
    ]
    for heading, section in sections(rows).items():
        parts += [f"## {heading}", *section]
    return write(stem, parts)
