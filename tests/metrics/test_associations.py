"""Pairs of columns: closed forms and other libraries."""

import numpy as np
import pandas as pd
import pytest
from random_tables import rows, shuffled, texts
from scipy.stats import spearmanr
from scipy.stats.contingency import association

from ganaug.metrics.associations import KeptAssociations, association_matrices, kept_associations
from ganaug.metrics.table_pair import TablePair


def test_correlations_agree_with_numpy_and_scipy():
    real = rows(100, 3) @ rows(3, 3, 1) + 1e6
    np.testing.assert_allclose(association_matrices(real, real, method="pearson").real, np.corrcoef(real.T), rtol=1e-6)
    np.testing.assert_allclose(association_matrices(real, real).real, spearmanr(real).statistic)


def test_cramers_v_agrees_with_scipy_where_rows_are_many():
    a = np.random.default_rng(0).integers(0, 3, 20_000)
    b = np.where(np.random.default_rng(1).random(20_000) < 0.5, a, 1)
    frame = pd.DataFrame({"a": a, "b": b}).astype("category")
    found = association_matrices(frame, frame).real.loc["a", "b"]
    assert found == pytest.approx(association(pd.crosstab(a, b).to_numpy(), "cramer"), rel=1e-3)


def test_correlation_ratio_is_the_formula():
    numbers, n = rows(20_000, 1)[:, 0], 20_000
    levels = texts(n, 3)
    numbers = numbers + pd.Series(levels).map({f"level {i}": i for i in range(3)})
    frame = pd.DataFrame({"x": numbers, "level": levels})
    # variance of 0, 1, 2 beside that of the noise
    expected = np.sqrt((2 / 3) / (2 / 3 + 1))
    assert association_matrices(frame, frame, method="pearson").real.loc["x", "level"] == pytest.approx(
        expected, abs=0.01
    )


def test_chance_is_corrected_for():
    means = []
    for seed in range(50):
        frame = pd.DataFrame({"a": texts(60, 12, seed), "b": texts(60, 9, seed + 500), "x": rows(60, 1, seed)[:, 0]})
        means.append(association_matrices(frame, frame).real.to_numpy()[np.triu_indices(3, 1)])
    # uncorrected they would be about 0.39, 0.43 and 0.37
    assert (np.mean(means, axis=0) < 0.17).all()


def test_what_goes_together_wholly(mixed):
    codes = np.arange(90) % 3
    frame = pd.DataFrame({"a": codes, "b": 2 * codes, "c": codes.astype(str), "d": np.array(list("xyz"))[codes]})
    np.testing.assert_allclose(association_matrices(frame, frame).real, 1)


def test_laws(mixed):
    X = mixed[0]
    found = association_matrices(X, X)
    np.testing.assert_array_equal(found.difference, 0)
    real = found.real.to_numpy()
    np.testing.assert_array_equal(real, real.T)
    np.testing.assert_array_equal(np.diag(real), 1)
    assert (np.abs(real) <= 1).all()
    assert (found.real.drop(columns="same").loc["same"] == 0).all()
    assert list(found.real) == list(found.real.index) == list(X)


def test_shuffled_columns_lose_what_went_together():
    codes = np.arange(3000) % 3
    frame = pd.DataFrame({"a": codes, "b": codes * 2.0, "c": codes.astype(str), "d": codes.astype(str)})
    difference = association_matrices(frame, shuffled(frame)).difference.to_numpy()[np.triu_indices(4, 1)]
    np.testing.assert_allclose(difference, -1, atol=0.1)


def test_a_level_for_each_row_tells_nothing():
    frame = pd.DataFrame({"id": np.arange(50).astype(str), "x": rows(50, 1)[:, 0], "city": texts(50, 3)})
    # as an identifier it would be left out
    pair = TablePair(frame, frame, identifiers=[])
    assert (association_matrices(pair).real.drop(columns="id").loc["id"] == 0).all()


def dependent(n: int, seed: int) -> pd.DataFrame:
    """Return columns of which each pair is associated, as 0.4 or so."""
    common = rows(n, 1, seed)
    numbers = common + rows(n, 3, seed + 1) * 1.2
    return pd.DataFrame(numbers, columns=list("abc")).assign(level=np.where(common[:, 0] > 0, "high", "low"))


def kept(real: pd.DataFrame, synthetic: pd.DataFrame) -> KeptAssociations | None:
    pair = TablePair(real, synthetic)
    return kept_associations(pair, association_matrices(pair), random_state=0)


def test_a_second_sample_keeps_associations_within_the_error():
    found = [kept(dependent(120, 10 * seed), dependent(150, 10 * seed + 5)) for seed in range(20)]
    z = np.array([(of.value - 1) / of.error for of in found if of is not None])
    assert len(z) > 17
    assert (np.abs(z) > 2).sum() <= 4
    assert 0.6 < z.std() < 1.4


def test_shuffled_columns_keep_no_associations():
    found = kept(dependent(300, 0), shuffled(dependent(300, 5)))
    assert found is not None
    assert abs(found.value) < 3 * found.error < 0.5


def test_nothing_is_kept_where_nothing_is_associated():
    assert kept(pd.DataFrame(rows(300, 3)), pd.DataFrame(rows(300, 3, 1))) is None


def test_error():
    with pytest.raises(ValueError, match="method must be"):
        association_matrices(rows(9, 2), rows(9, 2), method="kendall")
