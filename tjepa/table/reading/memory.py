"""How much memory another process holds, and how much the machine has left."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_PLATFORM: str = sys.platform
_PROC = Path("/proc")
_CGROUP = Path("/sys/fs/cgroup")


def memory_of(pid: int) -> int | None:
    """Bytes that process `pid` holds for itself; None where the system does not say."""
    if _PLATFORM == "linux":
        with suppress(OSError, KeyError, ValueError):
            # Without the files that it maps, which the system can take back.
            fields = _kilobytes(_PROC / str(pid) / "status")
            return fields["RssAnon"] + fields["RssShmem"]
        return None
    if _PLATFORM == "darwin":
        with suppress(OSError, ValueError, subprocess.SubprocessError):
            said = subprocess.run(
                ["/bin/ps", "-o", "rss=", "-p", str(pid)],
                capture_output=True,
                text=True,
                timeout=5,
                check=True,
            )
            return int(said.stdout) * 1024
    return None


def free_memory() -> int | None:
    """Bytes that could be taken now, in this container too; None where the system does not say."""
    free = None
    with suppress(OSError, KeyError, ValueError):
        free = _kilobytes(_PROC / "meminfo")["MemAvailable"]
    for most, used, details, cache in (
        ("memory.max", "memory.current", "memory.stat", "inactive_file"),
        (
            "memory/memory.limit_in_bytes",
            "memory/memory.usage_in_bytes",
            "memory/memory.stat",
            "total_inactive_file",
        ),
    ):
        with suppress(OSError, KeyError, ValueError):  # "max" is no number: there is no limit
            lines = (_CGROUP / details).read_text().splitlines()
            cached = int(dict(line.split(" ", 1) for line in lines)[cache])
            used_now = int((_CGROUP / used).read_text()) - cached
            left = int((_CGROUP / most).read_text()) - used_now
            free = left if free is None else min(free, left)
    return free


def _kilobytes(file: Path) -> dict[str, int]:
    """The lines `Name:   123 kB` of a file of the kernel, in bytes."""
    found = {}
    for line in file.read_text().splitlines():
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            found[name] = int(value.removesuffix(" kB")) * 1024
    return found
