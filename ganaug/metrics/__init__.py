"""Measures of synthetic data, one family a file."""

from ganaug.metrics.distances import frechet_distance, kernel_distance
from ganaug.metrics.efficientnet import EXTRACTOR_NAME, features, probabilities
from ganaug.metrics.fidelity import (
    AUC,
    Associations,
    Projection,
    TableCodes,
    alpha_precision_beta_recall,
    as_time,
    associations,
    column_distances,
    distributions,
    projection,
    two_sample_auc,
    validity,
)
from ganaug.metrics.inception import Inception, inception_score
from ganaug.metrics.intervals import Baseline, Interval, bootstrap, real_baseline
from ganaug.metrics.nearest import nearest_pixels, nearest_rows
from ganaug.metrics.neighborhoods import Neighborhoods, precision_recall_density_coverage
from ganaug.metrics.privacy import Closest, Copies, Count, closest_of, closest_records, copies, membership_inference
from ganaug.metrics.utility import Utility, utility

__all__ = [
    "AUC",
    "EXTRACTOR_NAME",
    "Associations",
    "Baseline",
    "Closest",
    "Copies",
    "Count",
    "Inception",
    "Interval",
    "Neighborhoods",
    "Projection",
    "TableCodes",
    "Utility",
    "alpha_precision_beta_recall",
    "as_time",
    "associations",
    "bootstrap",
    "closest_of",
    "closest_records",
    "column_distances",
    "copies",
    "distributions",
    "features",
    "frechet_distance",
    "inception_score",
    "kernel_distance",
    "membership_inference",
    "nearest_pixels",
    "nearest_rows",
    "precision_recall_density_coverage",
    "probabilities",
    "projection",
    "real_baseline",
    "two_sample_auc",
    "utility",
    "validity",
]
