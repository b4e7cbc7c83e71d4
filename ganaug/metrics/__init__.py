"""Measures of synthetic data, one family a file."""

from ganaug.metrics.associations import Associations, association_matrices
from ganaug.metrics.efficientnet import features, probabilities
from ganaug.metrics.images import (
    Floor,
    Interval,
    Neighborhoods,
    bootstrap,
    frechet_distance,
    inception_score,
    kernel_distance,
    nearest,
    nearest_pixels,
    precision_recall_density_coverage,
    real_floor,
)
from ganaug.metrics.inception import Inception
from ganaug.metrics.marginals import column_distances, column_distributions
from ganaug.metrics.privacy import (
    ClosestRecords,
    Copies,
    Count,
    closest_records,
    compare_closest,
    find_copies,
    membership_inference,
)
from ganaug.metrics.supports import AlphaPrecisionBetaRecall, alpha_precision_beta_recall
from ganaug.metrics.table_features import Projection, embed_rows, projection
from ganaug.metrics.table_pair import TablePair, seconds_to_time
from ganaug.metrics.two_sample import AUC, delong_auc, two_sample_auc
from ganaug.metrics.utility import Utility, utility_scores
from ganaug.metrics.validity import invalid_cells

__all__ = [
    "AUC",
    "AlphaPrecisionBetaRecall",
    "Associations",
    "ClosestRecords",
    "Copies",
    "Count",
    "Floor",
    "Inception",
    "Interval",
    "Neighborhoods",
    "Projection",
    "TablePair",
    "Utility",
    "alpha_precision_beta_recall",
    "association_matrices",
    "bootstrap",
    "closest_records",
    "column_distances",
    "column_distributions",
    "compare_closest",
    "delong_auc",
    "embed_rows",
    "features",
    "find_copies",
    "frechet_distance",
    "inception_score",
    "invalid_cells",
    "kernel_distance",
    "membership_inference",
    "nearest",
    "nearest_pixels",
    "precision_recall_density_coverage",
    "probabilities",
    "projection",
    "real_floor",
    "seconds_to_time",
    "two_sample_auc",
    "utility_scores",
]
