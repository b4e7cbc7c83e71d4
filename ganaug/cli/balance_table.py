"""``ganaug balance`` of tables, texts among them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug.cli.console import KEPT, on_terminal, print_answers, print_comparison, print_counts, print_others, say
from ganaug.cli.first_screen import (
    command,
    kept_model,
    measure,
    print_next,
    print_preview,
    print_written,
    with_commands,
    write_provenance,
    write_report,
    written_words,
)
from ganaug.cli.options import check_strategy, check_two_classes, parse_ignore, parse_strategy, split_names
from ganaug.cli.private import PrivateModel
from ganaug.cli.trial import Trial, n_requested, resample, train_for
from ganaug.cli.values import rules_in_values
from ganaug.common.progress import begin_phase, end_phase

if TYPE_CHECKING:
    import pandas as pd

    from ganaug.datasets import Table


def balance_table(
    source: Path,
    out: Path,
    target: str,
    strategy: str,
    params: dict[str, Any],
    trial: Trial,
    categorical: list[str] | None,
    ignore: list[str] | None,
    text: list[str] | None,
    *,
    encoding: str | None,
    private: PrivateModel | None,
    mark: str | None,
    only_synthetic: bool,
    provenance: Path | None,
    save: Path | None,
    report: Path | None,
    force: bool,
    began: float,
) -> None:
    """Read, balance and write a table, and print the first screen; the parameters are those of the command."""
    from ganaug.common.modality import modality_of
    from ganaug.datasets import check_output, read_table, value_of, write_table

    check_output(out, force=force)
    if out.exists() and out.samefile(source) and mark is None:
        said = "and nothing will tell them from the real ones; stop, and add --mark COLUMN or name another file"
        say("warning", f"OUT {out} is IN: synthetic rows are added to it, {said}")
    begin_phase(f"reading {source}", show=on_terminal())
    table = read_table(source, target=target, encoding=encoding)
    names = [name.strip() for name in target.split(",")]
    if target not in table.frame.columns and len(names) > 1 and set(names) <= set(table.frame.columns):
        raise ValueError(
            f"--target {target}: balance takes one column of classes. Several labels a row are for ganaug compare, and "
            "in Python for ganaug.targets.GANMultilabelOversampler"
        )
    X, y = table.split(target)
    check_two_classes(y, f"{source}: column {target!r}")
    _warn_of_numbers(table, y, target)
    wanted = parse_strategy(strategy, y.unique().tolist())
    check_strategy(strategy, wanted, y)
    if params["model"] == "text" and X.shape[1] > 1:
        others = ", ".join(map(str, X.columns))
        raise ValueError(
            f"--model text takes a table with one column beside --target {target}, but {source} has {X.shape[1]}: "
            f"{others}. Remove all but the column of texts; or leave --model out and name the column in --text"
        )
    is_text = params["model"] == "text" or (params["model"] == "auto" and modality_of(X).name == "text")
    if is_text:
        for_tables = {
            "--provenance": provenance,
            "--categorical": categorical,
            "--ignore": ignore,
            "--epsilon": private,
        }
        for option, value in {**for_tables, "--constraint": params.get("constraints")}.items():
            if value:
                way = "" if params["model"] == "text" else ", or pass --model tabular to take them for categories"
                raise ValueError(f"{option} is for tables, and {source} holds texts; leave it out{way}")
        if text and set(text) <= {"auto", *X.columns}:
            text = None  # the only column, which is written anyway
    left_out = parse_ignore(ignore, list(table.frame))
    categorical = split_names(categorical, list(table.frame)) if categorical else None
    texts = split_names(text, list(table.frame)) if text else None
    is_found = texts == ["auto"] and "auto" not in table.frame
    for option, columns in (
        ("--categorical", categorical),
        ("--ignore", left_out),
        ("--text", None if is_found else texts),
    ):
        for column in columns or []:
            table.check_column(column)
            if column == target:
                raise ValueError(f"{option} names the target {target!r}; leave it out")
    if mark is not None and mark in table.frame.columns:
        raise ValueError(f"--mark {mark}: the table has such a column already; choose another name")
    if trial.groups is not None:
        table.check_column(trial.groups)
        if trial.groups == target:
            raise ValueError(f"--groups {trial.groups} is the target; name the column that identifies the group")

    import pandas as pd

    from ganaug.oversampler import GANOversampler

    params["constraints"] = rules_in_values(params["constraints"], table)
    if private is not None:
        params["model"] = private(X, partial(value_of, table))
    if trial.max_time is not None:
        from ganaug.cli.time_limit import SECONDS_A_TEXT, TimeLimit, after_samples, after_table
        from ganaug.common.texts import are_texts
        from ganaug.models import TextGAN

        text_model = TextGAN()
        n_columns = sum(are_texts(X[[name]]) for name in X) if is_found else len(texts or [])
        after = after_table(
            table.frame.size,
            began,
            has_page=report is not None,
            n_texts=lambda: n_requested(sampler) * n_columns * text_model.n_candidates,
        )
        if is_text:
            after = after_samples(
                lambda: n_requested(sampler),
                lambda n: text_model.candidates_for(params["selection"], n),
                began,
                usual=SECONDS_A_TEXT,
            )
        trial = trial._replace(limit=TimeLimit(trial.max_time, began, after))
        params["callbacks"] = [*(params["callbacks"] or []), trial.limit]
    sampler = GANOversampler(
        sampling_strategy=wanted,
        categorical_features=categorical,
        ignore=left_out,
        text_columns="auto" if is_found else texts,
        **params,
    )
    sampler, compared, X_resampled, y_resampled, is_synthetic = resample(sampler, X, y, trial)
    written = is_synthetic if only_synthetic else pd.RangeIndex(len(is_synthetic)) >= len(X)
    rows = pd.concat([X_resampled[written], y_resampled[written].rename(target)], axis=1)
    n_repeated = int((~is_synthetic[written]).sum())
    train_for(save, sampler, X, y)
    if hasattr(sampler, "model_") and private is None:  # how cells are written may tell of single rows
        sampler.model_.text_format_ = table.format()  # so that `ganaug sample` writes rows as the file has them
    with kept_model(sampler, save, out):
        begin_phase(f"writing {out}", show=on_terminal())
        write_table(out, table, rows, mark=mark, n_repeated=n_repeated, only_synthetic=only_synthetic, force=force)
    KEPT.append(str(out))
    n_synthetic = int(is_synthetic.sum())
    findings, resampling = measure(sampler, compared, (X, y, X_resampled, y_resampled), "rows", full=report is not None)
    options = [] if trial.groups is None else ["--groups", trial.groups]
    findings = with_commands(findings, command("compare", source, "--target", target, *options))
    previews = []
    # cells of a few letters show nothing of a text, and who asks for differential privacy wants to see no real row
    if n_synthetic and not is_text and private is None:
        from ganaug.evaluation import preview_rows

        previews = preview_rows(X, y.to_numpy(), X_resampled[is_synthetic], y_resampled[is_synthetic].to_numpy())
    end_phase()
    print_answers(findings)
    n_real = 0 if only_synthetic else len(X)
    said = written_words(out, n_real, n_repeated, y_resampled[is_synthetic], "row", mark)
    print_written(said, began, getattr(sampler, "model_", None))
    print_counts(target, y, y_resampled, y_resampled[~is_synthetic])
    if provenance is not None and n_synthetic:
        write_provenance(provenance, sampler, is_synthetic, only_synthetic, force=force)
    elif provenance is not None:
        say("note", f"--provenance {provenance} is not written, because there are no synthetic rows")
    print_preview(previews, target, table)
    if compared is not None:
        print_comparison(compared)
    print_others(findings)
    if report is not None:
        write_report(report, source, resampling, compared)
    if n_synthetic and (mark is not None or only_synthetic):
        marked = ["--mark", mark] if mark is not None else []
        print_next(command("evaluate", source, out, "--target", target, *marked))
    elif compared is None or not n_synthetic:
        print_next(command("compare", source, "--target", target, *options))
    elif save is not None and n_synthetic:
        label = y_resampled[is_synthetic].iloc[0]
        print_next(command("sample", save, f"more{''.join(out.suffixes)}", "--label", label, "-n", 100))
    else:
        print_next(command("balance", source, out, "--target", target, "--report", "report.html", "--force"))


def _warn_of_numbers(table: Table, y: pd.Series, target: str) -> None:
    """Refuse or warn of a target that looks measured; the classes of a text file are the cells as they are written."""
    import pandas as pd

    from ganaug.common.labels import kind_of_target, measured_words
    from ganaug.datasets import numbers_of, warn_of_numbers_missing

    numbers = numbers_of(table, target)
    kind = "classes" if numbers is None else kind_of_target(numbers, in_file=True)
    cut = "pandas.qcut in Python"
    are_single = kind == "counted" and 2 * y.nunique() > len(y)
    if kind == "measured" or are_single:
        why = f" in {len(y):,} rows" if are_single else ", not all of them whole"
        raise ValueError(
            f"--target {target} has {y.nunique():,} different numbers{why}: it was measured or counted, and "
            f"balance takes classes. Make some with {cut}, or take ganaug.targets.GANRegressionOversampler there; "
            "ganaug compare takes such a target as it is. If they are names, such as versions, write a letter before "
            "each"
        )
    if kind == "counted" and not pd.api.types.is_numeric_dtype(y):  # otherwise the sampler warns
        say("warning", measured_words(f"--target {target}", y.nunique(), cut, "nothing is wrong"))
        warn_of_numbers_missing(table, target)
