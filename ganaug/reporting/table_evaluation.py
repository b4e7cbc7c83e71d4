"""The page of an evaluation of synthetic rows: measures, columns, associations, projection, privacy, model card."""

from collections.abc import Hashable
from functools import partial
from typing import Any

import pandas as pd

from ganaug.common.cells import duration_words
from ganaug.common.findings import SAFE
from ganaug.common.wording import counted, percent, shortened
from ganaug.evaluation import TableEvaluation
from ganaug.metrics import seconds_to_time
from ganaug.reporting.blocks import (
    Block,
    ColumnChart,
    ColumnCharts,
    Paragraphs,
    Section,
    Table,
    format_cell,
    with_intervals,
)
from ganaug.reporting.card import model_card
from ganaug.reporting.figures import draw_figures, heat_map, scatter

TITLE = "Evaluation of synthetic rows"
# What a page holds of the real data.
CONTENT = "values"
_CAPTIONS = {
    "validity": "Validity: share of cells that the real table could not hold",
    "fidelity": "Fidelity: how real the rows are",
    "utility": "Utility: scores of classifiers on real rows",
}
# Columns of a heat map; more cannot be read.
_N_MAPPED_COLUMNS = 25
# Columns whose distribution a page shows; each takes some kilobytes.
_N_COLUMN_CHARTS = 300
_N_PAIRS = 10
_N_COPIES = 20
# Columns of copies, those that differ first.
_N_COPY_COLUMNS = 12
# Real rows that a table shows next to synthetic ones; intervals stand in brackets.
_ON_NUMBERS = (
    'In brackets stand 95 % intervals. "real rows" says what new real rows have: '
    "for validity and columns what chance gives, for neighbourhoods what two halves of the real rows have, for privacy "
    "what {reference} have, and for scores what training on the real rows alone gives. Where it is empty, this is not "
    "known."
)
_ON_COPIES = (
    "Rows are counted from 0 in the files or tables that were given: 0 is the first row below the head{where}. The "
    "distance of a pair is the largest difference of any number, in standard deviations of the real column: 0 in "
    'an exact copy, at most 0.01 in a near copy, in which categories and missing cells are the same. "Shared by" '
    "says how many real rows are like this one: a copy of a row that many have identifies nobody. balance "
    "--provenance looks at the rows as the model encodes them: its is_copy marks rows that equal a single real "
    "row, and its distance is that of all columns together, so the numbers differ from those here."
)
_N_RULES = 30
_LONGEST_NAME = 80


def heading(evaluation: TableEvaluation) -> str:
    """Return one line that says what was compared.

    Parameters
    ----------
    evaluation : TableEvaluation
        Returned by `ganaug.evaluate`.
    """
    return evaluation.heading


def sections(evaluation: TableEvaluation, of: str = "", where: str = "") -> list[Section]:
    """Return what a page shows of an evaluation.

    Parameters
    ----------
    evaluation : TableEvaluation
        Returned by `ganaug.evaluate`.
    of : str, default=""
        End of all headings. It distinguishes several evaluations on one page.
    where : str, default=""
        How synthetic rows are counted, if not in the table that was given.

    Returns
    -------
    list of Section
        "Measures", "Rules" (if the real table has any), "Columns", "Associations", "Projection" and "Privacy".
    """
    frame = evaluation.frame()
    parts = {str(part): rows.drop(columns="part") for part, rows in frame.groupby("part", sort=False)}
    private = parts.pop("privacy")
    explained = Paragraphs(
        [*([] if of or where else [evaluation.extent]), _ON_NUMBERS.format(reference=evaluation.reference)]
    )
    tables = [Table(with_intervals(rows), _CAPTIONS[part]) for part, rows in parts.items()]
    return [
        Section(f"Measures{of}", [explained, *tables]),
        *([Section(f"Rules{of}", _rules(evaluation))] if len(evaluation.constraints) else []),
        Section(f"Columns{of}", _columns(evaluation)),
        Section(f"Associations{of}", _associations(evaluation)),
        Section(f"Projection{of}", [_projection(evaluation)]),
        Section(f"Privacy{of}", _privacy(evaluation, private, where)),
    ]


