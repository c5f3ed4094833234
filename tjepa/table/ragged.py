"""The slow way through a text file, row by row, for one whose rows are not all alike."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import pyarrow as pa

from tjepa.errors import ReadingError
from tjepa.table.limits import check_columns, check_rows
from tjepa.table.names import listed

_BATCH = 20_000  # rows held as Python lists at a time
Row = tuple[int, list[str]]  # the line it begins in, and its cells


@dataclass(frozen=True)
class Marks:
    """What divides a text file into cells; without a quote each is a mere character."""

    delimiter: str
    quote: str | None
    escape: str


@dataclass
class Cut:
    """The cells by column, the first row included, and the lines that needed or defied repair."""

    width: int
    first_line: int
    chunks: list[list[pa.Array]] = field(default_factory=list)
    rows: int = 0
    blank: list[int] = field(default_factory=list)
    short: list[tuple[int, int]] = field(default_factory=list)  # line, cells
    long: list[tuple[int, int]] = field(default_factory=list)

    @property
    def is_regular(self) -> bool:
        return not (self.blank or self.short or self.long)


class _OpenQuoteError(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def cut_by_row(
    text: bytes, marks: Marks, first_line: int, name: str
) -> tuple[list[pa.ChunkedArray], list[str]]:
    """The cells by column, the first row included, and notes about rows that were repaired.

    Short rows are filled up and blank lines left out, both with a note. ReadingError names the
    line of a row that is too long, or of a quote that is never closed.
    """
    notes = []
    try:
        cut = _cut(text, marks, first_line, name)
    except _OpenQuoteError as problem:
        plain = _cut_without_quotes(text, marks, first_line, name)
        if plain is None:
            raise ReadingError(
                f"{name}, line {problem.line:,}: a quote ({marks.quote}) is not closed before the "
                "end of its cell. Close it, or write it twice where it is meant as a character."
            ) from problem
        cut = plain
        notes.append(f"Quotes ({marks.quote}) do not come in pairs: they were read as characters.")
    _check_widths(cut, marks.delimiter, name)
    if cut.blank:
        notes.append(_about(cut.blank, "blank line was left out", "blank lines were left out"))
    if cut.short:
        lines = [line for line, _ in cut.short]
        one, many = "row has too few cells", "rows have too few cells"
        notes.append(f"{_about(lines, one, many)} The other cells were read as missing.")
    columns = [pa.chunked_array(chunks) for chunks in zip(*cut.chunks, strict=True)]
    return columns, notes


def _cut(text: bytes, marks: Marks, first_line: int, name: str) -> Cut:
    blank: list[int] = []
    rows = _filled(_rows(text, marks, first_line), blank)
    batch = list(islice(rows, _BATCH))
    cut = Cut(_width(batch), batch[0][0], blank=blank)
    check_columns(name, cut.width)
    while batch:
        cut.rows += len(batch)
        check_rows(name, max(1, cut.rows - 1), cut.width)
        _add(cut, batch)
        batch = list(islice(rows, _BATCH))
    return cut


def _cut_without_quotes(text: bytes, marks: Marks, first_line: int, name: str) -> Cut | None:
    """A quote may be a mere character, inches or an apostrophe, where all rows are alike then."""
    try:
        cut = _cut(text, Marks(marks.delimiter, None, marks.escape), first_line, name)
    except _OpenQuoteError:  # a cell of more characters than csv takes
        return None
    return cut if cut.is_regular else None


def _rows(text: bytes, marks: Marks, line: int) -> Iterator[Row]:
    reader = csv.reader(
        io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="\n"),
        delimiter=marks.delimiter,
        quotechar=marks.quote,
        quoting=csv.QUOTE_MINIMAL if marks.quote else csv.QUOTE_NONE,
        doublequote=marks.escape == marks.quote,
        escapechar=marks.escape if marks.quote and marks.escape != marks.quote else None,
        skipinitialspace=marks.delimiter != "\t",
        strict=True,
    )
    start = line
    try:
        for cells in reader:
            yield start, cells
            start = line + reader.line_num
    except csv.Error as error:
        raise _OpenQuoteError(start) from error


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
    cut.chunks.append([pa.array(column, pa.string()) for column in columns])


def _check_widths(cut: Cut, delimiter: str, name: str) -> None:
    """A row that is too long has no remedy, and a table of short rows is none."""
    other = [*cut.long, *cut.short]
    if len(other) > cut.rows / 2:
        line, cells = min(other)
        raise ReadingError(
            f"{name} is not a regular table: line {cut.first_line:,} has {cut.width:,} cells and "
            f"line {line:,} has {cells:,}. Give every row the same number of cells."
        )
    if cut.long:
        (line, cells), *others = cut.long
        more = f" (too long as well: {listed(line for line, _ in others)})" if others else ""
        shown = "tab" if delimiter == "\t" else delimiter
        raise ReadingError(
            f"{name}, line {line:,}, has {cells:,} cells where {cut.width:,} are expected{more}. "
            f"Put cells that hold the delimiter ({shown}) in quotes."
        )


def _about(lines: list[int], one: str, many: str) -> str:
    if len(lines) == 1:
        return f"1 {one} (line {lines[0]:,})."
    return f"{len(lines):,} {many} (lines {listed(f'{line:,}' for line in lines)})."
