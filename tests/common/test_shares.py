"""Numbers of rows, repeated rows and weights."""

import numpy as np
import pandas as pd
import pytest

from ganaug.common.shares import check_asked_classes, draw_rows, equal_share_counts, weights_of


def test_equal_share_counts():
    y = ["a"] * 150 + ["b"] * 40 + ["c"] * 10
    # 150 real rows are 1 - share of each class
    assert equal_share_counts(y, 0.2) == dict.fromkeys("abc", 38)
    assert equal_share_counts(pd.Series(y), 0.5) == dict.fromkeys("abc", 150)


@pytest.mark.parametrize(
    ("labels", "strategy", "said"),
    [
        (["9", "10"], {9: 4}, "asks for 9, which is not a class of y. y has '10', '9'. Write '9'$"),
        ([9, 10], {"9": 4, "a": 1}, r"asks for '9', 'a', which are not classes of y. y has 9, 10. Write 9$"),
        (["sick", "well"], {"sik": 4}, "asks for 'sik', which is not a class of y. y has 'sick', 'well'$"),
    ],
)
def test_classes_that_there_are_not_are_named_with_those_that_there_are(labels, strategy, said):
    with pytest.raises(ValueError, match=f"^sampling_strategy {said}"):
        check_asked_classes(strategy, np.array(labels))
    for fine in ("auto", 0.5, {np.array(labels)[0]: 4}, dict.fromkeys(labels, 4)):
        check_asked_classes(fine, np.array(labels))


@pytest.mark.parametrize("n", [1, 7, 100, 1000])
def test_draws_have_exact_shares_and_prefer_no_row(n):
    labels = np.repeat(["a", "b", "b"], [30, 5, 12])
    is_synthetic = np.repeat([False, True], [35, 12])
    for seed in range(5):
        drawn = draw_rows(labels, weights_of(labels, is_synthetic, None), n, np.random.default_rng(seed))
        assert len(drawn) == n
        assert abs((labels[drawn] == "a").sum() - n / 2) <= 1
        times = np.bincount(drawn, minlength=47)
        for members in (slice(0, 30), slice(30, 35), slice(35, 47)):
            assert np.ptp(times[members]) <= 1


def test_draws_follow_weights_that_all_differ():
    weights = np.array([0.0, 1, 2, 3, 0.5, 0])
    drawn = [draw_rows(np.zeros(6), weights, 13, np.random.default_rng(seed)) for seed in range(400)]
    times = np.bincount(np.concatenate(drawn), minlength=6) / 400
    np.testing.assert_allclose(times, weights * 2, atol=0.15)
    assert times[0] == times[5] == 0
    assert {len(one) for one in drawn} == {13}
