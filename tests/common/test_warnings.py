"""Warnings point to the user's line."""

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from ganaug.common.warnings import warn_user


def test_a_warning_points_to_the_line_of_the_user():
    with pytest.warns(UserWarning, match="few rows") as caught:
        warn_user("few rows")
    assert caught[0].filename == __file__


def test_lines_of_libraries_are_passed_over():
    def transform(X):
        warn_user("few rows")
        return X

    transform.__globals__["__name__"], name = "sklearn.pretended", __name__
    try:
        with pytest.warns(UserWarning, match="few rows"):
            make_pipeline(FunctionTransformer(transform)).fit_transform([[1]])
    finally:
        transform.__globals__["__name__"] = name
