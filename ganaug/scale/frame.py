"""A Dask DataFrame with synthetic rows, which are generated when it is computed, partition by partition."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.base import clone

from ganaug.common.extras import require_extra
from ganaug.common.random import draw_seed
from ganaug.common.warnings import warn_user
from ganaug.common.wording import listed
from ganaug.models import RowSource, model_of_tables
from ganaug.oversampler import GANOversampler
from ganaug.scale.requests import Part, parts_of, requested_rows
from ganaug.scale.reservoir import Reservoir, merge

if TYPE_CHECKING:
    from dask.dataframe import DataFrame

# Samples that are merged by one task.
_N_MERGED = 8


def oversample_dask(
    frame: DataFrame,
    target: str,
    sampler: GANOversampler | None = None,
    *,
    n_train: int = 200_000,
    rows_per_part: int = 250_000,
    mark: str | None = None,
) -> DataFrame:
    """Add synthetic rows to the small classes of a Dask DataFrame.

    One pass over the data counts the classes and takes a uniform sample of each. The sampler learns from this sample in
    this process. The synthetic rows are generated on the workers when the result is computed or written, each partition
    with a seed of its own, so that neither the real nor the synthetic rows are ever in one memory.

    Parameters
    ----------
    frame : dask DataFrame
        The table. Its partitions are read once here, and again when the result is computed.
    target : str
        The column of class labels.
    sampler : GANOversampler or None, default=None
        Its parameters count; it is not changed. None is ``GANOversampler()``.
    n_train : int, default=200_000
        Rows to learn from in total, at most: as many of each class as it has, or an equal number. A share that is
        measured in so many rows is exact to about .3 percentage points.
    rows_per_part : int, default=250_000
        Rows of a synthetic partition, at most.
    mark : str or None, default=None
        Name of a column to add: 1 for synthetic rows and 0 for real ones.

    Returns
    -------
    dask DataFrame
        The partitions of `frame`, followed by those of the synthetic rows, not computed yet.

    Raises
    ------
    ImportError
        If Dask is not installed.
    ValueError
        If labels are missing, or there is one class only, or if `mark` is a column already.

    Examples
    --------
    >>> import dask.dataframe as dd
    >>> rows = pd.DataFrame({"x": np.arange(300) % 90 / 7, "y": [0] * 270 + [1] * 30})
    >>> sampler = GANOversampler(model="tabular", random_state=0, max_time=2)
    >>> balanced = oversample_dask(dd.from_pandas(rows, npartitions=3), "y", sampler)
    >>> balanced["y"].value_counts().compute().tolist()
    [270, 270]
    """
    require_extra("dask", "oversample_dask needs")
    import dask.dataframe as dd
    from dask import compute, delayed

    if target not in frame.columns:
        raise ValueError(f"no column {target!r}; the columns are {list(frame.columns)}")
    if mark is not None and mark in frame.columns:
        raise ValueError(f"mark={mark!r} is a column already; choose another name")
    sampler = GANOversampler() if sampler is None else sampler
    seed = draw_seed(sampler.random_state)
    samples = [
        delayed(_sample)(part, target, n_train, [seed, number]) for number, part in enumerate(frame.to_delayed())
    ]
    while len(samples) > 1:
        samples = [delayed(merge)(samples[at : at + _N_MERGED]) for at in range(0, len(samples), _N_MERGED)]
    (reservoir,) = compute(samples[0])
    meta = frame._meta
    rows = reservoir.table().to_pandas().astype(meta.dtypes.to_dict())
    source, parts = learn(sampler, rows, reservoir, rows_per_part, seed)
    if source is not None:
        source.model.end_checkpoint()
    if mark is not None:
        frame = frame.assign(**{mark: np.int8(0)})
    if not parts:
        return frame
    if mark is not None:
        meta = meta.assign(**{mark: pd.Series(dtype=np.int8)})
    held = delayed(source)
    synthetic = dd.from_delayed([delayed(_generate)(held, part, target, meta) for part in parts], meta=meta)
    return dd.concat([frame, synthetic])


def learn(
    sampler: GANOversampler,
    rows: pd.DataFrame,
    reservoir: Reservoir,
    rows_per_part: int,
    seed: int,
    planned: Callable[[int], None] | None = None,
) -> tuple[RowSource | None, list[Part]]:
    """Train on a sample of each class, and plan the parts of synthetic rows.

    Parameters
    ----------
    sampler : GANOversampler
        Its parameters count; it is not changed.
    rows : DataFrame
        The sampled rows.
    reservoir : Reservoir
        From which they come.
    rows_per_part : int
        Rows of a part, at most.
    seed : int
        Of the training and of the parts.
    planned : callable (int) or None, default=None
        Is called before the training with the number of rows that will be generated.

    Returns
    -------
    RowSource or None
        None where no rows are missing.
    list of Part
        The parts.

    Raises
    ------
    ValueError
        If the model is not for tables.
    """
    requested = requested_rows(sampler.sampling_strategy, reservoir.counts)
    if not requested:
        return None, []
    if planned is not None:
        planned(sum(requested.values()))
    rows = rows.reset_index(drop=True)
    model = model_of_tables(sampler.model)
    # the sample is balanced already, and what is missing was counted on all rows
    trained = clone(sampler).set_params(model=model, sampling_strategy="auto", random_state=seed)
    X, y = rows.drop(columns=reservoir.target), rows[reservoir.target]
    with warnings.catch_warnings():
        # what becomes of these columns in one memory is not what becomes of them here
        warnings.filterwarnings("ignore", message="Columns that identify rows are not learned")
        source = trained.fit_source(X, y, sum(requested.values()), reservoir.largest)
    said = []
    if source.numbered:
        said.append(f"count on after the largest number in {listed([X.columns[i] for i in source.numbered], 5)}")
    if source.emptied:
        said.append(
            f"are empty in {listed(list(source.emptied.values()), 5)}, as parts that are generated apart cannot"
        )
        said[-1] += " give every row a text of its own"
    if said:
        warn_user(f"Columns that identify rows are not learned. Synthetic cells {', and '.join(said)}.")
    return source, parts_of(requested, rows_per_part, seed)


def generate(source: RowSource, part: Part, target: str) -> Any:
    """Yield the rows of a part with their label.

    Parameters
    ----------
    source : RowSource
        What generates them.
    part : Part
        Which.
    target : str
        The column of labels.
    """
    for rows in source.rows(*part):
        yield rows.assign(**{target: part.label})


def _sample(part: pd.DataFrame, target: str, n_rows: int, seed: list[int]) -> Reservoir:
    reservoir = Reservoir(target, n_rows)
    reservoir.add(pa.Table.from_pandas(part, preserve_index=False), np.random.default_rng(seed))
    return reservoir


def _generate(source: RowSource, part: Part, target: str, meta: pd.DataFrame) -> pd.DataFrame:
    rows = pd.concat(generate(source, part, target), ignore_index=True)
    rows = rows.assign(**{name: np.int8(1) for name in meta.columns if name not in rows})
    return rows[list(meta.columns)].astype(meta.dtypes.to_dict())
