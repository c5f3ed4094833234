"""CSV, TSV and other divided text → columns.

DuckDB finds out how the cells are divided and cuts them; where it finds a row that does not fit,
`ragged` looks at the file row by row and says which one.
"""

import csv
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tjepa.errors import ReadingError
from tjepa.table.cells import MISSING, Findings, Read, parsed
from tjepa.table.header import has_header
from tjepa.table.limits import MAX_ROWS, check_columns, check_rows
from tjepa.table.names import listed
from tjepa.table.ragged import Marks, cut_by_row

_HEAD_ROWS = 200  # looked at to tell a header
_LINES = 20  # looked at to tell a delimiter other than the comma
_PROSE = 100  # more lines than this above a header are no prose
_BLANK_LINE = re.compile(rb"\n[ \t]*\n")


@dataclass(frozen=True)
class Dialect:
    delimiter: str
    quote: str
    escape: str
    skip: int  # lines above the table
    width: int


def read_text(data: bytes, name: str) -> Read:
    """ReadingError names the line that does not fit."""
    text, notes = _utf8(data, name)
    stripped = text.lstrip(b"\n")
    line = 1 + len(text) - len(stripped)
    text = stripped.rstrip(b"\n") + b"\n"
    with _duckdb() as (connection, file):
        file.write_bytes(text)
        dialect = _sniff(connection, file, text, name)
        check_columns(name, dialect.width)
        if dialect.skip:
            skipped, text = _divided(text, dialect)
            line += len(skipped)
            if prose := [part.strip() for part in skipped if part.strip()]:
                notes.append(_about_prose(prose))
            file.write_bytes(text)
        columns = None if _BLANK_LINE.search(text) else _cut(connection, file, dialect)
    if columns is None:
        marks = Marks(dialect.delimiter, dialect.quote, dialect.escape)
        columns, said = cut_by_row(text, marks, line, name)
        notes += said
    return _read(columns, dialect.delimiter, notes, name)


def _read(columns: list[pa.ChunkedArray], delimiter: str, notes: list[str], name: str) -> Read:
    head = [column.slice(0, _HEAD_ROWS).to_pylist() for column in columns]
    if has_header(list(zip(*head, strict=True))):
        names = [cells[0] or "" for cells in head]
        columns = [column.slice(1) for column in columns]
    else:
        names = [f"column {i + 1}" for i in range(len(columns))]
        notes.append(
            f"The file has no header: its columns are named “column 1” to “column {len(columns)}”."
        )
    filled = max(map(_filled, columns))
    if empty := len(columns[0]) - filled:
        notes.append(f"{empty:,} empty row{'s' * (empty != 1)} at the end were left out.")
        columns = [column.slice(0, filled) for column in columns]
    check_rows(name, filled, len(columns))
    findings = Findings()
    shown = [name.strip() or f"column {i + 1}" for i, name in enumerate(names)]
    found = [
        parsed(column, name, findings, delimiter=delimiter)
        for column, name in zip(columns, shown, strict=True)
    ]
    return Read(names, found, notes + findings.sentences())


def _utf8(data: bytes, name: str) -> tuple[bytes, list[str]]:
    """The text in UTF-8 with plain line ends, and a note where the encoding had to be guessed."""
    notes = []
    try:
        if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
            data = data.decode("utf-32").encode()
        elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
            data = data.decode("utf-16").encode()
        else:
            data = data.removeprefix(b"\xef\xbb\xbf")
            data.decode()
    except UnicodeDecodeError as error:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ReadingError(
                f"{name} begins like UTF-16 text and is damaged further on. Save it as UTF-8."
            ) from error
        data = _guessed(data)
        notes.append("The file is not UTF-8: it was read as Windows-1252 (Western European).")
    if b"\0" in data:
        raise ReadingError(f"{name} holds NUL characters. Save it as UTF-8 CSV without them.")
    if not data.strip():
        raise ReadingError(f"{name} is empty. Open a file that has a header and rows.")
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), notes


def _guessed(data: bytes) -> bytes:
    try:
        return data.decode("cp1252").encode()
    except UnicodeDecodeError:
        return data.decode("latin-1").encode()


