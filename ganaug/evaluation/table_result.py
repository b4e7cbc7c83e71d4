"""All measures of generated rows at once: `evaluate`, and what it says of tables in plain sentences."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from ganaug.common.containers import as_frame
from ganaug.common.random import subsample
from ganaug.common.wording import listed, percent
from ganaug.evaluation.result import Shown, count_interval
from ganaug.metrics import (
    AUC,
    Associations,
    Closest,
    Copies,
    Count,
    Floor,
    Interval,
    Projection,
    TableCodes,
    Utility,
    alpha_precision_beta_recall,
    as_time,
    associations,
    bootstrap,
    closest_records,
    column_distances,
    copies,
    distributions,
    membership_inference,
    precision_recall_density_coverage,
    projection,
    real_floor,
    two_sample_auc,
    utility,
    validity,
)
from ganaug.reporting.card import model_card
from ganaug.reporting.figures import heat_map, scatter
from ganaug.reporting.page import Section, Shape, Shapes, Table, Words, drawings

if TYPE_CHECKING:
    from ganaug.evaluation.image_result import ImageEvaluation

MIN_ROWS = 20
# Rows that the measures of neighbourhoods are given: with their intervals, about ten seconds.
MAX_NEIGHBORHOOD_ROWS = 2_000
_N_NEIGHBORS = 5
_N_RESAMPLES = 20
_NEIGHBORHOODS = {
    "precision": "share of synthetic rows among real ones",
    "recall": "share of real rows among synthetic ones",
    "density": "how densely real rows lie around synthetic ones; above 1: only where they are dense",
    "coverage": "share of real rows with a synthetic one next to them",
    "alpha-precision": "synthetic rows as far from the middle as real ones",
    "beta-recall": "real rows, typical and unusual ones, met by synthetic rows",
}
_PARTS = {
    "validity": "shares of cells that the real table could not hold",
    "fidelity": "how real the rows are; best is what real rows reach among themselves",
    "utility": "scores of classifiers on real rows",
}
_VALIDITY = ["out of range", "unseen level", "off grid", "newly missing", "unreadable"]
_SHOWN_COLUMNS = 25
# Columns whose distribution a page shows: some kilobytes each.
_SHOWN_SHAPES = 300
_SHOWN_COPIES = 20
_LONGEST_NAME = 80
# Times the distance that chance has on average: of two levels, one column in sixty gets beyond by chance.
_BEYOND = 3


def evaluate(
    real: Any,
    synthetic: Any,
    *,
    holdout: Any = None,
    target: Any = None,
    classifiers: Sequence[ClassifierMixin] | None = None,
    inception: str | Path | None = None,
    random_state: int | np.random.Generator | None = None,
) -> "TableEvaluation | ImageEvaluation":
    """Measure whether synthetic rows are real enough, whether they are copies, and what they are good for.

    Parameters
    ----------
    real, synthetic : DataFrame of pandas or polars, Arrow table, array or list of lists, shape (n, d)
        The rows that the generator was trained on, and those it made, at least 20 each, with the same columns in any
        order. An array takes the names of the real table. Or pictures: arrays of shape (n, height, width) or (n,
        height, width, channels), of one size and dtype.
    holdout : table of the same columns or None, default=None
        Real rows of the same origin that the generator has not seen, at least 20. With them privacy is measured against
        rows that cannot have been memorised, and classifiers are tested on rows that are new to the generator, too.
    target : hashable, tuple of arrays or None, default=None
        Column that classifiers predict; None leaves the measures of utility out. Of pictures, their classes: an array
        of labels for the real ones, one for the synthetic ones, and, with a hold-out, one for that; like is compared
        with like then, and None takes them for one class.
    classifiers : sequence of scikit-learn classifiers or None, default=None
        None takes a logistic regression and gradient boosting; see `ganaug.metrics.utility.utility`.
    inception : str, Path or None, default=None
        Of pictures: the file of `ganaug.metrics.inception.Inception`, with which distances and score are the FID,
        KID and IS of papers, for as few pictures as there are. Takes minutes a class.
    random_state : int, numpy.random.Generator or None, default=None
        Of forests, folds, and the rows drawn from long tables.

    Returns
    -------
    TableEvaluation or ImageEvaluation
        Print it for the verdict; of tables `ganaug.evaluation.table_result.TableEvaluation`, of pictures
        `ganaug.evaluation.image_result.ImageEvaluation`.

    Raises
    ------
    ValueError
        If tables have other columns or too few rows, hold infinite or nested cells, or the target is no column of
        classes; the message names the column.

    Notes
    -----
    Columns, cells and copies are measured on all rows. Where time grows with pairs of rows, some are drawn: 20,000 for
    associations, 2,500 of each table for the forest, 2,000 for precision, recall, density and coverage and their kin,
    and for distances as many as make 10^8 pairs with all rows of the other table. 10^5 rows of ten columns take about
    half a minute.

    Pictures are measured class by class, in the features of EfficientNet-Lite0 (``ganaug[extractor]``; without, pixels
    alone are compared), on 250 of a class at most and as many real ones: such a Fréchet distance is called
    FD-EffNetLite0, for it is no FID, which `inception` gives. Beside each measure stands what one half of the real
    pictures makes of the other.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(300, 2))
    >>> found = evaluate(rows[:100], rows[100:200], holdout=rows[200:], random_state=0)
    >>> print(found.verdict[0])
    Real enough: a forest hardly tells synthetic rows from real ones (AUC ...; 0.5 is not at all).
    >>> copied = evaluate(rows[:100], rows[:100], holdout=rows[200:], random_state=0)
    >>> print(copied.verdict[-1])
    Do not share these rows as if they were anonymous: ...
    """
    if len(np.shape(real)) > 2:
        from ganaug.evaluation.image_result import evaluate_images  # of networks, which tables need not

        if classifiers is not None:
            raise ValueError("classifiers are for tables; pictures are not judged by what they are good for here")
        return evaluate_images(
            real, synthetic, holdout=holdout, target=target, inception=inception, random_state=random_state
        )
    if inception is not None:
        raise ValueError(f"inception={str(inception)!r} is for pictures, and real is a table")
    return evaluate_tables(
        real, synthetic, holdout=holdout, target=target, classifiers=classifiers, random_state=random_state
    )


def evaluate_tables(
    real: Any,
    synthetic: Any,
    *,
    holdout: Any = None,
    target: Hashable | None = None,
    classifiers: Sequence[ClassifierMixin] | None = None,
    random_state: int | np.random.Generator | None = None,
) -> "TableEvaluation":
    """Measure synthetic rows, as `evaluate` describes it."""
    real = as_frame(real, "real")
    # read once; every measure takes the frames as they are
    synthetic = as_frame(synthetic, "synthetic", real)
    holdout = None if holdout is None else as_frame(holdout, "holdout", real)
    for name, table in [("real", real), ("synthetic", synthetic), ("holdout", holdout)]:
        if table is not None and len(table) < MIN_ROWS:
            raise ValueError(f"{name} has {len(table)} rows, and {MIN_ROWS} are needed to measure anything")
    if classifiers is not None and target is None:
        raise ValueError("classifiers have nothing to predict; name the column with target=...")
    rng = np.random.default_rng(random_state)
    # first of all, as it is where a wrong target shows
    useful = None
    if target is not None:
        useful = utility(real, synthetic, target, holdout=holdout, classifiers=classifiers, random_state=_seed(rng))
    neighborhoods, interval, floor = _neighborhoods(real, synthetic, rng)
    return TableEvaluation(
        n_rows={"real": len(real), "synthetic": len(synthetic), "holdout": 0 if holdout is None else len(holdout)},
        validity=validity(real, synthetic),
        distances=column_distances(real, synthetic),
        association=associations(real, synthetic, random_state=_seed(rng)),
        two_sample=two_sample_auc(real, synthetic, random_state=_seed(rng)),
        neighborhoods=neighborhoods,
        neighborhood_interval=interval,
        neighborhood_floor=floor,
        copied=copies(real, synthetic, holdout=holdout),
        closest=closest_records(real, synthetic, holdout=holdout, random_state=_seed(rng)),
        membership=None if holdout is None else membership_inference(real, synthetic, holdout, random_state=_seed(rng)),
        useful=useful,
        distributions=distributions(real, synthetic),
        projection=projection(real, synthetic, random_state=_seed(rng)),
        settings={"target": target, "classifiers": classifiers, "random_state": random_state},
    )


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _neighborhoods(
    real: pd.DataFrame, synthetic: pd.DataFrame, rng: np.random.Generator
) -> tuple[NDArray, Interval, Floor]:
    """Return the six measures, their interval, and what one half of the real rows makes of the other."""
    n = min(len(real), len(synthetic), MAX_NEIGHBORHOOD_ROWS)
    real, synthetic = (table.iloc[subsample(len(table), n, rng)] for table in (real, synthetic))
    book = TableCodes(real, synthetic)
    points, made = book.points(book.cells_, book.cells(synthetic))
    interval = bootstrap(_of_neighborhoods, points, made, n=_N_RESAMPLES, random_state=rng)
    floor = real_floor(points, _of_neighborhoods, n_splits=_N_RESAMPLES // 2, random_state=rng)
    return _of_neighborhoods(points, made), interval, floor


def _of_neighborhoods(real: NDArray, fake: NDArray) -> NDArray:
    return np.array(
        [
            *precision_recall_density_coverage(real, fake, _N_NEIGHBORS),
            *alpha_precision_beta_recall(real, fake, _N_NEIGHBORS),
        ]
    )


@dataclass(frozen=True, repr=False, eq=False)
class TableEvaluation(Shown):
    """What `evaluate` found.

    Attributes
    ----------
    n_rows : dict
        Rows of "real", "synthetic" and "holdout".
    validity, distances : DataFrame
        See `ganaug.metrics.fidelity.validity` and `column_distances`; together they are `columns`.
    association : Associations
        See `ganaug.metrics.fidelity.associations`.
    two_sample : AUC
        See `ganaug.metrics.fidelity.two_sample_auc`.
    neighborhoods : ndarray of shape (6,)
        Precision, recall, density, coverage, alpha-precision and beta-recall.
    neighborhood_interval, neighborhood_floor : Interval, Floor
        Of these six: 95 % interval, and what one half of the real rows makes of the other.
    copied, closest, membership : Copies, Closest, AUC or None
        See `ganaug.metrics.privacy`; None without a hold-out.
    useful : Utility or None
        See `ganaug.metrics.utility.utility`; None without a target.
    distributions : dict of DataFrame
        See `ganaug.metrics.fidelity.distributions`.
    projection : Projection
        See `ganaug.metrics.fidelity.projection`.
    settings : dict
        What `evaluate` was called with besides tables.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(200, 2))
    >>> found = evaluate(rows[:100], rows[100:], random_state=0)
    >>> found.frame().columns.tolist()
    ['part', 'measure', 'value', 'low', 'high', 'best', 'reads']
    """

    _holds = "values"

    n_rows: dict[str, int]
    validity: pd.DataFrame
    distances: pd.DataFrame
    association: Associations
    two_sample: AUC
    neighborhoods: NDArray
    neighborhood_interval: Interval
    neighborhood_floor: Floor
    copied: Copies
    closest: Closest
    membership: AUC | None
    useful: Utility | None
    distributions: dict[Hashable, pd.DataFrame]
    projection: Projection
    settings: dict[str, Any]

    def frame(self) -> pd.DataFrame:
        """Return all measures as one table.

        Returns
        -------
        DataFrame
            "part" (validity, fidelity, privacy, utility), "measure", "value", "low" and "high" (95 % interval, NaN
            where there is none), "best" (what a perfect generator would have, as far as these rows can tell: for
            neighbourhoods and distances what real rows have among themselves), and "reads", the same in words.
        """
        rows = [*self._validity_rows(), *self._fidelity_rows(), *self._privacy_rows(), *self._utility_rows()]
        return pd.DataFrame(rows, columns=["part", "measure", "value", "low", "high", "best", "reads"])

    def columns(self) -> pd.DataFrame:
        """Return a row for each column: its distance and what is not valid in it, the farthest column first.

        Returns
        -------
        DataFrame
            See `ganaug.metrics.fidelity.column_distances` and `validity`.
        """
        order = np.argsort(-self.distances["distance"].to_numpy(), kind="stable")
        return pd.concat([self.distances, self.validity], axis=1).iloc[order]

    def associations(self) -> Associations:
        """Return how strongly columns go together in both tables, and the difference.

        Returns
        -------
        Associations
            Matrices "real", "synthetic" and "difference"; see `ganaug.metrics.fidelity.associations`.
        """
        return self.association

    def copies(self) -> pd.DataFrame:
        """Return the synthetic rows that equal a real one, or nearly do, with the numbers of both.

        Returns
        -------
        DataFrame
            See `ganaug.metrics.privacy.copies`.
        """
        return self.copied.listed

    @property
    def verdict(self) -> list[str]:
        """Plain sentences: are the rows junk, are they copies, what are they good for, may they be shared."""
        return [*self._on_reality(), *self._on_copies(), *self._on_use(), self._on_sharing()]

    # --- rows of the frame

    def _validity_rows(self) -> list[tuple[Any, ...]]:
        n_cells = self.n_rows["synthetic"] * len(self.validity)
        rows = []
        for name in ("invalid", *_VALIDITY):
            shares = self.validity[name]
            found = Count(round(float(shares.sum()) * self.n_rows["synthetic"]), n_cells)
            best = float(self.validity["by chance"].mean()) if name == "invalid" else 0.0
            worst = shares[shares > 0].sort_values(ascending=False, kind="stable").index
            reads = f"in {listed(worst)}" if len(worst) else "none"
            rows.append(("validity", f"{name} cells", found.share, *count_interval(found), best, reads))
        broken = self.validity["broken dtype"]
        reads = f"in {listed(broken.index[broken])}" if broken.any() else "none"
        rows.append(("validity", "broken dtypes", float(broken.mean()), np.nan, np.nan, 0.0, reads))
        return rows

    def _fidelity_rows(self) -> list[tuple[Any, ...]]:
        columns = self.columns()
        beyond = columns.index[columns["distance"] > _BEYOND * columns["chance"]]
        reads = f"beyond chance in {listed(beyond)}" if len(beyond) else "no column beyond chance"
        none = np.nan, np.nan
        rows: list[tuple[Any, ...]] = [
            (
                "fidelity",
                "column distance, mean",
                float(columns["distance"].mean()),
                *none,
                float(columns["chance"].mean()),
                reads,
            ),
            (
                "fidelity",
                "column distance, largest",
                float(columns["distance"].iloc[0]),
                *none,
                float(columns["chance"].iloc[0]),
                f"of {listed(columns.index[:1])}",
            ),
        ]
        pairs = self._pairs()
        if len(pairs):
            (a, b), largest = pairs.index[0], pairs.iloc[0]
            rows += [
                ("fidelity", "association difference, mean", float(pairs.mean()), *none, 0.0, "absolute, of all pairs"),
                (
                    "fidelity",
                    "association difference, largest",
                    float(largest),
                    *none,
                    0.0,
                    f"of {listed([a])} and {listed([b])}",
                ),
            ]
        rows.append(
            (
                "fidelity",
                "two-sample AUC",
                self.two_sample.value,
                *_auc_interval(self.two_sample),
                0.5,
                f"a forest {_told(self.two_sample)} synthetic rows from real ones",
            )
        )
        low, high = self.neighborhood_interval
        for i, (name, meaning) in enumerate(_NEIGHBORHOODS.items()):
            ends = float(max(low[i], 0)), float(high[i] if name == "density" else min(high[i], 1))
            best = float(self.neighborhood_floor.mean[i])
            rows.append(("fidelity", name, float(self.neighborhoods[i]), *ends, best, meaning))
        return rows

    def _pairs(self) -> pd.Series:
        """Return the absolute difference of each pair's association, the largest first."""
        difference = self.association.difference
        first, second = np.triu_indices(len(difference), 1)
        labels = list(difference.columns)
        pairs = [(labels[i], labels[j]) for i, j in zip(first, second, strict=True)]
        values = np.abs(difference.to_numpy()[first, second])
        order = np.argsort(-values, kind="stable")
        return pd.Series(values[order], index=pd.Index([pairs[i] for i in order], dtype=object, tupleize_cols=False))

    def _privacy_rows(self) -> list[tuple[Any, ...]]:
        copied, closest, reference = self.copied, self.closest, self._reference
        rows: list[tuple[Any, ...]] = []
        for name, found, usual in [
            ("exact copies", copied.exact, copied.reference_exact),
            ("near copies", copied.near, copied.reference_near),
        ]:
            reads = f"{found.found:,} rows; {'more than' if found.exceeds(usual) else 'as many as'} {reference} have"
            rows.append(("privacy", name, found.share, *count_interval(found), usual.share, reads))
        rows += [
            (
                "privacy",
                "distance to closest record, ratio",
                closest.ratio,
                closest.low,
                closest.high,
                1.0,
                f"{closest.distance:.3g} in the median, of {reference} {closest.reference_distance:.3g}",
            ),
            (
                "privacy",
                "rows closer than the closest 5 %",
                closest.closer.share,
                *count_interval(closest.closer),
                closest.reference_closer.share,
                f"share that is nearer to a real row than 95 % of {reference} are",
            ),
            (
                "privacy",
                "nearest-neighbour distance ratio",
                closest.neighbor_ratio,
                np.nan,
                np.nan,
                closest.reference_neighbor_ratio,
                "near 0: each row belongs to a single real one",
            ),
        ]
        if self.membership is None:
            rows.append(
                ("privacy", "membership-inference AUC", np.nan, np.nan, np.nan, 0.5, "not measured: needs a hold-out")
            )
        else:
            learned = "learns" if self._is_member_known() else "does not learn"
            reads = f"an attacker {learned} who was in the training data"
            ends = _auc_interval(self.membership)
            rows.append(("privacy", "membership-inference AUC", self.membership.value, *ends, 0.5, reads))
        return rows

    def _utility_rows(self) -> list[tuple[Any, ...]]:
        if self.useful is None:
            return []
        rows = []
        scores = self.useful.scores
        real = scores[scores["trained on"] == "real"].set_index(["classifier", "metric"])["value"]
        real = real[~real.index.duplicated()]
        for row in scores.to_dict("records"):
            name = f"{row['metric']}, {row['classifier']} on {row['trained on']}"
            difference = row["value"] - real[row["classifier"], row["metric"]]
            reads = (
                "tested on real rows" if row["trained on"] == "real" else f"{difference:+.3f} beside real rows alone"
            )
            rows.append(("utility", name, row["value"], row["low"], row["high"], 1.0, reads))
        return rows

    # --- sentences

    @property
    def _reference(self) -> str:
        return "held-out rows" if self.n_rows["holdout"] else "real rows among themselves"

    def _is_member_known(self) -> bool:
        return self.membership is not None and _auc_interval(self.membership)[0] > 0.5 and self.membership.value > 0.52

    def _on_reality(self) -> list[str]:
        value = self.two_sample.value
        precision, best = self.neighborhoods[0], self.neighborhood_floor.mean[0]
        told = f"a forest {_told(self.two_sample)} synthetic rows from real ones (AUC {value:.2f}; 0.5 is not at all)"
        if value >= 0.9 and precision < 0.5 * best:
            first = f"Junk: {told}, and only {precision:.0%} of them lie among real ones."
        elif value >= 0.7:
            first = f"Not quite real: {told}."
        else:
            first = f"Real enough: {told}."
        said = [first]
        invalid = self._beyond_chance().sort_values(ascending=False, kind="stable")
        if (invalid > 0).any():
            said.append(
                f"Cells that the real table could not hold: {percent(float(invalid.mean()))}, most of them in "
                f"{listed(invalid.index[invalid > 0])}."
            )
        broken = self.validity["broken dtype"]
        if broken.any():
            said.append(f"Cells have become another kind in {listed(broken.index[broken])}.")
        columns = self.columns()
        far = columns.index[columns["distance"] > np.maximum(0.1, _BEYOND * columns["chance"])]
        if len(far):
            said.append(f"Farthest from the real distribution: {listed(far)}.")
        coverage, usual = self.neighborhoods[3], self.neighborhood_floor.mean[3]
        if coverage < 0.7 * usual:
            said.append(
                f"Variety is lacking: synthetic rows come near {coverage:.0%} of the real ones, where real rows come "
                f"near {usual:.0%} of each other."
            )
        return said

    def _beyond_chance(self) -> pd.Series:
        """Return the invalid share of each column, without cells out of range or unseen that new real rows have too."""
        shares, n, n_real = self.validity, self.n_rows["synthetic"], self.n_rows["real"]
        new = shares["out of range"] + shares["unseen level"]
        is_usual = np.array(
            [
                not Count(round(found * n), n).exceeds(Count(round(usual * n_real), n_real))
                for found, usual in zip(new, shares["by chance"], strict=True)
            ]
        )
        return (shares["invalid"] - new.where(is_usual, 0.0)).clip(0)

    def _on_copies(self) -> list[str]:
        copied = self.copied
        exact, near = copied.exact, copied.near
        if not near.found:
            return ["No synthetic row is a copy of a real one, or nearly one."]
        alone = int((copied.listed["exact"] & (copied.listed["shared by"] == 1)).sum())
        nearly = near.found - exact.found
        found = f"{exact.found:,} of {exact.of:,} synthetic rows equal a real one, and {nearly:,} nearly do"
        usual = f"{percent(copied.reference_near.share)} of {self._reference} do"
        if not self._has_copies():
            return [f"{found}; {usual}, so that is no more than chance."]
        single = f" Of the equal ones, {alone:,} repeat a row that is there only once." if alone else ""
        return [f"Copies: {found}, where {usual}.{single}"]

    def _has_copies(self) -> bool:
        copied = self.copied
        return copied.exact.exceeds(copied.reference_exact) or copied.near.exceeds(copied.reference_near)

    def _on_use(self) -> list[str]:
        if self.useful is None:
            return []
        said = []
        scores = self.useful.scores.query("metric == 'ROC AUC'")
        for name, of_classifier in scores.groupby("classifier", sort=False):
            value = of_classifier.drop_duplicates("trained on").set_index("trained on")["value"]
            said.append(
                f"{name}, tested on real rows, has a ROC AUC of {value['real']:.3f} trained on real rows, "
                f"{value['synthetic']:.3f} on synthetic ones and {value['both']:.3f} on both."
            )
        return [*said, *self.useful.notes]

    def _on_sharing(self) -> str:
        closest, reasons = self.closest, []
        if self._has_copies():
            reasons.append("there are copies of real rows")
        if closest.high < 0.9:
            reasons.append(f"they lie {closest.ratio:.2f} times as far from real rows as {self._reference} do")
        if closest.closer.exceeds(closest.reference_closer) and closest.closer.share > 0.1:
            reasons.append(
                f"{closest.closer.share:.0%} of them are nearer to a real row than 95 % of {self._reference} are"
            )
        if self.membership is not None and self._is_member_known():
            reasons.append(f"who was in the training data can be told (AUC {self.membership.value:.2f})")
        if reasons:
            return f"Do not share these rows as if they were anonymous: {'; '.join(reasons)}."
        unknown = "" if self.n_rows["holdout"] else " Without a hold-out, though, membership inference was not tried."
        return f"Nothing measured here speaks against sharing them; that is no guarantee of privacy.{unknown}"

    # --- pictures

    def plot(self) -> Any:
        """Draw the distance of each column, and how far associations differ.

        Returns
        -------
        matplotlib.figure.Figure
            On the left the 25 farthest columns, with a line where chance alone would put each; on the right the
            differences of their associations, red where the synthetic one is higher.
        """
        from ganaug.common.figure import Drawing

        columns = self.columns().iloc[:_SHOWN_COLUMNS]
        # matplotlib reads what stands between two dollars as a formula
        names = [str(label).replace("$", r"\$") for label in columns.index]
        places = np.arange(len(columns))
        figure = Drawing(figsize=(11, 1.8 + 0.24 * max(len(columns), 8)), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.barh(places, columns["distance"], color="#3b75af")
        left.vlines(columns["chance"], places - 0.4, places + 0.4, color="black", label="by chance")
        left.set_yticks(places, names)
        left.invert_yaxis()
        left.set_xlim(0, 1)
        left.set_title("Distance of columns, 0 is best")
        left.legend(loc="lower right", frameon=False)
        difference = self.association.difference.loc[columns.index, columns.index]
        image = right.imshow(difference, cmap="RdBu_r", vmin=-1, vmax=1)
        right.set_xticks(places, names, rotation=90)
        right.set_yticks(places, names)
        right.set_title("Associations, synthetic less real, 0 is best")
        figure.colorbar(image, ax=right, shrink=0.8)
        return figure

    # --- a page

    def _card(self) -> Section:
        of = self.n_rows
        return model_card(
            data=f"A table of {of['synthetic']:,} rows that were said to be generated, measured against {of['real']:,} "
            "real rows. What generated them, and how, is not known here: whoever passes them on should say so.",
            use="To decide whether the rows are real enough for a purpose, whether they are copies, and what "
            "classifiers make of them.",
            limits="All measures are of these rows; those of other rows would differ as far as the intervals say.",
            how="This page is the only mark that is known here.",
        )

    def sections(self, of: str = "") -> list[Section]:
        """Return what a page shows of it, for pages of several evaluations.

        Parameters
        ----------
        of : str, default=""
            What its headings end with, to tell evaluations apart.
        """
        parts = {str(part): rows.drop(columns="part") for part, rows in self.frame().groupby("part", sort=False)}
        private = parts.pop("privacy")
        explained = self.projection.explained
        n_real, n_made = map(len, self.projection[:2])
        plane = (
            partial(scatter, *self.projection[:2]),
            "Real and synthetic rows as points of a plane",
            f"{n_real:,} real and {n_made:,} synthetic rows along the two principal directions of the real ones, which "
            f"show {percent(explained)} of how they differ. Synthetic points should lie where real ones do.",
        )
        return [
            Section(
                f"Measures{of}", [Table(rows, f"{part.capitalize()}: {_PARTS[part]}") for part, rows in parts.items()]
            ),
            Section(f"Columns{of}", self._shapes()),
            Section(f"Associations{of}", self._heat_maps()),
            Section(f"Projection{of}", [drawings(plane)]),
            Section(f"Privacy{of}", self._privacy(private)),
        ]

    def _shapes(self) -> list[Words | Shapes]:
        columns = self.columns()
        shapes = [self._shape(label, row) for label, row in columns.iloc[:_SHOWN_SHAPES].iterrows()]
        said = "Shares of the cells that are not missing, the column farthest from the real one first."
        if len(columns) > len(shapes):
            said = f"The {len(shapes)} of {len(columns):,} columns that are farthest from the real ones. {said}"
        return [Words([said]), Shapes(shapes)]

    def _shape(self, label: Hashable, row: pd.Series) -> Shape:
        found, kind = self.distributions[label], row["kind"]
        note = f"distance {row['distance']:.3f}, by chance {row['chance']:.3f}"
        if row["real missing"] or row["synthetic missing"]:
            note += (
                f"; missing {percent(row['real missing'])} of real, {percent(row['synthetic missing'])} of synthetic"
            )
        name = _cut(str(label))
        if "level" in found:
            rows = found.itertuples(index=False, name=None)
            return Shape(
                name, note, levels=[("all others" if level is None else _cut(level), *of) for level, *of in rows]
            )
        ends = found["low"].iloc[0], found["high"].iloc[-1]
        said = [f"{end:,.6g}" if kind == "number" else str(as_time(end, kind).floor("s")) for end in ends]
        return Shape(name, note, bins=found[["real", "synthetic"]].to_numpy(), ends=(said[0], said[1]))

    def _heat_maps(self) -> list[Any]:
        real, synthetic, difference = self.association
        if len(difference) < 2:
            return [Words(["A single column goes with no other."])]
        pairs = self._pairs()
        said = ["How strongly columns go together. The third map is the second less the first: white is best."]
        if len(difference) > _SHOWN_COLUMNS:
            # in the order of the table, as the columns of a pair may lie far apart in any other
            chosen = list(dict.fromkeys(label for pair in pairs.index for label in pair))[:_SHOWN_COLUMNS]
            kept = [label for label in difference if label in set(chosen)]
            real, synthetic, difference = (table.loc[kept, kept] for table in (real, synthetic, difference))
            said.append(f"Shown are the {len(kept)} of {len(self.distances):,} columns in pairs that differ most.")
        maps = [
            (partial(heat_map, matrix, title), f"Heat map of associations: {title}", "")
            for matrix, title in [(real, "real"), (synthetic, "synthetic"), (difference, "synthetic less real")]
        ]
        worst = pd.DataFrame(
            {
                "one column": [_cut(str(a)) for a, _ in pairs.index[:10]],
                "other column": [_cut(str(b)) for _, b in pairs.index[:10]],
                "absolute difference": pairs.to_numpy()[:10],
            }
        )
        return [Words([" ".join(said)]), drawings(*maps), Table(worst, "Pairs that differ most")]

    def _privacy(self, rows: pd.DataFrame) -> list[Words | Table]:
        blocks: list[Words | Table] = [
            Table(rows, "Against how near real rows are to each other, or to those held out")
        ]
        listed = self.copies()
        if len(listed):
            said = (
                f"The first {_SHOWN_COPIES} of {len(listed):,}" if len(listed) > _SHOWN_COPIES else f"{len(listed):,}"
            )
            blocks.append(
                Table(listed.iloc[:_SHOWN_COPIES], f"{said} copies and near copies, by numbers of rows from 0 on")
            )
        return [*blocks, Words([self._on_sharing()])]

    def _heading(self) -> str:
        held = self.n_rows["holdout"]
        rows = f"{self.n_rows['synthetic']:,} synthetic rows against {self.n_rows['real']:,} real ones"
        return f"{rows}, {held:,} held out" if held else f"{rows}, none held out"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}..."


def _auc_interval(area: AUC) -> tuple[float, float]:
    return max(0.0, area.value - 1.96 * area.error), min(1.0, area.value + 1.96 * area.error)


def _told(area: AUC) -> str:
    for bound, words in [(0.9, "easily tells"), (0.7, "often tells"), (0.6, "sometimes tells")]:
        if area.value >= bound:
            return words
    return "hardly tells"
