"""The application: help at once, and the version."""

import subprocess
import sys
import textwrap
import time
import warnings

from ganaug._version import __version__
from ganaug.cli.app import main
from ganaug.cli.console import one_line_warnings


def test_help_is_quick_and_light():
    program = """
        import sys
        from ganaug.cli.app import main
        code = main(["--help"])
        heavy = {"torch", "pandas", "numpy", "pyarrow", "sklearn", "imblearn"} & set(sys.modules)
        sys.exit(f"imported {heavy}" if heavy else code)
    """
    seconds = []
    for _ in range(3):  # the quickest of three, for the machine may be busy
        start = time.perf_counter()
        shown = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
        )
        seconds.append(time.perf_counter() - start)
        assert shown.returncode == 0, shown.stderr
        assert all(command in shown.stdout for command in ("balance", "sample", "demo"))
    assert min(seconds) < 1


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ganaug {__version__}\n"


def test_the_same_warning_is_printed_once(capsys):
    with one_line_warnings():
        warnings.warn("a b", UserWarning, stacklevel=1)
        warnings.warn("a\nb", UserWarning, stacklevel=1)
        warnings.warn("a b", UserWarning, stacklevel=1)  # of another line, so Python shows it again
        warnings.warn("c", DeprecationWarning, stacklevel=1)
    assert capsys.readouterr().err == "ganaug: warning: a b\n" * 2
