"""The contract of a resampler: counts, originals untouched, legal rows, reproducible, at home in imbalanced-learn."""

import pickle
import subprocess
import sys
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.combine import SMOTETomek
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler, TomekLinks
from imblearn.utils.estimator_checks import parametrize_with_checks as imblearn_checks
from joblib import Parallel, delayed
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
)
from sklearn.utils.estimator_checks import parametrize_with_checks as sklearn_checks

from ganaug import GANOversampler, ImageGAN, TabularGAN
from ganaug.encoders import ImageEncoder, TableEncoder
from ganaug.training.callbacks import Callback, Checkpoint

TINY = TabularGAN(n_steps=3, hidden_sizes=(8,), batch_size=16, device="cpu")


def sampler(**params):
    return GANOversampler(**{"model": TINY, "random_state": 0, **params})


@imblearn_checks([sampler()])
def test_imbalanced_learn_checks(estimator, check):
    with warnings.catch_warnings():
        # some checks have classes of fewer than six rows, of which we warn
        warnings.filterwarnings("ignore", message="Too few rows")
        check(estimator)


@sklearn_checks([sampler()])
def test_scikit_learn_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Too few rows")
        check(estimator)


def test_parameters_are_validated():
    check_param_validation("GANOversampler", sampler())


def test_column_names_are_checked():
    check_dataframe_column_names_consistency("GANOversampler", sampler())


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("auto", {"a": 150, "b": 150, "c": 150}),
        ("not majority", {"a": 150, "b": 150, "c": 150}),
        ("all", {"a": 150, "b": 150, "c": 150}),
        ("minority", {"a": 150, "b": 40, "c": 150}),
        ("not minority", {"a": 150, "b": 150, "c": 10}),
        ({"c": 33}, {"a": 150, "b": 40, "c": 33}),
        ({"b": 41, "a": 150}, {"a": 150, "b": 41, "c": 10}),
        (lambda y: {"c": 2 * Counter(y)["c"]}, {"a": 150, "b": 40, "c": 20}),
    ],
)
def test_counts_hold_and_originals_come_first_unchanged(mixed, strategy, expected):
    X, y = mixed
    before = X.copy(), y.copy()
    resampler = sampler(sampling_strategy=strategy)
    X_res, y_res = resampler.fit_resample(X, y)
    assert y_res.value_counts().to_dict() == expected
    assert_frame_equal(X_res.iloc[: len(X)], X.reset_index(drop=True))
    assert_series_equal(y_res.iloc[: len(y)], y.reset_index(drop=True))
    assert_frame_equal(X, before[0])
    assert_series_equal(y, before[1])
    assert (X_res.dtypes == X.dtypes).all()
    assert resampler.is_synthetic_.tolist() == [False] * len(X) + [True] * (len(X_res) - len(X))
    synthetic = {label: expected[label] - n for label, n in y.value_counts().items()}
    assert {k: v for k, v in resampler.sampling_strategy_.items() if v} == {k: v for k, v in synthetic.items() if v}


@pytest.mark.parametrize("other", [RandomOverSampler(), RandomUnderSampler()])
def test_only_cleaners_are_taken_for_a_selection(mixed, other):
    with pytest.raises(ValueError, match=r"not a cleaning sampler of imbalanced-learn, such as TomekLinks\(\)"):
        sampler(selection=other).fit_resample(*mixed)


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_equal_share(mixed, share):
    X, y = mixed
    resampler = sampler(sampling_strategy="equal share", synthetic_share=share)
    X_res, y_res = resampler.fit_resample(X, y)
    size = {0.2: 188, 0.5: 300}[share]  # 150 real rows, of 150 / (1 - share)
    new = resampler.is_synthetic_
    assert y_res.value_counts().to_dict() == {"a": size, "b": size, "c": size}
    assert y_res[new].value_counts().to_dict() == resampler.sampling_strategy_ == dict.fromkeys("abc", size - 150)
    assert_frame_equal(X_res.iloc[: len(X)], X.reset_index(drop=True))
    assert not new[: 3 * 150].any()
    assert new[3 * 150 :].all()
    real = X_res[~new].assign(y=y_res[~new]).groupby("y")
    times = real.apply(lambda rows: rows.groupby(list(X), dropna=False, observed=True).size())
    for label, n_times in {"a": (1, 1), "b": (3, 4), "c": (15, 15)}.items():
        assert (times[label].min(), times[label].max()) == n_times
    assert (X_res.dtypes == X.dtypes).all()


