"""A comparison resumes where it stopped, and takes over nothing that it should not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from ganaug import compare


def test_an_interrupted_comparison_goes_on(two, spy, nb, tmp_path):
    path = tmp_path / "scores.csv"
    options = {**nb, "samplers": {"NA": spy(), "none": "none"}}
    whole = compare(*two, results=path, **options).frame()
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 1 + len(whole)
    path.write_text("".join(lines[:4]) + lines[4][:30])  # killed while it wrote the fourth row
    spy.seen.clear()
    resumed = compare(*two, results=path, **options).frame()
    assert len(spy.seen) == sum(",NA," in line for line in lines[4:])
    pd.testing.assert_frame_equal(resumed.drop(columns="fit_seconds"), whole.drop(columns="fit_seconds"))
    spy.seen.clear()
    pd.testing.assert_frame_equal(compare(*two, results=path, **options).frame(), resumed)
    assert not spy.seen
    # a repeat more takes over those that are there
    more = compare(*two, results=path, **{**options, "n_repeats": 2}).frame()
    assert len(spy.seen) == 3
    assert len(more) == 2 * len(whole)


@pytest.mark.parametrize("n_bytes", [0, 10])
def test_a_file_with_half_a_header_is_begun_anew(two, nb, tmp_path, n_bytes):
    path = tmp_path / "scores.csv"
    compare(*two, samplers="none", results=path, **nb)
    whole = path.read_text()
    path.write_text(whole[:n_bytes])
    compare(*two, samplers="none", results=path, **nb)
    assert len(path.read_text().splitlines()) == len(whole.splitlines())


@pytest.mark.parametrize("other", ["data", "labels", "seed", "parameter"])
def test_rows_of_other_data_or_settings_are_not_taken_over(two, spy, nb, tmp_path, other):
    X, y = two
    options = {**nb, "samplers": spy(), "classifiers": GaussianNB()}
    compare(X, y, results=tmp_path / "scores.csv", **options)
    spy.seen.clear()
    if other == "data":
        X = X.replace({"a": {X["a"][5]: 0.0}})
    elif other == "labels":
        y = np.where(y == "sick", "ill", y)
    elif other == "seed":
        options["random_state"] = 1
    else:
        options["classifiers"] = GaussianNB(var_smoothing=1e-3)
    compare(X, y, results=tmp_path / "scores.csv", **options)
    assert len(spy.seen) == 3


def test_what_failed_is_tried_again_and_other_files_are_left_alone(two, broken, nb, tmp_path, monkeypatch):
    path = tmp_path / "scores.csv"
    assert compare(*two, samplers=broken(), results=path, **nb).frame()["note"].any()
    monkeypatch.setattr(broken, "fit_resample", lambda self, X, y: (X, y))
    assert not compare(*two, samplers=broken(), results=path, **nb).frame()["note"].any()
    other = tmp_path / "data.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="does not hold a comparison with these metrics"):
        compare(*two, samplers="none", results=other, **nb)
    assert other.read_text() == "a,b\n1,2\n"
