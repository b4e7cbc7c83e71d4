"""Figures of matplotlib that only pages show; results have figures of their own in `plot`."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.reporting.page import REAL, SYNTHETIC

# Characters of a column's name beside a heat map.
_NAME_LENGTH = 18
# Columns whose names can be read beside a heat map.
_N_NAMED = 30


def heat_map(matrix: pd.DataFrame, title: str) -> Any:
    """Draw a square matrix of numbers from -1, blue, by 0, white, to 1, red.

    Parameters
    ----------
    matrix : DataFrame of shape (d, d)
        Names of more than 30 columns are left out.
    title : str
        Above it.

    Returns
    -------
    matplotlib.figure.Figure
        Not pyplot's, for `ganaug.reporting.page.drawings`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.3), layout="constrained")
    ax = figure.subplots()
    image = ax.imshow(matrix.to_numpy(), cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
    ax.set_title(title, fontsize=11)
    names = [name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…" for name in map(str, matrix.columns)]
    places = np.arange(len(names) if len(names) <= _N_NAMED else 0)
    size = min(9.0, 130 / max(len(names), 1))
    # what stands between two dollars is no formula
    ax.set_xticks(places, names[: len(places)], rotation=90, fontsize=size, parse_math=False)
    ax.set_yticks(places, names[: len(places)], fontsize=size, parse_math=False)
    figure.colorbar(image, ax=ax, shrink=0.7)
    return figure


def scatter(real: NDArray, synthetic: NDArray) -> Any:
    """Draw real and synthetic rows as points of a plane.

    Parameters
    ----------
    real, synthetic : ndarray of shape (n, 2)
        Their places.

    Returns
    -------
    matplotlib.figure.Figure
        Not pyplot's, for `ganaug.reporting.page.drawings`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4.2), layout="constrained")
    ax = figure.subplots()
    # as one layer of pixels: thousands of points would be most of the page
    ax.scatter(real[:, 0], real[:, 1], s=16, color=REAL, alpha=0.6, linewidths=0, label="real", rasterized=True)
    ax.scatter(
        synthetic[:, 0],
        synthetic[:, 1],
        s=16,
        color=SYNTHETIC,
        alpha=0.5,
        linewidths=0,
        label="synthetic",
        rasterized=True,
    )
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.1), ncols=2)
    ax.set(xlabel="first direction", ylabel="second direction")
    return figure
