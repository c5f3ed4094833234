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


def test_a_slow_beginning_is_forgotten() -> None:
    pace = Pace()
    for second in range(60):  # half as fast while the machine is busy
        pace.update(second * 0.001, float(second))
    slow = pace.seconds_left(59.0)
    assert slow == pytest.approx((1 - 0.059) / 0.001)
    for second in range(60, 101):
        pace.update(0.059 + (second - 59) * 0.002, float(second))
    assert pace.seconds_left(100.0) == pytest.approx((1 - 0.141) / 0.002)


def test_a_run_of_hours_is_told_from_as_long_as_it_needs() -> None:
    pace = Pace()
    for second in range(1_000):
        pace.update(second / 10_000, float(second))
    assert pace.seconds_left(999.0) == pytest.approx(10_000 - 999)
    for second in range(1_000, 1_200):  # ten times slower: half a per cent takes minutes
        pace.update(0.0999 + (second - 999) / 100_000, float(second))
    left = pace.seconds_left(1_199.0)
    assert left is not None
    assert left > 3 * 10_000


def test_work_that_reports_all_the_time_is_not_remembered_in_full() -> None:
    pace = Pace()
    for step in range(100_000):
        pace.update(step / 200_000, step / 1_000)
    assert len(pace._reports) < 100
    assert pace.seconds_left(100.0) == pytest.approx(100.0, rel=0.01)