def card(evaluation: TableEvaluation) -> Section:
    """Return the model card of rows whose generator is not known.

    Parameters
    ----------
    evaluation : TableEvaluation
        Returned by `ganaug.evaluate`.

    Returns
    -------
    Section
        "Model card".
    """
    n = evaluation.n_rows
    return model_card(
        data=f"A table of {n['synthetic']:,} synthetic rows, compared with {n['real']:,} real rows. This page does not "
        "know the generator. If you pass the rows on, name the generator.",
        use="To decide whether the rows are real enough for a purpose, whether they are copies, and how well "
        "classifiers learn from them.",
        limits="All measures describe these rows. Other rows of the same generator differ as far as the intervals say.",
        how="This page is the only mark that is known here.",
    )


def _rules(evaluation: TableEvaluation) -> list[Block]:
    rules = evaluation.constraints
    n_broken = int((rules["broken"] > 0).sum())
    said = (
        f"{counted(len(rules), 'rule')} that no real row breaks, and by chance many would. Rules are learned from the "
        "real rows of all classes that were given; if their classes are known, rules within classes are among them."
    )
    if not n_broken:
        said += " No synthetic row breaks any of them."
        table = Table(rules[["rule"]].iloc[:_N_RULES], f"{_shown(rules)}, none of them broken", is_folded=True)
    else:
        said += f" Synthetic rows break {n_broken:,} of them."
        table = Table(rules.iloc[:_N_RULES], f"{_shown(rules)}, the one that most synthetic rows break first")
    return [Paragraphs([said]), table]


def _shown(rules: pd.DataFrame) -> str:
    return f"{_N_RULES} of {len(rules):,} rules" if len(rules) > _N_RULES else counted(len(rules), "rule")


def _columns(evaluation: TableEvaluation) -> list[Block]:
    columns = evaluation.columns()
    charts = [_column_chart(evaluation, label, row) for label, row in columns.iloc[:_N_COLUMN_CHARTS].iterrows()]
    said = ["Shares of the cells that are not missing. The column with the largest distance stands first."]
    if evaluation.at_equal_shares:
        said.append(
            "The classes have other shares in the two tables, so rows are drawn with equal shares of the classes, here "
            "and in all measures of fidelity."
        )
    if len(columns) > len(charts):
        said.append(f"Of {len(columns):,} columns, the {len(charts)} with the largest distances are shown.")
    return [Paragraphs([" ".join(said)]), ColumnCharts(charts)]


def _column_chart(evaluation: TableEvaluation, label: Hashable, row: pd.Series) -> ColumnChart:
    found, kind, name = evaluation.distributions[label], row["kind"], shortened(label, _LONGEST_NAME)
    note = f"distance {row['distance']:.3f}, by chance up to {row['limit']:.3f}"
    if row["real missing"] or row["synthetic missing"]:
        note += f"; missing {percent(row['real missing'])} of real, {percent(row['synthetic missing'])} of synthetic"
    if "level" in found:
        rows = found.itertuples(index=False, name=None)
        levels = [
            ("all others" if level is None else shortened(level, _LONGEST_NAME), *shares) for level, *shares in rows
        ]
        return ColumnChart(name, note, levels=levels)
    low, high = (
        f"{end:,.6g}" if kind == "number" else duration_words(seconds_to_time(end, kind).floor("s"))
        for end in (found["low"].iloc[0], found["high"].iloc[-1])
    )
    return ColumnChart(name, note, bins=found[["real", "synthetic"]].to_numpy(), ends=(low, high))


