"""Damaged files by the thousand: `python -m tests.table.reading.fuzz --seconds 600`.

Small valid files of every format are flipped, cut, spliced, repeated and sprinkled with what
readers stumble over. Each has to be a table or a sentence, in a process that takes neither long nor
much memory. What is not is kept in a folder, and the same seed makes the same files.
"""

import argparse
import io
import json
import queue
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.table.reading.files import every_format, zipped
from tjepa.errors import ReadingError
from tjepa.table.reading.memory import memory_of
from tjepa.table.reading.raw_table import read_table

SECONDS, MEMORY = 30.0, 2 * 1024**3  # for one small file
_CASES_OF_A_PROCESS = 400
_START_SECONDS = 120.0
_TOKENS = (
    *(
        b",",
        b";",
        b"\t",
        b"|",
        b'"',
        b"'",
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"#",
        b"\\",
        b"\xef\xbb\xbf",
    ),
    *(b"\xff\xfe", b"\xff", b"NA", b"nan", b"inf", b"-1e400", b"1,234", b"0000-01-01", b"1" * 400),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b"[" * 3000,
        b'{"a":',
        b"null",
        b"@data",
        b"@attribute",
        b"%",
        b"{1 x}",
    ),
    *(b"<", b">", b"&", b"</row>", b'r="XFD1048576"', b"<row r='9'>", b't="s"', b"-1", b"PK\1\2"),
    *(struct.pack("<i", n) for n in (-1, 0, 2**31 - 1, -(2**31), 2**16)),
    *(struct.pack("<q", n) for n in (-1, 2**63 - 1, 2**40)),
)


@dataclass
class Report:
    """What became of the files; `bad` has those that broke the rule, with what happened."""

    read: int = 0
    refused: int = 0
    bad: list[tuple[str, Path | None]] = field(default_factory=list)
    sentences: Counter[str] = field(default_factory=Counter)

    @property
    def cases(self) -> int:
        return self.read + self.refused + len(self.bad)


def cases(seed: int) -> Iterator[tuple[str, bytes]]:
    """Damaged files without end, each with the name of what it was."""
    whole = every_format()
    names = list(whole)
    for number in range(sys.maxsize):
        chance = random.Random(f"{seed} {number}")
        name = names[number % len(names)]
        other = whole[chance.choice(names)]
        yield f"{name} {seed}-{number}", _damaged(whole[name], other, chance)


def campaign(
    *,
    seed: int = 0,
    most: int | None = None,
    seconds: float | None = None,
    folder: Path | None = None,
) -> Report:
    """Read damaged files until there were `most`, or for so many seconds."""
    end = None if seconds is None else time.monotonic() + seconds
    report, reader = Report(), _Reader()
    try:
        for number, (name, data) in enumerate(cases(seed)):
            if number == most or (end is not None and time.monotonic() > end):
                break
            if number % _CASES_OF_A_PROCESS == _CASES_OF_A_PROCESS - 1:
                reader.end()
                reader = _Reader()
            said, alive = reader.outcome(data)
            if not alive:
                reader = _Reader()
            if "read" in said:
                report.read += 1
            elif "refused" in said:
                report.refused += 1
                report.sentences[said["refused"][:60]] += 1
            else:
                file = None if folder is None else folder / f"{name.replace(' ', '_')}.bin"
                if file is not None:
                    file.write_bytes(data)
                report.bad.append((f"{name}: {said['bad']}", file))
    finally:
        reader.end()
    return report


