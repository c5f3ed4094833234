"""Bytes or a path → a table, with a sentence for whatever was understood or changed on the way."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from tjepa.errors import ReadingError
from tjepa.table.content import format_of
from tjepa.table.limits import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, check_columns, check_rows
from tjepa.table.names import unique_names

__all__ = ["MAX_BYTES", "MAX_COLUMNS", "MAX_ROWS", "RawTable", "read_table"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RawTable:
    """A table as it was read.

    ``frame`` has a RangeIndex, unique names and columns of four types: float64 (NaN is missing),
    int64 (none missing), datetime64 without time zone, and str.
    """

    name: str  # the file's, for people
    content_id: str  # sha256 of the bytes, and of the sheet where it is not the first
    frame: pd.DataFrame
    sheet: str | None  # the sheet of a workbook
    sheets: tuple[str, ...]  # all sheets of a workbook
    notes: tuple[str, ...]  # sentences: what was understood or changed while reading


def read_table(
    source: bytes | Path, *, name: str | None = None, sheet: str | None = None
) -> RawTable:
    """Read CSV and its kin, Parquet, or one sheet of a workbook; the content says which.

    ``sheet`` defaults to the first that is not empty. ReadingError, and nothing else, says what
    is wrong with the file and what to do.
    """
    if isinstance(source, Path):
        name = name or source.name or str(source)
        data = _bytes_of(source, name)
    else:
        name, data = name or "The table", bytes(source)
    if len(data) > MAX_BYTES:
        raise _too_large(name)
    if not data.strip():
        raise ReadingError(f"{name} is empty. Open a file that has a header and rows.")
    try:
        return _read(data, name, sheet)
    except ReadingError:
        raise
    except BaseException as error:
        # A panic inside the Excel reader is no Exception; an interrupt is not ours to catch.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        _log.warning("%s could not be read", name, exc_info=True)
        raise ReadingError(
            f"{name} cannot be read: it is damaged, or of a form that is not known here. "
            "Save it again as CSV (UTF-8) or Parquet and open that."
        ) from error


def _read(data: bytes, name: str, sheet: str | None) -> RawTable:
    form = format_of(data, name)
    if form != "workbook" and sheet is not None:
        raise ReadingError(
            f"{name} is no workbook, so it has no sheet “{sheet}”. Open it without naming a sheet."
        )
    digest = hashlib.sha256(data)
    sheets: tuple[str, ...] = ()
    where = name
    # Each reader comes with its own library: imported when there is something for it to read.
    if form == "parquet":
        from tjepa.table.parquet_files import read_parquet

        read = read_parquet(data, name)
    elif form == "text":
        from tjepa.table.text_files import read_text

        read = read_text(data, name)
    else:
        from tjepa.table.workbooks import read_sheet

        read, sheet, sheets = read_sheet(data, name, sheet)
        where = f"{name}, sheet “{sheet}”,"
        if sheet != sheets[0]:
            digest.update(b"\0" + sheet.encode())
    check_columns(where, len(read.columns))
    check_rows(where, len(read.columns[0]), len(read.columns))
    names, notes = unique_names(read.names)
    return RawTable(
        name=name,
        content_id=digest.hexdigest(),
        frame=pa.table(read.columns, names=names).to_pandas(),
        sheet=sheet,
        sheets=sheets,
        notes=(*read.notes, *notes),
    )


def _bytes_of(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise ReadingError(f"{name} is a folder. Name a file in it.")
        if not path.is_file():
            raise ReadingError(f"There is no file {name}. Check its name and folder.")
        if path.stat().st_size > MAX_BYTES:
            raise _too_large(name)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name is not valid"
        raise ReadingError(f"{name} cannot be opened ({why}). Check the file.") from error


def _too_large(name: str) -> ReadingError:
    return ReadingError(
        f"{name} is larger than {MAX_BYTES // 1024**2} MB, the most that can be read. "
        "Take a sample of its rows, or save it as Parquet."
    )
