"""Extras: the table of them is that of pyproject.toml, and a missing one is named with its command."""

import re
import sys
from pathlib import Path

import pytest

from ganaug.common.extras import EXTRAS, MissingExtraError, has_extra, require_extra

ROOT = Path(__file__).parents[2]


def extras_of_project() -> dict[str, str]:
    section = re.search(
        r"^\[project.optional-dependencies\]\n(.*?)\n\n", (ROOT / "pyproject.toml").read_text(), re.M | re.S
    )
    return dict(re.findall(r'^([\w-]+) = \["([\w-]+)', section[1], flags=re.MULTILINE))


def test_the_extras_are_those_of_the_project():
    assert {extra: packages[0].replace("_", "-") for extra, packages in EXTRAS.items()} == extras_of_project()


@pytest.mark.parametrize("page", ["README.md", "docs/guide/quickstart.md"])
def test_the_pages_on_installation_name_every_extra(page):
    text = (ROOT / page).read_text()
    missing = [extra for extra in EXTRAS if f"`{extra}`" not in text]
    assert not missing


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_extra_is_named_with_its_command(extra, monkeypatch):
    require_extra(extra, "It needs")
    monkeypatch.setitem(sys.modules, EXTRAS[extra][-1], None)
    assert not has_extra(extra)
    with pytest.raises(MissingExtraError, match=rf"^It needs the package .*; run: pip install 'ganaug\[{extra}\]'$"):
        require_extra(extra, "It needs")
