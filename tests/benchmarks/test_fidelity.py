"""The benchmark of fidelity: what its measures say of rows whose quality is known, and that it resumes."""

import sys
import types

import fidelity
import numpy as np
import pandas as pd
import pytest
from results import RawRows
from rich.console import Console
from tabular_data import Table


@pytest.fixture(scope="module", autouse=True)
def _few_trees():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fidelity, "N_TREES", 20)  # for speed
        yield


def drawn(n, seed, shift=0.0):
    """Rows of one distribution: two numbers, a whole number, a category, gaps in one column."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": rng.normal(size=n) + shift,
            "gappy": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n) + shift),
            "count": rng.integers(0, 1000, n),
            "colour": pd.Categorical(rng.choice(["red", "green"], n), categories=["red", "green", "blue"]),
        }
    )


def half_of(n_rare, n_common, seed):
    """A half of a table whose rarer class, 1, comes first and lies 3 to the right."""
    X = pd.concat([drawn(n_rare, seed, 3.0), drawn(n_common, seed + 1)], ignore_index=True)
    return X, np.repeat([1, 0], [n_rare, n_common])


@pytest.fixture
def table_file(tmp_path):
    X, y = half_of(24, 60, 0)
    path = tmp_path / "small.parquet"
    X.assign(target=np.where(y == 1, "rare", "common")).to_parquet(path)
    return Table("small", path, "larger")


@pytest.fixture(scope="module")
def measure():
    """Measure rows against a training and a held-out half; without rows, the real ones."""
    (X, y), (held, y_held) = half_of(50, 80, 10), half_of(50, 80, 20)

    def measure(synthetic=None):
        for_training, for_held = (held[y_held == 1], X[y == 1]) if synthetic is None else (synthetic, synthetic)
        return fidelity.measures(for_training, for_held, X, y, held, y_held, 0)

    return measure


@pytest.fixture(scope="module")
def real(measure):
    return measure()


# --- measures


def test_copies_are_copies(measure, real):
    training = half_of(50, 80, 10)[0][:50]
    found = measure(training.sample(100, replace=True, random_state=0))
    assert (found["copies"], found["distance"], found["invalid"], found["broken dtypes"]) == (1, 0, 0, 0)
    assert real["copies"] == 0
    assert real["distance"] > 0.1


def test_rows_of_the_same_distribution_pass_for_real(measure, real):
    found = measure(drawn(500, 30, 3.0))
    assert found["two-sample AUC"] == pytest.approx(0.5, abs=0.1)
    assert real["two-sample AUC"] == pytest.approx(0.5, abs=0.1)
    assert found["distance"] / real["distance"] == pytest.approx(1, abs=0.15)
    assert found["confirmed"] == pytest.approx(real["confirmed"], abs=0.05)
    assert found["copies"] == 0


def test_noise_far_away_is_told_from_real_rows(measure, real):
    found = measure(drawn(500, 30, -30.0))
    assert found["two-sample AUC"] > 0.98
    assert found["distance"] / real["distance"] > 10
    assert found["confirmed"] < 0.05 < 0.9 < real["confirmed"]
    assert found["out of range"] > 0.4


def test_few_rows_have_no_two_sample_test():
    (X, y), (held, y_held) = half_of(19, 40, 0), half_of(30, 40, 1)
    synthetic = drawn(30, 3, 3.0)
    found = fidelity.measures(synthetic, synthetic, X, y, held, y_held, 0)
    assert np.isnan(found["two-sample AUC"])
    assert np.isfinite([value for name, value in found.items() if name != "two-sample AUC"]).all()


@pytest.mark.parametrize(
    ("column", "cell", "kind"),
    [
        ("x", 99.0, "out of range"),
        ("x", -np.inf, "out of range"),
        ("count", 500.5, "non-integer"),
        ("x", np.nan, "missing"),
        ("colour", "blue", "unseen category"),  # a level of the dtype, though of no row
    ],
)
def test_a_cell_that_is_not_legal_is_counted(column, cell, kind):
    X = drawn(50, 0)
    synthetic = X.astype({"count": float})
    assert fidelity.validity(synthetic, X) == {
        **dict.fromkeys(["invalid", *fidelity.KINDS], 0),
        "broken dtypes": 1 / X.shape[1],
    }
    synthetic.loc[3, column] = cell
    found = fidelity.validity(synthetic, X)
    assert {name for name in fidelity.KINDS if found[name]} == {kind}
    assert found[kind] == found["invalid"] == 1 / X.size


def test_gaps_are_legal_where_there_were_gaps():
    X = drawn(50, 0)
    synthetic = X.assign(gappy=np.nan)
    assert fidelity.validity(synthetic, X)["invalid"] == 0


def test_text_is_no_number_and_a_grid_may_be_of_floats():
    X = pd.DataFrame({"whole": [1.0, 2.0, np.nan, 9.0], "x": [0.5, 1.5, 2.5, 0.0]})
    synthetic = pd.DataFrame({"whole": [1.5, 3.0], "x": pd.Series(["one", 1.0], dtype=object)})
    found = fidelity.validity(synthetic, X)
    assert (found["non-integer"], found["out of range"], found["broken dtypes"]) == (0.25, 0.25, 0.5)


def test_one_cell_makes_a_row_no_copy():
    training = drawn(40, 0)
    synthetic = training.copy()
    synthetic["x"] *= 1 + 1e-14  # what scaling back and forth does
    assert fidelity.copies(synthetic, training) == 1
    synthetic.loc[0, "colour"] = "red" if synthetic.loc[0, "colour"] == "green" else "green"
    synthetic.loc[1, "gappy"] = 0.123 if np.isnan(synthetic.loc[1, "gappy"]) else np.nan
    synthetic.loc[2, "count"] += 1
    synthetic.loc[3, "x"] += 1e-6
    assert fidelity.copies(synthetic, training) == 0.9
    # duplicates of the real class: a held-out row may equal a training row
    assert fidelity.copies(pd.concat([training[:5], drawn(5, 1)]), training) == 0.5


# --- generators


@pytest.mark.parametrize("columns", [["x", "gappy", "count", "colour"], ["x", "count"], ["colour"]])
def test_smote_comes_back_in_the_units_of_the_table(columns):
    X, y = half_of(12, 30, 0)
    synthetic = fidelity.smote(X[columns], y, 200, 0)
    assert list(synthetic.columns) == columns
    assert len(synthetic) == 200
    found = fidelity.validity(synthetic, X[columns])
    assert found["invalid"] == found["non-integer"]
    assert (found["non-integer"] > 0) == ("count" in columns)
    if "x" in columns:
        assert synthetic["x"].between(X["x"][:12].min() - 1e-9, X["x"][:12].max() + 1e-9).all()
        assert fidelity.copies(synthetic, X[columns][:12]) < 0.1


def test_random_makes_copies():
    X, y = half_of(12, 30, 0)
    synthetic = fidelity.random(X, y, 50, 0)
    assert len(synthetic) == 50
    assert fidelity.copies(synthetic, X[:12]) == 1


def test_ctgan_makes_as_many_rows_of_the_class_as_are_wanted(monkeypatch):
    class CTGAN:
        """Half of what it makes is of the other class."""

        def __init__(self, enable_gpu):
            assert not enable_gpu

        def set_random_state(self, seed):
            self.seed = seed

        def fit(self, frame, discrete):
            assert discrete == ["colour", "\0"]
            assert not frame.isna().any(axis=None)
            self.frame = frame

        def sample(self, n, column, value):
            return self.frame.sample(n, replace=True, random_state=self.seed).assign(**{column: np.arange(n) % 2})

    module = types.ModuleType("ctgan")
    module.CTGAN = CTGAN
    monkeypatch.setitem(sys.modules, "ctgan", module)
    X, y = half_of(12, 30, 0)
    synthetic = fidelity.ctgan(X, y, 100, 0)
    assert synthetic.shape == (100, 4)
    assert synthetic.dtypes.equals(X.dtypes)


def test_what_ours_makes_is_legal(table_file, monkeypatch):
    import ganaug

    real_model = ganaug.TabularGAN
    monkeypatch.setattr(ganaug, "TabularGAN", lambda **given: real_model(n_steps=2, hidden_sizes=(8,), **given))
    for generator in ("ganaug", "ganaug noise"):
        row = fidelity.evaluate(table_file, 0, generator, 0)
        assert (row["note"], row["n_synthetic"], row["invalid"], row["broken dtypes"]) == ("", 120, 0, 0)
        assert row["version"].startswith("ganaug ")


# --- many evaluations


@pytest.fixture
def quick(monkeypatch):
    """Take the measures as read: only their bookkeeping is looked at."""
    measures = dict.fromkeys(fidelity.MEASURES, 0.5)
    monkeypatch.setattr(fidelity, "measures", lambda *_: measures)
    return measures


def run(tables, results, generators=("real", "random"), n_splits=2, seed=0):
    return fidelity.run(tables, generators, n_splits, results, seed, 1, Console(quiet=True))


def test_each_half_is_training_once(table_file, monkeypatch):
    seen = []

    def spy(for_training, for_held, X, y, held, y_held, seed):
        assert len(for_training) == 10 * y_held.sum()
        seen.append((X["x"], held["x"]))
        return dict.fromkeys(fidelity.MEASURES, 0.0)

    monkeypatch.setattr(fidelity, "measures", spy)
    for split in range(4):
        fidelity.evaluate(table_file, split, "random", 0)
    assert set(seen[0][0]) == set(seen[1][1])
    assert set(seen[2][0]) == set(seen[3][1]) != set(seen[0][0]) != set(seen[0][1])
    for training, held in seen:
        assert set(training).isdisjoint(held)
        assert len(training) == len(held) == 42


@pytest.mark.usefixtures("quick")
def test_a_second_run_computes_nothing(table_file, tmp_path):
    results = RawRows(tmp_path / "results" / "fidelity.csv.gz", fidelity.COLUMNS)
    assert run([table_file], results) == 4
    before = results.path.read_bytes()
    assert run([table_file], results) == 0
    assert results.path.read_bytes() == before
    pd.read_csv(results.path)[:-1].to_csv(results.path, index=False)  # without the last evaluation
    assert run([table_file], results) == 1
    assert len(fidelity.current(results, 0)) == 4
    assert run([table_file], results, n_splits=4) == 4
    assert run([table_file], results, generators=("real", "random", "SMOTE")) == 2
    assert run([table_file], results, seed=1) == 4


@pytest.mark.usefixtures("quick")
def test_rows_of_another_version_are_not_mixed_in(table_file, tmp_path, monkeypatch):
    results = RawRows(tmp_path / "fidelity.csv.gz", fidelity.COLUMNS)
    assert run([table_file], results) == 4
    monkeypatch.setattr(fidelity, "package_version", lambda package: f"{package} 99")
    assert run([table_file], results) == 4
    assert set(fidelity.current(results, 0)["version"]) == {"scikit-learn 99", "imbalanced-learn 99"}
    monkeypatch.setattr(fidelity, "PROTOCOL", 99)
    assert run([table_file], results) == 4


@pytest.mark.usefixtures("quick")
def test_rows_of_a_generator_not_installed_are_kept(table_file, tmp_path, monkeypatch):
    results = RawRows(tmp_path / "fidelity.csv.gz", fidelity.COLUMNS)
    monkeypatch.setitem(fidelity.GENERATORS, "CTGAN", (fidelity.random, "ctgan"))
    for of_ctgan in ("ctgan 1", "ctgan 2"):
        versions = {"ctgan": of_ctgan, "scikit-learn": "scikit-learn 1"}
        monkeypatch.setattr(fidelity, "package_version", versions.get)
        monkeypatch.setattr(fidelity, "is_installed", lambda package: True)
        run([table_file], results, ("real", "CTGAN"))
    monkeypatch.setattr(fidelity, "is_installed", lambda package: package != "ctgan")
    rows = fidelity.current(results, 0)
    assert rows.loc[rows["generator"] == "CTGAN", "version"].tolist() == ["ctgan 2"] * 2
    assert len(rows) == 4
    assert fidelity.current(results, 1).empty


def test_scores_compare_with_real_rows():
    def row(table, split, generator, **values):
        values = dict.fromkeys(fidelity.MEASURES, 0.5) | {"n_held": 20} | values
        return {"table": table, "split": split, "generator": generator, **values}

    rows = pd.DataFrame(
        [row("a", split, "real", confirmed=0.8, distance=2.0, copies=0.1) for split in (0, 1)]
        + [row("a", split, "random", confirmed=0.4, distance=split, copies=1.0) for split in (0, 1)]
        + [row("twins", split, "real", confirmed=0.0, distance=0.0) for split in (0, 1)]
        + [row("twins", split, "random", distance=3.0) for split in (0, 1)]
        + [row("half done", 0, "real"), row("half done", 0, "random")]
    )
    scores = fidelity.scores_of(rows, ["real", "random"], 2)
    assert list(scores.index.unique("table")) == ["a", "twins"]
    found = scores.loc["a", "random"]
    assert found[["confirmed ratio", "distance ratio", "excess copies"]].tolist() == pytest.approx([0.5, 0.25, 0.9])
    assert found["error of copies"] == pytest.approx(np.sqrt(0.1 * 0.9 / 40))
    # a zero among real rows leaves the ratio out
    assert scores.loc["twins", "random"][["confirmed ratio", "distance ratio"]].isna().all()
    assert scores.loc["a", "real"][["confirmed ratio", "distance ratio"]].tolist() == [1, 1]


def test_the_page_says_what_was_done_and_not_where(table_file, tmp_path, monkeypatch):
    def fail(X, y, n, seed):
        raise RuntimeError("no clusters\nin /home/someone/data")

    monkeypatch.setitem(fidelity.GENERATORS, "SMOTE", (fail, "imbalanced-learn"))
    results, generators = RawRows(tmp_path / "fidelity.csv.gz", fidelity.COLUMNS), ["real", "SMOTE", "random"]
    run([table_file], results, generators)
    other = Table("other", table_file.path, "larger")
    mean = fidelity.write_page(
        tmp_path / "page", "Title", [table_file, other], fidelity.current(results, 0), generators, 2, 0
    )
    assert mean.loc["random", ["copies", "distance ratio"]].tolist() == [1, 0]
    assert mean.loc["SMOTE"].drop("seconds, median").isna().all()
    page = (tmp_path / "page.md").read_text()
    for part in ("# Title", "1 tables, 2 splits", "1 tables are left out", "Seed 0", "imbalanced-learn ", "### small"):
        assert part in page
    assert "| SMOTE | 2 | RuntimeError: no clusters in ... |" in page
    assert "| random | 1.00 | 1.00 |" in page
    assert "nan" not in page
    assert str(tmp_path) not in page
    assert (tmp_path / "page.png").stat().st_size > 10_000


@pytest.mark.usefixtures("quick")
def test_a_generator_that_did_only_some_tables_has_a_section_of_its_own(table_file, tmp_path, monkeypatch):
    monkeypatch.setattr(fidelity, "draw", lambda *_: None)
    results, other = RawRows(tmp_path / "fidelity.csv.gz", fidelity.COLUMNS), Table("other", table_file.path, "larger")
    run([table_file, other], results)
    run([other], results, ["SMOTE"])
    generators = ["real", "SMOTE", "random"]
    mean = fidelity.write_page(
        tmp_path / "page", "T", [table_file, other], fidelity.current(results, 0), generators, 2, 0
    )
    assert list(mean.index) == ["real", "random"]
    page = (tmp_path / "page.md").read_text()
    assert "2 tables, 2 splits" in page
    assert page.count("## Tables that SMOTE has finished (1)") == 1
    assert page.count("| SMOTE |") == 1