def test_equal_share_of_balanced_classes_and_of_other_containers():
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat([0, 1], [20, 20])
    assert Counter(sampler(sampling_strategy="equal share").fit_resample(X, y)[1].tolist()) == {0: 25, 1: 25}
    y = np.repeat([0, 1], [28, 12])
    for wrapped in (X.tolist(), pl.DataFrame(X)):
        X_res, _ = sampler(sampling_strategy="equal share").fit_resample(wrapped, y)
        assert type(X_res) is type(wrapped)
        assert len(X_res) == 70


def test_a_float_is_the_ratio_of_two_classes(mixed):
    X, y = mixed
    two = (y != "c").to_numpy()
    _, y_res = sampler(sampling_strategy=0.8).fit_resample(X[two], y[two])
    assert Counter(y_res) == {"a": 150, "b": 120}


def test_synthetic_cells_are_legal(mixed):
    X, y = mixed
    resampler = sampler()
    synthetic = resampler.fit_resample(X, y)[0][resampler.is_synthetic_]
    assert set(synthetic["colour"]) <= {"red", "green"}
    assert set(synthetic["city"]) <= {"Rome", "Oslo", "Lima"}
    assert synthetic["count"].between(X["count"].min(), X["count"].max()).all()
    assert synthetic["height"].between(X["height"].min(), X["height"].max()).all()
    assert (synthetic["price"].round(2) == synthetic["price"]).all()
    assert (synthetic["when"] == synthetic["when"].dt.normalize()).all()
    assert (synthetic["same"] == 7).all()
    assert not synthetic.drop(columns="age").isna().any(axis=None)


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        (["no", "yes"], object),
        (["no", "yes"], "str"),
        (["no", "yes"], "category"),
        ([False, True], bool),
        ([0, 1], np.int8),
        ([-1, 7], "int64"),
    ],
)
def test_labels_of_any_type(labels, dtype):
    rng = np.random.default_rng(0)
    y = pd.Series(np.repeat(np.array(labels, dtype=object), [40, 12]), name="t").astype(dtype)
    X = rng.normal(size=(52, 2))
    X_res, y_res = sampler().fit_resample(X, y)
    assert isinstance(X_res, np.ndarray)
    assert_series_equal(y_res.iloc[:52], y)
    assert y_res.dtype == y.dtype
    assert (y_res == labels[1]).sum() == 40
    y_res = sampler().fit_resample(X, y.to_numpy())[1]
    assert y_res.dtype == y.to_numpy().dtype


def test_containers_come_back(mixed):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [30, 10])
    array = rng.normal(size=(40, 3)).astype(np.float32)
    X_res, y_res = sampler().fit_resample(array, y)
    assert X_res.dtype == np.float32
    assert X_res[:40].tobytes() == array.tobytes()
    X_res, y_res = sampler().fit_resample(array.tolist(), y.tolist())
    assert isinstance(X_res, list)
    assert isinstance(y_res, list)
    assert X_res[:40] == array.tolist()
    words = [[1, "x"], [2, "y"]] * 20
    X_res, _ = sampler().fit_resample(words, y)
    assert {type(cell) for cell in X_res[-1]} == {int, str}
    frame = pl.DataFrame({"a": array[:, 0], "b": ["u", "v", None, "w"] * 10, "c": [1, None] * 20})
    X_res, y_res = sampler().fit_resample(frame, pl.Series("t", y))
    assert X_res.schema == frame.schema
    assert X_res[:40].equals(frame)
    assert y_res.value_counts()["count"].to_list() == [30, 30]


