"""Queries of SQLite and DuckDB files: read only, limited in rows and time, typed as files are."""

import hashlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

from tjepa.errors import ReadingError
from tjepa.table import QueryCancelledError, read_query

ROWS = 12_000
SETUP = """
    CREATE TABLE sale (number INTEGER, town TEXT, price DOUBLE, note BLOB);
    INSERT INTO sale
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 11999)
    SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'Bonn' END, i / 4.0, NULL FROM n;
"""
ENDLESS = {
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT count(*), 1 FROM n",
    "duckdb": "SELECT count(*), 1 FROM range(1000000000000) a, range(1000000) b",
}


def make(kind: str, path: Path) -> Path:
    connection = sqlite3.connect(path) if kind == "sqlite" else duckdb.connect(path)
    run = connection.executescript if kind == "sqlite" else connection.execute
    run(SETUP)
    connection.close()
    return path


@pytest.fixture(scope="module", params=["sqlite", "duckdb"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def shop(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(kind, tmp_path_factory.mktemp("databases") / f"shop.{kind}")


def refusal(source: str | Path, query: str, **limits: float) -> str:
    with pytest.raises(ReadingError) as raised:
        read_query(source, query, **limits)
    return str(raised.value)


def test_the_result_is_a_table_with_typed_cells(shop: Path) -> None:
    raw = read_query(shop, "SELECT * FROM sale ORDER BY number")
    assert raw.name == shop.name
    assert raw.frame.shape == (ROWS, 4)
    assert list(raw.frame.dtypes.astype(str)[:3]) == ["int64", "str", "float64"]
    assert list(raw.frame["number"]) == list(range(ROWS))
    assert raw.frame["town"].isna().sum() == ROWS / 3
    np.testing.assert_array_equal(raw.frame["price"], np.arange(ROWS) / 4)
    assert raw.frame["note"].isna().all()
    assert raw.sheets == ()


@pytest.mark.parametrize("form", ["{kind}:///{path}", "{kind}+driver:///{path}", "{path}"])
def test_a_database_is_named_by_path_or_url(form: str, kind: str, shop: Path) -> None:
    source = form.format(kind=kind, path=shop)
    assert len(read_query(source, "SELECT number, town FROM sale").frame) == ROWS


def test_a_longer_result_is_cut_and_says_so_by_number(shop: Path) -> None:
    raw = read_query(shop, "SELECT number, town FROM sale ORDER BY number", limit_rows=5_001)
    assert list(raw.frame["number"]) == list(range(5_001))
    assert any("Cut after 5,001 rows" in note for note in raw.notes)
    whole = read_query(shop, "SELECT number, town FROM sale", limit_rows=ROWS)
    assert len(whole.frame) == ROWS
    assert not any("Cut" in note for note in whole.notes)


def test_the_same_cells_are_the_same_table_and_others_are_not(shop: Path) -> None:
    def content(query: str, **limits: int) -> str:
        return read_query(shop, query, **limits).content_id

    first = content("SELECT number, town FROM sale WHERE number < 10 ORDER BY number")
    assert first == content("SELECT number, town FROM (SELECT * FROM sale ORDER BY 1) LIMIT 10")
    others = [
        "SELECT number, town AS city FROM sale WHERE number < 10 ORDER BY number",
        "SELECT number, town FROM sale WHERE number < 10 ORDER BY number DESC",
        "SELECT number, coalesce(town, '') FROM sale WHERE number < 10 ORDER BY number",
        "SELECT number + 0.5, town FROM sale WHERE number < 10 ORDER BY number",
    ]
    ids = [content(query) for query in others]
    ids.append(content("SELECT number, town FROM sale ORDER BY number", limit_rows=10))
    assert len({first, *ids}) == 6


def test_repeated_names_are_numbered_and_empty_ones_named_by_place(tmp_path: Path) -> None:
    path = make("sqlite", tmp_path / "n.db")
    raw = read_query(path, "SELECT number, number, town AS '' FROM sale")
    assert list(raw.frame.columns) == ["number", "number (2)", "column 3"]
    assert any("number (2)" in note for note in raw.notes)


def test_repeated_names_of_duckdb_are_numbered(tmp_path: Path) -> None:
    path = make("duckdb", tmp_path / "n.db")
    raw = read_query(path, "SELECT number, number FROM sale")
    assert list(raw.frame.columns) == ["number", "number (2)"]


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO sale (number) VALUES (1)",
        "DELETE FROM sale",
        "DROP TABLE sale",
        "UPDATE sale SET price = 0",
        "CREATE TABLE other (a INTEGER)",
        "CREATE TEMP TABLE other AS SELECT 1",
        "INSERT INTO sale (number) VALUES (1) RETURNING number, price",
        "ATTACH '{folder}/other.db' AS other",
        "VACUUM",
        "VACUUM INTO '{folder}/other.db'",
        "COPY sale TO '{folder}/other.csv'",
        "EXPORT DATABASE '{folder}/other'",
        "PRAGMA user_version = 7",
        "PRAGMA database_list",
        "SET memory_limit = '9GB'",
        "INSTALL httpfs",
        "BEGIN",
        "SELECT 1, 2; DROP TABLE sale",
        "SELECT 1, 2; SELECT 3, 4",
        "-- nothing",
        "SELECT 1, 2 FROM nowhere",
        "SELEC 1, 2",
        "SELECT * FROM read_text('{folder}/secret.txt')",
        "SELECT load_extension('x'), 1",
        "SELECT * FROM read_csv('{folder}/secret.txt')",
        "SELECT * FROM '{folder}/secret.txt'",
        "SELECT * FROM glob('{folder}/*'), sale",
        "SELECT * FROM query('DROP TABLE sale'), sale",
        "SELECT * FROM sqlite_scan('{folder}/shop.db', 'sale')",
        "SELECT readfile('{folder}/secret.txt'), 1",
        "SELECT writefile('{folder}/other', 'x'), 1",
        "SELECT * FROM pragma_user_version(7), sale",
        "LOAD httpfs",
        "CALL enable_logging()",
        "WITH n AS (INSERT INTO sale (number) VALUES (1) RETURNING *) SELECT * FROM n",
        "SELECT 1, 2 /* */; -- \n DROP TABLE sale",
        "SELECT {wide}",
    ],
)
def test_what_is_not_one_select_is_refused_and_changes_nothing(
    query: str, kind: str, tmp_path: Path
) -> None:
    path = make(kind, tmp_path / "shop.db")
    (tmp_path / "secret.txt").write_text("hidden")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    wide = ", ".join(f"{i} AS c{i}" for i in range(2_001))
    said = refusal(path, query.format(folder=tmp_path, wide=wide))
    assert "shop.db" in said
    assert "hidden" not in said
    assert len(said) < 400
    assert "\n" not in said
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert {file.name for file in tmp_path.iterdir()} == {"shop.db", "secret.txt"}


def test_an_endless_query_is_stopped(kind: str, shop: Path) -> None:
    said = refusal(shop, ENDLESS[kind], timeout_seconds=0.5)
    assert "longer than 0.5 seconds" in said


def test_a_query_that_is_cancelled_is_stopped_and_says_so(kind: str, shop: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(QueryCancelledError, match="the query was cancelled"):
        read_query(shop, ENDLESS[kind], timeout_seconds=120, cancelled=stop.is_set)


def test_an_endless_result_is_cut_without_being_fetched(kind: str, shop: Path) -> None:
    source = {
        "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i, i FROM n",
        "duckdb": "SELECT range, range FROM range(1000000000000)",
    }
    assert len(read_query(shop, source[kind], limit_rows=7).frame) == 7


def test_huge_cells_are_refused_before_they_fill_the_memory(
    kind: str, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tjepa.table.queries.query.MAX_RESULT_BYTES", 50_000_000)
    filler: dict[str, Callable[[int], str]] = {
        "sqlite": lambda n: f"hex(zeroblob({n} / 2))",
        "duckdb": lambda n: f"repeat('x', {n})",
    }
    query = f"SELECT number, {filler[kind](50_000)} FROM sale"
    assert "result is larger than" in refusal(shop, query)


def test_a_cell_of_many_megabytes_is_refused_and_its_row_named(kind: str, shop: Path) -> None:
    filler = {"sqlite": "hex(zeroblob({0} / 2))", "duckdb": "repeat('x', {0})"}[kind]
    long = filler.format("CASE number WHEN 6000 THEN 17000000 ELSE 2 END")
    said = refusal(shop, f"SELECT number, {long} FROM sale ORDER BY number")
    expected = {"sqlite": "string or blob too big", "duckdb": "in row 6,000 counted from 0"}
    assert expected[kind] in said


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT number FROM sale", "only one column"),
        ("SELECT number, town FROM sale WHERE number < 0", "found no rows"),
        (" \n", "no query"),
    ],
)
def test_a_result_that_is_no_table_is_refused(query: str, said: str, shop: Path) -> None:
    assert said in refusal(shop, query)


def test_cells_of_sqlite_keep_what_they_are(tmp_path: Path) -> None:
    path = make("sqlite", tmp_path / "c.db")
    raw = read_query(
        path,
        "SELECT number, CASE number % 2 WHEN 0 THEN number ELSE 'odd' END AS mixed, "
        "CASE WHEN number < 9000 THEN number ELSE 'late' END AS late, "
        "CASE number % 2 WHEN 0 THEN x'ff00' END AS bytes, CAST(x'61ff' AS TEXT) AS broken, "
        "9007199254740993 AS large FROM sale ORDER BY number",
    )
    assert list(raw.frame["mixed"][:3]) == ["0", "odd", "2"]
    assert list(raw.frame["late"][[1, 9_000]]) == ["1", "late"]
    assert raw.frame["bytes"][0] == "ff00"
    assert raw.frame["bytes"].isna()[1]
    assert raw.frame["broken"][0] == "a\ufffd"
    assert raw.frame["large"][0] == "9007199254740993"
    assert any("2^53" in note for note in raw.notes)


@pytest.mark.parametrize("odd", [0, 17, 5_000, 11_999])
def test_a_column_of_numbers_and_text_is_text_and_the_first_odd_cell_is_named(
    odd: int, tmp_path: Path
) -> None:
    path = make("sqlite", tmp_path / "m.db")
    query = (
        f"SELECT CASE number WHEN {odd} THEN 'late' ELSE number END AS mixed, "
        "CASE number % 2 WHEN 0 THEN number ELSE number * 1.0 END AS numbers FROM sale "
        "ORDER BY number"
    )
    raw = read_query(path, query)
    row, one, many, cell = (odd, "text", "numbers and text", "'late'")
    if odd == 0:
        row, one, many, cell = (1, "number", "text and numbers", "'1'")
    assert (
        f"Column 'mixed' holds {many}, so all of it is text. The first {one} is {cell} in row "
        f"{row:,}, counted from 0." in raw.notes
    )
    others = [str(number) for number in range(ROWS) if number != odd]
    assert [cell for cell in raw.frame["mixed"] if cell != "late"] == others
    assert raw.frame["numbers"].dtype == "float64"
    assert not any("'numbers'" in note for note in raw.notes)


def test_what_is_beyond_the_limit_changes_nothing_of_what_is_kept(tmp_path: Path) -> None:
    path = make("sqlite", tmp_path / "m.db")
    query = (
        "SELECT CASE number WHEN 17 THEN 'late' ELSE number END AS mixed, 1 FROM sale "
        "ORDER BY number"
    )
    raw = read_query(path, query, limit_rows=17)
    assert raw.frame["mixed"].dtype == "int64"
    assert not any("holds" in note for note in raw.notes)


def test_one_number_is_written_in_one_way_in_a_column_that_becomes_text(tmp_path: Path) -> None:
    path = make("sqlite", tmp_path / "m.db")
    query = (
        "SELECT CASE number WHEN 0 THEN 2.5 WHEN 11999 THEN 'x' ELSE number % 3 END AS mixed, 1 "
        "FROM sale ORDER BY number"
    )
    assert set(read_query(path, query).frame["mixed"]) == {"0", "1", "2", "2.5", "x"}


def test_unusual_cells_of_duckdb_come_back_typed_or_with_a_note(tmp_path: Path) -> None:
    raw = read_query(
        make("duckdb", tmp_path / "c.db"),
        "SELECT 12345678901234567890123::HUGEINT AS huge, 5::HUGEINT AS five, "
        "'nan'::DOUBLE AS nan, 'inf'::DOUBLE AS inf, 'infinity'::DATE AS never, "
        "'-infinity'::TIMESTAMPTZ AS ever, "
        "INTERVAL '1 year 1 month 2 seconds' AS span, '12:34:00+02'::TIMETZ AS hour, "
        "'101'::BIT AS bits, 123456789012345678901234567890123456789012::BIGNUM AS endless, "
        "'low'::ENUM('low', 'high') AS level, 18446744073709551615::UBIGINT AS unsigned, "
        "'{\"a\": 1}'::JSON AS doc",
    )
    row = raw.frame.iloc[0]
    assert row["huge"] == "12345678901234567890123"
    assert (row["five"], raw.frame["five"].dtype) == (5, "int64")
    assert raw.frame[["nan", "inf", "never", "ever"]].isna().all(axis=None)
    assert row["span"] == (365 + 30) * 86_400 + 2
    assert (row["hour"], row["bits"]) == ("12:34:00+02", "101")
    assert row["endless"] == "123456789012345678901234567890123456789012"
    assert (row["level"], row["unsigned"]) == ("low", "18446744073709551615")
    assert row["doc"] == '{"a": 1}'
    notes = " ".join(raw.notes)
    for said in (
        "rounded: huge.",
        "NaN, which is not a number, was read as missing: 1 cell (nan).",
        "Infinite dates were read as missing: 2 cells (never and ever).",
        "In durations a month counts as 30 days and a year as 365: span.",
        "became text: hour, bits and endless.",
        "read as missing: 1 cell (inf).",
    ):
        assert said in notes


def test_cells_of_duckdb_become_the_types_of_a_table(tmp_path: Path) -> None:
    path = make("duckdb", tmp_path / "c.db")
    raw = read_query(
        path,
        "SELECT 1.25::DECIMAL(5, 2) AS price, true AS sold, "
        "'6f1c1e0e-0d3e-4a52-9d3b-0c8a8a5d2a11'::UUID AS key, DATE '2024-02-29' AS day, "
        "TIMESTAMPTZ '2024-01-01 00:00:00+02' AS moment, [1, 2] AS list, {'a': 1} AS nested, "
        "'\\xFF'::BLOB AS bytes, INTERVAL 1 DAY AS span, NULL AS nothing",
    )
    row = raw.frame.iloc[0]
    assert row["price"] == 1.25
    assert row["sold"] == "true"
    assert row["key"] == "6f1c1e0e-0d3e-4a52-9d3b-0c8a8a5d2a11"
    assert str(row["day"]) == "2024-02-29 00:00:00"
    assert str(row["moment"]) == "2023-12-31 22:00:00"
    assert (row["list"], row["nested"], row["bytes"]) == ("[1, 2]", '{"a": 1}', "ff")
    assert row["span"] == 86_400.0
    assert np.isnan(row["nothing"])


def test_variables_of_this_program_are_no_tables(tmp_path: Path) -> None:
    assert "does not exist" in refusal(
        make("duckdb", tmp_path / "v.db"), "SELECT * FROM connection"
    )


def test_a_database_that_is_locked_by_another_is_said(tmp_path: Path) -> None:
    path = make("sqlite", tmp_path / "l.db")
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    assert "l.db: database is locked" in refusal(path, "SELECT * FROM sale", timeout_seconds=60)
    other.close()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("no/such/file.db", "cannot be opened"),
        (__file__, "no SQLite or DuckDB database"),
        ("sqlite://shop.db", "sqlite:///relative/path"),
        ("sqlite:///shop.db?mode=rwc", "without options"),
        ("mysql://me:hush@host/shop", "needs mysqlclient, which is not installed"),
        ("hush://", "SQLAlchemy does not know"),
        ("postgresql://me:hu/sh@host/shop", "not written as it should be"),
        ("postgresql://me:hu#sh@host/shop", "not written as it should be"),
        ("postgresql://me:12#hush@host/shop", "not written as it should be"),
        ("postgresql://me:12?hush@host/shop", "not written as it should be"),
        ("postgresql://host/shop?options=-chush", "not written as it should be"),
    ],
)
def test_what_names_no_database_is_said_without_the_password(source: str, said: str) -> None:
    message = refusal(source, "SELECT 1, 2")
    assert said in message
    assert "hush" not in message


def test_without_psycopg_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    assert "pip install 'tjepa[sql]'" in refusal("postgresql://h/d", "SELECT 1, 2")
