"""The comparison is fair: all samplers get the same training rows, and test rows stay unseen."""

import importlib
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from ganaug import GANOversampler, TabularGAN, compare

METRICS = ["average precision", "ROC AUC", "balanced accuracy", "F1", "recall at precision 0.5", "Brier score"]


def test_no_test_row_reaches_a_sampler_and_every_row_is_tested_once(two, spy, nb):
    X, y = two
    frame = compare(X, y, samplers=spy(), **nb).frame()
    numbers = [set(seen["number"]) for seen, _ in spy.seen]
    assert [len(rows) for rows in numbers] == frame.query("sampler == 'Spy'")["n_train"].tolist() == [80] * 3
    left = [set(X["number"]) - rows for rows in numbers]
    assert set.union(*left) == set(X["number"])
    assert sum(map(len, left)) == len(X)


def test_sorted_rows_are_split_like_any_others(two, spy, nb):
    compare(*two, samplers=spy(), **nb)
    assert all((labels == "sick").sum() == 16 for _, labels in spy.seen)


def test_a_group_is_never_on_both_sides(two, spy, nb):
    X, y = two
    groups = np.random.default_rng(1).integers(0, 30, 120)
    compare(X, y, groups=groups, samplers=spy(), **{**nb, "n_repeats": 2})
    assert len(spy.seen) == 6
    trained = [set(seen["number"].astype(int)) for seen, _ in spy.seen]
    assert len({frozenset(rows) for rows in trained}) == 6
    for rows in trained:
        test = set(range(120)) - rows
        assert test
        assert not set(groups[list(rows)]) & set(groups[list(test)])


def test_samplers_that_do_the_same_score_the_same(two, spy, nb):
    same = {"one": SMOTE(), "other": SMOTE(), "spy": spy(), "none": "none", "threshold": "threshold"}
    frame = compare(*two, samplers=same, **nb).frame()
    scores = {name: rows[METRICS].to_numpy() for name, rows in frame.groupby("sampler")}
    np.testing.assert_array_equal(scores["one"], scores["other"])
    np.testing.assert_array_equal(scores["spy"], scores["none"])
    # a threshold moves decisions and nothing else
    order = [METRICS.index(name) for name in ("average precision", "ROC AUC", "Brier score")]
    np.testing.assert_allclose(scores["threshold"][:, order], scores["none"][:, order])
    assert (scores["one"] != scores["none"]).any()


def test_images(spy, nb):
    digits = load_digits()
    kept = np.isin(digits.target, (3, 8)) & (np.arange(1797) < 700)
    samplers = ["random", "SMOTE", spy()]
    frame = compare(digits.images[kept], digits.target[kept] == 8, samplers=samplers, **nb).frame()
    assert frame[METRICS].notna().all(axis=None)
    assert spy.seen[0][0].shape[1:] == (8, 8)


def test_what_fails_is_noted_and_the_rest_goes_on(two, broken, nb):
    comparison = compare(*two, samplers=["weights", broken()], **nb)
    frame = comparison.frame().set_index("sampler")
    assert frame.loc["Broken", "note"].unique().tolist() == ["RuntimeError: no rows today"]
    assert frame.loc["Broken", METRICS].isna().all(axis=None)
    assert frame.drop(index="Broken")[METRICS].notna().all(axis=None)
    failed = comparison.verdict[-1]
    assert (failed.question, failed.answer) == ("What could not be scored?", "unknown")
    assert failed.sentence == (
        "Broken with GaussianNB could not be scored in all 3 splits. RuntimeError: no rows today"
    )
    assert comparison.summary().query("sampler == 'Broken'")[["mean", "low", "difference", "p"]].isna().all(axis=None)
    assert comparison.best_ in ("none", "weights")


@pytest.mark.slow
def test_two_processes_find_the_same_and_progress_is_shown_on_request(two, nb, capsys):
    options = {**nb, "samplers": ["SMOTE", "random"]}
    one = compare(*two, **options).frame()
    assert capsys.readouterr() == ("", "")
    other = compare(*two, **options, n_jobs=2, verbose=1).frame()
    pd.testing.assert_frame_equal(one.drop(columns="fit_seconds"), other.drop(columns="fit_seconds"))
    out, err = capsys.readouterr()
    assert not out
    planned, *_, last = err.splitlines()
    assert planned.startswith("comparing 3 ways (none, SMOTE, random) with GaussianNB on 3 splits; ")
    assert last.startswith("comparing: 9 of 9 done")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"samplers": ["none", "SMOTTE"]}, "unknown name 'SMOTTE'; use .* none, weights, threshold, random, SMOTE"),
        ({"samplers": [3]}, "is not an instance with fit_resample"),
        ({"samplers": []}, "samplers is empty"),
        ({"samplers": [SMOTE(), SMOTE(k_neighbors=2)]}, "the same name twice"),
        ({"samplers": {"none": SMOTE()}}, "reserved for no resampling"),
        ({"classifiers": "Logistic"}, "unknown name 'Logistic'; scikit-learn has AdaBoostClassifier"),
        ({"classifiers": "VotingClassifier"}, "VotingClassifier needs parameters"),
        ({"classifiers": LogisticRegression}, "is not an instance"),
        ({"n_splits": 25}, "n_splits=25 is more than the 24 rows with class 'sick'"),
        ({"groups": np.repeat([0, 1, 2], [96, 12, 12])}, "more than the 2 groups"),
        ({"groups": [1, 2]}, "inconsistent"),
        ({"precision": 0}, "precision=0 must be above 0"),
        ({"results": "x.csv", "random_state": None}, "needs an integer for random_state"),
        ({"results": "/no/such/folder/x.csv"}, "folder that does not exist"),
    ],
)
def test_bad_parameters_say_what_there_is(two, nb, wrong, message):
    with pytest.raises(ValueError, match=message):
        compare(*two, **{**nb, "samplers": "none", **wrong})


