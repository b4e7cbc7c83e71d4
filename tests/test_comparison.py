"""The comparison is fair, goes on where it stopped, and says no more than it knows."""

from html import unescape

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from ganaug import GANOversampler, TabularGAN
from ganaug.comparison.compare import Comparison, Selection, _Part, compare, select
from ganaug.training.callbacks import Callback

TINY = GANOversampler(model=TabularGAN(n_steps=3, hidden_sizes=(8,), batch_size=16, device="cpu"))
METRICS = ["average precision", "ROC AUC", "balanced accuracy", "F1", "recall at precision 0.5", "Brier score"]
NB = {"classifiers": "GaussianNB", "n_splits": 3, "n_repeats": 1, "random_state": 0}


class Spy(BaseEstimator):
    """Adds nothing and keeps the rows that it was given."""

    seen: list = []  # noqa: RUF012  (clones share it)

    def fit_resample(self, X, y):
        self.seen.append((X, y))
        return X, y


class Broken(BaseEstimator):
    def fit_resample(self, X, y):
        raise RuntimeError("no rows\ntoday")


@pytest.fixture(autouse=True)
def _forget():
    Spy.seen.clear()


@pytest.fixture
def two():
    """120 rows in the order of their classes, 24 of them rare, with their number in a column."""
    rng = np.random.default_rng(0)
    y = np.repeat(["well", "sick"], [96, 24])
    X = pd.DataFrame(rng.normal(size=(120, 3)) + (y == "sick")[:, None], columns=list("abc"))
    return X.assign(number=np.arange(120.0)), y


# --- fairness --------------------------------------------------------------------------------------------------------


def test_no_test_row_reaches_a_sampler_and_every_row_is_tested_once(two):
    X, y = two
    frame = compare(X, y, samplers=Spy(), **NB).frame()
    numbers = [set(seen["number"]) for seen, _ in Spy.seen]
    assert [len(rows) for rows in numbers] == frame.query("sampler == 'Spy'")["n_train"].tolist() == [80] * 3
    left = [set(X["number"]) - rows for rows in numbers]
    assert set.union(*left) == set(X["number"])
    assert sum(map(len, left)) == len(X)


def test_sorted_rows_are_split_like_any_others(two):
    compare(*two, samplers=Spy(), **NB)
    assert all((labels == "sick").sum() == 16 for _, labels in Spy.seen)


def test_a_group_is_never_on_both_sides(two):
    X, y = two
    groups = np.random.default_rng(1).integers(0, 30, 120)
    compare(X, y, groups=groups, samplers=Spy(), **{**NB, "n_repeats": 2})
    assert len(Spy.seen) == 6
    trained = [set(seen["number"].astype(int)) for seen, _ in Spy.seen]
    assert len({frozenset(rows) for rows in trained}) == 6
    for rows in trained:
        test = set(range(120)) - rows
        assert test
        assert not set(groups[list(rows)]) & set(groups[list(test)])


def test_samplers_that_do_the_same_score_the_same(two):
    same = {"one": SMOTE(), "other": SMOTE(), "spy": Spy(), "none": "none", "threshold": "threshold"}
    frame = compare(*two, samplers=same, **NB).frame()
    scores = {name: rows[METRICS].to_numpy() for name, rows in frame.groupby("sampler")}
    np.testing.assert_array_equal(scores["one"], scores["other"])
    np.testing.assert_array_equal(scores["spy"], scores["none"])
    # a threshold moves decisions and nothing else
    order = [METRICS.index(name) for name in ("average precision", "ROC AUC", "Brier score")]
    np.testing.assert_allclose(scores["threshold"][:, order], scores["none"][:, order])
    assert (scores["one"] != scores["none"]).any()


def test_scores_are_those_of_the_rarer_class(two):
    X, y = two
    frame = compare(X, y, samplers="none", **{**NB, "classifiers": {"nb": GaussianNB()}}).frame()
    compare(X, y, samplers=Spy(), **NB)
    for (seen, labels), (_, row) in zip(Spy.seen, frame.iterrows(), strict=True):
        test = ~X["number"].isin(seen["number"])
        model = GaussianNB().fit(seen, labels)  # scaling changes nothing for it
        chance = model.predict_proba(X[test])[:, list(model.classes_).index("sick")]
        assert row["average precision"] == pytest.approx(average_precision_score(y[test] == "sick", chance), abs=1e-6)
        assert row["ROC AUC"] == pytest.approx(roc_auc_score(y[test] == "sick", chance), abs=1e-6)
        assert row["Brier score"] == pytest.approx(brier_score_loss(y[test] == "sick", chance), abs=1e-6)


