"""Fixtures of measures."""

import pytest

from ganaug.metrics import pairwise


@pytest.fixture(params=[None, 40], ids=["one block", "many blocks"])
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        monkeypatch.setattr(pairwise, "BLOCK_SIZE", request.param)
