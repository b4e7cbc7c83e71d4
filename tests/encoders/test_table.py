"""Laws of the table encoder: what was encoded comes back exactly, whatever is decoded is legal."""

import datetime as dt
import decimal
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal as assert_polars_equal
from scipy import sparse

from ganaug.encoders import arguments
from ganaug.encoders.table import TableEncoder, to_frame

REAL_DATA = Path(__file__).parents[2].parent / "shared" / "data" / "tabular"

# ------------------------------------------------------------------------------------------------ helpers


def assert_same(decoded, X):
    """The frames agree in every value and dtype; only floats on no grid may differ, and hardly."""
    X = X.reset_index(drop=True)
    if not decoded.equals(X):
        pd.testing.assert_frame_equal(decoded, X, rtol=1e-9, atol=0)


def assert_round_trip(X, **options):
    encoder = TableEncoder(**options).fit(X)
    encoded = encoder.encode(X)
    assert encoded.dtype == torch.float64
    assert encoded.shape == (len(X), encoder.width_)
    assert torch.isfinite(encoded).all()
    assert encoder.width_ == encoder.n_continuous_ + sum(encoder.block_sizes_)
    for block in encoded[:, encoder.n_continuous_ :].split(list(encoder.block_sizes_), dim=1):
        assert (block.sum(dim=1) == 1).all()
    assert_same(encoder.decode(encoded), X)
    return encoder


def reloaded(encoder):
    description, arrays = encoder.state()
    return TableEncoder.from_state(json.loads(json.dumps(description)), arrays)


def noise(encoder, n=300, scale=2.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, encoder.width_, generator=generator, dtype=torch.float64) * scale


def objects(cells):
    """Make an object array of these cells, whatever they are."""
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


def same_cell(a, b):
    return type(a) is type(b) and (a is b or a == b or (a != a and b != b))


# ------------------------------------------------------------------------------- the round trip, at random


def column(dtype, cells):
    return st.tuples(st.just(dtype), st.just(cells))


