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
from contextlib import contextmanager
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from ganaug._version import __version__

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from rich.console import Console

    from ganaug.comparison import Comparison
    from ganaug.evaluation import ImageEvaluation, TableEvaluation
    from ganaug.oversampler import GANOversampler
    from ganaug.training import Callback

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
    """The models that data can be given to."""

    auto = "auto"
    tabular = "tabular"
    image = "image"


class SelectionName(str, Enum):
    """How rows are chosen."""

    auto = "auto"
    forest = "forest"
    neighbors = "neighbors"
    discriminator = "discriminator"
    none = "none"


Seed = Annotated[int | None, typer.Option("--seed", help="The same seed gives the same rows.", min=0)]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist already.")]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="HTML", help="Write what was found as one page, which shows some of the data."),
]


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
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="A CSV, TSV (also .gz), Parquet or Feather file; a folder of pictures, CLASS/*.png "
            "(jpg, tif, bmp, dcm); or an .npz file with train_images and train_labels.",
        ),
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The same rows or pictures, and the generated ones besides.")
    ],
    target: Annotated[
        str | None, typer.Option("--target", metavar="COLUMN", help="Of a table, the column with the classes.")
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(
            "--strategy",
            help="auto, minority, 'not majority', 'not minority', all; a ratio such as 0.5 for two classes; "
            "the rows that classes shall have: rare=500,rarer=300 or JSON; or 'equal share', see --share.",
        ),
    ] = "auto",
    share: Annotated[
        str | None,
        typer.Option(
            "--share",
            help="Of generated rows in every class, with --strategy 'equal share'; 0.2 by default, or 'auto': tried on "
            "rows held out.",
        ),
    ] = None,
    selection: Annotated[
        SelectionName, typer.Option("--selection", help="By what each row is chosen among three candidates.")
    ] = SelectionName.auto,
    model: Annotated[Model, typer.Option("--model", help="What generates.")] = Model.auto,
    seed: Seed = None,
    max_time: Annotated[
        float | None,
        typer.Option("--max-time", metavar="SECONDS", help="Train no longer, nor compare with --select.", min=0),
    ] = None,
    categorical: Annotated[
        str | None,
        typer.Option(
            "--categorical", metavar="A,B", help="Columns of a table with categories; found by themselves otherwise."
        ),
    ] = None,
    mark: Annotated[
        str | None, typer.Option("--mark", metavar="COLUMN", help="Add to a table a column: 1 where generated, 0 else.")
    ] = None,
    only_synthetic: Annotated[bool, typer.Option("--only-synthetic", help="Write what is generated alone.")] = False,
    resize: Annotated[
        str | None, typer.Option("--resize", metavar="HxW", help="Bring the pictures of a folder to one size.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out pictures that cannot be read, and name them.")
    ] = False,
    link: Annotated[bool, typer.Option("--link", help="Link the original pictures instead of copying them.")] = False,
    select: Annotated[
        bool,
        typer.Option(
            "--select",
            help="Choose by cross-validation of a table whether to add nothing, rows repeated, or how many generated "
            "ones, and say why.",
        ),
    ] = False,
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric", help="What --select goes by: average precision, if not ROC AUC, balanced accuracy, ..."
        ),
    ] = None,
    log_dir: Annotated[
        Path | None,
        typer.Option(
            "--log-dir",
            metavar="DIR",
            help="Write the training's history there while it goes on, for pictures samples too, and for TensorBoard "
            "where it is installed.",
        ),
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="MODEL", help="Keep the model for `ganaug sample`.")
    ] = None,
    report: Report = None,
    force: Force = False,
) -> None:
    """Write IN to OUT with generated rows or pictures, so that the classes are balanced."""
    from ganaug.datasets import check_output

    if save is not None:
        check_output(save, force=force, extensions=False)
        if save.resolve() in (out.resolve(), source.resolve()):
            raise ValueError(f"--save {save} would overwrite the data")
    _check_report(report, source, out, save, force=force)
    if share is not None and strategy != "equal share":
        raise ValueError(f"--share {share} goes with --strategy 'equal share'")
    if select and strategy != "auto":
        raise ValueError(f"--select finds a strategy, and --strategy {strategy} names one: leave one of them out")
    if metric is not None and not select:
        raise ValueError(f"--metric {metric} goes with --select")
    if log_dir is not None:
        _check_log_dir(log_dir, {"IN": source, "OUT": out, "MODEL": save})
    are_pictures = source.is_dir() or source.suffix.lower() == ".npz"
    of_tables = {"--target": target, "--categorical": categorical, "--mark": mark, "--select": select or None}
    of_pictures = {"--resize": resize, "--skip-bad": skip_bad or None, "--link": link or None}
    for option, value in (of_tables if are_pictures else of_pictures).items():
        if value is not None:
            wrong, taken = ("tables", "pictures") if are_pictures else ("pictures", "a table")
            raise ValueError(f"{option} is for {wrong}, and {source} is taken for {taken}")
    if model is (Model.tabular if are_pictures else Model.image):
        taken = "pictures" if are_pictures else "a table"
        raise ValueError(f"--model {model.value} is not for {source}, which is taken for {taken}")
    params = {
        "synthetic_share": 0.2 if share is None else _parse_share(share),
        "selection": None if selection is SelectionName.none else selection.value,
        "model": model.value,
        "random_state": seed,
        "max_time": max_time,
        "verbose": int(_on_terminal()),
    }
    if are_pictures:
        copies: Literal["copy", "link", "none"] = "none" if only_synthetic else "link" if link else "copy"
        with _logged(log_dir, pictures=True) as callbacks:
            _balance_pictures(
                source,
                out,
                strategy,
                {**params, "callbacks": callbacks},
                resize=resize,
                skip_bad=skip_bad,
                copies=copies,
                save=save,
                report=report,
                force=force,
            )
        return
    if target is None:
        if not source.exists():
            raise FileNotFoundError(f"no such file or folder: {source}")
        raise ValueError("--target COLUMN is missing: which column of the table has the classes?")
    with _logged(log_dir, pictures=False) as callbacks:
        _balance_table(
            source,
            out,
            target,
            strategy,
            {**params, "callbacks": callbacks},
            metric=(metric or "average precision") if select else None,
            categorical=categorical,
            mark=mark,
            only_synthetic=only_synthetic,
            save=save,
            report=report,
            force=force,
        )


