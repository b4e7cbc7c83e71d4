"""`evaluate` hands data to the evaluation of their kind, and refuses parameters of another kind."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from ganaug.evaluation import evaluate

TABLE, IMAGES = np.zeros((30, 2)), np.zeros((5, 8, 8), dtype=np.uint8)


@pytest.fixture
def calls(monkeypatch) -> list:
    """Record the evaluations that are called, in place of calling them."""
    found = []
    for name in ("evaluate_rows", "evaluate_images"):
        monkeypatch.setattr(f"ganaug.evaluation.{name}", lambda *args, name=name, **how: found.append((name, how)))
    return found


@pytest.mark.parametrize(
    ("real", "name", "own"),
    [
        (TABLE, "evaluate_rows", ["classifiers", "ignore"]),
        (TABLE.tolist(), "evaluate_rows", ["classifiers", "ignore"]),
        (pd.DataFrame(TABLE), "evaluate_rows", ["classifiers", "ignore"]),
        (IMAGES, "evaluate_images", ["inception"]),
        (IMAGES[..., None], "evaluate_images", ["inception"]),
    ],
)
def test_the_kind_of_data_decides(real, name, own, calls):
    evaluate(real, real, target="x", random_state=3)
    assert calls == [(name, {"holdout": None, "target": "x", "random_state": 3, **dict.fromkeys(own)})]


def test_parameters_of_another_kind_are_refused():
    with pytest.raises(ValueError, match=r"classifiers=.* is for rows, but real holds images"):
        evaluate(IMAGES, IMAGES, classifiers=[LogisticRegression()])
    with pytest.raises(ValueError, match=r"ignore=.* is for rows, but real holds images"):
        evaluate(IMAGES, IMAGES, ignore=["a"])
    with pytest.raises(ValueError, match=r"inception='net\.pt' is for images, but real holds rows"):
        evaluate(TABLE, TABLE, inception="net.pt")
