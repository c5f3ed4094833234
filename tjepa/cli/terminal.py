"""What a shell sees: lines of text that nobody's data can garble, and one line of progress."""

import contextlib
import os
import shutil
import sys
import time
import unicodedata
import uuid
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from tjepa.errors import TjepaError
from tjepa.progress import Progress

if TYPE_CHECKING:
    from tjepa.runs import Pace

LINE_SECONDS = 5.0
"""Between two lines of progress where they cannot overwrite each other, as in a log."""
REDRAW_SECONDS = 0.1
CELL_WIDTH = 80


class CommandError(TjepaError):
    """The command line asks for something that does not exist or cannot be done."""


def note(text: str) -> None:
    """One line on standard error."""
    with contextlib.suppress(OSError):
        print(f"tjepa: {sentence(text)}", file=sys.stderr, flush=True)


def literal(text: object) -> str:
    """Text from a table or a file name on one line, without codes that a terminal would obey."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in str(text)
    )


def sentence(text: str) -> str:
    """Our own words, with names in them, on one line."""
    return literal(" ".join(text.split()))


def number(value: float | None) -> str:
    """Four digits, or thousands; a dash for what is not a number."""
    if value is None or value != value:
        return "–"
    return f"{value:,.0f}" if 1_000 <= abs(value) < 1e15 else f"{value:#.4g}"


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """A table in plain text; the columns numbered in `right` are aligned to the right."""
    lines = [[_cell(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            " " * (width - _width(cell)) + cell
            if i in right
            else cell + " " * (width - _width(cell))
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


class Meter:
    """Progress on `stream`: a line that updates itself in a terminal, else one now and then."""

    def __init__(self, stream: TextIO, pace: "Pace") -> None:
        self._stream = stream
        self._pace = pace
        self._updates = stream.isatty()
        self._shown: float | None = None

    def __enter__(self) -> "Meter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._updates and self._shown is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def __call__(self, moment: Progress) -> None:
        now = time.monotonic()
        self._pace.update(moment.share, now)
        pause = REDRAW_SECONDS if self._updates else LINE_SECONDS
        if self._shown is not None and now - self._shown < pause:
            return
        self._shown = now
        text = self._line(moment, now)
        if self._updates:
            width = shutil.get_terminal_size().columns
            self._stream.write(f"\r\x1b[K{text[: width - 1]}")
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def _line(self, moment: Progress, now: float) -> str:
        values = moment.values
        parts = [f"{moment.share:4.0%}  {sentence(moment.stage)}"]
        if "epoch" in values and "epochs" in values:
            parts.append(f"epoch {values['epoch']:.0f} of {values['epochs']:.0f}")
        if "loss" in values:
            parts.append(f"loss {number(values['loss'])}")
        if "rows_per_s" in values:
            parts.append(f"{values['rows_per_s']:,.0f} rows/s")
        left = values.get("seconds_left", self._pace.seconds_left(now))
        if left is not None and 0 <= left < 1e9:
            parts.append(f"{_duration(left)} left")
        return " · ".join(parts)


@contextlib.contextmanager
def output(
    path: Path, source: Path | None, option: str = "--out", form: str = "Parquet"
) -> Iterator[Path]:
    """A file to fill that becomes `path` at the end; what cannot be written is said at once."""
    shown, ending = f"{option} {literal(path)}", f".{form.lower()}"
    if path.suffix.lower() != ending:
        raise CommandError(f"{shown}: the file is {form}, so let its name end in {ending}.")
    if not path.parent.is_dir():
        raise CommandError(f"{shown}: there is no folder {literal(path.parent)}.")
    if path.exists() and not path.is_file():
        raise CommandError(f"{shown}: this is there already and is not a file.")
    if source is not None and source.exists() and path.exists() and path.samefile(source):
        raise CommandError(f"{shown}: this is the file to read; choose another name.")
    unfinished = path.with_name(f".{uuid.uuid4().hex}{ending}")
    try:
        unfinished.touch(exist_ok=False)
    except OSError as error:
        raise CommandError(f"{shown} cannot be written: {error.strerror}.") from error
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def leave_quietly() -> None:
    """After the reader has gone: nothing is left to be flushed when Python exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())


def accept_any_text() -> None:
    """A stream that cannot show a character of a name gets its escape, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def _cell(text: str) -> str:
    shown = literal(text)
    return shown if len(shown) <= CELL_WIDTH else shown[: CELL_WIDTH - 1] + "…"


def _width(text: str) -> int:
    """How many places a terminal gives to `text`."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
