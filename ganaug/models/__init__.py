"""Models: conditional GANs as scikit-learn estimators."""

from ganaug.models.base import ConditionalGAN
from ganaug.models.data import CheckedData, EncodedData
from ganaug.models.fitted_sampler import FittedSamplerMixin
from ganaug.models.image import FAR_DISTANCE, ImageGAN
from ganaug.models.parameters import constraints_of_overrides, documented
from ganaug.models.private import PrivateTabularGAN
from ganaug.models.provenance import Provenance
from ganaug.models.resampled import ResampledRows, check_groups
from ganaug.models.row_source import RowSource
from ganaug.models.tabular import TabularGAN
from ganaug.models.text import TextGAN

__all__ = [
    "FAR_DISTANCE",
    "CheckedData",
    "ConditionalGAN",
    "EncodedData",
    "FittedSamplerMixin",
    "ImageGAN",
    "PrivateTabularGAN",
    "Provenance",
    "ResampledRows",
    "RowSource",
    "TabularGAN",
    "TextGAN",
    "check_groups",
    "constraints_of_overrides",
    "documented",
]
