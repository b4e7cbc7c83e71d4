"""Pages in a real browser: what it complains of, what is seen on a telephone, and whether the search finds."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug import GANOversampler, TabularGAN, evaluate_resampling, report
from ganaug.evaluation import table_evaluation
from ganaug.metrics import two_sample
from ganaug.reporting import ImagePairs, ImageStrip, Section, embed_image, render

_spec = importlib.util.spec_from_file_location("browser", Path(__file__).with_name("browser.py"))
chromium = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(chromium)

pytestmark = pytest.mark.skipif(not chromium.IS_THERE, reason="needs Debian's chromium and chromium-driver")
EVIL = "<script>document.title = 'taken over'</script>"


@pytest.fixture(scope="module")
def window():
    with chromium.browser() as window:
        yield window


@pytest.fixture(scope="module")
def balanced(tmp_path_factory):
    """Return the page of a balancing of a table with numbers, categories and a hostile name."""
    rng = np.random.default_rng(0)
    y = np.where(np.arange(120) < 30, EVIL, "common")
    X = pd.DataFrame(rng.normal(size=(120, 3)), columns=["height", "weight", "a name too long for a telephone" * 4])
    X[EVIL] = rng.choice([EVIL, "b"], 120)
    model = TabularGAN(n_steps=5, hidden_sizes=(8,), device="cpu")
    sampler = GANOversampler(model=model, random_state=0)
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr(two_sample, "N_TREES", 5)
        quick.setattr(table_evaluation, "_N_RESAMPLES", 2)
        found = evaluate_resampling(sampler, X, y, *sampler.fit_resample(X, y))
    path = tmp_path_factory.mktemp("report") / "report.html"
    report(found, path, title="A table, balanced")
    return path


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    path = tmp_path_factory.mktemp("album") / "album.html"
    shot = embed_image(np.eye(12), "A diagonal")
    sections = [
        Section("Strip", [ImageStrip("many", [shot] * 20)]),
        Section("Pairs", [ImagePairs("two", [(shot, shot, "0 apart")] * 3)]),
    ]
    render("Images", sections, notice="", path=path)
    return path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("name", ["balanced", "album"])
def test_the_browser_has_nothing_to_complain_of(window, name, width, dark, request, tmp_path):
    window.open(request.getfixturevalue(name), width=width, dark=dark)
    assert window.told() == []
    assert window.evaluate("return document.title") != "taken over"
    # nothing sticks out sideways, and every section and image has a size
    assert window.evaluate("return document.documentElement.scrollWidth") == width
    sizes = window.evaluate("return [...document.querySelectorAll('section')].map(of => of.offsetHeight)")
    assert len(sizes) == window.evaluate("return document.querySelectorAll('nav a').length") > 0
    assert min(sizes) > 50
    window.evaluate("document.querySelectorAll('img').forEach(of => of.loading = 'eager')")
    broken = "return Promise.all([...document.images].map(of => of.decode())).then(() => '', error => String(error))"
    assert window.evaluate(broken) == ""
    assert (
        window.evaluate("return performance.getEntriesByType('resource').filter(of => !of.name.startsWith('data:'))")
        == []
    )
    window.screenshot(tmp_path / "seen.png")
    corner = Image.open(tmp_path / "seen.png").convert("L").getpixel((2, 2))
    assert corner < 50 if dark else corner > 200


def test_sections_of_a_balanced_table(window, balanced):
    window.open(balanced)
    headings = window.evaluate("return [...document.querySelectorAll('h2')].map(of => of.innerText)")
    assert headings == [
        *("Verdict", "Classes", "Measures", "Columns", "Associations", "Projection", "Privacy"),
        *("Training", "Model card", "Settings", "Words", "Versions"),
    ]


def test_the_search_finds(window, balanced):
    window.open(balanced, width=390)
    shown = "return [...document.querySelectorAll('.chart')].filter(of => of.offsetHeight).map(of => of.dataset.name)"
    assert len(window.evaluate(shown)) == 4
    window.type("input[type=search]", "EIGHT")
    assert sorted(window.evaluate(shown)) == ["height", "weight"]
    assert window.evaluate("return document.querySelector('output').innerText") == "2 of 4"
    window.type("input[type=search]", "x")
    assert window.evaluate(shown) == []
    window.type("input[type=search]", "\ue003" * 6)  # the protocol's backspace
    window.type("input[type=search]", "<script>")
    assert window.evaluate(shown) == [EVIL]


def test_no_image_of_a_strip_is_cut(window, album):
    window.open(album, width=390)
    widths = "const of = document.querySelector('.strip'); return [of.scrollWidth, of.clientWidth]"
    inner, outer = window.evaluate(widths)
    assert inner == outer <= 390
