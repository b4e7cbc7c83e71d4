"""The folder of a training log: what is written to it, and what is left if nothing is."""

import errno
import threading
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from ganaug import ImageGAN
from ganaug.training import CSVLog, log_to


def test_a_training_writes_its_history_while_it_runs(tmp_path, tiny_model):
    X, y = np.random.default_rng(0).normal(size=(30, 2)), np.repeat(["a", "b"], 15)
    with log_to(tmp_path / "log" / "run") as callbacks:
        tiny_model.set_params(callbacks=callbacks).fit(X, y)
        assert len(pd.read_csv(tmp_path / "log" / "run" / "history.csv")) == len(tiny_model.history_)
    has_events = any(path.name.startswith("events.out") for path in (tmp_path / "log" / "run").iterdir())
    assert has_events == (find_spec("tensorboard") is not None)
    assert not (tmp_path / "log" / "run" / "samples").exists()


def test_a_training_of_images_writes_samples(tmp_path):
    X = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)
    with log_to(tmp_path, images=True) as callbacks:
        model = ImageGAN(n_steps=2, width=4, latent_size=8, batch_size=8, device="cpu", callbacks=callbacks)
        model.fit(X, np.repeat(["a", "b"], 10))
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["step_000002.png"]


def test_folders_that_stay_empty_are_removed_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="Nothing was trained, so nothing is written to"), log_to(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
    assert not list(tmp_path.iterdir())


def test_folders_with_other_files_are_kept(tmp_path):
    (tmp_path / "notes").touch()
    (tmp_path / "history.csv").write_text("of an earlier training")
    with pytest.warns(UserWarning, match="Nothing was trained"), log_to(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"notes", "history.csv"}


def test_an_error_leaves_no_empty_folder_and_no_warning(tmp_path):
    with pytest.raises(ValueError, match="wrong"), log_to(tmp_path / "a" / "b"):
        raise ValueError("wrong")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_costs_the_log_and_not_the_training(tmp_path, tiny_model, monkeypatch):
    X, y = np.random.default_rng(0).normal(size=(30, 2)), np.repeat(["a", "b"], 15)
    write = CSVLog._write

    def full(self, mode, records):
        if mode == "a":
            raise OSError(errno.ENOSPC, "No space left on device", str(self.path))
        write(self, mode, records)

    monkeypatch.setattr(CSVLog, "_write", full)
    tiny_model.set_params(n_steps=30)
    before = threading.excepthook
    said = r"No space left on device.*goes on without it"
    with pytest.warns(UserWarning, match=said) as caught, log_to(tmp_path / "log") as callbacks:
        tiny_model.set_params(callbacks=callbacks).fit(X, y)
    assert len(caught) == 1
    assert threading.excepthook is before
    assert tiny_model.history_["step"].max() == 30