# --- what goes in ----------------------------------------------------------------------------------------------------


def test_every_kind_of_column_and_several_classes(mixed):
    X, y = mixed
    X = X.assign(gap=X["height"].where(X["height"] > 0), city=X["city"].where(X["city"] != "Oslo", None))
    X["late"] = X["when"].where(X["count"] > 2)
    names = {"ours": TINY, **dict.fromkeys(["weights", "threshold", "random", "SMOTE"])}
    samplers = {name: of or name for name, of in names.items()}
    comparison = compare(X, y, samplers=samplers, classifiers="DecisionTreeClassifier", n_splits=3, n_repeats=1)
    frame = comparison.frame().set_index("sampler")
    assert comparison.metrics == [name for name in METRICS if not name.startswith("recall")]
    scored = frame.drop(index="threshold")
    assert scored[comparison.metrics].notna().all(axis=None)
    assert (scored["Brier score"] > 0).all()
    assert (scored["Brier score"] < 2).all()
    assert frame.loc["threshold", comparison.metrics].isna().all(axis=None)
    assert "two classes" in frame.loc["threshold", "note"].iloc[0]


def test_categories_alone_and_other_containers(two):
    X, y = two
    coded = (X[["a", "b"]] > 0).map(lambda cell: "high" if cell else "low")
    for table in (coded, pl.DataFrame({name: coded[name].tolist() for name in coded}), coded.to_numpy().tolist()):
        frame = compare(table, pd.Series(y, dtype="category"), samplers=["SMOTE", "random", TINY], **NB).frame()
        assert frame[METRICS].notna().all(axis=None)


def test_images():
    digits = load_digits()
    kept = np.isin(digits.target, (3, 8)) & (np.arange(1797) < 700)
    samplers = ["random", "SMOTE", Spy()]
    frame = compare(digits.images[kept], digits.target[kept] == 8, samplers=samplers, **NB).frame()
    assert frame[METRICS].notna().all(axis=None)
    assert Spy.seen[0][0].shape[1:] == (8, 8)


def test_classifiers_take_weights_as_they_can_and_need_no_probabilities(two):
    classifiers = [LogisticRegression(), GaussianNB(), KNeighborsClassifier(), RidgeClassifier()]
    X, y = two
    options = {**NB, "samplers": ["weights", "threshold"], "classifiers": classifiers}
    frame = compare(X.drop(columns="number"), y, **options).frame()
    frame = frame.set_index(["sampler", "classifier"]).sort_index()
    assert "neither class_weight nor sample_weight" in frame.loc[("weights", "KNeighborsClassifier"), "note"].iloc[0]
    assert frame.drop(index=("weights", "KNeighborsClassifier"))[METRICS[:5]].notna().all(axis=None)
    assert frame.xs("RidgeClassifier", level=1)["Brier score"].isna().all()
    for name in ("LogisticRegression", "GaussianNB"):
        weighed, plain = frame.loc[("weights", name)], frame.loc[("none", name)]
        assert weighed["Brier score"].mean() > plain["Brier score"].mean()


def test_neighbours_are_limited_by_the_class_and_names_of_imbalanced_learn_work(two):
    X, y = two
    few = np.r_[:30, 96:101]  # five rare rows, three of them to train on
    frame = compare(X.iloc[few], y[few], samplers=["SMOTE", "BorderlineSMOTE", "SVMSMOTE"], **{**NB, "n_splits": 2})
    assert frame.frame()[METRICS].notna().all(axis=None)


def test_what_fails_is_noted_and_the_rest_goes_on(two):
    comparison = compare(*two, samplers=["weights", Broken()], **NB)
    frame = comparison.frame().set_index("sampler")
    assert frame.loc["Broken", "note"].unique().tolist() == ["RuntimeError: no rows today"]
    assert frame.loc["Broken", METRICS].isna().all(axis=None)
    assert frame.drop(index="Broken")[METRICS].notna().all(axis=None)
    assert (
        "Broken with GaussianNB has no score: 3 of 3 splits failed. RuntimeError: no rows today" in comparison.verdict
    )
    assert comparison.summary().query("sampler == 'Broken'")[["mean", "low", "difference", "p"]].isna().all(axis=None)
    assert comparison.best_ in ("none", "weights")


