"""Any other database that SQLAlchemy has a dialect of: read as well as can be done in general.

Nothing but the text of the query says that it only reads, so that is checked, and everything is
rolled back. The query works in a thread of its own, which is not waited for once the time is over:
it is told to stop in every way that its driver knows, and left to its end where there is none.
"""

import queue
import threading
from collections.abc import Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tjepa.errors import ReadingError
from tjepa.table.queries.cells import Remarks, a_few_at_a_time, in_parts
from tjepa.table.queries.databases import Database
from tjepa.table.queries.deadlines import Deadline
from tjepa.table.queries.statements import ONLY_READS, NotReadingError, check_reads

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_PATIENCE = 3.0  # seconds for the thread to end once it was told to
_LOOK = 0.1
_ONLY_READS = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}
_DIALECTS = {  # those that SQLAlchemy does not bring itself
    "bigquery": "sqlalchemy-bigquery",
    "clickhouse": "clickhouse-sqlalchemy",
    "databricks": "databricks-sqlalchemy",
    "db2": "ibm-db-sa",
    "redshift": "sqlalchemy-redshift",
    "snowflake": "snowflake-sqlalchemy",
    "teradatasql": "teradatasqlalchemy",
    "trino": "trino",
}
_MODULES = {"MySQLdb": "mysqlclient", "mysql": "mysql-connector-python"}


def rows_through_sqlalchemy(
    database: Database, query: str, deadline: Deadline, limit: int, remarks: Remarks
) -> Generator[pa.Table, None, None]:
    """The result in parts, as the other ways of fetching give it."""
    check_reads(query)
    fetching = _Fetching(_engine(database), query, deadline, limit, remarks)
    fetching.start()
    try:
        yield from fetching.parts()
    finally:
        fetching.stop()


class _Fetching(threading.Thread):
    """Asks and fetches; `parts` are taken by another thread, at most two ahead."""

    def __init__(
        self, engine: "Engine", query: str, deadline: Deadline, limit: int, remarks: Remarks
    ) -> None:
        super().__init__(name="query", daemon=True)
        self._engine, self._query, self._deadline = engine, query, deadline
        self._limit, self._remarks = limit, remarks
        self._done: queue.Queue[pa.Table | BaseException | None] = queue.Queue(maxsize=2)
        self._stopping = threading.Event()
        self._connection: Any = None  # the driver's
        self._cursor: Any = None
        self._number: int | None = None  # of the connection, at the server

    def parts(self) -> Generator[pa.Table, None, None]:
        while True:
            self._deadline.check()
            try:
                part = self._done.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if part is None:
                return
            if isinstance(part, BaseException):
                raise part
            yield part

    def stop(self) -> None:
        """Tell the database to stop; wait a little for the thread to end."""
        self._stopping.set()
        if self.is_alive():
            threading.Thread(target=self._interrupt, name="stop a query", daemon=True).start()
        self.join(_PATIENCE)

    def run(self) -> None:
        try:
            with self._engine.connect() as connection:
                whole = False
                try:
                    for part in self._ask(connection):
                        self._hand_over(part)
                    whole = not (self._stopping.is_set() or self._remarks.cut)
                    self._hand_over(None)
                finally:
                    if whole:
                        connection.rollback()
                    else:
                        self._abandon(connection)
        except BaseException as error:
            self._hand_over(error)

    def _abandon(self, connection: "Connection") -> None:
        """Leave without what is left of the result, which some drivers would fetch to its end."""
        self._interrupt()
        if self._cursor is not None:
            with suppress(Exception):
                self._cursor.close()
        with suppress(Exception):
            connection.rollback()
        connection.invalidate()

    def _ask(self, connection: "Connection") -> Generator[pa.Table, None, None]:
        self._connection = connection.connection.dbapi_connection
        self._prepare(connection)
        result = connection.execution_options(
            stream_results=True, max_row_buffer=500, no_parameters=True
        ).exec_driver_sql(self._query)
        if not result.returns_rows:
            raise NotReadingError(ONLY_READS)
        self._cursor = result.cursor
        rows = a_few_at_a_time(result.fetchmany)
        yield from in_parts(list(result.keys()), rows, self._deadline, self._limit, self._remarks)

    def _prepare(self, connection: "Connection") -> None:
        """A transaction that only reads, and a limit of the server's own, where there are such."""
        name = connection.dialect.name
        if name in ("mysql", "mariadb"):
            milliseconds = max(1, round(1_000 * self._deadline.left))
            self._number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar()
            for limit in (
                f"SET SESSION max_statement_time = {milliseconds / 1_000}",  # MariaDB
                f"SET SESSION max_execution_time = {milliseconds}",  # MySQL
            ):
                with suppress(Exception):
                    connection.exec_driver_sql(limit)
            connection.rollback()  # the next transaction is the first that only reads
        if name in _ONLY_READS:
            connection.exec_driver_sql(_ONLY_READS[name])
        if name in ("mysql", "mariadb"):
            connection.rollback()

    def _hand_over(self, part: pa.Table | BaseException | None) -> None:
        while not self._stopping.is_set():
            with suppress(queue.Full):
                return self._done.put(part, timeout=_LOOK)
        return None

    def _interrupt(self) -> None:
        """Every way that drivers know."""
        for thing, method in (
            (self._connection, "cancel"),
            (self._connection, "interrupt"),
            (self._cursor, "cancel"),
        ):
            with suppress(Exception):
                getattr(thing, method)()
        if self._number is not None:
            with suppress(Exception), self._engine.connect() as other:
                other.exec_driver_sql(f"KILL QUERY {int(self._number)}")


def _engine(database: Database) -> "Engine":
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    dialect, _, driver = database.url.partition("://")[0].partition("+")
    try:
        return create_engine(database.url, poolclass=NullPool, hide_parameters=True)
    except NoSuchModuleError:
        if known := _DIALECTS.get(dialect):
            raise ReadingError(
                f"{database.label}: reading from {dialect} needs {known}, which is not installed "
                f"here. Install it with pip install {known}."
            ) from None
        raise ReadingError(
            "The URL begins with a dialect or driver that SQLAlchemy does not know here: check how "
            "it is written, or install the package that brings it."
        ) from None
    except ImportError as error:
        module = (error.name or driver or dialect).partition(".")[0]
        package = _MODULES.get(module, module)
        other = "" if driver else ", or name another driver in the URL, such as mysql+pymysql://"
        raise ReadingError(
            f"{database.label}: reading from {dialect} needs {package}, which is not installed "
            f"here. Install it with pip install {package}{other}."
        ) from error
    except (ArgumentError, TypeError, ValueError):
        raise ReadingError(
            f"{database.label}: the URL has an option that {dialect} does not know."
        ) from None
