"""What `ganaug balance` finds out by cross-validation before or after it adds rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ganaug.cli.console import on_terminal
from ganaug.common.progress import begin_phase

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ganaug.cli.time_limit import TimeLimit
    from ganaug.comparison import Comparison, Selection
    from ganaug.oversampler import GANOversampler


class Trial(NamedTuple):
    """What is found out by cross-validation: how many rows to add (with a metric), or whether they help."""

    metric: str | None
    is_compared: bool
    groups: Any  # the name of a column; of images, the group of each
    max_time: float | None  # of the command
    limit: TimeLimit | None = None


def resample(
    sampler: GANOversampler, X: Any, y: pd.Series, trial: Trial, attributes: pd.DataFrame | None = None
) -> tuple[GANOversampler, Comparison | Selection | None, Any, pd.Series, np.ndarray]:
    """Resample; with a metric, by the strategy that `select` finds; and compare with no resampling if asked."""
    import numpy as np

    if trial.metric is None:
        begin_phase("training", show=on_terminal())
        X_resampled, y_resampled = sampler.fit_resample(X, y, attributes=attributes)
        compared = _compare(sampler, X, y, trial) if trial.is_compared else None
        return sampler, compared, X_resampled, y_resampled, sampler.is_synthetic_

    from ganaug.comparison import RealRows, select

    begin_phase("comparing", show=on_terminal())
    rows, groups, own = _without_groups(sampler, X, trial)
    selection = select(
        rows,
        y,
        sampler=own,
        metric=trial.metric,
        groups=groups,
        max_time=None if trial.limit is None else trial.limit.for_comparison(trains_later=True),
        random_state=sampler.random_state,
        verbose=1,
    )
    chosen = selection.sampler
    if not hasattr(X, "columns") and sampler.sampling_strategy != "auto" and isinstance(chosen, RealRows):
        chosen = sampler  # the user asked for images, whatever is found
    if own is not sampler and hasattr(chosen, "categorical_features"):
        chosen.set_params(categorical_features=sampler.categorical_features)
    begin_phase("training", show=on_terminal())
    X_resampled, y_resampled = chosen.fit_resample(X, y)
    is_synthetic = getattr(chosen, "is_synthetic_", np.zeros(len(y_resampled), dtype=bool))
    return (chosen if is_synthetic.any() else sampler), selection, X_resampled, y_resampled, is_synthetic


def n_requested(sampler: GANOversampler) -> int:
    """Return how many synthetic samples are wanted; 0 while nothing was fitted, as before a comparison.

    Parameters
    ----------
    sampler : GANOversampler
        It knows from the beginning of its `fit_resample` on.
    """
    return sum(getattr(sampler, "sampling_strategy_", {}).values())


def _without_groups(sampler: GANOversampler, X: Any, trial: Trial) -> tuple[Any, Any, GANOversampler]:
    """Take the column of the groups out, because a group is on one side of a split only."""
    if trial.groups is None or not hasattr(X, "columns"):
        return X, trial.groups, sampler
    from sklearn.base import clone

    own = clone(sampler)
    if own.categorical_features is not None:
        own.set_params(categorical_features=[name for name in own.categorical_features if name != trial.groups])
    return X.drop(columns=trial.groups), X[trial.groups], own


def _compare(sampler: GANOversampler, X: Any, y: pd.Series, trial: Trial) -> Comparison:
    from sklearn.base import clone

    from ganaug.comparison import arms_of, compare

    begin_phase("comparing", show=on_terminal())
    rows, groups, own = _without_groups(sampler, X, trial)
    quiet = clone(own).set_params(callbacks=None, verbose=0)
    given: dict[str, Any] = {"samplers": {"none": "none", "weights": "weights", "SMOTE": "SMOTE", "ganaug": quiet}}
    if hasattr(X, "columns"):
        given["classifiers"] = ("LogisticRegression", "HistGradientBoostingClassifier")
    elif getattr(X, "ndim", 1) > 2:
        policies = ["", " + classical mild", " + classical strong"]
        shares = [f"ganaug {sampler.synthetic_share:g}{draw}" for draw in ("", " + weights")]
        without = ["repeated", "classical mild", "classical strong", *(f"weights{policy}" for policy in policies)]
        given["samplers"] = arms_of([*without, *(way + policy for way in shares for policy in policies)], quiet)
    n_smallest = int(y.value_counts().min())
    return compare(
        rows,
        y,
        groups=groups,
        n_splits=max(2, min(5, n_smallest)),
        max_time=None if trial.limit is None else trial.limit.for_comparison(trains_later=False),
        random_state=sampler.random_state,
        verbose=1,
        task="classification",
        **given,
    )


def train_for(
    save: Path | None, sampler: GANOversampler, X: Any, y: pd.Series, attributes: pd.DataFrame | None = None
) -> None:
    """Train where a model is to be saved, but no synthetic row was asked for, so that nothing was trained yet."""
    if save is not None and not hasattr(sampler, "model_"):
        begin_phase("training", show=on_terminal())
        sampler.fit(X, y, attributes=attributes)