def test_one_vs_all_targets():
    rng = np.random.default_rng(0)
    y = np.eye(3, dtype=int)[np.repeat([0, 1, 2], [20, 12, 8])]
    _, y_res = sampler().fit_resample(rng.normal(size=(40, 2)), y)
    assert y_res.shape == (60, 3)
    assert y_res.sum(0).tolist() == [20, 20, 20]


def test_nothing_requested_nothing_generated(mixed):
    X, y = mixed
    resampler = sampler(sampling_strategy={"c": 10})
    X_res, y_res = resampler.fit_resample(X, y)
    assert_frame_equal(X_res, X.reset_index(drop=True))
    assert_series_equal(y_res, y.reset_index(drop=True))
    assert not resampler.is_synthetic_.any()
    assert not hasattr(resampler, "model_")


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("prior", ["neighbors", "noise"])
def test_a_class_of_few_rows_works_with_one_warning(n, prior):
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame(rng.normal(size=(30 + n, 3))), np.repeat(["big", "small"], [30, n])
    model = clone(TINY).set_params(prior=prior)
    with pytest.warns(UserWarning, match=rf"Too few rows .*'small': {n}}}") as caught:
        _, y_res = sampler(model=model).fit_resample(X.rename(columns=str), y)
    assert len(caught) == 1
    assert Counter(y_res) == {"big": 30, "small": 30}


def test_the_same_seed_gives_the_same_rows(mixed):
    X, y = mixed
    first = sampler(random_state=3).fit_resample(X, y)[0]
    assert_frame_equal(sampler(random_state=3).fit_resample(X, y)[0], first)
    assert not sampler(random_state=4).fit_resample(X, y)[0].equals(first)
    by_state = sampler(random_state=np.random.RandomState(3)).fit_resample(X, y)[0]
    assert_frame_equal(sampler(random_state=np.random.RandomState(3)).fit_resample(X, y)[0], by_state)


def test_sample_gives_the_class_and_new_rows(mixed):
    X, y = mixed
    resampler = sampler()
    X_res, _ = resampler.fit_resample(X, y)
    rows = resampler.sample(7, "c")
    assert (rows.dtypes == X.dtypes).all()
    assert len(rows) == 7
    assert_frame_equal(resampler.sample(7, "c"), rows)
    assert not resampler.sample(7, "c", random_state=1).equals(rows)
    synthetic = X_res[resampler.is_synthetic_]
    # values beyond the range of the column become its ends
    inside = rows["height"].between(X["height"].min(), X["height"].max(), inclusive="neither")
    assert inside.any()
    assert not rows["height"][inside].isin(synthetic["height"]).any()
    assert resampler.sample(0, "c").shape == (0, X.shape[1])
    with pytest.raises(ValueError, match=r"not seen in fit: \['z'\]; known are \['a', 'b', 'c'\]"):
        resampler.sample(1, "z")


def test_fit_then_sample(mixed):
    X, y = mixed
    resampler = sampler().fit(X, y)
    assert resampler.classes_.tolist() == ["a", "b", "c"]
    assert resampler.target_name_ == "target"
    assert len(resampler.sample(3, "a")) == 3
    assert not resampler.history_.empty


