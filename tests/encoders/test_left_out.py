"""Laws of columns that are not learned: new values, distinct, of the same form; nothing real in the file."""

import json
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from ganaug.encoders import TableEncoder, column_mask
from ganaug.encoders.columns.hashes import ShortHashes
from ganaug.encoders.columns.patterns import Pattern

N = 200
RNG = np.random.default_rng(0)
LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
CODES = [f"{i * 37 % 10_000:04d}-{''.join(RNG.choice(LETTERS, 5))}" for i in range(N)]
MAILS = [f"{''.join(RNG.choice(LETTERS, 6)).lower()}@{RNG.choice(['gmail.com', 'web.de'])}" for _ in range(N)]
NOTES = [" ".join(RNG.choice(list("abcdefghijklmnop"), 16)) for _ in range(N)]


def new_cells(series, n=150, seed=0, encoder=None, parts=1, **options):
    """Return the encoder and the cells of so many synthetic rows."""
    X = pd.DataFrame({"x": np.linspace(0, 1, len(series)), "id": series})
    encoder = encoder or TableEncoder(**{"ignore": "auto", **options}).fit(X)
    renew = encoder.renewal(seed)
    frames = [renew(encoder.decode(torch.zeros(n // parts, encoder.width_))) for _ in range(parts)]
    return encoder, pd.concat(frames, ignore_index=True)["id"]


def reloaded(encoder):
    description, arrays = encoder.state()
    return TableEncoder.from_state(json.loads(json.dumps(description)), arrays)


COLUMNS = {
    "codes": pd.Series(CODES),
    "e-mails": pd.Series(MAILS, dtype=object),
    "nullable strings": pd.Series([*CODES[:-40], *[None] * 40], dtype="string"),
    "Arrow strings": pd.Series(CODES, dtype="string[pyarrow]"),
    "serial numbers": pd.Series(range(N)),
    "serial numbers of 16 bits": pd.Series(np.arange(N, dtype="int16")),
    "sparse numbers": pd.Series(RNG.integers(10**9, 10**10, N)),
    "nullable numbers": pd.Series([*range(N - 40), *[None] * 40], dtype="Int32"),
    "Arrow numbers": pd.Series([*range(N)], dtype="uint32[pyarrow]"),
    "floats": pd.Series(range(N)).where(np.arange(N) % 5 > 0),
    "objects": pd.Series([*range(N - 40), *[None] * 40], dtype=object),
    "large unsigned numbers": pd.Series(RNG.integers(2**63, 2**64, N, dtype=np.uint64)),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_new_values_are_distinct_new_and_of_the_dtype(name):
    real = COLUMNS[name]
    encoder, cells = new_cells(real)
    known = cells.dropna()
    assert cells.dtype == real.dtype
    assert known.is_unique
    assert not known.isin(real).any()
    assert abs(cells.isna().mean() - real.isna().mean()) < 0.12
    assert encoder.width_ == 1, "nothing of the column is encoded"
    assert encoder.found_ == {"id": True}


@pytest.mark.parametrize("name", COLUMNS)
def test_values_follow_the_seed_and_the_place_and_survive_a_file(name):
    encoder, cells = new_cells(COLUMNS[name])
    pd.testing.assert_series_equal(new_cells(COLUMNS[name])[1], cells)
    pd.testing.assert_series_equal(new_cells(cells, encoder=encoder, parts=3)[1], cells)
    pd.testing.assert_series_equal(new_cells(cells, encoder=encoder, n=40)[1], cells[:40])
    pd.testing.assert_series_equal(new_cells(cells, encoder=reloaded(encoder))[1], cells)


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        (CODES, r"\d{4}-[A-Z]{5}"),
        ([f"CUST-{i:05d}" for i in range(N)], r"CUST-00\d{3,}"),
        ([f"{i:012x}-4{i % 1000:03d}" for i in RNG.integers(0, 2**48, N)], r"[0-9a-f]{12}-4\d{3}"),
        (MAILS, r"[a-z]{6}@(gmail\.com|web\.de)"),
        ([f"(030) {i}-{i % 1000:03d}" for i in RNG.integers(1000, 9999, N)], r"\(030\) \d{4}-\d{3}"),
        ([f"https://x.org/u/{i}?page=1" for i in RNG.permutation(10**6)[:N]], r"https://x\.org/u/\d+\?page=1"),
        ([f"Ärzte{i:04d}" for i in range(N)], r"Ärzte\d+"),
    ],
)
def test_new_texts_have_the_form_of_real_ones(values, pattern):
    _, cells = new_cells(pd.Series(values))
    assert [text for text in cells if not re.fullmatch(pattern, text)] == []
    assert len({len(text) for text in cells}) <= len({len(text) for text in values}) + 1


def test_serial_numbers_are_counted_on_and_sparse_ones_stay_in_their_range():
    _, cells = new_cells(pd.Series(range(1, N + 1)))
    assert cells.tolist() == list(range(N + 1, N + 151))
    real = pd.Series(RNG.integers(10**9, 10**10, N))
    assert new_cells(real)[1].between(real.min(), real.max()).all()
    steps = new_cells(pd.Series(range(0, 10 * N, 10)))[1]
    assert (steps % 10 == 0).all()


def test_where_all_values_are_in_use_the_form_grows():
    _, cells = new_cells(pd.Series([f"{i:02d}" for i in range(100)]), n=500)
    assert cells.is_unique
    assert not cells.isin([f"{i:02d}" for i in range(100)]).any()
    assert cells.str.fullmatch(r"\d{3,5}").all()


def test_numbers_below_and_between_are_used_where_the_dtype_ends():
    _, cells = new_cells(pd.Series(np.arange(60, 128, dtype="int8")), n=60)
    assert cells.is_unique
    assert cells.between(0, 59).all()
    with pytest.raises(ValueError, match="its dtype int8 has no new number left; convert it"):
        new_cells(pd.Series(np.arange(60, 128, dtype="int8")), n=70)


def test_free_text_is_left_empty_and_categories_too():
    for real in (pd.Series(NOTES), pd.Series(pd.Categorical(CODES)), pd.Series(["a", "b"] * 100, dtype="category")):
        encoder, cells = new_cells(real, ignore=["id"] if real.nunique() == 2 else "auto")
        assert cells.isna().all()
        assert cells.dtype == real.dtype
        assert encoder.found_ == ({} if real.nunique() == 2 else {"id": False})
        assert new_cells(cells, encoder=reloaded(encoder))[1].isna().all()


@pytest.mark.parametrize(
    "real", [CODES, MAILS, NOTES, pd.Categorical(CODES)], ids=["codes", "mails", "notes", "levels"]
)
def test_the_state_holds_no_real_value(real):
    encoder, _ = new_cells(pd.Series(real))
    description, arrays = encoder.state()
    stored = json.dumps(description) + str({name: array.tolist() for name, array in arrays.items()})
    assert not [value for value in real if value in stored]


def test_a_user_who_wants_the_column_gets_it():
    learned, cells = new_cells(pd.Series(CODES), ignore=[])
    assert cells.isin(CODES).all()
    assert learned.found_ == {}
    assert new_cells(pd.Series(CODES), categorical_features=["id"])[1].isin(CODES).all()
    assert new_cells(pd.Series(CODES), ignore=None)[1].isin(CODES).all()


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (pd.Series([1.5, 2.5] * 100), "missing"),
        (pd.Series(["Rome", "Oslo"] * 100), "missing"),
        (pd.Series(pd.date_range("2024", periods=50).repeat(4)), "missing"),
        (pd.Series([7, 8] * 100), "new"),  # an integer of NumPy cannot be missing
        (pd.Series([7, None] * 100, dtype="Int64"), "missing"),
        (pd.Series([True, True, False, True] * 50), True),
        (pd.Series(["x"] * 200), "x"),
        (pd.Series(CODES), "new"),
    ],
)
def test_what_the_user_ignores_is_not_learned(real, expected):
    encoder, cells = new_cells(real, ignore=["id"])
    assert cells.dtype == real.dtype
    assert encoder.found_ == {}
    assert encoder.width_ == 1
    if expected == "missing":
        assert cells.isna().all()
    elif expected == "new":
        assert cells.is_unique
        assert not cells.isin(real).any()
    else:
        assert (cells == expected).all()
    pd.testing.assert_series_equal(new_cells(cells, encoder=reloaded(encoder), n=30)[1], cells[:30])


def test_a_list_adds_to_the_identifiers_that_are_found():
    X = pd.DataFrame({"id": CODES, "city": ["Rome", "Oslo"] * 100, "x": np.linspace(0, 1, N)})
    encoder = TableEncoder(ignore=["city"]).fit(X)
    assert [column.kind for column in encoder.columns_] == ["identifier", "identifier", "numeric"]
    with pytest.raises(ValueError, match="ignore holds 'town', which is not a column"):
        TableEncoder(ignore=["town"]).fit(X)


def test_names_positions_and_booleans_name_columns():
    assert column_mask([2, "a"], ["a", "b", "c"], "ignore") == [True, False, True]
    assert column_mask([False, True, False], ["a", "b", "c"], "ignore") == [False, True, False]


@pytest.mark.parametrize("container", ["polars", "objects", "text", "floats"])
def test_every_container_keeps_its_kind(container):
    x = np.linspace(0, 1, N)
    X = {
        "polars": pl.DataFrame(
            {"id": CODES, "no": range(N), "level": CODES, "x": x},
            schema={"id": pl.String, "no": pl.UInt16, "level": pl.Categorical, "x": pl.Float32},
        ),
        "objects": np.array([CODES, x], dtype=object).T,
        "text": np.array([CODES, [f"{v:.2f}" for v in x]]).T,
        "floats": np.column_stack([np.arange(N), x]),
    }[container]
    encoder = TableEncoder(ignore="auto").fit(X)
    new = encoder.renewal(0)(encoder.decode(torch.zeros(50, encoder.width_)))
    assert type(new) is type(X)
    if container == "polars":
        assert new.schema == X.schema
        assert not set(new["id"]) & set(CODES)
        assert not set(new["level"]) & set(CODES)
        assert new["no"].n_unique() == 50
        return
    assert new.dtype == X.dtype
    assert not set(new[:, 0]) & set(X[:, 0])
    assert len(set(new[:, 0])) == 50


def test_fixed_levels_of_polars_get_no_new_one_and_stay_out_of_the_file():
    X = pl.DataFrame({"id": pl.Series(CODES, dtype=pl.Enum(CODES)), "x": np.linspace(0, 1, N)})
    encoder = TableEncoder(ignore="auto").fit(X)
    new = encoder.renewal(0)(encoder.decode(torch.zeros(5, encoder.width_)))
    assert new["id"].null_count() == 5
    assert new.schema == X.schema
    assert not [code for code in CODES if code in json.dumps(encoder.state()[0])]


def test_synthetic_times_keep_off_the_seconds_of_real_ones():
    times = pd.Series(pd.Timestamp("2024-01-01 00:00:07") + pd.to_timedelta(np.arange(N) * 61, unit="s"))
    encoder, _ = new_cells(times, n=1)
    assert encoder.found_ == {}, "a time is learned"
    rows = encoder.encode(pd.DataFrame({"x": np.linspace(0, 1, N), "id": times}))
    for own in (encoder, reloaded(encoder)):
        moved = own.renewal(0)(own.decode(rows))["id"]
        assert not moved.isin(times).any()
        assert (moved - times).abs().max() <= pd.Timedelta("1s")
        assert moved.between(times.min(), times.max()).all()
    dense = pd.Series(pd.date_range("2024", periods=N, freq="s"))
    encoder, _ = new_cells(dense, n=1)
    moved = encoder.renewal(0)(encoder.decode(rows))["id"]
    assert not moved.isin(dense).any(), "where no second is free, times after the last"


@pytest.mark.parametrize("n_known", [0, 1])
def test_columns_with_hardly_any_time_are_encoded(n_known):
    times = pd.Series(
        [pd.Timestamp("2024-01-01 10:20:30")] * n_known + [pd.NaT] * (9 - n_known), dtype="datetime64[ns]"
    )
    encoder, cells = new_cells(times)
    assert cells.dtype == times.dtype
    assert set(cells.dropna()) <= set(times.dropna())
    again = new_cells(times, encoder=reloaded(encoder))[1]
    pd.testing.assert_series_equal(cells, again)


def test_days_may_repeat():
    _, cells = new_cells(pd.Series(pd.date_range("2024", periods=N)))
    assert cells.isin(pd.date_range("2024", periods=N)).all()


def test_hashes_are_so_short_that_others_have_them_too():
    real = np.array([f"K{i:06d}" for i in range(0, 2000)], dtype=object)
    hashes = ShortHashes.fit(real)
    assert hashes.hold(real).all()
    share = hashes.hold(f"K{i:06d}" for i in range(2000, 42_000)).mean()
    assert 1 / 512 < share < 1 / 128
    np.testing.assert_array_equal(ShortHashes.fit(real[::-1]).hashes, hashes.hashes)


@pytest.mark.parametrize("value", [{"bits": 40}, {"salt": "00"}, {"n_values": -1}])
def test_malformed_hashes_are_refused(value):
    hashes = ShortHashes.fit(np.array(["a", "b"], dtype=object))
    with pytest.raises(ValueError, match="no short hashes"):
        ShortHashes.from_state({**hashes.state(), **value}, hashes.hashes)


def test_parts_that_are_joined_by_spaces_have_a_pattern():
    # "at 1 my", "at 2 my": the joined part holds spaces, which are in no part of their own
    texts = [f"see you {when} at {n} my friend" for n in range(1, 11) for when in ("today", "tonight", "later", "soon")]
    drawn = Pattern.fit(texts).draw(np.random.default_rng(0), 20)
    assert all(text.startswith("see you ") and text.endswith(" my friend") for text in drawn)


@pytest.mark.parametrize(
    "change",
    [
        {"lengths": [[10**9, 1]]},
        {"lengths": []},
        {"lengths": [[5, -1]]},
        {"places": [""]},
        {"rest": ""},
    ],
)
def test_malformed_patterns_are_refused(change):
    plain = json.loads(json.dumps(Pattern.fit(CODES).state()))
    names = ["levels", "lengths", "places", "rest"]
    for name, value in change.items():
        plain[0]["parts"][0][names.index(name)] = value
    with pytest.raises(ValueError, match="not sound"):
        Pattern.from_state(plain)


def test_a_forged_file_that_allows_no_value_ends():
    encoder, _ = new_cells(pd.Series(CODES))
    description, arrays = encoder.state()
    description["columns"][1]["known"]["bits"] = 1
    arrays["1.hashes"] = np.array([0, 1], dtype=np.uint32)
    forged = TableEncoder.from_state(description, arrays)
    with pytest.raises(ValueError, match="no new value"):
        forged.renewal(0)(forged.decode(torch.zeros(3, 1)))
