"""The house: imports fall from floor to floor, and the front door opens without the heavy furniture."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ganaug

ROOT = Path(ganaug.__file__).parent
FLOORS = {
    "cli": 6,
    "balance": 5,
    "calibration": 5,
    "comparison": 5,
    "demo": 5,
    "scale": 5,
    "oversampler": 4,
    "evaluation": 3,
    "models": 3,
    "report": 2,
    "encoders": 1,
    "nets": 1,
    "training": 1,
    "datasets": 1,
    "selection": 1,
    "figure": 0,
}


def imports(source: str) -> set[str]:
    """Modules of ours that a source imports, at the top or within functions."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "import by full name"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "ganaug"}


def room(module: str) -> str | None:
    """First part of a module's name below ganaug; None for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def violations(path: str, source: str) -> list[str]:
    """Imports in the file at `path`, relative to the package, that do not fall to a lower floor or stay in the room."""
    here = path.removesuffix(".py").split("/")[0]
    if here == "__init__":
        return []
    return [
        f"{path} imports {module}"
        for module in imports(source)
        if room(module) in FLOORS and room(module) != here and FLOORS[room(module)] >= FLOORS[here]
    ]


def test_imports_fall():
    files = sorted(ROOT.rglob("*.py"))
    assert files
    broken = []
    for file in files:
        path = file.relative_to(ROOT).as_posix()
        assert path == "__init__.py" or path.split("/")[0].removesuffix(".py") in FLOORS, f"no floor for {path}"
        broken += violations(path, file.read_text())
    assert not broken


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("nets/mlp.py", "from ganaug.training.losses import LOSSES"),
        ("models/base.py", "import ganaug.oversampler"),
        ("training/trainer.py", "def f():\n    from ganaug.models import base"),
    ],
)
def test_the_rule_catches_what_it_should(path, source):
    assert violations(path, source)


def test_tests_mirror_the_package():
    tests = Path(__file__).parent
    for folder in (path for path in ROOT.iterdir() if path.is_dir() and path.name != "__pycache__"):
        assert any((tests / folder.name).glob("test_*.py")), f"no tests for {folder.name}"


@pytest.mark.parametrize(
    "code",
    ["import ganaug", "import sys; sys.argv = ['ganaug', '--help']; from ganaug.cli import main; main()"],
    ids=["import", "help"],
)
def test_the_front_door_is_light(code):
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
