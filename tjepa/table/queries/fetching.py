"""A query → its rows in Arrow tables, a few thousand at a time, from connections that only read.

Each function is a generator; closing it closes the connection. Errors are those of the database's
library, put into words by `in_words`.
"""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pyarrow as pa

from tjepa.errors import ReadingError
from tjepa.table.queries.databases import Database
from tjepa.table.queries.deadlines import Deadline
from tjepa.table.reading.typed_columns import as_text

ONLY_READS = "it only reads: give one statement that begins with SELECT or WITH"

_ROWS = 5_000
_BYTES = 16 * 1024**2  # of text and bytes in one part
_LONGEST_CELL = 16 * 1024**2
_STEPS = 10_000  # of SQLite's machine between two looks at the clock
_BUSY_SECONDS = 5.0
_ALLOWED = frozenset(
    (
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    )
)
_CONFINED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "memory_limit": "2GB",
    "temp_directory": "",  # what does not fit into memory is refused, not written beside the file
    "lock_configuration": True,
}
_CONNECT_SECONDS = 15


class NoResultError(Exception):
    """The statement gives no table."""


def rows_of(database: Database, query: str, deadline: Deadline) -> Generator[pa.Table, None, None]:
    """The result in parts, at least one; its columns may differ in type from part to part."""
    if database.kind == "postgresql":
        return _postgresql(database, query, deadline)
    assert database.path is not None
    read = _sqlite if database.kind == "sqlite" else _duckdb
    return read(database.path.absolute(), query, deadline)


def in_words(error: Exception) -> str:
    """What the database says of a query, without the query itself."""
    if isinstance(error, NoResultError) or str(error) == "not authorized":
        return ONLY_READS
    diagnosis = getattr(error, "diag", None)  # PostgreSQL's
    text = getattr(diagnosis, "message_primary", None) or str(error)
    return text.strip().partition("\n")[0].rstrip(".!")


def _sqlite(path: Path, query: str, deadline: Deadline) -> Generator[pa.Table, None, None]:
    source = f"file:{quote(path.as_posix())}?mode=ro"
    wait = min(_BUSY_SECONDS, deadline.left)
    with closing(sqlite3.connect(source, uri=True, timeout=wait)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
        connection.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
        )
        connection.set_progress_handler(lambda: deadline.passed, _STEPS)
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        cursor = connection.execute(query)
        if cursor.description is None:
            raise NoResultError
        yield from _parts([column[0] for column in cursor.description], cursor, deadline)


def _duckdb(path: Path, query: str, deadline: Deadline) -> Generator[pa.Table, None, None]:
    import duckdb

    with closing(duckdb.connect(path, read_only=True, config=_CONFINED)) as connection:
        statements = connection.extract_statements(query)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise NoResultError
        with deadline.interrupting(connection.interrupt):
            reader = connection.sql(query).to_arrow_reader(_ROWS)
            yield pa.Table.from_batches([], reader.schema)
            for batch in reader:
                deadline.check()
                yield pa.Table.from_batches([batch])


def _postgresql(
    database: Database, query: str, deadline: Deadline
) -> Generator[pa.Table, None, None]:
    try:
        import psycopg
        from psycopg.conninfo import make_conninfo
        from psycopg.types.string import TextLoader
    except ImportError as error:
        raise ReadingError(
            "Reading from PostgreSQL needs psycopg, which is not installed here. "
            "Install it with pip install 'tjepa[sql]'."
        ) from error
    with closing(
        psycopg.connect(
            make_conninfo(
                **database.login,
                connect_timeout=max(2, min(_CONNECT_SECONDS, round(deadline.left))),
                client_encoding="utf-8",
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=3,
            )
        )
    ) as connection:
        connection.read_only = True
        for kind in ("json", "jsonb"):
            connection.adapters.register_loader(kind, TextLoader)
        connection.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('timezone', 'UTC', true)",
            [str(max(1, round(deadline.left * 1000)))],
        )
        with (
            deadline.interrupting(connection.cancel),
            connection.cursor("tjepa") as cursor,  # on the server: also keeps it to one SELECT
        ):
            cursor.itersize = 500
            cursor.execute(query.encode())
            names = [column.name for column in cursor.description or ()]
            if not names:
                raise NoResultError
            yield from _parts(names, cursor, deadline)


def _parts(
    names: Sequence[str], rows: Iterable[Sequence[Any]], deadline: Deadline
) -> Iterator[pa.Table]:
    """Rows of Python's values as Arrow tables, each of limited size; the first may be empty."""
    part: list[Sequence[Any]] = []
    size = 0
    for row in rows:
        part.append(row)
        size += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
        if len(part) >= _ROWS or size > _BYTES:
            deadline.check()
            yield _table(names, part)
            part, size = [], 0
    yield _table(names, part)


def _table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.Table.from_arrays([_array(column) for column in columns], names=list(names))


def _array(cells: Sequence[Any]) -> pa.Array:
    kinds = {type(cell) for cell in cells}
    simpler: Callable[[Any], Any] | None = None
    if UUID in kinds:
        simpler = as_text
    elif Decimal in kinds and not all(cell.is_finite() for cell in cells if cell is not None):
        simpler = float
    if simpler is not None:
        cells = [None if cell is None else simpler(cell) for cell in cells]
    try:
        return pa.array(cells)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return pa.array([as_text(cell) for cell in cells], pa.string())
