"""Evaluations of files and folders: the same numbers as in memory, and errors that name the path."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug.evaluation import evaluate_images, evaluate_paths, evaluate_tables, table_evaluation
from ganaug.metrics import two_sample


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A table of two classes and rows of one of them; the same images as a folder and as an archive."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    monkeypatch.setattr(table_evaluation, "_N_RESAMPLES", 2)
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"age": rng.normal(50, 9, 80).round(1), "town": rng.choice(["Bern", "Rom"], 80)})
    table["plan"] = np.where(np.arange(80) < 25, "gold", "basic")
    table.to_csv("real.csv", index=False)
    table[:25].assign(age=lambda rows: rows["age"] + 0.1).to_csv("gold.csv", index=False)
    table.assign(new=(table["plan"] == "gold").astype(int)).to_csv("marked.csv", index=False)
    X, y = rng.integers(0, 256, (20, 8, 10), dtype=np.uint8), np.repeat([0, 1], 10)
    np.savez("real.npz", train_images=X, train_labels=y)
    for i, image in enumerate(X):
        path = Path("images", str(y[i]), f"{i:02d}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def test_tables_have_the_numbers_of_frames():
    real = pd.read_csv("real.csv")
    found = evaluate_paths("real.csv", "real.csv", random_state=0)
    pd.testing.assert_frame_equal(found.frame(), evaluate_tables(real, real, random_state=0).frame())


def test_only_the_classes_of_the_synthetic_rows_are_compared():
    with pytest.warns(UserWarning, match="Only rows with plan = gold are compared"):
        found = evaluate_paths("real.csv", "gold.csv", target="plan", random_state=0)
    assert found.n_rows == {"real": 25, "synthetic": 25, "holdout": 0}
    assert found.settings["rows"] == "plan = gold"
    assert "plan" not in found.columns().index
    real = pd.read_csv("real.csv")[:25].drop(columns="plan")
    expected = evaluate_tables(real, pd.read_csv("gold.csv").drop(columns="plan"), random_state=0)
    pd.testing.assert_frame_equal(found.frame(), expected.frame())


def test_marked_rows_are_the_synthetic_ones():
    found = evaluate_paths("real.csv", "marked.csv", mark="new", holdout="real.csv", random_state=0)
    assert found.n_rows == {"real": 80, "synthetic": 25, "holdout": 80}
    with pytest.raises(ValueError, match=r"If it marks synthetic rows, pass mark='new' .*; otherwise remove it"):
        evaluate_paths("real.csv", "marked.csv")
    pd.read_csv("marked.csv").assign(new=0).to_csv("none.csv", index=False)
    with pytest.raises(ValueError, match=r"mark='new': this column of none\.csv has no 1"):
        evaluate_paths("real.csv", "none.csv", mark="new")


def test_folders_and_archives_of_images_have_the_numbers_of_arrays():
    archive = np.load("real.npz")
    X, y = archive["train_images"], archive["train_labels"]
    expected = evaluate_images(X, X, target=(y, y), random_state=0)
    for real, synthetic in [("images", "real.npz"), ("real.npz", "images"), ("images", "images")]:
        found = evaluate_paths(real, synthetic, random_state=0)
        pd.testing.assert_frame_equal(found.frame(), expected.frame())
        assert len(found.copies()) == 20
    assert found.image_names[0] == "0/00.png"
    assert evaluate_paths("images", "real.npz", holdout="images", random_state=0).n_images["holdout"] == 20


def test_real_folders_are_resized_like_the_synthetic_images():
    np.savez("small.npz", train_images=np.zeros((3, 4, 5), np.uint8), train_labels=np.zeros(3, int))
    assert evaluate_paths("images", "small.npz", random_state=0).n_images == {"real": 20, "synthetic": 3}
    with pytest.raises(ValueError, match=r"synthetic holds images \(4, 5\) of uint8, but real holds \(8, 10\)"):
        evaluate_paths("real.npz", "small.npz")


@pytest.mark.parametrize(
    ("paths", "how", "message"),
    [
        (("real.csv", "nowhere"), {}, "there is no file or folder nowhere"),
        (("real.csv", "gold.csv"), {"holdout": "nowhere.csv"}, "there is no file or folder nowhere.csv"),
        (
            ("images", "real.csv"),
            {},
            "images holds images and real.csv holds rows; all of them must hold the same kind",
        ),
        (("images", "images"), {"target": "plan"}, "target='plan' is for rows, but images holds images"),
        (("images", "images"), {"mark": "new"}, "mark='new' is for rows, but images holds images"),
        (("real.csv", "real.csv"), {"inception": "x.pt"}, "inception='x.pt' is for images, but real.csv holds rows"),
        (("real.csv", "gold.csv"), {"target": "class"}, "class"),
    ],
)
def test_errors_name_the_path_or_the_parameter(paths, how, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        evaluate_paths(*paths, **how)


def test_the_synthetic_file_is_read_like_the_real_one():
    """ZIP codes, limits and dates of the USA: copies without a leading zero, a limit or a day above 12 are copies."""
    rng = np.random.default_rng(0)
    rows = [
        f"{code:05d},{['<1', '2', '3'][i % 3]},{i % 12 + 1:02d}/{i % 28 + 1:02d}/2024,{rng.normal():.3f}"
        for i, code in enumerate(rng.choice([501, 2139, 10001, 60601], 300))
    ]
    copies = [row for row in rows if row[0] != "0" and ",<1," not in row and int(row.split("/")[1]) <= 12][:40]
    for name, lines in {"real": rows, "copies": copies}.items():
        Path(f"{name}.csv").write_text("zip,level,day,x\n" + "\n".join(lines) + "\n")
    evaluation = evaluate_paths("real.csv", "copies.csv", random_state=0)
    assert evaluation.frame().set_index("measure").loc["exact copies", "value"] == 1


def test_originals_before_the_synthetic_rows_are_left_out():
    table = pd.DataFrame({"x": np.random.default_rng(0).normal(size=90).round(6), "y": np.arange(90) % 7})
    table[:50].to_csv("first.csv", index=False)
    table.to_csv("both.csv", index=False)
    with pytest.warns(UserWarning, match="The first 50 rows of both.csv are the rows of first.csv"):
        assert evaluate_paths("first.csv", "both.csv", random_state=0).n_rows["synthetic"] == 40
    # all rows and no more are copies
    assert evaluate_paths("first.csv", "first.csv", random_state=0).n_rows["synthetic"] == 50
