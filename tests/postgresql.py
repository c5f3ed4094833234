"""A PostgreSQL server of the tests' own, where its programs are installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "pa/ss:w#rd?"
WRITTEN = "pa%2Fss%3Aw%23rd%3F"
"""The password as a URL has it."""


def programs() -> Path | None:
    """The folder of initdb and postgres, the newest of several."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: float(path.parts[-3]),
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def server() -> Iterator[str]:
    """`HOST:PORT` of a server with the user `owner`, on 127.0.0.1 alone; skips where none can run.

    The server refuses to run as root, so root lends it to an unprivileged user.
    """
    folder_of_programs = programs()
    if folder_of_programs is None:
        pytest.skip("PostgreSQL's server is not installed")
    pytest.importorskip("psycopg")
    folder = Path(tempfile.mkdtemp(prefix="tjepa-pg-"))
    user = None
    if os.geteuid() == 0:
        user = next((name for name in ("postgres", "nobody") if exists(name)), None)
        if user is None:
            pytest.skip("PostgreSQL does not run as root, and there is no other user")
        shutil.chown(folder, user)
    secret = folder / "password"
    secret.write_text(PASSWORD)
    if user:
        shutil.chown(secret, user)

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(folder_of_programs / program), *arguments],
            user=user,
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()

    data, port = folder / "data", free_port()
    log = folder / "log"
    settings = f"-c listen_addresses=127.0.0.1 -c port={port} -c fsync=off"
    settings += f" -c unix_socket_directories={folder}"
    try:
        run(
            "initdb",
            "-D",
            str(data),
            "-U",
            "owner",
            "-E",
            "UTF8",
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
        )
        run("pg_ctl", "-D", str(data), "-l", str(log), "-o", settings, "-w", "start")
        try:
            yield f"127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def exists(name: str) -> bool:
    import pwd  # not on Windows

    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
