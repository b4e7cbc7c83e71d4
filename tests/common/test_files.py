"""Atomic writes: the old file or the new one."""

import errno
import os
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
    # the next run into this folder removes what the killed one left, and nothing else
    (left,) = (path for path in tmp_path.iterdir() if path != out)
    assert left.name.startswith(".ganaug-tmp-")
    (tmp_path / ".ganaug-tmp-notes").touch()
    with replacing(tmp_path / "other.csv") as mine, replacing(out) as temporary:
        assert mine.exists()
        temporary.write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".ganaug-tmp-notes", "other.csv", "out.csv"]


def test_a_full_disk_is_named_by_the_file(tmp_path):
    def fail(temporary):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *temporary)

    for with_name in (True, False):
        with pytest.raises(OSError, match="No space left") as raised, replacing(tmp_path / "out.csv") as temporary:
            fail([str(temporary)] if with_name else [])
        assert raised.value.filename == str(tmp_path / "out.csv")
    assert not list(tmp_path.iterdir())
