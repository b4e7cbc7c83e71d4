"""The raw rows: that they are compressed reproducibly, survive an interruption and are never overwritten."""

import gzip

import pandas as pd
import pytest
import results
from results import RawRows


@pytest.fixture
def rows(tmp_path):
    return RawRows(tmp_path / "folder" / "rows.csv.gz", ["name", "value"])


def test_rows_come_back(rows):
    assert rows.read().empty
    rows.append([{"name": "a, b", "value": 0.1}])
    rows.append([{"name": "c", "value": 1 / 3}])
    again = RawRows(rows.path, rows.columns).read()
    assert again.to_dict("list") == {"name": ["a, b", "c"], "value": [0.1, 1 / 3]}
    assert gzip.decompress(rows.path.read_bytes()).decode().splitlines()[0] == "name,value"


def test_the_same_rows_have_the_same_bytes(rows, tmp_path, monkeypatch):
    other = RawRows(tmp_path / "other.csv.gz", rows.columns)
    rows.append([{"name": "a", "value": 1}, {"name": "b", "value": 2}])
    monkeypatch.setattr("time.time", lambda: 2e9)
    other.append([{"name": "a", "value": 1}])
    other.append([{"name": "b", "value": 2}])
    assert rows.path.read_bytes() == other.path.read_bytes()


def test_a_block_saves_now_and_then_and_at_its_end(rows, monkeypatch):
    monkeypatch.setattr(results.time, "monotonic", lambda: now)
    now = 100

    def interrupted_run():
        nonlocal now
        with rows:
            rows.append([{"name": "a", "value": 1}])
            rows.append([{"name": "b", "value": 2}])
            assert pd.read_csv(rows.path)["name"].tolist() == ["a"]
            assert rows.read()["name"].tolist() == ["a", "b"]
            now += results.SECONDS_BETWEEN_SAVES
            rows.append([{"name": "c", "value": 3}])
            assert pd.read_csv(rows.path)["name"].tolist() == ["a", "b", "c"]
            rows.append([{"name": "d", "value": 4}])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted_run()
    assert pd.read_csv(rows.path)["name"].tolist() == ["a", "b", "c", "d"]


def test_a_failed_write_leaves_the_file_as_it_was(rows, monkeypatch):
    rows.append([{"name": "a", "value": 1}])
    before = rows.path.read_bytes()

    def fail(path, content):
        with path.open("wb") as file:
            file.write(content[:5])
        raise OSError("disk full")

    monkeypatch.setattr(results.Path, "write_bytes", fail)
    with pytest.raises(OSError, match="disk full"):
        rows.append([{"name": "b", "value": 2}])
    assert rows.path.read_bytes() == before
    monkeypatch.undo()
    rows.append([{"name": "c", "value": 3}])
    assert rows.read()["name"].tolist() == ["a", "b", "c"]


def test_rows_of_another_run_are_kept(rows):
    other = RawRows(rows.path, rows.columns)
    with rows:
        rows.append([{"name": "a", "value": 1}])
        rows.append([{"name": "b", "value": 2}])
        other.append([{"name": "other", "value": 3}])
    assert sorted(rows.read()["name"]) == ["a", "b", "other"]


def test_other_columns_are_refused(rows):
    rows.append([{"name": "a", "value": 1}])
    with pytest.raises(SystemExit, match="other columns"):
        RawRows(rows.path, ["name", "value", "more"]).read()
    with pytest.raises(SystemExit, match="other columns"):
        RawRows(rows.path, ["name"]).append([{"name": "b"}])
