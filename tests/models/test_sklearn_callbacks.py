"""scikit-learn's own callbacks hear of a training."""

import numpy as np
import pytest
from sklearn.base import clone

from ganaug import GANOversampler, TabularGAN

pytest.importorskip("sklearn.callback")

X = np.random.default_rng(0).normal(size=(40, 2))
y = np.repeat([0, 1], [30, 10])


class Listener:
    """Follows scikit-learn's protocol."""

    def __init__(self, stop_at: int = 10**6) -> None:
        self.heard: list[str] = []
        self.records: list[dict] = []
        self.stop_at = stop_at

    def setup(self, estimator, context):
        self.heard.append("setup")

    def on_fit_task_begin(self, estimator, context):
        self.heard.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, metadata=None):
        self.heard.append(f"end {context.task_name}")
        if metadata:
            self.records.append(metadata)
        return context.task_name == "step" and context.task_id + 1 >= self.stop_at

    def teardown(self, estimator, context):
        self.heard.append("teardown")


def model(n_steps: int = 20) -> TabularGAN:
    return TabularGAN(n_steps=n_steps, hidden_sizes=(8,), patience=None, random_state=0, device="cpu")


def test_each_step_is_a_task_of_the_fit():
    listener = Listener()
    told = model().set_callbacks(listener).fit(X, y)
    assert listener.heard == ["setup", "begin fit", *["begin step", "end step"] * 20, "end fit", "teardown"]
    assert [record["step"] for record in listener.records] == [10, 20]
    assert "generator_loss" in listener.records[0]
    # and nothing of the training changes
    np.testing.assert_array_equal(told.sample([0, 1]), model().fit(X, y).sample([0, 1]))


def test_it_may_stop_the_training():
    assert model(10**5).set_callbacks(Listener(stop_at=30)).fit(X, y).history_["step"].iloc[-1] == 30


def test_a_fit_that_fails_is_told_of_its_end():
    listener = Listener()

    class Failing(Listener):
        def on_fit_task_end(self, estimator, context):
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        model().set_callbacks(listener, Failing()).fit(X, y)
    assert listener.heard[-1] == "teardown"


def test_it_goes_along_with_clones_and_into_the_sampler():
    listener = Listener()
    assert clone(model().set_callbacks(listener))._skl_callbacks == [listener]
    GANOversampler(model=model().set_callbacks(listener)).fit_resample(X, y)
    assert listener.heard.count("end step") == 20
