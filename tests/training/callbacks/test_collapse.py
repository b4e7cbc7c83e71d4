"""The collapse monitor: what it warns of, how often, and what it ignores."""

import warnings

import numpy as np
import pandas as pd
import pytest

from ganaug.training.callbacks import CollapseMonitor, Previews, Run


def watch(monitor, real, measured, **draw):
    """Run a monitor over measurements, given the synthetic rows of each; return its warnings by step, and the run."""
    current = []
    run = Run(n_steps=10 * len(measured), save=lambda path: None)
    run.previews = Previews(lambda n: real, lambda n: current[-1], **draw)
    monitor.on_fit_start(run)
    said = []
    for index, synthetic in enumerate([*measured, None]):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if synthetic is None:
                monitor.on_fit_end(run)
            else:
                current.append(synthetic)
                run.step = 10 * (index + 1)
                run.history.append({"step": run.step, "distance": 1.0})
                monitor.on_step_end(run)
        said.append(" ".join(str(warning.message) for warning in caught))
    return said, run


def table(n=200, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": rng.standard_cauchy(n),
            "city": rng.choice(["Rome", "Oslo", "Lima"], n, p=[0.6, 0.35, 0.05]),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "gap": np.where(rng.random(n) < 0.3, np.nan, rng.random(n)),
            "same": 7,
        }
    )


REAL = {"rare": table()}
GOOD = {"rare": table(seed=1)}
ALIKE = {"rare": pd.concat([table(1, seed=2)] * 200, ignore_index=True).assign(gap=0.5)}
NO_OSLO = {"rare": table(seed=1).replace({"city": {"Oslo": "Rome"}})}
NO_LIMA = {"rare": table(seed=1).replace({"city": {"Lima": "Rome"}})}


def test_a_healthy_run_is_silent():
    said, _ = watch(CollapseMonitor(), REAL, [{"rare": table(seed=seed)} for seed in range(10)])
    assert said == [""] * 11


def test_rows_that_become_alike_are_reported_once():
    said, run = watch(CollapseMonitor(patience=2), REAL, [GOOD, ALIKE, ALIKE, ALIKE])
    assert [bool(words) for words in said] == [False, False, True, False, False]
    assert said[2].startswith("Step 30 of 40: synthetic rows of class 'rare' are nearly alike; no synthetic row of")
    assert run.stop_reason is None


def test_a_category_that_disappears_is_named():
    said, run = watch(CollapseMonitor(patience=1, stop=True), REAL, [GOOD, NO_OSLO])
    assert "Step 20 of 20: no synthetic row of class 'rare' has 'Oslo' in column 'city'." in said[1]
    assert run.stop_reason == "no synthetic row of class 'rare' has 'Oslo' in column 'city'"


def test_a_start_without_diversity_is_not_reported_but_an_end_is():
    said, _ = watch(CollapseMonitor(patience=1), REAL, [ALIKE, ALIKE, GOOD])
    assert said == [""] * 4
    said, _ = watch(CollapseMonitor(patience=1), REAL, [ALIKE, ALIKE])
    assert said[:2] == ["", ""]
    assert "nearly alike" in said[2]


def test_what_returns_at_once_is_not_reported():
    said, _ = watch(CollapseMonitor(), REAL, [GOOD, NO_OSLO, NO_OSLO, GOOD, ALIKE, GOOD])
    assert said == [""] * 7


def test_rare_categories_and_small_classes_are_not_watched():
    assert watch(CollapseMonitor(patience=1), REAL, [GOOD, NO_LIMA])[0] == [""] * 3
    few = {"rare": table(9)}
    assert watch(CollapseMonitor(patience=1), few, [GOOD, ALIKE])[0] == [""] * 3
    constant = {"rare": pd.DataFrame({"same": [7] * 20, "also": ["x"] * 20})}
    assert watch(CollapseMonitor(patience=1), constant, [constant, constant])[0] == [""] * 3


def test_missing_cells_are_a_category_too():
    real, synthetic = ({"c": pd.DataFrame({"city": cells})} for cells in ([None, "Rome"] * 20, ["Rome", "Oslo"] * 20))
    said, _ = watch(CollapseMonitor(patience=1), real, [real, synthetic])
    assert "has 'missing' in column 'city'" in said[1]


def test_images_that_become_alike_are_reported():
    rng = np.random.default_rng(0)
    real, good = ({1: rng.integers(0, 256, (50, 8, 8), dtype=np.uint8)} for _ in range(2))
    said, _ = watch(CollapseMonitor(patience=1), real, [good, {1: good[1][:1].repeat(50, 0)}], draw=lambda n: None)
    assert said[0] == ""
    assert "synthetic rows of class 1 are nearly alike" in said[1]
    blank = {1: np.zeros((50, 8, 8))}
    assert watch(CollapseMonitor(), blank, [good, blank], draw=lambda n: None)[0] == [""] * 3


@pytest.mark.parametrize("parameters", [{"threshold": 2}, {"share": 0}, {"n_rows": 1}, {"patience": 0}])
def test_monitors_refuse_what_means_nothing(parameters):
    ((name, value),) = parameters.items()
    with pytest.raises(ValueError, match=rf"CollapseMonitor\({name}={value}\) must be"):
        watch(CollapseMonitor(**parameters), REAL, [])


def test_bare_tensors_cannot_be_watched():
    with pytest.raises(ValueError, match="needs the data of a model"):
        CollapseMonitor().on_fit_start(Run(n_steps=1, save=lambda path: None))
