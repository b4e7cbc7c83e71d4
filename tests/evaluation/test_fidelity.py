"""Measures of tables: closed forms, other libraries, and cases built so that the answer is known."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import ks_2samp, spearmanr
from scipy.stats.contingency import association
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from ganaug.common.containers import as_frame
from ganaug.metrics import fidelity
from ganaug.metrics.fidelity import (
    TableCodes,
    alpha_precision_beta_recall,
    associations,
    auc,
    column_distances,
    distributions,
    projection,
    row_keys,
    two_sample_auc,
    validity,
)

FLAWS = ["out of range", "unseen level", "off grid", "newly missing", "unreadable"]


def rows(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def texts(n: int, n_levels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([f"level {i}" for i in range(n_levels)], n)


def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the same columns, none of which goes with another."""
    rng = np.random.default_rng(0)
    return pd.DataFrame({name: frame[name].array[rng.permutation(len(frame))] for name in frame})


class TestAsFrame:
    def test_every_container_is_read_alike(self):
        frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
        for table in (
            frame,
            pl.from_pandas(frame),
            pl.from_pandas(frame).to_arrow(),
            frame.to_numpy(),
            [[1, 0.5], [2, 1.5]],
        ):
            read = as_frame(table, "synthetic", frame)
            assert list(read) == ["a", "b"]
            np.testing.assert_array_equal(read.to_numpy(float), frame.to_numpy())

    def test_columns_are_put_in_order(self):
        frame = pd.DataFrame({"a": [1], "b": [2]})
        assert list(as_frame(frame[["b", "a"]], "synthetic", frame)) == ["a", "b"]

    @pytest.mark.parametrize(
        ("table", "message"),
        [
            (pd.DataFrame({"a": [1]}), "synthetic lacks column 'b' of the real table"),
            (pd.DataFrame({"a": [1], "c": [1]}), "lacks column 'b' of the real table and has column 'c' that"),
            (pd.DataFrame([[1, 2, 3]], columns=["a", "b", "b"]), "more than one column 'b'"),
            (pd.DataFrame({"a": [1.0], "b": [np.inf]}), "column 'b' of synthetic holds infinite"),
            (pd.DataFrame({"a": [1.0], "b": [1j]}), "column 'b' of synthetic is complex"),
            (np.zeros((3, 5)), "synthetic has 5 columns and the real table 2"),
            (np.zeros(3), "must be a table"),
            (np.zeros((0, 2)), "0 rows"),
        ],
    )
    def test_errors_name_the_column(self, table, message):
        with pytest.raises(ValueError, match=message):
            as_frame(table, "synthetic", pd.DataFrame({"a": [1.0], "b": [1.0]}))

    def test_nested_cells_are_named(self):
        with pytest.raises(ValueError, match="column 'a' holds nested"):
            TableCodes(pd.DataFrame({"a": [[1], [2]]}))


