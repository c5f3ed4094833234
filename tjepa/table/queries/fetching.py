"""A query → its rows in Arrow tables, a few thousand at a time, from connections that only read.

Each function is a generator; closing it closes the connection. Errors are those of the database's
library, put into words by `in_words`.
"""

import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from tjepa.errors import ReadingError
from tjepa.table.queries.cells import (
    LONGEST_CELL,
    PART_ROWS,
    FarDate,
    InfiniteDate,
    Remarks,
    a_few_at_a_time,
    in_parts,
)
from tjepa.table.queries.databases import Database
from tjepa.table.queries.deadlines import Deadline
from tjepa.table.queries.native import check_cells, readable, tidied
from tjepa.table.queries.statements import ONLY_READS, NotReadingError

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


_INTERVAL = 1186  # PostgreSQL's number of the type


def rows_of(
    database: Database, query: str, deadline: Deadline, limit: int, remarks: Remarks
) -> Generator[pa.Table, None, None]:
    """The result in parts, at least one; its columns may differ in type from part to part.

    There may be more than `limit` rows, or the remark that more were left.
    """
    if database.kind == "other":
        from tjepa.table.queries.sqlalchemy_engines import rows_through_sqlalchemy

        return rows_through_sqlalchemy(database, query, deadline, limit, remarks)
    if database.kind == "postgresql":
        return _postgresql(database, query, deadline, limit, remarks)
    assert database.path is not None
    path = database.path.absolute()
    if database.kind == "sqlite":
        return _sqlite(path, query, deadline, limit, remarks)
    return _duckdb(path, query, deadline, remarks)


def in_words(error: Exception) -> str:
    """What the database says of a query, without the query itself."""
    if str(error) == "not authorized":  # SQLite's word for what it was told to forbid
        return ONLY_READS
    diagnosis = getattr(error, "diag", None)  # PostgreSQL's
    said = getattr(getattr(error, "orig", None), "args", ())  # SQLAlchemy's: a code and the words
    if said and isinstance(said[-1], str):
        return said[-1].strip().partition("\n")[0].rstrip(".!")
    text = getattr(diagnosis, "message_primary", None) or str(error)
    return text.strip().partition("\n")[0].rstrip(".!")


def _sqlite(
    path: Path, query: str, deadline: Deadline, limit: int, remarks: Remarks
) -> Generator[pa.Table, None, None]:
    source = f"file:{quote(path.as_posix())}?mode=ro"
    wait = min(_BUSY_SECONDS, deadline.left)
    with closing(sqlite3.connect(source, uri=True, timeout=wait)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_CELL)
        connection.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
        )
        connection.set_progress_handler(lambda: deadline.over, _STEPS)
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        cursor = connection.execute(query)
        if cursor.description is None:
            raise NotReadingError(ONLY_READS)
        names = [column[0] for column in cursor.description]
        yield from in_parts(names, cursor, deadline, limit, remarks)


def _duckdb(
    path: Path, query: str, deadline: Deadline, remarks: Remarks
) -> Generator[pa.Table, None, None]:
    import duckdb

    with closing(duckdb.connect(path, read_only=True, config=_CONFINED)) as connection:
        statements = connection.extract_statements(query)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise NotReadingError(ONLY_READS)
        with deadline.interrupting(connection.interrupt):
            reader = readable(connection.sql(query), remarks).to_arrow_reader(PART_ROWS)
            yield tidied(pa.Table.from_batches([], reader.schema), remarks)
            rows = 0
            for batch in reader:
                deadline.check()
                part = pa.Table.from_batches([batch])
                check_cells(part, rows)
                rows += part.num_rows
                yield tidied(part, remarks)


def _postgresql(
    database: Database, query: str, deadline: Deadline, limit: int, remarks: Remarks
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
        for kind in ("json", "jsonb", "timetz"):
            connection.adapters.register_loader(kind, TextLoader)
        _accept_every_date(connection)
        deadline.check()
        connection.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('timezone', 'UTC', true)",
            [str(max(1, round(deadline.left * 1000)))],
        )
        if not database.superuser and _is_superuser(connection):
            raise ReadingError(
                f"{database.label} is not asked from here as a superuser, who may read the "
                "server's files too. Give the connection a role that may only read: "
                "CREATE ROLE reader LOGIN PASSWORD '…'; GRANT pg_read_all_data TO reader. Where "
                "that does not matter, its entry in the secrets can say superuser = true."
            )
        with (
            deadline.interrupting(connection.cancel),
            connection.cursor("tjepa") as cursor,  # on the server: also keeps it to one SELECT
        ):
            cursor.execute(query.encode())
            columns = cursor.description or ()
            if not columns:
                raise NotReadingError(ONLY_READS)
            remarks.months |= {i for i, c in enumerate(columns) if c.type_code == _INTERVAL}
            names = [column.name for column in columns]
            rows = a_few_at_a_time(cursor.fetchmany)
            yield from in_parts(names, rows, deadline, limit, remarks)


def _is_superuser(connection: Any) -> bool:
    found = connection.execute("SELECT current_setting('is_superuser')").fetchone()
    return bool(found[0] == "on")


def _accept_every_date(connection: Any) -> None:
    """Infinite dates, and those of years that Python does not know, are no errors."""
    import psycopg.adapt

    def accepting(known: Any) -> type:
        class AcceptingLoader(psycopg.adapt.Loader):
            def __init__(self, oid: int, context: Any = None) -> None:
                super().__init__(oid, context)
                self._known = known(oid, context)

            def load(self, data: Any) -> Any:
                try:
                    return self._known.load(data)
                except psycopg.DataError:
                    text = bytes(data).decode()
                    return InfiniteDate() if "infinity" in text else FarDate(text)

        return AcceptingLoader

    adapters = connection.adapters
    for kind in ("date", "timestamp", "timestamptz", "interval"):
        number = adapters.types[kind].oid
        known = adapters.get_loader(number, psycopg.pq.Format.TEXT)
        adapters.register_loader(number, accepting(known))
