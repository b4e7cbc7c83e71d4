"""The benchmark of images: what its arms draw, that test images stay apart, that it resumes, and its criteria."""

from importlib.metadata import version

import image_classifiers
import image_data
import image_page
import image_rivals
import images
import numpy as np
import pandas as pd
import pytest
import torch
from image_data import Parts, Synthetic
from PIL import Image
from rich.console import Console

# pixels of this value are in test images only
MARK = 255


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """Replace generators by noise and the sets by two tiny ones; return the list of trainings."""
    calls = []

    def generate(generator, X, y, n_each, n_steps, seed, device):
        calls.append((generator, X, seed))
        labels = np.repeat(np.unique(y), n_each)
        return np.random.default_rng(seed).integers(0, MARK, (len(labels), *X.shape[1:]), np.uint8), labels, 7

    monkeypatch.setattr(images, "generate", generate)
    monkeypatch.setattr(images, "digest", lambda generator: f"of {generator}")
    monkeypatch.setattr(images, "has_extractor", lambda: False)
    monkeypatch.setattr(image_classifiers, "N_BOOTSTRAPS", 5)
    for module in (image_data, images):
        monkeypatch.setattr(module, "N_SYNTHETIC", (12, 40))
        monkeypatch.setattr(module, "FILES", {"grey": "grey.npz", "colour": "colour.npz"})
    image_data.load.cache_clear()
    images.version_of.cache_clear()
    for name, shape, counts in [("grey", (8, 8), [30, 8]), ("colour", (9, 10, 3), [24, 12, 5])]:
        rng, y = np.random.default_rng(len(counts)), np.repeat(np.arange(len(counts)), counts)
        X = rng.integers(0, MARK, (len(y), *shape), dtype=np.uint8)
        np.savez(
            tmp_path / f"{name}.npz",
            train_images=X,
            train_labels=y[:, None].astype(np.uint8),
            test_images=np.where(np.arange(shape[1]).reshape(-1, *[1] * (len(shape) - 2)) == 0, MARK, X),
            test_labels=y[:, None].astype(np.uint8),
            class_names=np.array([f"class {label}" for label in range(len(counts))]),
        )
    yield calls
    image_data.load.cache_clear()
    images.version_of.cache_clear()


@pytest.fixture
def results(tmp_path):
    return images.Results(tmp_path / "results" / "images.csv.gz", images.Budget(cnn_steps=2))


def run(results, folder, sets=("grey",), seeds=(0,), arms=("classical", "ganaug")):
    tasks = images.tasks_of(sets, seeds, arms)
    return images.run(tasks, folder, folder / "cache", results, 1, "cpu", Console(quiet=True))


def flat_features(monkeypatch):
    """Use the pixels as the features of the frozen network."""
    for module in (image_classifiers, images):
        monkeypatch.setattr(module, "features", lambda X: X.reshape(len(X), -1).astype(np.float32))


def parts_of(counts=(40, 9, 5), shape=(8, 8)):
    y = np.repeat(np.arange(len(counts)), counts)
    X = np.random.default_rng(0).integers(0, 256, (len(y), *shape), dtype=np.uint8)
    return Parts(X, y, X, y, tuple(f"class {label}" for label in range(len(counts))))


def synthetic_of(parts, n_each=60):
    y = np.repeat(np.arange(len(parts.classes)), n_each)
    return Synthetic(np.zeros((len(y), *parts.X.shape[1:]), np.uint8), y, 1.0, 5, "")


# --- what is drawn


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_classes_and_shares_are_exact_and_no_image_is_preferred(share):
    parts = parts_of()
    pool = image_data.pool_of(parts, image_data.ARMS["ganaug"], share, synthetic_of(parts, 4_000))
    order = image_data.draws(pool, 3_000, np.random.default_rng(0))
    assert len(order) == 3_000
    for label in range(3):
        of_class = order[pool.y[order] == label]
        assert len(of_class) == 1_000
        assert pool.is_synthetic[of_class].sum() == 1_000 * share
        for members in (~pool.is_synthetic, pool.is_synthetic):
            times = np.bincount(of_class, minlength=len(pool.y))[members & (pool.y == label)]
            assert np.ptp(times) <= 1


