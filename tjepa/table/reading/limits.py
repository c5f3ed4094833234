"""How large a table may be, and the sentences for one that is larger or too small."""

from tjepa.errors import ReadingError

MAX_BYTES = 200 * 1024**2
MAX_COLUMNS = 2_000
MAX_ROWS = 5_000_000
MAX_CELLS = 200_000_000  # unpacked: a small Parquet file can hold many equal cells


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
