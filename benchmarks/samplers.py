"""The samplers that are compared on tables, each as a function of (X, y, seed)."""

import ast
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from unittest.mock import patch

import numpy as np
import pandas as pd
from imblearn.over_sampling import (
    ADASYN,
    SMOTE,
    SMOTEN,
    SMOTENC,
    SVMSMOTE,
    BorderlineSMOTE,
    KMeansSMOTE,
    RandomOverSampler,
)
from sklearn.cluster import MiniBatchKMeans
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.validation import validate_data

Resample = Callable[[Any, np.ndarray, int], tuple[Any, np.ndarray]]


@dataclass(frozen=True)
class Sampler:
    """How to resample (X, y, seed), after which step of the preparation, and the package whose version is recorded."""

    resample: Resample
    stage: Literal["table", "tidy", "matrix"]
    package: str


def neighbors(y: np.ndarray, wanted: int = 5) -> int:
    """Return the number of neighbours, which the size of the minority class limits."""
    return min(wanted, int(np.bincount(y).min()) - 1)


def as_is(X: Any, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    return X, y


def random(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    return RandomOverSampler(random_state=seed).fit_resample(X, y)


def smote_for(X: pd.DataFrame, y: np.ndarray, seed: int, **params: Any) -> Any:
    """Return SMOTE, SMOTENC or SMOTEN, depending on the kinds of the columns."""
    categories = list(X.select_dtypes(exclude="number"))
    params |= {"k_neighbors": neighbors(y), "random_state": seed}
    if not categories:
        return SMOTE(**params)
    return SMOTENC(categories, **params) if len(categories) < X.shape[1] else SMOTEN(**params)


def smote(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    return smote_for(X, y, seed).fit_resample(X, y)


def borderline_smote(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    return BorderlineSMOTE(k_neighbors=neighbors(y), random_state=seed).fit_resample(X, y)


def svm_smote(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    return SVMSMOTE(k_neighbors=neighbors(y), random_state=seed).fit_resample(X, y)


def kmeans_smote(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    # The default needs clusters with at least half minority rows, which few tables have. Here a cluster needs at least
    # the minority share of the whole table.
    sampler = KMeansSMOTE(
        k_neighbors=neighbors(y),
        kmeans_estimator=MiniBatchKMeans(n_init=3, random_state=seed),
        cluster_balance_threshold=y.mean(),
        random_state=seed,
    )
    return sampler.fit_resample(X, y)


def adasyn(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    return ADASYN(n_neighbors=neighbors(y), random_state=seed).fit_resample(X, y)


def polynom_fit_smote(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    from smote_variants import polynom_fit_SMOTE_star

    logging.getLogger("smote_variants").setLevel(logging.CRITICAL)
    return polynom_fit_SMOTE_star(random_state=seed).sample(X, y)


def prowsyn(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    from smote_variants import ProWSyn

    logging.getLogger("smote_variants").setLevel(logging.CRITICAL)
    return ProWSyn(n_neighbors=neighbors(y), random_state=seed).sample(X, y)


def mgs(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    """Multivariate Gaussian SMOTE (arXiv 2402.03819): draw from the normal distribution of a row's neighbourhood.

    Mean and covariance are those of a minority row and its K = d + 1 nearest minority rows, d the number of columns.
    """
    rng, real = np.random.default_rng(seed), np.asarray(X)[y == 1]
    n_missing, k = int((y == 0).sum() - len(real)), neighbors(y, real.shape[1] + 1)
    near = NearestNeighbors(n_neighbors=k + 1).fit(real).kneighbors(real, return_distance=False)
    means = real[near].mean(1)
    chosen = rng.integers(len(real), size=n_missing)
    # A sum of the centred neighbours with normal weights has their covariance, also where it is singular.
    weights = rng.normal(size=(n_missing, k + 1)) / np.sqrt(k + 1)
    drawn = [means[i] + w @ (real[near[i]] - means[i]) for i, w in zip(chosen, weights, strict=True)]
    return np.vstack([X, np.reshape(drawn, (n_missing, -1))]), np.r_[y, np.ones(n_missing, int)]


def mgs_grf(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    """MGS for the numbers, and a forest that predicts the categories from them (mgs-grf). It needs numbers."""
    from mgs_grf import MGSGRFOverSampler

    categories = np.flatnonzero(~X.dtypes.map(pd.api.types.is_numeric_dtype))
    n_numbers = X.shape[1] - len(categories)
    sampler = MGSGRFOverSampler(
        K=neighbors(y, n_numbers + 1), categorical_features=categories if len(categories) else None, random_state=seed
    )
    values, labels = sampler.fit_resample(X.to_numpy(object if len(categories) else float), y)
    drawn = pd.DataFrame(np.asarray(values)[len(X) :], columns=X.columns).astype(X.dtypes)
    return pd.concat([X, drawn], ignore_index=True), np.asarray(labels).astype(int)


def arf_rows(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    """Return n synthetic rows of adversarial random forests (arXiv 2205.09435) of the minority class."""
    import arfpy.arf

    np.random.seed(seed)  # noqa: NPY002 - the package draws from the global state
    with patch("numpy.in1d", np.isin, create=True):  # the package asks for a name that NumPy 2.4 no longer has
        model = arfpy.arf.arf(X[y == 1].reset_index(drop=True), verbose=False, random_state=seed)
        model.forde()
        return model.forge(n)


def arf(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    n_missing = int((y == 0).sum() - (y == 1).sum())
    return pd.concat([X, arf_rows(X, y, n_missing, seed)], ignore_index=True), np.r_[y, np.ones(n_missing, int)]


def utrees_rows(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    """Return n synthetic rows of UnmaskingTrees (arXiv 2407.05593) of the minority class."""
    from utrees import UnmaskingTrees
    from utrees.kdi_quantizer import KDIQuantizer

    np.random.seed(seed)  # noqa: NPY002 - the package draws from the global state
    cells, kinds = as_numbers(X[y == 1])
    model = UnmaskingTrees(xgboost_kwargs={"nthread": 1}, random_state=seed)
    # the package asks for a method that scikit-learn 1.7 no longer has
    with patch.object(KDIQuantizer, "_validate_data", validate_data, create=True):
        model.fit(cells, ["categorical" if kind else "continuous" for kind in kinds])
        return as_table(model.generate(n), X)


def forest_flow_rows(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    """Return n synthetic rows of ForestDiffusion with flow matching (arXiv 2309.09968) of the minority class."""
    from ForestDiffusion import ForestDiffusionModel

    cells, kinds = as_numbers(X[y == 1])
    model = ForestDiffusionModel(cells, cat_indexes=list(np.flatnonzero(kinds)), n_jobs=1, seed=seed, nthread=1)
    return as_table(model.generate(batch_size=n), X)


def as_numbers(X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells with categories as their codes, and which columns are categories."""
    is_category = ~X.dtypes.map(pd.api.types.is_numeric_dtype).to_numpy()
    columns = [X[name].cat.codes if kind else X[name] for name, kind in zip(X, is_category, strict=True)]
    return np.column_stack(columns).astype(float), is_category


def as_table(cells: np.ndarray, X: pd.DataFrame) -> pd.DataFrame:
    """Undo `as_numbers`."""
    rows = {}
    for name, values in zip(X, np.asarray(cells, float).T, strict=True):
        is_number = pd.api.types.is_numeric_dtype(X[name])
        rows[name] = values if is_number else pd.Categorical.from_codes(values.astype(int), dtype=X[name].dtype)
    return pd.DataFrame(rows)


def ctgan_rows(X: pd.DataFrame, y: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    """Return n synthetic minority rows of CTGAN, trained on both classes with the class as condition.

    CTGAN may return rows of the other class; these are dropped.
    """
    from ctgan import CTGAN

    frame, target = X.assign(**{"\0": y}), "\0"
    model = CTGAN(enable_gpu=False)
    model.set_random_state(seed)
    model.fit(frame, [*X.select_dtypes(exclude="number"), target])
    drawn = pd.concat([model.sample(n, target, 1) for _ in range(5)])
    minority = drawn[drawn[target].astype(int) == 1].drop(columns=target)
    if len(minority) == 0:
        raise RuntimeError("no minority row among the synthetic rows")
    return minority[:n] if len(minority) >= n else minority.sample(n, replace=True, random_state=seed)


def ctgan(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    n_missing = int((y == 0).sum() - (y == 1).sum())
    synthetic = ctgan_rows(X, y, n_missing, seed)
    return pd.concat([X, synthetic], ignore_index=True), np.r_[y, np.ones(n_missing, int)]


def tvae(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    """Train on the minority class alone, as TVAE has no conditions."""
    from ctgan import TVAE

    n_missing = int((y == 0).sum() - (y == 1).sum())
    model = TVAE(enable_gpu=False)
    model.set_random_state(seed)
    model.fit(X[y == 1].reset_index(drop=True), list(X.select_dtypes(exclude="number")))
    return pd.concat([X, model.sample(n_missing)], ignore_index=True), np.r_[y, np.ones(n_missing, int)]


def ganaug(params: str) -> Resample:
    """Return ganaug with parameters of TabularGAN or GANOversampler, such as ``prior='noise', n_steps=300``."""
    from ganaug import GANOversampler, TabularGAN

    call = ast.parse(f"_({params})", mode="eval").body
    if not isinstance(call, ast.Call) or call.args or any(keyword.arg is None for keyword in call.keywords):
        raise ValueError(f"parameters are written name=value, name=value; got {params!r}")
    given = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    of_model = {name: value for name, value in given.items() if name in TabularGAN().get_params()}
    of_sampler = {name: value for name, value in given.items() if name not in of_model}
    GANOversampler().set_params(**of_sampler)  # raises now for a misspelt name; later it would count as a failed fit

    def resample(X: pd.DataFrame, y: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
        model = TabularGAN(**of_model) if of_model else "auto"
        return GANOversampler(model=model, random_state=seed, device="cpu", **of_sampler).fit_resample(X, y)

    return resample


SAMPLERS = {
    "none": Sampler(as_is, "table", "scikit-learn"),
    "weights": Sampler(as_is, "table", "scikit-learn"),
    "random": Sampler(random, "table", "imbalanced-learn"),
    "SMOTE": Sampler(smote, "tidy", "imbalanced-learn"),
    "BorderlineSMOTE": Sampler(borderline_smote, "matrix", "imbalanced-learn"),
    "SVMSMOTE": Sampler(svm_smote, "matrix", "imbalanced-learn"),
    "KMeansSMOTE": Sampler(kmeans_smote, "matrix", "imbalanced-learn"),
    "ADASYN": Sampler(adasyn, "matrix", "imbalanced-learn"),
    "polynom-fit-SMOTE": Sampler(polynom_fit_smote, "matrix", "smote-variants"),
    "ProWSyn": Sampler(prowsyn, "matrix", "smote-variants"),
    "MGS": Sampler(mgs, "matrix", "scikit-learn"),
    "MGS-GRF": Sampler(mgs_grf, "tidy", "mgs-grf"),
    "ARF": Sampler(arf, "tidy", "arfpy"),
    "CTGAN": Sampler(ctgan, "tidy", "ctgan"),
    "TVAE": Sampler(tvae, "tidy", "ctgan"),
}
# These need an environment with an older pandas.
ON_REQUEST = {"ARF", "CTGAN", "TVAE"}


def sampler_of(name: str) -> Sampler:
    """Look up a sampler; ``ganaug:PARAMS`` is ganaug with other parameters."""
    if name in SAMPLERS:
        return SAMPLERS[name]
    base, _, params = name.partition(":")
    if base != "ganaug":
        raise ValueError(f"unknown sampler {name!r}; there are {', '.join(SAMPLERS)}, ganaug and ganaug:PARAMS")
    return Sampler(ganaug(params), "table", "ganaug")
