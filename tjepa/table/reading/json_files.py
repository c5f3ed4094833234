"""JSON and JSON lines → columns of text, which are then read as those of a CSV are."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from tjepa.errors import ReadingError, quoted
from tjepa.table.reading.cells import Findings, Read
from tjepa.table.reading.choices import FileReading
from tjepa.table.reading.columns import text_columns
from tjepa.table.reading.encodings import text_of
from tjepa.table.reading.header import has_header
from tjepa.table.reading.limits import check_columns, check_rows
from tjepa.table.reading.marks import Marks
from tjepa.table.reading.names import listed

_BATCH = 20_000  # rows held as Python's strings at a time
_MOST_DIGITS = 4_000  # Python refuses to make a number of more
_FORMS = "an array of records, an object of columns, or one record a line"


class Columns:
    """Columns that grow record by record; one that a record does not have is missing there."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._cells: dict[str, list[str | None]] = {}
        self._chunks: dict[str, list[pa.Array]] = {}
        self._put_away = 0  # rows that are in chunks
        self.nested: dict[str, None] = {}
        self.rows = 0

    def add(self, record: Mapping[str, Any]) -> None:
        for key, value in record.items():
            if key not in self._cells:
                self._cells[key] = []
                self._chunks[key] = [pa.nulls(self._put_away, pa.string())]
                check_columns(self._name, max(2, len(self._cells)))
            cells = self._cells[key]
            cells.extend([None] * (self.rows - self._put_away - len(cells)))
            cells.append(_text(value))
            if isinstance(value, list | dict):
                self.nested[key] = None
        self.rows += 1
        check_rows(self._name, self.rows, max(1, len(self._cells)))
        if self.rows - self._put_away == _BATCH:
            self._put_cells_away()

    def finished(self) -> dict[str, pa.ChunkedArray]:
        self._put_cells_away()
        return {key: pa.chunked_array(chunks) for key, chunks in self._chunks.items()}

    def _put_cells_away(self) -> None:
        """Make arrays of the cells, which as Python's strings take many times the memory."""
        for key, cells in self._cells.items():
            cells.extend([None] * (self.rows - self._put_away - len(cells)))
            try:
                self._chunks[key].append(pa.array(cells, pa.string()))
            except UnicodeEncodeError as error:
                raise ReadingError(
                    f"{self._name} has half a character (a lone surrogate) in {quoted(key)}. "
                    "Write it again as UTF-8."
                ) from error
            cells.clear()
        self._put_away = self.rows


def read_json(data: bytes, name: str, told: FileReading) -> tuple[Read, FileReading]:
    """The table and how it was read. ReadingError names the line that is no JSON."""
    found = text_of(data, name, told.encoding)
    text = found.content.decode()
    repeated: dict[str, None] = {}
    decoder = json.JSONDecoder(
        object_pairs_hook=lambda pairs: _object(pairs, repeated), parse_int=_whole
    )
    columns, notes = Columns(name), list(found.notes)
    try:
        document = decoder.decode(text)
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Extra data"):
            raise _damaged(name, error.lineno, error) from error
        form, records = "json lines", _lines(text, decoder, name)
    except RecursionError as error:
        raise ReadingError(
            f"{name} is nested too deeply for a table. Save its records as {_FORMS}."
        ) from error
    else:
        form, records = "json", _records(document, name, notes)
    for record in records:
        columns.add(record)
    check_rows(name, columns.rows, 1)
    if columns.nested:
        notes.append(f"Nested values were kept as text in {listed(columns.nested)}.")
    if repeated:
        notes.append(f"Keys that a record has twice were numbered: {listed(repeated)}.")
    cells, findings = columns.finished(), Findings()
    shown = [key.strip() or f"column {i + 1}" for i, key in enumerate(cells)]
    typed, marks = text_columns(
        list(cells.values()), shown, findings, None, Marks(told.decimal, told.thousands)
    )
    used = FileReading(
        format=form, encoding=found.encoding, decimal=marks.decimal, thousands=marks.thousands
    )
    return Read(list(cells), typed, notes + findings.sentences()), used


