"""Reading in another process: the same tables and sentences, whatever happens to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from tests.table.reading.files import every_format, frame, workbook
from tjepa.errors import ReadingError
from tjepa.progress import Progress, finish
from tjepa.table.reading import guarded
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.guarded import keep_ready, let_go, read_guarded
from tjepa.table.reading.limits import Bounds
from tjepa.table.reading.memory import free_memory, memory_of
from tjepa.table.reading.raw_table import read_table

CSV = frame().to_csv(index=False).encode()
ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems say it otherwise")
ONLY_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")


@pytest.fixture(autouse=True)
def _none_waits() -> Iterator[None]:
    let_go()
    yield
    let_go()


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[guarded._Child]:
    """The processes that were taken to read a file."""
    children: list[guarded._Child] = []
    take = guarded._readers.take

    def noted() -> guarded._Child:
        children.append(take())
        return children[-1]

    monkeypatch.setattr(guarded._readers, "take", noted)
    return children


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def gone(pid: int, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError):
            if is_there(pid):
                time.sleep(0.05)
                continue
        return True
    return False


def problem(*args: object, **told: object) -> str:
    with pytest.raises(ReadingError) as refusal:
        finish(read_guarded(*args, **told))  # type: ignore[arg-type]
    return str(refusal.value)


def test_a_table_is_what_it_is_in_this_process() -> None:
    forms = every_format()
    for name in ("ragged", "json lines", "parquet, zstd", "xlsx", "zip"):
        data = forms[name]
        here, there = read_table(data, name=name), finish(read_guarded(data, name=name))
        pd.testing.assert_frame_equal(here.frame, there.frame)
        one, two = (asdict(raw) | {"frame": None} for raw in (here, there))
        assert one == two


def test_what_is_told_is_handed_on(tmp_path: Path) -> None:
    path = tmp_path / "two.txt"
    path.write_bytes(b"a b\n1 2\n3 4\n")
    told = FileReading(delimiter=" ", header=0)
    here, there = read_table(path, reading=told), finish(read_guarded(path, reading=told))
    assert there.name == "two.txt"
    assert there.content_id == here.content_id
    assert there.reading == here.reading
    data = workbook([["a", "b"], [1, 2]])
    assert finish(read_guarded(data, sheet="Sheet")).sheet == "Sheet"
    assert "no sheet “x”" in problem(data, sheet="x")


def test_the_sentences_are_those_of_this_process() -> None:
    for data in (b"", b"\x89PNG\r\n", b"a,b\n1,\0\n"):
        with pytest.raises(ReadingError) as here:
            read_table(data, name="x.csv")
        assert problem(data, name="x.csv") == str(here.value)


def test_what_it_is_at_is_said() -> None:
    moments: list[Progress] = []
    finish(read_guarded(CSV), moments.append)
    assert moments[0].stage == "getting ready"
    shares = [moment.share for moment in moments]
    assert shares == sorted(shares)


def test_too_much_time_gets_its_sentence(taken: list[guarded._Child]) -> None:
    assert "slow.csv took longer than 0 seconds to read" in problem(
        CSV, name="slow.csv", bounds=Bounds(seconds=0)
    )
    assert not taken[0].is_alive


@pytest.mark.skipif(memory_of(os.getpid()) is None, reason="this system does not say")
def test_too_much_memory_gets_its_sentence(taken: list[guarded._Child]) -> None:
    assert "large.csv needs more than 0.0 GB of memory" in problem(
        CSV, name="large.csv", bounds=Bounds(memory=1)
    )
    assert not taken[0].is_alive


@ONLY_LINUX
def test_what_a_process_holds_and_what_is_free_is_known() -> None:
    before = memory_of(os.getpid())
    held = bytearray(64 * 1024**2)
    held[::4096] = b"x" * len(held[::4096])
    after, free = memory_of(os.getpid()), free_memory()
    assert before is not None
    assert after is not None
    assert 60 * 1024**2 < after - before < 80 * 1024**2
    assert free is not None
    assert free > 0
    assert memory_of(2**22 + 1) is None


@ONLY_POSIX
@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("SIGKILL", "Reading x.csv was ended from outside"),
        ("SIGSEGV", "x.csv cannot be read: the reader crashed over it"),
        ("SIGABRT", "x.csv cannot be read: the reader crashed over it"),
        ("SIGXCPU", "x.csv took too much of the processor's time"),
    ],
)
def test_a_process_that_ends_early_is_a_sentence(
    number: str, said: str, taken: list[guarded._Child]
) -> None:
    def harm(moment: Progress) -> None:
        if moment.stage.startswith("reading"):
            os.kill(taken[0]._process.pid, getattr(signal, number))

    with pytest.raises(ReadingError) as refusal:
        finish(read_guarded(CSV * 20_000, name="x.csv"), harm)
    assert str(refusal.value).startswith(said)
    assert finish(read_guarded(CSV)).frame.shape == (12, 4)


@ONLY_POSIX
def test_a_process_that_hangs_is_stopped(taken: list[guarded._Child]) -> None:
    def harm(moment: Progress) -> None:
        if moment.stage == "unpacking" or moment.stage.startswith("reading"):
            os.kill(taken[0]._process.pid, signal.SIGSTOP)

    with pytest.raises(ReadingError) as refusal:
        finish(read_guarded(CSV * 20_000, name="x.csv", bounds=Bounds(seconds=1)), harm)
    assert "took longer than 1 seconds" in str(refusal.value)
    assert not taken[0].is_alive


def test_a_process_that_cannot_be_started_is_no_fault_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "no number")
    assert "x.csv was not read: the process that reads files could not be started" in problem(
        CSV, name="x.csv"
    )


def test_closing_the_work_ends_the_process(taken: list[guarded._Child]) -> None:
    work = read_guarded(CSV)
    next(work)
    assert taken[0].is_alive
    work.close()
    assert not taken[0].is_alive


def test_one_process_waits_for_the_next_file_and_one_that_ended_is_replaced(
    taken: list[guarded._Child],
) -> None:
    keep_ready()
    waiting = guarded._readers._spare
    assert waiting is not None
    finish(read_guarded(CSV))
    assert taken == [waiting]
    spare = guarded._readers._spare
    assert spare is not None
    assert spare is not waiting
    spare._process.kill()
    spare._process.wait()
    assert finish(read_guarded(CSV)).frame.shape == (12, 4)
    assert taken[1] is not spare
    let_go()
    assert guarded._readers._spare is None


@ONLY_LINUX
def test_no_process_outlives_the_one_that_started_it() -> None:
    code = (
        "import os; from tjepa.table.reading import guarded; guarded.keep_ready(); "
        "child = guarded._readers._spare; child._said.get(); "
        "print(child._process.pid, flush=True); os._exit(0)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert gone(int(said.stdout))
