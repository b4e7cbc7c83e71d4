"""What ImageGAN shows: sheets, the course of a training, paths between two images, and pixels to display."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from ganaug import ImageGAN


def test_interpolation_goes_from_one_end_to_the_other_in_small_steps(tiny_images, bars):
    model = tiny_images.set_params(n_steps=60).fit(*bars)
    way = model.interpolate(1, 9).astype(float)
    assert way.shape == (9, 16, 16)
    steps = np.abs(np.diff(way, axis=0)).mean((1, 2))
    assert steps.max() < np.abs(way[0] - way[-1]).mean()
    with pytest.raises(ValueError, match="n=1 must be"):
        model.interpolate(1, 1)


@pytest.mark.parametrize("shape", [(16, 16), (9, 16, 3), (8, 8, 2)])
def test_the_contact_sheet_has_a_row_of_each_kind(tiny_images, bar_images, shape):
    y = np.repeat([0, 1], [20, 8])
    X = bar_images(y, shape)
    model = tiny_images.fit(X, y)
    figure = model.plot(X, y, n_each=5)
    assert len(figure.axes) == 20
    titles = [title for ax in figure.axes if (title := ax.get_title(loc="left"))]
    assert titles == ["0, real", "0, synthetic", "1, real", "1, synthetic"]
    assert len(model.plot().axes) == 16
    assert not plt.get_fignums()  # nothing stays open, and no window opens
    assert model.plot(n_each=1)._repr_png_().startswith(b"\x89PNG")  # what a notebook shows


def test_training_can_be_looked_at_step_by_step(tiny_images, bars, tmp_path):
    model = tiny_images.set_params(n_steps=40).fit(*bars)
    assert list(model.snapshots_) == [10, 20, 30, 40]
    assert all(images.shape == (2, 16, 16) for images in model.snapshots_.values())
    assert len(model.plot_training().axes) == 8
    model.save(tmp_path / "m.ganaug")
    with pytest.raises(ValueError, match="no snapshots"):
        ImageGAN.load(tmp_path / "m.ganaug").plot_training()


def test_images_are_shown_from_the_darkest_to_the_brightest():
    X = np.random.default_rng(0).integers(20, 200, (12, 8, 8, 2), dtype=np.uint8)
    model = ImageGAN(n_steps=1, width=4, latent_size=4, batch_size=4, random_state=0).fit(X, np.arange(12) % 2)
    shown = model.shown(X)
    assert shown.shape == (12, 8, 8)  # two channels are no colours
    low, high = X.min(), X.max()
    np.testing.assert_allclose(shown, (X[..., 0] - float(low)) / (float(high) - low))
    with pytest.raises(NotFittedError):
        ImageGAN().shown(X)
