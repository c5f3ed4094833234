"""One untidy table through the whole way: every row and column is kept, or named as left out."""

import ast
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tjepa
from tests.workbench.tables import tiny
from tjepa import Workbench, finish
from tjepa.cli import main
from tjepa.pretraining import PretrainingConfig
from tjepa.report.export import to_csv, to_parquet
from tjepa.table import (
    Schema,
    Split,
    infer_schema,
    override,
    read_table,
    repeated_rows,
    split_table,
    with_repeats,
)

N = 240
UNKNOWN = {7, 67, 127, 187}
BLANK_AFTER = (10, 50)
PAGES = Path(tjepa.__file__).parent.parent


def untidy() -> bytes:
    """Prose, a header, N rows in threes that are equal but for their code, and a footer."""
    lines = ["Report of sales", "made by hand", "", "size;town;price;code;sold;same"]
    for row in range(N):
        lines.append(cells(row))
        if row in BLANK_AFTER:
            lines.append("")
    return "\n".join([*lines, "Source: the till", ""]).encode()


def cells(row: int) -> str:
    kind = row // 3
    sold = "" if row in UNKNOWN else "yes" if kind % 2 else "no"
    town = ("Bonn", "Oslo", "Rome")[kind % 3]
    return f"{kind % 40 / 2};{town};{kind * 37 % 101 + 0.5};c{row:03d};{sold};x"


@dataclass(frozen=True)
class Way:
    """Where the table got to."""

    bench: Workbench
    table_id: str
    schema: Schema
    split: Split
    run_id: str
    file: Path


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Way:
    folder = tmp_path_factory.mktemp("way")
    file = folder / "sales.csv"
    file.write_bytes(untidy())
    bench = Workbench(folder / "home")
    table_id = bench.open_table(file)
    frame = bench.table(table_id).frame
    schema = override(infer_schema(frame), frame, target="sold")
    run_id = bench.create_run(table_id, schema, config())
    finish(bench.pretrain(run_id))
    return Way(bench, table_id, schema, split_table(frame, schema), run_id, file)


def config() -> PretrainingConfig:
    return replace(tiny(), epochs=1)


def test_each_line_of_the_file_is_a_row_or_named_as_left_out(way: Way) -> None:
    table = way.bench.table(way.table_id)
    assert list(table.frame["code"]) == [f"c{row:03d}" for row in range(N)]
    notes = " ".join(table.notes)
    assert "2 lines above the header were left out: Report of sales and made by hand." in notes
    assert "A line below the table was left out: Source: the till." in notes
    assert "2 blank lines were left out (lines 16 and 57)." in notes
    lines = untidy().decode().rstrip("\n").count("\n") + 1
    blank_above, header = 1, 1
    assert lines == N + header + 2 + blank_above + 1 + 2


def test_each_column_is_a_feature_the_target_or_left_out_with_a_reason(way: Way) -> None:
    features = [column.name for column in way.schema.features]
    left_out = dict(way.schema.left_out)
    everything = [*features, way.schema.target, *left_out]
    assert sorted(map(str, everything)) == sorted(way.bench.table(way.table_id).frame)
    assert left_out["code"].startswith("an identifier")
    assert left_out["same"] == "the same value in every row"


def test_each_row_is_on_one_side_of_the_split_and_counted_in_the_run(way: Way) -> None:
    parts = (way.split.train, way.split.validation, way.split.test)
    assert sorted(np.concatenate(parts)) == list(range(N))
    assert set(way.split.unlabelled) == UNKNOWN
    rows = way.bench.run(way.run_id).rows
    assert rows["total"] == N == rows["train"] + rows["validation"] + rows["test"]
    assert rows["unlabelled"] == len(UNKNOWN)
    assert "never scored: 4." in way.split.note


def test_rows_on_both_sides_are_counted_and_it_is_said_what_that_means(way: Way) -> None:
    known = {cells(row).replace(f"c{row:03d}", "") for row in way.split.train}
    expected = [row for row in way.split.test if cells(row).replace(f"c{row:03d}", "") in known]
    frame = way.bench.table(way.table_id).frame
    assert list(repeated_rows(frame, way.schema, way.split)) == expected
    assert 0 < len(expected) <= len(way.split.test)
    assert way.bench.run(way.run_id).rows["repeated"] == len(expected)
    said = with_repeats(way.split, frame, way.schema).note
    assert f"{len(expected)} of {len(way.split.test)} held-out rows also occur" in said