def _associations(evaluation: TableEvaluation) -> list[Block]:
    real, synthetic, difference = evaluation.associations()
    if len(difference) < 2:
        return [Paragraphs(["The table has a single column, so there are no associations."])]
    pairs = evaluation.association_differences()
    said = [
        "How strongly the columns of each pair depend on each other. The third map is the second less the first: white "
        "is best."
    ]
    if len(difference) > _N_MAPPED_COLUMNS:
        # in the order of the table, so that related columns stay together
        chosen = list(dict.fromkeys(label for pair in pairs.index for label in pair))[:_N_MAPPED_COLUMNS]
        kept = [label for label in difference if label in set(chosen)]
        real, synthetic, difference = (table.loc[kept, kept] for table in (real, synthetic, difference))
        said.append(f"Of {len(evaluation.distances):,} columns, {len(kept)} in the pairs that differ most are shown.")
    maps = [
        (partial(heat_map, matrix, title), f"Heat map of associations: {title}", "")
        for matrix, title in [(real, "real"), (synthetic, "synthetic"), (difference, "synthetic less real")]
    ]
    worst = pd.DataFrame(
        {
            "one column": [shortened(a, _LONGEST_NAME) for a, _ in pairs.index[:_N_PAIRS]],
            "other column": [shortened(b, _LONGEST_NAME) for _, b in pairs.index[:_N_PAIRS]],
            "absolute difference": pairs.to_numpy()[:_N_PAIRS],
        }
    )
    table = Table(worst, "Pairs that differ most")
    figures = draw_figures(*maps)
    return [Paragraphs([" ".join(said)]), figures, table] if figures.images else [table]


def _projection(evaluation: TableEvaluation) -> Block:
    real, synthetic, explained = evaluation.projection
    return draw_figures(
        (
            partial(scatter, real, synthetic),
            "Real and synthetic rows as points of a plane",
            f"{len(real):,} real and {len(synthetic):,} synthetic rows along the two principal directions of the real "
            f"rows, which show {percent(explained)} of their variance. Synthetic points should lie among real ones.",
        )
    )


def _privacy(evaluation: TableEvaluation, measures: pd.DataFrame, where: str) -> list[Block]:
    blocks: list[Block] = [Table(with_intervals(measures), f"Privacy, beside {evaluation.reference}")]
    if len(evaluation.copies()):
        blocks += _copies(evaluation, where)
    return [*blocks, Paragraphs([finding.sentence for finding in evaluation.verdict if finding.question == SAFE])]


def _copies(evaluation: TableEvaluation, where: str) -> list[Block]:
    """Return each copy above its real row, and what the numbers mean."""
    copies, kept = evaluation.copies(), evaluation.copied_rows
    n = len(copies) if kept is None else len(kept[0])
    shown = min(n, _N_COPIES)
    which = f"The first {shown} of {len(copies):,}" if len(copies) > shown else f"All {len(copies):,}"
    pairs = copies.iloc[:shown]
    if kept is None:
        table = pairs.rename(columns={"synthetic": "synthetic row", "real": "real row"})
        return [Paragraphs([_ON_COPIES.format(where=where)]), Table(table, f"{which} copies and near copies")]
    tables = [of.iloc[:shown].reset_index(drop=True).astype(object) for of in kept]
    differs = (tables[0].ne(tables[1]) & ~(tables[0].isna() & tables[1].isna())).sum()
    names = list(differs.sort_values(ascending=False, kind="stable").index)[:_N_COPY_COLUMNS]
    rows = []
    for i, pair in enumerate(pairs.to_dict("records")):
        for kind, table in zip(("synthetic", "real"), tables, strict=True):
            number = int(pair[kind])
            given = [format_cell(pair["distance"]), str(pair["shared by"])] if kind == "synthetic" else ["", ""]
            rows.append((f"{kind} {number:,}", *given, *(_cell(table[name].iloc[i]) for name in names)))
    head = pd.Index(["row", "distance", "shared by", *(str(name) for name in names)])
    caption = f"{which} copies and near copies, each above its real row"
    if len(names) < tables[0].shape[1]:
        caption += f"; {len(names)} of {tables[0].shape[1]:,} columns, those that differ first"
    return [Paragraphs([_ON_COPIES.format(where=where)]), Table(pd.DataFrame(rows, columns=head), caption)]


def _cell(cell: Any) -> str:
    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return ""
    return f"{cell:.9g}" if isinstance(cell, float) else str(cell)
