"""The commands as a person types them, on a small table with the real workbench."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import tjepa
from tjepa.cli import main
from tjepa.cli.arguments import parser
from tjepa.cli.terminal import LINE_SECONDS, Meter, columns, literal, number
from tjepa.pretraining import PRESETS
from tjepa.progress import Progress
from tjepa.runs import Pace, Store

ROOT = Path(__file__).resolve().parent.parent
ROWS = 120


def table(rows: int = ROWS) -> pd.DataFrame:
    """Mixed columns, of which two say something about `sold`; some cells are missing."""
    random = np.random.default_rng(0)
    size = random.normal(50, 10, rows).round(2)
    town = random.choice(["Aix", "Bonn", "Ålesund"], rows)
    frame = pd.DataFrame(
        {
            "key": [f"k-{i:05d}" for i in range(rows)],
            "size": size,
            "age": random.normal(30, 9, rows).round(2),
            "town": town,
            "sold": np.where(size + 10 * (town == "Bonn") > 52, "yes", "no"),
        }
    )
    frame.loc[::9, "age"] = np.nan
    return frame


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "houses.csv"
    table().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _use_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TJEPA_HOME", str(home))


@pytest.fixture(scope="module")
def run_id(home: Path, file: Path) -> str:
    """A finished run of the table, pre-trained by the command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TJEPA_HOME", str(home))
        out = io.StringIO()
        patch.setattr(sys, "stdout", out)
        command = ["pretrain", str(file), "--target", "sold", "--preset", "quick", "--epochs", "1"]
        assert main(command) == 0
    return out.getvalue().strip()


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TJEPA_HOME", str(tmp_path / "empty"))
    return tmp_path / "empty"


def answer(capsys: pytest.CaptureFixture[str], *command: object) -> str:
    """What a command that works says on standard output."""
    code = main([str(word) for word in command])
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out


def answer_json(capsys: pytest.CaptureFixture[str], *command: object) -> dict[str, Any]:
    text = answer(capsys, *command, "--json")
    value = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert isinstance(value, dict)
    return value


def problem(capsys: pytest.CaptureFixture[str], *command: object) -> str:
    """The one line of a command that refuses."""
    code = main([str(word) for word in command])
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert said.err.startswith("tjepa: ")
    assert said.err.count("\n") == 1
    assert said.err.endswith("\n")
    return said.err


def shell(*command: object, limit: float = 120, **more: Any) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "tjepa.cli", *map(str, command)]
    return subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=limit, check=False, **more
    )


# inspect

CHANGED = '"town", "kind": "categorical", "used": false'


