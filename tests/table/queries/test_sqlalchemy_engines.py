"""Databases that SQLAlchemy reaches: here SQLite's driver under the name of another dialect."""

import logging
import sqlite3
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import pytest

from tests.table.queries.test_query import ENDLESS, ROWS, make
from tjepa.errors import ReadingError
from tjepa.table import QueryCancelledError, read_query

sqlalchemy = pytest.importorskip("sqlalchemy")

PASSWORD = "hu sh/1%"
WRITTEN = "hu%20sh%2F1%25"


def dialect(**overridden: Any) -> type:
    from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

    def arguments(self: Any, url: Any) -> tuple[list[str], dict[str, Any]]:
        return [url.database], {}

    return type(
        "Bazaar",
        (SQLiteDialect_pysqlite,),
        {
            "name": "bazaar",
            "supports_statement_cache": False,
            "create_connect_args": arguments,
            **overridden,
        },
    )


@pytest.fixture(autouse=True)
def bazaar(monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.dialects import registry

    monkeypatch.setitem(registry.impls, "bazaar", dialect)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make("sqlite", tmp_path_factory.mktemp("databases") / "shop.db")


@pytest.fixture
def url(path: Path) -> str:
    return f"bazaar://me:{WRITTEN}@host/{path}"


def refusal(source: str, query: str, **limits: Any) -> str:
    with pytest.raises(ReadingError) as raised:
        read_query(source, query, **limits)
    told = "".join(traceback.format_exception(raised.value))
    assert PASSWORD not in told
    assert WRITTEN not in told
    return str(raised.value)


def test_the_result_is_a_table_with_typed_cells(url: str) -> None:
    raw = read_query(url, "SELECT * FROM sale WHERE town LIKE '%' OR 1 = 1 ORDER BY number;")
    assert raw.name == "shop.db at host"
    assert list(raw.frame.dtypes.astype(str)[:3]) == ["int64", "str", "float64"]
    assert list(raw.frame["number"]) == list(range(ROWS))
    assert raw.frame["town"].isna().sum() == ROWS / 3


def test_it_is_the_same_table_as_by_the_other_way(url: str, path: Path) -> None:
    query = "SELECT number, town FROM sale ORDER BY number"
    assert read_query(url, query).content_id == read_query(path, query).content_id


@pytest.mark.parametrize("limit", [1, 4_999, 5_000, 5_001, ROWS - 1])
def test_a_longer_result_is_cut_and_says_so_by_number(url: str, limit: int) -> None:
    raw = read_query(url, "SELECT number, town FROM sale ORDER BY number", limit_rows=limit)
    assert list(raw.frame["number"]) == list(range(limit))
    assert any(f"Cut after {limit:,} rows" in note for note in raw.notes)


def test_a_result_as_long_as_the_limit_is_not_cut(url: str) -> None:
    raw = read_query(url, "SELECT number, town FROM sale", limit_rows=ROWS)
    assert len(raw.frame) == ROWS
    assert not any("Cut" in note for note in raw.notes)


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM sale",
        "WITH n AS (SELECT 1) DELETE FROM sale",
        "SELECT 1, 2; DROP TABLE sale",
        "ATTACH '/tmp/tjepa-must-not-be' AS other",
        "PRAGMA user_version = 7",
    ],
)
def test_what_is_not_one_select_is_refused(query: str, url: str, path: Path) -> None:
    before = path.read_bytes()
    assert "it only reads" in refusal(url, query)
    assert path.read_bytes() == before


