"""What all callbacks have in common: watching changes nothing, copies work, and what a run and its previews show."""

import copy
import pickle

import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.base import clone

from ganaug.training.callbacks import Callback, CollapseMonitor, CSVLog, Run, SampleGrid, TensorBoard


class Every(Callback):
    """Do something after each step, with the run at hand."""

    def __init__(self, do):
        self.do = do

    def on_step_end(self, run):
        self.do(run)


def test_watching_changes_no_row(mixed, model, tmp_path):
    rows = clone(model).fit(*mixed).sample(["a", "b", "c"] * 5)
    watching = [CSVLog(tmp_path / "log.csv"), CollapseMonitor(threshold=0.0, share=1.0)]
    assert_frame_equal(model.set_params(callbacks=watching).fit(*mixed).sample(["a", "b", "c"] * 5), rows)


def test_watching_changes_no_image(images, image_model, tmp_path):
    rows = clone(image_model).fit(*images).sample(["few"] * 3)
    watching = [SampleGrid(tmp_path, every=3), CollapseMonitor(threshold=0.0)]
    assert_array_equal(clone(image_model).set_params(callbacks=watching).fit(*images).sample(["few"] * 3), rows)


def callback_of(kind, path):
    return {
        "CSVLog": lambda: CSVLog(path / "log.csv"),
        "TensorBoard": lambda: TensorBoard(path / "board"),
        "CollapseMonitor": lambda: CollapseMonitor(threshold=0.0, share=1.0),
    }[kind]()


@pytest.mark.parametrize("kind", ["CSVLog", "TensorBoard", "CollapseMonitor"])
def test_copies_at_any_time(mixed, model, tmp_path, kind):
    watching = callback_of(kind, tmp_path)
    copies = []

    def copy_it(run):
        if run.step == 15:
            copies.extend([copy.deepcopy(watching), pickle.loads(pickle.dumps(watching)), clone(watching, safe=False)])

    model.set_params(n_steps=20, callbacks=[watching, Every(copy_it)]).fit(*mixed)
    model.set_params(callbacks=[watching])
    assert_frame_equal(pickle.loads(pickle.dumps(model)).sample(["a"]), model.sample(["a"]))
    assert len(copies) == 3
    for copied in copies:
        clone(model).set_params(callbacks=[copied]).fit(*mixed)


def test_previews_show_real_and_synthetic_rows_of_each_class(mixed, tiny_model):
    X, y = mixed
    seen = []
    tiny_model.set_params(
        callbacks=[Every(lambda run: seen.append((run.previews.real(30), run.previews.sample(4), run.previews.draw)))]
    ).fit(X, y)
    real, synthetic, draw = seen[0]
    assert draw is None
    assert list(real) == list(synthetic) == ["a", "b", "c"]
    assert [len(rows) for rows in real.values()] == [30, 30, 10]
    assert all(len(rows) == 4 for rows in synthetic.values())
    for label, rows in real.items():
        assert set(rows["price"]) <= set(X.loc[y == label, "price"])
        assert_frame_equal(rows, seen[-1][0][label])


def test_a_run_knows_what_its_step_recorded():
    run = Run(n_steps=30, save=lambda path: None)
    assert run.record == {}
    run.history.append({"step": 10, "distance": 1.0})
    run.step = 10
    assert run.record["distance"] == 1
    assert run.is_measured
    run.step = 11
    assert run.record == {}
    assert not run.is_measured
