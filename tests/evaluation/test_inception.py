"""A stand-in for Inception's file: a network of the same face whose features are known."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from ganaug import evaluate
from ganaug.cli import main
from ganaug.evaluation import pictures
from ganaug.evaluation.images import frechet_distance, inception_score
from ganaug.evaluation.inception import Inception


class StandIn(nn.Module):
    """Features are brightnesses of 64 fields, repeated; classes follow the first 1008 of them."""

    def forward(self, img: torch.Tensor, return_features: bool = False, no_output_bias: bool = False) -> torch.Tensor:
        fields = torch.nn.functional.adaptive_avg_pool2d(img.float(), (8, 8)).mean(1).flatten(1)
        features = fields.repeat(1, 32)
        if return_features:
            return features
        return (features[:, :1008] / (10.0 if no_output_bias else 1.0)).softmax(1)


class Short(nn.Module):
    def forward(self, img: torch.Tensor, return_features: bool = False, no_output_bias: bool = False) -> torch.Tensor:
        return img.float().mean((2, 3))


def stored(network: nn.Module, path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit's, of torch 2.9 and later
        torch.jit.script(network).save(str(path))
    return str(path)


@pytest.fixture
def file(tmp_path) -> str:
    return stored(StandIn(), tmp_path / "inception.pt")


def test_it_sees_pixels_from_0_to_255_in_three_channels(file):
    network = Inception(file)
    X = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8)
    features, odds = network.look(X)
    assert features.shape == (2, 2048)
    np.testing.assert_allclose(features[:, :64], X.reshape(2, 64))
    np.testing.assert_allclose(odds.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(network.look(X / 127, (0.0, 1.0))[0][:, :64], np.rint(X / 127 * 255).reshape(2, 64))
    np.testing.assert_array_equal(network.look(np.repeat(X[..., None], 3, axis=3))[0], features)


def test_the_measures_bear_the_names_of_papers_and_are_of_its_features(file, monkeypatch):
    monkeypatch.setattr(pictures, "_N_RESAMPLES", 2)
    X = (load_digits().images[:96] * 15).astype(np.uint8)
    found = evaluate(X[:48], X[48:], inception=file, random_state=0)
    measured = found.by_class.set_index("measure")
    assert {"FID", "KID", "precision", "recall", "density", "coverage"} == set(measured.index)
    assert "IS" in found.frame()["measure"].tolist()
    assert not any("EffNet" in name for name in found.frame()["measure"])
    assert "FID is" in found.verdict[0]
    # the same pictures in another order: the features that it was measured in are those of the file
    randomness = np.random.default_rng(0)
    real, made = randomness.permutation(48)[:48], randomness.permutation(np.arange(48))[:24]
    network = Inception(file)
    (points, _), (others, odds) = network.look(X[real]), network.look(X[48 + made])
    assert measured.loc["FID", "value"] == pytest.approx(frechet_distance(points[:24], others), rel=1e-6)
    assert found.score[0] == pytest.approx(inception_score(odds), rel=1e-6)


def test_other_files_are_named(tmp_path, capsys):
    with pytest.raises(FileNotFoundError, match=r"no such file .* nowhere\.pt"):
        Inception("nowhere.pt")
    (tmp_path / "text.pt").write_text("weights")
    with pytest.raises(ValueError, match=r"text\.pt is not Inception as TorchScript"):
        Inception(tmp_path / "text.pt")
    with pytest.raises(ValueError, match="is another network: it gives features of shape"):
        Inception(stored(Short(), tmp_path / "short.pt"))
    with pytest.raises(ValueError, match=r"inception='x\.pt' is for pictures"):
        evaluate(np.zeros((30, 2)), np.zeros((30, 2)), inception="x.pt")
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    assert main(["evaluate", str(tmp_path / "a.csv"), str(tmp_path / "a.csv"), "--inception", "x.pt"]) == 2
    assert "--inception is for pictures" in capsys.readouterr().err
