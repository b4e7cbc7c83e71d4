"""The shell command ``ganaug``: parse, call, print.

Everything heavy is imported inside the commands, so that ``ganaug --help`` answers at once. Whatever is wrong
with the input ends as one line on stderr and exit code 2.
"""

from __future__ import annotations

import json
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ganaug import __version__

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

app = typer.Typer(
    name="ganaug",
    help="Balance imbalanced data with rows that a GAN generates.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# The base of typer's usage errors has moved between its versions; from here it is found in all of them.
_UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])


class Model(str, Enum):
    """The models that a table can be given to."""

    auto = "auto"
    tabular = "tabular"


class SelectionName(str, Enum):
    """How rows are chosen."""

    auto = "auto"
    forest = "forest"
    neighbors = "neighbors"
    discriminator = "discriminator"
    none = "none"


Seed = Annotated[int | None, typer.Option("--seed", help="The same seed gives the same rows.", min=0)]
Force = Annotated[bool, typer.Option("--force", help="Replace OUT where it exists.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"ganaug {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None: ...


@app.command()
def balance(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A CSV, TSV (also .gz), Parquet or Feather file.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The same rows, and the generated ones after them.")],
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="The column with the classes.")],
    strategy: Annotated[
        str,
        typer.Option(
            "--strategy",
            help="auto, minority, 'not majority', 'not minority', all; a ratio such as 0.5 for two classes; "
            "the rows that classes shall have: rare=500,rarer=300 or JSON; or 'equal share', see --share.",
        ),
    ] = "auto",
    share: Annotated[
        float | None,
        typer.Option(
            "--share", help="Of generated rows in every class, with --strategy 'equal share'; 0.2 by default."
        ),
    ] = None,
    selection: Annotated[
        SelectionName, typer.Option("--selection", help="By what each row is chosen among three candidates.")
    ] = SelectionName.auto,
    model: Annotated[Model, typer.Option("--model", help="What generates.")] = Model.auto,
    seed: Seed = None,
    max_time: Annotated[
        float | None, typer.Option("--max-time", metavar="SECONDS", help="Train no longer.", min=0)
    ] = None,
    categorical: Annotated[
        str | None,
        typer.Option("--categorical", metavar="A,B", help="Columns of categories; found by themselves otherwise."),
    ] = None,
    mark: Annotated[
        str | None, typer.Option("--mark", metavar="COLUMN", help="Add a column: 1 where generated, 0 else.")
    ] = None,
    only_synthetic: Annotated[bool, typer.Option("--only-synthetic", help="Write the generated rows alone.")] = False,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="MODEL", help="Keep the model for `ganaug sample`.")
    ] = None,
    force: Force = False,
) -> None:
    """Write IN to OUT with generated rows, so that the classes are balanced."""
    from ganaug.datasets.files import replacing
    from ganaug.datasets.tables import check_output, read_table, write_table

    check_output(out, force=force)
    if save is not None:
        check_output(save, force=force, extensions=False)
        if save.resolve() in (out.resolve(), source.resolve()):
            raise ValueError(f"--save {save} would overwrite the table")
    table = read_table(source)
    X, y = table.split(target)
    columns = [name.strip() for name in categorical.split(",")] if categorical is not None else []
    for column in columns:
        table.check_column(column)
        if column == target:
            raise ValueError(f"--categorical {categorical}: {target!r} is the target")
    if mark is not None and mark in table.frame.columns:
        raise ValueError(f"--mark {mark}: there is such a column already")
    wanted = _parse_strategy(strategy, y.unique().tolist())
    if share is not None and wanted != "equal share":
        raise ValueError(f"--share {share} goes with --strategy 'equal share'")
    if share is not None and not 0 < share < 1:
        raise ValueError(f"--share {share}: it lies between 0 and 1, both excluded")

    import numpy as np
    import pandas as pd

    from ganaug.oversampler import GANOversampler

    sampler = GANOversampler(
        sampling_strategy=wanted,
        synthetic_share=0.2 if share is None else share,
        selection=None if selection is SelectionName.none else selection.value,
        model=model.value,
        categorical_features="auto" if categorical is None else columns,
        random_state=seed,
        max_time=max_time,
        verbose=int(_on_terminal()),
    )
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    new = sampler.is_synthetic_
    added = new if only_synthetic else np.arange(len(new)) >= len(X)
    rows = pd.concat([X_resampled[added], y_resampled[added].rename(target)], axis=1)
    with nullcontext() if save is None else replacing(save) as beside:
        if beside is not None:
            if not new.any():
                sampler.fit(X, y)  # nothing was missing, so nothing was trained yet
            sampler.save(beside)
        # Inside, so that the model is kept only where the table could be written.
        n_repeated = int((~new[added]).sum())
        write_table(out, table, rows, mark=mark, n_repeated=n_repeated, only_synthetic=only_synthetic, force=force)
    _print_counts(_console(), target, y, y_resampled, y_resampled[~new])


