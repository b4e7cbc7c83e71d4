"""What the README, the pages and the examples show is run; links lead somewhere; the reference has all public names."""

import contextlib
import importlib
import io
import itertools
import re
import runpy
import shlex
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from small_texts import LABELS, TEXTS

import ganaug.metrics.agreement
import ganaug.metrics.two_sample
import ganaug.selection.certainty
from ganaug import ImageGAN, TabularGAN, TextGAN, TranslationGAN, compare, select
from ganaug.cli.app import main
from ganaug.comparison import FrozenFeatures, ImageCNN

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
# pages that git ignores are written by `make docs`, and pages without code have nothing to run
WRITTEN = (DOCS / "reference" / "shell", DOCS / "reference" / "api", DOCS / "gallery", DOCS / "_build")
PAGES = sorted(page for page in DOCS.rglob("*.md") if not any(page.is_relative_to(folder) for folder in WRITTEN))
BENCHMARKS = sorted((ROOT / "benchmarks" / "results").glob("*.md"))
# this page shows every output, and so it trains as long as its reader does
TUTORIAL = DOCS / "guide" / "tutorial.md"
INDEXES = [DOCS / "guide" / "index.md", DOCS / "reference" / "index.md", DOCS / "measurements" / "index.md"]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[tuple[str, str]]:
    """Kinds and contents of the code blocks of a page."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[tuple[str, str]]:
    """Texts and targets of the links of a page, outside of its code blocks."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [(" ".join(words.split()), target) for words, target in re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", text)]


def headings(page: Path) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)


def title(page: Path) -> str:
    return page.read_text().splitlines()[0] if page.suffix == ".rst" else headings(page)[0]


