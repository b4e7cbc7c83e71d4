"""The report of a balancing: counts that hold, like compared with like, and pages that say what was done."""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug import GANOversampler, ImageGAN, TabularGAN, evaluate_resampling
from ganaug.evaluation import table_result as summary
from ganaug.metrics import fidelity
from ganaug.models import image


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(fidelity, "N_TREES", 5)
    monkeypatch.setattr(summary, "_N_RESAMPLES", 2)
    monkeypatch.setattr(image, "_N_RECONSTRUCTIONS", 2)


@pytest.fixture
def undrawn(monkeypatch):
    """Leave the figures out, which take longer than all the rest."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)


def resampled(X, y, model, **options):
    sampler = GANOversampler(model=model, random_state=0, **options)
    return sampler, X, y, *sampler.fit_resample(X, y)


@pytest.fixture
def pictures():
    """Return 30 bright and 8 dark pictures of 8 by 10 pixels."""
    rng = np.random.default_rng(0)
    y = np.repeat(["bright", "dark"], [30, 8])
    X = (
        rng.integers(0, 100, (38, 8, 10), dtype=np.uint8)
        + np.where(y == "bright", 150, 0).astype(np.uint8)[:, None, None]
    )
    return X, y


@pytest.fixture
def image_model():
    return ImageGAN(n_steps=3, width=4, latent_size=8, batch_size=8, device="cpu")


def test_a_table(mixed, tiny_model):
    report = evaluate_resampling(*resampled(*mixed, tiny_model))
    counts = report.frame().set_index("class")
    assert counts["before"].to_dict() == {"a": 150, "b": 40, "c": 10}
    assert counts["generated"].to_dict() == {"a": 0, "b": 110, "c": 140}
    assert (counts["after"] == 150).all()
    assert not counts["repeated"].any()
    # ten rows are too few to measure anything
    assert list(report.evaluations) == ["b"]
    assert report.evaluations["b"].n_rows == {"real": 40, "synthetic": 110, "holdout": 0}
    assert "Looked at: 1 of 2 classes" in report.verdict[-1]
    assert "It takes 20 real and 20 generated ones" in report.verdict[-1]
    assert report.verdict[0] == "250 generated rows beside 200 real ones."
    assert report.verdict[1].startswith("Class b: ")
    assert report.verdict[1] in repr(report)
    assert report._repr_html_().count("<li>") == len(report.verdict)
    drawn = report.plot().axes[0]
    assert [label.get_text() for label in drawn.get_yticklabels()] == ["a", "b", "c"]
    assert sum(bar.get_width() for bar in drawn.patches) == 450


def test_the_page_of_a_table(mixed, tiny_model, tmp_path, undrawn):
    report = evaluate_resampling(*resampled(*mixed, tiny_model))
    report.html(tmp_path / "report.html", title="Of <b>")
    text = (tmp_path / "report.html").read_text()
    assert "<h1>Of &lt;b&gt;</h1>" in text
    for heading in [
        *("Verdict", "Classes", "Measures", "Columns", "Associations", "Projection", "Privacy"),
        *("Training", "Model card", "Settings", "Versions"),
    ]:
        assert f">{heading}</h2>" in text
    assert f"the seed of the model was {report.seed}" in text
    assert "hidden_sizes" in text
    assert "250 generated rows beside 200 real ones, to fill up b, c. They come from TabularGAN" in text
    assert "This page holds values of the real data" in text
    assert text.count('class="shape"') == mixed[0].shape[1]


def test_several_classes_have_headings_of_their_own(tiny_model, undrawn):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(6), [60, 21, 22, 23, 24, 25])
    X = pd.DataFrame({"x": rng.normal(size=len(y)), "k": rng.choice(["u", "v"], len(y))})
    report = evaluate_resampling(*resampled(X, y, tiny_model))
    assert sorted(report.evaluations) == [1, 2, 3, 4]  # those with the most generated rows
    assert "Looked at: 4 of 5 classes" in report.verdict[-1]
    text = report.html()
    assert all(f"Columns of {label}</h2>" in text for label in (1, 2, 3, 4))


@pytest.mark.parametrize(
    "wrap",
    [np.asarray, pl.from_pandas, lambda X: X.to_numpy().tolist()],
    ids=["array", "polars", "list"],
)
def test_every_container(wrap, tiny_model):
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame(rng.normal(size=(100, 2)), columns=["p", "q"]), np.arange(100) < 30
    report = evaluate_resampling(*resampled(wrap(X), y, tiny_model))
    assert report.frame()["generated"].tolist() == [0, 40]
    assert report.evaluations[True].n_rows == {"real": 30, "synthetic": 40, "holdout": 0}


def test_repeated_rows_are_counted_apart(mixed, tiny_model, undrawn):
    report = evaluate_resampling(*resampled(*mixed, tiny_model, sampling_strategy="equal share"))
    counts = report.frame().set_index("class")
    assert counts["generated"].tolist() == [38] * 3
    assert counts["repeated"].to_dict() == {"a": 0, "b": 110, "c": 140}
    assert (counts["before"] + counts["repeated"] + counts["generated"] == counts["after"]).all()
    assert "repeated" in report.html()


def test_nothing_generated(mixed, tiny_model, undrawn):
    X, y = mixed[0][:100], np.repeat([0, 1], 50)
    report = evaluate_resampling(*resampled(X, y, tiny_model))
    assert report.verdict == ["0 generated rows beside 100 real ones."]
    text = report.html()
    assert "nothing was generated" in text
    assert ">Training</h2>" not in text


def test_long_tables_are_drawn_from(tiny_model, monkeypatch, undrawn):
    monkeypatch.setattr("ganaug.evaluation.resampling.MAX_ROWS", 50)
    monkeypatch.setattr("ganaug.evaluation.resampling.MAX_REAL_ROWS", 30)
    rng = np.random.default_rng(0)
    data = resampled(rng.normal(size=(200, 2)), np.arange(200) < 40, tiny_model)
    reports = [evaluate_resampling(*data) for _ in range(2)]
    assert reports[0].evaluations[True].n_rows == {"real": 30, "synthetic": 50, "holdout": 0}
    assert "Class True: 50 of 120 generated ones, drawn, beside 30 of 40 real ones." in reports[0].notes
    pd.testing.assert_frame_equal(*(report.evaluations[True].frame() for report in reports))


def test_pictures(pictures, image_model, undrawn):
    sampler, X, y, X_resampled, y_resampled = resampled(*pictures, image_model)
    X_resampled[-1] = X[31, :, ::-1]  # as if the model had learned one by heart, mirrored
    names = [f"scan {i}" for i in range(38)]
    report = evaluate_resampling(sampler, X, y, X_resampled, y_resampled, names=names)
    assert report.frame()["generated"].tolist() == [0, 22]
    assert not report.evaluations
    assert report.seen.copied == (1, 22)
    np.testing.assert_array_equal(*report.seen.pairs[0])
    assert any(said.startswith("dark: there are too few pictures to tell") for said in report.verdict)
    assert any("1 of 22 synthetic pictures equal a real one" in said for said in report.verdict)
    assert any("of the variety of the real one; 1 is best" in said for said in report.verdict)
    flat = replace(report, history=report.history.assign(diversity=0.1))
    assert any("0.10 of the variety of the real one: it has collapsed" in said for said in flat.verdict)
    text = report.html()
    assert "scan 31, mirrored: 0 apart" in text
    for heading in ("Verdict", "Classes", "Pictures", "Nearest real pictures", "Privacy", "Training", "Model card"):
        assert f">{heading}</h2>" in text
    for strip in ("real", "synthetic", "from one generated picture to another", "how it came about"):
        assert f"<h3>dark, {strip}</h3>" in text
    assert text.count('class="pair"') == len(report.seen.pairs)
    assert "This page holds pictures" in text
    assert "manifest.csv" in text


def test_pictures_of_three_channels_and_flat_ones(pictures, image_model, undrawn):
    X, y = np.repeat(pictures[0][..., None], 3, axis=-1), pictures[1]
    assert evaluate_resampling(*resampled(X, y, image_model)).pictures["dark"].real.shape == (8, 8, 10, 3)
    model = image_model.set_params(image_shape=(8, 10), prior="neighbors", n_steps=1)
    flat = evaluate_resampling(*resampled(pictures[0].reshape(38, -1), y, model))
    assert flat.pictures["dark"].real.shape == (8, 8, 10)
    assert "<h3>dark, real</h3>" in flat.html()


def test_other_data_than_the_samplers_are_refused(mixed, tiny_model):
    sampler, X, y, X_resampled, y_resampled = resampled(*mixed, tiny_model)
    with pytest.raises(ValueError, match="has not returned these 449 rows"):
        evaluate_resampling(sampler, X, y, X_resampled[1:], y_resampled[1:])
    with pytest.raises(ValueError, match="has not returned these 450 rows for these 150"):
        evaluate_resampling(sampler, X[:150], y[:150], X_resampled, y_resampled)
    with pytest.raises(ValueError, match="has not returned"):
        evaluate_resampling(GANOversampler(), X, y, X_resampled, y_resampled)


def test_names_of_columns_and_labels_are_text(tiny_model, undrawn):
    rng = np.random.default_rng(0)
    evil = "<script>alert('$x$')</script>"
    X = pd.DataFrame({evil: rng.choice([evil, "b"], 100), "x": rng.normal(size=100)})
    y = pd.Series(np.where(np.arange(100) < 30, evil, "common"), name=evil)
    model = tiny_model.set_params(n_steps=2)
    assert isinstance(model, TabularGAN)
    text = evaluate_resampling(*resampled(X, y, model)).html(title=evil)
    assert text.count("<script>") == 1  # ours
    assert text.count("&lt;script&gt;") > 10