# no infinities, and no range beyond float64's
FLOATS = st.floats(-1e300, 1e300, allow_subnormal=True)
DECIMALS = st.integers(-(10**6), 10**6).map(lambda k: k / 100)
TIMES = st.integers(-(10**17), 10**17)
SPANS = st.timedeltas(dt.timedelta(days=-100_000), dt.timedelta(days=100_000))
WORDS = st.text(max_size=3)
MIXED = st.one_of(
    st.none(), st.just(np.nan), st.just(pd.NA), st.just(pd.NaT), st.booleans(), st.integers(-3, 3), WORDS
)  # fmt: skip
KINDS = st.sampled_from(
    [
        column("float64", st.one_of(FLOATS, st.just(np.nan))),
        column("float64", DECIMALS),
        column("float64", st.sampled_from([0.0, 0.0, 0.0, 0.1, 0.7, 19.99, 1e9, np.nan])),
        column("float32", st.one_of(st.floats(width=32, allow_infinity=False), st.just(np.nan))),
        column("int64", st.integers(-(2**63), 2**63 - 1)),
        column("int64", st.integers(-5, 5)),
        column("int8", st.integers(-128, 127)),
        column("uint64", st.integers(0, 2**64 - 1)),
        column("uint8", st.integers(0, 255)),
        column("bool", st.booleans()),
        column("Int64", st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))),
        column("UInt16", st.one_of(st.none(), st.integers(0, 2**16 - 1))),
        column("Float64", st.one_of(st.none(), FLOATS)),
        column("Float32", st.one_of(st.none(), st.floats(width=32, allow_infinity=False, allow_nan=False))),
        column("boolean", st.one_of(st.none(), st.booleans())),
        column("int32[pyarrow]", st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1))),
        column("double[pyarrow]", st.one_of(st.none(), DECIMALS)),
        column("float[pyarrow]", st.one_of(st.none(), st.floats(-1, 1, width=32))),
        column("timestamp[ms, tz=UTC][pyarrow]", st.one_of(st.none(), st.datetimes(dt.datetime(1800, 1, 1)))),
        column("date32[pyarrow]", st.one_of(st.none(), st.dates(dt.date(1800, 1, 1)))),
        column("large_string[pyarrow]", st.one_of(st.none(), WORDS)),
        column("datetime64[ns]", st.one_of(st.none(), TIMES)),
        column("datetime64[s]", st.one_of(st.none(), TIMES.map(lambda t: t // 10**9))),
        column("datetime64[us, Europe/Berlin]", st.one_of(st.none(), TIMES.map(lambda t: t // 100))),
        column("timedelta64[ms]", st.one_of(st.none(), SPANS)),
        column("str", st.one_of(st.just(np.nan), WORDS)),
        column("string", st.one_of(st.none(), WORDS)),
        column("category", st.one_of(st.none(), WORDS)),
        column("period[D]", st.one_of(st.none(), st.dates(dt.date(1900, 1, 1)))),
        column("object", MIXED),
        column("object", st.integers(-(2**63), 2**63 - 1)),
        column("object", st.one_of(st.none(), FLOATS, st.just(np.nan))),
        column("object", st.dates()),
        column("object", st.tuples(st.integers(0, 2), WORDS)),
    ]
).flatmap(lambda kind: kind)


@st.composite
def frames(draw):
    n = draw(st.integers(1, 25))
    columns = {}
    for i in range(draw(st.integers(1, 4))):
        dtype, cells = draw(KINDS)
        drawn = draw(st.lists(cells, min_size=n, max_size=n))
        if draw(st.booleans()):  # ties: a few values, often
            drawn = [drawn[j % max(1, n // 4)] for j in range(n)]
        data = drawn if dtype.startswith(("float", "int", "uint")) and "[" not in dtype else objects(drawn)
        if dtype.startswith("period"):
            data = pd.PeriodIndex(data, freq="D")
        columns[f"c{i}"] = pd.Series(data, dtype=dtype)
    return pd.DataFrame(columns)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(frames(), st.sampled_from(["quantile", "standard"]), st.sampled_from(["auto", None]), st.integers(0, 9))
def test_round_trip_legality_and_state_of_any_frame(X, numeric, categorical_features, seed):
    encoder = assert_round_trip(X, numeric=numeric, categorical_features=categorical_features)
    drawn = noise(encoder, n=40, seed=seed)
    decoded = encoder.decode(drawn)
    assert list(decoded.dtypes) == list(X.dtypes)
    for name in X:
        seen, made = X[name], decoded[name]
        if not seen.isna().any():
            assert not made.isna().any()
        kind = encoder.columns_[X.columns.get_loc(name)].kind
        if kind == "numeric":
            known = made[~made.isna()]
            assert len(known) == 0 or (known.min() >= seen.min() and known.max() <= seen.max())
        else:
            cells = list(seen.astype(object))
            assert all(any(same_cell(cell, other) for other in cells) for cell in made.astype(object))
    if not any(isinstance(dtype, pd.PeriodDtype) for dtype in X.dtypes):
        pd.testing.assert_frame_equal(reloaded(encoder).decode(drawn), decoded, check_exact=True)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1001, 3000),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["int", "wide int", "decimal", "lognormal", "spike"]),
    st.sampled_from(["quantile", "standard"]),
)
def test_round_trip_of_heavy_tails_beyond_the_number_of_knots(n, seed, kind, numeric):
    rng = np.random.default_rng(seed)
    tail = rng.pareto(0.5, n).clip(max=1e9)
    values = {
        "int": tail.astype(np.int64),
        "wide int": rng.integers(-(2**63), 2**63 - 1, n),
        "decimal": np.round(tail.clip(max=1e7), 2),
        "lognormal": rng.lognormal(0, 8, n),
        "spike": np.where(rng.random(n) < 0.5, 0.0, tail.round(3)),
    }[kind]
    X = pd.DataFrame({"x": values})
    encoder = assert_round_trip(X, numeric=numeric)
    if kind != "lognormal":
        pd.testing.assert_frame_equal(encoder.decode(encoder.encode(X)), X, check_exact=True)


@pytest.mark.parametrize("n_times", [1, 5])
def test_small_numbers_beside_huge_ones_are_not_lost(n_times):
    X = pd.DataFrame({"float": [0.0, 1.0, 2.9e16, 3.8e16, 1e300] * n_times})
    X["int"] = np.array([0, 1, 2**62, -(2**63), 2**63 - 1] * n_times)
    for numeric in ("quantile", "standard"):
        encoder = TableEncoder(numeric=numeric).fit(X)
        pd.testing.assert_frame_equal(encoder.decode(encoder.encode(X)), X, check_exact=True)


def test_integers_up_to_a_billion_are_exact():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": np.append((10 ** rng.uniform(0, 9, 4998)).astype(np.int64), [0, 10**9])})
    encoder = TableEncoder().fit(X)
    encoded = encoder.encode(X)
    pd.testing.assert_frame_equal(encoder.decode(encoded), X, check_exact=True)
    assert encoded.abs().max() < 3.51


# --------------------------------------------------------------------------------------- numeric columns


def test_decimals_come_back_bit_for_bit_and_nothing_between_them():
    prices = np.round(np.random.default_rng(0).uniform(0, 300, 500), 2)
    X = pd.DataFrame({"double": prices, "single": prices.astype(np.float32)})
    encoder = TableEncoder().fit(X)
    back = encoder.decode(encoder.encode(X))
    assert back["double"].to_numpy().tobytes() == prices.tobytes()
    assert back["single"].to_numpy().tobytes() == prices.astype(np.float32).tobytes()
    made = encoder.decode(noise(encoder))
    assert (made["double"] == [float(f"{price:.2f}") for price in made["double"]]).all()


def test_grids_steps_and_scales_hold_in_made_rows():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(
        {
            "fives": rng.integers(0, 1000, 400) * 5 + 3,
            "quarters": rng.integers(0, 4000, 400) / 4,
            "grades": rng.choice([1.0, 1.3, 1.7, 2.0], 400),
            "beyond_float": 2**60 + rng.integers(0, 10**6, 400) * 7,
        }
    )
    encoder = assert_round_trip(X)
    made = encoder.decode(noise(encoder))
    assert ((made["fives"] - 3) % 5 == 0).all()
    assert ((made["quarters"] * 4) % 1 == 0).all()
    assert made["grades"].isin([1.0, 1.3, 1.7, 2.0]).all()
    assert ((made["beyond_float"] - X["beyond_float"].min()) % 7 == 0).all()


def test_dates_stay_at_midnight_and_keep_their_zone():
    days = pd.Series(pd.date_range("2019-01-01", periods=400, freq="D", tz="UTC"))
    X = pd.DataFrame({"day": days, "took": pd.to_timedelta(np.arange(400) * 15, unit="min")})
    X.loc[[3, 7], "day"] = pd.NaT
    encoder = assert_round_trip(X)
    made = encoder.decode(noise(encoder))
    assert (made["day"].dropna() == made["day"].dropna().dt.normalize()).all()
    assert (made["took"] % pd.Timedelta("15min") == pd.Timedelta(0)).all()
    zoned = X.assign(day=X["day"].dt.tz_convert("America/New_York"))  # over daylight saving time
    assert_round_trip(zoned)


def test_missing_cells_and_point_masses_are_states():
    rng = np.random.default_rng(0)
    gain = np.where(rng.random(1000) < 0.6, 0.0, rng.integers(1, 10**5, 1000))
    gain[:100] = np.nan
    X = pd.DataFrame({"gain": gain, "age": rng.integers(17, 90, 1000)})
    encoder = assert_round_trip(X)
    assert (encoder.n_continuous_, encoder.block_sizes_) == (2, (3,))
    encoded = encoder.encode(X)
    assert (encoded[:100, 0] == 0).all()
    encoded[:, 2:] = torch.tensor([0.0, 0.0, 1.0])
    assert (encoder.decode(encoded)["gain"] == 0).all()
    encoded[:, 2:] = torch.tensor([0.0, 1.0, 0.0])
    assert encoder.decode(encoded)["gain"].isna().all()


def test_quantile_scaling_is_normal_and_standard_scaling_is_linear():
    x = np.random.default_rng(0).exponential(size=5000)
    X = pd.DataFrame({"x": x})
    z = TableEncoder().fit(X).encode(X)[:, 0].numpy()
    assert abs(z.mean()) < 0.01
    assert abs(z.std() - 1) < 0.02
    assert (np.argsort(z) == np.argsort(x)).all()
    z = TableEncoder(numeric="standard").fit(X).encode(X)[:, 0].numpy()
    np.testing.assert_allclose(z, (x - x.mean()) / x.std(), rtol=1e-9, atol=1e-9)


def test_float32_tensors_decode_to_legal_rows_too():
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=100).astype(np.float32), "c": list("ab") * 50})
    encoder = TableEncoder().fit(X)
    back = encoder.decode(encoder.encode(X).float())
    pd.testing.assert_frame_equal(back, X, rtol=1e-5)
    made = encoder.decode(noise(encoder, scale=100).float())["x"]
    assert made.dtype == np.float32
    assert made.min() >= X["x"].min()
    assert made.max() <= X["x"].max()


# -------------------------------------------------------------------------------------------- categories


def test_mixed_cells_are_told_apart():
    cells = [1, True, 1.0, "1", None, np.nan, pd.NA, pd.NaT, (1,), decimal.Decimal(1), np.int64(1)]
    X = pd.DataFrame({"x": objects(cells * 2)})
    encoder = TableEncoder().fit(X)
    assert encoder.block_sizes_ == (len(cells),)
    back = encoder.decode(encoder.encode(X))["x"]
    assert all(same_cell(a, b) for a, b in zip(back, X["x"], strict=True))
    assert all(same_cell(a, b) for a, b in zip(reloaded(encoder).decode(encoder.encode(X))["x"], back, strict=True))


def test_ways_of_being_missing_survive_in_numbers_that_are_objects():
    cells = objects([None, np.nan, pd.NA, *range(20)])
    encoder = TableEncoder().fit(pd.DataFrame({"x": cells}))
    assert encoder.columns_[0].kind == "numeric"
    back = encoder.decode(encoder.encode(pd.DataFrame({"x": cells})))["x"]
    assert all(same_cell(a, b) for a, b in zip(back, cells, strict=True))
    assert type(back.iloc[-1]) is int


def test_zeros_of_either_sign_are_one_level():
    X = pd.DataFrame({"x": pd.Series([0.0, -0.0, 1.0], dtype="float[pyarrow]")})
    assert reloaded(assert_round_trip(X)).block_sizes_ == (2,)


def test_unused_categories_are_kept_in_the_dtype_and_never_made():
    levels = pd.CategoricalDtype(["z", "low", "high"], ordered=True)
    X = pd.DataFrame({"x": pd.Series(["low", "high", None] * 9, dtype=levels)})
    encoder = assert_round_trip(X)
    made = encoder.decode(noise(encoder))["x"]
    assert made.dtype == levels
    assert set(made.dropna()) == {"low", "high"}


@pytest.mark.parametrize("chosen", [["code"], [1], np.array([False, True]), [False, True], (np.int64(1),)], ids=repr)
def test_integer_codes_become_categories_when_asked(chosen):
    X = pd.DataFrame({"age": range(40), "code": [3, 500, 7, 9] * 10})
    encoder = assert_round_trip(X, categorical_features=chosen)
    assert [column.kind for column in encoder.columns_] == ["numeric", "one-hot"]
    assert encoder.decode(noise(encoder))["code"].dtype == np.int64


def test_two_valued_numbers_are_categories_unless_the_caller_says_which_are():
    X = pd.DataFrame({"flag": [0, 1] * 10, "x": range(20)})
    assert TableEncoder().fit(X).block_sizes_ == (2,)
    assert assert_round_trip(X, categorical_features=None).block_sizes_ == ()
    assert assert_round_trip(X, categorical_features=[]).block_sizes_ == ()


def test_constant_columns_are_not_encoded():
    X = pd.DataFrame({"one": [7] * 5, "none": [np.nan] * 5, "never": [None] * 5, "x": range(5)})
    encoder = assert_round_trip(X)
    assert encoder.width_ == 1
    assert_round_trip(X[["one"]])


def test_long_lists_get_codes_that_lie_close_where_classes_agree():
    rng = np.random.default_rng(0)
    shop = rng.integers(0, 300, 6000)
    y = (shop < 150).astype(int)
    X = pd.DataFrame({"shop": [f"s{i}" for i in shop]})
    encoder = TableEncoder().fit(X, y)
    assert encoder.block_sizes_ == ()
    assert encoder.n_continuous_ < 25
    encoded = encoder.encode(X)
    assert_same(encoder.decode(encoded), X)
    assert_same(encoder.decode(encoded.float()), X)
    first = encoded[np.unique(shop, return_index=True)[1]]
    apart = torch.cdist(first, first)
    assert apart[~torch.eye(300, dtype=bool)].min() > 0.1
    assert (apart**2).mean() == pytest.approx(2, rel=0.05)
    assert apart[:150, :150].mean() < 0.85 * apart[:150, 150:].mean()
    assert_round_trip(X)  # without classes, and with no other column to learn from


def test_twenty_thousand_levels_stay_small():
    resource = pytest.importorskip("resource")
    rng = np.random.default_rng(0)
    levels = np.concatenate([np.arange(20_000), rng.integers(0, 20_000, 4_000)])
    X = pd.DataFrame({"id": pd.Series(levels).astype(str), "x": rng.normal(size=len(levels))})
    encoder = TableEncoder().fit(X, rng.integers(0, 2, len(levels)))
    assert encoder.width_ <= 35  # 100,000 rows take 28 MB, and not the 16 GB of a one-hot block
    encoded = encoder.encode(X)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    back = encoder.decode(encoded)
    assert time.perf_counter() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kB
    assert_same(back, X)


# -------------------------------------------------------------------------------------------- containers


@pytest.mark.parametrize(
    "columns",
    [
        pd.Index([0, "b", ("c", 1)], dtype=object, tupleize_cols=False),
        pd.Index(["a", "a", "b"], name="field"),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["x", None]),
        pd.RangeIndex(3),
        pd.Index([1.5, 2.5, np.nan]),
        pd.DatetimeIndex(["2020", "2021", "2022"], name="year"),
    ],
    ids=repr,
)
def test_column_labels_are_kept(columns):
    X = pd.DataFrame([[1, "u", 0.5], [2, "v", 1.5], [3, "u", 2.25]], index=[5, 5, 6])
    X.columns = columns
    encoder = assert_round_trip(X)
    pd.testing.assert_index_equal(reloaded(encoder).decode(noise(encoder)).columns, columns, exact="equiv")
    assert list(encoder.decode(noise(encoder, n=2)).index) == [0, 1]


