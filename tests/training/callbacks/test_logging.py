"""Callbacks that show or store a run: what they write, and what they refuse."""

import sys

import numpy as np
import pandas as pd
import polars
import pytest
from pandas.testing import assert_frame_equal
from PIL import Image
from sklearn.base import clone
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ganaug.training.callbacks import Callback, CollapseMonitor, CSVLog, SampleGrid, TensorBoard


def events(folder):
    """Return what TensorBoard reads in a folder."""
    read = EventAccumulator(str(folder), size_guidance={"histograms": 0, "images": 0})
    read.Reload()
    return read


class Every(Callback):
    """Do something after each step, with the run at hand."""

    def __init__(self, do):
        self.do = do

    def on_step_end(self, run):
        self.do(run)


class TestCSVLog:
    def test_the_log_is_the_history_whatever_columns_come_later(self, mixed, tiny_model, tmp_path):
        # a longer run is not measured at its first record
        model = tiny_model.set_params(n_steps=310, callbacks=[CSVLog(tmp_path / "log.csv")]).fit(*mixed)
        read = pd.read_csv(tmp_path / "log.csv")
        assert read["distance"].isna().any()
        assert_frame_equal(read, model.history_)
        model.set_params(n_steps=10).fit(*mixed)
        assert len(pd.read_csv(tmp_path / "log.csv")) == 1

    def test_a_killed_run_leaves_its_log(self, mixed, model, tmp_path):
        rows = []

        def kill(run):
            if run.record:
                rows.append(len(pd.read_csv(tmp_path / "log.csv")))
            if run.step == 25:
                raise KeyboardInterrupt

        model.set_params(callbacks=[CSVLog(tmp_path / "log.csv"), Every(kill)])
        with pytest.raises(KeyboardInterrupt):
            model.fit(*mixed)
        assert rows == [1, 2]
        assert pd.read_csv(tmp_path / "log.csv")["step"].tolist() == [10, 20]

    def test_a_log_without_a_folder_is_refused_at_once(self, mixed, model, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"no folder for the log '.*none.*create '.*none' first"):
            model.set_params(callbacks=[CSVLog(tmp_path / "none" / "log.csv")]).fit(*mixed)


class TestTensorBoard:
    def test_tensorboard_holds_the_history_and_histograms(self, mixed, model, tmp_path):
        model.set_params(callbacks=[TensorBoard(tmp_path)]).fit(*mixed)
        read = events(tmp_path)
        assert set(read.Tags()["scalars"]) == set(model.history_) - {"step"}
        for name in ("discriminator_loss", "distance"):
            assert [event.step for event in read.Scalars(name)] == [10, 20, 30, 40]
            np.testing.assert_allclose([event.value for event in read.Scalars(name)], model.history_[name], rtol=1e-6)
        assert {f"age/c, {what}" for what in ("real", "synthetic")} < set(read.Tags()["histograms"])
        assert len(read.Histograms("height/a, synthetic")) == 4
        assert not read.Tags()["images"]

    def test_tensorboard_shows_images(self, images, image_model, tmp_path):
        clone(image_model).set_params(callbacks=[TensorBoard(tmp_path)]).fit(*images)
        shown = events(tmp_path).Images("synthetic")
        assert [image.step for image in shown] == [10, 20]
        assert shown[0].width > shown[0].height > 2 * 64

    @pytest.mark.parametrize("container", [np.asarray, polars.DataFrame], ids=["array", "polars"])
    def test_other_tables_are_shown_and_watched(self, model, tmp_path, container):
        X = container(np.random.default_rng(0).normal(size=(40, 2)))
        watching = [TensorBoard(tmp_path), CollapseMonitor(threshold=0.0)]
        model.set_params(callbacks=watching).fit(X, np.repeat([0, 1], 20))
        assert len(events(tmp_path).Tags()["histograms"]) == 8

    def test_without_tensorboard_the_error_says_how_to_get_it(self, mixed, model, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "tensorboard", None)
        with pytest.raises(
            ImportError, match=r"log_dir='.*'\) needs the package tensorboard; run: pip install .ganaug.tensorboard.."
        ):
            model.set_params(callbacks=[TensorBoard(tmp_path)]).fit(*mixed)


class TestSampleGrid:
    @pytest.mark.parametrize(
        ("shape", "mode"), [((8, 8), "L"), ((9, 12, 3), "RGB"), ((8, 8, 2), "L"), ((8, 8, 4), "RGBA")]
    )
    def test_a_grid_has_a_row_for_each_class(self, image_model, tmp_path, shape, mode):
        X = np.random.default_rng(0).normal(size=(40, *shape)).astype("float32")
        model = clone(image_model).set_params(callbacks=[SampleGrid(tmp_path / "new" / "folder", every=7, n_each=3)])
        model.fit(X, np.repeat([0, 1], 20))
        files = sorted((tmp_path / "new" / "folder").iterdir())
        assert [file.name for file in files] == ["step_000007.png", "step_000014.png"]
        with Image.open(files[0]) as sheet:
            assert sheet.mode == mode
            larger = 64 // max(shape[:2])
            assert sheet.size == (3 * (larger * shape[1] + 2), 2 * (larger * shape[0] + 2))

    def test_the_grid_shows_what_the_model_samples(self, images, image_model, tmp_path):
        model = clone(image_model).set_params(callbacks=[SampleGrid(tmp_path)]).fit(*images)
        assert sorted(file.name for file in tmp_path.iterdir()) == ["step_000010.png", "step_000020.png"]
        sheet = model._preview_drawer()(2).astype(float)  # of the weights kept, which need not be the last
        synthetic = model.sample(["few", "few", "many", "many"]).astype(float)
        low, high = model.encoder_.low_, model.encoder_.high_
        corners = [sheet[row + 1 + 4, column + 1 + 4] for row in (0, 66) for column in (0, 66)]
        np.testing.assert_allclose(corners, 255 * (synthetic[:, 0, 0] - low) / (high - low), atol=0.51)

    @pytest.mark.parametrize("parameters", [{"every": 0}, {"n_each": 0}])
    def test_grids_of_nothing_are_refused(self, images, image_model, tmp_path, parameters):
        (name,) = parameters
        with pytest.raises(ValueError, match=rf"SampleGrid\({name}=0\) must be at least 1"):
            clone(image_model).set_params(callbacks=[SampleGrid(tmp_path, **parameters)]).fit(*images)

    def test_a_table_has_no_images(self, mixed, model, tmp_path):
        with pytest.raises(ValueError, match="stores images, and this model has no images"):
            model.set_params(callbacks=[SampleGrid(tmp_path / "grids")]).fit(*mixed)
        assert not (tmp_path / "grids").exists()
