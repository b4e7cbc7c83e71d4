"""GAN oversampling for imbalanced data, behind the scikit-learn and imbalanced-learn interface."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganaug.balance import balance_report
    from ganaug.calibration import calibrated
    from ganaug.comparison import compare, select
    from ganaug.evaluation.summary import evaluate
    from ganaug.models.image import ImageGAN
    from ganaug.models.tabular import TabularGAN
    from ganaug.oversampler import GANOversampler

__version__ = "0.1.0.dev0"
__all__ = [
    "GANOversampler",
    "ImageGAN",
    "TabularGAN",
    "balance_report",
    "calibrated",
    "compare",
    "evaluate",
    "select",
]

_HOME = {
    "GANOversampler": "ganaug.oversampler",
    "ImageGAN": "ganaug.models.image",
    "TabularGAN": "ganaug.models.tabular",
    "balance_report": "ganaug.balance",
    "calibrated": "ganaug.calibration",
    "compare": "ganaug.comparison",
    "evaluate": "ganaug.evaluation.summary",
    "select": "ganaug.comparison",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use, so that `import ganaug` does not import torch (PEP 562)."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
