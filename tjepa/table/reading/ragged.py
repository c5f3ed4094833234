"""The slow way through a text file, row by row, for one whose rows are not all alike."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import pyarrow as pa

from tjepa.errors import ReadingError
from tjepa.table.reading.dialects import Dialect
from tjepa.table.reading.limits import MAX_CELL, check_columns, check_rows, long_cell
from tjepa.table.reading.margins import LineNumbers
from tjepa.table.reading.names import listed

_BATCH = 20_000  # rows held as Python lists at a time
Row = tuple[int, list[str]]  # the line it begins in, and its cells


@dataclass
class Cut:
    """The cells by column, the first row included, and the lines that needed or defied repair."""

    width: int
    first_line: int  # of the lines that are kept, as all numbers of lines here
    chunks: list[list[pa.Array]] = field(default_factory=list)
    rows: int = 0
    blank: list[int] = field(default_factory=list)
    short: list[tuple[int, int]] = field(default_factory=list)  # line, cells
    long: list[tuple[int, int]] = field(default_factory=list)

    @property
    def is_regular(self) -> bool:
        return not (self.blank or self.short or self.long)


csv.field_size_limit(MAX_CELL)  # its own is an eighth of that


class _OpenQuoteError(Exception):
    def __init__(self, line: int, is_long: bool) -> None:
        super().__init__(line)
        self.line = line
        self.is_long = is_long  # a cell of more characters than csv takes


def cut_by_row(
    text: bytes, dialect: Dialect, numbers: LineNumbers, name: str
) -> tuple[list[pa.ChunkedArray], Dialect, list[str]]:
    """The cells by column, the first row included, and notes about rows that were repaired.

    The dialect comes back without a quote where quotes turned out to be mere characters.

    Short rows are filled up and blank lines left out, both with a note. ReadingError names the
    line of a row that is too long, or of a quote that is never closed.
    """
    notes = []
    try:
        cut = _cut(text, dialect, name)
    except _OpenQuoteError as problem:
        plain = _cut_without_quotes(text, dialect, name)
        if plain is None:
            if problem.is_long:
                raise long_cell(f"{name}, line {numbers.of(problem.line):,},") from problem
            raise ReadingError(
                f"{name}, line {numbers.of(problem.line):,}: a quote ({dialect.quote}) is not "
                "closed before the end of its cell. Close it, or write it twice where it is meant "
                "as a character."
            ) from problem
        cut = plain
        notes.append(
            f"Quotes ({dialect.quote}) do not come in pairs: they were read as characters."
        )
        dialect = replace(dialect, quote=None, escape=None)
    _check_widths(cut, dialect.delimiter, numbers, name)
    if cut.blank:
        lines = [numbers.of(line) for line in cut.blank]
        notes.append(about_lines(lines, "blank line was left out", "blank lines were left out"))
    if cut.short:
        lines = [numbers.of(line) for line, _ in cut.short]
        one, many = "row has too few cells", "rows have too few cells"
        notes.append(f"{about_lines(lines, one, many)} The other cells were read as missing.")
    columns = [pa.chunked_array(chunks) for chunks in zip(*cut.chunks, strict=True)]
    return columns, dialect, notes


def about_lines(lines: Sequence[int], one: str, many: str) -> str:
    """What happened to those lines of a file, in a sentence that names them."""
    if len(lines) == 1:
        return f"1 {one} (line {lines[0]:,})."
    return f"{len(lines):,} {many} (lines {listed(f'{line:,}' for line in lines)})."


def _cut(text: bytes, dialect: Dialect, name: str) -> Cut:
    blank: list[int] = []
    rows = _filled(_rows(text, dialect), blank)
    batch = list(islice(rows, _BATCH))
    cut = Cut(_width(batch), batch[0][0], blank=blank)
    check_columns(name, cut.width)
    while batch:
        cut.rows += len(batch)
        check_rows(name, max(1, cut.rows - 1), cut.width)
        _add(cut, batch)
        batch = list(islice(rows, _BATCH))
    return cut


def _cut_without_quotes(text: bytes, dialect: Dialect, name: str) -> Cut | None:
    """A quote may be a mere character, inches or an apostrophe, where all rows are alike then."""
    try:
        cut = _cut(text, replace(dialect, quote=None, escape=None), name)
    except _OpenQuoteError:  # a cell of more characters than csv takes
        return None
    return cut if cut.is_regular else None


def _rows(text: bytes, dialect: Dialect) -> Iterator[Row]:
    reader = csv.reader(
        io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="\n"),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        doublequote=dialect.escape == dialect.quote,
        escapechar=dialect.escape if dialect.escape != dialect.quote else None,
        skipinitialspace=dialect.delimiter not in "\t ",
        strict=True,
    )
    start = 1
    try:
        for cells in reader:
            yield start, cells
            start = 1 + reader.line_num
    except csv.Error as error:
        raise _OpenQuoteError(start, "field limit" in str(error)) from error


def _filled(rows: Iterator[Row], blank: list[int]) -> Iterator[Row]:
    """The rows without blank lines, which are put on the list."""
    for line, cells in rows:
        if len(cells) <= 1 and not "".join(cells).strip():
            blank.append(line)
        else:
            yield line, cells


def _width(rows: list[Row]) -> int:
    """The width of the table; a first row that is one cell short or long is made to fit."""
    head, *body = [cells for _, cells in rows]
    if not body:
        return len(head)
    usual = Counter(map(len, body)).most_common(1)[0][0]
    while len(head) > usual and not head[-1].strip():
        head.pop()
    # Either each row ends with a delimiter, or each begins with its name, as R writes them.
    if len(head) == usual - 1 and any(cells[-1].strip() for cells in body if len(cells) == usual):
        head.insert(0, "")
    return len(head)


def _add(cut: Cut, rows: list[Row]) -> None:
    for line, cells in rows:
        while len(cells) > cut.width and not cells[-1].strip():
            cells.pop()
        if len(cells) > cut.width:
            cut.long.append((line, len(cells)))
            del cells[cut.width :]
        elif len(cells) < cut.width:
            cut.short.append((line, len(cells)))
            cells.extend([""] * (cut.width - len(cells)))
    columns = zip(*(cells for _, cells in rows), strict=True)
    cut.chunks.append([pa.array((c or None for c in cells), pa.string()) for cells in columns])


def _check_widths(cut: Cut, delimiter: str, numbers: LineNumbers, name: str) -> None:
    """A row that is too long has no remedy, and a table of short rows is none."""
    other = [*cut.long, *cut.short]
    if len(other) > cut.rows / 2:
        line, cells = min(other)
        raise ReadingError(
            f"{name} is not a regular table: line {numbers.of(cut.first_line):,} has "
            f"{cut.width:,} cells and line {numbers.of(line):,} has {cells:,}. Give every row the "
            "same number of cells."
        )
    if cut.long:
        (line, cells), *others = cut.long
        more = (
            f" (too long as well: {listed(numbers.of(line) for line, _ in others)})"
            if others
            else ""
        )
        shown = "tab" if delimiter == "\t" else delimiter
        raise ReadingError(
            f"{name}, line {numbers.of(line):,}, has {cells:,} cells where {cut.width:,} are "
            f"expected{more}. Put cells that hold the delimiter ({shown}) in quotes."
        )
