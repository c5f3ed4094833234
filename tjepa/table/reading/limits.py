"""How large a table may be, and the sentences for one that is larger or too small."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tjepa.errors import ReadingError, quoted

MAX_BYTES = 200 * 1024**2
MAX_COLUMNS = 2_000
MAX_ROWS = 5_000_000
MAX_CELLS = 200_000_000  # unpacked: a small Parquet file can hold many equal cells
MAX_CELL = 1024**2
"""Bytes of text in one cell: 30 times what a spreadsheet takes."""


@dataclass(frozen=True)
class Bounds:
    """What reading one file may take, where it can be stopped; see `guarded`."""

    seconds: float = 300.0
    memory: int = 4 * 1024**3  # bytes


def check_columns(where: str, columns: int) -> None:
    """Raise ReadingError unless there are 2 to MAX_COLUMNS columns."""
    if columns > MAX_COLUMNS:
        raise ReadingError(
            f"{where} has {columns:,} columns, and at most {MAX_COLUMNS:,} can be read. "
            "Keep the ones that matter; if its rows are the columns, transpose it."
        )
    if columns < 2:
        raise ReadingError(f"{where} has only one column. Open a table of two or more.")


def check_rows(where: str, rows: int, columns: int) -> None:
    """Raise ReadingError unless there are 1 to MAX_ROWS rows, of at most MAX_CELLS cells."""
    if rows == 0:
        raise ReadingError(f"{where} has column names but no rows. Add rows below its header.")
    most = min(MAX_ROWS, MAX_CELLS // columns)
    if rows > most:
        raise ReadingError(
            f"{where} has more than {most:,} rows, the most that can be read of {columns:,} "
            "columns. Take a sample of its rows."
        )


def check_cells(where: str, names: Sequence[str], columns: Sequence[pa.ChunkedArray]) -> None:
    """Raise ReadingError, with row and column, where a cell has more than MAX_CELL bytes of text.

    A name of a column may not be longer either.
    """
    for number, (name, column) in enumerate(zip(names, columns, strict=True), 1):
        if len(name.encode()) > MAX_CELL:
            raise ReadingError(
                f"{where} has a name of {len(name):,} characters over column {number:,}. "
                "Give it a shorter one."
            )
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            continue
        lengths = pc.binary_length(column)
        longest = pc.max(lengths).as_py() or 0
        if longest > MAX_CELL:
            row = pc.index(lengths, pa.scalar(longest, lengths.type)).as_py() + 1
            raise ReadingError(
                f"{where} has a cell of {longest / 1024**2:.1f} MB of text in row {row:,} of "
                f"column {quoted(name)}, and at most {MAX_CELL // 1024**2} MB can be read. "
                "Look for a quote that is never closed, or shorten the text."
            )


def long_cell(where: str) -> ReadingError:
    return ReadingError(
        f"{where} has a cell of more than {MAX_CELL // 1024**2} MB of text, the most that can be "
        "read. Look for a quote that is never closed, or shorten the text."
    )


def too_slow(name: str, seconds: float) -> ReadingError:
    return ReadingError(
        f"{name} took longer than {seconds:g} seconds to read, so reading was stopped. "
        "Take a sample of its rows, or save it as Parquet."
    )


def too_much_memory(name: str, memory: int) -> ReadingError:
    return ReadingError(
        f"{name} needs more than {memory / 1024**3:.1f} GB of memory to be read, so reading was "
        "stopped. Take a sample of its rows, or keep fewer columns."
    )