def _balance_table(
    source: Path,
    out: Path,
    target: str,
    strategy: str,
    params: dict[str, Any],
    *,
    metric: str | None,
    categorical: str | None,
    mark: str | None,
    only_synthetic: bool,
    save: Path | None,
    report: Path | None,
    force: bool,
) -> None:
    from ganaug.datasets import check_output, read_table, write_table

    check_output(out, force=force)
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

    import numpy as np
    import pandas as pd

    from ganaug.oversampler import GANOversampler

    sampler = GANOversampler(
        sampling_strategy=wanted, categorical_features="auto" if categorical is None else columns, **params
    )
    comparison = None
    if metric is None:
        X_resampled, y_resampled = sampler.fit_resample(X, y)
        new = sampler.is_synthetic_
    else:
        sampler, comparison, (X_resampled, y_resampled, new) = _selected(sampler, X, y, metric)
    added = new if only_synthetic else np.arange(len(new)) >= len(X)
    rows = pd.concat([X_resampled[added], y_resampled[added].rename(target)], axis=1)
    with _kept(save, sampler, X, y):
        n_repeated = int((~new[added]).sum())
        write_table(out, table, rows, mark=mark, n_repeated=n_repeated, only_synthetic=only_synthetic, force=force)
    _print_counts(_console(), target, y, y_resampled, y_resampled[~new])
    if report is None:
        return
    if comparison is not None and not hasattr(sampler, "is_synthetic_"):
        comparison.html(report, title=f"{source.name}: why nothing is generated")
        return
    from ganaug.evaluation import evaluate_resampling

    evaluate_resampling(sampler, X, y, X_resampled, y_resampled).html(report, title=f"{source.name}, balanced")