@pytest.mark.slow
def test_two_processes_find_the_same_and_progress_is_shown_on_request(two, capsys):
    options = {**NB, "samplers": ["SMOTE", "random"]}
    one = compare(*two, **options).frame()
    assert capsys.readouterr() == ("", "")
    other = compare(*two, **options, n_jobs=2, verbose=1).frame()
    pd.testing.assert_frame_equal(one.drop(columns="fit_seconds"), other.drop(columns="fit_seconds"))
    out, err = capsys.readouterr()
    assert not out
    assert "9/9" in err


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"samplers": ["none", "SMOTTE"]}, "no 'SMOTTE'; there are none, weights, threshold, random, SMOTE, ganaug"),
        ({"samplers": [3]}, "is no instance of a sampler"),
        ({"samplers": []}, "samplers is empty"),
        ({"samplers": [SMOTE(), SMOTE(k_neighbors=2)]}, "two of one name"),
        ({"samplers": {"none": SMOTE()}}, "the one that does nothing"),
        ({"classifiers": "Logistic"}, "no 'Logistic'; it has AdaBoostClassifier"),
        ({"classifiers": "VotingClassifier"}, "VotingClassifier needs parameters"),
        ({"classifiers": LogisticRegression}, "is no instance"),
        ({"n_splits": 25}, "n_splits=25 is more than the 24 rows with class 'sick'"),
        ({"groups": np.repeat([0, 1, 2], [96, 12, 12])}, "more than the 2 groups"),
        ({"groups": [1, 2]}, "inconsistent"),
        ({"precision": 0}, "precision=0 must lie"),
        ({"results": "x.csv", "random_state": None}, "needs an integer for random_state"),
        ({"results": "/no/such/folder/x.csv"}, "no folder"),
    ],
)
def test_bad_parameters_say_what_there_is(two, wrong, message):
    with pytest.raises(ValueError, match=message):
        compare(*two, **{**NB, "samplers": "none", **wrong})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X, y: (X.replace({"a": {X["a"][0]: np.inf}}), y), "column 'a' of X holds infinite"),
        (lambda X, y: (X, pd.Series(y).where(X["a"] > 0)), "missing labels"),
        (lambda X, y: (X, ["well"] * 120), "a single class, 'well'"),
        (lambda X, y: (X["a"].to_numpy(), y), "rows and columns"),
        (lambda X, y: (X.set_axis(list("aabc"), axis=1), y), r"two columns of one name: \['a'\]"),
        (lambda X, y: (X, X["a"]), "continuous"),
    ],
)
def test_bad_data_are_named(two, spoil, message):
    with pytest.raises(ValueError, match=message):
        compare(*spoil(*two), samplers="none", **NB)


# --- going on --------------------------------------------------------------------------------------------------------


def test_an_interrupted_comparison_goes_on(two, tmp_path):
    path = tmp_path / "scores.csv"
    options = {**NB, "samplers": {"NA": Spy(), "none": "none"}}
    whole = compare(*two, results=path, **options).frame()
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 1 + len(whole)
    path.write_text("".join(lines[:4]) + lines[4][:30])  # killed while it wrote the fourth row
    Spy.seen.clear()
    resumed = compare(*two, results=path, **options).frame()
    assert len(Spy.seen) == sum(",NA," in line for line in lines[4:])
    pd.testing.assert_frame_equal(resumed.drop(columns="fit_seconds"), whole.drop(columns="fit_seconds"))
    Spy.seen.clear()
    pd.testing.assert_frame_equal(compare(*two, results=path, **options).frame(), resumed)
    assert not Spy.seen
    # a repeat more takes over those that are there
    more = compare(*two, results=path, **{**options, "n_repeats": 2}).frame()
    assert len(Spy.seen) == 3
    assert len(more) == 2 * len(whole)


