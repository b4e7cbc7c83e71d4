"""A stand-in for Inception's file: a network of the same face whose features are known."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from ganaug import evaluate
from ganaug.evaluation import image_evaluation
from ganaug.metrics import Inception, frechet_distance, inception_score


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
    features, probabilities = network.features_and_probabilities(X)
    assert features.shape == (2, 2048)
    np.testing.assert_allclose(features[:, :64], X.reshape(2, 64))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(
        network.features_and_probabilities(X / 127, (0.0, 1.0))[0][:, :64], np.rint(X / 127 * 255).reshape(2, 64)
    )
    np.testing.assert_array_equal(network.features_and_probabilities(np.repeat(X[..., None], 3, axis=3))[0], features)


def test_the_measures_bear_the_names_of_papers_and_are_of_its_features(file, monkeypatch):
    monkeypatch.setattr(image_evaluation, "_N_RESAMPLES", 2)
    X = (load_digits().images[:96] * 15).astype(np.uint8)
    found = evaluate(X[:48], X[48:], inception=file, random_state=0)
    measured = found.by_class.set_index("measure")
    assert {"FID", "KID", "precision", "recall", "density", "coverage"} == set(measured.index)
    assert "IS" in found.frame()["measure"].tolist()
    assert not any("EffNet" in name for name in found.frame()["measure"])
    assert any("FID is" in finding.sentence for finding in found.verdict)
    # the same images in another order: the features that it was measured in are those of the file
    rng = np.random.default_rng(0)
    real, synthetic = rng.permutation(48)[:48], rng.permutation(np.arange(48))[:24]
    network = Inception(file)
    (points, _), (others, probabilities) = (
        network.features_and_probabilities(X[real]),
        network.features_and_probabilities(X[48 + synthetic]),
    )
    assert measured.loc["FID", "value"] == pytest.approx(frechet_distance(points[:24], others), rel=1e-6)
    assert found.score[0] == pytest.approx(inception_score(probabilities), rel=1e-6)


def test_other_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file nowhere\.pt"):
        Inception("nowhere.pt")
    (tmp_path / "text.pt").write_text("weights")
    with pytest.raises(ValueError, match=r"text\.pt is not Inception as TorchScript"):
        Inception(tmp_path / "text.pt")
    with pytest.raises(ValueError, match="is another network: its features have shape"):
        Inception(stored(Short(), tmp_path / "short.pt"))
    with pytest.raises(ValueError, match=r"inception='x\.pt' is for images"):
        evaluate(np.zeros((30, 2)), np.zeros((30, 2)), inception="x.pt")


class TestInceptionScore:
    def test_ends_of_its_range(self):
        assert inception_score(np.eye(7)) == pytest.approx(7)
        assert inception_score(np.tile([0.2, 0.3, 0.5], (6, 1))) == pytest.approx(1)
        assert inception_score(np.eye(7)[[3, 3, 3]]) == pytest.approx(1)

    def test_is_the_formula(self):
        p = np.random.default_rng(0).dirichlet(np.ones(5), 30)
        expected = np.exp((p * np.log(p / p.mean(0))).sum(1).mean())
        assert inception_score(p) == pytest.approx(expected)
        assert 1 < expected < 5

    @pytest.mark.parametrize("given", [[[0.5, 0.6]], [[-0.5, 1.5]], [[2.0, -3.0]]])
    def test_logits_are_refused(self, given):
        with pytest.raises(ValueError, match="apply a softmax"):
            inception_score(given)