def test_a_saved_sampler_gives_the_same_rows_in_a_fresh_process(mixed, tmp_path):
    X, y = mixed
    resampler = sampler()
    resampler.fit_resample(X, y)
    resampler.save(tmp_path / "model.ganaug")
    code = (
        "import sys, torch; torch.set_num_threads(1)\n"
        "from ganaug import GANOversampler\n"
        "s = GANOversampler.load(sys.argv[1]); s.sample(20, 'c').to_pickle(sys.argv[2]); print(s.target_name_)"
    )
    args = [str(tmp_path / "model.ganaug"), str(tmp_path / "rows.pkl")]
    done = subprocess.run([sys.executable, "-c", code, *args], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "target"
    assert_frame_equal(pd.read_pickle(tmp_path / "rows.pkl"), resampler.sample(20, "c"))


def test_a_checkpoint_knows_the_target_too(mixed, tmp_path):
    sampler(callbacks=[Checkpoint(tmp_path / "m")]).fit(*mixed)
    assert GANOversampler.load(tmp_path / "m").target_name_ == "target"


def test_clone_and_pickle(mixed):
    X, y = mixed
    resampler = sampler()
    X_res, _ = resampler.fit_resample(X, y)
    copy = pickle.loads(pickle.dumps(resampler))
    assert_frame_equal(copy.sample(5, "b"), resampler.sample(5, "b"))
    assert not hasattr(clone(resampler), "model_")
    assert_frame_equal(clone(resampler).fit_resample(X, y)[0], X_res)


def test_pipeline_cross_validation_and_grid_search(mixed):
    X, y = mixed
    columns = make_column_transformer((OneHotEncoder(), ["colour", "city"]), ("passthrough", ["height", "count"]))
    pipeline = make_pipeline(sampler(), columns, LogisticRegression(max_iter=500))
    scores = cross_val_score(pipeline, X, y, cv=3, error_score="raise")
    assert np.isfinite(scores).all()
    grid = {"ganoversampler__model__loss": ["rpgan", "hinge"], "ganoversampler__sampling_strategy": ["auto"]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X, y)
    assert search.best_params_["ganoversampler__model__loss"] in ("rpgan", "hinge")
    assert len(search.cv_results_["params"]) == 2


def test_two_workers_give_what_one_gives(mixed):
    X, y = mixed
    alone = sampler().fit_resample(X, y)[0]
    together = Parallel(n_jobs=2)(delayed(sampler().fit_resample)(X, y) for _ in range(2))
    for rows, _ in together:
        assert_frame_equal(rows, alone)


GIVEN = {
    "categorical_features": "auto",
    "random_state": 2,
    "device": "auto",
    "max_time": 7.0,
    "verbose": 0,
    "callbacks": [],
}


@pytest.mark.parametrize("name", GIVEN)
def test_a_parameter_of_the_sampler_overrides_the_models_whenever_it_is_given(mixed, name):
    X, y = mixed
    own = {
        "categorical_features": ["count"],
        "max_time": 9.0,
        "verbose": 1,
        "callbacks": [Callback()],
        "random_state": 1,
    }
    model = clone(TINY).set_params(**own)
    kept = GANOversampler(model=model).fit(X, y).model_
    overridden = GANOversampler(model=model, **{name: GIVEN[name]}).fit(X, y).model_
    for other, value in model.get_params().items():
        found = overridden.get_params()[other]
        assert found == (GIVEN[name] if other == name else value), other
        assert kept.get_params()[other] == value
    assert model.random_state == 1


def test_parameters_of_the_model_are_validated(mixed):
    with pytest.raises(ValueError, match="'loss' parameter of TabularGAN"):
        sampler(model=clone(TINY).set_params(loss="nonesuch")).fit(*mixed)
    with pytest.raises(ValueError, match="'hidden_sizes' parameter of TabularGAN"):
        sampler(model=clone(TINY).set_params(hidden_sizes=3)).fit(*mixed)


def count_calls(monkeypatch, owner, name, is_counted=lambda *args: True):
    """Count the calls of a method, of those whose arguments are counted."""
    method, calls = getattr(owner, name), []

    def counted(self, *args, **kwargs):
        if is_counted(*args):
            calls.append(name)
        return method(self, *args, **kwargs)

    monkeypatch.setattr(owner, name, counted)
    return calls


@pytest.mark.parametrize("selection", [None, "auto", "realism", "neighbors", "discriminator", TomekLinks()])
def test_a_table_is_validated_and_encoded_once(mixed, monkeypatch, selection):
    X, y = mixed
    checks = count_calls(monkeypatch, TabularGAN, "check_data")
    fits = count_calls(monkeypatch, TableEncoder, "fit_encode")
    encodings = count_calls(monkeypatch, TableEncoder, "_encode", lambda rows: len(rows) == len(X))
    sampler(selection=selection).fit_resample(X, y)
    assert (len(checks), len(fits), len(encodings)) == (1, 1, 1)


@pytest.mark.parametrize("selection", [None, "class", "discriminator"])
def test_images_are_read_and_encoded_once(monkeypatch, selection):
    X, y = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8), np.repeat([0, 1], [30, 10])
    model = ImageGAN(n_steps=2, width=4, latent_size=4, batch_size=4, device="cpu")
    checks = count_calls(monkeypatch, ImageGAN, "check_data")
    fits = count_calls(monkeypatch, ImageEncoder, "fit_encode")
    encodings = count_calls(monkeypatch, ImageEncoder, "_encode", lambda images: len(images) == len(X))
    sampler(model=model, selection=selection).fit_resample(X, y)
    # 20 requested images have 60 candidates, not 40
    assert (len(checks), len(fits), len(encodings)) == (1, 1, 1)