@pytest.mark.parametrize("other", ["data", "labels", "seed", "parameter"])
def test_rows_of_other_data_or_settings_are_not_taken_over(two, tmp_path, other):
    X, y = two
    options = {**NB, "samplers": Spy(), "classifiers": GaussianNB()}
    compare(X, y, results=tmp_path / "scores.csv", **options)
    Spy.seen.clear()
    if other == "data":
        X = X.replace({"a": {X["a"][5]: 0.0}})
    elif other == "labels":
        y = np.where(y == "sick", "ill", y)
    elif other == "seed":
        options["random_state"] = 1
    else:
        options["classifiers"] = GaussianNB(var_smoothing=1e-3)
    compare(X, y, results=tmp_path / "scores.csv", **options)
    assert len(Spy.seen) == 3


def test_what_failed_is_tried_again_and_other_files_are_left_alone(two, tmp_path, monkeypatch):
    path = tmp_path / "scores.csv"
    assert compare(*two, samplers=Broken(), results=path, **NB).frame()["note"].any()
    monkeypatch.setattr(Broken, "fit_resample", lambda self, X, y: (X, y))
    assert not compare(*two, samplers=Broken(), results=path, **NB).frame()["note"].any()
    other = tmp_path / "data.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="no comparison with these metrics"):
        compare(*two, samplers="none", results=other, **NB)
    assert other.read_text() == "a,b\n1,2\n"


# --- what it says ----------------------------------------------------------------------------------------------------


def found(gains, metrics=("average precision", "balanced accuracy", "Brier score"), noise=0.01, n=10, seconds=None):
    """A comparison in which samplers are better than none by so much in each metric, give or take noise."""
    rng = np.random.default_rng(0)
    rows = []
    for name, gain in {"none": (0.0,) * len(metrics), **gains}.items():
        own = rng.normal(0, noise, (n, len(metrics))) if name != "none" else np.zeros((n, len(metrics)))
        for split in range(n):
            row = {"sampler": name, "classifier": "tree", "split": split, "n_train": 80, "n_test": 20}
            row |= {"fit_seconds": (seconds or {}).get(name, 1.0), "note": ""}
            rows.append(row | dict(zip(metrics, 0.5 + np.array(gain) + own[split], strict=True)))
    return Comparison(pd.DataFrame(rows))


def test_a_clear_winner_is_named():
    comparison = found({"weights": (0, 0.0, 0), "SMOTE": (0.1, 0.05, 0), "ganaug": (0.2, 0.3, 0)})
    assert comparison.best_ == "ganaug"
    assert "For average precision and balanced accuracy use ganaug: 0.698 instead of 0.500" in comparison.verdict
    assert "; 0.801 instead of 0.500 (p < 0.001)." in comparison.verdict
    assert "For Brier score do nothing" in comparison.verdict


def test_without_a_difference_the_advice_is_to_do_nothing():
    comparison = found({"weights": (0, 0, 0), "SMOTE": (0.02, 0.01, 0), "ganaug": (0.01, 0.02, 0)}, noise=0.05)
    assert comparison.best_ == "none"
    nothing = (
        "For average precision, balanced accuracy and Brier score do nothing: nothing is distinguishable from none"
    )
    assert (
        nothing + " as better; closest to a gain is weights in Brier score, 0.492 instead of 0.500"
        in comparison.verdict
    )
    assert "use" not in comparison.verdict


def test_a_threshold_that_does_as_well_is_preferred_to_rows():
    comparison = found({"ganaug": (0, 0.302, 0), "threshold": (0, 0.3, 0)}, noise=0.005)
    assert "For balanced accuracy tune the threshold: 0.8" in comparison.verdict
    clearly_less = found({"ganaug": (0, 0.4, 0), "threshold": (0, 0.3, 0)}, noise=0.005)
    assert "For balanced accuracy use ganaug" in clearly_less.verdict


def test_of_equals_among_rows_the_faster_is_preferred():
    equal = {"ganaug": (0, 0.301, 0), "SMOTE": (0, 0.3, 0)}
    assert "use SMOTE" in found(equal, seconds={"ganaug": 9}).verdict
    assert "use ganaug" in found(equal, seconds={"SMOTE": 9}).verdict


def test_harm_is_told_and_less_is_better_for_the_brier_score():
    comparison = found({"SMOTE": (-0.2, 0, 0.2), "weights": (0, 0, -0.2)})
    assert "Worse than none in average precision: SMOTE." in comparison.verdict
    assert "Worse than none in Brier score: SMOTE; see ganaug.calibrated." in comparison.verdict
    assert "For Brier score use class weights: 0." in comparison.verdict


