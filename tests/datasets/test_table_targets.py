"""Targets in files: classes, numbers in any notation, several labels."""

import numpy as np
import pandas as pd
import pytest

from ganaug.datasets import read_targets


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "number": rng.normal(size=60).round(3),
            "count": rng.permutation(60) // 2 + 3,
            "few": np.arange(60) % 4,
            "code": [f"{of:03}" for of in rng.permutation(60) // 2],
            "yes": np.where(rng.random(60) < 0.5, "Yes", "no"),
            "is": rng.random(60) < 0.5,
            "zero": rng.integers(0, 2, 60),
        }
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


@pytest.mark.parametrize(
    ("target", "task", "kind"),
    [
        ("number", "auto", "f"),
        ("count", "auto", "f"),
        ("few", "regression", "f"),
        ("few", "auto", "O"),
        ("count", "classification", "O"),
        ("code", "auto", "O"),
        ("yes", "auto", "O"),
    ],
)
def test_one_column(path, target, task, kind):
    X, y = read_targets(path, target, task=task)
    assert target not in X
    assert len(X) == len(y) == 60
    frame = pd.read_csv(path, dtype=str)
    assert (y.dtype.kind == "f") == (kind == "f")
    assert (
        y.astype(float).tolist() == frame[target].astype(float).tolist()
        if kind == "f"
        else list(y) == list(frame[target])
    )


def test_several_columns(path):
    X, y = read_targets(path, "yes, is,zero")
    frame = pd.read_csv(path)
    assert list(X) == ["number", "count", "few", "code"]
    expected = np.column_stack([frame["yes"] == "Yes", frame["is"], frame["zero"]]).astype(int)
    np.testing.assert_array_equal(y.to_numpy(), expected)


def test_a_name_with_a_comma_is_one_column(tmp_path):
    pd.DataFrame({"x": range(9), "a,b": ["u", "v", "w"] * 3}).to_csv(tmp_path / "t.csv", index=False)
    assert read_targets(tmp_path / "t.csv", "a,b")[1].tolist() == ["u", "v", "w"] * 3


def test_missing_targets_are_named_by_their_line(tmp_path):
    (tmp_path / "t.csv").write_text("x,y,a,b\n" + "".join(f"{i},{i + 0.5},1,0\n" for i in range(30)) + "30,,,1\n")
    for target in ("y", "a,b"):
        with pytest.raises(ValueError, match=r"has 1 missing cell, the first on line 32"):
            read_targets(tmp_path / "t.csv", target)


@pytest.mark.parametrize(
    ("target", "task", "says"),
    [
        ("yes,code", "auto", "column 'code' holds"),
        ("yes,yes", "auto", "twice"),
        ("yes,nought", "auto", "no column 'nought'"),
        ("yes", "regression", "which is no number"),
        ("yes", "multilabel", "is one column"),
        ("number", "classification", "each row needs a class"),
    ],
)
def test_what_does_not_fit(path, target, task, says):
    with pytest.raises(ValueError, match=says):
        read_targets(path, target, task=task)
