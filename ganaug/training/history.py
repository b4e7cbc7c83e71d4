"""Figures of the history of a training run."""

from typing import Any

import pandas as pd

from ganaug.training.monitors import COLLAPSE_THRESHOLD

# Records that the bold line averages: the accuracy on a single batch is noisy.
_N_AVERAGED = 10

_PANELS = {
    "loss": "_loss",
    "accuracy of the discriminator": "_accuracy_",
    "gradient norm": "_gradient_norm",
    "distance": "distance",
    "diversity": "diversity",
    "FD over the real baseline": "fd_ratio",
}


def panels(history: pd.DataFrame) -> dict[str, list[str]]:
    """Return the panels that `plot_history` draws, with the columns of each.

    Parameters
    ----------
    history : DataFrame
        ``history_`` of a model.

    Returns
    -------
    dict of str to list of str
        Title of a panel -> names of its columns. Panels without a column are left out.

    Examples
    --------
    >>> panels(pd.DataFrame(columns=["step", "generator_loss", "distance"]))
    {'loss': ['generator_loss'], 'distance': ['distance']}
    """
    columns = {title: [name for name in map(str, history) if part in name] for title, part in _PANELS.items()}
    return {title: names for title, names in columns.items() if names}


def plot_history(history: pd.DataFrame) -> Any:
    """Draw a training run: losses, accuracy of the discriminator, gradient norms, distance and diversity.

    Thin lines show single batches, bold lines the mean of ten records.

    - The losses of two networks that compete need not fall; they should not grow without limit.
    - Accuracies near 0.5 mean that the discriminator hardly distinguishes real rows from fake ones. An accuracy of 0.8
      on real rows (dotted) corresponds to 0.6, the target of ADA (arXiv 2006.06676) for the overfitting sign
      r_t = 2 * accuracy - 1. If it stays well above, the discriminator has learned the training rows by heart.
    - Gradient norms that grow by orders of magnitude announce divergence (logarithmic scale).
    - The distance to real rows should fall. The diversity of the least diverse class should end near 1, the diversity
      of real rows; below 0.2 (dotted) a class has collapsed.

    Parameters
    ----------
    history : DataFrame
        ``history_`` of a model or of `GANOversampler`, or the file that `CSVLog` wrote. Panels without a column are
        left out.

    Returns
    -------
    matplotlib.figure.Figure
        Save it, or let a notebook show it; pyplot does not know it. Needs matplotlib:
        ``pip install 'ganaug[plot]'``.

    Raises
    ------
    ValueError
        If the history has no rows or no columns to draw.

    Examples
    --------
    >>> import numpy as np
    >>> from ganaug import TabularGAN
    >>> from ganaug.training import plot_history
    >>> X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat([0, 1], 20)
    >>> model = TabularGAN(n_steps=30, random_state=0).fit(X, y)
    >>> [ax.get_title() for ax in plot_history(model.history_).axes]
    ['loss', 'accuracy of the discriminator', 'gradient norm', 'distance', 'diversity']
    """
    drawn = panels(history)
    if history.empty or not drawn:
        raise ValueError(f"a history of {len(history)} rows with columns {list(history)} has nothing to draw")
    from ganaug.common.figure import Drawing

    figure = Drawing(figsize=(3.6 * len(drawn), 3.2), layout="constrained")
    steps = history["step"]
    for ax, (title, names) in zip(figure.subplots(1, len(drawn), squeeze=False)[0], drawn.items(), strict=True):
        for i, name in enumerate(names):
            is_measured = title in ("distance", "diversity", "FD over the real baseline")
            known = history[name].notna()
            label = name.replace(_PANELS[title], " on ").removesuffix(" on ").replace("_", " ")
            values, at = history.loc[known, name], steps[known]
            ax.plot(at, values, color=f"C{i}", lw=1, alpha=1 if is_measured else 0.3, marker="." if is_measured else "")
            if not is_measured:
                ax.plot(at, values.rolling(_N_AVERAGED, min_periods=1).mean(), color=f"C{i}", lw=2, label=label)
        ax.set(title=title, xlabel="step")
        if len(names) > 1:
            ax.legend(frameon=False)
        if title == "accuracy of the discriminator":
            ax.axhline(0.5, color="grey", lw=1)
            ax.axhline(0.8, color="grey", lw=1, ls=":")
            ax.set_ylim(0, 1)
        elif title == "gradient norm":
            ax.set_yscale("log")
        elif title == "diversity":
            ax.axhline(1, color="grey", lw=1)
            ax.axhline(COLLAPSE_THRESHOLD, color="grey", lw=1, ls=":")
            ax.set_ylim(bottom=0)
    return figure
