"""A MariaDB server of the tests' own, where its programs are installed."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postgresql import PASSWORD, exists, free_port

PROGRAMS = os.pathsep.join(["/usr/sbin", "/usr/local/sbin", os.environ.get("PATH", os.defpath)])
SETUP = f"CREATE USER owner@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO owner@'%'"


@contextmanager
def server() -> Iterator[str]:
    """`HOST:PORT` of a server with the user `owner`, on 127.0.0.1 alone; skips where none can run.

    Run by root, it works as an unprivileged user.
    """
    install = shutil.which("mariadb-install-db", path=PROGRAMS)
    daemon = shutil.which("mariadbd", path=PROGRAMS)
    if install is None or daemon is None:
        pytest.skip("MariaDB's server is not installed")
    pymysql = pytest.importorskip("pymysql")
    folder = Path(tempfile.mkdtemp(prefix="tjepa-maria-"))
    as_user = []
    if os.geteuid() == 0:
        user = next((name for name in ("mysql", "nobody") if exists(name)), None)
        if user is None:
            pytest.skip("MariaDB does not run as root, and there is no other user")
        shutil.chown(folder, user)
        as_user = [f"--user={user}"]
    data, socket, port = folder / "data", folder / "socket", free_port()
    log = (folder / "log").open("wb")
    running = None
    try:
        made = subprocess.run(
            [
                install,
                "--no-defaults",
                *as_user,
                f"--datadir={data}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
        assert made.returncode == 0, made.stderr.decode()
        running = subprocess.Popen(
            [
                daemon,
                "--no-defaults",
                *as_user,
                f"--datadir={data}",
                f"--socket={socket}",
                f"--port={port}",
                "--bind-address=127.0.0.1",
            ],
            stdout=log,
            stderr=log,
        )
        until = time.monotonic() + 60
        while True:
            try:
                root = pymysql.connect(unix_socket=str(socket), user="root")
                break
            except pymysql.OperationalError:
                assert time.monotonic() < until, (folder / "log").read_text()
                time.sleep(0.1)
        with root.cursor() as cursor:
            for statement in (*SETUP.split("; "), "CREATE DATABASE shop"):
                cursor.execute(statement)
        root.close()
        yield f"127.0.0.1:{port}"
    finally:
        if running is not None:
            running.kill()
            running.wait()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)
