"""The page: nothing from elsewhere, nothing that data can turn into markup, whole or not there."""

import re
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ganaug.common.findings import REAL, Finding
from ganaug.reporting import (
    ColumnChart,
    ColumnCharts,
    Definitions,
    Figures,
    ImagePairs,
    ImageStrip,
    Paragraphs,
    Section,
    Table,
    Verdict,
    draw_figures,
    embed_image,
    heat_map,
    render,
    scatter,
    settings_table,
)
from ganaug.reporting.blocks import format_cell, without_empty
from ganaug.reporting.glossary import meaning_of, words_of

EVIL = "</script><script>alert('$x$ & \"y\"')</script><img src=https://example.com/x onerror=alert(1)>"


class Outline(HTMLParser):
    """Collects tags with their attributes, and what is read."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.read = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.read.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def evil_figure():
    names = [EVIL, "b"]
    return heat_map(pd.DataFrame(np.eye(2), names, names), EVIL.replace("$", ""))


def everything() -> list[Section]:
    """Return a section for each kind of block, hostile text wherever there can be text."""
    shot = embed_image(np.zeros((4, 5)), EVIL, EVIL)
    charts = [
        ColumnChart(EVIL, EVIL, levels=[(EVIL, 0.25, 1.0), ("b", 0.75, 0.0)]),
        ColumnChart("number", "", bins=np.array([[0.5, 0.25], [0.5, 0.75]]), ends=(EVIL, "1")),
        ColumnChart("empty", ""),
    ]
    return [
        Section(EVIL, [Paragraphs([EVIL]), Paragraphs([EVIL, EVIL])]),
        Section("Verdict", [Verdict([Finding(EVIL, "bad", EVIL, {EVIL: 0.5}), Finding(REAL, "good", EVIL)])]),
        Section("Definitions", [Definitions({EVIL: EVIL})]),
        Section("Table", [Table(pd.DataFrame({EVIL: [EVIL], "n": [0.5]}), EVIL)]),
        Section("Settings", [settings_table({EVIL: EVIL}, {EVIL: 1})]),
        Section("Figures", [draw_figures((evil_figure, EVIL, EVIL))]),
        Section("Wide", [draw_figures((evil_figure, EVIL, ""), wide=True)]),
        Section("Strip", [ImageStrip(EVIL, [shot])]),
        Section("Pairs", [ImagePairs(EVIL, [(shot, shot, EVIL)])]),
        Section("Charts", [ColumnCharts(charts)]),
    ]


@pytest.fixture(scope="module")
def text():
    return render(EVIL, everything(), notice=EVIL)


def test_data_never_become_markup(text):
    outline = Outline(text)
    assert len(outline.all("script")) == 1
    assert not [attributes for _, attributes in outline.tags if any(name.startswith("on") for name in attributes)]
    assert {attributes["src"].split(":")[0] for attributes in outline.all("img")} == {"data"}
    assert sum(EVIL in part for part in outline.read) >= 12


def test_nothing_comes_from_elsewhere(text):
    outline = Outline(text)
    for _, attributes in outline.tags:
        assert attributes.get("href", "#")[0] == "#"
        assert attributes.get("src", "data:").startswith("data:")
    assert not outline.all("link")
    assert "url(" not in text
    assert "@import" not in text
    policy = outline.all("meta")[-1]
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith("default-src 'none'")


def test_it_can_be_read_by_everyone(text):
    outline = Outline(text)
    assert outline.all("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in outline.all("meta")
    assert all(attributes["alt"] for attributes in outline.all("img"))
    assert all(attributes["aria-label"] for attributes in outline.all("svg"))
    assert len(outline.all("h1")) == 1
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["href"][1:] for attributes in outline.all("a")} <= set(ids)
    assert all(attributes["aria-labelledby"] in ids for attributes in outline.all("section"))


def test_a_figure_takes_the_colours_of_the_page():
    import base64

    def draw():
        figure = Figure()
        figure.subplots().set_title("$x^2$")
        return figure

    (drawn,) = draw_figures((draw, "A square", "")).images
    svg = base64.b64decode(drawn.source.split(",")[1]).decode()
    assert svg.startswith("<svg")
    assert "currentColor" in svg
    assert "prefers-color-scheme:dark" in svg
    assert "#010203" not in svg
    assert "fill: #ffffff" not in svg


def test_without_matplotlib_nothing_is_drawn_and_no_section_is_empty(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    drawn = draw_figures((evil_figure, "A heat map", ""))
    assert drawn.images == []
    kept = without_empty([Section("Figure", [drawn]), Section("Both", [drawn, Paragraphs(["Words."])])])
    assert [(of.title, len(of.blocks)) for of in kept] == [("Both", 1)]


def test_a_folded_table_shows_its_caption():
    text = render("Title", [Section("One", [Table(pd.DataFrame({"x": [1]}), "Many rules", is_folded=True)])], notice="")
    assert "<summary>Many rules</summary>" in text
    assert text.count("<details>") == text.count("</details>") == 1


def test_a_cut_cell_has_its_whole_text_where_the_pointer_is():
    whole = "exactly where " * 50
    ((cell, title), *_), *_ = Table(pd.DataFrame({"rule": [whole]}), "").rows
    assert cell.endswith("...")
    assert title == whole
    text = render("Title", [Section("One", [Table(pd.DataFrame({"rule": [whole]}), "")])], notice="")
    assert f'title="{whole}"' in text


@pytest.mark.parametrize("word", ["alpha-precision", "beta-recall, a", "self-BLEU", "FD-EffNetLite0", "two-sample AUC"])
def test_words_of_the_field_are_explained(word):
    frame = pd.DataFrame({"measure": [word], "value": [0.5]})
    assert Table(frame, "").rows[0][0][1] == meaning_of(word) != ""
    assert list(words_of([word, "city", "precise"])) == [word.split(",")[0]]


@pytest.mark.parametrize(
    ("shape", "kind", "most"),
    [
        ((28, 28), "png", 2_000),
        ((64, 40, 3), "png", 20_000),
        ((512, 300), "jpeg", 30_000),
        ((300, 300, 4), "jpeg", 30_000),
    ],
)
def test_images_are_small_files(shape, kind, most):
    shot = embed_image(np.random.default_rng(0).random(shape), "Noise")
    assert shot.source.startswith(f"data:image/{kind};base64,")
    assert len(shot.source) < most


def test_outlines_stay_in_their_box():
    chart = ColumnChart("x", "", bins=np.random.default_rng(0).dirichlet(np.ones(30), 2).T)
    for path in chart.paths:
        numbers = [float(number) for number in re.findall(r"[\d.]+", path)]
        assert min(numbers) >= 0
        assert max(numbers) <= 100
    assert ColumnChart("x", "", bins=np.zeros((3, 2))).paths[0].startswith("M0,100V100")


def test_numbers_are_read_as_they_should(text):
    frame = pd.DataFrame(
        {"n": [1234, 5], "x": [0.00004, np.nan], "y": [12345.6, 0.0], "b": [True, False], "s": ["a", "b"]}
    )
    table = Table(frame, "")
    texts = [[cell for cell, _ in row] for row in table.rows]
    assert texts == [["1,234", "< 0.0001", "12,346", "yes", "a"], ["5", "", "0.000", "no", "b"]]
    assert [format_cell(x) for x in (-0.0001, -0.00001, 0.0004, -0.0)] == ["-0.0001", "0.000", "0.0004", "0.000"]
    assert [is_number for _, is_number in table.head] == [True, True, True, False, False]


def test_settings_name_the_default_where_it_is_another():
    rows = settings_table({"a": 1, "b": "x"}, {"a": 1, "b": "y"}).rows
    assert [[cell for cell, _ in row] for row in rows] == [["a", "1", ""], ["b", "'x'", "'y'"]]
    assert len(settings_table({"a": list(range(10_000))}, None).rows[0][1][0]) < 250


def test_a_page_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    render("Old", [], notice="", path=path)
    write = type(path).write_text

    def full(path, text, **how):
        write(path, text[:100], **how)
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(type(path), "write_text", full)
    with pytest.raises(OSError, match="No space"):
        render("New", [], notice="", path=path)
    assert "<h1>Old</h1>" in path.read_text()
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_figures_show_what_they_are_given():
    names = [f"a column with a long name {i}" for i in range(31)]
    few, many = (heat_map(pd.DataFrame(np.eye(n), names[:n], names[:n]), "real") for n in (3, 31))
    assert [label.get_text() for label in few.axes[0].get_yticklabels()] == [f"{names[0][:18]}..."] * 3
    assert not many.axes[0].get_yticklabels()
    real, synthetic = np.zeros((3, 2)), np.ones((2, 2))
    points = scatter(real, synthetic).axes[0].collections
    assert [len(of.get_offsets()) for of in points] == [3, 2]
    assert isinstance(draw_figures((lambda: scatter(real, synthetic), "Points", "")), Figures)