def _selected(
    sampler: GANOversampler, X: pd.DataFrame, y: pd.Series, metric: str
) -> tuple[GANOversampler, Comparison, tuple[pd.DataFrame, pd.Series, NDArray]]:
    """Choose a strategy and say why; return the sampler, the scores, and rows, labels, and which of them are generated.

    The sampler is not fitted where it is not what was chosen.
    """
    import numpy as np

    from ganaug.comparison import select
    from ganaug.oversampler import GANOversampler

    fewest = y.value_counts().tail(1)
    if fewest.iloc[0] < 2:
        raise ValueError(f"--select needs 2 rows of each class, to train and to test; {fewest.index[0]!r} has one")
    choice = select(
        X,
        y,
        sampler=sampler,
        metric=metric,
        n_splits=min(5, int(fewest.iloc[0])),
        max_time=sampler.max_time,
        random_state=sampler.random_state,
        verbose=sampler.verbose,
    )
    console = _console()
    standing = choice.comparison.standing(metric)[["mean", "gain", "p"]].rename(columns={"mean": metric})
    _print_table(console, standing.map("{:.3f}".format).rename_axis("added").reset_index())
    console.print(choice.reason, markup=False)
    X_resampled, y_resampled = choice.sampler.fit_resample(X, y)
    if isinstance(choice.sampler, GANOversampler):
        return choice.sampler, choice.comparison, (X_resampled, y_resampled, choice.sampler.is_synthetic_)
    return sampler, choice.comparison, (X_resampled, y_resampled, np.zeros(len(y_resampled), dtype=bool))


def _check_log_dir(log_dir: Path, taken: dict[str, Path | None]) -> None:
    if log_dir.exists() and not log_dir.is_dir():
        raise NotADirectoryError(f"--log-dir {log_dir} is no folder")
    for name, path in taken.items():
        if path is not None and log_dir.resolve().is_relative_to(path.resolve()):
            raise ValueError(f"--log-dir {log_dir} is {name}, or lies in it: name another folder")


@contextmanager
def _logged(log_dir: Path | None, *, pictures: bool) -> Iterator[list[Callback] | None]:
    """Give the callbacks that write to `log_dir`, which is there only where they wrote to it."""
    if log_dir is None:
        yield None
        return
    from ganaug.training import CollapseMonitor, CSVLog, SampleGrid, TensorBoard

    history = log_dir / "history.csv"
    callbacks: list[Callback] = [CSVLog(history), CollapseMonitor()]
    if pictures:
        callbacks.append(SampleGrid(log_dir / "samples"))
    if find_spec("tensorboard") is not None:
        callbacks.append(TensorBoard(log_dir))
    made = [folder for folder in (log_dir, *log_dir.parents) if not folder.exists()]
    log_dir.mkdir(parents=True, exist_ok=True)
    before = history.stat().st_mtime_ns if history.exists() else None
    try:
        yield callbacks
        if not history.exists() or history.stat().st_mtime_ns == before:
            _say("warning", f"nothing was trained, so nothing is written to --log-dir {log_dir}")
    finally:
        for folder in made:
            if not any(folder.iterdir()):
                folder.rmdir()


def _balance_pictures(
    source: Path,
    out: Path,
    strategy: str,
    params: dict[str, Any],
    *,
    resize: str | None,
    skip_bad: bool,
    copies: Literal["copy", "link", "none"],
    save: Path | None,
    report: Path | None,
    force: bool,
) -> None:
    from ganaug.datasets import check_image_output, read_images, write_images

    check_image_output(out, source, copies=copies, force=force)
    images = read_images(source, resize=None if resize is None else _parse_size(resize), skip_bad=skip_bad)

    import pandas as pd

    from ganaug.metrics import nearest_pixels
    from ganaug.oversampler import GANOversampler

    y = pd.Series(images.y, name="class")
    wanted = _parse_strategy(strategy, y.unique().tolist())
    # pictures that are there twice would be files that are there twice: a training loop repeats, not a folder
    sampler = GANOversampler(sampling_strategy=wanted, repeat_real=False, **params)
    X_resampled, y_resampled = sampler.fit_resample(images.X, y)
    new = sampler.is_synthetic_
    made, labels = X_resampled[new], y_resampled[new]
    manifest = pd.DataFrame(index=labels.index)
    if new.any():
        places, distances, mirrored = nearest_pixels(made, images.X)
        manifest = manifest.assign(
            seed=sampler.model_.seed_,
            discriminator_score=sampler.model_.judge(made, labels).round(4),
            nearest_training_file=[images.files[place] for place in places],
            distance=distances.round(4),
            mirrored=mirrored.astype(int),
        )
    with _kept(save, sampler, images.X, y):
        write_images(out, images, made, labels, manifest=manifest, copies=copies, force=force)
    _print_counts(_console(), "class", y, y_resampled, y)
    if new.any():
        distance = max(0.0, sampler.history_["distance"].min())
        _console().print(
            f"Distance to real pictures {distance:.2f}: up to about 0.15 as near as other real ones are, from 0.3 on "
            "easily told apart. Look at them, or train for longer.",
            markup=False,
        )
    if report is not None:
        from ganaug.evaluation import evaluate_resampling

        found = evaluate_resampling(sampler, images.X, y, X_resampled, y_resampled, names=images.files)
        found.html(report, title=f"{source.name}, balanced")


