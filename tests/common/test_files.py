"""Atomic writes: the old file or the new one."""

import subprocess
import sys
import textwrap

import pytest

from ganaug.common.files import replacing


def test_replacing_leaves_nothing_beside(tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("old")
    out.chmod(0o640)
    for error in (ValueError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error), replacing(out) as temporary:  # noqa: PT012 - the block is what is interrupted
            temporary.write_text("half")
            raise error
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert out.read_text() == "old"
    link = tmp_path / "link.csv"
    link.symlink_to(out)
    with replacing(link) as temporary:
        temporary.write_text("new")
    assert out.read_text() == "new"
    assert link.is_symlink()
    assert out.stat().st_mode & 0o777 == 0o640


def test_killed_amid_writing(tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("old")
    program = """
        import os, signal, sys
        from ganaug.common.files import replacing
        with replacing(sys.argv[1]) as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    process = subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(out)], check=False)
    assert process.returncode == -9
    assert out.read_text() == "old"
