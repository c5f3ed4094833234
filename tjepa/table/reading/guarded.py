"""Reading in a process of its own, with limits of time and memory: what a server does.

A library that crashes, hangs or takes all memory over a hostile file takes that process along and
nothing else. The process is started anew for each file, never forked from this one, which has
threads; `keep_ready` has the next one wait with its libraries loaded.
"""

import atexit
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from tjepa.errors import ReadingError
from tjepa.progress import Progress, Work
from tjepa.table.reading.choices import FOUND_OUT, FileReading
from tjepa.table.reading.limits import Bounds, too_much_memory, too_slow
from tjepa.table.reading.memory import free_memory, memory_of
from tjepa.table.reading.raw_table import RawTable
from tjepa.table.reading.sources import bytes_of

START_SECONDS = 60.0
_FOLDER = str(Path(__file__).resolve().parents[3])  # where tjepa lies
_LOOK = 0.05  # seconds between two looks at the memory: time to fill 0.2 GB
_SPEAK = 0.2
_LEAST_MEMORY = 1024**3
_SHARE_OF_FREE = 0.75

_log = logging.getLogger(__name__)


def read_guarded(
    source: bytes | Path,
    *,
    name: str | None = None,
    sheet: str | None = None,
    reading: FileReading = FOUND_OUT,
    bounds: Bounds | None = None,
    known: Callable[[str], object] = lambda form: None,
) -> Work[RawTable]:
    """What `read_table` returns, read in another process, as work; closing it ends that process.

    ``bounds.memory`` is lowered to three quarters of what the machine has free, but not below
    1 GB. Where the system does not say what a process uses, only the time is limited. ``known`` is
    called with the format, a key of FORMATS, once that is told: what is refused may have one too.

    Raises
    ------
    ReadingError
        As `read_table` does; and when a limit is passed, or the process ends early: it crashed,
        or was ended from outside.
    """
    name = name or (source.name or str(source) if isinstance(source, Path) else "The table")
    bounds = _within_reach(Bounds() if bounds is None else bounds)
    if isinstance(source, bytes):
        bytes_of(source, name)
    child = _readers.take()
    try:
        return (yield from child.read(source, name, sheet, reading, bounds, known))
    finally:
        child.end()
        _readers.get_ready()


def keep_ready() -> None:
    """From now on, have a process ready to read the next file at once."""
    _readers.keep = True
    _readers.get_ready()


def let_go() -> None:
    """End the process that waits, and have none wait any more."""
    _readers.let_go()


def _within_reach(bounds: Bounds) -> Bounds:
    free = free_memory()
    if free is None:
        return bounds
    return replace(
        bounds, memory=min(bounds.memory, max(_LEAST_MEMORY, int(free * _SHARE_OF_FREE)))
    )