@pytest.mark.parametrize(
    "dtype",
    ["float64", "float32", "float16", "int64", "int16", "uint8", "bool", "datetime64[s]", "U3", "object"],
)
def test_arrays_keep_their_dtype(dtype):
    numbers = np.random.default_rng(0).integers(0, 100, (50, 3))
    X = numbers.astype(str).astype("U3") if dtype == "U3" else numbers.astype(dtype)
    encoder = TableEncoder().fit(X)
    back = encoder.decode(encoder.encode(X))
    assert type(back) is np.ndarray
    assert back.dtype == X.dtype
    np.testing.assert_array_equal(back, X)
    assert reloaded(encoder).decode(noise(encoder)).dtype == X.dtype


def test_object_arrays_keep_the_type_of_every_cell():
    X = np.array([[1, "a", 0.5, True], [2, "b", None, False], [3, None, 1.5, True]], dtype=object)
    encoder = TableEncoder().fit(X)
    back = encoder.decode(encoder.encode(X))
    assert back.dtype == object
    assert all(same_cell(a, b) for a, b in zip(back.ravel(), X.ravel(), strict=True))


def test_lists_become_arrays():
    encoder = TableEncoder().fit([[1, 2.5], [2, 3.5], [3, 4.5]])
    assert encoder.decode(encoder.encode([[1, 2.5]])).dtype == np.float64
    X = [[1, "a"], [2, "b"], [3, "a"]]
    encoder = TableEncoder().fit(X)
    assert encoder.decode(encoder.encode(X)).tolist() == X


