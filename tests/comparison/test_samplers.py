"""Samplers by name, rows repeated in every container, and several numbers of rows out of one training."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug import GANOversampler, compare
from ganaug.comparison import RealRows
from ganaug.comparison.samplers import SharedTraining

METRICS = ["average precision", "ROC AUC", "balanced accuracy", "F1", "recall at precision 0.5", "Brier score"]


def test_neighbors_are_limited_by_the_class_and_names_of_imbalanced_learn_work(two, nb):
    X, y = two
    few = np.r_[:30, 96:101]  # five rare rows, three of them to train on
    frame = compare(X.iloc[few], y[few], samplers=["SMOTE", "BorderlineSMOTE", "SVMSMOTE"], **{**nb, "n_splits": 2})
    assert frame.frame()[METRICS].notna().all(axis=None)


@pytest.mark.parametrize("repeat", [True, False])
@pytest.mark.parametrize("kind", ["pandas", "polars", "array", "list", "images"])
def test_rows_are_kept_and_repeated_in_every_container(two, kind, repeat):
    X, y = two
    given = {
        "pandas": (X.set_axis(range(5, 125)), pd.Series(y, index=range(5, 125), dtype="category")),
        "polars": (pl.DataFrame({name: X[name].tolist() for name in X}), pl.Series("y", y.tolist())),
        "array": (X.to_numpy(), y),
        "list": (X.to_numpy().tolist(), y.tolist()),
        "images": (X.to_numpy().reshape(120, 2, 2), y),
    }[kind]
    sampler = RealRows(repeat=repeat, random_state=0)
    X_res, y_res = sampler.fit_resample(*given)
    assert type(X_res) is type(given[0])
    assert type(y_res) is type(given[1])
    n_sick = 96 if repeat else 24
    assert pd.Series(list(y_res)).value_counts().to_dict() == {"well": 96, "sick": n_sick}
    np.testing.assert_array_equal(np.asarray(X_res)[:120], np.asarray(given[0]))
    known = set(map(str, np.asarray(given[0]).tolist()))
    assert {str(row) for row in np.asarray(X_res).tolist()} == known
    assert sampler.is_synthetic_.tolist() == [False] * (96 + n_sick)


def test_parts_go_part_of_the_way_and_share_one_training(mixed, tiny, fit_counter, tmp_path):
    X, y = mixed[0].iloc[np.arange(200)], mixed[1].to_numpy()
    sampler = GANOversampler(model=tiny.model, random_state=0, callbacks=[fit_counter()])
    rows = []
    for part, sizes in {0.25: [150, 68, 45], 0.5: [150, 95, 80], 1.0: [150, 150, 150]}.items():
        X_res, y_res = SharedTraining(sampler, "part", part, str(tmp_path)).fit_resample(X, y)
        assert np.unique(y_res, return_counts=True)[1].tolist() == sizes
        pd.testing.assert_frame_equal(X_res[:200], X.reset_index(drop=True))
        assert (y_res[:200] == y).all()
        rows.append(set(map(str, X_res.to_numpy().tolist())))
    assert rows[0] < rows[1] < rows[2]
    assert fit_counter.n_fits == 1


def test_equal_shares_and_parts_share_one_training_too(mixed, tiny, fit_counter, tmp_path):
    X, y = mixed[0].iloc[np.arange(200)], mixed[1].to_numpy()
    sampler = GANOversampler(
        model=tiny.model,
        sampling_strategy="equal share",
        synthetic_share=0.5,
        random_state=0,
        callbacks=[fit_counter()],
    )
    rows = []
    # 150 real rows of each class, repeated where there are fewer, and the share of synthetic ones
    for share, n in {0.1: 167, 0.35: 231, 0.5: 300}.items():
        X_res, y_res = SharedTraining(sampler, "equal share", share, str(tmp_path)).fit_resample(X, y)
        assert np.unique(y_res, return_counts=True)[1].tolist() == [n] * 3
        pd.testing.assert_frame_equal(X_res[:200], X.reset_index(drop=True))
        rows.append(set(map(str, X_res.to_numpy().tolist())))
    assert rows[0] < rows[1] < rows[2]
    X_res, y_res = SharedTraining(sampler, "part", 0.5, str(tmp_path)).fit_resample(X, y)
    assert np.unique(y_res, return_counts=True)[1].tolist() == [150, 95, 80]
    assert set(map(str, X_res.to_numpy().tolist())) < rows[2]
    assert fit_counter.n_fits == 1
