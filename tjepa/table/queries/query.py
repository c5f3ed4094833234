"""A query of a database → a table. Nothing is ever changed, and rows and time are limited."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tjepa.errors import ReadingError
from tjepa.table.queries.cells import Remarks, plain_text
from tjepa.table.queries.databases import Database, database
from tjepa.table.queries.deadlines import CancelledError, Deadline
from tjepa.table.queries.fetching import in_words, rows_of
from tjepa.table.queries.statements import ONLY_READS, NotReadingError
from tjepa.table.reading.limits import MAX_CELLS, MAX_ROWS, check_columns
from tjepa.table.reading.names import unique_names
from tjepa.table.reading.raw_table import RawTable
from tjepa.table.reading.typed_columns import plain_columns

QUERY_ROWS = 1_000_000
QUERY_SECONDS = 300.0
MAX_RESULT_BYTES = 1024**3

_log = logging.getLogger(__name__)


class QueryCancelledError(ReadingError):
    """The query was stopped because `cancelled` said so: nothing is wrong."""


class QueryOptions(TypedDict, total=False):
    """The options of `read_query` but `cancelled`."""

    name: str | None
    limit_rows: int
    timeout_seconds: float
    enforced_only: bool
    superuser: bool


def read_query(
    source: str | Path,
    query: str,
    *,
    name: str | None = None,
    limit_rows: int = QUERY_ROWS,
    timeout_seconds: float = QUERY_SECONDS,
    cancelled: Callable[[], bool] | None = None,
    enforced_only: bool = False,
    superuser: bool = True,
) -> RawTable:
    """The result of one SELECT or WITH on a SQLite or DuckDB file or another database.

    SQLite, DuckDB and PostgreSQL see to it themselves that nothing is changed. Of others, which are
    reached through SQLAlchemy, the text of the query is checked, in a transaction that is rolled
    back: the login had better be one that may only read. After the time limit none is waited for;
    whether the server stops too is up to its driver.

    Parameters
    ----------
    source:
        The path of a database file, or a URL as in SQLAlchemy: ``sqlite:///shop.db``,
        ``duckdb:///shop.duckdb``, ``postgresql://user:password@host:5432/shop``,
        ``mysql+pymysql://user:password@host/shop``.
    name:
        What the database is called, by default the file's name or "shop at host".
    limit_rows:
        A longer result is cut after so many rows, and a note says so.
    cancelled:
        Asked about ten times a second, in other threads too, while the query runs: once it is
        true, the database is told to stop.
    enforced_only:
        Refuse a database that does not itself see to it that nothing is changed: for people who
        do not know the login, as in the app.
    superuser:
        Whether a login of PostgreSQL may be a superuser, who can read the server's files.

    Raises
    ------
    QueryCancelledError
        When `cancelled` came to be true.
    ReadingError
        When there is no such database, the query is refused or wrong, takes too long, or gives
        less than two columns, no rows or more than 1 GB. No message holds a password.
    """
    place = replace(database(source, name), superuser=superuser)
    if enforced_only and place.kind == "other":
        raise ReadingError(
            f"{place.label} is not asked from here: only PostgreSQL, SQLite and DuckDB themselves "
            "see to it that a query changes nothing. Ask it from a shell, with tjepa inspect "
            "--query, or save what you need of it as Parquet."
        )
    if not query.strip():
        raise ReadingError(f"There is no query for {place.label}. Write one SELECT.")
    deadline = Deadline(timeout_seconds, cancelled)
    remarks = Remarks()
    try:
        table = _result(place, query, deadline, max(1, min(limit_rows, MAX_ROWS)), remarks)
    except ReadingError:
        raise
    except Exception as error:
        # What tells the password is not even kept for the log.
        cause = None if place.is_told_by(error) else error
        if isinstance(error, CancelledError) or (deadline.cancelled and not deadline.passed):
            raise QueryCancelledError(f"{place.label}: the query was cancelled.") from cause
        if deadline.passed:
            raise ReadingError(
                f"{place.label}: the query took longer than {timeout_seconds:g} seconds and was "
                "stopped. Ask for fewer rows or columns, or allow it more time."
            ) from cause
        _log.info("a query of %s failed", place.label, exc_info=cause)
        problem = place.without_password(in_words(error))
        refused = isinstance(error, NotReadingError) or problem == ONLY_READS
        advice = "" if refused else " Check the query and the connection."
        raise ReadingError(f"{place.label}: {problem}.{advice}") from cause
    return _raw(place, query, table, remarks)


def _result(
    place: Database, query: str, deadline: Deadline, limit: int, remarks: Remarks
) -> pa.Table:
    """All parts as one table of at most `limit` rows."""
    parts: list[pa.Table] = []
    rows = size = 0
    with closing(rows_of(place, query, deadline, limit, remarks)) as fetched:
        for part in fetched:
            if not parts:
                check_columns(f"The result from {place.label}", part.num_columns)
                limit = min(limit, MAX_CELLS // part.num_columns)
            longer = rows + part.num_rows > limit
            if longer:
                part = part.slice(0, limit - rows)
            parts.append(part)
            rows += part.num_rows
            size += part.nbytes
            if size > MAX_RESULT_BYTES:
                raise ReadingError(
                    f"{place.label}: the result is larger than "
                    f"{MAX_RESULT_BYTES // 1024**3} GB. Ask for fewer rows or columns."
                )
            if longer:
                remarks.cut = True
                break
    if rows == 0:
        raise ReadingError(f"{place.label}: the query found no rows. Ask for others.")
    names = parts[0].column_names
    columns = [
        _joined([part.column(i) for part in parts if part.num_rows], i, remarks)
        for i in range(len(names))
    ]
    return pa.Table.from_arrays(columns, names=names)


def _joined(parts: Sequence[pa.ChunkedArray], place: int, remarks: Remarks) -> pa.ChunkedArray:
    """One column; of text where its parts have nothing else in common."""
    tables = [pa.table({"": part}) for part in parts]
    try:
        column = pa.concat_tables(tables, promote_options="permissive").column(0)
    except pa.ArrowException:
        remarks.other.add(place)
        texts = [pa.array(map(plain_text, part.to_pylist()), pa.string()) for part in parts]
        return pa.chunked_array(texts)
    if pa.types.is_floating(column.type):
        remarks.count(remarks.nan, place, pc.sum(pc.is_nan(column)).as_py() or 0)
    return column


def _raw(place: Database, query: str, table: pa.Table, remarks: Remarks) -> RawTable:
    names, said = unique_names(table.column_names)
    read = plain_columns(table.rename_columns(names))
    frame = pa.table(read.columns, names=names).to_pandas()
    shown = place.without_password(query)
    notes = [f"The result of a query of {place.label}: {shown}"]
    if remarks.cut:
        notes.append(
            f"Cut after {len(frame):,} rows, the limit: the result has more, and which come first "
            "is up to the database. A query can draw at random: ORDER BY random() LIMIT …"
        )
    return RawTable(
        name=place.label,
        content_id=_content_id(frame, remarks.cut),
        frame=frame,
        sheet=None,
        sheets=(),
        notes=(*notes, *remarks.sentences(names), *read.notes, *said),
    )


def _content_id(frame: pd.DataFrame, cut: bool) -> str:
    """sha256 of names, types and cells, and of whether rows are lacking."""
    digest = hashlib.sha256(b"cut" if cut else b"whole")
    for name, column in frame.items():
        missing = column.isna().to_numpy(dtype=bool)
        digest.update(f"\0{name}\0{column.dtype}\0{len(column)}\0".encode())
        digest.update(missing.tobytes())
        if isinstance(column.dtype, pd.StringDtype):
            texts = pc.fill_null(pa.array(column, pa.large_string(), from_pandas=True), "")
            digest.update(pc.binary_length(texts).to_numpy(zero_copy_only=False).tobytes())
            digest.update("".join(texts.to_pylist()).encode())
        else:
            digest.update(column[~missing].to_numpy().tobytes())
    return digest.hexdigest()
