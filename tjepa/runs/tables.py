"""The tables of a home: as they were read, under the id of their content."""

import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tjepa.errors import StoreError, quoted
from tjepa.runs.files import is_name
from tjepa.runs.home import UNREADABLE, Home, make_folder, now
from tjepa.runs.info import TableInfo
from tjepa.table import FileReading, RawTable, Schema

_ENTRY: dict[str, Any] = {
    "table_id": str,
    "content_id": str,
    "name": str,
    "sheet": str | None,
    "sheets": list,
    "notes": list,
    "rows": int,
    "columns": int,
    "added": str,
}
_log = logging.getLogger(__name__)


class Tables(Home):
    """`home/tables/<table_id>/`: table.json, frame.parquet and schemas/<schema_id>.json."""

    def add_table(self, raw: RawTable) -> str:
        """Keep a table under its content id, its first 16 characters; returns them.

        The same content again changes nothing but the name that people see.
        """
        table_id = raw.content_id[:16]
        folder = self._path("tables", table_id)
        make_folder(folder)
        frame_file = folder / "frame.parquet"
        saved = self._table_json(table_id)
        if saved is None or not _is_whole(frame_file, saved):
            self._write(frame_file, lambda file: raw.frame.to_parquet(file, index=False))
        elif saved["name"] == raw.name:
            return table_id
        entry = {
            "table_id": table_id,
            "content_id": raw.content_id,
            "name": raw.name,
            "sheet": raw.sheet,
            "sheets": raw.sheets,
            "notes": raw.notes,
            "reading": raw.reading.told,
            "rows": raw.frame.shape[0],
            "columns": raw.frame.shape[1],
            "added": now(),
        }
        self._write_json(folder / "table.json", entry)
        return table_id

    def table(self, table_id: str) -> RawTable:
        """The table as it was read, cells and notes."""
        saved = self._table_json(table_id)
        if saved is None:
            raise StoreError(f"There is no table {quoted(table_id)} here: open its file again.")
        try:
            frame = pd.read_parquet(self._path("tables", table_id) / "frame.parquet")
            if frame.shape != (saved["rows"], saved["columns"]):
                raise ValueError(f"{frame.shape} is not the shape that was written")
        except UNREADABLE as error:
            raise StoreError(
                f"The stored cells of {saved['name']} are damaged: open its file again."
            ) from error
        return RawTable(
            name=saved["name"],
            content_id=saved["content_id"],
            frame=frame,
            sheet=saved["sheet"],
            sheets=tuple(saved["sheets"]),
            notes=tuple(saved["notes"]),
            reading=FileReading.from_json(saved.get("reading", {})),
        )

    def tables(self) -> list[TableInfo]:
        """Every readable table, the one added last first."""
        saved = (self._table_json(table_id) for table_id in self._names("tables"))
        names = ("table_id", "name", "sheet", "rows", "columns", "added")
        known = [TableInfo(**{name: entry[name] for name in names}) for entry in saved if entry]
        return sorted(known, key=lambda table: table.added, reverse=True)

    def add_schema(self, table_id: str, schema: Schema) -> str:
        """Keep a schema beside its table; returns its id."""
        if self._table_json(table_id) is None:
            raise StoreError(f"There is no table {quoted(table_id)} here: open its file again.")
        file = self._path("tables", table_id) / "schemas" / f"{schema.schema_id}.json"
        make_folder(file.parent)
        if not file.exists():
            self._write_json(file, schema.to_json())
        return schema.schema_id

    def schema(self, table_id: str, schema_id: str) -> Schema:
        """The schema that was kept beside its table."""
        absent = StoreError(f"There is no schema {quoted(schema_id)} of this table here.")
        if not is_name(schema_id):
            raise absent
        file = self._path("tables", table_id) / "schemas" / f"{schema_id}.json"
        try:
            return Schema.from_json(json.loads(file.read_bytes()))
        except FileNotFoundError:
            raise absent from None
        except UNREADABLE as error:
            raise StoreError(
                f"The schema {schema_id} is damaged: apply the column kinds again."
            ) from error

    def _table_json(self, table_id: str) -> dict[str, Any] | None:
        """The entry of a table; None when there is none or it is damaged."""
        file = self._path("tables", table_id) / "table.json"
        try:
            saved = json.loads(file.read_bytes())
            for name, kind in _ENTRY.items():
                if not isinstance(saved[name], kind):
                    raise TypeError(f"{name} is {saved[name]!r}")
            if not isinstance(saved.get("reading", {}), dict):  # earlier versions wrote none
                raise TypeError(f"reading is {saved['reading']!r}")
        except FileNotFoundError:
            return None
        except UNREADABLE:
            _log.warning("%s cannot be read", file, exc_info=True)
            return None
        else:
            return saved


def _is_whole(file: Path, entry: dict[str, Any]) -> bool:
    """Whether the cells of a stored table are there; reads the end of the file only."""
    try:
        written = pq.read_metadata(file)
    except (OSError, pa.ArrowException):
        return False
    return bool((written.num_rows, written.num_columns) == (entry["rows"], entry["columns"]))
