"""Measures of synthetic data, one family a file."""

from ganaug.metrics.agreement import class_agreement
from ganaug.metrics.aligned import aligned_neighbors
from ganaug.metrics.associations import Associations, KeptAssociations, association_matrices, kept_associations
from ganaug.metrics.distances import frechet_distance, kernel_distance
from ganaug.metrics.efficientnet import EXTRACTOR_NAME, feature_maps, features, has_extractor, pixels, probabilities
from ganaug.metrics.identifiers import reused_identifiers
from ganaug.metrics.image_features import ImageFeatures
from ganaug.metrics.inception import Inception, inception_score
from ganaug.metrics.intervals import Baseline, Interval, bootstrap, real_baseline
from ganaug.metrics.marginals import CHANCE_LEVEL, column_distances, column_distributions
from ganaug.metrics.nearest import nearest_pixels, nearest_rows, pixel_neighbors
from ganaug.metrics.neighborhoods import Neighborhoods, precision_recall_density_coverage
from ganaug.metrics.permutation import PermutationScores, permutation_scores
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
from ganaug.metrics.text_classifiers import class_acceptance, text_classifier, text_two_sample_auc
from ganaug.metrics.text_copies import KnownTexts, Repeats, repeats_by_chance
from ganaug.metrics.text_nearest import nearest_texts
from ganaug.metrics.text_ngrams import (
    distinct_ngrams,
    length_distance,
    ngram_novelty,
    self_bleu,
    vocabulary_distance,
)
from ganaug.metrics.two_sample import AUC, delong_auc, two_sample_auc
from ganaug.metrics.utility import Utility, utility_scores
from ganaug.metrics.validity import invalid_beyond_chance, invalid_cells

__all__ = [
    "AUC",
    "CHANCE_LEVEL",
    "EXTRACTOR_NAME",
    "AlphaPrecisionBetaRecall",
    "Associations",
    "Baseline",
    "ClosestRecords",
    "Copies",
    "Count",
    "ImageFeatures",
    "Inception",
    "Interval",
    "KeptAssociations",
    "KnownTexts",
    "Neighborhoods",
    "PermutationScores",
    "Projection",
    "Repeats",
    "TablePair",
    "Utility",
    "aligned_neighbors",
    "alpha_precision_beta_recall",
    "association_matrices",
    "bootstrap",
    "class_acceptance",
    "class_agreement",
    "closest_records",
    "column_distances",
    "column_distributions",
    "compare_closest",
    "delong_auc",
    "distinct_ngrams",
    "embed_rows",
    "feature_maps",
    "features",
    "find_copies",
    "frechet_distance",
    "has_extractor",
    "inception_score",
    "invalid_beyond_chance",
    "invalid_cells",
    "kept_associations",
    "kernel_distance",
    "length_distance",
    "membership_inference",
    "nearest_pixels",
    "nearest_rows",
    "nearest_texts",
    "ngram_novelty",
    "permutation_scores",
    "pixel_neighbors",
    "pixels",
    "precision_recall_density_coverage",
    "probabilities",
    "projection",
    "real_baseline",
    "repeats_by_chance",
    "reused_identifiers",
    "seconds_to_time",
    "self_bleu",
    "text_classifier",
    "text_two_sample_auc",
    "two_sample_auc",
    "utility_scores",
    "vocabulary_distance",
]
