"""Paths → the bytes of files; what cannot be opened, or is too large, is said at once."""

import glob
from pathlib import Path

from tjepa.errors import ReadingError
from tjepa.table.reading.limits import MAX_BYTES


def bytes_of(source: bytes | Path, name: str) -> bytes:
    """The content of one file, at most MAX_BYTES. ReadingError where there is none."""
    if isinstance(source, bytes):
        if len(source) > MAX_BYTES:
            raise _too_large(name)
        return source
    try:
        if source.is_dir():
            raise ReadingError(f"{name} is a folder. Name a file in it.")
        if not source.is_file():
            raise ReadingError(f"There is no file {name}. Check its name and folder.")
        if source.stat().st_size > MAX_BYTES:
            raise _too_large(name)
        return source.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name is not valid"
        raise ReadingError(f"{name} cannot be opened ({why}). Check the file.") from error


def is_pattern(path: Path) -> bool:
    """Whether a path names any number of files, as part-*.parquet does."""
    try:
        return glob.has_magic(str(path)) and not path.exists()
    except (OSError, ValueError):
        return False


def matching(pattern: Path, name: str) -> list[Path]:
    """The files that a pattern names, by name, of at most MAX_BYTES together."""
    paths = [path for found in sorted(glob.glob(str(pattern))) if (path := Path(found)).is_file()]
    if not paths:
        raise ReadingError(f"There is no file like {name}. Check the pattern and its folder.")
    if sum(path.stat().st_size for path in paths) > MAX_BYTES:
        raise _too_large(f"{name} ({len(paths):,} files)")
    return paths


def _too_large(name: str) -> ReadingError:
    return ReadingError(
        f"{name} is larger than {MAX_BYTES // 1024**2} MB, the most that can be read. "
        "Take a sample of its rows, or save it as Parquet."
    )
