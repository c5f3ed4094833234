import gc
import logging
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tjepa.errors import AnalysisError, QueueFullError
from tjepa.progress import Progress, Work
from tjepa.runs import JobManager, JobSnapshot

SECONDS = 10


class Held:
    """Work that yields until it is released, and notes what happens to it."""

    def __init__(self, share: float = 0.5) -> None:
        self.share = share
        self.begun = threading.Event()
        self.release = threading.Event()
        self.closed = threading.Event()
        self.calls = 0

    def __call__(self) -> Work[None]:
        self.calls += 1
        return self._work()

    def _work(self) -> Work[None]:
        try:
            while not self.release.is_set():
                yield Progress("holding", self.share, {"loss": 1.0})
                self.begun.set()
                time.sleep(0.001)
        finally:
            self.closed.set()


def shares(*values: float) -> Callable[[], Work[None]]:
    def work() -> Work[None]:
        for value in values:
            yield Progress("counting", value)

    return work


@pytest.fixture
def jobs() -> Iterator[JobManager]:
    manager = JobManager(max_waiting=3)
    yield manager
    manager.shutdown()


def submit(jobs: JobManager, key: str, work: Callable[[], Work[Any]]) -> JobSnapshot:
    return jobs.submit(key, f"Title of {key}", work, "analysis")


def held(jobs: JobManager, key: str = "held") -> Held:
    """A job that is at work."""
    work = Held()
    submit(jobs, key, work)
    assert work.begun.wait(SECONDS)
    return work


def ended(jobs: JobManager, key: str) -> JobSnapshot:
    snapshot = jobs.wait(key, SECONDS)
    assert snapshot is not None
    assert snapshot.ended is not None, "still not ended"
    return snapshot


def test_a_job_is_queued_works_and_is_done(jobs: JobManager) -> None:
    first = held(jobs, "first")
    queued = submit(jobs, "second", shares(0.25, 1.0))
    assert (queued.state, queued.position, queued.started, queued.progress) == (
        "queued",
        1,
        None,
        None,
    )
    assert (queued.key, queued.title, queued.lane) == ("second", "Title of second", "analysis")
    running = jobs.snapshot("first")
    assert running is not None
    assert (running.state, running.position, running.ended) == ("running", 0, None)
    assert running.progress == Progress("holding", 0.5, {"loss": 1.0})
    first.release.set()
    done = ended(jobs, "second")
    assert (done.state, done.error, done.seconds_left) == ("done", None, None)
    assert done.progress == Progress("counting", 1.0)
    assert done.started is not None
    assert done.ended is not None
    assert done.submitted <= done.started <= done.ended <= time.time()


def test_a_snapshot_does_not_change(jobs: JobManager) -> None:
    work = held(jobs)
    before = jobs.snapshot("held")
    assert before is not None
    assert before.progress is not None
    work.release.set()
    ended(jobs, "held")
    assert before.state == "running"
    with pytest.raises(TypeError):
        before.progress.values["loss"] = 2.0  # type: ignore[index]


def test_jobs_of_a_lane_take_turns_in_order(jobs: JobManager) -> None:
    work, order = held(jobs), []

    def note(key: str) -> Callable[[], Work[None]]:
        def noting() -> Work[None]:
            order.append(key)
            yield Progress("noting", 1.0)

        return noting

    positions = [submit(jobs, key, note(key)).position for key in "abc"]
    assert positions == [1, 2, 3]
    jobs.cancel("a")
    assert [job.position for job in jobs.snapshots()] == [0, 0, 1, 2]
    work.release.set()
    ended(jobs, "c")
    assert order == ["b", "c"]


def test_lanes_do_not_wait_for_each_other(jobs: JobManager) -> None:
    held(jobs)
    jobs.submit("other", "Other", shares(1.0), "pretraining")
    assert ended(jobs, "other").state == "done"


def test_a_double_click_is_one_job(jobs: JobManager) -> None:
    work = held(jobs)
    again = Held()
    assert submit(jobs, "held", again).state == "running"
    waiting = Held()
    submit(jobs, "waiting", waiting)
    submit(jobs, "waiting", again)
    assert len(jobs.snapshots()) == 2
    work.release.set()
    assert waiting.begun.wait(SECONDS)
    waiting.release.set()
    ended(jobs, "waiting")
    assert (work.calls, waiting.calls, again.calls) == (1, 1, 0)


