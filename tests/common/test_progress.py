"""Phases have names, one at a time, and the time left is never more than a limit leaves."""

import pytest
from rich.progress import Progress

from ganaug.common.progress import TimeLeft, begin_phase, current_phase, end_phase, phase


def test_one_phase_at_a_time_and_none_after_the_end():
    with phase("encoding", show=False):
        assert current_phase() == "encoding"
        begin_phase("training", show=False)
        assert current_phase() == "training"
    assert current_phase() == ""


def test_after_an_error_the_name_says_where_it_happened():
    with pytest.raises(KeyboardInterrupt), phase("encoding", show=True):
        raise KeyboardInterrupt
    assert current_phase() == "encoding"
    end_phase()


@pytest.mark.parametrize(("limit", "shown"), [(None, "15:22 left"), (120, "1:50 left"), (5, "0:00 left")])
def test_the_time_left_is_never_more_than_the_limit_leaves(limit, shown):
    now = [0.0]
    bar = Progress(disable=True, get_time=lambda: now[0])
    task = bar.add_task("training", total=93.2)
    now[0] = 5.0
    bar.update(task, completed=0.5)
    now[0] = 10.0
    bar.update(task, completed=1.0)
    assert str(TimeLeft(limit).render(bar.tasks[0])) == shown
