"""ARFF → columns: its header is read here, its data as the delimited text that it is.

Attribute-Relation File Format, as Weka and OpenML write it. No reader of it that is well kept
knows strings: SciPy's does not.
"""

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tjepa.errors import ReadingError, quoted
from tjepa.table.reading.cells import Findings, Read, parsed
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.dialects import Dialect, cutter
from tjepa.table.reading.encodings import text_of
from tjepa.table.reading.limits import check_columns, check_rows
from tjepa.table.reading.margins import LineNumbers
from tjepa.table.reading.names import listed
from tjepa.table.reading.ragged import cut_by_row

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_ATTRIBUTE = re.compile(rf"@attribute\s+({_QUOTED}|[^\s{{]+)\s*(.+)", re.I)
_VALUE = re.compile(rf"\s*({_QUOTED}|[^,]*?)\s*(?:,|$)")
_NUMERIC = {"numeric", "real", "integer"}
_NO_ROW = re.compile(rb"\s*(%.*)?")
# The parts of a date as Java names them, and as C does.
_PARTS = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_PART = re.compile(r"'([^']*)'|([A-Za-z])\2*|.")


@dataclass(frozen=True)
class Attribute:
    name: str
    kind: str  # numeric, nominal, string or date
    values: tuple[str, ...] = ()  # that a nominal attribute can have
    form: str | None = None  # of a date, for strptime; None to find it out


def read_arff(data: bytes, name: str, told: FileReading) -> tuple[Read, FileReading]:
    """The table and how it was read. ReadingError names the line that does not fit."""
    found = text_of(data, name, told.encoding)
    lines = found.content.split(b"\n")
    attributes, rows_from = _header(lines, name)
    check_columns(name, len(attributes))
    gone = [i for i, line in enumerate(lines, 1) if i <= rows_from or _NO_ROW.fullmatch(line)]
    numbers = LineNumbers()
    numbers.leave_out(gone)
    left_out = set(gone)
    kept = [line for i, line in enumerate(lines, 1) if i not in left_out]
    if not kept:
        raise ReadingError(f"{name} has attributes but no data. Add rows below @data.")
    if kept[0].lstrip().startswith(b"{"):
        raise ReadingError(
            f"{name}, line {numbers.of(1):,}, is a sparse row ({{index value, …}}), which cannot "
            "be read here. Save the table as dense ARFF or as CSV."
        )
    text = b"\n".join(kept) + b"\n"
    columns, notes = _cut(text, len(attributes), numbers, name)
    check_rows(name, len(columns[0]), len(columns))
    findings = Findings()
    typed = [
        _typed(column, attribute, findings, notes)
        for column, attribute in zip(columns, attributes, strict=True)
    ]
    names = [attribute.name for attribute in attributes]
    used = FileReading(format="arff", encoding=found.encoding)
    return Read(names, typed, [*found.notes, *notes, *findings.sentences()]), used


def _header(lines: list[bytes], name: str) -> tuple[list[Attribute], int]:
    """The attributes, and the line of @data, counted from 1."""
    attributes: list[Attribute] = []
    for number, line in enumerate(lines, 1):
        text = line.decode().strip()
        keyword = text.split(maxsplit=1)[0].lower() if text else "%"
        if keyword == "@data":
            return attributes, number
        if keyword == "@attribute":
            attributes.append(_attribute(text, f"{name}, line {number:,},"))
        elif keyword != "@relation" and not keyword.startswith("%"):
            raise ReadingError(
                f"{name}, line {number:,}, is no line of an ARFF header: {quoted(text)}. Correct "
                "it, or save the table as CSV."
            )
    raise ReadingError(f"{name} is an ARFF file without @data. Add it above the rows.")


def _attribute(text: str, where: str) -> Attribute:
    match = _ATTRIBUTE.match(text)
    if match is None:
        raise ReadingError(f"{where} names no attribute with its type. Write @attribute name type.")
    name, kind = _unquoted(match[1]), match[2].strip()
    if kind.startswith("{") and kind.endswith("}"):
        values = [_unquoted(value[1]) for value in _VALUE.finditer(kind[1:-1])]
        return Attribute(name, "nominal", tuple(value for value in values if value))
    kind, _, form = kind.partition(" ")
    kind = kind.lower()
    if kind in _NUMERIC:
        return Attribute(name, "numeric")
    if kind == "date":
        return Attribute(name, "date", form=_strptime(_unquoted(form.strip())))
    if kind == "string":
        return Attribute(name, "string")
    raise ReadingError(
        f"{where} has an attribute of the type {quoted(kind)}, which cannot be read here: use "
        "numeric, string, date or {a, b, …}, or save the table as CSV."
    )


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _strptime(form: str) -> str | None:
    """Java's form of a date as C's; None where a part is not known here."""
    parts = []
    for part in _PART.finditer(form):
        if part[2] and part[0] not in _PARTS:
            return None
        parts.append(_PARTS.get(part[0], part[0] if part[1] is None else part[1]))
    return "".join(parts) or None


def _cut(
    text: bytes, width: int, numbers: LineNumbers, name: str
) -> tuple[list[pa.ChunkedArray], list[str]]:
    quote = "'" if b"'" in text and text.find(b"'") < (text.find(b'"') % len(text)) else '"'
    dialect = Dialect(",", quote, "\\", width=width)
    with cutter() as cut:
        # Quotes after a blank are no quotes to the fast way.
        columns = None if b", " + quote.encode() in text else cut.cut(text, dialect)
    if columns is not None:
        return columns, []
    columns, _, notes = cut_by_row(text, dialect, numbers, name)
    if len(columns) != width:
        raise ReadingError(
            f"{name} has {width:,} attributes and {len(columns):,} cells in line "
            f"{numbers.of(1):,}. Give every row one cell for each attribute."
        )
    return columns, notes


def _typed(
    text: pa.ChunkedArray, attribute: Attribute, findings: Findings, notes: list[str]
) -> pa.ChunkedArray:
    """A column in its declared type; what is no number in a numeric one keeps it text."""
    name = attribute.name
    trimmed = pc.utf8_trim_whitespace(text)
    if attribute.kind == "numeric":
        return parsed(text, name, findings)
    missing = pc.is_in(trimmed, value_set=pa.array(["?", ""]))
    findings.count_missing(trimmed.filter(missing), name)
    cells = pc.if_else(missing, None, trimmed)
    if attribute.kind == "date":
        return _dates(cells, attribute, findings)
    if attribute.kind == "nominal":
        others = pc.unique(
            cells.filter(pc.invert(pc.is_in(cells, value_set=pa.array(attribute.values))))
        )
        undeclared = [value for value in others.to_pylist() if value is not None]
        if undeclared:
            notes.append(f"Values of {name} that its header does not name: {listed(undeclared)}.")
    return cells


def _dates(cells: pa.ChunkedArray, attribute: Attribute, findings: Findings) -> pa.ChunkedArray:
    if attribute.form is not None:
        try:
            return pc.strptime(cells, format=attribute.form, unit="us")
        except pa.ArrowInvalid:
            pass
    return parsed(cells, attribute.name, findings)
