"""The result of an evaluation of synthetic rows: its numbers and its verdict."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.findings import Finding, result_html, result_repr
from ganaug.evaluation.table_measures import measures
from ganaug.evaluation.table_rules import BrokenRules
from ganaug.evaluation.table_verdict import findings
from ganaug.metrics import (
    AUC,
    Associations,
    Baseline,
    ClosestRecords,
    Copies,
    Interval,
    KeptAssociations,
    Projection,
    Utility,
)

# Columns that a figure shows.
_N_DRAWN_COLUMNS = 25


@dataclass(frozen=True, repr=False, eq=False)
class TableEvaluation:
    """What `ganaug.evaluate` found of synthetic rows.

    Attributes
    ----------
    n_rows : dict
        Number of rows of "real", "synthetic" and "holdout"; 0 without a hold-out.
    validity, distances : DataFrame
        See `ganaug.metrics.invalid_cells` and `ganaug.metrics.column_distances`; `columns` returns both together.
    broken_rules : BrokenRules
        How many synthetic rows break rules that the real table never breaks; `constraints` lists the rules.
    association_matrices : Associations
        See `ganaug.metrics.association_matrices`.
    two_sample : AUC
        See `ganaug.metrics.two_sample_auc`.
    neighborhoods : ndarray of shape (6,)
        Precision, recall, density, coverage, alpha-precision and beta-recall.
    neighborhood_interval : Interval
        Their 95 % intervals.
    neighborhood_baseline : Baseline
        The same six for two halves of the real rows.
    copied : Copies
        See `ganaug.metrics.find_copies`.
    closest : ClosestRecords
        See `ganaug.metrics.closest_records`.
    reused : DataFrame
        See `ganaug.metrics.reused_identifiers`; without rows if no column identifies rows.
    membership : AUC or None
        See `ganaug.metrics.membership_inference`; None without a hold-out.
    utility : Utility or None
        See `ganaug.metrics.utility_scores`; None without a target.
    distributions : dict of DataFrame
        See `ganaug.metrics.column_distributions`.
    projection : Projection
        See `ganaug.metrics.projection`.
    settings : dict
        Parameters of `ganaug.evaluate` other than tables.
    agreement : DataFrame or None
        See `ganaug.metrics.class_agreement`; None without a target.
    kept : KeptAssociations or None
        See `ganaug.metrics.kept_associations`; None if no columns clearly depend on each other.
    at_equal_shares : bool
        Whether the classes have other shares than in the real table. Then columns, associations and neighbourhoods are
        those of rows that were drawn with equal shares of the classes.
    copied_rows : (DataFrame, DataFrame) or None
        The synthetic rows of the first 20 pairs of `copies`, and the real rows beside them; None if they are not kept.
    n_classes : int
        Number of classes of the synthetic rows; 0 without a target.

    Examples
    --------
    >>> from ganaug import evaluate
    >>> rows = np.random.default_rng(0).normal(size=(200, 2))
    >>> found = evaluate(rows[:100], rows[100:], random_state=0)
    >>> found.frame().columns.tolist()
    ['part', 'measure', 'value', 'low', 'high', 'real', 'real_low', 'real_high', 'meaning']
    """

    n_rows: dict[str, int]
    validity: pd.DataFrame
    distances: pd.DataFrame
    broken_rules: BrokenRules
    association_matrices: Associations
    two_sample: AUC
    neighborhoods: NDArray
    neighborhood_interval: Interval
    neighborhood_baseline: Baseline
    copied: Copies
    closest: ClosestRecords
    reused: pd.DataFrame
    membership: AUC | None
    utility: Utility | None
    distributions: dict[Hashable, pd.DataFrame]
    projection: Projection
    settings: dict[str, Any]
    agreement: pd.DataFrame | None = None
    kept: KeptAssociations | None = None
    at_equal_shares: bool = False
    copied_rows: tuple[pd.DataFrame, pd.DataFrame] | None = None
    n_classes: int = 0

    def frame(self) -> pd.DataFrame:
        """Return all measures as one table.

        Returns
        -------
        DataFrame
            "part" (validity, fidelity, privacy, utility), "measure", "value", "low" and "high" (95 % interval, NaN
            where there is none), "real", "real_low" and "real_high" (what new real rows have: for neighbourhoods two
            halves of the real rows, for copies and distances `reference`, for scores training on the real rows alone;
            NaN where this is not known), and "meaning", the value in words.
        """
        return measures(self)

    def columns(self) -> pd.DataFrame:
        """Return a row for each column: its distance and its invalid cells, the column with the largest distance first.

        Returns
        -------
        DataFrame
            See `ganaug.metrics.column_distances` and `ganaug.metrics.invalid_cells`.
        """
        order = np.argsort(-self.distances["distance"].to_numpy(), kind="stable")
        return pd.concat([self.distances, self.validity], axis=1).iloc[order]

    def associations(self) -> Associations:
        """Return how strongly the columns of each pair depend on each other in both tables, and the difference.

        Returns
        -------
        Associations
            Matrices "real", "synthetic" and "difference"; see `ganaug.metrics.association_matrices`.
        """
        return self.association_matrices

    def association_differences(self) -> pd.Series:
        """Return the absolute difference of each pair of columns, the largest first.

        Returns
        -------
        Series
            Differences, with pairs of columns as its index.
        """
        difference = self.association_matrices.difference
        first, second = np.triu_indices(len(difference), 1)
        labels = list(difference.columns)
        pairs = [(labels[i], labels[j]) for i, j in zip(first, second, strict=True)]
        values = np.abs(difference.to_numpy()[first, second])
        order = np.argsort(-values, kind="stable")
        return pd.Series(values[order], index=pd.Index([pairs[i] for i in order], dtype=object, tupleize_cols=False))

    def copies(self) -> pd.DataFrame:
        """Return the synthetic rows that equal a real one, or nearly do, with the row numbers of both.

        Returns
        -------
        DataFrame
            See `ganaug.metrics.find_copies`. Rows are counted from 0 in the tables, or the files, that were given.
        """
        return self.copied.pairs

    def with_row_numbers(self, *, real: Any = None, synthetic: Any = None) -> "TableEvaluation":
        """Return the same numbers of rows that were part of a larger table, in which copies are to be found.

        Parameters
        ----------
        real, synthetic : array of int or None, default=None
            The number of each row in the larger table; None if it was the whole table.
        """
        pairs = self.copied.pairs.copy()
        for name, numbers in (("real", real), ("synthetic", synthetic)):
            if numbers is not None:
                pairs[name] = np.asarray(numbers)[pairs[name].to_numpy()]
        return replace(self, copied=self.copied._replace(pairs=pairs))

    @property
    def constraints(self) -> pd.DataFrame:
        """Rules that the real table never breaks, and how many synthetic rows break each: "rule", "broken", "share"."""
        return self.broken_rules.counts

    @property
    def n_learned(self) -> int | None:
        """Number of real rows, if held-out rows are the reference: both samples vary, and synthetic rows with one."""
        return self.n_rows["real"] if self.n_rows["holdout"] else None

    @property
    def reference(self) -> str:
        """Which rows distances and copies are compared with: held-out rows, or, without any, other real rows."""
        return "held-out rows" if self.n_rows["holdout"] else "other real rows"

    @property
    def heading(self) -> str:
        """One line that says what was compared."""
        n = self.n_rows
        rows = f"{n['synthetic']:,} synthetic rows, compared with {n['real']:,} real rows"
        return f"{rows} and {n['holdout']:,} held-out rows" if n["holdout"] else f"{rows}; no row was held out"

    @property
    def extent(self) -> str:
        """One sentence on the rows behind the numbers, and why those of `ganaug.evaluate_resampling` may be others."""
        said = f"Measured on all {self.n_rows['synthetic']:,} synthetic and {self.n_rows['real']:,} real rows"
        if self.n_classes > 1:
            said += f" of {self.n_classes} classes together. ganaug balance measures each class by itself, on at most "
            said += "1,000 synthetic rows of it, so its numbers are others"
        return f"{said}."

    @property
    def verdict(self) -> list[Finding]:
        """Answers to three questions: does it help, is it real, is it safe to share."""
        return findings(self)

    def plot(self) -> Any:
        """Draw the distance of each column, and the differences of associations.

        Returns
        -------
        matplotlib.figure.Figure
            Left: the 25 columns with the largest distance, each with a line at the largest distance that chance alone
            explains. Right: the differences of their associations, red where the synthetic one is higher.

        Raises
        ------
        ImportError
            If matplotlib is not installed (``pip install 'ganaug[plot]'``).
        """
        from ganaug.common.figure import Drawing

        columns = self.columns().iloc[:_N_DRAWN_COLUMNS]
        # matplotlib reads text between two dollars as a formula
        names = [str(label).replace("$", r"\$") for label in columns.index]
        places = np.arange(len(columns))
        figure = Drawing(figsize=(11, 1.8 + 0.24 * max(len(columns), 8)), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.barh(places, columns["distance"], color="#3b75af")
        left.vlines(columns["limit"], places - 0.4, places + 0.4, color="black", label="largest by chance")
        left.set_yticks(places, names)
        left.invert_yaxis()
        left.set_xlim(0, 1)
        left.set_title("Distance of each column (0 is best)")
        left.legend(loc="lower right", frameon=False)
        difference = self.association_matrices.difference.loc[columns.index, columns.index]
        image = right.imshow(difference, cmap="RdBu_r", vmin=-1, vmax=1)
        right.set_xticks(places, names, rotation=90)
        right.set_yticks(places, names)
        right.set_title("Associations, synthetic less real (0 is best)")
        figure.colorbar(image, ax=right, shrink=0.8)
        return figure

    def __repr__(self) -> str:
        return result_repr(self.heading, self.verdict)

    def _repr_html_(self) -> str:
        return result_html(self.heading, self.verdict, self.frame())