@contextmanager
def _kept(save: Path | None, sampler: GANOversampler, X: Any, y: pd.Series) -> Iterator[None]:
    """Keep the model at `save`, but only where the data, which are written within, could be."""
    from ganaug.common.files import replacing

    if save is None:
        yield
        return
    with replacing(save) as beside:
        if not hasattr(sampler, "model_"):
            sampler.fit(X, y)  # nothing was generated, so nothing was trained yet
        sampler.save(beside)
        yield


def _check_report(report: Path | None, *others: Path | None, force: bool) -> None:
    """Make sure that the report can be written, and to a file of its own, before hours are spent on what it says."""
    from ganaug.datasets import check_output

    if report is None:
        return
    check_output(report, force=force, extensions=False)
    for other in others:
        if other is not None and report.resolve().is_relative_to(other.resolve()):
            raise ValueError(f"--report {report} would overwrite {other}, or lie within it")


@app.command()
def sample(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A file of `ganaug balance --save`.")],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="A CSV, TSV (also .gz), Parquet or Feather file; of pictures, a folder."),
    ],
    label: Annotated[str, typer.Option("--label", help="The class of the rows or pictures.")],
    n: Annotated[int, typer.Option("-n", help="How many.", min=1)],
    seed: Seed = None,
    force: Force = False,
) -> None:
    """Write N generated rows or pictures of one class to OUT."""
    from ganaug.datasets import Table, check_output, write_image_samples, write_table

    if model.is_dir() or not model.exists():
        raise FileNotFoundError(f"no such model file: {model}")

    import numpy as np

    from ganaug.models import ImageGAN
    from ganaug.oversampler import GANOversampler

    sampler = GANOversampler.load(model)
    known = _find_label(label, list(sampler.classes_))
    if not isinstance(sampler.model_, ImageGAN):
        check_output(out, force=force)
    made = sampler.sample(n, known, random_state=seed)
    if isinstance(sampler.model_, ImageGAN):
        write_image_samples(out, np.asarray(made).reshape(n, *sampler.model_.encoder_.shape_), label, force=force)
    else:
        write_table(out, Table(_as_table(made, sampler.target_name_, known)), force=force)