def test_samplers_can_be_combined_in_a_pipeline():
    rng, y = np.random.default_rng(0), np.repeat([0, 1], [120, 30])
    X = rng.normal(size=(150, 2)) + y[:, None]
    combined = make_pipeline(sampler(), TomekLinks(sampling_strategy="all"))
    X_res, y_res = combined.fit_resample(X, y)
    resampled, labels = sampler().fit_resample(X, y)
    cleaner = TomekLinks(sampling_strategy="all")
    X_expected, y_expected = cleaner.fit_resample(resampled, labels)
    np.testing.assert_array_equal(X_res, X_expected)
    np.testing.assert_array_equal(y_res, y_expected)
    kept = combined[-1].sample_indices_
    # as with SMOTETomek, real rows are cleaned too
    assert 0 < len(kept) < len(resampled)
    assert (~combined[0].is_synthetic_[kept]).sum() < 150
    np.testing.assert_array_equal(resampled[kept], X_res)
    # and before a classifier
    fitted = make_pipeline(sampler(), TomekLinks(sampling_strategy="all"), LogisticRegression()).fit(X, y)
    assert fitted.score(X, y) > 0.6


def test_combination_samplers_of_imbalanced_learn_take_no_other_sampler(mixed):
    with pytest.raises(ValueError, match="'smote' parameter of SMOTETomek must be an instance"):
        SMOTETomek(smote=sampler()).fit_resample(np.eye(20), np.repeat([0, 1], [14, 6]))


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (pd.DataFrame({"a": [1.0, np.inf] * 10}), [0] * 15 + [1] * 5, "'a'.*infinite"),
        (np.ones((20, 2)), [0] * 20, "more than 1 class"),
        (np.ones((20, 2)), [0] * 15 + [1] * 4, "inconsistent numbers of samples"),
        (np.ones((20, 2)), pd.Series([0] * 15 + [1] * 4 + [None]), "NaN"),
        (np.ones((20, 2)), ["a"] * 15 + ["b"] * 4 + [None], "NaN"),
        (pd.DataFrame(index=range(20)), [0] * 15 + [1] * 5, r"0 feature\(s\)"),
    ],
)
def test_bad_input_is_named(X, y, message):
    with pytest.raises(ValueError, match=message):
        sampler().fit_resample(X, y)


def test_sparse_input_is_refused_with_the_way_out():
    from scipy.sparse import csr_array

    with pytest.raises(ValueError, match=r"convert it with X\.toarray"):
        sampler().fit_resample(csr_array(np.eye(20)), [0] * 15 + [1] * 5)


