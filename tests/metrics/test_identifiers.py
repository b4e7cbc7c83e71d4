"""Identifiers stay out of all measures, and their reuse is counted."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug.metrics import (
    TablePair,
    association_matrices,
    closest_records,
    column_distances,
    column_distributions,
    embed_rows,
    find_copies,
    invalid_cells,
    membership_inference,
    projection,
    reused_identifiers,
    two_sample_auc,
    utility_scores,
)

N = 200


def rows(first=0, n=N, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    numbers = np.arange(first, first + n)
    return pd.DataFrame(
        {
            "id": [f"K-{i:06d}" for i in numbers],
            "x": x,
            "no": 5000 + numbers,
            "city": rng.choice(["Rome", "Oslo"], n),
            "good": np.where(x > 0, "yes", "no"),
        }
    )


MEASURES = {
    "validity": lambda *tables: invalid_cells(*tables[:2]),
    "distances": lambda *tables: column_distances(*tables[:2]),
    "distributions": lambda *tables: pd.concat(column_distributions(*tables[:2])),
    "associations": lambda *tables: association_matrices(*tables[:2], random_state=0).synthetic,
    "two samples": lambda *tables: two_sample_auc(*tables[:2], random_state=0),
    "closest records": lambda *tables: closest_records(*tables[:2], holdout=tables[2], random_state=0),
    "copies": lambda *tables: find_copies(*tables[:2], holdout=tables[2]).pairs,
    "membership": lambda *tables: membership_inference(*tables, random_state=0),
    "projection": lambda *tables: projection(*tables[:2], random_state=0).synthetic,
    "utility": lambda *tables: utility_scores(*tables[:2], "good", holdout=tables[2], random_state=0).scores,
    "neighbours": lambda *tables: embed_rows(TablePair(*tables), TablePair(*tables).real_cells)[0],
}


@pytest.mark.parametrize("name", MEASURES)
def test_no_measure_depends_on_identifiers(name):
    tables = [rows(), rows(1000, seed=1), rows(2000, seed=2)]
    plain = [table.drop(columns=["id", "no"]) for table in tables]
    found, expected = (MEASURES[name](*of) for of in (tables, plain))
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected)
    else:
        np.testing.assert_equal(tuple(found), tuple(expected))


def test_a_copy_with_a_new_identifier_is_a_copy():
    real = rows()
    found = find_copies(real, real.assign(id=rows(9000)["id"], no=rows(9000)["no"]))
    assert found.exact.found == N


def test_a_pair_names_identifiers_and_keeps_their_cells():
    pair = TablePair(rows(), rows(1000)[["good", "no", "x", "id", "city"]], rows(2000))
    assert pair.identifiers == ["id", "no"]
    assert pair.labels == ["x", "city", "good"]
    assert list(pair.real) == list(pair.synthetic) == list(pair.holdout) == pair.labels
    assert [column.iloc[0] for column in pair.identifier_columns["id"]] == ["K-000000", "K-001000", "K-002000"]
    part = pair.take([3, 4], [5], [6])
    assert [list(column) for column in part.identifier_columns["no"]] == [[5003, 5004], [6005], [7006]]


def test_what_is_named_is_left_out_and_nothing_else():
    assert TablePair(rows(), rows(), identifiers=["city"]).labels == ["id", "x", "no", "good"]
    assert TablePair(rows(), rows(), identifiers=[]).labels == list(rows())


@pytest.mark.parametrize("kind", ["pandas", "polars", "floats", "text"])
def test_reuse_is_counted_whatever_the_types(kind):
    real, synthetic = rows(), rows(150, seed=1)
    if kind == "polars":
        real, synthetic = pl.from_pandas(real), pl.from_pandas(synthetic)
    elif kind == "floats":
        synthetic = synthetic.assign(no=synthetic["no"].astype(float))
    elif kind == "text":
        synthetic = synthetic.astype({"no": str, "id": "category"})
    found = reused_identifiers(real, synthetic)
    assert found["reused"].to_dict() == {"id": 50, "no": 50}
    assert (found["cells"] == N).all()
    assert not found["reference reused"].any()


def test_missing_cells_reuse_nothing():
    found = reused_identifiers(rows(), rows(seed=1).assign(id=None))
    assert found.loc["id", ["reused", "cells"]].tolist() == [0, 0]


def test_the_reference_is_what_real_rows_share():
    names = [f"Anna Berg {i}" for i in range(N - 10)] + ["Anna Berg 0"] * 10
    real = rows().assign(id=names)
    assert reused_identifiers(real, rows(1000)).loc["id", "reference reused"] == 11
    holdout = rows(2000).assign(id=names[:50] + [f"Ole Holm {i}" for i in range(N - 50)])
    assert reused_identifiers(real, rows(1000), holdout).loc[
        "id", ["reference reused", "reference cells"]
    ].tolist() == [50, N]


def test_numbers_of_rows_are_told_apart():
    real = rows().assign(no=range(N))
    assert reused_identifiers(real, rows(n=30).assign(no=range(30))).loc["no", "row numbers"]
    assert not reused_identifiers(real, rows(n=30).assign(no=range(5, 35))).loc["no", "row numbers"]
    shuffled = np.random.default_rng(0).permutation(30)
    assert not reused_identifiers(real, rows(n=30).assign(no=shuffled)).loc["no", "row numbers"]


def test_an_identifier_as_target_is_refused():
    with pytest.raises(ValueError, match="target 'id' has 200 different values in 200 rows: it identifies rows"):
        utility_scores(rows(), rows(), "id")
