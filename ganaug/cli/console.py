"""What the shell prints, and how it stops."""

from __future__ import annotations

import re
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from math import isnan
from typing import TYPE_CHECKING, Any

from ganaug.common.printable import printable

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from ganaug.common.findings import Finding
    from ganaug.comparison import Comparison, Selection


# Of the column of answers; the longest is "unknown".
_ANSWER_WIDTH = 7
_LONGEST_SAMPLER = 23
_COLORS = {"good": "green", "bad": "red", "unknown": "yellow"}


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
    """Print user warnings as one line each, and the same one once; ignore all others."""
    said: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        if str(message) not in said:
            said.add(str(message))
            say("warning", str(message))

    with warnings.catch_warnings():
        # User warnings concern the data; the other categories concern programmers.
        warnings.simplefilter("ignore")
        warnings.simplefilter("default", UserWarning)
        # of figures whose font lacks a letter of the data: browsers show it with another font
        warnings.filterwarnings("ignore", "Glyph ", UserWarning)
        warnings.showwarning = show
        yield


def say(kind: str, message: str) -> None:
    """Print one line on stderr, in the words of the shell."""
    print(f"ganaug: {kind}: {' '.join(printable(in_shell_words(message)).split())}", file=sys.stderr)


# Parameters of Python, by the options of the shell that stand for them.
_OPTIONS = {
    "sampling_strategy": "--strategy",
    "synthetic_share": "--share",
    "categorical_features": "--categorical",
    "random_state": "--seed",
    "max_time": "--max-time",
    "n_splits": "--splits",
    "n_repeats": "--repeats",
    "n_jobs": "--jobs",
    "results": "--results",
    "metric": "--metric",
    "samplers": "--samplers",
    "classifiers": "--classifiers",
    "groups": "--groups",
    "ignore": "--ignore",
    "relevance": "--relevance",
    "mask_channels": "--mask-channels",
    "task": "--task",
    "target": "--target",
    "mark": "--mark",
    "holdout": "--holdout",
    "inception": "--inception",
    "selection": "--selection",
}
_NAMED = re.compile(rf"(?<![\w'\"-])({'|'.join(_OPTIONS)})(=|: | is (?=['\"\d])| holds (?=['\"]))")
# A message may say both.
_SAID = re.compile(r"(?:\w+=(?:\[[^]]*]|\{[^}]*}|\([^)]*\)|'[^']*'|[^\s]+)|\S+) \(in the shell ([^)]*)\)")
# These words are parameters wherever they stand.
_ALWAYS = re.compile(r"(?<![\w'\"-])([a-z]+_[a-z]+)\b(?!\()")


def in_shell_words(message: str) -> str:
    """Name the options of the shell where a message of the library names parameters of Python.

    Examples
    --------
    >>> in_shell_words("n_splits=5 is more than the 3 rows with class 'b'; leave it out of sampling_strategy")
    "--splits 5 is more than the 3 rows with class 'b'; leave it out of --strategy"
    """
    message = _SAID.sub(r"\1", message).replace("use an instance or one of", "use one of")
    message = _NAMED.sub(lambda found: _OPTIONS[found[1]] + (" " if found[2] in ("=", " is ") else found[2]), message)
    return _ALWAYS.sub(lambda found: _OPTIONS.get(found[1], found[1]), message)


def stopped_message(phase: str, kept: Sequence[str]) -> str:
    """Say where the work was stopped, and what is left of it.

    Examples
    --------
    >>> stopped_message("training", [])
    'interrupted while training; nothing was written'
    >>> stopped_message("writing", ["the model m.gan"])
    'interrupted while writing; kept: the model m.gan'
    """
    where = f"interrupted while {phase}" if phase else "interrupted"
    return f"{where}; kept: {', '.join(kept)}" if kept else f"{where}; nothing was written"


