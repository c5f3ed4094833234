import pytest

from tjepa.runs import Pace


def test_nothing_is_said_before_there_is_something_to_go_by() -> None:
    pace = Pace()
    assert pace.seconds_left(0.0) is None
    pace.update(0.0, 0.0)
    assert pace.seconds_left(100.0) is None
    pace.update(0.5, 0.1)
    assert pace.seconds_left(0.1) is None


def test_even_progress_gives_the_time_it_will_take() -> None:
    pace = Pace()
    pace.update(0.0, 10.0)
    pace.update(0.25, 20.0)
    assert pace.seconds_left(20.0) == pytest.approx(30.0)


def test_work_done_before_the_first_report_does_not_count() -> None:
    pace = Pace()
    pace.update(0.8, 0.0)
    pace.update(0.9, 10.0)
    assert pace.seconds_left(10.0) == pytest.approx(10.0)


def test_nothing_is_left_at_the_end_and_a_stall_is_not_hidden() -> None:
    pace = Pace()
    pace.update(0.0, 0.0)
    pace.update(0.5, 10.0)
    at_once, later = pace.seconds_left(10.0), pace.seconds_left(40.0)
    assert at_once is not None
    assert later is not None
    assert later > at_once
    pace.update(1.0, 50.0)
    assert pace.seconds_left(50.0) == 0.0