def test_a_double_click_from_many_threads_is_one_job(jobs: JobManager) -> None:
    work, together = Held(), threading.Barrier(8)

    def click() -> None:
        together.wait()
        submit(jobs, "held", work)

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work.release.set()
    ended(jobs, "held")
    assert work.calls == 1


@pytest.mark.parametrize("end", ["done", "failed", "cancelled"])
def test_after_its_end_a_key_is_a_new_job(jobs: JobManager, end: str) -> None:
    if end == "done":
        submit(jobs, "held", shares(1.0))
    elif end == "failed":
        submit(jobs, "held", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    else:
        held(jobs)
        jobs.cancel("held")
    first = ended(jobs, "held")
    assert first.state == end
    assert submit(jobs, "held", shares(0.0, 1.0)).state == "queued"
    second = ended(jobs, "held")
    assert (second.state, second.error) == ("done", None)
    assert second.submitted > first.submitted
    assert len(jobs.snapshots()) == 1


def test_what_waits_is_cancelled_at_once_and_never_begins(jobs: JobManager) -> None:
    first, second = held(jobs), Held()
    submit(jobs, "second", second)
    jobs.cancel("second")
    cancelled = jobs.snapshot("second")
    assert cancelled is not None
    assert (cancelled.state, cancelled.position, cancelled.started) == ("cancelled", 0, None)
    assert cancelled.ended is not None
    first.release.set()
    ended(jobs, "held")
    submit(jobs, "third", shares(1.0))
    ended(jobs, "third")
    assert second.calls == 0


def test_what_works_is_closed_by_a_cancel(jobs: JobManager) -> None:
    work = held(jobs)
    jobs.cancel("held")
    job = ended(jobs, "held")
    assert (job.state, job.error, job.cancelling) == ("cancelled", None, False)
    assert work.closed.is_set()


def test_cancelling_twice_or_after_the_end_or_nothing_is_no_problem(jobs: JobManager) -> None:
    held(jobs)
    jobs.cancel("held")
    jobs.cancel("held")
    first = ended(jobs, "held")
    jobs.cancel("held")
    jobs.cancel("never there")
    assert jobs.snapshot("held") == first


def test_a_job_says_that_it_is_being_cancelled(jobs: JobManager) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def slow() -> Work[None]:
        yield Progress("beginning", 0.0)
        begun.set()
        let_go.wait(SECONDS)
        yield Progress("never kept", 0.5)

    submit(jobs, "slow", slow)
    assert begun.wait(SECONDS)
    jobs.cancel("slow")
    job = jobs.snapshot("slow")
    assert job is not None
    assert (job.state, job.cancelling) == ("running", True)
    assert submit(jobs, "slow", shares(1.0)).cancelling
    let_go.set()
    assert ended(jobs, "slow").state == "cancelled"


def test_work_that_ends_before_it_sees_the_cancel_is_done(jobs: JobManager) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def ending() -> Work[None]:
        yield Progress("beginning", 0.0)
        begun.set()
        let_go.wait(SECONDS)

    submit(jobs, "ending", ending)
    assert begun.wait(SECONDS)
    jobs.cancel("ending")
    let_go.set()
    assert ended(jobs, "ending").state == "done"


def test_every_cancel_race_ends_in_one_of_two_states(jobs: JobManager) -> None:
    for i in range(60):
        submit(jobs, f"{i}", shares(*(j / 20 for j in range(20))))
        time.sleep(0.0001 * (i % 7))
        jobs.cancel(f"{i}")
        assert ended(jobs, f"{i}").state in ("cancelled", "done")


def test_a_problem_for_the_person_is_shown_as_it_is(jobs: JobManager) -> None:
    def work() -> Work[None]:
        yield Progress("looking", 0.1)
        raise AnalysisError("There is no target: choose one.")

    submit(jobs, "work", work)
    job = ended(jobs, "work")
    assert (job.state, job.error) == ("failed", "There is no target: choose one.")


@pytest.mark.parametrize("error", [ValueError, MemoryError, KeyboardInterrupt, SystemExit])
def test_anything_else_is_named_logged_and_survived(
    jobs: JobManager, caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    def work() -> Work[None]:
        yield Progress("looking", 0.1)
        raise error("secret path")

    with caplog.at_level(logging.ERROR):
        submit(jobs, "work", work)
        job = ended(jobs, "work")
    assert job.state == "failed"
    assert job.error == (
        f"Something unexpected went wrong ({error.__name__}). The log has the details."
    )
    assert "secret path" in caplog.text
    submit(jobs, "next", shares(1.0))
    assert ended(jobs, "next").state == "done"


def test_work_that_cannot_begin_fails(jobs: JobManager) -> None:
    def work() -> Work[None]:
        raise AnalysisError("It cannot begin.")

    submit(jobs, "work", work)
    assert ended(jobs, "work").error == "It cannot begin."


def test_work_that_raises_while_it_lets_go_has_failed(jobs: JobManager) -> None:
    begun = threading.Event()

    def work() -> Work[None]:
        try:
            while True:
                yield Progress("holding", 0.5)
                begun.set()
                time.sleep(0.001)
        finally:
            raise AnalysisError("What was learned could not be saved.")

    submit(jobs, "work", work)
    assert begun.wait(SECONDS)
    jobs.cancel("work")
    job = ended(jobs, "work")
    assert (job.state, job.error) == ("failed", "What was learned could not be saved.")
    submit(jobs, "next", shares(1.0))
    assert ended(jobs, "next").state == "done"


def test_work_that_will_not_let_go_has_failed_and_blocks_nobody(jobs: JobManager) -> None:
    begun, asked = threading.Event(), []

    def work() -> Work[None]:
        while len(asked) < 2:
            try:
                yield Progress("holding", 0.5)
                begun.set()
                time.sleep(0.001)
            except GeneratorExit:
                asked.append("to let go")

    submit(jobs, "work", work)
    assert begun.wait(SECONDS)
    jobs.cancel("work")
    job = ended(jobs, "work")
    assert job.state == "failed"
    assert "RuntimeError" in (job.error or "")
    submit(jobs, "next", shares(1.0))
    assert ended(jobs, "next").state == "done"


def test_progress_never_goes_back_and_stays_in_bounds(jobs: JobManager) -> None:
    seen: list[float] = []
    given = (-1.0, 0.3, 0.1, float("nan"), 0.6, float("inf"), 0.5, 7.0, 0.2)

    def work() -> Work[None]:
        for share in given:
            yield Progress("moving", share)
            job = jobs.snapshot("work")
            assert job is not None
            assert job.progress is not None
            seen.append(job.progress.share)

    submit(jobs, "work", work)
    assert ended(jobs, "work").state == "done"
    assert seen == [0.0, 0.3, 0.3, 0.3, 0.6, 0.6, 0.6, 1.0, 1.0]


def test_the_time_left_is_what_the_work_says_or_its_pace(jobs: JobManager) -> None:
    told: list[float | None] = []

    def work() -> Work[None]:
        for share, values in (
            (0.1, {}),
            (0.2, {"seconds_left": 40.0}),
            (0.3, {"seconds_left": -1.0}),
            (0.5, {"seconds_left": float("nan")}),
        ):
            yield Progress("moving", share, values)
            job = jobs.snapshot("work")
            assert job is not None
            told.append(job.seconds_left)
        time.sleep(1.1)
        yield Progress("moving", 0.55)
        job = jobs.snapshot("work")
        assert job is not None
        told.append(job.seconds_left)

    submit(jobs, "work", work)
    assert ended(jobs, "work").state == "done"
    assert told[:4] == [None, 40.0, 0.0, None]
    assert told[4] == pytest.approx(1.1, rel=0.3)  # 0.45 in the last 1.1 seconds, 0.45 to go


def test_a_full_lane_says_so_and_takes_more_when_there_is_room(jobs: JobManager) -> None:
    held(jobs)
    for key in "abc":
        submit(jobs, key, shares(1.0))
    with pytest.raises(QueueFullError, match="3 jobs are already waiting"):
        submit(jobs, "d", shares(1.0))
    assert jobs.snapshot("d") is None
    assert submit(jobs, "a", shares(1.0)).state == "queued"  # it waits already
    jobs.submit("other lane", "Other", shares(1.0), "pretraining")
    jobs.cancel("b")
    assert submit(jobs, "d", shares(1.0)).position == 3


def test_an_unknown_lane_is_refused(jobs: JobManager) -> None:
    with pytest.raises(ValueError, match="no lane 'fast'"):
        jobs.submit("a", "A", shares(1.0), "fast")


def test_waiting_has_an_end(jobs: JobManager) -> None:
    assert jobs.wait("never there", 0) is None
    held(jobs)
    started = time.monotonic()
    job = jobs.wait("held", 0.05)
    assert job is not None
    assert job.state == "running"
    assert time.monotonic() - started < SECONDS


def test_an_unknown_job_has_no_snapshot(jobs: JobManager) -> None:
    assert jobs.snapshot("never there") is None
    assert jobs.snapshots() == []


def test_the_end_cancels_everything_and_takes_no_more() -> None:
    jobs = JobManager()
    work, waiting = held(jobs), Held()
    submit(jobs, "waiting", waiting)
    jobs.submit("other", "Other", Held(), "pretraining")
    jobs.shutdown()
    assert work.closed.is_set()
    assert waiting.calls == 0
    assert {job.state for job in jobs.snapshots()} == {"cancelled"}
    with pytest.raises(QueueFullError, match="stopping"):
        submit(jobs, "late", shares(1.0))
    jobs.shutdown()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("tjepa ")]


def test_the_end_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    jobs, begun, let_go = JobManager(), threading.Event(), threading.Event()

    def stuck() -> Work[None]:
        begun.set()
        let_go.wait(SECONDS)
        yield Progress("at last", 1.0)

    submit(jobs, "stuck", stuck)
    assert begun.wait(SECONDS)
    started = time.monotonic()
    jobs.shutdown(timeout=0.1)
    assert time.monotonic() - started < SECONDS / 2
    assert "did not stop within 0.1 seconds" in caplog.text
    let_go.set()
    assert ended(jobs, "stuck").state == "cancelled"
    jobs.shutdown()


def test_the_end_of_a_manager_that_never_worked_is_quiet() -> None:
    JobManager().shutdown()


def test_work_may_use_the_manager_that_runs_it(jobs: JobManager) -> None:
    def work() -> Work[None]:
        yield Progress("first", 0.5)
        submit(jobs, "next", shares(1.0))
        jobs.cancel("work")
        yield Progress("second", 0.6)

    submit(jobs, "work", work)
    assert ended(jobs, "work").state == "cancelled"
    assert ended(jobs, "next").state == "done"


def test_an_ended_job_keeps_nothing_of_its_work_alive(jobs: JobManager) -> None:
    class Big:
        pass

    big = Big()
    watched = weakref.ref(big)

    def work(kept: Big = big) -> Work[None]:
        yield Progress("holding", 1.0 if kept else 0.0)

    submit(jobs, "work", work)
    ended(jobs, "work")
    del big, work
    deadline = time.monotonic() + 2  # the thread lets go a moment after the end is known
    while watched() is not None and time.monotonic() < deadline:
        gc.collect()
    assert watched() is None


def test_only_the_last_ended_jobs_are_remembered() -> None:
    jobs = JobManager(max_waiting=500)
    work = held(jobs)
    for i in range(250):
        submit(jobs, f"{i}", shares(1.0))
    work.release.set()
    ended(jobs, "249")
    assert len(jobs.snapshots()) == 200
    assert jobs.snapshot("held") is None
    assert jobs.snapshots()[0].key == "50"
    jobs.shutdown()


def test_the_manager_knows_nothing_of_screens_and_models() -> None:
    source = sys.modules[JobManager.__module__].__file__
    assert source is not None
    with open(source, encoding="utf-8") as file:
        imported = [line.split()[1] for line in file if line.startswith(("import ", "from "))]
    assert not {"streamlit", "torch", "pandas", "tjepa.table"} & set(imported)
