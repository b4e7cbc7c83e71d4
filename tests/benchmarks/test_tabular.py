"""The benchmark of tables: its halves, that it resumes, and that test rows never reach a sampler."""

import numpy as np
import pandas as pd
import pytest
import samplers
import tabular
import tabular_data
import versions

from ganaug import TabularGAN


@pytest.fixture
def table_file(tmp_path):
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
    path = tmp_path / "small.parquet"
    X.assign(target=y).to_parquet(path)
    return tabular.Table("small", path, "larger")


# --- protocol


def test_halves_never_change():
    assert {name: tabular_data.half(name) for name in ("pima", "yeast4", "yeast-1_vs_7", "abalone19", "flare-F")} == {
        "pima": "design",
        "yeast4": "design",
        "yeast-1_vs_7": "confirm",
        "abalone19": "confirm",
        "flare-F": "confirm",
    }


def test_the_rarer_class_is_positive_and_dtypes_are_real(tmp_path):
    path = tmp_path / "small.dat"
    path.write_text("1, 0.5, F, positive\n2, 1.5, M, positive\n3, <null>, F, negative\n")
    X, y = tabular.load(tabular.Table("small", path, "design"))
    assert y.tolist() == [0, 0, 1]
    assert [dtype.kind if hasattr(dtype, "kind") else "" for dtype in X.dtypes] == ["i", "f", "O"]
    assert isinstance(X.iloc[:, 2].dtype, pd.CategoricalDtype)
    assert X.isna().sum().tolist() == [0, 1, 0]


def test_metrics_of_a_perfect_and_a_blind_classifier():
    y = np.array([0, 0, 0, 1])
    assert tabular.metrics(y, y.astype(float)) == {
        metric: float(greater) for metric, greater in tabular.METRICS.items()
    }
    blind = tabular.metrics(y, np.zeros(4))
    assert (blind["average precision"], blind["balanced accuracy"], blind["F1"], blind["G-mean"]) == (0.25, 0.5, 0, 0)


@pytest.mark.parametrize("stage", ["table", "tidy", "matrix"])
def test_no_test_row_reaches_the_sampler(table_file, monkeypatch, stage):
    seen = []

    def spy(X, y, seed):
        seen.append(pd.DataFrame(X).reset_index(drop=True))
        return X, y

    monkeypatch.setitem(samplers.SAMPLERS, "spy", samplers.Sampler(spy, stage, "scikit-learn"))
    X, y = tabular.load(table_file)
    folds = tabular.StratifiedKFold(tabular.N_FOLDS, shuffle=True, random_state=3)
    for fold, (train, test) in enumerate(folds.split(X, y)):
        spoilt = X.copy()
        spoilt.loc[test, ["id", "x"]] = 1e6
        spoilt["colour"] = spoilt["colour"].cat.add_categories("poison")
        spoilt.loc[test, "colour"] = "poison"
        for table in (X, spoilt):
            monkeypatch.setattr(tabular, "load", lambda _, table=table: (table, y))
            rows = tabular.evaluate(table_file, fold, "spy", ["logistic regression"], 3)
            assert rows[0]["note"] == ""
        clean, after = seen[-2:]
        assert len(clean) == len(train)
        # whatever the test rows hold, the sampler sees the same; as text, for the category has one level more
        pd.testing.assert_frame_equal(clean.astype(str), after.astype(str))
        if stage == "table":
            assert set(clean["id"]).isdisjoint(X.loc[test, "id"])


def test_a_sampler_that_fails_counts_as_none(table_file, monkeypatch):
    def fail(X, y, seed):
        raise RuntimeError("no clusters\nin /home/someone/data")

    monkeypatch.setitem(samplers.SAMPLERS, "fail", samplers.Sampler(fail, "matrix", "scikit-learn"))
    failed = tabular.evaluate(table_file, 0, "fail", tabular.CLASSIFIERS[:2], 0)
    plain = tabular.evaluate(table_file, 0, "none", tabular.CLASSIFIERS[:2], 0)
    assert failed[0]["note"] == "RuntimeError: no clusters in ..."
    assert [[row[m] for m in tabular.METRICS] for row in failed] == [[row[m] for m in tabular.METRICS] for row in plain]
    assert tabular.failures(pd.DataFrame(failed + plain)).to_dict("index") == {
        "fail": {"failed": 1, "no synthetic rows": 0, "folds": 1, "most frequent message": failed[0]["note"]}
    }


