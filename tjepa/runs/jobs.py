"""Long work on background threads: queued, followed, cancelled. It knows nothing of the work.

One lock guards everything; what leaves the manager is an immutable snapshot. A lane is one thread
that takes its jobs one after another, so lanes do not wait for each other. Its priority is the
usual one: with less it starves beside other programs, and may hold the interpreter's lock while it
waits for a processor.
"""

import contextlib
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from tjepa.errors import QueueFullError, TjepaError
from tjepa.progress import Progress, Work
from tjepa.runs.pace import Pace

JobState = Literal["queued", "running", "done", "failed", "cancelled"]

KEPT = 200

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobSnapshot:
    """A job at one moment.

    `position` is its place in line, from 1; 0 once it is no longer waiting. `submitted`, `started`
    and `ended` are Unix times. `cancelling` says that it was asked to stop and has not yet.
    """

    key: str
    title: str
    lane: str
    state: JobState
    progress: Progress | None
    position: int
    submitted: float
    started: float | None
    ended: float | None
    seconds_left: float | None
    error: str | None
    cancelling: bool


@dataclass(eq=False)
class _Job:
    """What the manager keeps of a job; touched under the manager's lock only."""

    key: str
    title: str
    lane: str
    work: Callable[[], Work[Any]] | None
    state: JobState = "queued"
    progress: Progress | None = None
    submitted: float = field(default_factory=time.time)
    started: float | None = None
    ended: float | None = None
    error: str | None = None
    cancelled: bool = False
    pace: Pace = field(default_factory=Pace)

    @property
    def active(self) -> bool:
        return self.state in ("queued", "running")


