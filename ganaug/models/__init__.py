"""Models: conditional GANs as scikit-learn estimators."""

from ganaug.models.base import ConditionalGAN, TrainingData
from ganaug.models.chosen import chosen_model, with_attributes
from ganaug.models.data import CheckedData, EncodedData
from ganaug.models.devices import help_first, leading
from ganaug.models.edited_files import EditedFiles, edit_files
from ganaug.models.editing import Inversion
from ganaug.models.fitted_sampler import FittedSamplerMixin
from ganaug.models.image import ImageGAN
from ganaug.models.image_model import FAR_DISTANCE, MIN_TO_SPLIT, written_distance
from ganaug.models.parameters import constraints_of_overrides, documented
from ganaug.models.private import PrivateTabularGAN
from ganaug.models.provenance import Provenance
from ganaug.models.resampled import ResampledRows, check_groups
from ganaug.models.row_source import RowSource, model_of_tables
from ganaug.models.tabular import TabularGAN
from ganaug.models.text import TextGAN
from ganaug.models.translation import TranslationGAN

__all__ = [
    "FAR_DISTANCE",
    "MIN_TO_SPLIT",
    "CheckedData",
    "ConditionalGAN",
    "EditedFiles",
    "EncodedData",
    "FittedSamplerMixin",
    "ImageGAN",
    "Inversion",
    "PrivateTabularGAN",
    "Provenance",
    "ResampledRows",
    "RowSource",
    "TabularGAN",
    "TextGAN",
    "TrainingData",
    "TranslationGAN",
    "check_groups",
    "chosen_model",
    "constraints_of_overrides",
    "documented",
    "edit_files",
    "help_first",
    "leading",
    "model_of_tables",
    "with_attributes",
    "written_distance",
]
