"""A failed fit leaves no trace where that is asked for."""

import pytest
from sklearn.base import BaseEstimator

from ganaug.common.state import rollback_on_error


class Estimator(BaseEstimator):
    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("enabled", [True, False])
def test_attributes_return(error, enabled):
    estimator = Estimator()
    estimator.kept_, estimator.replaced_, estimator.deleted_ = [1], 2, 3
    before = dict(vars(estimator))
    with pytest.raises(error), rollback_on_error(estimator, enabled):  # noqa: PT012 - the block is what is interrupted
        estimator.replaced_, estimator.added_ = 20, 4
        del estimator.deleted_
        raise error
    assert (vars(estimator) == before) == enabled
    assert estimator.kept_ is before["kept_"]


def test_a_block_that_ends_well_is_kept():
    estimator = Estimator()
    with rollback_on_error(estimator, enabled=True):
        estimator.learned_ = 1
    assert estimator.learned_ == 1