def test_nothing_is_taught_by_noise():
    # with no effect at all, of 200 comparisons about ten may find one
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(200):
        frame = found({"a": (0,), "b": (0,), "c": (0,)}, metrics=("average precision",)).frame()
        frame["average precision"] = rng.normal(size=len(frame))
        wrong += Comparison(frame).best_ != "none"
    assert wrong <= 16


def test_intervals_and_tests_allow_for_overlap():
    comparison = found({"SMOTE": (0.01, 0.02, 0)}, noise=0.05)
    row = comparison.summary().query("sampler == 'SMOTE' and metric == 'average precision'").iloc[0]
    scores = comparison.frame().query("sampler == 'SMOTE'")["average precision"]
    error = np.sqrt((1 / 10 + 0.25) * scores.var(ddof=1))
    assert row["mean"] == pytest.approx(scores.mean())
    assert row["high"] - row["mean"] == pytest.approx(2.262157 * error)
    assert row["difference"] == pytest.approx(scores.mean() - 0.5)
    assert row["p"] == pytest.approx(2 * stats.t.sf(abs(scores.mean() - 0.5) / error, 9))  # none is 0.5 throughout
    assert row["p"] > stats.ttest_1samp(scores, 0.5).pvalue


def test_p_values_are_adjusted_for_the_number_of_samplers():
    alone = found({"SMOTE": (0.03, 0, 0)}, noise=0.03).summary()
    among = found({"SMOTE": (0.03, 0, 0), "a": (0, 0, 0), "b": (0, 0, 0)}, noise=0.03).summary()
    p, adjusted = (
        float(of.query("sampler == 'SMOTE' and metric == 'average precision'")["p"].iloc[0]) for of in (alone, among)
    )
    assert adjusted == pytest.approx(3 * p)


def test_a_mean_over_fewer_splits_is_none():
    frame = found({"SMOTE": (0.3, 0.3, 0), "weights": (0.2, 0, 0)}).frame()
    metrics = ["average precision", "balanced accuracy", "Brier score"]
    frame.loc[(frame["sampler"] == "SMOTE") & (frame["split"] == 3), [*metrics, "note"]] = [np.nan] * 3 + [
        "Error: too few"
    ]
    comparison = Comparison(frame)
    assert comparison.best_ == "weights"
    assert "SMOTE with tree has no score: 1 of 10 splits failed. Error: too few" in comparison.verdict


def test_frame_is_a_copy():
    comparison = found({"SMOTE": (0, 0, 0)})
    frame = comparison.frame()
    frame["F1"] = 1
    assert "F1" not in comparison.metrics


