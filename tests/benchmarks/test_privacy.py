"""The benchmark of differential privacy runs."""

import numpy as np
import pandas as pd
import privacy


def test_runs(tmp_path):
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.choice(["x", "y"], n), "y": rng.integers(0, 2, n)})
    frame.to_parquet(tmp_path / "t.parquet")
    table = privacy.main(["--data", str(tmp_path / "t.parquet"), "--seeds", "1", "--steps", "3", "--epsilon", "2"])
    assert list(table.index) == ["2"]
    assert table.notna().all(axis=None)
    assert table.to_numpy().min() >= 0
    assert table.to_numpy().max() <= 1
