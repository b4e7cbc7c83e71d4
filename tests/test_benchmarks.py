"""The benchmark of tables: its statistics, its split, that it resumes, and that test rows never reach a sampler."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from ganaug import TabularGAN

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def script(name):
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        patch.setitem(sys.modules, name, module)  # dataclasses look their module up
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tabular():
    return script("tabular")


@pytest.fixture(scope="module")
def ranking(tabular):
    return tabular.ranking


@pytest.fixture
def console():
    return Console(quiet=True)


@pytest.fixture
def made_table(tabular, tmp_path):
    """A small mixed table in a file, with missing cells; `id` tells its rows apart."""
    rng = np.random.default_rng(0)
    y = np.repeat(["rare", "common"], [15, 60])
    X = pd.DataFrame(
        {
            "id": np.arange(75.0),
            "x": np.where(rng.random(75) < 0.1, np.nan, rng.normal(size=75) + (y == "rare")),
            "colour": pd.Categorical(rng.choice(["red", "green", None], 75)),
        }
    )
    path = tmp_path / "made.parquet"
    X.assign(target=y).to_parquet(path)
    return tabular.Table("made", path, "larger")


def frame_of_scores(values, samplers):
    index = pd.MultiIndex.from_tuples(
        [(f"t{i // 2}", ("a", "b")[i % 2]) for i in range(len(values))], names=["table", "classifier"]
    )
    return pd.DataFrame(values, index=index, columns=list(samplers))


# --- statistics


def test_ranks_share_places_when_tied(ranking):
    scores = frame_of_scores([[0.9, 0.8, 0.8, 0.1], [0.5, 0.5 + 1e-13, 0.5, 0.5]], "abcd")
    assert ranking.ranks(scores).to_numpy().tolist() == [[1, 2.5, 2.5, 4], [2.5] * 4]
    assert ranking.ranks(scores, greater_is_better=False).to_numpy().tolist() == [[4, 2.5, 2.5, 1], [2.5] * 4]


def test_holm(ranking):
    adjusted = ranking.holm(pd.Series({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.5}))
    # 4 x .01; 3 x .03; max(.09, 2 x .04); max(.09, 1 x .5)
    assert adjusted.to_dict() == pytest.approx({"a": 0.09, "b": 0.04, "c": 0.09, "d": 0.5})
    assert ranking.holm(pd.Series([0.6, 0.7])).tolist() == [1, 1]


def test_win_tie_loss(ranking):
    assert ranking.win_tie_loss(pd.Series([0.1, 0.2, 0.0, 1e-12, -0.3])) == (2, 2, 1)


# Demsar, JMLR 7 (2006), table 5(a)
@pytest.mark.parametrize(("n_samplers", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_critical_values_of_nemenyi(ranking, n_samplers, q):
    assert ranking.nemenyi_q(n_samplers) == pytest.approx(q, abs=2e-3)


def test_critical_difference(ranking):
    # the example of Demsar, section 3.2.2: 4 classifiers on 14 data sets
    assert ranking.critical_difference(4, 14) == pytest.approx(1.25, abs=0.01)


def test_friedman_of_a_plain_order_and_of_none(ranking):
    assert ranking.friedman_p(frame_of_scores([[1, 2, 3]] * 10, "abc")) < 1e-4
    assert ranking.friedman_p(frame_of_scores([[1, 1, 1]] * 10, "abc")) == 1
    assert np.isnan(ranking.friedman_p(frame_of_scores([[1, 2]] * 10, "ab")))


def test_against(ranking):
    rng = np.random.default_rng(0)
    ours = rng.random(20)
    scores = frame_of_scores(np.c_[ours, ours - 0.1 - 0.01 * rng.random(20), ours, ours + 0.2], ["o", "w", "s", "b"])
    compared = ranking.against(scores, "o")
    assert list(compared.index) == ["w", "s", "b"]
    assert compared[["wins", "ties", "losses"]].to_numpy().tolist() == [[20, 0, 0], [0, 20, 0], [0, 0, 20]]
    assert compared["p better"]["w"] < 1e-3
    assert compared["p better"]["w"] < compared["p better (tables)"]["w"] < 0.01  # 10 tables count for less
    assert compared["p"]["s"] == 1
    assert compared["p better"]["b"] == 1
    mirrored = ranking.against(scores, "o", greater_is_better=False)
    assert mirrored[["wins", "losses"]].to_numpy().tolist() == [[0, 20], [0, 0], [20, 0]]
    assert mirrored["difference"].to_numpy() == pytest.approx(-compared["difference"].to_numpy())


def test_cliques_are_maximal(ranking):
    mean_ranks = pd.Series({"d": 4.0, "a": 1.0, "c": 2.2, "b": 1.5})
    assert ranking.cliques(mean_ranks, 1.0) == [(0, 1), (1, 2)]
    assert ranking.cliques(mean_ranks, 0.1) == []
    assert ranking.cliques(mean_ranks, 9.0) == [(0, 3)]


# --- protocol


def test_halves_never_change(tabular):
    assert {name: tabular.half(name) for name in ("pima", "yeast4", "yeast-1_vs_7", "abalone19", "flare-F")} == {
        "pima": "design",
        "yeast4": "design",
        "yeast-1_vs_7": "confirm",
        "abalone19": "confirm",
        "flare-F": "confirm",
    }


def test_the_rarer_class_is_positive_and_dtypes_are_real(tabular, tmp_path):
    path = tmp_path / "made.dat"
    path.write_text("1, 0.5, F, positive\n2, 1.5, M, positive\n3, <null>, F, negative\n")
    X, y = tabular.load(tabular.Table("made", path, "design"))
    assert y.tolist() == [0, 0, 1]
    assert [dtype.kind if hasattr(dtype, "kind") else "" for dtype in X.dtypes] == ["i", "f", "O"]
    assert isinstance(X.iloc[:, 2].dtype, pd.CategoricalDtype)
    assert X.isna().sum().tolist() == [0, 1, 0]


def test_metrics_of_a_perfect_and_a_blind_classifier(tabular):
    y = np.array([0, 0, 0, 1])
    assert tabular.metrics(y, y.astype(float)) == {
        metric: float(greater) for metric, greater in tabular.METRICS.items()
    }
    blind = tabular.metrics(y, np.zeros(4))
    assert (blind["average precision"], blind["balanced accuracy"], blind["F1"], blind["G-mean"]) == (0.25, 0.5, 0, 0)


@pytest.mark.parametrize("stage", ["table", "tidy", "matrix"])
def test_no_test_row_reaches_the_sampler(tabular, made_table, monkeypatch, stage):
    seen = []

    def spy(X, y, seed):
        seen.append(pd.DataFrame(X).reset_index(drop=True))
        return X, y

    monkeypatch.setitem(tabular.SAMPLERS, "spy", tabular.Sampler(spy, stage, "scikit-learn"))
    X, y = tabular.load(made_table)
    folds = tabular.StratifiedKFold(tabular.N_FOLDS, shuffle=True, random_state=3)
    for fold, (train, test) in enumerate(folds.split(X, y)):
        spoilt = X.copy()
        spoilt.loc[test, ["id", "x"]] = 1e6
        spoilt["colour"] = spoilt["colour"].cat.add_categories("poison")
        spoilt.loc[test, "colour"] = "poison"
        for table in (X, spoilt):
            monkeypatch.setattr(tabular, "load", lambda _, table=table: (table, y))
            rows = tabular.evaluate(made_table, fold, "spy", ["logistic regression"], 3)
            assert rows[0]["note"] == ""
        clean, after = seen[-2:]
        assert len(clean) == len(train)
        # whatever the test rows hold, the sampler sees the same; as text, for the category has one level more
        pd.testing.assert_frame_equal(clean.astype(str), after.astype(str))
        if stage == "table":
            assert set(clean["id"]).isdisjoint(X.loc[test, "id"])


def test_a_sampler_that_fails_counts_as_none(tabular, made_table, monkeypatch):
    def fail(X, y, seed):
        raise RuntimeError("no clusters\nin /home/someone/data")

    monkeypatch.setitem(tabular.SAMPLERS, "fail", tabular.Sampler(fail, "matrix", "scikit-learn"))
    failed = tabular.evaluate(made_table, 0, "fail", tabular.CLASSIFIERS[:2], 0)
    plain = tabular.evaluate(made_table, 0, "none", tabular.CLASSIFIERS[:2], 0)
    assert failed[0]["note"] == "RuntimeError: no clusters in ..."
    assert [[row[m] for m in tabular.METRICS] for row in failed] == [[row[m] for m in tabular.METRICS] for row in plain]
    assert tabular.failures(pd.DataFrame(failed + plain)).to_dict("index") == {
        "fail": {"failed": 1, "added nothing": 0, "of": 1, "most frequent message": failed[0]["note"]}
    }


@pytest.mark.parametrize("name", ["random", "SMOTE", "BorderlineSMOTE", "SVMSMOTE", "ADASYN"])
def test_samplers_take_mixed_tables_with_missing_cells(tabular, made_table, name):
    (row,) = tabular.evaluate(made_table, 0, name, ["5-NN"], 0)
    assert row["note"] == ""
    assert row["n_made"] > 20


def test_parameters_of_ours(tabular, made_table):
    (row,) = tabular.evaluate(made_table, 0, "ganaug:n_steps=2, hidden_sizes=(8,), prior='noise'", ["5-NN"], 0)
    assert (row["n_made"], row["note"]) == (36, "")
    assert row["version"].startswith("ganaug ")
    for wrong in ("ganaug:(", "ganaug:3", "ganaug:**{}", "ganaug:n_steps=open('f')", "ganaug:n_stepz=3", "SMOTTE"):
        with pytest.raises((ValueError, SyntaxError)):
            tabular.sampler_of(wrong)


def test_the_digest_is_that_of_the_rows(tabular, monkeypatch):
    first = tabular.rows_digest()
    assert tabular.rows_digest() == first
    monkeypatch.setitem(TabularGAN.__init__.__kwdefaults__, "n_steps", 30)
    assert tabular.rows_digest() != first


# --- resumption


def test_a_second_run_computes_nothing(tabular, made_table, tmp_path, console):
    wanted, folds = ["5-NN", "logistic regression"], range(3)

    def run(samplers=("none", "random"), wanted=wanted, seed=0):
        results = tabular.Results(tmp_path / "results.csv")
        return tabular.run([made_table], samplers, wanted, folds, results, seed, 1, console)

    assert run() == 6
    before = (tmp_path / "results.csv").read_bytes()
    assert run() == 0
    assert (tmp_path / "results.csv").read_bytes() == before

    # cut within the last line: that evaluation alone is done again
    (tmp_path / "results.csv").write_bytes(before[:-30])
    assert run() == 1
    rows = tabular.Results(tmp_path / "results.csv").read(["none", "random"], 0)
    assert len(rows) == 12
    again, first = rows.sort_values(["sampler", "fold", "classifier"]), pd.read_csv(tmp_path / "results.csv")
    assert len(first) == 13  # one classifier's row had been whole
    assert not again.duplicated(["table", "fold", "sampler", "classifier"]).any()

    assert run(seed=1) == 6
    assert run(wanted=["5-NN"]) == 0
    assert run(samplers=("none", "random", "SMOTE")) == 3


def test_rows_of_another_version_are_not_mixed_in(tabular, made_table, tmp_path, console, monkeypatch):
    def run():
        results = tabular.Results(tmp_path / "results.csv")
        return tabular.run([made_table], ["none"], ["5-NN"], [0], results, 0, 1, console), results

    assert run()[0] == 1
    monkeypatch.setattr(tabular, "PROTOCOL", 99)
    n_computed, results = run()
    assert n_computed == 1
    assert results.read(["none"], 0)["protocol"].tolist() == [99]
    assert len(pd.read_csv(results.path)) == 2


@pytest.fixture
def without_ctgan(tabular, monkeypatch):
    """As where ctgan is missing, even if it is not; and with two classifiers only."""
    few = {name: tabular.classifiers(0)[name] for name in ("logistic regression", "5-NN")}
    monkeypatch.setattr(tabular, "is_installed", lambda package: package != "ctgan")
    monkeypatch.setattr(tabular, "classifiers", lambda seed: few)
    monkeypatch.setattr(tabular, "CLASSIFIERS", list(few))


def rows_made_elsewhere(tabular, table, fold, sampler):
    """Rows as an installation that has the sampler would write them."""
    rows = tabular.evaluate(table, fold, "random", tabular.CLASSIFIERS, 0)
    return [{**row, "sampler": sampler, "version": "ctgan 0.1"} for row in rows]


def test_rows_of_a_sampler_that_is_not_installed_are_kept(tabular, made_table, tmp_path, without_ctgan):
    results = tabular.Results(tmp_path / "results.csv")
    rows = rows_made_elsewhere(tabular, made_table, 0, "CTGAN")
    results.append(rows)
    results.append([{**row, "fold": 1, "protocol": 99} for row in rows])
    results.append([{**row, "fold": 2, "sampler": "SMOTE"} for row in rows])  # of another version, and installed
    assert results.finished(["CTGAN", "SMOTE"], tabular.CLASSIFIERS, 0) == {("made", 0, "CTGAN")}
    assert set(results.read(["CTGAN"], 0)["version"]) == {"ctgan 0.1"}
    assert results.read(["CTGAN"], 1).empty


def test_the_page_of_generators(tabular, made_table, tmp_path, without_ctgan, monkeypatch):
    tables = [tabular.Table(name, made_table.path, "confirm") for name in ("one", "two", "three")]
    monkeypatch.setattr(tabular, "keel_tables", lambda: tables)
    monkeypatch.setattr(tabular, "GENERATOR_TABLES", ["one", "two"])
    command = ["--generators", "--samplers", "none", "random", "CTGAN", "--workers", "1", "--results", str(tmp_path)]
    with pytest.raises(SystemExit, match="not installed: CTGAN"):
        tabular.main(command)
    for table in tables[:2]:
        for fold in range(tabular.N_FOLDS):
            tabular.Results(tmp_path / "tabular.csv").append(rows_made_elsewhere(tabular, table, fold, "CTGAN"))
    tabular.main(command)
    page = (tmp_path / "generators.md").read_text()
    for part in ("2 tables", "ctgan 0.1", "## Against none", "| CTGAN |", "0 tables are left out"):
        assert part in page
    assert (tmp_path / "generators.png").exists()


def test_tables_of_generators_are_for_reporting(tabular):
    assert {tabular.half(name) for name in tabular.GENERATOR_TABLES} == {"confirm"}


def test_the_page_says_what_was_done_and_not_where(tabular, made_table, tmp_path, console):
    samplers = ["none", "weights", "random", "SMOTE"]
    results = tabular.Results(tmp_path / "results.csv")
    other = tabular.Table("other", made_table.path, "larger")
    tabular.run([made_table, other], samplers, ["5-NN"], [0, 1], results, 0, 1, console)
    mean_rank = tabular.write_page(
        tmp_path / "page", "Title", [made_table, other], results.read(samplers, 0), samplers, "SMOTE", 2, 0
    )
    assert mean_rank.drop(columns="all").sum().to_numpy() == pytest.approx(10)
    page = (tmp_path / "page.md").read_text()
    for part in ("2 tables", "Seed 0", "imbalanced-learn ", "Critical difference", "## Against SMOTE", "| made | 75 |"):
        assert part in page
    assert str(tmp_path) not in page
    assert (tmp_path / "page.png").stat().st_size > 10_000
