"""An evaluation of good rows, of copies and of junk."""

import numpy as np
import pandas as pd
import pytest
from random_tables import table
from sklearn.linear_model import LogisticRegression

from ganaug.evaluation import TableEvaluation, evaluate_tables
from ganaug.metrics import two_sample, utility


@pytest.fixture(scope="module", params=["good", "copies", "junk"])
def case(request: pytest.FixtureRequest) -> tuple[str, TableEvaluation]:
    real, held = table(150), table(150, 1)
    rng = np.random.default_rng(2)
    junk = pd.DataFrame(
        {"x": 30 * rng.normal(size=150), "y": 30 * rng.normal(size=150), "count": 0.5, "city": "Nowhere", "good": "yes"}
    )
    synthetic = {"good": table(150, 3), "copies": real[::-1], "junk": junk}[request.param]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_sample, "N_TREES", 20)
        patch.setattr(utility, "_N_RESAMPLES", 10)
        found = evaluate_tables(
            real, synthetic, holdout=held, target="good", classifiers=[LogisticRegression()], random_state=0
        )
    return request.param, found
