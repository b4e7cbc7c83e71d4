"""Versions of the measured packages. A version of ganaug includes a digest, as its output changes between releases."""

import ast
import functools
import hashlib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

# package that may be missing -> the module it installs
OPTIONAL = {
    "smote-variants": "smote_variants",
    "ctgan": "ctgan",
    "mgs-grf": "mgs_grf",
    "arfpy": "arfpy",
    "utrees": "utrees",
    "ForestDiffusion": "ForestDiffusion",
}


def is_installed(package: str) -> bool:
    return package not in OPTIONAL or find_spec(OPTIONAL[package]) is not None


@functools.cache
def package_version(package: str) -> str:
    """Return a package's version; for ganaug with a digest of the synthetic rows it returns."""
    if package != "ganaug":
        return f"{package} {version(package)}"
    return f"ganaug {version('ganaug')}+{rows_digest()}, torch {version('torch')}"


@functools.cache
def timed_version(package: str) -> str:
    """Return a package's version; for ganaug with a digest of its code, as the code decides how long it takes."""
    if package != "ganaug":
        return package_version(package)
    import ganaug

    return f"ganaug {version('ganaug')}+{code_digest(Path(ganaug.__file__).parent)}, torch {version('torch')}"


def rows_digest() -> str:
    """Digest of the synthetic rows for a small table with columns of many kinds: it changes only with the output."""
    from ganaug import GANOversampler

    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [150, 40, 8])
    X = pd.DataFrame({"number": rng.normal(y), "count": rng.poisson(3 + y), "gap": rng.exponential(size=len(y))})
    X["level"] = rng.choice(list("abc"), len(y))
    X.loc[rng.random(len(y)) < 0.2, "gap"] = np.nan
    resampled = [
        GANOversampler(sampling_strategy=strategy, random_state=0, device="cpu").fit_resample(X, y)[0]
        for strategy in ("auto", "equal share")
    ]
    return hashlib.sha256(pd.concat(resampled).to_csv(float_format="%.6g").encode()).hexdigest()[:8]


def code_digest(folder: Path) -> str:
    """Digest of all Python code in a folder, without comments and docstrings."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                node.body = node.body[1:]
        digest.update(path.relative_to(folder).as_posix().encode() + ast.dump(tree).encode())
    return digest.hexdigest()[:8]