def _lines(text: str, decoder: json.JSONDecoder, name: str) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(io.StringIO(text, newline="\n"), 1):
        if not line.strip():
            continue
        try:
            record = decoder.decode(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _damaged(name, number, error) from error
        if not isinstance(record, dict):
            raise ReadingError(
                f"{name}, line {number:,}, is no record ({{…}}) like those of JSON lines. "
                f"Save the table as {_FORMS}."
            )
        yield record


def _records(document: Any, name: str, notes: list[str]) -> Iterator[Mapping[str, Any]]:
    """The records of any of the forms in which tables are written."""
    if isinstance(document, list):
        return _of_list(document, name)
    if not isinstance(document, dict):
        raise ReadingError(f"{name} is JSON, but no table. Save it as {_FORMS}.")
    values = list(document.values())
    if _is_list_of(str, document.get("columns")) and _is_list_of(list, document.get("data")):
        return _of_rows(document["columns"], document["data"], name)
    if len(values) > 1 and not any(_is_list_of(dict, value) for value in values):
        if all(isinstance(value, list) for value in values) and len(set(map(len, values))) == 1:
            rows = zip(*values, strict=True)
            return (dict(zip(document, row, strict=True)) for row in rows)
        if all(isinstance(value, dict) for value in values):
            return _of_columns(document)
    inner = [key for key, value in document.items() if _is_list_of((dict, list), value)]
    if len(inner) == 1:
        [key] = inner
        if others := [other for other in document if other != key]:
            notes.append(f"The records are those of “{key}”; left out were {listed(others)}.")
        return _of_list(document[key], name)
    if not values or any(isinstance(value, list | dict) for value in values):
        raise ReadingError(
            f"{name} is JSON, but which part of it is the table cannot be told. "
            f"Save the table as {_FORMS}."
        )
    return iter([document])


def _of_list(document: Sequence[Any], name: str) -> Iterator[Mapping[str, Any]]:
    if not document:
        raise ReadingError(f"{name} has no records. Save the table as {_FORMS}.")
    if _is_list_of(list, document):
        head = [[_text(cell) for cell in row] for row in document[:200]]
        if len({len(row) for row in head}) == 1 and has_header(head):
            return _of_rows([cell or "" for cell in head[0]], document[1:], name)
        return _of_rows([f"column {i + 1}" for i in range(max(map(len, head)))], document, name)
    for number, record in enumerate(document, 1):
        if not isinstance(record, dict):
            raise ReadingError(
                f"{name}, record {number:,}, is no object ({{…}}) as the others are. "
                f"Save the table as {_FORMS}."
            )
    return iter(document)


def _of_rows(
    names: Sequence[str], rows: Sequence[Sequence[Any]], name: str
) -> Iterator[Mapping[str, Any]]:
    for number, row in enumerate(rows, 1):
        if len(row) != len(names):
            raise ReadingError(
                f"{name}, row {number:,}, has {len(row):,} cells where {len(names):,} are "
                "expected. Give every row the same number of cells."
            )
        yield dict(zip(names, row, strict=True))


def _of_columns(document: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The form that pandas writes: for each column an object of row names and cells."""
    index = dict.fromkeys(key for cells in document.values() for key in cells)
    for key in index:
        yield {column: cells.get(key) for column, cells in document.items()}


def _is_list_of(kind: type | tuple[type, ...], value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, kind) for v in value)


def _object(pairs: list[tuple[str, Any]], repeated: dict[str, None]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = {}
    for key, value in pairs:
        number, free = 1, key
        while free in found:
            number += 1
            free = f"{key} ({number})"
        if free != key:
            repeated[free] = None
        found[free] = value
    return found


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _damaged(name: str, line: int, error: Exception) -> ReadingError:
    what = f": {error.msg.lower()}" if isinstance(error, json.JSONDecodeError) else ""
    return ReadingError(
        f"{name}, line {line:,}, is damaged JSON{what}. Write the file again, or save it as CSV; "
        "if it was never meant as JSON, say that it is delimited text."
    )
