"""Workbooks in the form of Excel 97 to 2003 (.xls), made byte by byte: BIFF8 in an OLE container.

After [MS-XLS] and [MS-CFB]. No library that is well kept writes these any more.
"""

import datetime as dt
import struct
from collections.abc import Mapping, Sequence

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_STANDARD = 4096  # shorter streams would lie in a stream of their own kind
_DAY, _MOMENT = 14, 22  # built-in formats of numbers
_EPOCHS = {False: dt.datetime(1899, 12, 30), True: dt.datetime(1904, 1, 1)}

Cell = str | float | bool | dt.datetime | None


def xls(sheets: Mapping[str, Sequence[Sequence[Cell]]], *, since_1904: bool = False) -> bytes:
    """A workbook of strings, numbers, truth values and moments; None is no cell."""
    bodies = [_sheet(rows, since_1904) for rows in sheets.values()]
    at = len(_globals(dict.fromkeys(sheets, 0), since_1904))
    starts = {}
    for name, body in zip(sheets, bodies, strict=True):
        starts[name] = at
        at += len(body)
    return _ole(b"".join([_globals(starts, since_1904), *bodies]))


def _globals(starts: Mapping[str, int], since_1904: bool) -> bytes:
    parts = [_bof(0x0005), _record(0x0042, struct.pack("<H", 1200))]
    parts.append(_record(0x0022, struct.pack("<H", since_1904)))
    parts += [
        _record(0x00E0, struct.pack("<HH", 0, form) + bytes(16)) for form in (0, _DAY, _MOMENT)
    ]
    for name, start in starts.items():
        parts.append(_record(0x0085, struct.pack("<IBB", start, 0, 0) + _text(name, "<B")))
    return b"".join([*parts, _record(0x000A)])


def _sheet(rows: Sequence[Sequence[Cell]], since_1904: bool) -> bytes:
    width = max((len(row) for row in rows), default=0)
    parts = [_bof(0x0010), _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))]
    for i, row in enumerate(rows):
        parts += [_cell(i, j, cell, since_1904) for j, cell in enumerate(row) if cell is not None]
    return b"".join([*parts, _record(0x000A)])


def _cell(row: int, column: int, cell: Cell, since_1904: bool) -> bytes:
    def place(form: int) -> bytes:
        return struct.pack("<HHH", row, column, form)

    if isinstance(cell, str):
        return _record(0x0204, place(0) + _text(cell, "<H"))
    if isinstance(cell, bool):
        return _record(0x0205, place(0) + struct.pack("<BB", cell, 0))
    if isinstance(cell, dt.datetime):
        days = (cell - _EPOCHS[since_1904]) / dt.timedelta(days=1)
        return _record(0x0203, place(1 if days == int(days) else 2) + struct.pack("<d", days))
    return _record(0x0203, place(0) + struct.pack("<d", cell))


def _bof(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 1996, 0, 6))


def _text(text: str, length: str) -> bytes:
    return struct.pack(length, len(text)) + b"\1" + text.encode("utf-16-le")


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _ole(stream: bytes) -> bytes:
    """A container with the one stream: a sector of allocation, one of the folder, and its own."""
    stream = stream.ljust(_STANDARD, b"\0")
    stream += bytes(-len(stream) % _SECTOR)
    sectors = len(stream) // _SECTOR
    chain = [_FAT, _END, *range(3, 2 + sectors), _END]
    assert len(chain) <= _SECTOR // 4
    chain += [_FREE] * (_SECTOR // 4 - len(chain))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, _STANDARD, _END, 0, _END, 0)
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    folder = _entry("Root Entry", 5, _END, 0, child=1) + _entry("Workbook", 2, 2, len(stream))
    folder = folder.ljust(_SECTOR, b"\0")
    return header + struct.pack("<128I", *chain) + folder + stream


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    written = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<BBIII", kind, 1, _FREE, _FREE, child)
    return (
        written.ljust(64, b"\0")
        + struct.pack("<H", len(written))
        + links
        + bytes(16 + 4 + 16)
        + struct.pack("<IQ", start, size)
    )
