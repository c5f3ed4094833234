"""Where a table comes from: a file, or a query of a database."""

import argparse
from pathlib import Path
from typing import Any

from tjepa.cli.reading import reading_of
from tjepa.cli.terminal import CommandError

_FILE_HELP = "CSV and other text, Excel, Parquet, Arrow, JSON, ARFF; or 'part-*.parquet'"


def add_source(command: argparse.ArgumentParser, count: Any, seconds: Any) -> None:
    """FILE, or --query with --from; `count` and `seconds` parse the limits."""
    command.add_argument("file", metavar="FILE", type=Path, nargs="?", help=_FILE_HELP)
    group = command.add_argument_group("a query instead of a file", "It only ever reads.")
    group.add_argument("--query", metavar="SQL", help="one SELECT; its result is the table")
    group.add_argument(
        "--from",
        metavar="DATABASE",
        dest="database",
        help="a SQLite or DuckDB file, postgresql://USER@HOST/DATABASE (the password is best left "
        "to PGPASSWORD or ~/.pgpass), or another URL of SQLAlchemy: mysql+pymysql://…",
    )
    group.add_argument(
        "--limit-rows", metavar="N", type=count, help="cut a longer result (default: 1000000)"
    )
    group.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, help="stop a slower query (default: 300)"
    )


def queried(arguments: argparse.Namespace) -> bool:
    """Whether the table is the result of a query; CommandError unless it is that or a file."""
    limits = (arguments.limit_rows, arguments.timeout)
    if arguments.query is None and arguments.database is None:
        if arguments.file is None:
            raise CommandError("Name a FILE, or give --query and --from.")
        if any(limit is not None for limit in limits):
            raise CommandError("--limit-rows and --timeout are for --query.")
        return False
    if arguments.query is None or arguments.database is None:
        raise CommandError("--query needs --from, which names the database, and --from a --query.")
    if arguments.file is not None:
        raise CommandError("Give either a FILE or --query, not both.")
    if arguments.sheet is not None or reading_of(arguments).told:
        raise CommandError("How a file is read does not apply to --query: leave that out.")
    return True


def limits_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The limits that were given, by their names in `read_query`."""
    given = {"limit_rows": arguments.limit_rows, "timeout_seconds": arguments.timeout}
    return {name: value for name, value in given.items() if value is not None}
