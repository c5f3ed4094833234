"""Files that are whole or absent: atomic writes, strict JSON, names that stay in their folder."""

import json
import math
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from tjepa.errors import StoreError

if sys.platform != "win32":
    import fcntl

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def is_name(text: object) -> bool:
    """Whether `text` can name a file or folder of the store: no dots, no separators."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def plain(value: Any) -> Any:
    """`value` as strict JSON has it: numpy scalars and arrays as Python's, nan and ±inf as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Strict JSON text: it has no NaN and no Infinity; see `plain`."""
    return json.dumps(plain(value), indent=indent, allow_nan=False)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError on the way to `path` into a sentence that names it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(f"{path} could not be written: {reason}.") from error


def write_atomically(path: Path, fill: Callable[[IO[bytes]], object], unfinished: Path) -> None:
    """Let `fill` write the new file `unfinished`, then move it to `path` in one step.

    A reader, and a crash at any moment, finds the old file or the new one. Both paths must lie on
    one file system, in folders that exist.

    Raises
    ------
    StoreError
        When the disk is full or the folder cannot be written.
    """
    with writing(path):
        try:
            with unfinished.open("xb") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)


class FolderLock:
    """Between the threads and, where the platform can, the processes that share a folder.

    Held only for a moment: to read, change and write one small file. Not reentrant.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._threads:
            with writing(self._path):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                file = self._path.open("wb")
            with file:
                # Windows and some network file systems have none: one process per home there.
                if sys.platform != "win32":
                    with suppress(OSError):
                        fcntl.flock(file, fcntl.LOCK_EX)
                yield