def test_inspect_says_how_the_file_is_understood(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = answer(capsys, "inspect", file)
    assert out.startswith(f"houses.csv: {ROWS} rows, 5 columns\n")
    assert "\n\ncolumn" in out
    assert "Left out: key (" in out


def test_inspect_as_json_has_every_column(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = answer_json(capsys, "inspect", file)
    assert said["rows"] == ROWS
    assert [column["name"] for column in said["columns"]] == list(table().columns)
    kinds = {column["name"]: column["kind"] for column in said["columns"]}
    assert kinds == {
        "key": "id",
        "size": "numeric",
        "age": "numeric",
        "town": "categorical",
        "sold": "categorical",
    }
    age = said["columns"][2]
    assert (age["missing"], age["used"]) == (14, True)
    assert set(age) == {"name", "kind", "used", "missing", "distinct", "note"}
    assert [left["name"] for left in said["left_out"]] == ["key"]
    assert said["left_out"][0]["reason"]
    assert (said["sheet"], said["sheets"]) == (None, [])
    assert isinstance(said["notes"], list)


def test_inspect_suggests_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = [999 if n % 5 == 0 else n % 30 for n in range(ROWS)]
    table().assign(days=days).to_csv(tmp_path / "d.csv", index=False)
    out = answer(capsys, "inspect", tmp_path / "d.csv")
    assert "Suggestion: 'days' is 999 in " in out
    (suggestion,) = answer_json(capsys, "inspect", tmp_path / "d.csv")["suggestions"]
    assert suggestion["change"] == {"missing_values": {"days": ["999"]}}
    assert suggestion["columns"] == ["days"]


def test_a_schema_is_written_and_used_again(
    file: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "s.json"
    answer(capsys, "inspect", file, "--target", "sold", "--schema-out", saved)
    text = saved.read_text(encoding="utf-8")
    saved.write_text(text.replace('"town", "kind": "categorical", "used": true', CHANGED))
    assert CHANGED in saved.read_text(encoding="utf-8")
    run = answer(capsys, "pretrain", file, "--schema", saved, "--preset", "quick", "--epochs", "1")
    schema = Store(home).run(run.strip()).schema
    assert schema.target == "sold"
    assert not schema.column("town").used


def test_a_schema_that_does_not_fit_is_one_clear_line(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "s.json"
    answer(capsys, "inspect", file, "--schema-out", saved)
    saved.write_text(saved.read_text(encoding="utf-8").replace('"town"', '"city"'))
    assert "'city'" in problem(capsys, "pretrain", file, "--schema", saved)
    assert "absent.json" in problem(capsys, "pretrain", file, "--schema", tmp_path / "absent.json")
    assert ".json" in problem(capsys, "inspect", file, "--schema-out", tmp_path / "s.txt")


def test_how_a_file_is_read_is_said_and_can_be_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "n.txt"
    file.write_text("made up\na b\n1,5 x\n2,5 y\n3,5 z\nend\n")
    told = ["--delimiter", "space", "--decimal", ",", "--header-row", "2", "--footer-rows", "1"]
    told += ["--encoding", "latin-1", "--quote", "none", "--comment", "none", "--thousands", "."]
    assert "Read as delimited text" in answer(capsys, "inspect", file, *told)
    said = answer_json(capsys, "inspect", file, *told)
    assert (said["rows"], [column["name"] for column in said["columns"]]) == (3, ["a", "b"])
    assert said["reading"] == {
        "format": "text",
        "encoding": "latin-1",
        "delimiter": " ",
        "quote": "",
        "decimal": ",",
        "thousands": ".",
        "comment": "",
        "header": 2,
        "footer": 1,
        "header_rows": 1,
    }
    none = answer_json(capsys, "inspect", file, *told, "--header-row", "none")
    assert none["reading"]["header"] == 0


def test_the_format_the_rows_of_the_header_and_wide_delimiters_can_be_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "n.txt"
    file.write_text('{"a"}::b::c\n::cm::kg\nx::1::2\ny::3::4\nz::5::6\n')
    told = ["--format", "text", "--quote", "none", "--delimiter", "::"]
    said = answer_json(capsys, "inspect", file, *told)
    assert [column["name"] for column in said["columns"]] == ['{"a"}', "b cm", "c kg"]
    assert (said["rows"], said["reading"]["delimiter"]) == (3, "::")
    said = answer_json(capsys, "inspect", file, *told, "--header-rows", "1")
    assert (said["rows"], said["reading"]["header_rows"]) == (4, 1)
    assert "a header has 1 to 9 rows" in problem(capsys, "inspect", file, "--header-rows", "0")


@pytest.mark.parametrize(
    ("option", "value", "what"),
    [
        ("--delimiter", ";;", "give one character"),
        ("--decimal", "x", "invalid choice"),
        ("--header-row", "-1", "no whole number from 0 on"),
        ("--header-row", "9999", "has no line 9,999"),
        ("--encoding", "nope", "there is no such encoding"),
    ],
)
def test_a_reading_that_cannot_be_gets_its_line(
    option: str, value: str, what: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert what in problem(capsys, "inspect", file, option, value)


def test_a_pattern_of_parquet_files_is_one_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for i in range(3):
        table(40).to_parquet(tmp_path / f"part-{i}.parquet")
    assert answer_json(capsys, "inspect", tmp_path / "part-*.parquet")["rows"] == 120
    table(40).drop(columns="age").to_parquet(tmp_path / "part-9.parquet")
    text = problem(capsys, "inspect", tmp_path / "part-*.parquet")
    assert "part-0.parquet has columns that part-9.parquet has not: age" in text
    assert "There is no file" in problem(capsys, "inspect", tmp_path / "other-*.parquet")


def test_inspect_keeps_nothing(
    file: Path, empty_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(capsys, "inspect", file)
    assert not empty_home.exists()


def test_a_sheet_is_chosen_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = openpyxl.Workbook()
    book.active.title = "first"
    second = book.create_sheet("Лист")
    for rows, sheet in ((5, book.active), (7, second)):
        sheet.append(["a", "b"])
        for i in range(rows):
            sheet.append([i * 1.5, i * 2.5])
    book.save(tmp_path / "book.xlsx")
    said = answer_json(capsys, "inspect", tmp_path / "book.xlsx", "--sheet", "Лист")
    assert (said["rows"], said["sheet"], said["sheets"]) == (7, "Лист", ["first", "Лист"])
    assert "no such" in problem(capsys, "inspect", tmp_path / "book.xlsx", "--sheet", "no such")


# pretrain


def test_pretrain_prints_the_id_of_its_run_and_nothing_else(run_id: str, home: Path) -> None:
    run = Store(home).run(run_id)
    assert (run.state, run.epochs_done, run.pid) == ("finished", 1, None)
    assert run.schema.target == "sold"
    assert run.config["epochs"] == 1


def test_pretrain_as_json_names_its_run_and_obeys_its_options(
    file: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["pretrain", str(file), "--preset", "quick", "--epochs", "1", "--seed", "7", "--json"]
    assert main(command) == 0
    captured = capsys.readouterr()
    said = json.loads(captured.out, parse_constant=pytest.fail)
    run = Store(home).run(said["run"])
    assert (run.config["seed"], run.schema.target) == (7, None)
    assert (said["state"], said["epochs"], said["target"]) == ("finished", 1, None)
    assert "Left out: key (" in captured.err
    assert captured.err.index("About") < captured.err.index("reading the table")
    assert " on this machine: 2 steps of" in captured.err


def test_every_preset_can_be_asked_for() -> None:
    for name in PRESETS:
        assert parser().parse_args(["pretrain", "x.csv", "--preset", name]).preset == name


def test_pretrain_says_which_weights_a_run_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    large = tmp_path / "large.csv"
    table(320).to_csv(large, index=False)
    assert main(["pretrain", str(large), "--preset", "quick", "--epochs", "1"]) == 0
    said = capsys.readouterr()
    assert "The weights of the last epoch were kept: the 21 training rows" in said.err
    assert "weights" not in said.out


# embed and project


@pytest.mark.parametrize("pool", ["flat", "mean", "projected"])
def test_embed_writes_a_vector_for_every_row(
    run_id: str, pool: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "vectors.parquet"
    said = answer(capsys, "embed", run_id, "--out", out, "--pool", pool)
    vectors = pd.read_parquet(out)
    assert len(vectors) == ROWS
    assert np.isfinite(vectors.to_numpy(dtype=float)).all()
    assert said == f"{out}: {ROWS} rows, {vectors.shape[1]:,} columns\n"
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.parquet"]


def test_embed_takes_new_rows_in_any_order_of_columns(
    run_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = table().iloc[:11, ::-1].assign(town="never seen").drop(columns="sold")
    new.to_csv(tmp_path / "new.csv", index=False)
    answer(capsys, "embed", run_id, tmp_path / "new.csv", "--out", tmp_path / "new.parquet")
    assert len(pd.read_parquet(tmp_path / "new.parquet")) == 11


def test_embed_reads_new_rows_as_it_is_told(
    run_id: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = tmp_path / "told.csv"
    told.write_text("not the names, of columns\n" + file.read_text().replace(",", "~"))
    out = tmp_path / "v.parquet"
    answer(capsys, "embed", run_id, told, "--out", out, "--delimiter", "~", "--header-row", "2")
    plain = tmp_path / "plain.parquet"
    answer(capsys, "embed", run_id, file, "--out", plain)
    pd.testing.assert_frame_equal(pd.read_parquet(out), pd.read_parquet(plain))


def test_embed_names_a_column_that_is_not_there(
    run_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table().drop(columns="size").to_csv(tmp_path / "new.csv", index=False)
    command = ["embed", run_id, tmp_path / "new.csv", "--out", tmp_path / "new.parquet"]
    assert main([str(word) for word in command]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("tjepa: ")
    assert "size" in said[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


def test_project_writes_both_maps_row_by_row(
    run_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(capsys, "project", run_id, "--out", tmp_path / "map.parquet")
    points = pd.read_parquet(tmp_path / "map.parquet")
    assert list(points.columns) == ["row", "pca_1", "pca_2", "umap_1", "umap_2"]
    assert points["row"].tolist() == list(range(ROWS))
    assert np.isfinite(points.to_numpy()).all()


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("absent/map.parquet", "there is no folder"),
        ("map.csv", "end in .parquet"),
        ("folder.parquet", "is not a file"),
        ("file/map.parquet", "there is no folder"),
    ],
)
def test_where_nothing_can_be_written_is_said_before_the_work(
    out: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder.parquet").mkdir()
    (tmp_path / "file").touch()
    for command in ("embed", "project"):
        # The run does not exist either: the path is looked at first.
        assert reason in problem(capsys, command, "20260101-000000-0000", "--out", tmp_path / out)


def test_a_folder_without_leave_to_write_is_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)  # root may write everywhere
    said = problem(capsys, "project", "last", "--out", tmp_path / "map.parquet")
    assert said.endswith("map.parquet cannot be written: Permission denied.\n")


def test_the_file_to_read_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.parquet"
    table().to_parquet(rows)
    before = rows.read_bytes()
    assert "the file to read" in problem(capsys, "embed", "last", rows, "--out", rows)
    assert rows.read_bytes() == before


def test_work_that_fails_leaves_what_was_there(
    run_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "old.parquet"
    out.write_text("old")
    problem(capsys, "embed", "no-such-run", "--out", out)
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


# relevance and probe


def test_relevance_has_every_ranking_of_every_column(
    run_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = answer_json(capsys, "relevance", run_id)
    assert sorted(column["name"] for column in said["columns"]) == ["age", "size", "town"]
    rankings = {
        "token_variance", "token_variance_untrained", "influence", "influence_untrained"
    }  # fmt: skip
    for column in said["columns"]:
        assert rankings <= set(column)
        assert all(isinstance(column[name], float) for name in rankings)
    assert said["sentence"]
    text = answer(capsys, "relevance", run_id)
    assert text.splitlines()[0].split()[0] == "column"
    assert said["sentence"] in text


def test_the_probe_stands_beside_every_control(
    run_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = answer_json(capsys, "probe", run_id)
    assert (said["task"], said["metric"]) == ("classification", "accuracy")
    assert {row["representation"] for row in said["rows"]} == {"raw", "untrained", "tjepa", "none"}
    for row in said["rows"]:
        assert row["low"] <= row["value"] <= row["high"]
        assert row["model"]
        assert row["scores"]["accuracy"]["value"] == row["value"]
    assert said["sentence"]
    text = answer(capsys, "probe", run_id)
    assert len(text.split("\n\n")[0].splitlines()) == 1 + len(said["rows"])
    assert said["sentence"] in text


def test_a_label_curve_has_a_line_for_each_model_and_number_of_labels(
    run_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = answer_json(capsys, "label-curve", run_id)
    assert (said["run"], said["metric"]) == (run_id, "accuracy")
    assert {point["labels"] for point in said["points"]} == {50}
    for point in said["points"]:
        assert point["score"]["low"] <= point["score"]["value"] <= point["score"]["high"]
        assert (point["gap"] is None) == (point["representation"] == "tjepa")
    text = answer(capsys, "label-curve", run_id)
    assert len(text.split("\n\n")[0].splitlines()) == 1 + len(said["points"])
    assert said["sentence"] in text


@pytest.mark.parametrize("command", ["probe", "label-curve"])
def test_a_probe_needs_a_target(
    command: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = answer(capsys, "pretrain", file, "--preset", "quick", "--epochs", "1").strip()
    assert main([command, other]) == 2
    assert "target" in capsys.readouterr().err.splitlines()[-1]


# runs


def test_runs_lists_the_newest_first(
    run_id: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = answer_json(capsys, "runs")
    assert [run["run"] for run in said["runs"]] == [run.run_id for run in Store(home).runs()]
    mine = next(run for run in said["runs"] if run["run"] == run_id)
    assert (mine["state"], mine["table"], mine["target"]) == ("finished", "houses.csv", "sold")
    lines = answer(capsys, "runs").splitlines()
    assert len(lines) == 1 + len(said["runs"])
    assert any(line.startswith(f"{run_id}  finished") for line in lines)


def test_without_runs_the_next_step_is_said(
    empty_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs"]) == 0
    assert "tjepa pretrain FILE" in capsys.readouterr().err
    assert "tjepa pretrain FILE" in problem(capsys, "probe", "last")
    assert answer_json(capsys, "runs") == {"runs": [], "damaged": []}


def test_a_damaged_run_is_named(empty_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty_home / "runs" / "20260101-000000-0000").mkdir(parents=True)
    assert main(["runs"]) == 0
    assert "The run 20260101-000000-0000 is damaged" in capsys.readouterr().err
    assert answer_json(capsys, "runs")["damaged"][0]["run"] == "20260101-000000-0000"


# app


def test_the_app_is_started_from_its_folder_on_this_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Sequence[str], str, str]] = []

    def execv(program: str, words: Sequence[str]) -> None:
        started.append((words, os.getcwd(), os.environ["TJEPA_HOME"]))

    (tmp_path / "app.py").touch()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tjepa, "__file__", str(tmp_path / "tjepa" / "__init__.py"))
    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("TJEPA_HOME", "mine")
    assert main(["app", "--port", "9000"]) == 0
    [(words, folder, home)] = started
    assert words == [
        sys.executable, "-m", "streamlit", "run", "app.py",
        "--server.address", "127.0.0.1", "--server.port", "9000",
    ]  # fmt: skip
    assert Path(folder) == tmp_path
    assert Path(home) == tmp_path / "elsewhere" / "mine"


def test_an_installation_without_the_app_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tjepa, "__file__", str(tmp_path / "tjepa" / "__init__.py"))
    said = problem(capsys, "app")
    assert str(tmp_path / "app.py") in said


# Bad input


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("", "COMMAND"),
        ("frobnicate", "frobnicate"),
        ("inspect", "FILE"),
        ("inspect absent.csv", "absent.csv"),
        ("inspect .", "is a folder"),
        ("inspect a.csv b.csv", "b.csv"),
        ("pretrain absent.csv", "absent.csv"),
        ("pretrain x.csv --epochs many", "'many'"),
        ("pretrain x.csv --epochs 0", "'0'"),
        ("pretrain x.csv --seed -1", "'-1'"),
        ("pretrain x.csv --preset fast", "fast"),
        ("pretrain x.csv --pre quick", "--pre"),
        ("embed last", "--out"),
        ("embed last absent.csv --out x.parquet", "absent.csv"),
        ("embed last --out x.parquet --pool max", "max"),
        ("project no-such-run --out x.parquet", "no-such-run"),
        ("probe", "RUN"),
        ("probe no-such-run", "no-such-run"),
        ("label-curve no-such-run", "no-such-run"),
        ("relevance ../../etc", "../../etc"),
        ("app --port 0", "'0'"),
        ("app --port 70000", "70000"),
    ],
)
def test_bad_input_is_one_clear_line(
    command: str,
    names: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert names in problem(capsys, *command.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("header.csv", b"a,b,c\n"),
        ("one.csv", b"a\n1\n2\n3\n"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200)),
        ("book.xlsx", b"PK\x03\x04 not a workbook"),
        ("cells.parquet", b"PAR1 not parquet"),
        (
            "wide.csv",
            (",".join(f"c{i}" for i in range(10_000)) + "\n" + "1," * 9_999 + "1\n").encode(),
        ),
    ],
)
@pytest.mark.parametrize("command", ["inspect", "pretrain"])
def test_a_file_that_is_no_table_is_one_clear_line(
    command: str, name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    assert len(problem(capsys, command, tmp_path / name)) > 30


@pytest.mark.parametrize(
    ("target", "names"), [("absent", "absent"), ("single", "single"), ("", "''")]
)
def test_a_target_that_cannot_be_learned_is_one_clear_line(
    target: str, names: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table().assign(single="same").to_csv(tmp_path / "t.csv", index=False)
    said = problem(capsys, "pretrain", tmp_path / "t.csv", "--target", target)
    assert names in said or not target


def test_names_in_a_file_cannot_drive_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.DataFrame({"a\x1b[2J": np.linspace(0, 1, 30), "b": np.linspace(1, 2, 30)})
    frame.to_parquet(tmp_path / "t.parquet")
    out = answer(capsys, "inspect", tmp_path / "t.parquet")
    assert "\x1b" not in out
    assert "\x1b" not in problem(capsys, "inspect", tmp_path / "\x1b[2J.csv")


# A process of its own


def test_help_and_inspect_do_not_pay_for_what_they_do_not_use(file: Path) -> None:
    code = (
        "import sys; from tjepa.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    heavy = {"torch", "umap", "shap", "xgboost", "streamlit", "plotly"}
    for command, unused in ((["--help"], heavy | {"pandas", "numpy"}), (["inspect", file], heavy)):
        words = [sys.executable, "-c", code, *map(str, command)]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
        assert not unused & set(done.stdout.splitlines()[-1].split())


def test_a_reader_that_goes_away_is_no_problem(file: Path) -> None:
    words = [sys.executable, "-m", "tjepa.cli", "inspect", str(file), "--json"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(words, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.returncode == 141
    assert done.stderr == b""


def test_a_name_that_the_terminal_cannot_show_is_escaped(file: Path) -> None:
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    path = file.with_name("Ålesund.csv")
    path.write_bytes(file.read_bytes())
    done = shell("inspect", path, env=ascii_only)
    assert done.returncode == 0
    assert done.stdout.startswith("\\xc5lesund.csv: ")


def test_ctrl_c_leaves_a_run_that_can_be_resumed(tmp_path: Path, file: Path) -> None:
    home = tmp_path / "home"
    words = [sys.executable, "-m", "tjepa.cli", "pretrain", str(file)]
    process = subprocess.Popen(
        [*words, "--preset", "quick", "--epochs", "100000"],
        cwd=ROOT,
        env={**os.environ, "TJEPA_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        while "%" not in line:  # the first line of progress
            assert line, "it ended by itself"
            line = process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    [run] = Store(home).runs()
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == f"tjepa: stopped; the app can resume run {run.run_id}."
    assert (run.state, run.pid) == ("cancelled", None)


# What a terminal shows


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_in_a_terminal_is_one_line_that_is_gone_in_the_end() -> None:
    stream = Terminal()
    with Meter(stream, Pace()) as meter:
        meter(Progress("pre-\ntraining", 0.25, {"loss": 0.5, "rows_per_s": 1234.5, "epoch": 2.0}))
        meter(Progress("too soon to be drawn", 0.26))
    shown = stream.getvalue()
    assert shown == "\r\x1b[K 25%  pre- training · loss 0.5000 · 1,234 rows/s\r\x1b[K"


def test_a_line_of_progress_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    stream = Terminal()
    Meter(stream, Pace())(Progress("a" * 100, 0.5))
    assert len(stream.getvalue().removeprefix("\r\x1b[K")) == 29


def test_progress_in_a_log_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, LINE_SECONDS - 0.1, LINE_SECONDS + 0.1, LINE_SECONDS + 1])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    with Meter(stream, Pace()) as meter:
        for share in (0.0, 0.1, 0.2, 0.5, 0.6):
            values = {"epoch": 1.0, "epochs": 2.0, "seconds_left": 3725.0}
            meter(Progress("pre-training", share, values))
    assert stream.getvalue() == (
        "  0%  pre-training · epoch 1 of 2 · 1 h 2 min left\n"
        " 50%  pre-training · epoch 1 of 2 · 1 h 2 min left\n"
    )


def test_columns_are_aligned_whatever_the_script() -> None:
    text = columns(
        ("name", "n", "note"), [("Ålesund", "1", "x"), ("東京", "1,000", "")], right=(1,)
    )
    assert text.splitlines() == [
        "name         n  note",
        "Ålesund      1  x",
        "東京     1,000",
    ]


def test_long_cells_are_cut_and_control_codes_written_out() -> None:
    assert columns(("a",), [("x" * 500,)]).splitlines()[1] == "x" * 79 + "…"
    assert literal("a\n\x1b[31m\u202eb") == "a\\n\\x1b[31m\\u202eb"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.8, "0.8000"), (12345.6, "12,346"), (-0.00012345, "-0.0001234"), (None, "–")],
)
def test_numbers_are_shown_with_four_digits(value: float | None, shown: str) -> None:
    assert number(value) == shown
    assert number(float("nan")) == "–"
