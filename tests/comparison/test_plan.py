"""What is said of a comparison while it runs, where nobody sees a bar."""

import importlib
import time
import warnings

import pytest

from ganaug.comparison.plan import Following, Plan

WAYS = {"none": 1, "random": 1}


def jobs(n_splits=3):
    return [(split, {way: {}}) for split in range(n_splits) for way in WAYS]


def following(plan, *, verbose=True, n_done=0):
    return Following(plan, list(WAYS), ["Tree"], 6, n_done, verbose=verbose)


def test_the_plan_is_said_at_once_and_the_time_left_after_the_first_split(capsys):
    with following(Plan(jobs(), None, 3)) as shown:
        assert capsys.readouterr().err.startswith("comparing 2 ways (none, random) with Tree on 3 splits")
        shown.finish("none", 0)
        assert capsys.readouterr().err == ""  # not a line for each way of a quick comparison
        shown.finish("random", 0)
        said = capsys.readouterr().err
        assert said.startswith("comparing: 2 of 6 done (last: random, split 1)")
        assert "left" in said
        for split in (1, 2):
            for way in WAYS:
                shown.finish(way, split)
        assert capsys.readouterr().err == ""
    assert capsys.readouterr().err.startswith("comparing: 6 of 6 done")


def test_nothing_is_said_unless_it_is_asked_for(capsys):
    with following(Plan(jobs(), None, 3), verbose=False) as shown:
        for split, ways in jobs():
            shown.finish(next(iter(ways)), split)
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def impatient(monkeypatch):
    """Say something four times a second."""
    module = importlib.import_module("ganaug.comparison.plan")
    monkeypatch.setattr(module, "_SECONDS_OF_SILENCE", 0.05)
    monkeypatch.setattr(module, "_SECONDS_OF_LOOK", 0.05)


def wait_for(text, capsys):
    """Return what was said until the text occurs."""
    said, end = "", time.monotonic() + 20
    while text not in said and time.monotonic() < end:
        said += capsys.readouterr().err
        time.sleep(0.02)
    assert text in said
    return said


def test_a_long_training_does_not_keep_silent(impatient, capsys):
    with following(Plan(jobs(), None, 3)):
        assert wait_for("so far", capsys).count("comparing: 0 of 6 done") >= 1


def test_a_first_split_beyond_the_limit_is_told_when_the_limit_is_over(impatient, capsys):
    with following(Plan(jobs(), 0.1, 3)) as shown:
        said = wait_for("the first split takes longer than 0.1 s", capsys)
        assert "as many as fit into 0.1 s, and at least one" in said
        assert "parts done: 0 of 2" in said
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # it is not said again
            shown.finish("none", 0)


def test_what_the_first_ways_take_tells_of_the_whole_split():
    plan = Plan([(0, dict.fromkeys(map(str, range(10))))], 1000.0, 1)
    assert plan.beyond(1999.0) == ""
    said = plan.beyond(2001.0)
    assert "about 2001 s in all" in said
    assert plan.beyond(3000.0) == ""


def test_a_comparison_that_fails_ends_the_lines(capsys):
    with pytest.raises(KeyError), following(Plan(jobs(), None, 3)) as shown:
        raise KeyError
    shown._thread.join(timeout=10)
    assert not shown._thread.is_alive()
