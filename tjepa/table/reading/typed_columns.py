"""A typed table → columns. It means what it says: its text is taken as it is."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tjepa.table.reading.cells import EXACT, Findings, Read, finite
from tjepa.table.reading.dates import in_calendar
from tjepa.table.reading.names import listed


def plain_columns(table: pa.Table) -> Read:
    """Its columns as int64, float64, timestamp or string, with notes on what had to change."""
    findings, changed = Findings(), dict[str, list[str]]()
    names, columns, notes = [], [], []
    index = _index_names(table.schema)
    for column_name, column in zip(table.column_names, table.columns, strict=True):
        if index.get(column_name) == "index" and _is_range(column):
            notes.append("The index of the file, plain row numbers, was left out.")
            continue
        names.append(index.get(column_name, column_name))
        columns.append(_plain(column, names[-1], findings, changed))
    notes += [f"{what}: {listed(which)}." for what, which in changed.items()]
    return Read(names, columns, notes + findings.sentences())


def as_text(value: Any) -> str | None:
    """A nested, binary or otherwise unusual value as text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return _decoded(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_in_json)
    return str(value)


def _index_names(schema: pa.Schema) -> dict[str, str]:
    """The columns that pandas wrote an index to, and what each is called."""
    try:
        index = (schema.pandas_metadata or {}).get("index_columns", [])
    except (ValueError, AttributeError):
        return {}
    stored = [field for field in index if isinstance(field, str)]
    plain = {f"__index_level_{i}__": "index" for i in range(len(stored))}
    return {field: plain.get(field, field) for field in stored}


def _is_range(column: pa.ChunkedArray) -> bool:
    if not pa.types.is_integer(column.type) or column.null_count:
        return False
    steps = pc.unique(pc.pairwise_diff(column.combine_chunks()).drop_null())
    return len(steps) == 0 or (len(steps) == 1 and steps[0].as_py() != 0)


def _plain(
    column: pa.ChunkedArray, name: str, findings: Findings, changed: dict[str, list[str]]
) -> pa.ChunkedArray:
    """The column as int64, float64, timestamp or string."""

    def note(what: str) -> None:
        changed.setdefault(what, []).append(name)

    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
        return _plain(column, name, findings, changed)
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type), name, findings, changed)
    if pa.types.is_null(kind):
        return column.cast(pa.float64())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    if pa.types.is_string_view(kind):
        return column.cast(pa.large_string())
    if pa.types.is_boolean(kind):
        return column.cast(pa.string())
    if pa.types.is_integer(kind):
        return _integers(column, name, findings)
    if pa.types.is_floating(kind):
        return finite(column.cast(pa.float64()), name, findings)
    if pa.types.is_decimal(kind):
        note("Decimals became floating-point numbers")
        return finite(column.cast(pa.float64()), name, findings)
    if pa.types.is_duration(kind):
        note("Durations became numbers of seconds")
        return _seconds(column)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        try:
            return _naive(column, name, findings)
        except pa.ArrowInvalid:  # a year that no timestamp has room for
            note("Dates far out of range became numbers")
            days = pa.types.is_date32(kind)
            return _integers(column.cast(pa.int32() if days else pa.int64()), name, findings)
    note("Values of other types became text")
    return pa.chunked_array([pa.array([as_text(cell.as_py()) for cell in column], pa.string())])


def _integers(column: pa.ChunkedArray, name: str, findings: Findings) -> pa.ChunkedArray:
    largest = pc.min_max(column).as_py()
    if max(abs(largest["min"] or 0), abs(largest["max"] or 0)) > EXACT:
        findings.too_long.append(name)
        return column.cast(pa.string())
    return column.cast(pa.float64() if column.null_count else pa.int64())


def _seconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[column.type.unit]
    return pc.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), float(per_second))


def _naive(column: pa.ChunkedArray, name: str, findings: Findings) -> pa.ChunkedArray:
    kind = column.type
    unit = "ns" if pa.types.is_timestamp(kind) and kind.unit == "ns" else "us"
    naive = column.cast(pa.timestamp(unit))
    if not in_calendar(naive):
        raise pa.ArrowInvalid("a year that is in no calendar")
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        findings.zone.append(name)
    return naive


def _in_json(value: Any) -> str:
    return _decoded(value) if isinstance(value, bytes) else str(value)


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()
