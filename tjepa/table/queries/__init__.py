"""SQL → frame: one reading query, with limits of rows, bytes and time."""

from tjepa.table.queries.query import (
    QUERY_ROWS,
    QUERY_SECONDS,
    QueryCancelledError,
    QueryOptions,
    read_query,
)

__all__ = ["QUERY_ROWS", "QUERY_SECONDS", "QueryCancelledError", "QueryOptions", "read_query"]