@pytest.mark.parametrize("name", ["random", "SMOTE", "BorderlineSMOTE", "SVMSMOTE", "ADASYN"])
def test_samplers_take_mixed_tables_with_missing_cells(table_file, name):
    (row,) = tabular.evaluate(table_file, 0, name, ["5-NN"], 0)
    assert row["note"] == ""
    assert row["n_synthetic"] > 20


def test_parameters_of_ours(table_file):
    (row,) = tabular.evaluate(table_file, 0, "ganaug:n_steps=2, hidden_sizes=(8,), prior='noise'", ["5-NN"], 0)
    assert (row["n_synthetic"], row["note"]) == (36, "")
    assert row["version"].startswith("ganaug ")
    for wrong in ("ganaug:(", "ganaug:3", "ganaug:**{}", "ganaug:n_steps=open('f')", "ganaug:n_stepz=3", "SMOTTE"):
        with pytest.raises((ValueError, SyntaxError)):
            samplers.sampler_of(wrong)


def test_the_digest_is_that_of_the_rows(monkeypatch):
    first = versions.rows_digest()
    assert versions.rows_digest() == first
    monkeypatch.setitem(TabularGAN.__init__.__kwdefaults__, "n_steps", 30)
    assert versions.rows_digest() != first


# --- resumption


def test_a_second_run_computes_nothing(table_file, tmp_path, console):
    wanted, folds = ["5-NN", "logistic regression"], range(3)

    def run(samplers=("none", "random"), wanted=wanted, seed=0):
        results = tabular.Results(tmp_path / "results.csv.gz")
        return tabular.run([table_file], samplers, wanted, folds, results, seed, 1, console)

    assert run() == 6
    before = (tmp_path / "results.csv.gz").read_bytes()
    assert run() == 0
    assert (tmp_path / "results.csv.gz").read_bytes() == before

    # one evaluation lacks a classifier: it alone is run again, and its rows count once
    stored = pd.read_csv(tmp_path / "results.csv.gz")
    stored[:-1].to_csv(tmp_path / "results.csv.gz", index=False)
    assert run() == 1
    assert len(pd.read_csv(tmp_path / "results.csv.gz")) == 13
    rows = tabular.Results(tmp_path / "results.csv.gz").current(["none", "random"], 0)
    assert len(rows) == 12
    assert not rows.duplicated(["table", "fold", "sampler", "classifier"]).any()

    assert run(seed=1) == 6
    assert run(wanted=["5-NN"]) == 0
    assert run(samplers=("none", "random", "SMOTE")) == 3


def test_rows_of_another_version_are_not_mixed_in(table_file, tmp_path, console, monkeypatch):
    def run():
        results = tabular.Results(tmp_path / "results.csv.gz")
        return tabular.run([table_file], ["none"], ["5-NN"], [0], results, 0, 1, console), results

    assert run()[0] == 1
    monkeypatch.setattr(tabular, "PROTOCOL", 99)
    n_computed, results = run()
    assert n_computed == 1
    assert results.current(["none"], 0)["protocol"].tolist() == [99]
    assert len(pd.read_csv(results.path)) == 2


@pytest.fixture
def without_ctgan(monkeypatch):
    """As where ctgan is missing, even if it is not; and with two classifiers only."""
    few = {name: tabular.classifiers(0)[name] for name in ("logistic regression", "5-NN")}
    monkeypatch.setattr(tabular, "is_installed", lambda package: package != "ctgan")
    monkeypatch.setattr(tabular, "classifiers", lambda seed: few)
    monkeypatch.setattr(tabular, "CLASSIFIERS", list(few))


def rows_of_another_installation(table, fold, sampler):
    """Rows as an installation that has the sampler would write them."""
    rows = tabular.evaluate(table, fold, "random", tabular.CLASSIFIERS, 0)
    return [{**row, "sampler": sampler, "version": "ctgan 0.1"} for row in rows]


