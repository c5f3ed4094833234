"""Bytes of text in any encoding → UTF-8 with plain line ends."""

import codecs
from dataclasses import dataclass

from tjepa.errors import ReadingError

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
    "shift_jis",
    "gb18030",
    "big5",
    "euc-kr",
    "utf-16",
    "utf-32",
)
"""Those that are offered; any other that Python knows can be named."""
_SPOKEN = {
    "windows-1252": "Windows-1252 (Western European)",
    "iso-8859-1": "ISO-8859-1 (Western European)",
}
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
        encoding, content = _guessed(data, name)
        if encoding in _SPOKEN:
            notes.append(f"The file is not UTF-8: it was read as {_SPOKEN[encoding]}.")
    else:
        content = _decoded(data, name, encoding)
    if b"\0" in content:
        raise ReadingError(f"{name} holds NUL characters. Save it as UTF-8 CSV without them.")
    if not content.strip():
        raise ReadingError(f"{name} is empty. Open a file that has a header and rows.")
    return Text(content.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), encoding, notes)


def _guessed(data: bytes, name: str) -> tuple[str, bytes]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return encoding, data.decode(encoding).encode()
            except UnicodeDecodeError as error:
                raise ReadingError(
                    f"{name} begins like {encoding.upper()} text and is damaged further on. "
                    "Save it as UTF-8."
                ) from error
    for encoding in ("utf-8", "windows-1252"):
        try:
            return encoding, _plain(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    return "iso-8859-1", data.decode("iso-8859-1").encode()


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


def _plain(text: str) -> bytes:
    return text.removeprefix("\ufeff").encode()
