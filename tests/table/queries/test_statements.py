"""Only a text that every engine reads as one SELECT is sent to an engine that would write."""

import pytest

from tjepa.table.queries.statements import NotReadingError, check_reads


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1, 2",
        "  select a, b from t ; ",
        "(SELECT 1, 2) UNION (SELECT 3, 4)",
        "WITH n AS (SELECT 1 AS a, 2 AS b) SELECT * FROM n",
        "-- what was sold\nSELECT a, b /* the price; DROP TABLE x */ FROM t",
        "SELECT 'DROP TABLE x; --', \"update\", `delete` FROM t",
        "SELECT [update], [order no], list[1], doc['key'] FROM t",
        "SELECT 'it''s', updated, set_size, call_id, \"a\"\"b\" FROM t",
        "SELECT replace(a, 'x', 'y'), 5 - -1, a->'x', b / 2 FROM t WHERE c LIKE '%;%'",
        "SELECT größe, 'Ä' FROM straße",
        "SELECT load, lock, call, vacuum FROM t",
    ],
)
def test_one_select_passes(query: str) -> None:
    check_reads(query)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "-- SELECT 1",
        "DROP TABLE x",
        "EXPLAIN SELECT 1",
        "SELECTED",
        "SELECT 1; DROP TABLE x",
        "SELECT 1;; SELECT 2",
        "WITH gone AS (DELETE FROM x RETURNING *) SELECT * FROM gone",
        "WITH a AS (SELECT 1) INSERT INTO x SELECT * FROM a",
        "WITH a AS (SELECT 1) Update x SET b = 1",
        "WITH a AS (SELECT 1) MERGE x USING a ON 1 = 1",
        "SELECT * INTO y FROM x",
        "SELECT a, b INTO OUTFILE '/tmp/x' FROM t",
        "SELECT * FROM x FOR UPDATE",
        "SELECT s.NEXTVAL, 1 FROM dual",
        "SELECT 1 EXEC xp_cmdshell 'dir'",
        "SELECT 1 DROP TABLE x",
        "SELECT 1 COMMIT",
        "SELECT 1 DBCC SHRINKDATABASE(x)",
        "SELECT * FROM OPENROWSET('x', 'y', 'z')",
        "SELECT 1 WAITFOR DELAY '1:00'",
        # what some engines take for a comment or a string, and others for a statement
        "SELECT 1 /*! ; DROP TABLE x */, 2",
        "SELECT 1 /*M! ; DROP TABLE x */, 2",
        "SELECT 1 /*+ hint */, 2",
        "SELECT '\\' ; DROP TABLE x; -- '",
        'SELECT "\\" ; DROP TABLE x; -- "',
        "SELECT 1--1; DROP TABLE x",
        "SELECT 1 --; DROP TABLE x",
        "SELECT 1 # it's\n; DROP TABLE x -- '",
        "SELECT 1 // it's\n; DROP TABLE x -- '",
        "SELECT $$ ' $$; DROP TABLE x; -- '",
        "SELECT $a$ ' $a$; DROP TABLE x; -- '",
        "SELECT q'[ ' ]'; DROP TABLE x; -- '",
        "SELECT [it's], 1; DROP TABLE x; -- ']",
        "SELECT /* /* */ ' */; DROP TABLE x; -- '",
        "SELECT /* ; DROP TABLE x",
        "SELECT 'open",
        "SELECT 1\x00; DROP TABLE x",
    ],
)
def test_what_writes_or_might_hide_something_that_does_is_refused(query: str) -> None:
    with pytest.raises(NotReadingError) as raised:
        check_reads(query)
    assert "only reads" in str(raised.value)
