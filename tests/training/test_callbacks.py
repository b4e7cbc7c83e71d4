"""Callbacks that watch: what they write, what they warn of, and that watching changes nothing."""

import copy
import pickle
import sys
import warnings

import numpy as np
import pandas as pd
import polars
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from PIL import Image
from sklearn.base import clone
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ganaug import ImageGAN, TabularGAN
from ganaug.training.callbacks import Callback, CollapseMonitor, CSVLog, Previews, Run, SampleGrid, TensorBoard
from ganaug.training.history import plot_history

PICTURES = ImageGAN(n_steps=20, width=4, latent_size=8, batch_size=8, random_state=0, device="cpu")


@pytest.fixture
def images():
    """Forty noisy pictures of 8 pixels a side, and two classes."""
    rng = np.random.default_rng(0)
    return rng.integers(10, 200, size=(40, 8, 8), dtype=np.uint8), np.repeat(["few", "many"], [10, 30])


@pytest.fixture
def model(tiny_model):
    """Return a model whose run is measured four times."""
    return tiny_model.set_params(n_steps=40)


def events(folder):
    """What TensorBoard reads of a folder."""
    read = EventAccumulator(str(folder), size_guidance={"histograms": 0, "images": 0})
    read.Reload()
    return read


class Every(Callback):
    """Do something after each step, with the run at hand."""

    def __init__(self, do):
        self.do = do

    def on_step_end(self, run):
        self.do(run)


# --- what all have in common ------------------------------------------------------------------------------------------


def test_watching_changes_no_row(mixed, model, tmp_path):
    rows = clone(model).fit(*mixed).sample(["a", "b", "c"] * 5)
    watching = [CSVLog(tmp_path / "log.csv"), CollapseMonitor(threshold=0.0, share=1.0)]
    assert_frame_equal(model.set_params(callbacks=watching).fit(*mixed).sample(["a", "b", "c"] * 5), rows)


def test_watching_changes_no_picture(images, tmp_path):
    pictures = clone(PICTURES).fit(*images).sample(["few"] * 3)
    watching = [SampleGrid(tmp_path, every=3), CollapseMonitor(threshold=0.0)]
    assert_array_equal(clone(PICTURES).set_params(callbacks=watching).fit(*images).sample(["few"] * 3), pictures)


def make(kind, path):
    return {
        "CSVLog": lambda: CSVLog(path / "log.csv"),
        "TensorBoard": lambda: TensorBoard(path / "board"),
        "CollapseMonitor": lambda: CollapseMonitor(threshold=0.0, share=1.0),
    }[kind]()


@pytest.mark.parametrize("kind", ["CSVLog", "TensorBoard", "CollapseMonitor"])
def test_copies_at_any_time(mixed, model, tmp_path, kind):
    watching = make(kind, tmp_path)
    copies = []

    def copy_it(run):
        if run.step == 15:
            copies.extend([copy.deepcopy(watching), pickle.loads(pickle.dumps(watching)), clone(watching, safe=False)])

    model.set_params(n_steps=20, callbacks=[watching, Every(copy_it)]).fit(*mixed)
    model.set_params(callbacks=[watching])
    assert_frame_equal(pickle.loads(pickle.dumps(model)).sample(["a"]), model.sample(["a"]))
    assert len(copies) == 3
    for made in copies:
        clone(model).set_params(callbacks=[made]).fit(*mixed)


def test_views_show_real_and_generated_rows_of_each_class(mixed, tiny_model):
    X, y = mixed
    seen = []
    tiny_model.set_params(
        callbacks=[Every(lambda run: seen.append((run.views.real(30), run.views.sample(4), run.views.draw)))]
    ).fit(X, y)
    real, made, draw = seen[0]
    assert draw is None
    assert list(real) == list(made) == ["a", "b", "c"]
    assert [len(rows) for rows in real.values()] == [30, 30, 10]
    assert all(len(rows) == 4 for rows in made.values())
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


