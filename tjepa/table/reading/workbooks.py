"""One sheet of an Excel workbook → columns."""

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

from tjepa.errors import ReadingError
from tjepa.table.reading.cells import Findings, Read, finite
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.columns import text_columns
from tjepa.table.reading.header_levels import about_levels, header_levels, joined_names
from tjepa.table.reading.limits import check_columns, check_rows
from tjepa.table.reading.margins import about_prose, about_total
from tjepa.table.reading.marks import Marks
from tjepa.table.reading.names import listed
from tjepa.table.reading.sheet_layout import (
    Range,
    about_merged,
    footer_rows,
    header_row,
    is_empty,
    is_group_row,
    spread,
)
from tjepa.table.reading.workbook_parts import measured

Cell = str | float | bool | dt.date | dt.time | dt.timedelta | None

_HEAD_ROWS = 200  # looked at to tell a header


@dataclass(frozen=True)
class Sheet:
    rows: list[list[Any]]  # from the first to the last that is not empty
    above: int  # empty ones above them
    empty_below: int  # with cells of blanks only
    merged: Sequence[Range]

    @property
    def merged_here(self) -> list[Range]:
        """The merged cells, counted from the first of the rows."""
        return [
            ((top - self.above, left), (bottom - self.above, right))
            for (top, left), (bottom, right) in self.merged
        ]