def test_rows_of_a_sampler_that_is_not_installed_are_kept(table_file, tmp_path, without_ctgan):
    results = tabular.Results(tmp_path / "results.csv.gz")
    rows = rows_of_another_installation(table_file, 0, "CTGAN")
    results.append(rows)
    results.append([{**row, "fold": 1, "protocol": 99} for row in rows])
    results.append([{**row, "fold": 2, "sampler": "SMOTE"} for row in rows])  # of another version, and installed
    assert results.finished(["CTGAN", "SMOTE"], tabular.CLASSIFIERS, 0) == {("small", 0, "CTGAN")}
    assert set(results.current(["CTGAN"], 0)["version"]) == {"ctgan 0.1"}
    assert results.current(["CTGAN"], 1).empty


def test_the_page_of_generators(table_file, tmp_path, without_ctgan, monkeypatch):
    tables = [tabular.Table(name, table_file.path, "confirm") for name in ("one", "two", "three")]
    monkeypatch.setattr(tabular, "keel_tables", lambda: tables)
    monkeypatch.setattr(tabular, "GENERATOR_TABLES", ["one", "two"])
    command = ["--generators", "--samplers", "none", "random", "CTGAN", "--workers", "1", "--results", str(tmp_path)]
    with pytest.raises(SystemExit, match="not installed: CTGAN"):
        tabular.main(command)
    for table in tables[:2]:
        for fold in range(tabular.N_FOLDS):
            tabular.Results(tmp_path / "tabular.csv.gz").append(rows_of_another_installation(table, fold, "CTGAN"))
    tabular.main(command)
    page = (tmp_path / "generators.md").read_text()
    for part in ("2 tables", "ctgan 0.1", "## none compared with each sampler", "| CTGAN |", "0 tables are left out"):
        assert part in page
    assert (tmp_path / "generators.png").exists()


def test_tables_of_generators_are_for_reporting():
    assert {tabular_data.half(name) for name in tabular.GENERATOR_TABLES} == {"confirm"}


def test_the_page_says_what_was_done_and_not_where(table_file, tmp_path, console):
    samplers = ["none", "weights", "random", "SMOTE"]
    results = tabular.Results(tmp_path / "results.csv.gz")
    other = tabular.Table("other", table_file.path, "larger")
    tabular.run([table_file, other], samplers, ["5-NN"], [0, 1], results, 0, 1, console)
    mean_rank = tabular.write_page(
        tmp_path / "page", "Title", [table_file, other], results.current(samplers, 0), samplers, "SMOTE", 2, 0
    )
    assert mean_rank.drop(columns="all").sum().to_numpy() == pytest.approx(10)
    page = (tmp_path / "page.md").read_text()
    for part in (
        "2 tables",
        "Seed 0",
        "imbalanced-learn ",
        "Critical difference",
        "## SMOTE compared with each sampler",
        "| small | 75 |",
    ):
        assert part in page
    assert str(tmp_path) not in page
    assert (tmp_path / "page.png").stat().st_size > 10_000


def test_only_a_complete_run_draws_the_figure_of_the_readme(table_file, tmp_path, monkeypatch):
    few = {"5-NN": tabular.classifiers(0)["5-NN"]}
    monkeypatch.setattr(tabular, "classifiers", lambda seed: few)
    monkeypatch.setattr(tabular, "CLASSIFIERS", list(few))
    monkeypatch.setattr(tabular, "SAMPLERS", {name: samplers.SAMPLERS[name] for name in ("none", "random", "SMOTE")})
    tables = [tabular.Table(name, table_file.path, "confirm") for name in ("one", "two")]
    monkeypatch.setattr(tabular, "keel_tables", lambda: tables)
    monkeypatch.setitem(TabularGAN.__init__.__kwdefaults__, "n_steps", 2)
    command = ["--half", "confirm", "--workers", "1", "--results", str(tmp_path / "results")]
    tabular.main([*command, "--tables", "one", "two"])
    assert not (tmp_path / "results" / "ranks-confirm.png").exists()
    tabular.main(command)
    assert (tmp_path / "results" / "ranks-confirm.png").stat().st_size > 10_000
