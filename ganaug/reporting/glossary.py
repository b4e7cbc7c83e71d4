"""Words of the field that stand on a page, in plain words."""

from collections.abc import Iterable

# A measure may have the name of a class or of a classifier behind it.
_MEANINGS = {
    "alpha-precision": "whether synthetic rows lie as near to the middle of the data as real ones: 1 if as many "
    "lie within each share of the real rows",
    "beta-recall": "whether real rows, typical and unusual ones, have a synthetic row near them: 1 if as many have "
    "one as among real rows",
    "precision": "how many of the synthetic ones lie among real ones: fidelity",
    "recall": "how many of the real ones lie among synthetic ones: diversity",
    "density": "how many real ones lie around each synthetic one, compared with what is usual among real ones",
    "coverage": "how many of the real ones have a synthetic one near them: diversity",
    "two-sample AUC": "how often a classifier that was trained to separate synthetic from real ones is right about "
    "a pair: 0.5 is chance, 1 always",
    "membership-inference AUC": "how often an attacker who sees the synthetic rows is right about which of two "
    "rows was a training row: 0.5 is chance, 1 always",
    "distance to closest record": "how far a synthetic row is from the nearest real row, divided by the same for "
    "real rows that the generator has not seen: 1 is as far, 0 is a copy",
    "nearest-neighbour distance ratio": "the distance to the nearest real row divided by that to the second "
    "nearest one",
    "near copies": "rows that equal a real row but for numbers that differ by at most 0.01 standard deviations of "
    "their column; exact copies are among them",
    "exact copies": "synthetic ones that equal a real one",
    "average precision": "the area under the curve of precision and recall: how well the rarer class stands first "
    "when rows are sorted by their score",
    "avg. prec.": "average precision: how well the rarer class stands first when rows are sorted by their score",
    "ROC AUC": "how often a row of the rarer class has a higher score than one of the other class: 0.5 is chance, "
    "1 always",
    "balanced accuracy": "the share of rows that are classified correctly, averaged over the classes",
    "bal. acc.": "balanced accuracy: the share of rows that are classified correctly, averaged over the classes",
    "F1": "the harmonic mean of precision and recall of the rarer class",
    "recall at prec": "the largest share of the rarer class that is found while at least this share of what is "
    "found is right",
    "Brier": "the mean squared error of the probabilities: 0 is best",
    "SERA": "the squared error, weighted by how much the target matters (its relevance): 0 is best",
    "RMSE": "the root of the mean squared error: 0 is best",
    "MAE": "the mean absolute error: 0 is best",
    "rare RMSE": "the root of the mean squared error of rows whose target is rare: 0 is best",
    "rare MAE": "the mean absolute error of rows whose target is rare: 0 is best",
    "macro AP": "average precision, the area under the curve of precision and recall, as a mean over all labels",
    "rare AP": "average precision, the area under the curve of precision and recall, as a mean over the rare labels",
    "macro F1": "the harmonic mean of precision and recall, as a mean over all labels",
    "micro F1": "the harmonic mean of precision and recall of the decisions on all labels together",
    "rare F1": "the harmonic mean of precision and recall, as a mean over the rare labels",
    "association difference": "how much the dependence of two columns differs, from 0 (none) to 1, or 2 for "
    "correlations",
    "column distance": "how far the distribution of a column is from the real one, from 0 (equal) to 1 (no common "
    "value)",
    "self-BLEU": "how similar the texts are to each other, by the sequences of words that they share; higher is "
    "less varied",
    "distinct-1": "the share of words that are different: higher is more varied",
    "distinct-2": "the share of pairs of words that are different: higher is more varied",
    "4-gram novelty": "the share of sequences of four words that no real text has",
    "FD-": "Fréchet distance: how far the features of synthetic images are from those of real ones; 0 is equal, "
    "and its size depends on the network that computes the features",
    "FID": "Fréchet distance in features of the Inception network, as in papers; 0 is equal",
    "KD-": "kernel distance: the same question as the Fréchet distance; it depends less on the number of images",
    "KID": "kernel distance in features of the Inception network, as in papers; 0 is equal",
    "IS-": "Inception score: how clearly a network recognises things in the images, and how many different ones; "
    "higher is better",
    "IS": "Inception score: how clearly a network recognises things in the images, and how many different ones; "
    "higher is better",
}


def meaning_of(text: str) -> str:
    """Return what a word of the field means if the text begins with it, or "".

    Parameters
    ----------
    text : str
        A cell, or the name of a number.

    Examples
    --------
    >>> meaning_of("self-BLEU, spam")[:41], meaning_of("precisely")
    ('how similar the texts are to each other, ', '')
    """
    word = _word_of(text)
    return _MEANINGS[word] if word else ""


def words_of(texts: Iterable[str]) -> dict[str, str]:
    """Return the words that stand at the beginning of some of the texts, with their meanings.

    Parameters
    ----------
    texts : iterable of str
        Cells of a page.
    """
    found: dict[str, str] = {}
    for text in texts:
        if word := _word_of(text):
            named = text.split(",")[0] if word.endswith("-") else word
            found.setdefault("recall at precision" if word == "recall at prec" else named, _MEANINGS[word])
    return found


def _word_of(text: str) -> str:
    fitting = [word for word in _MEANINGS if text.startswith(word) and (word.endswith("-") or _ends(text[len(word) :]))]
    return max(fitting, key=len, default="")


def _ends(rest: str) -> bool:
    """Whether a word ends here: "recall" does not begin "recalled"."""
    return not rest[:1].isalpha() or rest.startswith(("ision", "."))
