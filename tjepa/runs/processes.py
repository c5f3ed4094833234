"""Whether the process that said it works on a run is still there."""

import os
import sys
from pathlib import Path


def birth(pid: int) -> str | None:
    """When process `pid` began, on Linux; None elsewhere, or when there is none or it has ended.

    Compared only for equality: numbers of ended processes are given out again, above all after a
    restart of the machine or of a container.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # Field 2, the name, may hold spaces and brackets. Field 3 is the state, Z for one that has
        # ended and was not collected by its parent; field 22 is the start in clock ticks.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else f"{boot} {fields[19]}"
    except (OSError, IndexError):
        return None


def is_alive(pid: int, born: str | None) -> bool:
    """Whether process `pid`, whose `birth` was `born`, still runs on this machine."""
    if pid == os.getpid():
        return born is None or born == birth(pid)
    if sys.platform == "win32":
        return False  # asking with signal 0 would end it there
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass  # it is there, and another person's
    except (OSError, OverflowError):
        return False
    return born is None or born == birth(pid)
