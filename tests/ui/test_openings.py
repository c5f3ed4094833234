"""Opening a table that takes a while: followed, cancelled, found again after a reload."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, flowers, settle, words
from tjepa.errors import ReadingError
from tjepa.progress import Progress, Work
from tjepa.table.reading.limits import Bounds
from tjepa.ui import openings, process, queries, uploads
from tjepa.workbench import Workbench

Gate = threading.Event


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Files are read when the gate is opened; the page waits for none of them."""
    opened, real = threading.Event(), Workbench.opening_table

    def slow(self: Workbench, *args: Any, **told: Any) -> Work[str]:
        while not opened.is_set():
            yield Progress("reading <b>text</b>", 0.25)
            time.sleep(0.02)
        return (yield from real(self, *args, **told))

    monkeypatch.setattr(Workbench, "opening_table", slow)
    monkeypatch.setattr(openings, "INLINE_SECONDS", 0.1)
    yield opened
    opened.set()
    for job in process.jobs().snapshots():
        process.jobs().wait(job.key, 60)


def drop(app: AppTest, rows: int, name: str = "f*.csv") -> AppTest:
    content = flowers(rows).to_csv(index=False).encode()
    app.file_uploader(key="upload").upload(name, content)
    return app.run()


def click(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_a_file_that_takes_a_while_is_followed_and_then_opened(open_page: Open, gate: Gate) -> None:
    app = drop(open_page("data"), 31)
    assert "Reading f\\*\\.csv" in words(app)
    assert "table" not in app.query_params
    assert app.query_params["opening"]
    assert not app.error
    gate.set()
    settle(app)
    assert "31 rows" in words(app)
    assert "opening" not in app.query_params
    assert not app.exception
    # The correction still works: the file is known to be this table's.
    header = next(box for box in app.number_input if box.label == "Header in line")
    gate.clear()
    header.set_value(0).run()
    assert "It is being read again" in words(app)
    gate.set()
    settle(app)
    assert "32 rows" in words(app)


def test_the_job_goes_on_and_is_found_again_after_a_reload(open_page: Open, gate: Gate) -> None:
    key = drop(open_page("data"), 32).query_params["opening"]
    app = open_page("data", opening=key)
    assert "Reading f\\*\\.csv" in words(app)
    gate.set()
    settle(app)
    assert "32 rows" in words(app)
    assert app.query_params["table"]


def test_cancel_ends_it_and_says_so_and_it_is_not_begun_again(open_page: Open, gate: Gate) -> None:
    app = click(drop(open_page("data"), 33), "Cancel")
    settle(app)
    for _ in range(2):
        assert [part.value for part in app.info] == ["Reading f\\*\\.csv\\: cancelled\\."]
        assert "opening" not in app.query_params
        assert not app.error
        app.run()
    gate.set()
    settle(click(app, "Read it again"))
    assert "33 rows" in words(app)


def test_another_file_takes_the_place_of_the_one_that_is_read(open_page: Open, gate: Gate) -> None:
    app = drop(open_page("data"), 34, "one.csv")
    key = app.query_params["opening"]
    drop(app, 35, "two.csv")
    assert "Reading two\\.csv" in words(app)
    gate.set()
    settle(app)
    assert "35 rows" in words(app)
    first = process.jobs().wait(f"open {key}", 30)
    assert first is not None
    assert first.state == "cancelled"


def test_a_refusal_after_a_reload_is_said_on_the_page(
    open_page: Open, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: Workbench, *_: Any, **__: Any) -> Work[str]:
        while not gate.is_set():
            yield Progress("reading", 0.5)
            time.sleep(0.02)
        raise ReadingError("f.csv is <i>no</i> table.")

    monkeypatch.setattr(Workbench, "opening_table", refused)
    key = drop(open_page("data"), 36).query_params["opening"]
    app = open_page("data", opening=key)
    gate.set()
    settle(app)
    assert [part.value for part in app.error] == ["f\\.csv is \\<i\\>no\\<\\/i\\> table\\."]
    assert "opening" not in app.query_params


def test_an_address_of_what_nobody_knows_is_said(open_page: Open) -> None:
    app = open_page("data", opening="nothing")
    assert "not known any more" in app.error[0].value
    assert "opening" not in app.query_params
    assert not app.exception


def test_the_editor_of_columns_is_not_beside_a_page_that_polls(
    open_page: Open, table: Any, gate: Gate
) -> None:
    app = drop(open_page("data", table=table.table), 37)
    assert "Reading f\\*\\.csv" in words(app)
    assert "Columns" not in [part.value for part in app.subheader]
    settle(click(app, "Cancel"))
    assert "Columns" in [part.value for part in app.subheader]


def test_the_limits_of_the_server_are_those_of_reading(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "settings", lambda: {"reading_seconds": 7, "reading_gb": "x"})
    assert uploads._bounds() == Bounds(seconds=7)
    monkeypatch.setattr(uploads, "_bounds", lambda: Bounds(seconds=0))
    app = drop(open_page("data"), 38)
    assert "took longer than 0 seconds to read" in app.error[0].value
    assert not app.exception


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[AppTest], AppTest]:
    """Asks a database something that it never finishes."""
    path = tmp_path / "x.db"
    sqlite3.connect(path).execute("CREATE TABLE t (a)").connection.close()
    found = {"connections": {"x": {"url": f"sqlite:///{path}"}}, "query_seconds": 300}
    monkeypatch.setattr(queries, "_settings", lambda: found)
    monkeypatch.setattr(openings, "INLINE_SECONDS", 0.1)

    def asked(app: AppTest) -> AppTest:
        app.text_area(key="query text").set_value(
            "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) "
            "SELECT count(*) AS a, 1 AS b FROM r"
        )
        return click(app, "Run")

    return asked


def test_a_query_is_followed_found_again_and_cancelled(
    open_page: Open, endless: Callable[[AppTest], AppTest]
) -> None:
    app = endless(open_page("data"))
    assert "**Asking x**" in words(app)
    app = open_page("data", opening=app.query_params["opening"])
    assert "**Asking x**" in words(app)
    settle(click(app, "Cancel"), 30)
    assert [part.value for part in app.info] == ["Asking x\\: cancelled\\."]
    assert not app.exception