# --- CSVLog -----------------------------------------------------------------------------------------------------------


def test_the_log_is_the_history_whatever_columns_come_later(mixed, tiny_model, tmp_path):
    # a longer run is not measured at its first record
    model = tiny_model.set_params(n_steps=310, callbacks=[CSVLog(tmp_path / "log.csv")]).fit(*mixed)
    read = pd.read_csv(tmp_path / "log.csv")
    assert read["distance"].isna().any()
    assert_frame_equal(read, model.history_)
    model.set_params(n_steps=10).fit(*mixed)
    assert len(pd.read_csv(tmp_path / "log.csv")) == 1


def test_a_killed_run_leaves_its_log(mixed, model, tmp_path):
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


def test_a_log_without_a_folder_is_refused_at_once(mixed, model, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder for the log '.*none"):
        model.set_params(callbacks=[CSVLog(tmp_path / "none" / "log.csv")]).fit(*mixed)


# --- TensorBoard ------------------------------------------------------------------------------------------------------


def test_tensorboard_holds_the_history_and_histograms(mixed, model, tmp_path):
    model.set_params(callbacks=[TensorBoard(tmp_path)]).fit(*mixed)
    read = events(tmp_path)
    assert set(read.Tags()["scalars"]) == set(model.history_) - {"step"}
    for name in ("discriminator_loss", "distance"):
        assert [event.step for event in read.Scalars(name)] == [10, 20, 30, 40]
        np.testing.assert_allclose([event.value for event in read.Scalars(name)], model.history_[name], rtol=1e-6)
    assert {f"age/c, {what}" for what in ("real", "generated")} < set(read.Tags()["histograms"])
    assert len(read.Histograms("height/a, generated")) == 4
    assert not read.Tags()["images"]


def test_tensorboard_shows_pictures(images, tmp_path):
    clone(PICTURES).set_params(callbacks=[TensorBoard(tmp_path)]).fit(*images)
    shown = events(tmp_path).Images("generated")
    assert [picture.step for picture in shown] == [10, 20]
    assert shown[0].width > shown[0].height > 2 * 64


@pytest.mark.parametrize("container", [np.asarray, polars.DataFrame], ids=["array", "polars"])
def test_other_tables_are_shown_and_watched(model, tmp_path, container):
    X = container(np.random.default_rng(0).normal(size=(40, 2)))
    watching = [TensorBoard(tmp_path), CollapseMonitor(threshold=0.0)]
    model.set_params(callbacks=watching).fit(X, np.repeat([0, 1], 20))
    assert len(events(tmp_path).Tags()["histograms"]) == 8


def test_without_tensorboard_the_error_says_how_to_get_it(mixed, model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ValueError, match=r"log_dir='.*'\) needs TensorBoard: pip install .ganaug.tensorboard.."):
        model.set_params(callbacks=[TensorBoard(tmp_path)]).fit(*mixed)


# --- SampleGrid -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "mode"), [((8, 8), "L"), ((9, 12, 3), "RGB"), ((8, 8, 2), "L"), ((8, 8, 4), "RGBA")])
def test_a_grid_has_a_row_for_each_class(tmp_path, shape, mode):
    X = np.random.default_rng(0).normal(size=(40, *shape)).astype("float32")
    model = clone(PICTURES).set_params(callbacks=[SampleGrid(tmp_path / "new" / "folder", every=7, n_each=3)])
    model.fit(X, np.repeat([0, 1], 20))
    files = sorted((tmp_path / "new" / "folder").iterdir())
    assert [file.name for file in files] == ["step_000007.png", "step_000014.png"]
    with Image.open(files[0]) as sheet:
        assert sheet.mode == mode
        larger = 64 // max(shape[:2])
        assert sheet.size == (3 * (larger * shape[1] + 2), 2 * (larger * shape[0] + 2))


def test_the_grid_shows_what_the_model_samples(images, tmp_path):
    model = clone(PICTURES).set_params(callbacks=[SampleGrid(tmp_path)]).fit(*images)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["step_000010.png", "step_000020.png"]
    sheet = model._draw(2).astype(float)  # of the weights kept, which need not be the last
    made = model.sample(["few", "few", "many", "many"]).astype(float)
    low, high = model.encoder_.low_, model.encoder_.high_
    corners = [sheet[row + 1 + 4, column + 1 + 4] for row in (0, 66) for column in (0, 66)]
    np.testing.assert_allclose(corners, 255 * (made[:, 0, 0] - low) / (high - low), atol=0.51)


@pytest.mark.parametrize("parameters", [{"every": 0}, {"n_each": 0}])
def test_grids_of_nothing_are_refused(images, tmp_path, parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=rf"SampleGrid\({name}=0\) must be at least 1"):
        clone(PICTURES).set_params(callbacks=[SampleGrid(tmp_path, **parameters)]).fit(*images)


def test_a_table_is_no_picture(mixed, model, tmp_path):
    with pytest.raises(ValueError, match="draws pictures, and this model makes a table"):
        model.set_params(callbacks=[SampleGrid(tmp_path / "grids")]).fit(*mixed)
    assert not (tmp_path / "grids").exists()


# --- CollapseMonitor --------------------------------------------------------------------------------------------------


def watch(monitor, real, each, **views):
    """Run a monitor over measurements, `each` the generated rows of one; return what it said, step by step."""
    current = []
    run = Run(n_steps=10 * len(each), save=lambda path: None)
    run.views = Previews(lambda n: real, lambda n: current[-1], **views)
    monitor.on_fit_start(run)
    said = []
    for index, made in enumerate([*each, None]):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if made is None:
                monitor.on_fit_end(run)
            else:
                current.append(made)
                run.step = 10 * (index + 1)
                run.history.append({"step": run.step, "distance": 1.0})
                monitor.on_step_end(run)
        said.append(" ".join(str(warning.message) for warning in caught))
    return said, run


def table(n=200, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": rng.standard_cauchy(n),
            "city": rng.choice(["Rome", "Oslo", "Lima"], n, p=[0.6, 0.35, 0.05]),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "gap": np.where(rng.random(n) < 0.3, np.nan, rng.random(n)),
            "same": 7,
        }
    )


