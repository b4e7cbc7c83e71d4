"""The benchmark of the choice among ways to train: which images it keeps, and that the test part stays apart."""

import sys

import image_choice
import image_data
import numpy as np
import pandas as pd


def test_so_many_images_of_each_class_are_kept():
    y = np.repeat([0, 1, 2], [40, 15, 5])
    kept = image_choice.cut(y, 10, 30, 0)
    assert np.bincount(y[kept]).tolist() == [30, 10, 5]
    assert len(np.unique(kept)) == len(kept)
    assert np.array_equal(image_choice.cut(y, None, None, 0), np.arange(60))
    assert not np.array_equal(image_choice.cut(y, 10, 30, 1), kept)


def test_the_choice_has_not_seen_the_test_part(tmp_path, monkeypatch, capsys):
    y = np.repeat([0, 1], [30, 10])
    X = (np.random.default_rng(0).integers(0, 50, (40, 8, 8)) + 150 * y[:, None, None]).astype(np.uint8)
    # classes of the test part are exchanged, so that what was learned is wrong there
    of_parts = {"train_images": X, "train_labels": y, "test_images": X, "test_labels": 1 - y}
    np.savez(tmp_path / "grey.npz", class_names=np.array(["dark", "pale"]), **of_parts)
    monkeypatch.setattr(image_data, "FILES", {"grey": "grey.npz"})
    image_data.load.cache_clear()
    command = [
        "image_choice.py",
        "--data",
        str(tmp_path),
        "--sets",
        "grey",
        "--arms",
        "without",
        "--cnn-only",
        "--test",
    ]
    monkeypatch.setattr(sys, "argv", [*command, "--cnn-steps", "8", "--results", str(tmp_path / "out")])
    image_choice.main()
    image_data.load.cache_clear()
    chosen = pd.read_csv(tmp_path / "out" / "image_choice-grey.csv")
    tested = pd.read_csv(tmp_path / "out" / "image_choice-grey-test.csv")
    assert chosen["split"].nunique() == 5
    assert chosen["balanced accuracy"].max() > 0.9
    assert tested["balanced accuracy"].min() < 0.1
    assert "chosen: " in capsys.readouterr().out
