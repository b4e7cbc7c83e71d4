"""`compare` and `select` on images: one training of a generator on each split serves all shares and policies."""

import numpy as np
import pytest

from ganaug import GANOversampler, ImageGAN, compare, report, select
from ganaug.balanced_images import compact_images
from ganaug.comparison import ARMS, FrozenFeatures, ImageArm, ImageCNN, ImageComparison, arm_of, arms_of
from ganaug.comparison.image_classifiers import SplitImages
from ganaug.metrics import has_extractor


def images(n=50, shape=(8, 8)):
    """Noise, brighter in the rare class; the first pixel says which image it is."""
    y = np.repeat(["well", "sick"], [n - n // 5, n // 5])
    rng = np.random.default_rng(0)
    X = rng.integers(0, 128, (n, *shape)) + 100 * (y == "sick").reshape(-1, *[1] * len(shape))
    return X.astype(np.uint8), y


def tiny():
    return GANOversampler(model=ImageGAN(n_steps=1, width=4, latent_size=4, batch_size=8, device="cpu"))


@pytest.fixture
def trainings(monkeypatch):
    """Return a list that grows by the number of images at each training."""
    n_rows, fit_resample = [], GANOversampler.fit_resample

    def counted(self, X, y):
        n_rows.append(len(y))
        return fit_resample(self, X, y)

    monkeypatch.setattr(GANOversampler, "fit_resample", counted)
    return n_rows


NAMES = ("weights", "repeated", "classical mild", "ganaug 0.1", "ganaug 0.5", "ganaug 0.5 + classical strong")
QUICK = {"classifiers": ImageCNN(n_steps=3), "n_splits": 2, "n_repeats": 1, "random_state": 0}


def test_one_training_a_split_serves_all_shares(trainings):
    X, y = images()
    comparison = compare(X, y, samplers=arms_of(NAMES, tiny()), **QUICK)
    assert trainings == [25, 25]
    assert isinstance(comparison, ImageComparison)
    assert comparison.with_synthetic == NAMES[3:]
    scores = comparison.frame()
    assert scores["sampler"].unique().tolist() == ["none", *NAMES]
    failed = scores["note"].str.contains("Error")  # not a warning, such as that of a training as short as this
    assert not failed.any()
    assert scores["balanced accuracy"].notna().all()
    again = compare(X, y, samplers=arms_of(NAMES, tiny()), **QUICK).frame()
    metrics = ["balanced accuracy", "average precision", "Brier score"]
    np.testing.assert_array_equal(again[metrics], scores[metrics])
    assert "Ways" not in report(comparison)
    assert "ganaug 0.5 + classical strong" in report(comparison)


def test_results_are_resumed(trainings, tmp_path):
    X, y = images()
    file = {"results": tmp_path / "scores.csv"}
    one = compare(X, y, samplers=arms_of(NAMES[:4], tiny()), **QUICK, **file).frame()
    assert compare(X, y, samplers=arms_of(NAMES[:4], tiny()), **QUICK, **file).frame().equals(one)
    assert len(trainings) == 2
    # a share more needs the training again, and nothing that is finished
    more = compare(X, y, samplers=arms_of(NAMES[:5], tiny()), **QUICK, **file).frame()
    assert len(trainings) == 4
    assert len(more) == len(one) + 2


def test_groups_stay_on_one_side(monkeypatch):
    X, y = images()
    groups = np.arange(50) // 2
    seen = []

    class Watch(ImageCNN):
        def learner(self, images, seed):
            seen.append(images)
            return super().learner(images, seed)

    compare(X, y, samplers="repeated", **(QUICK | {"classifiers": Watch(n_steps=1)}), groups=groups)
    assert len(seen) == 2
    for split in seen:
        number = {image.tobytes(): i for i, image in enumerate(X)}
        sides = [
            {groups[number[image[0].numpy().astype(np.uint8).tobytes()]] for image in part.kept}
            for part in (split.train, split.test)
        ]
        assert not sides[0] & sides[1]


def test_a_generator_that_fails_leaves_the_others(trainings, monkeypatch):
    X, y = images()
    monkeypatch.setattr(GANOversampler, "fit_resample", lambda *_: 1 / 0)
    comparison = compare(X, y, samplers=arms_of(NAMES, tiny()), **QUICK)
    scores = comparison.frame().set_index("sampler")
    assert scores.loc["ganaug 0.1", "note"].str.startswith("ZeroDivisionError").all()
    assert scores.loc["repeated", "balanced accuracy"].notna().all()
    assert comparison.best_ in ("none", *NAMES[:3])


def split_images(n=120):
    X, y = images(n)
    pool = compact_images(X)
    labels = (y == "sick").astype(np.int64)
    return SplitImages(pool, labels, pool, 2, lambda sampler: (compact_images(X[::-1].copy()), labels[::-1]))


@pytest.mark.parametrize(
    "name",
    ["none", "weights", "classical mild", "ganaug 0.35", "ganaug 0.2 + classical strong", "ganaug 0.2 + weights"],
)
def test_the_network_learns_in_every_way(name):
    split = split_images()
    probability = ImageCNN(n_steps=30).learner(split, 0).probabilities(arm_of(name))
    np.testing.assert_allclose(probability.sum(1), 1)
    assert (probability.argmax(1) == split.y).mean() > 0.95


@pytest.mark.skipif(not has_extractor(), reason="the weights are not installed")
def test_features_are_computed_once_for_all_shares(monkeypatch):
    from ganaug.comparison import image_classifiers

    n_images = []

    def counted(X):
        n_images.append(len(X))
        return X.reshape(len(X), -1)

    monkeypatch.setattr(image_classifiers, "features", counted)
    split = split_images()
    learner = FrozenFeatures(n_views=60).learner(split, 0)
    for name in ("none", "weights", "repeated", *(f"ganaug {share}" for share in (0.1, 0.2, 0.5))):
        assert (learner.probabilities(arm_of(name)).argmax(1) == split.y).mean() > 0.95
    # the test images, the real ones and the synthetic ones; of the large class no image twice
    assert n_images[0] == 120
    assert len(n_images) == 3
    assert n_images[1] <= 60
    learner.probabilities(arm_of("ganaug 0.1 + classical mild"))
    learner.probabilities(arm_of("ganaug 0.5 + classical mild"))
    assert n_images[3:] == [60, 30]


def test_a_share_is_the_weight_of_synthetic_images():
    X, y = images(60)
    pool, labels = compact_images(X), (y == "sick").astype(np.int64)
    wrong = SplitImages(pool, labels, pool, 2, lambda sampler: (pool, 1 - labels))
    learner = ImageCNN(n_steps=60).learner(wrong, 0)
    for draw in ("classes", "weights"):
        arms = [arm_of(ImageArm(share=share, draw=draw)) for share in (0.1, 0.9)]
        right = [(learner.probabilities(arm).argmax(1) == labels).mean() for arm in arms]
        assert right[0] > 0.9  # a tenth is wrong
        assert right[1] < 0.1  # nine tenths are


def test_select_returns_what_to_do(trainings):
    X, y = images()
    choice = select(X, y, sampler=tiny(), candidates=NAMES, **QUICK)
    assert trainings == [25, 25]
    assert choice.metric == "balanced accuracy"
    assert choice.name in ("none", *NAMES[:3])  # two splits show nothing
    assert (choice.augment, choice.draw) == (arm_of(choice.name).augment, arm_of(choice.name).draw)
    assert choice.verdict[0].sentence.startswith(f"{choice.name} is chosen, without synthetic images. Too few splits")
    X_res, _ = choice.sampler.fit_resample(X, y)
    assert len(X_res) == 50
    assert not choice.sampler.is_synthetic_.any()
    assert list(choice.frame().index) == ["none", *NAMES]


def test_select_that_adds_returns_the_users_sampler(monkeypatch):
    monkeypatch.setattr(ImageComparison, "best_by", lambda self, metric: "ganaug 0.5 + classical strong")
    X, y = images()
    choice = select(X, y, sampler=tiny().set_params(repeat_real=False), candidates=NAMES[4:], **QUICK)
    assert (choice.name, choice.augment) == ("ganaug 0.5 + classical strong", "strong")
    assert choice.sampler.get_params(deep=False) | {"model": None} == (
        GANOversampler(
            sampling_strategy="equal share", synthetic_share=0.5, repeat_real=False, random_state=0, model=None
        ).get_params(deep=False)
    )


def test_names_of_ways():
    assert len(ARMS) == 7 + 3 * 4 + 3
    assert all(arm_of(name).draw == "weights" for name in ARMS if "weights" in name)
    assert arm_of("ganaug 0.35 + classical mild").get_params() == {
        "share": 0.35,
        "augment": "mild",
        "draw": "classes",
        "sampler": None,
    }
    own = tiny().set_params(synthetic_share=0.3)
    assert (arm_of(own).share, arm_of(own).sampler) == (0.3, own)
    assert arm_of("none") is not arm_of("none")


@pytest.mark.parametrize(
    ("samplers", "classifiers", "message"),
    [
        ("SMOTE", "CNN", "samplers: 'SMOTE' is no way to train on images; use none, weights, repeated"),
        ("ganaug 1", "CNN", "samplers: 'ganaug 1' is no way"),
        (ImageArm(share=1), "CNN", "share=1 must be from 0 to below 1"),
        (ImageArm(share=0.2, draw="images"), "CNN", "draw='images' must be 'classes' or 'weights'"),
        (ImageArm(augment="wild"), "CNN", "augment='wild' is not a policy"),
        ({"none": ImageArm(augment="mild")}, "CNN", 'the name "none" is reserved'),
        ("repeated", ["CNN", "LogisticRegression"], "CNN, frozen features are trained on images, and others on rows"),
    ],
)
def test_what_is_wrong_is_named(samplers, classifiers, message):
    with pytest.raises(ValueError, match=message):
        compare(*images(), samplers=samplers, classifiers=classifiers)


def test_select_refuses_a_metric_whose_best_is_the_lowest():
    with pytest.raises(ValueError, match="metric='Brier score' does not choose among ways to train on images"):
        select(*images(), metric="Brier score")


def test_no_split_stores_its_training(tmp_path):
    sampler = tiny().set_params(checkpoint=tmp_path / "run", model__checkpoint=tmp_path / "run")
    for arm in (
        arm_of(sampler),
        arm_of(ImageArm(share=0.2, sampler=sampler)),
        arms_of("ganaug 0.2", sampler)["ganaug 0.2"],
    ):
        assert arm.sampler.checkpoint is arm.sampler.model.checkpoint is None
    assert sampler.checkpoint is not None
