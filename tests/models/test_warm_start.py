"""TabularGAN(warm_start=True): a fit goes on from the networks of the last one, on rows that these understand."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from ganaug import GANOversampler, TabularGAN
from ganaug.training import Callback, training_file


@pytest.fixture
def warm(tiny_model):
    return tiny_model.set_params(warm_start=True, learning_rate=1e-7, random_state=None)


def start(model):
    return torch.cat([weight.flatten() for weight in model.generator_.parameters()])


def is_near(model, first):
    return torch.allclose(start(model), first, atol=1e-4)


def test_each_fit_of_a_sampler_goes_on_where_the_last_one_ended(mixed, warm, tmp_path):
    sampler = GANOversampler(model=warm, selection=None)
    sampler.fit_resample(*mixed)
    first = start(sampler.model_)
    sampler.fit_resample(*mixed)
    assert is_near(sampler.model_, first)
    sampler.save(tmp_path / "m")
    assert is_near(GANOversampler.load(tmp_path / "m").fit(*mixed).model_, first)
    # a clone has learned nothing, and cross-validation must not see through it what is held out
    assert not is_near(clone(sampler).fit(*mixed).model_, first)
    assert not is_near(sampler.set_params(model__warm_start=False).fit(*mixed).model_, first)


def test_new_rows_are_encoded_as_before(mixed, warm):
    X, y = mixed
    model = clone(warm).fit(X, y)
    first, column = start(model), model.encoder_.columns_[0]
    some = np.arange(len(y)) % 5 != 0
    model.fit(X[some], y[some])
    assert model.encoder_.columns_[0] is column
    assert is_near(model, first)
    assert list(model.sample(["a", "c"]).dtypes) == list(X.dtypes)


CHANGES = {
    "column 'height' has values outside of": lambda X: X.assign(height=X["height"] * 2),
    "column 'when' has values outside of": lambda X: X.assign(when=X["when"] + pd.Timedelta(days=1000)),
    "city": lambda X: X.assign(city=["Bonn", *X["city"][1:]]),
    "column 'height' has missing cells, but had none": lambda X: X.assign(height=[None, *X["height"][1:]]),
    "columns, but had": lambda X: X.iloc[:, 1:],
    "X has column 'size' where it had 'height'": lambda X: X.rename(columns={"height": "size"}),
}


@pytest.mark.parametrize("message", CHANGES)
def test_rows_that_the_networks_do_not_understand_are_refused(mixed, warm, message):
    X, y = mixed
    model = clone(warm).fit(X, y)
    before = model.sample(["a", "b"])
    with pytest.raises(
        ValueError, match=f"warm_start=True continues with the columns.*{message}.*Set warm_start=False"
    ):
        model.fit(CHANGES[message](X), y)
    with pytest.raises(ValueError, match="continues with the classes"):
        model.fit(X, y.replace("b", "d"))
    with pytest.raises(ValueError, match="other sizes"):
        model.set_params(hidden_sizes=(9,)).fit(X, y)
    pd.testing.assert_frame_equal(model.sample(["a", "b"]), before)


def test_identifiers_of_the_new_rows_are_not_repeated(warm):
    y = np.repeat(["a", "b"], [150, 50])
    table = pd.DataFrame({"id": [f"C{n:05}" for n in range(200)], "x": np.linspace(0, 1, 200)})
    with pytest.warns(UserWarning, match="identify rows"):
        model = warm.fit(table, y)
    later = table.assign(id=[f"C{n:05}" for n in range(500, 700)])
    with pytest.warns(UserWarning, match="identify rows"):
        model.fit(later, y)
    assert not set(model.sample(["a"] * 300)["id"]) & set(later["id"])
    with pytest.raises(ValueError, match="column 'id' identifies rows in the previous fit, but does not in X"):
        model.fit(table.assign(id="C00001"), y)


def test_a_file_without_a_discriminator_is_no_start(mixed, tiny_model, tmp_path):
    tiny_model.fit(*mixed).save(tmp_path / "m")
    loaded = TabularGAN.load(tmp_path / "m").set_params(warm_start=True)
    with pytest.raises(ValueError, match="loaded from a file without the discriminator"):
        loaded.fit(*mixed)
    assert len(loaded.sample(["a"])) == 1


class Interrupt(Callback):
    def on_step_end(self, run):
        if run.step == 3:
            raise KeyboardInterrupt


def test_an_interrupted_warm_start_leaves_what_there_was_and_goes_on(mixed, warm, tmp_path, monkeypatch):
    monkeypatch.setattr(training_file, "EVERY", 0.0)
    monkeypatch.setattr(training_file, "PART", 1e9)
    warm.set_params(learning_rate=1e-2, random_state=0)
    wanted, model = clone(warm).fit(*mixed).fit(*mixed), clone(warm).fit(*mixed)
    first = start(model)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(checkpoint=tmp_path / "run.ck", callbacks=[Interrupt()]).fit(*mixed)
    assert torch.equal(start(model), first)
    with pytest.raises(ValueError, match="the previous fit"):  # it begins with other networks
        clone(warm).set_params(random_state=1).fit(*mixed).set_params(
            checkpoint=tmp_path / "run.ck", random_state=0
        ).fit(*mixed)
    assert torch.equal(start(model.set_params(callbacks=None).fit(*mixed)), start(wanted))
