"""The layout: imports fall from floor to floor, rooms are entered by their face, and the start is light."""

import ast
import importlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ganaug

ROOT = Path(ganaug.__file__).parent
FLOORS = {
    "cli": 8,
    "reporting": 7,
    "comparison": 6,
    "ensemble": 6,
    "evaluation": 6,
    "scale": 6,
    "targets": 5,
    "oversampler": 4,
    "balanced_images": 3,
    "models": 3,
    "style": 3,
    "datasets": 2,
    "encoders": 2,
    "training": 2,
    "calibration": 1,
    "constraints": 1,
    "metrics": 1,
    "nets": 1,
    "selection": 1,
    "_version": 0,
    "common": 0,
}
MAX_LINES = 500


def module_imports(source: str) -> set[str]:
    """Modules of this package that a source imports, at the top or within functions; for types alone, too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "import by full name"
            found.add(str(node.module))
    return {name for name in found if name.split(".")[0] == "ganaug"}


def violations(path: str, source: str) -> list[str]:
    """Imports in the file at `path`, relative to the package, that the layout forbids."""
    here = path.removesuffix(".py").split("/")[0]
    if here == "__init__":
        return []
    found = []
    for module in module_imports(source):
        _, room, *file = [*module.split("."), None]
        if room is None:
            found.append(f"{path} imports the root of the package; import from the room")
        elif room != here and FLOORS[room] >= FLOORS[here]:
            found.append(f"{path} imports {module}, which is not on a lower floor")
        elif room not in (here, "common") and file != [None]:
            found.append(f"{path} imports {module}; import from ganaug.{room}")
    return found


def sources() -> list[tuple[str, str]]:
    return [(file.relative_to(ROOT).as_posix(), file.read_text()) for file in sorted(ROOT.rglob("*.py"))]


def test_imports_fall():
    assert sources()
    broken = []
    for path, source in sources():
        assert path == "__init__.py" or path.split("/")[0].removesuffix(".py") in FLOORS, f"no floor for {path}"
        broken += violations(path, source)
    assert not broken


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("nets/mlp.py", "from ganaug.training import LOSSES"),
        ("models/base.py", "import ganaug.oversampler"),
        ("training/loop.py", "def f():\n    from ganaug.models import base"),
        ("comparison/compare.py", "from ganaug.evaluation import evaluate"),
        ("models/base.py", "from ganaug.training.losses import LOSSES"),
        ("models/base.py", "import ganaug"),
        ("models/base.py", "from ganaug import GANOversampler"),
    ],
)
def test_the_rules_catch_what_they_should(path, source):
    assert violations(path, source)


def test_no_file_is_long():
    lengths = {path: source.count("\n") for path, source in sources()}
    assert not {path: n for path, n in lengths.items() if n > MAX_LINES}


@pytest.mark.parametrize(
    "room", sorted(path.name for path in ROOT.iterdir() if (path / "__init__.py").exists() and path.name != "common")
)
def test_a_room_offers_its_public_names(room):
    face = importlib.import_module(f"ganaug.{room}")
    assert face.__all__, "the face names what other rooms may use"
    assert all(hasattr(face, name) for name in face.__all__)


def test_tests_mirror_the_package():
    tests = Path(__file__).parent
    for folder in (path for path in ROOT.iterdir() if (path / "__init__.py").exists()):
        assert any((tests / folder.name).rglob("test_*.py")), f"no tests for {folder.name}"


@pytest.mark.parametrize(
    "code",
    ["import ganaug", "import sys; sys.argv = ['ganaug', '--help']; from ganaug.cli import main; main()"],
    ids=["import", "help"],
)
def test_the_start_is_light(code):
    code = f"import atexit, sys; atexit.register(lambda: print('torch' in sys.modules, file=sys.stderr)); {code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.split()[-1] == "False"


def test_help_answers_at_once():
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "ganaug.cli", "--help"], capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    assert min(times) < 1.0


def test_unknown_names_are_attribute_errors():
    assert "GANOversampler" in dir(ganaug)
    with pytest.raises(AttributeError, match="no attribute 'Nonesuch'"):
        ganaug.Nonesuch  # noqa: B018
