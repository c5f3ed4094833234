import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tjepa.errors import StoreError
from tjepa.runs import Store
from tjepa.table import FOUND_OUT, FileReading, RawTable, Schema


def test_a_table_comes_back_as_it_was_read(store: Store, raw: RawTable) -> None:
    table_id = store.add_table(raw)
    assert table_id == raw.content_id[:16]
    found = store.table(table_id)
    assert (found.name, found.content_id, found.notes) == (raw.name, raw.content_id, raw.notes)
    assert (found.sheet, found.sheets) == (None, ())
    pd.testing.assert_frame_equal(found.frame, raw.frame)
    assert isinstance(found.frame.index, pd.RangeIndex)


def test_the_sheets_of_a_workbook_are_remembered(store: Store, raw: RawTable) -> None:
    found = store.table(store.add_table(replace(raw, sheet="Лист", sheets=("Лист", "two"))))
    assert (found.sheet, found.sheets) == ("Лист", ("Лист", "two"))


def test_how_it_was_read_is_remembered(store: Store, raw: RawTable) -> None:
    reading = FileReading("text", delimiter=";", quote="", header=0)
    table_id = store.add_table(replace(raw, reading=reading))
    assert store.table(table_id).reading == reading


def test_a_table_of_an_earlier_version_was_read_somehow(store: Store, raw: RawTable) -> None:
    table_id = store.add_table(raw)
    entry = store.home / "tables" / table_id / "table.json"
    saved = json.loads(entry.read_bytes())
    del saved["reading"]
    entry.write_text(json.dumps(saved))
    assert store.table(table_id).reading == FOUND_OUT


def test_the_same_content_is_kept_once_under_its_newest_name(store: Store, raw: RawTable) -> None:
    first = store.add_table(raw)
    cells = store.home / "tables" / first / "frame.parquet"
    written = cells.stat().st_ino
    assert store.add_table(replace(raw, name="renamed.csv")) == first
    assert [table.name for table in store.tables()] == ["renamed.csv"]
    assert cells.stat().st_ino == written


def test_tables_are_listed_last_added_first(store: Store, raw: RawTable) -> None:
    store.add_table(raw)
    store.add_table(replace(raw, name="b.csv", content_id="cd34" * 16))
    listed = store.tables()
    assert [table.name for table in listed] == ["b.csv", "people.csv"]
    assert (listed[0].rows, listed[0].columns) == raw.frame.shape


def test_nothing_is_created_before_something_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    assert store.tables() == []
    assert store.runs() == []
    assert not store.home.exists()


@pytest.mark.parametrize("table_id", ["nope", "", "..", "../x", "a/b", "/etc", "a\0b", "a" * 500])
def test_a_table_that_is_not_here_gets_its_sentence(store: Store, table_id: str) -> None:
    with pytest.raises(StoreError, match="There is no table") as problem:
        store.table(table_id)
    assert len(str(problem.value)) < 150


def test_damaged_cells_get_a_sentence_and_are_repaired_by_opening_the_file_again(
    store: Store, raw: RawTable
) -> None:
    table_id = store.add_table(raw)
    cells = store.home / "tables" / table_id / "frame.parquet"
    cells.write_bytes(cells.read_bytes()[:100])
    with pytest.raises(StoreError, match=r"cells of people\.csv are damaged"):
        store.table(table_id)
    store.add_table(raw)
    pd.testing.assert_frame_equal(store.table(table_id).frame, raw.frame)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"name": 3}', b"\xff\xfe"])
def test_a_damaged_entry_hides_its_table_and_no_other(
    store: Store, raw: RawTable, content: bytes
) -> None:
    table_id = store.add_table(raw)
    other = store.add_table(replace(raw, content_id="cd34" * 16))
    (store.home / "tables" / table_id / "table.json").write_bytes(content)
    assert [table.table_id for table in store.tables()] == [other]
    with pytest.raises(StoreError, match="open its file again"):
        store.table(table_id)


def test_a_schema_comes_back_and_is_kept_once(store: Store, raw: RawTable, schema: Schema) -> None:
    table_id = store.add_table(raw)
    schema_id = store.add_schema(table_id, schema)
    assert schema_id == schema.schema_id == store.add_schema(table_id, schema)
    assert store.schema(table_id, schema_id) == schema


@pytest.mark.parametrize("schema_id", ["0" * 12, "../table", "", "a/b"])
def test_a_schema_that_is_not_here_gets_its_sentence(
    store: Store, raw: RawTable, schema_id: str
) -> None:
    with pytest.raises(StoreError, match="There is no schema"):
        store.schema(store.add_table(raw), schema_id)


def test_a_damaged_schema_gets_its_sentence(store: Store, raw: RawTable, schema: Schema) -> None:
    table_id = store.add_table(raw)
    schema_id = store.add_schema(table_id, schema)
    file = store.home / "tables" / table_id / "schemas" / f"{schema_id}.json"
    for content in (b"{", b"[]", b"{}"):
        file.write_bytes(content)
        with pytest.raises(StoreError, match="is damaged"):
            store.schema(table_id, schema_id)


def test_a_schema_needs_its_table(store: Store, schema: Schema) -> None:
    with pytest.raises(StoreError, match="There is no table"):
        store.add_schema("ab12ab12ab12ab12", schema)
    assert not store.home.exists()


def test_a_home_that_cannot_be_written_gets_a_sentence_that_names_it(
    tmp_path: Path, raw: RawTable
) -> None:
    (tmp_path / "file").write_text("in the way")
    home = tmp_path / "file" / "home"
    with pytest.raises(StoreError, match="could not be written") as problem:
        Store(home).add_table(raw)
    assert str(home) in str(problem.value)