class _Child:
    """A process that reads one file."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, (_FOLDER, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tjepa.table.reading.reader_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # an interrupt at the keyboard is for this process
        )
        self._is_ready = False
        self._said: queue.SimpleQueue[dict[str, Any] | pa.Table | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="reader of a file", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def read(
        self,
        source: bytes | Path,
        name: str,
        sheet: str | None,
        reading: FileReading,
        bounds: Bounds,
        known: Callable[[str], object],
    ) -> Work[RawTable]:
        """Hand over the file, follow what is said, and look at the clock and the memory."""
        stage, share = "getting ready", 0.0
        started = spoken = time.monotonic()
        allowed = START_SECONDS
        facts: dict[str, Any] | None = None
        yield Progress(stage, share)
        while True:
            try:
                said = self._said.get(timeout=_LOOK)
            except queue.Empty:
                said = {}
            if said is None:
                raise self._ended(name)
            if isinstance(said, pa.Table):
                assert facts is not None
                return _raw(facts, said)
            if "error" in said:
                raise ReadingError(said["error"])
            if "ready" in said:
                self._is_ready = True
                started, allowed = time.monotonic(), bounds.seconds
                self._hand_over(source, name, sheet, reading, bounds)
            elif "stage" in said:
                stage, share = said["stage"], said["share"]
                if said["form"] is not None:
                    known(said["form"])
            elif "content_id" in said:
                facts, stage, share = said, "handing over the table", 0.95
            now = time.monotonic()
            if now - started > allowed:
                raise too_slow(name, allowed)
            if (memory_of(self._process.pid) or 0) > bounds.memory:
                raise too_much_memory(name, bounds.memory)
            if now - spoken > _SPEAK:
                spoken = now
                yield Progress(stage, share, {"elapsed": now - started})

    def end(self) -> None:
        """End the process, whatever it is doing."""
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def _hand_over(
        self,
        source: bytes | Path,
        name: str,
        sheet: str | None,
        reading: FileReading,
        bounds: Bounds,
    ) -> None:
        request = {
            "name": name,
            "sheet": sheet,
            "reading": reading.told,
            "path": str(source.absolute()) if isinstance(source, Path) else None,
            "size": 0 if isinstance(source, Path) else len(source),
            "seconds": bounds.seconds,
            "memory": bounds.memory,
        }

        def write() -> None:  # in a thread: a process that hangs takes nothing
            pipe = self._process.stdin
            assert pipe is not None
            with suppress(OSError, ValueError):
                pipe.write(json.dumps(request).encode() + b"\n")
                if isinstance(source, bytes):
                    pipe.write(source)
                pipe.flush()

        threading.Thread(target=write, name="writer of a file", daemon=True).start()

    def _listen(self) -> None:
        """Pass on what the process says, and in the end None or its table."""
        pipe = self._process.stdout
        assert pipe is not None
        try:
            with pipe:
                while line := pipe.readline():
                    said = json.loads(line)
                    self._said.put(said)
                    if "content_id" in said:
                        # Read, not mapped from a file, which would end this process if cut short.
                        with pa.ipc.open_stream(pipe) as stream:
                            table = stream.read_all()
                        table.validate(full=True)
                        self._said.put(table)
                        return
        except (OSError, ValueError, pa.ArrowException):  # cut off in the middle
            _log.info("a process that read a file was cut off", exc_info=True)
        self._said.put(None)

    def _ended(self, name: str) -> ReadingError:
        """The sentence for a process that ended without an answer."""
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:  # it closed its end and hangs
            code = None
        _log.warning("the process that read %s ended with %s", name, code)
        if not self._is_ready:
            return ReadingError(
                f"{name} was not read: the process that reads files could not be started. The log "
                "has the details."
            )
        if code == -getattr(signal, "SIGXCPU", 0):
            return ReadingError(
                f"{name} took too much of the processor's time to read, so reading was stopped. "
                "Take a sample of its rows, or save it as Parquet."
            )
        if code == -getattr(signal, "SIGKILL", 9):
            return ReadingError(
                f"Reading {name} was ended from outside, perhaps because the machine ran out of "
                "memory. Try again; if it happens again, take a sample of its rows."
            )
        return ReadingError(
            f"{name} cannot be read: the reader crashed over it. It may be damaged: save it again "
            "as CSV (UTF-8) or Parquet and open that."
        )


class _Readers:
    """The process that waits for the next file, if one is kept."""

    def __init__(self) -> None:
        self.keep = False
        self._lock = threading.Lock()
        self._spare: _Child | None = None

    def take(self) -> _Child:
        with self._lock:
            child, self._spare = self._spare, None
        if child is not None:
            if child.is_alive:
                return child
            child.end()
        return _Child()

    def get_ready(self) -> None:
        with self._lock:
            if self.keep and self._spare is None:
                with suppress(OSError):  # no processes left: the next file will say so
                    self._spare = _Child()

    def let_go(self) -> None:
        with self._lock:
            self.keep, child, self._spare = False, self._spare, None
        if child is not None:
            child.end()


def _raw(facts: dict[str, Any], table: pa.Table) -> RawTable:
    return RawTable(
        name=facts["name"],
        content_id=facts["content_id"],
        frame=table.to_pandas(),
        sheet=facts["sheet"],
        sheets=tuple(facts["sheets"]),
        notes=tuple(facts["notes"]),
        reading=FileReading.from_json(facts["reading"]),
    )


_readers = _Readers()
atexit.register(let_go)
