"""Bytes of text in any encoding → UTF-8 with plain line ends."""

import codecs
from dataclasses import dataclass

import pyarrow as pa

from tjepa.errors import ReadingError
from tjepa.table.reading.guessing import guessed_encoding

ENCODINGS = (
    "utf-8",
    "windows-1252",
    "iso-8859-1",
    "windows-1250",
    "iso-8859-2",
    "windows-1251",
    "koi8-r",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "shift_jis",
    "euc_jp",
    "gb18030",
    "big5",
    "euc-kr",
    "mac-roman",
    "cp850",
    "utf-16",
    "utf-32",
)
"""Those that are offered; any other that Python knows can be named."""
_SPOKEN = {
    "windows-1252": "Windows-1252 (Western European)",
    "iso-8859-1": "ISO-8859-1 (Western European)",
    "mac-roman": "Mac Roman (Western European)",
    "cp850": "code page 850 (Western European, of DOS)",
    "windows-1250": "Windows-1250 (Central European)",
    "iso-8859-2": "ISO-8859-2 (Central European)",
    "windows-1251": "Windows-1251 (Cyrillic)",
    "koi8-r": "KOI8-R (Cyrillic)",
    "iso-8859-5": "ISO-8859-5 (Cyrillic)",
    "cp866": "code page 866 (Cyrillic, of DOS)",
    "mac-cyrillic": "Mac Cyrillic",
    "windows-1253": "Windows-1253 (Greek)",
    "iso-8859-7": "ISO-8859-7 (Greek)",
    "windows-1254": "Windows-1254 (Turkish)",
    "windows-1255": "Windows-1255 (Hebrew)",
    "windows-1256": "Windows-1256 (Arabic)",
    "windows-1257": "Windows-1257 (Baltic)",
    "shift_jis": "Shift-JIS (Japanese)",
    "cp932": "Shift-JIS (Japanese, of Windows)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GB18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "euc-kr": "EUC-KR (Korean)",
    "cp874": "Windows-874 (Thai)",
}
"""What an encoding is called that is found out, which Unicode's are not spoken of."""
_BOMS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True)
class Text:
    content: bytes  # UTF-8, lines ending in \n
    encoding: str  # what it was
    notes: list[str]  # where the encoding had to be guessed


def text_of(data: bytes, name: str, encoding: str | None = None) -> Text:
    """ReadingError where the bytes are not text in that encoding, or, without one, in none."""
    notes = []
    if encoding is None:
        encoding, content, doubt = _guessed(data, name)
        if encoding in _SPOKEN:
            notes.append(f"The file is not UTF-8: it was read as {_SPOKEN[encoding]}.")
        notes += doubt
    else:
        content = _decoded(data, name, encoding)
    if b"\0" in content:
        raise ReadingError(f"{name} holds NUL characters. Save it as UTF-8 CSV without them.")
    if not content or content.isspace():
        raise ReadingError(f"{name} is empty. Open a file that has a header and rows.")
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return Text(content, encoding, notes)


def _guessed(data: bytes, name: str) -> tuple[str, bytes, list[str]]:
    """The encoding, the text, and a note where there is doubt."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return encoding, data.decode(encoding).encode(), []
            except UnicodeDecodeError as error:
                raise ReadingError(
                    f"{name} begins like {encoding.upper()} text and is damaged further on. "
                    "Save it as UTF-8."
                ) from error
    if _is_utf_8(data):
        return "utf-8", data.removeprefix(codecs.BOM_UTF8), []
    if (guess := guessed_encoding(data)) is not None:
        doubt = []
        if not guess.sure:
            doubt = [
                f"The encoding is a guess: “{guess.word}” would read otherwise in "
                f"{_SPOKEN[guess.other]}. If letters are wrong, choose another encoding."
            ]
        return guess.encoding, _plain(data.decode(guess.encoding)), doubt
    doubt = ["The encoding is a guess: if letters are wrong, choose another encoding."]
    try:
        return "windows-1252", _plain(data.decode("windows-1252")), doubt
    except UnicodeDecodeError:
        return "iso-8859-1", data.decode("iso-8859-1").encode(), doubt


def _decoded(data: bytes, name: str, encoding: str) -> bytes:
    try:
        codecs.lookup(encoding)
        return _plain(data.decode(encoding))
    except UnicodeDecodeError as error:
        raise ReadingError(
            f"{name} is not text in {encoding}: byte {error.start + 1:,} does not fit. "
            "Choose another encoding."
        ) from error
    except (LookupError, ValueError) as error:  # surrogates among them
        raise ReadingError(
            f"{name} cannot be read as {encoding!r}: there is no such encoding of text. Choose one "
            "such as utf-8 or windows-1252."
        ) from error


def _is_utf_8(data: bytes) -> bool:
    """Told without a copy, which may be four times as large."""
    ends = pa.array([0, len(data)], pa.int32()).buffers()[1]
    try:
        pa.StringArray.from_buffers(1, ends, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _plain(text: str) -> bytes:
    return text.removeprefix("\ufeff").encode()
