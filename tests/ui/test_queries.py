"""The databases that the server's secrets name, on the Data page."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, words
from tjepa.ui import queries

Settings = Callable[[Any], None]


@pytest.fixture
def shop(tmp_path: Path) -> str:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sale (number INTEGER, town TEXT)")
        connection.executemany("INSERT INTO sale VALUES (?, ?)", [(i, "Bonn") for i in range(50)])
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Sets the section `tjepa` of the secrets."""
    return lambda found: monkeypatch.setattr(queries, "_settings", lambda: found)


def ask(app: AppTest, query: str) -> AppTest:
    app.text_area(key="query text").set_value(query)
    return next(button for button in app.button if button.label == "Run").click().run()


def labels(app: AppTest) -> list[str]:
    return [part.label for part in app.expander]


@pytest.mark.parametrize(
    "found", [{}, {"connections": {}}, {"connections": 3}, {"connections": {"x": {"uri": "y"}}}]
)
def test_nothing_shows_where_no_connection_is_named(
    found: Any, settings: Settings, open_page: Open
) -> None:
    settings(found)
    app = open_page("data")
    assert "From a database" not in labels(app)
    assert not app.exception
    assert not app.error


def test_a_query_becomes_a_table_and_another_can_follow(
    shop: str, settings: Settings, open_page: Open
) -> None:
    settings({"connections": {"The *shop*": {"url": shop}}})
    app = ask(open_page("data"), "SELECT number, town FROM sale")
    assert not app.exception
    assert "50 rows" in words(app)
    assert "The \\*shop\\*" in words(app)
    first = app.query_params["table"]
    ask(app, "SELECT number, town FROM sale WHERE number < 20")
    assert not app.exception
    assert "20 rows" in words(app)
    assert app.query_params["table"] != first


def test_what_is_wrong_stays_beside_the_query_and_its_text(
    settings: Settings, open_page: Open
) -> None:
    settings({"connections": {"far": {"url": "postgresql://me:hush#hush@host/shop"}}})
    app = ask(open_page("data"), "SELECT nothing")
    for seen in (app, app.run()):
        assert not seen.exception
        assert "far is not written as it should be" in seen.error[0].value
        assert "hush" not in words(seen)
        assert seen.text_area(key="query text").value == "SELECT nothing"


def test_a_database_that_does_not_itself_refuse_to_write_is_not_asked(
    settings: Settings, open_page: Open
) -> None:
    pytest.importorskip("sqlalchemy")
    settings({"connections": {"far": {"url": "mysql+pymysql://me:hush@127.0.0.1:1/shop"}}})
    app = ask(open_page("data"), "SELECT 1, 2")
    assert not app.exception
    assert "far is not asked from here" in app.error[0].value
    assert "hush" not in words(app)


def test_the_limits_of_the_secrets_hold(shop: str, settings: Settings, open_page: Open) -> None:
    settings({"connections": {"s": {"url": shop}}, "query_rows": 7, "query_seconds": "x"})
    app = open_page("data")
    assert "at most 7 rows and 30 seconds" in words(app)
    ask(app, "SELECT number, town FROM sale")
    assert "7 rows" in words(app)
    assert "Cut after 7 rows" in words(app)


def test_the_section_is_read_from_the_secrets_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secrets.toml"
    file.write_text(
        '[tjepa]\nquery_rows = 9\n[tjepa.connections.shop]\nurl = "sqlite:///x.db"\n'
        '[tjepa.connections.mine]\nurl = "sqlite:///y.db"\nsuperuser = true\n'
    )
    usual = st.config.get_option("secrets.files")
    monkeypatch.setattr(st, "secrets", Secrets())
    st.config.set_option("secrets.files", [str(file)])
    try:
        for _ in range(2):
            found = queries._settings()
            assert found["query_rows"] == 9
            assert queries._connections(found) == {
                "shop": queries._Connection("sqlite:///x.db", superuser=False),
                "mine": queries._Connection("sqlite:///y.db", superuser=True),
            }
    finally:
        st.config.set_option("secrets.files", usual)
