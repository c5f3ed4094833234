"""A URL or the path of a database file → what to connect to, and what to call it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from tjepa.errors import ReadingError

_OPTIONS = {"application_name", "host", "password", "port", "user"}
_OPTIONS |= {"sslcert", "sslkey", "sslmode", "sslrootcert"}
_FORM = (
    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with signs like / # ? @ in a password written "
    "as %2F %23 %3F %40"
)
_LONGEST = 200


@dataclass(frozen=True)
class Database:
    """A database to read from. ``label`` is for people and holds neither user nor password."""

    kind: Literal["sqlite", "duckdb", "postgresql"]
    label: str
    path: Path | None = None  # of a file
    login: Mapping[str, str] = field(default_factory=dict, repr=False)  # of a server

    def without_password(self, text: str) -> str:
        """What a database said, in one short line in which the password cannot be read."""
        text = " ".join(text.split())
        if password := self.login.get("password"):
            text = text.replace(password, "…")
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def database(source: str | Path, name: str | None = None) -> Database:
    """What `source` names, under the label `name` where one is given.

    Raises
    ------
    ReadingError
        When it is no SQLite or DuckDB file and no URL of one or of a PostgreSQL database. A URL
        is never repeated in the message.
    """
    if isinstance(source, Path) or "://" not in source:
        return _file(Path(source), name)
    scheme, _, rest = source.partition("://")
    dialect = scheme.lower().partition("+")[0]
    if dialect in ("sqlite", "duckdb"):
        if not rest.startswith("/") or "?" in rest:
            raise ReadingError(
                f"A URL of a database file is {dialect}:///relative/path or "
                f"{dialect}:////absolute/path, without options. The path alone will do as well."
            )
        return _file(Path(rest[1:]), name)
    if dialect in ("postgresql", "postgres"):
        return _server(rest, name)
    raise ReadingError(
        "Only PostgreSQL, SQLite and DuckDB are queried here, because there it is sure that a "
        "query changes nothing. Save what you need of another database as Parquet or CSV."
    )


def _file(path: Path, name: str | None) -> Database:
    label = name or path.name or str(path)
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name is not valid"
        raise ReadingError(
            f"The database {label} cannot be opened ({why}). Check its name and folder."
        ) from error
    if start == b"SQLite format 3\0":
        return Database("sqlite", label, path)
    if start[8:12] == b"DUCK":
        return Database("duckdb", label, path)
    raise ReadingError(
        f"{label} is no SQLite or DuckDB database, so it cannot be queried. "
        "Open a file of another kind as it is, without a query."
    )


def _server(rest: str, name: str | None) -> Database:
    malformed = ReadingError(
        f"{name or 'The URL of the database'} is not written as it should be: {_FORM}."
    )
    try:
        parts = urlsplit(f"postgresql://{rest}")
        given = {
            "host": parts.hostname,
            "port": None if parts.port is None else str(parts.port),
            "user": parts.username and unquote(parts.username),
            "password": parts.password and unquote(parts.password),
            "dbname": unquote(parts.path.removeprefix("/")),
        }
        pairs = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
    except ValueError:  # its words may hold a part of the password
        raise malformed from None
    options = dict(pairs)
    if parts.fragment or "@" in parts.path or not options.keys() <= _OPTIONS:
        raise malformed
    login = {key: value for key, value in {**given, **options}.items() if value}
    where = login.get("host") or "this machine"
    label = name or f"{login.get('dbname') or login.get('user') or 'PostgreSQL'} at {where}"
    return Database("postgresql", label, login=login)