@contextmanager
def _duckdb() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A database that can see one file, which is ours, and nothing else of the machine."""
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
            yield connection, file
        finally:
            connection.close()


def _sniff(connection: duckdb.DuckDBPyConnection, file: Path, text: bytes, name: str) -> Dialect:
    options = {"comment": "''", "nullstr": f"[{', '.join(map(_literal, ('', *MISSING)))}]"}
    if steady := _steady(text):
        options["delim"] = _literal(steady)
    error = None
    # Padding makes nothing of rows of equal width, so it comes second.
    for padding in ("false", "true"):
        options["null_padding"] = padding
        given = ", ".join(f"{option} = {value}" for option, value in options.items())
        try:
            [(delimiter, quote, escape, skip, width)] = connection.execute(
                "SELECT Delimiter, Quote, Escape, SkipRows, len(Columns) "
                f"FROM sniff_csv({_literal(str(file))}, {given})"
            ).fetchall()
        except duckdb.Error as problem:
            error = problem
            continue
        if width > 1:
            quote = '"' if quote == "(empty)" else quote
            escape = quote if escape == "(empty)" else escape
            return Dialect(delimiter, quote, escape, skip, width)
    if error is None:
        raise ReadingError(
            f"{name} has only one column, where a table needs two or more. Check that its cells "
            "are divided by commas, semicolons, tabs or “|”."
        )
    if "Maximum line size" in str(error):
        raise ReadingError(
            f"{name} has a line of more than 2 MB. Look for a quote that is never closed, or a "
            "cell that is no part of a table."
        ) from error
    raise ReadingError(
        f"{name} is not divided into cells by commas, semicolons, tabs or “|” in a way that can be "
        "understood. Save it as CSV (UTF-8) and open that."
    ) from error


def _steady(text: bytes) -> str | None:
    """A delimiter other than the comma that is in each of the first lines equally often.

    It goes before the comma, which may be the decimal mark: 1,5;2,5 is two numbers.
    """
    lines = [line for line in text[: 1 << 16].split(b"\n")[:_LINES] if line.strip()]
    for delimiter in ";\t|":
        counts = {line.count(delimiter.encode()) for line in lines}
        if len(counts) == 1 and counts != {0}:
            return delimiter
    return None


def _divided(text: bytes, dialect: Dialect) -> tuple[list[str], bytes]:
    """The lines above the table, and the table from its header on."""
    *above, table = text.split(b"\n", dialect.skip)
    skipped = [line.decode() for line in above]
    widths = [_width(line, dialect) for line in skipped]
    if _are_rows(widths, dialect.width) or len(skipped) > table.count(b"\n"):
        return [], text
    # R writes no name above the row names, so that its header looks like prose.
    if widths[-1] == dialect.width - 1 > 1:
        return skipped[:-1], b"\n".join([above[-1], table])
    return skipped, table


def _are_rows(widths: list[int], width: int) -> bool:
    """Whether lines that look like prose are rows, and one further down misled the sniffer."""
    alike = Counter(cells for cells in widths if cells > 1)
    return (
        len(widths) > _PROSE
        or alike[width] > 1
        or max(alike.values(), default=0) > 3
        or (len(widths) > 1 and widths[-1] == widths[-2] > 1)
    )


def _width(line: str, dialect: Dialect) -> int:
    try:
        [cells] = csv.reader([line], delimiter=dialect.delimiter, quotechar=dialect.quote)
    except (csv.Error, ValueError):  # too long for a cell; nothing in the line
        return 0
    return len(cells)


def _cut(
    connection: duckdb.DuckDBPyConnection, file: Path, dialect: Dialect
) -> list[pa.ChunkedArray] | None:
    """The cells by column, the first row included; None where a row does not fit."""
    columns = ", ".join(f"'{i}': 'VARCHAR'" for i in range(dialect.width))
    try:
        table = connection.sql(
            f"SELECT * FROM read_csv({_literal(str(file))}, auto_detect = false, header = false, "
            f"delim = {_literal(dialect.delimiter)}, quote = {_literal(dialect.quote)}, "
            f"escape = {_literal(dialect.escape)}, new_line = '\\n', columns = {{{columns}}}) "
            f"LIMIT {MAX_ROWS + 2}"
        ).to_arrow_table()
    except duckdb.InvalidInputException:  # says which row does not fit, but not to people
        return None
    return [pc.fill_null(column, "") for column in table.columns]


def _filled(column: pa.ChunkedArray) -> int:
    """Rows up to the last cell with something in it."""
    if not len(column) or column[-1].as_py().strip():
        return len(column)
    filled = pc.indices_nonzero(pc.not_equal(pc.utf8_trim_whitespace(column), ""))
    return filled[-1].as_py() + 1 if len(filled) else 0


def _about_prose(lines: list[str]) -> str:
    if len(lines) == 1:
        return f"A line above the header was left out: {listed(lines)}."
    return f"{len(lines):,} lines above the header were left out: {listed(lines)}."


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
