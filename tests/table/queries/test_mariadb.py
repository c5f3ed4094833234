"""Queries of a real MariaDB server, which the test starts where it is installed."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from tests.mariadb import server
from tests.postgresql import PASSWORD, WRITTEN
from tjepa.errors import ReadingError
from tjepa.table import QueryCancelledError, read_query


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    with server() as address:
        found = f"mysql+pymysql://owner:{WRITTEN}@{address}/shop"
        with sqlalchemy.create_engine(found).begin() as owner:
            owner.exec_driver_sql(
                "CREATE TABLE sale (number bigint, town varchar(20), price decimal(10, 2))"
            )
            owner.exec_driver_sql(
                "INSERT INTO sale SELECT seq, if(mod(seq, 3), 'Ålesund', NULL), seq / 4 "
                "FROM seq_0_to_11999"
            )
        yield found


def refusal(source: str, query: str, **limits: float) -> str:
    with pytest.raises(ReadingError) as raised:
        read_query(source, query, **limits)
    said = str(raised.value)
    assert PASSWORD not in said
    assert WRITTEN not in said
    return said


def test_the_result_is_a_table_with_typed_cells(url: str) -> None:
    raw = read_query(url, "SELECT * FROM sale WHERE town LIKE '%' OR 1 = 1 ORDER BY number")
    assert raw.name == "shop at 127.0.0.1"
    assert list(raw.frame.dtypes.astype(str)) == ["int64", "str", "float64"]
    assert list(raw.frame["number"]) == list(range(12_000))
    assert raw.frame["town"].isna().sum() == 4_000
    np.testing.assert_allclose(raw.frame["price"], np.round(np.arange(12_000) / 4 + 1e-9, 2))


def test_a_result_without_end_is_cut_without_being_fetched(
    url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    query = "SELECT a.number, b.town FROM sale a, sale b, sale c"
    assert len(read_query(url, query, limit_rows=100).frame) == 100
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "query", ["SELECT sleep(600), 1", "SELECT count(*), 1 FROM sale a, sale b, sale c"]
)
def test_an_endless_query_is_stopped_on_the_server_too(query: str, url: str) -> None:
    assert "longer than 1 seconds" in refusal(url, query, timeout_seconds=1)
    assert _at_work(url) == 0


def test_a_query_that_is_cancelled_is_stopped_on_the_server_too(url: str) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(QueryCancelledError):
        read_query(url, "SELECT sleep(600), 1", cancelled=stop.is_set)
    assert _at_work(url) == 0


@pytest.mark.parametrize("query", ["DELETE FROM sale", "DROP TABLE sale", "SET @a = 1"])
def test_the_server_itself_refuses_to_write(
    query: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "it only reads" in refusal(url, query)
    monkeypatch.setattr("tjepa.table.queries.sqlalchemy_engines.check_reads", lambda _: None)
    refusal(url, query)
    assert read_query(url, "SELECT count(*) AS n, 1 FROM sale").frame["n"][0] == 12_000


def test_what_is_wrong_is_said_in_the_words_of_the_database(url: str) -> None:
    assert "Table 'shop.nowhere' doesn't exist." in refusal(url, "SELECT * FROM nowhere")
    wrong = url.replace(WRITTEN, "hush")
    assert "shop at 127.0.0.1: Access denied" in refusal(wrong, "SELECT 1, 2")


def _at_work(url: str) -> int:
    """Queries of others that the server is still working at."""
    query = (
        "SELECT count(*) AS n, 1 FROM information_schema.processlist "
        "WHERE command = 'Query' AND id <> connection_id()"
    )
    return int(read_query(url, query).frame["n"][0])
