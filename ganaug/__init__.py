"""GAN oversampling for imbalanced data, behind the scikit-learn and imbalanced-learn interface."""

from importlib import import_module
from typing import TYPE_CHECKING

from ganaug._version import __version__

if TYPE_CHECKING:
    from ganaug.balanced_images import BalancedImages
    from ganaug.calibration import calibrated
    from ganaug.comparison.compare import compare
    from ganaug.comparison.select import select
    from ganaug.ensemble import GANBaggingClassifier
    from ganaug.evaluation import evaluate, evaluate_resampling
    from ganaug.metrics import ImageFeatures
    from ganaug.models import ImageGAN, PrivateTabularGAN, TabularGAN, TextGAN, TranslationGAN
    from ganaug.oversampler import GANOversampler
    from ganaug.reporting import report

__all__ = [
    "BalancedImages",
    "GANBaggingClassifier",
    "GANOversampler",
    "ImageFeatures",
    "ImageGAN",
    "PrivateTabularGAN",
    "TabularGAN",
    "TextGAN",
    "TranslationGAN",
    "__version__",
    "calibrated",
    "compare",
    "evaluate",
    "evaluate_resampling",
    "report",
    "select",
]

_HOME = {
    "BalancedImages": "ganaug.balanced_images",
    "GANBaggingClassifier": "ganaug.ensemble",
    "GANOversampler": "ganaug.oversampler",
    "ImageFeatures": "ganaug.metrics",
    "ImageGAN": "ganaug.models",
    "PrivateTabularGAN": "ganaug.models",
    "TabularGAN": "ganaug.models",
    "TextGAN": "ganaug.models",
    "TranslationGAN": "ganaug.models",
    "calibrated": "ganaug.calibration",
    "compare": "ganaug.comparison",
    "evaluate": "ganaug.evaluation",
    "evaluate_resampling": "ganaug.evaluation",
    "report": "ganaug.reporting",
    "select": "ganaug.comparison",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use, so that `import ganaug` does not import torch (PEP 562)."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
