"""Ctrl-C and SIGTERM: one line, exit code 130 or 143, and no file changed."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


SLOW = """
    import sys, time, types
    class GANOversampler:
        def __init__(self, **options): pass
        def fit_resample(self, X, y, attributes=None):
            print("training", flush=True)
            time.sleep(60)
    sys.modules["ganaug.oversampler"] = types.SimpleNamespace(GANOversampler=GANOversampler)
    from ganaug.datasets.csv_format import TextSource
    def slowly(source, file, *_, **__):
        file.write(source.raw[:50])
        file.flush()
        print("writing", flush=True)
        time.sleep(60)
    moment = sys.argv.pop(1)
    if moment == "selecting":
        del sys.modules["ganaug.oversampler"]
        import importlib
        compare = importlib.import_module("ganaug.comparison.compare")
        def evaluate(*_):
            print("selecting", flush=True)
            time.sleep(60)
        compare.evaluate_sampler = evaluate
        sys.argv.append("--select")
    if moment == "writing":
        TextSource.write = slowly
        def repeat(self, X, y, attributes=None):
            self.is_synthetic_ = y == y
            return X, y
        GANOversampler.fit_resample = repeat
    from ganaug.cli.app import main
    sys.exit(main())
"""


# each signal is taken by one handler, whatever goes on, so not all pairs are tried
@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGINT, "training"),
        (signal.SIGINT, "writing"),
        (signal.SIGINT, "selecting"),
        (signal.SIGTERM, "training"),
        (signal.SIGTERM, "writing"),
        (signal.SIGKILL, "writing"),
    ],
)
def test_stopped(in_csv, number, moment):
    Path("out.csv").write_text("old")
    command = [sys.executable, "-c", textwrap.dedent(SLOW), moment]
    with subprocess.Popen(
        [*command, *str.split("balance in.csv out.csv --target plan --force")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == f"{moment}\n"
        process.send_signal(number)
        _, error = process.communicate(timeout=30)
    assert Path("out.csv").read_text() == "old"
    if number == signal.SIGKILL:
        assert process.returncode == -9
        return
    assert process.returncode == 128 + number
    where = {"training": "training", "writing": "writing out.csv", "selecting": "comparing"}[moment]
    # rich 14 ends the line of a bar never drawn
    # in a log, lines on a comparison stand before it
    said = [line for line in error.strip().splitlines() if not line.startswith("comparing")]
    assert said == [f"ganaug: error: interrupted while {where}; nothing was written"]
    assert names() == ["in.csv", "out.csv"]