def test_a_selection_keeps_the_numbers_of_its_rows_in_both_files(way: Way) -> None:
    shown = finish(way.bench.compute_projection(way.run_id, "tjepa", "pca"))
    assert sorted(shown.rows) == list(range(N))
    assert shown.n_total == N
    chosen = shown.rows[np.argsort(shown.coordinates[:, 0])[:25]]
    frame = way.bench.rows(way.run_id, chosen)
    for read in (
        pd.read_csv(io.BytesIO(to_csv(frame))),
        pd.read_parquet(io.BytesIO(to_parquet(frame))),
    ):
        assert list(read["row"]) == list(chosen)
        assert list(read["code"]) == [f"c{row:03d}" for row in chosen]
        assert list(read.columns) == ["row", "size", "town", "price", "code", "sold", "same"]


def test_each_row_gets_a_vector_in_its_place(way: Way, tmp_path: Path) -> None:
    found = finish(way.bench.embed(way.run_id))
    assert len(found) == N
    frame = way.bench.table(way.table_id).frame
    some = frame.iloc[[200, 3, 77]]
    vectors = finish(way.bench.embed(way.run_id, some))
    assert list(vectors.index) == [200, 3, 77]
    np.testing.assert_allclose(vectors, found.loc[vectors.index], rtol=1e-4, atol=1e-5)


def test_each_row_is_fitted_on_scored_or_named_as_left_out_by_the_probe(way: Way) -> None:
    result = finish(way.bench.compute_probe(way.run_id))
    assert result.n_train + result.n_validation + result.n_test + len(UNKNOWN) == N
    assert "Rows without a target, left out: 4." in result.left_out


def test_the_rows_of_an_attribution_keep_their_numbers(way: Way) -> None:
    found = finish(way.bench.compute_attribution(way.run_id))
    assert set(found.rows) <= set(way.split.test)
    assert sorted(found.names) == sorted(column.name for column in way.schema.features)
    assert "Rows without a target" in " ".join(found.left_out)


def test_the_shell_names_what_is_left_out_as_well(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TJEPA_HOME", str(way.bench.store.home))
    out = tmp_path / "vectors.parquet"
    assert main(["embed", way.run_id, str(way.file), "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert f"{N} rows" in printed.out
    for said in (
        "2 lines above the header were left out",
        "2 blank lines were left out (lines 16 and 57)",
        "Columns that the run does not use, left out: code, sold and same.",
        "One line for each row, in the order of the table.",
    ):
        assert said in printed.err
    pd.testing.assert_frame_equal(pd.read_parquet(out), finish(way.bench.embed(way.run_id)))
    assert main(["probe", way.run_id]) == 0
    assert "held-out rows also occur, cell for cell" in capsys.readouterr().out


def test_the_shell_tells_before_it_trains(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TJEPA_HOME", str(tmp_path))
    asked = [str(way.file), "--target", "sold"]
    assert main(["pretrain", *asked, "--preset", "quick", "--epochs", "1", "--json"]) == 0
    printed = capsys.readouterr()
    assert "2 blank lines were left out" in printed.err
    assert "Left out: code (an identifier" in printed.err
    assert "held-out rows also occur, cell for cell" in printed.err
    assert json.loads(printed.out)["rows"]["repeated"] > 0
    assert main(["inspect", *asked, "--equal-together", "--json"]) == 0
    split = json.loads(capsys.readouterr().out)["split"]
    assert "Equal rows stay together" in split
    assert "also occur" not in split


def test_the_same_bytes_under_another_name_are_the_same_table_and_run(way: Way) -> None:
    again = way.bench.open_table(untidy(), name="copy of sales.csv")
    assert again == way.table_id
    frame = way.bench.table(again).frame
    assert override(infer_schema(frame), frame, target="sold").schema_id == way.schema.schema_id
    first = read_table(untidy(), name="a.csv")
    assert first.content_id == read_table(untidy(), name="b.txt").content_id
    changed = untidy().replace(b"c239", b"c240")
    assert read_table(changed, name="a.csv").content_id != first.content_id


def test_no_cache_of_the_app_looks_at_a_frame() -> None:
    """Streamlit hashes a large frame by a sample of its rows, so an id has to stand for it."""
    cached = 0
    for file in [*PAGES.glob("tjepa/ui/**/*.py"), *PAGES.glob("pages/*.py")]:
        for function in ast.walk(ast.parse(file.read_text())):
            if not isinstance(function, ast.FunctionDef) or not any(
                "cache_data" in ast.unparse(d) or "cache_resource" in ast.unparse(d)
                for d in function.decorator_list
            ):
                continue
            cached += 1
            for argument in (*function.args.args, *function.args.kwonlyargs):
                kind = ast.unparse(argument.annotation) if argument.annotation else "?"
                plain = kind in {"str", "int", "float", "bool", "bytes", "str | None"}
                assert argument.arg.startswith("_") or plain, f"{file.name}: {argument.arg}: {kind}"
    assert cached >= 3