def test_filled_up_classes_have_the_share_that_they_lacked():
    parts = parts_of()
    pool = image_data.pool_of(parts, image_data.ARMS["DeepSMOTE"], 0.2, synthetic_of(parts))
    assert np.bincount(pool.y).tolist() == [40] * 3
    assert np.bincount(pool.y[pool.is_synthetic], minlength=3).tolist() == [0, 31, 35]
    order = image_data.draws(pool, 240, np.random.default_rng(0))
    assert np.bincount(order).tolist() == [2] * 120


def test_without_balance_images_are_drawn_as_they_come():
    parts = parts_of()
    pool = image_data.pool_of(parts, image_data.ARMS["none"], 0.2, None)
    times = np.bincount(image_data.draws(pool, 100, np.random.default_rng(0)), minlength=54)
    assert set(times) == {1, 2}
    assert times.sum() == 100
    balanced = image_data.pool_of(parts, image_data.ARMS["random"], 0.2, None)
    order = image_data.draws(balanced, 300, np.random.default_rng(0))
    assert np.bincount(parts.y[order]).tolist() == [100] * 3


def test_class_weights_make_classes_and_shares_equal_in_the_loss():
    parts = parts_of()
    pool = image_data.pool_of(parts, image_data.ARMS["ganaug + class weights"], 0.2, synthetic_of(parts))
    assert set(np.bincount(image_data.draws(pool, len(pool.y), np.random.default_rng(0)))) == {1}
    of_class = np.bincount(pool.y, pool.weights)
    np.testing.assert_allclose(of_class, of_class[0])
    np.testing.assert_allclose(np.bincount(pool.y, pool.weights * pool.is_synthetic), 0.2 * of_class)
    alone = image_data.pool_of(parts, image_data.ARMS["class weights"], 0.2, None)
    np.testing.assert_allclose(np.bincount(alone.y, alone.weights), len(parts.y) / 3)


