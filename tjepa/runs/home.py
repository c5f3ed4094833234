"""One folder that holds everything; files in it are named, written and listed here only."""

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from platformdirs import user_data_path

from tjepa.errors import StoreError, TjepaError, quoted
from tjepa.runs.files import FolderLock, is_name, to_json, write_atomically, writing

UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, TjepaError)
"""What a file of the right name and the wrong content can raise while it is understood."""


def default_home() -> Path:
    """`TJEPA_HOME`, or the platform's folder for the data of applications."""
    named = os.environ.get("TJEPA_HOME")
    if named:
        return Path(named).expanduser().absolute()
    return user_data_path("tjepa", appauthor=False)


def now() -> str:
    """This moment as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat()


class Home:
    """A home folder; nothing is created in it before something is kept."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = default_home() if home is None else Path(home)
        self._locked = FolderLock(self.home / "lock")

    def _path(self, room: str, name: str) -> Path:
        """The folder `name` of tables or runs; StoreError for a name that could lead elsewhere."""
        if not is_name(name):
            raise StoreError(f"There is no {room.removesuffix('s')} {quoted(name)} here.")
        return self.home / room / name

    def _names(self, room: str) -> list[str]:
        return [folder.name for folder in subfolders(self.home / room)]

    def _unfinished(self) -> Path:
        """A new path for something that is moved to its place when it is whole."""
        folder = self.home / "tmp"
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder / uuid.uuid4().hex

    def _write(self, file: Path, fill: Callable[[IO[bytes]], object]) -> None:
        write_atomically(file, fill, self._unfinished())

    def _write_json(self, file: Path, value: Any) -> None:
        text = to_json(value, indent=1).encode()
        self._write(file, lambda stream: stream.write(text))


def subfolders(folder: Path) -> list[Path]:
    """The folders in `folder` that a store could have made, by name; none when it is absent."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(path for path in folder.iterdir() if is_name(path.name) and path.is_dir())
    return []


def make_folder(folder: Path) -> None:
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def move_in(built: Path, place: Path) -> bool:
    """Move a finished folder to its place in one step; False when another one is there already."""
    make_folder(place.parent)
    with writing(place):
        try:
            built.rename(place)
        except OSError:
            if not place.exists():
                raise
            return False
    return True
