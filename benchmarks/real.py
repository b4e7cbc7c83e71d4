"""What `GANOversampler().fit_resample` does with real tables: time, memory, class counts, copies.

Run with ``python benchmarks/real.py DIR [NAME ...]``: every Parquet file of DIR, or those named; the last column is
the target. Each runs in a process of its own, so that peak memory is its own.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd


def run(path: Path) -> dict[str, object]:
    from ganaug import GANOversampler

    frame = pd.read_parquet(path)
    X, y = frame.iloc[:, :-1], frame.iloc[:, -1]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    sampler = GANOversampler(random_state=0)
    X_res, y_res = sampler.fit_resample(X, y)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    made, made_y = X_res[sampler.is_synthetic_], y_res[sampler.is_synthetic_]
    assert X_res[: len(X)].equals(X.reset_index(drop=True))
    # equal in every cell to a training row of the same class; and how often that happens among real rows themselves
    real_hash = pd.util.hash_pandas_object(X.assign(**{"\0": y}), index=False)
    made_hash = pd.util.hash_pandas_object(
        made.assign(**{"\0": made_y.to_numpy()}).astype({"\0": y.dtype}), index=False
    )
    rare = y != y.value_counts().index[0]
    duplicated = real_hash[rare].duplicated(keep=False)
    return {
        "rows": len(X),
        "columns": X.shape[1],
        "classes": y.nunique(),
        "encoded": sampler.model_.encoder_.width_,
        "steps": int(sampler.history_["step"].iloc[-1]),
        "seconds": round(seconds, 1),
        "MB before": round(before),
        "MB peak": round(peak),
        "generated": len(made),
        "copies": int(made_hash.isin(set(real_hash)).sum()),
        "real minority rows with a twin": f"{duplicated.mean():.0%}",
        "smallest before": int(y.value_counts().loc[lambda n: n > 0].min()),
        "largest before": int(y.value_counts().max()),
        "each class after": sorted(set(y_res.value_counts())),
    }


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        print(json.dumps(run(Path(sys.argv[2]))))
        raise SystemExit
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    results = {}
    for path in sorted(folder.glob("*.parquet")):
        if not names or path.stem in names:
            command = [sys.executable, "-W", "ignore", __file__, "--one", str(path)]
            done = subprocess.run(command, capture_output=True, text=True)
            results[path.stem] = json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr[-300:]}
            print(path.stem, results[path.stem], flush=True)
    print(pd.DataFrame(results).T.to_string())
