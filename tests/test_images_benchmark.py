"""The benchmark of images: what its arms draw, that test images stay apart, that it resumes, and its verdicts."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from rich.console import Console

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
# pixels of this value are in test images alone
MARK = 255


@pytest.fixture(scope="module")
def module():
    spec = importlib.util.spec_from_file_location("images", BENCHMARKS / "images.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        patch.setitem(sys.modules, "images", module)  # dataclasses look their module up
        spec.loader.exec_module(module)
    return module


@pytest.fixture
def trained(module, monkeypatch, tmp_path):
    """Put noise in the place of generators, and two tiny sets in the place of real ones; list what was trained on."""
    calls = []

    def generate(generator, X, y, n_each, n_steps, seed):
        calls.append((generator, X, seed))
        labels = np.repeat(np.unique(y), n_each)
        return np.random.default_rng(seed).integers(0, MARK, (len(labels), *X.shape[1:]), np.uint8), labels, 7

    monkeypatch.setattr(module, "generate", generate)
    monkeypatch.setattr(module, "digest", lambda generator: f"of {generator}")
    monkeypatch.setattr(module, "has_extractor", lambda: False)
    monkeypatch.setattr(module, "N_BOOTSTRAPS", 5)
    monkeypatch.setattr(module, "N_MADE", (12, 40))
    monkeypatch.setattr(module, "FILES", {"grey": "grey.npz", "colour": "colour.npz"})
    module.load.cache_clear()
    module.made_version.cache_clear()
    for name, shape, counts in [("grey", (8, 8), [30, 8]), ("colour", (9, 10, 3), [24, 12, 5])]:
        rng, y = np.random.default_rng(len(counts)), np.repeat(np.arange(len(counts)), counts)
        images = rng.integers(0, MARK, (len(y), *shape), dtype=np.uint8)
        np.savez(
            tmp_path / f"{name}.npz",
            train_images=images,
            train_labels=y[:, None].astype(np.uint8),
            test_images=np.where(np.arange(shape[1]).reshape(-1, *[1] * (len(shape) - 2)) == 0, MARK, images),
            test_labels=y[:, None].astype(np.uint8),
            class_names=np.array([f"class {label}" for label in range(len(counts))]),
        )
    yield calls
    module.load.cache_clear()
    module.made_version.cache_clear()


@pytest.fixture
def results(module, tmp_path):
    return module.Results(tmp_path / "results" / "images.csv", module.Budget(cnn_steps=2))


def run(module, results, folder, sets=("grey",), seeds=(0,), arms=("classical", "ganaug")):
    tasks = module.tasks_of(sets, seeds, arms)
    return module.run(tasks, folder, folder / "cache", results, 1, Console(quiet=True))


def parts_of(module, counts=(40, 9, 5), shape=(8, 8)):
    y = np.repeat(np.arange(len(counts)), counts)
    X = np.random.default_rng(0).integers(0, 256, (len(y), *shape), dtype=np.uint8)
    return module.Parts(X, y, X, y, tuple(f"class {label}" for label in range(len(counts))))


def made_of(module, parts, n_each=60):
    y = np.repeat(np.arange(len(parts.classes)), n_each)
    return module.Made(np.zeros((len(y), *parts.X.shape[1:]), np.uint8), y, 1.0, 5, "")


# --- what is drawn


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_classes_and_shares_are_exact_and_no_image_is_preferred(module, share):
    parts = parts_of(module)
    pool = module.pool_of(parts, module.ARMS["ganaug"], share, made_of(module, parts, 4_000))
    order = module.draws(pool, 3_000, np.random.default_rng(0))
    assert len(order) == 3_000
    for label in range(3):
        of_class = order[pool.y[order] == label]
        assert len(of_class) == 1_000
        assert pool.is_synthetic[of_class].sum() == 1_000 * share
        for members in (~pool.is_synthetic, pool.is_synthetic):
            times = np.bincount(of_class, minlength=len(pool.y))[members & (pool.y == label)]
            assert np.ptp(times) <= 1


def test_filled_up_classes_have_the_share_that_they_lacked(module):
    parts = parts_of(module)
    pool = module.pool_of(parts, module.ARMS["DeepSMOTE"], 0.2, made_of(module, parts))
    assert np.bincount(pool.y).tolist() == [40] * 3
    assert np.bincount(pool.y[pool.is_synthetic], minlength=3).tolist() == [0, 31, 35]
    order = module.draws(pool, 240, np.random.default_rng(0))
    assert np.bincount(order).tolist() == [2] * 120


def test_without_balance_images_are_drawn_as_they_come(module):
    parts = parts_of(module)
    pool = module.pool_of(parts, module.ARMS["none"], 0.2, None)
    times = np.bincount(module.draws(pool, 100, np.random.default_rng(0)), minlength=54)
    assert set(times) == {1, 2}
    assert times.sum() == 100
    balanced = module.pool_of(parts, module.ARMS["random"], 0.2, None)
    order = module.draws(balanced, 300, np.random.default_rng(0))
    assert np.bincount(parts.y[order]).tolist() == [100] * 3


def test_draws_are_a_matter_of_the_seed(module):
    pool = module.pool_of(parts_of(module), module.ARMS["random"], 0.2, None)
    one, again, other = (module.draws(pool, 90, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_augmentation_moves_and_brightens_each_image_on_its_own(module):
    images = torch.rand(6, 3, 16, 16)[:1].repeat(6, 1, 1, 1)
    moved = module.augmented(images, torch.Generator().manual_seed(0))
    assert moved.shape == images.shape
    assert ((moved >= 0) & (moved <= 1)).all()
    assert len({image.sum().item() for image in moved}) == 6
    assert torch.equal(moved, module.augmented(images, torch.Generator().manual_seed(0)))
    # what is even stays even: nothing is drawn in from outside of the image
    even = module.augmented(torch.full((20, 1, 8, 8), 0.5), torch.Generator().manual_seed(1))
    assert even.flatten(1).std(1).max() < 1e-6
    assert 0.4 <= even.min() < even.max() <= 0.6


# --- sets


def test_rare_digits_are_cut_in_the_training_part_alone(module):
    parts = module.digits(0)
    assert (parts.counts[5:] == 15).all()
    assert (parts.counts[:5] > 100).all()
    assert parts.minority.tolist() == [5, 6, 7, 8, 9]
    assert len(parts.y_test) == pytest.approx(0.3 * 1797, abs=1)
    assert np.ptp(np.bincount(parts.y_test)) <= 4
    assert not np.array_equal(module.digits(1).X_test, parts.X_test)
    assert (parts.X.dtype, parts.X.min(), parts.X.max()) == (np.uint8, 0, 255)


def test_folders_are_read_at_half_the_size(module, tmp_path):
    for name, n in [("b", 6), ("a", 14)]:
        (tmp_path / name).mkdir()
        for i in range(n):
            Image.fromarray(np.full((8, 12), 10 * i, np.uint8)).save(tmp_path / name / f"{i}.png")
    parts = module.of_folders(tmp_path, 0)
    assert parts.classes == ("a", "b")
    assert parts.X.shape[1:] == (4, 6)
    assert np.bincount(parts.y).tolist() == [10, 4]
    assert np.bincount(parts.y_test).tolist() == [4, 2]


# --- generators


@pytest.mark.parametrize("generator", ["ganaug", "DeepSMOTE"])
def test_each_generator_makes_images_like_those_given(module, generator, monkeypatch):
    monkeypatch.setattr("ganaug.models.image._N_RECONSTRUCTIONS", 2)
    X, y = np.random.default_rng(0).integers(0, 256, (30, 8, 8), np.uint8), np.repeat([0, 1], [20, 10])
    images, labels, n_steps = module.generate(generator, X, y, 5, 3, 0)
    assert images.shape == (10, 8, 8)
    assert images.dtype == np.uint8
    assert labels.tolist() == [0] * 5 + [1] * 5
    assert n_steps == (0 if generator == "DeepSMOTE" else 3)


def test_test_images_reach_no_generator_and_no_training(module, trained, results, tmp_path, monkeypatch):
    seen = []
    real_training = module.train_cnn

    def spy(parts, arm, pool, *rest):
        seen.append(pool.X)
        return real_training(parts, arm, pool, *rest)

    monkeypatch.setattr(module, "train_cnn", spy)
    n = run(module, results, tmp_path, ("grey", "colour"), arms=list(module.ARMS))
    assert n == 2 * (len(module.ARMS) + 2)
    assert len(seen) == n
    assert all(X.max() < MARK for X in [*seen, *(X for _, X, _ in trained)])
    assert module.load("grey", tmp_path, 0).X_test.max() == MARK


def test_a_generator_is_trained_once_for_a_set_and_seed(module, trained, results, tmp_path):
    run(module, results, tmp_path, seeds=(0, 1), arms=list(module.ARMS))
    assert sorted((name, seed) for name, _, seed in trained) == [
        ("DeepSMOTE", 0),
        ("DeepSMOTE", 1),
        ("ganaug", 0),
        ("ganaug", 1),
    ]
    trained.clear()
    other = module.Results(results.path, module.Budget(cnn_steps=2, share=0.4))
    # what does not depend on the share is not done again
    assert run(module, other, tmp_path, arms=("classical", "ganaug", "ganaug, minority only + classical")) == 2
    assert trained == []
    more_steps = module.Results(results.path, module.Budget(gan_steps=9, cnn_steps=2))
    run(module, more_steps, tmp_path, arms=["DeepSMOTE", "ganaug"])
    assert [name for name, _, _ in trained] == ["ganaug"]


def test_where_a_generator_fails_real_images_are_drawn_and_it_is_said(module, trained, results, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("out of memory in /home/someone/data")

    monkeypatch.setattr(module, "generate", fail)
    run(module, results, tmp_path, arms=("random", "ganaug"))
    rows = results.read(["random", "ganaug"])
    random, ours, *by_class = (row for _, row in rows.iterrows())
    assert (random["arm"], ours["arm"], len(by_class)) == ("random", "ganaug", 2)
    assert ours["note"] == "RuntimeError: out of memory in ..."
    assert ours["n_made"] == 0
    assert ours["predicted"] == random["predicted"]
    assert rows["agreement"].isna().all()


# --- classifiers and measures


def test_a_cnn_learns_and_a_network_of_features_as_well(module, monkeypatch):
    rng, y = np.random.default_rng(0), np.repeat([0, 1], [80, 20])
    X = rng.integers(0, 100, (100, 8, 8), dtype=np.uint8)
    X[:, :, :4] += (100 * y[:, None, None]).astype(np.uint8)
    parts = module.Parts(X, y, X, y, ("dark", "half light"))
    monkeypatch.setattr(module, "features", lambda images: images.reshape(len(images), -1).astype(np.float32))
    for name in ("none", "class weights", "classical"):
        arm = module.ARMS[name]
        pool = module.pool_of(parts, arm, 0.2, None)
        network = module.train_cnn(parts, arm, pool, 40, 0)
        for probability in (module.probabilities(network, X), module.regress(parts, arm, pool, 40, 0)(X)):
            assert probability.shape == (100, 2)
            assert module.metrics(y, probability, parts.minority)["balanced accuracy"] > 0.9
    assert sum(weight.numel() for weight in network.parameters()) < 110_000
    again = module.train_cnn(parts, arm, pool, 40, 0)
    assert np.array_equal(module.probabilities(network, X), module.probabilities(again, X))


@pytest.mark.parametrize("size", [8, 28, 64])
def test_the_cnn_takes_any_size_and_colour(module, size):
    images = torch.randint(0, 256, (4, 3, size, size), dtype=torch.uint8)
    assert module.CNN(images, 7)(images.float() / 255).shape == (4, 7)


def test_metrics_of_a_perfect_and_of_a_blind_classifier(module):
    y = np.repeat([0, 1, 2], [10, 4, 2])
    perfect = module.metrics(y, np.eye(3)[y], np.array([1, 2]))
    assert perfect == dict.fromkeys(module.METRICS, 1)
    blind = module.metrics(y, np.tile([0.6, 0.2, 0.2], (16, 1)), np.array([1, 2]))
    assert blind["balanced accuracy"] == pytest.approx(1 / 3)
    assert blind["minority recall"] == 0
    assert blind["ROC AUC"] == 0.5
    assert module.metrics(y[:14], np.eye(2)[y[:14]], np.array([1]))["ROC AUC"] == 1


def test_distances_tell_noise_from_images_of_the_class(module, monkeypatch):
    monkeypatch.setattr(module, "features", lambda images: images.reshape(len(images), -1).astype(np.float32))
    rng = np.random.default_rng(0)
    real, alike, other = (rng.normal(mean, 1, (n, 2, 2)) for mean, n in [(0, 200), (0, 90), (3, 90)])
    same, far = (module.distances(real, made, np.random.default_rng(0)) for made in (alike, other))
    assert same["FD"] < 3 * same["FD floor"]
    assert far["FD"] > 10 * far["FD floor"]
    assert far["KID"] > 10 * abs(far["KID floor"])
    assert same["KID"] < far["KID"] / 10


def test_an_interval_holds_the_spread_over_seeds_and_the_error_of_the_test_part(module):
    assert module.half_width(np.array([0.8]), 0.01) == pytest.approx(0.0196)
    assert module.half_width(np.array([0.8, 0.8, 0.8]), 0.01) == pytest.approx(0.0196)
    # Student's quantile for three seeds
    assert module.half_width(np.array([0.7, 0.8, 0.9]), 0.0) == pytest.approx(4.3027 * 0.1 / np.sqrt(3), rel=1e-4)


def test_a_difference_is_one_of_balanced_accuracies(module):
    y = np.repeat([0, 1], [90, 10])
    right, wrong = "0" * 90 + "1" * 10, "0" * 100
    assert module.difference([right] * 3, [right] * 3, [y] * 3) == (0, 0)
    assert module.difference([right, wrong], [wrong, right], [y, y])[0] == 0
    half_right = "0" * 90 + "1" * 5 + "0" * 5
    gain, half = module.difference([half_right] * 2, [wrong] * 2, [y] * 2)
    assert gain == pytest.approx(0.25)
    # seeds agree: what is left is the luck of ten test images
    assert half == pytest.approx(1.96 * np.sqrt(0.25 / 10) / 2, rel=0.3)
    assert module.difference([wrong] * 2, [half_right] * 2, [y] * 2)[0] == pytest.approx(-0.25)


def test_a_step_is_timed(module, monkeypatch):
    (row,) = [row for row in module.measure_steps(module.Budget(), 20) if row["subject"].startswith("cpu")]
    assert 0 < row["step_ms"] < 10_000


# --- many evaluations


@pytest.mark.usefixtures("trained")
def test_a_second_run_computes_nothing(module, results, tmp_path):
    assert run(module, results, tmp_path) == 3
    before = results.path.read_bytes()
    assert run(module, results, tmp_path) == 0
    assert results.path.read_bytes() == before
    results.path.write_bytes(before[:-9])  # cut within the last line, which is of a class of the fidelity
    cut = module.Results(results.path, results.budget)
    assert cut.path.read_bytes() == before[: before[:-1].rfind(b"\n") + 1]
    results.path.write_bytes(before[: before.find(b"\n", before.find(b"classifiers,grey,0,ganaug")) - 9])
    assert run(module, module.Results(results.path, results.budget), tmp_path) == 2
    assert run(module, results, tmp_path, seeds=(0, 1)) == 3
    assert run(module, results, tmp_path, arms=("classical", "ganaug", "none")) == 1


@pytest.mark.usefixtures("trained")
def test_rows_of_another_version_or_budget_are_not_mixed_in(module, results, tmp_path, monkeypatch):
    assert run(module, results, tmp_path) == 3
    monkeypatch.setattr(module, "digest", lambda generator: "another")
    module.made_version.cache_clear()
    assert run(module, results, tmp_path) == 2
    assert set(results.read(["ganaug"])["version"].str.split(",").str[0]) == {"ganaug 0.1.0.dev0+another"}
    assert run(module, module.Results(results.path, module.Budget(cnn_steps=3)), tmp_path) == 3
    monkeypatch.setattr(module, "PROTOCOL", 99)
    assert run(module, results, tmp_path) == 3


@pytest.mark.usefixtures("trained")
def test_classifiers_are_done_again_when_the_frozen_network_has_come(module, results, tmp_path, monkeypatch):
    assert run(module, results, tmp_path, arms=["none"]) == 1
    monkeypatch.setattr(module, "has_extractor", lambda: True)
    monkeypatch.setattr(module, "features", lambda images: images.reshape(len(images), -1).astype(np.float32))
    assert run(module, results, tmp_path, arms=["none"]) == 1
    assert set(results.read(["none"])["subject"]) == {module.CNN_NAME, module.FROZEN_NAME}
    assert run(module, results, tmp_path, arms=["none"]) == 0


# --- the page


def fidelity_of(rows):
    index = pd.MultiIndex.from_tuples([(name, label) for name, label, *_ in rows], names=["set", "class"])
    columns = ["FD", "FD floor", "agreement", "agreement real", "pixels", "gan_seconds"]
    return pd.DataFrame([row[2:] for row in rows], index=index, columns=columns, dtype=float)


@pytest.fixture
def made_up(module):
    sets = ["pneumoniamnist_ir9", "b", "c"]
    scores = pd.DataFrame(
        {module.REFERENCE: [0.80, 0.70, 0.60], module.OURS: [0.82, 0.71, 0.62], "none": [0.9, 0.5, 0.5]}, index=sets
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


def test_verdicts_are_yes_where_every_bar_is_met(module, made_up):
    judged = module.verdicts(**made_up)
    assert judged["met"].tolist() == ["yes"] * 7
    figures = judged["figures"].tolist()
    assert figures[0] == "0.7167, best other: classical 0.7000, 3 sets"
    assert "on 3 of 3; points: pneumoniamnist_ir9 +2.00 +- 1.00" in figures[1]
    assert figures[3] == "normal 2.90 times, pneumonia 1.00 times"
    assert figures[4] == "pneumoniamnist_ir9 94 %, b 100 %"
    assert figures[5] == "pneumoniamnist_ir9 290 s"


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (0, lambda given, ours: given["scores"].update({"none": [0.9, 0.7, 0.6]})),
        (1, lambda given, ours: given["gains"].__setitem__("difference", [0.02, 0.0, 0.02])),
        (2, lambda given, ours: given["gains"].__setitem__("difference", [0.02, -0.011, 0.02])),
        (3, lambda given, ours: given["fidelity"].__setitem__("FD floor", [0.9, 1.0, 1.0])),
        (4, lambda given, ours: given["fidelity"].__setitem__("agreement", [0.8, 0.6, 0.5])),
        (5, lambda given, ours: given["fidelity"].__setitem__("gan_seconds", [301, 301, 900])),
        (6, lambda given, ours: given["steps"].__setitem__("cpu, 32-true", 60.1)),
    ],
)
def test_a_bar_that_is_missed_is_said(module, made_up, place, change):
    if place == 0:
        made_up["scores"]["none"] = [0.9, 0.7, 0.6]
    else:
        change(made_up, module.OURS)
    met = module.verdicts(**made_up)["met"].tolist()
    assert met[place] == "no"
    # a loss beyond the interval is no gain either
    assert [bar for bar, said in enumerate(met) if said == "no"] == ([1, 2] if place == 2 else [place])


def test_what_was_not_measured_is_no_verdict(module, made_up):
    nothing = {name: frame[:0] for name, frame in made_up.items()}
    nothing["scores"] = made_up["scores"][["none"]]
    judged = module.verdicts(**nothing)
    assert judged["met"].tolist() == ["not measured"] * 7
    assert (judged["figures"] == "").all()
    # a loss within the interval is no loss
    made_up["gains"]["difference"] = [0.02, -0.009, 0.02]
    assert module.verdicts(**made_up)["met"].iloc[2] == "yes"


@pytest.mark.usefixtures("trained")
def test_the_command_writes_page_figure_and_sheets(module, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module.Budget, "__init__", _short(module.Budget))
    real_steps = module.measure_steps
    monkeypatch.setattr(module, "measure_steps", lambda budget: real_steps(budget, 10))
    given = ["--data", str(tmp_path), "--results", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    module.main([*given, "--workers", "1", "--seeds", "0", "1"])
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "images-colour.png",
        "images-grey.png",
        "images.csv",
        "images.md",
        "images.png",
    ]
    page = (out / "images.md").read_text()
    for part in (
        "2 sets, 2 seeds (0, 1)",
        "frozen features + logistic regression: left out",
        "### grey, CNN",
        "### colour, images of DeepSMOTE",
        "![Real images above synthetic ones of each class](images-grey.png)",
        "7 adversarial steps",
        "| cpu, 32-true | ",
        "not measured",
        "ganaug 0.1.0.dev0+of ganaug",
    ):
        assert part in page
    assert str(tmp_path) not in page
    assert not any("nan" in line for line in page.splitlines())
    assert "is first by mean balanced accuracy" in capsys.readouterr().out
    before = (out / "images.csv").read_bytes()
    module.main([*given, "--workers", "1", "--seeds", "0", "1"])
    assert (out / "images.csv").read_bytes() == before


def _short(budget):
    real = budget.__init__

    def init(self, gan_steps=None, cnn_steps=2, share=0.2, with_frozen=True):
        real(self, gan_steps, min(cnn_steps, 2), share, with_frozen)

    return init


@pytest.mark.usefixtures("trained")
def test_what_is_not_there_is_told_before_anything_is_trained(module, tmp_path):
    with pytest.raises(SystemExit, match=r"not in the folder of --data: grey\.npz"):
        module.main(["--sets", "grey", "--results", str(tmp_path / "out")])
    with pytest.raises(SystemExit):
        module.main(["--share", "0.7"])