def test_polars_schema_is_kept():
    n = 40
    X = pl.DataFrame(
        {
            "i": [None, *range(1, n)],
            "u": pl.Series(range(n), dtype=pl.UInt8),
            "f": [None, *(k / 8 for k in range(1, n))],
            "s": ["a", None] * (n // 2),
            "b": [True, None] * (n // 2),
            "day": [None, *(dt.date(2020, 1, 1) + dt.timedelta(days=k) for k in range(1, n))],
            "at": pl.Series([dt.datetime(2020, 1, 1, k // 2) for k in range(n)], dtype=pl.Datetime("ms", "Asia/Tokyo")),
            "took": [dt.timedelta(seconds=k) for k in range(n)],
            "clock": [dt.time(1), dt.time(2)] * (n // 2),
            "enum": pl.Series(["lo", "hi"] * (n // 2), dtype=pl.Enum(["never", "lo", "hi"])),
            "cat": pl.Series(["x", "y"] * (n // 2), dtype=pl.Categorical),
            "null": [None] * n,
            "one": [1] * n,
        }
    )
    for options in ({}, {"numeric": "standard"}, {"categorical_features": ["i"]}):
        encoder = TableEncoder(**options).fit(X)
        assert_polars_equal(encoder.decode(encoder.encode(X)), X)
        made = encoder.decode(noise(encoder))
        assert made.schema == X.schema
        assert_polars_equal(reloaded(encoder).decode(noise(encoder)), made)
    assert "polars" not in to_frame.__globals__


# ------------------------------------------------------------------------------------------------- errors

TABLE = pd.DataFrame({"age": [1, 2, 3, 4], "job": ["a", "b", "a", "b"]})
NAN = float("nan")


@pytest.mark.parametrize(
    "X, message",
    [
        (sparse.csr_array(np.eye(3)), "convert it with"),
        (pd.DataFrame({"c": [1j, 2j]}), "'c' is complex"),
        (pd.DataFrame({"f": [1.0, np.inf]}), "'f' holds infinite"),
        (pd.DataFrame({"f": objects([1.0, np.inf])}), "'f' holds infinite"),
        (pd.DataFrame({"f": pd.Series([1.0, np.inf], dtype="Float64")}), "'f' holds infinite"),
        (pd.DataFrame({"f": objects([decimal.Decimal(1), decimal.Decimal("-Infinity")])}), "'f' holds infinite"),
        (pd.DataFrame({"f": [-1.7e308, 0.0, 1.7e308]}), "'f' spans more than float64"),
        (pd.DataFrame({"n": [[1], [2]]}), "'n' holds nested"),
        (pd.DataFrame({"n": [{"a": 1}, {}]}), "'n' holds nested"),
        (pl.DataFrame({"n": [[1], [2]]}), "'n' holds nested"),
        (pl.LazyFrame({"n": [1]}), "collect"),
        (pl.Series([1]), "to_frame"),
        (pd.Series([1, 2]), "reshape"),
        (np.arange(3), "reshape"),
        ([[1, 2], [3]], "rows of equal length"),
        (np.empty((0, 2)), "0 rows"),
        (pd.DataFrame(index=[1, 2]), "0 columns"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_encoded_is_named(X, message):
    with pytest.raises(ValueError, match=message):
        TableEncoder().fit(X)


@pytest.mark.parametrize(
    "X, message",
    [
        (TABLE[["age"]], "1 columns, but had 2"),
        (TABLE.rename(columns={"job": "work"}), "'work' where it had 'job'"),
        (TABLE.replace("b", "baker"), "'job' holds 'baker', which did not occur in fit"),
        (TABLE.assign(age=[1.0, 2.0, NAN, 3.0]), "'age' has dtype float64, but had int64"),
        (TABLE.assign(age=list("1234")), "'age' has dtype (str|object), but had int64"),
        (TABLE.assign(age=pd.Series([1, 2, None, 3], dtype="Int64")), "'age' has missing cells"),
    ],
)
def test_rows_unlike_those_of_fit_are_refused(X, message):
    with pytest.raises(ValueError, match=message):
        TableEncoder().fit(TABLE).encode(X)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"numeric": "rank"}, "'rank'"),
        ({"categorical_features": "job"}, "'job'; pass a list"),
        ({"categorical_features": ["jobs"]}, "'jobs', which is not .* mean 'job'"),
        ({"categorical_features": [2]}, "holds 2, which is not"),
        ({"categorical_features": [-1]}, "holds -1, which is not"),
        ({"categorical_features": [True]}, "1 booleans for 2 columns"),
    ],
)
def test_parameters_out_of_range_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        TableEncoder(**options).fit(TABLE)


def test_class_indices_must_match_the_rows():
    with pytest.raises(ValueError, match=r"each of 4 rows"):
        TableEncoder().fit(TABLE, [0, 1])
    with pytest.raises(ValueError, match=r"each of 4 rows"):
        TableEncoder().fit(TABLE, ["a", "b", "a", "b"])


def test_tensors_that_cannot_be_decoded_are_refused():
    encoder = TableEncoder().fit(TABLE)
    with pytest.raises(ValueError, match=r"shape \(n, 3\)"):
        encoder.decode(torch.zeros(4, 2))
    with pytest.raises(ValueError, match="NaN"):
        encoder.decode(torch.full((1, 3), NAN))
    assert len(encoder.decode(torch.tensor([[np.inf, 0, 1], [-np.inf, 1, 0]]))) == 2


def test_cells_that_a_model_file_cannot_store_are_refused_by_fit():
    with pytest.raises(ValueError, match=r"column 'p' .* into strings"):
        TableEncoder().fit(pd.DataFrame({"p": objects([frozenset([1]), "b", "c"])}))


# --------------------------------------------------------------------------------------------- the state


def rich_table():
    rng = np.random.default_rng(0)
    n = 300
    return pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "gain": np.where(rng.random(n) < 0.5, 0, rng.integers(1, 10**6, n)),
            "day": pd.date_range("2020", periods=n, tz="Europe/Berlin"),
            "job": rng.choice(["a", "b"], n),
            "shop": [f"s{i % 150}" for i in range(n)],
            "one": 1,
            "rank": pd.Categorical(rng.choice([1, 2], n), categories=[3, 2, 1], ordered=True),
        }
    )


def paths(plain, prefix=()):
    """Every place in a nest of dicts and lists."""
    if prefix:
        yield prefix
    pairs = plain.items() if isinstance(plain, dict) else enumerate(plain[:3]) if isinstance(plain, list) else ()
    for key, inner in pairs:
        yield from paths(inner, (*prefix, key))


def forge(plain, path, value):
    plain = json.loads(json.dumps(plain))
    inner = plain
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return plain


def count_calls(monkeypatch, name):
    """Count the calls of a function of the module."""
    function, calls = getattr(arguments, name), []

    def counted(*args):
        calls.append(args)
        return function(*args)

    monkeypatch.setattr(arguments, name, counted)
    return calls


def test_fit_encode_reads_a_table_once(monkeypatch):
    X = rich_table()
    y = np.arange(len(X)) % 2
    expected = TableEncoder().fit(X, y)
    conversions, checks = count_calls(monkeypatch, "to_pandas"), count_calls(monkeypatch, "_check_cells")
    encoder = TableEncoder()
    encoded = encoder.fit_encode(X, y)
    assert (len(conversions), len(checks)) == (1, X.shape[1])
    assert torch.equal(encoded, expected.encode(X))
    assert encoder.state()[0] == expected.state()[0]


def test_state_is_json_and_arrays_and_decodes_the_same():
    X = rich_table()
    encoder = TableEncoder().fit(X)
    again = reloaded(encoder)
    assert (again.width_, again.n_continuous_, again.block_sizes_) == (
        encoder.width_, encoder.n_continuous_, encoder.block_sizes_
    )  # fmt: skip
    assert [column.kind for column in again.columns_] == [column.kind for column in encoder.columns_]
    pd.testing.assert_frame_equal(again.decode(noise(encoder)), encoder.decode(noise(encoder)), check_exact=True)
    assert torch.equal(again.encode(X), encoder.encode(X))
    assert all(array.dtype.kind in "iuf" for array in encoder.state()[1].values())


def test_forged_descriptions_are_refused_or_harmless():
    encoder = TableEncoder().fit(rich_table())
    description, arrays = encoder.state()
    description = json.loads(json.dumps(description))
    refused = 0
    for path in paths(description):
        for value in (None, -1, 10**30, "x", [], {}, "<U1000000000", {"os.system": "ls"}, ["x", -5, 7]):
            try:
                forged = TableEncoder.from_state(forge(description, path, value), arrays)
            except ValueError as error:
                assert "not the description of a table encoder" in str(error)  # noqa: PT017
                refused += 1
            else:
                assert len(forged.decode(noise(forged, n=5))) == 5
    assert refused > 300


@pytest.mark.parametrize("damage", ["dropped", "short", "nan", "falling", "retyped", "deep"])
def test_forged_arrays_are_refused(damage):
    description, arrays = TableEncoder().fit(rich_table()).state()
    for name, array in arrays.items():
        if name.endswith("point_masses") and damage not in ("dropped", "retyped", "deep"):
            continue
        forged = dict(arrays)
        if damage == "dropped":
            del forged[name]
        elif damage == "short":
            forged[name] = array[:-1]
        elif damage == "nan":
            forged[name] = np.full(array.shape, np.nan)
        elif damage == "falling" and not name.endswith("embedding"):
            forged[name] = array[::-1]
        elif damage == "retyped":
            forged[name] = array.astype("complex64")
        elif damage == "deep":
            forged[name] = array[None]
        else:
            continue
        with pytest.raises(ValueError, match="not the description of a table encoder"):
            TableEncoder.from_state(description, forged)


def test_every_state_of_a_forged_scale_stays_in_its_dtype():
    description, arrays = TableEncoder().fit(pd.DataFrame({"x": np.arange(100, dtype=np.int8)})).state()
    description["columns"][0]["grid"] = [100, 1, 0]  # 100 + 99 is no int8
    with pytest.raises(ValueError, match="inconsistent scale"):
        TableEncoder.from_state(description, arrays)


# --------------------------------------------------------------------------------------------- real data


@pytest.mark.real_data
@pytest.mark.skipif(not REAL_DATA.exists(), reason="the real data sets are not here")
@pytest.mark.parametrize("numeric", ["quantile", "standard"])
@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in sorted(REAL_DATA.glob("*.parquet"))])
def test_round_trip_of_real_tables(path, numeric):
    table = pd.read_parquet(path)
    X, y = table.iloc[:, :-1], pd.factorize(table.iloc[:, -1])[0]
    encoder = TableEncoder(numeric=numeric).fit(X, y)
    assert_same(encoder.decode(encoder.encode(X)), X)
    again = reloaded(encoder)
    pd.testing.assert_frame_equal(again.decode(noise(encoder)), encoder.decode(noise(encoder)), check_exact=True)


def test_pandas_sparse_columns_come_back_sparse():
    sparse_numbers = pd.arrays.SparseArray([0.0, 0.0, 1.5, 0.0, 2.5])
    X = pd.DataFrame({"s": sparse_numbers, "d": [1.0, 2.0, 3.0, 4.0, 5.0]})
    encoder = TableEncoder().fit(X)
    pd.testing.assert_frame_equal(encoder.decode(encoder.encode(X)), X)
    restored = TableEncoder.from_state(*encoder.state())
    pd.testing.assert_frame_equal(restored.decode(encoder.encode(X)), X)


def test_numbers_come_before_points_and_blocks():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "id": [f"k{i}" for i in rng.integers(0, 300, 900)],
            "one-hot": rng.choice(["a", "b", "c"], 900),
            "number": rng.normal(size=900),
        }
    )
    encoder = TableEncoder(numeric="standard").fit(X)
    encoded = encoder.encode(X).numpy()
    assert encoder.n_numeric_ == 1
    np.testing.assert_allclose(encoded[:, 0], (X["number"] - X["number"].mean()) / X["number"].std(ddof=0))
    assert encoded[:, encoder.n_continuous_ :].sum(axis=1).tolist() == [1.0] * 900
    pd.testing.assert_frame_equal(encoder.decode(encoder.encode(X)), X)


def test_a_table_of_constants_still_has_a_width():
    X = pd.DataFrame({"a": [1, 1, 1], "b": [None, None, None]})
    encoder = TableEncoder().fit(X)
    assert encoder.width_ == 1
    pd.testing.assert_frame_equal(encoder.decode(encoder.encode(X)), X)


def test_points_among_very_many_are_found_without_comparing_all():
    from ganaug.encoders.columns import categorical

    rng = np.random.default_rng(0)
    points = rng.normal(size=(6_000, 12)).astype(np.float32)
    assert len(points) > categorical._MAX_COMPARED
    assert np.array_equal(categorical._nearest_points(points, points), np.arange(len(points)))
    near = points + 0.01 * rng.normal(size=points.shape).astype(np.float32)
    assert (categorical._nearest_points(near, points) == np.arange(len(points))).mean() > 0.99


@pytest.mark.parametrize("shares", [(0.05, 0.1, 0.02), (0.15, 0.18, 0.3)])
def test_values_that_many_rows_share_keep_their_share(shares):
    rng = np.random.default_rng(0)
    cells = rng.permutation(np.arange(5, 100_000, 7)[:3_000]).astype(float)
    values = np.array([0.0, 1_000.0, 1_001.0])  # far from their neighbours, and next to one another
    ends = np.cumsum([0, *(int(share * 3_000) for share in shares)])
    for value, first, last in zip(values, ends[:-1], ends[1:], strict=True):
        cells[first:last] = value
    encoder = TableEncoder().fit(pd.DataFrame({"payment": cells, "other": rng.normal(size=3_000)}))
    encoded = torch.randn(20_000, encoder.width_, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    if encoder.block_sizes_:  # the state of a point mass is the generator's; the others share what is left
        encoded[:, encoder.n_continuous_ :] = torch.tensor([1.0] + [0.0] * (encoder.block_sizes_[0] - 1))
    rows = encoder.decode(encoded)["payment"].to_numpy()
    for value, share in zip(values, shares, strict=True):
        assert (rows == value).mean() == pytest.approx(share, abs=0.01)
    for neighbour in (1.0, 999.0, 1_002.0):
        assert (rows == neighbour).mean() < 0.005