def anchor(heading: str) -> str:
    """As code hosts make it of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def run_in_shell(line: str) -> None:
    """Run a command of ours; of others see that they could be run."""
    command = line.removeprefix("$ ").split("  #")[0].strip()
    if command.startswith("ganaug ") and command != "ganaug demo":
        assert main(shlex.split(command)[1:]) == 0, command
    else:
        assert command.startswith(("make ", "pip ", "git ", "cd ", "ganaug demo", "python ", "tensorboard ")), command
        if command.startswith("make "):
            assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)


def read(page: Path) -> list[tuple[str, str]]:
    """Run a page's blocks in their order and in one session, as someone does who reads it from top to bottom.

    Returns the output that the page shows in each ``text`` block, and the output of the block before it.
    """
    names: dict[str, object] = {"__name__": page.stem}
    outputs, printed = [], ""
    for kind, code in blocks(page):
        if kind == "text":
            outputs.append((code, printed))
            continue
        with contextlib.redirect_stdout(io.StringIO()) as screen:
            if kind == "python":
                exec(compile(code, page.name, "exec"), names)
            elif kind == "console":
                for line in code.splitlines():
                    run_in_shell(line)
        printed = screen.getvalue()
    return outputs


def without_numbers(text: str) -> str:
    """Words without digits and line breaks: another machine rounds differently, and another width breaks elsewhere."""
    return " ".join(re.sub(r"[\d.,+\-e]*\d", "#", text).split())


@pytest.fixture(autouse=True)
def _no_windows():
    matplotlib.use("Agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture
def in_a_folder_with_data(tmp_path, monkeypatch):
    """The files and folders of the pages: a table, texts and images with a rare class."""
    monkeypatch.chdir(tmp_path)
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    kept = X.index[(y == 1) | (X.index < 40)]
    table = X.loc[kept].iloc[:, :10].assign(churn=y[kept].map({0: "yes", 1: "no"}))
    table.to_csv(tmp_path / "customers.csv", index=False)
    digits = load_digits()
    for i, (image, digit) in enumerate(zip(digits.images.astype(np.uint8) * 15, digits.target, strict=True)):
        if (digit == 0 and i < 600) or (digit == 1 and i < 300):
            file = tmp_path / "scans" / ("well", "sick")[digit] / f"{i}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(file)
    files = sorted(file.relative_to(tmp_path / "scans").as_posix() for file in (tmp_path / "scans").rglob("*.png"))
    pd.DataFrame({"file": files, "patient": range(len(files))}).to_csv(tmp_path / "patients.csv", index=False)
    known = {"file": files, "stain": np.resize(["H&E", "IHC"], len(files)), "severity": np.arange(len(files)) % 3}
    pd.DataFrame(known).to_csv(tmp_path / "known.csv", index=False)
    for folder, is_outline in (("outlines", True), ("photographs", False)):
        (tmp_path / folder).mkdir()
        for i, image in enumerate(digits.images[:12].astype(np.uint8) * 15):
            shown = np.abs(np.diff(image.astype(int), axis=1, append=0)).astype(np.uint8) if is_outline else image
            Image.fromarray(shown).save(tmp_path / folder / f"{i}.png")
    size = X["mean area"].iloc[:120]
    price = (1e5 * np.exp(size / 600)).round(2)
    pd.DataFrame({"area": size, "rooms": X["mean texture"].iloc[:120], "price": price}).to_csv(
        "houses.csv", index=False
    )
    words = pd.DataFrame({"length": size, "comic": size > 600, "sad": X["mean texture"] > 20, "war": size > 1100})
    words.iloc[:120].to_csv("films.csv", index=False)
    pd.DataFrame({"text": TEXTS * 2, "label": LABELS * 2}).to_csv(tmp_path / "sms.csv", index=False)
    return tmp_path


@pytest.fixture
def short_training(monkeypatch):
    """Train no longer than it takes to see that it runs."""
    for model in (TabularGAN, ImageGAN, TextGAN, TranslationGAN):
        monkeypatch.setitem(model.__init__.__kwdefaults__, "n_steps", 20)
    monkeypatch.setitem(TextGAN.__init__.__kwdefaults__, "autoencoder_steps", 20)
    module = importlib.import_module("ganaug.comparison.compare")
    all_splits = module._splits
    monkeypatch.setattr(module, "_splits", lambda *of: itertools.islice(all_splits(*of), 2))
    monkeypatch.setitem(select.__kwdefaults__, "classifiers", "GaussianNB")
    monkeypatch.setitem(ImageCNN.__init__.__kwdefaults__, "n_steps", 2)
    monkeypatch.setitem(FrozenFeatures.__init__.__kwdefaults__, "n_views", 20)
    monkeypatch.setitem(HistGradientBoostingClassifier.__init__.__kwdefaults__, "max_iter", 10)
    for forest in (ganaug.metrics.agreement, ganaug.metrics.two_sample, ganaug.selection.certainty):
        monkeypatch.setattr(forest, "N_TREES", 5)


def test_the_pages_have_the_blocks_they_should():
    for page in (README, DOCS / "guide" / "quickstart.md"):
        kinds = [kind for kind, _ in blocks(page)]
        assert kinds.count("python") >= 2
        assert kinds.count("console") >= 2


def test_what_the_readme_shows_runs(in_a_folder_with_data, short_training, monkeypatch):
    monkeypatch.setitem(compare.__wrapped__.__kwdefaults__, "classifiers", "GaussianNB")  # it compares a table only
    read(README)
    assert Path("sheet.png").stat().st_size > 1000
    balanced = pd.read_csv("balanced.csv")
    assert len(set(balanced["diagnosis"].value_counts())) == 1
    assert len(list(Path("more", "sick").glob("*.png"))) == 100


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The texts of 'text' are written for the class of a row")  # the page says so
@pytest.mark.filterwarnings("ignore:.* copies or near copies of a training text")  # after a moment of training
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page != TUTORIAL and {kind for kind, _ in blocks(page)} & {"python", "console"}],
    ids=name_of,
)
def test_what_the_pages_show_runs(page, in_a_folder_with_data, short_training):
    read(page)


@pytest.mark.slow
def test_the_tutorial_shows_what_comes_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    outputs = read(TUTORIAL)
    assert len(outputs) > 5
    for shown, printed in outputs:
        assert without_numbers(shown) == without_numbers(printed)


@pytest.mark.parametrize(
    "page",
    [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *PAGES, *BENCHMARKS],
    ids=name_of,
)
def test_links_lead_to_files_and_headings(page):
    """As on a code host; where they lead on the site is for `make docs` to see."""
    for _, target in links(page):
        if target.startswith("https://"):
            continue
        file, _, heading = target.partition("#")
        found = (page.parent / file).resolve() if file else page
        assert found.exists(), target
        if heading:
            assert heading in [anchor(of) for of in headings(found)], target


@pytest.mark.parametrize("page", INDEXES, ids=name_of)
def test_links_of_an_index_bear_the_titles_of_their_pages(page):
    lines = page.read_text().splitlines()
    entries = [line for line in lines if re.match(r"- \[[^\]]+\]\([^)]+\.(md|rst)\)", line)]
    assert len(entries) > 4
    for line in entries:
        text, target = re.match(r"- \[([^\]]+)\]\(([^)]+)\)", line).groups()
        assert text == title((page.parent / target).resolve())


@pytest.mark.parametrize("package", ["", "metrics", "evaluation", "training.callbacks", "datasets", "style"])
def test_the_reference_has_all_public_names(package):
    pages = "".join(page.read_text() for page in (DOCS / "reference").glob("*.rst"))
    listed = set(re.findall(r"^ +([\w.]+)$", pages, flags=re.MULTILINE))
    module = importlib.import_module(f"ganaug.{package}".rstrip("."))
    names = {f"{package}.{name}".lstrip(".") for name in module.__all__ if not re.match(r"_|[A-Z_]+$", name)}
    # the sampler's names for a page are those of the root where it has them
    missing = {name for name in names if name not in listed and name.rpartition(".")[2] not in listed}
    assert not missing


def test_the_shell_pages_name_every_option(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    shell_pages = importlib.import_module("shell_pages")
    page = shell_pages.page("balance", shell_pages.commands()["balance"])
    assert "`--share NUMBER`\n: " in page
    assert page.startswith("# ganaug balance\n")
    assert "-n N" in shell_pages.page("sample", shell_pages.commands()["sample"])


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_examples_run(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANAUG_STEPS", "30")
    monkeypatch.setattr("sys.argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