def test_what_a_function_writes_is_rolled_back(
    url: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.dialects import registry

    def connect(self: Any, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = sqlite3.connect(*arguments, **options)
        gone = lambda: connection.execute("DELETE FROM sale").rowcount  # noqa: E731
        connection.create_function("erase", 0, gone)
        return connection

    monkeypatch.setitem(registry.impls, "bazaar", lambda: dialect(connect=connect))
    assert read_query(url, "SELECT erase() AS n, 1").frame["n"][0] == ROWS
    assert read_query(path, "SELECT count(*) AS n, 1 FROM sale").frame["n"][0] == ROWS


def test_an_endless_query_is_stopped(url: str) -> None:
    assert "longer than 0.5 seconds" in refusal(url, ENDLESS["sqlite"], timeout_seconds=0.5)
    assert not _threads()


def test_a_query_that_is_cancelled_is_stopped(url: str) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(QueryCancelledError, match="was cancelled"):
        read_query(url, ENDLESS["sqlite"], cancelled=stop.is_set)
    assert not _threads()


def test_a_driver_that_never_answers_is_not_waited_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.dialects import registry

    answer = threading.Event()
    monkeypatch.setattr("tjepa.table.queries.sqlalchemy_engines._PATIENCE", 0.1)
    silent = dialect(connect=lambda *_, **__: answer.wait(60))
    monkeypatch.setitem(registry.impls, "bazaar", lambda: silent)
    assert "longer than 0.3 seconds" in refusal(url, "SELECT 1, 2", timeout_seconds=0.3)
    answer.set()


def test_a_driver_that_tells_the_password_is_not_repeated(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from sqlalchemy.dialects import registry

    def connect(self: Any, *arguments: Any, **options: Any) -> None:
        raise sqlite3.OperationalError(f"cannot log in to {url} with '{PASSWORD}'")

    monkeypatch.setitem(registry.impls, "bazaar", lambda: dialect(connect=connect))
    with caplog.at_level(logging.DEBUG):
        assert "cannot log in to bazaar://me:…@host" in refusal(url, "SELECT 1, 2")
    assert "a query of shop.db at host failed" in caplog.text
    assert PASSWORD not in caplog.text
    assert WRITTEN not in caplog.text


def test_the_password_is_in_no_note_and_no_content_id(url: str) -> None:
    raw = read_query(url, f"SELECT '{PASSWORD}' AS a, number FROM sale")
    assert PASSWORD not in "".join(raw.notes)
    other = read_query(url.replace(WRITTEN, "x"), f"SELECT '{PASSWORD}' AS a, number FROM sale")
    assert raw.content_id == other.content_id


def test_a_secret_among_the_options_is_none_less(path: Path, monkeypatch: Any) -> None:
    source = f"bazaar://host/{path}?odbc_connect=DSN%3Dx%3BPWD%3Dopensesame&private_key=k3y"
    raw = read_query(source, "SELECT 'opensesame' AS a, 'k3y' AS b")
    assert raw.name == "shop.db at host"
    assert not any("opensesame" in note or "k3y" in note for note in raw.notes)


def test_where_only_what_is_enforced_will_do_others_are_refused(url: str, path: Path) -> None:
    said = refusal(url, "SELECT 1, 2", name="Shop", enforced_only=True)
    assert said.startswith("Shop is not asked from here: only PostgreSQL, SQLite and DuckDB")
    assert len(read_query(path, "SELECT 1, 2", enforced_only=True).frame) == 1


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("mysql+nosuch://me:hu%20sh%2F1%25@host/d", "SQLAlchemy does not know"),
        ("mysql://me:hu%20sh%2F1%25@host/d", "needs mysqlclient, which is not installed"),
        ("oracle+oracledb://me:hu%20sh%2F1%25@host/d", "pip install oracledb"),
        ("mssql+pyodbc://me:hu%20sh%2F1%25@host/d", "pip install pyodbc"),
        ("snowflake://me:hu%20sh%2F1%25@account/d", "pip install snowflake-sqlalchemy"),
        ("bazaar://me:x@hu sh/1%@host/d", "is not written as it should be"),
        ("bazaar://host:hu sh/1%/d", "is not written as it should be"),
        ("bazaar://me:hu%20sh%2F1%25@host/d?autocommit=true", "Leave that out"),
    ],
)
def test_what_cannot_be_reached_is_said_without_the_password(source: str, said: str) -> None:
    assert said in refusal(source, "SELECT 1, 2")


def test_without_sqlalchemy_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sqlalchemy.engine", None)
    assert "pip install 'tjepa[sql]'" in refusal("bazaar://h/d", "SELECT 1, 2")


def _threads() -> list[str]:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        found = [thread.name for thread in threading.enumerate() if thread.name == "query"]
        if not found:
            break
        time.sleep(0.05)
    return found