class _Reader:
    """A process that reads one file after another."""

    def __init__(self) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.table.reading.fuzz", "--reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._answer(_START_SECONDS)

    def outcome(self, data: bytes) -> tuple[dict[str, Any], bool]:
        """What became of the file, and whether the process is still there."""
        assert self._process.stdin is not None
        self._process.stdin.write(struct.pack("<L", len(data)) + data)
        self._process.stdin.flush()
        answer = self._answer(SECONDS)
        if isinstance(answer, str):
            self.end()
            return {"bad": answer}, False
        found: dict[str, Any] = json.loads(answer)
        return found, True

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answer(self, seconds: float) -> bytes | str:
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            try:
                answer = self._answers.get(timeout=0.05)
            except queue.Empty:
                if (memory_of(self._process.pid) or 0) > MEMORY:
                    return f"more than {MEMORY:,} bytes of memory"
                continue
            if answer:
                return answer
            self._log.seek(0)
            said = self._log.read()[-1500:].decode(errors="replace")
            return f"the process ended with {self._process.wait()}\n{said}"
        return f"more than {seconds:g} seconds"

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            self._answers.put(line)
        self._answers.put(b"")


def _read_them() -> None:
    """The far side: read what comes on the standard input, answer a line each."""
    import faulthandler
    import logging
    import os

    logging.disable()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    faulthandler.enable()
    answers.write(b"ready\n")
    while head := sys.stdin.buffer.read(4):
        data = sys.stdin.buffer.read(struct.unpack("<L", head)[0])
        answers.write(json.dumps(_outcome(data)).encode() + b"\n")


def _outcome(data: bytes) -> dict[str, Any]:
    try:
        raw = read_table(data, name="x")
    except ReadingError as refusal:
        text = str(refusal)
        if "not known here" in text:  # the sentence for what nobody foresaw
            return {"bad": "".join(traceback.format_exception(refusal.__cause__))[-1500:]}
        return {"refused": text}
    except BaseException:
        return {"bad": traceback.format_exc()[-1500:]}
    frame = raw.frame
    if not (frame.columns.is_unique and len(frame) and frame.shape[1] > 1):
        return {"bad": f"a table of {frame.shape} with the columns {list(frame)[:9]}"}
    return {"read": list(frame.shape)}


def _damaged(data: bytes, other: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.6:  # inside of the packing, where most readers begin
        if data[:4] == b"PK\3\4":
            return _inside_zip(data, other, chance)
        if data[:2] == b"\x1f\x8b":
            inside = zlib.decompress(data, 31)
            packer = zlib.compressobj(wbits=31)
            return packer.compress(_harmed(inside, other, chance)) + packer.flush()
    return _harmed(data, other, chance)


def _inside_zip(data: bytes, other: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(list(parts))
    parts[name] = _harmed(parts[name], other, chance)
    return zipped(parts)


def _harmed(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """One to four changes."""
    harmed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        # Headers and footers say how the rest is understood.
        near = chance.choice((0, max(0, len(harmed) - 400), 0))
        at = chance.randint(near, len(harmed)) if near or chance.random() < 0.7 else 0
        length = chance.choice((1, 2, 8, 64, len(harmed)))
        kind = chance.randrange(7)
        if kind == 0 and at < len(harmed):
            harmed[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(harmed):
            harmed[at] = chance.randrange(256)
        elif kind == 2:
            del harmed[at : at + length]
        elif kind == 3:
            start = chance.randint(0, len(other))
            harmed[at:at] = other[start : start + length]
        elif kind == 4:
            harmed[at:at] = bytes(harmed[at : at + length]) * chance.choice((1, 3, 40))
        elif kind == 5:
            harmed[at:at] = chance.choice(_TOKENS)
        else:
            token = chance.choice(_TOKENS)
            harmed[at : at + len(token)] = token
    return bytes(harmed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir(), "tjepa-fuzz"))
    parser.add_argument("--reader", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.reader:
        _read_them()
        return
    told.out.mkdir(parents=True, exist_ok=True)
    report = campaign(seed=told.seed, seconds=told.seconds, folder=told.out)
    for what, file in report.bad:
        print(f"--- {file}\n{what}")
    for sentence, count in report.sentences.most_common(12):
        print(f"{count:6,}  {sentence}")
    print(
        f"{report.cases:,} files: {report.read:,} read, {report.refused:,} refused, "
        f"{len(report.bad):,} bad."
    )
    sys.exit(bool(report.bad))


if __name__ == "__main__":
    main()