class JobManager:
    """Runs work on one daemon thread per lane, each started with its first job.

    Parameters
    ----------
    lanes:
        Names of the lanes.
    max_waiting:
        How many jobs of a lane may wait behind the one at work.
    """

    def __init__(
        self, lanes: Sequence[str] = ("pretraining", "analysis"), max_waiting: int = 16
    ) -> None:
        self._max_waiting = max_waiting
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._jobs: dict[str, _Job] = {}  # in order of submission
        self._waiting: dict[str, deque[_Job]] = {lane: deque() for lane in lanes}
        self._threads: dict[str, threading.Thread] = {}
        self._closing = False

    def submit(self, key: str, title: str, work: Callable[[], Work[Any]], lane: str) -> JobSnapshot:
        """Queue `work`, a function that begins it, under `key`.

        While a job of that key waits or works, this is that job and `work` is not used: a double
        click starts one. After its end a new job takes its place.

        Raises
        ------
        QueueFullError
            When the lane has as many jobs waiting as it accepts, or the manager was shut down.
        ValueError
            When there is no such lane.
        """
        with self._lock:
            if lane not in self._waiting:
                raise ValueError(f"there is no lane {lane!r}")
            known = self._jobs.get(key)
            if known is not None and known.active:
                return self._snapshot(known)
            if self._closing:
                raise QueueFullError("The app is stopping and takes no more work.")
            waiting = self._waiting[lane]
            if len(waiting) >= self._max_waiting:
                raise QueueFullError(
                    f"{len(waiting)} jobs are already waiting: cancel one, or try again when one "
                    "has ended."
                )
            job = _Job(key, title, lane, work)
            self._jobs.pop(key, None)
            self._jobs[key] = job
            waiting.append(job)
            if lane not in self._threads:
                thread = threading.Thread(
                    target=self._serve, args=(lane,), name=f"tjepa {lane}", daemon=True
                )
                self._threads[lane] = thread
                thread.start()
            self._changed.notify_all()
            return self._snapshot(job)

    def snapshot(self, key: str) -> JobSnapshot | None:
        """The newest job of that key; None when there was none, or it ended long ago."""
        with self._lock:
            job = self._jobs.get(key)
            return None if job is None else self._snapshot(job)

    def snapshots(self) -> list[JobSnapshot]:
        """Every job that waits or works and the last 200 that ended, in order of submission."""
        with self._lock:
            return [self._snapshot(job) for job in self._jobs.values()]

    def cancel(self, key: str) -> None:
        """Stop the job of that key: at once while it waits, else where it next yields.

        Does nothing when there is no such job or it has ended.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is not None:
                self._cancel(job)

    def wait(self, key: str, timeout: float | None = None) -> JobSnapshot | None:
        """Wait until the job of that key has ended, or `timeout` seconds; returns it as it is then.

        None when there is no such job.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None:
                return None
            self._changed.wait_for(lambda: not job.active, timeout)
            return self._snapshot(job)

    def shutdown(self, timeout: float = 10) -> None:
        """Cancel everything and wait up to `timeout` seconds for what is at work to let go.

        May be called again, from any thread.
        """
        deadline = time.monotonic() + timeout
        with self._lock:
            self._closing = True
            for job in list(self._jobs.values()):
                self._cancel(job)
            self._changed.notify_all()
            threads = list(self._threads.values())
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
                if thread.is_alive():
                    _log.warning("%s did not stop within %g seconds", thread.name, timeout)

    # On a lane's thread

    def _serve(self, lane: str) -> None:
        waiting = self._waiting[lane]
        while True:
            with self._lock:
                self._changed.wait_for(lambda: bool(waiting) or self._closing)
                if not waiting:
                    return
                job = waiting.popleft()
                begin, job.work = job.work, None
                job.state, job.started = "running", time.time()
            assert begin is not None
            state, error = self._run(job, begin)
            # Neither this frame nor the manager keeps what the work refers to.
            del begin
            with self._lock:
                self._end(job, state, error)
            del job

    def _run(self, job: _Job, begin: Callable[[], Work[Any]]) -> tuple[JobState, str | None]:
        """Run a job to its end, however it ends; the thread survives all of them."""
        try:
            # Closing is what cancels: it runs the work's finally blocks.
            with contextlib.closing(begin()) as work:
                while not self._is_cancelled(job):
                    try:
                        moment = next(work)
                    except StopIteration:
                        return "done", None
                    self._report(job, moment)
        except TjepaError as error:
            _log.info("%s failed", job.title, exc_info=True)
            return "failed", str(error)
        except BaseException as error:
            _log.exception("%s failed", job.title)
            return "failed", (
                f"Something unexpected went wrong ({type(error).__name__}). "
                "The log has the details."
            )
        return "cancelled", None

    def _is_cancelled(self, job: _Job) -> bool:
        with self._lock:
            return job.cancelled

    def _report(self, job: _Job, moment: Progress) -> None:
        """Keep the newest progress; its share stays within [0, 1] and never goes back."""
        share = 0.0 if job.progress is None else job.progress.share
        if math.isfinite(moment.share):
            share = max(share, min(1.0, moment.share))
        kept = replace(moment, share=share, values=MappingProxyType(dict(moment.values)))
        with self._lock:
            job.progress = kept
            job.pace.update(share, time.monotonic())

    # Under the lock

    def _cancel(self, job: _Job) -> None:
        if job.state == "queued":
            self._waiting[job.lane].remove(job)
            self._end(job, "cancelled", None)
        elif job.state == "running":
            job.cancelled = True

    def _end(self, job: _Job, state: JobState, error: str | None) -> None:
        job.state, job.error, job.ended, job.work = state, error, time.time(), None
        ended = [key for key, known in self._jobs.items() if not known.active]
        for key in ended[: max(0, len(ended) - KEPT)]:
            del self._jobs[key]
        self._changed.notify_all()

    def _snapshot(self, job: _Job) -> JobSnapshot:
        position = self._waiting[job.lane].index(job) + 1 if job.state == "queued" else 0
        return JobSnapshot(
            key=job.key,
            title=job.title,
            lane=job.lane,
            state=job.state,
            progress=job.progress,
            position=position,
            submitted=job.submitted,
            started=job.started,
            ended=job.ended,
            seconds_left=_seconds_left(job),
            error=job.error,
            cancelling=job.state == "running" and job.cancelled,
        )


def _seconds_left(job: _Job) -> float | None:
    """What the work itself says, or else its pace so far."""
    if job.state != "running" or job.progress is None:
        return None
    told = job.progress.values.get("seconds_left")
    if told is not None and math.isfinite(told):
        return max(0.0, float(told))
    return job.pace.seconds_left(time.monotonic())
