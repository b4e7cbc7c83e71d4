"""Warnings point to the user's line."""

import threading
import warnings

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from ganaug.common.warnings import stable_warning_filters, warn_user


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


def test_threads_leave_the_filters_as_they_were():
    before, shown = list(warnings.filters), warnings.showwarning
    ready, done = threading.Barrier(2), threading.Event()

    def first():
        with stable_warning_filters():
            manager = warnings.catch_warnings()
            manager.__enter__()
            warnings.simplefilter("ignore", FutureWarning)
            ready.wait()
            done.wait()  # the other one has taken over our filter, and will restore it
            manager.__exit__(None, None, None)

    def second():
        with stable_warning_filters():
            ready.wait()
            with warnings.catch_warnings(record=True):
                done.set()
                threads[0].join(1)

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
    assert warnings.showwarning is shown
