"""Options that several commands share, and how their text is read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from ganaug.common.modality import Modality

Devices = Annotated[
    int | None,
    typer.Option(
        "--devices",
        metavar="N",
        help="Train with N processes on this machine, each on its own GPU or its own part of the cores. Default: those "
        "that torchrun has started, else one.",
        min=1,
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="The same seed gives the same result.", min=0)]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist already.")]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="For CSV: the encoding, such as cp1251, gbk or shift_jis. Default: found by the bytes, mostly UTF-8.",
    ),
]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="HTML", help="Also write the result as one page. The page shows some real data."),
]
Checkpoint = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Store the training there while it runs. If the command is interrupted, the same command goes on from it. "
        "The file is deleted when the training is over. Not with --epsilon.",
    ),
]
LogDir = Annotated[
    Path | None,
    typer.Option(
        "--log-dir",
        metavar="DIR",
        help="Write the history of the training there while it runs; for images, with samples; also for TensorBoard, "
        "if it is installed.",
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="A,B",
        help="For tables: columns to leave out besides those that identify rows, which are found; 'none' leaves out "
        "none. Balance: not with --epsilon.",
    ),
]
TextColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--text",
        metavar="A,B",
        help="For tables: columns for which new texts of the class are written; 'auto' finds them. Minutes for each; "
        "needs the extra text. Not with --epsilon.",
    ),
]
Constraint = Annotated[
    list[str] | None,
    typer.Option(
        "--constraint",
        metavar="RULE",
        help="For tables: a rule that each row keeps, such as 'start <= end' or 'total = a + b'; may be repeated. "
        "Others are learned from the rows. Not with --epsilon.",
    ),
]

Resize = Annotated[
    str | None,
    typer.Option(
        "--resize",
        metavar="HxW",
        help="For images: resize all images of a folder to one size. Balance: not with --mask-channels.",
    ),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="For images: leave out files that cannot be read, and name them.")
]

Epsilon = Annotated[
    float | None,
    typer.Option(
        "--epsilon",
        metavar="E",
        help="For tables: train with differential privacy of this epsilon, such as 3, and delta 1e-5; needs the extra "
        "dp. Each column of numbers needs --bounds or --levels. Share the rows alone (--only-synthetic). "
        "Not with options that look at single rows: --categorical, --ignore, --constraint, --text, --select, "
        "--checkpoint.",
    ),
]
Bounds = Annotated[
    list[str] | None,
    typer.Option(
        "--bounds",
        metavar="COL=LOW:HIGH",
        help="With --epsilon: the range of a column of numbers, known without the rows; may be repeated. "
        "LOW:HIGH:STEP for numbers with a step, such as 0:500:0.01.",
    ),
]
Levels = Annotated[
    list[str] | None,
    typer.Option(
        "--levels",
        metavar="COL=A|B|C",
        help="With --epsilon: the levels of a column, known without the rows; may be repeated. Of other columns of "
        "text, rare levels are lost.",
    ),
]

_STRATEGIES = ("auto", "minority", "not majority", "not minority", "all", "equal share")


class ModelName(str, Enum):
    """Names of the models."""

    auto = "auto"
    tabular = "tabular"
    image = "image"
    text = "text"
    translation = "translation"


class SelectionName(str, Enum):
    """Ways to choose each synthetic row among candidates."""

    auto = "auto"
    class_ = "class"
    realism = "realism"
    neighbors = "neighbors"
    discriminator = "discriminator"
    none = "none"


class Task(str, Enum):
    """What is predicted."""

    auto = "auto"
    classification = "classification"
    regression = "regression"
    multilabel = "multilabel"


class Engine(str, Enum):
    """What does the work."""

    memory = "memory"
    dask = "dask"


def parse_strategy(text: str, labels: Sequence[Any] | None) -> str | float | dict[Any, int]:
    """Read --strategy: a name, a ratio, or the number of rows of each class; without `labels`, by their names."""
    try:
        ratio = float(text)
    except ValueError:
        pass
    else:
        if 0 < ratio <= 1:
            return ratio
        raise ValueError(
            f"--strategy {text}: a ratio must be above 0 and at most 1; to give the sizes of classes, write CLASS=ROWS"
        )
    if text.lstrip().startswith("{"):
        try:
            pairs = list(json.loads(text).items())
        except json.JSONDecodeError as error:
            raise ValueError(f"--strategy {text} is not valid JSON: {error}") from error
    elif "=" in text:
        pairs = [pair.rpartition("=")[::2] for pair in text.split(",")]
    elif text in _STRATEGIES:
        return text
    else:
        names = ", ".join(_STRATEGIES)
        raise ValueError(f"--strategy {text} is unknown; use {names}, a ratio such as 0.5, or CLASS=ROWS,CLASS=ROWS")
    counts = {}
    for name, count in pairs:
        label = name if labels is None else find_label(name, labels)
        try:
            counts[label] = int(count)
        except (TypeError, ValueError) as error:
            raise ValueError(f"--strategy {text}: {count!r} is not a number of rows for class {name!r}") from error
        if isinstance(count, float) and count != counts[label]:
            raise ValueError(f"--strategy {text}: {count!r} is not a whole number of rows for class {name!r}")
    return counts


def check_strategy(text: str, strategy: Any, y: pd.Series) -> None:
    """Refuse sizes that a class exceeds already, and a ratio that does not fit the classes, in words of the shell."""
    from ganaug.common.wording import listed

    counts = y.value_counts()
    large, rare = counts.index[0], counts.index[-1]
    if isinstance(strategy, float):
        if len(counts) != 2:
            raise ValueError(
                f"--strategy {text} is a ratio, which is for two classes, but there are {len(counts)}: "
                f"{listed(list(counts.index), 5)}. Give sizes, such as {rare}={counts.iloc[0]}"
            )
        if strategy * counts.iloc[0] < counts.iloc[1]:
            raise ValueError(
                f"--strategy {text}: class {rare!r} has {counts.iloc[1]:,} already, which is "
                f"{counts.iloc[1] / counts.iloc[0]:.2g} of the {counts.iloc[0]:,} of {large!r}; give a larger ratio"
            )
    if isinstance(strategy, dict):
        for label, n in strategy.items():
            if n < counts.get(label, 0):
                raise ValueError(
                    f"--strategy {text}: class {label!r} has {counts[label]:,} already, and {n:,} are asked for. "
                    "Nothing is removed: give its size after rows are added, or leave it out"
                )


def parse_size(text: str) -> tuple[int, int]:
    """Read --resize: height and width."""
    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.strip().isdecimal() and int(side) for side in sides):
        raise ValueError(f"--resize {text} is not a size; write HEIGHTxWIDTH in pixels, such as 64x64")
    return int(sides[0]), int(sides[1])


def split_names(texts: Sequence[str], columns: Sequence[Any] = ()) -> list[str]:
    """Read lists of names with commas between them, of one option or several; a column may have a comma in its name."""
    names: list[str] = []
    for text in texts:
        names += [text] if text in columns else [name.strip() for name in text.split(",")]
    return list(dict.fromkeys(names))


def parse_ignore(texts: Sequence[str] | None, columns: Sequence[Any]) -> list[str] | None:
    """Read --ignore: names of columns, or "none" to leave out no column."""
    if not texts:
        return None
    return [] if list(texts) == ["none"] and "none" not in columns else split_names(texts, columns)


def find_label(text: str, labels: Sequence[Any]) -> Any:
    """Return the label that is written so."""
    from ganaug.common.wording import listed

    known = {str(label): label for label in labels}
    if text not in known:
        raise ValueError(f"there is no class {text!r}; the classes are {listed(list(known), 20)}")
    return known[text]


def check_options(
    source: Path, modality: Modality, *, for_tables: Mapping[str, object], for_images: Mapping[str, object]
) -> None:
    """Refuse an option of images for a table, and the other way round; options that are not given are None or False."""
    is_image = modality.name == "image"
    owner = "tables" if is_image else "images"
    for option, value in (for_tables if is_image else for_images).items():
        if value is not None and value is not False and value != []:
            more = ", or name a file if a table is meant" if is_image and source.is_dir() else ""
            raise ValueError(f"{option} is for {owner}, and {source} holds {modality.noun}; leave it out{more}")


def check_two_classes(y: Any, where: str) -> None:
    """Refuse data of one class, by the name of the file."""
    if len(y.unique()) == 1:
        raise ValueError(f"{where} has a single class, {str(y.iloc[0])!r}; balancing needs at least two")


def check_report(report: Path | None, *others: Path | None, force: bool) -> None:
    """Check before the work starts that the report can be written, and to a file of its own."""
    from ganaug.datasets import check_output

    if report is None:
        return
    check_output(report, force=force, extensions=False)
    for other in others:
        if other is None:
            continue
        if report.resolve() == other.resolve():
            raise ValueError(f"--report {report} would overwrite {other}; choose another file")
        if report.resolve().is_relative_to(other.resolve()):
            raise ValueError(f"--report {report} lies in {other}; choose a file outside of it")


def check_own_file(option: str, path: Path | None, *others: Path | None) -> None:
    """Refuse a file that the command reads or writes for something else."""
    if path is not None and path.resolve() in {other.resolve() for other in others if other is not None}:
        raise ValueError(f"{option} {path} is also another file of this command; choose another one")


def check_log_dir(log_dir: Path, others: Mapping[str, Path | None]) -> None:
    """Refuse a folder of logs that is a file, or part of what the command reads or writes."""
    if log_dir.exists() and not log_dir.is_dir():
        raise NotADirectoryError(f"--log-dir {log_dir} is not a folder")
    for name, path in others.items():
        if path is not None and log_dir.resolve().is_relative_to(path.resolve()):
            raise ValueError(f"--log-dir {log_dir} is {name}, or lies in it; choose another folder")
