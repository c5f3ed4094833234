"""Queries of a real PostgreSQL server, which the test starts where it is installed."""

import contextlib
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from tests.postgresql import PASSWORD, WRITTEN, server
from tjepa.errors import ReadingError
from tjepa.table import QueryCancelledError, read_query

SETUP = """
    CREATE TABLE sale (number bigint, town text, price numeric(10, 2));
    INSERT INTO sale SELECT i, CASE WHEN i % 3 > 0 THEN 'Ålesund' END, i / 4.0
    FROM generate_series(0, 11999) i;
    CREATE TABLE salary (name text, amount int);
    INSERT INTO salary VALUES ('x', 1);
    CREATE TYPE level AS ENUM ('low', 'high');
    CREATE SEQUENCE counter;
    CREATE ROLE clerk LOGIN PASSWORD 'clerk-secret';
    GRANT SELECT ON sale TO clerk;
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as found:
        import psycopg

        with psycopg.connect(
            f"postgresql://owner:{WRITTEN}@{found}/postgres", autocommit=True
        ) as owner:
            owner.execute(SETUP)
        yield found


@pytest.fixture
def url(address: str) -> str:
    return f"postgresql+psycopg://owner:{WRITTEN}@{address}/postgres"


def refusal(source: str, query: str, **limits: float) -> str:
    with pytest.raises(ReadingError) as raised:
        read_query(source, query, **limits)
    said = str(raised.value)
    assert PASSWORD not in said
    assert WRITTEN not in said
    assert "\n" not in said
    return said


def test_the_result_is_a_table_with_typed_cells(url: str) -> None:
    raw = read_query(url, "SELECT * FROM sale ORDER BY number; ")
    assert raw.name == "postgres at 127.0.0.1"
    assert list(raw.frame.dtypes.astype(str)) == ["int64", "str", "float64"]
    assert list(raw.frame["number"]) == list(range(12_000))
    assert raw.frame["town"].isna().sum() == 4_000
    np.testing.assert_allclose(raw.frame["price"], np.round(np.arange(12_000) / 4, 2))
    assert PASSWORD not in repr(raw)
    assert "owner" not in repr(raw)


def test_special_cells_become_the_types_of_a_table(url: str) -> None:
    raw = read_query(
        url,
        "SELECT true AS sold, '6f1c1e0e-0d3e-4a52-9d3b-0c8a8a5d2a11'::uuid AS key, "
        "date '2024-02-29' AS day, timestamptz '2024-01-01 00:00+02' AS moment, "
        "'{\"b\": [1], \"a\": null}'::json AS doc, array[1, 2] AS list, '\\xff'::bytea AS bytes, "
        "interval '90 seconds' AS span, 'NaN'::numeric AS nan, 'Infinity'::float8 AS endless, "
        '\'10.0.0.1\'::inet AS net, NULL AS nothing, 50 % 7 AS "rest %s", 1 AS "rest %s"',
    )
    row = raw.frame.iloc[0]
    assert (row["sold"], row["key"]) == ("true", "6f1c1e0e-0d3e-4a52-9d3b-0c8a8a5d2a11")
    assert str(row["day"]) == "2024-02-29 00:00:00"
    assert str(row["moment"]) == "2023-12-31 22:00:00"
    assert row["doc"] == '{"b": [1], "a": null}'
    assert (row["list"], row["bytes"], row["span"]) == ("[1, 2]", "ff", 90.0)
    assert np.isnan([row["nan"], row["endless"], row["nothing"]]).all()
    assert row["net"] == "10.0.0.1"
    assert (row["rest %s"], row["rest %s (2)"]) == (1, 1)


def test_unusual_cells_come_back_typed_or_with_a_note(url: str) -> None:
    raw = read_query(
        url,
        "SELECT 12345678901234567890::numeric AS huge, 1.0::numeric AS whole, "
        "'NaN'::numeric AS nan, 'NaN'::float8 AS fnan, 'infinity'::date AS never, "
        "'-infinity'::timestamptz AS ever, "
        "date '0044-03-15 BC' AS ides, timestamp '20000-01-01' AS far, "
        "interval '1 year 1 month 2 seconds' AS span, timetz '12:34+02' AS hour, "
        "int4range(1, 5) AS span2, 'high'::level AS level, b'101' AS bits, "
        "array['2020-01-01'::date] AS days",
    )
    row = raw.frame.iloc[0]
    assert row["huge"] == "12345678901234567890"
    assert (row["whole"], raw.frame["whole"].dtype) == (1, "int64")
    assert raw.frame[["nan", "fnan", "never", "ever"]].isna().all(axis=None)
    assert (row["ides"], row["far"]) == ("0044-03-15 BC", "20000-01-01 00:00:00")
    assert row["span"] == (365 + 30) * 86_400 + 2
    assert (row["hour"], row["span2"], row["level"]) == ("12:34:00+02", "[1, 5)", "high")
    assert (row["bits"], row["days"]) == ("101", '["2020-01-01"]')
    notes = " ".join(raw.notes)
    for said in (
        "rounded: huge.",
        "was read as missing: 2 cells (nan and fnan).",
        "Infinite dates were read as missing: 2 cells (never and ever).",
        "kept as text, as written there: ides and far.",
        "In durations a month counts as 30 days and a year as 365: span.",
        "became text: span2.",
        "became text: days.",
    ):
        assert said in notes


def test_dates_out_of_reach_do_not_change_those_beside_them(url: str) -> None:
    raw = read_query(
        url,
        "SELECT * FROM (VALUES (date '2020-01-01', 1), ('infinity', 2), ('0044-03-15 BC', 3)) "
        "AS v (day, n) ORDER BY n",
    )
    assert list(raw.frame["day"].dropna()) == ["2020-01-01", "0044-03-15 BC"]
    assert any("The first text is '0044-03-15 BC' in row 2" in note for note in raw.notes)


def test_a_query_that_is_cancelled_is_stopped_and_says_so(url: str) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(QueryCancelledError, match="the query was cancelled"):
        read_query(url, "SELECT pg_sleep(600), 1", cancelled=stop.is_set)


def test_a_cell_of_many_megabytes_is_refused_and_its_row_named(url: str) -> None:
    query = (
        "SELECT i, repeat('x', CASE i WHEN 7 THEN 17000000 ELSE 1 END) FROM generate_series(0, 9) i"
    )
    assert "in row 7 counted from 0" in refusal(url, query)


def test_a_superuser_is_refused_unless_that_does_not_matter(url: str, address: str) -> None:
    query = "SELECT * FROM sale"
    assert "not asked from here as a superuser" in refusal(url, query, superuser=False)
    assert len(read_query(url, query, enforced_only=True).frame) == 12_000
    clerk = f"postgresql://clerk:clerk-secret@{address}/postgres"
    assert len(read_query(clerk, query, enforced_only=True, superuser=False).frame) == 12_000


def test_a_longer_result_is_cut_on_the_server(url: str) -> None:
    raw = read_query(url, "SELECT generate_series(1, 1000000000000) AS i, 2", limit_rows=6_000)
    assert len(raw.frame) == 6_000
    assert any("Cut after 6,000 rows" in note for note in raw.notes)


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO sale VALUES (1)",
        "DROP TABLE sale",
        "WITH gone AS (DELETE FROM sale RETURNING *) SELECT * FROM gone",
        "SELECT nextval('counter'), 1",
        "SELECT 1, 2; DROP TABLE sale",
        "SELECT 1, 2; COMMIT; DROP TABLE sale; SELECT 1, 2",
        "SELECT set_config('transaction_read_only', 'off', false), 1",
        "SET transaction_read_only = off",
        "COMMIT",
        "COPY sale TO '/tmp/tjepa-must-not-be'",
        "COPY sale TO PROGRAM 'cat'",
        "DO $$ BEGIN DELETE FROM sale; END $$",
        "SELECT * FROM sale FOR UPDATE",
        "SELECT query_to_xml('DELETE FROM sale', true, true, ''), 1",
        "SELECT 1, 2 /* */; -- \n DROP TABLE sale",
        "SELECT * INTO other FROM sale",
        "SELECT FROM sale",
    ],
)
def test_what_is_not_one_select_is_refused_and_changes_nothing(query: str, url: str) -> None:
    assert refusal(url, query).startswith("postgres at 127.0.0.1: ")
    state = read_query(
        url,
        "SELECT (SELECT count(*) FROM sale) AS rows, (SELECT last_value FROM counter) AS last, "
        "(SELECT count(*) FROM pg_class WHERE relname = 'other') AS others, "
        "(SELECT count(*) FROM pg_largeobject_metadata) AS large",
    )
    assert list(state.frame.iloc[0]) == [12_000, 1, 0, 0]


def test_what_an_older_server_lets_a_reader_do_is_rolled_back(url: str) -> None:
    with contextlib.suppress(ReadingError):  # PostgreSQL 16 refuses it
        read_query(url, "SELECT lo_from_bytea(0, 'x'), 1")
    count = "SELECT (SELECT count(*) FROM pg_largeobject_metadata) AS large, 1 AS one"
    assert read_query(url, count).frame["large"][0] == 0


@pytest.mark.parametrize(
    "query",
    [
        "SELECT pg_sleep(600), 1",
        "SELECT set_config('statement_timeout', '0', true), pg_sleep(0.01) "
        "FROM generate_series(1, 100000)",
        "SELECT count(*), 1 FROM generate_series(1, 1000000000000)",
    ],
)
def test_an_endless_query_is_stopped(query: str, url: str) -> None:
    assert "longer than 1 seconds" in refusal(url, query, timeout_seconds=1)


def test_what_is_wrong_is_said_in_the_words_of_the_database(url: str, address: str) -> None:
    assert 'relation "nowhere" does not exist' in refusal(url, "SELECT * FROM nowhere")
    assert 'syntax error at or near "SELEC"' in refusal(url, "SELEC 1")
    clerk = f"postgresql://clerk:clerk-secret@{address}/postgres"
    assert len(read_query(clerk, "SELECT * FROM sale").frame) == 12_000
    assert "permission denied for table salary" in refusal(clerk, "SELECT * FROM salary")


def test_who_cannot_connect_is_told_why(url: str, address: str) -> None:
    host, port = address.split(":")
    wrong = refusal(f"postgresql://owner:other@{address}/postgres", "SELECT 1, 2")
    assert "password authentication failed" in wrong
    assert "other" not in wrong
    assert 'database "nowhere" does not exist' in refusal(
        url.replace("/postgres", "/nowhere"), "SELECT 1, 2"
    )
    closed = f"postgresql://owner:{WRITTEN}@{host}:1/postgres"
    assert "postgres at 127.0.0.1: " in refusal(closed, "SELECT 1, 2")
    named = f"postgresql://postgres?host={host}&port={port}&user=owner&password={WRITTEN}"
    assert "database" in refusal(named, "SELECT 1, 2")
