"""Numbers of rows, repeated rows and weights."""

import pandas as pd

from ganaug.common.shares import equal_share_counts


def test_equal_share_counts():
    y = ["a"] * 150 + ["b"] * 40 + ["c"] * 10
    # 150 real rows are 1 - share of each class
    assert equal_share_counts(y, 0.2) == dict.fromkeys("abc", 38)
    assert equal_share_counts(pd.Series(y), 0.5) == dict.fromkeys("abc", 150)