# What is on the disk already, for the line after Ctrl-C.
KEPT: list[str] = []


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

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            # Who reads no further, as `head`, still gets the report and all else that is written after this line.
            with suppress(SystemExit):
                super().on_broken_pipe()

    screen = Screen(highlight=False, stderr=stderr)
    screen.push_render_hook(PrintableHook())
    return screen


def print_answers(findings: Sequence[Finding]) -> None:
    """Print the three answers, a sentence each: the first thing that a command shows."""
    from ganaug.common.findings import three_answers

    _print_grid([(of.question, of.answer, of.sentence) for of in three_answers(findings)])


def print_others(findings: Sequence[Finding]) -> None:
    """Print the findings beside the three answers, under their questions; bad ones first."""
    from ganaug.common.findings import other_findings

    others = other_findings(findings)
    for question in dict.fromkeys(of.question for of in findings):
        own = [of for of in others if of.question == question]
        if own:
            console().print(question, style="bold", markup=False)
            _print_grid([("", of.answer, of.sentence) for of in own])


def _print_grid(rows: Sequence[tuple[str, str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(min_width=1, no_wrap=True)
    grid.add_column(width=_ANSWER_WIDTH)
    # a name that is longer than the line goes on in the next one
    grid.add_column(overflow="fold")
    for question, answer, sentence in rows:
        grid.add_row(Text(question, style="bold"), Text(answer, style=_COLORS[answer]), Text(sentence))
    console().print(grid)


def print_comparison(compared: Comparison | Selection) -> None:
    """Print the means of what was compared; of a selection the candidates and their gains, with intervals."""
    import pandas as pd

    from ganaug.common.wording import signed
    from ganaug.comparison import Comparison

    if isinstance(compared, Comparison):
        print_scores(compared)
        return
    selection = compared

    frame = selection.frame()
    shown = pd.DataFrame({"candidate": frame.index.astype(str)})
    shown["mean"] = frame["mean"].to_numpy()
    shown["gain"] = [signed(gain, 3) if name != "none" else "" for name, gain in frame["gain"].items()]
    if selection.comparison.has_verdict:
        ends = zip(frame["low"], frame["high"], strict=True)
        shown["95 % interval"] = ["" if isnan(low) else f"{signed(low, 3)} to {signed(high, 3)}" for low, high in ends]
        shown["p"] = ["" if isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}" for p in frame["p"]]
    splits = selection.comparison.splits_in_words
    print_table(shown, title=f"Mean {selection.metric} ({splits}); gain over no resampling (none)")


def print_scores(comparison: Comparison) -> None:
    """Print the mean of each sampler in each metric, a table for each classifier that fits 80 columns."""
    from ganaug.common.wording import shortened

    for classifier, means in comparison.means().groupby("classifier", sort=False):
        frame = means.droplevel("classifier").rename_axis("sampler").reset_index()
        frame["sampler"] = [shortened(name, _LONGEST_SAMPLER) for name in frame["sampler"]]
        title = f"Mean scores of {classifier} ({comparison.splits_in_words})"
        print_table(frame.rename(columns=comparison.short_names), title=title)
    console().print(comparison.how_to_read)


def print_measures(frame: pd.DataFrame) -> None:
    """Print all measures of an evaluation: each beside what real data have among themselves, with its meaning."""
    shown = frame[["measure", "value", "real", "meaning"]]
    parts = frame["part"] if "part" in frame else frame["class"]
    for part in dict.fromkeys(parts):
        print_table(shown[(parts == part).to_numpy()], title=str(part).capitalize())
    console().print("real: what new real data have; empty where this is not known")


def print_table(frame: pd.DataFrame, *, title: str = "", digits: str = ".3f") -> None:
    """Print a frame; numbers with `digits`, missing ones as empty cells, truth as yes and no."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in frame.columns:
        is_number = frame[name].dtype == float
        table.add_column(Text(str(name)), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for cells in frame.itertuples(index=False):
        table.add_row(*(Text(_written(cell, digits)) for cell in cells))
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
