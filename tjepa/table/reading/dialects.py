"""How text is divided into cells: DuckDB finds it out and cuts them."""

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tjepa.errors import ReadingError
from tjepa.table.reading.cells import MISSING
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.limits import MAX_ROWS

_LINES = 20  # looked at to tell a delimiter other than the comma
_HEAD = 1 << 23  # bytes, of which DuckDB looks at the first 20,480 rows


@dataclass(frozen=True)
class Dialect:
    """What divides a text file into cells; without a quote each is a mere character."""

    delimiter: str
    quote: str | None
    escape: str | None
    skip: int = 0  # lines above the table
    width: int = 0


class Cutter:
    """A database that can see one file, which is ours, and nothing else of the machine."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: Path) -> None:
        self._connection = connection
        self._file = file
        self._written = b""

    def sniff(self, text: bytes, told: FileReading, name: str) -> Dialect:
        """The dialect of the text, in which what was told is taken as it is."""
        text = _head(text)
        self._write(text)
        try:
            dialect = self._sniff(text, told, name)
        except ReadingError:
            if told.delimiter is None:
                raise
            dialect = Dialect(told.delimiter, '"', '"')
        if told.quote is not None:
            quote = told.quote or None
            dialect = replace(dialect, quote=quote, escape=quote and (dialect.escape or quote))
        return dialect

    def cut(self, text: bytes, dialect: Dialect) -> list[pa.ChunkedArray] | None:
        """The cells by column, the first row included, empty ones null; None where one is odd."""
        self._write(text)
        columns = ", ".join(f"'{i}': 'VARCHAR'" for i in range(dialect.width))
        try:
            table = self._connection.sql(
                f"SELECT * FROM read_csv({_literal(str(self._file))}, auto_detect = false, "
                f"header = false, delim = {_literal(dialect.delimiter)}, "
                f"quote = {_literal(dialect.quote or '')}, "
                f"escape = {_literal(dialect.escape or '')}, new_line = '\\n', "
                f"columns = {{{columns}}}) LIMIT {MAX_ROWS + 2}"
            ).to_arrow_table()
        except duckdb.InvalidInputException:  # says which row does not fit, but not to people
            return None
        return [pc.if_else(pc.equal(column, ""), None, column) for column in table.columns]

    def _write(self, text: bytes) -> None:
        if text is not self._written:
            self._file.write_bytes(text)
            self._written = text

    def _sniff(self, text: bytes, told: FileReading, name: str) -> Dialect:
        options = {"comment": "''", "nullstr": f"[{', '.join(map(_literal, ('', *MISSING)))}]"}
        if delimiter := told.delimiter or _steady(text):
            options["delim"] = _literal(delimiter)
        if told.quote is not None:
            options["quote"] = _literal(told.quote)
        error = None
        # Padding makes nothing of rows of equal width, so it comes second.
        for padding in ("false", "true"):
            options["null_padding"] = padding
            given = ", ".join(f"{option} = {value}" for option, value in options.items())
            try:
                [(delimiter, quote, escape, skip, width)] = self._connection.execute(
                    "SELECT Delimiter, Quote, Escape, SkipRows, len(Columns) "
                    f"FROM sniff_csv({_literal(str(self._file))}, {given})"
                ).fetchall()
            except duckdb.Error as problem:
                error = problem
                continue
            if width > 1:
                quote = '"' if quote == "(empty)" else quote
                escape = quote if escape == "(empty)" else escape
                return Dialect(delimiter, quote, escape, skip, width)
        raise _undivided(name, error) from error


@contextmanager
def cutter() -> Iterator[Cutter]:
    with tempfile.TemporaryDirectory(prefix="tjepa-") as folder:
        file = Path(folder, "table.csv")
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "temp_directory": folder,
        }
        connection = duckdb.connect(":memory:", config=config)
        try:
            connection.execute(f"SET allowed_paths = [{_literal(str(file))}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield Cutter(connection, file)
        finally:
            connection.close()


def _undivided(name: str, error: duckdb.Error | None) -> ReadingError:
    if error is None:
        return ReadingError(
            f"{name} has only one column, where a table needs two or more. Check that its cells "
            "are divided by commas, semicolons, tabs or “|”, or name its delimiter."
        )
    if "Maximum line size" in str(error):
        return ReadingError(
            f"{name} has a line of more than 2 MB. Look for a quote that is never closed, or a "
            "cell that is no part of a table."
        )
    return ReadingError(
        f"{name} is not divided into cells by commas, semicolons, tabs or “|” in a way that can be "
        "understood. Name its delimiter, or save it as CSV (UTF-8) and open that."
    )


def _head(text: bytes) -> bytes:
    """The first lines of a long text, cut where no quote is open."""
    if len(text) <= _HEAD:
        return text
    end = text.rfind(b"\n", 0, _HEAD)
    quotes = text.count(b'"', 0, max(0, end))
    while end > 0:
        if quotes % 2 == 0:
            return text[: end + 1]
        before = text.rfind(b"\n", 0, end)
        quotes -= text.count(b'"', max(0, before), end)
        end = before
    return text


def _steady(text: bytes) -> str | None:
    """A delimiter other than the comma that is in each of the first lines equally often.

    It goes before the comma, which may be the decimal mark: 1,5;2,5 is two numbers. Prose above
    and below may be without it.
    """
    lines = [line for line in text[: 1 << 16].split(b"\n")[:_LINES] if line.strip()]
    for delimiter in ";\t|":
        counts = [line.count(delimiter.encode()) for line in lines]
        usual = max(set(counts), key=counts.count)
        first, last = counts.index(usual), len(counts) - counts[::-1].index(usual)
        rows = last - first
        whole = rows == len(counts) or (rows > 2 and rows >= len(counts) / 2)
        if usual and whole and set(counts[first:last]) == {usual}:
            return delimiter if rows == len(counts) or not _commas_divide(lines) else None
    return None


def _commas_divide(lines: list[bytes]) -> bool:
    """Whether commas cut all lines, also those without the other delimiter, into as many cells."""
    try:
        rows = list(csv.reader([line.decode("utf-8", "replace") for line in lines]))
    except csv.Error:
        return False
    return len({len(row) for row in rows}) == 1 and len(rows[0]) > 1


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
