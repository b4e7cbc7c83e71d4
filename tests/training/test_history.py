"""The history of a run, and its figure."""

import numpy as np
import pytest

from ganaug import TabularGAN
from ganaug.training.history import plot_history


def test_tables_have_a_diversity(mixed, tiny_model):
    diversity = tiny_model.set_params(n_steps=40).fit(*mixed).history_["diversity"]
    assert diversity.notna().all()
    assert (diversity > 0).all()
    same = np.repeat([[1.0, 2.0]], 20, axis=0)
    history = TabularGAN(n_steps=10, random_state=0, device="cpu").fit(same, np.repeat([0, 1], 10)).history_
    assert history["diversity"].tolist() == [1]


def test_history_is_drawn(mixed, tiny_model):
    history = tiny_model.set_params(n_steps=40).fit(*mixed).history_
    figure = plot_history(history)
    loss, accuracy, *_ = figure.axes
    assert [ax.get_title() for ax in figure.axes][2:] == ["gradient norm", "distance", "diversity"]
    assert [text.get_text() for text in accuracy.get_legend().get_texts()] == [
        "discriminator on real",
        "discriminator on fake",
    ]
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["discriminator", "generator"]
    assert any(set(line.get_ydata()) == {0.5} for line in accuracy.lines)
    assert len(plot_history(history.drop(columns=["distance", "diversity"])).axes) == 3
    with pytest.raises(ValueError, match="a history of 0 rows"):
        plot_history(history[:0])
