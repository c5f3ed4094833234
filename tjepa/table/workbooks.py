"""One sheet of an Excel workbook → columns."""

import datetime as dt
import io
import re
import zipfile
import zlib
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

from tjepa.errors import ReadingError
from tjepa.table.cells import Findings, Read, finite, parsed
from tjepa.table.limits import check_columns, check_rows
from tjepa.table.names import listed

Cell = str | float | bool | dt.date | dt.time | dt.timedelta | None

# The reader sets room aside for a whole rectangle: one stray cell far out would end the process.
_MAX_AREA = 50_000_000
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,9})"')
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>/]*?\br="([A-Z]{1,3})\d[^>/]*>')


def read_sheet(data: bytes, name: str, sheet: str | None) -> tuple[Read, str, tuple[str, ...]]:
    """The cells, the sheet they are of (the first that is not empty), and all sheets."""
    if data[:2] == b"PK":
        _check_extent(data, name)
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
        if rows := _rows(book, wanted, name):
            return _read(rows, f"{name}, sheet “{wanted}”,"), wanted, sheets
    if sheet is None:
        raise ReadingError(f"{name} is empty: none of its sheets has a cell with something in it.")
    raise ReadingError(f"{name}, sheet “{sheet}”, is empty. Its sheets are: {listed(sheets)}.")


def _rows(book: CalamineWorkbook, sheet: str, name: str) -> list[list[Any]]:
    """The rows from the first that is not empty on."""
    try:
        rows = book.get_sheet_by_name(sheet).to_python()
    except (CalamineError, OSError) as error:
        raise ReadingError(
            f"{name}, sheet “{sheet}”, is damaged. Save the workbook again in Excel."
        ) from error
    first = next((i for i, row in enumerate(rows) if not _is_empty(row)), len(rows))
    return rows[first:]


def _read(rows: list[list[Any]], where: str) -> Read:
    notes = []
    filled = next(i for i in range(len(rows), 0, -1) if not _is_empty(rows[i - 1]))
    if empty := len(rows) - filled:
        notes.append(f"{empty:,} empty row{'s' * (empty != 1)} at the end were left out.")
    names = [_text(cell) or "" for cell in rows[0]]
    check_columns(where, len(names))
    check_rows(where, filled - 1, len(names))
    findings = Findings()
    columns = [
        _column(list(cells), name.strip() or f"column {i + 1}", findings)
        for i, (name, cells) in enumerate(
            zip(names, zip(*rows[1:filled], strict=True), strict=True)
        )
    ]
    return Read(names, columns, notes + findings.sentences())


def _column(found: list[Any], name: str, findings: Findings) -> pa.ChunkedArray:
    """Numbers and dates keep their type where the column has no others; else all is text."""
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
    text = pa.chunked_array([pa.array([_text(cell) for cell in cells], pa.string())])
    return parsed(text, name, findings)


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


def _is_empty(row: list[Any]) -> bool:
    return all(isinstance(cell, str) and not cell.strip() for cell in row)


def _check_extent(data: bytes, name: str) -> None:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        for member in archive.namelist():
            if member.startswith("xl/worksheets/") and member.endswith(".xml"):
                rows, columns = _extent(archive.read(member))
                if rows * columns > _MAX_AREA:
                    part = member.rpartition("/")[2]
                    raise ReadingError(
                        f"{name} has a sheet ({part}) with cells as far out as row {rows:,} and "
                        f"column {columns:,}. Delete the stray ones, or save the sheet as CSV."
                    )
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise ReadingError(
            f"{name} is a damaged workbook, or one with a password. Save it again in Excel."
        ) from error


def _extent(sheet: bytes) -> tuple[int, int]:
    """The last row of a sheet's XML, and the last column where the rows make that matter."""
    rows = max((int(found) for found in _ROW.findall(sheet)), default=0)
    if rows * 16_384 <= _MAX_AREA:
        return rows, 1
    letters = {found[1] for found in _CELL.finditer(sheet)}
    return rows, max(map(_column_number, letters), default=0)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
