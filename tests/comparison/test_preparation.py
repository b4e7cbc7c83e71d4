"""Rows of every kind and container become what samplers and classifiers take."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug import compare
from ganaug.comparison.preparation import classes_of, warn_of_marked_rows, without_identifiers

MARK_CASES = [
    ("is_synthetic", [0] * 30 + [1] * 10, True),
    ("added", [0] * 30 + [1] * 10, True),  # these rows make the classes equal
    ("added", [1] * 10 + [0] * 30, False),
    ("is_synthetic", [0, 1] * 20, False),
    ("is_synthetic", [0] * 40, False),
]


@pytest.mark.parametrize(("name", "marks", "is_told"), MARK_CASES)
def test_a_column_that_marks_synthetic_rows_raises_a_warning(name, marks, is_told):
    y = np.array(["b"] * 20 + ["a"] * 20)
    X = pd.DataFrame({"x": np.arange(40.0), name: marks})
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        warn_of_marked_rows(X, y)
    assert bool(told) == is_told
    with warnings.catch_warnings():
        # a flag of sorted rows that leaves the classes unequal
        warnings.simplefilter("error")
        warn_of_marked_rows(X.rename(columns={name: "added"}), np.array(["b"] * 25 + ["a"] * 15))
    if is_told:
        assert "10 synthetic rows" in str(told[0].message)


METRICS = ["average precision", "ROC AUC", "balanced accuracy", "F1", "recall at precision 0.5", "Brier score"]


def test_every_kind_of_column_and_several_classes(mixed, tiny):
    X, y = mixed
    X = X.assign(gap=X["height"].where(X["height"] > 0), city=X["city"].where(X["city"] != "Oslo", None))
    X["late"] = X["when"].where(X["count"] > 2)
    names = {"ours": tiny, **dict.fromkeys(["weights", "threshold", "random", "SMOTE"])}
    samplers = {name: of or name for name, of in names.items()}
    comparison = compare(X, y, samplers=samplers, classifiers="DecisionTreeClassifier", n_splits=3, n_repeats=1)
    frame = comparison.frame().set_index("sampler")
    assert comparison.metrics == [name for name in METRICS if not name.startswith("recall")]
    scored = frame.drop(index="threshold")
    assert scored[comparison.metrics].notna().all(axis=None)
    assert (scored["Brier score"] > 0).all()
    assert (scored["Brier score"] < 2).all()
    assert frame.loc["threshold", comparison.metrics].isna().all(axis=None)
    assert "two classes" in frame.loc["threshold", "note"].iloc[0]


def test_categories_alone_and_other_containers(two, tiny, nb):
    X, y = two
    coded = (X[["a", "b"]] > 0).map(lambda cell: "high" if cell else "low")
    for table in (coded, pl.DataFrame({name: coded[name].tolist() for name in coded}), coded.to_numpy().tolist()):
        frame = compare(table, pd.Series(y, dtype="category"), samplers=["SMOTE", "random", tiny], **nb).frame()
        assert frame[METRICS].notna().all(axis=None)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X, y: (X.replace({"a": {X["a"][0]: np.inf}}), y), "column 'a' of X has infinite"),
        (lambda X, y: (X, pd.Series(y).where(X["a"] > 0)), "missing labels"),
        (lambda X, y: (X, ["well"] * 120), "a single class, 'well'"),
        (lambda X, y: (X["a"].to_numpy(), y), "must be a table of rows of equal length"),
        (lambda X, y: (X.set_axis(list("aabc"), axis=1), y), r"two columns with the same name: \['a'\]"),
        (lambda X, y: (X, X["a"]), "no value of y is rare"),
    ],
)
def test_bad_data_are_named(two, nb, spoil, message):
    with pytest.raises(ValueError, match=message):
        compare(*spoil(*two), samplers="none", **nb)


def test_identifiers_are_left_out():
    X = pd.DataFrame({"id": [f"K{i}" for i in range(60)], "x": np.linspace(0, 1, 60), "city": ["Rome", "Oslo"] * 30})
    rest, left_out = without_identifiers(X, "auto")
    assert (list(rest), left_out) == (["x", "city"], ["id"])
    assert without_identifiers(X, ["city"])[1] == ["city", "id"]
    assert without_identifiers(X, [1])[1] == ["x", "id"]
    for none in ([], None):
        assert without_identifiers(X, none)[0] is X
    with pytest.raises(ValueError, match="all columns of X"):
        without_identifiers(X, ["x", "city"])
    images = np.zeros((30, 4, 4))
    assert without_identifiers(images, "auto")[0] is images


def test_an_identifier_is_no_column_of_classes():
    with pytest.raises(ValueError, match="it identifies rows and cannot be the column of classes"):
        classes_of([f"K{i}" for i in range(60)])
