"""Model files: the same rows again, plain data only, and whatever is damaged or forged is refused."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ganaug import ImageGAN, TabularGAN
from ganaug._version import __version__
from ganaug.models import ConditionalGAN
from ganaug.models.persistence import FORMAT


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
    tensors["generator.head.weight"][0, 0] = float("nan")


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
    "weight of no network": lambda h, t: t.update({"network.head.weight": t["generator.head.weight"].clone()}),
    "missing weight": lambda h, t: t.pop("generator.head.weight"),
    "target's name": lambda h, t: h.update(target_name=["a"]),
    "header a list": lambda h, t: h.update(params=[1]),
    "long labels": lambda h, t: h["classes"].update(dtype="<U500000000"),
    "a million classes": lambda h, t: h["classes"].update(values={"items": list(range(10**6))}, dtype="<i8"),
    "class twice": lambda h, t: h["classes"].update(values={"items": ["a", "a", "b"]}),
    "huge decimal": lambda h, t: h["classes"].update(values={"items": [{"decimal": "1e2999999"}] * 3}, dtype="|O"),
    "a million layers": lambda h, t: h["params"].update(hidden_sizes={"items": [4] * 10**6}),
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
        with pytest.raises(ValueError, match="is not a complete ganaug model file"):
            TabularGAN.load(tmp_path / "part")
    save_file({"weight": torch.zeros(3)}, tmp_path / "foreign")
    with pytest.raises(ValueError, match="is not a complete ganaug model file"):
        TabularGAN.load(tmp_path / "foreign")
    forge(path, lambda h, t: h.update(format=99, ganaug="9.0"))
    with pytest.raises(ValueError, match=rf"format 99, written by ganaug 9\.0\. This is ganaug {__version__}"):
        TabularGAN.load(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        TabularGAN.load(tmp_path / "nowhere")


def test_a_failed_store_leaves_the_old_file(mixed, tiny_model, tmp_path):
    X, y = mixed
    path = tmp_path / "m"
    path.write_text("old")
    model = tiny_model.set_params(constraints=[lambda frame: frame.notna().any(axis=1)]).fit(X, y)
    with pytest.raises(ValueError, match="the function"):
        model.save(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


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


@pytest.mark.parametrize(
    "params", [{"hidden_sizes": (4,)}, {"latent_size": 3}, {"prior": "neighbors"}, {"pac": 4}], ids=str
)
def test_parameters_set_after_fit_wait_for_the_next(mixed, tiny_model, tmp_path, params):
    X, y = mixed
    model = tiny_model.fit(X, y)
    made, scores = model.sample(["a", "b"]), model.score_samples(X[:5], y[:5])
    model.set_params(**params).save(tmp_path / "m")
    assert_frame_equal(model.sample(["a", "b"]), made)
    assert_frame_equal(TabularGAN.load(tmp_path / "m").sample(["a", "b"]), made)
    assert model.score_samples(X[:5], y[:5]).tolist() == scores.tolist()


def test_a_file_of_another_model_class_names_it(tiny_model, mixed, tmp_path):
    tiny_model.fit(*mixed).save(tmp_path / "m")
    with pytest.raises(ValueError, match=r"holds a TabularGAN, not an? ImageGAN; read it with TabularGAN\.load"):
        ImageGAN.load(tmp_path / "m")


def test_files_of_other_formats_are_refused(tiny_model, mixed, tmp_path):
    tiny_model.fit(*mixed).save(tmp_path / "m")
    forge(tmp_path / "m", lambda h, t: h.update(format=FORMAT - 1))
    with pytest.raises(ValueError, match=f"has format {FORMAT - 1}"):
        TabularGAN.load(tmp_path / "m")


@pytest.mark.parametrize("text", ["[" * 200_000 + "]" * 200_000, '{"a":' * 200_000 + "1" + "}" * 200_000])
def test_a_deep_header_is_refused(mixed, tiny_model, tmp_path, text):
    path = tmp_path / "m"
    tiny_model.fit(*mixed).save(path)
    tensors = load_file(path)
    tensors["json"] = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    save_file(tensors, path)
    with pytest.raises(ValueError, match="is not a complete ganaug model file"):
        TabularGAN.load(path)


@pytest.mark.parametrize("seed", range(4))
def test_a_cut_file_is_refused(mixed, tiny_model, tmp_path, seed):
    rng = np.random.default_rng(seed)
    path = tmp_path / "m"
    tiny_model.set_params(prior="neighbors").fit(*mixed).save(path)
    whole = path.read_bytes()
    for _ in range(8):
        path.write_bytes(whole[: rng.integers(len(whole))])
        with pytest.raises(ValueError, match="is not a complete ganaug model file"):
            TabularGAN.load(path)


def test_a_flipped_bit_is_refused(mixed, tiny_model, tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "m"
    tiny_model.set_params(prior="neighbors").fit(*mixed).save(path)
    whole = path.read_bytes()
    # the words of safetensors' own header are no part of the model: that the checksum is there may go unnoticed
    first = 8 + int.from_bytes(whole[:8], "little")
    for place in rng.integers(first, len(whole), 60):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="its checksum is wrong, so it was changed after it was saved"):
            TabularGAN.load(path)


def test_a_flipped_bit_of_the_file_header_is_refused_or_harmless(mixed, tiny_model, tmp_path):
    X, y = mixed
    path = tmp_path / "m"
    expected = tiny_model.fit(X, y).sample(y)
    tiny_model.save(path)
    whole = path.read_bytes()
    for place in range(0, 8 + int.from_bytes(whole[:8], "little"), 23):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            again = TabularGAN.load(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
        else:
            pd.testing.assert_frame_equal(again.sample(y), expected)


def test_a_file_without_a_checksum_is_read(mixed, tiny_model, tmp_path):
    X, y = mixed
    path = tmp_path / "m"
    expected = tiny_model.fit(X, y).sample(y)
    tiny_model.save(path)
    save_file(load_file(path), path, metadata={"format": "ganaug"})  # as earlier versions wrote it
    pd.testing.assert_frame_equal(TabularGAN.load(path).sample(y), expected)


def test_a_full_disk_is_one_clear_error_and_leaves_the_old_file(mixed, tiny_model, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    path = tmp_path / "m"
    path.write_text("old")
    tiny_model.fit(*mixed)
    monkeypatch.setattr("ganaug.models.persistence.save_file", fail)
    with pytest.raises(OSError, match="No space left on device") as raised:
        tiny_model.save(path)
    assert raised.value.filename == str(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_what_would_not_load_again_is_not_saved(mixed, tiny_model, tmp_path, monkeypatch):
    path = tmp_path / "m"
    path.write_text("old")
    tiny_model.fit(*mixed)
    monkeypatch.setattr("ganaug.models.persistence._restored", lambda *_: int("no number"))
    with pytest.raises(ValueError, match="cannot be stored in a file: it would not load again"):
        tiny_model.save(path)
    assert path.read_text() == "old"
