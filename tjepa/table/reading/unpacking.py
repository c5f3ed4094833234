"""gzip and zip → the one table inside, in bounded memory and whatever the headers claim."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath

from tjepa.errors import ReadingError
from tjepa.table.reading.limits import MAX_BYTES
from tjepa.table.reading.names import listed

MAX_RATIO = 500
"""Unpacked over packed bytes: no table of use packs better, and deflate cannot beat 1,032."""
_RATIO_FROM = 8 * 1024**2  # a small file may be one word, repeated
_PIECE = 1024**2
_SUFFIXES = frozenset(
    {".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".json", ".jsonl", ".ndjson", ".arff"}
    | {".parquet", ".pq", ".feather", ".arrow", ".ipc", ".xlsx", ".xlsm", ".xls", ".gz", ".zip"}
)
_DOCUMENTS = ("readme", "license", "licence", "copying", "changelog", "notice", "index")
_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})  # left by Finder and Explorer
_ARCHIVES = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"(\xb5/\xfd", b"7z\xbc\xaf\x27\x1c", b"Rar!")


def unpacked(data: bytes, name: str) -> tuple[bytes, list[str]]:
    """The file inside an archive and a note about it; other bytes, workbooks too, as they are.

    ReadingError where there is not one table inside, or more than MAX_BYTES.
    """
    if data.startswith(b"\x1f\x8b"):
        content, notes = _gunzipped(data, name), [f"{name} was unpacked (gzip)."]
    elif data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        archive = _zip(data, name)
        if is_workbook(archive):
            return data, []
        content, notes = _member(archive, name)
    else:
        return data, []
    if content.startswith(_ARCHIVES) or _is_nested_zip(content, name):
        raise ReadingError(
            f"{name} holds another archive inside. Unpack it and open the table itself."
        )
    return content, notes


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Whether a zip archive is a workbook: Excel's, Excel's binary one, or OpenDocument."""
    parts = {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}
    return not parts.isdisjoint(archive.namelist())


def _is_nested_zip(content: bytes, name: str) -> bool:
    return content[:4] in (b"PK\x03\x04", b"PK\x05\x06") and not is_workbook(_zip(content, name))


def _zip(data: bytes, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise ReadingError(
            f"{name} is a damaged workbook or zip archive. Save it again, or get it again."
        ) from error


def _gunzipped(data: bytes, name: str) -> bytes:
    try:
        return _within_limits(_gzip_pieces(data), len(data), name)
    except (zlib.error, EOFError) as error:
        raise ReadingError(f"{name} is a damaged or incomplete gzip file. Get it again.") from error


def _gzip_pieces(data: bytes) -> Iterator[bytes]:
    """The content of each gzip stream in turn; EOFError where one is cut short."""
    rest = data
    while rest:
        stream = zlib.decompressobj(wbits=31)
        while not stream.eof:
            piece = stream.decompress(rest, _PIECE)
            rest = stream.unconsumed_tail
            if not piece and not rest and not stream.eof:
                raise EOFError
            yield piece
        rest = stream.unused_data.lstrip(b"\0")  # tapes and blocks are filled up with zeros


def _member(archive: zipfile.ZipFile, name: str) -> tuple[bytes, list[str]]:
    files = [member for member in archive.infolist() if not _is_litter(member)]
    tables = [member for member in files if _may_be_table(member)] if len(files) > 1 else files
    if not files:
        raise ReadingError(f"{name} is a zip archive with no file in it. Open a table.")
    if len(tables) != 1:
        what = f"{len(tables):,} tables" if tables else f"{len(files):,} files and no table"
        raise ReadingError(
            f"{name} is a zip archive of {what} "
            f"({listed(member.filename for member in tables or files)}), where one can be read. "
            "Unpack it and open the one you want."
        )
    [table] = tables
    notes = [f"{table.filename} was unpacked from {name} (zip)."]
    if others := [member.filename for member in files if member is not table]:
        notes.append(f"Other files in {name} were not looked at: {listed(others)}.")
    if table.flag_bits & 1:
        raise ReadingError(f"{name} is protected by a password. Unpack it and open what is inside.")
    if table.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ReadingError(
            f"{name} is packed in a way that cannot be read here. Unpack it and open the table."
        )
    try:
        with archive.open(table) as file:
            pieces = iter(partial(file.read, _PIECE), b"")
            return _within_limits(pieces, table.compress_size, name), notes
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise ReadingError(f"{name} is a damaged zip archive. Get it again.") from error


def _is_litter(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    return member.is_dir() or path.parts[:1] == ("__MACOSX",) or path.name.lower() in _LITTER


def _may_be_table(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename.lower())
    return path.suffix in _SUFFIXES and not path.name.startswith(_DOCUMENTS)


def _within_limits(pieces: Iterator[bytes], packed: int, name: str) -> bytes:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > MAX_BYTES:
            raise ReadingError(
                f"{name} unpacks to more than {MAX_BYTES // 1024**2} MB, the most that can be "
                "read. Take a sample of its rows, or save it as Parquet."
            )
        if len(content) > max(_RATIO_FROM, MAX_RATIO * packed):
            raise ReadingError(
                f"{name} unpacks to more than {MAX_RATIO} times its size, as no table does. "
                "Unpack it and look at what is inside."
            )
    return bytes(content)
