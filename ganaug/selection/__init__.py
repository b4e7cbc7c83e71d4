"""Selection: of several candidates for each requested row, which one becomes a row.

A generator also generates outliers and rows in the overlap of classes, and its mistakes are its own. Classifiers that
learn from such rows raise more false alarms. Therefore several candidates are generated for each requested row. As many
as requested are drawn among all candidates of a class, without replacement, with a probability that grows with how
certainly a candidate belongs to its class and how real it looks; the shares of the class are kept. There is no
rejection loop: the number of rows and their classes are always those requested.
"""

from ganaug.selection.candidates import CandidateSelection, Refusal, candidates_per_row
from ganaug.selection.certainty import by_class, by_cleaner, by_neighbors, class_certainty, is_cleaner
from ganaug.selection.copies import Copies
from ganaug.selection.folds import Folds
from ganaug.selection.realism import Realism, cross_fitted_log_odds
from ganaug.selection.shares import ClassShares, Layout, Together

# What `selection` can be, besides "auto", None and a cleaning sampler.
SELECTIONS = ("class", "realism", "neighbors", "discriminator")

__all__ = [
    "SELECTIONS",
    "CandidateSelection",
    "ClassShares",
    "Copies",
    "Folds",
    "Layout",
    "Realism",
    "Refusal",
    "Together",
    "by_class",
    "by_cleaner",
    "by_neighbors",
    "candidates_per_row",
    "class_certainty",
    "cross_fitted_log_odds",
    "is_cleaner",
]
