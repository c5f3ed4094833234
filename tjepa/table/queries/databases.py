"""A URL or the path of a database file → what to connect to, and what to call it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from tjepa.errors import ReadingError

_OPTIONS = {"application_name", "host", "password", "port", "user"}
_OPTIONS |= {"sslcert", "sslkey", "sslmode", "sslrootcert"}
_FORM = (
    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with signs like / # ? @ in a password written "
    "as %2F %23 %3F %40"
)
_LONGEST = 200
_SECRET = re.compile("pass|pwd|secret|token|key|credential|auth|connect", re.IGNORECASE)


@dataclass(frozen=True)
class Database:
    """A database to read from. ``label`` is for people and holds neither user nor password."""

    kind: Literal["sqlite", "duckdb", "postgresql", "other"]
    label: str
    path: Path | None = None  # of a file
    login: Mapping[str, str] = field(default_factory=dict, repr=False)  # of PostgreSQL
    url: str = field(default="", repr=False)  # of another
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    superuser: bool = True  # whether the login may be one

    def without_password(self, text: str) -> str:
        """What a database said, in one short line in which the password cannot be read."""
        text = " ".join(text.split())
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "…")
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

    def is_told_by(self, error: BaseException | None) -> bool:
        """Whether the words of an error, or of what led to it, hold the password."""
        while error is not None:
            said = f"{error} {error!r}"
            if any(secret in said for secret in self.secrets):
                return True
            error = error.__cause__ or error.__context__
        return False


def database(source: str | Path, name: str | None = None) -> Database:
    """What `source` names, under the label `name` where one is given.

    Raises
    ------
    ReadingError
        When it is no SQLite or DuckDB file and no URL that is understood. A URL is never repeated
        in the message.
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
    return _other(dialect, source, name)


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
    secrets = _forms_of(login.get("password", ""))
    return Database("postgresql", label, login=login, secrets=secrets)


def _other(dialect: str, source: str, name: str | None) -> Database:
    """A database that SQLAlchemy knows how to reach."""
    try:
        from sqlalchemy.engine import make_url
    except ImportError as error:
        raise ReadingError(
            "Databases other than SQLite and DuckDB files and PostgreSQL are reached through "
            "SQLAlchemy, which is not installed here. Install it with pip install 'tjepa[sql]', "
            "and the database's own driver."
        ) from error
    malformed = ReadingError(
        f"{name or 'The URL of the database'} is not written as it should be: "
        "DIALECT+DRIVER://USER:PASSWORD@HOST:PORT/DATABASE, with signs like / # ? @ in a password "
        "written as %2F %23 %3F %40."
    )
    try:
        url = make_url(source)
        options = {
            key: " ".join([value] if isinstance(value, str) else value)
            for key, value in url.query.items()
        }
    except Exception:  # its words may hold a part of the password
        raise malformed from None
    host, path = url.host or "", url.database or ""
    if any(sign in host + path for sign in "@#") or "?" in host:
        raise malformed
    if any(key.lower() == "autocommit" for key in options):
        raise ReadingError(
            f"{name or 'The URL of the database'} asks for autocommit. Leave that out: everything "
            "is rolled back here."
        )
    secrets = set(_forms_of(str(url.password or "")))
    for key, value in options.items():
        if _SECRET.search(key):
            secrets |= _forms_of(value)
            secrets |= {part for part in re.split("[;=]", value) if len(part) > 3}
    database = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    where = " at ".join(part for part in (database, host) if part)
    label = name or where or dialect
    return Database("other", label, url=source, secrets=frozenset(secrets))


def _forms_of(secret: str) -> frozenset[str]:
    """A secret as it is and as a URL has it."""
    forms = {secret, quote(secret, safe=""), quote_plus(secret)}
    return frozenset(forms - {""})