@app.command()
def sample(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A file of `ganaug balance --save`.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A CSV, TSV (also .gz), Parquet or Feather file.")],
    label: Annotated[str, typer.Option("--label", help="The class of the rows.")],
    n: Annotated[int, typer.Option("-n", help="How many rows.", min=1)],
    seed: Seed = None,
    force: Force = False,
) -> None:
    """Write N generated rows of one class to OUT."""
    from ganaug.datasets.tables import Table, check_output, write_table

    check_output(out, force=force)
    if model.is_dir() or not model.exists():
        raise FileNotFoundError(f"no such model file: {model}")

    from ganaug.oversampler import GANOversampler

    sampler = GANOversampler.load(model)
    known = _find_label(label, list(sampler.classes_))
    write_table(
        out, Table(_as_table(sampler.sample(n, known, random_state=seed), sampler.target_name_, known)), force=force
    )


@app.command()
def demo(seed: Seed = 0) -> None:
    """Show on scikit-learn's breast cancer table what generated rows do to two classifiers."""
    import pandas as pd
    from rich.progress import track

    from ganaug.demo import BENIGN_PER_MALIGNANT, N_SPLITS, splits

    console = _console()
    console.print("Breast cancer: 569 biopsies, 30 measurements each. Half of them train, the")
    console.print(f"malignant ones thinned out to 1 : {BENIGN_PER_MALIGNANT}; the other half tests; {N_SPLITS} times.")
    scores: list[dict[str, object]] = []
    seconds: list[float] = []
    bar_console, disable = _console(stderr=True), not _on_terminal()
    for split in track(
        splits(seed or 0), "Splits", total=N_SPLITS, console=bar_console, transient=True, disable=disable
    ):
        if not scores:
            _print_counts(console, "diagnosis", split.before, split.after, split.before)
        scores += split.scores
        seconds.append(split.seconds)
    _print_scores(console, pd.DataFrame(scores), sum(seconds) / N_SPLITS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``ganaug``; those of the process by default.

    Returns
    -------
    int
        The exit code: 0, 2 for bad input, 130 after Ctrl-C and 143 after SIGTERM.

    Examples
    --------
    >>> from ganaug.cli import main
    >>> main(["--version"])
    ganaug ...
    0
    """
    with _stoppable() as stopped, _one_line_warnings():
        try:
            return _run(arguments)
        except BaseException:
            # A library may have made our stop an error of its own: the signal decides, not the exception.
            if not stopped:
                raise
            _say("error", "interrupted")
            return 128 + stopped[0]


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = typer.main.get_command(app)(
            None if arguments is None else list(arguments), prog_name="ganaug", standalone_mode=False
        )
    except _UsageError as error:
        # `ganaug` alone shows its help by way of such an error, whose message is empty.
        message = error.format_message()
        if message:
            _say("error", message)
        return 2
    except OSError as error:
        _say("error", f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return 2
    except ValueError as error:
        _say("error", str(error))
        return 2
    return code if isinstance(code, int) else 0


class _Stop(BaseException):
    """Ctrl-C or SIGTERM. Not a KeyboardInterrupt, which typer and others catch to do their own."""


@contextmanager
def _stoppable() -> Iterator[list[int]]:
    """Turn the signals into an exception, so that files beside are removed on the way out."""
    received: list[int] = []

    def stop(number: int, frame: object) -> None:
        received.append(number)
        raise _Stop

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _one_line_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        # What a library warns its users of concerns the data; the other categories concern programmers.
        warnings.simplefilter("ignore")
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = lambda message, *_: _say("warning", str(message))
        yield


def _say(kind: str, message: str) -> None:
    print(f"ganaug: {kind}: {' '.join(message.split())}", file=sys.stderr)


def _on_terminal() -> bool:
    return sys.stdout.isatty() and sys.stderr.isatty()


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(highlight=False, stderr=stderr)


def _parse_strategy(text: str, labels: Sequence[Any]) -> str | float | dict[Any, int]:
    """Read --strategy: a name, a ratio, or the number of rows of each class."""
    try:
        return float(text)
    except ValueError:
        pass
    if text.lstrip().startswith("{"):
        try:
            pairs = list(json.loads(text).items())
        except json.JSONDecodeError as error:
            raise ValueError(f"--strategy {text}: no JSON ({error})") from error
    elif "=" in text:
        pairs = [pair.rpartition("=")[::2] for pair in text.split(",")]
    else:
        return text  # a name: the sampler knows which there are
    counts = {}
    for name, count in pairs:
        label = _find_label(name, labels)
        try:
            counts[label] = int(count)
        except (TypeError, ValueError) as error:
            raise ValueError(f"--strategy {text}: {count!r} is no number of rows for {name!r}") from error
        if isinstance(count, float) and count != counts[label]:
            raise ValueError(f"--strategy {text}: {count!r} is no whole number of rows for {name!r}")
    return counts


def _find_label(text: str, labels: Sequence[Any]) -> Any:
    known = {str(label): label for label in labels}
    if text not in known:
        shown = ", ".join(list(known)[:20]) + (", ..." if len(known) > 20 else "")
        raise ValueError(f"no label {text!r}; the labels are {shown}")
    return known[text]


def _as_table(rows: Any, target: str | None, label: Any) -> pd.DataFrame:
    """Give generated rows of any container names that a file can hold, and the label beside them."""
    import pandas as pd

    if hasattr(rows, "to_pandas"):
        rows = rows.to_pandas()
    if not isinstance(rows, pd.DataFrame):
        rows = pd.DataFrame(rows).rename(columns=lambda i: f"x{i}")
    rows.columns = rows.columns.map(str)
    if target is None:
        return rows
    if target in rows.columns:
        raise ValueError(f"the labels' name {target!r} is also a column's: rename one and train again")
    return rows.assign(**{target: [label] * len(rows)})


def _print_counts(console: Console, target: str, before: pd.Series, after: pd.Series, real: pd.Series) -> None:
    """Count the classes before and after, and the real rows after, some of which may be repeated."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(escape(target))
    counts = [labels.value_counts().to_dict() for labels in (before, real, after)]
    repeats = len(real) > len(before)
    for name in ("before", *["repeated"] * repeats, "generated", "after"):
        table.add_column(name, justify="right")
    for label, n in counts[0].items():
        n_real, total = counts[1][label], counts[2][label]
        added = [n_real - n, total - n_real] if repeats else [total - n_real]
        shown = [f"{n_added:,}" if n_added else "" for n_added in added]
        table.add_row(escape(str(label)), f"{n:,}", *shown, f"{total:,}")
    console.print(table)


def _print_scores(console: Console, scores: pd.DataFrame, seconds: float) -> None:
    from rich import box
    from rich.table import Table

    from ganaug.demo import METRICS, verdict

    groups = scores.groupby(["classifier", "added"], sort=False)[list(METRICS)]
    means, spreads = groups.mean(), groups.std()
    bold = means == means.groupby("classifier").transform("max")
    text = means.map("{:.3f}".format).where(~bold, means.map("[bold]{:.3f}[/]".format))
    text += spreads.map(" ± {:.3f}".format)

    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"Scores (generating took {seconds:.1f} s a split)",
        title_justify="left",
        pad_edge=False,
    )
    table.add_column("classifier", no_wrap=True)
    table.add_column("added", no_wrap=True)
    for metric in METRICS:
        table.add_column(metric, justify="right", no_wrap=True)
    for classifier, rows in text.groupby("classifier", sort=False):
        for i, cells in enumerate(rows.droplevel("classifier").reset_index().itertuples(index=False)):
            table.add_row("" if i else str(classifier), *cells, end_section=i + 1 == len(rows))
    console.print(table)

    for rival, name in (("none", "no generated rows"), ("SMOTE", "SMOTE")):
        words, n_better, n_worse, gain = verdict(scores, rival)
        console.print(
            f"ganaug is {words} {name}: {n_better} scores of {len(METRICS) * len(scores) // 3} better, "
            f"{n_worse} worse, {gain:+.3f} on average."
        )
