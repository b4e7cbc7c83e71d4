"""The page of a resampling: its sections, what it says of the data, and hostile names."""

import sys

import numpy as np
import pandas as pd
import pytest

from ganaug import GANOversampler, ImageGAN, TabularGAN, evaluate_resampling, report
from ganaug.evaluation import table_evaluation
from ganaug.metrics import two_sample
from ganaug.models import image_reconstruction


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    monkeypatch.setattr(table_evaluation, "_N_RESAMPLES", 2)
    monkeypatch.setattr(image_reconstruction, "N_STEPS", 2)
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # figures take longer than all the rest


def resampling(X, y, model, names=None, **options):
    sampler = GANOversampler(model=model, random_state=0, **options)
    return evaluate_resampling(sampler, X, y, *sampler.fit_resample(X, y), names=names)


def test_a_table(mixed, tiny_model, tmp_path):
    found = resampling(*mixed, tiny_model)
    report(found, tmp_path / "report.html", title="Of <b>")
    text = (tmp_path / "report.html").read_text()
    assert "<h1>Of &lt;b&gt;</h1>" in text
    for heading in [
        *("Verdict", "Classes", "Measures", "Columns", "Associations", "Privacy"),
        *("Model card", "Settings", "Versions"),
    ]:
        assert f">{heading}</h2>" in text
    # without matplotlib it is said once, and what only has figures is left out
    assert text.count("matplotlib is not installed") == 1
    assert not any(f">{heading}</h2>" in text for heading in ("Projection", "Training"))
    assert f"The seed of the model, drawn from random_state, was {found.seed}" in text
    assert "hidden_sizes" in text
    assert "250 synthetic rows of classes b and c, added to 200 real ones. They come from TabularGAN" in text
    assert "This page shows values of the real data" in text
    assert text.count('class="chart"') == mixed[0].shape[1]
    assert "repeated</th>" not in text


def test_several_classes_have_headings_of_their_own(tiny_model):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), [60, 21, 22])
    X = pd.DataFrame({"x": rng.normal(size=len(y)), "k": rng.choice(["u", "v"], len(y))})
    text = report(resampling(X, y, tiny_model))
    assert all(f"Columns of {label}</h2>" in text for label in (1, 2))


def test_repeated_rows_are_shown(mixed, tiny_model):
    assert "repeated</th>" in report(resampling(*mixed, tiny_model, sampling_strategy="equal share"))


def test_nothing_was_added(mixed, tiny_model):
    text = report(resampling(mixed[0][:100], np.repeat([0, 1], 50), tiny_model))
    assert "no synthetic rows were added" in text
    assert ">Training</h2>" not in text


def test_images():
    rng = np.random.default_rng(0)
    y = np.repeat(["bright", "dark"], [30, 8])
    brightness = np.where(y == "bright", 150, 0).astype(np.uint8)
    X = rng.integers(0, 100, (38, 8, 10), dtype=np.uint8) + brightness[:, None, None]
    model = ImageGAN(n_steps=3, width=4, latent_size=8, batch_size=8, device="cpu")
    found = resampling(X, y, model, names=[f"scan {i}" for i in range(38)])
    text = report(found)
    assert "scan " in text
    for heading in ("Verdict", "Classes", "Images", "Nearest real images", "Privacy", "Model card"):
        assert f">{heading}</h2>" in text
    for strip in ("real", "synthetic", "between two synthetic images", "during the training"):
        assert f"<h3>dark, {strip}</h3>" in text
    assert text.count('class="pair"') == len(found.image_evaluation.pairs)
    assert "This page shows images and their names" in text
    assert "manifest.csv" in text


def test_names_of_columns_and_labels_are_text(tiny_model):
    rng = np.random.default_rng(0)
    evil = "<script>alert('$x$')</script>"
    X = pd.DataFrame({evil: rng.choice([evil, "b"], 100), "x": rng.normal(size=100)})
    y = pd.Series(np.where(np.arange(100) < 30, evil, "common"), name=evil)
    model = tiny_model.set_params(n_steps=2)
    assert isinstance(model, TabularGAN)
    text = report(resampling(X, y, model), title=evil)
    assert text.count("<script>") == 1  # ours
    assert text.count("&lt;script&gt;") > 10