@app.command()
def compare(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A CSV, TSV (also .gz), Parquet or Feather file.")],
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="The column with the classes.")],
    groups: Annotated[
        str | None,
        typer.Option("--groups", metavar="COLUMN", help="Such as the patient: never on both sides of a split."),
    ] = None,
    samplers: Annotated[
        str, typer.Option("--samplers", metavar="A,B", help="What is compared, also imbalanced-learn's by class name.")
    ] = "none,weights,threshold,random,SMOTE,ganaug",
    classifiers: Annotated[
        str, typer.Option("--classifiers", metavar="A,B", help="scikit-learn's, by class name.")
    ] = "LogisticRegression,HistGradientBoostingClassifier",
    splits: Annotated[int, typer.Option("--splits", help="Folds.", min=2)] = 5,
    repeats: Annotated[int, typer.Option("--repeats", help="How often the rows are split anew.", min=1)] = 2,
    jobs: Annotated[int, typer.Option("--jobs", help="Processes; -1 takes all cores.")] = 1,
    results: Annotated[
        Path | None,
        typer.Option("--results", metavar="CSV", help="Every score; an interrupted comparison goes on from it."),
    ] = None,
    seed: Seed = 0,
    report: Report = None,
    force: Force = False,
) -> None:
    """Say whether generated rows help on IN: cross-validated, beside doing nothing and other ways to balance."""
    from ganaug.comparison import compare
    from ganaug.datasets import read_table

    _check_report(report, source, results, force=force)
    table = read_table(source)
    X, y = table.split(target)
    of_groups = None
    if groups is not None:
        table.check_column(groups)
        if groups == target:
            raise ValueError(f"--groups {groups}: it is the target")
        of_groups, X = X[groups], X.drop(columns=groups)
    comparison = compare(
        X,
        y,
        samplers=[name.strip() for name in samplers.split(",")],
        classifiers=[name.strip() for name in classifiers.split(",")],
        groups=of_groups,
        n_splits=splits,
        n_repeats=repeats,
        random_state=seed,
        n_jobs=jobs,
        results=results,
        verbose=int(_on_terminal()),
    )
    console = _console()
    means = comparison.summary().pivot_table(
        index=["classifier", "sampler"], columns="metric", values="mean", sort=False, dropna=False
    )
    _print_table(console, means.reset_index().map(lambda cell: cell if isinstance(cell, str) else f"{cell:.3f}"))
    console.print(comparison.verdict, markup=False)
    if report is not None:
        comparison.html(report, title=f"{source.name}: ways to balance, compared")


@app.command()
def evaluate(
    real: Annotated[
        Path,
        typer.Argument(
            metavar="REAL",
            help="The table that the rows were made from; of pictures the folder, CLASS/*.png, or .npz file.",
        ),
    ],
    synthetic: Annotated[
        Path,
        typer.Argument(
            metavar="SYNTHETIC",
            help="The generated rows alone; of pictures, a folder or .npz file of them, or the OUT of "
            "`ganaug balance`, from which they are taken.",
        ),
    ],
    holdout: Annotated[
        Path | None,
        typer.Option("--holdout", metavar="FILE", help="Real rows or pictures that the generator has not seen."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", metavar="COLUMN", help="Of tables, the classes: like is compared with like, and predicted."
        ),
    ] = None,
    mark: Annotated[
        str | None,
        typer.Option(
            "--mark",
            metavar="COLUMN",
            help="Of SYNTHETIC as `ganaug balance --mark` wrote it: its rows with a 1 count.",
        ),
    ] = None,
    inception: Annotated[
        Path | None,
        typer.Option(
            "--inception",
            metavar="FILE",
            help="Of pictures: Inception as TorchScript (inception-2015-12-05.pt), for the FID, KID and IS of papers.",
        ),
    ] = None,
    seed: Seed = 0,
    report: Report = None,
    force: Force = False,
) -> None:
    """Say whether SYNTHETIC rows or pictures are real enough, whether they are copies, and what they are good for."""
    paths = [real, synthetic, *([holdout] if holdout is not None else [])]
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"no such file or folder: {path}")
    are_pictures = {path: path.is_dir() or path.suffix.lower() == ".npz" for path in paths}
    if len(set(are_pictures.values())) > 1:
        kinds = [f"{path} is taken for {'pictures' if of else 'a table'}" for path, of in are_pictures.items()]
        raise ValueError(f"{' and '.join(kinds)}: they must be of one kind")
    _check_report(report, *paths, force=force)
    if are_pictures[real]:
        for option, value in {"--target": target, "--mark": mark}.items():
            if value is not None:
                raise ValueError(f"{option} is for tables, and {real} is taken for pictures")
        evaluation: TableEvaluation | ImageEvaluation = _evaluated_pictures(paths, inception, seed)
        only = ""
    else:
        if inception is not None:
            raise ValueError(f"--inception is for pictures, and {real} is taken for a table")
        evaluation, only = _evaluated_tables(paths, target, mark, seed)
    shown = evaluation.frame()[["part", "measure", "value", "best", "reads"]]
    console = _console()
    _print_table(console, shown.map(lambda cell: cell if isinstance(cell, str) else f"{cell:.3g}"))
    for sentence in evaluation.verdict:
        console.print(f"- {sentence}", markup=False)
    if report is not None:
        evaluation.html(report, title=f"{synthetic.name} against {real.name}{only}")


