import json
import threading
import time
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from tjepa.errors import StoreError
from tjepa.runs import default_home
from tjepa.runs.files import FolderLock, is_name, plain, to_json, write_atomically


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    file, unfinished = tmp_path / "kept", tmp_path / "unfinished"
    file.write_text("old")

    def fill(stream: IO[bytes]) -> None:
        stream.write(b"half of the n")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_atomically(file, fill, unfinished)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_becomes_a_sentence(tmp_path: Path) -> None:
    def fill(stream: IO[bytes]) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match=r"kept could not be written: No space left on device\."):
        write_atomically(tmp_path / "kept", fill, tmp_path / "unfinished")


def test_a_reader_never_sees_a_half_written_file(tmp_path: Path) -> None:
    file, done, seen = tmp_path / "kept", threading.Event(), set()
    file.write_bytes(b"0" * 50_000)

    def read() -> None:
        while not done.is_set():
            content = file.read_bytes()
            seen.add((len(content), len(set(content))))
            time.sleep(0.0001)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(100):
        content = str(i % 10).encode() * 50_000
        write_atomically(file, lambda stream, c=content: stream.write(c), tmp_path / "new")
    done.set()
    reader.join()
    assert seen == {(50_000, 1)}


@pytest.mark.parametrize("name", ["a", "20260101-120000-ab12", "umap-tjepa", "A_b"])
def test_plain_names_are_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a.b", "a/b", "a\\b", "-a", "_a", "a\n", "a b", "é", "a" * 101, None, 3]
)
def test_what_could_leave_its_folder_is_no_name(name: object) -> None:
    assert not is_name(name)


def test_json_is_strict() -> None:
    value = {
        "a": float("nan"),
        "b": [np.float32("inf"), np.int64(3), (1, 2.5)],
        "c": np.array([1.0, np.nan]),
        "d": np.bool_(True),
        4: None,
    }
    expected = {"a": None, "b": [None, 3, [1, 2.5]], "c": [1.0, None], "d": True, "4": None}
    assert plain(value) == expected
    assert json.loads(to_json(value), parse_constant=pytest.fail) == expected


def test_a_lock_lets_one_at_a_time_in(tmp_path: Path) -> None:
    """Two locks of one folder, as two processes have them."""
    inside, most = 0, 0

    def enter(lock: FolderLock) -> None:
        nonlocal inside, most
        for _ in range(20):
            with lock():
                inside += 1
                most = max(most, inside)
                time.sleep(0.0001)
                inside -= 1

    locks = [FolderLock(tmp_path / "home" / "lock") for _ in range(2)]
    threads = [threading.Thread(target=enter, args=(lock,)) for lock in locks * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_the_home_is_named_by_the_environment_or_the_platform(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TJEPA_HOME", "~/kept")
    assert default_home() == Path.home() / "kept"
    monkeypatch.setenv("TJEPA_HOME", "relative")
    assert default_home() == Path.cwd() / "relative"
    monkeypatch.delenv("TJEPA_HOME")
    assert default_home().is_absolute()
    assert "tjepa" in default_home().name
