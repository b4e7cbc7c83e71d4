"""Laws of cells that equal those of another column: they are encoded so, decoded so, and stay legal."""

import numpy as np
import pandas as pd
import pytest
import torch

from ganaug import TabularGAN
from ganaug.encoders.columns import NumericColumn
from ganaug.encoders.equal_cells import order_of_decoding
from ganaug.encoders.table import TableEncoder

N = 600


def bills(seed=0):
    """In a third of the rows the payment is the bill, in others it is another number; 3 columns have no relation."""
    rng = np.random.default_rng(seed)
    bill = rng.integers(-500, 90_000, N).astype(float)
    payment = np.where((rng.random(N) < 1 / 3) & (bill >= 0), bill, rng.integers(0, 40_000, N))
    return pd.DataFrame({"bill": bill, "payment": payment, "age": rng.integers(18, 98, N)})


def with_equals(encoder):
    return {of.label: [encoder.feature_names_[k] for k in of.equal_to] for of in columns(encoder) if of.equal_to}


def columns(encoder):
    return [of for of in encoder.columns_ if isinstance(of, NumericColumn)]


def test_rows_come_back_and_equal_cells_are_a_state():
    X = bills()
    encoder = TableEncoder().fit(X)
    assert len(with_equals(encoder)) == 1
    encoded = encoder.encode(X)
    assert encoder.decode(encoded).equals(X)
    assert int(encoded[:, -1].sum()) == int((X["bill"] == X["payment"]).sum())


def test_any_tensor_decodes_to_equal_cells_where_their_state_says_so_and_they_are_legal():
    X = bills()
    encoder = TableEncoder().fit(X)
    encoded = 5 * torch.randn(500, encoder.width_, generator=torch.Generator().manual_seed(0))
    rows = encoder.decode(encoded)
    says = (encoded[:, -2:].argmax(1) == 1).numpy()
    other = "payment" if "bill" in with_equals(encoder) else "bill"
    legal = rows[other].between(X[{"bill": "payment", "payment": "bill"}[other]].min(), 90_000).to_numpy()
    assert (rows["bill"] == rows["payment"])[says & legal].all()
    assert (rows["bill"] == rows["payment"])[~says].mean() < 0.05
    for label in X:
        assert rows[label].between(X[label].min(), X[label].max()).all()


def test_columns_that_are_alike_without_a_spike_have_no_such_state():
    rng = np.random.default_rng(0)
    first = rng.integers(90, 180, 2_000)
    again = first + rng.integers(-3, 4, 2_000)  # measured twice: equal in a seventh of the rows
    zeros = np.where(rng.random((2, 2_000)) < 0.15, 0, rng.integers(1, 10_000, (2, 2_000)))  # both 0 now and then
    X = pd.DataFrame({"first": first, "again": again, "a": zeros[0], "b": zeros[1]})
    assert with_equals(TableEncoder().fit(X)) == {}


def test_missing_cells_and_other_dtypes_equal_nothing():
    X = bills()
    X.loc[::7, "bill"] = np.nan
    X["whole"] = X["payment"].astype(int)
    encoder = TableEncoder().fit(X)
    assert encoder.decode(encoder.encode(X)).equals(X)
    found = with_equals(encoder)
    assert len(found) == 1
    assert set(found) | set(*found.values()) == {"bill", "payment"}


def test_chains_are_decoded_in_their_order_and_circles_are_refused():
    X = bills()
    rng = np.random.default_rng(1)
    X["next"] = np.where(rng.random(N) < 0.5, X["payment"], rng.integers(0, 40_000, N))
    encoder = TableEncoder().fit(X)
    assert encoder.decode(encoder.encode(X)).equals(X)
    order = order_of_decoding(encoder.columns_)
    for position, i in enumerate(order):
        assert not set(encoder.columns_[i].equal_to) & set(order[position:])
    description, arrays = encoder.state()
    again = TableEncoder.from_state(description, arrays)
    assert with_equals(again) == with_equals(encoder)
    assert again.decode(encoder.encode(X)).equals(X)
    for damage in ([[1], [0], [], []], [[7], [], [], []], [[2], [], [], []], [[0], [], [], []]):
        for column, others in zip(description["columns"], damage, strict=True):
            column["equal_to"] = others
        with pytest.raises(ValueError, match="encoder"):
            TableEncoder.from_state(description, arrays)


def test_synthetic_rows_have_as_many_equal_cells_and_given_cells_stay():
    X, y = bills(), np.arange(N) % 2
    model = TabularGAN(n_steps=60, random_state=0).fit(X, y)
    rows = model.sample(y)
    share = (X["bill"] == X["payment"]).mean()
    assert (rows["bill"] == rows["payment"]).mean() == pytest.approx(share, abs=0.15)
    given = model.sample(y[:60], given={"payment": 12_345.0})
    assert (given["payment"] == 12_345.0).all()
    absent = X.mask(np.random.default_rng(0).random(X.shape) < 0.2)
    filled = model.impute(absent, y)
    assert not filled.isna().any(axis=None)
    assert ((filled == absent) | absent.isna()).all(axis=None)