def read_sheet(
    data: bytes, name: str, sheet: str | None, told: FileReading
) -> tuple[Read, FileReading, str, tuple[str, ...]]:
    """The cells, how they were read, their sheet (the first that is not empty), and all sheets."""
    if data[:2] == b"PK":
        data = measured(data, name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError as error:
        raise ReadingError(
            f"{name} is protected by a password. Save it without one and open that."
        ) from error
    except (CalamineError, OSError) as error:
        raise ReadingError(
            f"{name} is a damaged workbook, or one with a password. Save it again in Excel."
        ) from error
    sheets = tuple(m.name for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet)
    if sheet is not None and sheet not in sheets:
        raise ReadingError(f"{name} has no sheet “{sheet}”. Its sheets are: {listed(sheets)}.")
    for wanted in sheets if sheet is None else (sheet,):
        if (found := _rows(book, wanted, name)).rows:
            return *_read(found, told, f"{name}, sheet “{wanted}”,"), wanted, sheets
    if sheet is None:
        raise ReadingError(f"{name} is empty: none of its sheets has a cell with something in it.")
    raise ReadingError(f"{name}, sheet “{sheet}”, is empty. Its sheets are: {listed(sheets)}.")


def _rows(book: CalamineWorkbook, sheet: str, name: str) -> Sheet:
    """The rows from the first to the last that is not empty."""
    try:
        found = book.get_sheet_by_name(sheet)
        rows = found.to_python()
        merged = found.merged_cell_ranges or []
    except (CalamineError, OSError) as error:
        raise ReadingError(
            f"{name}, sheet “{sheet}”, is damaged. Save the workbook again in Excel."
        ) from error
    first = next((i for i, row in enumerate(rows) if not is_empty(row)), len(rows))
    above = (found.start or (0, 0))[0] + first
    rows = rows[first:]
    filled = next((i for i in range(len(rows), 0, -1) if not is_empty(rows[i - 1])), 0)
    return Sheet(rows[:filled], above, len(rows) - filled, merged)


def _read(sheet: Sheet, told: FileReading, where: str) -> tuple[Read, FileReading]:
    rows, notes = sheet.rows, list[str]()
    if empty := sheet.empty_below:
        notes.append(f"{empty:,} empty row{'s' * (empty != 1)} at the end were left out.")
    begin = _begin(sheet, told, where)
    footer = footer_rows(rows[begin:]) if told.footer is None else told.footer
    end = max(begin + 1, len(rows) - footer)
    notes += about_prose([_line(row) for row in rows[:begin]])
    notes += about_prose([_line(row) for row in rows[end:]], "below the table")
    while end > begin and is_empty(rows[end - 1]):
        end -= 1
    groups = is_group_row(rows, begin, sheet.merged_here)
    rows, first = rows[begin:end], sheet.above + begin
    head = [[_text(cell) for cell in row] for row in rows[:_HEAD_ROWS]]
    levels = header_levels(head, told, where, groups=groups)
    if levels:
        head = [spread(row, first + i, sheet.merged) for i, row in enumerate(head[:levels])]
        names = joined_names(head, merged=groups)
        rows = rows[levels:]
        notes += about_levels(names, levels)
    else:
        names = [f"column {i + 1}" for i in range(len(head[0]))]
        notes.append(
            f"The sheet has no header: its columns are named “column 1” to “column {len(names)}”."
        )
    check_columns(where, len(names))
    check_rows(where, len(rows), len(names))
    last = first + levels + len(rows)
    notes += about_total([_text(cell) or "" for cell in rows[-1]], f"row {last:,}")
    joined = range(first, first + levels) if levels > 1 else ()
    notes += about_merged([cells for cells in sheet.merged if cells[0][0] not in joined], last)
    findings = Findings()
    shown = [name.strip() or f"column {i + 1}" for i, name in enumerate(names)]
    columns, marks = _columns(rows, shown, findings, Marks(told.decimal, told.thousands))
    used = FileReading(
        format="workbook",
        decimal=marks.decimal,
        thousands=marks.thousands,
        header=first + 1 if levels else 0,
        footer=footer,
        header_rows=levels or None,
    )
    return Read(names, columns, notes + findings.sentences()), used


def _begin(sheet: Sheet, told: FileReading, where: str) -> int:
    """The row of the header, or the first one where there is none, counted from the first."""
    if told.header is None:
        return header_row(sheet.rows, sheet.merged_here)
    begin = max(0, told.header - 1 - sheet.above) if told.header else 0
    if told.header and (told.header <= sheet.above or begin >= len(sheet.rows)):
        raise ReadingError(
            f"{where} has no names of columns in row {told.header:,}: the filled rows are "
            f"{sheet.above + 1:,} to {sheet.above + len(sheet.rows):,}. Choose another header row, "
            "or 0 for none."
        )
    return begin


def _line(row: list[Any]) -> str:
    return " ".join(text for cell in row if (text := _text(cell)))


def _columns(
    rows: list[list[Any]], names: Sequence[str], findings: Findings, told: Marks
) -> tuple[list[pa.ChunkedArray], Marks]:
    """Numbers and dates keep their type where a column has no others; else all is text."""
    found = [
        _column(list(cells), name, findings)
        for cells, name in zip(zip(*rows, strict=True), names, strict=True)
    ]
    texts = [i for i, column in enumerate(found) if column.type == pa.string()]
    parsed, marks = text_columns(
        [found[i] for i in texts], [names[i] for i in texts], findings, None, told
    )
    for i, column in zip(texts, parsed, strict=True):
        found[i] = column
    return found, marks


def _column(found: list[Any], name: str, findings: Findings) -> pa.ChunkedArray:
    cells = [None if cell == "" else cell for cell in found]
    types = {type(cell) for cell in cells if cell is not None}
    if types and types <= {int, float}:
        numbers = pa.chunked_array([pa.array(cells, pa.float64())])
        if not numbers.null_count:
            try:
                return numbers.cast(pa.int64())
            except pa.ArrowInvalid:
                pass
        return finite(numbers, name, findings)
    if types and types <= {dt.datetime, dt.date}:
        days = [_midnight(cell) if type(cell) is dt.date else cell for cell in cells]
        return pa.chunked_array([pa.array(days, pa.timestamp("us"))])
    return pa.chunked_array([pa.array([_text(cell) for cell in cells], pa.string())])


def _text(cell: Cell) -> str | None:
    """A cell as people see it: 3.0 is 3."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    return str(cell)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day)
