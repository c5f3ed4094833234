import threading
import time

import pytest

from tjepa.analysis.waiting import in_thread
from tjepa.progress import finish


def running() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("analysis")]


def test_it_speaks_while_the_call_runs_and_returns_its_result() -> None:
    moments = []
    result = finish(in_thread(lambda: time.sleep(0.7) or 7, "fitting", 0.5), moments.append)
    assert result == 7
    assert len(moments) >= 3
    assert {moment.share for moment in moments} == {0.5}


def test_an_error_of_the_call_is_raised_to_the_caller() -> None:
    def fail() -> None:
        raise ValueError("of the library")

    with pytest.raises(ValueError, match="of the library"):
        finish(in_thread(fail, "fitting", 0.0))


def test_closing_ends_a_call_that_would_run_for_ever() -> None:
    def spin() -> None:
        while True:
            time.sleep(0.01)

    work = in_thread(spin, "fitting", 0.0)
    next(work)
    work.close()
    assert running() == []


def test_closing_uses_the_calls_own_way_to_stop() -> None:
    told = threading.Event()
    work = in_thread(lambda: told.wait(60), "fitting", 0.0, stop=told.set)
    next(work)
    work.close()
    assert told.is_set()
    assert running() == []
