"""`tjepa inspect` and `pretrain` on the result of a query."""

import json
import sqlite3
from pathlib import Path

import pytest

from tjepa.cli import main
from tjepa.runs import Store

QUERY = "SELECT size, town, sold FROM house ORDER BY rowid"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TJEPA_HOME", str(tmp_path / "home"))
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE house (size REAL, town TEXT, sold TEXT)")
    rows = [
        (i * 7 % 50 + 0.5, "Bonn" if i % 3 else "Aix", "yes" if i % 2 else "no") for i in range(200)
    ]
    connection.executemany("INSERT INTO house VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return str(path)


def test_inspect_says_how_a_result_is_understood(
    shop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["inspect", "--query", QUERY, "--from", shop, "--target", "sold"]
    assert main([*command, "--limit-rows", "150"]) == 0
    shown = capsys.readouterr().out
    assert "shop.db: 150 rows, 3 columns" in shown
    assert "Cut after 150 rows" in shown
    assert "Read as" not in shown
    assert main([*command, "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["rows"] == 200
    assert described["target"] == "sold"


def test_pretrain_trains_on_a_result(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["pretrain", "--query", QUERY, "--from", f"sqlite:///{shop}", "--target", "sold"]
    assert main([*command, "--preset", "quick", "--epochs", "1"]) == 0
    run = Store().run(capsys.readouterr().out.strip())
    assert run.state == "finished"
    assert run.table_name == "shop.db"
    assert run.rows["total"] == 200


@pytest.mark.parametrize("command", ["inspect", "pretrain"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name a FILE"),
        (["--query", QUERY], "--query needs --from"),
        (["--from", "{shop}"], "--query needs --from"),
        (["{shop}", "--query", QUERY, "--from", "{shop}"], "not both"),
        (["{shop}", "--timeout", "3"], "are for --query"),
        (["--query", QUERY, "--from", "{shop}", "--sheet", "x"], "does not apply"),
        (["--query", QUERY, "--from", "{shop}", "--delimiter", "tab"], "does not apply"),
        (["--query", QUERY, "--from", "{shop}", "--limit-rows", "0"], "no whole number"),
        (["--query", "DROP TABLE house", "--from", "{shop}"], "only reads"),
        (["--query", QUERY, "--from", "mysql://me:hush@host/x"], "needs mysqlclient"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    command: str,
    arguments: list[str],
    said: str,
    shop: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([command, *(argument.format(shop=shop) for argument in arguments)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert printed.err.count("\n") == 1
    assert "hush" not in printed.err
