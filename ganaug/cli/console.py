"""What the shell prints, and how it stops."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isnan
from typing import TYPE_CHECKING, Any

from ganaug.common.printable import printable

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from ganaug.common.findings import Finding


# Of the column of answers; the longest is "unknown".
_ANSWER_WIDTH = 9


class Stopped(BaseException):
    """Ctrl-C or SIGTERM. Not a KeyboardInterrupt, which typer and others catch for their own purposes."""


@contextmanager
def stop_on_signals() -> Iterator[list[int]]:
    """Raise `Stopped` on SIGINT and SIGTERM, so that temporary files are removed; yield the signals received."""
    received: list[int] = []

    def stop(number: int, frame: object) -> None:
        received.append(number)
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def one_line_warnings() -> Iterator[None]:
    """Print user warnings as one line each; ignore all others."""
    with warnings.catch_warnings():
        # User warnings concern the data; the other categories concern programmers.
        warnings.simplefilter("ignore")
        warnings.simplefilter("default", UserWarning)
        # of figures whose font lacks a letter of the data: browsers show it with another font
        warnings.filterwarnings("ignore", "Glyph ", UserWarning)
        warnings.showwarning = lambda message, *_: say("warning", str(message))
        yield


def say(kind: str, message: str) -> None:
    """Print one line on stderr."""
    print(f"ganaug: {kind}: {' '.join(printable(message).split())}", file=sys.stderr)


def on_terminal() -> bool:
    """Whether a person reads the output while it is written."""
    return sys.stdout.isatty() and sys.stderr.isatty()


def console(*, stderr: bool = False) -> Console:
    """Return a rich console without highlighting, on which control characters of the data do nothing but show."""
    from rich.console import Console, RenderHook
    from rich.segment import Segment

    class Printable:
        def __init__(self, renderable: Any) -> None:
            self.renderable = renderable

        def __rich_console__(self, screen: Console, options: Any) -> Iterator[Segment]:
            for text, style, control in screen.render(self.renderable, options):
                yield Segment(text if control else printable(text), style, control)

    class PrintableHook(RenderHook):
        def process_renderables(self, renderables: list[Any]) -> list[Any]:
            return [Printable(renderable) for renderable in renderables]

    screen = Console(highlight=False, stderr=stderr)
    screen.push_render_hook(PrintableHook())
    return screen


def print_findings(findings: Sequence[Finding]) -> None:
    """Print a verdict: each question once, and below it the findings that answer it."""
    from rich.markup import escape
    from rich.table import Table

    screen = console()
    for question in dict.fromkeys(finding.question for finding in findings):
        screen.print(escape(question), style="bold")
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=_ANSWER_WIDTH)
        grid.add_column(overflow="fold")
        for finding in findings:
            if finding.question == question:
                grid.add_row(f"  {finding.answer}", escape(finding.sentence))
        screen.print(grid)


def print_table(frame: pd.DataFrame, *, title: str = "", digits: str = ".3f") -> None:
    """Print a frame; numbers with `digits`, missing ones as empty cells, truth as yes and no."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for name in frame.columns:
        table.add_column(escape(str(name)), overflow="fold", justify="right" if frame[name].dtype == float else "left")
    for cells in frame.itertuples(index=False):
        table.add_row(*(escape(_written(cell, digits)) for cell in cells))
    if title:
        # not the title of the table, which would be wrapped to its width
        console().print(title, style="bold", markup=False)
    console().print(table)


def _written(cell: Any, digits: str) -> str:
    if isinstance(cell, float):
        return "" if isnan(cell) else format(cell, digits)
    return ("no", "yes")[cell] if isinstance(cell, bool) else str(cell)


def print_counts(target: str, y: pd.Series, y_resampled: pd.Series, y_real: pd.Series) -> None:
    """Print the size of each class.

    Parameters
    ----------
    target : str
        Heading of the classes.
    y, y_resampled, y_real : Series
        Labels before, labels after, and labels of the real rows after, some of which may be repeated.
    """
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(escape(target))
    counts = [labels.value_counts().to_dict() for labels in (y, y_real, y_resampled)]
    has_repeats = len(y_real) > len(y)
    for name in ("before", *["repeated"] * has_repeats, "synthetic", "after"):
        table.add_column(name, justify="right")
    for label, n in counts[0].items():
        n_real, total = counts[1][label], counts[2][label]
        added = [n_real - n, total - n_real] if has_repeats else [total - n_real]
        table.add_row(escape(str(label)), f"{n:,}", *(f"{of:,}" if of else "" for of in added), f"{total:,}")
    console().print(table)
