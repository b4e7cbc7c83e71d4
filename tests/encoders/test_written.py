"""Texts that write numbers, dates or times are named, with what converts them; codes and words are not."""

import numpy as np
import pandas as pd
import pytest

from ganaug import TabularGAN
from ganaug.encoders import TableEncoder

N = 200
RNG = np.random.default_rng(0)
WHOLE, SHARE = RNG.integers(46, 230, N), RNG.uniform(1, 99, N).round(1)
HOURS = pd.Timestamp("2024") + pd.to_timedelta(30 * RNG.integers(0, 48, N), unit="m")
WRITTEN = {
    "whole": (["?" if i % 29 == 0 else str(of) for i, of in enumerate(WHOLE)], "numbers"),
    "decimal": ([f"{of:.1f}" for of in SHARE], "numbers"),
    "money": ([f"${1000 * of:,.0f}" for of in SHARE], "numbers"),
    "percent": ([f"{of} %" for of in SHARE], "numbers"),
    "weight": ([f"{of} kg" for of in SHARE], "numbers"),
    "clock": ([f"{of:%H:%M}" for of in HOURS], "times"),
    "half": ([f"{of:%I:%M %p}" for of in HOURS], "times"),
    "second": ([f"{of:%H:%M:%S}" for of in HOURS], "times"),
    "iso": ([f"2024-01-{1 + of % 28:02d}" for of in WHOLE], "dates"),
    "german": ([f"{1 + of % 28}.1.2024" for of in WHOLE], "dates"),
}
WORDS = {
    "word": [f"level {of}" for of in WHOLE],
    "postcode": [str(10_000 + of) for of in WHOLE],
    "padded": [f"{of:05d}" for of in WHOLE],
    "code": [f"{of}A" for of in WHOLE],
    "version": [f"1.{of}.2" for of in WHOLE],
    "few": [str(of % 9) for of in WHOLE],
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_the_warning_advises_makes_the_column_numeric(name):
    cells, kind = WRITTEN[name]
    X = pd.DataFrame({name: cells})
    encoder = TableEncoder().fit(X)
    with pytest.warns(UserWarning, match=f"'{name}' .*{kind}.*Convert them before") as caught:
        encoder.warn_of_columns()
    advice = str(caught[0].message).partition("e.g. ")[2].partition("; or name")[0]
    exec(advice, {"X": X, "pandas": pd})
    assert TableEncoder().fit(X).columns_[0].kind == "numeric"


@pytest.mark.parametrize("name", WORDS)
def test_codes_and_words_are_not_named(name):
    TableEncoder().fit(pd.DataFrame({name: WORDS[name]})).warn_of_columns()


def test_columns_that_the_user_calls_categories_are_not_named():
    X = pd.DataFrame({"at": WRITTEN["clock"][0], "x": SHARE})
    y = np.arange(N) % 2
    params = {"n_steps": 1, "hidden_sizes": (4,), "random_state": 0, "device": "cpu"}
    TabularGAN(categorical_features=["at"], **params).fit(X, y)
    with pytest.warns(UserWarning, match="'at' .such as '.*', times"):
        TabularGAN(**params).fit(X, y)