REAL = {"rare": table()}
GOOD = {"rare": table(seed=1)}
ALIKE = {"rare": pd.concat([table(1, seed=2)] * 200, ignore_index=True).assign(gap=0.5)}
NO_OSLO = {"rare": table(seed=1).replace({"city": {"Oslo": "Rome"}})}
NO_LIMA = {"rare": table(seed=1).replace({"city": {"Lima": "Rome"}})}


def test_a_healthy_run_is_silent():
    said, _ = watch(CollapseMonitor(), REAL, [{"rare": table(seed=seed)} for seed in range(10)])
    assert said == [""] * 11


def test_rows_that_become_alike_are_told_once():
    said, run = watch(CollapseMonitor(patience=2), REAL, [GOOD, ALIKE, ALIKE, ALIKE])
    assert [bool(words) for words in said] == [False, False, True, False, False]
    assert said[2].startswith("Step 30 of 40: generated rows of class 'rare' are nearly alike; no generated row of")
    assert run.stop_reason is None


def test_a_category_that_dies_out_is_named():
    said, run = watch(CollapseMonitor(patience=1, stop=True), REAL, [GOOD, NO_OSLO])
    assert "Step 20 of 20: no generated row of class 'rare' has 'Oslo' in column 'city'." in said[1]
    assert run.stop_reason == "no generated row of class 'rare' has 'Oslo' in column 'city'"


