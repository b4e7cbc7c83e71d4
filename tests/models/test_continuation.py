"""A fit that was interrupted goes on from its checkpoint, and ends as if nothing had happened."""

import hashlib
import os
import signal
import threading
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from small_texts import LABELS, TEXTS, tiny_texts

from ganaug import GANOversampler, ImageGAN, TabularGAN, compare
from ganaug.models import image_reconstruction
from ganaug.training import Callback, training_file

# of images that were trained for a moment, where the machine is so busy that it takes seconds
pytestmark = pytest.mark.filterwarnings("ignore:The images are probably blurred")
KINDS = ["table", "image", "anchored image", "text"]


@pytest.fixture(autouse=True)
def _stored_at_every_step(monkeypatch):
    monkeypatch.setattr(training_file, "EVERY", 0.0)
    monkeypatch.setattr(training_file, "PART", 1e9)
    monkeypatch.setattr(image_reconstruction, "N_STEPS", 20)


def task(kind, mixed, bars):
    """Return a model, its data, and the names of its stages."""
    images = {"n_steps": 30, "width": 4, "latent_size": 8, "batch_size": 8, "random_state": 0, "device": "cpu"}
    if kind == "table":
        model = TabularGAN(n_steps=60, hidden_sizes=(8,), batch_size=16, random_state=0, device="cpu", constraints=None)
        return model, *mixed, ["training"]
    if kind == "image":
        return ImageGAN(**images), *bars, ["training"]
    if kind == "anchored image":
        return ImageGAN(prior="neighbors", architecture="mlp", **images), *bars, ["autoencoder", "training"]
    return tiny_texts(autoencoder_steps=30, n_steps=30), TEXTS, LABELS, ["autoencoder", "training"]


