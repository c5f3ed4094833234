"""Bytes or a path → a table, with a sentence for whatever was understood or changed on the way."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from tjepa.errors import ReadingError
from tjepa.table.reading.cells import Read
from tjepa.table.reading.choices import FORMATS, FOUND_OUT, FileReading
from tjepa.table.reading.content import Format, format_of
from tjepa.table.reading.limits import (
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_ROWS,
    check_cells,
    check_columns,
    check_rows,
)
from tjepa.table.reading.names import listed, unique_names
from tjepa.table.reading.sources import bytes_of, is_pattern, matching
from tjepa.table.reading.stages import stage
from tjepa.table.reading.unpacking import unpacked

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
    reading: FileReading = FOUND_OUT  # how: what was told, and what was found out


def read_table(
    source: bytes | Path,
    *,
    name: str | None = None,
    sheet: str | None = None,
    reading: FileReading = FOUND_OUT,
) -> RawTable:
    """Read delimited text, JSON, ARFF, Parquet, Arrow or one sheet of a workbook.

    The content says which; gzip and zip are unpacked. A path may be a pattern of Parquet files
    with the same columns, ``part-*.parquet``.

    ``sheet`` defaults to the first that is not empty. Fields of ``reading`` that are given are
    obeyed, the others found out. ReadingError, and nothing else, says what is wrong with the file
    and what to do.
    """
    name = name or (source.name or str(source) if isinstance(source, Path) else "The table")
    try:
        told = reading.checked(name)
        if isinstance(source, Path) and is_pattern(source):
            return _read_parts(matching(source, name), name, sheet, told)
        return _read(bytes_of(source, name), name, sheet, told)
    except ReadingError:
        raise
    except MemoryError as error:
        raise ReadingError(
            f"{name} needs more memory to be read than there is. Take a sample of its rows, or "
            "keep fewer columns."
        ) from error
    except BaseException as error:
        # A panic inside the Excel reader is no Exception; an interrupt is not ours to catch.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        _log.warning("%s could not be read", name, exc_info=True)
        raise ReadingError(
            f"{name} cannot be read: it is damaged, or of a form that is not known here. "
            "Save it again as CSV (UTF-8) or Parquet and open that."
        ) from error


def _read(packed: bytes, name: str, sheet: str | None, told: FileReading) -> RawTable:
    if not packed or packed.isspace():
        raise ReadingError(f"{name} is empty. Open a file that has a header and rows.")
    stage("unpacking", 0.0)
    data, notes = unpacked(packed, name)
    form = format_of(data, name, told.format)
    _check_applies(form, name, sheet, told)
    stage(f"reading {FORMATS[form]}", 0.1, form)
    digest = hashlib.sha256(data)
    sheets: tuple[str, ...] = ()
    where, used = name, FileReading(form)
    # Each reader comes with its own library: imported when there is something for it to read.
    if form == "parquet":
        from tjepa.table.reading.parquet_files import read_parquet

        read = read_parquet(data, name)
    elif form == "arrow":
        from tjepa.table.reading.arrow_files import read_arrow

        read = read_arrow(data, name)
    elif form == "json":
        from tjepa.table.reading.json_files import read_json

        read, used = read_json(data, name, told)
    elif form == "arff":
        from tjepa.table.reading.arff_files import read_arff

        read, used = read_arff(data, name, told)
    elif form == "text":
        from tjepa.table.reading.text_files import read_text

        read, used = read_text(data, name, told)
    else:
        from tjepa.table.reading.workbooks import read_sheet

        read, used, sheet, sheets = read_sheet(data, name, sheet, told)
        where = f"{name}, sheet “{sheet}”,"
        if sheet != sheets[0]:
            digest.update(b"\0" + sheet.encode())
    if told != FOUND_OUT:
        digest.update(b"\0\0" + told.digest)
    check_columns(where, len(read.columns))
    check_rows(where, len(read.columns[0]), len(read.columns))
    check_cells(where, read.names, read.columns)
    return _table(name, digest.hexdigest(), read, used, notes, sheet, sheets)


def _read_parts(paths: Sequence[Path], name: str, sheet: str | None, told: FileReading) -> RawTable:
    from tjepa.table.reading.parquet_files import read_parts

    _check_applies("parquet", name, sheet, told)
    parts = [(path.name, bytes_of(path, path.name)) for path in paths]
    for part, data in parts:
        if format_of(data, part) != "parquet":
            raise ReadingError(
                f"{part} is no Parquet file, and only those are read together. Open it alone."
            )
    digests = b"".join(hashlib.sha256(data).digest() for _, data in parts)
    read = read_parts(parts, name)
    check_cells(name, read.names, read.columns)
    notes = [f"{len(parts):,} files were read one after another: {listed(p for p, _ in parts)}."]
    used = FileReading("parquet")
    return _table(name, hashlib.sha256(digests).hexdigest(), read, used, notes, None, ())


def _check_applies(form: Format, name: str, sheet: str | None, told: FileReading) -> None:
    told.check_applies(name, form)
    if form != "workbook" and sheet is not None:
        raise ReadingError(
            f"{name} is no workbook, so it has no sheet “{sheet}”. Open it without naming a sheet."
        )


def _table(
    name: str,
    content_id: str,
    read: Read,
    used: FileReading,
    notes: Sequence[str],
    sheet: str | None,
    sheets: tuple[str, ...],
) -> RawTable:
    names, said = unique_names(read.names)
    stage("putting the columns together", 0.9)
    return RawTable(
        name=name,
        content_id=content_id,
        frame=pa.table(read.columns, names=names).to_pandas(),
        sheet=sheet,
        sheets=sheets,
        notes=(*notes, *read.notes, *said),
        reading=used,
    )