def _evaluated_pictures(paths: list[Path], inception: Path | None, seed: int | None) -> ImageEvaluation:
    from ganaug.datasets import read_images
    from ganaug.evaluation import evaluate_images

    made = read_images(paths[1], only_synthetic=True)
    # as --resize may have done before the generator saw them
    sets = [read_images(path, resize=made.X.shape[1:3] if path.is_dir() else None) for path in (paths[0], *paths[2:])]
    sets.insert(1, made)
    return evaluate_images(
        *(of.X for of in sets[:2]),
        holdout=sets[2].X if len(sets) > 2 else None,
        target=[of.y.astype(str) for of in sets],  # an archive's numbers may be the names of folders
        inception=inception,
        random_state=seed,
    )


def _evaluated_tables(
    paths: list[Path], target: str | None, mark: str | None, seed: int | None
) -> tuple[TableEvaluation, str]:
    """Return the evaluation, and which rows it is only of."""
    from ganaug.datasets import read_table
    from ganaug.evaluation import evaluate_tables

    tables = [read_table(path) for path in paths]
    if target is not None:
        for table in tables:
            table.check_column(target)
    frames, only = [table.frame for table in tables], ""
    if mark is None:
        extra = frames[1].columns.difference(frames[0].columns, sort=False)
        if len(extra) == 1 and frames[1][extra[0]].isin([0, 1]).all():
            raise ValueError(
                f"{paths[1]} has column {extra[0]!r}, and {paths[0]} has not: if it tells which rows are generated, "
                f"say --mark {extra[0]}, and leave it out otherwise"
            )
    else:
        tables[1].check_column(mark)
        marked = frames[1][mark] == 1
        if not marked.any():
            raise ValueError(f"--mark {mark}: no row of {paths[1]} has a 1 there, and so none is synthetic")
        frames[1] = frames[1][marked].drop(columns=mark).reset_index(drop=True)
    if target is not None and (classes := set(frames[1][target])) < set(frames[0][target]):
        # rows that fill up a class are to be like those of that class, not like the whole table
        names = ", ".join(sorted(map(str, classes)))
        _console().print(
            f"Only rows with {target} = {names} are compared: the synthetic ones have no other.", markup=False
        )
        frames = [frame[frame[target].isin(classes)].drop(columns=target).reset_index(drop=True) for frame in frames]
        only, target = f", only {target} = {names}", None
    holdout = frames[2] if len(frames) > 2 else None
    return evaluate_tables(frames[0], frames[1], holdout=holdout, target=target, random_state=seed), only


@app.command()
def demo(seed: Seed = 0) -> None:
    """Show on scikit-learn's breast cancer table what generated rows do to two classifiers."""
    import pandas as pd
    from rich.progress import track

    from ganaug.comparison import BENIGN_PER_MALIGNANT, N_SPLITS, splits

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
    >>> from ganaug.cli.app import main
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


def _parse_share(text: str) -> float | str:
    """Read --share: a number between 0 and 1, or "auto"."""
    if text == "auto":
        return text
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise ValueError(f"--share {text}: it is 'auto', or lies between 0 and 1, both excluded")
    return share


def _parse_size(text: str) -> tuple[int, int]:
    """Read --resize: height and width."""
    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.strip().isdecimal() and int(side) for side in sides):
        raise ValueError(f"--resize {text}: it is written HEIGHTxWIDTH in pixels, such as 64x64")
    return int(sides[0]), int(sides[1])


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


def _print_table(console: Console, frame: pd.DataFrame) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for name in frame.columns:
        table.add_column(escape(str(name)), overflow="fold")
    for cells in frame.itertuples(index=False):
        table.add_row(*(escape("" if cell == "nan" else str(cell)) for cell in cells))
    console.print(table)


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

    from ganaug.comparison import METRICS, verdict

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