def result(model):
    """Return a digest of all that a fit ends with: weights, history but for times, and samples."""
    found = hashlib.sha256()
    for network in (model.generator_, model.discriminator_):
        for weight in network.state_dict().values():
            found.update(weight.numpy().tobytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tiny models repeat texts
        samples = model.sample(np.repeat(model.classes_, 5))
    found.update(repr(samples if isinstance(samples, list) else np.asarray(samples).tolist()).encode())
    found.update(model.history_.drop(columns=["seconds", "step_time"]).to_csv().encode())
    found.update(repr(getattr(model, "augmentation_", None)).encode())
    for images in getattr(model, "snapshots_", {}).values():
        found.update(images.tobytes())
    return found.hexdigest()


class Interrupt(Callback):
    """Raise an error, or a signal, at a step of a stage."""

    def __init__(self, step, number=None):
        self.step, self.number = step, number

    def on_step_end(self, run):
        if run.step == self.step:
            if self.number is None:
                raise MemoryError
            signal.raise_signal(self.number)


def interrupted(model, X, y, step=20, path="run.ck"):
    """Fit until a step of the last stage."""
    with pytest.raises(MemoryError):
        clone(model).set_params(checkpoint=path, callbacks=[Interrupt(step)]).fit(X, y)
    assert Path(path).exists()


@pytest.fixture
def tiny_model(tiny_model):
    return tiny_model.set_params(constraints=None)  # learning them takes most of a short fit


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fit_in_a_process(model, X, y, killed_after):
    """Fit in a process of its own, which is killed after some seconds unless it has ended; return whether it has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the threads of this process are idle
        child = os.fork()
    if not child:
        code = 1
        try:
            Path("result").write_text(result(clone(model).set_params(checkpoint="run.ck").fit(X, y)))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    deadline = time.monotonic() + killed_after
    while time.monotonic() < deadline:
        ended, code = os.waitpid(child, os.WNOHANG)
        if ended:
            assert code == 0
            return True
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def check_kills(kind, mixed, bars, n_kills, seed):
    training_file.EVERY = 0.03  # the fixture restores it
    model, X, y, _ = task(kind, mixed, bars)
    wanted = result(clone(model).fit(X, y))
    began = time.monotonic()
    assert fit_in_a_process(model, X, y, 900)
    seconds = time.monotonic() - began
    assert Path("result").read_text() == wanted  # stored and not killed
    rng = np.random.default_rng(seed)
    n_killed = n_begun = 0
    # at least one of the runs that are killed has stored something
    while n_killed < n_kills or (not n_begun and n_killed < 20):
        if fit_in_a_process(model, X, y, rng.uniform(0.05, 1.0) * seconds):
            assert Path("result").read_text() == wanted
            continue
        n_killed += 1
        n_begun += Path("run.ck").exists()
    assert fit_in_a_process(model, X, y, 900)
    assert Path("result").read_text() == wanted
    assert n_begun
    assert [path.name for path in Path().iterdir()] == ["result"]
    return n_begun


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
@pytest.mark.parametrize("kind", ["table", "image", "text"])
def test_kills_change_nothing(kind, mixed, bars, folder):
    check_kills(kind, mixed, bars, n_kills=2, seed=0)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
@pytest.mark.parametrize("kind", KINDS)
def test_ten_kills_change_nothing(kind, mixed, bars, folder):
    assert check_kills(kind, mixed, bars, n_kills=10, seed=1) >= 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_goes_on_in_each_of_its_stages(kind, mixed, bars, folder, monkeypatch):
    model, X, y, stages = task(kind, mixed, bars)
    wanted = result(clone(model).fit(X, y))
    after_step = training_file.Stage.after_step
    monkeypatch.setattr(training_file, "EVERY", 1e9)
    for stage in stages:
        steps = []

        def stop(self, state, n_steps, stage=stage, steps=steps):
            is_last = self.name == stage and state.step == 13
            if is_last:
                self.file._next_write = 0
            after_step(self, state, n_steps)
            if self.name == stage:
                steps.append(state.step)
            if is_last:
                raise MemoryError

        monkeypatch.setattr(training_file.Stage, "after_step", stop)
        with pytest.raises(MemoryError):
            clone(model).set_params(checkpoint="run.ck").fit(X, y)
        assert result(clone(model).set_params(checkpoint=Path("run.ck")).fit(X, y)) == wanted
        assert steps[13] == 14  # and not 1
        assert not Path("run.ck").exists()


def test_without_a_seed_the_fit_goes_on_with_the_first_one(mixed, tiny_model, folder):
    model = clone(tiny_model).set_params(random_state=None, n_steps=30)
    interrupted(model, *mixed)
    went_on = clone(model).set_params(checkpoint="run.ck").fit(*mixed)
    again = clone(model).set_params(random_state=np.random.RandomState(0)).fit(*mixed)
    assert went_on.seed_ != again.seed_
    assert len(went_on.history_) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_signals_wait_for_the_checkpoint(mixed, tiny_model, folder, number, monkeypatch):
    monkeypatch.setattr(training_file, "EVERY", 1e9)

    class Ended(BaseException):
        pass

    def end(*_):
        raise Ended

    before = signal.signal(number, end)
    try:
        model = clone(tiny_model).set_params(n_steps=30, checkpoint="run.ck")
        wanted = result(clone(model).set_params(checkpoint=None).fit(*mixed))
        stopped = clone(model).set_params(callbacks=[Interrupt(17, number)])
        with (
            pytest.raises(Ended),
            pytest.warns(UserWarning, match="training was stopped at step 17 of 30. Run the same"),
        ):
            stopped.fit(*mixed)
        assert signal.getsignal(number) is end
        assert len(stopped.sample(["a"] * 3)) == 3  # with what it has learned
    finally:
        signal.signal(number, before)
    assert result(model.fit(*mixed)) == wanted
    assert len(model.history_) == 3


def test_a_fit_in_a_thread_is_stored_too(mixed, tiny_model, folder):
    models = []
    thread = threading.Thread(
        target=lambda: models.append(clone(tiny_model).set_params(checkpoint="run.ck").fit(*mixed))
    )
    thread.start()
    thread.join()
    assert result(models[0]) == result(tiny_model.fit(*mixed))


CHANGES = {
    "a parameter": ({"learning_rate": 0.5}, None, "learning_rate is 0.001 there and 0.5 here"),
    "two": ({"loss": "hinge", "pac": 2}, None, "loss is 'rpgan' there and 'hinge' here; pac is 1 there and 2 here"),
    "the seed": ({"random_state": 9}, None, "random_state is another one"),
    "a cell": ({}, lambda X, y: (X.assign(price=X["price"] + 1e-9), y), "column 'price' has other values"),
    "a row": ({}, lambda X, y: (X[1:], y[1:]), "number of rows is 200 there and 199 here"),
    "a name": (
        {},
        lambda X, y: (X.rename(columns={"city": "town"}), y),
        "there is no column 'town' there and one here; there is a column 'city' there and none here",
    ),
    "the classes": ({}, lambda X, y: (X, y.replace("b", "d")), r"classes is \['a', 'b', 'c'\] there"),
    "a label": ({}, lambda X, y: (X, pd.concat([y[:1], y[1:][::-1]])), "y has other values"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_training_is_refused_and_the_file_kept(mixed, tiny_model, folder, change):
    params, changed, message = CHANGES[change]
    model = clone(tiny_model).set_params(n_steps=30)
    interrupted(model, *mixed)
    content = Path("run.ck").read_bytes()
    X, y = changed(*mixed) if changed else mixed
    with pytest.raises(
        ValueError, match=f"checkpoint 'run.ck' is of another training: .*{message}.* delete the file or"
    ):
        clone(model).set_params(checkpoint="run.ck", **params).fit(X, y)
    assert Path("run.ck").read_bytes() == content
    assert len(clone(model).set_params(checkpoint="run.ck", max_time=100).fit(*mixed).history_) == 3


def test_other_weights_are_another_training(mixed, tiny_model, folder):
    model = clone(tiny_model).set_params(n_steps=30)
    interrupted(model, *mixed)
    with pytest.raises(ValueError, match="there is no sample_weight there and one here"):
        clone(model).set_params(checkpoint="run.ck").fit(*mixed, sample_weight=np.arange(len(mixed[1])) + 1.0)


def test_samplers_go_on_too(mixed, tiny_model, folder):
    X, y = mixed
    sampler = GANOversampler(model=tiny_model.set_params(n_steps=30), selection=None, random_state=3)
    wanted, _ = clone(sampler).fit_resample(X, y)
    with pytest.raises(MemoryError):
        clone(sampler).set_params(checkpoint="run.ck", callbacks=[Interrupt(20)]).fit_resample(X, y)
    with pytest.raises(ValueError, match="another training"):
        clone(sampler).set_params(checkpoint="run.ck").fit(X, y[::-1])
    went_on = clone(sampler).set_params(checkpoint="run.ck")
    pd.testing.assert_frame_equal(went_on.fit_resample(X, y)[0], wanted)
    assert not Path("run.ck").exists()
    went_on.fit(X, y)
    assert not Path("run.ck").exists()


def test_the_training_is_kept_until_the_rows_are_there(mixed, tiny_model, folder, monkeypatch):
    X, y = mixed
    sampler = GANOversampler(model=tiny_model, random_state=3, checkpoint="run.ck")
    with monkeypatch.context() as patch:
        patch.setattr(TabularGAN, "sample_parts", lambda *_, **__: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            sampler.fit_resample(X, y)
    assert Path("run.ck").exists()
    steps = []
    monkeypatch.setattr(training_file.Stage, "after_step", lambda *_: steps.append(1))
    sampler.fit_resample(X, y)
    assert not steps
    assert not Path("run.ck").exists()


def test_comparisons_store_no_training(mixed, tiny_model, folder, monkeypatch):
    monkeypatch.setattr(training_file.TrainingFile, "write", lambda self: pytest.fail("written"))
    X, y = mixed[0][["height", "count"]], mixed[1]
    sampler = GANOversampler(model=clone(tiny_model).set_params(checkpoint="inner.ck"), checkpoint="run.ck")
    frame = compare(
        X[:190], y[:190], samplers={"gan": sampler}, classifiers=LogisticRegression(), n_splits=2, n_repeats=1
    )
    assert frame.frame().notna().any().any()


def test_models_and_files_hold_no_checkpoint(mixed, tiny_model, folder):
    model = tiny_model.set_params(checkpoint="run.ck").fit(*mixed)
    model.save("m.ganaug")
    assert TabularGAN.load("m.ganaug").checkpoint is None
