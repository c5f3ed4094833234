"""How a file was read, and what a person decides about that."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from tjepa.errors import ReadingError, quoted
from tjepa.table.reading.wide_marks import WIDE

FORMATS = {
    "text": "delimited text",
    "json": "JSON",
    "json lines": "JSON lines",
    "arff": "ARFF",
    "parquet": "Parquet",
    "arrow": "Arrow",
    "workbook": "Excel workbook",
}
"""Each format with its name for people."""
APPLIES: dict[str, tuple[str, ...]] = {
    "text": (
        "encoding",
        "delimiter",
        "quote",
        "decimal",
        "thousands",
        "comment",
        "header",
        "header_rows",
        "footer",
    ),
    "json": ("encoding", "decimal", "thousands"),
    "json lines": ("encoding", "decimal", "thousands"),
    "arff": ("encoding",),
    "workbook": ("decimal", "thousands", "header", "header_rows", "footer"),
    "parquet": (),
    "arrow": (),
}
"""The fields of a reading that a person can decide, by format."""
WRITTEN = ("text", "json", "arff")
"""The formats that are text, of which a person can name another one."""
MOST_HEADER_ROWS = 9
_MARKS = ("delimiter", "quote", "decimal", "thousands", "comment")


@dataclass(frozen=True)
class FileReading:
    """How a file was read; or, given to a reader, what it is told.

    None stands for what does not apply to the format, and for what the reader is to find out.
    """

    format: str | None = None  # a key of FORMATS; told only of text, as one of WRITTEN
    encoding: str | None = None
    delimiter: str | None = None  # one character, or one of `wide_marks.WIDE`
    quote: str | None = None  # "" where quotes are mere characters
    decimal: str | None = None  # "." or ","
    thousands: str | None = None  # "" for none
    comment: str | None = None  # what lines that are left out begin with; "" for none
    header: int | None = None  # the line or row of the column names, from 1; 0 for none
    footer: int | None = None  # lines or rows left out at the end
    header_rows: int | None = None  # how many rows the header has, where it has any

    @property
    def told(self) -> dict[str, Any]:
        """The fields that are not None."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def digest(self) -> bytes:
        """The same bytes for the same decisions."""
        return json.dumps(self.told, sort_keys=True).encode()

    def checked(self, name: str) -> "FileReading":
        """Itself. ReadingError names the field that no file can be read by."""
        for field in _MARKS:
            mark = getattr(self, field)
            wide = field == "delimiter" and mark in WIDE
            if mark is not None and not wide and (len(mark) > 1 or mark in ("\n", "\r", "\0")):
                raise ReadingError(
                    f"{name} cannot be read with {mark!r} as its {field}: give one character."
                )
        if self.delimiter == "":
            raise ReadingError(f"{name} cannot be read without a delimiter: give one character.")
        if self.decimal not in (None, ".", ","):
            raise ReadingError(f"{name}: the decimal mark is “.” or “,”, not {self.decimal!r}.")
        given = [mark for mark in (self.decimal, self.thousands) if mark]
        if len(set(given)) < len(given):
            raise ReadingError(
                f"{name}: “{self.decimal}” cannot be the decimal mark and the thousands mark at "
                "once. Change one of them."
            )
        if self.delimiter and self.delimiter in (self.quote, self.comment):
            raise ReadingError(
                f"{name}: {self.delimiter!r} cannot divide cells and be a quote or comment mark at "
                "once. Change one of them."
            )
        if self.format not in (None, "json lines", *WRITTEN):
            raise ReadingError(
                f"{name} cannot be taken for {FORMATS.get(self.format, quoted(self.format))}: only "
                "delimited text, JSON and ARFF can be told. Leave the format out."
            )
        if self.header_rows is not None and not (1 <= self.header_rows <= MOST_HEADER_ROWS):
            raise ReadingError(
                f"{name}: a header has 1 to {MOST_HEADER_ROWS} rows. For none, 0 is its line."
            )
        if self.header_rows is not None and self.header == 0:
            raise ReadingError(f"{name} has no header, so it has no rows of one. Leave that out.")
        for field in ("header", "footer"):
            if (getattr(self, field) or 0) < 0:
                raise ReadingError(f"{name}: {field} is a number from 0 on.")
        return self

    def check_applies(self, name: str, form: str) -> None:
        """ReadingError names a decision that means nothing for a file of that format."""
        for field in self.told:
            if field != "format" and field not in APPLIES[form]:
                raise ReadingError(
                    f"{name} is {FORMATS[form]}: “{field}” does not apply to it. Leave that out."
                )

    @classmethod
    def from_json(cls, saved: Any) -> "FileReading":
        """What `told` gave; fields of other versions are passed over."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in dict(saved).items() if name in known})


FOUND_OUT = FileReading()
"""Nothing is told."""
