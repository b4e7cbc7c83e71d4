"""What the pages share: Markdown tables, the description of the machine, and the style of figures."""

import os
import platform
import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd


def markdown(frame: pd.DataFrame, digits: int = 4) -> str:
    """Write a frame as a Markdown table; missing values are a dash."""

    def cell(value: Any) -> str:
        if pd.isna(value):
            return "-"
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


def circumstances(protocol: int, machines: Iterable[str], seed: int | None = None) -> str:
    """Return the line of a page that says how and when it was measured."""
    start = "Protocol" if seed is None else f"Seed {seed}, protocol"
    return f"{start} {protocol}. {joined(machines)}; one thread per process. {date.today().isoformat()}."


def joined(values: Iterable[str]) -> str:
    """Join distinct values in their order."""
    return "; ".join(dict.fromkeys(values))


def most_frequent(notes: pd.Series) -> str:
    return notes.mode()[0]


def write(stem: Path, parts: Sequence[str]) -> str:
    """Write the paragraphs of a page to ``stem.md`` and return the page."""
    page = "\n\n".join(parts) + "\n"
    stem.with_suffix(".md").write_text(page, encoding="utf-8")
    return page


def figure_style(**settings: Any) -> AbstractContextManager[None]:
    """Return the context in which figures are drawn: a font that is always there, no frame on the right and above."""
    style = {"font.family": "DejaVu Sans", "axes.spines.top": False, "axes.spines.right": False}
    return mpl.rc_context(style | settings)
