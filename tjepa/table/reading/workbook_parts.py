"""The parts of an Excel workbook, measured before the Excel engine sees any of them.

The headers of a zip archive may lie about sizes, and two programs may find different archives in
the same bytes. So each part is inflated here, piece by piece, and counted; what the engine gets is
a new archive of the same compressed parts, under headers that are true.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from tjepa.errors import ReadingError

MAX_UNPACKED = 1024**3
MAX_AREA = 50_000_000
"""The engine sets room aside for a whole rectangle: one stray cell far out would take it all."""

_PIECE = 1024**2
_LONGEST_TAG = 1024**2
_MOST_PARTS = 10_000
_READ = (".xml", ".rels")  # the rest is pictures, macros and printer settings
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,9})"')
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>/]*?\br="([A-Z]{1,3})\d[^>/]*>')

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_UTF8 = 0x800
_MIDNIGHT = (0, 0x21)  # time and date of every part


def measured(data: bytes, name: str) -> bytes:
    """The workbook as an archive of the parts that are read, whose headers are true.

    Raises
    ------
    ReadingError
        When it is damaged or protected, unpacks to more than 1 GB, or has a sheet whose cells span
        more than 50 million places.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        return _rebuilt(data, archive, name)
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, ValueError) as error:
        raise _damaged(name) from error


class Extent:
    """How far out the cells of a sheet lie, told from its XML piece by piece."""

    def __init__(self) -> None:
        self.rows = 0
        self._letters: set[bytes] = set()
        self._open = b""  # the beginning of a tag that a piece ends within

    @property
    def columns(self) -> int:
        return max(map(_column_number, self._letters), default=0)

    def feed(self, piece: bytes) -> None:
        text = self._open + piece
        begun = text.rfind(b"<")
        whole = len(text) if begun <= text.rfind(b">") else begun
        self._open = text[whole:]
        if len(self._open) > _LONGEST_TAG:
            raise ValueError("a tag without an end")
        text = text[:whole]
        self.rows = max(self.rows, max(map(int, _ROW.findall(text)), default=0))
        self._letters.update(_CELL.findall(text))


def _rebuilt(data: bytes, archive: zipfile.ZipFile, name: str) -> bytes:
    parts = {part.filename: part for part in archive.infolist()}  # of two by one name, the last
    read = [part for key, part in parts.items() if key.lower().endswith(_READ)]
    if len(read) > _MOST_PARTS:
        raise ReadingError(
            f"{name} has {len(read):,} parts, as no workbook of use does. Save the sheet as CSV."
        )
    new, entries, total = io.BytesIO(), [], 0
    for part in read:
        if part.flag_bits & 1:
            raise ReadingError(
                f"{name} is protected by a password. Save it without one and open that."
            )
        packed = _packed(data, part)
        extent, size, check = Extent(), 0, 0
        for piece in _pieces(packed, part.compress_type):
            size += len(piece)
            total += len(piece)
            if total > MAX_UNPACKED:
                raise ReadingError(
                    f"{name} unpacks to more than {MAX_UNPACKED // 1024**3} GB. "
                    "Save the sheet as CSV or Parquet, or take a sample of its rows."
                )
            check = zlib.crc32(piece, check)
            extent.feed(piece)
        if check != part.CRC:
            raise zipfile.BadZipFile(f"{part.filename} is not what it was")
        if extent.rows * extent.columns > MAX_AREA:
            raise ReadingError(
                f"{name} has a sheet ({part.filename.rpartition('/')[2]}) with cells as far out as "
                f"row {extent.rows:,} and column {extent.columns:,}. Delete the stray ones, or "
                "save the sheet as CSV."
            )
        entries.append(_append(new, part, packed, size, check))
    _finish(new, entries)
    return new.getvalue()


def _packed(data: bytes, part: zipfile.ZipInfo) -> memoryview:
    """The bytes of a part as they lie in the archive."""
    mark, *_, name_length, extra_length = _LOCAL.unpack_from(data, part.header_offset)
    if mark != b"PK\x03\x04":
        raise zipfile.BadZipFile(f"{part.filename} has no header")
    begin = part.header_offset + _LOCAL.size + name_length + extra_length
    packed = memoryview(data)[begin : begin + part.compress_size]
    if len(packed) < part.compress_size:
        raise zipfile.BadZipFile(f"{part.filename} is cut short")
    return packed


def _pieces(packed: memoryview, method: int) -> Iterator[bytes]:
    """The content, at most _PIECE at a time."""
    if method == zipfile.ZIP_STORED:
        for begin in range(0, len(packed), _PIECE):
            yield bytes(packed[begin : begin + _PIECE])
        return
    if method != zipfile.ZIP_DEFLATED:
        raise NotImplementedError(f"packed by method {method}")
    stream = zlib.decompressobj(wbits=-15)
    for begin in range(0, len(packed), _PIECE):
        rest: bytes | memoryview = packed[begin : begin + _PIECE]
        while len(rest) and not stream.eof:
            yield stream.decompress(rest, _PIECE)
            rest = stream.unconsumed_tail
    while not stream.eof:
        if not (piece := stream.decompress(b"", _PIECE)):
            raise zipfile.BadZipFile("a stream without an end")
        yield piece


def _append(
    new: io.BytesIO, part: zipfile.ZipInfo, packed: memoryview, size: int, check: int
) -> bytes:
    """Write one part; returns its entry of the table of contents."""
    name, begin = part.filename.encode(), new.tell()
    facts = (part.compress_type, *_MIDNIGHT, check, len(packed), size)
    new.write(_LOCAL.pack(b"PK\x03\x04", 20, _UTF8, *facts, len(name), 0))
    new.write(name)
    new.write(packed)
    return (
        _CENTRAL.pack(b"PK\x01\x02", 20, 20, _UTF8, *facts, len(name), 0, 0, 0, 0, 0, begin) + name
    )


def _finish(new: io.BytesIO, entries: list[bytes]) -> None:
    begin, contents = new.tell(), b"".join(entries)
    new.write(contents)
    new.write(_END.pack(b"PK\x05\x06", 0, 0, len(entries), len(entries), len(contents), begin, 0))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _damaged(name: str) -> ReadingError:
    return ReadingError(
        f"{name} is a damaged workbook, or one with a password. Save it again in Excel."
    )