def test_fewer_rows_than_there_are_cannot_be_asked_for(mixed):
    X, y = mixed
    with pytest.raises(ValueError, match="greater or equal"):
        sampler(sampling_strategy={"c": 5}).fit_resample(X, y)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda y: pd.array(y, dtype="Int64"),
        pd.Categorical,
        lambda y: pd.Index(y, name="t"),
        lambda y: pd.Series(y, dtype=object),
        lambda y: pd.Series(y, dtype="boolean"),
        lambda y: pd.Series(y, dtype="int64[pyarrow]"),
        lambda y: pd.DataFrame({"t": y}),
        lambda y: pd.get_dummies(pd.Series(y)).astype(int),
    ],
    ids=["Int64 array", "Categorical", "Index", "object", "boolean", "arrow", "frame", "one-hot frame"],
)
def test_y_of_any_container(wrap):
    y = wrap(np.repeat([0, 1], [30, 10]))
    y_res = sampler().fit_resample(np.random.default_rng(0).normal(size=(40, 2)), y)[1]
    assert type(y_res) is type(y)
    assert len(y_res) == 60
    flat = np.asarray(y_res, dtype=object)
    labels = flat.argmax(1) if flat.ndim == 2 and flat.shape[1] == 2 else flat.ravel()
    assert int(labels.astype(int).sum()) == 30
    dtypes = [getattr(values, "dtypes", getattr(values, "dtype", None)) for values in (y, y_res)]
    assert str(dtypes[0]) == str(dtypes[1])


def test_one_hot_rows_need_a_class():
    y = np.eye(2, dtype=int)[np.repeat([0, 1], [30, 10])]
    for cell in (0, 1):  # none, and both
        y[3] = cell
        with pytest.raises(ValueError, match=r"1 row with several classes or none.*GANMultilabelOversampler"):
            sampler().fit_resample(np.zeros((40, 2)), y)


def test_a_callback_on_the_model_is_told():
    seen = []

    class Ends(Callback):
        def on_fit_end(self, run):
            seen.append(run.step)

    rng = np.random.default_rng(0)
    model = clone(TINY).set_params(callbacks=[Ends()])
    GANOversampler(model=model).fit(rng.normal(size=(40, 2)), np.repeat([0, 1], [30, 10]))
    assert seen == [3]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame(np.ones((40, 2)), columns=["a", "a"]), "more than one column 'a'"),
        (pl.DataFrame({"a": [1.0] * 40}).lazy(), r"collect it with X\.collect"),
        (pl.DataFrame({"a": [1.0] * 40}).to_arrow(), "pass a DataFrame of pandas or polars"),
        (np.ma.masked_greater(np.arange(80.0).reshape(40, 2), 70), r"fill the masked cells first, e.g. with X\.filled"),
    ],
)
def test_containers_that_are_refused(X, message):
    with pytest.raises(ValueError, match=message):
        sampler().fit_resample(X, np.repeat([0, 1], [30, 10]))


def test_a_failed_fit_leaves_nothing_that_looks_fitted():
    resampler = sampler()
    # not whole numbers: all between the smallest and the largest of them would be copies
    X = np.random.default_rng(0).normal(size=(20, 1))
    resampler.fit_resample(X, np.repeat([0, 1], [14, 6]))
    with pytest.raises(ValueError, match="infinite"):
        resampler.fit_resample(np.array([[1.0], [np.inf]] * 10), np.repeat([0, 1], [14, 6]))
    assert not hasattr(resampler, "is_synthetic_")
    with pytest.raises(NotFittedError):
        resampler.sample(1, 0)


@pytest.mark.parametrize(("n", "label"), [(-1, "a"), (2.5, "a"), (3, ["a", "b", "c"])])
def test_sample_takes_a_number_and_a_label(mixed, n, label):
    resampler = sampler().fit(*mixed)
    with pytest.raises(ValueError, match="a number of rows and one label"):
        resampler.sample(n, label)
    with pytest.raises(ValueError, match="iter_sample takes a number of rows and one label"):
        resampler.iter_sample(n, label)  # before the first rows are asked for
    with pytest.raises(ValueError, match="not seen in fit"):
        resampler.iter_sample(0, "z")


@pytest.mark.parametrize(
    "params",
    [
        {"sampling_strategy": "equal share", "synthetic_share": 0.3},
        {"sampling_strategy": "equal share", "synthetic_share": 0.3, "repeat_real": False},
    ],
)
def test_weights_make_classes_equal_and_the_share_exact(mixed, params):
    X, y = mixed
    resampler = sampler(**params)
    _, y_res = resampler.fit_resample(X, y)
    weights = pd.Series(resampler.sample_weight_)
    assert len(weights) == len(y_res)
    assert weights.mean() == pytest.approx(1)
    of_class = weights.groupby(y_res.to_numpy()).sum()
    assert of_class.to_numpy() == pytest.approx(len(y_res) / 3)
    synthetic = weights[resampler.is_synthetic_].groupby(y_res[resampler.is_synthetic_].to_numpy()).sum()
    assert (synthetic / of_class).to_numpy() == pytest.approx(0.3)


