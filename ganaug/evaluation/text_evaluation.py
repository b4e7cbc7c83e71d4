"""`evaluate_texts`: all measures of synthetic texts at once."""

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ganaug.common.labels import labels_of
from ganaug.common.random import subsample
from ganaug.common.texts import texts_of
from ganaug.evaluation.text_result import TextEvaluation
from ganaug.evaluation.text_verdict import MIN_TEXTS
from ganaug.metrics import (
    Count,
    class_acceptance,
    distinct_ngrams,
    length_distance,
    nearest_texts,
    ngram_novelty,
    repeats_by_chance,
    self_bleu,
    text_classifier,
    text_two_sample_auc,
    vocabulary_distance,
)

# Texts of a class that are compared at most, and synthetic texts whose nearest real one is searched.
MAX_TEXTS = 1_000
MAX_NEAREST = 2_000
# Real texts among which repeats are counted, for what chance explains.
_MAX_KNOWN = 4_000
# Characters of a text that are measured at most; more than any text that a model of texts writes by default.
MAX_CHARACTERS = 5_000
_N_SPLITS = 5
# Draws of all texts that show how far the diversity of real texts varies.
_N_DRAWS = 30


def evaluate_texts(
    real: Any,
    synthetic: Any,
    *,
    holdout: Any = None,
    target: Sequence[ArrayLike] | None = None,
    random_state: int | np.random.Generator | None = None,
) -> TextEvaluation:
    """Measure whether synthetic texts are real enough, whether they are of their class, and whether they are copies.

    Parameters
    ----------
    real, synthetic : list, Series, array or one-column table of strings
        The texts that the generator was trained on, at least 2, and those that it wrote, at least 1.
    holdout : texts or None, default=None
        Real texts of the same origin that the generator has not seen. With them, copies are compared with texts that
        cannot have been memorised, and the classifier that judges the classes learns from them.
    target : sequence of arrays or None, default=None
        The classes: an array of labels for the real texts, one for the synthetic texts and, with a hold-out, one for
        that. Each class is compared with the real texts of the same class. None takes all texts as one class.
    random_state : int, numpy.random.Generator or None, default=None
        Source of subsamples and folds.

    Returns
    -------
    TextEvaluation
        Print it for the verdict, and pass it to `ganaug.report` for a page.

    Raises
    ------
    ValueError
        If there are too few texts, a cell is not a string, or `target` does not match the texts.

    Notes
    -----
    Of longer texts, the first 5,000 characters are measured, and whole texts are searched for copies.

    Measures that depend on the number of texts are computed for as many synthetic as real texts. Beside each of them
    stands its value for real texts: held-out ones, or one half of the real texts against the other one.

    Examples
    --------
    >>> real = [f"call {i} for your prize {i % 7}" for i in range(40)]
    >>> evaluation = evaluate_texts(real, real[:20], random_state=0)
    >>> print([of.sentence for of in evaluation.verdict if of.question == "Is it safe to share?"][0])
    Do not share these texts as if they were anonymous. 20 of 20 synthetic texts equal a real text; 0 % of other real
    texts do.
    """
    sets = {"real": texts_of(real, "real"), "synthetic": texts_of(synthetic, "synthetic")}
    if holdout is not None:
        sets["holdout"] = texts_of(holdout, "holdout")
    if len(sets["real"]) < 2:
        raise ValueError("real has 1 text, but at least 2 are needed")
    labels = _labels(sets, target)
    rng = np.random.default_rng(random_state)
    measured = {name: [text[:MAX_CHARACTERS] for text in of] for name, of in sets.items()}
    classes = np.unique(labels["real"])
    classes = classes[np.isin(classes, labels["synthetic"])].tolist()
    rows: list[tuple[Any, ...]] = []
    too_few: dict[Hashable, tuple[int, int]] = {}
    for label in classes:
        own = {name: [of[i] for i in np.flatnonzero(labels[name] == label)] for name, of in measured.items()}
        if min(len(own["real"]) // 2, len(own["synthetic"])) < MIN_TEXTS:
            too_few[label] = (len(own["real"]), len(own["synthetic"]))
            continue
        rows += [(label, *of) for of in _measures(own["real"], own["synthetic"], rng)]
    acceptance, reference_acceptance = _acceptance(measured, labels, rng)
    return TextEvaluation(
        n_texts={name: len(of) for name, of in sets.items()},
        by_class=pd.DataFrame(rows, columns=["class", "measure", "n", "value", "baseline", "score"]),
        too_few=too_few,
        acceptance=acceptance,
        reference_acceptance=reference_acceptance,
        settings={"target": None if target is None else "given", "random_state": random_state},
        **_nearest(sets, labels, rng),
    )


def _labels(sets: dict[str, list[str]], target: Sequence[ArrayLike] | None) -> dict[str, NDArray]:
    if target is None:
        return {name: np.full(len(texts), "all") for name, texts in sets.items()}
    if isinstance(target, str) or len(target) != len(sets):
        raise ValueError(
            f"target must hold labels for {', '.join(sets)}, an array for each of them, such as target=(y, y_synthetic)"
        )
    labels = {name: labels_of(of, "target") for name, of in zip(sets, target, strict=True)}
    for name, of in labels.items():
        if of.shape != (len(sets[name]),):
            raise ValueError(f"target has {len(of)} labels for {name}, which has {len(sets[name])} texts")
    if not np.isin(labels["synthetic"], labels["real"]).any():
        raise ValueError("no label of the synthetic texts is one of the real texts; target needs the same labels")
    return labels


def _measures(real: list[str], synthetic: list[str], rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Measure a class; the baseline is the value between two halves of its real texts."""
    n = min(len(real) // 2, len(synthetic), MAX_TEXTS)
    seed = int(rng.integers(2**31))

    def drawn(texts: list[str], size: int) -> list[str]:
        return [texts[i] for i in subsample(len(texts), size, rng)]

    def compared(texts: list[str], known: list[str]) -> list[float]:
        return [
            distinct_ngrams(texts, 1),
            distinct_ngrams(texts, 2),
            self_bleu(texts, random_state=seed),
            ngram_novelty(texts, known),
            length_distance(texts, known),
            vocabulary_distance(texts, known),
            text_two_sample_auc(known, texts, random_state=seed).value if n >= 10 else np.nan,
            text_two_sample_auc(known, texts, features="characters", random_state=seed).value if n >= 10 else np.nan,
        ]

    halves = []
    for _ in range(_N_SPLITS if n < 300 else 2):
        order = rng.permutation(len(real))
        halves.append(compared([real[i] for i in order[:n]], [real[i] for i in order[n : 2 * n]]))
    texts, known = drawn(synthetic, n), drawn(real, n)
    found, usual = compared(texts, known), np.mean(halves, axis=0).tolist()
    scores = {"distinct-2": _score(partial(distinct_ngrams, n=2), texts, known, rng)}
    scores["self-BLEU"] = _score(partial(self_bleu, random_state=seed), texts, known, rng)
    measured = zip(MEASURES, found, usual, strict=True)
    return [(name, n, value, baseline, scores.get(name, np.nan)) for name, value, baseline in measured]


def _score(
    measure: Callable[[Sequence[str]], float], texts: list[str], known: list[str], rng: np.random.Generator
) -> float:
    """Return by how many standard deviations a measure of texts exceeds that of random draws of all texts.

    Some texts, such as mass mailings, come in many variants; a draw of a few dozen may hold many of them by chance.
    """
    both = texts + known
    drawn = [measure([both[i] for i in rng.permutation(len(both))[: len(texts)]]) for _ in range(_N_DRAWS)]
    spread = float(np.std(drawn, ddof=1))
    return (measure(texts) - float(np.mean(drawn))) / spread if spread > 1e-9 else 0.0


MEASURES = (
    "distinct-1",
    "distinct-2",
    "self-BLEU",
    "4-gram novelty",
    "length distance",
    "vocabulary distance",
    "two-sample AUC, words",
    "two-sample AUC, characters",
)


def _acceptance(
    sets: dict[str, list[str]], labels: dict[str, NDArray], rng: np.random.Generator
) -> tuple[dict[Hashable, Count], dict[Hashable, Count]]:
    """Count the synthetic texts that a classifier takes for their class, and the real ones in cross-validation."""
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    name = "holdout" if "holdout" in sets and len(np.unique(labels["holdout"])) > 1 else "real"
    texts, y = sets[name], labels[name]
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) < 2 or counts.min() < 2:
        return {}, {}
    is_known = np.isin(labels["synthetic"], classes)
    judged = [sets["synthetic"][i] for i in np.flatnonzero(is_known)]
    try:
        found = class_acceptance(texts, y, judged, labels["synthetic"][is_known])
        folds = StratifiedKFold(min(_N_SPLITS, int(counts.min())), shuffle=True, random_state=int(rng.integers(2**31)))
        predicted = cross_val_predict(text_classifier(), np.array(texts, dtype=object), y, cv=folds)
    except ValueError:  # no text has a word
        return {}, {}
    usual = {
        label: Count(int((predicted[y == label] == label).sum()), int((y == label).sum())) for label in classes.tolist()
    }
    return found, {label: usual[label] for label in found}


def _nearest(sets: dict[str, list[str]], labels: dict[str, NDArray], rng: np.random.Generator) -> dict[str, Any]:
    """Find the nearest real text, of any class, of synthetic texts and of those they are compared with."""
    real = sets["real"]
    drawn = subsample(len(sets["synthetic"]), MAX_NEAREST, rng)
    synthetic = [sets["synthetic"][i] for i in drawn]
    nearest = nearest_texts(synthetic, real)
    nearest.insert(0, "synthetic", drawn)
    nearest.insert(1, "class", pd.Series(labels["synthetic"][drawn].tolist(), dtype=object))
    nearest["text"] = pd.Series(synthetic, dtype=object)
    nearest["nearest text"] = pd.Series([real[i] for i in nearest["nearest"]], dtype=object)
    if "holdout" in sets:
        others = [sets["holdout"][i] for i in subsample(len(sets["holdout"]), MAX_NEAREST, rng)]
        usual = nearest_texts(others, real)
    else:
        some = subsample(len(real), MAX_NEAREST, rng)
        usual = nearest_texts([real[i] for i in some], real, own=some.tolist())
    known = subsample(len(real), _MAX_KNOWN, rng)
    by_chance = repeats_by_chance(
        [real[i] for i in known], synthetic, labels["real"][known], labels["synthetic"][drawn], random_state=rng
    )
    return {
        "by_chance": by_chance,
        "nearest": nearest.sort_values(["edits", "distance"], kind="stable", ignore_index=True),
        "copied": {kind: Count(int(_is_copy(nearest, kind).sum()), len(nearest)) for kind in ("exact", "near")},
        "reference_copied": {kind: Count(int(_is_copy(usual, kind).sum()), len(usual)) for kind in ("exact", "near")},
        "median_edits": (float(nearest["edits"].median()), float(usual["edits"].median())),
    }


def _is_copy(nearest: pd.DataFrame, kind: str) -> pd.Series:
    """Return which texts are copies; exact ones are near ones as well."""
    return nearest["copy"] == "exact" if kind == "exact" else nearest["copy"] != ""