class TestCodebook:
    @pytest.mark.parametrize(
        ("cells", "kind"),
        [
            ([1, 2], "number"),
            (pd.array([1, None], "Int64"), "number"),
            (pd.array([1.5, None], "Float32"), "number"),
            ([decimal.Decimal("1.5"), decimal.Decimal(2)], "number"),
            (pd.Series([1, None], dtype=object), "number"),
            (pd.to_datetime(["2024-01-01", "2024-02-01"]), "time"),
            (pd.to_datetime(["2024-01-01", "2024-02-01"], utc=True), "time"),
            (pd.Series([datetime.date(2024, 1, 1), None], dtype=object), "time"),
            (pd.to_timedelta([1, 2], unit="h"), "duration"),
            ([True, False], "category"),
            (pd.array([True, None], "boolean"), "category"),
            (["a", None], "category"),
            (pd.Categorical([1, 2]), "category"),
            (pd.Series([None, None], dtype=object), "category"),
            (pd.Series(["a", 1, (2, 3)], dtype=object), "category"),
        ],
    )
    def test_kinds(self, cells, kind):
        frame = pd.DataFrame({"x": cells})
        book = TableCodes(frame)
        assert book.kinds == [kind]
        np.testing.assert_array_equal(np.isnan(book.cells_[:, 0]), frame["x"].isna())
        (points,) = book.points(book.cells_)
        assert np.isfinite(points).all()

    def test_times_are_seconds_in_any_unit(self):
        when = pd.to_datetime(["2024-01-01 00:00:01", None])
        book = TableCodes(pd.DataFrame({"x": when}))
        expected = [[pd.Timestamp("2024-01-01").timestamp() + 1], [np.nan]]
        for unit in ("s", "ms", "us", "ns"):
            np.testing.assert_array_equal(book.cells(pd.DataFrame({"x": when.as_unit(unit)})), expected)
        np.testing.assert_array_equal(book.cells(pd.DataFrame({"x": ["2024-01-01T00:00:01", "soon"]})), expected)

    def test_dates_of_polars(self):
        real = as_frame(
            pl.DataFrame({"x": [datetime.date(2024, 1, 2)], "y": pl.Series(["a"], dtype=pl.Categorical)}), "real"
        )
        book = TableCodes(real)
        assert book.kinds == ["time", "category"]
        assert book.cells_[0, 0] == pd.Timestamp("2024-01-02").timestamp()

    def test_two_rows_of_any_column_are_two_apart_in_the_mean_square(self):
        n = 2000
        for column in (rows(n, 1)[:, 0] * 50 + 7, np.arange(n).astype(str)):
            book = TableCodes(pd.DataFrame({"x": column}))
            (points,) = book.points(book.cells_)
            assert ((points[: n // 2] - points[n // 2 :]) ** 2).sum(1).mean() == pytest.approx(2, rel=0.1)

    def test_levels(self):
        book = TableCodes(pd.DataFrame({"x": ["a", "b", None]}))
        (points,) = book.points(book.cells(pd.DataFrame({"x": ["a", "b", "c", None, "a"]})))
        squared = ((points[:, None] - points) ** 2).sum(2)
        np.testing.assert_allclose(
            squared, 2 * (1 - np.eye(5)) - 2 * np.eye(5)[[4, 1, 2, 3, 0]] * [[1], [0], [0], [0], [1]]
        )

    def test_keys(self):
        cells = np.array([[0.0, np.nan], [-0.0, np.nan], [1.0, 0.0]]) + 0.0
        keys = row_keys(cells)
        assert keys[0] == keys[1] != keys[2]


class TestValidity:
    def test_the_real_table_is_valid(self, mixed):
        found = validity(mixed[0], mixed[0].sample(frac=1, random_state=0))
        assert (found["invalid"] == 0).all()
        assert not found["broken dtype"].any()
        assert found["grid"][["count", "price", "when"]].tolist() == ["whole", "2 decimals", "days"]
        assert found["grid"][["height", "city"]].isna().all()

    @pytest.mark.parametrize(
        ("real", "synthetic", "flaw"),
        [
            ([1.5, 2.25], [1.75, 2.0], None),
            ([1.5, 2.25], [1.5, 2.26], "out of range"),
            ([1, 5], [2.0, 2.5], "off grid"),
            ([1.5, 2.25], [2.0, 2.001], "off grid"),
            (np.array([0.1, 0.7], np.float32), [0.5, 0.55], "off grid"),
            (np.array([0.1, 0.7], np.float32), np.array([0.5, 0.3], np.float32), None),
            ([1e9 + 0.25, 1e9 + 0.5], [1e9 + 0.25, 1e9 + 0.3], None),  # two decimals
            ([1e9 + 0.25, 1e9 + 0.5], [1e9 + 0.25, 1e9 + 0.333], "off grid"),
            (
                pd.to_datetime(["2024-01-01", "2024-03-01"]),
                pd.to_datetime(["2024-02-01 00:00", "2024-02-01 12:00"]),
                "off grid",
            ),
            (["a", "b"], ["a", "c"], "unseen level"),
            ([True, False], [True, "yes"], "unseen level"),
            ([1.0, 2.0], [1.0, None], "newly missing"),
            (["a", "b"], ["a", None], "newly missing"),
            ([1.0, None], [1.0, None], None),
            ([1.0, 2.0], [1.0, "two"], "unreadable"),
            (pd.to_datetime(["2024-01-01", "2024-03-01"]), ["2024-01-01", "spring"], "unreadable"),
            ([None, None], [None, None], None),
        ],
    )
    def test_each_flaw_is_counted_once_and_by_its_name(self, real, synthetic, flaw):
        found = validity(pd.DataFrame({"x": real}), pd.DataFrame({"x": synthetic})).loc["x"]
        expected = dict.fromkeys(FLAWS, 0.0) | ({flaw: 0.5} if flaw else {})
        assert found[FLAWS].to_dict() == expected
        assert found["invalid"] == sum(expected.values())

    @pytest.mark.parametrize(
        ("real", "synthetic", "broken"),
        [
            ("int64", "int8", False),
            ("int64", "Int64", False),
            ("int64", "float64", True),
            ("float64", "Float32", False),
            ("int64", "str", True),
            ("object", "str", True),
            ("int64", "category", True),
            ("bool", "boolean", False),
            ("bool", "int64", True),
        ],
    )
    def test_dtypes(self, real, synthetic, broken):
        frame = pd.DataFrame({"x": [0, 1, 1]})
        assert validity(frame.astype(real), frame.astype(synthetic))["broken dtype"]["x"] == broken

    def test_chance_is_what_new_rows_have(self):
        def table(seed: int) -> pd.DataFrame:
            return pd.DataFrame({"x": rows(100, 1, seed)[:, 0], "level": texts(100, 60, seed)})

        found = [validity(table(i), table(i + 1000)) for i in range(60)]
        invalid = np.mean([f["invalid"] for f in found], axis=0)
        chance = np.mean([f["by chance"] for f in found], axis=0)
        np.testing.assert_allclose(invalid, chance, rtol=0.25)


class TestColumnDistances:
    def test_agrees_with_scipy(self):
        real, synthetic = rows(300, 1), rows(200, 1, 1) * 1.5
        found = column_distances(real, synthetic)
        assert found["distance"][0] == pytest.approx(ks_2samp(real[:, 0], synthetic[:, 0]).statistic)

    def test_total_variation_is_the_formula(self):
        found = column_distances(pd.DataFrame({"x": list("aaab")}), pd.DataFrame({"x": ["a", "c", None, None]}))
        assert found["distance"]["x"] == pytest.approx(0.5 * (0.5 + 0.25 + 0.25 + 0.5))

    def test_missing_is_a_level(self):
        found = column_distances(pd.DataFrame({"x": [1.0, 2, 3, None]}), pd.DataFrame({"x": [1.0, None, None, None]}))
        assert found.loc["x", ["distance", "real missing", "synthetic missing"]].tolist() == [0.5, 0.25, 0.75]

    def test_ends_of_the_range(self, mixed):
        X = mixed[0]
        assert (column_distances(X, shuffled(X))["distance"] < 1e-12).all()
        other = pd.DataFrame({"x": [1.0, 2], "y": ["a", "b"]})
        assert (column_distances(other, pd.DataFrame({"x": [9.0, 8], "y": ["c", "c"]}))["distance"] == 1).all()

    def test_chance_is_what_equal_distributions_have(self):
        def table(n: int, seed: int) -> pd.DataFrame:
            return pd.DataFrame({"x": rows(n, 1, seed)[:, 0], "level": texts(n, 20, seed)})

        found = [column_distances(table(400, i), table(250, i + 1000)) for i in range(25)]
        distance = np.mean([f["distance"] for f in found], axis=0)
        np.testing.assert_allclose(distance, np.mean([f["chance"] for f in found], axis=0), rtol=0.15)


class TestDistributions:
    def test_shares_sum_to_1(self, mixed):
        X = mixed[0]
        for label, shares in distributions(X, X[:37]).items():
            assert (shares.columns[-2:] == ["real", "synthetic"]).all()
            np.testing.assert_allclose(shares[["real", "synthetic"]].sum(), 1, err_msg=label)

    def test_bins_count_what_numpy_counts(self):
        real, made = rows(2_000, 1), rows(500, 1, 1) * 3
        found = distributions(real, made)[0]
        assert len(found) == 30
        assert (found["low"].to_numpy()[1:] == found["high"].to_numpy()[:-1]).all()
        assert found["low"].iloc[0] == min(real.min(), made.min())
        assert found["high"].iloc[-1] == max(real.max(), made.max())
        edges = [*found["low"], found["high"].iloc[-1]]
        np.testing.assert_allclose(found["real"], np.histogram(real, edges)[0] / 2_000)
        np.testing.assert_allclose(found["synthetic"], np.histogram(made, edges)[0] / 500)

    @pytest.mark.parametrize("n", [13, 58, 365, 100_000])
    def test_whole_numbers_fall_evenly_into_bins(self, n):
        shares = distributions(np.arange(n)[:, None], np.arange(n)[:, None])[0]
        assert len(shares) <= 30
        inner = shares["real"].iloc[1:-1]
        assert inner.max() == pytest.approx(inner.min())

    def test_levels(self):
        real = pd.DataFrame({"k": ["a"] * 5 + ["b"] * 3 + [None] * 2, "n": [3, 1, 1, 1, 1, 3, 2, 2, 2, 2]})
        found = distributions(real, real.assign(k="new", n=7))
        assert found["k"].to_dict("list") == {
            "level": ["a", "b", "new"],
            "real": [0.625, 0.375, 0],
            "synthetic": [0, 0, 1],
        }
        assert found["n"]["level"].tolist() == ["1", "2", "3", "7"]
        many = pd.DataFrame({"k": texts(1_000, 40)})
        last = distributions(many, many.assign(k="new"))["k"].iloc[12]
        assert (last["level"], last["synthetic"]) == (None, 1)

    def test_times(self):
        days = pd.DataFrame(
            {"t": pd.date_range("2024-01-01", periods=100), "d": pd.to_timedelta(np.arange(100), unit="h")}
        )
        found = distributions(days, days)
        assert fidelity.as_time(found["t"]["high"].iloc[-1], "time") == pd.Timestamp("2024-04-09")
        few = distributions(days[:2], days[:2])
        assert few["t"]["level"].tolist() == ["2024-01-01 00:00:00", "2024-01-02 00:00:00"]
        assert few["d"]["level"].tolist() == ["0 days 00:00:00", "0 days 01:00:00"]

    def test_a_column_without_cells(self):
        assert distributions(np.full((9, 1), np.nan), np.full((9, 1), np.nan))[0].empty


class TestProjection:
    def test_agrees_with_scikit_learn(self):
        real, made = rows(200, 5) * np.arange(1, 6), rows(50, 5, 1)
        found = projection(real, made, random_state=0)
        pca = PCA(2, svd_solver="full").fit((real - real.mean(0)) / real.std(0))
        expected = pca.transform((made - real.mean(0)) / real.std(0))
        np.testing.assert_allclose(np.abs(found.synthetic), np.abs(expected))
        assert found.explained == pytest.approx(pca.explained_variance_ratio_.sum())

    def test_few_directions_and_none(self):
        line = projection(rows(30, 1), rows(20, 1), random_state=0)
        assert line.real.shape == (30, 2)
        assert not line.real[:, 1].any()
        assert line.explained == pytest.approx(1)
        point = projection(np.ones((30, 1)), np.ones((20, 1)), random_state=0)
        assert not point.synthetic.any()
        assert point.explained == 0

    def test_long_tables_are_drawn_from(self):
        found = [projection(rows(3_000, 2), rows(1_500, 2), random_state=0) for _ in range(2)]
        assert len(found[0].real) == len(found[0].synthetic) == 1_000
        np.testing.assert_array_equal(found[0].real, found[1].real)


class TestAssociations:
    def test_correlations_agree_with_numpy_and_scipy(self):
        real = rows(100, 3) @ rows(3, 3, 1) + 1e6
        np.testing.assert_allclose(associations(real, real, method="pearson").real, np.corrcoef(real.T), rtol=1e-6)
        np.testing.assert_allclose(associations(real, real).real, spearmanr(real).statistic)

    def test_cramers_v_agrees_with_scipy_where_rows_are_many(self):
        a = np.random.default_rng(0).integers(0, 3, 20_000)
        b = np.where(np.random.default_rng(1).random(20_000) < 0.5, a, 1)
        frame = pd.DataFrame({"a": a, "b": b}).astype("category")
        found = associations(frame, frame).real.loc["a", "b"]
        assert found == pytest.approx(association(pd.crosstab(a, b).to_numpy(), "cramer"), rel=1e-3)

    def test_correlation_ratio_is_the_formula(self):
        numbers, n = rows(20_000, 1)[:, 0], 20_000
        levels = texts(n, 3)
        numbers = numbers + pd.Series(levels).map({f"level {i}": i for i in range(3)})
        frame = pd.DataFrame({"x": numbers, "level": levels})
        # variance of 0, 1, 2 beside that of the noise
        expected = np.sqrt((2 / 3) / (2 / 3 + 1))
        assert associations(frame, frame, method="pearson").real.loc["x", "level"] == pytest.approx(expected, abs=0.01)

    def test_chance_is_corrected_for(self):
        means = []
        for seed in range(50):
            frame = pd.DataFrame(
                {"a": texts(60, 12, seed), "b": texts(60, 9, seed + 500), "x": rows(60, 1, seed)[:, 0]}
            )
            means.append(associations(frame, frame).real.to_numpy()[np.triu_indices(3, 1)])
        # uncorrected they would be about 0.39, 0.43 and 0.37
        assert (np.mean(means, axis=0) < 0.17).all()

    def test_what_goes_together_wholly(self, mixed):
        codes = np.arange(90) % 3
        frame = pd.DataFrame({"a": codes, "b": 2 * codes, "c": codes.astype(str), "d": np.array(list("xyz"))[codes]})
        np.testing.assert_allclose(associations(frame, frame).real, 1)

    def test_laws(self, mixed):
        X = mixed[0]
        found = associations(X, X)
        np.testing.assert_array_equal(found.difference, 0)
        real = found.real.to_numpy()
        np.testing.assert_array_equal(real, real.T)
        np.testing.assert_array_equal(np.diag(real), 1)
        assert (np.abs(real) <= 1).all()
        assert (found.real.drop(columns="same").loc["same"] == 0).all()
        assert list(found.real) == list(found.real.index) == list(X)

    def test_shuffled_columns_lose_what_went_together(self):
        codes = np.arange(3000) % 3
        frame = pd.DataFrame({"a": codes, "b": codes * 2.0, "c": codes.astype(str), "d": codes.astype(str)})
        difference = associations(frame, shuffled(frame)).difference.to_numpy()[np.triu_indices(4, 1)]
        np.testing.assert_allclose(difference, -1, atol=0.1)

    def test_a_level_for_each_row_tells_nothing(self):
        frame = pd.DataFrame({"id": np.arange(50).astype(str), "x": rows(50, 1)[:, 0], "city": texts(50, 3)})
        assert (associations(frame, frame).real.drop(columns="id").loc["id"] == 0).all()

    def test_error(self):
        with pytest.raises(ValueError, match="method must be"):
            associations(rows(9, 2), rows(9, 2), method="kendall")


class TestAUC:
    def test_agrees_with_scikit_learn(self):
        positive, negative = np.round(rows(50, 1)[:, 0] + 0.5, 1), np.round(rows(70, 1, 1)[:, 0], 1)
        expected = roc_auc_score(np.repeat([1, 0], [50, 70]), np.concatenate([positive, negative]))
        assert auc(positive, negative).value == pytest.approx(expected)

    def test_error_is_the_spread_of_repeated_samples(self):
        found = [auc(rows(60, 1, s)[:, 0] + 1, rows(90, 1, s + 500)[:, 0]) for s in range(300)]
        assert np.mean([f.error for f in found]) == pytest.approx(np.std([f.value for f in found]), rel=0.1)


class TestTwoSampleAUC:
    def test_one_distribution_cannot_be_told_whatever_the_columns(self, monkeypatch):
        def table(seed: int) -> pd.DataFrame:
            return pd.DataFrame({"x": rows(200, 1, seed)[:, 0], "level": texts(200, 150, seed)})

        monkeypatch.setattr(fidelity, "N_TREES", 30)
        found = [two_sample_auc(table(s), table(s + 10), random_state=s) for s in range(4)]
        assert abs(np.mean([f.value for f in found]) - 0.5) < 3 * found[0].error / 2

    def test_copies_cannot_be_told(self):
        real = rows(150, 2)
        assert two_sample_auc(real, real[::-1], random_state=0).value == 0.5

    def test_shuffled_columns_are_told(self):
        x = rows(200, 1)[:, 0]
        frame = pd.DataFrame({"a": x, "b": x, "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(x, unit="s")})
        assert two_sample_auc(frame, shuffled(frame), random_state=0).value > 0.95

    def test_one_seed_one_answer_and_row_numbers_do_not_matter(self, monkeypatch):
        monkeypatch.setattr(fidelity, "N_TREES", 5)
        real, other = pd.DataFrame(rows(40, 2)), pd.DataFrame(rows(60, 2, 1))
        first = two_sample_auc(real, other, random_state=3)
        assert two_sample_auc(real.set_index(np.arange(40) * 7), other, random_state=3) == first

    def test_error(self):
        with pytest.raises(ValueError, match="at least 10 rows"):
            two_sample_auc(rows(9, 2), rows(50, 2))


class TestAlphaPrecisionBetaRecall:
    def test_of_one_distribution(self):
        found = alpha_precision_beta_recall(rows(1000, 3), rows(1000, 3, 1))
        assert found.alpha_precision > 0.95
        assert found.beta_recall > 0.9

    def test_of_the_same_points(self):
        for points in (rows(100, 4), np.zeros((50, 2)), np.eye(3)[np.arange(90) % 3]):
            found = alpha_precision_beta_recall(points, points[::-1])
            assert found == pytest.approx((1, 1), abs=0.02)

    def test_alpha_precision_is_the_formula(self):
        # distances from the middle are spread evenly over (0, 1), of fake points over (0, 1 / 2): P = min(2 alpha, 1)
        points = np.linspace(-1, 1, 2001)[:, None]
        found = alpha_precision_beta_recall(points, points / 2).alpha_precision
        assert found == pytest.approx(1 - 2 * 0.25, abs=0.01)

    def test_half_junk(self):
        # half of the fake points are nowhere: P is half of alpha, and 1 - 2 * 1 / 4
        points = rows(2000, 2)
        fake = np.concatenate([points[:1000], points[1000:] + 1e6])
        assert alpha_precision_beta_recall(points, fake).alpha_precision == pytest.approx(0.5, abs=0.03)

    def test_collapse_lacks_recall(self):
        points = rows(500, 2)
        found = alpha_precision_beta_recall(points, points[:5].repeat(100, axis=0))
        assert found.beta_recall < 0.2

    def test_errors(self):
        with pytest.raises(ValueError, match="k must be at least 1"):
            alpha_precision_beta_recall(rows(9, 2), rows(9, 2), k=0)
        with pytest.raises(ValueError, match="real has 3 rows"):
            alpha_precision_beta_recall(rows(3, 2), rows(9, 2))
