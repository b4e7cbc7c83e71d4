"""Laws of the model with differential privacy."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from sklearn.base import clone

from ganaug import GANOversampler, PrivateTabularGAN, evaluate_resampling, report
from ganaug.common.findings import SAFE
from ganaug.training import GaussianMechanism, spent_epsilon
from ganaug.training.callbacks import Callback

BOUNDS = {"age": (18, 100), "price": (0, 300, 0.01)}


def data(n=300, seed=0):
    rng = np.random.default_rng(seed)
    y = pd.Series(np.where(rng.random(n) < 0.2, "rare", "common"), name="kind")
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 60, n) + 20 * (y == "rare"),
            "price": np.round(rng.gamma(2, 20, n), 2),
            "plan": rng.choice(["basic", "gold"], n),
        }
    )
    X.loc[3, "plan"] = "the plan of one person"
    return X, y


def tiny(**params):
    given = {"bounds": BOUNDS, "n_steps": 10, "n_critic": 2, "hidden_sizes": (8,), "latent_size": 4, "random_state": 0}
    return PrivateTabularGAN(**{**given, **params})


@pytest.fixture(scope="module")
def fitted():
    return tiny(epsilon=2.0).fit(*data())


def test_spends_its_budget_and_says_so(fitted):
    assert 0.97 * 2.0 < fitted.epsilon_ <= 2.0
    assert fitted.history_["epsilon"].iloc[-1] == pytest.approx(fitted.epsilon_)
    assert not [name for name in fitted.history_ if "real" in name or name in ("distance", "diversity")]


def test_the_account_holds_all_that_touched_rows(fitted):
    # the largest rate: each class has at most max_rate
    mechanisms = [
        GaussianMechanism(fitted.noise_["histograms"]),
        GaussianMechanism(fitted.noise_["gradients"], rate=fitted.max_rate, n_steps=20),
    ]
    assert spent_epsilon(mechanisms, 0.9 * fitted.delta) >= fitted.epsilon_ - 1e-9


class StopAfter(Callback):
    """Stops a run."""

    def on_step_end(self, run):
        if run.step == 3:
            run.stop("enough")


def test_a_run_that_ends_early_spends_less():
    stopped = tiny(epsilon=2.0, callbacks=[StopAfter()]).fit(*data())
    assert 0.4 * 2.0 < stopped.epsilon_ < 1.95


def test_rows_are_legal_and_rare_levels_lost(fitted):
    X, _ = data()
    rows = fitted.sample(["rare"] * 200)
    assert list(rows.dtypes) == list(X.dtypes)
    assert rows["age"].between(18, 100).all()
    assert rows["price"].between(0, 300).all()
    assert set(rows["plan"]) <= {"basic", "gold"}


def test_file_restores_the_model_and_holds_no_row(fitted, tmp_path):
    path = tmp_path / "model.gan"
    fitted.save(path)
    read = PrivateTabularGAN.load(path)
    pd.testing.assert_frame_equal(read.sample(["rare"] * 20), fitted.sample(["rare"] * 20))
    assert read.epsilon_ == fitted.epsilon_
    tensors = load_file(path)
    header = json.loads(tensors.pop("json").numpy().tobytes())
    assert "one person" not in str(header)
    assert not [name for name in tensors if name.startswith("discriminator")]
    X, _ = data()
    knots = tensors["array.encoder.1.knots"].numpy() / 100  # of price, in cents from the lowest
    assert len(np.intersect1d(np.round(knots, 2), X["price"])) <= 1  # declared edges, and no quantiles
    assert len(pickle.dumps(fitted)) > 0
    assert not hasattr(fitted, "_private")


def test_noise_does_not_come_from_the_seed():
    first, second = (tiny().fit(*data()) for _ in range(2))
    assert first.seed_ == second.seed_
    assert not torch.equal(first.generator_.head.weight, second.generator_.head.weight)


def test_without_noise_it_learns_shares():
    # a budget so large that there is none to speak of
    X, y = data()
    with pytest.warns(UserWarning, match="delta"):
        model = tiny(epsilon=1e5, delta=0.1).fit(X, y)
    rows = model.sample(["rare"] * 500)
    assert abs(rows["age"].mean() - X["age"][y == "rare"].mean()) < 8


def test_sampler_takes_it_and_the_report_shows_the_guarantee(tmp_path):
    X, y = data()
    sampler = GANOversampler(model=tiny(epsilon=2.0), random_state=0)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    found = evaluate_resampling(sampler, X, y, X_resampled, y_resampled, max_rows=60)
    said = [of for of in found.verdict if of.question == SAFE and "differential privacy" in of.sentence]
    assert [of.answer for of in said] == ["good"]
    assert said[0].numbers["epsilon"] == sampler.model_.epsilon_
    weak = found.__class__(**{**vars(found), "guarantee": (50.0, 1e-5)}).verdict
    assert [of.answer for of in weak if "differential privacy" in of.sentence] == ["unknown"]
    report(found, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert f"epsilon {sampler.model_.epsilon_:.2f}" in page


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"selection": "class"}, "selection='class' compares candidates with single real rows"),
        ({"constraints": ["age <= price"]}, "has no parameter 'constraints'"),
        ({"ignore": ["age"]}, "has no parameter 'ignore'"),
    ],
)
def test_what_looks_at_single_rows_is_refused(given, words):
    X, y = data(100)
    with pytest.raises(ValueError, match=words):
        GANOversampler(model=tiny(), random_state=0, **given).fit_resample(X, y)


def test_weights_are_refused():
    X, y = data(100)
    with pytest.raises(ValueError, match="sample_weight"):
        tiny().fit(X, y, sample_weight=np.ones(100))


@pytest.mark.parametrize(("name", "value"), [("epsilon", 0), ("delta", 1.5), ("max_rate", 0), ("max_grad_norm", -1)])
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValueError, match=name):
        tiny(**{name: value}).fit(*data(60))


def test_is_an_estimator():
    assert clone(tiny(epsilon=1.5)).get_params()["epsilon"] == 1.5
    assert "prior" not in tiny().get_params()