def test_draws_are_a_matter_of_the_seed():
    pool = image_data.pool_of(parts_of(), image_data.ARMS["random"], 0.2, None)
    one, again, other = (image_data.draws(pool, 90, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_augmentation_moves_and_brightens_each_image_on_its_own():
    images = torch.rand(6, 3, 16, 16)[:1].repeat(6, 1, 1, 1)
    moved = image_classifiers.augmented(images, torch.Generator().manual_seed(0))
    assert moved.shape == images.shape
    assert ((moved >= 0) & (moved <= 1)).all()
    assert len({image.sum().item() for image in moved}) == 6
    assert torch.equal(moved, image_classifiers.augmented(images, torch.Generator().manual_seed(0)))
    # what is even stays even: nothing is drawn in from outside of the image
    even = image_classifiers.augmented(torch.full((20, 1, 8, 8), 0.5), torch.Generator().manual_seed(1))
    assert even.flatten(1).std(1).max() < 1e-6
    assert 0.4 <= even.min() < even.max() <= 0.6


# --- sets


def test_rare_digits_are_cut_in_the_training_part_alone():
    parts = image_data.digits(0)
    assert (parts.counts[5:] == 15).all()
    assert (parts.counts[:5] > 100).all()
    assert parts.minority.tolist() == [5, 6, 7, 8, 9]
    assert len(parts.y_test) == pytest.approx(0.3 * 1797, abs=1)
    assert np.ptp(np.bincount(parts.y_test)) <= 4
    assert not np.array_equal(image_data.digits(1).X_test, parts.X_test)
    assert (parts.X.dtype, parts.X.min(), parts.X.max()) == (np.uint8, 0, 255)


def test_folders_are_read_at_half_the_size(tmp_path):
    for name, n in [("b", 6), ("a", 14)]:
        (tmp_path / name).mkdir()
        for i in range(n):
            Image.fromarray(np.full((8, 12), 10 * i, np.uint8)).save(tmp_path / name / f"{i}.png")
    parts = image_data.read_folders(tmp_path, 0)
    assert parts.classes == ("a", "b")
    assert parts.X.shape[1:] == (4, 6)
    assert np.bincount(parts.y).tolist() == [10, 4]
    assert np.bincount(parts.y_test).tolist() == [4, 2]


# --- generators


@pytest.mark.parametrize("generator", ["ganaug", "translation", "DeepSMOTE"])
def test_each_generator_makes_images_like_those_given(generator, monkeypatch):
    monkeypatch.setattr("ganaug.models.image_reconstruction.N_STEPS", 2)
    X, y = np.random.default_rng(0).integers(0, 256, (30, 8, 8), np.uint8), np.repeat([0, 1], [20, 10])
    synthetic, labels, n_steps = images.generate(generator, X, y, 5, 3, 0)
    assert synthetic.shape == (10, 8, 8)
    assert synthetic.dtype == np.uint8
    assert labels.tolist() == [0] * 5 + [1] * 5
    assert n_steps == (0 if generator == "DeepSMOTE" else 3)


def test_images_of_a_smaller_class_are_moved_ones_of_larger_classes(monkeypatch):
    monkeypatch.setattr(image_rivals, "ACCEPTED", 0.0)
    parts = parts_of((30, 12, 5), (8, 8, 3))
    made, labels, _ = images.generate("M2m", parts.X, parts.y, 40, 2, 0)
    assert np.bincount(labels).tolist() == [0, 40, 40]
    assert made.shape[1:] == (8, 8, 3)
    near = np.abs(made[:, None].astype(float) - parts.X).mean((2, 3, 4)).argmin(1)
    assert (parts.counts[parts.y[near]] > parts.counts[labels]).all()
    monkeypatch.setattr(image_rivals, "ACCEPTED", 1.1)
    made, labels, _ = images.generate("M2m", parts.X, parts.y, 40, 2, 0)
    assert all(
        (parts.X[parts.y == label] == image).all((1, 2, 3)).any() for image, label in zip(made, labels, strict=True)
    )


def test_a_pasted_image_has_the_class_of_most_of_its_pixels():
    y = np.repeat([0, 1], [40, 4])
    X = np.repeat(np.where(y == 1, 200, 10), 64).reshape(44, 8, 8).astype(np.uint8)
    made, labels, _ = images.generate("CMO", X, y, 300, None, 0)
    assert np.bincount(labels).tolist() == [300, 300]
    share = (made == 200).mean((1, 2))
    assert set(np.unique(made)) == {10, 200}
    assert share[labels == 1].mean() > share[labels == 0].mean() + 0.2


def test_test_images_reach_no_generator_and_no_training(trained, results, tmp_path, monkeypatch):
    seen = []
    real_training = images.train_cnn

    def spy(parts, arm, pool, *rest):
        seen.append(pool.X)
        return real_training(parts, arm, pool, *rest)

    monkeypatch.setattr(images, "train_cnn", spy)
    n = run(results, tmp_path, ("grey", "colour"), arms=list(image_data.ARMS))
    n_generators = len({arm.generator for arm in image_data.ARMS.values() if arm.generator})
    assert n == 2 * (len(image_data.ARMS) + n_generators)
    assert len(seen) == n
    assert all(X.max() < MARK for X in [*seen, *(X for _, X, _ in trained)])
    assert images.load("grey", tmp_path, 0).X_test.max() == MARK


def test_a_generator_is_trained_once_for_a_set_and_seed(trained, results, tmp_path):
    run(results, tmp_path, seeds=(0, 1), arms=list(image_data.ARMS))
    assert sorted((name, seed) for name, _, seed in trained) == [
        ("CMO", 0),
        ("CMO", 1),
        ("DeepSMOTE", 0),
        ("DeepSMOTE", 1),
        ("M2m", 0),
        ("M2m", 1),
        ("ganaug", 0),
        ("ganaug", 1),
        ("translation", 0),
        ("translation", 1),
    ]
    trained.clear()
    other = images.Results(results.path, images.Budget(cnn_steps=2, share=0.4))
    # what does not depend on the share is not done again
    assert run(other, tmp_path, arms=("classical", "ganaug", "ganaug, minority only + classical")) == 2
    assert trained == []
    more_steps = images.Results(results.path, images.Budget(gan_steps=9, cnn_steps=2))
    run(more_steps, tmp_path, arms=["DeepSMOTE", "ganaug"])
    assert [name for name, _, _ in trained] == ["ganaug"]


def test_where_a_generator_fails_real_images_are_drawn_and_it_is_said(trained, results, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("out of memory in /home/someone/data")

    monkeypatch.setattr(images, "generate", fail)
    run(results, tmp_path, arms=("random", "ganaug"))
    rows = results.current(["random", "ganaug"])
    random, ours, *by_class = (row for _, row in rows.iterrows())
    assert (random["arm"], ours["arm"], len(by_class)) == ("random", "ganaug", 2)
    assert ours["note"] == "RuntimeError: out of memory in ..."
    assert ours["n_synthetic"] == 0
    assert ours["predicted"] == random["predicted"]
    assert rows["agreement"].isna().all()


# --- classifiers and measures


def test_a_cnn_learns_and_a_network_of_features_as_well(monkeypatch):
    rng, y = np.random.default_rng(0), np.repeat([0, 1], [80, 20])
    X = rng.integers(0, 100, (100, 8, 8), dtype=np.uint8)
    X[:, :, :4] += (100 * y[:, None, None]).astype(np.uint8)
    parts = Parts(X, y, X, y, ("dark", "half light"))
    flat_features(monkeypatch)
    for name in ("none", "class weights", "classical"):
        arm = image_data.ARMS[name]
        pool = image_data.pool_of(parts, arm, 0.2, None)
        network = images.train_cnn(parts, arm, pool, 40, 0)
        for probability in (
            image_classifiers.probabilities(network, X),
            image_classifiers.regress(parts, arm, pool, 40, 0)(X),
        ):
            assert probability.shape == (100, 2)
            assert image_classifiers.metrics(y, probability, parts.minority)["balanced accuracy"] > 0.9
    assert sum(weight.numel() for weight in network.parameters()) < 110_000
    again = images.train_cnn(parts, arm, pool, 40, 0)
    assert np.array_equal(image_classifiers.probabilities(network, X), image_classifiers.probabilities(again, X))


@pytest.mark.parametrize("size", [8, 28, 64])
def test_the_cnn_takes_any_size_and_colour(size):
    images = torch.randint(0, 256, (4, 3, size, size), dtype=torch.uint8)
    assert image_classifiers.SmallCNN(images.float() / 255, 7)(images.float() / 255).shape == (4, 7)


def test_metrics_of_a_perfect_and_of_a_blind_classifier():
    y = np.repeat([0, 1, 2], [10, 4, 2])
    perfect = image_classifiers.metrics(y, np.eye(3)[y], np.array([1, 2]))
    assert perfect == dict.fromkeys(image_classifiers.METRICS, 1)
    blind = image_classifiers.metrics(y, np.tile([0.6, 0.2, 0.2], (16, 1)), np.array([1, 2]))
    assert blind["balanced accuracy"] == pytest.approx(1 / 3)
    assert blind["minority recall"] == 0
    assert blind["ROC AUC"] == 0.5
    assert image_classifiers.metrics(y[:14], np.eye(2)[y[:14]], np.array([1]))["ROC AUC"] == 1


def test_distances_tell_noise_from_images_of_the_class(monkeypatch):
    flat_features(monkeypatch)
    rng = np.random.default_rng(0)
    real, alike, other = (rng.normal(mean, 1, (n, 2, 2)) for mean, n in [(0, 200), (0, 90), (3, 90)])
    same, far = (images.distances(real, synthetic, np.random.default_rng(0)) for synthetic in (alike, other))
    assert same["FD"] < 3 * same["FD baseline"]
    assert far["FD"] > 10 * far["FD baseline"]
    assert far["KID"] > 10 * abs(far["KID baseline"])
    assert same["KID"] < far["KID"] / 10


def test_an_interval_holds_the_spread_over_seeds_and_the_error_of_the_test_part():
    assert image_page.half_width(np.array([0.8]), 0.01) == pytest.approx(0.0196)
    assert image_page.half_width(np.array([0.8, 0.8, 0.8]), 0.01) == pytest.approx(0.0196)
    # Student's quantile for three seeds
    assert image_page.half_width(np.array([0.7, 0.8, 0.9]), 0.0) == pytest.approx(4.3027 * 0.1 / np.sqrt(3), rel=1e-4)


def test_a_difference_is_one_of_balanced_accuracies():
    y = np.repeat([0, 1], [90, 10])
    right, wrong = "0" * 90 + "1" * 10, "0" * 100
    assert image_page.difference([right] * 3, [right] * 3, [y] * 3) == (0, 0)
    assert image_page.difference([right, wrong], [wrong, right], [y, y])[0] == 0
    half_right = "0" * 90 + "1" * 5 + "0" * 5
    gain, half = image_page.difference([half_right] * 2, [wrong] * 2, [y] * 2)
    assert gain == pytest.approx(0.25)
    # seeds agree: what is left is the luck of ten test images
    assert half == pytest.approx(1.96 * np.sqrt(0.25 / 10) / 2, rel=0.3)
    assert image_page.difference([wrong] * 2, [half_right] * 2, [y] * 2)[0] == pytest.approx(-0.25)


@pytest.mark.filterwarnings("ignore:The images are probably blurred")  # after 20 steps they are, on a slow machine
def test_a_step_is_timed():
    (row,) = [row for row in images.measure_steps(images.Budget(), 20) if row["subject"].startswith("cpu")]
    assert 0 < row["step_ms"] < 10_000


# --- many evaluations


@pytest.mark.usefixtures("trained")
def test_a_second_run_computes_nothing(results, tmp_path):
    assert run(results, tmp_path) == 3
    before = results.path.read_bytes()
    assert run(results, tmp_path) == 0
    assert results.path.read_bytes() == before
    rows = pd.read_csv(results.path, dtype=str, keep_default_na=False)
    rows[(rows["part"] != "classifiers") | (rows["arm"] != "ganaug")].to_csv(results.path, index=False)
    assert run(results, tmp_path) == 1
    assert run(results, tmp_path, seeds=(0, 1)) == 3
    assert run(results, tmp_path, arms=("classical", "ganaug", "none")) == 1


@pytest.mark.usefixtures("trained")
def test_rows_of_another_version_or_budget_are_not_mixed_in(results, tmp_path, monkeypatch):
    assert run(results, tmp_path) == 3
    monkeypatch.setattr(images, "digest", lambda generator: "another")
    images.version_of.cache_clear()
    assert run(results, tmp_path) == 2
    assert set(results.current(["ganaug"])["version"].str.split(",").str[0]) == {f"ganaug {version('ganaug')}+another"}
    assert run(images.Results(results.path, images.Budget(cnn_steps=3)), tmp_path) == 3
    monkeypatch.setattr(images, "PROTOCOL", 99)
    assert run(results, tmp_path) == 3


@pytest.mark.usefixtures("trained")
def test_classifiers_are_done_again_when_the_frozen_network_has_come(results, tmp_path, monkeypatch):
    assert run(results, tmp_path, arms=["none"]) == 1
    monkeypatch.setattr(images, "has_extractor", lambda: True)
    flat_features(monkeypatch)
    assert run(results, tmp_path, arms=["none"]) == 1
    assert set(results.current(["none"])["subject"]) == {images.CNN_NAME, images.FROZEN_NAME}
    assert run(results, tmp_path, arms=["none"]) == 0


# --- the page


def fidelity_of(rows):
    index = pd.MultiIndex.from_tuples([(name, label) for name, label, *_ in rows], names=["set", "class"])
    columns = ["FD", "FD baseline", "agreement", "agreement real", "pixels", "gan_seconds"]
    return pd.DataFrame([row[2:] for row in rows], index=index, columns=columns, dtype=float)


@pytest.fixture
def measured():
    sets = ["pneumoniamnist_ir9", "b", "c"]
    scores = pd.DataFrame(
        {image_data.REFERENCE: [0.80, 0.70, 0.60], image_data.OURS: [0.82, 0.71, 0.62], "none": [0.9, 0.5, 0.5]},
        index=sets,
    )
    gains = pd.DataFrame({"difference": [0.02, 0.01, 0.02], "half": 0.01}, index=sets).rename_axis("set")
    fidelity = fidelity_of(
        [
            ("pneumoniamnist_ir9", "normal", 2.9, 1.0, 0.8, 0.8, 28, 290),
            ("pneumoniamnist_ir9", "pneumonia", 1.0, 1.0, 0.7, 0.8, 28, 290),
            ("b", "x", 9.0, 1.0, 0.5, 0.5, 64, 900),
        ]
    )
    return {"scores": scores, "gains": gains, "fidelity": fidelity, "steps": pd.Series({"cpu, 32-true": 60.0})}


def test_criteria_are_yes_where_every_criterion_is_met(measured):
    found = image_page.criteria(**measured)
    assert found["met"].tolist() == ["yes"] * 7
    figures = found["values"].tolist()
    assert figures[0] == "0.7167, best other: classical 0.7000, 3 sets"
    assert "on 3 of 3; points: pneumoniamnist_ir9 +2.00 ± 1.00" in figures[1]
    assert figures[3] == "normal 2.90 times, pneumonia 1.00 times"
    assert figures[4] == "pneumoniamnist_ir9 94 %, b 100 %"
    assert figures[5] == "pneumoniamnist_ir9 290 s"


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (0, lambda given, ours: given["scores"].update({"none": [0.9, 0.7, 0.6]})),
        (1, lambda given, ours: given["gains"].__setitem__("difference", [0.02, 0.0, 0.02])),
        (2, lambda given, ours: given["gains"].__setitem__("difference", [0.02, -0.011, 0.02])),
        (3, lambda given, ours: given["fidelity"].__setitem__("FD baseline", [0.9, 1.0, 1.0])),
        (4, lambda given, ours: given["fidelity"].__setitem__("agreement", [0.8, 0.6, 0.5])),
        (5, lambda given, ours: given["fidelity"].__setitem__("gan_seconds", [301, 301, 900])),
        (6, lambda given, ours: given["steps"].__setitem__("cpu, 32-true", 60.1)),
    ],
)
def test_a_criterion_that_is_missed_is_reported(measured, place, change):
    if place == 0:
        measured["scores"]["none"] = [0.9, 0.7, 0.6]
    else:
        change(measured, image_data.OURS)
    met = image_page.criteria(**measured)["met"].tolist()
    assert met[place] == "no"
    # a loss beyond the interval is no gain either
    assert [criterion for criterion, answer in enumerate(met) if answer == "no"] == ([1, 2] if place == 2 else [place])


def test_what_was_not_measured_is_neither_met_nor_missed(measured):
    nothing = {name: frame[:0] for name, frame in measured.items()}
    nothing["scores"] = measured["scores"][["none"]]
    found = image_page.criteria(**nothing)
    assert found["met"].tolist() == ["not measured"] * 7
    assert (found["values"] == "").all()
    # a loss within the interval is no loss
    measured["gains"]["difference"] = [0.02, -0.009, 0.02]
    assert image_page.criteria(**measured)["met"].iloc[2] == "yes"


@pytest.mark.usefixtures("trained")
def test_the_command_writes_page_figure_and_sheets(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(images.Budget, "__init__", _short(images.Budget))
    real_steps = images.measure_steps
    monkeypatch.setattr(images, "measure_steps", lambda budget: real_steps(budget, 10))
    given = ["--data", str(tmp_path), "--results", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    images.main([*given, "--workers", "1", "--seeds", "0", "1"])
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "images-colour.png",
        "images-grey.png",
        "images.csv.gz",
        "images.md",
        "images.png",
    ]
    page = (out / "images.md").read_text()
    for part in (
        "2 sets, 2 seeds (0, 1)",
        "frozen features + logistic regression: left out",
        "### grey, CNN",
        "### colour, fidelity of DeepSMOTE",
        "![Real images and, below them, synthetic images of each class](images-grey.png)",
        "Training for 7 adversarial steps",
        "| cpu, 32-true | ",
        "not measured",
        f"ganaug {version('ganaug')}+of ganaug",
    ):
        assert part in page
    assert str(tmp_path) not in page
    assert not any("nan" in line for line in page.splitlines())
    assert "is first by mean balanced accuracy" in capsys.readouterr().out
    before = (out / "images.csv.gz").read_bytes()
    images.main([*given, "--workers", "1", "--seeds", "0", "1"])
    assert (out / "images.csv.gz").read_bytes() == before


@pytest.mark.usefixtures("trained")
def test_scores_alone_need_no_page_and_no_fidelity(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(images.Budget, "__init__", _short(images.Budget))
    given = ["--data", str(tmp_path), "--results", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    arms = ["classical", "ganaug + classical"]
    images.main([*given, "--workers", "1", "--seeds", "0", "--sets", "grey", "--part", "classifiers", "--arms", *arms])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["images.csv.gz"]
    rows = pd.read_csv(tmp_path / "out" / "images.csv.gz")
    assert rows["part"].unique().tolist() == ["classifiers"]
    assert rows["arm"].tolist() == arms
    shown = capsys.readouterr().out
    assert all(f"{score:.4f}".rstrip("0") in shown for score in rows["balanced accuracy"])


def _short(budget):
    real = budget.__init__

    def init(self, gan_steps=None, cnn_steps=2, share=0.2, with_frozen=True):
        real(self, gan_steps, min(cnn_steps, 2), share, with_frozen)

    return init


@pytest.mark.usefixtures("trained")
def test_what_is_not_there_is_told_before_anything_is_trained(tmp_path):
    with pytest.raises(SystemExit, match=r"not in the folder of --data: grey\.npz"):
        images.main(["--sets", "grey", "--results", str(tmp_path / "out")])
    with pytest.raises(SystemExit):
        images.main(["--share", "0.7"])


def test_a_set_of_few_images_keeps_that_many_of_all_classes_but_the_largest(tmp_path):
    X, y = np.zeros((60, 8, 8), dtype=np.uint8), np.repeat([0, 1, 2], [40, 15, 5])
    of_parts = {f"{part}_{kind}": value for part in ("train", "test") for kind, value in (("images", X), ("labels", y))}
    np.savez(tmp_path / image_data.FILES["bccd_cells_32"], class_names=np.array(["a", "b", "c"]), **of_parts)
    few = image_data.load("bccd_cells_32@10", tmp_path, 0)
    assert few.counts.tolist() == [40, 10, 5]
    assert len(few.X_test) == 60
    other = image_data.load("bccd_cells_32@10", tmp_path, 1)
    assert other.counts.tolist() == [40, 10, 5]
    assert image_data.n_synthetic("bccd_cells_32@10", few) == image_data.N_SYNTHETIC[0]
