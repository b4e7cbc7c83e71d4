"""The page of an evaluation of synthetic rows: measures, columns, associations, projection, privacy, model card."""

from collections.abc import Hashable
from functools import partial

import pandas as pd

from ganaug.common.cells import duration_words
from ganaug.common.findings import SAFE
from ganaug.common.wording import percent, shortened
from ganaug.evaluation import TableEvaluation
from ganaug.metrics import seconds_to_time
from ganaug.reporting.blocks import Block, ColumnChart, ColumnCharts, Paragraphs, Section, Table, with_intervals
from ganaug.reporting.card import model_card
from ganaug.reporting.figures import draw_figures, heat_map, scatter

TITLE = "Evaluation of synthetic rows"
# What a page holds of the real data.
CONTENT = "values"
_CAPTIONS = {
    "validity": "Validity: share of cells that the real table could not hold",
    "fidelity": 'Fidelity: how real the rows are; "best" is what real rows reach among themselves',
    "utility": "Utility: scores of classifiers on real rows",
}
# Columns of a heat map; more cannot be read.
_N_MAPPED_COLUMNS = 25
# Columns whose distribution a page shows; each takes some kilobytes.
_N_COLUMN_CHARTS = 300
_N_PAIRS = 10
_N_COPIES = 20
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


def sections(evaluation: TableEvaluation, of: str = "") -> list[Section]:
    """Return what a page shows of an evaluation.

    Parameters
    ----------
    evaluation : TableEvaluation
        Returned by `ganaug.evaluate`.
    of : str, default=""
        End of all headings. It distinguishes several evaluations on one page.

    Returns
    -------
    list of Section
        "Measures", "Rules" (if the real table has any), "Columns", "Associations", "Projection" and "Privacy".
    """
    frame = evaluation.frame()
    parts = {str(part): rows.drop(columns="part") for part, rows in frame.groupby("part", sort=False)}
    private = parts.pop("privacy")
    return [
        Section(f"Measures{of}", [Table(with_intervals(rows), _CAPTIONS[part]) for part, rows in parts.items()]),
        *([Section(f"Rules{of}", _rules(evaluation))] if len(evaluation.constraints) else []),
        Section(f"Columns{of}", _columns(evaluation)),
        Section(f"Associations{of}", _associations(evaluation)),
        Section(f"Projection{of}", [_projection(evaluation)]),
        Section(f"Privacy{of}", _privacy(evaluation, private)),
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
    said = "No real row breaks these rules, and by chance many would."
    if len(rules) > _N_RULES:
        said += f" Of {len(rules):,} rules, the {_N_RULES} that most synthetic rows break are shown."
    shown = rules.iloc[:_N_RULES].assign(rule=[shortened(rule, _LONGEST_NAME) for rule in rules["rule"][:_N_RULES]])
    return [Paragraphs([said]), Table(shown, "Rules, and the synthetic rows that break them")]


def _columns(evaluation: TableEvaluation) -> list[Block]:
    columns = evaluation.columns()
    charts = [_column_chart(evaluation, label, row) for label, row in columns.iloc[:_N_COLUMN_CHARTS].iterrows()]
    said = ["Shares of the cells that are not missing. The column with the largest distance stands first."]
    if len(columns) > len(charts):
        said.append(f"Of {len(columns):,} columns, the {len(charts)} with the largest distances are shown.")
    return [Paragraphs([" ".join(said)]), ColumnCharts(charts)]


def _column_chart(evaluation: TableEvaluation, label: Hashable, row: pd.Series) -> ColumnChart:
    found, kind, name = evaluation.distributions[label], row["kind"], shortened(label, _LONGEST_NAME)
    note = f"distance {row['distance']:.3f}, by chance {row['chance']:.3f}"
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
    return [Paragraphs([" ".join(said)]), draw_figures(*maps), Table(worst, "Pairs that differ most")]


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


def _privacy(evaluation: TableEvaluation, measures: pd.DataFrame) -> list[Block]:
    blocks: list[Block] = [Table(with_intervals(measures), f'Privacy; "best" is the value of {evaluation.reference}')]
    copies = evaluation.copies()
    if len(copies):
        which = f"The first {_N_COPIES} of {len(copies):,}" if len(copies) > _N_COPIES else f"All {len(copies):,}"
        caption = f"{which} copies and near copies, by row numbers that start at 0"
        blocks.append(Table(copies.iloc[:_N_COPIES], caption))
    return [*blocks, Paragraphs([finding.sentence for finding in evaluation.verdict if finding.question == SAFE])]
