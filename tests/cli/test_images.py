"""The shell on images: a folder or an archive in, the same with synthetic images and a manifest out."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug import GANOversampler, ImageGAN
from ganaug.cli.app import main


def balance(line: str) -> int:
    return main(["balance", *line.split()])


def test_a_folder(images, capsys):
    assert balance("in out --strategy minority --seed 1 --save m.gan") == 0
    shown, warned = capsys.readouterr()
    assert "no synthetic images in 'well'" in warned
    assert "fewer than 50 images in 'sick'" in " ".join(warned.split())
    assert "Is it real?" in shown
    assert "The distance of synthetic images to real ones (0: alike; no unit) was" in " ".join(shown.split())
    assert "sick" in shown
    assert "18" in shown
    files = sorted(Path("out", "sick").glob("synthetic_*.png"))
    assert len(files) == 18
    assert not list(Path("out", "well").glob("synthetic_*"))
    for original in Path("in").glob("*/*.png"):
        assert Path("out", *original.parts[1:]).read_bytes() == original.read_bytes()
    with Image.open(files[0]) as image:
        assert image.size == (20, 16)
        assert image.mode == "L"
        assert "ganaug" in image.text["synthetic"]
    manifest = pd.read_csv("out/manifest.csv")
    assert list(manifest) == [
        "file",
        "class",
        "synthetic",
        "seed",
        "discriminator_score",
        "nearest_training_file",
        "distance",
        "mirrored",
    ]
    new = manifest[manifest["synthetic"] == 1]
    assert len(new) == 18
    assert new.notna().all(axis=None)
    assert (new["distance"] > 0).all()
    assert all(Path("in", file).is_file() for file in new["nearest_training_file"])
    assert len(set(new["seed"])) == 1

    assert main(["sample", "m.gan", "more", "--label", "sick", "-n", "3"]) == 0
    assert len(list(Path("more", "sick").glob("*.png"))) == 3
    assert main(["sample", "m.gan", "more", "--label", "sick", "-n", "3"]) == 2
    assert "exists already" in capsys.readouterr().err


def test_attributes_are_learned_and_can_be_asked_for(images, capsys):
    files = sorted(path.relative_to("in").as_posix() for path in Path("in").glob("*/*.png"))
    known = pd.DataFrame({"file": files, "stain": ["H&E", "IHC"] * (len(files) // 2) + ["IHC"] * (len(files) % 2)})
    known.assign(grade=np.arange(len(files)) % 3).to_csv("known.csv", index=False)
    assert balance("in out --seed 1 --attributes known.csv --save m.gan") == 0
    model = GANOversampler.load("m.gan").model_
    assert model.attributes_.names == ["stain", "grade"]
    assert [levels.tolist() for levels in model.attributes_.levels] == [["H&E", "IHC"], [0, 1, 2]]
    manifest = pd.read_csv("out/manifest.csv")
    assert manifest.columns[3:7].tolist() == ["seed", "discriminator_score", "stain", "grade"]
    originals, synthetic = (manifest[manifest["synthetic"] == mark].set_index("file") for mark in (0, 1))
    assert originals.loc[files, "stain"].tolist() == known["stain"].tolist()
    assert originals.loc[files, "grade"].tolist() == [i % 3 for i in range(len(files))]
    assert set(synthetic["stain"]) <= {"H&E", "IHC"}
    assert set(synthetic["grade"]) <= {0, 1, 2}
    assert (
        main(["sample", "m.gan", "more", "--label", "sick", "-n", "3", "--given", "stain=IHC", "--given", "grade=2"])
        == 0
    )
    capsys.readouterr()
    known[1:].to_csv("known.csv", index=False)
    for line, message in (
        ("in other --attributes known.csv", f"has no line for the image '{files[0]}'"),
        ("in other --attributes known.csv --compare", "--attributes known.csv and --compare exclude each other"),
        ("in other --attributes none.csv", "none.csv"),
    ):
        assert balance(line) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert not Path("other").exists()


def test_attributes_keep_their_values_in_the_manifest_whatever_they_are_called(images):
    files = sorted(path.relative_to("in").as_posix() for path in Path("in").glob("*/*.png"))
    known = pd.DataFrame({"file": files, "seed": np.arange(len(files)) % 2, "class": ["x"] * len(files)})
    known.to_csv("known.csv", index=False)
    assert balance("in out --seed 1 --attributes known.csv --only-synthetic") == 0
    manifest = pd.read_csv("out/manifest.csv")
    assert set(manifest["attribute_seed"]) <= {0, 1}
    assert set(manifest["attribute_class"]) == {"x"}
    assert set(manifest["class"]) == {"sick", "well"}
    assert set(manifest["synthetic"]) == {1}


def test_the_same_seed_gives_the_same_files(images):
    for out in ("one", "two"):
        assert balance(f"in {out} --seed 5") == 0
    for file in Path("one").rglob("*.*"):
        assert file.read_bytes() == Path("two", *file.parts[1:]).read_bytes()


def test_an_archive(images):
    assert balance("in.npz out.npz --strategy minority --seed 1") == 0
    before, after = np.load("in.npz"), np.load("out.npz")
    assert after["train_images"].shape == (60, 16, 20)
    assert (after["train_images"][:42] == before["train_images"]).all()
    assert np.bincount(after["train_labels"].ravel()).tolist() == [30, 30]
    assert after["train_is_synthetic"].sum() == 18
    assert (after["test_images"] == before["test_images"]).all()
    assert len(pd.read_csv("out.manifest.csv")) == 60


def test_by_default_every_class_gets_the_same_share(images, capsys):
    assert balance("in out --seed 1") == 0
    assert "no synthetic images in" not in capsys.readouterr().err
    # 20 % of each class are synthetic where the classes are drawn equally often
    assert [len(list(Path("out", name).glob("synthetic_*"))) for name in ("sick", "well")] == [8, 8]
    assert balance("in more --seed 1 --share 0.5") == 0
    assert [len(list(Path("more", name).glob("synthetic_*"))) for name in ("sick", "well")] == [30, 30]


def test_equal_share_adds_to_every_class(images):
    assert balance("in out --strategy equal\\ share --seed 1".replace("\\ ", "_")) == 2
    assert main(["balance", "in", "out", "--strategy", "equal share", "--share", "0.25", "--seed", "1"]) == 0
    assert [len(list(Path("out", name).glob("synthetic_*"))) for name in ("sick", "well")] == [10, 10]
    assert len(list(Path("out").rglob("*.png"))) == 42 + 20


def test_only_synthetic_and_links(images):
    assert balance("in new --only-synthetic --seed 1") == 0
    assert len(list(Path("new").rglob("*.png"))) == 16
    assert balance("in linked --link --seed 1") == 0
    assert Path("linked", "sick", "00.png").samefile(Path("in", "sick", "00.png"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("in out --target plan", "--target is for tables"),
        ("in out --mark new", "--mark is for tables"),
        ("in.npz out", "must be an .npz file"),
        ("in in/out", "one lies within the other"),
        ("in out --resize 64", "--resize 64 is not a size; write HEIGHTxWIDTH in pixels"),
        ("in out --resize 0x9", "--resize 0x9 is not a size; write HEIGHTxWIDTH in pixels"),
        ("in out --strategy ill=40", "there is no class 'ill'; the classes are 'sick', 'well'"),
        ("in out --model tabular", "--model tabular does not fit in, which holds images; use --model auto"),
        ("in out.csv", "must be a folder"),
        ("nowhere out --link", "there is no file or folder nowhere"),
        ("nowhere out", "there is no file or folder nowhere"),
    ],
)
def test_what_is_wrong_is_one_line(images, capsys, line, says):
    assert balance(line) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert sorted(path.name for path in Path().iterdir()) == ["in", "in.npz"]


def test_bad_files_are_named_or_skipped(images, capsys):
    Path("in", "sick", "broken.png").write_bytes(Path("in", "sick", "00.png").read_bytes()[:60])
    Path("in", "well", "empty.jpg").touch()
    assert balance("in out") == 2
    error = capsys.readouterr().err
    assert "broken.png" in error
    assert "empty.jpg" in error
    assert not Path("out").exists()
    assert balance("in out --skip-bad --seed 1") == 0
    assert "broken.png" in capsys.readouterr().err
    assert len(list(Path("out").rglob("*.png"))) == 42 + 16


def test_sizes_that_differ_are_named_or_resized(images, capsys):
    Image.new("L", (30, 30)).save("in/sick/large.png")
    assert balance("in out") == 2
    assert "--resize" in capsys.readouterr().err
    assert balance("in out --resize 16x16 --seed 1") == 0
    assert "43 of 43 originals are resized to 16x16 in OUT too" in " ".join(capsys.readouterr().out.split())
    files = list(Path("out").rglob("*.png"))
    assert len(files) == 43 + 16
    for file in files:
        with Image.open(file) as image:
            assert image.size == (16, 16)


def test_an_archive_with_names_of_classes(images, capsys):
    arrays = dict(np.load("in.npz"))
    np.savez("named.npz", **arrays, class_names=np.array(["sick", "well"]))
    assert balance("named.npz out.npz --strategy sick=30 --seed 1 --save m.gan --report r.html") == 0
    shown = capsys.readouterr().out
    assert "sick" in shown
    assert "well" in shown
    assert "sick" in Path("r.html").read_text()
    with np.load("out.npz") as after:
        assert np.bincount(after["train_labels"].ravel()).tolist() == [30, 30]
        assert after["class_names"].tolist() == ["sick", "well"]
    assert main(["sample", "m.gan", "more", "--label", "sick", "-n", "2"]) == 0
    capsys.readouterr()
    assert evaluate("named.npz out.npz") == 0
    assert "Class sick" in " ".join(capsys.readouterr().out.split())
    # a folder and an archive are compared by names
    assert evaluate("in out.npz") == 0


def test_synthetic_images_as_dicom(images, capsys):
    pydicom = pytest.importorskip("pydicom")
    assert balance("in out --dicom --seed 1") == 0
    data = pydicom.dcmread("out/sick/synthetic_000001.dcm")
    assert list(data.ImageType) == ["DERIVED", "SECONDARY"]
    assert evaluate("in out") == 0
    capsys.readouterr()
    assert balance("in.npz out.npz --dicom") == 2
    assert "--dicom" in capsys.readouterr().err


def test_force_replaces_nothing_but_what_was_written_here(images, capsys):
    assert balance("in out --seed 1 --save m.gan") == 0
    assert main(["sample", "m.gan", "more", "--label", "sick", "-n", "3"]) == 0
    for folder, note in (("out", "sick/notes.txt"), ("more", "mine.png"), ("more", ".git")):
        Path(folder, note).touch()
        again = ["balance", "in", "out", "--force"] if folder == "out" else ["sample", "m.gan", "more", "--force"]
        again += [] if folder == "out" else ["--label", "sick", "-n", "2"]
        capsys.readouterr()
        assert main(again) == 2
        assert f"holds '{note}', which is not in its manifest.csv" in capsys.readouterr().err
        Path(folder, note).unlink()
    Path("more", ".DS_Store").touch()
    sample = ["sample", "m.gan", "--label", "sick", "-n", "2", "--force"]
    assert main([*sample, "more"]) == 0
    assert len(list(Path("more", "sick").iterdir())) == 2
    capsys.readouterr()
    assert main([*sample, "out"]) == 2
    assert "was written by `ganaug balance`" in capsys.readouterr().err
    assert balance("in new --seed 1 --only-synthetic") == 0
    assert main([*sample, "new"]) == 2
    assert balance("in out --seed 1 --force") == 0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (b"caf\xe9", r"the name of the class folder 'caf\udce9' in in is not UTF-8"),
        (b"manifest.csv", "the class folder 'manifest.csv' in in has the name of the manifest"),
    ],
)
def test_class_folders_that_cannot_be_kept_are_named(images, capsys, name, says):
    Path("in", "sick").rename(Path("in", os.fsdecode(name)))
    assert balance("in out") == 2
    assert says in capsys.readouterr().err
    assert not Path("out").exists()


def evaluate(line: str) -> int:
    return main(["evaluate", *line.split()])


def test_evaluate_takes_the_synthetic_ones_of_what_balance_wrote(images, capsys):
    assert balance("in out --strategy sick=30 --seed 1") == 0
    assert balance("in.npz out.npz --strategy 0=30 --seed 1") == 0
    capsys.readouterr()
    shown = []
    for line in ("in out", "in.npz out.npz"):
        assert evaluate(line) == 0
        shown.append(" ".join(capsys.readouterr().out.split()))
        assert "There are too few images to measure, 12 real and 18 synthetic ones" in shown[-1]
        assert "No synthetic image is a copy" in shown[-1]
    assert shown[0].replace("sick", "0") == shown[1]
    assert main(["sample", "out.gan", "x", "--label", "sick", "-n", "1"]) == 2


def test_evaluate_finds_copies_whatever_the_container(images, capsys):
    np.savez(
        "copies.npz", train_images=np.load("in.npz")["train_images"], train_labels=np.load("in.npz")["train_labels"]
    )
    assert evaluate("in.npz copies.npz") == 0
    assert "42 of 42 synthetic images equal a real one" in " ".join(capsys.readouterr().out.split())
    Path("in", "sick").rename("in/0")
    Path("in", "well").rename("in/1")
    assert evaluate("in copies.npz --holdout in") == 0
    assert "100 % of held-out images do, and the difference is not significant" in " ".join(
        capsys.readouterr().out.split()
    )


def test_evaluate_brings_real_images_to_the_size_of_the_synthetic_ones(images, capsys):
    assert balance("in out --resize 8x8 --seed 1") == 0
    assert evaluate("in out") == 0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("in nowhere", "there is no file or folder nowhere"),
        ("nowhere in", "there is no file or folder nowhere"),
        ("in in.csv", "in holds images and in.csv holds rows; all of them must hold the same kind of data"),
        ("in in --target plan", "--target is for tables, and in holds images; leave it out"),
        ("out in", "out was written by ganaug: its synthetic images would be read as real ones"),
        ("in real", "real holds no synthetic image according to its manifest.csv"),
        ("in broken", "manifest.csv cannot be read"),
        ("in.npz in", "synthetic has class 'sick', but real has no image of that class"),
        ("in empty", "empty holds no class folder"),
        ("in.npz small.npz", "synthetic holds images (12, 10) of uint8, but real holds (16, 20) of uint8"),
        ("in text.npz", "text.npz cannot be read"),
    ],
)
def test_evaluate_says_what_is_wrong_in_one_line(images, capsys, line, says):
    Path("in.csv").write_text("a,b\n1,2\n")
    for name, manifest in {
        "out": "file,class,synthetic\nsick/00.png,sick,1\n",
        "real": "file,class,synthetic\n",
    }.items():
        for folder in ("sick", "well"):
            Path(name, folder).mkdir(parents=True)
            Path(name, folder, "00.png").write_bytes(Path("in", "sick", "00.png").read_bytes())
        Path(name, "manifest.csv").write_text(manifest)
    Path("broken", "sick").mkdir(parents=True)
    Path("broken", "sick", "00.png").touch()
    Path("broken", "manifest.csv").write_bytes(b'file,class,synthetic\n"sick')
    Path("empty").mkdir()
    Path("text.npz").write_text("text")
    np.savez("small.npz", train_images=np.zeros((3, 12, 10), np.uint8), train_labels=np.zeros(3, int))
    assert evaluate(line) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_log_dir(images, capsys):
    assert balance("in out --seed 1 --log-dir logs/first") == 0
    assert {path.name for path in Path("logs", "first", "samples").iterdir()} == {"step_000003.png"}
    assert len(pd.read_csv("logs/first/history.csv")) == 1
    capsys.readouterr()
    for line in ("in new --log-dir new", "in new --log-dir new/log", "in new --log-dir in/log", "in new --log-dir in"):
        assert balance(line) == 2
        error = capsys.readouterr().err
        assert "or lies in it; choose another folder" in error
        assert error.count("\n") == 1
    assert not Path("new").exists()


@pytest.mark.parametrize("label", ["..", ".", "a/b", "manifest.csv"])
def test_no_label_leads_out_of_the_folder(images, capsys, label):
    X, y = np.zeros((30, 8, 8), np.uint8), np.repeat(["well", label], [20, 10])
    GANOversampler(model=ImageGAN(), random_state=0).fit(X, y).save("m.gan")
    before = sorted(Path().rglob("*"))
    assert main(["sample", "m.gan", "more", "--label", label, "-n", "2"]) == 2
    assert "cannot be the name of a folder" in capsys.readouterr().err
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize(("shape", "model_shape"), [((8, 10), (8, 10)), ((8, 10, 1), None)])
def test_flat_and_single_channel_images_become_files(images, shape, model_shape):
    X = np.random.default_rng(0).integers(0, 256, (30, *shape), dtype=np.uint8)
    X = X if model_shape is None else X.reshape(30, -1)
    sampler = GANOversampler(model=ImageGAN(image_shape=model_shape), random_state=0)
    sampler.fit(X, np.repeat(["a", "b"], [20, 10])).save("m.gan")
    assert main(["sample", "m.gan", "more", "--label", "a", "-n", "2"]) == 0
    with Image.open("more/a/synthetic_000001.png") as image:
        assert image.size == (10, 8)


def test_a_model_of_floats_has_no_files(images, capsys):
    X, y = np.random.default_rng(0).random((30, 8, 8)), np.repeat(["a", "b"], [20, 10])
    GANOversampler(model=ImageGAN(), random_state=0).fit(X, y).save("m.gan")
    assert main(["sample", "m.gan", "more", "--label", "a", "-n", "3"]) == 2
    assert "image files cannot store pixels of float64" in capsys.readouterr().err


@pytest.mark.parametrize("source", ["in", "in.npz"])
def test_a_failed_write_of_the_images_keeps_the_model(images, capsys, monkeypatch, source):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "out")

    with monkeypatch.context() as patch:
        patch.setattr("ganaug.datasets.image_set.write_manifest", full)
        assert balance(f"{source} {source.replace('in', 'out')} --seed 1 --save m.gan") == 2
    assert "No space left on device" in capsys.readouterr().err
    assert sorted(path.name for path in Path().iterdir()) == ["in", "in.npz", "m.gan"]
    assert GANOversampler.load("m.gan").model_.modality == "image"


def test_masks_grow_with_their_images(images, capsys):
    """The mask is the transparency of grey images; it keeps its levels."""
    for file in Path("in").rglob("*.png"):
        cells = np.asarray(Image.open(file))
        masked = np.stack([cells, np.where(cells > 128, 200, 40)], axis=2).astype(np.uint8)
        Image.fromarray(masked).save(Path(file))
    assert balance("in out --mask-channels 1 --seed 0") == 0
    made = np.stack([np.asarray(Image.open(file)) for file in Path("out").rglob("synthetic_*.png")])
    assert made.shape[1:] == (16, 20, 2)
    assert set(np.unique(made[..., 1])) <= {40, 200}
    capsys.readouterr()
    for wrong, says in {
        "--mask-channels 2": "--mask-channels [2], but images have the channels 0 to 1",
        "--mask-channels alpha": "--mask-channels alpha is no list of channels",
        "--mask-channels 1 --resize 8x8": "would blur the masks",
        "--mask-channels 1 --model translation": "exclude each other",
    }.items():
        assert balance(f"in other {wrong}") == 2
        assert says in capsys.readouterr().err
