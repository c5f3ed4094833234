"""A schema as a small file that a person can read, change and load again."""

import json
from typing import Any

import pandas as pd

from tjepa.errors import SchemaError, quoted
from tjepa.table.kinds import ENCODED_KINDS
from tjepa.table.schema import Column, Schema, SplitSpec, checked_column, override

_COLUMN = frozenset(Column.__dataclass_fields__)


def schema_text(schema: Schema) -> str:
    """The schema as JSON, a line for each column."""
    saved = schema.to_json()
    columns = ",\n".join(f"  {_line(column)}" for column in saved.pop("columns"))
    head = "".join(f" {json.dumps(key)}: {_line(value)},\n" for key, value in saved.items())
    return f'{{\n{head} "columns": [\n{columns}\n ]\n}}\n'


def read_schema(text: bytes | str, frame: pd.DataFrame) -> Schema:
    """The schema of a file, checked against `frame`, whose missing and distinct cells are counted.

    A column may lack everything but `name` and `kind`.

    Raises
    ------
    SchemaError
        When it is no schema, or does not fit the table: it names the column and says why.
    """
    saved = _parsed(text)
    columns: dict[str, Column] = {}
    for entry in saved["columns"]:
        column = _column(entry, frame)
        if column.name in columns:
            raise SchemaError(f"The schema has the column {quoted(column.name)} twice.")
        columns[column.name] = column
    for name in frame.columns:
        if name not in columns:
            raise SchemaError(
                f"The table has a column {quoted(name)} that the schema lacks: add it to the "
                'schema, as {"name": …, "kind": …, "used": false} to leave it out.'
            )
    schema = Schema(tuple(columns[str(name)] for name in frame.columns))
    return override(
        schema,
        frame,
        target=saved.get("target"),
        task=saved.get("task"),
        split=_split(saved.get("split", {})),
    )


def _split(saved: Any) -> SplitSpec:
    known = {"validation", "test", "seed", "equal_together"}
    if not isinstance(saved, dict) or not set(saved) <= known:
        raise SchemaError(
            "The split of the schema has validation, test, seed and equal_together, and no more."
        )
    if not isinstance(saved.get("equal_together", False), bool):
        raise SchemaError("In the split of the schema, equal_together is not true or false.")
    if not all(isinstance(number, int | float) for number in saved.values()):
        raise SchemaError("The split of the schema holds something that is not a number.")
    return SplitSpec(**saved)


def _parsed(text: bytes | str) -> dict[str, Any]:
    try:
        saved = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SchemaError(f"This is no schema file: it is not JSON{where}.") from error
    if not isinstance(saved, dict) or not isinstance(saved.get("columns"), list):
        raise SchemaError("This is no schema file: it has no list of columns.")
    if unknown := set(saved) - {"columns", "target", "task", "split"}:
        raise SchemaError(f"The schema has an unknown field {quoted(min(unknown))}.")
    return saved


def _column(entry: Any, frame: pd.DataFrame) -> Column:
    if not isinstance(entry, dict) or not all(
        isinstance(entry.get(field), str) for field in ("name", "kind")
    ):
        raise SchemaError("Each column of a schema needs a name and a kind.")
    name = entry["name"]
    if name not in frame.columns:
        raise SchemaError(
            f"The schema has a column {quoted(name)} that the table lacks: it is the schema of "
            "another table, or the column was renamed."
        )
    if unknown := set(entry) - _COLUMN:
        raise SchemaError(f"Column {quoted(name)}: unknown field {quoted(min(unknown))}.")
    for field in ("missing_values", "order", "parts", "together"):
        if not _is_texts(entry.get(field, [])):
            raise SchemaError(f"Column {quoted(name)}: {field} is not a list of texts.")
    for field, kind, what in (
        ("used", bool, "true or false"),
        ("format", str, "text"),
        ("note", str, "text"),
    ):
        if not isinstance(entry.get(field, kind()), kind):
            raise SchemaError(f"Column {quoted(name)}: {field} is not {what}.")
    for other in entry.get("together", ()):
        if other not in frame.columns or other == name:
            raise SchemaError(
                f"Column {quoted(name)}: the table has no other column {quoted(other)} to complete "
                "it."
            )
    column = checked_column(entry, frame)
    if entry.get("used", column.used) and column.kind not in ENCODED_KINDS:
        raise SchemaError(
            f"Column {quoted(name)} is of the kind {column.kind}, which the encoder cannot take."
        )
    return column


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
