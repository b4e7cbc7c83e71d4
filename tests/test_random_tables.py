"""Laws of a resampler of tables, on random tables: any dtypes, ways of missing, names, containers and labels.

The ordinary run tries the cases 0 to 299. `GANAUG_TABLE_CASES=10000 pytest tests/test_random_tables.py` tries more, and
`GANAUG_TABLE_CASES=4711:4712` one of them.
"""

import os
import warnings
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from table_cases import random_case

from ganaug import GANOversampler, TabularGAN
from ganaug.common.containers import to_pandas
from ganaug.common.serialization import level_key

_N_PER_TEST = 25


def _cases() -> list[range]:
    wanted = os.environ.get("GANAUG_TABLE_CASES", "300")
    first, last = map(int, wanted.split(":")) if ":" in wanted else (0, int(wanted))
    return [range(start, min(start + _N_PER_TEST, last)) for start in range(first, last, _N_PER_TEST)]


def _sampler(case: Any) -> GANOversampler:
    model = TabularGAN(n_steps=1, hidden_sizes=(4,), latent_size=4, batch_size=8, prior=case.prior, device="cpu")
    return GANOversampler(model=model, selection=case.selection, random_state=0)


def _cells(series: pd.Series) -> list[Any]:
    return [_key(cell) for cell in series.astype(object)]


def _key(cell: Any) -> Any:
    if isinstance(cell, float) and np.isnan(cell):
        return float, "nan"
    return (*level_key(cell), np.signbit(cell) if isinstance(cell, float) else None)


def _labels(y: Any) -> list[Any]:
    if isinstance(y, pd.DataFrame):
        y = y.iloc[:, 0]
    if isinstance(y, pl.DataFrame):
        y = y.to_series()
    return list(y)


def _dtypes(X: Any) -> Any:
    if isinstance(X, pd.DataFrame):
        return list(X.dtypes)
    return X.schema if isinstance(X, pl.DataFrame) else getattr(X, "dtype", None)


def _rows(X: Any, rows: slice) -> Any:
    return X.iloc[rows] if isinstance(X, pd.DataFrame) else X[rows]


def _frame(X: Any) -> pd.DataFrame:
    """Return cells to compare; this reads them with pandas and Arrow alone, and not as an encoder does."""
    return to_pandas(X)


def _check(case: Any, folder: Any) -> None:
    X, y = case.X, case.y
    n = len(X)
    sampler = _sampler(case)
    before = _frame(X).copy(deep=True)
    X_res, y_res = sampler.fit_resample(X, y)
    given, stacked = _frame(X), _frame(X_res)
    real, synthetic = stacked.iloc[:n], stacked.iloc[n:]

    # the container, its dtypes and names
    assert type(X_res) is type(X)
    assert type(y_res) is type(y)
    assert _dtypes(X_res) == _dtypes(X)
    if isinstance(X, pd.DataFrame):
        pd.testing.assert_index_equal(X_res.columns, X.columns)
    for name in ("dtype", "dtypes", "schema", "name", "columns"):
        assert np.all(getattr(y_res, name, None) == getattr(y, name, None)), name

    # the real rows come first, bit for bit, and X itself was left alone
    for i in range(given.shape[1]):
        assert _cells(real.iloc[:, i]) == _cells(given.iloc[:, i]) == _cells(before.iloc[:, i]), case.what
    labels, resampled = _labels(y), _labels(y_res)
    assert [_key(label) for label in resampled[:n]] == [_key(label) for label in labels]

    # as many rows as asked for
    counts = Counter(labels)
    assert Counter(resampled) == dict.fromkeys(counts, max(counts.values()))
    assert len(X_res) == len(resampled) == len(sampler.is_synthetic_)
    assert not sampler.is_synthetic_[:n].any()
    assert sampler.is_synthetic_[n:].all()

    if n == len(resampled):
        return

    # synthetic cells are legal, and identifiers are new
    for i, column in enumerate(sampler.model_.encoder_.columns_):
        check = _check_new if column.kind == "identifier" else _check_legal
        check(given.iloc[:, i], synthetic.iloc[:, i])

    # the same seed gives the same rows
    again, y_again = _sampler(case).fit_resample(X, y)
    assert _labels(y_again) == resampled
    for i in range(given.shape[1]):
        assert _cells(_frame(again).iloc[n:, i]) == _cells(synthetic.iloc[:, i])

    # every model can be saved (what a file cannot store is refused by fit), and then gives the same rows
    path = folder / "model"
    sampler.save(path)
    label = max(counts, key=counts.get)
    one, other = sampler.sample(3, label), GANOversampler.load(path).sample(3, label)
    assert _dtypes(one) == _dtypes(other)
    for i in range(given.shape[1]):
        assert _cells(_frame(one).iloc[:, i]) == _cells(_frame(other).iloc[:, i])


def _check_legal(real: pd.Series, synthetic: pd.Series) -> None:
    assert not synthetic.isna().any() or real.isna().any()
    known, new = (column.dropna() for column in (real, synthetic))
    # NaN, a number, beside missing cells
    is_nan = [np.array([cell != cell for cell in column.astype(object)], dtype=bool) for column in (known, new)]
    assert not is_nan[1].any() or is_nan[0].any()
    known, new = (column[~nan] for column, nan in zip((known, new), is_nan, strict=True))
    if pd.api.types.is_numeric_dtype(real.dtype) and not pd.api.types.is_bool_dtype(real.dtype):
        if len(new):
            assert known.min() <= new.min()
            assert new.max() <= known.max()
        return
    if real.dtype.kind in "mM":
        if len(new):
            assert known.min() <= new.min()
            assert new.max() <= known.max()
        return
    if real.dtype == object and pd.api.types.infer_dtype(known) in ("integer", "floating", "mixed-integer-float"):
        return
    assert {_key(cell) for cell in new.astype(object)} <= {_key(cell) for cell in known.astype(object)}


def _check_new(real: pd.Series, synthetic: pd.Series) -> None:
    known, new = ([_key(cell) for cell in column.dropna().astype(object)] for column in (real, synthetic))
    assert not set(new) & set(known)
    assert len(set(new)) in (len(new), 1)  # 1: all cells have the filler
    assert not synthetic.isna().any() or real.isna().any() or not new


@pytest.mark.parametrize("seeds", _cases(), ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_laws_of_any_table(seeds, tmp_path):
    for seed in seeds:
        case = random_case(seed)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning)  # few rows; collapse
            try:
                _check(case, tmp_path)
            except BaseException as error:
                error.add_note(case.what)
                raise