def test_plot_and_notebooks(two):
    comparison = compare(*two, samplers={"<b>": RandomUnderSampler(), "broken": Broken()}, **NB)
    figure = comparison.plot()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == [*METRICS[:5], "Brier score (less is better)"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["none", "<b>", "broken"]
    figure.canvas.draw()
    assert comparison.verdict in repr(comparison)
    assert "GaussianNB" in comparison._repr_html_()
    assert "<b>" not in comparison._repr_html_()


def test_a_seed_is_a_seed(two):
    options = {**NB, "samplers": [RandomOverSampler()], "classifiers": DecisionTreeClassifier()}
    same = [compare(*two, **options).frame()["average precision"].tolist() for _ in range(2)]
    assert not np.isnan(same[0]).any()
    assert same[0] == same[1]
    assert same[0] != compare(*two, **{**options, "random_state": 1}).frame()["average precision"].tolist()


def test_of_the_time_given_finished_splits_count_and_two_are_always_scored(two):
    options = {**NB, "samplers": ["none", "random"], "n_repeats": 2}
    with pytest.warns(UserWarning, match="max_time=0.0 was up after 2 of 6 splits"):
        frame = compare(*two, max_time=0.0, **options).frame()
    assert frame.groupby("sampler")["split"].apply(list).to_dict() == {"none": [0, 1], "random": [0, 1]}
    whole = compare(*two, max_time=60, **options).frame()
    assert whole["split"].nunique() == 6
    pd.testing.assert_frame_equal(
        frame.drop(columns="fit_seconds"), whole[whole["split"] < 2].reset_index(drop=True).drop(columns="fit_seconds")
    )


# --- the choice ------------------------------------------------------------------------------------------------------


def chosen(gains, **how):
    """What a comparison of these gains makes of one of them."""
    comparison = found(
        {"random": (0,), "SMOTE": (0,), **{name: (gain,) for name, gain in gains.items()}}, ("F1",), **how
    )
    standing = comparison.standing("F1")
    usable = standing[standing["is better"]].drop(index="SMOTE", errors="ignore")
    return Selection(str(usable["gain"].idxmax()) if len(usable) else "none", None, "F1", comparison)


def test_the_reason_has_figures_and_names_the_test():
    reason = chosen({"ganaug 1": 0.2}).reason
    assert reason.startswith("ganaug 1 is used: its F1 is 0.700 instead")
    assert "of 0.500 with nothing added (p < 0.001), the best mean of those that the paired test" in reason
    assert "Simpler" not in reason
    reason = chosen({"ganaug 1": 0.01}, noise=0.05).reason
    assert reason.startswith("Nothing is added: the paired test over 10 splits tells no candidate from doing nothing")


def test_the_reason_names_what_is_simpler_and_as_good():
    assert "Simpler, and as good as can be told: random." in chosen({"random": 0.2, "ganaug 0.5": 0.204}).reason
    assert "Simpler" not in chosen({"random": 0.1, "ganaug 0.5": 0.3}).reason


def test_smote_is_told_of_and_not_used():
    reason = chosen({"SMOTE": 0.4, "ganaug 1": 0.2}).reason
    assert reason.startswith("ganaug 1 is used")
    assert "SMOTE has the higher mean, 0." in reason
    alone = chosen({"SMOTE": 0.4})
    assert alone.reason.startswith("Nothing is added")
    assert "SMOTE has the higher mean" in alone.reason
    assert "SMOTE has" not in chosen({"SMOTE": 0.1, "ganaug 1": 0.2}).reason


def test_parts_go_part_of_the_way_and_share_one_training(mixed, tmp_path):
    X, y = mixed[0], mixed[1].to_numpy()
    Counter.n_fits = 0
    sampler = GANOversampler(model=TINY.model, random_state=0, callbacks=[Counter()])
    rows = []
    for part, sizes in {0.25: [150, 68, 45], 0.5: [150, 95, 80], 1.0: [150, 150, 150]}.items():
        X_res, y_res = _Part(sampler, part, str(tmp_path)).fit_resample(X.iloc[np.arange(200)], y)
        assert np.unique(y_res, return_counts=True)[1].tolist() == sizes
        pd.testing.assert_frame_equal(X_res[:200], X.reset_index(drop=True))
        assert (y_res[:200] == y).all()
        rows.append(set(map(str, X_res.to_numpy().tolist())))
    assert rows[0] < rows[1] < rows[2]
    assert Counter.n_fits == 1


class Counter(Callback):
    n_fits = 0

    def on_fit_start(self, run):
        Counter.n_fits += 1


def test_where_decisions_are_lacking_rows_are_added(two):
    rng = np.random.default_rng(0)
    y = np.repeat(["well", "sick"], [720, 80])
    X = pd.DataFrame({"a": rng.normal(size=800) + 1.3 * (y == "sick"), "b": rng.choice(["u", "v"], 800)})
    X["when"] = pd.Timestamp("2024-01-01")
    X["c"] = rng.choice([1.0, np.nan], 800)
    options = {"sampler": TINY, "metric": "balanced accuracy", "classifiers": "LogisticRegression", "random_state": 3}
    choice = select(X, y, **options)
    assert choice.name == "random" or choice.name.startswith("ganaug")
    assert f"{choice.name} is used: its balanced accuracy is 0." in choice.reason
    standing = choice.comparison.standing("balanced accuracy")
    assert list(standing.index) == ["none", "random", "SMOTE", "ganaug 0.25", "ganaug 0.5", "ganaug 1"]
    rivals = standing[standing["is better"]].drop(index="SMOTE", errors="ignore")
    assert choice.name == rivals["gain"].idxmax()
    X_res, y_res = choice.sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(X_res[:800], X)
    assert (y_res == "sick").sum() > 80
    assert choice.reason in repr(choice)


def test_where_nothing_helps_nothing_is_added_and_rows_come_back_as_they_are(mixed):
    X, y = mixed
    Counter.n_fits = 0
    sampler = GANOversampler(model=TINY.model, callbacks=[Counter()])
    choice = select(
        X, y, sampler=sampler, classifiers="DecisionTreeClassifier", n_splits=3, n_repeats=1, random_state=0
    )
    assert Counter.n_fits == 0  # it hears the last training and no trials
    assert choice.name == "none"
    X_res, y_res = choice.sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(X_res, X)
    pd.testing.assert_series_equal(y_res, y)


@pytest.mark.parametrize("kind", ["pandas", "polars", "array", "list", "pictures"])
def test_rows_are_repeated_in_every_container(two, monkeypatch, kind):
    monkeypatch.setattr(
        "ganaug.comparison.compare", lambda *_, **__: found({"random": (0.3,)}, metrics=("average precision",))
    )
    X, y = two
    given = {
        "pandas": (X.set_axis(range(5, 125)), pd.Series(y, index=range(5, 125), dtype="category")),
        "polars": (pl.DataFrame({name: X[name].tolist() for name in X}), pl.Series("y", y.tolist())),
        "array": (X.to_numpy(), y),
        "list": (X.to_numpy().tolist(), y.tolist()),
        "pictures": (X.to_numpy().reshape(120, 2, 2), y),
    }[kind]
    choice = select(*given, random_state=0)
    assert choice.name == "random"
    X_res, y_res = choice.sampler.fit_resample(*given)
    assert type(X_res) is type(given[0])
    assert type(y_res) is type(given[1])
    assert pd.Series(list(y_res)).value_counts().to_dict() == {"well": 96, "sick": 96}
    np.testing.assert_array_equal(np.asarray(X_res)[:120], np.asarray(given[0]))
    known = set(map(str, np.asarray(given[0]).tolist()))
    assert {str(row) for row in np.asarray(X_res).tolist()} == known


def test_the_sampler_chosen_is_the_users_own(two, monkeypatch):
    # whatever the scores, the half way wins
    monkeypatch.setattr(
        "ganaug.comparison.compare", lambda *_, **__: found({"ganaug 0.5": (0.3,)}, metrics=("average precision",))
    )
    callback = Counter()
    sampler = GANOversampler(model=TabularGAN(n_steps=2), selection=None, callbacks=[callback])
    choice = select(*two, sampler=sampler, random_state=7)
    assert choice.sampler.callbacks[0] is callback
    assert choice.sampler.random_state == 7
    assert choice.sampler.selection is None
    assert sampler.sampling_strategy == "auto"
    _, y_res = choice.sampler.fit_resample(*two)
    assert (y_res == "sick").sum() == 60  # from 24 half way to 96
    assert choice.sampler.is_synthetic_.sum() == 36


def test_select_says_what_is_wrong(two):
    with pytest.raises(
        ValueError, match="metric='accuracy' is not measured here; there are average precision, ROC AUC"
    ):
        select(*two, metric="accuracy")
    with pytest.raises(ValueError, match="nothing could be scored by F1: ValueError: Negative values"):
        select(*two, metric="F1", sampler=TINY, classifiers="MultinomialNB", n_splits=2, n_repeats=1)


def test_a_page(tmp_path):
    scores = pd.DataFrame(
        {"sampler": ["none"] * 3 + ["<b>$x$</b>"] * 3, "classifier": "tree", "split": [*range(3)] * 2}
    )
    scores = scores.assign(n_train=80, n_test=20, fit_seconds=0.1, note=["", "", "", "slow", "", ""])
    scores["F1"] = [0.50, 0.52, 0.51, 0.70, 0.73, 0.70]
    comparison = Comparison(scores, {"a": 90, "<i>": 10}, {"n_splits": 3, "samplers": ("none",)})
    assert comparison.html(tmp_path / "report.html") is None
    page = (tmp_path / "report.html").read_text()
    for heading in ("Verdict", "Classes", "Scores", "Tests", "Notes", "Model card", "Settings", "Versions"):
        assert f">{heading}</h2>" in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "&lt;b&gt;$x$&lt;/b&gt;" in page
    assert comparison.verdict in unescape(page)
    assert page.count("data:image/svg+xml") == 1
    assert ">slow</td>" in page


def test_settings_are_kept(two):
    found = compare(*two, **NB, samplers=["none", RandomOverSampler(shrinkage=1)])
    assert sum(found.classes.values()) == len(two[1])
    assert found.settings["samplers"][0] == "none"
    assert found.settings["samplers"][1].shrinkage == 1
    assert found.settings["random_state"] == NB["random_state"]
