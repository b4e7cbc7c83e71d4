"""TabularGAN: reproducible, safe to store, steady, and it learns the joint distribution of a class."""

import json
import threading

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal
from safetensors.torch import load_file, save_file
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from ganaug import GANOversampler, TabularGAN
from ganaug._version import __version__
from ganaug.models.base import ConditionalGAN
from ganaug.training.callbacks import Callback, Checkpoint


@parametrize_with_checks([TabularGAN(n_steps=2, hidden_sizes=(8,), batch_size=16, random_state=0)])
def test_scikit_learn_checks(estimator, check):
    import warnings

    with warnings.catch_warnings():
        # some checks have classes of fewer than six rows, of which we warn
        warnings.filterwarnings("ignore", message="Too few rows")
        check(estimator)


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


def test_torch_threads_are_left_as_they_were(mixed, tiny_model):
    torch.set_num_threads(2)
    try:
        tiny_model.fit(*mixed).sample(["a"])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_torch_threads_are_left_as_they_were_by_several_fits_at_once(mixed, tiny_model):
    torch.set_num_threads(2)
    try:
        threads = [threading.Thread(target=clone(tiny_model).fit, args=mixed) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen = []
        last = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        last.start()
        last.join()
        assert seen == [2]
    finally:
        torch.set_num_threads(1)


def test_no_seed_means_other_rows_each_time(mixed, tiny_model):
    X, y = mixed
    model = tiny_model.set_params(random_state=None)
    assert not clone(model).fit(X, y).sample(y).equals(clone(model).fit(X, y).sample(y))


@pytest.mark.parametrize("params", [{}, {"prior": "noise"}, {"pac": 4}, {"spectral_norm": True, "dropout": 0.0}])
def test_a_stored_model_samples_the_same_rows(mixed, tiny_model, tmp_path, params):
    X, y = mixed
    model = tiny_model.set_params(**params).fit(X, y)
    model.save(tmp_path / "m.ganaug")
    assert [path.name for path in tmp_path.iterdir()] == ["m.ganaug"]
    again = TabularGAN.load(tmp_path / "m.ganaug")
    assert_frame_equal(again.sample(y), model.sample(y))
    assert again.classes_.tolist() == ["a", "b", "c"]
    assert again.feature_names_in_.tolist() == list(X)
    assert_frame_equal(ConditionalGAN.load(tmp_path / "m.ganaug").sample(y), model.sample(y))


@pytest.mark.parametrize("labels", [[False, True], [0, 5], [0.0, 1.0], ["a", "b"], np.array(["a", "b"], dtype=object)])
def test_labels_survive_the_file(tiny_model, tmp_path, labels):
    y = np.repeat(np.asarray(labels), [20, 10])
    X = np.random.default_rng(0).normal(size=(30, 2))
    tiny_model.fit(X, y).save(tmp_path / "m")
    again = TabularGAN.load(tmp_path / "m")
    assert again.classes_.dtype == np.asarray(labels).dtype
    assert (again.sample(y) == tiny_model.sample(y)).all()


def forge(path, change):
    """Rewrite the stored JSON of a model file."""
    tensors = load_file(path)
    header = json.loads(tensors["json"].numpy().tobytes())
    change(header, tensors)
    tensors["json"] = torch.frombuffer(bytearray(json.dumps(header).encode()), dtype=torch.uint8)
    save_file(tensors, path)


def raise_weight(header, tensors):
    tensors["network.head.weight"][0, 0] = float("nan")


FORGERIES = {
    "no such model": lambda h, t: h.update(model="Evil"),
    "a path as model": lambda h, t: h.update(model="os.system"),
    "huge network": lambda h, t: h["params"].update(hidden_sizes=[10**9, 10**9]),
    "huge latent": lambda h, t: h["params"].update(latent_size=10**12),
    "unknown parameter": lambda h, t: h["params"].update(evil=1),
    "wrong parameter": lambda h, t: h["params"].update(loss=3),
    "no classes": lambda h, t: h["classes"].update(values=[]),
    "class dtype": lambda h, t: h["classes"].update(dtype="V999999999"),
    "no description": lambda h, t: h.pop("description"),
    "description of another kind": lambda h, t: h.update(description=[1, 2]),
    "anchor out of range": lambda h, t: t.update({"array.prior.neighbors": t["array.prior.neighbors"] + 10**6}),
    "negative counts": lambda h, t: t.update({"array.prior.counts": -t["array.prior.counts"]}),
    "NaN weight": raise_weight,
    "missing weight": lambda h, t: t.pop("network.head.weight"),
    "target's name": lambda h, t: h.update(target_name=["a"]),
    "header a list": lambda h, t: h.update(params=[1]),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_file_is_refused(mixed, tiny_model, tmp_path, name):
    path = tmp_path / "m.ganaug"
    tiny_model.set_params(prior="neighbors").fit(*mixed).save(path)
    forge(path, FORGERIES[name])
    with pytest.raises(ValueError, match=r"m\.ganaug' is damaged or was not written by ganaug"):
        TabularGAN.load(path)


def test_a_cut_foreign_or_newer_file_is_refused(mixed, tiny_model, tmp_path):
    path = tmp_path / "m.ganaug"
    tiny_model.fit(*mixed).save(path)
    whole = path.read_bytes()
    for part in (b"", whole[:7], whole[:1000], whole[: len(whole) // 2], whole[:-1], b"PK\x03\x04" + whole):
        (tmp_path / "part").write_bytes(part)
        with pytest.raises(ValueError, match="is not a whole ganaug model file"):
            TabularGAN.load(tmp_path / "part")
    save_file({"weight": torch.zeros(3)}, tmp_path / "foreign")
    with pytest.raises(ValueError, match="is not a whole ganaug model file"):
        TabularGAN.load(tmp_path / "foreign")
    forge(path, lambda h, t: h.update(format=99, ganaug="9.0"))
    with pytest.raises(ValueError, match=rf"format 99, written by ganaug 9\.0; this is ganaug {__version__}"):
        TabularGAN.load(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        TabularGAN.load(tmp_path / "nowhere")


def test_a_failed_store_leaves_the_old_file(mixed, tiny_model, tmp_path):
    X, y = mixed
    path = tmp_path / "m"
    path.write_text("old")
    model = tiny_model.fit(X.assign(period=pd.Period("2024-01", "M")), y)
    with pytest.raises(ValueError, match="'period'"):
        model.save(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


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


@pytest.mark.slow
@pytest.mark.parametrize("prior", ["neighbors", "noise"])
# ranks push clusters together that are far apart, so that a soft edge of one reaches a little into the next
@pytest.mark.parametrize(("numeric", "bound"), [("standard", 0.97), ("quantile", 0.9)])
def test_the_class_asked_for_is_the_class_generated(prior, numeric, bound):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [500, 60, 30])
    X = rng.normal(size=(590, 2)) * 0.3 + np.array([[0, 0], [4, 0], [0, 4]])[y]
    model = TabularGAN(prior=prior, numeric=numeric, random_state=0).fit(X, y)
    made = model.sample(np.repeat([0, 1, 2], 300))
    nearest = np.linalg.norm(made[:, None] - np.array([[0, 0], [4, 0], [0, 4]]), axis=2).argmin(1)
    assert (nearest == np.repeat([0, 1, 2], 300)).mean() > bound


@pytest.mark.slow
@pytest.mark.parametrize("prior", ["neighbors", "noise"])
def test_missing_cells_come_as_often_and_together_as_in_the_class(prior):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [600, 200])
    gone = rng.random(800) < np.where(y == 1, 0.5, 0.1)
    X = pd.DataFrame({"a": rng.normal(size=800), "b": rng.normal(size=800), "c": rng.choice(["u", "v"], 800)})
    X.loc[gone, ["a", "b"]] = np.nan  # a and b are missing together, and only there
    made = TabularGAN(prior=prior, random_state=0).fit(X, y).sample(np.repeat([0, 1], 500))
    assert made["c"].notna().all()
    assert (made["a"].isna() == made["b"].isna()).mean() > 0.95
    assert abs(made["a"][:500].isna().mean() - 0.1) < 0.08
    assert abs(made["a"][500:].isna().mean() - 0.5) < 0.12


def test_exact_numbers_of_a_wide_table(tiny_model):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.integers(0, 5, size=(60, 80))).rename(columns=str)
    made = tiny_model.fit(X, np.repeat([0, 1], 30)).sample(np.ones(50, int))
    assert made.isin(range(5)).all(axis=None)
    assert (made.dtypes == X.dtypes).all()


def test_a_table_of_constants(tiny_model):
    X = pd.DataFrame({"a": [1] * 20, "b": ["x"] * 20})
    made = tiny_model.fit(X, np.repeat([0, 1], 10)).sample([1, 1])
    assert_frame_equal(made, X[:2])


def test_the_budget_follows_width_and_classes(tiny_model):
    rng = np.random.default_rng(0)
    model = TabularGAN(max_time=1e-6, patience=None, device="cpu")
    y = np.repeat(np.arange(20), 10)
    assert model.fit(rng.normal(size=(200, 5)), y)._budget() == (460, 320)
    assert model.fit(rng.normal(size=(200, 100)), y % 2)._budget() == (700, 128)
    assert model.set_params(n_steps=7, batch_size=9).fit(rng.normal(size=(200, 5)), y)._budget() == (7, 9)


def test_bf16_trains_and_samples(mixed, tiny_model, tmp_path):
    model = tiny_model.set_params(precision="bf16-mixed", n_steps=20).fit(*mixed)
    assert model.history_["discriminator_penalty"].notna().all()
    assert model.generator_.head.weight.dtype == torch.float32
    model.save(tmp_path / "m")
    assert_frame_equal(TabularGAN.load(tmp_path / "m").sample(["a"] * 5), model.sample(["a"] * 5))


@pytest.mark.parametrize(
    "params",
    [
        {"categorical_features": np.array(["count"])},
        {"categorical_features": pd.Index(["count"])},
        {"categorical_features": np.arange(10) == 1},
        {"hidden_sizes": np.array([8, 4])},
        {"learning_rate": np.float32(0.001)},
    ],
)
def test_parameters_of_any_container_survive_the_file(mixed, tiny_model, tmp_path, params):
    X, y = mixed
    model = tiny_model.set_params(**params).fit(X, y)
    model.save(tmp_path / "m")
    again = TabularGAN.load(tmp_path / "m")
    assert_frame_equal(again.sample(y), model.sample(y))
    assert_frame_equal(again.set_params(random_state=0, device="cpu").fit(X, y).sample(y), model.sample(y))


def test_names_of_several_levels_survive_the_file(tiny_model, tmp_path):
    columns = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])
    X = pd.DataFrame(np.random.default_rng(0).integers(0, 4, size=(40, 2)), columns=columns)
    y = np.repeat([0, 1], 20)
    tiny_model.set_params(categorical_features=[("a", 1)]).fit(X, y).save(tmp_path / "m")
    again = TabularGAN.load(tmp_path / "m")
    assert_frame_equal(again.set_params(random_state=0, device="cpu").fit(X, y).sample(y), tiny_model.sample(y))


def test_dates_are_labels_too(tiny_model, tmp_path):
    y = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"])).repeat(10).to_numpy()
    tiny_model.fit(np.random.default_rng(0).normal(size=(20, 2)), y).save(tmp_path / "m")
    again = TabularGAN.load(tmp_path / "m")
    assert (again.classes_ == tiny_model.classes_).all()
    assert (again.sample(y) == tiny_model.sample(y)).all()


@pytest.mark.parametrize("hidden_sizes", [(), (0,), (-3,), ("a",), (8.7,)])
def test_hidden_sizes_are_named_when_wrong(mixed, tiny_model, hidden_sizes):
    with pytest.raises(ValueError, match="hidden_sizes must hold"):
        tiny_model.set_params(hidden_sizes=hidden_sizes).fit(*mixed)


@pytest.mark.parametrize("dropout", [0.001, 0.999])
def test_any_dropout_trains(mixed, tiny_model, dropout):
    assert len(tiny_model.set_params(dropout=dropout).fit(*mixed).sample(["a"])) == 1


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


@pytest.mark.parametrize(
    "params", [{"hidden_sizes": (4,)}, {"latent_size": 3}, {"prior": "neighbors"}, {"pac": 4}], ids=str
)
def test_parameters_set_after_fit_wait_for_the_next(mixed, tiny_model, tmp_path, params):
    X, y = mixed
    model = tiny_model.fit(X, y)
    made, scores = model.sample(["a", "b"]), model.judge(X[:5], y[:5])
    model.set_params(**params).save(tmp_path / "m")
    assert_frame_equal(model.sample(["a", "b"]), made)
    assert_frame_equal(TabularGAN.load(tmp_path / "m").sample(["a", "b"]), made)
    assert model.judge(X[:5], y[:5]).tolist() == scores.tolist()


def test_models_say_why_they_do_not_judge(mixed, tiny_model, tmp_path):
    X, y = mixed
    tiny_model.fit(X, y).save(tmp_path / "m")
    loaded = GANOversampler.load(tmp_path / "m")
    with pytest.raises(ValueError, match="single rows: it was loaded, and its file holds none"):
        loaded.model_.judge(X, y)
    with pytest.raises(ValueError, match=r"single rows: pac=2 judges rows together"):
        tiny_model.set_params(pac=2).fit(X, y).selection_for("discriminator", X, y, 3)
    with pytest.raises(AttributeError, match="files do not hold it"):
        loaded.history_  # noqa: B018
