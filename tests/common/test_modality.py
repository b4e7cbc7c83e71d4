"""Every kind of data in the registry has its parts, and data and paths are told apart."""

from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from ganaug.common.modality import MODALITIES, modality_of, modality_of_path


@pytest.mark.parametrize("name", MODALITIES)
@pytest.mark.parametrize("part", ["model", "read", "evaluate", "report"])
def test_every_reference_resolves(name, part):
    module = getattr(MODALITIES[name], part).split(":")[0]
    if module.startswith("ganaug.reporting.") and find_spec(module) is None:
        pytest.skip("this page has not been written yet")
    assert callable(MODALITIES[name].load(part))


@pytest.mark.parametrize("name", MODALITIES)
def test_a_modality_is_found_by_its_name(name):
    assert MODALITIES[name].name == name
    model = MODALITIES[name].load("model")
    if not hasattr(model, "modality"):
        pytest.skip("models do not name their modality yet")
    assert model.modality == name


@pytest.mark.parametrize(
    ("X", "name"),
    [
        (np.zeros((3, 2)), "tabular"),
        (pd.DataFrame({"a": [1]}), "tabular"),
        ([[1, 2], [3, 4]], "tabular"),
        ([], "tabular"),
        (np.zeros((3, 8, 8)), "image"),
        (np.zeros((3, 8, 8, 3)), "image"),
        ([np.zeros((8, 8))] * 2, "image"),
    ],
)
def test_data_are_told_apart(X, name):
    assert modality_of(X).name == name


def test_paths_are_told_apart(tmp_path):
    assert modality_of_path(tmp_path).name == "image"
    assert modality_of_path("scans.NPZ").name == "image"
    assert modality_of_path("churn.csv.gz").name == "tabular"
