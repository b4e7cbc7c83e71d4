"""The path of every model: reproducible, steady, watched by callbacks, and each step takes the data once."""

import threading

import numpy as np
import pytest
import torch
from pandas.testing import assert_frame_equal
from sklearn.base import clone

from ganaug import TabularGAN
from ganaug.training.callbacks import Callback, Checkpoint


@pytest.mark.parametrize("prior", ["neighbors", "noise"])
def test_how_many_rows_are_asked_for_never_changes_a_row(mixed, tiny_model, prior, monkeypatch):
    X, y = mixed
    monkeypatch.setattr(TabularGAN, "_n_decoded", 2048)
    model = tiny_model.set_params(prior=prior).fit(X, y)
    wanted = np.random.default_rng(0).choice(["a", "b", "c"], 2500)
    rows = model.sample(wanted)
    for n in (1, 7, 1024, 1025):
        assert_frame_equal(model.sample(wanted[:n]), rows[:n])


def test_a_row_does_not_depend_on_the_others_labels(mixed, tiny_model):
    model = tiny_model.fit(*mixed)
    alone, among = model.sample(["a", "a", "a"]), model.sample(["b", "a", "c"])
    assert_frame_equal(alone.iloc[[1]], among.iloc[[1]])


def test_global_generators_are_neither_used_nor_moved(mixed, tiny_model):
    X, y = mixed
    rows = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        np.random.seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].copy()
        rows.append(clone(tiny_model).fit(X, y).sample(y))
        clone(tiny_model).set_params(random_state=None).fit(X, y).sample(y)
        assert torch.equal(torch.get_rng_state(), before[0])
        assert (np.random.get_state()[1] == before[1]).all()
    assert_frame_equal(rows[0], rows[1])


def test_threads_do_not_disturb_each_other(mixed, tiny_model):
    X, y = mixed
    alone = clone(tiny_model).fit(X, y).sample(y)
    made = {}

    def work(i):
        made[i] = clone(tiny_model).fit(X, y).sample(y)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for rows in made.values():
        assert_frame_equal(rows, alone)
    assert len(made) == 3


def test_no_seed_means_other_rows_each_time(mixed, tiny_model):
    X, y = mixed
    model = tiny_model.set_params(random_state=None)
    assert not clone(model).fit(X, y).sample(y).equals(clone(model).fit(X, y).sample(y))


def test_history_holds_what_is_needed_to_watch(mixed, tiny_model):
    history = tiny_model.set_params(n_steps=40).fit(*mixed).history_
    assert history["step"].tolist() == [10, 20, 30, 40]
    for column in ("loss", "accuracy_real", "accuracy_fake", "gradient_norm"):
        assert history[f"discriminator_{column}"].notna().all()
    assert history[["generator_loss", "discriminator_penalty", "step_time", "distance"]].notna().all(axis=None)
    assert history["discriminator_accuracy_real"].between(0, 1).all()
    assert history["seconds"].is_monotonic_increasing


def test_divergence_rolls_back_and_warns(mixed, tiny_model):
    with pytest.warns(UserWarning, match=r"diverged at step \d+ .* lower learning_rate"):
        model = tiny_model.set_params(
            n_steps=200, learning_rate=1e30, loss="wgan-gp", prior="noise", patience=None
        ).fit(*mixed)
    assert all(weight.isfinite().all() for weight in model.generator_.parameters())
    assert len(model.sample(["c"] * 5)) == 5


def test_max_time_ends_training(mixed, tiny_model):
    model = tiny_model.set_params(n_steps=10**6, max_time=0.3, patience=None).fit(*mixed)
    assert model.history_["seconds"].iloc[-1] < 2
    assert 1 <= model.history_["step"].iloc[-1] < 10**6


def test_stops_early_when_nothing_improves(mixed, tiny_model):
    model = tiny_model.set_params(n_steps=400, learning_rate=1e-12, patience=3).fit(*mixed)
    assert model.history_["step"].iloc[-1] <= 100
    model = tiny_model.set_params(patience=None).fit(*mixed)
    assert model.history_["step"].iloc[-1] == 400


