"""``ganaug edit``: inversions of real images, moved, mixed and on a path to another one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug import ImageGAN, TabularGAN
from ganaug.cli.app import main

TINY = {"n_steps": 3, "width": 4, "latent_size": 8, "batch_size": 8, "random_state": 0, "device": "cpu"}


def edit(line: str) -> int:
    return main(["edit", *line.split()])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two models, of images that differ in class and stain, and files of real images."""
    path = tmp_path_factory.mktemp("edit")
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (40, 16, 20, 3), dtype=np.uint8)
    y, stain = np.repeat(["well", "sick"], [25, 15]), ["H&E", "IHC"] * 20
    ImageGAN(architecture="light", **TINY).fit(X, y, attributes={"stain": stain}).save(path / "light.gan")
    styles = ImageGAN(architecture="stylegan2", **TINY).fit(X, y)
    styles.save(path / "styles.gan")
    for i, label in enumerate(["well", "well", "sick"]):
        (path / label).mkdir(exist_ok=True)
        Image.fromarray(X[i]).save(path / label / f"{i}.png")
    own = styles.from_latents(styles.latents(["well"], 3), ["well"])[0]
    Image.fromarray(own).save(path / "own.png")
    Image.fromarray(X[0]).resize((40, 30)).save(path / "large.png")
    Image.fromarray(X[0][..., 0]).save(path / "grey.png")
    TabularGAN(n_steps=2, random_state=0).fit(rng.normal(size=(40, 2)), y).save(path / "table.gan")
    return path


@pytest.fixture(autouse=True)
def there(folder, monkeypatch):
    monkeypatch.chdir(folder)


def pixels(file):
    with Image.open(file) as image:
        return np.asarray(image)


def test_images_move_toward_a_class(capsys):
    line = "light.gan well/0.png well/1.png moved --toward sick --steps 3 --inversion-steps 20 --seed 1"
    assert edit(line) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("Does it help? unknown", "Is it real? unknown", "Is it safe to share? unknown"):
        assert words in shown
    assert "Wrote moved: 6 images from 2 real images, and moved/sheet.png." in shown
    assert "of what distinguishes it from the mean image of class well" in shown
    manifest = pd.read_csv("moved/manifest.csv")
    assert manifest["file"].tolist() == [f"{i}_{j:02d}.png" for i in (0, 1) for j in range(3)] + ["sheet.png"]
    assert manifest["edit"].tolist()[:3] == [f"{of} of the way to class sick" for of in (0, 0.5, 1)]
    assert set(manifest["synthetic"]) == {1}
    one, other = pixels("moved/0_00.png"), pixels("moved/0_02.png")
    assert one.shape == (16, 20, 3)
    assert (one != other).any()
    # real, inversion and three steps, a row for each image, enlarged to 64 pixels with a frame
    assert pixels("moved/sheet.png").shape == (2 * (3 * 16 + 2), 5 * (3 * 20 + 2), 3)
    assert edit(line) == 2
    assert "exists already" in capsys.readouterr().err
    assert edit(f"{line} --force") == 0
    assert (pixels("moved/0_02.png") == other).all()


def test_images_move_toward_an_attribute_and_other_files_are_read_in_the_form_of_the_model(capsys):
    assert edit("light.gan large.png grey.png stained --given stain=H&E --label well --inversion-steps 3") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "2 images from 2 real images (1 image resized to the size of the model)" in shown
    assert pixels("stained/large.png").shape == pixels("stained/grey.png").shape == (16, 20, 3)
    assert main(["sample", "light.gan", "more", "--label", "sick", "-n", "2", "--given", "stain=IHC"]) == 0


def test_styles_are_mixed_and_paths_lead_to_another_image(capsys):
    assert edit("styles.gan well/0.png mixed --mix sick/2.png --inversion-steps 3") == 0
    n_levels = ImageGAN.load("styles.gan").latents(["well"]).shape[1]
    assert len(list(Path("mixed").glob("0*.png"))) == n_levels - 1
    assert edit("styles.gan well/0.png path --interpolate sick/2.png --steps 4 --inversion-steps 3") == 0
    assert sorted(file.name for file in Path("path").glob("0_*.png")) == [f"0_{i:02d}.png" for i in range(4)]


def test_an_image_that_the_model_cannot_draw_is_said(capsys):
    assert edit("styles.gan well/0.png foreign --toward sick --inversion-steps 20") == 0
    assert "The model cannot draw this image: well/0.png" in " ".join(capsys.readouterr().out.split())
    assert edit("styles.gan own.png drawn --toward sick --label well --inversion-steps 200") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "own.png: its inversion has" in shown
    assert "cannot draw" not in shown


def test_without_a_folder_of_a_class_the_discriminator_tells_the_class():
    assert edit("light.gan own.png found --toward sick --inversion-steps 3") == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("none.gan well/0.png out --toward sick", "there is no file none.gan"),
        ("light.gan none.png out --toward sick", "there is no file none.png"),
        ("light.gan well/0.png out", "choose one edit"),
        ("light.gan well/0.png out --toward sick --mix sick/2.png", "choose one edit"),
        ("light.gan well/0.png out --toward ill", "there is no class 'ill'"),
        ("light.gan well/0.png out --toward sick --label ill", "there is no class 'ill'"),
        ("light.gan well/0.png out --given side=left", "there is no attribute 'side'; the model has 'stain'"),
        ("light.gan well/0.png out --given stain=blue", "the levels of 'stain' are 'H&E', 'IHC'"),
        ("light.gan well/0.png out --given stain", "write ATTRIBUTE=LEVEL"),
        ("styles.gan well/0.png out --given stain=IHC", "fitted without attributes"),
        ("light.gan well/0.png out --mix sick/2.png", "has no styles to mix"),
        ("styles.gan well/0.png out --mix sick/2.png --steps 3", "--steps is not for --mix"),
        ("light.gan well/0.png out --interpolate sick/2.png --steps 1", "at least 2 images"),
        ("light.gan well/0.png out --interpolate sick/2.png --amount 2", "--amount is for --toward"),
        ("table.gan well/0.png out --toward sick", "table.gan holds a TabularGAN"),
        ("light.gan light.gan out --toward sick", "light.gan cannot be read"),
        ("light.gan well/0.png well --toward sick", "well exists already"),
    ],
)
def test_what_is_wrong_is_one_line(capsys, line, message):
    assert edit(line) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not Path("out").exists()
