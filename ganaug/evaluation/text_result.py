"""`TextEvaluation`: the numbers that `evaluate_texts` returns, as a frame and as a figure."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ganaug.common.findings import Finding, result_html, result_repr
from ganaug.common.wording import counted
from ganaug.evaluation.text_verdict import text_findings
from ganaug.metrics import Count, Repeats

_MEANINGS = {
    "distinct-1": "share of words that are different",
    "distinct-2": "share of pairs of words that are different",
    "self-BLEU": "how similar the texts are to each other; higher is less varied",
    "4-gram novelty": "share of sequences of four words that no real text has",
    "length distance": "difference of the lengths, in words",
    "vocabulary distance": "difference of the frequencies of words, 0 to 1",
    "two-sample AUC, words": "0.5 if a classifier cannot tell them from real texts, 1 if it can",
    "two-sample AUC, characters": "the same by sequences of characters, which show words that do not exist",
}
_N_DRAWN_CLASSES = 30


@dataclass(frozen=True, repr=False, eq=False)
class TextEvaluation:
    """The result of `evaluate_texts`.

    Attributes
    ----------
    n_texts : dict
        Number of texts: "real", "synthetic" and, if given, "holdout".
    by_class : DataFrame
        A row for each "class" and "measure": "n" (synthetic texts, and as many real ones), "value", "baseline" (the
        measure between two halves of the real texts), and for distinct-2 and self-BLEU the "score": by how many
        standard deviations the value exceeds that of random draws of synthetic and real texts. Class is "all" if no
        classes were given.
    too_few : dict
        Classes that are too small to measure: label -> number of real and of synthetic texts.
    acceptance, reference_acceptance : dict of Count
        For each class, the synthetic texts that a classifier of real texts takes for it; and the real texts that it
        takes for their class in cross-validation. Empty if there is a single class.
    nearest : DataFrame
        The nearest real text of each synthetic one, of at most 2,000 drawn, the nearest first: as
        `ganaug.metrics.nearest_texts`, with "synthetic" (position), "class", "text" and "nearest text".
    copied, reference_copied : dict of Count
        "exact" copies, and "near" ones, among which the exact ones are counted too: of synthetic texts, and of held-out
        texts, or, without a hold-out, of real texts among each other.
    by_chance : dict of Repeats
        "exact" and "near" copies beside those of random divisions of synthetic and real texts, see
        `ganaug.metrics.repeats_by_chance`.
    median_edits : (float, float)
        Median share of words by which a text differs from the nearest real one: of synthetic texts, and of those they
        are compared with.
    settings : dict
        Parameters of the evaluation.

    Examples
    --------
    >>> from ganaug.evaluation import evaluate_texts
    >>> texts = [f"call {i} for your prize {i % 7}" for i in range(40)]
    >>> evaluation = evaluate_texts(texts, texts[:30], random_state=0)
    >>> evaluation.heading
    '30 synthetic texts compared with 40 real ones, none held out'
    >>> evaluation.copies().shape
    (30, 9)
    """

    n_texts: dict[str, int]
    by_class: pd.DataFrame
    too_few: dict[Hashable, tuple[int, int]]
    acceptance: dict[Hashable, Count]
    reference_acceptance: dict[Hashable, Count]
    nearest: pd.DataFrame
    copied: dict[str, Count]
    reference_copied: dict[str, Count]
    by_chance: dict[str, Repeats]
    median_edits: tuple[float, float]
    settings: dict[str, Any]

    @property
    def heading(self) -> str:
        """What was compared with what, in one line."""
        n_holdout = self.n_texts.get("holdout", 0)
        synthetic = counted(self.n_texts["synthetic"], "synthetic text")
        compared = f"{synthetic} compared with {self.n_texts['real']:,} real ones"
        return f"{compared}, {n_holdout:,} held out" if n_holdout else f"{compared}, none held out"

    @property
    def reference(self) -> str:
        """The texts with which synthetic texts are compared where it is about copies."""
        return "held-out texts" if "holdout" in self.n_texts else "other real texts"

    @property
    def verdict(self) -> list[Finding]:
        """Does it help, is it real, is it safe to share; see `text_findings`."""
        return text_findings(self)

    def frame(self) -> pd.DataFrame:
        """Return all measures as one table.

        Returns
        -------
        DataFrame
            "part" (fidelity, privacy), "measure" (with the class, if there are several), "value", "low" and "high" (95
            % interval, where there is one), "real" (what real texts have among themselves) and "meaning".
        """
        rows: list[tuple[Any, ...]] = []
        for label, count in self.acceptance.items():
            accepted = self.reference_acceptance[label].share
            meaning = f"share that a classifier of real texts takes for {label}"
            rows.append(("fidelity", f"class acceptance, {label}", count.share, *count.interval, accepted, meaning))
        for row in self.by_class.to_dict("records"):
            name = str(row["measure"])
            shown = name if row["class"] == "all" else f"{name}, {row['class']}"
            rows.append(("fidelity", shown, row["value"], np.nan, np.nan, row["baseline"], _MEANINGS[name]))
        for kind, words in (("exact", "equal a real text"), ("near", "share 90 % of their words with a real text")):
            count, usual = self.copied[kind], self.reference_copied[kind]
            meaning = f"{count.found:,} texts {words}; beside it, the share of {self.reference}"
            rows.append(("privacy", f"{kind} copies", count.share, *count.interval, usual.share, meaning))
        meaning = f"median share of words that differ from the nearest real text; beside it, that of {self.reference}"
        rows.append(
            ("privacy", "edits to nearest text", self.median_edits[0], np.nan, np.nan, self.median_edits[1], meaning)
        )
        return pd.DataFrame(rows, columns=["part", "measure", "value", "low", "high", "real", "meaning"])

    def copies(self) -> pd.DataFrame:
        """Return the synthetic texts that are exact or near copies of a real one, beside that.

        Returns
        -------
        DataFrame
            The rows of `nearest` that are copies.
        """
        return self.nearest[self.nearest["copy"] != ""]

    def plot(self) -> Any:
        """Draw class acceptance and diversity of each class, beside those of real texts.

        Returns
        -------
        matplotlib.figure.Figure
            A point for the synthetic texts of each class, and a line at the value of real texts.
        """
        from matplotlib import rcParams

        from ganaug.common.figure import Drawing

        accepted = pd.DataFrame(
            [(label, count.share, self.reference_acceptance[label].share) for label, count in self.acceptance.items()],
            columns=["class", "value", "baseline"],
        )
        drawn = {"class acceptance": accepted}
        for name in ("distinct-2", "self-BLEU", "two-sample AUC, words"):
            drawn[name] = self.by_class[self.by_class["measure"] == name]
        n_rows = max(1, *(min(len(rows), _N_DRAWN_CLASSES) for rows in drawn.values()))
        figure = Drawing(figsize=(10, 1.5 + 0.35 * n_rows), layout="constrained")
        for ax, (name, rows) in zip(figure.subplots(1, len(drawn)), drawn.items(), strict=True):
            rows, places = rows.iloc[:_N_DRAWN_CLASSES], np.arange(min(len(rows), _N_DRAWN_CLASSES))
            ax.plot(rows["value"], places, "o", color="#3b75af", label="synthetic")
            ax.vlines(rows["baseline"], places - 0.3, places + 0.3, color=rcParams["text.color"], label="real")
            # text between two dollar signs is not a formula here
            ax.set_yticks(places, [str(label).replace("$", r"\$") for label in rows["class"]])
            ax.set(xlim=(-0.02, 1.02), ylim=(max(len(rows), 1) - 0.5, -0.5))
            ax.set_title(name, loc="left", fontsize=10)
        figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
        return figure

    def __repr__(self) -> str:
        return result_repr(self.heading, self.verdict, self._shown())

    def _repr_html_(self) -> str:
        return result_html(self.heading, self.verdict, self._shown())

    def _shown(self) -> pd.DataFrame:
        return self.frame()[["measure", "value", "real"]]