def test_a_start_without_variety_is_not_told_but_an_end_is():
    said, _ = watch(CollapseMonitor(patience=1), REAL, [ALIKE, ALIKE, GOOD])
    assert said == [""] * 4
    said, _ = watch(CollapseMonitor(patience=1), REAL, [ALIKE, ALIKE])
    assert said[:2] == ["", ""]
    assert "nearly alike" in said[2]


def test_what_comes_back_at_once_is_not_told():
    said, _ = watch(CollapseMonitor(), REAL, [GOOD, NO_OSLO, NO_OSLO, GOOD, ALIKE, GOOD])
    assert said == [""] * 7


def test_rare_categories_and_small_classes_are_not_watched():
    assert watch(CollapseMonitor(patience=1), REAL, [GOOD, NO_LIMA])[0] == [""] * 3
    few = {"rare": table(9)}
    assert watch(CollapseMonitor(patience=1), few, [GOOD, ALIKE])[0] == [""] * 3
    constant = {"rare": pd.DataFrame({"same": [7] * 20, "also": ["x"] * 20})}
    assert watch(CollapseMonitor(patience=1), constant, [constant, constant])[0] == [""] * 3


def test_missing_cells_are_a_category_too():
    real, made = ({"c": pd.DataFrame({"city": cells})} for cells in ([None, "Rome"] * 20, ["Rome", "Oslo"] * 20))
    said, _ = watch(CollapseMonitor(patience=1), real, [real, made])
    assert "has 'missing' in column 'city'" in said[1]


def test_pictures_that_become_alike_are_told():
    rng = np.random.default_rng(0)
    real, good = ({1: rng.integers(0, 256, (50, 8, 8), dtype=np.uint8)} for _ in range(2))
    said, _ = watch(CollapseMonitor(patience=1), real, [good, {1: good[1][:1].repeat(50, 0)}], draw=lambda n: None)
    assert said[0] == ""
    assert "generated rows of class 1 are nearly alike" in said[1]
    blank = {1: np.zeros((50, 8, 8))}
    assert watch(CollapseMonitor(), blank, [good, blank], draw=lambda n: None)[0] == [""] * 3


@pytest.mark.parametrize("parameters", [{"threshold": 2}, {"share": 0}, {"n_rows": 1}, {"patience": 0}])
def test_monitors_refuse_what_means_nothing(parameters):
    ((name, value),) = parameters.items()
    with pytest.raises(ValueError, match=rf"CollapseMonitor\({name}={value}\) must be"):
        watch(CollapseMonitor(**parameters), REAL, [])


def test_bare_tensors_cannot_be_watched():
    with pytest.raises(ValueError, match="needs data to look at"):
        CollapseMonitor().on_fit_start(Run(n_steps=1, save=lambda path: None))


# --- the history ------------------------------------------------------------------------------------------------------


def test_tables_have_a_diversity(mixed, model):
    diversity = model.fit(*mixed).history_["diversity"]
    assert diversity.notna().all()
    assert (diversity > 0).all()
    same = np.repeat([[1.0, 2.0]], 20, axis=0)
    history = TabularGAN(n_steps=10, random_state=0, device="cpu").fit(same, np.repeat([0, 1], 10)).history_
    assert history["diversity"].tolist() == [1]


def test_history_is_drawn(mixed, model):
    history = model.fit(*mixed).history_
    figure = plot_history(history)
    loss, accuracy, *_ = figure.axes
    assert [ax.get_title() for ax in figure.axes][2:] == ["gradient norm", "distance", "diversity"]
    assert [text.get_text() for text in accuracy.get_legend().get_texts()] == [
        "discriminator on real",
        "discriminator on fake",
    ]
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["discriminator", "generator"]
    assert any(set(line.get_ydata()) == {0.5} for line in accuracy.lines)
    assert len(plot_history(history.drop(columns=["distance", "diversity"])).axes) == 3
    with pytest.raises(ValueError, match="nothing to draw in a history of 0 rows"):
        plot_history(history[:0])
