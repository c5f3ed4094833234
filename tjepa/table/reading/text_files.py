"""CSV, TSV and other divided text → columns.

DuckDB finds out how the cells are divided and cuts them; where it finds a row that does not fit,
`ragged` looks at the file row by row and says which one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from tjepa.errors import ReadingError
from tjepa.table.reading.cells import Findings, Read
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.columns import text_columns
from tjepa.table.reading.dialects import Cutter, Dialect, cutter
from tjepa.table.reading.encodings import Text, text_of
from tjepa.table.reading.header_levels import about_levels, header_levels, joined_names
from tjepa.table.reading.limits import check_columns, check_rows
from tjepa.table.reading.margins import (
    LineNumbers,
    about_prose,
    about_total,
    comment_lines,
    footer_lines,
    prose_above,
    rows_among,
    width_of,
    without_lines,
)
from tjepa.table.reading.marks import Marks
from tjepa.table.reading.quick_cut import has_blank_line, quick_cut
from tjepa.table.reading.ragged import about_lines, cut_by_row
from tjepa.table.reading.wide_marks import UNIT, WIDE, wide_mark, with_one_mark

_HEAD_ROWS = 200  # looked at to tell a header


@dataclass
class Table:
    """The text of a table, while what stands around it is taken away."""

    text: bytes
    name: str
    numbers: LineNumbers = field(default_factory=LineNumbers)
    notes: list[str] = field(default_factory=list)

    def strip(self) -> None:
        """Take away blank lines at either end."""
        stripped = self.text.lstrip(b"\n")
        self.numbers.leave_out(range(1, len(self.text) - len(stripped) + 1))
        self.text = _with_one_end(stripped)

    def begin_at(self, line: int) -> None:
        """Take away what is above a line of the file."""
        above = self.text.split(b"\n", line - 1)
        if len(above) < line or not above[-1].strip():
            raise ReadingError(
                f"{self.name} has no line {line:,} with names of columns: it is blank, or the file "
                "ends before. Choose another header line, or 0 for none."
            )
        self.leave_above([part.decode() for part in above[:-1]], above[-1])

    def leave_above(self, lines: Sequence[str], rest: bytes) -> None:
        self.notes += about_prose(lines)
        self.numbers.leave_out(range(1, len(lines) + 1))
        self.text = rest

    def leave_out(self, lines: Sequence[int], mark: str) -> None:
        """Take comments away; their lines are counted among those that are kept."""
        if lines:
            gone = [self.numbers.of(line) for line in sorted(lines)]
            one, many = f"comment ({mark}) was left out", f"comments ({mark}) were left out"
            self.notes.append(about_lines(gone, one, many))
            self.text = without_lines(self.text, lines)
            self.numbers.leave_out(lines)

    def leave_below(self, lines: int) -> None:
        """Take away the last lines."""
        kept, *below = self.text.rstrip(b"\n").rsplit(b"\n", lines)
        if not kept.strip() or len(below) < lines:
            raise ReadingError(
                f"{self.name} has nothing but a footer, if that is {lines:,} lines. Take fewer."
            )
        self.notes += about_prose([line.decode() for line in below], "below the table")
        self.text = _with_one_end(kept)


def read_text(data: bytes, name: str, told: FileReading) -> tuple[Read, FileReading]:
    """The table and how it was read. ReadingError names the line that does not fit."""
    found = text_of(data, name, told.encoding)
    wide = wide_mark(found.content) if told.delimiter is None else told.delimiter
    if wide not in WIDE:
        return _read_text(found, name, told)
    one = replace(found, content=with_one_mark(found.content, wide, name))
    try:
        read, used = _read_text(one, name, replace(told, delimiter=UNIT))
    except ReadingError as error:
        shown = str(error).replace(UNIT, wide).replace(repr(UNIT), repr(wide))
        raise ReadingError(shown) from error
    notes = [note.replace(UNIT, wide) for note in read.notes]
    return replace(read, notes=notes), replace(used, delimiter=wide)


def _read_text(found: Text, name: str, told: FileReading) -> tuple[Read, FileReading]:
    table = Table(found.content, name, notes=found.notes)
    with cutter() as cut:
        if told.header:
            table.begin_at(told.header)
        table.strip()
        dialect, comment = _uncommented(cut, table, told)
        footer = len(footer_lines(table.text, dialect)) if told.footer is None else told.footer
        if footer:
            table.leave_below(footer)
            dialect = _sniff(cut, table.text, told, name)  # it could not tell prose from rows
        if not told.header:
            table.leave_above(*prose_above(table.text, dialect))
        check_columns(name, dialect.width)
        columns = None
        if not has_blank_line(table.text):
            columns = quick_cut(table.text, dialect) or cut.cut(table.text, dialect)
    if columns is None:
        columns, dialect, said = cut_by_row(table.text, dialect, table.numbers, name)
        table.notes += said
    read, marks, levels = _read(columns, dialect, told, table)
    used = FileReading(
        format="text",
        encoding=found.encoding,
        delimiter=dialect.delimiter,
        quote=dialect.quote or "",
        decimal=marks.decimal,
        thousands=marks.thousands,
        comment=comment,
        header=table.numbers.of(1) if levels else 0,
        footer=footer,
        header_rows=levels or None,
    )
    return read, used


def _uncommented(cut: Cutter, table: Table, told: FileReading) -> tuple[Dialect, str]:
    """Take comments away; the dialect of the rest, and the mark of the comments."""
    mark = "#" if told.comment is None else told.comment
    lines = comment_lines(table.text, mark) if mark else []
    if lines and told.comment is None and table.text.count(b"\n") - len(lines) < 2:
        lines = []
    if not (rest := without_lines(table.text, lines)).strip():
        raise ReadingError(
            f"{table.name} has nothing but comments, lines that begin with “{mark}”. Open a file "
            "that has rows, or say that it has no comments."
        )
    dialect = _sniff(cut, rest, told, table.name)
    if lines and told.comment is None and (rows := rows_among(table.text, lines, dialect)):
        lines = [line for line in lines if line not in rows]
        dialect = _sniff(cut, without_lines(table.text, lines), told, table.name)
    table.leave_out(lines, mark)
    table.strip()
    return dialect, mark if lines or told.comment else ""


def _sniff(cut: Cutter, text: bytes, told: FileReading, name: str) -> Dialect:
    dialect = cut.sniff(text.lstrip(b"\n"), told, name)
    if dialect.width:
        return dialect
    width = width_of(text.split(b"\n", 1)[0].decode(), dialect)
    if width < 2:
        raise ReadingError(
            f"{name} is not divided into cells by {dialect.delimiter!r}. Choose another delimiter."
        )
    return replace(dialect, width=width)


def _read(
    columns: list[pa.ChunkedArray], dialect: Dialect, told: FileReading, table: Table
) -> tuple[Read, Marks, int]:
    """The table, the marks of its numbers, and how many rows its header has."""
    head = list(zip(*(column.slice(0, _HEAD_ROWS).to_pylist() for column in columns), strict=True))
    levels = header_levels(head, told, table.name)
    if levels:
        names = joined_names(head[:levels])
        columns = [column.slice(levels) for column in columns]
        table.notes += about_levels(names, levels)
    else:
        names = [f"column {i + 1}" for i in range(len(columns))]
        table.notes.append(
            f"The file has no header: its columns are named “column 1” to “column {len(columns)}”."
        )
    filled = _filled(columns)
    if empty := len(columns[0]) - filled:
        table.notes.append(f"{empty:,} empty row{'s' * (empty != 1)} at the end were left out.")
        columns = [column.slice(0, filled) for column in columns]
    check_rows(table.name, filled, len(columns))
    last = [column[-1].as_py() or "" for column in columns]
    table.notes += about_total(last, f"row {filled:,}")
    findings = Findings()
    shown = [name.strip() or f"column {i + 1}" for i, name in enumerate(names)]
    told_marks = Marks(told.decimal, told.thousands)
    found, marks = text_columns(columns, shown, findings, dialect.delimiter, told_marks)
    return Read(names, found, [*table.notes, *findings.sentences()]), marks, levels


def _with_one_end(text: bytes) -> bytes:
    """The text with one line end as its end; a copy only where it has to be."""
    if text.endswith(b"\n") and not text.endswith(b"\n\n"):
        return text
    return text.rstrip(b"\n") + b"\n"


def _filled(columns: Sequence[pa.ChunkedArray]) -> int:
    """Rows up to the last one with something in it."""
    rows = len(columns[0])
    if not rows or any((column[-1].as_py() or "").strip() for column in columns):
        return rows
    return max(map(_filled_cells, columns))


def _filled_cells(column: pa.ChunkedArray) -> int:
    """Cells up to the last one with something in it."""
    if not pc.any(pc.is_valid(column)).as_py():
        return 0
    present = pc.not_equal(pc.utf8_trim_whitespace(column), "")
    filled = pc.indices_nonzero(pc.fill_null(present, False))
    return filled[-1].as_py() + 1 if len(filled) else 0
