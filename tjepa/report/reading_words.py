"""How a file was read, in words."""

from collections.abc import Mapping
from typing import Any

from tjepa.table import APPLIES, FORMATS, FileReading
from tjepa.table.reading.choices import WRITTEN
from tjepa.table.reading.encodings import ENCODINGS
from tjepa.table.reading.wide_marks import BLANKS

NAMES: dict[str, Mapping[Any, str]] = {
    "format": {form: FORMATS[form] for form in WRITTEN},
    "delimiter": {
        ",": "comma",
        ";": "semicolon",
        "\t": "tab",
        "|": "bar",
        " ": "space",
        "||": "two bars",
        "::": "two colons",
        BLANKS: "runs of blanks",
    },
    "quote": {'"': 'double "', "'": "single '", "": "none"},
    "decimal": {".": "point", ",": "comma"},
    "thousands": {"": "none", ",": "comma", ".": "point", " ": "space", "'": "apostrophe"},
    "comment": {"": "none", "#": "#", "%": "%", ";": ";"},
    "encoding": {encoding: encoding for encoding in ENCODINGS},
}
"""The usual values of a field and what each is called."""
_LABELS = {
    "format": "Format",
    "encoding": "Encoding",
    "delimiter": "Delimiter",
    "quote": "Quote",
    "decimal": "Decimal mark",
    "thousands": "Thousands mark",
    "comment": "Comment lines begin with",
    "header": "Header in line",
    "header_rows": "Rows of the header",
    "footer": "Lines left out at the end",
}
_SHEET_LABELS = {"header": "Header in row", "footer": "Rows left out at the end"}


def reading_in_words(reading: FileReading) -> str:
    """The fields that were used, on one line."""
    if reading.format is None:
        return ""
    parts = [FORMATS[reading.format]]
    for field in APPLIES[reading.format]:
        value = getattr(reading, field)
        usual = field == "header_rows" and value == 1
        if (value not in (None, "", 0) and not usual) or (field == "header" and value == 0):
            parts.append(f"{label(field, reading.format).lower()}: {shown(field, value)}")
    return " · ".join(parts)


def label(field: str, form: str) -> str:
    """What a field is called where the format is that of `FORMATS`."""
    return (_SHEET_LABELS if form == "workbook" else {}).get(field, _LABELS[field])


def shown(field: str, value: Any) -> str:
    """A value of a field as people call it."""
    if field == "header" and value == 0:
        return "none"
    return str(NAMES.get(field, {}).get(value, value))
