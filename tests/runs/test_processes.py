import os
import subprocess
import sys
import time

import pytest

from tjepa.runs.processes import birth, is_alive

WAITS = [sys.executable, "-c", "input()"]


def test_this_process_is_alive() -> None:
    assert is_alive(os.getpid(), birth(os.getpid()))
    assert is_alive(os.getpid(), None)


def test_another_process_is_alive_until_it_ends() -> None:
    other = subprocess.Popen(WAITS, stdin=subprocess.PIPE)
    born = birth(other.pid)
    assert is_alive(other.pid, born)
    other.communicate(b"\n")
    assert not is_alive(other.pid, born)
    assert not is_alive(other.pid, None)


def test_a_process_that_nobody_has_collected_is_not_alive() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux says when a process began")
    other = subprocess.Popen(WAITS, stdin=subprocess.PIPE)
    born = birth(other.pid)
    other.kill()
    deadline = time.monotonic() + 10
    while is_alive(other.pid, born) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(other.pid, born)
    other.communicate()


def test_a_number_that_was_given_out_again_is_another_process() -> None:
    if birth(os.getpid()) is None:
        pytest.skip("only Linux says when a process began")
    assert not is_alive(os.getpid(), "another boot 17")
    assert not is_alive(os.getppid(), "another boot 17")


@pytest.mark.parametrize("pid", [2**22 + 12345, 2**31, 2**70])
def test_a_number_that_no_process_has_is_not_alive(pid: int) -> None:
    assert not is_alive(pid, None)
    assert birth(pid) is None
