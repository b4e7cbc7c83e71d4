"""The file of a training: whole or refused, and worth its time."""

import errno
import os
from pathlib import Path

import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal

from ganaug.training import (
    CSVLog,
    EarlyStopping,
    Fabric,
    LatentPrior,
    LengthBatches,
    TrainingFile,
    TrainingState,
    reconstruction_phase,
    train,
    training_file,
)
from ganaug.training.batches import BalancedBatches
from ganaug.training.ema import EMA

FABRIC = Fabric(accelerator="cpu", devices=1)
IDENTITY = {"loss": "'rpgan'"}


class Decoder(torch.nn.Linear):
    def forward(self, y, latent):
        return super().forward(latent)


def state(seed=0):
    """Return the state of an autoencoder of vectors."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder, decoder = torch.nn.Linear(3, 2), Decoder(2, 3)
    rng = torch.Generator().manual_seed(seed)
    rows, y = torch.randn(20, 3, generator=torch.Generator().manual_seed(7)), torch.arange(20) % 2
    batches = BalancedBatches(rows, y, LatentPrior(2), batch_size=4, pac=1, generator=rng, device=torch.device("cpu"))
    phase = reconstruction_phase(encoder, decoder, fabric=FABRIC, learning_rate=1e-2)
    return TrainingState([phase], EMA(decoder, 0.9), batches)


def run(stage, *, seed=0, n_steps=40, callbacks=()):
    """Train, and return the weights and the history."""
    own = state(seed)
    history = train(
        own,
        fabric=FABRIC,
        n_steps=n_steps,
        max_time=None,
        callbacks=callbacks,
        measure=lambda network: {"distance": float(network.weight.abs().sum())},
        keep_best=False,
        save=lambda path: None,
        stage=stage,
    )
    return own.average.module.weight.clone(), history


def opened(path="run.ck", seed=5, **identity):
    return TrainingFile(path, IDENTITY | identity, seed, is_seed_given=True)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def stored():
    """Return the bytes of a file of a stage that is over."""
    run(opened().stage("training"))
    return Path("run.ck").read_bytes()


def test_a_stage_that_is_over_is_not_repeated(stored):
    weight, history = run(None)
    again, same = run(opened().stage("training"), seed=3)
    assert torch.equal(weight, again)
    assert same["step"].tolist() == history["step"].tolist()
    assert "other" not in opened().stages


@pytest.mark.parametrize("place", [0.3, 0.6, 0.99])
def test_a_damaged_file_is_refused(stored, place):
    at = int(place * len(stored))
    for damaged in (stored[:at], stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :], stored + b"\0"):
        Path("run.ck").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"checkpoint 'run.ck' is damaged: .* Delete it to begin anew"):
            opened()
        assert Path("run.ck").read_bytes() == damaged


@pytest.mark.parametrize("content", [b"", b"age,plan\n1,a\n", b"\x89PNG\r\n", b"ganaug checkpoint 7 x\ny"])
def test_files_of_others_are_refused_and_kept(content):
    Path("run.ck").write_bytes(content)
    with pytest.raises(
        ValueError, match=r"'run.ck' exists and is not a checkpoint of this version of ganaug.* delete the"
    ):
        opened()
    assert Path("run.ck").read_bytes() == content


def test_a_file_with_a_right_checksum_and_wrong_contents_is_refused(stored):
    file = opened()
    file.stages["training"]["state"]["parts"]["average"]["average"]["weight"] = torch.zeros(9, 9)
    file.write()
    with pytest.raises(ValueError, match="is damaged: ValueError: stored weights 'weight' have shape"):
        run(opened().stage("training"))
    file.stages["training"] = {"state": None}
    file.write()
    with pytest.raises(ValueError, match="is damaged"):
        run(opened().stage("training"))


def test_places_that_cannot_hold_a_file_are_refused_before_training(monkeypatch):
    Path("folder").mkdir()
    with pytest.raises(IsADirectoryError, match="checkpoint 'folder' is a folder"):
        opened("folder")
    with pytest.raises(FileNotFoundError, match=r"create '.*none' first"):
        opened("none/run.ck")
    with pytest.raises(OSError, match="not a regular file"):
        opened("/dev/null")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match="is not writable"):
        opened()


def test_a_full_disk_keeps_the_last_good_checkpoint(monkeypatch):
    monkeypatch.setattr(training_file, "EVERY", 0.0)
    monkeypatch.setattr(training_file, "PART", 1e9)
    write, n_writes = Path.write_bytes, []

    def fill(path, data):
        n_writes.append(path)
        if len(n_writes) > 11:
            write(path, data[:100])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return write(path, data)

    stage = opened().stage("training")
    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.warns(UserWarning, match=r"could not be written.*space.*continues") as said:
        weight, _ = run(stage)
    monkeypatch.setattr(Path, "write_bytes", write)
    assert len(said) == 1
    assert len(n_writes) > 30
    assert [path.name for path in Path().iterdir()] == ["run.ck"]
    assert opened().stages["training"]["state"]["step"] == 10
    assert torch.equal(weight, run(None)[0])
    assert torch.equal(weight, run(opened().stage("training"), seed=4)[0])


def test_a_disk_that_is_full_before_training_is_an_error(monkeypatch):
    def fill(path, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.raises(OSError, match="space"):
        run(opened().stage("training"))


def test_writing_takes_a_hundredth_of_the_time_however_slow_the_disk(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(training_file.time, "monotonic", lambda: now[0])
    write, times = Path.write_bytes, []

    def slowly(path, data):
        times.append(now[0])
        now[0] += 2.0
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", slowly)
    file = opened()
    file.write()
    for _ in range(1000):
        now[0] += 1
        if file.is_due:
            file.write()
    assert 2.0 * len(times) <= 0.012 * now[0]
    monkeypatch.setattr(Path, "write_bytes", write)  # a fast disk: every half minute
    file.write()
    now[0] += 29
    assert not file.is_due
    now[0] += 1
    assert file.is_due


class StopError(Exception):
    pass


def stopped_at(stage, step, monkeypatch, callbacks=()):
    monkeypatch.setattr(training_file, "EVERY", 0.0)
    monkeypatch.setattr(training_file, "PART", 1e9)
    after_step = stage.after_step

    def stop(own, n_steps):
        after_step(own, n_steps)
        if own.step == step:
            raise StopError

    stage.after_step = stop
    with pytest.raises(StopError):
        run(stage, callbacks=callbacks)


def test_the_log_of_a_run_that_goes_on_is_whole(monkeypatch):
    run(None, callbacks=[CSVLog("whole.csv")])
    stopped_at(opened().stage("training"), 25, monkeypatch, [CSVLog("log.csv")])
    run(opened().stage("training"), seed=3, callbacks=[CSVLog("log.csv")])
    kept = ["step", "distance", "autoencoder_loss"]
    one, other = pd.read_csv("log.csv"), pd.read_csv("whole.csv")
    assert_frame_equal(one[kept], other[kept])
    run(opened().stage("training"), callbacks=[CSVLog("log.csv")])  # it is over already
    assert pd.read_csv("log.csv")["step"].tolist() == [10, 20, 30, 40]


def test_callbacks_with_a_state_go_on_with_it(monkeypatch):
    class Counter(EarlyStopping):
        n = 0

        def on_step_end(self, run):
            self.n += 1

        def state_dict(self):
            return {"n": self.n}

        def load_state_dict(self, state):
            self.n = state["n"]

    stopped_at(opened().stage("training"), 25, monkeypatch, [Counter()])
    counter = Counter()
    run(opened().stage("training"), callbacks=[counter])
    assert counter.n == 40 + 1  # one is for the start of a fit


def test_batches_of_sequences_go_on_at_each_place():
    def batches(seed):
        tokens, lengths = torch.arange(60).view(20, 3), torch.arange(20) % 3 + 1
        rng = torch.Generator().manual_seed(seed)
        return LengthBatches(tokens, lengths, lengths % 2, batch_size=4, generator=rng, device=torch.device("cpu"))

    whole = batches(0)
    wanted = [next(whole) for _ in range(40)]
    for place in (0, 1, 15, 16, 17, 33):
        begun, other = batches(0), batches(9)
        for _ in range(place):
            next(begun)
        other.load_state_dict(begun.state_dict())
        for batch in wanted[place:]:
            assert torch.equal(next(other).real, batch.real)