def test_a_seed_is_a_seed(two, nb):
    options = {**nb, "samplers": [RandomOverSampler()], "classifiers": DecisionTreeClassifier()}
    same = [compare(*two, **options).frame()["average precision"].tolist() for _ in range(2)]
    assert not np.isnan(same[0]).any()
    assert same[0] == same[1]
    assert same[0] != compare(*two, **{**options, "random_state": 1}).frame()["average precision"].tolist()


@pytest.mark.parametrize(
    ("max_time", "n_planned", "says"),
    [
        (1.5, 1, "one split takes 2 s; within 1.5 s there is time for 1 of 6 splits. A verdict needs 5 splits"),
        (9.0, 4, "one split takes 2 s; within 9 s there is time for 4 of 6 splits. A verdict needs 5 splits"),
        (11.0, 5, "one split takes 2 s; within 11 s there is time for 5 of 6 splits$"),
        (60.0, 6, ""),
    ],
)
def test_the_time_is_planned_from_the_first_split_and_said_before_the_second(
    two, nb, monkeypatch, max_time, n_planned, says
):
    module = importlib.import_module("ganaug.comparison.compare")
    clock, started, evaluate = [0.0], [], module.evaluate_sampler

    def timed(*arguments):
        started.append(arguments[5])
        clock[0] += 1  # two samplers: two seconds a split
        return evaluate(*arguments)

    plan = importlib.import_module("ganaug.comparison.plan")
    monkeypatch.setattr(plan.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(module, "evaluate_sampler", timed)
    options = {**nb, "samplers": ["none", "random"], "n_repeats": 2}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        monkeypatch.setattr(plan, "warn_user", lambda said: (warnings.warn(said, stacklevel=2), started.append("said")))
        comparison = compare(*two, max_time=max_time, **options)
    assert comparison.frame()["split"].nunique() == n_planned
    messages = [str(of.message) for of in caught if of.category is UserWarning]
    assert len(messages) == bool(says)
    if says:
        assert re.search(says.replace("(", "[(]"), messages[0])
        assert started[:3] == [0, 0, "said"]
        assert comparison.heading.endswith(f"{n_planned} of 6 splits")
    whole = compare(*two, **options).frame()
    pd.testing.assert_frame_equal(
        comparison.frame().drop(columns="fit_seconds"),
        whole[whole["split"] < n_planned].reset_index(drop=True).drop(columns="fit_seconds"),
    )


def test_a_first_split_beyond_the_time_is_said_while_it_runs(two, nb):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        comparison = compare(*two, **nb, samplers=["none", "random", "weights"], max_time=1e-9)
    said, planned = [str(of.message) for of in caught if of.category is UserWarning]
    assert said.startswith("the first split takes longer than 0.0 s: ")
    assert "parts done: 1 of 3" in said
    assert "there is time for 1 of 3 splits" in planned
    assert len(comparison.frame()) == 3


def test_settings_are_kept(two, nb):
    found = compare(*two, **nb, samplers=["none", RandomOverSampler(shrinkage=1)])
    assert sum(found.classes.values()) == len(two[1])
    assert found.settings["samplers"][0] == "none"
    assert found.settings["samplers"][1].shrinkage == 1
    assert found.settings["random_state"] == nb["random_state"]


def with_identifier(two):
    X, y = two
    return X.assign(customer=[f"C{i:05d}" for i in range(len(X))]), y


def test_no_sampler_and_no_classifier_sees_identifiers(two, spy, nb):
    X, y = with_identifier(two)
    names = {"spy": spy(), "SMOTE": "SMOTE", "gan": GANOversampler(ignore=["customer"], model=TabularGAN(n_steps=2))}
    with pytest.warns(UserWarning, match="Left out of the comparison: 'customer'"):
        found = compare(X, y, samplers=names, **nb)
    assert spy.seen
    assert all("customer" not in seen for seen, _ in spy.seen)
    assert not found.frame()["note"].str.contains("Error").any()
    plain = compare(*two, samplers=["SMOTE"], **nb).frame().query("sampler == 'SMOTE'")
    own = found.frame().query("sampler == 'SMOTE'")
    np.testing.assert_array_equal(own[METRICS], plain[METRICS])
    (finding,) = [finding for finding in found.verdict if finding.question == "What was left out?"]
    assert "'customer'" in finding.sentence


def test_all_columns_are_compared_where_the_user_says_so(two, spy, nb):
    found = compare(*with_identifier(two), samplers=spy(), ignore=[], **nb)
    assert all("customer" in seen for seen, _ in spy.seen)
    assert not [finding for finding in found.verdict if finding.question == "What was left out?"]
