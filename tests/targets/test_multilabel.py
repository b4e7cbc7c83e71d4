"""Several labels a row: which are rare, and label sets that real rows have."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from ganaug import GANOversampler, TabularGAN
from ganaug.targets import GANMultilabelOversampler
from ganaug.targets.multilabel import label_imbalance, rarest_labels


@pytest.fixture
def sampler() -> GANOversampler:
    model = TabularGAN(n_steps=5, hidden_sizes=(8,), batch_size=16, device="cpu")
    return GANOversampler(model=model, selection=None)


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = np.column_stack([X[:, 0] > -0.5, X[:, 1] > 0, X[:, 2] > 1.5, (X[:, 0] > 0) & (X[:, 1] > 1.2)]).astype(int)
    return X, y


def test_rare_labels_reach_the_mean_imbalance_with_label_sets_of_real_rows(data, sampler):
    X, y = data
    multilabel = GANMultilabelOversampler(sampler=sampler, random_state=0)
    X_res, y_res = multilabel.fit_resample(X, y)
    made = y_res[multilabel.is_synthetic_]
    assert len(made)
    real_sets, made_sets = ({tuple(row) for row in rows.tolist()} for rows in (y, made))
    assert made_sets <= real_sets
    before, after = label_imbalance(y), label_imbalance(y_res)
    rare = before > before.mean()
    assert rare.any()
    assert (after[rare] < before[rare]).all()
    # each generated row was requested for its rarest label
    assert set(rarest_labels(np.vstack([y, made]))[len(y) :].tolist()) <= set(np.flatnonzero(rare).tolist())
    np.testing.assert_array_equal(X_res[:400], X)
    np.testing.assert_array_equal(y_res[:400], y)


@pytest.mark.parametrize("dtype", ["Int64", "boolean", "category", "object", "int64[pyarrow]"])
def test_columns_of_any_dtype_come_back(dtype, data, sampler):
    X, y = data
    frame = pd.DataFrame(y, columns=list("abcd")).astype(dtype).assign(a=y[:, 0].astype(bool))
    _, y_res = GANMultilabelOversampler(sampler=sampler, random_state=0).fit_resample(X, frame)
    _, of_array = GANMultilabelOversampler(sampler=sampler, random_state=0).fit_resample(X, y)
    assert y_res.dtypes.equals(frame.dtypes)
    assert np.array_equal(y_res.to_numpy().astype(int), of_array)


@pytest.mark.parametrize("kind", ["list", "frame", "polars", "bool"])
def test_containers_come_back(kind, data, sampler):
    X, y = data
    frame = pd.DataFrame(y, columns=list("abcd"))
    given = {"list": y.tolist(), "frame": frame.astype("int8"), "polars": pl.from_pandas(frame), "bool": y.astype(bool)}
    _, y_res = GANMultilabelOversampler(sampler=sampler, random_state=0).fit_resample(X, given[kind])
    assert type(y_res) is type(given[kind])
    assert len(y_res) > 400
    if kind == "frame":
        assert (y_res.dtypes == "int8").all()
    if kind == "bool":
        assert y_res.dtype == bool


def test_rows_without_labels_and_labels_without_rows(data, sampler):
    X, y = data
    y = np.column_stack([y, np.zeros(len(y), dtype=int)])
    y[:20] = 0
    multilabel = GANMultilabelOversampler(sampler=sampler, random_state=0)
    _, y_res = multilabel.fit_resample(X, y)
    assert np.isinf(multilabel.imbalance_[-1])
    assert not y_res[:, -1].any()


def test_balanced_labels_stay_as_they_are(data, sampler):
    X, _ = data
    y = np.column_stack([np.arange(400) % 2, np.arange(400) // 2 % 2])
    with pytest.warns(UserWarning, match="no label is rarer than max_imbalance='mean'"):
        X_res, y_res = GANMultilabelOversampler(sampler=sampler).fit_resample(X, y)
    assert X_res is X
    assert y_res is y


@pytest.mark.parametrize(
    ("params", "y", "message"),
    [
        ({"max_imbalance": 0.5}, None, "max_imbalance=0.5 must be"),
        ({}, np.zeros(400), "MultiLabelBinarizer"),
        ({}, [["a"], ["b", "c"]] * 200, "MultiLabelBinarizer"),
        ({}, np.full((400, 2), 3), "other values than 0 and 1, such as 3 in column 0"),
        ({}, pd.DataFrame({"a": ["yes", "no"] * 200}), "such as 'yes' in column 'a'"),
        ({}, pd.DataFrame({"a": pd.array([None, 1] * 200, dtype="Int64")}), "200 missing cells in column 'a'"),
        ({}, sparse.csr_array(np.eye(400)), r"y is a sparse matrix.*y.toarray\(\)"),
        ({}, np.zeros((400, 2), dtype=int), "no row of y has a label"),
        ({"sampler": TabularGAN()}, None, "must be a GANOversampler"),
        ({"sampler": GANOversampler(model="image")}, None, "model='image' is not for tables"),
        ({}, np.zeros((3, 2), dtype=int), "inconsistent numbers of samples"),
    ],
)
def test_bad_input_is_refused(params, y, message, data, sampler):
    X, target = data
    with pytest.raises(ValueError, match=message):
        GANMultilabelOversampler(**{"sampler": sampler, **params}).fit_resample(X, target if y is None else y)
