"""How numbers and lists are written in sentences."""

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def percent(share: float) -> str:
    """Write a share so that little is not taken for nothing, nor nearly all for all."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    return f"{100 * share:.3g} %" if share <= 0.999 else f"{100 * np.floor(1000 * share) / 1000:.3g} %"


def listed(labels: Sequence[Hashable] | pd.Index | NDArray) -> str:
    """Name three labels, and say how many more there are."""
    # NumPy's numbers would show their type
    named = ", ".join(repr(label.item() if isinstance(label, np.generic) else label) for label in labels[:3])
    return f"{named} and {len(labels) - 3} more" if len(labels) > 3 else named
