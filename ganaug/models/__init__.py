"""Models: conditional GANs as scikit-learn estimators."""

from ganaug.models.base import ConditionalGAN
from ganaug.models.image import ImageGAN
from ganaug.models.tabular import TabularGAN

__all__ = ["ConditionalGAN", "ImageGAN", "TabularGAN"]