def test_equal_share_without_repeats_holds_every_real_row_once(mixed):
    X, y = mixed
    resampler = sampler(sampling_strategy="equal share", synthetic_share=0.3, repeat_real=False)
    X_res, y_res = resampler.fit_resample(X, y)
    assert_frame_equal(X_res[~resampler.is_synthetic_], X.reset_index(drop=True))
    assert len(set(y_res[resampler.is_synthetic_].value_counts())) == 1


@pytest.mark.parametrize("share", [0.0, 1.0, "auto"])
def test_the_share_is_a_number_between_0_and_1(mixed, share):
    with pytest.raises(ValueError, match="'synthetic_share' parameter"):
        sampler(sampling_strategy="equal share", synthetic_share=share).fit_resample(*mixed)


def test_warnings_point_to_the_line_of_the_user():
    X, y = np.random.default_rng(0).normal(size=(33, 2)), np.repeat([0, 1], [30, 3])
    pipeline = make_pipeline(sampler(), LogisticRegression())
    for call in (clone(TINY).fit, sampler().fit, sampler().fit_resample, pipeline.fit):
        with pytest.warns(UserWarning, match="Too few rows") as caught:
            call(X, y)
        assert [warning.filename for warning in caught] == [__file__]


def with_identifiers(mixed):
    X, y = mixed
    return X.assign(customer=[f"C-{i * 7919 % 10**6:06d}" for i in range(len(X))], entry=range(len(X))), y


@pytest.mark.filterwarnings("ignore:Columns that identify rows")
@pytest.mark.parametrize("selection", ["class", "neighbors", None, TomekLinks()])
def test_synthetic_rows_have_identifiers_of_their_own(mixed, tiny_model, selection):
    X, y = with_identifiers(mixed)
    resampler = GANOversampler(model=tiny_model, selection=selection, random_state=0)
    X_res, _ = resampler.fit_resample(X, y)
    assert_frame_equal(X_res[: len(X)], X.reset_index(drop=True))
    for name in ("customer", "entry"):
        assert X_res[name].is_unique
    again, _ = clone(resampler).fit_resample(X, y)
    assert_frame_equal(again, X_res)
    assert not set(resampler.sample(90, "c")["customer"]) & set(X["customer"])


def test_ignored_columns_are_passed_to_the_model(mixed, tiny_model):
    X, y = with_identifiers(mixed)
    resampler = GANOversampler(model=tiny_model, ignore=["city", "customer", "entry"], random_state=0)
    X_res, _ = resampler.fit_resample(X, y)  # without a warning: the user knows
    assert X_res.loc[resampler.is_synthetic_, "city"].isna().all()
    assert X_res["customer"].is_unique
    learned = GANOversampler(model=tiny_model, ignore=[], random_state=0).fit_resample(X, y)[0]
    assert learned["customer"].isin(X["customer"]).all()
    with pytest.raises(ValueError, match="ignore holds 'town'"):
        GANOversampler(model=tiny_model, ignore=["town"]).fit_resample(X, y)
    with pytest.raises(
        ValueError, match=r"ignore=\['a'\] is given, but the model is ImageGAN, which has no parameter 'ignore'; leave"
    ):
        GANOversampler(ignore=["a"]).fit_resample(np.zeros((20, 8, 8), dtype=np.uint8), np.repeat([0, 1], [14, 6]))


def test_identifiers_are_no_classes(mixed):
    X, _ = with_identifiers(mixed)
    with pytest.raises(
        ValueError, match="y, column 'customer', has 200 different values in 200 rows: it identifies rows"
    ):
        GANOversampler().fit_resample(X.drop(columns="customer"), X["customer"])
