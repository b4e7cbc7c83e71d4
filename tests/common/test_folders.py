"""Folders and pairs of files are replaced whole, also by a process that is killed; the next one tidies up."""

import errno
import os
import subprocess
import sys

import pytest

from ganaug.common import folders
from ganaug.common.folders import exchange, recover, replacing_folder, unfinished


def write(path, text):
    with replacing_folder(path) as folder:
        (folder / "a.txt").write_text(text)


def everything(path):
    return {of.relative_to(path).as_posix(): of.read_text() for of in sorted(path.rglob("*")) if of.is_file()}


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_folder_is_replaced_and_nothing_else_remains(tmp_path, monkeypatch, can_exchange):
    if not can_exchange:
        monkeypatch.setattr(folders, "exchange", lambda *_: False)
    for text in ("old", "new"):
        write(tmp_path / "out", text)
        assert everything(tmp_path) == {"out/a.txt": text}
        assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux exchanges names")
def test_two_folders_exchange_their_names(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(name)
    if not exchange(tmp_path / "one", tmp_path / "other"):
        pytest.skip("not on this disk")
    assert everything(tmp_path) == {"one/a.txt": "other", "other/a.txt": "one"}
    assert not exchange(tmp_path / "one", tmp_path / "none")


KILLED = """
import os, signal, sys
from pathlib import Path
from ganaug.common import folders
how, out = sys.argv[1], Path(sys.argv[2])
folders.exchange = lambda *_: False
real = folders.Path.rename
def rename(self, target):
    if how == "between" and self.name == "written":
        os.kill(os.getpid(), signal.SIGKILL)
    real(self, target)
    if how == "ready" and self.name.startswith(".ganaug-tmp"):
        os.kill(os.getpid(), signal.SIGKILL)
folders.Path.rename = rename
if how == "ready":
    with folders.replacing_together([out, out.with_name("m.csv")]) as files:
        for file in files:
            file.write_text("new")
else:
    with folders.replacing_folder(out) as folder:
        (folder / "a.txt").write_text("new")
        if how == "writing":
            os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(how, out):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", KILLED, how, str(out)], env=env, check=False).returncode == -9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")
@pytest.mark.parametrize("how", ["writing", "between"])
def test_after_a_kill_the_old_folder_is_there_again(tmp_path, how):
    write(tmp_path / "out", "old")
    killed(how, tmp_path / "out")
    assert len(list(tmp_path.iterdir())) == 2
    recover(tmp_path / "out")
    assert everything(tmp_path) == {"out/a.txt": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")
def test_two_files_are_both_new_after_a_kill_between_their_renames(tmp_path):
    for name in ("a.npz", "m.csv"):
        (tmp_path / name).write_text("old")
    killed("ready", tmp_path / "a.npz")
    recover(tmp_path / "a.npz")
    assert everything(tmp_path) == {"a.npz": "new", "m.csv": "new"}


def test_a_full_disk_is_named_by_what_the_user_wrote(tmp_path):
    with pytest.raises(OSError, match="No space left") as caught, replacing_folder(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device", "in/a.png")
    assert caught.value.filename == str(tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_resumable_folder_is_kept_where_the_block_ends_early(tmp_path):
    out = tmp_path / "out"

    def stopped():
        with replacing_folder(out, resumable=True) as home:
            (home / "first").write_text("whole")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stopped()
    assert not out.exists()
    with replacing_folder(out, resumable=True) as home:
        assert (home / "first").read_text() == "whole"
        (home / "second").touch()
    assert sorted(path.name for path in out.iterdir()) == ["first", "second"]
    with pytest.raises(RuntimeError), replacing_folder(tmp_path / "empty", resumable=True):
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["out"]  # nothing is left of an empty one
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    unfinished(tmp_path / "new").symlink_to(elsewhere)
    with pytest.raises(PermissionError, match="is a link"), replacing_folder(tmp_path / "new", resumable=True):
        pass
    assert not list(elsewhere.iterdir())
