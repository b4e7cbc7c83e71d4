"""What a resampler added: counts that hold, each class compared with its own, and a verdict."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug import GANOversampler, ImageGAN, evaluate, evaluate_resampling
from ganaug.common.findings import HELPS, REAL, SAFE
from ganaug.evaluation import table_evaluation
from ganaug.metrics import two_sample
from ganaug.models import image_reconstruction


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    monkeypatch.setattr(table_evaluation, "_N_RESAMPLES", 2)
    monkeypatch.setattr(image_reconstruction, "N_STEPS", 2)


def resampled(X, y, model, **options):
    sampler = GANOversampler(model=model, random_state=0, **options)
    return sampler, X, y, *sampler.fit_resample(X, y)


@pytest.fixture
def images():
    """Return 30 bright and 8 dark images of 8 by 10 pixels."""
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


def sentences(found, question=None) -> list[str]:
    return [of.sentence for of in found.verdict if question in (None, of.question)]


def test_a_table(mixed, tiny_model):
    found = evaluate_resampling(*resampled(*mixed, tiny_model))
    counts = found.frame().set_index("class")
    assert counts["before"].to_dict() == {"a": 150, "b": 40, "c": 10}
    assert counts["synthetic"].to_dict() == {"a": 0, "b": 110, "c": 140}
    assert (counts["after"] == 150).all()
    assert not counts["repeated"].any()
    # ten rows are too few to measure anything
    assert list(found.evaluations) == ["b"]
    assert found.evaluations["b"].n_rows == {"real": 40, "synthetic": 110, "holdout": 0}
    assert found.heading == "250 synthetic rows of classes b and c added to 200 real ones"
    drawn = found.plot().axes[0]
    assert [label.get_text() for label in drawn.get_yticklabels()] == ["a", "b", "c"]
    assert sum(bar.get_width() for bar in drawn.patches) == 450


def test_the_verdict_of_a_table(mixed, tiny_model):
    found = evaluate_resampling(*resampled(*mixed, tiny_model))
    questions = list(dict.fromkeys(finding.question for finding in found.verdict))
    assert questions == [HELPS, REAL, SAFE, "What was not measured?"]
    assert found.verdict[0].answer == "unknown"
    for question in (REAL, SAFE):
        own = [of for of in found.evaluations["b"].verdict if of.question == question]
        assert sentences(found, question) == [f"Class b: {of.sentence}" for of in own]
    note, how = sentences(found, "What was not measured?")
    assert how.startswith("Each class was measured by itself, on at most 1,000 synthetic")
    assert note.startswith("1 of 2 classes with synthetic samples were measured")
    assert "only classes with at least 20 real and 20 synthetic ones" in note
    assert len(repr(found).splitlines()) <= 10
    assert found.heading in repr(found)
    assert found._repr_html_().count("<li>") == len(found.verdict)


def test_evaluate_says_that_it_measures_all_classes_together():
    rng = np.random.default_rng(0)
    real = pd.DataFrame({"x": rng.normal(size=90), "kind": np.repeat(["a", "b", "c"], 30)})
    with pytest.warns(UserWarning, match="Only rows with kind = b, c are compared"):
        of_two = evaluate(real, real[30:], target="kind", random_state=0)
    assert (
        "all 60 synthetic and 60 real rows of 2 classes together. ganaug balance measures each class" in of_two.extent
    )
    with pytest.warns(UserWarning, match="Only rows with kind = c are compared"):
        of_one = evaluate(real, real[60:], target="kind", random_state=0)
    assert of_one.extent == "Measured on all 30 synthetic and 30 real rows."  # balance has the same numbers


def test_at_most_four_classes_are_measured(tiny_model):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(6), [60, 21, 22, 23, 24, 25])
    X = pd.DataFrame({"x": rng.normal(size=len(y)), "k": rng.choice(["u", "v"], len(y))})
    found = evaluate_resampling(*resampled(X, y, tiny_model))
    assert sorted(found.evaluations) == [1, 2, 3, 4]  # those with the most synthetic rows
    assert "4 of 5 classes with synthetic samples were measured" in found.notes[0]


@pytest.mark.parametrize(
    "wrap",
    [np.asarray, pl.from_pandas, lambda X: X.to_numpy().tolist()],
    ids=["array", "polars", "list"],
)
def test_every_container(wrap, tiny_model):
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame(rng.normal(size=(100, 2)), columns=["p", "q"]), np.arange(100) < 30
    found = evaluate_resampling(*resampled(wrap(X), y, tiny_model))
    assert found.frame()["synthetic"].tolist() == [0, 40]
    assert found.evaluations[True].n_rows == {"real": 30, "synthetic": 40, "holdout": 0}


def test_repeated_rows_are_counted_apart(mixed, tiny_model):
    found = evaluate_resampling(*resampled(*mixed, tiny_model, sampling_strategy="equal share"))
    counts = found.frame().set_index("class")
    assert counts["synthetic"].tolist() == [38] * 3
    assert counts["repeated"].to_dict() == {"a": 0, "b": 110, "c": 140}
    assert (counts["before"] + counts["repeated"] + counts["synthetic"] == counts["after"]).all()


def test_nothing_was_added(mixed, tiny_model):
    X, y = mixed[0][:100], np.repeat([0, 1], 50)
    found = evaluate_resampling(*resampled(X, y, tiny_model))
    assert [of.question for of in found.verdict] == [HELPS, REAL, SAFE]
    assert [of.answer for of in found.verdict] == ["unknown"] * 3
    assert sentences(found, REAL) == ["No synthetic rows were added."]


def test_copies_are_found_among_all_real_rows_though_few_synthetic_ones_are_measured(tiny_model):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(900, 2)), np.arange(900) < 300
    sampler, _, _, X_resampled, y_resampled = resampled(X, y, tiny_model)
    X_resampled[sampler.is_synthetic_] = X[:300]
    found = evaluate_resampling(sampler, X, y, X_resampled, y_resampled, max_rows=50).evaluations[True]
    assert found.n_rows == {"real": 300, "synthetic": 50, "holdout": 0}
    assert found.copied.exact.share == 1
    assert found.closest.ratio == 0
    # rows are counted in what was given and returned
    copies = found.copies()
    assert (X_resampled[copies["synthetic"]] == X[copies["real"]]).all()
    assert sampler.is_synthetic_[copies["synthetic"]].all()
    assert len(found.copied_rows[1]) == 20
    # of a model with differential privacy, no real row is kept
    sampler.model_.epsilon_, sampler.model_.delta = 3.0, 1e-5
    private = evaluate_resampling(sampler, X, y, X_resampled, y_resampled, max_rows=50).evaluations[True]
    assert private.copied_rows is None
    assert len(private.copies()) == 50


def test_long_tables_are_subsampled(tiny_model, monkeypatch):
    monkeypatch.setattr("ganaug.evaluation.resampling.MAX_REAL_ROWS", 30)
    rng = np.random.default_rng(0)
    data = resampled(rng.normal(size=(200, 2)), np.arange(200) < 40, tiny_model)
    results = [evaluate_resampling(*data, max_rows=50) for _ in range(2)]
    assert results[0].evaluations[True].n_rows == {"real": 30, "synthetic": 50, "holdout": 0}
    assert "Class True: 50 of 120 synthetic rows were measured, and 30 of 40 real ones." in results[0].notes
    pd.testing.assert_frame_equal(*(found.evaluations[True].frame() for found in results))
    monkeypatch.setattr("ganaug.evaluation.resampling.MAX_ROWS", 60)
    monkeypatch.setattr("ganaug.evaluation.resampling.MAX_ROWS_OF_TABLE", 100)
    assert evaluate_resampling(*data).evaluations[True].n_rows == {"real": 30, "synthetic": 60, "holdout": 0}


def test_one_class_has_the_numbers_that_evaluate_finds(tiny_model):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"age": rng.integers(20, 60, 300), "town": rng.choice(["Bern", "Rom"], 300), "id": np.arange(300)})
    X["id"] = "C-" + X["id"].astype(str).str.zfill(5)
    y = pd.Series(np.where(np.arange(300) < 60, "gold", "basic"), name="plan")
    with pytest.warns(UserWarning, match="Columns that identify rows"):
        data = resampled(X, y, tiny_model)
    sampler, *_, X_resampled, y_resampled = data
    found = evaluate_resampling(*data)
    synthetic = pd.concat([X_resampled, y_resampled], axis=1)[sampler.is_synthetic_].reset_index(drop=True)
    with pytest.warns(UserWarning, match="Only rows with plan = gold are compared"):
        same = evaluate(pd.concat([X, y], axis=1), synthetic, target="plan", random_state=0)
    numbers = same.frame()
    # identifiers are those of all classes together
    numbers = numbers[~numbers["measure"].str.startswith("reused identifiers")].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.evaluations["gold"].frame(), numbers)
    said = [of.sentence.removeprefix("Class gold: ") for of in found.verdict if of.question == REAL]
    assert said == [of.sentence for of in same.verdict if of.question == REAL]
    # copies are counted in what was given and returned
    assert (found.evaluations["gold"].copies()["real"] < 60).all()


def test_images(images, image_model):
    sampler, X, y, X_resampled, y_resampled = resampled(*images, image_model)
    X_resampled[-1] = X[31, :, ::-1]  # as if the model had memorised one, mirrored
    found = evaluate_resampling(sampler, X, y, X_resampled, y_resampled)
    assert found.frame()["synthetic"].tolist() == [0, 22]
    assert not found.evaluations
    assert found.image_evaluation.copied == (1, 22)
    np.testing.assert_array_equal(*found.image_evaluation.pairs[0])
    assert any(said.startswith("Class dark: There are too few images to measure") for said in sentences(found, REAL))
    assert any("1 of 22 synthetic images equal a real one" in said for said in sentences(found, SAFE))
    assert any("of the diversity of its real images" in said for said in sentences(found, REAL))
    flat = replace(found, history=found.history.assign(diversity=0.1))
    said = "The least diverse class has 0.10 of the diversity of its real images: it has collapsed"
    assert any(of.answer == "bad" and of.sentence.startswith(said) for of in flat.verdict)
    assert found.heading == "22 synthetic images of class dark added to 38 real ones"


def test_images_of_three_channels_and_flat_ones(images, image_model):
    X, y = np.repeat(images[0][..., None], 3, axis=-1), images[1]
    assert evaluate_resampling(*resampled(X, y, image_model)).images["dark"].real.shape == (8, 8, 10, 3)
    model = image_model.set_params(image_shape=(8, 10), prior="neighbors", n_steps=1)
    flat = evaluate_resampling(*resampled(images[0].reshape(38, -1), y, model))
    assert flat.images["dark"].real.shape == (8, 8, 10)


def test_other_data_than_the_samplers_are_refused(mixed, tiny_model):
    sampler, X, y, X_resampled, y_resampled = resampled(*mixed, tiny_model)
    with pytest.raises(ValueError, match="has not returned these 449 rows"):
        evaluate_resampling(sampler, X, y, X_resampled[1:], y_resampled[1:])
    with pytest.raises(ValueError, match="has not returned these 450 rows for these 150 rows"):
        evaluate_resampling(sampler, X[:150], y[:150], X_resampled, y_resampled)
    with pytest.raises(ValueError, match="has not returned"):
        evaluate_resampling(GANOversampler(), X, y, X_resampled, y_resampled)
