"""What a file is, told from its bytes: the name says nothing certain."""

import io
import re
import zipfile
from typing import Literal

from tjepa.errors import ReadingError

Format = Literal["text", "json", "arff", "parquet", "arrow", "workbook"]

_MAX_UNPACKED = 1024**3
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1a\x1b\x1c\x1d\x1e\x1f"))
_TEXTUAL = bytes({*range(32, 127), *b"\t\n\r\f", *range(128, 256)})
_READERS: dict[str, Format] = {
    "text": "text",
    "json": "json",
    "json lines": "json",
    "arff": "arff",
}
_BOMS = (b"\xff\xfe", b"\xfe\xff")  # UTF-16 and UTF-32 text, which holds NUL bytes
# What is no table, by its first bytes.
_OTHERS = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x7fELF", "a program"),
    (b"FEA1", "a Feather file of the old version 1"),
)
_DOCUMENTS = ((b"%PDF-", "a PDF document"), (b"{\\rtf", "an RTF document"))
_PACKED = (
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"(\xb5/\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
)
# Text that is no table, by how it begins.
_MARKUP = (
    (re.compile(rb"<(!doctype html|html|head|body|table)\b", re.I), "a web page (HTML)"),
    (re.compile(rb"<(\?xml|svg)\b", re.I), "an XML file"),
)
_PREAMBLE = 1024**2  # of comments above an ARFF header, at most
_JSON = re.compile(rb"\[\s*[\[{\]]|\{\s*[\"}]")
_ARFF = re.compile(rb"(%[^\r\n]*[\r\n]\s*)*@relation\b", re.I)


def format_of(data: bytes, name: str, told: str | None = None) -> Format:
    """Which reader the bytes are for. ReadingError says what they are if there is none.

    ``told`` is the format that a person says text is in; bytes that are no text are refused.
    """
    if told is not None:
        if not data.startswith(_BOMS):
            _check_nul(data, name)
        return _READERS[told]
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return "workbook"
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        _check_zip(data, name)
        return "workbook"
    if not _is_plain(data):  # words as PAR1, Rar! or GIF8 may well begin a table
        if data[:4] == b"PAR1":
            return "parquet"
        if data[:6] == b"ARROW1" or data[:4] == b"\xff\xff\xff\xff":
            return "arrow"
        for start, what in _PACKED:
            if data.startswith(start):
                raise _packed(name, what)
        for start, what in _OTHERS:
            if data.startswith(start):
                raise _no_table(name, what)
    for start, what in _DOCUMENTS:
        if data.startswith(start):
            raise _no_table(name, what)
    if data.startswith(_BOMS):
        return "text"
    _check_text(data, name)
    return _text_format(data[:_PREAMBLE].removeprefix(b"\xef\xbb\xbf").lstrip())


def _check_zip(data: bytes, name: str) -> None:
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise ReadingError(
            f"{name} is a damaged workbook or zip archive. Save it again, or get it again."
        ) from error
    names = {member.filename for member in members}
    if {"xl/workbook.bin", "content.xml"} & names:
        raise ReadingError(
            f"{name} is an OpenDocument or binary workbook. Save it as .xlsx or CSV and open that."
        )
    if sum(member.file_size for member in members) > _MAX_UNPACKED:
        raise ReadingError(
            f"{name} unpacks to more than {_MAX_UNPACKED // 1024**3} GB. "
            "Save the sheet as CSV or Parquet, or take a sample of its rows."
        )


def _is_plain(data: bytes) -> bool:
    """Whether the first bytes are lines of text in ASCII or UTF-8."""
    head = data[: 1 << 12]
    cut = head.rfind(b"\n")
    return cut > 0 and not head.translate(None, _TEXTUAL) and _is_utf_8(head[:cut])


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check_nul(data: bytes, name: str) -> None:
    if (at := data.find(b"\0")) >= 0:
        raise ReadingError(
            f"{name} is not text: byte {at + 1:,} is NUL. "
            "Open a CSV, Parquet or Excel file; a CSV is best saved as UTF-8."
        )


def _check_text(data: bytes, name: str) -> None:
    _check_nul(data, name)
    head = data[: 1 << 16]
    if len(head) - len(head.translate(None, _CONTROL)) > 0.02 * len(head):
        raise _no_table(name, "a binary file")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, what in _MARKUP:
        if pattern.match(start):
            raise ReadingError(
                f"{name} is {what}, which cannot be read here. "
                "Save its table as CSV or Parquet and open that."
            )


def _text_format(start: bytes) -> Format:
    if _JSON.match(start):
        return "json"
    return "arff" if _ARFF.match(start) else "text"


def _packed(name: str, what: str) -> ReadingError:
    return ReadingError(f"{name} is {what}. Unpack it and open the table inside.")


def _no_table(name: str, what: str) -> ReadingError:
    return ReadingError(f"{name} is {what}, not a table. Open a CSV, Parquet or Excel file.")