def test_callbacks_see_the_run(mixed, tiny_model, tmp_path):
    seen = []

    class Watch(Callback):
        def on_fit_start(self, run):
            seen.append(("start", run.step))

        def on_step_end(self, run):
            if run.step == 3:
                run.stop("enough")

        def on_fit_end(self, run):
            seen.append((run.stop_reason, run.step))

    checkpoint = Checkpoint(tmp_path / "m.ganaug", every=2)
    model = tiny_model.set_params(callbacks=[Watch(), checkpoint]).fit(*mixed)
    assert seen == [("start", 0), ("enough", 3)]
    assert_frame_equal(TabularGAN.load(tmp_path / "m.ganaug").sample(["a"]), model.sample(["a"]))


def test_a_killed_run_leaves_its_checkpoint(mixed, tiny_model, tmp_path):
    class Interrupt(Callback):
        def on_step_end(self, run):
            if run.step == 4:
                raise KeyboardInterrupt

    callbacks = [Checkpoint(tmp_path / "m.ganaug", every=2), Interrupt()]
    with pytest.raises(KeyboardInterrupt):
        tiny_model.set_params(callbacks=callbacks).fit(*mixed)
    assert len(TabularGAN.load(tmp_path / "m.ganaug").sample(["a"] * 3)) == 3


def test_progress_bar(mixed, tiny_model, capsys):
    tiny_model.set_params(verbose=1).fit(*mixed)
    out, err = capsys.readouterr()
    assert out == ""
    assert "5/5" in err


@pytest.mark.parametrize(("every", "folder"), [(0, "."), (5, "nowhere")])
def test_a_checkpoint_that_cannot_be_is_refused_before_training(mixed, tiny_model, tmp_path, every, folder):
    seen = []

    class Ends(Callback):
        def on_fit_end(self, run):
            seen.append(run.step)

    checkpoint = Checkpoint(tmp_path / folder / "m", every=every)
    with pytest.raises((ValueError, FileNotFoundError)):
        tiny_model.set_params(callbacks=[Ends(), checkpoint]).fit(*mixed)
    assert seen == [0]


def test_parameters_set_after_fit_do_not_reach_the_networks(mixed, tiny_model):
    model = tiny_model.fit(*mixed)
    assert model.network_params_["hidden_sizes"] == (8,)
    model.set_params(hidden_sizes=(4,))
    assert model.network_params_["hidden_sizes"] == (8,)


def test_what_a_fit_learns_has_a_trailing_underscore(mixed, tiny_model):
    model = tiny_model.fit(*mixed)
    learned = set(vars(model)) - set(model.get_params(deep=False))
    assert {name for name in learned if not name.endswith("_")} <= {"_callback_fit_ctx", "_skl_callbacks_to_teardown"}


def test_a_failed_fit_leaves_nothing_that_looks_fitted(mixed, tiny_model):
    X, y = mixed
    model = tiny_model.fit(X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y[:-1])
    for learned in ("generator_", "discriminator_", "history_"):
        assert not hasattr(model, learned)


def test_fit_checked_is_fit_in_two_steps(mixed, tiny_model):
    X, y = mixed
    one, other = clone(tiny_model).fit(X, y), clone(tiny_model)
    data = other.fit_checked(other.check_data(X), y)
    assert_frame_equal(other.sample(y), one.sample(y))
    again = other.encode(X, y)
    assert torch.equal(data.rows, again.rows)
    assert torch.equal(data.y, again.y)


def test_warm_start_from_takes_what_was_learned_and_no_parameters(mixed, tiny_model):
    fitted = tiny_model.fit(*mixed)
    other = TabularGAN(loss="hinge").warm_start_from(fitted)
    assert other.loss == "hinge"
    assert_frame_equal(other.sample(["a", "b"]), fitted.sample(["a", "b"]))
